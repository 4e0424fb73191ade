//! G.711 against the values of its tables, and every sample against the nearest value.

use rfc3551::g711::Law;

//= rfc3551#4.5.14/mu-law test
#[test]
fn mu_law_decodes_to_the_values_of_table_2() {
    let table = [
        (0x80, 32124),
        (0x81, 31100),
        (0x8f, 16764),
        (0x90, 15996),
        (0xa0, 7932),
        (0xb0, 3900),
        (0xc0, 1884),
        (0xd0, 876),
        (0xe0, 372),
        (0xf0, 120),
        (0xfe, 8),
        (0xff, 0),
    ];
    for (code, sample) in table {
        assert_eq!(Law::Mu.decode_sample(code), sample, "{code:#x}");
        assert_eq!(Law::Mu.decode_sample(code ^ 0x80), -sample, "the top bit of {code:#x} is the sign");
    }
}

//= rfc3551#4.5.14/a-law test
#[test]
fn a_law_decodes_to_the_values_of_table_1() {
    for (code, sample) in [(0xaa, 32256), (0x80, 5504), (0xd5, 8), (0xd4, 24), (0x95, 2112)] {
        assert_eq!(Law::A.decode_sample(code), sample, "{code:#x}");
        assert_eq!(Law::A.decode_sample(code ^ 0x80), -sample, "the top bit of {code:#x} is the sign");
    }
}

//= rfc3551#4.5.14/a-law test
//= rfc3551#4.5.14/mu-law test
#[test]
fn every_sample_stays_in_its_interval() {
    for law in [Law::A, Law::Mu] {
        let mut values: Vec<i32> = (0..=255).map(|code| i32::from(law.decode_sample(code))).collect();
        values.sort_unstable();
        values.dedup();
        let mut before = i32::MIN;
        for sample in i16::MIN..=i16::MAX {
            let wide = i32::from(sample);
            let value = i32::from(law.decode_sample(law.encode_sample(sample)));
            assert!(value >= before, "{law:?} {sample}: order is kept");
            before = value;
            // The interval of a value reaches halfway to the farther of its neighbours at most.
            let at = values.binary_search(&value).unwrap();
            let (Some(below), Some(above)) = (values.get(at.wrapping_sub(1)), values.get(at + 1)) else { continue };
            assert!((value - wide).abs() * 2 <= (value - below).max(above - value), "{law:?} {sample}");
        }
        for code in 0..=255 {
            let sample = law.decode_sample(code);
            assert_eq!(law.decode_sample(law.encode_sample(sample)), sample, "{law:?} {code:#x}");
        }
    }
}

//= rfc3551#4.5.14/octets test
//= rfc3551#4.5.14/eight-bits test
#[test]
fn a_sample_is_one_octet_with_its_sign_on_top() {
    for law in [Law::A, Law::Mu] {
        let samples: Vec<i16> = (-32000..32000).step_by(97).collect();
        let mut codes = Vec::new();
        law.encode(&samples, &mut codes);
        assert_eq!(codes.len(), samples.len());
        for (sample, code) in samples.iter().zip(codes) {
            assert_eq!(code >= 0x80, *sample >= 0, "{law:?} {sample}");
        }
    }
}

/// The positive output values of a law in the scale of its table: where each segment starts, and its step.
fn values(segments: &[(i32, i32)]) -> Vec<i32> {
    segments.iter().flat_map(|(start, step)| (0..16).map(move |n| start + n * step)).collect()
}

/// The decision values below them, the lowest left out: each half a step of its own segment below.
fn decisions(segments: &[(i32, i32)]) -> Vec<i32> {
    let below = segments.iter().flat_map(|(start, step)| (0..16).map(move |n| start + n * step - step / 2));
    below.skip(1).collect()
}

//= rfc3551#4.5.14/a-law test
//= rfc3551#4.5.14/mu-law test
#[test]
fn every_code_and_every_decision_value_of_both_tables() {
    let a = [(1, 2), (33, 2), (66, 4), (132, 8), (264, 16), (528, 32), (1056, 64), (2112, 128)];
    let mu = [(0, 2), (33, 4), (99, 8), (231, 16), (495, 32), (1023, 64), (2079, 128), (4191, 256)];
    assert_eq!((values(&a).last(), values(&mu).last()), (Some(&4032), Some(&8031)));
    // A-law counts in steps of 8 of a 16-bit sample, mu-law in steps of 4.
    for (law, segments, scale, invert) in [(Law::A, a, 8, 0xd5), (Law::Mu, mu, 4, 0xff)] {
        let (values, decisions) = (values(&segments), decisions(&segments));
        for (n, value) in values.iter().enumerate() {
            let code = n as u8 ^ invert;
            assert_eq!(i32::from(law.decode_sample(code)), value * scale, "{law:?} {n}");
            assert_eq!(i32::from(law.decode_sample(code ^ 0x80)), -value * scale, "{law:?} -{n}");
        }
        for sample in i16::MIN..=i16::MAX {
            // Negative samples are the mirror image around minus one half, as in the reference software of the ITU.
            let magnitude = i32::from(if sample < 0 { !sample } else { sample });
            let n = decisions.partition_point(|decision| decision * scale <= magnitude);
            let code = n as u8 ^ invert ^ if sample < 0 { 0x80 } else { 0 };
            assert_eq!(law.encode_sample(sample), code, "{law:?} {sample}");
        }
    }
}
