//! Where a URI leads (section 8.1.2; of RFC 3263 only the lookup of the host).

use std::net::SocketAddr;

use wire::Transport;

use crate::message::Uri;

/// What a URI leads to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Place {
    Address(Transport, SocketAddr),
    /// A host name, and the port.
    Name(Transport, String, u16),
}

/// Host or `maddr`, port, and transport of a URI, `secure` if the request is for a sips URI whatever this one is; `None`
/// when it is no sip or sips URI, or names another transport.
//= rfc3261#8.1.2/sips-lookup MUST
//# A sips URI leads to TLS.
//= rfc3261#19.1.1/sips-transport MUST
//# Whatever its transport parameter says.
pub(super) fn place(uri: &Uri, default: Transport, secure: bool) -> Option<Place> {
    if !uri.is_sip_or_sips() {
        return None;
    }
    let transport = match uri.param("transport") {
        Some(name) => Transport::from_name(name)?,
        None => default,
    };
    let transport = match (secure || uri.is_sips(), transport) {
        (true, Transport::Ws | Transport::Wss) => Transport::Wss,
        (true, _) => Transport::Tls,
        (false, transport) => transport,
    };
    let port = uri.port().unwrap_or(if transport.is_secure() { 5061 } else { 5060 });
    let host = uri.host()?;
    let maddr = uri.param("maddr").and_then(|m| Uri::sip(None, m, None).ok());
    let host = maddr.as_ref().and_then(Uri::host).unwrap_or(host);
    Some(match host.ip() {
        Some(ip) => Place::Address(transport, SocketAddr::new(ip, port)),
        None => Place::Name(transport, host.as_str().to_owned(), port),
    })
}
