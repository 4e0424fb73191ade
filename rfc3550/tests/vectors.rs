//! Known bytes and what they mean.

use bytes::Bytes;
use rfc3550::rtcp::{
    self, App, Chunk, Compound, Goodbye, Item, ItemType, ReceiverReport, ReportBlock, SenderInfo, SenderReport,
    SourceDescription,
};
use rfc3550::{Csrcs, EncodeError, Extension, Kind, NtpTime, Packet, ParseError, View};

fn hex(text: &str) -> Bytes {
    let digits: Vec<u8> = text.bytes().filter(|b| !b.is_ascii_whitespace()).collect();
    digits.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

//= rfc3550#4/network-order test
//= rfc3550#5.1/extension test
//= rfc3550#5.1/csrc-count test
//= rfc3550#5.3.1/length test
//= rfc3550#5.3.1/appended test
#[test]
fn a_packet_with_everything() {
    let bytes = hex("9288000c 0000000d 0000000e 0000000f 00000010 00110001 18191a1b 1c1d1e");
    let packet = Packet {
        marker: true,
        payload_type: 8,
        sequence: 12,
        timestamp: 13,
        ssrc: 14,
        csrcs: Csrcs::new(&[15, 16]).unwrap(),
        extension: Some(Extension::new(17, hex("18191a1b")).unwrap()),
        payload: hex("1c1d1e"),
        padding: 0,
    };
    assert_eq!(packet.to_bytes(), bytes);
    assert_eq!(Packet::parse(bytes.clone()).unwrap(), packet);
    let view = View::parse(&bytes).unwrap();
    assert_eq!(view.csrcs().collect::<Vec<_>>(), [15, 16]);
    assert_eq!(view.extension(), Some((17, &[0x18, 0x19, 0x1a, 0x1b][..])));
    assert_eq!(view.payload(), [0x1c, 0x1d, 0x1e]);
}

#[test]
fn an_empty_extension_is_one() {
    let bytes = hex("90000001 00000002 00000003 beef0000 ff");
    let packet = Packet::parse(bytes.clone()).unwrap();
    assert_eq!(packet.extension, Some(Extension::new(0xbeef, Bytes::new()).unwrap()));
    assert_eq!(packet.payload[..], [0xff]);
    assert_eq!(packet.to_bytes(), bytes);
}

//= rfc3550#4/zero-padding test
//= rfc3550#5.1/padding test
#[test]
fn padding_is_counted_and_taken_off() {
    let bytes = hex("a0000001 00000002 00000003 0102 0003 03");
    let packet = Packet::parse(hex("a0000001 00000002 00000003 0102 000003")).unwrap();
    assert_eq!((&packet.payload[..], packet.padding), (&[1, 2][..], 3));
    assert_eq!(packet.to_bytes(), hex("a0000001 00000002 00000003 0102 000003"));
    assert_eq!(View::parse(&bytes).unwrap().padding(), 3);
    // The whole payload may be padding; the header may not.
    assert_eq!(Packet::parse(hex("a0000001 00000002 00000003 000003")).unwrap().payload.len(), 0);
    for bad in ["a0000001 00000002 00000003 000004", "a0000001 00000002 00000003 000000", "a0000001 00000002 00000003"]
    {
        assert_eq!(Packet::parse(hex(bad)), Err(ParseError::Padding), "{bad}");
    }
}

//= rfc3550#5.1/version test
//= rfc3550#A.1/header-checks test
//= rfc3550#12/reserved-types test
#[test]
fn what_is_no_packet() {
    let cases = [
        ("8080808080808080808080", ParseError::Truncated),
        ("400000000000000000000000", ParseError::Version(1)),
        ("000000000000000000000000", ParseError::Version(0)),
        ("c00000000000000000000000", ParseError::Version(3)),
        ("80c800000000000000000000", ParseError::ReservedPayloadType),
        ("80c900000000000000000000", ParseError::ReservedPayloadType),
        ("810000000000000000000000", ParseError::Truncated),
        ("900000000000000000000000", ParseError::Truncated),
        ("900000000000000000000000 00000001", ParseError::Truncated),
        ("9f0000000000000000000000 00000001", ParseError::Truncated),
    ];
    for (bytes, error) in cases {
        assert_eq!(Packet::parse(hex(bytes)), Err(error), "{bytes}");
        assert_eq!(View::parse(&hex(bytes)), Err(error), "{bytes}");
    }
    assert!(Packet::parse(hex("804800000000000000000000")).is_ok(), "type 72 without marker is no report");
}

fn compound() -> Compound {
    let block = |n: u32| ReportBlock {
        ssrc: n,
        fraction_lost: n as u8 + 1,
        lost: n as i32 + 2,
        highest: n + 3,
        jitter: n + 4,
        last_sr: n + 5,
        delay_since_last_sr: n + 6,
    };
    let item = |kind, text| Item::text(kind, text);
    let chunks = vec![
        Chunk {
            ssrc: 1,
            items: vec![
                item(ItemType::Cname, "kundan@example.net"),
                item(ItemType::Name, "Kundan Singh"),
                item(ItemType::Email, "kundan@example.net"),
                item(ItemType::Phone, "9176216392"),
            ],
        },
        Chunk::cname(2, "sanjayc77@example.net"),
    ];
    let ntp = NtpTime::from_unix(std::time::Duration::from_secs(2));
    let info = SenderInfo { ntp, rtp: 3, packets: 4, octets: 5 };
    let reports = vec![block(1), block(8)];
    Compound {
        packets: vec![
            rtcp::Packet::SenderReport(SenderReport { ssrc: 1, info, ..SenderReport::default() }),
            rtcp::Packet::ReceiverReport(ReceiverReport { ssrc: 1, reports, extension: Bytes::new() }),
            rtcp::Packet::SourceDescription(SourceDescription { chunks }),
            rtcp::Packet::Goodbye(Goodbye { sources: vec![1, 2, 3], reason: Some("disconnecting".into()) }),
        ],
        padding: 0,
    }
}

//= rfc3550#6.4.1/length test
//= rfc3550#6.5/padding test
//= rfc3550#6.5/terminator test
//= rfc3550#6.6/reason-padding test
#[test]
fn a_compound_with_everything() {
    let bytes = hex(concat!(
        "80c80006 00000001 83aa7e82 00000000 00000003 00000004 00000005",
        "82c9000d 00000001 00000001 02000003 00000004 00000005 00000006 00000007",
        "00000008 0900000a 0000000b 0000000c 0000000d 0000000e",
        "82ca0019 00000001 0112 6b756e64616e406578616d706c652e6e6574 020c 4b756e64616e2053696e6768",
        "0312 6b756e64616e406578616d706c652e6e6574 040a 39313736323136333932 0000",
        "00000002 0115 73616e6a6179633737406578616d706c652e6e6574 00",
        "83cb0007 00000001 00000002 00000003 0d 646973636f6e6e656374696e67 0000",
    ));
    assert_eq!(compound().to_bytes().unwrap(), bytes);
    assert_eq!(Compound::parse(bytes).unwrap(), compound());
}

#[test]
fn reasons_and_items_end_on_words() {
    for len in 0..=12 {
        let text = "x".repeat(len);
        let reason = Some(Bytes::from(text.clone()));
        let packets = vec![
            rtcp::Packet::ReceiverReport(ReceiverReport::default()),
            rtcp::Packet::SourceDescription(SourceDescription { chunks: vec![Chunk::cname(7, &text)] }),
            rtcp::Packet::Goodbye(Goodbye { sources: vec![7], reason }),
        ];
        let compound = Compound { packets, padding: 0 };
        let bytes = compound.to_bytes().unwrap();
        let sdes = 4 + 4 + (2 + len + 1).next_multiple_of(4);
        let bye = 4 + 4 + (1 + len).next_multiple_of(4);
        assert_eq!(bytes.len(), 8 + sdes + bye, "{len}");
        assert_eq!(Compound::parse(bytes).unwrap(), compound, "{len}");
    }
    let empty = Chunk { ssrc: 1, items: vec![] };
    let packets = vec![
        rtcp::Packet::ReceiverReport(ReceiverReport::default()),
        rtcp::Packet::SourceDescription(SourceDescription { chunks: vec![empty] }),
    ];
    let bytes = Compound { packets, padding: 0 }.to_bytes().unwrap();
    assert_eq!(bytes[8..], hex("81ca0002 00000001 00000000")[..], "four zeros end a chunk without items");
}

//= rfc3550#6.4.1/padding-last test
#[test]
fn compound_padding_is_in_the_last_packet() {
    let mut compound = compound();
    compound.padding = 8;
    let bytes = compound.to_bytes().unwrap();
    assert_eq!(bytes[bytes.len() - 1], 8);
    assert_eq!(Compound::parse(bytes.clone()).unwrap(), compound);
    let mut elsewhere = bytes.to_vec();
    elsewhere[28] |= 0x20; // the receiver report, which is not the last
    assert_eq!(Compound::parse(elsewhere.into()), Err(ParseError::PaddingNotLast));
}

//= rfc3550#6.1/first-is-report test
//= rfc3550#A.2/header-checks test
//= rfc3550#6.1/unknown-type test
#[test]
fn what_is_no_compound() {
    let rr = "80c90001 00000001";
    let cases = [
        ("80c7 0000".to_owned(), ParseError::FirstNotReport(199)),
        ("80ca 0000".to_owned(), ParseError::FirstNotReport(202)),
        (String::new(), ParseError::Truncated),
        ("a0c90001 00000001".to_owned(), ParseError::PaddingNotLast),
        ("40c90001 00000001".to_owned(), ParseError::Version(1)),
        ("80c90002 00000001".to_owned(), ParseError::Length),
        (format!("{rr} 00ca0000"), ParseError::Version(0)),
        (format!("{rr} 80ca"), ParseError::Truncated),
        ("81c90001 00000001".to_owned(), ParseError::Count),
        ("80c80001 00000001".to_owned(), ParseError::Truncated),
        (format!("{rr} 81ca0000"), ParseError::Count),
        (format!("{rr} 81ca0002 00000001 01ff6162"), ParseError::Item),
        (format!("{rr} 81ca0002 00000001 01026162"), ParseError::Item), // no zero at the end
        (format!("{rr} 82cb0001 00000001"), ParseError::Count),
        (format!("{rr} 81cb0002 00000001 04616263"), ParseError::Item),
        (format!("{rr} 80cc0001 00000001"), ParseError::Truncated),
        (format!("{rr} a0cc0003 00000001 61626364 00000000"), ParseError::Padding),
        (format!("{rr} a0cc0003 00000001 61626364 00000005"), ParseError::Padding),
        (format!("{rr} a0cc0003 00000001 61626364 00000010"), ParseError::Padding),
        (rr.repeat(65), ParseError::TooManyPackets),
    ];
    for (bytes, error) in cases {
        assert_eq!(Compound::parse(hex(&bytes)), Err(error), "{bytes}");
    }
    let unknown = hex(&format!("{rr} 85cf0001 deadbeef"));
    let parsed = Compound::parse(unknown.clone()).unwrap();
    assert!(matches!(&parsed.packets[1], rtcp::Packet::Other(o) if o.packet_type == 207 && o.count == 5));
    assert_eq!(parsed.to_bytes().unwrap(), unknown);
}

//= rfc3550#6.7/aligned test
#[test]
fn what_cannot_be_written() {
    let too = |packet| Compound { packets: vec![packet], padding: 0 }.to_bytes();
    let app = |data: &'static [u8], subtype| {
        rtcp::Packet::App(App { subtype, ssrc: 1, name: *b"test", data: Bytes::from_static(data) })
    };
    assert_eq!(too(app(b"123", 0)), Err(EncodeError::Unaligned));
    assert_eq!(too(app(b"1234", 32)), Err(EncodeError::TooMany));
    assert_eq!(too(app(b"1234", 31)).unwrap(), hex("9fcc0003 00000001 74657374 31323334"));
    let long = Some(Bytes::from(vec![b'x'; 256]));
    assert_eq!(too(rtcp::Packet::Goodbye(Goodbye { sources: vec![1], reason: long })), Err(EncodeError::TextTooLong));
    let many = Goodbye { sources: vec![1; 32], reason: None };
    assert_eq!(too(rtcp::Packet::Goodbye(many)), Err(EncodeError::TooMany));
    let blocks = ReceiverReport { reports: vec![ReportBlock::default(); 32], ..ReceiverReport::default() };
    assert_eq!(too(rtcp::Packet::ReceiverReport(blocks)), Err(EncodeError::TooMany));
    let huge = App { data: Bytes::from(vec![0; 4 * 65_536]), ..App::default() };
    assert_eq!(too(rtcp::Packet::App(huge)), Err(EncodeError::TooLong));
}

