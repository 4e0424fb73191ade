//! The peer-to-peer message format that py2p and js2p speak: frames, ids, compression and msgpack values.
//!
//! A [`Message`] is a main flag, a sender, a time in seconds and any [`Value`]s. On a connection it travels in a frame:
//! the length, the SHA-256 of the message, the message. That hash is also the message's id. Pure format: values in, bytes
//! out, no clock and no sockets; room `mesh` gives the messages their meaning.
//!
//! ```
//! use serializer::{Compression, Encryption, Flag, Id, Limits, MainFlag, Message, frame, node_id, protocol_id};
//!
//! let network = protocol_id("mesh", Encryption::Plaintext);
//! let sender: Id = node_id("192.0.2.1", 4444, &network, b"salt");
//! let payload = vec![Flag::Broadcast.into(), "hello".into(), 7.into()];
//! let message = Message::new(MainFlag::Broadcast, &sender, 1_500_000_000, payload);
//!
//! // Over a stream, in pieces of any size, compressed because both sides announced it.
//! let wire = frame::encode(&message, Some(Compression::Snappy));
//! let limits = Limits::default();
//! let mut decoder = frame::Decoder::new(limits.clone());
//! decoder.push(wire.slice(..10));
//! assert!(decoder.next().is_none());
//! decoder.push(wire.slice(10..));
//! let body = decoder.next().unwrap().unwrap();
//! let got = frame::open(body, &[Compression::Snappy], &limits).unwrap();
//!
//! assert_eq!(got.sub(), Some(Flag::Broadcast));
//! assert_eq!(got.values()[0].as_str(), Some("hello"));
//! assert_eq!(got.id(), message.id());
//! assert_eq!(got.bytes(), message.bytes()); // a relay forwards these, whoever encoded them
//! ```
#![forbid(unsafe_code)]

pub mod base58;
mod compression;
mod error;
mod flag;
pub mod frame;
mod id;
mod limits;
mod message;
mod number;
mod value;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}

#[cfg(doctest)]
#[doc = include_str!("../../docs/guide/p2p-format.md")]
mod guide {}

pub use compression::Compression;
pub use error::Error;
pub use flag::{Flag, MainFlag};
pub use id::{Encryption, Id, PROTOCOL_VERSION, node_id, protocol_id};
pub use limits::Limits;
pub use message::{Message, MessageId};
pub use number::Number;
pub use value::Value;
