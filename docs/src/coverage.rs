//! Requirements joined with the marks that cite them.

use std::collections::BTreeMap;

use crate::{Document, Id, Kind, Level, Mark, Problem, Requirement, Tree, digest, mark};

/// Everything that the digests and the marks of a tree say.
#[derive(Clone, Debug, Default)]
pub struct Coverage {
    /// The documents of all rooms, in the order of the rooms. One that two rooms share stands here twice.
    pub documents: Vec<Document>,
    /// Every requirement with its marks, in the order of the ids.
    pub entries: BTreeMap<Id, Entry>,
    /// Marks whose id no digest has.
    pub strays: Vec<Mark>,
    /// Lines that cannot be read, and ids given twice.
    pub problems: Vec<Problem>,
}

/// A requirement and its marks.
#[derive(Clone, Debug)]
pub struct Entry {
    /// From the digest.
    pub requirement: Requirement,
    /// In the order of files and lines.
    pub marks: Vec<Mark>,
}

/// How far a requirement has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// Some code meets it and some test proves it.
    Tested,
    /// Some code meets it.
    Met,
    /// Left out on purpose.
    Skipped,
    /// Promised.
    Todo,
    /// Nobody says anything about it.
    Open,
}

impl Coverage {
    /// Reads all digests and marks of a tree.
    pub fn of(tree: &Tree) -> Coverage {
        let mut coverage = Coverage::default();
        for (file, text) in tree.digests() {
            let digest = digest::parse(file, text);
            coverage.problems.extend(digest.problems);
            coverage.documents.extend(digest.documents);
        }
        for document in &coverage.documents {
            for requirement in document.sections.iter().flat_map(|section| &section.requirements) {
                let entry = Entry { requirement: requirement.clone(), marks: Vec::new() };
                if let Some(first) = coverage.entries.insert(requirement.id.clone(), entry) {
                    let message = format!("{} is given twice, first at {}", requirement.id, first.requirement.place);
                    coverage.problems.push(Problem::new(&requirement.place, message));
                }
            }
        }
        for (file, text) in tree.sources() {
            let (marks, problems) = mark::parse(file, text);
            coverage.problems.extend(problems);
            for mark in marks {
                match coverage.entries.get_mut(&mark.id) {
                    Some(entry) => entry.marks.push(mark),
                    None => coverage.strays.push(mark),
                }
            }
        }
        coverage
    }

    /// The state of the requirement of that name, if there is one.
    pub fn state(&self, id: &str) -> Option<State> {
        Some(self.entries.get(&id.parse().ok()?)?.state())
    }
}

impl Entry {
    /// How far it has come. A test alone counts for nothing: it must be the test of something.
    pub fn state(&self) -> State {
        let has = |kind: fn(&Kind) -> bool| self.marks.iter().any(|mark| kind(&mark.kind));
        let (met, test) = (has(|kind| matches!(kind, Kind::Met(_))), has(|kind| matches!(kind, Kind::Test)));
        match (met, test) {
            (true, true) => State::Tested,
            _ if has(|kind| matches!(kind, Kind::Skip(_))) => State::Skipped,
            (true, false) => State::Met,
            _ if has(|kind| matches!(kind, Kind::Todo(_))) => State::Todo,
            _ => State::Open,
        }
    }

    /// What its level still asks for, or `None` when it asks for nothing more.
    pub fn lacks(&self) -> Option<&'static str> {
        use State::{Met, Open, Skipped, Tested, Todo};
        match (self.requirement.level, self.state()) {
            (_, Tested | Skipped) | (Level::May, _) | (Level::Should | Level::ShouldNot, Met) => None,
            (Level::Must | Level::MustNot, Met) => Some("a test"),
            (Level::Must | Level::MustNot, Todo | Open) => Some("an implementation and a test, or a skip"),
            (Level::Should | Level::ShouldNot, Todo | Open) => Some("an implementation or a skip"),
        }
    }
}

impl State {
    /// All states, the furthest first.
    pub const ALL: [State; 5] = [State::Tested, State::Met, State::Skipped, State::Todo, State::Open];

    /// The word in the snapshot.
    pub fn name(self) -> &'static str {
        match self {
            State::Tested => "tested",
            State::Met => "met",
            State::Skipped => "skipped",
            State::Todo => "todo",
            State::Open => "open",
        }
    }
}
