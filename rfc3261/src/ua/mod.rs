//! The user agent: calls, registrations and messages on top of an [`Endpoint`] (sections 8 to 15, RFC 3428).
//!
//! A [`UserAgent`] places and takes calls, registers addresses and keeps them registered, sends and takes instant
//! messages, and answers what a user agent answers by itself: OPTIONS, challenges, redirections, requests that make no
//! sense. Session descriptions pass through as bytes; what they say is the application's affair.
//!
//! The drain contract: give one input or command, then [`poll`](Machine::poll) until `None`, then wait for the next
//! input or the [`deadline`](Machine::deadline).

mod attempt;
mod call;
mod callee;
mod caller;
mod config;
mod exchange;
mod locate;
mod phase;
mod register;
mod reply;
mod screen;
mod time;
mod types;
mod within;

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;

use wire::{Input, Instant, Machine, Output, QueryId, Rng, Transport};

use self::attempt::{Attempt, Purpose};
use self::call::State;
use self::register::Binding;
use crate::dialog::{Dialog, DialogId};
use crate::endpoint::{self, ClientId, Endpoint, Id, Listen, ServerId, Target};
use crate::message::{Method, Name, NameAddr, Request, Response, Uri, Via};

pub use config::Config;
pub use phase::{Phase, Stimulus, TRANSITIONS};
pub use types::{Account, Body, Call, Ended, Error, Event, Exchange, Invitation, Registration};

/// A user agent. See the [module](self) for what it does, [`Event`] for what it tells.
#[derive(Debug)]
pub struct UserAgent {
    config: Config,
    endpoint: Endpoint,
    rng: Rng,
    now: Instant,
    out: VecDeque<Output<Event>>,
    last_number: u64,
    /// Requests of ours on the wire, and those that wait for an address.
    attempts: HashMap<ClientId, Attempt>,
    lookups: HashMap<QueryId, Attempt>,
    calls: HashMap<Call, State>,
    dialogs: HashMap<DialogId, Call>,
    /// Calls by the server transaction of an INVITE that waits for our answer.
    invites: HashMap<ServerId, Call>,
    /// Requests outside of dialogs that are being processed, to find merged ones; and the way back.
    merging: HashMap<String, ServerId>,
    merged: HashMap<ServerId, String>,
    bindings: HashMap<Registration, Binding>,
    /// Messages outside of calls: those under way with the URI they go to, and those that wait for them.
    messages: HashMap<Exchange, Uri>,
    waiting: VecDeque<(Uri, Attempt)>,
    /// Answers challenges of requests that belong to no call and no registration.
    auth: rfc2617::Client,
    /// How others see the bound addresses.
    learned: HashMap<SocketAddr, SocketAddr>,
    alarms: time::Alarms,
    /// The Call-ID of all registrations.
    register_id: String,
}

/// How much a user agent has to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Load {
    /// Calls that are not over.
    pub calls: usize,
    /// Registrations that are kept.
    pub registrations: usize,
    /// Requests of ours without a final response.
    pub requests: usize,
    /// INVITEs of ours whose 2xx may come again, to be acknowledged again.
    pub answered: usize,
    /// Dialogs, early ones included.
    pub dialogs: usize,
}

impl UserAgent {
    /// A user agent with those settings. Tags, Call-IDs, branches and nonces come from `rng`.
    pub fn new(config: Config, mut rng: Rng) -> UserAgent {
        let endpoint = Endpoint::new(config.endpoint.clone(), rng.split());
        let auth = client(&config, &mut rng);
        UserAgent {
            endpoint,
            auth,
            register_id: rng.token(24),
            rng,
            now: Instant::ZERO,
            out: VecDeque::new(),
            last_number: 0,
            attempts: HashMap::new(),
            lookups: HashMap::new(),
            calls: HashMap::new(),
            dialogs: HashMap::new(),
            invites: HashMap::new(),
            merging: HashMap::new(),
            merged: HashMap::new(),
            bindings: HashMap::new(),
            messages: HashMap::new(),
            waiting: VecDeque::new(),
            learned: HashMap::new(),
            alarms: time::Alarms::default(),
            config,
        }
    }

    /// Adds an address that the driver has bound.
    pub fn listen(&mut self, listen: Listen) {
        self.endpoint.listen(listen);
    }

