use std::net::IpAddr;
use std::time::Duration;

use rfc4566::{Attribute, Attributes, Bandwidth, Connection, Direction, Media, Origin, Session, Text, Word};

use crate::format::Format;

/// Who we are and what we can do: what an offer or an answer is made from.
///
/// ```
/// use rfc3264::{Capabilities, Format, LocalStream};
/// let mut own = Capabilities::new([192, 0, 2, 1].into(), 2890844526);
/// own.streams.push(LocalStream::audio(49170, vec![Format::fixed(0).unwrap(), Format::telephone_event(101, 8000)?]));
/// assert!(own.describe().to_string().contains("m=audio 0 RTP/AVP 0 101\r\n"));
/// # Ok::<(), rfc4566::Invalid>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// The user in the `o=` line, `-` for nobody.
    pub username: Word,
    /// Number of the session in the `o=` line: draw it so that no other session of this host has it.
    pub session_id: u64,
    /// Subject of the session, `-` for none.
    pub name: Text,
    /// Our host, and where media comes to unless a stream says otherwise.
    pub connection: Connection,
    /// The streams that we want, in the order of their media descriptions in an offer.
    pub streams: Vec<LocalStream>,
    /// Whether an answer takes only the first common format (with its events and comfort noise) instead of all.
    pub single_format: bool,
    /// Kinds of groups of streams that the application understands, such as `LS` (RFC 5888). Others are not answered.
    pub groups: Vec<Word>,
    /// `b=` lines of the session.
    pub bandwidths: Vec<Bandwidth>,
    /// Other attributes of the session, such as `tool`.
    pub attributes: Attributes,
}

/// A stream that we want: one media description.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalStream {
    /// Media type: `audio`, `video`, `text`…
    pub kind: Word,
    /// Transport protocol: `RTP/AVP`…
    pub proto: Word,
    //= rfc3264#6/may-reject MAY
    //# No other stream is asked.
    /// Where we receive RTP; 0 to have the stream refused or switched off.
    pub port: u16,
    /// Where we receive RTCP, when not on the port after RTP's.
    pub rtcp_port: Option<u16>,
    /// Whether RTCP may come to RTP's port (RFC 5761).
    pub rtcp_mux: bool,
    //= rfc3264#5/mixed MAY
    //# One stream's can be a group while the others' are hosts.
    /// Where we receive, when not at [`Capabilities::connection`].
    pub connection: Option<Connection>,
    /// What we want to do: send, receive, both.
    pub direction: Direction,
    //= rfc3264#5.1/stream-encodings MAY
    //# Each stream has a list of its own.
    /// RTP formats, the preferred first. A stream without any format is written with port 0.
    pub formats: Vec<Format>,
    /// Formats of a stream that is not RTP, such as `t38`.
    pub tokens: Vec<Word>,
    //= rfc3264#6.1/ptime MAY
    //# Written into answers as into offers, whatever was offered.
    /// Length of the packets that we wish to receive.
    pub ptime: Option<Duration>,
    /// Length of the longest packets that we can receive.
    pub maxptime: Option<Duration>,
    //= rfc3264#6.1/bandwidth MAY
    //# Likewise.
    /// Bandwidths that we wish to receive.
    pub bandwidths: Vec<Bandwidth>,
    /// Name of the stream in offers of ours (RFC 5888). Answers take the peer's.
    pub mid: Option<Word>,
    /// Other attributes, written as they are.
    pub attributes: Attributes,
}

impl Capabilities {
    /// Nobody in particular at `host`, without streams. The session's number also becomes the first version of the
    /// description, cut down to what RFC 3264 section 5 allows.
    pub fn new(host: IpAddr, session_id: u64) -> Capabilities {
        Capabilities {
            username: Word::from_static("-"),
            session_id,
            name: Text::from_static("-"),
            connection: Connection::ip(host),
            streams: Vec::new(),
            single_format: false,
            groups: Vec::new(),
            bandwidths: Vec::new(),
            attributes: Attributes::default(),
        }
    }

