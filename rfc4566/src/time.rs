use std::fmt;
use std::str::FromStr;

use crate::error::Invalid;
use crate::text::{Text, number};

/// When the session is active: a `t=` line with the `r=` and `z=` lines under it (RFC 8866 sections 5.9 to 5.11).
/// The default is 0 0, a permanent session, as calls use it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub struct Time {
    /// Seconds since 1900-01-01T00:00:00Z; 0 for no bound.
    pub start: u64,
    /// Seconds since 1900-01-01T00:00:00Z; 0 for no bound.
    pub stop: u64,
    /// When it repeats.
    pub repeats: Vec<Repeat>,
    /// How the clock of the repeats shifts.
    pub zones: Vec<Zone>,
}

/// A schedule: the `r=` line (RFC 8866 section 5.10).
///
/// ```
/// use rfc4566::Repeat;
/// let weekly: Repeat = "7d 1h 0 25h".parse()?;
/// assert_eq!(weekly.interval.seconds(), 604_800);
/// assert_eq!(weekly.offsets.iter().map(|o| o.seconds()).collect::<Vec<_>>(), [0, 90_000]);
/// assert_eq!(weekly.to_string(), "7d 1h 0 25h");
/// # Ok::<(), rfc4566::Invalid>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Repeat {
    /// From one start to the next.
    pub interval: TypedTime,
    /// How long it is active each time.
    pub duration: TypedTime,
    /// Distances of the starts from the session's start time.
    pub offsets: Vec<TypedTime>,
}

/// One shift of the clock that repeats follow: a pair in the `z=` line (RFC 8866 section 5.11).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Zone {
    /// From when, in seconds since 1900-01-01T00:00:00Z.
    pub at: u64,
    /// Whether the clock is put back.
    pub back: bool,
    /// Distance from the clock at the session's start time.
    pub by: TypedTime,
}

/// A length of time as written: a number and a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TypedTime {
    /// How many.
    pub count: u64,
    /// Of what; seconds when not written.
    pub unit: Option<Unit>,
}

/// A unit of time, in one letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unit {
    /// `d`, 86400 seconds.
    Day,
    /// `h`, 3600 seconds.
    Hour,
    /// `m`, 60 seconds.
    Minute,
    /// `s`.
    Second,
}

/// Seconds from 1900, where SDP's clock starts, to 1970, where Unix' does (RFC 8866 section 5.9).
pub const UNIX_EPOCH: u64 = 2_208_988_800;

impl Time {
    /// Bounds in Unix time, seconds since 1970.
    ///
    /// ```
    /// use rfc4566::Time;
    /// assert_eq!(Time::from_unix(1_515_405_600, 1_515_409_200).to_string(), "3724394400 3724398000");
    /// ```
    pub fn from_unix(start: u64, stop: u64) -> Time {
        let ntp = |unix: u64| unix.saturating_add(UNIX_EPOCH);
        Time { start: ntp(start), stop: ntp(stop), ..Time::default() }
    }

    /// Whether it neither starts nor ends.
    pub fn is_permanent(&self) -> bool {
        self.start == 0 && self.stop == 0
    }

    //= rfc8866#5.9/large MUST
    //# 64 bits, which end some hundred billion years after 2036.
    pub(crate) fn parse(text: &Text) -> Result<Time, Invalid> {
        let mut words = text.words();
        let mut next = || number(&words.need("no start or stop time")?, "time is no number of 64 bits");
        let time = Time { start: next()?, stop: next()?, ..Time::default() };
        words.end()?;
        Ok(time)
    }
}

impl Repeat {
    pub(crate) fn parse(text: &Text) -> Result<Repeat, Invalid> {
        let mut times = text.words().map(|word| TypedTime::parse(&word?));
        let mut next = || times.next().ok_or(Invalid("no interval, duration or offset"))?;
        let (interval, duration, first) = (next()?, next()?, next()?);
        let offsets = std::iter::once(Ok(first)).chain(times).collect::<Result<_, _>>()?;
        Ok(Repeat { interval, duration, offsets })
    }
}

impl Zone {
    /// Reads the value of a `z=` line: pairs of time and offset.
    pub(crate) fn parse(text: &Text) -> Result<Vec<Zone>, Invalid> {
        let mut words = text.words();
        let mut zones = Vec::new();
        while let Some(at) = words.next() {
            let at = number(&at?, "adjustment time is no number of 64 bits")?;
            let offset = words.need("adjustment time without offset")?;
            let (back, by) = match offset.strip_prefix('-') {
                Some(by) => (true, by),
                None => (false, offset.as_str()),
            };
            zones.push(Zone { at, back, by: TypedTime::parse(by)? });
        }
        match zones.is_empty() {
            true => Err(Invalid("no adjustment")),
            false => Ok(zones),
        }
    }

    /// The shift in seconds, negative when the clock is put back.
    pub fn seconds(&self) -> i64 {
        let by = i64::try_from(self.by.seconds()).unwrap_or(i64::MAX);
        if self.back { -by } else { by }
    }
}

impl TypedTime {
    /// That many seconds, without a unit.
    pub fn from_seconds(count: u64) -> TypedTime {
        TypedTime { count, unit: None }
    }

    /// The length in seconds; the largest number when it is longer than that.
    pub fn seconds(self) -> u64 {
        let unit = match self.unit {
            Some(Unit::Day) => 86_400,
            Some(Unit::Hour) => 3_600,
            Some(Unit::Minute) => 60,
            Some(Unit::Second) | None => 1,
        };
        self.count.saturating_mul(unit)
    }

    //= rfc8866#5.10/units MUST
    //# Digits and at most one of the four letters; anything else, a fraction among it, is refused.
    fn parse(text: &str) -> Result<TypedTime, Invalid> {
        let (count, unit) = match text.as_bytes().last() {
            Some(b'd') => (text.strip_suffix('d'), Some(Unit::Day)),
            Some(b'h') => (text.strip_suffix('h'), Some(Unit::Hour)),
            Some(b'm') => (text.strip_suffix('m'), Some(Unit::Minute)),
            Some(b's') => (text.strip_suffix('s'), Some(Unit::Second)),
            _ => (Some(text), None),
        };
        Ok(TypedTime { count: number(count.unwrap_or_default(), "not a length of time")?, unit })
    }
}

impl FromStr for Repeat {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Repeat, Invalid> {
        Repeat::parse(&Text::new(text)?)
    }
}

/// The `t=` line alone.
impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.start, self.stop)
    }
}

impl fmt::Display for Repeat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.interval, self.duration)?;
        self.offsets.iter().try_for_each(|offset| write!(f, " {offset}"))
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}{}", self.at, if self.back { "-" } else { "" }, self.by)
    }
}

impl fmt::Display for TypedTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = match self.unit {
            Some(Unit::Day) => "d",
            Some(Unit::Hour) => "h",
            Some(Unit::Minute) => "m",
            Some(Unit::Second) => "s",
            None => "",
        };
        write!(f, "{}{unit}", self.count)
    }
}
