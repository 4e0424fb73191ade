use bytes::{Bytes, BytesMut};

use super::{Header, Index, Metadata, Summary, Tag, TagKind};

/// What a [`Writer`] makes.
#[derive(Clone, Debug)]
pub struct Config {
    /// Values for `onMetaData`; those of the tags that are written come over them.
    pub metadata: Metadata,
    /// For how many key frames there is room in the metadata, 18 bytes each, at most 3,000; of more, only every
    /// second, third... is named. Default 256.
    pub key_frames: usize,
    /// Whether times are changed so that the first tag stands at zero. Default true.
    pub rebase: bool,
}

impl Default for Config {
    fn default() -> Config {
        Config { metadata: Metadata::default(), key_frames: 256, rebase: true }
    }
}

/// Bytes to write over what stands at an offset of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patch {
    /// Where, from the start of the file.
    pub offset: u64,
    /// What. It never reaches past the end.
    pub data: Bytes,
}

/// Prints a file: bytes to append come out as tags go in, and at the end what is to be written over.
///
/// Metadata that comes ahead of audio and video is kept back and goes into the file's own, without what was only true
/// of where it came from (`duration`, `filesize`, `keyframes`). A sequence header takes the time of what is around it,
/// since servers send it to latecomers with any time.
#[derive(Debug)]
pub struct Writer {
    config: Config,
    started: bool,
    /// The offset behind all that was printed.
    position: u64,
    /// Where the payload of the metadata tag stands, how long it is, and what it said.
    metadata: Option<(u64, usize, Metadata)>,
    header: Header,
    index: Index,
    /// The time in the file of what `origin` is the time of at the source.
    base: u32,
    origin: Option<u32>,
    last: Option<u32>,
    /// The last entry of audio, for a file without video.
    sound: Option<u32>,
}

/// How far the first tag of an addition stands behind the last tag before it, in milliseconds.
const GAP: u32 = 20;
/// The flags in the file's header.
const FLAGS_OFFSET: u64 = 4;
const INDEX_ENTRIES: usize = 8192;

impl Writer {
    /// A writer of a new file.
    pub fn new(mut config: Config) -> Writer {
        config.key_frames = config.key_frames.min(3000);
        Writer {
            config,
            started: false,
            position: 0,
            metadata: None,
            header: Header::default(),
            index: Index::new(INDEX_ENTRIES),
            base: 0,
            origin: None,
            last: None,
            sound: None,
        }
    }

    /// A writer that goes on with a file that was scanned: the file is to be cut at [`Summary::end`], and what is
    /// printed follows there. The first tag comes 20 ms after the last one.
    ///
    /// ```
    /// use bytes::{Bytes, BytesMut};
    /// use rtmp::flv::{Config, Limits, Scan, Tag, TagKind, Writer};
    /// let tag = |timestamp| Tag { kind: TagKind::Audio, timestamp, payload: Bytes::from_static(&[0x72, 0xd5]) };
    /// let mut file = BytesMut::new();
    /// Writer::new(Config::default()).write(&tag(0), &mut file);
    ///
    /// let mut scan = Scan::new(Limits::default(), 100);
    /// scan.push(file.clone().freeze())?;
    /// let summary = scan.finish();
    /// Writer::append(Config::default(), &summary).write(&tag(7000), &mut file);
    /// assert_eq!(file[file.len() - 17..][..8], [8, 0, 0, 2, 0, 0, 20, 0]);
    /// # Ok::<(), rtmp::flv::Error>(())
    /// ```
    pub fn append(config: Config, summary: &Summary) -> Writer {
        let mut writer = Writer::new(config);
        if summary.end == 0 {
            return writer;
        }
        writer.started = true;
        writer.position = summary.end;
        writer.header = summary.header;
        writer.last = summary.last;
        for entry in summary.index.entries() {
            writer.index.insert(entry.time, entry.position);
        }
        writer.metadata = summary.metadata.as_ref().and_then(|(start, tag)| {
            let metadata = Metadata::parse(&tag.payload)?;
            Some((start + Tag::HEADER as u64, tag.payload.len(), metadata))
        });
        writer.config.rebase = true;
        writer.splice();
        writer
    }

