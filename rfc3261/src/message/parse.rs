//! From bytes to a message: start line, lines, and what must be right before anyone acts on it.

use std::ops::Range;
use std::sync::LazyLock;

use bytes::Bytes;
use bytestring::ByteString;
use memchr::memmem;

use super::check::{self, Bad};
use super::headers::Line;
use super::name::{self, Code};
use super::typed::Marks;
use super::uri::Parts;
use super::{Headers, Limits, Message, Method, ParseError, Request, Response, Status, Uri, scan};

/// Reads a message that takes up a datagram, or a WebSocket message.
pub(crate) fn datagram(data: Bytes, limits: &Limits) -> Result<Message, ParseError> {
    let start = leading_line_ends(&data);
    let end = find_blank_line(data.get(start..).unwrap_or_default()).map(|end| start + end);
    let head = start..end.unwrap_or(data.len());
    let too_large = (data.len() > limits.message).then_some(Bad(513, "message too large"));
    let missing = end.is_none().then_some(Bad(400, "no blank line behind the headers"));
    let (mut message, length) = head_of(&data, head, limits, too_large.or(missing))?;
    let rest = data.len() - end.unwrap_or(data.len());
    match length {
        //= rfc3261#18.3/short-request SHOULD
        //# The error carries 400 for a request.
        //= rfc3261#18.3/short-response MUST
        //# And nothing to answer for a response.
        Some(length) if length > rest as u64 => Err(refuse(message, Bad(400, "Content-Length beyond the datagram"))),
        //= rfc3261#18.3/surplus MUST
        //# The body ends where Content-Length says.
        //= rfc3261#7.4/body-request MAY
        //# Whatever the method.
        //= rfc3261#7.4/body-response MAY
        //# Whatever the status.
        //= rfc3261#7.4.1/binary MAY
        //# The body is bytes; nobody looks into them here.
        length => {
            let body = length.map_or(rest, |length| length as usize);
            if body > 0 {
                *message.body_mut() = data.slice(data.len() - rest..data.len() - rest + body);
            }
            Ok(message)
        }
    }
}

/// Reads the head of a message, which is a range of `data` with the blank line, and its Content-Length. The body stays
/// empty. `bad` is what is known to be wrong already.
pub(crate) fn head_of(
    data: &Bytes,
    head: Range<usize>,
    limits: &Limits,
    bad: Option<Bad>,
) -> Result<(Message, Option<u64>), ParseError> {
    let (text, not_utf8) = match ByteString::try_from(data.slice(head.clone())) {
        Ok(text) => (text, None),
        // What can be read of it still serves to answer.
        Err(_) => (String::from_utf8_lossy(&data[head]).into_owned().into(), Some(Bad(400, "not UTF-8"))),
    };
    let (start, lines) = start_line(&text, limits);
    let mut headers = Headers::with_text(text.clone(), EXPECTED_LINES);
    let mut seen = Seen::new(&start);
    let wrong_lines = read_lines(&text, lines, limits, &mut headers, &mut seen).err();
    let bad = bad.or(start.as_ref().err().copied()).or(not_utf8).or(wrong_lines).or_else(|| seen.complete().err());
    let length = seen.length;
    let start = match (start, bad) {
        (Ok(start), None) => start,
        (start, bad) => return Err(failure(start.ok(), &text, headers, bad)),
    };
    let message = match start {
        Start::Request { method, uri } => {
            Message::Request(Request { method, uri: Uri { text, at: uri }, headers, body: Bytes::new() })
        }
        Start::Response { status, reason } => {
            let reason = text.slice_ref(scan::part(&text, reason.0, reason.1));
            Message::Response(Response { status, reason, headers, body: Bytes::new() })
        }
    };
    Ok((message, length))
}

/// The error for a message that was read but is refused after all.
pub(crate) fn refuse(message: Message, bad: Bad) -> ParseError {
    match message {
        Message::Request(request) => error(Some(request.method), request.headers, bad, true),
        Message::Response(response) => error(None, response.headers, bad, false),
    }
}

