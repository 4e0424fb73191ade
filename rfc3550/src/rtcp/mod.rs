//! RTCP packets and the compound that one datagram holds: RFC 3550 section 6.
//!
//! One file a packet type. Values are plain; their `parse` takes the body of one packet without header and padding, and
//! every kind of packet that this room does not know is kept as [`Other`] and prints itself back.

mod app;
mod bye;
mod compound;
mod feedback;
mod report;
mod sdes;

pub use app::App;
pub use bye::Goodbye;
pub use compound::{Compound, MAX_PACKETS};
pub use feedback::KeyFrameRequest;
pub use report::{ReceiverReport, ReportBlock, SenderInfo, SenderReport};
pub use sdes::{Chunk, Item, ItemType, SourceDescription};

use bytes::{BufMut, Bytes, BytesMut};

use crate::{EncodeError, ParseError};

/// One RTCP packet of a compound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Packet {
    /// Type 200: what a sender sent, and what it heard.
    SenderReport(SenderReport),
    /// Type 201: what a participant heard.
    ReceiverReport(ReceiverReport),
    /// Type 202: who the sources are.
    SourceDescription(SourceDescription),
    /// Type 203: sources that leave.
    Goodbye(Goodbye),
    /// Type 204: for one application.
    App(App),
    /// Any other type.
    Other(Other),
}

impl Packet {
    /// The number of this packet's type: RFC 3550 section 12.1.
    pub const fn packet_type(&self) -> u8 {
        match self {
            Packet::SenderReport(_) => 200,
            Packet::ReceiverReport(_) => 201,
            Packet::SourceDescription(_) => 202,
            Packet::Goodbye(_) => 203,
            Packet::App(_) => 204,
            Packet::Other(other) => other.packet_type,
        }
    }

    //= rfc3550#6.1/unknown-type SHOULD
    //# A type that is not known is kept with its bytes and the next packet is found by the length.
    fn parse(packet_type: u8, count: u8, body: Bytes) -> Result<Packet, ParseError> {
        Ok(match packet_type {
            200 => Packet::SenderReport(SenderReport::parse(count, body)?),
            201 => Packet::ReceiverReport(ReceiverReport::parse(count, body)?),
            202 => Packet::SourceDescription(SourceDescription::parse(count, body)?),
            203 => Packet::Goodbye(Goodbye::parse(count, body)?),
            204 => Packet::App(App::parse(count, body)?),
            _ => Packet::Other(Other { packet_type, count, body }),
        })
    }

    /// Appends the packet, header included, without padding.
    //= rfc3550#6.1/variable MAY
    //# Each type reads the body that its length gives.
    //= rfc3550#6.1/aligned MUST
    //# Each body is whole words: texts are padded, and data of the caller that is not is an error.
    ///
    /// # Errors
    /// [`EncodeError`] when a count, a text or the whole does not fit its field. `out` is then as it was.
    pub fn write(&self, out: &mut BytesMut) -> Result<(), EncodeError> {
        let start = out.len();
        out.put_u32(0); // the header, once count and length are known
        let written = match self {
            Packet::SenderReport(report) => report.write(out),
            Packet::ReceiverReport(report) => report.write(out),
            Packet::SourceDescription(description) => description.write(out),
            Packet::Goodbye(bye) => bye.write(out),
            Packet::App(app) => app.write(out),
            Packet::Other(other) => other.write(out),
        };
        let result = written.and_then(|count| Header::encode(count, self.packet_type(), out.len() - start));
        match result {
            Ok(header) => out[start..start + 4].copy_from_slice(&header),
            Err(error) => {
                out.truncate(start);
                return Err(error);
            }
        }
        Ok(())
    }
}

/// A packet of a type that this room does not know, kept for whoever does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Other {
    /// The type: neither 200 to 204.
    pub packet_type: u8,
    /// The five bits after the padding bit, 0 to 31.
    pub count: u8,
    /// What follows the header, without padding: a multiple of 4 bytes.
    pub body: Bytes,
}

impl Other {
    fn write(&self, out: &mut BytesMut) -> Result<u8, EncodeError> {
        if self.count > MAX_COUNT {
            return Err(EncodeError::TooMany);
        }
        if !self.body.len().is_multiple_of(4) {
            return Err(EncodeError::Unaligned);
        }
        out.put_slice(&self.body);
        Ok(self.count)
    }
}

/// The largest number in the five-bit count of an RTCP header.
pub const MAX_COUNT: u8 = 31;

/// The common header of RTCP packets, as far as it is not implied.
#[derive(Clone, Copy)]
struct Header {
    padding: bool,
    count: u8,
    packet_type: u8,
    /// Length of the packet in bytes, this header included.
    len: usize,
}

impl Header {
    fn parse(bytes: &[u8]) -> Result<Header, ParseError> {
        let [first, packet_type, l0, l1] = *bytes.first_chunk::<4>().ok_or(ParseError::Truncated)?;
        if first >> 6 != 2 {
            return Err(ParseError::Version(first >> 6));
        }
        let len = 4 * (usize::from(u16::from_be_bytes([l0, l1])) + 1);
        Ok(Header { padding: first & 0x20 != 0, count: first & 0x1f, packet_type, len })
    }

    //= rfc3550#6.4.1/length MUST
    //# Every body is whole words here; the field says words minus one, so that no length can stall a scan.
    fn encode(count: u8, packet_type: u8, len: usize) -> Result<[u8; 4], EncodeError> {
        debug_assert!(len.is_multiple_of(4) && count <= MAX_COUNT);
        let words = u16::try_from(len / 4 - 1).map_err(|_| EncodeError::TooLong)?;
        let [l0, l1] = words.to_be_bytes();
        Ok([0x80 | count, packet_type, l0, l1])
    }
}

/// The count of `list` for a header.
fn count_of<T>(list: &[T]) -> Result<u8, EncodeError> {
    u8::try_from(list.len()).ok().filter(|n| *n <= MAX_COUNT).ok_or(EncodeError::TooMany)
}

/// Splits the next big-endian word off `body`.
fn take_u32(body: &mut Bytes) -> Option<u32> {
    bytes::Buf::try_get_u32(body).ok()
}
