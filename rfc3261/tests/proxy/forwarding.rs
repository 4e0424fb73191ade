//! What a copy looks like, and what of a response goes back.

use crate::bench::*;

const CALLER: &str = "192.0.2.9:5060";
const CALLEE: &str = "192.0.2.20:5060";

fn called() -> (Bench, String) {
    let mut bench = Bench::new();
    bench.register("bob", &["<sip:bob@192.0.2.20;x=1>"]);
    let invite =
        request("INVITE", "sip:bob@example.com", "sip:bob@example.com", "Subject: hi\r\nX-Odd :  folded\r\n  line\r\n");
    bench.udp(CALLER, &invite);
    let copy = bench.one(CALLEE);
    (bench, copy)
}

//= rfc3261#10.1/location-service test
//= rfc3261#16.6/keep-order test
//= rfc3261#16.6/copy-all test
//= rfc3261#16.6/keep-headers test
//= rfc3261#16.6/request-uri test
//= rfc3261#16.6/max-forwards-down test
//= rfc3261#16.6/via test
//= rfc3261#16.6/client-transaction test
#[test]
fn a_copy_differs_only_where_it_must() {
    let (_, copy) = called();
    assert!(copy.starts_with("INVITE sip:bob@192.0.2.20;x=1 SIP/2.0\r\n"), "{copy}");
    assert_eq!(values(&copy, "Max-Forwards"), ["69"]);
    let vias = values(&copy, "Via");
    assert_eq!(vias.len(), 2);
    assert!(vias[0].starts_with("SIP/2.0/UDP 192.0.2.1") && vias[0].contains("branch=z9hG4bK"), "{vias:?}");
    assert!(vias[1].starts_with("SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bKt"));
    assert_eq!(values(&copy, "Subject"), ["hi"]);
    assert!(copy.contains("X-Odd"), "an unknown header goes on: {copy}");
    assert_eq!(values(&copy, "Record-Route"), Vec::<&str>::new());
}

//= rfc3261#16.6/max-forwards-added test
#[test]
fn a_missing_max_forwards_is_added() {
    let mut bench = Bench::new();
    bench.register("bob", &["<sip:bob@192.0.2.20>"]);
    bench.udp(
        CALLER,
        &request("MESSAGE", "sip:bob@example.com", "sip:bob@example.com", "").replace("Max-Forwards: 70\r\n", ""),
    );
    assert_eq!(values(&bench.one(CALLEE), "Max-Forwards"), ["70"]);
}

//= rfc3261#16.6/request-uri-clean test
#[test]
fn a_contact_with_headers_and_method_is_cleaned() {
    let mut bench = Bench::new();
    bench.register("bob", &["<sip:bob@192.0.2.20;method=INFO;y=2?Subject=no>"]);
    bench.udp(CALLER, &request("MESSAGE", "sip:bob@example.com", "sip:bob@example.com", ""));
    let copy = bench.one(CALLEE);
    assert!(copy.starts_with("MESSAGE sip:bob@192.0.2.20;y=2 SIP/2.0\r\n"), "{copy}");
}

//= rfc3261#16.6/keep-body test
//= rfc3261#16.7/keep-body test
#[test]
fn bodies_pass_both_ways_untouched() {
    let mut bench = Bench::new();
    bench.register("bob", &["<sip:bob@192.0.2.20>"]);
    let body = "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\n\0odd";
    let with_body = |text: String| {
        text.replace("Content-Length: 0\r\n\r\n", &format!("Content-Length: {}\r\n\r\n{body}", body.len()))
    };
    bench.udp(CALLER, &with_body(request("MESSAGE", "sip:bob@example.com", "sip:bob@example.com", "")));
    let copy = bench.one(CALLEE);
    assert!(copy.ends_with(&format!("\r\n\r\n{body}")), "{copy}");
    bench.udp(CALLEE, &with_body(response(&copy, 200, "")));
    assert!(bench.one(CALLER).ends_with(&format!("\r\n\r\n{body}")));
}

//= rfc3261#16.7/at-once-steps test
//= rfc3261#16.7/keep-received test
//= rfc3261#16.7/forward-at-once test
//= rfc3261#16.7/no-100 test
//= rfc3261#16.7/keep-headers test
//= rfc3261#16.7/tag-unchanged test
//= rfc3261#16.7/no-own-tag test
//= rfc3261#16.7/server-transaction test
#[test]
fn provisional_and_success_go_back_at_once_but_100_does_not() {
    let (mut bench, copy) = called();
    bench.udp(CALLEE, &response(&copy, 100, ""));
    bench.nothing();
    bench.udp(CALLEE, &response(&copy, 180, "X-Ring: loud\r\n"));
    let ringing = bench.one(CALLER);
    assert_eq!(status(&ringing), 180);
    assert_eq!(values(&ringing, "Via").len(), 1);
    assert_eq!(values(&ringing, "X-Ring"), ["loud"]);
    assert!(values(&ringing, "To")[0].ends_with(";tag=callee"));
    bench.udp(CALLEE, &response(&copy, 200, ""));
    assert_eq!(bench.status(CALLER), 200);
}

