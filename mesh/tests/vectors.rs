//! Conversations of the old programs, recorded. Each is played twice against a node of ours: in the place of either side.
mod common;

use bytes::Bytes;
use common::*;
use mesh::{Config, Event};
use serde_json::Value as Json;
use serializer::{Compression, Flag, Limits, MainFlag, Message, frame};
use wire::{ConnId, Epoch, Input, Instant, Machine, Output, Rng, Transport};

struct Conversation {
    encryption: String,
    frames: Vec<Recorded>,
    dialler: String,
}

struct Recorded {
    from: String,
    message: Message,
    frame: Bytes,
}

fn load(name: &str) -> Conversation {
    let path = format!("{}/tests/vectors/live_mesh_{name}.json", env!("CARGO_MANIFEST_DIR"));
    let json: Json = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let recorded = |entry: &Json| {
        let bytes = hex(entry["frame"].as_str().unwrap());
        let body = bytes.slice(4..);
        let message = frame::open(body, &Compression::ALL, &Limits::default()).ok()?;
        Some(Recorded { from: entry["dir"].as_str().unwrap()[..1].to_owned(), message, frame: bytes })
    };
    let frames = json["frames"].as_array().unwrap().iter().filter_map(recorded).collect();
    // A listens in all of them.
    Conversation { encryption: json["encryption"].as_str().unwrap().to_owned(), frames, dialler: "B".to_owned() }
}

fn hex(text: &str) -> Bytes {
    let digit = |c: u8| char::from(c).to_digit(16).unwrap() as u8;
    text.as_bytes().chunks(2).map(|pair| digit(pair[0]) << 4 | digit(pair[1])).collect::<Vec<_>>().into()
}

/// Plays what `side` said to a node that stands where the other was.
fn play(name: &str, side: &str) -> (Bench, Vec<Message>, Vec<Event>) {
    let told = load(name);
    let ws = name.ends_with("_ws");
    let transport = if ws { Transport::Ws } else { Transport::Tcp };
    let compressed = name.ends_with("_comp");
    let first = told.frames.iter().find(|f| f.from == side).unwrap().message.clone();
    let compression = if compressed { Compression::ALL.to_vec() } else { Vec::new() };
    let seed: mesh::Seed = format!("{transport}://192.0.2.1:4444").parse().unwrap();
    let dials = side != told.dialler;
    let config = Config {
        compression,
        seeds: if dials { vec![seed] } else { Vec::new() },
        epoch: Epoch::from_unix(std::time::Duration::from_secs(first.time())),
        ..Config::default()
    };
    let mut bench = Bench::plain();
    bench.node = mesh::Node::new(config, Rng::from_u64(7));
    bench.input(Input::Time);
    let conn = if dials {
        let conn = ConnId::outbound(0);
        let (local, remote) = (at(9), "192.0.2.1:4444".parse().unwrap());
        bench.input(Input::Opened { conn, transport, local, remote });
        conn
    } else {
        bench.accept(transport)
    };
    let mut sent = bench.sent(conn);
    assert_eq!(sent.len(), usize::from(dials || !ws), "{name}: a WebSocket server waits, everybody else speaks first");
    for recorded in told.frames.iter().filter(|f| f.from == side) {
        let at = recorded.message.time().saturating_sub(first.time());
        let wait = std::time::Duration::from_secs(at).saturating_sub(bench.now - Instant::ZERO);
        bench.wait(wait);
        bench.raw(conn, recorded.frame.clone());
        assert!(!bench.is_closed(conn), "{name}, {side}: closed by {:?}", recorded.message);
    }
    bench.wait(secs(1));
    sent.extend(bench.sent(conn));
    let events = bench.events();
    assert_eq!(told.encryption, "Plaintext");
    (bench, sent, events)
}

const ALL: [&str; 6] = ["js_js_comp", "js_js_plain", "js_js_ws", "js_py_plain", "py_py_comp", "py_py_plain"];

