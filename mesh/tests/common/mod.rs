//! What the tests share: networks of nodes, and hand-made connections to one node.
#![allow(dead_code)] // each test file uses a part

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use mesh::{Config, Event, Incoming, Node, Seed};
use serializer::{Encryption, Flag, Id, Limits, MainFlag, Message, Value, frame, protocol_id};
use sim::{Happened, HostId, Network};
use wire::{CloseReason, ConnId, Epoch, Input, Instant, Machine, Output, Rng, Transmit, Transport, drain};

pub type Net = Network<Node>;

pub fn secs(n: u64) -> Duration {
    Duration::from_secs(n)
}

/// The address of the `n`-th node.
pub fn at(n: usize) -> SocketAddr {
    SocketAddr::from(([10, (n >> 16) as u8, (n >> 8) as u8, n as u8], 4444))
}

pub fn tcp(n: usize) -> Seed {
    Seed::new(Transport::Tcp, at(n))
}

pub fn config(net: &Net, n: usize, seeds: &[usize]) -> Config {
    Config {
        epoch: net.epoch(),
        listen: vec![(Transport::Tcp, at(n))],
        seeds: seeds.iter().map(|&seed| tcp(seed)).collect(),
        ..Config::default()
    }
}

pub fn add(net: &mut Net, config: Config) -> HostId {
    let listen = config.listen.clone();
    let node = Node::new(config, net.rng());
    let host = net.add(node);
    for (transport, address) in listen {
        net.listen(host, transport, address).unwrap();
    }
    host
}

/// The nodes from 1 to `count`, each of which knows the first.
pub fn star(net: &mut Net, count: usize) -> Vec<HostId> {
    (1..=count)
        .map(|n| {
            let config = config(net, n, if n == 1 { &[] } else { &[1] });
            add(net, config)
        })
        .collect()
}

pub fn id(net: &Net, host: HostId) -> Id {
    net.machine(host).id().clone()
}

pub fn peers(net: &Net, host: HostId) -> usize {
    net.machine(host).peers().count()
}

pub fn broadcast(net: &mut Net, host: HostId, text: &str) {
    net.command(host, |node, now| node.broadcast(now, vec![text.into()]).unwrap());
}

pub fn text(incoming: &Incoming) -> &str {
    incoming.values().first().and_then(Value::as_str).unwrap_or("")
}

/// Who was told the message of that text, once for each time.
pub fn heard(events: &[Happened<Event>], wanted: &str) -> Vec<HostId> {
    let mut hosts: Vec<HostId> = events
        .iter()
        .filter(|h| matches!(&h.event, Event::Message(incoming) if text(incoming) == wanted))
        .map(|h| h.host)
        .collect();
    hosts.sort_unstable();
    hosts
}

/// Runs until every one of `hosts` can be reached from the first over links between running nodes; false when that does
/// not come to be in time.
pub fn run_until_whole(net: &mut Net, hosts: &[HostId], limit: Duration) -> bool {
    let end = net.now() + limit;
    while net.now() < end {
        net.run_for(secs(1));
        if is_whole(net, hosts) {
            return true;
        }
    }
    false
}

pub fn is_whole(net: &Net, hosts: &[HostId]) -> bool {
    let number = |wanted: &Id| hosts.iter().position(|&host| net.machine(host).id() == wanted);
    let (mut reached, mut todo) = (vec![false; hosts.len()], vec![0]);
    reached[0] = true;
    while let Some(n) = todo.pop() {
        let me = net.machine(hosts[n]).id();
        for other in net.machine(hosts[n]).peers().filter_map(|peer| number(peer.id)) {
            let back = net.machine(hosts[other]).peer(me).is_some();
            if back && !std::mem::replace(&mut reached[other], true) {
                todo.push(other);
            }
        }
    }
    reached.iter().all(|&reached| reached)
}

/// One node, and connections to it whose other end the test plays.
pub struct Bench {
    pub node: Node,
    pub now: Instant,
    pub out: Vec<Output<Event>>,
    opened: u64,
}

pub const UNIX: u64 = 1_600_000_000;

impl Bench {
    pub fn new(config: Config) -> Bench {
        let epoch = Epoch::from_unix(secs(UNIX));
        let node = Node::new(Config { epoch, ..config }, Rng::from_u64(7));
        let mut bench = Bench { node, now: Instant::ZERO, out: Vec::new(), opened: 0 };
        bench.input(Input::Time);
        bench
    }

    pub fn plain() -> Bench {
        Bench::new(Config::default())
    }

