//! The called side: INVITEs that arrive, how they are answered, and the ACK (sections 9.2, 13.3, 14.2).

use std::time::Duration;

use wire::Instant;

use super::call::{Accepted, State, Theirs};
use super::{Body, Call, Ended, Error, Event, Stimulus, UserAgent, client, reply};
use crate::dialog::{Dialog, DialogId};
use crate::endpoint::{ServerId, Source};
use crate::message::{Name, Request, Response, Uri};

impl UserAgent {
    /// An INVITE outside of any dialog.
    pub(super) fn on_invite(&mut self, now: Instant, id: ServerId, request: Request, source: &Source) {
        if self.calls.len() >= self.config.max_calls {
            return self.refuse(now, id, &request, 486);
        }
        let tag = self.rng.token(10);
        let mut ringing = self.reply(&request, 180, &tag);
        //= rfc3261#12.1.1/contact-sips MUST
        //# Asked of Request-URI, top Record-Route and Contact.
        let contact = self.contact(&source.target(), is_secure(&request));
        reply::dialog_headers(&mut ringing, &request, contact.as_ref());
        let Ok(dialog) = Dialog::uas(&request, &ringing) else { return self.refuse(now, id, &request, 400) };
        let (from, to) = match (request.headers.from(), request.headers.to()) {
            (Ok(Some(from)), Ok(Some(to))) => (from.0, to.0),
            _ => return self.refuse(now, id, &request, 400),
        };
        let call = Call(self.number());
        let mut state = State::new(Stimulus::Incoming, client(&self.config, &mut self.rng));
        self.dialogs.insert(dialog.id().clone(), call);
        state.dialog = Some(dialog);
        //= rfc3261#13.3.1/expired SHOULD
        //# An Expires that is shorter than our own limit sets it.
        let expires = request.headers.raw(Name::Expires).and_then(|e| e.trim().parse().ok()).map(Duration::from_secs);
        let limit = match expires.filter(|e| *e < self.config.ring_limit) {
            Some(expires) => (now + expires, 487),
            None => (now + self.config.ring_limit, 480),
        };
        let body = reply::body(&request.headers, &request.body);
        let contact = contact.map(|c| c.to_string());
        state.theirs = Some(Theirs::new(id, request.clone(), true, Some(limit)));
        state.contact = contact;
        self.calls.insert(call, state);
        self.invites.insert(id, call);
        self.arm(call);
        self.tell(Event::Incoming { call, from, to, body, request });
    }

    /// Tells the caller that we ring (180).
    ///
    /// # Errors
    /// [`Error::Gone`], [`Error::WrongState`] when the call is not incoming.
    pub fn ring(&mut self, now: Instant, call: Call) -> Result<(), Error> {
        self.progress(now, call, 180, None)
    }

    /// Sends a provisional response, 101 to 199, perhaps with a session description for early media. It is repeated
    /// every minute until the call is answered.
    ///
    /// # Errors
    /// [`Error::Gone`], [`Error::WrongState`] when the call is not incoming or the status is not provisional.
    //= rfc3261#13.3.1.1/many MAY
    //# As often as the application likes.
    //= rfc3261#13.3.1.1/one-dialog MUST
    //# The To tag is that of the dialog.
    //= rfc3261#21.1/body MAY
    //# Given with the status.
    //= rfc3261#21.1.5/details MAY
    //# By the body.
    //= rfc3261#13.2.1/answer-early MAY
    //# It may hold the answer; accept() is then given the same.
    pub fn progress(&mut self, now: Instant, call: Call, status: u16, body: Option<Body>) -> Result<(), Error> {
        let now = self.clock(now);
        let state = self.calls.get(&call).ok_or(Error::Gone)?;
        let waits = state.theirs.as_ref().filter(|t| t.accepted.is_none());
        let Some(theirs) = waits.filter(|_| (101..200).contains(&status)) else { return Err(Error::WrongState) };
        let id = theirs.id;
        let response = self.theirs_reply(call, status, body).ok_or(Error::WrongState)?;
        self.endpoint.respond(now, id, response.clone())?;
        if let Some(theirs) = self.calls.get_mut(&call).and_then(|s| s.theirs.as_mut()) {
            //= rfc3261#13.3.1.1/every-minute MUST
            //# The clock of the call sends it again.
            theirs.progress = Some((now + MINUTE, response));
        }
        self.arm(call);
        Ok(())
    }

