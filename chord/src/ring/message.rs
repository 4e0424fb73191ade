use bytes::Bytes;

use super::{Contact, Entry, Version};
use crate::Key;

/// What two nodes of a ring say to each other. A question carries a number that its answer repeats; an answer that
/// nobody asked for is dropped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message<A> {
    /// Who is responsible for `key`? One step of an iterative lookup (paper section 4.4).
    Find {
        /// Repeated in the answer.
        number: u64,
        /// The point looked for.
        key: Key,
    },
    /// Answer to [`Message::Find`].
    Found {
        /// The question's.
        number: u64,
        /// The answering node is itself responsible, as far as it knows.
        owner: bool,
        /// The key lies among the successors of the answering node, so that `following` misses nobody it knows of.
        covered: bool,
        /// Nodes before the key, the closest to it first.
        preceding: Vec<Contact<A>>,
        /// Nodes at or after the key, the closest to it first: of the successor list when it covers the key.
        following: Vec<Contact<A>>,
        /// The predecessor of the answering node: nearer to the key when that node follows it.
        predecessor: Option<Contact<A>>,
    },
    /// Who are your neighbours? (paper section 4.5)
    Stabilize {
        /// Repeated in the answer.
        number: u64,
        /// What the sender thinks it is to the receiver: the paper's notify.
        claim: Claim,
    },
    /// Answer to [`Message::Stabilize`].
    Neighbours {
        /// The question's.
        number: u64,
        /// The predecessor before the question was taken into account.
        predecessor: Option<Contact<A>>,
        /// The successor list, nearest first.
        successors: Vec<Contact<A>>,
    },
    /// Are you there? (paper section 4.5, the predecessor check)
    Ping {
        /// Repeated in the answer.
        number: u64,
    },
    /// Answer to [`Message::Ping`].
    Pong {
        /// The question's.
        number: u64,
    },
    /// The sender leaves; these were its neighbours (paper section 4.5).
    Leaving {
        /// Its predecessor.
        predecessor: Option<Contact<A>>,
        /// Its successor list, nearest first.
        successors: Vec<Contact<A>>,
    },
    /// There may be another ring behind this contact: look yourself up through it.
    Merge {
        /// A node of the other ring.
        contact: Contact<A>,
    },
    /// What stands at `key`?
    Fetch {
        /// Repeated in the answer.
        number: u64,
        /// The key.
        key: Key,
    },
    /// Answer to [`Message::Fetch`].
    Fetched {
        /// The question's.
        number: u64,
        /// The sender is responsible for the key and has everything that belongs to its range.
        settled: bool,
        /// What it holds, tombstones included.
        entry: Option<Entry>,
    },
    /// Change what stands at `key`; for the node that is responsible for it.
    Write {
        /// Repeated in the answer.
        number: u64,
        /// The key.
        key: Key,
        /// What to do.
        change: Change,
    },
    /// Answer to [`Message::Write`], once the replicas have it too.
    Written {
        /// The question's.
        number: u64,
        /// The new version, or why not.
        outcome: Result<Version, Refusal>,
    },
    /// Keep a copy of these.
    Replicate {
        /// Repeated in the answer.
        number: u64,
        /// The entries.
        entries: Vec<Entry>,
    },
    /// Answer to [`Message::Replicate`].
    Stored {
        /// The question's.
        number: u64,
        /// Every entry is held now, or a later version of it.
        accepted: bool,
    },
    /// Do we hold the same in these ranges?
    Compare {
        /// Repeated in the answer.
        number: u64,
        /// The ranges, with what the sender holds in them.
        ranges: Vec<Summary>,
    },
    /// Answer to [`Message::Compare`]: one for each range asked about, in order.
    Differ {
        /// The question's.
        number: u64,
        /// What the answering node holds in each range.
        ranges: Vec<Difference>,
    },
    /// Send me these entries.
    Want {
        /// Repeated in the answer.
        number: u64,
        /// Their keys.
        keys: Vec<Key>,
    },
    /// Answer to [`Message::Want`]: as many of the entries as fit, in the order asked for.
    Entries {
        /// The question's.
        number: u64,
        /// The entries.
        entries: Vec<Entry>,
    },
}

/// What a node thinks it is to another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// Nothing: it only asks.
    Nothing,
    /// Its predecessor.
    Predecessor,
    /// Its successor.
    Successor,
}

/// What a write does to a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// The value becomes these bytes.
    Set(Bytes),
    /// The value goes, and a tombstone stays for a while.
    Delete,
    /// The value becomes what [`Config::merge`](super::Config::merge) makes of it and these bytes.
    Update(Bytes),
}

/// Why a node did not write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It is not responsible for the key.
    Elsewhere,
    /// It became responsible just now and does not know the old value yet, or has too much to do: try again.
    Busy,
    /// It holds as much as it may.
    Full,
    /// The value is larger than it takes.
    TooLarge,
    /// The update does not fit the value.
    Unfit,
}

/// A range of keys, and in short what a node holds there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary {
    /// The range starts behind this key.
    pub from: Key,
    /// The range ends at this key, included. Equal to `from` it is the whole circle.
    pub to: Key,
    /// The sum, modulo 2^128, of the first 16 bytes of the SHA-256 of each entry there: its key and version.
    pub digest: [u8; 16],
}

/// What a node holds in a range that it was asked to compare.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// The same.
    Same,
    /// These keys, in these versions.
    Keys(Vec<(Key, Version)>),
    /// Something else, and too much to list: ask about smaller ranges.
    Many,
}
