use serializer::{Id, Value};

use super::{Message, Position};

/// What [`Tables`] wants done, or tells.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// Send this to a linked peer.
    Send {
        /// Whom.
        to: Id,
        /// What.
        message: Message,
    },
    /// Send this node's state to a linked peer, and the known keys if `keys`.
    Meta {
        /// Whom.
        to: Id,
        /// False when the peer has had them.
        keys: bool,
    },
    /// A question that [`Tables::get`] asked is answered.
    Answer {
        /// Which.
        query: u64,
        /// The value on which the tables agree, if there is one.
        value: Option<Value>,
        /// The neighbours that were asked.
        path: Vec<Id>,
    },
    /// A peer asks for something that would be kept here and is not. Answer with [`Tables::supply`].
    Miss {
        /// Where.
        position: Position,
    },
    /// A peer changed an entry, here or on its way through here.
    Touched {
        /// Where.
        position: Position,
        /// Whether it was deleted.
        deleted: bool,
    },
    /// All entries have found another holder after [`Tables::unjoin`], as far as there was one.
    HandedOver,
}

/// Counts of what was dropped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Entries refused because of a bound.
    pub refused: u64,
    /// Answers to questions that nobody asked.
    pub strays: u64,
    /// Questions answered with nothing because too many were under way.
    pub overload: u64,
}
