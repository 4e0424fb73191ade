//! Every header of section 20: its name, its compact form, and what its typed value reads and refuses.

use rfc3261::message::{
    Accept, AcceptEncoding, AcceptLanguage, AlertInfo, Allow, AllowEvents, AuthenticationInfo, Authorization, CSeq,
    CallId, CallInfo, Contact, ContentDisposition, ContentEncoding, ContentLanguage, ContentLength, ContentType, Date,
    ErrorInfo, Event, Expires, From, HeaderError, Headers, InReplyTo, Join, MaxBreadth, MaxForwards, Method,
    MimeVersion, MinExpires, MinSe, Name, Organization, PAssertedIdentity, Path, Priority, ProxyAuthenticate,
    ProxyAuthorization, ProxyRequire, RAck, RSeq, Reason, RecordRoute, ReferTo, ReferredBy, Replaces, ReplyTo, Require,
    RetryAfter, Route, Server, ServiceRoute, SessionExpires, SipEtag, SipIfMatch, Subject, SubscriptionState,
    Supported, TargetDialog, Timestamp, To, TypedHeader, Unsupported, UserAgent, Via, Warning, WwwAuthenticate,
};

/// Section 20, and the table of compact forms in section 7.3.3.
const SECTION_20: [(&str, &str); 44] = [
    ("Accept", ""),
    ("Accept-Encoding", ""),
    ("Accept-Language", ""),
    ("Alert-Info", ""),
    ("Allow", ""),
    ("Authentication-Info", ""),
    ("Authorization", ""),
    ("Call-ID", "i"),
    ("Call-Info", ""),
    ("Contact", "m"),
    ("Content-Disposition", ""),
    ("Content-Encoding", "e"),
    ("Content-Language", ""),
    ("Content-Length", "l"),
    ("Content-Type", "c"),
    ("CSeq", ""),
    ("Date", ""),
    ("Error-Info", ""),
    ("Expires", ""),
    ("From", "f"),
    ("In-Reply-To", ""),
    ("Max-Forwards", ""),
    ("Min-Expires", ""),
    ("MIME-Version", ""),
    ("Organization", ""),
    ("Priority", ""),
    ("Proxy-Authenticate", ""),
    ("Proxy-Authorization", ""),
    ("Proxy-Require", ""),
    ("Record-Route", ""),
    ("Reply-To", ""),
    ("Require", ""),
    ("Retry-After", ""),
    ("Route", ""),
    ("Server", ""),
    ("Subject", "s"),
    ("Supported", "k"),
    ("Timestamp", ""),
    ("To", "t"),
    ("Unsupported", ""),
    ("User-Agent", ""),
    ("Via", "v"),
    ("Warning", ""),
    ("WWW-Authenticate", ""),
];

#[test]
fn every_header_of_section_20_has_a_name() {
    for (text, compact) in SECTION_20 {
        let name = Name::from(text);
        assert!(!matches!(name, Name::Other(_)), "{text}");
        assert_eq!(name.as_str(), text);
        assert_eq!(name.compact().unwrap_or_default(), compact, "{text}");
        assert_eq!(Name::from(text.to_uppercase().as_str()), name);
        assert_eq!(Name::Other(text.to_lowercase().into()), name, "however it was made");
    }
    assert!(matches!(Name::from("Vias"), Name::Other(_)));
    assert!(matches!(Name::from(""), Name::Other(_)));
    assert_eq!(Name::from("X-A").as_str(), "X-A");
}

/// Reads each text and prints it back as it is, and refuses each of the others.
fn check<H: TypedHeader>(good: &[&str], bad: &[&str]) {
    for text in good {
        match H::parse((*text).into()) {
            Ok(value) => assert_eq!(value.to_string(), *text),
            Err(error) => panic!("{error}: {text}"),
        }
    }
    for text in bad {
        let error: Result<_, HeaderError> = H::parse((*text).into()).map(|value| value.to_string());
        assert_eq!(error.unwrap_err().name(), &H::NAME, "{text}");
    }
}

