use std::fmt;

use bytestring::ByteString;
use nom::branch::alt;
use nom::bytes::complete::{tag, take_while_m_n};
use nom::combinator::{all_consuming, map_opt, value};
use nom::sequence::{preceded, terminated};
use nom::{IResult, Parser};

use super::error::Fault;
use super::{HeaderError, Name, TypedHeader};

/// A point in time, to the second, in GMT (RFC 3261 section 20.17).
///
/// ```
/// use rfc3261::message::{Date, TypedHeader};
/// let date = Date::parse("Sat, 13 Nov 2010 23:29:00 GMT".into()).unwrap();
/// assert_eq!(date.unix(), 1_289_690_940);
/// assert_eq!(Date::from_unix(1_289_690_940).to_string(), "Sat, 13 Nov 2010 23:29:00 GMT");
/// assert!(Date::parse("Fri, 01 Jan 2010 16:00:00 EST".into()).is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(u64);

impl Date {
    /// So many seconds after 1970 began; years above 9999 become the end of 9999, as there are four digits only.
    pub const fn from_unix(seconds: u64) -> Date {
        Date(if seconds > LAST { LAST } else { seconds })
    }

    /// Seconds since 1970 began.
    pub const fn unix(self) -> u64 {
        self.0
    }
}

impl TypedHeader for Date {
    const NAME: Name = Name::Date;
    fn parse(text: ByteString) -> Result<Date, HeaderError> {
        read(&text).map_err(|what| HeaderError::new(Name::Date, what))
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (days, seconds) = (self.0 / 86_400, self.0 % 86_400);
        let (year, month, day) = civil(days);
        let weekday = WEEKDAYS.get((days as usize + 4) % 7).copied().unwrap_or_default();
        let month = MONTHS.get(month as usize - 1).copied().unwrap_or_default();
        let (h, m, s) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        write!(f, "{weekday}, {day:02} {month} {year:04} {h:02}:{m:02}:{s:02} GMT")
    }
}

/// Whether the text is a date of the grammar.
pub(crate) fn check(text: &[u8]) -> Result<(), Fault> {
    std::str::from_utf8(text).map_err(|_| BAD).and_then(read).map(drop)
}

fn read(text: &str) -> Result<Date, Fault> {
    all_consuming(date).parse(text).map_err(|_| BAD)?.1.ok_or("no such day, or before 1970")
}

fn date(text: &str) -> IResult<&str, Option<Date>> {
    let weekday = alt(WEEKDAYS.map(tag));
    let clock = (digits(2), preceded(tag(":"), digits(2)), preceded(tag(":"), digits(2)));
    let day = (terminated(digits(2), tag(" ")), terminated(month, tag(" ")), terminated(digits(4), tag(" ")));
    let (rest, ((d, mon, y), (h, min, s))) =
        preceded((weekday, tag(", ")), (day, terminated(clock, tag(" GMT")))).parse(text)?;
    let valid = y >= 1970 && d >= 1 && h < 24 && min < 60 && s <= 60;
    let days = days_before(y, mon) + d.saturating_sub(1);
    let is_real = valid && civil(days) == (y, mon, d);
    Ok((rest, is_real.then(|| Date(days * 86_400 + h * 3600 + min * 60 + s))))
}

fn month(text: &str) -> IResult<&str, u64> {
    let numbered = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12].map(|n: usize| value(n as u64, tag(MONTHS[n - 1])));
    alt(numbered).parse(text)
}

fn digits<'a>(count: usize) -> impl Parser<&'a str, Output = u64, Error = nom::error::Error<&'a str>> {
    map_opt(take_while_m_n(count, count, |c: char| c.is_ascii_digit()), |text: &str| text.parse().ok())
}

/// Days from 1970 to the first of a month, in the calendar of today.
fn days_before(year: u64, month: u64) -> u64 {
    let cumulated = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
    let is_leap = |y: u64| y.is_multiple_of(4) && (!y.is_multiple_of(100) || y.is_multiple_of(400));
    let leaps_to = |y: u64| y / 4 - y / 100 + y / 400;
    let before = year.saturating_sub(1);
    let years = (year.saturating_sub(1970)) * 365 + leaps_to(before).saturating_sub(leaps_to(1969));
    let months = cumulated.get(month as usize - 1).copied().unwrap_or(0);
    years + months + u64::from(month > 2 && is_leap(year))
}

/// Year, month and day of the day that is so many days after 1970 began.
fn civil(days: u64) -> (u64, u64, u64) {
    let mut year = 1970 + days / 366;
    while days_before(year + 1, 1) <= days {
        year += 1;
    }
    let mut month = 12;
    while days_before(year, month) > days {
        month -= 1;
    }
    (year, month, days - days_before(year, month) + 1)
}

const BAD: Fault = "not of the form `Sat, 13 Nov 2010 23:29:00 GMT`";
const WEEKDAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
/// The last second of the year 9999.
const LAST: u64 = 253_402_300_799;
