#![no_main]
//! Any order of connections opened and closed, handshakes, frames, noise, lookups, commands and time. The node never fails,
//! its tables stay within their limits, and an honest neighbour's broadcast still passes afterwards.
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use mesh::{Config, Event, Limits, Node, Timing};
use serializer::{Encryption, Flag, Id, MainFlag, Message, MessageId, Value, frame, protocol_id};
use wire::{CloseReason, ConnId, Epoch, Input, Instant, Machine, Output, QueryId, ResolveError, Rng, Transport};

const UNIX: u64 = 1_700_000_000;
const TRANSPORTS: [Transport; 4] = [Transport::Tcp, Transport::Tls, Transport::Ws, Transport::Wss];

struct Run {
    node: Node,
    now: Instant,
    opened: u64,
    connecting: Vec<(ConnId, Transport, SocketAddr)>,
    resolving: Vec<QueryId>,
}

fuzz_target!(|data: &[u8]| {
    let mut run = Run::new();
    let mut rest = data;
    while let [op, argument, length, tail @ ..] = rest {
        let (piece, tail) = tail.split_at(usize::from(*length).min(tail.len()));
        rest = tail;
        run.step(*op, u64::from(*argument), piece);
        run.check();
    }
    run.honest();
});

impl Run {
    fn new() -> Run {
        let limits = Limits {
            seen: 20,
            recent: 5,
            recent_bytes: 2000,
            addresses: 8,
            requests: 3,
            routes: 6,
            queue: 3000,
            dials: 4,
            ..Limits::default()
        };
        let config = Config {
            epoch: Epoch::from_unix(Duration::from_secs(UNIX)),
            listen: vec![(Transport::Tcp, "192.0.2.1:4444".parse().unwrap())],
            seeds: vec!["192.0.2.9:4444".parse().unwrap(), "ws://seed.example:80".parse().unwrap()],
            max_incoming: 3,
            compression: vec![serializer::Compression::Zlib],
            features: vec![0x42],
            timing: Timing::default(),
            limits,
            ..Config::default()
        };
        let node = Node::new(config, Rng::from_u64(1));
        let mut run = Run { node, now: Instant::ZERO, opened: 0, connecting: Vec::new(), resolving: Vec::new() };
        run.input(Input::Time);
        run
    }

    fn input(&mut self, input: Input) -> Vec<Event> {
        self.node.handle(self.now, input);
        let mut events = Vec::new();
        while let Some(output) = self.node.poll() {
            match output {
                Output::Connect { conn, transport, remote } => self.connecting.push((conn, transport, remote)),
                Output::Resolve { query, .. } => self.resolving.push(query),
                Output::Event(event) => events.push(event),
                Output::Transmit(_) | Output::Close { .. } | Output::Upgrade { .. } => {}
            }
        }
        events
    }

    fn step(&mut self, op: u8, argument: u64, piece: &[u8]) {
        let conn = match argument % 8 {
            n @ 0..4 => ConnId::inbound(self.opened.saturating_sub(1 + n)),
            n => ConnId::outbound(n - 4),
        };
        let (local, remote) = ("192.0.2.1:4444".parse().unwrap(), SocketAddr::from(([198, 51, 100, op], 1)));
        let transport = TRANSPORTS[argument as usize % 4];
        let id = |n: u64| Id::new(["a", "b", "c", "5R", "zz"][n as usize % 5]).unwrap();
        let (sender, unix) = (id(argument / 8), UNIX + self.now.as_nanos() / 1_000_000_000);
        let mut data = None;
        match op % 12 {
            0 => {
                let conn = ConnId::inbound(self.opened);
                self.opened += 1;
                self.input(Input::Opened { conn, transport, local, remote });
            }
            1 => {
                if let Some((conn, transport, remote)) = self.connecting.pop() {
                    self.input(Input::Opened { conn, transport, local, remote });
                }
            }
            2 => drop(self.input(Input::Closed { conn, reason: CloseReason::Reset })),
            3 => data = Some(Bytes::copy_from_slice(piece)),
            4 | 5 => data = Some(greeting(&sender, unix, transport, piece)),
            // Rightly hashed, whatever is in it.
            6 => {
                let body = [&MessageId::of(piece).as_bytes()[..], piece].concat();
                data = Some([&(body.len() as u32).to_be_bytes()[..], &body].concat().into());
            }
            7 | 8 => {
                let limits = serializer::Limits::default();
                let payload = match Value::decode(Bytes::copy_from_slice(piece), &limits) {
                    Ok(Value::Array(payload)) => payload,
                    _ => piece.iter().map(|&byte| u64::from(byte).into()).collect(),
                };
                let main = MainFlag::from(u64::from(op / 12 % 4));
                data = Some(frame::encode(&Message::new(main, &sender, unix, payload), None));
            }
            9 => {
                self.now += Duration::from_millis(argument * argument);
                self.input(Input::Time);
            }
            10 => {
                if let Some(query) = self.resolving.pop() {
                    let answer = if piece.is_empty() { Err(ResolveError::NotFound) } else { Ok(vec![remote]) };
                    self.input(Input::Resolved { query, answer });
                }
            }
            _ => self.command(op / 12, &sender, transport, remote),
        }
        if let Some(data) = data {
            self.input(Input::Stream { conn, data });
        }
    }

