//! The calling side: INVITE, its responses, CANCEL, ACK, and hanging up (sections 9.1, 13.2, 15.1.1).

use bytestring::ByteString;
use wire::Instant;

use super::attempt::{Attempt, Purpose};
use super::call::State;
use super::{Body, Call, Ended, Error, Event, Invitation, Phase, Stimulus, UserAgent, client, reply};
use crate::dialog::{Dialog, DialogId};
use crate::endpoint::ClientId;
use crate::message::{Method, Name, Response, Uri};

impl UserAgent {
    /// Calls somebody.
    ///
    /// # Errors
    /// [`Error::Address`] when `to` is no sip or sips URI or a header of the invitation cannot be written,
    /// [`Error::Busy`] at the limit of calls or requests, [`Error::NoListener`].
    pub fn invite(&mut self, now: Instant, to: Uri, invitation: Invitation) -> Result<Call, Error> {
        let now = self.clock(now);
        if self.calls.len() >= self.config.max_calls {
            return Err(Error::Busy);
        }
        let from = invitation.from.unwrap_or_else(|| self.config.from.clone());
        let (mut request, hop) = self.outside(Method::Invite, &to, &from)?;
        if let Some(subject) = &self.config.subject {
            request.headers.push(Name::Subject, subject);
        }
        if let Some(to) = &invitation.to {
            request.headers.set(Name::To, to.without_param("tag"));
        }
        for (name, value) in &invitation.headers {
            let name = Name::from(name.as_str());
            //= rfc3261#19.1.5/unsupported-extension MUST NOT
            //# Require among them.
            if RESERVED.contains(&name) {
                return Err(Error::Address);
            }
            request.headers.push(name, value);
        }
        //= rfc3261#13.2.1/body MAY
        //# The offer of the application.
        //= rfc3261#13.2.1/both-exchanges MUST
        //# Without one the 2xx brings it, and `answer` the answer.
        reply::set_body(&mut request.headers, &mut request.body, invitation.offer.clone());
        //= rfc3261#13.2.1/expires MAY
        //# If the application sets a limit.
        if let Some(expires) = invitation.expires {
            request.headers.push(Name::Expires, expires.as_secs());
        }
        let call = Call(self.number());
        let mut state = State::new(Stimulus::Invite, client(&self.config, &mut self.rng));
        state.offered = invitation.offer;
        state.expires = invitation.expires.map(|e| now + e);
        self.calls.insert(call, state);
        let attempt = Attempt::new(Purpose::Invite(call), request, hop, self.config.transport);
        if let Err(error) = self.dispatch(now, attempt) {
            self.calls.remove(&call);
            return Err(error);
        }
        self.arm(call);
        Ok(call)
    }

    /// Answers the offer that [`Event::Answered`] brought, when our INVITE had none.
    ///
    /// # Errors
    /// [`Error::Gone`], [`Error::WrongState`] when no offer waits.
    //= rfc3261#13.2.1/answer-in-ack MUST
    //# The ACK waits for this.
    pub fn answer(&mut self, now: Instant, call: Call, answer: Body) -> Result<(), Error> {
        let now = self.clock(now);
        let state = self.calls.get_mut(&call).ok_or(Error::Gone)?;
        let (Some((id, tag)), Some(dialog)) = (state.unanswered.take(), state.dialog.clone()) else {
            return Err(Error::WrongState);
        };
        self.acknowledge(now, id, tag, &dialog, Some(answer));
        Ok(())
    }

