//! Redundant audio data: RFC 2198. One packet carries the newest payload and older ones again.

use std::collections::VecDeque;
use std::fmt;

use bytes::{Buf, BufMut, Bytes, BytesMut};

/// An older payload in a redundant packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// What the data is, 0 to 127.
    pub payload_type: u8,
    /// How many ticks its timestamp is below that of the packet: 0 to 16,383.
    pub offset: u16,
    /// The data, at most 1,023 bytes.
    pub data: Bytes,
}

impl Block {
    /// The timestamp of the block in a packet with that timestamp.
    pub const fn timestamp(&self, packet: u32) -> u32 {
        packet.wrapping_sub(self.offset as u32)
    }
}

/// The payload of a redundant packet.
///
/// ```
/// use bytes::Bytes;
/// use rfc3551::red::{Block, Payload};
/// let payload = Payload {
///     blocks: vec![Block { payload_type: 127, offset: 160, data: Bytes::from_static(&[2, 2]) }],
///     payload_type: 126,
///     data: Bytes::from_static(&[1, 1, 1]),
/// };
/// let bytes = payload.to_bytes().unwrap();
/// // F and type, 14 bits of offset, 10 bits of length; then the type of the newest block, then the data.
/// assert_eq!(bytes[..], [0xff, 160 >> 6, (160 & 63) << 2, 2, 126, 2, 2, 1, 1, 1]);
/// assert_eq!(Payload::parse(bytes), Ok(payload));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Payload {
    /// The older payloads, in the order of the packet: oldest first, as senders do it.
    pub blocks: Vec<Block>,
    /// What the newest payload is, 0 to 127.
    pub payload_type: u8,
    /// The newest payload, to which the packet's timestamp belongs.
    pub data: Bytes,
}

/// How many older payloads a packet may hold before it is refused.
pub const MAX_BLOCKS: usize = 16;

/// The largest offset: 14 bits.
pub const MAX_OFFSET: u16 = 0x3fff;

/// The longest block: 10 bits.
pub const MAX_LEN: usize = 0x3ff;

impl Payload {
    /// Parses the payload of a packet. The blocks share its memory.
    ///
    /// # Errors
    /// [`RedError`]; the packet is of no use.
    //= rfc2198#3/primary-last MUST
    //# The header without F bit is the last one and one byte long; its block is what the others leave over.
    pub fn parse(mut payload: Bytes) -> Result<Payload, RedError> {
        let mut headers = Vec::new();
        let payload_type = loop {
            let first = payload.try_get_u8().map_err(|_| RedError::Truncated)?;
            if first & 0x80 == 0 {
                break first;
            }
            if headers.len() == MAX_BLOCKS {
                return Err(RedError::TooMany);
            }
            //= rfc2198#3/layout MUST
            //# Three bytes after the type: 14 bits of offset, then 10 bits of length.
            let bits = payload.try_get_uint(3).map_err(|_| RedError::Truncated)? as u32;
            headers.push((first & 0x7f, (bits >> 10) as u16, (bits & 0x3ff) as usize));
        };
        let mut blocks = Vec::with_capacity(headers.len());
        for (payload_type, offset, len) in headers {
            if len > payload.len() {
                return Err(RedError::Truncated);
            }
            blocks.push(Block { payload_type, offset, data: payload.split_to(len) });
        }
        Ok(Payload { blocks, payload_type, data: payload })
    }

    /// The payload of a packet.
    ///
    /// # Errors
    /// [`RedError::Offset`] or [`RedError::Length`] when a block does not fit its fields, [`RedError::TooMany`].
    pub fn to_bytes(&self) -> Result<Bytes, RedError> {
        if self.blocks.len() > MAX_BLOCKS {
            return Err(RedError::TooMany);
        }
        let len: usize = self.blocks.iter().map(|b| 4 + b.data.len()).sum();
        let mut out = BytesMut::with_capacity(len + 1 + self.data.len());
        for block in &self.blocks {
            if block.offset > MAX_OFFSET {
                return Err(RedError::Offset);
            }
            if block.data.len() > MAX_LEN {
                return Err(RedError::Length);
            }
            out.put_u8(0x80 | block.payload_type);
            out.put_uint(u64::from(block.offset) << 10 | block.data.len() as u64, 3);
        }
        out.put_u8(self.payload_type & 0x7f);
        self.blocks.iter().for_each(|block| out.put_slice(&block.data));
        out.put_slice(&self.data);
        Ok(out.freeze())
    }
}

/// Why a redundant payload cannot be read or written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RedError {
    /// It ends before what its headers promise.
    Truncated,
    /// It has more than [`MAX_BLOCKS`] older payloads.
    TooMany,
    /// An offset is above [`MAX_OFFSET`].
    Offset,
    /// A block is longer than [`MAX_LEN`].
    Length,
}

impl fmt::Display for RedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            RedError::Truncated => "redundant payload ends too early",
            RedError::TooMany => "too many redundant blocks",
            RedError::Offset => "timestamp offset above 14 bits",
            RedError::Length => "block longer than 10 bits can say",
        })
    }
}

impl std::error::Error for RedError {}

/// Repeats the last payloads in each packet.
///
/// ```
/// use bytes::Bytes;
/// use rfc3551::red::{Encoder, Payload};
/// let mut encoder = Encoder::new(1);
/// encoder.encode(0, 1000, Bytes::from_static(b"a"));
/// let second = Payload::parse(encoder.encode(0, 1160, Bytes::from_static(b"b"))).unwrap();
/// assert_eq!((second.blocks[0].offset, &second.blocks[0].data[..], &second.data[..]), (160, &b"a"[..], &b"b"[..]));
/// ```
#[derive(Clone, Debug)]
pub struct Encoder {
    levels: usize,
    history: VecDeque<(u8, u32, Bytes)>,
}

impl Encoder {
    /// An encoder that repeats the last `levels` payloads, at most [`MAX_BLOCKS`].
    pub fn new(levels: usize) -> Encoder {
        Encoder { levels: levels.min(MAX_BLOCKS), history: VecDeque::new() }
    }

    /// The redundant payload for `data` with that payload type and timestamp. What is too old or too long for its fields
    /// is not repeated.
    //= rfc2198#3/same-rate MUST
    //# Offsets are differences of the stream's own timestamps, so that all blocks share its clock.
    pub fn encode(&mut self, payload_type: u8, timestamp: u32, data: Bytes) -> Bytes {
        let blocks = self.history.iter().filter_map(|(payload_type, then, data)| {
            let offset = u16::try_from(timestamp.wrapping_sub(*then)).ok().filter(|o| (1..=MAX_OFFSET).contains(o))?;
            (data.len() <= MAX_LEN).then(|| Block { payload_type: payload_type & 0x7f, offset, data: data.clone() })
        });
        let payload = Payload { blocks: blocks.collect(), payload_type: payload_type & 0x7f, data: data.clone() };
        if self.levels > 0 {
            if self.history.len() == self.levels {
                self.history.pop_front();
            }
            self.history.push_back((payload_type, timestamp, data));
        }
        payload.to_bytes().unwrap_or_default() // every block was measured above
    }
}
