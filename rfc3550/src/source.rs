use std::time::Duration;

use wire::Instant;

use crate::rtcp::ReportBlock;

/// The largest step forward in sequence numbers that is still a gap and not a restart: a minute at 50 packets a second.
pub(crate) const MAX_DROPOUT: u16 = 3000;
/// The largest step back that is still reordering: two seconds at 50 packets a second.
pub(crate) const MAX_MISORDER: u16 = 100;

/// What one receiver knows about the sequence, loss and jitter of one source: RFC 3550 appendices A.1, A.3 and A.8.
///
/// ```
/// use rfc3550::{Source, Validity};
/// let mut source = Source::new(10, 2);
/// assert_eq!(source.update(10), Validity::Probation);
/// assert_eq!(source.update(11), Validity::Valid { extended: 11, first: true });
/// assert_eq!(source.update(12), Validity::Valid { extended: 12, first: false });
/// assert_eq!(source.update(14), Validity::Valid { extended: 14, first: false });
/// assert_eq!((source.expected(), source.received(), source.lost()), (4, 3, 1));
/// ```
#[derive(Clone, Debug)]
pub struct Source {
    max_sequence: u16,
    /// Cycles of sequence numbers, in units of 2^16.
    cycles: u32,
    base: u32,
    /// The sequence number that would confirm a restart.
    bad: Option<u16>,
    probation: u8,
    min_sequential: u8,
    received: u64,
    expected_prior: u64,
    received_prior: u64,
    jitter: Jitter,
}

/// What [`Source::update`] says about a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Validity {
    /// The source is not validated yet.
    Probation,
    /// The packet belongs to the stream.
    Valid {
        /// Its sequence number with the count of cycles above; below the number of the first packet it wraps.
        extended: u32,
        /// Whether it is the first since the source was validated or restarted: the statistics begin here.
        first: bool,
    },
    /// The number is far from the stream; a direct successor would be taken as a restart.
    Jump,
}

impl Source {
    /// A source whose first packet carries `sequence`, valid after `min_sequential` packets in a row (0 counts as 1).
    /// Give that first packet to [`Source::update`] too.
    pub fn new(sequence: u16, min_sequential: u8) -> Source {
        Source {
            max_sequence: sequence.wrapping_sub(1),
            cycles: 0,
            base: u32::from(sequence),
            bad: None,
            probation: min_sequential.max(1),
            min_sequential: min_sequential.max(1),
            received: 0,
            expected_prior: 0,
            received_prior: 0,
            jitter: Jitter::default(),
        }
    }

    /// Takes the sequence number of a packet that arrived.
    //= rfc3550#A.1/probation MUST
    //# A source counts once min_sequential packets came in sequence; the session keeps those packets and delivers them.
    pub fn update(&mut self, sequence: u16) -> Validity {
        if self.probation > 0 {
            if sequence == self.max_sequence.wrapping_add(1) {
                self.probation -= 1;
            } else {
                self.probation = self.min_sequential - 1;
            }
            self.max_sequence = sequence;
            if self.probation > 0 {
                return Validity::Probation;
            }
            self.restart(sequence);
            return self.count(u32::from(sequence), true);
        }
        let ahead = sequence.wrapping_sub(self.max_sequence);
        if ahead < MAX_DROPOUT {
            if sequence < self.max_sequence {
                self.cycles = self.cycles.wrapping_add(1 << 16);
            }
            self.max_sequence = sequence;
            return self.count(self.cycles | u32::from(sequence), false);
        }
        if ahead <= 0u16.wrapping_sub(MAX_MISORDER) {
            //= rfc3550#A.1/restart MUST
            //# A far number is refused and its successor remembered; that one arriving next restarts the statistics.
            if self.bad != Some(sequence) {
                self.bad = Some(sequence.wrapping_add(1));
                return Validity::Jump;
            }
            self.restart(sequence);
            return self.count(u32::from(sequence), true);
        }
        // Late or twice: a number above the highest one belongs to the cycle before.
        let cycles = if sequence > self.max_sequence { self.cycles.wrapping_sub(1 << 16) } else { self.cycles };
        self.count(cycles | u32::from(sequence), false)
    }

    fn restart(&mut self, sequence: u16) {
        self.base = u32::from(sequence);
        self.max_sequence = sequence;
        self.bad = None;
        self.cycles = 0;
        self.received = 0;
        self.expected_prior = 0;
        self.received_prior = 0;
    }

    fn count(&mut self, extended: u32, first: bool) -> Validity {
        self.received += 1;
        Validity::Valid { extended, first }
    }

    /// Takes the timestamp and arrival of a valid packet into the jitter. `clock_rate` is that of its payload type, in Hz.
    pub fn arrival(&mut self, timestamp: u32, clock_rate: u32, at: Instant) {
        self.jitter.update(timestamp, clock_rate, at);
    }

