//! Addresses: every example of RFC 7622, the bounds of the parts, and what must hold for all of them.

use proptest::prelude::*;
use rfc3920::jid::{Error, Jid, MAX_PART, Part, domainpart, escape, localpart, resourcepart, unescape};

//= rfc7622#3.2/slash-first test
//= rfc7622#3.3/username-case-mapped test
//= rfc7622#3.4/opaque-string test
//= rfc7622#5/support test
#[test]
fn table_of_addresses() {
    for (text, local, domain, resource) in [
        ("juliet@example.com", "juliet", "example.com", ""),
        ("juliet@example.com/foo", "juliet", "example.com", "foo"),
        ("juliet@example.com/foo bar", "juliet", "example.com", "foo bar"),
        ("juliet@example.com/foo@bar", "juliet", "example.com", "foo@bar"),
        (r"foo\20bar@example.com", r"foo\20bar", "example.com", ""),
        ("fussball@example.com", "fussball", "example.com", ""),
        ("fu\u{df}ball@example.com", "fu\u{df}ball", "example.com", ""),
        ("\u{3c0}@example.com", "\u{3c0}", "example.com", ""),
        ("\u{3a3}@example.com/foo", "\u{3c3}", "example.com", "foo"),
        ("\u{3c3}@example.com/foo", "\u{3c3}", "example.com", "foo"),
        ("\u{3c2}@example.com/foo", "\u{3c2}", "example.com", "foo"),
        ("king@example.com/\u{265a}", "king", "example.com", "\u{265a}"),
        ("example.com", "", "example.com", ""),
        ("example.com/foobar", "", "example.com", "foobar"),
        ("a.example.com/b@example.net", "", "a.example.com", "b@example.net"),
    ] {
        let jid = Jid::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        let parts = (jid.local().unwrap_or_default(), jid.domain(), jid.resource().unwrap_or_default());
        assert_eq!(parts, (local, domain, resource), "{text}");
        assert_eq!(jid.is_bare(), resource.is_empty());
        assert_eq!(Jid::parse(jid.as_str()).unwrap(), jid);
    }
    let same = |a, b| Jid::parse(a).unwrap() == Jid::parse(b).unwrap();
    assert!(same("\u{3a3}@example.com/foo", "\u{3c3}@example.com/foo"));
    assert!(!same("\u{3a3}@example.com/foo", "\u{3c2}@example.com/foo"));
    assert!(!same("fussball@example.com", "fu\u{df}ball@example.com"));
}

//= rfc7622#3.3.1/excluded test
//= rfc7622#3.5/leading-space test
//= rfc6121#9/no-scheme test
//= rfc7622#3.2/domain test
#[test]
fn table_of_strings_that_are_none() {
    for (text, error) in [
        ("\"juliet\"@example.com", Error::Character(Part::Local)),
        ("foo bar@example.com", Error::Character(Part::Local)),
        ("juliet@example.com/ foo", Error::Character(Part::Resource)),
        ("@example.com/", Error::Empty(Part::Local)),
        ("henry\u{2163}@example.com", Error::Character(Part::Local)),
        ("\u{265a}@example.com", Error::Character(Part::Local)),
        ("xmpp:juliet@example.com", Error::Character(Part::Local)),
        ("xmpp:example.com", Error::Character(Part::Domain)),
        ("juliet@", Error::Empty(Part::Domain)),
        ("/foobar", Error::Empty(Part::Domain)),
        // And what the table leaves out.
        ("", Error::Empty(Part::Domain)),
        ("example.com/", Error::Empty(Part::Resource)),
        ("a@b@example.com", Error::Character(Part::Domain)),
        ("juliet\u{ff20}x@example.com", Error::Character(Part::Local)), // a wide at sign
        ("juliet\u{ff0f}x@example.com", Error::Character(Part::Local)), // a wide slash
        ("juliet\u{ad}@example.com", Error::Character(Part::Local)),    // a soft hyphen
        ("juliet\0@example.com", Error::Character(Part::Local)),
        ("juliet@example.com/\u{7}", Error::Character(Part::Resource)),
        ("juliet@example.com/a\nb", Error::Character(Part::Resource)),
        ("juliet@example.com/\u{3000}foo", Error::Character(Part::Resource)), // a wide space becomes a space
        ("\u{5d0}a@example.com", Error::Character(Part::Local)),              // both directions in one name
    ] {
        assert_eq!(Jid::parse(text), Err(error), "{text:?}");
    }
    for excluded in "\"&'/:<>@".chars() {
        assert_eq!(localpart(&format!("a{excluded}b")), Err(Error::Character(Part::Local)), "{excluded}");
    }
}

