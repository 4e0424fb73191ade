use std::fmt;

use bytestring::ByteString;

use super::{HeaderError, Name, name_addr, via};

/// A header whose values have a type of their own.
///
/// ```
/// use rfc3261::message::{Expires, Headers, Name, TypedHeader};
/// assert_eq!(Expires::parse("3600".into()), Ok(Expires(3600)));
/// assert!(Expires::parse("soon".into()).is_err());
/// let mut headers = Headers::new();
/// headers.push(Expires::NAME, Expires(60));
/// assert_eq!(headers.first::<Expires>(), Ok(Some(Expires(60))));
/// ```
pub trait TypedHeader: Sized + fmt::Display {
    /// The header's name.
    const NAME: Name;
    /// Whether a field holds a list of values with commas between them.
    const LIST: bool = false;

    /// Reads one value, without white space at its ends.
    ///
    /// # Errors
    /// The text does not follow the header's grammar.
    fn parse(text: ByteString) -> Result<Self, HeaderError>;

    /// The value that begins at `start` of a received head, if the parser has noted where its parts are, and its end.
    #[doc(hidden)]
    fn marked(head: &ByteString, marks: &Marks, start: u32) -> Option<(Self, u32)> {
        let _ = (head, marks, start);
        None
    }
}

/// Where the parts of the headers are that everybody asks for. The parser, which has to check these anyway, notes it by the
/// place of their first value in the head. As that text never changes, a mark is right for ever, and a field that was
/// edited stands elsewhere and has none.
#[derive(Clone, Copy, Default)]
pub struct Marks {
    pub(crate) via: Mark<via::Parts>,
    pub(crate) from: Mark<name_addr::Parts>,
    pub(crate) to: Mark<name_addr::Parts>,
    pub(crate) contact: Mark<name_addr::Parts>,
    pub(crate) route: Mark<name_addr::Parts>,
}

/// The parts of one value, if there are any.
#[derive(Clone, Copy)]
pub(crate) struct Mark<P>(Option<P>);

impl<P> Default for Mark<P> {
    fn default() -> Mark<P> {
        Mark(None)
    }
}

impl<P: Copy> Mark<P> {
    /// Notes the parts unless others are noted.
    #[inline]
    pub fn note(&mut self, parts: P) {
        if self.0.is_none() {
            self.0 = Some(parts);
        }
    }

    /// The parts, if they are those of the value that begins at `start`.
    #[inline]
    pub fn at(&self, start: u32, start_of: impl Fn(&P) -> u32) -> Option<P> {
        self.0.filter(|parts| start_of(parts) == start)
    }
}
