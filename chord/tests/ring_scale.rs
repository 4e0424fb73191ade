//! Ten thousand nodes: the length of the way, and what half of them dying at once does to it.
mod ring_support;

use std::time::Duration;

use chord::ring::Config;
use ring_support::{Answer, Net};

/// One lookup from each of `n` random nodes for a random key, spread over ten seconds.
fn lookups(net: &mut Net, n: usize) -> Vec<Answer> {
    let alive = net.alive();
    let mut asked = Vec::with_capacity(n);
    for _ in 0..n {
        let at = alive[net.rng.below(alive.len() as u64) as usize];
        let key = net.random_key();
        asked.push(net.lookup(at, key));
        net.run(Duration::from_millis(2));
    }
    net.run(Duration::from_secs(60));
    asked.iter().map(|id| net.answers[id].clone()).collect()
}

fn mean(answers: &[Answer], of: impl Fn(&Answer) -> usize) -> f64 {
    answers.iter().map(of).sum::<usize>() as f64 / answers.len() as f64
}

fn wrong(answers: &[Answer]) -> Vec<&Answer> {
    answers.iter().filter(|a| !a.is_right()).collect()
}

/// No rounds at all: the nodes live on what they know.
fn at_rest() -> Config {
    let never = Duration::from_secs(1_000_000);
    Config { stabilize: never, repair: never, ..Config::default() }
}

//= chord#4.4/path test
//= chord#4.4/closest-preceding test
//= chord#4.2/successor test
//= chord#5.1/iterative test
#[test]
fn ten_thousand_nodes_find_each_key_in_half_the_logarithm() {
    let mut net = Net::ready(7, 10_000, at_rest());
    let answers = lookups(&mut net, 2_000);
    assert_eq!(wrong(&answers).len(), 0);
    let (hops, limit) = (mean(&answers, |a| a.hops), 0.5 * 10_000f64.log2() + 1.0);
    println!("10,000 nodes: {hops:.2} nodes asked on average, at most {limit:.2}");
    assert!(hops <= limit, "{hops}");
}

//= chord#5.4/half-fails test
//= chord#4.5/next-best test
//= chord#4.5/timeout test
#[test]
fn half_of_ten_thousand_nodes_die_at_once() {
    for seed in [1, 2] {
        let mut net = Net::ready(seed, 10_000, at_rest());
        for at in net.alive() {
            if net.rng.chance(0.5) {
                net.kill(at);
            }
        }
        let answers = lookups(&mut net, 2_000);
        let (hops, timeouts) = (mean(&answers, |a| a.hops), mean(&answers, |a| a.timeouts));
        println!("max {:?}", answers.iter().map(|a| (a.timeouts, a.hops)).max());
        println!("seed {seed}, half dead, no stabilisation: {hops:.2} asked, {timeouts:.2} in vain");
        assert_eq!(wrong(&answers).len(), 0, "seed {seed}: {:?}", wrong(&answers));
    }
}

//= chord#4.5/stabilize test
//= chord#4.5/successor-list test
//= chord#4.5/replace-successor test
//= chord#4.5/check-predecessor test
#[test]
fn stabilisation_closes_the_gaps() {
    let config = Config { fingers_per_round: 4, repair: Duration::from_secs(1_000_000), ..Config::default() };
    let mut net = Net::ready(3, 2_000, config);
    for at in net.alive() {
        if net.rng.chance(0.5) {
            net.kill(at);
        }
    }
    net.run(Duration::from_secs(300));
    let answers = lookups(&mut net, 1_000);
    let (hops, timeouts) = (mean(&answers, |a| a.hops), mean(&answers, |a| a.timeouts));
    println!("half dead, five minutes later: {hops:.2} asked, {timeouts:.3} in vain");
    assert_eq!(wrong(&answers).len(), 0, "{:?}", wrong(&answers));
    let ids: Vec<_> = net.members.keys().copied().collect();
    for (at, node) in net.members.values().enumerate() {
        let routes = net.node(*node).routes();
        assert_eq!(routes.successors()[0].id, ids[(at + 1) % ids.len()]);
        assert!(routes.predecessor().is_none_or(|p| p.id == ids[(at + ids.len() - 1) % ids.len()]));
    }
}
