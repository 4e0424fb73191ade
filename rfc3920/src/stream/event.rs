use std::sync::Arc;

use wire::Instant;

use super::Error;
use crate::jid::Jid;
use crate::sasl::{Binding, Mechanism};
use crate::stanza::StanzaError;
use crate::xml::Element;

/// Names a stanza given to [`Client::send`](super::Client::send).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StanzaId(pub(super) u64);

/// Names an iq given to [`Client::request`](super::Client::request).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub(super) u64);

/// What a [`Client`](super::Client) tells.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// Where to connect for this domain? [`Client::discovered`](super::Client::discovered) answers, mostly with what
    /// [`discovery::targets`](super::discovery::targets) makes of SRV records.
    Discover {
        /// The domain of the account, or the host that the server sent us to; its labels in ASCII, as the DNS has them.
        domain: String,
    },
    /// Logged in, bound or resumed; stanzas flow.
    Online(Box<Online>),
    /// Not connected any longer, or not at all.
    Offline {
        /// Why.
        error: Error,
        /// When the next try begins by itself; `None`: the application decides.
        again: Option<Instant>,
    },
    /// A stanza came in. An iq in it is a `get` or `set` that wants an answer by
    /// [`Client::reply`](super::Client::reply) or [`Client::send`](super::Client::send) in time; the answers to requests
    /// come as [`Event::Answer`], and pings (XEP-0199) are answered already.
    Stanza(Element),
    /// A request has its answer.
    Answer {
        /// Which.
        request: RequestId,
        /// The whole iq of type `result`, or why there is none.
        result: Result<Element, RequestError>,
    },
    /// The server has these (XEP-0198).
    Delivered {
        /// As [`Client::send`](super::Client::send) named them, in the order sent.
        ids: Vec<StanzaId>,
    },
    /// The session is lost, and with it what the server had not acknowledged: some of it may have arrived.
    Lost {
        /// In the order given, requests left out.
        stanzas: Vec<(StanzaId, Element)>,
    },
    /// A token for the next login (XEP-0484 FAST): to be kept like a password. The client itself uses it from now on.
    Token(crate::sasl::Token),
    /// What went over the connection, secrets replaced; with [`Config::raw`](super::Config::raw).
    Raw {
        /// Whether this side sent it.
        sent: bool,
        /// One element, header or space.
        text: String,
    },
    /// Something was left aside.
    Dropped {
        /// What.
        reason: DropReason,
    },
}

/// What [`Event::Online`] tells.
#[derive(Clone, Debug, PartialEq)]
pub struct Online {
    /// The full address; the server may have chosen another resource than asked for.
    pub jid: Jid,
    /// The session goes on where it was: nothing was lost, presence and rooms stand. False: a new session.
    pub resumed: bool,
    /// Stanzas are acknowledged, and the session may be resumed.
    pub managed: bool,
    /// Carbons are enabled already.
    pub carbons: bool,
    /// What the server offered last: roster versioning, subscription pre-approval, client state and the like.
    pub features: Arc<[Element]>,
    /// The mechanism of the login.
    pub mechanism: Mechanism,
    /// What of TLS the login was bound to.
    pub binding: Option<Binding>,
}

impl Online {
    /// Whether the server offered a feature of this namespace and name.
    pub fn offers(&self, ns: &str, name: &str) -> bool {
        self.features.iter().any(|f| f.is(ns, name))
    }
}

/// Why a request has no result.
#[derive(Clone, Debug, PartialEq)]
pub enum RequestError {
    /// An iq of type `error`.
    Refused(Box<StanzaError>),
    /// Nobody answered in time.
    Timeout,
    /// The session ended before.
    Disconnected,
}

impl std::fmt::Display for RequestError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            RequestError::Refused(error) => error.fmt(f),
            RequestError::Timeout => f.write_str("no answer in time"),
            RequestError::Disconnected => f.write_str("the connection ended before the answer came"),
        }
    }
}

impl std::error::Error for RequestError {}

/// What was left aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DropReason {
    /// An iq answer that nothing waits for, or from somebody who was not asked.
    Answer,
    /// An iq without id, with another type, or a request with other than one payload: answered `bad-request` if possible.
    Iq,
    /// A request while [`Limits::inbound`](super::Limits::inbound) others wait: answered `resource-constraint`.
    Inbound,
    /// An element that is no stanza and means nothing here.
    Element,
    /// Features after the negotiation.
    Features,
    /// A stanza before the session began.
    Early,
    /// An address that is none.
    Address,
}

/// For networks that hold a client and machines that have nothing to tell.
impl From<std::convert::Infallible> for Event {
    fn from(never: std::convert::Infallible) -> Event {
        match never {}
    }
}
