use std::fmt;

/// Why bytes are no RTP packet or no compound RTCP packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ParseError {
    /// The datagram ends before the header, or before what the header promises.
    Truncated,
    /// The version is this number instead of 2.
    Version(u8),
    /// The second byte of an RTP header is that of an RTCP sender or receiver report.
    ReservedPayloadType,
    /// The padding count is zero, or larger than what follows the header.
    Padding,
    /// The padding bit of an RTCP packet is set where only the last packet may have it.
    PaddingNotLast,
    /// A compound RTCP packet starts with this type instead of a sender or receiver report.
    FirstNotReport(u8),
    /// The lengths of the RTCP packets do not add up to the length of the datagram.
    Length,
    /// The count in an RTCP header asks for more than the packet holds.
    Count,
    /// A text or an item runs past the end of its packet.
    Item,
    /// The datagram holds more RTCP packets than this room accepts.
    TooManyPackets,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ParseError::Truncated => f.write_str("packet ends too early"),
            ParseError::Version(v) => write!(f, "version {v} instead of 2"),
            ParseError::ReservedPayloadType => f.write_str("RTP payload type collides with an RTCP report"),
            ParseError::Padding => f.write_str("padding count does not fit the packet"),
            ParseError::PaddingNotLast => f.write_str("padding on an RTCP packet that must not have it"),
            ParseError::FirstNotReport(t) => write!(f, "compound starts with RTCP type {t}, not with a report"),
            ParseError::Length => f.write_str("RTCP lengths do not add up to the datagram"),
            ParseError::Count => f.write_str("RTCP count asks for more than the packet holds"),
            ParseError::Item => f.write_str("an item runs past the end of its RTCP packet"),
            ParseError::TooManyPackets => f.write_str("too many RTCP packets in one datagram"),
        }
    }
}

impl std::error::Error for ParseError {}

/// Why a value has no place on the wire. The caller's fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EncodeError {
    /// More elements than the count field of the header can say: 15 contributing sources, 31 blocks, chunks or sources.
    TooMany,
    /// A text is longer than 255 bytes.
    TextTooLong,
    /// The data is longer than the length field can say: 65,535 words of 32 bits.
    TooLong,
    /// Data that must fill whole words of 32 bits does not.
    Unaligned,
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            EncodeError::TooMany => "more elements than the count field can say",
            EncodeError::TextTooLong => "text longer than 255 bytes",
            EncodeError::TooLong => "longer than the length field can say",
            EncodeError::Unaligned => "not a multiple of 32 bits",
        })
    }
}

impl std::error::Error for EncodeError {}

/// Why [`Session::send`](crate::Session::send) sent nothing. The caller's fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SendError {
    /// The payload type has no clock rate in the configuration.
    UnknownPayloadType(u8),
    /// No remote address is known yet.
    NoRemote,
    /// The session was left.
    Left,
    /// The payload is longer than [`Config::max_payload`](crate::Config::max_payload).
    TooLong,
    /// The output was not drained: more than [`Config::max_queue`](crate::Config::max_queue) outputs wait.
    NotDrained,
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SendError::UnknownPayloadType(t) => write!(f, "payload type {t} has no clock rate"),
            SendError::NoRemote => f.write_str("no remote address is known yet"),
            SendError::Left => f.write_str("the session was left"),
            SendError::TooLong => f.write_str("payload too long"),
            SendError::NotDrained => f.write_str("the machine's output was not drained"),
        }
    }
}

impl std::error::Error for SendError {}
