//! Values: written, read, replaced, deleted, handed over, and not lost while some replica lives.
mod ring_support;

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use chord::Key;
use chord::ring::{Config, Event, Failure, Outcome, Output, Refusal, Ring, Version};
use ring_support::Net;
use wire::{Instant, Rng};

fn config() -> Config {
    Config {
        stabilize: Duration::from_secs(10),
        repair: Duration::from_secs(30),
        merge: |old, update| Some([old.map_or(&b""[..], |old| old), update].concat().into()),
        ..Config::default()
    }
}

fn net(seed: u64, nodes: usize) -> Net {
    let mut net = Net::ready(seed, nodes, config());
    net.delay = Duration::from_millis(10);
    net
}

fn bytes(text: &str) -> Bytes {
    Bytes::copy_from_slice(text.as_bytes())
}

/// One command from a random node, and what came of it.
fn run(
    net: &mut Net,
    command: impl FnOnce(&mut Ring<u32>, Instant) -> chord::ring::LookupId,
) -> Result<Outcome<u32>, Failure> {
    let at = net.any();
    let id = net.command(at, command);
    for _ in 0..300 {
        net.run(Duration::from_millis(100));
        if let Some(answer) = net.answers.get(&(at, id)) {
            return answer.outcome.clone();
        }
    }
    panic!("no answer");
}

fn put(net: &mut Net, key: Key, value: &str) -> Version {
    let value = bytes(value);
    match run(net, |node, now| node.put(now, key, value)) {
        Ok(Outcome::Written(version)) => version,
        other => panic!("put: {other:?}"),
    }
}

fn get(net: &mut Net, key: Key) -> Option<Bytes> {
    match run(net, |node, now| node.get(now, key)) {
        Ok(Outcome::Value(value)) => value,
        other => panic!("get: {other:?}"),
    }
}

/// The nodes that hold a value at the key, in ring order from the one responsible.
fn holders(net: &Net, key: &Key) -> Vec<Key> {
    let from = net.members.range(key..).chain(net.members.range(..key));
    from.filter(|(_, at)| net.node(**at).held(key).is_some_and(|e| e.value.is_some())).map(|(id, _)| *id).collect()
}

//= wireworks#3.2/last-writer test
//= wireworks#3.2/version test
//= chord#4.5/replicate test
#[test]
fn a_dictionary() {
    let mut net = net(1, 60);
    let key = net.random_key();
    assert_eq!(get(&mut net, key), None);
    let first = put(&mut net, key, "a");
    assert_eq!(get(&mut net, key), Some(bytes("a")));
    let owner = net.owner(&key);
    let next: Vec<Key> =
        net.members.range(owner..).chain(net.members.range(..owner)).map(|(id, _)| *id).take(5).collect();
    assert_eq!(holders(&net, &key), next, "the one responsible and its next four successors");
    assert!(put(&mut net, key, "b") > first);
    let updated = run(&mut net, |node, now| node.update(now, key, bytes("c")));
    assert!(matches!(updated, Ok(Outcome::Written(_))));
    assert_eq!(get(&mut net, key), Some(bytes("bc")));
    run(&mut net, |node, now| node.delete(now, key)).unwrap();
    assert_eq!(get(&mut net, key), None);
    assert!(holders(&net, &key).is_empty());
    put(&mut net, key, "d");
    assert_eq!(get(&mut net, key), Some(bytes("d")));
}

//= chord#4.5/hand-over test
//= chord#4.5/new-replica test
//= wireworks#3.3/settle test
//= wireworks#3.3/read-on test
#[test]
fn every_value_follows_the_nodes_that_join_and_leave() {
    let mut net = net(2, 10);
    let keys: Vec<Key> = (0..60).map(|_| net.random_key()).collect();
    for (n, key) in keys.iter().enumerate() {
        put(&mut net, *key, &n.to_string());
    }
    for round in 0..30 {
        if round % 3 == 2 {
            let at = net.any();
            net.command(at, |node, now| node.leave(now));
        } else {
            let via = net.any();
            net.join(via);
        }
        // In the middle of it nothing is missing.
        net.run(Duration::from_millis(40));
        let n = net.rng.below(60) as usize;
        assert_eq!(get(&mut net, keys[n]), Some(bytes(&n.to_string())), "round {round}");
        net.run(Duration::from_secs(2));
    }
    net.run(Duration::from_secs(400));
    for (n, key) in keys.iter().enumerate() {
        assert_eq!(get(&mut net, *key), Some(bytes(&n.to_string())));
        assert_eq!(holders(&net, key).first(), Some(&net.owner(key)));
        let count = holders(&net, key).len();
        assert!((5..=6).contains(&count), "{count} copies: the superfluous ones went");
    }
}

//= chord#4.5/leave test
#[test]
fn with_a_single_copy_leaving_keeps_the_values() {
    let mut net = Net::ready(3, 12, Config { replicas: 1, ..config() });
    net.delay = Duration::from_millis(10);
    let keys: Vec<Key> = (0..40).map(|_| net.random_key()).collect();
    for key in &keys {
        put(&mut net, *key, "x");
        assert_eq!(holders(&net, key).len(), 1);
    }
    for _ in 0..9 {
        let at = net.any();
        net.command(at, |node, now| node.leave(now));
        net.run(Duration::from_secs(5));
    }
    assert_eq!(net.members.len(), 3);
    for key in &keys {
        assert_eq!(get(&mut net, *key), Some(bytes("x")));
    }
}

