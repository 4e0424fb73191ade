//! Several targets: together, one after another, and which response wins.

use std::time::Duration;

use crate::bench::*;

const CALLER: &str = "192.0.2.9:5060";
const A: &str = "192.0.2.20:5060";
const B: &str = "192.0.2.21:5060";
const C: &str = "192.0.2.22:5060";

fn invited(contacts: &[&str]) -> Bench {
    let mut bench = Bench::new();
    bench.register("bob", contacts);
    bench.udp(CALLER, &request("INVITE", "sip:bob@example.com", "sip:bob@example.com", ""));
    bench
}

fn parallel() -> (Bench, [String; 3]) {
    let mut bench = invited(&["<sip:bob@192.0.2.20>", "<sip:bob@192.0.2.21>", "<sip:bob@192.0.2.22>"]);
    let copies = [bench.one(A), bench.one(B), bench.one(C)];
    (bench, copies)
}

/// Answers each branch with a status and tells what the caller got in the end.
fn outcome(statuses: [u16; 3]) -> String {
    let (mut bench, copies) = parallel();
    for ((copy, status), to) in copies.iter().zip(statuses).zip([A, B, C]) {
        bench.udp(to, &response(copy, status, ""));
    }
    let answer = bench.one(CALLER);
    bench.udp(CALLER, &follow("ACK", &response_to_ack(&answer)));
    bench.pass(Duration::from_secs(40));
    assert!(bench.is_idle(), "{:?} {}", bench.proxy.endpoint().stats(), bench.proxy.live());
    answer
}

/// An ACK for a failure has the headers of the response, and the Request-URI of the request.
fn response_to_ack(answer: &str) -> String {
    answer.replacen("SIP/2.0", "INVITE sip:bob@example.com SIP/2.0", 1)
}

//= rfc3261#22.3/forward-407 test
//= rfc3261#16.7/steps test
//= rfc3261#16.7/tag-kept-on-failure test
//= rfc3261#16.7/best test
//= rfc3261#16.7/best-stored test
//= rfc3261#16.7/best-6xx test
//= rfc3261#16.7/nothing-else test
#[test]
fn the_best_response_wins() {
    for (statuses, best) in [
        ([404, 486, 503], 404),
        ([486, 404, 500], 486),
        ([404, 407, 501], 407),
        ([503, 500, 302], 302),
        ([404, 603, 302], 603),
        ([408, 480, 487], 480),
        ([480, 415, 486], 415),
        ([503, 501, 503], 501),
        ([503, 503, 503], 500),
    ] {
        assert_eq!(status(&outcome(statuses)), best, "{statuses:?}");
    }
}

//= rfc3261#22.3/no-own-credentials test
//= rfc3261#22.3/forward-407 test
//= rfc3261#22.3/aggregate test
//= rfc3261#16.7/aggregate test
//= rfc3261#16.7/forwarded-steps test
//= rfc3261#16.7/best-steps test
#[test]
fn challenges_are_gathered() {
    let (mut bench, copies) = parallel();
    bench.udp(A, &response(&copies[0], 401, "WWW-Authenticate: Digest realm=\"a\", nonce=\"1\"\r\n"));
    bench.udp(B, &response(&copies[1], 404, ""));
    bench.udp(C, &response(&copies[2], 407, "Proxy-Authenticate: Digest realm=\"c\", nonce=\"2\"\r\nProxy-Authenticate: Digest realm=\"c\", nonce=\"3\", algorithm=SHA-256\r\n"));
    let answer = bench.one(CALLER);
    assert_eq!(status(&answer), 401);
    assert_eq!(values(&answer, "WWW-Authenticate"), ["Digest realm=\"a\", nonce=\"1\""]);
    assert_eq!(values(&answer, "Proxy-Authenticate").len(), 2);
}

//= rfc3261#16.1/fork-stateful test
//= rfc3261#16.7/cancel-rest test
#[test]
fn the_first_to_answer_gets_the_call_and_the_others_a_cancel() {
    let (mut bench, copies) = parallel();
    bench.udp(A, &response(&copies[0], 180, ""));
    bench.udp(B, &response(&copies[1], 180, ""));
    assert_eq!(bench.to(CALLER).len(), 2);
    bench.udp(B, &response(&copies[1], 200, ""));
    assert_eq!(bench.status(CALLER), 200);
    let cancel = bench.one(A);
    assert!(cancel.starts_with("CANCEL sip:bob@192.0.2.20 "), "{cancel}");
    assert!(bench.to(C).is_empty(), "nothing came from there yet, so it cannot be cancelled yet");
    bench.udp(C, &response(&copies[2], 180, ""));
    assert!(bench.one(C).starts_with("CANCEL "));
    assert!(bench.to(CALLER).is_empty(), "no 180 after the final response");
    // The others say 487; that is acknowledged and goes no further.
    bench.udp(A, &response(&cancel, 200, ""));
    bench.udp(A, &response(&copies[0], 487, ""));
    assert!(bench.one(A).starts_with("ACK "));
    assert!(bench.to(CALLER).is_empty());
}

