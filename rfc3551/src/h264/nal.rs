use bytes::{Buf, Bytes};

/// The first byte of a NAL unit or of a payload: RFC 6184 section 1.3.
///
/// ```
/// use rfc3551::h264::{NalHeader, NalType};
/// let header = NalHeader(0x65);
/// assert_eq!((header.kind(), header.importance(), header.is_damaged()), (NalType::Idr, 3, false));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NalHeader(pub u8);

impl NalHeader {
    /// The F bit: someone on the way saw bit errors.
    pub const fn is_damaged(self) -> bool {
        self.0 & 0x80 != 0
    }

    /// NRI, 0 to 3: 0 when no other picture refers to this one.
    pub const fn importance(self) -> u8 {
        self.0 >> 5 & 3
    }

    /// What kind of NAL unit, or of payload.
    pub const fn kind(self) -> NalType {
        NalType::from_number(self.0 & 0x1f)
    }
}

/// What a NAL unit or a payload is: RFC 6184 table 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NalType {
    /// 1: a slice of a picture that refers to others.
    Slice,
    /// 2 to 4: a partition of such a slice.
    Partition(u8),
    /// 5: a slice of a picture that decoding can start at.
    Idr,
    /// 6: supplemental information.
    Sei,
    /// 7: a sequence parameter set.
    Sps,
    /// 8: a picture parameter set.
    Pps,
    /// 9: an access unit delimiter.
    Delimiter,
    /// 12: filler.
    Filler,
    /// 24: several NAL units of one time in one payload.
    StapA,
    /// 28: a piece of a NAL unit.
    FuA,
    /// Any other number up to 31.
    Other(u8),
}

impl NalType {
    /// The type of that number; bits above the fifth are ignored.
    pub const fn from_number(number: u8) -> NalType {
        match number & 0x1f {
            1 => NalType::Slice,
            n @ 2..=4 => NalType::Partition(n),
            5 => NalType::Idr,
            6 => NalType::Sei,
            7 => NalType::Sps,
            8 => NalType::Pps,
            9 => NalType::Delimiter,
            12 => NalType::Filler,
            24 => NalType::StapA,
            28 => NalType::FuA,
            n => NalType::Other(n),
        }
    }

    /// The number, 0 to 31.
    pub const fn number(self) -> u8 {
        match self {
            NalType::Slice => 1,
            NalType::Idr => 5,
            NalType::Sei => 6,
            NalType::Sps => 7,
            NalType::Pps => 8,
            NalType::Delimiter => 9,
            NalType::Filler => 12,
            NalType::StapA => 24,
            NalType::FuA => 28,
            NalType::Partition(n) | NalType::Other(n) => n,
        }
    }

    /// Whether it carries a part of a picture.
    pub const fn is_coded_slice(self) -> bool {
        matches!(self, NalType::Slice | NalType::Partition(_) | NalType::Idr)
    }

    /// Whether it may stand in a packet as it is: 1 to 23.
    pub const fn is_nal_unit(self) -> bool {
        matches!(self.number(), 1..=23)
    }
}

/// The type of a NAL unit; that of number 0 when it is empty.
pub(super) fn kind_of(nal: &[u8]) -> NalType {
    NalHeader(nal.first().copied().unwrap_or(0)).kind()
}

/// Whether a slice is the first of its picture, as `first_mb_in_slice` says: an Exp-Golomb 0 is a single set bit.
pub(super) fn begins_picture(nal: &[u8]) -> bool {
    nal.get(1).is_some_and(|byte| byte & 0x80 != 0)
}

/// The NAL units of a byte stream with start codes (ITU-T H.264 annex B), as slices of it, empty ones left out.
///
/// ```
/// use bytes::Bytes;
/// let stream = Bytes::from_static(&[0, 0, 0, 1, 0x67, 1, 0, 0, 1, 0x68, 2, 0, 0]);
/// let nals: Vec<_> = rfc3551::h264::annex_b(&stream).collect();
/// assert_eq!(nals, [&[0x67, 1][..], &[0x68, 2]]);
/// ```
pub fn annex_b(stream: &Bytes) -> impl Iterator<Item = Bytes> {
    let mut rest = stream.clone();
    match start_code(&rest) {
        Some(at) => rest.advance(at + 3),
        None => rest.clear(),
    }
    std::iter::from_fn(move || {
        while !rest.is_empty() {
            let end = start_code(&rest);
            let nal = rest.split_to(end.unwrap_or(rest.len()));
            if end.is_some() {
                rest.advance(3);
            }
            let len = nal.len() - nal.iter().rev().take_while(|byte| **byte == 0).count();
            if len > 0 {
                return Some(nal.slice(..len));
            }
        }
        None
    })
}

/// Where the three bytes of the next start code begin.
fn start_code(bytes: &[u8]) -> Option<usize> {
    bytes.windows(3).position(|window| window == [0, 0, 1])
}

/// The NAL units of a body in which each follows its length in `size` bytes (1 to 4), as AVC files and RTMP have them.
/// Slices of the body; ends without the rest at the first length that does not fit, empty ones left out.
///
/// ```
/// use bytes::Bytes;
/// let body = Bytes::from_static(&[0, 2, 0x67, 1, 0, 0, 0, 1, 0x68, 0, 9, 1]);
/// let nals: Vec<_> = rfc3551::h264::length_prefixed(&body, 2).collect();
/// assert_eq!(nals, [&[0x67, 1][..], &[0x68]]);
/// ```
pub fn length_prefixed(body: &Bytes, size: usize) -> impl Iterator<Item = Bytes> {
    let mut rest = body.clone();
    let size = size.clamp(1, 4);
    std::iter::from_fn(move || {
        loop {
            let length = rest.get(..size)?.iter().fold(0, |length, byte| length << 8 | usize::from(*byte));
            rest.advance(size);
            if length > rest.len() {
                rest.clear();
                return None;
            }
            if length > 0 {
                return Some(rest.split_to(length));
            }
        }
    })
}