    pub fn unix(&self) -> u64 {
        UNIX + self.now.since_origin().as_secs()
    }

    pub fn input(&mut self, input: Input) {
        self.node.handle(self.now, input);
        self.collect();
    }

    pub fn collect(&mut self) {
        self.out.extend(drain(&mut self.node));
    }

    /// Lets time pass, as a driver does.
    pub fn wait(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(at) = self.node.deadline().filter(|&at| at <= end) {
            self.now = self.now.max(at);
            self.input(Input::Time);
        }
        self.now = end;
    }

    pub fn accept(&mut self, transport: Transport) -> ConnId {
        let conn = ConnId::inbound(self.opened);
        self.opened += 1;
        let remote = SocketAddr::from(([192, 0, 2, 1], 1000 + self.opened as u16));
        let local = SocketAddr::from(([10, 0, 0, 1], 4444));
        self.input(Input::Opened { conn, transport, local, remote });
        conn
    }

    pub fn send(&mut self, conn: ConnId, message: &Message) {
        self.raw(conn, frame::encode(message, None));
    }

    pub fn raw(&mut self, conn: ConnId, data: Bytes) {
        self.input(Input::Stream { conn, data });
    }

    /// An accepted link to a node that said `codes` in its handshake; what the node put out for it is forgotten.
    pub fn neighbour(&mut self, name: &str, codes: &[u64]) -> ConnId {
        let conn = self.accept(Transport::Tcp);
        let greeting = handshake(name, self.unix(), codes);
        self.send(conn, &greeting);
        assert!(self.node.peer(&Id::new(name.to_owned()).unwrap()).is_some(), "{name} is no neighbour");
        self.wait(Duration::from_millis(50)); // what is paced goes out
        self.out.clear();
        conn
    }

    /// The messages that went out over that connection since the last look.
    pub fn sent(&mut self, conn: ConnId) -> Vec<Message> {
        let mut decoder = frame::Decoder::new(Limits::default());
        let mut rest = Vec::new();
        for output in self.out.drain(..) {
            match output {
                Output::Transmit(Transmit::Stream { conn: to, data }) if to == conn => decoder.push(data),
                other => rest.push(other),
            }
        }
        self.out = rest;
        decoder
            .map(|body| frame::open(body.unwrap(), &serializer::Compression::ALL, &Limits::default()).unwrap())
            .collect()
    }

    pub fn events(&mut self) -> Vec<Event> {
        let (events, rest): (Vec<_>, Vec<_>) =
            self.out.drain(..).partition(|output| matches!(output, Output::Event(_)));
        self.out = rest;
        let event = |output| if let Output::Event(event) = output { Some(event) } else { None };
        events.into_iter().filter_map(event).collect()
    }

    pub fn is_closed(&self, conn: ConnId) -> bool {
        self.out.iter().any(|output| matches!(output, Output::Close { conn: c } if *c == conn))
    }

    pub fn connects(&mut self) -> Vec<(ConnId, SocketAddr)> {
        let connect = |output: &Output<Event>| match output {
            Output::Connect { conn, remote, .. } => Some((*conn, *remote)),
            _ => None,
        };
        let connects = self.out.iter().filter_map(connect).collect();
        self.out.retain(|output| !matches!(output, Output::Connect { .. }));
        connects
    }

    pub fn closed(&mut self, conn: ConnId, reason: CloseReason) {
        self.input(Input::Closed { conn, reason });
    }
}

pub fn named(name: &str) -> Id {
    Id::new(name.to_owned()).unwrap()
}

pub fn handshake(name: &str, unix: u64, codes: &[u64]) -> Message {
    handshake_for(name, unix, codes, "mesh", Encryption::Plaintext)
}

pub fn handshake_for(name: &str, unix: u64, codes: &[u64], subnet: &str, encryption: Encryption) -> Message {
    let id = named(name);
    let address = Value::Array(vec!["192.0.2.1".into(), 4444.into()]);
    let codes = Value::Array(codes.iter().map(|&code| code.into()).collect());
    let protocol = protocol_id(subnet, encryption).to_bin();
    let payload = vec![Flag::Handshake.into(), id.to_value(), protocol, address, codes];
    Message::new(MainFlag::Whisper, &id, unix, payload)
}

pub fn flood(name: &str, unix: u64, text: &str) -> Message {
    Message::new(MainFlag::Broadcast, &named(name), unix, vec![Flag::Broadcast.into(), text.into()])
}
