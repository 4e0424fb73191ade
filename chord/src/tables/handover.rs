//! Entries that go to another node, a few at a time.
use std::collections::{BTreeSet, VecDeque};

use wire::Instant;

use super::{Message, Output, Position, Tables};

/// Entries to be stored again elsewhere, in small goes.
#[derive(Debug)]
pub(super) struct Handover {
    queue: VecDeque<Position>,
    queued: BTreeSet<Position>,
    pub next: Option<Instant>,
    /// Told when the queue runs empty.
    pub told: bool,
}

impl Handover {
    pub fn none() -> Handover {
        Handover { queue: VecDeque::new(), queued: BTreeSet::new(), next: None, told: true }
    }
}

impl Tables {
    pub(super) fn hand_over(&mut self, now: Instant, positions: Vec<Position>) {
        for position in positions {
            if self.leaving.queued.insert(position) {
                self.leaving.queue.push_back(position);
            }
        }
        if self.leaving.next.is_none() {
            self.hand_over_some(now);
        }
    }

    pub(super) fn hand_over_some(&mut self, now: Instant) {
        for _ in 0..self.config.batch.max(1) {
            let Some(position) = self.leaving.queue.pop_front() else { break };
            self.leaving.queued.remove(&position);
            let Some(value) = self.storage.at(&position).cloned() else { continue };
            let Some(to) = self.route(&position, &[]) else { continue };
            if !self.joined {
                self.storage.remove(&position);
            }
            self.outputs.push_back(Output::Send { to, message: Message::Store { position, value } });
        }
        let done = self.leaving.queue.is_empty();
        self.leaving.next = if done { None } else { Some(now + self.config.pace) };
        if done && !std::mem::replace(&mut self.leaving.told, true) {
            self.outputs.push_back(Output::HandedOver);
        }
    }
}
