use std::fmt;

use rfc4566::{Fmtp, Invalid, Media, Rtpmap, Text, Word};

use crate::parameters;

/// An RTP payload format with the number that stands for it and its parameters.
///
/// ```
/// use rfc3264::Format;
/// let opus = Format::new(111, "opus", 48000, 2)?.with_parameters("useinbandfec=1")?;
/// assert_eq!(opus.to_string(), "opus/48000/2 (111)");
/// assert!(opus.matches(&Format::new(96, "OPUS", 48000, 2)?));
/// assert_eq!(Format::fixed(8).unwrap().name, "PCMA");
/// # Ok::<(), rfc4566::Invalid>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Format {
    /// The payload type, 0 to 127.
    pub payload_type: u8,
    /// The encoding name; case does not count.
    pub name: Word,
    /// Ticks of the RTP timestamp a second.
    pub clock_rate: u32,
    /// Channels of audio; 1 for everything else.
    pub channels: u8,
    //= rfc3264#5.1/fmtp MAY
    //# Written when there are any.
    /// Parameters as in `a=fmtp`.
    pub parameters: Option<Text>,
}

impl Format {
    /// A format without parameters. For a dynamic format the number is a wish: see [`Negotiation`](crate::Negotiation).
    ///
    /// # Errors
    /// [`Invalid`] when the number is above 127 or the name is no token.
    pub fn new(payload_type: u8, name: &str, clock_rate: u32, channels: u8) -> Result<Format, Invalid> {
        Rtpmap::new(payload_type, name, clock_rate, channels).map(Format::from)
    }

    /// The format that has a fixed number in the audio/video profile (RFC 3551 section 6).
    //= rfc3264#5.1/default-mapping MUST
    //# Formats without a=rtpmap are looked up here.
    pub fn fixed(payload_type: u8) -> Option<Format> {
        let &(_, name, clock_rate, channels) = FIXED.iter().find(|(number, ..)| *number == payload_type)?;
        Format::new(payload_type, name, clock_rate, channels).ok()
    }

    /// Touch tones and other events (RFC 4733), 0 to 15 as everybody has them.
    ///
    /// # Errors
    /// [`Invalid`] when the number is above 127.
    pub fn telephone_event(payload_type: u8, clock_rate: u32) -> Result<Format, Invalid> {
        Format::new(payload_type, "telephone-event", clock_rate, 1)?.with_parameters("0-15")
    }

    /// The same with parameters, as they stand in `a=fmtp` after the number.
    ///
    /// # Errors
    /// [`Invalid`] when they cannot stand in one line.
    pub fn with_parameters(self, parameters: &str) -> Result<Format, Invalid> {
        Ok(Format { parameters: Some(Text::new(parameters)?), ..self })
    }

    /// The formats of an RTP media description, the preferred first. Numbers that nothing explains are left out.
    ///
    /// ```
    /// use rfc3264::Format;
    /// use rfc4566::Session;
    /// let session: Session = "v=0\no=- 1 1 IN IP4 192.0.2.1\ns=-\nt=0 0\nm=audio 9 RTP/AVP 0 97 99\n\
    ///     a=rtpmap:97 iLBC/8000\na=fmtp:97 mode=20\n".parse()?;
    /// let formats: Vec<_> = Format::read(&session.media[0]).iter().map(|f| f.to_string()).collect();
    /// assert_eq!(formats, ["PCMU/8000 (0)", "iLBC/8000 (97)"]);
    /// # Ok::<(), rfc4566::ParseError>(())
    /// ```
    pub fn read(media: &Media) -> Vec<Format> {
        Format::read_beside(media, &[])
    }

    /// Like [`Format::read`]; a number that nothing explains means what it means on the other side, for some answer
    /// without mappings.
    pub(crate) fn read_beside(media: &Media, other: &[Format]) -> Vec<Format> {
        let maps: Vec<Rtpmap> = media.attributes.typed().flatten().collect();
        let parameters: Vec<Fmtp> = media.attributes.typed().flatten().collect();
        let mut seen = [false; 128];
        let mut formats = Vec::new();
        for number in media.payload_types() {
            // A number that is listed twice is one format; this also keeps the lists short.
            match seen.get_mut(usize::from(number)) {
                Some(seen) if !*seen => *seen = true,
                _ => continue,
            }
            let mapped = maps.iter().find(|map| map.payload_type == number).cloned().map(Format::from);
            let theirs = || other.iter().find(|format| format.payload_type == number).cloned();
            let Some(mut format) = mapped.or_else(|| Format::fixed(number)).or_else(theirs) else {
                continue;
            };
            let text = number.to_string();
            format.parameters = parameters.iter().find(|p| p.format == text.as_str()).map(|p| p.parameters.clone());
            formats.push(format);
        }
        formats
    }

