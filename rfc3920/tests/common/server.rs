//! A server, as much of one as a client's tests need: STARTTLS, SCRAM, SASL2, binding, stream management.

use std::collections::VecDeque;
use std::num::NonZeroU32;
use std::sync::OnceLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use rfc3920::sasl::{Hash, Mechanism, Offer, Secret, scram};
use rfc3920::xml::{Element, Event, Framing, Header, Limits, Reader};
use rfc3920::{ns, xml};
use wire::{Rng, Secured, Transport};

/// What the server is like.
#[derive(Clone, Debug)]
pub struct Options {
    pub starttls: bool,
    pub mechanisms: Vec<&'static str>,
    pub sasl2: bool,
    pub bind2: bool,
    pub management: bool,
    pub resume: bool,
    pub fast: bool,
    /// What stands in the offer of a session of old.
    pub session: &'static str,
    /// More features after the login.
    pub features: &'static str,
    /// Features before the login, instead of those by the rest of the options.
    pub before: Option<&'static str>,
    /// What is said instead of `<proceed/>`.
    pub proceed: &'static str,
    /// Other words of the server's stream header.
    pub header: Option<&'static str>,
    /// Resources that others have.
    pub taken: Vec<&'static str>,
    /// Why it refuses logins.
    pub refusal: &'static str,
    /// The password that it knows.
    pub password: &'static str,
    /// `location` and `max` of resumption.
    pub enabled: &'static str,
    /// Offers to bind a resource.
    pub binds: bool,
    /// The payload of the answer to that.
    pub bound: Option<String>,
    /// Answers nothing at all.
    pub mute: bool,
    /// More within the success of SASL2.
    pub success: &'static str,
    /// The features that belong to that success are left to the test.
    pub late_features: bool,
    /// Attributes of the `<failed/>` that a resumption gets.
    pub failed: &'static str,
    /// The id that `<resumed/>` names, instead of the one that was asked for.
    pub previd: Option<&'static str>,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            starttls: true,
            mechanisms: vec!["SCRAM-SHA-256-PLUS", "SCRAM-SHA-256", "PLAIN"],
            sasl2: false,
            bind2: false,
            management: true,
            resume: true,
            fast: false,
            session: "<optional/>",
            features: "",
            before: None,
            proceed: "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>",
            header: None,
            taken: Vec::new(),
            refusal: "not-authorized",
            password: "looking-glass",
            enabled: "max='300'",
            binds: true,
            bound: None,
            mute: false,
            success: "",
            late_features: false,
            failed: "",
            previd: None,
        }
    }
}

impl Options {
    /// All of today: SASL2, Bind2, FAST.
    pub fn modern() -> Options {
        Options { sasl2: true, bind2: true, fast: true, ..Options::default() }
    }
}

/// The server, with one account.
pub struct Server {
    pub options: Options,
    rng: Rng,
    /// Bytes for the client, and where the messages in them end.
    pub out: Vec<u8>,
    pub ends: Vec<usize>,
    /// Stanzas that it handled, in order, whichever session they came by.
    pub got: Vec<Element>,
    /// Every first-level element of this connection.
    pub seen: Vec<Element>,
    /// Headers of this connection.
    pub headers: Vec<Header>,
    /// The session, kept over connections.
    pub kept: Option<Kept>,
    pub connections: u32,
    /// The client closed its stream.
    pub ended: bool,
    /// The tokens that it gave out.
    pub tokens: Vec<String>,
    stream: Option<Stream>,
}

struct Stream {
    reader: Reader,
    framing: Framing,
    secured: bool,
    authenticated: bool,
    resource: Option<String>,
    /// The session counts on this connection.
    managed: bool,
    login: Option<(scram::Server, Element)>,
}

/// A session of stream management.
#[derive(Default)]
pub struct Kept {
    pub id: String,
    pub handled: u32,
    pub acked: u32,
    pub queue: VecDeque<String>,
}

