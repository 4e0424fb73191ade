use std::fmt;

use super::TypedAttribute;
use crate::error::Invalid;
use crate::text::{Text, Word};

/// Media descriptions that belong together, named by their `a=mid`: `a=group` (RFC 5888 section 5).
///
/// ```
/// use rfc4566::{Group, TypedAttribute};
/// let group = Group::parse(&"LS 1 2".parse()?)?;
/// assert_eq!((group.semantics.as_str(), group.mids.len()), ("LS", 2));
/// # Ok::<(), rfc4566::Invalid>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Group {
    /// Why: `LS` lip synchronisation, `FID` flow identification, `BUNDLE` one transport…
    pub semantics: Word,
    /// Whom, possibly nobody.
    pub mids: Vec<Word>,
}

impl TypedAttribute for Group {
    const NAME: &'static str = "group";

    fn parse(value: &Text) -> Result<Group, Invalid> {
        let mut words = value.words();
        Ok(Group { semantics: words.need("no semantics")?, mids: words.collect::<Result<_, _>>()? })
    }
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.semantics)?;
        self.mids.iter().try_for_each(|mid| write!(f, " {mid}"))
    }
}
