//! The torture messages of RFC 4475 and RFC 5118: what is valid parses, what is invalid is refused with the right status.

use std::path::{Path, PathBuf};

use bytes::Bytes;
use rfc3261::message::{Message, ParseError};

/// What the parser does with a message.
#[derive(Debug, PartialEq)]
enum Fate {
    Taken,
    Answered(u16),
    Dropped,
}

/// Rows of class `semantic` that the parser refuses itself; all other such rows parse, and the cores answer them.
const REFUSED_ALREADY: [&str; 3] = ["rfc4475/insuf.dat", "rfc4475/multi01.dat", "rfc4475/mcl01.dat"];

/// Its printed Content-Length is longer than its body; the corrected copy is tested below.
const WRONG_LENGTH: &str = "rfc5118/ipv6-in-sdp.dat";

//= rfc3261#25.1/grammar test
#[test]
fn every_message_is_taken_or_refused_as_expected() {
    let table = std::fs::read_to_string(folder().join("sip-torture.tsv")).unwrap();
    let mut wrong = Vec::new();
    let mut rows = 0;
    for row in table.lines().skip(1) {
        let columns: Vec<&str> = row.split('\t').collect();
        let [file, class, _, expected, _] = columns[..] else { panic!("row of {} columns: {row}", columns.len()) };
        let expected = match (class, expected) {
            _ if file == WRONG_LENGTH || REFUSED_ALREADY.contains(&file) => Fate::Answered(400),
            ("valid" | "lenient" | "semantic", _) => Fate::Taken,
            ("invalid", e) if e.starts_with("505") => Fate::Answered(505),
            ("invalid", e) if e.starts_with("drop") => Fate::Dropped,
            ("invalid", _) => Fate::Answered(400),
            ("extra", _) => Fate::Dropped, // without a Via nobody can be answered
            _ => panic!("unknown class: {row}"),
        };
        let fate = fate(file);
        if fate != expected {
            wrong.push(format!("{file}: {fate:?}, not {expected:?}: {:?}", parse(file).err()));
        }
        rows += 1;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(rows, 62);
}

#[test]
fn messages_with_corrected_length_parse() {
    for file in ["ipv6-in-sdp", "mult-ip-in-sdp", "ipv4-mapped-ipv6"] {
        assert_eq!(fate(&format!("rfc5118/{file}.fixedlen.dat")), Fate::Taken, "{file}");
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/torture")
}

fn parse(file: &str) -> Result<Message, ParseError> {
    Message::parse(Bytes::from(std::fs::read(folder().join(file)).unwrap()))
}

fn fate(file: &str) -> Fate {
    match parse(file) {
        Ok(_) => Fate::Taken,
        Err(error) => error.status().map_or(Fate::Dropped, |status| Fate::Answered(status.0)),
    }
}
