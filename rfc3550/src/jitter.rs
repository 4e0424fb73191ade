use std::collections::VecDeque;
use std::time::Duration;

use wire::Instant;

use crate::Packet;
use crate::source::MAX_DROPOUT;

/// How a [`JitterBuffer`] is set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JitterConfig {
    /// Ticks a second of the stream's timestamps, in Hz.
    pub clock_rate: u32,
    /// The delay never adapts below this. Default 20 ms.
    pub min_delay: Duration,
    /// The delay before anything was measured. Default 60 ms.
    pub initial_delay: Duration,
    /// The delay never adapts above this. Default 300 ms.
    pub max_delay: Duration,
    /// Packets that wait at most; beyond it the oldest is given up. Default 256.
    pub capacity: usize,
    /// Missing packets in a row that are reported one by one; a longer gap is skipped. Default 50.
    pub max_gap: u32,
}

impl JitterConfig {
    /// The defaults for a clock rate in Hz.
    pub const fn new(clock_rate: u32) -> JitterConfig {
        JitterConfig {
            clock_rate,
            min_delay: Duration::from_millis(20),
            initial_delay: Duration::from_millis(60),
            max_delay: Duration::from_millis(300),
            capacity: 256,
            max_gap: 50,
        }
    }
}

/// Puts the packets of one source back into order and rhythm. Packets go in as they arrive; they come out when it is
/// time to play them, as far behind the fastest packets as the measured jitter asks for.
///
/// The delay adapts at the start of a talk spurt (marker bit, or a jump of the timestamp), grows at once when a packet
/// comes too late, and shrinks by a twentieth of a packet for each packet while it is longer than needed. Every packet of
/// the source goes in, telephone events included, for they share its sequence numbers.
///
/// ```
/// use rfc3550::{JitterBuffer, JitterConfig, Packet, Playout};
/// use wire::Instant;
/// let mut buffer = JitterBuffer::new(JitterConfig::new(8000));
/// let packet = |n: u16| Packet { sequence: n, timestamp: u32::from(n) * 160, ..Packet::default() };
/// for n in [0, 1, 3, 2] {
///     buffer.push(Instant::from_millis(20 * u64::from(n)), packet(n));
/// }
/// // 60 ms of delay: nothing is due before that.
/// assert_eq!(buffer.pop(Instant::from_millis(59)), None);
/// let mut played = Vec::new();
/// while let Some(Playout::Packet(packet)) = buffer.pop(Instant::from_millis(120)) {
///     played.push(packet.sequence);
/// }
/// assert_eq!(played, [0, 1, 2, 3]);
/// ```
#[derive(Clone, Debug)]
pub struct JitterBuffer {
    config: JitterConfig,
    queue: VecDeque<Waiting>,
    /// The sequence number to play next, once something was played.
    next: Option<i64>,
    /// Which of the 64 numbers below `next` were played; the lowest bit is the nearest.
    played: u64,
    /// The highest sequence number that arrived and its timestamp, both without wrapping.
    newest: Option<(i64, i64)>,
    /// Playout time less timestamp, in nanoseconds.
    offset: i64,
    transit: Transit,
    /// Nanoseconds between two packets, as their timestamps say.
    step: i64,
    /// Packets in a row that came too late by far.
    stale: u32,
    stats: JitterStats,
}

#[derive(Clone, Debug)]
struct Waiting {
    sequence: i64,
    due: i64,
    packet: Packet,
}

/// What became of a packet that was put in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inserted {
    /// It waits for its time.
    Queued,
    /// It was here or played before.
    Duplicate,
    /// Its place was given up as lost; the delay has grown so that its like will be in time.
    Late,
}

/// What is to be played.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Playout {
    /// The next packet in sequence.
    Packet(Packet),
    /// The packet with that sequence number did not come in time; later ones did. Conceal it.
    Lost(u16),
}

/// What a [`JitterBuffer`] counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct JitterStats {
    /// Packets put in.
    pub received: u64,
    /// Packets played.
    pub played: u64,
    /// Places given up, those of late packets included.
    pub lost: u64,
    /// Packets that came after their place was given up.
    pub late: u64,
    /// Packets that came twice.
    pub duplicates: u64,
    /// Packets that came after one with a higher number.
    pub reordered: u64,
    /// Packets given up because the buffer was full.
    pub overflowed: u64,
    /// How often the stream jumped and the buffer started over.
    pub resets: u64,
    /// The delay of now, behind the fastest packets.
    pub delay: Duration,
}

impl JitterStats {
    /// Places given up as a part of all places, 0 to 1: what a listener misses.
    pub fn loss(&self) -> f64 {
        let all = self.played + self.lost;
        if all == 0 { 0.0 } else { self.lost as f64 / all as f64 }
    }
}

/// A packet that is later or earlier than the others by this much, in nanoseconds, belongs to another time base.
const REBASE: i64 = 1_000_000_000;
/// So many packets too late in a row mean that the time base moved.
const STALE: u32 = 10;

