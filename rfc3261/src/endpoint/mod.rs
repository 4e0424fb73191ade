//! The transaction and transport layers as one machine (sections 17 and 18, RFC 3581, RFC 6026, RFC 4320).
//!
//! An [`Endpoint`] takes requests from the core above it and sends them until an answer comes; it takes requests from
//! the network, hands each up once, and repeats the core's answer for as long as the other side repeats its request.
//! It opens, reuses and closes connections, answers CANCEL and broken requests by itself, and acknowledges failures.
//! User agents ([`ua`](crate::ua)) and proxies own one each.
//!
//! The drain contract: give one input or command, then [`poll`](Machine::poll) until `None`, then wait for the next
//! input or the [`deadline`](Machine::deadline).

mod alarm;
mod build;
mod client;
mod clock;
mod config;
mod key;
mod receive;
mod server;
mod slab;
mod transport;
mod types;
mod via;

use std::collections::HashMap;

use bytes::Bytes;
use foldhash::quality::FixedState;
use wire::{ConnId, Input, Instant, Machine, Output, Rng, Transport};

use self::alarm::Alarms;
use self::client::{Cancel, Client};
use self::server::Server;
use self::slab::Slab;
use self::transport::{Inspection, Net, Route};
use crate::message::{Method, Name, Request, Response, Status};
use crate::transaction::{On, State};

pub use config::{Config, Listen, Stats};
pub use types::{ClientId, DropReason, Error, Event, Id, ServerId, Source, Target};

/// The transaction and transport layers. See the [module](self) for what it does, [`Event`] for what it tells.
#[derive(Debug)]
pub struct Endpoint {
    net: Net,
    rng: Rng,
    clients: Slab<ClientId, Client>,
    by_branch: HashMap<Box<str>, ClientId, FixedState>,
    servers: Slab<ServerId, Server>,
    by_key: HashMap<Box<str>, ServerId, FixedState>,
    alarms: Alarms<Owner>,
    /// For keys that are looked up, so that a look-up allocates nothing.
    scratch: String,
    /// Datagram targets that were reported unreachable since the last sweep.
    unreachable: Vec<std::net::SocketAddr>,
    /// Makes tags and branches of messages without state: the same for the same message.
    hasher: FixedState,
    now: Instant,
}

/// Whose time has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Owner {
    Client(ClientId),
    Server(ServerId),
    Conn(ConnId),
    Unreachable,
}

/// A request that was sent without a transaction, for sending it again: the ACK to a 2xx.
#[derive(Clone, Debug)]
pub struct Sent {
    data: Bytes,
    route: Route,
}

impl Endpoint {
    /// An endpoint with the listeners of `config`. Branches, tags and hash seeds come from `rng`.
    pub fn new(mut config: Config, mut rng: Rng) -> Endpoint {
        let least = std::time::Duration::from_millis(1);
        config.timing.t1 = config.timing.t1.max(least);
        config.timing.t2 = config.timing.t2.max(config.timing.t1);
        let hasher = FixedState::with_seed(rng.u64());
        Endpoint {
            net: Net::new(config, rng.u64()),
            rng,
            clients: Slab::default(),
            by_branch: HashMap::with_hasher(hasher.clone()),
            servers: Slab::default(),
            by_key: HashMap::with_hasher(hasher.clone()),
            alarms: Alarms::default(),
            scratch: String::new(),
            unreachable: Vec::new(),
            hasher,
            now: Instant::ZERO,
        }
    }

    /// Adds an address that the driver has bound.
    pub fn listen(&mut self, listen: Listen) {
        self.net.config.listen.push(listen);
    }

    /// The addresses that requests are sent from and received at.
    pub fn listeners(&self) -> &[Listen] {
        &self.net.config.listen
    }

    /// The bound address, with our name there, that a request to `target` would be sent from.
    pub fn listener(&self, target: &Target) -> Option<&Listen> {
        self.net.listener(target)
    }

    /// Whether `host` and `port` are one of our own sent-by values or bound addresses; no port is the default port.
    pub fn is_local(&self, host: &str, port: Option<u16>) -> bool {
        self.net.config.listen.iter().any(|l| via::names(l, host, port))
    }

