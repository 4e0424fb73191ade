#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod account;
mod algorithm;
mod basic;
mod challenge;
mod client;
mod credentials;
mod error;
mod grammar;
mod hash;
mod info;
mod nonce;
mod scope;
mod server;

pub use account::{Account, Request, Secret};
pub use algorithm::{Algorithm, Party, Profile, Qop};
pub use basic::BasicCredentials;
pub use challenge::{BasicChallenge, Challenge, DigestChallenge};
pub use client::{Client, ClientConfig, Prefer};
pub use credentials::{Credentials, DigestCredentials, Username};
pub use error::{AnswerError, ParseError};
pub use grammar::{Limits, Param, Scheme};
pub use hash::{Hash, Hex, ha1, userhash};
pub use info::AuthenticationInfo;
pub use server::{Accepted, Lookup, Malformed, Server, ServerConfig, StaleCause, Verdict};

#[cfg(doctest)]
#[doc = include_str!("../../docs/guide/digest.md")]
mod guide {}
