//! What a client tells its application.

use std::fmt;

use amf::amf0::{Object, Value};
use bytestring::ByteString;
use wire::{CloseReason, ResolveError};

use crate::status::Status;
use crate::{CallError, Capabilities, Message, command};

/// What happened. `Closed` comes exactly once after `connect`, and nothing comes after it; every call is answered before.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// The server accepted connect.
    Connected {
        /// The information object of its answer, as it came.
        info: Object,
        /// The properties before it: version and capabilities.
        properties: Object,
        /// What the server says of enhanced RTMP.
        capabilities: Capabilities,
    },
    /// The server rejected connect. `Closed` follows.
    Rejected {
        /// The code, such as `NetConnection.Connect.Rejected`.
        code: ByteString,
        /// The same for people.
        description: ByteString,
        /// Where to connect instead: the server said code 302. A new client is needed for that.
        redirect: Option<ByteString>,
    },
    /// A message stream was created: publish or play on it.
    StreamCreated {
        /// What `create_stream` returned.
        transaction: u64,
        /// The number that the server chose.
        stream: u32,
    },
    /// A message stream was not created.
    StreamRefused {
        /// What `create_stream` returned.
        transaction: u64,
        /// Why.
        error: CallError,
    },
    /// The server told something of a message stream, or of the connection when `stream` is 0: publishing and playing have
    /// begun, failed, ended.
    Status {
        /// Which message stream.
        stream: u32,
        /// What the server said: code, level, description.
        status: Status,
    },
    /// A publish or play is over, or failed: by the server's word, by `close_stream` and the like, or by the end of the
    /// connection. Told once for each.
    Stopped {
        /// Which message stream.
        stream: u32,
    },
    /// What is played is announced, ended, or recorded.
    Control {
        /// Which message stream.
        stream: u32,
        /// What of it.
        event: StreamEvent,
    },
    /// Audio, video or data of a stream that is played. Aggregates come as their parts.
    Media {
        /// Which message stream.
        stream: u32,
        /// The message: data is read by [`Data::parse`](crate::command::Data::parse).
        message: Message,
    },
    /// The server calls a method. Answer it with `answer` unless its transaction is 0; one that is not answered within
    /// [`Timing::call`](super::Timing::call) is answered with `_error`.
    Command {
        /// The message stream it came on; 0 is the connection's own.
        stream: u32,
        /// The number to answer with; 0 when no answer is wanted.
        transaction: f64,
        /// The method.
        name: ByteString,
        /// Its arguments, without the command object.
        arguments: Vec<Value>,
    },
    /// What became of a `call`.
    Answer {
        /// What `call` returned.
        transaction: u64,
        /// The values of `_result`, or why there are none.
        result: Result<Vec<Value>, CallError>,
    },
    /// The server asks to connect anew: at a good moment, on a new connection, before this one is left.
    ReconnectRequest {
        /// Where to; `None`: to the same place.
        tc_url: Option<ByteString>,
        /// Why, for people.
        description: ByteString,
    },
    /// Events of a shared object: see [`shared_object`](crate::shared_object).
    SharedObject {
        /// The message.
        message: Message,
    },
    /// The connection is gone, or could not be opened.
    Closed {
        /// Why.
        reason: ClosedReason,
    },
    /// Something was dropped, and counted.
    Dropped {
        /// What and why.
        reason: DropReason,
    },
}

/// What the server tells of a message stream by user control messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StreamEvent {
    /// It begins.
    Begin,
    /// What was asked for has been sent.
    Eof,
    /// Nothing is there for the time being.
    Dry,
    /// It is recorded.
    IsRecorded,
}

/// Why a connection ended, or never was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClosedReason {
    /// The host has no address.
    Resolve(ResolveError),
    /// The transport ended.
    Transport(CloseReason),
    /// The application asked for it.
    Application,
    /// The server rejected connect.
    Rejected,
    /// Connecting took too long.
    Timeout,
    /// The server was silent for too long.
    Idle,
    /// The server broke the protocol so that nothing further can be read; a word for counters says how.
    Protocol(&'static str),
}

/// Why something was dropped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DropReason {
    /// A control message that makes no sense; a word for counters says how.
    Control(&'static str),
    /// onStatus without an information object.
    BadStatus,
    /// A command or data message that cannot be read.
    Malformed(command::ParseError),
    /// A message on a message stream that was not created.
    UnknownStream(u32),
    /// Media on a stream that does not play.
    WrongRole(u32),
    /// A command above [`Limits::commands`](super::Limits::commands); it was answered with `_error`.
    TooManyCommands,
    /// A command that the application did not answer in time; it was answered with `_error`.
    Unanswered,
    /// An answer to a transaction that is not open.
    UnknownTransaction,
    /// createStream was answered with something that is no number of a new stream.
    BadStream,
    /// An aggregate whose parts do not fit.
    BadAggregate,
    /// A message of a type that has no meaning here, or that only a server may get.
    UnknownType(u8),
}

impl fmt::Display for ClosedReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ClosedReason::Resolve(ResolveError::NotFound) => f.write_str("the host has no address"),
            ClosedReason::Resolve(ResolveError::Unavailable) => {
                f.write_str("the host's address cannot be looked up now")
            }
            ClosedReason::Transport(CloseReason::Peer) => f.write_str("the server closed the connection"),
            ClosedReason::Transport(CloseReason::Local) => f.write_str("the connection was closed"),
            ClosedReason::Transport(CloseReason::Refused) => f.write_str("the connection was refused"),
            ClosedReason::Transport(CloseReason::Timeout) => f.write_str("the connection could not be opened in time"),
            ClosedReason::Transport(CloseReason::Reset) => f.write_str("the connection broke"),
            ClosedReason::Transport(CloseReason::Untrusted) => f.write_str("the server's certificate is not trusted"),
            ClosedReason::Transport(CloseReason::Overflow) => f.write_str("the server read too slowly"),
            ClosedReason::Application => f.write_str("the connection was closed"),
            ClosedReason::Rejected => f.write_str("the server rejected the connection"),
            ClosedReason::Timeout => f.write_str("the server did not answer in time"),
            ClosedReason::Idle => f.write_str("the server was silent for too long"),
            ClosedReason::Protocol(word) => write!(f, "the server broke the protocol ({word})"),
        }
    }
}
