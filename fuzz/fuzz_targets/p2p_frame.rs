#![no_main]
//! A stream cut into frames gives the same bodies however it arrives; a body opens or fails within the limits, and what
//! opens goes out as it came.
use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use serializer::{Compression, Limits, MessageId, frame};

fuzz_target!(|data: &[u8]| {
    let limits = Limits { frame: 1 << 16, inflated: 1 << 18, ..Limits::default() };
    let Some((&piece, stream)) = data.split_first() else { return };
    let (mut whole, mut pieces) = (frame::Decoder::new(limits.clone()), frame::Decoder::new(limits.clone()));
    whole.push(Bytes::copy_from_slice(stream));
    let bodies: Vec<_> = whole.by_ref().collect();
    let mut again = Vec::new();
    for part in stream.chunks(usize::from(piece).max(1)) {
        pieces.push(Bytes::copy_from_slice(part));
        again.extend(pieces.by_ref());
    }
    assert_eq!(bodies, again);
    assert_eq!(whole.buffered(), pieces.buffered());

    // The bodies, and the stream as if it were one, with its hash put right as well.
    let hashed = [MessageId::of(stream).as_bytes(), stream].concat().into();
    for body in bodies.into_iter().flatten().chain([Bytes::copy_from_slice(stream), hashed]) {
        let Ok(message) = frame::open(body, &Compression::ALL, &limits) else { continue };
        assert_eq!(MessageId::of(message.bytes()), *message.id());
        let plain = frame::encode(&message, None);
        assert_eq!(&plain[36..], message.bytes());
        assert_eq!(frame::open(plain.slice(4..), &[], &limits).as_ref(), Ok(&message));
    }
    for method in Compression::ALL {
        if let Ok(inflated) = method.decompress(stream, limits.inflated) {
            assert!(inflated.len() <= limits.inflated);
        }
    }
});
