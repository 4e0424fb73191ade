use std::cmp::Reverse;
use std::collections::BinaryHeap;

use wire::Instant;

/// When to look at what: a heap with lazy deletion. An owner has at most one alarm that matters, the earliest; it is
/// not moved when the owner's timers move to later times, only looked at, found too early, and set anew. An alarm
/// whose owner is gone is thrown away when its time comes.
#[derive(Debug)]
pub(crate) struct Alarms<O> {
    heap: BinaryHeap<Reverse<(Instant, u64, O)>>,
    set: u64,
}

impl<O: Ord + Copy> Default for Alarms<O> {
    fn default() -> Self {
        Alarms { heap: BinaryHeap::new(), set: 0 }
    }
}

impl<O: Ord + Copy> Alarms<O> {
    /// Sets an alarm. Of several at one time, the one that was set first goes off first.
    pub fn set(&mut self, at: Instant, owner: O) {
        self.set += 1;
        self.heap.push(Reverse((at, self.set, owner)));
    }

    /// Takes an alarm whose time has come.
    pub fn due(&mut self, now: Instant) -> Option<O> {
        let Reverse((at, ..)) = self.heap.peek()?;
        if *at > now {
            return None;
        }
        self.heap.pop().map(|Reverse((.., owner))| owner)
    }

    /// The earliest alarm.
    pub fn next(&self) -> Option<Instant> {
        self.heap.peek().map(|Reverse((at, ..))| *at)
    }

    /// How many are set, those of owners that are gone included.
    pub fn len(&self) -> usize {
        self.heap.len()
    }

    /// Throws away the alarms of owners that are gone.
    pub fn retain(&mut self, mut alive: impl FnMut(O) -> bool) {
        self.heap.retain(|Reverse((.., owner))| alive(*owner));
    }

    /// Forgets all alarms, when no owner is left.
    pub fn clear(&mut self) {
        self.heap.clear();
    }
}
