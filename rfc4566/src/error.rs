use std::error::Error;
use std::fmt;

/// A value that its field cannot hold: a caller's mistake when a description is built, the peer's when one is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Invalid(pub(crate) &'static str);

/// Why a description could not be read. Always the fault of whoever wrote it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ParseError {
    /// The line where the reader gave up, counted from 1; 0 when it is not about one line.
    pub line: usize,
    /// What is wrong.
    pub kind: ParseErrorKind,
}

/// What is wrong with a description.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ParseErrorKind {
    /// Larger than [`Config::max_size`](crate::Config::max_size).
    TooLarge,
    /// More lines than [`Config::max_lines`](crate::Config::max_lines).
    TooManyLines,
    /// More media descriptions than [`Config::max_media`](crate::Config::max_media).
    TooManyMedia,
    /// A NUL, or a CR that does not end a line.
    ForbiddenOctet,
    /// Not a letter, `=` and a value; or, when strict, an empty line or no end of line after the last.
    NotALine,
    /// A protocol version other than 0.
    Version,
    /// A type letter that no specification knows.
    UnknownLine(char),
    /// A line that may not stand here.
    OutOfOrder(char),
    /// A line that may stand only once in its section.
    Repeated(char),
    /// A line that must be there.
    Missing(char),
    /// The value of a line does not fit its grammar.
    Invalid(char, Invalid),
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use ParseErrorKind::*;
        if self.line > 0 {
            write!(f, "line {}: ", self.line)?;
        }
        match self.kind {
            TooLarge => f.write_str("description too large"),
            TooManyLines => f.write_str("too many lines"),
            TooManyMedia => f.write_str("too many media descriptions"),
            ForbiddenOctet => f.write_str("NUL, or CR inside a line"),
            NotALine => f.write_str("not of the form letter=value"),
            Version => f.write_str("protocol version is not 0"),
            UnknownLine(letter) => write!(f, "unknown line {letter:?}"),
            OutOfOrder(letter) => write!(f, "{letter}= out of order"),
            Repeated(letter) => write!(f, "{letter}= more than once"),
            Missing(letter) => write!(f, "{letter}= missing"),
            Invalid(letter, why) => write!(f, "{letter}=: {why}"),
        }
    }
}

impl Error for Invalid {}
impl Error for ParseError {}
