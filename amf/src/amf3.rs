//! AMF3: the successor of AMF0, with tables of what was said before.
//!
//! [`decode_all`] and [`encode_all`] do a whole message; [`decode`] takes one value off the front of an input, and
//! [`Decoder`] and [`Encoder`] one value after the other of the same message.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::{Buf, Bytes, BytesMut};
use bytestring::ByteString;

use crate::{Error, Limits, Members};

mod decode;
mod encode;
mod table;

pub(crate) use decode::Tables;
pub use decode::{Decoder, Shape};
pub use encode::Encoder;

/// A value of AMF3. Strings and bytes that were read are slices of the input; [`Value::detached`] makes a copy that does
/// not keep it in memory. Numbers are equal when their bits are.
///
/// Strings and traits are shared: a repeated one is a reference on the wire and the same memory here. A repeated object is
/// [`Value::Reference`], so that no value contains itself and every one survives a round trip; [`resolve`] finds it.
///
/// ```
/// use amf::amf3::{Object, Value};
/// let point = Value::from(Object::typed("Point", [("x", Value::from(1)), ("y", Value::from(2.5))]));
/// let mut bytes = bytes::BytesMut::new();
/// point.encode(&mut bytes);
/// assert_eq!(&bytes[..], b"\x0a\x23\x0bPoint\x03x\x03y\x04\x01\x05\x40\x04\0\0\0\0\0\0");
/// ```
//= amf3#3.1/types MUST
//# A variant for each marker, false and true together, and one for references to objects.
#[derive(Clone, Debug, Default)]
pub enum Value {
    /// Nothing, because there never was anything (3.2).
    Undefined,
    /// Nothing, said on purpose (3.3).
    #[default]
    Null,
    /// False or true (3.4, 3.5).
    Boolean(bool),
    /// A whole number from -2^28 to 2^28 - 1 (3.6). One beyond is written as [`Value::Double`].
    Integer(i32),
    /// A number (3.7).
    Double(f64),
    /// Text (3.8).
    String(ByteString),
    /// A document of the old XML class (3.9).
    XmlDocument(ByteString),
    /// Milliseconds since 1970, UTC (3.10).
    Date(f64),
    /// An array: entries with names, then those with numbers from 0 (3.11).
    Array {
        /// Entries that have a name.
        named: Members<Value>,
        /// Entries from index 0 without a gap.
        dense: Vec<Value>,
    },
    /// An object (3.12).
    Object(Box<Object>),
    /// An object that writes itself (3.12).
    External {
        /// The name of its class.
        class: ByteString,
        /// What the class wrote.
        body: External,
    },
    /// A document or a piece of one, of the class that XML got with E4X (3.13).
    Xml(ByteString),
    /// Bytes (3.14).
    ByteArray(Bytes),
    /// Whole numbers with a sign (3.15).
    VectorInt {
        /// Whether the length is fixed.
        fixed: bool,
        /// The numbers.
        values: Vec<i32>,
    },
    /// Whole numbers without a sign (3.15).
    VectorUint {
        /// Whether the length is fixed.
        fixed: bool,
        /// The numbers.
        values: Vec<u32>,
    },
    /// Numbers (3.15).
    VectorDouble {
        /// Whether the length is fixed.
        fixed: bool,
        /// The numbers.
        values: Vec<f64>,
    },
    /// Values of one class (3.15).
    VectorObject {
        /// Whether the length is fixed.
        fixed: bool,
        /// The name of the class, empty for any.
        class: ByteString,
        /// The values.
        values: Vec<Value>,
    },
    /// Values with any value as their key (3.16).
    Dictionary {
        /// Whether the keys do not keep their objects alive in the sender's memory.
        weak: bool,
        /// Keys and values in order.
        entries: Vec<(Value, Value)>,
    },
    /// The object, array, date, document, byte array, vector or dictionary of that number, counted from 0 as they begin.
    Reference(u32),
}

/// What objects of a class have in common.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Traits {
    /// The name of the class; empty for an object without one.
    pub class: ByteString,
    /// Whether an object may have more members than the sealed ones.
    pub dynamic: bool,
    /// The names of the members that every object has.
    pub sealed: Vec<ByteString>,
}

/// An object: its traits, and a value for each name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Object {
    /// The traits, shared by the objects of a class.
    pub traits: Arc<Traits>,
    /// The values of the sealed members, in the order of their names in the traits.
    pub sealed: Vec<Value>,
    /// The members beyond these, where the traits are dynamic.
    pub members: Members<Value>,
}

/// What an object wrote that writes itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum External {
    /// So many values of AMF3.
    Values(Vec<Value>),
    /// So many bytes.
    Bytes(Bytes),
}

