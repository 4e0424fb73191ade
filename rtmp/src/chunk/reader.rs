use std::collections::{BTreeMap, VecDeque};
use std::mem;

use bytes::{Buf, Bytes};

use super::header::{self, Header};
use super::{DEFAULT_SIZE, Error, MAX_SIZE};
use crate::{Message, MessageType};

/// Puts the chunks of one direction of a connection together again, from pieces of any size.
///
/// As an iterator it gives the messages that are complete, and `None` until more is pushed. Set Chunk Size and Abort
/// are obeyed and not given out. The payload of a message that lies in one chunk of one piece is a slice of that
/// piece: whoever keeps a small one for long should copy it. After an error there is nothing more.
#[derive(Debug)]
pub struct Reader {
    limits: Limits,
    chunk_size: u32,
    /// What is being read, and what was pushed behind it.
    piece: Bytes,
    pieces: VecDeque<Bytes>,
    /// A header that a piece ended in.
    cut: Vec<u8>,
    /// Which stream the chunk being read belongs to, and how many bytes of its payload are missing.
    stream: usize,
    missing: usize,
    streams: Streams,
    /// Declared lengths of all unfinished messages, in bytes.
    unfinished: usize,
    stats: Stats,
    failed: bool,
}

/// What a reader puts up with. All is checked when a header comes, before the bytes that it announces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The longest message in bytes: 8,388,608. A header can state 16,777,215.
    pub message: usize,
    /// The declared length of all unfinished messages together, in bytes: 16,777,216.
    pub unfinished: usize,
    /// The number of chunk streams: 1,024. Programs use fewer than ten; the format has 65,598.
    pub streams: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { message: 8 << 20, unfinished: 16 << 20, streams: 1024 }
    }
}

/// What a reader has counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Bytes pushed.
    pub bytes: u64,
    /// Chunks begun.
    pub chunks: u64,
    /// Messages completed, the obeyed ones included.
    pub messages: u64,
    /// Half messages thrown away because their sender said so.
    pub aborted: u64,
    /// Aborts of a chunk stream that had no half message.
    pub aborted_nothing: u64,
    /// Half messages thrown away because the next header of their chunk stream began another.
    pub interrupted: u64,
}

impl Reader {
    /// A reader at the start of the chunk stream, after the handshake. Chunks carry 128 bytes until set otherwise.
    pub fn new(limits: Limits) -> Reader {
        Reader {
            limits,
            chunk_size: DEFAULT_SIZE,
            piece: Bytes::new(),
            pieces: VecDeque::new(),
            cut: Vec::new(),
            stream: 0,
            missing: 0,
            streams: Streams::default(),
            unfinished: 0,
            stats: Stats::default(),
            failed: false,
        }
    }

    /// Takes the next piece of the stream, of any size. It is kept until the iterator has given `None`.
    pub fn push(&mut self, piece: Bytes) {
        self.stats.bytes += piece.len() as u64;
        if self.failed || piece.is_empty() {
            return;
        }
        if self.piece.is_empty() && self.pieces.is_empty() {
            self.piece = piece;
        } else {
            self.pieces.push_back(piece);
        }
    }

    /// Bytes pushed so far.
    pub fn received(&self) -> u64 {
        self.stats.bytes
    }

    /// The chunk size that the sender has set, in bytes.
    pub fn chunk_size(&self) -> u32 {
        self.chunk_size
    }

    /// What was counted so far.
    pub fn stats(&self) -> Stats {
        self.stats
    }

    /// Declared length of the messages that have begun and not ended, in bytes.
    pub fn unfinished(&self) -> usize {
        self.unfinished
    }

