//! The table a document: requirements by level and by state, and how the key words of its text are accounted for.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::gaps::{self, Gap};
use crate::key_words::Table;
use crate::{Coverage, Level, State};

/// Counts of a document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// Requirements by level.
    pub levels: BTreeMap<Level, usize>,
    /// Requirements by state.
    pub states: BTreeMap<State, usize>,
    /// Requirements whose level asks for more than there is.
    pub lacking: usize,
}

impl Row {
    /// Requirements in all.
    pub fn total(&self) -> usize {
        self.levels.values().sum()
    }

    fn cells(&self) -> Vec<usize> {
        let levels = Level::ALL.iter().map(|level| self.levels.get(level).copied().unwrap_or(0));
        let states = State::ALL.iter().map(|state| self.states.get(state).copied().unwrap_or(0));
        levels.chain([self.total()]).chain(states).chain([self.lacking]).collect()
    }
}

/// The counts by document, in the order of the ids.
pub fn rows(coverage: &Coverage) -> Vec<(String, Row)> {
    let mut rows: Vec<(String, Row)> = Vec::new();
    for (id, entry) in &coverage.entries {
        if rows.last().is_none_or(|(name, _)| *name != id.document) {
            rows.push((id.document.clone(), Row::default()));
        }
        let Some((_, row)) = rows.last_mut() else { continue };
        *row.levels.entry(entry.requirement.level).or_default() += 1;
        *row.states.entry(entry.state()).or_default() += 1;
        row.lacking += usize::from(entry.lacks().is_some());
    }
    rows
}

/// The table as text, with a last row for the sum. `words` are the key words in scope of a document that is counted,
/// `also` those of them without a requirement of their own, `gaps` those that nothing accounts for.
pub fn print(coverage: &Coverage, table: &Table) -> String {
    let mut text = format!("{:<17}", "document");
    for name in HEADINGS {
        let _ = write!(text, "{name:>8}");
    }
    let mut sums = [0; HEADINGS.len()];
    for (name, row) in rows(coverage) {
        let (asked, also) = gaps::sums(coverage, &name, table);
        let missing = |gap: &Gap| gap.asked.saturating_sub(gap.lines + gap.also);
        let missing = gaps::of(coverage, &name, table).iter().map(missing).sum();
        let _ = write!(text, "\n{name:<17}");
        for (cell, sum) in row.cells().into_iter().chain([asked, also, missing]).zip(&mut sums) {
            let _ = write!(text, "{cell:>8}");
            *sum += cell;
        }
    }
    let _ = write!(text, "\n{:<17}", "all");
    for sum in sums {
        let _ = write!(text, "{sum:>8}");
    }
    text.push('\n');
    let uncounted: Vec<String> = rows(coverage).into_iter().map(|(name, _)| name).filter(|name| is_rfc(name)).collect();
    let uncounted: Vec<&str> = uncounted.iter().map(String::as_str).filter(|name| !table.has(name)).collect();
    if !uncounted.is_empty() {
        let _ = writeln!(text, "not counted, for want of a text with numbered sections: {}", uncounted.join(", "));
    }
    for (name, why) in gaps::PARTIAL {
        let _ = writeln!(text, "partial: {name}: {why}");
    }
    text
}

const HEADINGS: [&str; 15] = [
    "MUST", "MUSTN'T", "SHOULD", "SHDN'T", "MAY", "all", "tested", "met", "skipped", "todo", "open", "lacking",
    "words", "also", "gaps",
];

/// Only these have key words as RFC 2119 defines them.
fn is_rfc(name: &str) -> bool {
    name.strip_prefix("rfc").is_some_and(|number| number.chars().all(|c| c.is_ascii_digit()))
}
