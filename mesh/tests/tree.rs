//! Broadcasts among capable nodes go along a tree: each node gets each once, whatever becomes of the links.
mod common;

use std::time::Duration;

use common::*;
use mesh::{BASE, Config, Event};
use serializer::{Flag, MainFlag, Message, Value};
use sim::{HostId, Link, Network};
use wire::ConnId;

const PRUNE: u64 = 8;
const NEWS: u64 = 9;
const GRAFT: u64 = 10;

fn millis(n: u64) -> Duration {
    Duration::from_millis(n)
}

/// `count` nodes of which everybody is linked to everybody.
fn full(seed: u64, count: usize, change: impl Fn(usize, &mut Config)) -> (Net, Vec<HostId>) {
    let mut net = Network::new(seed);
    net.set_default_link(Link { jitter: millis(3), ..Link::with_delay(millis(5)) });
    let known: Vec<usize> = (1..=count).collect();
    let hosts: Vec<_> = known
        .iter()
        .map(|&n| {
            let mut config = Config { max_outgoing: count, ..config(&net, n, &known) };
            change(n, &mut config);
            add(&mut net, config)
        })
        .collect();
    net.run_for(secs(40));
    assert!(hosts.iter().all(|&host| peers(&net, host) == count - 1), "seed {seed}");
    net.events();
    (net, hosts)
}

fn sum(net: &Net, hosts: &[HostId], count: impl Fn(&mesh::Stats) -> u64) -> u64 {
    hosts.iter().map(|&host| count(&net.machine(host).stats())).sum()
}

/// Lets each in turn say something, and looks that all others hear it once.
fn talk(net: &mut Net, hosts: &[HostId], name: &str, rounds: usize) {
    for n in 0..rounds {
        let by = hosts[n % hosts.len()];
        broadcast(net, by, &format!("{name} {n}"));
        net.run_for(millis(300));
    }
    net.run_for(secs(2));
    let events = net.events();
    for n in 0..rounds {
        let others: Vec<_> = hosts.iter().copied().filter(|&host| host != hosts[n % hosts.len()]).collect();
        assert_eq!(heard(&events, &format!("{name} {n}")), others, "{name} {n}");
    }
}

//= wireworks#1.7/prune test
//= wireworks#1.7/news test
#[test]
fn repeats_stop_after_the_first_broadcasts() {
    for seed in 1..=3 {
        let (mut net, hosts) = full(seed, 10, |_, _| {});
        talk(&mut net, &hosts, "first", 20);
        let before = sum(&net, &hosts, |stats| stats.duplicates);
        assert!(before > 0, "seed {seed}: a full mesh begins as a flood");
        talk(&mut net, &hosts, "then", 50);
        let more = sum(&net, &hosts, |stats| stats.duplicates) - before;
        // 450 copies are needed; beacons, which everybody sends to everybody, make some repeats.
        assert!(more < 150, "seed {seed}: {more} repeats of 50 broadcasts among 10 nodes");
        let without = full(seed, 10, |_, config| config.tree = false);
        let (mut net, hosts) = without;
        talk(&mut net, &hosts, "flood", 50);
        assert!(sum(&net, &hosts, |stats| stats.duplicates) > 1500, "seed {seed}");
    }
}

/// Frames for each delivery, of whatever kind, while one of ten nodes with 4 to 9 links says five things every 20 ms.
fn cost(seed: u64, tree: bool) -> f64 {
    let mut net = Network::new(seed);
    net.set_default_link(Link { jitter: Duration::from_micros(300), ..Link::with_delay(Duration::from_micros(100)) });
    let hosts: Vec<_> = (1..=10)
        .map(|n| {
            let config = Config { tree, ..config(&net, n, &[1]) };
            add(&mut net, config)
        })
        .collect();
    net.run_for(secs(5));
    net.events();
    let before = sum(&net, &hosts, |stats| stats.frames_out);
    for n in 0..1000 {
        broadcast(&mut net, hosts[9], &format!("message {n}"));
        if n % 5 == 4 {
            net.run_for(millis(20));
        }
    }
    net.run_for(secs(1));
    let told = net.events().iter().filter(|h| matches!(h.event, Event::Message(_))).count();
    assert_eq!(told, 9000, "seed {seed}");
    (sum(&net, &hosts, |stats| stats.frames_out) - before) as f64 / told as f64
}

