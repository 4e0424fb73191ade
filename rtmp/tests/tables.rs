//! The four tables of RTMP against the machines that go by them: every row, and every stimulus without one.
mod common;

use std::time::Duration;

use amf::amf0::{Object, Value};
use bytes::{Bytes, BytesMut};
use common::url;
use rtmp::chunk;
use rtmp::client::{self, Client};
use rtmp::command::{Command, Encoding};
use rtmp::server::{self, PublishMode, Server};
use rtmp::status::{self, Status};
use rtmp::url::Url;
use wire::{CloseReason, ConnId, Input, Instant, Machine, Output, QueryId, ResolveError, Rng, Transport, Walk};

/// What the other side writes: the handshake, then chunks.
struct Pen(chunk::Writer);

impl Pen {
    fn command(&mut self, stream: u32, name: &str, transaction: f64, object: Value, arguments: Vec<Value>) -> Bytes {
        let message = Command::new(name, transaction, object, arguments).to_message(Encoding::Amf0, stream);
        let mut out = BytesMut::new();
        self.0.write(&message, chunk::csid::of(message.kind), &mut out).unwrap();
        out.freeze()
    }
}

/// The version, and two packets of nothing.
fn hello() -> Bytes {
    let mut hello = vec![0; 1 + 2 * 1536];
    hello[0] = 3;
    hello.into()
}

/// A continuation of a chunk stream that never began.
const NONSENSE: Bytes = Bytes::from_static(&[0xc5; 8]);

/// A client whose server is the test.
struct Caller {
    client: Client,
    now: Instant,
    conn: ConnId,
    pen: Pen,
    /// Addresses that have not been tried.
    left: usize,
}

impl Caller {
    fn new(url: Url) -> Caller {
        let client = Client::new(client::Config::new(url), Rng::from_u64(3));
        let now = Instant::from_millis(1);
        Caller { client, now, conn: ConnId::outbound(99), pen: Pen(chunk::Writer::new()), left: 0 }
    }

    fn input(&mut self, input: Input) {
        self.client.handle(self.now, input);
        self.drain();
    }

    fn drain(&mut self) {
        while let Some(output) = self.client.poll() {
            if let Output::Connect { conn, .. } = output {
                self.conn = conn;
                self.left = self.left.saturating_sub(1);
            }
        }
    }

    fn push(&mut self, data: Bytes) {
        self.input(Input::Stream { conn: self.conn, data });
    }

    fn apply(&mut self, on: client::Stimulus) -> Option<client::State> {
        use client::Stimulus::*;
        let before = self.client.state();
        let more = before == client::State::Opening && self.left > 0;
        let up = matches!(before, client::State::Connecting | client::State::Connected);
        match on {
            ConnectName | ConnectAddress => {
                let _misuse = self.client.connect(self.now);
                self.drain();
            }
            Addresses => {
                self.left = 2;
                let answer = Ok(["10.0.0.1:1935", "10.0.0.2:1935"].map(|a| a.parse().unwrap()).to_vec());
                self.input(Input::Resolved { query: QueryId(0), answer });
            }
            NoAddress => self.input(Input::Resolved { query: QueryId(0), answer: Err(ResolveError::NotFound) }),
            // A connection that fails is lost when no address is left.
            NextAddress if more => {
                self.input(Input::Closed { conn: self.conn, reason: CloseReason::Refused });
            }
            Lost if !more => self.input(Input::Closed { conn: self.conn, reason: CloseReason::Peer }),
            Opened => {
                let (local, remote) = ("10.0.1.1:9".parse().unwrap(), "10.0.0.1:1935".parse().unwrap());
                self.input(Input::Opened { conn: self.conn, transport: Transport::Tcp, local, remote });
            }
            Shaken if before == client::State::Handshake => self.push(hello()),
            Accepted | Rejected if up => {
                let name = if on == Accepted { "_result" } else { "_error" };
                let data = self.pen.command(0, name, 1.0, Value::Null, vec![]);
                self.push(data);
            }
            Timeout if before != client::State::Connected => {
                self.now += Duration::from_secs(60);
                self.input(Input::Time);
            }
            Broken => self.push(NONSENSE),
            Close => {
                self.client.close(self.now);
                self.drain();
            }
            _ => return None,
        }
        Some(self.client.state())
    }

