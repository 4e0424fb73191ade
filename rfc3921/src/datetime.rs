//! Dates and times as all extensions write them ([XEP-0082](https://xmpp.org/extensions/xep-0082.html)).
//!
//! A time here is the [`Duration`] since 1970-01-01T00:00:00Z, as [`wire::Epoch::unix`] gives it.

use std::time::Duration;

use crate::Error;

/// Reads `2026-07-04T16:20:30.5Z` or the same with an offset such as `+02:00`; parts of a second below the nanosecond are cut off.
///
/// # Errors
/// [`Error::Value`] for anything else, a day that does not exist, and years before 1970.
///
/// ```
/// use std::time::Duration;
/// use rfc3921::datetime;
/// assert_eq!(datetime::parse("1970-01-02T02:00:01.25+02:00"), Ok(Duration::from_millis(86_401_250)));
/// assert!(datetime::parse("2026-02-30T00:00:00Z").is_err());
/// ```
//= xep-0082#3.2/format MUST
//# Date, T, time, optional fraction, then Z or an offset, which is taken off; nothing may follow.
pub fn parse(text: &str) -> Result<Duration, Error> {
    parts(text).ok_or(Error::Value("date and time"))
}

fn parts(text: &str) -> Option<Duration> {
    let bytes = text.as_bytes();
    let number = |at: usize, len: usize| -> Option<i64> {
        let digits = text.get(at..at + len)?;
        digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok())?
    };
    let separators = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')];
    if separators.iter().any(|&(at, byte)| bytes.get(at) != Some(&byte)) {
        return None;
    }
    let (year, month, day) = (number(0, 4)?, number(5, 2)?, number(8, 2)?);
    let (hour, minute, second) = (number(11, 2)?, number(14, 2)?, number(17, 2)?);
    let exists = (1..=12).contains(&month) && (1..=days_in(year, month)).contains(&day);
    if !exists || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let (nanos, zone) = fraction(text.get(19..)?)?;
    let seconds = days_before(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second - offset(zone)?;
    Some(Duration::new(u64::try_from(seconds).ok()?, nanos))
}

/// The nanoseconds of `.25Z`, and what follows the digits.
fn fraction(rest: &str) -> Option<(u32, &str)> {
    let Some(rest) = rest.strip_prefix('.') else { return Some((0, rest)) };
    let len = rest.bytes().take_while(u8::is_ascii_digit).count();
    if len == 0 {
        return None;
    }
    let (digits, zone) = rest.split_at(len);
    let nanos = digits.bytes().chain(std::iter::repeat(b'0')).take(9).fold(0, |n, b| n * 10 + u32::from(b - b'0'));
    Some((nanos, zone))
}

/// Seconds east of Greenwich.
fn offset(zone: &str) -> Option<i64> {
    let (sign, rest) = match zone.as_bytes().first()? {
        b'Z' if zone.len() == 1 => return Some(0),
        b'+' => (1, &zone[1..]),
        b'-' => (-1, &zone[1..]),
        _ => return None,
    };
    let (hours, minutes) = rest.split_once(':')?;
    let two = |s: &str| (s.len() == 2 && s.bytes().all(|b| b.is_ascii_digit())).then(|| s.parse::<i64>().ok())?;
    let (hours, minutes) = (two(hours)?, two(minutes)?);
    (hours < 24 && minutes < 60).then_some(sign * (hours * 3_600 + minutes * 60))
}

/// Writes `2026-07-04T16:20:30Z`, with milliseconds when there are some.
///
/// ```
/// use std::time::Duration;
/// use rfc3921::datetime;
/// assert_eq!(datetime::format(Duration::from_secs(951_782_400)), "2000-02-29T00:00:00Z");
/// assert_eq!(datetime::format(Duration::from_millis(1_500)), "1970-01-01T00:00:01.500Z");
/// ```
pub fn format(since_1970: Duration) -> String {
    let seconds = i64::try_from(since_1970.as_secs()).unwrap_or(i64::MAX).min(LAST);
    let (year, month, day) = date(seconds / 86_400);
    let (hour, minute, second) = (seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60);
    let millis = match since_1970.subsec_millis() {
        0 => String::new(),
        millis => format!(".{millis:03}"),
    };
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{millis}Z")
}

/// 9999-12-31T23:59:59Z: the last second that four digits of a year can say.
const LAST: i64 = 253_402_300_799;

const fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

const fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01 to the date.
fn days_before(year: i64, month: i64, day: i64) -> i64 {
    let before = year - 1;
    let leaps = |y: i64| y / 4 - y / 100 + y / 400;
    let months: i64 = (1..month).map(|m| days_in(year, m)).sum();
    (year - 1970) * 365 + leaps(before) - leaps(1969) + months + day - 1
}

/// The date that many days after 1970-01-01.
fn date(days: i64) -> (i64, i64, i64) {
    // at least the year before the right one, at most the right one
    let mut year = 1970 + days / 366;
    while days_before(year + 1, 1, 1) <= days {
        year += 1;
    }
    let mut rest = days - days_before(year, 1, 1);
    let mut month = 1;
    while rest >= days_in(year, month) {
        rest -= days_in(year, month);
        month += 1;
    }
    (year, month, rest + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    //= xep-0082#3.2/format test
    #[test]
    fn what_is_no_date_is_refused() {
        for text in [
            "",
            "Z",
            "2026-07-04",
            "2026-07-04T16:20:30",
            "2026-07-04 16:20:30Z",
            "2026-07-04T16:20:30Zz",
            "2026-07-04T16:20:30.Z",
            "2026-13-04T16:20:30Z",
            "2026-00-04T16:20:30Z",
            "2025-02-29T16:20:30Z",
            "2026-07-04T24:20:30Z",
            "1969-12-31T23:59:59Z",
            "2026-07-04T16:20:30+1:00",
            "2026-07-04T16:20:30+24:00",
            "+026-07-04T16:20:30Z",
            "２026-07-04T16:20:30Z",
            "1970-01-01T00:00:00+01:00",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn offsets_are_taken_off() {
        let utc = parse("1969-07-21T02:56:15Z");
        assert!(utc.is_err());
        assert_eq!(parse("2006-12-19T17:58:35-06:00"), parse("2006-12-19T23:58:35Z"));
        assert_eq!(parse("2002-09-10T23:08:25.123456789123Z").unwrap().subsec_nanos(), 123_456_789);
    }

    proptest! {
        #[test]
        fn every_time_comes_back(millis in 0u64..253_402_300_799_999) {
            let time = Duration::from_millis(millis);
            prop_assert_eq!(parse(&format(time)), Ok(time));
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,40}|[0-9TZ:.+-]{0,30}") {
            let _ = parse(&text);
        }
    }
}
