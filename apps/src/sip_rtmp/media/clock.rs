//! The clocks of both sides: timestamps that wrap, and sender reports that tie them together.

use rfc3550::NtpTime;
use wire::Instant;

use super::Medium;

/// Makes a count without wrapping of one of 32 bits. The first is taken as it is.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unwrap(Option<i64>);

impl Unwrap {
    /// The place of `count`, near that of the one before.
    pub fn place(&mut self, count: u32) -> i64 {
        let place = match self.0 {
            None => i64::from(count),
            Some(last) => last + i64::from(count.wrapping_sub(last as u32) as i32),
        };
        self.0 = Some(place);
        place
    }

    /// The same, without remembering it.
    pub fn near(&self, count: u32) -> Option<i64> {
        let last = self.0?;
        Some(last + i64::from(count.wrapping_sub(last as u32) as i32))
    }
}

/// Puts the packets of both RTP streams on the one time line of RTMP, in milliseconds since the bridge began.
///
/// Each stream starts where its first packet is played. As soon as both have sent a report, whose wall-clock times are those
/// of one machine, the video is moved by small steps to where the audio has it.
#[derive(Clone, Debug)]
pub struct TimeLine {
    began: Instant,
    streams: [Stream; 2],
}

#[derive(Clone, Copy, Debug, Default)]
struct Stream {
    unwrap: Unwrap,
    rate: f64,
    /// Milliseconds to add to the stream's own.
    offset: Option<f64>,
    /// Wall-clock milliseconds and those of the stream at the last report.
    report: Option<(f64, f64)>,
}

/// The most that video is moved with one packet, in milliseconds.
const STEP: f64 = 4.0;

/// Reports that disagree by more than this many milliseconds are of clocks that are not one.
const DISAGREEMENT: f64 = 10_000.0;

impl TimeLine {
    /// A time line that begins at `now`.
    pub fn new(now: Instant) -> TimeLine {
        TimeLine { began: now, streams: [Stream::default(); 2] }
    }

    /// Milliseconds from the beginning to `now`.
    pub fn at(&self, now: Instant) -> f64 {
        (now - self.began).as_secs_f64() * 1000.0
    }

    /// Another source begins, with a clock of `rate` Hz: the next packet is the first.
    pub fn restart(&mut self, medium: Medium, rate: u32) {
        *self.stream(medium) = Stream { rate: f64::from(rate.max(1)), ..Stream::default() };
    }

    /// Where a packet with that timestamp stands, played at `now`.
    pub fn place(&mut self, now: Instant, medium: Medium, timestamp: u32) -> f64 {
        let now = self.at(now);
        let goal = if medium == Medium::Video { self.video_offset() } else { None };
        let stream = self.stream(medium);
        let own = stream.unwrap.place(timestamp) as f64 * 1000.0 / stream.rate.max(1.0);
        let offset = stream.offset.get_or_insert(now - own);
        if (own + *offset - now).abs() > DISAGREEMENT {
            *offset = now - own; // the source began a new time base
            stream.report = None;
        } else if let Some(goal) = goal {
            *offset += (goal - *offset).clamp(-STEP, STEP);
        }
        own + *offset
    }

    /// Moves what comes of a stream by that many milliseconds, from the next packet on.
    pub fn shift(&mut self, medium: Medium, by: f64) {
        if let Some(offset) = &mut self.stream(medium).offset {
            *offset += by;
        }
    }

    /// Takes a sender report: at that wall-clock time the stream's clock stood at `timestamp`.
    pub fn report(&mut self, medium: Medium, ntp: NtpTime, timestamp: u32) {
        let stream = self.stream(medium);
        if let Some(place) = stream.unwrap.near(timestamp)
            && ntp.0 != 0
        {
            stream.report = Some((ntp.to_unix().as_secs_f64() * 1000.0, place as f64 * 1000.0 / stream.rate.max(1.0)));
        }
    }

    /// The offset with which the video would be where the audio is.
    fn video_offset(&self) -> Option<f64> {
        let [audio, video] = &self.streams;
        let ((audio_wall, audio_own), (video_wall, video_own)) = (audio.report?, video.report?);
        let goal = audio_own + (video_wall - audio_wall) + audio.offset? - video_own;
        Some(goal).filter(|goal| video.offset.is_none_or(|offset| (goal - offset).abs() < DISAGREEMENT))
    }

    fn stream(&mut self, medium: Medium) -> &mut Stream {
        &mut self.streams[medium as usize]
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn timestamps_that_wrap() {
        let mut unwrap = Unwrap::default();
        let places = [0xffff_ff00, 0xffff_fff0, 16, 0xffff_fffe, 32].map(|count| unwrap.place(count));
        assert_eq!(places.map(|place| place - 0xffff_ff00), [0, 240, 272, 254, 288]);
    }

    #[test]
    fn reports_bring_video_to_the_audio() {
        let start = Instant::from_millis(5000);
        let mut line = TimeLine::new(start);
        line.restart(Medium::Audio, 8000);
        line.restart(Medium::Video, 90_000);
        let now = start + Duration::from_millis(100);
        // Both first packets are played now, but the audio was said 60 ms after the picture was taken.
        assert_eq!(line.place(now, Medium::Audio, u32::MAX - 79), 100.0);
        assert_eq!(line.place(now, Medium::Video, 70_000), 100.0);
        let wall = |ms: u64| NtpTime::from_unix(Duration::from_millis(1_700_000_000_000 + ms));
        line.report(Medium::Audio, wall(60), u32::MAX - 79);
        assert_eq!(line.place(now, Medium::Video, 70_000), 100.0, "one report says nothing");
        line.report(Medium::Video, wall(1000), 70_000 + 90_000);
        let mut place = 0.0;
        for _ in 0..20 {
            place = line.place(now, Medium::Video, 70_000);
        }
        assert!((place - 40.0).abs() < 0.1, "{place}");
        assert_eq!(line.place(now, Medium::Audio, 80), 120.0, "the audio stays");
    }

    #[test]
    fn a_new_time_base_begins_where_we_are() {
        let mut line = TimeLine::new(Instant::ZERO);
        line.restart(Medium::Audio, 8000);
        line.place(Instant::ZERO, Medium::Audio, 0);
        assert_eq!(line.place(Instant::from_millis(20), Medium::Audio, 160), 20.0);
        assert_eq!(line.place(Instant::from_millis(40), Medium::Audio, 1 << 30), 40.0);
        assert_eq!(line.place(Instant::from_millis(60), Medium::Audio, (1 << 30) + 160), 60.0);
    }
}
