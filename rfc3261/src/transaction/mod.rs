//! The four transaction machines of RFC 3261 section 17, corrected by RFC 6026 and RFC 4320, as tables.
//!
//! A machine is nothing but a [`Table`]: in which state, on which input, to which state, and what to do on the way.
//! Two rules hold for all four:
//!
//! * an input for which a state has no row is absorbed without effect;
//! * a timer runs only while the state that the machine is in has a row for it: entering a state without one stops it.
//!
//! Nothing here knows a message or an address. The runner in [`endpoint`](crate::endpoint) owns the bytes, the timers
//! and the table look-up, so that each table can be compared with the figure in the RFC line by line, and drawn
//! (`docs/guide/machines.md`).
//!
//! ```
//! use rfc3261::transaction::{invite_client, Action, On, State};
//! let row = invite_client::TABLE.step(State::Calling, On::Success).unwrap();
//! assert_eq!(row.to, State::Accepted);
//! assert!(row.action.contains(&Action::Deliver));
//! assert!(invite_client::TABLE.step(State::Completed, On::Success).is_none()); // absorbed
//! ```

mod timer;

pub mod client;
pub mod invite_client;
pub mod invite_server;
pub mod server;

use std::fmt;

pub use timer::{Timer, Timing};

/// Where a transaction stands. Each machine uses a part of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Not begun: the only input is [`On::Start`].
    Idle,
    /// INVITE client: sent, nothing heard.
    Calling,
    /// Non-INVITE: begun, no response yet.
    Trying,
    /// A provisional response has passed, or (INVITE server) the core is deciding.
    Proceeding,
    /// A 2xx to an INVITE has passed (RFC 6026).
    Accepted,
    /// A final response has passed, other than a 2xx to an INVITE.
    Completed,
    /// INVITE server: the ACK came.
    Confirmed,
    /// Over; the runner forgets it at once.
    Terminated,
}

/// What can happen to a transaction. A response comes from the network into a client transaction, and from the core
/// into a server transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum On {
    /// The request that makes the transaction: from the core (client) or from the network (server).
    Start,
    /// The same request again, from the network (server).
    Request,
    /// An ACK from the network (INVITE server).
    Ack,
    /// A response 101 to 199, for a client also 100.
    Provisional,
    /// A response 200 to 299.
    Success,
    /// A response 300 to 699.
    Failure,
    /// The transport could not deliver.
    TransportError,
    /// A timer fired.
    Fires(Timer),
}

/// In words, as the digest's tables and the diagrams have it.
impl fmt::Display for On {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            On::Start => "start",
            On::Request => "request again",
            On::Ack => "ACK",
            On::Provisional => "1xx",
            On::Success => "2xx",
            On::Failure => "300-699",
            On::TransportError => "transport error",
            On::Fires(timer) => return write!(f, "timer {timer:?}"),
        })
    }
}

/// What a transition makes the runner do, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Send the message that came with the input from the core, and keep it for repetition.
    Send,
    /// Send the kept message again, if there is one.
    Resend,
    /// Build the ACK to the response (section 17.1.1.3), send it, and keep it for repetition.
    SendAck,
    /// Build and send a 100 (Trying).
    SendTrying,
    /// Hand the request or response up to the core.
    Deliver,
    /// Tell the core that nobody answered in time.
    Timeout,
    /// Tell the core that the transport failed.
    Fail,
    /// Start a timer with its first duration.
    Arm(Timer),
    /// Start a timer with twice its last duration, up to its ceiling.
    Double(Timer),
    /// Start a timer with its ceiling.
    Steady(Timer),
    /// Stop a timer.
    Disarm(Timer),
}

/// In words, as the digest's tables and the diagrams have it.
impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Action::Send => f.write_str("send"),
            Action::Resend => f.write_str("send again"),
            Action::SendAck => f.write_str("send ACK"),
            Action::SendTrying => f.write_str("send 100"),
            Action::Deliver => f.write_str("pass up"),
            Action::Timeout => f.write_str("report timeout"),
            Action::Fail => f.write_str("report failure"),
            Action::Arm(timer) => write!(f, "start {timer:?}"),
            Action::Double(timer) => write!(f, "double {timer:?}"),
            Action::Steady(timer) => write!(f, "{timer:?} at T2"),
            Action::Disarm(timer) => write!(f, "stop {timer:?}"),
        }
    }
}

