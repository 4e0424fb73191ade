use bytes::{Buf, Bytes, BytesMut};

use super::{Error, Header, Tag, TagKind};

/// What a [`Reader`] puts up with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The longest header that is skipped, in bytes. Default 65,536; usual is 9.
    pub header: u32,
    /// The longest payload of a tag that is waited for, in bytes. Default 16,777,215, the format's own.
    pub tag: usize,
    /// How many bytes are looked through for the next tag after damage. Default 4 MiB.
    pub resync: u64,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { header: 65_536, tag: Tag::MAX, resync: 4 << 20 }
    }
}

/// Reads a file in pieces of any size.
///
/// It holds at most one tag (up to 16 MiB) beside what was pushed and not taken. A tag whose length is told wrong behind
/// it is given out; where no tag begins, bytes are skipped until one does; both are counted.
#[derive(Debug)]
pub struct Reader {
    limits: Limits,
    buffer: BytesMut,
    state: State,
    /// Offset in the file of the first byte of `buffer`.
    position: u64,
    header: Option<Header>,
    tag_start: u64,
    damaged: u64,
    skipped: u64,
    /// Whether the file has ended, so that what is not there does not come.
    ended: bool,
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// The header, at the start of the file.
    Header,
    /// So many bytes to pass by: the rest of a long header and the length that stands behind it.
    Skip(u64),
    /// A tag.
    Tag,
    /// Damage at that offset: the next tag that is told right by the length behind it.
    Resync(u64),
    /// Nothing more comes.
    Failed,
}

/// The fields ahead of a payload.
struct TagHeader {
    kind: TagKind,
    timestamp: u32,
    size: usize,
}

impl Reader {
    /// A reader at the start of a file.
    pub fn new(limits: Limits) -> Reader {
        Reader::at(limits, State::Header, 0)
    }

    /// A reader that starts at a tag: an offset of an [`Index`](super::Index).
    pub fn from_tag(limits: Limits, position: u64) -> Reader {
        Reader::at(limits, State::Tag, position)
    }

    fn at(limits: Limits, state: State, position: u64) -> Reader {
        let buffer = BytesMut::new();
        Reader {
            limits,
            buffer,
            state,
            position,
            header: None,
            tag_start: position,
            damaged: 0,
            skipped: 0,
            ended: false,
        }
    }

    /// Takes the next piece of the file. A piece that lies alone is not copied.
    pub fn push(&mut self, data: Bytes) {
        if matches!(self.state, State::Failed) {
            return;
        }
        if self.buffer.is_empty() {
            self.buffer = data.try_into_mut().unwrap_or_else(|shared| BytesMut::from(&shared[..]));
        } else {
            self.buffer.extend_from_slice(&data);
        }
    }

    /// The next whole tag; `None` until more is pushed.
    ///
    /// # Errors
    /// When this is no FLV file, or damage is too large to pass. Nothing comes after an error.
    #[expect(clippy::should_implement_trait, reason = "None is no end: push goes on")]
    pub fn next(&mut self) -> Option<Result<Tag, Error>> {
        loop {
            let step = match self.state {
                State::Header => self.read_header(),
                State::Skip(left) => self.skip(left),
                State::Tag => match self.read_tag() {
                    Some(Some(tag)) => return Some(Ok(tag)),
                    Some(None) => Some(Ok(())), // damage
                    None => None,
                },
                State::Resync(damage) => self.resync(damage),
                State::Failed => None,
            };
            match step? {
                Ok(()) => {}
                Err(error) => {
                    self.state = State::Failed;
                    self.buffer = BytesMut::new();
                    return Some(Err(error));
                }
            }
        }
    }

    /// What the file's header announces, once it was read.
    pub const fn header(&self) -> Option<Header> {
        self.header
    }

    /// The offset in the file of the tag that [`next`](Reader::next) gave last.
    pub const fn tag_start(&self) -> u64 {
        self.tag_start
    }

    /// The offset in the file behind all that was given out: behind the last tag and its length.
    pub const fn position(&self) -> u64 {
        self.position
    }

    /// Bytes that were pushed and belong to no tag yet.
    pub fn pending(&self) -> usize {
        self.buffer.len()
    }

    /// How often a length told wrong, or a place where no tag begins, was passed.
    pub const fn damaged(&self) -> u64 {
        self.damaged
    }

    /// How many bytes were skipped for it.
    pub const fn skipped(&self) -> u64 {
        self.skipped
    }

    /// Says that the file ends here. It gives, and [`next`](Reader::next) after it, what was waited with: a last tag that
    /// lacks only the length behind it, and whole tags behind a damaged one that announced more than there is.
    pub fn finish(&mut self) -> Option<Tag> {
        self.ended = true;
        self.next()?.ok()
    }

