//! A proxy on a bench: texts go in as datagrams, texts come out, time passes when told.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use rfc3261::endpoint::Listen;
use rfc3261::proxy::{Config, Event, Home, HomeConfig, Proxy};
use rfc3261::registrar::Guard;
use wire::{ConnId, Input, Instant, Machine, Output, QueryId, Rng, Transmit, Transport};

pub const PROXY: &str = "192.0.2.1:5060";

pub struct Bench {
    pub proxy: Proxy<Home>,
    pub now: Instant,
    /// What was sent and not looked at yet: to whom, and the text.
    pub sent: Vec<(String, String)>,
    pub lookups: Vec<(QueryId, String, u16)>,
    pub connects: Vec<(ConnId, SocketAddr)>,
    pub events: Vec<Event>,
}

impl Bench {
    pub fn new() -> Bench {
        Bench::with(|_| (), |_| ())
    }

    pub fn with(config: impl FnOnce(&mut Config), home: impl FnOnce(&mut HomeConfig)) -> Bench {
        Bench::guarded(config, home, None)
    }

    pub fn guarded(
        config: impl FnOnce(&mut Config),
        home: impl FnOnce(&mut HomeConfig),
        guard: Option<Guard>,
    ) -> Bench {
        let mut settings = Config { names: vec!["example.com".into()], ..Config::default() };
        config(&mut settings);
        let mut domain = HomeConfig { open_relay: true, ..HomeConfig::default() };
        home(&mut domain);
        let mut proxy = Proxy::new(settings, Home::new(domain, guard), Rng::from_u64(1));
        proxy.listen(Listen::new(Transport::Udp, PROXY.parse().unwrap()));
        proxy.listen(Listen::new(Transport::Tcp, PROXY.parse().unwrap()));
        let now = Instant::from_millis(1000);
        Bench { proxy, now, sent: Vec::new(), lookups: Vec::new(), connects: Vec::new(), events: Vec::new() }
    }

    /// A datagram arrives.
    pub fn udp(&mut self, from: &str, text: &str) {
        let data = Bytes::copy_from_slice(text.as_bytes());
        self.input(Input::Datagram { local: PROXY.parse().unwrap(), remote: from.parse().unwrap(), data });
    }

    pub fn input(&mut self, input: Input) {
        self.proxy.handle(self.now, input);
        self.drain();
    }

    /// Time passes, and every deadline on the way is kept.
    pub fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(at) = self.proxy.deadline().filter(|at| *at <= end) {
            self.now = self.now.max(at);
            self.input(Input::Time);
        }
        self.now = end;
    }

    pub fn drain(&mut self) {
        while let Some(output) = self.proxy.poll() {
            match output {
                Output::Transmit(Transmit::Datagram { remote, data, .. }) => {
                    self.sent.push((remote.to_string(), String::from_utf8_lossy(&data).into_owned()));
                }
                Output::Transmit(Transmit::Stream { conn, data }) => {
                    self.sent.push((format!("{conn:?}"), String::from_utf8_lossy(&data).into_owned()));
                }
                Output::Resolve { query, host, port } => self.lookups.push((query, host, port)),
                Output::Connect { conn, remote, .. } => self.connects.push((conn, remote)),
                Output::Close { .. } | Output::Upgrade { .. } => {}
                Output::Event(event) => self.events.push(event),
            }
        }
    }

    /// Everything sent to `to` since the last look, and forgets it.
    pub fn to(&mut self, to: &str) -> Vec<String> {
        let (hits, rest) = std::mem::take(&mut self.sent).into_iter().partition(|(remote, _)| remote == to);
        self.sent = rest;
        let hits: Vec<(String, String)> = hits;
        hits.into_iter().map(|(_, text)| text).collect()
    }

    /// The one message sent to `to`.
    pub fn one(&mut self, to: &str) -> String {
        let mut all = self.to(to);
        assert_eq!(all.len(), 1, "to {to}: {all:#?}, others: {:#?}", self.sent);
        all.remove(0)
    }

    /// The status line of the one response sent to `to`.
    pub fn status(&mut self, to: &str) -> u16 {
        status(&self.one(to))
    }

    pub fn nothing(&self) {
        assert!(self.sent.is_empty(), "{:#?}", self.sent);
    }

    /// Registers `user` at each contact, given with its parameters.
    pub fn register(&mut self, user: &str, contacts: &[&str]) {
        let contact: String = contacts.iter().map(|c| format!("Contact: {c}\r\n")).collect();
        let text = request("REGISTER", "sip:example.com", &format!("sip:{user}@example.com"), &contact);
        self.udp("192.0.2.9:5060", &text);
        let response = self.one("192.0.2.9:5060");
        assert_eq!(status(&response), 200, "{response}");
    }

    /// Whether nothing is under way any more.
    pub fn is_idle(&self) -> bool {
        let stats = self.proxy.endpoint().stats();
        self.proxy.live() == 0 && stats.clients == 0 && stats.servers == 0
    }
}

