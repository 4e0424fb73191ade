use std::net::IpAddr;

use crate::message::Uri;

/// The canonical form of an address of record, as key for bindings: user without escapes, and host in lower case.
/// `None` for a URI that is no address of record, without user or host.
///
/// ```
/// use rfc3261::registrar::aor;
/// let key = |uri: &str| aor(&uri.parse().unwrap());
/// assert_eq!(key("sips:%61lice:pw@Example.COM:5061;user=phone").as_deref(), Some("alice@example.com"));
/// assert_eq!(key("sip:a@[2001:DB8:0::1]").as_deref(), Some("a@[2001:db8::1]"));
/// assert_eq!(key("sip:example.com"), None);
/// ```
//= rfc3261#10.3/canonical MUST
//# Registrar and proxy make their keys here.
//= rfc3261#10.3/canonical-parameters MUST
//# Parameters, headers, password, scheme and port do not take part.
//= rfc3261#10.3/canonical-escapes MUST
//# `%61lice` and `alice` are one user.
pub fn aor(uri: &Uri) -> Option<String> {
    let (user, host) = (uri.user()?, uri.host()?);
    let host = host.as_str();
    let mut key = Vec::with_capacity(user.len() + 1 + host.len());
    let bytes = user.as_bytes();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        match (byte, bytes.get(at + 1..at + 3).and_then(|hex| std::str::from_utf8(hex).ok())) {
            (b'%', Some(hex)) if hex.bytes().all(|b| b.is_ascii_hexdigit()) => {
                key.push(u8::from_str_radix(hex, 16).unwrap_or(byte));
                at += 3;
            }
            _ => {
                key.push(byte);
                at += 1;
            }
        }
    }
    key.push(b'@');
    match uri.host().and_then(|host| host.ip()) {
        // There are many ways to write one IPv6 address.
        Some(IpAddr::V6(ip)) => key.extend(format!("[{ip}]").bytes()),
        _ => key.extend(host.bytes().map(|b| b.to_ascii_lowercase())),
    }
    String::from_utf8(key).ok()
}
