//! One connection: acknowledgements, windows, bandwidth, ping, and a peer that is slow or gone.

#[path = "common/chunks.rs"]
mod common;

use std::time::Duration;

use bytes::Bytes;
use common::*;
use rtmp::Message;
use rtmp::MessageType::*;
use rtmp::chunk::{self, Shared};
use rtmp::control::{self, Control, LimitType, UserControl};
use rtmp::handshake::{self, Kind, Scheme};
use rtmp::link::{Config, Dropped, Error, Event, Link};
use wire::{Instant, Rng};

type Told = Vec<Result<Event, Error>>;

/// Two links with their handshake behind them.
struct Pair {
    now: Instant,
    client: Link,
    server: Link,
}

impl Pair {
    fn new(kind: Kind) -> Pair {
        let now = Instant::ZERO;
        let client = Link::client(now, Config::default(), kind, &mut Rng::from_u64(1));
        let server = Link::server(now, Config::default(), &mut Rng::from_u64(2));
        let mut pair = Pair { now, client, server };
        assert_eq!(pair.run(), (vec![Ok(Event::Ready)], vec![Ok(Event::Ready)]));
        pair
    }

    /// Carries bytes both ways until there are none; what the client and the server told.
    fn run(&mut self) -> (Told, Told) {
        let (mut at_client, mut at_server) = (Vec::new(), Vec::new());
        loop {
            let (up, down) = (self.client.transmit(), self.server.transmit());
            if up.is_none() && down.is_none() {
                return (at_client, at_server);
            }
            up.into_iter().for_each(|bytes| self.server.handle(self.now, bytes));
            down.into_iter().for_each(|bytes| self.client.handle(self.now, bytes));
            at_client.extend(self.client.by_ref());
            at_server.extend(self.server.by_ref());
        }
    }

    /// What the server tells when the client says that.
    fn tell(&mut self, control: Control) -> Told {
        self.client.control(&control);
        self.run().1
    }
}

fn video(length: usize) -> Message {
    message(Video, 0, 1, vec![1; length])
}

#[test]
fn messages_wait_for_the_end_of_the_handshake() {
    for kind in [Kind::Simple, Kind::Digest(Scheme::Zero), Kind::Digest(Scheme::One)] {
        let mut client = Link::client(Instant::ZERO, Config::default(), kind, &mut Rng::from_u64(1));
        let server = Link::server(Instant::ZERO, Config::default(), &mut Rng::from_u64(2));
        client.control(&Control::SetChunkSize(4096));
        client.send(&video(3000)).unwrap();
        assert_eq!(client.transmit().unwrap().len(), 1537);
        assert_eq!(client.transmit(), None);
        let mut pair = Pair { now: Instant::ZERO, client, server };
        let hello = Link::client(Instant::ZERO, Config::default(), kind, &mut Rng::from_u64(1)).transmit().unwrap();
        pair.server.handle(pair.now, hello);
        let (_, at_server) = pair.run();
        assert_eq!(at_server, [Ok(Event::Ready), Ok(Event::Message(video(3000)))]);
    }
}

//= rtmp#5.4.3/when test
//= rtmp#5.4.3/total test
//= rtmp#5.4.4/obey test
//= rtmp#5.4/csid test
#[test]
fn acknowledgements_come_at_the_window() {
    let mut pair = Pair::new(Kind::Simple);
    assert_eq!(pair.tell(Control::WindowAckSize(1000)), []);
    let before = pair.client.stats().sent;
    assert_eq!(before, 16);
    pair.client.send(&video(500)).unwrap();
    pair.run();
    assert_eq!(pair.client.stats().acknowledged, 0);
    pair.client.send(&video(600)).unwrap();
    pair.client.transmit().into_iter().for_each(|bytes| pair.server.handle(pair.now, bytes));
    let answer = pair.server.transmit().unwrap();
    let total = pair.server.stats().received as u32;
    assert_eq!(answer[0], 2, "format 0 on chunk stream 2");
    assert_eq!(read(answer.clone()).0, [Control::Acknowledgement(total).to_message()]);
    pair.client.handle(pair.now, answer);
    assert_eq!(pair.client.next(), None);
    let stats = pair.client.stats();
    assert_eq!((stats.acknowledged, stats.sent, pair.client.unacknowledged()), (total.into(), total.into(), 0));
}

