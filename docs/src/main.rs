//! `docs check [--write]`, `docs report`, `docs site`, `docs gaps [DOCUMENT…]`: the spec annotations of the repository above the
//! current directory. With `SPEC_TEXT_DIR` set to a directory of `rfcNNNN.txt`, `check` also compares words.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, fs, io};

use docs::site::{Sections, Site};
use docs::words::Texts;
use docs::{Coverage, Tree, gaps, report, snapshot, words};

const USAGE: &str = "usage: docs check [--write] | report | site | gaps [DOCUMENT...]";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = root().and_then(|root| match arguments[..] {
        ["check"] => check(&root, false),
        ["check", "--write"] => check(&root, true),
        ["report"] => print_report(&root),
        ["site"] => write_site(&root),
        ["gaps", ref documents @ ..] => print_gaps(&root, documents),
        _ => Err(io::Error::other(USAGE)),
    });
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
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
    if let Some(directory) = text_directory() {
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
    print!("{}", report::print(&Coverage::of(&Tree::read(root)?)));
    Ok(true)
}

/// Prints the gaps of the given documents, or of all whose text is there.
fn print_gaps(root: &Path, wanted: &[&str]) -> io::Result<bool> {
    let directory = text_directory().ok_or_else(|| io::Error::other("SPEC_TEXT_DIR names no directory of texts"))?;
    let coverage = Coverage::of(&Tree::read(root)?);
    let mut names: Vec<&str> = coverage.documents.iter().map(|document| document.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    for name in names.into_iter().filter(|name| wanted.is_empty() || wanted.contains(name)) {
        let Ok(text) = fs::read_to_string(directory.join(format!("{name}.txt"))) else { continue };
        for gap in gaps::of(&coverage, name, &text) {
            println!("{name}#{}: {} sentences, {} lines: {}", gap.section, gap.asked, gap.lines, gap.title);
        }
    }
    Ok(true)
}

/// Writes the site below `target/site`.
fn write_site(root: &Path) -> io::Result<bool> {
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
    let target = root.join("target/site");
    for (path, content) in (Site { tree: &tree, coverage: &coverage, sections: &sections }).files() {
        let path = target.join(path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(path, content)?;
    }
    println!("{}", target.join("index.html").display());
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
