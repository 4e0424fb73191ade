use std::fmt;
use std::net::IpAddr;

use bytestring::ByteString;

use super::error::Fault;
use super::params::{self, Params};
use super::typed::Marks;
use super::{HeaderError, Host, Name, TypedHeader, host, scan, uri};

/// One hop of a message (RFC 3261 section 20.42): its text, and where the parts are. It prints as it was written.
///
/// ```
/// use rfc3261::message::{TypedHeader, Via};
/// let via = Via::parse("SIP/2.0/UDP 192.0.2.1:5070;rport;branch=z9hG4bK87a".into()).unwrap();
/// assert_eq!((via.transport(), via.host().as_str(), via.port()), ("UDP", "192.0.2.1", Some(5070)));
/// assert_eq!(via.branch(), Some("z9hG4bK87a"));
/// assert_eq!(via.rport(), Some(None)); // asked for, not filled in
/// let via = via.with_param("rport", "40000").with_param("received", "203.0.113.9");
/// assert_eq!(via.to_string(), "SIP/2.0/UDP 192.0.2.1:5070;rport=40000;branch=z9hG4bK87a;received=203.0.113.9");
/// ```
#[derive(Clone)]
pub struct Via {
    text: ByteString,
    at: Parts,
}

/// Where the parts are in a text that may hold more than this value.
#[derive(Clone, Copy)]
pub(crate) struct Parts {
    start: u32,
    end: u32,
    transport: (u32, u32),
    host: (u32, u32),
    port: Option<u16>,
    params: u32,
}

impl Via {
    /// `SIP/2.0/TRANSPORT host:port;branch=…`. The transport goes to upper case; `host` is a name, an IPv4 address, or an
    /// IPv6 address in brackets.
    ///
    /// # Errors
    /// A part does not follow its grammar.
    pub fn new(transport: &str, host: &str, port: Option<u16>, branch: &str) -> Result<Via, HeaderError> {
        let port = port.map(|port| format!(":{port}")).unwrap_or_default();
        let via =
            Via::parse(format!("SIP/2.0/{} {host}{port};branch={branch}", transport.to_ascii_uppercase()).into())?;
        let is_meant = via.transport().eq_ignore_ascii_case(transport)
            && via.host().as_str() == host
            && via.branch() == Some(branch)
            && via.params().count() == 1;
        if is_meant { Ok(via) } else { Err(HeaderError::new(Name::Via, "not one value")) }
    }

    /// The transport as written, `UDP` for one.
    pub fn transport(&self) -> &str {
        scan::part(&self.text, self.at.transport.0, self.at.transport.1)
    }

    /// The host of `sent-by`.
    pub fn host(&self) -> Host<'_> {
        Host(scan::part(&self.text, self.at.host.0, self.at.host.1))
    }

    /// The port of `sent-by`, if one is written.
    pub fn port(&self) -> Option<u16> {
        self.at.port
    }

    /// The branch.
    pub fn branch(&self) -> Option<&str> {
        self.param("branch").filter(|branch| !branch.is_empty())
    }

    /// Whether the branch is one of RFC 3261: the cookie `z9hG4bK` (without case) and something behind it.
    pub fn has_cookie(&self) -> bool {
        let cookie = |branch: &str| branch.len() > 7 && branch.get(..7).is_some_and(|c| c.eq_ignore_ascii_case(COOKIE));
        self.branch().is_some_and(cookie)
    }

    /// The address that the request came from. Brackets around an IPv6 address are accepted (RFC 5118 section 4.5).
    pub fn received(&self) -> Option<IpAddr> {
        let text = self.param("received")?;
        Host(text).ip().or_else(|| host::ipv6(text).map(IpAddr::V6))
    }

    /// The parameter of RFC 3581: `None` if absent, `Some(None)` if asked for, `Some(Some(port))` if filled in.
    pub fn rport(&self) -> Option<Option<u16>> {
        self.param("rport").map(|port| port.parse().ok())
    }

    /// Where to send the response instead, in brackets if it is an IPv6 address.
    pub fn maddr(&self) -> Option<Host<'_>> {
        self.param("maddr").filter(|maddr| !maddr.is_empty()).map(Host)
    }

    /// How many hops a multicast packet may take.
    pub fn ttl(&self) -> Option<u8> {
        self.param("ttl").and_then(|ttl| ttl.parse().ok())
    }

    /// The value of a parameter as written; the empty text if it is there without value.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.params().value(name)
    }

    /// All parameters.
    pub fn params(&self) -> Params<'_> {
        Params::new(self.params_text())
    }

    /// The same with a parameter set, in its old place or at the end; an empty value writes the name alone, and a value
    /// that is no token is quoted. A name that is no token changes nothing.
    #[must_use]
    pub fn with_param(&self, name: &str, value: &str) -> Via {
        if !super::name_addr::is_token(name) {
            return self.clone();
        }
        let value = if value.is_empty() { value.into() } else { params::writable(value) };
        self.with_params_text(&params::edited(self.params_text(), name, Some(&value), str::eq_ignore_ascii_case))
    }

    /// The same without a parameter.
    #[must_use]
    pub fn without_param(&self, name: &str) -> Via {
        self.with_params_text(&params::edited(self.params_text(), name, None, str::eq_ignore_ascii_case))
    }

    fn as_str(&self) -> &str {
        scan::part(&self.text, self.at.start, self.at.end)
    }

    fn params_text(&self) -> &str {
        scan::part(&self.text, self.at.params, self.at.end)
    }

    fn with_params_text(&self, params: &str) -> Via {
        let text = [scan::part(&self.text, self.at.start, self.at.params), params].concat();
        Via::parse(text.into()).unwrap_or_else(|_| self.clone())
    }
}

