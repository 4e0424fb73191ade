use std::fmt;

/// An RTP payload type number, 0 to 127: RFC 3551 section 6.
///
/// ```
/// use rfc3551::{Assignment, PayloadType};
/// let gsm = PayloadType::find("GSM", 8000, 1).unwrap();
/// assert_eq!(gsm.number(), 3);
/// assert_eq!(gsm.encoding().unwrap().to_string(), "GSM/8000");
/// assert_eq!(PayloadType::new(10).unwrap().encoding().unwrap().to_string(), "L16/44100/2");
/// assert!(matches!(PayloadType::new(101).unwrap().assignment(), Assignment::Dynamic));
/// assert_eq!(PayloadType::new(128), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PayloadType(u8);

impl PayloadType {
    /// mu-law at 8,000 Hz.
    pub const PCMU: PayloadType = PayloadType(0);
    /// A-law at 8,000 Hz.
    pub const PCMA: PayloadType = PayloadType(8);
    /// G.722.
    pub const G722: PayloadType = PayloadType(9);
    /// Comfort noise at 8,000 Hz.
    pub const CN: PayloadType = PayloadType(13);

    /// The payload type of that number; `None` above 127.
    pub const fn new(number: u8) -> Option<PayloadType> {
        if number < 128 { Some(PayloadType(number)) } else { None }
    }

    /// The number, 0 to 127.
    pub const fn number(self) -> u8 {
        self.0
    }

    /// What tables 4 and 5 say about the number.
    pub fn assignment(self) -> Assignment {
        match STATIC.iter().find(|(number, _)| *number == self.0) {
            Some((_, encoding)) => Assignment::Static(encoding),
            None => match self.0 {
                1 | 2 | 19 | 72..=76 => Assignment::Reserved,
                //= rfc3551#3/dynamic-range MUST
                //# 96 to 127 never have a meaning of their own here.
                96.. => Assignment::Dynamic,
                _ => Assignment::Unassigned,
            },
        }
    }

    /// The encoding, when the number has a static one.
    pub fn encoding(self) -> Option<&'static Encoding> {
        match self.assignment() {
            Assignment::Static(encoding) => Some(encoding),
            _ => None,
        }
    }

    /// The static payload type of that encoding name (in any case), clock rate in Hz and number of channels.
    pub fn find(name: &str, clock_rate: u32, channels: u8) -> Option<PayloadType> {
        let fits = |e: &Encoding| {
            e.name.eq_ignore_ascii_case(name)
                && e.clock_rate.is_none_or(|rate| rate == clock_rate)
                && e.channels.unwrap_or(1) == channels
        };
        STATIC.iter().find(|(_, encoding)| fits(encoding)).map(|(number, _)| PayloadType(*number))
    }
}

impl fmt::Display for PayloadType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What the profile says about a payload type number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Assignment {
    /// It always means this encoding.
    Static(&'static Encoding),
    /// It must not be used: it had a meaning once, or would look like RTCP.
    Reserved,
    /// It has no meaning; new encodings get dynamic numbers instead.
    Unassigned,
    /// A session binds it to an encoding, in SDP with `a=rtpmap`.
    Dynamic,
}

/// An encoding by its registered name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
//= rfc3551#3/short-names MAY
//# The name is that of `a=rtpmap`.
pub struct Encoding {
    /// The name as `a=rtpmap` writes it; compare it in any case.
    pub name: &'static str,
    /// Which media it is for.
    pub media: Media,
    /// Ticks of its timestamps a second, in Hz; `None` when the session chooses.
    pub clock_rate: Option<u32>,
    /// Channels; `None` when the session chooses, or for video.
    pub channels: Option<u8>,
}

impl Encoding {
    /// The encoding of that name (in any case) without a static payload type: one of [`DYNAMIC`].
    ///
    /// ```
    /// use rfc3551::Encoding;
    /// assert_eq!(Encoding::dynamic("Telephone-Event").unwrap().clock_rate, None);
    /// assert_eq!(Encoding::dynamic("opus").unwrap().clock_rate, Some(48_000));
    /// ```
    pub fn dynamic(name: &str) -> Option<&'static Encoding> {
        DYNAMIC.iter().find(|encoding| encoding.name.eq_ignore_ascii_case(name))
    }
}

