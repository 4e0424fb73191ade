//! Two sessions on a network that loses, delays, repeats and reorders.

mod common;

use std::time::Duration;

use bytes::Bytes;
use common::{address, rtcp};
use rfc3550::quality::{Impairment, estimate};
use rfc3550::{
    Config, DropReason, Event, JitterBuffer, JitterConfig, Leave, Playout, Session, SessionStats, Symmetric,
};
use sim::{HostId, Link, Network};
use wire::{Instant, Rng};

struct Call {
    net: Network<Session>,
    hosts: [HostId; 2],
    buffer: JitterBuffer,
    /// What Bob's player heard in each tick.
    heard: u64,
    concealed: u64,
    events: Vec<(HostId, Event)>,
}

fn addresses() -> [std::net::SocketAddr; 2] {
    [address("10.0.0.1:4000"), address("10.0.0.2:5000")]
}

impl Call {
    fn new(seed: u64, link: Link, change: impl Fn(Config) -> Config) -> Call {
        println!("seed {seed}");
        let mut net = Network::new(seed);
        let [a, b] = addresses();
        let hosts = [(a, b, "alice"), (b, a, "bob")].map(|(local, remote, name)| {
            let epoch = net.epoch();
            let config = change(Config { epoch, ..Config::new(local, remote, format!("{name}@{}", local.ip())) });
            let host = net.add(Session::new(Instant::ZERO, config, Rng::from_u64(seed ^ u64::from(local.port()))));
            net.bind_udp(host, local).unwrap();
            net.bind_udp(host, rtcp(local)).unwrap();
            host
        });
        net.link(hosts[0], hosts[1], link);
        let buffer = JitterBuffer::new(JitterConfig::new(8000));
        Call { net, hosts, buffer, heard: 0, concealed: 0, events: Vec::new() }
    }

    /// Both talk for that long in packets of 20 ms; Bob plays what he gets.
    fn talk(&mut self, time: Duration) {
        let until = self.net.now() + time;
        while self.net.now() < until {
            for host in self.hosts {
                self.net.command(host, |session, now| {
                    session.send(now, Bytes::from_static(&[0xd5; 160]), 8, 160, false).unwrap();
                });
            }
            self.pass(Duration::from_millis(20));
            while let Some(playout) = self.buffer.pop(self.net.now()) {
                match playout {
                    Playout::Packet(_) => self.heard += 1,
                    Playout::Lost(_) => self.concealed += 1,
                }
            }
        }
    }

    fn pass(&mut self, time: Duration) {
        self.net.run_for(time);
        for happened in self.net.events() {
            match happened.event {
                Event::Rtp { packet, arrived, .. } if happened.host == self.hosts[1] => {
                    self.buffer.push(arrived, packet);
                }
                Event::Rtp { .. } => {}
                event => self.events.push((happened.host, event)),
            }
        }
    }

    fn stats(&self) -> [SessionStats; 2] {
        self.hosts.map(|host| self.net.machine(host).stats())
    }
}

#[test]
fn a_clean_call_loses_nothing() {
    let mut call = Call::new(1, Link::with_delay(Duration::from_millis(25)), |c| c);
    call.talk(Duration::from_secs(30));
    call.pass(Duration::from_millis(100));
    let [alice, bob] = call.stats();
    assert_eq!((alice.sent.packets, bob.received.packets, bob.received.lost), (1500, 1500, 0));
    assert_eq!(bob.received.bytes, 1500 * 160);
    assert!(bob.received.jitter < Duration::from_millis(1));
    assert_eq!(bob.sources[0].cname.as_deref(), Some(&b"alice@10.0.0.1"[..]));
    let round_trip = alice.sent.round_trip.expect("reports went both ways");
    assert!((49..=51).contains(&round_trip.as_millis()), "{round_trip:?}");
    assert_eq!((call.heard, call.concealed), (1500 - call.buffer.len() as u64, 0));
    let score = estimate(Some(round_trip), call.buffer.stats().delay, 0.0, Impairment::G711);
    assert!(score > 4.3, "{score}");
}

