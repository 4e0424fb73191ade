//! URIs: which are equal, what is escaped, what is refused.

use proptest::prelude::*;
use rfc3261::message::{Message, Uri};

fn uri(text: &str) -> Uri {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// Pairs, with white space between the two.
fn assert_match(pairs: &str, expected: bool) {
    for pair in pairs.lines().map(str::trim).filter(|pair| !pair.is_empty()) {
        let (a, b) = pair.split_once(char::is_whitespace).unwrap();
        let (a, b) = (uri(a.trim()), uri(b.trim()));
        assert_eq!(a.matches(&b), expected, "{pair}");
        assert_eq!(b.matches(&a), expected, "{pair}, the other way");
    }
}

//= rfc3261#8.1.1.2/sip-scheme test
//= rfc3261#8.1.1.2/sips-scheme test
//= rfc3261#26.3.1/sips test
//= rfc3261#19.1.4/scheme test
//= rfc3261#19.1.4/user-case test
//= rfc3261#19.1.4/order-free test
//= rfc3261#19.1.4/escapes-equal test
//= rfc3261#19.1.4/common-parameters test
//= rfc3261#19.1.4/headers test
//= rfc3261#19.1.1/unknown-parameters test
#[test]
fn these_are_equal() {
    assert_match(
        "sip:%61lice@atlanta.example;transport=TCP             sip:alice@AtLanTa.eXamPle;Transport=tcp
         sip:carol@chicago.example                             sip:carol@chicago.example;newparam=5
         sip:carol@chicago.example;newparam=5                  sip:carol@chicago.example;security=on
         sip:biloxi.example;transport=tcp;method=REGISTER?to=sip:bob%40b.example  sip:biloxi.example;method=REGISTER;transport=tcp?to=sip:bob%40b.example
         sip:alice@a.example?subject=project%20x&priority=urgent  sip:alice@a.example?priority=urgent&subject=project%20x
         SIP:alice@192.0.2.4                                   sip:alice@192.0.2.4
         sips:alice@[2001:DB8::1]                              sips:alice@[2001:db8:0::1]",
        true,
    );
}

//= rfc3261#19.1.4/scheme test
//= rfc3261#19.1.4/user-case test
//= rfc3261#19.1.4/escapes-equal test
//= rfc3261#19.1.4/default-not-equal test
//= rfc3261#19.1.4/special-parameters test
//= rfc3261#19.1.4/common-parameters test
//= rfc3261#19.1.4/headers test
#[test]
fn these_are_not() {
    assert_match(
        "sip:alice@a.example                     sips:alice@a.example
         SIP:ALICE@AtLanTa.example;Transport=udp sip:alice@AtLanTa.example;Transport=UDP
         sip:bob@b.example                       sip:bob@b.example:5060
         sip:bob@b.example                       sip:bob@b.example:6000;transport=tcp
         sip:carol@c.example                     sip:carol@c.example?Subject=next%20meeting
         sip:bob@phone21.b.example               sip:bob@192.0.2.4
         sip:bob@b.example                       sip:b.example
         sip:bob:secret@b.example                sip:bob@b.example
         sip:bob:secret@b.example                sip:bob:SECRET@b.example
         sip:bob@b.example;user=phone            sip:bob@b.example
         sip:bob@b.example;ttl=1                 sip:bob@b.example
         sip:bob@b.example;method=INVITE         sip:bob@b.example
         sip:bob@b.example;maddr=192.0.2.1       sip:bob@b.example
         sip:carol@c.example;security=on         sip:carol@c.example;security=off
         sip:a%3Bb@b.example                     sip:a;b@b.example
         sip:alice@a.example?a=1                 sip:alice@a.example?a=2
         sip:alice@a.example?a=1&a=2             sip:alice@a.example?a=1",
        false,
    );
}

//= rfc3261#19.1.1/user-not-empty test
//= rfc3261#19.1.2/no-raw-space test
//= rfc3261#19.1.2/host-escapes test
//= rfc3261#7.1/uri-plain test
#[test]
fn these_are_refused() {
    for text in [
        "sip:@b.example",
        "sip::secret@b.example",
        "sip:a b@b.example",
        "sip:a\u{1}b@b.example",
        "sip:alice@b%2eexample",
        "sip:alice@b.example%20",
        "<sip:alice@b.example>",
        "sip:alice@",
        "sip:",
        "sip:alice@b.example:",
        "sip:alice@b.example:65536",
        "sip:alice@[2001:db8::1",
        "sip:al%zzice@b.example",
    ] {
        assert!(text.parse::<Uri>().is_err(), "{text}");
    }
    for wrapped in ["<sip:b.example>", "sip:b.example ", " sip:b.example", "sip:a b@b.example"] {
        let wire = format!(
            "OPTIONS {wrapped} SIP/2.0\r\nVia: SIP/2.0/UDP a.example;branch=z9hG4bK1\r\nFrom: <sip:a.example>;tag=1\r\n\
             To: <sip:b.example>\r\nCall-ID: 7\r\nCSeq: 1 OPTIONS\r\n\r\n"
        );
        let error = Message::parse(wire.into()).unwrap_err();
        assert_eq!(error.status().map(|status| status.0), Some(400), "{wrapped}");
    }
}

//= rfc3261#19.1.1/parameter-once test
#[test]
fn a_parameter_that_is_set_again_stands_once() {
    let set = uri("sip:b.example;lr;transport=udp;x=1").with_param("Transport", "tcp").with_param("x", "2");
    assert_eq!(set.to_string(), "sip:b.example;lr;transport=tcp;x=2");
    assert_eq!(set.without_param("LR").params().count(), 2);
}

//= rfc3261#19.1.2/excluded test
//= rfc3261#19.1.2/escape-by-component test
//= rfc3261#19.1.2/telephone-escape test
//= rfc3261#25.1/telephone-escape test
#[test]
fn what_a_component_cannot_hold_is_escaped() {
    let made = |user| Uri::sip(Some(user), "b.example", None).unwrap().to_string();
    assert_eq!(made("j@s0n"), "sip:j%40s0n@b.example");
    assert_eq!(made("a b<c>\"%"), "sip:a%20b%3cc%3e%22%25@b.example".replace("%3c", "%3C").replace("%3e", "%3E"));
    assert_eq!(made("alice;day=tuesday"), "sip:alice;day=tuesday@b.example");
    assert_eq!(made("+1#5"), "sip:+1%235@b.example");
    assert_eq!(uri("sip:b.example").with_param("x", "a;b").to_string(), "sip:b.example;x=a%3Bb");
}

//= rfc3261#19.1.1/no-password test
#[test]
fn a_changed_user_takes_the_password_along() {
    assert_eq!(uri("sip:bob:secret@b.example;lr").with_user(Some("al")).to_string(), "sip:al@b.example;lr");
    assert!(!format!("{:?}", uri("sip:bob:secret@b.example")).contains("secret"), "nor is it in logs");
}

proptest! {
    #[test]
    fn any_user_survives_being_written(user in "[^\u{0}]{1,20}") {
        // What is an escape already is one: `user()` of one URI can be given to another.
        let is_hex = |b: Option<&u8>| b.is_some_and(u8::is_ascii_hexdigit);
        let bytes = user.as_bytes();
        prop_assume!(!(0..bytes.len()).any(|i| bytes[i] == b'%' && is_hex(bytes.get(i + 1)) && is_hex(bytes.get(i + 2))));
        let made = Uri::sip(Some(&user), "b.example", Some(5070)).unwrap();
        let plain: Vec<u8> = {
            let escaped = made.user().unwrap().as_bytes();
            let mut at = 0;
            std::iter::from_fn(|| {
                let byte = *escaped.get(at)?;
                at += if byte == b'%' { 3 } else { 1 };
                Some(if byte == b'%' { u8::from_str_radix(std::str::from_utf8(&escaped[at - 2..at]).unwrap(), 16).unwrap() } else { byte })
            }).collect()
        };
        prop_assert_eq!(plain, user.as_bytes());
        prop_assert!(made.as_str().parse::<Uri>().unwrap().matches(&made));
    }

    #[test]
    fn any_text_is_a_uri_that_prints_back_or_none(text in "(sips?:|tel:|http:)?[ -~]{0,40}") {
        if let Ok(uri) = text.parse::<Uri>() {
            prop_assert_eq!(uri.to_string(), text);
            prop_assert!(uri.matches(&uri));
        }
    }
}
