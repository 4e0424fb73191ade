//! RTMP addresses.
