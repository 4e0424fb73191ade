//! Networks of old peers and ring nodes in many shapes and with many seeds: all see the same dictionary.
mod common;

use chord::{Mode, Outcome};
use common::World;
use serializer::Value;

#[test]
fn one_dictionary_whatever_the_seed() {
    for seed in 5000..5024u64 {
        let nodes = ["ttr", "rrt", "ttrr", "rrrrtt", "trr", "rtrt"][seed as usize % 6];
        println!("nodes {nodes}");
        let modes: Vec<Mode> = nodes.chars().map(|c| if c == 't' { Mode::Tables } else { Mode::Auto }).collect();
        let (mut world, count) = (World::of(seed, &modes), nodes.len());
        (0..count).for_each(|at| world.set(at, &format!("key {at}"), at));
        world.run(3_000);
        expect(&mut world, count, |n| n.into());
        (0..count).for_each(|at| world.set((at + 1) % count, &format!("key {at}"), "changed"));
        world.run(6_000);
        expect(&mut world, count, |_| "changed".into());
        world.delete(count - 1, "key 0");
        world.run(4_000);
        (0..count).for_each(|at| assert_eq!(world.get(at, "key 0"), None, "at {at}"));
    }
}

/// Whoever updates, the fields that the other side wrote stay: a gateway merges into what old peers have just set, and
/// old peers into what it set some seconds ago.
#[test]
fn an_update_is_merged_into_what_the_other_side_has_set() {
    for seed in 5100..5112u64 {
        let nodes = ["tr", "ttr", "trr"][seed as usize % 3];
        println!("nodes {nodes}");
        let modes: Vec<Mode> = nodes.chars().map(|c| if c == 't' { Mode::Tables } else { Mode::Auto }).collect();
        let (mut world, gateway) = (World::of(seed, &modes), nodes.len() - 1);
        let set = Value::Map(vec![("a".into(), 1.into()), ("b".into(), 2.into())]);
        let merged = Some(["a = 1", "b = 3", "c = 4"].map(str::to_owned).to_vec());
        let ways = [("set by an old peer", 0, gateway), ("set by a gateway", gateway, 0)];
        for (key, setter, updater) in ways {
            world.set(setter, key, set.clone());
            if setter == gateway {
                world.run(3_000); // what a gateway sets reaches the tables of old peers in a second or two
            }
            match world.update(updater, key, &[("b", 3), ("c", 4)]) {
                Ok(Outcome::Value(value)) => assert_eq!(fields(Some(value)), merged, "{key}"),
                other => panic!("{key}: {other:?}"),
            }
        }
        world.run(6_000);
        for (key, at) in ways.into_iter().flat_map(|(key, ..)| (0..modes.len()).map(move |at| (key, at))) {
            assert_eq!(fields(world.get(at, key)), merged, "{key}, at {at}");
        }
    }
}

/// The fields of a map in order, as text.
fn fields(map: Option<Value>) -> Option<Vec<String>> {
    let map = map?;
    let field = |(name, value): &(Value, Value)| {
        format!("{} = {}", String::from_utf8_lossy(name.as_bytes().unwrap()), value.as_u64().unwrap())
    };
    let mut fields: Vec<String> = map.as_map()?.iter().map(field).collect();
    fields.sort();
    Some(fields)
}

fn expect(world: &mut World, count: usize, value: impl Fn(usize) -> Value) {
    for at in 0..count {
        (0..count).for_each(|n| assert_eq!(world.get(at, &format!("key {n}")), Some(value(n)), "key {n} at {at}"));
    }
}
