//! Streams out of segments: in order, each byte once.

use std::collections::BTreeMap;

use bytes::{Buf, Bytes};

/// One direction of a connection.
#[derive(Debug, Default)]
pub struct Stream {
    /// The next byte's place, once any is known.
    next: Option<u32>,
    /// Segments that came early, by their place.
    early: BTreeMap<u32, Bytes>,
    held: usize,
}

/// What a segment brings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// The next bytes.
    Data(Bytes),
    /// So many bytes are missing from the capture.
    Missing(u32),
}

impl Stream {
    /// Takes a segment, and gives what can be read by now.
    ///
    /// ```
    /// use docs::ladder::tcp::{Piece, Stream};
    /// let mut stream = Stream::default();
    /// stream.begin(9);
    /// assert!(stream.push(12, "cd".into()).is_empty()); // ahead of its time
    /// assert_eq!(stream.push(10, "ab".into()), [Piece::Data("ab".into()), Piece::Data("cd".into())]);
    /// assert!(stream.push(10, "ab".into()).is_empty()); // sent again
    /// ```
    pub fn push(&mut self, sequence: u32, data: Bytes) -> Vec<Piece> {
        let mut out = Vec::new();
        if data.is_empty() {
            return out;
        }
        let next = *self.next.get_or_insert(sequence);
        let ahead = sequence.wrapping_sub(next);
        if ahead == 0 || ahead > BEHIND {
            self.take(sequence, data, &mut out);
        } else {
            self.held += data.len();
            self.held -= self.early.insert(sequence, data).map_or(0, |same| same.len());
            if self.held > HELD || self.early.len() > EARLY {
                self.skip(&mut out);
            }
        }
        self.catch_up(&mut out);
        out
    }

    /// A SYN at that place: whatever was before it belongs to another connection.
    pub fn begin(&mut self, sequence: u32) {
        *self = Stream { next: Some(sequence.wrapping_add(1)), ..Stream::default() };
    }

    /// The direction is at its end: gives what still waits, and what is missing before it.
    pub fn finish(&mut self) -> Vec<Piece> {
        let mut out = Vec::new();
        while !self.early.is_empty() {
            self.skip(&mut out);
            self.catch_up(&mut out);
        }
        out
    }

    /// Takes what is new of a segment that does not lie ahead.
    fn take(&mut self, sequence: u32, mut data: Bytes, out: &mut Vec<Piece>) {
        let known = self.next.unwrap_or(sequence).wrapping_sub(sequence) as usize;
        if known < data.len() {
            data.advance(known);
            self.next = Some(sequence.wrapping_add(known as u32).wrapping_add(data.len() as u32));
            out.push(Piece::Data(data));
        }
    }

    /// Takes every early segment whose turn it is.
    fn catch_up(&mut self, out: &mut Vec<Piece>) {
        loop {
            let Some(next) = self.next else { return };
            let due = |sequence: &&u32| next.wrapping_sub(**sequence) < BEHIND;
            let Some(sequence) = self.early.keys().find(due).copied() else { return };
            let Some(data) = self.early.remove(&sequence) else { return };
            self.held -= data.len();
            self.take(sequence, data, out);
        }
    }

    /// Gives up on what is missing before the nearest early segment.
    fn skip(&mut self, out: &mut Vec<Piece>) {
        let next = self.next.unwrap_or_default();
        if let Some(nearest) = self.early.keys().copied().min_by_key(|sequence| sequence.wrapping_sub(next)) {
            out.push(Piece::Missing(nearest.wrapping_sub(next)));
            self.next = Some(nearest);
        }
    }
}

/// Half of the numbers lie behind, half ahead.
const BEHIND: u32 = 1 << 31;
/// What waits for earlier segments, in bytes and in segments, before those are given up.
const HELD: usize = 256 << 10;
const EARLY: usize = 256;
