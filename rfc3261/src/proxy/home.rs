//! The router of a home domain: registrar, location, and who may do what.

use std::collections::VecDeque;
use std::sync::Arc;

use rfc2617::Party;
use wire::Instant;

use super::router::{Asked, Decision, Fork, Router};
use crate::endpoint::ServerId;
use crate::message::{Method, Name, Request, Response, Status, Uri};
use crate::registrar::{Admission, Binding, Guard, Registrar, RegistrarConfig, aor};

/// What a home domain does.
#[derive(Clone, Debug, Default)]
pub struct HomeConfig {
    /// The limits of its registrar.
    pub registrar: RegistrarConfig,
    /// Whether callers are sent to the contacts (302) instead of being connected; false.
    pub redirect: bool,
    /// Whether a REGISTER is answered only after [`Home::take_held`] and [`Proxy::decide`](super::Proxy::decide), so
    /// that its bindings can be stored first; false.
    pub hold: bool,
    /// Whether anyone may reach any domain through us when there is no guard; false: only this host.
    pub open_relay: bool,
}

/// What a home domain has done so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HomeStats {
    /// REGISTER requests answered with 200.
    pub registered: u64,
    /// REGISTER requests answered with another status, challenges excluded.
    pub register_failed: u64,
    /// Requests challenged (401, 407).
    pub challenged: u64,
    /// Requests with a wrong password.
    pub denied: u64,
    /// Requests refused unseen, because too many wrong passwords came from their source.
    pub guessing: u64,
    /// Requests refused because they wanted to go where their sender may not send them (403).
    pub forbidden: u64,
    /// Requests for a user without bindings (480) or who does not exist (404).
    pub not_found: u64,
}

/// A REGISTER whose bindings are to be stored before it is answered.
#[derive(Debug)]
pub struct Held {
    /// The transaction to decide on.
    pub id: ServerId,
    /// The address of record.
    pub aor: String,
    /// Its bindings from now on.
    pub bindings: Vec<Binding>,
    /// Its bindings before, for [`Home::undo`].
    pub before: Vec<Binding>,
    /// The response if they could be stored.
    pub response: Response,
}

/// Routes requests of a domain with registered users.
///
/// | request | what happens |
/// |---|---|
/// | REGISTER to us | authenticated when there is a guard (401), then registered |
/// | OPTIONS to us, without user | 200: alive |
/// | within a dialog whose route we recorded | forwarded |
/// | to one of our users | forwarded to the bindings, 480 without any; who claims to be one of our users is authenticated first (407) |
/// | to another domain | forwarded for our users once authenticated (407), for nobody else (403) |
#[derive(Debug)]
pub struct Home {
    config: HomeConfig,
    registrar: Registrar,
    guard: Option<Guard>,
    held: VecDeque<Held>,
    expired: Vec<Arc<str>>,
    stats: HomeStats,
}

impl Home {
    /// A home domain. Without a guard everyone may register, and use the proxy from this host.
    pub fn new(config: HomeConfig, guard: Option<Guard>) -> Home {
        let registrar = Registrar::new(config.registrar.clone());
        Home { config, registrar, guard, held: VecDeque::new(), expired: Vec::new(), stats: HomeStats::default() }
    }

    /// The registrar.
    pub fn registrar(&self) -> &Registrar {
        &self.registrar
    }

    /// The registrar, to restore bindings.
    pub fn registrar_mut(&mut self) -> &mut Registrar {
        &mut self.registrar
    }

    /// The next REGISTER that waits for its bindings to be stored.
    pub fn take_held(&mut self) -> Option<Held> {
        self.held.pop_front()
    }

    /// Restores the bindings from before a REGISTER that could not be stored, and gives its answer.
    //= rfc3261#10.3/fails-500 MUST
    //# For whoever stores bindings and fails.
    pub fn undo(&mut self, held: Held) -> Response {
        self.registrar.bindings_mut().set(&held.aor, held.before);
        let mut response = held.response;
        response.status = Status(500);
        response.reason = Status(500).reason().into();
        response.headers.remove(Name::Contact);
        response
    }

    /// The addresses of record that lost bindings because their time was up.
    pub fn take_expired(&mut self) -> Vec<Arc<str>> {
        std::mem::take(&mut self.expired)
    }

    /// What happened so far.
    pub fn stats(&self) -> HomeStats {
        let (denied, guessing) = self.guard.as_ref().map_or((0, 0), |g| (g.denied(), g.refused()));
        HomeStats { denied, guessing, ..self.stats }
    }

