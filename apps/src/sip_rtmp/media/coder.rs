//! Decoders and encoders of what RTMP carries.

use bytes::Bytes;
#[cfg(feature = "aac")]
use rfc3551::aac;
use rfc3551::{Codec, opus};
use rtmp::tag::{self, AudioCodec, Sound};

use super::codecs::Audio;

/// What the client's messages are decoded with.
pub enum Decoder {
    /// A codec that telephones have too.
    Plain(Box<dyn Codec>),
    /// AAC, once its configuration has come.
    #[cfg(feature = "aac")]
    Aac(Box<aac::Decoder>),
}

impl Decoder {
    /// A decoder of that codec; `config` is what its sequence header held. `None` when this build has none, or not yet.
    pub fn new(audio: Audio, config: Option<&Bytes>) -> Option<Decoder> {
        match audio {
            Audio::Aac => Decoder::aac(config?),
            other => other.open().map(Decoder::Plain),
        }
    }

    #[cfg(feature = "aac")]
    fn aac(config: &Bytes) -> Option<Decoder> {
        aac::Decoder::new(config).ok().map(|decoder| Decoder::Aac(Box::new(decoder)))
    }

    #[cfg(not(feature = "aac"))]
    fn aac(_: &Bytes) -> Option<Decoder> {
        None
    }

    /// Appends the samples of one message and says their rate in Hz; `None` when it is malformed.
    pub fn decode(&mut self, sound: Sound, data: &[u8], out: &mut Vec<i16>) -> Option<u32> {
        match self {
            Decoder::Plain(codec) => {
                let start = out.len();
                codec.decode(data, out);
                if sound.stereo && codec.sample_rate() == 8_000 {
                    mix(out, start);
                }
                Some(codec.sample_rate())
            }
            #[cfg(feature = "aac")]
            Decoder::Aac(decoder) => decoder.decode(data, out).ok(),
        }
    }
}

/// Mixes the samples from `start` on, left and right in turn, into one channel.
fn mix(samples: &mut Vec<i16>, start: usize) {
    let pairs = (samples.len() - start) / 2;
    for n in 0..pairs {
        let (left, right) = (i32::from(samples[start + 2 * n]), i32::from(samples[start + 2 * n + 1]));
        samples[start + n] = ((left + right) / 2) as i16;
    }
    samples.truncate(start + pairs);
}

/// Makes messages' payloads of samples.
pub enum Encoder {
    /// A codec that telephones have too: 20 ms a message.
    Plain {
        /// Which.
        audio: Audio,
        /// The codec.
        codec: Box<dyn Codec>,
        /// Samples that do not fill a message yet.
        pending: Vec<i16>,
    },
    /// AAC.
    #[cfg(feature = "aac")]
    Aac(Box<aac::Encoder>),
}

impl Encoder {
    /// An encoder of that codec; AAC at `aac_rate` Hz. `None` when this build has none.
    pub fn new(audio: Audio, aac_rate: u32) -> Option<Encoder> {
        match audio {
            Audio::Aac => Encoder::aac(aac_rate),
            other => Some(Encoder::Plain { audio: other, codec: other.open()?, pending: Vec::new() }),
        }
    }

    #[cfg(feature = "aac")]
    fn aac(rate: u32) -> Option<Encoder> {
        // two bits a sample: enough for a voice at any of the rates
        aac::Encoder::new(rate, (2 * rate).clamp(16_000, 64_000)).ok().map(|encoder| Encoder::Aac(Box::new(encoder)))
    }

    #[cfg(not(feature = "aac"))]
    fn aac(_: u32) -> Option<Encoder> {
        None
    }

    /// Samples a second that it takes.
    pub fn sample_rate(&self) -> u32 {
        match self {
            Encoder::Plain { codec, .. } => codec.sample_rate(),
            #[cfg(feature = "aac")]
            Encoder::Aac(encoder) => encoder.sample_rate(),
        }
    }

    /// How many samples later than its timestamp a message's sound comes out of the decoder.
    pub fn delay(&self) -> u32 {
        match self {
            Encoder::Plain { audio: Audio::Opus, .. } => 312,
            Encoder::Plain { .. } => 0,
            #[cfg(feature = "aac")]
            Encoder::Aac(_) => aac::FRAME as u32,
        }
    }

    /// The message that must come before all others, if the codec has one.
    pub fn header(&self) -> Option<Bytes> {
        match self {
            Encoder::Plain { audio, .. } => header_of(*audio),
            #[cfg(feature = "aac")]
            Encoder::Aac(encoder) => {
                let config = Bytes::copy_from_slice(encoder.config());
                Some(tag::Audio::sequence_start(AudioCodec::Aac, config).to_bytes())
            }
        }
    }

    /// Takes samples and hands every payload that is complete to `out`, with the number of samples in it.
    pub fn encode(&mut self, samples: &[i16], mut out: impl FnMut(Bytes, u32)) {
        match self {
            Encoder::Plain { audio, codec, pending } => {
                pending.extend_from_slice(samples);
                let frame = codec.sample_rate() as usize / 50;
                let whole = pending.len() / frame * frame;
                for samples in pending[..whole].chunks_exact(frame) {
                    let mut data = Vec::new();
                    codec.encode(samples, &mut data);
                    out(payload(*audio, data.into()), frame as u32);
                }
                pending.drain(..whole);
            }
            #[cfg(feature = "aac")]
            Encoder::Aac(encoder) => {
                let encoded = encoder.encode(samples, |unit| {
                    out(payload(Audio::Aac, Bytes::copy_from_slice(unit)), aac::FRAME as u32);
                });
                if let Err(error) = encoded {
                    tracing::debug!(%error, "audio not encoded");
                }
            }
        }
    }
}

/// The sequence header of a codec that needs no encoder to know it.
pub fn header_of(audio: Audio) -> Option<Bytes> {
    (audio == Audio::Opus).then(|| {
        let header = tag::opus::Header::new(1, opus::CLOCK_RATE);
        tag::Audio::sequence_start(AudioCodec::Opus, header.to_bytes()).to_bytes()
    })
}

/// The payload of an audio message.
pub fn payload(audio: Audio, data: Bytes) -> Bytes {
    let Some(codec) = audio.tag() else { return Bytes::new() };
    let mut message = tag::Audio::frame(codec, data);
    if matches!(audio, Audio::Pcmu | Audio::Pcma | Audio::Speex) {
        message.sound = PLAIN;
    }
    message.to_bytes()
}

/// A packet of 20 ms of silence, where it can be made without an encoder.
pub fn silence(audio: Audio) -> Option<Bytes> {
    match audio {
        Audio::Opus => Some(Bytes::from_static(&[0xf8, 0xff, 0xfe])),
        Audio::Speex => Some(Bytes::from_static(&[0x03, 0xdf])), // no sub-mode, terminator
        _ => None,
    }
}

/// What G.711 and Speex say about themselves, and always did: 16 bits, one channel; the rate is that of the codec.
const PLAIN: Sound = Sound { rate: 0, wide: true, stereo: false };
