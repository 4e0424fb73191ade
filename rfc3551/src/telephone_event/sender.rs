use std::collections::VecDeque;
use std::fmt;

use super::{Event, EventSet, Report};

/// Turns keys into the reports that a stream carries in place of its media: RFC 4733 section 2.5.1.
///
/// It is stepped once a packet, at the rhythm of the media, and says each time what to send: a report, or media with an
/// adjusted advance of the timestamp. What it hands out fits `rfc3550::Session::send` as it is. While nothing is
/// pressed it always answers media with the usual advance.
///
/// ```
/// use rfc3551::telephone_event::{Sender, Step};
/// let mut sender = Sender::new(160).tone(320).pause(480);
/// sender.dial("1").unwrap();
/// let mut log = Vec::new();
/// for _ in 0..6 {
///     log.push(match sender.step() {
///         Step::Report(r) => (r.advance, u16::from_be_bytes([r.payload[2], r.payload[3]])),
///         Step::Media { advance } => (advance, 0),
///     });
/// }
/// // Two updates, the last one repeated twice, then media that continues where the clock stands by now.
/// assert_eq!(log, [(160, 160), (0, 320), (0, 320), (0, 320), (640, 0), (160, 0)]);
/// ```
#[derive(Clone, Debug)]
pub struct Sender {
    step: u32,
    tone: u32,
    pause: u32,
    volume: u8,
    limit: u16,
    max_queue: usize,
    allowed: EventSet,
    queue: VecDeque<Event>,
    state: State,
    /// Ticks since the timestamp of the packet sent last.
    since: u32,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Idle,
    /// An event is on.
    Active(Active),
    /// The last report of a segment, or of the whole event, goes out `times` more.
    Repeating {
        report: Report,
        times: u8,
        /// The event, when it goes on in another segment.
        next: Option<Active>,
    },
    /// Ticks to wait before the next event.
    Pausing(u32),
}

/// An event that is on. All in ticks since its beginning.
#[derive(Clone, Copy, Debug)]
struct Active {
    event: Event,
    elapsed: u64,
    /// Where it ends, once known.
    end: Option<u64>,
    /// Where the segment of now began.
    segment: u64,
    /// Where the segment begins that the last report belonged to; `None` before the first report.
    reported: Option<u64>,
}

impl Active {
    const fn new(event: Event, end: Option<u64>) -> Active {
        Active { event, elapsed: 0, end, segment: 0, reported: None }
    }

    fn pass(&mut self, step: u32) {
        self.elapsed += u64::from(step);
        if let Some(end) = self.end {
            self.elapsed = self.elapsed.min(end);
        }
    }
}

/// What to send at this step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A report of the event that is on.
    Report(StepReport),
    /// Media, its timestamp `advance` ticks above that of the packet before.
    Media {
        /// The ticks.
        advance: u32,
    },
}

/// A report and how its packet is to be marked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StepReport {
    /// The payload.
    pub payload: [u8; 4],
    /// The marker bit of the packet.
    pub marker: bool,
    /// Ticks from the timestamp of the packet before to that of this one.
    pub advance: u32,
}

/// Why keys cannot be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyError {
    /// This character is no key.
    Key(char),
    /// The peer does not understand this event.
    NotAllowed(Event),
    /// More keys wait than the limit allows.
    QueueFull,
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            KeyError::Key(key) => write!(f, "{key:?} is no key"),
            KeyError::NotAllowed(event) => write!(f, "the peer does not understand {event}"),
            KeyError::QueueFull => f.write_str("too many keys wait"),
        }
    }
}

impl std::error::Error for KeyError {}

/// How often the last report of an event or segment goes out.
const LAST_REPORTS: u8 = 3;

impl Sender {
    /// A sender that is stepped every `step` ticks (0 counts as 1). Keys last 100 ms with 100 ms between them at 8,000 Hz,
    /// at -10 dBm0; the queue holds 128.
    //= rfc4733#2.5.1.2/interval SHOULD
    //# The step is that of the media.
    //= rfc4733#2.5.1.2/constant SHOULD
    //# It never changes.
    pub fn new(step: u32) -> Sender {
        Sender {
            step: step.max(1),
            tone: 800,
            pause: 800,
            volume: 10,
            limit: u16::MAX,
            max_queue: 128,
            allowed: EventSet::default(),
            queue: VecDeque::new(),
            state: State::Idle,
            since: 0,
        }
    }

