//! From the bytes of a connection to events.

use std::collections::VecDeque;

use bytes::{Buf, Bytes, BytesMut};
use bytestring::ByteString;

use super::cutter::{Cutter, Until};
use super::header::{Framing, Header, check_declaration};
use super::scope::Scope;
use super::tree::{self, Scratch};
use super::{Element, Error, Limits, chars, tag};
use crate::ns;

/// What the peer's stream consists of.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// The stream was opened.
    Open(Header),
    /// A first-level element: a stanza, features, a negotiation element, a stream error.
    Element(Element),
    /// The stream was closed. Nothing follows.
    Close,
}

/// Cuts what a connection reads into [`Event`]s, whatever the pieces it comes in.
///
/// An iterator that gives what is complete so far, and goes on after the next [`Reader::push`]:
///
/// ```
/// use rfc3920::{ns, xml::{Event, Framing, Limits, Reader}};
/// let mut reader = Reader::new(Limits::default(), Framing::Stream);
/// reader.push(b"<?xml version='1.0'?><stream:stream xmlns='jabber:client' id='x7'
///     xmlns:stream='http://etherx.jabber.org/streams' version='1.0'> <iq type='res"[..].into());
/// let Some(Ok(Event::Open(header))) = reader.next() else { panic!() };
/// assert_eq!((header.id.as_deref(), header.version), (Some("x7"), Some((1, 0))));
/// assert!(reader.next().is_none());
/// reader.push(b"ult' id='1'/></stream:stream>"[..].into());
/// let Some(Ok(Event::Element(iq))) = reader.next() else { panic!() };
/// assert!(iq.is(ns::CLIENT, "iq"));
/// assert_eq!(reader.next(), Some(Ok(Event::Close)));
/// ```
///
/// The first error is the last item: what follows on the connection is dropped unread. White space between elements,
/// which keeps connections alive, is dropped as it comes. What is not read yet of a complete element stays in the
/// buffer, so take all events after each push; memory is then at most [`Limits::bytes`] and one push.
#[derive(Debug)]
pub struct Reader {
    limits: Limits,
    framing: Framing,
    phase: Phase,
    /// Bytes of a stream that no event was made of yet.
    buffer: BytesMut,
    /// Messages of a WebSocket that no event was made of yet.
    messages: VecDeque<Bytes>,
    cutter: Cutter,
    /// What the stream header declares.
    scope: Scope,
    /// Name of the root element as it was written, which its end has to repeat.
    root: ByteString,
    scratch: Scratch,
    see_other_uri: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Nothing but white space came yet.
    Start,
    /// The XML declaration came.
    Declared,
    Open,
    /// The header was an empty element: its end is still to be told.
    Closing,
    /// Closed or broken: everything else is dropped.
    Done,
}

impl Reader {
    /// A reader for a new connection, or for what follows on one.
    pub fn new(limits: Limits, framing: Framing) -> Self {
        Self {
            limits,
            framing,
            phase: Phase::Start,
            buffer: BytesMut::new(),
            messages: VecDeque::new(),
            cutter: Cutter::new(),
            scope: Scope::default(),
            root: ByteString::new(),
            scratch: Scratch::default(),
            see_other_uri: None,
        }
    }

    /// Takes what was read: any piece of a stream, or exactly one message of a WebSocket.
    pub fn push(&mut self, bytes: Bytes) {
        match (self.phase, self.framing) {
            (Phase::Done, _) => {}
            (_, Framing::Stream) => self.buffer.extend_from_slice(&bytes),
            (_, Framing::WebSocket) => self.messages.push_back(bytes),
        }
    }

    /// Begins a new stream on the same connection, after TLS or SASL (RFC 6120, 4.3.3). Everything that was pushed
    /// and not read is dropped: what a peer sent before it could know of the restart is not part of the new stream.
    pub fn restart(&mut self) {
        //= rfc6120#4.8.5/header-scope MUST
        //# The declarations live in the scope of one stream, and go with it.
        //= rfc7395#3.7/open-again MUST
        //# A restarted reader waits for another header.
        let work = self.cutter.work;
        *self = Self::new(self.limits, self.framing);
        self.cutter.work = work;
    }

    /// Where to connect instead, if the `<close/>` of a WebSocket named another place (RFC 7395, 3.6.1). Not to be
    /// followed to a place that is less secure.
    pub fn see_other_uri(&self) -> Option<&str> {
        self.see_other_uri.as_deref()
    }

