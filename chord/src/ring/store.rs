//! The values that a node holds, its own and copies, ordered around the circle.
use std::collections::BTreeMap;

use bytes::Bytes;
use ring::digest::{SHA256, digest};
use wire::Instant;

use super::{Entry, Summary, Version};
use crate::Key;

/// Entries by key, with what is needed to compare and to expire them.
#[derive(Debug, Default)]
pub(super) struct Store {
    held: BTreeMap<Key, Held>,
    bytes: usize,
}

#[derive(Debug)]
struct Held {
    version: Version,
    value: Option<Bytes>,
    /// The summand of this entry in the digest of a range.
    hash: u128,
    /// When a node that is responsible last cared for this copy.
    confirmed: Instant,
    /// When it was written here, which dates the tombstones.
    written: Instant,
}

/// What became of an entry that was offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// It is held now; whether there is a value where there was none, and none where there was one.
    New { gained: bool, lost: bool },
    /// The same or a later version is held.
    Known,
    /// There is no room.
    Full,
}

impl Store {
    pub fn len(&self) -> usize {
        self.held.len()
    }

    pub fn bytes(&self) -> usize {
        self.bytes
    }

    pub fn entry(&self, key: &Key) -> Option<Entry> {
        self.held.get(key).map(|held| Entry { key: *key, version: held.version, value: held.value.clone() })
    }

    pub fn version(&self, key: &Key) -> Option<Version> {
        self.held.get(key).map(|held| held.version)
    }

    pub fn value(&self, key: &Key) -> Option<&Bytes> {
        self.held.get(key).and_then(|held| held.value.as_ref())
    }

    pub fn iter(&self) -> impl Iterator<Item = (&Key, &Bytes)> {
        self.held.iter().filter_map(|(key, held)| Some((key, held.value.as_ref()?)))
    }

    /// Takes an entry unless something at least as late is held.
    //= wireworks#3.2/last-writer MUST
    //# A total order of entries decides, so that copies which met in any order hold the same in the end.
    pub fn take(&mut self, now: Instant, entry: Entry, max_entries: usize, max_bytes: usize) -> Taken {
        let old = self.entry(&entry.key);
        if let Some(old) = &old
            && !entry.supersedes(old)
        {
            if let Some(held) = self.held.get_mut(&entry.key) {
                held.confirmed = now;
            }
            return Taken::Known;
        }
        let freed = old.as_ref().map_or(0, Entry::size);
        let bytes = self.bytes - freed.min(self.bytes) + entry.size();
        if bytes > max_bytes || old.is_none() && self.held.len() >= max_entries {
            return Taken::Full;
        }
        self.bytes = bytes;
        let had = old.is_some_and(|old| old.value.is_some());
        let has = entry.value.is_some();
        let hash = summand(&entry.key, &entry.version);
        let held = Held { version: entry.version, value: entry.value, hash, confirmed: now, written: now };
        self.held.insert(entry.key, held);
        Taken::New { gained: has && !had, lost: had && !has }
    }

    /// Whether a value went with it.
    pub fn remove(&mut self, key: &Key) -> bool {
        let Some(entry) = self.entry(key) else { return false };
        self.bytes -= entry.size().min(self.bytes);
        self.held.remove(key);
        entry.value.is_some()
    }

    pub fn summary(&self, from: Key, to: Key) -> Summary {
        let sum = self.range(&from, &to).fold(0u128, |sum, (_, held)| sum.wrapping_add(held.hash));
        Summary { from, to, digest: sum.to_be_bytes() }
    }

    /// The keys and versions behind `from` up to `to`, at most `limit`; `None` when there are more.
    pub fn versions(&self, from: &Key, to: &Key, limit: usize) -> Option<Vec<(Key, Version)>> {
        let list: Vec<_> = self.range(from, to).take(limit + 1).map(|(key, held)| (*key, held.version)).collect();
        (list.len() <= limit).then_some(list)
    }

    pub fn confirm(&mut self, now: Instant, from: &Key, to: &Key) {
        let keys: Vec<Key> = self.range(from, to).map(|(key, _)| *key).collect();
        for key in keys {
            if let Some(held) = self.held.get_mut(&key) {
                held.confirmed = now;
            }
        }
    }