    /// Counters and gauges.
    pub fn stats(&self) -> Stats {
        let (clients, servers, connections) = (self.clients.len(), self.servers.len(), self.net.conns.len());
        Stats { clients, servers, connections, ..self.net.stats }
    }

    /// The settings.
    pub fn config(&self) -> &Config {
        &self.net.config
    }

    /// Sends a request in a new client transaction, with a Via of ours on top. Not for ACK and CANCEL.
    ///
    /// # Errors
    /// [`Error::Misuse`] for ACK, CANCEL and a request without CSeq, [`Error::Busy`] at the limit of transactions,
    /// [`Error::NoListener`] without a suitable bound address.
    pub fn request(&mut self, now: Instant, request: Request, target: Target) -> Result<ClientId, Error> {
        self.forward(now, request, target, "")
    }

    /// As [`request`](Self::request); the branch ends in `mark`, by which a proxy knows its own requests when they come
    /// back to it (RFC 5393). The mark consists of token characters.
    ///
    /// # Errors
    /// As [`request`](Self::request).
    pub fn forward(&mut self, now: Instant, request: Request, target: Target, mark: &str) -> Result<ClientId, Error> {
        let now = self.clock(now);
        let method = request.method.clone();
        if matches!(method, Method::Ack | Method::Cancel) || request.headers.raw(Name::CSeq).is_none() {
            return Err(Error::Misuse);
        }
        if self.clients.len() >= self.net.config.max_clients {
            return Err(Error::Busy);
        }
        //= rfc3261#8.1.1.7/branch MUST
        //# Every request gets a Via with a branch here.
        //= rfc3261#8.1.1.7/branch-unique MUST
        //# 100 random bits.
        //= rfc3261#8.1.1.7/branch-cookie MUST
        //# The cookie comes first.
        //= rfc3261#20.42/magic-cookie MUST
        //# The cookie comes first.
        let branch = format!("{}{}{mark}", via::COOKIE, self.rng.token(20));
        //= rfc3261#8.1.1.7/present MUST
        //# On top of every request.
        let (request, data, route, fallback) = self.render(request, &target, &branch)?;
        let mut client = Client::new(method, branch.into_boxed_str(), route, data);
        client.fallback = fallback;
        client.request = (client.method == Method::Invite || fallback.is_some()).then_some(request);
        let key = client.key.clone();
        let id = self.clients.insert(client);
        self.by_branch.insert(key, id);
        self.net.stats.requests_out += 1;
        self.client(now, id, On::Start, None);
        self.forget_users(id);
        Ok(id)
    }

    /// Sends a request without a transaction: the ACK to a 2xx. The result can be sent again with
    /// [`resend`](Self::resend). A request that already has a Via, one that is forwarded, gets a branch that is a
    /// function of that Via, so that its repetitions get the same one.
    ///
    /// # Errors
    /// [`Error::NoListener`] without a suitable bound address, [`Error::Busy`] at the limit of connections.
    pub fn send(&mut self, now: Instant, request: Request, target: Target) -> Result<Sent, Error> {
        let now = self.clock(now);
        let branch = match request.headers.raw(Name::Via) {
            Some(below) => format!("{}{}", via::COOKIE, self.token_of(below)),
            None => format!("{}{}", via::COOKIE, self.rng.token(20)),
        };
        let (_, data, mut route, _) = self.render(request, &target, &branch)?;
        self.net.stats.requests_out += 1;
        self.net.send(now, &mut route, data.clone(), None)?;
        self.settle(now);
        Ok(Sent { data, route })
    }

    /// Sends once more what [`send`](Self::send) sent.
    ///
    /// # Errors
    /// [`Error::Busy`] at the limit of connections.
    pub fn resend(&mut self, now: Instant, sent: &mut Sent) -> Result<(), Error> {
        let now = self.clock(now);
        self.net.stats.retransmitted += 1;
        self.net.send(now, &mut sent.route, sent.data.clone(), None)?;
        self.settle(now);
        Ok(())
    }

