//! The studies behind docs/guide/chord-scale.md, printed as its tables. `--write` puts them into the page.
#[path = "../tests/ring_support/mod.rs"]
mod ring_support;

use std::fmt::Write as _;
use std::time::{Duration, Instant as Clock};

use chord::Key;
use chord::ring::{Config, covering, preceding};
use ring_support::{Answer, Net};
use wire::{Instant, Rng};

fn main() {
    let mut tables = String::new();
    for study in [million, killed, churn] {
        let table = study();
        println!("{table}");
        tables += &table;
        tables.push('\n');
    }
    if std::env::args().any(|arg| arg == "--write") {
        write_page(&tables);
    }
}

/// Path length by size of the ring: routing state alone, made from the sorted ids, walked with the node's own decision.
fn million() -> String {
    let mut table = String::from(
        "### Length of the way\n\n| nodes | distinct fingers a node | nodes asked, mean | 99th percentile | limit 0.5 log2 N + 1 | lookups a second |\n|---|---|---|---|---|---|\n",
    );
    for n in [1_000, 10_000, 100_000, 1_000_000] {
        let ring = Ring::new(n);
        let mut rng = Rng::from_u64(99);
        let start = Clock::now();
        let mut hops: Vec<usize> =
            (0..100_000).map(|_| ring.walk(rng.below(n as u64) as usize, &random_key(&mut rng))).collect();
        let rate = 100_000.0 / start.elapsed().as_secs_f64();
        hops.sort_unstable();
        let mean = hops.iter().sum::<usize>() as f64 / hops.len() as f64;
        let limit = 0.5 * (n as f64).log2() + 1.0;
        assert!(mean <= limit, "{n} nodes: {mean} > {limit}");
        let fingers = ring.fingers.len() as f64 / n as f64;
        let p99 = hops[hops.len() * 99 / 100];
        _ = writeln!(table, "| {n} | {fingers:.1} | {mean:.2} | {p99} | {limit:.2} | {rate:.0} |");
    }
    table
}

/// The routing state of all nodes, as indices into the sorted ids.
struct Ring {
    ids: Vec<Key>,
    /// 0 to n-1 twice, so that each successor list is a slice.
    circle: Vec<u32>,
    fingers: Vec<u32>,
    first: Vec<u32>,
}

impl Ring {
    fn new(n: usize) -> Ring {
        let mut rng = Rng::from_u64(n as u64);
        let mut ids: Vec<Key> = (0..n).map(|_| random_key(&mut rng)).collect();
        ids.sort_unstable();
        let circle = (0..n as u32).chain(0..n as u32).collect();
        let (mut fingers, mut first) = (Vec::new(), vec![0]);
        for (at, id) in ids.iter().enumerate() {
            let end = id.distance(&ids[(at + SUCCESSORS) % n]).magnitude().unwrap_or(Key::BITS);
            for bit in end + 1..Key::BITS {
                let next = (ids.partition_point(|other| *other < id.ahead(bit)) % n) as u32;
                if fingers[first[at] as usize..].last() != Some(&next) {
                    fingers.push(next);
                }
            }
            first.push(fingers.len() as u32);
        }
        Ring { ids, circle, fingers, first }
    }

    /// How many nodes a lookup asks until the one responsible has confirmed.
    fn walk(&self, start: usize, key: &Key) -> usize {
        let n = self.ids.len();
        let before = self.ids[(start + n - 1) % n];
        if key.is_within(&before, &self.ids[start]) {
            return 0;
        }
        let id = |at: &u32| self.ids[*at as usize];
        let (mut at, mut hops) = (start, 0);
        loop {
            hops += 1;
            let own = self.ids[at];
            let successors = &self.circle[at + 1..=at + SUCCESSORS];
            if let Some(owner) = covering(&own, key, successors, id).first() {
                let right = self.ids.partition_point(|other| other < key) % n;
                assert_eq!(*owner as usize, right);
                return hops;
            }
            let fingers = &self.fingers[self.first[at] as usize..self.first[at + 1] as usize];
            at = *preceding(&own, key, fingers, successors, id).next().expect("a ring") as usize;
        }
    }
}

/// Half of the nodes and less die at once: table II of the paper.
fn killed() -> String {
    let mut table = String::from(
        "### Nodes that die at once, no stabilisation\n\n| nodes | dead | failed of 10,000 | way | in vain | paper, failed | paper, way | paper, in vain |\n|---|---|---|---|---|---|---|---|\n",
    );
    let never = Duration::from_secs(1_000_000);
    for n in [1_000, 10_000] {
        for (dead, way, vain) in PAPER_KILLED {
            let mut net = Net::ready(n as u64, n, Config { stabilize: never, repair: never, ..Config::default() });
            net.delay = Duration::from_millis(20); // no answer is late: what is in vain is dead
            for at in net.alive() {
                if net.rng.chance(dead) {
                    net.kill(at);
                }
            }
            let answers = ask(&mut net, 10_000, |net| net.run(Duration::from_millis(10)));
            let (wrong, hops, timeouts) = measure(&answers);
            let paper = if n == 1_000 { format!("0 | {way:.2} | {vain:.2}") } else { "- | - | -".into() };
            _ = writeln!(table, "| {n} | {:.0} % | {wrong} | {hops:.2} | {timeouts:.2} | {paper} |", 100.0 * dead);
            let failed: Vec<_> = answers.iter().filter(|a| !a.is_right()).collect();
            assert!(failed.is_empty(), "{n} nodes, {dead} dead: {failed:?}");
        }
    }
    table
}

