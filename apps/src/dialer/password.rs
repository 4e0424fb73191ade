use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use super::options::Options;
use crate::common::Failure;

/// Where the password comes from: the option, the file, the terminal or the environment, in this order.
///
/// # Errors
/// [`Failure::Usage`] when the file cannot be read, or nobody answers.
pub fn password(options: &Options) -> Result<Option<String>, Failure> {
    if let Some(password) = &options.authpass {
        return Ok(Some(password.clone()));
    }
    match &options.authpass_file {
        Some(path) if path == Path::new("-") => ask().map(Some),
        Some(path) => {
            let shown = path.display();
            let file = std::fs::File::open(path).map_err(|e| Failure::usage(format!("cannot read {shown}: {e}")))?;
            first_line(file).map_err(|e| Failure::usage(format!("cannot read {shown}: {e}"))).map(Some)
        }
        None => Ok(std::env::var(VARIABLE).ok().filter(|text| !text.is_empty())),
    }
}

const VARIABLE: &str = "DIALER_AUTHPASS";

/// Asks at the terminal, which does not show what is typed.
fn ask() -> Result<String, Failure> {
    let no_terminal = |e: std::io::Error| Failure::usage(format!("cannot ask for the password: {e}"));
    let open = || std::fs::File::options().read(true).write(true).open("/dev/tty");
    let mut terminal = open().map_err(no_terminal)?;
    let echo = |mode: &str| {
        let tty = open().map_err(no_terminal)?;
        let status = Command::new("stty").arg(mode).stdin(Stdio::from(tty)).status().map_err(no_terminal)?;
        if status.success() { Ok(()) } else { Err(Failure::usage("cannot ask for the password: stty failed")) }
    };
    write!(terminal, "Password: ").map_err(no_terminal)?;
    echo("-echo")?;
    let password = first_line(open().map_err(no_terminal)?).map_err(no_terminal);
    echo("echo")?;
    let _ = writeln!(terminal);
    password
}

fn first_line(from: impl std::io::Read) -> std::io::Result<String> {
    const LONGEST: u64 = 4096;
    let mut line = String::new();
    BufReader::new(std::io::Read::take(from, LONGEST)).read_line(&mut line)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::common::parse_args;

    #[test]
    fn a_file_gives_its_first_line() {
        let path = std::env::temp_dir().join(format!("wireworks-pass-{}", std::process::id()));
        std::fs::write(&path, "open sesame \r\nsecond line\n").unwrap();
        let args = ["dialer", "--listen", "--authpass-file", path.to_str().unwrap()];
        let options: Options = parse_args(args.map(Into::into)).unwrap();
        assert_eq!(password(&options).unwrap().as_deref(), Some("open sesame "));
        std::fs::remove_file(path).unwrap();
        let failure = password(&options).unwrap_err();
        assert_eq!(failure.code(), 2);
        assert!(failure.to_string().contains("cannot read"));
    }
}