    /// Sends a response in its server transaction. The caller has given it a To tag, unless it is a 100.
    ///
    /// # Errors
    /// [`Error::Gone`] when the transaction is over, [`Error::Answered`] when it has its final response, except for a
    /// further 2xx to an INVITE.
    pub fn respond(&mut self, now: Instant, id: ServerId, response: Response) -> Result<(), Error> {
        let now = self.clock(now);
        let server = self.servers.get_mut(id).ok_or(Error::Gone)?;
        let status = response.status;
        //= rfc4320#4.1/only-100 MUST NOT
        //# Another provisional response is counted and forgotten.
        //= rfc4320#4.2/no-408 MUST NOT
        //# So is a 408; timer `Lapse` ends the transaction.
        //= rfc4320#4.1/100-not-early MUST NOT
        //# Over datagrams the core's own 100 is forgotten: timer `Late` sends one when the time has come.
        //= rfc4320#4.1/100-reliable MAY
        //# Over a stream the core may send one at any time.
        let early = status.0 == 100 && !server.route.transport.is_reliable();
        if server.method != Method::Invite && (status.0 == 408 || early || (101..200).contains(&status.0)) {
            self.net.stats.suppressed += 1;
            return Ok(());
        }
        let on = match status.0 {
            100..200 => On::Provisional,
            200..300 => On::Success,
            _ => On::Failure,
        };
        if server.tag.is_none() {
            server.tag = via::tag(&response.headers);
        }
        let taken = server.step(&mut self.net, now, id, on, Some(response.to_bytes()));
        self.settle_server(id);
        self.settle(now);
        taken.map(|_| ()).ok_or(Error::Answered)
    }

    /// Sends a final response and forgets the transaction at once: a repeated request is a new one to this endpoint. Keeps
    /// memory small where requests are answered that nobody should have sent. Not for INVITE, whose ACK has to be met.
    ///
    /// # Errors
    /// As [`respond`](Self::respond), and [`Error::Misuse`] for an INVITE.
    pub fn respond_stateless(&mut self, now: Instant, id: ServerId, response: Response) -> Result<(), Error> {
        if self.servers.get(id).is_some_and(|s| s.method == Method::Invite) {
            return Err(Error::Misuse);
        }
        self.respond(now, id, response)?;
        if let Some(server) = self.servers.get_mut(id) {
            server.state = State::Terminated;
        }
        self.settle_server(id);
        Ok(())
    }

    /// Sends a 100 now, instead of after the 200 ms that the layer waits.
    ///
    /// # Errors
    /// As [`respond`](Self::respond).
    pub fn trying(&mut self, now: Instant, id: ServerId) -> Result<(), Error> {
        let server = self.servers.get(id).ok_or(Error::Gone)?;
        let request = server.request.as_ref().ok_or(Error::Answered)?;
        let response = Response::to_request(request, Status::TRYING);
        self.respond(now, id, response)
    }

    /// A To tag for the responses to a request: a function of its top Via, so that the response to a CANCEL, which this
    /// layer sends by itself, has the same one (section 9.2).
    pub fn tag(&self, request: &Request) -> String {
        self.token_of(via::top(&request.headers).as_ref().and_then(|v| v.branch()).unwrap_or_default())
    }

    /// The request of a server transaction that has no final response yet.
    pub fn pending(&self, id: ServerId) -> Option<&Request> {
        self.servers.get(id)?.request.as_ref()
    }

    /// Cancels an INVITE of ours (section 9.1): at once if a provisional response has come, else as soon as one comes.
    /// The INVITE ends by its final response, or by [`Event::Timeout`] 64 T1 after the CANCEL.
    ///
    /// # Errors
    /// [`Error::Gone`], [`Error::Misuse`] for another method, [`Error::Answered`] after the final response.
    pub fn cancel(&mut self, now: Instant, id: ClientId) -> Result<(), Error> {
        let now = self.clock(now);
        let client = self.clients.get_mut(id).ok_or(Error::Gone)?;
        //= rfc3261#9.1/invite-only SHOULD NOT
        //# Other methods are refused.
        if client.method != Method::Invite {
            return Err(Error::Misuse);
        }
        //= rfc3261#9.1/look-for-responses SHOULD
        //# The state says what came so far.
        match (client.state, client.cancel) {
            //= rfc3261#9.1/not-before-provisional MUST NOT
            //# In Calling the wish is only noted.
            (State::Calling, _) => client.cancel = Cancel::Wanted,
            (State::Proceeding, Cancel::No) => self.send_cancel(now, id),
            (State::Proceeding, _) => {}
            //= rfc3261#9.1/not-after-final SHOULD NOT
            //# After a final response it is an error.
            _ => return Err(Error::Answered),
        }
        self.settle(now);
        Ok(())
    }