    /// Bytes that are held and were not made into events.
    pub fn buffered(&self) -> usize {
        self.buffer.len() + self.messages.iter().map(Bytes::len).sum::<usize>()
    }

    /// Bytes looked at to find where elements end, since the reader was made: those of a stream, once each.
    pub fn scanned(&self) -> u64 {
        self.cutter.work
    }

    /// The next event of a stream, if it is complete.
    fn next_of_stream(&mut self) -> Result<Option<Event>, Error> {
        loop {
            self.skip_space();
            let Some(first) = self.buffer.first() else {
                self.give_memory_back();
                return Ok(None);
            };
            if *first != b'<' {
                return Err(self.stray(*first));
            }
            match self.phase {
                Phase::Start if self.buffer.len() < 2 => return Ok(None),
                Phase::Start if self.buffer[1] == b'?' => {
                    if !self.skip_declaration()? {
                        return Ok(None);
                    }
                }
                Phase::Start | Phase::Declared => return self.header(),
                Phase::Closing | Phase::Done => return Ok(None),
                Phase::Open => return self.element(),
            }
        }
    }

    fn skip_space(&mut self) {
        //= rfc6120#11.7/between-elements MAY
        //# Dropped as it comes, without an event.
        let length = self.buffer.iter().take_while(|b| chars::is_space(**b)).count();
        self.cutter.work += length as u64;
        self.buffer.advance(length);
    }

    /// After a large element the buffer is not kept.
    fn give_memory_back(&mut self) {
        if self.buffer.capacity() > KEPT {
            self.buffer = BytesMut::new();
            self.scratch = Scratch::default();
        }
    }

    /// What is wrong with a byte that stands where an element should begin.
    fn stray(&self, byte: u8) -> Error {
        match (self.phase, byte) {
            // The marks of UTF-16 and UTF-32, or their first characters.
            (Phase::Start, 0 | 0xfe | 0xff) => Error::encoding("another encoding than UTF-8"),
            //= rfc6120#11.6/mark-is-a-space MUST
            //# A byte order mark before the header is text like any other, and no text may stand there.
            (Phase::Open, _) => Error::format("text between elements"),
            _ => Error::malformed("text before the stream"),
        }
    }

    /// Whether the XML declaration is complete, and gone.
    fn skip_declaration(&mut self) -> Result<bool, Error> {
        let within = &self.buffer[..self.buffer.len().min(DECLARATION)];
        let Some(end) = memchr::memmem::find(within, b"?>") else {
            let full = within.len() == DECLARATION;
            return if full { Err(Error::restricted("a processing instruction")) } else { Ok(false) };
        };
        let text = self.take(end + 2)?;
        // `<?>` ends before it has begun.
        check_declaration(text.get(2..end).ok_or(Error::malformed("an empty processing instruction"))?)?;
        self.phase = Phase::Declared;
        Ok(true)
    }

    /// The root element's start tag.
    fn header(&mut self) -> Result<Option<Event>, Error> {
        let Some(length) = self.cutter.cut(&self.buffer, Until::Tag, &self.limits)? else { return Ok(None) };
        let text = self.take(length)?;
        chars::check(&text)?;
        let inside = text[1..].strip_suffix('>').unwrap_or_default();
        let (inside, empty) = inside.strip_suffix('/').map_or((inside, false), |inside| (inside, true));
        let tag = tag::read(&text, inside, &mut self.scope, &self.limits)?;
        //= rfc6120#4.8.1/stream-namespace MUST
        //# Looked at by namespace, whatever the prefix is.
        //= rfc6120#4.8.5/prefix-refused MUST skip
        //# No prefix is refused: names are compared by namespace.
        //= rfc6120#4.8.5/extensions-in-header SHOULD skip
        //# Servers declare dialback and others there, and nothing here loses them: each element keeps its namespace.
        //= rfc6120#4.8.5/stream-prefix MAY skip
        //# Any prefix is accepted, and none as well.
        if tag.ns != ns::STREAMS {
            return Err(Error::namespace("a stream in another namespace"));
        }
        if tag.name != "stream" {
            return Err(Error::format("another element in place of the stream"));
        }
        let name = inside.split(|c: char| c.is_ascii_whitespace()).next().unwrap_or_default();
        self.root = text.slice_ref(name);
        //= rfc6120#4.8.3/client-default MUST
        //# The header's default namespace, whichever it is, is that of the elements that follow.
        //= rfc6120#4.8.2/prefix-free MAY
        //# Read like the other style; what is written here declares the content namespace once.
        self.phase = if empty { Phase::Closing } else { Phase::Open };
        let root = Element::from_parts(tag.ns, tag.name, tag.attributes, Vec::new());
        Ok(Some(Event::Open(Header::from_element(&root, self.scope.default_ns()))))
    }

