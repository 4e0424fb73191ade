//! What is not forwarded at all, and what is although it is strange.

use crate::bench::*;

const CALLER: &str = "192.0.2.9:5060";
const CALLEE: &str = "192.0.2.20:5060";

fn bench() -> Bench {
    let mut bench = Bench::new();
    bench.register("bob", &["<sip:bob@192.0.2.20>"]);
    bench
}

fn for_bob(method: &str, more: &str) -> String {
    request(method, "sip:bob@example.com", "sip:bob@example.com", more)
}

//= rfc3261#16.3/max-forwards-zero test
//= rfc3261#16.3/too-many-hops test
//= rfc3261#16.3/validate test
//= rfc3261#16.3/reject-as-uas test
//= rfc3261#16.1/answer-as-uas test
#[test]
fn the_last_hop_is_the_last() {
    let mut bench = bench();
    bench.udp(CALLER, &for_bob("MESSAGE", "").replace("Max-Forwards: 70", "Max-Forwards: 0"));
    let answer = bench.one(CALLER);
    assert_eq!(status(&answer), 483);
    assert!(values(&answer, "To")[0].contains(";tag="), "a UAS tags its answers: {answer}");
    bench.udp(CALLER, &for_bob("OPTIONS", "").replace("Max-Forwards: 70", "Max-Forwards: 0"));
    assert_eq!(bench.status(CALLER), 200);
    bench.udp(CALLER, &for_bob("MESSAGE", "").replace("Max-Forwards: 70", "Max-Forwards: 1"));
    assert_eq!(values(&bench.one(CALLEE), "Max-Forwards"), ["0"]);
}

//= rfc3261#16.3/well-formed test
#[test]
fn a_max_forwards_that_is_no_number_is_refused() {
    let mut bench = bench();
    bench.udp(CALLER, &for_bob("MESSAGE", "").replace("Max-Forwards: 70", "Max-Forwards: many"));
    assert_eq!(bench.status(CALLER), 400);
}

//= rfc3261#16.3/proxy-require test
//= rfc3261#16.3/proxy-require-list test
#[test]
fn unknown_options_are_listed() {
    let mut bench = bench();
    bench.udp(CALLER, &for_bob("MESSAGE", "Proxy-Require: foo, bar\r\nProxy-Require: baz\r\n"));
    let answer = bench.one(CALLER);
    assert_eq!(status(&answer), 420);
    assert_eq!(values(&answer, "Unsupported").join(", "), "foo, bar, baz");
    bench.udp(CALLER, &for_bob("MESSAGE", "Require: foo\r\n"));
    assert!(bench.one(CALLEE).contains("Require: foo"), "Require is none of a proxy's business");
}

#[test]
fn a_scheme_that_leads_nowhere_gets_416() {
    let mut bench = bench();
    for uri in ["mailto:bob@example.com", "tel:+1-201-555-0123"] {
        bench.udp(CALLER, &request("MESSAGE", uri, "sip:bob@example.com", ""));
        assert_eq!(bench.status(CALLER), 416, "{uri}");
    }
}

//= rfc3261#16.3/unknown-forwarded test
//= rfc3261#16.2/steps test
#[test]
fn unknown_methods_and_malformed_headers_are_forwarded() {
    let mut bench = bench();
    bench.udp(CALLER, &for_bob("FROBNICATE", "Expires: yesterday\r\nWarning: garbage\r\nX-1: ;;,,\"\r\n"));
    let copy = bench.one(CALLEE);
    assert!(copy.starts_with("FROBNICATE sip:bob@192.0.2.20 "), "{copy}");
    assert!(copy.contains("Expires: yesterday\r\nWarning: garbage\r\nX-1: ;;,,\"\r\n"), "{copy}");
}