/// Nodes crash and join at random, but between two repairs one holder of each key survives.
//= wireworks#3.3/repair test
#[test]
fn no_value_is_lost_while_a_replica_lives() {
    for seed in 0..200 {
        let mut net = net(1_000 + seed, 24);
        let mut model = BTreeMap::new();
        for n in 0..40 {
            let key = net.random_key();
            put(&mut net, key, &n.to_string());
            model.insert(key, Some(bytes(&n.to_string())));
        }
        for round in 0..4 {
            disaster(&mut net, &model);
            for _ in 0..6 {
                let via = net.any();
                net.join(via);
            }
            for (n, key) in model.keys().copied().collect::<Vec<_>>().into_iter().enumerate() {
                if n % 10 == round {
                    let value = (net.rng.chance(0.7)).then(|| bytes(&format!("{round} {n}")));
                    write_until_taken(&mut net, key, value.as_ref());
                    model.insert(key, value);
                }
            }
            // The longest that a repair interval can be, and time for stabilisation to find the gaps.
            net.run(Duration::from_secs(60));
        }
        // A last copy that newcomers have cut off from its owner finds home within four intervals.
        net.run(Duration::from_secs(200));
        for (key, value) in &model {
            assert_eq!(get(&mut net, *key), *value, "seed {seed}, key {key:?}");
        }
    }
}

/// In the middle of a disaster a node may refuse a write for longer than one command is patient; none may be lost.
fn write_until_taken(net: &mut Net, key: Key, value: Option<&Bytes>) {
    for _ in 0..6 {
        let value = value.cloned();
        let done = run(net, |node, now| match value {
            Some(value) => node.put(now, key, value),
            None => node.delete(now, key),
        });
        if matches!(done, Ok(Outcome::Written(_))) {
            return;
        }
    }
    panic!("never taken");
}

/// Kills nodes at once, in random order, each one unless it is the last that holds some key's value.
fn disaster(net: &mut Net, model: &BTreeMap<Key, Option<Bytes>>) {
    // Only what was written last counts: a copy of an older value saves nothing.
    let is_current =
        |at: u32, key: &Key, value: &Option<Bytes>| net.node(at).held(key).is_some_and(|e| e.value == *value);
    let all = |key: &Key, value: &Option<Bytes>| -> Vec<Key> {
        net.members.iter().filter(|(_, at)| is_current(**at, key, value)).map(|(id, _)| *id).collect()
    };
    let mut holding: Vec<Vec<Key>> = model.iter().map(|(key, value)| all(key, value)).collect();
    let mut victims = net.alive();
    for n in (1..victims.len()).rev() {
        victims.swap(n, net.rng.below(n as u64 + 1) as usize);
    }
    let mut killed = 0;
    for at in victims {
        let id = net.contact(at).id;
        let last = holding.iter().any(|all| all.as_slice() == [id]);
        if killed < 12 && !last && net.members.len() > 6 {
            holding.iter_mut().for_each(|all| all.retain(|held| *held != id));
            net.kill(at);
            killed += 1;
        }
    }
}

//= wireworks#3.4/merge test
//= wireworks#3.4/spread test
//= wireworks#3.3/orphans test
#[test]
fn two_rings_become_one_when_a_bridge_is_offered() {
    let mut net = Net::new(5, config());
    net.delay = Duration::from_millis(10);
    let mut islands = Vec::new();
    for _ in 0..2 {
        let first = net.create();
        for _ in 1..25 {
            net.join(first);
            net.run(Duration::from_secs(1));
        }
        islands.push(first);
    }
    net.run(Duration::from_secs(60));
    let apart: Vec<u32> = net.alive();
    let mut values = Vec::new();
    for (n, at) in apart.into_iter().enumerate() {
        let key = net.random_key();
        net.command(at, |node, now| node.put(now, key, bytes(&n.to_string())));
        values.push((key, bytes(&n.to_string())));
    }
    net.run(Duration::from_secs(10));
    let stranger = net.contact(islands[1]);
    net.command(islands[0], |node, now| node.offer(now, stranger));
    net.run(Duration::from_secs(120));
    let ids: Vec<Key> = net.members.keys().copied().collect();
    for (at, node) in net.members.values().enumerate() {
        let routes = net.node(*node).routes();
        assert_eq!(routes.successors()[0].id, ids[(at + 1) % ids.len()], "successor of {at}");
        assert_eq!(routes.predecessor().map(|p| p.id), Some(ids[(at + ids.len() - 1) % ids.len()]));
    }
    net.run(Duration::from_secs(400));
    for (key, value) in values {
        assert_eq!(get(&mut net, key), Some(value), "{key:?}");
        assert_eq!(holders(&net, &key).first(), Some(&net.owner(&key)));
    }
}

//= wireworks#3.2/limits test
#[test]
fn limits_of_what_is_held() {
    let own = chord::ring::Contact::new(Key::from(1), 0);
    let limits = Config { max_value: 10, max_entries: 3, max_bytes: 10_000, max_lookups: 2, ..config() };
    let mut node = Ring::new(own, limits, Rng::from_u64(1));
    node.create(Instant::ZERO);
    let put = |node: &mut Ring<u32>, n: u64, value: &'static [u8]| {
        node.put(Instant::ZERO, Key::from(n), Bytes::from_static(value));
        std::iter::from_fn(|| node.poll())
            .find_map(|output| match output {
                Output::Event(Event::Answer { outcome, .. }) => Some(outcome.map(|_| ())),
                _ => None,
            })
            .unwrap()
    };
    assert_eq!(put(&mut node, 5, b"12345678901"), Err(Failure::Refused(Refusal::TooLarge)));
    for n in 1..=3 {
        assert_eq!(put(&mut node, n, b"1234567890"), Ok(()));
    }
    assert_eq!(put(&mut node, 4, b"1"), Err(Failure::Refused(Refusal::Full)));
    assert_eq!(put(&mut node, 3, b"1"), Ok(()), "in place of a larger one");
    assert_eq!(node.load().0, 3);
}
