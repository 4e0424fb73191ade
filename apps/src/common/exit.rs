use std::fmt;
use std::path::Path;
use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;
use serde::de::DeserializeOwned;

/// Why a program ends without success. It prints as one line: what went wrong, and what the user can do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Something went wrong while running: exit code 1.
    Runtime(String),
    /// The command line or a configuration file is wrong: exit code 2.
    Usage(String),
    /// Help or the version was asked for, and this is it: printed on standard output, exit code 0.
    Answered(String),
}

impl Failure {
    /// A failure while running.
    pub fn runtime(what: impl fmt::Display) -> Failure {
        Failure::Runtime(what.to_string())
    }

    /// A mistake in the command line or a configuration file.
    pub fn usage(what: impl fmt::Display) -> Failure {
        Failure::Usage(what.to_string())
    }

    /// The exit code: 0 when the user got what was asked for, 1 for a failure while running, 2 for wrong usage.
    pub fn code(&self) -> u8 {
        match self {
            Failure::Answered(_) => 0,
            Failure::Runtime(_) => 1,
            Failure::Usage(_) => 2,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Failure::Runtime(text) | Failure::Usage(text) | Failure::Answered(text)) = self;
        f.write_str(text)
    }
}

impl std::error::Error for Failure {}

/// Runs the body of the program called `name` and turns its result into an exit code, with at most one line on
/// standard error.
pub fn run(name: &str, body: impl FnOnce() -> Result<(), Failure>) -> ExitCode {
    match body() {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Answered(text)) => {
            print!("{text}");
            ExitCode::SUCCESS
        }
        Err(failure) => {
            eprintln!("{name}: {}", one_line(&failure.to_string()));
            ExitCode::from(failure.code())
        }
    }
}

/// Reads arguments into `T`.
///
/// # Errors
/// [`Failure::Usage`] in one line, instead of clap's paragraph; [`Failure::Answered`] for `--help` and `--version`.
pub fn parse_args<T: Parser>(args: impl IntoIterator<Item = std::ffi::OsString>) -> Result<T, Failure> {
    T::try_parse_from(args).map_err(|error| match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Failure::Answered(error.render().to_string()),
        _ => {
            let text = error.render().to_string();
            let mut parts = text.split("\n\n");
            let first = parts.next().unwrap_or_default();
            let first = first.strip_prefix("error: ").unwrap_or(first);
            let tip = parts.find_map(|part| part.trim().strip_prefix("tip: ")).map(|tip| format!(" ({tip})"));
            Failure::Usage(format!("{}; see --help", one_line(&[first, &tip.unwrap_or_default()].concat())))
        }
    })
}

/// Reads the TOML file of a program's options.
///
/// # Errors
/// [`Failure::Usage`] when it cannot be read or holds what is no option, with the line.
pub fn read_config<T: DeserializeOwned>(path: &Path) -> Result<T, Failure> {
    let shown = path.display();
    let text = std::fs::read_to_string(path).map_err(|e| Failure::usage(format!("cannot read {shown}: {e}")))?;
    toml::from_str(&text).map_err(|e| {
        let line = e.span().map_or(0, |span| text.get(..span.start).unwrap_or(&text).matches('\n').count()) + 1;
        Failure::usage(format!("{shown} line {line}: {}", e.message()))
    })
}

/// The text with every run of white space and control characters as one space.
fn one_line(text: &str) -> String {
    text.split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Parser, Debug)]
    #[command(name = "demo", version)]
    struct Demo {
        #[arg(long)]
        port: u16,
    }

    fn parse(args: &[&str]) -> Failure {
        parse_args::<Demo>(args.iter().map(Into::into)).unwrap_err()
    }

    #[test]
    fn wrong_usage_is_one_line() {
        for args in [&["demo"][..], &["demo", "--port", "x"], &["demo", "--nonsense"]] {
            let failure = parse(args);
            assert_eq!(failure.code(), 2);
            assert!(!failure.to_string().contains('\n'), "{failure}");
            assert!(failure.to_string().ends_with("see --help"), "{failure}");
        }
    }

    #[test]
    fn a_near_miss_is_named() {
        let failure = parse(&["demo", "--prot", "1"]);
        assert!(failure.to_string().contains("--port"), "{failure}");
    }

    #[test]
    fn help_and_version_succeed() {
        assert_eq!(parse(&["demo", "--help"]).code(), 0);
        assert!(parse(&["demo", "--version"]).to_string().starts_with("demo "));
    }

    #[test]
    fn control_characters_never_reach_the_terminal() {
        assert_eq!(one_line("a\r\nb\u{1b}[31m  c"), "a b [31m c");
    }
}
