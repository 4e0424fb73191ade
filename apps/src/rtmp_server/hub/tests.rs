use std::collections::HashMap;

use bytes::{BufMut, BytesMut};
use rtmp::MessageType;

use super::*;

/// Remembers what was sent to whom; what waits for a connection is set by the test.
#[derive(Default)]
struct Script {
    sent: Vec<(Spot, Bytes)>,
    told: Vec<(Spot, bool)>,
    unsent: HashMap<ConnId, usize>,
    closed: Vec<ConnId>,
    at_once: Vec<(ConnId, bool)>,
}

impl Sink for Script {
    fn unsent(&self, conn: ConnId) -> usize {
        self.unsent.get(&conn).copied().unwrap_or(0)
    }
    fn chunk_size(&self, _: ConnId) -> u32 {
        4096
    }
    fn send(&mut self, place: Spot, chunks: Bytes) {
        self.sent.push((place, chunks));
    }
    fn at_once(&mut self, conn: ConnId, is_on: bool) {
        self.at_once.push((conn, is_on));
    }
    fn published(&mut self, place: Spot, _: &StreamKey, is_on: bool) {
        self.told.push((place, is_on));
    }
    fn disconnect(&mut self, conn: ConnId, _: &'static str) {
        self.closed.push(conn);
    }
}

impl Script {
    /// Last bytes of what was sent to `place`, which the tests use as names, oldest first.
    fn names(&mut self, place: Spot) -> String {
        let mut reader = rtmp::chunk::Reader::new(Default::default());
        let mut size = BytesMut::new();
        size.put_slice(&[2, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0, 0, 0, 0x10, 0]); // chunks of 4096 bytes
        reader.push(size.freeze());
        for (_, chunks) in self.sent.iter().filter(|(to, _)| *to == place) {
            reader.push(chunks.clone());
        }
        self.sent.retain(|(to, _)| *to != place);
        std::iter::from_fn(|| reader.next())
            .map(|message| char::from(*message.unwrap().payload.last().unwrap()))
            .collect()
    }
}

fn place(n: u64) -> Spot {
    Spot { conn: ConnId::inbound(n), stream: 1 }
}

fn message(kind: MessageType, timestamp: u32, payload: &[u8]) -> Message {
    Message { kind, timestamp, stream: 1, payload: Bytes::copy_from_slice(payload) }
}

fn header(name: u8) -> Message {
    message(MessageType::Video, 0, &[0x17, 0, 0, 0, 0, name])
}
fn key_frame(at: u32, name: u8) -> Message {
    message(MessageType::Video, at, &[0x17, 1, 0, 0, 0, name])
}
fn frame(at: u32, name: u8) -> Message {
    message(MessageType::Video, at, &[0x27, 1, 0, 0, 0, name])
}
fn sound(at: u32, name: u8) -> Message {
    message(MessageType::Audio, at, &[0xAF, 1, name])
}

fn at(seconds: u64) -> Instant {
    Instant::from_millis(seconds * 1000)
}

fn key() -> StreamKey {
    StreamKey::new("live", "cam")
}

#[test]
fn a_joiner_gets_headers_and_the_last_group_of_pictures_in_one_piece() {
    let (mut hub, mut out) = (Hub::new(HubConfig::default()), Script::default());
    hub.publish(at(0), &key(), place(1), &mut out).unwrap();
    let published =
        [header(b'H'), key_frame(0, b'1'), frame(40, b'2'), key_frame(80, b'3'), sound(85, b's'), frame(120, b'4')];
    for message in published {
        hub.media(at(0), place(1), &message, &mut out).unwrap();
    }
    hub.play(at(1), &key(), place(2), &mut out).unwrap();
    assert_eq!(out.sent.len(), 1, "one write");
    hub.media(at(1), place(1), &frame(160, b'5'), &mut out);
    assert_eq!(out.names(place(2)), "H3s45");
}

#[test]
fn who_waits_is_told_and_gets_all_from_the_first_message() {
    let (mut hub, mut out) = (Hub::new(HubConfig::default()), Script::default());
    hub.play(at(0), &key(), place(2), &mut out).unwrap();
    hub.publish(at(5), &key(), place(1), &mut out).unwrap();
    assert_eq!(out.told, [(place(2), true)]);
    for message in [header(b'H'), frame(0, b'x'), key_frame(40, b'1'), sound(41, b's')] {
        hub.media(at(5), place(1), &message, &mut out);
    }
    assert_eq!(out.names(place(2)), "H1s", "a frame before the first key frame cannot be shown");
    assert_eq!(hub.unpublish(place(1), &mut out), Some(key()));
    assert_eq!(out.told.last(), Some(&(place(2), false)));
    assert!(hub.stream(&key()).is_some(), "the player still waits");
    hub.gone(place(2).conn, &mut out);
    assert!(hub.stream(&key()).is_none());
}

