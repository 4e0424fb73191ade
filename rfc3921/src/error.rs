use std::fmt;

/// Why an element is not the value that was looked for. The sender's fault, always.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// It is another element.
    Other(&'static str),
    /// An attribute or a child that must be there is not.
    Missing(&'static str),
    /// Something in it has a value that it may not have.
    Value(&'static str),
    /// There is more of something than is taken.
    TooMany(&'static str),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Other(what) => write!(f, "not {what}"),
            Error::Missing(what) => write!(f, "{what} is missing"),
            Error::Value(what) => write!(f, "{what} has a value that it may not have"),
            Error::TooMany(what) => write!(f, "too many of {what}"),
        }
    }
}

impl std::error::Error for Error {}