    /// Puts other limits in force, for what begins from now on.
    pub fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
    }

    fn advance(&mut self) -> Result<Option<Message>, Error> {
        loop {
            if self.missing == 0 {
                let Some(header) = self.header() else { return Ok(None) };
                self.begin(&header)?;
            }
            let Some(message) = self.payload() else {
                if self.missing > 0 && !self.next_piece() {
                    return Ok(None);
                }
                continue;
            };
            self.stats.messages += 1;
            //= rtmp#5.4/at-once MUST
            //# Whatever chunk follows is cut by the new size, also one of a message that has begun.
            match message.kind {
                MessageType::SetChunkSize => self.set_chunk_size(&message.payload)?,
                MessageType::Abort => self.abort(&message.payload)?,
                _ => return Ok(Some(message)),
            }
        }
    }

    /// The next chunk's header, once it is there as a whole.
    #[inline]
    fn header(&mut self) -> Option<Header> {
        let streams = &self.streams;
        if self.cut.is_empty()
            && let Some(header) = Header::parse(&self.piece, |csid| streams.extended(csid))
        {
            self.piece.advance(header.size);
            return Some(header);
        }
        self.cut_header()
    }

    /// The same when the header lies in several pieces.
    #[cold]
    fn cut_header(&mut self) -> Option<Header> {
        loop {
            let had = self.cut.len();
            let take = self.piece.len().min(header::MAX_SIZE - had);
            self.cut.extend_from_slice(&self.piece[..take]);
            let streams = &self.streams;
            let Some(header) = Header::parse(&self.cut, |csid| streams.extended(csid)) else {
                self.piece.advance(take);
                if !self.next_piece() {
                    return None;
                }
                continue;
            };
            if header.size >= had {
                self.piece.advance(header.size - had);
            } else {
                // What looked like a repeated timestamp was payload.
                let rest = mem::replace(&mut self.piece, Bytes::copy_from_slice(&self.cut[header.size..had]));
                self.pieces.push_front(rest);
            }
            self.cut.clear();
            return Some(header);
        }
    }

    fn next_piece(&mut self) -> bool {
        while self.piece.is_empty() {
            let Some(piece) = self.pieces.pop_front() else { return false };
            self.piece = piece;
        }
        true
    }

    //= rtmp#5.3/interleave MUST
    //# Each chunk stream keeps its own fields and half message.
    /// Begins a chunk: fills in from earlier headers what this one leaves out, and checks the limits.
    #[inline]
    fn begin(&mut self, header: &Header) -> Result<(), Error> {
        self.stats.chunks += 1;
        let (at, known) = self.streams.open(header.csid, self.limits.streams)?;
        let stream = &mut self.streams.list[at];
        self.stream = at;
        if header.format == 3 && stream.active {
            self.missing = (stream.length - stream.payload.len()).min(self.chunk_size as usize);
            return Ok(());
        }
        //= rtmp#5.3.1.2/first-header MUST
        //# Format 1 is let pass, with stream 0 and time 0 before it: libraries begin their pings so. Formats 2 and 3 say neither type nor length.
        if !known && header.format >= 2 {
            return Err(Error::NoHeader { csid: header.csid, format: header.format });
        }
        if stream.active {
            //= rtmp#5.3.1.2/new-header MUST
            //# A header that states its own fields while a message is half read begins another message; the half one is void, so no length ever changes under it.
            self.unfinished -= stream.void();
            self.stats.interrupted += 1;
        }
        stream.take(header);
        let (length, limit) = (stream.length, self.limits.message);
        if length > limit {
            return Err(Error::MessageTooLong { length, limit });
        }
        self.missing = length.min(self.chunk_size as usize);
        if self.missing < length || self.piece.len() < length {
            //= rtmp#5.3/bounded MUST
            //# Declared lengths are added up over all chunk streams before a byte of the message is kept.
            let (length, limit) = (self.unfinished + length, self.limits.unfinished);
            if length > limit {
                return Err(Error::TooMuchUnfinished { length, limit });
            }
            self.unfinished = length;
            stream.active = true;
        }
        Ok(())
    }

    //= rtmp#5.3/whole MUST
    //# Nothing waits for a whole chunk: bytes go into the half message as they come.
    /// Takes what is there of the chunk's payload; the message, if that completes it.
    #[inline]
    fn payload(&mut self) -> Option<Message> {
        let stream = &mut self.streams.list[self.stream];
        if !stream.active {
            let payload = self.piece.split_to(self.missing);
            self.missing = 0;
            return Some(stream.message(payload));
        }
        let take = self.missing.min(self.piece.len());
        if stream.payload.capacity() == 0 {
            stream.payload.reserve_exact(stream.length.min(FIRST_ALLOCATION));
        }
        stream.payload.extend_from_slice(&self.piece[..take]);
        self.piece.advance(take);
        self.missing -= take;
        if stream.payload.len() < stream.length {
            return None;
        }
        let payload = mem::take(&mut stream.payload);
        self.unfinished -= stream.void();
        Some(stream.message(payload.into()))
    }

    //= rtmp#5.4.1/range MUST
    //# Nothing can be read on with a size of 0, and no program sends one with the top bit: both end the connection.
    fn set_chunk_size(&mut self, payload: &[u8]) -> Result<(), Error> {
        match four(MessageType::SetChunkSize, payload)? {
            size @ 1..=MAX_SIZE => self.chunk_size = size,
            size => return Err(Error::ChunkSize(size)),
        }
        Ok(())
    }

    //= rtmp#5.4.2/discard MUST
    //# What has come of the message is dropped; the fields of its header stay, for the headers that lean on them.
    fn abort(&mut self, payload: &[u8]) -> Result<(), Error> {
        let csid = four(MessageType::Abort, payload)?;
        match self.streams.find(csid).map(|at| &mut self.streams.list[at]).filter(|stream| stream.active) {
            Some(stream) => {
                self.unfinished -= stream.void();
                self.stats.aborted += 1;
            }
            None => self.stats.aborted_nothing += 1,
        }
        Ok(())
    }
}

