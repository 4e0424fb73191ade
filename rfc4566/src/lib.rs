//! SDP, the Session Description Protocol (RFC 8866): what the body of a call or an announcement says about its media.
//!
//! A [`Session`] is the description as a value: every line a field, every attribute kept in order and read by type on
//! demand. Reading shares the buffer, writing gives back what was read.
//!
//! ```
//! use rfc4566::{Attribute, Connection, Direction, Media, Origin, Rtpmap, Session};
//!
//! let body = "v=0\r\no=jdoe 3724394400 3724394405 IN IP4 198.51.100.1\r\ns=Call to John Smith\r\n\
//!     c=IN IP4 198.51.100.1\r\nt=0 0\r\nm=audio 49170 RTP/AVP 0 97\r\na=rtpmap:97 iLBC/8000\r\na=x-own:kept\r\n";
//! let session = Session::parse(body)?;
//! let audio = &session.media[0];
//! assert_eq!(audio.rtpmap(97).unwrap().encoding, "iLBC");
//! assert_eq!(session.direction(audio), Direction::SendRecv);
//! assert_eq!(session.connection(audio).unwrap().ip_addr(), Some([198, 51, 100, 1].into()));
//! assert_eq!(session.to_string(), body);
//!
//! let host = [192, 0, 2, 1].into();
//! let mut own = Session::new(Origin::new(1, 1, host));
//! own.connection = Some(Connection::ip(host));
//! let mut audio = Media::new("audio", 4000, "RTP/AVP")?;
//! audio.formats.push("0".parse()?);
//! audio.attributes.push_typed(&Rtpmap::new(0, "PCMU", 8000, 1)?);
//! audio.attributes.push(Attribute::value("mid", "1")?);
//! own.media.push(audio);
//! assert!(own.to_string().ends_with("m=audio 4000 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\na=mid:1\r\n"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! - [`Session`], [`Origin`], [`Time`], [`Bandwidth`], [`Connection`]: the session's lines
//! - [`Media`]: a media description
//! - [`Attributes`], [`Attribute`] and the typed ones: [`Rtpmap`], [`Fmtp`], [`Direction`], [`Rtcp`], [`Group`],
//!   [`SourceAttribute`]
//! - [`Text`], [`Word`]: strings in which no line can end, so that nothing can be smuggled into a description
//! - [`Config`]: how strictly to read, and limits
#![forbid(unsafe_code)]

mod attribute;
mod bandwidth;
mod config;
mod connection;
mod error;
mod media;
mod origin;
mod parse;
mod print;
mod scope;
mod session;
mod strict;
mod text;
mod time;

pub use attribute::{Attribute, Attributes, Direction, Fmtp, Group, Rtcp, Rtpmap, SourceAttribute, TypedAttribute};
pub use bandwidth::Bandwidth;
pub use config::Config;
pub use connection::{Address, Connection};
pub use error::{Invalid, ParseError, ParseErrorKind};
pub use media::Media;
pub use origin::Origin;
pub use session::{Line, Session};
pub use text::{Text, Word};
pub use time::{Repeat, Time, TypedTime, UNIX_EPOCH, Unit, Zone};

#[cfg(doctest)]
#[doc = include_str!("../../docs/guide/sdp.md")]
mod guide {}
