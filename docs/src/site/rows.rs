//! How a source falls into rows, each with the requirement cards beside it.

use super::items::end_of;
use super::plan::Placed;

/// Lines of a source with the marks at their top.
#[derive(Debug)]
pub(super) struct Row<'p, 'a> {
    /// Number of the first line.
    pub(super) from: usize,
    /// Number of the last line: the one before the next mark.
    pub(super) to: usize,
    /// The marks of the item at the top. None only in the first row.
    pub(super) marks: Vec<&'p Placed<'a>>,
    /// Number of the last line that they govern.
    pub(super) end: usize,
    /// Marks of items that began above and are not over, outermost first.
    pub(super) around: Vec<&'p Placed<'a>>,
    /// Number of the last line of this row that those govern.
    pub(super) around_end: usize,
}

impl Row<'_, '_> {
    /// How many of the lines from the first to the one numbered `last` are seen; those of marks are folded away.
    pub(super) fn seen(&self, lines: &[&str], last: usize) -> usize {
        (self.from..=last.min(self.to)).filter(|line| !is_mark(lines[line - 1])).count()
    }
}

/// Whether a line belongs to a mark above an item.
pub(super) fn is_mark(line: &str) -> bool {
    let line = line.trim_start();
    line.starts_with("//=") || line.starts_with("//#")
}

/// The rows of a source whose marks stand in order.
pub(super) fn of<'p, 'a>(lines: &[&str], marks: &'p [Placed<'a>]) -> Vec<Row<'p, 'a>> {
    let mut rows: Vec<Row<'p, 'a>> = Vec::new();
    let first = marks.first().map_or(lines.len() + 1, |placed| placed.mark.place.line);
    if first > 1 {
        rows.push(Row { from: 1, to: lines.len(), marks: Vec::new(), end: 0, around: Vec::new(), around_end: 0 });
    }
    for placed in marks {
        match rows.last_mut() {
            Some(row) if row.marks.first().is_some_and(|first| first.mark.target == placed.mark.target) => {
                row.marks.push(placed);
            }
            _ => {
                let (from, end) = (placed.mark.place.line, end_of(lines, placed.mark.target));
                if let Some(before) = rows.last_mut() {
                    before.to = from - 1;
                }
                let around: Vec<_> =
                    rows.iter().filter(|row| row.end >= end.max(from)).flat_map(|row| &row.marks).copied().collect();
                let around_end =
                    rows.iter().map(|row| row.end).filter(|known| *known >= end.max(from)).max().unwrap_or(0);
                rows.push(Row { from, to: lines.len(), marks: vec![placed], end, around, around_end });
            }
        }
    }
    rows
}