impl Iterator for Reader {
    type Item = Result<Message, Error>;

    fn next(&mut self) -> Option<Result<Message, Error>> {
        if self.failed {
            return None;
        }
        match self.advance() {
            Ok(message) => message.map(Ok),
            Err(error) => {
                let fresh = Reader { failed: true, stats: self.stats, ..Reader::new(self.limits) };
                *self = fresh;
                Some(Err(error))
            }
        }
    }
}

/// The 32-bit number that is the body of a control message.
fn four(kind: MessageType, payload: &[u8]) -> Result<u32, Error> {
    let short = Error::ShortControl { kind: kind.number(), length: payload.len() };
    payload.first_chunk().map(|four| u32::from_be_bytes(*four)).ok_or(short)
}

/// The chunk streams seen so far.
#[derive(Debug, Default)]
struct Streams {
    list: Vec<Stream>,
    /// Place in the list plus one, for ids that fit in the first byte.
    low: Low,
    high: BTreeMap<u32, usize>,
}

#[derive(Debug)]
struct Low([u8; 64]);

impl Default for Low {
    fn default() -> Low {
        Low([0; 64])
    }
}

//= rtmp#5.3.1.1/same-stream MUST
//# Looked up by number, whatever form stated it.
impl Streams {
    #[inline]
    fn find(&self, csid: u32) -> Option<usize> {
        match self.low.0.get(csid as usize) {
            Some(at) => usize::from(*at).checked_sub(1),
            None => self.high.get(&csid).copied(),
        }
    }

    /// The place of that stream, and whether it was known before.
    #[inline]
    fn open(&mut self, csid: u32, limit: usize) -> Result<(usize, bool), Error> {
        if let Some(at) = self.find(csid) {
            return Ok((at, true));
        }
        let at = self.list.len();
        if at >= limit {
            return Err(Error::TooManyStreams { limit });
        }
        self.list.push(Stream::default());
        match self.low.0.get_mut(csid as usize) {
            Some(low) => *low = u8::try_from(at + 1).unwrap_or(0),
            None => _ = self.high.insert(csid, at),
        }
        Ok((at, false))
    }

    /// The extended timestamp that the latest header of a stream carried.
    #[inline]
    fn extended(&self, csid: u32) -> Option<u32> {
        self.find(csid).and_then(|at| self.list[at].extended)
    }
}

/// One chunk stream: what its latest headers said, and its half message.
#[derive(Debug, Default)]
struct Stream {
    timestamp: u32,
    /// What a message that begins with format 3 adds to it.
    delta: u32,
    length: usize,
    kind: u8,
    stream: u32,
    extended: Option<u32>,
    /// Whether a message has begun and not ended.
    active: bool,
    payload: Vec<u8>,
}

impl Stream {
    /// Takes over what the header at the start of a message says.
    #[inline]
    fn take(&mut self, header: &Header) {
        if header.format < 3 {
            self.extended = header.extended.then_some(header.time);
            self.delta = header.time;
        }
        if header.format < 2 {
            self.length = header.length as usize;
            self.kind = header.kind;
        }
        //= rtmp#5.3.1.2/delta MUST
        //# Formats 1 and 2 carry a difference, format 3 repeats the last one; after format 0 that is the time itself. Sums wrap at 32 bits.
        if header.format == 0 {
            self.timestamp = header.time;
            self.stream = header.stream;
        } else {
            self.timestamp = self.timestamp.wrapping_add(self.delta);
        }
    }

    fn message(&self, payload: Bytes) -> Message {
        let kind = MessageType::from_number(self.kind);
        Message { kind, timestamp: self.timestamp, stream: self.stream, payload }
    }

    /// Forgets the half message; its declared length.
    fn void(&mut self) -> usize {
        self.active = false;
        self.payload = Vec::new();
        self.length
    }
}

/// What is allocated for an unfinished message at first, in bytes, if it is not shorter.
const FIRST_ALLOCATION: usize = 64 << 10;
