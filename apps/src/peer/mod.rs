//! `peer`: a node of a peer-to-peer network. Under construction.

pub mod http;

use std::process::ExitCode;

/// Runs the program.
pub fn main() -> ExitCode {
    eprintln!("peer: not built yet");
    ExitCode::FAILURE
}
