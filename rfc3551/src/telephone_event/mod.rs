//! Telephone events: keys pressed on a phone, carried as numbers instead of tones. RFC 4733, which replaced RFC 2833.
//!
//! [`Report`] is the payload; [`Sender`] makes the right sequence of reports from keys; [`Receiver`] makes keys from
//! whatever reports arrive. Time is counted in ticks of the stream's RTP clock.

mod receiver;
mod sender;
mod set;

use std::fmt;

pub use receiver::{Change, Receiver};
pub use sender::{KeyError, Sender, Step, StepReport};
pub use set::{EventSet, SetError};

/// The number of an event: RFC 4733 section 3.2 and the registry that it began.
///
/// ```
/// use rfc3551::telephone_event::Event;
/// assert_eq!(Event::from_key('#'), Some(Event(11)));
/// assert_eq!(Event(12).key(), Some('A'));
/// assert_eq!(Event::from_key('x'), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Event(pub u8);

impl Event {
    /// The hook flash.
    pub const FLASH: Event = Event(16);

    /// The event of a key: 0 to 9, `*`, `#`, A to D in any case.
    pub const fn from_key(key: char) -> Option<Event> {
        Some(Event(match key {
            '0'..='9' => key as u8 - b'0',
            '*' => 10,
            '#' => 11,
            'A'..='D' => key as u8 - b'A' + 12,
            'a'..='d' => key as u8 - b'a' + 12,
            _ => return None,
        }))
    }

    /// The key of the event, when it is one.
    pub const fn key(self) -> Option<char> {
        match self.0 {
            0..=9 => Some((b'0' + self.0) as char),
            10 => Some('*'),
            11 => Some('#'),
            12..=15 => Some((b'A' + self.0 - 12) as char),
            _ => None,
        }
    }

    /// The two frequencies of the key's tone in Hz, low and high: ITU-T Q.23.
    ///
    /// ```
    /// use rfc3551::telephone_event::Event;
    /// assert_eq!(Event(5).frequencies(), Some((770, 1336)));
    /// ```
    pub const fn frequencies(self) -> Option<(u16, u16)> {
        let (row, column) = match self.0 {
            0 => (3, 1),
            n @ 1..=9 => ((n - 1) / 3, (n - 1) % 3),
            10 => (3, 0),
            11 => (3, 2),
            n @ 12..=15 => (n - 12, 3),
            _ => return None,
        };
        const LOW: [u16; 4] = [697, 770, 852, 941];
        const HIGH: [u16; 4] = [1209, 1336, 1477, 1633];
        Some((LOW[row as usize], HIGH[column as usize]))
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.key() {
            Some(key) => write!(f, "{key}"),
            None => write!(f, "event {}", self.0),
        }
    }
}

/// One event in a payload: four bytes, RFC 4733 section 2.3.
///
/// ```
/// use rfc3551::telephone_event::{Event, Report};
/// let report = Report { event: Event(1), end: true, volume: 0, duration: 200 };
/// assert_eq!(report.to_bytes(), [0x01, 0x80, 0x00, 0xc8]);
/// assert_eq!(Report::of_bytes([0x01, 0xc0, 0x00, 0xc8]), report); // the reserved bit means nothing
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Report {
    /// Which event.
    pub event: Event,
    /// Whether it is over.
    pub end: bool,
    /// The level of its tone below 0 dBm0, 0 to 63; larger numbers lose their high bits.
    pub volume: u8,
    /// How long it has lasted so far, in ticks; 0 for a state that lasts until it changes.
    pub duration: u16,
}

impl Report {
    /// The report in four bytes.
    //= rfc4733#2.3.3/reserved-ignored MUST
    //# The bit between E and volume is masked away.
    pub const fn of_bytes(bytes: [u8; 4]) -> Report {
        Report {
            event: Event(bytes[0]),
            end: bytes[1] & 0x80 != 0,
            volume: bytes[1] & 0x3f,
            duration: u16::from_be_bytes([bytes[2], bytes[3]]),
        }
    }

    /// The four bytes of the report.
    //= rfc4733#2.3.3/reserved-zero MUST
    //# The mask of the volume keeps the reserved bit clear.
    pub const fn to_bytes(self) -> [u8; 4] {
        let [d0, d1] = self.duration.to_be_bytes();
        [self.event.0, (self.end as u8) << 7 | self.volume & 0x3f, d0, d1]
    }

    /// The reports of a payload, in their order; bytes that fill no report at the end are left out. Each event begins
    /// where the one before ends.
    ///
    /// ```
    /// use rfc3551::telephone_event::Report;
    /// assert_eq!(Report::list(&[5, 0x0a, 0, 160, 7]).count(), 1);
    /// ```
    pub fn list(payload: &[u8]) -> impl Iterator<Item = Report> + '_ {
        payload.as_chunks::<4>().0.iter().map(|bytes| Report::of_bytes(*bytes))
    }
}
