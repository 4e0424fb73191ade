use std::net::SocketAddr;
use std::time::Duration;

use rfc4566::{Connection, Direction, Media, Session, Word};

use crate::format::Format;
use crate::negotiation::StreamId;

/// What two descriptions agree on for one stream, seen from our side: all that an RTP session needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stream {
    /// Place of the media description, from 0.
    pub index: usize,
    /// Which of our streams it is; `None` when we had none for it.
    pub id: Option<StreamId>,
    /// Media type: `audio`…
    pub kind: Word,
    /// Transport protocol: `RTP/AVP`…
    pub proto: Word,
    /// Name of the stream, when both use the same (RFC 5888).
    pub mid: Option<Word>,
    /// Whether the stream exists: neither side has refused it or switched it off.
    pub active: bool,
    /// What we may do now.
    pub direction: Direction,
    /// Whether the peer asked us to stop sending, in the new way or the old.
    pub held_by_peer: bool,
    /// Where we receive RTP.
    pub local_rtp: Endpoint,
    /// Where we receive RTCP.
    pub local_rtcp: Endpoint,
    /// Where RTP goes; `None` when the peer gave no address yet, or took it back.
    pub remote_rtp: Option<Endpoint>,
    /// Where RTCP goes, whatever the direction.
    pub remote_rtcp: Option<Endpoint>,
    /// Whether RTP and RTCP share one port.
    pub rtcp_mux: bool,
    /// Formats to send, with the peer's numbers and parameters, the peer's preferred first.
    pub send: Vec<Format>,
    /// Formats that come in, with our numbers and parameters.
    pub receive: Vec<Format>,
    /// Common formats of a stream that is not RTP.
    pub tokens: Vec<Word>,
    /// Number to send telephone events with.
    pub telephone_event: Option<u8>,
    /// Length of the packets that the peer wishes to receive.
    pub ptime: Option<Duration>,
    /// Length of the longest packets that the peer can receive.
    pub maxptime: Option<Duration>,
    /// Kilobits a second that the peer wishes to receive at most (`b=AS`).
    pub bandwidth: Option<u64>,
}

/// A host, by address or name, and a port.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Endpoint {
    /// The host.
    pub connection: Connection,
    /// The port.
    pub port: u16,
}

impl Endpoint {
    /// The socket address; `None` when the host is a name that must be looked up.
    pub fn socket_addr(&self) -> Option<SocketAddr> {
        Some(SocketAddr::new(self.connection.ip_addr()?, self.port))
    }
}

impl Stream {
    /// Whether we may send media now.
    pub fn sends(&self) -> bool {
        self.active && self.direction.sends()
    }

    /// Whether media may come in now.
    pub fn receives(&self) -> bool {
        self.active && self.direction.receives()
    }

    /// The format to send with: the first that is no accompaniment, else the first.
    //= rfc3264#7/first-format SHOULD
    //# As offerer: the list is in the order of the answer.
    //= rfc3264#6.1/most-preferred SHOULD
    //# As answerer: the list is in the order of the offer.
    //= rfc3264#5.1/highest-preference SHOULD
    //# The same rule, said of the recipient of an offer.
    //= rfc3264#6.1/answer-preference SHOULD
    //# The same rule, said of the recipient of an answer.
    //= rfc3264#8.3.2/most-preferred SHOULD
    //# The same after every later exchange.
    pub fn format(&self) -> Option<&Format> {
        self.send.iter().find(|format| !format.is_auxiliary()).or(self.send.first())
    }

    /// The format that an incoming payload type stands for.
    pub fn received(&self, payload_type: u8) -> Option<&Format> {
        self.receive.iter().find(|format| format.payload_type == payload_type)
    }

