use std::collections::{BTreeSet, HashMap, VecDeque};
use std::net::SocketAddr;

use foldhash::fast::RandomState;
use wire::{Input, Instant, Machine, Output, QueryId, ResolveError, Rng, Transport};

use super::config::{Config, Stats};
use super::context::{Branch, BranchState, Context};
use super::copy::copy;
use super::home::alive;
use super::next_hop::{NextHop, next_hop};
use super::record::{is_boundary, record_route};
use super::route::{Routed, preprocess};
use super::router::{Asked, Decision, Router};
use super::token::RouteKey;
use super::us::Us;
use super::validate::{breadth, mark, validate};
use crate::endpoint::{self, ClientId, DropReason, Endpoint, Id, Listen, ServerId, Source, Target};
use crate::message::{Method, Name, Request, Response, Status};

/// A stateful proxy: a machine that owns an [`Endpoint`] and asks a [`Router`].
///
/// It keeps the drain contract of [`wire`]: one input or command, then [`Machine::poll`] until `None`, then the next
/// input or [`Machine::deadline`].
//= rfc3261#16.2/steps MUST
//# `on_request` below is that list, for every method alike.
pub struct Proxy<R> {
    pub(super) config: Config,
    pub(super) endpoint: Endpoint,
    pub(super) router: R,
    pub(super) contexts: HashMap<ServerId, Context, RandomState>,
    pub(super) branches: HashMap<ClientId, (ServerId, usize), RandomState>,
    pub(super) timers: BTreeSet<(Instant, ServerId, usize)>,
    lookups: HashMap<QueryId, Lookup, RandomState>,
    next_query: u64,
    us: Us,
    key: RouteKey,
    mark_key: u64,
    rng: Rng,
    output: VecDeque<Output<Event>>,
    pub(super) stats: Stats,
    is_draining: bool,
}

/// What a proxy tells its application.
#[derive(Clone, Debug)]
pub enum Event {
    /// The router answered [`Decision::Wait`] to this request: [`Proxy::decide`] is waited for.
    Undecided(ServerId),
    /// Something that came from the network was dropped.
    Dropped {
        /// Why.
        reason: DropReason,
        /// Who sent it.
        from: SocketAddr,
    },
}

/// What waits for an address.
enum Lookup {
    Branch(ServerId, usize, Transport),
    Ack(Box<Request>, Transport),
}

impl<R: Router> Proxy<R> {
    /// A proxy that listens nowhere yet: see [`Proxy::listen`].
    pub fn new(config: Config, router: R, mut rng: Rng) -> Proxy<R> {
        Proxy {
            endpoint: Endpoint::new(config.endpoint.clone(), rng.split()),
            router,
            contexts: HashMap::default(),
            branches: HashMap::default(),
            timers: BTreeSet::new(),
            lookups: HashMap::default(),
            next_query: 0,
            us: Us::new(&config.names),
            key: RouteKey::new(config.key.unwrap_or_else(|| random(&mut rng))),
            mark_key: rng.u64(),
            rng,
            output: VecDeque::new(),
            stats: Stats::default(),
            is_draining: false,
            config,
        }
    }

    /// Tells of an address that the driver has bound: requests leave from there, and a Route or Request-URI with that
    /// address means this proxy.
    pub fn listen(&mut self, listen: Listen) {
        self.us.listen(&listen);
        self.endpoint.listen(listen);
    }

    /// The endpoint below.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// The router.
    pub fn router(&self) -> &R {
        &self.router
    }

    /// The router, to configure it or take what it has for the application.
    pub fn router_mut(&mut self) -> &mut R {
        &mut self.router
    }

    /// What the proxy has done so far.
    pub fn stats(&self) -> Stats {
        self.stats
    }

    /// From now on refuses requests outside of dialogs by 503, so that what is under way can end.
    pub fn drain(&mut self) {
        self.is_draining = true;
    }

    /// How many requests still wait for their final response.
    pub fn waiting(&self) -> usize {
        self.contexts.values().filter(|context| !context.is_answered).count()
    }

    /// How many requests are kept track of: those that wait, and INVITEs whose 2xx may still be repeated.
    pub fn live(&self) -> usize {
        self.contexts.len()
    }

