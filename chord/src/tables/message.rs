//! What storing nodes say to each other, between mesh payloads and values (p2p 3.10).
use std::fmt;

use bytes::Bytes;
use serializer::{Flag, Value, base58};

use super::position::{Position, Table};

/// One message of the old chord: the items after the sub flag.
#[derive(Clone, Debug, PartialEq)]
pub enum Message {
    /// Whether the sender stores entries of others. It is a handshake with a single item.
    Meta {
        /// False for a node that only asks ("leeching").
        storing: bool,
    },
    /// A key got a value, or lost it. The only message that carries the key itself.
    Notify {
        /// The key.
        key: Bytes,
        /// Whether it is gone.
        deleted: bool,
    },
    /// Keep this value, or pass it on to a closer node.
    Store {
        /// Where.
        position: Position,
        /// What; [`Value::Nil`] removes the entry.
        value: Value,
    },
    /// What is there?
    Retrieve {
        /// Where.
        position: Position,
        /// How the asker wrote it.
        names: Names,
    },
    /// This is there.
    Retrieved {
        /// Where.
        position: Position,
        /// How the asker wrote it.
        names: Names,
        /// What; [`Value::Nil`] for nothing, or for nothing yet.
        value: Value,
    },
    /// Merge these pairs into the map kept there.
    Delta {
        /// Where.
        position: Position,
        /// The pairs to put, one level deep.
        changes: Vec<(Value, Value)>,
    },
}

/// A place as its asker wrote it. py2p looks an answer up by the very type and text of its question, so the answer
/// repeats them.
#[derive(Clone, Debug, PartialEq)]
pub struct Names {
    table: Value,
    key: Value,
}

impl Names {
    /// The way that both py2p and js2p read: bytes, not text.
    //= p2p#3.10/names SHOULD
    //# Table names and keys go out as bin; reading takes the bytes of bin and str alike.
    pub fn of(position: &Position) -> Names {
        let text = base58::encode(position.number());
        Names { table: bin(position.table().name()), key: bin(&text) }
    }

    fn into_items(self) -> [Value; 2] {
        [self.table, self.key]
    }
}

impl Message {
    /// The sub flag that the message travels under.
    pub fn flag(&self) -> Flag {
        match self {
            Message::Meta { .. } => Flag::Handshake,
            Message::Notify { .. } => Flag::Notify,
            Message::Store { .. } => Flag::Store,
            Message::Retrieve { .. } => Flag::Retrieve,
            Message::Retrieved { .. } => Flag::Retrieved,
            Message::Delta { .. } => Flag::Delta,
        }
    }

    /// The items after the sub flag.
    ///
    /// ```
    /// use chord::tables::{Message, Position, Table};
    /// use serializer::Value;
    /// let store = Message::Store { position: Position::of(Table::Sha1, b"foo"), value: Value::from("bar") };
    /// let items = store.clone().into_values();
    /// assert_eq!(items[0], Value::from(&b"sha1"[..]));
    /// assert_eq!(Message::read(store.flag(), &items), Some(Ok(store)));
    /// ```
    pub fn into_values(self) -> Vec<Value> {
        let place = |position: Position| Names::of(&position).into_items();
        match self {
            //= p2p#3.10/meta MUST
            //# One digit as text: 1 while leeching, 0 while storing.
            Message::Meta { storing } => vec![Value::from(if storing { "0" } else { "1" })],
            Message::Notify { key, deleted: false } => vec![Value::Bin(key)],
            Message::Notify { key, deleted: true } => vec![Value::Bin(key), bin("del")],
            Message::Store { position, value } => with(place(position), value),
            Message::Retrieve { names, .. } => names.into_items().into(),
            Message::Retrieved { names, value, .. } => with(names.into_items(), value),
            Message::Delta { position, changes } => with(place(position), Value::Map(changes)),
        }
    }

