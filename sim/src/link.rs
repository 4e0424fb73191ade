//! What lies between two hosts: delay, loss, limits, partitions and scripted faults.
use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use foldhash::fast::FixedState;
use wire::{Instant, Rng};

use crate::HostId;

/// One direction of the path between two hosts.
#[derive(Clone, Debug, PartialEq)]
pub struct Link {
    /// How long everything takes at least. Default 10 ms.
    pub delay: Duration,
    /// What comes on top, evenly distributed from zero to this. Datagrams whose gap is smaller overtake one another;
    /// streams stay in order. Default 0.
    pub jitter: Duration,
    /// Probability that a datagram vanishes; a piece of a stream is late by a retransmission instead. Default 0.
    pub loss: f64,
    /// Probability that a datagram arrives a second time. Default 0.
    pub duplicate: f64,
    /// Probability that a datagram is held back by up to twice the delay and 2 ms, so that later ones overtake it.
    /// Default 0.
    pub reorder: f64,
    /// The longest datagram that passes, in bytes of payload; longer ones vanish. Default 65,507, UDP's own limit.
    pub mtu: usize,
    /// Bits per second; `None`, the default, takes no time to put bytes on the line.
    pub bandwidth: Option<u64>,
    /// How long a datagram may wait for a line with `bandwidth` before it is dropped. Default 200 ms.
    pub queue: Duration,
    /// Whether a stream's pieces are cut anew at random, as a receiver has to expect of TCP. Default true.
    pub recut: bool,
}

impl Default for Link {
    fn default() -> Link {
        Link {
            delay: Duration::from_millis(10),
            jitter: Duration::ZERO,
            loss: 0.0,
            duplicate: 0.0,
            reorder: 0.0,
            mtu: 65_507,
            bandwidth: None,
            queue: Duration::from_millis(200),
            recut: true,
        }
    }
}

impl Link {
    /// A flawless link with that delay.
    pub fn with_delay(delay: Duration) -> Link {
        Link { delay, ..Link::default() }
    }

    /// A bad day on a wireless network: 30 ms and up to 40 ms jitter, 5 % loss, 1 % duplicates, 2 % reordered.
    pub fn rough() -> Link {
        Link {
            delay: Duration::from_millis(30),
            jitter: Duration::from_millis(40),
            loss: 0.05,
            duplicate: 0.01,
            reorder: 0.02,
            ..Link::default()
        }
    }

    /// How long this one datagram or piece is under way.
    pub(crate) fn transit(&self, rng: &mut Rng) -> Duration {
        let jitter = u64::try_from(self.jitter.as_nanos()).unwrap_or(u64::MAX);
        let extra = if jitter == 0 { 0 } else { rng.below(jitter.saturating_add(1)) };
        self.delay + Duration::from_nanos(extra)
    }

    pub(crate) fn held_back(&self, rng: &mut Rng) -> Duration {
        if self.reorder > 0.0 && rng.chance(self.reorder) {
            (self.delay * 2 + Duration::from_millis(2)).mul_f64(rng.unit())
        } else {
            Duration::ZERO
        }
    }

    pub(crate) fn loses(&self, rng: &mut Rng) -> bool {
        self.loss > 0.0 && rng.chance(self.loss)
    }
}

/// A datagram on its way, as a tap sees it.
#[derive(Debug)]
pub struct Packet<'a> {
    /// Who sends it.
    pub from_host: HostId,
    /// Who owns the address that it goes to; `None` when nobody does.
    pub to_host: Option<HostId>,
    /// The sending socket.
    pub from: SocketAddr,
    /// The address that it goes to.
    pub to: SocketAddr,
    /// The payload.
    pub data: &'a Bytes,
    /// When it was sent.
    pub at: Instant,
}

/// What a tap or a scripted fault does with a datagram, before the link has its turn.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing.
    #[default]
    Pass,
    /// It vanishes.
    Drop,
    /// It arrives twice.
    Duplicate,
    /// It takes that much longer.
    Delay(Duration),
    /// Other bytes arrive in its place.
    Replace(Bytes),
}

/// Names a partition, to heal it later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CutId(pub(crate) u64);

