//! The digest of a room: `SPEC.md`, one line a requirement.
//!
//! ```text
//! # RFC 8489 Session Traversal Utilities for NAT
//! source: https://www.rfc-editor.org/rfc/rfc8489
//!
//! ## 5 Message structure
//! - `cookie` MUST (both): Bytes 4 to 8 of every message carry 0x2112A442 in network order.
//! - `padding-value` SHOULD (sender): Pad with zeros.
//! - also MUST 2, MAY 1: says `cookie` again; the last is an example.
//! ```
//!
//! A line that starts with `also` accounts for key words that need no line of their own, by level, and says why.
//! A role that ends in `editorial` says that no key word stands behind the line: its level is ours. A document without number is named by the first word of its heading. A line `out of scope: why` below a heading
//! says that a section and those below it have no requirements here. All other prose is for the reader.

use crate::id::{is_name, is_section};
use crate::key_words::Counts;
use crate::{Id, Level, Place, Problem};

/// What one `SPEC.md` says.
#[derive(Clone, Debug, Default)]
pub struct Digest {
    /// Its documents, in the order of the file.
    pub documents: Vec<Document>,
    /// Lines that cannot be read.
    pub problems: Vec<Problem>,
}

/// A specification.
#[derive(Clone, Debug)]
pub struct Document {
    /// The name that ids start with: `rfc8489`.
    pub name: String,
    /// The whole heading: `RFC 8489 Session Traversal Utilities for NAT`.
    pub title: String,
    /// Where to read it, or empty.
    pub source: String,
    /// The heading.
    pub place: Place,
    /// Its sections, in the order of the file.
    pub sections: Vec<Section>,
}

/// A section of a document.
#[derive(Clone, Debug)]
pub struct Section {
    /// As the document numbers it: `5.1`.
    pub number: String,
    /// The rest of the heading.
    pub title: String,
    /// Why it has no requirements here, when it has none.
    pub out_of_scope: Option<String>,
    /// The heading.
    pub place: Place,
    /// One a line.
    pub requirements: Vec<Requirement>,
    /// Key words without a requirement of their own.
    pub also: Vec<Also>,
}

/// Key words of a section that need no requirement of their own: repetitions, definitions, examples, what is asked of
/// a role that the room does not play.
#[derive(Clone, Debug)]
pub struct Also {
    /// How many of each level.
    pub counts: Counts,
    /// Why they need none.
    pub why: String,
    /// Its line.
    pub place: Place,
}

/// One thing that the document asks.
#[derive(Clone, Debug)]
pub struct Requirement {
    /// Its name.
    pub id: Id,
    /// How binding it is.
    pub level: Level,
    /// Of whom it is asked: `both`, `server`, `proxy`. May end in `, editorial` when the level is ours.
    pub role: String,
    /// What is asked, in our words.
    pub words: String,
    /// Its line.
    pub place: Place,
}

impl Requirement {
    /// Whether its level is ours: no key word of the document stands behind it.
    pub fn is_editorial(&self) -> bool {
        self.role.ends_with("editorial")
    }
}

/// Reads the digest `text`, which stands in `file`.
///
/// ```
/// let digest = docs::digest::parse("stun/SPEC.md", "# RFC 8489 STUN\n## 5 Structure\n- `cookie` MUST (both): Set it.\n");
/// let requirement = &digest.documents[0].sections[0].requirements[0];
/// assert_eq!(requirement.id.to_string(), "rfc8489#5/cookie");
/// assert_eq!(requirement.role, "both");
/// ```
pub fn parse(file: &str, text: &str) -> Digest {
    let mut digest = Digest::default();
    for (index, line) in text.lines().enumerate() {
        let place = Place::new(file, index + 1);
        if let Err(message) = digest.line(line, &place) {
            digest.problems.push(Problem::new(&place, message));
        }
    }
    digest
}