    /// Ends a call, as its state asks: CANCEL, BYE, or 603. A caller that was not answered yet hears the end when the
    /// INVITE has its final response; a callee whose 2xx is not acknowledged yet hangs up after the ACK.
    ///
    /// # Errors
    /// [`Error::Gone`].
    //= rfc3261#15/caller MAY
    //# Once the dialog is confirmed; before that the call is cancelled.
    //= rfc3261#15/callee MAY
    //# Once it was answered.
    pub fn hang_up(&mut self, now: Instant, call: Call) -> Result<(), Error> {
        let now = self.clock(now);
        let state = self.calls.get_mut(&call).ok_or(Error::Gone)?;
        match state.phase {
            Phase::Calling | Phase::Early => self.cancel(now, call),
            //= rfc3261#15/callee-not-early MUST NOT
            //# The INVITE is answered instead.
            Phase::Incoming => return self.reject(now, call, 603),
            _ => {
                //= rfc3261#15/callee-after-ack MUST NOT
                //# The wish is noted until the ACK comes, or the time for it has passed.
                if let Some(theirs) = state.theirs.as_mut().filter(|t| t.initial && t.accepted.is_some()) {
                    theirs.hang_up = true;
                    state.step(Stimulus::HangUp);
                    return Ok(());
                }
                self.bye(now, call);
                self.end(call, Stimulus::HangUp, Ended::Local);
            }
        }
        Ok(())
    }

    pub(super) fn cancel(&mut self, now: Instant, call: Call) {
        let Some(state) = self.calls.get_mut(&call) else { return };
        state.cancelled = true;
        state.step(Stimulus::HangUp);
        let reason = if state.expired { Ended::NoAnswer } else { Ended::Local };
        if state.ours.is_some_and(|id| self.endpoint.cancel(now, id).is_ok()) {
            return;
        }
        // Not sent yet: it waits for an address.
        self.lookups.retain(|_, attempt| attempt.purpose != Purpose::Invite(call));
        self.end(call, Stimulus::Failure, reason);
    }

    /// The INVITE of a call is on the wire, for the first time or again.
    pub(super) fn inviting(&mut self, now: Instant, call: Call, id: ClientId) {
        let Some(state) = self.calls.get_mut(&call) else { return };
        state.ours = Some(id);
        if state.cancelled {
            let _answered_meanwhile = self.endpoint.cancel(now, id);
        }
    }

    /// Whether nobody waits for the outcome of a request any more.
    pub(super) fn given_up(&self, id: ClientId) -> bool {
        match self.attempts.get(&id).map(|a| &a.purpose) {
            Some(Purpose::Invite(call) | Purpose::ReInvite(call)) => self.calls.get(call).is_none_or(|s| s.cancelled),
            Some(Purpose::Register(registration)) => !self.bindings.contains_key(registration),
            _ => false,
        }
    }

    //= rfc3261#8.1.3.2/provisional-183 MUST
    //# All but 100 and 180 are told as progress.
    //= rfc3261#8.1.3.2/100-and-183 MUST
    //# Both are told.
    pub(super) fn on_provisional(&mut self, _now: Instant, purpose: &Purpose, response: &Response) {
        let Purpose::Invite(call) = *purpose else { return };
        let Some(state) = self.calls.get_mut(&call).filter(|s| s.is_calling() && !s.cancelled) else {
            return;
        };
        let body = reply::body(&response.headers, &response.body);
        let status = response.status.0;
        let early = DialogId::of_response(&response.headers).filter(|id| status > 100 && !id.remote_tag.is_empty());
        if early.as_ref().is_some_and(|id| state.early.iter().any(|d| d.id() == id)) {
            state.step(Stimulus::Provisional);
        } else if let Some(id) = early {
            let request = state.ours.and_then(|id| self.attempts.get(&id)).map(|a| &a.request);
            let dialog = request.and_then(|request| Dialog::uac(request, response).ok());
            if let Some(dialog) = dialog.filter(|_| state.early.len() < self.config.max_forks) {
                state.early.push(dialog);
                state.step(Stimulus::Provisional);
                self.dialogs.insert(id, call);
            }
        }
        self.tell(match status {
            100 => Event::Trying { call },
            180 => Event::Ringing { call, body },
            status => Event::Progress { call, status, body },
        });
    }

