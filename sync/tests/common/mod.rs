//! Hosts of a virtual network: our nodes, and stand-ins for the old programs, which are a mesh that announces nothing.
#![allow(dead_code)]

use std::net::SocketAddr;
use std::time::Duration;

use serializer::{Flag, Id, Value};
use sim::{HostId, Network};
use sync::{Config, Event, Node};
use wire::{Input, Instant, Machine, Output, Transport};

/// Either kind of host.
pub enum Host {
    Ours(Box<Node>),
    Old(Box<mesh::Node>),
}

impl Machine for Host {
    type Event = Event;

    fn handle(&mut self, now: Instant, input: Input) {
        match self {
            Host::Ours(node) => node.handle(now, input),
            Host::Old(node) => node.handle(now, input),
        }
    }

    fn poll(&mut self) -> Option<Output<Event>> {
        match self {
            Host::Ours(node) => node.poll(),
            Host::Old(node) => node.poll().map(|output| output.map(Event::Mesh)),
        }
    }

    fn deadline(&self) -> Option<Instant> {
        match self {
            Host::Ours(node) => node.deadline(),
            Host::Old(node) => node.deadline(),
        }
    }
}

impl Host {
    pub fn node(&self) -> &Node {
        match self {
            Host::Ours(node) => node,
            Host::Old(_) => panic!("an old program"),
        }
    }

    pub fn node_mut(&mut self) -> &mut Node {
        match self {
            Host::Ours(node) => node,
            Host::Old(_) => panic!("an old program"),
        }
    }

    pub fn old(&mut self) -> &mut mesh::Node {
        match self {
            Host::Old(node) => node,
            Host::Ours(_) => panic!("one of ours"),
        }
    }
}

/// A virtual network of such hosts at 10.0.0.1, 10.0.0.2 and so on, all with the first as their seed.
pub struct World {
    pub net: Network<Host>,
}

impl World {
    pub fn new(seed: u64) -> World {
        World { net: Network::new(seed) }
    }

    fn mesh(&self, address: SocketAddr) -> mesh::Config {
        let seeds = if self.net.hosts().next().is_none() { vec![] } else { vec!["10.0.0.1:4444".parse().unwrap()] };
        let epoch = self.net.epoch();
        mesh::Config {
            subnet: "sync".into(),
            epoch,
            listen: vec![(Transport::Tcp, address)],
            seeds,
            ..mesh::Config::default()
        }
    }

    fn address(&self) -> SocketAddr {
        let number = self.net.hosts().count() + 1;
        format!("10.0.{}.{}:4444", number / 250, number % 250).parse().unwrap()
    }

    /// Adds one of ours.
    pub fn ours(&mut self) -> HostId {
        self.ours_with(Config::default())
    }

    pub fn ours_with(&mut self, config: Config) -> HostId {
        let address = self.address();
        let config = Config { mesh: self.mesh(address), ..config };
        let node = Node::new(config, self.net.rng());
        self.net.add_at(Host::Ours(Box::new(node)), address)
    }

    /// Adds a stand-in for an old program.
    pub fn old(&mut self) -> HostId {
        let address = self.address();
        let config = mesh::Config { subnet: "sync1".into(), extensions: false, ..self.mesh(address) };
        let node = mesh::Node::new(config, self.net.rng());
        self.net.add_at(Host::Old(Box::new(node)), address)
    }

    pub fn run(&mut self, seconds: f64) {
        self.net.run_for(Duration::from_secs_f64(seconds));
    }

    pub fn do_as<R>(&mut self, host: HostId, f: impl FnOnce(&mut Node, Instant) -> R) -> R {
        self.net.command(host, |host, now| f(host.node_mut(), now))
    }

    pub fn set(&mut self, host: HostId, key: &'static str, value: impl Into<Value>) -> Result<(), sync::Error> {
        self.do_as(host, |node, now| node.set(now, key, value))
    }

    /// Lets an old program say anything.
    pub fn say(&mut self, host: HostId, flag: Flag, values: Vec<Value>) {
        self.net.command(host, |host, now| host.old().broadcast_as(now, flag, values)).unwrap();
    }

    /// Lets an old program whisper anything to a neighbour.
    pub fn tell(&mut self, host: HostId, to: HostId, flag: Flag, values: Vec<Value>) {
        let to = self.id(to);
        self.net.command(host, |host, now| host.old().whisper_as(now, &to, flag, values)).unwrap();
    }

    pub fn id(&self, host: HostId) -> Id {
        match self.net.machine(host) {
            Host::Ours(node) => node.id().clone(),
            Host::Old(node) => node.id().clone(),
        }
    }

    pub fn get(&self, host: HostId, key: &str) -> Option<Value> {
        self.net.machine(host).node().get(key).cloned()
    }

    pub fn now(&self) -> u64 {
        self.net.epoch().unix(self.net.now()).as_secs()
    }

    /// What happened to keys since the last look, by host.
    pub fn told(&mut self) -> Vec<(HostId, String)> {
        let told = self.net.events().into_iter().filter_map(|happened| {
            let text = match happened.event {
                Event::Update { key, value, .. } => format!("{} = {value:?}", String::from_utf8_lossy(&key)),
                Event::Delete { key } => format!("{} gone", String::from_utf8_lossy(&key)),
                Event::Refused { reason, .. } => format!("refused: {reason:?}"),
                Event::Mesh(_) => return None,
            };
            Some((happened.host, text))
        });
        told.collect()
    }

    /// The stores and deltas that reached an old program.
    pub fn heard(&mut self, host: HostId) -> Vec<(Option<Flag>, Vec<Value>)> {
        let heard = self.net.events().into_iter().filter(|happened| happened.host == host);
        let heard = heard.filter_map(|happened| match happened.event {
            Event::Mesh(mesh::Event::Other(incoming)) => Some((incoming.message.sub(), incoming.values().to_vec())),
            _ => None,
        });
        heard.collect()
    }
}