    /// Writes the formats into a media description: the numbers, `a=rtpmap` for each, `a=fmtp` where there is something.
    //= rfc3264#6.1/rtpmap-dynamic MUST
    //# Every RTP format that is written gets its mapping, in offers and answers, dynamic or not.
    //= rfc3264#5.1/rtpmap SHOULD
    //# The same for offers.
    //= rfc3264#6.1/rtpmap-static SHOULD
    //# The same for fixed numbers.
    pub(crate) fn write(formats: &[Format], media: &mut Media) {
        for format in formats {
            media.formats.push(Word::from(u64::from(format.payload_type)));
            media.attributes.push_typed(&format.rtpmap());
            if let Some(parameters) = &format.parameters {
                let number = Word::from(u64::from(format.payload_type));
                media.attributes.push_typed(&Fmtp { format: number, parameters: parameters.clone() });
            }
        }
    }

    /// The mapping of the number to this format.
    pub fn rtpmap(&self) -> Rtpmap {
        let parameters = (self.channels > 1).then(|| Word::from(u64::from(self.channels)));
        Rtpmap { payload_type: self.payload_type, encoding: self.name.clone(), clock_rate: self.clock_rate, parameters }
    }

    /// Whether a stream of one can be read by who expects the other: name without case, clock rate, channels, and those
    /// parameters that change what is in a packet. The numbers do not count.
    pub fn matches(&self, other: &Format) -> bool {
        self.name.eq_ignore_ascii_case(&other.name)
            && (self.clock_rate, self.channels) == (other.clock_rate, other.channels)
            && parameters::compatible(&self.name, self.parameters.as_deref(), other.parameters.as_deref())
    }

    /// Whether it carries telephone events.
    pub fn is_telephone_event(&self) -> bool {
        self.name.eq_ignore_ascii_case("telephone-event")
    }

    /// Whether it only accompanies another format: events, comfort noise, redundancy.
    pub fn is_auxiliary(&self) -> bool {
        ["telephone-event", "CN", "red"].into_iter().any(|name| self.name.eq_ignore_ascii_case(name))
    }
}

impl From<Rtpmap> for Format {
    fn from(map: Rtpmap) -> Format {
        let channels = map.channels();
        let Rtpmap { payload_type, encoding, clock_rate, .. } = map;
        Format { payload_type, name: encoding, clock_rate, channels, parameters: None }
    }
}

/// Name, clock rate, channels when more than one, and number.
impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.name, self.clock_rate)?;
        if self.channels > 1 {
            write!(f, "/{}", self.channels)?;
        }
        write!(f, " ({})", self.payload_type)
    }
}

/// Number, name, clock rate, channels.
const FIXED: [(u8, &str, u32, u8); 25] = [
    (0, "PCMU", 8000, 1),
    (1, "1016", 8000, 1),
    (3, "GSM", 8000, 1),
    (4, "G723", 8000, 1),
    (5, "DVI4", 8000, 1),
    (6, "DVI4", 16000, 1),
    (7, "LPC", 8000, 1),
    (8, "PCMA", 8000, 1),
    (9, "G722", 8000, 1),
    (10, "L16", 44100, 2),
    (11, "L16", 44100, 1),
    (12, "QCELP", 8000, 1),
    (13, "CN", 8000, 1),
    (14, "MPA", 90000, 1),
    (15, "G728", 8000, 1),
    (16, "DVI4", 11025, 1),
    (17, "DVI4", 22050, 1),
    (18, "G729", 8000, 1),
    (25, "CelB", 90000, 1),
    (26, "JPEG", 90000, 1),
    (28, "nv", 90000, 1),
    (31, "H261", 90000, 1),
    (32, "MPV", 90000, 1),
    (33, "MP2T", 90000, 1),
    (34, "H263", 90000, 1),
];
