#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod dialog;
pub mod endpoint;
pub mod message;
pub mod proxy;
pub mod registrar;
mod scope;
pub mod transaction;
pub mod ua;

#[cfg(doctest)]
#[doc = include_str!("../../docs/guide/sip.md")]
mod guide {}
