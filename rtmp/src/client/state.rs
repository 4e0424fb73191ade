//! Where a client is, and the table that it goes by.

use std::fmt;

use wire::Transition;

use super::{Client, ClosedReason};
use State::*;

/// Where a [`Client`]'s connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Not asked to connect yet.
    Idle,
    /// The addresses of the host are looked up.
    Resolving,
    /// A connection is being opened.
    Opening,
    /// C0 and C1 are sent.
    Handshake,
    /// connect is sent.
    Connecting,
    /// The server has accepted it.
    Connected,
    /// At an end.
    Over,
}

/// What takes a [`Client`] from state to state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stimulus {
    /// [`Client::connect`], and the host is a name.
    ConnectName,
    /// [`Client::connect`], and the host is an address.
    ConnectAddress,
    /// The name has addresses.
    Addresses,
    /// A connection could not be opened, and there is one more address.
    NextAddress,
    /// The connection is open; of a tunnel, its session.
    Opened,
    /// The handshake of the chunk stream is over.
    Shaken,
    /// `_result` of connect.
    Accepted,
    /// The name has no address.
    NoAddress,
    /// `_error` of connect.
    Rejected,
    /// It took too long.
    Timeout,
    /// The connection below is closed, or could not be opened.
    Lost,
    /// The server broke the protocol, or was silent for too long.
    Broken,
    /// [`Client::close`].
    Close,
}

/// The client's connection: it moves by this table alone.
pub const TRANSITIONS: &[Transition<State, Stimulus>] = &[
    Transition::new(&[Idle], Stimulus::ConnectName, "look it up", Resolving),
    Transition::new(&[Idle], Stimulus::ConnectAddress, "open a connection", Opening),
    Transition::new(&[Resolving], Stimulus::Addresses, "open a connection to the first", Opening),
    Transition::new(&[Opening], Stimulus::NextAddress, "open a connection to it", Opening),
    Transition::new(&[Opening], Stimulus::Opened, "send C0 and C1", Handshake),
    Transition::new(&[Handshake], Stimulus::Shaken, "send chunk size, window and connect", Connecting),
    Transition::new(&[Connecting], Stimulus::Accepted, "tell Connected", Connected),
    Transition::new(&[Resolving], Stimulus::NoAddress, "tell Closed", Over),
    Transition::new(&[Resolving, Opening, Handshake, Connecting], Stimulus::Timeout, "tell Closed", Over),
    Transition::new(&[Connecting], Stimulus::Rejected, "tell Rejected and Closed", Over),
    Transition::new(&[Opening, Handshake, Connecting, Connected], Stimulus::Lost, "tell Closed", Over),
    Transition::new(&[Handshake, Connecting, Connected], Stimulus::Broken, "tell Closed", Over),
    Transition::new(&[Resolving, Opening, Handshake, Connecting, Connected], Stimulus::Close, "tell Closed", Over),
];

impl Client {
    /// Goes where the table leads; false where it has no row.
    pub(super) fn step(&mut self, on: Stimulus) -> bool {
        let next = wire::next(TRANSITIONS, self.state, on);
        self.state = next.unwrap_or(self.state);
        next.is_some()
    }
}

impl Stimulus {
    /// What an end for that reason is to the table.
    pub(super) fn of(reason: &ClosedReason) -> Stimulus {
        match reason {
            ClosedReason::Resolve(_) => Stimulus::NoAddress,
            ClosedReason::Rejected => Stimulus::Rejected,
            ClosedReason::Timeout => Stimulus::Timeout,
            ClosedReason::Transport(_) => Stimulus::Lost,
            ClosedReason::Protocol(_) | ClosedReason::Idle => Stimulus::Broken,
            ClosedReason::Application => Stimulus::Close,
        }
    }
}

/// In words, as the digest's table and the diagram have it.
impl fmt::Display for Stimulus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Stimulus::ConnectName => "connect to a name",
            Stimulus::ConnectAddress => "connect to an address",
            Stimulus::Addresses => "addresses",
            Stimulus::NextAddress => "not opened, one more address",
            Stimulus::Opened => "opened",
            Stimulus::Shaken => "handshake done",
            Stimulus::Accepted => "_result",
            Stimulus::NoAddress => "no address",
            Stimulus::Rejected => "_error",
            Stimulus::Timeout => "time is up",
            Stimulus::Lost => "connection lost",
            Stimulus::Broken => "broken protocol or silence",
            Stimulus::Close => "close",
        })
    }
}
