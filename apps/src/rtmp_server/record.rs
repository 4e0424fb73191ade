//! Recording streams to FLV files, each on a thread of its own so that a slow disk holds up nobody.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use bytes::BytesMut;
use rtmp::Message;
use rtmp::flv::{Config, Summary, Tag, Writer};
use tokio::sync::mpsc::UnboundedSender;

use super::files::scan;
use super::hub::Spot;

/// How many recordings there may be at a time, and how long each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Recordings under way, those that only finish their file included: each is a thread. Default 256.
    pub open: usize,
    /// Bytes of a file; 0 is no bound. Default 16 GiB.
    pub bytes: u64,
    /// Time in the publisher's timestamps, since the recording began; 0 is no bound. Default a day.
    pub time: Duration,
}

impl Default for Bounds {
    fn default() -> Bounds {
        Bounds { open: 256, bytes: 16 << 30, time: Duration::from_secs(86_400) }
    }
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pushed {
    /// It will be written.
    Kept,
    /// The disk is too slow: the file ends here.
    TooSlow,
    /// The recording is as long as it may be: the file ends here.
    Full(&'static str),
}

/// How a recording ended.
#[derive(Debug)]
pub struct Recorded {
    /// Which it was.
    pub id: u64,
    /// Whose stream it was.
    pub place: Spot,
    /// The file.
    pub path: PathBuf,
    /// Its length, or why it broke off. What was written up to then is a whole file.
    pub outcome: Result<u64, String>,
}

/// A recording under way. Dropping it finishes the file.
#[derive(Debug)]
pub struct Recorder {
    /// Names it among all of this run.
    pub id: u64,
    tags: SyncSender<Tag>,
    waiting: Arc<AtomicUsize>,
    bounds: Bounds,
    /// Bytes of the file with all that was taken.
    bytes: u64,
    /// The time of the first message.
    began: Option<u32>,
}

impl Recorder {
    /// Begins a file, or goes on with it 20 ms after its end. The outcome comes through `done`.
    ///
    /// # Errors
    /// When the file or its folder cannot be made.
    pub fn start(
        id: u64,
        path: PathBuf,
        append: bool,
        place: Spot,
        bounds: Bounds,
        done: UnboundedSender<Recorded>,
    ) -> std::io::Result<Recorder> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(!append).open(&path)?;
        let bytes = file.metadata()?.len();
        let (tags, inbox) = sync_channel(QUEUE);
        let waiting = Arc::new(AtomicUsize::new(0));
        let counter = waiting.clone();
        std::thread::Builder::new().name("record".into()).spawn(move || {
            let outcome = record(file, append, inbox, &counter);
            let _server_gone = done.send(Recorded { id, place, path, outcome });
        })?;
        Ok(Recorder { id, tags, waiting, bounds, bytes, began: None })
    }

    /// Adds a message; audio, video and data are kept. Unless it says [`Pushed::Kept`], the recorder is to be dropped.
    pub fn push(&mut self, message: &Message) -> Pushed {
        let Some(tag) = Tag::from_message(message) else { return Pushed::Kept };
        let length = tag.payload.len();
        self.bytes += length as u64 + TAG_FRAME;
        // a timestamp before the first one is no length
        let passed = tag.timestamp.wrapping_sub(*self.began.get_or_insert(tag.timestamp)) as i32;
        if self.bounds.bytes > 0 && self.bytes > self.bounds.bytes {
            return Pushed::Full("its file has the greatest size that --max-recording-size allows");
        }
        if !self.bounds.time.is_zero() && u128::from(passed.max(0).unsigned_abs()) >= self.bounds.time.as_millis() {
            return Pushed::Full("it has lasted as long as --max-recording-time allows");
        }
        if self.waiting.load(Ordering::Relaxed) + length > QUEUE_BYTES {
            return Pushed::TooSlow;
        }
        self.waiting.fetch_add(length, Ordering::Relaxed);
        if self.tags.try_send(tag).is_ok() { Pushed::Kept } else { Pushed::TooSlow }
    }
}

fn record(file: File, append: bool, inbox: Receiver<Tag>, waiting: &AtomicUsize) -> Result<u64, String> {
    let mut out = Out::new(file, append).map_err(|why| why.to_string())?;
    let mut result = Ok(());
    while let Ok(tag) = inbox.recv() {
        waiting.fetch_sub(tag.payload.len(), Ordering::Relaxed);
        out.writer.write(&tag, &mut out.buffer);
        result = inbox.try_iter().take(BATCH).try_for_each(|tag| {
            waiting.fetch_sub(tag.payload.len(), Ordering::Relaxed);
            out.writer.write(&tag, &mut out.buffer);
            if out.buffer.len() < BUFFER { Ok(()) } else { out.flush() }
        });
        result = result.and_then(|()| out.flush());
        if result.is_err() {
            break;
        }
    }
    drop(inbox);
    let length = out.finish();
    result.map_err(|why| why.to_string())?;
    length.map_err(|why| why.to_string())
}

/// A file and what is to go into it.
struct Out {
    file: File,
    writer: Writer,
    buffer: BytesMut,
    /// The file up to here is whole.
    written: u64,
}

impl Out {
    fn new(mut file: File, append: bool) -> std::io::Result<Out> {
        let mut out = Out { writer: Writer::new(Config::default()), buffer: BytesMut::new(), written: 0, file };
        let mut one = [0];
        if append && out.file.read(&mut one)? > 0 {
            out.file.seek(SeekFrom::Start(0))?;
            let found: Summary = scan(&mut out.file)?;
            out.written = found.end;
            out.writer = Writer::append(Config::default(), &found);
        }
        file = out.file;
        file.set_len(out.written)?; // what a crash left half written
        file.seek(SeekFrom::Start(out.written))?;
        out.file = file;
        Ok(out)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.write_all(&self.buffer)?;
        self.written += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }

    /// Takes back what was written in part, and fills in what was not known before: duration, size, key frames.
    fn finish(mut self) -> std::io::Result<u64> {
        self.file.set_len(self.written)?;
        self.file.seek(SeekFrom::End(0))?;
        let mut tail = BytesMut::new();
        let patches = self.writer.finish(&mut tail);
        self.file.write_all(&tail)?;
        for patch in patches.into_iter().filter(|patch| patch.offset + patch.data.len() as u64 <= self.written) {
            self.file.seek(SeekFrom::Start(patch.offset))?;
            self.file.write_all(&patch.data)?;
        }
        self.file.seek(SeekFrom::End(0))
    }
}

/// What a tag takes in a file beside its payload.
const TAG_FRAME: u64 = 15;
const QUEUE: usize = 4096;
const QUEUE_BYTES: usize = 32 << 20;
const BATCH: usize = 256;
const BUFFER: usize = 256 << 10;
