//! What is known of one call.

use std::time::Duration;

use bytestring::ByteString;
use wire::Instant;

use super::phase::{Phase, Stimulus, TRANSITIONS};
use super::types::{Body, Exchange};
use crate::dialog::Dialog;
use crate::endpoint::{ClientId, ServerId};
use crate::message::{Request, Response};

/// A call, on either side.
#[derive(Debug)]
pub(super) struct State {
    pub phase: Phase,
    /// We began it, so that its Call-ID is ours.
    pub owner: bool,
    /// The dialog: of the callee from the start, of the caller once somebody answered.
    pub dialog: Option<Dialog>,
    /// Early dialogs of the caller, one for each branch that was heard of.
    pub early: Vec<Dialog>,
    //= rfc3261#22.3/cache SHOULD
    //# For the life of the call.
    //= rfc3261#22.3/not-across-dialogs MUST NOT
    //# Each call has its own.
    pub auth: rfc2617::Client,
    /// An INVITE of ours without final response.
    pub ours: Option<ClientId>,
    /// We gave up before anybody answered.
    pub cancelled: bool,
    /// The 2xx that made an offer, which waits for the application's answer: transaction and To tag.
    pub unanswered: Option<(ClientId, ByteString)>,
    /// An INVITE of theirs without final response, or without ACK.
    pub theirs: Option<Theirs>,
    /// When our INVITE expires.
    pub expires: Option<Instant>,
    /// It has expired.
    pub expired: bool,
    /// A MESSAGE of ours within the call is under way.
    pub messaging: Option<Exchange>,
    /// A change of the session that met one of theirs, and when it is tried again.
    pub again: Option<(Instant, Body)>,
    /// The offer of our INVITE under way.
    pub offered: Option<Body>,
    /// Where the other side reaches us, as our responses say.
    pub contact: Option<String>,
    /// The time of the alarm that is set.
    pub alarm: Instant,
}

/// An INVITE of the other side.
#[derive(Debug)]
pub(super) struct Theirs {
    pub id: ServerId,
    pub request: Request,
    /// It began the call.
    pub initial: bool,
    /// When our latest provisional response is sent again (section 13.3.1.1).
    pub progress: Option<(Instant, Response)>,
    /// When we stop thinking about it, and with which status.
    pub limit: Option<(Instant, u16)>,
    /// Our 2xx, until it is acknowledged.
    pub accepted: Option<Accepted>,
    /// Hang up as soon as that is so.
    pub hang_up: bool,
}

/// A 2xx that is repeated until the ACK comes (section 13.3.1.4).
#[derive(Debug)]
pub(super) struct Accepted {
    pub response: Response,
    pub next: Instant,
    pub interval: Duration,
    pub until: Instant,
}

impl State {
    /// A call that begins by that.
    pub fn new(on: Stimulus, auth: rfc2617::Client) -> State {
        let mut state = State {
            phase: Phase::Idle,
            owner: on == Stimulus::Invite,
            dialog: None,
            early: Vec::new(),
            auth,
            ours: None,
            cancelled: false,
            unanswered: None,
            theirs: None,
            expires: None,
            expired: false,
            messaging: None,
            again: None,
            offered: None,
            contact: None,
            alarm: Instant::FAR,
        };
        state.step(on);
        state
    }

    /// Goes where the table leads; false where it has no row.
    pub fn step(&mut self, on: Stimulus) -> bool {
        let next = wire::next(TRANSITIONS, self.phase, on);
        self.phase = next.unwrap_or(self.phase);
        next.is_some()
    }

    /// We call, and nobody has answered.
    pub fn is_calling(&self) -> bool {
        matches!(self.phase, Phase::Calling | Phase::Early)
    }

    /// Somebody has answered.
    pub fn is_up(&self) -> bool {
        matches!(self.phase, Phase::Accepted | Phase::Confirmed)
    }

    /// When something has to be done next.
    pub fn next(&self) -> Option<Instant> {
        let theirs = self.theirs.as_ref().into_iter().flat_map(|t| {
            let accepted = t.accepted.as_ref().map(|a| a.next.min(a.until));
            [t.progress.as_ref().map(|p| p.0), t.limit.map(|l| l.0), accepted]
        });
        theirs.chain([self.again.as_ref().map(|a| a.0), self.expires]).flatten().min()
    }
}
