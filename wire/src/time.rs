use std::fmt;
use std::ops::{Add, AddAssign, Sub};
use std::time::Duration;

/// A point on the driver's clock: nanoseconds since an origin that the driver chose.
///
/// It is not `std::time::Instant`, which only the operating system can make: a simulation needs a zero that is the
/// same in every run, and a doctest needs a time to pass in.
///
/// ```
/// use std::time::Duration;
/// use wire::Instant;
/// let t = Instant::ZERO + Duration::from_millis(500);
/// assert_eq!(t - Instant::ZERO, Duration::from_millis(500));
/// assert_eq!(Instant::ZERO - t, Duration::ZERO); // never negative
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Instant(u64);

impl Instant {
    /// The origin of the driver's clock.
    pub const ZERO: Instant = Instant(0);
    /// Later than any deadline that is ever reached.
    pub const FAR: Instant = Instant(u64::MAX);

    /// The instant `nanos` nanoseconds after the origin.
    pub const fn from_nanos(nanos: u64) -> Instant {
        Instant(nanos)
    }

    /// The instant `millis` milliseconds after the origin.
    pub const fn from_millis(millis: u64) -> Instant {
        Instant(millis.saturating_mul(1_000_000))
    }

    /// Nanoseconds since the origin.
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// Time since the origin.
    pub const fn since_origin(self) -> Duration {
        Duration::from_nanos(self.0)
    }
}

impl Add<Duration> for Instant {
    type Output = Instant;
    fn add(self, d: Duration) -> Instant {
        Instant(self.0.saturating_add(u64::try_from(d.as_nanos()).unwrap_or(u64::MAX)))
    }
}

impl AddAssign<Duration> for Instant {
    fn add_assign(&mut self, d: Duration) {
        *self = *self + d;
    }
}

impl Sub for Instant {
    type Output = Duration;
    fn sub(self, earlier: Instant) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

impl Sub<Duration> for Instant {
    type Output = Instant;
    fn sub(self, d: Duration) -> Instant {
        Instant(self.0.saturating_sub(u64::try_from(d.as_nanos()).unwrap_or(u64::MAX)))
    }
}

impl fmt::Debug for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:06}s", self.0 / 1_000_000_000, self.0 % 1_000_000_000 / 1_000)
    }
}

/// Ties the driver's clock to the calendar: Unix time at [`Instant::ZERO`]. Machines that put dates or NTP times on
/// the wire take one in their configuration.
///
/// ```
/// use std::time::Duration;
/// use wire::{Epoch, Instant};
/// let epoch = Epoch::from_unix(Duration::from_secs(1_000_000_000));
/// assert_eq!(epoch.unix(Instant::from_millis(1500)).as_millis(), 1_000_000_001_500);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Epoch(Duration);

impl Epoch {
    /// The clock whose origin is `since_1970` after 1970-01-01T00:00:00Z.
    pub const fn from_unix(since_1970: Duration) -> Epoch {
        Epoch(since_1970)
    }

    /// Unix time at `now`.
    pub fn unix(self, now: Instant) -> Duration {
        self.0 + now.since_origin()
    }
}
