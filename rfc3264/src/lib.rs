//! SDP offer/answer (RFC 3264): two sides agree on the streams of a call.
//!
//! Say who you are and which streams you want in [`Capabilities`]; a [`Negotiation`] makes offers and answers of it,
//! takes the peer's, keeps the rules from exchange to exchange, and tells each [`Stream`] that came out: addresses,
//! direction, and which payload type means what in which direction.
//!
//! ```
//! use rfc3264::{Capabilities, Format, LocalStream, Negotiation};
//!
//! let mut own = Capabilities::new([192, 0, 2, 2].into(), 2808844564);
//! let formats = vec![Format::fixed(8).unwrap(), Format::new(96, "iLBC", 8000, 1)?, Format::telephone_event(101, 8000)?];
//! own.streams.push(LocalStream::audio(49174, formats));
//! let mut bob = Negotiation::new(own);
//!
//! let offer = "v=0\r\no=alice 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n\
//!     m=audio 49170 RTP/AVP 0 97 98\r\na=rtpmap:97 ILBC/8000\r\na=rtpmap:98 telephone-event/8000\r\n\
//!     m=video 51372 RTP/AVP 31\r\n".parse()?;
//! let answer = bob.answer(offer)?.to_string();
//! assert!(answer.contains("m=audio 49174 RTP/AVP 97 98\r\n"));
//! assert!(answer.contains("m=video 0 RTP/AVP 31\r\n"));
//!
//! let audio = &bob.streams()[0];
//! assert_eq!(audio.remote_rtp.as_ref().unwrap().socket_addr(), Some(([192, 0, 2, 1], 49170).into()));
//! assert_eq!(audio.format().unwrap().to_string(), "ILBC/8000 (97)");
//! assert_eq!(audio.telephone_event, Some(98));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! - [`Capabilities`], [`LocalStream`], [`Format`]: what we can and want
//! - [`Negotiation`]: offers, answers, hold, streams added and removed
//! - [`Stream`], [`Endpoint`]: what was agreed
//! - [`offer`], [`answer`]: one exchange without a negotiation to keep
#![forbid(unsafe_code)]

mod capabilities;
mod error;
mod format;
mod local;
mod negotiation;
mod parameters;
mod scope;
mod slot;
mod stream;

pub use capabilities::{Capabilities, LocalStream};
pub use error::Error;
pub use format::Format;
pub use negotiation::{Negotiation, StreamId, answer, offer};
pub use stream::{Endpoint, Stream};

#[cfg(doctest)]
#[doc = include_str!("../../docs/guide/offer-answer.md")]
mod guide {}
