//! Markers: up to where somebody has read ([XEP-0333](https://xmpp.org/extensions/xep-0333.html)).

use rfc3920::xml::Element;

use crate::ns;

/// What of it is in a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Marker {
    /// The sender would like to know.
    Markable,
    /// It arrived; receipts (XEP-0184) say the same.
    Received(String),
    /// It and all before it were shown to somebody.
    Displayed(String),
}

impl Marker {
    /// What of it is in `message`.
    //= xep-0333#5/id MUST
    //# A marker without the id of what it marks says nothing.
    pub fn within(message: &Element) -> Option<Marker> {
        let id = |name| Some(message.find(ns::MARKERS, name)?.get("id").filter(|id| !id.is_empty())?.to_owned());
        id("displayed")
            .map(Marker::Displayed)
            .or_else(|| id("received").map(Marker::Received))
            .or_else(|| message.find(ns::MARKERS, "markable").map(|_| Marker::Markable))
    }

    /// Writes it.
    pub fn to_element(&self) -> Element {
        match self {
            Marker::Markable => Element::new(ns::MARKERS, "markable"),
            Marker::Received(id) => Element::new(ns::MARKERS, "received").attr("id", id.as_str()),
            Marker::Displayed(id) => Element::new(ns::MARKERS, "displayed").attr("id", id.as_str()),
        }
    }
}
