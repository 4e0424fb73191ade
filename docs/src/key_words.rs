//! How often a specification asks: its key words (RFC 2119, RFC 8174) by section and level.
//!
//! The counts are facts about a text. They are committed as [`FILE`], so that every key word can be accounted for
//! where the texts are not at hand.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::id::Id;
use crate::{Level, Place, Problem, gaps};

/// Where the counts stand.
pub const FILE: &str = "docs/key-words.tsv";

/// A number for each level.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts([usize; Level::ALL.len()]);

impl Counts {
    /// The number of a level.
    pub fn of(&self, level: Level) -> usize {
        self.0.get(level as usize).copied().unwrap_or(0)
    }

    /// Adds to the number of a level.
    pub fn add(&mut self, level: Level, more: usize) {
        if let Some(count) = self.0.get_mut(level as usize) {
            *count += more;
        }
    }

    /// The sum over all levels.
    pub fn total(&self) -> usize {
        self.0.iter().sum()
    }
}

/// The key words of a text by level. Lower case asks for nothing; nor does a word in quotes, or the paragraph that says
/// how the key words are to be read.
///
/// ```
/// use docs::{Level, key_words};
/// let counts = key_words::count("You MUST\n   NOT shout.  It is NOT RECOMMENDED to whisper; you may sing, and SHALL.\n");
/// assert_eq!(counts.of(Level::MustNot), 1);
/// assert_eq!(counts.of(Level::ShouldNot), 1);
/// assert_eq!(counts.of(Level::Must), 1);
/// assert_eq!(counts.total(), 3);
/// ```
pub fn count(text: &str) -> Counts {
    let mut counts = Counts::default();
    // Two words that belong together may stand on two pages, which leaves empty lines between them.
    let paragraphs = text.split("\n\n").map(tokens).filter(|tokens| !is_terminology(tokens));
    let tokens: Vec<Token> = paragraphs.flatten().collect();
    let mut rest = &tokens[..];
    while let Some((level, length)) = at_start(rest) {
        if let Some(level) = level {
            counts.add(level, 1);
        }
        rest = rest.get(length..).unwrap_or(&[]);
    }
    counts
}

/// The counts of documents, by document and section.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    rows: BTreeMap<Id, Counts>,
}

impl Table {
    /// Counts a document anew, given its text as the RFC editor prints it.
    pub fn count(&mut self, document: &str, text: &str) {
        self.rows.retain(|id, _| id.document != document);
        for (section, _, body) in gaps::sections_of(text) {
            let counts = count(&body);
            if counts.total() > 0 {
                self.rows.insert(row_id(document, &section), counts);
            }
        }
    }

    /// Reads what [`Table::print`] has written. Lines that cannot be read are left out: the file is then not current.
    pub fn parse(text: &str) -> Table {
        Table { rows: text.lines().skip(1).filter_map(row).collect() }
    }

    /// A line a section that has key words: document, section and the number of each level, with tabs between.
    pub fn print(&self) -> String {
        let mut text = "document\tsection".to_string();
        for level in Level::ALL {
            let _ = write!(text, "\t{level}");
        }
        text.push('\n');
        for (id, counts) in &self.rows {
            let _ = write!(text, "{}\t{}", id.document, id.section);
            for level in Level::ALL {
                let _ = write!(text, "\t{}", counts.of(level));
            }
            text.push('\n');
        }
        text
    }

    /// Section and counts of each section of a document that has key words, in its order.
    pub fn sections<'a>(&'a self, document: &'a str) -> impl Iterator<Item = (&'a str, Counts)> {
        let rows = self.rows.iter().filter(move |(id, _)| id.document == document);
        rows.map(|(id, counts)| (id.section.as_str(), *counts))
    }

    /// Whether the document has been counted.
    pub fn has(&self, document: &str) -> bool {
        self.sections(document).next().is_some()
    }

    /// The failure of a committed file that differs from these counts.
    pub fn check(&self, committed: &str) -> Option<Problem> {
        let current = self.print();
        if current == committed {
            return None;
        }
        let same = current.lines().zip(committed.lines()).take_while(|(now, then)| now == then).count();
        Some(Problem::new(&Place::new(FILE, same + 1), "not current; run `cargo run -p docs -- key-words --write`"))
    }
}

/// The level of the key words that `tokens` start with, if they start with any, and how many tokens that takes.
fn at_start(tokens: &[Token]) -> Option<(Option<Level>, usize)> {
    let first = tokens.first()?;
    let second = tokens.get(1);
    // Some texts write the second word small.
    let negated = second.is_some_and(|second| second.word.eq_ignore_ascii_case("NOT"));
    let (level, length) = match first.word {
        "MUST" | "SHALL" if negated => (Level::MustNot, 2),
        "MUST" | "SHALL" | "REQUIRED" => (Level::Must, 1),
        "SHOULD" if negated => (Level::ShouldNot, 2),
        "NOT" if second.is_some_and(|second| second.word == "RECOMMENDED") => (Level::ShouldNot, 2),
        "SHOULD" | "RECOMMENDED" => (Level::Should, 1),
        "MAY" | "OPTIONAL" => (Level::May, 1),
        _ => return Some((None, 1)),
    };
    let quoted = first.opens && tokens.get(length - 1).is_some_and(|last| last.closes);
    Some((Some(level).filter(|_| !quoted), length))
}

/// Whether a paragraph tells how key words are to be read: it names several in quotes, or the document that says so.
fn is_terminology(tokens: &[Token]) -> bool {
    let says = |phrase: &[&str]| {
        tokens.windows(phrase.len()).any(|run| run.iter().map(|token| token.word).eq(phrase.iter().copied()))
    };
    says(&["be", "interpreted", "as"])
        && (says(&["words"]) || says(&["keywords"]) || says(&["RFC", "2119"]) || says(&["terms"]))
}

/// A word of a text.
struct Token<'a> {
    word: &'a str,
    /// A quotation mark stands before it.
    opens: bool,
    /// A quotation mark stands behind it.
    closes: bool,
}

/// Words are runs of letters and digits. An underscore or hyphen within belongs to them, so that the names of
/// constants and files are no key words; a hyphen at the end of a line is white space.
fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    for chunk in text.split_whitespace() {
        let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
        let mut offset = 0;
        for word in chunk.split(|c| !is_part(c)) {
            let before = &chunk[..offset];
            let after = &chunk[offset + word.len()..];
            offset += word.len() + after.chars().next().map_or(0, char::len_utf8);
            let bare = word.trim_matches('-');
            if !bare.is_empty() {
                let closes = after.trim_start_matches([',', '.', ';']).starts_with(['"', '\'']);
                tokens.push(Token { word: bare, opens: before.ends_with(['"', '\'']), closes });
            }
        }
    }
    tokens
}

fn row(line: &str) -> Option<(Id, Counts)> {
    let mut cells = line.split('\t');
    let id = row_id(cells.next()?, cells.next()?);
    let mut counts = Counts::default();
    for level in Level::ALL {
        counts.add(level, cells.next()?.parse().ok()?);
    }
    Some((id, counts))
}

/// Rows stand in the order of ids.
fn row_id(document: &str, section: &str) -> Id {
    Id { document: document.into(), section: section.into(), slug: String::new() }
}
