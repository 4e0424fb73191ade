use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use bytestring::ByteString;

use crate::endpoint::{self, DropReason};
use crate::message::{Method, NameAddr, Request, Response, Uri};

/// Names a call, from the first INVITE to the last BYE. Never used twice by one [`UserAgent`](super::UserAgent).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Call(pub(crate) u64);

/// Names a registration that is kept alive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Registration(pub(crate) u64);

/// Names one request of ours without a call of its own: a MESSAGE, an OPTIONS, an INFO.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Exchange(pub(crate) u64);

/// A body and its media type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body {
    /// The Content-Type: `application/sdp`.
    //= rfc3261#8.1.1.10/body MAY
    //# Any type, as bytes.
    //= rfc3261#7.4.1/multipart MAY
    //# Made by whoever gives the body.
    pub content_type: ByteString,
    /// The bytes.
    pub data: Bytes,
}

impl Body {
    /// A session description.
    pub fn sdp(data: impl Into<Bytes>) -> Body {
        Body { content_type: ByteString::from_static("application/sdp"), data: data.into() }
    }

    /// Plain text.
    pub fn text(text: impl Into<String>) -> Body {
        Body { content_type: ByteString::from_static("text/plain;charset=utf-8"), data: Bytes::from(text.into()) }
    }
}

/// What to register, and where (section 10).
#[derive(Clone, Debug)]
pub struct Account {
    /// The address of record: `sip:alice@example.com`.
    //= rfc3261#10.2.1/later MAY
    //# Each call of register() is another request; the binding is refreshed as long as it lasts.
    pub aor: Uri,
    /// The registrar's domain; the host of the address of record when absent.
    pub registrar: Option<Uri>,
    /// The lifetime to ask for, in seconds.
    //= rfc3261#10.2.1.1/suggest MAY
    //# Written into every REGISTER.
    pub expires: u32,
}

impl Account {
    /// That address at its own domain for an hour.
    pub fn new(aor: Uri) -> Account {
        Account { aor, registrar: None, expires: 3600 }
    }
}

/// What a new call brings with it, beside the address that is called.
#[derive(Clone, Debug, Default)]
pub struct Invitation {
    /// The offer; without one the other side makes it, and [`Event::Answered`] brings it.
    //= rfc3261#13.2.1/further-offers MAY
    //# Later ones go by modify().
    pub offer: Option<Body>,
    /// Further headers: name and value.
    //= rfc3261#13.2.1/more-headers MAY
    //# Whatever is given here.
    //= rfc3261#13.2.1/accept MAY
    //# Among them.
    pub headers: Vec<(String, String)>,
    /// From, instead of the one in the configuration.
    pub from: Option<NameAddr>,
    /// To, when it is not the URI that is called: a number that was dialled, of which only the gateway is called.
    pub to: Option<NameAddr>,
    /// How long the invitation holds: it is sent as Expires, and the call is cancelled when it has passed unanswered.
    pub expires: Option<Duration>,
}

impl Invitation {
    /// With that session description as offer.
    pub fn sdp(offer: impl Into<Bytes>) -> Invitation {
        Invitation { offer: Some(Body::sdp(offer)), ..Invitation::default() }
    }
}

/// Why a call is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// We hung up, or rejected it.
    Local,
    /// The other side sent BYE.
    Remote,
    /// The caller gave up before we answered.
    Cancelled,
    /// The other side, or a proxy, refused: status and reason phrase. 487 after we cancelled counts as `Local`.
    Rejected {
        /// The status code of the final response.
        status: u16,
        /// Its reason phrase.
        reason: ByteString,
    },
    /// Nobody answered the INVITE, or not before it expired.
    NoAnswer,
    /// Our 2xx was never acknowledged.
    NoAck,
    /// The name has no address, or no address could be reached.
    Unreachable,
    /// A request within the dialog failed in a way that ends it (408, 481).
    Lost,
    /// The other side broke the protocol: a 2xx without Contact, for one.
    Protocol,
}

