//! Anything from anyone into an endpoint and a user agent: no panic, no growth without bound, and after the longest
//! timer no transaction is left.

mod common;
#[path = "common/desk.rs"]
mod desk;

use common::Bench;
use desk::Desk;
use proptest::prelude::*;
use rfc3261::endpoint::{Event, Target};
use rfc3261::ua;
use wire::{ConnId, Input};

/// One thing that happens: a message of the list damaged a little, or time.
#[derive(Clone, Debug)]
enum Happening {
    Message { kind: usize, branch: u8, tag: u8, cseq: u8, damage: Option<(prop::sample::Index, u8)> },
    Reply { status: u16, nth: prop::sample::Index, tag: u8, contact: bool },
    Time(u32),
    Core(u8),
}

fn happening() -> impl Strategy<Value = Happening> {
    let damage = prop::option::weighted(0.3, (any::<prop::sample::Index>(), any::<u8>()));
    prop_oneof![
        4 => (0..9usize, 0..4u8, 0..3u8, 0..4u8, damage)
            .prop_map(|(kind, branch, tag, cseq, damage)| Happening::Message { kind, branch, tag, cseq, damage }),
        4 => (100..700u16, any::<prop::sample::Index>(), 0..3u8, any::<bool>())
            .prop_map(|(status, nth, tag, contact)| Happening::Reply { status, nth, tag, contact }),
        2 => (0..20_000u32).prop_map(Happening::Time),
        4 => any::<u8>().prop_map(Happening::Core),
    ]
}

const METHODS: [&str; 9] = ["INVITE", "ACK", "CANCEL", "BYE", "OPTIONS", "REGISTER", "MESSAGE", "INFO", "FETCH"];

