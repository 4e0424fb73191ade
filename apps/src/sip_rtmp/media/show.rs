//! Video from the telephone to the client.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use rfc3550::{JitterBuffer, JitterConfig, Packet, Playout};
use rfc3551::h264::{self, AccessUnit, Depacketizer, Limits, NalHeader, NalType, ParameterSets};
use rtmp::tag::{Video, VideoCodec, avc};
use rtmp::{Message, MessageType};
use wire::Instant;

use super::clock::TimeLine;
use super::{Medium, Output, VideoAgreed};

/// Turns the telephone's packets into video messages: a sequence header before the key frame that needs it, and nothing before
/// the first key frame.
pub struct Show {
    agreed: VideoAgreed,
    jitter: JitterBuffer,
    ssrc: Option<u32>,
    depacketizer: Depacketizer,
    /// The parameter sets of the header sent last.
    header: Option<ParameterSets>,
    /// Whether pictures are shown, and since when they may be damaged.
    shown: bool,
    damaged: Option<Instant>,
    /// When a key frame was last asked for.
    asked: Option<Instant>,
    times: Times,
}

/// Decoding and presentation times, in milliseconds.
#[derive(Clone, Copy, Debug, Default)]
struct Times {
    decoded: f64,
    newest: f64,
    /// How much later than its clock says a picture is shown, so that one that is decoded late can be in time.
    delay: f64,
}

/// Key frames are asked for at most so often.
const PAUSE: Duration = Duration::from_millis(500);
/// And again when none came for so long.
const AGAIN: Duration = Duration::from_secs(2);
/// Damaged pictures are held back for so long, in the hope of a key frame.
const HOLD: Duration = Duration::from_secs(2);
/// The greatest delay for pictures out of order, in milliseconds.
const REORDER: f64 = 1_000.0;

impl Show {
    /// For what was agreed.
    pub fn new(agreed: VideoAgreed, line: &mut TimeLine) -> Show {
        line.restart(Medium::Video, h264::CLOCK_RATE);
        let mut depacketizer = Depacketizer::new(Limits::default());
        depacketizer.add_parameter_sets(&agreed.remote.parameter_sets);
        Show {
            agreed,
            jitter: jitter(),
            ssrc: None,
            depacketizer,
            header: None,
            shown: false,
            damaged: None,
            asked: None,
            times: Times::default(),
        }
    }

    /// Takes a packet.
    pub fn packet(&mut self, arrived: Instant, packet: &Packet, line: &mut TimeLine) {
        if !self.agreed.receive.contains(&packet.payload_type) {
            return;
        }
        if self.ssrc.replace(packet.ssrc).is_some_and(|ssrc| ssrc != packet.ssrc) {
            self.jitter = jitter();
            self.depacketizer.reset();
            self.shown = false;
            line.restart(Medium::Video, h264::CLOCK_RATE);
        }
        self.jitter.push(arrived, packet.clone());
    }

    /// When something is due.
    pub fn deadline(&self) -> Option<Instant> {
        self.jitter.deadline()
    }

    /// The message that a player needs before all others, once it is known.
    pub fn header(&self) -> Option<Bytes> {
        self.header.as_ref().and_then(sequence_header)
    }

    /// Shows what is due.
    pub fn poll(&mut self, now: Instant, line: &mut TimeLine, out: &mut VecDeque<Output>) {
        while let Some(item) = self.jitter.pop(now) {
            // a number that is missing is seen by the depacketizer
            let Playout::Packet(packet) = item else { continue };
            self.depacketizer.push(packet.sequence, packet.timestamp, packet.marker, &packet.payload);
            while let Some(output) = self.depacketizer.pop() {
                match output {
                    h264::Output::AccessUnit(unit) => self.picture(now, unit, line, out),
                    h264::Output::KeyFrameNeeded => self.ask(now, PAUSE, out),
                }
            }
        }
    }

    fn ask(&mut self, now: Instant, pause: Duration, out: &mut VecDeque<Output>) {
        if self.asked.is_none_or(|asked| now >= asked + pause) {
            self.asked = Some(now);
            out.push_back(Output::KeyFrameWanted);
        }
    }

