//! The RTP profile for audio and video (RFC 3551) and the payload formats that telephony needs: G.711, G.722, Opus (RFC
//! 7587), H.264 (RFC 6184), telephone events (RFC 4733, once RFC 2833) and redundant audio (RFC 2198).
//!
//! Pure formats: values in, values out, no clock and no sockets. Room `rfc3550` carries the payloads.
//!
//! ```
//! use rfc3551::g711::Law;
//! use rfc3551::telephone_event::{Event, Step, Sender};
//! use rfc3551::PayloadType;
//!
//! assert_eq!(PayloadType::find("pcma", 8000, 1).unwrap().number(), 8);
//!
//! // Twenty milliseconds of a tone in A-law.
//! let tone: Vec<i16> = (0..160).map(|n| (8000.0 * (n as f64 * 0.35).sin()) as i16).collect();
//! let mut payload = Vec::new();
//! Law::A.encode(&tone, &mut payload);
//! assert_eq!(payload.len(), 160);
//!
//! // Then the digit 5 for 100 ms, in steps of 20 ms: five reports, the last one three times.
//! let mut sender = Sender::new(160);
//! sender.dial("5").unwrap();
//! let mut reports = 0;
//! while let Step::Report(report) = sender.step() {
//!     assert_eq!(report.marker, reports == 0);
//!     reports += 1;
//! }
//! assert_eq!(reports, 7);
//! # let _ = Event::from_key('5');
//! ```
#![forbid(unsafe_code)]

#[cfg(feature = "aac")]
pub mod aac;
mod codec;
mod concealment;
pub mod g711;
pub mod g722;
pub mod h264;
pub mod opus;
mod payload_type;
pub mod red;
mod scope;
pub mod telephone_event;

pub use codec::{Codec, open};
pub use concealment::Concealment;
pub use payload_type::{Assignment, DYNAMIC, Encoding, Media, PayloadType};

#[cfg(doctest)]
#[doc = include_str!("../../docs/guide/payloads.md")]
mod guide {}
