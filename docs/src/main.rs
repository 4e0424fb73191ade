//! `docs`: the spec annotations of the repository above the current directory, its site, and ladder diagrams.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;
use std::{env, fs, io};

use clap::{Parser, Subcommand};
use docs::gaps::Gap;
use docs::key_words::{self, Table};
use docs::ladder::{self, command};
use docs::site::{self, Sections, Site};
use docs::words::Texts;
use docs::{Coverage, Tree, density, gaps, machines, report, snapshot, words};

/// The spec annotations of this repository, the site made from them, and ladder diagrams of captures.
///
/// With SPEC_TEXT_DIR set to a directory of rfcNNNN.txt, `check` also compares words and counts key words anew, and the
/// site shows each section beside its requirements.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Say where digests, marks, key words and docs/coverage.txt disagree
    Check {
        /// Renew docs/coverage.txt first
        #[arg(long)]
        write: bool,
    },
    /// Count requirements by document, and marks by room
    Report,
    /// Write target/site
    Site,
    /// List sections with more key words than their digest accounts for
    Gaps {
        /// List those with fewer instead
        #[arg(long)]
        surplus: bool,
        /// Such as rfc3261; all when none is given
        documents: Vec<String>,
    },
    /// Print how often each section of the texts in SPEC_TEXT_DIR asks
    KeyWords {
        /// Renew docs/key-words.tsv instead
        #[arg(long)]
        write: bool,
    },
    /// Compare the state machines of the code with the digests and their pictures
    Machines {
        /// Renew the pictures first
        #[arg(long)]
        write: bool,
        /// Print this machine's table as a digest has it
        #[arg(conflicts_with = "write")]
        name: Option<String>,
    },
    /// Draw a capture as a ladder diagram
    Ladder(command::Options),
    /// Compare the pictures of the recorded runs with their captures
    Ladders {
        /// Renew the pictures instead
        #[arg(long)]
        write: bool,
    },
}

fn main() -> ExitCode {
    match run(Arguments::parse().task) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}

/// Does what is asked; false when it found something wrong.
fn run(task: Task) -> io::Result<bool> {
    match task {
        Task::Check { write } => check(&root()?, write),
        Task::Report => print_report(&root()?),
        Task::Site => write_site(&root()?),
        Task::Gaps { surplus: true, documents } => print_gaps(&root()?, &documents, |gap| !gap.is_open()),
        Task::Gaps { surplus: false, documents } => print_gaps(&root()?, &documents, Gap::is_open),
        Task::KeyWords { write } => count_key_words(&root()?, write),
        Task::Machines { name: Some(name), .. } => print_machine(&name),
        Task::Machines { write, name: None } => check_machines(&root()?, write),
        Task::Ladder(options) => {
            print!("{}", command::run(&options).map_err(io::Error::other)?);
            Ok(true)
        }
        Task::Ladders { write } => draw_ladders(&root()?, write),
    }
}

/// Compares the pictures of the recorded runs with what their captures give, or writes them.
fn draw_ladders(root: &Path, write: bool) -> io::Result<bool> {
    let mut is_current = true;
    for recorded in ladder::recorded::ALL {
        let Ok(capture) = fs::read(root.join(recorded.file())) else { continue };
        let drawn = recorded.draw(&capture).map_err(io::Error::other)?;
        let file = root.join(recorded.picture());
        if write {
            fs::write(&file, drawn)?;
        } else if fs::read_to_string(&file).ok().as_deref() != Some(&drawn) {
            println!("{} is not current: docs ladders --write renews it", recorded.picture());
            is_current = false;
        }
    }
    Ok(is_current)
}

/// Prints every failure; true when there is none.
fn check(root: &Path, write: bool) -> io::Result<bool> {
    let tree = Tree::read(root)?;
    let coverage = Coverage::of(&tree);
    let mut problems = docs::check(&coverage);
    let file = root.join(snapshot::FILE);
    if write {
        fs::write(&file, snapshot::print(&coverage))?;
    }
    problems.extend(snapshot::check(&coverage, &fs::read_to_string(&file).unwrap_or_default()));
    let committed = read_key_words(&root.join(key_words::FILE));
    problems.extend(gaps::check(&coverage, &Table::parse(&committed), gaps::PARTIAL));
    if let Some(directory) = text_directory() {
        problems.extend(count(&coverage, &committed, &directory).check(&committed));
        let mut texts = Texts::default();
        for document in &coverage.documents {
            if let Ok(text) = fs::read_to_string(directory.join(format!("{}.txt", document.name))) {
                texts.add(&document.name, &text);
            }
        }
        problems.extend(words::check(&coverage, &texts));
        problems.extend(words::check_prose(&tree, &texts));
    }
    for problem in &problems {
        println!("{problem}");
    }
    Ok(problems.is_empty())
}

