//! G.722: 16,000 Hz in 64 kbit/s, two bands of ADPCM. ITU-T G.722, mode 1; RFC 3551 section 4.5.2.
//!
//! Its RTP clock counts 8,000 Hz although it samples twice as often: 20 ms are 320 samples, 160 bytes and 160 ticks.

mod band;
mod tables;

use band::Band;
use tables::QMF;

use crate::Codec;

/// Ticks of the RTP clock a second, half of the samples.
pub const CLOCK_RATE: u32 = 8_000;

/// Samples a second.
pub const SAMPLE_RATE: u32 = 16_000;

/// One stream each way.
///
/// ```
/// use rfc3551::Codec;
/// use rfc3551::g722::G722;
/// let mut g722 = G722::default();
/// let (mut payload, mut samples) = (Vec::new(), Vec::new());
/// g722.encode(&[0; 320], &mut payload);
/// g722.decode(&payload, &mut samples);
/// assert_eq!((payload.len(), samples.len()), (160, 320));
/// ```
#[derive(Clone, Debug, Default)]
pub struct G722 {
    encoder: Half,
    decoder: Half,
}

/// One direction: the quadrature mirror filter's samples, the oldest first, and the two bands.
#[derive(Clone, Debug)]
struct Half {
    filter: [i32; 24],
    low: Band,
    high: Band,
}

impl Default for Half {
    fn default() -> Half {
        Half { filter: [0; 24], low: Band::low(), high: Band::high() }
    }
}

impl Half {
    /// Puts two samples into the filter; the sums of its odd and even taps.
    fn filter(&mut self, pair: [i32; 2]) -> [i32; 2] {
        self.filter.copy_within(2.., 0);
        self.filter[22..].copy_from_slice(&pair);
        let taps = self.filter.as_chunks::<2>().0.iter();
        taps.zip(QMF.iter().zip(QMF.iter().rev()))
            .fold([0, 0], |[a, b], ([x, y], (first, last))| [a + x * first, b + y * last])
    }

    fn encode(&mut self, pair: [i16; 2]) -> u8 {
        let [odd, even] = self.filter(pair.map(i32::from));
        let (low, high) = ((even + odd) >> 14, (even - odd) >> 14);
        self.high.quantize_high(high) << 6 | self.low.quantize_low(low)
    }

    fn decode(&mut self, code: u8) -> [i16; 2] {
        let (low, high) = (self.low.restore_low(code & 0x3f), self.high.restore_high(code >> 6));
        let [second, first] = self.filter([low + high, low - high]);
        [first, second].map(|sum| (sum >> 11).clamp(i32::from(i16::MIN), i32::from(i16::MAX)) as i16)
    }
}

impl Codec for G722 {
    /// A byte for two samples; one that is left over is taken with silence.
    //= rfc3551#4.5.2/octets MUST
    //# A byte has the code of the higher band in its upper two bits, that of the lower band below.
    fn encode(&mut self, samples: &[i16], out: &mut Vec<u8>) {
        let (pairs, rest) = samples.as_chunks::<2>();
        out.extend(pairs.iter().map(|pair| self.encoder.encode(*pair)));
        if let Some(last) = rest.first() {
            out.push(self.encoder.encode([*last, 0]));
        }
    }

    fn decode(&mut self, payload: &[u8], out: &mut Vec<i16>) {
        out.extend(payload.iter().flat_map(|code| self.decoder.decode(*code)));
    }

    fn sample_rate(&self) -> u32 {
        SAMPLE_RATE
    }

    fn clock_rate(&self) -> u32 {
        CLOCK_RATE
    }
}
