//! One node and hand-made connections: who speaks first, second links, lists of addresses, renegotiation, limits.
mod common;

use common::*;
use mesh::{BASE, Config, Error, Event, Handled, Reason};
use serializer::{Compression, Encryption, Flag, MainFlag, Message, Value};
use std::time::Duration;
use wire::{CloseReason, ConnId, Input, Transport};

fn whisper(name: &str, unix: u64, flag: Flag, values: Vec<Value>) -> Message {
    let mut payload = vec![flag.into()];
    payload.extend(values);
    Message::new(MainFlag::Whisper, &named(name), unix, payload)
}

fn listed(name: &str, host: &str, port: u64) -> Value {
    Value::Array(vec![Value::Array(vec![host.into(), port.into()]), name.into()])
}

//= p2p#3.5/both-speak test
//= p2p#3.5/ws-server-answers test
#[test]
fn everybody_speaks_at_once_but_a_websocket_server() {
    let mut bench = Bench::plain();
    let conn = bench.accept(Transport::Tcp);
    assert_eq!(bench.sent(conn)[0].sub(), Some(Flag::Handshake));
    let conn = bench.accept(Transport::Ws);
    assert!(bench.sent(conn).is_empty());
    let (unix, ws) = (bench.unix(), Encryption::Ws);
    bench.send(conn, &handshake_for("w", unix, &[], "mesh", ws));
    bench.wait(secs(1));
    let subs: Vec<_> = bench.sent(conn).iter().map(|m| m.sub()).collect();
    assert_eq!(subs, [Some(Flag::Handshake), Some(Flag::Peers)]);
}

//= p2p#3.5/other-network test
#[test]
fn another_network_is_left() {
    for (subnet, encryption) in [("other", Encryption::Plaintext), ("mesh", Encryption::Ssl)] {
        let mut bench = Bench::plain();
        let conn = bench.accept(Transport::Tcp);
        let greeting = handshake_for("x", bench.unix(), &[], subnet, encryption);
        bench.out.clear();
        bench.send(conn, &greeting);
        assert!(bench.is_closed(conn) && bench.sent(conn).is_empty());
        assert!(matches!(bench.events()[..], [Event::Refused(_, Reason::Network)]));
    }
}

#[test]
fn a_link_to_itself_ends() {
    let mut bench = Bench::plain();
    let conn = bench.accept(Transport::Tcp);
    let name = bench.node.id().to_string();
    let greeting = handshake(&name, bench.unix(), &[]);
    bench.send(conn, &greeting);
    assert!(bench.is_closed(conn));
    assert!(matches!(bench.events()[..], [Event::Refused(_, Reason::Itself)]));
}

//= p2p#3.5/repeat test
#[test]
fn a_second_handshake_updates_the_link() {
    let mut bench = Bench::plain();
    let conn = bench.accept(Transport::Tcp);
    let first = handshake("a", bench.unix(), &[]);
    bench.send(conn, &first);
    bench.send(conn, &first); // js2p
    bench.wait(secs(1));
    assert_eq!(bench.sent(conn).len(), 2, "a repeat is not answered");
    let later = handshake("a", bench.unix(), &[u64::from(BASE), 0x42]);
    bench.send(conn, &later);
    assert_eq!(bench.sent(conn)[0].sub(), Some(Flag::Peers));
    assert_eq!(bench.node.peer(&named("a")).unwrap().features, [BASE, 0x42]);
    let joined = bench.events().iter().filter(|event| matches!(event, Event::Joined(_))).count();
    assert_eq!(joined, 1);
    // Another id on the same link is none.
    let other = handshake("b", bench.unix(), &[]);
    bench.send(conn, &other);
    assert!(bench.is_closed(conn));
}

/// A node with one link to `b` opened by itself, on which `b` has shaken hands; and its number as told by `b`.
fn dialled(codes: &[u64], own: &str) -> (Bench, ConnId) {
    let mut bench = Bench::new(Config { seeds: vec![tcp(2)], id: Some(named(own)), ..Config::default() });
    let (conn, remote) = bench.connects()[0];
    bench.input(Input::Opened { conn, transport: Transport::Tcp, local: at(1), remote });
    let greeting = handshake("B", bench.unix(), codes);
    bench.send(conn, &greeting);
    (bench, conn)
}

