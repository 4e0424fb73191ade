//! Responses of the user agent (section 8.2.6), and bodies.

use bytes::Bytes;
use bytestring::ByteString;

use super::UserAgent;
use super::types::{Body, METHODS};
use crate::message::{Headers, Method, Name, RecordRoute, Request, Response, Status, Uri};

impl UserAgent {
    /// A response with that To tag, unless the request has one.
    //= rfc3261#8.2.6.2/to-tag-added MUST
    //# In all but a 100, which the endpoint makes.
    //= rfc3261#8.2.6.2/to-tag-kept MUST
    //# A tag that is there stays.
    //= rfc3261#8.2.6.2/to-uri MUST
    //# To is copied, the tag added to it.
    pub(super) fn reply(&self, request: &Request, status: u16, tag: &str) -> Response {
        let mut response = Response::to_request(request, Status(status));
        if let Some(to) = request.headers.to().ok().flatten().filter(|to| to.tag().is_none()) {
            response.headers.set(Name::To, to.with_tag(tag));
        }
        //= rfc3261#20.35/configurable SHOULD
        //# `Config::user_agent`.
        if let Some(name) = &self.config.user_agent {
            response.headers.push(Name::Server, name);
        }
        response
    }

    /// Gives a response of the application a To tag, if it has none.
    pub(super) fn add_tag(&mut self, response: &mut Response) {
        let tag = self.rng.token(10);
        if let Some(to) =
            response.headers.to().ok().flatten().filter(|to| to.tag().is_none() && response.status.0 > 100)
        {
            response.headers.set(Name::To, to.with_tag(&tag));
        }
    }

    /// The methods that we understand, as a value of Allow.
    //= rfc3261#20.5/complete MUST
    //# ACK and CANCEL included.
    //= rfc3261#8.2.1/allow-lists MUST
    //# Those of the user agent and those that the application takes.
    pub(super) fn allow(&self) -> String {
        let own = METHODS.iter().filter(|m| **m != Method::Message || self.config.accept_messages);
        let names: Vec<&str> = own.chain(&self.config.methods).map(Method::as_str).collect();
        names.join(", ")
    }
}

/// What a response that makes a dialog has: Record-Route and Contact.
//= rfc3261#12.1.1/record-route-copied MUST
//# As written, in their order.
//= rfc3261#12.1.1/contact MUST
//# Where we are reached, at the address that received the request.
pub(super) fn dialog_headers(response: &mut Response, request: &Request, contact: Option<&Uri>) {
    for route in request.headers.list::<RecordRoute>().filter_map(Result::ok) {
        response.headers.push(Name::RecordRoute, route);
    }
    if let Some(contact) = contact {
        response.headers.push(Name::Contact, format_args!("<{contact}>"));
    }
}

/// The body of a message, if it has one.
pub(super) fn body(headers: &Headers, data: &Bytes) -> Option<Body> {
    if data.is_empty() {
        return None;
    }
    let content_type = ByteString::from(headers.raw(Name::ContentType).unwrap_or_default());
    Some(Body { content_type, data: data.clone() })
}

/// Puts a body into a message.
//= rfc3261#20.15/present MUST
//# A body brings its type.
//= rfc3261#7.4.1/content-type MUST
//# A body brings its type.
pub(super) fn set_body(headers: &mut Headers, place: &mut Bytes, body: Option<Body>) {
    if let Some(body) = body {
        headers.set(Name::ContentType, &body.content_type);
        *place = body.data;
    }
}

/// Sends a request by way of an outbound proxy, if there is one, and says where it goes.
//= rfc3261#8.1.1.1/route-set MUST
//# A set of one, applied as that of a dialog: loose into Route, strict into the Request-URI.
//= rfc3261#8.1.2/strict-uri MUST
//# The result: the URI of the proxy in either case, or the Request-URI.
//= rfc3261#8.1.2/follow-route SHOULD
//# The result is where the request is sent.
//= rfc3261#8.1.2/route-set-better SHOULD
//# The only way to configure an outbound proxy.
//= rfc3261#8.1.2/no-local-outbound SHOULD NOT
//# There is no other.
pub(super) fn preload(request: &mut Request, proxy: Option<&Uri>) -> Uri {
    let Some(proxy) = proxy else { return request.uri.clone() };
    if proxy.param("lr").is_some() {
        request.headers.push(Name::Route, format_args!("<{proxy}>"));
    } else {
        request.headers.push(Name::Route, format_args!("<{}>", request.uri));
        request.uri = proxy.without_headers().without_param("method");
    }
    proxy.clone()
}
