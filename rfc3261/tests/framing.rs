//! A stream gives the same messages however its bytes are cut, and ends where nobody can know what comes next.

mod invariants;

use bytes::Bytes;
use proptest::prelude::*;
use rfc3261::message::{Limits, Message, StreamDecoder};

fn options(id: usize, length: &str, body: &str) -> String {
    format!(
        "OPTIONS sip:b.example SIP/2.0\r\nVia: SIP/2.0/TCP a.example;branch=z9hG4bK{id}\r\nFrom: <sip:a.example>;tag=1\r\n\
         To: <sip:b.example>\r\nCall-ID: {id}\r\nCSeq: 1 OPTIONS\r\n{length}\r\n{body}"
    )
}

/// What a decoder makes of a whole stream: the Call-IDs, with a mark at those that are refused.
fn ids(stream: &str) -> (Vec<String>, bool) {
    let (messages, is_broken, _) = invariants::decode([stream.as_bytes()]);
    let id = |message: &Result<Message, String>| match message {
        Ok(message) => message.headers().call_id().unwrap_or_default().to_owned(),
        Err(_) => "refused".to_owned(),
    };
    (messages.iter().map(id).collect(), is_broken)
}

proptest! {
    #[test]
    fn cuts_do_not_matter(
        bodies in prop::collection::vec(("[a-z\r\n]{0,30}", "(\r\n){0,3}"), 1..6),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
    ) {
        let mut stream = String::new();
        for (id, (body, between)) in bodies.iter().enumerate() {
            stream += between;
            stream += &options(id, &format!("l:{}\r\n", body.len()), body);
        }
        let whole = invariants::decode([stream.as_bytes()]);
        prop_assert_eq!(whole.0.len(), bodies.len());
        for (message, (body, _)) in whole.0.iter().zip(&bodies) {
            prop_assert_eq!(message.as_ref().unwrap().body(), body);
        }
        let mut at: Vec<usize> = cuts.iter().map(|cut| cut.index(stream.len())).collect();
        at.extend([0, stream.len()]);
        at.sort_unstable();
        let pieces = at.windows(2).map(|two| &stream.as_bytes()[two[0]..two[1]]);
        prop_assert_eq!(invariants::decode(pieces), whole);
    }
}

#[test]
fn a_refused_message_with_known_length_leaves_the_stream_whole() {
    let stream = options(1, "Max-Forwards: 999\r\nl: 3\r\n", "abc") + &options(2, "l: 0\r\n", "");
    assert_eq!(ids(&stream), (vec!["refused".into(), "2".into()], false));
}

#[test]
fn a_message_without_length_has_no_body() {
    let stream = options(1, "", "") + &options(2, "l: 2\r\n", "ab");
    assert_eq!(ids(&stream), (vec!["1".into(), "2".into()], false));
}

#[test]
fn an_unknown_length_breaks_the_stream() {
    for length in [
        "l: x\r\n",
        "l: -1\r\n",
        "l: 1\r\nContent-Length: 2\r\n",
        "l: 1\r\n 2\r\n",
        "l:\r\n",
        "l : 99999999999999999999\r\n",
    ] {
        let stream = options(1, length, "abc") + &options(2, "l: 0\r\n", "");
        assert_eq!(ids(&stream), (vec!["refused".into()], true), "{length:?}");
    }
}

#[test]
fn pings_are_counted_and_half_ones_wait() {
    let mut decoder = StreamDecoder::new(Limits::default());
    for (piece, pings) in [("\r\n\r\n", 1), ("\r\n", 0), ("\r\n", 1), ("\r\n\r\n\r\n\r\n", 2), ("\r\n", 0)] {
        decoder.push(Bytes::from_static(piece.as_bytes()));
        assert!(decoder.next().is_none());
        assert_eq!(decoder.take_pings(), pings, "{piece:?}");
        assert!(decoder.is_idle());
    }
    decoder.push(options(1, "l: 0\r\n", "").into());
    assert!(decoder.next().unwrap().is_ok());
    decoder.push("\r\n".into());
    assert!(decoder.next().is_none());
    assert_eq!(decoder.take_pings(), 0, "one line end before the message and one behind it are no ping");
}
