#![no_main]
//! What is read as AMF3 says the same when it is written again, and every reference in it means something.
use amf::Limits;
use amf::amf3::{Decoder, Shape, Value, encode_all, resolve};
use bytes::Bytes;
use libfuzzer_sys::fuzz_target;

fn decode(bytes: Bytes) -> Option<Vec<Value>> {
    let mut decoder = Decoder::new(bytes, &Limits { items: 4096, ..Limits::default() }).ok()?;
    decoder.explain("E", Shape::Values(2));
    decoder.explain("B", Shape::Bytes(3));
    let mut values = Vec::new();
    while !decoder.is_empty() {
        values.push(decoder.value().ok()?);
    }
    Some(values)
}

fuzz_target!(|data: &[u8]| {
    if let Some(values) = decode(Bytes::copy_from_slice(data)) {
        let again = encode_all(&values);
        assert_eq!(decode(again.clone()).as_ref(), Some(&values));
        assert_eq!(encode_all(&values), again);
        for value in &values {
            assert_eq!(value.detached(), *value);
            if let Value::Reference(index) = value {
                assert!(resolve(&values, *index).is_some());
            }
        }
    }
});