//= rfc3550#A.3/clamp test
#[test]
fn losses_beyond_24_bits_are_clamped() {
    for (lost, wire) in [(i32::MAX, 0x7f_ffff), (i32::MIN, -0x80_0000), (-1, -1), (5, 5)] {
        let block = ReportBlock { lost, ..ReportBlock::default() };
        let report = ReceiverReport { reports: vec![block], ..ReceiverReport::default() };
        let packets = vec![rtcp::Packet::ReceiverReport(report)];
        let bytes = Compound { packets, padding: 0 }.to_bytes().unwrap();
        let parsed = Compound::parse(bytes).unwrap();
        assert!(matches!(&parsed.packets[0], rtcp::Packet::ReceiverReport(r) if r.reports[0].lost == wire));
    }
}

//= rfc3550#4/ntp test
#[test]
fn ntp_times() {
    use std::time::Duration;
    assert_eq!(NtpTime(2_208_988_810 << 32 | 1 << 31).to_unix(), Duration::from_millis(10_500));
    assert_eq!(NtpTime::from_unix(Duration::from_millis(500)).0, 2_208_988_800 << 32 | 1 << 31);
    for nanos in [0, 1, 999_999_999, 123_456_789] {
        let time = Duration::new(1_700_000_000, nanos);
        assert_eq!(NtpTime::from_unix(time).to_unix(), time);
    }
    // Beyond 2036 the seconds wrap; the difference to 1970 still comes out right for another 34 years.
    let late = Duration::from_secs(2_208_988_800);
    assert_eq!(NtpTime::from_unix(late).to_unix(), late);
}

