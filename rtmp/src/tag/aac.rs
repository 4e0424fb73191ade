//! The decoder configuration of AAC: AudioSpecificConfig (ISO/IEC 14496-3, 1.6.2.1).

use bytes::Bytes;

use super::Error;
use super::bits::{Bits, BitsMut};

/// What an AAC decoder must know: the data of an AAC sequence header.
///
/// ```
/// use bytes::Bytes;
/// use rtmp::tag::aac::AudioSpecificConfig;
/// let config = AudioSpecificConfig::parse(&Bytes::from_static(&[0x12, 0x10]))?;
/// assert_eq!((config.object_type, config.sample_rate, config.channels()), (2, 44_100, Some(2)));
/// assert_eq!(config, AudioSpecificConfig::new(44_100, 2));
/// assert_eq!(config.to_bytes()[..], [0x12, 0x10]);
/// # Ok::<(), rtmp::tag::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AudioSpecificConfig {
    /// 2 is AAC-LC; 5 (spectral band replication) and 29 (parametric stereo) stand in [`extension`](Self::extension).
    pub object_type: u8,
    /// Samples a second of the core coder.
    pub sample_rate: u32,
    /// 1 to 7: mono, stereo, 3, 4, 5, 5.1 and 7.1 channels; 0 when the stream itself tells.
    pub channel_configuration: u8,
    /// Samples a frame and channel: 1,024 or 960.
    pub frame_samples: u16,
    /// How the core coder is extended.
    pub extension: Option<Extension>,
}

/// High efficiency AAC, announced in the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Extension {
    /// 5 with spectral band replication, 29 with parametric stereo too.
    pub object_type: u8,
    /// Samples a second that come out of the decoder.
    pub sample_rate: u32,
    /// Whether it is announced ahead of the core, so that an old decoder refuses, or behind, where that does not look.
    pub ahead: bool,
}

impl AudioSpecificConfig {
    /// AAC-LC with frames of 1,024 samples. `channels` is 1 to 6, or 8; any other number makes configuration 0.
    pub const fn new(sample_rate: u32, channels: u8) -> AudioSpecificConfig {
        let channel_configuration = match channels {
            8 => 7,
            7 => 0,
            n if n < 7 => n,
            _ => 0,
        };
        AudioSpecificConfig { object_type: 2, sample_rate, channel_configuration, frame_samples: 1024, extension: None }
    }

    /// How many channels there are; `None` when only the stream tells.
    pub const fn channels(&self) -> Option<u8> {
        match self.channel_configuration {
            n @ 1..=6 => Some(n),
            7 => Some(8),
            _ => None,
        }
    }

    /// Samples a second that come out of a decoder that knows the extension.
    pub fn output_rate(&self) -> u32 {
        self.extension.map_or(self.sample_rate, |extension| extension.sample_rate)
    }

    /// Parses a configuration. What follows the fields that are known is left alone.
    ///
    /// # Errors
    /// [`Error::Truncated`], [`Error::Format`] when the sampling rate is reserved or zero.
    //= flv#E.4.2.2/aac-config MUST
    //# Read bit by bit with an end that is checked, escapes and both announcements of high efficiency AAC included.
    pub fn parse(data: &Bytes) -> Result<AudioSpecificConfig, Error> {
        let mut bits = Bits::new(data.clone());
        let mut object_type = take_object_type(&mut bits)?;
        let sample_rate = take_rate(&mut bits)?;
        let channel_configuration = bits.take(4)? as u8;
        let mut extension = None;
        if let 5 | 29 = object_type {
            extension = Some(Extension { object_type, sample_rate: take_rate(&mut bits)?, ahead: true });
            object_type = take_object_type(&mut bits)?;
        }
        let mut frame_samples = 1024;
        if let 1..=4 | 6 | 7 | 17 | 19..=23 = object_type {
            if bits.take(1)? == 1 {
                frame_samples = 960;
            }
            if bits.take(1)? == 1 {
                bits.take(14)?; // the delay of the core coder
            }
            bits.take(1)?;
            if extension.is_none() && channel_configuration != 0 {
                extension = trailing(&mut bits);
            }
        }
        Ok(AudioSpecificConfig { object_type, sample_rate, channel_configuration, frame_samples, extension })
    }

    /// Prints it.
    pub fn to_bytes(&self) -> Bytes {
        let mut bits = BitsMut::default();
        let ahead = self.extension.filter(|extension| extension.ahead);
        put_object_type(ahead.map_or(self.object_type, |extension| extension.object_type), &mut bits);
        put_rate(self.sample_rate, &mut bits);
        bits.put(u32::from(self.channel_configuration), 4);
        if let Some(extension) = ahead {
            put_rate(extension.sample_rate, &mut bits);
            put_object_type(self.object_type, &mut bits);
        }
        bits.put(u32::from(self.frame_samples == 960), 1);
        bits.put(0, 2);
        if let Some(extension) = self.extension.filter(|extension| !extension.ahead) {
            bits.put(SYNC, 11);
            put_object_type(5, &mut bits);
            bits.put(1, 1);
            put_rate(extension.sample_rate, &mut bits);
            if extension.object_type == 29 {
                bits.put(SYNC_STEREO, 11);
                bits.put(1, 1);
            }
        }
        bits.into_bytes()
    }
}

/// What announces spectral band replication behind the core's configuration.
const SYNC: u32 = 0x2b7;
/// And parametric stereo behind that.
const SYNC_STEREO: u32 = 0x548;

const RATES: [u32; 13] =
    [96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350];

/// The announcement behind the core's configuration. Anything else there is of no concern.
fn trailing(bits: &mut Bits) -> Option<Extension> {
    let present = bits.take(11).ok()? == SYNC && take_object_type(bits).ok()? == 5 && bits.take(1).ok()? == 1;
    if !present {
        return None;
    }
    let sample_rate = take_rate(bits).ok()?;
    let stereo = bits.left() >= 12 && bits.take(11) == Ok(SYNC_STEREO) && bits.take(1) == Ok(1);
    Some(Extension { object_type: if stereo { 29 } else { 5 }, sample_rate, ahead: false })
}

fn take_object_type(bits: &mut Bits) -> Result<u8, Error> {
    match bits.take(5)? {
        31 => Ok(bits.take(6)? as u8 + 32),
        known => Ok(known as u8),
    }
}

fn put_object_type(object_type: u8, bits: &mut BitsMut) {
    match object_type.checked_sub(32) {
        Some(high) => {
            bits.put(31, 5);
            bits.put(u32::from(high), 6);
        }
        None => bits.put(u32::from(object_type), 5),
    }
}

fn take_rate(bits: &mut Bits) -> Result<u32, Error> {
    let rate = match bits.take(4)? {
        15 => bits.take(24)?,
        index => RATES.get(index as usize).copied().unwrap_or(0),
    };
    if rate == 0 { Err(Error::Format) } else { Ok(rate) }
}

fn put_rate(rate: u32, bits: &mut BitsMut) {
    match RATES.iter().position(|known| *known == rate) {
        Some(index) => bits.put(index as u32, 4),
        None => {
            bits.put(15, 4);
            bits.put(rate, 24);
        }
    }
}
