//! Keeping the copies alike: what two nodes hold in a range is compared by digest, narrowed down to the keys that
//! differ, and only those travel. Runs at once when the range or the replicas of a node change, and periodically.
use std::collections::BTreeSet;

use super::query::Purpose;
use super::question::About;
use super::{Address, Contact, Difference, Entry, Event, Message, Phase, Ring, Summary, Version};
use crate::Key;

/// The comparison of a range with one other node.
#[derive(Debug)]
pub(super) struct Sync<A> {
    peer: Contact<A>,
    from: Key,
    to: Key,
    ranges: Vec<(Key, Key)>,
    push: BTreeSet<Key>,
    want: BTreeSet<Key>,
    /// What the peer says that it holds of the wanted keys; nothing older is taken for an answer.
    again: bool,
}

/// What the other node of a comparison is to this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Role {
    /// It holds copies of this node's range.
    Replica,
    /// The range is its own now.
    Heir,
}

impl<A: Address> Ring<A> {
    /// The nodes that should hold copies of what this node is responsible for.
    pub(super) fn replica_set(&self) -> Vec<Key> {
        self.routes.successors().iter().take(self.config.replicas.max(1) - 1).map(|c| c.id).collect()
    }

    /// New replicas are filled at once.
    //= chord#4.5/new-replica MUST
    //# Whenever the first successors change, each new one among them is compared with, which sends it what it lacks.
    pub(super) fn fill_replicas(&mut self) {
        let current = self.routes.successors().iter().take(self.config.replicas.max(1) - 1);
        if self.phase != Phase::Member || current.clone().map(|c| &c.id).eq(&self.replicas) {
            return;
        }
        let new: Vec<_> = current.filter(|c| !self.replicas.contains(&c.id)).cloned().collect();
        self.replicas = self.replica_set();
        if let Some(floor) = self.routes.floor() {
            for peer in new {
                self.compare(peer, Role::Replica, floor, self.own.id);
            }
        }
    }

    /// This node became responsible for more: whoever holds copies of that is asked first.
    //= wireworks#3.3/settle MUST
    //# Until each replica was compared with, this node refuses writes and its reads have no last word.
    pub(super) fn range_grew(&mut self) {
        self.settled = false;
        self.compare_all();
        self.settle();
    }

    fn compare_all(&mut self) {
        let Some(floor) = self.routes.floor() else { return };
        let peers: Vec<_> = self.routes.successors().iter().take(self.config.replicas.max(1) - 1).cloned().collect();
        for peer in peers {
            self.compare(peer, Role::Replica, floor, self.own.id);
        }
    }

    /// The periodic comparison.
    //= wireworks#3.3/repair MUST
    //# Every repair interval the own range is compared with every replica; both sides end with the later of each entry.
    pub(super) fn repair_round(&mut self) {
        self.store.expire(self.now - self.config.tombstones);
        self.compare_all();
        self.seek_homes();
    }

    /// A nearer predecessor took over a part of the range.
    //= chord#4.5/hand-over MUST
    //# The part of the range behind the new predecessor is compared with it, which sends it the values it lacks.
    pub(super) fn hand_over(&mut self, heir: Contact<A>, floor: Key) {
        let to = heir.id;
        self.compare(heir, Role::Heir, floor, to);
    }

    pub(super) fn bequeath(&mut self, heir: Contact<A>, floor: Key) {
        self.compare(heir, Role::Heir, floor, self.own.id);
    }

    fn compare(&mut self, peer: Contact<A>, role: Role, from: Key, to: Key) {
        let id = (peer.id, role);
        if let Some(sync) = self.syncs.get_mut(&id) {
            (sync.from, sync.to, sync.again) = (from, to, true);
            return;
        }
        let (ranges, push, want) = (vec![(from, to)], BTreeSet::new(), BTreeSet::new());
        self.syncs.insert(id, Sync { peer, from, to, ranges, push, want, again: false });
        self.continue_sync(id);
    }