impl Server {
    pub fn new(options: Options, seed: u64) -> Server {
        Server {
            options,
            rng: Rng::from_u64(seed),
            out: Vec::new(),
            ends: Vec::new(),
            got: Vec::new(),
            seen: Vec::new(),
            headers: Vec::new(),
            kept: None,
            connections: 0,
            ended: false,
            tokens: Vec::new(),
            stream: None,
        }
    }

    pub fn connected(&mut self, transport: Transport) {
        let framing = match transport {
            Transport::Ws | Transport::Wss => Framing::WebSocket,
            _ => Framing::Stream,
        };
        self.connections += 1;
        (self.seen, self.headers, self.ended) = (Vec::new(), Vec::new(), false);
        self.stream = Some(Stream {
            reader: Reader::new(Limits::default(), framing),
            framing,
            secured: false,
            authenticated: false,
            resource: None,
            managed: false,
            login: None,
        });
    }

    pub fn secured(&mut self) {
        if let Some(stream) = &mut self.stream {
            stream.secured = true;
            stream.reader.restart();
        }
    }

    pub fn disconnected(&mut self) {
        self.stream = None;
        self.out.clear();
        self.ends.clear();
    }

    pub fn is_managed(&self) -> bool {
        self.stream.as_ref().is_some_and(|stream| stream.managed)
    }

    /// The next bytes for the client.
    pub fn take(&mut self, length: usize) -> Vec<u8> {
        if self.ends.first() == Some(&length) {
            self.ends.remove(0);
        }
        self.out.drain(..length).collect()
    }

    /// A stanza for the client, now or when it comes back.
    pub fn deliver(&mut self, text: String) {
        if let Some(kept) = &mut self.kept {
            kept.queue.push_back(text.clone());
            if self.is_managed() {
                self.say(&text);
                self.say("<r xmlns='urn:xmpp:sm:3'/>");
            }
        } else {
            self.say(&text);
        }
    }

    pub fn say(&mut self, text: &str) {
        if self.stream.is_some() {
            self.out.extend_from_slice(text.as_bytes());
            self.ends.push(text.len());
        }
    }

    pub fn receive(&mut self, data: Bytes) {
        let Some(stream) = &mut self.stream else { return };
        stream.reader.push(data);
        while let Some(event) = self.stream.as_mut().and_then(|stream| stream.reader.next()) {
            match event.expect("good XML from the client") {
                Event::Open(header) if self.options.mute => self.headers.push(header),
                Event::Element(element) if self.options.mute => self.seen.push(element),
                Event::Close if self.options.mute => self.ended = true,
                Event::Open(header) => self.open(header),
                Event::Element(element) => {
                    self.seen.push(element.clone());
                    self.element(element);
                }
                Event::Close => {
                    self.ended = true;
                    self.kept = None;
                    let close = self.stream.as_ref().map(|stream| xml::close(stream.framing));
                    self.say(&String::from_utf8_lossy(&close.unwrap_or_default()));
                }
            }
        }
    }

    fn open(&mut self, header: Header) {
        self.headers.push(header);
        let Some(stream) = &self.stream else { return };
        let answer =
            Header { from: Some("wonderland.example".into()), id: Some(self.rng.token(12)), ..Header::client() };
        let bytes = answer.to_bytes(stream.framing).expect("a header");
        let text = self.options.header.map_or_else(|| String::from_utf8_lossy(&bytes).into_owned(), str::to_owned);
        self.say(&text);
        let features = self.features();
        self.say(&features);
    }

