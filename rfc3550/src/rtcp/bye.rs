use bytes::{Buf, BufMut, Bytes, BytesMut};

use super::count_of;
use crate::{EncodeError, ParseError};

/// A goodbye: RFC 3550 section 6.6.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Goodbye {
    /// The sources that leave, at most 31.
    pub sources: Vec<u32>,
    /// Why, as UTF-8 text of at most 255 bytes.
    pub reason: Option<Bytes>,
}

impl Goodbye {
    pub(super) fn parse(count: u8, mut body: Bytes) -> Result<Goodbye, ParseError> {
        let len = 4 * usize::from(count);
        if len > body.len() {
            return Err(ParseError::Count);
        }
        let list = body.split_to(len);
        let sources = list.as_chunks::<4>().0.iter().map(|word| u32::from_be_bytes(*word)).collect();
        let reason = match body.try_get_u8() {
            Err(_) => None,
            Ok(len) if usize::from(len) > body.len() => return Err(ParseError::Item),
            Ok(len) => Some(body.split_to(usize::from(len))),
        };
        Ok(Goodbye { sources, reason })
    }

    //= rfc3550#6.6/reason-padding MUST
    //# Zeros fill the last word after the reason, outside the count of the P bit; none when it ends on the boundary.
    pub(super) fn write(&self, out: &mut BytesMut) -> Result<u8, EncodeError> {
        let count = count_of(&self.sources)?;
        self.sources.iter().for_each(|source| out.put_u32(*source));
        if let Some(reason) = &self.reason {
            out.put_u8(u8::try_from(reason.len()).map_err(|_| EncodeError::TextTooLong)?);
            out.put_slice(reason);
            out.put_bytes(0, (reason.len() + 1).next_multiple_of(4) - reason.len() - 1);
        }
        Ok(count)
    }
}
