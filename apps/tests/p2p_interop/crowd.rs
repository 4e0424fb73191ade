//! Twelve nodes, every second of them of the other program; then four die at once.
use std::time::Duration;

use serde_json::{Value, json};

use crate::network::{Network, is};
use crate::node::{Kind, Setup, ids};
use crate::report::{Column, Report, must};

pub const ROWS: &[&str] = &[REACH, PACED, AT_ONCE, AFTER];
pub const REACH: &str = "broadcast from each reaches all, once";
pub const PACED: &str = "100 paced broadcasts reach all, once";
const AT_ONCE: &str = "four die, the first too: what ours send at that moment reaches all of ours, once";
pub const AFTER: &str = "seconds later: broadcast from each of the living reaches all, once";

const NODES: usize = 12;
/// The first, through which all came, and some of each kind.
const DIE: [usize; 4] = [0, 3, 6, 9];
/// Nodes of ours look for lost peers again within this.
const HEAL: Duration = Duration::from_secs(20);

pub fn lacks(column: Column, row: &str) -> Option<&'static str> {
    let ours = column.kinds().contains(&Kind::Ours);
    (!ours && row == AT_ONCE).then_some("no node of ours takes part.")
}

pub fn run(report: &mut Report, setup: Setup) -> Result<(), String> {
    let kinds = crowd(report.column.kinds());
    let net = &mut Network::start(setup, &kinds)?;
    for node in 1..NODES {
        join(net, node, &kinds)?;
    }
    let all: Vec<_> = (0..NODES).collect();
    report.row(REACH, || each_to_all(net, &all, "first"));
    report.row(PACED, || net.paced(1, &without(&all, 1), 100, "paced"));
    DIE.iter().for_each(|&node| net.nodes[node].kill());
    let living = all.iter().copied().filter(|n| !DIE.contains(n)).collect::<Vec<_>>();
    let ours: Vec<_> = living.iter().copied().filter(|&n| kinds[n] == Kind::Ours).collect();
    if !ours.is_empty() {
        report.row(AT_ONCE, || {
            for &from in &ours {
                net.ask(from, json!({"op": "send", "args": ["at once", from]}))?;
            }
            for &from in &ours {
                heard_once(net, from, &without(&ours, from), "at once")?;
            }
            Ok(())
        });
    }
    report.row(AFTER, || {
        std::thread::sleep(Duration::from_secs(2)); // what the old ones need; ours were asked before
        each_of_to(net, &ours, &ours, "healed")?;
        each_to_all(net, &living, "after")
    });
    Ok(())
}

/// Lets a node dial the first one. A first one of js2p may lose that link again when it is told of others (bug 4), so that
/// any link will do there: whoever has one is part of the network.
fn join(net: &mut Network, node: usize, kinds: &[Kind]) -> Result<(), String> {
    if kinds[0] != Kind::Js2p {
        return net.link(node, 0);
    }
    let mut linked = Ok(());
    for _ in 0..3 {
        net.dial(node, 0)?;
        linked = net.nodes[node].until("linked", &json!({"op": "peers"}), |peers| !ids(peers).is_empty()).map(drop);
        if linked.is_ok() {
            break;
        }
    }
    linked
}

/// Half of the nodes are of the first kind; the other half is shared by the others.
fn crowd([first, second, third]: [Kind; 3]) -> Vec<Kind> {
    let others = [second, if third == first { second } else { third }];
    (0..NODES).map(|n| if n % 2 == 0 { first } else { others[n / 2 % 2] }).collect()
}

fn without(nodes: &[usize], one: usize) -> Vec<usize> {
    nodes.iter().copied().filter(|&n| n != one).collect()
}

fn each_to_all(net: &mut Network, nodes: &[usize], word: &str) -> Result<(), String> {
    each_of_to(net, nodes, nodes, word)
}

fn each_of_to(net: &mut Network, from: &[usize], to: &[usize], word: &str) -> Result<(), String> {
    for &one in from {
        net.ask(one, json!({"op": "send", "args": [word, one]}))?;
        heard_once(net, one, &without(to, one), word)?;
    }
    Ok(())
}

fn heard_once(net: &mut Network, from: usize, to: &[usize], word: &str) -> Result<(), String> {
    let (sender, values) = (net.id(from), json!([word, from]));
    let ours = net.nodes[from].kind == Kind::Ours;
    let is_this = |e: &Value| is(e, 0, &sender, &values);
    for &node in to {
        let node = &mut net.nodes[node];
        match ours && node.kind == Kind::Ours {
            true => must(node.wait_within(HEAL, &format!("{values}"), is_this))?,
            false => node.wait(&format!("{values}"), is_this)?,
        };
    }
    to.iter().try_for_each(|&node| must(net.once(from, node, |packets| *packets == values)).map(drop))
}
