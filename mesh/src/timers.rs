//! What is to be done when.
use std::collections::{BTreeMap, BTreeSet};

use wire::{ConnId, Instant};

/// One kind of work, at most once planned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Timer {
    /// Open further links.
    Dial,
    /// Ask a neighbour for addresses.
    Refresh,
    /// Look whether a seed is in another part of the network.
    Touch,
    /// Tell who speaks for this part.
    Beacon,
    /// Give up what waits for an answer.
    Expire,
    /// Tell of the broadcasts that neighbours do not want to be sent.
    News,
    /// Ask for broadcasts that were told of and did not come.
    Chase,
    /// Look after one link.
    Link(ConnId),
}

#[derive(Default)]
pub(crate) struct Timers {
    queue: BTreeSet<(Instant, Timer)>,
    planned: BTreeMap<Timer, Instant>,
}

impl Timers {
    pub fn arm(&mut self, timer: Timer, at: Instant) {
        if let Some(before) = self.planned.insert(timer, at) {
            self.queue.remove(&(before, timer));
        }
        self.queue.insert((at, timer));
    }

    /// As `arm`, unless it is planned for earlier.
    pub fn arm_by(&mut self, timer: Timer, at: Instant) {
        if self.planned.get(&timer).is_none_or(|&before| at < before) {
            self.arm(timer, at);
        }
    }

    pub fn disarm(&mut self, timer: Timer) {
        if let Some(before) = self.planned.remove(&timer) {
            self.queue.remove(&(before, timer));
        }
    }

    pub fn next(&self) -> Option<Instant> {
        self.queue.first().map(|&(at, _)| at)
    }

    pub fn pop_due(&mut self, now: Instant) -> Option<Timer> {
        let &(at, timer) = self.queue.first().filter(|(at, _)| *at <= now)?;
        self.queue.remove(&(at, timer));
        self.planned.remove(&timer);
        Some(timer)
    }
}