#[test]
fn addresses_are_read_and_refused() {
    let good = [
        "sip:a@b",
        "<sip:a@b>",
        "\"A\" <sip:a@b>;tag=x",
        "A B <sip:a@b>",
        "<tel:+1-201-555-0123>;x=\"1\"",
        "sip:a@b;tag=x",
    ];
    let bad = [
        "",
        "a@b",
        "<sip:a@b",
        "\"A <sip:a@b>",
        "<sip:a@b>;",
        "<sip:a@b>;=1",
        "<sip:a@b> x",
        "< sip:a@b>",
        "<sip:a@b>,<sip:c@d>",
    ];
    check::<From>(&good, &bad);
    check::<To>(&good, &bad);
    check::<ReplyTo>(&good, &bad);
    check::<ReferTo>(&["<sip:a@b?Replaces=x%3Bto-tag%3Dy>", "sip:a@b"], &bad);
    check::<ReferredBy>(&["<sip:a@b>;cid=\"1@b\""], &bad);
    check::<PAssertedIdentity>(&["\"A\" <sip:a@b>", "tel:+12"], &bad);
    check::<Contact>(&["*", "<sip:a@b>;q=0.5;expires=60"], &["", "*;q=1", "sip:a@b?x=y", "**"]);
    check::<Route>(&["<sip:a;lr>", "A <sip:a;lr>;x=1"], &["sip:a;lr", "", "*"]);
    check::<RecordRoute>(&["<sip:a;lr>"], &["sip:a"]);
    check::<Path>(&["<sip:a;lr>"], &["sip:a"]);
    check::<ServiceRoute>(&["<sip:a;lr>"], &["sip:a"]);
    check::<AlertInfo>(&["<http://b.example/sounds/moo.wav>"], &["http://b.example"]);
    check::<CallInfo>(&["<http://b.example/alice.jpg> ;purpose=icon"], &["<>"]);
    check::<ErrorInfo>(&["<sip:not-in-service@b.example>"], &["", "<x>"]);
}

#[test]
fn vias_are_read_and_refused() {
    check::<Via>(
        &[
            "SIP/2.0/UDP a",
            "SIP / 2.0 / TCP a : 5060 ; branch=x",
            "SIP/2.0/SCTP [::1]:5061;received=[::2];ttl=16;maddr=224.2.0.1",
        ],
        &[
            "",
            "SIP/2.0 a",
            "SIP/2.0/UDP",
            "SIP/2.0/UDP a:",
            "SIP/2.0/UDP a:99999",
            "SIP/2.0/UDP a;;",
            "SIP/2.0/UDP [::g]",
            "SIP/2.0/UDPa",
            "SIP/2.0/UDP a b",
        ],
    );
    let via = Via::parse("SIP/2.0/UDP a;ttl=16;maddr=224.2.0.1;hidden".into()).unwrap();
    assert_eq!((via.ttl(), via.maddr().unwrap().as_str(), via.param("hidden")), (Some(16), "224.2.0.1", Some("")));
    assert_eq!((via.rport(), via.branch(), via.received()), (None, None, None));
}

