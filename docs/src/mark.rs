//! Marks: two comment lines that tie code and tests to requirements.
//!
//! ```text
//! //= rfc8489#5/cookie MUST
//! //# A constant, so it doubles as the check that tells STUN from RTP on one port.
//! pub const MAGIC_COOKIE: u32 = 0x2112_A442;
//! ```
//!
//! `LEVEL` marks an implementation, `LEVEL skip` and `LEVEL todo` what is left out on purpose or for now, `test` a
//! test. A test mark stands above `#[test]` (its attributes and comments may come between), or is a line of a
//! doctest: `/// # //= <id> test`. The text may go on over several `//#` lines.

use crate::{Id, Level, Place, Problem};

/// The longest text of a mark, in characters.
pub const LONGEST_NOTE: usize = 240;

/// What a mark says about its requirement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The code below meets it.
    Met(Level),
    /// The test below proves it.
    Test,
    /// It is left out on purpose.
    Skip(Level),
    /// It is not there yet.
    Todo(Level),
}

impl Kind {
    /// The level that the mark repeats from the digest; a test repeats none.
    pub fn level(self) -> Option<Level> {
        match self {
            Kind::Met(level) | Kind::Skip(level) | Kind::Todo(level) => Some(level),
            Kind::Test => None,
        }
    }
}

/// A mark in a Rust source.
#[derive(Clone, Debug)]
pub struct Mark {
    /// The requirement.
    pub id: Id,
    /// What it says about it.
    pub kind: Kind,
    /// How the code meets it, or why not. Empty for most tests.
    pub note: String,
    /// Its first line.
    pub place: Place,
    /// Line number of the item that it governs: the first line below that is neither comment, attribute nor blank.
    pub target: usize,
}

/// Reads all marks of the Rust source `text`, which stands in `file`.
///
/// ```
/// let source = "//= rfc8489#5/cookie test\n#[test]\nfn cookie() {}\n";
/// let (marks, problems) = docs::mark::parse("stun/src/lib.rs", source);
/// assert_eq!((marks[0].kind, marks[0].target), (docs::Kind::Test, 3));
/// assert!(problems.is_empty());
/// ```
pub fn parse(file: &str, text: &str) -> (Vec<Mark>, Vec<Problem>) {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let (mut marks, mut problems) = (Vec::new(), Vec::new());
    let mut fence = Fence::Outside;
    for (index, line) in lines.iter().enumerate() {
        let place = Place::new(file, index + 1);
        let result = if let Some(doc) = doc_line(line) {
            fence = fence.after(doc);
            doc_mark(doc, fence, &place)
        } else {
            fence = Fence::Outside;
            plain_mark(&lines, index, &place)
        };
        match result {
            Ok(mark) => marks.extend(mark),
            Err(message) => problems.push(Problem::new(&place, message)),
        }
    }
    (marks, problems)
}

/// Whether a line of a doc comment is part of an example that runs.
#[derive(Clone, Copy, PartialEq)]
enum Fence {
    Outside,
    Doctest,
    Other,
}

impl Fence {
    fn after(self, doc: &str) -> Fence {
        let Some(language) = doc.strip_prefix("```") else { return self };
        let runs = |word: &str| matches!(word, "" | "rust" | "should_panic") || word.starts_with("edition");
        match self {
            Fence::Outside if language.split(',').map(str::trim).all(runs) => Fence::Doctest,
            Fence::Outside => Fence::Other,
            _ => Fence::Outside,
        }
    }
}

/// The text of a doc comment's line.
fn doc_line(line: &str) -> Option<&str> {
    line.strip_prefix("///").or_else(|| line.strip_prefix("//!")).map(str::trim)
}

/// The mark in a line of a doc comment: nothing but a test can stand there.
fn doc_mark(doc: &str, fence: Fence, place: &Place) -> Result<Option<Mark>, String> {
    let code = doc.strip_prefix('#').map_or(doc, str::trim_start);
    let Some(head) = code.strip_prefix("//=").filter(|_| fence != Fence::Other) else { return Ok(None) };
    match (head_of(head)?, fence) {
        ((id, Kind::Test), Fence::Doctest) => {
            Ok(Some(Mark { id, kind: Kind::Test, note: String::new(), place: place.clone(), target: place.line }))
        }
        ((_, Kind::Test), _) => Err("a test mark outside of a doctest".into()),
        _ => Err("nothing but a test mark can stand in a doc comment".into()),
    }
}

/// The mark that starts at `lines[index]`.
fn plain_mark(lines: &[&str], index: usize, place: &Place) -> Result<Option<Mark>, String> {
    let Some(head) = lines[index].strip_prefix("//=") else {
        let orphan = is_note(lines[index]) && index.checked_sub(1).is_none_or(|above| !is_mark_line(lines[above]));
        return if orphan { Err("a `//#` line without `//=` above it".into()) } else { Ok(None) };
    };
    let (id, kind) = head_of(head)?;
    let note: Vec<&str> = lines[index + 1..].iter().map_while(|line| line.strip_prefix("//#")).map(str::trim).collect();
    let note = note.join(" ");
    if note.trim().is_empty() && kind != Kind::Test {
        return Err(format!("the second line of the mark {id} is missing: `//# how this code meets it`"));
    }
    if note.chars().count() > LONGEST_NOTE {
        return Err(format!("the text of the mark {id} is longer than {LONGEST_NOTE} characters"));
    }
    let (target, is_test) = item_below(lines, index);
    if kind == Kind::Test && !is_test {
        return Err(format!("the test mark {id} does not stand on a test"));
    }
    Ok(Some(Mark { id, kind, note, place: place.clone(), target }))
}

/// Reads what follows `//=`: id, then `test`, or level, then nothing or `skip` or `todo`.
fn head_of(head: &str) -> Result<(Id, Kind), String> {
    let (id, rest) = head.trim().split_once(' ').unwrap_or((head.trim(), ""));
    let id: Id = id.parse()?;
    let kind = match (rest.trim(), Level::take(rest.trim())) {
        ("test", _) => Kind::Test,
        (_, Some((level, ""))) => Kind::Met(level),
        (_, Some((level, "skip"))) => Kind::Skip(level),
        (_, Some((level, "todo"))) => Kind::Todo(level),
        _ => return Err(format!("after the id comes `test`, or a level and perhaps `skip` or `todo`, not `{rest}`")),
    };
    Ok((id, kind))
}

/// Line number of the first item below the mark at `index`, and whether one of its attributes makes it a test.
fn item_below(lines: &[&str], index: usize) -> (usize, bool) {
    let (mut is_test, mut open) = (false, 0_i32);
    for (below, line) in lines.iter().enumerate().skip(index + 1) {
        let is_attribute = open > 0 || line.starts_with("#[");
        if is_attribute {
            is_test |= matches!(*line, "#[test]" | "#[tokio::test]") || line.starts_with("#[tokio::test(");
            open += balance(line);
        } else if !line.is_empty() && !line.starts_with("//") {
            return (below + 1, is_test);
        }
    }
    (lines.len(), is_test)
}

/// Square brackets opened less those closed.
fn balance(line: &str) -> i32 {
    line.chars().fold(0, |open, c| open + i32::from(c == '[') - i32::from(c == ']'))
}

fn is_note(line: &str) -> bool {
    line.starts_with("//#")
}

fn is_mark_line(line: &str) -> bool {
    is_note(line) || line.starts_with("//=")
}
