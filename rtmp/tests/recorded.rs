//! Sessions recorded from real programs: what a client sent is fed to the server, what a server sent to the client.
mod common;

use amf::amf0::Value;
use bytes::Bytes;
use common::{Bench, url};
use rtmp::client::{self, Client};
use rtmp::command::Data;
use rtmp::server::{Config, Event, PublishMode, Role};
use rtmp::status::{self, Status};
use rtmp::{Capabilities, MessageType};
use wire::{Input, Instant, Machine, Output, Rng, Transmit, Transport};

const PUBLISH: &[u8] = include_bytes!("sessions/ffmpeg_publish_pcma_only.c2s.bin");
const PUBLISH_ANSWERS: &[u8] = include_bytes!("sessions/ffmpeg_publish_pcma_only.s2c.bin");
const PLAY: &[u8] = include_bytes!("sessions/ffmpeg_play_h264_aac.c2s.bin");
const RTMPDUMP: &[u8] = include_bytes!("sessions/rtmpdump_play_h264_aac.c2s.bin");

/// Feeds a recording in pieces of that size. The application says yes to everything, after each piece.
fn feed(recording: &'static [u8], piece: usize) -> Vec<Event> {
    let mut bench = Bench::new(Config::default());
    let mut told = Vec::new();
    for data in recording.chunks(piece) {
        bench.push(Bytes::from_static(data));
        loop {
            let events = bench.take();
            if events.is_empty() {
                break;
            }
            for event in events {
                let now = bench.now;
                match &event {
                    Event::Connect { conn, .. } => bench.server.accept(now, *conn, None).unwrap(),
                    Event::Publish { conn, stream, .. } => bench.server.accept_publish(now, *conn, *stream).unwrap(),
                    // whoever sent deleteStream in the same piece has gone already
                    Event::Play { conn, stream, .. } => _ = bench.server.accept_play(now, *conn, *stream),
                    _ => {}
                }
                told.push(event);
            }
            bench.drain();
        }
    }
    assert!(!bench.closed);
    told
}

#[test]
fn ffmpeg_publishes() {
    let whole = feed(PUBLISH, usize::MAX);
    for piece in [1, 7, 127, 1500, 4096] {
        assert_eq!(feed(PUBLISH, piece), whole, "pieces of {piece}");
    }
    let Some(Event::Connect { request, .. }) = whole.first() else { panic!("{whole:?}") };
    assert_eq!((&*request.app, &*request.tc_url), ("live", "rtmp://127.0.0.1:11946/live"));
    assert_eq!(request.capabilities, Capabilities::default());
    let Some(Event::Publish { name, mode, stream, .. }) = whole.get(1) else { panic!("{whole:?}") };
    assert_eq!((&**name, *mode, *stream), ("c4", PublishMode::Live, 1));
    let Some(Event::Media { message, .. }) = whole.get(2) else { panic!("{whole:?}") };
    let data = Data::parse(message, &amf::Limits::default()).unwrap();
    assert_eq!((&*data.name, data.arguments[0].as_str()), ("@setDataFrame", Some("onMetaData")));
    assert_eq!(data.arguments[1].get("audiosamplerate").and_then(Value::as_f64), Some(8000.0));
    let audio =
        whole.iter().filter(|e| matches!(e, Event::Media { message, .. } if message.kind == MessageType::Audio));
    assert_eq!(audio.count(), 24);
    assert!(matches!(whole.last(), Some(Event::Stopped { was: Role::Publishing, .. })));
    assert_eq!(whole.len(), 2 + 1 + 24 + 1, "nothing was dropped");
}

#[test]
fn ffmpeg_and_rtmpdump_play() {
    for (recording, start) in [(PLAY, -2.0), (RTMPDUMP, -1.0)] {
        for piece in [1, 100, 1600] {
            let told = feed(recording, piece);
            let played = told.iter().find_map(|event| match event {
                Event::Play { name, start, duration, reset, .. } => Some((&**name, *start, *duration, *reset)),
                _ => None,
            });
            assert_eq!(played, Some(("p1", start, -1.0, true)));
            assert!(told.iter().any(|event| matches!(event, Event::BufferLength { stream: 1, .. })));
            assert!(matches!(told.last(), Some(Event::Stopped { was: Role::Playing, .. })));
            assert!(!told.iter().any(|event| matches!(event, Event::Dropped { .. })), "{told:?}");
        }
    }
}

//= rtmp#7.2.1.1/send test
/// What nginx-rtmp answered to ffmpeg, fed to our client, which asks for the same in the same order.
#[test]
fn the_answers_of_nginx_let_a_client_publish() {
    for piece in [1, 7, usize::MAX] {
        let mut client = Client::new(client::Config::new(url("live")), Rng::from_u64(3));
        let now = Instant::from_millis(5);
        client.connect(now).unwrap();
        let Some(Output::Connect { conn, .. }) = client.poll() else { panic!("no connection") };
        let (local, remote) = ("10.0.0.2:9".parse().unwrap(), "10.0.0.1:1935".parse().unwrap());
        client.handle(now, Input::Opened { conn, transport: Transport::Tcp, local, remote });
        let mut told = Vec::new();
        let mut sent = 0;
        for data in PUBLISH_ANSWERS.chunks(piece.min(PUBLISH_ANSWERS.len() - 200)) {
            client.handle(now, Input::Stream { conn, data: Bytes::from_static(data) });
            while let Some(output) = client.poll() {
                match output {
                    Output::Event(event) => {
                        if let client::Event::Connected { .. } = &event {
                            // ffmpeg's createStream was its fourth call
                            client.call(now, "second", vec![], None).unwrap();
                            client.call(now, "third", vec![], None).unwrap();
                            client.create_stream(now).unwrap();
                        }
                        if let client::Event::StreamCreated { stream, .. } = &event {
                            client.publish(now, *stream, "c4", PublishMode::Live).unwrap();
                        }
                        told.push(event);
                    }
                    Output::Transmit(Transmit::Stream { data, .. }) => sent += data.len(),
                    other => panic!("{other:?}"),
                }
            }
        }
        assert!(
            matches!(&told[0], client::Event::Connected { capabilities, .. } if capabilities.is_empty()),
            "{told:?}"
        );
        if piece < 1000 {
            assert!(matches!(told[1], client::Event::StreamCreated { stream: 1, .. }), "{told:?}");
            let start = Status::new(status::PUBLISH_START, "Start publishing");
            assert!(told.contains(&client::Event::Status { stream: 1, status: start }), "{told:?}");
        }
        assert!(sent > 3073);
    }
}
