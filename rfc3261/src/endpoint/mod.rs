//! The transaction and transport layers as one machine (sections 17 and 18, RFC 3581, RFC 6026, RFC 4320).
//!
//! An [`Endpoint`] takes requests from the core above it and sends them until an answer comes; it takes requests from
//! the network, hands each up once, and repeats the core's answer for as long as the other side repeats its request.
//! It opens, reuses and closes connections, answers CANCEL and broken requests by itself, and acknowledges failures.
//! User agents ([`ua`](crate::ua)) and proxies own one each.
//!
//! The drain contract: give one input or command, then [`poll`](Machine::poll) until `None`, then wait for the next
//! input or the [`deadline`](Machine::deadline).
//!
//! ```
//! use std::time::Duration;
//! use rfc3261::endpoint::{Config, Endpoint, Event, Listen};
//! use rfc3261::message::{Response, Status};
//! use wire::{Input, Instant, Machine, Output, Rng, Transmit, Transport};
//!
//! let (local, remote) = ("192.0.2.1:5060".parse().unwrap(), "192.0.2.2:5060".parse().unwrap());
//! let config = Config { listen: vec![Listen::new(Transport::Udp, local)], ..Config::default() };
//! let mut endpoint = Endpoint::new(config, Rng::from_u64(1));
//!
//! let invite = "INVITE sip:bob@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.2;rport;branch=z9hG4bK7\r\n\
//!     From: <sip:alice@192.0.2.2>;tag=1\r\nTo: <sip:bob@192.0.2.1>\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\n\
//!     Contact: <sip:alice@192.0.2.2>\r\nContent-Length: 0\r\n\r\n";
//! let mut now = Instant::ZERO;
//! endpoint.handle(now, Input::Datagram { local, remote, data: invite.into() });
//! let Some(Output::Event(Event::Request { id, request, .. })) = endpoint.poll() else { panic!("no request") };
//!
//! // The core thinks; after 200 ms the endpoint says that it does.
//! now += Duration::from_millis(200);
//! assert_eq!(endpoint.deadline(), Some(now));
//! endpoint.handle(now, Input::Time);
//! let Some(Output::Transmit(Transmit::Datagram { data, .. })) = endpoint.poll() else { panic!("no 100") };
//! assert!(data.starts_with(b"SIP/2.0 100 Trying"));
//!
//! // It is busy. The endpoint repeats that until the ACK comes.
//! endpoint.respond(now, id, Response::to_request(&request, Status(486))).unwrap();
//! endpoint.poll();
//! assert_eq!(endpoint.deadline(), Some(now + Duration::from_millis(500)));
//! ```

mod alarm;
mod build;
mod client;
mod clock;
mod command;
mod config;
mod key;
mod receive;
mod run;
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
use self::client::Client;
use self::server::Server;
use self::slab::Slab;
use self::transport::{Net, Route};
use crate::transaction::State;

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

    /// Where a transaction stands, by the tables of [`transaction`](crate::transaction); `None` once it is forgotten.
    pub fn state(&self, id: Id) -> Option<State> {
        match id {
            Id::Client(id) => self.clients.get(id).map(|client| client.state),
            Id::Server(id) => self.servers.get(id).map(|server| server.state),
        }
    }

    /// The settings.
    pub fn config(&self) -> &Config {
        &self.net.config
    }
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
            Input::Secured { .. } | Input::Resolved { .. } | Input::Time => {}
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
