use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use super::Failure;

/// The password in the first line of a file; `-` asks for it at the terminal.
///
/// # Errors
/// [`Failure::Usage`] when the file cannot be read, or nobody answers.
pub fn password_file(path: &Path) -> Result<String, Failure> {
    if path == Path::new("-") {
        return ask("Password: ");
    }
    let failed = |why: io::Error| Failure::usage(format!("cannot read {}: {why}", path.display()));
    first_line(std::fs::File::open(path).map_err(failed)?).map_err(failed)
}

/// Asks at the terminal, which does not show what is typed.
///
/// # Errors
/// [`Failure::Usage`] when there is no terminal.
pub fn ask(prompt: &str) -> Result<String, Failure> {
    let no_terminal = |e: io::Error| Failure::usage(format!("cannot ask for the password: {e}"));
    let open = || std::fs::File::options().read(true).write(true).open("/dev/tty");
    let mut terminal = open().map_err(no_terminal)?;
    let echo = |mode: &str| {
        let tty = open().map_err(no_terminal)?;
        let status = Command::new("stty").arg(mode).stdin(Stdio::from(tty)).status().map_err(no_terminal)?;
        if status.success() { Ok(()) } else { Err(Failure::usage("cannot ask for the password: stty failed")) }
    };
    write!(terminal, "{prompt}").map_err(no_terminal)?;
    echo("-echo")?;
    let password = first_line(open().map_err(no_terminal)?).map_err(no_terminal);
    echo("echo")?;
    let _ = writeln!(terminal);
    password
}

/// The first line of what can be read, without its end.
///
/// # Errors
/// The system's, and `InvalidData` when it is no UTF-8.
pub fn first_line(from: impl Read) -> io::Result<String> {
    const LONGEST: u64 = 4096;
    let mut line = String::new();
    BufReader::new(Read::take(from, LONGEST)).read_line(&mut line)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}
