//! What a server pays to give one message to 200 players, and to take one from a publisher.

use bytes::{Bytes, BytesMut};
use divan::counter::ItemsCount;
use rtmp::command::{Command, Encoding};
use rtmp::server::{Config, Event, Server};
use rtmp::{Message, MessageType, chunk};
use wire::{ConnId, Input, Instant, Machine, Output, Rng, Transmit, Transport};

const PLAYERS: u64 = 200;

fn main() {
    divan::main();
}

fn drain(server: &mut Server, sent: &mut BytesMut) {
    while let Some(output) = server.poll() {
        match output {
            Output::Event(Event::Connect { conn, .. }) => server.accept(Instant::ZERO, conn, None).unwrap(),
            Output::Event(Event::Publish { conn, stream, .. }) => {
                server.accept_publish(Instant::ZERO, conn, stream).unwrap();
            }
            Output::Transmit(Transmit::Stream { data, .. }) => sent.extend_from_slice(&data),
            _ => {}
        }
    }
}

/// A server with that many clients, each of which publishes on stream 1.
fn server(clients: u64) -> (Server, chunk::Writer) {
    let mut server = Server::new(Config::default(), Rng::from_u64(1));
    let mut writer = chunk::Writer::new();
    for n in 0..clients {
        let conn = ConnId::inbound(n);
        let (local, remote) = ("10.0.0.1:1935".parse().unwrap(), "10.0.0.2:9".parse().unwrap());
        let mut sent = BytesMut::new();
        let mut push = |server: &mut Server, data: Bytes| {
            server.handle(Instant::ZERO, Input::Stream { conn, data });
            drain(server, &mut sent);
        };
        server.handle(Instant::ZERO, Input::Opened { conn, transport: Transport::Tcp, local, remote });
        let mut hello = vec![0; 1 + 2 * 1536];
        hello[0] = 3;
        push(&mut server, hello.into());
        writer = chunk::Writer::new();
        let object = amf::amf0::Object::new().with("app", "live");
        for (stream, name, object, arguments) in [
            (0, "connect", object.into(), vec![]),
            (0, "createStream", Default::default(), vec![]),
            (1, "publish", Default::default(), vec!["a".into()]),
        ] {
            let command = Command::new(name, 1.0, object, arguments).to_message(Encoding::Amf0, stream);
            let mut out = BytesMut::new();
            writer.write(&command, 3, &mut out).unwrap();
            push(&mut server, out.freeze());
        }
    }
    (server, writer)
}

fn message() -> Message {
    Message { kind: MessageType::Video, timestamp: 40, stream: 1, payload: Bytes::from(vec![7; 6000]) }
}

#[divan::bench]
fn shared_to_200(bencher: divan::Bencher<'_, '_>) {
    let (mut server, _) = server(PLAYERS);
    bencher.counter(ItemsCount::new(PLAYERS as usize)).bench_local(|| {
        let mut shared = chunk::Shared::new(message()).unwrap();
        for n in 0..PLAYERS {
            server.send_shared(Instant::ZERO, ConnId::inbound(n), shared.bytes(4096, 1)).unwrap();
        }
        while let Some(output) = server.poll() {
            divan::black_box(output);
        }
    });
}

#[divan::bench]
fn publish_6000_bytes(bencher: divan::Bencher<'_, '_>) {
    let (mut server, mut writer) = server(1);
    let mut size = BytesMut::new();
    writer.set_chunk_size(4096, &mut size);
    let conn = ConnId::inbound(0);
    server.handle(Instant::ZERO, Input::Stream { conn, data: size.freeze() });
    bencher.counter(ItemsCount::new(1usize)).bench_local(|| {
        let mut out = BytesMut::with_capacity(6100);
        writer.write(&message(), 6, &mut out).unwrap();
        server.handle(Instant::ZERO, Input::Stream { conn, data: out.freeze() });
        while let Some(output) = server.poll() {
            divan::black_box(output);
        }
    });
}
