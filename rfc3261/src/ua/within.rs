//! Requests within a call: changing the session, INFO, and those of the other side (sections 12.2, 14, 15.1.2).

use std::time::Duration;

use bytestring::ByteString;
use wire::Instant;

use super::attempt::{Attempt, Purpose};
use super::{Body, Call, Ended, Error, Event, Exchange, Stimulus, UserAgent, reply};
use crate::dialog::{Dialog, DialogId};
use crate::endpoint::{ClientId, ServerId};
use crate::message::{Method, Request, Response};

impl UserAgent {
    /// Changes the session of a call: hold, resume, other media (re-INVITE). [`Event::Modified`] or
    /// [`Event::ModifyFailed`] brings the outcome. One that meets a change of the other side is tried again by itself.
    ///
    /// # Errors
    /// [`Error::Gone`]; [`Error::WrongState`] when the call is not answered, or another INVITE is under way in it.
    //= rfc3261#14.1/no-alert MAY
    //# Nothing but the description is added.
    //= rfc3261#14.1/one-at-a-time MUST NOT
    //# Refused while one is under way in either direction.
    //= rfc3261#14.1/wait-client MUST
    //# `ours` is set until the final response.
    //= rfc3261#14.1/wait-server MUST
    //# `theirs` is set until the ACK, or the refusal.
    pub fn modify(&mut self, now: Instant, call: Call, offer: Body) -> Result<(), Error> {
        let now = self.clock(now);
        let state = self.calls.get_mut(&call).ok_or(Error::Gone)?;
        let busy =
            state.ours.is_some() || state.theirs.is_some() || state.again.is_some() || state.unanswered.is_some();
        if !state.is_up() || busy {
            return Err(Error::WrongState);
        }
        state.offered = Some(offer.clone());
        self.within(now, call, Method::Invite, Some(offer), Purpose::ReInvite(call))
    }

    /// Sends INFO within a call (RFC 6086): a digit as `application/dtmf-relay`, for one. [`Event::Finished`] brings the
    /// outcome.
    ///
    /// # Errors
    /// [`Error::Gone`], [`Error::WrongState`] when the call is not answered.
    pub fn info(&mut self, now: Instant, call: Call, body: Body) -> Result<Exchange, Error> {
        self.request(now, call, Method::Info, Some(body))
    }

    /// Sends a request of any method but INVITE, ACK, BYE and CANCEL within a call. [`Event::Finished`] brings the
    /// outcome.
    ///
    /// # Errors
    /// [`Error::Gone`], [`Error::WrongState`] when the call is not answered, the method is one of those, or a
    /// MESSAGE of this call is under way.
    pub fn request(&mut self, now: Instant, call: Call, method: Method, body: Option<Body>) -> Result<Exchange, Error> {
        let now = self.clock(now);
        let up = self.calls.get(&call).ok_or(Error::Gone)?.is_up();
        if !up || matches!(method, Method::Invite | Method::Ack | Method::Bye | Method::Cancel) {
            return Err(Error::WrongState);
        }
        //= rfc3428#8/no-overlap SHOULD NOT
        //# Refused while another is under way.
        //= rfc3428#8/no-overlap-unsafe MUST NOT
        //# Whatever the transport.
        if method == Method::Message && self.calls.get(&call).is_some_and(|s| s.messaging.is_some()) {
            return Err(Error::WrongState);
        }
        let exchange = Exchange(self.number());
        let messaging = (method == Method::Message).then_some(exchange);
        self.within(now, call, method, body, Purpose::Exchange(exchange, Some(call)))?;
        if let Some(state) = self.calls.get_mut(&call).filter(|_| messaging.is_some()) {
            state.messaging = messaging;
        }
        Ok(exchange)
    }

