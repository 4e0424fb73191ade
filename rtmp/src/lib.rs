//! Real Time Messaging Protocol, as machines without input or output of their own.
//!
//! [`server::Server`] is all connections of a listener, [`client::Client`] one connection to a server. Both are
//! [`wire::Machine`]s: bytes, commands and the time go in; bytes, events and the next deadline come out. What is below them
//! can be used alone: [`handshake`], [`chunk`] streams, [`control`] and [`aggregate`] messages, the [`link`] that holds
//! these together, [`command`]s, [`status`] objects and [`url`]s; beside them are [`flv`] files, the headers of audio and
//! video ([`tag`]), the HTTP [`tunnel`] and [`shared_object`]s.
//!
//! The story of a server: a client connects, publishes, and every message that it sends is an event.
//!
//! ```
//! use rtmp::client::{self, Client};
//! use rtmp::server::{self, Event, PublishMode, Server};
//! use wire::{ConnId, Input, Instant, Machine, Output, Rng, Transmit};
//!
//! let now = Instant::ZERO;
//! let mut server = Server::new(server::Config::default(), Rng::from_u64(1));
//! let mut client = Client::new(client::Config::new("rtmp://192.0.2.1/live".parse().unwrap()), Rng::from_u64(2));
//! let (here, there) = ("192.0.2.1:1935".parse().unwrap(), "192.0.2.2:4000".parse().unwrap());
//! let (ours, theirs) = (ConnId::outbound(0), ConnId::inbound(0)); // the connection, as the client and the server name it
//! client.connect(now).unwrap();
//! let mut names = Vec::new();
//! loop {
//!     let (from_client, from_server) = (client.poll(), server.poll());
//!     match from_client {
//!         Some(Output::Connect { transport, .. }) => {
//!             server.handle(now, Input::Opened { conn: theirs, transport, local: here, remote: there });
//!             client.handle(now, Input::Opened { conn: ours, transport, local: there, remote: here });
//!         }
//!         Some(Output::Transmit(Transmit::Stream { data, .. })) => {
//!             server.handle(now, Input::Stream { conn: theirs, data });
//!         }
//!         Some(Output::Event(client::Event::Connected { .. })) => _ = client.create_stream(now).unwrap(),
//!         Some(Output::Event(client::Event::StreamCreated { stream, .. })) => {
//!             client.publish(now, stream, "cam1?key=7", PublishMode::Live).unwrap();
//!         }
//!         None if from_server.is_none() => break,
//!         _ => {}
//!     }
//!     match from_server {
//!         Some(Output::Transmit(Transmit::Stream { data, .. })) => {
//!             client.handle(now, Input::Stream { conn: ours, data });
//!         }
//!         Some(Output::Event(Event::Connect { conn, .. })) => server.accept(now, conn, None).unwrap(),
//!         Some(Output::Event(Event::Publish { conn, stream, name, .. })) => {
//!             server.accept_publish(now, conn, stream).unwrap();
//!             names.push(name);
//!         }
//!         _ => {}
//!     }
//! }
//! assert_eq!(names, ["cam1"]);
//! ```
#![doc = include_str!("../README.md")]
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

#[cfg(doctest)]
#[doc = include_str!("../../docs/guide/rtmp.md")]
mod guide {}
