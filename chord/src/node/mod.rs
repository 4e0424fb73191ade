//! The dictionary as one machine over the mesh: the ring among nodes that know it, the five tables with all others.
mod bridge;
mod config;
mod event;
mod frame;
mod gateway;
mod greeting;
mod keys;
mod links;
mod membership;
mod operation;
mod pump;
mod record;
mod state;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::SocketAddr;

use bytes::Bytes;
use serializer::{Id, Value};
use wire::{ConnId, Input, Instant, Machine, Output, Rng};

pub use config::{Config, FEATURE, Mode};
pub use event::{Error, Event, Failure, Outcome, Place, Query, Stored};
pub use frame::{Contact, Peer};
pub use record::place_of;

use crate::point_of;
use crate::ring::{LookupId, Phase, Ring};
use crate::tables::{Position, Tables};
use bridge::Bridge;
use greeting::Wish;
use keys::Keys;
use links::Links;
use operation::Operation;

/// A node of the distributed dictionary, with a mesh node inside. See [`wire::Machine`] for how to drive it: one input
/// or command, then poll until there is nothing more, then wait for the next input or for the deadline.
pub struct Node {
    config: Config,
    mesh: mesh::Node,
    rng: Rng,
    now: Instant,
    started: bool,
    joined: bool,
    ring: Option<Ring<Peer>>,
    tables: Option<Tables>,
    keys: Keys,
    links: Links,
    bridge: Bridge,
    /// Whether an old peer that stores is linked.
    is_gateway: bool,
    /// Neighbours that know the ring.
    capable: BTreeMap<Id, Capable>,
    operations: BTreeMap<u64, Operation>,
    /// When an operation has to be looked at.
    timers: BTreeSet<(Instant, u64)>,
    next_query: u64,
    lookups: BTreeMap<LookupId, Purpose>,
    asked: BTreeMap<u64, Purpose>,
    /// Notices that could not be sent because the same was sent in this second.
    again: BTreeMap<Bytes, bool>,
    schedule: Schedule,
    /// Connections that are being opened, and where to.
    connecting: BTreeMap<ConnId, SocketAddr>,
    /// After `unjoin`: whether the ring and the tables still hand over.
    leaving: Option<(bool, bool)>,
    told_state: Value,
    outputs: VecDeque<Output<Event>>,
}

/// What a neighbour that knows the ring said of itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Capable {
    member: bool,
    gateway: bool,
}

/// When the node does what it does unasked.
#[derive(Debug)]
struct Schedule {
    /// To found a ring of its own, when no neighbour is in one.
    create: Instant,
    /// To look whether a neighbour is in another ring.
    offer: Instant,
    audit: Instant,
    again: Instant,
    hello: Instant,
    /// To refresh what surveys are told.
    state: Instant,
}

/// What an answer from ring or tables is for.
#[derive(Clone, Debug, PartialEq)]
enum Purpose {
    Operation(u64),
    /// An old peer asks for something that should be here and is not.
    Miss(Position),
    Compare(Bytes),
    /// A gateway puts the tables' value into the ring.
    Copy(Bytes, Value),
}

impl Node {
    /// A node that has done nothing yet. It begins with its first input, for which it asks at once.
    pub fn new(config: Config, mut rng: Rng) -> Node {
        let mut config = config;
        if config.mode != Mode::Tables && !config.mesh.features.contains(&FEATURE) {
            config.mesh.features.push(FEATURE);
        }
        let mesh = mesh::Node::new(config.mesh.clone(), rng.split());
        // An id that is no number was given by the user; it still needs a point of its own.
        let point = point_of(mesh.id()).unwrap_or_else(|| place_of(mesh.id().as_bytes()));
        let own = Contact::new(point, membership::own_peer(&mesh));
        config.ring.epoch = config.mesh.epoch;
        config.ring.merge = record::merge;
        config.tables.joined = config.joined;
        config.tables.ask_owner = config.mode == Mode::Auto;
        let ring = (config.mode != Mode::Tables).then(|| Ring::new(own, config.ring.clone(), rng.split()));
        let tables = (config.mode != Mode::Ring).then(|| Tables::new(config.tables.clone(), point));
        let bounds =
            links::Bounds { idle: config.idle, links: config.links, dial: config.dial, waiting: config.waiting };
        Node {
            mesh,
            rng,
            now: Instant::ZERO,
            started: false,
            joined: config.joined,
            ring,
            tables,
            keys: Keys::new(config.keys, config.key_length, config.mode != Mode::Ring),
            links: Links::new(bounds),
            bridge: Bridge::default(),
            is_gateway: false,
            capable: BTreeMap::new(),
            operations: BTreeMap::new(),
            timers: BTreeSet::new(),
            next_query: 0,
            lookups: BTreeMap::new(),
            asked: BTreeMap::new(),
            again: BTreeMap::new(),
            schedule: Schedule {
                create: Instant::ZERO,
                offer: Instant::FAR,
                audit: Instant::FAR,
                again: Instant::FAR,
                hello: Instant::FAR,
                state: Instant::ZERO,
            },
            connecting: BTreeMap::new(),
            leaving: None,
            told_state: Value::Nil,
            outputs: VecDeque::new(),
            config,
        }
    }

