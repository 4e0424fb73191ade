#![no_main]
//! A value or message that decodes says the same when it is encoded again; base58 is a number and back.
use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use serializer::{Limits, Message, Value, base58};

fuzz_target!(|data: &[u8]| {
    let (bytes, limits) = (Bytes::copy_from_slice(data), Limits { items: 4096, ..Limits::default() });
    if let Ok(value) = Value::decode(bytes.clone(), &limits) {
        let mut encoded = Vec::new();
        value.encode(&mut encoded);
        assert!(encoded.len() <= data.len() * 2); // a float of 32 bits grows, nothing else
        assert_eq!(Value::decode(encoded.into(), &limits).as_ref(), Ok(&value));
        assert_eq!(value.detached(), value);
    }
    if let Ok(message) = Message::decode(bytes.clone(), &limits) {
        assert_eq!(message.bytes(), &bytes);
        let ours = Message::new(message.main(), message.sender(), message.time(), message.payload().to_vec());
        let again = Message::decode(ours.bytes().clone(), &limits).unwrap();
        assert_eq!(again.main(), message.main());
        assert_eq!(again.sender(), message.sender());
        assert_eq!(again.time(), message.time());
        assert_eq!(again.payload(), message.payload());
        assert_eq!((again.sub(), again.values()), (message.sub(), message.values()));
        assert_eq!(again.id(), ours.id());
        let _ = message.sender().number();
    }
    if let Ok(text) = std::str::from_utf8(data) {
        if let Ok(number) = base58::decode(text) {
            assert_eq!(base58::encode(&number).trim_start_matches('1'), text.trim_start_matches('1'));
        }
    }
});
