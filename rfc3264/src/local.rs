//! One of our streams: what it wants, which offered streams it can answer, and the answer.

use rfc4566::{Attribute, Direction, Media, Word};

use crate::capabilities::LocalStream;
use crate::format::Format;
use crate::slot;
use crate::stream::{Side, has_token};

/// One of our streams.
#[derive(Clone, Debug)]
pub(crate) struct Local {
    pub(crate) stream: LocalStream,
    pub(crate) state: State,
    pub(crate) held: bool,
}

/// What becomes of one of our streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Offered, and answered when offered.
    Wanted,
    /// Answered when offered.
    Resting,
    /// Gone.
    Removed,
}

impl Local {
    /// What we want to do with the stream now.
    //= rfc3264#8.4/hold MUST
    //# A hold takes receiving away: both ways become sendonly, recvonly becomes inactive.
    //= rfc3264#8.4/no-echo SHOULD NOT
    //# Only our own wish counts; the peer's hold cuts down the answer to recvonly and no further.
    pub(crate) fn wanted(&self) -> Direction {
        Direction::new(self.stream.direction.sends(), self.stream.direction.receives() && !self.held)
    }

    /// Whether this stream can answer the offered one.
    pub(crate) fn fits(&self, offered: Side<'_>) -> bool {
        let (stream, media) = (&self.stream, offered.media);
        if stream.port == 0
            || !stream.kind.eq_ignore_ascii_case(&media.kind)
            || !stream.proto.eq_ignore_ascii_case(&media.proto)
        {
            return false;
        }
        if offered.is_multicast() && offered.direction().and(self.wanted()) != offered.direction() {
            return false; // a group's direction is not ours to change
        }
        if !media.is_rtp() {
            return media.formats.iter().any(|token| has_token(&stream.tokens, token));
        }
        let theirs = Format::read(media);
        let common = |format: &Format| stream.formats.iter().any(|own| own.matches(format));
        let auxiliary_only = theirs.iter().all(Format::is_auxiliary);
        theirs.iter().any(|format| common(format) && (auxiliary_only || !format.is_auxiliary()))
    }

    /// The answer to an offered stream that fits.
    //= rfc3264#6.1/direction-sendrecv MAY
    //# Then nothing is cut from what we want.
    //= rfc3264#6.1/direction-sendonly MUST
    //# What we want, cut down to the reverse of what was offered, leaves recvonly or inactive.
    //= rfc3264#6.1/direction-recvonly MUST
    //# The same leaves sendonly or inactive.
    //= rfc3264#6.1/direction-inactive MUST
    //# The same leaves inactive.
    //= rfc3264#6.1/unicast MUST
    //# The stream's own address; only groups are answered with theirs.
    //= rfc3264#6.1/type MUST
    //# fits() has compared the types.
    //= rfc3264#6.1/address-present MUST
    //# Port and address are written for every direction.
    //= rfc3264#6.1/recvonly-format MUST
    //# A format of LocalStream is one to send and to receive, so that one list serves all directions.
    //= rfc3264#6.1/sendonly-format MUST
    //# The same.
    //= rfc3264#6.1/sendrecv-format MUST
    //# The same.
    //= rfc5888#9.1/same-mid MUST
    //# The offered name is copied.
    //= rfc5888#9.2/mid-anyway MUST
    //# Whatever becomes of the groups, for accepted streams here and for refused ones in closed().
    pub(crate) fn answered(&self, offered: Side<'_>, single: bool) -> Media {
        if offered.is_multicast() {
            return self.answered_group(offered);
        }
        let theirs = offered.media;
        let mut stream = self.stream.clone();
        stream.tokens.retain(|token| has_token(&theirs.formats, token));
        let formats = slot::common(&self.stream.formats, theirs, single);
        //= rfc5761#5.1.1/answered MUST
        //# Said when both want it, as an attribute of the stream.
        //= rfc5761#5.1.1/answer-types MUST
        //# Numbers are the offer's to choose; one that looks like RTCP in the answer keeps the two ports apart.
        stream.rtcp_mux &= theirs.rtcp_mux() && !formats.iter().any(|format| (64..96).contains(&format.payload_type));
        let mut media = stream.media(formats);
        self.write_direction(self.wanted().and(offered.direction().reversed()), &mut media);
        media.attributes.remove("mid");
        media.attributes.extend(theirs.attributes.first("mid").cloned());
        media
    }

    /// The answer to an offered multicast stream: the same stream with the formats that we know.
    //= rfc3264#6.2/address MUST
    //# The offered description is copied, with its port and addresses.
    //= rfc3264#6.2/direction MUST
    //# The direction is copied; a stream whose direction we do not want is refused instead.
    //= rfc3264#6.2/formats MUST
    //# Only formats go, those that we do not have.
    //= rfc3264#6.2/ptime MUST
    //# Copied with the bandwidth.
    fn answered_group(&self, offered: Side<'_>) -> Media {
        let mut media = offered.media.clone();
        let known = slot::common(&self.stream.formats, offered.media, false);
        let is_known = |number: &str| known.iter().any(|format| number == format.payload_type.to_string());
        if media.is_rtp() {
            media.formats.retain(|number| is_known(number));
            media.attributes.retain(|attribute| match attribute.name() {
                "rtpmap" | "fmtp" => attribute.get().and_then(|v| v.split(' ').next()).is_some_and(is_known),
                _ => true,
            });
        }
        media.connections.extend(offered.own_connection());
        self.write_direction(offered.direction(), &mut media);
        media
    }

    //= rfc3264#5.1/sendrecv-omitted MAY
    //# It is left out unless the attributes of the stream have a direction.
    //= rfc3264#5.1/sendrecv-written MAY
    //# Then it takes that one's place.
    //= rfc3264#5.1/sendonly MUST
    //# Every direction but both ways is written; both ways is the default.
    //= rfc3264#5.1/recvonly MUST
    //# The same.
    //= rfc3264#5.1/inactive MUST
    //# The same.
    pub(crate) fn write_direction(&self, direction: Direction, media: &mut Media) {
        if direction != Direction::SendRecv || media.direction().is_some() {
            media.attributes.set_direction(direction);
        }
    }
}

/// A stream that is refused or gone: port 0, one format, and its name.
//= rfc3264#8.2/short MAY
//# Nothing but one format and the name remain.
//= rfc3264#8.2/answer-short MAY
//# The same.
//= rfc3264#6/reject MUST
//# Port 0 and the first offered format.
//= rfc3264#8.2/answer-zero MUST
//# A description with port 0 chooses no stream of ours and comes back through here.
//= rfc3264#6/one-format MUST
//# The first offered format is kept.
pub(crate) fn closed(of: &Media) -> Media {
    let mut media = Media::with(of.kind.clone(), 0, of.proto.clone());
    media.formats.push(of.formats.first().cloned().unwrap_or(Word::from_static("0")));
    let first = media.formats.first().map(|format| format.to_string());
    let describes =
        |a: &&Attribute| a.name() == "rtpmap" && a.get().and_then(|v| v.split(' ').next()) == first.as_deref();
    media.attributes.extend(of.attributes.iter().find(describes).cloned());
    media.attributes.extend(of.attributes.first("mid").cloned());
    media
}
