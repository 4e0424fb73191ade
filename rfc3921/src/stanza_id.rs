//! Ids that stay ([XEP-0359](https://xmpp.org/extensions/xep-0359.html)): the sender's, and those that archives give.
//!
//! A stanza id is worth what `by` is worth: whoever is named there must be the one that could give it, and must take away
//! what others forge in its name, which it says by the feature.

use rfc3920::jid::Jid;
use rfc3920::xml::Element;

use crate::element::{address, expect, required};
use crate::{Error, ns};

/// The id that an entity on the way gave a message.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StanzaId {
    /// Who gave it.
    pub by: Jid,
    /// The id.
    pub id: String,
}

impl StanzaId {
    /// Reads `<stanza-id/>`.
    ///
    /// # Errors
    /// [`Error`], for another element, a missing id and an address that is none.
    pub fn from_element(element: &Element) -> Result<StanzaId, Error> {
        expect(element, ns::STANZA_ID, "stanza-id")?;
        Ok(StanzaId { by: address(element, "by")?, id: required(element, "id")?.to_owned() })
    }

    /// Writes it.
    pub fn to_element(&self) -> Element {
        Element::new(ns::STANZA_ID, "stanza-id").attr("by", self.by.as_str()).attr("id", self.id.as_str())
    }

    /// The id that `by` gave the message. Two of them are one too many: none is believed.
    ///
    /// ```
    /// use rfc3920::{jid::Jid, xml::{Element, Limits}};
    /// use rfc3921::stanza_id::StanzaId;
    /// let text = "<message xmlns='jabber:client'><stanza-id xmlns='urn:xmpp:sid:0' by='alice@wonderland.example' id='28'/></message>";
    /// let message = Element::parse(text, &Limits::default()).unwrap();
    /// assert_eq!(StanzaId::given_by(&message, &Jid::parse("alice@wonderland.example").unwrap()), Some("28"));
    /// assert_eq!(StanzaId::given_by(&message, &Jid::parse("wonderland.example").unwrap()), None);
    /// ```
    //= xep-0359#6/by MUST
    //# Only the id whose `by` is the archive that is asked about; the caller looks whether it has the feature.
    pub fn given_by<'a>(message: &'a Element, by: &Jid) -> Option<&'a str> {
        let given = message.children().filter(|child| child.is(ns::STANZA_ID, "stanza-id"));
        let mut given = given.filter(|child| address(child, "by").is_ok_and(|jid| jid == *by));
        let (Some(element), None) = (given.next(), given.next()) else { return None };
        element.get("id").filter(|id| !id.is_empty())
    }
}

/// The id that the sender gave the message and that stays where `id` may change.
pub fn origin_id_of(message: &Element) -> Option<String> {
    Some(message.find(ns::STANZA_ID, "origin-id")?.get("id").filter(|id| !id.is_empty())?.to_owned())
}

/// Writes `<origin-id/>`.
//= xep-0359#3.1/same-id SHOULD
//# Messages that are written here carry the same id in both places.
pub fn origin_id(id: &str) -> Element {
    Element::new(ns::STANZA_ID, "origin-id").attr("id", id)
}
