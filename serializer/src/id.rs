use std::fmt;
use std::hash::{Hash, Hasher};

use bytes::Bytes;
use bytestring::ByteString;
use ring::digest::{Context, SHA256, SHA384};

use crate::{Error, Number, Value, base58};

/// The version of the protocol that goes into every protocol id.
pub const PROTOCOL_VERSION: &str = "0.7";

/// The text that names a node, a network or a request. Usually the base58 digits of a hash, but nobody checks: any text up
/// to [`Id::MAX_LENGTH`] bytes is an id. Equal when the bytes are equal, whether they travelled as string or as bytes; but
/// it remembers in which form it came, since py2p knows a node only by the form that the node itself uses.
//= p2p#3.4/by-bytes MUST
//# Equality, order and hash are those of the bytes, whatever it came as.
#[derive(Clone, Default)]
pub struct Id {
    text: ByteString,
    /// It came as bytes.
    bytes: bool,
}

impl Id {
    /// The longest id, in bytes; that of a node has 66.
    pub const MAX_LENGTH: usize = 256;

    /// That text as an id.
    ///
    /// ```
    /// use serializer::{Error, Id};
    /// assert_eq!(Id::new("any text").unwrap().as_str(), "any text");
    /// assert_eq!(Id::new("x".repeat(257)), Err(Error::IdTooLong));
    /// ```
    ///
    /// # Errors
    /// [`Error::IdTooLong`].
    //= p2p#3.4/any-text MUST
    //# Only the length is looked at.
    //= p2p#5/id-length MUST
    //# 256 bytes, four times what a node has; base58 has a limit of its own.
    pub fn new(text: impl Into<ByteString>) -> Result<Id, Error> {
        let text = text.into();
        if text.len() > Id::MAX_LENGTH { Err(Error::IdTooLong) } else { Ok(Id { text, bytes: false }) }
    }

    /// The id in a string or in bytes: programs of the family differ in which they send.
    ///
    /// ```
    /// use serializer::{Error, Id, Value};
    /// let (text, bytes) = (Value::from("2oY"), Value::from(&b"2oY"[..]));
    /// assert_eq!(Id::from_value(&text), Id::from_value(&bytes));
    /// assert_eq!(Id::from_value(&7.into()), Err(Error::NotAnId));
    /// ```
    ///
    /// # Errors
    /// [`Error::NotAnId`] when it is neither, or no UTF-8; [`Error::IdTooLong`].
    pub fn from_value(value: &Value) -> Result<Id, Error> {
        match value {
            Value::Str(text) => Id::new(text.clone()),
            Value::Bin(bytes) => Id::in_form(ByteString::try_from(bytes.clone()).map_err(|_| Error::NotAnId)?, true),
            _ => Err(Error::NotAnId),
        }
    }

    /// That text as an id that came as bytes, or as a string.
    pub(crate) fn in_form(text: ByteString, bytes: bool) -> Result<Id, Error> {
        Id::new(text).map(|id| Id { bytes, ..id })
    }

    /// In the form in which it came: a string unless it was read from bytes.
    ///
    /// ```
    /// use serializer::{Id, Value};
    /// let bytes = Value::from(&b"2oY"[..]);
    /// assert_eq!(Id::from_value(&bytes).unwrap().to_value(), bytes);
    /// assert_eq!(Id::new("2oY").unwrap().to_value(), Value::from("2oY"));
    /// ```
    pub fn to_value(&self) -> Value {
        if self.bytes { self.to_bin() } else { self.to_text() }
    }

    /// As a string: what our own id is on the wire.
    pub fn to_text(&self) -> Value {
        Value::Str(self.text.clone())
    }

