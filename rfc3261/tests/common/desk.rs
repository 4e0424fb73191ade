//! One user agent, driven by hand, whose other side is the test.
#![allow(dead_code)]

use std::net::SocketAddr;
use std::time::Duration;

use rfc3261::endpoint::Listen;
use rfc3261::message::{Message, Method, Name, NameAddr, Request, Response};
use rfc3261::ua::{Config, Event, UserAgent};
use wire::{Input, Instant, Machine, Output, QueryId, Rng, Transmit, Transport};

pub fn here() -> SocketAddr {
    "192.0.2.1:5060".parse().unwrap()
}

pub fn there() -> SocketAddr {
    "192.0.2.2:5060".parse().unwrap()
}

pub struct Desk {
    pub ua: UserAgent,
    pub now: Instant,
    sent: Vec<(SocketAddr, Message)>,
    events: Vec<Event>,
    pub queries: Vec<(QueryId, String, u16)>,
    pub pings: usize,
}

impl Desk {
    pub fn new() -> Desk {
        Desk::with(|_| {})
    }

    pub fn with(change: impl FnOnce(&mut Config)) -> Desk {
        let mut config = Config::new(NameAddr::parse("<sip:bob@example.com>").unwrap());
        change(&mut config);
        let mut ua = UserAgent::new(config, Rng::from_u64(1));
        ua.listen(Listen::new(Transport::Udp, here()));
        Desk { ua, now: Instant::from_millis(1), sent: vec![], events: vec![], queries: vec![], pings: 0 }
    }

    pub fn run<R>(&mut self, f: impl FnOnce(&mut UserAgent, Instant) -> R) -> R {
        let out = f(&mut self.ua, self.now);
        self.drain();
        out
    }

    fn drain(&mut self) {
        while let Some(output) = self.ua.poll() {
            match output {
                Output::Transmit(Transmit::Datagram { remote, data, .. }) => {
                    self.pings += usize::from(data == "\r\n\r\n");
                    // A refusal lacks what the refused request lacked.
                    self.sent.extend(Message::parse(data).ok().map(|m| (remote, m)));
                }
                Output::Event(e) => self.events.push(e),
                Output::Resolve { query, host, port } => self.queries.push((query, host, port)),
                _ => {}
            }
        }
    }

    pub fn input(&mut self, input: Input) {
        self.ua.handle(self.now, input);
        self.drain();
    }

    pub fn udp(&mut self, bytes: impl AsRef<[u8]>) {
        self.input(Input::Datagram { local: here(), remote: there(), data: bytes.as_ref().to_vec().into() });
    }

    pub fn resolve(&mut self, addresses: &[&str]) {
        let (query, ..) = self.queries.remove(0);
        let answer = match addresses {
            [] => Err(wire::ResolveError::NotFound),
            some => Ok(some.iter().map(|a| a.parse().unwrap()).collect()),
        };
        self.input(Input::Resolved { query, answer });
    }

    pub fn pass(&mut self, time: Duration) {
        let until = self.now + time;
        while let Some(at) = self.ua.deadline().filter(|at| *at <= until) {
            self.now = self.now.max(at);
            self.input(Input::Time);
        }
        self.now = until;
        self.input(Input::Time);
    }

    pub fn ms(&mut self, ms: u64) {
        self.pass(Duration::from_millis(ms));
    }

    pub fn events(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.events)
    }

    pub fn event(&mut self) -> Event {
        let mut events = self.events();
        assert_eq!(events.len(), 1, "{events:?}");
        events.remove(0)
    }

    pub fn sent(&mut self) -> Vec<(SocketAddr, Message)> {
        std::mem::take(&mut self.sent)
    }

    pub fn requests(&mut self) -> Vec<Request> {
        let request = |(_, m)| match m {
            Message::Request(r) => Some(r),
            Message::Response(_) => None,
        };
        self.sent().into_iter().filter_map(request).collect()
    }

    pub fn request(&mut self, method: Method) -> Request {
        let mut sent = self.requests();
        assert_eq!(sent.len(), 1, "{sent:?}");
        assert_eq!(sent[0].method, method);
        sent.remove(0)
    }

    pub fn response(&mut self) -> Response {
        let sent = self.sent();
        match &sent[..] {
            [(_, Message::Response(response))] => response.clone(),
            other => panic!("{other:?}"),
        }
    }

    pub fn is_silent(&mut self) {
        assert!(self.sent.is_empty(), "{:?}", self.sent);
    }
}

/// A response of the other side, with To tag and further header lines.
pub fn reply(request: &Request, status: u16, tag: &str, more: &[(Name, &str)]) -> Vec<u8> {
    let mut response = Response::to_request(request, status.into());
    let to = request.headers.to().unwrap().unwrap();
    if !tag.is_empty() && to.tag().is_none() {
        response.headers.set(Name::To, to.with_tag(tag));
    }
    for (name, value) in more {
        response.headers.push(name.clone(), value);
    }
    response.to_bytes().to_vec()
}

/// A request of the other side outside of any dialog, with further header lines and a body.
pub fn text(method: &str, branch: &str, more: &str, body: &str) -> String {
    format!(
        "{method} sip:bob@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.2:5060;branch=z9hG4bK{branch}\r\nMax-Forwards: 70\r\n\
         From: <sip:alice@192.0.2.2>;tag=a\r\nTo: <sip:bob@192.0.2.1>\r\nCall-ID: c-{branch}\r\nCSeq: 1 {method}\r\n\
         Contact: <sip:alice@192.0.2.2>\r\n{more}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}
