//! Puts what was said and what was heard on one time line.

use std::collections::VecDeque;

use super::recorder::Recorder;
use super::source::RATE;

/// Puts both sides of a call side by side into a [`Recorder`].
///
/// What was said stands where our clock had it. What was heard stands where the timestamps of the packets put it, and
/// not where they happened to arrive: without loss the recording is the stream, sample for sample, however late and
/// uneven the packets were. What is lost stays silent for as long as it would have lasted.
pub struct Timeline {
    recorder: Recorder,
    said: VecDeque<i16>,
    heard: VecDeque<i16>,
    /// Samples of either side so far, those written included.
    said_so_far: i64,
    heard_so_far: i64,
    /// A place on the time line and the timestamp that belongs there.
    base: Option<(i64, u32)>,
}

/// A timestamp that is further off than this begins a new time base.
const JUMP: i64 = 5 * RATE as i64;

/// How long a packet may be late before its place is written as silence.
const PATIENCE: i64 = RATE as i64;

impl Timeline {
    /// A recording that starts now.
    pub fn new(recorder: Recorder) -> Timeline {
        let (said, heard) = (VecDeque::new(), VecDeque::new());
        Timeline { recorder, said, heard, said_so_far: 0, heard_so_far: 0, base: None }
    }

    /// Takes what was heard: samples whose first one has that timestamp.
    pub fn heard(&mut self, timestamp: u32, samples: &[i16]) {
        let now = self.said_so_far.max(self.heard_so_far);
        let (place, first) = *self.base.get_or_insert((now, timestamp));
        let mut place = place + i64::from(timestamp.wrapping_sub(first) as i32);
        if (place - self.said_so_far).abs() > JUMP {
            place = now;
        }
        self.base = Some((place, timestamp)); // moves along, so that the difference never wraps
        while self.heard_so_far < place {
            self.push_heard(0);
        }
        let known = (self.heard_so_far - place).max(0) as usize;
        for sample in samples.iter().skip(known) {
            self.push_heard(*sample);
        }
    }

    /// Takes what was said in the frame that has just passed, and writes what is complete.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn said(&mut self, samples: &[i16]) -> Result<(), String> {
        self.said.extend(samples);
        self.said_so_far += samples.len() as i64;
        while self.heard_so_far < self.said_so_far - PATIENCE {
            self.push_heard(0);
        }
        self.write(self.said.len().min(self.heard.len()))
    }

    /// Writes the rest and completes the file.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn finish(mut self) -> Result<(), String> {
        self.write(self.said.len().max(self.heard.len()))?;
        self.recorder.finish()
    }

    fn push_heard(&mut self, sample: i16) {
        self.heard.push_back(sample);
        self.heard_so_far += 1;
    }

    fn write(&mut self, samples: usize) -> Result<(), String> {
        let take = |side: &mut VecDeque<i16>| side.drain(..samples.min(side.len())).collect::<Vec<_>>();
        let (said, heard) = (take(&mut self.said), take(&mut self.heard));
        self.recorder.write(&said, &heard)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(name: &str, f: impl FnOnce(&mut Timeline)) -> (Vec<i16>, Vec<i16>) {
        let path = std::env::temp_dir().join(format!("wireworks-timeline-{}-{name}.wav", std::process::id()));
        let mut timeline = Timeline::new(Recorder::create(&path).unwrap());
        f(&mut timeline);
        timeline.finish().unwrap();
        let all: Vec<i16> = hound::WavReader::open(&path).unwrap().samples().map(Result::unwrap).collect();
        std::fs::remove_file(path).unwrap();
        (all.iter().copied().step_by(2).collect(), all.iter().copied().skip(1).step_by(2).collect())
    }

    #[test]
    fn late_packets_stand_where_they_belong() {
        let (said, heard) = record("late", |t| {
            t.said(&[9; 4]).unwrap();
            t.heard(u32::MAX - 1, &[1, 2]);
            for _ in 0..5 {
                t.said(&[9; 4]).unwrap();
            }
            t.heard(0, &[3, 4]);
            t.heard(2, &[5, 6]);
            t.heard(2, &[5, 6]); // once more
            t.heard(8, &[7]); // four are lost
        });
        assert_eq!(heard[..15], [0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 0, 0, 0, 0, 7]);
        assert_eq!(said, [9; 24]);
    }

    #[test]
    fn nothing_a_peer_sends_makes_the_recording_grow_beyond_bounds() {
        let (_, heard) = record("jump", |t| {
            for n in 0..2000u32 {
                t.heard(n.wrapping_mul(39_000), &[1]);
            }
            t.said(&[0; 160]).unwrap();
        });
        assert!(heard.len() < 60_000, "{}", heard.len());
    }

    #[test]
    fn a_silent_peer_does_not_hold_back_what_was_said() {
        let (said, heard) = record("silent", |t| {
            for _ in 0..200 {
                t.said(&[1; 160]).unwrap();
                assert!(t.said.len() <= RATE as usize);
            }
        });
        assert_eq!((said.len(), heard.len()), (32_000, 32_000));
    }
}
