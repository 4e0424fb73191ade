//! AMF0: the values of RTMP commands, data messages and FLV metadata.
//!
//! [`decode_all`] and [`encode_all`] do a whole message; [`decode`] takes one value off the front of an input, and
//! [`Decoder`] and [`Encoder`] one value after the other of the same message.

use bytes::{Buf, Bytes, BytesMut};
use bytestring::ByteString;

use crate::{Error, Limits, Members, amf3};

mod decode;
mod encode;

pub use decode::Decoder;
pub use encode::Encoder;

/// The members of an object, in order.
pub type Object = Members<Value>;

/// A value of AMF0. Strings that were read are slices of the input and keep it in memory; [`Value::detached`] makes a copy
/// that does not. Numbers are equal when their bits are, so that every value equals itself, NaN included.
///
/// ```
/// use amf::amf0::{Object, Value};
/// let value = Value::from(Object::new().with("duration", 3.5).with("stereo", true));
/// let mut bytes = bytes::BytesMut::new();
/// value.encode(&mut bytes);
/// assert_eq!(&bytes[..], b"\x03\x00\x08duration\x00\x40\x0c\0\0\0\0\0\0\x00\x06stereo\x01\x01\x00\x00\x09");
/// ```
//= amf0#2.1/types MUST
//# A variant for each type that is defined; the two that are only reserved have none.
#[derive(Clone, Debug, Default)]
pub enum Value {
    /// A number (2.2).
    Number(f64),
    /// True or false (2.3).
    Boolean(bool),
    /// Text (2.4, 2.14): the long form is chosen by the length.
    String(ByteString),
    /// An object without a class (2.5).
    Object(Object),
    /// Nothing, said on purpose (2.7).
    #[default]
    Null,
    /// Nothing, because there never was anything (2.8).
    Undefined,
    /// The object or array of that number in this message, counted from 0 as they begin (2.9); [`resolve`] finds it.
    Reference(u16),
    /// An array with names for indices (2.10).
    EcmaArray(Object),
    /// An array with numbers for indices (2.12).
    StrictArray(Vec<Value>),
    /// A point in time (2.13).
    Date {
        /// Milliseconds since 1970, UTC.
        millis: f64,
        /// Minutes of a time zone. Reserved: to be written as 0, and to be ignored.
        zone: i16,
    },
    /// Something that the sender could not put into AMF0 (2.15).
    Unsupported,
    /// An XML document as text (2.17).
    Xml(ByteString),
    /// An object of a class with a name (2.18).
    TypedObject(ByteString, Object),
    /// A value in AMF3 (3.1).
    Avm(Box<amf3::Value>),
}

/// Takes one value off the front of `bytes`. Strings in it share their memory. After an error `bytes` are as before.
///
/// References are checked within this one value; where several values make one message, use [`decode_all`] or a
/// [`Decoder`].
///
/// ```
/// use amf::amf0::{Value, decode};
/// let mut bytes = bytes::Bytes::from_static(b"\x02\x00\x02hi\x05");
/// assert_eq!(decode(&mut bytes, &Default::default()), Ok(Value::from("hi")));
/// assert_eq!(decode(&mut bytes, &Default::default()), Ok(Value::Null));
/// assert!(decode(&mut bytes, &Default::default()).is_err());
/// ```
///
/// # Errors
/// Any [`crate::ErrorKind`].
pub fn decode(bytes: &mut Bytes, limits: &Limits) -> Result<Value, Error> {
    let mut decoder = Decoder::new(bytes.clone(), limits)?;
    let value = decoder.value()?;
    bytes.advance(decoder.offset());
    Ok(value)
}

/// All values of a message.
///
/// ```
/// use amf::amf0::{Value, decode_all};
/// let bytes = bytes::Bytes::from_static(b"\x02\x00\x02hi\x01\x01\x06");
/// assert_eq!(decode_all(bytes, &Default::default()), Ok(vec!["hi".into(), true.into(), Value::Undefined]));
/// ```
///
/// # Errors
/// Any [`crate::ErrorKind`]; [`crate::ErrorKind::Truncated`] when the last value has no end.
pub fn decode_all(bytes: Bytes, limits: &Limits) -> Result<Vec<Value>, Error> {
    let mut decoder = Decoder::new(bytes, limits)?;
    let mut values = Vec::new();
    while !decoder.is_empty() {
        values.push(decoder.value()?);
    }
    Ok(values)
}

