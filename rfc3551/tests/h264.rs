//! H.264 in RTP: the layout of the payloads, and access units through both ends, with loss between them.

use bytes::Bytes;
use proptest::prelude::*;
use rfc3551::h264::{
    AccessUnit, CLOCK_RATE, Depacketizer, Limits, Mode, NalType, Output, Packetizer, ParameterSets, Payload, TooLong,
    annex_b, length_prefixed,
};

/// Levels and ids of a real encoder; the bodies are made up.
const SPS: &[u8] = &[0x67, 0x42, 0xc0, 0x1e, 0x95, 0xa0];
const PPS: &[u8] = &[0x68, 0xce, 0x3c, 0x80];

fn nal(header: u8, len: usize) -> Bytes {
    // the second byte has the bit that says: the first slice of a picture
    let mut bytes: Vec<u8> = (0..len).map(|n| (n * 7) as u8 | 1).collect();
    bytes[0] = header;
    if len > 1 {
        bytes[1] = 0x88;
    }
    bytes.into()
}

/// The same, but another slice of the picture.
fn further(header: u8, len: usize) -> Bytes {
    let mut bytes = nal(header, len).to_vec();
    bytes[1] = 0x40;
    bytes.into()
}

fn payloads(mode: Mode, max: usize, nals: &[Bytes]) -> Vec<Payload> {
    Packetizer::new(mode, max).packetize(nals).unwrap()
}

fn units(depacketizer: &mut Depacketizer) -> (Vec<AccessUnit>, usize) {
    let (mut units, mut wanted) = (Vec::new(), 0);
    while let Some(output) = depacketizer.pop() {
        match output {
            Output::AccessUnit(unit) => units.push(unit),
            Output::KeyFrameNeeded => wanted += 1,
        }
    }
    (units, wanted)
}

//= rfc6184#5.6/one test
//= rfc6184#5.6/order test
//= rfc6184#5.5/transmission-order test
//= rfc6184#6.2/order test
//= rfc6184#6.2/no-others test
//= rfc6184#5.1/marker test
#[test]
fn mode_0_has_a_unit_a_packet_and_refuses_what_does_not_fit() {
    let picture = [Bytes::from_static(SPS), Bytes::from_static(PPS), nal(0x65, 900), further(0x65, 1200)];
    let out = payloads(Mode::SingleNal, 1200, &picture);
    assert_eq!(out.iter().map(|p| p.payload.clone()).collect::<Vec<_>>(), picture);
    assert_eq!(out.iter().map(|p| p.marker).collect::<Vec<_>>(), [false, false, false, true]);
    let refused = Packetizer::new(Mode::SingleNal, 1200).packetize(&[nal(0x41, 10), further(0x41, 1201)]);
    assert_eq!(refused, Err(TooLong(1201)));
}

//= rfc6184#5.7/type test
//= rfc6184#5.7/f-bit test
//= rfc6184#5.7/nri test
//= rfc6184#5.7/one-time test
//= rfc6184#5.5/order-in-aggregate test
#[test]
fn small_neighbours_share_a_stap() {
    let out = payloads(Mode::NonInterleaved, 100, &[nal(0x06, 3), nal(0xa1, 2), further(0x41, 4)]);
    // F from the second, NRI 2 as the greatest, type 24
    let expected = [0xd8, 0, 3, 0x06, 0x88, 15, 0, 2, 0xa1, 0x88, 0, 4, 0x41, 0x40, 15, 21];
    assert_eq!(out, [Payload { payload: Bytes::copy_from_slice(&expected), marker: true }]);
}

//= rfc6184#5.7/fits test
//= rfc6184#5.7/not-nested test
//= rfc6184#5.7/no-fragments test
#[test]
fn an_aggregate_never_exceeds_the_payload() {
    let nals = [nal(0x41, 40), further(0x41, 40), further(0x41, 14), further(0x41, 95), nal(0x78, 20), nal(0x7c, 20)];
    let out = payloads(Mode::NonInterleaved, 100, &nals);
    // 1 + 2 x 42 leaves 15: the third would need 16; units of types 24 and 28 are none and are left out
    assert_eq!(out.iter().map(|p| p.payload.len()).collect::<Vec<_>>(), [85, 14, 95]);
}

//= rfc6184#5.8/whole test
//= rfc6184#5.8/consecutive test
//= rfc6184#5.8/nri test
//= rfc6184#5.8/reserved test
//= rfc6184#5.8/not-alone test
//= rfc6184#5.8/not-nested test
//= rfc6184#6.3/order test
//= rfc6184#6.3/no-others test
//= rfc6184#5.8/fu-b test
#[test]
fn a_long_unit_goes_out_in_fragments() {
    for len in [101, 102, 196, 197, 198, 199, 295, 1000] {
        let unit = nal(0x65, len);
        let out = payloads(Mode::NonInterleaved, 100, std::slice::from_ref(&unit));
        assert!(out.len() >= 2, "{len}");
        let mut body = Vec::new();
        for (n, Payload { payload, marker }) in out.iter().enumerate() {
            let last = n == out.len() - 1;
            assert!(payload.len() <= 100 && payload.len() > 2);
            assert_eq!(payload[0], 0x7c, "NRI 3, type 28");
            assert_eq!(payload[1], u8::from(n == 0) << 7 | u8::from(last) << 6 | 5);
            assert_eq!(*marker, last);
            body.extend_from_slice(&payload[2..]);
        }
        assert_eq!(body, unit[1..]);
    }
}

