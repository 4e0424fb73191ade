//! Server transactions on an endpoint: what is answered, repeated and absorbed, and what the core hears.

mod common;

use common::*;
use rfc3261::endpoint::{DropReason, Error, Event, Id, ServerId};
use rfc3261::message::{Method, Name, Request};
use wire::Transmit;

fn incoming(bench: &mut Bench, method: &str, branch: &str) -> (ServerId, Request) {
    bench.udp(text(method, branch, 1));
    match bench.event() {
        Event::Request { id, request, .. } => (id, request),
        other => panic!("{other:?}"),
    }
}

fn ack(branch: &str) -> String {
    text("ACK", branch, 1).replace("To: <sip:bob@192.0.2.1>", "To: <sip:bob@192.0.2.1>;tag=here")
}

//= rfc3261#16.2/provisional-as-uas test
//= rfc3261#17.2.1/trying test
//= rfc3261#17.2.1/trying-no-tag test
//= rfc3261#17.2.1/request-up test
#[test]
fn a_silent_core_gets_a_100_sent_after_200_ms() {
    let mut bench = Bench::new();
    let (id, request) = incoming(&mut bench, "INVITE", "z9hG4bK1");
    bench.ms(199);
    assert!(bench.messages().is_empty());
    bench.ms(1);
    let trying = bench.response();
    assert_eq!((trying.status.0, trying.headers.raw(Name::To)), (100, request.headers.raw(Name::To)));
    bench.udp(text("INVITE", "z9hG4bK1", 1));
    assert_eq!(bench.response().status.0, 100, "a repeated INVITE gets it again");
    assert!(bench.events().is_empty());
    bench.endpoint.respond(bench.now, id, answer(&request, 486)).unwrap();
}

#[test]
fn a_core_that_asks_for_it_gets_its_100_at_once_and_no_other() {
    let mut bench = Bench::new();
    let (id, _) = incoming(&mut bench, "INVITE", "z9hG4bK1");
    bench.endpoint.trying(bench.now, id).unwrap();
    bench.drain();
    assert_eq!(bench.response().status.0, 100);
    bench.ms(1000);
    assert!(bench.messages().is_empty());
}

//= rfc3261#17.2.1/provisional-again test
//= rfc3261#17.2.1/timer-g test
//= rfc3261#17.2.1/final-again test
//= rfc3261#17.2.1/confirmed test
//= rfc3261#17.2.1/timer-i-ends test
//= rfc3261#17.2.1/destroyed test
//= rfc3261#17.2.3/cookie-match test
#[test]
fn a_failure_is_repeated_until_the_ack_and_the_ack_absorbed() {
    let mut bench = Bench::new();
    let (id, request) = incoming(&mut bench, "INVITE", "z9hG4bK1");
    bench.endpoint.respond(bench.now, id, answer(&request, 180)).unwrap();
    bench.drain();
    bench.messages();
    bench.udp(text("INVITE", "z9hG4bK1", 1));
    assert_eq!(bench.response().status.0, 180, "the latest provisional response");
    bench.endpoint.respond(bench.now, id, answer(&request, 486)).unwrap();
    bench.drain();
    assert_eq!(bench.response().status.0, 486);
    bench.ms(3500);
    assert_eq!(bench.messages().len(), 3, "timer G at 0.5, 1.5 and 3.5 s");
    bench.udp(text("INVITE", "z9hG4bK1", 1));
    assert_eq!(bench.response().status.0, 486);
    bench.udp(ack("z9hG4bK1"));
    bench.udp(ack("z9hG4bK1"));
    bench.ms(4000);
    assert!(bench.messages().is_empty(), "in Confirmed nothing is sent");
    assert!(bench.events().is_empty(), "the core does not see the ACK");
    bench.ms(1100);
    assert!(matches!(bench.event(), Event::Terminated { .. }), "timer I");
    assert_eq!(bench.endpoint.respond(bench.now, id, answer(&request, 486)), Err(Error::Gone));
    bench.is_empty();
}

