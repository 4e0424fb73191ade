//! Text of one whole element to its tree. quick-xml finds the tags, references and sections; all rules are kept here,
//! since it is lenient about most of them.

use bytestring::ByteString;
use quick_xml::Reader;
use quick_xml::events::Event;

use super::element::{Attribute, Element, Node};
use super::scope::Scope;
use super::{Error, Limits, chars, tag};
use crate::ns;

/// Parses a document of one element (XML 1.0, 2.1), with an optional declaration and white space around.
pub(crate) fn document(text: &ByteString, limits: &Limits) -> Result<Element, Error> {
    if text.len() > limits.bytes {
        return Err(Error::limit("an element longer than allowed"));
    }
    let mut body = text.trim_matches([' ', '\t', '\n', '\r']);
    if body.starts_with("<?xml") {
        // A declaration stands at the very start, or is none.
        let (declaration, rest) =
            text.split_once("?>").filter(|_| text.starts_with("<?")).ok_or(Error::malformed("a declaration inside"))?;
        super::header::check_declaration(&declaration[2..])?;
        body = rest.trim_matches([' ', '\t', '\n', '\r']);
    }
    element(&text.slice_ref(body), &mut Scope::default(), &mut Scratch::default(), limits)
}

/// Parses exactly one element, from its `<` to its `>`, where `scope` holds the declarations around it. The scope is
/// afterwards as before, unless there was an error.
pub(crate) fn element(
    text: &ByteString,
    scope: &mut Scope,
    scratch: &mut Scratch,
    limits: &Limits,
) -> Result<Element, Error> {
    //= rfc6120#11.3/receive-well-formed MUST NOT
    //# All rules of XML 1.0 that are left without a document type are kept, and one broken rule ends the stream.
    chars::check(text)?;
    if !text.starts_with('<') {
        return Err(Error::malformed("text where an element should be"));
    }
    let Scratch { open, pending } = scratch;
    let mut builder = Builder { text, scope, limits, open, pending, run: Run::Empty, nodes: 0 };
    let mut reader = Reader::from_str(text);
    loop {
        let done = match reader.read_event().map_err(|_| Error::malformed("tags that do not fit"))? {
            Event::Start(start) => {
                builder.start(&start)?;
                None
            }
            Event::Empty(start) => {
                builder.start(&start)?;
                builder.end()?
            }
            // That the names are the same was seen by the reader.
            Event::End(_) => builder.end()?,
            Event::Text(piece) => {
                builder.characters(&piece)?;
                None
            }
            Event::CData(piece) => {
                builder.append_slice(&piece)?;
                None
            }
            Event::GeneralRef(name) => {
                let mut buffer = [0; 4];
                builder.append(reference(&name)?.encode_utf8(&mut buffer))?;
                None
            }
            Event::Comment(_) => return Err(Error::restricted("a comment")),
            Event::PI(_) | Event::Decl(_) => return Err(Error::restricted("a processing instruction")),
            Event::DocType(_) => return Err(Error::restricted("a document type")),
            Event::Eof => return Err(Error::malformed("an element that does not end")),
        };
        if let Some(element) = done {
            let at_end = usize::try_from(reader.buffer_position()).is_ok_and(|end| end == text.len());
            return if at_end { Ok(element) } else { Err(Error::malformed("more than one element")) };
        }
    }
}

/// Room that is used for one element after another. Empty between them, but after an error.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    open: Vec<Open>,
    pending: Vec<Node>,
}

/// The tree as far as it was read.
struct Builder<'a> {
    text: &'a ByteString,
    scope: &'a mut Scope,
    limits: &'a Limits,
    open: &'a mut Vec<Open>,
    /// Finished nodes of all open elements, the outermost first.
    pending: &'a mut Vec<Node>,
    /// Text behind the last of them.
    run: Run,
    nodes: usize,
}

/// Text that may go on. Pieces are gathered in one buffer: joined one by one, many references would cost a square.
enum Run {
    Empty,
    Slice(ByteString),
    Joined(String),
}

/// An element whose end was not read yet.
#[derive(Debug)]
struct Open {
    ns: ByteString,
    name: ByteString,
    attributes: Vec<Attribute>,
    /// Where its own nodes begin among the pending ones.
    first: usize,
}