    fn features(&self) -> String {
        let Some(stream) = &self.stream else { return String::new() };
        let mut text = "<stream:features xmlns:stream='http://etherx.jabber.org/streams'>".to_owned();
        let mechanisms = |ns: &str| -> String {
            self.options.mechanisms.iter().map(|m| format!("<mechanism xmlns='{ns}'>{m}</mechanism>")).collect()
        };
        let secured = stream.secured || !self.options.starttls;
        match (secured, stream.authenticated, self.options.before) {
            (true, false, Some(before)) => text.push_str(before),
            (false, _, _) => text.push_str("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"),
            (true, false, None) => {
                text += &format!("<mechanisms xmlns='{}'>{}</mechanisms>", ns::SASL, mechanisms(ns::SASL));
                text += "<sasl-channel-binding xmlns='urn:xmpp:sasl-cb:0'><channel-binding type='tls-exporter'/></sasl-channel-binding>";
                if self.options.sasl2 {
                    text += &format!("<authentication xmlns='{}'>{}", ns::SASL2, mechanisms(ns::SASL2));
                    text += if self.options.resume { "<inline><sm xmlns='urn:xmpp:sm:3'/>" } else { "<inline>" };
                    if self.options.bind2 {
                        text += "<bind xmlns='urn:xmpp:bind:0'><inline><feature var='urn:xmpp:sm:3'/><feature var='urn:xmpp:carbons:2'/></inline></bind>";
                    }
                    if self.options.fast {
                        text += "<fast xmlns='urn:xmpp:fast:0'><mechanism>HT-SHA-256-EXPR</mechanism><mechanism>HT-SHA-256-NONE</mechanism></fast>";
                    }
                    text += "</inline></authentication>";
                }
            }
            (true, true, _) => {
                if self.options.binds {
                    text += "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>";
                }
                let optional = self.options.session;
                text += &format!("<session xmlns='urn:ietf:params:xml:ns:xmpp-session'>{optional}</session>");
                if self.options.management {
                    text += "<sm xmlns='urn:xmpp:sm:3'/>";
                }
                text += self.options.features;
            }
        }
        text + "</stream:features>"
    }

    fn element(&mut self, element: Element) {
        let Some(stream) = &mut self.stream else { return };
        match (element.ns(), element.name()) {
            (ns::TLS, "starttls") => self.say(self.options.proceed),
            (ns::SASL | ns::SASL2, "auth" | "authenticate") => self.login(element),
            (ns::SASL | ns::SASL2, "response") => self.prove(&element),
            (ns::SM, "enable") => self.enable(),
            (ns::SM, "resume") => {
                let answer = self.resume(&element);
                self.say(&answer);
                self.resend();
            }
            (ns::SM, "r") => {
                let h = self.kept.as_ref().map_or(0, |kept| kept.handled);
                self.say(&format!("<a xmlns='urn:xmpp:sm:3' h='{h}'/>"));
            }
            (ns::SM, "a") => self.acked(&element),
            (ns::CLIENT, _) => {
                if let Some(kept) = self.kept.as_mut().filter(|_| stream.managed) {
                    kept.handled = kept.handled.wrapping_add(1);
                }
                self.stanza(element);
            }
            _ => {}
        }
    }

    fn acked(&mut self, element: &Element) {
        let h: u32 = element.get("h").expect("h").parse().expect("a number");
        let Some(kept) = &mut self.kept else { return };
        let newly = h.wrapping_sub(kept.acked) as usize;
        assert!(newly <= kept.queue.len(), "the client counts {newly} of {}", kept.queue.len());
        kept.acked = h;
        kept.queue.drain(..newly);
    }

    fn enable(&mut self) {
        let id = self.rng.token(10);
        let resume = if self.options.resume {
            format!("id='{id}' resume='true' {}", self.options.enabled)
        } else {
            self.options.enabled.to_owned()
        };
        self.kept = Some(Kept { id, ..Kept::default() });
        if let Some(stream) = &mut self.stream {
            stream.managed = true;
        }
        self.say(&format!("<enabled xmlns='urn:xmpp:sm:3' {resume}/>"));
    }