//= rfc3261#16.3/merged-fine test
#[test]
fn the_same_request_by_two_ways_is_forwarded_twice() {
    let mut bench = bench();
    let one = for_bob("MESSAGE", "");
    bench.udp(CALLER, &one);
    bench.udp(CALLER, &one.replace("branch=z9hG4bKt", "branch=z9hG4bKother"));
    assert_eq!(bench.to(CALLEE).len(), 2);
}

//= rfc5393#4.2.2/test test
//= rfc5393#4.2.2/own-vias test
//= rfc5393#4.2.2/compare test
//= rfc5393#4.2.2/loop-482 test
//= rfc5393#4.1/forking test
//= rfc5393#4.2.1/second-depends test
//= rfc5393#4.2.1/second-varies test
#[test]
fn a_loop_is_found_and_a_spiral_is_not_one() {
    let mut bench = Bench::new();
    bench.register("bob", &["<sip:bob@example.net>", "<sip:bob@192.0.2.20>"]);
    bench.udp(CALLER, &for_bob("MESSAGE", ""));
    let (query, host, port) = bench.lookups.remove(0);
    assert_eq!((host.as_str(), port), ("example.net", 5060));
    let answer = Ok(vec!["192.0.2.30:5060".parse().unwrap()]);
    bench.input(wire::Input::Resolved { query, answer });
    let copy = bench.one("192.0.2.30:5060");
    // That element sends it back with the original Request-URI: a loop. With another one: a spiral.
    let back = |uri: &str, n: u32| {
        let line = format!("MESSAGE {uri} SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.30:5060;branch=z9hG4bKback{n}\r\n");
        line + copy.split_once("\r\n").unwrap().1
    };
    bench.sent.clear();
    bench.udp("192.0.2.30:5060", &back("sip:bob@example.com", 1));
    assert_eq!(bench.status("192.0.2.30:5060"), 482);
    assert_eq!(bench.proxy.stats().loops, 1);
    bench.register("carol", &["<sip:carol@192.0.2.40>"]);
    bench.udp("192.0.2.30:5060", &back("sip:carol@example.com", 2));
    assert_eq!(bench.to("192.0.2.40:5060").len(), 1);
}

//= rfc5393#4.2.1/via test
//= rfc5393#4.2.1/first-part test
//= rfc5393#4.2.1/second-without-method test
//= rfc5393#4.2.1/cancel-ack test
//= rfc3261#16.6/branch-first-part test
//= rfc3261#16.6/branch-each test
//= rfc3261#16.6/branch-depends test
//= rfc3261#16.6/branch-without-method test
//= rfc3261#16.6/branch-cancel-ack test
#[test]
fn branches_are_unique_in_front_and_tell_the_routing_behind() {
    let mut bench = bench();
    let branch = |text: &str| {
        let via = values(text, "Via")[0].to_string();
        let branch = via.split("branch=").nth(1).unwrap().split(';').next().unwrap().to_string();
        let (first, second) = branch.rsplit_once('.').unwrap();
        (first.to_string(), second.to_string())
    };
    let invite = for_bob("INVITE", "");
    bench.udp(CALLER, &invite);
    let one = branch(&bench.one(CALLEE));
    bench.udp(CALLER, &invite.replace("z9hG4bKt", "z9hG4bKu"));
    let again = bench.one(CALLEE);
    let two = branch(&again);
    assert_ne!(one.0, two.0);
    assert_eq!(one.1, two.1);
    bench.udp(CALLER, &invite.replace("z9hG4bKt", "z9hG4bKv").replace("INVITE", "OPTIONS"));
    assert_eq!(branch(&bench.one(CALLEE)).1, one.1);
    bench.udp(
        CALLER,
        &invite.replace("z9hG4bKt", "z9hG4bKw").replace("sip:bob@example.com SIP", "sip:bob@example.com;a=b SIP"),
    );
    assert_ne!(branch(&bench.one(CALLEE)).1, one.1);
    bench.udp(CALLEE, &response(&again, 486, ""));
    let ack = bench.one(CALLEE);
    assert!(ack.starts_with("ACK "));
    assert_eq!(branch(&ack), two);
}
