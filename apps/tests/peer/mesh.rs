//! Networks of processes.

use serde_json::{Value, json};

use super::program::{network, output, start};

#[test]
fn ten_nodes_hear_each_broadcast_once_and_find_each_other() {
    let mut peers = network("mesh", 10, &[]);
    peers.iter_mut().for_each(|peer| peer.has_peers(1));
    let survey = peers[3].until(json!({"op": "survey", "timeout": 2}), |nodes| nodes.as_array().unwrap().len() == 10);
    assert!(survey.as_array().unwrap().iter().all(|node| !node["links"].as_array().unwrap().is_empty()));

    for (at, text) in ["from the first", "from the last"].into_iter().enumerate() {
        let speaker = at * 9;
        peers[speaker].result(json!({"op": "send", "args": [text]}));
        for (_, peer) in peers.iter_mut().enumerate().filter(|(at, _)| *at != speaker) {
            peer.hear(text);
        }
    }
    for peer in &mut peers {
        assert_eq!(peer.heard("from the first") + peer.heard("from the last"), 0, "one came twice");
    }

    // an answer to any node, neighbour or not, by the message or by the beginning of its id
    peers[9].result(json!({"op": "reply", "args": ["an answer"]}));
    assert_eq!(peers[0].hear("an answer")["main"], 2);
    let start_of_id = peers[9].id()[..12].to_owned();
    peers[0].result(json!({"op": "whisper", "id": start_of_id, "args": ["psst"]}));
    let heard = peers[9].hear("psst");
    assert_eq!((&heard["sender"], &heard["type"]), (&json!(peers[0].id()), &json!(2)));
}

#[test]
fn a_network_heals_when_a_node_is_killed() {
    let mut peers = network("mesh", 5, &["--max-outgoing", "1"]);
    peers.iter_mut().for_each(|peer| peer.has_peers(1));
    let mut dead = peers.remove(2);
    dead.kill();
    peers[0].until(json!({"op": "survey", "timeout": 2}), |nodes| nodes.as_array().unwrap().len() == 4);
    peers[3].result(json!({"op": "send", "args": ["still here"]}));
    peers[..3].iter_mut().for_each(|peer| drop(peer.hear("still here")));
}

#[test]
fn every_value_arrives_as_it_was_sent() {
    let mut peers = network("mesh", 2, &["--compression", "snappy,zlib"]);
    peers[0].has_peers(1);
    let values =
        json!([null, true, -1, 1.5, u64::MAX, "text", {"$bin": "00ff"}, [[]], {"a": {"$bin": ""}, "$bin:6b": 1}]);
    peers[0].result(json!({"op": "send", "args": values.clone()}));
    assert_eq!(peers[1].event("message")["packets"], values);
    assert_eq!(peers[1].result(json!({"op": "peers"}))[0]["compression"], json!([32]));
    peers[0].result(json!({"op": "send", "type": 2, "flag": 2, "args": ["to all neighbours"]}));
    assert_eq!(peers[1].hear("to all neighbours")["main"], 2);
}

#[test]
fn operations_answer_in_the_fields_of_the_other_drivers() {
    let mut peers = network("mesh", 2, &[]);
    let (mut a, mut b) = (peers.remove(0), peers.remove(0));
    a.has_peers(1);
    let other = a.result(json!({"op": "peers"}))[0].clone();
    assert_eq!((&other["id"], &other["addr"], &other["outgoing"]), (&json!(b.id()), &b.ready["addr"], &json!(false)));
    assert_eq!(a.result(json!({"op": "status"})), "Nominal");
    assert!(a.result(json!({"op": "cpu"})).is_number());
    assert_eq!(a.result(json!({"op": "snapshot"}))["id"], a.id());
    a.result(json!({"op": "burst", "n": 50, "prefix": "m", "pad": 3}));
    assert_eq!(b.hear("m49xxx")["main"], 0);

    for (op, part) in [
        (json!({"op": "pears"}), "peers"),
        (json!({"op": "set", "key": "k", "value": 1}), "peer sync"),
        (json!({"op": "whisper", "id": "zzz", "args": []}), "no such peer"),
        (json!({"op": "reply", "args": []}), "no message"),
    ] {
        let answer = a.ask(op);
        assert!(answer["error"].as_str().unwrap().contains(part), "{answer}");
    }
    a.line("no json");
    let answer = a.event_where("answer", |line| line["error"].is_string());
    assert_eq!(answer["re"], Value::Null);

    let id = b.id().to_owned();
    a.result(json!({"op": "disconnect", "id": id}));
    a.event("left");
    let port = b.ready["addr"][1].clone();
    a.result(json!({"op": "connect", "host": "127.0.0.1", "port": port}));
    a.has_peers(1);
}

