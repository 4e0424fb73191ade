//! The keys that are said to exist: every node hears of every key, whoever stores its value (p2p 3.10).
use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;

use crate::tables::Position;

/// Known keys, and the way back from their places in the five tables.
#[derive(Debug)]
pub(super) struct Keys {
    keys: BTreeSet<Bytes>,
    places: BTreeMap<Position, Bytes>,
    /// Whether places are wanted.
    placed: bool,
    most: usize,
    longest: usize,
    digest: [u8; 16],
}

impl Keys {
    pub fn new(most: usize, longest: usize, placed: bool) -> Keys {
        Keys { keys: BTreeSet::new(), places: BTreeMap::new(), placed, most, longest, digest: [0; 16] }
    }

    /// False when the key is too long, or new and there are too many.
    pub fn insert(&mut self, key: &Bytes) -> bool {
        if self.keys.contains(key) {
            return true;
        }
        if key.len() > self.longest || self.keys.len() >= self.most {
            return false;
        }
        let key = Bytes::copy_from_slice(key); // it may be a slice of a large frame
        if self.placed {
            self.places.extend(Position::all(&key).map(|position| (position, key.clone())));
        }
        self.toggle(&key);
        self.keys.insert(key)
    }

    /// Whether it was there.
    pub fn remove(&mut self, key: &[u8]) -> bool {
        if !self.keys.remove(key) {
            return false;
        }
        self.toggle(key);
        if self.placed {
            for position in Position::all(key) {
                self.places.remove(&position);
            }
        }
        true
    }

    /// The same for the same set of keys, whatever the order in which they came.
    pub fn digest(&self) -> [u8; 16] {
        self.digest
    }

    fn toggle(&mut self, key: &[u8]) {
        let hash = ::ring::digest::digest(&::ring::digest::SHA256, key);
        self.digest.iter_mut().zip(hash.as_ref()).for_each(|(digest, hash)| *digest ^= hash);
    }

    pub fn contains(&self, key: &[u8]) -> bool {
        self.keys.contains(key)
    }

    pub fn len(&self) -> usize {
        self.keys.len()
    }

    pub fn iter(&self) -> impl Iterator<Item = &Bytes> {
        self.keys.iter()
    }

    /// The key that comes after `key`, to walk through all of them a few at a time.
    pub fn after(&self, key: &Bytes) -> Option<&Bytes> {
        use std::ops::Bound::{Excluded, Unbounded};
        self.keys.range::<Bytes, _>((Excluded(key), Unbounded)).next()
    }

    /// The key that stands at that place of a table.
    pub fn at(&self, position: &Position) -> Option<&Bytes> {
        self.places.get(position)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    //= wireworks#3.1/bounded test
    #[test]
    fn bounded_in_number_and_length() {
        let mut keys = Keys::new(2, 4, true);
        let key = |text: &'static str| Bytes::from_static(text.as_bytes());
        assert!(!keys.insert(&key("tooooo long")));
        assert!(keys.insert(&key("a")) && keys.insert(&key("b")) && keys.insert(&key("a")));
        assert!(!keys.insert(&key("c")));
        for position in Position::all(b"b") {
            assert_eq!(keys.at(&position), Some(&key("b")));
        }
        assert!(keys.remove(b"b") && !keys.remove(b"b"));
        assert_eq!(keys.at(&Position::all(b"b")[0]), None);
        assert_eq!((keys.len(), keys.after(&key("a"))), (1, None));
    }
}
