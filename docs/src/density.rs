//! Marks by lines of code, a room at a time: where few stand, requirements are met that nobody can see.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::{Tree, mark};

/// Counts of a room that has a digest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Room {
    /// Lines in `src`, `tests` and `benches` that are neither blank nor comment.
    pub lines: usize,
    /// Marks at these lines, of all kinds.
    pub marks: usize,
}

impl Room {
    /// Marks by thousand lines of code.
    pub fn density(&self) -> usize {
        (self.marks * 1000).checked_div(self.lines).unwrap_or(0)
    }
}

/// The rooms with a digest.
///
/// ```
/// use docs::{Tree, density};
/// let source = "//= rfc9999#1/greet MAY\n//# Waves.\nfn wave() {}\n\n// A note.\nfn rest() {}\n";
/// let tree = Tree::from([("room/SPEC.md", ""), ("room/src/lib.rs", source), ("other/src/lib.rs", source)]);
/// assert_eq!(density::of(&tree)["room"], density::Room { lines: 2, marks: 1 });
/// assert_eq!(density::of(&tree).len(), 1);
/// ```
pub fn of(tree: &Tree) -> BTreeMap<&str, Room> {
    let mut rooms: BTreeMap<&str, Room> = tree.digests().map(|(path, _)| (room(path), Room::default())).collect();
    for (path, text) in tree.sources() {
        let Some(counts) = rooms.get_mut(room(path)) else { continue };
        counts.marks += mark::parse(path, text).0.len();
        counts.lines += text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//")).count();
    }
    rooms
}

/// The table as text.
pub fn print(tree: &Tree) -> String {
    let mut text = format!("{:<18}{:>8}{:>8}{:>16}\n", "room", "lines", "marks", "marks a 1000");
    for (name, room) in of(tree) {
        let _ = writeln!(text, "{name:<18}{:>8}{:>8}{:>16}", room.lines, room.marks, room.density());
    }
    text
}

fn room(path: &str) -> &str {
    path.split('/').next().unwrap_or(path)
}
