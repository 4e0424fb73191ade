//! The distributed hash table: networks of two, three and four nodes.
use serde_json::{Value, json};

use crate::network::Network;
use crate::node::{Kind, LIMIT, Setup, bytes};
use crate::report::Report;

pub const ROWS: &[&str] = &[JOIN, SET2, DELTA, DELETE, SET3, SET4, LEAVE];
const JOIN: &str = "two nodes join";
pub const SET2: &str = "two nodes: set by each, add event, get by each";
pub const DELTA: &str = "two nodes: delta by each";
pub const DELETE: &str = "two nodes: delete";
pub const SET3: &str = "three nodes: old and new keys, got by each";
pub const SET4: &str = "four nodes: old and new keys, got by each";
pub const LEAVE: &str = "one leaves, every key is still found";

pub fn run(report: &mut Report, setup: Setup) -> Result<(), String> {
    let net = &mut Network::start(setup, &report.column.kinds()[..2])?;
    let kinds = report.column.kinds();
    let joined = report.row(JOIN, || {
        net.dial(1, 0)?;
        net.all_linked(&[0, 1])?;
        join(net, 0)?;
        join(net, 1)
    });
    if !joined {
        return Ok(());
    }
    report.row(SET2, || {
        for (from, to) in [(0, 1), (1, 0)] {
            let key = format!("two {from}");
            set(net, from, &key, &json!(from))?;
            net.nodes[to].wait("add", |e| e["ev"] == "add" && e["key"] == bytes(&key))?;
            found_by_all(net, &key, &json!(from))?;
        }
        Ok(())
    });
    report.row(DELTA, || {
        for from in [0, 1] {
            let key = format!("map {from}");
            set(net, from, &key, &json!({"a": 1, "b": 2}))?;
            found_by_all(net, &key, &json!({"a": 1, "b": 2}))?;
            net.ask(1 - from, json!({"op": "delta", "key": bytes(&key), "value": {"b": 3, "c": 4}}))?;
            found_by_all(net, &key, &json!({"a": 1, "b": 3, "c": 4}))?;
        }
        Ok(())
    });
    report.row(DELETE, || {
        set(net, 0, "gone", &json!("soon"))?;
        found_by_all(net, "gone", &json!("soon"))?;
        net.ask(0, json!({"op": "del", "key": bytes("gone")}))?;
        (0..net.nodes.len()).try_for_each(|node| missing(net, node, "gone"))
    });
    report.row(SET3, || grow(net, kinds[2], "three"));
    report.row(SET4, || grow(net, kinds[1], "four"));
    report.row(LEAVE, || {
        let leaver = net.nodes.len() - 1;
        net.ask(leaver, json!({"op": "unjoin"}))?;
        let stayed: Vec<_> = (0..leaver).collect();
        for key in ["two 0", "two 1", "three 0", "three 1", "three 2"] {
            let value = json!(key[key.len() - 1..].parse::<u64>().unwrap_or_default());
            stayed.iter().try_for_each(|&node| found(net, node, key, &value))?;
        }
        Ok(())
    });
    Ok(())
}

/// One node more: it finds the keys set before, and all find a key that each sets now.
fn grow(net: &mut Network, kind: Kind, name: &str) -> Result<(), String> {
    let new = net.add(kind)?;
    net.dial(new, 0)?;
    let all: Vec<_> = (0..=new).collect();
    net.all_linked(&all)?;
    join(net, new)?;
    for from in [0, 1] {
        found_by_all(net, &format!("two {from}"), &json!(from))?;
    }
    for from in all {
        let key = format!("{name} {from}");
        set(net, from, &key, &json!(from))?;
        found_by_all(net, &key, &json!(from))?;
    }
    Ok(())
}

/// The node joins the ring; the others learn that it stores.
fn join(net: &mut Network, node: usize) -> Result<(), String> {
    net.ask(node, json!({"op": "join"}))?;
    let id = net.id(node);
    for other in (0..net.nodes.len()).filter(|&n| n != node) {
        // Ours says nothing of others of its kind, which do not tell each other either: they are a ring.
        let ring = |p: &Value| p["features"].as_array().is_some_and(|codes| codes.contains(&json!(0x43)));
        net.nodes[other].until("storing", &json!({"op": "peers"}), |peers| {
            let stores = |p: &Value| p["id"] == *id && (p["leeching"] == false || ring(p));
            peers.as_array().into_iter().flatten().any(stores)
        })?;
    }
    Ok(())
}

fn set(net: &mut Network, node: usize, key: &str, value: &Value) -> Result<Value, String> {
    net.ask(node, json!({"op": "set", "key": bytes(key), "value": value}))
}

/// Asks for the key until the value is found: a `set` is not acknowledged.
fn found(net: &mut Network, node: usize, key: &str, value: &Value) -> Result<(), String> {
    let get = json!({"op": "get", "key": bytes(key), "timeout": 2});
    let end = std::time::Instant::now() + LIMIT;
    loop {
        let got = net.ask(node, get.clone());
        if got.as_ref().is_ok_and(|got| got == value) {
            return Ok(());
        }
        if std::time::Instant::now() > end {
            return Err(format!("{}: {key:?} is {got:?}, not {value}", net.nodes[node].name()));
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}

fn found_by_all(net: &mut Network, key: &str, value: &Value) -> Result<(), String> {
    (0..net.nodes.len()).try_for_each(|node| found(net, node, key, value))
}

/// Asks for the key until it is not found: nil, or an error from js2p.
fn missing(net: &mut Network, node: usize, key: &str) -> Result<(), String> {
    let get = json!({"op": "get", "key": bytes(key), "timeout": 1});
    let end = std::time::Instant::now() + LIMIT;
    loop {
        match net.ask(node, get.clone()) {
            Ok(Value::Null) | Err(_) => return Ok(()),
            Ok(value) if std::time::Instant::now() > end => {
                return Err(format!("{}: {key:?} is still {value}", net.nodes[node].name()));
            }
            Ok(_) => std::thread::sleep(std::time::Duration::from_millis(50)),
        }
    }
}
