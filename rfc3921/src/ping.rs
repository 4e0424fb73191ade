//! Ping ([XEP-0199](https://xmpp.org/extensions/xep-0199.html)). Pings of others are answered by the stream below.

use rfc3920::xml::Element;

use crate::ns;

/// The question.
pub fn query() -> Element {
    Element::new(ns::PING, "ping")
}