    fn register(&mut self, now: Instant, asked: &Asked<'_>) -> Decision {
        let request = asked.request;
        //= rfc3261#10.3/require MUST
        //# No option is known that a registrar would have to do something for.
        let required: Vec<String> = request.headers.raw_all(Name::Require).map(|v| v.to_string()).collect();
        if !required.is_empty() {
            let mut response = Response::to_request(request, Status(420));
            response.headers.push(Name::Unsupported, required.join(", "));
            return Decision::Reply(response);
        }
        let user = match self.authenticate(now, Party::Server, asked) {
            Ok(user) => user,
            Err(decision) => return *decision,
        };
        let to = match request.headers.to() {
            Ok(Some(to)) => to.uri().clone(),
            _ => return self.fail_register(request, 400),
        };
        //= rfc3261#10.3/unknown-aor MUST
        //# No user part, or a user that nobody has heard of.
        let key = match aor(&to) {
            Some(key) if asked.is_known_domain(&to) => key,
            _ => return self.fail_register(request, 404),
        };
        //= rfc3261#10.3/authorize SHOULD
        //# A user may change the bindings of the address that bears the user's name.
        //= rfc3261#10.3/forbidden MUST
        //# And of no other.
        if user.is_some_and(|user| !key.starts_with(&format!("{user}@"))) {
            self.stats.forbidden += 1;
            return self.fail_register(request, 403);
        }
        let before: Vec<Binding> =
            if self.config.hold { self.registrar.bindings().of(&key, now).cloned().collect() } else { Vec::new() };
        let done = self.registrar.register(now, &key, request, asked.source);
        match done.response.status.0 {
            200 => self.stats.registered += 1,
            _ => self.stats.register_failed += 1,
        }
        match asked.id {
            Some(id) if self.config.hold && done.changed => {
                let bindings = self.registrar.bindings().of(&key, now).cloned().collect();
                self.held.push_back(Held { id, aor: key, bindings, before, response: done.response });
                Decision::Wait
            }
            _ => Decision::Reply(done.response),
        }
    }

    fn fail_register(&mut self, request: &Request, status: u16) -> Decision {
        self.stats.register_failed += 1;
        Decision::Reply(Response::to_request(request, Status(status)))
    }

    /// Where a request for one of our users goes.
    //= rfc3261#16.5/any-source MAY
    //# Bindings are one; a router of one's own can have others.
    //= rfc3261#16.5/any-information MAY
    //# A router sees the whole request and where it came from.
    //= rfc3261#16.5/canonical MUST
    //# The key is made by the same function as the registrar's.
    //= rfc3261#10.1/location-service MUST
    //# Registrar and proxy read the same bindings.
    fn locate(&mut self, now: Instant, asked: &Asked<'_>) -> Decision {
        let request = asked.request;
        let Some(key) = aor(&request.uri) else {
            return self.not_found(request, 404);
        };
        let mut bindings = self.registrar.bindings().of(&key, now).peekable();
        if bindings.peek().is_none() {
            drop(bindings);
            //= rfc3261#16.5/unknown-user MUST
            //# When there is a list of users to tell.
            let is_known = self.guard.as_ref().is_none_or(|g| request.uri.user().is_some_and(|u| g.knows(u)));
            return self.not_found(request, if is_known { 480 } else { 404 });
        }
        if self.config.redirect {
            let mut response = Response::to_request(request, Status(302));
            //= rfc3261#8.3/not-itself MUST NOT
            //# A contact that is the Request-URI is left out.
            //= rfc3261#8.3/proxy-or-404 MAY
            //# If nothing else is left: 404.
            //= rfc3261#8.3/ignore-unknown MUST
            //# Nothing but the Request-URI decides.
            for binding in bindings.filter(|binding| !binding.uri.matches(&request.uri)) {
                response.headers.push(Name::Contact, binding.contact.clone());
            }
            if !response.headers.contains(Name::Contact) {
                return self.not_found(request, 404);
            }
            return Decision::Reply(response);
        }
        Decision::Forward(bindings.map(fork).collect())
    }

    //= rfc3261#16.5/empty MUST
    //# Never an empty set: an answer.
    //= rfc3261#16.5/empty-480 SHOULD
    //# For users who have no bindings now.
    fn not_found(&mut self, request: &Request, status: u16) -> Decision {
        self.stats.not_found += 1;
        Decision::Reply(Response::to_request(request, Status(status)))
    }

