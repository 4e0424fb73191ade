//! Bad input: only the link that it came on suffers, with a reason that is counted and told; nothing grows.
mod common;

use bytes::Bytes;
use common::*;
use mesh::{BASE, Config, Event, Reason};
use proptest::prelude::*;
use serializer::{Compression, Flag, MainFlag, Message, MessageId, Value, frame};
use wire::{Machine, Transport};

/// A frame around any bytes, rightly hashed.
fn framed(message: &[u8]) -> Bytes {
    let body = [&MessageId::of(message).as_bytes()[..], message].concat();
    [&(body.len() as u32).to_be_bytes()[..], &body].concat().into()
}

/// Gives `junk` to a link of a node that has an honest neighbour on each side of it, and sees that a broadcast passes
/// between the two. Returns why the link was closed, if it was.
fn survives(name: &str, bench: &mut Bench, junk: Bytes) -> Option<Reason> {
    let from = bench.neighbour("honest", &[]);
    let to = bench.neighbour("listener", &[]);
    let bad = bench.neighbour("bad", &[0x13]);
    bench.raw(bad, junk);
    let events = bench.events();
    bench.out.retain(|output| !matches!(output, wire::Output::Transmit(_)));
    let message = flood("honest", bench.unix(), name);
    bench.send(from, &message);
    bench.wait(secs(1));
    assert!(bench.sent(to).contains(&message), "{name}: the honest broadcast did not pass");
    let told = bench.events();
    assert!(told.iter().any(|e| matches!(e, Event::Message(incoming) if text(incoming) == name)), "{name}: {told:?}");
    assert!(!bench.is_closed(from) && !bench.is_closed(to), "{name}: an honest link was closed");
    let left = |event: &Event| if let Event::Left(_, reason) = event { Some(reason.clone()) } else { None };
    let reason = events.iter().find_map(left);
    assert_eq!(bench.is_closed(bad), reason.is_some(), "{name}: {events:?}");
    if let Some(reason) = &reason {
        assert!(bench.node.stats().closed[reason.name()] > 0, "{name}: not counted");
    }
    reason
}