/// The values of a message, one after the other.
///
/// ```
/// assert_eq!(&amf::amf0::encode_all(&["hi".into(), true.into()])[..], b"\x02\x00\x02hi\x01\x01");
/// ```
pub fn encode_all(values: &[Value]) -> Bytes {
    let mut out = BytesMut::with_capacity(256);
    let mut encoder = Encoder::new();
    values.iter().for_each(|value| encoder.encode(value, &mut out));
    out.freeze()
}

/// The object or array that [`Value::Reference`] means: number `index` of those in `values`, which are one message.
///
/// ```
/// use amf::amf0::{Object, Value, resolve};
/// let inner = Value::from(vec![1.into()]);
/// let message = [Value::from(Object::new().with("list", inner.clone())), Value::Reference(1)];
/// assert_eq!(resolve(&message, 1), Some(&inner));
/// assert_eq!(resolve(&message, 2), None);
/// ```
//= amf0#2.9/lookup MUST
//# Objects are counted as they begin, outer before inner, over all values of a message.
pub fn resolve(values: &[Value], index: u16) -> Option<&Value> {
    let mut left = usize::from(index);
    let mut open: Vec<&Value> = values.iter().rev().collect();
    while let Some(value) = open.pop() {
        match value {
            Value::Object(members) | Value::EcmaArray(members) | Value::TypedObject(_, members) => {
                open.extend(members.iter().rev().map(|(_, value)| value));
            }
            Value::StrictArray(values) => open.extend(values.iter().rev()),
            _ => continue,
        }
        match left.checked_sub(1) {
            Some(less) => left = less,
            None => return Some(value),
        }
    }
    None
}

impl Value {
    /// The text of a string, in AMF3 too.
    ///
    /// ```
    /// use amf::amf0::Value;
    /// assert_eq!(Value::from("hi").as_str(), Some("hi"));
    /// assert_eq!(Value::Null.as_str(), None);
    /// ```
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::String(text) => Some(text),
            Value::Avm(value) => value.as_str(),
            _ => None,
        }
    }

    /// The number, in AMF3 too.
    ///
    /// ```
    /// use amf::amf0::Value;
    /// assert_eq!(Value::from(2).as_f64(), Some(2.0));
    /// assert_eq!(Value::from("2").as_f64(), None);
    /// ```
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Value::Number(number) => Some(*number),
            Value::Avm(value) => value.as_f64(),
            _ => None,
        }
    }

    /// True or false, in AMF3 too.
    ///
    /// ```
    /// assert_eq!(amf::amf0::Value::from(true).as_bool(), Some(true));
    /// ```
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Value::Boolean(truth) => Some(*truth),
            Value::Avm(value) => value.as_bool(),
            _ => None,
        }
    }

    /// The members of an object, with a class or without, or of an ECMA array.
    ///
    /// ```
    /// use amf::amf0::{Object, Value};
    /// let members = Object::new().with("width", 320);
    /// assert_eq!(Value::EcmaArray(members.clone()).as_object(), Some(&members));
    /// ```
    pub fn as_object(&self) -> Option<&Object> {
        match self {
            Value::Object(members) | Value::EcmaArray(members) | Value::TypedObject(_, members) => Some(members),
            _ => None,
        }
    }

    /// The values of a strict array.
    ///
    /// ```
    /// use amf::amf0::Value;
    /// assert_eq!(Value::from(vec![1.into()]).as_array(), Some(&[Value::Number(1.0)][..]));
    /// ```
    pub fn as_array(&self) -> Option<&[Value]> {
        match self {
            Value::StrictArray(values) => Some(values),
            _ => None,
        }
    }

    /// The member of that name, where this is an object or ECMA array.
    ///
    /// ```
    /// use amf::amf0::{Object, Value};
    /// assert_eq!(Value::from(Object::new().with("app", "live")).get("app"), Some(&Value::from("live")));
    /// assert_eq!(Value::Null.get("app"), None);
    /// ```
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.as_object()?.get(name)
    }

    /// Whether there is nothing here: null or undefined.
    ///
    /// ```
    /// use amf::amf0::Value;
    /// assert!(Value::Null.is_nothing() && Value::Undefined.is_nothing() && !Value::from(0).is_nothing());
    /// ```
    pub fn is_nothing(&self) -> bool {
        match self {
            Value::Null | Value::Undefined => true,
            Value::Avm(value) => matches!(**value, amf3::Value::Null | amf3::Value::Undefined),
            _ => false,
        }
    }

    /// Appends the bytes of this value, as a message of its own. A member's name longer than 65,535 bytes, which the format
    /// has no room for, is cut.
    ///
    /// ```
    /// let mut bytes = bytes::BytesMut::new();
    /// amf::amf0::Value::from(vec![amf::amf0::Value::Null]).encode(&mut bytes);
    /// assert_eq!(&bytes[..], b"\x0a\0\0\0\x01\x05");
    /// ```
    pub fn encode(&self, out: &mut BytesMut) {
        Encoder::new().encode(self, out);
    }

    /// The same value in memory of its own: for whoever keeps a value longer than the message that it came in, because a
    /// slice of a few bytes otherwise keeps its whole message alive.
    ///
    /// ```
    /// use amf::amf0::Value;
    /// let value = Value::from(vec!["text".into(), 1.into()]);
    /// assert_eq!(value.detached(), value);
    /// ```
    pub fn detached(&self) -> Value {
        let text = |text: &ByteString| ByteString::from(String::from(&**text));
        let members = |members: &Object| members.entries().iter().map(|(k, v)| (text(k), v.detached())).collect();
        match self {
            Value::String(string) => Value::String(text(string)),
            Value::Xml(document) => Value::Xml(text(document)),
            Value::Object(object) => Value::Object(members(object)),
            Value::EcmaArray(array) => Value::EcmaArray(members(array)),
            Value::TypedObject(class, object) => Value::TypedObject(text(class), members(object)),
            Value::StrictArray(values) => Value::StrictArray(values.iter().map(Value::detached).collect()),
            Value::Avm(value) => Value::Avm(Box::new(value.detached())),
            plain => plain.clone(),
        }
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Value) -> bool {
        match (self, other) {
            (Value::Number(a), Value::Number(b)) => a.to_bits() == b.to_bits(),
            (Value::Boolean(a), Value::Boolean(b)) => a == b,
            (Value::String(a), Value::String(b)) | (Value::Xml(a), Value::Xml(b)) => a == b,
            (Value::Object(a), Value::Object(b)) | (Value::EcmaArray(a), Value::EcmaArray(b)) => a == b,
            (Value::Null, Value::Null) | (Value::Undefined, Value::Undefined) => true,
            (Value::Unsupported, Value::Unsupported) => true,
            (Value::Reference(a), Value::Reference(b)) => a == b,
            (Value::StrictArray(a), Value::StrictArray(b)) => a == b,
            (Value::Date { millis: a, zone: x }, Value::Date { millis: b, zone: y }) => {
                a.to_bits() == b.to_bits() && x == y
            }
            (Value::TypedObject(a, x), Value::TypedObject(b, y)) => a == b && x == y,
            (Value::Avm(a), Value::Avm(b)) => a == b,
            _ => false,
        }
    }
}