    /// Compares our description with the peer's.
    //= rfc3264#8.3.2/send-format MUST
    //# Built anew from the last two descriptions after every exchange, nothing older remains.
    //= rfc3264#8.3.2/old-formats MUST NOT
    //# The same.
    //= rfc3264#8.3.2/offerer-format MUST
    //# The same.
    //= rfc3264#8.3.2/offerer-old-formats MUST NOT
    //# The same.
    //= rfc3264#8.3.4/new-parameters MUST
    //# The same for ports, packet lengths and parameters.
    //= rfc3264#8.3.1/new-port SHOULD
    //# The same for destinations.
    pub(crate) fn new(index: usize, id: Option<StreamId>, local: Side<'_>, remote: Side<'_>) -> Stream {
        //= rfc3264#5.1/port-zero MUST NOT
        //# Port 0 on either side leaves no destination, no direction and no formats to send.
        //= rfc3264#6/rejected-silent MUST NOT
        //# The same; without a destination there is no RTCP either.
        let active = local.media.port != 0 && remote.media.port != 0;
        let placeholder = remote.connection.is_none_or(Connection::is_unspecified);
        let multicast = remote.connection.is_some_and(Connection::is_multicast);
        let theirs = if multicast { remote.direction() } else { remote.direction().reversed() };
        let agreed = local.direction().and(theirs);
        //= rfc3264#8.4/zero-address MUST
        //# An address of zeros takes away both destinations and our right to send; the rest of the stream stays.
        let direction = Direction::new(agreed.sends() && !placeholder, agreed.receives());
        //= rfc5761#5.1.1/not-answered MUST NOT
        //# One port is used when both descriptions say so.
        //= rfc5761#5.1.1/ready MUST
        //# The endpoint of our RTCP is then that of RTP.
        let rtcp_mux = local.media.rtcp_mux() && remote.media.rtcp_mux();
        //= rfc3264#5.1/answer-numbers MUST
        //# What we send is listed from the peer's description, with the peer's numbers, whoever made the offer.
        //= rfc3264#6.1/offer-numbers MUST
        //# The same list, as answerer.
        //= rfc3264#6.1/send-format MUST
        //# Only formats that both descriptions have are in it.
        //= rfc3264#7/listed-format MUST
        //# The same, as offerer.
        let (send, receive) = (common(remote.media, local.media), common(local.media, remote.media));
        let to_peer = (active && !placeholder).then_some(());
        let mid = remote.media.mid().filter(|mid| local.media.mid().as_ref() == Some(mid));
        Stream {
            index,
            id,
            kind: local.media.kind.clone(),
            proto: local.media.proto.clone(),
            mid,
            active,
            direction: if active { direction } else { Direction::Inactive },
            held_by_peer: active && (placeholder || !remote.direction().receives()),
            local_rtp: local.rtp(),
            local_rtcp: local.rtcp(rtcp_mux),
            remote_rtp: to_peer.map(|()| remote.rtp()),
            remote_rtcp: to_peer.map(|()| remote.rtcp(rtcp_mux)),
            rtcp_mux,
            telephone_event: telephone_event(&send),
            send,
            receive,
            tokens: tokens(local.media, remote.media),
            //= rfc3264#6.1/send-ptime SHOULD
            //# Handed to whoever sends; the same for bandwidth below.
            //= rfc3264#7/send-ptime SHOULD
            //# The same, whoever made the offer.
            ptime: remote.media.ptime(),
            maxptime: remote.media.maxptime(),
            //= rfc3264#6.1/send-bandwidth SHOULD
            //# The peer's figure for what we send.
            bandwidth: remote.media.bandwidth("AS"),
        }
    }
}

/// One side's description of a stream.
#[derive(Clone, Copy)]
pub(crate) struct Side<'a> {
    session: &'a Session,
    pub(crate) media: &'a Media,
    connection: Option<&'a Connection>,
}

impl<'a> Side<'a> {
    pub(crate) fn new(session: &'a Session, media: &'a Media) -> Side<'a> {
        Side { session, media, connection: session.connection(media) }
    }

    pub(crate) fn direction(&self) -> Direction {
        self.session.direction(self.media)
    }

    /// The session's address, when the media description has none and inherits it.
    pub(crate) fn own_connection(&self) -> Option<Connection> {
        if self.media.connections.is_empty() { self.session.connection.clone() } else { None }
    }

    /// Whether media goes to a multicast group.
    pub(crate) fn is_multicast(&self) -> bool {
        self.connection.is_some_and(Connection::is_multicast)
    }

    fn rtp(&self) -> Endpoint {
        let connection = self.connection.unwrap_or(&self.session.origin.address).clone();
        Endpoint { connection, port: self.media.port }
    }

    //= rfc3264#5.1/rtcp-port MUST
    //# One port above RTP's unless a=rtcp or a=rtcp-mux says otherwise.
    fn rtcp(&self, mux: bool) -> Endpoint {
        let rtp = self.rtp();
        match self.media.rtcp() {
            _ if mux => rtp,
            Some(rtcp) => Endpoint { connection: rtcp.connection.unwrap_or(rtp.connection), port: rtcp.port },
            None => Endpoint { port: rtp.port.saturating_add(1), ..rtp },
        }
    }
}

/// The formats of one side that the other knows too.
//= rfc3264#6.1/ready-formats MUST
//# With our own description first, this is the list of what may come in.
fn common(of: &Media, with: &Media) -> Vec<Format> {
    if !of.is_rtp() {
        return Vec::new();
    }
    let known = Format::read_beside(with, &Format::read(of));
    let mut formats = Format::read_beside(of, &known);
    formats.retain(|format| known.iter().any(|other| other.matches(format)));
    formats
}

fn tokens(of: &Media, with: &Media) -> Vec<Word> {
    if of.is_rtp() {
        return Vec::new();
    }
    of.formats.iter().filter(|token| has_token(&with.formats, token)).cloned().collect()
}

/// Whether the token is in the list, without case.
pub(crate) fn has_token(list: &[Word], token: &Word) -> bool {
    list.iter().any(|other| other.eq_ignore_ascii_case(token))
}

/// The number of the events that tick like the first format of media, else of the first events.
fn telephone_event(send: &[Format]) -> Option<u8> {
    let rate = send.iter().find(|format| !format.is_auxiliary()).map(|format| format.clock_rate);
    let events = || send.iter().filter(|format| format.is_telephone_event());
    events().find(|format| Some(format.clock_rate) == rate).or(events().next()).map(|format| format.payload_type)
}
