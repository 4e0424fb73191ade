//! Broadcasts through one node: what is forwarded, what is dropped, what is told.
mod common;

use common::*;
use mesh::{BASE, Config, Event, Reason};
use serializer::{Flag, MainFlag, Message, Value};

//= p2p#3.6/waterfall test
#[test]
fn a_broadcast_goes_on_unchanged() {
    let mut bench = Bench::plain();
    let [a, b, c] = ["a", "b", "c"].map(|name| bench.neighbour(name, &[u64::from(BASE)]));
    // js2p's encoding of the time, which ours would write otherwise.
    let bytes = js_flood(bench.unix() as f64);
    let message = Message::decode(bytes.clone(), &serializer::Limits::default()).unwrap();
    bench.send(b, &message);
    assert_eq!(bench.sent(a).len(), 0, "its sender");
    assert_eq!(bench.sent(b).len(), 0, "the one it came from");
    assert_eq!(bench.sent(c)[0].bytes(), &bytes);
    assert!(
        matches!(&bench.events()[..], [Event::Message(incoming)] if incoming.sender() == &named("a") && incoming.from == named("b"))
    );
}

/// `[0, "a", time as float64, 0, "x"]`.
fn js_flood(time: f64) -> bytes::Bytes {
    [&[0x95, 0, 0xa1, b'a', 0xcb][..], &time.to_be_bytes(), &[0, 0xa1, b'x']].concat().into()
}

//= p2p#3.6/once test
//= p2p#3.6/whisper-repeats test
#[test]
fn broadcasts_are_told_once_and_whispers_each_time() {
    let mut bench = Bench::plain();
    let [a, b] = ["a", "b"].map(|name| bench.neighbour(name, &[]));
    let message = flood("x", bench.unix(), "hello");
    for conn in [a, b, a] {
        bench.send(conn, &message);
    }
    assert_eq!(bench.events().len(), 1);
    assert_eq!(bench.node.stats().duplicates, 2);
    let whisper = Message::new(MainFlag::Whisper, &named("a"), bench.unix(), vec![Flag::Whisper.into(), 1.into()]);
    bench.send(a, &whisper);
    bench.send(a, &whisper);
    assert_eq!(bench.events().len(), 2);
}

//= p2p#3.6/own-seen test
#[test]
fn an_echo_is_not_told() {
    let mut bench = Bench::plain();
    let a = bench.neighbour("a", &[]);
    let now = bench.now;
    let message = bench.node.broadcast_as(now, Flag::Broadcast, vec!["mine".into()]).unwrap();
    bench.collect();
    bench.send(a, &message);
    assert!(bench.events().is_empty());
}

//= p2p#3.6/stale test
//= p2p#3.6/future test
#[test]
fn the_window_of_time_is_kept() {
    let mut bench = Bench::plain();
    let old = bench.neighbour("a", &[]);
    let capable = bench.neighbour("b", &[u64::from(BASE)]);
    bench.wait(secs(5));
    bench.out.clear();
    let unix = bench.unix();
    let cases = [
        (old, unix - 60, true),
        (old, unix - 61, false),
        (capable, unix - 61, true),
        (capable, unix - 181, false),
        (old, unix + 60, true),
        (old, unix + 61, false),
        (capable, unix + 61, false),
        (old, u64::MAX, false),
    ];
    for (conn, time, passes) in cases {
        bench.send(conn, &flood("x", time, &format!("{time} {conn:?}")));
        let events = bench.events();
        match &events[..] {
            [Event::Message(_)] => assert!(passes, "{time}"),
            [Event::Dropped(_, Reason::Stale)] => assert!(!passes && time < unix, "{time}"),
            [Event::Dropped(_, Reason::Future)] => assert!(!passes && time > unix, "{time}"),
            _ => panic!("{events:?}"),
        }
    }
}

//= p2p#3.6/purge test
#[test]
fn what_was_seen_is_forgotten_in_time() {
    let mut config = Config { extensions: false, ..Config::default() }; // beacons of its own would count
    config.limits.seen = 100;
    let mut bench = Bench::new(config);
    let a = bench.neighbour("a", &[]);
    for n in 0..300 {
        bench.send(a, &flood("x", UNIX, &format!("{n}")));
    }
    assert_eq!(bench.node.stats().sizes.seen, 100);
    bench.wait(secs(200));
    let last = flood("x", bench.unix(), "last");
    bench.send(a, &last);
    assert_eq!(bench.node.stats().sizes.seen, 1);
}

