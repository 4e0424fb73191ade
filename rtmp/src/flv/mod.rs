//! FLV files: what RTMP servers record and play.
//!
//! A file is a header and then tags, each behind the length of the one before; a tag is an audio, video or data message.
//!
//! - [`Reader`] takes a file in pieces and gives its tags; it finds its way again after damage.
//! - [`Scan`] reads a file through for what playing from the middle and appending need: its [`Index`] and its end.

mod index;
mod reader;
mod scan;
mod tag;

use std::fmt;

pub use index::{Entry, Index};
pub use reader::{Limits, Reader};
pub use scan::{Scan, Summary};
pub use tag::{Header, Tag, TagKind};

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
