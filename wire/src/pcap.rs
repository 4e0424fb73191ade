//! Writes what machines send into a packet capture that the usual analysers read.
//!
//! Only payloads pass through here, so the headers below them (IP, UDP, TCP, on request Ethernet) are made up: valid,
//! with right checksums, and for streams with the sequence numbers, SYN and FIN that a real connection would show.
//! Format: classic pcap, little endian, the magic number telling the unit of the time stamps.
//!
//! ```
//! use std::time::Duration;
//! use wire::pcap::Pcap;
//!
//! let mut pcap = Pcap::new(Vec::new()).unwrap();
//! let (a, b) = ("192.0.2.1:5060".parse().unwrap(), "192.0.2.2:5060".parse().unwrap());
//! pcap.datagram(Duration::from_secs(1_000_000_000), a, b, b"hello").unwrap();
//! let file = pcap.into_inner();
//! assert_eq!(file.len(), 24 + 16 + 20 + 8 + 5); // file, record, IP and UDP headers, payload
//! assert!(file.ends_with(b"hello"));
//! ```
use std::collections::HashMap;
use std::io::{self, Write};
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::time::Duration;

/// A capture being written to `W`. Times are Unix times, as `Epoch::unix` tells them.
pub struct Pcap<W> {
    out: W,
    link: Link,
    resolution: Resolution,
    flows: HashMap<(SocketAddr, SocketAddr), Flow>,
    next_isn: u32,
    ident: u16,
    record: Vec<u8>,
}

/// What a captured packet starts with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Link {
    /// The IP header (link type 101).
    #[default]
    RawIp,
    /// An Ethernet header (link type 1), with locally administered addresses made of the IP addresses.
    Ethernet,
}

/// The unit of the time stamps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Resolution {
    /// 10^-6 s: every reader knows it.
    Micros,
    /// 10^-9 s: as exact as `Instant`.
    #[default]
    Nanos,
}

/// One stream: its next sequence numbers and which ends have finished, in the order of the key's two addresses.
#[derive(Clone, Copy, Default)]
struct Flow {
    next: [u32; 2],
    finished: [bool; 2],
}

impl<W: Write> Pcap<W> {
    /// Starts a capture of raw IP packets with nanosecond times.
    ///
    /// # Errors
    /// When `out` cannot be written, here as in every method.
    pub fn new(out: W) -> io::Result<Pcap<W>> {
        Pcap::with_format(out, Link::default(), Resolution::default())
    }

    /// Starts a capture in that format.
    ///
    /// # Errors
    /// When `out` cannot be written.
    pub fn with_format(mut out: W, link: Link, resolution: Resolution) -> io::Result<Pcap<W>> {
        let magic: u32 = match resolution {
            Resolution::Micros => 0xa1b2_c3d4,
            Resolution::Nanos => 0xa1b2_3c4d,
        };
        let link_type: u32 = match link {
            Link::RawIp => 101,
            Link::Ethernet => 1,
        };
        let mut header = Vec::with_capacity(24);
        header.extend(magic.to_le_bytes());
        header.extend([2, 0, 4, 0]); // version 2.4
        header.extend([0; 8]); // times are UTC, of unknown accuracy
        header.extend(SNAP_LENGTH.to_le_bytes());
        header.extend(link_type.to_le_bytes());
        out.write_all(&header)?;
        Ok(Pcap { out, link, resolution, flows: HashMap::new(), next_isn: 0, ident: 0, record: Vec::new() })
    }

