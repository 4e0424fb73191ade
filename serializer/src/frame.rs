//! Frames (p2p section 3.1): how messages follow each other on a stream.
//!
//! A frame is the length of its body in 32 bits, then the body: the SHA-256 of the message and the message, or both
//! compressed. Nothing says whether and how a body is compressed; [`open`] tries what the peer has announced.

use std::collections::VecDeque;

use bytes::{Buf, Bytes};

use crate::message::frame_length;
use crate::{Compression, Error, Limits, Message, MessageId};

/// The whole frame of a message, compressed on demand. Without compression no byte is copied for a message of our own, and
/// a relayed one is copied once, however many peers get it.
///
/// ```
/// use serializer::{Id, MainFlag, Message, frame};
/// let message = Message::new(MainFlag::Whisper, &Id::new("me").unwrap(), 1, vec![]);
/// let frame = frame::encode(&message, None);
/// assert_eq!(frame[..4], [0, 0, 0, 38]);
/// assert_eq!(frame[4..36], message.id().0);
/// assert_eq!(frame[36..], message.bytes()[..]);
/// ```
///
/// # Panics
/// When the frame of a message of the caller's is longer than 2^32 - 1 bytes.
//= p2p#3.3/whole-body MUST
//# The plain frame behind its length goes through the method as one; the length is written after.
pub fn encode(message: &Message, compression: Option<Compression>) -> Bytes {
    let plain = message.frame();
    let Some(method) = compression else { return plain.clone() };
    let mut out = Vec::with_capacity(plain.len());
    out.extend_from_slice(&[0; 4]);
    method.compress_into(&plain[4..], &mut out);
    let length = frame_length(out.len() - 4);
    out[..4].copy_from_slice(&length);
    out.into()
}

/// The message in a body. The hash is looked for in the body as it is and in what each of the `announced` methods makes of
/// it.
///
/// ```
/// use serializer::{Compression, Error, Id, Limits, MainFlag, Message, frame};
/// let message = Message::new(MainFlag::Whisper, &Id::new("me").unwrap(), 1, vec!["hello".into()]);
/// let body = frame::encode(&message, Some(Compression::Zlib)).slice(4..);
/// let limits = Limits::default();
/// assert_eq!(frame::open(body.clone(), &Compression::ALL, &limits), Ok(message));
/// assert_eq!(frame::open(body, &[], &limits), Err(Error::Checksum));
/// ```
///
/// # Errors
/// [`Error::Checksum`] when the hash is in none of them; [`Error::InflatedTooLong`] when it might be in one that was cut
/// off; as [`Message::decode`] when the message is bad.
pub fn open(body: Bytes, announced: &[Compression], limits: &Limits) -> Result<Message, Error> {
    // A body that looks compressed is inflated first, so that its hash is not computed in vain; the rest is tried after.
    //= p2p#3.3/unmarked MUST
    //# The hash decides for every attempt; how a body starts only decides which attempt is the first.
    //= p2p#3.3/plain-too MUST
    //# No compression is one of the attempts, always.
    //= p2p#3.3/announced-only MUST NOT
    //# The attempts are made of the announced list alone.
    let likely = announced.iter().copied().find(|method| method.looks_like(&body)).map(Some);
    let attempts = likely.into_iter().chain([None]).chain(announced.iter().copied().map(Some));
    let mut tried = [false; Compression::ALL.len()];
    let mut verdict = Error::Checksum;
    for attempt in attempts {
        let Some(method) = attempt else {
            match checked(&body) {
                Some(id) => return message(body, id, limits),
                None => continue,
            }
        };
        //= p2p#5/tried-once SHOULD
        //# A mark for each method; the list itself may be as long as it likes.
        if tried.get_mut(method as usize).is_none_or(|tried| std::mem::replace(tried, true)) {
            continue; // a list that names a method a thousand times costs one try
        }
        match method.decompress(&body, limits.inflated) {
            Ok(plain) => {
                if let Some(id) = checked(&plain) {
                    return message(plain.into(), id, limits);
                }
            }
            Err(Error::InflatedTooLong) => verdict = Error::InflatedTooLong,
            Err(_) => {}
        }
    }
    Err(verdict)
}

/// The id of the message in a body, which follows it, when it is right.
//= p2p#3.1/verify MUST
//# The only way to a message out of a body.
fn checked(body: &[u8]) -> Option<MessageId> {
    let (hash, bytes) = body.split_first_chunk()?;
    let id = MessageId::of(bytes);
    (id.0 == *hash).then_some(id)
}

/// The message behind the `id` in front of it.
fn message(mut body: Bytes, id: MessageId, limits: &Limits) -> Result<Message, Error> {
    body.advance(id.0.len());
    Message::with_id(body, id, limits)
}

