use std::fmt;
use std::net::SocketAddr;

use wire::{ConnId, Transport};

use super::slab::Key;
use crate::message::{Request, Response};

/// Names a client transaction of one [`Endpoint`](super::Endpoint).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientId {
    index: u32,
    generation: u32,
}

/// Names a server transaction of one [`Endpoint`](super::Endpoint).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServerId {
    index: u32,
    generation: u32,
}

/// Names a transaction of either side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Id {
    /// A client transaction.
    Client(ClientId),
    /// A server transaction.
    Server(ServerId),
}

/// Where to send a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Target {
    /// What to send over.
    pub transport: Transport,
    /// Where to.
    pub remote: SocketAddr,
    /// The bound address to send from; chosen by the endpoint when absent.
    pub local: Option<SocketAddr>,
    /// The connection to use while it is open; any to that address otherwise.
    pub conn: Option<ConnId>,
}

impl Target {
    /// That address, from any local address that suits.
    pub const fn new(transport: Transport, remote: SocketAddr) -> Target {
        Target { transport, remote, local: None, conn: None }
    }

    /// That address over UDP.
    pub const fn udp(remote: SocketAddr) -> Target {
        Target::new(Transport::Udp, remote)
    }

    /// That address over TCP.
    pub const fn tcp(remote: SocketAddr) -> Target {
        Target::new(Transport::Tcp, remote)
    }
}

/// Where a message came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Source {
    /// What it came over.
    pub transport: Transport,
    /// Who sent it.
    pub remote: SocketAddr,
    /// The bound address that received it.
    pub local: SocketAddr,
    /// The connection that it came by; none for a datagram.
    pub conn: Option<ConnId>,
}

impl Source {
    /// The way back: same transport, same addresses, same connection.
    pub const fn target(&self) -> Target {
        Target { transport: self.transport, remote: self.remote, local: Some(self.local), conn: self.conn }
    }
}

/// What an [`Endpoint`](super::Endpoint) tells the core above it.
#[derive(Clone, Debug)]
pub enum Event {
    /// A request began a server transaction. Its top Via says where it came from (`received`, `rport`).
    Request {
        /// The transaction, for [`respond`](super::Endpoint::respond).
        id: ServerId,
        /// The request.
        request: Request,
        /// Where it came from.
        source: Source,
    },
    /// An ACK that belongs to a dialog: it acknowledges a 2xx, or nothing that is known here.
    Ack {
        /// The ACK.
        request: Request,
        /// Where it came from.
        source: Source,
    },
    /// An INVITE that has no final response yet was cancelled. The CANCEL is answered; answer the INVITE, with 487.
    Cancel {
        /// The transaction of the INVITE.
        id: ServerId,
        /// The CANCEL.
        request: Request,
    },
    /// A response to a request of ours.
    Response {
        /// The transaction of the request.
        id: ClientId,
        /// The response, our own Via still on top.
        response: Response,
    },
    /// A response that matches no transaction but names us in its top Via: a late 2xx, for one.
    Stray {
        /// The response.
        response: Response,
        /// Where it came from.
        source: Source,
    },
    /// Nobody answered a request (client), or nobody acknowledged a final response to an INVITE (server), or the core
    /// never answered a request (server). [`Event::Terminated`] follows.
    Timeout {
        /// The transaction.
        id: Id,
    },
    /// A message could not be delivered. A client transaction is over ([`Event::Terminated`] follows).
    TransportFailed {
        /// The transaction.
        id: Id,
    },
    /// A transaction is over, and its name is dead.
    Terminated {
        /// The transaction.
        id: Id,
    },
    /// Something that arrived was dropped.
    Dropped {
        /// Why.
        reason: DropReason,
        /// Who sent it.
        from: SocketAddr,
    },
}

/// Why something that arrived was not processed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DropReason {
    /// It is no SIP message, or too broken to answer.
    Malformed,
    /// A broken request, answered with this status code.
    Refused(u16),
    /// A response whose top Via is none of ours.
    ForeignVia,
    /// A request beyond the limit of transactions, answered 503.
    Overload,
    /// A connection beyond the limit of connections; it was closed.
    TooManyConnections,
    /// A stream whose framing is lost; it was closed.
    BadFraming,
    /// A stream that did not complete a message in time; it was closed.
    SlowPeer,
}

/// Why a command was not carried out: the fault of the caller, or of the state the endpoint is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Error {
    /// No such transaction, or it is over.
    Gone,
    /// The limit of client transactions or connections is reached.
    Busy,
    /// No local address suits the target.
    NoListener,
    /// The request lacks a header that every request has, or the message cannot go by this command (an ACK is sent
    /// with [`send`](super::Endpoint::send), a CANCEL with [`cancel`](super::Endpoint::cancel)).
    Misuse,
    /// The final response is already out.
    Answered,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Error::Gone => "no such transaction",
            Error::Busy => "limit of transactions or connections reached",
            Error::NoListener => "no local address suits the target",
            Error::Misuse => "not a message for this command",
            Error::Answered => "the final response is already sent",
        })
    }
}

impl std::error::Error for Error {}

macro_rules! key {
    ($name:ident, $letter:literal) => {
        impl Key for $name {
            fn new(index: u32, generation: u32) -> $name {
                $name { index, generation }
            }
            fn index(self) -> usize {
                self.index as usize
            }
            fn generation(self) -> u32 {
                self.generation
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($letter, "{}.{}"), self.index, self.generation)
            }
        }
    };
}

key!(ClientId, "c");
key!(ServerId, "s");
