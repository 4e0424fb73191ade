//! SIP: method or status, and what its description of media says.

use std::net::SocketAddr;

use bytes::Bytes;
use rfc3261::message::{Message, Method, Name, StreamDecoder, Uri};
use rfc4566::{Direction, Session};

use super::rtp::Media;
use super::{Said, shown};
use crate::ladder::Protocol;

/// A datagram, if it is SIP.
pub(super) fn datagram(data: &Bytes, from: SocketAddr, media: &mut Media) -> Option<Said> {
    if !data.is_empty() && data.len() <= 4 && data.iter().all(|b| matches!(b, b'\r' | b'\n' | 0)) {
        return Some(Said::new(Protocol::Sip, "keep-alive", shown::hex(data)));
    }
    if !starts(data) {
        return None;
    }
    Some(match Message::parse(data.clone()) {
        Ok(parsed) => message(&parsed, data, from, media),
        Err(_) => malformed(data),
    })
}

/// The next bytes of a stream; false when they make no sense any more.
pub(super) fn stream(
    decoder: &mut StreamDecoder,
    data: Bytes,
    from: SocketAddr,
    media: &mut Media,
    said: &mut Vec<Said>,
) -> bool {
    decoder.push(data);
    while let Some(next) = decoder.next() {
        said.push(match next {
            Ok(parsed) => message(&parsed, &parsed.to_bytes(), from, media),
            Err(error) => Said::new(Protocol::Sip, format!("malformed: {error}"), ""),
        });
    }
    !decoder.is_broken()
}

/// Whether a start line of SIP stands in front.
pub(super) fn starts(data: &[u8]) -> bool {
    let line = data.split(|&b| b == b'\r' || b == b'\n').next().unwrap_or_default();
    line.starts_with(b"SIP/2.0 ") || line.ends_with(b" SIP/2.0")
}

/// A message that breaks the rules: its first line.
pub(super) fn malformed(data: &[u8]) -> Said {
    let text = shown::text(data);
    let line = text.lines().next().unwrap_or_default().to_owned();
    Said::new(Protocol::Sip, format!("malformed: {line}"), text)
}

/// A message of those bytes. What it announces is remembered.
pub(super) fn message(message: &Message, data: &[u8], from: SocketAddr, media: &mut Media) -> Said {
    let headers = message.headers();
    let session = headers.raw(Name::ContentType).filter(|kind| kind.starts_with("application/sdp"));
    let session = session.and_then(|_| Session::parse(message.body().clone()).ok());
    if let Some(session) = &session {
        media.announced(from, session);
    }
    let mut label = match message {
        Message::Request(request) => {
            let in_dialog = headers.to().ok().flatten().is_some_and(|to| to.tag().is_some());
            let again = if request.method == Method::Invite && in_dialog { "re-" } else { "" };
            let proven = headers.contains(Name::Authorization) || headers.contains(Name::ProxyAuthorization);
            let proven = if proven { ", credentials" } else { "" };
            let expires = (request.method == Method::Register).then(|| headers.raw(Name::Expires)).flatten();
            let gone = if expires == Some("0") { ", expires 0" } else { "" };
            format!("{again}{} {}{proven}{gone}", request.method, target(request, headers))
        }
        Message::Response(response) => {
            let method = headers.cseq().ok().flatten().map(|cseq| cseq.method.to_string()).unwrap_or_default();
            let method = if method == "INVITE" || method.is_empty() { String::new() } else { format!(" ({method})") };
            format!("{} {}{method}", response.status, response.reason)
        }
    };
    if let Some(session) = &session {
        label.push_str(direction(session));
    }
    Said::new(Protocol::Sip, label, shown::text(data))
}

/// Whom a request is for, without ports, which differ from run to run. A registration is about the user in To.
fn target(request: &rfc3261::message::Request, headers: &rfc3261::message::Headers) -> String {
    let short = |uri: &Uri| uri.user().map(str::to_owned).or_else(|| uri.host().map(|host| host.to_string()));
    let about = headers.to().ok().flatten().filter(|_| request.method == Method::Register);
    about.and_then(|to| short(to.uri())).or_else(|| short(&request.uri)).unwrap_or_default()
}

fn direction(session: &Session) -> &'static str {
    let Some(first) = session.media.first() else { return ", SDP" };
    match session.direction(first) {
        _ if first.port == 0 => ", SDP refused",
        Direction::SendRecv => ", SDP",
        Direction::SendOnly => ", SDP sendonly",
        Direction::RecvOnly => ", SDP recvonly",
        Direction::Inactive => ", SDP inactive",
    }
}
