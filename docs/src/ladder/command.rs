//! `docs ladder FILE`: a capture to a page, a picture or the terminal.

use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use super::{Ladder, Limits, Names, html, svg, text};

/// How to call it.
pub const USAGE: &str = "usage: docs ladder FILE.pcap [-o OUT.html|OUT.svg] [--text] [--name ADDRESS[:PORT]=NAME]...";

/// Does what the arguments behind `ladder` say, and gives what to print: the drawing, or where the page is.
///
/// # Errors
/// One line: what is wrong with the arguments or the file.
pub fn run(arguments: &[&str]) -> Result<String, String> {
    let mut file = None;
    let (mut out, mut as_text, mut names) = (None, false, Vec::new());
    let mut rest = arguments.iter().copied();
    while let Some(argument) = rest.next() {
        let mut value = || rest.next().ok_or_else(|| format!("{argument} needs a value; {USAGE}"));
        match argument {
            "-o" => out = Some(PathBuf::from(value()?)),
            "--name" => names.push(value()?),
            "--text" => as_text = true,
            option if option.starts_with('-') => return Err(format!("{option} is no option; {USAGE}")),
            path if file.is_none() => file = Some(Path::new(path)),
            _ => return Err(format!("one capture at a time; {USAGE}")),
        }
    }
    let file = file.ok_or(USAGE)?;
    let names = Names::parse(&names).map_err(|why| format!("--name {why}"))?;
    let ladder = read(file, &names)?;
    if as_text {
        return Ok(text::draw(&ladder, terminal_width()));
    }
    let out = out.unwrap_or_else(|| file.with_extension("html"));
    let title = file.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let content = match out.extension().and_then(|extension| extension.to_str()) {
        Some("svg") => svg::draw(&ladder, &title),
        Some("html" | "htm") => html::page(&ladder, &title),
        _ => return Err(format!("{}: a ladder is written as .html or .svg", out.display())),
    };
    fs::write(&out, content).map_err(|why| format!("{} cannot be written: {why}", out.display()))?;
    Ok(format!("{}: {} messages between {}\n", out.display(), ladder.arrows.len(), ladder.columns.len()))
}

/// Reads a file.
///
/// # Errors
/// One line with its name.
pub fn read(file: &Path, names: &Names) -> Result<Ladder, String> {
    let open = File::open(file).map_err(|why| format!("{} cannot be read: {why}", file.display()))?;
    Ladder::read(open, names, &Limits::default()).map_err(|why| format!("{}: {why}", file.display()))
}

/// What the shell says, else what most terminals are at least.
fn terminal_width() -> usize {
    env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok()).unwrap_or(100)
}