/// What a [`UserAgent`](super::UserAgent) tells its application.
#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant)] // moved once; a box would cost every user of `Incoming` a word
pub enum Event {
    /// Somebody calls. Answer with [`ring`](super::UserAgent::ring), [`accept`](super::UserAgent::accept),
    /// [`reject`](super::UserAgent::reject) or [`redirect`](super::UserAgent::redirect).
    Incoming {
        /// The new call.
        call: Call,
        /// Who calls.
        from: NameAddr,
        /// Who is called.
        to: NameAddr,
        /// The offer; without one our 2xx has to bring it.
        body: Option<Body>,
        /// The INVITE itself.
        request: Request,
    },
    /// The INVITE has arrived somewhere (100).
    Trying {
        /// Which call.
        call: Call,
    },
    /// The other side rings (180).
    Ringing {
        /// Which call.
        call: Call,
        /// A session description: early media may come.
        body: Option<Body>,
    },
    /// Another provisional response.
    Progress {
        /// Which call.
        call: Call,
        /// 181 to 199.
        status: u16,
        /// A session description: early media may come.
        body: Option<Body>,
    },
    /// The other side answered, and was acknowledged. If the INVITE had no offer, `body` is one: the call waits for
    /// [`answer`](super::UserAgent::answer).
    Answered {
        /// Which call.
        call: Call,
        /// The answer, or the offer.
        body: Option<Body>,
    },
    /// Our answer was acknowledged; the call stands.
    Confirmed {
        /// Which call.
        call: Call,
        /// The answer, if our 2xx made the offer.
        body: Option<Body>,
    },
    /// The other side wants to change the session. Answer with [`accept`](super::UserAgent::accept) or
    /// [`reject`](super::UserAgent::reject).
    ReInvite {
        /// Which call.
        call: Call,
        /// The offer.
        body: Option<Body>,
    },
    /// Our change of the session was accepted.
    Modified {
        /// Which call.
        call: Call,
        /// The answer.
        body: Option<Body>,
    },
    /// Our change of the session was refused; the session stays as it was.
    ModifyFailed {
        /// Which call.
        call: Call,
        /// The status code.
        status: u16,
    },
    /// The other side sent INFO: a digit, for one. It is answered.
    Info {
        /// Which call.
        call: Call,
        /// What it says.
        body: Option<Body>,
    },
    /// A call is over, and its name is dead.
    Ended {
        /// Which call.
        call: Call,
        /// Why.
        reason: Ended,
    },
    /// An instant message (RFC 3428). It is answered 200.
    Message {
        /// Who sent it.
        from: NameAddr,
        /// To whom.
        to: NameAddr,
        /// What it says.
        body: Body,
    },
    /// The final response to a MESSAGE, OPTIONS or INFO of ours. 408 when nobody answered, 503 when nobody was reached.
    Finished {
        /// Which request.
        exchange: Exchange,
        /// The status code.
        status: u16,
        /// The response, when one came.
        response: Option<Response>,
    },
    /// A registration is in force.
    Registered {
        /// Which one.
        registration: Registration,
        /// For how many seconds. It is refreshed in time.
        expires: u32,
        /// All contacts of the address of record that the registrar knows, as it tells them.
        contacts: Vec<NameAddr>,
    },
    /// A registration failed. It is tried again after `retry`, if that is given.
    RegistrationFailed {
        /// Which one.
        registration: Registration,
        /// The status code; 408 when nobody answered, 503 when nobody was reached.
        status: u16,
        /// When it is tried again, in seconds.
        retry: Option<u32>,
    },
    /// A registration was given up, and its name is dead.
    Unregistered {
        /// Which one.
        registration: Registration,
    },
    /// The address by which the other side of a NAT sees us was learned, or has changed.
    PublicAddress {
        /// As told by `received` and `rport`.
        address: SocketAddr,
    },
    /// A request arrived that the user agent does not handle, of a method that the configuration lets through. Answer
    /// with [`respond`](super::UserAgent::respond).
    Request {
        /// For the answer.
        id: endpoint::ServerId,
        /// The call whose dialog it belongs to.
        call: Option<Call>,
        /// The request.
        request: Request,
    },
    /// Something that arrived was dropped.
    Dropped {
        /// Why.
        reason: DropReason,
        /// Who sent it.
        from: SocketAddr,
    },
}

/// Why a command was not carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// No such call, registration or request, or it is over.
    Gone,
    /// The call is not in a state for this command.
    WrongState,
    /// The limit of calls or requests is reached.
    Busy,
    /// No local address suits the destination.
    NoListener,
    /// A message is larger than the 1300 bytes that RFC 3428 section 8 allows outside of a session.
    TooLarge,
    /// The address is no sip or sips URI, or a header name or value given cannot be written.
    Address,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Error::Gone => "no such call or request",
            Error::WrongState => "the call is not in a state for this",
            Error::Busy => "limit of calls or requests reached",
            Error::NoListener => "no local address suits the destination",
            Error::TooLarge => "message larger than 1300 bytes",
            Error::Address => "not an address that can be called",
        })
    }
}

impl std::error::Error for Error {}

impl From<endpoint::Error> for Error {
    fn from(error: endpoint::Error) -> Error {
        match error {
            endpoint::Error::Busy => Error::Busy,
            endpoint::Error::NoListener => Error::NoListener,
            endpoint::Error::Gone => Error::Gone,
            endpoint::Error::Misuse | endpoint::Error::Answered => Error::WrongState,
        }
    }
}

/// The methods that a user agent handles by itself.
pub(crate) const METHODS: [Method; 7] =
    [Method::Invite, Method::Ack, Method::Cancel, Method::Bye, Method::Options, Method::Message, Method::Info];
