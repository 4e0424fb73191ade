//! The `dialer` program: calls, answers, registers and sends messages from the command line.

pub mod console;
pub mod media;
mod options;
mod outcome;
pub mod recorder;
pub mod report;
pub mod source;
pub mod tap;
pub mod timeline;
mod typed;

pub use options::{CodecName, Options};
pub use outcome::Outcome;
pub use typed::{HELP, Typed};
