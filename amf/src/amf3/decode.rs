use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use bytestring::ByteString;

use super::{External, Object, Traits, Value, marker};
use crate::reader::Reader;
use crate::{Error, ErrorKind, Limits, Members};

/// What an externalizable class writes, for [`Decoder::explain`]: nothing on the wire tells how long it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Shape {
    /// So many values of AMF3.
    Values(usize),
    /// So many bytes.
    Bytes(usize),
}

/// Reads the values of one message, one after the other: they share the limits and the three tables of strings, traits
/// and objects.
///
/// ```
/// use amf::amf3::{Decoder, Value};
/// let bytes = bytes::Bytes::from_static(b"\x06\x05hi\x06\x00\x09\x01\x01\x09\x00");
/// let mut decoder = Decoder::new(bytes, &Default::default()).unwrap();
/// assert_eq!(decoder.value(), Ok("hi".into()));
/// assert_eq!(decoder.value(), Ok("hi".into())); // the first string once more
/// assert_eq!(decoder.value(), Ok(vec![].into()));
/// assert_eq!(decoder.value(), Ok(Value::Reference(0)));
/// assert!(decoder.is_empty());
/// ```
pub struct Decoder {
    reader: Reader,
    tables: Tables,
}

impl Decoder {
    /// A decoder of the message that `bytes` are. It knows the externalizable classes `ArrayCollection`, `ArrayList` and
    /// `ObjectProxy` of `flex.messaging.io`.
    ///
    /// # Errors
    /// [`ErrorKind::TooLong`].
    pub fn new(bytes: Bytes, limits: &Limits) -> Result<Decoder, Error> {
        Ok(Decoder { reader: Reader::new(bytes, limits)?, tables: Tables::default() })
    }

    /// Tells what an externalizable class writes, so that its objects can be read.
    ///
    /// ```
    /// use amf::amf3::{Decoder, External, Shape, Value};
    /// let bytes = bytes::Bytes::from_static(b"\x0a\x07\x07Dot\x01\x02\x01");
    /// let mut decoder = Decoder::new(bytes, &Default::default()).unwrap();
    /// decoder.explain("Dot", Shape::Bytes(2));
    /// let body = External::Bytes(b"\x01\x02"[..].into());
    /// assert_eq!(decoder.value(), Ok(Value::External { class: "Dot".into(), body }));
    /// assert_eq!(decoder.value(), Ok(Value::Null));
    /// ```
    pub fn explain(&mut self, class: impl Into<ByteString>, shape: Shape) {
        self.tables.shapes.insert(class.into(), shape);
    }

    /// Whether everything has been read.
    pub fn is_empty(&self) -> bool {
        self.reader.remaining() == 0
    }

    /// How many bytes have been read.
    pub fn offset(&self) -> usize {
        self.reader.at()
    }

    /// The next value.
    ///
    /// # Errors
    /// Any [`ErrorKind`]. After an error there is no way to tell where the next value begins.
    pub fn value(&mut self) -> Result<Value, Error> {
        self.tables.value(&mut self.reader)
    }
}

/// What was said before in a message. AMF0 has one for all its values in AMF3.
//= amf3#2.2/tables MUST
//# One of each kind for a message, in the order of the wire.
#[derive(Default)]
pub(crate) struct Tables {
    strings: Vec<ByteString>,
    classes: Vec<Class>,
    /// The marker of each object that has begun.
    objects: Vec<u8>,
    shapes: BTreeMap<ByteString, Shape>,
}

#[derive(Clone)]
enum Class {
    Sealed(Arc<Traits>),
    External(ByteString),
}

/// What a header says: something said before, or something new with so many parts.
enum Header {
    Known(Value),
    New(usize),
}

impl Tables {
    //= amf3#3.1/marker MUST
    //# One match over the marker; what has no arm is refused by its number.
    pub(crate) fn value(&mut self, reader: &mut Reader) -> Result<Value, Error> {
        reader.item()?;
        let marker = reader.byte()?;
        Ok(match marker {
            marker::UNDEFINED => Value::Undefined,
            marker::NULL => Value::Null,
            marker::FALSE => Value::Boolean(false),
            marker::TRUE => Value::Boolean(true),
            //= amf3#3.6/sign MUST
            //# The 29 bits are moved to the top and back, which copies the sign.
            marker::INTEGER => Value::Integer((u29(reader)? << 3) as i32 >> 3),
            marker::DOUBLE => Value::Double(reader.f64()?),
            marker::STRING => Value::String(self.string(reader)?),
            _ => match self.header(marker, reader)? {
                Header::Known(reference) => reference,
                Header::New(length) => self.object_kind(marker, length, reader)?,
            },
        })
    }

