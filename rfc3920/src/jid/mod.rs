//! Addresses of XMPP (RFC 7622): `localpart@domainpart/resourcepart`, prepared once and compared byte by byte.
//!
//! ```
//! use rfc3920::jid::Jid;
//!
//! let alice: Jid = "Alice@Wonderland.EXAMPLE/Tea Party".parse()?;
//! assert_eq!(alice.to_string(), "alice@wonderland.example/Tea Party");
//! assert_eq!((alice.local(), alice.resource()), (Some("alice"), Some("Tea Party")));
//! assert_eq!(alice.bare(), Jid::parse("alice@wonderland.example")?);
//! # Ok::<(), rfc3920::jid::Error>(())
//! ```

mod domain;
mod escape;
mod parts;

use std::borrow::{Borrow, Cow};
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;
use std::sync::Arc;

pub use escape::{escape, unescape};
pub use parts::{domainpart, localpart, resourcepart};

/// The most bytes that each part may have (RFC 7622 sections 3.2 to 3.4).
pub const MAX_PART: usize = 1023;

/// An address: a domain, perhaps an account there, perhaps a connection or occupant of it. It exists only in its
/// prepared form, so that equal addresses are equal bytes; a clone costs a counter.
//= rfc7622#3.2.3/compare MUST
//# There is no unprepared Jid: Eq, Ord and Hash are those of the text after every mapping.
#[derive(Clone)]
pub struct Jid {
    text: Arc<str>,
    /// Bytes of the localpart; 0 when there is none, since it is never empty.
    local: u16,
    /// Where the domainpart ends.
    bare: u16,
}

impl Jid {
    //= rfc7622#4/prepare SHOULD
    //# A Jid is the one way to write an address into a stanza, and it is prepared.
    //= rfc7622#5/support MUST
    //# IDNA for domains, UsernameCaseMapped for localparts, OpaqueString for resources.
    /// Reads and prepares an address.
    ///
    /// ```
    /// use rfc3920::jid::Jid;
    /// let jid = Jid::parse("a.example.com/b@example.net").unwrap();
    /// assert_eq!((jid.local(), jid.domain(), jid.resource()), (None, "a.example.com", Some("b@example.net")));
    /// assert!(Jid::parse("@example.com").is_err());
    /// ```
    ///
    /// # Errors
    /// Which part breaks the rules of RFC 7622, and how.
    //= rfc7622#3.2/slash-first MUST
    //# Cut at the first slash, and only then at the first at sign before it.
    pub fn parse(text: &str) -> Result<Jid, Error> {
        let (bare, resource) = match text.split_once('/') {
            Some((bare, resource)) => (bare, Some(resource)),
            None => (text, None),
        };
        let (local, domain) = match bare.split_once('@') {
            Some((local, domain)) => (Some(local), domain),
            None => (None, bare),
        };
        Jid::new(local, domain, resource)
    }

    /// Puts an address together from parts that need not be prepared.
    ///
    /// # Errors
    /// As [`Jid::parse`].
    //= rfc7622#3.2/domain MUST
    //# Of the three it alone is no Option; an empty one is an error.
    pub fn new(local: Option<&str>, domain: &str, resource: Option<&str>) -> Result<Jid, Error> {
        let local = local.map(localpart).transpose()?;
        let domain = domainpart(domain)?;
        let resource = resource.map(resourcepart).transpose()?;
        Ok(Jid::join(local.as_deref(), &domain, resource.as_deref()))
    }

    /// The account or room, when it is about one.
    pub fn local(&self) -> Option<&str> {
        self.text.get(..usize::from(self.local)).filter(|local| !local.is_empty())
    }

    /// The server or service: a name with Unicode labels, an IPv4 address, or an IPv6 address in brackets.
    pub fn domain(&self) -> &str {
        let start = usize::from(self.local) + usize::from(self.local > 0);
        self.text.get(start..usize::from(self.bare)).unwrap_or_default()
    }

