//! Which formats both sides have in common, with which numbers and parameters.

mod common;

use std::time::Duration;

use common::*;
use rfc3264::*;

fn bob(formats: Vec<Format>) -> Negotiation {
    party(2, vec![LocalStream::audio(5000, formats)])
}

fn answer(own: Vec<Format>, offered: &str) -> Result<String, Error> {
    bob(own).answer(audio(offered)).map(|answer| {
        let text = answer.to_string();
        text[text.find("m=").unwrap()..].replace("\r\n", "\n")
    })
}

//= rfc3264#6.1/one-format test
//= rfc3264#6.1/recvonly-format test
//= rfc3264#6.1/sendonly-format test
//= rfc3264#6.1/sendrecv-format test
//= rfc3264#6.1/preference test
#[test]
fn order_and_numbers_are_the_offers() {
    let own = || vec![format(96, "opus", 48000), format(0, "PCMU", 8000), format(8, "PCMA", 8000)];
    for direction in ["sendrecv", "sendonly", "recvonly", "inactive"] {
        let offered = format!("m=audio 4000 RTP/AVP 8 3 0 111\r\na=rtpmap:111 OPUS/48000\r\na={direction}\r\n");
        let answer = answer(own(), &offered).unwrap();
        assert!(answer.starts_with("m=audio 5000 RTP/AVP 8 0 111\na=rtpmap:8 PCMA/8000\n"), "{answer}");
    }
}

//= rfc3264#6.1/offer-numbers test
//= rfc3264#6.1/send-format test
//= rfc3264#6.1/ready-formats test
#[test]
fn names_match_without_case_rates_and_channels_exactly() {
    let own = || vec![Format::new(96, "opus", 48000, 2).unwrap(), format(97, "L16", 16000)];
    let matching = "m=audio 4000 RTP/AVP 98 99\r\na=rtpmap:98 OPUS/48000/2\r\na=rtpmap:99 l16/16000/1\r\n";
    let mut bob = bob(own());
    bob.answer(audio(matching)).unwrap();
    assert_eq!(numbers(&bob.streams()[0].send), [98, 99]);
    assert_eq!(numbers(&bob.streams()[0].receive), [98, 99]);
    assert_eq!(bob.streams()[0].received(99).unwrap().clock_rate, 16000);
    for wrong in ["opus/48000", "opus/16000/2", "L16/8000", "L16/16000/2"] {
        let offered = format!("m=audio 4000 RTP/AVP 98\r\na=rtpmap:98 {wrong}\r\n");
        assert_eq!(answer(own(), &offered), Err(Error::NotAcceptable), "{wrong}");
    }
}

//= rfc3264#5.1/default-mapping test
#[test]
fn fixed_numbers_need_no_mapping() {
    let answered = answer(vec![format(96, "pcma", 8000), format(97, "G722", 8000)], "m=audio 4000 RTP/AVP 0 8 9\r\n");
    assert_eq!(answered.unwrap(), "m=audio 5000 RTP/AVP 8 9\na=rtpmap:8 PCMA/8000\na=rtpmap:9 G722/8000\n");
    // A mapping wins over the table.
    let odd = "m=audio 4000 RTP/AVP 0\r\na=rtpmap:0 G722/8000\r\n";
    assert!(answer(vec![format(97, "G722", 8000)], odd).is_ok());
    // A dynamic number without a mapping stands for nothing.
    assert_eq!(answer(vec![format(97, "G722", 8000)], "m=audio 4000 RTP/AVP 97\r\n"), Err(Error::NotAcceptable));
}

#[test]
fn an_answer_without_mappings() {
    let mut alice = party(1, vec![LocalStream::audio(4000, vec![format(97, "iLBC", 8000), format(98, "speex", 8000)])]);
    alice.offer().unwrap();
    let streams = alice.accept(audio("m=audio 5000 RTP/AVP 98 99\r\na=fmtp:98 vbr=on\r\n")).unwrap();
    assert_eq!((numbers(&streams[0].send), numbers(&streams[0].receive)), (vec![98], vec![98]));
    assert_eq!(streams[0].format().unwrap().parameters.as_deref(), Some("vbr=on"));
}

