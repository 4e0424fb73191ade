//! Nodes on a virtual network, among themselves and with stand-ins for the old programs.
mod common;

use std::time::Duration;

use common::World;
use serializer::{Flag, Value};
use sync::{Config, Error, LEASE, Limits};

fn map(fields: &[(&str, i64)]) -> Value {
    Value::Map(fields.iter().map(|&(name, value)| (name.to_owned().into(), value.into())).collect())
}

//= p2p#3.9/store test
//= p2p#3.9/delete test
//= p2p#3.9/events test
#[test]
fn what_one_writes_all_read_and_each_is_told_once() {
    let mut world = World::new(1);
    let nodes: Vec<_> = (0..6).map(|_| world.ours()).collect();
    world.run(3.0);
    world.told();
    world.set(nodes[3], "k", "v").unwrap();
    world.run(2.0);
    let told = world.told();
    assert_eq!(told.len(), 6, "{told:?}");
    assert!(nodes.iter().all(|&node| told.contains(&(node, "k = Str(\"v\")".into()))), "{told:?}");
    let owner = world.id(nodes[3]);
    for &node in &nodes {
        assert_eq!(world.get(node, "k"), Some("v".into()));
        assert_eq!(world.net.machine(node).node().meta("k").unwrap().owner, &owner);
    }
    world.do_as(nodes[3], |node, now| node.delete(now, "k")).unwrap();
    assert_eq!(world.do_as(nodes[3], |node, now| node.delete(now, "k")), Err(Error::Missing));
    world.run(60.0); // and no repair tells it again
    let told = world.told();
    assert_eq!(told.len(), 6, "{told:?}");
    assert!(nodes.iter().all(|&node| told.contains(&(node, "k gone".into()))), "{told:?}");
}

//= p2p#3.9/local-refusal test
#[test]
fn a_lease_is_refused_here_and_free_after_an_hour() {
    let mut world = World::new(2);
    let (a, b) = (world.ours(), world.ours());
    world.run(2.0);
    world.set(a, "k", 1).unwrap();
    let written = world.now();
    world.run(2.0);
    world.told();
    let refused = Error::Leased { owner: world.id(a), until: written + LEASE };
    assert_eq!(world.set(b, "k", 2), Err(refused));
    world.run(2.0);
    assert_eq!(world.told(), []);
    world.run(LEASE as f64);
    world.set(b, "k", 2).unwrap();
    world.run(1.0);
    assert_eq!((world.get(a, "k"), world.get(b, "k")), (Some(2.into()), Some(2.into())));
}

#[test]
fn a_late_joiner_gets_the_table_and_a_leaver_takes_nothing_along() {
    let mut world = World::new(3);
    let (a, b) = (world.ours(), world.ours());
    world.run(2.0);
    for number in 0..300 {
        let key = format!("key {number}");
        world.do_as(b, |node, now| node.set(now, key, number)).unwrap();
    }
    world.run(2.0);
    let late = world.ours();
    world.run(3.0);
    assert_eq!(world.net.machine(late).node().len(), 300);
    assert_eq!(world.told().iter().filter(|(host, _)| *host == late).count(), 300);
    world.net.stop(b);
    world.run(40.0);
    let later = world.ours();
    world.run(3.0);
    assert_eq!(world.net.machine(later).node().len(), 300);
    let digests = [a, late, later].map(|host| world.net.machine(host).node().table().digest());
    assert!(digests.iter().all(|digest| *digest == digests[0]));
}

