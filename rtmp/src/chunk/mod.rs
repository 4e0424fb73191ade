//! The chunk stream: messages cut into chunks, so that a long one does not hold up a short one (section 5.3).
//!
//! [`Reader`] makes messages of bytes, [`Writer`] bytes of messages, and [`Shared`] the bytes of one message for many
//! receivers.
//!
//! ```
//! use bytes::{Bytes, BytesMut};
//! use rtmp::chunk::{Limits, Reader, Writer, csid};
//! use rtmp::{Message, MessageType};
//!
//! let payload = Bytes::from(vec![7; 1000]);
//! let message = Message { kind: MessageType::Video, timestamp: 40, stream: 1, payload };
//! let (mut writer, mut out) = (Writer::new(), BytesMut::new());
//! writer.set_chunk_size(400, &mut out);
//! writer.write(&message, csid::VIDEO, &mut out)?;
//! assert_eq!(out.len(), 12 + 4 + 12 + 1000 + 2); // the second and third chunk cost a byte each
//!
//! let mut reader = Reader::new(Limits::default());
//! reader.push(out.freeze());
//! assert_eq!(reader.next(), Some(Ok(message)));
//! assert_eq!(reader.next(), None);
//! # Ok::<(), rtmp::chunk::Error>(())
//! ```
mod error;
mod header;
mod reader;
mod shared;
mod writer;

pub use error::Error;
pub use reader::{Limits, Reader, Stats};
pub use shared::Shared;
pub use writer::Writer;

/// The chunk size of each direction until its sender sets another, in bytes of payload.
pub const DEFAULT_SIZE: u32 = 128;
/// The longest payload that a message header can state, in bytes.
pub const MAX_MESSAGE: u32 = 0xff_ffff;
/// The largest chunk size.
pub const MAX_SIZE: u32 = 0x7fff_ffff;

/// Chunk stream ids that this crate writes on; the reader takes all.
pub mod csid {
    use crate::MessageType;

    /// Protocol control and user control.
    pub const CONTROL: u32 = 2;
    /// Commands of the connection and its streams.
    pub const COMMAND: u32 = 3;
    /// Audio.
    pub const AUDIO: u32 = 4;
    /// Data, such as metadata, and shared objects.
    pub const DATA: u32 = 5;
    /// Video and aggregates.
    pub const VIDEO: u32 = 6;
    /// What [`Shared`](super::Shared) writes.
    pub const SHARED: u32 = 7;
    /// The smallest that carries messages: 0 and 1 tell the length of the id.
    pub const MIN: u32 = 2;
    /// The largest that three bytes can tell.
    pub const MAX: u32 = 65_599;

    /// The usual id for messages of that type.
    pub const fn of(kind: MessageType) -> u32 {
        use MessageType::*;
        match kind {
            SetChunkSize | Abort | Acknowledgement | UserControl | WindowAckSize | SetPeerBandwidth => CONTROL,
            Audio => AUDIO,
            Video | Aggregate => VIDEO,
            DataAmf0 | DataAmf3 | SharedObjectAmf0 | SharedObjectAmf3 => DATA,
            CommandAmf0 | CommandAmf3 | Other(_) => COMMAND,
        }
    }
}
