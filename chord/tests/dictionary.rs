//! The dictionary among a handful of nodes that all speak the tables, all the ring, or both in one network.
mod common;

use chord::{Config, Mode, Outcome};
use common::World;
use serializer::Value;

fn modes(text: &str) -> Vec<Mode> {
    text.chars().map(|c| if c == 't' { Mode::Tables } else { Mode::Auto }).collect()
}

#[test]
fn a_node_alone_keeps_what_it_is_given() {
    for mode in [Mode::Tables, Mode::Auto, Mode::Ring] {
        let mut world = World::of(1, &[mode]);
        world.set(0, "key", "value");
        assert_eq!(world.get(0, "key"), Some("value".into()));
        assert_eq!(world.keys(0), ["key"]);
        world.delete(0, "key");
        assert_eq!(world.get(0, "key"), None);
        assert!(world.node(0).keys().next().is_none());
    }
}

//= wireworks#3.6/capability test
//= wireworks#3.7/both-sides test
//= wireworks#3.6/place test
#[test]
fn every_node_sees_what_any_node_does() {
    for (seed, nodes) in ["tt", "ttt", "tttt", "rr", "rrr", "rrrrr", "tr", "rt", "ttr", "rrt", "ttrr", "trtr", "rrrrtt"]
        .into_iter()
        .enumerate()
    {
        println!("nodes {nodes}");
        let mut world = World::of(seed as u64, &modes(nodes));
        let count = nodes.len();
        for at in 0..count {
            world.set(at, &format!("key {at}"), at);
        }
        world.run(3_000);
        for at in 0..count {
            let mut keys: Vec<String> = (0..count).map(|n| format!("key {n}")).collect();
            keys.sort();
            assert_eq!(world.keys(at), keys);
            for n in 0..count {
                assert_eq!(world.get(at, &format!("key {n}")), Some(n.into()), "key {n} at {at} of {nodes}");
            }
        }
        // a change, by another node
        for at in 0..count {
            world.set((at + 1) % count, &format!("key {at}"), "changed");
        }
        world.run(5_000);
        for at in 0..count {
            for n in 0..count {
                assert_eq!(world.get(at, &format!("key {n}")), Some("changed".into()), "key {n} at {at} of {nodes}");
            }
        }
        world.delete(count - 1, "key 0");
        world.run(3_000);
        for at in 0..count {
            assert_eq!(world.get(at, "key 0"), None, "at {at} of {nodes}");
            assert!(!world.keys(at).contains(&"key 0".to_owned()), "at {at} of {nodes}");
        }
        for at in 0..count - 1 {
            assert_eq!(world.deleted[&world.hosts[at]], [b"key 0"], "at {at} of {nodes}");
        }
    }
}

#[test]
fn updates_merge() {
    for (seed, nodes) in ["tt", "rrr", "tr", "ttrr"].into_iter().enumerate() {
        println!("nodes {nodes}");
        let mut world = World::of(seed as u64 + 100, &modes(nodes));
        let map = |pairs: &[(&str, u64)]| Value::Map(pairs.iter().map(|&(k, v)| (k.into(), v.into())).collect());
        let last = nodes.len() - 1;
        assert_eq!(world.update(0, "map", &[("a", 1)]), Ok(Outcome::Value(map(&[("a", 1)]))));
        world.run(3_000);
        assert_eq!(world.update(last, "map", &[("b", 2)]), Ok(Outcome::Value(map(&[("a", 1), ("b", 2)]))), "{nodes}");
        world.run(3_000);
        for at in 0..=last {
            assert_eq!(world.get(at, "map"), Some(map(&[("a", 1), ("b", 2)])), "at {at} of {nodes}");
        }
        world.set(0, "text", "no map");
        world.run(3_000);
        assert_eq!(world.update(last, "text", &[("b", 2)]), Err(chord::Failure::NotAMap));
    }
}

