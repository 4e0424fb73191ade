use std::fmt;
use std::str::FromStr;

/// What `a=fmtp` says of an Opus stream: RFC 7587 section 6.1. Each side states what it wishes to receive, or (`sprop-`)
/// what it is likely to send.
///
/// ```
/// use rfc3551::opus::Fmtp;
/// let fmtp: Fmtp = "minptime=10; useinbandfec=1;maxplaybackrate=16000".parse().unwrap();
/// assert!(fmtp.use_inband_fec && !fmtp.stereo);
/// assert_eq!(fmtp.max_playback_rate, 16_000);
/// assert_eq!(fmtp.to_string(), "maxplaybackrate=16000;minptime=10;useinbandfec=1");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fmtp {
    /// The highest sampling rate that is of use to the receiver, in Hz, 8,000 to 48,000. Default 48,000.
    pub max_playback_rate: u32,
    /// The highest rate at which the sender may have sampled, in Hz. Default 48,000.
    pub max_capture_rate: u32,
    /// The most milliseconds of a packet, 3 to 120. Default 120.
    pub max_ptime: u32,
    /// The milliseconds of a packet that the receiver likes best, 3 to 120. Default 20.
    pub ptime: u32,
    /// The least milliseconds of a packet, when stated.
    pub min_ptime: Option<u32>,
    /// The highest average bit rate that the receiver takes, when stated, 6,000 to 510,000.
    pub max_average_bitrate: Option<u32>,
    /// Whether the receiver prefers stereo.
    pub stereo: bool,
    /// Whether the sender is likely to send stereo.
    pub sends_stereo: bool,
    /// Whether the receiver prefers a constant bit rate.
    pub cbr: bool,
    /// Whether the receiver makes use of forward error correction.
    pub use_inband_fec: bool,
    /// Whether the receiver prefers that silence is not sent.
    pub use_dtx: bool,
}

/// A known parameter has a value that is no number, or none that it may have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FmtpError(
    /// The parameter's name.
    pub &'static str,
);

impl fmt::Display for FmtpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} has no valid value", self.0)
    }
}

impl std::error::Error for FmtpError {}

impl Default for Fmtp {
    //= rfc7587#6.1/defaults MUST
    //# Mono, no constant rate, no FEC, no DTX unless stated; 20 ms, and full band.
    fn default() -> Fmtp {
        Fmtp {
            max_playback_rate: 48_000,
            max_capture_rate: 48_000,
            max_ptime: 120,
            ptime: 20,
            min_ptime: None,
            max_average_bitrate: None,
            stereo: false,
            sends_stereo: false,
            cbr: false,
            use_inband_fec: false,
            use_dtx: false,
        }
    }
}

impl FromStr for Fmtp {
    type Err = FmtpError;

    /// The value of `a=fmtp` after the payload type. Names in any case.
    //= rfc7587#7.1/unknown MUST
    //# Unknown parameters are skipped, and are never printed again.
    fn from_str(text: &str) -> Result<Fmtp, FmtpError> {
        let mut fmtp = Fmtp::default();
        for parameter in text.split(';') {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            let value = value.trim();
            let number = |name: &'static str| value.parse::<u32>().map_err(|_| FmtpError(name));
            let flag = |name: &'static str| match value {
                "0" => Ok(false),
                "1" => Ok(true),
                _ => Err(FmtpError(name)),
            };
            match &*name.trim().to_ascii_lowercase() {
                "maxplaybackrate" => fmtp.max_playback_rate = number("maxplaybackrate")?.clamp(8_000, 48_000),
                "sprop-maxcapturerate" => fmtp.max_capture_rate = number("sprop-maxcapturerate")?.clamp(8_000, 48_000),
                "maxptime" => fmtp.max_ptime = number("maxptime")?.clamp(3, 120),
                "ptime" => fmtp.ptime = number("ptime")?.clamp(3, 120),
                "minptime" => fmtp.min_ptime = Some(number("minptime")?.clamp(3, 120)),
                //= rfc7587#6.1/bitrate-range SHOULD
                //# A value out of range counts as if it were not there.
                "maxaveragebitrate" => {
                    let bitrate = number("maxaveragebitrate")?;
                    fmtp.max_average_bitrate = Some(bitrate).filter(|rate| (6_000..=510_000).contains(rate));
                }
                "stereo" => fmtp.stereo = flag("stereo")?,
                "sprop-stereo" => fmtp.sends_stereo = flag("sprop-stereo")?,
                "cbr" => fmtp.cbr = flag("cbr")?,
                "useinbandfec" => fmtp.use_inband_fec = flag("useinbandfec")?,
                "usedtx" => fmtp.use_dtx = flag("usedtx")?,
                _ => {}
            }
        }
        Ok(fmtp)
    }
}

//= rfc7587#7/fmtp MUST
//# One list of all, separated by semicolons.
//= rfc7587#7/sprop-fmtp MAY
//# The sender's parameters are in the same list.
//= rfc7587#3.3/fec-stated SHOULD
//# `useinbandfec` is printed when it is set.
//= rfc7587#3.4/mono-stated SHOULD
//# Mono is the default, and no `stereo` says it.
//= rfc7587#6.1/no-fec SHOULD
//# 0 is the default, and is left out.
/// Only what differs from the defaults.
impl fmt::Display for Fmtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let default = Fmtp::default();
        let changed = |value: u32, default: u32| Some(value).filter(|value| *value != default);
        let set = |flag: bool| flag.then_some(1);
        let all = [
            ("maxplaybackrate", changed(self.max_playback_rate, default.max_playback_rate)),
            ("sprop-maxcapturerate", changed(self.max_capture_rate, default.max_capture_rate)),
            ("maxptime", changed(self.max_ptime, default.max_ptime)),
            ("ptime", changed(self.ptime, default.ptime)),
            ("minptime", self.min_ptime),
            ("maxaveragebitrate", self.max_average_bitrate),
            ("stereo", set(self.stereo)),
            ("sprop-stereo", set(self.sends_stereo)),
            ("cbr", set(self.cbr)),
            ("useinbandfec", set(self.use_inband_fec)),
            ("usedtx", set(self.use_dtx)),
        ];
        let stated = all.into_iter().filter_map(|(name, value)| Some((name, value?)));
        for (n, (name, value)) in stated.enumerate() {
            write!(f, "{}{name}={value}", if n == 0 { "" } else { ";" })?;
        }
        Ok(())
    }
}