    /// How long keys from the queue last, in ticks.
    pub fn tone(mut self, ticks: u32) -> Sender {
        self.tone = ticks.max(1);
        self
    }

    /// How long the silence between two keys lasts at least, in ticks; the repeated reports count towards it.
    pub fn pause(mut self, ticks: u32) -> Sender {
        self.pause = ticks;
        self
    }

    /// The level of tones below 0 dBm0, 0 to 63.
    pub fn volume(mut self, volume: u8) -> Sender {
        self.volume = volume.min(63);
        self
    }

    /// The events that the peer understands.
    pub fn allowed(mut self, allowed: EventSet) -> Sender {
        self.allowed = allowed;
        self
    }

    /// The longest duration of one segment, in ticks: 65,535 unless the reports travel as redundant data.
    //= rfc4733#2.5.1.3.1/segment-limit MUST
    //# In redundant packets the caller sets 0x3fff less the age of the oldest generation.
    pub fn segment_limit(mut self, ticks: u16) -> Sender {
        self.limit = ticks.max(1);
        self
    }

    /// How many keys may wait.
    pub fn max_queue(mut self, keys: usize) -> Sender {
        self.max_queue = keys;
        self
    }

    /// Queues the keys of a text.
    ///
    /// # Errors
    /// [`KeyError`] when one of them cannot be sent; none is queued then.
    pub fn dial(&mut self, keys: &str) -> Result<(), KeyError> {
        let events = keys.chars().map(|key| Event::from_key(key).ok_or(KeyError::Key(key)));
        let events = events.collect::<Result<Vec<_>, _>>()?;
        self.queue_all(&events)
    }

    /// Queues events.
    ///
    /// # Errors
    /// As [`Sender::dial`].
    //= rfc4733#2.5.1.1/restrict MUST
    //# What the peer's list leaves out is refused before it is queued.
    pub fn queue_all(&mut self, events: &[Event]) -> Result<(), KeyError> {
        if let Some(event) = events.iter().find(|event| !self.allowed.contains(**event)) {
            return Err(KeyError::NotAllowed(*event));
        }
        if self.queue.len() + events.len() > self.max_queue {
            return Err(KeyError::QueueFull);
        }
        self.queue.extend(events);
        Ok(())
    }

    /// Presses a key until [`Sender::release`]. What is on or waits is dropped.
    ///
    /// # Errors
    /// [`KeyError::NotAllowed`].
    pub fn press(&mut self, event: Event) -> Result<(), KeyError> {
        if !self.allowed.contains(event) {
            return Err(KeyError::NotAllowed(event));
        }
        self.queue.clear();
        self.state = State::Active(Active::new(event, None));
        Ok(())
    }

    /// Releases the key: the next report is its last one.
    pub fn release(&mut self) {
        if let State::Active(active) | State::Repeating { next: Some(active), .. } = &mut self.state {
            let end = active.elapsed + u64::from(self.step);
            active.end = Some(active.end.unwrap_or(end).min(end));
        }
    }

    /// Whether nothing is on and nothing waits.
    pub fn is_idle(&self) -> bool {
        matches!(self.state, State::Idle) && self.queue.is_empty()
    }

    /// A step of the stream: what to send now.
    pub fn step(&mut self) -> Step {
        self.since = self.since.saturating_add(self.step);
        if let State::Pausing(left) = &mut self.state {
            *left = left.saturating_sub(self.step);
            if *left == 0 {
                self.state = State::Idle;
            }
            return self.media();
        }
        if let (State::Idle, Some(event)) = (self.state, self.queue.front()) {
            self.state = State::Active(Active::new(*event, Some(u64::from(self.tone))));
            self.queue.pop_front();
        }
        match self.state {
            State::Active(active) => self.update(active),
            State::Repeating { report, times, next } => self.repeat(report, times, next),
            State::Idle | State::Pausing(_) => self.media(),
        }
    }

