use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use wire::Epoch;

/// How one node of a ring behaves, and what it holds at most.
#[derive(Clone)]
pub struct Config {
    //= chord#5.4/half-fails SHOULD
    //# The default of 20; that all 20 are dead at once when half of the nodes are has a chance of one in a million.
    /// Length of the successor list, the paper's r (section 4.5). Default 20.
    pub successors: usize,
    /// Nodes that hold a copy of each value: the one responsible and its next successors. Default 5.
    pub replicas: usize,
    /// Mean time between two rounds of stabilisation; each round waits between half and one and a half of it. Default
    /// 30 s, as in the paper's experiments (section 5.5).
    pub stabilize: Duration,
    /// Fingers refreshed in each round. Default 1.
    pub fingers_per_round: usize,
    /// Mean time between two comparisons of all values with the replicas, jittered like stabilisation. Default 60 s.
    pub repair: Duration,
    /// How long an answer may take before the asked node counts as dead. Default 500 ms.
    pub timeout: Duration,
    /// How long a write may take: the node asked must hear from its replicas first. Default 3 s.
    pub write_timeout: Duration,
    /// For how long a node that did not answer is not taken back from the lists of others. Default 60 s.
    pub suspicion: Duration,
    /// Nodes that one lookup asks at most, dead ones included. Default 100.
    pub hops: usize,
    /// Nodes before the key that one answer names. Default 8.
    pub alternates: usize,
    /// How often a put, get, delete or update starts over before it fails, each time after one [`Config::timeout`] more
    /// than before. Default 5.
    pub retries: usize,
    /// For how long a deletion is remembered. Default 1 h.
    pub tombstones: Duration,
    /// How far ahead of our own clock the version of a value may be. Default 1 h.
    pub clock_skew: Duration,
    /// The calendar time of the driver's clock, for the versions. Default 1970.
    pub epoch: Epoch,
    /// Makes one value of an old one and an update, or `None` when they do not fit. Default: the update replaces it.
    pub merge: fn(old: Option<&Bytes>, update: &Bytes) -> Option<Bytes>,
    /// Largest value in bytes. Default 1 MiB.
    pub max_value: usize,
    /// Most entries held, tombstones included. Default 1,000,000.
    pub max_entries: usize,
    /// Most bytes held. Default 256 MiB.
    pub max_bytes: usize,
    /// Bytes of values in one message, beyond the first value. Default 256 KiB.
    pub max_batch: usize,
    /// Own lookups, reads and writes under way. Default 1,024.
    pub max_lookups: usize,
    /// Writes of others under way. Default 1,024.
    pub max_writes: usize,
    /// Questions that one other node may ask in a second. Default 1,000.
    pub max_questions: u32,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            successors: 20,
            replicas: 5,
            stabilize: Duration::from_secs(30),
            fingers_per_round: 1,
            repair: Duration::from_secs(60),
            timeout: Duration::from_millis(500),
            write_timeout: Duration::from_secs(3),
            suspicion: Duration::from_secs(60),
            hops: 100,
            alternates: 8,
            retries: 5,
            tombstones: Duration::from_secs(3600),
            clock_skew: Duration::from_secs(3600),
            epoch: Epoch::default(),
            merge: |_, update| Some(update.clone()),
            max_value: 1 << 20,
            max_entries: 1_000_000,
            max_bytes: 256 << 20,
            max_batch: 256 << 10,
            max_lookups: 1_024,
            max_writes: 1_024,
            max_questions: 1_000,
        }
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("successors", &self.successors)
            .field("replicas", &self.replicas)
            .field("stabilize", &self.stabilize)
            .field("repair", &self.repair)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}
