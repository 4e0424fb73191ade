use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::error::Fault;
use super::scan;

/// A host as it stands in a URI or Via: a name, an IPv4 address, or an IPv6 address in brackets.
///
/// ```
/// use rfc3261::message::Uri;
/// let uri: Uri = "sip:[2001:DB8::10]:5070".parse().unwrap();
/// let host = uri.host().unwrap();
/// assert_eq!(host.as_str(), "[2001:DB8::10]");
/// assert_eq!(host.ip(), Some("2001:db8::10".parse().unwrap()));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Host<'a>(pub(crate) &'a str);

impl<'a> Host<'a> {
    /// The text, with the brackets of an IPv6 address.
    pub fn as_str(self) -> &'a str {
        self.0
    }

    /// The text without brackets.
    pub fn bare(self) -> &'a str {
        self.0.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(self.0)
    }

    /// The address, if it is one and not a name. An IPv6 address with three colons in a row, which an old form of the
    /// grammar produced, is read as meant (RFC 5118 section 4.10).
    pub fn ip(self) -> Option<IpAddr> {
        let bare = self.bare();
        if bare.len() < self.0.len() {
            return ipv6(bare).map(IpAddr::V6);
        }
        if !bare.as_bytes().first()?.is_ascii_digit() {
            return None;
        }
        bare.parse::<Ipv4Addr>().ok().map(IpAddr::V4)
    }

    /// Whether both are the same address or, without case, the same name. Names are not looked up.
    pub fn matches(self, other: Host<'_>) -> bool {
        match (self.ip(), other.ip()) {
            (Some(a), Some(b)) => a == b,
            (None, None) => self.0.eq_ignore_ascii_case(other.0),
            _ => false,
        }
    }
}

impl fmt::Display for Host<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// The address as a URI or Via writes it: IPv6 in brackets.
pub fn host_text(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => format!("[{ip}]"),
    }
}

/// The address that `text`, without brackets, spells.
pub(crate) fn ipv6(text: &str) -> Option<Ipv6Addr> {
    match text.parse() {
        Ok(ip) => Some(ip),
        Err(_) if text.contains(":::") => text.replacen(":::", "::", 1).parse().ok(),
        Err(_) => None,
    }
}

/// The end of the host that begins at `at`.
//= rfc3261#19.1.2/host-escapes MUST NOT
//# A percent sign is in no host; one that stands there makes the URI malformed.
pub(crate) fn host_end(text: &[u8], at: usize) -> Result<usize, Fault> {
    if scan::peek(text, at) == b'[' {
        let len = text.get(at..).and_then(|rest| memchr::memchr(b']', rest)).ok_or("IPv6 address without end")?;
        let inner = text.get(at + 1..at + len).and_then(|inner| std::str::from_utf8(inner).ok());
        return match inner.and_then(ipv6) {
            Some(_) => Ok(at + len + 1),
            None => Err("no IPv6 address between brackets"),
        };
    }
    if !scan::peek(text, at).is_ascii_alphanumeric() && scan::peek(text, at) != b'_' {
        return Err("no host");
    }
    Ok(scan::run(text, at, scan::HOST))
}

/// The port behind a colon at `at`, if there is a colon, and where it ends.
#[inline]
pub(crate) fn port(text: &[u8], at: usize) -> Result<(Option<u16>, usize), Fault> {
    if scan::peek(text, at) != b':' {
        return Ok((None, at));
    }
    port_digits(text, at + 1).map(|(port, end)| (Some(port), end))
}

/// The port whose digits begin at `at`, and where they end.
#[inline]
pub(crate) fn port_digits(text: &[u8], at: usize) -> Result<(u16, usize), Fault> {
    let mut end = at;
    let mut port = 0u32;
    while scan::peek(text, end).is_ascii_digit() {
        port = port.saturating_mul(10).saturating_add(u32::from(text[end] - b'0'));
        end += 1;
    }
    match u16::try_from(port) {
        Ok(port) if end > at => Ok((port, end)),
        _ => Err("no port behind the colon"),
    }
}