/// Takes one value off the front of `bytes`, as a message of its own. Strings in it share their memory. After an error
/// `bytes` are as before.
///
/// ```
/// use amf::amf3::{Value, decode};
/// let mut bytes = bytes::Bytes::from_static(b"\x06\x05hi\x04\x07");
/// assert_eq!(decode(&mut bytes, &Default::default()), Ok(Value::from("hi")));
/// assert_eq!(decode(&mut bytes, &Default::default()), Ok(Value::Integer(7)));
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
/// use amf::amf3::{Value, decode_all};
/// let bytes = bytes::Bytes::from_static(b"\x06\x05hi\x06\x00\x03");
/// assert_eq!(decode_all(bytes, &Default::default()), Ok(vec!["hi".into(), "hi".into(), true.into()]));
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
/// assert_eq!(&amf::amf3::encode_all(&["hi".into(), "hi".into()])[..], b"\x06\x05hi\x06\x00");
/// ```
///
/// # Panics
/// As [`Encoder::encode`].
pub fn encode_all(values: &[Value]) -> Bytes {
    let mut out = BytesMut::with_capacity(256);
    let mut encoder = Encoder::new();
    values.iter().for_each(|value| encoder.encode(value, &mut out));
    out.freeze()
}

/// What [`Value::Reference`] means: number `index` of the objects in `values`, which are one message.
///
/// ```
/// use amf::amf3::{Value, resolve};
/// let message = [Value::from(vec![Value::Date(0.0)]), Value::Reference(1)];
/// assert_eq!(resolve(&message, 1), Some(&Value::Date(0.0)));
/// assert_eq!(resolve(&message, 2), None);
/// ```
//= amf3#2.2/object-table MUST
//# Everything with a header is counted as it begins, outer before inner; plain values and references are not.
pub fn resolve(values: &[Value], index: u32) -> Option<&Value> {
    let mut left = index;
    let mut open: Vec<&Value> = values.iter().rev().collect();
    while let Some(value) = open.pop() {
        match value {
            Value::Undefined | Value::Null | Value::Boolean(_) | Value::Integer(_) => continue,
            Value::Double(_) | Value::String(_) | Value::Reference(_) => continue,
            Value::Array { named, dense } => {
                open.extend(dense.iter().rev());
                open.extend(named.iter().rev().map(|(_, value)| value));
            }
            Value::Object(object) => {
                open.extend(object.members.iter().rev().map(|(_, value)| value));
                open.extend(object.sealed.iter().rev());
            }
            Value::External { body: External::Values(values), .. } | Value::VectorObject { values, .. } => {
                open.extend(values.iter().rev());
            }
            Value::Dictionary { entries, .. } => open.extend(entries.iter().rev().flat_map(|(k, v)| [v, k])),
            Value::External { body: External::Bytes(_), .. } | Value::Date(_) | Value::ByteArray(_) => {}
            Value::Xml(_) | Value::XmlDocument(_) => {}
            Value::VectorInt { .. } | Value::VectorUint { .. } | Value::VectorDouble { .. } => {}
        }
        match left.checked_sub(1) {
            Some(less) => left = less,
            None => return Some(value),
        }
    }
    None
}

impl Object {
    /// An object without a class: all members are dynamic.
    ///
    /// ```
    /// use amf::{Members, amf3::Object};
    /// let object = Object::dynamic(Members::new().with("a", 1));
    /// assert_eq!(object.get("a").and_then(|value| value.as_f64()), Some(1.0));
    /// ```
    pub fn dynamic(members: Members<Value>) -> Object {
        let traits = Traits { dynamic: true, ..Traits::default() };
        Object { traits: Arc::new(traits), sealed: Vec::new(), members }
    }

    /// An object of a class whose members are all sealed.
    ///
    /// ```
    /// use amf::amf3::Object;
    /// let point = Object::typed("Point", [("x", 1), ("y", 2)]);
    /// assert_eq!((&*point.traits.class, point.get("y").and_then(|y| y.as_f64())), ("Point", Some(2.0)));
    /// ```
    pub fn typed<K, V>(class: impl Into<ByteString>, members: impl IntoIterator<Item = (K, V)>) -> Object
    where
        K: Into<ByteString>,
        V: Into<Value>,
    {
        let (sealed, values) = members.into_iter().map(|(name, value)| (name.into(), value.into())).unzip();
        let traits = Traits { class: class.into(), dynamic: false, sealed };
        Object { traits: Arc::new(traits), sealed: values, members: Members::new() }
    }

    /// The member of that name, sealed or not.
    ///
    /// ```
    /// assert_eq!(amf::amf3::Object::typed("C", [("a", 1)]).get("b"), None);
    /// ```
    pub fn get(&self, name: &str) -> Option<&Value> {
        let sealed = self.traits.sealed.iter().position(|own| &**own == name);
        sealed.and_then(|at| self.sealed.get(at)).or_else(|| self.members.get(name))
    }
}

