//! Whatever comes in, the reader neither panics nor loses what it took.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use rfc4566::*;

/// Reads `data` in every way and asks every question.
fn survive(data: &[u8]) {
    for config in [Config::default(), Config::lenient(), Config::strict()] {
        let Ok(session) = Session::parse_with(data.to_vec(), &config) else { continue };
        let again = Session::parse_with(session.to_bytes(), &config).expect("what was read can be read again");
        assert_eq!(again.to_bytes(), session.to_bytes());
        let _ = (session.origin.session_id(), session.origin.version(), format!("{session:?}{session:#}"));
        for media in &session.media {
            let _ = (session.direction(media), session.connection(media).map(Connection::address));
            let _ = (media.ptime(), media.maxptime(), media.rtcp(), media.mid(), media.payload_types().count());
            for number in media.payload_types() {
                let _ = (
                    media.rtpmap(number).map(|m| m.channels()),
                    media.fmtp(&number.to_string()).map(|f| f.parameters().count()),
                );
            }
            let _ = (media.attributes.groups().count(), media.attributes.sources().count());
        }
        let _ = session.times.iter().flat_map(|t| &t.repeats).map(|r| r.interval.seconds()).max();
        let _ = session.times.iter().flat_map(|t| &t.zones).map(Zone::seconds).max();
    }
}

const SEEDS: [&str; 5] = [
    include_str!("rfc/rfc8866-01.sdp"),
    include_str!("rfc/rfc4566-01.sdp"),
    include_str!("rfc/rfc4317-09.sdp"),
    include_str!("rfc/rfc4568-01.sdp"),
    "v=0\r\no=- 1 1 IN IP6 ::1\r\ns=-\r\nt=3724394400 0\r\nr=7d 1h 0 25h\r\nz=3730928400 -1h\r\na=group:LS 1\r\n\
     m=video 4/2 RTP/AVP 99\r\nc=IN IP4 224.0.0.1/1/3\r\na=mid:1\r\na=ptime:0.125\r\na=rtcp:5 IN IP4 1.2.3.4\r\n\
     a=fmtp:99 a=b;c\r\na=rtpmap:99 x/1/2\r\na=ssrc:1 x:y\r\n",
];

const PIECES: [&str; 12] =
    ["\r\n", "\n", "=", ":", "/", " ", "99999999999999999999", "\0", "ü", "m=audio 9 RTP/AVP 0\r\n", "a=", "-"];

#[test]
fn nothing_at_all() {
    for text in ["", "\n", "\r", "v", "v=", "v=0", "=", "==", "v=0\n\n\no=", "\u{feff}v=0\r\n", "ü=1"] {
        survive(text.as_bytes());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn random_octets(data in vec(any::<u8>(), 0..400)) {
        survive(&data);
    }

    #[test]
    fn descriptions_with_wounds(
        seed in select(&SEEDS[..]),
        cuts in vec((any::<Index>(), 0usize..12, select(&PIECES[..])), 0..6),
        octets in vec((any::<Index>(), any::<u8>()), 0..3),
    ) {
        let mut data = seed.as_bytes().to_vec();
        for (at, length, piece) in cuts {
            let from = at.index(data.len() + 1);
            let to = data.len().min(from + length);
            data.splice(from..to, piece.bytes());
        }
        for (at, octet) in octets {
            if !data.is_empty() {
                let at = at.index(data.len());
                data[at] = octet;
            }
        }
        survive(&data);
    }
}
