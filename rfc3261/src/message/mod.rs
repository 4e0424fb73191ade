//! SIP messages: values and their text (RFC 3261 sections 7, 18.3, 19, 20 and 25).
//!
//! A value is its text and where its parts are in it. The text is reference counted, so a value lives as long as it
//! likes and is cheap to copy; it prints exactly as it was written.
//!
//! [`Message::parse`] reads a datagram, [`StreamDecoder`] a stream. Both check what routing, matching and answering rest
//! on: the start line, Via, From, To, Call-ID, CSeq, Max-Forwards, Content-Length, Route, Record-Route, Contact, Date,
//! and that nothing stands twice that may stand once. A [`ParseError`] says how to react, and holds the response.
//! All other headers are read when somebody asks [`Headers`] for their typed value.
//!
//! [`Request::to_bytes`] and [`Response::to_bytes`] write. What was received and not changed is copied as it came.

mod check;
mod compare;
mod cseq;
mod date;
mod error;
mod headers;
mod host;
mod item;
mod limits;
mod method;
mod name;
mod name_addr;
mod numbers;
mod params;
mod parse;
mod request;
mod response;
#[cfg(feature = "rsip")]
mod rsip;
mod scalar;
mod scan;
mod status;
mod stream;
mod text;
mod tokens;
mod typed;
mod uri;
mod via;

use bytes::Bytes;

pub use cseq::CSeq;
pub use date::Date;
pub use error::{HeaderError, ParseError, UriError};
pub use headers::{Headers, List};
pub use host::{Host, host_text};
pub use item::{
    Accept, AcceptEncoding, AcceptLanguage, ContentDisposition, ContentType, Event, Item, Join, Priority, Reason,
    Replaces, SessionExpires, SubscriptionState, TargetDialog,
};
pub use limits::Limits;
pub use method::Method;
pub use name::Name;
pub use name_addr::{
    AlertInfo, CallInfo, Contact, ErrorInfo, From, NameAddr, PAssertedIdentity, PPreferredIdentity, Path, RecordRoute,
    ReferTo, ReferredBy, ReplyTo, Route, ServiceRoute, To,
};
pub use numbers::{RAck, RetryAfter, Timestamp, Warning};
pub use params::{Params, quote, unquote};
pub use request::Request;
pub use response::Response;
pub use scalar::{ContentLength, Expires, MaxBreadth, MaxForwards, MinExpires, MinSe, RSeq};
pub use status::Status;
pub use stream::StreamDecoder;
pub use text::{
    AuthenticationInfo, Authorization, CallId, InReplyTo, MimeVersion, Organization, ProxyAuthenticate,
    ProxyAuthorization, Server, SipEtag, SipIfMatch, Subject, UserAgent, WwwAuthenticate,
};
pub use tokens::{Allow, AllowEvents, ContentEncoding, ContentLanguage, ProxyRequire, Require, Supported, Unsupported};
pub use typed::TypedHeader;
pub use uri::{Scheme, Uri, unescape};
pub use via::{COOKIE, Via};

/// A SIP message.
///
/// ```
/// use rfc3261::message::{Message, Method};
/// let wire = "OPTIONS sip:b.example SIP/2.0\r\nVia: SIP/2.0/UDP a.example;branch=z9hG4bK1\r\nFrom: <sip:a.example>;tag=1\r\n\
///             To: <sip:b.example>\r\nCall-ID: 7\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n";
/// let message = Message::parse(wire.into()).unwrap();
/// assert_eq!(message.headers().from().unwrap().unwrap().tag(), Some("1"));
/// assert_eq!(message.to_bytes(), wire);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// A request.
    Request(Request),
    /// A response.
    Response(Response),
}

impl Message {
    /// Reads a datagram, within the default [`Limits`]. Without Content-Length the body is all the rest.
    ///
    /// # Errors
    /// See [`ParseError`].
    pub fn parse(data: Bytes) -> Result<Message, ParseError> {
        Message::parse_within(data, &Limits::default())
    }

    /// Reads a datagram within limits.
    ///
    /// # Errors
    /// See [`ParseError`].
    pub fn parse_within(data: Bytes, limits: &Limits) -> Result<Message, ParseError> {
        parse::datagram(data, limits)
    }

    /// The headers.
    pub fn headers(&self) -> &Headers {
        match self {
            Message::Request(request) => &request.headers,
            Message::Response(response) => &response.headers,
        }
    }

    /// The headers, to change them.
    pub fn headers_mut(&mut self) -> &mut Headers {
        match self {
            Message::Request(request) => &mut request.headers,
            Message::Response(response) => &mut response.headers,
        }
    }

    /// The body.
    pub fn body(&self) -> &Bytes {
        match self {
            Message::Request(request) => &request.body,
            Message::Response(response) => &response.body,
        }
    }

    /// The body, to change it.
    pub fn body_mut(&mut self) -> &mut Bytes {
        match self {
            Message::Request(request) => &mut request.body,
            Message::Response(response) => &mut response.body,
        }
    }

    /// The bytes to send.
    pub fn to_bytes(&self) -> Bytes {
        match self {
            Message::Request(request) => request.to_bytes(),
            Message::Response(response) => response.to_bytes(),
        }
    }
}

impl std::convert::From<Request> for Message {
    fn from(request: Request) -> Message {
        Message::Request(request)
    }
}

impl std::convert::From<Response> for Message {
    fn from(response: Response) -> Message {
        Message::Response(response)
    }
}
