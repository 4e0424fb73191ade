//! The handshake: each side sends a version byte and two packets of 1536 bytes (section 5.2).
//!
//! Two kinds exist. In the simple one the second packet repeats the other side's first. In the digest kind, which old
//! players want before they play H.264, each packet carries an HMAC-SHA256 under a key that all know: it proves
//! nothing, but programs check it. [`Server`] understands both; a [`Client`] begins with one of them and takes any
//! answer.
//!
//! ```
//! use rtmp::handshake::{Client, Kind, Scheme, Server};
//! use wire::Rng;
//!
//! let (mut client, mut server) = (Client::new(&mut Rng::from_u64(1), Kind::Digest(Scheme::Zero)), Server::new(&mut Rng::from_u64(2)));
//! let answer = server.push(&client.hello())?; // C0 C1 -> S0 S1 S2
//! let end = client.push(&answer.output)?;
//! assert!(end.rest.is_some()); // the client is done
//! let end = server.push(&end.output)?; // C2
//! assert!(end.rest.is_some_and(|rest| rest.is_empty()));
//! assert!(client.verified() && server.verified());
//! # Ok::<(), rtmp::handshake::Error>(())
//! ```
mod client;
pub mod digest;
mod server;

use std::fmt;

use bytes::Bytes;
use wire::Rng;

pub use client::Client;
pub use digest::Scheme;
pub use server::Server;

/// Length of each packet after the version byte, in bytes.
pub const PACKET: usize = 1536;
/// The version byte of RTMP.
//= rtmp#5.2.2/version MUST
//# Sent as C0 and S0, and asked of the other side.
pub const VERSION: u8 = 3;

/// How the two sides prove that they have read each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Kind {
    /// By repeating the other side's packet.
    #[default]
    Simple,
    /// By digests.
    Digest(Scheme),
}

/// What comes of a piece of the handshake.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Bytes to send; often none.
    pub output: Bytes,
    /// Once the handshake is done, what came after it: the beginning of the chunk stream.
    pub rest: Option<Bytes>,
}

/// Why there is no handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Error {
    /// The other side wants encrypted RTMP (RTMPE), which is neither secure nor supported; its version byte.
    Encrypted(u8),
    /// The first byte is no version of RTMP.
    Version(u8),
    /// More was pushed after the handshake was done or had failed.
    Over,
}

impl Error {
    /// One word for counters and logs, the same for every error of a kind.
    pub const fn reason(&self) -> &'static str {
        match self {
            Error::Encrypted(_) => "handshake-encrypted",
            Error::Version(_) => "handshake-version",
            Error::Over => "handshake-over",
        }
    }

    //= rtmp#5.2.2/unknown MAY
    //# A peer of another version would only fail later. Refusing at the first byte tells browsers, scanners and RTMPE players apart.
    fn check(version: u8) -> Result<(), Error> {
        match version {
            VERSION => Ok(()),
            6 | 8 | 9 => Err(Error::Encrypted(version)),
            _ => Err(Error::Version(version)),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Encrypted(version) => {
                write!(f, "encrypted RTMP (RTMPE, version {version}) is not supported; use RTMPS")
            }
            Error::Version(version) => write!(f, "version {version} is not RTMP's 3"),
            Error::Over => write!(f, "bytes pushed into a handshake that is over"),
        }
    }
}

impl std::error::Error for Error {}

/// A packet after the version byte.
type Packet = [u8; PACKET];

/// A first packet: a time of 0, four bytes that name a program's version or are 0, and random bytes.
//= rtmp#5.2.3/fields MUST
//# The time is 0: all times of a connection lean on origins of their own.
//= rtmp#5.2.3/random SHOULD
//# 1528 bytes from the machine's generator: enough to tell this connection's echo from any other's.
fn first(version: [u8; 4], rng: &mut Rng) -> Packet {
    let mut packet = [0; PACKET];
    packet[4..8].copy_from_slice(&version);
    rng.fill(&mut packet[8..]);
    packet
}

/// Collects bytes until a number of them is there.
#[derive(Debug, Default)]
struct Collected(Vec<u8>);

impl Collected {
    /// Takes from `input` what is missing to `length` bytes; whether they are there now.
    fn fill(&mut self, input: &mut &[u8], length: usize) -> bool {
        let take = length.saturating_sub(self.0.len()).min(input.len());
        let (taken, rest) = input.split_at(take);
        self.0.extend_from_slice(taken);
        *input = rest;
        self.0.len() >= length
    }

    /// The packet that ends the first `end` bytes.
    fn packet(&self, end: usize) -> Option<&Packet> {
        self.0.get(..end)?.last_chunk()
    }
}
