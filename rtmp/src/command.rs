//! Commands and data: the messages that carry a name and values.
//!
//! Both come in two forms. The AMF0 form (types 20 and 18) is a row of AMF0 values. The AMF3 form (types 17 and 15) begins
//! with a byte that names the encoding: 0, and AMF0 values follow, any of which may switch to AMF3; or 3, and the values
//! are AMF3 from the start.

use amf::amf0::{self, Value};
use amf::{Limits, amf3};
use bytes::{Buf, BufMut, Bytes, BytesMut};
use bytestring::ByteString;

use crate::{Message, MessageType};

//= rtmp#7.2.1.1/encoding MUST
//# Fixed by connect; connect itself and its answer are AMF0, and both forms are understood at any time.
/// How values are written: the `objectEncoding` of connect.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// 0: messages of types 18 and 20.
    #[default]
    Amf0,
    /// 3: messages of types 15 and 17.
    Amf3,
}

impl Encoding {
    /// The number in connect.
    pub const fn number(self) -> f64 {
        match self {
            Encoding::Amf0 => 0.0,
            Encoding::Amf3 => 3.0,
        }
    }
}

/// Why a message is no command or data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ParseError {
    /// The message is of another type.
    Type(MessageType),
    /// The values cannot be read.
    Amf(amf::Error),
    /// The first value is no string.
    Name,
    /// The second value is no number.
    Transaction,
    /// The AMF3 form begins with this byte in place of 0 or 3.
    Form(u8),
}

/// A command: a call, its answer, or a notice.
///
/// ```
/// use amf::amf0::Value;
/// use rtmp::command::{Command, Encoding};
/// let command = Command::new("createStream", 2.0, Value::Null, vec![]);
/// let message = command.to_message(Encoding::Amf0, 0);
/// assert_eq!(Command::parse(&message, &amf::Limits::default()), Ok(command));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Command {
    /// The method, or `_result`, `_error`, `onStatus`….
    pub name: ByteString,
    /// Pairs call and answer; 0 when no answer is wanted. May be anything that a number can be, NaN included.
    pub transaction: f64,
    /// The command object; `Null` when the message ends before it.
    pub object: Value,
    /// Everything after it.
    pub arguments: Vec<Value>,
}

impl Command {
    /// A command of these parts.
    pub fn new(name: &str, transaction: f64, object: Value, arguments: Vec<Value>) -> Command {
        Command { name: name.into(), transaction, object, arguments }
    }

    //= rtmp#7.1.1/command-types MUST
    //# Types 20 and 17 are read into the same value; the number of the encoding is not kept.
    /// Reads a message of either command type. A missing transaction is 0, since programs leave it out of notices.
    ///
    /// # Errors
    /// [`ParseError`] when the type is another or the values are broken.
    pub fn parse(message: &Message, limits: &Limits) -> Result<Command, ParseError> {
        let form = match message.kind {
            MessageType::CommandAmf0 => Encoding::Amf0,
            MessageType::CommandAmf3 => Encoding::Amf3,
            other => return Err(ParseError::Type(other)),
        };
        let mut values = decode(message.payload.clone(), form, limits)?.into_iter();
        let name = values.next().and_then(string).ok_or(ParseError::Name)?;
        let transaction = match values.next() {
            None => 0.0,
            Some(value) => value.as_f64().ok_or(ParseError::Transaction)?,
        };
        let object = values.next().unwrap_or(Value::Null);
        Ok(Command { name, transaction, object, arguments: values.collect() })
    }

    /// The message, on message stream `stream` at time 0.
    pub fn to_message(&self, encoding: Encoding, stream: u32) -> Message {
        let head = [Value::String(self.name.clone()), Value::Number(self.transaction), self.object.clone()];
        let (kind, payload) = encode(encoding, head.iter().chain(&self.arguments), MessageType::CommandAmf0);
        Message { kind, timestamp: 0, stream, payload }
    }
}

/// Data: metadata, cue points, text. What the publisher sends to the players.
///
/// ```
/// use rtmp::command::{Data, Encoding};
/// let data = Data::new("onTextData", vec!["hello".into()]);
/// let message = data.to_message(Encoding::Amf3, 1, 40);
/// assert_eq!(Data::parse(&message, &amf::Limits::default()), Ok(data));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Data {
    /// The handler, such as `onMetaData`, or `@setDataFrame` with the handler as the first argument.
    pub name: ByteString,
    /// Everything after it.
    pub arguments: Vec<Value>,
}

