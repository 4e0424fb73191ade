//! H.264 payloads that nobody should send.

use bytes::Bytes;
use proptest::prelude::*;
use rfc3551::h264::{Depacketizer, Fmtp, Limits, Output, ParameterSets, annex_b, length_prefixed};

fn slice(len: usize) -> Bytes {
    let mut bytes = vec![0x88; len];
    bytes[0] = 0x41;
    bytes.into()
}

/// What comes of one picture made of `payloads`, before a good one: the number of units, and whether any payload was
/// found invalid.
fn outcome(payloads: &[&[u8]]) -> (usize, bool) {
    let mut depacketizer = Depacketizer::new(Limits::default());
    for (n, payload) in payloads.iter().enumerate() {
        depacketizer.push(n as u16, 0, false, &Bytes::copy_from_slice(payload));
    }
    depacketizer.push(payloads.len() as u16, 3000, true, &slice(9));
    let units = std::iter::from_fn(|| depacketizer.pop()).filter(|o| matches!(o, Output::AccessUnit(_))).count();
    (units, depacketizer.stats().invalid > 0)
}

//= rfc6184#5.4/reserved test
#[test]
fn what_no_mode_here_has_spoils_its_picture_and_nothing_else() {
    for payload in [&[][..], &[0], &[0x1e, 1], &[0x1f], &[0x19, 0, 1, 1], &[0x1a, 1], &[0x1b], &[0x1d, 0x85, 0, 0, 1]] {
        assert_eq!(outcome(&[&[0x41, 0x88], payload]), (1, true), "{payload:?}");
    }
}

#[test]
fn aggregates_with_wrong_lengths() {
    assert_eq!(outcome(&[&[0x78, 0, 9, 0x41, 0x88]]), (1, true), "beyond the end");
    assert_eq!(outcome(&[&[0x78, 0, 4, 0x78, 0, 1, 1]]), (1, true), "nested");
    assert_eq!(outcome(&[&[0x78, 0, 2, 0x41, 0x88, 0, 0, 0]]), (2, false), "empty units mean nothing");
    assert_eq!(outcome(&[&[0x78]]), (1, false), "nothing in it");
}

//= rfc6184#5.8/reserved-ignored test
#[test]
fn fragments_that_do_not_fit_together() {
    assert_eq!(outcome(&[&[0x7c, 0xa1, 0x88], &[0x7c, 0x61, 2]]), (2, false), "the reserved bit means nothing");
    assert_eq!(outcome(&[&[0x7c, 0x05, 1], &[0x7c, 0x45, 2]]), (1, true), "no start");
    assert_eq!(outcome(&[&[0x7c, 0x85, 1], &[0x7c, 0x85, 2]]), (1, true), "two starts");
    assert_eq!(outcome(&[&[0x7c, 0x85, 1], &[0x7c, 0x41, 2]]), (1, true), "another type");
    assert_eq!(outcome(&[&[0x7c, 0x85, 1], &[0x41, 0x88]]), (1, true), "something between");
    assert_eq!(outcome(&[&[0x7c, 0x9c, 1], &[0x7c, 0x5c, 1]]), (1, true), "a fragment of a fragment");
    assert_eq!(outcome(&[&[0x7c]]), (1, true), "no header");
    assert_eq!(outcome(&[&[0x7c, 0x85, 0x88]]), (1, false), "no end");
    assert_eq!(outcome(&[&[0x7c, 0xc1, 0x88]]), (2, false), "start and end in one: forbidden, but plain");
}

#[test]
fn the_bytes_of_a_unit_are_bounded() {
    let limits = Limits { bytes: 1000, ..Limits::default() };
    for fragments in [false, true] {
        let mut depacketizer = Depacketizer::new(limits);
        for n in 0..60_000_u16 {
            let mut payload = slice(300).to_vec();
            if fragments {
                payload[..2].copy_from_slice(&[0x7c, if n == 0 { 0x81 } else { 0x01 }]);
            }
            depacketizer.push(n, 0, false, &payload.into());
        }
        depacketizer.push(60_000, 3000, true, &slice(300));
        assert_eq!(depacketizer.stats().damaged, 1);
        assert_eq!(depacketizer.stats().access_units, 1, "and the next is fine");
    }
}

