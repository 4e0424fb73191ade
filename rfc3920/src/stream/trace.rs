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

/// Replaces what logs somebody in: the messages of SASL both ways, tokens, passwords in any form, and the headers that an
/// upload authorises itself with.
fn hide(element: &mut Element) {
    let secret = match (element.ns(), element.name()) {
        (ns::SASL, "auth" | "challenge" | "response" | "success") => true,
        (ns::SASL2, "initial-response" | "challenge" | "response" | "additional-data") => true,
        (_, "password" | "digest") => true,
        (_, "header") => matches!(element.get("name"), Some("Authorization" | "Cookie")),
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
    element.children_mut().for_each(hide); // as deep as the reader or the caller made it
}
