//! `peer`: a node of a peer-to-peer network. Under construction.

use std::process::ExitCode;

/// Runs the program.
pub fn main() -> ExitCode {
    eprintln!("peer: not built yet");
    ExitCode::FAILURE
}