#[test]
fn the_units_and_outputs_are_bounded() {
    let limits = Limits { nal_units: 3, outputs: 2, ..Limits::default() };
    let mut depacketizer = Depacketizer::new(limits);
    for (timestamp, count) in [(0, 4), (1, 3)] {
        for n in 0..count {
            depacketizer.push(timestamp as u16 * 4 + n, timestamp, n + 1 == count, &slice(2));
        }
    }
    assert_eq!((depacketizer.stats().damaged, depacketizer.stats().access_units), (1, 1));
    for n in 0..100 {
        depacketizer.push(7 + n, 9 + u32::from(n), true, &slice(2));
    }
    assert_eq!(std::iter::from_fn(|| depacketizer.pop()).count(), 2);
}

#[test]
fn parameter_sets_are_bounded() {
    let mut sets = ParameterSets::default();
    assert!(!sets.insert(&Bytes::from_static(&[0x67, 0x42])), "no id");
    assert!(!sets.insert(&Bytes::from_static(&[0x67, 0x42, 0, 30, 0x04, 0x20])), "id 32");
    let mut long = vec![0x80; 1025];
    long[0] = 0x68;
    assert!(!sets.insert(&long.into()), "too long");
    assert!(!sets.insert(&Bytes::new()) && !sets.insert(&slice(9)));
    for id in 0..256_u32 {
        // 17 bits are enough for any of the ids
        let number = u64::from(id + 1) << (63 - 2 * (id + 1).ilog2());
        sets.insert(&[&[0x68][..], &number.to_be_bytes()].concat().into());
    }
    assert_eq!(sets.pps().count(), 256);
}

#[test]
fn repeated_and_late_packets_are_dropped() {
    let mut depacketizer = Depacketizer::new(Limits::default());
    for sequence in [10, 10, 9, 11] {
        depacketizer.push(sequence, u32::from(sequence), true, &slice(9));
    }
    assert_eq!((depacketizer.stats().late, depacketizer.stats().lost), (2, 0));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn nothing_that_comes_in_breaks_it(
        packets in prop::collection::vec(
            (0_u16..4, 0_u32..3, any::<bool>(), prop::collection::vec(any::<u8>(), 0..40)), 0..60),
    ) {
        let mut depacketizer = Depacketizer::new(Limits { bytes: 300, nal_units: 8, outputs: 8 });
        let mut sequence = 0_u16;
        for (step, timestamp, marker, payload) in packets {
            sequence = sequence.wrapping_add(step);
            depacketizer.push(sequence, timestamp, marker, &payload.into());
            while let Some(output) = depacketizer.pop() {
                if let Output::AccessUnit(unit) = output {
                    prop_assert!(unit.nal_units.iter().map(Bytes::len).sum::<usize>() <= 300);
                    prop_assert!(unit.nal_units.iter().all(|nal| matches!(nal[0] & 31, 1..=23)));
                }
            }
        }
    }

    #[test]
    fn any_text_and_any_bytes_can_be_read(text in "[a-z=;, 0-9-]{0,80}|.{0,60}", bytes in prop::collection::vec(0_u8..4, 0..60)) {
        if let Ok(fmtp) = text.parse::<Fmtp>() {
            prop_assert_eq!(fmtp.to_string().parse::<Fmtp>(), Ok(fmtp));
        }
        let bytes = Bytes::from(bytes);
        let all = |units: Vec<Bytes>| units.iter().map(Bytes::len).sum::<usize>();
        prop_assert!(all(annex_b(&bytes).collect()) <= bytes.len());
        prop_assert!(all(length_prefixed(&bytes, 1).collect()) <= bytes.len());
    }
}
