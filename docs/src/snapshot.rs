//! The committed snapshot `docs/coverage.txt`: a line a requirement, so that every review shows what was gained or lost.

use std::fmt::Write;

use crate::{Coverage, Place, Problem};

/// Where the snapshot stands.
pub const FILE: &str = "docs/coverage.txt";

/// The lines that the snapshot should have: id, level, state; sorted by document, section, slug.
///
/// ```
/// use docs::{Coverage, Tree, snapshot};
/// let tree = Tree::from([("stun/SPEC.md", "# RFC 8489 STUN\n## 5 Structure\n- `cookie` MUST (both): Set it.\n")]);
/// assert_eq!(snapshot::print(&Coverage::of(&tree)), "rfc8489#5/cookie MUST open\n");
/// ```
pub fn print(coverage: &Coverage) -> String {
    let mut text = String::new();
    for (id, entry) in &coverage.entries {
        let (level, state) = (entry.requirement.level, entry.state().name());
        let _ = writeln!(text, "{id} {level} {state}");
    }
    text
}

/// The failure of a snapshot that is not current, at the first line that differs.
pub fn check(coverage: &Coverage, committed: &str) -> Option<Problem> {
    let current = print(coverage);
    if current == committed {
        return None;
    }
    let same = current.lines().zip(committed.lines()).take_while(|(current, committed)| current == committed).count();
    Some(Problem::new(&Place::new(FILE, same + 1), "not current; run `cargo run -p docs -- check --write`"))
}
