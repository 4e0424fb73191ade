//! Connections of an endpoint: framing, reuse, limits, and when they are closed.

mod common;

use std::time::Duration;

use common::*;
use rfc3261::endpoint::{DropReason, Event, Target};
use rfc3261::message::Name;
use wire::{CloseReason, ConnId, Input, Output, Transmit, Transport};

fn tcp(method: &str, branch: &str) -> String {
    text(method, branch, 1).replace("SIP/2.0/UDP", "SIP/2.0/TCP")
}

fn closed(bench: &mut Bench) -> Option<ConnId> {
    bench.others.drain(..).find_map(|o| match o {
        Output::Close { conn } => Some(conn),
        _ => None,
    })
}

//= rfc3261#18.2.2/same-connection test
#[test]
fn messages_are_framed_however_the_bytes_arrive_and_answered_on_their_connection() {
    let mut bench = Bench::new();
    let conn = bench.accept(1);
    let both = tcp("OPTIONS", "z9hG4bK1") + &tcp("OPTIONS", "z9hG4bK2");
    for byte in both.as_bytes() {
        bench.tcp(conn, [*byte]);
    }
    for event in bench.events() {
        let Event::Request { id, request, source } = event else { panic!("no request") };
        assert_eq!((source.conn, source.transport), (Some(conn), Transport::Tcp));
        bench.endpoint.respond(bench.now, id, answer(&request, 200)).unwrap();
    }
    bench.drain();
    assert_eq!(bench.sent.len(), 2);
    assert!(bench.sent.iter().all(|t| matches!(t, Transmit::Stream { conn: c, .. } if *c == conn)));
    assert_eq!(bench.endpoint.stats().servers, 0, "timer J is zero");
}

//= rfc3261#18.2.2/reconnect test
#[test]
fn a_response_whose_connection_is_gone_takes_a_new_one_to_the_sent_by_port() {
    let mut bench = Bench::new();
    let conn = bench.accept(1);
    bench.tcp(conn, tcp("INVITE", "z9hG4bK1"));
    let Event::Request { id, request, .. } = bench.event() else { panic!("no request") };
    bench.input(Input::Closed { conn, reason: CloseReason::Peer });
    bench.endpoint.respond(bench.now, id, answer(&request, 180)).unwrap();
    bench.drain();
    assert!(
        matches!(bench.others[..], [Output::Connect { transport: Transport::Tcp, remote, .. }] if remote == there())
    );
    assert_eq!(bench.response().status.0, 180);
}

#[test]
fn a_ping_gets_a_pong() {
    let mut bench = Bench::new();
    let conn = bench.accept(1);
    bench.tcp(conn, "\r\n\r\n");
    assert!(matches!(&bench.sent[..], [Transmit::Stream { data, .. }] if data == "\r\n"));
    assert!(bench.events().is_empty());
}

#[test]
fn a_stream_without_framing_is_closed() {
    let mut bench = Bench::new();
    let conn = bench.accept(1);
    bench.tcp(conn, tcp("OPTIONS", "z9hG4bK1").replace("Content-Length: 0", "Content-Length: x"));
    assert_eq!(closed(&mut bench), Some(conn));
    assert!(matches!(bench.events().last(), Some(Event::Dropped { reason: DropReason::BadFraming, .. })));
    assert_eq!((bench.endpoint.stats().bad_framing, bench.endpoint.stats().connections), (1, 0));
}

#[test]
fn a_message_beyond_the_limit_closes_the_stream() {
    let mut bench = Bench::with(|c| c.limits.message = 1000);
    let conn = bench.accept(1);
    for _ in 0..100 {
        bench.tcp(conn, [b'x'; 100]);
    }
    assert_eq!(closed(&mut bench), Some(conn));
    assert_eq!(bench.endpoint.stats().bad_framing, 1);
}

