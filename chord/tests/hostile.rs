//! Whatever a neighbour says: nothing breaks, nothing grows beyond its limit, and honest nodes are served.
mod common;

use std::time::Duration;

use chord::tables::{Bounds, Config as Tables, Message, Names, Position};
use chord::{Config, FEATURE, Mode};
use common::link::Link;
use serializer::{Encryption, Flag, Id, MainFlag, Message as Frame, Value, frame, protocol_id};
use wire::{Epoch, Rng, Transport};

/// A node and one neighbour that says what the test wants.
struct Attack(Link);

impl Attack {
    fn new(config: Config, features: &[u8]) -> Attack {
        let mut config = config;
        config.mesh.epoch = Epoch::from_unix(Duration::from_secs(NOW));
        let address = "10.0.0.1:4444".parse().unwrap();
        config.mesh.listen = vec![(Transport::Tcp, address)];
        let mut attack = Attack(Link::new(config, address));
        let address = Value::Array(vec!["10.0.0.2".into(), 4444.into()]);
        let codes = Value::Array(features.iter().map(|&code| code.into()).collect());
        let protocol = protocol_id("chord", Encryption::Plaintext);
        attack.say(Flag::Handshake, vec![me().to_value(), protocol.to_bin(), address, codes]);
        attack.0.run(100);
        attack
    }

    fn say(&mut self, flag: Flag, values: Vec<Value>) {
        let payload = [vec![Value::from(flag)], values].concat();
        let time = NOW + self.0.now.as_nanos() / 1_000_000_000;
        let message = Frame::new(MainFlag::Whisper, &me(), time, payload);
        self.0.hear(frame::encode(&message, None), 0);
    }

    fn tell(&mut self, message: Message) {
        self.say(message.flag(), message.into_values());
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
        attack.0.run(30_000);
        assert!(attack.0.node.data().count() <= 100);
        assert!(attack.0.node.keys().count() <= 20);
        let answers = attack.0.said.iter().filter(|frame| frame.sub() == Some(Flag::Retrieved)).count();
        assert_eq!(answers, 5000, "every question has its answer");
        // an honest question is still answered
        let query = attack.0.node.get(attack.0.now, b"missing").unwrap();
        let _ = query;
        attack.0.run(11_000);
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
        attack.0.run(5_000);
        let now = attack.0.now;
        assert!(attack.0.node.set(now, b"key", "value").is_ok());
    }
}

/// Answers from whom nobody asked, or of wrong numbers, change nothing.
#[test]
fn answers_that_nobody_asked_for_are_ignored() {
    let mut attack = Attack::new(Config { mode: Mode::Tables, ..Config::default() }, &[]);
    for position in Position::all(b"key") {
        attack.tell(Message::Retrieved { position, names: Names::of(&position), value: "forged".into() });
    }
    let now = attack.0.now;
    attack.0.node.get(now, b"key").unwrap();
    attack.0.run(5_000);
    assert_eq!(attack.0.node.data().count(), 0);
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
