use std::io::Write;
use std::time::Duration;

use rtmp::flv::{Tag, TagKind};
use rtmp::server::PublishMode;
use serde_json::json;
use tokio::time::{Instant, sleep, sleep_until};

use super::file::{FileSink, FileSource};
use super::line::{Line, Told, Use};
use super::progress::Progress;
use super::timeline::Timeline;
use super::{Options, Place};
use crate::common::{Failure, Signals, trace};

/// Why a copy ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// The source is at its end, or what was asked for is done.
    Done(String),
    /// Somebody asked us to stop.
    Interrupted,
    /// Something went wrong. What came before is copied.
    Failed(String),
}

/// What was copied.
#[derive(Clone, Debug)]
pub struct Summary {
    /// Milliseconds of the stream, from its first tag to its last.
    pub millis: u32,
    /// Bytes of audio, video and data.
    pub bytes: u64,
    /// Audio tags, sequence headers included.
    pub audio: u64,
    /// Video tags, sequence headers included.
    pub video: u64,
    /// Data tags.
    pub data: u64,
    /// Key frames among the video tags.
    pub key_frames: u64,
    /// Tags left out because the destination was too slow.
    pub dropped: u64,
    /// How often damage in the source was passed.
    pub damaged: u64,
    /// Redirects and reconnects that were followed.
    pub reconnects: u32,
    /// Why it ended.
    pub end: End,
}

impl Summary {
    /// Tells people, or with `--json` programs.
    pub fn print(&self, options: &Options) {
        let (word, why) = match &self.end {
            End::Done(why) => ("done", why.as_str()),
            End::Interrupted => ("interrupted", "interrupted"),
            End::Failed(why) => ("failed", why.as_str()),
        };
        let seconds = f64::from(self.millis) / 1000.0;
        if options.json {
            let line = json!({
                "source": options.source.to_string(), "destination": options.destination.to_string(),
                "seconds": seconds, "bytes": self.bytes, "audio": self.audio, "video": self.video,
                "data": self.data, "key_frames": self.key_frames, "dropped": self.dropped,
                "damaged": self.damaged, "reconnects": self.reconnects, "end": word, "reason": why,
            });
            let _nobody_listens = match options.destination {
                Place::Pipe => writeln!(std::io::stderr(), "{line}"),
                _ => writeln!(std::io::stdout(), "{line}"),
            };
        } else if !options.log.quiet && !matches!(self.end, End::Failed(_)) {
            let (audio, video) = (self.audio, self.video);
            eprintln!("rtmp-copy: {seconds:.1} s, {audio} audio and {video} video tags, {} bytes: {why}", self.bytes);
        }
    }
}

/// Copies until an end, which the summary tells.
///
/// # Errors
/// [`Failure`] when it cannot even begin.
pub async fn copy(options: &Options) -> Result<Summary, Failure> {
    let mut signals = Signals::new().map_err(Failure::runtime)?;
    let mut job = Job::new(options)?;
    let end = loop {
        tokio::select! {
            biased;
            _ = signals.next() => break End::Interrupted,
            step = job.step() => match step {
                Ok(None) => {}
                Ok(Some(why)) => break End::Done(why),
                Err(why) => break End::Failed(why),
            },
        }
    };
    job.progress.end();
    tokio::select! {
        summary = job.finish(end) => Ok(summary),
        _ = signals.next() => Err(Failure::runtime("interrupted twice")),
    }
}

enum Source {
    File(Box<FileSource>),
    Line(Box<Line>),
}

enum Sink {
    File(Box<FileSink>),
    Line(Box<Line>),
}

struct Job<'a> {
    options: &'a Options,
    source: Source,
    sink: Sink,
    timeline: Timeline,
    /// When the first tag of a paced file was sent, and its time.
    pace: Option<(Instant, u32)>,
    /// Metadata, audio and video configuration: what a server that we reconnect to must hear first.
    heads: [Option<Tag>; 3],
    /// Video is left out up to the next key frame.
    needs_key_frame: bool,
    /// Media have come.
    flows: bool,
    /// The destination has been ready.
    begun: bool,
    rounds: u64,
    /// When data came last, or when it began.
    heard: Instant,
    flushed: Instant,
    /// A tag read from a file that waits for its time.
    waiting: Option<Tag>,
    progress: Progress,
    summary: Summary,
}

