//! `peer`.

use std::time::Duration;

use crate::program::{Folder, Program};
use crate::record::check;

const PEER: &str = env!("CARGO_BIN_EXE_peer");

/// A node with its address, and the first of its addresses.
fn node(kind: &str, ip: &str, seed: &str, more: &[&str]) -> (Program, String) {
    let args =
        ["--json", "--kind", kind, "--port", "0", "-q", "--host", ip, "--random-seed", seed, "--max-outgoing", "1"];
    let mut node = Program::start(PEER, &[&args[..], more].concat());
    let line = node.wait(&["\"ready\""]);
    let ready: serde_json::Value = serde_json::from_str(&line).unwrap();
    (node, format!("{ip}:{}", ready["addr"][1]))
}

#[test]
fn a_broadcast_in_a_mesh() {
    let folder = Folder::new("mesh");
    let trace = folder.file("middle.pcap");
    let (mut middle, address) = node("mesh", "127.0.0.2", "1", &["--trace", &trace]);
    let (mut left, _) = node("mesh", "127.0.0.3", "2", &["--connect", &address]);
    middle.wait(&["\"joined\""]);
    let (mut right, _) = node("mesh", "127.0.0.4", "3", &["--connect", &address]);
    middle.wait(&["\"joined\""]);
    std::thread::sleep(Duration::from_millis(300));
    right.type_line(r#"{"op":"send","args":["hello, all"],"n_":1}"#);
    left.wait(&["hello, all"]);
    middle.wait(&["hello, all"]);
    check("mesh", &[trace], |_| true);
}

#[test]
fn a_late_node_gets_the_table() {
    let folder = Folder::new("sync");
    let trace = folder.file("first.pcap");
    let (mut first, address) = node("sync", "127.0.0.2", "1", &["--trace", &trace]);
    first.type_line(r#"{"op":"set","key":"colour","value":"blue","n_":1}"#);
    first.wait(&["\"re\":1"]);
    let (mut late, _) = node("sync", "127.0.0.3", "2", &["--connect", &address]);
    late.wait(&["\"update\"", "blue"]);
    check("sync", &[trace], |_| true);
}