#[test]
fn sound_alone_flows_at_once() {
    let (mut hub, mut out) = (Hub::new(HubConfig::default()), Script::default());
    hub.publish(at(0), &key(), place(1), &mut out).unwrap();
    hub.media(at(0), place(1), &message(MessageType::Audio, 0, &[0xAF, 0, b'H']), &mut out);
    hub.media(at(0), place(1), &sound(0, b'1'), &mut out);
    hub.play(at(0), &key(), place(2), &mut out).unwrap();
    hub.media(at(0), place(1), &sound(23, b'2'), &mut out);
    assert_eq!(out.names(place(2)), "H2");
}

#[test]
fn a_slow_reader_loses_frames_up_to_a_key_frame_and_others_lose_nothing() {
    let config = HubConfig { slow_reader: 1000, ..HubConfig::default() };
    let (mut hub, mut out) = (Hub::new(config), Script::default());
    hub.publish(at(0), &key(), place(1), &mut out).unwrap();
    hub.media(at(0), place(1), &key_frame(0, b'1'), &mut out);
    hub.play(at(0), &key(), place(2), &mut out).unwrap();
    hub.play(at(0), &key(), place(3), &mut out).unwrap();
    out.unsent.insert(place(2).conn, 1001);
    for message in [frame(40, b'2'), sound(41, b's'), key_frame(80, b'3')] {
        hub.media(at(1), place(1), &message, &mut out);
    }
    out.unsent.insert(place(2).conn, 501);
    hub.media(at(2), place(1), &key_frame(100, b'4'), &mut out);
    out.unsent.insert(place(2).conn, 500);
    for message in [frame(120, b'5'), sound(121, b't'), key_frame(160, b'6'), frame(200, b'7')] {
        hub.media(at(3), place(1), &message, &mut out);
    }
    assert_eq!(out.names(place(2)), "1t67");
    assert_eq!(out.names(place(3)), "12s345t67");
    assert_eq!(hub.stream(&key()).unwrap().players()[0].dropped, 4);
    assert!(out.closed.is_empty());
}

#[test]
fn a_player_that_never_reads_is_disconnected() {
    let config = HubConfig { slow_reader: 1000, ..HubConfig::default() };
    let (mut hub, mut out) = (Hub::new(config), Script::default());
    hub.publish(at(0), &key(), place(1), &mut out).unwrap();
    hub.play(at(0), &key(), place(2), &mut out).unwrap();
    out.unsent.insert(place(2).conn, 5000);
    for second in 0..30 {
        hub.media(at(second), place(1), &key_frame(0, b'1'), &mut out);
    }
    assert!(out.closed.is_empty() && out.sent.is_empty());
    hub.media(at(30), place(1), &key_frame(0, b'1'), &mut out);
    assert_eq!(out.closed, [place(2).conn]);
}

#[test]
fn a_second_publisher_is_refused_until_the_first_is_silent() {
    let (mut hub, mut out) = (Hub::new(HubConfig::default()), Script::default());
    hub.publish(at(0), &key(), place(1), &mut out).unwrap();
    hub.media(at(1), place(1), &sound(0, b'1'), &mut out);
    assert_eq!(hub.publish(at(3), &key(), place(2), &mut out), Err(Refusal::Taken));
    assert_eq!(hub.publish(at(4), &key(), place(2), &mut out), Ok(Some(place(1))));
    assert!(hub.media(at(4), place(1), &sound(0, b'x'), &mut out).is_none(), "replaced");
    assert_eq!(hub.publish(at(4), &StreamKey::new("live", "b"), place(2), &mut out), Err(Refusal::Busy));
}

#[test]
fn times_go_on_when_another_publisher_takes_over() {
    let config = HubConfig { second_publisher: SecondPublisher::TakeOver, ..HubConfig::default() };
    let (mut hub, mut out) = (Hub::new(config), Script::default());
    hub.publish(at(0), &key(), place(1), &mut out).unwrap();
    let time =
        |hub: &mut Hub, out: &mut Script, from, message| hub.media(at(0), from, &message, out).unwrap().1.timestamp;
    assert_eq!(time(&mut hub, &mut out, place(1), key_frame(5000, b'1')), 5000);
    assert_eq!(time(&mut hub, &mut out, place(1), sound(5020, b'1')), 5020);
    assert_eq!(hub.publish(at(0), &key(), place(2), &mut out), Ok(Some(place(1))));
    assert_eq!(time(&mut hub, &mut out, place(2), key_frame(0, b'1')), 5060);
    assert_eq!(time(&mut hub, &mut out, place(2), frame(40, b'1')), 5100);
}

#[test]
fn pause_and_wishes_are_obeyed() {
    let (mut hub, mut out) = (Hub::new(HubConfig::default()), Script::default());
    hub.publish(at(0), &key(), place(1), &mut out).unwrap();
    hub.play(at(0), &key(), place(2), &mut out).unwrap();
    hub.set(place(2), |state| state.audio = false);
    for message in [key_frame(0, b'1'), sound(1, b's')] {
        hub.media(at(0), place(1), &message, &mut out);
    }
    hub.set(place(2), |state| state.paused = true);
    hub.media(at(0), place(1), &frame(40, b'2'), &mut out);
    hub.set(place(2), |state| state.paused = false);
    for message in [frame(80, b'3'), key_frame(120, b'4')] {
        hub.media(at(0), place(1), &message, &mut out);
    }
    assert_eq!(out.names(place(2)), "14");
}