    /// As bytes: what protocol ids are on the wire.
    ///
    /// ```
    /// use serializer::{Id, Value};
    /// assert_eq!(Id::new("2oY").unwrap().to_bin(), Value::from(&b"2oY"[..]));
    /// ```
    pub fn to_bin(&self) -> Value {
        Value::Bin(self.text.as_bytes().clone())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The text as bytes.
    pub fn as_bytes(&self) -> &[u8] {
        self.text.as_bytes()
    }

    /// The number that the text writes in base58; `None` when it writes none or needs more than 512 bits.
    ///
    /// ```
    /// use serializer::{Id, Number};
    /// assert_eq!(Id::new("5R").unwrap().number(), Some(Number::from(256)));
    /// assert_eq!(Id::new("any text").unwrap().number(), None);
    /// ```
    pub fn number(&self) -> Option<Number> {
        Number::from_base58(&self.text).ok()
    }

    /// The same id in memory of its own. An id out of a message keeps the whole frame in memory for as long as it lives.
    ///
    /// ```
    /// use serializer::Id;
    /// let id = Id::new("2oY").unwrap();
    /// assert_eq!(id.detached(), id);
    /// ```
    pub fn detached(&self) -> Id {
        Id { text: ByteString::from(String::from(&*self.text)), bytes: self.bytes }
    }
}

impl AsRef<str> for Id {
    fn as_ref(&self) -> &str {
        &self.text
    }
}

impl PartialEq for Id {
    fn eq(&self, other: &Id) -> bool {
        self.text == other.text
    }
}

impl Eq for Id {}

impl Hash for Id {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

impl PartialOrd for Id {
    fn partial_cmp(&self, other: &Id) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Id {
    /// By bytes.
    fn cmp(&self, other: &Id) -> std::cmp::Ordering {
        self.as_bytes().cmp(other.as_bytes())
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Id({})", &*self.text)
    }
}

/// What protects a network's connections; part of its protocol id, so that networks of different kinds keep apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Encryption {
    /// TCP alone.
    Plaintext,
    /// TLS.
    Ssl,
    /// WebSocket over TCP.
    Ws,
    /// WebSocket over TLS.
    Wss,
}

impl Encryption {
    /// The literal that goes into the protocol id.
    ///
    /// ```
    /// use serializer::Encryption;
    /// assert_eq!(Encryption::Ssl.name(), "SSL");
    /// ```
    //= p2p#3.4/kinds MUST
    //# A literal each.
    pub const fn name(self) -> &'static str {
        match self {
            Encryption::Plaintext => "Plaintext",
            Encryption::Ssl => "SSL",
            Encryption::Ws => "ws",
            Encryption::Wss => "wss",
        }
    }
}

/// The id of the network that `subnet` names over connections of that kind (p2p section 3.4).
///
/// ```
/// use serializer::{Encryption, protocol_id};
/// let id = protocol_id("mesh", Encryption::Plaintext);
/// assert_eq!(id.as_str(), "EpAmyZWv9rZUKmjQgU3FTUD4GrJHvVEXizmghVBc8eGD");
/// ```
//= p2p#3.4/protocol-id MUST
//# The three texts one after the other, hashed, as a number in base58.
pub fn protocol_id(subnet: &str, encryption: Encryption) -> Id {
    let mut hash = Context::new(&SHA256);
    for part in [subnet, encryption.name(), PROTOCOL_VERSION] {
        hash.update(part.as_bytes());
    }
    Id { text: base58::encode(hash.finish().as_ref()).into(), bytes: false }
}

/// An id for a node that is reached at `host` and `port` (p2p section 3.4). `salt` is what makes it unique: random, new
/// for each process. Nobody can check how an id was made.
///
/// ```
/// use serializer::{Encryption, node_id, protocol_id};
/// let id = node_id("::1", 1, &protocol_id("chord", Encryption::Ssl), b"salt");
/// assert_eq!(id.as_str(), "KSM4kkpQB7EtKvCLadpshSFzV49HUgDC7RVwxb1zDGeFrWcpBkrDtjtU8mu2xVbMb");
/// ```
//= p2p#3.4/node-id SHOULD
//# The address as Python prints such a pair, which is what py2p hashes.
pub fn node_id(host: &str, port: u16, protocol: &Id, salt: &[u8]) -> Id {
    let mut hash = Context::new(&SHA384);
    hash.update(format!("('{host}', {port})").as_bytes());
    hash.update(protocol.as_bytes());
    hash.update(salt);
    Id { text: base58::encode(hash.finish().as_ref()).into(), bytes: false }
}

impl From<Id> for Bytes {
    fn from(id: Id) -> Bytes {
        id.text.into_bytes()
    }
}
