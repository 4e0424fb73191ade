#![no_main]
//! An element that parses is written as text that parses to the same element, and as the same text again.
use libfuzzer_sys::fuzz_target;
use rfc3920::ns;
use rfc3920::stanza::{self, Condition, StanzaError, StreamError};
use rfc3920::xml::{Element, Limits};

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(element) = Element::parse(text, &Limits::default()) else { return };
    let written = element.to_bytes("").expect("what was read can be written");
    assert_eq!(element.to_string().as_bytes(), written);
    let unlimited = Limits { bytes: usize::MAX, attributes: usize::MAX, prefixes: usize::MAX, ..Limits::default() };
    let again = Element::parse(std::str::from_utf8(&written).expect("UTF-8"), &unlimited).expect("an element");
    assert_eq!(again, element);
    assert_eq!(again.to_bytes("").as_ref(), Ok(&written));
    assert!(element.to_bytes(ns::CLIENT).is_ok());
    let _ = StreamError::from_element(&element).map(|e| StreamError::from_element(&e.to_element()));
    let error = StanzaError::of(&element).unwrap_or(Condition::BadRequest.into());
    let sent = StanzaError::from_element(&error.to_element());
    assert_eq!((sent.kind, &sent.text, &sent.by), (error.kind, &error.text, &error.by));
    if let Some(reply) = stanza::error_reply(&element, &error) {
        assert_eq!(StanzaError::of(&reply).map(|e| e.kind), Some(error.kind));
        assert_eq!(stanza::error_reply(&reply, &error), None);
    }
});