    pub fn confirm_one(&mut self, now: Instant, key: &Key) {
        if let Some(held) = self.held.get_mut(key) {
            held.confirmed = now;
        }
    }

    /// Keys outside `(from, to]` that nobody responsible cared for since `since`, in clockwise order from `to` on.
    pub fn orphans(&self, from: &Key, to: &Key, since: Instant, limit: usize) -> Vec<Key> {
        if from == to {
            return Vec::new();
        }
        self.range(to, from).filter(|(_, held)| held.confirmed <= since).map(|(key, _)| *key).take(limit).collect()
    }

    /// When the copy was last cared for.
    pub fn confirmed(&self, key: &Key) -> Option<Instant> {
        self.held.get(key).map(|held| held.confirmed)
    }

    /// Drops the tombstones written before `before`.
    pub fn expire(&mut self, before: Instant) {
        let old: Vec<Key> =
            self.held.iter().filter(|(_, h)| h.value.is_none() && h.written < before).map(|(k, _)| *k).collect();
        for key in old {
            self.remove(&key);
        }
    }

    /// Behind `from` up to `to`, clockwise; the whole circle when they are equal.
    fn range(&self, from: &Key, to: &Key) -> impl Iterator<Item = (&Key, &Held)> {
        use std::ops::Bound::{Excluded, Included, Unbounded};
        let wraps = from >= to;
        let (end, start) = if wraps { (Unbounded, Included(*to)) } else { (Included(*to), Excluded(*from)) };
        let head = self.held.range((Excluded(*from), end));
        let tail = self.held.range((Unbounded, if wraps { start } else { Excluded(Key::ZERO) }));
        head.chain(tail)
    }
}

/// 128 bits of SHA-256 over key and version. A range is summed up by adding these, so that its digest needs no order
/// and follows from the entries alone.
fn summand(key: &Key, version: &Version) -> u128 {
    let mut input = [0; Key::BYTES + 16];
    input[..Key::BYTES].copy_from_slice(&key.to_bytes());
    input[Key::BYTES..Key::BYTES + 8].copy_from_slice(&version.time.to_be_bytes());
    input[Key::BYTES + 8..].copy_from_slice(&version.writer.to_be_bytes());
    let hash = digest(&SHA256, &input);
    hash.as_ref().iter().take(16).fold(0, |n, &b| n << 8 | u128::from(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(keys: &[u64]) -> Store {
        let mut store = Store::default();
        for &n in keys {
            let version = Version { time: n, writer: 0 };
            let entry = Entry { key: Key::from(n), version, value: Some(Bytes::from_static(b"x")) };
            assert_ne!(store.take(Instant::ZERO, entry, 100, 100_000), Taken::Full);
        }
        store
    }

    #[test]
    fn ranges_close_the_circle() {
        let store = filled(&[0, 1, 5, 9]);
        let keys = |from, to| store.range(&Key::from(from), &Key::from(to)).map(|(k, _)| *k).collect::<Vec<_>>();
        let list = |n: &[u64]| n.iter().copied().map(Key::from).collect::<Vec<_>>();
        assert_eq!(keys(0, 5), list(&[1, 5]));
        assert_eq!(keys(5, 0), list(&[9, 0]));
        assert_eq!(keys(5, 5), list(&[9, 0, 1, 5]));
        assert_eq!(keys(6, 8), list(&[]));
        assert_eq!(keys(9, 9), list(&[0, 1, 5, 9]));
        assert_eq!(store.orphans(&Key::from(0), &Key::from(5), Instant::ZERO, 9), list(&[9, 0]));
    }

    #[test]
    fn the_digest_tells_what_is_held_and_not_in_which_order_it_came() {
        let (from, to) = (Key::from(0), Key::from(9));
        assert_eq!(filled(&[1, 5, 9]).summary(from, to), filled(&[9, 1, 5, 20]).summary(from, to));
        assert_ne!(filled(&[1, 5]).summary(from, to), filled(&[1, 5, 9]).summary(from, to));
    }

    #[test]
    fn bytes_are_counted_down_to_nothing() {
        let mut store = filled(&[1, 2, 3]);
        for n in 1..=3 {
            assert!(store.remove(&Key::from(n)));
        }
        assert_eq!((store.len(), store.bytes()), (0, 0));
    }
}
