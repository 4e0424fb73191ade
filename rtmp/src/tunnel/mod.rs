//! RTMPT: RTMP inside HTTP, for networks that let nothing else through.
//!
//! A client opens a session with `POST /open/1` and learns its id. From then on it sends its bytes with
//! `POST /send/ID/SEQ`, asks for the server's with `POST /idle/ID/SEQ`, and ends with `POST /close/ID/SEQ`; SEQ counts the
//! requests. Every answer begins with a byte that tells how long to wait before the next `idle`, and goes on with the
//! bytes of the server. What the bytes are is no concern of the tunnel: a [`Server`] gives them out and takes them in by
//! [`SessionId`], a [`Client`] is one session. Both keep the drain contract: after every call, `poll` until `None`; at
//! `deadline`, `time`.
//!
//! ```
//! use std::net::SocketAddr;
//! use bytes::Bytes;
//! use rtmp::tunnel::{Client, ClientConfig, ClientOutput, Config, Output, Server};
//! use wire::{ConnId, Instant, Rng};
//!
//! let (now, conn) = (Instant::ZERO, ConnId::inbound(0));
//! let remote: SocketAddr = "192.0.2.1:40000".parse().unwrap();
//! let mut server = Server::new(Config::default(), Rng::from_u64(1));
//! let mut client = Client::new(ClientConfig::new("media.example"));
//! server.opened(now, conn, remote);
//! client.opened(now);
//! client.send(now, Bytes::from_static(b"ping"));
//!
//! let mut answer = None;
//! while answer.is_none() {
//!     while let Some(output) = client.poll() {
//!         match output {
//!             ClientOutput::Send(http) => server.receive(now, conn, http),
//!             ClientOutput::Data(data) => answer = Some(data),
//!             _ => {}
//!         }
//!     }
//!     while let Some(output) = server.poll() {
//!         match output {
//!             Output::Send { data: http, .. } => client.receive(now, http),
//!             Output::Data { session, data } => server.send(now, session, [&b"re: "[..], &data].concat().into()),
//!             _ => {}
//!         }
//!     }
//! }
//! assert_eq!(answer.unwrap(), "re: ping");
//! ```

mod client;
mod http;
mod server;

pub use client::{Client, ClientConfig, ClientOutput};
pub use http::HttpError;
pub use server::{Config, Output, Server};

/// Names one session of a [`Server`]; never used twice. It is not the id that the client knows, which is a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(pub(crate) u64);

/// Why a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reason {
    /// The client closed it.
    Peer,
    /// We closed it.
    Local,
    /// Nothing was heard for too long.
    Timeout,
    /// A request that should have come did not, while later ones did.
    Gap,
    /// The client fetched too slowly, and too much waited for it.
    Overflow,
    /// The server answered with this status, or refused.
    Status(u16),
    /// What came was no HTTP.
    Http(HttpError),
    /// The connection below ended in the middle of a request.
    Connection,
}

/// The steps of the byte that tells a client how long to wait.
//= rtmpt#3/steps MUST
//# Both ends have this one table: the server walks along it, the client multiplies.
const INTERVALS: [u8; 6] = [0x01, 0x03, 0x05, 0x09, 0x11, 0x21];
