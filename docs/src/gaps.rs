//! Sections that ask more often than their digest says.
//!
//! Every key word of a section in scope is a requirement's, or is accounted for by a line that starts with `also`.

use std::collections::BTreeMap;
use std::fmt;

use crate::id::section_key;
use crate::key_words::{Counts, Table};
use crate::words::is_page_break;
use crate::{Coverage, Level, Place, Problem, Section};

/// Documents whose digests do not account for every key word yet, and what is missing. This list may only shrink.
pub const PARTIAL: &[(&str, &str)] = &[];

/// A section and a level whose key words and lines differ in number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The document.
    pub document: String,
    /// The section's number.
    pub section: String,
    /// The level of the key words.
    pub level: Level,
    /// Key words in the text.
    pub asked: usize,
    /// Requirements of that level, without editorial ones.
    pub lines: usize,
    /// Key words that `also` lines account for.
    pub also: usize,
    /// The section's heading in the digest, or that of the document where it has none.
    pub place: Place,
}

impl Gap {
    /// Whether the text asks more often than the digest says.
    pub fn is_open(&self) -> bool {
        self.asked > self.lines + self.also
    }
}

/// The sections in scope of a document whose number of key words is not that of the digest, in the document's order.
/// Those with [`Gap::is_open`] are gaps, the others have more lines than key words.
///
/// ```
/// use docs::key_words::Table;
/// use docs::{Coverage, Tree, gaps};
/// let digest = "# RFC 8489 STUN\n## 5 Structure\n- `cookie` MUST (both): Set it.\n- also MAY 1: an example.\n";
/// let tree = Tree::from([("stun/SPEC.md", digest)]);
/// let mut table = Table::default();
/// table.count("rfc8489", "5.  Structure\n\n   It MUST be set, and MAY\n   be so.  It SHOULD NOT be eaten.\n");
/// let gaps = gaps::of(&Coverage::of(&tree), "rfc8489", &table);
/// assert_eq!(gaps.len(), 1);
/// assert_eq!(gaps[0].to_string(), "rfc8489#5: 1 SHOULD NOT, 0 lines, 0 also");
/// ```
pub fn of(coverage: &Coverage, document: &str, table: &Table) -> Vec<Gap> {
    let Some(first) = coverage.documents.iter().find(|known| known.name == document) else { return Vec::new() };
    let counted: BTreeMap<&str, Counts> = table.sections(document).collect();
    let mut gaps = Vec::new();
    for (number, counts) in numbers(coverage, document, table).into_iter().filter_map(|number| {
        let counts = counted.get(number).copied().unwrap_or_default();
        in_scope(coverage, document, number).then_some((number, counts))
    }) {
        let sections = || sections(coverage, document).filter(|section| section.number == number);
        let place = sections().next().map_or(&first.place, |section| &section.place);
        for level in Level::ALL {
            let requirements = sections().flat_map(|section| &section.requirements);
            let lines = requirements.filter(|line| line.level == level && !line.is_editorial()).count();
            let also = sections().flat_map(|section| &section.also).map(|also| also.counts.of(level)).sum();
            let asked = counts.of(level);
            if asked != lines + also {
                let (document, section) = (document.to_string(), number.to_string());
                gaps.push(Gap { document, section, level, asked, lines, also, place: place.clone() });
            }
        }
    }
    gaps
}

/// The failures: a gap in a document that is not [`PARTIAL`], an `also` line that counts more than there is, a document
/// that is called partial and has no gap.
pub fn check(coverage: &Coverage, table: &Table, partial: &[(&str, &str)]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for document in documents(coverage, table) {
        let gaps = of(coverage, document, table);
        let is_partial = partial.iter().any(|(name, _)| *name == document);
        if is_partial && !gaps.iter().any(Gap::is_open) {
            let place = Place::new("docs/src/gaps.rs", 1);
            problems.push(Problem::new(&place, format!("{document} has no gap: it is no longer partial")));
        }
        for gap in gaps {
            if gap.is_open() && !is_partial || gap.also > gap.asked {
                problems.push(Problem::new(&gap.place, gap.to_string()));
            }
        }
    }
    problems
}

