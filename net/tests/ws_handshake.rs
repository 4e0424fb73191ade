//! The opening handshake of WebSocket, both sides, and who refuses what.
#![cfg(feature = "ws")]
mod common;

use std::io::Write;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use common::ws::{ACCEPT, KEY, answer, frame, header, read_head, request};
use common::{Puppet, beside, dial, loopback, opened, pieces, read_all, reason};
use net::{Config, Driver, Options, Ws};
use wire::{CloseReason, ConnId, Input, Transport};

const CLIENT: ConnId = ConnId::outbound(0);
const SERVER: ConnId = ConnId::inbound(0);
const GET: &str = "GET / HTTP/1.1";
const SWITCHING: &str = "HTTP/1.1 101 Switching Protocols";

fn with(ws: Ws) -> Config {
    Config { ws, ..Config::default() }
}

fn speaking(protocols: &[&str]) -> Ws {
    Ws { subprotocols: protocols.iter().map(|&name| name.to_owned()).collect(), ..Ws::default() }
}

// ---- our listener

/// What a server answers to `bytes`, and whether the connection opened.
async fn asked(ws: Ws, bytes: impl Into<Vec<u8>>) -> (String, bool, u64) {
    let bytes = bytes.into();
    let mut driver = Driver::with_config(Puppet::default(), with(ws));
    let address = driver.listen(Transport::Ws, loopback()).unwrap();
    let work = move || {
        let mut client = dial(address);
        let _ = client.write_all(&bytes);
        let head = read_head(&mut client);
        if !head.starts_with(SWITCHING) {
            assert!(read_all(&mut client).is_empty());
        }
        head
    };
    let (head, told) = beside(&mut driver, work).await;
    let errors = driver.stats().ws_errors;
    assert!(told.is_empty() || opened(&told, SERVER), "nobody hears of what does not open: {told:?}");
    (head, opened(&told, SERVER), errors)
}

//= rfc6455#4.2.2/answer test
//= rfc6455#4.2.2/steps test
//= rfc6455#4.2.2/no-subprotocol test
#[tokio::test]
async fn a_request_is_answered_as_in_the_specification() {
    let (head, opened, errors) = asked(Ws::default(), request(GET, &[])).await;
    assert!(head.starts_with("HTTP/1.1 101 Switching Protocols\r\n"), "{head}");
    assert_eq!(header(&head, "upgrade"), Some("websocket"));
    assert_eq!(header(&head, "connection"), Some("Upgrade"));
    assert_eq!(header(&head, "sec-websocket-accept"), Some(ACCEPT));
    assert_eq!(header(&head, "sec-websocket-protocol"), None);
    assert_eq!(header(&head, "sec-websocket-extensions"), None);
    assert!(opened);
    assert_eq!(errors, 1, "the client went away without a word");
}

//= rfc6455#4.2.1/upgrade test
//= rfc6455#4.2.1/connection test
//= rfc6455#4.2.1/unknown-headers test
//= rfc6455#4.2.2/extensions test
//= rfc6455#4.2.2/unasked-extensions test
#[tokio::test]
async fn names_come_in_any_case_and_further_headers_do_not_matter() {
    let changes = [
        ("Upgrade", "WebSocket"),
        ("Connection", "UPGRADE"),
        ("Origin", "http://example.org"),
        ("Cookie", "taste=good"),
        ("Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits"),
        ("Sec-WebSocket-Protocol", "chat, superchat"),
    ];
    let (head, opened, _) = asked(Ws::default(), request("GET /?room=7 HTTP/1.1", &changes)).await;
    assert!(opened, "{head}");
    assert_eq!(header(&head, "sec-websocket-extensions"), None, "none is accepted");
    assert_eq!(header(&head, "sec-websocket-protocol"), None, "none is chosen");
}