    /// Answers a call, or agrees to a change of its session: 200 with that answer, or with an offer if the INVITE had
    /// none.
    ///
    /// # Errors
    /// [`Error::Gone`], [`Error::WrongState`] when no INVITE waits.
    pub fn accept(&mut self, now: Instant, call: Call, body: Option<Body>) -> Result<(), Error> {
        let now = self.clock(now);
        let state = self.calls.get(&call).ok_or(Error::Gone)?;
        let theirs = state.theirs.as_ref().filter(|t| t.accepted.is_none()).ok_or(Error::WrongState)?;
        let id = theirs.id;
        let response = self.theirs_reply(call, 200, body).ok_or(Error::WrongState)?;
        self.endpoint.respond(now, id, response.clone())?;
        self.invites.remove(&id);
        let timing = &self.endpoint.config().timing;
        //= rfc3261#13.3.1.4/repeat MUST
        //# T1 first, then doubled up to T2, whatever the transport.
        let (t1, until) = (timing.t1, now + timing.give_up());
        if let Some(state) = self.calls.get_mut(&call) {
            state.step(Stimulus::Accept); // for a change of the session there is no row
            if let Some(theirs) = &mut state.theirs {
                theirs.accepted = Some(Accepted { response: response.clone(), next: now + t1, interval: t1, until });
                (theirs.progress, theirs.limit) = (None, None);
                if let Some(dialog) = &mut state.dialog {
                    let _caller_alone_can_fail = dialog.confirm(&response, false);
                }
            }
        }
        self.arm(call);
        Ok(())
    }

    /// Refuses a call, or a change of its session, with a status from 300 to 699. A refused change leaves the call as it
    /// was.
    ///
    /// # Errors
    /// [`Error::Gone`], [`Error::WrongState`] when no INVITE waits or the status does not fit.
    //= rfc3261#21.4.18/use-486 MAY
    //# The application chooses.
    //= rfc3261#13.3.1.3/486 SHOULD
    //# The application chooses; the limit of calls answers 486.
    //= rfc3261#13.3.1.3/600 SHOULD
    //# The application chooses.
    //= rfc3261#13.3.1.3/488 SHOULD
    //# The application chooses.
    pub fn reject(&mut self, now: Instant, call: Call, status: u16) -> Result<(), Error> {
        self.refuse_call(now, call, status, &[])
    }

    /// Sends a caller elsewhere (302).
    ///
    /// # Errors
    /// As [`reject`](Self::reject).
    //= rfc3261#13.3.1.2/contact SHOULD
    //# The URIs given.
    pub fn redirect(&mut self, now: Instant, call: Call, contacts: &[Uri]) -> Result<(), Error> {
        self.refuse_call(now, call, 302, contacts)
    }

    fn refuse_call(&mut self, now: Instant, call: Call, status: u16, contacts: &[Uri]) -> Result<(), Error> {
        let now = self.clock(now);
        let state = self.calls.get(&call).ok_or(Error::Gone)?;
        let theirs = state.theirs.as_ref().filter(|t| t.accepted.is_none() && (300..700).contains(&status));
        let (id, initial) = theirs.map(|t| (t.id, t.initial)).ok_or(Error::WrongState)?;
        let mut response = self.theirs_reply(call, status, None).ok_or(Error::WrongState)?;
        for contact in contacts {
            response.headers.push(Name::Contact, format_args!("<{contact}>"));
        }
        self.endpoint.respond(now, id, response)?;
        self.invites.remove(&id);
        if let Some(state) = self.calls.get_mut(&call) {
            state.theirs = None;
        }
        if initial {
            self.end(call, Stimulus::Reject, Ended::Local);
        }
        Ok(())
    }

    /// A response to the INVITE of theirs that waits.
    fn theirs_reply(&self, call: Call, status: u16, body: Option<Body>) -> Option<Response> {
        let state = self.calls.get(&call)?;
        let theirs = state.theirs.as_ref()?;
        //= rfc3261#8.2.6.2/to-tag-same MUST
        //# That of the dialog, from the first response on.
        let tag = &state.dialog.as_ref()?.id().local_tag;
        let mut response = self.reply(&theirs.request, status, tag);
        if status < 300 {
            let contact = state.contact.as_ref().and_then(|c| Uri::parse(c.as_str()).ok());
            reply::dialog_headers(&mut response, &theirs.request, contact.as_ref());
        }
        if (200..300).contains(&status) {
            //= rfc3261#13.3.1.4/allow-supported SHOULD
            //# Allow; there is no extension to put into Supported.
            response.headers.push(Name::Allow, self.allow());
        }
        reply::set_body(&mut response.headers, &mut response.body, body);
        Some(response)
    }

