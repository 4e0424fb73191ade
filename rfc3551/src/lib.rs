//! RTP audio/video profile: payload types, G.711, telephone events (RFC 3551, 4733, 2198)
#![forbid(unsafe_code)]