//= p2p#3.5/conflict test
#[test]
fn of_two_links_the_one_stays_that_the_larger_id_opened() {
    for codes in [&[][..], &[u64::from(BASE)][..]] {
        for (own, keeps_ours) in [("A", false), ("C", true)] {
            let (mut bench, ours) = dialled(codes, own);
            let theirs = bench.accept(Transport::Tcp);
            let greeting = handshake("B", bench.unix(), codes);
            bench.send(theirs, &greeting);
            assert_eq!(bench.is_closed(ours), !keeps_ours, "{own}");
            assert_eq!(bench.is_closed(theirs), keeps_ours, "{own}");
            assert_eq!(bench.node.peers().count(), 1);
            let left = bench.events().iter().any(|event| matches!(event, Event::Left(..)));
            assert!(!left, "the neighbour never left");
        }
    }
}

#[test]
fn a_second_link_from_the_same_side_waits_behind_the_first() {
    let mut bench = Bench::plain();
    let first = bench.neighbour("a", &[u64::from(BASE)]);
    let second = bench.accept(Transport::Tcp);
    let greeting = handshake("a", bench.unix() + 1, &[u64::from(BASE)]);
    bench.send(second, &greeting);
    assert!(!bench.is_closed(first) && !bench.is_closed(second));
    assert_eq!(bench.node.peers().count(), 1);
    bench.out.clear();
    bench.closed(first, CloseReason::Reset);
    assert!(bench.events().is_empty(), "the neighbour is still there");
    assert_eq!(bench.node.peers().count(), 1);
    bench.closed(second, CloseReason::Peer);
    assert!(matches!(bench.events()[..], [Event::Left(..)]));
}

//= p2p#3.5/max-outgoing test
//= p2p#3.5/not-twice test
//= p2p#3.5/peers-junk test
#[test]
fn a_list_of_addresses_is_dialled_up_to_the_limit() {
    let mut bench = Bench::plain();
    let conn = bench.neighbour("a", &[]);
    let own = bench.node.id().to_string();
    let mut list: Vec<Value> = (0..20).map(|n| listed(&format!("n{n}"), &format!("198.51.100.{n}"), 4444)).collect();
    list.push(listed("a", "203.0.113.1", 4444)); // a known id
    list.push(listed(&own, "203.0.113.2", 4444)); // ourselves
    list.extend([Value::Nil, listed("p", "203.0.113.3", 0), listed("q", "203.0.113.4", 70_000), Value::Array(vec![])]);
    let message = whisper("a", bench.unix(), Flag::Peers, vec![Value::Array(list)]);
    bench.send(conn, &message);
    let connects = bench.connects();
    assert_eq!(connects.len(), 4);
    assert!(connects.iter().all(|(_, remote)| remote.ip().to_string().starts_with("198.51.100.")));
    assert_eq!(bench.node.stats().dropped["peers-entry"], 4);
    // One fails: another is dialled in its place.
    bench.closed(connects[0].0, CloseReason::Refused);
    assert_eq!(bench.connects().len(), 1);
    let message = whisper("a", bench.unix(), Flag::Peers, vec!["no list".into()]);
    bench.send(conn, &message);
    assert!(bench.is_closed(conn));
}

#[test]
fn lists_replies_and_dials_have_limits() {
    let mut config = Config { max_outgoing: 100, ..Config::default() };
    config.limits.peers_told = 3;
    config.limits.requests = 2;
    config.limits.dials = 5;
    let mut bench = Bench::new(config);
    let conns: Vec<_> = (0..9).map(|n| bench.neighbour(&format!("n{n}"), &[])).collect();
    let all = whisper("n0", bench.unix(), Flag::Request, vec![Value::from(&b"*"[..])]);
    bench.send(conns[0], &all);
    bench.wait(secs(1));
    assert_eq!(bench.sent(conns[0])[0].values()[0].as_array().unwrap().len(), 3);
    let now = bench.now;
    for (n, expected) in [(0, Ok(())), (1, Ok(())), (2, Err(Error::Busy))] {
        assert_eq!(bench.node.reply(now, &named(&format!("far {n}")), vec![]), expected);
    }
    let list = (0..20).map(|n| listed(&format!("x{n}"), &format!("198.51.100.{n}"), 4444)).collect();
    let message = whisper("n0", bench.unix(), Flag::Peers, vec![Value::Array(list)]);
    bench.send(conns[0], &message);
    assert_eq!(bench.connects().len(), 5);
    assert_eq!(bench.node.connect(now, Transport::Tcp, at(77)), Err(Error::Busy));
}

