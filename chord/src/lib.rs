//! Under construction.
#![forbid(unsafe_code)]

mod key;
pub mod ring;
pub mod tables;

pub use key::{Key, KeyError};
