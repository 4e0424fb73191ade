//! RTMP through the tunnel: two ends on a virtual clock, with connections that break, pieces of every size and clients
//! that mean no good.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use rtmp::handshake::Kind;
use rtmp::link::{self, Event, Link};
use rtmp::tunnel::{Client, ClientConfig, ClientOutput, Config, HttpError, Output, Reason, Server, SessionId};
use rtmp::{Message, MessageType};
use wire::{ConnId, Instant, Rng};

fn at(millis: u64) -> Instant {
    Instant::from_millis(millis)
}

fn remote(last: u8) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, last], 40_000))
}

/// A server and raw connections to it.
struct Raw {
    now: Instant,
    server: Server,
    conns: u64,
}

impl Raw {
    fn new(config: Config) -> Raw {
        Raw { now: Instant::ZERO, server: Server::new(config, Rng::from_u64(7)), conns: 0 }
    }

    fn connect_from(&mut self, last: u8) -> ConnId {
        self.conns += 1;
        let conn = ConnId::inbound(self.conns);
        self.server.opened(self.now, conn, remote(last));
        conn
    }

    fn connect(&mut self) -> ConnId {
        self.connect_from(1)
    }

    fn post(&mut self, conn: ConnId, target: &str, body: &[u8]) -> Vec<Output> {
        let head = format!("POST {target} HTTP/1.1\r\nHost: h\r\nContent-Length: {}\r\n\r\n", body.len());
        self.raw(conn, &[head.as_bytes(), body].concat())
    }

    fn raw(&mut self, conn: ConnId, bytes: &[u8]) -> Vec<Output> {
        self.server.receive(self.now, conn, Bytes::copy_from_slice(bytes));
        self.drain()
    }

    fn drain(&mut self) -> Vec<Output> {
        std::iter::from_fn(|| self.server.poll()).collect()
    }

    fn pass(&mut self, millis: u64) -> Vec<Output> {
        self.now += Duration::from_millis(millis);
        self.server.time(self.now);
        self.drain()
    }

    fn open(&mut self, conn: ConnId) -> (SessionId, String) {
        let outputs = self.post(conn, "/open/1", &[0]);
        let Output::Opened { session, .. } = outputs[0] else { panic!("{outputs:?}") };
        (session, String::from_utf8(body(&outputs[1]).to_vec()).unwrap().trim_end().into())
    }
}

fn status(output: &Output) -> u16 {
    let Output::Send { data, .. } = output else { panic!("{output:?}") };
    std::str::from_utf8(&data[9..12]).unwrap().parse().unwrap()
}

fn body(output: &Output) -> Bytes {
    let Output::Send { data, .. } = output else { panic!("{output:?}") };
    let head = data.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    data.slice(head + 4..)
}

fn statuses(outputs: &[Output]) -> Vec<u16> {
    outputs.iter().filter(|output| matches!(output, Output::Send { .. })).map(status).collect()
}

fn data(session: SessionId, bytes: &'static [u8]) -> Output {
    Output::Data { session, data: Bytes::from_static(bytes) }
}

