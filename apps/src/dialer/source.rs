//! What a call says.

use std::collections::VecDeque;
use std::f64::consts::TAU;
use std::path::{Path, PathBuf};

use rubato::audioadapter_buffers::direct::InterleavedSlice;
use rubato::{Fft, FixedSync, Resampler};
use thiserror::Error;

/// Samples a second on a narrow-band telephone call.
pub const RATE: u32 = 8000;

/// The longest WAV file that is taken: ten minutes keep the memory small.
pub const LONGEST: u32 = 600;

/// What a call says: 16-bit linear samples at [`RATE`], asked for a frame at a time.
#[derive(Debug)]
pub enum Source {
    /// Nothing.
    Silence,
    /// A sine at a quarter of full scale.
    Tone {
        /// Hz.
        hz: f64,
        /// Radians, so that frames join without a click.
        phase: f64,
    },
    /// Samples, once or again and again; silence after the end.
    Clip {
        /// All of them.
        samples: Vec<i16>,
        /// The next one to say.
        next: usize,
        /// Whether to begin again at the end.
        repeat: bool,
    },
    /// What the other side said, sent back.
    Loopback(VecDeque<i16>),
}

impl Source {
    /// A sine of `hz`.
    pub fn tone(hz: f64) -> Source {
        Source::Tone { hz, phase: 0.0 }
    }

    /// Something that sounds like a voice to whoever measures: syllables of a gliding pitch with the resonances of three
    /// vowels, and pauses between phrases. Always the same, twelve seconds, again and again.
    pub fn voice() -> Source {
        Source::Clip { samples: voice(), next: 0, repeat: true }
    }

    /// A WAV file: 8 to 32 bits or float, any number of channels (mixed to one), any rate (resampled to [`RATE`]).
    ///
    /// # Errors
    /// [`WavError`] when it is missing, no WAV file, empty, or longer than [`LONGEST`] seconds.
    pub fn wav(path: &Path, repeat: bool) -> Result<Source, WavError> {
        Ok(Source::Clip { samples: read(path)?, next: 0, repeat })
    }

    /// An echo of what the other side says.
    pub fn loopback() -> Source {
        Source::Loopback(VecDeque::new())
    }

    /// The next `frame.len()` samples. False when there was nothing left to say and the frame is silence.
    pub fn fill(&mut self, frame: &mut [i16]) -> bool {
        frame.fill(0);
        match self {
            Source::Silence => return false,
            Source::Tone { hz, phase } => {
                for s in frame {
                    *s = (9000.0 * phase.sin()) as i16;
                    *phase = (*phase + TAU * *hz / f64::from(RATE)) % TAU;
                }
            }
            Source::Clip { samples, next, repeat } => {
                let mut filled = 0;
                while filled < frame.len() {
                    let n = (frame.len() - filled).min(samples.len() - *next);
                    frame[filled..filled + n].copy_from_slice(&samples[*next..*next + n]);
                    filled += n;
                    *next += n;
                    if *next == samples.len() {
                        if !*repeat || samples.is_empty() {
                            return filled > 0;
                        }
                        *next = 0;
                    }
                }
            }
            Source::Loopback(queue) => {
                let n = frame.len().min(queue.len());
                for (s, heard) in frame.iter_mut().zip(queue.drain(..n)) {
                    *s = heard;
                }
                return n > 0;
            }
        }
        true
    }

    /// Takes what the other side said; only loopback listens, and keeps at most half a second.
    pub fn heard(&mut self, samples: &[i16]) {
        if let Source::Loopback(queue) = self {
            queue.extend(samples);
            let excess = queue.len().saturating_sub(RATE as usize / 2);
            queue.drain(..excess);
        }
    }

    /// Whether everything was said: true for a clip at its end, never for the endless sources.
    pub fn is_finished(&self) -> bool {
        matches!(self, Source::Clip { samples, next, repeat: false } if *next == samples.len())
    }

    /// Goes back to the start, for the next call.
    pub fn rewind(&mut self) {
        match self {
            Source::Clip { next, .. } => *next = 0,
            Source::Tone { phase, .. } => *phase = 0.0,
            Source::Loopback(queue) => queue.clear(),
            Source::Silence => {}
        }
    }
}

