use bytes::{Bytes, BytesMut};

use super::check::{self, Bad};
use super::{Limits, Message, ParseError, name, parse, scan};

/// Cuts a stream into messages by Content-Length (RFC 3261 section 18.3), however its bytes arrive.
///
/// ```
/// use rfc3261::message::StreamDecoder;
/// let wire = "OPTIONS sip:b.example SIP/2.0\r\nVia: SIP/2.0/TCP a.example;branch=z9hG4bK1\r\nFrom: <sip:a.example>;tag=1\r\n\
///             To: <sip:b.example>\r\nCall-ID: 7\r\nCSeq: 1 OPTIONS\r\nContent-Length: 2\r\n\r\nhi";
/// let mut decoder = StreamDecoder::default();
/// decoder.push(wire[..60].into());
/// assert!(decoder.next().is_none());
/// decoder.push(wire[60..].into());
/// assert_eq!(decoder.next().unwrap().unwrap().body(), "hi");
/// ```
#[derive(Debug, Default)]
pub struct StreamDecoder {
    limits: Limits,
    buffer: BytesMut,
    /// How much of the buffer has been searched for the blank line.
    searched: usize,
    pending: Option<Pending>,
    pings: u32,
    line_ends: usize,
    is_broken: bool,
}

/// A message, or why there is none, that waits for the bytes of its body.
#[derive(Debug)]
struct Pending {
    head: Result<Message, ParseError>,
    body: usize,
}

impl StreamDecoder {
    /// A decoder with those limits.
    pub fn new(limits: Limits) -> StreamDecoder {
        StreamDecoder { limits, ..StreamDecoder::default() }
    }

    /// Takes the next piece of the stream.
    pub fn push(&mut self, data: Bytes) {
        if self.is_broken {
            return;
        }
        if self.buffer.is_empty() && self.pending.is_none() {
            self.buffer = data.try_into_mut().unwrap_or_else(|data| BytesMut::from(&data[..]));
        } else {
            self.buffer.extend_from_slice(&data);
        }
    }

    /// The next message, or why one is refused; `None` until more bytes come. After an error that leaves the end of the
    /// message unknown the stream [is broken](StreamDecoder::is_broken) and yields nothing more.
    #[allow(clippy::should_implement_trait)] // it can yield again after `None`
    pub fn next(&mut self) -> Option<Result<Message, ParseError>> {
        if self.pending.is_none() {
            self.pending = Some(self.head()?);
        }
        let body = self.pending.as_ref()?.body;
        if self.buffer.len() < body {
            return None;
        }
        let body = self.buffer.split_to(body).freeze();
        let mut head = self.pending.take()?.head;
        if let Ok(message) = &mut head {
            *message.body_mut() = body;
        }
        Some(head)
    }

    /// Whether the stream can be read no further, so that the connection has to be closed.
    pub fn is_broken(&self) -> bool {
        self.is_broken
    }

    /// Whether nothing is waiting: no part of a message has arrived.
    pub fn is_idle(&self) -> bool {
        self.pending.is_none() && self.buffer.is_empty()
    }

    /// How many keep-alive pings (two line ends, RFC 5626 section 3.5.1) came since the last call; each is to be answered
    /// with one line end.
    pub fn take_pings(&mut self) -> u32 {
        std::mem::take(&mut self.pings)
    }

    /// Reads a head if it is complete.
    fn head(&mut self) -> Option<Pending> {
        self.skip_line_ends();
        let from = self.searched.saturating_sub(3);
        let Some(end) = parse::find_blank_line(self.buffer.get(from..).unwrap_or_default()).map(|end| from + end)
        else {
            self.searched = self.buffer.len();
            if self.buffer.len() <= self.limits.message {
                return None;
            }
            self.is_broken = true;
            let head = std::mem::take(&mut self.buffer).freeze();
            let bad = Some(Bad(513, "message too large"));
            return Some(Pending {
                head: parse::head_of(&head, 0..head.len(), &self.limits, bad).map(|(message, _)| message),
                body: 0,
            });
        };
        self.searched = 0;
        let head = self.buffer.split_to(end).freeze();
        let length = content_length(&head);
        let too_large = match length {
            Some(length) => length.saturating_add(end as u64) > self.limits.message as u64,
            None => end > self.limits.message,
        };
        let bad = too_large.then_some(Bad(513, "message too large"));
        let head = parse::head_of(&head, 0..head.len(), &self.limits, bad).map(|(message, _)| message);
        match length {
            Some(length) if !too_large => Some(Pending { head, body: length as usize }),
            _ => {
                self.is_broken = true;
                self.buffer.clear();
                Some(Pending { head, body: 0 })
            }
        }
    }

    /// Skips line ends between messages, and counts two in a row as a ping.
    //= rfc3261#7.5/leading-crlf MUST
    //# In front of every start line, any number of them.
    fn skip_line_ends(&mut self) {
        let count = parse::leading_line_ends(&self.buffer);
        if count > 0 {
            let _skipped = self.buffer.split_to(count);
            self.searched = 0;
        }
        self.line_ends += count;
        self.pings = self.pings.saturating_add((self.line_ends / 4) as u32);
        // Half a ping may be waiting for its other half, unless something else came behind it.
        self.line_ends = if self.buffer.is_empty() { self.line_ends % 4 } else { 0 };
    }
}

/// The Content-Length of a head: 0 if it has none, and `None` if it is contradictory or no number, so that nobody knows
/// where the message ends.
fn content_length(head: &[u8]) -> Option<u64> {
    let mut length = None;
    for at in memchr::memchr_iter(b'\n', head) {
        let line = head.get(at + 1..).unwrap_or_default();
        let name_end = scan::run(line, 0, scan::TOKEN);
        if name::lookup(line.get(..name_end).unwrap_or_default()) != check::CONTENT_LENGTH {
            continue;
        }
        let colon = scan::skip_space(line, name_end);
        let value = line.get(colon + 1..).unwrap_or_default();
        // A fold in front of the number is allowed, one behind it would be read as more of it.
        let start = value.iter().position(|b| !b.is_ascii_whitespace())?;
        let end = scan::run(value, start, scan::TOKEN);
        let number = scan::number(value.get(start..end)?)?;
        let behind = scan::skip_space(value, end);
        let is_whole = scan::peek(line, colon) == b':'
            && value.get(behind..behind + 2) == Some(b"\r\n")
            && !matches!(scan::peek(value, behind + 2), b' ' | b'\t');
        if !is_whole || length.is_some_and(|other| other != number) {
            return None;
        }
        length = Some(number);
    }
    Some(length.unwrap_or(0))
}
