//! The media of a call, without sockets.

use super::super::offer::{Ability, Word};
use super::*;
use bytes::Bytes;
use rfc3550::rtcp::Compound;
use rtmp::tag::{Video, VideoCodec, avc};
use wire::Transmit;

fn media() -> Media {
    let pair = |port: u16| [port, port + 1].map(|port| SocketAddr::from(([192, 0, 2, 1], port)));
    let config =
        MediaConfig { cname: "alice@192.0.2.1".into(), epoch: Epoch::default(), silence: Duration::from_secs(60) };
    let mut media = Media::new(Instant::ZERO, config, Some(pair(4000)), Some(pair(4002)), Rng::from_u64(1));
    let flow = media.video.as_mut().unwrap();
    flow.session.set_payload_type(99, Some(90_000));
    flow.session.set_remote(Some(([192, 0, 2, 2], 6002).into()), Some(([192, 0, 2, 2], 6003).into()));
    (flow.sends, flow.receives) = (true, true);
    media
}

fn datagrams(media: &mut Media, now: Instant, port: u16) -> Vec<Bytes> {
    let mut found = Vec::new();
    while let Some(output) = media.poll(now) {
        match output {
            Output::Transmit(Transmit::Datagram { remote, data, .. }) if remote.port() == port => found.push(data),
            _ => {}
        }
    }
    found
}

#[test]
fn a_key_frame_that_is_asked_for_is_sent_again() {
    let mut media = media();
    media.group.start();
    media.group.add(99, &Bytes::from_static(b"\x61 lost"), true); // what no decoder could begin with
    for (payload, marker) in [(&b"\x67sps"[..], false), (b"\x68pps", false), (b"\x65idr", true), (b"\x61p", true)] {
        media.group.add(99, &Bytes::copy_from_slice(payload), marker);
    }
    let now = Instant::from_millis(1000);
    media.key_frame_asked(now);
    media.key_frame_asked(now);
    let sent: Vec<_> =
        datagrams(&mut media, now, 6002).into_iter().map(|d| rfc3550::Packet::parse(d).unwrap()).collect();
    let payloads: Vec<&[u8]> = sent.iter().map(|packet| &packet.payload[..]).collect();
    assert_eq!(payloads, [&b"\x67sps"[..], b"\x68pps", b"\x65idr", b"\x61p"], "once, in order");
    assert_eq!(sent[0].timestamp, sent[2].timestamp);
    assert_eq!(sent[2].timestamp.wrapping_add(1), sent[3].timestamp, "each picture has its time");
}

#[test]
fn a_group_that_is_too_long_is_not_kept_in_part() {
    let mut group = Group::default();
    let big = Bytes::from(vec![0x61; 1000]);
    group.add(99, &Bytes::from_static(b"\x65idr"), true);
    for _ in 0..1000 {
        group.add(99, &big, true);
        assert!(group.bytes <= group::GROUP_BYTES);
    }
    assert!(group.packets.is_empty());
}

#[test]
fn key_frames_are_asked_for_in_every_way_but_not_all_the_time() {
    let mut media = media();
    media.video.as_mut().unwrap().source = Some(77);
    let mut asked = Vec::new();
    let mut by_sip = 0;
    for ms in (0..6000).step_by(100) {
        let now = Instant::from_millis(ms);
        media.want_key_frame(now);
        while let Some(output) = media.poll(now) {
            match output {
                Output::Transmit(Transmit::Datagram { remote, data, .. }) if remote.port() == 6003 => {
                    asked.extend(KeyFrameRequest::in_compound(&Compound::parse(data).unwrap()));
                }
                Output::Event(Told::FastUpdate) => by_sip += 1,
                _ => {}
            }
        }
    }
    assert_eq!((asked.len(), by_sip), (24, 2));
    assert!(matches!(asked[0], KeyFrameRequest::PictureLoss { media: 77, .. }));
    assert!(matches!(asked[1], KeyFrameRequest::FullIntra { media: 77, number: 1, .. }));
}

