//! `sip-proxy`: SIP registrar, proxy and redirect server of one or more domains.
//!
//! The protocol is [`rfc3261::proxy`] and [`rfc3261::registrar`]; here are its options, its sockets, the file of
//! bindings and the metrics endpoint. Everything that touches a SIP message runs on one thread.

mod build;
mod figures;
mod location;
mod options;
mod record;
mod server;
mod settings;

pub use location::{Change, Location, LocationFile, Memory, Record, Saved, Saver};
pub use options::Options;
pub use server::main;
pub use settings::{DigestAlgorithm, Settings};
