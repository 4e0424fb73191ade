use bytes::Bytes;
use bytestring::ByteString;

use crate::{Error, ErrorKind, Limits};

/// Reads from the front of an input without trust. Both decoders stand on it.
pub(crate) struct Reader {
    bytes: Bytes,
    at: usize,
    /// What may still be opened inside each other.
    depth: usize,
    /// Values that may still come.
    items: usize,
}

impl Reader {
    //= amf0#2/bytes MUST
    //# There is no reader of an input that is too long.
    pub(crate) fn new(bytes: Bytes, limits: &Limits) -> Result<Reader, Error> {
        if bytes.len() > limits.bytes {
            return Err(Error { kind: ErrorKind::TooLong, offset: 0 });
        }
        Ok(Reader { bytes, at: 0, depth: limits.depth.min(Limits::MAX_DEPTH), items: limits.items })
    }

    pub(crate) fn at(&self) -> usize {
        self.at
    }

    pub(crate) fn remaining(&self) -> usize {
        self.bytes.len() - self.at
    }

    pub(crate) fn error(&self, kind: ErrorKind) -> Error {
        Error { kind, offset: self.at }
    }

    /// The next byte, which stays.
    pub(crate) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    #[inline]
    pub(crate) fn byte(&mut self) -> Result<u8, Error> {
        let byte = self.peek().ok_or(self.error(ErrorKind::Truncated))?;
        self.at += 1;
        Ok(byte)
    }

    #[inline]
    pub(crate) fn fixed<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let fixed = self.bytes.get(self.at..).and_then(|rest| rest.first_chunk::<N>()).copied();
        let fixed = fixed.ok_or(self.error(ErrorKind::Truncated))?;
        self.at += N;
        Ok(fixed)
    }

    pub(crate) fn f64(&mut self) -> Result<f64, Error> {
        self.fixed().map(|bytes| f64::from_bits(u64::from_be_bytes(bytes)))
    }

    /// The next `length` bytes, sharing the memory of the input.
    pub(crate) fn slice(&mut self, length: usize) -> Result<Bytes, Error> {
        if length > self.remaining() {
            return Err(self.error(ErrorKind::Truncated));
        }
        let slice = self.bytes.slice(self.at..self.at + length);
        self.at += length;
        Ok(slice)
    }

    /// The next `length` bytes as text.
    //= amf0#2.4/utf8 MUST
    //# Text is never made of bytes that are none.
    pub(crate) fn text(&mut self, length: usize) -> Result<ByteString, Error> {
        if length == 0 {
            return Ok(ByteString::new()); // keeps no input alive
        }
        let at = self.at;
        let slice = self.slice(length)?;
        ByteString::try_from(slice).map_err(|_| Error { kind: ErrorKind::Utf8, offset: at })
    }

    /// One value begins.
    //= amf0#2/items MUST
    //# Counted down for every value, wherever it stands.
    #[inline]
    pub(crate) fn item(&mut self) -> Result<(), Error> {
        self.items = self.items.checked_sub(1).ok_or(self.error(ErrorKind::TooManyItems))?;
        Ok(())
    }

    /// Something that has values inside begins: at least `count`, each at least `size` bytes long. After its end,
    /// [`Reader::leave`].
    pub(crate) fn enter(&mut self, count: usize, size: usize) -> Result<(), Error> {
        if count.checked_mul(size).is_none_or(|bytes| bytes > self.remaining()) {
            return Err(self.error(ErrorKind::Truncated));
        }
        if count > self.items {
            return Err(self.error(ErrorKind::TooManyItems));
        }
        self.depth = self.depth.checked_sub(1).ok_or(self.error(ErrorKind::TooDeep))?;
        Ok(())
    }

    pub(crate) fn leave(&mut self) {
        self.depth += 1;
    }
}
