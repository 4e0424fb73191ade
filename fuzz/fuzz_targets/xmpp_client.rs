//! A client against a server that says whatever the input says, breaks connections, and lets time pass: no panic, no
//! deadline that is never met, no memory beyond its limits, and no secret in the clear.
#![no_main]

use std::sync::OnceLock;
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use rfc3920::jid::Jid;
use rfc3920::ns;
use rfc3920::sasl::Credentials;
use rfc3920::stream::{Client, Config, Event, Kind, State, Target};
use rfc3920::xml::Element;
use wire::{CloseReason, ConnId, Input, Instant, Machine, Output, Rng, Secured, Transmit};

struct World {
    client: Client,
    now: Instant,
    conn: Option<ConnId>,
    secured: bool,
    stanzas: u64,
    /// The id of the last iq that was sent.
    id: String,
}

impl World {
    fn drain(&mut self) {
        for _ in 0..10_000 {
            let Some(output) = self.client.poll() else { return };
            match output {
                Output::Connect { conn, transport, .. } => {
                    (self.conn, self.secured) = (Some(conn), false);
                    let (local, remote) = (([127, 0, 0, 1], 9).into(), ([127, 0, 0, 1], 5222).into());
                    self.client.handle(self.now, Input::Opened { conn, transport, local, remote });
                    if transport.is_secure() {
                        self.secure(conn);
                    }
                }
                Output::Upgrade { conn } if self.conn == Some(conn) => self.secure(conn),
                Output::Close { conn } if self.conn == Some(conn) => self.conn = None,
                Output::Resolve { query, port, .. } => {
                    let answer = Ok(vec![([127, 0, 0, 1], port).into()]);
                    self.client.handle(self.now, Input::Resolved { query, answer });
                }
                Output::Transmit(Transmit::Stream { data, .. }) => {
                    let text = std::str::from_utf8(&data).expect("text");
                    assert!(
                        self.secured || !(text.contains("<auth") || text.contains("alice@")),
                        "in the clear: {text}"
                    );
                    assert!(!text.contains("looking-glass"));
                    if let Some(id) = text.split_once("<iq ").and_then(|(_, iq)| iq.split_once("id='")) {
                        self.id = id.1.split('\'').next().unwrap_or_default().to_owned();
                    }
                }
                Output::Event(Event::Discover { .. }) => {
                    let _ = self.client.discovered(self.now, vec![Target::new("a.example", 1, Kind::DirectTls)]);
                }
                _ => {}
            }
        }
        panic!("it never comes to rest");
    }

    fn secure(&mut self, conn: ConnId) {
        self.secured = true;
        let session = Secured { tls13: true, exporter: Some([1; 32]), ..Secured::default() };
        self.client.handle(self.now, Input::Secured { conn, session: Box::new(session) });
    }

    fn say(&mut self, text: &[u8]) {
        if let Some(conn) = self.conn.filter(|_| !text.is_empty()) {
            self.client.handle(self.now, Input::Stream { conn, data: text.to_vec().into() });
            self.drain();
        }
    }

    fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        for _ in 0..64 {
            let Some(at) = self.client.deadline().filter(|at| *at <= end) else { break };
            self.now = self.now.max(at);
            self.client.handle(self.now, Input::Time);
            self.drain();
            assert!(self.client.deadline().is_none_or(|at| at > self.now), "{:?}", self.client.state());
        }
        self.now = self.now.max(end);
    }

    /// As far as login and session, with a server that lets everybody in by a mechanism without proof.
    fn shortcut(&mut self) {
        let open =
            "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>";
        let features = |what: &str| format!("{open}<stream:features>{what}</stream:features>");
        self.say(features(&format!("<starttls xmlns='{}'/>", ns::TLS)).as_bytes());
        self.say(format!("<proceed xmlns='{}'/>", ns::TLS).as_bytes());
        let mechanism = format!("<mechanisms xmlns='{}'><mechanism>PLAIN</mechanism></mechanisms>", ns::SASL);
        self.say(features(&mechanism).as_bytes());
        self.say(format!("<success xmlns='{}'/>", ns::SASL).as_bytes());
        let more = format!("<bind xmlns='{}'/><sm xmlns='{}'/>", ns::BIND, ns::SM);
        self.say(features(&more).as_bytes());
        let bind = format!("<bind xmlns='{}'><jid>alice@wonderland.example/x</jid></bind>", ns::BIND);
        self.say(format!("<iq type='result' id='{}'>{bind}</iq>", self.id).as_bytes());
        self.say(format!("<enabled xmlns='{}' id='s' resume='true'/>", ns::SM).as_bytes());
    }
}

fuzz_target!(|data: &[u8]| {
    static ALICE: OnceLock<(Credentials, Jid)> = OnceLock::new();
    let (credentials, jid) = ALICE.get_or_init(|| {
        let credentials = Credentials::new("alice", "looking-glass").expect("credentials");
        (credentials, Jid::parse("alice@wonderland.example").expect("a JID"))
    });
    let mut credentials = credentials.clone();
    let (first, mut rest) = data.split_first().unwrap_or((&0, &[]));
    if first & 8 != 0 {
        credentials = Credentials::certificate();
    }
    let mut config = Config::new(jid.clone(), credentials);
    let kind = [Kind::StartTls, Kind::DirectTls, Kind::WebSocket][usize::from(first & 3) % 3];
    config.targets = vec![Target::new("192.0.2.1", 5222, kind)];
    config.policy.allow_plain = true;
    config.limits.unacked = 16;
    config.limits.inbound = 4;
    config.raw = first & 4 != 0;
    let client = Client::new(config, Rng::from_u64(1));
    let mut world =
        World { client, now: Instant::from_millis(1), conn: None, secured: false, stanzas: 0, id: String::new() };
    world.client.connect(world.now).expect("to connect");
    world.drain();
    if first & 16 != 0 {
        world.shortcut();
    }
    while let Some((op, after)) = rest.split_first() {
        let length = usize::from(*op >> 3) * 8;
        let (piece, after) = after.split_at(length.min(after.len()));
        rest = after;
        match op & 7 {
            0..=2 => world.say(piece),
            3 => {
                if let Some(conn) = world.conn.take() {
                    world.client.handle(world.now, Input::Closed { conn, reason: CloseReason::Reset });
                    world.drain();
                }
            }
            4 => world.pass(Duration::from_secs(u64::from(*op))),
            5 => {
                world.stanzas += 1;
                let stanza = Element::new(ns::CLIENT, "message").attr("id", world.stanzas.to_string());
                let _ = world.client.send(world.now, stanza);
                world.drain();
            }
            6 => {
                let query = Element::new(ns::CLIENT, "iq").attr("type", "get").child(Element::new(ns::PING, "ping"));
                let _ = world.client.request(world.now, query);
                world.drain();
            }
            _ if *op == 255 => {
                world.client.close(world.now);
                world.drain();
            }
            _ => world.shortcut(),
        }
        assert!(world.client.unacked() <= 16);
    }
    world.client.close(world.now);
    world.drain();
    world.pass(Duration::from_secs(3_600));
    assert_eq!(world.client.state(), State::Idle);
});
