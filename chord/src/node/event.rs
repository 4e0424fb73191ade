//! What a node tells its application.
use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use serializer::{Id, Value};

use crate::Key;
use crate::tables::Position;

/// Names one `get`, `set`, `delete` or `update` of a node; never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Query(pub u64);

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// What the mesh tells, except the messages that are chord's.
    Mesh(mesh::Event),
    /// A key has a new value, set by another node. What it is has to be asked for.
    Add {
        /// The key.
        key: Bytes,
    },
    /// A key is gone, deleted by another node.
    Delete {
        /// The key.
        key: Bytes,
    },
    /// A question or change of this node is over.
    Answer {
        /// Which.
        query: Query,
        /// What it was about.
        key: Bytes,
        /// What came of it.
        result: Result<Outcome, Failure>,
        /// The nodes on the way, for drawing: those that a lookup in the ring passed, or the neighbours that were asked.
        path: Vec<Id>,
        /// From the command to the answer.
        took: Duration,
    },
    /// This node stands in a ring with others now.
    RingJoined,
    /// The nodes before or after this one in the ring changed.
    RingChanged,
    /// After [`unjoin`](crate::Node::unjoin): everything has been handed over, and the program may end.
    Unjoined,
}

/// The good end of a question or change.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// To `get`: the value. To `update`: the whole map after it.
    Value(Value),
    /// To `get`: the key has no value.
    Missing,
    /// To `set` and `delete`.
    Done,
}

/// Why a question or change failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Failure {
    /// No answer in time.
    Timeout,
    /// Nobody who stores could be reached.
    Unreachable,
    /// The node responsible has no room, or the value is larger than it takes.
    Full,
    /// An update of a value that is not a map.
    NotAMap,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Failure::Timeout => "no answer in time",
            Failure::Unreachable => "no storing node can be reached",
            Failure::Full => "no room for the value",
            Failure::NotAMap => "the value is not a map",
        })
    }
}

impl std::error::Error for Failure {}

/// Why a command was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// Too many questions and changes are under way.
    Busy,
    /// The key is longer than [`Config::key_length`](crate::Config::key_length).
    KeyTooLong,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Error::Busy => "too many questions under way",
            Error::KeyTooLong => "the key is too long",
        })
    }
}

impl std::error::Error for Error {}

/// Where an entry stands that this node stores.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// On the ring.
    Ring(Key),
    /// In one of the five tables.
    Table(Position),
}

/// An entry that this node stores, for itself or for others.
#[derive(Clone, Debug, PartialEq)]
pub struct Stored {
    /// Where it stands.
    pub place: Place,
    /// Its key; `None` in a table when nobody told this node of the key.
    pub key: Option<Bytes>,
    /// Its value.
    pub value: Value,
}
