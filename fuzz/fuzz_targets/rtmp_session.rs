//! Whatever a peer sends, in pieces of any size: neither session machine panics, stalls or keeps outputs coming, and the
//! server tells every end that it owes.
#![no_main]

use bytes::{Bytes, BytesMut};
use libfuzzer_sys::fuzz_target;
use rtmp::client::{self, Client};
use rtmp::command::{Command, Encoding};
use rtmp::server::{self, Server};
use rtmp::{Message, MessageType, chunk};
use wire::{CloseReason, ConnId, Input, Instant, Machine, Output, Rng, Transport};

fuzz_target!(|data: &[u8]| {
    let Some((&choice, script)) = data.split_first() else { return };
    if choice & 1 == 0 { server(script, choice >> 1) } else { client(script) }
});

/// The input is either chunks as they are, or a row of messages: type, stream, length, body.
fn stream(script: &[u8], raw: bool) -> Bytes {
    if raw {
        return Bytes::copy_from_slice(script);
    }
    let (mut writer, mut out, mut rest) = (chunk::Writer::new(), BytesMut::new(), script);
    while let [kind, stream, length, tail @ ..] = rest {
        let (body, tail) = tail.split_at(tail.len().min(usize::from(*length)));
        rest = tail;
        let kind = MessageType::from_number(*kind);
        if !matches!(kind, MessageType::SetChunkSize | MessageType::Abort) {
            let payload = Bytes::copy_from_slice(body);
            let message = Message { kind, timestamp: 0, stream: u32::from(*stream & 3), payload };
            let _ = writer.write(&message, chunk::csid::of(kind), &mut out);
        }
    }
    out.freeze()
}

fn handshake() -> Bytes {
    let mut bytes = vec![0; 1 + 2 * 1536];
    bytes[0] = 3;
    bytes.into()
}

fn connect() -> Bytes {
    let object = amf::amf0::Object::new().with("app", "live");
    let command = Command::new("connect", 1.0, object.into(), vec![]).to_message(Encoding::Amf0, 0);
    let mut out = BytesMut::new();
    chunk::Writer::new().write(&command, 60, &mut out).unwrap();
    for name in ["createStream", "createStream"] {
        let command = Command::new(name, 2.0, Default::default(), vec![]).to_message(Encoding::Amf0, 0);
        chunk::Writer::new().write(&command, 61, &mut out).unwrap();
    }
    out.freeze()
}

fn addresses() -> (std::net::SocketAddr, std::net::SocketAddr) {
    ("10.0.0.1:1935".parse().unwrap(), "10.0.0.2:9".parse().unwrap())
}

fn server(script: &[u8], choice: u8) {
    let mut server = Server::new(server::Config::default(), Rng::from_u64(1));
    let (conn, (local, remote)) = (ConnId::inbound(0), addresses());
    let mut now = Instant::from_millis(1);
    let mut pieces = vec![];
    if choice & 1 == 0 {
        pieces.push(handshake());
        if choice & 2 == 0 {
            pieces.push(connect());
        }
    }
    let whole = stream(script, choice & 4 == 0);
    pieces.extend(whole.chunks(usize::from(choice >> 3) * 7 + 1).map(Bytes::copy_from_slice));
    let (mut owed, mut closed) = (0, 0);
    server.handle(now, Input::Opened { conn, transport: Transport::Tcp, local, remote });
    let mut step = |server: &mut Server, input: Input, now: Instant| {
        server.handle(now, input);
        let mut rounds = 0;
        while let Some(output) = server.poll() {
            rounds += 1;
            assert!(rounds < 2_000_000, "the outputs come to an end");
            let Output::Event(event) = output else { continue };
            match event {
                server::Event::Connect { conn, .. } => _ = server.accept(now, conn, None),
                server::Event::Publish { conn, stream, .. } => {
                    owed += 1;
                    if stream & 1 == 1 {
                        _ = server.accept_publish(now, conn, stream);
                    }
                }
                server::Event::Play { conn, stream, .. } => {
                    owed += 1;
                    if stream & 1 == 1 {
                        _ = server.accept_play(now, conn, stream);
                    } else if server.reject_play(now, conn, stream, "NetStream.Play.Failed", "").is_ok() {
                        owed -= 1;
                    }
                }
                server::Event::Stopped { .. } => owed -= 1,
                server::Event::Closed { .. } => closed += 1,
                _ => assert_eq!(closed, 0),
            }
        }
    };
    for data in pieces.into_iter().filter(|data| !data.is_empty()) {
        now += std::time::Duration::from_millis(10);
        step(&mut server, Input::Stream { conn, data }, now);
    }
    for _ in 0..20 {
        let Some(at) = server.deadline() else { break };
        now = now.max(at);
        step(&mut server, Input::Time, now);
    }
    step(&mut server, Input::Closed { conn, reason: CloseReason::Peer }, now);
    assert_eq!(owed, 0);
    assert_eq!((server.stats().connections, server.deadline()), (0, None));
}

fn client(script: &[u8]) {
    let url = "rtmp://10.0.0.1/live".parse().unwrap();
    let mut client = Client::new(client::Config::new(url), Rng::from_u64(1));
    let mut now = Instant::from_millis(1);
    client.connect(now).unwrap();
    let (remote, local) = addresses();
    let conn = ConnId::outbound(0);
    client.handle(now, Input::Opened { conn, transport: Transport::Tcp, local, remote });
    let mut closed = 0;
    let mut step = |client: &mut Client, input: Input, now: Instant| {
        client.handle(now, input);
        while let Some(output) = client.poll() {
            let Output::Event(event) = output else { continue };
            assert_eq!(closed, 0, "nothing comes after the end");
            match event {
                client::Event::Connected { .. } => {
                    _ = client.create_stream(now);
                    _ = client.call(now, "f", vec![], None);
                }
                client::Event::StreamCreated { stream, .. } => {
                    _ = client.play(now, stream, "a", -2.0, -1.0, true);
                }
                client::Event::Closed { .. } => closed += 1,
                _ => {}
            }
        }
    };
    step(&mut client, Input::Stream { conn, data: handshake() }, now);
    let answer = Command::new("_result", 1.0, Default::default(), vec![]).to_message(Encoding::Amf0, 0);
    let mut out = BytesMut::new();
    chunk::Writer::new().write(&answer, 60, &mut out).unwrap();
    step(&mut client, Input::Stream { conn, data: out.freeze() }, now);
    for data in stream(script, script.len() & 1 == 0).chunks(97).map(Bytes::copy_from_slice) {
        now += std::time::Duration::from_millis(10);
        step(&mut client, Input::Stream { conn, data }, now);
    }
    step(&mut client, Input::Closed { conn, reason: CloseReason::Peer }, now);
    assert_eq!(closed, 1);
}
