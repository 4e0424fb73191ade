use std::fmt;

use wire::CloseReason;

use super::Target;
use crate::stanza::{StanzaError, StreamError};
use crate::{sasl, xml};

/// Why the client is offline.
#[derive(Clone, Debug, PartialEq)]
pub enum Error {
    /// The application closed it.
    Closed,
    /// The domain says that it has no such service, or no target is left.
    NoTarget,
    /// A host has no address.
    NotFound(Target),
    /// A connection could not be opened, or broke.
    Connection(CloseReason),
    /// TLS could not be agreed on, or the certificate is not the domain's: nothing was sent.
    Untrusted,
    /// A step took too long.
    Timeout(&'static str),
    /// The server did not answer a sign-of-life request.
    Dead,
    /// The server closed the stream in order.
    Ended,
    /// The server wants the WebSocket to go to another address, which only the driver could follow.
    Elsewhere,
    /// The server offers no STARTTLS: it is misconfigured, or somebody between took the offer away. Nothing was sent.
    NoStartTls,
    /// The server refused to begin TLS.
    StartTlsRefused,
    /// Bytes in the clear followed the server's `<proceed/>`: somebody may have put them there.
    Injected,
    /// The target may not be used without TLS.
    Insecure,
    /// The stream's version is not 1.0 or later.
    Version,
    /// The server's `from` is another domain.
    WrongFrom,
    /// No way to log in, or the server failed to prove itself.
    Sasl(sasl::Error),
    /// The server refused the login.
    Refused(sasl::Failure),
    /// The server offers no resource binding, or something else that is missing for a session.
    NoBind,
    /// The server refused to bind a resource.
    Bind(StanzaError),
    /// The server said that the stream is over.
    Stream(StreamError),
    /// The server sent what it may not: the condition that it was told.
    Protocol {
        /// What was sent to the server.
        condition: &'static str,
        /// What was wrong.
        what: &'static str,
    },
    /// Bad XML from the server. In a session that stood, a stranger may have written it: that session is lost, and a new
    /// one is tried later.
    Xml(xml::Error),
    /// More `see-other-host` in a row than allowed.
    Redirects,
}

impl Error {
    /// Whether trying again by itself could help: not after a wrong password, an untrusted certificate, a policy or a
    /// conflict, which only a person changes. ([`Error::Xml`] is not final in a session that stood: see there.)
    //= rfc6120#5.4.3.2/again MAY
    //# After a handshake that broke, as after other faults of the network; not after a certificate that is not to be
    //# trusted.
    pub fn is_final(&self) -> bool {
        match self {
            Error::Closed | Error::NoTarget | Error::Untrusted | Error::NoStartTls | Error::StartTlsRefused => true,
            Error::Injected | Error::Insecure | Error::Version | Error::WrongFrom | Error::NoBind => true,
            Error::Elsewhere
            | Error::Sasl(_)
            | Error::Bind(_)
            | Error::Redirects
            | Error::Xml(_)
            | Error::Protocol { .. } => true,
            Error::Refused(failure) => !failure.condition.is_temporary(),
            Error::Stream(error) => super::ending::is_final(error),
            Error::NotFound(_) | Error::Connection(_) | Error::Timeout(_) | Error::Dead | Error::Ended => false,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Closed => f.write_str("closed"),
            Error::NoTarget => f.write_str("the domain offers no XMPP service"),
            Error::NotFound(target) => write!(f, "no address for {target}"),
            Error::Connection(CloseReason::Refused) => f.write_str("nobody accepts connections there"),
            Error::Connection(reason) => write!(f, "the connection failed ({reason:?})"),
            Error::Untrusted => f.write_str("the server's certificate is not to be trusted for this domain"),
            Error::Timeout(step) => write!(f, "no answer in time while {step}"),
            Error::Dead => f.write_str("the server gives no sign of life"),
            Error::Ended => f.write_str("the server ended the stream"),
            Error::Elsewhere => f.write_str("the server sends this WebSocket to another address"),
            Error::NoStartTls => {
                f.write_str("the server offers no encryption (STARTTLS), or somebody took the offer away")
            }
            Error::StartTlsRefused => f.write_str("the server refused to begin encryption"),
            Error::Injected => f.write_str("unencrypted data followed the begin of encryption: somebody may interfere"),
            Error::Insecure => f.write_str("this target has no encryption"),
            Error::Version => f.write_str("the server does not speak XMPP 1.0"),
            Error::WrongFrom => f.write_str("the server answers for another domain"),
            Error::Sasl(error) => error.fmt(f),
            Error::Refused(failure) => failure.fmt(f),
            Error::NoBind => f.write_str("the server offers no resource binding"),
            Error::Bind(error) => write!(f, "no resource: {error}"),
            Error::Stream(error) => write!(f, "the server ended the stream: {error}"),
            Error::Protocol { condition, what } => write!(f, "the server broke the protocol: {what} ({condition})"),
            Error::Xml(error) => write!(f, "bad XML from the server: {error}"),
            Error::Redirects => f.write_str("the server sends from host to host"),
        }
    }
}

impl std::error::Error for Error {}

/// Why a command was not carried out.
#[derive(Clone, Debug, PartialEq)]
pub enum CommandError {
    /// There is no session, and none that may be resumed.
    NotOnline,
    /// The client is connected already, or about to.
    Connected,
    /// Nobody asked for targets.
    NotAsked,
    /// [`Limits::unacked`](super::Limits::unacked) stanzas wait already.
    QueueFull,
    /// [`Limits::requests`](super::Limits::requests) requests wait already.
    TooManyRequests,
    /// Longer than [`Limits::stanza`](super::Limits::stanza), or than the server said (XEP-0478).
    TooLong {
        /// Bytes.
        limit: usize,
    },
    /// Not a stanza of `jabber:client`, or not of the kind that the command sends.
    NotAStanza,
    /// The element cannot be written: a control character, for example.
    Xml(xml::Error),
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CommandError::NotOnline => f.write_str("not connected"),
            CommandError::Connected => f.write_str("connected already"),
            CommandError::NotAsked => f.write_str("nobody asked for targets"),
            CommandError::QueueFull => f.write_str("too many stanzas wait for the server"),
            CommandError::TooManyRequests => f.write_str("too many requests wait for an answer"),
            CommandError::TooLong { limit } => write!(f, "longer than the {limit} bytes that one stanza may have"),
            CommandError::NotAStanza => f.write_str("not such a stanza"),
            CommandError::Xml(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for CommandError {}
