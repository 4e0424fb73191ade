//! Ladder diagrams: who said what to whom, from a packet capture of a real run.
//!
//! [`Ladder::read`] takes pcap or pcapng, puts streams together, tells the protocols apart by what they say, and gives one
//! [`Arrow`] a message; media are gathered into one arrow a run. [`html`] is a page with the messages one click away,
//! [`svg`] a picture, [`text`] a drawing for a terminal.
//!
//! ```
//! use std::time::Duration;
//! use docs::ladder::{Ladder, Limits, Names, text};
//! use wire::pcap::Pcap;
//!
//! let mut pcap = Pcap::new(Vec::new()).unwrap();
//! let (a, b) = ("192.0.2.1:5060".parse().unwrap(), "192.0.2.2:5060".parse().unwrap());
//! let options = "OPTIONS sip:bob@192.0.2.2 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\n\
//!                From: <sip:a@192.0.2.1>;tag=1\r\nTo: <sip:bob@192.0.2.2>\r\nCall-ID: 7\r\nCSeq: 1 OPTIONS\r\n\r\n";
//! pcap.datagram(Duration::from_secs(1_000_000_000), a, b, options.as_bytes()).unwrap();
//!
//! let names = Names::parse(&["192.0.2.1=alice", "192.0.2.2=bob"]).unwrap();
//! let ladder = Ladder::read(&pcap.into_inner()[..], &names, &Limits::default()).unwrap();
//! assert_eq!(ladder.columns, ["alice", "bob"]);
//! assert_eq!(ladder.arrows[0].label, "OPTIONS bob");
//! assert!(text::draw(&ladder, 80).contains("OPTIONS bob"));
//! ```
//!
//! Bad input never panics: what cannot be understood is an arrow that says how many bytes it was, and [`Limits`] bound
//! memory.

pub mod capture;
mod columns;
pub mod command;
mod dissect;
pub mod html;
mod limits;
pub mod merge;
mod names;
pub mod recorded;
pub mod svg;
pub mod tcp;
pub mod text;

use std::fmt;
use std::io::Read;
use std::time::Duration;

pub use limits::Limits;
pub use names::{NameError, Names};

/// What a capture shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ladder {
    /// Those who talk, in the order in which they are first seen.
    pub columns: Vec<String>,
    /// What they say, in the order of the capture.
    pub arrows: Vec<Arrow>,
    /// What the reader should know: one line each of what was left out, and why.
    pub notes: Vec<String>,
}

/// One message, or a run of media.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrow {
    /// When, since the first packet of the capture.
    pub at: Duration,
    /// The column that it starts at.
    pub from: usize,
    /// The column that it ends at; the same one for messages to oneself.
    pub to: usize,
    /// In which language.
    pub protocol: Protocol,
    /// What it is, in a few words.
    pub label: String,
    /// How many packets it stands for, and until when, if it is a run.
    pub run: Option<Run>,
    /// The message itself: its text, or what its bytes say and how they look.
    pub detail: String,
}

/// Several packets in one arrow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// How many.
    pub packets: u64,
    /// Bytes of them all, without the headers below.
    pub bytes: u64,
    /// From the first one to the last.
    pub lasts: Duration,
}

/// What an arrow speaks, which decides its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Protocol {
    /// SIP.
    Sip,
    /// RTP.
    Rtp,
    /// RTCP.
    Rtcp,
    /// RTMP.
    Rtmp,
    /// XMPP.
    Xmpp,
    /// The p2p message format.
    P2p,
    /// HTTP and the WebSocket handshake.
    Http,
    /// Something encrypted.
    Tls,
    /// STUN.
    Stun,
    /// Unknown.
    Other,
}

/// Why there is no ladder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// The file has no bytes.
    Empty,
    /// It cannot be read.
    Unreadable,
    /// It is neither pcap nor pcapng.
    NoCapture,
    /// Nothing in it is UDP or TCP with content.
    NoMessages,
}

impl Ladder {
    /// Reads a capture.
    ///
    /// # Errors
    /// When it is none, or has nothing to show.
    pub fn read(input: impl Read + Send, names: &Names, limits: &Limits) -> Result<Ladder, Error> {
        let mut dissector = dissect::Dissector::new(*limits);
        let skipped = capture::read(input, |packet| dissector.packet(packet))?;
        let (seen, owners, full) = dissector.finish();
        if seen.is_empty() {
            return Err(Error::NoMessages);
        }
        let mut ladder = columns::assign(seen, &owners, names, limits.columns);
        let mut note = |count: u64, what: &str| {
            if count > 0 {
                ladder.notes.push(format!("{count} {what}"));
            }
        };
        note(skipped.foreign, "packets are neither UDP nor TCP over IP");
        note(skipped.fragments, "fragments of long datagrams are left out");
        note(skipped.cut, "packets were captured in part");
        ladder.notes.extend(skipped.ended.map(|why| format!("not all was read: {why}")));
        if full {
            ladder.notes.push(format!("only the first {} messages are shown", limits.arrows));
        }
        Ok(ladder)
    }

