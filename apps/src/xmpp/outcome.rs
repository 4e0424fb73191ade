use std::fmt;

use crate::common::Failure;

/// How it went: the exit status. The numbers mean what they mean for `dialer`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Done; a message: the server has it.
    Done,
    /// Something went wrong, mostly on this machine.
    Failed,
    /// The command line or the configuration file is wrong.
    Usage,
    /// Nothing came in time.
    Timeout,
    /// The server or the other side does not want.
    Refused,
    /// Wrong password, or no way to log in that keeps it safe.
    Unauthorized,
    /// No way to the server, or no such recipient.
    NotFound,
    /// The server does not prove to be the one that we want to talk to.
    Untrusted,
    /// Ctrl-C before it was done.
    Interrupted,
}

impl Outcome {
    /// The exit status.
    pub fn code(self) -> u8 {
        match self {
            Outcome::Done => 0,
            Outcome::Failed => 1,
            Outcome::Usage => 2,
            Outcome::Timeout => 4,
            Outcome::Refused => 5,
            Outcome::Unauthorized => 6,
            Outcome::NotFound => 7,
            Outcome::Untrusted => 8,
            Outcome::Interrupted => 130,
        }
    }

    /// With why.
    pub fn because(self, why: impl fmt::Display) -> Ending {
        Ending { outcome: self, why: why.to_string() }
    }
}

/// An end without success: what it was, why, and where it helps what to do next, in one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ending {
    /// What it comes to.
    pub outcome: Outcome,
    /// For the user.
    pub why: String,
}

impl From<Failure> for Ending {
    fn from(failure: Failure) -> Ending {
        let outcome = match failure {
            Failure::Usage(_) => Outcome::Usage,
            Failure::Runtime(_) => Outcome::Failed,
            Failure::Answered(_) => Outcome::Done,
        };
        outcome.because(failure)
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

impl std::error::Error for Ending {}