    /// Everything that goes into the table of objects.
    fn object_kind(&mut self, marker: u8, length: usize, reader: &mut Reader) -> Result<Value, Error> {
        Ok(match marker {
            marker::DATE => Value::Date(reader.f64()?),
            marker::XML_DOCUMENT => Value::XmlDocument(reader.text(length)?),
            marker::XML => Value::Xml(reader.text(length)?),
            marker::BYTE_ARRAY => Value::ByteArray(reader.slice(length)?),
            marker::ARRAY => {
                reader.enter(length, 1)?;
                let named = self.members(reader)?;
                let dense = self.values(length, reader)?;
                reader.leave();
                Value::Array { named, dense }
            }
            marker::OBJECT => {
                reader.enter(0, 0)?;
                let object = self.object(length, reader)?;
                reader.leave();
                object
            }
            marker::VECTOR_INT => {
                let (fixed, numbers) = numbers::<4>(length, reader)?;
                Value::VectorInt { fixed, values: numbers.map(i32::from_be_bytes).collect() }
            }
            marker::VECTOR_UINT => {
                let (fixed, numbers) = numbers::<4>(length, reader)?;
                Value::VectorUint { fixed, values: numbers.map(u32::from_be_bytes).collect() }
            }
            marker::VECTOR_DOUBLE => {
                let (fixed, numbers) = numbers::<8>(length, reader)?;
                let values = numbers.map(|bytes| f64::from_bits(u64::from_be_bytes(bytes))).collect();
                Value::VectorDouble { fixed, values }
            }
            marker::VECTOR_OBJECT => {
                reader.enter(length, 1)?;
                let fixed = reader.byte()? != 0;
                let class = self.string(reader)?;
                let values = self.values(length, reader)?;
                reader.leave();
                Value::VectorObject { fixed, class, values }
            }
            marker::DICTIONARY => {
                reader.enter(length, 2)?;
                let weak = reader.byte()? != 0;
                let mut entries = Vec::with_capacity(length.min(RESERVED));
                for _ in 0..length {
                    entries.push((self.value(reader)?, self.value(reader)?));
                }
                reader.leave();
                Value::Dictionary { weak, entries }
            }
            other => return Err(reader.error(ErrorKind::Marker(other))),
        })
    }

    //= amf3#2.2/object-reference MUST
    //# Looked up in the table of what has begun, and only taken for something of the marker's own type. The number is
    //# kept and not the object, so an object inside itself is no danger.
    fn header(&mut self, marker: u8, reader: &mut Reader) -> Result<Header, Error> {
        if !(marker::XML_DOCUMENT..=marker::DICTIONARY).contains(&marker) {
            return Err(reader.error(ErrorKind::Marker(marker)));
        }
        let header = u29(reader)?;
        if header & 1 == 0 {
            let index = header >> 1;
            return match self.objects.get(index as usize) {
                Some(known) if *known == marker => Ok(Header::Known(Value::Reference(index))),
                _ => Err(reader.error(ErrorKind::Reference)),
            };
        }
        self.objects.push(marker);
        Ok(Header::New((header >> 1) as usize))
    }

    /// An object whose header had `bits` above the lowest.
    //= amf3#3.12/traits MUST
    //# A reference into the table of classes, or names that are counted as values before room is made for them.
    fn object(&mut self, bits: usize, reader: &mut Reader) -> Result<Value, Error> {
        let class = if bits & 1 == 0 {
            self.classes.get(bits >> 1).cloned().ok_or(reader.error(ErrorKind::Reference))?
        } else {
            let class = self.class(bits >> 1, reader)?;
            self.classes.push(class.clone());
            class
        };
        let traits = match class {
            Class::Sealed(traits) => traits,
            Class::External(class) => return self.external(class, reader),
        };
        let sealed = self.values(traits.sealed.len(), reader)?;
        let members = if traits.dynamic { self.members(reader)? } else { Members::new() };
        Ok(Value::Object(Box::new(Object { traits, sealed, members })))
    }

