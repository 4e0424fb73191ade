//! The table of a connection.

use std::fmt;

use wire::Transition;

use super::ClosedReason;
use super::connection::{Connection, State};
use ConnectionState::*;

/// Where a connection of a [`Server`](super::Server) is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectionState {
    /// Open; the handshake is not over.
    Handshake,
    /// connect is waited for.
    Waiting,
    /// The application is asked whether to accept.
    Asked,
    /// It has accepted.
    Accepted,
    /// Refused: a moment is left to read why.
    Lingering,
    /// There is no such connection, or no longer.
    Gone,
}

/// What takes a connection from state to state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stimulus {
    /// The handshake of the chunk stream is over.
    Shaken,
    /// A sound connect.
    Connect,
    /// A connect that names no application, or an unknown encoding.
    BadConnect,
    /// [`Server::accept`](super::Server::accept).
    Accept,
    /// [`Server::reject`](super::Server::reject), [`Server::redirect`](super::Server::redirect), or no answer in time.
    Reject,
    /// The connection below is closed.
    Lost,
    /// The client broke the protocol, was silent for too long, or did not connect in time.
    Broken,
    /// [`Server::disconnect`](super::Server::disconnect).
    Disconnect,
    /// The moment is over.
    Lingered,
}

/// A server's connection: every change of its state is a row of this table.
pub const TRANSITIONS: &[Transition<ConnectionState, Stimulus>] = &[
    Transition::new(&[Handshake], Stimulus::Shaken, "", Waiting),
    Transition::new(&[Waiting], Stimulus::Connect, "tell Connect", Asked),
    Transition::new(&[Waiting], Stimulus::BadConnect, "send _error", Lingering),
    Transition::new(&[Asked], Stimulus::Accept, "send _result, go on with what waits", Accepted),
    Transition::new(&[Asked], Stimulus::Reject, "send _error, tell Closed", Lingering),
    Transition::new(&[Handshake, Waiting], Stimulus::Lost, "", Gone),
    Transition::new(&[Asked, Accepted], Stimulus::Lost, "tell Closed", Gone),
    Transition::new(&[Handshake, Waiting], Stimulus::Broken, "close, tell Dropped", Gone),
    Transition::new(&[Asked, Accepted], Stimulus::Broken, "close, tell Closed", Gone),
    Transition::new(&[Asked, Accepted], Stimulus::Disconnect, "close, tell Closed", Gone),
    Transition::new(&[Lingering], Stimulus::Lost, "", Gone),
    Transition::new(&[Lingering], Stimulus::Lingered, "close", Gone),
];

impl Connection {
    /// Takes on a state that the table leads to.
    pub(super) fn enter(&mut self, on: Stimulus, state: State) {
        debug_assert_eq!(wire::next(TRANSITIONS, self.state.name(), on), Some(state.name()), "{:?}", self.state);
        self.state = state;
    }

    /// The last transition: nothing is left of the connection.
    pub(super) fn gone(&self, reason: &ClosedReason) {
        let on = match reason {
            ClosedReason::Transport(_) => Stimulus::Lost,
            ClosedReason::Application if self.state.name() == Lingering => Stimulus::Lingered,
            ClosedReason::Application => Stimulus::Disconnect,
            ClosedReason::Protocol(_) | ClosedReason::Idle | ClosedReason::Unanswered => Stimulus::Broken,
        };
        debug_assert_eq!(wire::next(TRANSITIONS, self.state.name(), on), Some(Gone), "{:?}, {on:?}", self.state);
    }
}

impl State {
    /// Without what belongs to it.
    pub(super) fn name(&self) -> ConnectionState {
        match self {
            State::Handshake => Handshake,
            State::Waiting { .. } => Waiting,
            State::Asked { .. } => Asked,
            State::Accepted => Accepted,
            State::Lingering { .. } => Lingering,
        }
    }
}

/// In words, as the digest's table and the diagram have it.
impl fmt::Display for Stimulus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Stimulus::Shaken => "handshake done",
            Stimulus::Connect => "connect",
            Stimulus::BadConnect => "connect without app",
            Stimulus::Accept => "accept",
            Stimulus::Reject => "reject, or no answer in time",
            Stimulus::Lost => "connection lost",
            Stimulus::Broken => "broken protocol or silence",
            Stimulus::Disconnect => "disconnect",
            Stimulus::Lingered => "a moment later",
        })
    }
}