#[test]
fn a_bad_network_is_measured_and_survived() {
    let link = Link {
        delay: Duration::from_millis(30),
        jitter: Duration::from_millis(40),
        loss: 0.05,
        duplicate: 0.01,
        reorder: 0.02,
        ..Link::default()
    };
    let mut call = Call::new(2, link, |c| c);
    call.talk(Duration::from_secs(120));
    let [alice, bob] = call.stats();
    let loss = bob.received.loss();
    assert!((0.025..0.055).contains(&loss), "5 % lost, 1 % twice: {loss}");
    let jitter = bob.received.jitter.as_millis();
    assert!((8..30).contains(&jitter), "{jitter} ms");
    assert!(alice.sent.lost > 0 && alice.sent.jitter.as_millis() > 5, "bob's reports came back: {:?}", alice.sent);
    assert!(alice.sent.round_trip.is_some());
    let played = call.buffer.stats();
    assert!(played.loss() < 0.07, "{played:?}");
    assert!(played.duplicates > 20 && played.reordered > 100, "{played:?}");
    assert_eq!((alice.collisions, bob.collisions), (0, 0));
}

#[test]
fn a_run_can_be_replayed() {
    let run = |seed| {
        let mut call = Call::new(seed, Link::rough(), |c| c);
        call.talk(Duration::from_secs(20));
        (call.net.trace_hash(), call.stats())
    };
    assert_eq!(run(3), run(3));
    assert_ne!(run(3).0, run(4).0);
}

#[test]
fn a_goodbye_is_heard() {
    let mut call = Call::new(5, Link::default(), |c| c);
    call.talk(Duration::from_secs(10));
    let [alice, bob] = call.hosts;
    let ssrc = call.net.machine(alice).ssrc();
    call.net.command(alice, |session, now| session.leave(now, "hung up"));
    call.pass(Duration::from_secs(1));
    assert!(call.events.contains(&(alice, Event::Left)));
    assert!(call.events.contains(&(bob, Event::Bye { ssrc, reason: Some("hung up".into()) })));
    assert!(call.events.contains(&(bob, Event::SourceLeft { ssrc, leave: Leave::Bye })));
    assert_eq!(call.net.machine(bob).group().members, 1);
}

#[test]
fn a_silent_peer_times_out() {
    let mut call = Call::new(6, Link::default(), |c| c);
    call.talk(Duration::from_secs(10));
    let [alice, bob] = call.hosts;
    let ssrc = call.net.machine(alice).ssrc();
    call.net.cut(&[alice], &[bob]);
    call.pass(Duration::from_secs(20));
    assert_eq!(call.net.machine(bob).group().members, 2, "not yet");
    call.pass(Duration::from_secs(20));
    assert!(call.events.contains(&(bob, Event::SourceLeft { ssrc, leave: Leave::Timeout })));
}

#[test]
fn both_behind_one_port_each_and_following_packets() {
    let change = |c: Config| Config { symmetric: Symmetric::SameHost, ..c.mux() };
    let mut call = Call::new(7, Link::rough(), change);
    call.talk(Duration::from_secs(30));
    let [alice, bob] = call.stats();
    assert!(alice.rtcp_received > 3 && bob.rtcp_received > 3);
    let foreign = |e: &(HostId, Event)| matches!(e.1, Event::Dropped { reason: DropReason::ForeignAddress, .. });
    assert!(!call.events.iter().any(foreign));
    assert!(alice.sent.round_trip.is_some());
}

//= rfc3550#8.2/collision test
#[test]
fn two_with_the_same_number_part() {
    let mut call = Call::new(8, Link::default(), |c| c);
    let [alice, bob] = call.hosts;
    let [a, b] = addresses();
    let same = call.net.machine(alice).ssrc();
    let config = Config { ssrc: Some(same), ..Config::new(b, a, "bob@10.0.0.2") };
    call.net.restart(bob, Session::new(Instant::ZERO, config, Rng::from_u64(88)));
    assert_eq!(call.net.machine(bob).ssrc(), same);
    call.talk(Duration::from_secs(30));
    let [alice, bob] = call.stats();
    assert_ne!(alice.ssrc, bob.ssrc);
    assert!(alice.collisions + bob.collisions >= 1);
    assert!(alice.received.packets > 1400 && bob.received.packets > 1400, "the call goes on");
}
