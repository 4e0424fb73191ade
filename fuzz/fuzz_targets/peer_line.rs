//! What is typed at a `peer`, and the commands of programs and pages: every line is understood or refused in words, and
//! values come back out of JSON as they went in.
#![no_main]
use apps::peer::json::{from_value, to_value};
use apps::common::clean;
use apps::peer::{Kind, Line, Lines, Op, Typed, http, words};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|data: &[u8]| {
    let [kind, limit, buffer, input @ ..] = data else { return };
    let kind = [Kind::Mesh, Kind::Sync, Kind::Chord][usize::from(kind % 3)];
    let limit = usize::from(*limit) * 64;
    let input = std::io::BufReader::with_capacity(usize::from(*buffer) + 1, input);
    for line in Lines::new(input, limit) {
        let Line::Text(line) = line else { continue };
        assert!(!line.contains('\n'));
        typed(&line, kind);
        match http::request(&line) {
            Ok((request, number)) => {
                assert_eq!(number, request.get("n_").cloned().unwrap_or_default());
                operation(&request);
                value(&request);
                shown(&request);
            }
            Err(answer) => assert!(answer["error"].is_string()),
        }
    }
});

/// What is typed becomes an operation that is right, or words.
fn typed(line: &str, kind: Kind) {
    match Typed::read(line, kind) {
        Some(Typed::Op(op)) => operation(&op),
        Some(Typed::Wrong(why)) => assert!(!why.is_empty()),
        Some(Typed::Help) | None => {}
    }
}

fn operation(request: &Value) {
    if let Err(why) = Op::read(request) {
        assert!(!why.is_empty() && request.get("op").is_none_or(|op| op != "peers"));
    }
}

/// JSON that was a value once stays the same.
fn value(json: &Value) {
    let Ok(value) = to_value(json) else { return };
    let json = from_value(&value);
    let again = to_value(&json).expect("our own JSON");
    assert_eq!(from_value(&again), json);
}

/// Events and answers of any form become lines that a terminal may show.
fn shown(json: &Value) {
    let lines = words::event(json).map(|(_, line)| line);
    for op in ["peers", "stats", "survey", "get", "keys", "data", "set"] {
        let lines = words::answer(op, json);
        assert!(lines.iter().all(|line| clean(line).chars().all(|c| !c.is_control())));
    }
    assert!(lines.is_none_or(|line| clean(&line).chars().all(|c| !c.is_control())));
}
