//! Neighbours that send junk: nothing breaks, nothing grows, and honest writes still pass.
mod common;

use common::World;
use serializer::{Flag, Value};
use sim::HostId;
use sync::{Config, Error, Event, Limits, Repair};
use wire::Rng;

/// One of ours, an honest neighbour of it, and an old program that says anything.
fn world(seed: u64) -> (World, HostId, HostId, HostId) {
    let mut world = World::new(seed);
    let limits = Limits { entries: 50, tombstones: 20, value: 10_000, ..Limits::default() };
    let (a, b) = (world.ours_with(Config { limits, ..Config::default() }), world.ours());
    let junk = world.old();
    world.run(3.0);
    world.net.events();
    (world, a, b, junk)
}

fn is_honest_traffic_fine(world: &mut World, a: HostId, b: HostId) {
    world.set(b, "honest", "yes").unwrap();
    world.run(2.0);
    assert_eq!(world.get(a, "honest"), Some("yes".into()));
}

fn refusals(world: &mut World, host: HostId) -> Vec<Error> {
    let events = world.net.events().into_iter().filter(|happened| happened.host == host);
    let refused = events.filter_map(|happened| match happened.event {
        Event::Refused { reason, .. } => Some(reason),
        _ => None,
    });
    refused.collect()
}

//= p2p#3.9/junk test
#[test]
fn stores_and_deltas_of_the_wrong_shape() {
    let (mut world, a, b, junk) = world(1);
    let key = || Value::Bin("k".into());
    let id = || Value::from("2nn");
    let shapes: Vec<(Flag, Vec<Value>)> = vec![
        (Flag::Store, vec![]),
        (Flag::Store, vec![key()]),
        (Flag::Store, vec![7.into(), 1.into()]),
        (Flag::Store, vec![Value::Nil, 1.into()]),
        (Flag::Store, vec![vec![key()].into(), 1.into()]),
        (Flag::Store, vec![key(), 1.into(), 7.into(), 100.into()]),
        (Flag::Store, vec![key(), 1.into(), id(), "soon".into()]),
        (Flag::Store, vec![key(), 1.into(), id(), (-1).into()]),
        (Flag::Store, vec![key(), 1.into(), id(), Value::Float(f64::NAN)]),
        (Flag::Store, vec![key(), 1.into(), "x".repeat(300).into(), 100.into()]),
        (Flag::Delta, vec![]),
        (Flag::Delta, vec![key()]),
        (Flag::Delta, vec![key(), 1.into()]),
        (Flag::Delta, vec![key(), Value::Nil]),
        (Flag::Delta, vec![key(), vec![1.into()].into()]),
    ];
    let count = shapes.len();
    for (flag, values) in shapes {
        world.tell(junk, a, flag, values);
        world.run(0.1);
    }
    let refused = refusals(&mut world, a);
    assert_eq!(refused, vec![Error::Malformed; count]);
    assert_eq!(world.net.machine(a).node().stats().malformed, count as u64);
    assert!(world.net.machine(a).node().is_empty());
    assert!(world.net.machine(a).node().mesh().peer(&world.id(junk)).is_some(), "the link stays");
    is_honest_traffic_fine(&mut world, a, b);
}

#[test]
fn shapes_that_old_programs_read_as_a_write_are_one() {
    let (mut world, a, _b, junk) = world(2);
    let key = |name: &str| Value::Bin(name.to_owned().into());
    world.say(junk, Flag::Store, vec![key("three"), 1.into(), "no mark".into()]);
    world.say(junk, Flag::Store, vec![key("five"), 1.into(), 2.into(), 3.into(), 4.into()]);
    world.say(junk, Flag::Delta, vec![key("delta"), Value::Map(vec![]), Value::Nil, Value::Nil]);
    world.tell(junk, a, Flag::Store, vec![key("whispered"), 1.into()]);
    world.run(1.0);
    assert_eq!(["three", "five", "delta", "whispered"].map(|key| world.get(a, key).is_some()), [true; 4]);
}

//= p2p#3.9/remote-refusal test
#[test]
fn a_write_from_a_non_owner_is_dropped() {
    let (mut world, a, b, junk) = world(3);
    world.set(b, "k", 1).unwrap();
    world.run(2.0);
    world.net.events();
    world.say(junk, Flag::Store, vec![Value::Bin("k".into()), 2.into()]);
    world.say(junk, Flag::Store, vec![Value::Bin("k".into()), Value::Nil]);
    world.say(junk, Flag::Delta, vec![Value::Bin("k".into()), Value::Map(vec![])]);
    world.run(1.0);
    let refused = refusals(&mut world, a);
    assert!(refused.iter().all(|reason| matches!(reason, Error::Leased { .. } | Error::NotMap)), "{refused:?}");
    assert_eq!(refused.len(), 3);
    assert_eq!((world.get(a, "k"), world.get(b, "k")), (Some(1.into()), Some(1.into())));
}

