//! H.264 in RTMP: the decoder configuration (ISO/IEC 14496-15, 5.3.3.1) and NAL units behind their lengths.

use bytes::{BufMut, Bytes, BytesMut};

use super::{Error, Take};

/// What an H.264 decoder must know: the data of an H.264 sequence header.
///
/// ```
/// use bytes::Bytes;
/// use rtmp::tag::avc::DecoderConfiguration;
/// let sps = Bytes::from_static(&[0x67, 0x42, 0xc0, 0x1e, 0xd9]);
/// let pps = Bytes::from_static(&[0x68, 0xcb]);
/// let config = DecoderConfiguration::new([sps.clone()], [pps])?;
/// assert_eq!((config.profile, config.compatibility, config.level, config.length_size), (0x42, 0xc0, 0x1e, 4));
/// assert_eq!(config.to_bytes()[..8], [1, 0x42, 0xc0, 0x1e, 0xff, 0xe1, 0, 5]);
/// assert_eq!(DecoderConfiguration::parse(&config.to_bytes())?.sps, [sps]);
/// # Ok::<(), rtmp::tag::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecoderConfiguration {
    /// profile_idc: 66 baseline, 77 main, 100 high.
    pub profile: u8,
    /// The constraint flags.
    pub compatibility: u8,
    /// Ten times the level.
    pub level: u8,
    /// Bytes of the length in front of each NAL unit: 1, 2 or 4.
    pub length_size: usize,
    /// Sequence parameter sets, at most 31, without start codes.
    pub sps: Vec<Bytes>,
    /// Picture parameter sets, at most 255.
    pub pps: Vec<Bytes>,
    /// Chroma format and bit depths, which high profiles append, as they stand; often left out.
    pub extension: Bytes,
}

impl DecoderConfiguration {
    /// The configuration of these parameter sets, with lengths of 4 bytes. Profile and level are those of the first.
    ///
    /// # Errors
    /// [`Error::Truncated`] when there is no sequence parameter set of 4 bytes or more; [`Error::TooMany`] past 31
    /// sequence or 255 picture parameter sets, or when one is longer than 65,535 bytes.
    pub fn new(
        sps: impl IntoIterator<Item = Bytes>,
        pps: impl IntoIterator<Item = Bytes>,
    ) -> Result<DecoderConfiguration, Error> {
        let (sps, pps): (Vec<Bytes>, Vec<Bytes>) = (sps.into_iter().collect(), pps.into_iter().collect());
        let Some(&[_, profile, compatibility, level]) = sps.first().and_then(|sps| sps.first_chunk::<4>()) else {
            return Err(Error::Truncated);
        };
        if sps.len() > 31 || pps.len() > 255 || sps.iter().chain(&pps).any(|set| set.len() > 65_535) {
            return Err(Error::TooMany);
        }
        Ok(DecoderConfiguration { profile, compatibility, level, length_size: 4, sps, pps, extension: Bytes::new() })
    }

    /// Parses a configuration. The parameter sets share its memory.
    ///
    /// # Errors
    /// [`Error::Version`] unless 1; [`Error::LengthSize`] for 3 bytes; [`Error::Truncated`] when a set lies past the end.
    //= flv#E.4.3.2/avc-config MUST
    //# Counts and lengths only ever take what is there, so 31 sets with lengths past the end are an error, no more.
    pub fn parse(data: &Bytes) -> Result<DecoderConfiguration, Error> {
        let mut rest = data.clone();
        let version = rest.take_u8()?;
        if version != 1 {
            return Err(Error::Version(version));
        }
        let (profile, compatibility, level) = (rest.take_u8()?, rest.take_u8()?, rest.take_u8()?);
        let length_size = length_size(rest.take_u8()?)?;
        let count = rest.take_u8()? & 31;
        let sps = take_sets(count, &mut rest)?;
        let count = rest.take_u8()?;
        let pps = take_sets(count, &mut rest)?;
        Ok(DecoderConfiguration { profile, compatibility, level, length_size, sps, pps, extension: rest })
    }