#[test]
fn windows_of_0_and_1() {
    let mut pair = Pair::new(Kind::Simple);
    pair.tell(Control::WindowAckSize(0));
    pair.client.send(&video(5000)).unwrap();
    pair.run();
    assert_eq!(pair.server.stats().sent, 0);
    pair.tell(Control::WindowAckSize(1));
    let before = pair.server.stats().sent;
    pair.client.send(&video(5000)).unwrap();
    pair.run();
    assert!(pair.server.stats().sent - before <= 16, "one for a piece, not one for a byte");
}

#[test]
fn acknowledgements_that_go_back_or_too_far() {
    let mut pair = Pair::new(Kind::Simple);
    pair.server.send(&video(1000)).unwrap();
    pair.run();
    assert_eq!(pair.tell(Control::Acknowledgement(600)), []);
    assert_eq!(pair.server.stats().acknowledged, 600);
    let back = Event::Dropped(Dropped::Acknowledgement(599));
    assert_eq!(pair.tell(Control::Acknowledgement(599)), [Ok(back)]);
    assert_eq!(pair.tell(Control::Acknowledgement(1 << 30)), []);
    assert_eq!(pair.server.unacknowledged(), 0);
    // Over the edge of 32 bits and on.
    for total in [u32::MAX >> 1, u32::MAX - 1, 5] {
        assert_eq!(pair.tell(Control::Acknowledgement(total)), []);
    }
}

//= rtmp#5.4.5/types test
//= rtmp#5.4.5/answer test
#[test]
fn peer_bandwidth_of_every_type() {
    let mut pair = Pair::new(Kind::Simple);
    let mut set = |size, limit| {
        let before = pair.server.stats().sent;
        assert_eq!(pair.tell(Control::SetPeerBandwidth { size, limit }), []);
        (pair.server.window(), pair.server.stats().sent > before)
    };
    assert_eq!(set(9000, LimitType::Dynamic), (None, false), "nothing was hard before");
    assert_eq!(set(5000, LimitType::Soft), (Some(5000), true));
    assert_eq!(set(6000, LimitType::Soft), (Some(5000), false), "the smaller holds");
    assert_eq!(set(9000, LimitType::Dynamic), (Some(5000), false), "the last was soft");
    assert_eq!(set(8000, LimitType::Hard), (Some(8000), true));
    assert_eq!(set(9000, LimitType::Dynamic), (Some(9000), true));
    assert_eq!(set(9000, LimitType::Dynamic), (Some(9000), false), "told already");
    let odd = Control::SetPeerBandwidth { size: 1, limit: LimitType::Other(3) };
    assert_eq!(pair.tell(odd), [Ok(Event::Dropped(Dropped::LimitType(3)))]);
    assert_eq!(pair.server.window(), Some(9000));
}

//= rtmp#6.2/ping test
#[test]
fn pings_are_answered_and_timed() {
    let mut pair = Pair::new(Kind::Simple);
    pair.now = Instant::from_millis(70);
    pair.server.ping(pair.now);
    let asked = pair.server.transmit().unwrap();
    pair.client.handle(pair.now, asked);
    assert_eq!(pair.client.next(), None, "answered inside");
    pair.now = Instant::from_millis(100);
    assert_eq!(pair.run().1, [Ok(Event::Pong(Duration::from_millis(30)))]);
    let again = Control::User(UserControl::PingResponse(70));
    assert_eq!(pair.tell(again), [Ok(Event::Dropped(Dropped::Pong(70)))]);
    let other = Control::User(UserControl::StreamBegin(1));
    assert_eq!(pair.tell(other.clone()), [Ok(Event::Message(other.to_message()))]);
}

