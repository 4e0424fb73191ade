use std::fmt;
use std::str::FromStr;

use crate::error::Invalid;
use crate::text::{Text, Word, number};

/// A proposed bandwidth: the `b=` line (RFC 8866 section 5.8).
///
/// ```
/// use rfc4566::Bandwidth;
/// let b: Bandwidth = "AS:64".parse()?;
/// assert_eq!((b.kind.as_str(), b.value), ("AS", 64));
/// # Ok::<(), rfc4566::Invalid>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
//= rfc8866#5.8/registered MAY
//# The kind is any word.
pub struct Bandwidth {
    /// What the figure means: `CT` conference total, `AS` one medium at one sender, `TIAS` without lower layers…
    pub kind: Word,
    //= rfc8866#5.8/unit MAY
    //# Nothing is computed from it here.
    /// Kilobits a second, unless the kind says otherwise (`TIAS`, `RS`, `RR`: bits a second).
    pub value: u64,
}

impl Bandwidth {
    /// The bandwidth that an application wants for one medium, in kilobits a second.
    pub fn application(kbps: u64) -> Bandwidth {
        Bandwidth { kind: Word::from_static("AS"), value: kbps }
    }

    //= rfc8866#5.8/unknown-ignored MUST
    //# Every kind is kept as text; a reader asks for the kinds that it knows and never meets the others.
    pub(crate) fn parse(text: &Text) -> Result<Bandwidth, Invalid> {
        let (kind, value) = text.split_once(':').ok_or(Invalid("no colon"))?;
        Ok(Bandwidth { kind: text.word(kind)?, value: number(value.trim(), "bandwidth is no number")? })
    }
}

impl FromStr for Bandwidth {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Bandwidth, Invalid> {
        Bandwidth::parse(&Text::new(text)?)
    }
}

impl fmt::Display for Bandwidth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind, self.value)
    }
}
