//! Clients that do what they should not: the server stays small, says so, and serves the others.
mod common;

use amf::amf0::{Object, Value};
use bytes::{Bytes, BytesMut};
use common::Bench;
use rtmp::command::{Command, Data, Encoding};
use rtmp::server::{Config, DropReason, Error, Event, Limits, Role};
use rtmp::{Message, MessageType, chunk};
use wire::{ConnId, Input, Machine, Rng};

/// A client made of nothing but chunks.
struct Script {
    bench: Bench,
    writer: chunk::Writer,
    reader: chunk::Reader,
}

impl Script {
    fn new(config: Config) -> Script {
        let mut bench = Bench::new(config);
        bench.handshake();
        let reader = chunk::Reader::new(chunk::Limits::default());
        Script { bench, writer: chunk::Writer::new(), reader }
    }

    fn limited(limits: Limits) -> Script {
        Script::connected(Config { limits, ..Config::default() })
    }

    fn connected(config: Config) -> Script {
        let mut script = Script::new(config);
        script.connect();
        let (now, conn) = (script.bench.now, script.bench.conn);
        script.bench.server.accept(now, conn, None).unwrap();
        script.bench.drain();
        script.bench.take();
        script.answers();
        script
    }

    fn connect(&mut self) {
        let object = Object::new().with("app", "live").with("tcUrl", "rtmp://h/live");
        self.command(0, "connect", 1.0, Value::Object(object), vec![]);
    }

    fn message(&mut self, message: &Message) {
        let mut out = BytesMut::new();
        self.writer.write(message, chunk::csid::of(message.kind), &mut out).unwrap();
        self.bench.push(out.freeze());
    }

    fn command(&mut self, stream: u32, name: &str, transaction: f64, object: Value, arguments: Vec<Value>) {
        self.message(&Command::new(name, transaction, object, arguments).to_message(Encoding::Amf0, stream));
    }

    fn simple(&mut self, stream: u32, name: &str, arguments: Vec<Value>) {
        self.command(stream, name, 0.0, Value::Null, arguments);
    }

    fn stream(&mut self) -> u32 {
        self.command(0, "createStream", 5.0, Value::Null, vec![]);
        let answers = self.answers();
        answers.last().unwrap().arguments[0].as_f64().unwrap() as u32
    }

    fn media(&mut self, stream: u32, length: usize) {
        let payload = Bytes::from(vec![1; length]);
        self.message(&Message { kind: MessageType::Audio, timestamp: 0, stream, payload });
    }

    /// What the server has sent since the last look, commands only.
    fn answers(&mut self) -> Vec<Command> {
        self.reader.push(Bytes::from(std::mem::take(&mut self.bench.sent)));
        let messages = self.reader.by_ref();
        messages.filter_map(|message| Command::parse(&message.unwrap(), &amf::Limits::default()).ok()).collect()
    }

    fn dropped(&mut self) -> Vec<DropReason> {
        let events = self.bench.take();
        events
            .into_iter()
            .filter_map(|e| if let Event::Dropped { reason, .. } = e { Some(reason) } else { None })
            .collect()
    }
}

//= rtmp#7.2/before-connect test
#[test]
fn nothing_is_done_before_connect() {
    let mut script = Script::new(Config::default());
    script.command(0, "createStream", 2.0, Value::Null, vec![]);
    script.simple(1, "publish", vec!["a".into()]);
    script.media(1, 10);
    assert_eq!(script.dropped(), vec![DropReason::BeforeConnect; 3]);
    let conn = script.bench.conn;
    assert_eq!(script.bench.server.accept(script.bench.now, conn, None), Err(Error::UnknownConnection));
    assert_eq!(script.bench.server.connections(), []);
    script.bench.pass(20_000);
    assert!(script.bench.closed, "and it does not wait for ever");
    assert_eq!(script.dropped(), [DropReason::Timeout]);
    assert_eq!(script.bench.server.stats().connections, 0);
}

//= rtmp#7.2/once test
#[test]
fn the_second_connect_is_refused() {
    let mut script = Script::connected(Config::default());
    script.connect();
    assert_eq!(script.dropped(), [DropReason::ConnectedAlready]);
    assert_eq!(&*script.answers()[0].name, "_error");
    assert_eq!(script.stream(), 1, "the first stays in force");
}

