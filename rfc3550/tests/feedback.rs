//! Requests for key frames: what they look like, and how they travel.

use bytes::Bytes;
use rfc3550::rtcp::{Compound, ItemType, KeyFrameRequest, Other, Packet, ReceiverReport, SourceDescription};
use rfc3550::{Config, Event, Session};
use wire::{Input, Instant, Machine, Output, Rng, Transmit, drain};

//= rfc4585#6.1/payload-type test
//= rfc4585#6.3.1.2/no-parameters test
//= rfc4585#6.3.1.2/length test
//= rfc4585#6.3.1/one test
//= rfc4585#6.1/at-least-one test
//= rfc4585#6.1/same-type test
//= rfc4585#6.1/several-types test
//= rfc5104#4.3.1/fci test
//= rfc5104#4.3.1.1/length test
//= rfc5104#4.3.1.1/number test
//= rfc5104#4.3.1.1/repeated test
//= rfc5104#4.3.1.1/reserved test
//= rfc5104#4.3.1.2/media-zero test
#[test]
fn both_requests_have_their_layout() {
    let layout = |request: KeyFrameRequest| match Packet::from(request) {
        Packet::Other(Other { packet_type: 206, count, body }) => {
            assert_eq!(KeyFrameRequest::of(&Other { packet_type: 206, count, body: body.clone() }), Some(request));
            (count, body.to_vec())
        }
        other => panic!("{other:?}"),
    };
    let pli = KeyFrameRequest::PictureLoss { sender: 0x0102_0304, media: 0x0506_0708 };
    assert_eq!(layout(pli), (1, vec![1, 2, 3, 4, 5, 6, 7, 8]));
    let fir = KeyFrameRequest::FullIntra { sender: 0x0102_0304, media: 0x0506_0708, number: 9 };
    assert_eq!(layout(fir), (4, vec![1, 2, 3, 4, 0, 0, 0, 0, 5, 6, 7, 8, 9, 0, 0, 0]));
    assert_eq!(Packet::from(fir), Packet::from(fir), "the same request again has its number");
    // The words of a packet less one stand in its head.
    for (request, words) in [(pli, 2), (fir, 4)] {
        let report = Packet::ReceiverReport(ReceiverReport { ssrc: 0x0102_0304, ..ReceiverReport::default() });
        let name = Packet::SourceDescription(SourceDescription::default());
        let compound = Compound { packets: vec![report, name, request.into()], padding: 0 }.to_bytes().unwrap();
        assert_eq!(compound[compound.len() - 4 * (words + 1)..][2..4], [0, words as u8]);
    }
}

//= rfc5104#4.3.1.1/reserved-ignored test
#[test]
fn reserved_bits_of_a_request_do_not_matter() {
    let body = Bytes::from_static(&[1, 2, 3, 4, 0, 0, 0, 0, 5, 6, 7, 8, 9, 0xff, 0xff, 0xff]);
    let packet = Other { packet_type: 206, count: 4, body };
    let expected = KeyFrameRequest::FullIntra { sender: 0x0102_0304, media: 0x0506_0708, number: 9 };
    assert_eq!(KeyFrameRequest::of(&packet), Some(expected));
}

#[test]
fn other_feedback_and_short_packets_ask_for_nothing() {
    for (packet_type, count, body) in [
        (206, 1, &[1, 2, 3, 4][..]),
        (206, 4, &[1, 2, 3, 4, 0, 0, 0, 0]),
        (206, 2, &[1, 2, 3, 4, 5, 6, 7, 8]),
        (205, 1, &[1, 2, 3, 4, 5, 6, 7, 8]),
    ] {
        let packet = Other { packet_type, count, body: Bytes::copy_from_slice(body) };
        assert_eq!(KeyFrameRequest::of(&packet), None, "{packet_type} {count}");
    }
}

//= rfc4585#3.1/compound test
//= rfc4585#3.1/cname test
//= rfc4585#3.1/behind test
#[test]
fn a_request_arrives_at_once_behind_a_report() {
    let (a, b) = ("192.0.2.1:4000".parse().unwrap(), "192.0.2.2:5000".parse().unwrap());
    let now = Instant::from_millis(5);
    let mut alice = Session::new(now, Config::new(a, b, "alice@192.0.2.1"), Rng::from_u64(1));
    let mut bob = Session::new(now, Config::new(b, a, "bob@192.0.2.2"), Rng::from_u64(2));
    let request = KeyFrameRequest::PictureLoss { sender: bob.ssrc(), media: alice.ssrc() };
    assert!(bob.send_feedback(now, request.into()));
    let mut asked = Vec::new();
    for output in drain(&mut bob) {
        let Output::Transmit(Transmit::Datagram { local, remote, data }) = output else { continue };
        let compound = Compound::parse(data.clone()).unwrap();
        assert!(matches!(compound.packets[0], Packet::ReceiverReport(_)));
        let Packet::SourceDescription(description) = &compound.packets[1] else { panic!("{compound:?}") };
        assert!(description.chunks[0].item(ItemType::Cname).is_some());
        assert_eq!(compound.packets.len(), 3);
        alice.handle(now, Input::Datagram { local: remote, remote: local, data });
    }
    for output in drain(&mut alice) {
        if let Output::Event(Event::Rtcp { compound, .. }) = output {
            asked.extend(KeyFrameRequest::in_compound(&compound));
        }
    }
    assert_eq!(asked, [request]);
    let mut nobody = Config::new(a, b, "carol@192.0.2.1");
    nobody.remote_rtcp = None;
    assert!(!Session::new(now, nobody, Rng::from_u64(3)).send_feedback(now, request.into()));
}
