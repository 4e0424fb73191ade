//! Conversations recorded between py2p and js2p nodes, heard by one of ours: it reaches the table that they had.
mod common;

use std::time::Duration;

use bytes::Bytes;
use serde_json::Value as Json;
use serializer::Value;
use sync::{Config, Event, Node};
use wire::{ConnId, Epoch, Input, Instant, Machine, Output, Rng, Transport};

fn recording(name: &str) -> Json {
    let path = format!("{}/tests/vectors/live_sync_{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// Our node after it heard the frames that went in these directions; and how often it was told of keys.
fn hear(name: &str, directions: &[&str]) -> (Node, usize) {
    let recording = recording(name);
    let frames = recording["frames"].as_array().unwrap();
    let start = frames[0]["packets"][2].as_u64().unwrap();
    let mesh = mesh::Config {
        subnet: "sync".into(),
        epoch: Epoch::from_unix(Duration::from_secs(start)),
        listen: vec![(Transport::Tcp, "127.0.0.1:9".parse().unwrap())],
        ..mesh::Config::default()
    };
    let mut node = Node::new(Config { mesh, ..Config::default() }, Rng::from_u64(1));
    let (mut now, mut told) = (Instant::ZERO, 0);
    let mut input = |now, input| {
        node.handle(now, input);
        while let Some(output) = node.poll() {
            match output {
                Output::Event(Event::Update { .. } | Event::Delete { .. }) => told += 1,
                Output::Event(Event::Refused { reason, .. }) => panic!("{name}: {reason}"),
                Output::Close { .. } => panic!("{name}: closed"),
                _ => {}
            }
        }
    };
    let (local, remote) = ("127.0.0.1:9".parse().unwrap(), "127.0.0.1:24117".parse().unwrap());
    let conn = ConnId::inbound(0);
    input(now, Input::Opened { conn, transport: Transport::Tcp, local, remote });
    let mut greeted = false;
    for frame in frames {
        let handshake = frame["meaning"] == "whisper/handshake";
        if !directions.contains(&frame["dir"].as_str().unwrap()) || (handshake && greeted) {
            continue;
        }
        greeted |= handshake;
        now = now.max(Instant::from_millis(1000 * (frame["packets"][2].as_u64().unwrap() - start)));
        let bytes = unhex(frame["frame"].as_str().unwrap());
        input(now, Input::Stream { conn, data: Bytes::from(bytes) });
    }
    (node, told)
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len() / 2).map(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap()).collect()
}

fn table(node: &Node) -> Vec<(String, Value)> {
    node.iter().map(|(key, value)| (String::from_utf8(key.to_vec()).unwrap(), value.clone())).collect()
}

fn map(name: &str, value: i64) -> Value {
    Value::Map(vec![(name.to_owned().into(), value.into())])
}

//= p2p#3.9/store test
//= p2p#3.9/delete test
//= p2p#3.9/delta test
#[test]
fn live_writes_of_both_programs() {
    let both = ["A->B", "B->A"];
    let (d, k, kb) = (("d".to_owned(), map("x", 1)), ("k".to_owned(), "v1".into()), ("kb".to_owned(), map("m", 1)));
    let (node, told) = hear("py_py", &both);
    assert_eq!((table(&node), told), (vec![d.clone(), kb.clone()], 4), "k was set and deleted");
    for name in ["py_js", "js_js"] {
        let (node, told) = hear(name, &both);
        assert_eq!((table(&node), told), (vec![d.clone(), k.clone(), kb.clone()], 3), "{name}");
        let (node, _) = hear(name, &["A->B"]);
        assert_eq!(table(&node), [d.clone(), k.clone()], "{name}, as B");
        let (node, _) = hear(name, &["B->A"]);
        assert_eq!(table(&node), vec![kb.clone()], "{name}, as A");
        let owner = recording(name)["B"]["id"].as_str().unwrap().to_owned();
        assert_eq!(node.meta("kb").unwrap().owner.as_str(), owner);
    }
}

//= p2p#3.9/transfer-receive test
#[test]
fn state_transfers_of_both_programs() {
    for name in ["join_py_py", "join_js_js"] {
        let recording = recording(name);
        let (node, told) = hear(name, &["A->B"]);
        assert_eq!((table(&node), told), (vec![("k".into(), "v".into()), ("m".into(), map("x", 1))], 2), "{name}");
        let meta = node.meta("k").unwrap();
        assert_eq!(meta.owner.as_str(), recording["A"]["id"].as_str().unwrap(), "{name}");
        let stores = recording["frames"].as_array().unwrap().iter().filter(|frame| frame["meaning"] == "whisper/store");
        assert!(stores.into_iter().all(|frame| frame["packets"][7] == meta.time), "{name}");
    }
}