#[test]
fn a_peer_that_dribbles_is_closed_and_one_that_keeps_up_is_not() {
    let mut bench = Bench::new();
    let (slow, fast) = (bench.accept(1), bench.accept(2));
    let whole = tcp("OPTIONS", "z9hG4bK1");
    let mut bytes = whole.bytes();
    for n in 0..20 {
        if bench.endpoint.stats().connections == 2 {
            bench.tcp(slow, [bytes.next().unwrap()]);
        }
        bench.tcp(fast, tcp("OPTIONS", &format!("z9hG4bKf{n}")) + "OPTI");
        bench.tcp(fast, tcp("OPTIONS", &format!("z9hG4bKg{n}")).strip_prefix("OPTI").unwrap());
        bench.ms(1000);
    }
    assert_eq!(closed(&mut bench), Some(slow));
    assert_eq!(bench.endpoint.stats().slow_peers, 1);
    assert!(bench.events().iter().any(|e| matches!(e, Event::Dropped { reason: DropReason::SlowPeer, .. })));
}

//= rfc3261#18/keep-open test
//= rfc3261#18/keep-open-long test
#[test]
fn an_idle_connection_is_closed_but_not_before_64_t1() {
    let mut bench = Bench::with(|c| c.idle_close = Duration::from_secs(1));
    let conn = bench.accept(1);
    bench.ms(20_000);
    bench.tcp(conn, "\r\n\r\n");
    bench.ms(31_900);
    assert_eq!(closed(&mut bench), None);
    bench.ms(200);
    assert_eq!(closed(&mut bench), Some(conn));
    assert_eq!(bench.endpoint.stats().idle_closed, 1);
    bench.is_empty();
}

#[test]
fn the_limit_of_connections_holds_both_ways() {
    let mut bench = Bench::with(|c| c.max_connections = 2);
    bench.accept(1);
    bench.accept(2);
    let third = bench.accept(3);
    assert_eq!(closed(&mut bench), Some(third));
    assert!(matches!(bench.event(), Event::Dropped { reason: DropReason::TooManyConnections, .. }));
    bench.endpoint.request(bench.now, ours("OPTIONS"), Target::tcp(there())).unwrap();
    bench.drain();
    assert!(matches!(bench.events()[0], Event::TransportFailed { .. }));
    assert_eq!(bench.endpoint.stats().connections_refused, 2);
}

//= rfc3261#18.1.1/response-same-connection test
//= rfc3261#18.1.1/sent-by test
#[test]
fn a_request_goes_by_the_connection_that_its_target_names() {
    let mut bench = Bench::new();
    let conn = bench.accept(1);
    let target = Target { conn: Some(conn), ..Target::tcp(there()) };
    bench.endpoint.request(bench.now, ours("OPTIONS"), target).unwrap();
    bench.drain();
    assert!(matches!(bench.sent[..], [Transmit::Stream { conn: c, .. }] if c == conn));
    let request = bench.request();
    assert!(request.headers.raw(Name::Via).unwrap().starts_with("SIP/2.0/TCP 192.0.2.1:5060;"));
    bench.tcp(conn, reply(&request, 200));
    assert!(matches!(bench.events()[0], Event::Response { .. }));
}

#[test]
fn a_websocket_piece_is_a_message() {
    let mut bench = Bench::new();
    let conn = ConnId::inbound(9);
    bench.input(Input::Opened { conn, transport: Transport::Ws, local: here(), remote: there() });
    bench.tcp(conn, tcp("OPTIONS", "z9hG4bK1").replace("Content-Length: 0\r\n", "").replace("TCP", "WS"));
    assert!(matches!(bench.event(), Event::Request { source, .. } if source.transport == Transport::Ws));
}

#[test]
fn ten_thousand_requests_on_one_connection_leave_nothing() {
    let mut bench = Bench::new();
    let conn = bench.accept(1);
    let target = Target { conn: Some(conn), ..Target::tcp(there()) };
    for _ in 0..10_000 {
        bench.endpoint.request(bench.now, ours("OPTIONS"), target).unwrap();
        bench.drain();
        let request = bench.request();
        bench.tcp(conn, reply(&request, 200));
        bench.events();
    }
    assert_eq!(bench.endpoint.stats().clients, 0);
    assert!(format!("{:?}", bench.endpoint).len() < 200_000, "state is in proportion to what is alive");
}
