use std::time::Duration;

use super::{Attribute, Attributes};
use crate::text::Text;

impl Attributes {
    /// The wished length of a packet: `a=ptime`, milliseconds with or without a fraction (RFC 8866 section 6.4).
    pub fn ptime(&self) -> Option<Duration> {
        milliseconds(self.first("ptime")?.get()?)
    }

    /// The longest packet: `a=maxptime` (RFC 8866 section 6.5).
    pub fn maxptime(&self) -> Option<Duration> {
        milliseconds(self.first("maxptime")?.get()?)
    }

    /// Writes the wished length of a packet; zero takes the attribute away, for it could not be written.
    ///
    /// ```
    /// use std::time::Duration;
    /// use rfc4566::Attributes;
    /// let mut attributes = Attributes::default();
    /// attributes.set_ptime(Duration::from_micros(2_500));
    /// assert_eq!(attributes.first("ptime").unwrap().get(), Some("2.5"));
    /// assert_eq!(attributes.ptime(), Some(Duration::from_micros(2_500)));
    /// ```
    pub fn set_ptime(&mut self, length: Duration) {
        self.set_milliseconds("ptime", length);
    }

    /// Writes the longest packet; zero takes the attribute away.
    pub fn set_maxptime(&mut self, length: Duration) {
        self.set_milliseconds("maxptime", length);
    }

    fn set_milliseconds(&mut self, name: &'static str, length: Duration) {
        if length.is_zero() {
            self.remove(name);
            return;
        }
        let (whole, fraction) = (length.as_nanos() / 1_000_000, length.as_nanos() % 1_000_000);
        let mut text = format!("{name}:{whole}");
        if fraction > 0 {
            text.push_str(format!(".{fraction:06}").trim_end_matches('0'));
        }
        self.set(Attribute { text: Text::trusted(text.into()), colon: name.len() });
    }
}

/// Reads milliseconds, with up to six digits after the point; `None` when they are zero or no number.
//= rfc8866#6.4/positive MUST
//# Digits, perhaps a point and digits; zero and anything else is as if the attribute were not there.
fn milliseconds(text: &str) -> Option<Duration> {
    let (whole, fraction) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
    if !whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit()) || (whole.is_empty() && fraction.is_empty()) {
        return None;
    }
    let whole: u64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let digits = fraction.bytes().chain(std::iter::repeat(b'0')).take(6);
    let fraction = digits.fold(0, |sum, digit| sum * 10 + u64::from(digit - b'0'));
    let nanos = whole.checked_mul(1_000_000)?.checked_add(fraction)?;
    (nanos > 0).then_some(Duration::from_nanos(nanos))
}