impl Eq for Value {}

macro_rules! value_from {
    ($($from:ty => |$name:ident| $to:expr;)*) => {$(
        impl From<$from> for Value {
            fn from($name: $from) -> Value {
                $to
            }
        }
    )*};
}

value_from! {
    f64 => |number| Value::Number(number);
    i32 => |number| Value::Number(number.into());
    u32 => |number| Value::Number(number.into());
    bool => |truth| Value::Boolean(truth);
    &str => |text| Value::String(text.into());
    String => |text| Value::String(text.into());
    ByteString => |text| Value::String(text);
    Object => |members| Value::Object(members);
    Vec<Value> => |values| Value::StrictArray(values);
    amf3::Value => |value| Value::Avm(Box::new(value));
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Value {
        value.map_or(Value::Null, Into::into)
    }
}

mod marker {
    pub(super) const NUMBER: u8 = 0x00;
    pub(super) const BOOLEAN: u8 = 0x01;
    pub(super) const STRING: u8 = 0x02;
    pub(super) const OBJECT: u8 = 0x03;
    pub(super) const MOVIE_CLIP: u8 = 0x04;
    pub(super) const NULL: u8 = 0x05;
    pub(super) const UNDEFINED: u8 = 0x06;
    pub(super) const REFERENCE: u8 = 0x07;
    pub(super) const ECMA_ARRAY: u8 = 0x08;
    pub(super) const OBJECT_END: u8 = 0x09;
    pub(super) const STRICT_ARRAY: u8 = 0x0a;
    pub(super) const DATE: u8 = 0x0b;
    pub(super) const LONG_STRING: u8 = 0x0c;
    pub(super) const UNSUPPORTED: u8 = 0x0d;
    pub(super) const RECORD_SET: u8 = 0x0e;
    pub(super) const XML: u8 = 0x0f;
    pub(super) const TYPED_OBJECT: u8 = 0x10;
    pub(super) const AVM_PLUS: u8 = 0x11;
}
