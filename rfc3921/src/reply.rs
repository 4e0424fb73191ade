//! Replies ([XEP-0461](https://xmpp.org/extensions/xep-0461.html)).

use rfc3920::jid::Jid;
use rfc3920::xml::Element;

use crate::element::{address_if, expect, required};
use crate::fallback::Fallback;
use crate::{Error, ns};

/// Which message a message answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// Who wrote it.
    pub to: Option<Jid>,
    /// Its id; in a room the id that the room gave it.
    pub id: String,
}

impl Reply {
    /// Reads `<reply/>`.
    ///
    /// # Errors
    /// [`Error`], for another element or a missing id.
    pub fn from_element(element: &Element) -> Result<Reply, Error> {
        expect(element, ns::REPLY, "reply")?;
        Ok(Reply { to: address_if(element, "to")?, id: required(element, "id")?.to_owned() })
    }

    /// Writes it.
    pub fn to_element(&self) -> Element {
        let to = self.to.as_ref().map(Jid::as_str);
        Element::new(ns::REPLY, "reply").attr_opt("to", to).attr("id", self.id.as_str())
    }
}

/// The quotation that goes before the text for clients that know no replies, and what marks it as such.
///
/// ```
/// use rfc3921::reply;
/// let (body, fallback) = reply::quote("Why is a raven\nlike a writing desk?", "I give up");
/// assert_eq!(body, "> Why is a raven\n> like a writing desk?\nI give up");
/// assert_eq!(fallback.strip(&body), "I give up");
/// ```
//= xep-0461#4/fallback SHOULD
//# Every line of the original behind `> `, and a fallback that covers exactly that.
pub fn quote(original: &str, text: &str) -> (String, Fallback) {
    let mut body: String = original.lines().map(|line| format!("> {line}\n")).collect();
    let end = body.chars().count();
    body.push_str(text);
    (body, Fallback { of: ns::REPLY.to_owned(), parts: vec![(0, end)] })
}