//= rfc3261#16.7/6xx-no-branches test
#[test]
fn a_6xx_ends_the_search_but_waits_for_the_rest() {
    let mut bench =
        invited(&["<sip:bob@192.0.2.20>;q=0.9", "<sip:bob@192.0.2.21>;q=0.9", "<sip:bob@192.0.2.22>;q=0.1"]);
    let (a, b) = (bench.one(A), bench.one(B));
    bench.udp(B, &response(&b, 180, ""));
    bench.udp(A, &response(&a, 603, ""));
    assert_eq!(bench.status(CALLER), 180);
    let to_b = bench.to(B);
    assert!(to_b.iter().any(|text| text.starts_with("CANCEL ")), "{to_b:?}");
    assert!(bench.to(CALLER).is_empty(), "not before the others have ended");
    bench.udp(B, &response(&b, 487, ""));
    assert_eq!(bench.status(CALLER), 603);
    assert!(bench.to(C).is_empty());
}

#[test]
fn preference_decides_the_order() {
    let mut bench =
        invited(&["<sip:bob@192.0.2.20>;q=0.2", "<sip:bob@192.0.2.21>;q=0.7", "<sip:bob@192.0.2.22>;q=0.7"]);
    let (b, c) = (bench.one(B), bench.one(C));
    bench.nothing();
    bench.udp(B, &response(&b, 486, ""));
    bench.udp(C, &response(&c, 480, ""));
    bench.to(B);
    bench.to(C);
    let a = bench.one(A);
    bench.udp(A, &response(&a, 200, ""));
    assert_eq!(bench.status(CALLER), 200);
}

//= rfc3261#16.7/best-none test
//= rfc3261#16.6/try-in-order test
//= rfc3261#16.6/new-transaction-each test
#[test]
fn silence_is_408_after_every_address_was_tried() {
    let mut bench = invited(&["<sip:bob@callee.test>"]);
    let (query, ..) = bench.lookups.remove(0);
    let answer = Ok(vec![A.parse().unwrap(), B.parse().unwrap()]);
    bench.input(wire::Input::Resolved { query, answer });
    let first = bench.one(A);
    assert!(bench.to(B).is_empty());
    bench.pass(Duration::from_secs(33));
    let second = bench.to(B).remove(0);
    assert_ne!(values(&first, "Via")[0], values(&second, "Via")[0], "a branch of its own");
    bench.pass(Duration::from_secs(33));
    let to_caller = bench.to(CALLER);
    assert_eq!(to_caller.iter().map(|t| status(t)).find(|s| *s > 100), Some(408), "{to_caller:?}");
}

//= rfc3261#16.9/as-503 test
#[test]
fn an_unreachable_target_counts_as_503() {
    let mut bench = invited(&["<sip:bob@192.0.2.20>"]);
    bench.to(A);
    bench.input(wire::Input::Unreachable { local: PROXY.parse().unwrap(), remote: A.parse().unwrap() });
    bench.pass(Duration::from_millis(100));
    assert_eq!(bench.status(CALLER), 500, "a lone 503 goes back as 500");
}

//= rfc5393#5.3.3/single test
//= rfc5393#5.3.3/added test
//= rfc5393#5.3.3/maximum test
//= rfc5393#5.3.3/overwrite test
//= rfc5393#5.3.3/sum test
//= rfc5393#5.3.3/no-hop-count test
#[test]
fn breadth_is_shared_among_branches() {
    for (sent, shares) in
        [("", [20, 20, 20]), ("Max-Breadth: 7\r\n", [3, 2, 2]), ("Max-Breadth: 5000\r\n", [20, 20, 20])]
    {
        let mut bench = Bench::new();
        bench.register("bob", &["<sip:bob@192.0.2.20>", "<sip:bob@192.0.2.21>", "<sip:bob@192.0.2.22>"]);
        bench.udp(CALLER, &request("INVITE", "sip:bob@example.com", "sip:bob@example.com", sent));
        let mut got: Vec<u32> = [A, B, C]
            .map(|to| {
                let copy = bench.one(to);
                assert_eq!(values(&copy, "Max-Breadth").len(), 1);
                values(&copy, "Max-Breadth")[0].parse().unwrap()
            })
            .to_vec();
        got.sort_by(|a, b| b.cmp(a));
        assert_eq!(got, shares, "{sent:?}");
    }
    let mut bench = Bench::new();
    bench.register("bob", &["<sip:bob@192.0.2.20>"]);
    bench.udp(CALLER, &request("INVITE", "sip:bob@example.com", "sip:bob@example.com", "Max-Breadth: 7\r\n"));
    assert_eq!(values(&bench.one(A), "Max-Breadth"), ["7"]);
}

//= rfc5393#5.3.3/exceeded test
#[test]
fn with_a_breadth_of_one_targets_are_tried_in_sequence() {
    let mut bench = Bench::new();
    bench.register("bob", &["<sip:bob@192.0.2.20>", "<sip:bob@192.0.2.21>"]);
    bench.udp(CALLER, &request("INVITE", "sip:bob@example.com", "sip:bob@example.com", "Max-Breadth: 1\r\n"));
    let (first, second) = if bench.sent[0].0 == A { (A, B) } else { (B, A) };
    let copy = bench.one(first);
    bench.nothing();
    bench.udp(first, &response(&copy, 486, ""));
    bench.to(first);
    assert_eq!(values(&bench.one(second), "Max-Breadth"), ["1"]);
    bench.udp(CALLER, &request("INVITE", "sip:bob@example.com", "sip:bob@example.com", "Max-Breadth: 0\r\n"));
    assert_eq!(bench.status(CALLER), 440);
}
