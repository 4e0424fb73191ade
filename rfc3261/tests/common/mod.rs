//! What the tests of the endpoint share: one endpoint, driven by hand, whose other side is the test.
#![allow(dead_code)]

use std::net::SocketAddr;
use std::time::Duration;

use rfc3261::endpoint::{Config, Endpoint, Event, Listen};
use rfc3261::message::{Message, Request, Response};
use wire::{ConnId, Input, Instant, Machine, Output, Rng, Transmit, Transport};

pub const HERE: &str = "192.0.2.1:5060";
pub const THERE: &str = "192.0.2.2:5060";

pub fn here() -> SocketAddr {
    HERE.parse().unwrap()
}

pub fn there() -> SocketAddr {
    THERE.parse().unwrap()
}

/// An endpoint at `HERE` and its clock.
pub struct Bench {
    pub endpoint: Endpoint,
    pub now: Instant,
    pub sent: Vec<Transmit>,
    pub events: Vec<Event>,
    pub others: Vec<Output<Event>>,
}

impl Bench {
    pub fn new() -> Bench {
        Bench::with(|_| {})
    }

    pub fn with(change: impl FnOnce(&mut Config)) -> Bench {
        let listen = vec![Listen::new(Transport::Udp, here()), Listen::new(Transport::Tcp, here())];
        let mut config = Config { listen, ..Config::default() };
        change(&mut config);
        let endpoint = Endpoint::new(config, Rng::from_u64(1));
        Bench { endpoint, now: Instant::from_millis(1), sent: vec![], events: vec![], others: vec![] }
    }

    pub fn drain(&mut self) {
        while let Some(output) = self.endpoint.poll() {
            match output {
                Output::Transmit(t) => self.sent.push(t),
                Output::Event(e) => self.events.push(e),
                other => self.others.push(other),
            }
        }
    }

    pub fn input(&mut self, input: Input) {
        self.endpoint.handle(self.now, input);
        self.drain();
    }

    /// A datagram from `THERE`.
    pub fn udp(&mut self, text: impl AsRef<[u8]>) {
        self.udp_from(there(), text);
    }

    pub fn udp_from(&mut self, remote: SocketAddr, text: impl AsRef<[u8]>) {
        self.input(Input::Datagram { local: here(), remote, data: text.as_ref().to_vec().into() });
    }

    pub fn accept(&mut self, n: u64) -> ConnId {
        let conn = ConnId::inbound(n);
        let remote = SocketAddr::new(there().ip(), 40_000 + n as u16);
        self.input(Input::Opened { conn, transport: Transport::Tcp, local: here(), remote });
        conn
    }

    pub fn tcp(&mut self, conn: ConnId, text: impl AsRef<[u8]>) {
        self.input(Input::Stream { conn, data: text.as_ref().to_vec().into() });
    }

    /// Lets time pass, stopping at every deadline.
    pub fn pass(&mut self, time: Duration) {
        let until = self.now + time;
        while let Some(at) = self.endpoint.deadline().filter(|at| *at <= until) {
            self.now = self.now.max(at);
            self.input(Input::Time);
        }
        self.now = until;
        self.input(Input::Time);
    }

    pub fn ms(&mut self, ms: u64) {
        self.pass(Duration::from_millis(ms));
    }

    /// The messages sent since the last call.
    pub fn messages(&mut self) -> Vec<Message> {
        let data = |t: Transmit| match t {
            Transmit::Datagram { data, .. } | Transmit::Stream { data, .. } => data,
        };
        self.sent.drain(..).map(|t| Message::parse(data(t)).expect("we send what we can read")).collect()
    }

    /// The same without refusals that lack what the refused request lacked.
    pub fn readable(&mut self) -> Vec<Message> {
        let data = |t: Transmit| match t {
            Transmit::Datagram { data, .. } | Transmit::Stream { data, .. } => data,
        };
        self.sent.drain(..).filter_map(|t| Message::parse(data(t)).ok()).collect()
    }

    pub fn response(&mut self) -> Response {
        match one(self.messages()) {
            Message::Response(response) => response,
            other => panic!("no response: {other:?}"),
        }
    }

    pub fn request(&mut self) -> Request {
        match one(self.messages()) {
            Message::Request(request) => request,
            other => panic!("no request: {other:?}"),
        }
    }

    pub fn events(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.events)
    }

    pub fn event(&mut self) -> Event {
        one(self.events())
    }

    /// Nothing is left, after the longest timer.
    pub fn is_empty(&mut self) {
        self.pass(Duration::from_secs(40));
        let stats = self.endpoint.stats();
        assert_eq!((stats.clients, stats.servers), (0, 0), "no transaction is left");
        if stats.connections == 0 {
            assert_eq!(self.endpoint.deadline(), None, "and no timer");
        }
    }
}

pub fn one<T: std::fmt::Debug>(mut list: Vec<T>) -> T {
    assert_eq!(list.len(), 1, "{list:?}");
    list.remove(0)
}

/// A request from `THERE`.
pub fn text(method: &str, branch: &str, cseq: u32) -> String {
    format!(
        "{method} sip:bob@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.2:5060;branch={branch}\r\nMax-Forwards: 70\r\n\
         From: <sip:alice@192.0.2.2>;tag=a\r\nTo: <sip:bob@192.0.2.1>\r\nCall-ID: c1\r\nCSeq: {cseq} {method}\r\n\
         Contact: <sip:alice@192.0.2.2>\r\nContent-Length: 0\r\n\r\n"
    )
}

/// A request of ours to `THERE`.
pub fn ours(method: &str) -> Request {
    let text = format!(
        "{method} sip:alice@192.0.2.2 SIP/2.0\r\nVia: SIP/2.0/UDP x;branch=z9hG4bKx\r\nMax-Forwards: 70\r\n\
         From: <sip:bob@192.0.2.1>;tag=b\r\nTo: <sip:alice@192.0.2.2>\r\nCall-ID: c2\r\nCSeq: 7 {method}\r\n\
         Route: <sip:192.0.2.2;lr>\r\nRequire: 100rel\r\nProxy-Require: privacy\r\nContent-Length: 0\r\n\r\n"
    );
    match Message::parse(text.into()).unwrap() {
        Message::Request(mut request) => {
            request.headers.remove(rfc3261::message::Name::Via);
            request
        }
        other => panic!("{other:?}"),
    }
}

/// The response of the other side to a request of ours.
pub fn reply(request: &Request, status: u16) -> Vec<u8> {
    let mut response = Response::to_request(request, status.into());
    if status > 100 {
        let to = request.headers.to().unwrap().unwrap().with_tag("there");
        response.headers.set(rfc3261::message::Name::To, to);
    }
    response.to_bytes().to_vec()
}

/// Our response with a To tag.
pub fn answer(request: &Request, status: u16) -> Response {
    let mut response = Response::to_request(request, status.into());
    let to = request.headers.to().unwrap().unwrap().with_tag("here");
    response.headers.set(rfc3261::message::Name::To, to);
    response
}