//= p2p#3.5/connect-event test
#[test]
fn every_recorded_conversation_connects() {
    for (name, side) in ALL.into_iter().flat_map(|name| [(name, "A"), (name, "B")]) {
        let (bench, _, events) = play(name, side);
        assert!(matches!(&events[..2], [Event::Connect, Event::Joined(_)]), "{name}, {side}: {events:?}");
        let peer = bench.node.peers().next().unwrap();
        // In the other compressed one py2p takes compression back at the end.
        assert_eq!(peer.compression.is_some(), name == "js_js_comp", "{name}, {side}");
        assert!(peer.address.port > 0 && peer.features.is_empty());
    }
}

//= p2p#3.5/peers-answer test
//= p2p#3.8/own-order test
//= p2p#3.8/handshake-plain test
#[test]
fn what_the_old_programs_say_is_answered() {
    for (name, side) in ALL.into_iter().flat_map(|name| [(name, "A"), (name, "B")]) {
        let (bench, sent, _) = play(name, side);
        let subs: Vec<_> = sent.iter().map(|message| (message.main(), message.sub().unwrap())).collect();
        assert_eq!(subs[0], (MainFlag::Whisper, Flag::Handshake), "{name}, {side}");
        assert_eq!(subs[1], (MainFlag::Whisper, Flag::Peers), "{name}, {side}");
        // The list holds the asker, whose address the recording tells; js2p is told of others only.
        let listed = sent[1].values()[0].as_array().unwrap();
        let asker = bench.node.peers().next().unwrap().id.clone();
        let first = load(name).frames.into_iter().find(|f| f.from == side).unwrap();
        if matches!(first.message.values()[1], serializer::Value::Str(_)) {
            assert!(listed.is_empty(), "{name}, {side}");
        } else {
            // In the form that the asker used.
            assert_eq!(listed[0].as_array().unwrap()[1], first.message.values()[0], "{name}, {side}");
            assert_eq!(first.message.values()[0].as_bytes().unwrap(), asker.as_bytes(), "{name}, {side}");
        }
        // A request for everything came in some, as `*` in str.
        let asked = load(name).frames.iter().any(|f| f.from == side && f.message.sub() == Some(Flag::Request));
        let answers = subs.iter().filter(|sub| sub.1 == Flag::Peers).count();
        assert_eq!(answers, 1 + usize::from(asked), "{name}, {side}: {subs:?}");
    }
}

#[test]
fn what_users_said_is_told_once() {
    for (name, side) in ALL.into_iter().flat_map(|name| [(name, "A"), (name, "B")]) {
        let user = |f: &&Recorded| f.from == side && matches!(f.message.sub(), Some(Flag::Broadcast | Flag::Whisper));
        let expected: Vec<_> = load(name).frames.iter().filter(user).map(|f| *f.message.id()).collect();
        let (_, _, events) = play(name, side);
        let message = |event| if let Event::Message(incoming) = event { Some(*incoming.message.id()) } else { None };
        let told: Vec<_> = events.into_iter().filter_map(message).collect();
        assert!(!expected.is_empty());
        assert_eq!(told, expected, "{name}, {side}");
    }
}

//= p2p#3.5/type-profile test
#[test]
fn our_handshake_is_the_golden_one() {
    // The handshake of js2p in the recording, said by a node of ours with that id and address: the same bytes but for
    // the protocol id, which we send as bin as py2p does, and the capability code.
    let golden = &load("js_py_plain").frames[0].message;
    let config = |text| Config {
        id: Some(golden.sender().clone()),
        listen: vec![(Transport::Tcp, "127.0.0.1:24105".parse().unwrap())],
        epoch: Epoch::from_unix(std::time::Duration::from_secs(golden.time())),
        extensions: false,
        text_protocol_id: text,
        ..Config::default()
    };
    let greet = |text| {
        let mut bench = Bench::plain();
        bench.node = mesh::Node::new(config(text), Rng::from_u64(1));
        let conn = bench.accept(Transport::Tcp);
        bench.sent(conn).remove(0)
    };
    assert_eq!(greet(true).bytes(), golden.bytes());
    let golden_py = &load("js_py_plain").frames[1].message;
    assert_eq!(greet(false).values()[1], golden_py.values()[1]);
}

#[test]
fn a_poll_after_a_recording_finds_nothing_left() {
    let (mut bench, ..) = play("js_js_plain", "A");
    assert!(!matches!(bench.node.poll(), Some(Output::Transmit(_))));
}
