//! `peer`: a node of a peer-to-peer network: a mesh, a synchronised dictionary or a distributed hash table.
//!
//! Whoever talks to a running node does so in one way: an operation goes in as a JSON object, an answer comes back, and
//! events are told as JSON objects ([`http::Hook`]). The lines of `--json`, the typed commands and the web page are three
//! faces of that.

mod address;
mod capture;
pub mod http;
pub mod json;
mod keyboard;
mod node;
mod op;
mod options;
mod perform;
mod run;
mod screen;
mod security;
mod setup;
mod simulation;
mod tables;
mod tell;
mod typed;
pub mod words;

pub use crate::common::suggest;
pub use address::Place;
pub use keyboard::{Line, Lines};
pub use op::Op;
pub use options::{Command, Encryption, Ids, Kind, Mode, NodeOptions, Options, SimKind, SimOptions, rewritten};
pub use typed::{HELP, Typed};

use std::process::ExitCode;

use crate::common::{self, Failure};

/// Runs the program.
pub fn main() -> ExitCode {
    common::run("peer", || {
        let options: Options = common::parse_args(rewritten(std::env::args_os()))?;
        options.log.start()?;
        let (kind, node) = match options.command {
            Command::Mesh(node) => (Kind::Mesh, node),
            Command::Sync(node) => (Kind::Sync, node),
            Command::Chord(node) => (Kind::Chord, node),
            Command::Sim(options) => return simulation::simulate(&options),
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::runtime)?;
        runtime.block_on(run::run(kind, node))
    })
}
