//! A virtual network of chord nodes.
#![allow(dead_code)] // each test uses a part
pub mod link;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::Duration;

use chord::{Config, Event, Failure, Mode, Node, Outcome, Query};
use serializer::{Id, Value};
use sim::{HostId, Network};
use wire::Transport;

/// What came of a question, the way there, and how long it took.
pub type Answer = (Result<Outcome, Failure>, Vec<Id>, Duration);

pub struct World {
    pub net: Network<Node>,
    pub hosts: Vec<HostId>,
    pub answers: BTreeMap<(HostId, Query), Answer>,
    pub added: BTreeMap<HostId, Vec<Vec<u8>>>,
    pub deleted: BTreeMap<HostId, Vec<Vec<u8>>>,
    pub unjoined: BTreeSet<HostId>,
}

pub fn address(n: usize) -> SocketAddr {
    SocketAddr::from(([10, 0, (n / 250) as u8, (n % 250) as u8 + 1], 4444))
}

impl World {
    pub fn new(seed: u64) -> World {
        println!("seed {seed}");
        let (answers, added, deleted) = Default::default();
        World { net: Network::new(seed), hosts: Vec::new(), answers, added, deleted, unjoined: BTreeSet::new() }
    }

    /// One node after the other, each with the first few as seeds, and time to settle.
    pub fn of(seed: u64, modes: &[Mode]) -> World {
        let mut world = World::new(seed);
        for &mode in modes {
            world.add(Config { mode, ..Config::default() });
            world.run(500);
        }
        world.run(15_000);
        world
    }

    pub fn add(&mut self, config: Config) -> HostId {
        self.add_listening(config, true)
    }

    /// A node that accepts no connection.
    pub fn add_hidden(&mut self, config: Config) -> usize {
        self.add_listening(config, false);
        self.hosts.len() - 1
    }

    fn add_listening(&mut self, config: Config, listening: bool) -> HostId {
        let n = self.hosts.len();
        let at = address(n);
        let mut config = config;
        config.mesh.epoch = self.net.epoch();
        config.mesh.listen = if listening { vec![(Transport::Tcp, at)] } else { Vec::new() };
        config.mesh.seeds = (0..n.min(3)).map(|seed| mesh::Seed::new(Transport::Tcp, address(seed))).collect();
        let node = Node::new(config, self.net.rng());
        let host = self.net.add_at(node, at);
        self.hosts.push(host);
        host
    }

    pub fn node(&self, at: usize) -> &Node {
        self.net.machine(self.hosts[at])
    }

    pub fn run(&mut self, millis: u64) {
        self.net.run_for(Duration::from_millis(millis));
        for happened in self.net.events() {
            let host = happened.host;
            match happened.event {
                Event::Answer { query, result, path, took, .. } => {
                    assert!(self.answers.insert((host, query), (result, path, took)).is_none(), "answered twice");
                }
                Event::Add { key } => self.added.entry(host).or_default().push(key.to_vec()),
                Event::Delete { key } => self.deleted.entry(host).or_default().push(key.to_vec()),
                Event::Unjoined => drop(self.unjoined.insert(host)),
                _ => {}
            }
        }
    }

    fn wait(&mut self, at: usize, query: Query) -> Answer {
        for _ in 0..1200 {
            if let Some(answer) = self.answers.remove(&(self.hosts[at], query)) {
                return answer;
            }
            self.run(10);
        }
        panic!("no answer at {at}");
    }

    pub fn set(&mut self, at: usize, key: &str, value: impl Into<Value>) {
        let value = value.into();
        let query = self.net.command(self.hosts[at], |node, now| node.set(now, key.as_bytes(), value).unwrap());
        assert_eq!(self.wait(at, query).0, Ok(Outcome::Done), "set {key} at {at}");
    }

    pub fn delete(&mut self, at: usize, key: &str) {
        let query = self.net.command(self.hosts[at], |node, now| node.delete(now, key.as_bytes()).unwrap());
        assert_eq!(self.wait(at, query).0, Ok(Outcome::Done), "delete {key} at {at}");
    }

    pub fn update(&mut self, at: usize, key: &str, changes: &[(&str, u64)]) -> Result<Outcome, Failure> {
        let changes = changes.iter().map(|&(key, value)| (key.into(), value.into())).collect();
        let query = self.net.command(self.hosts[at], |node, now| node.update(now, key.as_bytes(), changes).unwrap());
        self.wait(at, query).0
    }

    pub fn ask(&mut self, at: usize, key: &str) -> Answer {
        let query = self.net.command(self.hosts[at], |node, now| node.get(now, key.as_bytes()).unwrap());
        self.wait(at, query)
    }

    /// The value, or nothing.
    pub fn get(&mut self, at: usize, key: &str) -> Option<Value> {
        match self.ask(at, key).0 {
            Ok(Outcome::Value(value)) => Some(value),
            Ok(Outcome::Missing) => None,
            other => panic!("get {key} at {at}: {other:?}"),
        }
    }

    /// Whether every member's successor is the next member around the circle.
    pub fn is_one_ring(&self, alive: &[usize]) -> bool {
        let mut members: Vec<&Node> = alive.iter().map(|&at| self.node(at)).filter(|node| node.is_member()).collect();
        members.sort_by_key(|node| chord::point_of(node.id()));
        let next = members.iter().cycle().skip(1);
        members.len() < 2 || members.iter().zip(next).all(|(node, next)| node.successors().next() == Some(next.id()))
    }

    pub fn keys(&self, at: usize) -> Vec<String> {
        self.node(at).keys().map(|key| String::from_utf8(key.to_vec()).unwrap()).collect()
    }
}
