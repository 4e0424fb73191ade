//! `rtmp-server`: publishes, plays, records and relays streams.
//!
//! The protocol is [`rtmp::server`]; here are the streams of all connections ([`hub`]), who may do what ([`Keys`] and a
//! web server that is asked), recordings, other servers, and the figures. Everything that touches a message runs on one
//! thread; files are written by others.

mod access;
mod callback;
mod files;
pub mod hub;
mod listen;
mod options;
mod paths;
mod record;
mod relay;
mod server;
mod settings;
mod status;
mod streams;
mod wires;

pub use access::{Action, Keys};
pub use hub::StreamKey;
pub use listen::{Place, identity};
pub use options::{Options, SecondPublisherName};
pub use paths::file_of;
pub use server::main;
pub use settings::{Relay, Settings};
pub use wires::Wires;
