use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use bytestring::ByteString;

use super::error::{Fault, UriError};
use super::params::{self, Params};
use super::{Host, compare, host, scan};

/// The scheme of a URI, as far as this crate tells them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// `sip`.
    Sip,
    /// `sips`.
    Sips,
    /// `tel` (RFC 3966).
    Tel,
    /// Any other; [`Uri::scheme_str`] has it.
    Other,
}

/// A URI: its text, and where its parts are in it (RFC 3261 section 19.1, RFC 3966). It prints as it was written.
/// `==` compares the text; [`Uri::matches`] compares as section 19.1.4 asks.
///
/// ```
/// use rfc3261::message::{Scheme, Uri};
/// let uri: Uri = "sips:alice:secret@atlanta.example:5061;transport=tcp;lr?subject=x".parse().unwrap();
/// assert_eq!(uri.scheme(), Scheme::Sips);
/// assert_eq!(uri.user(), Some("alice"));
/// assert_eq!(uri.host().unwrap().as_str(), "atlanta.example");
/// assert_eq!(uri.port(), Some(5061));
/// assert_eq!(uri.param("transport"), Some("tcp"));
/// assert_eq!(uri.param("lr"), Some("")); // there, without value
/// assert_eq!(uri.headers(), Some("subject=x"));
/// assert_eq!(uri.without_param("lr").without_headers().to_string(), "sips:alice:secret@atlanta.example:5061;transport=tcp");
/// assert!("sip:2001:db8::10".parse::<Uri>().is_err());
/// ```
#[derive(Clone)]
pub struct Uri {
    /// May be more than the URI, so that what stands around it shares one reference.
    pub(crate) text: ByteString,
    pub(crate) at: Parts,
}

/// Where the parts of a URI are in its text. An absent part is empty, except that headers are absent if they begin at 0.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parts {
    pub scheme: Scheme,
    pub port: Option<u16>,
    has_password: bool,
    pub start: u32,
    colon: u32,
    user: (u32, u32),
    password: u32,
    host: (u32, u32),
    params: u32,
    params_end: u32,
    headers: u32,
    pub end: u32,
}

impl Uri {
    /// Reads a URI that takes up the whole text.
    ///
    /// # Errors
    /// The text does not follow the grammar of its scheme, or of a URI at all.
    pub fn parse(text: impl Into<ByteString>) -> Result<Uri, UriError> {
        let text = text.into();
        if text.len() > MAX_LEN {
            return Err(UriError("too long"));
        }
        let at = Parts::parse(text.as_bytes(), 0).map_err(UriError)?;
        if at.end as usize != text.len() {
            return Err(UriError("a character that has to be escaped"));
        }
        Ok(Uri { text, at })
    }

    /// A `sip` URI; the user is escaped as needed. Escapes that it has already stay, so that the user of one URI can be given
    /// to another.
    ///
    /// ```
    /// use rfc3261::message::Uri;
    /// assert_eq!(Uri::sip(Some("a b"), "192.0.2.1", Some(5070)).unwrap().to_string(), "sip:a%20b@192.0.2.1:5070");
    /// ```
    ///
    /// # Errors
    /// `host` is neither a name nor an IPv4 address nor an IPv6 address in brackets.
    //= rfc3261#19.1.2/escape-by-component MUST
    //# Each part is written through `escape` with the class of its own grammar.
    //= rfc3261#19.1.2/excluded MUST
    //# What is in no class, space and controls among it, becomes an escape.
    //= rfc3261#19.1.2/telephone-escape MUST
    //# A number is a user like any other.
    //= rfc3261#25.1/telephone-escape MUST
    //# A number is a user like any other.
    pub fn sip(user: Option<&str>, host: &str, port: Option<u16>) -> Result<Uri, UriError> {
        let mut text = String::from("sip:");
        if let Some(user) = user.filter(|user| !user.is_empty()) {
            escape(&mut text, user, scan::USER);
            text.push('@');
        }
        text.push_str(host);
        if let Some(port) = port {
            text.push_str(&format!(":{port}"));
        }
        let uri = Uri::parse(text)?;
        if uri.host().is_some_and(|h| h.as_str() == host) { Ok(uri) } else { Err(UriError("no host")) }
    }

    /// The whole text.
    pub fn as_str(&self) -> &str {
        self.part(self.at.start, self.at.end)
    }

    /// The scheme.
    pub fn scheme(&self) -> Scheme {
        self.at.scheme
    }

    /// The scheme as it was written.
    pub fn scheme_str(&self) -> &str {
        self.part(self.at.start, self.at.colon)
    }

