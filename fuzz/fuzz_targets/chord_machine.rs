#![no_main]
//! Messages of any shape and order from a neighbour, as an old peer and as a node of the ring, between commands: nothing
//! panics, limits hold, and everything that was asked is answered.
use std::time::Duration;

use bytes::Bytes;
use chord::{Config, Event, FEATURE, Mode, Node};
use libfuzzer_sys::fuzz_target;
use serializer::{Encryption, Flag, Id, Limits, MainFlag, Message, Value, frame, protocol_id};
use wire::{CloseReason, ConnId, Epoch, Input, Instant, Machine, Output, Rng, Transport};

const NOW: u64 = 1_700_000_000;
const CONN: ConnId = ConnId::inbound(0);

fuzz_target!(|data: &[u8]| {
    let Ok(Value::Array(messages)) = Value::decode(Bytes::copy_from_slice(data), &Limits::default()) else { return };
    for (mode, feature) in [(Mode::Tables, None), (Mode::Auto, None), (Mode::Auto, Some(FEATURE))] {
        run(mode, feature, &messages);
    }
});

fn run(mode: Mode, feature: Option<u8>, messages: &[Value]) {
    let mut config = Config { mode, keys: 8, queries: 8, ..Config::default() };
    config.tables.bounds = chord::tables::Bounds { entries: 20, bytes: 2000, value: 200 };
    config.tables.lookups = 16;
    config.mesh.epoch = Epoch::from_unix(Duration::from_secs(NOW));
    config.mesh.listen = vec![(Transport::Tcp, "192.0.2.1:4444".parse().unwrap())];
    let mut node = Node::new(config, Rng::from_u64(1));
    let (local, remote) = ("192.0.2.1:4444".parse().unwrap(), "192.0.2.2:4444".parse().unwrap());
    node.handle(Instant::ZERO, Input::Opened { conn: CONN, transport: Transport::Tcp, local, remote });
    let peer = Id::new("5R").unwrap();
    let address = Value::Array(vec!["192.0.2.2".into(), 4444.into()]);
    let codes = Value::Array(feature.into_iter().map(Value::from).collect());
    let protocol = protocol_id("chord", Encryption::Plaintext).to_bin();
    let mut frames = vec![vec![Flag::Handshake.into(), peer.to_value(), protocol, address, codes]];
    frames.extend(messages.iter().filter_map(Value::as_array).map(<[Value]>::to_vec));
    let (mut now, mut asked, mut answered) = (Instant::ZERO, 0, 0);
    for (n, payload) in frames.into_iter().take(500).enumerate() {
        let message = Message::new(MainFlag::Whisper, &peer, NOW, payload);
        node.handle(now, Input::Stream { conn: CONN, data: frame::encode(&message, None) });
        if n % 7 == 1 {
            asked += usize::from(node.get(now, b"key").is_ok());
            asked += usize::from(node.set(now, b"key", n).is_ok());
        }
        answered += drain(&mut node, now);
        if n % 5 == 0 {
            now += Duration::from_millis(300);
            node.handle(now, Input::Time);
        }
    }
    for _ in 0..100_000 {
        answered += drain(&mut node, now);
        match node.deadline().filter(|at| *at < Instant::from_millis(400_000)) {
            Some(at) if answered < asked => now = at.max(now),
            _ => break,
        }
        node.handle(now, Input::Time);
    }
    assert_eq!(answered, asked);
    assert!(node.keys().count() <= 8);
}

fn drain(node: &mut Node, now: Instant) -> usize {
    let mut answered = 0;
    while let Some(output) = node.poll() {
        match output {
            Output::Event(Event::Answer { .. }) => answered += 1,
            Output::Connect { conn, .. } => node.handle(now, Input::Closed { conn, reason: CloseReason::Refused }),
            _ => {}
        }
    }
    answered
}
