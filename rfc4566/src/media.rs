use std::fmt;
use std::time::Duration;

use crate::attribute::{Attributes, Direction, Fmtp, Rtcp, Rtpmap};
use crate::bandwidth::Bandwidth;
use crate::connection::Connection;
use crate::error::Invalid;
use crate::session::Line;
use crate::text::{Text, Word, number};

/// One media description: an `m=` line and what stands below it (RFC 8866 section 5.14).
///
/// ```
/// use rfc4566::{Direction, Media, Rtpmap};
/// let mut audio = Media::new("audio", 49170, "RTP/AVP")?;
/// audio.formats.push("0".parse()?);
/// audio.attributes.push_typed(&Rtpmap::new(0, "PCMU", 8000, 1)?);
/// audio.attributes.set_direction(Direction::SendOnly);
/// assert_eq!(audio.to_string(), "audio 49170 RTP/AVP 0");
/// # Ok::<(), rfc4566::Invalid>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Media {
    /// Media type: `audio`, `video`, `text`, `application`, `message`, `image`…
    pub kind: Word,
    /// Transport port; 0 for a stream that is refused or gone.
    pub port: u16,
    /// How many ports in a row, counted in RTP sessions, when written.
    pub port_count: Option<u32>,
    /// Transport protocol, such as `RTP/AVP`.
    pub proto: Word,
    //= rfc8866#5.14/payload-types MAY
    //# All of them are kept, in their order.
    /// Formats, the preferred first. With RTP, payload types in decimal.
    pub formats: Vec<Word>,
    /// Title, `i=`.
    pub info: Option<Text>,
    //= rfc8866#5.7/layers MAY
    //# As many as there are.
    /// Addresses, `c=`; several only for layered multicast. Without one the session's counts.
    pub connections: Vec<Connection>,
    /// `b=` lines.
    pub bandwidths: Vec<Bandwidth>,
    /// `a=` lines.
    pub attributes: Attributes,
    /// Lines with unknown letters, kept when [`Config::keep_unknown_lines`](crate::Config::keep_unknown_lines) is set.
    pub unknown: Vec<Line>,
}

impl Media {
    /// A description without formats; push at least one before it is written.
    ///
    /// # Errors
    /// [`Invalid`] when `kind` or `proto` is no word.
    pub fn new(kind: &str, port: u16, proto: &str) -> Result<Media, Invalid> {
        Ok(Media::with(Word::new(kind)?, port, Word::new(proto)?))
    }

    /// Like [`Media::new`], from words.
    pub fn with(kind: Word, port: u16, proto: Word) -> Media {
        Media {
            kind,
            port,
            port_count: None,
            proto,
            formats: Vec::new(),
            info: None,
            connections: Vec::new(),
            bandwidths: Vec::new(),
            attributes: Attributes::default(),
            unknown: Vec::new(),
        }
    }

    pub(crate) fn parse(text: &Text) -> Result<Media, Invalid> {
        let mut words = text.words();
        let kind = words.need("no media type")?;
        let port = words.need("no port")?;
        let proto = words.need("no transport protocol")?;
        let (port, count) = port.split_once('/').map_or((port.as_str(), None), |(port, count)| (port, Some(count)));
        let mut media = Media::with(kind, number(port, "port is not 0 to 65535")?, proto);
        media.port_count = count.map(|count| number(count, "number of ports is no number")).transpose()?;
        media.formats = words.collect::<Result<_, _>>()?;
        match media.formats.is_empty() || media.port_count == Some(0) {
            true => Err(Invalid("no format, or zero ports")),
            false => Ok(media),
        }
    }

    /// Whether the formats are RTP payload types: the protocol's name starts with `RTP/` or ends like an RTP profile.
    pub fn is_rtp(&self) -> bool {
        self.proto.split('/').any(|part| part.eq_ignore_ascii_case("RTP"))
            || self.proto.rsplit('/').next().is_some_and(|profile| {
                ["AVP", "AVPF", "SAVP", "SAVPF"].into_iter().any(|rtp| rtp.eq_ignore_ascii_case(profile))
            })
    }

