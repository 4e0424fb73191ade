//! The Record-Route values that keep us on the path of a dialog (RFC 3261 section 16.6 step 4, RFC 5658).

use std::fmt::Write;

use wire::Transport;

use super::token::RouteKey;
use crate::endpoint::{Endpoint, Listen, Source, Target};
use crate::message::{Name, Request};

/// Puts our value or values on a copy that came from `source` and leaves to `target`; `is_flow` tells that the target
/// was given as a flow.
///
/// One value suffices when a UDP request stays on one socket. When it changes transport or address, two say how we are
/// reached from each side, and the one nearer to a client that opened a connection or sits behind a NAT carries the
/// flow to it.
//= rfc3261#16.6/record-route-on-top MUST
//# Before the first Record-Route, the value for the way on in front.
//= rfc3261#16.6/record-route-sip MUST
//# All begin with `sip:`.
//= rfc3261#16.6/record-route-lr MUST
//# All end in `;lr`.
//= rfc3261#16.6/record-route-resolves MUST
//# The host is the address or name that we listen on.
pub(super) fn record_route(
    copy: &mut Request,
    key: &RouteKey,
    endpoint: &Endpoint,
    source: &Source,
    target: &Target,
    is_flow: bool,
) {
    let Some(outward) = endpoint.listener(target) else { return };
    let is_one = source.transport == Transport::Udp
        && target.transport == Transport::Udp
        && source.local == outward.local
        && !is_flow
        && !is_behind_nat(copy, source);
    let mut text = String::with_capacity(160);
    let call_id = copy.headers.call_id().unwrap_or_default();
    if is_one {
        value(&mut text, &key.seal(call_id, None), outward);
    } else {
        value(&mut text, &key.seal(call_id, Some((target.transport, target.remote))), outward);
        text.push_str(", ");
        let inner = key.seal(call_id, Some((source.transport, source.remote)));
        match endpoint.listener(&source.target()) {
            Some(inward) => value(&mut text, &inner, inward),
            None => value(&mut text, &inner, &Listen::new(source.transport, source.local)),
        }
    }
    copy.headers.prepend(Name::RecordRoute, text);
}

//= rfc3261#16.6/record-route-no-transport SHOULD NOT
//# Only over TCP, which the neighbour of that side has just used.
fn value(text: &mut String, token: &str, listen: &Listen) {
    let _ = match &listen.sent_by {
        Some(name) => write!(text, "<sip:{token}@{name}"),
        None => write!(text, "<sip:{token}@{}", listen.local),
    };
    if listen.transport != Transport::Udp {
        let _ = write!(text, ";transport={}", listen.transport);
    }
    text.push_str(";lr>");
}

/// Whether the request came from another address than its top Via says.
fn is_behind_nat(request: &Request, source: &Source) -> bool {
    match request.headers.via() {
        Ok(Some(via)) => via.host().ip().is_some_and(|ip| ip != source.remote.ip()),
        _ => false,
    }
}