    /// Whether the scheme is `sips`.
    pub fn is_sips(&self) -> bool {
        self.at.scheme == Scheme::Sips
    }

    /// Whether the scheme is `sip` or `sips`.
    pub fn is_sip_or_sips(&self) -> bool {
        matches!(self.at.scheme, Scheme::Sip | Scheme::Sips)
    }

    /// The user part with its escapes; of a `tel` URI the number.
    pub fn user(&self) -> Option<&str> {
        Some(self.part(self.at.user.0, self.at.user.1)).filter(|user| !user.is_empty())
    }

    /// The password with its escapes.
    pub fn password(&self) -> Option<&str> {
        self.at.has_password.then(|| self.part(self.at.password, self.at.host.0.saturating_sub(1)))
    }

    /// The host; only sip and sips URIs have one.
    pub fn host(&self) -> Option<Host<'_>> {
        Some(Host(self.part(self.at.host.0, self.at.host.1))).filter(|host| !host.0.is_empty())
    }

    /// The port, if one is written.
    pub fn port(&self) -> Option<u16> {
        self.at.port
    }

    /// The value of a parameter, with its escapes; the empty text if it is there without value. The name is found in any
    /// case, and with escapes in it (RFC 4475 section 3.1.1.3).
    pub fn param(&self, name: &str) -> Option<&str> {
        let is_it = |n: &str| n.eq_ignore_ascii_case(name) || (n.contains('%') && compare::same_text(n, name));
        self.params().find(|(n, _)| is_it(n)).map(|(_, value)| value.unwrap_or_default())
    }

    /// All parameters.
    pub fn params(&self) -> Params<'_> {
        Params::new(self.part(self.at.params, self.at.params_end))
    }

    /// The headers behind the question mark, as they were written.
    pub fn headers(&self) -> Option<&str> {
        (self.at.headers > 0).then(|| self.part(self.at.headers, self.at.end))
    }

    /// Name and value of each header behind the question mark, with their escapes.
    pub fn header_fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.headers().into_iter().flat_map(|all| all.split('&')).filter_map(|one| one.split_once('='))
    }

    /// Whether both name the same, by the rules of section 19.1.4 (tel: RFC 3966 section 4; others: the same text).
    ///
    /// ```
    /// use rfc3261::message::Uri;
    /// let uri = |text: &str| text.parse::<Uri>().unwrap();
    /// assert!(uri("sip:%61lice@atlanta.EXAMPLE;transport=TCP").matches(&uri("sip:alice@AtLanTa.example;Transport=tcp")));
    /// assert!(!uri("sip:bob@biloxi.example").matches(&uri("sip:bob@biloxi.example:5060")));
    /// ```
    pub fn matches(&self, other: &Uri) -> bool {
        compare::matches(self, other)
    }

    /// The URI with the parameter set, in its old place or at the end; an empty value writes the name alone. What the
    /// grammar does not allow in a parameter is escaped. A URI that is neither sip, sips nor tel stays as it is.
    //= rfc3261#19.1.1/parameter-once MUST NOT
    //# An old value of that name is replaced.
    #[must_use]
    pub fn with_param(&self, name: &str, value: &str) -> Uri {
        if name.is_empty() || self.at.scheme == Scheme::Other {
            return self.clone();
        }
        let (mut safe_name, mut safe_value) = (String::new(), String::new());
        escape(&mut safe_name, name, scan::PARAM);
        escape(&mut safe_value, value, scan::PARAM);
        self.with_params_text(&params::edited(self.params_text(), &safe_name, Some(&safe_value), compare::same_text))
    }

    /// The URI without the parameter.
    #[must_use]
    pub fn without_param(&self, name: &str) -> Uri {
        if self.param(name).is_none() {
            return self.clone();
        }
        self.with_params_text(&params::edited(self.params_text(), name, None, compare::same_text))
    }

    /// The URI without any parameter.
    #[must_use]
    pub fn without_params(&self) -> Uri {
        self.with_params_text("")
    }

    /// The URI without headers.
    #[must_use]
    pub fn without_headers(&self) -> Uri {
        match self.at.headers {
            0 => self.clone(),
            _ => self.remade(self.part(self.at.start, self.at.params_end).into()),
        }
    }

    /// The URI without port.
    #[must_use]
    pub fn without_port(&self) -> Uri {
        self.with_port(None)
    }

    /// The URI with that port, or none. Only sip and sips URIs have one; others stay as they are.
    #[must_use]
    pub fn with_port(&self, port: Option<u16>) -> Uri {
        if self.at.port == port || !self.is_sip_or_sips() {
            return self.clone();
        }
        let mut text = String::from(self.part(self.at.start, self.at.host.1));
        if let Some(port) = port {
            text.push_str(&format!(":{port}"));
        }
        text.push_str(self.part(self.at.params, self.at.end));
        self.remade(text)
    }

    /// The URI with that user, escaped as needed, and without password. Only sip and sips URIs; others stay as they are.
    #[must_use]
    //= rfc3261#19.1.1/no-password SHOULD NOT
    //# No builder writes a password, and a change of user drops one.
    pub fn with_user(&self, user: Option<&str>) -> Uri {
        if !self.is_sip_or_sips() {
            return self.clone();
        }
        let mut text = String::from(self.part(self.at.start, self.at.colon + 1));
        if let Some(user) = user.filter(|user| !user.is_empty()) {
            escape(&mut text, user, scan::USER);
            text.push('@');
        }
        text.push_str(self.part(self.at.host.0, self.at.end));
        self.remade(text)
    }

    fn part(&self, start: u32, end: u32) -> &str {
        scan::part(&self.text, start, end)
    }

    fn params_text(&self) -> &str {
        self.part(self.at.params, self.at.params_end)
    }

    fn with_params_text(&self, params: &str) -> Uri {
        let (front, back) = (self.part(self.at.start, self.at.params), self.part(self.at.params_end, self.at.end));
        self.remade([front, params, back].concat())
    }

    /// The URI with that text, which is well-formed by construction.
    fn remade(&self, text: String) -> Uri {
        Uri::parse(text).unwrap_or_else(|_| self.clone())
    }
}