    /// Brings the decision on a request that was announced by [`Event::Undecided`]. Without effect if its sender has
    /// given up meanwhile.
    pub fn decide(&mut self, now: Instant, id: ServerId, decision: Decision) {
        match self.contexts.get_mut(&id) {
            Some(context) if context.is_undecided => context.is_undecided = false,
            _ => return,
        }
        self.apply(now, id, decision);
        self.run(now);
    }

    /// Takes all that the endpoint has to say.
    fn run(&mut self, now: Instant) {
        while let Some(output) = self.endpoint.poll() {
            match output.event() {
                Ok(event) => self.on_event(now, event),
                Err(output) => self.output.push_back(output),
            }
        }
    }

    fn on_event(&mut self, now: Instant, event: endpoint::Event) {
        match event {
            endpoint::Event::Request { id, request, source } => self.on_request(now, id, request, source),
            endpoint::Event::Ack { request, source } => self.on_ack(now, request, source),
            endpoint::Event::Cancel { id, .. } => self.on_cancel(now, id),
            endpoint::Event::Response { id, response } => self.on_response(now, id, response),
            endpoint::Event::Timeout { id: Id::Client(id) } => self.on_failure(now, id, 408),
            //= rfc3261#16.9/as-503 MUST
            //# As if that response had come.
            endpoint::Event::TransportFailed { id: Id::Client(id) } => self.on_failure(now, id, 503),
            endpoint::Event::Terminated { id: Id::Client(id) } => self.on_client_over(now, id),
            endpoint::Event::Terminated { id: Id::Server(id) } => self.on_server_over(now, id),
            //= rfc3261#16.9/response-error SHOULD NOT
            //# The branches go on.
            endpoint::Event::Timeout { id: Id::Server(_) } | endpoint::Event::TransportFailed { id: Id::Server(_) } => {
            }
            //= rfc6026#7.3/no-stray MUST NOT
            //# The endpoint compared it with all transactions; it ends here.
            endpoint::Event::Stray { .. } => {}
            endpoint::Event::Dropped { reason, from } => {
                self.output.push_back(Output::Event(Event::Dropped { reason, from }));
            }
        }
    }

    //= rfc3261#16.1/fork-stateful MUST
    //# Every request has a server transaction and a context, one target or many.
    //= rfc3261#16.1/reliability-stateful MUST
    //# Every request has a server transaction and a context, whatever the transports.
    //= rfc3261#16.2/provisional-as-uas MUST
    //# The endpoint sends a 100 to an INVITE that is silent for 200 ms, as for any server.
    //= rfc3261#16.2/no-100-to-non-invite SHOULD NOT
    //# Other requests get one from the endpoint only when RFC 4320 asks for it.
    //= rfc3261#16.3/merged-fine MUST NOT
    //# From tag, Call-ID and CSeq are compared with nothing.
    fn on_request(&mut self, now: Instant, id: ServerId, mut request: Request, source: Source) {
        self.stats.requests += 1;
        let mark = mark(&request, self.mark_key);
        if let Err(invalid) = validate(&request, &self.us, &mark) {
            self.stats.invalid += 1;
            self.stats.loops += u64::from(invalid.0 == 482);
            return self.refuse(now, id, &request, invalid.0, invalid.1);
        }
        let routed = preprocess(&mut request, &source, &self.us, &self.key);
        let is_last_hop = request.headers.max_forwards().ok().flatten() == Some(0);
        if is_last_hop {
            //= rfc3261#11/max-forwards-zero MAY
            //# Whoever it is for.
            //= rfc3261#16.3/max-forwards-options MAY
            //# Only an OPTIONS comes this far with a zero.
            let response = alive(&request);
            return self.reply(now, id, &request, response);
        }
        //= rfc3261#16.3/scheme SHOULD
        //# Unless a Route says where to go, only sip and sips lead anywhere.
        if !request.uri.is_sip_or_sips() && request.headers.raw(Name::Route).is_none() {
            return self.refuse(now, id, &request, 416, None);
        }
        let is_ours = self.is_ours(&request);
        let decision = self.ask(now, Some(id), &request, &source, &routed, is_ours);
        let breadth = breadth(&request, self.config.max_breadth);
        if breadth == 0 {
            //= rfc5393#5.3.3/exceeded MUST
            //# Not even one branch is allowed.
            return self.refuse(now, id, &request, 440, None);
        }
        let context = Context::new(request, source, routed.flow, mark, breadth);
        self.contexts.insert(id, context);
        self.apply(now, id, decision);
    }

