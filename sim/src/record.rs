//! What is kept of a run: counters, a hash of all that was delivered, a transcript, a packet capture.
use std::collections::VecDeque;
use std::fmt::Write as _;
use std::io::{self, Write};
use std::net::SocketAddr;

use wire::pcap::Pcap;
use wire::{Epoch, Input, Instant};

use crate::HostId;

/// What the network has counted since it was made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Inputs given to machines, the time included.
    pub inputs: u64,
    /// Datagrams that machines sent.
    pub datagrams_sent: u64,
    /// Datagrams that machines received, copies included.
    pub datagrams_received: u64,
    /// Datagrams that a link lost at random.
    pub lost: u64,
    /// Datagrams that a link doubled at random.
    pub duplicated: u64,
    /// Datagrams that a link held back at random.
    pub reordered: u64,
    /// Datagrams longer than the link's limit.
    pub oversize: u64,
    /// Datagrams dropped before a slow line.
    pub congested: u64,
    /// Datagrams that ran into a partition or a host that is down.
    pub cut: u64,
    /// Datagrams that a tap or a scripted fault dropped.
    pub scripted: u64,
    /// Datagrams to an address that nobody owns.
    pub no_route: u64,
    /// Datagrams to a port that nobody bound; the sender is told.
    pub unreachable: u64,
    /// Datagrams from a socket that its machine has not bound: a mistake of the machine or of the test.
    pub unbound: u64,
    /// Streams that were opened.
    pub streams_opened: u64,
    /// Streams that were asked for and not opened.
    pub streams_failed: u64,
    /// Bytes that came in the clear when a stream was upgraded, and were dropped.
    pub clear_bytes_dropped: u64,
    /// Bytes of streams that machines received.
    pub stream_bytes: u64,
    /// Writes to, and closes of, streams that are gone or never were.
    pub late_writes: u64,
}

#[derive(Default)]
pub(crate) struct Record {
    pub stats: Stats,
    hash: Hash,
    lines: VecDeque<String>,
    keep: usize,
    capture: Option<Pcap<Box<dyn Write + Send>>>,
    failed: Option<io::Error>,
}

impl Record {
    pub fn hash(&self) -> u64 {
        self.hash.0
    }

    pub fn keep(&mut self, lines: usize) {
        self.keep = lines;
        self.lines.truncate(lines);
    }

    pub fn transcript(&self) -> String {
        self.lines.iter().fold(String::new(), |text, line| text + line + "\n")
    }

    pub fn capture(&mut self, pcap: Pcap<Box<dyn Write + Send>>) {
        self.capture = Some(pcap);
    }

    /// Ends the capture and tells the first error that it met.
    pub fn finish_capture(&mut self) -> io::Result<()> {
        if let Some(mut pcap) = self.capture.take() {
            pcap.flush()?;
        }
        self.failed.take().map_or(Ok(()), Err)
    }

    /// Writes to the capture, if there is one; after an error nothing more.
    pub fn write(&mut self, f: impl FnOnce(&mut Pcap<Box<dyn Write + Send>>) -> io::Result<()>) {
        if let Some(pcap) = &mut self.capture
            && let Err(error) = f(pcap)
        {
            self.capture = None;
            self.failed = Some(error);
        }
    }

    pub fn sent(&mut self, at: Instant, epoch: Epoch, from: SocketAddr, to: SocketAddr, data: &[u8]) {
        self.stats.datagrams_sent += 1;
        if self.capture.is_some() {
            self.write(|pcap| pcap.datagram(epoch.unix(at), from, to, data));
        }
    }

    /// Notes one input on its way into a machine.
    pub fn input(&mut self, at: Instant, host: HostId, input: &Input) {
        self.stats.inputs += 1;
        let hash = &mut self.hash;
        hash.word(at.as_nanos());
        hash.word(u64::from(host.0) << 8 | kind(input));
        match input {
            Input::Datagram { remote, data, .. } => {
                self.stats.datagrams_received += 1;
                hash.word(u64::from(remote.port()));
                hash.bytes(data);
            }
            Input::Stream { data, .. } => {
                self.stats.stream_bytes += data.len() as u64;
                hash.bytes(data);
            }
            Input::Closed { reason, .. } => hash.word(*reason as u64),
            Input::Opened { remote, .. } | Input::Unreachable { remote, .. } => hash.word(u64::from(remote.port())),
            Input::Resolved { query, answer } => hash.word(query.0 << 8 | answer.as_ref().map_or(0, Vec::len) as u64),
            Input::Secured { session, .. } => hash.bytes(&session.exporter.unwrap_or_default()),
            Input::Time => {}
        }
        if self.keep > 0 && !matches!(input, Input::Time) {
            if self.lines.len() >= self.keep {
                self.lines.pop_front();
            }
            self.lines.push_back(line(at, host, input));
        }
    }
}

fn kind(input: &Input) -> u64 {
    match input {
        Input::Datagram { .. } => 1,
        Input::Stream { .. } => 2,
        Input::Opened { .. } => 3,
        Input::Closed { .. } => 4,
        Input::Unreachable { .. } => 5,
        Input::Resolved { .. } => 6,
        Input::Time => 7,
        Input::Secured { .. } => 8,
    }
}

/// One line of the transcript: when, which host, what, and how its payload begins.
fn line(at: Instant, host: HostId, input: &Input) -> String {
    let mut text = format!("{at:?} #{} ", host.0);
    let _ = match input {
        Input::Datagram { local, remote, data } => {
            write!(text, "{remote} > {local} {} bytes: {}", data.len(), beginning(data))
        }
        Input::Stream { conn, data } => write!(text, "{conn:?} {} bytes: {}", data.len(), beginning(data)),
        other => write!(text, "{other:?}"),
    };
    text
}

fn beginning(data: &[u8]) -> String {
    let line = data.iter().take_while(|&&b| b != b'\r' && b != b'\n').take(60);
    line.map(|&b| if b.is_ascii_graphic() || b == b' ' { char::from(b) } else { '.' }).collect()
}

/// A running 64-bit hash; fast, the same everywhere, and not meant to withstand an enemy.
struct Hash(u64);

impl Default for Hash {
    fn default() -> Hash {
        Hash(0x243f_6a88_85a3_08d3) // digits of pi
    }
}

impl Hash {
    fn word(&mut self, word: u64) {
        let product = u128::from(self.0 ^ word) * 0x9e37_79b9_7f4a_7c15;
        self.0 = (product >> 64) as u64 ^ product as u64 ^ word.rotate_left(23);
    }

    fn bytes(&mut self, data: &[u8]) {
        self.word(data.len() as u64);
        // Two lanes, since one would wait for its own multiplications.
        let (mut one, mut two) = (Hash(self.0), Hash(!self.0));
        for chunk in data.chunks(32) {
            let mut block = [0; 32];
            block[..chunk.len()].copy_from_slice(chunk);
            let word = |at: usize| block[at..at + 8].iter().rev().fold(0, |word, &b| word << 8 | u64::from(b));
            one.words(word(0), word(8));
            two.words(word(16), word(24));
        }
        self.words(one.0, two.0);
    }

    fn words(&mut self, a: u64, b: u64) {
        let product = u128::from(self.0 ^ a) * u128::from(b ^ 0x9e37_79b9_7f4a_7c15);
        self.0 = (product >> 64) as u64 ^ product as u64 ^ self.0.rotate_left(23);
    }
}
