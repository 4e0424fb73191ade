use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;

use bytestring::ByteString;

use super::error::Fault;
use super::params::{self, Params};
use super::typed::Marks;
use super::uri;
use super::{HeaderError, Name, TypedHeader, Uri, scan};

/// A URI with an optional display name and header parameters: what From, To, Contact, Route and their like hold
/// (RFC 3261 section 20.10). It prints as it was written.
///
/// ```
/// use rfc3261::message::{NameAddr, Uri};
/// let a: NameAddr = r#""A. \"Al\" Bell" <sip:bell@example.com;lr>;tag=7;q=0.3"#.parse().unwrap();
/// assert_eq!(a.display().unwrap(), r#"A. "Al" Bell"#);
/// assert_eq!(a.uri().param("lr"), Some(""));
/// assert_eq!((a.tag(), a.q()), (Some("7"), Some(300)));
/// // without angle brackets, what follows a semicolon belongs to the header
/// let b: NameAddr = "sip:bell@example.com;tag=7".parse().unwrap();
/// assert_eq!((b.uri().to_string().as_str(), b.tag()), ("sip:bell@example.com", Some("7")));
/// ```
#[derive(Clone)]
pub struct NameAddr {
    /// Its text holds the whole value, and maybe more.
    uri: Uri,
    at: Frame,
}

/// Where all but the URI is.
#[derive(Clone, Copy)]
struct Frame {
    start: u32,
    end: u32,
    display: (u32, u32),
    params: u32,
}

/// Where all is.
#[derive(Clone, Copy)]
pub(crate) struct Parts {
    uri: uri::Parts,
    frame: Frame,
}

impl NameAddr {
    /// The URI in angle brackets, without display name and parameters.
    pub fn new(uri: &Uri) -> NameAddr {
        NameAddr::made(format!("<{uri}>")).unwrap_or_else(|| NameAddr::plain(uri))
    }

    /// Reads one value.
    ///
    /// # Errors
    /// The text is neither `name-addr` nor `addr-spec` with parameters.
    pub fn parse(text: impl Into<ByteString>) -> Result<NameAddr, HeaderError> {
        read(text.into(), false).map_err(|what| HeaderError::new(Name::Contact, what))
    }

    /// The URI. Of the Contact `*` it is the text `*`, with no part at all.
    pub fn uri(&self) -> &Uri {
        &self.uri
    }

    /// The display name without quotes and backslashes.
    pub fn display(&self) -> Option<Cow<'_, str>> {
        let text = self.part(self.at.display);
        (!text.is_empty()).then(|| params::unquote(text))
    }

    /// The value of a header parameter as written (a quoted string with its quotes); the empty text if it is there
    /// without value.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.params().value(name)
    }

    /// All header parameters.
    pub fn params(&self) -> Params<'_> {
        Params::new(self.params_text())
    }

    /// The `tag` parameter.
    pub fn tag(&self) -> Option<&str> {
        self.param("tag").filter(|tag| !tag.is_empty())
    }

    /// The `q` parameter in thousandths, 0 to 1000; `None` if it is absent or malformed.
    pub fn q(&self) -> Option<u16> {
        self.param("q").and_then(q_value)
    }

    /// The `expires` parameter in seconds; what exceeds 32 bits counts as 2^32 - 1, and what is no number as absent.
    pub fn expires(&self) -> Option<u32> {
        let text = self.param("expires")?;
        let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        digits.then(|| text.parse().unwrap_or(u32::MAX))
    }

    /// Whether this is the Contact `*` (section 10.2.2).
    pub fn is_star(&self) -> bool {
        self.as_str() == "*"
    }

    /// The same with a parameter set, in its old place or at the end; an empty value writes the name alone, and a value
    /// that is no token is quoted. A name that is no token changes nothing.
    //= rfc3261#7.3.1/parameter-once MUST NOT
    //# An old value of that name is replaced.
    #[must_use]
    pub fn with_param(&self, name: &str, value: &str) -> NameAddr {
        if !is_token(name) || self.is_star() {
            return self.clone();
        }
        let value = if value.is_empty() { value.into() } else { params::writable(value) };
        self.with_params_text(&params::edited(self.params_text(), name, Some(&value), str::eq_ignore_ascii_case))
    }

    /// The same without a parameter.
    #[must_use]
    pub fn without_param(&self, name: &str) -> NameAddr {
        if self.param(name).is_none() {
            return self.clone();
        }
        self.with_params_text(&params::edited(self.params_text(), name, None, str::eq_ignore_ascii_case))
    }

    /// The same with the tag.
    #[must_use]
    pub fn with_tag(&self, tag: &str) -> NameAddr {
        self.with_param("tag", tag)
    }

    /// The same with that display name, between quotes and with angle brackets around the URI; none if it is empty.
    #[must_use]
    pub fn with_display(&self, display: &str) -> NameAddr {
        let display = if display.is_empty() { String::new() } else { params::quote(display) + " " };
        NameAddr::made(format!("{display}<{}>{}", self.uri, self.params_text())).unwrap_or_else(|| self.clone())
    }

    fn params_text(&self) -> &str {
        self.part((self.at.params, self.at.end))
    }

    //= rfc3261#20/angle-brackets MUST
    //# A changed value always has them, needed or not.
    //= rfc3261#20.10/name-addr MUST
    //# So for Contact.
    //= rfc3261#20.20/name-addr MUST
    //# So for From.
    //= rfc3261#20.31/name-addr MUST
    //# So for Reply-To.
    fn with_params_text(&self, params: &str) -> NameAddr {
        let display = self.part(self.at.display);
        let space = if display.is_empty() { "" } else { " " };
        NameAddr::made(format!("{display}{space}<{}>{params}", self.uri)).unwrap_or_else(|| self.clone())
    }

    fn made(text: String) -> Option<NameAddr> {
        read(text.into(), false).ok()
    }

    fn plain(uri: &Uri) -> NameAddr {
        let (start, end) = (uri.at.start, uri.at.end);
        NameAddr { uri: uri.clone(), at: Frame { start, end, display: (0, 0), params: end } }
    }

    fn as_str(&self) -> &str {
        self.part((self.at.start, self.at.end))
    }

    fn part(&self, (start, end): (u32, u32)) -> &str {
        scan::part(&self.uri.text, start, end)
    }
}

