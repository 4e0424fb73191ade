//! Floods and poison: each has a limit, a counter, and an answer or silence.

use std::time::Duration;

use rfc3261::endpoint::DropReason;
use rfc3261::proxy::Event;

use crate::bench::*;
use crate::registrar::guarded;

const CALLER: &str = "192.0.2.9:5060";
const CALLEE: &str = "192.0.2.20:5060";

#[test]
fn a_flood_of_wrong_passwords_costs_nothing_that_stays() {
    let mut bench = guarded();
    let poison = "Authorization: Digest username=\"bob\", realm=\"example.com\", nonce=\"x\", uri=\"sip:example.com\", response=\"00000000000000000000000000000000\"\r\n";
    for n in 0..20_000u32 {
        let from = format!("10.{}.{}.{}:5060", n % 7, n / 256 % 256, n % 256);
        bench.udp(&from, &request("REGISTER", "sip:example.com", "sip:bob@example.com", poison));
        bench.sent.clear();
    }
    assert!(bench.is_idle(), "no transaction stays: {:?}", bench.proxy.endpoint().stats());
    let stats = bench.proxy.router().stats();
    assert_eq!(stats.registered, 0);
    assert!(stats.challenged + stats.denied + stats.guessing >= 20_000, "{stats:?}");
    assert!(bench.proxy.router().registrar().bindings().is_empty());
}

#[test]
fn who_guesses_too_often_is_not_heard_for_a_minute() {
    let mut bench = guarded();
    bench.udp(CALLER, &request("REGISTER", "sip:example.com", "sip:bob@example.com", ""));
    let challenged = bench.one(CALLER);
    let nonce = challenged.split("nonce=\"").nth(1).unwrap().split('"').next().unwrap();
    let guess = |n: u32| {
        let wrong = format!(
            "Authorization: Digest username=\"bob\", realm=\"example.com\", nonce=\"{nonce}\", uri=\"sip:example.com\", qop=auth, nc={n:08x}, cnonce=\"c\", response=\"{n:032x}\"\r\n"
        );
        request("REGISTER", "sip:example.com", "sip:bob@example.com", &wrong)
    };
    let mut statuses = Vec::new();
    for n in 1..=8 {
        bench.udp(CALLER, &guess(n));
        statuses.push(bench.status(CALLER));
    }
    assert_eq!(statuses, [401, 401, 401, 401, 401, 403, 403, 403]);
    let stats = bench.proxy.router().stats();
    assert_eq!((stats.denied, stats.guessing), (5, 3));
    bench.udp("192.0.2.10:5060", &guess(9));
    assert_eq!(bench.to("192.0.2.10:5060").len() + bench.to(CALLER).len(), 1, "others are heard");
    bench.pass(Duration::from_secs(61));
    bench.udp(CALLER, &guess(10));
    assert_eq!(bench.status(CALLER), 401);
}

#[test]
fn half_open_invites_stay_within_the_limit() {
    let mut bench = Bench::with(
        |c| {
            c.endpoint.max_servers = 500;
            c.endpoint.max_clients = 500;
        },
        |_| (),
    );
    bench.register("bob", &["<sip:bob@192.0.2.20>"]);
    let mut refused = 0;
    for _ in 0..100_000 {
        bench.udp(CALLER, &request("INVITE", "sip:bob@example.com", "sip:bob@example.com", ""));
        refused += bench.to(CALLER).iter().filter(|t| status(t) == 503).count();
        bench.sent.clear();
    }
    let stats = bench.proxy.endpoint().stats();
    assert!(stats.servers <= 500 && stats.clients <= 500 && bench.proxy.live() <= 500, "{stats:?}");
    assert!(refused >= 99_000 && stats.overload >= 99_000, "{refused} {stats:?}");
    assert!(bench.events.iter().any(|e| matches!(e, Event::Dropped { reason: DropReason::Overload, .. })));
    bench.pass(Duration::from_secs(300));
    assert!(bench.is_idle(), "{:?} {}", bench.proxy.endpoint().stats(), bench.proxy.live());
}

/// Whatever stands in a field that we copy or write, a message has the lines that we gave it.
#[test]
fn line_ends_cannot_be_smuggled_in() {
    let poison =
        ["a%0d%0aX-Evil: 1", "a\rX-Evil: 1", "a\nX-Evil: 1", "a\0b", "a\r\n X-Evil: 1", "\"\r\nX-Evil: 1\r\nY: \""];
    for text in poison {
        let mut bench = Bench::with(|c| c.record_route = true, |_| ());
        bench.register("bob", &["<sip:bob@192.0.2.20>"]);
        for field in ["Subject", "Contact", "Route", "Proxy-Require", "Require", "Max-Breadth", "Via", "Record-Route"] {
            for method in ["INVITE", "REGISTER", "OPTIONS"] {
                let header = format!("{field}: {text}\r\n");
                bench.udp(CALLER, &request(method, "sip:bob@example.com", "sip:bob@example.com", &header));
            }
        }
        bench.udp(
            CALLER,
            &request(
                "REGISTER",
                "sip:example.com",
                "sip:bob@example.com",
                &format!("Contact: <sip:{text}@192.0.2.20>\r\n"),
            ),
        );
        bench.udp(CALLER, &request("MESSAGE", &format!("sip:bob@example.com;x={text}"), "sip:bob@example.com", ""));
        for (to, sent) in &bench.sent {
            let smuggled = |line: &str| line.starts_with("X-Evil") || line.starts_with("Y:");
            // A bare CR or LF that came in may be repeated in a copied header; what counts is where lines begin for a
            // reader that takes CRLF for the end of a line.
            let copied = text.contains("\r\nX-Evil") && sent.split("\r\n").any(|line| line == "X-Evil: 1");
            assert!(copied || !sent.split("\r\n").any(smuggled), "{text:?} to {to}: {sent}");
        }
    }
}