impl Data {
    /// Data of these parts.
    pub fn new(name: &str, arguments: Vec<Value>) -> Data {
        Data { name: name.into(), arguments }
    }

    //= rtmp#7.1.2/data-types MUST
    //# Types 18 and 15 are read into the same value.
    /// Reads a message of either data type.
    ///
    /// # Errors
    /// [`ParseError`] when the type is another or the values are broken.
    pub fn parse(message: &Message, limits: &Limits) -> Result<Data, ParseError> {
        let form = match message.kind {
            MessageType::DataAmf0 => Encoding::Amf0,
            MessageType::DataAmf3 => Encoding::Amf3,
            other => return Err(ParseError::Type(other)),
        };
        let mut values = decode(message.payload.clone(), form, limits)?.into_iter();
        let name = values.next().and_then(string).ok_or(ParseError::Name)?;
        Ok(Data { name, arguments: values.collect() })
    }

    /// The message, on message stream `stream` at `timestamp` (ms).
    pub fn to_message(&self, encoding: Encoding, stream: u32, timestamp: u32) -> Message {
        let head = [Value::String(self.name.clone())];
        let (kind, payload) = encode(encoding, head.iter().chain(&self.arguments), MessageType::DataAmf0);
        Message { kind, timestamp, stream, payload }
    }

    /// What the players get of it: `@setDataFrame` hands its arguments on, `@clearDataFrame` nothing.
    ///
    /// ```
    /// use rtmp::command::Data;
    /// let set = Data::new("@setDataFrame", vec!["onMetaData".into(), 5.0.into()]);
    /// assert_eq!(set.for_players(), Some(Data::new("onMetaData", vec![5.0.into()])));
    /// assert_eq!(Data::new("@clearDataFrame", vec!["onMetaData".into()]).for_players(), None);
    /// ```
    pub fn for_players(&self) -> Option<Data> {
        match &*self.name {
            "@clearDataFrame" => None,
            "@setDataFrame" => {
                let (name, arguments) = self.arguments.split_first()?;
                Some(Data { name: string(name.clone())?, arguments: arguments.to_vec() })
            }
            _ => Some(self.clone()),
        }
    }
}

impl std::fmt::Display for ParseError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ParseError::Type(kind) => write!(f, "a message of type {} carries no command or data", kind.number()),
            ParseError::Amf(error) => write!(f, "the values cannot be read: {error}"),
            ParseError::Name => f.write_str("the first value is no name"),
            ParseError::Transaction => f.write_str("the second value is no transaction number"),
            ParseError::Form(byte) => write!(f, "no encoding has the number {byte}"),
        }
    }
}

impl std::error::Error for ParseError {}

impl From<amf::Error> for ParseError {
    fn from(error: amf::Error) -> ParseError {
        ParseError::Amf(error)
    }
}

fn decode(mut payload: Bytes, form: Encoding, limits: &Limits) -> Result<Vec<Value>, ParseError> {
    if form == Encoding::Amf0 {
        return Ok(amf0::decode_all(payload, limits)?);
    }
    match payload.first().copied() {
        Some(0) => {
            payload.advance(1);
            Ok(amf0::decode_all(payload, limits)?)
        }
        Some(3) => {
            payload.advance(1);
            let values = amf3::decode_all(payload, limits)?;
            Ok(values.into_iter().map(|value| Value::Avm(Box::new(value))).collect())
        }
        // Some programs forget the byte: a string's marker cannot be mistaken for it.
        Some(2) => Ok(amf0::decode_all(payload, limits)?),
        Some(other) => Err(ParseError::Form(other)),
        None => Err(ParseError::Name),
    }
}

/// The type and body of a message in `encoding`, whose AMF0 type is `plain`.
fn encode<'a>(encoding: Encoding, values: impl Iterator<Item = &'a Value>, plain: MessageType) -> (MessageType, Bytes) {
    let mut out = BytesMut::with_capacity(128);
    let kind = match (encoding, plain) {
        (Encoding::Amf0, kind) => kind,
        (Encoding::Amf3, MessageType::CommandAmf0) => MessageType::CommandAmf3,
        (Encoding::Amf3, _) => MessageType::DataAmf3,
    };
    if encoding == Encoding::Amf3 {
        out.put_u8(0); // AMF0 follows
    }
    values.for_each(|value| value.encode(&mut out));
    (kind, out.freeze())
}

fn string(value: Value) -> Option<ByteString> {
    match value {
        Value::String(text) => Some(text),
        other => other.as_str().map(ByteString::from),
    }
}
