//! Audio from the client to the telephone.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use rfc3551::telephone_event::{Sender, Step};
use rfc3551::{Codec, opus};
use rtmp::tag::{self, AudioPacket};
use wire::Instant;

use super::clock::Unwrap;
use super::codecs::{Audio, Way, way};
use super::coder::Decoder;
use super::resample::Resampler;
use super::{AudioAgreed, Medium, Output, speex};

/// Turns the client's audio messages into RTP packets of 20 ms, sent evenly, and keys into telephone events.
///
/// RTMP's timestamps drive those of RTP: the first message stands at 0, and what lies between two messages lies between their
/// packets, however unevenly they arrive. A message that begins within 120 ms of where the one before ended continues it.
pub struct Speak {
    agreed: AudioAgreed,
    source: Option<Source>,
    encoder: Option<Box<dyn Codec>>,
    /// Ticks a second of RTP.
    clock: u32,
    unwrap: Unwrap,
    /// The milliseconds of RTMP that stand at tick 0.
    base: Option<i64>,
    /// Samples for the encoder that do not fill a packet yet, and the tick of the first of them.
    samples: Vec<i16>,
    position: i64,
    fresh: bool,
    queue: VecDeque<Frame>,
    /// A time and the tick that is due then.
    pace: Option<(Instant, i64)>,
    sender: Sender,
    /// The last time something was sent or could have been, its tick, and the tick of the event that is on.
    slot: Option<(Instant, i64)>,
    /// Whether the last one was made by the clock, for want of audio.
    clocked: bool,
    event: i64,
    dropped: u64,
}

/// What a client's messages are decoded with.
struct Source {
    audio: Audio,
    config: Option<Bytes>,
    decoder: Option<Decoder>,
    resampler: Option<(u32, Resampler)>,
}

struct Frame {
    position: i64,
    payload: Bytes,
    marker: bool,
}

/// Messages that begin this much later than expected leave a gap, in milliseconds.
const GAP: i64 = 120;
/// Beyond this a new time base begins, in milliseconds.
const JUMP: i64 = 10_000;
/// Packets that wait at most: 400 ms. After a stall of the client's connection the oldest are dropped.
const WAITING: usize = 20;
const SLOT: Duration = Duration::from_millis(20);

impl Speak {
    /// For what was agreed.
    pub fn new(agreed: AudioAgreed) -> Speak {
        let encoder = agreed.rtp.open_for(&agreed.opus);
        let clock = agreed.clock_rate;
        Speak {
            source: None,
            encoder,
            clock,
            unwrap: Unwrap::default(),
            base: None,
            samples: Vec::new(),
            position: 0,
            fresh: true,
            queue: VecDeque::new(),
            pace: None,
            sender: Sender::new(clock / 50).tone(clock / 10).pause(clock / 10),
            slot: None,
            clocked: false,
            event: 0,
            dropped: 0,
            agreed,
        }
    }

    /// Messages that could not be used.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Queues keys; those that are none are left out.
    pub fn dial(&mut self, keys: &str) {
        if self.agreed.event.is_none() {
            return;
        }
        for key in keys.chars() {
            let _ = self.sender.dial(key.encode_utf8(&mut [0; 4])); // no key, or too many of them
        }
    }

    /// Takes an audio message.
    pub fn message(&mut self, now: Instant, timestamp: u32, payload: &Bytes) {
        let Ok(message) = tag::Audio::parse(payload) else {
            self.dropped += 1;
            return;
        };
        let Some(audio) = Audio::of_tag(message.codec()) else {
            self.dropped += 1;
            return;
        };
        let data = message.track.data;
        match message.packet {
            AudioPacket::SequenceStart => {
                let known = self.source.as_ref().is_some_and(|s| s.audio == audio && s.config.as_ref() == Some(&data));
                if !known {
                    self.source = Some(Source::new(audio, Some(data)));
                }
            }
            AudioPacket::CodedFrames if !data.is_empty() => {
                if self.source.as_ref().is_none_or(|source| source.audio != audio) {
                    self.source = Some(Source::new(audio, None));
                }
                let at = self.unwrap.place(timestamp);
                let used = match way(audio, self.agreed.rtp) {
                    // G.711 is cut anew into packets: decoding and encoding it changes nothing
                    Some(Way::Pass) if self.encoder.is_none() || audio == Audio::Opus => self.pass(now, at, data),
                    Some(_) => self.transcode(now, at, message.sound, &data),
                    None => false,
                };
                self.dropped += u64::from(!used);
            }
            _ => {}
        }
    }