#[test]
fn numbers_are_read_and_refused() {
    check::<MaxForwards>(&["0", "70", "255"], &["", "256", "-1", "1.0", "7 0"]);
    check::<ContentLength>(&["0", "4294967295"], &["", "4294967296", "0x1"]);
    check::<Expires>(&["0", "4294967295"], &["4294967296", "soon"]);
    check::<MinExpires>(&["60"], &["-60"]);
    check::<MinSe>(&["90"], &["ninety"]);
    check::<RSeq>(&["1"], &[""]);
    check::<MaxBreadth>(&["60"], &["60 "]);
    check::<CSeq>(&["0 INVITE", "4294967295 X-y"], &["", "1", "INVITE", "4294967296 INVITE", "1 IN VITE", "1  "]);
    check::<RAck>(&["776656 1 INVITE"], &["1 INVITE", "1 1 ", "1 1 IN VITE", "x 1 INVITE"]);
    check::<Timestamp>(&["54", "54.25", "54. 0.3", "54 .5"], &["", "x", ".5", "54 x"]);
    check::<RetryAfter>(
        &["0", "3600;duration=60", "120 (I'm (quite) \\) busy);x"],
        &["", "x", "1 (open", "1 x", "4294967296"],
    );
    assert_eq!(RetryAfter::parse("18 (a (b) c)".into()).unwrap().comment(), Some("a (b) c"));
    check::<Warning>(
        &["307 isi.edu \"a \\\"b\\\"\"", "399 [::1]:5060 \"\""],
        &["", "30 a \"b\"", "307 a b", "307 \"b\"", "1812 overture \"x\"", "307 a \"b"],
    );
    check::<MimeVersion>(&["1.0"], &["1", "1.x", ""]);
    check::<Date>(
        &["Sat, 13 Nov 2010 23:29:00 GMT", "Thu, 29 Feb 2024 00:00:00 GMT"],
        &[
            "",
            "Sat, 13 Nov 2010 23:29:00 EST",
            "13 Nov 2010 23:29:00 GMT",
            "Sat, 31 Feb 2010 00:00:00 GMT",
            "Sat, 00 Jan 2010 00:00:00 GMT",
            "Sat, 1 Jan 2010 00:00:00 GMT",
            "Sat, 01 Jan 2010 24:00:00 GMT",
        ],
    );
}

