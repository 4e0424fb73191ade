//! Guard against pasted text: no eight words in a row of a digest, mark, comment or README may stand in a specification.

use std::collections::HashMap;

use crate::{Coverage, Place, Problem, Tree};

/// So many equal words in a row are no accident.
pub const RUN: usize = 8;

/// The runs of words of the texts of specifications.
#[derive(Clone, Debug, Default)]
pub struct Texts {
    runs: HashMap<String, String>,
}

impl Texts {
    /// Adds the text of a document, as the RFC editor prints it.
    pub fn add(&mut self, document: &str, text: &str) {
        let body: Vec<&str> = text.lines().filter(|line| !is_page_break(line)).collect();
        for run in words(&body.join("\n")).windows(RUN) {
            self.runs.entry(run.join(" ")).or_insert_with(|| document.to_string());
        }
    }

    /// The first run of `sentence` that stands in a text, and the document where it does.
    ///
    /// ```
    /// let mut texts = docs::words::Texts::default();
    /// texts.add("rfc9999", "The quick brown fox\n   jumps over the lazy, sleeping dog.");
    /// assert!(texts.find("Quick brown fox jumps over the lazy sleeping cat").is_some());
    /// assert!(texts.find("quick brown fox jumps over the lazy").is_none());
    /// ```
    pub fn find(&self, sentence: &str) -> Option<(String, &str)> {
        words(sentence).windows(RUN).find_map(|run| {
            let run = run.join(" ");
            let document = self.runs.get(&run)?;
            Some((run, document.as_str()))
        })
    }
}

/// A failure for each requirement and each mark that repeats a text.
pub fn check(coverage: &Coverage, texts: &Texts) -> Vec<Problem> {
    let requirements = coverage.entries.values().map(|entry| (&entry.requirement.place, &entry.requirement.words));
    let marks = coverage.entries.values().flat_map(|entry| &entry.marks).map(|mark| (&mark.place, &mark.note));
    let problem = |(place, sentence): (&Place, &String)| {
        let (run, document) = texts.find(sentence)?;
        Some(Problem::new(place, format!("{RUN} words in a row stand in {document}: \"{run}\"")))
    };
    let mut problems: Vec<Problem> = requirements.chain(marks).filter_map(problem).collect();
    problems.sort();
    problems
}

/// A failure for each paragraph of a comment, README or digest that repeats a text. Marks and requirements are left to
/// [`check`].
pub fn check_prose(tree: &Tree, texts: &Texts) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (file, text) in tree.files() {
        for (line, paragraph) in paragraphs(text, file.ends_with(".md")) {
            if let Some((run, document)) = texts.find(&paragraph) {
                let message = format!("{RUN} words in a row stand in {document}: \"{run}\"");
                problems.push(Problem::new(&Place::new(file, line), message));
            }
        }
    }
    problems
}

/// Paragraphs of prose with the line number where they start: all of a Markdown file, the comments of a source.
fn paragraphs(text: &str, is_markdown: bool) -> Vec<(usize, String)> {
    let mut paragraphs: Vec<(usize, String)> = Vec::new();
    let mut open = false;
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        let prose = if is_markdown { Some(line) } else { line.strip_prefix("//") };
        let prose = prose.map(|prose| prose.trim_start_matches(['/', '!', ' ']));
        let prose =
            prose.filter(|prose| !prose.is_empty() && !prose.starts_with(['=', '#']) && !prose.starts_with("- `"));
        match (prose, paragraphs.last_mut()) {
            (Some(prose), Some((_, paragraph))) if open => {
                paragraph.push(' ');
                paragraph.push_str(prose);
            }
            (Some(prose), _) => paragraphs.push((index + 1, prose.to_string())),
            (None, _) => {}
        }
        open = prose.is_some();
    }
    paragraphs
}

/// Lower case words, without punctuation.
fn words(text: &str) -> Vec<String> {
    let bare = |word: &str| word.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    text.split_whitespace().map(bare).filter(|word: &String| !word.is_empty()).collect()
}

/// Footers and headers of the pages of an RFC.
pub(crate) fn is_page_break(line: &str) -> bool {
    let line = line.trim_end();
    let header = line.starts_with("RFC ") && line.ends_with(|c: char| c.is_ascii_digit()) && line.contains("   ");
    line.contains('\u{c}') || line.ends_with(']') && line.contains("[Page ") || header
}
