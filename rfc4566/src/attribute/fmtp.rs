use std::fmt;

use super::TypedAttribute;
use crate::error::Invalid;
use crate::text::{Text, Word};

/// Parameters of a format: `a=fmtp` (RFC 8866 section 6.15). What they mean is the format's affair.
///
/// ```
/// use rfc4566::{Fmtp, TypedAttribute};
/// let fmtp = Fmtp::parse(&"96 profile-level-id=42e016;max-fs=3600; useinbandfec = 1".parse()?)?;
/// assert_eq!(fmtp.parameter("MAX-FS"), Some("3600"));
/// assert_eq!(fmtp.parameter("useinbandfec"), Some("1"));
/// assert_eq!(fmtp.parameter("absent"), None);
/// # Ok::<(), rfc4566::Invalid>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Fmtp {
    /// Which format, as in the `m=` line.
    pub format: Word,
    /// The parameters as written.
    //= rfc8866#6.15/unchanged MUST
    //# Kept as text, and handed on as it is; parameters() only reads.
    pub parameters: Text,
}

impl Fmtp {
    /// Checks both parts.
    ///
    /// # Errors
    /// [`Invalid`] when the format is no word or the parameters could not stand in one line.
    pub fn new(format: &str, parameters: &str) -> Result<Fmtp, Invalid> {
        Ok(Fmtp { format: Word::new(format)?, parameters: Text::new(parameters)? })
    }

    /// The parameters as names and values; a parameter without `=` has an empty value.
    pub fn parameters(&self) -> impl Iterator<Item = (&str, &str)> {
        parameters(&self.parameters)
    }

    /// The value of a parameter, by its name without case; the first counts.
    //= rfc8866#5.14/names-case MAY
    //# Parameter names compare without case, as encoding names do in Rtpmap::matches.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

/// Splits format parameters into names and values.
fn parameters(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.split(';').map(str::trim).filter(|part| !part.is_empty()).map(|part| {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        (name.trim(), value.trim())
    })
}

impl TypedAttribute for Fmtp {
    const NAME: &'static str = "fmtp";

    fn parse(value: &Text) -> Result<Fmtp, Invalid> {
        let mut words = value.words();
        let format = words.need("no format")?;
        Ok(Fmtp { format, parameters: words.rest() })
    }
}

impl fmt::Display for Fmtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.format, self.parameters)
    }
}
