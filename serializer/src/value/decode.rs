//! Msgpack to values, without trust: the depth and the number of values are limited, an announced count reserves next to
//! nothing, and strings and bytes are slices of the input.

use bytes::Bytes;
use bytestring::ByteString;

use crate::{Error, Limits, Value};

impl Value {
    /// The one value that `bytes` hold. Strings and bytes in it are slices of `bytes`.
    ///
    /// ```
    /// use serializer::{Error, Limits, Value};
    /// let decode = |bytes| Value::decode(bytes::Bytes::from_static(bytes), &Limits::default());
    /// assert_eq!(decode(b"\x92\x01\xa2hi"), Ok(Value::from(vec![1.into(), "hi".into()])));
    /// assert_eq!(decode(b"\xdd\xff\xff\xff\xff"), Err(Error::Truncated));
    /// assert_eq!(decode(b"\x01\x02"), Err(Error::Trailing));
    /// ```
    ///
    /// # Errors
    /// [`Error::Truncated`], [`Error::Trailing`], [`Error::Reserved`], [`Error::Utf8`], [`Error::TooDeep`],
    /// [`Error::TooManyItems`].
    pub fn decode(bytes: Bytes, limits: &Limits) -> Result<Value, Error> {
        let mut reader = Reader::new(&bytes, limits);
        let value = reader.value()?;
        reader.end()?;
        Ok(value)
    }
}