    /// Sends what is due.
    pub fn poll(&mut self, now: Instant, out: &mut VecDeque<Output>) {
        while let Some(due) = self.queue.front().and_then(|frame| self.due(frame.position)).filter(|due| *due <= now) {
            let Some(frame) = self.queue.pop_front() else { break };
            self.slot(due.max(now), Some(frame), out);
        }
        while let Some(due) = self.key_due().filter(|due| *due <= now) {
            let due = if now - due > SLOT * 50 { now } else { due };
            self.slot(due, None, out);
        }
    }

    /// When something is due.
    pub fn deadline(&self) -> Option<Instant> {
        let audio = self.queue.front().and_then(|frame| self.due(frame.position));
        [audio, self.key_due()].into_iter().flatten().min()
    }

    /// When a key's next report is due, as long as no audio makes the rhythm.
    fn key_due(&self) -> Option<Instant> {
        if self.sender.is_idle() || !self.queue.is_empty() {
            return None;
        }
        // audio that is a little late keeps making the rhythm
        let pause = if self.clocked { SLOT } else { 2 * SLOT };
        Some(self.slot.map_or(Instant::ZERO, |(at, _)| at + pause))
    }

    /// One place in the rhythm of packets: a key's report goes before audio.
    fn slot(&mut self, now: Instant, frame: Option<Frame>, out: &mut VecDeque<Output>) {
        let step = i64::from(self.clock / 50);
        let (at, last) = self.slot.unwrap_or((now, -step));
        let passed = ((now - at).as_secs_f64() * f64::from(self.clock)) as i64 / step * step;
        let position = match &frame {
            Some(frame) => frame.position,
            None => last + passed.max(step),
        };
        let marker_lost = position - last > step;
        self.slot = Some((now, position));
        self.clocked = frame.is_none();
        let report = if self.sender.is_idle() { None } else { Some(self.sender.step()) };
        if let (Some(Step::Report(report)), Some(payload_type)) = (report, self.agreed.event) {
            self.event = if report.marker { position } else { self.event + i64::from(report.advance) };
            out.push_back(Output::Rtp {
                medium: Medium::Audio,
                payload_type,
                timestamp: self.event as u32,
                marker: report.marker,
                payload: Bytes::copy_from_slice(&report.payload),
            });
        } else if let Some(frame) = frame {
            out.push_back(Output::Rtp {
                medium: Medium::Audio,
                payload_type: self.agreed.payload_type,
                timestamp: position as u32,
                marker: frame.marker || marker_lost,
                payload: frame.payload,
            });
        }
    }

    /// A packet that passes as it is.
    fn pass(&mut self, now: Instant, at: i64, data: Bytes) -> bool {
        let ticks = match self.agreed.rtp {
            Audio::Opus => match opus::duration(&data) {
                Some(ticks) => i64::from(ticks),
                None => return false,
            },
            _ => i64::from(self.clock / 50),
        };
        let data = match self.agreed.rtp {
            // a telephone that agreed on 8,000 Hz need not understand the layer above
            Audio::Speex if self.clock == 8_000 => match speex::narrow(&data) {
                Some(narrow) => narrow.into(),
                None => return false,
            },
            _ => data,
        };
        self.advance_to(now, at);
        let left_out = self.agreed.rtp == Audio::Opus && self.agreed.opus.use_dtx && opus::is_discontinuous(&data);
        if left_out {
            self.position += ticks;
            self.fresh = true;
        } else {
            self.enqueue(now, data, ticks);
        }
        true
    }

    fn transcode(&mut self, now: Instant, at: i64, sound: tag::Sound, data: &Bytes) -> bool {
        let Some(rate) = self.encoder.as_ref().map(|encoder| encoder.sample_rate()) else { return false };
        let Some(mut source) = self.source.take() else { return false };
        self.advance_to(now, at);
        let decoded = source.decode(sound, data, rate, &mut self.samples);
        self.source = Some(source);
        let frame = rate as usize / 50;
        let mut samples = std::mem::take(&mut self.samples);
        let whole = samples.len() / frame * frame;
        for piece in samples[..whole].chunks_exact(frame) {
            self.encode(now, piece);
        }
        samples.drain(..whole);
        self.samples = samples;
        decoded
    }

