//! What a call keeps.

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

use super::source::RATE;

/// Records a call: a stereo WAV file, what was said on the left, what was heard on the right, 8 kHz, 16 bits.
///
/// The two sides are written as frames of the same length, one pair every frame time, so that they stay in step.
pub struct Recorder {
    wav: hound::WavWriter<BufWriter<File>>,
    since_flush: usize,
}

impl Recorder {
    /// Creates or replaces the file.
    ///
    /// # Errors
    /// One line with the path when it cannot be written.
    pub fn create(path: &Path) -> Result<Recorder, String> {
        let spec = hound::WavSpec {
            channels: 2,
            sample_rate: RATE,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let wav = hound::WavWriter::create(path, spec).map_err(|e| format!("cannot write {}: {e}", path.display()))?;
        Ok(Recorder { wav, since_flush: 0 })
    }

    /// Adds one frame of both sides; the shorter one is filled up with silence. The header is brought up to date every
    /// five seconds, so that a recording survives the death of the program.
    ///
    /// # Errors
    /// When the disk is full, or the file has reached the 4 GiB of its format.
    pub fn write(&mut self, said: &[i16], heard: &[i16]) -> Result<(), String> {
        let frames = said.len().max(heard.len());
        for n in 0..frames {
            for side in [said, heard] {
                self.wav.write_sample(side.get(n).copied().unwrap_or(0)).map_err(|e| e.to_string())?;
            }
        }
        self.since_flush += frames;
        if self.since_flush >= 5 * RATE as usize {
            self.since_flush = 0;
            self.wav.flush().map_err(|e| e.to_string())?;
        }
        Ok(())
    }

    /// Completes the file.
    ///
    /// # Errors
    /// When the last bytes cannot be written.
    pub fn finish(self) -> Result<(), String> {
        self.wav.finalize().map_err(|e| e.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sides_stay_in_step() {
        let path = std::env::temp_dir().join(format!("wireworks-recorder-{}.wav", std::process::id()));
        let mut recorder = Recorder::create(&path).unwrap();
        recorder.write(&[1, 2], &[-1, -2]).unwrap();
        recorder.write(&[3], &[]).unwrap();
        recorder.finish().unwrap();
        let all: Vec<i16> = hound::WavReader::open(&path).unwrap().samples().map(Result::unwrap).collect();
        assert_eq!(all, [1, -1, 2, -2, 3, 0]);
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn an_unwritable_path_is_one_line() {
        let e = Recorder::create(Path::new("/dev/null/x.wav")).err().unwrap();
        assert!(e.contains("/dev/null/x.wav") && !e.contains('\n'));
    }
}