    /// Whether the request is to find its targets here.
    //= rfc3261#16.5/maddr-only MUST
    //# A maddr that was not stripped leads elsewhere, whatever the host.
    fn is_ours(&self, request: &Request) -> bool {
        let uri = &request.uri;
        self.us.is(uri) && uri.param("maddr").is_none() && request.headers.raw(Name::Route).is_none()
    }

    fn ask(
        &mut self,
        now: Instant,
        id: Option<ServerId>,
        request: &Request,
        source: &Source,
        routed: &Routed,
        is_ours: bool,
    ) -> Decision {
        let asked = Asked {
            id,
            request,
            source,
            was_routed: routed.was_routed,
            is_recorded: routed.is_recorded,
            is_ours,
            us: &self.us,
        };
        if self.is_draining && !asked.is_in_dialog() && request.method != Method::Ack {
            self.stats.refused += 1;
            let mut response = Response::to_request(request, Status(503));
            response.headers.push(Name::RetryAfter, self.config.retry_after.to_string());
            return Decision::ReplyStateless(response);
        }
        self.router.route(now, &asked)
    }

    /// Carries out a decision on a request that has a context.
    fn apply(&mut self, now: Instant, id: ServerId, decision: Decision) {
        let Some(context) = self.contexts.get_mut(&id) else { return };
        match decision {
            Decision::Forward(forks) => {
                context.aim(forks, self.config.max_targets);
                if context.targets.is_empty() {
                    return self.close(now, id, 480);
                }
                self.advance(now, id);
            }
            Decision::Reply(response) => {
                if let Some(request) = self.contexts.remove(&id).and_then(|c| c.request) {
                    self.reply(now, id, &request, response);
                }
            }
            Decision::ReplyStateless(response) => {
                if let Some(request) = self.contexts.remove(&id).and_then(|c| c.request) {
                    self.reply_stateless(now, id, &request, response);
                }
            }
            Decision::Wait => {
                context.is_undecided = true;
                self.output.push_back(Output::Event(Event::Undecided(id)));
            }
        }
    }

    /// Starts the branches that may start now.
    pub(super) fn advance(&mut self, now: Instant, id: ServerId) {
        let Some(context) = self.contexts.get_mut(&id) else { return };
        let group = context.next_group();
        context.branches.reserve_exact(group.len());
        for (fork, breadth) in group {
            let Some(context) = self.contexts.get_mut(&id) else { return };
            let at = context.branches.len();
            context.branches.push(Branch {
                fork,
                state: BranchState::Resolving,
                breadth,
                more: VecDeque::new(),
                timer: None,
            });
            self.start(now, id, at);
        }
        self.settle(now, id);
    }

    /// Finds the way for a branch and sends the copy there, or looks it up.
    fn start(&mut self, now: Instant, id: ServerId, at: usize) {
        let Some(context) = self.contexts.get_mut(&id) else { return };
        let (Some(branch), Some(request)) = (context.branches.get_mut(at), &context.request) else { return };
        let fork = &branch.fork;
        if fork.is_flow_only {
            branch.more.extend(fork.flow);
            return self.try_next(now, id, at);
        }
        branch.more.extend(context.flow);
        match next_hop(request, &fork.uri) {
            NextHop::Known(target) => {
                branch.more.push_back(target);
                // A connection that a client opened may be the only way back to it.
                branch.more.extend(fork.flow.filter(|flow| flow.transport.is_reliable()));
                self.try_next(now, id, at);
            }
            NextHop::Lookup { .. } if !branch.more.is_empty() => self.try_next(now, id, at),
            NextHop::Lookup { host, port, transport } => {
                if self.resolve(host, port, Lookup::Branch(id, at, transport)) {
                    self.set_timer(now + self.config.timer_c, id, at); // should the driver forget about it
                } else {
                    self.end_branch(now, id, at, 503);
                }
            }
            NextHop::None if !branch.more.is_empty() => self.try_next(now, id, at),
            NextHop::None => {
                self.stats.unresolved += 1;
                self.end_branch(now, id, at, 416);
            }
        }
    }

