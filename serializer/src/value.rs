use bytes::Bytes;
use bytestring::ByteString;

mod decode;
mod encode;

pub(crate) use decode::Reader;
pub(crate) use encode::{put_array_header, put_str, put_uint};

/// Anything that msgpack can say: what a payload is made of.
///
/// Strings and bytes taken from a message are slices of its frame and keep that frame in memory; [`Value::detached`] makes
/// a copy that does not. Floats are equal when their bits are, so that every value equals itself, NaN included, and -0.0 is
/// not 0.0. Maps keep the order of their entries, and any value can be a key.
///
/// ```
/// use serializer::{Limits, Value};
///
/// let value = Value::Map(vec![("name".into(), "Alice".into()), (7.into(), vec![Value::Nil, 2.5.into()].into())]);
/// let mut bytes = Vec::new();
/// value.encode(&mut bytes);
/// assert_eq!(Value::decode(bytes.into(), &Limits::default()), Ok(value));
/// ```
//= p2p#3.1/str-and-bin MUST
//# A variant each; `as_bytes` is for where the difference does not matter.
//= p2p#3.1/any-value MUST
//# Maps are lists of pairs, floats keep their bits, extension types their number and bytes.
#[derive(Clone, Debug, Default)]
pub enum Value {
    /// Nothing.
    #[default]
    Nil,
    /// True or false.
    Bool(bool),
    /// A whole number up to `i64::MAX`.
    Int(i64),
    /// A whole number above `i64::MAX`; smaller ones are [`Value::Int`], as `Value::from` makes them.
    UInt(u64),
    /// A floating point number. Those of 32 bits on the wire are widened.
    Float(f64),
    /// Text.
    Str(ByteString),
    /// Bytes.
    Bin(Bytes),
    /// Values in order.
    Array(Vec<Value>),
    /// Keys and their values in order.
    Map(Vec<(Value, Value)>),
    /// Bytes whose meaning the application (0 to 127) or msgpack itself (below 0) defines.
    Ext(i8, Bytes),
}