//= rtmp#7.2.1.1/object test
//= rtmp#7.2.1.1/encoding test
#[test]
fn a_connect_without_an_application_is_rejected() {
    let objects = [
        Value::Null,
        Value::Object(Object::new()),
        Value::Object(Object::new().with("app", 5.0)),
        Value::Object(Object::new().with("app", "live").with("objectEncoding", 1.0)),
        Value::Object(Object::new().with("app", "live").with("objectEncoding", f64::NAN)),
    ];
    for object in objects {
        let mut script = Script::new(Config::default());
        script.command(0, "connect", 1.0, object, vec![]);
        assert_eq!(script.dropped(), [DropReason::BadConnect]);
        script.bench.pass(5000);
        assert!(script.bench.closed);
    }
}

//= rtmp#7.2.1.3/answer test
#[test]
fn streams_are_limited_and_numbers_are_not_used_twice() {
    let mut script = Script::limited(Limits { streams: 3, ..Limits::default() });
    assert_eq!([script.stream(), script.stream(), script.stream()], [1, 2, 3]);
    script.command(0, "createStream", 9.0, Value::Null, vec![]);
    assert_eq!(script.dropped(), [DropReason::TooManyStreams]);
    assert_eq!(&*script.answers()[0].name, "_error");
    script.simple(0, "deleteStream", vec![2.0.into()]);
    assert_eq!(script.stream(), 4);
    for number in [0.0, -1.0, 2.0, 2.5, f64::NAN, 1e300] {
        script.simple(0, "deleteStream", vec![number.into()]);
        assert!(matches!(script.dropped()[..], [DropReason::UnknownStream(_)]), "{number}");
    }
}

//= rtmp#7.2.2.6/media test
#[test]
fn streams_that_were_not_created_carry_nothing() {
    let mut script = Script::connected(Config::default());
    for stream in [0, 1, u32::MAX] {
        script.media(stream, 5);
        script.simple(stream, "publish", vec!["a".into()]);
        script.simple(stream, "play", vec!["a".into()]);
        script.simple(stream, "pause", vec![true.into(), 0.0.into()]);
        script.simple(stream, "closeStream", vec![]);
        assert_eq!(script.dropped(), vec![DropReason::UnknownStream(stream); 5]);
    }
    let stream = script.stream();
    script.media(stream, 5);
    script.simple(stream, "seek", vec![1.0.into()]);
    assert_eq!(script.dropped(), vec![DropReason::WrongRole(stream); 2]);
}

//= rtmp#7.2.2/roles test
//= rtmp#7.2.2/on-status test
//= rtmp#7.2.2.1/begin test
#[test]
fn a_stream_changes_its_role_with_one_end_in_between() {
    let mut script = Script::connected(Config::default());
    let stream = script.stream();
    let (now, conn) = (script.bench.now, script.bench.conn);
    script.simple(stream, "publish", vec!["a".into()]);
    script.bench.server.accept_publish(now, conn, stream).unwrap();
    script.simple(stream, "play", vec!["b".into()]);
    script.bench.server.accept_play(now, conn, stream).unwrap();
    script.bench.drain();
    let statuses = script.answers();
    assert!(statuses.iter().all(|c| &*c.name == "onStatus" && c.transaction == 0.0 && c.object == Value::Null));
    script.simple(stream, "publish", vec!["c".into()]);
    let ends: Vec<_> = script.bench.take().into_iter().filter(|e| matches!(e, Event::Stopped { .. })).collect();
    let stopped = |was| Event::Stopped { conn, stream, was };
    assert_eq!(ends, [stopped(Role::Publishing), stopped(Role::Playing)]);
    script.bench.server.disconnect(now, conn);
    script.bench.drain();
    let told = script.bench.take();
    assert_eq!(told[0], stopped(Role::Publishing));
    assert!(matches!(told[1], Event::Closed { .. }) && told.len() == 2, "{told:?}");
}

//= rtmp#7.2.2.1/playlist test
#[test]
fn a_playlist_is_limited() {
    let mut script = Script::limited(Limits { playlist: 2, ..Limits::default() });
    let stream = script.stream();
    let (now, conn) = (script.bench.now, script.bench.conn);
    script.simple(stream, "play", vec!["a".into()]);
    script.bench.server.accept_play(now, conn, stream).unwrap();
    for _ in 0..3 {
        script.simple(stream, "play", vec!["b".into(), 0.0.into(), (-1.0).into(), false.into()]);
    }
    assert_eq!(script.dropped(), [DropReason::PlaylistFull]);
}