//= rfc7622#3.3/local-length test
//= rfc7622#3.4/resource-length test
//= rfc7622#3.2/domain-length test
#[test]
fn parts_of_1023_bytes_fit_and_longer_ones_do_not() {
    let longest = "a".repeat(MAX_PART);
    assert_eq!(localpart(&longest).unwrap().len(), 1023);
    assert_eq!(resourcepart(&longest).unwrap().len(), 1023);
    assert_eq!(localpart(&format!("{longest}a")), Err(Error::TooLong(Part::Local)));
    assert_eq!(resourcepart(&format!("{longest}a")), Err(Error::TooLong(Part::Resource)));
    // Bytes are counted, not characters, and after the mapping: a wide letter has three bytes before it and one after.
    assert_eq!(localpart(&"\u{e9}".repeat(512)), Err(Error::TooLong(Part::Local)));
    assert_eq!(localpart(&"\u{ff41}".repeat(1023)).unwrap(), longest);
    assert_eq!(resourcepart(&"\u{1f600}".repeat(255)).unwrap().len(), 1020);
    assert_eq!(resourcepart(&"\u{1f600}".repeat(256)), Err(Error::TooLong(Part::Resource)));
    // The DNS knows no name of more than 253 bytes or with a label of more than 63.
    let name = |labels: usize| vec!["a"; labels].join(".");
    assert!(domainpart(&name(127)).is_ok());
    assert_eq!(domainpart(&name(128)), Err(Error::TooLong(Part::Domain)));
    assert!(domainpart(&format!("{}.example", "a".repeat(63))).is_ok());
    assert_eq!(domainpart(&format!("{}.example", "a".repeat(64))), Err(Error::TooLong(Part::Domain)));
    assert_eq!(domainpart(&format!("{}.example", "\u{e9}".repeat(60))), Err(Error::TooLong(Part::Domain)));
    let jid = Jid::new(Some(&longest), "example.com", Some(&longest)).unwrap();
    assert_eq!((jid.local().unwrap().len(), jid.resource().unwrap().len()), (1023, 1023));
    for part in [localpart, domainpart, resourcepart] {
        assert!(matches!(part(&"\u{e9}".repeat(1 << 20)), Err(Error::TooLong(_))));
    }
}

//= rfc7622#3.2/final-dot test
//= rfc7622#3.2/kinds test
//= rfc7622#3.2.1/u-labels test
//= rfc7622#3.2.1/code-points test
//= rfc7622#3.2.2/map test
//= rfc7622#3.2.1/no-a-labels test
#[test]
fn domains() {
    for (text, prepared) in [
        ("Example.COM", "example.com"),
        ("example.com.", "example.com"),
        ("localhost", "localhost"),
        ("192.0.2.1", "192.0.2.1"),
        ("[2001:DB8:0:0:0:0:0:1]", "[2001:db8::1]"),
        ("[::ffff:192.0.2.1]", "[::ffff:192.0.2.1]"),
        ("xn--bcher-kva.example", "b\u{fc}cher.example"),
        ("XN--Bcher-kva.Example", "b\u{fc}cher.example"),
        ("B\u{dc}cher.example", "b\u{fc}cher.example"),
        ("bu\u{308}cher.example", "b\u{fc}cher.example"),
        ("stra\u{df}e.example", "stra\u{df}e.example"),
        ("\u{ff45}xample\u{3002}com", "example.com"),
        ("\u{5d0}\u{5d1}.example", "\u{5d0}\u{5d1}.example"),
        ("1.2.3", "1.2.3"),
        ("a--b.example", "a--b.example"),
    ] {
        let jid = Jid::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(jid.domain(), prepared, "{text}");
        assert_eq!(domainpart(prepared).unwrap(), prepared, "{prepared}");
    }
    for text in [
        ".",
        "example..com",
        "example.com..",
        ".example.com",
        "under_score.example",
        "-a.example",
        "a-.example",
        "a b.example",
        "ex\u{ad}ample\u{0}.com",
        "xn--a.example",      // no valid A-label
        "xn--.example",       // nothing in it
        "\u{2603}.example",   // a symbol: UTS 46 alone would take it
        "xn--n3h.example",    // the same symbol as an A-label
        "a\u{5d0}.example",   // mixed directions
        "a\u{200d}b.example", // a joiner out of its context
        "[::1",
        "::1",
        "[192.0.2.1]",
        "[v1.fe]",
        "[::1%25eth0]",
        "example.com:5222",
        "\u{ff0f}.example",
    ] {
        assert!(domainpart(text).is_err(), "{text:?} is {:?}", domainpart(text));
    }
}