/// One row of a [`Table`].
pub type Transition = wire::Transition<State, On, &'static [Action]>;

/// Shorthand for the rows of the tables.
const fn row(from: &'static [State], on: On, to: State, action: &'static [Action]) -> Transition {
    Transition::new(from, on, action, to)
}

/// A transaction machine: all its transitions, indexed for look-up at compile time.
#[derive(Debug)]
pub struct Table {
    rows: &'static [Transition],
    /// Row number plus one for each state and input; 0 where the input is absorbed.
    cells: [[u8; INPUTS]; STATES],
}

impl Table {
    const fn new(rows: &'static [Transition]) -> Table {
        let mut cells = [[0; INPUTS]; STATES];
        let mut i = 0;
        while i < rows.len() {
            let mut j = 0;
            while j < rows[i].from.len() {
                let cell = &mut cells[rows[i].from[j] as usize][index(rows[i].on)];
                assert!(*cell == 0, "two rows for one state and input");
                *cell = i as u8 + 1;
                j += 1;
            }
            i += 1;
        }
        Table { rows, cells }
    }

    /// All rows, in the order of the RFC's figure.
    pub const fn rows(&self) -> &'static [Transition] {
        self.rows
    }

    /// The transition for an input, or `None` where it is absorbed.
    pub fn step(&self, state: State, on: On) -> Option<&'static Transition> {
        let cell = self.cells[state as usize][index(on)];
        usize::from(cell).checked_sub(1).and_then(|i| self.rows.get(i))
    }

    /// Whether a timer runs in a state.
    pub fn runs(&self, state: State, timer: Timer) -> bool {
        self.step(state, On::Fires(timer)).is_some()
    }
}

const STATES: usize = State::Terminated as usize + 1;
const INPUTS: usize = 7 + Timer::ALL.len();

/// The column of an input.
const fn index(on: On) -> usize {
    match on {
        On::Start => 0,
        On::Request => 1,
        On::Ack => 2,
        On::Provisional => 3,
        On::Success => 4,
        On::Failure => 5,
        On::TransportError => 6,
        On::Fires(timer) => 7 + timer as usize,
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Every cell of a table that is not absorbed, one a line: compared with the RFC's figure as told by each test.
    pub(crate) fn grid(table: &Table) -> Vec<String> {
        use State::*;
        let inputs = [On::Start, On::Request, On::Ack, On::Provisional, On::Success, On::Failure, On::TransportError];
        let inputs: Vec<On> = inputs.into_iter().chain(Timer::ALL.map(On::Fires)).collect();
        let mut out = Vec::new();
        for state in [Idle, Calling, Trying, Proceeding, Accepted, Completed, Confirmed, Terminated] {
            for on in &inputs {
                if let Some(row) = table.step(state, *on) {
                    assert_eq!(
                        (row.from.contains(&state), row.on),
                        (true, *on),
                        "the index finds the row of its own cell"
                    );
                    out.push(format!("{state:?} {on:?} {:?} {:?}", row.to, row.action));
                }
            }
        }
        assert_eq!(out.len(), table.rows().iter().map(|r| r.from.len()).sum::<usize>(), "every row is reachable");
        out
    }

    /// Compares a table with lines `State Input Next [Actions]`, whose blanks and order do not matter.
    pub(crate) fn assert_is(table: &Table, expected: &str) {
        let words = |s: &str| s.split_whitespace().collect::<Vec<_>>().join(" ");
        let mut want: Vec<String> = expected.lines().map(words).filter(|l| !l.is_empty()).collect();
        let mut have = grid(table);
        want.sort();
        have.sort();
        assert_eq!(have, want);
    }

    #[test]
    fn terminated_is_the_end_of_every_machine() {
        for table in [&invite_client::TABLE, &client::TABLE, &invite_server::TABLE, &server::TABLE] {
            assert!(table.rows().iter().all(|r| !r.from.contains(&State::Terminated)));
            assert!(table.rows().iter().any(|r| r.to == State::Terminated));
            // From every state that can be entered, some row leads on: none is a trap.
            for row in table.rows().iter().filter(|r| r.to != State::Terminated) {
                assert!(table.rows().iter().any(|r| r.from.contains(&row.to) && r.to != row.to), "{:?}", row.to);
            }
        }
    }
}