#[test]
fn a_missing_key_is_known_soon() {
    for (seed, nodes) in ["ttt", "rrrr", "ttrr"].into_iter().enumerate() {
        let mut world = World::of(seed as u64 + 200, &modes(nodes));
        for at in 0..nodes.len() {
            let (result, _, took) = world.ask(at, "never set");
            assert_eq!(result, Ok(Outcome::Missing));
            assert!(took.as_millis() < 3_000, "{took:?} at {at} of {nodes}");
        }
    }
}

//= p2p#3.10/keys-told test
//= wireworks#3.6/keys test
#[test]
fn a_latecomer_hears_of_all_keys() {
    for (seed, (old, new)) in
        [("tt", Mode::Tables), ("rr", Mode::Auto), ("rr", Mode::Tables), ("tt", Mode::Auto)].into_iter().enumerate()
    {
        let mut world = World::of(seed as u64 + 300, &modes(old));
        (0..30u64).for_each(|n| world.set(n as usize % 2, &format!("key {n}"), n));
        world.add(Config { mode: new, ..Config::default() });
        world.run(15_000);
        assert_eq!(world.keys(2).len(), 30, "{new:?} after {old}");
        for n in 0..30u64 {
            assert_eq!(world.get(2, &format!("key {n}")), Some(n.into()), "key {n}, {new:?} after {old}");
        }
    }
}

//= wireworks#3.6/client test
//= wireworks#3.6/reachable test
#[test]
fn a_node_that_cannot_be_reached_has_members_work_for_it() {
    let mut world = World::of(400, &modes("rrr"));
    let hidden = world.add_hidden(Config::default());
    world.run(3_000);
    assert!(!world.node(hidden).is_member());
    world.set(hidden, "key", "value");
    assert_eq!(world.get(1, "key"), Some("value".into()));
    world.set(1, "key", "other");
    let (result, path, _) = world.ask(hidden, "key");
    assert_eq!(result, Ok(Outcome::Value("other".into())));
    assert!(!path.is_empty());
    assert!(matches!(world.update(hidden, "map", &[("a", 1)]), Ok(Outcome::Value(_))));
    world.delete(hidden, "key");
    assert_eq!(world.get(2, "key"), None);
    assert_eq!(world.node(hidden).data().count(), 0);
}

#[test]
fn who_only_asks_stores_nothing_until_it_joins() {
    for (seed, mode) in [Mode::Auto, Mode::Tables].into_iter().enumerate() {
        let mut world = World::of(seed as u64 + 500, &[mode, mode]);
        let asker = world.hosts.len();
        world.add(Config { mode, joined: false, ..Config::default() });
        world.run(5_000);
        (0..20u64).for_each(|n| world.set(asker, &format!("key {n}"), n));
        assert_eq!(world.node(asker).data().count(), 0);
        assert_eq!(world.get(asker, "key 7"), Some(7.into()));
        world.net.command(world.hosts[asker], |node, now| node.join(now));
        world.run(60_000);
        assert!(world.node(asker).data().count() > 0, "{mode:?}");
    }
}

//= wireworks#3.7/bounded test
#[test]
fn operations_are_bounded_and_end() {
    // nobody to ask: it only asks itself, and nobody else is there
    let mut world = World::new(600);
    world.add(Config { joined: false, queries: 3, ..Config::default() });
    world.run(100);
    for n in 0..5 {
        let asked = world.net.command(world.hosts[0], |node, now| node.get(now, &[n]));
        assert_eq!(asked.is_ok(), n < 3);
    }
    let long = world.net.command(world.hosts[0], |node, now| node.get(now, &[0; 1025]));
    assert_eq!(long, Err(chord::Error::KeyTooLong));
    world.run(11_000);
    assert_eq!(world.answers.len(), 3);
    assert!(world.answers.values().all(|(result, ..)| *result == Err(chord::Failure::Unreachable)));
}
