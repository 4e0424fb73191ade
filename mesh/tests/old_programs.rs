//! What is done for the sake of one of the old programs.
mod common;

use std::time::Duration;

use common::*;
use mesh::Event;
use serializer::{Encryption, Flag, Limits, MainFlag, Message, Value, protocol_id};
use wire::{ConnId, Transport};

/// The handshake of js2p, which writes the protocol id as a string.
fn js2p(bench: &mut Bench, name: &str) -> ConnId {
    let protocol = protocol_id("mesh", Encryption::Plaintext).to_value();
    let address = Value::Array(vec!["192.0.2.9".into(), 4449.into()]);
    let payload = vec![Flag::Handshake.into(), named(name).to_value(), protocol, address, Value::Array(vec![])];
    let message = Message::new(MainFlag::Whisper, &named(name), bench.unix(), payload);
    let conn = bench.accept(Transport::Tcp);
    bench.send(conn, &message);
    conn
}

/// The handshake of py2p, which writes all ids as bytes.
fn py2p(bench: &mut Bench, name: &str) -> ConnId {
    let protocol = protocol_id("mesh", Encryption::Plaintext).to_bin();
    let address = Value::Array(vec!["192.0.2.8".into(), 4448.into()]);
    let payload = vec![Flag::Handshake.into(), named(name).to_bin(), protocol, address, Value::Array(vec![])];
    let message = Message::new(MainFlag::Whisper, &named(name), bench.unix(), payload);
    let conn = bench.accept(Transport::Tcp);
    bench.send(conn, &message);
    conn
}

/// The lists of peers among what was sent: the ids that each names.
fn lists(bench: &mut Bench, conn: ConnId) -> Vec<Vec<String>> {
    let named = |entry: &Value| entry.as_array().and_then(|e| e.get(1)?.as_str().map(str::to_owned)).unwrap();
    let sent = bench.sent(conn).into_iter().filter(|message| message.sub() == Some(Flag::Peers));
    sent.map(|message| message.values()[0].as_array().unwrap().iter().map(named).collect()).collect()
}

// Two unknown addresses in one list make it throw and drop the link.
//= p2p#3.5/one-stranger test
#[test]
fn js2p_is_told_one_address_at_a_time() {
    let mut bench = Bench::plain();
    for name in ["one", "two", "three"] {
        bench.neighbour(name, &[]);
    }
    let conn = js2p(&mut bench, "script");
    bench.wait(Duration::from_millis(500));
    let mut told = lists(&mut bench, conn);
    assert_eq!(told.len(), 1, "{told:?}");
    for _ in 0..2 {
        bench.wait(secs(1));
        let more = lists(&mut bench, conn);
        assert_eq!(more.len(), 1, "{more:?}");
        told.extend(more);
    }
    assert!(told.iter().all(|list| list.len() == 1), "{told:?}");
    let mut names = told.concat();
    names.sort();
    assert_eq!(names, ["one", "three", "two"]);
    bench.wait(secs(5));
    assert_eq!(lists(&mut bench, conn).len(), 0);
}

#[test]
fn others_are_told_all_at_once() {
    let mut bench = Bench::plain();
    for name in ["one", "two", "three"] {
        bench.neighbour(name, &[]);
    }
    let conn = bench.accept(Transport::Tcp);
    let greeting = handshake("python", bench.unix(), &[]);
    bench.send(conn, &greeting);
    bench.wait(Duration::from_millis(100));
    assert_eq!(lists(&mut bench, conn).iter().map(Vec::len).collect::<Vec<_>>(), [4]);
}

// py2p would open a second link to a node that it knows under the other form, and close both.
//= p2p#3.5/id-form test
#[test]
fn py2p_is_told_of_nodes_in_the_form_that_they_use() {
    let mut bench = Bench::plain();
    py2p(&mut bench, "bytes");
    bench.neighbour("text", &[]);
    let conn = py2p(&mut bench, "third");
    bench.wait(Duration::from_millis(100));
    let list = bench.sent(conn).into_iter().find(|message| message.sub() == Some(Flag::Peers)).unwrap();
    let ids = list.values()[0].as_array().unwrap().iter().map(|entry| entry.as_array().unwrap()[1].clone());
    let text = |id: &Value| matches!(id, Value::Str(_));
    let forms: Vec<_> = ids.map(|id| (text(&id), id.as_bytes().unwrap().to_vec())).collect();
    assert_eq!(forms, [(false, b"bytes".to_vec()), (true, b"text".to_vec()), (false, b"third".to_vec())]);
}

// A py2p between us and the receiver of a reply finds it in its table in that form only.
//= p2p#3.5/id-form test
#[test]
fn a_node_is_asked_for_in_the_form_that_it_uses() {
    let mut bench = Bench::plain();
    let conn = bench.neighbour("hub", &[]);
    // From another node, by way of the hub.
    let bytes =
        Value::from(vec![0.into(), named("far").to_bin(), bench.unix().into(), 0.into(), "who answers?".into()]);
    let mut encoded = Vec::new();
    bytes.encode(&mut encoded);
    let question = Message::decode(encoded.into(), &Limits::default()).unwrap();
    bench.send(conn, &question);
    let far = question.sender().clone();
    let now = bench.now;
    bench.node.reply(now, &far, vec!["answer".into()]).unwrap();
    bench.collect();
    let request = bench.sent(conn).into_iter().find(|message| message.sub() == Some(Flag::Request)).unwrap();
    assert_eq!(request.values()[1], named("far").to_bin());
}

// The hash table of js2p, dialled over WebSocket, says first whether it stores.
//= p2p#3.5/early-meta test
#[test]
fn the_state_of_a_hash_table_may_come_before_the_handshake() {
    let mut bench = Bench::plain();
    let conn = bench.accept(Transport::Tcp);
    let state =
        Message::new(MainFlag::Whisper, &named("table"), bench.unix(), vec![Flag::Handshake.into(), "1".into()]);
    bench.send(conn, &state);
    assert!(!bench.is_closed(conn));
    let greeting = handshake("table", bench.unix(), &[]);
    bench.send(conn, &greeting);
    let events = bench.events();
    assert!(
        matches!(&events[..], [Event::Connect, Event::Joined(_), Event::Other(of)] if of.message == state),
        "{events:?}"
    );

    let other = bench.accept(Transport::Tcp);
    bench.send(other, &state);
    bench.send(other, &state);
    assert!(bench.is_closed(other), "one is enough");
}
