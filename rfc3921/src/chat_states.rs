//! Whether somebody is writing ([XEP-0085](https://xmpp.org/extensions/xep-0085.html)).

use rfc3920::xml::Element;

use crate::element::names;
use crate::ns;

names! {
    /// What somebody does in a conversation.
    pub enum ChatState {
        /// Looks at it.
        Active = "active",
        /// Writes.
        Composing = "composing",
        /// Wrote, and stopped.
        Paused = "paused",
        /// Looks elsewhere.
        Inactive = "inactive",
        /// Has closed it.
        Gone = "gone",
    }
}

impl ChatState {
    /// The one that is in `message`.
    //= xep-0085#5.1/one MUST
    //# A message holds one at most; of several none is taken.
    pub fn within(message: &Element) -> Option<ChatState> {
        let mut states = message.children().filter(|child| child.ns() == ns::CHAT_STATES);
        let (Some(state), None) = (states.next(), states.next()) else { return None };
        ChatState::from_name(state.name())
    }

    /// Writes it.
    pub fn to_element(self) -> Element {
        Element::new(ns::CHAT_STATES, self.name())
    }
}
