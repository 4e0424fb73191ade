//! The `a=` lines (RFC 8866 sections 5.13 and 6): kept as text in their order, read by type on demand.

mod direction;
mod fmtp;
mod group;
mod ptime;
mod rtcp;
mod rtpmap;
mod ssrc;

use std::fmt;

pub use direction::Direction;
pub use fmtp::Fmtp;
pub use group::Group;
pub use rtcp::Rtcp;
pub use rtpmap::Rtpmap;
pub use ssrc::SourceAttribute;

use crate::error::Invalid;
use crate::text::{Text, Word, is_token};

/// One `a=` line: a name, and perhaps a value after a colon.
///
/// ```
/// use rfc4566::Attribute;
/// let orient = Attribute::value("orient", "landscape")?;
/// assert_eq!((orient.name(), orient.get()), ("orient", Some("landscape")));
/// assert_eq!(Attribute::flag("rtcp-mux")?.to_string(), "rtcp-mux");
/// assert!(Attribute::value("x", "1\r\nm=audio 9 RTP/AVP 0").is_err());
/// # Ok::<(), rfc4566::Invalid>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Attribute {
    text: Text,
    /// Where the colon stands; the length of the text when there is none.
    colon: usize,
}

/// An attribute whose value has a grammar of its own.
pub trait TypedAttribute: Sized + fmt::Display {
    /// Its name.
    const NAME: &'static str;

    /// Reads the value, what stands after the colon.
    ///
    /// # Errors
    /// [`Invalid`] says what is wrong with it.
    fn parse(value: &Text) -> Result<Self, Invalid>;
}

/// The `a=` lines of a session or of a media description, in order. Names are compared with case.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
//= rfc8866#6.1/ignored SHOULD
//# Nothing here asks for a=cat.
//= rfc8866#6.2/ignored SHOULD
//# Nothing here asks for a=keywds.
pub struct Attributes(Vec<Attribute>);

impl Attribute {
    /// A property, which has no value.
    ///
    /// # Errors
    /// [`Invalid`] when `name` is no token.
    //= rfc8866#5.13/name-ascii MUST
    //# A name that is built must be a token, and tokens are ASCII.
    pub fn flag(name: &str) -> Result<Attribute, Invalid> {
        if !is_token(name) {
            return Err(Invalid("attribute name is no token"));
        }
        Ok(Attribute { text: Text::new(name)?, colon: name.len() })
    }

    /// An attribute with a value.
    ///
    /// # Errors
    /// [`Invalid`] when `name` is no token, or `value` is empty or holds NUL, CR or LF.
    //= rfc8866#5.13/value-any MAY
    //# Text that ends no line is all that is asked for.
    pub fn value(name: &str, value: &str) -> Result<Attribute, Invalid> {
        if !is_token(name) || value.is_empty() {
            return Err(Invalid("attribute name is no token, or its value is empty"));
        }
        Ok(Attribute { text: Text::new(format!("{name}:{value}"))?, colon: name.len() })
    }

    /// A typed attribute as text.
    pub fn typed<A: TypedAttribute>(value: &A) -> Attribute {
        // The parts of a typed attribute are words, texts and numbers, so that no line can end in it.
        let text = Text::trusted(format!("{}:{value}", A::NAME).into());
        Attribute { text, colon: A::NAME.len() }
    }

    /// Reads what stands after `a=`.
    pub(crate) fn parse(text: Text) -> Result<Attribute, Invalid> {
        let colon = memchr::memchr(b':', text.as_bytes()).unwrap_or(text.len());
        match colon {
            0 => Err(Invalid("attribute without a name")),
            _ => Ok(Attribute { text, colon }),
        }
    }

    /// What stands before the colon.
    pub fn name(&self) -> &str {
        self.text.get(..self.colon).unwrap_or_default()
    }

    /// What stands after the colon; `None` for a property.
    pub fn get(&self) -> Option<&str> {
        self.text.get(self.colon + 1..)
    }

    /// [`Attribute::get`] as shared text; empty for a property.
    pub fn text(&self) -> Text {
        self.get().map(|value| self.text.slice(value)).unwrap_or_default()
    }

    /// The value by type; `None` when this is another attribute.
    pub fn read<A: TypedAttribute>(&self) -> Option<Result<A, Invalid>> {
        (self.name() == A::NAME).then(|| A::parse(&self.text()))
    }
}

