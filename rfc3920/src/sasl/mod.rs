//! Logging in (RFC 6120, 6; RFC 5802).