#[test]
fn the_cache_and_the_number_of_streams_are_bounded() {
    let cache = CacheLimits { bytes: 20, messages: 3 };
    let (mut hub, mut out) = (Hub::new(HubConfig { cache, streams: 1, ..HubConfig::default() }), Script::default());
    hub.publish(at(0), &key(), place(1), &mut out).unwrap();
    for message in [key_frame(0, b'1'), frame(40, b'2'), frame(80, b'3'), frame(120, b'4')] {
        hub.media(at(0), place(1), &message, &mut out);
        assert!(hub.stream(&key()).unwrap().cached() <= 20);
    }
    hub.play(at(0), &key(), place(2), &mut out).unwrap();
    assert_eq!(out.names(place(2)), "", "a group too long to keep is not begun in its middle");
    let other = StreamKey::new("live", "other");
    assert_eq!(hub.publish(at(0), &other, place(3), &mut out), Err(Refusal::TooMany));
    assert_eq!(hub.play(at(0), &other, place(3), &mut out), Err(Refusal::TooMany));
}

#[test]
fn sound_waits_for_the_next_picture_but_not_for_long() {
    let gather = Duration::from_millis(40);
    let (mut hub, mut out) = (Hub::new(HubConfig { gather, ..HubConfig::default() }), Script::default());
    hub.publish(at(0), &key(), place(1), &mut out).unwrap();
    hub.play(at(0), &key(), place(2), &mut out).unwrap();
    let ms = Instant::from_millis;
    hub.media(ms(0), place(1), &sound(0, b'a'), &mut out);
    assert_eq!(out.names(place(2)), "a", "without video nothing comes that it could wait for");
    hub.media(ms(0), place(1), &key_frame(0, b'1'), &mut out);
    out.sent.clear();
    hub.media(ms(10), place(1), &sound(10, b'b'), &mut out);
    hub.media(ms(30), place(1), &sound(30, b'c'), &mut out);
    assert!(out.sent.is_empty());
    hub.media(ms(40), place(1), &frame(40, b'2'), &mut out);
    assert_eq!((out.sent.len(), out.names(place(2))), (1, "bc2".into()), "in one piece and in order");

    hub.media(ms(41), place(1), &sound(41, b'd'), &mut out);
    hub.flush(ms(50), &mut out); // the wait that began at 10 would be over
    assert!(out.sent.is_empty());
    assert_eq!(hub.deadline(), Some(ms(81)));
    hub.play(ms(60), &key(), place(3), &mut out).unwrap();
    assert_eq!(out.names(place(2)), "d", "what waits goes ahead of a joiner");
    assert_eq!(out.names(place(3)), "1bc2d", "who gets it once");
    hub.flush(ms(81), &mut out);
    assert!(out.sent.is_empty());

    hub.media(ms(90), place(1), &sound(90, b'e'), &mut out);
    hub.flush(ms(130), &mut out);
    assert_eq!(out.names(place(2)), "e");
    hub.media(ms(140), place(1), &sound(140, b'f'), &mut out);
    hub.unpublish(place(1), &mut out);
    assert_eq!(out.names(place(2)), "f", "the end waits for nothing");
}

#[test]
fn a_player_that_wants_no_sound_gets_the_pictures_of_a_piece() {
    let gather = Duration::from_millis(40);
    let (mut hub, mut out) = (Hub::new(HubConfig { gather, ..HubConfig::default() }), Script::default());
    hub.publish(at(0), &key(), place(1), &mut out).unwrap();
    hub.play(at(0), &key(), place(2), &mut out).unwrap();
    hub.play(at(0), &key(), place(3), &mut out).unwrap();
    hub.set(place(3), |state| state.audio = false);
    hub.media(at(0), place(1), &key_frame(0, b'1'), &mut out);
    hub.media(at(0), place(1), &sound(10, b'a'), &mut out);
    hub.media(at(0), place(1), &frame(40, b'2'), &mut out);
    assert_eq!((out.names(place(2)), out.names(place(3))), ("1a2".into(), "12".into()));
}

#[test]
fn in_a_crowd_what_is_small_may_wait_for_who_has_settled_in() {
    let (mut hub, mut out) = (Hub::new(HubConfig { crowd: 1, ..HubConfig::default() }), Script::default());
    hub.publish(at(0), &key(), place(1), &mut out).unwrap();
    hub.play(at(0), &key(), place(2), &mut out).unwrap();
    hub.tend(at(9), &mut out);
    assert!(out.at_once.iter().all(|(_, is_on)| *is_on), "one is no crowd");
    hub.play(at(9), &key(), place(3), &mut out).unwrap();
    out.at_once.clear();
    hub.tend(at(10), &mut out);
    assert_eq!(out.at_once, [(place(2).conn, false)]);
    hub.tend(at(20), &mut out);
    assert_eq!(out.at_once[1..], [(place(3).conn, false)]);
    hub.stop(place(2));
    hub.tend(at(21), &mut out);
    assert_eq!(out.at_once[2..], [(place(3).conn, true)]);
}
