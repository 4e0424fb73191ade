//! Where a first-level element ends, found as its bytes come in. Every byte is looked at once.

use super::{Error, Limits};

/// Looks for the end of the element, or of the single tag, at the start of a buffer that grows.
#[derive(Debug)]
pub(crate) struct Cutter {
    state: State,
    /// How many bytes of the buffer were looked at.
    seen: usize,
    depth: usize,
    /// Bytes looked at over all elements.
    pub(crate) work: u64,
}

/// What to stop at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Until {
    /// The `>` of the first tag.
    Tag,
    /// The end of the first element.
    Element,
}

#[derive(Debug, Clone, Copy)]
enum State {
    Text,
    /// Behind `<`.
    Open,
    Start,
    End,
    /// Inside of a value, up to this quote.
    Value(u8),
    /// Behind `<!`, and so many bytes of `[CDATA[`.
    Bang(usize),
    Section,
}

impl Cutter {
    pub(crate) const fn new() -> Self {
        Self { state: State::Text, seen: 0, depth: 0, work: 0 }
    }

    /// Length of the element (or tag) that `buffer` begins with; `None` until there is more. `buffer` holds all bytes
    /// since the `<`, those of earlier calls included.
    ///
    /// # Errors
    /// A construct that streams forbid, or a limit; at the same byte however the bytes were cut.
    pub(crate) fn cut(&mut self, buffer: &[u8], until: Until, limits: &Limits) -> Result<Option<usize>, Error> {
        let within = &buffer[..buffer.len().min(limits.bytes)];
        let before = self.seen;
        let end = self.find(within, until, limits);
        self.work += (self.seen - before) as u64;
        if end? {
            let length = self.seen;
            *self = Self { work: self.work, ..Self::new() };
            return Ok(Some(length));
        }
        if self.seen >= limits.bytes { Err(Error::limit("an element longer than allowed")) } else { Ok(None) }
    }

    fn find(&mut self, buffer: &[u8], until: Until, limits: &Limits) -> Result<bool, Error> {
        while let Some(rest) = buffer.get(self.seen..).filter(|r| !r.is_empty()) {
            let found = match self.state {
                State::Text => memchr::memchr(b'<', rest),
                State::Start => memchr::memchr3(b'>', b'"', b'\'', rest),
                State::End | State::Section => memchr::memchr(b'>', rest),
                State::Value(quote) => memchr::memchr(quote, rest),
                State::Open | State::Bang(_) => Some(0),
            };
            let Some(at) = found else {
                self.seen = buffer.len();
                return Ok(false);
            };
            let byte = rest[at];
            self.seen += at + 1;
            if self.step(byte, &buffer[..self.seen - 1], limits)? && (until == Until::Tag || self.depth == 0) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Goes on behind a byte that means something; `before` is what stands before it. Whether a tag ended.
    fn step(&mut self, byte: u8, before: &[u8], limits: &Limits) -> Result<bool, Error> {
        self.state = match (self.state, byte) {
            (State::Text, _) => State::Open,
            (State::Open, b'/') => State::End,
            (State::Open, b'!') => State::Bang(0),
            //= rfc6120#11.1/refuse MUST
            //# Seen at the byte that begins them, before anything of them is kept; entities as the text is parsed.
            (State::Open, b'?') => return Err(Error::restricted("a processing instruction")),
            (State::Open, b'<' | b'>') => return Err(Error::malformed("a tag without name")),
            (State::Open, _) if self.depth >= limits.depth => {
                return Err(Error::limit("elements deeper than allowed"));
            }
            (State::Open, _) => State::Start,
            (State::Start, b'>') => {
                self.depth += usize::from(!before.ends_with(b"/"));
                self.state = State::Text;
                return Ok(true);
            }
            (State::Start, quote) => State::Value(quote),
            (State::End, _) => {
                self.depth = self.depth.saturating_sub(1);
                self.state = State::Text;
                return Ok(true);
            }
            (State::Value(_), _) => State::Start,
            (State::Bang(n), _) if byte != SECTION[n] => {
                return Err(Error::restricted("a comment or document type"));
            }
            (State::Bang(_), _) if self.depth == 0 && before.ends_with(b"<![CDATA") => {
                return Err(Error::malformed("text between elements"));
            }
            (State::Bang(n), _) if n + 1 == SECTION.len() => State::Section,
            (State::Bang(n), _) => State::Bang(n + 1),
            (State::Section, _) if before.ends_with(b"]]") => State::Text,
            (State::Section, _) => State::Section,
        };
        Ok(false)
    }
}

/// What follows `<!` if it is nothing forbidden.
const SECTION: &[u8] = b"[CDATA[";
