use bytes::Bytes;

use super::{Contact, Message, Refusal, Version};
use crate::Key;

/// What comes out of a ring.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output<A> {
    /// Carry `message` to that node. When it cannot be reached, say so with [`Ring::unreachable`](super::Ring::unreachable).
    Send {
        /// The receiver.
        to: Contact<A>,
        /// What to carry.
        message: Message<A>,
    },
    /// Something that the owner of the ring may want to know.
    Event(Event<A>),
}

/// Names one lookup, read or write of this node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LookupId(pub u64);

/// What a ring tells its owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event<A> {
    /// This node stands in a ring: its successor knows it.
    Joined,
    /// Nobody answered who could have let this node in. It is outside as before; the owner may try another contact.
    JoinFailed,
    /// This node left the ring, and what it held is with its successor.
    Left,
    /// The predecessor changed.
    Predecessor(Option<Contact<A>>),
    /// The first successor changed; `None` when this node is alone.
    Successor(Option<Contact<A>>),
    /// A lookup, read or write is over.
    Answer {
        /// Which one.
        id: LookupId,
        /// What it was about.
        key: Key,
        /// What came of it.
        outcome: Result<Outcome<A>, Failure>,
        /// The nodes that answered on the way to the one responsible, this one left out.
        path: Vec<Contact<A>>,
        /// How many nodes were asked in vain.
        timeouts: usize,
    },
    /// This node holds a copy of the key's value now.
    Gained(Key),
    /// This node holds no value of the key any more: it was deleted, or belongs to others now.
    Lost(Key),
    /// A message was not used.
    Dropped {
        /// Who sent it.
        from: Key,
        /// Why.
        reason: Reason,
    },
}

/// The end of a lookup, read or write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome<A> {
    /// The key belongs to that node.
    Owner(Contact<A>),
    /// What stands at the key; `None` when there is nothing.
    Value(Option<Bytes>),
    /// The change is made, on the node responsible and on its replicas.
    Written(Version),
}

/// Why a lookup, read or write failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// No node that could answer was left, or too many were asked.
    Unreachable,
    /// The node responsible refused.
    Refused(Refusal),
    /// This node left the ring, or has as many lookups under way as it may.
    Closed,
}

/// Why a message was not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// An answer to no question, or from another node than the one asked.
    Unsolicited,
    /// More questions in a second than one node may ask.
    TooMany,
    /// It carries this node's own id.
    OwnId,
    /// It breaks the rules of its kind: an answer of the wrong kind, a list longer than allowed, a version far in the future.
    Malformed,
}
