use opus_pure::{Application, Bandwidth, MAX_PACKET_BYTES, MAX_PACKET_SAMPLES, OpusDecoder, OpusEncoder, RateControl};

use super::{CLOCK_RATE, Fmtp, duration};
use crate::Codec;

/// What an encoder is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Bits a second on average, 6,000 to 510,000. Default 32,000.
    pub bitrate: u32,
    /// How hard to try, 0 to 10. Default 5: little is gained above for a voice.
    pub complexity: u8,
    /// Whether packets carry a poor copy of the one before, for when that is lost. Default false.
    pub fec: bool,
    /// Whether silence becomes packets that need not be sent. Default false.
    pub dtx: bool,
    /// Whether all packets have the same size. Default false.
    pub cbr: bool,
    /// The highest sampling rate worth coding, in Hz. Default 48,000.
    pub max_rate: u32,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings { bitrate: 32_000, complexity: 5, fec: false, dtx: false, cbr: false, max_rate: 48_000 }
    }
}

impl Settings {
    /// The settings that the receiver's parameters ask for.
    //= rfc7587#7.1/bandwidth MUST NOT
    //# No band beyond what the receiver plays is coded.
    //= rfc7587#7.1/bitrate MUST NOT
    //# The average never exceeds what the receiver allows.
    //= rfc7587#3.3/fec SHOULD NOT
    //# FEC only when the receiver says that it uses it.
    //= rfc7587#6.1/bandwidth SHOULD NOT
    //# The encoder's greatest bandwidth is that of `maxplaybackrate`.
    //= rfc7587#7.1/no-misuse SHOULD NOT
    //# It has no other use here.
    //= rfc7587#3.1.3/continuous SHOULD
    //# DTX only when the receiver asks for it.
    pub fn for_receiver(fmtp: &Fmtp) -> Settings {
        let default = Settings::default();
        Settings {
            bitrate: default.bitrate.min(fmtp.max_average_bitrate.unwrap_or(u32::MAX)),
            fec: fmtp.use_inband_fec,
            dtx: fmtp.use_dtx,
            cbr: fmtp.cbr,
            max_rate: fmtp.max_playback_rate,
            ..default
        }
    }
}

/// One stream each way, mono at 48,000 Hz, by crate `opus-pure`. Encoder and decoder are made when they are first needed.
///
/// ```
/// use rfc3551::Codec;
/// use rfc3551::opus::{Opus, duration};
/// let mut opus = Opus::default();
/// let tone: Vec<i16> = (0..960).map(|n| (9000.0 * (n as f64 * 0.06).sin()) as i16).collect();
/// let (mut payload, mut samples) = (Vec::new(), Vec::new());
/// opus.encode(&tone, &mut payload);
/// assert_eq!(duration(&payload), Some(960));
/// opus.decode(&payload, &mut samples);
/// assert_eq!(samples.len(), 960);
/// ```
#[derive(Default)]
pub struct Opus {
    settings: Settings,
    encoder: Option<Box<OpusEncoder>>,
    decoder: Option<Box<OpusDecoder>>,
    /// Samples of the packet decoded last: what a lost one would have had.
    last: usize,
}

/// The samples that one packet can have.
const FRAMES: [usize; 7] = [120, 240, 480, 960, 1920, 2880, 5760];

impl Opus {
    /// A codec whose encoder does what `settings` say.
    pub fn new(settings: Settings) -> Opus {
        Opus { settings, ..Opus::default() }
    }

    /// Appends what forward error correction in `next` tells of the packet before it, `samples` of them.
    //= rfc7587#6.1/fec-capable MUST
    //# Ordinary decoding skips what is for the packet before; this decodes it.
    pub fn recover(&mut self, next: &[u8], samples: usize, out: &mut Vec<i16>) {
        self.decode_with(samples, out, |decoder, samples, pcm| decoder.decode_fec_s16(next, samples, pcm).is_ok());
    }