#[test]
fn a_silent_peer_is_asked_and_then_given_up() {
    let mut pair = Pair::new(Kind::Simple);
    let at = |s: u64| Instant::from_millis(1000 * s);
    assert_eq!(pair.server.deadline(), Some(at(30)));
    pair.server.time(at(29));
    assert_eq!(pair.server.transmit(), None);
    pair.server.time(at(30));
    let asked = pair.server.transmit().unwrap();
    assert_eq!(pair.server.deadline(), Some(at(60)));
    let mut dead = pair.server;
    pair.client.handle(at(31), asked);
    assert_eq!(pair.client.deadline(), Some(at(61)));
    assert_eq!(pair.client.next(), None);
    assert!(pair.client.transmit().is_some());
    dead.time(at(60));
    assert_eq!(dead.by_ref().collect::<Vec<_>>(), [Err(Error::Silent)]);
    assert_eq!((dead.deadline(), dead.transmit()), (None, None));
    dead.handle(at(61), vec![3; 4000].into());
    assert_eq!(dead.next(), None);
    let patient = Config { ping: Duration::MAX, silence: Duration::MAX, ..Config::default() };
    let mut link = Link::server(Instant::ZERO, patient, &mut Rng::from_u64(1));
    link.handle(Instant::ZERO, vec![3; 3073].into());
    assert_eq!(link.deadline(), None);
}

#[test]
fn a_handshake_that_trickles_ends_in_time() {
    let mut link = Link::server(Instant::ZERO, Config::default(), &mut Rng::from_u64(1));
    assert_eq!(link.deadline(), Some(Instant::from_millis(10_000)));
    for second in 0..10 {
        let now = Instant::from_millis(1000 * second);
        link.handle(now, Bytes::from_static(&[3]));
        link.time(now);
        assert_eq!(link.next(), None);
    }
    link.time(Instant::from_millis(10_000));
    assert_eq!(link.next(), Some(Err(Error::HandshakeTimeout)));
    assert_eq!(link.next(), None);
}

#[test]
fn what_comes_first_decides() {
    for (first, error) in [
        (6, handshake::Error::Encrypted(6)),
        (8, handshake::Error::Encrypted(8)),
        (b'G', handshake::Error::Version(b'G')),
    ] {
        let mut link = Link::server(Instant::ZERO, Config::default(), &mut Rng::from_u64(1));
        link.handle(Instant::ZERO, vec![first; 10].into());
        assert_eq!(link.by_ref().collect::<Vec<_>>(), [Err(Error::Handshake(error))]);
        assert_eq!(link.transmit(), None);
    }
}

#[test]
fn faults_end_it_and_short_control_messages_do_not() {
    let mut pair = Pair::new(Kind::Simple);
    for kind in [Acknowledgement, UserControl, WindowAckSize, SetPeerBandwidth] {
        pair.client.send(&message(kind, 0, 0, "x")).unwrap();
        let short = control::Error { kind, length: 1 };
        assert_eq!(pair.run().1, [Ok(Event::Dropped(Dropped::Control(short)))]);
    }
    pair.client.send(&video(10)).unwrap();
    pair.client.send(&message(SetChunkSize, 0, 0, vec![0; 4])).unwrap();
    pair.client.send(&video(10)).unwrap();
    let expected = [Ok(Event::Message(video(10))), Err(Error::Chunk(chunk::Error::ChunkSize(0)))];
    assert_eq!(pair.run().1, expected);
}

#[test]
fn shared_bytes_go_out_in_order_and_uncopied() {
    let mut pair = Pair::new(Kind::Simple);
    pair.server.control(&Control::SetChunkSize(4096));
    let bytes = Shared::new(video(3000)).unwrap().bytes(pair.server.chunk_size(), 1);
    pair.server.send(&video(1)).unwrap();
    pair.server.send_shared(bytes.clone());
    pair.server.send(&video(2)).unwrap();
    let out: Vec<Bytes> = std::iter::from_fn(|| pair.server.transmit()).collect();
    assert_eq!(out.len(), 3);
    assert_eq!(out[1].as_ptr(), bytes.as_ptr());
    assert_eq!(pair.server.stats().sent, out.iter().map(|bytes| bytes.len() as u64).sum::<u64>());
    assert_eq!(read(out.concat()).0, [video(1), video(3000), video(2)]);
}
