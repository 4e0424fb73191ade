//! The program as people see it.

use std::net::TcpListener;

use serde_json::{Value, json};

use super::program::{output, type_at};

#[test]
fn typed_lines_are_answered_in_words() {
    let text = type_at(
        &["mesh", "--port", "0", "-q"],
        &["/peers", "/pears", "/set a b", "/help", "/stats", "/whisper 3x hi", "hello"],
    );
    for part in [
        "others join with: peer mesh --seed 127.0.0.1:",
        "no neighbours",
        "did you mean /peers",
        "peer sync",
        "/broadcast TEXT",
        "memory",
        "no such peer",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert!(!text.contains('\u{1b}'), "colours on no terminal: {text}");
}

#[test]
fn mistakes_say_what_to_do() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    for (args, code, part) in [
        (&["mesh", "--port", &port][..], 1, "in use; choose another with --port"),
        (&["mesh", "--listen", &format!("127.0.0.1:{port}")], 1, "in use; choose another with --listen"),
        (&["mesh", "--port", "0", "--http", &format!("127.0.0.1:{port}")], 1, "choose another with --http"),
        (&["mesh", "--listen", "192.0.2.1:0"], 1, "no such address here"),
        (&["mesh", "--port", "0", "--seed", "127.0.0.1:0"], 2, "has a port"),
        (&["mesh", "--port", "0", "--compression", "zip"], 2, "gzip"),
        (&["mesh", "--port", "0", "--capture", "/nowhere/x"], 1, "choose another with --capture"),
        (&["mesch"], 2, "'mesh'"),
    ] {
        let out = output(args);
        let why = String::from_utf8(out.stderr).unwrap();
        assert_eq!(out.status.code(), Some(code), "{args:?}: {why}");
        assert!(why.contains(part), "{args:?}: {why}");
        assert_eq!(why.lines().count(), 1, "{why}");
    }
}

#[test]
fn a_line_too_long_is_skipped() {
    let long = "x".repeat((33 << 20) + 1);
    let text = type_at(&["mesh", "--port", "0", "-q"], &[&long, "/peers"]);
    assert!(text.contains("a line of more than 34603008 bytes was skipped"), "{}", text.len());
    assert!(text.contains("no neighbours"), "it goes on");
    let text = type_at(&["mesh", "--port", "0", "-q", "--json"], &[&long, r#"{"op": "peers"}"#]);
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let errors = lines.iter().filter(|line| line["error"].as_str().is_some_and(|why| why.contains("skipped")));
    assert_eq!(errors.count(), 1, "{lines:?}");
    assert!(lines.iter().any(|line| line["re"] == "peers" && line["result"] == json!([])), "it goes on: {lines:?}");
}