    fn picture(&mut self, now: Instant, unit: AccessUnit, line: &mut TimeLine, out: &mut VecDeque<Output>) {
        let place = line.place(now, Medium::Video, unit.timestamp);
        let sets = self.depacketizer.parameter_sets();
        if unit.key_frame && sets.is_complete() {
            self.shown = true;
            if self.header.as_ref() != Some(sets)
                && let Some(payload) = sequence_header(sets)
            {
                self.header = Some(sets.clone());
                let timestamp = place.max(self.times.decoded).round() as u64 as u32;
                out.push_back(Output::Rtmp(Message { kind: MessageType::Video, timestamp, stream: 0, payload }));
            }
        }
        if !self.shown {
            self.ask(now, AGAIN, out);
            return;
        }
        if unit.after_loss {
            self.ask(now, AGAIN, out);
            if now - *self.damaged.get_or_insert(now) < HOLD {
                return;
            }
        } else {
            self.damaged = None;
        }
        let nals: Vec<Bytes> = unit.nal_units.into_iter().filter(belongs).collect();
        let (decoded, composition) = self.times.next(place);
        let payload = Video::frame(VideoCodec::Avc, unit.key_frame, composition, avc::join(&nals)).to_bytes();
        out.push_back(Output::Rtmp(Message { kind: MessageType::Video, timestamp: decoded, stream: 0, payload }));
    }
}

impl Times {
    /// Decoding time and composition time of the next picture, to be shown at `place`: the decoding time never goes back, and
    /// is never after the picture is shown.
    fn next(&mut self, place: f64) -> (u32, i32) {
        if place < self.newest {
            self.delay = self.delay.max(self.newest - place + 20.0).min(REORDER);
        }
        self.newest = self.newest.max(place);
        let shown = place + self.delay;
        let decoded = place.max(self.decoded + 1.0).min(shown.max(self.decoded));
        self.decoded = decoded;
        let (decoded, shown) = (decoded.max(0.0).round() as u64, shown.max(0.0).round() as u64);
        (decoded as u32, shown.saturating_sub(decoded) as i32)
    }
}

fn jitter() -> JitterBuffer {
    // a key frame of a big picture is several hundred packets
    JitterBuffer::new(JitterConfig { capacity: 4096, ..JitterConfig::new(h264::CLOCK_RATE) })
}

/// What stands in the sequence header, or means nothing in a message, is left out.
fn belongs(nal: &Bytes) -> bool {
    let kind = NalHeader(nal.first().copied().unwrap_or(0)).kind();
    !matches!(kind, NalType::Sps | NalType::Pps | NalType::Delimiter | NalType::Filler)
}

fn sequence_header(sets: &ParameterSets) -> Option<Bytes> {
    let config = avc::DecoderConfiguration::new(sets.sps().cloned(), sets.pps().cloned()).ok()?;
    Some(Video::sequence_start(VideoCodec::Avc, config.to_bytes()).to_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_out_of_order_are_decoded_in_time() {
        // I P B B P B B, 33 ms each
        let mut times = Times::default();
        let (mut last, mut shown) = (0, Vec::new());
        for place in [0.0, 100.0, 33.0, 67.0, 200.0, 133.0, 167.0, 300.0, 233.0, 267.0] {
            let (decoded, composition) = times.next(place);
            assert!(decoded >= last && composition >= 0, "{place}: {decoded} {composition}");
            last = decoded;
            shown.push(i64::from(decoded) + i64::from(composition) - place as i64);
        }
        assert!(shown[3..].windows(2).all(|pair| (pair[0] - pair[1]).abs() <= 1), "{shown:?}");
    }

    #[test]
    fn pictures_in_order_have_no_composition_time() {
        let mut times = Times::default();
        assert_eq!([10.0, 43.0, 76.0].map(|place| times.next(place)), [(10, 0), (43, 0), (76, 0)]);
    }
}
