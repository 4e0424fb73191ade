use std::fmt;

/// Why a command of the application was not carried out. The connection may have ended meanwhile: then its `Closed` or the
/// stream's `Stopped` has been told or is about to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// There is no such connection, or it has not sent connect, or it is on its way out.
    UnknownConnection,
    /// The connection has no such message stream.
    UnknownStream,
    /// Nothing waits for this answer: it was given already, came too late, or was never asked for.
    NotAsked,
    /// The stream does not play.
    NotPlaying,
    /// The connection was not accepted yet.
    NotAccepted,
    /// More calls than [`Limits::calls`](super::Limits::calls) wait for their answers.
    TooManyCalls,
    /// The message is longer than the format can say.
    TooLong,
    /// The message would change how chunks are read, which is the link's own affair.
    Control,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Error::UnknownConnection => "no such connection",
            Error::UnknownStream => "no such message stream",
            Error::NotAsked => "nothing waits for this answer",
            Error::NotPlaying => "the stream does not play",
            Error::NotAccepted => "the connection was not accepted yet",
            Error::TooManyCalls => "too many calls wait for their answers",
            Error::TooLong => "the message is too long",
            Error::Control => "the chunk stream's own messages cannot be sent",
        })
    }
}

impl std::error::Error for Error {}
