//! Captures, byte for byte.
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use proptest::prelude::*;
use wire::pcap::{Link, Pcap, Resolution};

const AT: Duration = Duration::new(1_000_000_000, 123_456_789);

fn a() -> SocketAddr {
    "192.0.2.1:5060".parse().unwrap()
}

fn b() -> SocketAddr {
    "198.51.100.2:5070".parse().unwrap()
}

/// The records of a capture: seconds, fraction, packet.
fn records(file: &[u8]) -> Vec<(u32, u32, Vec<u8>)> {
    let word = |at: usize| u32::from_le_bytes(file[at..at + 4].try_into().unwrap());
    let (mut at, mut found) = (24, Vec::new());
    while at < file.len() {
        let length = word(at + 8) as usize;
        assert_eq!(word(at + 8), word(at + 12), "nothing is cut short");
        found.push((word(at), word(at + 4), file[at + 16..at + 16 + length].to_vec()));
        at += 16 + length;
    }
    assert_eq!(at, file.len());
    found
}

fn checksum(parts: &[&[u8]]) -> u16 {
    let bytes = parts.concat();
    let mut sum = 0u32;
    for pair in bytes.chunks(2) {
        sum += u32::from(pair[0]) << 8 | pair.get(1).map_or(0, |&b| u32::from(b));
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}

/// Checks the IP header and the checksum over pseudo header and upper layer; returns protocol and upper layer.
fn check_ip(packet: &[u8]) -> (u8, &[u8]) {
    if packet[0] == 0x45 {
        assert_eq!(checksum(&[&packet[..20]]), 0, "IPv4 header checksum");
        let length = usize::from(u16::from_be_bytes([packet[2], packet[3]]));
        assert_eq!(length, packet.len());
        let upper = &packet[20..];
        let pseudo = [0, packet[9], ((length - 20) >> 8) as u8, (length - 20) as u8];
        assert_eq!(checksum(&[&packet[12..20], &pseudo, upper]), 0, "upper layer's checksum");
        (packet[9], upper)
    } else {
        assert_eq!(packet[0], 0x60);
        let length = usize::from(u16::from_be_bytes([packet[4], packet[5]]));
        assert_eq!(length + 40, packet.len());
        let upper = &packet[40..];
        let pseudo = [packet[4], packet[5], 0, packet[6]];
        assert_eq!(checksum(&[&packet[8..40], &pseudo, upper]), 0, "upper layer's checksum");
        (packet[6], upper)
    }
}

#[test]
fn the_file_header_says_version_link_and_resolution() {
    for (link, resolution, magic, link_type) in [
        (Link::RawIp, Resolution::Nanos, [0x4d, 0x3c, 0xb2, 0xa1], 101),
        (Link::RawIp, Resolution::Micros, [0xd4, 0xc3, 0xb2, 0xa1], 101),
        (Link::Ethernet, Resolution::Micros, [0xd4, 0xc3, 0xb2, 0xa1], 1),
    ] {
        let file = Pcap::with_format(Vec::new(), link, resolution).unwrap().into_inner();
        assert_eq!(file[..4], magic);
        assert_eq!(file[4..16], [2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(file[16..20], 262_144u32.to_le_bytes());
        assert_eq!(file[20..], u32::to_le_bytes(link_type));
    }
}

#[test]
fn a_datagram_over_ipv4_is_known_to_the_byte() {
    let mut pcap = Pcap::new(Vec::new()).unwrap();
    pcap.datagram(AT, a(), b(), b"hi!").unwrap();
    let (seconds, nanos, packet) = records(&pcap.into_inner()).remove(0);
    assert_eq!((seconds, nanos), (1_000_000_000, 123_456_789));
    let mut wanted = vec![0x45, 0, 0, 31, 0, 1, 0, 0, 64, 17, 0, 0, 192, 0, 2, 1, 198, 51, 100, 2];
    let sum = checksum(&[&wanted]);
    wanted[10..12].copy_from_slice(&sum.to_be_bytes());
    wanted.extend([0x13, 0xc4, 0x13, 0xce, 0, 11]);
    assert_eq!(packet[..26], wanted);
    assert_eq!(packet[28..], *b"hi!");
    assert_eq!(check_ip(&packet).0, 17);
}

#[test]
fn microseconds_and_ethernet() {
    let mut pcap = Pcap::with_format(Vec::new(), Link::Ethernet, Resolution::Micros).unwrap();
    pcap.datagram(AT, a(), b(), b"hi").unwrap();
    pcap.datagram(AT, "[2001:db8::1]:1".parse().unwrap(), "[2001:db8::2]:2".parse().unwrap(), b"hi").unwrap();
    let records = records(&pcap.into_inner());
    assert_eq!(records[0].1, 123_456);
    assert_eq!(records[0].2[..14], [2, 0, 198, 51, 100, 2, 2, 0, 192, 0, 2, 1, 8, 0]);
    assert_eq!(records[1].2[..14], [2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x86, 0xdd]);
    records.iter().for_each(|record| assert_eq!(check_ip(&record.2[14..]).0, 17));
}

#[test]
fn families_that_do_not_match_are_both_written_as_ipv6() {
    let mut pcap = Pcap::new(Vec::new()).unwrap();
    pcap.datagram(AT, a(), "[::ffff:198.51.100.2]:5070".parse().unwrap(), b"x").unwrap();
    let packet = records(&pcap.into_inner()).remove(0).2;
    check_ip(&packet);
    assert_eq!(packet[8..24], [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1]);
}

#[test]
fn a_udp_checksum_of_zero_is_written_as_all_ones() {
    let mut seen = false;
    for n in 0..=u16::MAX {
        let mut pcap = Pcap::new(Vec::new()).unwrap();
        pcap.datagram(AT, a(), b(), &n.to_be_bytes()).unwrap();
        let packet = records(&pcap.into_inner()).remove(0).2;
        assert_ne!(packet[26..28], [0, 0], "zero would mean that there is none");
        seen |= packet[26..28] == [0xff, 0xff];
    }
    assert!(seen, "some payload has that sum");
}

#[test]
fn a_datagram_that_no_packet_holds_is_an_error_and_leaves_no_trace() {
    let mut pcap = Pcap::new(Vec::new()).unwrap();
    let error = pcap.datagram(AT, a(), b(), &vec![0; 65_508]).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
    pcap.datagram(AT, a(), b(), &vec![0; 65_507]).unwrap();
    let records = records(&pcap.into_inner());
    assert_eq!((records.len(), records[0].2.len()), (1, 65_535));
}

/// Sequence number, acknowledgement, flags, payload length of a TCP packet.
fn tcp(packet: &[u8]) -> (u32, u32, u8, usize) {
    let (protocol, segment) = check_ip(packet);
    assert_eq!((protocol, segment[12]), (6, 0x50));
    let word = |at: usize| u32::from_be_bytes(segment[at..at + 4].try_into().unwrap());
    (word(4), word(8), segment[13], segment.len() - 20)
}

#[test]
fn a_stream_has_the_numbers_and_flags_of_a_real_one() {
    const FIN: u8 = 1;
    const SYN: u8 = 2;
    const PSH: u8 = 8;
    const ACK: u8 = 16;
    let mut pcap = Pcap::new(Vec::new()).unwrap();
    pcap.connecting(AT, a(), b()).unwrap();
    pcap.connected(AT, a(), b()).unwrap();
    pcap.stream(AT, a(), b(), b"question").unwrap();
    pcap.stream(AT, b(), a(), b"answer").unwrap();
    pcap.finished(AT, b(), a()).unwrap();
    pcap.finished(AT, a(), b()).unwrap();
    let packets: Vec<_> = records(&pcap.into_inner()).iter().map(|r| tcp(&r.2)).collect();
    let first = packets[0].0;
    let relative: Vec<_> = packets.iter().map(|p| (p.0 - first, p.1.saturating_sub(first), p.2, p.3)).collect();
    let wanted = [
        (0, 0, SYN, 0),
        (0, 1, SYN | ACK, 0),
        (1, 1, ACK, 0),
        (1, 1, PSH | ACK, 8),
        (1, 9, PSH | ACK, 6),
        (7, 9, FIN | ACK, 0),
        (9, 8, FIN | ACK, 0),
    ];
    assert_eq!(relative, wanted);
}

#[test]
fn a_long_write_becomes_several_segments() {
    let mut pcap = Pcap::new(Vec::new()).unwrap();
    pcap.stream(AT, a(), b(), &vec![7; 200_000]).unwrap();
    let packets: Vec<_> = records(&pcap.into_inner()).iter().map(|r| tcp(&r.2)).collect();
    assert_eq!(packets.iter().map(|p| p.3).sum::<usize>(), 200_000);
    assert!(packets.windows(2).all(|pair| pair[1].0 == pair[0].0 + pair[0].3 as u32));
}

#[test]
fn the_same_addresses_start_over_after_a_reset_or_both_fins() {
    let mut pcap = Pcap::new(Vec::new()).unwrap();
    pcap.connecting(AT, a(), b()).unwrap();
    pcap.reset(AT, b(), a()).unwrap();
    pcap.connecting(AT, a(), b()).unwrap();
    let packets: Vec<_> = records(&pcap.into_inner()).iter().map(|r| tcp(&r.2)).collect();
    assert_eq!(packets[1].2 & 4, 4, "RST");
    assert_eq!((packets[2].1, packets[2].2), (0, 2));
    assert_ne!(packets[0].0, packets[2].0, "a new initial number");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn every_packet_has_right_checksums(
        data in proptest::collection::vec(any::<u8>(), 0..100),
        v6: bool, from: [u8; 4], to: [u8; 4], ports: (u16, u16),
    ) {
        let mut pcap = Pcap::new(Vec::new()).unwrap();
        let ip = |o: [u8; 4]| if v6 { [0x20, 1, o[0], o[1], 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, o[2], o[3]].into() } else { o.into() };
        let (from, to) = (SocketAddr::new(ip(from), ports.0), SocketAddr::new(ip(to), ports.1));
        pcap.datagram(AT, from, to, &data).unwrap();
        pcap.stream(AT, from, to, &data).unwrap();
        for (_, _, packet) in records(&pcap.into_inner()) {
            check_ip(&packet);
        }
    }
}