impl Value {
    /// The text of a string.
    ///
    /// ```
    /// assert_eq!(amf::amf3::Value::from("hi").as_str(), Some("hi"));
    /// ```
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// The number, whole or not.
    ///
    /// ```
    /// use amf::amf3::Value;
    /// assert_eq!((Value::Integer(-1).as_f64(), Value::Double(0.5).as_f64()), (Some(-1.0), Some(0.5)));
    /// ```
    pub fn as_f64(&self) -> Option<f64> {
        match *self {
            Value::Integer(number) => Some(number.into()),
            Value::Double(number) => Some(number),
            _ => None,
        }
    }

    /// True or false.
    ///
    /// ```
    /// assert_eq!(amf::amf3::Value::from(true).as_bool(), Some(true));
    /// ```
    pub fn as_bool(&self) -> Option<bool> {
        match *self {
            Value::Boolean(truth) => Some(truth),
            _ => None,
        }
    }

    /// The object.
    ///
    /// ```
    /// use amf::amf3::{Object, Value};
    /// assert_eq!(Value::from(Object::default()).as_object(), Some(&Object::default()));
    /// ```
    pub fn as_object(&self) -> Option<&Object> {
        match self {
            Value::Object(object) => Some(object),
            _ => None,
        }
    }

    /// The member of that name, where this is an object or an array with names.
    ///
    /// ```
    /// use amf::{Members, amf3::Value};
    /// let array = Value::Array { named: Members::new().with("a", 1), dense: vec![] };
    /// assert_eq!((array.get("a"), array.get("b")), (Some(&1.into()), None));
    /// ```
    pub fn get(&self, name: &str) -> Option<&Value> {
        match self {
            Value::Object(object) => object.get(name),
            Value::Array { named, .. } => named.get(name),
            _ => None,
        }
    }

    /// The entries of an array from index 0.
    ///
    /// ```
    /// use amf::amf3::Value;
    /// assert_eq!(Value::from(vec![1.into()]).as_array(), Some(&[Value::Integer(1)][..]));
    /// ```
    pub fn as_array(&self) -> Option<&[Value]> {
        match self {
            Value::Array { dense, .. } => Some(dense),
            _ => None,
        }
    }

    /// Appends the bytes of this value, as a message of its own.
    ///
    /// ```
    /// let mut bytes = bytes::BytesMut::new();
    /// amf::amf3::Value::from(-1).encode(&mut bytes);
    /// assert_eq!(&bytes[..], b"\x04\xff\xff\xff\xff");
    /// ```
    ///
    /// # Panics
    /// As [`Encoder::encode`].
    pub fn encode(&self, out: &mut BytesMut) {
        Encoder::new().encode(self, out);
    }

    /// The same value in memory of its own: for whoever keeps a value longer than the message that it came in. Strings
    /// that are shared are copied once and stay shared.
    ///
    /// ```
    /// use amf::amf3::Value;
    /// let value = Value::from(vec!["text".into(), "text".into()]);
    /// assert_eq!(value.detached(), value);
    /// ```
    pub fn detached(&self) -> Value {
        Copies::default().value(self)
    }
}

/// The copies made so far, by where the original lies: a short message can repeat a long string thousands of times.
#[derive(Default)]
struct Copies {
    texts: BTreeMap<(usize, usize), ByteString>,
    traits: BTreeMap<usize, Arc<Traits>>,
}

impl Copies {
    fn text(&mut self, text: &ByteString) -> ByteString {
        let place = (text.as_ptr() as usize, text.len());
        self.texts.entry(place).or_insert_with(|| String::from(&**text).into()).clone()
    }

    fn traits(&mut self, traits: &Arc<Traits>) -> Arc<Traits> {
        let place = Arc::as_ptr(traits) as usize;
        if let Some(copy) = self.traits.get(&place) {
            return copy.clone();
        }
        let sealed = traits.sealed.iter().map(|name| self.text(name)).collect();
        let copy = Arc::new(Traits { class: self.text(&traits.class), dynamic: traits.dynamic, sealed });
        self.traits.insert(place, copy.clone());
        copy
    }

    fn members(&mut self, members: &Members<Value>) -> Members<Value> {
        members.entries().iter().map(|(name, value)| (self.text(name), self.value(value))).collect()
    }

    fn values(&mut self, values: &[Value]) -> Vec<Value> {
        values.iter().map(|value| self.value(value)).collect()
    }

