//! XML as streams carry it (RFC 6120, 11): elements, and the reader that cuts them out of bytes.
//!
//! [`Element`] is the tree that all rooms above work with; [`Reader`] turns what a connection reads into [`Event`]s,
//! within [`Limits`]; [`Header`] opens a stream in either [`Framing`]. Comments, processing instructions, document
//! types and entities of one's own do not exist here: the reader ends the stream that has them, and the writer can not
//! write them.

mod chars;
mod cutter;
mod element;
mod error;
mod header;
mod known;
mod limits;
mod reader;
mod scope;
mod tag;
mod tree;
mod write;

pub use element::{Attribute, Element, Node};
pub use error::Error;
pub use header::{Framing, Header, close};
pub use limits::Limits;
pub use reader::{Event, Reader};
