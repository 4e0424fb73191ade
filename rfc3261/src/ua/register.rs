//! Registrations: made, refreshed in time, tried again after a failure, given up (section 10.2).

use std::time::Duration;

use wire::Instant;

use super::attempt::{Attempt, Presence, Purpose};
use super::time::Owner;
use super::{Account, Error, Event, Registration, UserAgent, client};
use crate::endpoint::Target;
use crate::message::{CSeq, Contact, Method, Name, NameAddr, Response, Uri};

/// A registration that is kept.
#[derive(Debug)]
pub(super) struct Binding {
    account: Account,
    pub auth: rfc2617::Client,
    number: u32,
    /// The Contact of the latest REGISTER.
    pub sent: Option<Uri>,
    /// The Contact that the registrar knows.
    registered: Option<Uri>,
    /// Where it went.
    target: Option<Target>,
    /// When the next keep-alive is due.
    ping: Option<Instant>,
    /// A REGISTER is under way.
    pending: bool,
    /// When the next one is due.
    due: Option<Instant>,
    failures: u32,
    /// It is to be removed, once the registrar has answered.
    leaving: bool,
    /// Our address has changed since the REGISTER that is under way.
    moved: bool,
}

impl UserAgent {
    /// Registers an address, and keeps it registered. [`Event::Registered`] or [`Event::RegistrationFailed`] tells each
    /// outcome.
    ///
    /// # Errors
    /// [`Error::Address`] when the address of record or the registrar is no sip or sips URI, [`Error::Busy`],
    /// [`Error::NoListener`].
    pub fn register(&mut self, now: Instant, account: Account) -> Result<Registration, Error> {
        let now = self.clock(now);
        if !account.aor.is_sip_or_sips() || account.registrar.as_ref().is_some_and(|r| !r.is_sip_or_sips()) {
            return Err(Error::Address);
        }
        let registration = Registration(self.number());
        let binding = Binding {
            account,
            auth: client(&self.config, &mut self.rng),
            number: 0,
            sent: None,
            target: None,
            ping: None,
            registered: None,
            pending: false,
            due: None,
            failures: 0,
            leaving: false,
            moved: false,
        };
        self.bindings.insert(registration, binding);
        if let Err(error) = self.send_register(now, registration) {
            self.bindings.remove(&registration);
            return Err(error);
        }
        Ok(registration)
    }

    /// Gives up a registration: removes it at the registrar, then tells [`Event::Unregistered`].
    ///
    /// # Errors
    /// [`Error::Gone`].
    //= rfc3261#10.2.2/zero SHOULD
    //# An expiration of 0 for our Contact.
    pub fn unregister(&mut self, now: Instant, registration: Registration) -> Result<(), Error> {
        let now = self.clock(now);
        let binding = self.bindings.get_mut(&registration).ok_or(Error::Gone)?;
        binding.leaving = true;
        if binding.pending {
            return Ok(()); // its outcome comes first, then the removal
        }
        if binding.registered.is_none() || self.send_register(now, registration).is_err() {
            self.forget(registration);
        }
        Ok(())
    }

    //= rfc3261#10.2/contact MAY
    //# One binding, that of this user agent; a query has none.
    //= rfc3261#10.2.1/any-uri MAY
    //# The registrar takes any; this user agent registers itself, which is a sip or sips URI.
    //= rfc3261#10.2/headers MUST
    //# All of them.
    //= rfc3261#10.2/uri-domain MUST NOT
    //# User and parameters of the address of record are taken off.
    //= rfc3261#10.2/aor-sip MUST
    //# Checked when the registration is made.
    //= rfc3261#10.2/same-call-id SHOULD
    //# One for the life of the user agent.
    //= rfc3261#10.2/one-at-a-time MUST NOT
    //# `pending` holds the next one back.
    //= rfc3261#10.2/no-action SHOULD NOT
    //# It is not used.
    //= rfc3261#10.2.1/sips-contacts SHOULD
    //# The scheme of the Contact is that of the Request-URI, and so of the address of record.
    //= rfc3261#10.2.2/star MUST NOT
    //# It is not used.
    //= rfc3261#10.2.4/own-only SHOULD NOT
    //# Only the Contact of this user agent, now and before.
    //= rfc3261#10.2.4/call-id-kept SHOULD
    //# It is never changed.
    //= rfc3261#10.2.4/same-address SHOULD
    //# The same Request-URI, and so the same lookup.
    //= rfc3261#10.2.6/from-aor SHOULD
    //# The host of the address of record.
    fn send_register(&mut self, now: Instant, registration: Registration) -> Result<(), Error> {
        let Some(binding) = self.bindings.get(&registration) else { return Err(Error::Gone) };
        let aor = binding.account.aor.without_params().without_headers();
        let registrar = binding.account.registrar.clone().unwrap_or_else(|| aor.with_user(None));
        let expires = if binding.leaving { 0 } else { binding.account.expires };
        let old = binding.registered.clone();
        let to = NameAddr::new(&aor);
        let (mut request, hop) = self.outside(Method::Register, &registrar, &to)?;
        request.headers.set(Name::To, &to);
        //= rfc3261#8.1.1.4/same-in-registrations SHOULD
        //# One for the life of the user agent.
        request.headers.set(Name::CallId, &self.register_id);
        // Numbers grow through all registrations that share the Call-ID.
        //= rfc3261#10.2/cseq-up MUST
        //# One above the highest so far; one that is challenged counts on from its own.
        let number = self.bindings.values().map(|b| b.number).max().unwrap_or(0).saturating_add(1);
        request.headers.set(Name::CSeq, CSeq::new(number, Method::Register));
        request.headers.push(Name::Expires, expires);
        let mut attempt = Attempt::new(Purpose::Register(registration), request, hop, self.config.transport);
        attempt.contact = Presence::Binding(expires, old);
        self.authorize(&mut attempt);
        if let Some(binding) = self.bindings.get_mut(&registration) {
            (binding.number, binding.pending, binding.due, binding.moved) = (number, true, None, false);
        }
        self.dispatch(now, attempt)
    }

