use bytes::Bytes;

use super::{Error, Header, Index, Limits, Reader, Tag, TagKind};

/// Reads a file through and keeps what playing from the middle and appending need.
///
/// ```
/// use bytes::BytesMut;
/// use rtmp::flv::{Config, Limits, Scan, Tag, TagKind, Writer};
/// let (mut writer, mut file) = (Writer::new(Config::default()), BytesMut::new());
/// for (n, first) in [(0, 0x17), (1, 0x27), (2, 0x27), (3, 0x17)] {
///     let payload = vec![first, 1, 0, 0, 0, 0, 0, 0, 1, 9].into();
///     writer.write(&Tag { kind: TagKind::Video, timestamp: 40 * n, payload }, &mut file);
/// }
/// let mut scan = Scan::new(Limits::default(), 1000);
/// scan.push(file.freeze())?;
/// let summary = scan.finish();
/// assert_eq!((summary.last, summary.index.entries().len()), (Some(120), 2));
/// # Ok::<(), rtmp::flv::Error>(())
/// ```
#[derive(Debug)]
pub struct Scan {
    reader: Reader,
    summary: Summary,
    /// The last entry of audio, for a file without video.
    sound: Option<u32>,
    pushed: u64,
}

/// What a file holds.
#[derive(Clone, Debug)]
pub struct Summary {
    /// What its header announces, if it has one.
    pub header: Header,
    /// Where a player can start.
    pub index: Index,
    /// The largest timestamp; `None` in a file without audio and video.
    pub last: Option<u32>,
    /// How many tags there are.
    pub tags: u64,
    /// The offset behind the last whole tag and its length: a writer appends here, over what is torn.
    pub end: u64,
    /// The metadata tag and its offset.
    pub metadata: Option<(u64, Tag)>,
    /// The first tag that configures the audio decoder.
    pub audio_header: Option<Tag>,
    /// The first tag that configures the video decoder.
    pub video_header: Option<Tag>,
    /// Bytes at the end that belong to no whole tag.
    pub torn: u64,
    /// How often the file is damaged within.
    pub damaged: u64,
    /// Whether video was seen, in audio's absence of which seconds are indexed.
    pub video: bool,
}

impl Scan {
    /// A scan that keeps up to `entries` places to start from.
    pub fn new(limits: Limits, entries: usize) -> Scan {
        let summary = Summary {
            header: Header::default(),
            index: Index::new(entries),
            last: None,
            tags: 0,
            end: 0,
            metadata: None,
            audio_header: None,
            video_header: None,
            torn: 0,
            damaged: 0,
            video: false,
        };
        Scan { reader: Reader::new(limits), summary, sound: None, pushed: 0 }
    }

    /// Takes the next piece of the file.
    ///
    /// # Errors
    /// As [`Reader::next`]; what was found up to there is still told by [`finish`](Scan::finish).
    pub fn push(&mut self, data: Bytes) -> Result<(), Error> {
        self.pushed += data.len() as u64;
        self.reader.push(data);
        while let Some(tag) = self.reader.next() {
            self.tag(tag?);
        }
        Ok(())
    }

    /// Ends the scan. A last tag that lacks the length behind it counts as torn, since nothing can follow it there.
    pub fn finish(mut self) -> Summary {
        let mut rest = self.reader.finish();
        while let Some(tag) = rest {
            let len = (Tag::HEADER + tag.payload.len()) as u64;
            if self.reader.position() == self.reader.tag_start() + len + 4 {
                self.tag(tag);
            }
            rest = self.reader.next().and_then(Result::ok);
        }
        self.summary.header = self.reader.header().unwrap_or_default();
        self.summary.torn = self.pushed - self.summary.end;
        self.summary.damaged = self.reader.damaged();
        self.summary
    }

    fn tag(&mut self, tag: Tag) {
        let (start, summary) = (self.reader.tag_start(), &mut self.summary);
        summary.tags += 1;
        summary.end = self.reader.position();
        if tag.kind == TagKind::Script {
            if tag.is_metadata() && summary.metadata.is_none() {
                summary.metadata = Some((start, tag));
            }
            return;
        }
        summary.last = summary.last.max(Some(tag.timestamp));
        let header = match tag.kind {
            TagKind::Video => &mut summary.video_header,
            _ => &mut summary.audio_header,
        };
        if tag.is_sequence_header() {
            header.get_or_insert(tag);
        } else if tag.kind == TagKind::Video {
            if !summary.video {
                summary.video = true;
                summary.index = Index::new(summary.index.capacity()); // only key frames count from here
            }
            if tag.is_key_frame() {
                summary.index.insert(tag.timestamp, start);
            }
        } else if !summary.video && self.sound.is_none_or(|last| tag.timestamp.saturating_sub(last) >= 1000) {
            self.sound = Some(tag.timestamp);
            summary.index.insert(tag.timestamp, start);
        }
    }
}
