use std::fmt;

/// Why a chunk stream cannot be read on, or a message cannot be written. Where the next chunk begins is unknown after
/// a fault, so the connection ends with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Error {
    /// A header leans on an earlier one of its chunk stream, and there is none.
    NoHeader {
        /// Which chunk stream.
        csid: u32,
        /// The header's format, 2 or 3.
        format: u8,
    },
    /// A message is longer than the limit, or to be written and longer than 16,777,215 bytes.
    MessageTooLong {
        /// Its length in bytes.
        length: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// The unfinished messages of all chunk streams together are longer than the limit.
    TooMuchUnfinished {
        /// The sum of their lengths in bytes.
        length: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// More chunk streams than the limit.
    TooManyStreams {
        /// The limit.
        limit: usize,
    },
    /// A chunk size of 0 or above 2,147,483,647.
    ChunkSize(u32),
    /// A message that sets the chunk size or aborts is shorter than its four bytes.
    ShortControl {
        /// The message's type number, 1 or 2.
        kind: u8,
        /// Its length in bytes.
        length: usize,
    },
    /// A message is to be written on a chunk stream id outside 2 to 65,599.
    Csid(u32),
}

impl Error {
    /// One word for counters and logs, the same for every error of a kind.
    pub const fn reason(&self) -> &'static str {
        match self {
            Error::NoHeader { .. } => "chunk-no-header",
            Error::MessageTooLong { .. } => "chunk-message-too-long",
            Error::TooMuchUnfinished { .. } => "chunk-too-much-unfinished",
            Error::TooManyStreams { .. } => "chunk-too-many-streams",
            Error::ChunkSize(_) => "chunk-size",
            Error::ShortControl { .. } => "chunk-short-control",
            Error::Csid(_) => "chunk-csid",
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Error::NoHeader { csid, format } => {
                write!(f, "chunk stream {csid} begins with a header of format {format}, which needs an earlier one")
            }
            Error::MessageTooLong { length, limit } => {
                write!(f, "a message of {length} bytes is longer than {limit}")
            }
            Error::TooMuchUnfinished { length, limit } => {
                write!(f, "unfinished messages of {length} bytes together are more than {limit}")
            }
            Error::TooManyStreams { limit } => write!(f, "more than {limit} chunk streams"),
            Error::ChunkSize(size) => write!(f, "a chunk size of {size} is outside 1 to 2147483647"),
            Error::ShortControl { kind, length } => {
                write!(f, "a control message of type {kind} has {length} bytes in place of 4")
            }
            Error::Csid(csid) => write!(f, "chunk stream id {csid} is outside 2 to 65599"),
        }
    }
}

impl std::error::Error for Error {}