//= rfc6455#4.2.1/refuse test
//= rfc6455#4.2.1/get test
//= rfc6455#4.2.1/host test
//= rfc6455#4.2.1/key test
//= rfc6455#4.2.1/version test
//= rfc6455#4.2.2/version test
//= rfc6455#4.4/all-versions test
//= rfc6455#11.3.1/once test
//= rfc6455#11.3.5/once test
//= rfc6455#4.2.2/resource test
//= rfc6455#7.2.2/abort test
#[tokio::test]
async fn other_requests_are_refused_with_a_status() {
    let none = "";
    let twice = |name: &str, value: &str| request(GET, &[]).replace("Host:", &format!("{name}: {value}\r\nHost:"));
    let cases = [
        ("another method", request("POST / HTTP/1.1", &[]), 400),
        ("an old version of HTTP", request("GET / HTTP/1.0", &[]), 400),
        ("no HTTP", "EHLO example.org\r\n\r\n".to_owned(), 400),
        ("no host", request(GET, &[("Host", none)]), 400),
        ("no upgrade", request(GET, &[("Upgrade", none)]), 400),
        ("another upgrade", request(GET, &[("Upgrade", "h2c")]), 400),
        ("no upgrade of the connection", request(GET, &[("Connection", "close")]), 400),
        ("no key", request(GET, &[("Sec-WebSocket-Key", none)]), 400),
        ("a short key", request(GET, &[("Sec-WebSocket-Key", "c2hvcnQ=")]), 400),
        ("a key that is no base64", request(GET, &[("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25j!!==")]), 400),
        ("two keys", twice("Sec-WebSocket-Key", KEY), 400),
        ("two versions", twice("Sec-WebSocket-Version", "13"), 400),
        ("no version", request(GET, &[("Sec-WebSocket-Version", none)]), 426),
        ("another version", request(GET, &[("Sec-WebSocket-Version", "8")]), 426),
        ("another path", request("GET /chat HTTP/1.1", &[]), 404),
        ("bytes ahead of the answer", request(GET, &[]) + "\u{2}", 400),
        ("a long request", request(GET, &[("Cookie", &"x".repeat(9_000))]), 431),
        ("an endless request", format!("{GET}\r\nCookie: {}", "x".repeat(100_000)), 431),
        ("a flood of headers", format!("{GET}\r\n{}\r\n", "A: b\r\n".repeat(500)), 400),
    ];
    for (what, bytes, status) in cases {
        let (head, opened, errors) = asked(Ws::default(), bytes).await;
        // A long request is not read to its end, so that the answer may be lost on the way.
        let lost = status == 431 && head.is_empty();
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")) || lost, "{what}: {head}");
        assert_eq!(header(&head, "sec-websocket-version"), (status == 426).then_some("13"), "{what}");
        assert_eq!((opened, errors), (false, 1), "{what}");
    }
}

//= rfc6455#4.2.2/subprotocol test
#[tokio::test]
async fn a_subprotocol_is_agreed_on_or_nothing_opens() {
    let list = |list: &'static str| request(GET, &[("Sec-WebSocket-Protocol", list)]);
    let (head, opened, _) = asked(speaking(&["xmpp", "sip"]), list("chat, sip, xmpp")).await;
    assert!(opened);
    assert_eq!(header(&head, "sec-websocket-protocol"), Some("sip"), "the client's preference");
    for offered in ["", "chat", "SIP"] {
        let (head, opened, _) = asked(speaking(&["sip"]), list(offered)).await;
        assert!(head.starts_with("HTTP/1.1 400 ") && !opened, "{offered}: {head}");
    }
}

//= rfc6455#11.3.4/lines test
#[tokio::test]
async fn subprotocols_may_stand_in_several_lines() {
    let lines = request(GET, &[("Sec-WebSocket-Protocol", "chat\r\nSec-WebSocket-Protocol: sip")]);
    let (head, opened, _) = asked(speaking(&["sip"]), lines).await;
    assert!(opened);
    assert_eq!(header(&head, "sec-websocket-protocol"), Some("sip"));
}

#[tokio::test]
async fn listeners_may_have_options_of_their_own() {
    let mut driver = Driver::new(Puppet::default());
    let options = Options {
        ws: Ws { path: "/sip".to_owned(), ..speaking(&["sip"]) },
        #[cfg(feature = "tls")]
        tls: net::Tls::default(),
    };
    let sip = driver.listen_with(Transport::Ws, loopback(), options).unwrap();
    let usual = driver.listen(Transport::Ws, loopback()).unwrap();
    let ask = |address: SocketAddr, bytes: String| {
        let mut client = dial(address);
        client.write_all(bytes.as_bytes()).unwrap();
        read_head(&mut client).starts_with(SWITCHING)
    };
    let sips = request("GET /sip HTTP/1.1", &[("Sec-WebSocket-Protocol", "sip")]);
    let work =
        move || [ask(sip, sips.clone()), ask(sip, request(GET, &[])), ask(usual, sips), ask(usual, request(GET, &[]))];
    assert_eq!(beside(&mut driver, work).await.0, [true, false, false, true]);
}