/// The key words of a document in the sections that are in scope, and those that `also` lines account for.
pub fn sums(coverage: &Coverage, document: &str, table: &Table) -> (usize, usize) {
    let in_scope = table.sections(document).filter(|(number, _)| in_scope(coverage, document, number));
    let asked = in_scope.map(|(_, counts)| counts.total()).sum();
    let also = sections(coverage, document).flat_map(|section| &section.also).map(|also| also.counts.total()).sum();
    (asked, also)
}

/// The documents that have both a digest and counts.
pub fn documents<'a>(coverage: &'a Coverage, table: &Table) -> Vec<&'a str> {
    let mut names: Vec<&str> = coverage.documents.iter().map(|document| document.name.as_str()).collect();
    names.sort_by_key(|name| (name.len(), *name));
    names.dedup();
    names.retain(|name| table.has(name));
    names
}

/// Whether a section's key words have to be accounted for: neither it nor one above it is out of scope. One that has
/// lines of its own is in scope whatever stands above it, or in another room.
fn in_scope(coverage: &Coverage, document: &str, number: &str) -> bool {
    let covers = |above: &Section| {
        let below = number.strip_prefix(above.number.as_str());
        below.is_some_and(|below| below.is_empty() || below.starts_with('.'))
    };
    let has_lines = |section: &Section| !section.requirements.is_empty() || !section.also.is_empty();
    sections(coverage, document).any(|section| section.number == number && has_lines(section))
        || !sections(coverage, document).any(|section| section.out_of_scope.is_some() && covers(section))
}

/// The numbers of all sections with key words or requirements, in the order of the document.
fn numbers<'a>(coverage: &'a Coverage, document: &'a str, table: &'a Table) -> Vec<&'a str> {
    let counted = table.sections(document).map(|(number, _)| number);
    let mut numbers: Vec<&str> =
        counted.chain(sections(coverage, document).map(|section| section.number.as_str())).collect();
    numbers.sort_by_cached_key(|number| section_key(number));
    numbers.dedup();
    numbers
}

/// The sections of a document in the digests of all rooms.
fn sections<'a>(coverage: &'a Coverage, document: &'a str) -> impl Iterator<Item = &'a Section> {
    coverage.documents.iter().filter(move |known| known.name == document).flat_map(|known| &known.sections)
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Gap { document, section, level, asked, lines, also, .. } = self;
        write!(f, "{document}#{section}: {asked} {level}, {lines} lines, {also} also")
    }
}

/// Number, title and text of each section of a document, given its text as the RFC editor prints it.
pub fn sections_of(text: &str) -> Vec<(String, String, String)> {
    let mut sections: Vec<(String, String, String)> = Vec::new();
    // A table of contents may look like headings; of two with one number the later is the section itself.
    let mut known: BTreeMap<String, usize> = BTreeMap::new();
    for line in text.lines().filter(|line| !is_page_break(line)) {
        if let Some((number, title)) = heading(line) {
            if let Some(index) = known.insert(number.clone(), sections.len()) {
                sections[index].2.clear();
            }
            sections.push((number, title, String::new()));
        } else if let Some((_, _, body)) = sections.last_mut() {
            body.push_str(line);
            body.push('\n');
        }
    }
    sections
}

/// A line at the left margin that starts with a section number.
fn heading(line: &str) -> Option<(String, String)> {
    let (number, title) = line.strip_prefix("Appendix ").unwrap_or(line).split_once(' ')?;
    let number = number.trim_end_matches(['.', ':']);
    let mut parts = number.split('.');
    let is_letter = |part: &str| part.len() == 1 && part.chars().all(|c| c.is_ascii_uppercase());
    let is_number = |part: &str| !part.is_empty() && part.len() < 3 && part.chars().all(|c| c.is_ascii_digit());
    let first = parts.next()?;
    let fits = (is_number(first) || is_letter(first)) && parts.all(is_number) && !title.trim().is_empty();
    fits.then(|| (number.to_string(), title.trim().to_string()))
}
