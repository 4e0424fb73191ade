//! The identification header of Opus (RFC 7845, 5.1): what an Opus sequence header holds in Enhanced RTMP.

use bytes::{Buf, BufMut, Bytes, BytesMut};

use super::{Error, Take};

/// What an Opus decoder must know.
///
/// ```
/// use rtmp::tag::opus::Header;
/// let header = Header::new(2, 48_000);
/// assert_eq!(header.to_bytes()[..10], *b"OpusHead\x01\x02");
/// assert_eq!(Header::parse(&header.to_bytes()), Ok(header));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The version; the high half is 0 in all that can be read.
    pub version: u8,
    /// Channels that come out of the decoder, at least 1.
    pub channels: u8,
    /// Samples at 48 kHz to leave out at the start.
    pub pre_skip: u16,
    /// Samples a second before encoding, for information; 0 when unknown.
    pub input_rate: u32,
    /// Gain to apply, in 1/256 dB.
    pub gain: i16,
    /// How channels come from streams; `None` is family 0: one stream, mono or stereo.
    pub mapping: Option<Mapping>,
}

/// How channels come from coded streams.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    /// 1 to 255.
    pub family: u8,
    /// Streams in each packet.
    pub streams: u8,
    /// How many of them are stereo.
    pub coupled: u8,
    /// For each channel the decoded channel that it is; 255 for silence.
    pub table: Bytes,
}

impl Header {
    /// Mono or stereo, without gain, with the pre-skip that the reference encoder needs.
    pub const fn new(channels: u8, input_rate: u32) -> Header {
        Header { version: 1, channels, pre_skip: 312, input_rate, gain: 0, mapping: None }
    }

    /// Parses a header. What follows it is left alone.
    ///
    /// # Errors
    /// [`Error::Truncated`]; [`Error::Version`] for another major version; [`Error::Format`] when the magic word is
    /// missing or no channel is left.
    pub fn parse(data: &Bytes) -> Result<Header, Error> {
        let mut rest = data.clone();
        if rest.take_bytes(MAGIC.len())? != MAGIC[..] {
            return Err(Error::Format);
        }
        let (version, channels) = (rest.take_u8()?, rest.take_u8()?);
        if version >> 4 != 0 {
            return Err(Error::Version(version));
        }
        let mut fixed = rest.take_bytes(8)?;
        let (pre_skip, input_rate, gain) = (fixed.get_u16_le(), fixed.get_u32_le(), fixed.get_i16_le());
        let mapping = match rest.take_u8()? {
            0 => None,
            family => {
                let (streams, coupled) = (rest.take_u8()?, rest.take_u8()?);
                Some(Mapping { family, streams, coupled, table: rest.take_bytes(usize::from(channels))? })
            }
        };
        if channels == 0 || mapping.is_none() && channels > 2 {
            return Err(Error::Format);
        }
        Ok(Header { version, channels, pre_skip, input_rate, gain, mapping })
    }

    /// Prints it. The mapping's table must have a byte for each channel.
    pub fn to_bytes(&self) -> Bytes {
        let mut out = BytesMut::with_capacity(21);
        out.put_slice(&MAGIC);
        out.put_u8(self.version);
        out.put_u8(self.channels);
        out.put_u16_le(self.pre_skip);
        out.put_u32_le(self.input_rate);
        out.put_i16_le(self.gain);
        match &self.mapping {
            None => out.put_u8(0),
            Some(mapping) => {
                out.put_slice(&[mapping.family, mapping.streams, mapping.coupled]);
                out.put_slice(&mapping.table);
            }
        }
        out.freeze()
    }
}

const MAGIC: [u8; 8] = *b"OpusHead";
