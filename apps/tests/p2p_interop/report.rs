//! What the scenarios found: a cell for each row of each column, and the page that shows them.
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use crate::known::{self, Known};
use crate::node::Kind;

/// Who takes part. Of `A→B`, the first node listens with B, the second dials it with A, a third with B.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Column {
    OursPy2p,
    Py2pOurs,
    OursJs2p,
    Js2pOurs,
    All,
    Py2pPy2p,
    Js2pJs2p,
}

impl Column {
    pub const ALL: [Column; 7] = {
        use Column::*;
        [OursPy2p, Py2pOurs, OursJs2p, Js2pOurs, All, Py2pPy2p, Js2pJs2p]
    };

    /// Listener, dialler, newcomer.
    pub fn kinds(self) -> [Kind; 3] {
        use Kind::*;
        match self {
            Column::OursPy2p => [Py2p, Ours, Py2p],
            Column::Py2pOurs => [Ours, Py2p, Ours],
            Column::OursJs2p => [Js2p, Ours, Js2p],
            Column::Js2pOurs => [Ours, Js2p, Ours],
            Column::All => [Ours, Py2p, Js2p],
            Column::Py2pPy2p => [Py2p; 3],
            Column::Js2pJs2p => [Js2p; 3],
        }
    }

    /// py2p writes ids that js2p can hold only with the driver's help.
    pub fn ids(self) -> &'static str {
        if self == Column::All { "str" } else { "native" }
    }

    pub fn title(self) -> &'static str {
        match self {
            Column::OursPy2p => "ours→py2p",
            Column::Py2pOurs => "py2p→ours",
            Column::OursJs2p => "ours→js2p",
            Column::Js2pOurs => "js2p→ours",
            Column::All => "all three",
            Column::Py2pPy2p => "py2p→py2p",
            Column::Js2pJs2p => "js2p→js2p",
        }
    }
}

/// What came of one row in one column.
#[derive(Clone, Debug)]
pub enum Cell {
    Ok,
    /// The old program cannot, by a bug of its own.
    Known(&'static Known),
    Failed(String),
}

/// One table of the page.
pub struct Table {
    pub title: &'static str,
    pub text: &'static str,
    pub rows: &'static [&'static str],
    /// Cells that the old programs cannot fill, and why.
    pub lacks: fn(Column, &str) -> Option<&'static str>,
}

/// The cells of one column of one table, filled while its scenario runs.
pub struct Report {
    pub table: &'static Table,
    pub column: Column,
    pub cells: BTreeMap<&'static str, Cell>,
}

impl Report {
    pub fn new(table: &'static Table, column: Column) -> Report {
        Report { table, column, cells: BTreeMap::new() }
    }

    /// Runs one row. Where the old program is known to fail, the failure is shown as its own, unless `must` marked it.
    pub fn row(&mut self, row: &'static str, step: impl FnOnce() -> Result<(), String>) -> bool {
        debug_assert!(self.table.rows.contains(&row), "{row} is no row of {}", self.table.title);
        let start = std::time::Instant::now();
        let known = known::find(self.table.title, self.column, row);
        let cell = match (step(), known) {
            (Ok(()), Some(bug)) if bug.by_chance => Cell::Known(bug),
            (Ok(()), _) => Cell::Ok,
            (Err(why), Some(bug)) if !why.starts_with(MUST) => {
                println!("  {}", why.lines().next().unwrap_or_default());
                Cell::Known(bug)
            }
            (Err(why), _) => Cell::Failed(why),
        };
        let fine = !matches!(cell, Cell::Failed(_));
        let (title, column, took) = (self.table.title, self.column.title(), start.elapsed().as_secs_f64());
        println!("{title} | {column} | {row}: {} ({took:.2} s)", cell.in_full());
        self.cells.insert(row, cell);
        fine
    }
}

const MUST: &str = "must: ";

/// Marks a step that has to succeed even where the old program is known to fail.
pub fn must<T>(result: Result<T, String>) -> Result<T, String> {
    result.map_err(|why| format!("{MUST}{why}"))
}

impl Cell {
    /// The outcome and why.
    pub fn in_full(&self) -> String {
        match self {
            Cell::Failed(why) => format!("FAILED: {}", why.chars().take(2000).collect::<String>()),
            other => other.in_table(),
        }
    }

    fn in_table(&self) -> String {
        match self {
            Cell::Ok => "ok".to_owned(),
            Cell::Known(bug) => format!("bug {}", bug.number),
            Cell::Failed(_) => "**failed**".to_owned(),
        }
    }
}

/// The page of all results, the same bytes for the same results.
pub fn page(tables: &[&'static Table], reports: &[Report]) -> String {
    let mut out = HEAD.to_owned();
    let mut bugs: BTreeMap<&str, &str> = BTreeMap::new();
    for table in tables {
        let _ = write!(out, "\n## {}\n\n{}\n\n| |", table.title, table.text);
        let columns = Column::ALL.iter().copied();
        columns.clone().for_each(|c| out += &format!(" {} |", c.title()));
        let _ = write!(out, "\n|---|{}", "---|".repeat(Column::ALL.len()));
        for row in table.rows {
            let _ = write!(out, "\n| {row} |");
            for column in columns.clone() {
                let cell = reports.iter().find(|r| r.table.title == table.title && r.column == column);
                let cell = cell.and_then(|r| r.cells.get(row));
                if let Some(Cell::Known(bug)) = cell {
                    bugs.insert(bug.number, bug.text);
                }
                let shown = match ((table.lacks)(column, row), cell) {
                    (Some(_), _) => "–".to_owned(),
                    (None, Some(cell)) => cell.in_table(),
                    (None, None) => "**not reached**".to_owned(),
                };
                let _ = write!(out, " {shown} |");
            }
        }
        let places = columns.flat_map(|column| table.rows.iter().map(move |row| (column, row)));
        let reasons: BTreeSet<_> = places.filter_map(|(column, row)| (table.lacks)(column, row)).collect();
        reasons.iter().for_each(|why| out += &format!("\n\n–: {why}"));
        out += "\n";
    }
    out += "\n## The bugs\n\nNumbers are sections of the measured wire format; what is filed under 4 and under 3.7 (js2p) was found by this run.\n\n";
    bugs.iter().for_each(|(number, text)| out += &format!("- **{number}**: {text}\n"));
    out
}

const HEAD: &str = "\
# What works with py2p and js2p

Written by `make interop`, which runs every cell with the real programs on loopback and fails when this page says
something else. Ours is `peer` of this repository; py2p is 0.7.878 (it calls itself 0.7.870), js2p is 0.7.870.
A column in which something fails for no reason listed here is run again from the start, at most twice.

In a column `A→B` the first node runs B, the second runs A and dials it, and a third that comes later runs B again, so
that both dial and both listen. In `all three` the first is ours, then come py2p and js2p; there py2p writes its ids as
text, since the two old programs refuse each other otherwise. The last two columns are the old programs alone.

- `ok`: every step of the row was seen to succeed on every node concerned.
- `bug N`: that bug of the old program breaks the row, by chance or always, and is shown also when it did not strike. A failure
  of ours in such a cell cannot be told from it; some attributions are by likeness, not seen. The list is at the end.
- `–`: the old program has no such thing; the reason stands below the table.
";