    fn resume(&mut self, element: &Element) -> String {
        let wanted = element.get("previd").unwrap_or_default();
        match self.kept.as_mut().filter(|kept| kept.id == wanted) {
            Some(kept) => {
                let previd = self.options.previd.unwrap_or(wanted);
                let answer = format!("<resumed xmlns='urn:xmpp:sm:3' h='{}' previd='{previd}'/>", kept.handled);
                self.acked(element);
                if let Some(stream) = &mut self.stream {
                    stream.managed = true;
                }
                answer
            }
            None => format!(
                "<failed xmlns='urn:xmpp:sm:3' {}><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>",
                self.options.failed
            ),
        }
    }

    fn resend(&mut self) {
        if self.is_managed() {
            let queue: Vec<String> = self.kept.iter().flat_map(|kept| kept.queue.iter().cloned()).collect();
            queue.iter().for_each(|text| self.say(text));
        }
    }

    fn stanza(&mut self, stanza: Element) {
        let bind = stanza.find(ns::BIND, "bind");
        let id = stanza.get("id").unwrap_or_default().to_owned();
        if let Some(bind) = bind {
            let wished = bind.child_text(ns::BIND, "resource").map(|text| text.into_owned());
            if wished.as_deref().is_some_and(|wished| self.options.taken.contains(&wished)) {
                let error = "<error type='cancel'><conflict xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>";
                return self.say(&format!("<iq xmlns='jabber:client' type='error' id='{id}'>{error}</iq>"));
            }
            let resource = wished.unwrap_or_else(|| self.rng.token(8));
            let jid = format!("<jid>alice@wonderland.example/{resource}</jid>");
            if let Some(stream) = &mut self.stream {
                stream.resource = Some(resource);
            }
            let bind = format!("<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>{jid}</bind>");
            let bind = self.options.bound.clone().unwrap_or(bind);
            return self.say(&format!("<iq xmlns='jabber:client' type='result' id='{id}'>{bind}</iq>"));
        }
        if stanza.find(ns::SESSION, "session").is_some() {
            self.say(&format!("<iq xmlns='jabber:client' type='result' id='{id}'/>"));
        }
        if stanza.find(ns::PING, "ping").is_some() && stanza.get("type") == Some("get") {
            self.deliver(format!("<iq xmlns='jabber:client' type='result' id='{id}' from='wonderland.example'/>"));
        }
        self.got.push(stanza);
    }

    fn offer(&self) -> Offer {
        let mut offer = Offer::of(self.options.mechanisms.iter().copied());
        offer.bindings = Some(vec!["tls-exporter".to_owned()]);
        offer
    }

    fn login(&mut self, element: Element) {
        let sasl2 = element.ns() == ns::SASL2;
        let name = element.get("mechanism").expect("a mechanism");
        let initial = match sasl2 {
            true => element.child_text(ns::SASL2, "initial-response").expect("an initial response").into_owned(),
            false => element.text().into_owned(),
        };
        let initial = STANDARD.decode(initial).expect("base64");
        let mechanism = Mechanism::from_name(name).expect("a mechanism");
        if let Mechanism::Token(_) = mechanism {
            return self.token(&element, &initial);
        }
        let secured = if self.options.starttls { super::tls() } else { Secured::default() };
        let mut scram = scram::Server::new(mechanism, &self.offer(), &secured, &mut self.rng).with_hash();
        let hash = match mechanism {
            Mechanism::Scram(hash) | Mechanism::ScramPlus(hash) => hash,
            other => panic!("{other} is not played here"),
        };
        let password = self.options.password;
        let challenge = scram.first(&initial, |_| Some(keys(hash, password).verifier())).expect("a first message");
        self.say(&format!("<challenge xmlns='{}'>{}</challenge>", element.ns(), STANDARD.encode(challenge)));
        if let Some(stream) = &mut self.stream {
            stream.login = Some((scram, element));
        }
    }

    fn prove(&mut self, response: &Element) {
        let Some((mut scram, begun)) = self.stream.as_mut().and_then(|stream| stream.login.take()) else { return };
        let answer = scram.last(&STANDARD.decode(&*response.text()).expect("base64"));
        match answer {
            Ok(last) => self.success(&begun, Some(&last)),
            Err(_) => self.failure(begun.ns()),
        }
    }

