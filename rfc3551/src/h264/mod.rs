//! H.264 video in RTP: RFC 6184, packetization modes 0 (single NAL units) and 1 (non-interleaved).
//!
//! [`Packetizer`] turns access units into payloads, [`Depacketizer`] turns payloads into access units, [`Fmtp`] is what
//! `a=fmtp` says of a stream, [`ParameterSets`] are the SPS and PPS that a decoder needs first. The clock is 90,000 Hz.
//!
//! ```
//! use bytes::Bytes;
//! use rfc3551::h264::{Depacketizer, Limits, Mode, Output, Packetizer};
//!
//! let (sps, pps) = (Bytes::from_static(b"\x67\x42\xc0\x1e\x80"), Bytes::from_static(b"\x68\x80"));
//! let mut slice = vec![0x65, 0x88];
//! slice.resize(3000, 7);
//! let picture = [sps, pps, Bytes::from(slice)];
//!
//! let mut packetizer = Packetizer::new(Mode::NonInterleaved, 1200);
//! let payloads = packetizer.packetize(&picture).unwrap();
//! assert_eq!(payloads.len(), 4); // both parameter sets in one, the slice in three
//! assert!(payloads[3].marker);
//!
//! let mut depacketizer = Depacketizer::new(Limits::default());
//! for (sequence, payload) in payloads.iter().enumerate() {
//!     depacketizer.push(sequence as u16, 90_000, payload.marker, &payload.payload);
//! }
//! let Some(Output::AccessUnit(unit)) = depacketizer.pop() else { panic!() };
//! assert!(unit.key_frame && unit.nal_units == picture);
//! ```

mod base64;
mod depacketizer;
mod fmtp;
mod nal;
mod packetizer;
mod parameter_sets;
mod profile;

pub use depacketizer::{AccessUnit, Depacketizer, DepacketizerStats, Limits, Output};
pub use fmtp::{Fmtp, FmtpError, Mode};
pub use nal::{NalHeader, NalType, annex_b, length_prefixed};
pub use packetizer::{Packetizer, Payload, TooLong};
pub use parameter_sets::ParameterSets;
pub use profile::{Profile, ProfileLevelId};

/// Ticks of the RTP clock a second: RFC 6184 section 5.1.
//= rfc6184#5.1/clock MUST
//# One constant for whoever binds the payload type.
pub const CLOCK_RATE: u32 = 90_000;