fn message(kind: usize, branch: u8, tag: &str, cseq: u8, damage: &Option<(prop::sample::Index, u8)>) -> Vec<u8> {
    let method = METHODS[kind % METHODS.len()];
    let cookie = if branch == 3 { "" } else { "z9hG4bK" };
    let mut bytes = common::text(method, &format!("{cookie}{branch}"), cseq.into());
    if !tag.is_empty() {
        bytes = bytes.replace("To: <sip:bob@192.0.2.1>", &format!("To: <sip:bob@192.0.2.1>;tag={tag}"));
    }
    let mut bytes = bytes.into_bytes();
    if let Some((at, byte)) = damage {
        let at = at.index(bytes.len());
        bytes[at] = *byte;
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_endpoint_survives_and_forgets(happenings in prop::collection::vec(happening(), 0..60)) {
        let mut bench = Bench::new();
        let (mut servers, mut clients, mut sent) = (Vec::new(), Vec::new(), Vec::new());
        let conn = bench.accept(1);
        for happening in happenings {
            match happening {
                Happening::Message { kind, branch, tag, cseq, damage } => {
                    let tag = if tag == 0 { "" } else { "here" };
                    let bytes = message(kind, branch, tag, cseq, &damage);
                    if cseq == 1 { bench.tcp(conn, &bytes) } else { bench.udp(&bytes) }
                }
                Happening::Reply { status, nth, .. } if !sent.is_empty() => {
                    let request = &sent[nth.index(sent.len())];
                    bench.udp(common::reply(request, status));
                }
                Happening::Reply { .. } => bench.udp([0, 1, 2]),
                Happening::Time(ms) => bench.ms(ms.into()),
                Happening::Core(n) => {
                    let request = common::ours(["INVITE", "OPTIONS"][usize::from(n) % 2]);
                    match n % 6 {
                        0 => clients.extend(bench.endpoint.request(bench.now, request, Target::udp(common::there()))),
                        1 => clients.extend(bench.endpoint.request(bench.now, request, Target::tcp(common::there()))),
                        2 => for id in &clients {
                            let _ = bench.endpoint.cancel(bench.now, *id);
                        },
                        3 => bench.input(Input::Unreachable { local: common::here(), remote: common::there() }),
                        4 => bench.input(Input::Closed { conn: ConnId::outbound(0), reason: wire::CloseReason::Reset }),
                        _ => for (id, request) in &servers {
                            let _ = bench.endpoint.respond(bench.now, *id, common::answer(request, 100 + u16::from(n) * 2));
                        },
                    }
                    bench.drain();
                }
            }
            for event in bench.events() {
                if let Event::Request { id, request, .. } = event {
                    servers.push((id, request));
                }
            }
            for message in bench.readable() {
                if let rfc3261::message::Message::Request(request) = message {
                    sent.push(request);
                }
            }
        }
        // The core answers what waits; everything else the timers end. An INVITE client in Proceeding waits for ever.
        for (id, request) in &servers {
            let _ = bench.endpoint.respond(bench.now, *id, common::answer(request, 486));
        }
        for id in clients {
            let _ = bench.endpoint.cancel(bench.now, id);
        }
        bench.ms(70_000);
        let stats = bench.endpoint.stats();
        prop_assert_eq!((stats.clients, stats.servers), (0, 0));
    }

    #[test]
    fn a_user_agent_survives_and_forgets(happenings in prop::collection::vec(happening(), 0..60)) {
        let mut desk = Desk::new();
        let (mut calls, mut sent, mut tag) = (Vec::new(), Vec::new(), String::new());
        let to = || rfc3261::message::Uri::parse("sip:carol@192.0.2.2").unwrap();
        for happening in happenings {
            match happening {
                Happening::Message { kind, branch, tag: tagged, cseq, damage } => {
                    let tag = if tagged == 0 { "" } else { tag.as_str() };
                    desk.udp(message(kind, branch, tag, cseq, &damage));
                }
                Happening::Reply { status, nth, tag, contact } if !sent.is_empty() => {
                    let request: &rfc3261::message::Request = &sent[nth.index(sent.len())];
                    let more: &[_] = if contact { &[(rfc3261::message::Name::Contact, "<sip:c@192.0.2.2>")] } else { &[] };
                    desk.udp(desk::reply(request, status, &format!("t{tag}"), more));
                }
                Happening::Reply { .. } => desk.udp("x"),
                Happening::Time(ms) => desk.ms(ms.into()),
                Happening::Core(n) => {
                    let call = calls.get(usize::from(n) % calls.len().max(1)).copied();
                    let sdp = ua::Body::sdp("sdp");
                    desk.run(|ua, now| match (n % 11, call) {
                        (0, _) => calls.extend(ua.invite(now, to(), ua::Invitation::sdp("offer"))),
                        (1, _) => calls.extend(ua.invite(now, to(), ua::Invitation::default())),
                        (2, _) => drop(ua.message(now, to(), ua::Body::text("hi"))),
                        (3, Some(call)) => drop(ua.ring(now, call)),
                        (4, Some(call)) => drop(ua.accept(now, call, Some(sdp))),
                        (5, Some(call)) => drop(ua.reject(now, call, 480)),
                        (6, Some(call)) => drop(ua.modify(now, call, sdp)),
                        (7, Some(call)) => drop(ua.hang_up(now, call)),
                        (8, Some(call)) => drop(ua.answer(now, call, sdp)),
                        (9, Some(call)) => drop(ua.info(now, call, sdp)),
                        _ => drop(ua.options(now, to())),
                    });
                }
            }
            for event in desk.events() {
                if let ua::Event::Incoming { call, .. } = event {
                    calls.push(call);
                }
            }
            for (_, message) in desk.sent() {
                match message {
                    rfc3261::message::Message::Request(request) => sent.push(request),
                    rfc3261::message::Message::Response(response) => {
                        if let Ok(Some(to)) = response.headers.to() {
                            tag = to.tag().unwrap_or_default().to_owned();
                        }
                    }
                }
            }
        }
        desk.run(|ua, now| ua.shutdown(now));
        for _ in 0..100 {
            desk.ms(20_000);
            while !desk.queries.is_empty() {
                desk.resolve(&[]); // a damaged Contact is a name
            }
        }
        let (load, stats) = (desk.ua.load(), desk.ua.endpoint().stats());
        prop_assert_eq!((stats.clients, stats.servers), (0, 0));
        prop_assert_eq!((load.calls, load.requests, load.dialogs), (0, 0, 0), "{:?}", desk.ua);
    }
}