    /// The layers below, with their counters.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// The settings.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// How much is under way.
    pub fn load(&self) -> Load {
        let answered = self.attempts.values().filter(|attempt| attempt.over).count();
        Load {
            answered,
            calls: self.calls.len(),
            registrations: self.bindings.len(),
            requests: self.attempts.len() - answered + self.lookups.len() + self.waiting.len(),
            dialogs: self.dialogs.len(),
        }
    }

    /// How far a call is; terminated when there is no such call any more.
    pub fn phase(&self, call: Call) -> Phase {
        self.calls.get(&call).map_or(Phase::Terminated, |state| state.phase)
    }

    /// The dialog of a call, once there is one.
    pub fn dialog(&self, call: Call) -> Option<&Dialog> {
        self.calls.get(&call)?.dialog.as_ref()
    }

    /// Where we can be reached, as a request to that target would say in its Contact.
    //= rfc3261#8.1.1.8/global MUST
    //# The address that others see, which holds for any request.
    //= rfc3261#12.1.1/contact-global SHOULD
    //# The address that others see, which holds for any request.
    //= rfc3261#12.1.2/contact MUST
    //# The address that others see, which holds for any request.
    pub fn contact(&self, target: &Target, secure: bool) -> Option<Uri> {
        let listen = self.endpoint.listener(target)?;
        let learned = self.learned.get(&listen.local).filter(|_| self.config.learn_address);
        let host = match (learned, &listen.sent_by) {
            (Some(address), _) => address.to_string(),
            (None, Some(sent_by)) => sent_by.clone(),
            (None, None) => listen.local.to_string(),
        };
        let user = self.config.from.uri().user().map(|u| format!("{u}@")).unwrap_or_default();
        //= rfc3261#8.1.1.8/sips MUST
        //# The scheme is that of the Request-URI.
        //= rfc3261#12.1.2/contact-sips MUST
        //# The scheme is that of the Request-URI.
        let scheme = if secure { "sips" } else { "sip" };
        let transport = match listen.transport {
            Transport::Udp => String::new(),
            Transport::Tls if secure => String::new(),
            other => format!(";transport={other}"),
        };
        Uri::parse(format!("{scheme}:{user}{host}{transport}")).ok()
    }

    /// A request outside of any dialog (section 8.1.1), and where it goes.
    //= rfc3261#8.1.1/six-headers MUST
    //# All but Via, which the endpoint adds.
    //= rfc3261#8.1.1.1/from-to SHOULD
    //# The URI goes into both.
    //= rfc3261#8.1.1.1/outbound-proxy SHOULD
    //# A route set of one.
    //= rfc3261#8.1.1.2/no-tag MUST NOT
    //# To is made from the URI.
    //= rfc3261#8.1.1.3/tag MUST
    //# Random, for each request.
    //= rfc3261#19.3/random MUST
    //# 50 bits from the generator of the machine.
    //= rfc3261#8.1.1.4/unique MUST
    //# 120 random bits.
    //= rfc3261#8.1.1.4/random SHOULD
    //# From the generator of the machine.
    //= rfc3261#8.1.1.5/method MUST
    //# Of the request.
    //= rfc3261#8.1.1.6/present MUST
    //# Always.
    //= rfc3261#8.1.1.6/seventy SHOULD
    //# 70.
    //= rfc3261#19.1.5/keep-parameters MUST
    //# All of them stay in the Request-URI.
    //= rfc3261#19.1.5/method-removed MUST NOT
    //# It is taken out.
    //= rfc3261#19.1.5/unknown-kept MUST
    //# All of them stay.
    //= rfc3261#19.1.5/dangerous SHOULD NOT
    //# Headers of the URI are not taken at all.
    //= rfc3261#19.1.5/no-route SHOULD NOT
    //# Headers of the URI are not taken at all.
    //= rfc3261#19.1.5/no-false-claims SHOULD NOT
    //# Headers of the URI are not taken at all.
    //= rfc3261#19.1.5/invalid-not-sent MUST NOT
    //# What is no sip or sips URI is refused.
    fn outside(&mut self, method: Method, to: &Uri, from: &NameAddr) -> Result<(Request, Uri), Error> {
        if !to.is_sip_or_sips() {
            return Err(Error::Address);
        }
        let uri = to.without_headers().without_param("method");
        let mut request = Request::new(method.clone(), uri);
        let hop = reply::preload(&mut request, self.config.proxy.as_ref());
        let to = NameAddr::new(&to.without_headers().without_param("method"));
        request.headers.push(Name::MaxForwards, 70);
        request.headers.push(Name::From, from.without_param("tag").with_tag(&self.rng.token(10)));
        request.headers.push(Name::To, to);
        request.headers.push(Name::CallId, self.rng.token(24));
        request.headers.push(Name::CSeq, format_args!("1 {method}"));
        self.decorate(&mut request);
        Ok((request, hop))
    }

