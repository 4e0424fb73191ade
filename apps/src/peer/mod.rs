//! `peer`: a node of a peer-to-peer network: a mesh, a synchronised dictionary or a distributed hash table.
//!
//! Whoever talks to a running node does so in one way: an operation goes in as a JSON object, an answer comes back, and
//! events are told as JSON objects ([`http::Hook`]). The lines of `--json`, the typed commands and the web page are three
//! faces of that.

mod address;
pub mod http;
pub mod json;
mod op;
mod options;
mod suggest;
mod typed;
pub mod words;

pub use address::Place;
pub use op::Op;
pub use options::{Command, Encryption, Ids, Kind, NodeOptions, Options, SimKind, SimOptions, rewritten};
pub use suggest::suggest;
pub use typed::{HELP, Typed};

use std::process::ExitCode;

use crate::common;

/// Runs the program.
pub fn main() -> ExitCode {
    common::run("peer", || {
        let options: Options = common::parse_args(rewritten(std::env::args_os()))?;
        options.log.start()?;
        Err(common::Failure::runtime("not built yet"))
    })
}