//= p2p#5/junk-closes test
//= p2p#5/short-array test
#[test]
fn each_kind_of_junk_costs_its_link_alone() {
    let good = flood("bad", UNIX, "x");
    let mut wrong = frame::encode(&good, None).to_vec();
    wrong[10] ^= 1;
    let nested = [vec![0x94, 0, 0xa1, b'b', 0], vec![0x91; 100_000], vec![0xc0]].concat();
    let bomb = Compression::Zlib.compress(&vec![0; 64 << 20]);
    assert!(bomb.len() < 1 << 20);
    let bomb = [&(bomb.len() as u32).to_be_bytes()[..], &bomb].concat();
    let junk: Vec<(&str, Vec<u8>, bool)> = vec![
        (
            "random bytes",
            [vec![0, 0, 1, 0], (0..2000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect()].concat(),
            true,
        ),
        ("wrong checksum", wrong, true),
        ("length 0", vec![0; 4], true),
        ("length 5", vec![0, 0, 0, 5, 1, 2, 3, 4, 5], true),
        ("bad msgpack", framed(&[0xc1, 0xc1]).to_vec(), true),
        ("not an array", framed(&[0x83, 1, 2, 3, 4, 5, 6]).to_vec(), true),
        ("no items", framed(&[0x90]).to_vec(), false),
        ("two items", framed(&[0x92, 0, 0xa1, b'b']).to_vec(), false),
        ("three items", framed(&[0x93, 0, 0xa1, b'b', 0]).to_vec(), false),
        ("huge length", [&[0xff; 4][..], &[0; 5000]].concat(), true),
        ("deep nesting", framed(&nested).to_vec(), true),
        ("bomb", bomb, true),
        ("time no number", framed(&[0x95, 0, 0xa1, b'b', 0xa1, b't', 0, 1]).to_vec(), true),
    ];
    for (name, junk, closes) in junk {
        let mut bench = Bench::new(Config { compression: vec![Compression::Zlib], ..Config::default() });
        let reason = survives(name, &mut bench, junk.into());
        assert_eq!(reason.is_some(), closes, "{name}: {reason:?}");
        assert!(matches!(reason, None | Some(Reason::Junk(_))), "{name}: {reason:?}");
    }
}

#[test]
fn well_formed_nonsense_costs_its_link_at_most() {
    let whisper = |flag: Flag, values: Vec<Value>| {
        let payload = [vec![flag.into()], values].concat();
        frame::encode(&Message::new(MainFlag::Whisper, &named("bad"), UNIX, payload), None)
    };
    let junk = Value::Array(vec![7.into(), Value::Array(vec![Value::Nil, 1.into()]), Value::Array(vec![])]);
    let cases: Vec<(&str, Bytes, bool)> = vec![
        ("peers no list", whisper(Flag::Peers, vec![1.into()]), true),
        ("peers missing", whisper(Flag::Peers, vec![]), true),
        ("peers junk", whisper(Flag::Peers, vec![junk]), false),
        ("request nothing", whisper(Flag::Request, vec![]), false),
        ("request odd", whisper(Flag::Request, vec![Value::Nil, 1.into()]), false),
        ("response odd", whisper(Flag::Response, vec!["x".into(), 3.into()]), false),
        ("handshake odd", whisper(Flag::Handshake, vec![1.into(), 2.into(), 3.into(), 4.into()]), true),
        ("resend", whisper(Flag::Resend, vec![]), false),
        ("extension unannounced", whisper(Flag::Other(0x41), vec![3.into()]), false),
    ];
    for (name, junk, closes) in cases {
        let reason = survives(name, &mut Bench::plain(), junk);
        assert_eq!(reason.is_some(), closes, "{name}: {reason:?}");
    }
}

//= wireworks#1.2/unknown-op test
//= wireworks#1.2/flooded-op test
#[test]
fn odd_extensions_are_ignored() {
    let mut bench = Bench::plain();
    let conn = bench.neighbour("a", &[u64::from(BASE)]);
    for main in [MainFlag::Whisper, MainFlag::Broadcast] {
        for op in 0..20u64 {
            for values in [vec![], vec![Value::Nil], vec![Value::Nil; 9], vec![Value::Bin(vec![7; 100].into()); 5]] {
                let payload = [vec![Flag::Other(0x41).into(), op.into()], values].concat();
                let message = Message::new(main, &named("a"), bench.unix(), payload);
                bench.send(conn, &message);
                assert!(!bench.is_closed(conn), "{op}");
            }
        }
    }
    let events = bench.events();
    assert!(events.iter().all(|event| matches!(event, Event::Dropped(_, Reason::NoRoute))), "{events:?}");
}

//= p2p#5/bounded test
#[test]
fn memory_is_bounded_whatever_is_said() {
    let mut config = Config { max_incoming: 8, max_outgoing: 2, ..Config::default() };
    config.limits.addresses = 50;
    config.limits.routes = 40;
    config.limits.seen = 300;
    config.limits.recent = 20;
    config.limits.recent_bytes = 10_000;
    config.limits.requests = 5;
    config.limits.peers_read = 30;
    let mut bench = Bench::new(config);
    let conn = bench.neighbour("a", &[u64::from(BASE)]);
    for n in 0..2000u64 {
        bench.send(conn, &flood(&format!("sender {n}"), UNIX, &"x".repeat(n as usize % 1000)));
        if n % 50 == 0 {
            let entry = |m| {
                let address = Value::Array(vec![format!("10.{n}.{m}.1").into(), 1.into()]);
                Value::Array(vec![address, format!("{n}/{m}").into()])
            };
            let list = Value::Array((0..100).map(entry).collect());
            let payload = vec![Flag::Peers.into(), list];
            bench.send(conn, &Message::new(MainFlag::Whisper, &named("a"), UNIX, payload));
            let now = bench.now;
            let _ = bench.node.reply(now, &named(&format!("nobody {n}")), vec![1.into()]);
        }
        bench.out.clear();
    }
    for _ in 0..100 {
        bench.accept(Transport::Tcp); // and says nothing
    }
    let sizes = bench.node.stats().sizes;
    assert!(sizes.addresses <= 50 + sizes.links, "{sizes:?}");
    assert!(sizes.routes <= 40 && sizes.seen <= 300 && sizes.recent <= 20 && sizes.recent_bytes <= 10_000, "{sizes:?}");
    assert!(sizes.pending <= 5 && sizes.links <= 2 * 8 + 16 + 2, "{sizes:?}");
}

#[test]
fn a_long_frame_is_not_kept_beyond_the_limit() {
    let mut config = Config::default();
    config.limits.message.frame = 1000;
    let mut bench = Bench::new(config);
    let reason = survives("too long", &mut bench, Bytes::from_static(&[0, 0, 3, 0xe9, 0, 0]));
    assert!(matches!(reason, Some(Reason::Junk(serializer::Error::FrameTooLong { announced: 1001 }))), "{reason:?}");
}

#[test]
fn half_frames_together_are_bounded() {
    let mut config = Config::default();
    config.limits.partial = 100_000;
    let mut bench = Bench::new(config);
    let links: Vec<_> = (0..20).map(|n| bench.neighbour(&format!("half {n}"), &[])).collect();
    for round in 0..20 {
        for &conn in &links {
            let piece = if round == 0 { vec![0, 1, 0, 0] } else { vec![7; 1000] };
            bench.raw(conn, piece.into());
            assert!(bench.node.stats().sizes.partial <= 100_000);
        }
    }
    assert!(bench.node.stats().closed["half-frame"] >= 10);
    assert_eq!(survives("after that", &mut bench, Bytes::from_static(&[0])), None);
}

#[test]
fn a_timing_of_nothing_does_not_hang() {
    let zero = std::time::Duration::ZERO;
    let timing = mesh::Timing {
        ping: zero,
        pong: zero,
        pace: zero,
        backoff: zero,
        backoff_max: zero,
        dial: zero,
        refresh: zero,
        touch: zero,
        beacon: zero,
        request: zero,
        handshake: zero,
        frame: zero,
        ..mesh::Timing::default()
    };
    let mut bench = Bench::new(Config { timing, seeds: vec![tcp(2)], ..Config::default() });
    bench.accept(Transport::Tcp);
    bench.wait(std::time::Duration::from_millis(20));
    assert!(bench.node.deadline() > Some(bench.now));
}

#[test]
fn stalled_half_frames_hinder_nobody() {
    let mut bench = Bench::plain();
    let stalled: Vec<_> = (0..8).map(|n| bench.neighbour(&format!("slow {n}"), &[])).collect();
    for _ in 0..5 {
        for &conn in &stalled {
            bench.raw(conn, Bytes::from_static(&[0]));
            bench.raw(conn, Bytes::new());
        }
        bench.wait(std::time::Duration::from_millis(200));
        if bench.is_closed(stalled[0]) {
            break; // four zeros are a frame of length 0
        }
    }
    assert_eq!(survives("after that", &mut bench, Bytes::from_static(&[0])), None);
}

#[test]
fn a_slow_neighbour_hinders_nobody() {
    // The driver gives up on the slow one; the machine only hears of it.
    let mut bench = Bench::plain();
    let slow = bench.neighbour("slow", &[u64::from(BASE)]);
    let quick = bench.neighbour("quick", &[u64::from(BASE)]);
    let now = bench.now;
    for n in 0..100 {
        bench.node.broadcast(now, vec![n.into(), "x".repeat(20_000).into()]).unwrap();
    }
    bench.collect();
    bench.closed(slow, wire::CloseReason::Overflow);
    assert_eq!(bench.sent(quick).len(), 100 + 1); // and a request for addresses
    assert_eq!(bench.node.stats().closed["slow"], 1);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_do_harm(pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 1..8), greet: bool) {
        let mut bench = Bench::plain();
        let conn = if greet { bench.neighbour("a", &[u64::from(BASE)]) } else { bench.accept(Transport::Ws) };
        for piece in pieces {
            bench.raw(conn, piece.into());
            bench.wait(secs(1));
        }
        prop_assert!(bench.node.stats().sizes.links <= 1);
    }
}