    /// The next question of a comparison, or its end.
    fn continue_sync(&mut self, id: (Key, Role)) {
        let Some(sync) = self.syncs.get_mut(&id) else { return };
        let (peer, about) = (sync.peer.clone(), About::Sync(id.0, id.1));
        if !sync.want.is_empty() {
            let keys = sync.want.iter().take(MAX_WANTED).copied().collect();
            return self.ask(peer, about, |number| Message::Want { number, keys });
        }
        if !sync.push.is_empty() {
            let keys: Vec<Key> = sync.push.iter().copied().collect();
            let entries = self.batch(&keys);
            if let Some(sync) = self.syncs.get_mut(&id) {
                // A key that is not held any more counts as done.
                let last = entries.last().map(|e| e.key);
                sync.push.retain(|key| last.is_some_and(|last| *key > last));
            }
            if !entries.is_empty() {
                return self.ask(peer, about, |number| Message::Replicate { number, entries });
            }
        }
        let Some(sync) = self.syncs.get_mut(&id) else { return };
        if sync.ranges.is_empty() && std::mem::take(&mut sync.again) {
            sync.ranges.push((sync.from, sync.to));
        }
        if sync.ranges.is_empty() {
            self.syncs.remove(&id);
            return self.synced();
        }
        let at = sync.ranges.len().saturating_sub(MAX_RANGES);
        let asked: Vec<_> = sync.ranges[at..].to_vec();
        let ranges = asked.iter().map(|(from, to)| self.store.summary(*from, *to)).collect();
        self.ask(peer, about, |number| Message::Compare { number, ranges });
    }

    /// What the other node holds in the ranges last asked about.
    pub(super) fn differs(&mut self, id: (Key, Role), differences: Vec<Difference>) {
        let Some(sync) = self.syncs.get_mut(&id) else { return };
        let at = sync.ranges.len().saturating_sub(MAX_RANGES);
        let asked = sync.ranges.split_off(at);
        for ((from, to), difference) in asked.into_iter().zip(differences) {
            match difference {
                Difference::Same => (),
                Difference::Many if sync.ranges.len() < MAX_OPEN => sync.ranges.extend(split(&from, &to)),
                Difference::Many => (),
                Difference::Keys(theirs) => {
                    for (key, version) in theirs.iter().filter(|(key, _)| key.is_within(&from, &to)) {
                        if self.store.version(key).is_none_or(|ours| ours < *version) {
                            sync.want.insert(*key);
                        }
                    }
                    let theirs: std::collections::BTreeMap<_, _> = theirs.into_iter().collect();
                    for (key, ours) in self.store.versions(&from, &to, usize::MAX - 1).into_iter().flatten() {
                        if theirs.get(&key).is_none_or(|theirs| *theirs < ours) {
                            sync.push.insert(key);
                        }
                    }
                }
            }
        }
        self.continue_sync(id);
    }

    /// Entries that this node wanted.
    pub(super) fn received(&mut self, id: (Key, Role), mut entries: Vec<Entry>) {
        let Some(sync) = self.syncs.get_mut(&id) else { return };
        let before = sync.want.len();
        entries.retain(|entry| sync.want.remove(&entry.key));
        if sync.want.len() == before {
            sync.want.clear(); // it has them no more
        }
        self.keep_all(entries);
        self.continue_sync(id);
    }

    pub(super) fn pushed(&mut self, id: (Key, Role)) {
        self.continue_sync(id);
    }

    /// The other node of a comparison is gone.
    pub(super) fn sync_broken(&mut self, id: (Key, Role)) {
        self.syncs.remove(&id);
        self.synced();
    }

    fn synced(&mut self) {
        self.settle();
        if self.phase == Phase::Leaving && !self.syncs.keys().any(|(_, role)| *role == Role::Heir) {
            match (self.routes.successors().first().cloned(), self.routes.floor()) {
                // Whoever was to inherit is dead.
                (Some(next), Some(floor)) if self.replicas.first().is_some_and(|heir| *heir != next.id) => {
                    self.replicas = self.replica_set();
                    self.bequeath(next, floor);
                }
                _ => self.released(),
            }
        }
    }

    fn settle(&mut self) {
        let open = self.syncs.keys().any(|(_, role)| *role == Role::Replica);
        self.settled |= !open && self.routes.floor().is_some();
    }

