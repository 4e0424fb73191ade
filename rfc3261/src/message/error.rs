use std::fmt;

use super::{Headers, Method, Name, Response, Status};

/// What is wrong with a part of a value, before it is known which header the value belongs to.
pub(crate) type Fault = &'static str;

/// A text is no URI (RFC 3261 section 25.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UriError(pub(crate) Fault);

impl fmt::Display for UriError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "malformed URI: {}", self.0)
    }
}

impl std::error::Error for UriError {}

/// The value of a header does not follow its grammar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderError {
    name: Name,
    what: Fault,
}

impl HeaderError {
    pub(crate) fn new(name: Name, what: Fault) -> HeaderError {
        HeaderError { name, what }
    }

    /// The header.
    pub fn name(&self) -> &Name {
        &self.name
    }

    /// What is wrong with it.
    pub fn what(&self) -> &'static str {
        self.what
    }
}

impl fmt::Display for HeaderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "malformed {}: {}", self.name, self.what)
    }
}

impl std::error::Error for HeaderError {}

/// Bytes are no SIP message, or one that must not be processed. It says how to react: a request is answered with
/// [`status`](ParseError::status), everything else is dropped.
///
/// ```
/// use rfc3261::message::{Message, Status};
/// let wire = "OPTIONS sip:a.example SIP/7.0\r\nVia: SIP/7.0/UDP b.example;branch=z9hG4bK1\r\nFrom: <sip:b.example>;tag=1\r\n\
///             To: <sip:a.example>\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\n\r\n";
/// let error = Message::parse(wire.into()).unwrap_err();
/// assert_eq!(error.status(), Some(Status(505)));
/// let answer = error.answer().unwrap();
/// assert_eq!(answer.headers.call_id(), Some("1"));
/// ```
#[derive(Clone, Debug)]
pub struct ParseError(Box<Inner>);

#[derive(Clone, Debug)]
struct Inner {
    what: String,
    status: Option<Status>,
    method: Option<Method>,
    salvaged: Headers,
}

impl ParseError {
    pub(crate) fn new(what: String, status: Option<Status>, method: Option<Method>, salvaged: Headers) -> ParseError {
        ParseError(Box::new(Inner { what, status, method, salvaged }))
    }

    /// The status to answer with; `None` when the bytes are to be dropped: a response, an ACK, or a request without the
    /// headers that an answer copies.
    pub fn status(&self) -> Option<Status> {
        self.0.status
    }

    /// What is wrong, for logs.
    pub fn what(&self) -> &str {
        &self.0.what
    }

    /// The method, if the bytes begin like a request.
    pub fn method(&self) -> Option<&Method> {
        self.0.method.as_ref()
    }

    /// Via, From, To, Call-ID and CSeq, as far as they were found. Their values may be malformed.
    pub fn salvaged(&self) -> &Headers {
        &self.0.salvaged
    }

    /// The response to send, without keeping state; `None` when the bytes are to be dropped.
    pub fn answer(&self) -> Option<Response> {
        let status = self.status()?;
        Some(Response::new(status, &self.0.salvaged))
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.status() {
            Some(status) => write!(f, "{} (answer {status})", self.what()),
            None => write!(f, "{} (drop)", self.what()),
        }
    }
}

impl std::error::Error for ParseError {}
