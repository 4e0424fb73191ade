//! RTP and RTCP (RFC 3550, RFC 5761)
#![forbid(unsafe_code)]
