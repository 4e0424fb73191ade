//! Correction of a message ([XEP-0308](https://xmpp.org/extensions/xep-0308.html)).

use rfc3920::xml::Element;

use crate::ns;

/// The id of the message that `message` takes the place of.
pub fn replaced_by(message: &Element) -> Option<String> {
    Some(message.find(ns::CORRECTION, "replace")?.get("id").filter(|id| !id.is_empty())?.to_owned())
}

/// Writes `<replace/>`.
//= xep-0308#3/replace-id MUST
//# The id is the one of the first version, also when that was corrected before.
pub fn replace(id: &str) -> Element {
    Element::new(ns::CORRECTION, "replace").attr("id", id)
}
