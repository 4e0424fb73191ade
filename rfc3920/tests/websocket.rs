//! Streams over WebSocket: a message is an element.

use bytes::Bytes;
use rfc3920::ns;
use rfc3920::stanza::StreamCondition::{self, *};
use rfc3920::xml::{Event, Framing, Header, Limits, Reader, close};

const OPEN: &str = "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' from='wonderland.example' id='7' version='1.0'/>";

fn opened() -> Reader {
    let mut reader = Reader::new(Limits::default(), Framing::WebSocket);
    reader.push(OPEN.into());
    let Some(Ok(Event::Open(header))) = reader.next() else { panic!("a header") };
    assert_eq!((header.from.as_deref(), header.version), (Some("wonderland.example"), Some((1, 0))));
    reader
}

fn error(mut reader: Reader, message: impl AsRef<[u8]>) -> StreamCondition {
    reader.push(Bytes::copy_from_slice(message.as_ref()));
    let error = reader.next().and_then(Result::err).expect("an error");
    reader.push(OPEN.into());
    assert_eq!((reader.next(), reader.buffered()), (None, 0));
    error.condition
}

//= rfc7395#3.3.3/one-element test
//= rfc7395#3.3.3/standalone test
//= rfc7395#3.3.3/stream-prefix test
#[test]
fn a_message_is_one_whole_element_with_its_own_declarations() {
    let mut reader = opened();
    reader.push("<message xmlns='jabber:client'/>".into());
    reader.push("<stream:features xmlns:stream='http://etherx.jabber.org/streams'/>".into());
    reader.push("<?xml version='1.0'?><error xmlns='http://etherx.jabber.org/streams'/>".into());
    let elements: Vec<_> = reader.by_ref().map(|e| e.expect("an event")).collect();
    assert!(matches!(&elements[..], [Event::Element(a), Event::Element(b), Event::Element(c)]
        if a.is(ns::CLIENT, "message") && b.is(ns::STREAMS, "features") && c.is(ns::STREAMS, "error")));
    for broken in ["<message xmlns='jabber:client'>", "<a/><b/>", "<stream:features/>", "<a/>text", "<a", "</a>"] {
        assert_eq!(error(opened(), broken), NotWellFormed, "{broken}");
    }
}

//= rfc7395#3.3.3/first-character test
#[test]
fn a_message_begins_with_its_element() {
    for message in ["", " ", " <a/>", "\u{feff}<a/>"] {
        assert_eq!(error(opened(), message), NotWellFormed, "{message:?}");
    }
}

//= rfc7395#3.3.2/namespace test
//= rfc7395#3.4/open-or-close test
#[test]
fn a_stream_opens_with_open_and_nothing_else() {
    let new = || Reader::new(Limits::default(), Framing::WebSocket);
    for first in ["<open/>", "<open xmlns='urn:x'/>", "<message xmlns='jabber:client'/>"] {
        assert_eq!(error(new(), first), InvalidNamespace, "{first}");
    }
    assert_eq!(error(new(), "<stream:stream xmlns:stream='http://etherx.jabber.org/streams'>"), NotWellFormed);
    assert_eq!(error(opened(), OPEN), InvalidNamespace);
    let mut refused = new();
    refused.push(close(Framing::WebSocket));
    assert_eq!(refused.next(), Some(Ok(Event::Close)));
}

#[test]
fn what_a_stream_forbids_a_message_may_not_have_either() {
    assert_eq!(error(opened(), "<!DOCTYPE a><a/>"), RestrictedXml);
    assert_eq!(error(opened(), "<a><!-- b --></a>"), RestrictedXml);
    assert_eq!(error(opened(), "<a><?b c?></a>"), RestrictedXml);
    assert_eq!(error(opened(), "<a>&b;</a>"), RestrictedXml);
    assert_eq!(error(opened(), b"<a>\xff</a>"), UnsupportedEncoding);
    assert_eq!(error(opened(), "<c:iq xmlns:c='jabber:client'/>"), BadNamespacePrefix);
    assert_eq!(error(opened(), "<a>".repeat(100_000)), PolicyViolation);
    assert_eq!(error(opened(), format!("<a>{}</a>", "x".repeat(1 << 20))), PolicyViolation);
}

//= rfc7395#3.3.3/no-declaration test
//= rfc7395#3.4/open-first test
#[test]
fn our_header_is_an_open_element() {
    let header = Header { lang: Some("en".into()), to: Some("a'b".into()), ..Header::client() };
    let text = header.to_bytes(Framing::WebSocket).expect("a header");
    assert_eq!(text, "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='a&apos;b' version='1.0' xml:lang='en'/>");
}

//= rfc7395#3.6.1/elsewhere test
#[test]
fn close_may_name_another_place() {
    let mut reader = opened();
    reader.push("<close xmlns='urn:ietf:params:xml:ns:xmpp-framing' see-other-uri='wss://b.example/ws'/>".into());
    reader.push("<message xmlns='jabber:client'/>".into());
    assert_eq!(reader.next(), Some(Ok(Event::Close)));
    assert_eq!(reader.see_other_uri(), Some("wss://b.example/ws"));
    assert_eq!((reader.next(), reader.buffered()), (None, 0));
}

//= rfc7395#3.7/open-again test
#[test]
fn a_restart_opens_again_and_drops_what_came_before() {
    let mut reader = opened();
    reader.push("<message xmlns='jabber:client'/>".into());
    reader.restart();
    assert!(reader.next().is_none());
    reader.push(OPEN.into());
    assert!(matches!(reader.next(), Some(Ok(Event::Open(_)))));
}