/// Where the blank line ends, if there is one.
#[inline]
pub(crate) fn find_blank_line(data: &[u8]) -> Option<usize> {
    static FINDER: LazyLock<memmem::Finder<'static>> = LazyLock::new(|| memmem::Finder::new(b"\r\n\r\n"));
    FINDER.find(data).map(|at| at + 4)
}

/// How many bytes at the beginning are line ends.
pub(crate) fn leading_line_ends(data: &[u8]) -> usize {
    data.iter().take_while(|b| matches!(b, b'\r' | b'\n')).count()
}

enum Start {
    Request { method: Method, uri: Parts },
    Response { status: Status, reason: (u32, u32) },
}

/// Reads the first line, and tells where the second begins.
fn start_line(text: &ByteString, limits: &Limits) -> (Result<Start, Bad>, usize) {
    let bytes = text.as_bytes();
    let Some(end) = memchr::memchr2(b'\r', b'\n', bytes) else {
        return (Err(Bad(400, "no line end behind the start line")), bytes.len());
    };
    if bytes.get(end..end + 2) != Some(b"\r\n") {
        return (Err(Bad(400, "carriage return or line feed on its own")), end + 1);
    }
    let line = text.get(..end).unwrap_or_default();
    let is_response = line.as_bytes().get(..4).is_some_and(|four| four.eq_ignore_ascii_case(b"SIP/"));
    (if is_response { status_line(line) } else { request_line(line, text, limits) }, end + 2)
}

//= rfc3261#7.1/uri-plain MUST NOT
//# The URI lies between the first and the last space; a space or angle bracket in it is no URI character.
//= rfc3261#7.1/other-schemes MAY
//# Any scheme is read.
fn request_line(line: &str, text: &ByteString, limits: &Limits) -> Result<Start, Bad> {
    let bytes = line.as_bytes();
    let name_end = scan::run(bytes, 0, scan::TOKEN);
    let version = memchr::memrchr(b' ', bytes).ok_or(Bad(400, "no version in the request line"))?;
    if name_end == 0 || scan::peek(bytes, name_end) != b' ' || version <= name_end {
        return Err(Bad(400, "no method in the request line"));
    }
    check_version(bytes.get(version + 1..).unwrap_or_default())?;
    let uri = name_end + 1;
    if version - uri > limits.uri {
        return Err(Bad(414, "Request-URI too long"));
    }
    let at = Parts::parse(bytes.get(..version).unwrap_or_default(), uri).map_err(|what| Bad(400, what))?;
    if at.end as usize != version {
        return Err(Bad(400, "a character in the Request-URI that has to be escaped"));
    }
    if at.has_headers() {
        return Err(Bad(400, "headers in the Request-URI"));
    }
    let name = line.get(..name_end).unwrap_or_default();
    let method = Method::known(name.as_bytes()).unwrap_or_else(|| Method::Other(text.slice_ref(name)));
    Ok(Start::Request { method, uri: at })
}

fn status_line(line: &str) -> Result<Start, Bad> {
    let bytes = line.as_bytes();
    let version = memchr::memchr(b' ', bytes).ok_or(Bad(400, "no status in the status line"))?;
    check_version(bytes.get(..version).unwrap_or_default())?;
    let code = bytes.get(version + 1..version + 4).and_then(scan::number).unwrap_or(0);
    let behind = version + 4;
    if !(100..700).contains(&code) || !matches!(bytes.get(behind), None | Some(b' ')) {
        return Err(Bad(400, "no status from 100 to 699"));
    }
    let reason = (line.len().min(behind + 1) as u32, line.len() as u32);
    Ok(Start::Response { status: Status(code as u16), reason })
}

