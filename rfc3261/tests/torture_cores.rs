//! The messages of RFC 4475 that parse but cannot be served: the status that a user agent answers them with.

#[path = "common/desk.rs"]
mod desk;

use desk::*;
use rfc3261::message::Name;
use rfc3261::ua::Event;

fn read(name: &str) -> Vec<u8> {
    let path = format!("{}/tests/torture/rfc4475/{name}.dat", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&path).unwrap_or_else(|e| panic!("{path}: {e}"))
}

/// Each message with the statuses that the table of expectations allows.
const STATUSES: [(&str, &[u16]); 8] = [
    ("unkscm", &[416]),
    ("novelsc", &[416]),
    ("bext01", &[420]),
    ("invut", &[415]),
    ("sdp01", &[406]),
    ("badbranch", &[200, 400]), // matched in the manner of RFC 2543, or refused
    ("zeromf", &[200]),         // OPTIONS to us: no hop is needed
    ("mcl01", &[400]),
];

#[test]
fn each_gets_its_status() {
    for (name, allowed) in STATUSES {
        let mut desk = Desk::new();
        desk.udp(read(name));
        let response = desk.response();
        assert!(allowed.contains(&response.status.0), "{name}: {:?}", response.status);
    }
}

#[test]
fn the_unknown_extensions_are_named() {
    let mut desk = Desk::new();
    desk.udp(read("bext01"));
    let response = desk.response();
    assert_eq!(response.headers.raw(Name::Unsupported), Some("nothingSupportsThis, nothingSupportsThisEither"));
}

#[test]
fn an_invitation_of_rfc_2543_rings() {
    let mut desk = Desk::new();
    desk.udp(read("inv2543"));
    assert!(matches!(desk.events()[..], [Event::Incoming { .. }]));
}

#[test]
fn a_response_that_names_a_broadcast_address_goes_nowhere() {
    let mut desk = Desk::new();
    desk.udp(read("bcast"));
    assert!(desk.sent().is_empty());
}
