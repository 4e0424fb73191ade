//! H.265 in RTMP: the decoder configuration (ISO/IEC 14496-15, 8.3.3.1). Coded pictures are NAL units behind their
//! lengths, as of H.264: [`avc::nal_units`](super::avc::nal_units).

use bytes::{BufMut, Bytes, BytesMut};

use super::avc::length_size;
use super::{Error, Take};

/// What an H.265 decoder must know: the data of an H.265 sequence header.
///
/// ```
/// use bytes::Bytes;
/// use rtmp::tag::hevc::{Array, DecoderConfiguration};
/// let vps = Array { complete: true, nal_type: 32, units: vec![Bytes::from_static(&[0x40, 1, 0x0c])] };
/// let config = DecoderConfiguration { general: [1; 20], length_size: 4, flags: 0x0c, arrays: vec![vps] };
/// let bytes = config.to_bytes();
/// assert_eq!(bytes[21..], [0x0f, 1, 0xa0, 0, 1, 0, 3, 0x40, 1, 0x0c]);
/// assert_eq!(DecoderConfiguration::parse(&bytes)?, config);
/// # Ok::<(), rtmp::tag::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecoderConfiguration {
    /// As they stand: profile space, tier and profile in one byte; compatibility (4), constraints (6), level (1),
    /// segmentation (2), parallelism, chroma format, bit depths of luma and chroma (1 each), frame rate (2).
    pub general: [u8; 20],
    /// Bytes of the length in front of each NAL unit: 1, 2 or 4.
    pub length_size: usize,
    /// Constant frame rate (2 bits), temporal layers (3), whether they nest (1); the two lowest bits are zero.
    pub flags: u8,
    /// The parameter sets and other units that come first, by type.
    pub arrays: Vec<Array>,
}

/// Units of one type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Array {
    /// Whether the stream itself has no others of this type.
    pub complete: bool,
    /// 32 video, 33 sequence, 34 picture parameter sets.
    pub nal_type: u8,
    /// Without start codes.
    pub units: Vec<Bytes>,
}

impl DecoderConfiguration {
    /// profile_idc: 1 main, 2 main 10.
    pub const fn profile(&self) -> u8 {
        self.general[0] & 31
    }

    /// Thirty times the level.
    pub const fn level(&self) -> u8 {
        self.general[11]
    }

    /// The units of a type: 32 video, 33 sequence, 34 picture parameter sets.
    pub fn units(&self, nal_type: u8) -> impl Iterator<Item = &Bytes> {
        self.arrays.iter().filter(move |array| array.nal_type == nal_type).flat_map(|array| &array.units)
    }

    /// Parses a configuration. The units share its memory.
    ///
    /// # Errors
    /// [`Error::Version`] unless 1 (0 is what some drafts wrote, and read too); [`Error::LengthSize`] for 3 bytes;
    /// [`Error::Truncated`] when a unit lies past the end.
    //= e-rtmp#video/hevc-config MUST
    //# Counts and lengths only ever take what is there; every unit kept costs two bytes of input or more.
    pub fn parse(data: &Bytes) -> Result<DecoderConfiguration, Error> {
        let mut rest = data.clone();
        let version = rest.take_u8()?;
        if version > 1 {
            return Err(Error::Version(version));
        }
        let mut general = [0; 20];
        general.copy_from_slice(&rest.take_bytes(20)?);
        let byte = rest.take_u8()?;
        let (length_size, flags) = (length_size(byte)?, byte & 0xfc);
        let count = rest.take_u8()?;
        let mut arrays = Vec::new();
        for _ in 0..count {
            arrays.push(take_array(&mut rest)?);
        }
        Ok(DecoderConfiguration { general, length_size, flags, arrays })
    }

    /// Prints it.
    pub fn to_bytes(&self) -> Bytes {
        let mut out = BytesMut::with_capacity(128);
        out.put_u8(1);
        out.put_slice(&self.general);
        out.put_u8(self.flags & 0xfc | (self.length_size.clamp(1, 4) - 1) as u8);
        let arrays = &self.arrays[..self.arrays.len().min(255)];
        out.put_u8(arrays.len() as u8);
        for array in arrays {
            out.put_u8(u8::from(array.complete) << 7 | array.nal_type & 63);
            let units = &array.units[..array.units.len().min(65_535)];
            out.put_u16(units.len() as u16);
            for unit in units {
                let unit = &unit[..unit.len().min(65_535)];
                out.put_u16(unit.len() as u16);
                out.put_slice(unit);
            }
        }
        out.freeze()
    }
}

fn take_array(rest: &mut Bytes) -> Result<Array, Error> {
    let byte = rest.take_u8()?;
    let count = rest.take_u16()?;
    let mut units = Vec::new();
    for _ in 0..count {
        let len = rest.take_u16()?;
        units.push(rest.take_bytes(usize::from(len))?);
    }
    Ok(Array { complete: byte & 0x80 != 0, nal_type: byte & 63, units })
}
