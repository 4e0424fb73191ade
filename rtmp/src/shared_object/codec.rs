use std::fmt;

use amf::amf0::{self, Value};
use bytes::{Buf, BufMut, Bytes, BytesMut};
use bytestring::ByteString;

use crate::{Message, MessageType};

/// In which of the two messages a shared object travels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Form {
    /// Type 19: values in AMF0.
    #[default]
    Amf0,
    /// Type 16: a zero byte before it all, and values in AMF0 that may switch to AMF3.
    Amf3,
}

/// One message about one shared object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SharedObject {
    /// The name of the object within its application.
    pub name: ByteString,
    /// How often it has changed, as the sender knows it.
    pub version: u32,
    /// Whether it outlives its users.
    pub persistent: bool,
    /// What happens, in order.
    pub events: Vec<Event>,
}

/// What happens to a shared object.
//= rtmp#7.1.3/events MUST
//# A variant for each of the eleven of the document, one that programs add, and the rest as they came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// 1, client: let me use it.
    Use,
    /// 2, client: I use it no more.
    Release,
    /// 3, client: give a property a value. Nothing as its value removes it.
    RequestChange {
        /// The property.
        name: ByteString,
        /// Its value.
        value: Value,
    },
    /// 4, server: a property has a value.
    Change {
        /// The property.
        name: ByteString,
        /// Its value.
        value: Value,
    },
    /// 5, server: your change was granted.
    Success {
        /// The property.
        name: ByteString,
    },
    /// 6, both: a message to all who use the object: a name and arguments.
    SendMessage(Vec<Value>),
    /// 7, server: something was refused.
    Status {
        /// A code such as `SharedObject.NoWriteAccess`.
        code: ByteString,
        /// `error` or another level.
        level: ByteString,
    },
    /// 8, server: all properties are gone.
    Clear,
    /// 9, server: a property is gone.
    Remove {
        /// The property.
        name: ByteString,
    },
    /// 10, client: remove a property.
    RequestRemove {
        /// The property.
        name: ByteString,
    },
    /// 11, server: you may use it.
    UseSuccess,
    /// 14, client: remove all properties. Not in the document; seen from Flash.
    RequestClear,
    /// Any other number, and its bytes.
    Other(u8, Bytes),
}

/// What a message may ask of us. The default of each field stands at the field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one message. 256 KiB: a value of one byte on the wire takes 64 in memory.
    pub bytes: usize,
    /// Events in one message. 1,024.
    pub events: usize,
    /// The values of one event.
    pub amf: amf::Limits,
}

impl Default for Limits {
    fn default() -> Limits {
        let amf = amf::Limits { depth: 32, ..amf::Limits::default() };
        Limits { bytes: 256 << 10, events: 1024, amf }
    }
}

/// Why a message is none about a shared object. Its sender is at fault; the connection can go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Error {
    /// The message is of another type.
    Type(MessageType),
    /// It ends before a length that it announced.
    Truncated,
    /// A name is not UTF-8.
    Utf8,
    /// The message is longer than [`Limits::bytes`] allows.
    TooLong,
    /// More events than [`Limits::events`] allows.
    TooManyEvents,
    /// A value cannot be read.
    Value(amf::Error),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Type(kind) => write!(f, "a message of type {} is about no shared object", kind.number()),
            Error::Truncated => f.write_str("a shared object message ends before its lengths do"),
            Error::Utf8 => f.write_str("a name of a shared object message is not UTF-8"),
            Error::TooLong => f.write_str("a shared object message is longer than allowed"),
            Error::TooManyEvents => f.write_str("a shared object message has too many events"),
            Error::Value(error) => write!(f, "a value of a shared object message: {error}"),
        }
    }
}

impl std::error::Error for Error {}

impl From<amf::Error> for Error {
    fn from(error: amf::Error) -> Error {
        Error::Value(error)
    }
}

impl SharedObject {
    /// A message about an object of version 0 that is not persistent.
    ///
    /// ```
    /// use rtmp::shared_object::{Event, SharedObject};
    /// assert_eq!(SharedObject::new("board", vec![Event::Use]).version, 0);
    /// ```
    pub fn new(name: impl Into<ByteString>, events: Vec<Event>) -> SharedObject {
        SharedObject { name: name.into(), version: 0, persistent: false, events }
    }

    /// Reads a message of type 19 or 16. Names and values share its memory.
    ///
    /// ```
    /// use rtmp::shared_object::{Event, SharedObject};
    /// use rtmp::{Message, MessageType};
    /// let payload = b"\x00\x05board\0\0\0\x02\0\0\0\0\0\0\0\0\x0a\0\0\0\x03\x00\x01x"[..].into();
    /// let message = Message { kind: MessageType::SharedObjectAmf0, timestamp: 0, stream: 0, payload };
    /// let object = SharedObject::parse(&message, &Default::default()).unwrap();
    /// assert_eq!((&*object.name, object.version), ("board", 2));
    /// assert_eq!(object.events, [Event::RequestRemove { name: "x".into() }]);
    /// ```
    ///
    /// # Errors
    /// Any [`Error`].
    //= rtmp#7.1.3/layout MUST
    //# Every length is compared with what is left, and an event cannot read past its own.
    pub fn parse(message: &Message, limits: &Limits) -> Result<SharedObject, Error> {
        let mut rest = message.payload.clone();
        match message.kind {
            MessageType::SharedObjectAmf0 => {}
            MessageType::SharedObjectAmf3 => {
                rest.try_get_u8().map_err(|_| Error::Truncated)?;
            }
            other => return Err(Error::Type(other)),
        }
        if rest.len() > limits.bytes {
            return Err(Error::TooLong);
        }
        let name = text(&mut rest)?;
        let version = rest.try_get_u32().map_err(|_| Error::Truncated)?;
        let flags = rest.try_get_u32().map_err(|_| Error::Truncated)?;
        rest.try_get_u32().map_err(|_| Error::Truncated)?;
        let mut events = Vec::new();
        while !rest.is_empty() {
            let kind = rest.get_u8();
            let length = rest.try_get_u32().map_err(|_| Error::Truncated)?;
            let length = usize::try_from(length).ok().filter(|length| *length <= rest.len());
            let data = rest.split_to(length.ok_or(Error::Truncated)?);
            Event::parse(kind, data, limits, &mut events)?;
        }
        Ok(SharedObject { name, version, persistent: flags & PERSISTENT != 0, events })
    }