    fn command(&mut self, which: u8, id: &Id, transport: Transport, remote: SocketAddr) {
        let now = self.now;
        match which % 8 {
            0 => drop(self.node.broadcast(now, vec![1.into()])),
            1 => drop(self.node.whisper(now, id, vec![1.into()])),
            2 => drop(self.node.reply(now, id, vec![1.into()])),
            3 => drop(self.node.connect(now, transport, remote)),
            4 => drop(self.node.disconnect(now, id)),
            5 => self.node.link(now, id, transport, remote),
            6 => self.node.unlink(now, id),
            _ => drop(self.node.survey(now)),
        }
        self.input(Input::Time);
    }

    fn check(&self) {
        let sizes = self.node.stats().sizes;
        assert!(sizes.seen <= 20 && sizes.recent <= 5 && sizes.recent_bytes <= 2000, "{sizes:?}");
        assert!(sizes.routes <= 6 && sizes.pending <= 3, "{sizes:?}");
        // Places of open links are kept beyond the limit: two for each, and two seeds.
        assert!(sizes.addresses <= 8 + 2 + 2 * sizes.links, "{sizes:?}");
        assert!(sizes.queued <= 3000 * sizes.links && sizes.peers <= sizes.links, "{sizes:?}");
        assert!(self.node.deadline().is_some());
    }

    /// Whatever happened before, two honest nodes that come now are served.
    fn honest(&mut self) {
        self.now += Duration::from_secs(1);
        for name in ["a", "b", "c", "5R", "zz"] {
            let _ = self.node.disconnect(self.now, &Id::new(name).unwrap());
        }
        let unix = UNIX + self.now.as_nanos() / 1_000_000_000;
        let name = Id::new("honest").unwrap();
        let conn = ConnId::inbound(self.opened + 1000);
        let (local, remote) = ("192.0.2.1:4444".parse().unwrap(), "192.0.2.200:1".parse().unwrap());
        self.input(Input::Opened { conn, transport: Transport::Tcp, local, remote });
        self.input(Input::Stream { conn, data: greeting(&name, unix, Transport::Tcp, &[0x41]) });
        if self.node.peer(&name).is_none() {
            return; // there were connections enough that had not shaken hands
        }
        let said = Message::new(MainFlag::Broadcast, &name, unix, vec![Flag::Broadcast.into(), "honest".into()]);
        let events = self.input(Input::Stream { conn, data: frame::encode(&said, None) });
        assert!(events.iter().any(|event| matches!(event, Event::Message(incoming) if incoming.message == said)));
    }
}

fn greeting(id: &Id, unix: u64, transport: Transport, codes: &[u8]) -> Bytes {
    let encryption = match transport {
        Transport::Tls => Encryption::Ssl,
        Transport::Ws => Encryption::Ws,
        Transport::Wss => Encryption::Wss,
        _ => Encryption::Plaintext,
    };
    let address = Value::Array(vec!["192.0.2.77".into(), u64::from(codes.len() as u16).into()]);
    let codes = Value::Array(codes.iter().map(|&code| u64::from(code).into()).collect());
    let protocol = protocol_id("mesh", encryption).to_bin();
    let payload = vec![Flag::Handshake.into(), id.to_value(), protocol, address, codes];
    frame::encode(&Message::new(MainFlag::Whisper, id, unix, payload), None)
}
