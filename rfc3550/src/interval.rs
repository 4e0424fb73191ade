use std::time::Duration;

use wire::{Instant, Rng};

/// The size of a session as one participant estimates it: what the RTCP interval depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Group {
    /// Participants, oneself included.
    pub members: usize,
    /// Those of them that sent data lately, oneself included.
    pub senders: usize,
    /// Whether oneself sent data lately.
    pub we_sent: bool,
}

/// What the RTCP interval is computed from beside the group: RFC 3550 sections 6.2 and 6.3.1.
#[derive(Clone, Copy, Debug)]
pub struct Schedule {
    /// Bytes a second for the RTCP of all participants: 5 % of the session's bandwidth.
    pub rtcp_bandwidth: f64,
    /// The part of it that belongs to senders while they are few: 0.25.
    pub sender_share: f64,
    /// The shortest interval, before randomisation: 5 s.
    pub minimum: Duration,
}

/// e - 3/2: what timer reconsideration makes the rate fall short by.
const COMPENSATION: f64 = std::f64::consts::E - 1.5;

impl Schedule {
    /// The interval without its random factor (Td), for `group` and compound packets of `average_size` bytes.
    //= rfc3550#6.3/this-algorithm MAY
    //# The one of the document.
    //= rfc3550#6.2/bandwidth-share SHOULD
    //# A quarter of the RTCP bandwidth is for senders while they are at most a quarter of the members.
    //= rfc3550#6.3.1/zero-bandwidth MUST
    //# A share of zero gives the longest interval there is instead of a division by zero.
    pub fn deterministic(&self, group: Group, average_size: f64, initial: bool) -> Duration {
        let (members, senders) = (group.members as f64, group.senders as f64);
        let (bandwidth, n) = if senders > members * self.sender_share {
            (self.rtcp_bandwidth, members)
        } else if group.we_sent {
            (self.rtcp_bandwidth * self.sender_share, senders)
        } else {
            (self.rtcp_bandwidth * (1.0 - self.sender_share), members - senders)
        };
        //= rfc3550#6.2/minimum SHOULD
        //# Never shorter than the minimum.
        //= rfc3550#6.2/half-minimum MAY
        //# As below.
        //= rfc3550#6.2/initial-delay SHOULD
        //# Half of the minimum before the first compound packet.
        let minimum = if initial { self.minimum / 2 } else { self.minimum };
        let seconds = average_size * n / bandwidth;
        if seconds.is_finite() { minimum.max(Duration::from_secs_f64(seconds.clamp(0.0, LONGEST))) } else { FOREVER }
    }

    /// The interval with its random factor (T).
    //= rfc3550#6.3.1/randomize MUST
    //# Uniform between half and one and a half of Td, then divided by e - 3/2.
    pub fn randomized(&self, group: Group, average_size: f64, initial: bool, rng: &mut Rng) -> Duration {
        self.deterministic(group, average_size, initial).mul_f64((rng.unit() + 0.5) / COMPENSATION)
    }
}

/// Seconds: longer intervals are no use, and their sums would overflow.
const LONGEST: f64 = 86_400.0;
const FOREVER: Duration = Duration::from_secs(86_400);

/// When the next RTCP packet goes out: the state of RFC 3550 section 6.3 and its rules, without the packets.
//= rfc3550#6.3/multicast-rules MUST
//# The whole algorithm of sections 6.2 and 6.3 runs in every session, between two as well.
//= rfc3550#6.3/two-party-random SHOULD
//# So that intervals are random there too.
#[derive(Debug)]
//= rfc3550#6.3.2/timer MAY
//# An instant that the driver waits for.
pub struct Timer {
    schedule: Schedule,
    /// tp: when the last packet went out.
    last: Instant,
    /// tn: when to look again.
    next: Instant,
    /// pmembers: the members when `next` was set.
    members_then: usize,
    average_size: f64,
    initial: bool,
    rng: Rng,
}

