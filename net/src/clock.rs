use std::time::{Duration, SystemTime};

use wire::{Epoch, Instant};

/// The monotonic clock of a driver, and what its origin is on the calendar. Drivers that share one, and machines
/// built with its [`epoch`](Clock::epoch), agree about the time.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    origin: tokio::time::Instant,
    epoch: Epoch,
}

impl Clock {
    /// A clock whose origin is this moment.
    pub fn start() -> Clock {
        let unix = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Clock { origin: tokio::time::Instant::now(), epoch: Epoch::from_unix(unix) }
    }

    /// The time since the origin.
    pub fn now(&self) -> Instant {
        Instant::ZERO + self.origin.elapsed()
    }

    /// Unix time at the origin.
    pub fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// The same moment on tokio's clock, to sleep until; far away for one that is never reached.
    pub(crate) fn to_tokio(self, at: Instant) -> tokio::time::Instant {
        const YEAR: Duration = Duration::from_secs(365 * 86_400);
        self.origin + at.since_origin().min(self.origin.elapsed() + YEAR)
    }
}

impl Default for Clock {
    fn default() -> Clock {
        Clock::start()
    }
}