    /// Sends the copy of a branch to the next address of its target; without one the branch ends.
    //= rfc3261#16.6/try-in-order MUST
    //# Called again for each address that fails.
    //= rfc3261#16.6/new-transaction-each MUST
    //# Each call makes a copy and a client transaction.
    pub(super) fn try_next(&mut self, now: Instant, id: ServerId, at: usize) {
        while let Some(context) = self.contexts.get_mut(&id) {
            let (Some(branch), Some(request)) = (context.branches.get_mut(at), &context.request) else { return };
            let Some(target) = branch.more.pop_front() else { break };
            let mut copy = copy(request, &branch.fork.uri, branch.breadth);
            //= rfc3261#16.6/record-route-tls-boundary MUST
            //# There without being asked.
            if self.config.record_route || is_boundary(&copy, &context.source) {
                let is_flow = branch.fork.is_flow_only;
                //= rfc3261#16.6/record-route-in-dialog SHOULD
                //# On every request alike, when the configuration asks for it.
                //= rfc3261#16.6/record-route-any MAY
                //# On every request.
                //= rfc3261#16.6/record-route-other-methods MAY
                //# The method plays no part.
                //= rfc3261#16.6/record-route-differs MAY
                //# The value is made for each target.
                //= rfc3261#16.6/record-route-unknown-methods SHOULD
                //# The method plays no part.
                record_route(&mut copy, &self.key, &self.endpoint, &context.source, &target, is_flow);
            }
            //= rfc3261#16.6/branch-two-parts SHOULD
            //# The endpoint makes the first part and puts the mark behind it.
            //= rfc3261#16.6/via MUST
            //# The endpoint puts it on top.
            //= rfc5393#4.2.1/via MUST
            //# The endpoint puts it on top.
            //= rfc3261#16.6/branch-first-part MUST
            //# The endpoint makes the first part, cookie and random bits.
            //= rfc5393#4.2.1/first-part MUST
            //# The endpoint makes the first part, cookie and random bits.
            //= rfc3261#16.6/branch-each MUST
            //# New random bits for each attempt.
            //= rfc3261#16.6/branch-second-part SHOULD
            //# The mark of `validate`.
            //= rfc5393#4.2.1/two-parts SHOULD
            //# The first part, and the mark behind the last dot.
            //= rfc3261#16.6/branch-cancel-ack MUST
            //# The endpoint makes both from the copy that it keeps.
            //= rfc5393#4.2.1/cancel-ack MUST
            //# The endpoint makes both from the copy that it keeps.
            //= rfc3261#16.6/client-transaction MUST
            //# This makes one.
            //= rfc3261#16.6/content-length MUST
            //# Whatever is written has one.
            let Ok(client) = self.endpoint.forward(now, copy, target, &context.mark) else { continue };
            branch.state = BranchState::Calling(client);
            let is_invite = context.is_invite;
            self.stats.forwarded += 1;
            self.branches.insert(client, (id, at));
            if is_invite {
                //= rfc3261#16.6/timer-c MUST
                //# One for each branch.
                self.set_timer(now + self.config.timer_c, id, at);
            } else {
                self.clear_timer(id, at);
            }
            return;
        }
        self.end_branch(now, id, at, 503);
    }

    fn resolve(&mut self, host: String, port: u16, lookup: Lookup) -> bool {
        if self.lookups.len() >= self.config.max_lookups {
            self.stats.unresolved += 1;
            return false;
        }
        let query = QueryId(self.next_query);
        self.next_query += 1;
        self.lookups.insert(query, lookup);
        self.output.push_back(Output::Resolve { query, host, port });
        true
    }

    fn on_resolved(&mut self, now: Instant, query: QueryId, answer: Result<Vec<SocketAddr>, ResolveError>) {
        let found = answer.unwrap_or_default();
        self.stats.unresolved += u64::from(found.is_empty());
        let targets = |transport| found.iter().take(MAX_ADDRESSES).map(move |remote| Target::new(transport, *remote));
        match self.lookups.remove(&query) {
            None => {}
            Some(Lookup::Ack(request, transport)) => {
                if let Some(target) = targets(transport).next() {
                    self.send_ack(now, *request, target);
                }
            }
            Some(Lookup::Branch(id, at, transport)) => {
                let branch = self.contexts.get_mut(&id).and_then(|c| c.branches.get_mut(at));
                if let Some(branch) = branch.filter(|b| b.state == BranchState::Resolving) {
                    branch.more.extend(targets(transport));
                    self.try_next(now, id, at);
                }
            }
        }
    }

