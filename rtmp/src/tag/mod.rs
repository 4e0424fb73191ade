//! The headers of audio and video payloads, old and enhanced.
