use std::fmt;
use std::str::FromStr;

/// Profile and level as `profile-level-id` has them: three bytes of a sequence parameter set. RFC 6184 section 8.1.
///
/// ```
/// use rfc3551::h264::{Profile, ProfileLevelId};
/// let id: ProfileLevelId = "42e01f".parse().unwrap();
/// assert_eq!((id.profile(), id.level()), (Profile::ConstrainedBaseline, 31));
/// assert_eq!(id.to_string(), "42E01F");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ProfileLevelId(
    /// `profile_idc`, the constraint flags, `level_idc`.
    pub [u8; 3],
);

/// What a decoder must know: RFC 6184 table 5.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Profile {
    /// What Baseline, Main and Extended share; what every telephone speaks.
    ConstrainedBaseline,
    /// Baseline.
    Baseline,
    /// Main.
    Main,
    /// Extended.
    Extended,
    /// High without B frames and interlace.
    ConstrainedHigh,
    /// High.
    High,
    /// Any other `profile_idc`, with its constraint flags.
    Other(u8, u8),
}

impl ProfileLevelId {
    /// Constrained Baseline at level 3.1: what to offer to telephones.
    pub const CONSTRAINED_BASELINE_31: ProfileLevelId = ProfileLevelId([0x42, 0xe0, 0x1f]);

    /// What a description without `profile-level-id` means: Baseline at level 1.
    //= rfc6184#8.1/default-profile MUST
    //# Stands in where a description says nothing.
    pub const DEFAULT: ProfileLevelId = ProfileLevelId([0x42, 0x00, 0x0a]);

    /// The profile: the same for all ways to write it.
    //= rfc6184#8.1/same-profile MUST
    //# Table 5 as a match on both bytes.
    pub const fn profile(self) -> Profile {
        let [idc, flags, _] = self.0;
        let (set0, set1) = (flags & 0x80 != 0, flags & 0x40 != 0);
        match idc {
            66 if set1 => Profile::ConstrainedBaseline,
            66 => Profile::Baseline,
            77 if set0 => Profile::ConstrainedBaseline,
            77 => Profile::Main,
            88 if set0 && set1 => Profile::ConstrainedBaseline,
            88 if set0 => Profile::Baseline,
            88 => Profile::Extended,
            100 if flags & 0x0c == 0x0c => Profile::ConstrainedHigh,
            100 => Profile::High,
            _ => Profile::Other(idc, flags),
        }
    }

    /// The level times ten, 10 to 62; level 1b, between 1 and 1.1, is 10.
    ///
    /// Compare levels with [`ProfileLevelId::level_order`].
    pub const fn level(self) -> u8 {
        if self.is_level_1b() { 10 } else { self.0[2] }
    }

    /// A number that orders levels as they are ordered, 1b included.
    //= rfc6184#8.2.2/level-1b MUST
    //# Level 1b stands between 1 and 1.1, in both ways to write it.
    pub const fn level_order(self) -> u16 {
        if self.is_level_1b() { 105 } else { self.0[2] as u16 * 10 }
    }

    /// Level 1b: level 1.1 with a flag in the older profiles, number 9 in the others.
    pub const fn is_level_1b(self) -> bool {
        let [idc, flags, level] = self.0;
        matches!(idc, 66 | 77 | 88) && level == 11 && flags & 0x10 != 0 || !matches!(idc, 66 | 77 | 88) && level == 9
    }

    /// The same profile at the level of `other`, if that is lower.
    pub const fn at_most(self, other: ProfileLevelId) -> ProfileLevelId {
        if self.level_order() <= other.level_order() {
            return self;
        }
        let [idc, flags, _] = self.0;
        let old = matches!(idc, 66 | 77 | 88);
        match other.is_level_1b() {
            true if old => ProfileLevelId([idc, flags | 0x10, 11]),
            true => ProfileLevelId([idc, flags, 9]),
            // the flag says 1b with level 1.1 only, and nothing with the others
            false if old => ProfileLevelId([idc, flags & !0x10, other.0[2]]),
            false => ProfileLevelId([idc, flags, other.0[2]]),
        }
    }

    /// Whether a decoder of this profile decodes streams of that one too, whatever the level.
    ///
    /// ```
    /// use rfc3551::h264::ProfileLevelId;
    /// let (high, baseline) = (ProfileLevelId([0x64, 0, 0x1f]), ProfileLevelId([0x42, 0xe0, 0x1f]));
    /// assert!(high.decodes(baseline) && !baseline.decodes(high));
    /// ```
    pub fn decodes(self, stream: ProfileLevelId) -> bool {
        use Profile::*;
        let also: &[Profile] = match self.profile() {
            ConstrainedBaseline => &[ConstrainedBaseline],
            Baseline => &[ConstrainedBaseline, Baseline],
            Main => &[ConstrainedBaseline, Main],
            Extended => &[ConstrainedBaseline, Baseline, Main, Extended],
            ConstrainedHigh => &[ConstrainedBaseline, ConstrainedHigh],
            High => &[ConstrainedBaseline, Main, ConstrainedHigh, High],
            Other(..) => return self.profile() == stream.profile(),
        };
        also.contains(&stream.profile())
    }
}

impl fmt::Display for ProfileLevelId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02X}"))
    }
}

impl FromStr for ProfileLevelId {
    type Err = super::FmtpError;

    /// Six hexadecimal digits.
    fn from_str(text: &str) -> Result<ProfileLevelId, super::FmtpError> {
        let digits = text.len() == 6 && text.bytes().all(|b| b.is_ascii_hexdigit());
        let number = u32::from_str_radix(text, 16).ok().filter(|_| digits);
        let [_, bytes @ ..] = number.ok_or(super::FmtpError::ProfileLevelId)?.to_be_bytes();
        Ok(ProfileLevelId(bytes))
    }
}