//= rfc3264#6.1/no-common test
//= rfc3264#6/one-format test
#[test]
fn no_common_format() {
    let offered = "m=audio 4000 RTP/AVP 0 8\r\nm=video 4002 RTP/AVP 31\r\na=rtpmap:31 H261/90000\r\n";
    assert_eq!(answer(vec![format(18, "G729", 8000)], offered), Err(Error::NotAcceptable));
    let answered = answer(vec![format(0, "PCMU", 8000), format(3, "GSM", 8000)], offered).unwrap();
    assert_eq!(
        answered,
        "m=audio 5000 RTP/AVP 0\na=rtpmap:0 PCMU/8000\nm=video 0 RTP/AVP 31\na=rtpmap:31 H261/90000\n"
    );
}

#[test]
fn another_transport_is_another_stream() {
    let offered = "m=audio 4000 RTP/SAVP 0\r\nm=audio 4002 rtp/avp 0\r\n";
    let answered = answer(voice(), offered).unwrap();
    assert_eq!(answered, "m=audio 0 RTP/SAVP 0\nm=audio 5000 RTP/AVP 0\na=rtpmap:0 PCMU/8000\n");
}

#[test]
fn events_alone_make_no_call() {
    let own = || vec![format(18, "G729", 8000), Format::telephone_event(101, 8000).unwrap()];
    let offered = "m=audio 4000 RTP/AVP 0 101\r\na=rtpmap:101 telephone-event/8000\r\n";
    assert_eq!(answer(own(), offered), Err(Error::NotAcceptable));
    // But a stream may be for events only.
    assert!(answer(own(), "m=audio 4000 RTP/AVP 101\r\na=rtpmap:101 telephone-event/8000\r\n").is_ok());
}

//= rfc3264#6.1/fmtp-configuration test
#[test]
fn events_are_those_that_both_know() {
    let own =
        |events| vec![format(0, "PCMU", 8000), format(101, "telephone-event", 8000).with_parameters(events).unwrap()];
    let offered = |fmtp: &str| format!("m=audio 4000 RTP/AVP 0 96\r\na=rtpmap:96 telephone-event/8000\r\n{fmtp}");
    let events = |own, offered: &str| {
        let text = answer(own, offered).unwrap();
        text.lines().find_map(|line| line.strip_prefix("a=fmtp:96 ")).unwrap().to_owned()
    };
    assert_eq!(events(own("0-16"), &offered("a=fmtp:96 0-11,16,66\r\n")), "0-11,16");
    assert_eq!(events(own("0-15"), &offered("a=fmtp:96 events=0-15,32\r\n")), "0-15");
    assert_eq!(events(own("0-16"), &offered("")), "0-15");
    assert_eq!(events(own("0-15"), &offered("a=fmtp:96 5-2,999\r\n")), "0-15");
    assert_eq!(events(own("0-255"), &offered("a=fmtp:96 255\r\n")), "255");
}

#[test]
fn shapes_of_packets_must_agree() {
    let h264 = |parameters: &str| format(96, "H264", 90000).with_parameters(parameters).unwrap();
    assert!(h264("profile-level-id=42e01f").matches(&h264("profile-level-id=42001E;packetization-mode=0")));
    assert!(!h264("profile-level-id=42e01f").matches(&h264("profile-level-id=64001f")));
    assert!(!h264("packetization-mode=1;profile-level-id=42e01f").matches(&h264("profile-level-id=42e01f")));
    let amr = |parameters: &str| format(96, "AMR", 8000).with_parameters(parameters).unwrap();
    assert!(amr("octet-align=0; mode-set=7").matches(&format(97, "amr", 8000)));
    assert!(!amr("octet-align=1").matches(&format(97, "AMR", 8000)));
    let opus = |parameters: &str| format(96, "opus", 48000).with_parameters(parameters).unwrap();
    assert!(opus("useinbandfec=1").matches(&opus("maxplaybackrate=16000")));

    let own = vec![amr("OCTET-ALIGN=1; mode-set=7")];
    let offered = "m=audio 4000 RTP/AVP 100\r\na=rtpmap:100 AMR/8000\r\na=fmtp:100 mode-set=0; octet-align=1\r\n";
    assert!(answer(own, offered).unwrap().contains("a=fmtp:100 octet-align=1;mode-set=7\n"));
}

