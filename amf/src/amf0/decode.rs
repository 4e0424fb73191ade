use bytes::Bytes;
use bytestring::ByteString;

use super::{Object, Value, marker};
use crate::reader::Reader;
use crate::{Error, ErrorKind, Limits, Members, amf3};

/// Reads the values of one message, one after the other: they share the limits and the numbers of references.
///
/// ```
/// use amf::amf0::{Decoder, Value};
/// let bytes = bytes::Bytes::from_static(b"\x02\x00\x02hi\x0a\0\0\0\0\x07\0\0");
/// let mut decoder = Decoder::new(bytes, &Default::default()).unwrap();
/// assert_eq!(decoder.value(), Ok("hi".into()));
/// assert_eq!(decoder.offset(), 5);
/// assert_eq!(decoder.value(), Ok(vec![].into()));
/// assert_eq!(decoder.value(), Ok(Value::Reference(0)));
/// assert!(decoder.is_empty());
/// ```
pub struct Decoder {
    reader: Reader,
    /// Objects and arrays that have begun.
    objects: usize,
    /// What was said before in AMF3: that has tables of its own, for the whole message.
    avm: amf3::Tables,
}

impl Decoder {
    /// A decoder of the message that `bytes` are.
    ///
    /// # Errors
    /// [`ErrorKind::TooLong`].
    pub fn new(bytes: Bytes, limits: &Limits) -> Result<Decoder, Error> {
        Ok(Decoder { reader: Reader::new(bytes, limits)?, objects: 0, avm: amf3::Tables::default() })
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
    //= amf0#2.1/marker MUST
    //# One match over the marker; what has no arm is refused by its number.
    pub fn value(&mut self) -> Result<Value, Error> {
        self.reader.item()?;
        Ok(match self.reader.byte()? {
            marker::NUMBER => Value::Number(self.reader.f64()?),
            //= amf0#2.3/boolean MUST
            //# Compared with zero.
            marker::BOOLEAN => Value::Boolean(self.reader.byte()? != 0),
            marker::STRING => Value::String(self.short()?),
            marker::LONG_STRING => Value::String(self.long()?),
            marker::XML => Value::Xml(self.long()?),
            marker::NULL => Value::Null,
            marker::UNDEFINED => Value::Undefined,
            marker::UNSUPPORTED => Value::Unsupported,
            marker::OBJECT => Value::Object(self.object()?),
            marker::ECMA_ARRAY => {
                self.reader.fixed::<4>()?;
                Value::EcmaArray(self.object()?)
            }
            marker::TYPED_OBJECT => Value::TypedObject(self.short()?, self.object()?),
            marker::STRICT_ARRAY => Value::StrictArray(self.array()?),
            marker::DATE => Value::Date { millis: self.reader.f64()?, zone: i16::from_be_bytes(self.reader.fixed()?) },
            marker::REFERENCE => self.reference()?,
            //= amf0#2.6/movie-clip MUST
            //# Named as reserved: not taken for an unknown byte, and never guessed at.
            //= amf0#2.16/record-set MUST
            //# Like the movie clip.
            reserved @ (marker::MOVIE_CLIP | marker::RECORD_SET) => {
                return Err(self.reader.error(ErrorKind::Reserved(reserved)));
            }
            //= amf0#3.1/switch MUST
            //# One value, by the other decoder, on the same input and under the same limits.
            marker::AVM_PLUS => {
                self.reader.enter(0, 0)?;
                let value = self.avm.value(&mut self.reader)?;
                self.reader.leave();
                Value::Avm(Box::new(value))
            }
            other => return Err(self.reader.error(ErrorKind::Marker(other))),
        })
    }

    fn short(&mut self) -> Result<ByteString, Error> {
        let length = u16::from_be_bytes(self.reader.fixed()?);
        self.reader.text(length.into())
    }

    //= amf0#2.14/length MUST
    //# The length is compared with what is left before a slice is taken; nothing is copied.
    fn long(&mut self) -> Result<ByteString, Error> {
        let length = u32::from_be_bytes(self.reader.fixed()?);
        self.reader.text(usize::try_from(length).unwrap_or(usize::MAX))
    }

    //= amf0#2.5/end MUST
    //# An empty name ends the object only before the end marker: otherwise it is a member without a name.
    //= amf0#2.10/count MUST
    //# Members are read up to the end marker, for ECMA arrays too: many programs write 0 or a guess as their count.
    //= amf0#2/depth MUST
    //# `enter` counts down from the limit, which is never above what the stack bears.
    fn object(&mut self) -> Result<Object, Error> {
        self.reader.enter(0, 0)?;
        self.objects += 1;
        let mut members = Vec::new();
        loop {
            let name = self.short()?;
            if name.is_empty() && self.reader.peek() == Some(marker::OBJECT_END) {
                self.reader.byte()?;
                break;
            }
            members.push((name, self.value()?));
        }
        self.reader.leave();
        Ok(Members::from_entries(members))
    }

    //= amf0#2.12/count MUST
    //# Compared with the bytes that are left and the values that are allowed, before room is made.
    fn array(&mut self) -> Result<Vec<Value>, Error> {
        let count = usize::try_from(u32::from_be_bytes(self.reader.fixed()?)).unwrap_or(usize::MAX);
        self.reader.enter(count, 1)?;
        self.objects += 1;
        let mut values = Vec::with_capacity(count.min(RESERVED));
        for _ in 0..count {
            values.push(self.value()?);
        }
        self.reader.leave();
        Ok(values)
    }

    //= amf0#2.9/known MUST
    //# Only what has begun can be meant. The number is kept, not the object, so a loop is no danger.
    fn reference(&mut self) -> Result<Value, Error> {
        let index = u16::from_be_bytes(self.reader.fixed()?);
        if usize::from(index) >= self.objects {
            return Err(self.reader.error(ErrorKind::Reference));
        }
        Ok(Value::Reference(index))
    }
}

/// Elements for which room is made at once, on the word of the input.
const RESERVED: usize = 64;
