//! A client, a small server and the wire between them, which can be cut at any byte. Virtual time, no sockets.
#![allow(dead_code)] // each test file uses its part

pub mod server;

use std::time::Duration;

use bytes::Bytes;
use rfc3920::jid::Jid;
use rfc3920::sasl::Credentials;
use rfc3920::stream::{Client, Config, Error, Event, Kind, Online, Target};
use rfc3920::xml::Element;
use wire::{CloseReason, ConnId, Input, Instant, Machine, Output, Rng, Secured, Transmit, Transport};

pub use server::{Options, Server};

pub const ALICE: &str = "alice@wonderland.example";

/// What a connection over TLS 1.3 knows of itself in these tests.
pub fn tls() -> Secured {
    Secured { tls13: true, exporter: Some([7; 32]), ..Secured::default() }
}

/// Alice, at one target that speaks STARTTLS.
pub fn config() -> Config {
    let credentials = Credentials::new("alice", "looking-glass").expect("credentials");
    let mut config = Config::new(Jid::parse(ALICE).expect("a JID"), credentials);
    config.targets = vec![Target::new("192.0.2.1", 5222, Kind::StartTls)];
    config
}

/// Client, server, wire, clock.
pub struct Rig {
    pub client: Client,
    pub server: Server,
    pub now: Instant,
    pub events: Vec<Event>,
    /// Connections asked for.
    pub dials: Vec<(Transport, String)>,
    /// How connections that are asked for end before they begin, in turn.
    pub refuse: Vec<CloseReason>,
    /// TLS ends with a certificate that is not to be trusted.
    pub distrusted: bool,
    /// Bytes that may pass to the client, and to the server, until the connection breaks.
    pub cut: [Option<usize>; 2],
    /// Bytes that passed.
    pub passed: [usize; 2],
    /// Pieces that the server's bytes come in; 0 for all at once.
    pub piece: usize,
    conn: Option<(ConnId, Transport)>,
}

impl Rig {
    pub fn new(config: Config, options: Options) -> Rig {
        Rig::seeded(config, options, 1)
    }

    pub fn seeded(config: Config, options: Options, seed: u64) -> Rig {
        Rig {
            client: Client::new(config, Rng::from_u64(seed)),
            server: Server::new(options, seed + 1),
            now: Instant::from_millis(1_000),
            events: Vec::new(),
            dials: Vec::new(),
            refuse: Vec::new(),
            distrusted: false,
            cut: [None, None],
            passed: [0, 0],
            piece: 0,
            conn: None,
        }
    }

    /// Connected and run until nothing moves.
    pub fn connected(config: Config, options: Options) -> Rig {
        let mut rig = Rig::new(config, options);
        rig.connect();
        rig
    }

    pub fn connect(&mut self) {
        self.client.connect(self.now).expect("to connect");
        self.run();
    }

    /// Everything that can happen without time passing.
    pub fn run(&mut self) {
        for _ in 0..100_000 {
            if let Some(output) = self.client.poll() {
                self.output(output);
            } else if !self.server.out.is_empty() {
                self.deliver();
            } else {
                return;
            }
        }
        panic!("it never comes to rest");
    }

