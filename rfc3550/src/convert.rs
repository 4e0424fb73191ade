//! To and from the packet type of the `rtp` crate, which takes the header extensions of RFC 8285 apart into elements.

use std::fmt;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use rtp::header::{Extension as Element, Header};
use rtp::packet::Packet as Foreign;

use crate::{Csrcs, EncodeError, Extension, Packet};

/// Why a packet of one crate has no counterpart in the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConvertError {
    /// The header has a version other than 2.
    Version(u8),
    /// A list or the extension does not fit its field.
    Header(EncodeError),
    /// The elements of an extension run past its end, or do not fit the form that its profile names.
    Elements,
}

impl fmt::Display for ConvertError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ConvertError::Version(version) => write!(f, "version {version} instead of 2"),
            ConvertError::Header(error) => error.fmt(f),
            ConvertError::Elements => f.write_str("extension elements do not fit"),
        }
    }
}

impl std::error::Error for ConvertError {}

impl From<EncodeError> for ConvertError {
    fn from(error: EncodeError) -> ConvertError {
        ConvertError::Header(error)
    }
}

const ONE_BYTE: u16 = 0xbede;
const TWO_BYTE: u16 = 0x1000;

/// Padding between extension elements moves to their end, and the count of padding after the payload becomes a flag.
impl TryFrom<Packet> for Foreign {
    type Error = ConvertError;

    fn try_from(packet: Packet) -> Result<Foreign, ConvertError> {
        let mut header = Header {
            version: 2,
            padding: packet.padding > 0,
            extension: packet.extension.is_some(),
            marker: packet.marker,
            payload_type: packet.payload_type & 0x7f,
            sequence_number: packet.sequence,
            timestamp: packet.timestamp,
            ssrc: packet.ssrc,
            csrc: packet.csrcs.as_slice().to_vec(),
            ..Header::default()
        };
        if let Some(extension) = packet.extension {
            header.extension_profile = extension.profile();
            (header.extensions, header.extensions_padding) = elements(extension.profile(), extension.data().clone())?;
        }
        Ok(Foreign { header, payload: packet.payload })
    }
}

/// The flag for padding becomes as many bytes as the `rtp` crate would write: up to the next word, at least one.
impl TryFrom<Foreign> for Packet {
    type Error = ConvertError;

    fn try_from(packet: Foreign) -> Result<Packet, ConvertError> {
        let Foreign { header, payload } = packet;
        if header.version != 2 {
            return Err(ConvertError::Version(header.version));
        }
        let extension = header.extension.then(|| joined(&header)).transpose()?;
        Ok(Packet {
            marker: header.marker,
            payload_type: header.payload_type & 0x7f,
            sequence: header.sequence_number,
            timestamp: header.timestamp,
            ssrc: header.ssrc,
            csrcs: Csrcs::new(&header.csrc)?,
            extension,
            padding: if header.padding { (4 - payload.len() % 4) as u8 } else { 0 },
            payload,
        })
    }
}

/// The elements of an extension and how many of its bytes are padding.
fn elements(profile: u16, mut data: Bytes) -> Result<(Vec<Element>, usize), ConvertError> {
    if profile != ONE_BYTE && profile != TWO_BYTE {
        return Ok((vec![Element { id: 0, payload: data }], 0));
    }
    let (mut list, mut padding) = (Vec::new(), 0);
    while data.has_remaining() {
        let first = data.get_u8();
        if first == 0 {
            padding += 1;
            continue;
        }
        let (id, len) = match profile {
            ONE_BYTE => (first >> 4, usize::from(first & 0x0f) + 1),
            _ => (first, usize::from(data.try_get_u8().map_err(|_| ConvertError::Elements)?)),
        };
        if len > data.len() || profile == ONE_BYTE && id == 15 {
            return Err(ConvertError::Elements);
        }
        list.push(Element { id, payload: data.split_to(len) });
    }
    Ok((list, padding))
}

/// The extension that holds the header's elements, padded to whole words.
fn joined(header: &Header) -> Result<Extension, ConvertError> {
    let mut data = BytesMut::new();
    match (header.extension_profile, header.extensions.as_slice()) {
        (profile @ (ONE_BYTE | TWO_BYTE), list) => {
            for element in list {
                let len = u8::try_from(element.payload.len()).map_err(|_| ConvertError::Elements)?;
                match profile {
                    ONE_BYTE if (1..=16).contains(&len) && element.id < 15 => data.put_u8(element.id << 4 | (len - 1)),
                    ONE_BYTE => return Err(ConvertError::Elements),
                    _ => data.put_slice(&[element.id, len]),
                }
                data.put_slice(&element.payload);
            }
            data.put_bytes(0, data.len().next_multiple_of(4) - data.len());
        }
        (_, [element]) => data.put_slice(&element.payload),
        _ => return Err(ConvertError::Elements),
    }
    Ok(Extension::new(header.extension_profile, data)?)
}
