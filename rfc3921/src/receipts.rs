//! Receipts: a client tells that a message arrived ([XEP-0184](https://xmpp.org/extensions/xep-0184.html)).

use rfc3920::xml::Element;

use crate::ns;

/// What of it is in a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Receipt {
    /// The sender wants one.
    Request,
    /// The message of that id arrived.
    Received(String),
}

impl Receipt {
    /// What of it is in `message`.
    //= xep-0184#5.3/id MUST
    //# A receipt without the id of the message that it is for says nothing, and is not taken for one.
    pub fn within(message: &Element) -> Option<Receipt> {
        if let Some(received) = message.find(ns::RECEIPTS, "received") {
            return Some(Receipt::Received(received.get("id").filter(|id| !id.is_empty())?.to_owned()));
        }
        message.find(ns::RECEIPTS, "request").map(|_| Receipt::Request)
    }

    /// Writes it.
    pub fn to_element(&self) -> Element {
        match self {
            Receipt::Request => Element::new(ns::RECEIPTS, "request"),
            Receipt::Received(id) => Element::new(ns::RECEIPTS, "received").attr("id", id.as_str()),
        }
    }
}
