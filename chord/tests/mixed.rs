//! Networks of old peers and ring nodes in many shapes and with many seeds: all see the same dictionary.
mod common;

use chord::Mode;
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

fn expect(world: &mut World, count: usize, value: impl Fn(usize) -> Value) {
    for at in 0..count {
        (0..count).for_each(|n| assert_eq!(world.get(at, &format!("key {n}")), Some(value(n)), "key {n} at {at}"));
    }
}