//= rfc3261#17.2.1/timer-h-fails test
#[test]
fn a_failure_that_nobody_acknowledges_is_reported() {
    let mut bench = Bench::new();
    let (id, request) = incoming(&mut bench, "INVITE", "z9hG4bK1");
    bench.endpoint.respond(bench.now, id, answer(&request, 486)).unwrap();
    bench.ms(32_000);
    let want = |e: &Event| matches!(e, Event::Timeout { id: Id::Server(i) } if *i == id);
    assert!(bench.events().iter().any(want));
    assert_eq!(bench.messages().len(), 11, "0, 0.5, 1.5, 3.5, 7.5, then every 4 s");
    bench.is_empty();
}

//= rfc6026#6/2xx-keeps-state test
//= rfc6026#7.1/accepted test
//= rfc6026#7.1/absorb-invite test
//= rfc6026#7.1/no-own-2xx test
//= rfc6026#7.1/2xx-again test
//= rfc6026#7.1/ack-up test
//= rfc6026#7.1/timer-l-ends test
#[test]
fn a_2xx_keeps_the_transaction_repeats_only_by_the_core_and_lets_acks_up() {
    let mut bench = Bench::new();
    let (id, request) = incoming(&mut bench, "INVITE", "z9hG4bK1");
    bench.endpoint.respond(bench.now, id, answer(&request, 200)).unwrap();
    bench.drain();
    assert_eq!(bench.response().status.0, 200);
    bench.ms(5000);
    assert!(bench.messages().is_empty(), "no repetition by itself");
    bench.udp(text("INVITE", "z9hG4bK1", 1));
    assert!(bench.messages().is_empty() && bench.events().is_empty(), "INVITE absorbed");
    bench.endpoint.respond(bench.now, id, answer(&request, 200)).unwrap();
    bench.drain();
    assert_eq!(bench.response().status.0, 200, "the core repeats it");
    assert_eq!(bench.endpoint.respond(bench.now, id, answer(&request, 486)), Err(Error::Answered));
    for branch in ["z9hG4bK1", "z9hG4bKother"] {
        bench.udp(ack(branch));
        assert!(matches!(bench.event(), Event::Ack { .. }));
    }
    bench.ms(27_000);
    assert!(matches!(bench.event(), Event::Terminated { .. }), "timer L");
    bench.is_empty();
}

//= rfc3261#17.2.2/trying-silent test
//= rfc3261#17.2.2/final-again test
//= rfc3261#17.2.2/one-final test
//= rfc3261#17.2.2/timer-j-ends test
//= rfc3261#17.2.2/destroyed test
#[test]
fn another_request_is_answered_again_for_64_t1() {
    let mut bench = Bench::new();
    let (id, request) = incoming(&mut bench, "OPTIONS", "z9hG4bK1");
    bench.udp(text("OPTIONS", "z9hG4bK1", 1));
    assert!(bench.messages().is_empty() && bench.events().is_empty(), "in Trying dropped");
    bench.endpoint.respond(bench.now, id, answer(&request, 200)).unwrap();
    assert_eq!(bench.endpoint.respond(bench.now, id, answer(&request, 500)), Err(Error::Answered));
    bench.ms(31_900);
    bench.messages();
    bench.udp(text("OPTIONS", "z9hG4bK1", 1));
    assert_eq!(bench.response().status.0, 200);
    bench.ms(200);
    assert!(matches!(bench.event(), Event::Terminated { .. }), "timer J");
    bench.udp(text("OPTIONS", "z9hG4bK1", 1));
    assert!(matches!(bench.event(), Event::Request { .. }), "then it is a new one");
}

//= rfc4320#4.1/only-100 test
//= rfc4320#4.1/100-not-early test
//= rfc4320#4.1/100-late test
//= rfc4320#4.2/no-408 test
#[test]
fn another_request_gets_no_provisional_response_but_a_late_100_and_no_408() {
    let mut bench = Bench::new();
    let (id, request) = incoming(&mut bench, "OPTIONS", "z9hG4bK1");
    bench.endpoint.respond(bench.now, id, answer(&request, 180)).unwrap();
    bench.endpoint.respond(bench.now, id, answer(&request, 408)).unwrap();
    bench.ms(3499);
    assert!(bench.messages().is_empty());
    bench.ms(1);
    assert_eq!(bench.response().status.0, 100);
    bench.udp(text("OPTIONS", "z9hG4bK1", 1));
    assert_eq!(bench.response().status.0, 100);
    bench.ms(30_000);
    assert!(matches!(bench.events()[0], Event::Timeout { .. }), "the client has given up");
    assert_eq!(bench.endpoint.stats().suppressed, 2);
    bench.is_empty();
}

