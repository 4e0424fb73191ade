//! Opus in RTP: what packets say of themselves, parameters, and a tone through the codec.
#![cfg(feature = "opus")]

use std::f64::consts::TAU;

use proptest::prelude::*;
use rfc3551::opus::{CHANNELS, CLOCK_RATE, Fmtp, FmtpError, Opus, Settings, duration, is_discontinuous};
use rfc3551::{Codec, Encoding};

fn tone(hz: f64, samples: usize) -> Vec<i16> {
    (0..samples).map(|n| (9000.0 * (n as f64 * hz * TAU / 48_000.0).sin()) as i16).collect()
}

/// How much of the energy of `samples` is at `hz`.
fn share(samples: &[i16], hz: f64) -> f64 {
    let (mut re, mut im, mut all) = (0.0, 0.0, 1.0);
    for (n, sample) in samples.iter().enumerate() {
        let (sample, angle) = (f64::from(*sample), n as f64 * hz * TAU / 48_000.0);
        re += sample * angle.cos();
        im += sample * angle.sin();
        all += sample * sample;
    }
    2.0 * (re * re + im * im) / (all * samples.len() as f64)
}

//= rfc7587#4.2/one test
//= rfc7587#6.1/any-rate test
#[test]
fn a_tone_comes_through() {
    for bitrate in [8_000, 16_000, 32_000, 64_000] {
        let mut opus = Opus::new(Settings { bitrate, ..Settings::default() });
        let (mut out, all) = (Vec::new(), tone(440.0, 48_000));
        for frame in all.chunks(960) {
            let mut payload = Vec::new();
            opus.encode(frame, &mut payload);
            assert_eq!(duration(&payload), Some(960));
            opus.decode(&payload, &mut out);
        }
        assert_eq!(out.len(), 48_000);
        assert!(share(&out[9600..], 440.0) > 0.9, "{bitrate}: {}", share(&out[9600..], 440.0));
    }
}

#[test]
fn frames_of_any_length_become_packets() {
    let mut opus = Opus::default();
    for (samples, ticks) in [(120, 120), (400, 480), (960, 960), (2880, 2880), (6000, 5760)] {
        let mut payload = Vec::new();
        opus.encode(&tone(300.0, samples), &mut payload);
        assert_eq!(duration(&payload), Some(ticks), "{samples}");
        let mut out = Vec::new();
        opus.decode(&payload, &mut out);
        assert_eq!(out.len(), ticks as usize);
    }
}

//= rfc7587#4.1/clock test
//= rfc7587#7/rtpmap test
#[test]
fn the_clock_and_the_channels_are_always_the_same() {
    let encoding = Encoding::dynamic("opus").unwrap();
    assert_eq!((encoding.clock_rate, encoding.channels), (Some(CLOCK_RATE), Some(CHANNELS)));
    assert_eq!(encoding.to_string(), "opus/48000/2");
    assert_eq!(Opus::default().clock_rate(), CLOCK_RATE);
}

//= rfc7587#6.1/stereo-capable test
//= rfc7587#7.1/any-signal test
#[test]
fn stereo_is_mixed_down() {
    let mut encoder = opus_pure::OpusEncoder::new(48_000, 2, opus_pure::Application::Audio).unwrap();
    let mut opus = Opus::default();
    let (left, right) = (tone(440.0, 48_000), tone(1000.0, 48_000));
    let both: Vec<i16> = left.iter().zip(&right).flat_map(|(l, r)| [*l, *r]).collect();
    let mut out = Vec::new();
    for frame in both.chunks(1920) {
        let mut packet = [0; 1500];
        let len = encoder.encode_s16(frame, 960, &mut packet).unwrap();
        opus.decode(&packet[..len], &mut out);
    }
    assert_eq!(out.len(), 48_000);
    assert!(share(&out[9600..], 440.0) > 0.3 && share(&out[9600..], 1000.0) > 0.3);
}

//= rfc7587#7.1/no-stereo test
#[test]
fn one_channel_is_sent() {
    let mut payload = Vec::new();
    Opus::default().encode(&tone(440.0, 960), &mut payload);
    assert_eq!(payload[0] & 4, 0, "the stereo bit of the first byte");
}

//= rfc7587#6.1/fec-capable test
#[test]
fn a_lost_packet_is_made_up_or_recovered() {
    let mut encoder = Opus::new(Settings { fec: true, bitrate: 24_000, ..Settings::default() });
    let mut packets = Vec::new();
    for frame in tone(300.0, 48_000).chunks(960) {
        let mut payload = Vec::new();
        encoder.encode(frame, &mut payload);
        packets.push(payload);
    }
    for recover in [false, true] {
        let (mut decoder, mut out) = (Opus::default(), Vec::new());
        for (n, packet) in packets.iter().enumerate() {
            match n {
                30 if recover => decoder.recover(&packets[31], 960, &mut out),
                30 => assert!(decoder.conceal(960, &mut out)),
                _ => decoder.decode(packet, &mut out),
            }
        }
        assert_eq!(out.len(), 48_000);
        assert!(share(&out[30 * 960..31 * 960], 300.0) > 0.5, "{recover}");
    }
}

