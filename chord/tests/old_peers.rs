//! Recorded conversations of real py2p and js2p chord peers, replayed: our node in the place of one of them says what it
//! said.
mod common;

use std::collections::BTreeMap;
use std::time::Duration;

use chord::tables::Message;
use chord::{Config, Mode, Outcome};
use common::link::Link;
use serde_json::Value as Json;
use serializer::{Flag, Id, Limits, Value, frame};
use wire::{Epoch, Transport};

/// Our node in the place of B, which dialled A.
fn in_the_place_of_b(capture: &Json, mode: Mode) -> Link {
    let first = message(&capture["frames"][0]);
    let mut config = Config { mode, joined: false, ..Config::default() };
    config.mesh.id = Some(Id::new(capture["B"]["id"].as_str().unwrap()).unwrap());
    config.mesh.epoch = Epoch::from_unix(Duration::from_secs(first.time()));
    config.mesh.listen = vec![(Transport::Tcp, "127.0.0.1:24120".parse().unwrap())];
    let mut link = Link::new(config, "127.0.0.1:50000".parse().unwrap());
    link.run(100);
    link
}

/// py2p beside py2p: stores, questions, answers and notices are the same, one for one.
#[test]
fn in_the_place_of_a_py2p_peer() {
    for mode in [Mode::Tables, Mode::Auto] {
        let capture: Json = serde_json::from_str(include_str!("vectors/live_chord_py_py.json")).unwrap();
        let (replay, recorded) = play(&capture, mode, &[(Flag::Store, "set"), (Flag::Store, "delete")]);
        let (said, recorded) = (counted(&said(&replay)), counted(&recorded));
        for kind in ["Store", "Retrieved"] {
            assert_eq!(of(kind, &said), of(kind, &recorded), "{kind} in mode {mode:?}");
        }
        // py2p repeats its whole list whenever a neighbour changes its state, with keys that it deleted
        let told = [false, true].map(|deleted| Message::Notify { key: "k2".into(), deleted });
        assert_eq!(of("Notify", &said), of("Notify", &counted(&told)));
    }
}

/// js2p beside py2p, with questions of its own. It deletes without a notice, which ours sends.
#[test]
fn in_the_place_of_a_js2p_peer() {
    let capture: Json = serde_json::from_str(include_str!("vectors/live_chord_py_js.json")).unwrap();
    let plan = [(Flag::Store, "set"), (Flag::Retrieve, "get"), (Flag::Retrieve, "update"), (Flag::Store, "delete")];
    let (replay, recorded) = play(&capture, Mode::Tables, &plan);
    assert_eq!(replay.results[1], Ok(Outcome::Value("bar".into())));
    let (said, recorded) = (counted(&said(&replay)), counted(&recorded));
    for kind in ["Store", "Delta"] {
        assert_eq!(of(kind, &said), of(kind, &recorded), "{kind}");
    }
    for kind in ["Retrieve {", "Retrieved"] {
        let (said, recorded) = (of(kind, &said), of(kind, &recorded));
        assert!(recorded.iter().all(|message| said.contains(message)), "{kind}: {said:?} lacks some of {recorded:?}");
    }
    // A left and handed over what it had
    let held: Vec<Value> = replay.node.data().map(|stored| stored.value).collect();
    assert!(held.iter().filter(|value| **value == Value::from("bar")).count() >= 4, "{held:?}");
}

/// Lets our node hear A, and do what B did when B begins to do it; what B said of chord comes back too.
fn play(capture: &Json, mode: Mode, plan: &[(Flag, &str)]) -> (Link, Vec<Message>) {
    let (mut replay, mut recorded) = (in_the_place_of_b(capture, mode), Vec::new());
    let mut plan = plan.iter().peekable();
    let mut last = None;
    for captured in capture["frames"].as_array().unwrap() {
        if captured["dir"] == "A->B" {
            replay.hear(bytes(captured).into(), 100);
            last = None;
            continue;
        }
        let sent = message(captured);
        let chords = read(&sent);
        let now = replay.now;
        let deletes = matches!(chords, Some(Message::Store { value: Value::Nil, .. }));
        let next = plan.peek().filter(|(flag, what)| sent.sub() == Some(*flag) && deletes == (*what == "delete"));
        // one command leads to several frames in a row, or with answers between
        let same = last == Some((sent.sub(), deletes)) || recorded.iter().any(|told| is_same_question(told, &chords));
        if chords == Some(Message::Meta { storing: true }) && !replay.node.is_joined() {
            replay.node.join(now);
        } else if let Some((_, what)) = next.filter(|_| !same) {
            match *what {
                "set" => drop(replay.node.set(now, b"k2", vec![Value::from(1), 2.into()]).unwrap()),
                "delete" => drop(replay.node.delete(now, b"k2").unwrap()),
                "get" => drop(replay.node.get(now, b"foo").unwrap()),
                _ => drop(replay.node.update(now, b"dd", vec![("a".into(), 1.into())]).unwrap()),
            }
            plan.next();
        }
        last = Some((sent.sub(), deletes));
        recorded.extend(chords);
        replay.run(100);
    }
    assert!(plan.peek().is_none(), "everything was done");
    replay.run(3000);
    (replay, recorded)
}

/// Whether both ask for places of one key.
fn is_same_question(told: &Message, now: &Option<Message>) -> bool {
    let keys: [&[u8]; 3] = [b"foo", b"k2", b"dd"];
    let key = |message: &Message| match message {
        Message::Retrieve { position, .. } => {
            keys.iter().position(|key| chord::tables::Position::all(key).contains(position))
        }
        _ => None,
    };
    key(told).is_some() && now.as_ref().and_then(key) == key(told)
}

/// How often each message was said, whatever the form of the names in it.
fn counted(messages: &[Message]) -> BTreeMap<String, usize> {
    let mut counted = BTreeMap::new();
    for message in messages {
        let plain = match message {
            Message::Retrieve { position, .. } => format!("Retrieve {{ {position:?} }}"),
            Message::Retrieved { position, value, .. } => format!("Retrieved {{ {position:?}, {value:?} }}"),
            other => format!("{other:?}"),
        };
        *counted.entry(plain).or_insert(0) += 1;
    }
    counted
}

fn of(kind: &str, counted: &BTreeMap<String, usize>) -> Vec<(String, usize)> {
    counted.iter().filter(|(text, _)| text.starts_with(kind)).map(|(text, n)| (text.clone(), *n)).collect()
}

/// What the node said of chord.
fn said(replay: &Link) -> Vec<Message> {
    replay.said.iter().filter_map(read).collect()
}

fn read(message: &serializer::Message) -> Option<Message> {
    Message::read(message.sub()?, message.values())?.ok()
}

fn message(captured: &Json) -> serializer::Message {
    let mut decoder = frame::Decoder::new(Limits::default());
    decoder.push(bytes(captured).into());
    frame::open(decoder.next().unwrap().unwrap(), &[], &Limits::default()).unwrap()
}

fn bytes(captured: &Json) -> Vec<u8> {
    let hex = captured["frame"].as_str().unwrap();
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}
