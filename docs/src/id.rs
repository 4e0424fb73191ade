//! Names of requirements, and how binding they are.

use std::cmp::Ordering;
use std::fmt;

/// The name of a requirement: `rfc8489#5.1/cookie`.
///
/// Ids sort as a reader of the document expects, section 9 before section 10:
///
/// ```
/// use docs::Id;
/// let nine: Id = "rfc3261#9.1/cancel".parse().unwrap();
/// assert!(nine < "rfc3261#10/register".parse().unwrap());
/// assert!("rfc3261#9.1".parse::<Id>().is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Id {
    /// The document, lower case: `rfc8489`, `rtmp`, `xep-0199`.
    pub document: String,
    /// The section as the document numbers it: `5.1`, `A.2`.
    pub section: String,
    /// Our name for the requirement within its section, kebab-case.
    pub slug: String,
}

impl std::str::FromStr for Id {
    type Err = String;

    fn from_str(text: &str) -> Result<Id, String> {
        let parts = text.split_once('#').and_then(|(document, rest)| {
            let (section, slug) = rest.rsplit_once('/')?;
            Some((document, section, slug))
        });
        match parts {
            Some((document, section, slug)) if is_name(document) && is_section(section) && is_name(slug) => {
                Ok(Id { document: document.into(), section: section.into(), slug: slug.into() })
            }
            _ => Err(format!("`{text}` is no id, which reads document#section/slug")),
        }
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}/{}", self.document, self.section, self.slug)
    }
}

impl Ord for Id {
    fn cmp(&self, other: &Id) -> Ordering {
        let key = |id: &Id| (number_in(&id.document), id.document.clone(), section_key(&id.section), id.slug.clone());
        key(self).cmp(&key(other))
    }
}

impl PartialOrd for Id {
    fn partial_cmp(&self, other: &Id) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// How binding a requirement is (RFC 2119).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Absolutely required.
    Must,
    /// Absolutely forbidden.
    MustNot,
    /// Required unless a reason stands against it.
    Should,
    /// Forbidden unless a reason speaks for it.
    ShouldNot,
    /// Free to do or to leave.
    May,
}

impl Level {
    /// All levels, strictest first.
    pub const ALL: [Level; 5] = [Level::Must, Level::MustNot, Level::Should, Level::ShouldNot, Level::May];

    /// The level at the start of `text`, and what follows it.
    ///
    /// ```
    /// assert_eq!(docs::Level::take("MUST NOT skip"), Some((docs::Level::MustNot, "skip")));
    /// assert_eq!(docs::Level::take("test"), None);
    /// ```
    pub fn take(text: &str) -> Option<(Level, &str)> {
        // The longer name of two with the same start has to be tried first.
        [Level::MustNot, Level::Must, Level::ShouldNot, Level::Should, Level::May].into_iter().find_map(|level| {
            let rest = text.strip_prefix(level.name())?;
            (rest.is_empty() || rest.starts_with(' ')).then(|| (level, rest.trim()))
        })
    }

    /// The key words themselves.
    pub fn name(self) -> &'static str {
        match self {
            Level::Must => "MUST",
            Level::MustNot => "MUST NOT",
            Level::Should => "SHOULD",
            Level::ShouldNot => "SHOULD NOT",
            Level::May => "MAY",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Kebab-case: lower case letters, digits, hyphens and, for version numbers, dots.
pub(crate) fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.')
}

/// A section number: letters, digits, dots, hyphens.
pub(crate) fn is_section(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '.' || c == '-')
}

/// Sections in the order of the document: each part as number, then as text.
pub(crate) fn section_key(section: &str) -> Vec<(u32, String)> {
    // Appendices have letters for numbers, and stand after every chapter.
    section.split('.').map(|part| (part.parse().unwrap_or(u32::MAX), part.to_string())).collect()
}

fn number_in(document: &str) -> u32 {
    document.strip_prefix("rfc").and_then(|digits| digits.parse().ok()).unwrap_or(u32::MAX)
}