fn print_report(root: &Path) -> io::Result<bool> {
    let tree = Tree::read(root)?;
    let table = Table::parse(&read_key_words(&root.join(key_words::FILE)));
    println!("{}\n{}", report::print(&Coverage::of(&tree), &table), density::print(&tree));
    Ok(true)
}

/// Prints the wanted gaps of the given documents, or of all.
fn print_gaps(root: &Path, names: &[String], wanted: fn(&Gap) -> bool) -> io::Result<bool> {
    let coverage = Coverage::of(&Tree::read(root)?);
    let table = Table::parse(&read_key_words(&root.join(key_words::FILE)));
    for name in gaps::documents(&coverage, &table) {
        if names.is_empty() || names.iter().any(|wanted| wanted == name) {
            for gap in gaps::of(&coverage, name, &table).into_iter().filter(wanted) {
                println!("{gap}");
            }
        }
    }
    Ok(true)
}

/// Prints or writes the counts of all documents whose text is at hand; the others stay as they are.
fn count_key_words(root: &Path, write: bool) -> io::Result<bool> {
    let directory = text_directory().ok_or_else(|| io::Error::other("SPEC_TEXT_DIR names no directory of texts"))?;
    let file = root.join(key_words::FILE);
    let counts = count(&Coverage::of(&Tree::read(root)?), &read_key_words(&file), &directory).print();
    if write {
        fs::write(&file, counts)?;
    } else {
        print!("{counts}");
    }
    Ok(true)
}

/// The committed counts with those of every document whose text is in `directory` counted anew.
fn count(coverage: &Coverage, committed: &str, directory: &Path) -> Table {
    let mut table = Table::parse(committed);
    for document in &coverage.documents {
        if let Ok(text) = fs::read_to_string(directory.join(format!("{}.txt", document.name))) {
            table.count(&document.name, &text);
        }
    }
    table
}

fn read_key_words(file: &Path) -> String {
    fs::read_to_string(file).unwrap_or_default()
}

/// Writes the site below `target/site`.
fn write_site(root: &Path) -> io::Result<bool> {
    let start = Instant::now();
    let tree = Tree::read(root)?;
    let coverage = Coverage::of(&tree);
    let mut sections = Sections::new();
    if let Some(directory) = text_directory() {
        for document in &coverage.documents {
            if let Ok(text) = fs::read_to_string(directory.join(format!("{}.txt", document.name))) {
                let by_number = gaps::sections_of(&text).into_iter().map(|(number, _, body)| (number, body));
                sections.insert(document.name.clone(), by_number.collect());
            }
        }
    }
    let api = site::read_api(&root.join("target/doc"))?;
    let (sources, target) = (tree.all_sources().count(), root.join("target/site"));
    eprintln!("{sources} sources, {} documents, {} pages of rustdoc", coverage.documents.len(), api.len());
    let extra = ladder::recorded::pages(|path| fs::read(root.join(path)).ok()).map_err(io::Error::other)?;
    let files = Site { sections: &sections, api: &api, extra: &extra, ..Site::new(&tree, &coverage) }.files();
    site::write(&files, &target)?;
    let bytes: usize = files.values().map(Vec::len).sum();
    eprintln!("{} files, {} MB, in {:.1} s", files.len(), bytes / 1_000_000, start.elapsed().as_secs_f32());
    println!("{}", target.join("index.html").display());
    Ok(true)
}

/// Prints how the tables of the machines in the code differ from those of the digests, and whether the pictures are
/// current; draws the pictures on request.
fn check_machines(root: &Path, write: bool) -> io::Result<bool> {
    let machines = machines::all();
    for machine in machines.iter().filter(|_| write) {
        fs::write(root.join(machines::svg::file(machine)), machines::svg::render(machine))?;
    }
    let problems = machines::check(root, &machines);
    for problem in &problems {
        println!("{problem}");
    }
    Ok(problems.is_empty())
}

/// Prints one machine's table as a digest has it.
fn print_machine(name: &str) -> io::Result<bool> {
    let machines = machines::all();
    let machine = machines.iter().find(|machine| machine.name == name);
    print!("{}", machines::table::print(machine.ok_or_else(|| io::Error::other("no such machine"))?));
    Ok(true)
}

fn text_directory() -> Option<PathBuf> {
    env::var_os("SPEC_TEXT_DIR").filter(|value| !value.is_empty()).map(PathBuf::from)
}

/// The closest directory, from the current one upwards, with a workspace in it.
fn root() -> io::Result<PathBuf> {
    let here = env::current_dir()?;
    let is_root = |directory: &&Path| {
        fs::read_to_string(directory.join("Cargo.toml")).is_ok_and(|manifest| manifest.contains("[workspace]"))
    };
    let root = here.ancestors().find(is_root).ok_or_else(|| io::Error::other("not inside of a workspace"))?;
    Ok(root.to_path_buf())
}
