//! RTP and RTCP, with the names that descriptions have given to payload types.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::net::SocketAddr;

use bytes::Bytes;
use rfc3550::rtcp::{Compound, Packet};
use rfc3550::{Kind, View};
use rfc3551::PayloadType;
use rfc3551::telephone_event::Report;
use rfc4566::Session;

use super::{Owners, Said, shown};
use crate::ladder::Protocol;

/// What descriptions have said about sockets.
#[derive(Debug, Default)]
pub(super) struct Media {
    /// Who announced a socket for media first.
    pub owners: Owners,
    /// Names of payload types, as the receiver calls them.
    names: BTreeMap<(SocketAddr, u8), String>,
}

impl Media {
    /// `from` sends a description.
    pub fn announced(&mut self, from: SocketAddr, session: &Session) {
        for media in session.media.iter().filter(|media| media.port != 0) {
            let Some(ip) = session.connection(media).and_then(|connection| connection.ip_addr()) else { continue };
            if self.owners.len() >= MOST || self.names.len() >= MOST {
                return;
            }
            let rtp = SocketAddr::new(ip, media.port);
            let rtcp = SocketAddr::new(ip, media.port.saturating_add(1));
            for socket in [rtp, rtcp] {
                self.owners.entry(socket).or_insert(from);
            }
            for number in media.payload_types() {
                if let Some(map) = media.rtpmap(number) {
                    self.names.insert((rtp, number), map.encoding.to_string());
                }
            }
        }
    }

    fn name(&self, to: SocketAddr, number: u8) -> String {
        let fixed =
            || PayloadType::new(number).and_then(PayloadType::encoding).map(|encoding| encoding.name.to_owned());
        self.names.get(&(to, number)).cloned().or_else(fixed).unwrap_or_else(|| format!("type {number}"))
    }
}

/// A datagram, if it is RTP or RTCP.
pub(super) fn datagram(data: &Bytes, to: SocketAddr, media: &Media) -> Option<Said> {
    match Kind::of(data) {
        Kind::Rtp => {
            let view = View::parse(data).ok()?;
            // Noise passes for version 2 now and then; a payload type that nobody has named does not.
            let number = view.payload_type();
            let known =
                media.owners.contains_key(&to) || number >= 96 || PayloadType::new(number)?.encoding().is_some();
            known.then(|| packet(&view, &media.name(to, number)))
        }
        Kind::Rtcp => Compound::parse(data.clone()).ok().map(|compound| control(&compound, data)),
        Kind::Other => None,
    }
}

fn packet(view: &View, name: &str) -> Said {
    let mut label = format!("RTP {name}");
    let mut detail = format!(
        "The first packet of the run\n\nSSRC {:#010x}\npayload type {} ({name})\nsequence number {}\ntimestamp {}\nmarker {}\n",
        view.ssrc(),
        view.payload_type(),
        view.sequence(),
        view.timestamp(),
        view.marker(),
    );
    if name.eq_ignore_ascii_case("telephone-event")
        && let Some(report) = Report::list(view.payload()).next()
    {
        let key = report.event.key().map_or_else(|| format!("event {}", report.event.0), |key| format!("key {key}"));
        label = format!("RTP {name}, {key}");
        let _ = writeln!(detail, "{key}, {} ticks so far", report.duration);
    }
    let _ = write!(detail, "\n{}", shown::hex(view.bytes()));
    Said::new(Protocol::Rtp, label, detail).media(view.bytes().len())
}

fn control(compound: &Compound, data: &Bytes) -> Said {
    let mut names: Vec<&str> = compound.packets.iter().map(kind).collect();
    names.dedup();
    let mut detail = String::new();
    for packet in &compound.packets {
        let _ = writeln!(detail, "{packet:#?}");
    }
    let said =
        Said::new(Protocol::Rtcp, format!("RTCP {}", names.join(", ")), format!("{detail}\n{}", shown::hex(data)));
    said.media(data.len())
}

fn kind(packet: &Packet) -> &'static str {
    match packet {
        Packet::SenderReport(_) => "SR",
        Packet::ReceiverReport(_) => "RR",
        Packet::SourceDescription(_) => "SDES",
        Packet::Goodbye(_) => "BYE",
        Packet::App(_) => "APP",
        Packet::Other(_) => "other",
    }
}

/// Sockets and payload types that are remembered.
const MOST: usize = 4096;
