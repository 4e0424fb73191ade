//! The ring over the mesh: joins, leaves and crashes, after which every value, key and event is right.
mod common;

use std::collections::BTreeMap;

use chord::{Config, Mode, Outcome};
use common::World;
use serializer::Value;
use wire::Rng;

/// Asks living nodes in turn for every key.
fn check(world: &mut World, alive: &[usize], expected: &BTreeMap<String, u64>) {
    for (n, (key, value)) in expected.iter().enumerate() {
        let at = alive[n % alive.len()];
        assert_eq!(world.get(at, key), Some(Value::from(*value)), "{key} at {at}");
    }
}

fn filled(world: &mut World, alive: &[usize], keys: u64) -> BTreeMap<String, u64> {
    (0..keys)
        .map(|n| {
            let key = format!("key {n}");
            world.set(alive[n as usize % alive.len()], &key, n);
            (key, n)
        })
        .collect()
}

#[test]
fn sixteen_nodes_join_leave_and_crash() {
    let mut world = World::of(31, &[Mode::Auto; 16]);
    let mut alive: Vec<usize> = (0..16).collect();
    world.run(20_000);
    assert!(world.is_one_ring(&alive));
    let expected = filled(&mut world, &alive, 200);
    check(&mut world, &alive, &expected);

    // four leave in good order
    for at in [3, 7, 11, 15] {
        world.net.command(world.hosts[at], |node, now| node.unjoin(now));
        world.run(10_000);
        assert!(world.unjoined.contains(&world.hosts[at]), "{at} has left");
        world.net.stop(world.hosts[at]);
        alive.retain(|&other| other != at);
    }
    world.run(10_000);
    check(&mut world, &alive, &expected);

    // four crash, one after the other with time for repair between
    for at in [2, 6, 10, 14] {
        world.net.stop(world.hosts[at]);
        alive.retain(|&other| other != at);
        world.run(60_000);
    }
    assert!(world.is_one_ring(&alive));
    check(&mut world, &alive, &expected);

    // four come
    for _ in 0..4 {
        world.add(Config::default());
        alive.push(world.hosts.len() - 1);
        world.run(5_000);
    }
    world.run(60_000);
    assert!(world.is_one_ring(&alive));
    check(&mut world, &alive, &expected);
    for &at in &alive {
        assert_eq!(world.keys(at).len(), 200, "keys at {at}");
    }
}

#[test]
fn several_crash_at_once() {
    let mut world = World::of(32, &[Mode::Auto; 24]);
    let mut alive: Vec<usize> = (0..24).collect();
    world.run(20_000);
    let expected = filled(&mut world, &alive, 100);
    world.run(30_000);
    // fewer than the replicas of a key, and none of the seeds
    for at in [5, 9, 13, 20] {
        world.net.stop(world.hosts[at]);
        alive.retain(|&other| other != at);
    }
    // asked at once, while the dead are still in everybody's lists
    let (key, value) = expected.iter().next().unwrap();
    let (result, _, took) = world.ask(0, key);
    assert_eq!(result, Ok(Outcome::Value((*value).into())));
    println!("first answer after the crash took {took:?}");
    world.run(90_000);
    assert!(world.is_one_ring(&alive));
    check(&mut world, &alive, &expected);
}

#[test]
fn sixty_four_nodes_under_churn_lose_nothing() {
    let seed = 33;
    let mut world = World::of(seed, &[Mode::Auto; 64]);
    let mut alive: Vec<usize> = (0..64).collect();
    world.run(60_000);
    assert!(world.is_one_ring(&alive));
    let mut expected = filled(&mut world, &alive, 64);
    let mut rng = Rng::from_u64(seed);
    for round in 0..10u64 {
        // one crashes, one comes, some values change
        let victim = alive.remove(3 + rng.below(alive.len() as u64 - 3) as usize);
        world.net.stop(world.hosts[victim]);
        world.add(Config::default());
        alive.push(world.hosts.len() - 1);
        for n in 0..3 {
            let key = format!("key {}", rng.below(64));
            let value = 1000 + round * 10 + n;
            let at = alive[rng.below(alive.len() as u64 - 1) as usize];
            world.set(at, &key, value);
            expected.insert(key, value);
        }
        world.run(20_000);
    }
    world.run(60_000);
    assert!(world.is_one_ring(&alive));
    check(&mut world, &alive, &expected);
    let links = alive.iter().map(|&at| world.node(at).mesh().peers().count());
    println!("links: {:?}", links.collect::<Vec<_>>());
}

//= wireworks#3.6/one-ring test
#[test]
fn two_rings_that_meet_become_one() {
    let mut world = World::of(34, &[Mode::Auto; 8]);
    let alive: Vec<usize> = (0..8).collect();
    let (left, right): (Vec<_>, Vec<_>) = world.hosts.iter().partition(|host| host.index() < 4);
    let cut = world.net.cut(&left, &right);
    world.run(120_000);
    world.set(0, "left", 1);
    world.set(7, "right", 2);
    world.net.heal(cut);
    world.run(180_000);
    assert!(world.is_one_ring(&alive));
    for at in 0..8 {
        assert_eq!(world.get(at, "left"), Some(1.into()), "at {at}");
        assert_eq!(world.get(at, "right"), Some(2.into()), "at {at}");
        assert_eq!(world.keys(at), ["left", "right"], "at {at}");
    }
}
