//! As much of HTTP/1.1 as a tunnel needs: heads of requests and answers, bodies with a length.

use bytes::{Buf, Bytes, BytesMut};

/// What is wrong with bytes that should be HTTP. The connection they came on is of no more use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum HttpError {
    /// The head is longer than allowed, or has no end.
    HeadTooLong,
    /// The body is announced longer than allowed.
    BodyTooLong,
    /// The head is no HTTP/1 head.
    Syntax,
    /// Lengths that contradict each other, or a body whose length is not told.
    Length,
}

impl HttpError {
    /// The status that tells a client.
    pub(super) fn status(self) -> u16 {
        match self {
            HttpError::HeadTooLong => 431,
            HttpError::BodyTooLong => 413,
            HttpError::Syntax => 400,
            HttpError::Length => 411,
        }
    }
}

/// A head and its body.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Piece {
    /// The first line: a request's method, target and version, or an answer's version, status and phrase.
    pub(super) first: [String; 3],
    /// Whether the sender keeps the connection.
    pub(super) keep_alive: bool,
    pub(super) body: Bytes,
}

/// How long a head and a body may be, in bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sizes {
    pub(super) head: usize,
    pub(super) body: usize,
}

/// Cuts a stream into heads and bodies. Grows with what was received, never with what was announced.
#[derive(Debug, Default)]
pub(super) struct Reader {
    buffer: BytesMut,
    /// Bytes in which the end of the head was not found.
    searched: usize,
    /// The head that waits for its body, and the body's length.
    head: Option<(Piece, usize)>,
}

impl Reader {
    pub(super) fn push(&mut self, data: &[u8]) {
        self.buffer.extend_from_slice(data);
    }

    /// Bytes that wait.
    pub(super) fn buffered(&self) -> usize {
        self.buffer.len()
    }

    /// The next head with its whole body.
    pub(super) fn next(&mut self, sizes: Sizes) -> Option<Result<Piece, HttpError>> {
        if self.head.is_none() {
            match self.head(sizes) {
                Ok(head) => self.head = Some(head?),
                Err(error) => return Some(Err(error)),
            }
        }
        let (_, length) = self.head.as_ref()?;
        if self.buffer.len() < *length {
            return None;
        }
        let (mut piece, length) = self.head.take()?;
        piece.body = self.buffer.split_to(length).freeze();
        Some(Ok(piece))
    }

    fn head(&mut self, sizes: Sizes) -> Result<Option<(Piece, usize)>, HttpError> {
        // An empty line before a request line is what old clients send after a body.
        while self.buffer.starts_with(b"\r\n") {
            self.buffer.advance(2);
            self.searched = 0;
        }
        let from = self.searched.saturating_sub(3);
        let found = memchr::memmem::find(self.buffer.get(from..).unwrap_or_default(), b"\r\n\r\n");
        let Some(end) = found.map(|at| from + at + 4) else {
            self.searched = self.buffer.len();
            return if self.buffer.len() > sizes.head { Err(HttpError::HeadTooLong) } else { Ok(None) };
        };
        if end > sizes.head {
            return Err(HttpError::HeadTooLong);
        }
        self.searched = 0;
        let head = self.buffer.split_to(end);
        let head = std::str::from_utf8(&head).map_err(|_| HttpError::Syntax)?;
        let (piece, length) = parse(head)?;
        if length > sizes.body as u64 {
            return Err(HttpError::BodyTooLong);
        }
        Ok(Some((piece, length as usize)))
    }
}

/// A head up to and with its empty line.
//= rtmpt#4/lengths MUST
//# One length of digits alone, and no coding of the body: whatever could be read in two ways is refused.
fn parse(head: &str) -> Result<(Piece, u64), HttpError> {
    let mut lines = head.trim_end_matches("\r\n").split("\r\n");
    let line = lines.next().filter(|line| !line.contains(['\r', '\n', '\0'])).ok_or(HttpError::Syntax)?;
    let mut words = line.splitn(3, ' ');
    let mut word = || words.next().filter(|word| !word.is_empty()).map(String::from).ok_or(HttpError::Syntax);
    let first = [word()?, word()?, word().unwrap_or_default()]; // an answer may do without a phrase
    let version = [&first[0], &first[2]].into_iter().find(|word| word.starts_with("HTTP/1."));
    let version = version.ok_or(HttpError::Syntax)?;
    let mut keep_alive = version != "HTTP/1.0";
    let mut length = None;
    for line in lines {
        let (name, value) = line.split_once(':').ok_or(HttpError::Syntax)?;
        if name.is_empty() || name.contains([' ', '\t', '\r', '\n']) || value.contains(['\r', '\n', '\0']) {
            return Err(HttpError::Syntax);
        }
        let value = value.trim_matches([' ', '\t']);
        if name.eq_ignore_ascii_case("content-length") {
            let digits = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
            let number = value.parse().ok().filter(|_| digits).ok_or(HttpError::Length)?;
            if length.replace(number).is_some_and(|other: u64| other != number) {
                return Err(HttpError::Length);
            }
        } else if name.eq_ignore_ascii_case("transfer-encoding") {
            return Err(HttpError::Length);
        } else if name.eq_ignore_ascii_case("connection") {
            let says = |word: &str| value.split(',').any(|own| own.trim().eq_ignore_ascii_case(word));
            keep_alive = !says("close") && (keep_alive || says("keep-alive"));
        }
    }
    Ok((Piece { first, keep_alive, body: Bytes::new() }, length.unwrap_or(0)))
}

/// An answer with a body.
pub(super) fn answer(status: u16, keep_alive: bool, body: &[&[u8]]) -> Bytes {
    let reason = match status {
        200 => "OK",
        400 => "Bad Request",
        404 => "Not Found",
        405 => "Method Not Allowed",
        411 => "Length Required",
        413 => "Content Too Large",
        431 => "Request Header Fields Too Large",
        _ => "Service Unavailable",
    };
    let length: usize = body.iter().map(|part| part.len()).sum();
    let connection = if keep_alive { "Keep-Alive" } else { "close" };
    let mut out = format!(
        "HTTP/1.1 {status} {reason}\r\nCache-Control: no-cache\r\nConnection: {connection}\r\n\
         Content-Type: application/x-fcs\r\nContent-Length: {length}\r\n\r\n"
    )
    .into_bytes();
    body.iter().for_each(|part| out.extend_from_slice(part));
    out.into()
}

/// A request with a body.
pub(super) fn request(target: &str, host: &str, body: &[&[u8]]) -> Bytes {
    let length: usize = body.iter().map(|part| part.len()).sum();
    let mut out = format!(
        "POST {target} HTTP/1.1\r\nHost: {host}\r\nAccept: */*\r\nUser-Agent: Shockwave Flash\r\n\
         Connection: Keep-Alive\r\nCache-Control: no-cache\r\nContent-Type: application/x-fcs\r\n\
         Content-Length: {length}\r\n\r\n"
    )
    .into_bytes();
    body.iter().for_each(|part| out.extend_from_slice(part));
    out.into()
}
