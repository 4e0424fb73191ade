#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod aggregate;
pub mod chunk;
pub mod client;
pub mod command;
pub mod control;
pub mod flv;
pub mod handshake;
pub mod link;
mod message;
pub mod server;
pub mod shared_object;
pub mod status;
pub mod tag;
pub mod timestamp;
pub mod tunnel;
pub mod url;

pub use message::{Message, MessageType};
