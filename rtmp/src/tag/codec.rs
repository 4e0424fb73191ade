use std::fmt;

/// Four characters that name a codec in Enhanced RTMP.
///
/// ```
/// use rtmp::tag::FourCc;
/// assert_eq!(FourCc::HEVC.to_string(), "hvc1");
/// assert_eq!(FourCc(*b"ab\0c").to_string(), "ab\\x00c");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FourCc(pub [u8; 4]);

impl FourCc {
    /// H.264.
    pub const AVC: FourCc = FourCc(*b"avc1");
    /// H.265.
    pub const HEVC: FourCc = FourCc(*b"hvc1");
    /// H.266.
    pub const VVC: FourCc = FourCc(*b"vvc1");
    /// AV1.
    pub const AV1: FourCc = FourCc(*b"av01");
    /// VP8.
    pub const VP8: FourCc = FourCc(*b"vp08");
    /// VP9.
    pub const VP9: FourCc = FourCc(*b"vp09");
    /// AAC.
    pub const AAC: FourCc = FourCc(*b"mp4a");
    /// Opus.
    pub const OPUS: FourCc = FourCc(*b"Opus");
    /// FLAC.
    pub const FLAC: FourCc = FourCc(*b"fLaC");
    /// AC-3.
    pub const AC3: FourCc = FourCc(*b"ac-3");
    /// Enhanced AC-3.
    pub const EAC3: FourCc = FourCc(*b"ec-3");
    /// MP3.
    pub const MP3: FourCc = FourCc(*b".mp3");
}

impl fmt::Display for FourCc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.escape_ascii())
    }
}

/// How pictures are coded: FLV E.4.3.1, Enhanced RTMP's video FourCC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum VideoCodec {
    /// H.264: number 7, `avc1`.
    Avc,
    /// H.265: `hvc1`; the number 12, which many programs of the time before Enhanced RTMP agreed on, is read too.
    Hevc,
    /// H.266: `vvc1`.
    Vvc,
    /// AV1: `av01`.
    Av1,
    /// VP8: `vp08`.
    Vp8,
    /// VP9: `vp09`.
    Vp9,
    /// Sorenson H.263: number 2.
    Sorenson,
    /// Screen video: number 3.
    Screen,
    /// VP6: number 4.
    Vp6,
    /// VP6 with an alpha channel: number 5.
    Vp6Alpha,
    /// Screen video, version 2: number 6.
    Screen2,
    /// Another number of the old form.
    Number(u8),
    /// Another FourCC of the enhanced form.
    FourCc(FourCc),
}

impl VideoCodec {
    const TABLE: [(VideoCodec, Option<u8>, Option<FourCc>); 11] = {
        use VideoCodec::*;
        [
            (Avc, Some(7), Some(super::FourCc::AVC)),
            (Hevc, Some(12), Some(super::FourCc::HEVC)),
            (Vvc, None, Some(super::FourCc::VVC)),
            (Av1, None, Some(super::FourCc::AV1)),
            (Vp8, None, Some(super::FourCc::VP8)),
            (Vp9, None, Some(super::FourCc::VP9)),
            (Sorenson, Some(2), None),
            (Screen, Some(3), None),
            (Vp6, Some(4), None),
            (Vp6Alpha, Some(5), None),
            (Screen2, Some(6), None),
        ]
    };

    /// Its number in the old form, 0 to 15, if it has one.
    pub fn number(self) -> Option<u8> {
        match self {
            VideoCodec::Number(number) => Some(number & 15),
            _ => Self::TABLE.iter().find(|row| row.0 == self).and_then(|row| row.1),
        }
    }

    /// Its name in the enhanced form, if it has one.
    pub fn fourcc(self) -> Option<FourCc> {
        match self {
            VideoCodec::FourCc(name) => Some(name),
            _ => Self::TABLE.iter().find(|row| row.0 == self).and_then(|row| row.2),
        }
    }

    /// The codec of that number.
    #[inline]
    pub fn from_number(number: u8) -> VideoCodec {
        if number == 7 {
            return VideoCodec::Avc;
        }
        Self::TABLE.iter().find(|row| row.1 == Some(number)).map_or(VideoCodec::Number(number & 15), |row| row.0)
    }

    /// The codec of that name.
    ///
    /// ```
    /// use rtmp::tag::{FourCc, VideoCodec};
    /// assert_eq!(VideoCodec::from_fourcc(FourCc(*b"vp09")), VideoCodec::Vp9);
    /// assert_eq!(VideoCodec::from_fourcc(FourCc(*b"rust")).to_string(), "rust");
    /// ```
    pub fn from_fourcc(name: FourCc) -> VideoCodec {
        Self::TABLE.iter().find(|row| row.2 == Some(name)).map_or(VideoCodec::FourCc(name), |row| row.0)
    }

    /// Whether the pictures may be shown in another order than sent, so that packets carry a composition time.
    pub const fn reorders(self) -> bool {
        matches!(self, VideoCodec::Avc | VideoCodec::Hevc | VideoCodec::Vvc)
    }

    /// Whether its packets need a sequence header that came before.
    pub const fn has_sequence_header(self) -> bool {
        matches!(self, VideoCodec::Avc | VideoCodec::Hevc | VideoCodec::Vvc | VideoCodec::Av1 | VideoCodec::Vp9)
    }
}

