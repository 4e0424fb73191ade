use std::fmt;

use crate::Compression;

/// Why bytes are no message, or text no id. Whoever sent them is at fault; the connection they came on is of no more use
/// after an error of a frame ([`Error::closes`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Error {
    /// The header announces a longer frame than [`crate::Limits::frame`] allows.
    FrameTooLong {
        /// The announced length of the body, in bytes.
        announced: u32,
    },
    /// The body, or what it inflates to, does not carry the SHA-256 of what follows.
    Checksum,
    /// What a method of compression made of the body is longer than [`crate::Limits::inflated`] allows.
    InflatedTooLong,
    /// The bytes are not the output of that method.
    Compressed(Compression),
    /// A value ends before its announced length.
    Truncated,
    /// Bytes follow the value.
    Trailing,
    /// The byte 0xc1, which starts no value.
    Reserved,
    /// A string is not UTF-8.
    Utf8,
    /// Arrays and maps are nested more deeply than [`crate::Limits::depth`] allows.
    TooDeep,
    /// More values than [`crate::Limits::items`] allows.
    TooManyItems,
    /// The message is no array.
    NotAnArray,
    /// The array has fewer than the three items main flag, sender and time.
    TooFewFields,
    /// The main flag is no whole number from 0.
    MainFlag,
    /// The sender is neither a string nor bytes that are text.
    Sender,
    /// The time is no number of seconds since 1970.
    Time,
    /// An id is longer than [`crate::Id::MAX_LENGTH`], or digits are more than [`crate::base58::MAX_DIGITS`].
    IdTooLong,
    /// A value that should be an id is neither a string nor bytes that are text.
    NotAnId,
    /// The character is no base58 digit.
    Digit(char),
    /// The number needs more than 512 bits.
    NumberTooLarge,
}

impl Error {
    /// A short name for counters: lower case, words joined by `_`.
    ///
    /// ```
    /// assert_eq!(serializer::Error::TooDeep.name(), "too_deep");
    /// ```
    pub const fn name(self) -> &'static str {
        match self {
            Error::FrameTooLong { .. } => "frame_too_long",
            Error::Checksum => "checksum",
            Error::InflatedTooLong => "inflated_too_long",
            Error::Compressed(_) => "compressed",
            Error::Truncated => "truncated",
            Error::Trailing => "trailing",
            Error::Reserved => "reserved",
            Error::Utf8 => "utf8",
            Error::TooDeep => "too_deep",
            Error::TooManyItems => "too_many_items",
            Error::NotAnArray => "not_an_array",
            Error::TooFewFields => "too_few_fields",
            Error::MainFlag => "main_flag",
            Error::Sender => "sender",
            Error::Time => "time",
            Error::IdTooLong => "id_too_long",
            Error::NotAnId => "not_an_id",
            Error::Digit(_) => "digit",
            Error::NumberTooLarge => "number_too_large",
        }
    }

    /// Whether both programs of the family close a connection on which this arrived. They stay on one whose message,
    /// rightly hashed and packed, merely has too few fields.
    ///
    /// ```
    /// use serializer::Error;
    /// assert!(Error::Checksum.closes());
    /// assert!(!Error::TooFewFields.closes());
    /// ```
    pub const fn closes(self) -> bool {
        !matches!(self, Error::TooFewFields)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::FrameTooLong { announced } => write!(f, "a frame of {announced} bytes is longer than allowed"),
            Error::Checksum => f.write_str("the body does not carry the hash of its message"),
            Error::InflatedTooLong => f.write_str("the body inflates to more than is allowed"),
            Error::Compressed(method) => write!(f, "the bytes are no {method} stream"),
            Error::Truncated => f.write_str("a value ends before its announced length"),
            Error::Trailing => f.write_str("bytes follow the value"),
            Error::Reserved => f.write_str("the byte 0xc1 starts no value"),
            Error::Utf8 => f.write_str("a string is not UTF-8"),
            Error::TooDeep => f.write_str("arrays and maps are nested too deeply"),
            Error::TooManyItems => f.write_str("more values than allowed"),
            Error::NotAnArray => f.write_str("the message is no array"),
            Error::TooFewFields => f.write_str("the message lacks its main flag, sender or time"),
            Error::MainFlag => f.write_str("the main flag is no whole number from 0"),
            Error::Sender => f.write_str("the sender is no text"),
            Error::Time => f.write_str("the time is no number of seconds since 1970"),
            Error::IdTooLong => f.write_str("an id is too long"),
            Error::NotAnId => f.write_str("an id must be text"),
            Error::Digit(c) => write!(f, "{c:?} is no base58 digit"),
            Error::NumberTooLarge => f.write_str("the number needs more than 512 bits"),
        }
    }
}

impl std::error::Error for Error {}
