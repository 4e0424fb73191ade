use std::fmt;

use bytes::{BufMut, Bytes, BytesMut};
use bytestring::ByteString;

use super::request::SPARE;
use super::{Headers, Name, Request, Status};

/// A response (RFC 3261 section 7.2).
///
/// ```
/// use rfc3261::message::{Message, Response, Status};
/// let Message::Request(request) = Message::parse(
///     "OPTIONS sip:b.example SIP/2.0\r\nv: SIP/2.0/UDP a.example;branch=z9hG4bK1\r\nf: <sip:a.example>;tag=1\r\n\
///      t: <sip:b.example>\r\ni: 7\r\nCSeq: 1 OPTIONS\r\nSubject: no copy of this\r\n\r\n".into()).unwrap()
/// else { panic!() };
/// assert_eq!(
///     Response::to_request(&request, Status::OK).to_bytes(),
///     "SIP/2.0 200 OK\r\nv: SIP/2.0/UDP a.example;branch=z9hG4bK1\r\nf: <sip:a.example>;tag=1\r\n\
///      t: <sip:b.example>\r\ni: 7\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
/// );
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Response {
    /// The status code.
    pub status: Status,
    /// The reason phrase. Line ends in it are written as spaces.
    //= rfc3261#7.2/reason-free MAY
    //# Any text, empty as well.
    pub reason: ByteString,
    /// The headers. A Content-Length among them is corrected on output.
    pub headers: Headers,
    /// The body.
    pub body: Bytes,
}

impl Response {
    /// A response with the usual reason phrase that copies Via, From, To, Call-ID and CSeq from the headers of a request,
    /// for 100 also Timestamp, each as it is written there (section 8.2.6). It adds no tag.
    //= rfc3261#8.2.6.2/copied MUST
    //# Line by line, as they are written there.
    //= rfc3261#8.2.6.1/timestamp MUST
    //# Copied into a 100.
    pub fn new(status: Status, request: &Headers) -> Response {
        let mut headers = Headers::new();
        for name in [Name::Via, Name::From, Name::To, Name::CallId, Name::CSeq] {
            headers.copy_from(request, name);
        }
        if status == Status::TRYING {
            headers.copy_from(request, Name::Timestamp);
        }
        Response { status, reason: ByteString::from_static(status.reason()), headers, body: Bytes::new() }
    }

    /// [`Response::new`] for a request.
    pub fn to_request(request: &Request, status: Status) -> Response {
        Response::new(status, &request.headers)
    }

    /// The bytes to send.
    pub fn to_bytes(&self) -> Bytes {
        let len = self.reason.len() + self.headers.wire_len() + self.body.len() + SPARE;
        let mut out = BytesMut::with_capacity(len);
        out.put_slice(b"SIP/2.0 ");
        out.put_slice(self.status.to_string().as_bytes());
        out.put_u8(b' ');
        out.extend(self.reason.bytes().map(|b| if matches!(b, b'\r' | b'\n' | 0) { b' ' } else { b }));
        out.put_slice(b"\r\n");
        self.headers.write(&mut out, self.body.len());
        out.put_slice(b"\r\n");
        out.put_slice(&self.body);
        out.freeze()
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?} {:?} + {} bytes", self.status, &*self.reason, self.headers, self.body.len())
    }
}