    /// One UDP datagram.
    ///
    /// # Errors
    /// `InvalidInput` when `data` is longer than the 65,507 bytes that fit into a datagram over IPv4.
    pub fn datagram(&mut self, at: Duration, from: SocketAddr, to: SocketAddr, data: &[u8]) -> io::Result<()> {
        let length = u16::try_from(data.len() + 8).ok().filter(|&n| n <= MAX_IP_PAYLOAD);
        let length = length.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "datagram too long"))?;
        let mut header = [0; 8];
        header[0..2].copy_from_slice(&from.port().to_be_bytes());
        header[2..4].copy_from_slice(&to.port().to_be_bytes());
        header[4..6].copy_from_slice(&length.to_be_bytes());
        self.packet(at, from.ip(), to.ip(), Upper { protocol: UDP, header: &mut header, checksum_at: 6 }, data)
    }

    /// `client` asks `server` for a connection: a SYN.
    ///
    /// # Errors
    /// When the capture cannot be written.
    pub fn connecting(&mut self, at: Duration, client: SocketAddr, server: SocketAddr) -> io::Result<()> {
        if self.flows.len() >= MAX_FLOWS {
            self.flows.clear(); // ends that never closed; those still alive start over at new numbers
        }
        self.next_isn = self.next_isn.wrapping_add(1 << 20);
        self.flows.insert(key(client, server), Flow { next: [self.next_isn; 2], ..Flow::default() });
        self.segment(at, client, server, SYN, &[])
    }

    /// `server` accepted: the two packets that complete the handshake.
    ///
    /// # Errors
    /// When the capture cannot be written.
    pub fn connected(&mut self, at: Duration, client: SocketAddr, server: SocketAddr) -> io::Result<()> {
        self.segment(at, server, client, SYN | ACK, &[])?;
        self.segment(at, client, server, ACK, &[])
    }

    /// The next bytes of the stream from `from` to `to`.
    ///
    /// # Errors
    /// When the capture cannot be written.
    pub fn stream(&mut self, at: Duration, from: SocketAddr, to: SocketAddr, data: &[u8]) -> io::Result<()> {
        data.chunks(MAX_SEGMENT).try_for_each(|piece| self.segment(at, from, to, PSH | ACK, piece))
    }

    /// `from` sends no more: a FIN.
    ///
    /// # Errors
    /// When the capture cannot be written.
    pub fn finished(&mut self, at: Duration, from: SocketAddr, to: SocketAddr) -> io::Result<()> {
        self.segment(at, from, to, FIN | ACK, &[])?;
        let (key, side) = (key(from, to), side(from, to));
        if let Some(flow) = self.flows.get_mut(&key) {
            flow.finished[side] = true;
            if flow.finished == [true, true] {
                self.flows.remove(&key);
            }
        }
        Ok(())
    }

    /// `from` refuses or breaks the connection: a RST.
    ///
    /// # Errors
    /// When the capture cannot be written.
    pub fn reset(&mut self, at: Duration, from: SocketAddr, to: SocketAddr) -> io::Result<()> {
        self.segment(at, from, to, RST | ACK, &[])?;
        self.flows.remove(&key(from, to));
        Ok(())
    }

    /// Hands everything written so far on to the operating system.
    ///
    /// # Errors
    /// When the capture cannot be written.
    pub fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    /// Ends the capture and gives the writer back, unflushed.
    pub fn into_inner(self) -> W {
        self.out
    }

    fn segment(&mut self, at: Duration, from: SocketAddr, to: SocketAddr, flags: u8, data: &[u8]) -> io::Result<()> {
        let side = side(from, to);
        let flow = self.flows.entry(key(from, to)).or_default();
        let (sequence, acknowledged) = (flow.next[side], if flags & ACK == 0 { 0 } else { flow.next[1 - side] });
        let counted = u32::from(flags & (SYN | FIN) != 0);
        flow.next[side] = sequence.wrapping_add(data.len() as u32).wrapping_add(counted);
        let mut header = [0; 20];
        header[0..2].copy_from_slice(&from.port().to_be_bytes());
        header[2..4].copy_from_slice(&to.port().to_be_bytes());
        header[4..8].copy_from_slice(&sequence.to_be_bytes());
        header[8..12].copy_from_slice(&acknowledged.to_be_bytes());
        header[12] = 5 << 4; // header length in words
        header[13] = flags;
        header[14..16].copy_from_slice(&u16::MAX.to_be_bytes()); // window
        self.packet(at, from.ip(), to.ip(), Upper { protocol: TCP, header: &mut header, checksum_at: 16 }, data)
    }

    fn packet(&mut self, at: Duration, from: IpAddr, to: IpAddr, upper: Upper<'_>, data: &[u8]) -> io::Result<()> {
        let addresses = Addresses::of(from, to);
        let length = (upper.header.len() + data.len()) as u16; // the callers' limits keep it in range
        let sum = sum_words(data, sum_words(upper.header, 0));
        let sum = fold(sum + addresses.sum() + u64::from(upper.protocol) + u64::from(length));
        // UDP writes a computed zero as all ones, since zero means that there is no checksum (RFC 768).
        let sum = if sum == 0 && upper.protocol == UDP { u16::MAX } else { sum };
        upper.header[upper.checksum_at..][..2].copy_from_slice(&sum.to_be_bytes());

        self.record.clear();
        self.record.resize(16, 0);
        if self.link == Link::Ethernet {
            addresses.put_ethernet(&mut self.record);
        }
        self.ident = self.ident.wrapping_add(1);
        addresses.put_ip(&mut self.record, upper.protocol, length, self.ident);
        self.record.extend_from_slice(upper.header);
        self.record.extend_from_slice(data);

        let captured = (self.record.len() - 16) as u32;
        let fraction = match self.resolution {
            Resolution::Micros => at.subsec_micros(),
            Resolution::Nanos => at.subsec_nanos(),
        };
        let fields = [at.as_secs() as u32, fraction, captured, captured];
        for (to, field) in self.record.chunks_exact_mut(4).zip(fields) {
            to.copy_from_slice(&field.to_le_bytes());
        }
        self.out.write_all(&self.record)
    }
}

