//! The old chord of py2p and js2p (p2p 3.10): five tables, each key in each of them, kept by the storing node just
//! before its place. Routing is greedy over the links that there are; nothing is replicated beyond the five tables.
//!
//! [`Tables`] is a pure part: it is told of links and messages, and answers with [`Output`]s that its owner sends. The
//! owner has the mesh, the clock and the keys.
mod message;
mod position;
mod quorum;
mod storage;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use bytes::Bytes;
use serializer::{Id, Value};
use wire::Instant;

pub use message::{Error, Message, Names};
pub use position::{Position, Table};
pub use quorum::MAJORITY;
pub use storage::{Bounds, merged};

use crate::Key;
use quorum::Quorum;
use storage::Storage;

/// Times and bounds of [`Tables`].
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Whether to store entries of others from the start. Default true.
    pub joined: bool,
    /// How much to store.
    pub bounds: Bounds,
    /// How long a hop may stay silent before the next best is asked. Default 2 s.
    pub hop_timeout: Duration,
    /// How long nothing counts as "nothing yet" when a neighbour answers so, because old peers answer that before they
    /// ask on. Default 1 s.
    pub second_answer: Duration,
    /// Questions under way at once, own and others'. Default 4,096; more are answered with nothing.
    pub lookups: usize,
    /// Entries handed over in one go; the next go comes [`Config::pace`] later. Default 32.
    pub batch: usize,
    /// The pause between goes of a hand-over, which spares the old peers' buffers. Default 20 ms.
    pub pace: Duration,
    /// Whether a peer's question for something that should be here and is not is told as [`Output::Miss`] instead of
    /// being answered with nothing. Default false.
    pub ask_owner: bool,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            joined: true,
            bounds: Bounds::default(),
            hop_timeout: Duration::from_secs(2),
            second_answer: Duration::from_secs(1),
            lookups: 4096,
            batch: 32,
            pace: Duration::from_millis(20),
            ask_owner: false,
        }
    }
}

/// What [`Tables`] wants done, or tells.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// Send this to a linked peer.
    Send {
        /// Whom.
        to: Id,
        /// What.
        message: Message,
    },
    /// Send this node's state to a linked peer, and the known keys if `keys`.
    Meta {
        /// Whom.
        to: Id,
        /// False when the peer has had them.
        keys: bool,
    },
    /// A question that [`Tables::get`] asked is answered.
    Answer {
        /// Which.
        query: u64,
        /// The value on which the tables agree, if there is one.
        value: Option<Value>,
        /// The neighbours that were asked.
        path: Vec<Id>,
    },
    /// A peer asks for something that would be kept here and is not. Answer with [`Tables::supply`].
    Miss {
        /// Where.
        position: Position,
    },
    /// A peer changed an entry, here or on its way through here.
    Touched {
        /// Where.
        position: Position,
        /// Whether it was deleted.
        deleted: bool,
    },
    /// All entries have found another holder after [`Tables::unjoin`], as far as there was one.
    HandedOver,
}

/// Counts of what was dropped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Entries refused because of a bound.
    pub refused: u64,
    /// Answers to questions that nobody asked.
    pub strays: u64,
    /// Questions answered with nothing because too many were under way.
    pub overload: u64,
}

/// A node of the old chord without its links: see the [module](self).
#[derive(Debug)]
pub struct Tables {
    config: Config,
    me: Key,
    joined: bool,
    peers: BTreeMap<Id, Peer>,
    storage: Storage,
    lookups: BTreeMap<Position, Lookup>,
    timers: BTreeSet<(Instant, Position)>,
    queries: BTreeMap<u64, Quorum>,
    next_query: u64,
    leaving: Handover,
    outputs: VecDeque<Output>,
    stats: Stats,
}

#[derive(Debug)]
struct Peer {
    /// None for an id that is no number: such a peer is linked but never a holder.
    key: Option<Key>,
    storing: bool,
    greeted: bool,
}

/// One question under way. The old answers name no question, only the place, so everyone who asks for a place shares it.
#[derive(Debug)]
struct Lookup {
    /// Whom it was passed to; `None` while the owner of this part is asked.
    via: Option<Id>,
    tried: Vec<Id>,
    waiters: Vec<Waiter>,
    deadline: Instant,
    /// Whether the neighbour has answered with nothing, and may still answer better.
    nothing_yet: bool,
}