    /// A 2xx to an INVITE of ours: the first, a repeated one, or that of another branch (section 13.2.2.4).
    pub(super) fn on_accepted(&mut self, now: Instant, id: ClientId, purpose: &Purpose, response: &Response) {
        let Some(attempt) = self.attempts.get_mut(&id) else { return };
        attempt.over = true;
        let tag =
            response.headers.to().ok().flatten().and_then(|to| to.tag().map(ByteString::from)).unwrap_or_default();
        if let Some((_, ack)) = attempt.acks.iter_mut().find(|(t, _)| *t == tag) {
            //= rfc3261#13.2.2.4/ack-again MUST
            //# The very same ACK.
            if let Some(sent) = ack {
                let _no_connection = self.endpoint.resend(now, sent);
            }
            return;
        }
        if attempt.acks.len() > self.config.max_forks {
            return;
        }
        let offered = !attempt.request.body.is_empty();
        let dialog = Dialog::uac(&attempt.request, response);
        if let Purpose::ReInvite(call) = *purpose {
            return self.modified(now, id, call, tag, response);
        }
        let Purpose::Invite(call) = *purpose else { return };
        let state = self.calls.get_mut(&call);
        let Ok(dialog) = dialog else {
            // Without Contact there is no way to acknowledge it.
            if state.is_some_and(|s| s.is_calling()) {
                self.end(call, Stimulus::Failure, Ended::Protocol);
            }
            return;
        };
        let Some(state) = state.filter(|s| s.is_calling() && !s.cancelled) else {
            //= rfc3261#13.2.2.4/unwanted MUST
            //# ACK, then BYE: the call was given up, or another branch has answered it.
            //= rfc3261#15/late-2xx MAY
            //# A 2xx that meets our CANCEL is ended.
            self.acknowledge(now, id, tag, &dialog, None);
            self.bye_dialog(now, dialog);
            if self.calls.get(&call).is_some_and(|s| s.cancelled) {
                self.end(call, Stimulus::Failure, Ended::Local);
            }
            return;
        };
        //= rfc3261#13.2.2.4/confirm MUST
        //# The early dialog with its id, if there is one, gets the route set and target of the 2xx.
        //= rfc3261#13.2.2.4/new-dialog MUST
        //# Else the one made of the 2xx.
        let early = state.early.iter().position(|d| d.id() == dialog.id());
        let mut dialog = early.map_or(dialog, |at| state.early.swap_remove(at));
        let _keeps_its_target = dialog.confirm(response, true);
        state.step(Stimulus::Success);
        state.expires = None;
        state.ours = None;
        state.dialog = Some(dialog.clone());
        for other in std::mem::take(&mut state.early) {
            self.dialogs.remove(other.id());
        }
        self.dialogs.insert(dialog.id().clone(), call);
        let body = reply::body(&response.headers, &response.body);
        if offered || body.is_none() {
            //= rfc3261#13.2.2.4/ack MUST
            //# At once, unless the application has to answer an offer first.
            self.acknowledge(now, id, tag, &dialog, None);
        } else if let Some(state) = self.calls.get_mut(&call) {
            state.unanswered = Some((id, tag));
        }
        self.tell(Event::Answered { call, body });
    }

    /// Sends the ACK to a 2xx.
    //= rfc3261#13.2.2.4/ack-cseq MUST
    //# The number of the INVITE.
    //= rfc3261#13.2.2.4/ack-credentials MUST
    //# Copied from the INVITE.
    //= rfc3261#13.2.2.4/ack-answer MUST
    //# `answer`, if the 2xx made an offer.
    //= rfc3261#17.1.1.3/not-for-2xx MUST
    //# It is built by the dialog and sent without transaction.
    pub(super) fn acknowledge(
        &mut self,
        now: Instant,
        id: ClientId,
        tag: ByteString,
        dialog: &Dialog,
        answer: Option<Body>,
    ) {
        let Some(attempt) = self.attempts.get_mut(&id) else { return };
        let number = attempt.request.headers.cseq().ok().flatten().map_or(0, |c| c.number);
        let (mut ack, hop) = (dialog.ack(number), dialog.next_hop().clone());
        for name in [Name::Authorization, Name::ProxyAuthorization] {
            for value in attempt.request.headers.raw_all(name.clone()) {
                ack.headers.push(name.clone(), value);
            }
        }
        reply::set_body(&mut ack.headers, &mut ack.body, answer);
        attempt.acks.push((tag.clone(), None));
        let transport = attempt.transport;
        let _no_way = self.dispatch(now, Attempt::new(Purpose::Ack(id, tag), ack, hop, transport));
    }

