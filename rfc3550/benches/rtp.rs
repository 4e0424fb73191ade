//! Reading and writing RTP packets, here and in the `rtp` crate, and what the machines around them cost.

use bytes::{Bytes, BytesMut};
use divan::{Bencher, black_box};
use rfc3550::rtcp::Compound;
use rfc3550::{Config, Csrcs, Extension, JitterBuffer, JitterConfig, Packet, Session, View};
use rtp::packet::Packet as Foreign;
use webrtc_util::marshal::{Marshal, Unmarshal};
use wire::{Input, Instant, Machine, Rng};

fn main() {
    divan::main();
}

/// 20 ms of G.711.
fn plain() -> Bytes {
    let payload = Bytes::from_static(&[0xd5; 160]);
    Packet { payload_type: 8, sequence: 7, timestamp: 1120, ssrc: 99, payload, ..Packet::default() }.to_bytes()
}

/// The same with two contributing sources, an extension and padding.
fn full() -> Bytes {
    let mut packet = Packet::parse(plain()).unwrap();
    packet.csrcs = Csrcs::new(&[1, 2]).unwrap();
    packet.extension = Some(Extension::new(0x77, vec![1, 2, 3, 4, 5, 6, 7, 8]).unwrap());
    packet.padding = 4;
    packet.to_bytes()
}

#[divan::bench(args = ["plain", "full"])]
fn parse_view(bencher: Bencher, kind: &str) {
    let bytes = if kind == "plain" { plain() } else { full() };
    bencher.bench_local(|| {
        let view = View::parse(black_box(&bytes)).unwrap();
        (view.ssrc(), view.sequence(), view.timestamp(), view.payload().len())
    });
}

#[divan::bench(args = ["plain", "full"])]
fn parse_packet(bencher: Bencher, kind: &str) {
    let bytes = if kind == "plain" { plain() } else { full() };
    bencher.with_inputs(|| bytes.clone()).bench_local_values(|bytes| Packet::parse(bytes).unwrap());
}

#[divan::bench(args = ["plain", "full"])]
fn parse_rtp_crate(bencher: Bencher, kind: &str) {
    let bytes = if kind == "plain" { plain() } else { full() };
    bencher.with_inputs(|| bytes.clone()).bench_local_values(|mut bytes| Foreign::unmarshal(&mut bytes).unwrap());
}

#[divan::bench(args = ["plain", "full"])]
fn write_packet(bencher: Bencher, kind: &str) {
    let packet = Packet::parse(if kind == "plain" { plain() } else { full() }).unwrap();
    bencher.bench_local(|| black_box(&packet).to_bytes());
}

#[divan::bench(args = ["plain", "full"])]
fn write_packet_into(bencher: Bencher, kind: &str) {
    let packet = Packet::parse(if kind == "plain" { plain() } else { full() }).unwrap();
    let mut out = BytesMut::with_capacity(2048);
    bencher.bench_local(|| {
        out.clear();
        black_box(&packet).write(&mut out);
        out.len()
    });
}

#[divan::bench(args = ["plain", "full"])]
fn write_rtp_crate(bencher: Bencher, kind: &str) {
    let packet = Foreign::unmarshal(&mut if kind == "plain" { plain() } else { full() }).unwrap();
    bencher.bench_local(|| black_box(&packet).marshal().unwrap());
}

#[divan::bench(args = ["plain", "full"])]
fn write_rtp_crate_into(bencher: Bencher, kind: &str) {
    let packet = Foreign::unmarshal(&mut if kind == "plain" { plain() } else { full() }).unwrap();
    let mut out = vec![0; 2048];
    bencher.bench_local(|| black_box(&packet).marshal_to(&mut out).unwrap());
}

fn session() -> Session {
    let config = Config::new("192.0.2.1:4000".parse().unwrap(), "192.0.2.2:5000".parse().unwrap(), "bench");
    Session::new(Instant::ZERO, config, Rng::from_u64(1))
}

/// One packet in, one event out.
#[divan::bench]
fn session_receive(bencher: Bencher) {
    let mut session = session();
    let (local, remote) = ("192.0.2.1:4000".parse().unwrap(), "192.0.2.2:5000".parse().unwrap());
    let mut packet = Packet::parse(plain()).unwrap();
    let mut sequence = 0u16;
    bencher
        .with_inputs(|| {
            sequence = sequence.wrapping_add(1);
            packet.sequence = sequence;
            packet.timestamp = packet.timestamp.wrapping_add(160);
            packet.to_bytes()
        })
        .bench_local_values(|data| {
            session.handle(Instant::ZERO, Input::Datagram { local, remote, data });
            session.poll()
        });
}

/// One payload in, one datagram out.
#[divan::bench]
fn session_send(bencher: Bencher) {
    let mut session = session();
    let payload = Bytes::from_static(&[0xd5; 160]);
    bencher.bench_local(|| {
        session.send(Instant::ZERO, payload.clone(), 8, 160, false).unwrap();
        session.poll()
    });
}

/// One packet in, one out.
#[divan::bench]
fn jitter_buffer(bencher: Bencher) {
    let mut buffer = JitterBuffer::new(JitterConfig::new(8000));
    let mut packet = Packet::parse(plain()).unwrap();
    let mut n = 0u64;
    bencher.bench_local(|| {
        n += 1;
        packet.sequence = n as u16;
        packet.timestamp = (n * 160) as u32;
        let now = Instant::from_millis(n * 20);
        buffer.push(now, packet.clone());
        buffer.pop(now)
    });
}

#[divan::bench]
fn parse_compound(bencher: Bencher) {
    let mut alice = session();
    alice.send(Instant::ZERO, Bytes::from_static(&[0; 160]), 8, 160, false).unwrap();
    alice.leave(Instant::ZERO, "done");
    let bytes = wire::drain(&mut alice)
        .into_iter()
        .find_map(|output| match output {
            wire::Output::Transmit(wire::Transmit::Datagram { data, .. }) if data[1] == 201 => Some(data),
            _ => None,
        })
        .unwrap();
    bencher.with_inputs(|| bytes.clone()).bench_local_values(|bytes| Compound::parse(bytes).unwrap());
}