impl Parts {
    /// Reads the URI that begins at `start`; the caller checks what stands behind its end.
    pub fn parse(text: &[u8], start: usize) -> Result<Parts, Fault> {
        let (scheme, colon) = scheme(text, start)?;
        let mut at = Parts { scheme, start: start as u32, colon: colon as u32, ..Parts::none(0) };
        let end = match scheme {
            Scheme::Sip | Scheme::Sips => at.sip(text, colon + 1)?,
            Scheme::Tel => at.tel(text, colon + 1)?,
            Scheme::Other => at.opaque(text, colon + 1)?,
        };
        at.end = end as u32;
        Ok(at)
    }

    /// A text of that length without parts.
    pub const fn none(end: u32) -> Parts {
        Parts {
            scheme: Scheme::Other,
            port: None,
            has_password: false,
            start: 0,
            colon: 0,
            user: (0, 0),
            password: 0,
            host: (0, 0),
            params: end,
            params_end: end,
            headers: 0,
            end,
        }
    }

    pub fn has_headers(&self) -> bool {
        self.headers > 0
    }

    fn sip(&mut self, text: &[u8], start: usize) -> Result<usize, Fault> {
        let host = self.userinfo(text, start)?;
        let host_end = host::host_end(text, host)?;
        self.host = (host as u32, host_end as u32);
        let (port, at) = host::port(text, host_end)?;
        self.port = port;
        let at = self.params(text, at)?;
        if scan::peek(text, at) != b'?' {
            return Ok(at);
        }
        self.headers = at as u32 + 1;
        headers_end(text, at + 1)
    }

    /// Reads the user information, if there is one, and returns where the host begins.
    //= rfc3261#19.1.1/telephone-user MAY
    //# A number is made of user characters like any name.
    //= rfc3261#19.1.1/user-not-empty MUST NOT
    //# An `@` right behind the scheme is refused.
    //= rfc3261#19.1.1/no-userinfo MAY
    //# Without `@` the host follows the scheme at once.
    fn userinfo(&mut self, text: &[u8], start: usize) -> Result<usize, Fault> {
        let user_end = scan::run_escaped(text, start, scan::USER);
        match scan::peek(text, user_end) {
            b'@' if user_end == start => Err("empty user"),
            b'@' => {
                self.user = (start as u32, user_end as u32);
                Ok(user_end + 1)
            }
            b':' => {
                let password_end = scan::run_escaped(text, user_end + 1, scan::PASSWORD);
                if scan::peek(text, password_end) != b'@' {
                    return Ok(start);
                }
                if user_end == start {
                    return Err("empty user");
                }
                self.user = (start as u32, user_end as u32);
                self.has_password = true;
                self.password = user_end as u32 + 1;
                Ok(password_end + 1)
            }
            _ => Ok(start),
        }
    }