    //= flv#E.2/reader MUST
    //# Signature and version are checked, unknown flags ignored, and a longer header is passed by, up to a limit.
    fn read_header(&mut self) -> Option<Result<(), Error>> {
        let prefix = self.buffer.len().min(3);
        if self.buffer[..prefix] != b"FLV"[..prefix] {
            return Some(Err(Error::Signature));
        }
        let mut fields = self.buffer.get(3..Header::LEN)?;
        let (version, flags, offset) = (fields.get_u8(), fields.get_u8(), fields.get_u32());
        if version != 1 {
            return Some(Err(Error::Version(version)));
        }
        if !(Header::LEN as u32..=self.limits.header).contains(&offset) {
            return Some(Err(Error::Offset(offset)));
        }
        self.header = Some(Header::from_flags(flags));
        self.state = State::Skip(u64::from(offset) + 4);
        Some(Ok(()))
    }

    fn skip(&mut self, left: u64) -> Option<Result<(), Error>> {
        let now = left.min(self.buffer.len() as u64);
        self.advance(now as usize);
        if now < left {
            self.state = State::Skip(left - now);
            return None;
        }
        self.state = State::Tag;
        Some(Ok(()))
    }

    /// The next tag; `Some(None)` when none begins here.
    fn read_tag(&mut self) -> Option<Option<Tag>> {
        if self.buffer.len() < Tag::HEADER {
            return None;
        }
        let Some(header) = TagHeader::parse(&self.buffer, &self.limits) else {
            return Some(self.damage());
        };
        let end = Tag::HEADER + header.size;
        let Some(mut behind) = self.buffer.get(end..end + 4) else {
            return if !self.ended {
                None
            } else if self.buffer.len() >= end {
                self.damaged += 1;
                Some(Some(self.take_tag(&header, 0)))
            } else {
                Some(self.damage())
            };
        };
        //= flv#E.3/wrong-size SHOULD
        //# The tag counts, since many writers are careless there; if the next one does not begin behind it, that is damage.
        if behind.get_u32() as usize != end {
            self.damaged += 1;
        }
        Some(Some(self.take_tag(&header, 4)))
    }

    /// No tag begins here.
    fn damage(&mut self) -> Option<Tag> {
        self.damaged += 1;
        self.state = State::Resync(self.position);
        None
    }

    fn take_tag(&mut self, header: &TagHeader, behind: usize) -> Tag {
        self.tag_start = self.position;
        let mut tag = self.buffer.split_to(Tag::HEADER + header.size);
        self.position += tag.len() as u64;
        self.advance(behind);
        tag.advance(Tag::HEADER);
        Tag { kind: header.kind, timestamp: header.timestamp, payload: tag.freeze() }
    }

    /// Looks for a tag with the right length behind it.
    fn resync(&mut self, damage: u64) -> Option<Result<(), Error>> {
        loop {
            if self.position - damage > self.limits.resync {
                if self.ended {
                    self.buffer.clear(); // a last tag was torn: no reason to call the file unreadable
                    return None;
                }
                return Some(Err(Error::Lost(damage)));
            }
            if self.buffer.len() < Tag::HEADER {
                return None;
            }
            if let Some(header) = TagHeader::parse(&self.buffer, &self.limits) {
                let end = Tag::HEADER + header.size;
                // A tag that reaches past the search would make it wait for all of that, so it does not count.
                let room = self.limits.resync.saturating_sub(self.position - damage);
                if (end as u64) <= room {
                    match self.buffer.get(end..end + 4) {
                        Some(behind) if behind == (end as u32).to_be_bytes() => {
                            self.state = State::Tag;
                            return Some(Ok(()));
                        }
                        None if !self.ended => return None,
                        _ => {}
                    }
                }
            }
            let next = self.buffer[1..].iter().position(|byte| TagKind::from_number(byte & 31).is_some());
            let step = next.map_or(self.buffer.len(), |at| at + 1);
            self.skipped += step as u64;
            self.advance(step);
        }
    }

    fn advance(&mut self, count: usize) {
        let count = count.min(self.buffer.len());
        self.buffer.advance(count);
        self.position += count as u64;
    }
}

impl TagHeader {
    /// The fields, or `None` when no tag begins so.
    //= flv#E.4.1/reader MUST
    //# Only the three kinds, with reserved bits and stream zero, count as a tag; anything else is damage to be passed.
    fn parse(data: &[u8], limits: &Limits) -> Option<TagHeader> {
        let [first, fields @ ..] = data.first_chunk::<{ Tag::HEADER }>()?;
        let mut fields = &fields[..];
        let kind = TagKind::from_number(*first)?;
        let size = fields.get_uint(3) as usize;
        let low = fields.get_uint(3) as u32;
        let high = u32::from(fields.get_u8());
        let stream = fields.get_uint(3);
        (size <= limits.tag && stream == 0).then_some(TagHeader { kind, timestamp: high << 24 | low, size })
    }
}
