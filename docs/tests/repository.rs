//! The digests, marks and committed counts of this repository, as `docs check` looks at them.

use std::fs;
use std::path::{Path, PathBuf};

use docs::key_words::{self, Table};
use docs::{Coverage, Problem, Tree, check, gaps, snapshot};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(file: &str) -> String {
    fs::read_to_string(root().join(file)).unwrap()
}

fn none(problems: impl IntoIterator<Item = Problem>) {
    let lines: Vec<String> = problems.into_iter().map(|problem| problem.to_string()).collect();
    assert!(lines.is_empty(), "{}", lines.join("\n"));
}

#[test]
fn digests_and_marks_agree() {
    none(check(&Coverage::of(&Tree::read(&root()).unwrap())));
}

#[test]
fn the_snapshot_is_current() {
    none(snapshot::check(&Coverage::of(&Tree::read(&root()).unwrap()), &read(snapshot::FILE)));
}

#[test]
fn every_key_word_in_scope_is_accounted_for() {
    let coverage = Coverage::of(&Tree::read(&root()).unwrap());
    none(gaps::check(&coverage, &Table::parse(&read(key_words::FILE)), gaps::PARTIAL));
}

/// Needs the texts: `SPEC_TEXT_DIR`, as for `docs check`.
#[test]
fn the_counts_are_those_of_the_texts() {
    let Some(directory) = std::env::var_os("SPEC_TEXT_DIR").filter(|directory| !directory.is_empty()) else { return };
    let committed = read(key_words::FILE);
    let mut table = Table::parse(&committed);
    for document in Coverage::of(&Tree::read(&root()).unwrap()).documents {
        if let Ok(text) = fs::read_to_string(Path::new(&directory).join(format!("{}.txt", document.name))) {
            table.count(&document.name, &text);
        }
    }
    none(table.check(&committed));
}
