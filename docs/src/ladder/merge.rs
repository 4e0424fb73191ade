//! One capture out of those that several programs wrote of one run.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::SocketAddr;
use std::ops::ControlFlow;
use std::time::Duration;

use bytes::Bytes;
use wire::pcap::Pcap;

use super::Error;
use super::capture::{self, Carried, Packet};

/// Puts captures together: a datagram that several of them saw is there once, and a connection as the first of them saw it.
/// What `keep` refuses is left out. Times begin in 2026, so that the same run at another time differs less.
///
/// # Errors
/// When one of them is no capture.
pub fn merge(captures: &[Vec<u8>], mut keep: impl FnMut(&Packet) -> bool) -> Result<Vec<u8>, Error> {
    let mut all: Vec<Packet> = Vec::new();
    let mut datagrams: BTreeMap<(SocketAddr, SocketAddr, Bytes), usize> = BTreeMap::new();
    let mut connections = BTreeSet::new();
    for file in captures {
        let mut seen: BTreeMap<(SocketAddr, SocketAddr, Bytes), usize> = BTreeMap::new();
        let mut opened = BTreeSet::new();
        capture::read(&file[..], |packet| {
            let is_new = match &packet.carried {
                Carried::Datagram(data) => {
                    let key = (packet.from, packet.to, data.clone());
                    let here = seen.entry(key.clone()).or_default();
                    *here += 1;
                    let before = datagrams.entry(key).or_default();
                    let is_new = *here > *before;
                    *before = (*before).max(*here);
                    is_new
                }
                Carried::Segment { .. } => {
                    let key = (packet.from.min(packet.to), packet.from.max(packet.to));
                    opened.insert(key);
                    !connections.contains(&key)
                }
            };
            if is_new {
                all.push(packet);
            }
            ControlFlow::Continue(())
        })?;
        connections.extend(opened);
    }
    all.sort_by_key(|packet| packet.at); // those of one moment stay as they were
    all.retain(|packet| keep(packet));
    write(&all).map_err(|_| Error::Unreadable)
}

fn write(packets: &[Packet]) -> io::Result<Vec<u8>> {
    let mut pcap = Pcap::new(Vec::new())?;
    let start = packets.first().map_or(Duration::ZERO, |packet| packet.at);
    let mut asked = BTreeSet::new();
    for Packet { at, from, to, carried } in packets {
        let (at, from, to) = (EPOCH + at.saturating_sub(start), *from, *to);
        match carried {
            Carried::Datagram(data) => pcap.datagram(at, from, to, data)?,
            Carried::Segment { syn: true, .. } if asked.remove(&(to, from)) => pcap.connected(at, to, from)?,
            Carried::Segment { syn: true, .. } => {
                asked.insert((from, to));
                pcap.connecting(at, from, to)?;
            }
            Carried::Segment { rst: true, .. } => pcap.reset(at, from, to)?,
            Carried::Segment { data, fin, .. } => {
                if !data.is_empty() {
                    pcap.stream(at, from, to, data)?;
                }
                if *fin {
                    pcap.finished(at, from, to)?;
                }
            }
        }
    }
    Ok(pcap.into_inner())
}

/// The first of January 2026.
const EPOCH: Duration = Duration::from_secs(1_767_225_600);