    /// The RTP payload types among the formats, the preferred first.
    ///
    /// ```
    /// # use rfc4566::Media;
    /// let mut media = Media::new("audio", 9, "RTP/AVP")?;
    /// media.formats = vec!["0".parse()?, "101".parse()?, "300".parse()?];
    /// assert_eq!(media.payload_types().collect::<Vec<_>>(), [0, 101]);
    /// # Ok::<(), rfc4566::Invalid>(())
    /// ```
    //= rfc8866#6.6/payload-type-range MUST
    //# Seven bits, here and in Rtpmap; larger numbers are no payload types.
    pub fn payload_types(&self) -> impl Iterator<Item = u8> {
        // A leading zero would make two texts of one number.
        let plain = self.formats.iter().filter(|format| format.len() == 1 || !format.starts_with('0'));
        plain.filter_map(|format| number(format, "").ok().filter(|&pt| pt < 128))
    }

    /// The mapping of one payload type, when there is a readable `a=rtpmap` for it. The first counts.
    //= rfc8866#5.14/rtpmap SHOULD
    //# Read here and written with push_typed; rfc3264 writes one for every payload type.
    pub fn rtpmap(&self, payload_type: u8) -> Option<Rtpmap> {
        self.attributes.typed::<Rtpmap>().flatten().find(|map| map.payload_type == payload_type)
    }

    /// The parameters of one format, when there are any. The first counts.
    //= rfc8866#6.15/one MUST
    //# The first one counts.
    //= rfc8866#5.14/fmtp MAY
    //# Read here, written with push_typed.
    pub fn fmtp(&self, format: &str) -> Option<Fmtp> {
        self.attributes.typed::<Fmtp>().flatten().find(|fmtp| fmtp.format == format)
    }

    /// The wished length of a packet, `a=ptime`.
    pub fn ptime(&self) -> Option<Duration> {
        self.attributes.ptime()
    }

    /// The longest packet, `a=maxptime`.
    pub fn maxptime(&self) -> Option<Duration> {
        self.attributes.maxptime()
    }

    /// The direction written here; [`Session::direction`](crate::Session::direction) knows the defaults.
    pub fn direction(&self) -> Option<Direction> {
        self.attributes.direction()
    }

    /// The port, and perhaps the address, of RTCP when it is not the port after RTP's: `a=rtcp` (RFC 3605).
    //= rfc8866#5.14/other-ports MAY
    //# None when the port follows from RTP's.
    //= rfc3605#2.1/media-level MAY
    //# A media description's attribute.
    //= rfc8866#5.14/rtcp-attribute MUST
    //# Read here and written with push_typed; rfc3264 writes it whenever the port is not the next one.
    //= rfc8866#5.14/no-subtract MUST NOT
    //# Port and rtcp().port are two numbers, neither computed from the other.
    //= rfc3605#2.1/session-level MUST NOT
    //# Only a media description has this method; the session's attributes are not asked.
    pub fn rtcp(&self) -> Option<Rtcp> {
        self.attributes.typed::<Rtcp>().flatten().next()
    }

    /// Whether RTCP may share RTP's port: `a=rtcp-mux` (RFC 5761).
    pub fn rtcp_mux(&self) -> bool {
        self.attributes.has("rtcp-mux")
    }

    /// The name of this description among the others: `a=mid` (RFC 5888).
    pub fn mid(&self) -> Option<Word> {
        self.attributes.mid()
    }

    /// The figure of the first `b=` line of a kind, such as `AS`.
    pub fn bandwidth(&self, kind: &str) -> Option<u64> {
        self.bandwidths.iter().find(|b| b.kind == kind).map(|b| b.value)
    }
}

/// The value of the `m=` line alone.
impl fmt::Display for Media {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.port)?;
        if let Some(count) = self.port_count {
            write!(f, "/{count}")?;
        }
        write!(f, " {}", self.proto)?;
        self.formats.iter().try_for_each(|format| write!(f, " {format}"))
    }
}
