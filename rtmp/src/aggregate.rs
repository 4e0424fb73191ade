//! Aggregate messages: several tags in one.
