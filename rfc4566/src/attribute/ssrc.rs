use std::fmt;

use super::{Attribute, TypedAttribute};
use crate::error::Invalid;
use crate::text::{Text, number};

/// Something said about one RTP source: `a=ssrc` (RFC 5576 section 4.1).
///
/// ```
/// use rfc4566::{SourceAttribute, TypedAttribute};
/// let source = SourceAttribute::parse(&"314159 cname:user@example.com".parse()?)?;
/// assert_eq!((source.ssrc, source.attribute.name()), (314159, "cname"));
/// assert_eq!(source.attribute.get(), Some("user@example.com"));
/// # Ok::<(), rfc4566::Invalid>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SourceAttribute {
    /// The source.
    pub ssrc: u32,
    /// What is said.
    pub attribute: Attribute,
}

impl TypedAttribute for SourceAttribute {
    const NAME: &'static str = "ssrc";

    fn parse(value: &Text) -> Result<SourceAttribute, Invalid> {
        let mut words = value.words();
        let ssrc = number(&words.need("no source")?, "source is no number of 32 bits")?;
        Ok(SourceAttribute { ssrc, attribute: Attribute::parse(words.rest())? })
    }
}

impl fmt::Display for SourceAttribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.ssrc, self.attribute)
    }
}