impl Attributes {
    /// All of them, in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Attribute> {
        self.0.iter()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether there is one of that name.
    pub fn has(&self, name: &str) -> bool {
        self.first(name).is_some()
    }

    /// The first of that name.
    //= rfc8866#5.13/unknown-ignored MUST
    //# Attributes are only ever looked up by a name that the reader knows; the others rest in the list untouched.
    //= rfc8866#5/attribute-ignored MUST
    //# The same: nothing looks at a name that it does not ask for.
    pub fn first(&self, name: &str) -> Option<&Attribute> {
        self.iter().find(|a| a.name() == name)
    }

    /// Those of that name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Attribute> {
        self.iter().filter(move |a| a.name() == name)
    }

    /// Those of a type, each read.
    ///
    /// ```
    /// use rfc4566::{Rtpmap, Session};
    /// let session: Session = "v=0\no=- 1 1 IN IP4 192.0.2.1\ns=-\nt=0 0\nm=audio 9 RTP/AVP 8 97\n\
    ///     a=rtpmap:8 PCMA/8000\na=rtpmap:97 iLBC/8000\n".parse()?;
    /// let names: Vec<_> = session.media[0].attributes.typed::<Rtpmap>().flatten().map(|map| map.encoding).collect();
    /// assert_eq!(names, ["PCMA", "iLBC"]);
    /// # Ok::<(), rfc4566::ParseError>(())
    /// ```
    pub fn typed<A: TypedAttribute>(&self) -> impl Iterator<Item = Result<A, Invalid>> {
        self.iter().filter_map(Attribute::read)
    }

    /// Appends one.
    pub fn push(&mut self, attribute: Attribute) {
        self.0.push(attribute);
    }

    /// Appends a typed one.
    pub fn push_typed<A: TypedAttribute>(&mut self, value: &A) {
        self.push(Attribute::typed(value));
    }

    /// Puts `attribute` in the place of the first of its name and drops the others of that name; appends it when there
    /// is none.
    pub fn set(&mut self, attribute: Attribute) {
        match self.iter().position(|a| a.name() == attribute.name()) {
            None => self.push(attribute),
            Some(at) => {
                let mut index = 0;
                self.0.retain(|a| {
                    index += 1;
                    index <= at + 1 || a.name() != attribute.name()
                });
                if let Some(place) = self.0.get_mut(at) {
                    *place = attribute;
                }
            }
        }
    }

    /// Drops those of that name and says how many there were.
    pub fn remove(&mut self, name: &str) -> usize {
        let before = self.len();
        self.0.retain(|a| a.name() != name);
        before - self.len()
    }

    /// Keeps those that `keep` says yes to.
    pub fn retain(&mut self, keep: impl FnMut(&Attribute) -> bool) {
        self.0.retain(keep);
    }

    /// The name of a media description: `a=mid` (RFC 5888).
    pub fn mid(&self) -> Option<Word> {
        let value = self.first("mid")?.text();
        value.words().next()?.ok()
    }

    /// The groups of media descriptions: `a=group` (RFC 5888). Those that cannot be read are left out.
    pub fn groups(&self) -> impl Iterator<Item = Group> {
        self.typed::<Group>().flatten()
    }

    /// What is said about single RTP sources: `a=ssrc` (RFC 5576). Those that cannot be read are left out.
    pub fn sources(&self) -> impl Iterator<Item = SourceAttribute> {
        self.typed::<SourceAttribute>().flatten()
    }
}

impl<'a> IntoIterator for &'a Attributes {
    type Item = &'a Attribute;
    type IntoIter = std::slice::Iter<'a, Attribute>;
    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl FromIterator<Attribute> for Attributes {
    fn from_iter<I: IntoIterator<Item = Attribute>>(attributes: I) -> Attributes {
        Attributes(attributes.into_iter().collect())
    }
}

impl Extend<Attribute> for Attributes {
    fn extend<I: IntoIterator<Item = Attribute>>(&mut self, attributes: I) {
        self.0.extend(attributes);
    }
}

impl fmt::Display for Attribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Keys and passwords are left out, so that descriptions can be logged.
impl fmt::Debug for Attribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            name @ ("crypto" | "key-mgmt" | "ice-pwd") => write!(f, "{name}:(secret)"),
            _ => fmt::Debug::fmt(&self.text, f),
        }
    }
}