//= wireworks#2.4/invisible test
//= p2p#3.9/transfer-send test
#[test]
fn an_old_program_gets_each_entry_as_a_whisper_and_nothing_it_does_not_know() {
    let mut world = World::new(4);
    let (a, _b) = (world.ours(), world.ours());
    world.run(2.0);
    for number in 0..120 {
        let key = format!("{number:03}");
        world.do_as(a, |node, now| node.set(now, key, number)).unwrap();
    }
    world.set(a, "gone", 1).unwrap();
    world.do_as(a, |node, now| node.delete(now, "gone")).unwrap();
    let written = world.now();
    world.run(2.0);
    let old = world.old();
    world.net.events();
    world.run(60.0);
    let owner = world.id(a).to_value();
    let heard = world.heard(old);
    assert!(heard.iter().all(|(flag, _)| *flag == Some(Flag::Store)), "{heard:?}");
    let mut values: Vec<_> = heard.into_iter().map(|(_, values)| values).collect();
    values.sort_by_key(|values| values[0].as_bytes().cloned());
    values.dedup(); // it may have both for neighbours
    assert_eq!(values.len(), 120);
    let expected = [Value::Bin("007".into()), 7.into(), owner, written.into()];
    assert_eq!(values[7], expected);
}

//= wireworks#2.4/start test
//= wireworks#2.4/quiet test
//= wireworks#2.4/periodic test
#[test]
fn equal_tables_cost_one_number_now_and_then() {
    let mut world = World::new(11);
    let nodes = [world.ours(), world.ours()];
    world.run(2.0);
    world.set(nodes[0], "k", "v").unwrap();
    world.run(3.0);
    let counts = |world: &World| nodes.map(|node| world.net.machine(node).node().stats());
    let before = counts(&world);
    // Both asked once, the one with the greater id later, since nothing differed.
    assert!(before.iter().all(|stats| (1..=2).contains(&stats.roots) && stats.answers == 0), "{before:?}");
    world.run(300.0);
    for (after, before) in counts(&world).iter().zip(&before) {
        assert!((8..=14).contains(&(after.roots - before.roots)), "ten in five minutes: {after:?}");
        assert_eq!(after.answers, 0);
    }
}

#[test]
fn what_one_neighbour_learns_the_others_hear_within_seconds() {
    let mut world = World::new(12);
    let mut line = vec![world.ours()];
    for _ in 0..5 {
        line.push(world.ours());
    }
    world.run(5.0);
    let cut = world.net.cut(&line[..1], &line[1..]);
    world.run(90.0);
    world.set(line[0], "k", "v").unwrap();
    world.run(240.0); // too old for the mesh to hand on
    world.net.heal(cut);
    let learnt = |world: &World| line.iter().filter(|&&node| world.get(node, "k").is_some()).count();
    while learnt(&world) == 1 {
        world.run(0.1);
    }
    world.run(3.0);
    assert_eq!(learnt(&world), 6);
}

//= p2p#3.9/delta test
#[test]
fn deltas_reach_all_also_beside_old_programs() {
    let mut world = World::new(5);
    let (a, b, old) = (world.ours(), world.ours(), world.old());
    world.run(2.0);
    world.do_as(a, |node, now| node.update(now, "k", vec![("x".into(), 1.into())])).unwrap();
    world.say(old, Flag::Delta, vec![Value::Bin("d".into()), map(&[("y", 2)])]);
    world.run(1.0);
    world.do_as(a, |node, now| node.update(now, "k", vec![("z".into(), 3.into())])).unwrap();
    world.run(1.0);
    assert_eq!(world.get(b, "k"), Some(map(&[("x", 1), ("z", 3)])));
    assert_eq!(world.get(b, "d"), Some(map(&[("y", 2)])));
    let heard = world.heard(old);
    assert_eq!(heard[0], (Some(Flag::Delta), vec![Value::Bin("k".into()), map(&[("x", 1)])]), "the plain old form");
    assert_eq!(heard[1].1[..2], [Value::Bin("k".into()), map(&[("z", 3)])]);
    assert_eq!(world.do_as(b, |node, now| node.update(now, "k", vec![])).map_err(|_| ()), Err(()), "leased");
}