/// Every path of the network.
pub(crate) struct Links {
    pub default: Link,
    loopback: Link,
    exceptions: HashMap<(HostId, HostId), Link, FixedState>,
    busy_until: HashMap<(HostId, HostId), Instant, FixedState>,
    cuts: Vec<Cut>,
    next_cut: u64,
    scripts: Vec<Script>,
}

struct Cut {
    id: CutId,
    sides: [Members; 2],
}

/// A set of hosts, a bit each.
#[derive(Default)]
struct Members(Vec<u64>);

struct Script {
    from: HostId,
    to: HostId,
    remaining: u64,
    verdict: Verdict,
}

impl Links {
    pub fn new() -> Links {
        Links {
            default: Link::default(),
            loopback: Link { recut: true, ..Link::with_delay(Duration::from_micros(10)) },
            exceptions: HashMap::default(),
            busy_until: HashMap::default(),
            cuts: Vec::new(),
            next_cut: 0,
            scripts: Vec::new(),
        }
    }

    pub fn between(&self, from: HostId, to: HostId) -> &Link {
        if from == to {
            return &self.loopback;
        }
        if self.exceptions.is_empty() {
            return &self.default;
        }
        self.exceptions.get(&(from, to)).unwrap_or(&self.default)
    }

    pub fn set(&mut self, from: HostId, to: HostId, link: Link) {
        self.exceptions.insert((from, to), link);
    }

    pub fn cut(&mut self, a: &[HostId], b: &[HostId]) -> CutId {
        let id = CutId(self.next_cut);
        self.next_cut += 1;
        self.cuts.push(Cut { id, sides: [Members::of(a), Members::of(b)] });
        id
    }

    pub fn heal(&mut self, id: CutId) {
        self.cuts.retain(|cut| cut.id != id);
    }

    pub fn heal_all(&mut self) {
        self.cuts.clear();
    }

    pub fn is_cut(&self, a: HostId, b: HostId) -> bool {
        let parts = |x: &Members, y: &Members| x.has(a) && y.has(b);
        self.cuts.iter().any(|Cut { sides: [x, y], .. }| parts(x, y) || parts(y, x))
    }

    pub fn script(&mut self, from: HostId, to: HostId, nth: u64, verdict: Verdict) {
        self.scripts.push(Script { from, to, remaining: nth.max(1), verdict });
    }

    /// Counts one datagram against the scripted faults of its path; the first that is due decides.
    pub fn scripted(&mut self, from: HostId, to: HostId) -> Verdict {
        let mut verdict = Verdict::Pass;
        self.scripts.retain_mut(|script| {
            if (script.from, script.to) != (from, to) {
                return true;
            }
            script.remaining -= 1;
            if script.remaining == 0 && verdict == Verdict::Pass {
                verdict = std::mem::take(&mut script.verdict);
            }
            script.remaining > 0
        });
        verdict
    }

    /// How long `bytes` wait for the line and take to get onto it; `None` when the line's queue is full and `patient`
    /// is not set.
    pub fn serialise(&mut self, now: Instant, path: (HostId, HostId), bytes: usize, patient: bool) -> Option<Duration> {
        let link = self.between(path.0, path.1);
        let Some(bandwidth) = link.bandwidth else { return Some(Duration::ZERO) };
        let limit = link.queue;
        let nanos = bytes as u128 * 8 * 1_000_000_000 / u128::from(bandwidth.max(1));
        let takes = Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX));
        let busy_until = self.busy_until.entry(path).or_default();
        let waits = *busy_until - now;
        if waits > limit && !patient {
            return None;
        }
        *busy_until = now.max(*busy_until) + takes;
        Some(waits + takes)
    }
}

impl Members {
    fn of(hosts: &[HostId]) -> Members {
        let mut bits = Vec::new();
        for host in hosts {
            let word = host.index() / 64;
            if bits.len() <= word {
                bits.resize(word + 1, 0);
            }
            bits[word] |= 1 << (host.index() % 64);
        }
        Members(bits)
    }

    fn has(&self, host: HostId) -> bool {
        self.0.get(host.index() / 64).is_some_and(|word| word >> (host.index() % 64) & 1 == 1)
    }
}