    /// What does not depend on the times of a run: for each pair of columns its messages in order, repetitions left out,
    /// then XMPP's stanzas, whose answers a server may give in any order, and then the kinds of media. What comes at random
    /// times is left out, and ports. Two runs of one program should agree.
    pub fn flow(&self) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        for from in 0..self.columns.len() {
            for to in 0..self.columns.len() {
                let name = |column: usize| self.columns[column].as_str();
                let between = self.arrows.iter().filter(|arrow| (arrow.from, arrow.to) == (from, to));
                let between = between.filter(|arrow| !arrow.is_maintenance());
                let (media, said): (Vec<&Arrow>, Vec<&Arrow>) = between.partition(|arrow| arrow.run.is_some());
                let mut kinds: Vec<&str> = media.iter().map(|arrow| arrow.label.as_str()).collect();
                kinds.sort_unstable();
                kinds.dedup();
                let said = said.into_iter().filter(|arrow| !arrow.label.ends_with(AGAIN));
                let (stanzas, said): (Vec<&Arrow>, Vec<&Arrow>) = said.partition(|arrow| arrow.is_stanza());
                let mut stanzas: Vec<&str> = stanzas.iter().map(|arrow| arrow.label.as_str()).collect();
                stanzas.sort_unstable();
                let said = said.iter().map(|arrow| arrow.label.as_str()).chain(stanzas).chain(kinds).map(without_port);
                lines.extend(said.map(|label| format!("{} -> {}: {label}", name(from), name(to))));
            }
        }
        lines
    }
}

impl Arrow {
    /// The label with what a run adds to it.
    pub fn caption(&self) -> String {
        match self.run {
            Some(Run { packets: 1, bytes, .. }) => format!("{} \u{b7} {bytes} bytes", self.label),
            Some(Run { packets, lasts, .. }) if lasts >= Duration::from_millis(50) => {
                format!("{} \u{b7} {packets} packets \u{b7} {:.1} s", self.label, lasts.as_secs_f64())
            }
            Some(Run { packets, .. }) => format!("{} \u{b7} {packets} packets", self.label),
            None => self.label.clone(),
        }
    }
}

impl Arrow {
    /// Whether it comes when a timer says so: RTCP, how nodes of a network keep each other up to date, acknowledgements.
    fn is_maintenance(&self) -> bool {
        let label = &self.label;
        self.protocol == Protocol::Rtcp
            || self.protocol == Protocol::P2p && (label.starts_with("extension") || label.starts_with("repair"))
            || self.protocol == Protocol::Xmpp && matches!(label.as_str(), "ack" | "ack request")
    }

    /// Whether it is a stanza of XMPP, and not part of the stream around them.
    fn is_stanza(&self) -> bool {
        let kind = self.label.split(' ').next();
        self.protocol == Protocol::Xmpp && matches!(kind, Some("iq" | "message" | "presence"))
    }
}

/// A label without the port at its end, which differs from run to run.
fn without_port(label: &str) -> &str {
    match label.rsplit_once(':') {
        Some((rest, port)) if port.len() >= 4 && port.bytes().all(|b| b.is_ascii_digit()) => rest,
        _ => label,
    }
}

impl Protocol {
    /// Its name; in small letters, its CSS class.
    pub fn name(self) -> &'static str {
        match self {
            Protocol::Sip => "SIP",
            Protocol::Rtp => "RTP",
            Protocol::Rtcp => "RTCP",
            Protocol::Rtmp => "RTMP",
            Protocol::Xmpp => "XMPP",
            Protocol::P2p => "P2P",
            Protocol::Http => "HTTP",
            Protocol::Tls => "TLS",
            Protocol::Stun => "STUN",
            Protocol::Other => "Other",
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Error::Empty => "it is empty",
            Error::Unreadable => "it cannot be read",
            Error::NoCapture => "it is neither pcap nor pcapng",
            Error::NoMessages => "it holds no UDP datagram and no TCP stream with content",
        })
    }
}

impl std::error::Error for Error {}

/// What stands behind the label of a datagram that was sent before.
const AGAIN: &str = " (again)";
