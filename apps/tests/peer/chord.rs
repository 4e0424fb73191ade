//! The dictionary that is spread over the nodes.

use serde_json::{Value, json};

use super::program::{Peer, network, start};

/// Waits until all stand in one ring.
fn ring(peers: &mut [Peer]) {
    let count = peers.len();
    for peer in peers.iter_mut() {
        peer.until(json!({"op": "snapshot"}), |state| {
            let known = state["successors"].as_array().map_or(0, Vec::len);
            state["member"] == true && known + 1 >= count.min(5) && state["predecessor"].is_string()
        });
    }
}

fn put(peer: &mut Peer, keys: std::ops::Range<usize>) {
    for n in keys {
        peer.result(json!({"op": "set", "key": format!("key {n}"), "value": n}));
    }
}

#[test]
fn six_nodes_keep_what_any_of_them_is_given() {
    let mut peers = network("chord", 6, &[]);
    ring(&mut peers);
    put(&mut peers[1], 0..20);
    for n in 0..20 {
        let answer = peers[n % 6].ask(json!({"op": "get", "key": format!("key {n}")}));
        assert_eq!(answer["result"], json!(n), "{answer}");
        assert!(answer["path"].is_array() && answer["seconds"].is_number(), "{answer}");
    }
    peers[5].until(json!({"op": "keys"}), |keys| keys.as_array().unwrap().len() == 20);
    peers[4].result(json!({"op": "set", "key": "map", "value": {"a": 1}}));
    assert_eq!(peers[2].result(json!({"op": "delta", "key": "map", "value": {"b": 2}})), json!({"a": 1, "b": 2}));
    peers[3].result(json!({"op": "del", "key": "key 7"}));
    assert_eq!(peers[0].result(json!({"op": "get", "key": "key 7"})), Value::Null);
    peers[0].event("add");
    peers[0].event("delete");

    // one leaves in order and one is killed: nothing is lost
    let mut leaves = peers.remove(5);
    leaves.close();
    leaves.event("bye");
    assert_eq!(leaves.ends(), Some(0));
    peers.remove(2).kill();
    for n in (0..20).filter(|n| *n != 7) {
        peers[n % 4].until(json!({"op": "get", "key": format!("key {n}")}), |value| *value == json!(n));
    }
}

#[test]
fn a_leeching_node_holds_nothing_until_it_joins() {
    let mut peers = network("chord", 3, &[]);
    ring(&mut peers);
    let seed = peers[0].address();
    let mut leech = start("chord", &["--leeching", "--connect", &seed]);
    leech.has_peers(1);
    put(&mut peers[1], 0..30);
    assert_eq!(leech.result(json!({"op": "get", "key": "key 3"})), 3);
    assert_eq!(leech.result(json!({"op": "data"})), json!({}));
    leech.result(json!({"op": "join"}));
    leech.until(json!({"op": "data"}), |data| {
        data.as_object().unwrap().values().any(|part| part.as_object().unwrap().len() > 2)
    });
    leech.result(json!({"op": "unjoin"}));
    for n in 0..30 {
        assert_eq!(peers[2].result(json!({"op": "get", "key": format!("key {n}")})), json!(n));
    }
}

#[test]
fn the_old_tables_alone() {
    let mut peers = network("chord", 2, &["--mode", "tables"]);
    peers.iter_mut().for_each(|peer| peer.has_peers(1));
    peers[0].result(json!({"op": "set", "key": "k", "value": "v"}));
    peers[1].until(json!({"op": "get", "key": "k"}), |value| *value == "v");
    let names: Vec<String> = peers
        .iter_mut()
        .flat_map(|peer| {
            let data = peer.result(json!({"op": "data"}));
            data.as_object().unwrap().keys().cloned().collect::<Vec<_>>()
        })
        .collect();
    assert!(names.contains(&"sha512".to_owned()) && !names.contains(&"ring".to_owned()), "{names:?}");
}
