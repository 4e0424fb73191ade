#![no_main]
//! Challenges, credentials and authentication info that parse print as what parses to the same; nothing panics.
use libfuzzer_sys::fuzz_target;
use rfc2617::{AuthenticationInfo, Challenge, Credentials, Limits};

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(challenge) = Challenge::parse(text) {
        let printed = challenge.to_string();
        let again = Challenge::parse(&printed).expect("a printed challenge parses");
        assert_eq!(again.to_string(), printed);
    }
    if let Ok(credentials) = Credentials::parse(text) {
        let printed = credentials.to_string();
        let again = Credentials::parse(&printed).expect("printed credentials parse");
        assert_eq!(again.to_string(), printed);
    }
    let _ = Challenge::parse_all(text, &Limits::default());
    let _ = AuthenticationInfo::parse(text);
});
