//! Protocol control and user control messages, typed (sections 5.4 and 7.1.7).
//!
//! ```
//! use rtmp::control::{Control, UserControl};
//! let ping = Control::User(UserControl::PingRequest(4000));
//! assert_eq!(Control::parse(&ping.to_message()), Ok(Some(ping)));
//! ```
use std::fmt;

use bytes::{Buf, BufMut, Bytes, BytesMut};

use crate::{Message, MessageType};

/// A message about the connection itself. Its message stream is 0 and its chunk stream [`csid::CONTROL`].
///
/// [`csid::CONTROL`]: crate::chunk::csid::CONTROL
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Control {
    /// The sender's chunks carry so many bytes from now on. The chunk reader obeys it and gives it to nobody.
    SetChunkSize(u32),
    /// The half message on that chunk stream is void. The chunk reader obeys it and gives it to nobody.
    Abort(u32),
    /// The sender has received so many bytes; wraps at 32 bits.
    Acknowledgement(u32),
    /// The sender wants an acknowledgement after so many bytes.
    WindowAckSize(u32),
    /// The receiver is to send no more than that without acknowledgement.
    SetPeerBandwidth {
        /// Bytes.
        size: u32,
        /// What becomes of the limit in force before.
        limit: LimitType,
    },
    /// An event of a stream, or a ping.
    User(UserControl),
}

/// How a peer bandwidth meets the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LimitType {
    /// 0: it takes its place.
    Hard,
    /// 1: the smaller one holds.
    Soft,
    /// 2: hard if the last was hard, else nothing.
    Dynamic,
    /// Any other number.
    Other(u8),
}

/// A user control message: an event number of 16 bits, and what belongs to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UserControl {
    /// 0: that message stream works now.
    StreamBegin(u32),
    /// 1: what was asked of that message stream has ended.
    StreamEof(u32),
    /// 2: that message stream has had nothing for a while.
    StreamDry(u32),
    /// 3: the client's buffer for that message stream.
    SetBufferLength {
        /// The message stream.
        stream: u32,
        /// Milliseconds.
        millis: u32,
    },
    /// 4: that message stream plays a recording.
    StreamIsRecorded(u32),
    /// 6: answer with the same number: the sender's milliseconds.
    PingRequest(u32),
    /// 7: the number of the request.
    PingResponse(u32),
    /// 31: the server has sent that message stream's buffer empty.
    BufferEmpty(u32),
    /// 32: that message stream's buffer is filled again.
    BufferReady(u32),
    /// Any other event.
    Other {
        /// Its number.
        event: u16,
        /// What follows it.
        data: Bytes,
    },
}

/// A control message whose body is shorter than its type asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Error {
    /// The message's type.
    pub kind: MessageType,
    /// Its length in bytes.
    pub length: usize,
}

impl Control {
    /// Reads a control message; `None` for a message of another type. Bytes after what the type asks are ignored.
    ///
    /// # Errors
    /// When the body is too short.
    pub fn parse(message: &Message) -> Result<Option<Control>, Error> {
        let error = Error { kind: message.kind, length: message.payload.len() };
        let mut body = message.payload.clone();
        let mut number = || body.try_get_u32().map_err(|_| error);
        Ok(Some(match message.kind {
            MessageType::SetChunkSize => Control::SetChunkSize(number()?),
            MessageType::Abort => Control::Abort(number()?),
            MessageType::Acknowledgement => Control::Acknowledgement(number()?),
            MessageType::WindowAckSize => Control::WindowAckSize(number()?),
            MessageType::SetPeerBandwidth => {
                let size = number()?;
                let limit = LimitType::from_number(body.try_get_u8().map_err(|_| error)?);
                Control::SetPeerBandwidth { size, limit }
            }
            MessageType::UserControl => Control::User(UserControl::parse(body).ok_or(error)?),
            _ => return Ok(None),
        }))
    }

    /// The message, with time and message stream 0.
    //= rtmp#5.4/stream MUST
    //# The message stream is 0; the link writes it on chunk stream 2.
    pub fn to_message(&self) -> Message {
        let mut out = BytesMut::with_capacity(10);
        let kind = match *self {
            Control::SetChunkSize(size) => {
                out.put_u32(size);
                MessageType::SetChunkSize
            }
            Control::Abort(csid) => {
                out.put_u32(csid);
                MessageType::Abort
            }
            Control::Acknowledgement(received) => {
                out.put_u32(received);
                MessageType::Acknowledgement
            }
            Control::WindowAckSize(size) => {
                out.put_u32(size);
                MessageType::WindowAckSize
            }
            Control::SetPeerBandwidth { size, limit } => {
                out.put_u32(size);
                out.put_u8(limit.number());
                MessageType::SetPeerBandwidth
            }
            Control::User(ref event) => {
                event.put(&mut out);
                MessageType::UserControl
            }
        };
        Message { kind, timestamp: 0, stream: 0, payload: out.freeze() }
    }
}

impl LimitType {
    /// The number on the wire.
    pub const fn number(self) -> u8 {
        match self {
            LimitType::Hard => 0,
            LimitType::Soft => 1,
            LimitType::Dynamic => 2,
            LimitType::Other(number) => number,
        }
    }

    /// The type of that number.
    pub const fn from_number(number: u8) -> LimitType {
        match number {
            0 => LimitType::Hard,
            1 => LimitType::Soft,
            2 => LimitType::Dynamic,
            other => LimitType::Other(other),
        }
    }
}

//= rtmp#6.2/event MUST
//# The event's number in 16 bits, then its data: a stream or a time in 32 bits, for the buffer length both.
impl UserControl {
    fn parse(mut body: Bytes) -> Option<UserControl> {
        let event = body.try_get_u16().ok()?;
        if !matches!(event, 0..=4 | 6 | 7 | 31 | 32) {
            return Some(UserControl::Other { event, data: body });
        }
        let number = body.try_get_u32().ok()?;
        Some(match event {
            0 => UserControl::StreamBegin(number),
            1 => UserControl::StreamEof(number),
            2 => UserControl::StreamDry(number),
            3 => UserControl::SetBufferLength { stream: number, millis: body.try_get_u32().ok()? },
            4 => UserControl::StreamIsRecorded(number),
            6 => UserControl::PingRequest(number),
            7 => UserControl::PingResponse(number),
            31 => UserControl::BufferEmpty(number),
            _ => UserControl::BufferReady(number),
        })
    }

    fn put(&self, out: &mut BytesMut) {
        let (event, number) = match *self {
            UserControl::StreamBegin(stream) => (0, stream),
            UserControl::StreamEof(stream) => (1, stream),
            UserControl::StreamDry(stream) => (2, stream),
            UserControl::SetBufferLength { stream, .. } => (3, stream),
            UserControl::StreamIsRecorded(stream) => (4, stream),
            UserControl::PingRequest(time) => (6, time),
            UserControl::PingResponse(time) => (7, time),
            UserControl::BufferEmpty(stream) => (31, stream),
            UserControl::BufferReady(stream) => (32, stream),
            UserControl::Other { event, ref data } => {
                out.put_u16(event);
                return out.put_slice(data);
            }
        };
        out.put_u16(event);
        out.put_u32(number);
        if let UserControl::SetBufferLength { millis, .. } = *self {
            out.put_u32(millis);
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a control message of type {} is too short with {} bytes", self.kind.number(), self.length)
    }
}

impl std::error::Error for Error {}