/// Nodes join and crash all the time: table III of the paper.
fn churn() -> String {
    let mut table = String::from(
        "### Lookups during stabilisation, 1,000 nodes\n\n| joins and crashes a second | failed of 10,000 | way | in vain | messages a node and second | paper, failed | paper, way | paper, in vain |\n|---|---|---|---|---|---|---|---|\n",
    );
    for (rate, failed, way, vain) in PAPER_CHURN {
        let mut net = Net::ready((rate * 100.0) as u64, 1_000, Config::default());
        let (mut next_join, mut next_crash) = (Instant::ZERO, Instant::ZERO);
        let mut changing = |net: &mut Net, time: Duration| {
            let end = net.now + time;
            loop {
                let next = next_join.min(next_crash);
                net.run_until(next.min(end));
                if next >= end {
                    return;
                }
                if next == next_join {
                    if net.now > Instant::ZERO {
                        let via = net.any();
                        net.join(via);
                    }
                    next_join = net.now + poisson(&mut net.rng, rate);
                } else {
                    if net.now > Instant::ZERO {
                        let at = net.any();
                        net.kill(at);
                    }
                    next_crash = net.now + poisson(&mut net.rng, rate);
                }
            }
        };
        // The lists grow as stale as they get before anything is counted.
        changing(&mut net, Duration::from_secs(1_800));
        let (before, from) = (net.delivered, net.now);
        let answers = ask(&mut net, 10_000, |net| {
            let pause = poisson(&mut net.rng, 1.0);
            changing(net, pause);
        });
        let (wrong, hops, timeouts) = measure(&answers);
        let seconds = (net.now - from).as_secs_f64();
        let load = (net.delivered - before) as f64 / seconds / net.members.len() as f64;
        let wrong = wrong as f64 * 10_000.0 / answers.len() as f64;
        _ = writeln!(
            table,
            "| {rate:.2} | {wrong:.1} | {hops:.2} | {timeouts:.2} | {load:.2} | {failed} | {way:.2} | {vain:.2} |"
        );
    }
    table
}

fn ask(net: &mut Net, n: usize, mut pause: impl FnMut(&mut Net)) -> Vec<Answer> {
    let mut asked = Vec::with_capacity(n);
    for _ in 0..n {
        let (at, key) = (net.any(), net.random_key());
        asked.push(net.lookup(at, key));
        pause(net);
    }
    net.run(Duration::from_secs(60));
    // A node that crashed took its question with it.
    asked.iter().filter_map(|id| net.answers.get(id).cloned()).collect()
}

fn measure(answers: &[Answer]) -> (usize, f64, f64) {
    let n = answers.len() as f64;
    let wrong = answers.iter().filter(|a| !a.is_right()).count();
    let sum = |of: fn(&Answer) -> usize| answers.iter().map(of).sum::<usize>() as f64 / n;
    (wrong, sum(|a| a.hops), sum(|a| a.timeouts))
}

fn poisson(rng: &mut Rng, rate: f64) -> Duration {
    Duration::from_secs_f64(-(1.0 - rng.unit()).ln() / rate)
}

fn random_key(rng: &mut Rng) -> Key {
    let mut bytes = [0; Key::BYTES];
    rng.fill(&mut bytes);
    Key::from_bytes(&bytes)
}

fn write_page(tables: &str) {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/guide/chord-scale.md");
    let page = std::fs::read_to_string(path).expect("the page");
    let (head, rest) = page.split_once(BEGIN).expect("the begin mark");
    let (_, tail) = rest.split_once(END).expect("the end mark");
    std::fs::write(path, format!("{head}{BEGIN}\n{tables}{END}{tail}")).expect("written");
}

const SUCCESSORS: usize = 20;
const BEGIN: &str = "<!-- begin: written by cargo bench -p chord --bench ring_scale -- --write -->\n";
const END: &str = "<!-- end -->";
/// Table II of the paper: part of 1,000 nodes that fail, mean path length, mean number of timeouts; all lookups succeed.
const PAPER_KILLED: [(f64, f64, f64); 6] =
    [(0.0, 3.84, 0.0), (0.1, 4.03, 0.60), (0.2, 4.22, 1.17), (0.3, 4.44, 2.02), (0.4, 4.69, 3.23), (0.5, 5.09, 5.10)];
/// Table III of the paper: joins and leaves a second, failures of 10,000 lookups, mean path length, mean timeouts.
const PAPER_CHURN: [(f64, u32, f64, f64); 8] = [
    (0.05, 0, 3.90, 0.05),
    (0.10, 0, 3.83, 0.11),
    (0.15, 2, 3.84, 0.16),
    (0.20, 5, 3.81, 0.23),
    (0.25, 6, 3.83, 0.30),
    (0.30, 8, 3.91, 0.34),
    (0.35, 16, 3.94, 0.42),
    (0.40, 15, 4.06, 0.46),
];
