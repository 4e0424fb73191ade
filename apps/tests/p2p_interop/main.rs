//! `peer` with the real py2p and js2p: `make interop`. Needs what `peers/install` installs.
//!
//! Every cell of docs/guide/p2p-interop.md is run; the page is written to target/p2p-interop.md, and the run fails when
//! a cell fails or the committed page says something else. `-- WORD…` runs only the tables and columns with these words
//! in their titles; `-- --write` replaces the page.
mod chord;
mod compression;
mod crowd;
mod known;
mod line;
mod mesh;
mod network;
mod node;
mod report;
mod sync;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use node::{Kind, Setup, root};
use report::{Cell, Column, Report, Table};

type Run = fn(&mut Report, Setup) -> Result<(), String>;

/// A table, what runs each of its columns, and the network that its columns start with.
struct Chapter {
    table: Table,
    run: Run,
    family: &'static str,
    enc: &'static str,
}

const PAGE: &str = "docs/guide/p2p-interop.md";
/// How often a column is run until nothing in it fails.
const TRIES: usize = 3;
/// Networks that run beside each other: their programs mostly wait.
const WORKERS: usize = 3;

static CHAPTERS: &[Chapter] = &[
    mesh("Mesh, plaintext", "Plaintext", any),
    mesh("Mesh, TLS", "SSL", any),
    mesh("Mesh, WebSocket", "ws", no_ws),
    sync("Sync, plaintext", "Plaintext", any),
    sync("Sync, TLS", "SSL", any),
    sync("Sync, WebSocket", "ws", no_ws),
    chord("Chord, plaintext", "Plaintext", any),
    chord("Chord, TLS", "SSL", any),
    chord("Chord, WebSocket", "ws", no_ws),
    Chapter {
        table: Table { title: "A line of three", text: LINE, rows: line::ROWS, lacks: any },
        run: line::run,
        family: "mesh",
        enc: "Plaintext",
    },
    Chapter {
        table: Table { title: "Twelve nodes", text: CROWD, rows: crowd::ROWS, lacks: crowd::lacks },
        run: crowd::run,
        family: "mesh",
        enc: "Plaintext",
    },
    Chapter {
        table: Table { title: "Compression", text: COMPRESSION, rows: compression::ROWS, lacks: compression::lacks },
        run: compression::run,
        family: "mesh",
        enc: "Plaintext",
    },
];

type Lacks = fn(Column, &str) -> Option<&'static str>;

const fn mesh(title: &'static str, enc: &'static str, lacks: Lacks) -> Chapter {
    let text = "One node listens, one dials it, a third dials the first and learns of the second from it.";
    Chapter { table: Table { title, text, rows: mesh::ROWS, lacks }, run: mesh::run, family: "mesh", enc }
}

const fn sync(title: &'static str, enc: &'static str, lacks: Lacks) -> Chapter {
    let text = "The same three nodes, leases on.";
    Chapter { table: Table { title, text, rows: sync::ROWS, lacks }, run: sync::run, family: "sync", enc }
}

const fn chord(title: &'static str, enc: &'static str, lacks: Lacks) -> Chapter {
    let text = "The same three nodes, then a fourth, which runs the program of the second.";
    Chapter { table: Table { title, text, rows: chord::ROWS, lacks }, run: chord::run, family: "chord", enc }
}

const LINE: &str =
    "Every node opens one link at most: both ends dial the one in the middle, the dialler of the column last.";
const CROWD: &str = "\
Every second node runs the one program, the others the other (in `all three`: six of ours, three of each). All dial the
first.";
const COMPRESSION: &str = "\
Two nodes that offer this method alone, broadcasts and whispers both ways. Elsewhere on this page nothing is compressed.";

fn any(_: Column, _: &str) -> Option<&'static str> {
    None
}

fn no_ws(column: Column, _: &str) -> Option<&'static str> {
    column.kinds().contains(&Kind::Py2p).then_some("py2p has no WebSocket.")
}

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<_> = args.iter().filter(|a| !a.starts_with("--")).collect();
    let wanted = |chapter: &Chapter, column: Column| {
        chapter.table.rows.iter().any(|row| (chapter.table.lacks)(column, row).is_none())
            && words.iter().all(|w| chapter.table.title.contains(*w) || column.title().contains(*w))
    };
    let todo: Vec<_> = CHAPTERS
        .iter()
        .flat_map(|chapter| Column::ALL.map(|column| (chapter, column)))
        .filter(|(chapter, column)| wanted(chapter, *column))
        .collect();
    let next = AtomicUsize::new(0);
    let reports = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                while let Some(&(chapter, column)) = todo.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let report = tried(chapter, column);
                    reports.lock().expect("no panic").push(report);
                }
            });
        }
    });
    let reports = reports.into_inner().expect("no panic");
    conclude(&reports, words.is_empty(), args.iter().any(|a| a == "--write"))
}

/// Runs one column of one table. The old programs also fail now and then in ways that no list foretells, so a column in
/// which something failed is run again, from the start, and the output says so.
fn tried(chapter: &'static Chapter, column: Column) -> Report {
    let mut report = one(chapter, column);
    for again in 2..=TRIES {
        if !report.cells.values().any(|cell| matches!(cell, Cell::Failed(_))) {
            break;
        }
        println!("{} | {}: run {again} of at most {TRIES}", chapter.table.title, column.title());
        report = one(chapter, column);
    }
    report
}

/// Runs one column of one table, once.
fn one(chapter: &'static Chapter, column: Column) -> Report {
    let mut report = Report::new(&chapter.table, column);
    let setup =
        Setup { family: chapter.family, enc: chapter.enc, ids: column.ids(), compression: "none", max_outgoing: "4" };
    let ran = catch_unwind(AssertUnwindSafe(|| (chapter.run)(&mut report, setup)));
    let ran = ran.unwrap_or_else(|_| Err("panicked".to_owned()));
    if let Err(why) = ran {
        println!("{} | {}: FAILED: {why}", chapter.table.title, column.title());
        for row in chapter.table.rows.iter().filter(|row| (chapter.table.lacks)(column, row).is_none()) {
            let bug = known::find(chapter.table.title, column, row).filter(|bug| bug.by_chance);
            report.cells.entry(row).or_insert_with(|| bug.map_or_else(|| Cell::Failed(why.clone()), Cell::Known));
        }
    }
    report
}

/// Writes the page, compares it with the committed one, and sums up.
fn conclude(reports: &[Report], whole: bool, write: bool) -> ExitCode {
    let cells = || reports.iter().flat_map(|r| r.cells.iter().map(move |(row, cell)| (r, row, cell)));
    let failed = |(_, _, cell): &(&Report, &&str, &Cell)| matches!(cell, Cell::Failed(_));
    println!("\n{} cells, {} failed", cells().count(), cells().filter(failed).count());
    for (report, row, cell) in cells().filter(failed) {
        let why = cell.in_full();
        println!(
            "  {} | {} | {row}: {}",
            report.table.title,
            report.column.title(),
            why.lines().next().unwrap_or_default()
        );
    }
    let mut fine = cells().filter(failed).count() == 0;
    if whole {
        let page = report::page(&CHAPTERS.iter().map(|c| &c.table).collect::<Vec<_>>(), reports);
        std::fs::write(root("target/p2p-interop.md"), &page).expect("target can be written");
        if write {
            std::fs::write(root(PAGE), &page).expect("the guide can be written");
        }
        if std::fs::read_to_string(root(PAGE)).unwrap_or_default() != page {
            println!("{PAGE} says something else than this run, target/p2p-interop.md: compare them");
            fine = false;
        }
    }
    if fine { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
