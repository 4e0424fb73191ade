//! The same bytes through this room and through the `rtp` crate.

use bytes::Bytes;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use rfc3550::{ConvertError, Csrcs, EncodeError, Extension, Packet, ParseError};
use rtp::header::Extension as Element;
use rtp::packet::Packet as Foreign;
use webrtc_util::marshal::{Marshal, Unmarshal};

/// A packet without an extension of RFC 8285, whose elements the other crate regroups.
fn packet() -> impl Strategy<Value = Packet> {
    let data = vec(any::<[u8; 4]>(), 0..4).prop_map(|words| words.concat());
    let extension = option::of((0..0x1000u16, data)).prop_map(|e| e.map(|(p, d)| Extension::new(p, d).unwrap()));
    let numbers = (any::<bool>(), 0..72u8, any::<u16>(), any::<u32>(), any::<u32>());
    (numbers, vec(any::<u32>(), 0..=15), extension, vec(any::<u8>(), 0..100)).prop_map(
        |((marker, payload_type, sequence, timestamp, ssrc), csrcs, extension, payload)| {
            let csrcs = Csrcs::new(&csrcs).unwrap();
            let payload = Bytes::from(payload);
            Packet { marker, payload_type, sequence, timestamp, ssrc, csrcs, extension, payload, padding: 0 }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn both_write_the_same(packet in packet(), padded in any::<bool>()) {
        let padding = if padded { (4 - packet.payload.len() % 4) as u8 } else { 0 };
        let packet = Packet { padding, ..packet };
        let foreign = Foreign::try_from(packet.clone()).unwrap();
        prop_assert_eq!(foreign.marshal().unwrap(), packet.to_bytes());
        prop_assert_eq!(Packet::try_from(foreign).unwrap(), packet);
    }

    #[test]
    fn both_read_the_same(packet in packet()) {
        let bytes = packet.to_bytes();
        let foreign = Foreign::unmarshal(&mut bytes.clone()).unwrap();
        prop_assert_eq!(Packet::try_from(foreign).unwrap(), Packet::parse(bytes).unwrap());
    }

    /// Bytes that are hardly a packet: whoever accepts them must read the same. The other crate checks less: it takes any
    /// version, types that look like RTCP and a padding count of zero.
    #[test]
    fn both_judge_the_same(mut bytes in vec(any::<u8>(), 12..60)) {
        bytes[0] &= 0xef; // its extension parser may panic on elements that run past the end
        let bytes = Bytes::from(bytes);
        let theirs = Foreign::unmarshal(&mut bytes.clone());
        match (Packet::parse(bytes.clone()), theirs) {
            (Ok(ours), Ok(theirs)) => {
                prop_assert_eq!(&ours.payload, &theirs.payload);
                prop_assert_eq!(ours.csrcs.as_slice(), &theirs.header.csrc[..]);
                prop_assert_eq!(ours.timestamp, theirs.header.timestamp);
                prop_assert_eq!(ours.sequence, theirs.header.sequence_number);
            }
            (Err(_), Err(_)) => {}
            (Err(ParseError::Version(_) | ParseError::ReservedPayloadType), Ok(_)) => {}
            (Err(ParseError::Padding), Ok(_)) => prop_assert_eq!(bytes.last(), Some(&0)),
            (ours, theirs) => prop_assert!(false, "{:?} but {:?}", ours, theirs.map(|p| p.to_string())),
        }
    }

    #[test]
    fn elements_of_extensions_survive(
        lists in vec((1..15u8, vec(any::<u8>(), 1..=16)), 0..5),
        two_byte in any::<bool>(),
    ) {
        let elements = lists.into_iter().map(|(id, payload)| Element { id, payload: payload.into() });
        let mut foreign = Foreign::default();
        foreign.header.version = 2;
        foreign.header.extension = true;
        foreign.header.extension_profile = if two_byte { 0x1000 } else { 0xbede };
        foreign.header.extensions = elements.collect();
        let ours = Packet::try_from(foreign.clone()).unwrap();
        let back = Foreign::try_from(ours).unwrap();
        prop_assert_eq!(back.header.extensions, foreign.header.extensions);
    }
}

#[test]
fn what_the_other_crate_can_hold_and_rtp_cannot() {
    let foreign = |change: fn(&mut Foreign)| {
        let mut packet = Foreign::default();
        packet.header.version = 2;
        change(&mut packet);
        Packet::try_from(packet)
    };
    assert!(foreign(|_| {}).is_ok());
    assert_eq!(foreign(|p| p.header.version = 1), Err(ConvertError::Version(1)));
    assert_eq!(foreign(|p| p.header.csrc = vec![0; 16]), Err(ConvertError::Header(EncodeError::TooMany)));
    assert_eq!(foreign(|p| p.header.extension = true), Err(ConvertError::Elements));
    let broken = Extension::new(0xbede, vec![0x1f, 0, 0, 0]).unwrap(); // sixteen bytes promised, three there
    let packet = Packet { extension: Some(broken), ..Packet::default() };
    assert_eq!(Foreign::try_from(packet).err(), Some(ConvertError::Elements));
}
