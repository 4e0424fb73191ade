//! Recent broadcasts, kept whole for neighbours that missed them.
use std::collections::{HashMap, VecDeque};

use bytes::Bytes;
use wire::{ConnId, Instant};

use crate::seen::{Key, State};

/// Whole frames, uncompressed, oldest first.
pub(crate) struct Recent {
    kept: HashMap<Key, Kept, State>,
    order: VecDeque<Key>,
    bytes: usize,
    limit: usize,
    limit_bytes: usize,
}

pub(crate) struct Kept {
    pub time: u64,
    /// The capability that its receiver must have, when it is an extension's.
    pub feature: Option<u8>,
    pub frame: Bytes,
    /// When it came.
    pub at: Instant,
    /// The link over which it came first; `None` for our own.
    pub from: Option<ConnId>,
    /// Links whose other end is known to have it: each is sent it at most once more.
    pub with: Vec<ConnId>,
}

impl Kept {
    /// Notes that the other end of that link has it; false when that was known.
    pub fn note(&mut self, conn: ConnId) -> bool {
        let news = !self.with.contains(&conn);
        if news {
            self.with.push(conn);
        }
        news
    }
}

impl Recent {
    pub fn new(limit: usize, limit_bytes: usize, state: State) -> Recent {
        Recent { kept: HashMap::with_hasher(state), order: VecDeque::new(), bytes: 0, limit, limit_bytes }
    }

    /// Whether a frame of that length is kept at all.
    pub fn takes(&self, length: usize) -> bool {
        length <= self.limit_bytes
    }

    /// Keeps a broadcast, and returns those that had to go for it.
    pub fn insert(&mut self, key: Key, kept: Kept) -> Vec<Kept> {
        if !self.takes(kept.frame.len()) {
            return Vec::new();
        }
        self.bytes += kept.frame.len();
        self.order.push_back(key);
        if let Some(before) = self.kept.insert(key, kept) {
            self.bytes -= before.frame.len(); // the same again
        }
        let mut gone = Vec::new();
        while self.kept.len() > self.limit || self.bytes > self.limit_bytes {
            gone.extend(self.pop());
        }
        gone
    }

    pub fn purge(&mut self, time: u64) {
        while self.order.front().is_some_and(|first| self.kept.get(first).is_none_or(|kept| kept.time < time)) {
            self.pop();
        }
    }

    pub fn find(&self, key: Key) -> Option<&Kept> {
        self.kept.get(&key)
    }

    pub fn find_mut(&mut self, key: Key) -> Option<&mut Kept> {
        self.kept.get_mut(&key)
    }

    /// Oldest arrival first.
    pub fn iter(&self) -> impl Iterator<Item = (Key, &Kept)> {
        self.order.iter().filter_map(|&key| Some((key, self.kept.get(&key)?)))
    }

    pub fn len(&self) -> usize {
        self.kept.len()
    }

    pub fn bytes(&self) -> usize {
        self.bytes
    }

    fn pop(&mut self) -> Option<Kept> {
        let kept = self.kept.remove(&self.order.pop_front()?)?;
        self.bytes -= kept.frame.len();
        Some(kept)
    }
}

#[cfg(test)]
mod tests {
    use wire::Rng;

    use super::*;
    use crate::seen::Seen;

    fn kept(time: u64) -> Kept {
        let frame = Bytes::from_static(&[0; 100]);
        Kept { time, feature: None, frame, at: Instant::ZERO, from: None, with: Vec::new() }
    }

    #[test]
    fn is_bounded_in_number_and_bytes() {
        let mut recent = Recent::new(3, 250, Seen::new(1, &mut Rng::from_u64(1)).state());
        for n in 0..9u64 {
            recent.insert(Key::from(n), kept(n));
        }
        assert_eq!((recent.len(), recent.bytes()), (2, 200));
        assert!(recent.find(8).is_some() && recent.find(1).is_none());
        recent.insert(9, Kept { frame: Bytes::from_static(&[0; 300]), ..kept(9) });
        assert_eq!(recent.len(), 2);
        recent.purge(8);
        assert_eq!((recent.len(), recent.bytes()), (1, 100));
    }
}
