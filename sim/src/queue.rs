//! What is still to happen, by time and then by the order in which it was planned.
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::net::SocketAddr;

use bytes::Bytes;
use wire::{Input, Instant};

use crate::HostId;

/// A heap of small entries; what is large about them stays in place in a slab.
#[derive(Default)]
pub(crate) struct Queue {
    heap: BinaryHeap<Reverse<(Instant, u64, Entry)>>,
    next: u64,
    slab: Vec<Option<Happening>>,
    free: Vec<u32>,
}

/// Ordered only because a heap of tuples asks for it: the number before it never repeats.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Entry {
    Wake(HostId),
    Stream(StreamStep),
    Slab(u32),
}

/// What happens at a moment.
pub(crate) enum Happening {
    /// A host's deadline may have come.
    Wake(HostId),
    /// A stream goes on.
    Stream(StreamStep),
    /// A datagram arrives at the host that owns its address.
    Datagram { host: HostId, from: SocketAddr, to: SocketAddr, data: Bytes },
    /// The network tells a host something.
    Tell { host: HostId, generation: u32, input: Input },
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum StreamStep {
    /// Time to try again to reach the server.
    Connect(u32),
    /// The request for a connection arrives.
    Request(u32),
    /// The server's acceptance arrives.
    Accept(u32),
    /// The oldest piece from that side may be due.
    Flow(u32, bool),
    /// The news that the other end is dead arrives at that side.
    Reset(u32, bool),
}

impl Queue {
    pub fn wake(&mut self, at: Instant, host: HostId) {
        self.push(at, Entry::Wake(host));
    }

    pub fn stream(&mut self, at: Instant, step: StreamStep) {
        self.push(at, Entry::Stream(step));
    }

    pub fn later(&mut self, at: Instant, what: Happening) {
        let slot = match self.free.pop() {
            Some(slot) => slot,
            None => {
                self.slab.push(None);
                (self.slab.len() - 1) as u32
            }
        };
        self.slab[slot as usize] = Some(what);
        self.push(at, Entry::Slab(slot));
    }

    pub fn next_at(&self) -> Option<Instant> {
        self.heap.peek().map(|Reverse((at, ..))| *at)
    }

    pub fn pop(&mut self) -> Option<(Instant, Happening)> {
        let Reverse((at, _, entry)) = self.heap.pop()?;
        let what = match entry {
            Entry::Wake(host) => Happening::Wake(host),
            Entry::Stream(step) => Happening::Stream(step),
            Entry::Slab(slot) => {
                self.free.push(slot);
                self.slab[slot as usize].take()?
            }
        };
        Some((at, what))
    }

    fn push(&mut self, at: Instant, entry: Entry) {
        self.heap.push(Reverse((at, self.next, entry)));
        self.next += 1;
    }
}
