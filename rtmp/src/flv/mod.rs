//! FLV files: what RTMP servers record and play.
//!
//! A file is a header and then tags, each behind the length of the one before; a tag is an audio, video or data message.
//!
//! - [`Reader`] takes a file in pieces and gives its tags; it finds its way again after damage.
//! - [`Writer`] prints header, metadata and tags, and in the end says what to write over: duration, size, key frames.
//! - [`Scan`] reads a file through for what playing from the middle and appending need: its [`Index`] and its end.
//!
//! ```
//! use bytes::{Bytes, BytesMut};
//! use rtmp::flv::{Config, Header, Limits, Reader, Tag, TagKind, Writer};
//!
//! let mut writer = Writer::new(Config::default());
//! let mut file = BytesMut::new();
//! for n in 0..3 {
//!     let payload = Bytes::from_static(&[0xaf, 1, 0x21]);
//!     writer.write(&Tag { kind: TagKind::Audio, timestamp: 23 * n, payload }, &mut file);
//! }
//! for patch in writer.finish(&mut file) {
//!     let at = patch.offset as usize;
//!     file[at..at + patch.data.len()].copy_from_slice(&patch.data);
//! }
//!
//! let mut reader = Reader::new(Limits::default());
//! reader.push(file.freeze());
//! let tags: Vec<Tag> = std::iter::from_fn(|| reader.next()).collect::<Result<_, _>>()?;
//! assert_eq!(tags.len(), 4); // the metadata is a tag, too
//! assert_eq!(reader.header(), Some(Header { audio: true, video: false }));
//! assert_eq!(tags[3].timestamp, 46);
//! # Ok::<(), rtmp::flv::Error>(())
//! ```

mod index;
mod metadata;
mod reader;
mod scan;
mod tag;
mod writer;

use std::fmt;

pub use index::{Entry, Index};
pub use metadata::Metadata;
pub use reader::{Limits, Reader};
pub use scan::{Scan, Summary};
pub use tag::{Header, Tag, TagKind};
pub use writer::{Config, Patch, Writer};

/// Why a file cannot be read, or not on from here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// It does not begin as an FLV file does.
    Signature,
    /// Its version is not 1.
    Version(u8),
    /// Its header says that the tags begin within the header, or further on than [`Limits::header`].
    Offset(u32),
    /// After damage at this offset no tag was found within [`Limits::resync`] bytes.
    Lost(u64),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Signature => f.write_str("this is no FLV file"),
            Error::Version(version) => write!(f, "FLV version {version} is not known"),
            Error::Offset(offset) => write!(f, "an FLV header of {offset} bytes"),
            Error::Lost(offset) => write!(f, "no tag is found after the damage at byte {offset}"),
        }
    }
}

impl std::error::Error for Error {}
