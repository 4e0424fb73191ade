use bytes::{Buf, BufMut, Bytes, BytesMut};

use super::{count_of, take_u32};
use crate::{EncodeError, ParseError};

/// A source description: RFC 3550 section 6.5.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceDescription {
    /// One chunk a source, at most 31.
    pub chunks: Vec<Chunk>,
}

impl SourceDescription {
    pub(super) fn parse(count: u8, mut body: Bytes) -> Result<SourceDescription, ParseError> {
        let chunks = (0..count).map(|_| Chunk::parse(&mut body)).collect::<Result<_, _>>()?;
        Ok(SourceDescription { chunks })
    }

    pub(super) fn write(&self, out: &mut BytesMut) -> Result<u8, EncodeError> {
        let count = count_of(&self.chunks)?;
        self.chunks.iter().try_for_each(|chunk| chunk.write(out))?;
        Ok(count)
    }
}

/// What is said about one source.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chunk {
    /// The source, or a contributing source when a mixer speaks.
    pub ssrc: u32,
    /// Its items in their order.
    pub items: Vec<Item>,
}

impl Chunk {
    /// A chunk that holds nothing but the canonical name.
    pub fn cname(ssrc: u32, name: &str) -> Chunk {
        Chunk { ssrc, items: vec![Item::text(ItemType::Cname, name)] }
    }

    /// The value of the first item of that type.
    pub fn item(&self, kind: ItemType) -> Option<&Bytes> {
        self.items.iter().find(|item| item.kind == kind).map(|item| &item.value)
    }

    //= rfc3550#6.5/terminator MUST
    //# A chunk ends at a zero type; what is left of its word is skipped. A chunk without that zero is refused.
    fn parse(body: &mut Bytes) -> Result<Chunk, ParseError> {
        let ssrc = take_u32(body).ok_or(ParseError::Count)?;
        let mut items = Vec::new();
        loop {
            let kind = body.try_get_u8().map_err(|_| ParseError::Item)?;
            if kind == 0 {
                // Packets are whole words, so that the rest says how far the boundary is.
                body.advance(body.len() % 4);
                return Ok(Chunk { ssrc, items });
            }
            let len = usize::from(body.try_get_u8().map_err(|_| ParseError::Item)?);
            if len > body.len() {
                return Err(ParseError::Item);
            }
            items.push(Item { kind: ItemType::of(kind), value: body.split_to(len) });
        }
    }

    //= rfc3550#6.5/padding MUST
    //# One to four zeros after the last item, up to the next word of the packet: at least one, never five.
    fn write(&self, out: &mut BytesMut) -> Result<(), EncodeError> {
        out.put_u32(self.ssrc);
        let mut written = 0;
        for item in &self.items {
            let len = u8::try_from(item.value.len()).map_err(|_| EncodeError::TextTooLong)?;
            out.put_slice(&[item.kind.number(), len]);
            out.put_slice(&item.value);
            written += 2 + item.value.len();
        }
        out.put_bytes(0, 4 - written % 4);
        Ok(())
    }
}

/// One item of a chunk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// What is said.
    pub kind: ItemType,
    /// UTF-8 text of at most 255 bytes without a terminator, as it came; a private item holds its prefix too.
    pub value: Bytes,
}

impl Item {
    /// An item with that text.
    pub fn text(kind: ItemType, text: &str) -> Item {
        Item { kind, value: Bytes::copy_from_slice(text.as_bytes()) }
    }

    /// The prefix and the value of a private item: section 6.5.8. `None` for another type, or when the prefix runs past
    /// the end.
    ///
    /// ```
    /// use bytes::Bytes;
    /// use rfc3550::rtcp::{Item, ItemType};
    /// let item = Item { kind: ItemType::Priv, value: Bytes::from_static(b"\x03appyes") };
    /// assert_eq!(item.private(), Some((&b"app"[..], &b"yes"[..])));
    /// ```
    pub fn private(&self) -> Option<(&[u8], &[u8])> {
        let (len, rest) = self.value.split_first().filter(|_| self.kind == ItemType::Priv)?;
        rest.split_at_checked(usize::from(*len))
    }
}

/// What an item says: RFC 3550 section 12.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ItemType {
    /// The canonical name, the same for all of a participant's sources.
    Cname,
    /// The user's name.
    Name,
    /// The user's electronic mail address.
    Email,
    /// The user's phone number.
    Phone,
    /// Where the user is.
    Loc,
    /// The program.
    Tool,
    /// A passing notice.
    Note,
    /// A private extension.
    Priv,
    /// Any other number but 0, which ends the list.
    Other(u8),
}

impl ItemType {
    const fn of(number: u8) -> ItemType {
        match number {
            1 => ItemType::Cname,
            2 => ItemType::Name,
            3 => ItemType::Email,
            4 => ItemType::Phone,
            5 => ItemType::Loc,
            6 => ItemType::Tool,
            7 => ItemType::Note,
            8 => ItemType::Priv,
            n => ItemType::Other(n),
        }
    }

    /// The number on the wire.
    pub const fn number(self) -> u8 {
        match self {
            ItemType::Cname => 1,
            ItemType::Name => 2,
            ItemType::Email => 3,
            ItemType::Phone => 4,
            ItemType::Loc => 5,
            ItemType::Tool => 6,
            ItemType::Note => 7,
            ItemType::Priv => 8,
            ItemType::Other(n) => n,
        }
    }
}
