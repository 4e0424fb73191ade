//! What the program tells while it runs.

use std::io::Write as _;

use serde_json::{Map, Value};
use wire::Instant;

use crate::common::clean;

/// Where events go: a line for people, or a JSON object for programs, on standard output.
#[derive(Clone, Copy, Debug)]
pub struct Console {
    json: bool,
}

impl Console {
    /// For programs if `json`, else for people.
    pub fn new(json: bool) -> Console {
        Console { json }
    }

    /// Tells one event: its name, the words for people, and the fields for programs.
    pub fn event(&self, now: Instant, name: &str, words: &str, fields: &[(&str, Value)]) {
        let at = now.since_origin().as_secs_f64();
        match self.json {
            true => {
                let mut object = Map::new();
                object.insert("at".into(), ((at * 1000.0).round() / 1000.0).into());
                object.insert("event".into(), name.into());
                object.extend(fields.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
                self.print(&Value::Object(object).to_string());
            }
            false if words.is_empty() => {} // told in another way
            false => self.print(&format!("{at:>9.3}  {}", clean(words))),
        }
    }

    /// Prints lines that are for people only.
    pub fn words(&self, text: &str) {
        if !self.json {
            self.print(text.trim_end());
        }
    }

    fn print(&self, line: &str) {
        // whoever closed the pipe does not want to know any more; the call goes on
        let mut out = std::io::stdout().lock();
        let _ = writeln!(out, "{line}").and_then(|()| out.flush());
    }
}