    fn send_cancel(&mut self, now: Instant, id: ClientId) {
        let Some(client) = self.clients.get_mut(id) else { return };
        let Some(data) = client.request.as_ref().map(build::cancel) else { return };
        //= rfc3261#9.1/give-up SHOULD
        //# Timer `Cancelled` of the INVITE client table.
        client.cancelled(&self.net, now);
        //= rfc3261#9.1/same-target MUST
        //# The route of the INVITE.
        let (key, route) = (cancel_key(&client.key), client.route);
        let mut cancel = Client::new(Method::Cancel, key.clone(), route, data);
        cancel.cancel = Cancel::Itself;
        let cancel = self.clients.insert(cancel);
        self.by_branch.insert(key, cancel);
        self.net.stats.requests_out += 1;
        self.settle_client(id);
        self.client(now, cancel, On::Start, None);
    }

    /// Puts our Via on a request and finds its way; by TCP and with a way back to UDP when it is large.
    fn render(
        &mut self,
        mut request: Request,
        target: &Target,
        branch: &str,
    ) -> Result<(Request, Bytes, Route, Option<Route>), Error> {
        let (route, via) = self.outgoing(target, branch)?;
        request.headers.prepend(Name::Via, via);
        let data = request.to_bytes();
        let limit = self.net.config.mtu.saturating_sub(200);
        if route.transport != Transport::Udp || self.net.config.mtu == 0 || data.len() <= limit {
            return Ok((request, data, route, None));
        }
        //= rfc3261#18.1.1/large-over-stream MUST
        //# A request of more than `Config::mtu` less 200 bytes goes by TCP.
        let (stream, via) = self.outgoing(&Target::tcp(target.remote), branch)?;
        //= rfc3261#18.1.1/large-via MUST
        //# The Via is made anew.
        via::replace_top(&mut request.headers, &via);
        self.net.stats.too_large_for_udp += 1;
        let data = request.to_bytes();
        Ok((request, data, stream, Some(route)))
    }

    /// The route to a target, and the Via that goes with it.
    fn outgoing(&self, target: &Target, branch: &str) -> Result<(Route, String), Error> {
        let listen = self.net.listener(target).ok_or(Error::NoListener)?;
        let Target { transport, remote, conn, .. } = *target;
        //= rfc3581#3/listen-at-source MUST
        //# From the listener's own address.
        let route = Route { transport, local: listen.local, remote, conn };
        Ok((route, via::render(listen, transport, branch)))
    }

    /// Keeps the list of a connection's users in proportion to those that are alive.
    fn forget_users(&mut self, latest: ClientId) {
        let Some(conn) = self.clients.get(latest).and_then(|c| c.route.conn) else { return };
        let Some(conn) = self.net.conns.get_mut(&conn).filter(|c| c.users.len() >= c.room) else { return };
        conn.users.retain(|id| self.clients.get(*id).is_some_and(Client::waits));
        conn.room = (conn.users.len() * 2).max(64);
    }

    /// Runs a client transaction one step.
    fn client(&mut self, now: Instant, id: ClientId, on: On, response: Option<Response>) {
        let Some(client) = self.clients.get_mut(id) else { return };
        client.step(&mut self.net, now, id, on, response);
        let cancel = client.cancel == Cancel::Wanted && client.state == State::Proceeding;
        if cancel {
            //= rfc3261#9.1/wait MUST
            //# The first provisional response releases the CANCEL.
            self.send_cancel(now, id);
        }
        self.settle_client(id);
        self.settle(now);
    }