//= rfc6184#6.1/duplicates-harmless test
//= rfc6184#8.2.2/in-band test
#[test]
fn parameter_sets_stand_before_every_idr_picture() {
    let mut packetizer = Packetizer::new(Mode::SingleNal, 1400);
    let (sps, pps) = (Bytes::from_static(SPS), Bytes::from_static(PPS));
    packetizer.add_parameter_sets(&ParameterSets::new([&sps]));
    packetizer.packetize(&[pps.clone(), nal(0x41, 9)]).unwrap();
    let kinds = |nals: &[Bytes], packetizer: &mut Packetizer| -> Vec<u8> {
        packetizer.packetize(nals).unwrap().iter().map(|p| p.payload[0] & 31).collect()
    };
    assert_eq!(kinds(&[nal(0x09, 2), nal(0x65, 9), further(0x65, 9)], &mut packetizer), [7, 8, 5, 5]);
    assert_eq!(kinds(&[nal(0x41, 9)], &mut packetizer), [1]);
    assert_eq!(kinds(&[pps, nal(0x65, 9)], &mut packetizer), [7, 8, 5], "not twice");
    packetizer.reset();
    assert_eq!(kinds(&[nal(0x65, 9)], &mut packetizer), [5]);
    assert_eq!(CLOCK_RATE, 90_000);
}

//= rfc6184#5.1/clock test
#[test]
fn the_table_of_encodings_knows_the_same_clock() {
    assert_eq!(rfc3551::Encoding::dynamic("H264").unwrap().clock_rate, Some(CLOCK_RATE));
}

//= rfc6184#6.2/receive test
//= rfc6184#7.1/order test
#[test]
fn all_kinds_of_payloads_make_one_unit() {
    let mut depacketizer = Depacketizer::new(Limits::default());
    let stap = [&[0x78, 0, 6][..], SPS, &[0, 4], PPS].concat();
    for (n, payload) in
        [&stap[..], &[0x65, 0x88, 1], &[0x7c, 0x85, 0x40, 2], &[0x7c, 0x05, 3], &[0x7c, 0x45, 4]].iter().enumerate()
    {
        depacketizer.push(65_533_u16.wrapping_add(n as u16), 7, n == 4, &Bytes::copy_from_slice(payload));
    }
    let (units, wanted) = units(&mut depacketizer);
    let expected = [SPS, PPS, &[0x65, 0x88, 1], &[0x65, 0x40, 2, 3, 4]];
    assert_eq!(units.len(), 1);
    assert_eq!(units[0].nal_units, expected);
    assert!(units[0].key_frame && !units[0].after_loss && wanted == 0);
    assert!(depacketizer.parameter_sets().is_complete());
}

#[test]
fn parameter_sets_alone_are_kept_and_are_no_picture() {
    let mut depacketizer = Depacketizer::new(Limits::default());
    depacketizer.push(1, 7, true, &Bytes::from_static(SPS));
    depacketizer.push(2, 7, true, &Bytes::from_static(PPS));
    assert_eq!(depacketizer.pop(), None);
    assert!(depacketizer.parameter_sets().is_complete());
}

//= rfc6184#5.1/marker-unsure test
#[test]
fn without_a_marker_the_next_timestamp_ends_a_unit() {
    let mut depacketizer = Depacketizer::new(Limits::default());
    for (sequence, timestamp) in [(1, 0), (2, 0), (3, 3000), (4, 6000)] {
        depacketizer.push(sequence, timestamp, false, &if sequence == 2 { further(0x41, 9) } else { nal(0x41, 9) });
    }
    let (units, _) = units(&mut depacketizer);
    assert_eq!(units.iter().map(|u| (u.timestamp, u.nal_units.len())).collect::<Vec<_>>(), [(0, 2), (3000, 1)]);
}

