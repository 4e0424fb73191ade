//! Which broadcasts were seen already.
use std::collections::{HashSet, VecDeque};

use foldhash::SharedSeed;
use foldhash::fast::SeedableRandomState;
use serializer::MessageId;
use wire::Rng;

/// The first half of a message id: enough to tell messages apart, since to meet another's takes 2^128 attempts. The id
/// is the hash of the whole message, its time included, so that it stands for the key (id, time) of the protocol.
pub(crate) type Key = u128;

pub(crate) fn key(id: &MessageId) -> Key {
    id.as_bytes().first_chunk().map_or(0, |first| u128::from_be_bytes(*first))
}

/// How keys are hashed: by a random number, so that nobody can choose keys that fall together.
pub(crate) type State = SeedableRandomState;

/// A bounded set of messages.
pub(crate) struct Seen {
    ids: HashSet<Key, State>,
    /// In the order of arrival: an order by time would let a flood of messages from the future push out all others.
    order: VecDeque<(u64, Key)>,
    limit: usize,
}

impl Seen {
    pub fn new(limit: usize, rng: &mut Rng) -> Seen {
        let state = State::with_seed(rng.u64(), SharedSeed::global_fixed());
        Seen { ids: HashSet::with_hasher(state), order: VecDeque::new(), limit: limit.max(1) }
    }

    /// For other tables of the same keys.
    pub fn state(&self) -> State {
        self.ids.hasher().clone()
    }

    /// Remembers the message; false when it was known. Forgets the oldest when there are too many.
    pub fn insert(&mut self, key: Key, time: u64) -> bool {
        if !self.ids.insert(key) {
            return false;
        }
        self.order.push_back((time, key));
        if self.order.len() > self.limit
            && let Some((_, oldest)) = self.order.pop_front()
        {
            self.ids.remove(&oldest);
        }
        true
    }

    pub fn contains(&self, key: Key) -> bool {
        self.ids.contains(&key)
    }

    /// Forgets messages from before `time`, which are too old to be accepted again.
    pub fn purge(&mut self, time: u64) {
        while let Some(&(at, key)) = self.order.front()
            && at < time
        {
            self.order.pop_front();
            self.ids.remove(&key);
        }
    }

    pub fn len(&self) -> usize {
        self.order.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forgets_the_oldest_arrival_first() {
        let mut seen = Seen::new(2, &mut Rng::from_u64(1));
        assert!(seen.insert(1, 900)); // from the future
        assert!(seen.insert(2, 100));
        assert!(!seen.insert(2, 100));
        assert!(seen.insert(3, 100));
        assert_eq!((seen.contains(1), seen.contains(2), seen.len()), (false, true, 2));
        seen.purge(101);
        assert_eq!(seen.len(), 0);
    }
}
