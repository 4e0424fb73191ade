//! Client transactions on an endpoint: what is sent when, and what the core hears.

mod common;

use common::*;
use rfc3261::endpoint::{Error, Event, Id, Target};
use rfc3261::message::{Message, Method, Name};
use wire::{CloseReason, Input, Output, Transmit, Transport};

fn times(bench: &mut Bench, seconds: u64) -> Vec<u64> {
    let start = bench.now;
    let mut out = Vec::new();
    for _ in 0..seconds * 10 {
        bench.ms(100);
        out.extend(bench.messages().iter().map(|_| (bench.now - start).as_millis() as u64));
    }
    out
}

//= rfc3261#17.1.1.2/timer-a-doubles test
//= rfc3261#17.1.1.2/timer-b-informs test
//= rfc3261#17.1.1.2/timer-b-no-ack test
//= rfc3261#17.1.1.2/destroyed test
//= rfc3261#8.1.1.7/branch test
//= rfc3261#8.1.1.7/branch-cookie test
//= rfc3261#20.42/magic-cookie test
#[test]
fn an_invite_is_repeated_with_doubled_intervals_and_given_up_after_64_t1() {
    let mut bench = Bench::new();
    let id = bench.endpoint.request(bench.now, ours("INVITE"), Target::udp(there())).unwrap();
    bench.drain();
    let first = bench.request();
    assert!(first.headers.via().unwrap().unwrap().has_cookie());
    assert_eq!(times(&mut bench, 33), [500, 1500, 3500, 7500, 15500, 31500]);
    let events = bench.events();
    assert!(matches!(events[0], Event::Timeout { id: Id::Client(i) } if i == id));
    assert!(matches!(events[1], Event::Terminated { id: Id::Client(i) } if i == id));
    assert_eq!(bench.endpoint.stats().timeouts, 1);
    bench.is_empty();
}

//= rfc3261#17.1.2.2/timer-e-doubles test
//= rfc3261#17.1.2.2/timer-f-informs test
//= rfc3261#17.1.2.2/destroyed test
#[test]
fn another_request_is_repeated_up_to_t2_and_given_up_after_64_t1() {
    let mut bench = Bench::new();
    bench.endpoint.request(bench.now, ours("OPTIONS"), Target::udp(there())).unwrap();
    bench.drain();
    bench.messages();
    let want = [500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500];
    assert_eq!(times(&mut bench, 33), want);
    assert!(matches!(bench.events()[0], Event::Timeout { .. }));
    bench.is_empty();
}

//= rfc3261#17.1.1.2/proceeding-quiet test
//= rfc3261#17.1.2.2/timer-e-proceeding test
//= rfc3261#18.1.2/to-transaction test
#[test]
fn after_a_provisional_response_an_invite_is_quiet_and_another_request_repeats_at_t2() {
    let mut bench = Bench::new();
    for (method, want) in [("INVITE", vec![]), ("OPTIONS", vec![500, 4500, 8500])] {
        bench.endpoint.request(bench.now, ours(method), Target::udp(there())).unwrap();
        bench.drain();
        let request = bench.request();
        bench.udp(reply(&request, 100));
        assert!(matches!(bench.event(), Event::Response { response, .. } if response.status.0 == 100));
        assert_eq!(times(&mut bench, 10), want, "{method}");
        bench.udp(reply(&request, 200));
        bench.events();
    }
    bench.is_empty();
}

//= rfc3261#8.2.2.3/not-in-cancel test
//= rfc3261#17.1.1.2/ack test
//= rfc3261#17.1.1.2/ack-again test
//= rfc3261#17.1.1.2/repeat-not-up test
//= rfc3261#17.1.1.2/ack-same-target test
//= rfc3261#17.1.1.3/same-headers test
//= rfc3261#17.1.1.3/to-of-response test
//= rfc3261#17.1.1.3/one-via test
//= rfc3261#17.1.1.3/cseq test
//= rfc3261#17.1.1.3/route test
//= rfc3261#17.1.1.3/no-body test
#[test]
fn a_failure_is_acknowledged_each_time_and_told_once() {
    let mut bench = Bench::new();
    bench.endpoint.request(bench.now, ours("INVITE"), Target::udp(there())).unwrap();
    bench.drain();
    let invite = bench.request();
    for round in 0..3 {
        bench.udp(reply(&invite, 486));
        let ack = bench.request();
        assert_eq!(ack.method, Method::Ack);
        assert_eq!(ack.uri, invite.uri);
        assert_eq!(ack.headers.raw_all(Name::Via).collect::<Vec<_>>(), [invite.headers.raw(Name::Via).unwrap()]);
        assert_eq!(ack.headers.raw(Name::CSeq), Some("7 ACK"));
        assert_eq!(ack.headers.raw(Name::To), Some("<sip:alice@192.0.2.2>;tag=there"));
        for name in [Name::From, Name::CallId, Name::Route] {
            assert_eq!(ack.headers.raw(name.clone()), invite.headers.raw(name));
        }
        assert!(ack.body.is_empty());
        assert_eq!((ack.headers.raw(Name::Require), ack.headers.raw(Name::ProxyRequire)), (None, None));
        assert_eq!(bench.events().len(), usize::from(round == 0), "the core hears of it once");
    }
    bench.is_empty();
    assert!(matches!(bench.event(), Event::Terminated { .. }));
}

