//! SDP offer/answer (RFC 3264)
#![forbid(unsafe_code)]