//= wireworks#1.7/prune test
#[test]
fn a_delivery_costs_little_more_than_one_frame() {
    for seed in 1..=2 {
        let (flood, tree) = (cost(seed, false), cost(seed, true));
        println!("seed {seed}: {flood:.2} frames a delivery without the tree, {tree:.2} with it");
        assert!(tree < 1.4 && flood > 3.0, "seed {seed}: {flood:.2} and {tree:.2} frames");
    }
}

#[test]
fn all_talk_at_once_and_repeats_stop_all_the_same() {
    for seed in 1..=3 {
        let (mut net, hosts) = full(seed, 10, |_, _| {});
        let mut late = Vec::new();
        for round in 0..20 {
            let before = sum(&net, &hosts, |stats| stats.duplicates);
            for &host in &hosts {
                for n in 0..5 {
                    broadcast(&mut net, host, &format!("{round} {n} of {host:?}"));
                }
            }
            net.run_for(secs(2));
            let told = net.events().iter().filter(|h| matches!(h.event, Event::Message(_))).count();
            assert_eq!(told, 450, "seed {seed}: round {round}");
            late.push(sum(&net, &hosts, |stats| stats.duplicates) - before);
        }
        let last: u64 = late[15..].iter().sum();
        assert!(last < 5 * 450, "seed {seed}: {late:?} repeats a round");
    }
}

//= wireworks#1.7/chase test
//= wireworks#1.7/graft test
#[test]
fn a_cut_branch_is_grafted_around_within_a_second() {
    for seed in 1..=3 {
        let (mut net, hosts) = full(seed, 8, |_, _| {});
        talk(&mut net, &hosts, "first", 16);
        for n in 1..hosts.len() {
            // Nobody is told that the line is dead: its two ends have not noticed when the next broadcast comes.
            net.cut(&[hosts[0]], &[hosts[n]]);
            broadcast(&mut net, hosts[0], &format!("around {n}"));
            net.run_for(secs(1));
            let events = net.events();
            assert_eq!(heard(&events, &format!("around {n}")).len(), hosts.len() - 1, "seed {seed}: {n}");
            net.heal_all();
            net.run_for(secs(1));
        }
        assert!(sum(&net, &hosts, |stats| stats.grafted) > 0, "seed {seed}");
    }
}

//= wireworks#1.7/lost-branch test
#[test]
fn whoever_passed_all_on_leaves_and_nobody_misses_anything() {
    for seed in 1..=3 {
        let (mut net, hosts) = full(seed, 8, |_, _| {});
        for n in 0..10 {
            broadcast(&mut net, hosts[0], &format!("warm {n}"));
            net.run_for(millis(100));
        }
        net.events();
        // Whom most hear from goes in the middle of a sentence, and its links end with it.
        for n in 0..20 {
            broadcast(&mut net, hosts[0], &format!("on {n}"));
            net.run_for(millis(7));
            if n == 10 {
                let passes = |host: &&HostId| net.machine(**host).stats().frames_out;
                let gone = *hosts[1..].iter().max_by_key(passes).unwrap();
                for &host in hosts.iter().filter(|&&host| host != gone) {
                    let (id, now) = (id(&net, gone), net.now());
                    net.command(host, |node, _| drop(node.disconnect(now, &id)));
                }
                net.stop(gone);
            }
        }
        net.run_for(secs(2));
        let events = net.events();
        for n in 0..20 {
            assert!(heard(&events, &format!("on {n}")).len() >= hosts.len() - 2, "seed {seed}: {n}");
        }
    }
}

//= wireworks#1.7/whole test
#[test]
fn nodes_without_the_tree_are_flooded_as_before() {
    for seed in 1..=3 {
        let (mut net, hosts) = full(seed, 9, |n, config| {
            config.extensions = n % 3 != 0;
            config.tree = n % 3 == 1;
        });
        talk(&mut net, &hosts, "mixed", 27);
        for &host in hosts.iter().skip(1).step_by(3).chain(hosts.iter().skip(2).step_by(3)) {
            let stats = net.machine(host).stats();
            assert_eq!((stats.pruned, stats.grafted), (0, 0), "seed {seed}");
            // Each of its neighbours sends each broadcast, but for who has it from here.
            assert!(stats.duplicates > 27 * 3, "seed {seed}: {}", stats.duplicates);
        }
    }
}

