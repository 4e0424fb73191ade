//! A stanza within a stanza ([XEP-0297](https://xmpp.org/extensions/xep-0297.html)).

use rfc3920::xml::Element;

use crate::delay::Delay;
use crate::element::expect;
use crate::{Error, ns};

/// A forwarded message. Who forwards it must be looked at before anything in it is believed.
#[derive(Clone, Debug, PartialEq)]
pub struct Forwarded {
    /// When it was sent, as the forwarder says.
    pub delay: Option<Delay>,
    /// The message as it was.
    pub message: Element,
}

impl Forwarded {
    /// Reads `<forwarded/>`.
    ///
    /// # Errors
    /// [`Error`], for another element, or without exactly one message in it.
    //= xep-0297#3.1/one-stanza MUST
    //# Exactly one message of `jabber:client`; what is more, or another stanza, is refused.
    pub fn from_element(element: &Element) -> Result<Forwarded, Error> {
        expect(element, ns::FORWARD, "forwarded")?;
        let mut messages = element.children().filter(|child| child.is(ns::CLIENT, "message"));
        let (Some(message), None) = (messages.next(), messages.next()) else {
            return Err(Error::Missing("exactly one forwarded message"));
        };
        let delay = element.find(ns::DELAY, "delay").and_then(|delay| Delay::from_element(delay).ok());
        Ok(Forwarded { delay, message: message.clone() })
    }

    /// Writes it.
    pub fn to_element(&self) -> Element {
        Element::new(ns::FORWARD, "forwarded")
            .with(self.delay.iter().map(Delay::to_element))
            .child(self.message.clone())
    }
}
