//! Real Time Messaging Protocol, as machines without input or output of their own.
#![forbid(unsafe_code)]

pub mod aggregate;
mod calls;
mod capabilities;
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

pub use calls::CallError;
pub use capabilities::Capabilities;
pub use message::{Message, MessageType};
