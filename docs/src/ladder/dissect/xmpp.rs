//! XMPP: one arrow an element of the stream.

use std::collections::BTreeSet;

use bytes::Bytes;
use rfc3920::ns;
use rfc3920::xml::{Element, Event, Framing, Header, Limits, Node, Reader};

use super::{Said, shown};
use crate::ladder::Protocol;

/// One direction of a stream.
pub(super) struct Xml(Reader);

impl Xml {
    /// A reader for what begins so.
    pub fn new(first: &[u8]) -> Xml {
        // Programs write down what they say over WebSocket as if it were said over TCP.
        let framing = if first.starts_with(b"<open") { Framing::WebSocket } else { Framing::Stream };
        Xml(Reader::new(Limits { bytes: 256 << 10, nodes: 8192, ..Limits::default() }, framing))
    }

    /// Takes the next bytes; false when they make no sense any more.
    pub fn take(&mut self, data: Bytes, said: &mut Vec<Said>) -> bool {
        // After TLS and SASL both sides begin a new stream on the same connection.
        if is_header(&data) && self.0.buffered() == 0 {
            self.0.restart();
        }
        self.0.push(data.clone());
        for event in &mut self.0 {
            match event {
                Ok(Event::Open(header)) => said.push(opened(&header)),
                Ok(Event::Element(element)) => said.push(of(&element)),
                Ok(Event::Close) => said.push(Said::new(Protocol::Xmpp, "stream ends", "</stream:stream>")),
                Err(error) => {
                    said.push(Said::new(Protocol::Xmpp, format!("malformed: {error}"), shown::text(&data)));
                    return false;
                }
            }
        }
        true
    }
}

/// Whether a stream begins so.
pub(super) fn is_header(data: &[u8]) -> bool {
    [&b"<?xml"[..], b"<stream:stream", b"<open"].iter().any(|start| data.starts_with(start))
}

fn opened(header: &Header) -> Said {
    let to = header.to.as_ref().map(|to| format!(" to {to}")).unwrap_or_default();
    let from = header.from.as_ref().map(|from| format!(" from {from}")).unwrap_or_default();
    let text = header.to_bytes(Framing::Stream).map(|bytes| shown::text(&bytes)).unwrap_or_default();
    Said::new(Protocol::Xmpp, format!("stream{to}{from}"), text.replace("?><", "?>\n<"))
}

fn of(element: &Element) -> Said {
    let mut label = match element.name() {
        "message" | "presence" | "iq" => stanza(element),
        "features" if element.ns() == ns::STREAMS => {
            // each once, in no order of the server's: some shuffle them from run to run
            let names: BTreeSet<&str> = element.children().map(Element::name).collect();
            format!("features: {}", names.into_iter().collect::<Vec<_>>().join(", "))
        }
        "auth" | "authenticate" => format!("{} {}", element.name(), element.get("mechanism").unwrap_or_default()),
        "error" | "failure" | "failed" => {
            let condition = element.children().next().map(Element::name).unwrap_or_default();
            format!("{} {condition}", element.name())
        }
        // Stream management: r asks, a answers.
        "r" if element.ns() == ns::SM => "ack request".to_owned(),
        "a" if element.ns() == ns::SM => "ack".to_owned(),
        name => name.to_owned(),
    };
    label.truncate(label.trim_end().len());
    let mut detail = String::new();
    indent(&mut detail, element, 0);
    Said::new(Protocol::Xmpp, label, detail)
}

fn stanza(element: &Element) -> String {
    let kind = element.get("type").unwrap_or_default();
    let kind = if kind.is_empty() { String::new() } else { format!(" {kind}") };
    let inside = match element.name() {
        "message" => message(element),
        "iq" => element.children().map(|child| format!(" {}{}", child.name(), short(child.ns()))).collect(),
        _ => String::new(),
    };
    format!("{}{kind}{inside}", element.name())
}

/// What a message is about: its text, or the first thing else that means something.
fn message(element: &Element) -> String {
    if let Some(text) = element.child_text(element.ns(), "body") {
        return format!(" \u{201c}{}\u{201d}", text.chars().take(40).collect::<String>());
    }
    let silent = ["thread", "store", "no-store", "no-copy", "origin-id", "stanza-id"];
    let child = element.children().find(|child| !silent.contains(&child.name()));
    child.map(|child| format!(" {}", child.name())).unwrap_or_default()
}

/// The last word of a namespace, which most people know an extension by.
fn short(ns: &str) -> String {
    let ns = ns.trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, ':' | '#' | '/'));
    let word = ns.rsplit([':', '/', '#']).next().unwrap_or_default();
    if word.is_empty() { String::new() } else { format!(" ({word})") }
}

/// An element on lines of its own, unless text stands between its children.
fn indent(out: &mut String, element: &Element, depth: usize) {
    let mixed = element.nodes().iter().any(|node| matches!(node, Node::Text(text) if !text.trim().is_empty()));
    let one_line = element.children().next().is_none() || mixed || depth > DEEPEST;
    if one_line {
        out.push_str(&format!("{:1$}{element}\n", "", 2 * depth));
        return;
    }
    let mut shell = element.clone();
    drop(shell.take_children());
    shell.set_text("\n");
    let shell = shell.to_string();
    let (open, close) = shell.split_once('\n').unwrap_or((&shell, ""));
    out.push_str(&format!("{:1$}{open}\n", "", 2 * depth));
    for child in element.children() {
        indent(out, child, depth + 1);
    }
    out.push_str(&format!("{:1$}{close}\n", "", 2 * depth));
}

const DEEPEST: usize = 12;
