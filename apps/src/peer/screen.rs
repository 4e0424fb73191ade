use std::io::{IsTerminal, Write as _};

use serde_json::Value as Json;

use super::words::Tone;
use crate::common::clean;

/// Standard output: JSON lines for programs, or words with the time for people, with colour and a prompt on a terminal.
#[derive(Clone, Copy, Debug)]
pub(super) struct Screen {
    json: bool,
    colour: bool,
    prompt: bool,
}

impl Screen {
    /// For programs if `json`, else for people.
    pub fn new(json: bool) -> Screen {
        let terminal = !json && std::io::stdout().is_terminal();
        Screen {
            json,
            colour: terminal && std::env::var_os("NO_COLOR").is_none(),
            prompt: terminal && std::io::stdin().is_terminal(),
        }
    }

    /// Whether programs read it.
    pub fn is_json(&self) -> bool {
        self.json
    }

    /// Prints a line for programs; nothing for people.
    pub fn object(&self, object: &Json) {
        if self.json {
            self.print(&object.to_string());
        }
    }

    /// Prints a line for people, `seconds` after the start; nothing for programs.
    pub fn words(&self, seconds: f64, tone: Tone, text: &str) {
        if self.json {
            return;
        }
        let text = clean(text);
        let (before, after) = match (self.colour, tone) {
            (false, _) | (true, Tone::Plain) => ("", ""),
            (true, Tone::Good) => ("\x1b[32m", "\x1b[0m"),
            (true, Tone::Bad) => ("\x1b[33m", "\x1b[0m"),
            (true, Tone::Faint) => ("\x1b[2m", "\x1b[0m"),
        };
        self.print(&format!("{seconds:>9.3}  {before}{text}{after}"));
    }

    /// Prints lines for people, without the time.
    pub fn list(&self, lines: &[String]) {
        if !self.json {
            lines.iter().for_each(|line| self.print(&clean(line)));
        }
    }

    /// Shows that a line can be typed.
    pub fn invite(&self) {
        if self.prompt {
            let mut out = std::io::stdout().lock();
            let _ = write!(out, "> ").and_then(|()| out.flush());
        }
    }

    /// Leaves the prompt's line, at the end.
    pub fn newline(&self) {
        if self.prompt {
            println!();
        }
    }

    fn print(&self, line: &str) {
        // whoever closed the pipe does not want to know any more; the node goes on
        let mut out = std::io::stdout().lock();
        let _ = match self.prompt {
            true => write!(out, "\r\x1b[K{line}\n> "),
            false => writeln!(out, "{line}"),
        }
        .and_then(|()| out.flush());
    }
}