// ---- one node, and what it says

fn op(message: &Message) -> Option<u64> {
    (message.sub() == Some(Flag::Other(u64::from(BASE)))).then(|| message.values()[0].as_u64()).flatten()
}

fn say(bench: &mut Bench, conn: ConnId, name: &str, op: u64, values: Vec<Value>) {
    let payload = [vec![Flag::Other(u64::from(BASE)).into(), op.into()], values].concat();
    let message = Message::new(MainFlag::Whisper, &named(name), bench.unix(), payload);
    bench.send(conn, &message);
}

/// What `news` says of that many broadcasts that do not exist, or of real ones.
fn news<'a>(messages: impl IntoIterator<Item = &'a Message>) -> Value {
    let entry = |message: &Message| [&message.id().as_bytes()[..16], &message.time().to_be_bytes()].concat();
    Value::Bin(messages.into_iter().flat_map(entry).collect::<Vec<u8>>().into())
}

fn ids(message: &Message) -> Vec<Vec<u8>> {
    message.values()[1].as_bytes().unwrap().chunks(16).map(<[u8]>::to_vec).collect()
}

fn count(sent: &[Message], wanted: u64) -> usize {
    sent.iter().filter(|message| op(message) == Some(wanted)).count()
}

fn capable(bench: &mut Bench, names: &[&str]) -> Vec<ConnId> {
    names.iter().map(|name| bench.neighbour(name, &[u64::from(BASE)])).collect()
}

//= wireworks#1.7/prune test
#[test]
fn only_a_capable_neighbour_is_asked_and_not_for_an_old_ones_sake() {
    let mut bench = Bench::plain();
    let old = bench.neighbour("old", &[]);
    let [a, b] = capable(&mut bench, &["a", "b"])[..] else { panic!() };
    let first = flood("x", bench.unix(), "by the old one first");
    for conn in [old, a, b] {
        bench.send(conn, &first);
    }
    assert_eq!(count(&bench.sent(a), PRUNE) + count(&bench.sent(b), PRUNE), 0);
    let second = flood("x", bench.unix(), "by a first");
    for conn in [a, old, b, b] {
        bench.send(conn, &second);
    }
    assert_eq!((count(&bench.sent(a), PRUNE), count(&bench.sent(b), PRUNE)), (0, 1));
    assert!(bench.sent(old).iter().all(|message| op(message).is_none()));
    // What was under way on b when it was asked is no reason to cut a too.
    let third = flood("x", bench.unix(), "by b first");
    for conn in [b, a] {
        bench.send(conn, &third);
    }
    assert_eq!(count(&bench.sent(a), PRUNE), 0);
}

//= wireworks#1.7/news test
//= wireworks#1.7/graft test
#[test]
fn a_neighbour_that_prunes_everything_harms_itself_only() {
    let mut bench = Bench::plain();
    let [a, b, c] = capable(&mut bench, &["a", "b", "c"])[..] else { panic!() };
    say(&mut bench, a, "a", PRUNE, vec![]);
    let message = flood("x", bench.unix(), "for a to ask for");
    bench.send(c, &message);
    assert!(bench.sent(b).contains(&message));
    assert!(bench.sent(a).is_empty());
    bench.wait(millis(250));
    let told = bench.sent(a);
    assert_eq!((told.len(), op(&told[0])), (1, Some(NEWS)));
    assert_eq!(told[0].values()[1], news([&message]));
    // Asked for, it comes once, and what is said from then on comes by itself.
    let asked = Value::Bin(message.id().as_bytes()[..16].to_vec().into());
    for _ in 0..3 {
        say(&mut bench, a, "a", GRAFT, vec![asked.clone()]);
    }
    assert_eq!(bench.sent(a), [message]);
    let next = flood("x", bench.unix(), "next");
    bench.send(c, &next);
    assert_eq!(bench.sent(a), [next]);
}

