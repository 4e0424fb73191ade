//! State machines as pictures: the transition tables of the rooms' code, compared with those in their digests, and drawn.
//!
//! [`all`] lists the machines. Each has three forms that have to agree, which `tests/machines.rs` checks: the rows that the
//! code goes by ([`Machine::of`]), the table in the room's `SPEC.md` ([`table::read`]), and the committed picture in
//! `docs/guide/machines` ([`svg::render`]). `docs machines --write` renews the pictures.
//!
//! In a digest, a machine is a heading of the fourth level under the section that asks for it, and a table:
//!
//! ```text
//! #### machine `door`
//!
//! | State | Stimulus | Action | Next state |
//! |---|---|---|---|
//! | Shut | push | creak | Open |
//! ```

pub mod layout;
mod rooms;
pub mod svg;
pub mod table;

use std::fmt::{Debug, Display};
use std::fs;
use std::path::Path;

pub use rooms::all;

/// A state machine of a room.
#[derive(Clone, Debug)]
pub struct Machine {
    /// The name in the digest and of the picture's file: `invite-client`.
    pub name: String,
    /// What it is, for the head of the picture.
    pub title: String,
    /// The file with its table in the code.
    pub source: String,
    /// The digest with its table.
    pub digest: String,
    /// The state that it begins in.
    pub start: String,
    /// The states that nothing follows.
    pub ends: Vec<String>,
    /// Its rows, in the order of the code.
    pub rows: Vec<Row>,
}

/// One row of a table, in words.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Row {
    /// The states that it leads away from.
    pub from: Vec<String>,
    /// What happens.
    pub on: String,
    /// What is done, or empty.
    pub action: String,
    /// The state afterwards.
    pub to: String,
}

/// The column of actions in words.
pub trait Words {
    /// Parted by commas; empty when nothing is done.
    fn words(&self) -> String;
}

impl Words for &str {
    fn words(&self) -> String {
        (*self).into()
    }
}

impl<T: Display> Words for &[T] {
    fn words(&self) -> String {
        self.iter().map(T::to_string).collect::<Vec<_>>().join(", ")
    }
}

impl Machine {
    /// The machine `name` of the room file `source`, which goes by `rows` from `start`.
    pub fn of<S: Debug + PartialEq, I: Display, A: Words>(
        name: &str,
        title: &str,
        source: &str,
        start: S,
        rows: &[wire::Transition<S, I, A>],
    ) -> Machine {
        let room = source.split('/').next().unwrap_or_default();
        let mut ends: Vec<String> = Vec::new();
        for row in rows.iter().filter(|row| row.to != start && !rows.iter().any(|r| r.from.contains(&row.to))) {
            let end = format!("{:?}", row.to);
            if !ends.contains(&end) {
                ends.push(end);
            }
        }
        Machine {
            name: name.into(),
            title: title.into(),
            source: source.into(),
            digest: format!("{room}/SPEC.md"),
            start: format!("{start:?}"),
            ends,
            rows: rows.iter().map(Row::of).collect(),
        }
    }

    /// Its states, in the order in which the rows name them.
    pub fn states(&self) -> Vec<&str> {
        let mut states = vec![self.start.as_str()];
        for row in &self.rows {
            for state in row.from.iter().chain([&row.to]) {
                if !states.contains(&state.as_str()) {
                    states.push(state);
                }
            }
        }
        states
    }
}

impl Row {
    fn of<S: Debug, I: Display, A: Words>(row: &wire::Transition<S, I, A>) -> Row {
        Row {
            from: row.from.iter().map(|state| format!("{state:?}")).collect(),
            on: row.on.to_string(),
            action: row.action.words(),
            to: format!("{:?}", row.to),
        }
    }
}

/// Every way in which digests and committed pictures differ from the code.
pub fn check(root: &Path, machines: &[Machine]) -> Vec<String> {
    let mut problems = Vec::new();
    for machine in machines {
        let Machine { name, source, digest, rows, .. } = machine;
        let text = fs::read_to_string(root.join(digest)).unwrap_or_default();
        match table::read(&text, name) {
            None => problems.push(format!("{digest}: no table below `#### machine `{name}`` (code: {source})")),
            Some(told) => {
                problems.extend(table::differences(rows, &told).iter().map(|d| format!("{digest}: {name}: {d}")))
            }
        }
        let picture = svg::file(machine);
        if fs::read_to_string(root.join(&picture)).unwrap_or_default() != svg::render(machine) {
            problems.push(format!("{picture}: not current: {RENEW}"));
        }
    }
    problems
}

/// Where the pictures are, from the root of the repository.
pub const PICTURES: &str = "docs/guide/machines";

/// The command that renews them.
pub const RENEW: &str = "cargo run -q -p docs -- machines --write";
