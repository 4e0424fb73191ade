use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use serde_json::json;
use wire::{ConnId, Input, Output, Transmit};

use super::json::hex;

/// A file that gets every frame as a line of JSON, in the fields of the drivers of py2p and js2p: `at`, `port`, `dir`,
/// `conn`, `outgoing`, `compression` and the whole frame under `hex`. The first error while writing ends it.
pub(super) struct Capture {
    file: Option<File>,
    port: u16,
    conns: HashMap<ConnId, Conn>,
    count: u64,
    longest: usize,
}

struct Conn {
    number: u64,
    incoming: Frames,
    outgoing: Frames,
}

/// One direction of a connection: the bytes of the frame that is not complete yet.
#[derive(Default)]
struct Frames {
    begun: Vec<u8>,
    /// What goes by is no frame that could be told from the next.
    lost: bool,
}

impl Capture {
    /// Appends to the file at `path`; frames longer than `longest` are not written.
    pub fn to_file(path: &Path, longest: usize) -> io::Result<Capture> {
        let file = File::options().create(true).append(true).open(path)?;
        Ok(Capture { file: Some(file), port: 0, conns: HashMap::new(), count: 0, longest })
    }

    /// Which port to write: the one that we listen on.
    pub fn set_port(&mut self, port: u16) {
        self.port = port;
    }

    pub fn input(&mut self, input: &Input) {
        match input {
            Input::Stream { conn, data } => self.bytes(*conn, true, data),
            Input::Closed { conn, .. } => {
                self.conns.remove(conn);
            }
            _ => {}
        }
    }

    pub fn output<E>(&mut self, output: &Output<E>) {
        if let Output::Transmit(Transmit::Stream { conn, data }) = output {
            self.bytes(*conn, false, data);
        }
    }

    fn bytes(&mut self, id: ConnId, incoming: bool, data: &[u8]) {
        let Capture { file, port, conns, count, longest } = self;
        let conn = conns.entry(id).or_insert_with(|| {
            *count += 1;
            Conn { number: *count, incoming: Frames::default(), outgoing: Frames::default() }
        });
        let (frames, dir) = if incoming { (&mut conn.incoming, "in") } else { (&mut conn.outgoing, "out") };
        frames.push(data, *longest, |frame| {
            let mut line = json!({"at": "wireworks", "port": *port, "dir": dir, "conn": conn.number.to_string(),
                "outgoing": !id.is_inbound(), "compression": [], "hex": hex(frame)})
            .to_string();
            line.push('\n'); // in one write, since several programs may share the file
            if let Some(Err(error)) = file.as_mut().map(|file| file.write_all(line.as_bytes())) {
                tracing::warn!(%error, "the capture of frames ends here");
                *file = None;
            }
        });
    }
}

impl Frames {
    fn push(&mut self, data: &[u8], longest: usize, mut whole: impl FnMut(&[u8])) {
        if self.lost {
            return;
        }
        self.begun.extend_from_slice(data);
        let mut done = 0;
        while let Some((header, after)) = self.begun[done..].split_first_chunk::<4>() {
            let length = u32::from_be_bytes(*header) as usize;
            if length > longest {
                self.lost = true;
                self.begun = Vec::new();
                return;
            }
            if after.len() < length {
                break;
            }
            whole(&self.begun[done..done + 4 + length]);
            done += 4 + length;
        }
        self.begun.drain(..done);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_told_apart_however_they_come() {
        let stream = [&[0, 0, 0, 2, 7, 8][..], &[0, 0, 0, 0], &[0, 0, 0, 1, 9]].concat();
        for size in 1..=stream.len() {
            let (mut frames, mut found) = (Frames::default(), Vec::new());
            for piece in stream.chunks(size) {
                frames.push(piece, 100, |frame| found.push(frame.to_vec()));
            }
            assert_eq!(found, [&[0, 0, 0, 2, 7, 8][..], &[0, 0, 0, 0], &[0, 0, 0, 1, 9]]);
        }
    }

    #[test]
    fn a_length_beyond_the_limit_ends_it() {
        let mut frames = Frames::default();
        frames.push(&[255, 255, 255, 255, 1], 100, |_| panic!());
        assert!(frames.lost && frames.begun.is_empty());
        frames.push(&[0; 100], 100, |_| panic!());
        assert!(frames.begun.is_empty());
    }
}
