//! Tokio drivers that run any Wireworks machine on real sockets
#![forbid(unsafe_code)]