//= wireworks#1.7/last-branch test
#[test]
fn the_last_one_is_pushed_to_whatever_it_wishes() {
    let mut bench = Bench::plain();
    let [a, b] = capable(&mut bench, &["a", "b"])[..] else { panic!() };
    say(&mut bench, a, "a", PRUNE, vec![]);
    say(&mut bench, b, "b", PRUNE, vec![]);
    let now = bench.now;
    let message = bench.node.broadcast_as(now, Flag::Broadcast, vec!["mine".into()]).unwrap();
    bench.collect();
    assert!(bench.sent(a).is_empty());
    let sent = bench.sent(b);
    assert_eq!((sent.len(), op(&sent[0])), (2, Some(GRAFT)), "it is told that it will be sent everything");
    assert_eq!(sent[1], message);
}

//= wireworks#1.7/chase test
#[test]
fn one_after_another_is_asked_for_what_does_not_come() {
    let mut bench = Bench::plain();
    let links = capable(&mut bench, &["a", "b", "c"]);
    let message = flood("x", bench.unix(), "told of");
    for (conn, name) in links.iter().zip(["a", "b", "c"]) {
        say(&mut bench, *conn, name, NEWS, vec![news([&message])]);
    }
    let mut asked = Vec::new();
    for wait in [140, 20, 480, 20, 480, 20] {
        bench.wait(millis(wait));
        asked.push(links.iter().map(|&conn| count(&bench.sent(conn), GRAFT)).collect::<Vec<_>>());
    }
    assert_eq!(asked, [[0, 0, 0], [1, 0, 0], [0, 0, 0], [0, 1, 0], [0, 0, 0], [0, 0, 1]]);
    assert_eq!(bench.node.stats().sizes.missing, 1);
    bench.send(links[2], &message);
    assert_eq!((bench.events().len(), bench.node.stats().recovered), (1, 1));
    assert_eq!(bench.node.stats().sizes.missing, 0);
    bench.wait(secs(2));
    assert!(links.iter().all(|&conn| count(&bench.sent(conn), GRAFT) == 0));
}

//= wireworks#1.7/broken-promises test
#[test]
fn who_tells_of_what_does_not_exist_is_not_asked_without_end() {
    let mut bench = Bench::plain();
    let [liar, honest] = capable(&mut bench, &["liar", "honest"])[..] else { panic!() };
    let mut asked = 0;
    for n in 0..400u64 {
        let junk: Vec<_> = (0..100).map(|m| flood("x", bench.unix(), &format!("junk {n} {m}"))).collect();
        say(&mut bench, liar, "liar", NEWS, vec![news(&junk)]);
        bench.wait(millis(20));
        assert!(bench.node.stats().sizes.missing <= 256);
        let sent = bench.sent(liar);
        asked +=
            sent.iter().filter(|message| op(message) == Some(GRAFT)).map(|message| ids(message).len()).sum::<usize>();
    }
    assert!((1..=1024).contains(&asked), "{asked}");
    bench.wait(secs(3));
    assert_eq!(bench.node.stats().sizes.missing, 0);
    // Others are believed as before.
    let real = flood("x", bench.unix(), "real");
    say(&mut bench, honest, "honest", NEWS, vec![news([&real])]);
    bench.wait(millis(200));
    assert_eq!(count(&bench.sent(honest), GRAFT), 1);
    bench.send(honest, &real);
    assert!(matches!(&bench.events()[..], [.., Event::Message(_)]));
}

//= wireworks#1.7/pushed-out test
#[test]
fn what_leaves_the_memory_too_soon_is_sent_whole() {
    let mut config = Config::default();
    config.limits.recent = 10;
    let mut bench = Bench::new(config);
    let [a, b] = capable(&mut bench, &["a", "b"])[..] else { panic!() };
    say(&mut bench, a, "a", PRUNE, vec![]);
    let all: Vec<_> = (0..30).map(|n| flood("x", bench.unix(), &format!("number {n}"))).collect();
    for message in &all {
        bench.send(b, message);
    }
    assert_eq!(bench.sent(a), all[..20]);
    bench.wait(millis(300));
    assert_eq!(bench.sent(a)[0].values()[1], news(&all[20..]));
    bench.wait(secs(1));
    bench.out.clear();
    let late = flood("x", bench.unix(), "late");
    bench.send(b, &late);
    assert!(bench.sent(a).is_empty(), "what went had been told of long enough");
}
