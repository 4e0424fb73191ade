//! What the tests of the session share: one session, and hand-made datagrams to give it.
#![allow(dead_code)] // each test file uses a part

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use rfc3550::rtcp::{self, Chunk, Compound, Goodbye, ReceiverReport, ReportBlock, SourceDescription};
use rfc3550::{Config, Event, Packet, Session};
use wire::{Input, Instant, Machine, Output, Rng, Transmit};

pub fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

pub fn local() -> SocketAddr {
    address("192.0.2.1:4000")
}

pub fn remote() -> SocketAddr {
    address("192.0.2.2:5000")
}

pub fn rtcp(of: SocketAddr) -> SocketAddr {
    SocketAddr::new(of.ip(), of.port() + 1)
}

pub fn config() -> Config {
    Config::new(local(), remote(), "us@192.0.2.1")
}

pub fn ms(n: u64) -> Instant {
    Instant::from_millis(n)
}

/// One session and the clock of its test.
pub struct Bench {
    pub session: Session,
    pub now: Instant,
}

impl Bench {
    pub fn new(config: Config) -> Bench {
        Bench { session: Session::new(Instant::ZERO, config, Rng::from_u64(7)), now: Instant::ZERO }
    }

    pub fn input(&mut self, local: SocketAddr, remote: SocketAddr, data: Bytes) -> Vec<Output<Event>> {
        self.session.handle(self.now, Input::Datagram { local, remote, data });
        wire::drain(&mut self.session)
    }

    /// An RTP packet from an address.
    pub fn rtp_from(&mut self, from: SocketAddr, ssrc: u32, sequence: u16) -> Vec<Event> {
        events(self.input(local(), from, rtp(ssrc, sequence)))
    }

    pub fn rtp(&mut self, ssrc: u32, sequence: u16) -> Vec<Event> {
        self.rtp_from(remote(), ssrc, sequence)
    }

    /// A compound packet from an address.
    pub fn rtcp_from(&mut self, from: SocketAddr, packets: Vec<rtcp::Packet>) -> Vec<Event> {
        let data = Compound { packets, padding: 0 }.to_bytes().unwrap();
        events(self.input(rtcp(local()), from, data))
    }

    pub fn rtcp(&mut self, packets: Vec<rtcp::Packet>) -> Vec<Event> {
        self.rtcp_from(rtcp(remote()), packets)
    }

    pub fn send(&mut self) -> Vec<Output<Event>> {
        self.session.send(self.now, Bytes::from_static(&[0xff; 160]), 0, 160, false).unwrap();
        wire::drain(&mut self.session)
    }

    /// Lets the time pass up to `until`, waking the session at its deadlines.
    pub fn run(&mut self, until: Instant) -> Vec<Output<Event>> {
        let mut out = Vec::new();
        while let Some(deadline) = self.session.deadline().filter(|d| *d <= until) {
            self.now = self.now.max(deadline);
            self.session.handle(self.now, Input::Time);
            out.extend(wire::drain(&mut self.session));
        }
        self.now = until;
        out
    }

    pub fn wait(&mut self, time: Duration) -> Vec<Output<Event>> {
        self.run(self.now + time)
    }

    /// Runs until the next compound packet goes out.
    pub fn report(&mut self) -> Compound {
        for _ in 0..1000 {
            let deadline = self.session.deadline().expect("joined");
            let out = self.run(deadline);
            if let Some(compound) = compounds(&out).into_iter().next() {
                return compound;
            }
        }
        panic!("no report after a thousand deadlines");
    }
}

pub fn rtp(ssrc: u32, sequence: u16) -> Bytes {
    let payload = Bytes::from_static(&[0xd5; 160]);
    let timestamp = u32::from(sequence).wrapping_mul(160);
    Packet { ssrc, sequence, timestamp, payload_type: 8, payload, ..Packet::default() }.to_bytes()
}

pub fn events(out: Vec<Output<Event>>) -> Vec<Event> {
    out.into_iter().filter_map(|o| if let Output::Event(e) = o { Some(e) } else { None }).collect()
}

pub fn datagrams(out: &[Output<Event>]) -> Vec<(SocketAddr, SocketAddr, Bytes)> {
    out.iter()
        .filter_map(|o| match o {
            Output::Transmit(Transmit::Datagram { local, remote, data }) => Some((*local, *remote, data.clone())),
            _ => None,
        })
        .collect()
}

/// The compound packets among what was sent, the ones that parse as such.
pub fn compounds(out: &[Output<Event>]) -> Vec<Compound> {
    datagrams(out).into_iter().filter_map(|(_, _, data)| Compound::parse(data).ok()).collect()
}

pub fn sequences(events: &[Event]) -> Vec<u32> {
    events.iter().filter_map(|e| if let Event::Rtp { extended, .. } = e { Some(*extended) } else { None }).collect()
}

pub fn rr(ssrc: u32, reports: Vec<ReportBlock>) -> rtcp::Packet {
    rtcp::Packet::ReceiverReport(ReceiverReport { ssrc, reports, extension: Bytes::new() })
}

pub fn cname(ssrc: u32, name: &str) -> rtcp::Packet {
    rtcp::Packet::SourceDescription(SourceDescription { chunks: vec![Chunk::cname(ssrc, name)] })
}

pub fn bye(sources: &[u32]) -> rtcp::Packet {
    rtcp::Packet::Goodbye(Goodbye { sources: sources.to_vec(), reason: Some("gone".into()) })
}
