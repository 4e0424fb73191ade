//! The examples of RFC 3264 section 10 and of RFC 4317.

mod common;

use common::*;
use rfc3264::*;
use rfc4566::*;

fn example(document: u16, number: u8) -> Session {
    let path = format!("{}/tests/rfc/rfc{document}-{number:02}.sdp", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(path).unwrap().parse().unwrap()
}

/// A party that would write this description.
fn capable(of: &Session) -> Capabilities {
    let mut own = Capabilities::new([192, 0, 2, 1].into(), of.origin.session_id().unwrap());
    own.username = of.origin.username.clone();
    own.connection = of.connection.clone().unwrap();
    own.streams = of.media.iter().filter(|media| media.port != 0).map(|media| stream(of, media)).collect();
    own
}

fn stream(of: &Session, media: &Media) -> LocalStream {
    let mut stream = LocalStream::new(media.kind.clone(), media.port, Format::read(media));
    stream.direction = of.direction(media);
    stream.connection = media.connections.first().cloned();
    stream
}

/// All that matters of a description, but for its origin.
fn essence(of: &Session) -> Vec<String> {
    let media = of.media.iter().map(|media| {
        let maps: Vec<String> = media.attributes.typed::<Rtpmap>().flatten().map(|map| map.to_string()).collect();
        let host = of.connection(media).unwrap().address.to_string();
        match media.port {
            0 => format!("{media}"),
            _ => format!("{media} at {host} {} {maps:?}", of.direction(media)),
        }
    });
    media.collect()
}

/// The pairs of RFC 4317, offer and answer by their number.
fn pairs() -> Vec<(Session, Session)> {
    (1..54).step_by(2).map(|number| (example(4317, number), example(4317, number + 1))).collect()
}

//= rfc3264#6/streams test
//= rfc3264#6/stream-count test
//= rfc3264#6/zero-streams test
//= rfc3264#6/time test
//= rfc3264#6/origin test
//= rfc3264#6/reject test
//= rfc3264#6.1/type test
//= rfc3264#6.1/rtpmap-dynamic test
//= rfc3264#6.1/unicast test
//= rfc3264#6.1/address-present test
#[test]
fn answers_are_those_of_rfc_4317() {
    for (index, (offer, expected)) in pairs().into_iter().enumerate() {
        let (answer, _) = answer(offer.clone(), &capable(&expected)).unwrap();
        let expected: Vec<String> = match index {
            // The answerer has a number of its own for a format; ours keeps the offer's, as it should.
            3 => essence(&expected).iter().map(|line| line.replace("99", "97")).collect(),
            // The example answers a sendonly stream as if it were not, with a format that was not offered.
            14 => vec![
                r#"audio 49170 RTP/AVP 97 at host.atlanta.example.com recvonly ["97 iLBC/8000"]"#.to_owned(),
                essence(&expected)[1].clone(),
            ],
            _ => essence(&expected),
        };
        assert_eq!(essence(&answer), expected, "pair {index}");
        assert_eq!((answer.media.len(), &answer.times), (offer.media.len(), &offer.times));
        assert_ne!(answer.origin, offer.origin);
    }
}

//= rfc3264#5/valid test
//= rfc3264#5.1/preference test
//= rfc3264#5.1/sendonly test
#[test]
fn offers_are_those_of_rfc_4317() {
    let later = [5, 41].map(|number| example(4317, number)); // those with a stream that has gone
    for (mut expected, _) in pairs() {
        if later.contains(&expected) {
            expected.media.retain(|media| media.port != 0);
        }
        let offer = offer(&capable(&expected));
        assert_eq!(essence(&offer), essence(&expected));
        assert!(Session::parse_with(offer.to_bytes(), &Config::strict()).is_ok());
    }
}

//= rfc3264#5.1/answer-numbers test
//= rfc3264#7/listed-format test
#[test]
fn the_offerer_sends_with_the_numbers_of_the_answer() {
    let (offer, answer) = (example(4317, 7), example(4317, 8));
    let mut alice = Negotiation::new(capable(&offer));
    alice.offer().unwrap();
    let audio = &alice.accept(answer).unwrap()[0];
    assert_eq!(audio.send.iter().map(ToString::to_string).collect::<Vec<_>>(), ["iLBC/8000 (99)"]);
    assert_eq!(audio.receive.iter().map(ToString::to_string).collect::<Vec<_>>(), ["iLBC/8000 (97)"]);
}

//= rfc3264#8/version test
//= rfc3264#8/origin test
//= rfc3264#8/streams-kept test
//= rfc3264#8/not-removed test
//= rfc3264#8.1/below test
//= rfc3264#5.1/recvonly test
#[test]
fn the_basic_exchange_of_rfc_3264() {
    let mut alice = Negotiation::new(capable(&example(3264, 2)));
    let mut bob = capable(&example(3264, 3));
    bob.streams[1].formats = vec![Format::fixed(32).unwrap()];
    let mut bob = Negotiation::new(bob);
    let (offer, answer) = exchange(&mut alice, &mut bob);
    assert_eq!(essence(&offer), essence(&example(3264, 2)));
    assert_eq!(essence(&answer), essence(&example(3264, 3)));

    // Bob moves his audio stream and adds one for events; Alice has a sink for it.
    let audio = bob.streams()[0].id.unwrap();
    bob.local_mut(audio).unwrap().port = 65422;
    let events = |port, direction| {
        let mut stream = LocalStream::audio(port, vec![format(110, "telephone-events", 8000)]);
        stream.direction = direction;
        stream
    };
    bob.add(events(51434, Direction::RecvOnly));
    alice.add(events(53122, Direction::SendRecv));
    let (offer, answer) = exchange(&mut bob, &mut alice);
    assert_eq!(essence(&offer), essence(&example(3264, 4)));
    assert_eq!(essence(&answer), essence(&example(3264, 5)));
    assert_eq!(offer.origin, example(3264, 4).origin);
    assert_eq!(answer.origin, example(3264, 5).origin);
    assert_agree(&alice, &bob);
    assert_eq!(bob.streams()[3].direction, Direction::RecvOnly);
    assert!(!bob.streams()[1].active);
}

//= rfc3264#5.1/inactive test
//= rfc3264#6.1/direction-inactive test
#[test]
fn the_selection_of_one_codec_of_rfc_3264() {
    let mut alice = Negotiation::new(capable(&example(3264, 6)));
    let mut bob = Negotiation::new(capable(&example(3264, 7)));
    let bobs = bob.locals().next().unwrap().0;
    bob.local_mut(bobs).unwrap().direction = Direction::SendRecv;
    let (offer, answer) = exchange(&mut alice, &mut bob);
    assert_eq!(essence(&offer), essence(&example(3264, 6)));
    assert_eq!(essence(&answer), essence(&example(3264, 7)));

    let alices = alice.streams()[0].id.unwrap();
    let stream = alice.local_mut(alices).unwrap();
    (stream.formats, stream.direction) = (vec![Format::fixed(4).unwrap()], Direction::SendRecv);
    let (offer, answer) = exchange(&mut alice, &mut bob);
    assert_eq!(essence(&offer), essence(&example(3264, 8)));
    assert_eq!(essence(&answer), essence(&example(3264, 9)));
    assert_eq!(alice.streams()[0].format().unwrap().name, "G723");
}

//= rfc3264#8.2/answer-zero test
//= rfc3264#5.1/port-zero test
//= rfc3264#6/rejected-silent test
#[test]
fn a_stream_is_dropped_as_in_rfc_4317() {
    let mut alice = Negotiation::new(capable(&example(4317, 39)));
    let mut bob = Negotiation::new(capable(&example(4317, 40)));
    exchange(&mut alice, &mut bob);
    assert!(alice.streams().iter().all(|stream| stream.active));
    bob.remove(bob.streams()[1].id.unwrap());
    let (offer, answer) = exchange(&mut bob, &mut alice);
    assert_eq!(essence(&offer), essence(&example(4317, 41)));
    assert_eq!(essence(&answer), essence(&example(4317, 42)));
    for side in [&alice, &bob] {
        let video = &side.streams()[1];
        assert!(!video.active && video.remote_rtp.is_none() && video.remote_rtcp.is_none());
        assert!(!video.sends() && !video.receives() && side.streams()[0].sends());
    }
}

//= rfc3264#9/port-zero test
//= rfc3264#9/time test
//= rfc3264#9/every-type test
//= rfc3264#9/valid test
//= rfc3264#9/rtpmap test
//= rfc3264#9/unique test
#[test]
fn capabilities_of_rfc_3264() {
    let expected = example(3264, 1);
    let mut own = capable(&expected);
    own.streams = expected.media.iter().map(|media| stream(&expected, media)).collect();
    own.streams[0].formats.push(format(97, "iLBC", 8000));
    let description = own.describe();
    assert!(
        description.times[0].is_permanent() && Session::parse_with(description.to_bytes(), &Config::strict()).is_ok()
    );
    assert_eq!(description.origin.session_id(), expected.origin.session_id());
    let media: Vec<String> = description.media.iter().map(ToString::to_string).collect();
    assert_eq!(media, ["audio 0 RTP/AVP 0 1 3 97", "video 0 RTP/AVP 31 34"]);
    assert_eq!(description.media[0].rtpmap(97).unwrap().encoding, "iLBC");
}

/// An exchange that an older implementation of these rules is known for.
#[test]
fn a_known_exchange() {
    let formats = |numbers: &[u8]| numbers.iter().map(|number| Format::fixed(*number).unwrap()).collect::<Vec<_>>();
    let mut own = Capabilities::new([192, 168, 1, 66].into(), 1192000146);
    own.streams = vec![LocalStream::audio(9000, formats(&[0, 8])), LocalStream::video(9002, formats(&[31]))];
    let offer = offer(&own);
    assert_eq!(
        offer.to_string(),
        "v=0\r\no=- 1192000146 1192000146 IN IP4 192.168.1.66\r\ns=-\r\nc=IN IP4 192.168.1.66\r\nt=0 0\r\n\
         m=audio 9000 RTP/AVP 0 8\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n\
         m=video 9002 RTP/AVP 31\r\na=rtpmap:31 H261/90000\r\n"
    );
    own.streams = vec![LocalStream::audio(8020, formats(&[0, 3]))];
    let (answered, _) = answer(offer.clone(), &own).unwrap();
    assert_eq!(
        answered.to_string(),
        "v=0\r\no=- 1192000146 1192000146 IN IP4 192.168.1.66\r\ns=-\r\nc=IN IP4 192.168.1.66\r\nt=0 0\r\n\
         m=audio 8020 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\nm=video 0 RTP/AVP 31\r\na=rtpmap:31 H261/90000\r\n"
    );
    own.streams = vec![LocalStream::audio(8020, formats(&[18]))];
    assert_eq!(answer(offer, &own).unwrap_err(), Error::NotAcceptable);
}
