use std::fmt;

use bytes::{BufMut, Bytes, BytesMut};

use super::{Headers, Method, Uri};

/// A request (RFC 3261 section 7.1).
///
/// ```
/// use rfc3261::message::{Method, Name, Request};
/// let mut request = Request::new(Method::Message, "sip:bob@biloxi.example".parse().unwrap());
/// request.headers.push(Name::CallId, "a84b4c76e66710");
/// request.body = "hello".into();
/// assert_eq!(
///     request.to_bytes(),
///     "MESSAGE sip:bob@biloxi.example SIP/2.0\r\nCall-ID: a84b4c76e66710\r\nContent-Length: 5\r\n\r\nhello"
/// );
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    /// What is asked for.
    pub method: Method,
    /// The Request-URI.
    pub uri: Uri,
    /// The headers. A Content-Length among them is corrected on output.
    pub headers: Headers,
    /// The body.
    pub body: Bytes,
}

impl Request {
    /// A request without headers and body.
    pub fn new(method: Method, uri: Uri) -> Request {
        Request { method, uri, headers: Headers::new(), body: Bytes::new() }
    }

    /// The bytes to send. A method that is no token is written as `INVALID`; a URI cannot hold a line end.
    //= rfc3261#7/blank-line MUST
    //# It is written before the body, empty or not.
    //= rfc3261#7.4.2/no-chunked MUST NOT
    //# The body goes out in one piece.
    pub fn to_bytes(&self) -> Bytes {
        let (method, uri) = (self.method.wire_str(), self.uri.as_str());
        let len = method.len() + uri.len() + self.headers.wire_len() + self.body.len() + SPARE;
        let mut out = BytesMut::with_capacity(len);
        out.put_slice(method.as_bytes());
        out.put_u8(b' ');
        out.put_slice(uri.as_bytes());
        out.put_slice(b" SIP/2.0\r\n");
        self.headers.write(&mut out, self.body.len());
        out.put_slice(b"\r\n");
        out.put_slice(&self.body);
        out.freeze()
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?} {:?} + {} bytes", self.method, self.uri, self.headers, self.body.len())
    }
}

/// Room for what stands around the parts, and for a Content-Length.
pub(crate) const SPARE: usize = 48;
