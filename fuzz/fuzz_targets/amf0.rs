#![no_main]
//! What is read as AMF0 says the same when it is written again, and nothing is read twice or past the end.
use amf::{Limits, amf0};
use bytes::Bytes;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let (bytes, limits) = (Bytes::copy_from_slice(data), Limits { items: 4096, ..Limits::default() });
    let mut rest = bytes.clone();
    if let Ok(value) = amf0::decode(&mut rest, &limits) {
        assert!(rest.len() < bytes.len());
        assert_eq!(value.detached(), value);
    }
    if let Ok(values) = amf0::decode_all(bytes, &limits) {
        let again = amf0::encode_all(&values);
        assert_eq!(amf0::decode_all(again.clone(), &limits).as_ref(), Ok(&values));
        assert_eq!(amf0::encode_all(&values), again);
        for index in 0..8 {
            let _ = amf0::resolve(&values, index);
        }
    }
});