    /// Prints it.
    pub fn to_bytes(&self) -> Bytes {
        let mut out = BytesMut::with_capacity(64);
        out.put_slice(&[1, self.profile, self.compatibility, self.level]);
        out.put_u8(0xfc | (self.length_size.clamp(1, 4) - 1) as u8);
        let (sps, pps) = (&self.sps[..self.sps.len().min(31)], &self.pps[..self.pps.len().min(255)]);
        out.put_u8(0xe0 | sps.len() as u8);
        put_sets(sps, &mut out);
        out.put_u8(pps.len() as u8);
        put_sets(pps, &mut out);
        out.put_slice(&self.extension);
        out.freeze()
    }

    /// The codec as MIME types name it (RFC 6381): `avc1.42c01e`.
    pub fn mime(&self) -> String {
        format!("avc1.{:02x}{:02x}{:02x}", self.profile, self.compatibility, self.level)
    }
}

/// The NAL units of a coded picture, in order. A length that is zero or goes past the end is an error, and the last item.
///
/// ```
/// use bytes::Bytes;
/// use rtmp::tag::{Error, avc};
/// let picture = Bytes::from_static(&[0, 0, 0, 1, 9, 0, 0, 0, 9, 0x65]);
/// let mut units = avc::nal_units(picture, 4);
/// assert_eq!(units.next(), Some(Ok(Bytes::from_static(&[9]))));
/// assert_eq!(units.next(), Some(Err(Error::Truncated)));
/// assert_eq!(units.next(), None);
/// ```
//= flv#E.4.3.2/units MUST
//# The size of the lengths is the caller's, from the configuration; one that is zero or too long ends the picture.
pub fn nal_units(data: Bytes, length_size: usize) -> NalUnits {
    NalUnits { rest: data, length_size: length_size.clamp(1, 4) }
}

/// The iterator of [`nal_units`].
#[derive(Clone, Debug)]
pub struct NalUnits {
    rest: Bytes,
    length_size: usize,
}

impl Iterator for NalUnits {
    type Item = Result<Bytes, Error>;

    fn next(&mut self) -> Option<Result<Bytes, Error>> {
        if self.rest.is_empty() {
            return None;
        }
        let unit = self.take();
        if unit.is_err() {
            self.rest.clear();
        }
        Some(unit)
    }
}

impl NalUnits {
    fn take(&mut self) -> Result<Bytes, Error> {
        let length = self.rest.take_bytes(self.length_size)?;
        match length.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte)) {
            0 => Err(Error::EmptyNal),
            len => self.rest.take_bytes(len),
        }
    }
}

/// Puts NAL units behind lengths of 4 bytes: the data of a coded picture.
///
/// ```
/// use bytes::Bytes;
/// use rtmp::tag::avc;
/// let (aud, idr) = (Bytes::from_static(&[9, 0xf0]), Bytes::from_static(&[0x65, 1, 2]));
/// assert_eq!(avc::join(&[aud, idr])[..], [0, 0, 0, 2, 9, 0xf0, 0, 0, 0, 3, 0x65, 1, 2]);
/// ```
pub fn join(units: &[Bytes]) -> Bytes {
    let mut out = BytesMut::with_capacity(units.iter().map(|unit| unit.len() + 4).sum());
    for unit in units {
        out.put_u32(unit.len() as u32);
        out.put_slice(unit);
    }
    out.freeze()
}

pub(super) fn length_size(byte: u8) -> Result<usize, Error> {
    match (byte & 3) + 1 {
        3 => Err(Error::LengthSize(3)),
        size => Ok(usize::from(size)),
    }
}

fn take_sets(count: u8, rest: &mut Bytes) -> Result<Vec<Bytes>, Error> {
    let mut sets = Vec::new();
    for _ in 0..count {
        let len = rest.take_u16()?;
        sets.push(rest.take_bytes(usize::from(len))?);
    }
    Ok(sets)
}

fn put_sets(sets: &[Bytes], out: &mut BytesMut) {
    for set in sets {
        let set = &set[..set.len().min(65_535)];
        out.put_u16(set.len() as u16);
        out.put_slice(set);
    }
}
