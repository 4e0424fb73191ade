//! What several test files use.
#![allow(dead_code)]

use std::fs;
use std::path::PathBuf;

use bytes::{Bytes, BytesMut};
use rtmp::chunk::{Error, Limits, Reader};
use rtmp::handshake::PACKET;
use rtmp::{Message, MessageType};

pub fn message(kind: MessageType, timestamp: u32, stream: u32, payload: impl Into<Bytes>) -> Message {
    Message { kind, timestamp, stream, payload: payload.into() }
}

/// A chunk's header in format 0, with the short form of the id.
pub fn start(csid: u8, time: u32, length: u32, kind: u8, stream: u32) -> Vec<u8> {
    let [_, l0, l1, l2] = length.to_be_bytes();
    let [_, t0, t1, t2] = time.min(0xff_ffff).to_be_bytes();
    let mut out = vec![csid, t0, t1, t2, l0, l1, l2, kind];
    out.extend(stream.to_le_bytes());
    if time >= 0xff_ffff {
        out.extend(time.to_be_bytes());
    }
    out
}

/// All messages of `bytes`, pushed at once, and the error that ends them.
pub fn read_with(limits: Limits, bytes: impl Into<Bytes>) -> (Vec<Message>, Option<Error>, Reader) {
    let mut reader = Reader::new(limits);
    reader.push(bytes.into());
    let (mut got, mut error) = (Vec::new(), None);
    for item in reader.by_ref() {
        match item {
            Ok(message) => got.push(message),
            Err(fault) => error = Some(fault),
        }
    }
    (got, error, reader)
}

/// The same within the usual limits.
pub fn read(bytes: impl Into<Bytes>) -> (Vec<Message>, Option<Error>) {
    let (got, error, _) = read_with(Limits::default(), bytes);
    (got, error)
}

/// One direction of a recorded session.
pub struct Recorded {
    pub name: String,
    pub bytes: Bytes,
}

impl Recorded {
    /// The first packet, C1 or S1.
    pub fn first(&self) -> &[u8; PACKET] {
        self.bytes[1..].first_chunk().unwrap()
    }

    /// The second packet, C2 or S2.
    pub fn second(&self) -> &[u8; PACKET] {
        self.bytes[1 + PACKET..].first_chunk().unwrap()
    }

    /// The chunk stream.
    pub fn chunks(&self) -> Bytes {
        self.bytes.slice(1 + 2 * PACKET..)
    }

    /// Lines of type, timestamp, message stream, length and CRC-32.
    pub fn stated(&self) -> String {
        fs::read_to_string(sessions().join(&self.name).with_extension("tsv")).unwrap()
    }
}

/// All recorded directions, sorted by name.
pub fn recorded() -> Vec<Recorded> {
    let files = fs::read_dir(sessions()).unwrap().map(|entry| entry.unwrap().path());
    let mut names: Vec<PathBuf> = files.filter(|path| path.extension().is_some_and(|end| end == "bin")).collect();
    names.sort();
    let read = |path: PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        Recorded { name, bytes: fs::read(path).unwrap().into() }
    };
    names.into_iter().map(read).collect()
}

fn sessions() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/sessions")
}

/// The lines that [`Recorded::stated`] would have for these messages.
pub fn listed(messages: &[Message]) -> String {
    let line = |m: &Message| {
        let (kind, sum) = (m.kind.number(), crc32(&m.payload));
        format!("{kind}\t{}\t{}\t{}\t{sum:08x}\n", m.timestamp, m.stream, m.payload.len())
    };
    messages.iter().map(line).collect()
}

fn crc32(bytes: &[u8]) -> u32 {
    let step = |sum: u32, byte: &u8| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| sum >> 1 ^ if sum & 1 == 1 { 0xedb8_8320 } else { 0 })
    };
    !bytes.iter().fold(!0, step)
}

/// `messages` written one after another.
pub fn written(messages: &[Message], chunk_size: u32) -> Bytes {
    let (mut writer, mut out) = (rtmp::chunk::Writer::new(), BytesMut::new());
    writer.set_chunk_size(chunk_size, &mut out);
    for message in messages {
        writer.write(message, rtmp::chunk::csid::of(message.kind), &mut out).unwrap();
    }
    out.freeze()
}