//= rfc7587#3.1.3/whole-frames test
#[test]
fn silence_becomes_packets_that_need_not_be_sent() {
    let mut opus = Opus::new(Settings { dtx: true, ..Settings::default() });
    let mut left_out = 0;
    for _ in 0..100 {
        let mut payload = Vec::new();
        opus.encode(&[0; 960], &mut payload);
        assert_eq!(duration(&payload), Some(960));
        left_out += usize::from(is_discontinuous(&payload));
    }
    assert!(left_out > 50, "{left_out}");
}

//= rfc7587#7.1/bandwidth test
//= rfc7587#7.1/bitrate test
#[test]
fn settings_follow_the_receiver() {
    let fmtp = "maxplaybackrate=8000;maxaveragebitrate=12000;useinbandfec=1;usedtx=1;cbr=1".parse().unwrap();
    let settings = Settings::for_receiver(&fmtp);
    assert_eq!((settings.bitrate, settings.max_rate), (12_000, 8_000));
    assert!(settings.fec && settings.dtx && settings.cbr);
    assert_eq!(Settings::for_receiver(&Fmtp::default()), Settings::default());
    // a tone above the band does not come out again
    let (mut opus, mut bytes, mut out) = (Opus::new(Settings { dtx: false, ..settings }), 0, Vec::new());
    for frame in tone(9000.0, 48_000).chunks(960) {
        let mut payload = Vec::new();
        opus.encode(frame, &mut payload);
        opus.decode(&payload, &mut out);
        bytes += payload.len();
    }
    assert!(bytes * 8 < 13_000, "{bytes}");
    assert!(out[9600..].iter().all(|s| s.abs() < 2000));
}

//= rfc7587#6.1/defaults test
//= rfc7587#7/fmtp test
//= rfc7587#7.1/unknown test
#[test]
fn parameters_read_and_print() {
    let text = "maxplaybackrate=16000; sprop-maxcapturerate=16000; maxaveragebitrate=20000; stereo=1; useinbandfec=1; usedtx=0; x=9";
    let fmtp: Fmtp = text.parse().unwrap();
    assert_eq!(
        fmtp.to_string(),
        "maxplaybackrate=16000;sprop-maxcapturerate=16000;maxaveragebitrate=20000;stereo=1;useinbandfec=1"
    );
    let default: Fmtp = "".parse().unwrap();
    assert_eq!((default.max_ptime, default.ptime, default.max_playback_rate), (120, 20, 48_000));
    assert!(!(default.stereo || default.cbr || default.use_inband_fec || default.use_dtx));
    assert_eq!("maxaveragebitrate=5999".parse::<Fmtp>().unwrap().max_average_bitrate, None);
    assert_eq!("cbr=2".parse::<Fmtp>(), Err(FmtpError("cbr")));
    assert_eq!("ptime=x".parse::<Fmtp>(), Err(FmtpError("ptime")));
}

#[test]
fn durations_by_the_table() {
    for (toc, ticks) in [(0, 480), (3, 2880), (12, 480), (13, 960), (16, 120), (19, 960), (31, 960)] {
        assert_eq!(duration(&[toc << 3]), Some(ticks), "{toc}");
    }
    assert_eq!(duration(&[3 << 3 | 3, 2]), Some(5760));
    assert_eq!(duration(&[3 << 3 | 3, 3]), None, "more than 120 ms");
    assert_eq!(duration(&[3]), None);
    assert_eq!(duration(&[3, 0]), None);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn any_payload_decodes_to_something(payloads in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..80), 1..8)) {
        let mut opus = Opus::default();
        for payload in payloads {
            let mut out = Vec::new();
            opus.decode(&payload, &mut out);
            prop_assert_eq!(out.len(), duration(&payload).unwrap_or(960) as usize);
            out.clear();
            opus.recover(&payload, 960, &mut out);
            prop_assert_eq!(out.len(), 960);
        }
    }

    #[test]
    fn parameters_survive(text in "((ptime|stereo|cbr|maxptime|usedtx|maxplaybackrate)=[0-9]{1,5};?){0,6}") {
        if let Ok(fmtp) = text.parse::<Fmtp>() {
            prop_assert_eq!(fmtp.to_string().parse::<Fmtp>(), Ok(fmtp));
        }
    }
}
