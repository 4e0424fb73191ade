//! The table of a call: its dialog and the use that INVITE makes of it (sections 12, 13 and 15).

use std::fmt;

use wire::Transition;

use Phase::*;

/// How far a call is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Nobody has called.
    Idle,
    /// We call; nobody has answered.
    Calling,
    /// We call; provisional responses have begun early dialogs.
    Early,
    /// They call, in an early dialog; we have not answered.
    Incoming,
    /// Our 2xx has confirmed the dialog, and waits for its ACK.
    Accepted,
    /// The dialog is confirmed, and both know it.
    Confirmed,
    /// It is over, and the dialog with it.
    Terminated,
}

/// What takes a call from [`Phase`] to phase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stimulus {
    /// [`UserAgent::invite`](super::UserAgent::invite).
    Invite,
    /// A response from 101 to 199 with a To tag.
    Provisional,
    /// A 2xx to our INVITE.
    Success,
    /// Our INVITE has failed or come to nothing.
    Failure,
    /// An INVITE of theirs.
    Incoming,
    /// [`UserAgent::accept`](super::UserAgent::accept).
    Accept,
    /// [`UserAgent::reject`](super::UserAgent::reject), and what amounts to it.
    Reject,
    /// Their CANCEL.
    Cancel,
    /// The ACK to our 2xx.
    Ack,
    /// That ACK, when we have hung up already.
    LateAck,
    /// No ACK came within 64 T1.
    NoAck,
    /// [`UserAgent::hang_up`](super::UserAgent::hang_up).
    HangUp,
    /// Their BYE.
    Bye,
    /// 408 or 481 to a request of ours within the call.
    Lost,
}

/// A call: it moves by this table alone.
pub const TRANSITIONS: &[Transition<Phase, Stimulus>] = &[
    Transition::new(&[Idle], Stimulus::Invite, "send INVITE", Calling),
    Transition::new(&[Calling], Stimulus::Provisional, "begin an early dialog", Early),
    Transition::new(&[Early], Stimulus::Provisional, "begin an early dialog, if the tag is new", Early),
    Transition::new(&[Calling, Early], Stimulus::Success, "confirm the dialog, send ACK", Confirmed),
    Transition::new(&[Calling, Early], Stimulus::Failure, "end early dialogs", Terminated),
    Transition::new(&[Calling], Stimulus::HangUp, "send CANCEL after a 1xx", Calling),
    Transition::new(&[Early], Stimulus::HangUp, "send CANCEL", Early),
    Transition::new(&[Idle], Stimulus::Incoming, "begin an early dialog", Incoming),
    Transition::new(&[Incoming], Stimulus::Accept, "confirm the dialog, send 200", Accepted),
    Transition::new(&[Incoming], Stimulus::Reject, "send 300-699", Terminated),
    Transition::new(&[Incoming], Stimulus::Cancel, "send 487", Terminated),
    Transition::new(&[Accepted], Stimulus::Ack, "", Confirmed),
    Transition::new(&[Accepted], Stimulus::HangUp, "wait for the ACK", Accepted),
    Transition::new(&[Accepted], Stimulus::LateAck, "send BYE", Terminated),
    Transition::new(&[Accepted, Confirmed], Stimulus::NoAck, "send BYE", Terminated),
    Transition::new(&[Confirmed], Stimulus::HangUp, "send BYE", Terminated),
    Transition::new(&[Accepted, Confirmed], Stimulus::Lost, "", Terminated),
    Transition::new(&[Early, Incoming, Accepted, Confirmed], Stimulus::Bye, "send 200", Terminated),
];

/// In words, as the digest's table and the diagram have it.
impl fmt::Display for Stimulus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Stimulus::Invite => "invite",
            Stimulus::Provisional => "101-199 with tag",
            Stimulus::Success => "2xx",
            Stimulus::Failure => "300-699, or no answer",
            Stimulus::Incoming => "INVITE",
            Stimulus::Accept => "accept",
            Stimulus::Reject => "reject",
            Stimulus::Cancel => "CANCEL",
            Stimulus::Ack => "ACK",
            Stimulus::LateAck => "ACK after hanging up",
            Stimulus::NoAck => "no ACK",
            Stimulus::HangUp => "hang up",
            Stimulus::Bye => "BYE",
            Stimulus::Lost => "408 or 481 within",
        })
    }
}
