use bytes::{Buf, BufMut, Bytes, BytesMut};

use super::{Compound, Other, Packet};

/// Asks a sender of video for a picture that can be decoded alone: RFC 4585 section 6.3.1, RFC 5104 section 4.3.1.
///
/// ```
/// use rfc3550::rtcp::{KeyFrameRequest, Packet};
/// let request = KeyFrameRequest::PictureLoss { sender: 1, media: 2 };
/// let Packet::Other(packet) = Packet::from(request) else { unreachable!() };
/// assert_eq!((packet.packet_type, packet.count, &packet.body[..]), (206, 1, &[0, 0, 0, 1, 0, 0, 0, 2][..]));
/// assert_eq!(KeyFrameRequest::of(&packet), Some(request));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyFrameRequest {
    /// PLI: pictures were lost.
    PictureLoss {
        /// Who asks.
        sender: u32,
        /// The source that is asked.
        media: u32,
    },
    /// FIR: whatever was received, send a full picture.
    FullIntra {
        /// Who asks.
        sender: u32,
        /// The source that is asked.
        media: u32,
        //= rfc5104#4.3.1.1/number MUST
        //# Written as it is given: the caller alone knows whether this is another request.
        //= rfc5104#4.3.1.1/repeated MUST NOT
        //# The same value made into a packet again is the same request.
        /// Tells a new request, which has the next number, from one that is sent again.
        number: u8,
    },
}

impl KeyFrameRequest {
    /// What a packet of another type asks for; `None` when that is no key frame.
    //= rfc4585#6.1/payload-type MUST
    //# 206 with the two messages that ask for pictures; all else is not looked at.
    //= rfc5104#4.3.1/fci MUST
    //# The first entry counts: a session here has one source.
    //= rfc5104#4.3.1.1/reserved-ignored MUST
    //# What follows the number is not read.
    pub fn of(packet: &Other) -> Option<KeyFrameRequest> {
        let mut body = packet.body.clone();
        let (sender, media) = (body.try_get_u32().ok()?, body.try_get_u32().ok()?);
        match (packet.packet_type, packet.count) {
            (PAYLOAD_SPECIFIC, PLI) => Some(KeyFrameRequest::PictureLoss { sender, media }),
            (PAYLOAD_SPECIFIC, FIR) => {
                let (media, number) = (body.try_get_u32().ok()?, body.try_get_u8().ok()?);
                Some(KeyFrameRequest::FullIntra { sender, media, number })
            }
            _ => None,
        }
    }

    /// The first such request in a compound.
    pub fn in_compound(compound: &Compound) -> Option<KeyFrameRequest> {
        compound.packets.iter().find_map(|packet| match packet {
            Packet::Other(other) => KeyFrameRequest::of(other),
            _ => None,
        })
    }
}

impl From<KeyFrameRequest> for Packet {
    //= rfc4585#6.3.1.2/no-parameters MUST NOT
    //# Nothing follows the two sources.
    //= rfc4585#6.3.1.2/length MUST
    //# So that the packet has three words, and says one less.
    //= rfc4585#6.3.1/one MUST
    //# The packet itself is the message.
    //= rfc4585#6.1/at-least-one MUST
    //# One request, one packet.
    //= rfc4585#6.1/same-type MUST
    //# As above.
    //= rfc4585#6.1/several-types MUST
    //# As above.
    //= rfc5104#4.3.1.1/length MUST
    //# One entry makes five words; the encoder of packets counts them.
    //= rfc5104#4.3.1.1/reserved MUST
    //# The number is shifted into a word of zeros.
    //= rfc5104#4.3.1.2/media-zero MUST
    //# The source in the head is 0; the entry names the one that is asked.
    fn from(request: KeyFrameRequest) -> Packet {
        let mut body = BytesMut::with_capacity(16);
        let count = match request {
            KeyFrameRequest::PictureLoss { sender, media } => {
                body.put_u32(sender);
                body.put_u32(media);
                PLI
            }
            KeyFrameRequest::FullIntra { sender, media, number } => {
                body.put_u32(sender);
                body.put_u32(0);
                body.put_u32(media);
                body.put_u32(u32::from(number) << 24);
                FIR
            }
        };
        Packet::Other(Other { packet_type: PAYLOAD_SPECIFIC, count, body: Bytes::from(body) })
    }
}

/// The type of feedback that payload formats define.
const PAYLOAD_SPECIFIC: u8 = 206;
/// Picture loss indication.
const PLI: u8 = 1;
/// Full intra request.
const FIR: u8 = 4;