    /// The message, on message stream 0. A name longer than 65,535 bytes is cut.
    ///
    /// ```
    /// use rtmp::shared_object::{Event, Form, SharedObject};
    /// let message = SharedObject::new("board", vec![Event::Use]).to_message(Form::Amf0);
    /// assert_eq!(&message.payload[..], b"\x00\x05board\0\0\0\0\0\0\0\0\0\0\0\0\x01\0\0\0\0");
    /// ```
    pub fn to_message(&self, form: Form) -> Message {
        let mut out = BytesMut::with_capacity(256);
        let kind = match form {
            Form::Amf0 => MessageType::SharedObjectAmf0,
            Form::Amf3 => {
                out.put_u8(0);
                MessageType::SharedObjectAmf3
            }
        };
        put_text(&self.name, &mut out);
        out.put_u32(self.version);
        out.put_u32(if self.persistent { PERSISTENT } else { 0 });
        out.put_u32(0);
        self.events.iter().for_each(|event| event.put(&mut out));
        Message { kind, timestamp: 0, stream: 0, payload: out.freeze() }
    }
}

impl Event {
    /// The number on the wire.
    ///
    /// ```
    /// assert_eq!(rtmp::shared_object::Event::UseSuccess.number(), 11);
    /// ```
    pub fn number(&self) -> u8 {
        match self {
            Event::Use => 1,
            Event::Release => 2,
            Event::RequestChange { .. } => 3,
            Event::Change { .. } => 4,
            Event::Success { .. } => 5,
            Event::SendMessage(_) => 6,
            Event::Status { .. } => 7,
            Event::Clear => 8,
            Event::Remove { .. } => 9,
            Event::RequestRemove { .. } => 10,
            Event::UseSuccess => 11,
            Event::RequestClear => 14,
            Event::Other(number, _) => *number,
        }
    }

    /// Reads the event of that number; one that changes several properties becomes several.
    //= rtmp#7.1.3/several MUST
    //# Pairs are read until the data end, each into an event of its own.
    fn parse(kind: u8, mut data: Bytes, limits: &Limits, events: &mut Vec<Event>) -> Result<(), Error> {
        let event = match kind {
            1 => Event::Use,
            2 => Event::Release,
            3 | 4 => {
                while !data.is_empty() {
                    let (name, value) = (text(&mut data)?, amf0::decode(&mut data, &limits.amf)?);
                    let pair = match kind {
                        3 => Event::RequestChange { name, value },
                        _ => Event::Change { name, value },
                    };
                    push(pair, limits, events)?;
                }
                return Ok(());
            }
            5 => Event::Success { name: text(&mut data)? },
            6 => Event::SendMessage(amf0::decode_all(data, &limits.amf)?),
            7 => Event::Status { code: text(&mut data)?, level: text(&mut data)? },
            8 => Event::Clear,
            9 => Event::Remove { name: text(&mut data)? },
            10 => Event::RequestRemove { name: text(&mut data)? },
            11 => Event::UseSuccess,
            14 => Event::RequestClear,
            other => Event::Other(other, data),
        };
        push(event, limits, events)
    }

    fn put(&self, out: &mut BytesMut) {
        out.put_u8(self.number());
        let length_at = out.len();
        out.put_u32(0);
        match self {
            Event::Use | Event::Release | Event::Clear | Event::UseSuccess | Event::RequestClear => {}
            Event::RequestChange { name, value } | Event::Change { name, value } => {
                put_text(name, out);
                value.encode(out);
            }
            Event::Success { name } | Event::Remove { name } | Event::RequestRemove { name } => put_text(name, out),
            Event::SendMessage(values) => {
                let mut encoder = amf0::Encoder::new();
                values.iter().for_each(|value| encoder.encode(value, out));
            }
            Event::Status { code, level } => {
                put_text(code, out);
                put_text(level, out);
            }
            Event::Other(_, data) => out.put_slice(data),
        }
        let length = u32::try_from(out.len() - length_at - 4).unwrap_or(u32::MAX);
        if let Some(field) = out.get_mut(length_at..length_at + 4) {
            field.copy_from_slice(&length.to_be_bytes());
        }
    }
}

fn push(event: Event, limits: &Limits, events: &mut Vec<Event>) -> Result<(), Error> {
    if events.len() >= limits.events {
        return Err(Error::TooManyEvents);
    }
    events.push(event);
    Ok(())
}

fn text(bytes: &mut Bytes) -> Result<ByteString, Error> {
    let length = usize::from(bytes.try_get_u16().map_err(|_| Error::Truncated)?);
    if length > bytes.len() {
        return Err(Error::Truncated);
    }
    ByteString::try_from(bytes.split_to(length)).map_err(|_| Error::Utf8)
}

fn put_text(text: &str, out: &mut BytesMut) {
    let mut length = text.len().min(usize::from(u16::MAX));
    while !text.is_char_boundary(length) {
        length -= 1;
    }
    out.put_u16(length as u16);
    out.put_slice(&text.as_bytes()[..length]);
}

/// The flag of an object that outlives its users.
const PERSISTENT: u32 = 2;