    /// What follows comes from another source, with times of its own: it goes on 20 ms after the last tag.
    pub fn splice(&mut self) {
        self.base = self.last.map_or(0, |last| last.wrapping_add(GAP));
        self.origin = None;
    }

    /// The largest time in the file, in milliseconds.
    pub const fn last(&self) -> Option<u32> {
        self.last
    }

    /// The length of the file so far.
    pub const fn position(&self) -> u64 {
        self.position
    }

    /// Appends a tag to `out`; ahead of the first one the file's header and metadata.
    pub fn write(&mut self, tag: &Tag, out: &mut BytesMut) {
        if !self.started {
            if tag.is_metadata()
                && let Some(mut metadata) = Metadata::parse(&tag.payload)
            {
                metadata.strip();
                return self.config.metadata.merge(metadata);
            }
            self.start(out);
        }
        let timestamp = self.place(tag);
        let before = out.len();
        let tag = Tag { timestamp, ..tag.clone() };
        match tag.kind {
            TagKind::Script => {}
            TagKind::Video => {
                if !self.header.video {
                    self.header.video = true;
                    self.index = Index::new(INDEX_ENTRIES); // only key frames count from here
                }
                if tag.is_key_frame() {
                    self.index.insert(timestamp, self.position);
                }
            }
            TagKind::Audio => {
                self.header.audio = true;
                if !self.header.video && self.sound.is_none_or(|last| timestamp.saturating_sub(last) >= 1000) {
                    self.sound = Some(timestamp);
                    self.index.insert(timestamp, self.position);
                }
            }
        }
        tag.encode(out);
        self.position += (out.len() - before) as u64;
    }

    /// Ends the file: what is to be written over. A file without any tag gets its header and metadata now.
    //= flv#E.5/duration SHOULD
    //# Duration, size and key frames go over the metadata that was printed first, in exactly its length.
    pub fn finish(&mut self, out: &mut BytesMut) -> Vec<Patch> {
        if !self.started {
            self.start(out);
        }
        let mut patches = vec![Patch { offset: FLAGS_OFFSET, data: Bytes::copy_from_slice(&[self.header.flags()]) }];
        let duration = f64::from(self.last.unwrap_or(0)) / 1000.0;
        if let Some((offset, len, metadata)) = &self.metadata
            && let Some(data) = metadata.fit(*len, duration, self.position, &self.index)
        {
            patches.push(Patch { offset: *offset, data });
        }
        patches
    }

    fn start(&mut self, out: &mut BytesMut) {
        let before = out.len();
        // Until the end nobody knows what will come, so both are announced.
        Header { audio: true, video: true }.encode(out);
        let payload = self.config.metadata.with_room(self.config.key_frames);
        let offset = (out.len() - before + Tag::HEADER) as u64;
        let metadata = Metadata::parse(&payload).unwrap_or_default();
        self.metadata = Some((offset, payload.len(), metadata));
        Tag { kind: TagKind::Script, timestamp: 0, payload }.encode(out);
        self.position += (out.len() - before) as u64;
        self.started = true;
    }

    /// The time of a tag in the file.
    //= flv#E.3/first-zero SHOULD
    //# Times count from the first audio or video that is no sequence header, unless the caller wants them as they are.
    fn place(&mut self, tag: &Tag) -> u32 {
        if !self.config.rebase {
            self.last = self.last.max(Some(tag.timestamp));
            return tag.timestamp;
        }
        if tag.kind == TagKind::Script || tag.is_sequence_header() {
            let around = self.last.map_or(self.base, |last| last.max(self.base));
            let own = self.origin.map_or(around, |origin| self.map(tag.timestamp, origin));
            return own.max(around.min(self.last.unwrap_or(around)));
        }
        let origin = *self.origin.get_or_insert(tag.timestamp);
        let time = self.map(tag.timestamp, origin);
        self.last = self.last.max(Some(time));
        time
    }

    /// A difference that runs back counts as none; both clocks may wrap.
    fn map(&self, timestamp: u32, origin: u32) -> u32 {
        let past = timestamp.wrapping_sub(origin);
        if past >= 1 << 31 { self.base } else { self.base.wrapping_add(past) }
    }
}
