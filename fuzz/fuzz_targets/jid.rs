#![no_main]
//! What is an address stays the same when it is read again, part by part and as a whole, within the limits of its parts;
//! escaped names come back.
use libfuzzer_sys::fuzz_target;
use rfc3920::jid::{Jid, MAX_PART, escape, localpart, unescape};

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(jid) = Jid::parse(text) {
        assert_eq!(Jid::parse(jid.as_str()).expect("a prepared address is one"), jid);
        let again = Jid::new(jid.local(), jid.domain(), jid.resource()).expect("so are its parts");
        assert_eq!(again, jid);
        assert_eq!(jid.bare().as_str(), jid.bare_str());
        for part in [jid.local(), Some(jid.domain()), jid.resource()].into_iter().flatten() {
            assert!(!part.is_empty() && part.len() <= MAX_PART);
        }
    }
    let name = text.trim_matches(' ');
    let escaped = escape(name);
    assert_eq!(unescape(&escaped), name);
    if name.is_ascii() && name.len() < 300 {
        let hidden = name.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
        assert_eq!(localpart(&escaped).is_ok(), hidden && !name.is_empty());
    }
});
