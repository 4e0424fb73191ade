#![no_main]
//! The reader of streams never panics, holds no more than its limit, and gives the same events whatever the pieces are.
use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use rfc3920::xml::{Event, Framing, Header, Limits, Reader};

const LIMITS: Limits = Limits { bytes: 2048, depth: 8, nodes: 200, attributes: 8, name: 64, prefixes: 4 };

fuzz_target!(|data: &[u8]| {
    let Some((first, data)) = data.split_first() else { return };
    // Most inputs begin inside of a stream, some before it.
    let mut bytes = Vec::new();
    if first & 3 != 0 {
        bytes.extend_from_slice(&Header::client().to_bytes(Framing::Stream).expect("a header"));
    }
    bytes.extend_from_slice(data);
    let mut whole = Reader::new(LIMITS, Framing::Stream);
    whole.push(Bytes::copy_from_slice(&bytes));
    let expected: Vec<_> = whole.collect();
    let mut pieces = Reader::new(LIMITS, Framing::Stream);
    let mut events = Vec::new();
    for piece in bytes.chunks(1 + usize::from(first >> 2)) {
        pieces.push(Bytes::copy_from_slice(piece));
        events.extend(pieces.by_ref());
        assert!(pieces.buffered() < LIMITS.bytes + piece.len());
    }
    assert_eq!(events, expected);
    assert!(pieces.scanned() <= bytes.len() as u64);
    for event in events.into_iter().flatten() {
        if let Event::Element(element) = event {
            let text = element.to_bytes("").expect("what was read can be written");
            let mut messages = Reader::new(Limits::default(), Framing::WebSocket);
            messages.push(Header::client().to_bytes(Framing::WebSocket).expect("a header"));
            messages.push(text);
            assert!(matches!(messages.next(), Some(Ok(Event::Open(_)))));
            match messages.next() {
                Some(Ok(Event::Element(again))) => assert_eq!(again, element),
                // Elements of the framing's own namespace are no elements of a stream.
                other => assert_eq!(element.ns(), rfc3920::ns::FRAMING, "{other:?}"),
            }
        }
    }
});
