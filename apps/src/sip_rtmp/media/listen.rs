//! Audio from the telephone to the client.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use rfc3550::{JitterBuffer, JitterConfig, Packet, Playout};
use rfc3551::telephone_event::{Change, Receiver};
use rfc3551::{Codec, Concealment, opus};
use rtmp::{Message, MessageType};
use wire::Instant;

use super::clock::TimeLine;
use super::codecs::{Audio, Way, way};
use super::coder::{Encoder, header_of, payload, silence};
use super::resample::Resampler;
use super::{AudioAgreed, Medium, Output, Settings};

/// Turns the telephone's packets into audio messages without gaps: what is lost is concealed, what is not sent is silence, so
/// that a player never waits. Keys come out as they are released.
pub struct Listen {
    agreed: AudioAgreed,
    jitter: JitterBuffer,
    ssrc: Option<u32>,
    receiver: Receiver,
    /// What the packets are decoded with.
    source: Option<Source>,
    out: Out,
    /// Milliseconds of the time line that are filled.
    filled: f64,
    header_sent: bool,
    /// When packets were last taken out, to count the time that keys may be silent.
    checked: Option<Instant>,
}

struct Source {
    audio: Audio,
    codec: Option<Box<dyn Codec>>,
    concealment: Concealment,
    resampler: Option<Resampler>,
    /// Samples of the last packet: what a lost one would have had.
    last: usize,
}

/// Where it goes.
enum Out {
    /// As it is.
    Pass,
    /// Through an encoder, with milliseconds at which the next message begins.
    Encode(Box<Encoder>, f64),
    /// Nowhere: there is no way.
    None,
}

/// Silence is filled in when nothing came for so long.
const PATIENCE: f64 = 400.0;
/// And up to this much before now.
const BEHIND: f64 = 200.0;
/// Gaps up to this are not worth a notice, in milliseconds.
const SMALL: f64 = 40.0;
/// The longest gap that is filled, in milliseconds; a longer one is left open.
const FILL: f64 = 2_000.0;

impl Listen {
    /// For what was agreed, from `now` on.
    pub fn new(now: Instant, agreed: AudioAgreed, settings: &Settings, line: &mut TimeLine) -> Listen {
        line.restart(Medium::Audio, agreed.clock_rate);
        let filled = line.at(now);
        let out = match way(agreed.rtmp, agreed.rtp) {
            Some(Way::Pass) if matches!(agreed.rtp, Audio::Opus | Audio::Speex) => Out::Pass,
            Some(_) => match Encoder::new(agreed.rtmp, settings.aac_rate) {
                Some(encoder) => Out::Encode(Box::new(encoder), filled),
                None => Out::None,
            },
            None => Out::None,
        };
        Listen {
            jitter: JitterBuffer::new(JitterConfig::new(agreed.clock_rate)),
            ssrc: None,
            receiver: Receiver::new(agreed.clock_rate * 3 / 20),
            source: None,
            out,
            filled,
            header_sent: false,
            checked: None,
            agreed,
        }
    }

    /// Takes a packet.
    pub fn packet(&mut self, arrived: Instant, packet: &Packet, line: &mut TimeLine) {
        if self.ssrc.replace(packet.ssrc).is_some_and(|ssrc| ssrc != packet.ssrc) {
            self.jitter = JitterBuffer::new(JitterConfig::new(self.agreed.clock_rate));
            self.source = None;
            line.restart(Medium::Audio, self.agreed.clock_rate);
        }
        self.jitter.push(arrived, packet.clone());
    }

    /// The message that a player needs before all others.
    pub fn header(&self) -> Option<Bytes> {
        match &self.out {
            Out::Pass => header_of(self.agreed.rtmp),
            Out::Encode(encoder, _) => encoder.header(),
            Out::None => None,
        }
    }

    /// When something is due.
    pub fn deadline(&self, line: &TimeLine, now: Instant) -> Option<Instant> {
        let idle = match self.out {
            Out::None => None,
            _ => Some(now + Duration::from_secs_f64((self.filled + PATIENCE - line.at(now)).max(0.0) / 1000.0 + 1e-6)),
        };
        [self.jitter.deadline(), idle].into_iter().flatten().min()
    }

    /// Plays what is due.
    pub fn poll(&mut self, now: Instant, line: &mut TimeLine, out: &mut VecDeque<Output>) {
        while let Some(item) = self.jitter.pop(now) {
            match item {
                Playout::Packet(packet) => self.play(now, packet, line, out),
                Playout::Lost(_) => self.lost(out),
            }
        }
        let passed = self.checked.map_or(Duration::ZERO, |checked| now - checked);
        self.checked = Some(now);
        let ticks = (passed.as_secs_f64() * f64::from(self.agreed.clock_rate)) as u32;
        if let Some(change) = self.receiver.pass(ticks) {
            key(change, out);
        }
        let behind = line.at(now) - self.filled;
        if behind >= PATIENCE {
            self.fill(behind - BEHIND, out);
        }
    }

    fn play(&mut self, now: Instant, packet: Packet, line: &mut TimeLine, out: &mut VecDeque<Output>) {
        if Some(packet.payload_type) == self.agreed.event_in {
            for change in self.receiver.report(packet.timestamp, packet.marker, &packet.payload) {
                key(change, out);
            }
            return;
        }
        let Some(audio) = self.agreed.receives(packet.payload_type) else { return };
        if let Some(change) = self.receiver.media(packet.timestamp) {
            key(change, out);
        }
        if packet.payload.is_empty() {
            return;
        }
        let place = line.place(now, Medium::Audio, packet.timestamp);
        let ahead = place - self.filled;
        if !(-SMALL..=FILL).contains(&ahead) {
            // What was filled in meanwhile cannot be taken back; a long silence need not be filled at once.
            if ahead > FILL {
                self.jump(place);
            } else {
                line.shift(Medium::Audio, -ahead);
            }
        } else if ahead > SMALL {
            self.fill(ahead, out);
        }
        self.sound(audio, &packet.payload, out);
    }

