use std::error::Error as StdError;
use std::fmt;

/// Why an exchange cannot take place. Nothing has changed when one is returned, except that a bad answer ends the offer
/// that it belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Error {
    /// Caller: an offer of ours has not been answered yet, so that no other can be made.
    OfferPending,
    /// Peer: its offer crossed ours. With SIP, answer 491.
    Glare,
    /// Peer or caller: an answer without an offer.
    NoOffer,
    /// Peer: its offer has fewer media descriptions than the session had before. With SIP, answer 488.
    StreamsMissing {
        /// How many there were.
        before: usize,
        /// How many came.
        offered: usize,
    },
    /// Peer: its answer has another count or another kind of media descriptions than the offer.
    AnswerMismatch,
    /// Nobody: no stream of the offer can be used. With SIP, answer 488.
    NotAcceptable,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::OfferPending => f.write_str("an offer waits for its answer"),
            Error::Glare => f.write_str("offers crossed"),
            Error::NoOffer => f.write_str("answer without an offer"),
            Error::StreamsMissing { before, offered } => write!(f, "{offered} streams offered, {before} before"),
            Error::AnswerMismatch => f.write_str("streams of the answer are not those of the offer"),
            Error::NotAcceptable => f.write_str("no common format in any stream"),
        }
    }
}

impl StdError for Error {}
