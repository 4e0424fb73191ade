//! What went over the wire, for people to read: without what nobody should read.

use super::{Client, Event};
use crate::ns;
use crate::xml::{Element, Header};

/// What stands where a secret was.
const HIDDEN: &str = "***";

impl Client {
    /// Tells an element as sent or received, if the application wants that.
    pub(super) fn trace(&mut self, sent: bool, element: &Element) {
        if self.config.raw {
            let mut shown = element.clone();
            hide(&mut shown);
            self.tell(Event::Raw { sent, text: shown.to_string() });
        }
    }

    /// Tells a header that came.
    pub(super) fn trace_header(&mut self, header: &Header) {
        if let Some(link) = self.link.as_ref().filter(|_| self.config.raw) {
            let text = header.to_bytes(link.framing()).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
            self.tell(Event::Raw { sent: false, text: text.unwrap_or_default() });
        }
    }
}

/// Replaces what logs somebody in: the messages of SASL both ways, tokens, passwords in elements, attributes and forms, and
/// the headers that an upload authorises itself with.
fn hide(element: &mut Element) {
    let secret = match (element.ns(), element.name()) {
        (ns::SASL, "auth" | "challenge" | "response" | "success") => true,
        (ns::SASL2, "initial-response" | "challenge" | "response" | "additional-data") => true,
        (_, "password" | "digest") => true,
        (_, "header") => {
            let name = element.get("name").unwrap_or_default();
            name.eq_ignore_ascii_case("Authorization") || name.eq_ignore_ascii_case("Cookie")
        }
        _ => false,
    };
    if secret && !element.text().is_empty() {
        element.set_text(HIDDEN);
    }
    if element.is(ns::FAST, "token") && element.get("token").is_some() {
        element.set("token", HIDDEN);
    }
    if element.get("password").is_some() {
        element.set("password", HIDDEN); // of a room, in an invitation (XEP-0249)
    }
    if element.is(DATA_FORM, "field") && is_private(element) {
        element.children_mut().filter(|child| child.name() == "value").for_each(|value| value.set_text(HIDDEN));
    }
    element.children_mut().for_each(hide); // as deep as the reader or the caller made it
}

/// Whether a field of a form is one that is not shown while it is filled in, or known for a secret: forms that are sent
/// leave the type out.
fn is_private(field: &Element) -> bool {
    let secret = |var: &str| var == "password" || var.ends_with("secret") || var.ends_with("passwd");
    field.get("type") == Some("text-private") || field.get("var").is_some_and(secret)
}

/// Forms (XEP-0004).
const DATA_FORM: &str = "jabber:x:data";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_secret_is_shown_wherever_it_stands() {
        for text in [
            "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>kept</auth>",
            "<authenticate xmlns='urn:xmpp:sasl:2'><initial-response>kept</initial-response></authenticate>",
            "<success xmlns='urn:xmpp:sasl:2'><token xmlns='urn:xmpp:fast:0' token='kept'/></success>",
            "<iq><query xmlns='jabber:iq:register'><username>alice</username><password>kept</password></query></iq>",
            "<iq><query xmlns='jabber:iq:auth'><digest>kept</digest></query></iq>",
            "<presence><x xmlns='http://jabber.org/protocol/muc'><password>kept</password></x></presence>",
            "<message><x xmlns='jabber:x:conference' jid='room@chat.example' password='kept'/></message>",
            "<iq><x xmlns='jabber:x:data'><field var='a' type='text-private'><value>kept</value></field></x></iq>",
            "<iq><x xmlns='jabber:x:data'><field var='muc#roomconfig_roomsecret'><value>kept</value></field></x></iq>",
            "<slot><put url='https://up.example/'><header name='authorization'>kept</header></put></slot>",
        ] {
            let mut element: Element = text.parse().expect("an element");
            hide(&mut element);
            let shown = element.to_string();
            assert!(!shown.contains("kept") && shown.contains(HIDDEN), "{shown}");
        }
        let plain = "<message><body>The password is a digest</body></message>";
        let mut element: Element = plain.parse().expect("an element");
        hide(&mut element);
        assert_eq!(element.to_string(), plain);
    }
}