    /// The domain as DNS and certificates write it: labels in ASCII (A-labels), an IPv6 address without its brackets.
    ///
    /// ```
    /// use rfc3920::jid::Jid;
    /// assert_eq!(Jid::parse("alice@wörter.example").unwrap().domain_ascii(), "xn--wrter-jua.example");
    /// assert_eq!(Jid::parse("alice@[::1]").unwrap().domain_ascii(), "::1");
    /// ```
    pub fn domain_ascii(&self) -> Cow<'_, str> {
        domain::ascii(self.domain())
    }

    /// The connection of an account, or the occupant of a room.
    //= rfc7622#3.4/opaque SHOULD
    //# Nothing here takes one apart.
    pub fn resource(&self) -> Option<&str> {
        self.text.get(usize::from(self.bare) + 1..)
    }

    /// Whether there is no resource.
    pub fn is_bare(&self) -> bool {
        self.text.len() == usize::from(self.bare)
    }

    /// The same without its resource.
    pub fn bare(&self) -> Jid {
        match self.text.get(..usize::from(self.bare)) {
            Some(text) if !self.is_bare() => Jid { text: text.into(), local: self.local, bare: self.bare },
            _ => self.clone(),
        }
    }

    /// The text of [`Jid::bare`], without making one.
    pub fn bare_str(&self) -> &str {
        self.text.get(..usize::from(self.bare)).unwrap_or_default()
    }

    /// Whether both are the same but for their resources.
    pub fn same_bare(&self, other: &Jid) -> bool {
        self.bare_str() == other.bare_str()
    }

    /// The domain alone.
    pub fn to_domain(&self) -> Jid {
        Jid::join(None, self.domain(), None)
    }

    /// The same with this resource in place of what it has.
    ///
    /// # Errors
    /// When the resource breaks the rules of RFC 7622 section 3.4.
    pub fn with_resource(&self, resource: &str) -> Result<Jid, Error> {
        let resource = resourcepart(resource)?;
        Ok(Jid::join(self.local(), self.domain(), Some(&resource)))
    }

    /// The whole address.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Joins prepared parts.
    fn join(local: Option<&str>, domain: &str, resource: Option<&str>) -> Jid {
        let mut text = String::with_capacity(
            domain.len() + local.map_or(0, |part| part.len() + 1) + resource.map_or(0, |part| part.len() + 1),
        );
        if let Some(local) = local {
            text.push_str(local);
            text.push('@');
        }
        text.push_str(domain);
        let bare = text.len() as u16; // at most 2047: each part was checked
        if let Some(resource) = resource {
            text.push('/');
            text.push_str(resource);
        }
        Jid { text: text.into(), local: local.map_or(0, str::len) as u16, bare }
    }
}

impl FromStr for Jid {
    type Err = Error;

    fn from_str(text: &str) -> Result<Jid, Error> {
        Jid::parse(text)
    }
}

impl TryFrom<&str> for Jid {
    type Error = Error;

    fn try_from(text: &str) -> Result<Jid, Error> {
        Jid::parse(text)
    }
}

impl fmt::Display for Jid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl fmt::Debug for Jid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Jid({})", self.text.escape_debug())
    }
}

impl PartialEq for Jid {
    fn eq(&self, other: &Jid) -> bool {
        self.text == other.text
    }
}

impl Eq for Jid {}

impl PartialOrd for Jid {
    fn partial_cmp(&self, other: &Jid) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Jid {
    fn cmp(&self, other: &Jid) -> Ordering {
        self.text.cmp(&other.text)
    }
}

impl Hash for Jid {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

impl Borrow<str> for Jid {
    fn borrow(&self) -> &str {
        &self.text
    }
}

impl AsRef<str> for Jid {
    fn as_ref(&self) -> &str {
        &self.text
    }
}

/// Why a text is no address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Error {
    /// There is a separator, but nothing on its side: the part is empty.
    Empty(Part),
    /// The part has more than [`MAX_PART`] bytes, or a domain is longer than the DNS can hold.
    TooLong(Part),
    /// The part holds a character, or an order of characters, that it must not hold.
    Character(Part),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (part, what) = match self {
            Error::Empty(part) => (part, "is empty"),
            Error::TooLong(part) => (part, "is too long"),
            Error::Character(part) => (part, "holds a character that is not allowed there"),
        };
        write!(f, "the {part} of the address {what}")
    }
}

impl std::error::Error for Error {}

/// A part of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    /// Before the at sign.
    Local,
    /// The server.
    Domain,
    /// After the slash.
    Resource,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Part::Local => "name",
            Part::Domain => "domain",
            Part::Resource => "resource",
        })
    }
}

/// A part that is longer than this before any mapping cannot come to [`MAX_PART`] bytes after it.
const MAX_RAW: usize = 8 * MAX_PART;

/// Refuses what is empty or hopelessly long before any table is asked.
fn measured(text: &str, part: Part) -> Result<(), Error> {
    match text.len() {
        0 => Err(Error::Empty(part)),
        1..=MAX_RAW => Ok(()),
        _ => Err(Error::TooLong(part)),
    }
}

/// Measures a part after every mapping.
//= rfc7622#3.3/local-length MUST NOT
//# Counted in bytes of UTF-8, after every mapping; so are the other two.
//= rfc7622#3.4/resource-length MUST NOT
//# Likewise.
//= rfc7622#3.2/domain-length MUST NOT
//# Likewise; the limits of the DNS come on top.
fn fitting(text: Cow<'_, str>, part: Part) -> Result<Cow<'_, str>, Error> {
    match text.len() {
        0 => Err(Error::Empty(part)),
        1..=MAX_PART => Ok(text),
        _ => Err(Error::TooLong(part)),
    }
}
