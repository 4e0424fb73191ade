//! What the user agent does by the clock.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use wire::Instant;

use super::callee::MINUTE;
use super::{Call, Ended, Registration, Stimulus, UserAgent};

/// Whose time has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Owner {
    Call(Call),
    Registration(Registration),
}

/// Alarms of calls and registrations. One whose owner has nothing to do is thrown away when it goes off.
pub(super) type Alarms = BinaryHeap<Reverse<(Instant, Owner)>>;

impl UserAgent {
    pub(super) fn next_alarm(&self) -> Option<Instant> {
        self.alarms.peek().map(|Reverse((at, _))| *at)
    }

    pub(super) fn alarm(&mut self, at: Instant, owner: Owner) {
        self.alarms.push(Reverse((at, owner)));
    }

    /// Sets the alarm of a call, if the one that is set comes too late.
    pub(super) fn arm(&mut self, call: Call) {
        let Some(state) = self.calls.get_mut(&call) else { return };
        if let Some(next) = state.next().filter(|next| *next < state.alarm) {
            state.alarm = next;
            self.alarm(next, Owner::Call(call));
        }
    }

    pub(super) fn time(&mut self, now: Instant) {
        while let Some(Reverse((at, owner))) = self.alarms.peek().copied() {
            let gone = match owner {
                Owner::Call(call) => !self.calls.contains_key(&call),
                Owner::Registration(registration) => !self.bindings.contains_key(&registration),
            };
            if at > now && !gone {
                return;
            }
            self.alarms.pop();
            match owner {
                _ if gone => {}
                Owner::Call(call) => {
                    if let Some(state) = self.calls.get_mut(&call) {
                        state.alarm = Instant::FAR;
                    }
                    self.call_time(now, call);
                    self.arm(call);
                }
                Owner::Registration(registration) => self.register_time(now, registration),
            }
        }
    }

    fn call_time(&mut self, now: Instant, call: Call) {
        let t2 = self.endpoint.config().timing.t2;
        let Some(state) = self.calls.get_mut(&call) else { return };
        if let Some((_, body)) = state.again.take_if(|(at, _)| *at <= now) {
            //= rfc3261#14.1/491-again SHOULD
            //# If another change is under way by now, this one has lost.
            if self.modify(now, call, body).is_err() {
                self.modify_failed(now, call, 491);
            }
            return;
        }
        if state.expires.take_if(|at| *at <= now).is_some() {
            //= rfc3261#13.2.1/expires-cancel SHOULD
            //# As if the application had hung up.
            state.expired = true;
            return self.cancel(now, call);
        }
        let Some(theirs) = &mut state.theirs else { return };
        let id = theirs.id;
        if let Some((_, status)) = theirs.limit.filter(|(at, _)| *at <= now) {
            let _answered_meanwhile = self.reject(now, call, status);
            return;
        }
        if let Some((at, response)) = theirs.progress.as_mut().filter(|(at, _)| *at <= now) {
            *at = now + MINUTE;
            let response = response.clone();
            let _over_meanwhile = self.endpoint.respond(now, id, response);
            return;
        }
        let Some(accepted) = &mut theirs.accepted else { return };
        if accepted.until <= now {
            //= rfc3261#13.3.1.4/no-ack SHOULD
            //# BYE, and the call is over.
            //= rfc3261#14.2/no-ack SHOULD
            //# The same.
            self.bye(now, call);
            self.end(call, Stimulus::NoAck, Ended::NoAck);
        } else if accepted.next <= now {
            accepted.interval = (accepted.interval * 2).min(t2);
            accepted.next = now + accepted.interval;
            let response = accepted.response.clone();
            let _over_meanwhile = self.endpoint.respond(now, id, response);
        }
    }
}