//= wireworks#2.2/mark test
#[test]
fn the_same_value_twice_in_a_second_is_two_writes_for_everyone() {
    let mut world = World::new(6);
    let (a, b, old) = (world.ours(), world.ours(), world.old());
    world.run(2.0);
    for value in ["A", "B", "A", "B", "A"] {
        world.set(a, "k", value).unwrap();
    }
    world.run(1.0);
    assert_eq!(world.get(b, "k"), Some("A".into()));
    let heard: Vec<_> = world.heard(old).into_iter().map(|(_, values)| values[1].clone()).collect();
    assert_eq!(heard, ["A", "B", "A", "B", "A"].map(Value::from));
}

//= wireworks#2.3/forget test
#[test]
fn what_was_deleted_while_a_node_was_away_stays_deleted() {
    let mut world = World::new(7);
    let limits = Limits { tombstone_life: Duration::from_secs(3600), ..Limits::default() };
    let nodes: Vec<_> =
        (0..4).map(|_| world.ours_with(Config { limits: limits.clone(), ..Config::default() })).collect();
    world.run(2.0);
    world.set(nodes[1], "k", "v").unwrap();
    world.run(2.0);
    let cut = world.net.cut(&nodes[3..], &nodes[..3]);
    world.run(60.0);
    world.do_as(nodes[1], |node, now| node.delete(now, "k")).unwrap();
    world.run(600.0);
    assert_eq!(world.get(nodes[3], "k"), Some("v".into()), "it cannot know");
    world.net.heal(cut);
    world.run(300.0);
    for &node in &nodes {
        assert_eq!(world.get(node, "k"), None);
    }
    // In time nobody remembers that there was anything.
    world.run(3700.0);
    assert!(nodes.iter().all(|&node| world.net.machine(node).node().table().tombstones() == 0));
}

//= p2p#3.9/key-bytes test
#[test]
fn an_old_programs_transfer_fills_the_table_whatever_the_keys_are() {
    let mut world = World::new(8);
    let (a, old) = (world.ours(), world.old());
    world.run(2.0);
    let time = Value::Float(world.now() as f64 - 100.0);
    for key in [Value::from("text"), Value::Bin("bytes".into())] {
        world.tell(old, a, Flag::Store, vec![key, 1.into(), "2nn".into(), time.clone()]);
    }
    world.run(1.0);
    assert_eq!((world.get(a, "text"), world.get(a, "bytes")), (Some(1.into()), Some(1.into())));
    assert_eq!(world.net.machine(a).node().meta("text").unwrap().owner.as_str(), "2nn");
    world.say(old, Flag::Store, vec![Value::Bin("text".into()), 2.into()]);
    world.run(1.0);
    assert_eq!(world.get(a, "text"), Some(1.into()), "2nn holds the lease, and it is the same key");
}

#[test]
fn an_owner_is_named_in_the_form_in_which_it_names_itself() {
    let mut world = World::new(10);
    let (_, a, old) = (world.ours(), world.ours(), world.old());
    world.run(2.0);
    for (key, owner) in [("1", Value::from("2nn")), ("2", Value::Bin("3oo".into()))] {
        world.tell(old, a, Flag::Store, vec![Value::Bin(key.into()), 1.into(), owner, world.now().into()]);
    }
    world.run(3.0); // from one of ours to the other
    world.net.stop(a);
    world.run(30.0);
    let late = world.old();
    world.run(3.0);
    let owners: Vec<_> = world.heard(late).into_iter().map(|(_, values)| values[2].clone()).collect();
    assert!(owners.contains(&"2nn".into()) && owners.contains(&Value::Bin("3oo".into())), "{owners:?}");
}

//= p2p#3.9/subnet test
#[test]
fn nodes_with_and_without_leases_do_not_meet() {
    let mut world = World::new(9);
    let (a, b) = (world.ours(), world.ours_with(Config { leasing: false, ..Config::default() }));
    world.run(5.0);
    world.set(a, "k", 1).unwrap();
    world.run(1.0);
    assert_eq!(world.get(b, "k"), None);
    let name = |host| world.net.machine(host).node().mesh().config().subnet.clone();
    assert_eq!([name(a), name(b)], ["sync1", "sync0"]);
}
