//! Calls that wait for their answer: either side can call the other.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use amf::amf0::Value;
use wire::Instant;

use crate::command::Command;

/// Why a call has no result.
#[derive(Clone, Debug, PartialEq)]
pub enum CallError {
    /// The peer answered `_error` with these values, the first of which is an information object as a rule.
    Refused(Vec<Value>),
    /// The peer did not answer in time.
    Timeout,
    /// The connection ended first.
    Closed,
}

/// Open calls by transaction number, each with what it was for and until when it waits. Bounded by whoever adds.
#[derive(Debug)]
pub(crate) struct Calls<T> {
    next: u64,
    open: BTreeMap<u64, (Instant, T)>,
}

impl<T> Calls<T> {
    /// The first number given out is `first`.
    pub(crate) fn new(first: u64) -> Calls<T> {
        Calls { next: first, open: BTreeMap::new() }
    }

    pub(crate) fn len(&self) -> usize {
        self.open.len()
    }

    /// How many open calls are for that.
    pub(crate) fn count(&self, matches: impl Fn(&T) -> bool) -> usize {
        self.open.values().filter(|(_, what)| matches(what)).count()
    }

    /// Opens a call and returns its number.
    pub(crate) fn open(&mut self, now: Instant, timeout: Duration, what: T) -> u64 {
        let transaction = self.next;
        // numbers stay exact as doubles; nobody makes 2^53 calls
        self.next = (self.next + 1) & ((1 << 53) - 1);
        self.open.insert(transaction, (now + timeout, what));
        transaction
    }

    /// Closes the call that an answer with this number means. NaN, fractions and numbers never given out mean none.
    pub(crate) fn close(&mut self, transaction: f64) -> Option<(u64, T)> {
        let number = exact(transaction)?;
        self.open.remove(&number).map(|(_, what)| (number, what))
    }

    /// Takes a call that has waited for too long.
    pub(crate) fn expired(&mut self, now: Instant) -> Option<(u64, T)> {
        let (&number, _) = self.open.iter().find(|(_, (until, _))| *until <= now)?;
        self.open.remove(&number).map(|(_, what)| (number, what))
    }

    /// Takes the open call with the smallest number.
    pub(crate) fn pop(&mut self) -> Option<(u64, T)> {
        self.open.pop_first().map(|(number, (_, what))| (number, what))
    }

    /// When the first call will have waited for too long.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.open.values().map(|(until, _)| *until).min()
    }
}

/// The whole number that a transaction number is, if it is one above 0.
pub(crate) fn exact(transaction: f64) -> Option<u64> {
    let whole = transaction as u64; // saturates; NaN becomes 0
    (whole > 0 && whole as f64 == transaction && whole < 1 << 53).then_some(whole)
}

/// The values of an answer: those after the command object, and the command object itself where it holds something.
pub(crate) fn outcome(command: Command) -> Result<Vec<Value>, CallError> {
    let mut values = command.arguments;
    if !matches!(command.object, Value::Null | Value::Undefined) {
        values.insert(0, command.object);
    }
    if &*command.name == "_error" { Err(CallError::Refused(values)) } else { Ok(values) }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            CallError::Refused(_) => "the peer answered with an error",
            CallError::Timeout => "the peer did not answer in time",
            CallError::Closed => "the connection ended before the answer",
        })
    }
}

impl std::error::Error for CallError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_were_not_given_out_mean_no_call() {
        let mut calls = Calls::new(1);
        let second = Duration::from_secs(1);
        assert_eq!(calls.open(Instant::ZERO, second, 'a'), 1);
        assert_eq!(calls.open(Instant::ZERO, second * 2, 'b'), 2);
        for number in [f64::NAN, f64::INFINITY, -1.0, 0.0, 1.5, 3.0, 1e300] {
            assert_eq!(calls.close(number), None, "{number}");
        }
        assert_eq!(calls.deadline(), Some(Instant::ZERO + second));
        assert_eq!(calls.expired(Instant::ZERO + second), Some((1, 'a')));
        assert_eq!(calls.expired(Instant::ZERO + second), None);
        assert_eq!((calls.close(2.0), calls.close(2.0)), (Some((2, 'b')), None));
    }
}
