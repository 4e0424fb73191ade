//! A packet of 20 ms (160 samples) in and out of G.711.

use divan::{Bencher, black_box, counter::ItemsCount};
use rfc3551::g711::Law;

fn main() {
    divan::main();
}

fn samples() -> Vec<i16> {
    (0..160).map(|n| (12_000.0 * (f64::from(n) * 0.31).sin()) as i16).collect()
}

#[divan::bench(args = [Law::A, Law::Mu])]
fn encode(bencher: Bencher, law: Law) {
    let samples = samples();
    let mut codes = Vec::with_capacity(160);
    bencher.counter(ItemsCount::new(160usize)).bench_local(|| {
        codes.clear();
        law.encode(black_box(&samples), &mut codes);
        codes.len()
    });
}

#[divan::bench(args = [Law::A, Law::Mu])]
fn decode(bencher: Bencher, law: Law) {
    let mut codes = Vec::new();
    law.encode(&samples(), &mut codes);
    let mut samples = Vec::with_capacity(160);
    bencher.counter(ItemsCount::new(160usize)).bench_local(|| {
        samples.clear();
        law.decode(black_box(&codes), &mut samples);
        samples.len()
    });
}
