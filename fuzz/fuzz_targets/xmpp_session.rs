//! A session whose server, contacts and rooms say whatever the input says, line by line: no panic, no loop, nothing told
//! twice by the same id of an archive, and copies and results of archives only from who may send them.
//!
//! In a line, `$Q` stands for the last query of an archive, `$I` for the last request; a line of a single character is a
//! command of the user, a broken connection, or time that passes.
#![no_main]

use std::collections::BTreeSet;
use std::time::Duration;

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use rfc3920::jid::Jid;
use rfc3920::sasl::Credentials;
use rfc3920::stream::{self, Kind, Target};
use rfc3920::xml::{Element, Event as XmlEvent, Framing, Limits, Reader};
use rfc3920::{ns as core, stanza};
use rfc3921::chat_states::ChatState;
use rfc3921::display::safe_line;
use rfc3921::session::{Config, Event, Saved, Session, Way};
use rfc3921::{ns, rooms};
use wire::{CloseReason, ConnId, Epoch, Input, Instant, Machine, Output, Rng, Secured, Transmit};

const ALICE: &str = "alice@wonderland.example";

struct World {
    session: Session,
    now: Instant,
    server: Option<Server>,
    /// What the client sent that waits for an answer of the input.
    query: String,
    request: String,
    /// The line that is on, if the account itself speaks in it.
    account_speaks: bool,
    told: BTreeSet<(String, String)>,
}

struct Server {
    conn: ConnId,
    reader: Reader,
    authenticated: bool,
    out: Vec<u8>,
}

impl World {
    fn new(seed: u8) -> World {
        let alice = Jid::parse(ALICE).expect("a JID");
        let mut stream = stream::Config::new(alice, Credentials::new("alice", "looking-glass").expect("credentials"));
        stream.targets = vec![Target::new("127.0.0.1", 5223, Kind::DirectTls)];
        stream.policy.allow_plain = true;
        let config = Config::new(stream, Epoch::from_unix(Duration::from_secs(1_600_000_000)));
        let session = Session::new(config, Saved::default(), Rng::from_u64(seed.into()));
        let (query, request, told) = (String::new(), String::new(), BTreeSet::new());
        World { session, now: Instant::from_millis(1), server: None, query, request, account_speaks: false, told }
    }

    /// Until nothing moves.
    fn run(&mut self) {
        for _ in 0..100_000 {
            if let Some(output) = self.session.poll() {
                self.output(output);
            } else if let Some(server) = self.server.as_mut().filter(|server| !server.out.is_empty()) {
                let data = Bytes::from(std::mem::take(&mut server.out));
                let conn = server.conn;
                self.session.handle(self.now, Input::Stream { conn, data });
            } else {
                return;
            }
        }
        panic!("it never comes to rest");
    }

    fn output(&mut self, output: Output<Event>) {
        match output {
            Output::Connect { conn, transport, remote } => {
                let reader = Reader::new(Limits::default(), Framing::Stream);
                self.server = Some(Server { conn, reader, authenticated: false, out: Vec::new() });
                let local = ([127, 0, 0, 1], 9).into();
                self.session.handle(self.now, Input::Opened { conn, transport, local, remote });
                let session = Box::new(Secured { tls13: true, ..Secured::default() });
                self.session.handle(self.now, Input::Secured { conn, session });
            }
            Output::Transmit(Transmit::Stream { data, .. }) => self.received(data),
            Output::Close { conn } => {
                self.server = None;
                self.session.handle(self.now, Input::Closed { conn, reason: CloseReason::Local });
            }
            Output::Event(event) => self.event(&event),
            _ => {}
        }
    }

    fn event(&mut self, event: &Event) {
        if let Event::Message(message) = event {
            let wrapped = matches!(message.way, Way::Carbon | Way::Archive);
            assert!(!wrapped || self.account_speaks, "{message:?}");
            let archive = if message.author_is_in_room() { message.with.to_string() } else { ALICE.to_owned() };
            if let Some(id) = &message.stanza_id {
                assert!(self.told.insert((archive, id.clone())), "told twice: {message:?}");
            }
            assert!(!safe_line(&message.text).contains(['\n', '\u{1b}', '\u{9b}', '\u{202e}']));
        }
    }

    fn received(&mut self, data: Bytes) {
        let Some(server) = &mut self.server else { return };
        server.reader.push(data);
        while let Some(event) = self.server.as_mut().and_then(|server| server.reader.next()) {
            match event.expect("good XML from the client") {
                XmlEvent::Open(_) => self.open(),
                XmlEvent::Element(element) => self.element(&element),
                XmlEvent::Close => self.say("</stream:stream>"),
            }
        }
    }

    fn say(&mut self, text: &str) {
        if let Some(server) = &mut self.server {
            server.out.extend_from_slice(text.as_bytes());
        }
    }

