//! What a server tells its application.

use std::net::SocketAddr;

use amf::amf0::{Object, Value};
use bytestring::ByteString;
use wire::{CloseReason, ConnId};

use crate::command::{self, Encoding};
use crate::{CallError, Capabilities, Message};

/// What happened on a connection.
///
/// Every `Publish` and every `Play` is followed by exactly one of two things: the application's own reject of it, or
/// `Stopped`. A connection that told `Connect` tells `Closed` once, after the `Stopped` of its streams.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// A client wants to use an application. Answer with `accept`, `reject` or `redirect`, at once or later: what the
    /// client sends meanwhile waits.
    Connect {
        /// Which connection.
        conn: ConnId,
        /// Where the client is; for a tunnelled session, where its latest request came from.
        remote: SocketAddr,
        /// Whether the transport is encrypted.
        secure: bool,
        /// What the client told.
        request: Box<ConnectRequest>,
    },
    /// A client wants to publish. Answer with `accept_publish` or `reject_publish`; whatever else the client sends on this
    /// stream waits meanwhile.
    Publish {
        /// Which connection.
        conn: ConnId,
        /// Which of its message streams.
        stream: u32,
        /// The name, as the client wrote it, without its query: check it before it becomes a path.
        name: ByteString,
        /// What followed the question mark; empty when nothing did.
        query: ByteString,
        /// What to do with the media.
        mode: PublishMode,
    },
    /// A client wants to play. Answer with `accept_play` or `reject_play`; whatever else the client sends on this stream
    /// waits meanwhile.
    Play {
        /// Which connection.
        conn: ConnId,
        /// Which of its message streams.
        stream: u32,
        /// The name without its query.
        name: ByteString,
        /// What followed the question mark; empty when nothing did.
        query: ByteString,
        /// -2: live, else recorded; -1: live only; from 0: recorded only, from so many milliseconds on.
        start: f64,
        /// For how many milliseconds; below 0: to the end; 0: one frame.
        duration: f64,
        /// Whether it takes the place of what was played before (true when nothing was said). A play without reset
        /// waits in a list inside the server until `end_play` ends what is on.
        reset: bool,
    },
    /// A player wants to go over to another stream without a break: play2. The application decides; the stream stays
    /// as it is until then. Tell `Status` `NetStream.Play.Transition` when it is done.
    Switch {
        /// Which connection.
        conn: ConnId,
        /// Which of its message streams, which plays.
        stream: u32,
        /// The new name without its query.
        name: ByteString,
        /// Its query.
        query: ByteString,
        /// All that the client said: `oldStreamName`, `transition`, `offset`, `start`, `len`….
        parameters: Object,
    },
    /// Audio, video or data of a stream that is being published. Aggregates come as their parts.
    Media {
        /// Which connection.
        conn: ConnId,
        /// Which of its message streams.
        stream: u32,
        /// The message: data is read by [`Data::parse`](crate::command::Data::parse).
        message: Message,
    },
    /// A player pauses or goes on. The server has told the client so already.
    Pause {
        /// Which connection.
        conn: ConnId,
        /// Which of its message streams.
        stream: u32,
        /// Whether it pauses.
        pause: bool,
        /// Where the player is, in milliseconds.
        at: f64,
    },
    /// A player wants another place. Answer with `accept_seek` or with a status such as `NetStream.Seek.Failed`.
    Seek {
        /// Which connection.
        conn: ConnId,
        /// Which of its message streams.
        stream: u32,
        /// Where to, in milliseconds; finite and not below 0.
        to: f64,
    },
    /// A player wants one kind of media or wants it no longer.
    Receive {
        /// Which connection.
        conn: ConnId,
        /// Which of its message streams.
        stream: u32,
        /// Which kind.
        track: Track,
        /// Whether it is wanted.
        on: bool,
    },
    /// How much a player buffers.
    BufferLength {
        /// Which connection.
        conn: ConnId,
        /// Which of its message streams.
        stream: u32,
        /// In milliseconds.
        millis: u32,
    },
    /// What a `Publish` or `Play` began is over, accepted or not yet: by closeStream, deleteStream, another publish or
    /// play on the stream, `end_play`, or the end of the connection. An answer that comes later is an error.
    Stopped {
        /// Which connection.
        conn: ConnId,
        /// Which of its message streams.
        stream: u32,
        /// What it was.
        was: Role,
    },
    /// A command that RTMP does not define. Answer it with `answer`, unless its transaction is 0. One that is not answered
    /// in [`Timing::answer`](super::Timing::answer) is answered with `_error`.
    Command {
        /// Which connection.
        conn: ConnId,
        /// The message stream it came on; 0 is the connection's own.
        stream: u32,
        /// The number to answer with; 0 when no answer is wanted.
        transaction: f64,
        /// The method.
        name: ByteString,
        /// Its arguments, without the command object, which is always null in calls.
        arguments: Vec<Value>,
    },
    /// What became of a `call`.
    Answer {
        /// Which connection.
        conn: ConnId,
        /// What `call` returned.
        transaction: u64,
        /// The values of `_result`, or why there are none.
        result: Result<Vec<Value>, CallError>,
    },
    /// Events of a shared object, where the server keeps none itself
    /// ([`Config::shared_objects`](super::Config::shared_objects)): see [`shared_object`](crate::shared_object).
    SharedObject {
        /// Which connection.
        conn: ConnId,
        /// The message.
        message: Message,
    },
    /// The connection is gone. Told of connections that told `Connect`.
    Closed {
        /// Which connection.
        conn: ConnId,
        /// Why.
        reason: ClosedReason,
    },
    /// Something was dropped or refused, and counted.
    Dropped {
        /// Which connection.
        conn: ConnId,
        /// What and why.
        reason: DropReason,
    },
}

