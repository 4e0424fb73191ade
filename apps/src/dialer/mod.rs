//! The `dialer` program: calls, answers, registers and sends messages from the command line.

pub mod media;
mod options;
mod outcome;
pub mod recorder;
pub mod source;
pub mod tap;
pub mod timeline;

pub use options::{CodecName, Options};
pub use outcome::Outcome;
