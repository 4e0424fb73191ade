use std::fmt;

use crate::Key;

/// What a ring needs of an address: to copy it, to see that it changed, and to print it. Whoever owns the ring decides
/// what an address is; the ring never looks inside.
pub trait Address: Clone + PartialEq + fmt::Debug {}

impl<A: Clone + PartialEq + fmt::Debug> Address for A {}

/// A node as others know it: its point on the circle and where to reach it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Contact<A> {
    /// The node's identifier (paper section 4.2).
    pub id: Key,
    /// Where it is reached.
    pub address: A,
}

impl<A> Contact<A> {
    /// The node `id` at `address`.
    pub const fn new(id: Key, address: A) -> Contact<A> {
        Contact { id, address }
    }
}

impl<A: fmt::Debug> fmt::Debug for Contact<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}@{:?}", self.id, self.address)
    }
}
