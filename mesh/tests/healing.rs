//! What nodes do when others vanish: the network stays, or becomes again, one.
mod common;

use common::*;
use mesh::{Config, Event};
use sim::{HostId, Link, Network};
use wire::Rng;

/// A network of `count` nodes with `seeds` seeds that have met.
fn settled(seed: u64, count: usize, seeds: usize) -> (Net, Vec<HostId>) {
    let mut net = Network::new(seed);
    let known: Vec<usize> = (1..=seeds).collect();
    let hosts: Vec<_> = (1..=count)
        .map(|n| {
            let config = config(&net, n, &known);
            add(&mut net, config)
        })
        .collect();
    assert!(run_until_whole(&mut net, &hosts, secs(30)), "seed {seed}");
    net.run_for(secs(10));
    net.events();
    (net, hosts)
}

//= wireworks#1.3/ping test
//= wireworks#1.3/pong test
#[test]
fn a_neighbour_that_went_silent_is_noticed() {
    let (mut net, hosts) = settled(1, 2, 1);
    net.run_for(secs(60));
    assert!(net.events().is_empty(), "pings keep a quiet link");
    assert!(net.machine(hosts[0]).peers().all(|peer| peer.rtt.is_some()));
    net.stop(hosts[1]);
    net.run_for(secs(25));
    assert!(net.events().iter().any(|h| h.host == hosts[0] && matches!(h.event, Event::Left(..))));
}

#[test]
fn half_of_the_nodes_die_and_the_rest_is_whole() {
    for seed in 1..=5 {
        let (mut net, hosts) = settled(seed, 40, 3);
        let mut rng = Rng::from_u64(seed);
        let (mut dead, mut alive) = (Vec::new(), Vec::new());
        for (n, &host) in hosts.iter().enumerate() {
            // All seeds but one die too.
            if n < 2 || (n > 2 && rng.chance(0.5)) { dead.push(host) } else { alive.push(host) }
        }
        for &host in &dead {
            net.stop(host);
        }
        net.run_for(secs(25)); // until the silence is noticed
        assert!(run_until_whole(&mut net, &alive, secs(60)), "seed {seed}");
        net.events();
        broadcast(&mut net, alive[1], "still here");
        net.run_for(secs(5));
        assert_eq!(heard(&net.events(), "still here").len(), alive.len() - 1, "seed {seed}");
    }
}

#[test]
fn the_only_bridge_dies_and_both_sides_find_each_other() {
    // Two groups that know nothing of each other but one node that both have as their seed.
    let mut net = Network::new(9);
    let alone = Config { max_outgoing: 0, ..config(&net, 1, &[]) };
    let bridge = add(&mut net, alone);
    let group = |net: &mut Net, range: std::ops::RangeInclusive<usize>, head: usize| -> Vec<HostId> {
        range
            .map(|n| {
                let known = if n == head { vec![1] } else { vec![1, head] };
                let config = config(net, n, &known);
                add(net, config)
            })
            .collect()
    };
    let mut hosts = group(&mut net, 10..=19, 10);
    hosts.extend(group(&mut net, 20..=29, 20));
    net.run_for(secs(20));
    net.stop(bridge);
    net.run_for(secs(30));
    assert!(run_until_whole(&mut net, &hosts, secs(60)));
}

//= wireworks#1.4/beacon test
//= wireworks#1.4/touch test
#[test]
fn islands_with_enough_links_are_joined_by_a_seed() {
    for seed in 1..=4 {
        // Two networks grow apart, each well connected, since the line between them is cut. The seed is in the first.
        let mut net = Network::new(seed);
        let first: Vec<_> = (1..=15)
            .map(|n| {
                let config = config(&net, n, &[1]);
                add(&mut net, config)
            })
            .collect();
        let second: Vec<_> = (21..=35)
            .map(|n| {
                let config = config(&net, n, &[1, 21]);
                add(&mut net, config)
            })
            .collect();
        net.cut(&first, &second);
        net.run_for(secs(300));
        let all: Vec<_> = first.iter().chain(&second).copied().collect();
        assert!(!is_whole(&net, &all));
        assert!(second.iter().all(|&host| peers(&net, host) >= 4));
        net.heal_all();
        assert!(run_until_whole(&mut net, &all, secs(180)), "seed {seed}");
        let bridged: u64 = all.iter().map(|&host| net.machine(host).stats().bridged).sum();
        assert!((1..20).contains(&bridged), "seed {seed}: {bridged} bridges");
    }
}

//= wireworks#1.4/referral test
#[test]
fn a_seed_without_room_still_joins_islands() {
    let mut net = Network::new(3);
    let first: Vec<_> = (1..=12)
        .map(|n| {
            let config = Config { max_incoming: if n == 1 { 4 } else { 256 }, ..config(&net, n, &[1]) };
            add(&mut net, config)
        })
        .collect();
    let second: Vec<_> = (21..=32)
        .map(|n| {
            let config = config(&net, n, &[1, 21]);
            add(&mut net, config)
        })
        .collect();
    net.cut(&first, &second);
    net.run_for(secs(200));
    net.heal_all();
    let all: Vec<_> = first.iter().chain(&second).copied().collect();
    assert!(run_until_whole(&mut net, &all, secs(240)));
}