    /// One that is connected and has message stream 1.
    fn with_stream() -> Caller {
        let mut caller = Caller::new(url("live"));
        use client::Stimulus::*;
        let _ways = [ConnectAddress, Opened, Shaken, Accepted].map(|on| caller.apply(on).unwrap());
        let transaction = caller.client.create_stream(caller.now).unwrap() as f64;
        let created = caller.pen.command(0, "_result", transaction, Value::Null, vec![1.0.into()]);
        caller.push(created);
        caller
    }

    fn apply_to_stream(&mut self, on: client::StreamStimulus) -> Option<client::StreamState> {
        use client::StreamStimulus::*;
        let now = self.now;
        let _misuse = match on {
            Publish => self.client.publish(now, 1, "a", PublishMode::Live),
            Play => self.client.play(now, 1, "a", -2.0, -1.0, true),
            Close => self.client.close_stream(now, 1),
            Delete => self.client.delete_stream(now, 1),
            Ended => {
                let publishes = self.client.stream_state(1) == client::StreamState::Publishing;
                let code = if publishes { status::PUBLISH_BAD_NAME } else { status::PLAY_FAILED };
                let info = Status::new(code, "").to_object();
                let data = self.pen.command(1, "onStatus", 0.0, Value::Null, vec![info.into()]);
                self.push(data);
                Ok(())
            }
            Lost => {
                self.input(Input::Closed { conn: self.conn, reason: CloseReason::Peer });
                Ok(())
            }
        };
        self.drain();
        Some(self.client.stream_state(1))
    }
}

/// A server whose client is the test.
struct Callee {
    server: Server,
    now: Instant,
    pen: Pen,
    can_hold: bool,
}

const CONN: ConnId = ConnId::inbound(1);

impl Callee {
    fn new(held_messages: usize) -> Callee {
        let mut config = server::Config::default();
        config.limits.held_messages = held_messages;
        let server = Server::new(config, Rng::from_u64(4));
        let can_hold = held_messages > 0;
        let mut callee = Callee { server, now: Instant::from_millis(1), pen: Pen(chunk::Writer::new()), can_hold };
        let (local, remote) = ("10.0.0.1:1935".parse().unwrap(), "10.0.1.1:9".parse().unwrap());
        callee.input(Input::Opened { conn: CONN, transport: Transport::Tcp, local, remote });
        callee
    }

    fn input(&mut self, input: Input) {
        self.server.handle(self.now, input);
        wire::drain(&mut self.server);
    }

    fn push(&mut self, data: Bytes) {
        self.input(Input::Stream { conn: CONN, data });
    }

    fn command(&mut self, stream: u32, name: &str, object: Value, arguments: Vec<Value>) {
        let data = self.pen.command(stream, name, 1.0, object, arguments);
        self.push(data);
    }

    fn pass(&mut self, time: Duration) {
        self.now += time;
        self.input(Input::Time);
    }

    fn apply(&mut self, on: server::Stimulus) -> Option<server::ConnectionState> {
        use server::Stimulus::*;
        let (now, before) = (self.now, self.server.state(CONN));
        let shaken = before != server::ConnectionState::Handshake;
        match on {
            Shaken if !shaken => self.push(hello()),
            Connect if shaken => self.command(0, "connect", Value::Object(Object::new().with("app", "live")), vec![]),
            BadConnect if shaken => self.command(0, "connect", Value::Null, vec![]),
            Accept => _ = self.server.accept(now, CONN, None),
            Reject => _ = self.server.reject(now, CONN, "no"),
            Lost => self.input(Input::Closed { conn: CONN, reason: CloseReason::Peer }),
            Broken => self.push(NONSENSE),
            Disconnect => self.server.disconnect(now, CONN),
            Lingered if before == server::ConnectionState::Lingering => self.pass(Duration::from_secs(2)),
            _ => return None,
        }
        wire::drain(&mut self.server);
        Some(self.server.state(CONN))
    }

