//! Packets out of a capture: classic pcap and pcapng, whatever they begin with.

use std::io::Read;
use std::net::{IpAddr, SocketAddr};
use std::ops::ControlFlow;
use std::time::Duration;

use bytes::Bytes;
use etherparse::{EtherType, LaxNetSlice, LaxSlicedPacket, TransportSlice};
use pcap_parser::{Block, Linktype, PcapBlockOwned, PcapError, create_reader};

use super::Error;

/// One datagram, or one segment of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet {
    /// When, since 1970.
    pub at: Duration,
    /// Who sent it.
    pub from: SocketAddr,
    /// To whom.
    pub to: SocketAddr,
    /// What it carries.
    pub carried: Carried,
}

/// What a packet carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Carried {
    /// A UDP datagram.
    Datagram(Bytes),
    /// A TCP segment.
    Segment {
        /// Place of the first byte in the stream, modulo 2^32; of the SYN, if there is one.
        sequence: u32,
        /// It begins a direction of a connection.
        syn: bool,
        /// It ends one.
        fin: bool,
        /// It breaks a connection, or refuses it.
        rst: bool,
        /// The bytes.
        data: Bytes,
    },
}

/// What could not be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Skipped {
    /// Packets that are neither UDP nor TCP over IP, or whose headers are broken.
    pub foreign: u64,
    /// Pieces of datagrams too long for one packet.
    pub fragments: u64,
    /// Packets that the capture holds only the beginning of.
    pub cut: u64,
    /// Why reading ended before the end of the file.
    pub ended: Option<&'static str>,
}

/// Gives every packet of a capture to `each`, until that has enough.
///
/// # Errors
/// When `input` is no capture. One that breaks off is read as far as it goes.
pub fn read(input: impl Read + Send, mut each: impl FnMut(Packet) -> ControlFlow<()>) -> Result<Skipped, Error> {
    let mut reader = create_reader(BUFFER, Whole(input)).map_err(|error| match error {
        PcapError::Eof => Error::Empty,
        PcapError::ReadError => Error::Unreadable,
        _ => Error::NoCapture,
    })?;
    let mut file = File::default();
    let mut skipped = Skipped::default();
    let mut starved = false;
    loop {
        let (length, record) = match reader.next() {
            Ok((length, block)) => (length, file.record(block)),
            Err(PcapError::Eof) => return Ok(skipped),
            Err(PcapError::Incomplete(_)) if !starved => {
                let before = reader.data().len();
                if reader.refill().is_err() {
                    return Err(Error::Unreadable);
                }
                starved = reader.data().len() == before;
                continue;
            }
            Err(error) => {
                skipped.ended = Some(match error {
                    PcapError::BufferTooSmall => "a packet is longer than 1 MiB",
                    PcapError::Incomplete(_) | PcapError::UnexpectedEof => "the file ends in the middle of a packet",
                    _ => "what follows is no packet",
                });
                return Ok(skipped);
            }
        };
        starved = false;
        if let Some(record) = record
            && let Some(packet) = record.packet(&mut skipped)
            && each(packet).is_break()
        {
            return Ok(skipped);
        }
        // A block of no length would be read for ever.
        if length == 0 {
            skipped.ended = Some("what follows is no packet");
            return Ok(skipped);
        }
        reader.consume(length);
    }
}

/// Fills the buffer of each read, since the reader of captures judges by the first one.
struct Whole<R>(R);

impl<R: Read> Read for Whole<R> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let mut filled = 0;
        while filled < out.len() {
            match self.0.read(&mut out[filled..]) {
                Ok(0) => break,
                Ok(n) => filled += n,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(filled)
    }
}

/// What the headers of the file have said.
#[derive(Default)]
struct File {
    link: Linktype,
    nanos: bool,
    interfaces: Vec<Interface>,
}

#[derive(Clone, Copy)]
struct Interface {
    link: Linktype,
    /// Units of time in a second.
    resolution: u64,
    offset: i64,
}

/// One packet as it was captured, from its link header on.
struct Record {
    at: Duration,
    link: Linktype,
    data: Bytes,
    is_cut: bool,
}