//= p2p#3.6/other-main test
#[test]
fn unknown_flags_reach_the_application() {
    let mut bench = Bench::plain();
    let a = bench.neighbour("a", &[]);
    for main in [3, 4, 99] {
        let message = Message::new(MainFlag::from(main), &named("a"), UNIX, vec![Flag::Broadcast.into(), "odd".into()]);
        bench.send(a, &message);
        assert!(matches!(&bench.events()[..], [Event::Message(incoming)] if text(incoming) == "odd"));
    }
    for flag in [Flag::Store, Flag::Delta, Flag::Notify, Flag::Retrieve, Flag::Other(33)] {
        bench.send(a, &Message::new(MainFlag::Whisper, &named("a"), UNIX, vec![flag.into(), "k".into()]));
        assert!(matches!(&bench.events()[..], [Event::Other(incoming)] if incoming.message.sub() == Some(flag)));
    }
    // A hash table's state looks like a short handshake.
    bench.send(a, &Message::new(MainFlag::Whisper, &named("a"), UNIX, vec![Flag::Handshake.into(), "1".into()]));
    assert!(matches!(&bench.events()[..], [Event::Other(_)]));
}

//= wireworks#1.1/announce test
//= wireworks#1.1/only-announced test
//= p2p#3.8/never-renegotiates test
#[test]
fn extensions_stay_among_those_who_announced_them() {
    let mut bench = Bench::new(Config { features: vec![0x42], ..Config::default() });
    let conn = bench.accept(wire::Transport::Tcp);
    let codes: Vec<_> = bench.sent(conn)[0].values()[3].as_array().unwrap().iter().filter_map(Value::as_u64).collect();
    assert_eq!(codes, [u64::from(BASE), 0x42]);
    let old = bench.neighbour("a", &[]);
    let base = bench.neighbour("b", &[u64::from(BASE)]);
    let both = bench.neighbour("c", &[u64::from(BASE), 0x42]);
    let now = bench.now;
    bench.node.broadcast_as(now, Flag::Other(0x42), vec![1.into()]).unwrap();
    bench.node.survey(now);
    bench.collect();
    bench.wait(secs(300)); // refreshes, beacons, pings
    let old = bench.sent(old);
    assert!(old.iter().all(|m| m.sub().unwrap().code() < 0x40 && m.main() != MainFlag::Renegotiate), "{old:?}");
    assert!(bench.sent(base).iter().all(|m| m.sub().unwrap().code() != 0x42));
    assert!(bench.sent(both).iter().any(|m| m.sub().unwrap().code() == 0x42));
}

//= wireworks#1.4/want-once test
#[test]
fn an_offer_is_good_for_one_choice() {
    let mut bench = Bench::plain();
    let a = bench.neighbour("a", &[]);
    let kept = flood("x", bench.unix(), "kept");
    bench.send(a, &kept);
    bench.out.clear();
    let conn = bench.accept(wire::Transport::Tcp);
    let greeting = handshake("b", bench.unix(), &[u64::from(BASE)]);
    bench.send(conn, &greeting);
    let offer = bench.sent(conn).pop().unwrap();
    let list = offer.values()[2].as_bytes().unwrap().clone();
    assert_eq!((list.len(), &list[..16]), (24, &kept.id().as_bytes()[..16]));
    let want = vec![Flag::Other(0x41).into(), 3.into(), Value::Bin(list.slice(..16))];
    let want = Message::new(MainFlag::Whisper, &named("b"), bench.unix(), want);
    bench.send(conn, &want);
    assert_eq!(bench.sent(conn), [kept]);
    bench.send(conn, &want);
    assert!(bench.sent(conn).is_empty());
}

#[test]
fn a_report_carries_a_name_of_limited_length() {
    let mut bench = Bench::new(Config { name: "né".repeat(40), ..Config::default() });
    let now = bench.now;
    bench.node.survey(now);
    bench.collect();
    let events = bench.events();
    let [Event::Surveyed(report)] = &events[..] else { panic!("{events:?}") };
    assert_eq!(report.name, "né".repeat(21) + "n"); // 64 bytes
}