    fn encoder(&mut self) -> Option<&mut OpusEncoder> {
        if self.encoder.is_none() {
            let mut encoder = OpusEncoder::new(CLOCK_RATE as i32, 1, Application::Voip).ok()?;
            let settings = self.settings;
            encoder.bitrate_bps = settings.bitrate.clamp(6_000, 510_000) as i32;
            encoder.complexity = i32::from(settings.complexity.min(10));
            encoder.use_inband_fec = settings.fec;
            encoder.packet_loss_perc = if settings.fec { 10 } else { 0 };
            encoder.use_dtx = settings.dtx;
            encoder.rate_control = if settings.cbr { RateControl::Cbr } else { RateControl::ConstrainedVbr };
            encoder.max_bandwidth = match settings.max_rate {
                0..=8_000 => Bandwidth::Narrowband,
                8_001..=12_000 => Bandwidth::Mediumband,
                12_001..=16_000 => Bandwidth::Wideband,
                16_001..=24_000 => Bandwidth::Superwideband,
                _ => Bandwidth::Fullband,
            };
            self.encoder = Some(Box::new(encoder));
        }
        self.encoder.as_deref_mut()
    }

    /// Appends `samples` of whatever `decode` makes; silence where it fails.
    fn decode_with(
        &mut self,
        samples: usize,
        out: &mut Vec<i16>,
        decode: impl FnOnce(&mut OpusDecoder, usize, &mut [i16]) -> bool,
    ) {
        let samples = samples.clamp(120, MAX_PACKET_SAMPLES);
        let start = out.len();
        out.resize(start + samples, 0);
        if self.decoder.is_none() {
            self.decoder = OpusDecoder::new(CLOCK_RATE as i32, 1).ok().map(Box::new);
        }
        let Some(decoder) = &mut self.decoder else { return };
        if !decode(decoder, samples, &mut out[start..]) {
            out[start..].fill(0);
        }
    }
}

//= rfc7587#3.4/mono-sent SHOULD NOT
//# The encoder has one channel.
//= rfc7587#7.1/no-stereo MUST NOT
//# The encoder has one channel.
impl Codec for Opus {
    /// One packet of as many samples as a packet can have: silence fills up to the next such number, and what is beyond
    /// 5,760 is left out.
    //= rfc7587#4.2/one MUST
    //# One call of the encoder is one packet is one payload.
    fn encode(&mut self, samples: &[i16], out: &mut Vec<u8>) {
        let frame = FRAMES.into_iter().find(|frame| *frame >= samples.len()).unwrap_or(MAX_PACKET_SAMPLES);
        let mut padded = Vec::new();
        let samples = if samples.len() < frame {
            padded.extend_from_slice(samples);
            padded.resize(frame, 0);
            &padded
        } else {
            &samples[..frame]
        };
        let start = out.len();
        out.resize(start + MAX_PACKET_BYTES, 0);
        let encode = |encoder: &mut OpusEncoder| encoder.encode_s16(samples, frame, &mut out[start..]).ok();
        let written = self.encoder().and_then(encode).unwrap_or(0);
        out.truncate(start + written);
    }

    /// Stereo is mixed down. What is no Opus packet is concealed.
    //= rfc7587#6.1/stereo-capable MUST
    //# The decoder takes stereo packets and mixes them into its one channel.
    //= rfc7587#7.1/any-signal MUST
    //# So it does with any mode and bandwidth.
    //= rfc7587#6.1/any-rate MUST
    //# The decoder always runs at 48,000 Hz.
    fn decode(&mut self, payload: &[u8], out: &mut Vec<i16>) {
        let samples = duration(payload).unwrap_or(960) as usize;
        let start = out.len();
        let mut ok = duration(payload).is_some();
        if ok {
            self.decode_with(samples, out, |decoder, samples, pcm| {
                ok = decoder.decode_s16(payload, samples, pcm).is_ok();
                ok
            });
        }
        if !ok {
            out.truncate(start);
            self.conceal(samples, out);
        }
        self.last = samples;
    }

    fn sample_rate(&self) -> u32 {
        CLOCK_RATE
    }

    /// As many samples as are wanted, made of whole packets' worth.
    fn conceal(&mut self, samples: usize, out: &mut Vec<i16>) -> bool {
        let (end, step) = (out.len() + samples, self.last.clamp(120, 960));
        while out.len() < end {
            self.decode_with(step, out, |decoder, step, pcm| decoder.decode_s16(&[], step, pcm).is_ok());
        }
        out.truncate(end);
        true
    }
}
