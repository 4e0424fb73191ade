//! Aggregate messages: several audio, video and data messages in one (section 7.1.6).
use std::fmt;

use bytes::{Buf, BufMut, Bytes, BytesMut};

use crate::{Message, MessageType};

/// The most messages that one aggregate may hold.
pub const MAX_PARTS: usize = 4096;

/// Why an aggregate is not taken. Nothing of it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Error {
    /// The message is no aggregate.
    NotAggregate,
    /// A part's header or body goes beyond the end; the offset of its header in bytes.
    Truncated(usize),
    /// A part is neither audio nor video nor data, such as another aggregate; its type number.
    Type(u8),
    /// It has more than [`MAX_PARTS`] parts.
    TooMany,
}

/// The messages in an aggregate, with its message stream and with times that start at its own. Payloads are slices of
/// the aggregate's.
///
/// ```
/// use bytes::Bytes;
/// use rtmp::{Message, MessageType, aggregate};
///
/// let part = |timestamp| Message { kind: MessageType::Audio, timestamp, stream: 1, payload: Bytes::from_static(b"x") };
/// let whole = aggregate::join(&[part(20), part(43)]);
/// assert_eq!(aggregate::split(&whole), Ok(vec![part(20), part(43)]));
/// let later = Message { timestamp: 1020, ..whole };
/// assert_eq!(aggregate::split(&later), Ok(vec![part(1020), part(1043)]));
/// ```
///
/// # Errors
/// When a part goes beyond the end or is not media, or there are too many.
//= rtmp#7.1.6/times MUST
//# The first part's time becomes the aggregate's, and all others keep their distance to it, modulo 2^32.
//= rtmp#7.1.6/stream MUST
//# The aggregate's message stream replaces what the parts say.
//= rtmp#7.1.6/back-pointer MAY
//# It is passed over without a look, as nothing here walks backwards, and may be missing at the end.
pub fn split(message: &Message) -> Result<Vec<Message>, Error> {
    if message.kind != MessageType::Aggregate {
        return Err(Error::NotAggregate);
    }
    let (mut rest, mut parts, mut shift) = (message.payload.clone(), Vec::new(), None);
    while !rest.is_empty() {
        let truncated = Error::Truncated(message.payload.len() - rest.len());
        let Some(&[number, l0, l1, l2, t2, t1, t0, t3, ..]) = rest.get(..HEADER) else { return Err(truncated) };
        rest.advance(HEADER);
        let kind = MessageType::from_number(number);
        if !kind.is_media() {
            return Err(Error::Type(number));
        }
        let length = u32::from_be_bytes([0, l0, l1, l2]) as usize;
        if length > rest.len() {
            return Err(truncated);
        }
        if parts.len() == MAX_PARTS {
            return Err(Error::TooMany);
        }
        let time = u32::from_be_bytes([t3, t2, t1, t0]);
        let shift = *shift.get_or_insert_with(|| message.timestamp.wrapping_sub(time));
        let (timestamp, payload) = (time.wrapping_add(shift), rest.split_to(length));
        parts.push(Message { kind, timestamp, stream: message.stream, payload });
        rest.advance(rest.len().min(BACK_POINTER));
    }
    Ok(parts)
}

/// One aggregate of all `parts`, with the first one's time and message stream. The sum of their lengths, and 15 bytes
/// for each, must stay below 16,777,216 if it is to be written.
pub fn join(parts: &[Message]) -> Message {
    let mut out = BytesMut::with_capacity(parts.iter().map(|part| HEADER + part.payload.len() + BACK_POINTER).sum());
    for part in parts {
        let length = part.payload.len() as u32;
        let [t3, t2, t1, t0] = part.timestamp.to_be_bytes();
        out.put_u8(part.kind.number());
        out.put_uint(u64::from(length), 3);
        out.put_slice(&[t2, t1, t0, t3]);
        out.put_uint(u64::from(part.stream & 0xff_ffff), 3);
        out.put_slice(&part.payload);
        out.put_u32(length.wrapping_add(HEADER as u32));
    }
    let (timestamp, stream) = parts.first().map_or((0, 0), |part| (part.timestamp, part.stream));
    Message { kind: MessageType::Aggregate, timestamp, stream, payload: Bytes::from(out) }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::NotAggregate => write!(f, "not an aggregate message"),
            Error::Truncated(offset) => write!(f, "the part at byte {offset} goes beyond the aggregate's end"),
            Error::Type(number) => write!(f, "a message of type {number} inside an aggregate"),
            Error::TooMany => write!(f, "more than {MAX_PARTS} messages in an aggregate"),
        }
    }
}

impl std::error::Error for Error {}

/// Type, length, time (its highest byte last) and message stream of a part, as in an FLV tag.
const HEADER: usize = 11;
const BACK_POINTER: usize = 4;
