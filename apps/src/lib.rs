//! Wireworks applications: sip-proxy, dialer
#![forbid(unsafe_code)]
