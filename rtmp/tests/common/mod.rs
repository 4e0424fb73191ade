//! A client and a server machine on one virtual network.
#![allow(dead_code)]

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use rtmp::client::{self, Client};
use rtmp::server::{self, Server};
use rtmp::url::Url;
use rtmp::{Message, MessageType};
use sim::{HostId, Link, Network};
use wire::{ConnId, Input, Instant, Machine, Output, Rng, Transmit, Transport};

pub const SERVER: &str = "10.0.0.1:1935";

/// Either machine: a network carries one type.
pub enum Peer {
    Client(Box<Client>),
    Server(Box<Server>),
}

#[derive(Clone, Debug, PartialEq)]
pub enum Told {
    Client(client::Event),
    Server(server::Event),
}

impl Peer {
    pub fn client(&mut self) -> &mut Client {
        match self {
            Peer::Client(client) => client,
            Peer::Server(_) => panic!("a server"),
        }
    }

    pub fn server(&mut self) -> &mut Server {
        match self {
            Peer::Server(server) => server,
            Peer::Client(_) => panic!("a client"),
        }
    }
}

impl Machine for Peer {
    type Event = Told;

    fn handle(&mut self, now: Instant, input: Input) {
        match self {
            Peer::Client(client) => client.handle(now, input),
            Peer::Server(server) => server.handle(now, input),
        }
    }

    fn poll(&mut self) -> Option<Output<Told>> {
        match self {
            Peer::Client(client) => client.poll().map(|output| output.map(Told::Client)),
            Peer::Server(server) => server.poll().map(|output| output.map(Told::Server)),
        }
    }

    fn deadline(&self) -> Option<Instant> {
        match self {
            Peer::Client(client) => client.deadline(),
            Peer::Server(server) => server.deadline(),
        }
    }
}

/// A network with a server, and what it told.
pub struct World {
    pub net: Network<Peer>,
    pub server: HostId,
    clients: u8,
}

impl World {
    pub fn new(seed: u64, config: server::Config) -> World {
        println!("seed {seed}");
        let mut net = Network::new(seed);
        net.set_default_link(Link { recut: true, ..Link::with_delay(Duration::from_millis(15)) });
        let rng = net.rng();
        let server = Peer::Server(Box::new(Server::new(config, rng)));
        let server = net.add_at(server, SERVER.parse().unwrap());
        World { net, server, clients: 0 }
    }

    pub fn client_with(&mut self, config: client::Config) -> HostId {
        self.clients += 1;
        let address: SocketAddr = format!("10.0.1.{}:1", self.clients).parse().unwrap();
        let rng = self.net.rng();
        let host = self.net.add_at(Peer::Client(Box::new(Client::new(config, rng))), address);
        self.net.command(host, |peer, now| peer.client().connect(now).unwrap());
        host
    }

    pub fn client(&mut self, path: &str) -> HostId {
        self.client_with(client::Config::new(url(path)))
    }

    /// Runs for so many milliseconds; what the server and the clients told.
    pub fn run(&mut self, millis: u64) -> Vec<(HostId, Told)> {
        self.net.run_for(Duration::from_millis(millis));
        self.net.events().into_iter().map(|happened| (happened.host, happened.event)).collect()
    }

    /// Runs until the server tells what `find` wants; at most a second.
    pub fn server_tells<T>(&mut self, find: impl Fn(&server::Event) -> Option<T>) -> T {
        let until = self.net.now() + Duration::from_secs(1);
        while let Some(happened) = self.net.next(until) {
            if let Told::Server(event) = happened.event
                && let Some(found) = find(&event)
            {
                return found;
            }
        }
        panic!("the server did not tell")
    }

    /// Runs until that client tells what `find` wants; at most a second.
    pub fn client_tells<T>(&mut self, host: HostId, find: impl Fn(&client::Event) -> Option<T>) -> T {
        let until = self.net.now() + Duration::from_secs(1);
        while let Some(happened) = self.net.next(until) {
            if let Told::Client(event) = happened.event
                && happened.host == host
                && let Some(found) = find(&event)
            {
                return found;
            }
        }
        panic!("the client did not tell")
    }

    pub fn on_server<R>(&mut self, f: impl FnOnce(&mut Server, Instant) -> R) -> R {
        self.net.command(self.server, |peer, now| f(peer.server(), now))
    }

    pub fn on_client<R>(&mut self, host: HostId, f: impl FnOnce(&mut Client, Instant) -> R) -> R {
        self.net.command(host, |peer, now| f(peer.client(), now))
    }