/// Whether the version is ours.
//= rfc3261#7.1/version MUST
//# Compared without case; what is written is always in upper case.
fn check_version(text: &[u8]) -> Result<(), Bad> {
    if text.eq_ignore_ascii_case(b"SIP/2.0") {
        return Ok(());
    }
    let is_other = text.get(..4).is_some_and(|four| four.eq_ignore_ascii_case(b"SIP/"))
        && text.get(4..).unwrap_or_default().split(|b| *b == b'.').map(scan::number).all(|n| n.is_some());
    Err(if is_other { Bad(505, "another version of SIP") } else { Bad(400, "no SIP version in the start line") })
}

/// Reads header lines from `at` to the blank line.
fn read_lines(
    text: &ByteString,
    mut at: usize,
    limits: &Limits,
    headers: &mut Headers,
    seen: &mut Seen,
) -> Result<(), Bad> {
    let bytes = text.as_bytes();
    let mut first_bad = None;
    let mut lines = 0;
    while at < bytes.len() && bytes[at] != b'\r' {
        if lines == limits.headers {
            return Err(first_bad.unwrap_or(Bad(513, "too many headers")));
        }
        lines += 1;
        let line = match read_line(text, at) {
            Ok(line) => line,
            Err(bad) => {
                // Go on behind the line: an answer needs the headers that come.
                first_bad = first_bad.or(Some(bad));
                at = memchr::memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |end| at + end + 1);
                continue;
            }
        };
        at = line.end;
        if line.end - line.line > limits.line {
            first_bad = first_bad.or(Some(Bad(513, "header too long")));
        }
        // Marks count in the head; those of a value without its folds would not.
        let taken = match &line.unfolded {
            Some(value) => seen.take(line.code, value.as_bytes(), 0, &mut Marks::default()),
            None => seen.take(line.code, bytes.get(..line.value_end).unwrap_or_default(), line.value, headers.marks()),
        };
        if let Err(bad) = taken {
            first_bad = first_bad.or(Some(bad));
        }
        headers.add_line(line);
    }
    first_bad.map_or(Ok(()), Err)
}

#[inline]
fn read_line(text: &ByteString, at: usize) -> Result<Line, Bad> {
    let bytes = text.as_bytes();
    let colon = memchr::memchr(b':', &bytes[at..]).map_or(bytes.len(), |colon| at + colon);
    let name_end = trimmed_end(bytes, at, colon);
    let code = name::lookup_in(bytes, at, name_end);
    // What is a known name is a token.
    if code == name::OTHER && (name_end == at || colon == bytes.len() || scan::run(bytes, at, scan::TOKEN) < name_end) {
        return Err(Bad(400, "no header name, or no colon behind it"));
    }
    let value = scan::skip_space(bytes, colon + 1);
    let line_end = line_end(bytes, value)?;
    if matches!(scan::peek(bytes, line_end + 2), b' ' | b'\t') {
        return folded(text, at, name_end, code, value);
    }
    let value_end = trimmed_end(bytes, value, line_end);
    Ok(Line { code, line: at, name_end, value, value_end, end: line_end + 2, unfolded: None })
}

/// Reads a header that goes on in the next line. Its value gets one space for each fold; the lines stay for output.
//= rfc3261#25.1/fold MAY
//# Only folds are replaced; other white space stays as it came.
#[cold]
fn folded(text: &ByteString, line: usize, name_end: usize, code: Code, value: usize) -> Result<Line, Bad> {
    let bytes = text.as_bytes();
    let mut unfolded = String::new();
    let mut at = value;
    loop {
        let end = line_end(bytes, at)?;
        let piece = text.get(at..end).unwrap_or_default().trim_matches([' ', '\t']);
        if !unfolded.is_empty() && !piece.is_empty() {
            unfolded.push(' ');
        }
        unfolded.push_str(piece);
        at = end + 2;
        if !matches!(scan::peek(bytes, at), b' ' | b'\t') {
            return Ok(Line {
                code,
                line,
                name_end,
                value,
                value_end: value,
                end: at,
                unfolded: Some(unfolded.into()),
            });
        }
    }
}

