//! The synchronised table: writes seen everywhere, deltas, leases, a late joiner, deletion.
use serde_json::{Value, json};

use crate::network::Network;
use crate::node::{Kind, Setup, bytes};
use crate::report::{Report, must};

pub const ROWS: &[&str] = &[SET, TYPES, DELTA, LEASE, LATE, ALL, DELETE];
const SET: &str = "set on either side, update event and get on the other";
const TYPES: &str = "values of every type";
const DELTA: &str = "delta of the owner merges everywhere";
const LEASE: &str = "a leased key refuses another writer";
const LATE: &str = "a late joiner is given the table";
const ALL: &str = "a later set of each reaches all";
pub const DELETE: &str = "delete";

pub fn run(report: &mut Report, setup: Setup) -> Result<(), String> {
    let net = &mut Network::start(setup, &report.column.kinds()[..2])?;
    let third = report.column.kinds()[2];
    net.dial(1, 0)?;
    net.all_linked(&[0, 1])?;
    report.row(SET, || [(0, 1), (1, 0)].into_iter().try_for_each(|(from, to)| set_and_see(net, from, &[to], from)));
    report.row(TYPES, || {
        for value in [json!(7), json!(1.5), json!(true), json!("grüße"), json!({"$bin": "00ff"}), json!([1, ["x"]])] {
            set(net, 0, "typed", &value)?;
            holds(net, 1, "typed", &value)?;
        }
        Ok(())
    });
    report.row(DELTA, || {
        for (from, to) in [(0, 1), (1, 0)] {
            let key = format!("map of {from}");
            set(net, from, &key, &json!({"a": 1, "b": 2}))?;
            holds(net, to, &key, &json!({"a": 1, "b": 2}))?;
            net.ask(from, json!({"op": "delta", "key": bytes(&key), "value": {"b": 3, "c": 4}}))?;
            holds(net, from, &key, &json!({"a": 1, "b": 3, "c": 4}))?;
            holds(net, to, &key, &json!({"a": 1, "b": 3, "c": 4}))?;
        }
        Ok(())
    });
    report.row(LEASE, || {
        for (owner, other) in [(0, 1), (1, 0)] {
            let key = format!("leased by {owner}");
            set(net, owner, &key, &json!("mine"))?;
            holds(net, other, &key, &json!("mine"))?;
            // A tie within one second would go to the smaller id.
            std::thread::sleep(std::time::Duration::from_millis(1100));
            if set(net, other, &key, &json!("stolen")).is_ok() {
                return Err(format!("{} let another write", net.nodes[other].name()));
            }
            holds(net, owner, &key, &json!("mine"))?;
            holds(net, other, &key, &json!("mine"))?;
        }
        Ok(())
    });
    report.row(LATE, || {
        let late = net.add(third)?;
        net.dial(late, 0)?;
        net.all_linked(&[0, 1, late])?;
        for (key, value) in [("key 0", json!("value 0")), ("key 1", json!("value 1")), ("typed", json!([1, ["x"]]))] {
            holds(net, late, key, &value)?;
        }
        holds(net, late, "map of 0", &json!({"a": 1, "b": 3, "c": 4}))
    });
    report.row(ALL, || {
        for from in 0..net.nodes.len() {
            let others: Vec<_> = (0..net.nodes.len()).filter(|&n| n != from).collect();
            set_and_see(net, from, &others, 10 + from)?;
        }
        Ok(())
    });
    report.row(DELETE, || {
        let sturdy: Vec<_> = (0..net.nodes.len()).filter(|&n| net.nodes[n].kind != Kind::Js2p).collect();
        let deleter = sturdy.first().copied().unwrap_or(0);
        let key = format!("key {}", 10 + deleter);
        must_if(!sturdy.is_empty(), net.ask(deleter, json!({"op": "del", "key": bytes(&key)})))?;
        for node in sturdy {
            must(holds(net, node, &key, &Value::Null))?;
        }
        (0..net.nodes.len()).try_for_each(|node| holds(net, node, &key, &Value::Null))
    });
    Ok(())
}

fn must_if<T>(condition: bool, result: Result<T, String>) -> Result<T, String> {
    if condition { must(result) } else { result }
}

fn set(net: &mut Network, node: usize, key: &str, value: &Value) -> Result<Value, String> {
    net.ask(node, json!({"op": "set", "key": bytes(key), "value": value}))
}

/// Waits until the node holds this.
fn holds(net: &mut Network, node: usize, key: &str, value: &Value) -> Result<(), String> {
    let what = format!("{key:?} as {value}");
    net.nodes[node].until(&what, &json!({"op": "get", "key": bytes(key)}), |held| held == value).map(drop)
}

/// `from` writes a key of its own; the others are told by an event and hold it.
fn set_and_see(net: &mut Network, from: usize, to: &[usize], number: usize) -> Result<(), String> {
    let (key, value) = (format!("key {number}"), json!(format!("value {number}")));
    set(net, from, &key, &value)?;
    let owner = net.id(from);
    for &node in to {
        net.nodes[node].wait("update", |e| {
            e["ev"] == "update" && e["key"] == bytes(&key) && e["value"] == value && e["owner"] == owner
        })?;
        holds(net, node, &key, &value)?;
    }
    holds(net, from, &key, &value)
}