#[tokio::test]
async fn silent_and_slow_clients_are_left_after_a_while() {
    let config = Config { handshake_timeout: Duration::from_millis(200), ..Config::default() };
    let mut driver = Driver::with_config(Puppet::default(), config);
    let address = driver.listen(Transport::Ws, loopback()).unwrap();
    let work = move || {
        let mut silent = dial(address);
        let mut slow = dial(address);
        for byte in request(GET, &[]).bytes().take(50) {
            if slow.write_all(&[byte]).is_err() {
                break;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        read_all(&mut silent).len() + read_all(&mut slow).len()
    };
    let (read, told) = beside(&mut driver, work).await;
    assert_eq!((read, told.len(), driver.stats().handshake_timeouts), (0, 0, 2));
}

// ---- our connections

/// What a client asks, and what becomes of it when it is answered with `answer` of the accept key.
async fn answered<T: AsRef<[u8]>>(ws: Ws, answer: impl FnOnce(&str) -> T + Send + 'static) -> (String, Vec<Input>) {
    let listener = TcpListener::bind(loopback()).unwrap();
    let mut driver = Driver::with_config(Puppet::default(), with(ws));
    driver.machine_mut().connect_over(Transport::Ws, 0, listener.local_addr().unwrap());
    let work = move || {
        let mut server = listener.accept().unwrap().0;
        let head = read_head(&mut server);
        let key = header(&head, "sec-websocket-key").unwrap().to_owned();
        let bytes = answer(&tungstenite::handshake::derive_accept_key(key.as_bytes()));
        let _ = server.write_all(bytes.as_ref());
        std::thread::sleep(Duration::from_millis(20));
        head
    };
    beside(&mut driver, work).await
}

//= rfc6455#4.1/handshake test
//= rfc6455#4.1/request test
//= rfc6455#4.1/http test
//= rfc6455#4.1/get test
//= rfc6455#4.1/host test
//= rfc6455#4.1/upgrade test
//= rfc6455#4.1/connection test
//= rfc6455#4.1/key test
//= rfc6455#4.1/new-key test
//= rfc6455#4.1/version test
//= rfc6455#4.1/wait test
#[tokio::test]
async fn a_request_has_what_it_needs() {
    let accept = |accept: &str| answer(SWITCHING, accept, &[]);
    let (head, told) = answered(Ws::default(), accept).await;
    assert!(opened(&told, CLIENT), "{told:?}");
    assert!(head.starts_with("GET / HTTP/1.1\r\n"), "{head}");
    assert!(header(&head, "host").unwrap().starts_with("127.0.0.1:"));
    assert_eq!(header(&head, "upgrade"), Some("websocket"));
    assert_eq!(header(&head, "connection"), Some("Upgrade"));
    assert_eq!(header(&head, "sec-websocket-version"), Some("13"));
    for absent in ["origin", "sec-websocket-protocol", "sec-websocket-extensions"] {
        assert_eq!(header(&head, absent), None);
    }
    let key = header(&head, "sec-websocket-key").unwrap().to_owned();
    assert_eq!((key.len(), key.ends_with("==")), (KEY.len(), true), "{key}");
    let (again, _) = answered(Ws::default(), accept).await;
    assert_ne!(header(&again, "sec-websocket-key"), Some(&key[..]), "keys are random");
}

//= rfc6455#4.1/resource test
//= rfc6455#4.1/origin test
//= rfc6455#4.1/subprotocols test
#[tokio::test]
async fn a_request_has_what_it_is_told() {
    let ws = Ws {
        path: "/chat?room=7".to_owned(),
        host: Some("example.org".to_owned()),
        origin: Some("http://example.org".to_owned()),
        ..speaking(&["sip", "xmpp"])
    };
    let accept = |accept: &str| answer(SWITCHING, accept, &[("Sec-WebSocket-Protocol", "xmpp")]);
    let (head, told) = answered(ws, accept).await;
    assert!(opened(&told, CLIENT), "{told:?}");
    assert!(head.starts_with("GET /chat?room=7 HTTP/1.1\r\n"), "{head}");
    assert_eq!(header(&head, "host"), Some("example.org"));
    assert_eq!(header(&head, "origin"), Some("http://example.org"));
    assert_eq!(header(&head, "sec-websocket-protocol"), Some("sip, xmpp"));
}

//= rfc6455#4.1/validate test
//= rfc6455#4.1/status test
//= rfc6455#4.1/upgrade-answer test
//= rfc6455#4.1/connection-answer test
//= rfc6455#4.1/accept-answer test
//= rfc6455#4.1/extension-answer test
//= rfc6455#4.1/subprotocol-answer test
//= rfc6455#4.1/nonconforming test
//= rfc6455#11.3.2/once test
//= rfc6455#11.3.3/once test
//= rfc6455#11.3.4/once test
//= rfc7395#3.1/not-agreed test
#[tokio::test]
async fn other_answers_are_refused() {
    type Answer = fn(&str) -> String;
    let none: &[&str] = &[];
    let cases: &[(&str, &[&str], Answer)] = &[
        ("another status", none, |accept| answer("HTTP/1.1 200 OK", accept, &[])),
        ("a redirection", none, |accept| answer("HTTP/1.1 302 Found", accept, &[("Location", "/")])),
        ("no upgrade", none, |accept| answer(SWITCHING, accept, &[("Upgrade", "")])),
        ("another upgrade", none, |accept| answer(SWITCHING, accept, &[("Upgrade", "h2c")])),
        ("no upgrade of the connection", none, |accept| answer(SWITCHING, accept, &[("Connection", "close")])),
        ("the answer to nothing", none, |_| answer(SWITCHING, "", &[])),
        ("the answer to another key", none, |_| answer(SWITCHING, ACCEPT, &[])),
        ("two answers", none, |accept| {
            answer(SWITCHING, accept, &[]).replacen("\r\n", &format!("\r\nSec-WebSocket-Accept: {accept}\r\n"), 1)
        }),
        ("two subprotocols", &["sip"], |accept| {
            answer(SWITCHING, accept, &[("Sec-WebSocket-Protocol", "sip")]).replacen(
                "\r\n",
                "\r\nSec-WebSocket-Protocol: sip\r\n",
                1,
            )
        }),
        ("an extension", none, |a| answer(SWITCHING, a, &[("Sec-WebSocket-Extensions", "permessage-deflate")])),
        ("an unasked subprotocol", none, |a| answer(SWITCHING, a, &[("Sec-WebSocket-Protocol", "sip")])),
        ("another subprotocol", &["sip"], |a| answer(SWITCHING, a, &[("Sec-WebSocket-Protocol", "xmpp")])),
        ("no subprotocol", &["sip"], |accept| answer(SWITCHING, accept, &[])),
        ("no HTTP", none, |_| "220 mail.example.org\r\n\r\n".to_owned()),
        ("an endless answer", none, |_| format!("{SWITCHING}\r\nCookie: {}", "x".repeat(20_000))),
        ("an end", none, |_| String::new()),
    ];
    for &(what, protocols, answer) in cases {
        let (_, told) = answered(speaking(protocols), answer).await;
        assert_eq!(reason(&told, CLIENT), Some(CloseReason::Refused), "{what}: {told:?}");
        assert!(!opened(&told, CLIENT), "{what}");
    }
}

#[tokio::test]
async fn what_follows_the_answer_at_once_is_the_first_message() {
    let text = |accept: &str| [answer(SWITCHING, accept, &[]).as_bytes(), &frame(0x82, b"hi", false)].concat();
    let (_, told) = answered(Ws::default(), text).await;
    assert!(opened(&told, CLIENT), "{told:?}");
    assert_eq!(pieces(&told, CLIENT), ["hi"]);
}

//= rfc6455#3/no-fragment test
//= rfc6455#3/number-sign test
//= rfc6455#4.1/valid-uri test
//= rfc6455#4.1/subprotocol-names test
#[tokio::test]
async fn options_that_cannot_be_written_are_refused_before_anything_is_sent() {
    for ws in [
        Ws { host: Some("a\r\nX-Injected: b".to_owned()), ..Ws::default() },
        Ws { origin: Some("a\nb".to_owned()), ..Ws::default() },
        Ws { path: "no path".to_owned(), ..Ws::default() },
        Ws { path: "/a#b".to_owned(), ..Ws::default() },
        speaking(&["a b"]),
        speaking(&["a", "a"]),
        speaking(&[""]),
    ] {
        let listener = TcpListener::bind(loopback()).unwrap();
        let mut driver = Driver::with_config(Puppet::default(), with(ws.clone()));
        driver.machine_mut().connect_over(Transport::Ws, 0, listener.local_addr().unwrap());
        let told = common::next(&mut driver).await;
        assert!(matches!(told, Input::Closed { reason: CloseReason::Refused, .. }), "{ws:?}");
        assert_eq!(driver.stats().connections_refused, 1);
    }
    for ws in [Ws { path: "chat".to_owned(), ..Ws::default() }, speaking(&["a,b"])] {
        let mut driver = Driver::with_config(Puppet::default(), with(ws));
        assert_eq!(driver.listen(Transport::Ws, loopback()).unwrap_err().kind(), std::io::ErrorKind::InvalidInput);
    }
}