    //= rfc4733#2.5.1.2/same-base MUST
    //# Media after an event advances by all the time since the event's timestamp, so that one clock runs through both.
    //= rfc4733#2.1/same-base MUST
    //# Reports and media take their timestamps from this one count of ticks.
    fn media(&mut self) -> Step {
        Step::Media { advance: std::mem::take(&mut self.since) }
    }

    /// The next report of the event that is on.
    //= rfc4733#2.5.1.2/duration-grows MUST
    //# Each step adds its ticks to the duration, up to the length of the key.
    //= rfc4733#2.5.1.2/end-last MUST
    //# E is set when the key's time is up, on that report and its repetitions.
    //= rfc4733#2.5.1.2/at-once SHOULD
    //# The first step after a key already reports it, each further one too.
    //= rfc4733#2.3.5/no-zero MUST NOT
    //# Time passes before a report is made, so that no duration is zero.
    //= rfc4733#2.5.2.2/true-duration MUST
    //# The duration is what has passed of the event, never a guess.
    fn update(&mut self, mut active: Active) -> Step {
        active.pass(self.step);
        //= rfc4733#2.5.1.3/segments-repeat MUST
        //# An event of any length falls into as many segments as it needs.
        //= rfc4733#2.5.1.3/segment-end MUST
        //# Only the segment that holds the end of the event is marked by E.
        let limit = u64::from(self.limit);
        let duration = active.elapsed - active.segment;
        let end = active.end == Some(active.elapsed) && duration <= limit;
        //= rfc4733#2.5.1.3/segment-no-end MUST NOT
        //# As below.
        //= rfc4733#2.5.1.3/long MUST
        //# A full segment is reported with the longest duration and without E; the rest is the next segment's.
        let full = !end && duration >= limit;
        let (event, volume) = (active.event, self.volume_of(active.event));
        let report = Report { event, end, volume, duration: duration.min(limit) as u16 };
        let step = self.report(report, &mut active);
        if full {
            active.segment += limit;
        }
        self.state = match end || full {
            true => State::Repeating { report, times: LAST_REPORTS - 1, next: full.then_some(active) },
            false => State::Active(active),
        };
        step
    }

    /// The packet of a report.
    //= rfc4733#2.5.1.2/same-timestamp MUST
    //# Updates advance the timestamp by zero.
    //= rfc4733#2.5.1.2/marker-first MUST
    //# The marker is set on the first report of an event alone.
    //= rfc4733#2.5.1.3/segment-timestamp MUST
    //# The first report of a further segment advances by the length of the one before, without the marker.
    //= rfc4733#2.5.1.2/neither-between MUST NOT
    //# Reports after the first have no marker, those before the last no E.
    //= rfc4733#2.5.1.3/segment-no-marker MUST NOT
    //# A segment after the first is no first report.
    fn report(&mut self, report: Report, active: &mut Active) -> Step {
        let advance = match active.reported {
            None => self.since,
            Some(before) => (active.segment - before) as u32,
        };
        let marker = active.reported.is_none();
        self.since = self.since.saturating_sub(advance);
        active.reported = Some(active.segment);
        Step::Report(StepReport { payload: report.to_bytes(), marker, advance })
    }

    //= rfc4733#2.5.1.4/three-times SHOULD
    //# The last report of an event or segment goes out at three steps in a row.
    //= rfc4733#2.5.1.4/end-stays MUST
    //# The repetitions are the same bytes, E included.
    fn repeat(&mut self, report: Report, times: u8, next: Option<Active>) -> Step {
        let next = next.map(|mut active| {
            active.pass(self.step);
            active
        });
        self.state = match (times - 1, next) {
            (0, Some(active)) => State::Active(active),
            (0, None) => match self.pause.saturating_sub(self.step.saturating_mul(u32::from(LAST_REPORTS - 1))) {
                0 => State::Idle,
                pause => State::Pausing(pause),
            },
            (times, next) => State::Repeating { report, times, next },
        };
        Step::Report(StepReport { payload: report.to_bytes(), marker: false, advance: 0 })
    }

    //= rfc4733#2.3.4/no-volume MUST
    //# Events that are no keys carry a volume of zero.
    const fn volume_of(&self, event: Event) -> u8 {
        if event.key().is_some() { self.volume } else { 0 }
    }
}
