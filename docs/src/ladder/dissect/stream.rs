//! One connection: what each direction says, once it is clear in which language.

use std::net::SocketAddr;

use bytes::{Bytes, BytesMut};
use rfc3261::message::StreamDecoder;

use super::p2p::{self, Frames};
use super::rtmp::Chunks;
use super::rtp::Media;
use super::xmpp::{self, Xml};
use super::{Said, shown, sip};
use crate::ladder::Protocol;
use crate::ladder::tcp::{Piece, Stream};

/// Both directions.
#[derive(Default)]
pub(super) struct Connection {
    /// Which direction began: that of the client.
    client: Option<bool>,
    directions: [Direction; 2],
}

/// A segment without its addresses.
pub(super) struct Segment {
    /// Which direction.
    pub second: bool,
    pub sequence: u32,
    pub syn: bool,
    /// Nothing follows in this direction.
    pub ends: bool,
    pub data: Bytes,
}

#[derive(Default)]
struct Direction {
    stream: Stream,
    language: Language,
    has_spoken: bool,
}

/// What a direction speaks.
enum Language {
    /// Not clear yet: what has come so far.
    Unclear(BytesMut),
    Sip(Box<StreamDecoder>),
    Rtmp(Box<Chunks>),
    Xmpp(Box<Xml>),
    P2p(Box<Frames>),
    Http,
    Tls,
    Bytes,
}

impl Connection {
    /// Takes a segment, and gives what it completes.
    pub fn segment(&mut self, segment: Segment, from: SocketAddr, media: &mut Media) -> Vec<Said> {
        let is_client = *self.client.get_or_insert(segment.second) == segment.second;
        let direction = &mut self.directions[usize::from(segment.second)];
        if segment.syn {
            *direction = Direction::default();
            direction.stream.begin(segment.sequence);
        }
        let mut pieces = direction.stream.push(segment.sequence, segment.data);
        if segment.ends {
            pieces.extend(direction.stream.finish());
        }
        let mut said = Vec::new();
        for piece in pieces {
            direction.has_spoken = true;
            match piece {
                Piece::Data(data) => direction.language.take(data, is_client, from, media, &mut said),
                Piece::Missing(bytes) => {
                    direction.language = Language::Bytes;
                    let label = format!("{bytes} bytes are missing from the capture");
                    said.push(Said::new(Protocol::Other, label, "What follows can no longer be told apart."));
                }
            }
        }
        if segment.ends
            && let Language::Unclear(held) = &mut direction.language
            && !held.is_empty()
        {
            said.push(shown::unknown("TCP", held));
            held.clear();
        }
        said
    }

    /// Whether nobody has said anything.
    pub fn is_silent(&self) -> bool {
        !self.directions.iter().any(|direction| direction.has_spoken)
    }
}

impl Language {
    fn take(&mut self, data: Bytes, is_client: bool, from: SocketAddr, media: &mut Media, said: &mut Vec<Said>) {
        let goes_on = match self {
            Language::Unclear(held) => {
                held.extend_from_slice(&data);
                if let Some(language) = Language::of(held, is_client) {
                    let held = std::mem::take(held).freeze();
                    *self = language;
                    self.take(held, is_client, from, media, said);
                }
                return;
            }
            Language::Sip(decoder) => sip::stream(decoder, data, from, media, said),
            Language::Rtmp(chunks) => chunks.take(data, said),
            Language::Xmpp(xml) => xml.take(data, said),
            Language::P2p(frames) => frames.take(data, said),
            Language::Http => {
                said.push(http(&data));
                true
            }
            Language::Tls => {
                said.push(tls(&data));
                true
            }
            Language::Bytes => {
                said.push(shown::unknown("TCP", &data));
                true
            }
        };
        if !goes_on {
            *self = Language::Bytes;
        }
    }

    /// What begins so; `None` when more must come first.
    fn of(first: &[u8], is_client: bool) -> Option<Language> {
        // No line begins so, and a long frame is not looked through for one with each of its segments.
        if first.starts_with(&[0]) {
            let is_frame = p2p::is_frame(first)?;
            return Some(if is_frame { Language::P2p(Box::new(Frames::new())) } else { Language::Bytes });
        }
        if sip::starts(first) {
            return Some(Language::Sip(Box::default()));
        }
        if xmpp::is_header(first) {
            return Some(Language::Xmpp(Box::new(Xml::new(first))));
        }
        if is_http(first) {
            return Some(Language::Http);
        }
        match first {
            [3, ..] => return Some(Language::Rtmp(Box::new(Chunks::new(is_client)))),
            [20..=23, 3, ..] => return Some(Language::Tls),
            _ => {}
        }
        // A line may still turn into the first one of a message.
        let is_line = first.iter().all(|&b| b.is_ascii_graphic() || b == b' ');
        if is_line && first.len() < LONGEST_LINE { None } else { Some(Language::Bytes) }
    }
}

impl Default for Language {
    fn default() -> Language {
        Language::Unclear(BytesMut::new())
    }
}

/// Whether a request or response of HTTP begins here.
fn is_http(data: &[u8]) -> bool {
    let line = data.split(|&b| b == b'\r' || b == b'\n').next().unwrap_or_default();
    line.starts_with(b"HTTP/1.") || line.ends_with(b" HTTP/1.1") || line.ends_with(b" HTTP/1.0")
}

/// A message of HTTP by its first line; what comes after it, and WebSocket, in runs.
fn http(data: &[u8]) -> Said {
    let text = shown::text(data);
    if is_http(data) {
        let line = text.lines().next().unwrap_or_default();
        let line = line.trim_end_matches(" HTTP/1.1").trim_start_matches("HTTP/1.1 ");
        let line = line.split('?').next().unwrap_or_default();
        return Said::new(Protocol::Http, format!("HTTP {line}"), text);
    }
    Said::new(Protocol::Http, "HTTP or WebSocket data", shown::hex(data)).media(data.len())
}

fn tls(data: &[u8]) -> Said {
    let label = match data.first() {
        Some(22) => "TLS handshake",
        Some(21) => "TLS alert",
        Some(20) => "TLS change cipher spec",
        _ => "TLS data",
    };
    Said::new(Protocol::Tls, label, shown::hex(data)).media(data.len())
}

/// How long a start line may be before it is taken for something else.
const LONGEST_LINE: usize = 4096;
