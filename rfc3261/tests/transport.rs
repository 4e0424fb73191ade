//! Which addresses messages take, and where responses are taken from.

mod common;

use common::*;
use rfc3261::endpoint::{Event, Target};
use rfc3261::message::Name;
use wire::{Output, Transmit, Transport};

//= rfc3581#3/rport-empty test
//= rfc3581#3/listen-at-source test
//= rfc3261#18.1.1/response-datagram test
//= rfc3261#18/udp-and-tcp test
#[test]
fn a_datagram_leaves_from_the_address_that_takes_its_answer() {
    let mut bench = Bench::new();
    bench.endpoint.request(bench.now, ours("OPTIONS"), Target::udp(there())).unwrap();
    bench.drain();
    assert!(
        matches!(bench.sent[..], [Transmit::Datagram { local, remote, .. }] if (local, remote) == (here(), there()))
    );
    let request = bench.request();
    let via = request.headers.via().unwrap().unwrap();
    assert_eq!(via.rport(), Some(None), "asked for, without a value");
    assert_eq!((via.host().as_str(), via.port()), ("192.0.2.1", Some(5060)));
    bench.udp_from("198.51.100.7:1024".parse().unwrap(), reply(&request, 200));
    assert!(matches!(bench.event(), Event::Response { .. }), "whoever sends it");
}

//= rfc3261#18.1.1/response-new-connection test
//= rfc3261#18/udp-and-tcp test
#[test]
fn a_response_may_come_by_another_connection() {
    let mut bench = Bench::new();
    bench.endpoint.request(bench.now, ours("OPTIONS"), Target::tcp(there())).unwrap();
    bench.drain();
    assert!(
        matches!(bench.others[..], [Output::Connect { transport: Transport::Tcp, remote, .. }] if remote == there())
    );
    let request = bench.request();
    assert_eq!(request.headers.via().unwrap().unwrap().port(), Some(5060), "the port that we listen at");
    let other = bench.accept(1);
    bench.tcp(other, reply(&request, 200));
    assert!(matches!(bench.events()[0], Event::Response { .. }));
}

//= rfc3261#18.1.1/sent-by test
//= rfc3261#18.1.1/sent-by-name test
#[test]
fn the_via_has_the_name_that_the_program_gives() {
    let mut bench = Bench::with(|config| {
        config.listen.iter_mut().for_each(|listen| listen.sent_by = Some("sip.example.com".into()));
    });
    bench.endpoint.request(bench.now, ours("OPTIONS"), Target::udp(there())).unwrap();
    bench.drain();
    let request = bench.request();
    assert!(request.headers.raw(Name::Via).unwrap().starts_with("SIP/2.0/UDP sip.example.com;branch="));
    bench.udp(reply(&request, 200));
    assert!(matches!(bench.event(), Event::Response { .. }));
}

//= rfc3261#8.1.1.7/branch-unique test
//= rfc3261#8.1.1.7/version test
#[test]
fn no_two_requests_have_one_branch() {
    let mut bench = Bench::new();
    for _ in 0..200 {
        bench.endpoint.request(bench.now, ours("OPTIONS"), Target::udp(there())).unwrap();
    }
    bench.drain();
    let mut branches: Vec<String> = Vec::new();
    for message in bench.messages() {
        let via = message.headers().via().unwrap().unwrap();
        assert!(via.to_string().starts_with("SIP/2.0/UDP "));
        branches.push(via.branch().unwrap().to_owned());
    }
    branches.sort();
    branches.dedup();
    assert_eq!(branches.len(), 200);
}

//= rfc3261#9.1/same-target test
#[test]
fn a_cancel_takes_the_way_of_its_invite() {
    let mut bench = Bench::new();
    let id = bench.endpoint.request(bench.now, ours("INVITE"), Target::tcp(there())).unwrap();
    bench.drain();
    let Some(Output::Connect { conn, .. }) = bench.others.pop() else { panic!("no connection") };
    let invite = bench.request();
    bench.tcp(conn, reply(&invite, 180));
    bench.endpoint.cancel(bench.now, id).unwrap();
    bench.drain();
    assert!(matches!(bench.sent[..], [Transmit::Stream { conn: c, .. }] if c == conn));
}

//= rfc4320#4.1/100-not-early test
//= rfc4320#4.1/100-reliable test
#[test]
fn a_100_to_another_request_waits_on_udp_only() {
    let mut bench = Bench::new();
    bench.udp(text("OPTIONS", "z9hG4bK1", 1));
    let Event::Request { id, .. } = bench.event() else { panic!("no request") };
    bench.endpoint.trying(bench.now, id).unwrap();
    bench.ms(3400);
    assert!(bench.messages().is_empty());

    let conn = bench.accept(1);
    bench.tcp(conn, text("OPTIONS", "z9hG4bK2", 1).replace("/UDP", "/TCP"));
    let Event::Request { id, .. } = bench.event() else { panic!("no request") };
    bench.endpoint.trying(bench.now, id).unwrap();
    bench.drain();
    assert_eq!(bench.response().status.0, 100);
}