#[test]
fn whoever_comes_too_many_learns_of_others() {
    let mut bench = Bench::new(Config { max_incoming: 2, ..Config::default() });
    bench.neighbour("a", &[]);
    bench.neighbour("b", &[]);
    let conn = bench.accept(Transport::Tcp);
    let greeting = handshake("c", bench.unix(), &[u64::from(BASE)]);
    bench.send(conn, &greeting);
    assert!(bench.is_closed(conn));
    let subs: Vec<_> = bench.sent(conn).iter().map(|m| m.sub().unwrap().code()).collect();
    assert_eq!(subs, [5, 7, 0x41]);
    assert_eq!(bench.node.peers().count(), 2);
}

//= p2p#3.5/request-all test
#[test]
fn a_request_for_all_is_understood_in_both_types() {
    let mut bench = Bench::plain();
    let conn = bench.neighbour("a", &[]);
    for all in [Value::from("*"), Value::from(&b"*"[..])] {
        let message = whisper("a", bench.unix(), Flag::Request, vec![all]);
        bench.send(conn, &message);
        bench.wait(secs(1));
        assert_eq!(bench.sent(conn)[0].sub(), Some(Flag::Peers));
    }
}

//= p2p#3.5/recover test
//= p2p#3.5/request-bin test
#[test]
fn when_a_neighbour_is_lost_another_is_asked() {
    let mut bench = Bench::plain();
    let (lost, stays) = (bench.neighbour("a", &[]), bench.neighbour("b", &[]));
    bench.closed(lost, CloseReason::Reset);
    let sent = bench.sent(stays);
    assert_eq!(sent[0].sub(), Some(Flag::Request));
    assert_eq!(sent[0].values(), [Value::from(&b"*"[..])]);
}

//= p2p#3.5/never-speaking test
//= p2p#3.5/half-frame test
#[test]
fn silent_and_dripping_links_are_closed() {
    let mut bench = Bench::plain();
    let silent = bench.accept(Transport::Tcp);
    let dripping = bench.neighbour("a", &[]);
    bench.raw(dripping, bytes::Bytes::from_static(&[0, 0, 1, 0]));
    for _ in 0..59 {
        bench.raw(dripping, bytes::Bytes::from_static(b"\0"));
        assert!(!bench.is_closed(dripping));
        bench.wait(secs(1));
        assert!(!bench.is_closed(silent), "too early: a minute is allowed");
    }
    bench.wait(secs(2));
    assert!(bench.is_closed(silent) && bench.is_closed(dripping));
    let reasons: Vec<_> = bench.events().into_iter().collect();
    assert!(reasons.iter().any(|event| matches!(event, Event::Refused(_, Reason::Silent))), "{reasons:?}");
    assert!(reasons.iter().any(|event| matches!(event, Event::Left(_, Reason::HalfFrame))), "{reasons:?}");
}

//= p2p#3.5/before-handshake test
#[test]
fn strangers_are_not_listened_to() {
    let mut bench = Bench::plain();
    let conn = bench.accept(Transport::Tcp);
    let message = flood("x", bench.unix(), "psst");
    bench.send(conn, &message);
    assert!(matches!(bench.events()[..], [Event::Refused(_, Reason::Stranger)]));
    let conn = bench.accept(Transport::Tcp);
    bench.raw(conn, bytes::Bytes::from([&[0, 2, 0, 0][..], &[0; 70_000]].concat()));
    assert!(matches!(bench.events()[..], [Event::Refused(_, Reason::Stranger)]));
}

//= p2p#3.5/pace test
#[test]
fn old_nodes_get_one_frame_at_a_time() {
    let mut bench = Bench::plain();
    let (old, capable) = (bench.neighbour("a", &[]), bench.neighbour("b", &[u64::from(BASE)]));
    let now = bench.now;
    for n in 0..10 {
        bench.node.broadcast(now, vec![n.into()]).unwrap();
    }
    bench.collect();
    assert_eq!((bench.sent(old).len(), bench.sent(capable).len()), (1, 10));
    for _ in 1..10 {
        assert_eq!(bench.sent(old).len(), 0);
        bench.wait(Duration::from_millis(4));
        assert_eq!(bench.sent(old).len(), 1);
    }
}

