#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod jid;
pub mod ns;
pub mod sasl;
pub mod stanza;
pub mod stream;
pub mod xml;