impl fmt::Display for VideoCodec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            VideoCodec::Avc => "H.264",
            VideoCodec::Hevc => "H.265",
            VideoCodec::Vvc => "H.266",
            VideoCodec::Av1 => "AV1",
            VideoCodec::Vp8 => "VP8",
            VideoCodec::Vp9 => "VP9",
            VideoCodec::Sorenson => "Sorenson H.263",
            VideoCodec::Screen => "Screen video",
            VideoCodec::Vp6 => "VP6",
            VideoCodec::Vp6Alpha => "VP6 with alpha",
            VideoCodec::Screen2 => "Screen video 2",
            VideoCodec::Number(number) => return write!(f, "codec {number}"),
            VideoCodec::FourCc(name) => return name.fmt(f),
        })
    }
}

/// How sound is coded: FLV E.4.2.1, Enhanced RTMP's audio FourCC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AudioCodec {
    /// Linear samples in the byte order of whoever wrote them: number 0.
    Linear,
    /// ADPCM: number 1.
    Adpcm,
    /// MP3: number 2, `.mp3`.
    Mp3,
    /// Linear samples, low byte first: number 3.
    LinearLittle,
    /// Nellymoser at 16 kHz: number 4.
    Nellymoser16,
    /// Nellymoser at 8 kHz: number 5.
    Nellymoser8,
    /// Nellymoser: number 6.
    Nellymoser,
    /// G.711 A-law: number 7.
    Pcma,
    /// G.711 mu-law: number 8.
    Pcmu,
    /// AAC: number 10, `mp4a`.
    Aac,
    /// Speex: number 11.
    Speex,
    /// MP3 at 8 kHz: number 14.
    Mp3At8,
    /// Whatever the device makes: number 15.
    Device,
    /// Opus: `Opus`.
    Opus,
    /// FLAC: `fLaC`.
    Flac,
    /// AC-3: `ac-3`.
    Ac3,
    /// Enhanced AC-3: `ec-3`.
    Eac3,
    /// Another number of the old form.
    Number(u8),
    /// Another FourCC of the enhanced form.
    FourCc(FourCc),
}

impl AudioCodec {
    const TABLE: [(AudioCodec, Option<u8>, Option<FourCc>); 17] = {
        use AudioCodec::*;
        [
            (Linear, Some(0), None),
            (Adpcm, Some(1), None),
            (Mp3, Some(2), Some(super::FourCc::MP3)),
            (LinearLittle, Some(3), None),
            (Nellymoser16, Some(4), None),
            (Nellymoser8, Some(5), None),
            (Nellymoser, Some(6), None),
            (Pcma, Some(7), None),
            (Pcmu, Some(8), None),
            (Aac, Some(10), Some(super::FourCc::AAC)),
            (Speex, Some(11), None),
            (Mp3At8, Some(14), None),
            (Device, Some(15), None),
            (Opus, None, Some(super::FourCc::OPUS)),
            (Flac, None, Some(super::FourCc::FLAC)),
            (Ac3, None, Some(super::FourCc::AC3)),
            (Eac3, None, Some(super::FourCc::EAC3)),
        ]
    };

    /// Its number in the old form, 0 to 15, if it has one.
    pub fn number(self) -> Option<u8> {
        match self {
            AudioCodec::Number(number) => Some(number & 15),
            _ => Self::TABLE.iter().find(|row| row.0 == self).and_then(|row| row.1),
        }
    }

    /// Its name in the enhanced form, if it has one.
    pub fn fourcc(self) -> Option<FourCc> {
        match self {
            AudioCodec::FourCc(name) => Some(name),
            _ => Self::TABLE.iter().find(|row| row.0 == self).and_then(|row| row.2),
        }
    }

    /// The codec of that number.
    ///
    /// ```
    /// use rtmp::tag::AudioCodec;
    /// assert_eq!(AudioCodec::from_number(11), AudioCodec::Speex);
    /// assert_eq!(AudioCodec::from_number(13), AudioCodec::Number(13));
    /// ```
    #[inline]
    pub fn from_number(number: u8) -> AudioCodec {
        if number == 10 {
            return AudioCodec::Aac;
        }
        Self::TABLE.iter().find(|row| row.1 == Some(number)).map_or(AudioCodec::Number(number & 15), |row| row.0)
    }

    /// The codec of that name.
    pub fn from_fourcc(name: FourCc) -> AudioCodec {
        Self::TABLE.iter().find(|row| row.2 == Some(name)).map_or(AudioCodec::FourCc(name), |row| row.0)
    }

    /// Whether its packets need a sequence header that came before.
    pub const fn has_sequence_header(self) -> bool {
        matches!(self, AudioCodec::Aac | AudioCodec::Opus | AudioCodec::Flac)
    }
}

impl fmt::Display for AudioCodec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            AudioCodec::Linear | AudioCodec::LinearLittle => "PCM",
            AudioCodec::Adpcm => "ADPCM",
            AudioCodec::Mp3 | AudioCodec::Mp3At8 => "MP3",
            AudioCodec::Nellymoser16 | AudioCodec::Nellymoser8 | AudioCodec::Nellymoser => "Nellymoser",
            AudioCodec::Pcma => "G.711 A-law",
            AudioCodec::Pcmu => "G.711 mu-law",
            AudioCodec::Aac => "AAC",
            AudioCodec::Speex => "Speex",
            AudioCodec::Device => "device sound",
            AudioCodec::Opus => "Opus",
            AudioCodec::Flac => "FLAC",
            AudioCodec::Ac3 => "AC-3",
            AudioCodec::Eac3 => "E-AC-3",
            AudioCodec::Number(number) => return write!(f, "codec {number}"),
            AudioCodec::FourCc(name) => return name.fmt(f),
        })
    }
}
