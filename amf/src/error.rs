use std::fmt;

/// Why bytes are no value, and where. Whoever wrote them is at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Error {
    /// What is wrong.
    pub kind: ErrorKind,
    /// How many bytes of the input had been read.
    pub offset: usize,
}

/// What can be wrong with bytes that should be values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ErrorKind {
    /// A value, a string or an object ends before it should.
    Truncated,
    /// No value starts with this marker.
    Marker(u8),
    /// The marker is reserved for a type that was never defined: a movie clip (4) or a record set (14) of AMF0.
    Reserved(u8),
    /// A string is not UTF-8.
    Utf8,
    /// A reference to something that has not been said, or that was of another type.
    Reference,
    /// An externalizable object of a class whose bytes nobody explained to the decoder.
    Externalizable,
    /// Objects and arrays are nested more deeply than [`crate::Limits::depth`] allows.
    TooDeep,
    /// More values than [`crate::Limits::items`] allows.
    TooManyItems,
    /// The input is longer than [`crate::Limits::bytes`] allows.
    TooLong,
}

impl Error {
    /// A short name for counters: lower case, words joined by `_`.
    ///
    /// ```
    /// use amf::{Limits, amf0};
    /// let error = amf0::decode_all(bytes::Bytes::from_static(b"\x04"), &Limits::default()).unwrap_err();
    /// assert_eq!((error.name(), error.offset), ("reserved", 1));
    /// ```
    pub const fn name(&self) -> &'static str {
        match self.kind {
            ErrorKind::Truncated => "truncated",
            ErrorKind::Marker(_) => "marker",
            ErrorKind::Reserved(_) => "reserved",
            ErrorKind::Utf8 => "utf8",
            ErrorKind::Reference => "reference",
            ErrorKind::Externalizable => "externalizable",
            ErrorKind::TooDeep => "too_deep",
            ErrorKind::TooManyItems => "too_many_items",
            ErrorKind::TooLong => "too_long",
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            ErrorKind::Truncated => f.write_str("the input ends inside a value")?,
            ErrorKind::Marker(marker) => write!(f, "the marker {marker:#04x} starts no value")?,
            ErrorKind::Reserved(marker) => write!(f, "the marker {marker:#04x} is reserved and its type not defined")?,
            ErrorKind::Utf8 => f.write_str("a string is not UTF-8")?,
            ErrorKind::Reference => f.write_str("a reference to nothing, or to another type")?,
            ErrorKind::Externalizable => f.write_str("an externalizable object of an unknown class")?,
            ErrorKind::TooDeep => f.write_str("objects and arrays are nested too deeply")?,
            ErrorKind::TooManyItems => f.write_str("more values than allowed")?,
            ErrorKind::TooLong => f.write_str("more bytes than allowed")?,
        }
        write!(f, " (byte {})", self.offset)
    }
}

impl std::error::Error for Error {}
