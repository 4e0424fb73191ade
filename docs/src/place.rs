//! Where something stands, and what is wrong there.

use std::fmt;

/// A line of a file of the repository.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Path relative to the root of the repository, with `/` between its parts.
    pub file: String,
    /// Line number, from 1.
    pub line: usize,
}

impl Place {
    /// The given line of the given file.
    pub fn new(file: &str, line: usize) -> Place {
        Place { file: file.to_string(), line }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// One failure of the check; prints as `file:line: message`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Where to look.
    pub place: Place,
    /// What is wrong, on one line.
    pub message: String,
}

impl Problem {
    /// A failure at the given place.
    pub fn new(place: &Place, message: impl Into<String>) -> Problem {
        Problem { place: place.clone(), message: message.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)
    }
}