    //= rfc3261#14.1/other-meanwhile MAY
    //# Other methods do not wait for an INVITE, nor it for them.
    //= rfc3261#12.2/either-side MAY
    //# A dialog is the same on both sides.
    //= rfc3261#22.3/cache-call-id SHOULD
    //# `authorize` adds what the call's earlier challenges were answered with.
    fn within(
        &mut self,
        now: Instant,
        call: Call,
        method: Method,
        body: Option<Body>,
        purpose: Purpose,
    ) -> Result<(), Error> {
        let dialog = self.dialog_mut(call).ok_or(Error::WrongState)?;
        //= rfc3261#8.1.2/proxy-not-always SHOULD
        //# Within a dialog its own route decides.
        let (mut request, hop, secure) = (dialog.request(method), dialog.next_hop().clone(), dialog.is_secure());
        self.decorate(&mut request);
        reply::set_body(&mut request.headers, &mut request.body, body);
        let mut attempt = Attempt::new(purpose, request, hop, self.config.transport);
        //= rfc3261#12.2.1.1/contact-sips MUST
        //# The dialog knows whether it is secure.
        attempt.secure |= secure;
        self.authorize(&mut attempt);
        self.dispatch(now, attempt)
    }

    /// A 2xx to a re-INVITE of ours.
    pub(super) fn modified(&mut self, now: Instant, id: ClientId, call: Call, tag: ByteString, response: &Response) {
        let dialog = match self.calls.get_mut(&call) {
            Some(state) => {
                state.ours = None;
                state.offered = None;
                let Some(dialog) = &mut state.dialog else { return };
                dialog.refreshed(&Method::Invite, response);
                dialog.clone()
            }
            // The call was ended meanwhile; the 2xx is acknowledged all the same.
            None => match self.attempts.get(&id).map(|a| Dialog::uac(&a.request, response)) {
                Some(Ok(dialog)) => dialog,
                _ => return,
            },
        };
        self.acknowledge(now, id, tag, &dialog, None);
        if self.calls.contains_key(&call) {
            self.tell(Event::Modified { call, body: reply::body(&response.headers, &response.body) });
        }
    }

    /// A re-INVITE of ours failed.
    //= rfc3261#14.1/failed-unchanged MUST
    //# Nothing but the INVITE itself is forgotten.
    pub(super) fn modify_failed(&mut self, now: Instant, call: Call, status: u16) {
        let Some(state) = self.calls.get_mut(&call) else { return };
        state.ours = None;
        let offered = state.offered.take();
        match (status, offered) {
            (491, Some(offer)) if state.again.is_none() => {
                //= rfc3261#14.1/491-timer SHOULD
                //# In steps of 10 ms.
                let steps = if state.owner { 210 + self.rng.below(191) } else { self.rng.below(201) };
                state.again = Some((now + Duration::from_millis(steps * 10), offer));
                self.arm(call);
            }
            (408 | 481, _) => {
                self.bye(now, call);
                self.end(call, Stimulus::Lost, Ended::Lost);
            }
            _ => self.tell(Event::ModifyFailed { call, status }),
        }
    }

    /// A request with a To tag.
    pub(super) fn on_within(&mut self, now: Instant, id: ServerId, request: Request) {
        let found = DialogId::of_request(&request.headers).and_then(|d| Some((self.dialogs.get(&d).copied()?, d)));
        //= rfc3261#12.2.2/481 MUST
        //# No such dialog.
        //= rfc3261#15.1.2/481 SHOULD
        //# The same for BYE.
        let Some((call, dialog_id)) = found else { return self.refuse(now, id, &request, 481) };
        let Some(state) = self.calls.get_mut(&call) else { return };
        let mut dialogs = state.dialog.iter_mut().chain(&mut state.early);
        let Some(dialog) = dialogs.find(|d| *d.id() == dialog_id) else { return };
        //= rfc3261#15.1.2/in-dialog MUST
        //# Before the method is looked at.
        if let Err(error) = dialog.receive(&request) {
            return self.refuse(now, id, &request, error.0);
        }
        let body = reply::body(&request.headers, &request.body);
        match request.method {
            Method::Invite => self.on_reinvite(now, id, call, request),
            Method::Bye => {
                //= rfc3261#15.1.2/2xx MUST
                //# Always.
                //= rfc3261#15/bye-ends SHOULD
                //# The call is over.
                //= rfc3261#15.1.2/end-session SHOULD
                //# The call is over.
                self.refuse(now, id, &request, 200);
                self.end(call, Stimulus::Bye, Ended::Remote);
            }
            Method::Info => {
                self.refuse(now, id, &request, 200);
                self.tell(Event::Info { call, body });
            }
            Method::Message => self.on_message(now, id, &request),
            Method::Options => self.on_options(now, id, &request),
            _ => self.tell(Event::Request { id, call: Some(call), request }),
        }
    }
}