fn video(timestamp: u32, payload: impl Into<Bytes>) -> Message {
    Message { kind: MessageType::Video, timestamp, stream: 1, payload: payload.into() }
}

/// Header, key frame and another picture, and what a line keeps of them.
fn published() -> Cache {
    let (sps, pps) = (Bytes::from_static(b"\x67\x42\x00\x14\xAA"), Bytes::from_static(b"\x68\xBB"));
    let config = avc::DecoderConfiguration::new([sps], [pps]).unwrap().to_bytes();
    let frame = |key, nal: &'static [u8]| Video::frame(VideoCodec::Avc, key, 0, avc::join(&[Bytes::from_static(nal)]));
    let mut cache = Cache::default();
    for message in [
        video(0, Video::sequence_start(VideoCodec::Avc, config).to_bytes()),
        video(0, frame(true, b"\x65old").to_bytes()),
        video(2000, frame(true, b"\x65idr").to_bytes()),
        video(2040, frame(false, b"\x61p").to_bytes()),
    ] {
        cache.take(&message, &KEPT);
    }
    cache
}

#[test]
fn a_call_that_begins_in_the_midst_of_a_stream_begins_with_a_key_frame() {
    let mut media = media();
    let plan = Plan::of_words(&[Word::H264], Ability::BUILT);
    let own = plan.capabilities([192, 0, 2, 1].into(), 1, 4000, 4002);
    let offer = |direction: &str| {
        let text = "v=0\r\no=- 1 1 IN IP4 192.0.2.2\r\ns=-\r\nc=IN IP4 192.0.2.2\r\nt=0 0\r\nm=video 6002 RTP/AVP 99\r\n\
            a=rtpmap:99 H264/90000\r\na=fmtp:99 profile-level-id=42801f;packetization-mode=1\r\n";
        format!("{text}a={direction}\r\n").parse::<rfc4566::Session>().unwrap()
    };
    let now = Instant::from_millis(5000);
    let pictures = |media: &mut Media, now| {
        let datagrams = datagrams(media, now, 6002);
        let packets = datagrams.into_iter().map(|data| rfc3550::Packet::parse(data).unwrap());
        packets.map(|packet| (packet.payload.to_vec(), packet.timestamp)).collect::<Vec<_>>()
    };
    let begins_whole = |sent: &[(Vec<u8>, u32)]| {
        let sets = |payload: &[u8]| payload.windows(2).any(|two| two == b"\x68\xBB");
        let at = |nal: &[u8]| sent.iter().position(|(payload, _)| payload.ends_with(nal));
        let (first, then) = (at(b"\x65idr").expect("the key frame"), at(b"\x61p").expect("what follows it"));
        assert!(sent[..=first].iter().any(|(payload, _)| sets(payload)), "parameter sets come first: {sent:?}");
        assert!(first < then && at(b"\x65old").is_none(), "{sent:?}");
        sent[then].1
    };
    for direction in ["sendrecv", "inactive", "sendrecv"] {
        let (_, streams) = rfc3264::answer(offer(direction), &own).unwrap();
        media.agree(now, &plan, &streams, &published());
        let sent = pictures(&mut media, now);
        if direction == "inactive" {
            assert!(sent.is_empty());
            continue;
        }
        let last = begins_whole(&sent);
        // what is published then follows in its time
        let frame = Video::frame(VideoCodec::Avc, false, 0, avc::join(&[Bytes::from_static(b"\x61next")]));
        media.from_rtmp(now, &video(2080, frame.to_bytes()));
        let next = pictures(&mut media, now);
        let later = next[0].1.wrapping_sub(last);
        assert!(next[0].0 == b"\x61next" && (3500..=3600).contains(&later), "{later} ticks later");
        media.agree(now, &plan, &streams, &published());
        assert!(pictures(&mut media, now).is_empty(), "the same again changes nothing");
    }
}
