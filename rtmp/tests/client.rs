//! A client and a server that does what it should not, or nothing at all.
mod common;

use amf::amf0::{Object, Value};
use bytes::{Bytes, BytesMut};
use common::url;
use rtmp::client::{Client, ClosedReason, Config, DropReason, Error, Event, Limits, StreamEvent};
use rtmp::command::{Command, Encoding};
use rtmp::control::{Control, UserControl};
use rtmp::server::PublishMode;
use rtmp::status::{self, Status};
use rtmp::url::Url;
use rtmp::{CallError, Message, MessageType, chunk};
use wire::{CloseReason, ConnId, Input, Instant, Machine, Output, ResolveError, Rng, Transport};

/// A server made of nothing but chunks.
struct Script {
    client: Client,
    conn: ConnId,
    now: Instant,
    writer: chunk::Writer,
    closed: bool,
}

impl Script {
    fn new(config: Config) -> Script {
        let mut client = Client::new(config, Rng::from_u64(5));
        let now = Instant::from_millis(1);
        client.connect(now).unwrap();
        let Some(Output::Connect { conn, transport: Transport::Tcp, .. }) = client.poll() else { panic!("no dial") };
        let (local, remote) = ("10.0.0.2:9".parse().unwrap(), "10.0.0.1:1935".parse().unwrap());
        client.handle(now, Input::Opened { conn, transport: Transport::Tcp, local, remote });
        let mut script = Script { client, conn, now, writer: chunk::Writer::new(), closed: false };
        let mut hello = vec![0; 1 + 2 * 1536];
        hello[0] = 3;
        script.push(hello.into());
        script
    }

    fn connected(config: Config) -> Script {
        let mut script = Script::new(config);
        script.command(0, "_result", 1.0, vec![]);
        assert!(matches!(&script.take()[..], [Event::Connected { .. }]));
        script
    }

    fn limited(limits: Limits) -> Script {
        Script::connected(Config { limits, ..Config::new(url("live")) })
    }

    fn push(&mut self, data: Bytes) {
        self.client.handle(self.now, Input::Stream { conn: self.conn, data });
    }

    fn message(&mut self, message: &Message) {
        let mut out = BytesMut::new();
        self.writer.write(message, chunk::csid::of(message.kind), &mut out).unwrap();
        self.push(out.freeze());
    }

    fn command(&mut self, stream: u32, name: &str, transaction: f64, arguments: Vec<Value>) {
        self.message(&Command::new(name, transaction, Value::Null, arguments).to_message(Encoding::Amf0, stream));
    }

    fn status(&mut self, stream: u32, code: &str) {
        self.command(stream, "onStatus", 0.0, vec![Status::new(code, "").to_object().into()]);
    }

    fn take(&mut self) -> Vec<Event> {
        let mut events = Vec::new();
        while let Some(output) = self.client.poll() {
            match output {
                Output::Event(event) => events.push(event),
                Output::Close { .. } => self.closed = true,
                _ => {}
            }
        }
        events
    }

    fn pass(&mut self, millis: u64) -> Vec<Event> {
        let until = self.now + std::time::Duration::from_millis(millis);
        let mut events = self.take();
        while let Some(at) = self.client.deadline().filter(|at| *at <= until) {
            self.now = self.now.max(at);
            self.client.handle(self.now, Input::Time);
            events.extend(self.take());
        }
        self.now = until;
        events
    }

    fn stream(&mut self, id: f64) -> Vec<Event> {
        let transaction = self.client.create_stream(self.now).unwrap();
        self.command(0, "_result", transaction as f64, vec![id.into()]);
        self.take()
    }
}

fn dropped(reason: DropReason) -> Event {
    Event::Dropped { reason }
}

#[test]
fn numbers_that_name_no_stream_are_refused() {
    let mut script = Script::connected(Config::new(url("live")));
    assert!(matches!(script.stream(1.0)[..], [Event::StreamCreated { stream: 1, .. }]));
    for id in [1.0, 0.0, -1.0, 1.5, f64::NAN, 1e10] {
        let told = script.stream(id);
        assert!(
            matches!(told[..], [Event::Dropped { reason: DropReason::BadStream }, Event::StreamRefused { .. }]),
            "{id}"
        );
    }
    assert_eq!(script.client.publish(script.now, 2, "a", PublishMode::Live), Err(Error::UnknownStream));
}