impl JitterBuffer {
    /// An empty buffer. A clock rate of 0 counts as 8,000 Hz, a capacity of 0 as 1.
    pub fn new(mut config: JitterConfig) -> JitterBuffer {
        config.clock_rate = if config.clock_rate == 0 { 8_000 } else { config.clock_rate };
        config.capacity = config.capacity.max(1);
        config.max_delay = config.max_delay.max(config.min_delay);
        config.initial_delay = config.initial_delay.clamp(config.min_delay, config.max_delay);
        JitterBuffer {
            queue: VecDeque::new(),
            next: None,
            played: 0,
            newest: None,
            offset: 0,
            transit: Transit::default(),
            step: 20_000_000,
            stale: 0,
            stats: JitterStats::default(),
            config,
        }
    }

    /// Takes a packet that arrived at `arrived`.
    pub fn push(&mut self, arrived: Instant, packet: Packet) -> Inserted {
        self.stats.received += 1;
        let at = nanos(arrived);
        let (sequence, timestamp) = match self.newest {
            None => self.start(at, &packet, self.config.initial_delay),
            Some((sequence, timestamp)) => {
                let step = i64::from(packet.sequence.wrapping_sub(sequence as u16) as i16);
                let ticks = i64::from(packet.timestamp.wrapping_sub(timestamp as u32) as i32);
                let place = (sequence + step, timestamp.wrapping_add(ticks));
                let early = at.saturating_sub(self.time(place.1)) < self.transit.base().saturating_sub(REBASE);
                match step.unsigned_abs() > u64::from(MAX_DROPOUT) || early || self.stale >= STALE {
                    true => self.restart(at, &packet),
                    false => place,
                }
            }
        };
        let inserted = self.insert(at, sequence, timestamp, packet);
        match inserted {
            Inserted::Queued => {}
            Inserted::Duplicate => self.stats.duplicates += 1,
            Inserted::Late => self.stats.late += 1,
        }
        inserted
    }

    /// Takes what is due at `now`. Call it until `None` at each tick of the player: a tick as long as a packet yields one
    /// item while the delay stays, none or two while it changes.
    pub fn pop(&mut self, now: Instant) -> Option<Playout> {
        let now = nanos(now);
        let front = self.queue.front()?;
        let missing = self.next.map_or(0, |next| front.sequence - next);
        if missing > i64::from(self.config.max_gap) {
            self.stats.lost += missing as u64;
            self.next = Some(front.sequence);
            self.played = 0;
        } else if missing > 0 {
            if front.due.saturating_sub(missing.saturating_mul(self.step)) > now {
                return None;
            }
            let next = self.advance(false);
            self.stats.lost += 1;
            return Some(Playout::Lost(next as u16));
        }
        if front.due > now {
            return None;
        }
        let front = self.queue.pop_front()?;
        self.next.get_or_insert(front.sequence);
        self.advance(true);
        self.stats.played += 1;
        Some(Playout::Packet(front.packet))
    }

    /// When [`JitterBuffer::pop`] has something, at the latest; `None` while the buffer is empty.
    pub fn deadline(&self) -> Option<Instant> {
        let front = self.queue.front()?;
        let missing = self.next.map_or(0, |next| front.sequence - next).clamp(0, i64::from(self.config.max_gap));
        Some(Instant::from_nanos(front.due.saturating_sub(missing.saturating_mul(self.step)).max(0) as u64))
    }

