//! What a node tells its application.
use std::net::SocketAddr;

use serializer::{Id, Message, Value};
use wire::Transport;

use crate::{Address, Reason};

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// The node has its first neighbour: it is part of a network.
    Connect,
    /// A link's handshake is done; our list of addresses is on its way to it.
    Joined(Id),
    /// The link to a neighbour ended.
    Left(Id, Reason),
    /// A connection that was no neighbour's, or not yet, was closed for what it sent or did not send. `remote` is where
    /// it came from.
    Refused(SocketAddr, Reason),
    /// A message for users: sub flag 0 or 2.
    Message(Incoming),
    /// A message with a sub flag that this machine does not use: for machines on top.
    Other(Incoming),
    /// A message was dropped; its sender and why. Repeats, of which there are many, are counted only.
    Dropped(Id, Reason),
    /// A reply found no way to its receiver.
    Undelivered {
        /// Who should have got it.
        to: Id,
        /// What.
        values: Vec<Value>,
    },
    /// A node answered a survey.
    Surveyed(Report),
}

/// A message that arrived, once.
#[derive(Clone, Debug, PartialEq)]
pub struct Incoming {
    /// The message. `message.sender()` is who wrote it; nothing proves that.
    pub message: Message,
    /// The neighbour that it came from.
    pub from: Id,
    /// Whether other nodes forwarded it although it was for this one alone.
    pub routed: bool,
}

impl Incoming {
    /// What the sender said, after the sub flag.
    pub fn values(&self) -> &[Value] {
        self.message.values()
    }

    /// Who wrote it: give this to `Node::reply`.
    pub fn sender(&self) -> &Id {
        self.message.sender()
    }
}

/// What a handler did with a message.
#[derive(Clone, Debug, PartialEq)]
pub enum Handled {
    /// Nothing: the next handler may look at it.
    Passed,
    /// It is done with; nobody else hears of it.
    Consumed,
    /// It is done with, and this goes back to its sender.
    Reply(Vec<Value>),
}

/// One node's answer to a survey: what to draw of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// The number that `Node::survey` returned.
    pub survey: u64,
    /// The node.
    pub id: Id,
    /// What people call it; empty when it does not say.
    pub name: String,
    /// Where it listens.
    pub addresses: Vec<(Transport, Address)>,
    /// Its neighbours, at most 256 of them.
    pub links: Vec<Neighbour>,
    /// What machines on top set by `Node::set_state`.
    pub state: Value,
}

/// One link as the node at its end reports it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Neighbour {
    /// The other end.
    pub id: Id,
    /// What the link runs over.
    pub transport: Transport,
    /// Whether the reporting node opened it.
    pub outgoing: bool,
}
