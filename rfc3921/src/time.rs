//! What time it is where somebody is ([XEP-0202](https://xmpp.org/extensions/xep-0202.html)).

use std::time::Duration;

use rfc3920::xml::Element;

use crate::element::{expect, leaf, text_of};
use crate::{Error, datetime, ns};

/// A time and a time zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Time {
    /// Since 1970.
    pub utc: Duration,
    /// Minutes east of Greenwich.
    pub offset: i16,
}

impl Time {
    /// The question.
    pub fn query() -> Element {
        Element::new(ns::TIME, "time")
    }

    /// Reads `<time/>` of an answer.
    ///
    /// # Errors
    /// [`Error`], for another element, and for a time or zone that is missing or none.
    pub fn from_element(element: &Element) -> Result<Time, Error> {
        expect(element, ns::TIME, "time")?;
        let utc = text_of(element, ns::TIME, "utc").ok_or(Error::Missing("utc"))?;
        let zone = text_of(element, ns::TIME, "tzo").ok_or(Error::Missing("tzo"))?;
        Ok(Time { utc: datetime::parse(&utc)?, offset: offset(&zone).ok_or(Error::Value("tzo"))? })
    }

    /// Writes it.
    //= xep-0202#3/utc-tzo MUST
    //# The time in UTC with Z, and the zone as `+hh:mm`, also for Greenwich.
    pub fn to_element(&self) -> Element {
        let (sign, minutes) = (if self.offset < 0 { '-' } else { '+' }, self.offset.unsigned_abs());
        let zone = format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60);
        Time::query().child(leaf(ns::TIME, "tzo", &zone)).child(leaf(ns::TIME, "utc", &datetime::format(self.utc)))
    }
}

fn offset(zone: &str) -> Option<i16> {
    let sign = match zone.as_bytes().first()? {
        b'Z' if zone.len() == 1 => return Some(0),
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let (hours, minutes) = zone.get(1..)?.split_once(':')?;
    let two = |s: &str| (s.len() == 2 && s.bytes().all(|b| b.is_ascii_digit())).then(|| s.parse::<i16>().ok())?;
    let (hours, minutes) = (two(hours)?, two(minutes)?);
    (hours < 24 && minutes < 60).then_some(sign * (hours * 60 + minutes))
}