#[test]
fn touching_costs_little_when_the_network_is_whole() {
    let (mut net, hosts) = settled(5, 60, 1);
    let dialled = |net: &Net| hosts.iter().map(|&host| net.machine(host).stats().dialled).sum::<u64>();
    net.run_for(secs(60));
    let before = dialled(&net);
    net.run_for(secs(600));
    let per_minute = (dialled(&net) - before) as f64 / 10.0;
    assert!(per_minute < 60.0, "{per_minute} connections a minute among 60 nodes");
    let links: usize = hosts.iter().map(|&host| net.machine(host).stats().sizes.links).sum();
    assert!(links < 60 * 12, "{links}");
}

#[test]
fn all_seeds_go_and_come_back() {
    let mut net = Network::new(11);
    let known = [1, 2, 3];
    let seeds: Vec<_> = known
        .iter()
        .map(|&n| {
            let config = config(&net, n, &known);
            add(&mut net, config)
        })
        .collect();
    for &seed in &seeds {
        net.stop(seed);
    }
    let others: Vec<_> = (10..=20)
        .map(|n| {
            let config = config(&net, n, &known);
            add(&mut net, config)
        })
        .collect();
    net.run_for(secs(600));
    assert!(others.iter().all(|&host| peers(&net, host) == 0));
    // Ten minutes of trying cost each of them no more than backoff allows.
    let dialled = others.iter().map(|&host| net.machine(host).stats().dialled).max().unwrap();
    assert!(dialled < 3 * 20, "{dialled}");
    for (&n, &seed) in known.iter().zip(&seeds) {
        let node = mesh::Node::new(config(&net, n, &known), net.rng());
        net.restart(seed, node);
    }
    let all: Vec<_> = seeds.iter().chain(&others).copied().collect();
    assert!(run_until_whole(&mut net, &all, secs(120)));
    // And once more, with a network that has met: they stay together without seeds, and take them back.
    for &seed in &seeds {
        net.stop(seed);
    }
    net.run_for(secs(40));
    assert!(run_until_whole(&mut net, &others, secs(60)));
    for (&n, &seed) in known.iter().zip(&seeds) {
        let node = mesh::Node::new(config(&net, n, &known), net.rng());
        net.restart(seed, node);
    }
    assert!(run_until_whole(&mut net, &all, secs(120)));
}

//= wireworks#1.4/have test
//= wireworks#1.4/want test
#[test]
fn what_was_said_while_the_line_was_cut_is_made_up_for() {
    for seed in 1..=5 {
        let (mut net, hosts) = settled(seed, 20, 1);
        let (left, right) = hosts.split_at(10);
        net.cut(left, right);
        net.run_for(secs(45));
        net.events();
        broadcast(&mut net, left[3], "from the left");
        broadcast(&mut net, right[3], "from the right");
        net.run_for(secs(15));
        let events = net.events();
        assert_eq!(heard(&events, "from the left").len(), 9, "seed {seed}");
        net.heal_all();
        net.run_for(secs(110));
        let events = net.events();
        assert_eq!(heard(&events, "from the left"), right, "seed {seed}");
        assert_eq!(heard(&events, "from the right"), left, "seed {seed}");
    }
}

//= wireworks#1.4/not-from-before test
#[test]
fn a_newcomer_hears_nothing_from_before_its_time() {
    let (mut net, hosts) = settled(6, 5, 1);
    broadcast(&mut net, hosts[2], "before");
    net.run_for(secs(2));
    let config = config(&net, 50, &[1]);
    let newcomer = add(&mut net, config);
    net.run_for(secs(10));
    broadcast(&mut net, hosts[3], "after");
    net.run_for(secs(2));
    let events = net.events();
    assert!(!heard(&events, "before").contains(&newcomer));
    assert!(heard(&events, "after").contains(&newcomer));
    // It hands on what it did not tell.
    assert_eq!(net.machine(newcomer).stats().recovered, 1);
}

#[test]
fn a_bad_line_loses_no_broadcast() {
    let (mut net, hosts) = settled(8, 20, 2);
    net.set_default_link(Link::rough());
    for n in 0..50 {
        broadcast(&mut net, hosts[n % 20], &format!("number {n}"));
        net.run_for(std::time::Duration::from_millis(100));
    }
    net.run_for(secs(20));
    let events = net.events();
    for n in 0..50 {
        assert_eq!(heard(&events, &format!("number {n}")).len(), 19, "number {n}");
    }
}

#[test]
fn a_neighbour_on_a_thin_line_is_given_up_and_hinders_nobody() {
    let (mut net, hosts) = settled(12, 6, 1);
    let slow = hosts[5];
    for &other in &hosts[..5] {
        net.link(other, slow, Link { bandwidth: Some(64_000), ..Link::default() });
    }
    let long = "x".repeat(20_000);
    for n in 0..100 {
        net.command(hosts[1], |node, now| {
            node.broadcast(now, vec![format!("{n}").into(), long.clone().into()]).unwrap()
        });
        net.run_for(std::time::Duration::from_millis(20));
    }
    net.run_for(secs(2));
    let events = net.events();
    for n in 0..100 {
        let heard = heard(&events, &format!("{n}"));
        assert!([0, 2, 3, 4].iter().all(|&other| heard.contains(&hosts[other])), "{n}");
    }
    let gave_up = hosts[..5].iter().filter(|&&host| net.machine(host).stats().closed.contains_key("slow")).count();
    assert!(gave_up > 0);
}