impl Digest {
    fn line(&mut self, line: &str, place: &Place) -> Result<(), String> {
        if let Some(heading) = line.strip_prefix("# ") {
            self.documents.push(document(heading.trim(), place)?);
            return Ok(());
        }
        let is_structure = line.starts_with("## ") || line.starts_with("- `");
        let Some(document) = self.documents.last_mut() else {
            return if is_structure { Err("stands before the first `# …` heading".into()) } else { Ok(()) };
        };
        if let Some(heading) = line.strip_prefix("## ") {
            document.sections.push(section(heading.trim(), place)?);
        } else if let Some(source) = line.strip_prefix("source:") {
            document.source = source.trim().into();
        } else if let Some(item) = line.strip_prefix("- ") {
            let name = document.name.clone();
            let section = document.sections.last_mut().ok_or("stands before the first `## …` heading")?;
            if let Some(item) = item.strip_prefix("also ") {
                section.also.push(also(item, place)?);
                return Ok(());
            }
            section.requirements.push(requirement(&name, &section.number, item, place)?);
        } else if let (Some(why), Some(section)) = (line.strip_prefix("out of scope:"), document.sections.last_mut()) {
            section.out_of_scope = Some(why.trim().into());
        }
        Ok(())
    }
}

fn document(heading: &str, place: &Place) -> Result<Document, String> {
    let mut words = heading.split_whitespace();
    let first = words.next().unwrap_or("").to_ascii_lowercase();
    let number = words.next().filter(|word| word.chars().all(|c| c.is_ascii_digit()));
    let name = match number {
        Some(number) if first == "rfc" => format!("rfc{number}"),
        _ => first,
    };
    if !is_name(&name) {
        return Err(format!("`{name}` cannot name a document"));
    }
    Ok(Document { name, title: heading.into(), source: String::new(), place: place.clone(), sections: Vec::new() })
}

fn section(heading: &str, place: &Place) -> Result<Section, String> {
    let (number, title) = heading.split_once(' ').unwrap_or((heading, ""));
    if !is_section(number) {
        return Err(format!("`{number}` is no section number"));
    }
    Ok(Section {
        number: number.into(),
        title: title.trim().into(),
        out_of_scope: None,
        place: place.clone(),
        requirements: Vec::new(),
        also: Vec::new(),
    })
}

fn also(item: &str, place: &Place) -> Result<Also, String> {
    let shape = "key words without a requirement read - also MUST 2, MAY 1: Why.";
    let (list, why) = item.split_once(':').ok_or(shape)?;
    let mut counts = Counts::default();
    for part in list.split(',') {
        let (level, count) = Level::take(part.trim()).ok_or(shape)?;
        let count: usize = count.parse().ok().filter(|count| (1..=MOST_ALSO).contains(count)).ok_or(shape)?;
        if counts.of(level) > 0 {
            return Err(format!("{level} is counted twice"));
        }
        counts.add(level, count);
    }
    if why.trim().is_empty() {
        return Err(shape.into());
    }
    Ok(Also { counts, why: why.trim().into(), place: place.clone() })
}

fn requirement(document: &str, section: &str, item: &str, place: &Place) -> Result<Requirement, String> {
    let shape = "a requirement reads - `slug` LEVEL (role): Words.";
    let (slug, rest) = item.strip_prefix('`').and_then(|item| item.split_once('`')).ok_or(shape)?;
    if !is_name(slug) {
        return Err(format!("the slug `{slug}` is not kebab-case"));
    }
    let (level, rest) = Level::take(rest.trim_start()).ok_or(shape)?;
    let (role, words) = rest.strip_prefix('(').and_then(|rest| rest.split_once("):")).ok_or(shape)?;
    if role.trim().is_empty() || words.trim().is_empty() {
        return Err(shape.into());
    }
    Ok(Requirement {
        id: Id { document: document.into(), section: section.into(), slug: slug.into() },
        level,
        role: role.trim().into(),
        words: words.trim().into(),
        place: place.clone(),
    })
}

/// No section has so many key words.
const MOST_ALSO: usize = 999;
