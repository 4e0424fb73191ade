use std::fmt;

/// Why a command of the application was not carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// The client is not connected (yet, or any longer).
    NotConnected,
    /// `connect` was called before; a client connects once.
    ConnectedAlready,
    /// There is no such message stream.
    UnknownStream,
    /// The stream publishes or plays already, or does neither where it should.
    WrongRole,
    /// More calls than [`Limits::calls`](super::Limits::calls) wait for their answers, or more streams than
    /// [`Limits::streams`](super::Limits::streams) are open.
    TooMany,
    /// Nothing waits for this answer: it was given already, came too late, or was never asked for.
    NotAsked,
    /// The message is longer than the format can say.
    TooLong,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Error::NotConnected => "not connected",
            Error::ConnectedAlready => "a client connects once",
            Error::UnknownStream => "no such message stream",
            Error::WrongRole => "the message stream is used otherwise",
            Error::TooMany => "too many calls or streams are open",
            Error::NotAsked => "nothing waits for this answer",
            Error::TooLong => "the message is too long",
        })
    }
}

impl std::error::Error for Error {}