    fn open(&mut self) {
        let authenticated = self.server.as_ref().is_some_and(|server| server.authenticated);
        let features = match authenticated {
            true => format!("<bind xmlns='{}'/><ver xmlns='urn:xmpp:features:rosterver'/>", core::BIND),
            false => format!("<mechanisms xmlns='{}'><mechanism>PLAIN</mechanism></mechanisms>", core::SASL),
        };
        self.say(&format!(
            "<stream:stream xmlns='jabber:client' xmlns:stream='{}' id='1' version='1.0' from='wonderland.example'>\
             <stream:features>{features}</stream:features>",
            core::STREAMS
        ));
    }

    /// The beginning of a session and of rooms goes by itself, so that the input need not know how.
    fn element(&mut self, element: &Element) {
        if element.is(core::SASL, "auth") {
            if let Some(server) = &mut self.server {
                server.authenticated = true;
                server.reader.restart();
            }
            return self.say(&format!("<success xmlns='{}'/>", core::SASL));
        }
        let Some(payload) = element.children().next().filter(|_| element.name() == "iq") else { return };
        let feature = |var: &str| format!("<feature var='{var}'/>");
        let all = [ns::ARCHIVE, ns::STANZA_ID, ns::OCCUPANT_ID, ns::CARBONS, ns::BLOCKING, ns::MODERATE, ns::MUC].map(feature);
        let answer = match payload.ns() {
            core::BIND => format!("<bind xmlns='{}'><jid>{ALICE}/1</jid></bind>", core::BIND),
            ns::ROSTER if element.get("type") == Some("get") => {
                format!("<query xmlns='{}' ver='1'><item jid='bob@a.example' subscription='both'/></query>", ns::ROSTER)
            }
            ns::DISCO_INFO if payload.get("node").is_none() => {
                let identity = "<identity category='pubsub' type='pep'/>";
                format!("<query xmlns='{}'>{identity}{}</query>", ns::DISCO_INFO, all.concat())
            }
            ns::CARBONS => String::new(),
            _ => {
                self.query = payload.get("queryid").map_or(self.query.clone(), str::to_owned);
                self.request = element.get("id").unwrap_or_default().to_owned();
                return;
            }
        };
        let mut reply = stanza::iq_result(element, None);
        reply.unset("to");
        if let Some(to) = element.get("to") {
            reply.set("from", to);
        }
        let reply = reply.to_string().replace("/>", &format!(">{answer}</iq>"));
        self.say(&reply);
    }

    fn line(&mut self, line: &str) {
        let now = self.now;
        let (bob, room) = (Jid::parse("bob@a.example").expect("a JID"), Jid::parse("r@b.example").expect("a JID"));
        let session = &mut self.session;
        match line {
            "b" => drop(session.say(now, &bob, "hello".into())),
            "g" => drop(session.say(now, &room, "hello".into())),
            "j" => drop(session.join(now, &room, "alice", None)),
            "l" => drop(session.leave(now, &room, None)),
            "h" => drop(session.history(now, &bob, None, 10)),
            "H" => drop(session.history(now, &room, Some("1"), 10)),
            "c" => drop(session.chat_state(now, &bob, ChatState::Composing)),
            "d" => drop(session.displayed(now, &bob, "1")),
            "k" => drop(session.set_role(now, &room, "x", rooms::Role::None, None)),
            "v" => drop(session.vcard(now, &bob)),
            "a" => drop(session.avatar(now, &bob, "1")),
            "s" => {
                let saved = Saved::parse(&session.saved().to_text()).expect("what was saved");
                assert_eq!(saved, session.saved());
            }
            "!" => {
                if let Some(server) = self.server.take() {
                    session.handle(now, Input::Closed { conn: server.conn, reason: CloseReason::Reset });
                }
            }
            "t" => self.pass(),
            _ => {
                let text = line.replace("$Q", &self.query).replace("$I", &self.request);
                // one element a line, so that a line can not end the stream's XML and take the rest with it
                let framed = format!("<x xmlns='jabber:client'>{text}</x>");
                let Ok(frame) = Element::parse(&framed, &Limits::default()) else { return };
                for child in frame.children() {
                    let from = child.get("from").map(Jid::parse);
                    self.account_speaks = from.is_none_or(|from| {
                        from.is_ok_and(|from| from.as_str() == ALICE || from.as_str() == room.as_str())
                    });
                    self.say(&child.to_string());
                    self.run();
                    self.account_speaks = false;
                }
            }
        }
        self.run();
    }

    fn pass(&mut self) {
        if let Some(deadline) = self.session.deadline() {
            self.now = self.now.max(deadline);
            self.session.handle(self.now, Input::Time);
            self.run();
            assert!(self.session.deadline().is_none_or(|at| at > self.now), "a deadline that is never met");
        }
    }
}

trait InRoom {
    fn author_is_in_room(&self) -> bool;
}

impl InRoom for rfc3921::session::Incoming {
    fn author_is_in_room(&self) -> bool {
        self.message.kind == rfc3921::message::MessageType::Groupchat
    }
}

fuzz_target!(|data: &[u8]| {
    let Some((seed, text)) = data.split_first() else { return };
    let Ok(text) = std::str::from_utf8(text) else { return };
    let mut world = World::new(*seed);
    world.session.connect(world.now).expect("to connect");
    world.run();
    assert!(world.session.is_ready());
    for line in text.lines().take(64) {
        world.line(line);
    }
});
