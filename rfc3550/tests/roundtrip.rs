//! What is written is read back, and what was read is written again.

use bytes::Bytes;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use rfc3550::rtcp::{
    self, App, Chunk, Compound, Goodbye, Item, ItemType, Other, ReceiverReport, ReportBlock, SenderInfo, SenderReport,
    SourceDescription,
};
use rfc3550::{Csrcs, Extension, NtpTime, Packet, View};

fn bytes(len: impl Into<proptest::collection::SizeRange>) -> impl Strategy<Value = Bytes> {
    vec(any::<u8>(), len).prop_map(Bytes::from)
}

fn words(max: usize) -> impl Strategy<Value = Bytes> {
    vec(any::<[u8; 4]>(), 0..=max).prop_map(|words| words.concat().into())
}

fn packet() -> impl Strategy<Value = Packet> {
    let extension = option::of((any::<u16>(), words(4))).prop_map(|e| e.map(|(p, d)| Extension::new(p, d).unwrap()));
    let numbers = (any::<bool>(), 0..128u8, any::<u16>(), any::<u32>(), any::<u32>());
    (numbers, vec(any::<u32>(), 0..=15), extension, bytes(0..200), prop_oneof![Just(0), any::<u8>()])
        .prop_filter("an RTCP report's type", |((m, pt, ..), ..)| !(*m && (72..=73).contains(pt)))
        .prop_map(|((marker, payload_type, sequence, timestamp, ssrc), csrcs, extension, payload, padding)| {
            let csrcs = Csrcs::new(&csrcs).unwrap();
            Packet { marker, payload_type, sequence, timestamp, ssrc, csrcs, extension, payload, padding }
        })
}

fn block() -> impl Strategy<Value = ReportBlock> {
    (any::<[u32; 5]>(), any::<u8>(), -0x80_0000..0x80_0000i32).prop_map(|(n, fraction_lost, lost)| ReportBlock {
        ssrc: n[0],
        fraction_lost,
        lost,
        highest: n[1],
        jitter: n[2],
        last_sr: n[3],
        delay_since_last_sr: n[4],
    })
}

fn report() -> impl Strategy<Value = rtcp::Packet> {
    let info = (any::<u64>(), any::<[u32; 3]>()).prop_map(|(ntp, n)| SenderInfo {
        ntp: NtpTime(ntp),
        rtp: n[0],
        packets: n[1],
        octets: n[2],
    });
    (any::<u32>(), option::of(info), vec(block(), 0..=31), words(3)).prop_map(|(ssrc, info, reports, extension)| {
        match info {
            Some(info) => rtcp::Packet::SenderReport(SenderReport { ssrc, info, reports, extension }),
            None => rtcp::Packet::ReceiverReport(ReceiverReport { ssrc, reports, extension }),
        }
    })
}

fn item() -> impl Strategy<Value = Item> {
    let kind = prop_oneof![
        Just(ItemType::Cname),
        Just(ItemType::Name),
        Just(ItemType::Email),
        Just(ItemType::Phone),
        Just(ItemType::Loc),
        Just(ItemType::Tool),
        Just(ItemType::Note),
        Just(ItemType::Priv),
        (9..=255u8).prop_map(ItemType::Other),
    ];
    (kind, bytes(0..=255)).prop_map(|(kind, value)| Item { kind, value })
}

fn other() -> impl Strategy<Value = rtcp::Packet> {
    let chunk = (any::<u32>(), vec(item(), 0..4)).prop_map(|(ssrc, items)| Chunk { ssrc, items });
    let numbers = || (any::<u32>(), 0..32u8);
    prop_oneof![
        report(),
        vec(chunk, 0..5).prop_map(|chunks| rtcp::Packet::SourceDescription(SourceDescription { chunks })),
        (vec(any::<u32>(), 0..=31), option::of(bytes(0..=255)))
            .prop_map(|(sources, reason)| rtcp::Packet::Goodbye(Goodbye { sources, reason })),
        (numbers(), any::<[u8; 4]>(), words(5)).prop_map(|((ssrc, subtype), name, data)| rtcp::Packet::App(App {
            subtype,
            ssrc,
            name,
            data
        })),
        (prop_oneof![0..200u8, 205..=255u8], 0..32u8, words(5))
            .prop_map(|(packet_type, count, body)| rtcp::Packet::Other(Other { packet_type, count, body })),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn rtp_packets(packet in packet()) {
        let written = packet.to_bytes();
        prop_assert_eq!(written.len(), packet.len());
        let view = View::parse(&written).unwrap();
        prop_assert_eq!(view.payload(), &packet.payload[..]);
        prop_assert_eq!(view.padding(), packet.padding);
        prop_assert!(view.csrcs().eq(packet.csrcs.as_slice().iter().copied()));
        prop_assert_eq!(view.extension(), packet.extension.as_ref().map(|e| (e.profile(), &e.data()[..])));
        prop_assert_eq!(Packet::parse(written).unwrap(), packet);
    }

    //= rfc3550#6.1/aligned test
    #[test]
    fn compounds(first in report(), rest in vec(other(), 0..6), padding in (0..=63u8).prop_map(|n| 4 * n)) {
        let packets: Vec<_> = std::iter::once(first).chain(rest).collect();
        // The first packet of a compound must not be padded, so that a lone one cannot be.
        let padding = if packets.len() == 1 { 0 } else { padding };
        let compound = Compound { packets, padding };
        let written = compound.to_bytes().unwrap();
        prop_assert_eq!(written.len() % 4, 0);
        prop_assert_eq!(Compound::parse(written).unwrap(), compound);
    }

    #[test]
    fn whatever_parses_prints_the_same(mut datagram in vec(any::<u8>(), 12..80)) {
        datagram[0] = 0x80 | datagram[0] & 0x1f; // version 2, no padding whose bytes could be anything
        let datagram = Bytes::from(datagram);
        if let Ok(packet) = Packet::parse(datagram.clone()) {
            prop_assert_eq!(packet.to_bytes(), datagram);
        }
    }
}