/// Bytes waiting for a server, beyond which a file is not read on and a live source loses frames.
const UNSENT: usize = 1 << 20;
const UNSENT_LIVE: usize = 8 << 20;
/// How often a recording is written out even if little comes.
const FLUSH: Duration = Duration::from_secs(1);
/// How long the end of a file may take to reach a server.
const PATIENCE: Duration = Duration::from_secs(60);

impl<'a> Job<'a> {
    fn new(options: &'a Options) -> Result<Job<'a>, Failure> {
        let start = options.start.map(|start| u32::try_from(start.as_millis()).unwrap_or(u32::MAX));
        let trace = trace(options.trace.as_ref())?;
        let source = match &options.source {
            Place::Server(url) => Source::Line(Box::new(Line::open(
                url,
                Use::Play(start.map_or(-2.0, f64::from)),
                options,
                trace.as_ref(),
            )?)),
            place => Source::File(Box::new(FileSource::open(place, start)?)),
        };
        let sink = match &options.destination {
            Place::Server(url) => {
                let mode = match (options.append, options.record) {
                    (true, _) => PublishMode::Append,
                    (false, true) => PublishMode::Record,
                    (false, false) => PublishMode::Live,
                };
                Sink::Line(Box::new(Line::open(url, Use::Publish(mode), options, trace.as_ref())?))
            }
            place => Sink::File(Box::new(FileSink::open(place, options.append, options.overwrite)?)),
        };
        Ok(Job {
            options,
            source,
            sink,
            timeline: Timeline::default(),
            pace: None,
            heads: [None, None, None],
            needs_key_frame: false,
            flows: false,
            begun: false,
            rounds: 0,
            heard: Instant::now(),
            flushed: Instant::now(),
            waiting: None,
            progress: Progress::new(options.log.quiet || options.json),
            summary: Summary {
                millis: 0,
                bytes: 0,
                audio: 0,
                video: 0,
                data: 0,
                key_frames: 0,
                dropped: 0,
                damaged: 0,
                reconnects: 0,
                end: End::Interrupted,
            },
        })
    }

    /// One thing that happens. `Some` is an end in order. May be cancelled without losing a tag.
    async fn step(&mut self) -> Result<Option<String>, String> {
        if self.flushed.elapsed() >= FLUSH {
            self.flushed = Instant::now();
            self.flush()?;
        }
        let may_read = match &self.sink {
            Sink::File(_) => true,
            // A live source does not wait: what nobody takes is dropped.
            Sink::Line(line) if matches!(self.source, Source::File(_)) => line.is_ready() && line.unsent() < UNSENT,
            // A server is not asked to send before there is somewhere to send it to; later it is not held up.
            Sink::Line(_) => self.begun,
        };
        let due = self.due();
        let silence = self.silence();
        let is_full = matches!(&self.sink, Sink::Line(line) if line.unsent() > 0);
        tokio::select! {
            biased;
            told = of_sink(&mut self.sink) => self.on_sink(told),
            came = of_source(&mut self.source), if may_read && self.waiting.is_none() => self.on_source(came),
            () = sleep_until(due.unwrap_or_else(far)), if due.is_some() && may_read => {
                match self.waiting.take() {
                    Some(tag) => self.pass(tag),
                    None => Ok(None),
                }
            }
            () = sleep_until(silence.unwrap_or_else(far)), if silence.is_some() => self.silent(),
            () = sleep(Duration::from_millis(5)), if is_full && !may_read => Ok(None),
            () = sleep(FLUSH) => Ok(None),
        }
    }

    /// When the tag that waits is to be sent.
    fn due(&self) -> Option<Instant> {
        let tag = self.waiting.as_ref()?;
        let (began, first) = self.pace?;
        let past = tag.timestamp.wrapping_sub(first);
        Some(if past >= 1 << 31 { began } else { began + Duration::from_millis(past.into()) })
    }

    /// When to end for want of data. A file that waits for a slow server is covered, too: `heard` is its last tag.
    fn silence(&self) -> Option<Instant> {
        (!self.options.timeout.is_zero() && self.waiting.is_none()).then(|| self.heard + self.options.timeout)
    }

    fn silent(&mut self) -> Result<Option<String>, String> {
        let why = format!("nothing came for {} s", self.options.timeout.as_secs_f64());
        let from_file = matches!(self.source, Source::File(_));
        if self.flows && !from_file { Ok(Some(why)) } else { Err(why) }
    }

    fn on_sink(&mut self, told: Told) -> Result<Option<String>, String> {
        match told {
            Told::Ready => {
                self.begun = true;
                self.heard = Instant::now();
                // What was not sent meanwhile is not hurried after.
                self.pace = self.waiting.as_ref().map(|tag| (Instant::now(), tag.timestamp));
                if self.flows {
                    let heads: Vec<Tag> = self.heads.iter().flatten().cloned().collect();
                    heads.into_iter().try_for_each(|tag| self.put(tag))?;
                    self.needs_key_frame = self.heads[2].is_some();
                }
                Ok(None)
            }
            Told::Media(_) => Ok(None),
            Told::Over(why) | Told::Failed(why) => Err(format!("{}: {why}", self.options.destination)),
        }
    }

    fn on_source(&mut self, came: Came) -> Result<Option<String>, String> {
        self.heard = Instant::now();
        match came {
            Came::Ready if self.flows => self.splice(),
            Came::Ready => {}
            Came::Tag(tag) => {
                let paced = self.options.is_paced() && matches!(self.source, Source::File(_));
                if paced && tag.kind != TagKind::Script && !tag.is_sequence_header() {
                    self.pace.get_or_insert((Instant::now(), tag.timestamp));
                    self.waiting = Some(tag);
                } else {
                    return self.pass(tag);
                }
            }
            Came::End(why) => return self.at_end(why),
            Came::Failed(why) => return Err(format!("{}: {why}", self.options.source)),
        }
        Ok(None)
    }

    fn at_end(&mut self, why: String) -> Result<Option<String>, String> {
        self.rounds += 1;
        let again = self.options.repeat.is_some_and(|rounds| rounds == 0 || self.rounds < rounds);
        if !again || !self.flows {
            return if self.flows {
                Ok(Some(why))
            } else {
                Err(format!("{}: {why}, without media", self.options.source))
            };
        }
        let Source::File(source) = &mut self.source else { return Ok(Some(why)) };
        self.summary.damaged += source.damaged();
        let start = self.options.start.map(|_| source.start);
        **source = FileSource::open(&self.options.source, start).map_err(|why| why.to_string())?;
        self.splice();
        Ok(None)
    }

    /// What follows has times of its own.
    fn splice(&mut self) {
        self.timeline.splice();
        self.pace = None;
        if let Sink::File(file) = &mut self.sink {
            file.splice();
        }
    }

    /// Counts a tag and passes it on.
    fn pass(&mut self, tag: Tag) -> Result<Option<String>, String> {
        let is_header = tag.kind == TagKind::Script || tag.is_sequence_header();
        let head = match tag.kind {
            TagKind::Script if tag.is_metadata() => Some(0),
            TagKind::Audio if is_header => Some(1),
            TagKind::Video if is_header => Some(2),
            _ => None,
        };
        if let Some(head) = head {
            let is_known = self.heads[head].replace(tag.clone()).is_some_and(|old| old.payload == tag.payload);
            if is_known && head == 0 {
                return Ok(None); // a file that begins again
            }
        }
        self.flows |= !is_header;
        let placed = Tag { timestamp: self.timeline.place(tag.timestamp, is_header), ..tag.clone() };
        if let (Some(most), false) = (self.options.duration, is_header)
            && Duration::from_millis(placed.timestamp.into()) >= most
        {
            return Ok(Some("the duration is reached".into()));
        }
        let is_key = tag.is_key_frame();
        if self.is_left_out(&tag, is_header, is_key) {
            self.summary.dropped += 1;
            return Ok(None);
        }
        match tag.kind {
            TagKind::Audio => self.summary.audio += 1,
            TagKind::Video => self.summary.video += 1,
            TagKind::Script => self.summary.data += 1,
        }
        self.summary.key_frames += u64::from(is_key);
        self.summary.bytes += tag.payload.len() as u64;
        self.summary.millis = self.timeline.last().unwrap_or(0);
        // A file's writer places tags by itself, since it may go on with a file.
        self.put(if matches!(self.sink, Sink::File(_)) { tag } else { placed })?;
        let (length, start) = match &self.source {
            Source::File(file) => (file.length, file.start),
            Source::Line(_) => (None, 0),
        };
        self.progress.show(&self.summary, length.map(|length| length - f64::from(start)));
        Ok(None)
    }

    /// Whether a server takes less than comes: then frames go, up to the next key frame.
    fn is_left_out(&mut self, tag: &Tag, is_header: bool, is_key: bool) -> bool {
        let Sink::Line(line) = &self.sink else { return false };
        if is_header {
            return !line.is_ready(); // kept in `heads`
        }
        if !line.is_ready() || line.unsent() > UNSENT_LIVE {
            self.needs_key_frame = self.heads[2].is_some();
            return true;
        }
        if is_key || self.heads[2].is_none() {
            self.needs_key_frame = false;
        }
        self.needs_key_frame && tag.kind == TagKind::Video
    }

    fn put(&mut self, tag: Tag) -> Result<(), String> {
        match &mut self.sink {
            Sink::File(file) => file.write(&tag).map_err(|why| format!("{}: {why}", self.options.destination)),
            Sink::Line(line) => {
                line.send(&tag);
                Ok(())
            }
        }
    }

    fn flush(&mut self) -> Result<(), String> {
        match &mut self.sink {
            Sink::File(file) => file.flush().map_err(|why| format!("{}: {why}", self.options.destination)),
            Sink::Line(_) => Ok(()),
        }
    }

    /// Ends both sides; a file is whole afterwards.
    async fn finish(mut self, end: End) -> Summary {
        self.summary.end = end;
        let reconnects = |line: &Line| line.reconnects;
        match &self.source {
            Source::File(file) => self.summary.damaged += file.damaged(),
            Source::Line(line) => self.summary.reconnects += reconnects(line),
        }
        let patience = match self.summary.end {
            End::Done(_) => PATIENCE,
            End::Interrupted => Duration::from_secs(2),
            End::Failed(_) => Duration::ZERO,
        };
        match self.sink {
            Sink::File(mut file) => {
                if let (Err(why), false) = (file.finish(), matches!(self.summary.end, End::Failed(_))) {
                    self.summary.end = End::Failed(format!("{}: {why}", self.options.destination));
                }
            }
            Sink::Line(line) => {
                self.summary.reconnects += reconnects(&line);
                line.close(patience).await;
            }
        }
        if let Source::Line(line) = self.source {
            line.close(Duration::ZERO).await;
        }
        self.summary
    }
}

enum Came {
    Ready,
    Tag(Tag),
    End(String),
    Failed(String),
}

async fn of_source(source: &mut Source) -> Came {
    match source {
        Source::File(file) => match file.next().await {
            Ok(Some(tag)) => Came::Tag(tag),
            Ok(None) => Came::End("the file is at its end".into()),
            Err(why) => Came::Failed(why),
        },
        Source::Line(line) => loop {
            match line.next().await {
                Told::Ready => return Came::Ready,
                Told::Media(message) => {
                    if let Some(tag) = Tag::from_message(&message).filter(|tag| !is_for_players(tag)) {
                        return Came::Tag(tag);
                    }
                }
                Told::Over(why) => return Came::End(why),
                Told::Failed(why) => return Came::Failed(why),
            }
        },
    }
}

/// What a server tells its players about playing is no part of the stream.
fn is_for_players(tag: &Tag) -> bool {
    let names: [&[u8]; 3] = [b"\x02\0\x0conPlayStatus", b"\x02\0\x08onStatus", b"\x02\0\x11|RtmpSampleAccess"];
    tag.kind == TagKind::Script && names.iter().any(|name| tag.payload.starts_with(name))
}

/// What a server tells that is published to; a file tells nothing.
async fn of_sink(sink: &mut Sink) -> Told {
    match sink {
        Sink::File(_) => std::future::pending().await,
        Sink::Line(line) => line.next().await,
    }
}

fn far() -> Instant {
    Instant::now() + Duration::from_secs(86_400)
}