    /// The sound of one packet.
    fn sound(&mut self, audio: Audio, data: &Bytes, out: &mut VecDeque<Output>) {
        if matches!(self.out, Out::Pass) {
            // another codec of those agreed cannot pass as this one
            if audio == self.agreed.rtmp {
                let ms = match audio {
                    Audio::Opus => opus::duration(data).map_or(0.0, |ticks| f64::from(ticks) / 48.0),
                    _ => 20.0,
                };
                self.send(payload(audio, data.clone()), self.filled, out);
                self.filled += ms;
            }
            return;
        }
        let rate = self.out_rate();
        if !audio.is_transcoded() {
            return;
        }
        if self.source.as_ref().is_none_or(|source| source.audio != audio) {
            self.source = Some(Source::new(audio, rate));
        }
        let Some(Source { codec: Some(codec), concealment, last, .. }) = &mut self.source else { return };
        let mut samples = Vec::new();
        codec.decode(data, &mut samples);
        concealment.heard(&mut samples);
        *last = samples.len();
        self.samples(&samples, out);
    }

    /// A packet was lost: its like is made up.
    fn lost(&mut self, out: &mut VecDeque<Output>) {
        if matches!(self.out, Out::Pass) {
            if let Some(quiet) = silence(self.agreed.rtmp) {
                self.send(payload(self.agreed.rtmp, quiet), self.filled, out);
            }
            self.filled += 20.0;
            return;
        }
        let Some(source) = &mut self.source else { return };
        let mut samples = Vec::new();
        if !source.codec.as_mut().is_some_and(|codec| codec.conceal(source.last, &mut samples)) {
            source.concealment.conceal(source.last, &mut samples);
        }
        self.samples(&samples, out);
    }

    /// Fills `ms` milliseconds in which nothing was sent.
    fn fill(&mut self, ms: f64, out: &mut VecDeque<Output>) {
        if ms > FILL {
            self.jump(self.filled + ms - FILL);
        }
        let ms = ms.min(FILL);
        if matches!(self.out, Out::Pass) {
            for _ in 0..(ms / 20.0) as usize {
                self.lost(out);
            }
            return;
        }
        let rate = self.out_rate();
        let source = self.source.get_or_insert_with(|| Source::new(self.agreed.rtp, rate));
        let Some(from) = source.codec.as_ref().map(|codec| codec.sample_rate()) else { return };
        let mut samples = Vec::new();
        // fades out what was last heard, and is silent from then on
        source.concealment.conceal((ms * f64::from(from) / 1000.0) as usize, &mut samples);
        self.samples(&samples, out);
    }

    /// Leaves a gap: what comes next stands at `place`.
    fn jump(&mut self, place: f64) {
        if let Out::Encode(_, next) = &mut self.out {
            *next += place - self.filled;
        }
        self.filled = place;
    }

    /// Samples at the source's rate become messages.
    fn samples(&mut self, samples: &[i16], out: &mut VecDeque<Output>) {
        let Some(source) = &mut self.source else { return };
        let from = source.codec.as_ref().map_or(8_000, |codec| codec.sample_rate());
        self.filled += samples.len() as f64 * 1000.0 / f64::from(from);
        let Some(resampler) = &mut source.resampler else { return };
        let mut resampled = Vec::new();
        resampler.push(samples, &mut resampled);
        let mut messages = Vec::new();
        if let Out::Encode(encoder, next) = &mut self.out {
            let rate = f64::from(encoder.sample_rate());
            let delay = f64::from(encoder.delay()) * 1000.0 / rate;
            encoder.encode(&resampled, |payload, samples| {
                messages.push((payload, *next - delay));
                *next += f64::from(samples) * 1000.0 / rate;
            });
        }
        for (payload, at) in messages {
            self.send(payload, at, out);
        }
    }

    fn send(&mut self, payload: Bytes, at: f64, out: &mut VecDeque<Output>) {
        let timestamp = at.max(0.0).round() as u64 as u32; // wraps, as timestamps do
        let message = |payload| Output::Rtmp(Message { kind: MessageType::Audio, timestamp, stream: 0, payload });
        if !std::mem::replace(&mut self.header_sent, true)
            && let Some(header) = self.header()
        {
            out.push_back(message(header));
        }
        out.push_back(message(payload));
    }

    fn out_rate(&self) -> u32 {
        match &self.out {
            Out::Encode(encoder, _) => encoder.sample_rate(),
            _ => 8_000,
        }
    }
}

impl Source {
    fn new(audio: Audio, rate: u32) -> Source {
        let codec = audio.open();
        let from = codec.as_ref().map_or(8_000, |codec| codec.sample_rate());
        let (concealment, resampler) = (Concealment::new(from), Resampler::new(from, rate));
        Source { audio, codec, concealment, resampler, last: from as usize / 50 }
    }
}

fn key(change: Change, out: &mut VecDeque<Output>) {
    if let Change::Ended { event, .. } = change
        && let Some(key) = event.key()
    {
        out.push_back(Output::Digit(key));
    }
}
