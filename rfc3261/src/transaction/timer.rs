use std::time::Duration;

/// The timers of RFC 3261 section 17 (its table 4), of RFC 6026 (L, M), and those that only the text names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Timer {
    /// INVITE client: when the request is repeated.
    A,
    /// INVITE client: when it is given up.
    B,
    /// INVITE client: how long repeated final responses are acknowledged.
    D,
    /// Non-INVITE client: when the request is repeated.
    E,
    /// Non-INVITE client: when it is given up.
    F,
    /// INVITE server: when the final response is repeated.
    G,
    /// INVITE server: how long the ACK is awaited.
    H,
    /// INVITE server: how long repeated ACKs are absorbed.
    I,
    /// Non-INVITE server: how long repeated requests are answered.
    J,
    /// Non-INVITE client: how long repeated responses are absorbed.
    K,
    /// INVITE server: how long a 2xx may be repeated (RFC 6026).
    L,
    /// INVITE client: how long 2xx of other branches are awaited (RFC 6026).
    M,
    /// INVITE client: how long the final response to a cancelled INVITE is awaited (section 9.1).
    Cancelled,
    /// INVITE server: when a 100 is sent for a core that is still silent (section 17.2.1).
    Silent,
    /// Non-INVITE server: when a 100 is sent for a core that is still silent (RFC 4320 section 4.1).
    Late,
    /// Non-INVITE server: when the client has given up, so that no answer is of use any more (RFC 4320 section 4.2).
    Lapse,
}

impl Timer {
    /// All timers. Timer C belongs to the proxy core and is not a transaction timer.
    pub const ALL: [Timer; 16] = {
        use Timer::*;
        [A, B, D, E, F, G, H, I, J, K, L, M, Cancelled, Silent, Late, Lapse]
    };

    /// Whether the timer repeats a message; all others end something or act once.
    pub const fn repeats(self) -> bool {
        matches!(self, Timer::A | Timer::E | Timer::G)
    }
}

/// The base values that every timer is computed from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timing {
    //= rfc3261#17.1.1.2/t1-smaller MAY
    //# Any value, as the configuration says.
    //= rfc3261#17.1.1.2/t1-larger MAY
    //# Any value, as the configuration says.
    //= rfc3261#17.1.1.2/t1-slow-links SHOULD
    //# Set it higher where the round trip is known to be long.
    /// Estimate of the round trip: 500 ms.
    pub t1: Duration,
    /// Ceiling of the interval between repetitions, other than of INVITE: 4 s.
    pub t2: Duration,
    /// How long a message stays in the network: 5 s.
    pub t4: Duration,
    /// Timer D over unreliable transports: 32 s, and never less, because T1 of the server is not known.
    pub d: Duration,
    /// How long a core may think about an INVITE before a 100 is sent for it: 200 ms.
    pub trying: Duration,
}

impl Default for Timing {
    fn default() -> Timing {
        Timing {
            t1: Duration::from_millis(500),
            t2: Duration::from_secs(4),
            t4: Duration::from_secs(5),
            d: Duration::from_secs(32),
            trying: Duration::from_millis(200),
        }
    }
}

impl Timing {
    /// The first duration of a timer; `None` where the transport makes the timer needless. Zero means that it fires at
    /// once.
    ///
    /// ```
    /// use std::time::Duration;
    /// use rfc3261::transaction::{Timer, Timing};
    /// let timing = Timing::default();
    /// assert_eq!(timing.first(Timer::B, true), Some(Duration::from_secs(32)));
    /// assert_eq!(timing.first(Timer::A, true), None);
    /// assert_eq!(timing.first(Timer::K, true), Some(Duration::ZERO));
    /// ```
    //= rfc3261#17.1.1.2/timer-a-unreliable-only SHOULD NOT
    //# A, as E and G, has no duration there.
    pub fn first(&self, timer: Timer, reliable: bool) -> Option<Duration> {
        use Timer::*;
        let linger = |d| if reliable { Duration::ZERO } else { d };
        match timer {
            A | E | G if reliable => None,
            A => Some(self.t1),
            E | G => Some(self.t1.min(self.t2)),
            B | F | H | L | M | Cancelled | Lapse => Some(self.give_up()),
            D => Some(linger(self.d)),
            J => Some(linger(self.give_up())),
            I | K => Some(linger(self.t4)),
            Silent => Some(self.trying),
            Late => Some(self.late()),
        }
    }