/// Why a WAV file cannot be played. Prints as one line with the path.
#[derive(Debug, Error)]
pub enum WavError {
    /// The file cannot be opened or read.
    #[error("cannot read {path}: {why}")]
    Read {
        /// Which file.
        path: PathBuf,
        /// What the system or the decoder says.
        why: String,
    },
    /// There is no sound in it.
    #[error("{0} holds no samples; choose another file")]
    Empty(PathBuf),
    /// It is longer than [`LONGEST`] seconds.
    #[error("{0} is longer than {LONGEST} s; cut it or repeat a shorter one")]
    TooLong(PathBuf),
}

/// All samples of a WAV file, as one channel at [`RATE`].
fn read(path: &Path) -> Result<Vec<i16>, WavError> {
    let fail = |why: String| WavError::Read { path: path.into(), why };
    let mut wav = hound::WavReader::open(path).map_err(|e| fail(e.to_string()))?;
    let spec = wav.spec();
    if spec.channels == 0 || spec.sample_rate == 0 {
        return Err(fail("its header names no channel or no rate".into()));
    }
    if wav.duration() == 0 {
        return Err(WavError::Empty(path.into()));
    }
    if wav.duration() / spec.sample_rate > LONGEST {
        return Err(WavError::TooLong(path.into()));
    }
    let all: Result<Vec<f32>, _> = match spec.sample_format {
        hound::SampleFormat::Float => wav.samples::<f32>().collect(),
        hound::SampleFormat::Int => {
            let full = (1u64 << (spec.bits_per_sample.clamp(1, 32) - 1)) as f32;
            wav.samples::<i32>().map(|s| s.map(|s| s as f32 / full)).collect()
        }
    };
    let all = all.map_err(|e| fail(e.to_string()))?;
    let channels = usize::from(spec.channels);
    let mono: Vec<f32> = all.chunks_exact(channels).map(|c| c.iter().sum::<f32>() / channels as f32).collect();
    let mono = if spec.sample_rate == RATE { mono } else { resample(&mono, spec.sample_rate).map_err(fail)? };
    Ok(mono.into_iter().map(|s| (s * 32768.0).round().clamp(-32768.0, 32767.0) as i16).collect())
}

/// Four phrases of ten syllables of 240 ms, with 600 ms of silence after each.
fn voice() -> Vec<i16> {
    const VOWELS: [[f64; 3]; 3] = [[730.0, 1090.0, 2440.0], [270.0, 2290.0, 3010.0], [300.0, 870.0, 2240.0]];
    let rate = f64::from(RATE);
    let (syllable, pause) = (RATE as usize * 240 / 1000, RATE as usize * 600 / 1000);
    let (mut out, mut phase) = (Vec::new(), 0.0f64);
    for n in 0..40usize {
        let formants = VOWELS[n * 7 % 3];
        for at in 0..syllable {
            let part = at as f64 / syllable as f64;
            let pitch = 115.0 + 25.0 * (TAU * (n as f64 + part) / 10.0).sin();
            phase = (phase + TAU * pitch / rate) % TAU;
            let harmonics = 1..=(3400.0 / pitch) as usize;
            let sum: f64 = harmonics.map(|h| loudness(h as f64 * pitch, formants) * (phase * h as f64).sin()).sum();
            let envelope = (TAU / 2.0 * part).sin().powf(0.6);
            out.push((1800.0 * envelope * sum).clamp(-30000.0, 30000.0) as i16);
        }
        if n % 10 == 9 {
            out.extend(std::iter::repeat_n(0, pause));
        }
    }
    out
}

/// How much of a harmonic passes the three resonances of a vowel.
fn loudness(hz: f64, formants: [f64; 3]) -> f64 {
    let weights = [1.0, 0.6, 0.3];
    formants.iter().zip(weights).map(|(f, weight)| weight / (1.0 + ((hz - f) / 90.0).powi(2))).sum()
}