    fn settle_client(&mut self, id: ClientId) {
        let Some(client) = self.clients.get_mut(id) else { return };
        //= rfc3261#17.1.1.2/destroyed MUST
        //# Removed in the same step that led to Terminated.
        //= rfc3261#17.1.2.2/destroyed MUST
        //# Removed in the same step that led to Terminated.
        if client.state == State::Terminated {
            if let Some(client) = self.clients.remove(id) {
                self.by_branch.remove(&client.key);
                if client.cancel != Cancel::Itself {
                    self.net.event(Event::Terminated { id: Id::Client(id) });
                }
            }
        } else if let Some(at) = client.clock.alarm() {
            self.alarms.set(at, Owner::Client(id));
        }
    }

    fn settle_server(&mut self, id: ServerId) {
        let Some(server) = self.servers.get_mut(id) else { return };
        //= rfc3261#17.2.1/destroyed MUST
        //# Removed in the same step that led to Terminated.
        //= rfc3261#17.2.2/destroyed MUST
        //# Removed in the same step that led to Terminated.
        if server.state == State::Terminated {
            if let Some(server) = self.servers.remove(id) {
                self.by_key.remove(&server.key);
                if server.method != Method::Cancel {
                    self.net.event(Event::Terminated { id: Id::Server(id) });
                }
            }
        } else if let Some(at) = server.clock.alarm() {
            self.alarms.set(at, Owner::Server(id));
        }
    }

    /// Looks at the connections that were touched; called at the end of every input and command.
    fn settle(&mut self, now: Instant) {
        while let Some(conn) = self.net.touched.pop() {
            self.inspect(now, conn);
        }
        // Most transactions end long before their last timer.
        let alive = self.clients.len() + self.servers.len() + self.net.conns.len();
        if self.alarms.len() > (4 * alive).max(1024) {
            self.alarms.retain(|owner| match owner {
                Owner::Client(id) => self.clients.get(id).is_some(),
                Owner::Server(id) => self.servers.get(id).is_some(),
                Owner::Conn(conn) => self.net.conns.contains_key(&conn),
                Owner::Unreachable => true,
            });
        }
    }

    fn inspect(&mut self, now: Instant, conn: ConnId) {
        match self.net.inspect(now, conn) {
            Inspection::Gone | Inspection::Fine => {}
            Inspection::Alarm(at) => self.alarms.set(at, Owner::Conn(conn)),
            Inspection::Idle => {
                self.net.stats.idle_closed += 1;
                self.net.close(conn);
            }
            Inspection::Slow => {
                self.net.stats.slow_peers += 1;
                self.close(now, conn, DropReason::SlowPeer);
            }
        }
    }

    /// Closes a connection because of what the peer does with it.
    fn close(&mut self, now: Instant, conn: ConnId, reason: DropReason) {
        if let Some(state) = self.net.close(conn) {
            self.net.dropped(reason, state.remote);
            self.failed(now, state.users);
        }
    }

    /// The transport of these client transactions is broken.
    //= rfc3261#18.4/connection-failure SHOULD
    //# A closed connection is an error of the transport to each transaction that still waits.
    fn failed(&mut self, now: Instant, users: Vec<ClientId>) {
        for id in users {
            let Some(client) = self.clients.get_mut(id).filter(|c| c.waits()) else { continue };
            self.net.stats.transport_failures += 1;
            //= rfc3261#18.1.1/fall-back-to-udp SHOULD
            //# A request that went by TCP for its size alone goes on by UDP.
            let Some((route, mut request)) = client.fallback.take().zip(client.request.clone()) else {
                self.client(now, id, On::TransportError, None);
                continue;
            };
            let target = Target { local: Some(route.local), ..Target::udp(route.remote) };
            let Ok((route, via)) = self.outgoing(&target, branch_of(&self.clients, id)) else { continue };
            via::replace_top(&mut request.headers, &via);
            if let Some(client) = self.clients.get_mut(id) {
                let data = request.to_bytes();
                client.request = Some(request);
                client.fall_back(&mut self.net, now, id, data, route);
            }
            self.settle_client(id);
        }
    }

