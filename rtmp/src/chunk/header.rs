//! Chunk headers, as bytes.
use bytes::{BufMut, BytesMut};

/// What one chunk header says. What its format leaves out is 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub format: u8,
    pub csid: u32,
    /// Timestamp (format 0) or its difference to the message before (1 and 2), the extended field taken in.
    pub time: u32,
    /// Whether the extended timestamp field is there.
    pub extended: bool,
    pub length: u32,
    pub kind: u8,
    pub stream: u32,
    /// Length of the header itself in bytes.
    pub size: usize,
}

/// The longest header: three bytes of id, eleven of message header, four of extended timestamp.
pub(super) const MAX_SIZE: usize = 18;
/// What the 24-bit time field holds when the time follows in 32 bits.
pub(super) const EXTENDED: u32 = 0xff_ffff;

impl Header {
    /// Reads the header at the start of `bytes`. `None` until enough of it is there. `extended` tells of a chunk
    /// stream what extended timestamp its latest header carried, if any.
    #[inline]
    pub fn parse(bytes: &[u8], extended: impl FnOnce(u32) -> Option<u32>) -> Option<Header> {
        let (format, csid, size) = basic(bytes)?;
        let mut header = Header { format, csid, time: 0, extended: false, length: 0, kind: 0, stream: 0, size };
        let rest = bytes.get(size..)?;
        if format == 3 {
            let Some(value) = extended(csid) else { return Some(header) };
            header.extended = true;
            header.time = value;
            header.size += if repeats(rest, value)? { 4 } else { 0 };
            return Some(header);
        }
        let fields = rest.get(..FIELDS[usize::from(format)])?;
        header.size += fields.len();
        if let [t0, t1, t2, ..] = *fields {
            header.time = u32::from_be_bytes([0, t0, t1, t2]);
        }
        if let [_, _, _, l0, l1, l2, kind, ..] = *fields {
            header.length = u32::from_be_bytes([0, l0, l1, l2]);
            header.kind = kind;
        }
        //= rtmp#5.3.1.2/stream-order MUST
        //# Read here and written by the writer as little endian.
        if let [.., s0, s1, s2, s3] = *fields
            && format == 0
        {
            header.stream = u32::from_le_bytes([s0, s1, s2, s3]);
        }
        if header.time == EXTENDED {
            header.extended = true;
            header.time = u32::from_be_bytes(*rest.get(fields.len()..)?.first_chunk()?);
            header.size += 4;
        }
        Some(header)
    }
}

/// Message header bytes of formats 0, 1 and 2.
const FIELDS: [usize; 3] = [11, 7, 3];

/// Format, chunk stream id and their length in bytes.
#[inline]
fn basic(bytes: &[u8]) -> Option<(u8, u32, usize)> {
    let (&first, rest) = bytes.split_first()?;
    let format = first >> 6;
    Some(match first & 0x3f {
        //= rtmp#5.3.1.1/two-bytes MUST
        //# The byte that follows, plus 64.
        0 => (format, u32::from(*rest.first()?) + 64, 2),
        //= rtmp#5.3.1.1/three-bytes MUST
        //# The lower byte comes first.
        1 => (format, u32::from(u16::from_le_bytes(*rest.first_chunk()?)) + 64, 3),
        csid => (format, u32::from(csid), 1),
    })
}

/// Whether a chunk of format 3 repeats the extended timestamp `value`; `None` until that can be told.
//= rtmp#5.3.1.3/missing-repeat MUST
//# Chance makes a payload begin with these four bytes once in four thousand million chunks. Bytes that differ already decide, so a short chunk waits for nothing.
fn repeats(bytes: &[u8], value: u32) -> Option<bool> {
    let value = value.to_be_bytes();
    let seen = bytes.len().min(4);
    if bytes[..seen] != value[..seen] { Some(false) } else { (seen == 4).then_some(true) }
}

/// Appends a basic header: the shortest form that holds `csid`.
//= rtmp#5.3.1.1/shortest SHOULD
//# One byte up to 63, two up to 319, else three.
pub(super) fn put_basic(format: u8, csid: u32, out: &mut BytesMut) {
    let format = format << 6;
    match csid {
        0..=63 => out.put_u8(format | csid as u8),
        64..=319 => out.put_slice(&[format, (csid - 64) as u8]),
        _ => {
            let [low, high, ..] = (csid - 64).to_le_bytes();
            out.put_slice(&[format | 1, low, high]);
        }
    }
}