//= rfc7622#3.2.3/compare test
//= rfc7622#3.4/no-meaning test
//= rfc7622#3.4/opaque test
#[test]
fn parts_are_taken_and_replaced() {
    let full = Jid::parse("Hatter@Wonderland.example/Tea/Party@6").unwrap();
    assert_eq!(full.resource(), Some("Tea/Party@6"));
    assert_eq!(full.bare().as_str(), "hatter@wonderland.example");
    assert_eq!(full.bare_str(), "hatter@wonderland.example");
    assert!(full.same_bare(&full.bare()) && full.bare().is_bare() && !full.is_bare());
    assert_eq!(full.to_domain().as_str(), "wonderland.example");
    assert_eq!(full.bare().with_resource("x").unwrap(), full.with_resource("x").unwrap());
    assert_eq!(full.with_resource(""), Err(Error::Empty(Part::Resource)));
    assert_ne!(full.with_resource("a").unwrap(), full.with_resource("A").unwrap());
    let domain = Jid::parse("wonderland.example").unwrap();
    assert_eq!((domain.local(), domain.resource(), domain.bare()), (None, None, domain.clone()));
    assert_eq!(domain.with_resource("r").unwrap().as_str(), "wonderland.example/r");
    assert_eq!(format!("{:>20}|", domain), "  wonderland.example|");
}

#[test]
fn errors_say_which_part_is_wrong() {
    assert_eq!(Jid::parse("@x").unwrap_err().to_string(), "the name of the address is empty");
    assert_eq!(
        Jid::parse("a b").unwrap_err().to_string(),
        "the domain of the address holds a character that is not allowed there"
    );
}

proptest! {
    //= rfc7622#3.2.3/compare test
    #[test]
    fn a_prepared_address_stays_as_it_is(text in "\\PC{0,12}@[a-z\\PC]{0,8}\\.example/\\PC{0,12}") {
        if let Ok(jid) = Jid::parse(&text) {
            prop_assert_eq!(Jid::parse(jid.as_str()).unwrap(), jid.clone());
            let rebuilt = Jid::new(jid.local(), jid.domain(), jid.resource()).unwrap();
            prop_assert_eq!(&rebuilt, &jid);
            prop_assert_eq!(jid.bare().with_resource(jid.resource().unwrap()).unwrap(), jid);
        }
    }

    #[test]
    fn ascii_goes_the_same_way_as_the_profiles(text in "[ -~]{1,16}") {
        use precis_core::profile::PrecisFastInvocation;
        let profile = precis_profiles::UsernameCaseMapped::enforce(text.as_str()).ok();
        let ours = localpart(&text).ok();
        prop_assert_eq!(ours, profile.filter(|name| !name.contains(['"', '&', '\'', '/', ':', '<', '>', '@'])));
        let profile = precis_profiles::OpaqueString::enforce(text.as_str()).ok();
        prop_assert_eq!(resourcepart(&text).ok(), profile.filter(|name| !name.starts_with(' ')));
    }

    #[test]
    fn ascii_domains_go_the_same_way_as_idna(text in "[a-zA-Z0-9.-]{1,12}") {
        let text = text.replace("xn--", "xy--");
        prop_assume!(!text.ends_with('.') && text.parse::<std::net::Ipv4Addr>().is_err());
        let deny = idna::uts46::AsciiDenyList::STD3;
        let hyphens = idna::uts46::Hyphens::CheckFirstLast;
        let (name, valid) = idna::uts46::Uts46::new().to_unicode(text.as_bytes(), deny, hyphens);
        let valid = valid.is_ok() && idna::uts46::verify_dns_length(&name, false);
        prop_assert_eq!(domainpart(&text).ok(), valid.then_some(name));
    }

    #[test]
    fn escaped_names_come_back(name in "[a-z0-9 \"&'/:<>@\\\\]{1,16}") {
        let trimmed = name.trim_matches(' ');
        let escaped = escape(&name);
        prop_assert!(trimmed.is_empty() || localpart(&escaped).is_ok());
        prop_assert_eq!(unescape(&escaped), trimmed);
    }

    #[test]
    fn any_text_is_an_address_or_an_error(text in "\\PC*") {
        let _ = Jid::parse(&text);
        let _ = unescape(&text);
    }
}