/// Reads values from the front of `bytes`.
pub(crate) struct Reader<'a> {
    bytes: &'a Bytes,
    at: usize,
    /// Arrays and maps that may still be opened inside each other.
    depth: usize,
    /// Values that may still come.
    items: usize,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a Bytes, limits: &Limits) -> Reader<'a> {
        Reader { bytes, at: 0, depth: limits.depth.min(Limits::MAX_DEPTH), items: limits.items }
    }

    /// How many elements the array has that starts here.
    pub(crate) fn array_header(&mut self) -> Result<usize, Error> {
        let count = match self.byte()? {
            marker @ 0x90..=0x9f => usize::from(marker & 0x0f),
            0xdc => self.length16()?,
            0xdd => self.length32()?,
            _ => return Err(Error::NotAnArray),
        };
        self.enter(count, 1)?;
        Ok(count)
    }

    /// A string, or bytes that could be one; `None` for any other value. Most senders are one of the two, so no value is
    /// made of them on the way. Beside it, whether it was bytes.
    //= p2p#3.1/sender-types MUST
    //# Both types in all their lengths.
    pub(crate) fn string(&mut self) -> Result<Option<(ByteString, bool)>, Error> {
        let marker = self.byte()?;
        let length = match marker {
            0xa0..=0xbf => usize::from(marker & 0x1f),
            0xc4 | 0xd9 => self.length8()?,
            0xc5 | 0xda => self.length16()?,
            0xc6 | 0xdb => self.length32()?,
            _ => return Ok(None),
        };
        let text = ByteString::try_from(self.slice(length)?).ok();
        Ok(text.map(|text| (text, (0xc4..=0xc6).contains(&marker))))
    }

    /// A whole number from 0 in one of the forms without sign, which nearly all have; otherwise `None`, and nothing is read.
    pub(crate) fn unsigned(&mut self) -> Result<Option<u64>, Error> {
        let before = self.at;
        Ok(Some(match self.byte()? {
            marker @ 0x00..=0x7f => marker.into(),
            0xcc => self.byte()?.into(),
            0xcd => u16::from_be_bytes(self.fixed()?).into(),
            0xce => u32::from_be_bytes(self.fixed()?).into(),
            0xcf => u64::from_be_bytes(self.fixed()?),
            _ => {
                self.at = before;
                return Ok(None);
            }
        }))
    }

    /// `count` values.
    pub(crate) fn values(&mut self, count: usize) -> Result<Vec<Value>, Error> {
        let mut values = Vec::with_capacity(count.min(RESERVED));
        for _ in 0..count {
            values.push(self.one()?);
        }
        Ok(values)
    }

    pub(crate) fn value(&mut self) -> Result<Value, Error> {
        self.one()
    }

    /// Inlined, so that a value is made where it will stay.
    //= p2p#3.1/any-form MUST
    //# Every marker of msgpack is read, into the one variant that its value has.
    #[inline(always)]
    fn one(&mut self) -> Result<Value, Error> {
        let marker = self.byte()?;
        Ok(match marker {
            0x00..=0x7f => Value::Int(marker.into()),
            0xe0..=0xff => Value::Int((marker as i8).into()),
            0xa0..=0xbf => self.text(usize::from(marker & 0x1f))?,
            0x90..=0x9f => self.array(usize::from(marker & 0x0f))?,
            0x80..=0x8f => self.map(usize::from(marker & 0x0f))?,
            0xc0 => Value::Nil,
            0xc1 => return Err(Error::Reserved),
            0xc2 => Value::Bool(false),
            0xc3 => Value::Bool(true),
            0xc4 => Value::Bin(self.length8().and_then(|length| self.slice(length))?),
            0xc5 => Value::Bin(self.length16().and_then(|length| self.slice(length))?),
            0xc6 => Value::Bin(self.length32().and_then(|length| self.slice(length))?),
            0xc7 => self.length8().and_then(|length| self.ext(length))?,
            0xc8 => self.length16().and_then(|length| self.ext(length))?,
            0xc9 => self.length32().and_then(|length| self.ext(length))?,
            0xca => Value::Float(f32::from_bits(u32::from_be_bytes(self.fixed()?)).into()),
            0xcb => Value::Float(f64::from_bits(u64::from_be_bytes(self.fixed()?))),
            0xcc => Value::Int(self.byte()?.into()),
            0xcd => Value::Int(u16::from_be_bytes(self.fixed()?).into()),
            0xce => Value::Int(u32::from_be_bytes(self.fixed()?).into()),
            0xcf => Value::from(u64::from_be_bytes(self.fixed()?)),
            0xd0 => Value::Int(i8::from_be_bytes(self.fixed()?).into()),
            0xd1 => Value::Int(i16::from_be_bytes(self.fixed()?).into()),
            0xd2 => Value::Int(i32::from_be_bytes(self.fixed()?).into()),
            0xd3 => Value::Int(i64::from_be_bytes(self.fixed()?)),
            0xd4..=0xd8 => self.ext(1 << (marker - 0xd4))?,
            0xd9 => self.length8().and_then(|length| self.text(length))?,
            0xda => self.length16().and_then(|length| self.text(length))?,
            0xdb => self.length32().and_then(|length| self.text(length))?,
            0xdc => self.length16().and_then(|count| self.array(count))?,
            0xdd => self.length32().and_then(|count| self.array(count))?,
            0xde => self.length16().and_then(|count| self.map(count))?,
            0xdf => self.length32().and_then(|count| self.map(count))?,
        })
    }

    /// Nothing must follow.
    pub(crate) fn end(&self) -> Result<(), Error> {
        if self.at == self.bytes.len() { Ok(()) } else { Err(Error::Trailing) }
    }

    fn array(&mut self, count: usize) -> Result<Value, Error> {
        self.enter(count, 1)?;
        let values = self.values(count)?;
        self.depth += 1;
        Ok(Value::Array(values))
    }

    fn map(&mut self, count: usize) -> Result<Value, Error> {
        self.enter(count, 2)?;
        let mut entries = Vec::with_capacity(count.min(RESERVED));
        for _ in 0..count {
            entries.push((self.value()?, self.value()?));
        }
        self.depth += 1;
        Ok(Value::Map(entries))
    }

    /// One level down, where `count` times `each` values of at least one byte must follow.
    //= p2p#5/depth MUST
    //# Counted down on the way in and up on the way out; recursion is never deeper than `Limits::MAX_DEPTH`.
    //= p2p#5/counts MUST
    //# Every value takes a byte at least, so a count above the bytes that are left is a lie.
    //= p2p#5/items MUST
    //# All values that an array or map announces are taken from one budget for the message.
    fn enter(&mut self, count: usize, each: usize) -> Result<(), Error> {
        let values = count.saturating_mul(each);
        if values > self.bytes.len() - self.at {
            return Err(Error::Truncated);
        }
        self.items = self.items.checked_sub(values).ok_or(Error::TooManyItems)?;
        self.depth = self.depth.checked_sub(1).ok_or(Error::TooDeep)?;
        Ok(())
    }

    fn text(&mut self, length: usize) -> Result<Value, Error> {
        let bytes = self.slice(length)?;
        Ok(Value::Str(ByteString::try_from(bytes).map_err(|_| Error::Utf8)?))
    }

    fn ext(&mut self, length: usize) -> Result<Value, Error> {
        let kind = self.byte()? as i8;
        Ok(Value::Ext(kind, self.slice(length)?))
    }

    fn slice(&mut self, length: usize) -> Result<Bytes, Error> {
        let end = self.at.checked_add(length).filter(|&end| end <= self.bytes.len()).ok_or(Error::Truncated)?;
        let slice = self.bytes.slice(self.at..end);
        self.at = end;
        Ok(slice)
    }

    fn length8(&mut self) -> Result<usize, Error> {
        Ok(self.byte()?.into())
    }

    fn length16(&mut self) -> Result<usize, Error> {
        Ok(u16::from_be_bytes(self.fixed()?).into())
    }

    fn length32(&mut self) -> Result<usize, Error> {
        usize::try_from(u32::from_be_bytes(self.fixed()?)).map_err(|_| Error::Truncated)
    }

    fn byte(&mut self) -> Result<u8, Error> {
        let byte = *self.bytes.get(self.at).ok_or(Error::Truncated)?;
        self.at += 1;
        Ok(byte)
    }

    fn fixed<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let bytes = self.bytes.get(self.at..).and_then(|rest| rest.first_chunk()).ok_or(Error::Truncated)?;
        self.at += N;
        Ok(*bytes)
    }
}

/// How many elements a count alone makes us reserve room for.
const RESERVED: usize = 16;
