//! Action Message Format: the values that Flash-era programs exchange, in both of its versions.
//!
//! Modules: `amf0` and `amf3`.
#![forbid(unsafe_code)]

pub mod amf0;
pub mod amf3;