#[test]
fn sizes_are_limited() {
    let mut bench = Bench::new();
    bench.register("bob", &["<sip:bob@192.0.2.20>"]);
    let long = |n: usize| {
        request("MESSAGE", "sip:bob@example.com", "sip:bob@example.com", &format!("X-Long: {}\r\n", "x".repeat(n)))
    };
    bench.udp(CALLER, &long(7000));
    assert_eq!(bench.sent.len() + bench.connects.len(), 2, "goes on, by TCP because of its size");
    bench.sent.clear();
    bench.udp(CALLER, &long(65_000));
    bench.sent.clear();
    let many: String = (0..2000).map(|n| format!("X-{n}: y\r\n")).collect();
    bench.udp(CALLER, &request("MESSAGE", "sip:bob@example.com", "sip:bob@example.com", &many));
    let vias: String = (0..200).map(|n| format!("Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK{n}\r\n")).collect();
    bench.udp(CALLER, &request("MESSAGE", "sip:bob@example.com", "sip:bob@example.com", &vias));
    bench.pass(Duration::from_secs(120));
    assert!(bench.is_idle());
}

#[test]
fn contradictory_lengths_are_refused_or_dropped() {
    let mut bench = Bench::new();
    bench.register("bob", &["<sip:bob@192.0.2.20>"]);
    for (length, is_refused) in [
        ("Content-Length: 10", true),
        ("Content-Length: -1", true),
        ("Content-Length: 0\r\nContent-Length: 5", true),
        ("Content-Length: 99999999999999999999", true),
    ] {
        let text =
            request("MESSAGE", "sip:bob@example.com", "sip:bob@example.com", "").replace("Content-Length: 0", length);
        bench.udp(CALLER, &text);
        let answers = bench.to(CALLER);
        assert!(answers.iter().all(|t| status(t) == 400), "{length}: {answers:?}");
        assert_eq!(bench.to(CALLEE).is_empty(), is_refused, "{length}");
    }
    // A shorter one cuts the datagram: what is left over is not forwarded.
    let text = request("MESSAGE", "sip:bob@example.com", "sip:bob@example.com", "") + "GET / HTTP/1.1\r\n\r\n";
    bench.udp(CALLER, &text);
    assert!(bench.to(CALLEE).iter().all(|t| !t.contains("HTTP")));
}

#[test]
fn garbage_is_counted_and_not_answered() {
    let mut bench = Bench::new();
    for text in
        ["", "\r\n\r\n", "hello", "SIP/2.0 200 OK\r\n\r\n", "INVITE sip:a@b SIP/2.0\r\n\r\n", "\0\0\0\0", "INVITE\r\n"]
    {
        bench.udp(CALLER, text);
    }
    assert!(bench.to(CALLER).iter().all(|t| status(t) >= 400));
    assert!(bench.is_idle());
}

#[test]
fn while_draining_only_dialogs_go_on() {
    let mut bench = Bench::with(|c| c.record_route = true, |_| ());
    bench.register("bob", &["<sip:bob@192.0.2.20>"]);
    bench.udp(CALLER, &request("INVITE", "sip:bob@example.com", "sip:bob@example.com", ""));
    let copy = bench.one(CALLEE);
    bench.proxy.drain();
    assert_eq!(bench.proxy.waiting(), 1);
    bench.udp(CALLER, &request("INVITE", "sip:bob@example.com", "sip:bob@example.com", ""));
    let answer = bench.one(CALLER);
    assert_eq!((status(&answer), values(&answer, "Retry-After").len()), (503, 1));
    bench.udp(CALLEE, &response(&copy, 200, ""));
    assert_eq!(bench.status(CALLER), 200);
    assert_eq!(bench.proxy.waiting(), 0);
    let bye = request("BYE", "sip:bob@192.0.2.20", "sip:bob@example.com", "Route: <sip:192.0.2.1;lr>\r\n");
    bench.udp(CALLER, &bye.replace("To: <sip:bob@example.com>", "To: <sip:bob@example.com>;tag=1"));
    assert!(bench.one(CALLEE).starts_with("BYE "));
}
