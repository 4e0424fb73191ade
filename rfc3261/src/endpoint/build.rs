//! Messages that the layer makes by itself: ACK, CANCEL; and the Via of requests.

use std::fmt::Write as _;

use bytes::Bytes;

use crate::message::{Name, Request, Response};

/// The ACK to a final response other than 2xx (section 17.1.1.3).
//= rfc3261#17.1.1.3/same-headers MUST
//# Request-URI, From and Call-ID are taken from the request.
//= rfc3261#17.1.1.3/to-of-response MUST
//# To is taken from the response.
//= rfc3261#17.1.1.3/one-via MUST
//# The Via that the endpoint put on top of the request, alone.
//= rfc3261#17.1.1.3/cseq MUST
//# The number of the request, the method replaced.
//= rfc3261#17.1.1.3/route MUST
//# All Route lines are copied.
//= rfc3261#17.1.1.3/no-body SHOULD NOT
//# No body.
//= rfc3261#17.1.1.3/not-for-2xx MUST
//# The tables ask for it after failures alone; the core makes the ACK to a 2xx.
pub(crate) fn ack(request: &Request, response: &Response) -> Bytes {
    let to = response.headers.raw(Name::To).unwrap_or_default();
    hop(request, "ACK", to)
}

/// The CANCEL of a request (section 9.1).
//= rfc3261#9.1/same-headers MUST
//# Request-URI, Call-ID, To, From, the CSeq number and Route are taken from the request.
//= rfc3261#9.1/one-via MUST
//# The Via that the endpoint put on top of the request, alone.
//= rfc3261#9.1/cseq-method MUST
//# The number stays, the method is CANCEL.
//= rfc3261#9.1/route MUST
//# All Route lines are copied.
//= rfc3261#9.1/no-require MUST NOT
//# Only what is named here is in it.
pub(crate) fn cancel(request: &Request) -> Bytes {
    hop(request, "CANCEL", request.headers.raw(Name::To).unwrap_or_default())
}

/// A request that goes where another one went, and no further than its first stateful hop.
//= rfc3261#7.3.1/proxy-headers-first SHOULD
//# Via and Route stand first.
//= rfc3261#8.2.2.3/not-in-cancel MUST NOT
//# Only what is named here is in it.
fn hop(request: &Request, method: &str, to: &str) -> Bytes {
    let headers = &request.headers;
    let raw = |name| headers.raw(name).unwrap_or_default();
    let mut out = String::with_capacity(512);
    let _ = write!(out, "{method} {} SIP/2.0\r\nVia: {}\r\n", request.uri, raw(Name::Via));
    for route in headers.raw_all(Name::Route) {
        let _ = write!(out, "Route: {route}\r\n");
    }
    let forwards = headers.raw(Name::MaxForwards).unwrap_or("70");
    let number = raw(Name::CSeq).split_ascii_whitespace().next().unwrap_or("0");
    let (from, call_id) = (raw(Name::From), raw(Name::CallId));
    let _ = write!(
        out,
        "Max-Forwards: {forwards}\r\nFrom: {from}\r\nTo: {to}\r\nCall-ID: {call_id}\r\nCSeq: {number} {method}\r\n\
         Content-Length: 0\r\n\r\n"
    );
    Bytes::from(out)
}