/// Cuts a stream into the bodies of its frames. It is an iterator that ends whenever more bytes are needed.
///
/// A body that arrives in one piece is a slice of it. Otherwise memory grows with the bytes received, not with the length
/// announced. A length beyond the limit is an error at once; what follows cannot be told apart, so after it nothing more
/// comes.
///
/// ```
/// use serializer::{Error, Limits, frame::Decoder};
/// let mut decoder = Decoder::new(Limits::default());
/// decoder.push(bytes::Bytes::from_static(b"\0\0\0\x02hi\0\0\0\x03yo"));
/// assert_eq!(decoder.next().unwrap().unwrap(), "hi");
/// assert!(decoder.next().is_none());
/// decoder.push(bytes::Bytes::from_static(b"u\xff\xff\xff\xff"));
/// assert_eq!(decoder.next().unwrap().unwrap(), "you");
/// assert_eq!(decoder.next().unwrap(), Err(Error::FrameTooLong { announced: u32::MAX }));
/// assert!(decoder.next().is_none());
/// ```
//= p2p#3.1/stream MUST
//# A whole frame in a piece is a slice of it; others are put together from pieces, header included.
#[derive(Debug)]
pub struct Decoder {
    limit: usize,
    /// Pieces not yet looked at, none empty.
    pieces: VecDeque<Bytes>,
    /// The beginning of a frame, header included, whose end is not here yet.
    partial: Vec<u8>,
    failed: bool,
}

impl Decoder {
    /// A decoder at the start of a stream.
    pub fn new(limits: Limits) -> Decoder {
        Decoder { limit: limits.frame, pieces: VecDeque::new(), partial: Vec::new(), failed: false }
    }

    /// Takes the next piece of the stream, of any size. Call [`Iterator::next`] until it gives `None` before the next one:
    /// pieces pile up otherwise.
    pub fn push(&mut self, piece: Bytes) {
        if !self.failed && !piece.is_empty() {
            self.pieces.push_back(piece);
        }
    }

    /// How many bytes wait for the end of their frame.
    ///
    /// ```
    /// use serializer::{Limits, frame::Decoder};
    /// let mut decoder = Decoder::new(Limits::default());
    /// decoder.push(bytes::Bytes::from_static(b"\0\0\0\x09half"));
    /// assert!(decoder.next().is_none());
    /// assert_eq!(decoder.buffered(), 8);
    /// ```
    pub fn buffered(&self) -> usize {
        self.pieces.iter().map(Bytes::len).sum::<usize>() + self.partial.len()
    }

    /// The length of a body; bodies longer than allowed end the stream.
    //= p2p#3.1/length MUST
    //# Read as big-endian, here and for a header that came in pieces.
    //= p2p#5/length-limit MUST
    //# Compared with the limit before a byte of the body is kept; the decoder is at its end after that.
    fn length(&mut self, header: [u8; 4]) -> Result<usize, Error> {
        let announced = u32::from_be_bytes(header);
        match usize::try_from(announced) {
            Ok(length) if length <= self.limit => Ok(length),
            _ => {
                self.failed = true;
                self.pieces.clear();
                self.partial = Vec::new();
                Err(Error::FrameTooLong { announced })
            }
        }
    }

    /// Moves bytes from the pieces until `partial` has `length` of them; `false` when there are not enough.
    //= p2p#5/received-only MUST
    //# Grows by what a piece holds; the announced length only says where to stop.
    fn fill(&mut self, length: usize) -> bool {
        while self.partial.len() < length {
            let Some(piece) = self.pieces.front_mut() else { return false };
            let take = piece.len().min(length - self.partial.len());
            self.partial.extend_from_slice(&piece[..take]);
            piece.advance(take);
            if piece.is_empty() {
                self.pieces.pop_front();
            }
        }
        true
    }
}

impl Iterator for Decoder {
    type Item = Result<Bytes, Error>;

    fn next(&mut self) -> Option<Result<Bytes, Error>> {
        if self.partial.is_empty() {
            let header = self.pieces.front()?.first_chunk().copied();
            if let Some(header) = header {
                let length = match self.length(header) {
                    Ok(length) => length,
                    Err(error) => return Some(Err(error)),
                };
                let piece = self.pieces.front_mut()?;
                if piece.len() - 4 >= length {
                    let body = piece.slice(4..4 + length);
                    piece.advance(4 + length);
                    if piece.is_empty() {
                        self.pieces.pop_front();
                    }
                    return Some(Ok(body));
                }
            }
        }
        if !self.fill(4) {
            return None;
        }
        let header = self.partial.first_chunk().copied()?;
        let length = match self.length(header) {
            Ok(length) => length,
            Err(error) => return Some(Err(error)),
        };
        if !self.fill(4 + length) {
            return None;
        }
        let frame = Bytes::from(std::mem::take(&mut self.partial));
        Some(Ok(frame.slice(4..)))
    }
}