#[test]
fn what_is_asked_of_a_server_is_bounded() {
    let mut script = Script::limited(Limits { streams: 2, calls: 3, ..Limits::default() });
    let now = script.now;
    assert!(script.client.create_stream(now).is_ok() && script.client.create_stream(now).is_ok());
    assert_eq!(script.client.create_stream(now), Err(Error::TooMany), "streams");
    assert!(script.client.call(now, "f", vec![], None).is_ok());
    assert_eq!(script.client.call(now, "f", vec![], None), Err(Error::TooMany), "calls");
    let events = script.pass(11_000);
    let timeout = |e: &&Event| matches!(e, Event::StreamRefused { error: CallError::Timeout, .. });
    assert_eq!(events.iter().filter(timeout).count(), 2);
    assert!(events.iter().any(|e| matches!(e, Event::Answer { result: Err(CallError::Timeout), .. })));
}

#[test]
fn what_a_server_asks_is_bounded() {
    let mut script = Script::limited(Limits { commands: 2, ..Limits::default() });
    for n in 1..=3 {
        script.command(0, "who", f64::from(n), vec![]);
    }
    script.command(0, "who", f64::NAN, vec![]);
    let events = script.take();
    assert_eq!(events.iter().filter(|e| matches!(e, Event::Command { .. })).count(), 3);
    assert_eq!(events.iter().filter(|e| **e == dropped(DropReason::TooManyCommands)).count(), 1);
    assert_eq!(script.client.answer(script.now, 3.0, Ok(vec![])), Err(Error::NotAsked));
    assert_eq!(script.client.answer(script.now, 1.0, Ok(vec![])), Ok(()));
    assert_eq!(script.pass(20_000), [dropped(DropReason::Unanswered)]);
}

#[test]
fn messages_without_sense_are_dropped() {
    let mut script = Script::connected(Config::new(url("live")));
    script.stream(1.0);
    let of = |kind, stream| Message { kind, timestamp: 0, stream, payload: Bytes::from_static(b"\xff\xff") };
    for (message, reason) in [
        (of(MessageType::Audio, 7), DropReason::UnknownStream(7)),
        (of(MessageType::Audio, 1), DropReason::WrongRole(1)),
        (of(MessageType::Aggregate, 1), DropReason::BadAggregate),
        (of(MessageType::Other(99), 1), DropReason::UnknownType(99)),
    ] {
        script.message(&message);
        assert_eq!(script.take(), [dropped(reason)]);
    }
    script.message(&of(MessageType::CommandAmf0, 0));
    assert!(matches!(script.take()[..], [Event::Dropped { reason: DropReason::Malformed(_) }]));
    script.command(1, "onStatus", 0.0, vec![]);
    assert_eq!(script.take(), [dropped(DropReason::BadStatus)]);
    script.command(0, "_result", 77.0, vec![]);
    assert_eq!(script.take(), [dropped(DropReason::UnknownTransaction)]);
}