impl Timer {
    /// Joins at `now`, with packets of about `size` bytes to come.
    //= rfc3550#6.3.2/initialization MUST
    //# One member, no sender, the size of the first packet as the average, first look after T.
    pub fn new(now: Instant, schedule: Schedule, size: usize, rng: Rng) -> Timer {
        let mut timer =
            Timer { schedule, last: now, next: now, members_then: 1, average_size: size as f64, initial: true, rng };
        timer.next = now + timer.draw(Group { members: 1, senders: 0, we_sent: false });
        timer
    }

    /// When to call [`Timer::expired`].
    pub const fn deadline(&self) -> Instant {
        self.next
    }

    /// Whether no packet was sent yet.
    pub const fn is_initial(&self) -> bool {
        self.initial
    }

    /// The calculated interval without its random factor, as timeouts use it: for a receiver, with the full minimum.
    //= rfc3550#6.2/timeout-minimum SHOULD
    //# Timeouts use the fixed minimum of five seconds even where a reduced one paces the sending.
    pub fn timeout_interval(&self, group: Group) -> Duration {
        let fixed = Schedule { minimum: self.schedule.minimum.max(Duration::from_secs(5)), ..self.schedule };
        fixed.deterministic(Group { we_sent: false, ..group }, self.average_size, false)
    }

    /// The calculated interval without its random factor, as it paces the sending now.
    pub fn send_interval(&self, group: Group) -> Duration {
        self.schedule.deterministic(group, self.average_size, self.initial)
    }

    /// The deadline was reached: whether a packet is due now. Otherwise the timer has been set again.
    //= rfc3550#6.3.6/reconsider MUST
    //# The interval is drawn again with the group of now; only when it has passed since tp is a packet due.
    pub fn expired(&mut self, now: Instant, group: Group) -> bool {
        let reconsidered = self.last + self.draw(group);
        self.members_then = group.members;
        if reconsidered > now {
            self.next = reconsidered;
            return false;
        }
        true
    }

    /// A packet of `size` bytes (lower layers included) was sent at `now`.
    //= rfc3550#6.3.6/sent MUST
    //# tp becomes now, initial ends, the average takes the size, and a fresh interval sets tn.
    pub fn sent(&mut self, now: Instant, size: usize, group: Group) {
        self.last = now;
        self.average(size);
        self.initial = false;
        self.members_then = group.members;
        self.next = now + self.draw(group);
    }

    /// A packet of `size` bytes (lower layers included) was received.
    //= rfc3550#6.3.3/average-size MUST
    //# One sixteenth of the new size and fifteen of the old average.
    pub fn average(&mut self, size: usize) {
        self.average_size += (size as f64 - self.average_size) / 16.0;
    }

    /// Members left or fell silent: brings the next packet nearer, in proportion.
    //= rfc3550#6.3.4/reverse-reconsideration SHOULD
    //# tn and tp both move towards now by members over pmembers, when members fell below pmembers.
    pub fn shrunk(&mut self, now: Instant, members: usize) {
        if members >= self.members_then {
            return;
        }
        let ratio = members as f64 / self.members_then as f64;
        self.next = now + (self.next - now).mul_f64(ratio);
        self.last = now - (now - self.last).mul_f64(ratio);
        self.members_then = members;
    }

    /// Starts the back-off before a goodbye of `size` bytes in a large group.
    //= rfc3550#6.3.7/backoff MUST
    //# tp is now, one member, no sender, initial again, the goodbye's size as the average.
    pub fn leave(&mut self, now: Instant, size: usize) {
        self.last = now;
        self.members_then = 1;
        self.initial = true;
        self.average_size = size as f64;
        self.next = now + self.draw(Group { members: 1, senders: 0, we_sent: false });
    }

    fn draw(&mut self, group: Group) -> Duration {
        self.schedule.randomized(group, self.average_size, self.initial, &mut self.rng)
    }
}
