use std::fmt;

use wire::Transition;

use super::Session;
use Phase::*;

/// How far a [`Session`] is in the timing of RTCP (RFC 3550 section 6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// No report of ours was due yet; the first comes after half of the minimum interval.
    Initial,
    /// Reports go out.
    Regular,
    /// The goodbye waits for its turn in a large group.
    Leaving,
    /// It is over.
    Left,
}

/// What takes a [`Session`] from [`Phase`] to phase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stimulus {
    /// The timer went off, and the interval drawn anew for the group of now has not passed: section 6.3.6.
    TooEarly,
    /// The timer went off, and that interval has passed.
    Due,
    /// Goodbyes or silence made the group smaller: sections 6.3.4 and 6.3.5.
    Shrunk,
    /// [`Session::leave`] by who never sent anything: section 6.3.7.
    LeaveUnheard,
    /// [`Session::leave`] in a group of at most 50.
    Leave,
    /// [`Session::leave`] in a larger group.
    LeaveCrowd,
    /// Another's goodbye came.
    Goodbye,
}

/// The timing of RTCP: a session moves by this table alone.
pub const TRANSITIONS: &[Transition<Phase, Stimulus>] = &[
    Transition::new(&[Initial], Stimulus::TooEarly, "set tn to tp + T", Initial),
    Transition::new(&[Initial], Stimulus::Due, "send the first report, draw T", Regular),
    Transition::new(&[Initial], Stimulus::Shrunk, "bring tn and tp nearer", Initial),
    Transition::new(&[Regular], Stimulus::TooEarly, "set tn to tp + T", Regular),
    Transition::new(&[Regular], Stimulus::Due, "send a report, draw T", Regular),
    Transition::new(&[Regular], Stimulus::Shrunk, "bring tn and tp nearer", Regular),
    Transition::new(&[Initial, Regular], Stimulus::LeaveUnheard, "", Left),
    Transition::new(&[Initial, Regular], Stimulus::Leave, "send BYE", Left),
    Transition::new(&[Initial, Regular], Stimulus::LeaveCrowd, "start over as one member", Leaving),
    Transition::new(&[Leaving], Stimulus::TooEarly, "set tn to tp + T", Leaving),
    Transition::new(&[Leaving], Stimulus::Goodbye, "count one member more", Leaving),
    Transition::new(&[Leaving], Stimulus::Due, "send BYE", Left),
];

impl Session {
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
            Stimulus::TooEarly => "tn, but T has not passed",
            Stimulus::Due => "tn, and T has passed",
            Stimulus::Shrunk => "members go",
            Stimulus::LeaveUnheard => "leave, never sent",
            Stimulus::Leave => "leave, 50 members or less",
            Stimulus::LeaveCrowd => "leave, more than 50",
            Stimulus::Goodbye => "BYE of another",
        })
    }
}