impl std::str::FromStr for NameAddr {
    type Err = HeaderError;
    fn from_str(text: &str) -> Result<NameAddr, HeaderError> {
        NameAddr::parse(text)
    }
}

impl PartialEq for NameAddr {
    fn eq(&self, other: &NameAddr) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for NameAddr {}

impl fmt::Display for NameAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for NameAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NameAddr({:?} {:?} {})", self.display(), self.uri, self.params_text())
    }
}

/// Reads `text` as one value; `bracketed` asks for `name-addr`.
fn read(text: ByteString, bracketed: bool) -> Result<NameAddr, Fault> {
    if text.len() > uri::MAX_LEN {
        return Err("too long");
    }
    let at = locate(text.as_bytes(), 0, bracketed)?;
    if at.end() != text.len() {
        return Err("something behind the value");
    }
    Ok(NameAddr { uri: Uri { text, at: at.uri }, at: at.frame })
}

impl Parts {
    /// Where the value ends.
    pub fn end(&self) -> usize {
        self.frame.end as usize
    }
}

/// Reads one value from `start` on; `bracketed` asks for `name-addr`. The caller checks what stands behind its end.
pub(crate) fn locate(text: &[u8], start: usize, bracketed: bool) -> Result<Parts, Fault> {
    let start = scan::skip_space(text, start);
    let (display, open) = display_name(text, start)?;
    let (uri, params) = if scan::peek(text, open) == b'<' {
        let uri = uri::Parts::parse(text, open + 1)?;
        if scan::peek(text, uri.end as usize) != b'>' {
            return Err("no angle bracket behind the URI");
        }
        (uri, uri.end + 1)
    } else if bracketed {
        return Err("no angle bracket");
    } else {
        let uri = bare(text, start)?;
        (uri, uri.end)
    };
    let end = params::end(text, params as usize)? as u32;
    Ok(Parts { uri, frame: Frame { start: start as u32, end, display, params } })
}

/// The range of the display name, and where the angle bracket is, if there is one.
fn display_name(text: &[u8], start: usize) -> Result<((u32, u32), usize), Fault> {
    match scan::peek(text, start) {
        b'<' => Ok(((0, 0), start)),
        b'"' => {
            let end = scan::quoted_end(text, start).ok_or("quoted string without end")?;
            let open = scan::skip_space(text, end);
            if scan::peek(text, open) != b'<' {
                Err("no angle bracket behind the display name")
            } else {
                Ok(((start as u32, end as u32), open))
            }
        }
        _ => {
            let (mut at, mut end) = (start, start);
            // Letters beyond ASCII belong between quotes, but are often seen without.
            while scan::is(scan::peek(text, at), scan::TOKEN) || scan::peek(text, at) >= 0x80 {
                while scan::is(scan::peek(text, at), scan::TOKEN) || scan::peek(text, at) >= 0x80 {
                    at += 1;
                }
                end = at;
                at = scan::skip_space(text, at);
            }
            if scan::peek(text, at) == b'<' { Ok(((start as u32, end as u32), at)) } else { Ok(((0, 0), start)) }
        }
    }
}