    pub fn failure(&mut self, ns: &str) {
        self.say(&format!("<failure xmlns='{ns}'><{} xmlns='{}'/></failure>", self.options.refusal, ns::SASL));
    }

    fn token(&mut self, element: &Element, initial: &[u8]) {
        let proof = initial.split(|b| *b == 0).next().map_or(0, <[u8]>::len) + 1;
        let known = self.tokens.last().cloned();
        let data = if element.get("mechanism") == Some("HT-SHA-256-EXPR") { &[7; 32][..] } else { &[] };
        let hmac = |token: &str, word: &[u8]| hmac_sha256(token.as_bytes(), &[word, data].concat());
        match known.filter(|token| hmac(token, b"Initiator") == initial[proof..]) {
            Some(token) => {
                let responder = hmac(&token, b"Responder");
                self.success(&element.clone(), Some(&Bytes::from(responder)));
            }
            None => self.failure(element.ns()),
        }
    }

    fn success(&mut self, begun: &Element, last: Option<&Bytes>) {
        if let Some(stream) = &mut self.stream {
            stream.authenticated = true;
        }
        let last = last.map(|last| STANDARD.encode(last)).unwrap_or_default();
        if begun.ns() == ns::SASL {
            if let Some(stream) = &mut self.stream {
                stream.reader.restart();
            }
            return self.say(&format!("<success xmlns='{}'>{last}</success>", ns::SASL));
        }
        let mut text = format!("<success xmlns='{}'><additional-data>{last}</additional-data>", ns::SASL2);
        let resume = begun.find(ns::SM, "resume").map(|resume| self.resume(resume));
        let resumed = resume.as_ref().is_some_and(|answer| answer.starts_with("<resumed"));
        text += "<authorization-identifier>alice@wonderland.example";
        match begun.find(ns::BIND2, "bind").filter(|_| !resumed) {
            Some(bind) => {
                let tag = bind.child_text(ns::BIND2, "tag").unwrap_or_default().into_owned();
                text += &format!("/{tag}.{}</authorization-identifier>", self.rng.token(5));
                text += "<bound xmlns='urn:xmpp:bind:0'>";
                if bind.find(ns::SM, "enable").is_some() {
                    let (out, ends) = (std::mem::take(&mut self.out), std::mem::take(&mut self.ends));
                    self.enable();
                    text += &String::from_utf8_lossy(&std::mem::replace(&mut self.out, out));
                    self.ends = ends;
                }
                text += "</bound>";
            }
            None => text += "</authorization-identifier>",
        }
        text += &resume.unwrap_or_default();
        if begun.find(ns::FAST, "request-token").is_some() {
            let token = self.rng.token(20);
            text += &format!("<token xmlns='urn:xmpp:fast:0' token='{token}' expiry='2030-01-01T00:00:00Z'/>");
            self.tokens.push(token);
        }
        text += self.options.success;
        self.say(&(text + "</success>"));
        if !self.options.late_features {
            let features = self.features();
            self.say(&features);
        }
        if resumed {
            self.resend();
        }
    }
}

/// Keys that are derived once, for they take their time.
fn keys(hash: Hash, password: &str) -> scram::Keys {
    static KEYS: OnceLock<[scram::Keys; 3]> = OnceLock::new();
    let derive = |hash, password: &str| {
        scram::Keys::derive(hash, &Secret::from(password), b"pepper and salt", NonZeroU32::new(4096).expect("not zero"))
    };
    match password {
        "looking-glass" => KEYS.get_or_init(|| Hash::ALL.map(|hash| derive(hash, password)))[hash as usize].clone(),
        other => derive(hash, other),
    }
}

fn hmac_sha256(key: &[u8], data: &[u8]) -> Vec<u8> {
    ring::hmac::sign(&ring::hmac::Key::new(ring::hmac::HMAC_SHA256, key), data).as_ref().to_vec()
}
