use std::fmt;
use std::str::FromStr;

use super::Event;

/// The events that a receiver understands, as the value of `a=fmtp` lists them: RFC 4733 section 2.4.1.
///
/// ```
/// use rfc3551::telephone_event::{Event, EventSet};
/// let set: EventSet = "0-15,66,70".parse().unwrap();
/// assert!(set.contains(Event(66)) && !set.contains(Event(16)));
/// assert_eq!(set.to_string(), "0-15,66,70");
/// assert_eq!(EventSet::default().to_string(), "0-15");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct EventSet([u64; 4]);

impl EventSet {
    /// No event.
    pub const NONE: EventSet = EventSet([0; 4]);

    /// Adds an event.
    pub fn insert(&mut self, event: Event) {
        self.0[usize::from(event.0 >> 6)] |= 1 << (event.0 & 63);
    }

    /// Whether the event is in it.
    pub const fn contains(&self, event: Event) -> bool {
        self.0[(event.0 >> 6) as usize] >> (event.0 & 63) & 1 == 1
    }

    /// The events in both.
    pub fn intersection(mut self, other: EventSet) -> EventSet {
        self.0.iter_mut().zip(other.0).for_each(|(a, b)| *a &= b);
        self
    }
}

impl Default for EventSet {
    /// The keys 0 to 15.
    //= rfc4733#2.5.1.1/default-events SHOULD
    //# What a peer that lists nothing is taken to understand.
    fn default() -> EventSet {
        EventSet([0xffff, 0, 0, 0])
    }
}

/// A text is no list of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SetError;

impl fmt::Display for SetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a list of event numbers and ranges")
    }
}

impl std::error::Error for SetError {}

impl FromStr for EventSet {
    type Err = SetError;

    fn from_str(list: &str) -> Result<EventSet, SetError> {
        let number = |text: &str| text.parse::<u8>().map_err(|_| SetError);
        let mut set = EventSet::NONE;
        for part in list.split(',') {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let (first, last) = (number(first)?, number(last)?);
            if first > last {
                return Err(SetError);
            }
            (first..=last).for_each(|n| set.insert(Event(n)));
        }
        Ok(set)
    }
}

impl fmt::Display for EventSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mut n, mut comma) = (0u16, "");
        while n < 256 {
            let run = (n..256).take_while(|i| self.contains(Event(*i as u8))).count() as u16;
            match run {
                0 => n += 1,
                1 => write!(f, "{comma}{n}")?,
                _ => write!(f, "{comma}{n}-{}", n + run - 1)?,
            }
            if run > 0 {
                comma = ",";
                n += run;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for EventSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EventSet({self})")
    }
}
