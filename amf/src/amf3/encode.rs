use bytes::{BufMut, BytesMut};
use bytestring::ByteString;

use super::table::{Class, Table};
use super::{External, MAX_INTEGER, MIN_INTEGER, Object, Value, marker};
use crate::Members;

/// Writes the values of one message, one after the other: strings and traits that were written before become references.
///
/// ```
/// use amf::amf3::Encoder;
/// let (mut encoder, mut out) = (Encoder::new(), bytes::BytesMut::new());
/// encoder.encode(&"hi".into(), &mut out);
/// encoder.encode(&"hi".into(), &mut out);
/// assert_eq!(&out[..], b"\x06\x05hi\x06\x00");
/// ```
#[derive(Default)]
pub struct Encoder {
    strings: Table<ByteString>,
    classes: Table<Class>,
    /// The marker of each object that was begun, for references to it.
    objects: Vec<u8>,
}

impl Encoder {
    /// At the start of a message.
    pub fn new() -> Encoder {
        Encoder::default()
    }

    /// Appends the bytes of `value`. A member without a name cannot be said and is left out, a sealed member without a
    /// value is undefined, and members beyond the sealed ones need dynamic traits.
    ///
    /// # Panics
    /// When a string, byte array, array or vector has 2^28 elements or more, for which AMF3 has no room.
    pub fn encode(&mut self, value: &Value, out: &mut BytesMut) {
        match value {
            Value::Undefined => out.put_u8(marker::UNDEFINED),
            Value::Null => out.put_u8(marker::NULL),
            Value::Boolean(truth) => out.put_u8(if *truth { marker::TRUE } else { marker::FALSE }),
            //= amf3#3.6/range MUST
            //# The constructor for whole numbers and the encoder both fall back to a double.
            Value::Integer(number) if (MIN_INTEGER..=MAX_INTEGER).contains(number) => {
                out.put_u8(marker::INTEGER);
                put_u29(*number as u32 & 0x1fff_ffff, out);
            }
            Value::Integer(number) => put_double(f64::from(*number), out),
            Value::Double(number) => put_double(*number, out),
            Value::String(text) => {
                out.put_u8(marker::STRING);
                self.string(text, out);
            }
            Value::XmlDocument(text) => self.bytes(marker::XML_DOCUMENT, text.as_bytes(), out),
            Value::Xml(text) => self.bytes(marker::XML, text.as_bytes(), out),
            Value::ByteArray(bytes) => self.bytes(marker::BYTE_ARRAY, bytes, out),
            Value::Date(millis) => {
                self.begin(marker::DATE, 0, out);
                out.put_f64(*millis);
            }
            Value::Array { named, dense } => {
                self.begin(marker::ARRAY, dense.len(), out);
                self.members(named, out);
                dense.iter().for_each(|value| self.encode(value, out));
            }
            Value::Object(object) => self.object(object, out),
            Value::External { class, body } => self.external(class, body, out),
            Value::VectorInt { fixed, values } => {
                self.begin(marker::VECTOR_INT, values.len(), out);
                out.put_u8((*fixed).into());
                values.iter().for_each(|number| out.put_i32(*number));
            }
            Value::VectorUint { fixed, values } => {
                self.begin(marker::VECTOR_UINT, values.len(), out);
                out.put_u8((*fixed).into());
                values.iter().for_each(|number| out.put_u32(*number));
            }
            Value::VectorDouble { fixed, values } => {
                self.begin(marker::VECTOR_DOUBLE, values.len(), out);
                out.put_u8((*fixed).into());
                values.iter().for_each(|number| out.put_f64(*number));
            }
            Value::VectorObject { fixed, class, values } => {
                self.begin(marker::VECTOR_OBJECT, values.len(), out);
                out.put_u8((*fixed).into());
                self.string(class, out);
                values.iter().for_each(|value| self.encode(value, out));
            }
            Value::Dictionary { weak, entries } => {
                self.begin(marker::DICTIONARY, entries.len(), out);
                out.put_u8((*weak).into());
                for (key, value) in entries {
                    self.encode(key, out);
                    self.encode(value, out);
                }
            }
            //= amf3#2.2/reference-marker MUST
            //# The markers of all objects are kept, because a reference repeats its object's.
            Value::Reference(index) => {
                out.put_u8(self.objects.get(*index as usize).copied().unwrap_or(marker::OBJECT));
                put_u29(index << 1 & 0x1fff_ffff, out);
            }
        }
    }