/// As the value of `a=rtpmap` after the number, with 8,000 Hz where the session chooses.
impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.name, self.clock_rate.unwrap_or(8_000))?;
        match self.channels {
            Some(channels) if channels > 1 => write!(f, "/{channels}"),
            _ => Ok(()),
        }
    }
}

/// Which media an encoding is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Media {
    /// Audio.
    Audio,
    /// Video.
    Video,
    /// Both in one stream.
    Both,
}

const fn audio(name: &'static str, clock_rate: u32, channels: u8) -> Encoding {
    Encoding { name, media: Media::Audio, clock_rate: Some(clock_rate), channels: Some(channels) }
}

const fn any_audio(name: &'static str) -> Encoding {
    Encoding { name, media: Media::Audio, clock_rate: None, channels: None }
}

const fn video(name: &'static str) -> Encoding {
    Encoding { name, media: Media::Video, clock_rate: Some(90_000), channels: None }
}

/// Tables 4 and 5 of RFC 3551: what has a number for good.
//= rfc3551#6/static MUST
//# The numbers are a table of constants; a session cannot change them.
const STATIC: &[(u8, Encoding)] = &[
    (0, audio("PCMU", 8_000, 1)),
    (3, audio("GSM", 8_000, 1)),
    (4, audio("G723", 8_000, 1)),
    (5, audio("DVI4", 8_000, 1)),
    (6, audio("DVI4", 16_000, 1)),
    (7, audio("LPC", 8_000, 1)),
    (8, audio("PCMA", 8_000, 1)),
    //= rfc3551#4.5.2/g722-clock MUST
    //# 8,000 Hz although it samples at 16,000: a mistake of the first profile that is kept.
    (9, audio("G722", 8_000, 1)),
    (10, audio("L16", 44_100, 2)),
    (11, audio("L16", 44_100, 1)),
    (12, audio("QCELP", 8_000, 1)),
    (13, audio("CN", 8_000, 1)),
    (14, Encoding { channels: None, ..audio("MPA", 90_000, 1) }),
    (15, audio("G728", 8_000, 1)),
    (16, audio("DVI4", 11_025, 1)),
    (17, audio("DVI4", 22_050, 1)),
    (18, audio("G729", 8_000, 1)),
    (25, video("CelB")),
    (26, video("JPEG")),
    (28, video("nv")),
    (31, video("H261")),
    (32, video("MPV")),
    (33, Encoding { name: "MP2T", media: Media::Both, clock_rate: Some(90_000), channels: None }),
    (34, video("H263")),
];

/// Encodings that have a name but no number: those of RFC 3551, and those that sessions of today use.
pub const DYNAMIC: &[Encoding] = &[
    audio("G726-40", 8_000, 1),
    audio("G726-32", 8_000, 1),
    audio("G726-24", 8_000, 1),
    audio("G726-16", 8_000, 1),
    audio("G729D", 8_000, 1),
    audio("G729E", 8_000, 1),
    audio("GSM-EFR", 8_000, 1),
    any_audio("L8"),
    any_audio("RED"),
    any_audio("VDVI"),
    video("BT656"),
    video("H263-1998"),
    video("MP1S"),
    video("MP2P"),
    video("BMPEG"),
    any_audio("telephone-event"),
    any_audio("tone"),
    audio("opus", 48_000, 2),
    audio("iLBC", 8_000, 1),
    any_audio("speex"),
    Encoding { channels: None, ..audio("AMR", 8_000, 1) },
    Encoding { channels: None, ..audio("AMR-WB", 16_000, 1) },
    //= rfc6184#8.2.1/media MUST
    //# As all that video() makes.
    //= rfc6184#8.2.1/name MUST
    //# Found in any case.
    //= rfc6184#8.2.1/clock MUST
    //# Likewise by video().
    video("H264"),
    video("H265"),
    video("VP8"),
    video("VP9"),
    video("AV1"),
];
