//! Bytes from anyone: no panic, no hang, no memory without bound, and every limit holds.

mod invariants;

use std::path::Path;

use bytes::Bytes;
use proptest::prelude::*;
use rfc3261::message::{Limits, Message, Name, StreamDecoder, Uri, Via};

fn options(lines: &str) -> String {
    format!(
        "OPTIONS sip:b.example SIP/2.0\r\nVia: SIP/2.0/UDP a.example;branch=z9hG4bK1\r\nFrom: <sip:a.example>;tag=1\r\n\
         To: <sip:b.example>\r\nCall-ID: 7\r\nCSeq: 1 OPTIONS\r\n{lines}\r\n"
    )
}

fn status(wire: String, limits: &Limits) -> Option<u16> {
    Message::parse_within(wire.into(), limits).err().and_then(|error| error.status()).map(|status| status.0)
}

fn torture() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/torture");
    let folders = ["rfc4475", "rfc5118"].map(|name| std::fs::read_dir(folder.join(name)).unwrap());
    let mut files: Vec<_> = folders.into_iter().flatten().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.iter().map(|file| std::fs::read(file).unwrap()).collect()
}

#[test]
fn the_invariants_hold_for_the_torture_messages() {
    for data in torture() {
        invariants::message(&data);
    }
}

#[test]
fn every_beginning_of_a_message_is_handled() {
    for data in torture() {
        for end in (0..data.len()).step_by(13) {
            invariants::message(&data[..end]);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_bytes_are_handled(data in prop::collection::vec(any::<u8>(), 0..400)) {
        invariants::message(&data);
    }

    #[test]
    fn damaged_messages_are_handled(
        pick in any::<prop::sample::Index>(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3u8), 1..6),
    ) {
        let all = torture();
        let mut data = pick.get(&all).clone();
        for (at, byte, how) in damage {
            if data.is_empty() {
                break;
            }
            let at = at.index(data.len());
            match how {
                0 => data[at] = byte,
                1 => data.insert(at, byte),
                _ => drop(data.remove(at)),
            }
        }
        invariants::message(&data);
    }

    #[test]
    fn headers_of_delimiters_are_handled(lines in prop::collection::vec(
        ("(Via|Route|Contact|From|Date|Warning|Accept|Retry-After|v|m|CSeq|l|X-Other)", "[ \t]{0,2}:", "[ \t<>\",;=:@%()\\\\a1.\\[\\]?&*]{0,30}"), 0..5
    )) {
        let lines: String = lines.into_iter().map(|(name, colon, value)| format!("{name}{colon}{value}\r\n")).collect();
        invariants::message(options(&lines).as_bytes());
    }

    #[test]
    fn any_text_is_a_uri_or_none(text in "(sips?:|tel:)?[a-z0-9%@:;=?&.\\[\\]+*-]{0,40}") {
        if let Ok(uri) = text.parse::<Uri>() {
            invariants::uri(&uri);
        }
    }
}

#[test]
fn a_message_above_its_limit_is_too_large() {
    let limits = Limits { message: 400, ..Limits::default() };
    let wire = |size: usize| options(&format!("Subject: {}\r\n", "x".repeat(size)));
    let spare = 400 - wire(0).len();
    assert_eq!(status(wire(spare), &limits), None);
    assert_eq!(status(wire(spare + 1), &limits), Some(513));
}

#[test]
fn headers_above_their_limit_are_too_many() {
    let limits = Limits { headers: 8, ..Limits::default() };
    assert_eq!(status(options(&"A: 1\r\n".repeat(3)), &limits), None);
    assert_eq!(status(options(&"A: 1\r\n".repeat(4)), &limits), Some(513));
}

#[test]
fn a_line_above_its_limit_is_too_long_with_its_folds() {
    let limits = Limits { line: 100, ..Limits::default() };
    assert_eq!(status(options(&format!("A: {}\r\n", "x".repeat(95))), &limits), None);
    assert_eq!(status(options(&format!("A: {}\r\n", "x".repeat(96))), &limits), Some(513));
    assert_eq!(status(options(&format!("A: {}\r\n", "\r\n x".repeat(25))), &limits), Some(513));
}

#[test]
fn a_uri_above_its_limit_is_too_long() {
    let limits = Limits { uri: 20, ..Limits::default() };
    let wire = |size: usize| options("").replacen("sip:b.example", &format!("sip:{}", "x".repeat(size)), 1);
    assert_eq!(status(wire(16), &limits), None);
    assert_eq!(status(wire(17), &limits), Some(414));
}

#[test]
fn a_stream_without_end_of_headers_breaks_at_the_limit() {
    let mut decoder = StreamDecoder::new(Limits { message: 10_000, ..Limits::default() });
    let mut refused = None;
    for _ in 0..200 {
        decoder.push(Bytes::from(vec![b'a'; 100]));
        refused = refused.or(decoder.next());
    }
    assert!(refused.unwrap().is_err());
    assert!(decoder.is_broken());
    assert!(decoder.is_idle(), "nothing is kept");
}

#[test]
fn a_body_above_the_limit_is_not_waited_for() {
    let mut decoder = StreamDecoder::new(Limits { message: 10_000, ..Limits::default() });
    decoder.push(options("Content-Length: 4000000000\r\n").into());
    assert_eq!(decoder.next().unwrap().unwrap_err().status().unwrap().0, 513);
    assert!(decoder.is_broken());
}

#[test]
fn lines_without_colons_cost_no_more_than_the_limit() {
    // Each of them searches for a colon, and the only one stands at the very end.
    let wire = options(&("x\r\n".repeat(20_000) + "A: 1\r\n"));
    assert_eq!(status(wire, &Limits::default()), Some(400));
}

#[test]
fn what_can_be_read_of_a_bad_request_serves_to_answer_it() {
    let wire = options("Max-Forwards: 300\r\n").replace("To: <", "no colon\r\nTo: \"<");
    let error = Message::parse(wire.into()).unwrap_err();
    let answer = error.answer().unwrap();
    assert_eq!(answer.status.0, 400);
    assert_eq!(answer.headers.via().unwrap().unwrap().branch(), Some("z9hG4bK1"));
    assert_eq!(answer.headers.raw(Name::To), Some("\"<sip:b.example>"));
    assert_eq!(answer.headers.len(), 5);
    assert!(answer.to_bytes().starts_with(b"SIP/2.0 400 Bad Request\r\nVia: "));
}

#[test]
fn text_that_is_not_utf_8_is_refused_and_answered() {
    let mut wire = options("Subject: caf\u{e9}\r\n").into_bytes();
    let at = wire.windows(2).position(|two| two == "\u{e9}".as_bytes()).unwrap();
    wire.splice(at..at + 2, [0xe9]); // Latin-1
    let error = Message::parse(wire.into()).unwrap_err();
    assert_eq!(error.status().unwrap().0, 400);
    assert_eq!(error.salvaged().list::<Via>().count(), 1);
}

#[test]
fn an_ack_and_a_response_are_never_answered() {
    let ack = options("Max-Forwards: 300\r\n").replace("OPTIONS", "ACK");
    assert_eq!(Message::parse(ack.into()).unwrap_err().status(), None);
    let response = options("Max-Forwards: 300\r\n").replace("OPTIONS sip:b.example SIP/2.0", "SIP/2.0 200 OK");
    let error = Message::parse(response.into()).unwrap_err();
    assert!(error.status().is_none() && error.answer().is_none());
}
