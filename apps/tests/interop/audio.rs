//! Measures a recording.
use std::path::Path;

/// One channel of a WAV file as samples, with its rate.
pub fn channel(path: &Path, channel: usize) -> (Vec<i16>, u32) {
    let mut wav = hound::WavReader::open(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let spec = wav.spec();
    let all: Vec<i16> = wav.samples::<i16>().map_while(Result::ok).collect();
    (all.into_iter().skip(channel).step_by(usize::from(spec.channels)).collect(), spec.sample_rate)
}

/// The amplitude (0 to 32767) of the frequency `hz` in `samples` (Goertzel).
pub fn level(samples: &[i16], rate: u32, hz: f64) -> f64 {
    let c = 2.0 * (2.0 * std::f64::consts::PI * hz / f64::from(rate)).cos();
    let (mut a, mut b) = (0.0, 0.0);
    for &s in samples {
        (a, b) = (f64::from(s) + c * a - b, a);
    }
    (a * a + b * b - c * a * b).max(0.0).sqrt() * 2.0 / samples.len().max(1) as f64
}

/// Asserts that at least `seconds` of the file are a tone of `hz` near amplitude 9000, and nothing else.
pub fn assert_tone(path: &Path, ch: usize, hz: f64, seconds: f64) {
    let (samples, rate) = channel(path, ch);
    let block = rate as usize / 5;
    let good = samples
        .chunks_exact(block)
        .filter(|b| {
            let rms = (b.iter().map(|&s| f64::from(s).powi(2)).sum::<f64>() / b.len() as f64).sqrt();
            let tone = level(b, rate, hz);
            (8000.0..10000.0).contains(&tone) && (rms * 2f64.sqrt() - tone).abs() < 700.0
        })
        .count();
    let found = good as f64 * 0.2;
    assert!(
        found >= seconds,
        "{}: channel {ch} holds {found:.1} s of {hz} Hz, wanted {seconds:.1} s of {:.1} s",
        path.display(),
        samples.len() as f64 / f64::from(rate)
    );
}
