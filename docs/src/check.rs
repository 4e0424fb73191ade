//! Every way in which digests and marks can disagree.

use crate::{Coverage, Problem};

/// The failures of digests and marks, sorted by file and line. The snapshot and the words have checks of their own:
/// [`crate::snapshot::check`], [`crate::words::check`].
pub fn check(coverage: &Coverage) -> Vec<Problem> {
    let mut problems = coverage.problems.clone();
    for mark in &coverage.strays {
        problems.push(Problem::new(&mark.place, format!("no digest has {}", mark.id)));
    }
    for entry in coverage.entries.values() {
        let asked = entry.requirement.level;
        for mark in &entry.marks {
            if let Some(level) = mark.kind.level().filter(|level| *level != asked) {
                problems.push(Problem::new(&mark.place, format!("{} is {asked} in its digest, not {level}", mark.id)));
            }
        }
        if let Some(lacking) = entry.lacks() {
            let message = format!("{} {asked} lacks {lacking}", entry.requirement.id);
            problems.push(Problem::new(&entry.requirement.place, message));
        }
    }
    problems.sort();
    problems
}
