//! The old chord of py2p and js2p (p2p 3.10): five tables, each key in each of them, kept by the storing node just
//! before its place. Routing is greedy over the links that there are; nothing is replicated beyond the five tables.
//!
//! [`Tables`] is a pure part: it is told of links and messages, and answers with [`Output`]s that its owner sends. The
//! owner has the mesh, the clock and the keys.
mod config;
mod handover;
mod lookup;
mod message;
mod output;
mod position;
mod quorum;
mod storage;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use bytes::Bytes;
use serializer::{Id, Value};
use wire::Instant;

pub use config::Config;
pub use message::{Error, Message, Names};
pub use output::{Output, Stats};
pub use position::{Position, Table};
pub use quorum::MAJORITY;
pub use storage::{Bounds, merged};

use crate::Key;
use handover::Handover;
use lookup::{Lookup, Waiter};
use quorum::Quorum;
use storage::Storage;

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
            leaving: Handover::none(),
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
}

impl Peer {
    fn is_holder(&self) -> bool {
        self.storing && self.key.is_some()
    }
}