    /// Packets that wait.
    pub fn len(&self) -> usize {
        self.queue.len()
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// What was counted so far.
    pub fn stats(&self) -> JitterStats {
        JitterStats { delay: Duration::from_nanos(self.delay().max(0) as u64), ..self.stats }
    }

    fn insert(&mut self, at: i64, sequence: i64, timestamp: i64, packet: Packet) -> Inserted {
        if let Some(next) = self.next.filter(|next| sequence < *next) {
            let back = next - 1 - sequence;
            if back < 64 && self.played >> back & 1 == 1 {
                return Inserted::Duplicate;
            }
            self.grow(at, timestamp);
            self.stale += 1;
            return Inserted::Late;
        }
        let place = self.queue.iter().rposition(|w| w.sequence <= sequence).map_or(0, |i| i + 1);
        if place > 0 && self.queue.get(place - 1).is_some_and(|w| w.sequence == sequence) {
            return Inserted::Duplicate;
        }
        self.stale = 0;
        self.measure(at, sequence, timestamp, packet.marker);
        let due = self.time(timestamp).saturating_add(self.offset);
        self.queue.insert(place, Waiting { sequence, due, packet });
        if self.queue.len() > self.config.capacity {
            self.give_up_front();
        }
        Inserted::Queued
    }

    /// Learns from a packet that is in time, and adapts the delay of it and those after it.
    fn measure(&mut self, at: i64, sequence: i64, timestamp: i64, marker: bool) {
        let Some((newest, newest_timestamp)) = self.newest else { return };
        if sequence < newest {
            self.stats.reordered += 1;
            self.transit.update(at, at.saturating_sub(self.time(timestamp)));
            self.grow(at, timestamp);
            return;
        }
        let (packets, ticks) = (sequence - newest, timestamp - newest_timestamp);
        self.newest = Some((sequence, timestamp));
        if packets > 0 && ticks == 0 {
            return; // another report of the same instant says nothing about the network
        }
        self.transit.update(at, at.saturating_sub(self.time(timestamp)));
        let spacing = if packets > 0 { self.time(ticks) / packets } else { 0 };
        let spurt = packets > 0 && (marker || spacing > self.step.saturating_mul(2) || spacing <= 0);
        if packets > 0 && !spurt {
            self.step = spacing.clamp(1_000_000, REBASE);
        }
        let target = self.target();
        if spurt {
            self.offset = self.transit.base().saturating_add(target);
        } else if self.delay() > target {
            self.offset -= (self.step / 20).min(self.delay() - target);
        }
        self.grow(at, timestamp);
    }

    /// Makes the delay long enough for a packet that arrives at `at`, as far as it may grow.
    fn grow(&mut self, at: i64, timestamp: i64) {
        let needed = at.saturating_sub(self.time(timestamp));
        let most = self.transit.base().saturating_add(self.config.max_delay.as_nanos() as i64);
        self.offset = self.offset.max(needed.min(most));
    }

    /// The delay that the measured jitter asks for, in nanoseconds.
    fn target(&self) -> i64 {
        let (min, max) = (self.config.min_delay.as_nanos() as i64, self.config.max_delay.as_nanos() as i64);
        self.transit.target().clamp(min, max)
    }

    fn delay(&self) -> i64 {
        self.offset.saturating_sub(self.transit.base())
    }

    fn start(&mut self, at: i64, packet: &Packet, delay: Duration) -> (i64, i64) {
        // The high part keeps room below for packets that come before the first one.
        let place = (1 << 32 | i64::from(packet.sequence), i64::from(packet.timestamp));
        self.newest = Some(place);
        let transit = at.saturating_sub(self.time(place.1));
        self.transit = Transit::new(at, transit, delay.as_nanos() as i64);
        self.offset = transit.saturating_add(delay.as_nanos() as i64);
        place
    }

    /// The stream jumped: what waits is given up, and the packet starts a new one.
    fn restart(&mut self, at: i64, packet: &Packet) -> (i64, i64) {
        self.stats.resets += 1;
        self.stats.overflowed += self.queue.len() as u64;
        self.queue.clear();
        self.next = None;
        self.played = 0;
        self.stale = 0;
        let delay = Duration::from_nanos(self.target().max(0) as u64);
        self.start(at, packet, delay)
    }

    fn give_up_front(&mut self) {
        if let Some(front) = self.queue.pop_front() {
            self.stats.overflowed += 1;
            self.stats.lost += 1;
            self.next = Some(front.sequence + 1);
            self.played = 0;
        }
    }

    /// Moves on by one place; the number of the place left behind.
    fn advance(&mut self, played: bool) -> i64 {
        let next = self.next.unwrap_or_default();
        self.next = Some(next + 1);
        self.played = self.played << 1 | u64::from(played);
        next
    }

    /// Ticks as nanoseconds.
    fn time(&self, ticks: i64) -> i64 {
        (i128::from(ticks) * 1_000_000_000 / i128::from(self.config.clock_rate)) as i64
    }
}

/// How long packets take, in nanoseconds against an unknown clock: the least of the last five to ten seconds, and mean
/// and deviation above it.
#[derive(Clone, Copy, Debug, Default)]
struct Transit {
    least: [i64; 2],
    window: i64,
    mean: i64,
    deviation: i64,
}

const WINDOW: i64 = 5_000_000_000;

impl Transit {
    fn new(at: i64, transit: i64, delay: i64) -> Transit {
        Transit { least: [transit; 2], window: at, mean: delay / 5, deviation: delay / 5 }
    }

    fn update(&mut self, at: i64, transit: i64) {
        if at.saturating_sub(self.window) > WINDOW {
            self.window = at;
            self.least = [transit, self.least[0]];
        }
        self.least[0] = self.least[0].min(transit);
        let above = transit.saturating_sub(self.base()).min(10 * REBASE);
        self.deviation += ((above - self.mean).abs() - self.deviation) / 16;
        self.mean += (above - self.mean) / 16;
    }

    fn base(&self) -> i64 {
        self.least[0].min(self.least[1])
    }

    /// Mean and four deviations: enough for nearly all packets.
    fn target(&self) -> i64 {
        self.mean + 4 * self.deviation
    }
}

fn nanos(at: Instant) -> i64 {
    i64::try_from(at.as_nanos()).unwrap_or(i64::MAX)
}