//= rfc3550#6.4.1/rtt test
#[test]
fn round_trips() {
    let block = |last_sr, delay_since_last_sr| ReportBlock { last_sr, delay_since_last_sr, ..ReportBlock::default() };
    let now = NtpTime(0x1234_5678_0000_0000); // middle: 0x56780000
    assert_eq!(block(0, 0).round_trip(now), None, "no sender report heard");
    assert_eq!(block(0x5677_0000, 0x8000).round_trip(now).unwrap().as_millis(), 500);
    assert_eq!(block(0x5677_0000, 0x1_0001).round_trip(now).unwrap().as_millis(), 0, "rounding on both ends");
    assert_eq!(block(0x5677_0000, 0x2_0000).round_trip(now), None, "held longer than it was away");
    assert_eq!(block(0xffff_0000, 0).round_trip(NtpTime(0)).unwrap().as_secs(), 1, "over the wrap");
}

//= rfc5761#4/range test
#[test]
fn one_port_for_both() {
    for second in 0..=255u8 {
        let expected = if (192..=223).contains(&second) { Kind::Rtcp } else { Kind::Rtp };
        assert_eq!(Kind::of(&[0x80, second]), expected);
        assert_eq!(Kind::of(&[0x40, second]), Kind::Other);
    }
    assert_eq!(Kind::of(&[0x80]), Kind::Other);
    assert!((0..=255).filter(|pt| Kind::allows(*pt)).eq((0..64).chain(96..128)));
}
