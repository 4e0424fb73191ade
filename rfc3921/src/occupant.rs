//! Who an occupant of a room is, whatever the nick ([XEP-0421](https://xmpp.org/extensions/xep-0421.html)).
//!
//! Only a room that has the feature takes forged ids away: what another one lets through must not be believed.

use rfc3920::xml::Element;

use crate::ns;

/// The id that is in a stanza of a room.
pub fn id_of(stanza: &Element) -> Option<String> {
    Some(stanza.find(ns::OCCUPANT_ID, "occupant-id")?.get("id").filter(|id| !id.is_empty())?.to_owned())
}

/// Writes it.
pub fn element(id: &str) -> Element {
    Element::new(ns::OCCUPANT_ID, "occupant-id").attr("id", id)
}