impl File {
    fn record(&mut self, block: PcapBlockOwned<'_>) -> Option<Record> {
        match block {
            PcapBlockOwned::LegacyHeader(header) => {
                (self.link, self.nanos) = (header.network, header.is_nanosecond_precision());
                None
            }
            PcapBlockOwned::Legacy(packet) => {
                let unit = if self.nanos { 1 } else { 1000 };
                let at = Duration::from_secs(packet.ts_sec.into())
                    + Duration::from_nanos(u64::from(packet.ts_usec).saturating_mul(unit));
                let is_cut = packet.caplen < packet.origlen;
                Some(Record { at, link: self.link, data: Bytes::copy_from_slice(packet.data), is_cut })
            }
            PcapBlockOwned::NG(Block::SectionHeader(_)) => {
                self.interfaces.clear();
                None
            }
            PcapBlockOwned::NG(Block::InterfaceDescription(described)) => {
                if self.interfaces.len() < MAX_INTERFACES {
                    let resolution = described.ts_resolution().filter(|&n| n > 0).unwrap_or(1_000_000);
                    let offset = described.ts_offset();
                    self.interfaces.push(Interface { link: described.linktype, resolution, offset });
                }
                None
            }
            PcapBlockOwned::NG(Block::EnhancedPacket(packet)) => {
                let interface = *self.interfaces.get(packet.if_id as usize)?;
                let units = u64::from(packet.ts_high) << 32 | u64::from(packet.ts_low);
                let length = packet.data.len().min(packet.caplen as usize);
                let is_cut = packet.caplen < packet.origlen;
                let data = Bytes::copy_from_slice(&packet.data[..length]);
                Some(Record { at: interface.time(units), link: interface.link, data, is_cut })
            }
            PcapBlockOwned::NG(Block::SimplePacket(packet)) => {
                let link = self.interfaces.first()?.link;
                let length = packet.data.len().min(packet.origlen as usize);
                let data = Bytes::copy_from_slice(&packet.data[..length]);
                Some(Record { at: Duration::ZERO, link, data, is_cut: length < packet.origlen as usize })
            }
            PcapBlockOwned::NG(_) => None,
        }
    }
}

impl Interface {
    fn time(&self, units: u64) -> Duration {
        let (seconds, rest) = (units / self.resolution, units % self.resolution);
        let nanos = u128::from(rest) * 1_000_000_000 / u128::from(self.resolution);
        Duration::new(seconds.saturating_add_signed(self.offset).min(u64::from(u32::MAX) << 4), nanos as u32)
    }
}

impl Record {
    fn packet(self, skipped: &mut Skipped) -> Option<Packet> {
        let Some(sliced) = slice(self.link, &self.data) else {
            skipped.foreign += 1;
            return None;
        };
        let (from, to, is_fragment) = match &sliced.net {
            Some(LaxNetSlice::Ipv4(ip)) => (
                IpAddr::V4(ip.header().source_addr()),
                IpAddr::V4(ip.header().destination_addr()),
                ip.is_payload_fragmented(),
            ),
            Some(LaxNetSlice::Ipv6(ip)) => (
                IpAddr::V6(ip.header().source_addr()),
                IpAddr::V6(ip.header().destination_addr()),
                ip.is_payload_fragmented(),
            ),
            _ => {
                skipped.foreign += 1;
                return None;
            }
        };
        if is_fragment {
            skipped.fragments += 1;
            return None;
        }
        let (ports, carried) = match &sliced.transport {
            Some(TransportSlice::Udp(udp)) => {
                let data = self.data.slice_ref(udp.payload());
                ((udp.source_port(), udp.destination_port()), Carried::Datagram(data))
            }
            Some(TransportSlice::Tcp(tcp)) => {
                let data = self.data.slice_ref(tcp.payload());
                let (syn, fin, rst) = (tcp.syn(), tcp.fin(), tcp.rst());
                let carried = Carried::Segment { sequence: tcp.sequence_number(), syn, fin, rst, data };
                ((tcp.source_port(), tcp.destination_port()), carried)
            }
            _ => {
                skipped.foreign += 1;
                return None;
            }
        };
        skipped.cut += u64::from(self.is_cut);
        let (from, to) = (SocketAddr::new(from, ports.0), SocketAddr::new(to, ports.1));
        Some(Packet { at: self.at, from, to, carried })
    }
}

/// The layers of a packet that begins as `link` says.
fn slice(link: Linktype, data: &[u8]) -> Option<LaxSlicedPacket<'_>> {
    let typed = |at: usize, header: usize| {
        let kind = data.get(at..at + 2)?;
        Some(LaxSlicedPacket::from_ether_type(EtherType(u16::from_be_bytes([kind[0], kind[1]])), data.get(header..)?))
    };
    match link {
        Linktype::ETHERNET => LaxSlicedPacket::from_ethernet(data).ok(),
        Linktype::RAW | Linktype::IPV4 | Linktype::IPV6 | Linktype(12 | 14) => LaxSlicedPacket::from_ip(data).ok(),
        Linktype::NULL | Linktype::LOOP => LaxSlicedPacket::from_ip(data.get(4..)?).ok(),
        Linktype::LINUX_SLL => typed(14, 16),
        Linktype::LINUX_SLL2 => typed(0, 20),
        _ => None,
    }
}

/// The longest block that is read, in bytes.
const BUFFER: usize = 1 << 20;
/// Interfaces of one section.
const MAX_INTERFACES: usize = 1024;
