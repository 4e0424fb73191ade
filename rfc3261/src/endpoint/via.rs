//! The Via of requests that are sent, and what is learned from the one of requests that arrive (18.1.1, 18.2, RFC 3581).

use std::net::SocketAddr;

use bytestring::ByteString;
use wire::Transport;

use super::transport::Route;
use super::{Listen, Source};
use crate::message::{Headers, Name, To, Via};

/// What the branches of RFC 3261 begin with.
pub(crate) const COOKIE: &str = "z9hG4bK";

/// The topmost Via, if it is well formed.
pub(crate) fn top(headers: &Headers) -> Option<Via> {
    headers.via().ok().flatten()
}

/// The value of our Via.
//= rfc3261#18.1.1/sent-by MUST
//# The name of the listener, or its address.
//= rfc3261#18.1.1/sent-by-name SHOULD
//# The program gives the name.
//= rfc3261#8.1.1.7/version MUST
//# SIP/2.0 and nothing else.
//= rfc3581#3/rport-empty MUST
//# In requests over UDP.
//= rfc3581#3/use-everywhere SHOULD
//# In each of them.
pub(crate) fn render(listen: &Listen, transport: Transport, branch: &str) -> String {
    let rport = if transport == Transport::Udp { ";rport" } else { "" };
    let name = match transport {
        Transport::Udp => "UDP",
        Transport::Tcp => "TCP",
        //= rfc3261#18/other-transports MAY
        //# Five are known.
        Transport::Tls => "TLS",
        Transport::Ws => "WS",
        Transport::Wss => "WSS",
    };
    match &listen.sent_by {
        Some(sent_by) => format!("SIP/2.0/{name} {sent_by};branch={branch}{rport}"),
        None => format!("SIP/2.0/{name} {};branch={branch}{rport}", listen.local),
    }
}

/// Puts another Via in the place of the topmost, which is ours and a line of its own.
pub(crate) fn replace_top(headers: &mut Headers, via: &str) {
    let _old = headers.pop::<Via>();
    headers.prepend(Name::Via, via);
}

/// Whether a sent-by value is that of a listener.
pub(crate) fn names(listen: &Listen, host: &str, port: Option<u16>) -> bool {
    let default = default_port(listen.transport);
    if let Some(sent_by) = &listen.sent_by {
        let colon = sent_by.rfind(':').filter(|at| !sent_by.ends_with(']') && sent_by.get(*at + 1..).is_some());
        let (name, named) =
            colon.map_or((sent_by.as_str(), None), |at| (&sent_by[..at], sent_by[at + 1..].parse().ok()));
        if name.eq_ignore_ascii_case(host) && named.unwrap_or(default) == port.unwrap_or(default) {
            return true;
        }
    }
    if listen.local.port() != port.unwrap_or(default) {
        return false;
    }
    let bare = host.strip_prefix('[').and_then(|h| h.strip_suffix(']')).unwrap_or(host);
    bare.parse() == Ok(listen.local.ip())
}

/// Notes in the topmost Via where a request came from, and finds out where its responses go.
pub(crate) fn stamp(headers: &mut Headers, source: &Source, honor_maddr: bool) -> Option<(Via, Route)> {
    let mut via = top(headers)?;
    let ip = source.remote.ip();
    let asked = via.rport() == Some(None);
    //= rfc3261#18.2.1/look-at-sent-by MUST
    //# A name is never equal to an address.
    //= rfc3261#18.2.1/received MUST
    //# Added then.
    //= rfc3581#4/received-too MUST
    //# Added also when `rport` is filled in.
    if asked || via.host().ip() != Some(ip) {
        //= rfc3581#4/fill-rport MUST
        //# Whatever the transport.
        if asked {
            via = via.with_param("rport", &source.remote.port().to_string());
        }
        // An IPv6 address stands without brackets here, as RFC 5118 section 4.5 prefers.
        via = via.with_param("received", &ip.to_string());
        headers.replace_first(&via);
    }
    let port = via.port().unwrap_or(default_port(source.transport));
    let udp = source.transport == Transport::Udp;
    let maddr = via.maddr().and_then(|m| m.ip()).filter(|m| udp && honor_maddr && m.is_ipv4() == ip.is_ipv4());
    //= rfc3261#18.2.2/via-decides MUST
    //# This function, and nothing else, makes the route of responses.
    let remote = match (maddr, asked) {
        //= rfc3261#18.2.2/maddr MUST
        //# Unless `Config::honor_maddr` is off.
        (Some(maddr), _) => SocketAddr::new(maddr, port),
        //= rfc3581#4/respond-there MUST
        //# Back to the very port.
        (None, true) if udp => source.remote,
        //= rfc3261#18.2.2/to-received MUST
        //# To the address of the packet, which is what `received` holds, with the sent-by port.
        //= rfc3261#18.2.2/to-sent-by MUST
        //# Without `received`, sent-by is the address of the packet.
        //= rfc3261#18.2.2/reconnect SHOULD
        //# The address that is connected to when the connection is gone.
        _ => SocketAddr::new(ip, port),
    };
    //= rfc3261#18.2.2/same-connection MUST
    //# The connection is preferred while it is open.
    //= rfc3581#4/same-socket MUST
    //# From the address that received it.
    let route = Route { transport: source.transport, local: source.local, remote, conn: source.conn };
    Some((via, route))
}

/// The tag in To.
pub(crate) fn tag(headers: &Headers) -> Option<ByteString> {
    headers.to().ok().flatten()?.tag().map(ByteString::from)
}

/// Gives To a tag, if it has none.
pub(crate) fn set_tag(headers: &mut Headers, tag: &str) {
    if let Some(to) = headers.first::<To>().ok().flatten().filter(|to| to.tag().is_none()) {
        headers.set(Name::To, to.with_tag(tag));
    }
}

fn default_port(transport: Transport) -> u16 {
    match transport {
        Transport::Tls | Transport::Wss => 5061,
        _ => 5060,
    }
}
