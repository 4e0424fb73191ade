//! The Record-Route values that keep us on the path of a dialog (RFC 3261 section 16.6 step 4, RFC 5658).

use std::fmt::Write;

use wire::Transport;

use super::token::RouteKey;
use crate::endpoint::{Endpoint, Listen, Source, Target};
use crate::message::{Name, Request, Route};

/// Puts our value or values on a copy that came from `source` and leaves to `target`; `is_flow` tells that the target
/// was given as a flow.
///
/// One value suffices when a UDP request stays on one socket. When it changes transport or address, two say how we are
/// reached from each side, and the one nearer to a client that opened a connection or sits behind a NAT carries the
/// flow to it.
//= rfc3261#16.6/record-route-on-top MUST
//# Before the first Record-Route, the value for the way on in front.
//= rfc3261#16.6/record-route-sip MUST
//# All begin with `sip:` or `sips:`.
//= rfc3261#16.6/record-route-sips MUST
//# The value for the way on; that for the way back is sips when the request came by TLS.
//= rfc3261#16.7/record-route-to-sips MUST
//# Nothing is rewritten: the caller's value says sips from the start (RFC 5658).
//= rfc3261#16.7/record-route-to-sip MUST
//# Likewise sip.
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
    let is_sips_outward = is_sips(copy);
    let is_sips_inward = source.transport.is_secure() && (is_sips_outward || !target.transport.is_secure());
    let mut text = String::with_capacity(160);
    let call_id = copy.headers.call_id().unwrap_or_default();
    if is_one {
        value(&mut text, &key.seal(call_id, None), outward, false);
    } else {
        value(&mut text, &key.seal(call_id, Some((target.transport, target.remote))), outward, is_sips_outward);
        text.push_str(", ");
        let inner = key.seal(call_id, Some((source.transport, source.remote)));
        match endpoint.listener(&source.target()) {
            Some(inward) => value(&mut text, &inner, inward, is_sips_inward),
            None => value(&mut text, &inner, &Listen::new(source.transport, source.local), is_sips_inward),
        }
    }
    copy.headers.prepend(Name::RecordRoute, text);
}

/// Whether a request that came from `source` passes from or to TLS here, by what its copy says of the way on.
pub(super) fn is_boundary(copy: &Request, source: &Source) -> bool {
    is_sips(copy) != source.transport.is_secure()
}

/// Whether the way on is one for sips.
fn is_sips(copy: &Request) -> bool {
    copy.uri.is_sips() || matches!(copy.headers.first::<Route>(), Ok(Some(route)) if route.uri().is_sips())
}

//= rfc3261#16.6/record-route-no-transport SHOULD NOT
//# Only over TCP and sip, which the neighbour of that side has just used.
fn value(text: &mut String, token: &str, listen: &Listen, is_sips: bool) {
    let scheme = if is_sips { "sips" } else { "sip" };
    let _ = match &listen.sent_by {
        Some(name) => write!(text, "<{scheme}:{token}@{name}"),
        None => write!(text, "<{scheme}:{token}@{}", listen.local),
    };
    let _ = match listen.transport {
        // The scheme says that it is TLS; it is WebSocket that has to be said.
        Transport::Udp => Ok(()),
        Transport::Tls if is_sips => Ok(()),
        Transport::Wss if is_sips => write!(text, ";transport={}", Transport::Ws),
        other => write!(text, ";transport={other}"),
    };
    text.push_str(";lr>");
}

/// Whether the request came from another address than its top Via says.
fn is_behind_nat(request: &Request, source: &Source) -> bool {
    match request.headers.via() {
        Ok(Some(via)) => via.host().ip().is_some_and(|ip| ip != source.remote.ip()),
        _ => false,
    }
}
