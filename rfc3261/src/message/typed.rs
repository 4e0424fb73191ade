use std::fmt;

use bytestring::ByteString;

use super::{HeaderError, Name};

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
}
