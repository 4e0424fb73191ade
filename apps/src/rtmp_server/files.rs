//! Playing recorded files at their own pace.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use rtmp::Message;
use rtmp::flv::{Limits, Reader, Scan, Summary, Tag};
use wire::Instant;

/// A file that is being played.
#[derive(Debug)]
pub struct FilePlay {
    path: PathBuf,
    file: File,
    reader: Reader,
    /// What goes out next, and what goes out ahead of it: headers, after a jump.
    next: Option<Tag>,
    first: VecDeque<Tag>,
    /// When the tag of that time was due.
    clock: Option<(Instant, u32)>,
    /// The time of the last tag that went out.
    last: u32,
    /// Not a tag from this time on.
    end: Option<u32>,
    ahead: Duration,
    is_paused: bool,
}

/// What a file has to say now.
#[derive(Debug)]
pub enum Step {
    /// A message is due.
    Message(Message),
    /// Nothing yet, or nothing until it goes on from its pause.
    Wait,
    /// It is over.
    End,
}

impl FilePlay {
    /// Opens a file for playing from `start` milliseconds on, for `duration` milliseconds if that is not below 0. Reads
    /// it through first when it does not begin at the beginning, which may take a while: not for the loop of a server.
    ///
    /// # Errors
    /// When it cannot be read or is no FLV file.
    pub fn open(path: &Path, start: f64, duration: f64) -> std::io::Result<FilePlay> {
        let mut file = File::open(path)?;
        let mut reader = Reader::new(Limits::default());
        let mut first = VecDeque::new();
        let start = if start.is_finite() { start.clamp(0.0, f64::from(u32::MAX)) as u32 } else { 0 };
        if start > 0 {
            let found = scan(&mut file)?;
            let entry = found.index.seek(start).map_or(0, |entry| entry.position);
            if entry > 0 {
                file.seek(SeekFrom::Start(entry))?;
                reader = Reader::from_tag(Limits::default(), entry);
                let metadata = found.metadata.map(|(_, tag)| tag);
                first = [metadata, found.video_header, found.audio_header].into_iter().flatten().collect();
            } else {
                file.seek(SeekFrom::Start(0))?;
            }
        }
        let end = (duration.is_finite() && duration >= 0.0).then(|| start.saturating_add(duration as u32));
        let mut play = FilePlay {
            path: path.to_owned(),
            file,
            reader,
            next: None,
            first,
            clock: None,
            last: 0,
            end,
            ahead: AHEAD,
            is_paused: false,
        };
        play.advance()?;
        for tag in &mut play.first {
            tag.timestamp = play.next.as_ref().map_or(0, |next| next.timestamp);
        }
        Ok(play)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How much the player buffers: so far ahead of time is sent, within reason.
    pub fn buffer(&mut self, length: Duration) {
        self.ahead = length.clamp(Duration::from_millis(100), MOST_AHEAD);
    }

    /// Stops, or goes on from where it stopped.
    pub fn pause(&mut self, pause: bool) {
        self.is_paused = pause;
        self.clock = None;
    }

    /// What is to be done now.
    pub fn step(&mut self, now: Instant) -> Step {
        if self.is_paused {
            return Step::Wait;
        }
        if let Some(tag) = self.first.pop_front() {
            return Step::Message(tag.to_message(1));
        }
        let Some(tag) = &self.next else { return self.over(now) };
        if self.end.is_some_and(|end| tag.timestamp >= end) && !tag.is_sequence_header() {
            return self.over(now);
        }
        let (began, from) = *self.clock.get_or_insert((now, tag.timestamp));
        let due = began + Duration::from_millis(tag.timestamp.saturating_sub(from).into());
        if due > now + self.ahead {
            return Step::Wait;
        }
        let message = tag.to_message(1);
        self.last = tag.timestamp;
        if self.advance().is_err() {
            self.next = None;
        }
        Step::Message(message)
    }

    /// Everything went out ahead of time; it is over when its time has come, until when a player may still seek.
    fn over(&self, now: Instant) -> Step {
        match self.clock {
            Some((began, from)) if now < began + Duration::from_millis(self.last.saturating_sub(from).into()) => {
                Step::Wait
            }
            _ => Step::End,
        }
    }

    fn advance(&mut self) -> std::io::Result<()> {
        loop {
            match self.reader.next() {
                Some(Ok(tag)) => {
                    self.next = Some(tag);
                    return Ok(());
                }
                Some(Err(why)) => return Err(std::io::Error::new(ErrorKind::InvalidData, why)),
                None => {}
            }
            let mut piece = vec![0; PIECE];
            let length = self.file.read(&mut piece)?;
            if length == 0 {
                self.next = self.reader.finish();
                return Ok(());
            }
            piece.truncate(length);
            self.reader.push(Bytes::from(piece));
        }
    }
}

/// Reads a file through, for its index.
///
/// # Errors
/// When it cannot be read or is no FLV file.
pub fn scan(file: &mut File) -> std::io::Result<Summary> {
    let mut scan = Scan::new(Limits::default(), INDEX);
    loop {
        let mut piece = vec![0; PIECE];
        let length = file.read(&mut piece)?;
        if length == 0 {
            return Ok(scan.finish());
        }
        piece.truncate(length);
        scan.push(Bytes::from(piece)).map_err(|why| std::io::Error::new(ErrorKind::InvalidData, why))?;
    }
}

const PIECE: usize = 64 << 10;
/// Key frames that an index keeps: of a day, at one in two seconds, it keeps every third.
const INDEX: usize = 16_384;
/// Sent ahead of time when the player says nothing of its buffer.
const AHEAD: Duration = Duration::from_secs(1);
const MOST_AHEAD: Duration = Duration::from_secs(10);