    /// An ACK that belongs to a dialog.
    pub(super) fn on_ack(&mut self, now: Instant, ack: &Request) {
        let Some(call) = DialogId::of_request(&ack.headers).and_then(|id| self.dialogs.get(&id).copied()) else {
            return;
        };
        let Some(state) = self.calls.get_mut(&call) else { return };
        let number = |headers: &crate::message::Headers| headers.cseq().ok().flatten().map(|c| c.number);
        let fits = |t: &&Theirs| t.accepted.is_some() && number(&t.request.headers) == number(&ack.headers);
        let Some((initial, offered, hang_up)) =
            state.theirs.as_ref().filter(fits).map(|t| (t.initial, !t.request.body.is_empty(), t.hang_up))
        else {
            return;
        };
        state.theirs = None;
        if initial && !hang_up {
            state.step(Stimulus::Ack);
        }
        let body = reply::body(&ack.headers, &ack.body).filter(|_| !offered);
        match (initial, body) {
            (true, body) => self.tell(Event::Confirmed { call, body }),
            (false, Some(body)) => self.tell(Event::Modified { call, body: Some(body) }),
            (false, None) => {}
        }
        if hang_up {
            self.bye(now, call);
            self.end(call, Stimulus::LateAck, Ended::Local);
        }
    }

    /// An INVITE of theirs was cancelled; the endpoint has answered the CANCEL.
    //= rfc3261#9.2/invite-487 SHOULD
    //# 487 at once.
    pub(super) fn on_cancel(&mut self, now: Instant, id: ServerId) {
        let Some(call) = self.invites.remove(&id) else { return };
        let Some(response) = self.theirs_reply(call, 487, None) else { return };
        let _answered_already = self.endpoint.respond(now, id, response);
        let Some(state) = self.calls.get_mut(&call) else { return };
        if state.theirs.take().is_some_and(|t| t.initial) {
            self.end(call, Stimulus::Cancel, Ended::Cancelled);
        }
    }

    /// An INVITE within a dialog.
    pub(super) fn on_reinvite(&mut self, now: Instant, id: ServerId, call: Call, request: Request) {
        let Some(state) = self.calls.get_mut(&call) else { return };
        let tag = state.dialog.as_ref().map(|d| d.id().local_tag.clone()).unwrap_or_default();
        //= rfc3261#14.2/no-180 MAY
        //# A change of the session goes to the application without one.
        //= rfc3261#14.2/no-alert MAY
        //# Nor with anything that would ring.
        //= rfc3261#14.2/overlap-500 MUST
        //# One that meets another of theirs, not answered or not acknowledged.
        if state.theirs.is_some() {
            let after = self.rng.below(11);
            let mut response = self.reply(&request, 500, &tag);
            //= rfc3261#14.2/overlap-retry-after MUST
            //# 0 to 10 s.
            response.headers.push(Name::RetryAfter, after);
            let _over = self.endpoint.respond(now, id, response);
            return;
        }
        //= rfc3261#14.2/glare-491 MUST
        //# One that meets ours.
        if state.ours.is_some() || !state.is_up() {
            let response = self.reply(&request, 491, &tag);
            let _over = self.endpoint.respond(now, id, response);
            return;
        }
        let body = reply::body(&request.headers, &request.body);
        state.theirs = Some(Theirs::new(id, request, false, Some((now + REINVITE_LIMIT, 500))));
        self.invites.insert(id, call);
        self.arm(call);
        self.tell(Event::ReInvite { call, body });
    }
}

/// Whether the answer to an INVITE needs a sips Contact.
fn is_secure(request: &Request) -> bool {
    let recorded = request.headers.record_route().ok().flatten().map(|route| route.uri().is_sips());
    let contact = || request.headers.contact().ok().flatten().map(|contact| contact.uri().is_sips());
    request.uri.is_sips() || recorded.or_else(contact).unwrap_or(false)
}

impl Theirs {
    fn new(id: ServerId, request: Request, initial: bool, limit: Option<(Instant, u16)>) -> Theirs {
        Theirs { id, request, initial, progress: None, limit, accepted: None, hang_up: false }
    }
}

/// How often a provisional response is repeated.
pub(super) const MINUTE: Duration = Duration::from_secs(60);
/// How long the application may think about a change of the session.
const REINVITE_LIMIT: Duration = Duration::from_secs(60);
