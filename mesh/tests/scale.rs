//! A thousand nodes that come and go over lossy lines: every broadcast reaches every node that stays, once.
mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use common::*;
use mesh::{Config, Event, Limits, Node};
use sim::{HostId, Link, Network};
use wire::Rng;

const SEEDS: [usize; 3] = [1, 2, 3];

/// A network of `count` nodes with the limits that the test asserts.
fn grow(seed: u64, count: usize, links: usize) -> (Net, Vec<HostId>) {
    let mut net = Network::new(seed);
    net.set_default_link(Link { loss: 0.05, ..Link::with_delay(Duration::from_millis(20)) });
    let mut hosts = Vec::new();
    for n in 1..=count {
        let config = small(&net, n, links);
        hosts.push(add(&mut net, config));
        if n % 50 == 0 {
            net.run_for(Duration::from_millis(500));
        }
    }
    (net, hosts)
}

fn small(net: &Net, n: usize, links: usize) -> Config {
    let limits = Limits { addresses: 200, routes: 500, seen: 1000, recent: 200, ..Limits::default() };
    Config { max_outgoing: links, max_incoming: 32, limits, ..config(net, n, &SEEDS) }
}

/// One broadcast under way: who was there when it was said, and who has been told.
struct Said {
    by: HostId,
    stays: BTreeSet<HostId>,
    told: BTreeMap<HostId, u32>,
}

/// Lets nodes come and go: every second some are switched off and older ones start anew at their addresses. Something is
/// said every five seconds for `talk` seconds; `quiet` more let the news arrive, while nodes still come and go.
fn churn(net: &mut Net, hosts: &[HostId], rng: &mut Rng, (talk, quiet): (u64, u64)) -> Vec<Said> {
    let links = net.machine(hosts[0]).config().max_outgoing;
    let per_second = (hosts.len() as f64 * 0.10 / 60.0).max(0.1);
    let (mut down, mut due) = (Vec::new(), 0.0);
    let mut said: Vec<Said> = Vec::new();
    for second in 0..talk + quiet {
        due += per_second;
        while due >= 1.0 {
            due -= 1.0;
            let gone = 3 + rng.below(hosts.len() as u64 - 3) as usize; // seeds stay
            if !down.contains(&gone) {
                net.stop(hosts[gone]);
                down.push(gone);
                for one in &mut said {
                    one.stays.remove(&hosts[gone]);
                }
            }
            if down.len() > 10 {
                let back = down.remove(0);
                let node = Node::new(small(net, back + 1, links), net.rng());
                net.restart(hosts[back], node);
            }
        }
        if second % 5 == 0 && second < talk {
            let by = loop {
                let by = rng.below(hosts.len() as u64) as usize;
                if !down.contains(&by) && peers(net, hosts[by]) > 0 {
                    break hosts[by];
                }
            };
            let up = |host: &HostId| !down.iter().any(|&n| hosts[n] == *host) && *host != by;
            // A node that is still joining hears it or not: it may have started after it was said.
            let stays = hosts.iter().copied().filter(up).filter(|&host| peers(net, host) > 0).collect();
            broadcast(net, by, &format!("number {}", said.len()));
            said.push(Said { by, stays, told: BTreeMap::new() });
        }
        let end = net.now() + secs(1);
        net.run_with(end, |_, host, event| {
            if let Event::Message(incoming) = event
                && let Some(number) = text(&incoming).strip_prefix("number ")
            {
                *said[number.parse::<usize>().unwrap()].told.entry(host).or_default() += 1;
            }
        });
    }
    said
}

/// `SEEDS=10 cargo test --release -p mesh --test scale` does it ten times.
#[test]
fn a_thousand_nodes_with_churn_hear_everything_once() {
    let runs = std::env::var("SEEDS").ok().and_then(|runs| runs.parse().ok()).unwrap_or(1);
    for seed in 20..20 + runs {
        thousand(seed);
    }
}

fn thousand(seed: u64) {
    let mut rng = Rng::from_u64(seed);
    let (mut net, hosts) = grow(seed, 1000, 4);
    net.run_for(secs(5));
    net.events();
    let said = churn(&mut net, &hosts, &mut rng, (60, 60));
    assert_heard_once(seed, &said, 800);
    for &host in &hosts {
        let sizes = net.machine(host).stats().sizes;
        assert!(sizes.links <= 2 * 32 + 16 + 16, "{sizes:?}");
        assert!(sizes.seen <= 1000 && sizes.recent <= 200 && sizes.recent_bytes <= 768 << 10, "{sizes:?}");
        assert!(sizes.addresses <= 203 + sizes.links && sizes.routes <= 500 && sizes.pending <= 256, "{sizes:?}");
        assert_eq!(sizes.queued, 0, "{sizes:?}");
    }
}

/// With one link each the network is a tree, which every loss cuts in two: nothing is heard by luck.
#[test]
fn a_tree_of_nodes_with_churn_hears_everything_once() {
    for seed in 1..=2 {
        let (mut net, hosts) = grow(seed, 200, 1);
        net.run_for(secs(20));
        net.events();
        let said = churn(&mut net, &hosts, &mut Rng::from_u64(seed), (60, 170));
        assert_heard_once(seed, &said, 80);
        let recovered: u64 = hosts.iter().map(|&host| net.machine(host).stats().recovered).sum();
        assert!(recovered > 10, "seed {seed}: only {recovered} were made up for");
    }
}

fn assert_heard_once(seed: u64, said: &[Said], at_least: usize) {
    assert!(said.len() >= 10);
    for (number, one) in said.iter().enumerate() {
        assert!(one.stays.len() > at_least, "seed {seed}: {} stayed", one.stays.len());
        let missed: Vec<_> = one.stays.iter().filter(|host| !one.told.contains_key(host)).collect();
        assert!(missed.is_empty(), "seed {seed}: number {number} by {:?} missed {missed:?}", one.by);
        // A node that started anew is another node.
        let twice = one.stays.iter().filter(|host| one.told.get(host).is_some_and(|&times| times > 1)).count();
        assert_eq!(twice, 0, "seed {seed}: number {number}");
    }
}

#[test]
fn two_runs_from_one_seed_are_equal() {
    let run = || {
        let (mut net, hosts) = grow(5, 60, 4);
        let said = churn(&mut net, &hosts, &mut Rng::from_u64(5), (10, 60));
        (net.trace_hash(), said.iter().map(|one| one.told.len()).collect::<Vec<_>>())
    };
    assert_eq!(run(), run());
}
