//! CANCEL and timer C.

use std::time::Duration;

use crate::bench::*;

const CALLER: &str = "192.0.2.9:5060";
const A: &str = "192.0.2.20:5060";
const B: &str = "192.0.2.21:5060";

fn ringing() -> (Bench, String, String) {
    let mut bench = Bench::new();
    bench.register("bob", &["<sip:bob@192.0.2.20>", "<sip:bob@192.0.2.21>;q=0.1"]);
    let invite = request("INVITE", "sip:bob@example.com", "sip:bob@example.com", "");
    bench.udp(CALLER, &invite);
    let copy = bench.one(A);
    bench.udp(A, &response(&copy, 180, ""));
    assert_eq!(bench.status(CALLER), 180);
    (bench, invite, copy)
}

//= rfc3261#16.10/pending test
//= rfc3261#16.10/answer-200 test
//= rfc3261#16.10/generate test
#[test]
fn a_cancel_is_answered_and_passed_on() {
    let (mut bench, invite, copy) = ringing();
    bench.udp(CALLER, &follow("CANCEL", &invite));
    assert_eq!(bench.status(CALLER), 200);
    let cancel = bench.one(A);
    assert!(cancel.starts_with("CANCEL "));
    assert_eq!(values(&cancel, "Via"), values(&copy, "Via")[..1]);
    bench.udp(A, &response(&cancel, 200, ""));
    bench.udp(A, &response(&copy, 487, ""));
    assert_eq!(bench.status(CALLER), 487);
    assert!(bench.to(B).is_empty(), "the next target is not tried");
    assert_eq!(bench.proxy.stats().cancelled, 1);
    bench.udp(CALLER, &follow("ACK", &invite));
    bench.pass(Duration::from_secs(40));
    assert!(bench.is_idle());
}

#[test]
fn a_callee_that_ignores_the_cancel_is_given_up() {
    let (mut bench, invite, _) = ringing();
    bench.udp(CALLER, &follow("CANCEL", &invite));
    bench.to(CALLER);
    bench.pass(Duration::from_secs(33));
    assert_eq!(status(&bench.to(CALLER)[0]), 487);
    bench.udp(CALLER, &follow("ACK", &invite));
    bench.pass(Duration::from_secs(40));
    assert!(bench.is_idle());
}

#[test]
fn a_cancel_that_comes_too_late_changes_nothing() {
    let (mut bench, invite, copy) = ringing();
    bench.udp(A, &response(&copy, 200, ""));
    assert_eq!(bench.status(CALLER), 200);
    bench.udp(CALLER, &follow("CANCEL", &invite));
    assert_eq!(bench.status(CALLER), 200);
    assert!(bench.to(A).is_empty());
}

//= rfc3261#16.6/timer-c test
//= rfc3261#16.6/timer-c-length test
//= rfc3261#16.7/timer-c-reset test
//= rfc3261#16.7/timer-c-minimum test
//= rfc3261#16.8/fires test
//= rfc3261#16.8/fires-cancel test
#[test]
fn timer_c_cancels_what_rings_too_long_and_ringing_starts_it_anew() {
    let (mut bench, _, copy) = ringing();
    bench.pass(Duration::from_secs(180));
    assert!(bench.to(A).is_empty(), "not yet");
    bench.udp(A, &response(&copy, 180, ""));
    bench.to(CALLER);
    bench.pass(Duration::from_secs(180));
    assert!(bench.to(A).is_empty(), "the second 180 started it anew");
    bench.pass(Duration::from_secs(2));
    assert!(bench.to(A)[0].starts_with("CANCEL "));
    assert_eq!(bench.proxy.stats().timer_c, 1);
    bench.udp(A, &response(&copy, 487, ""));
    bench.to(A);
    assert!(bench.to(B)[0].starts_with("INVITE "), "then the next target is tried");
}

//= rfc3261#16.8/fires-408 test
#[test]
fn without_any_response_timer_c_counts_as_408() {
    let mut bench = Bench::with(|c| c.timer_c = Duration::from_secs(5), |_| ());
    bench.register("bob", &["<sip:bob@192.0.2.20>"]);
    bench.udp(CALLER, &request("INVITE", "sip:bob@example.com", "sip:bob@example.com", ""));
    bench.pass(Duration::from_secs(6));
    assert_eq!(bench.to(CALLER).iter().map(|t| status(t)).next_back(), Some(408));
}