    /// The duration after `last`: doubled; the INVITE of timer A has no ceiling, the others have T2.
    //= rfc3261#17.1.1.2/backoff-kept MUST
    //# Every repetition goes through here, whatever T1 is.
    pub fn doubled(&self, timer: Timer, last: Duration) -> Duration {
        let twice = last.saturating_mul(2);
        if timer == Timer::A { twice } else { twice.min(self.t2) }
    }

    /// 64 T1: how long a request is tried.
    pub fn give_up(&self) -> Duration {
        self.t1.saturating_mul(64)
    }

    /// The time after which timer E of a non-INVITE client has grown to T2: 3.5 s (RFC 4320 section 4.1).
    fn late(&self) -> Duration {
        let (mut sum, mut interval) = (Duration::ZERO, self.t1.max(Duration::from_millis(1)));
        while interval < self.t2 {
            sum += interval;
            interval *= 2;
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    //= rfc3261#17.1.1.2/timer-a-unreliable-only test
    //= rfc3261#17.1.1.2/timer-a test
    //= rfc3261#17.1.1.2/timer-b test
    //= rfc3261#17.1.1.2/timer-d test
    //= rfc3261#17.1.2.2/timer-e test
    //= rfc3261#17.1.2.2/timer-k test
    //= rfc3261#17.2.1/timer-h test
    //= rfc3261#17.2.1/timer-i test
    //= rfc3261#17.2.2/timer-j test
    //= rfc6026#7.1/accepted test
    //= rfc6026#7.2/accepted test
    //= rfc4320#4.1/100-late test
    #[test]
    fn durations_are_those_of_table_4() {
        let timing = Timing::default();
        let ms = |t: Timer, reliable| timing.first(t, reliable).map(|d| d.as_millis());
        use Timer::*;
        let unreliable = [A, B, D, E, F, G, H, I, J, K, L, M, Silent, Late, Lapse].map(|t| ms(t, false).unwrap());
        let table =
            [500, 32_000, 32_000, 500, 32_000, 500, 32_000, 5_000, 32_000, 5_000, 32_000, 32_000, 200, 3_500, 32_000];
        assert_eq!(unreliable, table);
        assert_eq!([A, E, G].map(|t| ms(t, true)), [None; 3]);
        assert_eq!([D, I, J, K].map(|t| ms(t, true)), [Some(0); 4]);
        assert_eq!([B, F, H, L, M].map(|t| ms(t, true)), [Some(32_000); 5]);
    }

    //= rfc3261#17.1.1.2/backoff-kept test
    //= rfc3261#17.1.1.2/timer-a-doubles test
    //= rfc3261#17.1.2.2/timer-e-doubles test
    //= rfc3261#17.2.1/timer-g test
    #[test]
    fn repetition_doubles_and_stops_growing_at_t2_except_for_invite() {
        let timing = Timing::default();
        let grow = |timer| {
            let mut d = timing.first(timer, false).unwrap();
            std::iter::repeat_with(move || {
                let now = d.as_millis();
                d = timing.doubled(timer, d);
                now
            })
        };
        assert_eq!(grow(Timer::E).take(5).collect::<Vec<_>>(), [500, 1000, 2000, 4000, 4000]);
        let timing2 = Timing::default();
        let mut a = timing2.first(Timer::A, false).unwrap();
        for want in [1, 2, 4, 8, 16] {
            a = timing2.doubled(Timer::A, a);
            assert_eq!(a.as_secs(), want);
        }
    }
}