/// What a client tells in connect.
#[derive(Clone, PartialEq)]
pub struct ConnectRequest {
    /// The application, as the client wrote it, slashes and query included.
    pub app: ByteString,
    /// `tcUrl`, the whole URL; empty when it is missing. It may hold secrets.
    pub tc_url: ByteString,
    /// `flashVer`, the client program.
    pub flash_ver: ByteString,
    /// How the client writes values.
    pub encoding: Encoding,
    /// What the client says of enhanced RTMP.
    pub capabilities: Capabilities,
    /// The whole command object, for what the fields above leave out: `swfUrl`, `pageUrl`, `audioCodecs`….
    pub object: Object,
    /// What followed the command object.
    pub arguments: Vec<Value>,
}

/// What becomes of published media: the third argument of publish.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum PublishMode {
    /// It is not kept.
    #[default]
    Live,
    /// It becomes a new file.
    Record,
    /// It is added to the file.
    Append,
}

impl PublishMode {
    /// The word on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            PublishMode::Live => "live",
            PublishMode::Record => "record",
            PublishMode::Append => "append",
        }
    }

    /// The mode of that word; anything unknown is live.
    pub fn from_name(name: &str) -> PublishMode {
        match name {
            "record" => PublishMode::Record,
            "append" => PublishMode::Append,
            _ => PublishMode::Live,
        }
    }
}

/// A kind of media that a player can switch off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Track {
    /// Audio.
    Audio,
    /// Video.
    Video,
}

/// What a message stream is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// The client sends.
    Publishing,
    /// The client receives.
    Playing,
}

/// Why a connection ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClosedReason {
    /// The transport ended.
    Transport(CloseReason),
    /// The application asked for it: `disconnect`, `reject` or `redirect`.
    Application,
    /// The client was silent for too long.
    Idle,
    /// The application answered connect too late.
    Unanswered,
    /// The client broke the protocol so that nothing further can be read; a word for counters says how.
    Protocol(&'static str),
}

/// Why something was dropped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DropReason {
    /// A connection above [`Limits::connections`](super::Limits::connections).
    TooManyConnections,
    /// A connection whose first bytes are neither RTMP nor, where they are allowed, HTTP or a policy request.
    UnknownProtocol,
    /// A connection that broke the protocol so that nothing further can be read; a word for counters says how.
    Protocol(&'static str),
    /// A connection that did not finish the handshake, or sent no connect, in time.
    Timeout,
    /// A control message that makes no sense; a word for counters says how.
    Control(&'static str),
    /// A message before connect.
    BeforeConnect,
    /// A second connect, which was answered with `_error`.
    ConnectedAlready,
    /// A connect without an application, or with an encoding that does not exist; it was rejected.
    BadConnect,
    /// A command or data message that cannot be read.
    Malformed(command::ParseError),
    /// A command whose arguments are missing or of the wrong type.
    BadArguments(ByteString),
    /// A message on a message stream that was not created.
    UnknownStream(u32),
    /// Media on a stream that is not being published, or pause and the like on one that does not play.
    WrongRole(u32),
    /// createStream above [`Limits::streams`](super::Limits::streams).
    TooManyStreams,
    /// play above [`Limits::playlist`](super::Limits::playlist).
    PlaylistFull,
    /// A command above [`Limits::commands`](super::Limits::commands).
    TooManyCommands,
    /// A command that the application did not answer in time; it was answered with `_error`.
    Unanswered,
    /// A message above [`Limits::held_messages`](super::Limits::held_messages) or `held_bytes`.
    HeldTooMuch,
    /// A name above [`Limits::name`](super::Limits::name).
    NameTooLong,
    /// An answer to a transaction that is not open.
    UnknownTransaction,
    /// An aggregate whose parts do not fit.
    BadAggregate,
    /// A message about a shared object that the store refused.
    BadSharedObject,
    /// A message of a type that has no meaning here.
    UnknownType(u8),
}

/// The command object and the URL may hold passwords and keys: only the application and the program are shown.
impl std::fmt::Debug for ConnectRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let app = crate::url::split_query(&self.app).0;
        f.debug_struct("ConnectRequest")
            .field("app", &app)
            .field("flash_ver", &self.flash_ver)
            .field("encoding", &self.encoding)
            .field("capabilities", &self.capabilities)
            .field("arguments", &self.arguments.len())
            .finish_non_exhaustive()
    }
}