    /// Forwards an ACK to a 2xx: it belongs to no transaction.
    fn on_ack(&mut self, now: Instant, mut request: Request, source: Source) {
        let hops = request.headers.max_forwards().ok().flatten();
        let routed = preprocess(&mut request, &source, &self.us, &self.key);
        let is_ours = self.is_ours(&request);
        let first = match hops {
            Some(0) => None,
            _ => match self.ask(now, None, &request, &source, &routed, is_ours) {
                Decision::Forward(forks) => forks.into_iter().next(),
                _ => None,
            },
        };
        let Some(fork) = first else {
            self.stats.acks_dropped += 1;
            return;
        };
        let breadth = breadth(&request, self.config.max_breadth);
        let ack = copy(&request, &fork.uri, breadth);
        match routed
            .flow
            .or(fork.flow.filter(|_| fork.is_flow_only))
            .map_or_else(|| next_hop(&request, &fork.uri), NextHop::Known)
        {
            NextHop::Known(target) => self.send_ack(now, ack, target),
            NextHop::Lookup { host, port, transport } => {
                self.resolve(host, port, Lookup::Ack(Box::new(ack), transport));
            }
            NextHop::None => self.stats.acks_dropped += 1,
        }
    }

    fn send_ack(&mut self, now: Instant, ack: Request, target: Target) {
        match self.endpoint.send(now, ack, target) {
            Ok(_) => self.stats.acks += 1,
            Err(_) => self.stats.acks_dropped += 1,
        }
    }

    pub(super) fn refuse(
        &mut self,
        now: Instant,
        id: ServerId,
        request: &Request,
        status: u16,
        header: Option<(Name, String)>,
    ) {
        let mut response = Response::to_request(request, Status(status));
        if let Some((name, value)) = header {
            response.headers.push(name, value);
        }
        self.reply(now, id, request, response);
    }

    /// Answers a request that has no context.
    //= rfc3261#16.1/error-free MAY
    //# With any status that the router decides on.
    //= rfc3261#16.3/reject-as-uas MUST
    //# With a To tag of ours, in the server transaction.
    //= rfc3261#16.1/answer-as-uas MUST
    //# The same for whatever the router answers.
    pub(super) fn reply(&mut self, now: Instant, id: ServerId, request: &Request, response: Response) {
        let response = self.tagged(request, response);
        let _gone_meanwhile = self.endpoint.respond(now, id, response);
    }

    fn reply_stateless(&mut self, now: Instant, id: ServerId, request: &Request, response: Response) {
        let response = self.tagged(request, response);
        let _gone_meanwhile = match request.method {
            Method::Invite => self.endpoint.respond(now, id, response), // its ACK has to be absorbed
            _ => self.endpoint.respond_stateless(now, id, response),
        };
    }

    /// The response with a To tag, if it has none.
    fn tagged(&mut self, request: &Request, mut response: Response) -> Response {
        //= rfc3261#16.7/tag-kept-on-failure SHOULD
        //# A tag from downstream stays; only what is made here gets one of ours.
        let is_tagged = matches!(response.headers.to(), Ok(Some(to)) if to.tag().is_some());
        if let Some(to) = request.headers.raw(Name::To).filter(|_| !is_tagged && response.status.0 > 100) {
            response.headers.set(Name::To, format!("{to};tag={}", self.rng.token(10)));
        }
        response
    }
}

impl<R: Router> Machine for Proxy<R> {
    type Event = Event;

    fn handle(&mut self, now: Instant, input: Input) {
        match input {
            Input::Resolved { query, answer } => self.on_resolved(now, query, answer),
            input => self.endpoint.handle(now, input),
        }
        self.run(now);
        self.fire(now);
        if self.router.deadline().is_some_and(|at| at <= now) {
            self.router.tick(now);
        }
        self.run(now);
    }

    fn poll(&mut self) -> Option<Output<Event>> {
        self.output.pop_front()
    }

    fn deadline(&self) -> Option<Instant> {
        let timer = self.timers.first().map(|(at, ..)| *at);
        [self.endpoint.deadline(), timer, self.router.deadline()].into_iter().flatten().min()
    }
}

impl<R: std::fmt::Debug> std::fmt::Debug for Proxy<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Proxy")
            .field("router", &self.router)
            .field("live", &self.contexts.len())
            .finish_non_exhaustive()
    }
}

fn random(rng: &mut Rng) -> [u8; 32] {
    let mut key = [0; 32];
    rng.fill(&mut key);
    key
}

/// Addresses of one host that are tried.
const MAX_ADDRESSES: usize = 4;
