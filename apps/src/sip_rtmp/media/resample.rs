use rubato::audioadapter_buffers::direct::InterleavedSlice;
use rubato::{Fft, FixedSync, Resampler as _};

/// Changes the rate of a stream of mono samples. Samples come out in blocks of about 20 ms.
pub struct Resampler {
    /// `None` when both rates are the same.
    fft: Option<Fft<f32>>,
    pending: Vec<f32>,
    block: Vec<f32>,
}

impl Resampler {
    /// From `from` Hz to `to` Hz; `None` for a rate of 0 or one above 192,000.
    pub fn new(from: u32, to: u32) -> Option<Resampler> {
        if !(1..=192_000).contains(&from) || !(1..=192_000).contains(&to) {
            return None;
        }
        let fft = match from == to {
            true => None,
            false => Some(Fft::new(from as usize, to as usize, (from as usize / 50).max(1), 1, FixedSync::Both).ok()?),
        };
        let block = vec![0.0; fft.as_ref().map_or(0, |fft| fft.output_frames_max())];
        Some(Resampler { fft, pending: Vec::new(), block })
    }

    /// Takes samples and appends those that come of them.
    pub fn push(&mut self, samples: &[i16], out: &mut Vec<i16>) {
        let Some(fft) = &mut self.fft else {
            out.extend_from_slice(samples);
            return;
        };
        self.pending.extend(samples.iter().map(|sample| f32::from(*sample)));
        let mut used = 0;
        loop {
            let (wanted, made) = (fft.input_frames_next(), fft.output_frames_next());
            let Some(input) = self.pending.get(used..used + wanted) else { break };
            let (Ok(input), Ok(mut output)) =
                (InterleavedSlice::new(input, 1, wanted), InterleavedSlice::new_mut(&mut self.block, 1, made))
            else {
                break;
            };
            if fft.process_into_buffer(&input, &mut output, None).is_err() {
                break;
            }
            out.extend(self.block[..made].iter().map(|sample| *sample as i16)); // `as` saturates
            used += wanted;
        }
        self.pending.drain(..used);
    }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use super::*;

    #[test]
    fn a_tone_keeps_its_frequency_and_loudness() {
        for (from, to) in [(8_000, 8_000), (8_000, 48_000), (48_000, 16_000), (44_100, 8_000), (11_025, 16_000)] {
            let tone: Vec<i16> =
                (0..from).map(|n| (9000.0 * (f64::from(n) * 1000.0 * TAU / f64::from(from)).sin()) as i16).collect();
            let (mut resampler, mut out) = (Resampler::new(from, to).unwrap(), Vec::new());
            for piece in tone.chunks(333) {
                resampler.push(piece, &mut out);
            }
            assert!((out.len() as i64 - i64::from(to)).unsigned_abs() <= u64::from(to) / 20, "{from} {to}");
            let heard = &out[to as usize / 10..to as usize * 9 / 10];
            let (mut i, mut q) = (0.0, 0.0);
            for (n, &s) in heard.iter().enumerate() {
                let a = TAU * 1000.0 * n as f64 / f64::from(to);
                (i, q) = (i + f64::from(s) * a.cos(), q + f64::from(s) * a.sin());
            }
            let level = (i * i + q * q).sqrt() * 2.0 / heard.len() as f64;
            assert!((8700.0..9300.0).contains(&level), "{from} {to} {level}");
        }
        assert!(Resampler::new(0, 8000).is_none() && Resampler::new(8000, 1 << 30).is_none());
    }
}
