//! The gateway between RTMP clients and SIP telephones.

pub mod media;
