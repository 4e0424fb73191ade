use bytes::{Bytes, BytesMut};

use super::{Header, Packet};
use crate::{EncodeError, ParseError};

/// How many RTCP packets one datagram may hold before it is refused. A compound of a real participant holds 2 to 5.
pub const MAX_PACKETS: usize = 64;

/// What one RTCP datagram holds: RFC 3550 section 6.1.
///
/// ```
/// use bytes::Bytes;
/// use rfc3550::rtcp::{Chunk, Compound, Goodbye, Item, Packet, ReceiverReport, SourceDescription};
/// let compound = Compound {
///     packets: vec![
///         Packet::ReceiverReport(ReceiverReport { ssrc: 1, ..Default::default() }),
///         Packet::SourceDescription(SourceDescription { chunks: vec![Chunk::cname(1, "a@192.0.2.1")] }),
///         Packet::Goodbye(Goodbye { sources: vec![1], reason: Some(Bytes::from_static(b"done")) }),
///     ],
///     padding: 0,
/// };
/// let bytes = compound.to_bytes().unwrap();
/// assert_eq!(bytes.len() % 4, 0);
/// assert_eq!(Compound::parse(bytes), Ok(compound));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Compound {
    /// The packets in their order; the first is a report.
    pub packets: Vec<Packet>,
    /// Bytes of padding at the end of the last packet, its count byte included: 0 or a multiple of 4.
    pub padding: u8,
}

impl Compound {
    /// Parses one datagram, with the checks of appendix A.2.
    ///
    /// # Errors
    /// [`ParseError`]; the datagram is to be dropped as a whole.
    pub fn parse(datagram: Bytes) -> Result<Compound, ParseError> {
        let first = Header::parse(&datagram)?;
        //= rfc3550#6.1/first-is-report MUST
        //# A datagram that starts with anything but SR or RR is refused.
        //= rfc3550#A.2/header-checks SHOULD
        //# Version, first type, first padding bit and the sum of the lengths are all checked before any body is read.
        if first.packet_type & 0xfe != 200 {
            return Err(ParseError::FirstNotReport(first.packet_type));
        }
        if first.padding {
            return Err(ParseError::PaddingNotLast);
        }
        check_lengths(&datagram)?;
        let mut rest = datagram;
        let mut compound = Compound::default();
        while !rest.is_empty() {
            let header = Header::parse(&rest)?;
            let mut body = rest.split_to(header.len);
            bytes::Buf::advance(&mut body, 4);
            if header.padding {
                compound.padding = strip_padding(&mut body)?;
            }
            compound.packets.push(Packet::parse(header.packet_type, header.count, body)?);
        }
        Ok(compound)
    }

    /// The compound as one datagram.
    ///
    /// # Errors
    /// [`EncodeError`] when a part of a packet does not fit its field, or the padding is no multiple of 4.
    pub fn to_bytes(&self) -> Result<Bytes, EncodeError> {
        let mut out = BytesMut::with_capacity(128);
        let mut last = 0;
        for packet in &self.packets {
            last = out.len();
            packet.write(&mut out)?;
        }
        if self.padding > 0 {
            pad(&mut out, last, self.padding)?;
        }
        Ok(out.freeze())
    }
}

/// Walks the headers of the whole datagram: lengths add up, versions are right, only the last packet is padded.
fn check_lengths(datagram: &[u8]) -> Result<(), ParseError> {
    let mut rest = datagram;
    for _ in 0..MAX_PACKETS {
        let header = Header::parse(rest)?;
        rest = rest.get(header.len..).ok_or(ParseError::Length)?;
        if rest.is_empty() {
            return Ok(());
        }
        //= rfc3550#6.4.1/padding-last MUST
        //# A padding bit before the last packet refuses the datagram, as a sign of foreign or wrongly decrypted data.
        if header.padding {
            return Err(ParseError::PaddingNotLast);
        }
    }
    Err(ParseError::TooManyPackets)
}

fn strip_padding(body: &mut Bytes) -> Result<u8, ParseError> {
    let count = *body.last().ok_or(ParseError::Padding)?;
    if count == 0 || !count.is_multiple_of(4) || usize::from(count) > body.len() {
        return Err(ParseError::Padding);
    }
    body.truncate(body.len() - usize::from(count));
    Ok(count)
}

/// Pads the packet that starts at `last` and runs to the end of `out`.
fn pad(out: &mut BytesMut, last: usize, padding: u8) -> Result<(), EncodeError> {
    if !padding.is_multiple_of(4) || out.is_empty() {
        return Err(EncodeError::Unaligned);
    }
    out.resize(out.len() + usize::from(padding) - 1, 0);
    out.extend_from_slice(&[padding]);
    let words = u16::try_from((out.len() - last) / 4 - 1).map_err(|_| EncodeError::TooLong)?;
    out[last] |= 0x20;
    out[last + 2..last + 4].copy_from_slice(&words.to_be_bytes());
    Ok(())
}
