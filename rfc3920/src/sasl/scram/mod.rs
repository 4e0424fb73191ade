//! SCRAM (RFC 5802, RFC 7677): both ends prove that they know the password, and neither says it.

mod client;
mod keys;
mod message;
mod server;

pub(super) use client::{Client, Lists};
pub use keys::{Keys, Verifier};
pub use server::Server;