#[derive(Debug)]
enum Waiter {
    Query(u64),
    Peer { id: Id, names: Names },
}

/// Entries to be stored again elsewhere, in small goes.
#[derive(Debug, Default)]
struct Handover {
    queue: VecDeque<Position>,
    queued: BTreeSet<Position>,
    next: Option<Instant>,
    /// Told when the queue runs empty.
    told: bool,
}

impl Tables {
    /// The part of the node at `me`, the number of its id.
    pub fn new(config: Config, me: Key) -> Tables {
        Tables {
            joined: config.joined,
            storage: Storage::new(config.bounds),
            config,
            me,
            peers: BTreeMap::new(),
            lookups: BTreeMap::new(),
            timers: BTreeSet::new(),
            queries: BTreeMap::new(),
            next_query: 0,
            leaving: Handover { told: true, ..Handover::default() },
            outputs: VecDeque::new(),
            stats: Stats::default(),
        }
    }

    /// The next thing to do or tell.
    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When [`Tables::tick`] is wanted at the latest.
    pub fn deadline(&self) -> Option<Instant> {
        let timer = self.timers.first().map(|(at, _)| *at);
        [timer, self.leaving.next].into_iter().flatten().min()
    }

    /// Whether this node stores for others.
    pub fn is_joined(&self) -> bool {
        self.joined
    }

    /// Whether any linked peer stores for others.
    pub fn has_holder(&self) -> bool {
        self.peers.values().any(Peer::is_holder)
    }

    /// The linked peers that store for others.
    pub fn holders(&self) -> impl Iterator<Item = (&Id, Key)> {
        self.peers.iter().filter(|(_, peer)| peer.is_holder()).filter_map(|(id, peer)| Some((id, peer.key?)))
    }

    /// What is stored here.
    pub fn entries(&self) -> impl Iterator<Item = (&Position, &Value)> {
        self.storage.iter()
    }

    /// What was dropped.
    pub fn stats(&self) -> Stats {
        self.stats
    }

    /// Whether a link to `peer` is known here.
    pub fn is_linked(&self, peer: &Id) -> bool {
        self.peers.contains_key(peer)
    }

    // ---- links

    /// A link to a peer of the old protocol is up.
    pub fn linked(&mut self, peer: &Id) {
        let key = peer.number().map(|number| Key::reduce(&number.to_be_bytes()));
        let fresh = Peer { key, storing: false, greeted: false };
        self.peers.entry(peer.clone()).or_insert(fresh);
        self.greet(peer.clone());
    }

    /// The link is gone: what was asked there is asked elsewhere, and what it stored is this node's again as far as it
    /// has a copy.
    pub fn unlinked(&mut self, now: Instant, peer: &Id) {
        if self.peers.remove(peer).is_none() {
            return;
        }
        let mut orphans = Vec::new();
        for (position, lookup) in &mut self.lookups {
            lookup.waiters.retain(|waiter| !matches!(waiter, Waiter::Peer { id, .. } if id == peer));
            if lookup.via.as_ref() == Some(peer) {
                orphans.push(*position);
            }
        }
        for position in orphans {
            self.ask_on(now, position);
        }
    }

    /// Begins to store for others, and says so.
    pub fn join(&mut self) {
        self.set_joined(true);
    }

    /// Stores for others no longer, and hands everything over. What nobody else can take stays.
    //= p2p#3.10/unjoin MUST
    //# Every entry goes to the best storing neighbour and is dropped here only then; without such a neighbour it stays,
    //# answers, and moves on when one appears.
    pub fn unjoin(&mut self, now: Instant) {
        self.set_joined(false);
        self.leaving.told = false;
        let all: Vec<Position> = self.storage.iter().map(|(position, _)| *position).collect();
        self.hand_over(now, all);
    }

    //= p2p#3.10/meta-sent MUST
    //# After the handshake on every link (both sides: the old dialler takes it as an update), at joining and unjoining,
    //# and in answer to a change.
    fn set_joined(&mut self, joined: bool) {
        if self.joined == joined {
            return;
        }
        self.joined = joined;
        let peers: Vec<Id> = self.peers.keys().cloned().collect();
        peers.into_iter().for_each(|peer| self.greet(peer));
    }

    fn greet(&mut self, to: Id) {
        if let Some(peer) = self.peers.get_mut(&to) {
            let keys = !std::mem::replace(&mut peer.greeted, true);
            self.outputs.push_back(Output::Meta { to, keys });
        }
    }