    /// This node's id.
    pub fn id(&self) -> &Id {
        self.mesh.id()
    }

    /// What it was told.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The mesh below.
    pub fn mesh(&self) -> &mesh::Node {
        &self.mesh
    }

    /// The mesh below, for its commands: broadcasts, whispers and replies go through it.
    pub fn mesh_mut(&mut self) -> &mut mesh::Node {
        &mut self.mesh
    }

    /// Whether it stores for others.
    pub fn is_joined(&self) -> bool {
        self.joined
    }

    /// Asks for the value of `key`.
    ///
    /// # Errors
    /// [`Error::Busy`], [`Error::KeyTooLong`], here and in the three other commands; everything else is told by
    /// [`Event::Answer`].
    pub fn get(&mut self, now: Instant, key: &[u8]) -> Result<Query, Error> {
        self.command(now, key, Wish::Get)
    }

    /// Gives `key` a value; [`Value::Nil`] deletes it.
    ///
    /// # Errors
    /// As [`Node::get`].
    pub fn set(&mut self, now: Instant, key: &[u8], value: impl Into<Value>) -> Result<Query, Error> {
        let value = value.into();
        self.command(now, key, if value.is_nil() { Wish::Delete } else { Wish::Set(value) })
    }

    /// Takes `key` and its value away.
    ///
    /// # Errors
    /// As [`Node::get`].
    pub fn delete(&mut self, now: Instant, key: &[u8]) -> Result<Query, Error> {
        self.command(now, key, Wish::Delete)
    }

    /// Merges `changes` into the map under `key`, which is made when there is none.
    ///
    /// # Errors
    /// As [`Node::get`].
    pub fn update(&mut self, now: Instant, key: &[u8], changes: Vec<(Value, Value)>) -> Result<Query, Error> {
        self.command(now, key, Wish::Update(changes))
    }

    /// Begins to store for others.
    pub fn join(&mut self, now: Instant) {
        self.advance(now);
        self.joined = true;
        self.leaving = None;
        self.schedule.create = self.now;
        if let Some(tables) = &mut self.tables {
            tables.join();
        }
        self.look_for_ring();
        self.pump();
    }

    /// Hands over what it stores, and stores for others no longer; [`Event::Unjoined`] tells when that is done.
    pub fn unjoin(&mut self, now: Instant) {
        self.advance(now);
        self.joined = false;
        let mut leaving = (false, false);
        if let Some(ring) = &mut self.ring {
            ring.leave(now);
            leaving.0 = ring.phase() != Phase::Outside;
        }
        if let Some(tables) = &mut self.tables {
            tables.unjoin(now);
            leaving.1 = true;
        }
        self.leaving = Some(leaving);
        self.say_hello();
        self.pump();
        self.settle_leaving();
    }

    /// The keys that are said to exist, in order. Every node hears of every key, wherever its value is.
    pub fn keys(&self) -> impl Iterator<Item = &Bytes> {
        self.keys.iter()
    }

    fn advance(&mut self, now: Instant) {
        self.now = self.now.max(now);
        if !self.started {
            self.started = true;
            self.schedule.audit = self.now;
            self.schedule.create = self.founding();
        }
    }

    fn tell(&mut self, event: Event) {
        self.outputs.push_back(Output::Event(event));
    }
}

impl Machine for Node {
    type Event = Event;

    fn handle(&mut self, now: Instant, input: Input) {
        self.advance(now);
        match &input {
            Input::Opened { conn, .. } => drop(self.connecting.remove(conn)),
            Input::Closed { conn, .. } => {
                let refused = self.connecting.remove(conn);
                let contact = refused.and_then(|address| self.links.refused(&mut self.mesh, self.now, address));
                self.unreachable(contact);
            }
            _ => {}
        }
        self.mesh.handle(self.now, input);
        self.pump();
        self.work();
        self.pump();
    }

    fn poll(&mut self) -> Option<Output<Event>> {
        if self.outputs.is_empty() {
            self.pump(); // after a command given to the mesh itself
        }
        self.outputs.pop_front()
    }

    fn deadline(&self) -> Option<Instant> {
        if !self.started {
            return Some(Instant::ZERO);
        }
        let ring = self.ring.as_ref().and_then(Ring::deadline);
        let tables = self.tables.as_ref().and_then(Tables::deadline);
        let own = [ring, tables, self.mesh.deadline(), self.links.deadline(), self.next_scheduled()];
        let operation = self.timers.first().map(|(at, _)| *at);
        own.into_iter().flatten().chain(operation).min()
    }
}
