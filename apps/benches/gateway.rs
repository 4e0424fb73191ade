//! What one call costs in the gateway: a second of media both ways, by what the client and the telephone speak. Calls on one
//! core are a second divided by that.

use std::time::Duration;

use apps::sip_rtmp::media::codecs::Audio;
use apps::sip_rtmp::media::{Agreed, AudioAgreed, Bridge, Medium, Output};
use divan::Bencher;
use rfc3550::Packet;
use rtmp::Message;
use wire::Instant;

fn main() {
    divan::main();
}

/// The client's codec and the telephone's.
const CALLS: &[(Audio, Audio)] = &[
    (Audio::Pcmu, Audio::Pcmu),
    (Audio::Pcmu, Audio::G722),
    (Audio::Pcmu, Audio::Opus),
    (Audio::Opus, Audio::Pcmu),
    (Audio::Opus, Audio::Opus),
    #[cfg(feature = "aac")]
    (Audio::Aac, Audio::Pcmu),
    #[cfg(feature = "aac")]
    (Audio::Aac, Audio::Opus),
];

fn agreed(rtmp: Audio, rtp: Audio) -> Agreed {
    let clock_rate = if rtp == Audio::Opus { 48_000 } else { 8_000 };
    let receive = vec![(96, rtp)];
    let (event, event_in, opus) = (None, None, Default::default());
    let audio = AudioAgreed { rtmp, rtp, payload_type: 96, clock_rate, receive, event, event_in, opus };
    Agreed { audio: Some(audio), video: None }
}

/// A call between a telephone that talks and a client that publishes what it hears, one second after the other.
struct Call {
    bridge: Bridge,
    spoken: Vec<Vec<u8>>,
    published: Vec<Message>,
    frame: u64,
    clock: u32,
}

impl Call {
    fn new(rtmp: Audio, rtp: Audio) -> Call {
        let agreed = agreed(rtmp, rtp);
        let clock = agreed.audio.as_ref().map_or(8_000, |audio| audio.clock_rate);
        let mut codec = rtp.open().expect("telephones speak it");
        let rate = codec.sample_rate() as usize;
        let sample = |n: usize| {
            let t = n as f64 / rate as f64;
            (5000.0 * ((t * 900.0).sin() + 0.5 * (t * 4400.0).sin()) * (0.6 + 0.4 * (t * 25.0).sin())) as i16
        };
        let samples: Vec<i16> = (0..rate).map(sample).collect();
        let encode = |frame: &[i16]| {
            let mut payload = Vec::new();
            codec.encode(frame, &mut payload);
            payload
        };
        let spoken = samples.chunks(rate / 50).map(encode).collect();
        let bridge = Bridge::new(Instant::ZERO, agreed);
        let mut call = Call { bridge, spoken, published: Vec::new(), frame: 0, clock };
        // what the client hears in a while is what it publishes from then on
        let heard: Vec<Message> = (0..4).flat_map(|_| call.second()).collect();
        call.published = heard;
        call
    }

    /// A second of both directions; what the client hears.
    fn second(&mut self) -> Vec<Message> {
        let mut heard = Vec::new();
        let per_second = self.published.len() / 4;
        for n in 0..50_usize {
            let now = Instant::ZERO + Duration::from_millis(self.frame * 20);
            let packet = Packet {
                payload_type: 96,
                sequence: self.frame as u16,
                timestamp: (self.frame as u32).wrapping_mul(self.clock / 50),
                ssrc: 1,
                payload: self.spoken[n].clone().into(),
                ..Packet::default()
            };
            self.bridge.from_rtp(now, Medium::Audio, &packet);
            let (from, to) = (n * per_second / 50, (n + 1) * per_second / 50);
            for message in self.published.get(from..to).unwrap_or_default() {
                let timestamp = (self.frame * 20) as u32;
                self.bridge.from_rtmp(now, &Message { timestamp, ..message.clone() });
            }
            self.bridge.handle_time(now);
            while let Some(output) = self.bridge.poll() {
                if let Output::Rtmp(message) = output {
                    heard.push(message);
                }
            }
            self.frame += 1;
        }
        heard
    }
}

#[divan::bench(args = CALLS, sample_count = 20)]
fn a_second_of_a_call(bencher: Bencher, (rtmp, rtp): (Audio, Audio)) {
    let mut call = Call::new(rtmp, rtp);
    bencher.bench_local(|| call.second().len());
}
