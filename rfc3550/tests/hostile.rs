//! Bytes from anyone: nothing panics, nothing hangs, nothing grows.

mod common;

use bytes::Bytes;
use common::*;
use proptest::collection::vec;
use proptest::prelude::*;
use rfc3550::rtcp::Compound;
use rfc3550::{Config, Packet, Symmetric, View};
use wire::{Input, Machine};

fn good_compound() -> Bytes {
    let packets = vec![rr(9, vec![Default::default(); 2]), cname(9, "peer@example.com"), bye(&[9, 10])];
    Compound { packets, padding: 4 }.to_bytes().unwrap()
}

#[test]
fn every_truncation_and_every_flipped_bit() {
    for whole in [rtp(1, 2), good_compound()] {
        for len in 0..whole.len() {
            let _ = (Packet::parse(whole.slice(..len)), Compound::parse(whole.slice(..len)));
        }
        for bit in 0..whole.len() * 8 {
            let mut flipped = whole.to_vec();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let _ = View::parse(&flipped).map(|v| (v.payload().len(), v.csrcs().count(), v.extension().is_some()));
            let _ = (Packet::parse(flipped.clone().into()), Compound::parse(flipped.into()));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn parsers_take_any_bytes(mut bytes in vec(any::<u8>(), 0..120), report in any::<bool>()) {
        if let [first, second, l0, ..] = bytes.as_mut_slice() {
            *first = 0x80 | *first & 0x3f;
            if report {
                *second = 200 + *second % 8;
                *l0 = 0;
            }
        }
        let bytes = Bytes::from(bytes);
        if let Ok(packet) = Packet::parse(bytes.clone()) {
            prop_assert_eq!(packet.len(), bytes.len());
        }
        if let Ok(compound) = Compound::parse(bytes) {
            prop_assert!(!compound.packets.is_empty());
            compound.to_bytes().expect("what was parsed can be written");
        }
    }

    #[test]
    fn a_session_takes_any_datagrams(
        datagrams in vec((0..3u8, 0..6u16, vec(any::<u8>(), 0..80), 0..8u16, 0..3_000u64), 1..100),
        symmetric in prop_oneof![Just(Symmetric::Off), Just(Symmetric::SameHost), Just(Symmetric::AnyHost)],
    ) {
        let limits = Config { max_sources: 4, max_queue: 64, max_conflicts: 2, symmetric, ..config() };
        let mut bench = Bench::new(limits);
        let own = bench.session.ssrc();
        for (kind, port, bytes, n, wait) in datagrams {
            let ssrc = if n == 7 { own } else { u32::from(n) };
            let data = match kind {
                0 => Bytes::from(bytes),
                1 => rtp(ssrc, n),
                _ => {
                    let packets = vec![rr(ssrc, vec![]), cname(ssrc, "x"), bye(&[ssrc])];
                    Compound { packets, padding: 0 }.to_bytes().unwrap()
                }
            };
            let (to, from) = (local(), address(&format!("192.0.2.2:{}", 5000 + port)));
            let to = if kind == 2 { rtcp(to) } else { to };
            bench.session.handle(bench.now, Input::Datagram { local: to, remote: from, data });
            let mut outputs = 0;
            while bench.session.poll().is_some() {
                outputs += 1;
                prop_assert!(outputs <= 64);
            }
            let group = bench.session.group();
            prop_assert!(group.members <= 5 && group.senders <= group.members);
            let deadline = bench.session.deadline().expect("still joined");
            prop_assert!(deadline > bench.now);
            bench.wait(std::time::Duration::from_millis(wait));
        }
        prop_assert!(bench.session.stats().sources.len() <= 4);
    }
}