#[test]
fn a_failure_ends_a_stream_once_and_it_can_be_used_again() {
    let mut script = Script::connected(Config::new(url("live")));
    script.stream(1.0);
    let now = script.now;
    script.client.publish(now, 1, "a", PublishMode::Live).unwrap();
    assert_eq!(script.client.play(now, 1, "a", -2.0, -1.0, true), Err(Error::WrongRole));
    script.status(1, status::PUBLISH_BAD_NAME);
    script.status(1, status::PUBLISH_BAD_NAME);
    let stopped = |events: Vec<Event>| events.iter().filter(|e| **e == Event::Stopped { stream: 1 }).count();
    assert_eq!(stopped(script.take()), 1);
    script.client.play(now, 1, "a", -2.0, -1.0, true).unwrap();
    script.client.play(now, 1, "b", -2.0, -1.0, false).unwrap();
    script.message(&Control::User(UserControl::StreamEof(1)).to_message());
    script.status(1, status::PLAY_STOP);
    let events = script.take();
    assert!(events.contains(&Event::Control { stream: 1, event: StreamEvent::Eof }));
    assert_eq!(stopped(events), 0, "the second is to come");
    script.status(0, status::PLAY_STREAM_NOT_FOUND); // on the connection's own stream, as some servers do
    assert_eq!(stopped(script.take()), 1);
    script.client.play(now, 1, "c", -2.0, -1.0, true).unwrap();
    script.client.close(now);
    let events = script.take();
    assert_eq!(events, [Event::Stopped { stream: 1 }, Event::Closed { reason: ClosedReason::Application }]);
    assert!(script.closed && script.client.deadline().is_none());
    script.status(1, status::PLAY_STOP);
    script.client.handle(now, Input::Closed { conn: script.conn, reason: CloseReason::Local });
    assert_eq!(script.take(), [], "nothing comes after the end");
    assert_eq!(script.client.connect(now), Err(Error::ConnectedAlready));
}

#[test]
fn a_server_that_says_nothing_is_left() {
    let mut script = Script::new(Config::new(url("live")));
    assert_eq!(script.pass(60_000), [Event::Closed { reason: ClosedReason::Timeout }]);
    let mut config = Config::new(url("live"));
    config.timing.idle = std::time::Duration::from_secs(5);
    let mut script = Script::connected(config);
    assert_eq!(script.pass(60_000), [Event::Closed { reason: ClosedReason::Idle }]);
    assert!(script.closed);
}

#[test]
fn a_redirect_is_read_and_half_a_redirect_is_none() {
    let reject = |ex: Object| {
        let mut script = Script::new(Config::new(url("live")));
        let info = Status::new(status::CONNECT_REJECTED, "go").with("ex", ex);
        script.command(0, "_error", 1.0, vec![info.to_object().into()]);
        match &script.take()[..] {
            [Event::Rejected { redirect, .. }, Event::Closed { reason: ClosedReason::Rejected }] => redirect.clone(),
            other => panic!("{other:?}"),
        }
    };
    let full = Object::new().with("code", 302.0).with("redirect", "rtmp://other/live");
    assert_eq!(reject(full).as_deref(), Some("rtmp://other/live"));
    assert_eq!(reject(Object::new().with("code", 302.0)), None);
    assert_eq!(reject(Object::new().with("redirect", "rtmp://other/live")), None);
}

#[test]
fn every_address_of_a_name_is_tried() {
    let config = || Config::new(Url::parse_app("rtmps://media.example/live").unwrap());
    let now = Instant::from_millis(1);
    let mut client = Client::new(config(), Rng::from_u64(1));
    client.connect(now).unwrap();
    let Some(Output::Resolve { query, host, port: 443 }) = client.poll() else { panic!("no lookup") };
    assert_eq!(host, "media.example");
    let addresses = ["192.0.2.1:443", "192.0.2.2:443"].map(|a| a.parse().unwrap());
    client.handle(now, Input::Resolved { query, answer: Ok(addresses.to_vec()) });
    for address in addresses {
        let Some(Output::Connect { conn, transport: Transport::Tls, remote }) = client.poll() else {
            panic!("no dial")
        };
        assert_eq!(remote, address);
        client.handle(now, Input::Closed { conn, reason: CloseReason::Refused });
    }
    let closed = Event::Closed { reason: ClosedReason::Transport(CloseReason::Refused) };
    assert_eq!(client.poll(), Some(Output::Event(closed)));
    assert_eq!(client.poll(), None);

    let mut client = Client::new(config(), Rng::from_u64(1));
    client.connect(now).unwrap();
    client.poll();
    client.handle(now, Input::Resolved { query, answer: Err(ResolveError::NotFound) });
    let closed = Event::Closed { reason: ClosedReason::Resolve(ResolveError::NotFound) };
    assert_eq!(client.poll(), Some(Output::Event(closed)));
}
