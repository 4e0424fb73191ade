//! Hints at what servers should do with a message ([XEP-0334](https://xmpp.org/extensions/xep-0334.html)).

use rfc3920::xml::Element;

use crate::element::names;
use crate::ns;

names! {
    /// One hint.
    pub enum Hint {
        /// Keep it in no archive that outlives the session.
        NoPermanentStore = "no-permanent-store",
        /// Keep it nowhere.
        NoStore = "no-store",
        /// Make no copies.
        NoCopy = "no-copy",
        /// Keep it, even if it looks as if it was not worth it.
        Store = "store",
    }
}

impl Hint {
    /// Those that are in `message`.
    pub fn within(message: &Element) -> Vec<Hint> {
        let hints = message.children().filter(|child| child.ns() == ns::HINTS);
        hints.filter_map(|child| Hint::from_name(child.name())).collect()
    }

    /// Writes it.
    pub fn to_element(self) -> Element {
        Element::new(ns::HINTS, self.name())
    }
}
