//! SDP, the Session Description Protocol (RFC 8866)
#![forbid(unsafe_code)]