    fn encode(&mut self, now: Instant, samples: &[i16]) {
        let Some(encoder) = &mut self.encoder else { return };
        let mut payload = Vec::new();
        encoder.encode(samples, &mut payload);
        let step = i64::from(self.clock / 50);
        if self.agreed.rtp == Audio::Opus && self.agreed.opus.use_dtx && opus::is_discontinuous(&payload) {
            self.position += step;
            self.fresh = true;
        } else {
            self.enqueue(now, payload.into(), step);
        }
    }

    /// Moves to where RTMP's clock puts what comes next.
    fn advance_to(&mut self, now: Instant, at: i64) {
        let clock = i64::from(self.clock);
        let rate = self.encoder.as_ref().map_or(self.clock, |encoder| encoder.sample_rate());
        let pending = self.samples.len() as i64 * clock / i64::from(rate);
        let end = self.position + pending;
        let base = *self.base.get_or_insert(at - end * 1000 / clock);
        let ahead = (at - base) - end * 1000 / clock;
        if !(-GAP..JUMP).contains(&ahead) {
            self.base = Some(at - end * 1000 / clock); // the client began anew
        } else if ahead > GAP {
            if !self.samples.is_empty() {
                let mut rest = std::mem::take(&mut self.samples);
                rest.resize(rate as usize / 50, 0);
                self.encode(now, &rest);
            }
            let step = clock / 50;
            self.position += (((at - base) * clock / 1000 - self.position) / step).max(0) * step;
            self.fresh = true;
        }
    }

    fn enqueue(&mut self, now: Instant, payload: Bytes, ticks: i64) {
        // keys may have been sent meanwhile, beyond where the audio stands
        if let Some((_, last)) = self.slot.filter(|(_, last)| *last >= self.position && self.queue.is_empty()) {
            self.base = self.base.map(|base| base - (last + ticks - self.position) * 1000 / i64::from(self.clock));
            self.position = last + ticks;
        }
        self.queue.push_back(Frame { position: self.position, payload, marker: std::mem::take(&mut self.fresh) });
        if self.queue.len() > WAITING {
            self.queue.pop_front();
            self.pace = self.queue.front().map(|front| (now, front.position));
            if let Some(front) = self.queue.front_mut() {
                front.marker = true;
            }
        }
        match self.due(self.position) {
            Some(due) if due >= now => {
                // what waits longer than it must waits a little less each time
                if let Some((at, _)) = self.pace.as_mut().filter(|_| self.queue.len() > 4) {
                    *at = *at - SLOT / 100;
                }
            }
            _ => self.pace = Some((now, self.position)),
        }
        self.position += ticks;
    }

    fn due(&self, position: i64) -> Option<Instant> {
        let (at, reference) = self.pace?;
        let nanos = (position - reference) as i128 * 1_000_000_000 / i128::from(self.clock);
        match u64::try_from(nanos) {
            Ok(nanos) => Some(at + Duration::from_nanos(nanos)),
            Err(_) => Some(at - Duration::from_nanos(nanos.unsigned_abs().min(u64::MAX.into()) as u64)),
        }
    }
}

impl Source {
    fn new(audio: Audio, config: Option<Bytes>) -> Source {
        let decoder = Decoder::new(audio, config.as_ref());
        Source { audio, config, decoder, resampler: None }
    }

    /// Appends the samples of a message at `rate` Hz; false when it is malformed.
    fn decode(&mut self, sound: tag::Sound, data: &[u8], rate: u32, out: &mut Vec<i16>) -> bool {
        let mut samples = Vec::new();
        let Some(from) = self.decoder.as_mut().and_then(|decoder| decoder.decode(sound, data, &mut samples)) else {
            return false;
        };
        if self.resampler.as_ref().is_none_or(|(known, _)| *known != from) {
            self.resampler = Resampler::new(from, rate).map(|resampler| (from, resampler));
        }
        let Some((_, resampler)) = &mut self.resampler else { return false };
        resampler.push(&samples, out);
        true
    }
}
