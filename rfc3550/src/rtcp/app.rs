use bytes::{BufMut, Bytes, BytesMut};

use super::{MAX_COUNT, take_u32};
use crate::{EncodeError, ParseError};

/// A packet for one application: RFC 3550 section 6.7.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct App {
    /// The application's own kind of packet, 0 to 31.
    pub subtype: u8,
    /// Who says it.
    pub ssrc: u32,
    /// Four ASCII characters that name the application; case counts.
    pub name: [u8; 4],
    /// Its data, a multiple of 4 bytes.
    pub data: Bytes,
}

impl App {
    pub(super) fn parse(subtype: u8, mut body: Bytes) -> Result<App, ParseError> {
        let ssrc = take_u32(&mut body).ok_or(ParseError::Truncated)?;
        let name = take_u32(&mut body).ok_or(ParseError::Truncated)?.to_be_bytes();
        Ok(App { subtype, ssrc, name, data: body })
    }

    //= rfc3550#6.7/aligned MUST
    //# Data that does not fill whole words is the caller's error; it is not padded in silence.
    pub(super) fn write(&self, out: &mut BytesMut) -> Result<u8, EncodeError> {
        if self.subtype > MAX_COUNT {
            return Err(EncodeError::TooMany);
        }
        if !self.data.len().is_multiple_of(4) {
            return Err(EncodeError::Unaligned);
        }
        out.put_u32(self.ssrc);
        out.put_slice(&self.name);
        out.put_slice(&self.data);
        Ok(self.subtype)
    }
}
