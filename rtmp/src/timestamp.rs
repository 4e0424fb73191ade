//! Timestamps that wrap.