    //= rfc3261#19.1.1/unknown-parameters MUST
    //# Any name passes; who needs one asks for it.
    fn params(&mut self, text: &[u8], start: usize) -> Result<usize, Fault> {
        let mut at = start;
        while scan::peek(text, at) == b';' {
            let name = at + 1;
            at = scan::run_escaped(text, name, scan::PARAM);
            if at == name {
                return Err("URI parameter without name");
            }
            if scan::peek(text, at) == b'=' {
                let value = at + 1;
                at = scan::run_escaped(text, value, scan::PARAM);
                if at == value {
                    return Err("URI parameter without value behind the equals sign");
                }
            }
        }
        (self.params, self.params_end) = (start as u32, at as u32);
        Ok(at)
    }

    fn tel(&mut self, text: &[u8], start: usize) -> Result<usize, Fault> {
        let mut end = start;
        while matches!(scan::peek(text, end), b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F' | b'*' | b'#' | b'+' | b'-' | b'.' | b'(' | b')')
        {
            end += 1;
        }
        if end == start {
            return Err("no telephone number");
        }
        self.user = (start as u32, end as u32);
        self.params(text, end)
    }

    fn opaque(&mut self, text: &[u8], start: usize) -> Result<usize, Fault> {
        let end = scan::run_escaped(text, start, scan::URIC);
        (self.params, self.params_end) = (end as u32, end as u32);
        if end == start { Err("nothing behind the scheme") } else { Ok(end) }
    }
}

impl FromStr for Uri {
    type Err = UriError;
    fn from_str(text: &str) -> Result<Uri, UriError> {
        Uri::parse(text)
    }
}

impl PartialEq for Uri {
    fn eq(&self, other: &Uri) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Uri {}

impl std::hash::Hash for Uri {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl fmt::Display for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.at.has_password {
            let (front, back) = (self.part(self.at.start, self.at.password), self.part(self.at.host.0, self.at.end));
            return write!(f, "Uri({front}***@{back})");
        }
        write!(f, "Uri({})", self.as_str())
    }
}

/// The scheme that begins at `start`, and the place of the colon behind it.
//= rfc3261#8.1.1.2/sip-scheme MUST
//# Read with all their parts.
//= rfc3261#8.1.1.2/sips-scheme MUST
//# Read with all their parts.
//= rfc3261#26.3.1/sips MUST
//# Read with all their parts.
#[inline]
fn scheme(text: &[u8], start: usize) -> Result<(Scheme, usize), Fault> {
    // nearly all are this one
    if text.get(start..).is_some_and(|rest| rest.starts_with(b"sip:")) {
        return Ok((Scheme::Sip, start + 3));
    }
    let mut end = start;
    while matches!(scan::peek(text, end), b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'+' | b'-' | b'.') {
        end += 1;
    }
    if end == start || !text[start].is_ascii_alphabetic() || scan::peek(text, end) != b':' {
        return Err("no scheme");
    }
    let name = text.get(start..end).unwrap_or_default();
    let is = |other: &[u8]| name.eq_ignore_ascii_case(other);
    let scheme = match name {
        _ if is(b"sip") => Scheme::Sip,
        _ if is(b"sips") => Scheme::Sips,
        _ if is(b"tel") => Scheme::Tel,
        _ => Scheme::Other,
    };
    Ok((scheme, end))
}

/// The end of the headers of a URI, which begin at `at`.
fn headers_end(text: &[u8], mut at: usize) -> Result<usize, Fault> {
    loop {
        let equals = scan::run_escaped(text, at, scan::HNV);
        if equals == at || scan::peek(text, equals) != b'=' {
            return Err("no header behind the question mark");
        }
        at = scan::run_escaped(text, equals + 1, scan::HNV);
        if scan::peek(text, at) != b'&' {
            return Ok(at);
        }
        at += 1;
    }
}

/// Writes `text` with everything escaped that is not of the class. Escapes that are there already stay.
fn escape(out: &mut String, text: &str, class: u16) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for (at, b) in text.bytes().enumerate() {
        if scan::is(b, class) && b < 128 || scan::is_escape(text.as_bytes(), at) {
            out.push(char::from(b));
        } else {
            out.extend(['%', char::from(HEX[usize::from(b >> 4)]), char::from(HEX[usize::from(b & 15)])]);
        }
    }
}

/// The bytes that a part of a URI stands for: escapes are resolved, once.
///
/// ```
/// use rfc3261::message::unescape;
/// assert_eq!(&*unescape("%61lice"), b"alice");
/// assert_eq!(&*unescape("null-%00-null"), b"null-\0-null");
/// ```
pub fn unescape(text: &str) -> Cow<'_, [u8]> {
    if text.contains('%') { compare::unescaped(text).collect() } else { text.as_bytes().into() }
}

/// Offsets are 32 bits wide.
pub(crate) const MAX_LEN: usize = 1 << 30;
