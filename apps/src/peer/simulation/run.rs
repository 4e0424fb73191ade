//! The simulated network: its nodes join one after the other, settle, and are asked something.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{IsTerminal, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use mesh::{Address, Seed};
use serde_json::Value as Json;
use serializer::{Id, Value};
use sim::{HostId, Link, Network};
use wire::{Instant, Rng, Transport};

use super::super::node::{Event, Node};
use super::super::options::{Kind, SimOptions};

/// A network at rest, and what was sent or looked for in it.
pub(super) struct Found {
    pub kind: Kind,
    pub nodes: Vec<Shown>,
    /// Pairs of neighbours, the one that dialled first.
    pub links: Vec<(usize, usize)>,
    /// Where the broadcast or lookup began.
    pub origin: usize,
    /// For a broadcast, from whom each node heard it first; for a lookup, its steps.
    pub steps: Vec<(usize, usize)>,
    /// What to print, in this order.
    pub facts: Facts,
}

/// What was found, by name.
pub(super) type Facts = Vec<(&'static str, Json)>;

/// One node.
pub(super) struct Shown {
    pub id: String,
    /// Where its id stands on the circle, from 0 to 1.
    pub place: f64,
    /// The next in the ring, and those known far around it.
    pub successor: Option<usize>,
    pub fingers: Vec<usize>,
}

struct World {
    network: Network<Node>,
    hosts: Vec<HostId>,
    index: BTreeMap<Id, usize>,
    kind: Kind,
    progress: Progress,
}

pub(super) fn run(options: &SimOptions) -> Found {
    let mut world = World::new(options);
    world.settle();
    let settled = world.network.now();
    let (origin, steps, told) = match options.kind {
        Kind::Chord => world.look_up(),
        Kind::Mesh | Kind::Sync => world.broadcast(),
    };
    world.progress.done();
    let links = world.links();
    let degree = 2.0 * links.len() as f64 / world.hosts.len() as f64;
    let mut facts: Facts = vec![
        ("nodes", world.hosts.len().into()),
        ("links", links.len().into()),
        ("links_of_a_node", degree.into()),
        ("settled_after_seconds", settled.since_origin().as_secs_f64().into()),
    ];
    facts.extend(told);
    facts.push(("random_seed", options.seed.into()));
    Found { kind: options.kind, nodes: world.shown(), links, origin, steps, facts }
}

impl World {
    /// A network whose nodes all have joined, each through one that came before.
    fn new(options: &SimOptions) -> World {
        let mut network = Network::new(options.seed);
        network.set_default_link(Link::with_delay(Duration::from_millis(20)));
        let mut choice = Rng::from_u64(options.seed);
        let (mut hosts, mut index) = (Vec::new(), BTreeMap::new());
        let progress = Progress::new();
        for n in 0..options.nodes {
            progress.show("joining", n as usize, options.nodes as usize);
            let mut seeds = vec![address(choice.below(u64::from(n.max(1))) as u32)];
            seeds.retain(|_| n > 0);
            let rng = network.rng();
            let node = node(options.kind, address(n), &seeds, network.epoch(), rng);
            index.insert(node.mesh().id().clone(), hosts.len());
            let host = network.add(node);
            // cannot fail: every address is new
            let _ = network.listen(host, Transport::Tcp, address(n));
            hosts.push(host);
            network.run_for(Duration::from_millis(200));
        }
        World { network, hosts, index, kind: options.kind, progress }
    }

    /// Lets the network come to rest: a mesh for a while, a ring until every node knows its place.
    fn settle(&mut self) {
        let most = self.network.now() + SETTLING;
        while self.network.now() < most {
            self.network.run_for(Duration::from_secs(5));
            let placed = self.placed();
            self.progress.show("settling", placed, self.hosts.len());
            if placed == self.hosts.len() {
                break;
            }
        }
        if self.kind == Kind::Chord {
            self.network.run_for(FINGERS);
        }
        self.network.events();
    }

    /// How many nodes have found their place: neighbours in a mesh, the right successor in a ring.
    fn placed(&self) -> usize {
        let mut circle: Vec<(f64, usize)> = (0..self.hosts.len()).map(|n| (self.place(n), n)).collect();
        circle.sort_by(|a, b| a.0.total_cmp(&b.0));
        let next: BTreeMap<usize, usize> =
            (0..circle.len()).map(|at| (circle[at].1, circle[(at + 1) % circle.len()].1)).collect();
        let is_placed = |n: usize| match self.node(n) {
            Node::Chord(node) => node.is_member() && self.successor(n) == next.get(&n).copied(),
            node => node.mesh().peers().next().is_some(),
        };
        (0..self.hosts.len()).filter(|n| is_placed(*n)).count()
    }

    // ---- what is asked

    /// A broadcast of one node, and from whom every other heard it first.
    fn broadcast(&mut self) -> (usize, Vec<(usize, usize)>, Facts) {
        let origin = self.hosts.len() / 2;
        let start = self.network.now();
        let kind = self.kind;
        let sent = self.network.command(self.hosts[origin], |node, now| match node {
            Node::Sync(node) => {
                let written = node.set(now, &b"key"[..], "value").is_ok();
                node.mesh_mut().broadcast(now, vec!["hello".into()]).is_ok() && written
            }
            node => node.mesh_mut().broadcast(now, vec!["hello".into()]).is_ok(),
        });
        let (mut steps, mut last, mut heard, mut written) = (Vec::new(), start, BTreeSet::from([origin]), 0);
        while let Some(happened) = self.network.next(start + LISTENING) {
            let to = happened.host.index();
            match happened.event {
                Event::Mesh(mesh::Event::Message(message))
                | Event::Sync(sync::Event::Mesh(mesh::Event::Message(message))) => {
                    if let Some(from) = self.index.get(&message.from).filter(|_| heard.insert(to)) {
                        steps.push((*from, to));
                        last = happened.at;
                    }
                }
                Event::Sync(sync::Event::Update { .. }) => written += 1,
                _ => {}
            }
            self.progress.show("broadcasting", heard.len(), self.hosts.len());
            if heard.len() == self.hosts.len() && (kind != Kind::Sync || written == self.hosts.len()) {
                break;
            }
        }
        let mut facts: Facts = vec![
            ("broadcast_sent", sent.into()),
            ("broadcast_heard_by", (heard.len() - 1).into()),
            ("heard_by_all_after_ms", ((last - start).as_millis() as u64).into()),
            ("hops_at_most", depth(origin, &steps).into()),
        ];
        if kind == Kind::Sync {
            facts.push(("entry_written_at", written.into()));
        }
        (origin, steps, facts)
    }

    /// Writes entries, looks them up from all over, and keeps the longest way.
    fn look_up(&mut self) -> (usize, Vec<(usize, usize)>, Facts) {
        let count = self.hosts.len();
        let key = |n: usize| format!("key {n}").into_bytes();
        for n in 0..LOOKUPS {
            self.on_chord(n * 7 % count, |node, now| node.set(now, &key(n), n as u64).is_ok());
        }
        let (mut written, until) = (0, self.network.now() + LISTENING);
        while let Some(happened) = self.network.next(until) {
            let Event::Chord(chord::Event::Answer { result, .. }) = happened.event else { continue };
            written += usize::from(result == Ok(chord::Outcome::Done));
            self.progress.show("writing", written, LOOKUPS);
            if written == LOOKUPS {
                break;
            }
        }
        let mut askers = BTreeMap::new();
        for n in 0..LOOKUPS {
            let asker = (n * 13 + 5) % count;
            if let Some(query) = self.on_chord(asker, |node, now| node.get(now, &key(n)).ok()).flatten() {
                askers.insert((asker, query), n as u64);
            }
        }
        let (mut found, mut hops, mut longest) = (0_usize, 0_usize, (0, Vec::new()));
        let until = self.network.now() + LISTENING;
        while let Some(happened) = self.network.next(until) {
            let Event::Chord(chord::Event::Answer { query, result, path, .. }) = happened.event else { continue };
            let asker = happened.host.index();
            let Some(n) = askers.remove(&(asker, query)) else { continue };
            found += usize::from(result == Ok(chord::Outcome::Value(Value::from(n))));
            let way: Vec<usize> =
                std::iter::once(asker).chain(path.iter().filter_map(|id| self.index.get(id).copied())).collect();
            let mut steps: Vec<(usize, usize)> = way.windows(2).map(|pair| (pair[0], pair[1])).collect();
            steps.retain(|(from, to)| from != to);
            hops += steps.len();
            if steps.len() > longest.1.len() {
                longest = (asker, steps);
            }
            self.progress.show("looking up", LOOKUPS - askers.len(), LOOKUPS);
            if askers.is_empty() {
                break;
            }
        }
        let facts: Facts = vec![
            ("entries_written", written.into()),
            ("lookups", LOOKUPS.into()),
            ("found", found.into()),
            ("hops_on_average", (hops as f64 / LOOKUPS as f64).into()),
            ("half_log2_of_nodes", ((count as f64).log2() / 2.0).into()),
            ("hops_at_most", longest.1.len().into()),
        ];
        (longest.0, longest.1, facts)
    }

    fn on_chord<R>(&mut self, at: usize, f: impl FnOnce(&mut chord::Node, Instant) -> R) -> Option<R> {
        self.network.command(self.hosts[at], |node, now| match node {
            Node::Chord(node) => Some(f(node, now)),
            _ => None,
        })
    }

    // ---- what is seen

    fn node(&self, n: usize) -> &Node {
        self.network.machine(self.hosts[n])
    }

    fn place(&self, n: usize) -> f64 {
        let point = chord::point_of(self.node(n).mesh().id());
        point.map_or(0.0, |point| point.high() as f64 / 2f64.powi(64))
    }

    fn successor(&self, n: usize) -> Option<usize> {
        match self.node(n) {
            Node::Chord(node) => node.successors().next().and_then(|id| self.index.get(id)).copied(),
            _ => None,
        }
    }

    fn links(&self) -> Vec<(usize, usize)> {
        let mut links = BTreeSet::new();
        for n in 0..self.hosts.len() {
            for peer in self.node(n).mesh().peers() {
                if let Some(&other) = self.index.get(peer.id) {
                    links.insert((n.min(other), n.max(other)));
                }
            }
        }
        links.into_iter().collect()
    }

    fn shown(&self) -> Vec<Shown> {
        let fingers = |n: usize| match self.node(n) {
            Node::Chord(node) => node.fingers().filter_map(|id| self.index.get(id).copied()).collect(),
            _ => Vec::new(),
        };
        (0..self.hosts.len())
            .map(|n| Shown {
                id: self.node(n).mesh().id().to_string(),
                place: self.place(n),
                successor: self.successor(n),
                fingers: fingers(n),
            })
            .collect()
    }
}

fn node(kind: Kind, own: SocketAddr, seeds: &[SocketAddr], epoch: wire::Epoch, rng: Rng) -> Node {
    let mesh = mesh::Config {
        subnet: kind.name().to_owned(),
        epoch,
        listen: vec![(Transport::Tcp, own)],
        seeds: seeds.iter().map(|seed| Seed::new(Transport::Tcp, Address::from(*seed))).collect(),
        ..mesh::Config::default()
    };
    match kind {
        Kind::Mesh => Node::Mesh(Box::new(mesh::Node::new(mesh, rng))),
        Kind::Sync => Node::Sync(Box::new(sync::Node::new(sync::Config { mesh, ..sync::Config::default() }, rng))),
        Kind::Chord => Node::Chord(Box::new(chord::Node::new(chord::Config { mesh, ..chord::Config::default() }, rng))),
    }
}

/// Where the n-th node listens.
fn address(n: u32) -> SocketAddr {
    let [_, high, middle, low] = n.to_be_bytes();
    (Ipv4Addr::new(10, high, middle, low), 4444).into()
}

/// The most steps from `origin` along the tree.
fn depth(origin: usize, steps: &[(usize, usize)]) -> usize {
    let mut hops = BTreeMap::from([(origin, 0)]);
    for (from, to) in steps {
        let far = hops.get(from).copied().unwrap_or(0) + 1;
        hops.insert(*to, far);
    }
    hops.into_values().max().unwrap_or(0)
}

/// A line on a terminal that tells how far it is.
struct Progress(bool);

impl Progress {
    fn new() -> Progress {
        Progress(std::io::stderr().is_terminal())
    }

    fn show(&self, what: &str, done: usize, of: usize) {
        if self.0 {
            let mut err = std::io::stderr().lock();
            let _ = write!(err, "\r\x1b[K{what} {done}/{of}").and_then(|()| err.flush());
        }
    }

    fn done(&self) {
        if self.0 {
            eprint!("\r\x1b[K");
        }
    }
}

/// Several rounds in which a node looks for those far around the ring.
const FINGERS: Duration = Duration::from_secs(60);
const LOOKUPS: usize = 64;
const SETTLING: Duration = Duration::from_secs(300);
const LISTENING: Duration = Duration::from_secs(30);
