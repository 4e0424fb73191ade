//! What a node is told before it starts, and the limits that keep its table small.

use std::time::Duration;

/// How a node takes part.
#[derive(Clone, Debug)]
pub struct Config {
    /// The network: its subnet gets `1` or `0` appended, and its features 0x42. Default as `mesh`, with the subnet
    /// `sync`.
    pub mesh: mesh::Config,
    /// Whether keys are leased to whoever writes them. All nodes of a network must choose alike; those that choose
    /// otherwise are in another network. Default true.
    pub leasing: bool,
    /// How often a random neighbour is asked whether its table is the same, between three and five quarters of this;
    /// `None` leaves repair out altogether. Default 30 s.
    pub repair: Option<Duration>,
    /// How long to wait, after something was learnt in a repair, before the neighbours are told. Default 500 ms.
    pub spread: Duration,
    /// How many entries go at once to a new neighbour that cannot repair. Default 50.
    pub transfer: usize,
    /// How long until the next so many. Default 250 ms, which is as fast as the mesh sends to such a neighbour.
    pub transfer_pause: Duration,
    /// How much is kept.
    pub limits: Limits,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            mesh: mesh::Config { subnet: "sync".to_owned(), ..mesh::Config::default() },
            leasing: true,
            repair: Some(Duration::from_secs(30)),
            spread: Duration::from_millis(500),
            transfer: 50,
            transfer_pause: Duration::from_millis(250),
            limits: Limits::default(),
        }
    }
}

/// How much the table keeps, whatever others send. What does not fit is refused: to the caller with an error, from the
/// network silently but counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a key. Default 1024.
    pub key: usize,
    /// Bytes of an encoded value. Default 1 MiB.
    pub value: usize,
    /// Arrays and maps inside each other in a value. Default 32: with what a repair wraps around it, it must stay below
    /// the depth that a message may have.
    pub depth: usize,
    /// Values in a value, counting every element, key and value of every array and map. Default 65,536.
    pub items: usize,
    /// Keys with a value. Default 65,536.
    pub entries: usize,
    /// Bytes of all keys and encoded values together, with 256 more for each entry and 128 for each field that was
    /// written by a delta. Default 64 MiB.
    pub bytes: usize,
    /// Fields of one value that have a stamp of their own because deltas wrote them. Default 4096.
    pub fields: usize,
    /// Deleted keys remembered; beyond, the longest deleted are forgotten. Default 16,384.
    pub tombstones: usize,
    /// How long a deleted key is remembered. A node that was away for longer may bring the value back. Default 7 days.
    pub tombstone_life: Duration,
    /// How far ahead of the clock here the time of a write may lie. Default 1 hour: more than a wrong time zone's worth
    /// of error is a lease that nobody could ever break.
    pub ahead: Duration,
    /// Bytes of repair sent to one neighbour at once; as many may follow in each [`Limits::repair_refill`]. Default 4 MiB.
    pub repair: usize,
    /// See [`Limits::repair`]. Default 5 s.
    pub repair_refill: Duration,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            key: 1024,
            value: 1 << 20,
            depth: 32,
            items: 65_536,
            entries: 65_536,
            bytes: 64 << 20,
            fields: 4096,
            tombstones: 16_384,
            tombstone_life: Duration::from_secs(7 * 24 * 3600),
            ahead: Duration::from_secs(3600),
            repair: 4 << 20,
            repair_refill: Duration::from_secs(5),
        }
    }
}

/// How long a lease lasts after its holder's last write, in seconds (p2p section 3.9).
pub const LEASE: u64 = 3600;
