use std::net::SocketAddr;

use bytes::Bytes;
use wire::Instant;

use crate::rtcp::Compound;
use crate::{Packet, ParseError};

/// What a [`Session`](super::Session) tells its application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A data packet of a validated source, in the order of arrival: late and repeated ones too. A
    /// [`JitterBuffer`](crate::JitterBuffer) sorts them.
    Rtp {
        /// The packet.
        packet: Packet,
        /// Its sequence number with the count of cycles in the upper 16 bits.
        extended: u32,
        /// When it arrived: earlier than now for a packet that waited for its source to be validated.
        arrived: Instant,
    },
    /// A valid compound RTCP packet. What it says has already been taken into account.
    Rtcp {
        /// Who sent it.
        remote: SocketAddr,
        /// All of it.
        compound: Compound,
    },
    /// A source is believed to exist: enough packets in sequence, or its canonical name, have been heard.
    SourceJoined {
        /// The source.
        ssrc: u32,
    },
    /// A source said goodbye. [`Event::SourceLeft`] follows.
    Bye {
        /// The source.
        ssrc: u32,
        /// Why, as UTF-8 text.
        reason: Option<Bytes>,
    },
    /// A source that had joined is gone.
    SourceLeft {
        /// The source.
        ssrc: u32,
        /// How.
        leave: Leave,
    },
    /// Someone else used our SSRC: we said goodbye under the old one and go on under a new one.
    Collision {
        /// The SSRC until now.
        old: u32,
        /// The SSRC from now on.
        new: u32,
    },
    /// The address that RTP is sent to follows the packets that arrive: see [`Symmetric`](crate::Symmetric).
    Latched {
        /// The new address.
        remote: SocketAddr,
    },
    /// A datagram was dropped.
    Dropped {
        /// Who sent it.
        remote: SocketAddr,
        /// Why.
        reason: DropReason,
    },
    /// Our own goodbye has been sent, or none was needed. Nothing is sent any more.
    Left,
}

/// How a source went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Leave {
    /// It said goodbye.
    Bye,
    /// It has been silent for too long.
    Timeout,
}

/// Why a datagram was dropped. The count of each is in [`SessionStats`](crate::SessionStats).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DropReason {
    /// It is no valid RTP or RTCP packet.
    Malformed(ParseError),
    /// It came in on a socket that is neither of the session's, or is neither RTP nor RTCP on a shared port.
    NotOurs,
    /// Its payload type is not in [`Config::clock_rates`](crate::Config::clock_rates).
    UnknownPayloadType(u8),
    /// It came from an address that is not the peer's, while the session follows one address.
    ForeignAddress,
    /// The table of sources is full of believed ones.
    TooManySources,
    /// Its source was not validated in sequence: packets that waited before it are lost.
    Unvalidated,
    /// Its sequence number is far from the stream's; the next in sequence would be taken as a restart.
    SequenceJump,
    /// Its source has said goodbye.
    AfterBye,
    /// Its source is known under another address that still sends: a loop or a collision of others.
    ThirdParty,
    /// It carries our own SSRC from an address already known for that: a loop of our own packets.
    OwnLoop,
}