    // ---- the dictionary

    /// Asks the five tables for `key`; [`Output::Answer`] carries the number that this returns. `known` tells that the
    /// key is said to exist, so that what is left of its five entries counts.
    pub fn get(&mut self, now: Instant, key: &Bytes, known: bool) -> u64 {
        let query = self.next_query;
        self.next_query += 1;
        self.queries.insert(query, Quorum::new(key.clone(), known));
        for position in Position::all(key) {
            self.ask(now, position, Waiter::Query(query), None);
        }
        query
    }

    /// Puts `value` into the five tables; [`Value::Nil`] removes it. False when one of the five should be stored here
    /// and a bound forbids it.
    //= p2p#3.10/set MUST
    //# Five stores, each routed on its own; nothing in place of a value deletes.
    pub fn set(&mut self, key: &[u8], value: &Value) -> bool {
        Position::all(key)
            .into_iter()
            .map(|position| self.store(position, value.clone(), None))
            .fold(true, |a, b| a & b)
    }

    /// Merges `changes` into the map under `key` in the five tables. False as for [`Tables::set`], and when something
    /// that is no map is stored here.
    pub fn update(&mut self, key: &[u8], changes: &[(Value, Value)]) -> bool {
        Position::all(key).into_iter().map(|at| self.change(at, changes.to_vec(), None)).fold(true, |a, b| a & b)
    }

    /// The key was deleted somewhere: copies that were kept here after a hand-over go.
    //= wireworks#3.1/stale-copies SHOULD
    //# A copy whose place belongs to another storing neighbour would bring the key back if that neighbour left.
    pub fn forget(&mut self, key: &[u8]) {
        for position in Position::all(key) {
            if self.route(&position, &[]).is_some() {
                self.storage.remove(&position);
            }
        }
    }

    /// The answer to [`Output::Miss`].
    pub fn supply(&mut self, position: Position, value: Option<Value>) {
        if self.lookups.get(&position).is_some_and(|lookup| lookup.via.is_none()) {
            self.settle(position, value.unwrap_or(Value::Nil));
        }
    }

    // ---- input

    /// Takes a message from a linked peer. [`Message::Notify`] is the owner's.
    pub fn handle(&mut self, now: Instant, from: &Id, message: Message) {
        match message {
            Message::Meta { storing } => self.meta(now, from, storing),
            Message::Notify { .. } => {}
            Message::Store { position, value } => {
                self.outputs.push_back(Output::Touched { position, deleted: value.is_nil() });
                if !self.store(position, value, Some(from)) {
                    self.stats.refused += 1;
                }
            }
            Message::Delta { position, changes } => {
                self.outputs.push_back(Output::Touched { position, deleted: false });
                if !self.change(position, changes, Some(from)) {
                    self.stats.refused += 1;
                }
            }
            Message::Retrieve { position, names } => {
                self.ask(now, position, Waiter::Peer { id: from.clone(), names }, Some(from));
            }
            Message::Retrieved { position, value, .. } => self.retrieved(now, from, position, value),
        }
    }

    /// Time passed.
    pub fn tick(&mut self, now: Instant) {
        while let Some((at, position)) = self.timers.first().copied().filter(|(at, _)| *at <= now) {
            self.timers.remove(&(at, position));
            match self.lookups.get(&position) {
                Some(lookup) if lookup.nothing_yet || lookup.via.is_none() => self.settle(position, Value::Nil),
                Some(_) => self.ask_on(now, position),
                None => {}
            }
        }
        if self.leaving.next.is_some_and(|at| at <= now) {
            self.hand_over_some(now);
        }
    }

    //= p2p#3.10/changed-meta MUST
    //# A change is answered with the own state; then every entry that the peer is nearer to is stored there, and the
    //# copy here stays as a spare.
    fn meta(&mut self, now: Instant, from: &Id, storing: bool) {
        let Some(peer) = self.peers.get_mut(from) else { return };
        if std::mem::replace(&mut peer.storing, storing) == storing {
            return;
        }
        let Some(theirs) = peer.key else { return };
        self.greet(from.clone());
        if !storing {
            return;
        }
        let nearer =
            |position: &Position| !self.joined || position.distance_from(&theirs) < position.distance_from(&self.me);
        let moving: Vec<Position> = self.storage.iter().map(|(position, _)| *position).filter(nearer).collect();
        self.hand_over(now, moving);
    }