//= rfc3261#9.2/unmatched-481 test
//= rfc3261#9.2/answer-200 test
//= rfc3261#9.2/same-tag test
#[test]
fn a_cancel_is_answered_here_and_told_while_the_invite_waits() {
    let mut bench = Bench::new();
    bench.udp(text("CANCEL", "z9hG4bK1", 1));
    assert_eq!(bench.response().status.0, 481);
    assert!(bench.events().is_empty());

    let (id, request) = incoming(&mut bench, "INVITE", "z9hG4bK2");
    bench.endpoint.respond(bench.now, id, answer(&request, 180)).unwrap();
    bench.drain();
    bench.messages();
    bench.udp(text("CANCEL", "z9hG4bK2", 1));
    let ok = bench.response();
    assert_eq!((ok.status.0, ok.headers.to().unwrap().unwrap().tag()), (200, Some("here")));
    assert_eq!(ok.headers.raw(Name::CSeq), Some("1 CANCEL"));
    assert!(matches!(bench.event(), Event::Cancel { id: i, .. } if i == id));
    bench.udp(text("CANCEL", "z9hG4bK2", 1));
    assert_eq!(bench.response().status.0, 200, "a repeated CANCEL gets the same");
    assert!(bench.events().is_empty());
    bench.endpoint.respond(bench.now, id, answer(&request, 487)).unwrap();
    bench.udp(ack("z9hG4bK2"));
    bench.is_empty();
}

//= rfc3261#9.2/answer-200 test
#[test]
fn a_cancel_after_the_final_response_changes_nothing() {
    let mut bench = Bench::new();
    let (id, request) = incoming(&mut bench, "INVITE", "z9hG4bK1");
    bench.endpoint.respond(bench.now, id, answer(&request, 200)).unwrap();
    bench.drain();
    bench.messages();
    bench.udp(text("CANCEL", "z9hG4bK1", 1));
    assert_eq!(bench.response().status.0, 200);
    assert!(bench.events().is_empty());
    let (_, _) = incoming(&mut bench, "OPTIONS", "z9hG4bK2");
    bench.udp(text("CANCEL", "z9hG4bK2", 1));
    assert_eq!(bench.response().status.0, 200);
    assert!(bench.events().is_empty(), "nor does one for another method");
}

//= rfc3261#9.2/same-tag test
#[test]
fn a_cancel_before_any_response_has_the_tag_that_the_endpoint_gives_for_later_ones() {
    let mut bench = Bench::new();
    let (_, request) = incoming(&mut bench, "INVITE", "z9hG4bK1");
    bench.udp(text("CANCEL", "z9hG4bK1", 1));
    let tag = bench.endpoint.tag(&request);
    assert_eq!(bench.response().headers.to().unwrap().unwrap().tag(), Some(tag.as_str()));
}

//= rfc3261#17.2.3/cookie-match test
#[test]
fn branch_sent_by_and_method_tell_requests_apart() {
    let mut bench = Bench::new();
    bench.udp(text("OPTIONS", "z9hG4bK1", 1));
    bench.udp(text("OPTIONS", "z9hG4bK1", 1).replace("192.0.2.2:5060", "192.0.2.3:5060"));
    bench.udp(text("MESSAGE", "z9hG4bK1", 1));
    bench.udp(text("OPTIONS", "z9hG4bK2", 1));
    assert_eq!(bench.events().len(), 4);
    bench.udp(text("OPTIONS", "Z9HG4BK1", 1).replace(":5060;branch", ";branch"));
    assert!(bench.events().is_empty(), "case and the default port do not matter");
    assert_eq!(bench.endpoint.stats().absorbed, 1);
}

