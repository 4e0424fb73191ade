#![no_main]
//! A SIP message that parses prints as one that parses and prints the same; every header can be read as its type; the
//! same bytes over a stream, cut anywhere, neither panic nor loop.
use libfuzzer_sys::fuzz_target;
use rfc3261::message::{
    Allow, CSeq, Contact, Date, Expires, From, Limits, MaxForwards, Message, RecordRoute, Require, Route, StreamDecoder,
    To, Via,
};

fuzz_target!(|data: &[u8]| {
    let bytes = bytes::Bytes::copy_from_slice(data);
    match Message::parse(bytes.clone()) {
        Ok(message) => {
            let printed = message.to_bytes();
            // Printing may add a Content-Length, which takes a message at the limit beyond it.
            let wide = Limits { message: 1 << 20, headers: 300, ..Limits::default() };
            let again = Message::parse_within(printed.clone(), &wide).expect("what was printed parses");
            assert_eq!(again.to_bytes(), printed);
            let h = message.headers();
            let _ = (h.first::<From>(), h.first::<To>(), h.first::<CSeq>(), h.first::<MaxForwards>(), h.first::<Date>());
            let _ = (h.first::<Expires>(), h.list::<Allow>().count(), h.list::<Require>().count());
            let _ = (h.list::<Route>().count(), h.list::<RecordRoute>().count());
            for via in h.list::<Via>().flatten() {
                let _ = (via.received(), via.rport(), via.maddr(), via.branch());
            }
            for contact in h.list::<Contact>().flatten() {
                assert!(contact.uri().matches(contact.uri()), "a URI matches itself");
                let _ = (contact.q(), contact.expires(), contact.display());
            }
        }
        Err(error) => {
            if let Some(answer) = error.answer() {
                let _ = answer.to_bytes();
            }
        }
    }
    let cut = data.first().map_or(0, |b| usize::from(*b)).min(data.len());
    let mut decoder = StreamDecoder::new(Limits::default());
    for piece in [bytes.slice(..cut), bytes.slice(cut..)] {
        if !piece.is_empty() {
            decoder.push(piece);
        }
        for _ in 0..=data.len() {
            if decoder.next().is_none() {
                break;
            }
        }
    }
});
