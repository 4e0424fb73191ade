#![no_main]
//! A session description that parses prints as one that parses to the same value, and never panics.
use libfuzzer_sys::fuzz_target;
use rfc4566::{Config, Session};

fuzz_target!(|data: &[u8]| {
    let data = bytes::Bytes::copy_from_slice(data);
    if let Ok(session) = Session::parse(data.clone()) {
        let printed = session.to_string();
        let again = Session::parse(printed.clone().into_bytes()).expect("what was printed parses");
        assert_eq!(again.to_string(), printed);
        for media in &session.media {
            let _ = (session.direction(media), session.connection(media), media.rtpmap(0));
        }
    }
    let _ = Session::parse_with(data, &Config::default());
});
