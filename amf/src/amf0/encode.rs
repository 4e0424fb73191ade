use bytes::{BufMut, BytesMut};

use super::{Object, Value, marker};
use crate::amf3;

/// Writes the values of one message, one after the other.
///
/// ```
/// use amf::amf0::Encoder;
/// let (mut encoder, mut out) = (Encoder::new(), bytes::BytesMut::new());
/// encoder.encode(&"hi".into(), &mut out);
/// encoder.encode(&true.into(), &mut out);
/// assert_eq!(&out[..], b"\x02\x00\x02hi\x01\x01");
/// ```
#[derive(Default)]
pub struct Encoder {
    /// What was written before in AMF3.
    avm: amf3::Encoder,
}

impl Encoder {
    /// At the start of a message.
    pub fn new() -> Encoder {
        Encoder::default()
    }

    /// Appends the bytes of `value`. A name longer than 65,535 bytes, which the format has no room for, is cut.
    pub fn encode(&mut self, value: &Value, out: &mut BytesMut) {
        match value {
            Value::Number(number) => {
                out.put_u8(marker::NUMBER);
                out.put_f64(*number);
            }
            Value::Boolean(truth) => out.put_slice(&[marker::BOOLEAN, u8::from(*truth)]),
            Value::String(text) => put_string(text, out),
            Value::Xml(document) => put_long(marker::XML, document, out),
            Value::Null => out.put_u8(marker::NULL),
            Value::Undefined => out.put_u8(marker::UNDEFINED),
            Value::Unsupported => out.put_u8(marker::UNSUPPORTED),
            Value::Object(members) => {
                out.put_u8(marker::OBJECT);
                self.members(members, out);
            }
            Value::EcmaArray(members) => {
                out.put_u8(marker::ECMA_ARRAY);
                out.put_u32(count(members.len()));
                self.members(members, out);
            }
            Value::TypedObject(class, members) => {
                out.put_u8(marker::TYPED_OBJECT);
                put_short(class, out);
                self.members(members, out);
            }
            Value::StrictArray(values) => {
                out.put_u8(marker::STRICT_ARRAY);
                out.put_u32(count(values.len()));
                values.iter().for_each(|value| self.encode(value, out));
            }
            Value::Date { millis, zone } => {
                out.put_u8(marker::DATE);
                out.put_f64(*millis);
                out.put_i16(*zone);
            }
            Value::Reference(index) => {
                out.put_u8(marker::REFERENCE);
                out.put_u16(*index);
            }
            Value::Avm(value) => {
                out.put_u8(marker::AVM_PLUS);
                self.avm.encode(value, out);
            }
        }
    }

    fn members(&mut self, members: &Object, out: &mut BytesMut) {
        for (name, value) in members.iter() {
            put_short(name, out);
            self.encode(value, out);
        }
        out.put_slice(&[0, 0, marker::OBJECT_END]);
    }
}

//= amf0#2.4/short MUST
//# The short form up to 65,535 bytes, the long form from there on.
fn put_string(text: &str, out: &mut BytesMut) {
    if text.len() > usize::from(u16::MAX) {
        return put_long(marker::LONG_STRING, text, out);
    }
    out.put_u8(marker::STRING);
    put_short(text, out);
}

fn put_short(text: &str, out: &mut BytesMut) {
    let mut length = text.len().min(usize::from(u16::MAX));
    while !text.is_char_boundary(length) {
        length -= 1;
    }
    out.put_u16(length as u16);
    out.put_slice(&text.as_bytes()[..length]);
}

fn put_long(marker: u8, text: &str, out: &mut BytesMut) {
    out.put_u8(marker);
    out.put_u32(count(text.len()));
    out.put_slice(text.as_bytes());
}

/// What came from the network is far shorter: only a caller's own can be too long.
fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or_else(|_| panic!("a value of {length} elements is too long for AMF"))
}
