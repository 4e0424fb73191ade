//! 20 ms of audio through each codec, and a key frame of 100 kB through the payload format of H.264.

use bytes::Bytes;
use divan::{Bencher, black_box, counter::BytesCount};
use rfc3551::h264::{Depacketizer, Limits, Mode, Packetizer};

fn main() {
    divan::main();
}

/// Something like a voice: three tones under a swelling envelope.
fn voice(rate: u32, samples: usize) -> Vec<i16> {
    let sample = |n: usize| {
        let t = n as f64 / f64::from(rate);
        let tones = (t * 900.0).sin() + 0.5 * (t * 4400.0).sin() + 0.3 * (t * 9900.0).sin();
        (5000.0 * tones * (0.6 + 0.4 * (t * 25.0).sin())) as i16
    };
    (0..samples).map(sample).collect()
}

const NAMES: [&str; 4] = ["PCMU", "PCMA", "G722", "opus"];

#[divan::bench(args = NAMES)]
fn encode_20_ms(bencher: Bencher, name: &str) {
    let Some(mut codec) = rfc3551::open(name) else { return };
    let rate = codec.sample_rate();
    let (all, frame) = (voice(rate, rate as usize), rate as usize / 50);
    let (mut payload, mut n) = (Vec::new(), 0);
    bencher.bench_local(|| {
        payload.clear();
        n = (n + 1) % 50;
        codec.encode(black_box(&all[n * frame..][..frame]), &mut payload);
        payload.len()
    });
}

#[divan::bench(args = NAMES)]
fn decode_20_ms(bencher: Bencher, name: &str) {
    let Some(mut codec) = rfc3551::open(name) else { return };
    let rate = codec.sample_rate();
    let mut packets = Vec::new();
    for frame in voice(rate, rate as usize).chunks(rate as usize / 50) {
        let mut payload = Vec::new();
        codec.encode(frame, &mut payload);
        packets.push(payload);
    }
    let (mut samples, mut n) = (Vec::new(), 0);
    bencher.bench_local(|| {
        samples.clear();
        n = (n + 1) % 50;
        codec.decode(black_box(&packets[n]), &mut samples);
        samples.len()
    });
}

#[cfg(feature = "aac")]
#[divan::bench(args = [8_000, 16_000, 44_100])]
fn aac_encode_1024_samples(bencher: Bencher, rate: u32) {
    let mut encoder = rfc3551::aac::Encoder::new(rate, 32_000).expect("a rate of AAC's");
    let (all, mut n) = (voice(rate, 16 * 1024), 0);
    bencher.bench_local(|| {
        n = (n + 1) % 16;
        let mut bytes = 0;
        let _ = encoder.encode(black_box(&all[n * 1024..][..1024]), |unit| bytes += unit.len());
        bytes
    });
}

#[cfg(feature = "aac")]
#[divan::bench(args = [8_000, 16_000, 44_100])]
fn aac_decode_1024_samples(bencher: Bencher, rate: u32) {
    let mut encoder = rfc3551::aac::Encoder::new(rate, 32_000).expect("a rate of AAC's");
    let mut units = Vec::new();
    encoder.encode(&voice(rate, 16 * 1024), |unit| units.push(unit.to_vec())).expect("samples");
    let mut decoder = rfc3551::aac::Decoder::new(encoder.config()).expect("its own configuration");
    let (mut samples, mut n) = (Vec::new(), 0);
    bencher.bench_local(|| {
        samples.clear();
        n = (n + 1) % units.len();
        decoder.decode(black_box(&units[n]), &mut samples).is_ok()
    });
}

/// The slices of a key frame: four of 25 kB.
fn picture() -> Vec<Bytes> {
    let slice = |n: usize| {
        let mut bytes = vec![0x55; 25_000];
        (bytes[0], bytes[1]) = (0x65, if n == 0 { 0x88 } else { 0x40 });
        Bytes::from(bytes)
    };
    (0..4).map(slice).collect()
}

#[divan::bench]
fn h264_packetize_100_kb(bencher: Bencher) {
    let (picture, mut packetizer) = (picture(), Packetizer::new(Mode::NonInterleaved, 1350));
    bencher.counter(BytesCount::new(100_000_usize)).bench_local(|| packetizer.packetize(black_box(&picture)));
}

#[divan::bench]
fn h264_depacketize_100_kb(bencher: Bencher) {
    let payloads = Packetizer::new(Mode::NonInterleaved, 1350).packetize(&picture()).expect("mode 1 takes all");
    let (mut depacketizer, mut sequence, mut timestamp) = (Depacketizer::new(Limits::default()), 0_u16, 0_u32);
    bencher.counter(BytesCount::new(100_000_usize)).bench_local(|| {
        timestamp = timestamp.wrapping_add(3000);
        for payload in &payloads {
            depacketizer.push(sequence, timestamp, payload.marker, black_box(&payload.payload));
            sequence = sequence.wrapping_add(1);
        }
        depacketizer.pop()
    });
}