    /// A client that was accepted: its host, the server's name for its connection.
    pub fn accepted(&mut self, path: &str) -> (HostId, ConnId) {
        let host = self.client(path);
        let conn = self.server_tells(|event| match event {
            server::Event::Connect { conn, .. } => Some(*conn),
            _ => None,
        });
        self.on_server(|server, now| server.accept(now, conn, None).unwrap());
        self.client_tells(host, |event| matches!(event, client::Event::Connected { .. }).then_some(()));
        (host, conn)
    }

    /// A message stream of that client.
    pub fn stream(&mut self, host: HostId) -> u32 {
        self.on_client(host, |client, now| client.create_stream(now).unwrap());
        self.client_tells(host, |event| match event {
            client::Event::StreamCreated { stream, .. } => Some(*stream),
            _ => None,
        })
    }

    /// A publisher whose publish was accepted.
    pub fn publisher(&mut self, name: &str) -> (HostId, ConnId, u32) {
        let (host, conn) = self.accepted("live");
        let stream = self.stream(host);
        self.on_client(host, |client, now| client.publish(now, stream, name, server::PublishMode::Live).unwrap());
        self.server_tells(|event| matches!(event, server::Event::Publish { .. }).then_some(()));
        self.on_server(|server, now| server.accept_publish(now, conn, stream).unwrap());
        self.client_tells(host, |event| status(event, rtmp::status::PUBLISH_START));
        (host, conn, stream)
    }

    /// A player whose play was accepted.
    pub fn player(&mut self, name: &str) -> (HostId, ConnId, u32) {
        let (host, conn) = self.accepted("live");
        let stream = self.stream(host);
        self.on_client(host, |client, now| client.play(now, stream, name, -2.0, -1.0, true).unwrap());
        self.server_tells(|event| matches!(event, server::Event::Play { .. }).then_some(()));
        self.on_server(|server, now| server.accept_play(now, conn, stream).unwrap());
        self.client_tells(host, |event| status(event, rtmp::status::PLAY_START));
        (host, conn, stream)
    }
}

pub fn url(path: &str) -> Url {
    Url::parse_app(&format!("rtmp://{SERVER}/{path}")).unwrap()
}

pub fn status(event: &client::Event, code: &str) -> Option<()> {
    matches!(event, client::Event::Status { status, .. } if &*status.code == code).then_some(())
}

pub fn media(kind: MessageType, timestamp: u32, length: usize) -> Message {
    let payload: Vec<u8> = (0..length).map(|n| n as u8 ^ timestamp as u8).collect();
    Message { kind, timestamp, stream: 9, payload: payload.into() }
}

/// A server that is fed by hand, one connection.
pub struct Bench {
    pub server: Server,
    pub now: Instant,
    pub conn: ConnId,
    pub events: Vec<server::Event>,
    pub sent: Vec<u8>,
    pub closed: bool,
}

impl Bench {
    pub fn new(config: server::Config) -> Bench {
        let conn = ConnId::inbound(0);
        let server = Server::new(config, Rng::from_u64(7));
        let mut bench =
            Bench { server, now: Instant::from_millis(1), conn, events: Vec::new(), sent: Vec::new(), closed: false };
        bench.open(conn);
        bench
    }

    pub fn open(&mut self, conn: ConnId) {
        let (local, remote) = (SERVER.parse().unwrap(), "10.0.0.9:999".parse().unwrap());
        self.server.handle(self.now, Input::Opened { conn, transport: Transport::Tcp, local, remote });
        self.drain();
    }

    pub fn push(&mut self, data: impl Into<Bytes>) {
        self.server.handle(self.now, Input::Stream { conn: self.conn, data: data.into() });
        self.drain();
    }

    pub fn pass(&mut self, millis: u64) {
        let until = self.now + Duration::from_millis(millis);
        while let Some(at) = self.server.deadline().filter(|at| *at <= until) {
            self.now = at.max(self.now);
            self.server.handle(self.now, Input::Time);
            self.drain();
        }
        self.now = until;
    }

    pub fn drain(&mut self) {
        while let Some(output) = self.server.poll() {
            match output {
                Output::Event(event) => self.events.push(event),
                Output::Transmit(Transmit::Stream { conn, data }) if conn == self.conn => self.sent.extend(&data[..]),
                Output::Close { conn } if conn == self.conn => self.closed = true,
                _ => {}
            }
        }
    }

    pub fn take(&mut self) -> Vec<server::Event> {
        std::mem::take(&mut self.events)
    }

    pub fn handshake(&mut self) {
        let mut hello = vec![3];
        hello.resize(1 + 1536, 0);
        self.push(hello);
        let s1 = self.sent[1..1537].to_vec();
        self.push(s1);
        self.sent.clear();
    }
}
