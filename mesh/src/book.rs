//! The addresses that a node remembers: its seeds, and what others told.
use std::collections::BTreeMap;
use std::time::Duration;

use serializer::Id;
use wire::{ConnId, Instant, Rng};

use crate::config::Seed;

/// Where a node may be. The same type as a seed: what a node is told at the start it may also learn later.
pub(crate) type Place = Seed;

pub(crate) struct Book {
    entries: BTreeMap<Place, Entry>,
    seeds: usize,
    limit: usize,
    backoff: (Duration, Duration),
}

#[derive(Default)]
struct Entry {
    /// Who was there last.
    id: Option<Id>,
    seed: bool,
    /// This node itself answers there.
    itself: bool,
    /// A link to it worked once; the rest is hearsay.
    proven: bool,
    failures: u32,
    not_before: Instant,
    heard: Instant,
    /// The connection that uses it, or is being opened to it.
    linked: Option<ConnId>,
}

/// What to dial next.
pub(crate) enum Candidate {
    Now(Place),
    At(Instant),
    None,
}

impl Book {
    pub fn new(seeds: &[Seed], limit: usize, backoff: (Duration, Duration)) -> Book {
        let mut entries = BTreeMap::new();
        for seed in seeds {
            entries.insert(seed.clone(), Entry { seed: true, ..Entry::default() });
        }
        Book { seeds: entries.len(), entries, limit, backoff }
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn is_linked(&self, place: &Place) -> bool {
        self.entries.get(place).is_some_and(|entry| entry.linked.is_some())
    }

    /// Whether it may be dialled now; a place that is not in the book may.
    pub fn is_due(&self, now: Instant, place: &Place) -> bool {
        self.entries.get(place).is_none_or(|entry| entry.linked.is_none() && entry.not_before <= now)
    }

    /// A neighbour told of a node there.
    pub fn hear(&mut self, now: Instant, place: &Place, id: &Id) {
        let entry = self.entry(now, place);
        if entry.linked.is_none() && entry.id.as_ref() != Some(id) {
            entry.id = Some(id.detached());
        }
        entry.heard = now;
    }

    /// A connection to that place is being opened, or a node that is linked says that it listens there.
    pub fn link(&mut self, now: Instant, place: &Place, conn: ConnId, id: Option<&Id>) {
        let entry = self.entry(now, place);
        entry.linked = Some(conn);
        if let Some(id) = id {
            entry.id = Some(id.clone());
            entry.proven = true;
            entry.heard = now;
        }
    }

    /// The connection `conn` is gone. `worked` tells whether it was of use for a while.
    pub fn unlink(&mut self, now: Instant, place: &Place, conn: ConnId, worked: bool, rng: &mut Rng) {
        let Some(entry) = self.entries.get_mut(place).filter(|entry| entry.linked == Some(conn)) else { return };
        entry.linked = None;
        if worked {
            entry.failures = 0;
        }
        entry.fail(now, self.backoff, rng);
        if entry.failures > FORGET && !entry.seed {
            self.entries.remove(place);
        }
    }

    /// It could not be reached, before there was a connection.
    pub fn fail(&mut self, now: Instant, place: &Place, rng: &mut Rng) {
        if let Some(entry) = self.entries.get_mut(place) {
            entry.fail(now, self.backoff, rng);
        }
    }

    /// Lets it be for a while.
    pub fn rest(&mut self, place: &Place, until: Instant) {
        if let Some(entry) = self.entries.get_mut(place) {
            entry.not_before = entry.not_before.max(until);
            entry.failures = 0;
        }
    }

    pub fn is_itself(&mut self, place: &Place) {
        if let Some(entry) = self.entries.get_mut(place) {
            entry.itself = true;
        }
    }

    /// The place to dial next: the least often failed, seeds last (they have enough to do), else at random.
    pub fn candidate(&self, now: Instant, known: impl Fn(&Id) -> bool, rng: &mut Rng) -> Candidate {
        let (mut best, mut rank, mut ties, mut next) = (None, (u32::MAX, true), 0, Instant::FAR);
        for (place, entry) in self.free(known) {
            if entry.not_before > now {
                next = next.min(entry.not_before);
                continue;
            }
            let this = (entry.failures, entry.seed);
            if best.is_some() && this > rank {
                continue;
            }
            ties = if best.is_none() || this < rank { 1 } else { ties + 1 };
            rank = this;
            if rng.below(ties) == 0 {
                best = Some(place);
            }
        }
        match best {
            Some(place) => Candidate::Now(place.clone()),
            None if next < Instant::FAR => Candidate::At(next),
            None => Candidate::None,
        }
    }

    /// A seed or a place that worked once, at random, to see whether the network is whole.
    pub fn touchable(&self, now: Instant, known: impl Fn(&Id) -> bool, rng: &mut Rng) -> Option<Place> {
        let mut found = None;
        let mut ties = 0;
        for (place, _) in self.free(known).filter(|(_, e)| e.not_before <= now && (e.seed || e.proven)) {
            ties += 1;
            if rng.below(ties) == 0 {
                found = Some(place);
            }
        }
        found.cloned()
    }

    fn free(&self, known: impl Fn(&Id) -> bool) -> impl Iterator<Item = (&Place, &Entry)> {
        let free =
            move |entry: &Entry| !entry.itself && entry.linked.is_none() && !entry.id.as_ref().is_some_and(&known);
        self.entries.iter().filter(move |(_, entry)| free(entry))
    }

    fn entry(&mut self, now: Instant, place: &Place) -> &mut Entry {
        if !self.entries.contains_key(place) {
            if self.entries.len() - self.seeds >= self.limit {
                self.evict();
            }
            self.entries.insert(place.clone(), Entry { heard: now, ..Entry::default() });
        }
        self.entries.entry(place.clone()).or_default()
    }

    /// Makes room: hearsay goes before what worked, what failed before what did not, the old before the new.
    fn evict(&mut self) {
        let spare = self.entries.iter().filter(|(_, entry)| !entry.seed && entry.linked.is_none());
        let worst = spare.min_by_key(|(_, entry)| (entry.proven, std::cmp::Reverse(entry.failures), entry.heard));
        if let Some(place) = worst.map(|(place, _)| place.clone()) {
            self.entries.remove(&place);
        }
    }
}

impl Entry {
    fn fail(&mut self, now: Instant, (first, most): (Duration, Duration), rng: &mut Rng) {
        let wait = first.saturating_mul(1 << self.failures.min(16)).min(most);
        self.failures = self.failures.saturating_add(1);
        self.not_before = now + wait.mul_f64(0.5 + rng.unit());
    }
}

/// So many failures in a row, and an address that is no seed is forgotten: some five minutes.
const FORGET: u32 = 10;