impl Builder<'_> {
    fn start(&mut self, inside: &str) -> Result<(), Error> {
        if self.open.len() >= self.limits.depth {
            return Err(Error::limit("elements deeper than allowed"));
        }
        self.end_text();
        let tag = tag::read(self.text, inside, self.scope, self.limits)?;
        //= rfc6120#4.8.5/prefixed-content SHOULD NOT
        //# A stanza with a prefix ends the stream. Deeper down such a name may come from another than the peer.
        if self.open.is_empty() && tag.prefixed && (tag.ns == ns::CLIENT || tag.ns == ns::SERVER) {
            return Err(Error::prefix("a stanza with a prefix"));
        }
        self.count(1 + tag.attributes.len())?;
        let first = self.pending.len();
        self.open.push(Open { ns: tag.ns, name: tag.name, attributes: tag.attributes, first });
        Ok(())
    }

    /// Ends the innermost element, and gives it if it was the outermost too.
    fn end(&mut self) -> Result<Option<Element>, Error> {
        let Some(Open { ns, name, attributes, first }) = self.open.pop() else {
            return Err(Error::malformed("an end without a start"));
        };
        self.end_text();
        self.scope.leave();
        // Exactly as much room as there are nodes.
        let nodes = self.pending.drain(first..).collect();
        let element = Element::from_parts(ns, name, attributes, nodes);
        if self.open.is_empty() {
            return Ok(Some(element));
        }
        self.pending.push(Node::Element(element));
        Ok(None)
    }

    fn characters(&mut self, piece: &str) -> Result<(), Error> {
        let bytes = piece.as_bytes();
        if memchr::memchr_iter(b'>', bytes).any(|at| bytes[..at].ends_with(b"]]")) {
            return Err(Error::malformed("the end of a section without its start"));
        }
        self.append_slice(piece)
    }

    fn append(&mut self, piece: &str) -> Result<(), Error> {
        match &mut self.run {
            _ if self.open.is_empty() => return Err(Error::malformed("text outside of the element")),
            _ if piece.is_empty() => {}
            Run::Joined(text) => text.push_str(piece),
            Run::Slice(text) => self.run = Run::Joined([&**text, piece].concat()),
            Run::Empty => {
                self.count(1)?;
                self.run = Run::Joined(piece.to_owned());
            }
        }
        Ok(())
    }

    /// As `append`, for a piece of the stanza's text: stays a slice if it is alone.
    fn append_slice(&mut self, piece: &str) -> Result<(), Error> {
        if memchr::memchr(b'\r', piece.as_bytes()).is_some() {
            return self.append(&piece.replace("\r\n", "\n").replace('\r', "\n"));
        }
        if matches!(self.run, Run::Empty) && !self.open.is_empty() && !piece.is_empty() {
            self.count(1)?;
            self.run = Run::Slice(self.text.slice_ref(piece));
            return Ok(());
        }
        self.append(piece)
    }

    /// A tag ends the text before it.
    fn end_text(&mut self) {
        match std::mem::replace(&mut self.run, Run::Empty) {
            Run::Empty => {}
            Run::Slice(text) => self.pending.push(Node::Text(text)),
            Run::Joined(text) => self.pending.push(Node::Text(text.into())),
        }
    }

    fn count(&mut self, nodes: usize) -> Result<(), Error> {
        self.nodes += nodes;
        if self.nodes > self.limits.nodes { Err(Error::limit("more nodes than allowed")) } else { Ok(()) }
    }
}

/// The character that a reference means. `name` is what stands between `&` and `;`.
pub(crate) fn reference(name: &str) -> Result<char, Error> {
    let digits = match name {
        "amp" => return Ok('&'),
        "lt" => return Ok('<'),
        "gt" => return Ok('>'),
        "apos" => return Ok('\''),
        "quot" => return Ok('"'),
        _ => name.strip_prefix('#').ok_or(Error::restricted("an entity that is not predefined"))?,
    };
    let (digits, radix) = digits.strip_prefix('x').map_or((digits, 10), |hex| (hex, 16));
    // from_str_radix would take a sign.
    let number =
        if digits.bytes().all(|b| b.is_ascii_hexdigit()) { u32::from_str_radix(digits, radix).ok() } else { None };
    number
        .and_then(char::from_u32)
        .filter(|c| chars::is_char(*c))
        .ok_or(Error::malformed("a reference to no character"))
}
