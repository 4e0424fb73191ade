//! x-flv: whole RTMP messages in RTP packets, as gateways of the old kind exchange them among themselves.
//!
//! A message becomes its type, its length and its time, 32 bits each, and its body; that is cut into pieces of at most 1,000
//! bytes. Each packet holds the four letters `RTMP`, the number of the message (32 bits), the number of the piece (16
//! bits, from 0), in the first piece the length of the whole (16 bits), and the piece. A message that does not fit 16
//! bits of length cannot be sent; one that lost a piece is dropped.

use bytes::{Buf, BufMut, Bytes, BytesMut};
use rtmp::{Message, MessageType};

/// Cuts messages into packets.
#[derive(Debug, Default)]
pub struct Splitter {
    number: u32,
}

impl Splitter {
    /// The payloads of the packets that carry a message; none when it is too long.
    ///
    /// ```
    /// use apps::sip_rtmp::xflv::{Joiner, Splitter};
    /// use rtmp::{Message, MessageType};
    /// let message =
    ///     Message { kind: MessageType::Video, timestamp: 40, stream: 0, payload: vec![0x17; 2500].into() };
    /// let packets = Splitter::default().split(&message);
    /// assert_eq!(packets.len(), 3);
    /// let mut joiner = Joiner::default();
    /// let joined: Vec<_> = packets.iter().filter_map(|packet| joiner.push(packet)).collect();
    /// assert_eq!(joined, [message]);
    /// ```
    pub fn split(&mut self, message: &Message) -> Vec<Bytes> {
        let length = message.payload.len() + HEAD;
        if length > LONGEST {
            return Vec::new();
        }
        let mut whole = BytesMut::with_capacity(length);
        whole.put_u32(message.kind.number().into());
        whole.put_u32(message.payload.len() as u32);
        whole.put_u32(message.timestamp);
        whole.put_slice(&message.payload);
        let number = self.number;
        self.number = number.wrapping_add(1);
        let packet = |(piece, bytes): (usize, &[u8])| {
            let mut packet = BytesMut::with_capacity(bytes.len() + 12);
            packet.put_slice(MAGIC);
            packet.put_u32(number);
            packet.put_u16(piece as u16);
            if piece == 0 {
                packet.put_u16(length as u16);
            }
            packet.put_slice(bytes);
            packet.freeze()
        };
        whole.chunks(PIECE).enumerate().map(packet).collect()
    }
}

/// Puts messages together again.
#[derive(Debug, Default)]
pub struct Joiner {
    number: u32,
    length: usize,
    /// Pieces that came; 0 while there is no message.
    pieces: u16,
    whole: BytesMut,
}

impl Joiner {
    /// Takes the payload of a packet; the message that it completes.
    pub fn push(&mut self, payload: &Bytes) -> Option<Message> {
        let mut rest = payload.strip_prefix(MAGIC)?;
        let (number, piece) = (rest.try_get_u32().ok()?, rest.try_get_u16().ok()?);
        if piece == 0 {
            self.length = usize::from(rest.try_get_u16().ok()?);
            (self.number, self.pieces) = (number, 0);
            self.whole.clear();
        } else if self.pieces == 0 || number != self.number || piece != self.pieces {
            self.pieces = 0;
            return None;
        }
        self.pieces = self.pieces.saturating_add(1);
        if self.whole.len() + rest.len() > self.length {
            self.pieces = 0;
            return None;
        }
        self.whole.extend_from_slice(rest);
        if self.whole.len() < self.length {
            return None;
        }
        self.pieces = 0;
        let mut whole = self.whole.split().freeze();
        let (kind, length) = (whole.try_get_u32().ok()?, whole.try_get_u32().ok()?);
        let timestamp = whole.try_get_u32().ok()?;
        let kind = MessageType::from_number(u8::try_from(kind).ok()?);
        let fits = whole.len() as u64 == u64::from(length) && kind.is_media();
        fits.then_some(Message { kind, timestamp, stream: 0, payload: whole })
    }
}

const MAGIC: &[u8] = b"RTMP";
const PIECE: usize = 1000;
/// Type, length and time.
const HEAD: usize = 12;
/// What programs read that take the 16 bits for a signed number.
const LONGEST: usize = 32_767;

#[cfg(test)]
mod tests {
    use super::*;

    fn message(length: usize) -> Message {
        Message { kind: MessageType::Audio, timestamp: 7, stream: 0, payload: vec![0xb2; length].into() }
    }

    #[test]
    fn the_layout_is_that_of_the_old_gateway() {
        let packets = Splitter { number: 5 }.split(&message(1000));
        assert_eq!(packets[0][..12], *b"RTMP\0\0\0\x05\0\0\x03\xf4");
        assert_eq!(packets[0][12..24], *b"\0\0\0\x08\0\0\x03\xe8\0\0\0\x07");
        assert_eq!(packets[0].len(), 12 + 1000);
        assert_eq!(packets[1][..10], *b"RTMP\0\0\0\x05\0\x01");
        assert_eq!(packets[1].len(), 10 + 12);
    }

    #[test]
    fn a_lost_piece_drops_its_message_and_no_other() {
        let mut splitter = Splitter::default();
        let mut joiner = Joiner::default();
        let first = splitter.split(&message(2500));
        assert_eq!(first.iter().enumerate().filter(|(n, _)| *n != 1).find_map(|(_, p)| joiner.push(p)), None);
        let second = splitter.split(&message(100));
        assert_eq!(second.iter().find_map(|packet| joiner.push(packet)), Some(message(100)));
    }

    #[test]
    fn what_is_too_long_or_broken_is_left_out() {
        assert!(Splitter::default().split(&message(40_000)).is_empty());
        let mut joiner = Joiner::default();
        for bytes in [&b""[..], b"RTMP", b"RTMP\0\0\0\x01\0\0", b"RTMP\0\0\0\x01\0\0\xff\xff", b"RTMP\0\0\0\x01\0\x01x"]
        {
            assert_eq!(joiner.push(&Bytes::from_static(bytes)), None);
        }
        let lies = b"RTMP\0\0\0\x01\0\0\0\x0c\0\0\0\x08\0\0\0\x63\0\0\0\x07"; // its own length is wrong
        assert_eq!(joiner.push(&Bytes::from_static(lies)), None);
    }
}
