use std::fmt;

use bytes::{BufMut, Bytes, BytesMut};

use crate::view::FIXED;
use crate::{EncodeError, ParseError, View};

/// An RTP data packet as a value: RFC 3550 section 5.1.
///
/// Parsing copies no payload: it is a slice of the datagram. What was parsed prints back byte for byte, except that
/// padding prints as zeros before its count.
///
/// ```
/// use bytes::Bytes;
/// use rfc3550::Packet;
/// let packet = Packet {
///     marker: true,
///     payload_type: 0,
///     sequence: 7,
///     timestamp: 160,
///     ssrc: 0xdecafbad,
///     payload: Bytes::from_static(b"\xff\xff"),
///     ..Packet::default()
/// };
/// let bytes = packet.to_bytes();
/// assert_eq!(bytes[..4], [0x80, 0x80, 0, 7]);
/// assert_eq!(Packet::parse(bytes), Ok(packet));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Packet {
    /// The marker bit; the profile says what it means.
    pub marker: bool,
    /// The payload type, 0 to 127; larger numbers lose their high bit on the wire.
    pub payload_type: u8,
    /// The sequence number.
    pub sequence: u16,
    /// The sampling instant of the first sample, in ticks of the payload type's clock.
    pub timestamp: u32,
    /// The synchronization source.
    pub ssrc: u32,
    /// The contributing sources, when a mixer made the packet.
    pub csrcs: Csrcs,
    /// The header extension.
    pub extension: Option<Extension>,
    /// The payload, without padding.
    pub payload: Bytes,
    /// Bytes of padding after the payload, its count byte included; 0 for none.
    pub padding: u8,
}

impl Packet {
    /// Parses one datagram. The payload and the extension share its memory.
    ///
    /// # Errors
    /// As [`View::parse`].
    #[inline]
    pub fn parse(datagram: Bytes) -> Result<Packet, ParseError> {
        let view = View::parse(&datagram)?;
        let (marker, payload_type, sequence) = (view.marker(), view.payload_type(), view.sequence());
        let (timestamp, ssrc, padding) = (view.timestamp(), view.ssrc(), view.padding());
        let csrcs = Csrcs::of_view(&view);
        let extension = view.extension().map(|(profile, data)| Extension { profile, data: datagram.slice_ref(data) });
        let range = view.payload_range();
        let mut payload = datagram; // moved, not cloned: no reference count to touch
        payload.truncate(range.end);
        bytes::Buf::advance(&mut payload, range.start);
        Ok(Packet { marker, payload_type, sequence, timestamp, ssrc, csrcs, extension, payload, padding })
    }

    /// The length of the packet in bytes.
    pub fn len(&self) -> usize {
        self.header_len() + self.payload.len() + usize::from(self.padding)
    }

    /// Always false: a packet has a header.
    pub const fn is_empty(&self) -> bool {
        false
    }

    /// The length of header, contributing sources and extension in bytes.
    pub fn header_len(&self) -> usize {
        FIXED + 4 * self.csrcs.len() + self.extension.as_ref().map_or(0, |e| 4 + e.data.len())
    }

    /// The packet as one datagram.
    pub fn to_bytes(&self) -> Bytes {
        let mut out = BytesMut::with_capacity(self.len());
        self.write(&mut out);
        out.freeze()
    }

    /// Appends the packet to `out`.
    //= rfc3550#4/network-order MUST
    //# Every number goes through put_u16, put_u32 or to_be_bytes, here and in RTCP.
    //= rfc3550#4/zero-padding MUST
    //# Padding before its count is zeros, whatever was parsed.
    //= rfc3550#5.3.1/appended MUST
    //# Fixed header, contributing sources, extension, payload, padding: in this order.
    pub fn write(&self, out: &mut BytesMut) {
        out.reserve(self.len());
        out.put_slice(&self.fixed());
        for csrc in self.csrcs.as_slice() {
            out.put_u32(*csrc);
        }
        if let Some(extension) = &self.extension {
            out.put_u16(extension.profile);
            out.put_u16((extension.data.len() / 4) as u16);
            out.put_slice(&extension.data);
        }
        out.put_slice(&self.payload);
        if self.padding > 0 {
            out.put_bytes(0, usize::from(self.padding) - 1);
            out.put_u8(self.padding);
        }
    }

    //= rfc3550#5.1/extension MUST
    //# X is whether the one optional extension is there.
    #[inline]
    fn fixed(&self) -> [u8; FIXED] {
        let bits = u8::from(self.padding > 0) << 5 | u8::from(self.extension.is_some()) << 4;
        let [s0, s1] = self.sequence.to_be_bytes();
        let [t0, t1, t2, t3] = self.timestamp.to_be_bytes();
        let [r0, r1, r2, r3] = self.ssrc.to_be_bytes();
        let second = u8::from(self.marker) << 7 | self.payload_type & 0x7f;
        [0x80 | bits | self.csrcs.len() as u8, second, s0, s1, t0, t1, t2, t3, r0, r1, r2, r3]
    }
}

/// The list of contributing sources of a packet: 0 to 15 numbers. An empty list owns no memory.
///
/// ```
/// use rfc3550::Csrcs;
/// let csrcs = Csrcs::new(&[1, 17]).unwrap();
/// assert_eq!(csrcs.as_slice(), [1, 17]);
/// assert!(Csrcs::new(&[0; 16]).is_err());
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Csrcs(Box<[u32]>);

impl Csrcs {
    /// The list of those sources.
    ///
    /// # Errors
    /// [`EncodeError::TooMany`] for more than 15.
    pub fn new(sources: &[u32]) -> Result<Csrcs, EncodeError> {
        if sources.len() > 15 { Err(EncodeError::TooMany) } else { Ok(Csrcs(sources.into())) }
    }

    //= rfc3550#5.1/csrc-count MUST
    //# The four-bit count says how many follow the fixed header, so that no list is longer than 15.
    #[inline]
    fn of_view(view: &View<'_>) -> Csrcs {
        Csrcs(view.csrcs().collect())
    }

    /// The sources in their order.
    pub fn as_slice(&self) -> &[u32] {
        &self.0
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Csrcs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A header extension: RFC 3550 section 5.3.1. This room carries it and leaves its meaning to the profile.
///
/// ```
/// use rfc3550::Extension;
/// let extension = Extension::new(0xbede, vec![0x10, 0xff, 0, 0]).unwrap();
/// assert_eq!(extension.data().len(), 4);
/// assert!(Extension::new(0xbede, vec![1]).is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extension {
    profile: u16,
    data: Bytes,
}

impl Extension {
    /// An extension with the profile's 16 bits and `data`.
    ///
    /// # Errors
    /// [`EncodeError::Unaligned`] when `data` is not a multiple of 4 bytes, [`EncodeError::TooLong`] when it is longer
    /// than 65,535 words.
    pub fn new(profile: u16, data: impl Into<Bytes>) -> Result<Extension, EncodeError> {
        let data = data.into();
        match data.len() {
            n if n % 4 != 0 => Err(EncodeError::Unaligned),
            n if n > 4 * 0xffff => Err(EncodeError::TooLong),
            _ => Ok(Extension { profile, data }),
        }
    }

    /// The first 16 bits, which the profile defines.
    pub const fn profile(&self) -> u16 {
        self.profile
    }

    /// The data after the length, a multiple of 4 bytes.
    pub const fn data(&self) -> &Bytes {
        &self.data
    }
}