    fn store(&mut self, position: Position, value: Value, from: Option<&Id>) -> bool {
        match self.next_hop(&position, from) {
            Some(to) => {
                // A spare copy here must not survive the value that it was a copy of.
                self.storage.remove(&position);
                self.outputs.push_back(Output::Send { to, message: Message::Store { position, value } });
                true
            }
            None if value == Value::Nil => {
                self.storage.remove(&position);
                true
            }
            None => self.storage.put(position, &value),
        }
    }

    fn change(&mut self, position: Position, changes: Vec<(Value, Value)>, from: Option<&Id>) -> bool {
        match self.next_hop(&position, from) {
            Some(to) => {
                self.storage.remove(&position);
                self.outputs.push_back(Output::Send { to, message: Message::Delta { position, changes } });
                true
            }
            None => self.storage.merge(position, &changes),
        }
    }

    // ---- routing

    /// The storing neighbour nearest before `position`, or `None` when this node is the nearest itself or the only one.
    //= p2p#3.10/holder MUST
    //# The smallest clockwise distance from node to place wins among storing nodes; a leeching node is never chosen.
    fn route(&self, position: &Position, except: &[&Id]) -> Option<Id> {
        let others = self.holders().filter(|(id, _)| !except.contains(id));
        let (distance, id) = others.map(|(id, key)| (position.distance_from(&key), id)).min()?;
        (!self.joined || distance < position.distance_from(&self.me)).then(|| id.clone())
    }

    /// Never back to where it came from: a peer that asks a farther node than itself is answered, not obeyed.
    fn next_hop(&self, position: &Position, from: Option<&Id>) -> Option<Id> {
        let from: Vec<&Id> = from.into_iter().collect();
        self.route(position, &from)
    }

    // ---- questions

    //= p2p#3.10/retrieve MUST
    //# Answered here when this node is the holder, else passed on to the nearest; the answer goes back when it is known.
    fn ask(&mut self, now: Instant, position: Position, waiter: Waiter, from: Option<&Id>) {
        if let Some(lookup) = self.lookups.get_mut(&position) {
            let looped = from.is_some() && lookup.via.as_ref() == from;
            if !looped && (lookup.waiters.len() < MAX_WAITERS || matches!(waiter, Waiter::Query(_))) {
                lookup.waiters.push(waiter);
                return;
            }
            return self.tell(&position, waiter, Value::Nil);
        }
        let via = self.next_hop(&position, from);
        let here = if via.is_none() { self.storage.at(&position).cloned() } else { None };
        let ask_owner = via.is_none() && here.is_none() && self.config.ask_owner && from.is_some();
        if via.is_none() && !ask_owner {
            return self.tell(&position, waiter, here.unwrap_or(Value::Nil));
        }
        if self.lookups.len() >= self.config.lookups {
            self.stats.overload += 1;
            return self.tell(&position, waiter, Value::Nil);
        }
        let deadline = now + if ask_owner { self.config.hop_timeout * 4 } else { self.config.hop_timeout };
        let tried = from.cloned().into_iter().collect();
        let lookup = Lookup { via: via.clone(), tried, waiters: vec![waiter], deadline, nothing_yet: false };
        self.timers.insert((deadline, position));
        self.lookups.insert(position, lookup);
        match via {
            Some(to) => self.send_question(position, to),
            None => self.outputs.push_back(Output::Miss { position }),
        }
    }

    fn send_question(&mut self, position: Position, to: Id) {
        if let Some(lookup) = self.lookups.get(&position) {
            for waiter in &lookup.waiters {
                if let Waiter::Query(query) = waiter
                    && let Some(quorum) = self.queries.get_mut(query)
                    && !quorum.path.contains(&to)
                {
                    quorum.path.push(to.clone());
                }
            }
        }
        let message = Message::Retrieve { position, names: Names::of(&position) };
        self.outputs.push_back(Output::Send { to, message });
    }

