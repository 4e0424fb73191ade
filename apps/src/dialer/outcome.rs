use std::fmt;

/// How it went: the exit status and the last word of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The call was answered and ended well; the message was accepted; listening came to its end.
    Done,
    /// Something on this machine went wrong.
    Failed,
    /// The other side is busy.
    Busy,
    /// Nobody answered in time.
    NoAnswer,
    /// The other side does not want.
    Rejected,
    /// User or password is wrong, or none was given.
    Unauthorized,
    /// There is no such user, or no way to it.
    NotFound,
    /// Ctrl-C, after a goodbye.
    Interrupted,
}

impl Outcome {
    /// The exit status.
    pub fn code(self) -> u8 {
        match self {
            Outcome::Done => 0,
            Outcome::Failed => 1,
            Outcome::Busy => 3,
            Outcome::NoAnswer => 4,
            Outcome::Rejected => 5,
            Outcome::Unauthorized => 6,
            Outcome::NotFound => 7,
            Outcome::Interrupted => 130,
        }
    }

    /// What a final SIP status comes to.
    ///
    /// ```
    /// use apps::dialer::Outcome;
    /// assert_eq!(Outcome::of_status(600), Outcome::Busy);
    /// ```
    pub fn of_status(status: u16) -> Outcome {
        match status {
            200..=299 => Outcome::Done,
            486 | 600 => Outcome::Busy,
            408 | 480 | 487 => Outcome::NoAnswer,
            401 | 407 => Outcome::Unauthorized,
            404 | 410 | 416 | 484 | 485 | 502..=504 | 604 => Outcome::NotFound,
            _ => Outcome::Rejected,
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Outcome::Done => "done",
            Outcome::Failed => "failed",
            Outcome::Busy => "busy",
            Outcome::NoAnswer => "no answer",
            Outcome::Rejected => "rejected",
            Outcome::Unauthorized => "not authorized",
            Outcome::NotFound => "not found",
            Outcome::Interrupted => "interrupted",
        })
    }
}