#[test]
fn redundancy_follows_the_numbers_that_it_names() {
    let own = || vec![format(98, "t140", 1000), format(99, "red", 1000).with_parameters("98/98/98").unwrap()];
    let offered =
        "m=text 4000 RTP/AVP 101 100\r\na=rtpmap:100 t140/1000\r\na=rtpmap:101 red/1000\r\na=fmtp:101 100/100\r\n";
    let mut bob = party(2, vec![LocalStream::text(5000, own())]);
    let answer = bob.answer(audio(offered)).unwrap();
    assert_eq!(answer.media[0].fmtp("101").unwrap().parameters, "100/100/100");
    assert_eq!(bob.streams()[0].format().unwrap().name, "t140");
}

#[test]
fn only_the_first_format_when_wished() {
    let mut own = Capabilities::new([192, 0, 2, 2].into(), 1);
    own.single_format = true;
    own.streams.push(LocalStream::audio(5000, voice()));
    let offered = "m=audio 4000 RTP/AVP 3 8 0 101 102\r\na=rtpmap:101 telephone-event/8000\r\na=rtpmap:102 telephone-event/16000\r\n";
    let (answer, streams) = rfc3264::answer(audio(offered), &own).unwrap();
    assert_eq!(answer.media[0].to_string(), "audio 5000 RTP/AVP 8 101");
    assert_eq!(streams[0].telephone_event, Some(101));
}

#[test]
fn events_tick_like_the_voice() {
    let mut own = vec![Format::new(111, "opus", 48000, 2).unwrap()];
    own.extend([8000, 48000].map(|rate| Format::telephone_event(if rate == 8000 { 101 } else { 110 }, rate).unwrap()));
    own.push(Format::fixed(0).unwrap());
    let offered = |first: &str| {
        format!(
            "m=audio 4000 RTP/AVP {first} 97 98\r\na=rtpmap:96 opus/48000/2\r\na=rtpmap:97 telephone-event/8000\r\n\
                 a=rtpmap:98 telephone-event/48000\r\n"
        )
    };
    for (first, expected) in [("96 0", 98), ("0 96", 97)] {
        let mut bob = bob(own.clone());
        bob.answer(audio(&offered(first))).unwrap();
        assert_eq!(bob.streams()[0].telephone_event, Some(expected));
    }
}

//= rfc3264#5.1/ptime test
//= rfc3264#6.1/ptime test
#[test]
fn packet_lengths() {
    let mut stream = LocalStream::audio(5000, voice());
    (stream.ptime, stream.maxptime) = (Some(Duration::from_millis(30)), Some(Duration::ZERO));
    let mut bob = party(2, vec![stream]);
    let answer = bob.answer(audio("m=audio 4000 RTP/AVP 0\r\nb=AS:64\r\na=ptime:10\r\na=maxptime:40\r\n")).unwrap();
    assert!(answer.to_string().contains("a=ptime:30\r\n") && !answer.to_string().contains("maxptime"));
    let audio = &bob.streams()[0];
    assert_eq!((audio.ptime, audio.maxptime), (Some(Duration::from_millis(10)), Some(Duration::from_millis(40))));
    assert_eq!(audio.bandwidth, Some(64));
}

//= rfc3264#5.1/rtcp-port test
//= rfc5761#5.1.1/answered test
//= rfc5761#5.1.1/not-answered test
//= rfc5761#5.1.1/ready test
#[test]
fn where_rtcp_goes() {
    let rtcp = |own: LocalStream, offered: &str| {
        let mut bob = party(2, vec![own]);
        let answer = bob.answer(audio(offered)).unwrap().to_string();
        let stream = bob.streams()[0].clone();
        (stream.local_rtcp.socket_addr().unwrap(), stream.remote_rtcp.unwrap().socket_addr().unwrap(), answer)
    };
    let own = LocalStream::audio(5000, voice());
    let (ours, theirs, _) = rtcp(own.clone(), "m=audio 4000 RTP/AVP 0\r\n");
    assert_eq!((ours, theirs), (([192, 0, 2, 2], 5001).into(), ([192, 0, 2, 9], 4001).into()));
    let elsewhere = LocalStream { rtcp_port: Some(7000), ..own.clone() };
    let (ours, theirs, answer) = rtcp(elsewhere, "m=audio 4000 RTP/AVP 0\r\na=rtcp:6000 IN IP4 192.0.2.8\r\n");
    assert_eq!((ours, theirs), (([192, 0, 2, 2], 7000).into(), ([192, 0, 2, 8], 6000).into()));
    assert!(answer.contains("a=rtcp:7000\r\n"));
    let shared = LocalStream { rtcp_mux: true, ..own.clone() };
    let (ours, theirs, answer) = rtcp(shared.clone(), "m=audio 4000 RTP/AVP 0\r\na=rtcp-mux\r\n");
    assert_eq!((ours.port(), theirs.port()), (5000, 4000));
    assert!(answer.contains("a=rtcp-mux\r\n"));
    let (ours, _, answer) = rtcp(shared, "m=audio 4000 RTP/AVP 0\r\n");
    assert!(ours.port() == 5001 && !answer.contains("rtcp-mux"));
    let (ours, _, answer) = rtcp(own, "m=audio 4000 RTP/AVP 0\r\na=rtcp-mux\r\n");
    assert!(ours.port() == 5001 && !answer.contains("rtcp-mux"));
}