    //= wireworks#3.1/silent-hop SHOULD
    //# The next best neighbour is asked, or what is here answers; each hop has its own timeout, so a question always ends.
    fn ask_on(&mut self, now: Instant, position: Position) {
        let Some(lookup) = self.lookups.get_mut(&position) else { return };
        self.timers.remove(&(lookup.deadline, position));
        lookup.tried.extend(lookup.via.take());
        let tried = lookup.tried.clone();
        let next =
            if tried.len() > MAX_TRIES { None } else { self.route(&position, &tried.iter().collect::<Vec<_>>()) };
        let Some(to) = next else {
            let here = self.storage.at(&position).cloned().unwrap_or(Value::Nil);
            return self.settle(position, here);
        };
        let deadline = now + self.config.hop_timeout;
        if let Some(lookup) = self.lookups.get_mut(&position) {
            (lookup.via, lookup.deadline, lookup.nothing_yet) = (Some(to.clone()), deadline, false);
            self.timers.insert((deadline, position));
        }
        self.send_question(position, to);
    }

    //= p2p#3.10/two-answers MUST
    //# Nothing starts a short wait for the better answer of a hop that asks on; only its end makes it final, and only the
    //# final answer is passed back, since js2p gives up at the first nothing.
    fn retrieved(&mut self, now: Instant, from: &Id, position: Position, value: Value) {
        let Some(lookup) = self.lookups.get_mut(&position).filter(|lookup| lookup.via.as_ref() == Some(from)) else {
            self.stats.strays += 1;
            return;
        };
        if value != Value::Nil {
            return self.settle(position, value);
        }
        if !lookup.nothing_yet {
            self.timers.remove(&(lookup.deadline, position));
            lookup.nothing_yet = true;
            lookup.deadline = now + self.config.second_answer;
            self.timers.insert((lookup.deadline, position));
        }
    }

    fn settle(&mut self, position: Position, value: Value) {
        let Some(lookup) = self.lookups.remove(&position) else { return };
        self.timers.remove(&(lookup.deadline, position));
        for waiter in lookup.waiters {
            self.tell(&position, waiter, value.clone());
        }
    }

    fn tell(&mut self, position: &Position, waiter: Waiter, value: Value) {
        match waiter {
            Waiter::Peer { id, names } => {
                let message = Message::Retrieved { position: *position, names, value };
                self.outputs.push_back(Output::Send { to: id, message });
            }
            Waiter::Query(query) => self.count(query, position.table() as usize, value),
        }
    }

    fn count(&mut self, query: u64, table: usize, value: Value) {
        let Some(quorum) = self.queries.get_mut(&query) else { return };
        quorum.answer(table, value);
        let decision = quorum.decision();
        if let Some(value) = decision.clone().filter(|_| !quorum.told) {
            quorum.told = true;
            self.outputs.push_back(Output::Answer { query, value, path: quorum.path.clone() });
        }
        if !quorum.is_complete() {
            return;
        }
        if let (Some(quorum), Some(Some(value))) = (self.queries.remove(&query), decision) {
            self.repair(&quorum, &value);
        }
    }

    /// Puts the value back where a table has lost it.
    //= wireworks#3.1/read-repair SHOULD
    //# Reading heals: what a crash took from some of the five tables is stored there again from the others.
    fn repair(&mut self, quorum: &Quorum, value: &Value) {
        let places = Position::all(&quorum.key);
        for table in quorum.absent() {
            if let Some(position) = places.get(table) {
                self.store(*position, value.clone(), None);
            }
        }
    }

    // ---- hand-over

    fn hand_over(&mut self, now: Instant, positions: Vec<Position>) {
        for position in positions {
            if self.leaving.queued.insert(position) {
                self.leaving.queue.push_back(position);
            }
        }
        if self.leaving.next.is_none() {
            self.hand_over_some(now);
        }
    }

    fn hand_over_some(&mut self, now: Instant) {
        for _ in 0..self.config.batch.max(1) {
            let Some(position) = self.leaving.queue.pop_front() else { break };
            self.leaving.queued.remove(&position);
            let Some(value) = self.storage.at(&position).cloned() else { continue };
            let Some(to) = self.route(&position, &[]) else { continue };
            if !self.joined {
                self.storage.remove(&position);
            }
            self.outputs.push_back(Output::Send { to, message: Message::Store { position, value } });
        }
        let done = self.leaving.queue.is_empty();
        self.leaving.next = if done { None } else { Some(now + self.config.pace) };
        if done && !std::mem::replace(&mut self.leaving.told, true) {
            self.outputs.push_back(Output::HandedOver);
        }
    }
}

impl Peer {
    fn is_holder(&self) -> bool {
        self.storing && self.key.is_some()
    }
}

/// Askers that share one question.
const MAX_WAITERS: usize = 64;
/// Neighbours that are asked for one place, one after the other.
const MAX_TRIES: usize = 4;
