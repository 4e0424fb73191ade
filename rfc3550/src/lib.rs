//! RTP and RTCP, as RFC 3550 and RFC 5761 define them.
//!
//! Two layers, usable apart:
//!
//! - **Formats.** [`Packet`] (owned) and [`View`] (borrowed) are RTP data packets; [`rtcp::Compound`] is what one RTCP
//!   datagram holds. Both print back what they parsed.
//! - **Machine.** [`Session`] is one participant of one RTP session: it numbers and stamps what you send, validates and
//!   sorts what arrives, keeps reception statistics and sends RTCP on time. It opens no socket: see [`wire::Machine`]
//!   for the drain contract. [`JitterBuffer`] puts received packets back into order and rhythm, and [`quality`] turns
//!   the statistics into an estimate of what a listener thinks.
//!
//! ```
//! use bytes::Bytes;
//! use rfc3550::{Config, Event, Session};
//! use wire::{Input, Instant, Machine, Output, Rng, Transmit};
//!
//! let (a, b) = ("192.0.2.1:4000".parse().unwrap(), "192.0.2.2:5000".parse().unwrap());
//! let now = Instant::ZERO;
//! let mut alice = Session::new(now, Config::new(a, b, "alice@192.0.2.1"), Rng::from_u64(1));
//! let mut bob = Session::new(now, Config::new(b, a, "bob@192.0.2.2"), Rng::from_u64(2));
//! let mut heard = 0;
//! for n in 0..10u64 {
//!     let now = Instant::from_millis(20 * n);
//!     alice.send(now, Bytes::from_static(&[0xff; 160]), 0, 160, n == 0).unwrap();
//!     while let Some(output) = alice.poll() {
//!         if let Output::Transmit(Transmit::Datagram { local, remote, data }) = output {
//!             bob.handle(now, Input::Datagram { local: remote, remote: local, data });
//!         }
//!     }
//!     while let Some(output) = bob.poll() {
//!         heard += usize::from(matches!(output, Output::Event(Event::Rtp { .. })));
//!     }
//! }
//! assert_eq!(heard, 10); // the packets of the probation are delivered once it is over
//! ```
#![forbid(unsafe_code)]

mod config;
#[cfg(feature = "rtp")]
mod convert;
mod error;
mod interval;
mod jitter;
mod mux;
mod ntp;
mod packet;
pub mod quality;
pub mod rtcp;
mod scope;
mod session;
mod source;
mod stats;
mod view;

pub use config::{ClockRates, Config, Symmetric};
#[cfg(feature = "rtp")]
pub use convert::ConvertError;
pub use error::{EncodeError, ParseError, SendError};
pub use interval::{Group, Schedule, Timer};
pub use jitter::{Inserted, JitterBuffer, JitterConfig, JitterStats, Playout};
pub use mux::Kind;
pub use ntp::NtpTime;
pub use packet::{Csrcs, Extension, Packet};
pub use session::{DropReason, Event, Leave, Phase, Session, Stimulus, TRANSITIONS};
pub use source::{Source, Validity};
pub use stats::{Received, Sent, SessionStats, SourceStats};
pub use view::View;

#[cfg(doctest)]
#[doc = include_str!("../../docs/guide/rtp.md")]
mod guide {}
