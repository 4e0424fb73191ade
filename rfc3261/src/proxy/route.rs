//! Takes the traces of our own Record-Route and of strict routers out of a request (RFC 3261 section 16.4).

use super::token::RouteKey;
use super::us::Us;
use crate::endpoint::{Source, Target};
use crate::message::{Name, Request, Route, Uri};

/// What preprocessing found.
#[derive(Clone, Debug, Default)]
pub(super) struct Routed {
    /// Whether a Route value named us.
    pub was_routed: bool,
    /// Whether one of them was recorded by us in this dialog.
    pub is_recorded: bool,
    /// The flow that the last of them stands for.
    pub flow: Option<Target>,
}

impl Routed {
    /// Takes note of a value that named us.
    fn see(&mut self, ours: &Uri, request: &Request, key: &RouteKey) {
        let call_id = request.headers.call_id().unwrap_or_default();
        let opened = ours.user().and_then(|token| key.open(call_id, token));
        self.was_routed = true;
        self.is_recorded |= opened.is_some();
        self.flow = opened.flatten().map(|(transport, remote)| Target::new(transport, remote));
    }
}

/// Preprocesses the routing information of `request`.
pub(super) fn preprocess(request: &mut Request, source: &Source, us: &Us, key: &RouteKey) -> Routed {
    let mut routed = Routed::default();
    if let Some(ours) = undo_strict(request, us) {
        routed.see(&ours, request, key);
    }
    strip_maddr(request, source, us);
    //= rfc3261#16.4/own-route MUST
    //# Two in a row are the two sides of one passage (RFC 5658); both go.
    while let Ok(Some(route)) = request.headers.first::<Route>() {
        if !us.is(route.uri()) {
            break;
        }
        routed.see(route.uri(), request, key);
        if request.headers.pop::<Route>().is_err() {
            break;
        }
    }
    routed
}

/// Restores the Request-URI that a strict router replaced by a Record-Route value of ours, and gives that value.
//= rfc3261#16.4/inspect-uri MUST
//# First of all steps.
//= rfc3261#16.4/strict-router-undone MUST
//# Our values all have lr, which no Request-URI else has.
//= rfc3261#16.4/continue-rewritten MUST
//# The request itself is changed.
fn undo_strict(request: &mut Request, us: &Us) -> Option<Uri> {
    if request.uri.param("lr").is_none() || !us.is(&request.uri) {
        return None;
    }
    let routes: Vec<Route> = request.headers.list::<Route>().map_while(Result::ok).collect();
    let (last, rest) = routes.split_last()?;
    let ours = std::mem::replace(&mut request.uri, last.uri().clone());
    request.headers.remove(Name::Route);
    for route in rest {
        request.headers.push(Name::Route, route);
    }
    Some(ours)
}

/// Takes away a maddr that led here.
//= rfc3261#16.4/maddr-check MUST
//# Against all our names and addresses.
//= rfc3261#16.4/maddr-strip MUST
//# If the request came by the port and transport that the URI names.
fn strip_maddr(request: &mut Request, source: &Source, us: &Us) {
    let Some(maddr) = request.uri.param("maddr") else { return };
    if !us.is_named(maddr) {
        return;
    }
    let transport = request.uri.param("transport").unwrap_or("udp");
    let port = request.uri.port().unwrap_or(5060);
    if !transport.eq_ignore_ascii_case(source.transport.name()) || port != source.local.port() {
        return;
    }
    request.uri = request.uri.without_param("maddr").without_param("transport").without_port();
}