//= rfc3261#16.7/forward-late-2xx test
//= rfc3261#16.7/keep-context test
#[test]
fn every_2xx_to_an_invite_goes_back() {
    let (mut bench, copy) = called();
    for tag in ["one", "one", "two"] {
        bench.udp(CALLEE, &response(&copy, 200, "").replace("tag=callee", &format!("tag={tag}")));
        assert!(values(&bench.one(CALLER), "To")[0].ends_with(&format!(";tag={tag}")));
    }
    bench.pass(std::time::Duration::from_secs(40));
    assert!(bench.is_idle());
}

//= rfc3261#16.7/last-via test
#[test]
fn a_response_for_us_alone_is_not_forwarded() {
    let (mut bench, copy) = called();
    let vias = values(&copy, "Via");
    let theirs = format!("Via: {}\r\n", vias[1]);
    bench.udp(CALLEE, &response(&copy, 180, "").replace(&theirs, ""));
    bench.nothing();
}

//= rfc6026#7.3/no-stray test
//= rfc6026#7.3/match-responses test
//= rfc6026#8.9/discard-stray test
#[test]
fn a_response_to_nothing_is_dropped() {
    let (mut bench, copy) = called();
    let unknown = response(&copy, 200, "").replace("branch=z9hG4bK", "branch=z9hG4bKx");
    bench.udp(CALLEE, &unknown);
    bench.nothing();
    assert_eq!(bench.proxy.endpoint().stats().stray, 1);
}

#[test]
fn the_ack_to_a_2xx_follows_the_route_and_keeps_its_branch_when_repeated() {
    let mut bench = Bench::with(|c| c.record_route = true, |_| ());
    let ack = request("ACK", "sip:bob@192.0.2.20", "sip:bob@example.com>;tag=b", "Route: <sip:192.0.2.1;lr>\r\n")
        .replace("tag=b>", "tag=b");
    bench.udp(CALLER, &ack);
    let first = bench.one(CALLEE);
    assert!(first.starts_with("ACK sip:bob@192.0.2.20 SIP/2.0\r\n"), "{first}");
    assert_eq!(values(&first, "Route"), Vec::<&str>::new());
    assert_eq!(values(&first, "Max-Forwards"), ["69"]);
    bench.udp(CALLER, &ack);
    assert_eq!(bench.one(CALLEE), first);
    assert!(bench.is_idle(), "an ACK leaves nothing behind");
}

//= rfc4320#4.2/no-late-forwarding test
#[test]
fn an_answer_that_comes_too_late_is_not_forwarded() {
    let mut bench = Bench::new();
    bench.register("bob", &["<sip:bob@192.0.2.20>"]);
    bench.udp(CALLER, &request("MESSAGE", "sip:bob@example.com", "sip:bob@example.com", ""));
    let copy = bench.one(CALLEE);
    bench.pass(std::time::Duration::from_secs(40));
    assert!(bench.to(CALLER).iter().all(|text| status(text) == 100), "nor is there a 408");
    bench.sent.clear();
    bench.udp(CALLEE, &response(&copy, 200, ""));
    bench.nothing();
}

//= rfc3261#16.7/tag-of-request test
//= rfc3261#16.7/tag-kept-on-failure test
#[test]
fn the_tag_of_the_callee_comes_back() {
    let (mut bench, copy) = called();
    bench.udp(CALLEE, &response(&copy, 486, ""));
    assert!(values(&bench.one(CALLER), "To")[0].ends_with(";tag=callee"));
    let in_dialog = request("MESSAGE", "sip:bob@192.0.2.20", "sip:bob@example.com>;tag=known", "");
    bench.udp(CALLER, &in_dialog.replace("tag=known>", "tag=known"));
    let copy = bench.to(CALLEE).into_iter().find(|text| text.starts_with("MESSAGE ")).unwrap();
    bench.udp(CALLEE, &response(&copy, 404, ""));
    assert!(values(&bench.one(CALLER), "To")[0].ends_with(";tag=known"));
}
