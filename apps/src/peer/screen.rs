use std::io::{IsTerminal, Write as _};

use serde::Serialize;

use super::words::Tone;
use crate::common::clean;

/// Standard output: JSON lines for programs, or words with the time for people, with colour and a prompt on a terminal.
/// Lines are gathered, so that those of one moment cost one system call: whoever prints flushes before it waits.
#[derive(Debug)]
pub(super) struct Screen {
    json: bool,
    colour: bool,
    prompt: bool,
    gathered: Vec<u8>,
}

impl Screen {
    /// For programs if `json`, else for people.
    pub fn new(json: bool) -> Screen {
        let terminal = !json && std::io::stdout().is_terminal();
        Screen {
            json,
            colour: terminal && std::env::var_os("NO_COLOR").is_none(),
            prompt: terminal && std::io::stdin().is_terminal(),
            gathered: Vec::new(),
        }
    }

    /// Whether programs read it.
    pub fn is_json(&self) -> bool {
        self.json
    }

    /// Prints a line for programs; nothing for people.
    pub fn object(&mut self, object: &impl Serialize) {
        if !self.json {
            return;
        }
        let before = self.gathered.len();
        match serde_json::to_writer(&mut self.gathered, object) {
            Ok(()) => self.gathered.push(b'\n'),
            Err(_) => self.gathered.truncate(before), // no object of ours has a key that is no text
        }
        self.spill();
    }

    /// Prints a line for people, `seconds` after the start; nothing for programs.
    pub fn words(&mut self, seconds: f64, tone: Tone, text: &str) {
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
    pub fn list(&mut self, lines: &[String]) {
        if !self.json {
            lines.iter().for_each(|line| self.print(&clean(line)));
        }
    }

    /// Shows that a line can be typed.
    pub fn invite(&mut self) {
        if self.prompt {
            self.gathered.extend_from_slice(b"> ");
        }
    }

    /// Leaves the prompt's line, at the end.
    pub fn newline(&mut self) {
        if self.prompt {
            self.gathered.push(b'\n');
        }
    }

    /// Gets out what was gathered.
    pub fn flush(&mut self) {
        if self.gathered.is_empty() {
            return;
        }
        // whoever closed the pipe does not want to know any more; the node goes on
        let mut out = std::io::stdout().lock();
        let _ = out.write_all(&self.gathered).and_then(|()| out.flush());
        self.gathered.clear();
        self.gathered.shrink_to(GATHERED);
    }

    fn print(&mut self, line: &str) {
        let (before, after) = if self.prompt { ("\r\x1b[K", "\n> ") } else { ("", "\n") };
        for part in [before, line, after] {
            self.gathered.extend_from_slice(part.as_bytes());
        }
        self.spill();
    }

    fn spill(&mut self) {
        if self.gathered.len() >= GATHERED {
            self.flush();
        }
    }
}

/// Bytes of lines that are gathered at most before they are written.
const GATHERED: usize = 32 << 10;