    /// Headers that say what we are.
    fn decorate(&self, request: &mut Request) {
        //= rfc3261#20.41/configurable SHOULD
        //# `Config::user_agent`.
        if let Some(name) = &self.config.user_agent {
            request.headers.push(Name::UserAgent, name);
        }
        //= rfc3261#13.2.1/allow SHOULD
        //# In every request that may begin or change a session.
        if matches!(request.method, Method::Invite | Method::Options | Method::Register) {
            request.headers.push(Name::Allow, self.allow());
        }
    }

    /// Sends a response to a request that was handed up by [`Event::Request`]. A To tag is added.
    ///
    /// # Errors
    /// [`Error::Gone`] when its transaction is over, [`Error::WrongState`] when it was answered.
    pub fn respond(&mut self, now: Instant, id: ServerId, mut response: Response) -> Result<(), Error> {
        let now = self.clock(now);
        self.add_tag(&mut response);
        Ok(self.endpoint.respond(now, id, response)?)
    }

    /// Hangs up all calls and gives up all registrations. What is sent for it takes its course.
    pub fn shutdown(&mut self, now: Instant) {
        let calls: Vec<Call> = self.calls.keys().copied().collect();
        for call in calls {
            let _over_meanwhile = self.hang_up(now, call);
        }
        let bindings: Vec<Registration> = self.bindings.keys().copied().collect();
        for registration in bindings {
            let _over_meanwhile = self.unregister(now, registration);
        }
    }

    fn on_event(&mut self, event: endpoint::Event) {
        let now = self.now;
        match event {
            endpoint::Event::Request { id, request, source } => self.on_request(now, id, request, &source),
            endpoint::Event::Ack { request, .. } => self.on_ack(now, &request),
            endpoint::Event::Cancel { id, .. } => self.on_cancel(now, id),
            endpoint::Event::Response { id, response } => self.on_response(now, id, &response),
            endpoint::Event::Timeout { id: Id::Client(id) } => self.unanswered(now, id, 408),
            endpoint::Event::TransportFailed { id: Id::Client(id) } => self.unanswered(now, id, 503),
            endpoint::Event::Terminated { id: Id::Client(id) } => self.on_terminated(now, id),
            endpoint::Event::Terminated { id: Id::Server(id) } => {
                if let Some(key) = self.merged.remove(&id) {
                    self.merging.remove(&key);
                }
            }
            endpoint::Event::Timeout { id: Id::Server(_) } | endpoint::Event::TransportFailed { id: Id::Server(_) } => {
            }
            endpoint::Event::Stray { .. } => {}
            endpoint::Event::Dropped { reason, from } => self.tell(Event::Dropped { reason, from }),
        }
    }

    fn on_terminated(&mut self, now: Instant, id: ClientId) {
        if let Some(attempt) = self.attempts.remove(&id).filter(|a| !a.over) {
            self.failed(now, attempt.purpose, 408, None);
        }
    }

    //= rfc3261#7.3.2/wrong-class MUST
    //# Of a response only what responses have is read.
    //= rfc3261#20/not-applicable-ignored MUST
    //# Of a response only what responses have is read.
    fn on_response(&mut self, now: Instant, id: ClientId, response: &Response) {
        self.learn(now, id, response);
        //= rfc3261#8.1.3.3/one-via SHOULD
        //# Dropped without a word.
        if response.headers.list::<Via>().take(2).count() != 1 {
            return;
        }
        let Some(attempt) = self.attempts.get(&id) else { return };
        let (purpose, over) = (attempt.purpose.clone(), attempt.over);
        let invite = matches!(purpose, Purpose::Invite(_) | Purpose::ReInvite(_));
        match response.status.0 {
            ..200 if !over => self.on_provisional(now, &purpose, response),
            200..300 if invite => self.on_accepted(now, id, &purpose, response),
            //= rfc3261#13.2.2.3/later-ignored MUST
            //# The first one removes the attempt.
            200.. if !over => {
                if let Some(purpose) = self.next(now, id, response) {
                    self.failed(now, purpose, response.status.0, Some(response));
                }
            }
            _ => {}
        }
    }

