//! The payloads of audio and video messages, which are those of FLV tags too: what codec, what kind of packet, and for
//! which track, in the old form (FLV, annex E) and in the enhanced one (FourCC, Enhanced RTMP v2).
//!
//! [`Video`] and [`Audio`] parse and print a payload; the coded bytes stay slices of it. Modules [`avc`], [`hevc`],
//! [`aac`] and [`opus`] read and write what the sequence headers of these codecs hold.
//!
//! ```
//! use bytes::Bytes;
//! use rtmp::tag::{Video, VideoCodec};
//! // The old form of a key frame of H.264, 80 ms before its picture is shown.
//! let payload = Bytes::from_static(&[0x17, 1, 0, 0, 80, 0, 0, 0, 1, 0x65]);
//! let video = Video::parse(&payload)?;
//! assert!(video.is_key_frame() && video.codec() == VideoCodec::Avc);
//! assert_eq!(video.track.composition, 80);
//! assert_eq!(video.to_bytes(), payload);
//! // The same as enhanced RTMP says it.
//! let enhanced = Video::frame(VideoCodec::Avc, true, 80, video.track.data.clone()).enhanced();
//! assert_eq!(enhanced.to_bytes()[..8], *b"\x91avc1\0\0\x50");
//! # Ok::<(), rtmp::tag::Error>(())
//! ```

pub mod aac;
mod audio;
pub mod avc;
mod bits;
mod channels;
mod codec;
mod extended;
pub mod hevc;
pub mod opus;
mod video;

use std::fmt;

pub use audio::{Audio, AudioPacket, AudioTrack, Sound};
pub use channels::{ChannelOrder, Channels};
pub use codec::{AudioCodec, FourCc, VideoCodec};
pub use extended::{Layout, ModEx};
pub use video::{FrameType, Video, VideoPacket, VideoTrack};

/// Why a payload, or a decoder configuration in it, cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// It ends before what it announces.
    Truncated,
    /// A kind of packet that the form does not define.
    PacketType(u8),
    /// A layout of tracks that Enhanced RTMP does not define.
    MultitrackType(u8),
    /// Tracks within tracks.
    NestedMultitrack,
    /// More tracks than [`Video::TRACKS`], or more modifiers than [`ModEx::MAX`].
    TooMany,
    /// The version of a decoder configuration is not one that is known.
    Version(u8),
    /// The length of a NAL unit cannot take that many bytes.
    LengthSize(u8),
    /// A NAL unit without bytes.
    EmptyNal,
    /// A sampling rate or a channel count that its format does not have.
    Format,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Truncated => f.write_str("the payload ends too early"),
            Error::PacketType(kind) => write!(f, "no packet type {kind}"),
            Error::MultitrackType(kind) => write!(f, "no multitrack type {kind}"),
            Error::NestedMultitrack => f.write_str("tracks within tracks"),
            Error::TooMany => f.write_str("too many tracks or modifiers"),
            Error::Version(version) => write!(f, "unknown version {version} of a decoder configuration"),
            Error::LengthSize(size) => write!(f, "NAL unit lengths of {size} bytes"),
            Error::EmptyNal => f.write_str("a NAL unit without bytes"),
            Error::Format => f.write_str("no such sampling rate or channel count"),
        }
    }
}

impl std::error::Error for Error {}

/// What `Buf` reads, with an error for the end instead of a panic.
trait Take {
    fn take_u8(&mut self) -> Result<u8, Error>;
    fn take_u16(&mut self) -> Result<u16, Error>;
    fn take_u24(&mut self) -> Result<u32, Error>;
    fn take_u32(&mut self) -> Result<u32, Error>;
    fn take_bytes(&mut self, len: usize) -> Result<bytes::Bytes, Error>;
}

impl Take for bytes::Bytes {
    #[inline]
    fn take_u8(&mut self) -> Result<u8, Error> {
        bytes::Buf::try_get_u8(self).map_err(|_| Error::Truncated)
    }

    fn take_u16(&mut self) -> Result<u16, Error> {
        bytes::Buf::try_get_u16(self).map_err(|_| Error::Truncated)
    }

    #[inline]
    fn take_u24(&mut self) -> Result<u32, Error> {
        bytes::Buf::try_get_uint(self, 3).map(|n| n as u32).map_err(|_| Error::Truncated)
    }

    fn take_u32(&mut self) -> Result<u32, Error> {
        bytes::Buf::try_get_u32(self).map_err(|_| Error::Truncated)
    }

    fn take_bytes(&mut self, len: usize) -> Result<bytes::Bytes, Error> {
        if len > self.len() {
            return Err(Error::Truncated);
        }
        Ok(self.split_to(len))
    }
}
