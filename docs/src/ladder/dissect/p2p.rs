//! The p2p message format: frames whose hash is right.

use std::fmt::Write;

use bytes::Bytes;
use serializer::frame::{self, Decoder};
use serializer::{Compression, Flag, Limits, MainFlag, Message};

use super::{Said, shown};
use crate::ladder::Protocol;

/// One direction of a link.
pub(super) struct Frames(Decoder);

impl Frames {
    pub fn new() -> Frames {
        Frames(Decoder::new(limits()))
    }

    /// Takes the next bytes; false when they make no sense any more.
    pub fn take(&mut self, data: Bytes, said: &mut Vec<Said>) -> bool {
        self.0.push(data);
        for body in &mut self.0 {
            match body {
                Ok(body) => said.push(match frame::open(body.clone(), &Compression::ALL, &limits()) {
                    Ok(message) => of(&message, &body),
                    Err(error) => Said::new(Protocol::P2p, format!("broken frame: {error}"), shown::hex(&body)),
                }),
                Err(error) => {
                    said.push(Said::new(Protocol::P2p, format!("broken frame: {error}"), ""));
                    return false;
                }
            }
        }
        true
    }
}

/// Whether a frame begins so: `None` when more must come to tell.
pub(super) fn is_frame(data: &[u8]) -> Option<bool> {
    let header = data.first_chunk()?;
    let length = u32::from_be_bytes(*header) as usize;
    if !(SHORTEST..=limits().frame).contains(&length) {
        return Some(false);
    }
    let body = Bytes::copy_from_slice(data.get(4..4 + length)?);
    Some(frame::open(body, &Compression::ALL, &limits()).is_ok())
}

fn of(message: &Message, body: &Bytes) -> Said {
    let flag = message.sub();
    let name = match flag {
        Some(Flag::Other(EXTENSION)) => {
            let operation = message.values().first().and_then(|value| value.as_u64());
            let operation = operation.and_then(|operation| OPERATIONS.get(usize::try_from(operation).ok()?));
            format!("extension: {}", operation.unwrap_or(&"unknown"))
        }
        Some(Flag::Other(REPAIR)) => "repair".to_owned(),
        Some(Flag::Other(number)) => format!("flag {number}"),
        Some(flag) => words(&format!("{flag:?}")),
        None => "message".to_owned(),
    };
    let label = match (message.main(), flag) {
        (MainFlag::Broadcast, Some(Flag::Broadcast)) => name.clone(),
        (MainFlag::Broadcast, _) => format!("{name}, to all"),
        (MainFlag::Renegotiate, _) => format!("{name}, about the link"),
        _ => name.clone(),
    };
    let mut detail = format!(
        "main flag {:?}\nsender {}\ntime {}\nid {}\n",
        message.main(),
        message.sender(),
        message.time(),
        message.id()
    );
    let _ = write!(detail, "{name} {:#?}\n\n{}", message.values(), shown::hex(body));
    Said::new(Protocol::P2p, label, detail)
}

/// `NewPaths` as `new paths`.
fn words(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() && !out.is_empty() {
            out.push(' ');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

fn limits() -> Limits {
    Limits { frame: 1 << 20, inflated: 1 << 20, depth: 16, items: 4096 }
}

/// What capable nodes of the mesh say among themselves (wireworks#1), by its operation.
const EXTENSION: u64 = 0x41;
const OPERATIONS: [&str; 11] =
    ["ping", "pong", "have", "want", "routed", "beacon", "survey", "report", "prune", "news", "graft"];
/// Nodes of the synchronised table compare what they hold.
const REPAIR: u64 = 0x42;
/// Bytes of a hash.
const SHORTEST: usize = 33;
