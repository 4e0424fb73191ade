//! `docs ladder FILE`: a capture to a page, a picture or the terminal.

use std::env;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::{Ladder, Limits, Names, html, svg, text};

/// What `docs ladder` is asked to do.
#[derive(Clone, Debug, clap::Args)]
pub struct Options {
    /// A packet capture, pcap or pcapng: `--trace` of any program writes one
    pub file: PathBuf,
    /// Where the drawing goes, .html or .svg [default: a page beside the capture]
    #[arg(short, long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Draw in the terminal instead
    #[arg(long, conflicts_with = "out")]
    pub text: bool,
    /// What an end is called, once for each
    #[arg(long = "name", value_name = "ADDRESS[:PORT]=NAME")]
    pub names: Vec<String>,
}

/// Draws a capture, and gives what to print: the drawing, or where the page is.
///
/// # Errors
/// One line: what is wrong with a name or the file.
pub fn run(options: &Options) -> Result<String, String> {
    let names: Vec<&str> = options.names.iter().map(String::as_str).collect();
    let names = Names::parse(&names).map_err(|why| format!("--name {why}"))?;
    let file = &options.file;
    let ladder = read(file, &names)?;
    if options.text {
        return Ok(text::draw(&ladder, terminal_width()));
    }
    let out = options.out.clone().unwrap_or_else(|| file.with_extension("html"));
    let title = file.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let content = match out.extension().and_then(|extension| extension.to_str()) {
        Some("svg") => svg::draw(&ladder, &title),
        Some("html" | "htm") => html::page(&ladder, &title),
        _ => return Err(format!("{}: a ladder is written as .html or .svg", out.display())),
    };
    write(&out, &content, file).map_err(|why| format!("{} cannot be written: {why}", out.display()))?;
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

/// Writes a drawing, which holds what the capture does: whoever may not read that may not read this.
fn write(out: &Path, content: &str, capture: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    let rights = {
        use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
        let rights = capture.metadata()?.permissions().mode() & 0o666 | 0o600;
        options.mode(rights);
        rights
    };
    #[cfg(not(unix))]
    let _ = capture;
    let mut file = options.open(out)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mut kept = file.metadata()?.permissions(); // those of a file that was there before may be wider
        if kept.mode() & 0o777 & !rights != 0 {
            kept.set_mode(kept.mode() & rights);
            file.set_permissions(kept)?;
        }
    }
    file.write_all(content.as_bytes())
}

/// What the shell says, else what most terminals are at least.
fn terminal_width() -> usize {
    env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok()).unwrap_or(100)
}