#[test]
fn names_are_bounded() {
    let mut script = Script::connected(Config::default());
    let stream = script.stream();
    for name in ["publish", "play"] {
        script.simple(stream, name, vec!["x".repeat(65_000).as_str().into()]);
        assert_eq!(script.dropped(), [DropReason::NameTooLong]);
        script.simple(stream, name, vec![7.0.into()]);
        assert_eq!(script.dropped(), [DropReason::BadArguments(name.into())]);
    }
    // what looks like a path is the application's to judge: it comes as it was written
    script.simple(stream, "publish", vec!["../../etc/passwd\0".into()]);
    assert!(matches!(&script.bench.take()[0], Event::Publish { name, .. } if &**name == "../../etc/passwd\0"));
}

#[test]
fn numbers_that_are_none_do_no_harm() {
    let mut script = Script::connected(Config::default());
    let stream = script.stream();
    let (now, conn) = (script.bench.now, script.bench.conn);
    for number in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -1e300] {
        script.command(0, "custom", number, Value::Null, vec![]);
        script.command(0, "_result", number, Value::Null, vec![]);
        script.simple(stream, "play", vec!["a".into(), number.into(), number.into(), number.into()]);
        let events = script.bench.take();
        for event in &events {
            if let Event::Play { start, duration, .. } = event {
                assert!(start.is_finite() && duration.is_finite());
            }
        }
        assert!(events.iter().any(|e| matches!(e, Event::Dropped { reason: DropReason::UnknownTransaction, .. })));
        script.bench.server.accept_play(now, conn, stream).unwrap();
        script.simple(stream, "seek", vec![number.into()]);
        script.simple(stream, "pause", vec![true.into(), number.into()]);
        for event in script.bench.take() {
            match event {
                Event::Seek { to: at, .. } | Event::Pause { at, .. } => assert!(at.is_finite() && at >= 0.0),
                other => panic!("{other:?}"),
            }
        }
        script.simple(stream, "closeStream", vec![]);
        script.bench.take();
    }
}

#[test]
fn commands_that_nobody_answers_are_bounded() {
    let mut script = Script::limited(Limits { commands: 4, ..Limits::default() });
    for n in 1..=6 {
        script.command(0, "custom", f64::from(n), Value::Null, vec![]);
    }
    assert_eq!(script.dropped(), vec![DropReason::TooManyCommands; 2]);
    let refused: Vec<_> = script.answers().iter().map(|c| c.transaction).collect();
    assert_eq!(refused, [5.0, 6.0]);
    script.bench.pass(31_000);
    assert_eq!(script.dropped(), vec![DropReason::Unanswered; 4]);
    let refused: Vec<_> = script.answers().iter().filter(|c| &*c.name == "_error").map(|c| c.transaction).collect();
    assert_eq!(refused, [1.0, 2.0, 3.0, 4.0]);
}

#[test]
fn calls_of_the_application_are_bounded() {
    let mut script = Script::limited(Limits { calls: 2, ..Limits::default() });
    let (now, conn) = (script.bench.now, script.bench.conn);
    let mut call = || script.bench.server.call(now, conn, "f", vec![], None);
    assert_eq!([call(), call(), call()], [Ok(1), Ok(2), Err(Error::TooManyCalls)]);
    script.command(0, "_result", 3.0, Value::Null, vec![]);
    assert_eq!(script.dropped(), [DropReason::UnknownTransaction]);
}

#[test]
fn what_waits_for_the_application_is_bounded() {
    let mut script = Script::limited(Limits { held_messages: 10, held_bytes: 1000, ..Limits::default() });
    let stream = script.stream();
    let (now, conn) = (script.bench.now, script.bench.conn);
    script.simple(stream, "publish", vec!["a".into()]);
    for _ in 0..20 {
        script.media(stream, 10);
    }
    assert_eq!(script.dropped(), vec![DropReason::HeldTooMuch; 10]);
    script.simple(0, "deleteStream", vec![stream.into()]); // no room, but an end is an end
    let events = script.bench.take();
    assert!(events.contains(&Event::Stopped { conn, stream, was: Role::Publishing }), "{events:?}");
    let stream = script.stream();
    script.simple(stream, "publish", vec!["a".into()]);
    script.media(stream, 600);
    script.media(stream, 600);
    assert_eq!(script.dropped(), [DropReason::HeldTooMuch]);
    script.bench.server.accept_publish(now, conn, stream).unwrap();
    script.bench.drain();
    let told = script.bench.take();
    assert!(matches!(&told[..], [Event::Media { message, .. }] if message.payload.len() == 600), "{told:?}");
}

