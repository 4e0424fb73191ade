//! FLV files and pipes, as sources and as sinks.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use bytes::{Bytes, BytesMut};
use rtmp::flv::{Config, Limits, Metadata, Reader, Scan, Summary, Tag, Writer};
use tokio::sync::mpsc::{Receiver, channel};

use super::Place;
use crate::common::Failure;

/// A file or pipe being read, by a thread of its own since a disk or pipe may take its time.
pub struct FileSource {
    pieces: Receiver<io::Result<Bytes>>,
    reader: Reader,
    /// What goes ahead when reading starts in the middle: metadata and sequence headers.
    ahead: Vec<Tag>,
    ended: bool,
    /// Milliseconds of the whole, as its metadata say.
    pub length: Option<f64>,
    /// Where reading started, in milliseconds.
    pub start: u32,
}

const PIECE: usize = 64 << 10;
const PIECES: usize = 8;
const INDEX: usize = 100_000;

impl FileSource {
    /// Opens it; `start` is in milliseconds.
    pub fn open(place: &Place, start: Option<u32>) -> Result<FileSource, Failure> {
        let Place::File(path) = place else {
            return Ok(FileSource::read(io::stdin(), Reader::new(Limits::default())));
        };
        let named = |why: io::Error| Failure::runtime(format!("{}: {why}", path.display()));
        let mut file = File::open(path).map_err(named)?;
        let Some(start) = start else {
            return Ok(FileSource::read(file, Reader::new(Limits::default())));
        };
        let summary = scan(&mut file).map_err(named)?;
        let Some(entry) = summary.index.seek(start) else {
            return Err(Failure::runtime(format!("{}: no place to start from", path.display())));
        };
        file.seek(SeekFrom::Start(entry.position)).map_err(named)?;
        let mut source = FileSource::read(file, Reader::from_tag(Limits::default(), entry.position));
        let metadata = summary.metadata.map(|(_, tag)| tag);
        source.length = metadata.as_ref().and_then(length);
        source.start = entry.time;
        // Taken from the back.
        source.ahead = [summary.audio_header, summary.video_header, metadata].into_iter().flatten().collect();
        Ok(source)
    }

    fn read(mut input: impl Read + Send + 'static, reader: Reader) -> FileSource {
        let (sender, pieces) = channel(PIECES);
        std::thread::spawn(move || {
            loop {
                let mut piece = BytesMut::zeroed(PIECE);
                let piece = match input.read(&mut piece) {
                    Ok(0) => return,
                    Ok(len) => Ok(piece.split_to(len).freeze()),
                    Err(why) if why.kind() == io::ErrorKind::Interrupted => continue,
                    Err(why) => Err(why),
                };
                let failed = piece.is_err();
                if sender.blocking_send(piece).is_err() || failed {
                    return;
                }
            }
        });
        FileSource { pieces, reader, ahead: Vec::new(), ended: false, length: None, start: 0 }
    }

    /// The next tag; `None` at the end. May be cancelled without losing one.
    pub async fn next(&mut self) -> Result<Option<Tag>, String> {
        if let Some(tag) = self.ahead.pop() {
            return Ok(Some(tag));
        }
        loop {
            if let Some(tag) = self.reader.next() {
                let tag = tag.map_err(|why| why.to_string())?;
                if tag.is_metadata() && self.length.is_none() {
                    self.length = length(&tag);
                }
                return Ok(Some(tag));
            }
            if self.ended {
                return Ok(None);
            }
            match self.pieces.recv().await {
                Some(piece) => self.reader.push(piece.map_err(|why| why.to_string())?),
                None => {
                    self.ended = true;
                    if self.reader.position() == 0 {
                        return Err("this is no FLV file".into());
                    }
                    if let Some(tag) = self.reader.finish() {
                        return Ok(Some(tag));
                    }
                }
            }
        }
    }

    /// How often damage was passed.
    pub fn damaged(&self) -> u64 {
        self.reader.damaged()
    }
}

fn length(metadata: &Tag) -> Option<f64> {
    let seconds = Metadata::parse(&metadata.payload)?.number("duration")?;
    (seconds > 0.0 && seconds.is_finite()).then_some(seconds * 1000.0)
}

/// Reads a file through.
fn scan(file: &mut File) -> io::Result<Summary> {
    let mut scan = Scan::new(Limits::default(), INDEX);
    loop {
        let mut piece = BytesMut::zeroed(PIECE * 4);
        let len = file.read(&mut piece)?;
        if len == 0 {
            return Ok(scan.finish());
        }
        if let Err(why) = scan.push(piece.split_to(len).freeze()) {
            return Err(io::Error::new(io::ErrorKind::InvalidData, why));
        }
    }
}

/// A file or pipe being written.
pub struct FileSink {
    output: Output,
    writer: Writer,
    buffer: BytesMut,
    /// The file up to here is whole.
    written: u64,
}

enum Output {
    File(File),
    Pipe(io::Stdout),
}

/// How much is written at once.
const BUFFER: usize = 32 << 10;

impl FileSink {
    /// Opens it: a new file unless `append`.
    pub fn open(place: &Place, append: bool, overwrite: bool) -> Result<FileSink, Failure> {
        let (buffer, writer) = (BytesMut::new(), Writer::new(Config::default()));
        match place {
            Place::File(path) => FileSink::file(path, append, overwrite)
                .map_err(|why| Failure::runtime(format!("{}: {why}", path.display()))),
            _ => Ok(FileSink { output: Output::Pipe(io::stdout()), writer, buffer, written: 0 }),
        }
    }

    fn file(path: &Path, append: bool, overwrite: bool) -> io::Result<FileSink> {
        let mut options = OpenOptions::new();
        options.read(true).write(true);
        match append || overwrite {
            true => options.create(true).truncate(overwrite),
            false => options.create_new(true), // whoever made it meanwhile keeps it
        };
        let mut file = options.open(path)?;
        let mut writer = Writer::new(Config::default());
        let mut written = 0;
        if append && file.metadata()?.len() > 0 {
            let summary = scan(&mut file)?;
            written = summary.end;
            writer = Writer::append(Config::default(), &summary);
            file.set_len(written)?; // what was torn
            file.seek(SeekFrom::Start(written))?;
        }
        Ok(FileSink { output: Output::File(file), writer, buffer: BytesMut::new(), written })
    }

    pub fn splice(&mut self) {
        self.writer.splice();
    }

    pub fn write(&mut self, tag: &Tag) -> io::Result<()> {
        self.writer.write(tag, &mut self.buffer);
        if self.buffer.len() < BUFFER { Ok(()) } else { self.flush() }
    }

    /// Gets out what is buffered.
    pub fn flush(&mut self) -> io::Result<()> {
        match &mut self.output {
            Output::File(file) => file.write_all(&self.buffer)?,
            Output::Pipe(pipe) => pipe.write_all(&self.buffer).and_then(|()| pipe.flush())?,
        }
        self.written += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }

    /// Ends the file; its length. What could be written is a whole file even after an error.
    pub fn finish(&mut self) -> io::Result<u64> {
        let patches = self.writer.finish(&mut self.buffer);
        let result = self.flush();
        let Output::File(file) = &mut self.output else { return result.map(|()| self.written) };
        file.set_len(self.written)?;
        for patch in patches.iter().filter(|patch| patch.offset + patch.data.len() as u64 <= self.written) {
            file.seek(SeekFrom::Start(patch.offset))?;
            file.write_all(&patch.data)?;
        }
        result.map(|()| self.written)
    }
}