    /// The outcome of a request of ours, good or bad, other than a 2xx to an INVITE. Without a response the status
    /// stands for what happened instead.
    fn failed(&mut self, now: Instant, purpose: Purpose, status: u16, response: Option<&Response>) {
        match purpose {
            Purpose::Invite(call) => self.invite_failed(now, call, status, response),
            Purpose::ReInvite(call) => self.modify_failed(now, call, status),
            Purpose::Bye | Purpose::Ack(..) => {}
            Purpose::Exchange(exchange, call) => {
                self.tell(Event::Finished { exchange, status, response: response.cloned() });
                match call.and_then(|call| self.calls.get_mut(&call)) {
                    Some(state) => state.messaging = state.messaging.filter(|e| *e != exchange),
                    None => self.next_message(now, exchange),
                }
                //= rfc3261#12.2.1.2/481-408 SHOULD
                //# The call is lost.
                if let Some(call) = call.filter(|_| matches!(status, 408 | 481)) {
                    self.end(call, Stimulus::Lost, Ended::Lost);
                }
            }
            Purpose::Register(registration) => self.register_answered(now, registration, status, response),
        }
    }

    /// Takes note of how the other side sees us.
    fn learn(&mut self, now: Instant, id: ClientId, response: &Response) {
        let Some(via) = response.headers.via().ok().flatten() else { return };
        let Some(target) = self.attempts.get(&id).and_then(|a| a.target) else { return };
        let Some(local) = self.endpoint.listener(&target).map(|l| l.local) else { return };
        if target.transport != Transport::Udp {
            return;
        }
        let (Some(ip), Some(Some(port))) = (via.received(), via.rport()) else { return };
        let address = SocketAddr::new(ip, port);
        let known = self.learned.get(&local).copied().unwrap_or(local);
        if known != address {
            self.learned.insert(local, address);
            self.tell(Event::PublicAddress { address });
            if self.config.learn_address {
                self.moved(now);
            }
        }
    }

    /// The client that answers challenges for a purpose.
    fn auth(&mut self, purpose: &Purpose) -> Option<&mut rfc2617::Client> {
        match purpose {
            Purpose::Invite(call) | Purpose::ReInvite(call) | Purpose::Exchange(_, Some(call)) => {
                self.calls.get_mut(call).map(|c| &mut c.auth)
            }
            Purpose::Register(registration) => self.bindings.get_mut(registration).map(|b| &mut b.auth),
            Purpose::Exchange(_, None) | Purpose::Bye => Some(&mut self.auth),
            Purpose::Ack(..) => None,
        }
    }

    fn dialog_mut(&mut self, call: Call) -> Option<&mut Dialog> {
        self.calls.get_mut(&call)?.dialog.as_mut()
    }

    /// A number that was never used for the same thing.
    fn number(&mut self) -> u64 {
        self.last_number += 1;
        self.last_number
    }

    fn tell(&mut self, event: Event) {
        self.out.push_back(Output::Event(event));
    }

    fn clock(&mut self, now: Instant) -> Instant {
        self.now = self.now.max(now);
        self.now
    }
}

/// A client for challenges with the configured credentials.
fn client(config: &Config, rng: &mut Rng) -> rfc2617::Client {
    let mut client = rfc2617::Client::new(rfc2617::ClientConfig::default(), rng.split());
    for credential in &config.credentials {
        client.add(credential.clone());
    }
    client
}

impl Machine for UserAgent {
    type Event = Event;

    fn handle(&mut self, now: Instant, input: Input) {
        let now = self.clock(now);
        match input {
            Input::Resolved { query, answer } => self.resolved(now, query, answer),
            input => self.endpoint.handle(now, input),
        }
        self.time(now);
    }

    fn poll(&mut self) -> Option<Output<Event>> {
        loop {
            if let Some(output) = self.out.pop_front() {
                return Some(output);
            }
            match self.endpoint.poll()?.event() {
                Ok(event) => self.on_event(event),
                Err(output) => return Some(output),
            }
        }
    }

    fn deadline(&self) -> Option<Instant> {
        [self.endpoint.deadline(), self.next_alarm()].into_iter().flatten().min()
    }
}
