use std::fmt;
use std::str::FromStr;

use bytes::Bytes;

use crate::attribute::{Attributes, Direction};
use crate::bandwidth::Bandwidth;
use crate::config::Config;
use crate::connection::Connection;
use crate::error::ParseError;
use crate::media::Media;
use crate::origin::Origin;
use crate::text::Text;
use crate::time::Time;
use crate::{parse, print};

/// A session description (RFC 8866 section 5).
///
/// Its fields are the lines, in the order in which they are written. Values that are not understood are kept as they
/// are, so that reading and writing a well-formed description gives the same bytes, with CRLF at the end of each line
/// and without `k=` lines.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Session {
    /// `o=`: who made it.
    pub origin: Origin,
    /// `s=`: its name, `-` for none.
    pub name: Text,
    /// `i=`: about it.
    pub info: Option<Text>,
    //= rfc8866#5.5/optional MAY
    //# Written when there is one.
    /// `u=`: where to read more.
    pub uri: Option<Text>,
    //= rfc8866#5.6/optional MAY
    //# Any number, none by default.
    //= rfc8866#5.6/comment-optional MAY
    //# The text is the caller's, with a name or without.
    /// `e=`: whom to write to.
    pub emails: Vec<Text>,
    /// `p=`: whom to call.
    pub phones: Vec<Text>,
    /// `c=`: the address of media descriptions that have none of their own.
    pub connection: Option<Connection>,
    //= rfc8866#5.8/optional MAY
    //# None by default.
    /// `b=` lines.
    pub bandwidths: Vec<Bandwidth>,
    //= rfc8866#5.9/several MAY
    //# One entry a period.
    /// `t=`, `r=` and `z=` lines: when it is active.
    pub times: Vec<Time>,
    /// `a=` lines before the first `m=`.
    pub attributes: Attributes,
    /// `m=` lines and what belongs to them.
    pub media: Vec<Media>,
    /// Lines with unknown letters, kept when [`Config::keep_unknown_lines`] is set.
    pub unknown: Vec<Line>,
    //= rfc8866#5/text-charset MAY
    //# Either way text goes out as the octets that it came in.
    /// Set when the description came in octets that are not UTF-8; each octet is then one character.
    pub(crate) octets: bool,
}

/// A line whose letter nobody knows.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Line {
    pub(crate) letter: char,
    /// What stands after `=`.
    pub value: Text,
}

impl Session {
    /// A permanent session without media, named `-`.
    ///
    /// ```
    /// use rfc4566::{Origin, Session};
    /// let session = Session::new(Origin::new(1, 1, [192, 0, 2, 1].into()));
    /// assert_eq!(session.to_string(), "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\n");
    /// ```
    pub fn new(origin: Origin) -> Session {
        Session {
            origin,
            //= rfc8866#5.3/no-name SHOULD
            //# A session that nobody named is written with a dash.
            name: Text::from_static("-"),
            info: None,
            uri: None,
            emails: Vec::new(),
            phones: Vec::new(),
            connection: None,
            bandwidths: Vec::new(),
            times: vec![Time::default()],
            attributes: Attributes::default(),
            media: Vec::new(),
            unknown: Vec::new(),
            octets: false,
        }
    }

    /// Reads a description with [`Config::default`]. The texts in the result share `data`.
    ///
    /// ```
    /// use rfc4566::Session;
    /// let session = Session::parse("v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n")?;
    /// assert_eq!(session.media[0].port, 4000);
    /// # Ok::<(), rfc4566::ParseError>(())
    /// ```
    ///
    /// # Errors
    /// [`ParseError`] says in which line what is wrong.
    pub fn parse(data: impl Into<Bytes>) -> Result<Session, ParseError> {
        Session::parse_with(data, &Config::default())
    }

    /// Reads a description as `config` says.
    ///
    /// # Errors
    /// [`ParseError`] says in which line what is wrong.
    pub fn parse_with(data: impl Into<Bytes>, config: &Config) -> Result<Session, ParseError> {
        parse::session(data.into(), config)
    }

    /// The description in octets, for a message body.
    pub fn to_bytes(&self) -> Bytes {
        print::to_bytes(self)
    }

    /// The direction of a media description: its own, else the session's, else both ways.
    ///
    /// ```
    /// use rfc4566::{Direction, Session};
    /// let session: Session = "v=0\no=- 1 1 IN IP4 192.0.2.1\ns=-\nt=0 0\na=inactive\nm=audio 4000 RTP/AVP 0\n\
    ///     m=audio 4002 RTP/AVP 0\na=recvonly\n".parse()?;
    /// let directions: Vec<_> = session.media.iter().map(|media| session.direction(media)).collect();
    /// assert_eq!(directions, [Direction::Inactive, Direction::RecvOnly]);
    /// # Ok::<(), rfc4566::ParseError>(())
    /// ```
    //= rfc8866#6.7/default SHOULD
    //# The nearest attribute wins, and silence means both ways.
    pub fn direction(&self, media: &Media) -> Direction {
        media.direction().or(self.attributes.direction()).unwrap_or_default()
    }

    /// The (first) address of a media description: its own, else the session's.
    //= rfc8866#5.7/override MAY
    //# A c= line in the media description hides the session's.
    //= rfc8866#4.1/remote-address SHOULD
    //# The address of a description, which with its port is where its medium goes; rfc3264 reads it so.
    pub fn connection<'a>(&'a self, media: &'a Media) -> Option<&'a Connection> {
        media.connections.first().or(self.connection.as_ref())
    }
}

impl Line {
    /// The type letter.
    pub fn letter(&self) -> char {
        self.letter
    }
}

impl FromStr for Session {
    type Err = ParseError;
    fn from_str(text: &str) -> Result<Session, ParseError> {
        Session::parse(Bytes::copy_from_slice(text.as_bytes()))
    }
}

/// With CRLF line ends; `{:#}` writes LF alone, for peers that cannot read CRLF.
impl fmt::Display for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = if f.alternate() { "\n" } else { "\r\n" };
        print::session(self, f, end)
    }
}