    /// The INVITE of a call failed, or came to nothing.
    pub(super) fn invite_failed(&mut self, _now: Instant, call: Call, status: u16, response: Option<&Response>) {
        let Some(state) = self.calls.get(&call).filter(|s| s.is_calling()) else { return };
        let reason = match response {
            _ if state.expired => Ended::NoAnswer,
            _ if state.cancelled => Ended::Local,
            Some(response) => Ended::Rejected { status, reason: response.reason.clone() },
            None if status == 408 => Ended::NoAnswer,
            None => Ended::Unreachable,
        };
        self.end(call, Stimulus::Failure, reason);
    }

    /// Sends BYE in the dialog of a call, after whatever has to come before.
    //= rfc3261#15.1.1/at-once MUST
    //# The callers of this end the call without waiting for the response.
    pub(super) fn bye(&mut self, now: Instant, call: Call) {
        let Some(state) = self.calls.get_mut(&call) else { return };
        let unanswered = state.unanswered.take();
        let Some(dialog) = state.dialog.clone() else { return };
        if let Some((id, tag)) = unanswered {
            self.acknowledge(now, id, tag, &dialog, None);
        }
        self.bye_dialog(now, dialog);
    }

    //= rfc3261#15/dialog-only MUST NOT
    //# It is made by the dialog.
    //= rfc3261#15.1.1/no-dialog MUST
    //# The call is over by now, whatever comes of the BYE.
    fn bye_dialog(&mut self, now: Instant, mut dialog: Dialog) {
        let (mut bye, hop) = (dialog.request(Method::Bye), dialog.next_hop().clone());
        self.decorate(&mut bye);
        let _no_way = self.dispatch(now, Attempt::new(Purpose::Bye, bye, hop, self.config.transport));
    }

    /// A call is over: forgets it, answers what is open, tells.
    //= rfc3261#15.1.2/pending MUST
    //# An INVITE of theirs that still waits is answered.
    //= rfc3261#15.1.2/pending-487 SHOULD
    //# By 487.
    pub(super) fn end(&mut self, call: Call, on: Stimulus, reason: Ended) {
        let now = self.now;
        let Some(mut state) = self.calls.remove(&call) else { return };
        let (before, was_up) = (state.phase, state.is_up());
        let known = state.step(on);
        debug_assert!(known && state.phase == Phase::Terminated, "{before:?} does not end by {on:?}");
        for dialog in state.dialog.iter().chain(&state.early) {
            self.dialogs.remove(dialog.id());
        }
        if let Some(theirs) = state.theirs {
            self.invites.remove(&theirs.id);
            if theirs.accepted.is_none() {
                let tag = state.dialog.as_ref().map(|d| d.id().local_tag.clone()).unwrap_or_default();
                let response = self.reply(&theirs.request, 487, &tag);
                let _answered_already = self.endpoint.respond(now, theirs.id, response);
            }
        }
        if let Some(id) = state.ours.filter(|_| was_up) {
            let _answered_already = self.endpoint.cancel(now, id);
        }
        self.lookups.retain(|_, a| !matches!(a.purpose, Purpose::Invite(c) | Purpose::ReInvite(c) if c == call));
        self.tell(Event::Ended { call, reason });
    }
}

/// Headers that an invitation cannot set.
const RESERVED: [Name; 14] = [
    Name::Via,
    Name::From,
    Name::To,
    Name::CallId,
    Name::CSeq,
    Name::Contact,
    Name::MaxForwards,
    Name::Route,
    Name::RecordRoute,
    Name::ContentLength,
    Name::ContentType,
    Name::Authorization,
    Name::ProxyAuthorization,
    Name::Require,
];
