use bytes::{Bytes, BytesMut};

use super::{Error, MAX_MESSAGE, csid, writer};
use crate::Message;

/// One message for many receivers: cut into chunks once for each pair of chunk size and message stream id, and given
/// to all who have that pair as the same bytes.
///
/// The chunks need no earlier header and disturb none: they are of format 0 on a chunk stream of their own,
/// [`csid::SHARED`]. They may stand between any two messages that a [`Writer`](super::Writer) with the same chunk size
/// has written.
///
/// ```
/// use bytes::Bytes;
/// use rtmp::chunk::Shared;
/// use rtmp::{Message, MessageType};
///
/// let payload = Bytes::from(vec![7; 300]);
/// let mut shared = Shared::new(Message { kind: MessageType::Video, timestamp: 40, stream: 0, payload })?;
/// let (alice, bob) = (shared.bytes(4096, 1), shared.bytes(4096, 1));
/// assert_eq!(alice.as_ptr(), bob.as_ptr());
/// assert_eq!(shared.bytes(128, 1).len(), 12 + 300 + 2);
/// # Ok::<(), rtmp::chunk::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Shared {
    message: Message,
    forms: Vec<Form>,
}

#[derive(Clone, Debug)]
struct Form {
    chunk_size: u32,
    stream: u32,
    bytes: Bytes,
}

impl Shared {
    /// The message to be shared; its own stream id does not matter.
    ///
    /// # Errors
    /// When its payload is longer than 16,777,215 bytes.
    pub fn new(message: Message) -> Result<Shared, Error> {
        let (length, limit) = (message.payload.len(), MAX_MESSAGE as usize);
        if length > limit {
            return Err(Error::MessageTooLong { length, limit });
        }
        Ok(Shared { message, forms: Vec::new() })
    }

    /// The message.
    pub fn message(&self) -> &Message {
        &self.message
    }

    /// Its chunks for receivers with that chunk size in bytes and that message stream id. A form is kept for as long
    /// as this value lives, so the numbers are to be the server's choice and not the receivers'.
    pub fn bytes(&mut self, chunk_size: u32, stream: u32) -> Bytes {
        if let Some(form) = self.forms.iter().find(|form| form.chunk_size == chunk_size && form.stream == stream) {
            return form.bytes.clone();
        }
        let mut out = BytesMut::new();
        writer::put_alone(&self.message, stream, csid::SHARED, chunk_size, &mut out);
        let bytes = out.freeze();
        self.forms.push(Form { chunk_size, stream, bytes: bytes.clone() });
        bytes
    }
}
