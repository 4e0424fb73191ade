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
    bench.udp(CALLER, &guess(9).replace("username=\"bob\"", "username=\"alice\""));
    assert_eq!(bench.status(CALLER), 401, "other users behind the same NAT are heard");
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

/// Everything that the proxy sends is a message that its own parser takes, with the headers that every message has;
/// but an error repeats the headers of a broken request as they came.
fn sound(bench: &mut Bench, what: &str) {
    use rfc3261::message::{Message, Name};
    for (to, text) in std::mem::take(&mut bench.sent) {
        let is_binary = text.contains(char::REPLACEMENT_CHARACTER);
        if text.starts_with("SIP/2.0 4") || text.starts_with("SIP/2.0 5") || is_binary {
            continue;
        }
        let message = Message::parse(text.clone().into()).unwrap_or_else(|e| panic!("{what}: to {to}: {e}: {text}"));
        let headers = match &message {
            Message::Request(request) => &request.headers,
            Message::Response(response) => &response.headers,
        };
        for name in [Name::Via, Name::From, Name::To, Name::CallId, Name::CSeq] {
            assert!(headers.raw(name.clone()).is_some(), "{what}: no {name} in {text}");
        }
    }
    for (query, ..) in std::mem::take(&mut bench.lookups) {
        bench.input(wire::Input::Resolved { query, answer: Err(wire::ResolveError::NotFound) });
    }
    for (conn, _) in std::mem::take(&mut bench.connects) {
        bench.input(wire::Input::Closed { conn, reason: wire::CloseReason::Refused });
    }
    bench.sent.clear();
    bench.events.clear();
}

/// Valid messages with a few bytes changed, removed, doubled or swapped, to and fro.
#[test]
fn mutated_messages_do_no_harm() {
    let seed = 4711;
    let mut rng = wire::Rng::from_u64(seed);
    let mut bench = Bench::with(|c| c.record_route = true, |_| ());
    let mut mutate = |text: &str| -> Vec<u8> {
        let mut bytes = text.as_bytes().to_vec();
        for _ in 0..1 + rng.below(4) {
            let at = rng.below(bytes.len() as u64) as usize;
            let end = (at + 1 + rng.below(12) as usize).min(bytes.len());
            match rng.below(5) {
                0 => bytes[at] = rng.u32() as u8,
                1 => drop(bytes.drain(at..end)),
                2 => {
                    let again = bytes[at..end].to_vec();
                    bytes.splice(at..at, again).for_each(drop);
                }
                3 => {
                    let odd =
                        [&b"\r\n"[..], b";", b",", b"<>", b"\"", b"%00", b"999999999999", b"\t"][rng.below(8) as usize];
                    bytes.splice(at..at, odd.iter().copied()).for_each(drop);
                }
                _ => bytes.swap(at, end - 1),
            }
        }
        bytes
    };
    let input = |bench: &mut Bench, from: &str, data: Vec<u8>| {
        let local = PROXY.parse().unwrap();
        bench.input(wire::Input::Datagram { local, remote: from.parse().unwrap(), data: data.into() });
    };
    for n in 0..4000 {
        if n % 50 == 0 {
            bench.register("bob", &["<sip:bob@192.0.2.20>;q=0.7", "<sip:bob@192.0.2.21>"]);
            bench.pass(Duration::from_secs(60));
            sound(&mut bench, &format!("seed {seed}, {n}"));
        }
        let more = "Route: <sip:192.0.2.1;lr>\r\nProxy-Authorization: Digest username=\"a\", realm=\"b\"\r\nMax-Breadth: 9\r\n";
        let method = ["INVITE", "REGISTER", "MESSAGE", "OPTIONS", "ACK", "BYE", "CANCEL"][n % 7];
        let contact = "Contact: \"B\" <sip:bob@192.0.2.20;x=y>;q=0.4;expires=70\r\n";
        let text = request(method, "sip:bob@example.com", "sip:bob@example.com", &format!("{more}{contact}"));
        let data = mutate(&text);
        input(&mut bench, CALLER, data);
        let copies: Vec<String> =
            bench.sent.iter().map(|(_, text)| text.clone()).filter(|t| !t.starts_with("SIP")).collect();
        for copy in copies.iter().take(2) {
            let data = mutate(&response(copy, [100, 180, 200, 302, 401, 486, 503, 603][n % 8], contact));
            input(&mut bench, CALLEE, data);
        }
        sound(&mut bench, &format!("seed {seed}, {n}: {text:?}"));
    }
    bench.pass(Duration::from_secs(700));
    assert!(bench.is_idle(), "seed {seed}: {:?} {}", bench.proxy.endpoint().stats(), bench.proxy.live());
    bench.pass(Duration::from_secs(4000));
    assert_eq!(wire::Machine::deadline(&bench.proxy), None, "seed {seed}: no timer is left");
}

/// The torture messages of RFC 4475 and RFC 5118, all through one proxy.
#[test]
fn torture_messages_do_no_harm() {
    let mut bench = Bench::with(|c| c.record_route = true, |_| ());
    let mut count = 0;
    for folder in ["tests/torture/rfc4475", "tests/torture/rfc5118"] {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let data = std::fs::read(&path).unwrap().into();
            let (local, remote) = (PROXY.parse().unwrap(), CALLER.parse().unwrap());
            bench.input(wire::Input::Datagram { local, remote, data });
            sound(&mut bench, &path.display().to_string());
            count += 1;
        }
    }
    assert!(count > 50, "{count}");
    bench.pass(Duration::from_secs(700));
    assert!(bench.is_idle(), "{:?} {}", bench.proxy.endpoint().stats(), bench.proxy.live());
}
