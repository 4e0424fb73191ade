//! What a node tells its application.

use bytes::Bytes;
use serializer::{Id, Value};

use crate::Error;

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// A key has a value that was written now: by this node itself, by another, or in a transfer or repair.
    Update {
        /// The key.
        key: Bytes,
        /// The whole value, after a delta too.
        value: Value,
        /// Who wrote it.
        owner: Id,
        /// When, in Unix seconds.
        time: u64,
    },
    /// A key has no value any more.
    Delete {
        /// The key.
        key: Bytes,
    },
    /// A write of another node was refused, or a message made no sense.
    Refused {
        /// Who sent it.
        sender: Id,
        /// The key, as far as there was one.
        key: Option<Bytes>,
        /// Why.
        reason: Error,
    },
    /// What the mesh below tells and this machine does not use itself.
    Mesh(mesh::Event),
}

/// What a node counted since it was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Writes of this node's own.
    pub written: u64,
    /// Writes of others that were done.
    pub applied: u64,
    /// Writes of others that the rule or a limit refused.
    pub refused: u64,
    /// Stores, deltas and repair messages that made no sense.
    pub malformed: u64,
    /// Entries told to neighbours that cannot repair.
    pub transferred: u64,
    /// Digests of the whole table sent.
    pub roots: u64,
    /// Repair messages sent in answer to others.
    pub answers: u64,
    /// Keys whose value changed by a repair.
    pub repaired: u64,
    /// Bytes that the budget of a repair kept back.
    pub kept_back: u64,
}
