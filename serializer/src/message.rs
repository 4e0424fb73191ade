use std::fmt;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use ring::digest::{SHA256, digest};

use crate::value::{Reader, put_array_header, put_str, put_uint};
use crate::{Error, Flag, Id, Limits, MainFlag, Value};

/// The SHA-256 of a message's bytes: its name and its checksum.
//= p2p#3.1/id MUST
//# Made from the bytes as they were written or came, once, and kept.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageId(pub [u8; 32]);

impl MessageId {
    /// The id of the message of those bytes.
    ///
    /// ```
    /// use serializer::MessageId;
    /// assert!(MessageId::of(b"").to_string().starts_with("e3b0c44298fc1c149afb"));
    /// ```
    pub fn of(bytes: &[u8]) -> MessageId {
        MessageId(digest(&SHA256, bytes).as_ref().try_into().unwrap_or_default()) // always 32 bytes
    }

    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for MessageId {
    /// In hexadecimal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MessageId({self})")
    }
}

/// A message together with the bytes that it came in or goes out as. A clone shares them.
///
/// Two programs may encode the same fields differently, and the id is the hash of the bytes. So a relay forwards
/// [`Message::bytes`] as they came; nothing here ever encodes a received message again.
//= p2p#3.1/original-bytes MUST
//# There is no way to change a message, and its frame is made of the bytes it was decoded from.
#[derive(Clone)]
pub struct Message(Arc<Inner>);

struct Inner {
    main: MainFlag,
    sender: Id,
    time: u64,
    payload: Vec<Value>,
    id: MessageId,
    /// The msgpack alone.
    bytes: Bytes,
    /// Length, id and msgpack.
    frame: OnceLock<Bytes>,
}

impl Message {
    /// A message to send. `time` is in whole seconds since 1970; the first value of `payload` is the [`Flag`].
    ///
    /// ```
    /// use serializer::{Flag, Id, MainFlag, Message};
    /// let sender = Id::new("2oY").unwrap();
    /// let message = Message::new(MainFlag::Whisper, &sender, 1, vec![Flag::Whisper.into(), "hi".into()]);
    /// assert_eq!(&message.bytes()[..], b"\x95\x02\xa32oY\x01\x02\xa2hi");
    /// ```
    ///
    /// # Panics
    /// As [`Value::encode`].
    //= p2p#3.1/array MUST
    //# Header, three fields and payload go into one buffer behind the room for length and hash.
    //= p2p#3.1/hash MUST
    //# Computed over the buffer behind the room that was left for it.
    //= p2p#3.1/seconds MUST
    //# The type has no fractions, and the number is written as it is.
    //= p2p#3.1/sender-text SHOULD
    //# An id is always written as a string here.
    pub fn new(main: MainFlag, sender: &Id, time: u64, payload: Vec<Value>) -> Message {
        let hint: usize = payload.iter().map(Value::size_hint).sum();
        let mut out = Vec::with_capacity(HEADER + 24 + sender.as_bytes().len() + hint);
        out.extend_from_slice(&[0; HEADER]);
        put_array_header(&mut out, payload.len() + 3);
        put_uint(&mut out, main.code());
        put_str(&mut out, sender.as_str());
        put_uint(&mut out, time);
        for value in &payload {
            value.encode(&mut out);
        }
        let id = MessageId::of(&out[HEADER..]);
        let length = frame_length(out.len() - 4);
        out[..4].copy_from_slice(&length);
        out[4..HEADER].copy_from_slice(id.as_bytes());
        let frame = Bytes::from(out);
        let bytes = frame.slice(HEADER..);
        Message(Arc::new(Inner { main, sender: sender.clone(), time, payload, id, bytes, frame: frame.into() }))
    }

    /// The message of those bytes, which are the msgpack alone, without length and hash.
    ///
    /// ```
    /// use serializer::{Error, Limits, MainFlag, Message};
    /// let decode = |bytes| Message::decode(bytes::Bytes::from_static(bytes), &Limits::default());
    /// let message = decode(b"\x95\x02\xa32oY\xcb\x3f\xf8\0\0\0\0\0\0\x02\xa2hi").unwrap();
    /// assert_eq!(message.main(), MainFlag::Whisper);
    /// assert_eq!(message.time(), 1); // 1.5 s, as a float: accepted, and cut
    /// assert_eq!(decode(b"\x92\0\xa1x").unwrap_err(), Error::TooFewFields);
    /// ```
    ///
    /// # Errors
    /// As [`Value::decode`], and [`Error::NotAnArray`], [`Error::TooFewFields`], [`Error::MainFlag`], [`Error::Sender`],
    /// [`Error::IdTooLong`], [`Error::Time`].
    pub fn decode(bytes: Bytes, limits: &Limits) -> Result<Message, Error> {
        let id = MessageId::of(&bytes);
        Message::with_id(bytes, id, limits)
    }