//= rfc6026#7.2/further-2xx-up test
//= rfc6026#7.2/no-ack test
//= rfc6026#7.2/timer-m-ends test
//= rfc3261#18.1.2/to-core test
//= rfc3261#17.1.1.3/not-for-2xx test
#[test]
fn every_2xx_goes_up_and_none_is_acknowledged() {
    let mut bench = Bench::new();
    bench.endpoint.request(bench.now, ours("INVITE"), Target::udp(there())).unwrap();
    bench.drain();
    let invite = bench.request();
    for _ in 0..3 {
        bench.udp(reply(&invite, 200));
        assert!(matches!(bench.event(), Event::Response { .. }));
        assert!(bench.messages().is_empty());
    }
    bench.ms(32_100);
    assert!(matches!(bench.event(), Event::Terminated { .. }));
    bench.udp(reply(&invite, 200));
    assert!(matches!(bench.event(), Event::Stray { .. }), "after timer M it is a stray one");
    bench.is_empty();
}

//= rfc3261#18.1.2/foreign-sent-by test
#[test]
fn a_response_with_a_foreign_via_is_dropped() {
    let mut bench = Bench::new();
    bench.endpoint.request(bench.now, ours("OPTIONS"), Target::udp(there())).unwrap();
    bench.drain();
    let mut request = bench.request();
    let via = request.headers.raw(Name::Via).unwrap().replace("192.0.2.1", "192.0.2.77");
    request.headers.set(Name::Via, via);
    bench.udp(reply(&request, 200));
    assert!(matches!(bench.event(), Event::Dropped { .. }));
    assert_eq!(bench.endpoint.stats().foreign_via, 1);
}

//= rfc3261#8.2.2.3/not-in-cancel test
//= rfc3261#17.1.3/branch-and-method test
//= rfc3261#9.1/same-headers test
//= rfc3261#9.1/one-via test
//= rfc3261#9.1/cseq-method test
//= rfc3261#9.1/route test
//= rfc3261#9.1/no-require test
//= rfc3261#9.1/not-before-provisional test
//= rfc3261#9.1/wait test
//= rfc3261#9.1/not-after-final test
#[test]
fn the_method_tells_the_response_to_a_cancel_from_that_to_its_invite() {
    let mut bench = Bench::new();
    let id = bench.endpoint.request(bench.now, ours("INVITE"), Target::udp(there())).unwrap();
    bench.endpoint.cancel(bench.now, id).unwrap();
    bench.drain();
    let invite = bench.request();
    assert_eq!(bench.endpoint.stats().clients, 1, "no CANCEL before a provisional response");
    bench.udp(reply(&invite, 180));
    let cancel = bench.request();
    assert_eq!(cancel.method, Method::Cancel);
    assert_eq!(cancel.headers.raw(Name::CSeq), Some("7 CANCEL"));
    assert_eq!(cancel.headers.raw_all(Name::Via).collect::<Vec<_>>(), [invite.headers.raw(Name::Via).unwrap()]);
    for name in [Name::From, Name::To, Name::CallId, Name::Route] {
        assert_eq!(cancel.headers.raw(name.clone()), invite.headers.raw(name));
    }
    assert_eq!((&cancel.uri, cancel.headers.raw(Name::Require)), (&invite.uri, None));
    assert_eq!(cancel.headers.raw(Name::ProxyRequire), None);
    bench.events();
    bench.udp(reply(&cancel, 200));
    assert!(bench.events().is_empty(), "nobody hears of the CANCEL");
    bench.udp(reply(&invite, 487));
    assert!(matches!(bench.event(), Event::Response { response, .. } if response.status.0 == 487));
    assert_eq!(bench.endpoint.cancel(bench.now, id), Err(Error::Answered));
    bench.is_empty();
}