    /// Whether the probation is over.
    pub const fn is_valid(&self) -> bool {
        self.probation == 0
    }

    /// Shortens the probation to what is left after an RTCP packet vouched for the source: two packets in sequence.
    pub(crate) fn vouch(&mut self) {
        self.probation = self.probation.min(2);
        self.min_sequential = self.min_sequential.min(2);
    }

    /// The highest sequence number heard, with the count of cycles in the upper 16 bits.
    pub const fn highest(&self) -> u32 {
        self.cycles | self.max_sequence as u32
    }

    /// Packets that should have come since the statistics began.
    //= rfc3550#A.3/expected MUST
    //# Highest extended number less the first one, plus one; zero during the probation.
    pub const fn expected(&self) -> u64 {
        if self.probation > 0 { 0 } else { self.highest().wrapping_sub(self.base) as u64 + 1 }
    }

    /// Packets that came since the statistics began, late and repeated ones included.
    pub const fn received(&self) -> u64 {
        self.received
    }

    /// Packets expected less packets received; negative when duplicates outnumber losses.
    pub const fn lost(&self) -> i64 {
        self.expected() as i64 - self.received as i64
    }

    /// The interarrival jitter in ticks of the source's clock.
    pub const fn jitter(&self) -> u32 {
        self.jitter.ticks()
    }

    /// The interarrival jitter as time.
    pub fn jitter_time(&self) -> Duration {
        self.jitter.time()
    }

    /// The reception report block for this source without its LSR and DLSR, and the start of the next interval.
    //= rfc3550#6.4.1/fraction MUST
    //# Loss of this interval in 1/256, zero when duplicates make it negative; the integer part, at most 255.
    //= rfc3550#6.4.1/cumulative MUST
    //# Expected less received since the statistics began, where late and repeated packets count as received.
    pub fn report(&mut self, ssrc: u32) -> ReportBlock {
        let expected = self.expected() - self.expected_prior.min(self.expected());
        let received = self.received - self.received_prior.min(self.received);
        self.expected_prior = self.expected();
        self.received_prior = self.received;
        let lost = expected.saturating_sub(received);
        let fraction_lost = (lost << 8).checked_div(expected).unwrap_or(0).min(255) as u8;
        ReportBlock {
            ssrc,
            fraction_lost,
            lost: self.lost().clamp(-0x80_0000, 0x7f_ffff) as i32,
            highest: self.highest(),
            jitter: self.jitter(),
            last_sr: 0,
            delay_since_last_sr: 0,
        }
    }

    /// Whether packets came since the last report.
    pub(crate) const fn heard_since_report(&self) -> bool {
        self.received > self.received_prior
    }
}

/// The interarrival jitter of appendix A.8.
#[derive(Clone, Copy, Debug, Default)]
struct Jitter {
    /// Arrival less timestamp of the last packet, in ticks, modulo 2^32.
    transit: Option<u32>,
    clock_rate: u32,
    /// Sixteen times the estimate, in ticks, so that the gain of 1/16 loses nothing.
    scaled: u64,
}

impl Jitter {
    //= rfc3550#6.4.1/jitter SHOULD
    //# Updated for each valid packet in order of arrival.
    //= rfc3550#6.4.1/jitter-formula MUST
    //# J += (|D| - J) / 16 in integers scaled by 16, rounded as in A.8; a new clock rate starts over with the transit.
    fn update(&mut self, timestamp: u32, clock_rate: u32, at: Instant) {
        if clock_rate == 0 {
            return;
        }
        if self.clock_rate != clock_rate {
            let old = u64::from(self.clock_rate);
            self.scaled = (self.scaled * u64::from(clock_rate)).checked_div(old).unwrap_or(0);
            self.clock_rate = clock_rate;
            self.transit = None;
        }
        let transit = ticks(at, clock_rate).wrapping_sub(timestamp);
        if let Some(previous) = self.transit.replace(transit) {
            let distance = u64::from((transit.wrapping_sub(previous) as i32).unsigned_abs());
            self.scaled = self.scaled + distance - ((self.scaled + 8) >> 4);
        }
    }

    const fn ticks(self) -> u32 {
        (self.scaled >> 4) as u32
    }

    fn time(self) -> Duration {
        let nanos = u128::from(self.scaled) * 1_000_000_000 / 16;
        let nanos = nanos.checked_div(u128::from(self.clock_rate)).unwrap_or(0);
        Duration::from_nanos(nanos.min(u128::from(u64::MAX)) as u64)
    }
}

/// An instant in ticks of a clock, modulo 2^32.
pub(crate) fn ticks(at: Instant, clock_rate: u32) -> u32 {
    (u128::from(at.as_nanos()) * u128::from(clock_rate) / 1_000_000_000) as u32
}
