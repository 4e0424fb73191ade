//! Whatever a neighbour says: nothing breaks, nothing grows beyond its limit, and honest nodes are served.
use std::time::Duration;

use chord::tables::{Bounds, Config as Tables, Message, Names, Position};
use chord::{Config, FEATURE, Mode, Node};
use serializer::{Encryption, Flag, Id, Limits, MainFlag, Message as Frame, Value, frame, protocol_id};
use wire::{ConnId, Epoch, Input, Instant, Machine, Output, Rng, Transmit, Transport};

/// A node and one neighbour that says what the test wants.
struct Attack {
    node: Node,
    now: Instant,
    decoder: frame::Decoder,
    heard: Vec<Frame>,
}

impl Attack {
    fn new(config: Config, features: &[u8]) -> Attack {
        let mut config = config;
        config.mesh.epoch = Epoch::from_unix(Duration::from_secs(NOW));
        config.mesh.listen = vec![(Transport::Tcp, "10.0.0.1:4444".parse().unwrap())];
        let node = Node::new(config, Rng::from_u64(1));
        let decoder = frame::Decoder::new(Limits::default());
        let mut attack = Attack { node, now: Instant::ZERO, decoder, heard: Vec::new() };
        let (local, remote) = ("10.0.0.1:4444".parse().unwrap(), "10.0.0.2:50000".parse().unwrap());
        attack.node.handle(attack.now, Input::Opened { conn: CONN, transport: Transport::Tcp, local, remote });
        let address = Value::Array(vec!["10.0.0.2".into(), 4444.into()]);
        let codes = Value::Array(features.iter().map(|&code| code.into()).collect());
        let protocol = protocol_id("chord", Encryption::Plaintext);
        attack.say(Flag::Handshake, vec![me().to_value(), protocol.to_bin(), address, codes]);
        attack.run(100);
        attack
    }

    fn say(&mut self, flag: Flag, values: Vec<Value>) {
        let payload = [vec![Value::from(flag)], values].concat();
        let message = Frame::new(MainFlag::Whisper, &me(), NOW + self.now.as_nanos() / 1_000_000_000, payload);
        self.node.handle(self.now, Input::Stream { conn: CONN, data: frame::encode(&message, None) });
        self.run(0);
    }

    fn tell(&mut self, message: Message) {
        self.say(message.flag(), message.into_values());
    }

    fn run(&mut self, millis: u64) {
        let end = self.now + Duration::from_millis(millis);
        loop {
            while let Some(output) = self.node.poll() {
                match output {
                    Output::Transmit(Transmit::Stream { data, .. }) => self.decoder.push(data),
                    Output::Connect { conn, .. } => {
                        let reason = wire::CloseReason::Refused;
                        self.node.handle(self.now, Input::Closed { conn, reason });
                    }
                    Output::Close { conn } => assert_ne!(conn, CONN, "closed"),
                    _ => {}
                }
            }
            match self.node.deadline().filter(|&at| at <= end) {
                Some(at) => self.now = at.max(self.now),
                None => break,
            }
            self.node.handle(self.now, Input::Time);
        }
        self.now = end;
        for body in self.decoder.by_ref() {
            self.heard.push(frame::open(body.unwrap(), &[], &Limits::default()).unwrap());
        }
    }
}

//= wireworks#3.1/bounded test
#[test]
fn a_flood_of_stores_keys_and_questions_stays_within_limits() {
    let tables =
        Tables { bounds: Bounds { entries: 100, bytes: 10_000, value: 500 }, lookups: 50, ..Tables::default() };
    for mode in [Mode::Tables, Mode::Auto] {
        let mut attack = Attack::new(Config { mode, tables: tables.clone(), keys: 20, ..Config::default() }, &[]);
        for n in 0..1000u32 {
            let key = n.to_be_bytes();
            for position in Position::all(&key) {
                attack.tell(Message::Store { position, value: "x".repeat(n as usize % 600).into() });
                attack.tell(Message::Delta { position, changes: vec![(n.into(), n.into())] });
                attack.tell(Message::Retrieve { position, names: Names::of(&position) });
            }
            attack.tell(Message::Notify { key: key.to_vec().into(), deleted: false });
        }
        attack.tell(Message::Notify { key: vec![0; 100_000].into(), deleted: false });
        attack.run(30_000);
        assert!(attack.node.data().count() <= 100);
        assert!(attack.node.keys().count() <= 20);
        let answers = attack.heard.iter().filter(|frame| frame.sub() == Some(Flag::Retrieved)).count();
        assert_eq!(answers, 5000, "every question has its answer");
        // an honest question is still answered
        let query = attack.node.get(attack.now, b"missing").unwrap();
        let _ = query;
        attack.run(11_000);
    }
}

#[test]
fn noise_under_every_flag_is_dropped() {
    for (mode, features) in [(Mode::Tables, vec![]), (Mode::Auto, vec![FEATURE]), (Mode::Auto, vec![])] {
        let mut attack = Attack::new(Config { mode, ..Config::default() }, &features);
        let mut rng = Rng::from_u64(5);
        let flags =
            [Flag::Notify, Flag::Store, Flag::Retrieve, Flag::Retrieved, Flag::Delta, Flag::Other(u64::from(FEATURE))];
        for _ in 0..20_000 {
            let values = (0..rng.below(7)).map(|_| noise(&mut rng, 2)).collect();
            let flag = flags[rng.below(flags.len() as u64) as usize];
            attack.say(flag, values);
        }
        attack.run(5_000);
        let now = attack.now;
        assert!(attack.node.set(now, b"key", "value").is_ok());
    }
}

/// Answers from whom nobody asked, or of wrong numbers, change nothing.
#[test]
fn answers_that_nobody_asked_for_are_ignored() {
    let mut attack = Attack::new(Config { mode: Mode::Tables, ..Config::default() }, &[]);
    for position in Position::all(b"key") {
        attack.tell(Message::Retrieved { position, names: Names::of(&position), value: "forged".into() });
    }
    let now = attack.now;
    attack.node.get(now, b"key").unwrap();
    attack.run(5_000);
    assert_eq!(attack.node.data().count(), 0);
}

fn noise(rng: &mut Rng, depth: u32) -> Value {
    match rng.below(if depth == 0 { 7 } else { 9 }) {
        0 => Value::Nil,
        1 => rng.chance(0.5).into(),
        2 => rng.below(40).into(),
        3 => rng.u64().into(),
        4 => ["sha1", "sha512", "21", "foo", "10.9.9.9", "del"][rng.below(6) as usize].into(),
        5 => {
            let mut bytes = vec![0; [0, 1, 16, 48, 64][rng.below(5) as usize]];
            rng.fill(&mut bytes);
            Value::Bin(bytes.into())
        }
        6 => Value::Float(rng.unit()),
        7 => Value::Array((0..rng.below(5)).map(|_| noise(rng, depth - 1)).collect()),
        _ => Value::Map((0..rng.below(3)).map(|_| (noise(rng, depth - 1), noise(rng, depth - 1))).collect()),
    }
}

fn me() -> Id {
    Id::new("5R5R5R").unwrap()
}

const NOW: u64 = 1_700_000_000;
const CONN: ConnId = ConnId::inbound(0);
