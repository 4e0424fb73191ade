use bytes::Bytes;

use super::Error;

/// Reads fields of bits, the highest first.
pub(super) struct Bits {
    data: Bytes,
    /// The next bit, from the start.
    at: usize,
}

impl Bits {
    pub(super) const fn new(data: Bytes) -> Bits {
        Bits { data, at: 0 }
    }

    /// The next `count` bits, at most 32.
    pub(super) fn take(&mut self, count: u32) -> Result<u32, Error> {
        (0..count).try_fold(0, |value, _| {
            let byte = self.data.get(self.at / 8).ok_or(Error::Truncated)?;
            let bit = byte >> (7 - self.at % 8) & 1;
            self.at += 1;
            Ok(value << 1 | u32::from(bit))
        })
    }

    pub(super) fn left(&self) -> usize {
        (self.data.len() * 8).saturating_sub(self.at)
    }
}

/// Writes fields of bits, the highest first; the last byte fills up with zeros.
#[derive(Default)]
pub(super) struct BitsMut {
    data: Vec<u8>,
    len: usize,
}

impl BitsMut {
    /// Appends the low `count` bits of `value`.
    pub(super) fn put(&mut self, value: u32, count: u32) {
        for n in (0..count).rev() {
            if self.len.is_multiple_of(8) {
                self.data.push(0);
            }
            if let Some(last) = self.data.last_mut() {
                *last |= ((value >> n & 1) as u8) << (7 - self.len % 8);
            }
            self.len += 1;
        }
    }

    pub(super) fn into_bytes(self) -> Bytes {
        self.data.into()
    }
}