/// Reads a URI without angle brackets, which ends before a semicolon, comma or white space.
//= rfc3261#19.1.1/disallowed-components SHOULD skip
//# Refused, not ignored: where a question mark follows, the sender's meaning is open (RFC 4475 section 3.1.2.13).
fn bare(text: &[u8], start: usize) -> Result<uri::Parts, Fault> {
    let mut end = start;
    while !matches!(scan::peek(text, end), 0 | b';' | b',' | b' ' | b'\t' | b'?') {
        end += 1;
    }
    if scan::peek(text, end) == b'?' {
        return Err("question mark in a URI without angle brackets");
    }
    let uri = uri::Parts::parse(text.get(..end).unwrap_or_default(), start)?;
    if uri.end as usize == end { Ok(uri) } else { Err("a character that has to be escaped") }
}

pub(crate) fn is_token(text: &str) -> bool {
    !text.is_empty() && scan::run(text.as_bytes(), 0, scan::TOKEN) == text.len()
}

/// A quality from 0 to 1 with up to three decimals, in thousandths.
pub(crate) fn q_value(text: &str) -> Option<u16> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    if decimals.len() > 3 || !decimals.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let thousandths = format!("{decimals:0<3}").parse::<u16>().ok()?;
    match whole {
        "0" | "" if !text.is_empty() => Some(thousandths),
        "1" if thousandths == 0 => Some(1000),
        _ => None,
    }
}

/// Makes the headers that hold one [`NameAddr`] a value.
macro_rules! name_addr_headers {
    ($($(#[$doc:meta])* $header:ident, $bracketed:literal, $list:literal $(, $mark:ident)?;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $header(pub NameAddr);

        impl TypedHeader for $header {
            const NAME: Name = Name::$header;
            const LIST: bool = $list;
            fn parse(text: ByteString) -> Result<$header, HeaderError> {
                if Self::NAME == Name::Contact && text == "*" {
                    return Ok($header(star(text)));
                }
                read(text, $bracketed).map($header).map_err(|what| HeaderError::new(Self::NAME, what))
            }
            $(#[inline]
            fn marked(head: &ByteString, marks: &Marks, start: u32) -> Option<($header, u32)> {
                let parts = marks.$mark.at(start, |parts| parts.frame.start)?;
                let uri = Uri { text: head.clone(), at: parts.uri };
                Some(($header(NameAddr { uri, at: parts.frame }), parts.frame.end))
            })?
        }

        impl Deref for $header {
            type Target = NameAddr;
            fn deref(&self) -> &NameAddr {
                &self.0
            }
        }

        impl std::convert::From<NameAddr> for $header {
            fn from(value: NameAddr) -> $header {
                $header(value)
            }
        }

        impl fmt::Display for $header {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

name_addr_headers! {
    /// Who sends the request (section 20.20).
    From, false, false, from;
    /// Who is to get the request (section 20.39).
    To, false, false, to;
    /// Where a party can be reached (section 20.10), or `*`.
    Contact, false, true, contact;
    /// A proxy to pass (section 20.34).
    Route, true, true, route;
    /// A proxy that wants to stay on the path (section 20.30).
    RecordRoute, true, true;
    /// Where to call back (section 20.31).
    ReplyTo, false, false;
    /// Whom to contact (RFC 3515).
    ReferTo, false, false;
    /// Who asked to (RFC 3892).
    ReferredBy, false, false;
    /// The identity that a trusted network vouches for (RFC 3325).
    PAssertedIdentity, false, true;
    /// The identity that the caller would like to be seen with (RFC 3325).
    PPreferredIdentity, false, true;
    /// What the phone may ring with (section 20.4).
    AlertInfo, true, true;
    /// More about the caller or the callee (section 20.9), by its `purpose`.
    CallInfo, true, true;
    /// More about an error (section 20.18).
    ErrorInfo, true, true;
    /// A proxy between registrar and client (RFC 3327).
    Path, true, true;
    /// A proxy that the registrar wants to be used (RFC 3608).
    ServiceRoute, true, true;
}

fn star(text: ByteString) -> NameAddr {
    let end = text.len() as u32;
    NameAddr { uri: Uri { at: uri::Parts::none(end), text }, at: Frame { start: 0, end, display: (0, 0), params: end } }
}
