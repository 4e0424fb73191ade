//! The dictionary that all nodes share.

use std::time::Duration;

use serde_json::{Value, json};

use super::program::{network, start, type_at};

/// After it, a write is in another second of the clock.
const SECOND: Duration = Duration::from_millis(1100);

fn key(text: &str) -> Value {
    json!({"$bin": text.bytes().map(|b| format!("{b:02x}")).collect::<String>()})
}

#[test]
fn what_one_writes_all_read() {
    let mut peers = network("sync", 5, &[]);
    peers.iter_mut().for_each(|peer| peer.has_peers(1));
    peers[1].result(json!({"op": "set", "key": key("colour"), "value": {"wall": "blue"}}));
    for peer in &mut peers {
        let update = peer.event("update");
        assert_eq!((&update["key"], &update["value"]), (&key("colour"), &json!({"wall": "blue"})));
        assert_eq!(peer.result(json!({"op": "get", "key": "colour"})), json!({"wall": "blue"}));
    }
    let owner = peers[1].id().to_owned();
    std::thread::sleep(SECOND); // within one second the smaller id wins, lease or not
    let refused = peers[2].ask(json!({"op": "set", "key": key("colour"), "value": 1}));
    assert!(refused["error"].as_str().unwrap().contains("leased"), "{refused}");
    peers[1].result(json!({"op": "delta", "key": key("colour"), "value": {"door": "red"}}));
    peers[4]
        .until(json!({"op": "get", "key": key("colour")}), |value| *value == json!({"wall": "blue", "door": "red"}));
    let data = peers[4].result(json!({"op": "data"}));
    assert_eq!((&data[0][0], &data[0][2]), (&key("colour"), &json!(owner)));

    // one who comes late is told everything
    let seed = peers[0].address();
    let mut late = start("sync", &["--connect", &seed]);
    assert_eq!(late.event("update")["owner"], owner);
    assert_eq!(late.result(json!({"op": "keys"})), json!([key("colour")]));

    peers[1].result(json!({"op": "del", "key": key("colour")}));
    late.event("delete");
    assert_eq!(late.result(json!({"op": "get", "key": key("colour")})), Value::Null);
    assert!(peers[1].ask(json!({"op": "del", "key": key("colour")}))["error"].is_string());
    assert_eq!(late.result(json!({"op": "snapshot"}))["keys"], 0);
}

#[test]
fn without_leases_the_last_write_wins_and_such_nodes_keep_to_themselves() {
    let mut peers = network("sync", 2, &["--no-leasing"]);
    peers[1].has_peers(1);
    peers[0].result(json!({"op": "set", "key": "k", "value": 1}));
    peers[1].event("update");
    std::thread::sleep(SECOND); // writes are ordered by the second
    peers[1].result(json!({"op": "set", "key": "k", "value": 2}));
    peers[0].until(json!({"op": "get", "key": "k"}), |value| *value == 2);
    let seed = peers[0].address();
    let mut leasing = start("sync", &["--connect", &seed]);
    assert!(leasing.event("error")["error"].as_str().unwrap().contains("no answer"));
}

#[test]
fn entries_can_be_typed_and_read() {
    let text = type_at(
        &["sync", "--port", "0", "-q"],
        &[
            "/set colour blue",
            "/set n {\"a\": 1}",
            "/delta n {\"b\": [2]}",
            "/get n",
            "/keys",
            "/data",
            "/del n",
            "/get n",
            "/del x",
        ],
    );
    for part in
        ["colour = blue by", "{\"a\":1,\"b\":[2]}", "n was deleted", "no such key", "not done: there is no value"]
    {
        assert!(text.contains(part), "{part} in {text}");
    }
}