/// A UDP or TCP header whose checksum is still to be filled in.
struct Upper<'a> {
    protocol: u8,
    header: &'a mut [u8],
    checksum_at: usize,
}

/// The two addresses of a packet, of one family.
enum Addresses {
    V4([u8; 4], [u8; 4]),
    V6([u8; 16], [u8; 16]),
}

impl Addresses {
    fn of(from: IpAddr, to: IpAddr) -> Addresses {
        match (from, to) {
            (IpAddr::V4(from), IpAddr::V4(to)) => Addresses::V4(from.octets(), to.octets()),
            (from, to) => Addresses::V6(as_v6(from).octets(), as_v6(to).octets()),
        }
    }

    fn bytes(&self) -> (&[u8], &[u8]) {
        match self {
            Addresses::V4(from, to) => (from, to),
            Addresses::V6(from, to) => (from, to),
        }
    }

    fn sum(&self) -> u64 {
        let (from, to) = self.bytes();
        sum_words(to, sum_words(from, 0))
    }

    fn put_ethernet(&self, out: &mut Vec<u8>) {
        let (from, to) = self.bytes();
        for address in [to, from] {
            out.extend([2, 0]); // locally administered
            out.extend_from_slice(&address[address.len() - 4..]);
        }
        out.extend(match self {
            Addresses::V4(..) => [0x08, 0x00],
            Addresses::V6(..) => [0x86, 0xdd],
        });
    }

    fn put_ip(&self, out: &mut Vec<u8>, protocol: u8, length: u16, ident: u16) {
        match self {
            Addresses::V4(from, to) => {
                let mut header = [0; 20];
                header[0] = 0x45; // version 4, five words
                header[2..4].copy_from_slice(&(length + 20).to_be_bytes());
                header[4..6].copy_from_slice(&ident.to_be_bytes());
                header[8] = HOPS;
                header[9] = protocol;
                header[12..16].copy_from_slice(from);
                header[16..20].copy_from_slice(to);
                let sum = fold(sum_words(&header, 0));
                header[10..12].copy_from_slice(&sum.to_be_bytes());
                out.extend(header);
            }
            Addresses::V6(from, to) => {
                out.extend([0x60, 0, 0, 0]);
                out.extend(length.to_be_bytes());
                out.extend([protocol, HOPS]);
                out.extend_from_slice(from);
                out.extend_from_slice(to);
            }
        }
    }
}

fn as_v6(ip: IpAddr) -> Ipv6Addr {
    match ip {
        IpAddr::V4(ip) => ip.to_ipv6_mapped(),
        IpAddr::V6(ip) => ip,
    }
}

/// Both directions of a stream share one entry.
fn key(a: SocketAddr, b: SocketAddr) -> (SocketAddr, SocketAddr) {
    if a <= b { (a, b) } else { (b, a) }
}

fn side(from: SocketAddr, to: SocketAddr) -> usize {
    usize::from(from > to)
}

/// Adds `data`, taken as 16-bit words in network order and padded with a zero, to `sum`.
fn sum_words(data: &[u8], sum: u64) -> u64 {
    let words = data.chunks_exact(2);
    let odd = words.remainder().first().map_or(0, |&b| u64::from(b) << 8);
    words.fold(sum + odd, |sum, w| sum + u64::from(u16::from_be_bytes([w[0], w[1]])))
}

/// The internet checksum of a sum of words (RFC 1071).
fn fold(mut sum: u64) -> u16 {
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}

const UDP: u8 = 17;
const TCP: u8 = 6;
const FIN: u8 = 1;
const SYN: u8 = 2;
const RST: u8 = 4;
const PSH: u8 = 8;
const ACK: u8 = 16;
const HOPS: u8 = 64;
const SNAP_LENGTH: u32 = 262_144;
/// What IPv4's 16-bit total length leaves after its own 20 bytes; kept for IPv6 too.
const MAX_IP_PAYLOAD: u16 = u16::MAX - 20;
const MAX_SEGMENT: usize = MAX_IP_PAYLOAD as usize - 20;
const MAX_FLOWS: usize = 65_536;