    /// A REGISTER is about to be sent with that Contact.
    pub(super) fn registering(&mut self, registration: Registration, contact: Uri, target: Target) {
        if let Some(binding) = self.bindings.get_mut(&registration) {
            (binding.sent, binding.target, binding.moved) = (Some(contact), Some(target), false);
        }
    }

    /// A REGISTER was sent again under another number.
    pub(super) fn registered_number(&mut self, registration: Registration, number: u32) {
        if let Some(binding) = self.bindings.get_mut(&registration) {
            binding.number = binding.number.max(number);
        }
    }

    /// The outcome of a REGISTER.
    pub(super) fn register_answered(
        &mut self,
        now: Instant,
        registration: Registration,
        status: u16,
        response: Option<&Response>,
    ) {
        let Some(binding) = self.bindings.get_mut(&registration) else { return };
        let was_leaving = binding.pending && binding.leaving && binding.due.is_none();
        binding.pending = false;
        match response.filter(|r| r.status.is_success()) {
            Some(response) => self.register_succeeded(now, registration, response),
            None if was_leaving && binding.registered.is_none() => self.forget(registration),
            None => self.register_failed(now, registration, status, response),
        }
    }

    //= rfc3261#10.2/record-route-ignored MUST
    //# Contact and Expires are all that is read.
    //= rfc3261#10.2/no-route-set MUST NOT
    //# A registration has no dialog that could hold one.
    fn register_succeeded(&mut self, now: Instant, registration: Registration, response: &Response) {
        let contacts: Vec<NameAddr> =
            response.headers.list::<Contact>().filter_map(Result::ok).map(|c| c.0).take(64).collect();
        let header = response.headers.raw(Name::Expires).and_then(|e| e.trim().parse().ok());
        let ours = self.attempt_contact(registration, &contacts);
        let Some(binding) = self.bindings.get_mut(&registration) else { return };
        let granted = ours.as_ref().and_then(|c| c.expires()).or(header).unwrap_or(binding.account.expires);
        if binding.leaving && (granted == 0 || ours.is_none()) {
            return self.forget(registration);
        }
        binding.failures = 0;
        if binding.leaving {
            // It was registered while we were asked to give it up.
            binding.registered = ours.map(|c| c.uri().clone()).or_else(|| binding.registered.clone());
            if self.send_register(now, registration).is_err() {
                self.forget(registration);
            }
            return;
        }
        binding.registered = ours.map(|c| c.uri().clone()).or_else(|| binding.sent.clone());
        let moved = std::mem::take(&mut binding.moved);
        // 5 to 15 s before it ends, or a quarter of a short time.
        let early = 5.0 + 10.0 * self.rng.unit();
        let early = early.min(f64::from(granted) / 4.0);
        let wait = if moved { 0.0 } else { (f64::from(granted) - early).max(1.0) };
        self.register_at(registration, now + Duration::from_secs_f64(wait));
        self.keep_alive_at(now, registration);
        self.tell(Event::Registered { registration, expires: granted, contacts });
    }

