//! What is sent over a stream: messages, presence, iq, and their errors (RFC 6120, 4.9 and 8).
//!
//! A stanza is an [`Element`]; this module tells which ([`Kind`]), makes requests and answers of it, and has the
//! errors of stanzas and streams.

mod condition;
mod error;
mod stream_error;

pub use condition::{Condition, StreamCondition};
pub use error::{ErrorType, StanzaError};
pub use stream_error::StreamError;

use crate::ns;
use crate::xml::Element;

/// The three stanzas (RFC 6120, 8.2).
//= rfc6120#8/support MUST
//# All three, each with its errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Something pushed to somebody.
    Message,
    /// Something told to all who subscribed.
    Presence,
    /// A request, or its answer.
    Iq,
}

impl Kind {
    /// Which stanza an element is; `None` if it is none.
    pub fn of(element: &Element) -> Option<Self> {
        match element.name() {
            _ if element.ns() != ns::CLIENT && element.ns() != ns::SERVER => None,
            "message" => Some(Self::Message),
            "presence" => Some(Self::Presence),
            "iq" => Some(Self::Iq),
            _ => None,
        }
    }
}

/// A request for information. Without `to` it is for one's own account, and the server answers for it.
///
/// ```
/// use rfc3920::{ns, stanza, xml::Element};
/// let ping = stanza::iq_get(Some("wonderland.example"), "p1", Element::new(ns::PING, "ping"));
/// let pong = stanza::iq_result(&ping, None);
/// assert_eq!((pong.get("id"), pong.get("type")), (Some("p1"), Some("result")));
/// ```
pub fn iq_get(to: Option<&str>, id: &str, payload: Element) -> Element {
    iq("get", to, id).child(payload)
}

/// A request that changes something.
pub fn iq_set(to: Option<&str>, id: &str, payload: Element) -> Element {
    iq("set", to, id).child(payload)
}

/// Text of a peer's as part of a message for humans: nothing in it moves a terminal's cursor or turns its direction.
pub(crate) fn shown(text: &str) -> String {
    let turns = |c| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars().map(|c| if c.is_control() || turns(c) { ' ' } else { c }).collect()
}

/// Whether an element may be what a protocol on top adds to an error.
//= rfc6120#4.9.2/application-namespace MUST
//# One in a namespace of streams, stanzas or errors is neither read nor written as such.
//= rfc6120#8.3.2/application-namespace MUST
//# Likewise.
fn is_application(element: &Element) -> bool {
    !matches!(element.ns(), "" | ns::CLIENT | ns::SERVER | ns::STREAMS | ns::STREAM_ERRORS | ns::STANZA_ERRORS)
}

/// The answer to a request, for its sender.
//= rfc6120#8.1.3/returned MUST
//# Copied, here and in error_reply.
pub fn iq_result(request: &Element, payload: Option<Element>) -> Element {
    //= rfc6120#8.3.1/error-only MUST NOT
    //# Only error_reply makes an element with an error, and gives it its type.
    iq("result", request.get("from"), request.get("id").unwrap_or_default()).with(payload)
}

//= rfc6120#8.4/no-attributes SHOULD NOT
//# Type, to and id; no stanza made here or on top has others, but for xml:lang.
fn iq(kind: &str, to: Option<&str>, id: &str) -> Element {
    //= rfc6120#4.8.3/no-server MUST NOT
    //# All that is made here is in jabber:client.
    Element::new(ns::CLIENT, "iq").attr("type", kind).attr_opt("to", to).attr("id", id)
}

/// The stanza that says that `stanza` could not be handled, for its sender; `None` if nothing may be sent: `stanza` is
/// an error or an answer itself, or no stanza.
pub fn error_reply(stanza: &Element, error: &StanzaError) -> Option<Element> {
    //= rfc6120#8.3.2/kinds MUST
    //# That of the stanza that it answers, which is one of three.
    let name = match (Kind::of(stanza)?, stanza.get("type")) {
        //= rfc6120#8.3.1/no-error-for-error MUST NOT
        //# Nothing is made for a stanza of type error, nor for a result, so two peers can not loop.
        (_, Some("error")) | (Kind::Iq, Some("result")) => return None,
        (Kind::Message, _) => "message",
        (Kind::Presence, _) => "presence",
        (Kind::Iq, _) => "iq",
    };
    //= rfc6120#8.3.1/same-id MUST
    //# Copied as it is; an iq that had none gets an empty one.
    let id = stanza.get("id").or((name == "iq").then_some(""));
    //= rfc6120#8.3.1/reply SHOULD
    //# Made here for every stanza that may have one; whoever handles stanzas sends it.
    //= rfc6120#8.3.1/reply-iq MUST
    //# As for others; a request always gets an answer.
    //= rfc6120#8.3.1/swapped SHOULD
    //# To where it came from; from is left to the server, which knows it.
    //= rfc6120#8.3.1/error-child MUST
    //# Always there.
    //= rfc6120#8.3.1/original MAY skip
    //# The sender knows what it sent.
    let reply = Element::new(ns::CLIENT, name).attr("type", "error");
    Some(reply.attr_opt("to", stanza.get("from")).attr_opt("id", id).child(error.to_element()))
}
