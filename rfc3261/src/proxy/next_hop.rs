//! Where a copy of a request goes next (RFC 3261 section 16.6, step 7).

use std::net::SocketAddr;

use wire::Transport;

use crate::endpoint::Target;
use crate::message::{Request, Route, Uri};

/// The way to the next hop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum NextHop {
    /// Its address is known.
    Known(Target),
    /// Its host is to be looked up; the target then gets the addresses found.
    Lookup {
        /// A host name.
        host: String,
        /// The port.
        port: u16,
        /// The transport.
        transport: Transport,
    },
    /// No way leads there.
    None,
}

/// The next hop of the copy of `request` that goes to the target `uri`.
//= rfc3261#16.6/locate-strict MUST
//# The first Route value, which then becomes the Request-URI of the copy.
//= rfc3261#16.6/locate-route MUST
//# The same value when it is a loose router; without one the target.
//= rfc3261#16.6/locate-sips MUST
//# A sips target makes every next hop a secure one.
pub(super) fn next_hop(request: &Request, uri: &Uri) -> NextHop {
    match request.headers.first::<Route>() {
        Ok(Some(route)) => toward(route.uri(), uri.is_sips()),
        _ => toward(uri, false),
    }
}

fn toward(uri: &Uri, is_secure: bool) -> NextHop {
    if !uri.is_sip_or_sips() {
        return NextHop::None;
    }
    let is_secure = is_secure || uri.is_sips();
    let transport = match (uri.param("transport").map(Transport::from_name), is_secure) {
        (Some(None), _) => return NextHop::None,
        (Some(Some(Transport::Ws | Transport::Wss)), true) => Transport::Wss,
        //= rfc3261#19.1.1/sips-transport MUST
        //# Whatever the URI names, a sips one goes by TLS.
        (_, true) => Transport::Tls,
        (Some(Some(named)), false) => named,
        (None, false) => Transport::Udp,
    };
    let port = uri.port().unwrap_or(if transport.is_secure() { 5061 } else { 5060 });
    let host = match (uri.param("maddr"), uri.host()) {
        (Some(maddr), _) => maddr.to_string(),
        (None, Some(host)) => host.as_str().to_string(),
        (None, None) => return NextHop::None,
    };
    match host.trim_matches(['[', ']']).parse() {
        Ok(ip) => NextHop::Known(Target::new(transport, SocketAddr::new(ip, port))),
        Err(_) => NextHop::Lookup { host, port, transport },
    }
}