    /// Time never runs backwards.
    fn clock(&mut self, now: Instant) -> Instant {
        self.now = self.now.max(now);
        self.now
    }

    /// A token that is a function of `text` and of our seed.
    fn token_of(&self, text: &str) -> String {
        use std::hash::BuildHasher;
        format!("{:016x}", self.hasher.hash_one(text))
    }

    fn time(&mut self, now: Instant) {
        while let Some(owner) = self.alarms.due(now) {
            match owner {
                Owner::Client(id) => {
                    let Some(client) = self.clients.get_mut(id) else { continue };
                    client.clock.alarmed();
                    while let Some(timer) = self.clients.get_mut(id).and_then(|c| c.clock.due(now)) {
                        self.client(now, id, On::Fires(timer), None);
                    }
                    self.settle_client(id);
                }
                Owner::Server(id) => {
                    let Some(server) = self.servers.get_mut(id) else { continue };
                    server.clock.alarmed();
                    while let Some(timer) = server.clock.due(now) {
                        server.step(&mut self.net, now, id, On::Fires(timer), None);
                    }
                    self.settle_server(id);
                }
                Owner::Conn(conn) => {
                    self.net.alarmed(conn);
                    self.inspect(now, conn);
                }
                Owner::Unreachable => self.sweep(now),
            }
        }
    }

    /// Ends the client transactions whose datagrams do not arrive. Reports are gathered for a moment, so that a storm
    /// of them costs one pass over the transactions.
    //= rfc3261#18.4/icmp-unreachable SHOULD
    //# The driver reports it, and the transactions to that address fail.
    fn sweep(&mut self, now: Instant) {
        let gone = std::mem::take(&mut self.unreachable);
        let hit = |c: &Client| c.route.transport == Transport::Udp && c.waits() && gone.contains(&c.route.remote);
        let users: Vec<ClientId> = self.clients.iter().filter(|(_, c)| hit(c)).map(|(id, _)| id).collect();
        self.failed(now, users);
    }
}

/// The branch of a client transaction.
fn branch_of(clients: &Slab<ClientId, Client>, id: ClientId) -> &str {
    clients.get(id).map_or("", |c| &c.key)
}

/// The key of the CANCEL of an INVITE, which has the same branch.
fn cancel_key(branch: &str) -> Box<str> {
    format!("{branch}{CANCEL}").into_boxed_str()
}

impl Machine for Endpoint {
    type Event = Event;

    fn handle(&mut self, now: Instant, input: Input) {
        let now = self.clock(now);
        match input {
            Input::Datagram { local, remote, data } => {
                self.datagram(now, Source { transport: Transport::Udp, remote, local, conn: None }, data);
            }
            Input::Stream { conn, data } => self.stream(now, conn, data),
            Input::Opened { conn, transport, local, remote } => self.net.opened(now, conn, transport, local, remote),
            Input::Closed { conn, .. } => {
                let users = self.net.forget(conn).map(|c| c.users).unwrap_or_default();
                self.failed(now, users);
            }
            Input::Unreachable { remote, .. } => {
                if self.unreachable.is_empty() {
                    self.alarms.set(now + GATHER, Owner::Unreachable);
                }
                if self.unreachable.len() < 64 && !self.unreachable.contains(&remote) {
                    self.unreachable.push(remote);
                }
            }
            Input::Resolved { .. } | Input::Time => {}
        }
        self.time(now);
        self.settle(now);
    }

    fn poll(&mut self) -> Option<Output<Event>> {
        let out = self.net.out.pop_front();
        if out.is_none() && self.clients.len() + self.servers.len() + self.net.conns.len() + self.unreachable.len() == 0
        {
            self.alarms.clear();
        }
        out
    }

    fn deadline(&self) -> Option<Instant> {
        self.alarms.next()
    }
}

/// How long reports of unreachable addresses are gathered.
const GATHER: std::time::Duration = std::time::Duration::from_millis(20);

/// What follows the branch in the key of a CANCEL; no branch holds a space.
const CANCEL: &str = " cancel";
