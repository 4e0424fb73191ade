//! Nothing that is built can end a line early, and nothing secret is told.

use rfc4566::*;

fn session() -> Session {
    Session::new(Origin::new(1, 1, [192, 0, 2, 1].into()))
}

//= rfc8866#5.13/value-octets test
//= rfc8866#6.10/octets test
//= rfc8866#5.13/name-ascii test
//= rfc8866#5.2/username-spaces test
#[test]
fn no_field_takes_the_end_of_a_line() {
    for evil in ["x\r\na=y", "x\ny", "x\ry", "x\0y"] {
        assert!(Text::new(evil).is_err() && Word::new(evil).is_err());
        assert!(Attribute::flag(evil).is_err() && Attribute::value(evil, "x").is_err());
        assert!(Attribute::value("x", evil).is_err());
        assert!(Fmtp::new("96", evil).is_err() && Fmtp::new(evil, "x").is_err());
        assert!(Rtpmap::new(96, evil, 8000, 1).is_err());
        assert!(Media::new(evil, 9, "RTP/AVP").is_err() && Media::new("audio", 9, evil).is_err());
        assert!(Connection::name(evil).is_err() && evil.parse::<Connection>().is_err());
        assert!(evil.parse::<Origin>().is_err() && evil.parse::<Bandwidth>().is_err());
    }
    assert!(Attribute::flag("größe").is_err() && Attribute::flag("a b").is_err() && Attribute::flag("").is_err());
    assert!(Word::new("two words").is_err());
}

//= rfc8866#5/idn-ace test
//= rfc8866#5/idn-utf8 test
//= rfc8866#5/domain-names test
#[test]
fn host_names_are_ascii() {
    assert!(Connection::name("xn--bcher-kva.example").is_ok());
    for wrong in ["bücher.example", "a b", "a/b", "", "a@b"] {
        assert!(Connection::name(wrong).is_err(), "{wrong}");
    }
    assert!("IN IP4 bücher.example".parse::<Connection>().unwrap().address().is_err());
}

//= rfc8866#5.3/not-empty test
//= rfc8866#5.3/no-name test
#[test]
fn names_are_never_empty() {
    let mut session = session();
    assert!(session.to_string().contains("\r\ns=-\r\n"));
    session.name = Text::default();
    assert!(session.to_string().contains("\r\ns= \r\n"));
    session.times.clear();
    assert!(session.to_string().ends_with("t=0 0\r\n"));
}

#[test]
fn secrets_stay_out_of_logs() {
    let mut session = session();
    session.attributes.push(Attribute::value("crypto", "1 AES_CM_128_HMAC_SHA1_80 inline:c2VjcmV0").unwrap());
    session.attributes.push(Attribute::value("ice-pwd", "c2VjcmV0").unwrap());
    assert!(!format!("{session:?}").contains("c2VjcmV0"));
    assert!(session.to_string().contains("inline:c2VjcmV0"));
}

#[test]
fn attributes_are_replaced_in_place() {
    let mut attributes: Attributes = ["a", "b", "a", "c"].iter().map(|name| Attribute::flag(name).unwrap()).collect();
    attributes.set(Attribute::value("a", "1").unwrap());
    let written: Vec<_> = attributes.iter().map(ToString::to_string).collect();
    assert_eq!(written, ["a:1", "b", "c"]);
    assert_eq!((attributes.remove("b"), attributes.remove("b")), (1, 0));
    attributes.set(Attribute::flag("d").unwrap());
    assert!(attributes.has("d") && attributes.len() == 3);
}

//= rfc8866#6.7/at-most-one test
#[test]
fn one_direction_a_section() {
    let mut attributes: Attributes =
        ["x", "sendonly", "inactive", "y"].iter().map(|n| Attribute::flag(n).unwrap()).collect();
    attributes.set_direction(Direction::RecvOnly);
    let written: Vec<_> = attributes.iter().map(ToString::to_string).collect();
    assert_eq!(written, ["x", "recvonly", "y"]);
}
