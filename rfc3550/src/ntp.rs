use std::time::Duration;

use wire::{Epoch, Instant};

/// A time in the format of NTP: seconds since 1900 in the upper 32 bits, fractions of 2^-32 second in the lower.
/// RFC 3550 section 4. The seconds wrap in 2036; only differences matter here.
///
/// ```
/// use rfc3550::NtpTime;
/// use std::time::Duration;
/// let t = NtpTime::from_unix(Duration::from_millis(500));
/// assert_eq!((t.seconds(), t.fraction()), (2_208_988_800, 0x8000_0000));
/// assert_eq!(t.middle(), 0x7e80_8000);
/// assert_eq!(t.to_unix(), Duration::from_millis(500));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct NtpTime(pub u64);

/// Seconds from 1900 to 1970.
const UNIX_OFFSET: u64 = 2_208_988_800;

impl NtpTime {
    /// The time `since_1970` after 1970-01-01T00:00:00Z.
    //= rfc3550#4/ntp MUST
    //# Wallclock time comes from the driver's epoch; with the default epoch the timestamps are relative.
    pub const fn from_unix(since_1970: Duration) -> NtpTime {
        let seconds = since_1970.as_secs().wrapping_add(UNIX_OFFSET);
        // Rounded up, so that going back to nanoseconds (rounded down) ends where it started.
        let fraction = ((since_1970.subsec_nanos() as u64) << 32).div_ceil(1_000_000_000);
        NtpTime(seconds << 32 | fraction)
    }

    /// The time at `now` on a driver's clock.
    pub fn at(epoch: Epoch, now: Instant) -> NtpTime {
        NtpTime::from_unix(epoch.unix(now))
    }

    /// Time since 1970; a time before that counts as one after 2036, where the seconds wrap.
    pub const fn to_unix(self) -> Duration {
        let seconds = (self.0 >> 32).wrapping_sub(UNIX_OFFSET) & 0xffff_ffff;
        Duration::new(seconds, (((self.0 & 0xffff_ffff) * 1_000_000_000) >> 32) as u32)
    }

    /// Seconds since 1900, modulo 2^32.
    pub const fn seconds(self) -> u32 {
        (self.0 >> 32) as u32
    }

    /// Fractions of a second, in units of 2^-32 s.
    pub const fn fraction(self) -> u32 {
        self.0 as u32
    }

    /// The middle 32 bits: units of 1/65536 s, as reception reports carry them.
    pub const fn middle(self) -> u32 {
        (self.0 >> 16) as u32
    }
}

/// The duration in units of 1/65536 s, saturating.
pub(crate) fn to_units(duration: Duration) -> u32 {
    u32::try_from((duration.as_nanos() << 16) / 1_000_000_000).unwrap_or(u32::MAX)
}

/// The duration of that many units of 1/65536 s.
pub(crate) const fn from_units(units: u32) -> Duration {
    Duration::from_nanos((units as u64 * 1_000_000_000) >> 16)
}