fn resample(mono: &[f32], rate: u32) -> Result<Vec<f32>, String> {
    let text = |e: &dyn std::fmt::Display| format!("its rate of {rate} Hz cannot be converted: {e}");
    let mut fft = Fft::<f32>::new(rate as usize, RATE as usize, 1024, 1, FixedSync::Both).map_err(|e| text(&e))?;
    let input = InterleavedSlice::new(mono, 1, mono.len()).map_err(|e| text(&e))?;
    Ok(fft.process_all(&input, mono.len(), None).map_err(|e| text(&e))?.take_data())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, spec: hound::WavSpec, samples: &[i32]) -> PathBuf {
        let path = std::env::temp_dir().join(format!("wireworks-source-{}-{name}.wav", std::process::id()));
        let mut wav = hound::WavWriter::create(&path, spec).unwrap();
        samples.iter().for_each(|&s| wav.write_sample(s).unwrap());
        wav.finalize().unwrap();
        path
    }

    fn spec(channels: u16, sample_rate: u32, bits_per_sample: u16) -> hound::WavSpec {
        hound::WavSpec { channels, sample_rate, bits_per_sample, sample_format: hound::SampleFormat::Int }
    }

    #[test]
    fn a_file_at_the_rate_of_the_call_passes_unchanged() {
        let samples: Vec<i32> = (0..500).map(|n| (n * 131 % 65536) - 32768).collect();
        let path = file("exact", spec(1, 8000, 16), &samples);
        let mut source = Source::wav(&path, false).unwrap();
        let mut out = [0; 500];
        assert!(source.fill(&mut out) && source.is_finished());
        assert!(out.iter().zip(&samples).all(|(&a, &b)| i32::from(a) == b));
        assert!(!source.fill(&mut out) && out == [0; 500], "silence after the end");
        source.rewind();
        assert!(source.fill(&mut out) && out[1] as i32 == samples[1]);
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn a_stereo_file_at_44100_hz_keeps_its_tone() {
        let wave = |n: i32| (9000.0 * (TAU * 1000.0 * f64::from(n) / 44100.0).sin()) as i32;
        let samples: Vec<i32> = (0..44100).flat_map(|n| [wave(n), wave(n)]).collect();
        let path = file("rate", spec(2, 44100, 16), &samples);
        let mut source = Source::wav(&path, false).unwrap();
        let mut out = [0i16; 4000];
        source.fill(&mut out);
        let (mut i, mut q) = (0.0, 0.0);
        for (n, &s) in out[400..3600].iter().enumerate() {
            let a = TAU * 1000.0 * n as f64 / 8000.0;
            (i, q) = (i + f64::from(s) * a.cos(), q + f64::from(s) * a.sin());
        }
        let level = (i * i + q * q).sqrt() * 2.0 / 3200.0;
        assert!((8800.0..9200.0).contains(&level), "{level}");
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn a_repeated_clip_never_ends_and_a_tone_has_no_click() {
        let mut clip = Source::Clip { samples: vec![1, 2, 3], next: 0, repeat: true };
        let mut out = [0; 7];
        assert!(clip.fill(&mut out) && out == [1, 2, 3, 1, 2, 3, 1]);
        let (mut whole, mut halves) = ([0; 320], [0; 320]);
        Source::tone(440.0).fill(&mut whole);
        let mut tone = Source::tone(440.0);
        tone.fill(&mut halves[..160]);
        tone.fill(&mut halves[160..]);
        assert!(whole.iter().zip(halves).all(|(a, b)| (a - b).abs() <= 1));
    }

    #[test]
    fn the_voice_has_syllables_pauses_and_no_clipping() {
        let samples = voice();
        assert_eq!(samples.len(), 40 * 1920 + 4 * 4800);
        let peak = samples.iter().map(|s| s.unsigned_abs()).max().unwrap();
        assert!((4000..30000).contains(&peak), "{peak}");
        let silent = samples.chunks(160).filter(|frame| frame.iter().all(|s| s.abs() < 20)).count();
        assert!((100..160).contains(&silent), "{silent}");
    }

    #[test]
    fn loopback_says_what_it_heard_and_forgets_beyond_half_a_second() {
        let mut source = Source::loopback();
        let mut out = [0; 4];
        assert!(!source.fill(&mut out));
        source.heard(&[5, 6, 7]);
        assert!(source.fill(&mut out) && out == [5, 6, 7, 0]);
        source.heard(&vec![1; 100_000]);
        assert!(matches!(source, Source::Loopback(q) if q.len() == 4000));
    }

    #[test]
    fn what_is_no_wav_file_says_so_in_one_line() {
        for path in ["/nonexistent/x.wav", "/dev/null", env!("CARGO_MANIFEST_DIR")] {
            let e = Source::wav(Path::new(path), false).unwrap_err().to_string();
            assert!(e.contains(path) && !e.contains('\n'), "{e}");
        }
        let path = file("empty", spec(1, 8000, 16), &[]);
        assert!(matches!(Source::wav(&path, false), Err(WavError::Empty(_))));
        std::fs::remove_file(path).unwrap();
    }
}
