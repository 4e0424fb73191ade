//! What a copy of a request looks like (RFC 3261 section 16.6, steps 1 to 6).

use crate::message::{Name, Request, Route, Uri};

/// Makes the copy of `request` for a target, without Via.
//= rfc3261#16.6/copy-all MUST
//# The copy shares every header with the original until one is changed below.
//= rfc3261#16.6/keep-headers MUST NOT
//# Only Max-Forwards, Max-Breadth, Record-Route and Route are touched.
//= rfc3261#16.6/keep-body MUST NOT
//# The body is shared and never written.
//= rfc3261#16.6/request-uri MUST
//# The target's URI is the new Request-URI.
pub(super) fn copy(request: &Request, uri: &Uri, breadth: u32) -> Request {
    //= rfc3261#16.6/keep-order SHOULD
    //# Lines stay where they are; those that change are replaced in place.
    //= rfc3261#16.6/keep-value-order MUST NOT
    //# Values of one header are never sorted.
    //= rfc3261#22.3/no-own-credentials MUST NOT
    //# Proxy-Authorization is copied, never added to.
    let mut copy = request.clone();
    copy.uri = clean(uri);
    //= rfc3261#16.6/max-forwards-down MUST
    //# A zero never comes here (16.3).
    //= rfc3261#16.6/max-forwards-added MUST
    //# Absent counts as one more than what is to be added.
    //= rfc3261#16.6/max-forwards-70 SHOULD
    //# 71 - 1.
    let hops = request.headers.max_forwards().ok().flatten().unwrap_or(71);
    copy.headers.set(Name::MaxForwards, hops.saturating_sub(1).to_string());
    //= rfc5393#5.3.3/single MUST
    //# Replaces all that came.
    copy.headers.set(Name::MaxBreadth, breadth.to_string());
    undo_loose(&mut copy);
    copy
}

/// Turns a request around for a next hop that is a strict router (step 6).
//= rfc3261#16.6/look-at-route MUST
//# Runs on every copy, last.
fn undo_loose(copy: &mut Request) {
    let Ok(Some(first)) = copy.headers.first::<Route>() else { return };
    if first.uri().param("lr").is_some() {
        return;
    }
    //= rfc3261#16.6/strict-append MUST
    //# As the last Route value.
    //= rfc3261#16.6/strict-pop MUST
    //# And the first becomes the Request-URI.
    let _removed = copy.headers.pop::<Route>();
    copy.headers.push(Name::Route, format!("<{}>", copy.uri));
    copy.uri = clean(first.uri());
}

/// A URI fit to be a Request-URI.
//= rfc3261#16.6/request-uri-clean MUST
//# The method parameter and headers have no place in a Request-URI.
fn clean(uri: &Uri) -> Uri {
    if uri.headers().is_none() && uri.param("method").is_none() {
        return uri.clone();
    }
    uri.without_headers().without_param("method")
}
