//! Keys and voice in one stream over a bad network: this room's session and jitter buffer with the payloads of room
//! rfc3551.

mod common;

use std::time::Duration;

use bytes::Bytes;
use common::address;
use rfc3550::{Config, Event, JitterBuffer, JitterConfig, Playout, Session};
use rfc3551::g711::Law;
use rfc3551::telephone_event::{Change, Receiver, Sender, Step};
use sim::{Link, Network};
use wire::{Instant, Rng};

const EVENTS: u8 = 101;

/// Sends voice and dials `keys`; what the other side heard: keys with their lengths in ms, and samples of voice.
fn dial(keys: &str, link: Link, seed: u64) -> (Vec<(char, u64)>, usize, u64) {
    println!("seed {seed}");
    let mut net = Network::new(seed);
    let (a, b) = (address("10.0.0.1:4000"), address("10.0.0.2:5000"));
    let hosts = [(a, b), (b, a)].map(|(local, remote)| {
        let config = Config::new(local, remote, "dtmf").payload_type(EVENTS, 8000);
        net.add_at(Session::new(Instant::ZERO, config, Rng::from_u64(seed ^ u64::from(local.port()))), local)
    });
    net.link(hosts[0], hosts[1], link);
    let mut sender = Sender::new(160);
    let mut receiver = Receiver::default();
    let mut buffer = JitterBuffer::new(JitterConfig::new(8000));
    let (mut heard, mut voice, mut lost) = (Vec::new(), 0, 0);
    let mut key = None;
    for tick in 0..500 {
        if tick == 50 {
            sender.dial(keys).unwrap();
        }
        net.command(hosts[0], |session, now| match sender.step() {
            Step::Report(r) => session.send(now, Bytes::copy_from_slice(&r.payload), EVENTS, r.advance, r.marker),
            Step::Media { advance } => session.send(now, vec![Law::Mu.silence(); 160].into(), 0, advance, false),
        })
        .unwrap();
        net.run_for(Duration::from_millis(20));
        for happened in net.events() {
            if let (Event::Rtp { packet, arrived, .. }, true) = (happened.event, happened.host == hosts[1]) {
                buffer.push(arrived, packet);
            }
        }
        let mut changes = Vec::new();
        while let Some(playout) = buffer.pop(net.now()) {
            match playout {
                Playout::Packet(p) if p.payload_type == EVENTS => {
                    changes.extend(receiver.report(p.timestamp, p.marker, &p.payload));
                }
                Playout::Packet(p) => {
                    changes.extend(receiver.media(p.timestamp));
                    voice += p.payload.len();
                }
                Playout::Lost(_) => lost += 1,
            }
        }
        for change in changes {
            match change {
                Change::Began { event, .. } => key = event.key(),
                Change::Ended { duration, .. } => heard.push((key.take().unwrap(), duration / 8)),
            }
        }
    }
    (heard, voice, lost)
}

#[test]
fn keys_arrive_with_their_lengths() {
    let (heard, voice, lost) = dial("159#", Link::with_delay(Duration::from_millis(20)), 1);
    assert_eq!(heard, [('1', 100), ('5', 100), ('9', 100), ('#', 100)]);
    assert_eq!(lost, 0, "reports share the sequence numbers of the voice");
    assert!(voice > 450 * 160);
}

#[test]
fn keys_survive_a_bad_network() {
    let link = Link {
        delay: Duration::from_millis(40),
        jitter: Duration::from_millis(30),
        loss: 0.10,
        duplicate: 0.02,
        reorder: 0.05,
        ..Link::default()
    };
    for seed in 0..20 {
        let (heard, _, lost) = dial("0123456789*#ABCD", link.clone(), seed);
        let keys: String = heard.iter().map(|(key, _)| *key).collect();
        assert_eq!(keys, "0123456789*#ABCD");
        assert!(heard.iter().all(|(_, ms)| (20..=100).contains(ms)), "{heard:?}");
        assert!(lost > 10);
    }
}