impl TypedHeader for Via {
    const NAME: Name = Name::Via;
    const LIST: bool = true;

    fn parse(text: ByteString) -> Result<Via, HeaderError> {
        let fault = |what| HeaderError::new(Name::Via, what);
        if text.len() > uri::MAX_LEN {
            return Err(fault("too long"));
        }
        let at = locate(text.as_bytes(), 0).map_err(fault)?;
        if at.end as usize != text.len() {
            return Err(fault("something behind the value"));
        }
        Ok(Via { text, at })
    }

    #[inline]
    fn marked(head: &ByteString, marks: &Marks, start: u32) -> Option<(Via, u32)> {
        let at = marks.via.at(start, |parts| parts.start)?;
        Some((Via { text: head.clone(), at }, at.end))
    }
}

impl PartialEq for Via {
    fn eq(&self, other: &Via) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Via {}

impl fmt::Display for Via {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Via {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Via({})", self.as_str())
    }
}

impl Parts {
    /// Where the value ends.
    pub fn end(&self) -> usize {
        self.end as usize
    }
}

/// Reads one value from `start` on. The caller checks what stands behind its end.
pub(crate) fn locate(text: &[u8], start: usize) -> Result<Parts, Fault> {
    // nearly every Via begins with these eight bytes
    let at = if text.get(start..).is_some_and(|rest| rest.starts_with(b"SIP/2.0/")) {
        start + 8
    } else {
        slash(text, token(text, slash(text, token(text, start)?)?)?)?
    };
    let transport = scan::skip_space(text, at);
    let transport_end = token(text, transport)?;
    let host = scan::skip_space(text, transport_end);
    if host == transport_end {
        return Err("no space behind the transport");
    }
    let host_end = host::host_end(text, host)?;
    let colon = scan::skip_space(text, host_end);
    let (port, port_end) = if scan::peek(text, colon) == b':' {
        let (port, end) = host::port_digits(text, scan::skip_space(text, colon + 1))?;
        (Some(port), end)
    } else {
        (None, host_end)
    };
    let end = params::end(text, port_end)?;
    Ok(Parts {
        start: start as u32,
        end: end as u32,
        transport: (transport as u32, transport_end as u32),
        host: (host as u32, host_end as u32),
        port,
        params: port_end as u32,
    })
}

fn token(text: &[u8], start: usize) -> Result<usize, Fault> {
    let start = scan::skip_space(text, start);
    let end = scan::run(text, start, scan::TOKEN);
    if end == start { Err("protocol, version or transport missing") } else { Ok(end) }
}

fn slash(text: &[u8], at: usize) -> Result<usize, Fault> {
    let at = scan::skip_space(text, at);
    if scan::peek(text, at) == b'/' { Ok(scan::skip_space(text, at + 1)) } else { Err("no slash") }
}

/// What the branches of RFC 3261 begin with.
pub const COOKIE: &str = "z9hG4bK";
