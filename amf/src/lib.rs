//! Action Message Format: the values that Flash-era programs exchange, in both of its versions.
//!
//! [`amf0`] is what RTMP commands, data messages and FLV metadata are written in; [`amf3`] is its successor, with integers,
//! vectors, dictionaries and three tables of what was said before. A pure format: values in, bytes out. Strings and byte
//! arrays that are read are slices of the input, and whatever an input announces is checked against [`Limits`] and against
//! what is there before memory is set aside for it.
//!
//! ```
//! use amf::amf0::{self, Object, Value};
//! use amf::Limits;
//!
//! // What a client says first: a name, a transaction, and an object.
//! let app = Object::new().with("app", "live").with("audioCodecs", 3191).with("fpad", false);
//! let command = [Value::from("connect"), Value::from(1.0), Value::from(app)];
//! let bytes = amf0::encode_all(&command);
//! assert_eq!(&bytes[..10], b"\x02\x00\x07connect");
//!
//! let got = amf0::decode_all(bytes, &Limits::default()).unwrap();
//! assert_eq!(got, command);
//! assert_eq!(got[0].as_str(), Some("connect"));
//! assert_eq!(got[2].get("audioCodecs").and_then(Value::as_f64), Some(3191.0));
//!
//! // An array that announces four thousand million elements is refused, and costs nothing.
//! let lie = bytes::Bytes::from_static(b"\x0a\xff\xff\xff\xff\x05");
//! assert!(amf0::decode_all(lie, &Limits::default()).is_err());
//! ```
//!
//! Modules: [`amf0`] and [`amf3`], a value type, a decoder and an encoder each.
#![forbid(unsafe_code)]

pub mod amf0;
pub mod amf3;
mod error;
mod limits;
mod members;
mod reader;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
#[cfg(doctest)]
#[doc = include_str!("../../docs/guide/amf.md")]
mod guide {}

pub use error::{Error, ErrorKind};
pub use limits::Limits;
pub use members::Members;