/// A request with a fresh branch and Call-ID, from 192.0.2.9.
pub fn request(method: &str, uri: &str, to: &str, more: &str) -> String {
    use std::sync::atomic::{AtomicU32, Ordering};
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let n = COUNT.fetch_add(1, Ordering::Relaxed);
    format!(
        "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bKt{n}\r\nMax-Forwards: 70\r\n\
         From: <sip:caller@elsewhere.test>;tag=f{n}\r\nTo: <{to}>\r\nCall-ID: call{n}\r\nCSeq: 1 {method}\r\n{more}\
         Content-Length: 0\r\n\r\n"
    )
}

/// A response to a request as it was received.
pub fn response(request: &str, status: u16, more: &str) -> String {
    let mut text = format!("SIP/2.0 {status} Whatever\r\n");
    for line in request.lines().skip(1) {
        let name = line.split(':').next().unwrap().to_ascii_lowercase();
        if line.to_ascii_lowercase().starts_with("to:") && !line.contains(";tag=") && status > 100 {
            text += &format!("{line};tag=callee\r\n");
        } else if ["via", "from", "to", "call-id", "cseq", "record-route"].contains(&name.as_str()) {
            text += &format!("{line}\r\n");
        }
    }
    text + more + "Content-Length: 0\r\n\r\n"
}

/// A request within the dialog that `ok` established, as its caller sends it.
pub fn within(method: &str, ok: &str) -> String {
    let one = |name| values(ok, name)[0];
    let contact = one("Contact").trim_start_matches('<').trim_end_matches('>');
    let mut routes: Vec<&str> = values(ok, "Record-Route").iter().flat_map(|line| line.split(", ")).collect();
    routes.reverse();
    format!(
        "{method} {contact} SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bK{method}\r\nMax-Forwards: 70\r\n\
         Route: {}\r\nFrom: {}\r\nTo: {}\r\nCall-ID: {}\r\nCSeq: 2 {method}\r\nContent-Length: 0\r\n\r\n",
        routes.join(", "),
        one("From"),
        one("To"),
        one("Call-ID"),
    )
}

/// The CANCEL or the ACK that belongs to an INVITE.
pub fn follow(method: &str, invite: &str) -> String {
    let lines = invite.lines().filter(|line| {
        let name = line.split(':').next().unwrap().to_ascii_lowercase();
        ["via", "max-forwards", "from", "to", "call-id"].contains(&name.as_str())
    });
    let uri = invite.split(' ').nth(1).unwrap();
    let headers: String = lines.map(|line| format!("{line}\r\n")).collect();
    format!("{method} {uri} SIP/2.0\r\n{headers}CSeq: 1 {method}\r\nContent-Length: 0\r\n\r\n")
}

pub fn status(text: &str) -> u16 {
    text.strip_prefix("SIP/2.0 ")
        .and_then(|rest| rest.get(..3))
        .and_then(|code| code.parse().ok())
        .unwrap_or_else(|| panic!("no response: {text}"))
}

/// All values of a header, in order, one a line of the message.
pub fn values<'a>(text: &'a str, name: &str) -> Vec<&'a str> {
    let head = text.split("\r\n\r\n").next().unwrap();
    head.lines()
        .filter_map(|line| line.split_once(':'))
        .filter(|(n, _)| n.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim())
        .collect()
}
