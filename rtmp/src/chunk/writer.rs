use bytes::{BufMut, BytesMut};

use super::header::{EXTENDED, put_basic};
use super::{DEFAULT_SIZE, Error, MAX_MESSAGE, csid};
use crate::{Message, MessageType};

/// Cuts the messages of one direction of a connection into chunks, each with the smallest header that says it all.
///
/// A message is written as a whole: whoever wants short ones to overtake a long one writes them first.
#[derive(Clone, Debug)]
pub struct Writer {
    chunk_size: u32,
    /// By chunk stream id, in order of first use: a connection has a handful.
    streams: Vec<(u32, Last)>,
}

/// What the latest header of a chunk stream said.
#[derive(Clone, Copy, Debug)]
struct Last {
    timestamp: u32,
    /// What format 3 would add; `None` where readers differ.
    delta: Option<u32>,
    length: usize,
    kind: MessageType,
    stream: u32,
}

impl Writer {
    /// A writer at the start of the chunk stream, with chunks of 128 bytes.
    pub fn new() -> Writer {
        Writer { chunk_size: DEFAULT_SIZE, streams: Vec::new() }
    }

    /// The chunk size in force, in bytes.
    pub fn chunk_size(&self) -> u32 {
        self.chunk_size
    }

    /// Tells the receiver of another chunk size and uses it from now on. Sizes outside 1 to 16,777,215 count as the
    /// nearest of these: no message is longer.
    //= rtmp#5.4.1/sender MUST
    //# The message goes out before the first chunk of the new size; the clamp keeps the top bit zero.
    pub fn set_chunk_size(&mut self, size: u32, out: &mut BytesMut) {
        let size = size.clamp(1, MAX_MESSAGE);
        let last = Last { timestamp: 0, delta: Some(0), length: 4, kind: MessageType::SetChunkSize, stream: 0 };
        put_header(0, csid::CONTROL, &last, 0, out);
        put_payload(&size.to_be_bytes(), csid::CONTROL, self.chunk_size, None, out);
        self.chunk_size = size;
        self.remember(csid::CONTROL, last);
    }

    /// Appends the chunks of `message` to `out`.
    ///
    /// # Errors
    /// When the payload is longer than 16,777,215 bytes or `csid` is outside 2 to 65,599; nothing is appended then.
    pub fn write(&mut self, message: &Message, csid: u32, out: &mut BytesMut) -> Result<(), Error> {
        if !(csid::MIN..=csid::MAX).contains(&csid) {
            return Err(Error::Csid(csid));
        }
        let Message { kind, timestamp, stream, ref payload } = *message;
        let length = payload.len();
        if length > MAX_MESSAGE as usize {
            return Err(Error::MessageTooLong { length, limit: MAX_MESSAGE as usize });
        }
        let known = self.streams.iter().find(|(id, _)| *id == csid).map(|(_, last)| last);
        let (format, delta) = match known.filter(|_| csid != csid::SHARED) {
            Some(last) => last.format(message),
            None => (0, (timestamp == 0).then_some(0)),
        };
        let last = Last { timestamp, delta, length, kind, stream };
        let time = if format == 0 { timestamp } else { delta.unwrap_or(0) };
        let extended = (time >= EXTENDED).then_some(time);
        out.reserve(size(length, self.chunk_size));
        put_header(format, csid, &last, time, out);
        put_payload(payload, csid, self.chunk_size, extended, out);
        self.remember(csid, last);
        Ok(())
    }

    fn remember(&mut self, csid: u32, last: Last) {
        match self.streams.iter_mut().find(|(id, _)| *id == csid) {
            Some((_, known)) => *known = last,
            None => self.streams.push((csid, last)),
        }
    }
}

impl Default for Writer {
    fn default() -> Writer {
        Writer::new()
    }
}

impl Last {
    /// The smallest format that says `message` after this one, and the delta that it leaves behind.
    //= rtmp#5.3.1.2/smallest SHOULD
    //# Format 3 only where all readers agree on what it adds: not right after format 0 with a time, which some count again and some do not.
    //= rtmp#5.3.1.2/backwards MUST
    //# A time that goes back, or on by more than three bytes can tell, is written as it is: readers differ on extended differences.
    fn format(&self, message: &Message) -> (u8, Option<u32>) {
        let delta = message.timestamp.wrapping_sub(self.timestamp);
        if message.stream != self.stream || delta >= EXTENDED {
            return (0, (message.timestamp == 0).then_some(0));
        }
        let format = match (message.kind == self.kind && message.payload.len() == self.length, self.delta) {
            (false, _) => 1,
            (true, Some(last)) if last == delta => 3,
            (true, _) => 2,
        };
        (format, Some(delta))
    }
}

/// Appends the chunks of a message that needs no earlier header, for any receiver.
pub(super) fn put_alone(message: &Message, stream: u32, csid: u32, chunk_size: u32, out: &mut BytesMut) {
    let Message { kind, timestamp, ref payload, .. } = *message;
    let extended = (timestamp >= EXTENDED).then_some(timestamp);
    let last = Last { timestamp, delta: None, length: payload.len(), kind, stream };
    out.reserve(size(payload.len(), chunk_size));
    put_header(0, csid, &last, timestamp, out);
    put_payload(payload, csid, chunk_size, extended, out);
}

/// Appends the header of a message's first chunk. `time` is its timestamp or its difference, by the format.
#[inline]
fn put_header(format: u8, csid: u32, last: &Last, time: u32, out: &mut BytesMut) {
    put_basic(format, csid, out);
    if format < 3 {
        out.put_uint(u64::from(time.min(EXTENDED)), 3);
    }
    if format < 2 {
        out.put_uint(last.length as u64, 3);
        out.put_u8(last.kind.number());
    }
    if format == 0 {
        out.put_u32_le(last.stream);
    }
    //= rtmp#5.3.1.3/field MUST
    //# From 0xffffff on the three bytes are all ones and the 32 bits follow.
    if format < 3 && time >= EXTENDED {
        out.put_u32(time);
    }
}

/// Appends the payload after a message's first header, with the headers of the chunks after the first.
fn put_payload(payload: &[u8], csid: u32, chunk_size: u32, extended: Option<u32>, out: &mut BytesMut) {
    for (n, chunk) in payload.chunks(chunk_size.max(1) as usize).enumerate() {
        if n > 0 {
            put_basic(3, csid, out);
            //= rtmp#5.3.1.3/repeat MUST
            //# Every later chunk of such a message carries the field again.
            if let Some(time) = extended {
                out.put_u32(time);
            }
        }
        out.put_slice(chunk);
    }
}

/// Bytes that a message takes with the longest headers.
fn size(length: usize, chunk_size: u32) -> usize {
    super::header::MAX_SIZE + length + length / chunk_size.max(1) as usize * 7
}