//= rtmpt#1/post test
//= rtmpt#1/ident2 test
//= rtmpt#2/order test
#[test]
fn a_session_from_open_to_close() {
    let mut raw = Raw::new(Config::default());
    let conn = raw.connect();
    assert_eq!(statuses(&raw.post(conn, "/fcs/ident2", &[0])), [404]);
    assert_eq!(statuses(&raw.post(conn, "/elsewhere", &[0])), [404]);
    assert_eq!(statuses(&raw.post(conn, "/open/2", &[0])), [404]);
    let (session, id) = raw.open(conn);

    // Bytes that are there when the request comes are in its answer, those of the same turn as well.
    raw.server.send(raw.now, session, Bytes::from_static(b"early"));
    raw.server.receive(raw.now, conn, request(&id, "send", 0, b"abc"));
    assert_eq!(raw.server.poll(), Some(data(session, b"abc")));
    raw.server.send(raw.now, session, Bytes::from_static(b"+late"));
    let outputs = raw.drain();
    assert_eq!(body(&outputs[0]), "\x01early+late");
    // Without bytes, the answer waits a little.
    assert!(raw.post(conn, &format!("/idle/{id}/1"), &[0]).is_empty());
    assert_eq!(raw.server.deadline(), Some(raw.now + Duration::from_millis(20)));
    assert!(raw.pass(19).is_empty());
    assert_eq!(body(&raw.pass(1)[0]), "\x01");
    // Or until they come.
    assert!(raw.post(conn, &format!("/idle/{id}/2"), &[0]).is_empty());
    raw.server.send(raw.now, session, Bytes::from_static(b"now"));
    assert_eq!(body(&raw.drain()[0]), "\x01now");

    let outputs = raw.post(conn, &format!("/close/{id}/3"), &[0]);
    assert_eq!(outputs[1], Output::Closed { session, reason: Reason::Peer });
    assert_eq!(statuses(&raw.post(conn, &format!("/idle/{id}/4"), &[0])), [404]);
    assert_eq!(raw.server.sessions(), 0);
}

