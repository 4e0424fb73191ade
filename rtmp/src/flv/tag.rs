use bytes::{BufMut, Bytes, BytesMut};

use crate::{Message, MessageType};

/// The first bytes of a file: FLV E.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Header {
    /// Whether audio is announced.
    pub audio: bool,
    /// Whether video is announced.
    pub video: bool,
}

impl Header {
    /// Its length in all files that are written today.
    pub const LEN: usize = 9;

    /// The flags at offset 4 of the file.
    pub(super) const fn flags(self) -> u8 {
        (self.audio as u8) << 2 | self.video as u8
    }

    pub(super) const fn from_flags(flags: u8) -> Header {
        Header { audio: flags & 4 != 0, video: flags & 1 != 0 }
    }

    /// Appends the header and the length of the tag before the first one, which is zero.
    ///
    /// ```
    /// use rtmp::flv::Header;
    /// let mut out = bytes::BytesMut::new();
    /// Header { audio: true, video: true }.encode(&mut out);
    /// assert_eq!(out[..], *b"FLV\x01\x05\0\0\0\x09\0\0\0\0");
    /// ```
    //= flv#E.2/header MUST
    //# Signature, version 1, the two flags with all other bits zero, and an offset of 9.
    pub fn encode(self, out: &mut BytesMut) {
        out.put_slice(b"FLV\x01");
        out.put_u8(self.flags());
        out.put_u32(Header::LEN as u32);
        out.put_u32(0);
    }
}

/// What a tag is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TagKind {
    /// Audio: 8.
    Audio,
    /// Video: 9.
    Video,
    /// Data in AMF0, such as metadata: 18.
    Script,
}

impl TagKind {
    pub(super) const fn number(self) -> u8 {
        match self {
            TagKind::Audio => 8,
            TagKind::Video => 9,
            TagKind::Script => 18,
        }
    }

    pub(super) const fn from_number(number: u8) -> Option<TagKind> {
        match number {
            8 => Some(TagKind::Audio),
            9 => Some(TagKind::Video),
            18 => Some(TagKind::Script),
            _ => None,
        }
    }
}

/// One tag of a file: FLV E.4.1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    /// What it is.
    pub kind: TagKind,
    /// Milliseconds since the first tag; wraps after 49.7 days.
    pub timestamp: u32,
    /// The same as in a message; at most 16,777,215 bytes.
    pub payload: Bytes,
}

impl Tag {
    /// Bytes ahead of the payload.
    pub const HEADER: usize = 11;
    /// The longest payload.
    pub const MAX: usize = 0xff_ffff;

    /// The tag of a message; `None` when it is no audio, video or data. What only a message has is taken off: the
    /// command `@setDataFrame` ahead of metadata, and the zero byte ahead of data in an AMF3 message.
    ///
    /// ```
    /// use rtmp::flv::Tag;
    /// use rtmp::{Message, MessageType};
    /// let payload = b"\x02\0\x0d@setDataFrame\x02\0\x0aonMetaData\x05"[..].into();
    /// let message = Message { kind: MessageType::DataAmf0, timestamp: 0, stream: 1, payload };
    /// assert_eq!(Tag::from_message(&message).unwrap().payload[..], *b"\x02\0\x0aonMetaData\x05");
    /// ```
    pub fn from_message(message: &Message) -> Option<Tag> {
        let mut payload = message.payload.clone();
        let kind = match message.kind {
            MessageType::Audio => TagKind::Audio,
            MessageType::Video => TagKind::Video,
            MessageType::DataAmf0 | MessageType::DataAmf3 => {
                if message.kind == MessageType::DataAmf3 && payload.first() == Some(&0) {
                    payload = payload.slice(1..);
                }
                if payload.starts_with(SET_DATA_FRAME) {
                    payload = payload.slice(SET_DATA_FRAME.len()..);
                }
                TagKind::Script
            }
            _ => return None,
        };
        Some(Tag { kind, timestamp: message.timestamp, payload })
    }

    /// The message of a tag, as a server sends it to a player.
    pub fn to_message(&self, stream: u32) -> Message {
        let kind = match self.kind {
            TagKind::Audio => MessageType::Audio,
            TagKind::Video => MessageType::Video,
            TagKind::Script => MessageType::DataAmf0,
        };
        Message { kind, timestamp: self.timestamp, stream, payload: self.payload.clone() }
    }

    /// The message of a tag, as a publisher sends it to a server: with `@setDataFrame` ahead of metadata, so that the
    /// server gives it to all who come later.
    pub fn to_publish(&self, stream: u32) -> Message {
        let mut message = self.to_message(stream);
        if self.is_metadata() {
            let mut payload = BytesMut::with_capacity(SET_DATA_FRAME.len() + self.payload.len());
            payload.put_slice(SET_DATA_FRAME);
            payload.put_slice(&self.payload);
            message.payload = payload.freeze();
        }
        message
    }

    /// Whether it is what describes the whole file.
    pub fn is_metadata(&self) -> bool {
        self.kind == TagKind::Script && self.payload.starts_with(ON_META_DATA)
    }

    /// Whether it configures a decoder.
    pub fn is_sequence_header(&self) -> bool {
        match self.kind {
            TagKind::Audio => crate::tag::Audio::parse(&self.payload).is_ok_and(|audio| audio.is_sequence_header()),
            TagKind::Video => crate::tag::Video::parse(&self.payload).is_ok_and(|video| video.is_sequence_header()),
            TagKind::Script => false,
        }
    }

    /// Whether a player can start here: a key frame of video.
    pub fn is_key_frame(&self) -> bool {
        self.kind == TagKind::Video && crate::tag::Video::parse(&self.payload).is_ok_and(|video| video.is_key_frame())
    }

    /// Appends the tag and its length. A payload longer than [`Tag::MAX`] is cut.
    //= flv#E.4.1/header MUST
    //# Kind, 24 bits of size, the low 24 bits of the time and then its high 8, and a stream of zero.
    pub fn encode(&self, out: &mut BytesMut) {
        let payload = &self.payload[..self.payload.len().min(Tag::MAX)];
        out.reserve(payload.len() + Tag::HEADER + 4);
        out.put_u8(self.kind.number());
        out.put_uint(payload.len() as u64, 3);
        out.put_uint(u64::from(self.timestamp & 0xff_ffff), 3);
        out.put_u8((self.timestamp >> 24) as u8);
        out.put_uint(0, 3);
        out.put_slice(payload);
        //= flv#E.3/previous-size MUST
        //# Written right behind each tag, header included.
        out.put_u32((payload.len() + Tag::HEADER) as u32);
    }
}

/// The AMF0 string that a publisher puts ahead of metadata.
const SET_DATA_FRAME: &[u8] = b"\x02\0\x0d@setDataFrame";
/// The AMF0 string that metadata begins with.
pub(super) const ON_META_DATA: &[u8] = b"\x02\0\x0aonMetaData";
