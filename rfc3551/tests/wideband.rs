//! G.722 and AAC: a tone through each, and bytes that nobody encoded.

use std::f64::consts::TAU;

fn tone(rate: f64, samples: usize) -> Vec<i16> {
    (0..samples).map(|n| (9000.0 * (n as f64 * 440.0 * TAU / rate).sin()) as i16).collect()
}

/// How much of the energy of `samples` is at 440 Hz.
fn share(samples: &[i16], rate: f64) -> f64 {
    let (mut re, mut im, mut all) = (0.0, 0.0, 1.0);
    for (n, sample) in samples.iter().enumerate() {
        let (sample, angle) = (f64::from(*sample), n as f64 * 440.0 * TAU / rate);
        re += sample * angle.cos();
        im += sample * angle.sin();
        all += sample * sample;
    }
    2.0 * (re * re + im * im) / (all * samples.len() as f64)
}

//= rfc3551#4.5.2/octets test
#[test]
fn g722_carries_a_tone_and_takes_any_bytes() {
    let mut codec = rfc3551::open("g722").unwrap();
    let (mut payload, mut out) = (Vec::new(), Vec::new());
    for frame in tone(16_000.0, 16_000).chunks(320) {
        payload.clear();
        codec.encode(frame, &mut payload);
        assert_eq!(payload.len(), 160);
        codec.decode(&payload, &mut out);
    }
    assert_eq!((codec.sample_rate(), codec.clock_rate(), out.len()), (16_000, 8_000, 16_000));
    assert!(share(&out[1600..], 16_000.0) > 0.99, "{}", share(&out[1600..], 16_000.0));
    for byte in 0..=255_u8 {
        codec.decode(&[byte; 97], &mut out);
    }
    codec.encode(&[i16::MIN; 321], &mut payload);
    codec.encode(&[], &mut payload);
    codec.decode(&[], &mut out);
}

/// What ffmpeg makes of the same codes and samples, as a sum over all of it and the first few.
#[test]
fn g722_is_exact() {
    let mut codec = rfc3551::open("g722").unwrap();
    let codes: Vec<u8> = (0..200_u32).map(|n| (n * n * 7 + n * 13 + 5) as u8).collect();
    let mut samples = Vec::new();
    codec.decode(&codes, &mut samples);
    assert_eq!(samples[..16], [-1, 0, 0, -1, -1, 1, -1, -4, 1, 8, -9, -43, -41, -29, -4, -10]);
    let sum = samples.iter().fold(0_u32, |sum, s| sum.wrapping_mul(31).wrapping_add(u32::from(*s as u16)));
    assert_eq!(sum, 2_808_937_275);

    let wave = |n: u32| (9000.0 * (f64::from(n) * 0.17).sin() + 4000.0 * (f64::from(n) * 0.9).sin()) as i16;
    let mut codes = Vec::new();
    codec.encode(&(0..400).map(wave).collect::<Vec<i16>>(), &mut codes);
    assert_eq!(codes[..16], [250, 144, 33, 137, 35, 148, 32, 160, 34, 162, 230, 241, 243, 236, 223, 208]);
    let sum = codes.iter().fold(0_u32, |sum, code| sum.wrapping_mul(31).wrapping_add(u32::from(*code)));
    assert_eq!(sum, 2_704_452_822);
}

#[test]
fn the_names_that_open() {
    for name in ["PCMU", "pcma", "G722", "opus"] {
        let mut codec = rfc3551::open(name).unwrap();
        let samples = codec.sample_rate() as usize / 50;
        let (mut payload, mut out) = (Vec::new(), Vec::new());
        codec.encode(&vec![0; samples], &mut payload);
        codec.decode(&payload, &mut out);
        assert_eq!(out.len(), samples, "{name}");
    }
    assert!(rfc3551::open("speex").is_none() && rfc3551::open("").is_none());
}

#[cfg(feature = "aac")]
mod aac {
    use proptest::prelude::*;
    use rfc3551::aac::{Decoder, Encoder, FRAME};

    use super::{share, tone};

    #[test]
    fn a_tone_comes_through() {
        for rate in [8_000_u32, 16_000, 44_100] {
            let mut encoder = Encoder::new(rate, 32_000).unwrap();
            let mut decoder = Decoder::new(encoder.config()).unwrap();
            let (mut out, mut units) = (Vec::new(), Vec::new());
            for frame in tone(f64::from(rate), 40 * FRAME).chunks(rate as usize / 50) {
                encoder.encode(frame, |unit| units.push(unit.to_vec())).unwrap();
            }
            for unit in &units {
                assert_eq!(decoder.decode(unit, &mut out), Ok(rate));
            }
            assert_eq!(out.len(), units.len() * FRAME);
            assert!(units.len() >= 39 && share(&out[8 * FRAME..], f64::from(rate)) > 0.95);
        }
    }

    #[test]
    fn a_broken_unit_is_an_error_and_the_next_one_is_not() {
        let mut encoder = Encoder::new(16_000, 32_000).unwrap();
        let mut decoder = Decoder::new(encoder.config()).unwrap();
        let mut units = Vec::new();
        encoder.encode(&tone(16_000.0, 4 * FRAME), |unit| units.push(unit.to_vec())).unwrap();
        let mut out = Vec::new();
        assert!(decoder.decode(&[], &mut out).is_err());
        assert!(decoder.decode(&units[1][..9], &mut out).is_err());
        assert!(out.is_empty());
        assert_eq!(decoder.decode(&units[2], &mut out), Ok(16_000));
        assert!(Encoder::new(12_345, 32_000).is_err() && Decoder::new(&[]).is_err() && Decoder::new(&[0xff]).is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

        #[test]
        fn any_bytes_end_in_samples_or_an_error(
            config in prop::collection::vec(any::<u8>(), 0..8),
            unit in prop::collection::vec(any::<u8>(), 0..200),
        ) {
            for config in [&[0x14, 0x08][..], &config] {
                if let Ok(mut decoder) = Decoder::new(config) {
                    let mut out = Vec::new();
                    let ok = decoder.decode(&unit, &mut out).is_ok();
                    prop_assert!(ok || out.is_empty());
                }
            }
        }
    }
}