//= rfc3261#9.1/give-up test
#[test]
fn a_cancelled_invite_that_nobody_ends_is_given_up() {
    let mut bench = Bench::new();
    let id = bench.endpoint.request(bench.now, ours("INVITE"), Target::udp(there())).unwrap();
    bench.drain();
    let invite = bench.request();
    bench.udp(reply(&invite, 180));
    bench.ms(120_000);
    bench.events();
    bench.endpoint.cancel(bench.now, id).unwrap();
    bench.ms(32_100);
    assert!(bench.events().iter().any(|e| matches!(e, Event::Timeout { id: Id::Client(i) } if *i == id)));
    bench.is_empty();
}

//= rfc3261#17.1.4/inform test
//= rfc3261#18.4/icmp-unreachable test
#[test]
fn an_unreachable_address_ends_the_transaction() {
    let mut bench = Bench::new();
    let id = bench.endpoint.request(bench.now, ours("INVITE"), Target::udp(there())).unwrap();
    bench.input(Input::Unreachable { local: here(), remote: there() });
    bench.ms(100);
    let events = bench.events();
    assert!(matches!(events[0], Event::TransportFailed { id: Id::Client(i) } if i == id));
    bench.is_empty();
}

//= rfc3261#18.1.1/large-over-stream test
//= rfc3261#18.1.1/large-via test
//= rfc3261#18.1.1/fall-back-to-udp test
#[test]
fn a_large_request_goes_by_tcp_and_falls_back_to_udp() {
    let mut bench = Bench::new();
    let mut request = ours("MESSAGE");
    request.body = vec![b'x'; 1300].into();
    bench.endpoint.request(bench.now, request, Target::udp(there())).unwrap();
    bench.drain();
    let Some(Output::Connect { conn, transport: Transport::Tcp, .. }) = bench.others.pop() else {
        panic!("no connection")
    };
    let sent = bench.request();
    assert!(sent.headers.raw(Name::Via).unwrap().starts_with("SIP/2.0/TCP"));
    assert_eq!(bench.endpoint.stats().too_large_for_udp, 1);
    bench.input(Input::Closed { conn, reason: CloseReason::Refused });
    assert!(matches!(&bench.sent[0], Transmit::Datagram { .. }));
    let again = bench.request();
    assert!(again.headers.raw(Name::Via).unwrap().starts_with("SIP/2.0/UDP"));
    bench.ms(500);
    assert_eq!(bench.messages().len(), 1, "and is repeated there");
    bench.udp(reply(&again, 200));
    assert!(matches!(bench.event(), Event::Response { .. }));
    bench.is_empty();
}

//= rfc3261#17.1.1.2/timer-a-unreliable-only test
//= rfc3261#18.1.1/reuse-connection test
//= rfc3261#18.4/connection-failure test
#[test]
fn over_tcp_nothing_is_repeated_and_a_broken_connection_fails() {
    let mut bench = Bench::new();
    let id = bench.endpoint.request(bench.now, ours("OPTIONS"), Target::tcp(there())).unwrap();
    bench.drain();
    let Some(Output::Connect { conn, .. }) = bench.others.pop() else { panic!("no connection") };
    bench.messages();
    assert!(times(&mut bench, 20).is_empty());
    bench.endpoint.request(bench.now, ours("OPTIONS"), Target::tcp(there())).unwrap();
    bench.drain();
    assert!(bench.others.is_empty(), "the connection is used again");
    bench.input(Input::Closed { conn, reason: CloseReason::Reset });
    let failed = |e: &&Event| matches!(e, Event::TransportFailed { .. });
    let events = bench.events();
    assert_eq!(events.iter().filter(failed).count(), 2);
    assert!(matches!(events[0], Event::TransportFailed { id: Id::Client(i) } if i == id));
    bench.is_empty();
}

#[test]
fn the_limit_of_client_transactions_holds() {
    let mut bench = Bench::with(|c| c.max_clients = 2);
    let mut request = || bench.endpoint.request(bench.now, ours("OPTIONS"), Target::udp(there()));
    assert!(request().is_ok() && request().is_ok());
    assert_eq!(request(), Err(Error::Busy));
}

#[test]
fn a_request_without_transaction_can_be_sent_again_as_it_was() {
    let mut bench = Bench::new();
    let mut sent = bench.endpoint.send(bench.now, ours("ACK"), Target::udp(there())).unwrap();
    bench.endpoint.resend(bench.now, &mut sent).unwrap();
    bench.drain();
    let [first, second] = &bench.sent[..] else { panic!("two") };
    assert_eq!(first, second);
    assert_eq!(bench.endpoint.stats().clients, 0);
    assert!(bench.messages().iter().all(|m| matches!(m, Message::Request(r) if r.headers.via().unwrap().is_some())));
}
