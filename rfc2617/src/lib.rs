//! HTTP and SIP digest and basic authentication (RFC 7616, RFC 7617, RFC 8760)
#![forbid(unsafe_code)]
