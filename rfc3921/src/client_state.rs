//! Whether the user looks at the client ([XEP-0352](https://xmpp.org/extensions/xep-0352.html)).

use rfc3920::xml::Element;

use crate::ns;

/// What tells the server: with `false` it may hold back what can wait.
//= xep-0352#4/nonzas MUST
//# Two elements that are no stanzas; sent only when the server has offered the feature.
pub fn element(active: bool) -> Element {
    Element::new(ns::CLIENT_STATE, if active { "active" } else { "inactive" })
}