    /// Reads the items after sub flag `flag`; `None` when the flag and their number are not chord's.
    ///
    /// # Errors
    /// What is wrong with a message that is chord's.
    pub fn read(flag: Flag, values: &[Value]) -> Option<Result<Message, Error>> {
        match flag {
            //= p2p#3.10/meta-or-handshake MUST
            //# The mesh handshake carries the same flag and four items more, so the number of items decides.
            Flag::Handshake => match values {
                [leeching] => Some(read_meta(leeching)),
                _ => None,
            },
            Flag::Notify => Some(read_notify(values)),
            Flag::Store | Flag::Retrieve | Flag::Retrieved | Flag::Delta => Some(read_placed(flag, values)),
            _ => None,
        }
    }
}

/// Why a message was not understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Error {
    /// An item is missing.
    Items,
    /// There is no table of that name.
    Table,
    /// The place is no base58 number of at most 512 bits.
    Position,
    /// The state is neither 0 nor 1.
    Meta,
    /// The key is not text or bytes.
    Key,
    /// The changes are no map.
    Changes,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Error::Items => "an item is missing",
            Error::Table => "no such table",
            Error::Position => "not a base58 number of at most 512 bits",
            Error::Meta => "the state is neither 0 nor 1",
            Error::Key => "the key is neither bytes nor text",
            Error::Changes => "the changes are no map",
        })
    }
}

impl std::error::Error for Error {}

fn read_meta(leeching: &Value) -> Result<Message, Error> {
    let digit = leeching.as_bytes().cloned().or_else(|| leeching.as_u64().map(|digit| digit.to_string().into()));
    match digit.as_deref() {
        Some(b"0") => Ok(Message::Meta { storing: true }),
        Some(b"1") => Ok(Message::Meta { storing: false }),
        _ => Err(Error::Meta),
    }
}

//= p2p#3.10/notify MUST
//# As py2p and js2p read it: exactly one item after the key means deleted, whatever it says; none, or more, means added.
fn read_notify(values: &[Value]) -> Result<Message, Error> {
    let key = values.first().ok_or(Error::Items)?.as_bytes().ok_or(Error::Key)?;
    Ok(Message::Notify { key: Bytes::copy_from_slice(key), deleted: values.len() == 2 })
}

fn read_placed(flag: Flag, values: &[Value]) -> Result<Message, Error> {
    let (names, rest) = match values {
        [table, key, rest @ ..] => (Names { table: table.clone(), key: key.clone() }, rest),
        _ => return Err(Error::Items),
    };
    let position = read_position(&names)?;
    if flag == Flag::Retrieve {
        return Ok(Message::Retrieve { position, names });
    }
    let value = rest.first().ok_or(Error::Items)?.clone();
    match (flag, value) {
        (Flag::Store, value) => Ok(Message::Store { position, value }),
        (Flag::Retrieved, value) => Ok(Message::Retrieved { position, names, value }),
        (_, Value::Map(changes)) => Ok(Message::Delta { position, changes }),
        _ => Err(Error::Changes),
    }
}

fn read_position(names: &Names) -> Result<Position, Error> {
    let table = names.table.as_bytes().and_then(|name| Table::from_name(name)).ok_or(Error::Table)?;
    let digits = names.key.as_bytes().filter(|digits| digits.len() <= MAX_DIGITS).ok_or(Error::Position)?;
    let digits = std::str::from_utf8(digits).map_err(|_| Error::Position)?;
    let number = base58::decode(digits).map_err(|_| Error::Position)?;
    Position::from_number(table, &number).ok_or(Error::Position)
}

fn with(place: [Value; 2], last: Value) -> Vec<Value> {
    let [table, key] = place;
    vec![table, key, last]
}

fn bin(text: &str) -> Value {
    Value::Bin(Bytes::copy_from_slice(text.as_bytes()))
}

/// 2^512 needs 88 digits; decoding costs their square, so more are not looked at.
const MAX_DIGITS: usize = 96;