    /// Lets time pass, deadline by deadline.
    pub fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(deadline) = self.client.deadline().filter(|at| *at <= end) {
            self.now = self.now.max(deadline);
            self.client.handle(self.now, Input::Time);
            self.run();
            assert!(self.client.deadline().is_none_or(|at| at > self.now), "a deadline that is never met");
        }
        self.now = end;
    }

    /// Breaks the connection.
    pub fn drop_connection(&mut self) {
        self.lose(CloseReason::Reset);
        self.run();
    }

    pub fn lose(&mut self, reason: CloseReason) {
        self.server.disconnected();
        if let Some((conn, _)) = self.conn.take() {
            self.client.handle(self.now, Input::Closed { conn, reason });
        }
    }

    pub fn is_connected(&self) -> bool {
        self.conn.is_some()
    }

    /// The server says this, whatever it means.
    pub fn say(&mut self, text: &str) {
        self.server.say(text);
        self.run();
    }

    pub fn send(&mut self, stanza: Element) -> rfc3920::stream::StanzaId {
        let id = self.client.send(self.now, stanza).expect("to send");
        self.run();
        id
    }

    pub fn take(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.events)
    }

    /// What `Online` told last.
    pub fn online(&self) -> Option<&Online> {
        self.events.iter().rev().find_map(|event| match event {
            Event::Online(online) => Some(&**online),
            _ => None,
        })
    }

    /// What `Offline` told last.
    pub fn offline(&self) -> Option<(&Error, Option<Instant>)> {
        self.events.iter().rev().find_map(|event| match event {
            Event::Offline { error, again } => Some((error, *again)),
            _ => None,
        })
    }

    /// The error, when it is one that is not tried again.
    pub fn final_error(&self) -> Option<&Error> {
        self.offline().filter(|(_, again)| again.is_none()).map(|(error, _)| error)
    }

    fn output(&mut self, output: Output<Event>) {
        match output {
            Output::Event(event) => self.events.push(event),
            Output::Transmit(Transmit::Stream { conn, data }) if self.is(conn) => self.carry(data),
            Output::Connect { conn, transport, remote } => self.dialled(conn, transport, remote.to_string()),
            Output::Upgrade { conn } if self.is(conn) => self.secure(conn),
            Output::Close { conn } if self.is(conn) => {
                self.conn = None;
                self.server.disconnected();
            }
            Output::Resolve { query, port, .. } => {
                let answer = Ok(vec![([192, 0, 2, 7], port).into()]);
                self.client.handle(self.now, Input::Resolved { query, answer });
            }
            _ => {}
        }
    }

    fn is(&self, conn: ConnId) -> bool {
        self.conn.is_some_and(|(ours, _)| ours == conn)
    }

    fn dialled(&mut self, conn: ConnId, transport: Transport, remote: String) {
        self.dials.push((transport, remote));
        if !self.refuse.is_empty() {
            let reason = self.refuse.remove(0);
            return self.client.handle(self.now, Input::Closed { conn, reason });
        }
        self.conn = Some((conn, transport));
        self.passed = [0, 0];
        self.server.connected(transport);
        let (local, remote) = (([192, 0, 2, 99], 9).into(), ([192, 0, 2, 1], 5222).into());
        self.client.handle(self.now, Input::Opened { conn, transport, local, remote });
        if transport.is_secure() {
            self.secure(conn);
        }
    }

    fn secure(&mut self, conn: ConnId) {
        if self.distrusted {
            return self.lose(CloseReason::Untrusted);
        }
        self.server.secured();
        let session = Box::new(tls());
        self.client.handle(self.now, Input::Secured { conn, session });
    }

    fn carry(&mut self, data: Bytes) {
        let left = self.cut[1].unwrap_or(usize::MAX) - self.passed[1];
        let part = data.slice(..data.len().min(left));
        self.passed[1] += part.len();
        self.server.receive(part.clone());
        if part.len() < data.len() || self.cut[1] == Some(self.passed[1]) {
            self.lose(CloseReason::Reset);
        }
    }

    /// The server's next piece, or message.
    fn deliver(&mut self) {
        let Some((conn, transport)) = self.conn else { return self.server.out.clear() };
        let message = match transport {
            Transport::Ws | Transport::Wss => self.server.ends.first().copied(),
            _ => Some(self.piece).filter(|piece| *piece > 0),
        };
        let left = self.cut[0].unwrap_or(usize::MAX) - self.passed[0];
        let length = message.unwrap_or(usize::MAX).min(self.server.out.len()).min(left);
        let data = Bytes::from(self.server.take(length));
        self.passed[0] += data.len();
        if !data.is_empty() {
            self.client.handle(self.now, Input::Stream { conn, data });
        }
        if self.cut[0] == Some(self.passed[0]) {
            self.lose(CloseReason::Reset);
        }
    }
}

/// A chat message to Bob.
pub fn message(text: &str) -> Element {
    use rfc3920::ns::CLIENT;
    let body = Element::new(CLIENT, "body").with_text(text.to_owned());
    Element::new(CLIENT, "message").attr("to", "bob@wonderland.example").attr("type", "chat").child(body)
}

/// The body of a message.
pub fn body(stanza: &Element) -> String {
    stanza.child_text(rfc3920::ns::CLIENT, "body").unwrap_or_default().into_owned()
}