fn request(id: &str, command: &str, number: u32, body: &[u8]) -> Bytes {
    let head = format!("POST /{command}/{id}/{number} HTTP/1.1\r\nContent-Length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat().into()
}

#[test]
fn requests_come_in_pieces_and_behind_each_other() {
    let mut raw = Raw::new(Config::default());
    let conn = raw.connect();
    let (session, id) = raw.open(conn);
    let mut got = Vec::new();
    for byte in request(&id, "send", 1, b"abc") {
        got.extend(raw.raw(conn, &[byte]));
    }
    assert_eq!(got, [data(session, b"abc")]);
    // Three more at once: each waits for the answer to the one before it.
    let all = [request(&id, "send", 2, b"d"), request(&id, "send", 3, b"e"), request(&id, "idle", 4, b"\0")].concat();
    let mut outputs = raw.raw(conn, &all);
    for _ in 0..5 {
        outputs.extend(raw.pass(20));
    }
    assert_eq!(statuses(&outputs), [200; 4]);
    let got: Vec<_> = outputs.into_iter().filter(|output| matches!(output, Output::Data { .. })).collect();
    assert_eq!(got, [data(session, b"d"), data(session, b"e")]);
}

//= rtmpt#2/early test
//= rtmpt#2/replay test
#[test]
fn requests_over_several_connections_are_put_in_order() {
    let mut raw = Raw::new(Config::default());
    let (a, b, c) = (raw.connect(), raw.connect(), raw.connect());
    let (session, id) = raw.open(a);
    raw.post(a, &format!("/idle/{id}/0"), &[0]);
    raw.pass(20);
    assert!(raw.post(b, &format!("/send/{id}/3"), b"third").is_empty());
    assert!(raw.post(c, &format!("/send/{id}/2"), b"second").is_empty());
    let outputs = raw.post(a, &format!("/send/{id}/1"), b"first");
    let got: Vec<_> = outputs.iter().filter(|output| matches!(output, Output::Data { .. })).cloned().collect();
    assert_eq!(got, [data(session, b"first"), data(session, b"second"), data(session, b"third")]);
    assert_eq!(statuses(&outputs), [200, 200]);

    // The last one again, while its answer is still due: it takes the place of the other, and its bytes are not taken.
    let outputs = raw.post(a, &format!("/send/{id}/3"), b"third");
    assert_eq!(statuses(&outputs), [400]);
    raw.server.send(raw.now, session, Bytes::from_static(b"answer"));
    let outputs = raw.drain();
    assert!(matches!(outputs[0], Output::Send { conn, .. } if conn == a));
    // Again, when it has been answered: the same answer.
    let again = raw.post(c, &format!("/send/{id}/3"), b"third");
    assert_eq!((again.len(), body(&again[0])), (1, body(&outputs[0])));
    // Older ones, and those far ahead, are refused.
    for number in [2, 1, 0, 4 + 17, 1 << 31, u32::MAX] {
        assert_eq!(statuses(&raw.post(c, &format!("/idle/{id}/{number}"), &[0])), [400], "{number}");
    }
    assert_eq!(statuses(&raw.post(c, &format!("/idle/{id}/4294967296"), &[0])), [404]);
    assert_eq!(statuses(&raw.post(c, &format!("/idle/{id}/-1"), &[0])), [404]);
    assert_eq!(raw.server.sessions(), 1);
}

#[test]
fn a_gap_that_nobody_fills_ends_the_session() {
    let mut raw = Raw::new(Config::default());
    let (a, b) = (raw.connect(), raw.connect());
    let (session, id) = raw.open(a);
    raw.post(b, &format!("/send/{id}/3"), b"too early");
    // A second request of that number is refused, and none but the first may wait for it.
    assert_eq!(statuses(&raw.post(a, &format!("/send/{id}/3"), b"x")), [400]);
    assert!(raw.pass(9_999).is_empty());
    let outputs = raw.pass(1);
    assert_eq!(statuses(&outputs), [404]);
    assert_eq!(outputs.last(), Some(&Output::Closed { session, reason: Reason::Gap }));
}

//= rtmpt#2/unguessable test
//= rtmpt#2/foreign test
#[test]
fn the_session_of_another_client_cannot_be_used() {
    let mut raw = Raw::new(Config::default());
    let (mine, yours) = (raw.connect_from(1), raw.connect_from(2));
    let (session, id) = raw.open(mine);
    let (_, other) = raw.open(yours);
    assert_ne!(id, other);
    assert!(id.len() >= 26, "{id}");
    for target in [format!("/send/{id}/0"), format!("/close/{id}/0"), "/send/0/0".into(), "/send//0".into()] {
        assert_eq!(statuses(&raw.post(yours, &target, b"x")), [404], "{target}");
    }
    // Nothing happened to it.
    assert_eq!(raw.post(mine, &format!("/send/{id}/0"), b"mine"), [data(session, b"mine")]);
    // Where addresses say nothing, the id alone counts.
    let mut raw = Raw::new(Config { same_address: false, ..Config::default() });
    let (mine, yours) = (raw.connect_from(1), raw.connect_from(2));
    let (session, id) = raw.open(mine);
    assert_eq!(raw.post(yours, &format!("/send/{id}/0"), b"mine"), [data(session, b"mine")]);
}

//= rtmpt#3/steps test
//= rtmpt#3/interval test
#[test]
fn empty_answers_make_the_client_ask_less_often() {
    let mut raw = Raw::new(Config::default());
    let conn = raw.connect();
    let (session, id) = raw.open(conn);
    let mut number = 0;
    let mut idle = |raw: &mut Raw| {
        let mut outputs = raw.post(conn, &format!("/idle/{id}/{number}"), &[0]);
        number += 1;
        outputs.extend(raw.pass(20));
        body(&outputs[0])[0]
    };
    let steps: Vec<u8> = (0..70).map(|_| idle(&mut raw)).collect();
    for (at, step) in [(0, 1), (8, 1), (9, 3), (18, 3), (19, 5), (29, 9), (39, 17), (49, 33), (69, 33)] {
        assert_eq!(steps[at], step, "answer {at}");
    }
    raw.server.send(raw.now, session, Bytes::from_static(b"x"));
    assert_eq!(idle(&mut raw), 1);
}

//= rtmpt#1/close test
#[test]
fn a_connection_that_should_close_is_closed_behind_its_answer() {
    let mut raw = Raw::new(Config::default());
    for head in ["HTTP/1.1\r\nConnection: Close", "HTTP/1.0\r\nA: b", "HTTP/1.1\r\nConnection: x, close"] {
        let conn = raw.connect();
        let outputs = raw.raw(conn, format!("POST /fcs/ident2 {head}\r\n\r\n").as_bytes());
        assert_eq!((status(&outputs[0]), &outputs[1]), (404, &Output::Close { conn }));
        assert!(raw.post(conn, "/open/1", &[0]).is_empty());
    }
    let conn = raw.connect();
    let outputs = raw.raw(conn, b"POST /fcs/ident2 HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n");
    assert_eq!(outputs.len(), 1);
}

//= rtmpt#4/lengths test
#[test]
fn heads_that_could_be_read_in_two_ways_are_refused() {
    let mut raw = Raw::new(Config::default());
    for (head, refused) in [
        ("GET /open/1 HTTP/1.1\r\n\r\n", 405),
        ("POST /open/1 HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 411),
        ("POST /open/1 HTTP/1.1\r\nContent-Length: +1\r\n\r\n", 411),
        ("POST /open/1 HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n", 411),
        ("POST /open/1 HTTP/1.1\r\nContent-Length: 1048577\r\n\r\n", 413),
        ("POST /open/1 HTTP/1.1\r\nContent-Length:\r\n\r\n", 411),
        ("POST /open/1 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", 411),
        ("POST /open/1 HTTP/1.1\r\nContent-Length : 1\r\n\r\n", 400),
        ("POST /open/1 HTTP/1.1\r\n folded: 1\r\n\r\n", 400),
        ("POST /open/1 HTTP/1.1\r\nA: b\nContent-Length: 1\r\n\r\n", 400),
        ("POST /open/1 HTTP/1.1\r\nno colon\r\n\r\n", 400),
        ("POST /open/1\r\n\r\n", 400),
        ("POST  HTTP/1.1\r\n\r\n", 400),
        ("POST /open/1 SPDY\r\n\r\n", 400),
        ("\u{3}\u{0}\r\n\r\n", 400),
    ] {
        let conn = raw.connect();
        let outputs = raw.raw(conn, head.as_bytes());
        assert_eq!((status(&outputs[0]), &outputs[1]), (refused, &Output::Close { conn }), "{head:?}");
    }
    let conn = raw.connect();
    assert_eq!(statuses(&raw.raw(conn, b"\xff\r\n\r\n")), [400]);
    assert_eq!(raw.server.sessions(), 0);
}

//= rtmpt#4/bounded test
#[test]
fn each_limit_holds() {
    let mut raw = Raw::new(Config { head: 100, ..Config::default() });
    let conn = raw.connect();
    assert!(raw.raw(conn, &[b'x'; 100]).is_empty());
    assert_eq!(statuses(&raw.raw(conn, b"x")), [431]);

    let mut raw = Raw::new(Config { connections: 1, ..Config::default() });
    raw.connect();
    let conn = raw.connect();
    let outputs = raw.drain();
    assert_eq!((status(&outputs[0]), &outputs[1]), (503, &Output::Close { conn }));

    let mut raw = Raw::new(Config { sessions: 2, sessions_per_address: 1, ..Config::default() });
    let (a, b, c) = (raw.connect_from(1), raw.connect_from(2), raw.connect_from(3));
    raw.open(a);
    assert_eq!(statuses(&raw.post(a, "/open/1", &[0])), [503]); // a second from there
    raw.open(b);
    assert_eq!(statuses(&raw.post(c, "/open/1", &[0])), [503]); // a third at all

    // Unfetched bytes.
    let mut raw = Raw::new(Config { unsent: 10, answer: 4, ..Config::default() });
    let conn = raw.connect();
    let (session, id) = raw.open(conn);
    raw.server.send(raw.now, session, Bytes::from_static(b"0123456789"));
    assert_eq!(body(&raw.post(conn, &format!("/idle/{id}/0"), &[0])[0]), "\x010123");
    assert_eq!(raw.server.unsent(session), 6);
    raw.server.send(raw.now, session, Bytes::from_static(b"abcd"));
    assert!(raw.drain().is_empty());
    raw.server.send(raw.now, session, Bytes::from_static(b"e"));
    assert_eq!(raw.drain(), [Output::Closed { session, reason: Reason::Overflow }]);

    // Bytes of all requests that are not whole.
    let mut raw = Raw::new(Config { buffered: 150, ..Config::default() });
    let (a, b) = (raw.connect(), raw.connect());
    assert!(raw.raw(a, &[b'x'; 90]).is_empty());
    assert_eq!(statuses(&raw.raw(b, &[b'x'; 61])), [413]);
    raw.server.closed(raw.now, a);
    let c = raw.connect();
    assert!(raw.raw(c, &[b'x'; 150]).is_empty());
    raw.server.closed(raw.now, c);
    let (a, b) = (raw.connect(), raw.connect());
    let (_, id) = raw.open(a);
    assert_eq!(statuses(&raw.post(b, &format!("/send/{id}/4"), &[0; 151])), [413]);
    let b = raw.connect();
    assert!(raw.raw(b, &request(&id, "send", 4, &[0; 40])).is_empty());
    let c = raw.connect();
    assert_eq!(statuses(&raw.raw(c, &request(&id, "send", 5, &[0; 40]))), [413]);
}

//= rtmpt#4/timeouts test
#[test]
fn what_does_not_go_on_ends() {
    let mut raw = Raw::new(Config::default());
    let (idle, slow) = (raw.connect(), raw.connect());
    let (session, _) = raw.open(idle);
    raw.raw(slow, b"POST /send/x/1 HTTP/1.1\r\nContent-Length: 1000\r\n\r\nhal");
    assert!(raw.pass(29_999).is_empty());
    assert_eq!(raw.pass(1), [Output::Closed { session, reason: Reason::Timeout }]);
    // More of the same request is no reason to wait longer.
    raw.raw(slow, b"f");
    let closed = raw.pass(30_000);
    assert!(closed.contains(&Output::Close { conn: slow }) && closed.contains(&Output::Close { conn: idle }));
    assert_eq!(raw.server.deadline(), None);
}

#[test]
fn hundreds_of_idle_sessions_end_by_themselves() {
    let mut raw = Raw::new(Config { same_address: false, sessions_per_address: 1000, ..Config::default() });
    let conn = raw.connect();
    let ids: Vec<_> = (0..500).map(|_| raw.open(conn).0).collect();
    let outputs = raw.pass(30_000);
    assert_eq!(outputs.len(), ids.len());
    assert_eq!(raw.server.sessions(), 0);
}

#[test]
fn a_session_that_we_close_is_fetched_first() {
    let mut raw = Raw::new(Config::default());
    let conn = raw.connect();
    let (session, id) = raw.open(conn);
    raw.server.send(raw.now, session, Bytes::from_static(b"bye"));
    raw.server.close(session);
    raw.server.send(raw.now, session, Bytes::from_static(b"never"));
    assert!(raw.drain().is_empty());
    let outputs = raw.post(conn, &format!("/idle/{id}/0"), &[0]);
    assert_eq!(body(&outputs[0]), "\x01bye");
    assert_eq!(outputs[1], Output::Closed { session, reason: Reason::Local });
}

/// A client and a server with a link on top of each, over connections that may break.
struct Pair {
    now: Instant,
    rng: Rng,
    server: Server,
    client: Client,
    conn: u64,
    up: bool,
    open: bool,
    session: Option<SessionId>,
    links: [Link; 2],
    events: [Vec<Event>; 2],
    /// Requests and answers on their way.
    requests: Vec<Bytes>,
    answers: Vec<Bytes>,
    breaks: f64,
    broken: u32,
    closed: Vec<Reason>,
}

impl Pair {
    fn new(seed: u64, breaks: f64) -> Pair {
        let (now, mut rng) = (Instant::ZERO, Rng::from_u64(seed));
        let links = [
            Link::client(now, link::Config::default(), Kind::Simple, &mut rng),
            Link::server(now, link::Config::default(), &mut rng),
        ];
        Pair {
            now,
            server: Server::new(Config::default(), rng.split()),
            client: Client::new(ClientConfig { retries: 20, ..ClientConfig::new("media.example") }),
            rng,
            conn: 0,
            up: false,
            open: false,
            session: None,
            links,
            events: [Vec::new(), Vec::new()],
            requests: Vec::new(),
            answers: Vec::new(),
            breaks,
            broken: 0,
            closed: Vec::new(),
        }
    }

    fn conn(&self) -> ConnId {
        ConnId::inbound(self.conn)
    }

    fn dial(&mut self) {
        if self.up {
            self.server.closed(self.now, self.conn());
        }
        self.conn += 1;
        self.up = true;
        self.requests.clear();
        self.answers.clear();
        self.server.opened(self.now, self.conn(), remote(1));
        self.client.opened(self.now);
    }

    /// The connection breaks, and what is on its way is lost.
    fn hang_up(&mut self) {
        self.broken += 1;
        self.server.closed(self.now, self.conn());
        self.up = false;
        self.requests.clear();
        self.answers.clear();
        self.client.closed(self.now);
    }

    fn step(&mut self) {
        self.pump_links();
        while let Some(output) = self.client.poll() {
            match output {
                ClientOutput::Send(http) => self.requests.push(http),
                ClientOutput::Opened => self.open = true,
                ClientOutput::Data(data) => self.links[0].handle(self.now, data),
                ClientOutput::Reconnect => self.dial(),
                ClientOutput::Closed(reason) => self.closed.push(reason),
            }
        }
        while let Some(output) = self.server.poll() {
            match output {
                Output::Send { conn, data } if conn == self.conn() => self.answers.push(data),
                Output::Send { .. } | Output::Close { .. } => {}
                Output::Opened { session, .. } => self.session = Some(session),
                Output::Data { data, .. } => self.links[1].handle(self.now, data),
                Output::Closed { reason, .. } => self.closed.push(reason),
            }
            self.pump_links();
        }
        if self.up && self.open && self.rng.chance(self.breaks) {
            return self.hang_up();
        }
        for data in std::mem::take(&mut self.requests) {
            for piece in pieces(&mut self.rng, data) {
                self.server.receive(self.now, self.conn(), piece);
            }
        }
        for data in std::mem::take(&mut self.answers) {
            for piece in pieces(&mut self.rng, data) {
                self.client.receive(self.now, piece);
            }
        }
        self.now += Duration::from_millis(1);
        self.server.time(self.now);
        self.client.time(self.now);
        self.links.iter_mut().for_each(|link| link.time(self.now));
    }

    fn pump_links(&mut self) {
        while let Some(bytes) = self.links[0].transmit() {
            self.client.send(self.now, bytes);
        }
        while let Some((session, bytes)) = self.session.and_then(|s| Some((s, self.links[1].transmit()?))) {
            self.server.send(self.now, session, bytes);
        }
        for (link, events) in self.links.iter_mut().zip(&mut self.events) {
            events.extend(link.by_ref().map(|event| event.expect("a whole stream")));
        }
    }
}

fn pieces(rng: &mut Rng, mut data: Bytes) -> Vec<Bytes> {
    let mut pieces = Vec::new();
    while !data.is_empty() {
        let most = [1, 10, 1000, 100_000][rng.below(4) as usize];
        pieces.push(data.split_to(data.len().min(1 + rng.below(most) as usize)));
    }
    pieces
}

fn message(number: u32) -> Message {
    let payload = vec![number as u8; (number as usize * 37) % 3000].into();
    Message { kind: MessageType::Video, timestamp: number * 40, stream: 1, payload }
}

fn messages(events: &[Event]) -> Vec<Message> {
    events.iter().filter_map(|e| if let Event::Message(message) = e { Some(message.clone()) } else { None }).collect()
}

#[track_caller]
fn messages_both_ways(seed: u64, breaks: f64) -> Pair {
    let mut pair = Pair::new(seed, breaks);
    pair.dial();
    let want: Vec<Message> = (0..50).map(message).collect();
    for number in 0..4000u32 {
        if number < 500 && number % 10 == 0 {
            for link in &mut pair.links {
                link.send(&message(number / 10)).unwrap();
            }
        }
        pair.step();
    }
    assert_eq!(pair.closed, [], "seed {seed}");
    for (side, events) in pair.events.iter().enumerate() {
        assert_eq!(events.first(), Some(&Event::Ready), "seed {seed}");
        assert!(messages(events) == want, "seed {seed}, side {side}: {} messages", messages(events).len());
    }
    pair
}

#[test]
fn rtmp_passes_the_tunnel_both_ways() {
    let mut pair = messages_both_ways(1, 0.0);
    pair.client.close(pair.now);
    for _ in 0..50 {
        pair.step();
    }
    assert_eq!(pair.closed, [Reason::Peer, Reason::Local]);
    assert_eq!(pair.server.sessions(), 0);
}

//= rtmpt#2/retry test
#[test]
fn rtmp_survives_connections_that_break() {
    let mut broken = 0;
    for seed in 0..20 {
        broken += messages_both_ways(seed, 0.02).broken;
    }
    assert!(broken > 500, "{broken} times");
}

//= rtmpt#2/one test
//= rtmpt#3/poll test
//= rtmpt#3/unit test
#[test]
fn a_client_asks_one_by_one_and_when_it_is_time() {
    let mut client = Client::new(ClientConfig::new("h:8080"));
    let sent = |client: &mut Client| {
        std::iter::from_fn(|| client.poll())
            .map(|output| match output {
                ClientOutput::Send(data) => String::from_utf8(data.to_vec()).unwrap(),
                other => format!("{other:?}"),
            })
            .collect::<Vec<_>>()
    };
    let answer = |body: &str| Bytes::from(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len()));
    client.opened(at(0));
    let open = sent(&mut client);
    assert!(open[0].starts_with("POST /open/1 HTTP/1.1\r\nHost: h:8080\r\n"), "{open:?}");
    client.send(at(0), Bytes::from_static(b"one"));
    client.send(at(0), Bytes::from_static(b"two"));
    assert!(sent(&mut client).is_empty());
    client.receive(at(5), answer("abc\n"));
    let outputs = sent(&mut client);
    assert_eq!(outputs[0], "Opened");
    assert!(outputs[1].starts_with("POST /send/abc/0 ") && outputs[1].ends_with("\r\n\r\nonetwo"), "{outputs:?}");
    for (number, (interval, millis)) in [(1, 16), (3, 48), (33, 528), (0, 16), (127, 1024)].into_iter().enumerate() {
        let now = 10_000 * (number as u64 + 1);
        client.receive(at(now), answer(&format!("{}data", char::from(interval))));
        assert_eq!(sent(&mut client), ["Data(b\"data\")"]);
        assert_eq!(client.deadline(), Some(at(now + millis)));
        client.time(at(now + millis - 1));
        assert!(sent(&mut client).is_empty());
        client.time(at(now + millis));
        assert!(sent(&mut client)[0].starts_with(&format!("POST /idle/abc/{} ", number + 1)));
    }
    // No answer for too long.
    client.time(at(200_000));
    assert_eq!(sent(&mut client), ["Closed(Timeout)"]);
    client.time(at(300_000));
    client.receive(at(300_000), answer("\u{1}"));
    assert!(sent(&mut client).is_empty());
}

#[test]
fn a_client_goes_on_over_another_connection() {
    let mut client = Client::new(ClientConfig { retries: 1, post: 2, ..ClientConfig::new("h") });
    let outputs = |client: &mut Client| std::iter::from_fn(|| client.poll()).collect::<Vec<_>>();
    let target = |output: &ClientOutput| match output {
        ClientOutput::Send(data) => String::from_utf8_lossy(data).split(' ').nth(1).unwrap().to_owned(),
        other => panic!("{other:?}"),
    };
    let answer = |head: &str, body: &str| {
        Bytes::from(format!("HTTP/1.1 200 OK\r\n{head}Content-Length: {}\r\n\r\n{body}", body.len()))
    };
    client.opened(at(0));
    assert_eq!(target(&outputs(&mut client)[0]), "/open/1");
    // The server closes behind its answer: the session lives.
    client.receive(at(0), answer("Connection: close\r\n", "id\n"));
    assert_eq!(outputs(&mut client), [ClientOutput::Opened, ClientOutput::Reconnect]);
    client.closed(at(1)); // which it was told to do
    client.send(at(1), Bytes::from_static(b"abc"));
    assert_eq!((outputs(&mut client), client.unsent()), (vec![], 3));
    client.opened(at(2));
    let first = outputs(&mut client);
    assert_eq!((target(&first[0]), client.unsent()), ("/send/id/0".into(), 1));
    // No answer: the very same request again, but not for ever.
    client.closed(at(3));
    assert_eq!(outputs(&mut client), [ClientOutput::Reconnect]);
    client.opened(at(4));
    assert_eq!(outputs(&mut client), first);
    client.receive(at(5), answer("", "\u{1}"));
    assert_eq!(target(&outputs(&mut client)[0]), "/send/id/1");
    client.closed(at(6));
    client.opened(at(7));
    client.closed(at(8));
    let last = outputs(&mut client).pop();
    assert_eq!(last, Some(ClientOutput::Closed(Reason::Connection)));
    // Between requests, an end of the connection is no end either.
    let mut client = Client::new(ClientConfig::new("h"));
    client.opened(at(0));
    client.receive(at(0), answer("", "id\n"));
    client.closed(at(1));
    assert_eq!(outputs(&mut client).last(), Some(&ClientOutput::Reconnect));
    client.opened(at(2));
    client.time(at(2));
    assert_eq!(target(&outputs(&mut client)[0]), "/idle/id/0");
    client.close(at(3));
    client.receive(at(3), answer("", "\u{1}"));
    assert_eq!(target(&outputs(&mut client)[0]), "/close/id/1");
    client.receive(at(3), answer("", ""));
    assert_eq!(outputs(&mut client), [ClientOutput::Closed(Reason::Local)]);
}

#[test]
fn a_client_gives_up_on_what_is_no_tunnel() {
    let run = |answers: &[&str]| {
        let mut client = Client::new(ClientConfig { head: 200, body: 20, unsent: 10, ..ClientConfig::new("h") });
        client.opened(at(0));
        client.send(at(0), Bytes::from_static(b"x"));
        answers.iter().for_each(|answer| client.receive(at(0), Bytes::from(String::from(*answer))));
        let last = std::iter::from_fn(|| client.poll()).last();
        let Some(ClientOutput::Closed(reason)) = last else { panic!("{last:?}") };
        reason
    };
    let opened = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabc\n";
    assert_eq!(run(&["HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"]), Reason::Status(404));
    assert_eq!(run(&[opened, "HTTP/1.1 500\r\nContent-Length: 0\r\n\r\n"]), Reason::Status(500));
    assert_eq!(run(&[opened, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"]), Reason::Http(HttpError::Length));
    assert_eq!(run(&[opened, "HTTP/1.1 200 OK\r\nContent-Length: 21\r\n\r\n"]), Reason::Http(HttpError::BodyTooLong));
    assert_eq!(run(&[opened, opened, opened]), Reason::Http(HttpError::Syntax)); // nobody asked a third time
    assert_eq!(run(&["HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\na/b\n"]), Reason::Http(HttpError::Syntax));
    assert_eq!(run(&["HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"]), Reason::Http(HttpError::Syntax));
    assert_eq!(run(&["\u{3}\r\n\r\n"]), Reason::Http(HttpError::Syntax));
    assert_eq!(run(&["x".repeat(201).as_str()]), Reason::Http(HttpError::HeadTooLong));

    let mut client = Client::new(ClientConfig { unsent: 10, ..ClientConfig::new("h") });
    client.send(at(0), Bytes::from_static(b"0123456789"));
    assert_eq!((client.poll(), client.unsent()), (None, 10));
    client.send(at(0), Bytes::from_static(b"x"));
    assert_eq!(client.poll(), Some(ClientOutput::Closed(Reason::Overflow)));
    // A connection that ends before the session begins.
    let mut client = Client::new(ClientConfig::new("h"));
    client.opened(at(0));
    client.closed(at(0));
    assert_eq!(std::iter::from_fn(|| client.poll()).last(), Some(ClientOutput::Closed(Reason::Connection)));
}