//= rfc5761#5.1.1/offered test
//= rfc5761#5.1.1/answer-types test
#[test]
fn one_port_for_rtp_and_rtcp() {
    let shared = |formats| LocalStream { rtcp_mux: true, ..LocalStream::audio(5000, formats) };
    let mut alice = party(1, vec![shared(voice())]);
    let offer = alice.offer().unwrap().to_string();
    assert!(offer.split_once("m=audio").unwrap().1.contains("a=rtcp-mux\r\n"));
    // 72 with the marker bit looks like 200, a sender report.
    let answer = |number: u8| {
        let mut bob = party(2, vec![shared(vec![format(96, "opus", 48000)])]);
        let offered = format!("m=audio 4000 RTP/AVP {number}\r\na=rtpmap:{number} opus/48000\r\na=rtcp-mux\r\n");
        let answer = bob.answer(audio(&offered)).unwrap().to_string();
        assert_eq!(answer.contains("a=rtcp-mux"), bob.streams()[0].rtcp_mux);
        bob.streams()[0].rtcp_mux
    };
    assert!(answer(63) && answer(96) && !answer(64) && !answer(72) && !answer(95));
}

#[test]
fn streams_that_are_not_rtp() {
    let mut own = LocalStream::new(word("image"), 5000, Vec::new());
    (own.proto, own.tokens) = (word("udptl"), vec![word("t38")]);
    let mut bob = party(2, vec![own]);
    let answer = bob.answer(audio("m=image 4000 udptl T38 x\r\na=T38FaxVersion:0\r\n")).unwrap();
    assert_eq!(answer.media[0].to_string(), "image 5000 udptl t38");
    assert_eq!(bob.streams()[0].tokens, ["t38"]);
    assert_eq!(bob.answer(audio("m=image 4000 udptl x\r\n")), Err(Error::NotAcceptable));
}

//= rfc3264#6.2/address test
//= rfc3264#6.2/direction test
//= rfc3264#6.2/formats test
//= rfc3264#6.2/ptime test
#[test]
fn multicast() {
    let offered = "m=audio 4000 RTP/AVP 0 3 8\r\nc=IN IP4 233.252.0.1/127\r\nb=AS:64\r\na=rtpmap:3 GSM/8000\r\na=recvonly\r\na=ptime:40\r\n";
    let mut bob = bob(voice());
    let answer = bob.answer(audio(offered)).unwrap();
    let text = answer.to_string();
    let expected = "m=audio 4000 RTP/AVP 0 8\r\nc=IN IP4 233.252.0.1/127\r\nb=AS:64\r\na=recvonly\r\na=ptime:40\r\n";
    assert!(text.ends_with(expected), "{text}");
    let stream = &bob.streams()[0];
    assert!(stream.receives() && !stream.sends());
    assert_eq!(stream.remote_rtp.as_ref().unwrap().socket_addr(), Some(([233, 252, 0, 1], 4000).into()));
    // The group of the session, and a direction that we do not want.
    let mut offer = audio("m=audio 4000 RTP/AVP 0\r\n");
    offer.connection = Some(rfc4566::Connection::multicast([233, 252, 0, 1].into(), 1));
    let mut silent = LocalStream::audio(5000, voice());
    assert_eq!(rfc3264::answer(offer.clone(), &own(silent.clone())).unwrap().0.media[0].connections.len(), 1);
    silent.direction = rfc4566::Direction::RecvOnly;
    assert_eq!(rfc3264::answer(offer, &own(silent)).unwrap_err(), Error::NotAcceptable);
}

fn own(stream: LocalStream) -> Capabilities {
    let mut own = Capabilities::new([192, 0, 2, 2].into(), 1);
    own.streams.push(stream);
    own
}
