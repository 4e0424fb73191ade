//! AAC as RTMP carries it: access units beside an AudioSpecificConfig, not in RTP. Feature `aac`.
//!
//! The codec is that of crate `syom`: it encodes AAC-LC, and decodes LC and HE. The format is covered by patents in some
//! countries; whoever ships a program with this feature must see to a licence.

use std::fmt;

/// Samples of one access unit of AAC-LC.
pub const FRAME: usize = 1024;

/// The codec refused its settings or its input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AacError(
    /// What the codec says.
    pub String,
);

impl fmt::Display for AacError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for AacError {}

impl From<syom::AacError> for AacError {
    fn from(error: syom::AacError) -> AacError {
        AacError(error.to_string())
    }
}

/// Makes access units of mono samples.
///
/// ```
/// use rfc3551::aac::{Decoder, Encoder, FRAME};
/// let mut encoder = Encoder::new(16_000, 32_000).unwrap();
/// let mut units = Vec::new();
/// for _ in 0..4 {
///     let tone: Vec<i16> = (0..FRAME).map(|n| (9000.0 * (n as f64 * 0.1).sin()) as i16).collect();
///     encoder.encode(&tone, |unit| units.push(unit.to_vec())).unwrap();
/// }
/// assert_eq!(units.len(), 4);
///
/// let mut decoder = Decoder::new(encoder.config()).unwrap();
/// let mut samples = Vec::new();
/// for unit in &units {
///     assert_eq!(decoder.decode(unit, &mut samples), Ok(16_000));
/// }
/// assert_eq!(samples.len(), 4 * FRAME);
/// ```
pub struct Encoder {
    encoder: syom::Encoder,
    sample_rate: u32,
    plane: Vec<f32>,
}

impl Encoder {
    /// An encoder for samples at one of AAC's rates in Hz, and that many bits a second.
    ///
    /// # Errors
    /// [`AacError`] for a rate or bit rate that AAC-LC has not.
    pub fn new(sample_rate: u32, bitrate: u32) -> Result<Encoder, AacError> {
        let options = syom::EncodeOptions::raw().with_bitrate_bps(bitrate);
        Ok(Encoder { encoder: syom::Encoder::new(sample_rate, 1, &options)?, sample_rate, plane: Vec::new() })
    }

    /// The AudioSpecificConfig of what comes out.
    pub fn config(&self) -> &[u8] {
        self.encoder.asc()
    }

    /// Samples a second.
    pub fn sample_rate(&self) -> u32 {
        self.sample_rate
    }

    /// Takes any number of samples and hands every access unit to `unit` that is complete: one for [`FRAME`] samples.
    ///
    /// # Errors
    /// [`AacError`], after which the encoder is of no more use.
    pub fn encode(&mut self, samples: &[i16], mut unit: impl FnMut(&[u8])) -> Result<(), AacError> {
        self.plane.clear();
        self.plane.extend(samples.iter().map(|sample| f32::from(*sample) / 32_768.0));
        self.encoder.feed(&[&self.plane], |frame| {
            unit(frame.payload);
            Ok(())
        })?;
        Ok(())
    }
}

/// Makes samples of access units; several channels are mixed into one.
pub struct Decoder {
    decoder: syom::Decoder,
    config: Vec<u8>,
}

impl Decoder {
    /// A decoder for what that AudioSpecificConfig describes.
    ///
    /// # Errors
    /// [`AacError`] when it is malformed or describes something else than AAC-LC, HE-AAC or AAC-LD.
    pub fn new(config: &[u8]) -> Result<Decoder, AacError> {
        Ok(Decoder { decoder: open(config)?, config: config.to_vec() })
    }

    /// Appends the samples of one access unit to `out` and says their rate in Hz. After an error the next unit starts anew.
    ///
    /// # Errors
    /// [`AacError`] when the unit is malformed; nothing was appended.
    pub fn decode(&mut self, unit: &[u8], out: &mut Vec<i16>) -> Result<u32, AacError> {
        let start = out.len();
        let mut rate = 0;
        let decoded = self.decoder.decode_au(unit, |frame| {
            rate = frame.sample_rate;
            if let Some(plane) = frame.planar.first() {
                out.extend(plane.iter().map(|sample| (sample * 32_768.0) as i16)); // `as` saturates
            }
            Ok(())
        });
        if let Err(error) = decoded {
            out.truncate(start);
            self.decoder = open(&self.config)?;
            return Err(error.into());
        }
        Ok(rate)
    }
}

fn open(config: &[u8]) -> Result<syom::Decoder, AacError> {
    let options = syom::DecodeOptions::speech().with_max_duration_secs(f64::INFINITY);
    Ok(syom::Decoder::from_asc(config, options)?)
}