    /// Another node asks what this one holds.
    pub(super) fn compared(&mut self, ranges: Vec<Summary>) -> Vec<Difference> {
        let mut room = MAX_LISTED;
        let mut differences = Vec::with_capacity(ranges.len().min(MAX_RANGES));
        for asked in ranges.into_iter().take(MAX_RANGES) {
            self.store.confirm(self.now, &asked.from, &asked.to);
            differences.push(if self.store.summary(asked.from, asked.to) == asked {
                Difference::Same
            } else if let Some(keys) = self.store.versions(&asked.from, &asked.to, room) {
                room -= keys.len();
                Difference::Keys(keys)
            } else {
                Difference::Many
            });
        }
        differences
    }

    /// As many of the entries at `keys` as fit into one message, at least one.
    pub(super) fn batch(&self, keys: &[Key]) -> Vec<Entry> {
        let mut bytes = 0;
        let mut entries = Vec::new();
        for entry in keys.iter().take(MAX_WANTED).filter_map(|key| self.store.entry(key)) {
            bytes += entry.size();
            if bytes > self.config.max_batch && !entries.is_empty() {
                break;
            }
            entries.push(entry);
        }
        entries
    }

    /// Copies that no node has cared for during three intervals belong elsewhere: the rings were apart, or many nodes
    /// came between.
    //= wireworks#3.3/orphans MUST
    //# They are offered to the node that a lookup finds responsible, and dropped only once that one has them.
    fn seek_homes(&mut self) {
        let Some(floor) = self.routes.floor().filter(|_| self.phase == Phase::Member) else { return };
        let since = self.now - self.config.repair * 3;
        if since == wire::Instant::ZERO || self.lookups.values().any(|r| matches!(r.purpose, Purpose::Orphans(_))) {
            return;
        }
        let keys = self.store.orphans(&floor, &self.own.id, since, MAX_WANTED);
        let orphans: Vec<_> = keys.into_iter().filter_map(|key| Some((key, self.store.version(&key)?))).collect();
        if let Some((first, _)) = orphans.first() {
            self.start_lookup(*first, Purpose::Orphans(orphans));
        }
    }

    pub(super) fn send_home(&mut self, orphans: Vec<(Key, Version)>, owner: Contact<A>) {
        let Some((first, _)) = orphans.first().copied() else { return };
        let home = |key: &Key| *key == first || key.is_between(&first, &owner.id) || *key == owner.id;
        let keys: Vec<Key> = orphans.iter().map(|(key, _)| *key).filter(home).collect();
        if owner.id == self.own.id {
            keys.iter().for_each(|key| self.store.confirm_one(self.now, key));
            return;
        }
        let entries = self.batch(&keys);
        let sent: Vec<_> = entries.iter().map(|e| (e.key, e.version)).collect();
        if !entries.is_empty() {
            self.ask(owner, About::Orphans(sent), |number| Message::Replicate { number, entries });
        }
    }

    pub(super) fn brought_home(&mut self, orphans: Vec<(Key, Version)>) {
        let since = self.now - self.config.repair * 3;
        for (key, version) in orphans {
            let unchanged = self.store.version(&key) == Some(version);
            let uncared = self.store.confirmed(&key).is_some_and(|at| at <= since) && !self.routes.owns(&key);
            if unchanged && uncared && self.store.remove(&key) {
                self.event(Event::Lost(key));
            }
        }
        self.seek_homes();
    }
}

/// A range in sixteen parts of the circle.
fn split(from: &Key, to: &Key) -> Vec<(Key, Key)> {
    let mut start = *from;
    let mut parts = Vec::with_capacity(16);
    for part in (0..16).rev() {
        let end = if part == 0 { *to } else { from.toward(to, 16 - part) };
        if end != start {
            parts.push((start, end));
        }
        start = end;
    }
    parts
}

/// Ranges in one question.
const MAX_RANGES: usize = 16;
/// Keys listed in one answer.
const MAX_LISTED: usize = 512;
/// Keys asked for, or entries sent, at a time.
const MAX_WANTED: usize = 128;
/// Ranges of one comparison that wait; beyond it the rest is left to the next round.
const MAX_OPEN: usize = 4_096;