    /// What we can do, for who asks before a call (RFC 3264 section 9): with SIP, the body of an answer to OPTIONS.
    //= rfc3264#9/no-contact MAY
    //# Nothing is asked for an address of mail or a number.
    //= rfc3264#9/port-zero MUST
    //# Every stream is written with port 0.
    //= rfc3264#9/time MUST
    //# Session::new starts with a permanent time, 0 0.
    //= rfc3264#9/every-type MUST
    //# One description for each of our streams; their types are all that we support.
    //= rfc3264#9/valid MUST
    //# Built like an offer.
    //= rfc3264#9/every-format SHOULD
    //# All formats of each stream are written.
    //= rfc3264#9/rtpmap MUST
    //# With their mappings.
    //= rfc3264#9/unique MUST
    //# The caller draws a number for each Capabilities.
    pub fn describe(&self) -> Session {
        let mut session = self.session();
        for stream in &self.streams {
            session.media.push(LocalStream { port: 0, ..stream.clone() }.media(stream.formats.clone()));
        }
        session
    }

    /// The lines before the first stream.
    //= rfc3264#5/no-contact MAY
    //# Nobody is asked for an address of mail or a number.
    //= rfc3264#5/session-number MUST
    //# The number is cut to 63 bits and the first version to 61, so that neither overflows.
    //= rfc3264#5/name SHOULD
    //# A dash, unless the application has a subject.
    //= rfc3264#5/time SHOULD
    //# Session::new gives 0 0.
    //= rfc3264#5/initial-version MUST
    //# The session's number cut to 61 bits is the first version.
    pub(crate) fn session(&self) -> Session {
        let id = self.session_id & (u64::MAX >> 1);
        let mut origin = Origin::new(id, id & (u64::MAX >> 3), IpAddr::from([0, 0, 0, 0]));
        origin.username = self.username.clone();
        origin.address = self.connection.clone();
        let mut session = Session::new(origin);
        session.name = self.name.clone();
        session.connection = Some(self.connection.clone());
        session.bandwidths = self.bandwidths.clone();
        session.attributes = self.attributes.clone();
        session
    }
}

impl LocalStream {
    /// An RTP stream both ways, of any media type.
    pub fn new(kind: Word, port: u16, formats: Vec<Format>) -> LocalStream {
        LocalStream {
            kind,
            proto: Word::from_static("RTP/AVP"),
            port,
            rtcp_port: None,
            rtcp_mux: false,
            connection: None,
            direction: Direction::SendRecv,
            formats,
            tokens: Vec::new(),
            ptime: None,
            maxptime: None,
            bandwidths: Vec::new(),
            mid: None,
            attributes: Attributes::default(),
        }
    }

    /// An audio stream both ways.
    pub fn audio(port: u16, formats: Vec<Format>) -> LocalStream {
        LocalStream::new(Word::from_static("audio"), port, formats)
    }

    /// A video stream both ways.
    pub fn video(port: u16, formats: Vec<Format>) -> LocalStream {
        LocalStream::new(Word::from_static("video"), port, formats)
    }

    /// A stream of real-time text both ways (RFC 4103).
    pub fn text(port: u16, formats: Vec<Format>) -> LocalStream {
        LocalStream::new(Word::from_static("text"), port, formats)
    }

    /// Its media description with these formats.
    //= rfc3264#5.1/sendonly-formats SHOULD
    //# The formats of a stream are those that it would send and receive; a stream has one direction and one list.
    //= rfc3264#5.1/recvonly-formats SHOULD
    //# The same.
    //= rfc3264#5.1/sendrecv-formats SHOULD
    //# The same.
    //= rfc3264#5.1/preference MUST
    //# In the order of LocalStream::formats.
    pub(crate) fn media(&self, formats: Vec<Format>) -> Media {
        let mut media = Media::with(self.kind.clone(), self.port, self.proto.clone());
        media.connections.extend(self.connection.clone());
        media.bandwidths = self.bandwidths.clone();
        Format::write(&formats, &mut media);
        media.formats.extend(self.tokens.iter().cloned());
        if let Some(length) = self.ptime {
            //= rfc3264#5.1/ptime MUST
            //# A zero length is not written.
            media.attributes.set_ptime(length);
        }
        if let Some(length) = self.maxptime {
            media.attributes.set_maxptime(length);
        }
        if let Some(port) = self.rtcp_port.filter(|&port| Some(port) != self.port.checked_add(1)) {
            media.attributes.push_typed(&rfc4566::Rtcp { port, connection: None });
        }
        //= rfc5761#5.1.1/offered MUST
        //# Among the attributes of the stream.
        if self.rtcp_mux {
            media.attributes.extend(Attribute::flag("rtcp-mux"));
        }
        media.attributes.extend(self.attributes.iter().cloned());
        if media.formats.is_empty() {
            // A description must have a format; a stream that has none cannot be used.
            (media.port, media.formats) = (0, vec![Word::from_static("0")]);
        }
        media
    }
}