//= rfc3261#17.2.3/old-invite test
//= rfc3261#17.2.3/old-ack test
//= rfc3261#17.2.3/old-other test
#[test]
fn requests_of_rfc_2543_match_by_their_headers() {
    let mut bench = Bench::new();
    let (id, request) = incoming(&mut bench, "INVITE", "old");
    bench.udp(text("INVITE", "old", 1));
    assert!(bench.events().is_empty());
    for other in ["CSeq: 2 INVITE", "Call-ID: c9"] {
        let (name, _) = other.split_once(' ').unwrap();
        let line = text("INVITE", "old", 1);
        let old = line.lines().find(|l| l.starts_with(name)).unwrap().to_owned();
        bench.udp(line.replace(&old, other));
        assert!(matches!(bench.event(), Event::Request { .. }), "{other}");
    }
    bench.endpoint.respond(bench.now, id, answer(&request, 486)).unwrap();
    bench.udp(ack("old").replace("tag=here", "tag=elsewhere"));
    assert!(matches!(bench.event(), Event::Ack { .. }), "the tag in To is not ours");
    bench.udp(ack("old"));
    assert!(bench.events().is_empty());
    let (_, other) = incoming(&mut bench, "OPTIONS", "old");
    assert_eq!(other.method, Method::Options);
}

//= rfc6026#6/old-ack-accepted test
#[test]
fn an_old_ack_to_a_2xx_goes_up() {
    let mut bench = Bench::new();
    let (id, request) = incoming(&mut bench, "INVITE", "old");
    bench.endpoint.respond(bench.now, id, answer(&request, 200)).unwrap();
    bench.udp(ack("old"));
    assert!(matches!(bench.event(), Event::Ack { .. }));
}

fn way_back(via: &str) -> (String, String) {
    let mut bench = Bench::new();
    let line = "Via: SIP/2.0/UDP 192.0.2.2:5060;branch=z9hG4bK1";
    bench.udp_from(
        "192.0.2.2:40000".parse().unwrap(),
        text("OPTIONS", "z9hG4bK1", 1).replace(line, &format!("Via: {via}")),
    );
    let Event::Request { id, request, .. } = bench.event() else { panic!("no request") };
    bench.endpoint.respond(bench.now, id, answer(&request, 200)).unwrap();
    bench.drain();
    let Transmit::Datagram { local, remote, .. } = bench.sent[0] else { panic!("no datagram") };
    assert_eq!(local, here());
    (remote.to_string(), bench.response().headers.raw(Name::Via).unwrap().to_owned())
}

//= rfc3261#18.2.1/look-at-sent-by test
//= rfc3261#18.2.1/received test
//= rfc3261#18.2.2/via-decides test
//= rfc3261#18.2.2/maddr test
//= rfc3261#18.2.2/to-received test
//= rfc3261#18.2.2/to-sent-by test
//= rfc3581#4/fill-rport test
//= rfc3581#4/received-too test
//= rfc3581#4/respond-there test
//= rfc3581#4/same-socket test
#[test]
fn the_top_via_decides_where_responses_go() {
    let plain = "SIP/2.0/UDP 192.0.2.2:5070;branch=z9hG4bK1";
    assert_eq!(way_back(plain), ("192.0.2.2:5070".into(), plain.into()));
    let default = "SIP/2.0/UDP 192.0.2.2;branch=z9hG4bK1";
    assert_eq!(way_back(default).0, "192.0.2.2:5060");
    for sent_by in ["alice.example:5070", "10.0.0.1:5070"] {
        let (to, via) = way_back(&format!("SIP/2.0/UDP {sent_by};branch=z9hG4bK1"));
        assert_eq!(to, "192.0.2.2:5070");
        assert!(via.ends_with(";received=192.0.2.2"), "{via}");
    }
    let (to, via) = way_back("SIP/2.0/UDP 192.0.2.2:5070;rport;branch=z9hG4bK1");
    assert_eq!(to, "192.0.2.2:40000");
    assert!(via.contains("rport=40000") && via.contains("received=192.0.2.2"), "{via}");
    assert_eq!(way_back("SIP/2.0/UDP 192.0.2.2:5070;maddr=192.0.2.9;branch=z9hG4bK1").0, "192.0.2.9:5070");
}