    /// Who sent a request: `None` when nobody is asked.
    fn authenticate(&mut self, now: Instant, party: Party, asked: &Asked<'_>) -> Result<Option<String>, Box<Decision>> {
        let Some(guard) = &mut self.guard else { return Ok(None) };
        let reply = |status| Response::to_request(asked.request, Status(status));
        match guard.admit(now, party, asked.request, asked.source.remote.ip()) {
            Admission::Admitted(user) => Ok(Some(user)),
            Admission::Malformed => Err(Box::new(Decision::Reply(reply(400)))),
            Admission::Refused => Err(Box::new(Decision::ReplyStateless(reply(403)))),
            Admission::Challenge(challenges) => {
                self.stats.challenged += 1;
                let (name, mut response) = match party {
                    Party::Server => (Name::WwwAuthenticate, reply(401)),
                    Party::Proxy => (Name::ProxyAuthenticate, reply(407)),
                };
                for challenge in challenges {
                    response.headers.push(name.clone(), challenge);
                }
                Err(Box::new(Decision::ReplyStateless(response)))
            }
        }
    }

    /// Whether the sender may have this request forwarded; it is out of any dialog of ours.
    fn admit(&mut self, now: Instant, asked: &Asked<'_>) -> Result<(), Box<Decision>> {
        let from = asked.request.headers.from().ok().flatten().map(|from| from.uri().clone());
        let is_from_us = from.as_ref().is_some_and(|uri| asked.is_known_domain(uri));
        let is_allowed = match &self.guard {
            None => asked.is_ours || self.config.open_relay || asked.source.remote.ip().is_loopback(),
            Some(_) if is_from_us => {
                let user = self.authenticate(now, Party::Proxy, asked)?;
                user.as_deref() == from.as_ref().and_then(Uri::user)
            }
            Some(_) => asked.is_ours,
        };
        if is_allowed {
            return Ok(());
        }
        self.stats.forbidden += 1;
        Err(Box::new(Decision::Reply(Response::to_request(asked.request, Status(403)))))
    }
}

impl Router for Home {
    //= rfc3261#16.5/no-targets-for-others MUST NOT
    //# For a URI that is not ours there is the one target below.
    fn route(&mut self, now: Instant, asked: &Asked<'_>) -> Decision {
        let request = asked.request;
        let is_lone = asked.is_ours && request.uri.user().is_none();
        match request.method {
            //= rfc3261#10.3/foreign-domain SHOULD
            //# Only those for our domain stop here; others go the way of any request.
            Method::Register if asked.is_ours => return self.register(now, asked),
            Method::Options if is_lone => return Decision::Reply(alive(request)),
            Method::Ack if is_lone => return Decision::Forward(Vec::new()),
            _ if is_lone => return self.not_found(request, 404),
            _ => {}
        }
        let is_in_dialog = asked.is_in_dialog();
        let is_free = is_in_dialog && (asked.is_recorded || asked.is_ours) || request.method == Method::Ack;
        if !is_free && let Err(decision) = self.admit(now, asked) {
            return *decision;
        }
        match asked.is_ours {
            true => self.locate(now, asked),
            //= rfc3261#16.5/foreign-domain MUST
            //# The one target is where the request wanted to go.
            false if request.method != Method::Ack || asked.was_routed => {
                Decision::Forward(vec![Fork::to(request.uri.clone())])
            }
            false => Decision::Forward(Vec::new()),
        }
    }

    fn deadline(&self) -> Option<Instant> {
        self.registrar.bindings().deadline()
    }

    fn tick(&mut self, now: Instant) {
        let expired = self.registrar.bindings_mut().expire(now);
        if self.config.hold {
            self.expired.extend(expired);
        }
    }
}

fn fork(binding: &Binding) -> Fork {
    Fork { uri: binding.uri.clone(), q: binding.q, flow: Some(binding.flow), is_flow_only: binding.behind_nat }
}

/// The answer to an OPTIONS that asks whether the proxy lives (RFC 3261 section 11).
pub(super) fn alive(request: &Request) -> Response {
    let mut response = Response::to_request(request, Status(200));
    response.headers.push(Name::Accept, "*/*");
    response.headers.push(Name::Allow, "INVITE, ACK, CANCEL, BYE, OPTIONS, REGISTER");
    response
}