    //= rfc3261#10.2.7/no-instant-retry SHOULD NOT
    //# After a pause that doubles with each failure.
    fn register_failed(&mut self, now: Instant, registration: Registration, status: u16, response: Option<&Response>) {
        let Some(binding) = self.bindings.get_mut(&registration) else { return };
        if binding.leaving {
            return self.forget(registration);
        }
        let seconds = |name| {
            response.and_then(|r| r.headers.raw(name)?.trim().split([' ', ';', '(']).next()?.parse::<u32>().ok())
        };
        //= rfc3261#10.2.8/423-retry MAY
        //# At once, once, with what the registrar asks for.
        if let Some(least) = seconds(Name::MinExpires).filter(|least| status == 423 && *least > binding.account.expires)
        {
            binding.account.expires = least;
            if self.send_register(now, registration).is_ok() {
                return;
            }
        }
        let Some(binding) = self.bindings.get_mut(&registration) else { return };
        binding.failures = binding.failures.saturating_add(1);
        binding.registered = None;
        // Without other credentials the answer would be the same.
        let final_word = matches!(status, 401 | 403 | 404 | 407);
        let doubled = self.config.retry_min.saturating_mul(1 << binding.failures.saturating_sub(1).min(16));
        let mut wait = doubled.min(self.config.retry_max);
        //= rfc3261#21.5.4/spare-server SHOULD NOT
        //# Not before Retry-After.
        //= rfc3261#21.5.4/as-500 MUST
        //# Without Retry-After a 503 is a failure like any other.
        if let Some(asked) = seconds(Name::RetryAfter) {
            wait =
                wait.max(Duration::from_secs(asked.into())).min(self.config.retry_max.max(Duration::from_secs(3600)));
        }
        if final_word {
            wait = self.config.retry_max;
        }
        let wait = wait.mul_f64(0.8 + 0.2 * self.rng.unit());
        self.register_at(registration, now + wait);
        let retry = u32::try_from(wait.as_secs()).ok();
        self.tell(Event::RegistrationFailed { registration, status, retry });
    }

    fn register_at(&mut self, registration: Registration, at: Instant) {
        if let Some(binding) = self.bindings.get_mut(&registration) {
            binding.due = Some(at);
            self.alarm(at, Owner::Registration(registration));
        }
    }

    /// Plans the next keep-alive, where one is needed: through a NAT, and over a stream.
    fn keep_alive_at(&mut self, now: Instant, registration: Registration) {
        let every = self.config.keep_alive;
        let Some(binding) = self.bindings.get_mut(&registration) else { return };
        let Some(target) = binding.target.filter(|_| !every.is_zero()) else { return };
        let local = self.endpoint.listener(&target).map(|l| l.local);
        if target.transport.is_reliable() || local.is_some_and(|l| self.learned.contains_key(&l)) {
            binding.ping = Some(now + every);
            self.alarm(now + every, Owner::Registration(registration));
        }
    }

    fn keep_alive(&mut self, now: Instant, registration: Registration) {
        let Some(binding) = self.bindings.get_mut(&registration) else { return };
        let due = binding.ping.take_if(|at| *at <= now).is_some() && !binding.leaving && !binding.pending;
        let Some(target) = binding.target.filter(|_| due) else { return };
        match self.endpoint.keep_alive(now, &target) {
            Ok(true) => self.keep_alive_at(now, registration),
            _ => self.register_at(registration, now),
        }
    }

    pub(super) fn register_time(&mut self, now: Instant, registration: Registration) {
        self.keep_alive(now, registration);
        let due = |b: &&mut Binding| !b.pending && b.due.is_some_and(|at| at <= now);
        let Some(binding) = self.bindings.get_mut(&registration).filter(due) else { return };
        binding.due = None;
        if self.send_register(now, registration).is_err() {
            if let Some(binding) = self.bindings.get_mut(&registration) {
                binding.pending = false;
            }
            self.register_failed(now, registration, 503, None);
        }
    }

    /// Our address has changed: what is registered is registered anew.
    pub(super) fn moved(&mut self, now: Instant) {
        let all: Vec<Registration> = self.bindings.keys().copied().collect();
        for registration in all {
            let Some(binding) = self.bindings.get_mut(&registration) else { continue };
            match binding.pending {
                true => binding.moved = true,
                false if binding.registered.is_some() && !binding.leaving => self.register_at(registration, now),
                false => {}
            }
        }
    }

    /// Which of the registrar's contacts is ours: the one that a REGISTER of ours carried.
    fn attempt_contact(&self, registration: Registration, contacts: &[NameAddr]) -> Option<NameAddr> {
        let binding = self.bindings.get(&registration)?;
        let sent = binding.sent.as_ref()?;
        contacts.iter().find(|c| c.uri().matches(sent)).cloned()
    }

    /// A registration is over.
    fn forget(&mut self, registration: Registration) {
        if self.bindings.remove(&registration).is_some() {
            self.tell(Event::Unregistered { registration });
        }
    }
}