    /// A first-level element, or the root element's end tag.
    fn element(&mut self) -> Result<Option<Event>, Error> {
        let Some(length) = self.cutter.cut(&self.buffer, Until::Element, &self.limits)? else { return Ok(None) };
        let text = self.take(length)?;
        if let Some(end) = text.strip_prefix("</") {
            let name = end.strip_suffix('>').unwrap_or_default().trim_ascii_end();
            //= rfc6120#4.4/closing-tag MUST
            //# The end has to repeat the root's name as it was written; the phase behind it drops all that is pushed.
            if self.root != name {
                return Err(Error::malformed("the end of another element than the stream"));
            }
            self.phase = Phase::Done;
            return Ok(Some(Event::Close));
        }
        tree::element(&text, &mut self.scope, &mut self.scratch, &self.limits).map(|e| Some(Event::Element(e)))
    }

    /// Takes so many bytes from the front, as text of their own that holds on to nothing else.
    fn take(&mut self, length: usize) -> Result<ByteString, Error> {
        let bytes = Bytes::copy_from_slice(&self.buffer[..length]);
        self.buffer.advance(length);
        //= rfc6120#11.6/utf-8 MUST
        //# Text is made of whole elements, so that pieces may end inside of a character.
        //= rfc6120#11.6/refuse MUST
        //# Wrong UTF-8 means unsupported-encoding here, as a declared or guessed other encoding does.
        ByteString::try_from(bytes).map_err(|_| Error::encoding("bytes that are not UTF-8"))
    }

    /// The next event of a WebSocket: a message is an element.
    fn next_message(&mut self) -> Result<Option<Event>, Error> {
        let Some(message) = self.messages.pop_front() else { return Ok(None) };
        if message.len() > self.limits.bytes {
            return Err(Error::limit("an element longer than allowed"));
        }
        //= rfc7395#3.3.3/first-character MUST
        //# Not even white space may come first.
        if message.first() != Some(&b'<') {
            return Err(Error::malformed("a message that does not begin with an element"));
        }
        let text = ByteString::try_from(Bytes::copy_from_slice(&message));
        let text = text.map_err(|_| Error::encoding("bytes that are not UTF-8"))?;
        //= rfc7395#3.3.3/one-element MUST
        //# A message is parsed as a document: less or more than one element is not well-formed.
        let element = tree::document(&text, &self.limits)?;
        //= rfc7395#3.4/open-or-close MUST
        //# Either may come first, and nothing else.
        //= rfc7395#3.6.1/elsewhere MAY
        //# Kept for whoever reconnects, who knows what is less secure.
        if element.is(ns::FRAMING, "close") {
            self.see_other_uri = element.get("see-other-uri").map(str::to_owned);
            self.phase = Phase::Done;
            return Ok(Some(Event::Close));
        }
        if element.is(ns::FRAMING, "open") && self.phase == Phase::Start {
            self.phase = Phase::Open;
            return Ok(Some(Event::Open(Header::from_element(&element, ""))));
        }
        //= rfc7395#3.3.2/namespace MUST
        //# What opens and closes is known by its namespace; anything else before it, or in it, is invalid-namespace.
        if self.phase == Phase::Start || element.ns() == ns::FRAMING {
            return Err(Error::namespace("a stream header in another namespace"));
        }
        Ok(Some(Event::Element(element)))
    }
}

/// What is complete; `None` until more is pushed.
impl Iterator for Reader {
    type Item = Result<Event, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let event = match (self.phase, self.framing) {
            (Phase::Done, _) => return None,
            (Phase::Closing, _) => {
                self.phase = Phase::Done;
                Ok(Some(Event::Close))
            }
            (_, Framing::Stream) => self.next_of_stream(),
            (_, Framing::WebSocket) => self.next_message(),
        };
        //= rfc6120#4.9.1.1/no-recovery MUST
        //# The first error is the last item; the bytes behind it are dropped.
        if event.is_err() {
            self.phase = Phase::Done;
        }
        if self.phase == Phase::Done {
            self.buffer = BytesMut::new();
            self.messages = VecDeque::new();
            self.scratch = Scratch::default();
        }
        event.transpose()
    }
}

/// Bytes that an XML declaration may have.
const DECLARATION: usize = 128;
/// Bytes of buffer that are kept while nothing is in it.
const KEPT: usize = 16 * 1024;