    fn class(&mut self, bits: usize, reader: &mut Reader) -> Result<Class, Error> {
        let class = self.string(reader)?;
        if bits & 1 == 1 {
            return Ok(Class::External(class));
        }
        let (dynamic, count) = (bits & 2 != 0, bits >> 2);
        if count > reader.remaining() {
            return Err(reader.error(ErrorKind::Truncated));
        }
        let mut sealed = Vec::with_capacity(count.min(RESERVED));
        for _ in 0..count {
            reader.item()?;
            sealed.push(self.string(reader)?);
        }
        Ok(Class::Sealed(Arc::new(Traits { class, dynamic, sealed })))
    }

    //= amf3#3.12/externalizable MUST
    //# Only classes whose bytes were explained are read; one that is not ends the input with an error of its own.
    fn external(&mut self, class: ByteString, reader: &mut Reader) -> Result<Value, Error> {
        let known = || KNOWN.iter().find(|(name, _)| *name == &*class).map(|(_, shape)| *shape);
        let shape = self.shapes.get(&class).copied().or_else(known);
        let body = match shape.ok_or(reader.error(ErrorKind::Externalizable))? {
            Shape::Values(count) => External::Values(self.values(count, reader)?),
            Shape::Bytes(count) => External::Bytes(reader.slice(count)?),
        };
        Ok(Value::External { class, body })
    }

    fn values(&mut self, count: usize, reader: &mut Reader) -> Result<Vec<Value>, Error> {
        let mut values = Vec::with_capacity(count.min(reader.remaining()).min(RESERVED));
        for _ in 0..count {
            values.push(self.value(reader)?);
        }
        Ok(values)
    }

    /// Names and values up to the empty name.
    //= amf3#3.11/empty-name MUST
    //# The empty name ends the members of arrays and of dynamic objects alike.
    fn members(&mut self, reader: &mut Reader) -> Result<Members<Value>, Error> {
        let mut members = Vec::new();
        loop {
            let name = self.string(reader)?;
            if name.is_empty() {
                return Ok(Members::from_entries(members));
            }
            members.push((name, self.value(reader)?));
        }
    }

    //= amf3#1.3.2/string-table MUST
    //# Every string goes into the table but the empty one; a number beyond the table is refused.
    fn string(&mut self, reader: &mut Reader) -> Result<ByteString, Error> {
        let header = u29(reader)?;
        let bits = (header >> 1) as usize;
        if header & 1 == 0 {
            return self.strings.get(bits).cloned().ok_or(reader.error(ErrorKind::Reference));
        }
        let text = reader.text(bits)?;
        if !text.is_empty() {
            self.strings.push(text.clone());
        }
        Ok(text)
    }
}

/// Whether the length of a vector is fixed, and its `count` numbers of `N` bytes.
//= amf3#3.15/count MUST
//# All numbers are cut out of the input before any room is made for them.
fn numbers<const N: usize>(
    count: usize,
    reader: &mut Reader,
) -> Result<(bool, impl ExactSizeIterator<Item = [u8; N]>), Error> {
    let fixed = reader.byte()? != 0;
    let bytes = reader.slice(count.saturating_mul(N))?;
    let number = move |at: usize| {
        let mut number = [0; N];
        number.copy_from_slice(&bytes[at * N..][..N]);
        number
    };
    Ok((fixed, (0..count).map(number)))
}

/// A number of up to 29 bits: seven in each of up to three bytes, and eight in a fourth.
//= amf3#1.3.1/u29 MUST
//# The fourth byte gives all its bits, so no number is longer than four bytes or larger than 29 bits.
fn u29(reader: &mut Reader) -> Result<u32, Error> {
    let mut number = 0;
    for _ in 0..3 {
        let byte = reader.byte()?;
        number = number << 7 | u32::from(byte & 0x7f);
        if byte < 0x80 {
            return Ok(number);
        }
    }
    Ok(number << 8 | u32::from(reader.byte()?))
}

/// Classes of the Flex framework that wrap one value.
const KNOWN: [(&str, Shape); 3] = [
    ("flex.messaging.io.ArrayCollection", Shape::Values(1)),
    ("flex.messaging.io.ArrayList", Shape::Values(1)),
    ("flex.messaging.io.ObjectProxy", Shape::Values(1)),
];

/// Elements for which room is made at once, on the word of the input.
const RESERVED: usize = 64;
