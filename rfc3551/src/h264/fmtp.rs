use std::fmt;
use std::str::FromStr;

use bytes::Bytes;

use super::{ParameterSets, ProfileLevelId, base64};

/// The packetization mode: RFC 6184 section 5.4. The interleaved mode 2 is not spoken here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mode {
    /// Mode 0: one NAL unit a packet.
    //= rfc6184#8.1/default-mode MUST
    //# The default of this type.
    #[default]
    SingleNal,
    /// Mode 1: several NAL units of one time in a packet, or one in several packets.
    NonInterleaved,
}

/// What `a=fmtp` says of an H.264 stream, as far as a gateway that does not transcode needs it: RFC 6184 section 8.1.
///
/// ```
/// use rfc3551::h264::{Fmtp, Mode, Profile};
/// let fmtp: Fmtp = "profile-level-id=42e01f;packetization-mode=1; sprop-parameter-sets=Z0LAHoA=,aIA=".parse().unwrap();
/// assert_eq!(fmtp.profile_level_id.profile(), Profile::ConstrainedBaseline);
/// assert_eq!(fmtp.mode, Mode::NonInterleaved);
/// assert!(fmtp.parameter_sets.is_complete());
/// assert_eq!(
///     fmtp.to_string(),
///     "profile-level-id=42E01F;packetization-mode=1;sprop-parameter-sets=Z0LAHoA=,aIA="
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fmtp {
    /// Profile and level.
    pub profile_level_id: ProfileLevelId,
    /// How NAL units are put into packets.
    pub mode: Mode,
    /// Whether the two directions may have different levels.
    pub level_asymmetry_allowed: bool,
    /// Parameter sets of the sender, so that its first picture can be decoded.
    pub parameter_sets: ParameterSets,
    /// Parameters that this room does not act upon, as they were: `max-fs`, `max-mbps`….
    pub others: Vec<(String, String)>,
}

/// Why a parameter list is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FmtpError {
    /// `profile-level-id` is not six hexadecimal digits.
    ProfileLevelId,
    /// `packetization-mode` is neither 0 nor 1.
    Mode,
    /// `sprop-parameter-sets` is no list of base64.
    ParameterSets,
    /// There are more than 64 parameters, or more than 8,192 bytes.
    TooLong,
}

impl fmt::Display for FmtpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            FmtpError::ProfileLevelId => "profile-level-id is not six hexadecimal digits",
            FmtpError::Mode => "packetization-mode is neither 0 nor 1",
            FmtpError::ParameterSets => "sprop-parameter-sets is not base64",
            FmtpError::TooLong => "too many format parameters",
        })
    }
}

impl std::error::Error for FmtpError {}

impl Default for Fmtp {
    /// What no parameters mean: Baseline at level 1 in mode 0.
    fn default() -> Fmtp {
        Fmtp {
            profile_level_id: ProfileLevelId::DEFAULT,
            mode: Mode::SingleNal,
            level_asymmetry_allowed: false,
            parameter_sets: ParameterSets::default(),
            others: Vec::new(),
        }
    }
}

impl Fmtp {
    /// A format of that profile and level in that mode, that allows each direction its own level.
    //= rfc6184#8.1/asymmetry MAY
    //# On, unless turned off.
    pub fn new(profile_level_id: ProfileLevelId, mode: Mode) -> Fmtp {
        Fmtp { profile_level_id, mode, level_asymmetry_allowed: true, ..Fmtp::default() }
    }

    /// Whether the offered format is the same configuration as this one: profile and mode, not the level.
    //= rfc6184#8.2.2/symmetric MUST
    //# Profile and mode must be the same, or the format is left out of the answer.
    pub fn matches(&self, offer: &Fmtp) -> bool {
        self.profile_level_id.profile() == offer.profile_level_id.profile() && self.mode == offer.mode
    }