    /// The message of those bytes whose hash is known to be `id`.
    pub(crate) fn with_id(bytes: Bytes, id: MessageId, limits: &Limits) -> Result<Message, Error> {
        let mut reader = Reader::new(&bytes, limits);
        //= p2p#5/short-array-told MUST
        //# An error of its own, the only one for which `Error::closes` is false.
        let count = reader.array_header()?.checked_sub(3).ok_or(Error::TooFewFields)?;
        //= p2p#5/fields MUST
        //# Each field has its own error; the values after them may be anything.
        let main = match reader.unsigned()? {
            Some(code) => code.into(),
            None => reader.value()?.as_u64().ok_or(Error::MainFlag)?.into(),
        };
        let (sender, bytes_form) = reader.string()?.ok_or(Error::Sender)?;
        let sender = Id::in_form(sender, bytes_form)?;
        let time = match reader.unsigned()? {
            Some(seconds) => seconds,
            None => whole_seconds(&reader.value()?)?,
        };
        let payload = reader.values(count)?;
        reader.end()?;
        Ok(Message(Arc::new(Inner { main, sender, time, payload, id, bytes, frame: OnceLock::new() })))
    }

    /// Whether it is flooded, for the receiver alone, or about the link.
    pub fn main(&self) -> MainFlag {
        self.0.main
    }

    /// The node that wrote it, which need not be the one it was received from.
    pub fn sender(&self) -> &Id {
        &self.0.sender
    }

    /// When it was written, in seconds since 1970 by the sender's clock.
    pub fn time(&self) -> u64 {
        self.0.time
    }

    /// All values after the time, the flag included.
    pub fn payload(&self) -> &[Value] {
        &self.0.payload
    }

    /// The flag, which is the first value of the payload; `None` when that is missing or no whole number from 0.
    //= p2p#3.2/sub-other MUST
    //# No flag is `None`, an unknown one `Other`; the payload is there all the same.
    pub fn sub(&self) -> Option<Flag> {
        self.0.payload.first().and_then(Value::as_u64).map(Flag::from)
    }

    /// The values of the payload after the flag.
    pub fn values(&self) -> &[Value] {
        self.0.payload.get(1..).unwrap_or_default()
    }

    /// The hash of [`Message::bytes`].
    pub fn id(&self) -> &MessageId {
        &self.0.id
    }

    /// The msgpack as it came or goes.
    pub fn bytes(&self) -> &Bytes {
        &self.0.bytes
    }

    /// Length, id and msgpack: the frame without compression.
    pub(crate) fn frame(&self) -> &Bytes {
        self.0.frame.get_or_init(|| {
            let bytes = &self.0.bytes;
            let mut out = Vec::with_capacity(HEADER + bytes.len());
            out.extend_from_slice(&frame_length(bytes.len() + HEADER - 4));
            out.extend_from_slice(self.0.id.as_bytes());
            out.extend_from_slice(bytes);
            out.into()
        })
    }
}

impl PartialEq for Message {
    /// By the bytes, which is by the id.
    fn eq(&self, other: &Message) -> bool {
        self.0.id == other.0.id
    }
}

impl Eq for Message {}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("main", &self.0.main)
            .field("sender", &self.0.sender)
            .field("time", &self.0.time)
            .field("payload", &self.0.payload)
            .field("id", &self.0.id)
            .finish()
    }
}

/// Length and hash, in bytes.
pub(crate) const HEADER: usize = 4 + 32;

/// The length of a frame's body as it stands in front of it. Only a caller's own value can be too long.
pub(crate) fn frame_length(length: usize) -> [u8; 4] {
    u32::try_from(length)
        .unwrap_or_else(|_| panic!("a message of {length} bytes is too long for a frame"))
        .to_be_bytes()
}

/// The whole seconds of a time in any other form: js2p writes it as a float once it needs more than 31 bits.
//= p2p#3.1/float-time MUST
//# Cut to whole seconds; what is below 0, above 64 bits or no number is refused.
fn whole_seconds(time: &Value) -> Result<u64, Error> {
    match *time {
        Value::Float(seconds) if (0.0..18_446_744_073_709_551_616.0).contains(&seconds) => Ok(seconds as u64),
        _ => time.as_u64().ok_or(Error::Time),
    }
}
