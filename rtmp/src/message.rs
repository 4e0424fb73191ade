use bytes::Bytes;

/// What a message is, by the number that its chunk header carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MessageType {
    /// 1: the sender's chunks get another size.
    SetChunkSize,
    /// 2: what has come of a message so far is void.
    Abort,
    /// 3: so many bytes have come.
    Acknowledgement,
    /// 4: an event of a stream, or a ping.
    UserControl,
    /// 5: acknowledge after so many bytes.
    WindowAckSize,
    /// 6: limit what is sent without acknowledgement.
    SetPeerBandwidth,
    /// 8: audio.
    Audio,
    /// 9: video.
    Video,
    /// 15: data in AMF3.
    DataAmf3,
    /// 16: a shared object's events in AMF3.
    SharedObjectAmf3,
    /// 17: a command in AMF3.
    CommandAmf3,
    /// 18: data in AMF0, such as metadata.
    DataAmf0,
    /// 19: a shared object's events in AMF0.
    SharedObjectAmf0,
    /// 20: a command in AMF0.
    CommandAmf0,
    /// 22: several audio, video and data messages in one.
    Aggregate,
    /// Any other number.
    Other(u8),
}

impl MessageType {
    /// The number on the wire.
    pub const fn number(self) -> u8 {
        use MessageType::*;
        match self {
            SetChunkSize => 1,
            Abort => 2,
            Acknowledgement => 3,
            UserControl => 4,
            WindowAckSize => 5,
            SetPeerBandwidth => 6,
            Audio => 8,
            Video => 9,
            DataAmf3 => 15,
            SharedObjectAmf3 => 16,
            CommandAmf3 => 17,
            DataAmf0 => 18,
            SharedObjectAmf0 => 19,
            CommandAmf0 => 20,
            Aggregate => 22,
            Other(number) => number,
        }
    }

    /// The type of that number.
    ///
    /// ```
    /// use rtmp::MessageType;
    /// assert_eq!(MessageType::from_number(9), MessageType::Video);
    /// assert_eq!(MessageType::from_number(7).number(), 7);
    /// ```
    pub const fn from_number(number: u8) -> MessageType {
        use MessageType::*;
        match number {
            1 => SetChunkSize,
            2 => Abort,
            3 => Acknowledgement,
            4 => UserControl,
            5 => WindowAckSize,
            6 => SetPeerBandwidth,
            8 => Audio,
            9 => Video,
            15 => DataAmf3,
            16 => SharedObjectAmf3,
            17 => CommandAmf3,
            18 => DataAmf0,
            19 => SharedObjectAmf0,
            20 => CommandAmf0,
            22 => Aggregate,
            other => Other(other),
        }
    }

    /// Whether it is audio, video or data: what is published and played.
    pub fn is_media(self) -> bool {
        use MessageType::*;
        matches!(self, Audio | Video | DataAmf0 | DataAmf3)
    }
}

/// One whole message, as the chunk stream carries it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// What it is.
    pub kind: MessageType,
    /// Milliseconds since an origin that the sender chose; wraps after 49.7 days.
    pub timestamp: u32,
    /// The message stream it belongs to; 0 is the connection itself.
    pub stream: u32,
    /// The body.
    pub payload: Bytes,
}