#[test]
fn a_table_is_not_filled_beyond_its_limits() {
    let (mut world, a, b, junk) = world(4);
    is_honest_traffic_fine(&mut world, a, b);
    for number in 0..300 {
        let key = Value::Bin(format!("{number}").into());
        let value = if number % 2 == 0 { Value::from("x") } else { Value::Nil };
        world.say(junk, Flag::Store, vec![key, value]);
        world.run(0.02);
    }
    world.say(junk, Flag::Store, vec![Value::Bin("k".repeat(5000).into()), 1.into()]);
    world.say(junk, Flag::Store, vec![Value::Bin("huge".into()), "x".repeat(20_000).into()]);
    world.run(30.0);
    let table = world.net.machine(a).node().table();
    assert_eq!((table.len(), table.tombstones()), (50, 20));
    assert!(table.bytes() < 100_000, "{}", table.bytes());
    assert_eq!(world.get(a, "honest"), Some("yes".into()));
    let mut refused = refusals(&mut world, a);
    refused.dedup();
    assert_eq!(refused, [Error::Full, Error::KeyTooLong(5000), Error::ValueTooLong(20_003)]);
}

/// Somebody who announced that it can repair and then says what it likes.
#[test]
fn repair_messages_of_any_shape() {
    let mut world = World::new(5);
    let a = world.ours();
    let b = world.ours();
    let liar = world.ours();
    world.run(3.0);
    for number in 0..2000 {
        let key = format!("{number}");
        world.do_as(b, |node, now| node.set(now, key, "x".repeat(100))).unwrap();
    }
    world.run(5.0);
    let mut rng = Rng::from_u64(5);
    let to = world.id(a);
    let before = world.net.machine(a).node().stats();
    for _ in 0..2000 {
        let values: Vec<Value> = match rng.below(6) {
            0 => Repair::Root(rng.u64()).to_values(),
            1 => Repair::Buckets((0..256).map(|_| rng.u64()).collect()).to_values(),
            2 => Repair::Buckets(vec![0; 256]).to_values(),
            3 => Repair::Summary { buckets: (0..=255).collect(), entries: vec![(rng.u64(), 0)] }.to_values(),
            4 => Repair::Want((0..500).map(|_| rng.u64()).collect()).to_values(),
            _ => (0..rng.below(4)).map(|_| junk(&mut rng, 3)).collect(),
        };
        world.net.command(liar, |host, now| {
            host.node_mut().mesh_mut().whisper_as(now, &to, Flag::Other(0x42), values).unwrap();
        });
        world.run(0.005);
    }
    let after = world.net.machine(a).node().stats();
    assert!(after.kept_back > before.kept_back && after.malformed > before.malformed);
    let bytes = after.answers - before.answers;
    assert!(bytes < 10_000, "{bytes} answers in ten seconds");
    assert_eq!(world.net.machine(a).node().len(), 2000);
    is_honest_traffic_fine(&mut world, a, b);
}

fn junk(rng: &mut Rng, depth: u64) -> Value {
    match rng.below(if depth == 0 { 5 } else { 7 }) {
        0 => Value::Nil,
        1 => Value::from(rng.below(6)),
        2 => Value::from(rng.u64()),
        3 => Value::from(rng.token(3)),
        4 => Value::Bin((0..rng.below(20)).map(|_| rng.u32() as u8).collect()),
        5 => Value::Array((0..rng.below(5)).map(|_| junk(rng, depth - 1)).collect()),
        _ => Value::Map((0..rng.below(3)).map(|_| (junk(rng, depth - 1), junk(rng, depth - 1))).collect()),
    }
}

#[test]
fn repair_messages_of_someone_who_did_not_announce_it() {
    let (mut world, a, b, junk) = world(6);
    let id = world.id(a);
    let root = Repair::Root(1).to_values();
    let sent = world.net.command(junk, |host, now| host.old().whisper_as(now, &id, Flag::Other(0x42), root));
    assert!(sent.is_ok());
    world.run(1.0);
    assert_eq!(refusals(&mut world, a), [Error::Malformed]);
    assert_eq!(world.net.machine(a).node().stats().answers, 0);
    is_honest_traffic_fine(&mut world, a, b);
}