//= rfc6184#5.8/receive-order test
#[test]
fn a_lost_packet_drops_its_picture_and_no_other() {
    let stream: Vec<(u32, Payload)> = (0..6)
        .flat_map(|n| {
            let header = if n % 4 == 0 { 0x65 } else { 0x41 };
            let nals = [Bytes::from_static(SPS), Bytes::from_static(PPS), nal(header, 250), further(header, 50)];
            payloads(Mode::NonInterleaved, 100, &nals).into_iter().map(move |p| (n * 3000, p))
        })
        .collect();
    let of = |lost: usize| -> Vec<u32> {
        let mut depacketizer = Depacketizer::new(Limits::default());
        for (n, (timestamp, payload)) in stream.iter().enumerate().filter(|(n, _)| *n != lost) {
            depacketizer.push(n as u16, *timestamp, payload.marker, &payload.payload);
        }
        let (units, wanted) = units(&mut depacketizer);
        assert!(wanted >= usize::from(lost > 0 && lost < stream.len() - 1));
        let pending = |u: &AccessUnit| u.after_loss && u.timestamp >= 4 * 3000;
        assert!(stream[lost].0 >= 4 * 3000 || !units.iter().any(pending), "the key frame ends the doubt");
        units.iter().map(|u| u.timestamp).collect()
    };
    for (lost, (timestamp, _)) in stream.iter().enumerate() {
        let expected: Vec<u32> = (0..6).map(|n| n * 3000).filter(|t| t != timestamp).collect();
        // A lost first packet, with parameter sets alone, cannot be told from one that never was; nor can a lost end.
        let first = lost == 0 || stream[lost - 1].0 != *timestamp;
        let seen = of(lost);
        assert!(seen == expected || first && seen.len() == 6, "{lost}: {seen:?}");
    }
}

#[test]
fn a_lost_beginning_is_told_from_a_lost_picture() {
    let run = |slice: Bytes| {
        let mut depacketizer = Depacketizer::new(Limits::default());
        depacketizer.push(1, 0, true, &nal(0x65, 9));
        depacketizer.push(3, 6000, true, &slice);
        let (units, wanted) = units(&mut depacketizer);
        (units.len(), units.last().map(|u| u.after_loss), wanted)
    };
    assert_eq!(run(nal(0x41, 9)), (2, Some(true), 1), "a picture of its own was lost before it");
    assert_eq!(run(further(0x41, 9)), (1, Some(false), 1), "its first slice was lost");
}

//= rfc6184#8.2.2/per-source test
//= rfc6184#8.4/per-source test
//= rfc6184#8.2.2/out-of-band test
#[test]
fn another_source_has_parameter_sets_of_its_own() {
    let mut depacketizer = Depacketizer::new(Limits::default());
    let sets = ParameterSets::new(&[Bytes::from_static(SPS), Bytes::from_static(PPS)]);
    depacketizer.add_parameter_sets(&sets);
    assert_eq!(depacketizer.parameter_sets(), &sets);
    depacketizer.reset();
    assert_eq!(depacketizer.parameter_sets(), &ParameterSets::default());
}

fn access_unit() -> impl Strategy<Value = Vec<Bytes>> {
    let slice = (1_usize..6000, any::<u64>()).prop_map(|(len, seed)| {
        let mut state = seed | 1;
        let mut body: Vec<u8> = std::iter::repeat_with(|| {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (state >> 56) as u8
        })
        .take(len)
        .collect();
        body[0] |= 0x80;
        body
    });
    (any::<bool>(), prop::collection::vec(slice, 1..6)).prop_map(|(key, bodies)| {
        let header = if key { 0x65 } else { 0x41 };
        let slices = bodies.into_iter().map(|body| Bytes::from([&[header][..], &body].concat()));
        let sets = [Bytes::from_static(SPS), Bytes::from_static(PPS)].into_iter().filter(|_| key);
        sets.chain(slices).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn whatever_goes_in_comes_out(units in prop::collection::vec(access_unit(), 1..5), max in 16_usize..1500) {
        let mut packetizer = Packetizer::new(Mode::NonInterleaved, max);
        let mut depacketizer = Depacketizer::new(Limits::default());
        let mut sequence = 65_500_u16;
        let mut seen = Vec::new();
        for (n, unit) in units.iter().enumerate() {
            for payload in packetizer.packetize(unit).unwrap() {
                prop_assert!(payload.payload.len() <= max);
                depacketizer.push(sequence, n as u32 * 3000, payload.marker, &payload.payload);
                sequence = sequence.wrapping_add(1);
            }
            while let Some(Output::AccessUnit(unit)) = depacketizer.pop() {
                seen.push(unit.nal_units);
            }
        }
        prop_assert_eq!(seen, units);
    }

    #[test]
    fn both_ways_to_frame_units_read_back(unit in access_unit(), size in 2_usize..5) {
        let (mut stream, mut body) = (Vec::new(), Vec::new());
        for nal in &unit {
            let mut nal = nal.to_vec();
            nal.iter_mut().for_each(|byte| *byte |= 1); // no start code inside, no zero at the end
            stream.extend([&[0, 0, 1][..], &nal].concat());
            body.extend(&(nal.len() as u32).to_be_bytes()[4 - size..]);
            body.extend(nal);
        }
        let units: Vec<Bytes> = annex_b(&stream.into()).collect();
        prop_assert_eq!(units.len(), unit.len());
        prop_assert_eq!(units, length_prefixed(&body.into(), size).collect::<Vec<_>>());
    }

    #[test]
    fn numbers_of_types_survive(number in 0_u8..32) {
        prop_assert_eq!(NalType::from_number(number).number(), number);
    }
}