#[test]
fn it_leaves_when_asked_in_any_way() {
    for way in 0..4 {
        let mut peers = network("mesh", 2, &[]);
        let (mut stays, mut leaves) = (peers.remove(0), peers.remove(0));
        stays.has_peers(1);
        leaves.has_peers(1);
        match way {
            0 => leaves.close(),
            1 => leaves.line("{\"op\": \"quit\"}"),
            2 => leaves.signal("INT"),
            _ => leaves.signal("TERM"),
        }
        leaves.event("bye");
        assert_eq!(leaves.ends(), Some(0));
        let left = stays.event("left");
        assert_eq!((&left["id"], &left["reason"]), (&json!(leaves.id()), &json!("closed")));
    }
}

#[test]
fn the_same_twice_in_a_second_is_said_once() {
    let mut peers = network("mesh", 2, &[]);
    peers[0].has_peers(1);
    for _ in 0..3 {
        peers[0].result(json!({"op": "send", "args": ["again"]}));
    }
    peers[0].result(json!({"op": "send", "args": ["last"]}));
    peers[1].hear("last");
    assert!((1..=2).contains(&peers[1].heard("again")), "at most one in each second");
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let mut peers = network("chord", 2, &[]);
    peers[1].has_peers(1);
    peers[1].signal("INT");
    peers[1].signal("INT");
    peers[1].event("bye");
    assert_eq!(peers[1].ends(), Some(0));
}

#[test]
fn nodes_of_another_network_do_not_link() {
    let mut a = start("mesh", &["--subnet", "one"]);
    let seed = a.address();
    let mut b = start("mesh", &["--subnet", "two", "--connect", &seed]);
    a.until(json!({"op": "stats"}), |stats| stats["closed_network"].as_u64().is_some_and(|n| n > 0));
    assert_eq!(b.result(json!({"op": "peers"})), json!([]));
    assert!(b.event("error")["error"].as_str().unwrap().contains("--subnet"));
}

#[test]
fn frames_are_captured_in_both_directions() {
    let path = std::env::temp_dir().join(format!("peer-capture-{}", std::process::id()));
    let text = path.to_str().unwrap();
    {
        let mut peers = network("mesh", 2, &["--capture", text]);
        peers[1].has_peers(1);
        peers[1].result(json!({"op": "send", "args": ["seen"]}));
        peers[0].hear("seen");
    }
    let lines = std::fs::read_to_string(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    let frames: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let with = |dir: &str| frames.iter().filter(|frame| frame["dir"] == dir && hex(frame).contains("7365656e")).count();
    assert!(with("in") >= 1 && with("out") >= 1, "{lines}");
    assert!(
        frames.iter().all(|frame| hex(frame).len() / 2 == 4 + usize::from_str_radix(&hex(frame)[..8], 16).unwrap())
    );
}

fn hex(frame: &Value) -> &str {
    frame["hex"].as_str().unwrap()
}

#[test]
fn the_help_of_every_command_succeeds() {
    for args in [
        &["--help"][..],
        &["mesh", "--help"],
        &["sync", "--help"],
        &["chord", "--help"],
        &["sim", "--help"],
        &["--version"],
    ] {
        assert!(output(args).status.success(), "{args:?}");
    }
}