#[test]
fn maddr_can_be_turned_off() {
    let mut bench = Bench::with(|c| c.honor_maddr = false);
    bench.udp(text("OPTIONS", "z9hG4bK1;maddr=192.0.2.9", 1));
    let Event::Request { id, request, .. } = bench.event() else { panic!("no request") };
    bench.endpoint.respond(bench.now, id, answer(&request, 200)).unwrap();
    bench.drain();
    assert!(matches!(bench.sent[0], Transmit::Datagram { remote, .. } if remote == there()));
}

//= rfc3261#8.2.7/no-1xx test
//= rfc3261#8.2.7/no-repeats test
//= rfc3261#8.2.7/same-tag test
//= rfc3261#7.1/version test
#[test]
fn a_broken_request_is_answered_without_state_and_a_broken_ack_is_not() {
    let mut bench = Bench::new();
    bench.udp(text("OPTIONS", "z9hG4bK1", 1).replace("SIP/2.0\r\nVia", "SIP/3.0\r\nVia"));
    let refused = bench.response();
    assert_eq!(refused.status.0, 505);
    let tag = refused.headers.to().unwrap().unwrap().tag().map(str::to_owned);
    assert!(tag.is_some());
    bench.udp(text("OPTIONS", "z9hG4bK1", 1).replace("SIP/2.0\r\nVia", "SIP/3.0\r\nVia"));
    assert_eq!(bench.response().headers.to().unwrap().unwrap().tag().map(str::to_owned), tag, "the same tag again");
    assert!(matches!(bench.events()[0], Event::Dropped { reason: DropReason::Refused(505), .. }));
    bench.udp(text("ACK", "z9hG4bK1", 1).replace("SIP/2.0\r\nVia", "SIP/3.0\r\nVia"));
    bench.udp("garbage");
    bench.udp("\r\n\r\n");
    bench.udp([0xff; 100]);
    assert!(bench.messages().is_empty());
    let stats = bench.endpoint.stats();
    assert_eq!((stats.refused, stats.malformed, stats.servers), (2, 3, 0));
}

#[test]
fn beyond_the_limit_requests_get_503_without_state() {
    let mut bench = Bench::with(|c| c.max_servers = 2);
    bench.udp(text("OPTIONS", "z9hG4bK1", 1));
    bench.udp(text("OPTIONS", "z9hG4bK2", 1));
    bench.events();
    bench.udp(text("OPTIONS", "z9hG4bK3", 1));
    let refused = bench.response();
    assert_eq!((refused.status.0, refused.headers.raw(Name::RetryAfter)), (503, Some("5")));
    assert!(matches!(bench.event(), Event::Dropped { reason: DropReason::Overload, .. }));
    assert_eq!((bench.endpoint.stats().servers, bench.endpoint.stats().overload), (2, 1));
}

#[test]
fn a_stateless_answer_leaves_no_transaction() {
    let mut bench = Bench::new();
    let (id, request) = incoming(&mut bench, "OPTIONS", "z9hG4bK1");
    bench.endpoint.respond_stateless(bench.now, id, answer(&request, 200)).unwrap();
    bench.drain();
    assert_eq!((bench.response().status.0, bench.endpoint.stats().servers), (200, 0));
    assert!(matches!(bench.event(), Event::Terminated { .. }));
    let (id, request) = incoming(&mut bench, "INVITE", "z9hG4bK2");
    assert_eq!(bench.endpoint.respond_stateless(bench.now, id, answer(&request, 200)), Err(Error::Misuse));
}

#[test]
fn the_ack_to_a_refusal_without_state_is_absorbed() {
    let mut bench = Bench::with(|c| c.max_servers = 0);
    bench.udp(text("INVITE", "z9hG4bK1", 1));
    bench.event();
    let refused = bench.response();
    let to = refused.headers.raw(Name::To).unwrap().to_owned();
    bench.udp(text("ACK", "z9hG4bK1", 1).replace("<sip:bob@192.0.2.1>\r\nCall", &format!("{to}\r\nCall")));
    assert!(bench.events().is_empty());
    bench.udp(text("ACK", "z9hG4bK1", 1).replace("<sip:bob@192.0.2.1>\r\nCall", "<sip:bob@192.0.2.1>;tag=x\r\nCall"));
    assert!(matches!(bench.event(), Event::Ack { .. }), "another one is not");
}
