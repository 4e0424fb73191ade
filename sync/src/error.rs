//! Why a write is refused.

use std::fmt;

use serializer::Id;

/// Why a write was not done: the caller's to handle for one's own writes, counted for a stranger's.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// Another node holds the lease of the key.
    Leased {
        /// The holder.
        owner: Id,
        /// The Unix second after which the key is free, if the holder does not write again.
        until: u64,
    },
    /// The key has a later write already (only without leases, or from the network).
    Stale,
    /// There is nothing at the key to delete.
    Missing,
    /// A delta for a value that is no map, or that is no map itself.
    NotMap,
    /// The key is longer than [`Limits::key`](crate::Limits::key), in bytes.
    KeyTooLong(usize),
    /// The encoded value is, or would become, longer than [`Limits::value`](crate::Limits::value), in bytes.
    ValueTooLong(usize),
    /// The value nests deeper than [`Limits::depth`](crate::Limits::depth), or has more than
    /// [`Limits::items`](crate::Limits::items) values in it.
    ValueTooComplex,
    /// More fields of one map than [`Limits::fields`](crate::Limits::fields) would have a write of their own.
    TooManyFields,
    /// The table holds [`Limits::entries`](crate::Limits::entries) or [`Limits::bytes`](crate::Limits::bytes) already.
    Full,
    /// The time of the write lies further ahead than [`Limits::ahead`](crate::Limits::ahead), or its stamp
    /// contradicts itself. Only from the network.
    Implausible,
    /// Wrong number or types of items. Only from the network.
    Malformed,
    /// The mesh could not send the write, which was therefore not done.
    Mesh(mesh::Error),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Leased { owner, until } => write!(f, "the key is leased to {owner} until {until} (Unix time)"),
            Error::Stale => f.write_str("the key has a later write already"),
            Error::Missing => f.write_str("there is no value at the key"),
            Error::NotMap => f.write_str("a delta needs a map, and a map to merge it into"),
            Error::KeyTooLong(len) => write!(f, "the key of {len} bytes is too long"),
            Error::ValueTooLong(len) => write!(f, "the value of {len} bytes is too long"),
            Error::ValueTooComplex => f.write_str("the value nests too deeply or has too many values in it"),
            Error::TooManyFields => f.write_str("too many fields of the map were written one by one"),
            Error::Full => f.write_str("the table is full"),
            Error::Implausible => f.write_str("the time or rank of the write is implausible"),
            Error::Malformed => f.write_str("the message has the wrong number or types of items"),
            Error::Mesh(error) => write!(f, "the write could not be sent: {error}"),
        }
    }
}

impl std::error::Error for Error {}

impl From<mesh::Error> for Error {
    fn from(error: mesh::Error) -> Error {
        Error::Mesh(error)
    }
}
