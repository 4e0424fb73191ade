//! What packets say: streams put together, protocols told apart, one message a [`Seen`].

mod p2p;
mod rtmp;
mod rtp;
mod shown;
mod sip;
mod stream;
mod xmpp;

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::ops::ControlFlow;
use std::time::Duration;

use bytes::Bytes;

use super::capture::{Carried, Packet};
use super::{AGAIN, Limits, Protocol, Run};
use rtp::Media;
use stream::{Connection, Segment};

/// Which socket has announced another one as its own.
pub(super) type Owners = BTreeMap<SocketAddr, SocketAddr>;

/// An arrow between sockets.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub at: Duration,
    pub from: SocketAddr,
    pub to: SocketAddr,
    pub protocol: Protocol,
    pub label: String,
    pub run: Option<Run>,
    pub detail: String,
}

/// What a dissector makes of one message.
#[derive(Clone, Debug)]
struct Said {
    protocol: Protocol,
    label: String,
    detail: String,
    /// Bytes of a packet of media: neighbours with the same label become one arrow.
    media: Option<u64>,
}

/// Takes packets, and gives what they say.
pub(super) struct Dissector {
    limits: Limits,
    start: Option<Duration>,
    seen: Vec<Seen>,
    details: usize,
    full: bool,
    /// Arrows that packets of the same kind can still join.
    runs: BTreeMap<(SocketAddr, SocketAddr, String), usize>,
    connections: BTreeMap<(SocketAddr, SocketAddr), Connection>,
    /// Connections from the oldest on.
    order: VecDeque<(SocketAddr, SocketAddr)>,
    /// Hashes of the latest datagrams, to know repetitions.
    latest: VecDeque<u64>,
    media: Media,
}

impl Dissector {
    pub fn new(limits: Limits) -> Dissector {
        Dissector {
            limits,
            start: None,
            seen: Vec::new(),
            details: 0,
            full: false,
            runs: BTreeMap::new(),
            connections: BTreeMap::new(),
            order: VecDeque::new(),
            latest: VecDeque::new(),
            media: Media::default(),
        }
    }