#[test]
fn dates_agree_with_the_calendar() {
    for (unix, text) in [
        (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
        (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"),
        (4_107_542_399, "Sun, 28 Feb 2100 23:59:59 GMT"),
        (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"),
        (253_402_300_799, "Fri, 31 Dec 9999 23:59:59 GMT"),
    ] {
        assert_eq!(Date::from_unix(unix).to_string(), text);
        assert_eq!(Date::parse(text.into()).unwrap().unix(), unix);
    }
    assert_eq!(Date::from_unix(u64::MAX).to_string(), "Fri, 31 Dec 9999 23:59:59 GMT");
    for day in (0..90_000u64).step_by(7) {
        let date = Date::from_unix(day * 86_400 + 3_661);
        assert_eq!(Date::parse(date.to_string().into()), Ok(date));
    }
}

#[test]
fn values_with_parameters_are_read_and_refused() {
    check::<Accept>(&["application/sdp;level=1", "text/*;q=0.5", "*/*"], &["", "text", "text/", "/x", "a/b;", "a/b c"]);
    check::<AcceptEncoding>(&["gzip", "identity;q=0.5", "*"], &["", ";q=1"]);
    check::<AcceptLanguage>(&["da", "en-gb;q=0.8", "*"], &["", "en gb"]);
    check::<ContentDisposition>(&["session", "icon;handling=optional"], &["", "a b"]);
    check::<ContentType>(
        &["application/sdp", "text/html; charset=ISO-8859-4", "a/b;c=\"d;e\""],
        &["", "text", "a/b;c=\"d"],
    );
    check::<Priority>(&["emergency", "non-urgent"], &["", "very urgent"]);
    check::<Event>(&["presence", "dialog;sla", "foo;id=1"], &[""]);
    check::<SubscriptionState>(&["active;expires=60", "terminated;reason=timeout"], &[""]);
    check::<SessionExpires>(&["1800;refresher=uas"], &["", "x", "1800x"]);
    let replaces = "425928@b.example;to-tag=7743;from-tag=6472;early-only";
    check::<Replaces>(
        &[replaces, "98732@sip.example.com ;from-tag=r33th4x0r;to-tag=ff87ff"],
        &["", "a@", "@b", ";to-tag=1"],
    );
    assert_eq!(Replaces::parse(replaces.into()).unwrap().value(), "425928@b.example");
    check::<Join>(&["a@b;to-tag=1;from-tag=2"], &[""]);
    check::<TargetDialog>(&["a@b;local-tag=1;remote-tag=2"], &[""]);
    check::<Reason>(&["SIP;cause=200;text=\"Call completed elsewhere\"", "Q.850;cause=16"], &[""]);
}

#[test]
fn tokens_are_read_and_refused() {
    check::<Require>(&["100rel"], &["", "a b", "a,b"]);
    check::<ProxyRequire>(&["foo"], &["\"foo\""]);
    check::<Supported>(&["rel100"], &[""]);
    check::<Unsupported>(&["foo"], &[""]);
    check::<ContentEncoding>(&["gzip"], &["g/z"]);
    check::<ContentLanguage>(&["fr"], &[""]);
    check::<AllowEvents>(&["presence", "presence.winfo"], &[""]);
    check::<Allow>(&["INVITE", "x-y"], &["", "IN VITE"]);
    let mut headers = Headers::new();
    headers.push(Name::Allow, "INVITE, ACK,OPTIONS");
    headers.push(Name::Supported, "");
    headers.push(Name::Supported, "100rel , timer");
    let methods: Vec<_> = headers.list::<Allow>().map(|method| method.unwrap().0).collect();
    assert_eq!(methods, [Method::Invite, Method::Ack, Method::Options]);
    let tags: Vec<_> = headers.list::<Supported>().map(|tag| tag.unwrap().0).collect();
    assert_eq!(tags, ["100rel", "timer"]);
}

#[test]
fn texts_are_read_and_refused() {
    check::<CallId>(
        &["f81d4fae-7dec-11d0-a765-00a0c91e6bf6@foo.bar.com", "1", "a(b)<c>@\"d\""],
        &["", "a b", "a@b@c", "@b", "a@"],
    );
    check::<InReplyTo>(&["70710@saturn.bell-tel.com"], &[""]);
    check::<Subject>(&["", "Need more boxes, 是"], &["a\nb"]);
    check::<Organization>(&["", "Boxes by Bob"], &["a\rb"]);
    check::<Server>(&["HomeServer v2 (x)"], &[""]);
    check::<UserAgent>(&["Softphone/Beta1.5 (a; b)"], &[""]);
    check::<ProxyAuthenticate>(&["Digest realm=\"a, b\", nonce=\"x\""], &["", "=x"]);
    check::<WwwAuthenticate>(&["Digest realm=\"a\""], &[""]);
    check::<AuthenticationInfo>(&["nextnonce=\"47364c23432d2e131a5fb210812c\""], &[""]);
    check::<Authorization>(&["Digest username=\"a\""], &["", "a\r\nb"]);
    check::<ProxyAuthorization>(&["Basic QQ=="], &[""]);
    check::<SipEtag>(&["dx200xyz"], &["a b"]);
    check::<SipIfMatch>(&["dx200xyz"], &[""]);
}

#[test]
fn credentials_are_in_no_log() {
    let secret = Authorization::parse("Basic c2VjcmV0".into()).unwrap();
    let mut headers = Headers::new();
    headers.push(Name::Authorization, &secret);
    headers.push(Name::ProxyAuthorization, &secret);
    assert!(!format!("{secret:?} {headers:?}").contains("c2VjcmV0"));
}

#[test]
fn qualities_have_three_decimals_at_most() {
    let q = |text: &str| Contact::parse(format!("<sip:a>;q={text}").into()).unwrap().q();
    assert_eq!(
        ["0", "1", "0.5", "0.333", "1.000", "0."].map(q),
        [Some(0), Some(1000), Some(500), Some(333), Some(1000), Some(0)]
    );
    assert_eq!(["1.1", "2", "0.3333", "x", "0.x"].map(q), [None; 5]);
}
