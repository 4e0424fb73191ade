use std::fmt;

use wire::Transition;

use super::{Address, Ring};
use Phase::*;

/// Where a node stands in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// In no ring.
    Outside,
    /// Looking for its place.
    Joining,
    /// In a ring.
    Member,
    /// Handing over what it holds.
    Leaving,
}

/// What takes a node from phase to phase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stimulus {
    /// [`Ring::create`].
    Create,
    /// [`Ring::resume`].
    Resume,
    /// [`Ring::join`].
    Join,
    /// The successor answers, and knows this node from now on.
    Admitted,
    /// Nobody lets this node in.
    Refused,
    /// It is time for a round of stabilisation.
    Round,
    /// [`Ring::leave`].
    Leave,
    /// What this node holds has been handed over, or there is nobody to hand it to.
    Released,
}

/// The life of a node: it moves by this table alone.
pub const TRANSITIONS: &[Transition<Phase, Stimulus>] = &[
    Transition::new(&[Outside], Stimulus::Create, "stand alone", Member),
    Transition::new(&[Outside], Stimulus::Resume, "take the neighbours that were known", Member),
    Transition::new(&[Outside], Stimulus::Join, "look up the own id through a member", Joining),
    Transition::new(&[Joining], Stimulus::Admitted, "tell the predecessor, look up fingers", Member),
    Transition::new(&[Joining], Stimulus::Refused, "forget all", Outside),
    Transition::new(&[Joining], Stimulus::Leave, "tell the neighbours, forget all", Outside),
    Transition::new(&[Member], Stimulus::Round, ROUND, Member),
    Transition::new(&[Member], Stimulus::Leave, "hand the range to the successor", Leaving),
    Transition::new(&[Leaving], Stimulus::Round, ROUND, Leaving),
    Transition::new(&[Leaving], Stimulus::Released, "tell the neighbours, forget all", Outside),
];

const ROUND: &str = "stabilise, check the predecessor, fix a finger";

impl<A: Address> Ring<A> {
    /// Goes where the table leads; false where it has no row.
    pub(super) fn step(&mut self, on: Stimulus) -> bool {
        let next = wire::next(TRANSITIONS, self.phase, on);
        self.phase = next.unwrap_or(self.phase);
        next.is_some()
    }
}

/// In words, as the digest's table and the diagram have it.
impl fmt::Display for Stimulus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Stimulus::Create => "create",
            Stimulus::Resume => "resume",
            Stimulus::Join => "join",
            Stimulus::Admitted => "successor answers",
            Stimulus::Refused => "nobody lets it in",
            Stimulus::Round => "round",
            Stimulus::Leave => "leave",
            Stimulus::Released => "all handed over",
        })
    }
}