    /// Takes the next packet; breaks when there are arrows enough.
    pub fn packet(&mut self, packet: Packet) -> ControlFlow<()> {
        let start = *self.start.get_or_insert(packet.at);
        let at = packet.at.saturating_sub(start);
        let (from, to) = (packet.from, packet.to);
        match packet.carried {
            Carried::Datagram(data) => self.datagram(at, from, to, data),
            Carried::Segment { sequence, syn, fin, rst, data } => {
                let key = if from <= to { (from, to) } else { (to, from) };
                self.make_room(key);
                let connection = self.connections.entry(key).or_default();
                let segment = Segment { second: from > to, sequence, syn, ends: fin || rst, data };
                let mut said = connection.segment(segment, from, &mut self.media);
                if rst {
                    let label = if connection.is_silent() { "connection refused" } else { "connection reset" };
                    said.push(Said::new(Protocol::Other, label, "A TCP segment with RST.".to_owned()));
                    self.connections.remove(&key);
                }
                for said in said {
                    self.tell(at, from, to, said);
                }
            }
        }
        if self.full { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    /// All that was said, whose the media sockets are, and whether there was more.
    pub fn finish(self) -> (Vec<Seen>, Owners, bool) {
        (self.seen, self.media.owners, self.full)
    }

    /// Forgets the oldest connection when a new one would be too many.
    fn make_room(&mut self, key: (SocketAddr, SocketAddr)) {
        if self.connections.contains_key(&key) {
            return;
        }
        while self.connections.len() >= self.limits.connections.max(1) {
            let Some(oldest) = self.order.pop_front() else { break };
            self.connections.remove(&oldest);
        }
        self.order.push_back(key);
        if self.order.len() > 4 * self.limits.connections.max(1) {
            self.order.retain(|key| self.connections.contains_key(key)); // those that were reset
            self.order.push_back(key);
        }
    }

    fn datagram(&mut self, at: Duration, from: SocketAddr, to: SocketAddr, data: Bytes) {
        let mut said = if let Some(said) = sip::datagram(&data, from, &mut self.media) {
            said
        } else if let Some(said) = rtp::datagram(&data, to, &self.media) {
            said
        } else if let Some(said) = stun(&data) {
            said
        } else {
            shown::unknown("UDP", &data)
        };
        if said.media.is_none() && self.is_repeated(from, to, &data) {
            said.label.push_str(AGAIN);
        }
        self.tell(at, from, to, said);
    }

    fn is_repeated(&mut self, from: SocketAddr, to: SocketAddr, data: &Bytes) -> bool {
        use std::hash::{DefaultHasher, Hash, Hasher};
        let mut hasher = DefaultHasher::new();
        (from, to, data).hash(&mut hasher);
        let hash = hasher.finish();
        if self.latest.contains(&hash) {
            return true;
        }
        if self.latest.len() == REMEMBERED {
            self.latest.pop_front();
        }
        self.latest.push_back(hash);
        false
    }

    fn tell(&mut self, at: Duration, from: SocketAddr, to: SocketAddr, said: Said) {
        let Said { protocol, label, mut detail, media } = said;
        let mut run = None;
        if let Some(bytes) = media {
            let key = (from, to, label.clone());
            let open = self.runs.get(&key).and_then(|&index| self.seen.get_mut(index));
            if let Some(Seen { at: begun, run: Some(run), .. }) = open {
                run.packets += 1;
                run.bytes += bytes;
                run.lasts = at.saturating_sub(*begun);
                return;
            }
            self.runs.insert(key, self.seen.len());
            run = Some(Run { packets: 1, bytes, lasts: Duration::ZERO });
        } else {
            self.runs.clear();
        }
        if self.seen.len() >= self.limits.arrows {
            self.full = true;
            return;
        }
        shown::shorten(&mut detail, self.limits.detail.min(self.limits.details.saturating_sub(self.details)));
        self.details += detail.len();
        self.seen.push(Seen { at, from, to, protocol, label, run, detail });
    }
}

impl Said {
    fn new(protocol: Protocol, label: impl Into<String>, detail: impl Into<String>) -> Said {
        let mut label: String = label.into();
        label.retain(|c| !c.is_control() && !matches!(c, '\u{fffe}' | '\u{ffff}')); // no picture may hold them
        if label.chars().count() > LONGEST {
            label = label.chars().take(LONGEST - 1).chain(['\u{2026}']).collect();
        }
        // A segment of many messages is held as a whole before limits apply.
        let mut detail: String = detail.into();
        shown::shorten(&mut detail, shown::MOST);
        Said { protocol, label, detail, media: None }
    }

    fn media(self, bytes: usize) -> Said {
        Said { media: Some(bytes as u64), ..self }
    }
}

/// STUN by its cookie (RFC 8489, 5).
fn stun(data: &Bytes) -> Option<Said> {
    let header = data.first_chunk::<20>()?;
    if header[0] & 0xc0 != 0 || header[4..8] != [0x21, 0x12, 0xa4, 0x42] {
        return None;
    }
    let kind = u16::from_be_bytes([header[0], header[1]]);
    let class = match (kind & 0x0100 != 0, kind & 0x0010 != 0) {
        (false, false) => "request",
        (false, true) => "indication",
        (true, false) => "success",
        (true, true) => "error",
    };
    let method = match kind & 0x3eef {
        1 => "Binding".to_owned(),
        3 => "Allocate".to_owned(),
        4 => "Refresh".to_owned(),
        6 => "Send".to_owned(),
        7 => "Data".to_owned(),
        8 => "CreatePermission".to_owned(),
        9 => "ChannelBind".to_owned(),
        other => format!("method {other:#x}"),
    };
    Some(Said::new(Protocol::Stun, format!("STUN {method} {class}"), shown::hex(data)))
}

/// Datagrams that may come again.
const REMEMBERED: usize = 256;
/// Characters of a label.
const LONGEST: usize = 90;