//= rtmp#7.1.2/data-types test
#[test]
fn data_comes_in_both_encodings() {
    let mut script = Script::connected(Config::default());
    let stream = script.stream();
    let (now, conn) = (script.bench.now, script.bench.conn);
    script.simple(stream, "publish", vec!["a".into()]);
    script.bench.server.accept_publish(now, conn, stream).unwrap();
    script.bench.take();
    let data = Data::new("onTextData", vec!["hi".into()]);
    for encoding in [Encoding::Amf0, Encoding::Amf3] {
        script.message(&data.to_message(encoding, stream, 7));
        let told = script.bench.take();
        let [Event::Media { message, .. }] = &told[..] else { panic!("{told:?}") };
        assert_eq!(Data::parse(message, &amf::Limits::default()), Ok(data.clone()));
    }
}

#[test]
fn broken_values_and_odd_types_are_dropped() {
    let mut script = Script::connected(Config::default());
    let of =
        |kind, payload: &'static [u8]| Message { kind, timestamp: 0, stream: 0, payload: Bytes::from_static(payload) };
    for message in [
        of(MessageType::CommandAmf0, b""),
        of(MessageType::CommandAmf0, b"\x02\x00\x05ab"),
        of(MessageType::CommandAmf0, b"\x00\0\0\0\0\0\0\0\0"),
        of(MessageType::CommandAmf0, b"\x02\x00\x01a\x02\x00\x01b"),
        of(MessageType::CommandAmf3, b""),
        of(MessageType::CommandAmf3, b"\x07\x02"),
        of(MessageType::CommandAmf3, b"\x03\xff"),
    ] {
        script.message(&message);
        assert!(matches!(script.dropped()[..], [DropReason::Malformed(_)]), "{message:?}");
    }
    script.message(&of(MessageType::Other(77), b"?"));
    assert_eq!(script.dropped(), [DropReason::UnknownType(77)]);
    script.message(&of(MessageType::Aggregate, b"\x08\0\0\xff"));
    assert_eq!(script.dropped(), [DropReason::BadAggregate]);
    assert!(!script.bench.closed);
}

//= rtmp#7.2.2.2/switch test
//= rtmp#7.2.2.7/answer test
#[test]
fn arguments_of_the_wrong_type_are_dropped() {
    let mut script = Script::connected(Config::default());
    let stream = script.stream();
    let (now, conn) = (script.bench.now, script.bench.conn);
    script.simple(stream, "play", vec!["a".into()]);
    script.bench.server.accept_play(now, conn, stream).unwrap();
    script.bench.take();
    for name in ["pause", "seek", "receiveAudio", "receiveVideo", "play2"] {
        for arguments in [vec![], vec!["x".into()], vec![Value::Null]] {
            script.simple(stream, name, arguments);
            assert_eq!(script.dropped(), [DropReason::BadArguments(name.into())]);
        }
    }
    let long = Object::new().with("streamName", "x".repeat(60_000));
    script.simple(stream, "play2", vec![long.into()]);
    assert_eq!(script.dropped(), [DropReason::BadArguments("play2".into())]);
    script.simple(stream, "seek", vec![5.0.into()]);
    assert_eq!(script.bench.take(), [Event::Seek { conn, stream, to: 5.0 }]);
}

#[test]
fn connections_are_limited_and_others_are_told_apart() {
    let mut bench = Bench::new(Config { limits: Limits { connections: 1, ..Limits::default() }, ..Config::default() });
    bench.open(ConnId::inbound(1));
    assert!(bench.events.iter().any(|e| matches!(e, Event::Dropped { reason: DropReason::TooManyConnections, .. })));
    for (bytes, why) in [
        (&b"\x06"[..], DropReason::Protocol("handshake-encrypted")),
        (b"GET / HTTP/1.1\r\n", DropReason::Protocol("handshake-version")),
        (b"<html>", DropReason::UnknownProtocol),
        (b"<policy-file-request/>\0", DropReason::UnknownProtocol),
    ] {
        let mut bench = Bench::new(Config::default());
        bench.push(Bytes::copy_from_slice(bytes));
        assert!(bench.closed, "{why:?}");
        assert!(matches!(&bench.take()[..], [Event::Dropped { reason, .. }] if *reason == why), "{why:?}");
    }
}

