use super::{Event, Report};

/// Turns reports back into keys: RFC 4733 section 2.5.2. Lost, repeated and reordered reports, and events longer than one
/// segment, come out as one event with a beginning and an end.
///
/// ```
/// use rfc3551::telephone_event::{Change, Event, Receiver};
/// let mut receiver = Receiver::default();
/// let mut changes = Vec::new();
/// changes.extend(receiver.report(8000, true, &[5, 10, 0, 160]));
/// changes.extend(receiver.report(8000, false, &[5, 10, 1, 64]));
/// for _ in 0..3 {
///     changes.extend(receiver.report(8000, false, &[5, 0x8a, 1, 224]));
/// }
/// assert_eq!(changes, [
///     Change::Began { event: Event(5), volume: 10, timestamp: 8000 },
///     Change::Ended { event: Event(5), duration: 480 },
/// ]);
/// ```
#[derive(Clone, Debug)]
pub struct Receiver {
    patience: u32,
    /// The event that is on.
    current: Option<Current>,
    /// The latest event that ended: its timestamp of the last segment and its code.
    last: Option<(u32, Event)>,
}

#[derive(Clone, Copy, Debug)]
struct Current {
    event: Event,
    /// The timestamp of its segment.
    timestamp: u32,
    /// The duration of the segment so far.
    duration: u16,
    /// The duration of the segments before.
    before: u64,
    /// Ticks without a report.
    silence: u32,
}

/// What changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// An event is on.
    Began {
        /// Which.
        event: Event,
        /// The level of its tone below 0 dBm0, 0 to 63; means nothing for events that are no keys.
        volume: u8,
        /// The RTP timestamp at which it began; for an event whose beginning was lost, that of its first known segment.
        timestamp: u32,
    },
    /// The event is over.
    Ended {
        /// Which.
        event: Event,
        /// How long it lasted, in ticks; as far as known when its last report was lost.
        duration: u64,
    },
}

/// At most two changes come of one report: the end of the event before, and the beginning or the end of this one. A
/// report that is the first and last of its event makes three.
type Changes = [Option<Change>; 3];

/// A report is late when its timestamp is behind by less than this many ticks, 16 s at 8,000 Hz; one further behind is of
/// a new time base.
const HISTORY: u32 = 1 << 17;

/// Whether `timestamp` is a little before `reference`.
const fn is_late(timestamp: u32, reference: u32) -> bool {
    let behind = reference.wrapping_sub(timestamp);
    behind > 0 && behind < HISTORY
}

/// How many reports of one payload are looked at.
const MAX_REPORTS: usize = 8;

impl Default for Receiver {
    /// As [`Receiver::new`] with 1,200 ticks: three packets of 50 ms at 8,000 Hz.
    fn default() -> Receiver {
        Receiver::new(1_200)
    }
}

impl Receiver {
    /// A receiver that gives an event up after `patience` ticks without a report.
    //= rfc4733#2.5.2.2/extension SHOULD NOT
    //# The patience, three update intervals by default, ends an event whose last reports were lost.
    pub fn new(patience: u32) -> Receiver {
        Receiver { patience, current: None, last: None }
    }

    /// Takes the payload of a packet with that timestamp and marker.
    pub fn report(&mut self, timestamp: u32, marker: bool, payload: &[u8]) -> impl Iterator<Item = Change> + use<> {
        let mut all = Vec::new();
        let mut start = timestamp;
        //= rfc4733#2.5.2.4/contiguous MUST
        //# Each further report of a payload begins where the one before ends.
        for (n, report) in Report::list(payload).take(MAX_REPORTS).enumerate() {
            all.extend(self.one(start, marker && n == 0, report).into_iter().flatten());
            start = start.wrapping_add(u32::from(report.duration));
        }
        all.into_iter()
    }

    /// Media came instead of a report: the stream's packets of now carry that timestamp. Ends an event that began before.
    pub fn media(&mut self, timestamp: u32) -> Option<Change> {
        let current = self.current?;
        let end = current.timestamp.wrapping_add(u32::from(current.duration));
        // Some senders carry media beside the event; only media from after it says that it is over.
        let gap = timestamp.wrapping_sub(end) as i32;
        if gap > 0 && gap.unsigned_abs() >= self.patience { self.end() } else { None }
    }

    /// That many ticks passed.
    pub fn pass(&mut self, ticks: u32) -> Option<Change> {
        let current = self.current.as_mut()?;
        current.silence = current.silence.saturating_add(ticks);
        if current.silence >= self.patience { self.end() } else { None }
    }

    /// The event that is on.
    pub fn current(&self) -> Option<Event> {
        self.current.map(|current| current.event)
    }

    fn one(&mut self, timestamp: u32, marker: bool, report: Report) -> Changes {
        let mut changes = Changes::default();
        //= rfc4733#2.3.5/zero-duration SHOULD
        //# Ignored for keys and the flash, which are no states.
        if report.duration == 0 && report.event <= Event::FLASH {
            return changes;
        }
        //= rfc4733#2.5.2.2/no-restart SHOULD NOT
        //# Reports of the event that ended last, or of an older one, are ignored.
        //= rfc4733#2.5.2.2/ended-ignored MUST
        //# The event that ended last is remembered with its timestamp.
        if self.last.is_some_and(|(last, event)| is_late(timestamp, last) || timestamp == last && event == report.event)
            && self.current.is_none_or(|current| current.timestamp != timestamp)
        {
            return changes;
        }
        if let Some(current) = &mut self.current
            && !current.take(timestamp, marker, report)
        {
            if is_late(timestamp, current.timestamp) {
                return changes; // late: of an event before this one
            }
            changes[0] = self.end();
        }
        if self.current.is_none() {
            //= rfc4733#2.5.2.2/lost-beginning MAY
            //# An event whose marked report was lost begins with whichever report comes first.
            changes[1] = Some(Change::Began { event: report.event, volume: report.volume, timestamp });
            let (event, duration) = (report.event, report.duration);
            self.current = Some(Current { event, timestamp, duration, before: 0, silence: 0 });
        }
        if report.end {
            changes[2] = self.end();
        }
        changes
    }

    fn end(&mut self) -> Option<Change> {
        let current = self.current.take()?;
        self.last = Some((current.timestamp, current.event));
        Some(Change::Ended { event: current.event, duration: current.before + u64::from(current.duration) })
    }
}

impl Current {
    /// Takes a report, when it belongs to this event.
    fn take(&mut self, timestamp: u32, marker: bool, report: Report) -> bool {
        if report.event != self.event {
            return false;
        }
        if timestamp != self.timestamp {
            //= rfc4733#2.5.2.3/adjacent MUST
            //# A report without marker that begins where this segment ends, or could end at the latest, continues it.
            let gap = timestamp.wrapping_sub(self.timestamp);
            if marker || gap != u32::from(self.duration) && gap != u32::from(u16::MAX) {
                return false;
            }
            self.before += u64::from(gap);
            self.timestamp = timestamp;
            self.duration = 0;
        }
        //= rfc4733#2.5.2.2/timing MUST
        //# The longest duration reported counts, whenever it arrives.
        //= rfc4733#2.5.2.2/no-spacing SHOULD NOT
        //# When a report arrives plays no part, except that silence ends an event.
        self.duration = self.duration.max(report.duration);
        self.silence = 0;
        true
    }
}