#[test]
fn the_queue_of_an_old_node_is_bounded() {
    let mut config = Config::default();
    config.limits.queue = 10_000;
    let mut bench = Bench::new(config);
    let (old, capable) = (bench.neighbour("a", &[]), bench.neighbour("b", &[u64::from(BASE)]));
    let now = bench.now;
    for n in 0..100 {
        bench.node.broadcast(now, vec![n.into(), "x".repeat(900).into()]).unwrap();
    }
    bench.collect();
    assert!(bench.node.stats().sizes.queued <= 10_000);
    assert_eq!(bench.sent(capable).len(), 100, "others are not affected");
    bench.wait(secs(1));
    let dropped = bench.node.stats().dropped["overflow"];
    assert_eq!(bench.sent(old).len() as u64 + dropped, 100);
    assert!(dropped > 80);
}

//= p2p#3.8/renegotiate test
//= p2p#3.8/resend-ignored test
#[test]
fn renegotiation_is_answered() {
    let own = vec![Compression::Snappy, Compression::Zlib, Compression::Gzip];
    let mut bench = Bench::new(Config { compression: own, ..Config::default() });
    let conn = bench.neighbour("a", &[0x13, 0x11]);
    let compression = |bench: &Bench| bench.node.peer(&named("a")).unwrap().compression;
    assert_eq!(compression(&bench), Some(Compression::Zlib));
    let ask = |codes: &[u64]| {
        let codes = Value::Array(codes.iter().map(|&code| code.into()).collect());
        Message::new(MainFlag::Renegotiate, &named("a"), UNIX, vec![Flag::Compression.into(), codes])
    };
    bench.send(conn, &ask(&[0x13, 0x11])); // no change
    bench.wait(secs(1));
    assert!(bench.sent(conn).is_empty());
    bench.send(conn, &ask(&[0x11, 0x10, 0x20]));
    assert_eq!(compression(&bench), Some(Compression::Snappy));
    let sent = bench.sent(conn);
    assert_eq!((sent[0].main(), sent[0].values()), (MainFlag::Renegotiate, &ask(&[0x20, 0x11]).values()[..1]));
    bench.wait(secs(1));
    bench.send(conn, &ask(&[]));
    assert_eq!(compression(&bench), None);
    bench.wait(secs(1));
    bench.out.clear();
    bench.send(conn, &Message::new(MainFlag::Renegotiate, &named("a"), UNIX, vec![Flag::Resend.into()]));
    let resend = whisper("a", bench.unix(), Flag::Resend, vec![]);
    bench.send(conn, &resend);
    bench.wait(secs(1));
    assert!(bench.sent(conn).is_empty() && bench.events().is_empty());
}

#[test]
fn handlers_may_consume_and_reply() {
    let mut bench = Bench::plain();
    let conn = bench.neighbour("a", &[]);
    bench.node.register(|incoming| match incoming.values().first().and_then(Value::as_str) {
        Some("secret") => Handled::Consumed,
        Some("ping") => Handled::Reply(vec!["pong".into()]),
        _ => Handled::Passed,
    });
    let unix = bench.unix();
    for said in ["secret", "ping", "hello"] {
        bench.send(conn, &whisper("a", unix, Flag::Whisper, vec![said.into()]));
    }
    let events = bench.events();
    assert!(matches!(&events[..], [Event::Message(incoming)] if text(incoming) == "hello"), "{events:?}");
    assert_eq!(bench.sent(conn)[0].values(), [Value::from("pong")]);
}

#[test]
fn commands_say_what_they_cannot_do() {
    let mut config = Config::default();
    config.limits.message.frame = 1000;
    let mut bench = Bench::new(config);
    bench.neighbour("a", &[]);
    let now = bench.now;
    let x = named("x");
    assert_eq!(bench.node.whisper(now, &x, vec![]), Err(Error::NotConnected(x.clone())));
    let extension = bench.node.whisper_as(now, &named("a"), Flag::Other(0x42), vec![]);
    assert!(matches!(extension, Err(Error::NotCapable(_))));
    assert_eq!(bench.node.broadcast(now, vec!["x".repeat(1000).into()]), Err(Error::TooLong));
    assert!(bench.node.broadcast(now, vec![1.into()]).is_ok());
    assert_eq!(bench.node.broadcast(now, vec![1.into()]), Err(Error::Repeated));
    assert_eq!(bench.node.disconnect(now, &x), Err(Error::NotConnected(x)));
    assert!(bench.node.disconnect(now, &named("a")).is_ok());
    assert_eq!(bench.node.peers().count(), 0);
}