    /// One whose client was accepted and has message stream 1.
    fn with_stream(held_messages: usize) -> Callee {
        let mut callee = Callee::new(held_messages);
        use server::Stimulus::*;
        let _ways = [Shaken, Connect, Accept].map(|on| callee.apply(on).unwrap());
        callee.command(0, "createStream", Value::Null, vec![]);
        callee
    }

    fn apply_to_stream(&mut self, on: server::StreamStimulus) -> Option<server::StreamState> {
        use server::StreamStimulus::*;
        let now = self.now;
        let before = self.server.stream_state(CONN, 1);
        let asked = matches!(before, server::StreamState::PublishAsked | server::StreamState::PlayAsked);
        match on {
            Publish => self.command(1, "publish", Value::Null, vec!["a".into(), "live".into()]),
            Play => self.command(1, "play", Value::Null, vec!["a".into()]),
            Accept => {
                let _not_asked = self.server.accept_publish(now, CONN, 1);
                let _not_asked = self.server.accept_play(now, CONN, 1);
            }
            Reject => {
                let _not_asked = self.server.reject_publish(now, CONN, 1, status::PUBLISH_BAD_NAME, "");
                let _not_asked = self.server.reject_play(now, CONN, 1, status::PLAY_FAILED, "");
            }
            Late if asked => self.pass(Duration::from_secs(30)),
            // While the application is asked, an end waits, if it can.
            Ended if !asked || self.can_hold => self.command(1, "closeStream", Value::Null, vec![]),
            Overtaken if asked && !self.can_hold => self.command(1, "closeStream", Value::Null, vec![]),
            Deleted => self.command(0, "deleteStream", Value::Null, vec![1.0.into()]),
            Lost => self.input(Input::Closed { conn: CONN, reason: CloseReason::Peer }),
            _ => return None,
        }
        wire::drain(&mut self.server);
        Some(self.server.stream_state(CONN, 1))
    }
}

#[test]
fn a_clients_connection_is_its_table() {
    use client::Stimulus::*;
    let mut walk = Walk::new(client::TRANSITIONS);
    let after = [Opened, Shaken, Accepted, NoAddress, Rejected, Timeout, Lost, Broken, Close];
    let named = || Caller::new(Url::parse_app("rtmp://host.example/live").unwrap());
    let first = [ConnectName, Addresses, NextAddress];
    walk.run(client::State::Idle, &[&first[..], &after[..]].concat(), named, Caller::apply);
    let first = [ConnectAddress, Addresses];
    walk.run(client::State::Idle, &[&first[..], &after[..]].concat(), || Caller::new(url("live")), Caller::apply);
    walk.finish();
}

#[test]
fn a_clients_stream_is_its_table() {
    use client::StreamStimulus::*;
    let mut walk = Walk::new(client::STREAM_TRANSITIONS);
    let all = [Publish, Play, Ended, Close, Delete, Lost];
    walk.run(client::StreamState::Idle, &all, Caller::with_stream, Caller::apply_to_stream);
    walk.finish();
}

#[test]
fn a_servers_connection_is_its_table() {
    use server::Stimulus::*;
    let mut walk = Walk::new(server::TRANSITIONS);
    let all = [Shaken, Connect, BadConnect, Accept, Reject, Lost, Broken, Disconnect, Lingered];
    walk.run(server::ConnectionState::Handshake, &all, || Callee::new(512), Callee::apply);
    walk.finish();
}

#[test]
fn a_servers_stream_is_its_table() {
    use server::StreamStimulus::*;
    let mut walk = Walk::new(server::STREAM_TRANSITIONS);
    let all = [Publish, Play, Accept, Reject, Late, Ended, Overtaken, Deleted, Lost];
    for held_messages in [512, 0] {
        let callee = || Callee::with_stream(held_messages);
        walk.run(server::StreamState::Idle, &all, callee, Callee::apply_to_stream);
    }
    walk.finish();
}