    /// Our answer to an offered format, `self` being what we support; `None` when it cannot be had.
    //= rfc6184#8.2.2/no-upgrade MUST
    //# Without asymmetry on both sides the lower of the two levels is answered.
    //= rfc6184#8.2.2/asymmetry MUST
    //# With it on both sides the answer states our own level.
    //= rfc6184#8.2.2/common-level MUST
    //# The answer states it, and both sides go by the answer.
    ///
    /// ```
    /// use rfc3551::h264::Fmtp;
    /// let ours: Fmtp = "profile-level-id=42e01f;packetization-mode=1".parse().unwrap();
    /// let offer: Fmtp = "profile-level-id=42c00d;packetization-mode=1".parse().unwrap();
    /// assert_eq!(ours.answer(&offer).unwrap().to_string(), "profile-level-id=42C00D;packetization-mode=1");
    /// assert_eq!(ours.answer(&Fmtp::default()), None);
    /// ```
    pub fn answer(&self, offer: &Fmtp) -> Option<Fmtp> {
        if !self.matches(offer) {
            return None;
        }
        //= rfc6184#8.1/no-asymmetry MUST
        //# One side without it is enough.
        let asymmetric = self.level_asymmetry_allowed && offer.level_asymmetry_allowed;
        let level =
            if asymmetric { self.profile_level_id } else { offer.profile_level_id.at_most(self.profile_level_id) };
        // the profile as the offer writes it
        let [idc, flags, _] = offer.profile_level_id.0;
        let written = ProfileLevelId([idc, flags, u8::MAX]).at_most(level);
        let same_level = written.level_order() == level.level_order();
        Some(Fmtp {
            profile_level_id: if same_level { written } else { level },
            mode: self.mode,
            level_asymmetry_allowed: asymmetric,
            parameter_sets: self.parameter_sets.clone(),
            others: Vec::new(),
        })
    }
}

impl FromStr for Fmtp {
    type Err = FmtpError;

    /// The value of `a=fmtp` after the payload type. Names in any case; the last of a name counts.
    fn from_str(text: &str) -> Result<Fmtp, FmtpError> {
        let mut fmtp = Fmtp::default();
        if text.len() > 8192 {
            return Err(FmtpError::TooLong);
        }
        for (n, parameter) in text.split(';').map(str::trim).filter(|p| !p.is_empty()).enumerate() {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            let (name, value) = (name.trim().to_ascii_lowercase(), value.trim());
            if n >= 64 {
                return Err(FmtpError::TooLong);
            }
            match &*name {
                "profile-level-id" => fmtp.profile_level_id = value.parse()?,
                "packetization-mode" => fmtp.mode = mode(value)?,
                "level-asymmetry-allowed" => fmtp.level_asymmetry_allowed = value == "1",
                //= rfc6184#8.1/sprop MUST NOT
                //# What is no parameter set is not taken, and so never printed.
                "sprop-parameter-sets" => {
                    for set in value.split(',').filter(|set| !set.is_empty()) {
                        let set = base64::decode(set).ok_or(FmtpError::ParameterSets)?;
                        fmtp.parameter_sets.insert(&Bytes::from(set));
                    }
                }
                "" => {}
                //= rfc6184#8.2/unknown MUST
                //# Kept for whoever knows them, and of no weight in an answer.
                _ => fmtp.others.push((name, value.to_owned())),
            }
        }
        Ok(fmtp)
    }
}

//= rfc6184#8.1/mode-1 MUST
//# 1 and the word of the mode are one value.
//= rfc6184#8.1/mode-range MUST
//# 2 is refused as well, since nobody here speaks that mode.
fn mode(value: &str) -> Result<Mode, FmtpError> {
    match value {
        "0" => Ok(Mode::SingleNal),
        "1" => Ok(Mode::NonInterleaved),
        _ => Err(FmtpError::Mode),
    }
}

//= rfc6184#8.2.1/fmtp MUST
//# This is the value of `a=fmtp`, with all parameters.
//= rfc6184#8.2.1/sprop-fmtp MUST
//# Parameter sets among them.
//= rfc6184#8.1/sprop-sent MAY
//# When there are any.
impl fmt::Display for Fmtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "profile-level-id={};packetization-mode={}", self.profile_level_id, self.mode as u8)?;
        if self.level_asymmetry_allowed {
            f.write_str(";level-asymmetry-allowed=1")?;
        }
        for (n, set) in self.parameter_sets.iter().enumerate() {
            f.write_str(if n == 0 { ";sprop-parameter-sets=" } else { "," })?;
            f.write_str(&base64::encode(set))?;
        }
        for (name, value) in &self.others {
            write!(f, ";{name}")?;
            if !value.is_empty() {
                write!(f, "={value}")?;
            }
        }
        Ok(())
    }
}