#[test]
fn the_policy_file_is_sent_when_it_is_configured() {
    let config = || Config { policy: Some(Config::open_policy()), ..Config::default() };
    for piece in [1, 5, 23] {
        let mut bench = Bench::new(config());
        for data in b"<policy-file-request/>\0".chunks(piece) {
            bench.push(data);
        }
        assert!(bench.closed && bench.sent.starts_with(b"<?xml") && bench.sent.ends_with(b"\0"));
    }
}

#[test]
fn handshakes_that_trickle_end_in_time() {
    let mut bench = Bench::new(Config::default());
    for _ in 0..30 {
        bench.push(&[3u8][..]);
        bench.pass(1000);
    }
    assert!(bench.closed);
    assert!(matches!(&bench.take()[..], [Event::Dropped { reason: DropReason::Timeout, .. }]));
    let mut silent = Bench::new(Config::default());
    silent.pass(60_000);
    assert!(silent.closed && silent.server.deadline().is_none());
}

#[test]
fn a_silent_client_is_asked_and_then_closed() {
    let mut script = Script::connected(Config::default());
    script.bench.sent.clear();
    script.bench.pass(31_000);
    assert!(!script.bench.sent.is_empty() && !script.bench.closed, "a ping");
    script.bench.pass(60_000);
    assert!(script.bench.closed);
    assert!(matches!(&script.bench.take()[..], [Event::Closed { .. }]));
}

/// A message of each known type with random bodies on random streams, at random states.
#[test]
fn noise_leaves_the_books_balanced() {
    for seed in 0..60 {
        println!("seed {seed}");
        let mut rng = Rng::from_u64(seed);
        let mut script = Script::connected(Config::default());
        let conn = script.bench.conn;
        let names = ["createStream", "publish", "play", "closeStream", "deleteStream", "pause", "seek", "_result", "x"];
        let (mut asked, mut ended) = (0, 0);
        for _ in 0..300 {
            let stream = rng.below(4) as u32;
            match rng.below(4) {
                0 => script.media(stream, rng.below(300) as usize),
                1 => {
                    let now = script.bench.now;
                    let server = &mut script.bench.server;
                    let _ = match rng.below(6) {
                        0 => server.accept_publish(now, conn, stream),
                        1 => server.accept_play(now, conn, stream),
                        2 => server.end_play(now, conn, stream, rtmp::status::PLAY_STOP),
                        3 => server.end_publish(now, conn, stream, rtmp::status::PUBLISH_IDLE, ""),
                        4 => {
                            let code = rtmp::status::PUBLISH_BAD_NAME;
                            server.reject_publish(now, conn, stream, code, "").inspect(|()| ended += 1)
                        }
                        _ => server
                            .reject_play(now, conn, stream, rtmp::status::PLAY_FAILED, "")
                            .inspect(|()| ended += 1),
                    };
                    script.bench.drain();
                }
                _ => {
                    let name = names[rng.below(names.len() as u64) as usize];
                    let first = if rng.chance(0.5) { Value::from("a?b") } else { Value::from(stream) };
                    let reset = Value::from(rng.chance(0.5));
                    let arguments = vec![first, Value::from(-1.0), Value::from(1.0), reset];
                    script.command(stream, name, rng.below(3) as f64, Value::Null, arguments);
                }
            }
            if rng.chance(0.02) {
                script.bench.pass(40_000);
                if script.bench.closed {
                    break;
                }
            }
        }
        let now = script.bench.now;
        script.bench.server.handle(now, Input::Closed { conn, reason: wire::CloseReason::Reset });
        script.bench.drain();
        let mut closed = 0;
        for event in script.bench.take() {
            match event {
                Event::Publish { .. } | Event::Play { .. } => asked += 1,
                Event::Stopped { .. } => ended += 1,
                Event::Closed { .. } => closed += 1,
                _ => assert_eq!(closed, 0, "nothing comes after the end"),
            }
        }
        assert_eq!((asked, closed), (ended, 1), "every request ends once");
        assert_eq!(script.bench.server.stats().connections, 0);
    }
}
