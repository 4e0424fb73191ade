//! The `dialer` program: calls, answers, registers and sends messages from the command line.

pub mod recorder;
pub mod source;