#[inline]
fn line_end(bytes: &[u8], at: usize) -> Result<usize, Bad> {
    let end = bytes.get(at..).and_then(|rest| memchr::memchr2(b'\r', b'\n', rest)).map(|end| at + end);
    match end {
        Some(end) if bytes[end] == b'\r' && scan::peek(bytes, end + 1) == b'\n' => Ok(end),
        Some(_) => Err(Bad(400, "carriage return or line feed on its own")),
        None => Err(Bad(400, "no line end behind a header")),
    }
}

#[inline]
fn trimmed_end(bytes: &[u8], start: usize, mut end: usize) -> usize {
    while end > start && matches!(bytes[end - 1], b' ' | b'\t') {
        end -= 1;
    }
    end
}

/// What has been seen of the headers that must be there, or only once.
struct Seen<'a> {
    /// Of the request line; a response has none.
    method: Option<&'a str>,
    codes: u128,
    length: Option<u64>,
}

impl<'a> Seen<'a> {
    fn new(start: &'a Result<Start, Bad>) -> Seen<'a> {
        let method = match start {
            Ok(Start::Request { method, .. }) => Some(method.as_str()),
            _ => None,
        };
        Seen { method, codes: 0, length: None }
    }

    #[inline]
    fn take(&mut self, code: Code, text: &[u8], start: usize, marks: &mut Marks) -> Result<(), Bad> {
        if code == name::OTHER {
            return Ok(());
        }
        let bit = 1u128 << (code & 127);
        if self.codes & bit != 0 && name::is_single(code) {
            return Err(Bad(400, "a header twice that may stand once"));
        }
        self.codes |= bit;
        let value = || text.get(start..).unwrap_or_default();
        match code {
            check::CONTENT_LENGTH => {
                self.length = Some(scan::number(value()).ok_or(Bad(400, "Content-Length is no number"))?);
            }
            check::CSEQ => {
                let (_, at) = super::cseq::split(value()).map_err(|what| Bad(400, what))?;
                if self.method.is_some_and(|method| value().get(at..) != Some(method.as_bytes())) {
                    return Err(Bad(400, "the method of CSeq is another one"));
                }
            }
            _ => check::value(code, text, start, marks).map_err(|what| Bad(400, what))?,
        }
        Ok(())
    }

    /// Whether all mandatory headers are there. Max-Forwards may be absent, as RFC 2543 did not have it.
    //= rfc3261#20/mandatory MUST
    //# Without one of these five no message comes into being.
    fn complete(&self) -> Result<(), Bad> {
        if self.codes & check::MANDATORY == check::MANDATORY {
            Ok(())
        } else {
            Err(Bad(400, "a mandatory header is missing"))
        }
    }
}

fn failure(start: Option<Start>, text: &ByteString, headers: Headers, bad: Option<Bad>) -> ParseError {
    let bad = bad.unwrap_or(Bad(400, "malformed"));
    let (method, is_request) = match start {
        Some(Start::Request { method, .. }) => (Some(method), true),
        Some(Start::Response { .. }) => (None, false),
        None => {
            let end = scan::run(text.as_bytes(), 0, scan::TOKEN);
            let name = text.get(..end).unwrap_or_default();
            let is_response = text.as_bytes().get(..4).is_some_and(|four| four.eq_ignore_ascii_case(b"SIP/"));
            ((end > 0 && !is_response).then(|| Method::from(name)), !is_response)
        }
    };
    error(method, headers, bad, is_request)
}

fn error(method: Option<Method>, mut headers: Headers, bad: Bad, is_request: bool) -> ParseError {
    let has_via = headers.coded().any(|(code, _)| code == check::VIA);
    let is_answered = is_request && has_via && method != Some(Method::Ack);
    headers.retain(|code| code != name::OTHER && check::MANDATORY & (1 << code) != 0);
    ParseError::new(bad.1.to_owned(), is_answered.then_some(Status(bad.0)), method, headers)
}

/// Room for so many lines is made at once: most messages have fewer, and a kilobyte is what allocators are quick with.
const EXPECTED_LINES: usize = 18;
