//! Sections of a specification with more sentences that ask for something than their digest has lines.
//!
//! A rough measure that finds forgotten sections: one line may well hold two sentences that ask one thing.

use std::collections::BTreeMap;

use crate::id::section_key;
use crate::words::is_page_break;
use crate::{Coverage, Section};

/// A section with too few lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// Its number.
    pub section: String,
    /// Its heading in the text.
    pub title: String,
    /// Sentences with key words in the text.
    pub asked: usize,
    /// Lines in the digest.
    pub lines: usize,
}

/// The gaps of a document, in its order, given its text as the RFC editor prints it. Sections that the digest calls
/// out of scope have none, nor do those below them.
///
/// ```
/// use docs::{Coverage, Tree, gaps};
/// let tree = Tree::from([("stun/SPEC.md", "# RFC 8489 STUN\n## 5 Structure\n- `cookie` MUST (both): Set it.\n")]);
/// let text = "5.  Structure\n\n   The cookie MUST be set.  It\n   SHOULD NOT be eaten.\n\n6.  Rest\n\n   Enjoy.\n";
/// let gaps = gaps::of(&Coverage::of(&tree), "rfc8489", text);
/// assert_eq!((gaps.len(), gaps[0].asked, gaps[0].lines), (1, 2, 1));
/// ```
pub fn of(coverage: &Coverage, document: &str, text: &str) -> Vec<Gap> {
    let sections: Vec<&Section> =
        coverage.documents.iter().filter(|known| known.name == document).flat_map(|known| &known.sections).collect();
    let is_out = |number: &str| {
        let covers = |above: &Section| number == above.number || number.starts_with(&format!("{}.", above.number));
        sections.iter().any(|section| section.out_of_scope.is_some() && covers(section))
    };
    let mut gaps = Vec::new();
    for (number, title, body) in sections_of(text) {
        let asked = sentences(&body).filter(|sentence| has_key_word(sentence)).count();
        let same = sections.iter().filter(|section| section.number == number);
        let lines = same.map(|section| section.requirements.len()).sum();
        if asked > lines && !is_out(&number) {
            gaps.push(Gap { section: number, title, asked, lines });
        }
    }
    gaps.sort_by_key(|gap| section_key(&gap.section));
    gaps
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

/// Splits at full stops before white space, and at empty lines.
fn sentences(body: &str) -> impl Iterator<Item = String> {
    let joined: Vec<String> = body
        .split("\n\n")
        .flat_map(|paragraph| {
            let paragraph = paragraph.split_whitespace().collect::<Vec<_>>().join(" ");
            paragraph.split_inclusive(". ").map(str::to_string).collect::<Vec<_>>()
        })
        .collect();
    joined.into_iter()
}

fn has_key_word(sentence: &str) -> bool {
    let key_words = ["MUST", "SHOULD", "SHALL", "MAY", "REQUIRED", "RECOMMENDED", "OPTIONAL"];
    sentence.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| key_words.contains(&word))
}