    /// The marker of an object and its length, and a place in the table.
    fn begin(&mut self, marker: u8, length: usize, out: &mut BytesMut) {
        self.objects.push(marker);
        out.put_u8(marker);
        put_length(length, out);
    }

    fn bytes(&mut self, marker: u8, bytes: &[u8], out: &mut BytesMut) {
        self.begin(marker, bytes.len(), out);
        out.put_slice(bytes);
    }

    //= amf3#3.12/traits-once SHOULD
    //# Equal traits are found again, those that share memory whatever their length.
    fn object(&mut self, object: &Object, out: &mut BytesMut) {
        self.objects.push(marker::OBJECT);
        out.put_u8(marker::OBJECT);
        let traits = &object.traits;
        if self.class(Class::Sealed(traits.clone()), out) {
            let count = u32::try_from(traits.sealed.len()).ok().filter(|count| *count < 1 << 25);
            let count = count.unwrap_or_else(|| panic!("a class of {} members is too long", traits.sealed.len()));
            put_u29(count << 4 | u32::from(traits.dynamic) << 3 | 0b011, out);
            self.string(&traits.class, out);
            traits.sealed.iter().for_each(|name| self.string(name, out));
        }
        for at in 0..traits.sealed.len() {
            self.encode(object.sealed.get(at).unwrap_or(&Value::Undefined), out);
        }
        if traits.dynamic {
            self.members(&object.members, out);
        }
    }

    fn external(&mut self, class: &ByteString, body: &External, out: &mut BytesMut) {
        self.objects.push(marker::OBJECT);
        out.put_u8(marker::OBJECT);
        if self.class(Class::External(class.clone()), out) {
            put_u29(0b111, out);
            self.string(class, out);
        }
        match body {
            External::Values(values) => values.iter().for_each(|value| self.encode(value, out)),
            External::Bytes(bytes) => out.put_slice(bytes),
        }
    }

    /// Writes a reference to a class, or says that it is new.
    fn class(&mut self, class: Class, out: &mut BytesMut) -> bool {
        let (number, new) = self.classes.number(class);
        if !new {
            put_u29(number << 2 | 0b01, out);
        }
        new
    }

    fn members(&mut self, members: &Members<Value>, out: &mut BytesMut) {
        for (name, value) in members.entries().iter().filter(|(name, _)| !name.is_empty()) {
            self.string(name, out);
            self.encode(value, out);
        }
        put_u29(1, out);
    }

    //= amf3#1.3.2/string-once SHOULD
    //# A table remembers each; the empty string has a byte of its own and no place in the table.
    fn string(&mut self, text: &ByteString, out: &mut BytesMut) {
        if !text.is_empty() {
            let (number, new) = self.strings.number(text.clone());
            if !new {
                return put_u29(number << 1, out);
            }
        }
        put_length(text.len(), out);
        out.put_slice(text.as_bytes());
    }
}

fn put_double(number: f64, out: &mut BytesMut) {
    out.put_u8(marker::DOUBLE);
    out.put_f64(number);
}

/// A length, marked as no reference.
fn put_length(length: usize, out: &mut BytesMut) {
    let length = u32::try_from(length).ok().filter(|length| *length < 1 << 28);
    put_u29(length.unwrap_or_else(|| panic!("a value is too long for AMF3")) << 1 | 1, out);
}

/// The shortest form of a number of up to 29 bits.
fn put_u29(number: u32, out: &mut BytesMut) {
    let group = |shift: u32| (number >> shift & 0x7f) as u8;
    match number {
        0..=0x7f => out.put_u8(group(0)),
        0x80..=0x3fff => out.put_slice(&[group(7) | 0x80, group(0)]),
        0x4000..=0x1f_ffff => out.put_slice(&[group(14) | 0x80, group(7) | 0x80, group(0)]),
        _ => out.put_slice(&[group(22) | 0x80, group(15) | 0x80, group(8) | 0x80, number as u8]),
    }
}