impl Value {
    /// The text of a string.
    ///
    /// ```
    /// use serializer::Value;
    /// assert_eq!(Value::from("hi").as_str(), Some("hi"));
    /// assert_eq!(Value::from(&b"hi"[..]).as_str(), None);
    /// ```
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::Str(text) => Some(text),
            _ => None,
        }
    }

    /// The bytes of a string or of bytes alike.
    ///
    /// ```
    /// use serializer::Value;
    /// assert_eq!(Value::from("hi").as_bytes(), Value::from(&b"hi"[..]).as_bytes());
    /// assert_eq!(Value::Nil.as_bytes(), None);
    /// ```
    pub fn as_bytes(&self) -> Option<&Bytes> {
        match self {
            Value::Str(text) => Some(text.as_bytes()),
            Value::Bin(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// A whole number from 0.
    ///
    /// ```
    /// use serializer::Value;
    /// assert_eq!(Value::from(7).as_u64(), Some(7));
    /// assert_eq!(Value::from(-7).as_u64(), None);
    /// ```
    pub fn as_u64(&self) -> Option<u64> {
        match *self {
            Value::Int(number) => u64::try_from(number).ok(),
            Value::UInt(number) => Some(number),
            _ => None,
        }
    }

    /// A whole number of 64 bits with sign.
    ///
    /// ```
    /// use serializer::Value;
    /// assert_eq!(Value::from(-7).as_i64(), Some(-7));
    /// assert_eq!(Value::from(u64::MAX).as_i64(), None);
    /// ```
    pub fn as_i64(&self) -> Option<i64> {
        match *self {
            Value::Int(number) => Some(number),
            Value::UInt(number) => i64::try_from(number).ok(),
            _ => None,
        }
    }

    /// Any number, rounded to 53 bits.
    ///
    /// ```
    /// use serializer::Value;
    /// assert_eq!(Value::from(2.5).as_f64(), Some(2.5));
    /// assert_eq!(Value::from(2).as_f64(), Some(2.0));
    /// ```
    pub fn as_f64(&self) -> Option<f64> {
        match *self {
            Value::Float(number) => Some(number),
            Value::Int(number) => Some(number as f64),
            Value::UInt(number) => Some(number as f64),
            _ => None,
        }
    }

    /// True or false.
    ///
    /// ```
    /// assert_eq!(serializer::Value::from(true).as_bool(), Some(true));
    /// ```
    pub fn as_bool(&self) -> Option<bool> {
        match *self {
            Value::Bool(truth) => Some(truth),
            _ => None,
        }
    }

    /// The values of an array.
    ///
    /// ```
    /// use serializer::Value;
    /// assert_eq!(Value::from(vec![1.into()]).as_array(), Some(&[Value::Int(1)][..]));
    /// ```
    pub fn as_array(&self) -> Option<&[Value]> {
        match self {
            Value::Array(values) => Some(values),
            _ => None,
        }
    }

    /// The keys and values of a map.
    ///
    /// ```
    /// use serializer::Value;
    /// let map = Value::Map(vec![("k".into(), 1.into())]);
    /// assert_eq!(map.as_map().unwrap()[0].1, Value::Int(1));
    /// ```
    pub fn as_map(&self) -> Option<&[(Value, Value)]> {
        match self {
            Value::Map(entries) => Some(entries),
            _ => None,
        }
    }

    /// Whether this is nothing.
    pub fn is_nil(&self) -> bool {
        matches!(self, Value::Nil)
    }

    /// The same value in memory of its own: for whoever keeps a value longer than the message that it came in, because a
    /// slice of a few bytes otherwise keeps its whole frame alive.
    ///
    /// ```
    /// use serializer::Value;
    /// let value = Value::from(vec!["text".into(), 1.into()]);
    /// assert_eq!(value.detached(), value);
    /// ```
    pub fn detached(&self) -> Value {
        match self {
            Value::Str(text) => Value::Str(String::from(&**text).into()),
            Value::Bin(bytes) => Value::Bin(Bytes::copy_from_slice(bytes)),
            Value::Ext(kind, bytes) => Value::Ext(*kind, Bytes::copy_from_slice(bytes)),
            Value::Array(values) => Value::Array(values.iter().map(Value::detached).collect()),
            Value::Map(entries) => {
                Value::Map(entries.iter().map(|(key, value)| (key.detached(), value.detached())).collect())
            }
            Value::Nil | Value::Bool(_) | Value::Int(_) | Value::UInt(_) | Value::Float(_) => self.clone(),
        }
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Value) -> bool {
        match (self, other) {
            (Value::Nil, Value::Nil) => true,
            (Value::Bool(a), Value::Bool(b)) => a == b,
            (Value::Int(a), Value::Int(b)) => a == b,
            (Value::UInt(a), Value::UInt(b)) => a == b,
            (Value::Float(a), Value::Float(b)) => a.to_bits() == b.to_bits(),
            (Value::Str(a), Value::Str(b)) => a == b,
            (Value::Bin(a), Value::Bin(b)) => a == b,
            (Value::Array(a), Value::Array(b)) => a == b,
            (Value::Map(a), Value::Map(b)) => a == b,
            (Value::Ext(kind, a), Value::Ext(other, b)) => kind == other && a == b,
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
    () => |_nothing| Value::Nil;
    bool => |truth| Value::Bool(truth);
    i8 => |number| Value::Int(number.into());
    i16 => |number| Value::Int(number.into());
    i32 => |number| Value::Int(number.into());
    i64 => |number| Value::Int(number);
    u8 => |number| Value::Int(number.into());
    u16 => |number| Value::Int(number.into());
    u32 => |number| Value::Int(number.into());
    u64 => |number| i64::try_from(number).map_or(Value::UInt(number), Value::Int);
    usize => |number| Value::from(number as u64);
    f32 => |number| Value::Float(number.into());
    f64 => |number| Value::Float(number);
    &str => |text| Value::Str(text.into());
    String => |text| Value::Str(text.into());
    ByteString => |text| Value::Str(text);
    &[u8] => |bytes| Value::Bin(Bytes::copy_from_slice(bytes));
    Bytes => |bytes| Value::Bin(bytes);
    Vec<Value> => |values| Value::Array(values);
    &crate::Id => |id| id.to_value();
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Value {
        value.map_or(Value::Nil, Into::into)
    }
}
