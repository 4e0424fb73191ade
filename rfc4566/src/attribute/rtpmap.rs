use std::fmt;

use super::TypedAttribute;
use crate::error::Invalid;
use crate::text::{Text, Word, number};

/// What an RTP payload type stands for: `a=rtpmap` (RFC 8866 section 6.6).
///
/// ```
/// use rfc4566::{Rtpmap, TypedAttribute};
/// let map = Rtpmap::parse(&"98 L16/16000/2".parse()?)?;
/// assert_eq!((map.payload_type, map.encoding.as_str(), map.clock_rate, map.channels()), (98, "L16", 16000, 2));
/// assert_eq!(Rtpmap::new(0, "PCMU", 8000, 1)?.to_string(), "0 PCMU/8000");
/// assert!(Rtpmap::parse(&"128 PCMU/8000".parse()?).is_err());
/// # Ok::<(), rfc4566::Invalid>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Rtpmap {
    /// 0 to 127.
    pub payload_type: u8,
    /// The name of the payload format.
    pub encoding: Word,
    /// Ticks of the RTP timestamp a second.
    pub clock_rate: u32,
    //= rfc8866#6.6/more-parameters MAY
    //# Kept as a word, whatever it is.
    /// What follows the clock rate: for audio, the number of channels.
    pub parameters: Option<Word>,
}

impl Rtpmap {
    //= rfc8866#6.6/channels-optional MAY
    //# One is left out.
    /// Checks the parts. One channel is not written, as it is the default.
    ///
    /// # Errors
    /// [`Invalid`] when the payload type is above 127 or the name is no token.
    pub fn new(payload_type: u8, encoding: &str, clock_rate: u32, channels: u8) -> Result<Rtpmap, Invalid> {
        let encoding = Word::new(encoding)?;
        if payload_type > 127 || !encoding.is_token() {
            return Err(Invalid("payload type above 127, or encoding name is no token"));
        }
        let parameters = (channels > 1).then(|| Word::from(u64::from(channels)));
        Ok(Rtpmap { payload_type, encoding, clock_rate, parameters })
    }

    /// Channels of audio: 1 when nothing else is written.
    pub fn channels(&self) -> u8 {
        self.parameters.as_deref().and_then(|p| number(p, "").ok()).unwrap_or(1)
    }

    /// Whether both stand for the same format: name without case, clock rate and channels.
    pub fn matches(&self, other: &Rtpmap) -> bool {
        self.encoding.eq_ignore_ascii_case(&other.encoding)
            && (self.clock_rate, self.channels()) == (other.clock_rate, other.channels())
    }
}

impl TypedAttribute for Rtpmap {
    const NAME: &'static str = "rtpmap";

    fn parse(value: &Text) -> Result<Rtpmap, Invalid> {
        let mut words = value.words();
        let payload_type = number(&words.need("no payload type")?, "payload type is not 0 to 127")?;
        if payload_type > 127 {
            return Err(Invalid("payload type is not 0 to 127"));
        }
        let mapping = words.rest();
        let mut parts = mapping.trim_end_matches(' ').splitn(3, '/');
        let encoding = mapping.word(parts.next().unwrap_or_default())?;
        let clock_rate = number(parts.next().ok_or(Invalid("no clock rate"))?, "clock rate is no number of 32 bits")?;
        let parameters = parts.next().map(|p| mapping.word(p)).transpose()?;
        Ok(Rtpmap { payload_type, encoding, clock_rate, parameters })
    }
}

impl fmt::Display for Rtpmap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}/{}", self.payload_type, self.encoding, self.clock_rate)?;
        match &self.parameters {
            Some(parameters) => write!(f, "/{parameters}"),
            None => Ok(()),
        }
    }
}