    fn value(&mut self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.text(text)),
            Value::Xml(text) => Value::Xml(self.text(text)),
            Value::XmlDocument(text) => Value::XmlDocument(self.text(text)),
            Value::ByteArray(bytes) => Value::ByteArray(Bytes::copy_from_slice(bytes)),
            Value::Array { named, dense } => Value::Array { named: self.members(named), dense: self.values(dense) },
            Value::Object(object) => Value::Object(Box::new(Object {
                traits: self.traits(&object.traits),
                sealed: self.values(&object.sealed),
                members: self.members(&object.members),
            })),
            Value::External { class, body } => {
                let body = match body {
                    External::Values(values) => External::Values(self.values(values)),
                    External::Bytes(bytes) => External::Bytes(Bytes::copy_from_slice(bytes)),
                };
                Value::External { class: self.text(class), body }
            }
            Value::VectorObject { fixed, class, values } => {
                Value::VectorObject { fixed: *fixed, class: self.text(class), values: self.values(values) }
            }
            Value::Dictionary { weak, entries } => {
                let entries = entries.iter().map(|(key, value)| (self.value(key), self.value(value))).collect();
                Value::Dictionary { weak: *weak, entries }
            }
            plain => plain.clone(),
        }
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Value) -> bool {
        match (self, other) {
            (Value::Null, Value::Null) | (Value::Undefined, Value::Undefined) => true,
            (Value::Boolean(a), Value::Boolean(b)) => a == b,
            (Value::Integer(a), Value::Integer(b)) => a == b,
            (Value::Double(a), Value::Double(b)) | (Value::Date(a), Value::Date(b)) => a.to_bits() == b.to_bits(),
            (Value::String(a), Value::String(b)) => a == b,
            (Value::Xml(a), Value::Xml(b)) | (Value::XmlDocument(a), Value::XmlDocument(b)) => a == b,
            (Value::Array { named: a, dense: x }, Value::Array { named: b, dense: y }) => a == b && x == y,
            (Value::Object(a), Value::Object(b)) => a == b,
            (Value::External { class: a, body: x }, Value::External { class: b, body: y }) => a == b && x == y,
            (Value::ByteArray(a), Value::ByteArray(b)) => a == b,
            (Value::VectorInt { fixed: a, values: x }, Value::VectorInt { fixed: b, values: y }) => a == b && x == y,
            (Value::VectorUint { fixed: a, values: x }, Value::VectorUint { fixed: b, values: y }) => a == b && x == y,
            (Value::VectorDouble { fixed: a, values: x }, Value::VectorDouble { fixed: b, values: y }) => {
                a == b && x.iter().map(|n| n.to_bits()).eq(y.iter().map(|n| n.to_bits()))
            }
            (
                Value::VectorObject { fixed: a, class: c, values: x },
                Value::VectorObject { fixed: b, class: d, values: y },
            ) => a == b && c == d && x == y,
            (Value::Dictionary { weak: a, entries: x }, Value::Dictionary { weak: b, entries: y }) => a == b && x == y,
            (Value::Reference(a), Value::Reference(b)) => a == b,
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
    f64 => |number| Value::Double(number);
    i32 => |number| match number {
        MIN_INTEGER..=MAX_INTEGER => Value::Integer(number),
        _ => Value::Double(number.into()),
    };
    bool => |truth| Value::Boolean(truth);
    &str => |text| Value::String(text.into());
    String => |text| Value::String(text.into());
    ByteString => |text| Value::String(text);
    Bytes => |bytes| Value::ByteArray(bytes);
    Object => |object| Value::Object(Box::new(object));
    Vec<Value> => |dense| Value::Array { named: Members::new(), dense };
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Value {
        value.map_or(Value::Null, Into::into)
    }
}

const MIN_INTEGER: i32 = -(1 << 28);
const MAX_INTEGER: i32 = (1 << 28) - 1;

mod marker {
    pub(super) const UNDEFINED: u8 = 0x00;
    pub(super) const NULL: u8 = 0x01;
    pub(super) const FALSE: u8 = 0x02;
    pub(super) const TRUE: u8 = 0x03;
    pub(super) const INTEGER: u8 = 0x04;
    pub(super) const DOUBLE: u8 = 0x05;
    pub(super) const STRING: u8 = 0x06;
    pub(super) const XML_DOCUMENT: u8 = 0x07;
    pub(super) const DATE: u8 = 0x08;
    pub(super) const ARRAY: u8 = 0x09;
    pub(super) const OBJECT: u8 = 0x0a;
    pub(super) const XML: u8 = 0x0b;
    pub(super) const BYTE_ARRAY: u8 = 0x0c;
    pub(super) const VECTOR_INT: u8 = 0x0d;
    pub(super) const VECTOR_UINT: u8 = 0x0e;
    pub(super) const VECTOR_DOUBLE: u8 = 0x0f;
    pub(super) const VECTOR_OBJECT: u8 = 0x10;
    pub(super) const DICTIONARY: u8 = 0x11;
}
