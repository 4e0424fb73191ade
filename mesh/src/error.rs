use std::fmt;

use serializer::Id;
use wire::CloseReason;

/// What a command cannot do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// There is no link to that node.
    NotConnected(Id),
    /// The node does not know that extension.
    NotCapable(Id),
    /// The message is longer than the limit for frames.
    TooLong,
    /// The same was broadcast in this second: nobody would tell the two apart, so it was not sent again.
    Repeated,
    /// Too many replies wait for a way to their receivers, or too many connections are being opened.
    Busy,
    /// No address: `host:port` or `transport://host:port` was expected.
    Address,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::NotConnected(id) => write!(f, "no link to {id}"),
            Error::NotCapable(id) => write!(f, "{id} does not know this extension"),
            Error::TooLong => f.write_str("the message is longer than the limit"),
            Error::Repeated => f.write_str("the same message was sent in this second"),
            Error::Busy => f.write_str("too many replies or connections under way"),
            Error::Address => f.write_str("not an address of the form [transport://]host:port"),
        }
    }
}

impl std::error::Error for Error {}

/// Why a link ended, or why a message was dropped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The link: the other side or the network ended it.
    Closed(CloseReason),
    /// The link: the user asked for it.
    Asked,
    /// The link: the bytes are no frame or the frame holds no message.
    Junk(serializer::Error),
    /// The link: a message whose fields are not what its flag promises.
    Malformed(&'static str),
    /// The link: the node belongs to another network.
    Network,
    /// The link: it leads back to this node.
    Itself,
    /// The link: its first frame was no handshake.
    Stranger,
    /// The link: no handshake came in time.
    Silent,
    /// The link: a frame was begun and not ended in time.
    HalfFrame,
    /// The link: a ping was not answered.
    Unresponsive,
    /// The link: another link to the same node was kept.
    Conflict,
    /// The link: there are enough incoming ones.
    Full,
    /// The link: it was opened only to see whether the network is whole, or for one reply.
    Done,
    /// The message: too old.
    Stale,
    /// The message: too far in the future.
    Future,
    /// The message: the queue of a slow link was full.
    Overflow,
    /// The message: nobody knows a way to its receiver.
    NoRoute,
}

impl Reason {
    /// One word for counters and logs.
    ///
    /// ```
    /// assert_eq!(mesh::Reason::HalfFrame.name(), "half-frame");
    /// ```
    pub fn name(&self) -> &'static str {
        match self {
            Reason::Closed(CloseReason::Peer) => "closed",
            Reason::Closed(CloseReason::Local) => "closed-here",
            Reason::Closed(CloseReason::Refused) => "refused",
            Reason::Closed(CloseReason::Timeout) => "timeout",
            Reason::Closed(CloseReason::Reset) => "reset",
            Reason::Closed(CloseReason::Overflow) => "slow",
            Reason::Closed(CloseReason::Untrusted) => "untrusted",
            Reason::Asked => "asked",
            Reason::Junk(_) => "junk",
            Reason::Malformed(_) => "malformed",
            Reason::Network => "network",
            Reason::Itself => "itself",
            Reason::Stranger => "stranger",
            Reason::Silent => "silent",
            Reason::HalfFrame => "half-frame",
            Reason::Unresponsive => "unresponsive",
            Reason::Conflict => "conflict",
            Reason::Full => "full",
            Reason::Done => "done",
            Reason::Stale => "stale",
            Reason::Future => "future",
            Reason::Overflow => "overflow",
            Reason::NoRoute => "no-route",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::Junk(error) => write!(f, "junk: {error}"),
            Reason::Malformed(what) => write!(f, "malformed: {what}"),
            _ => f.write_str(self.name()),
        }
    }
}
