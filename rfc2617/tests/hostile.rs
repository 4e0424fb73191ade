//! Whatever comes from the network: no panic, no growth, no second meaning.

use proptest::prelude::*;
use rfc2617::*;

fn quoted_text() -> impl Strategy<Value = String> {
    prop_oneof![4 => "[ -~]{0,20}", 1 => "[ -~äß€\u{10FFFF}\t]{0,12}"]
}

fn token() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9!#$%&'*+.^_`|~-]{1,12}"
}

fn extra() -> impl Strategy<Value = Vec<Param>> {
    let param = (token(), quoted_text(), any::<bool>()).prop_map(|(name, value, quoted)| {
        let bare = !value.is_empty()
            && !value.starts_with('=')
            && value.bytes().all(|b| b.is_ascii_graphic() && !b"\",".contains(&b));
        Param { name: format!("x-{name}"), quoted: quoted || !bare, value }
    });
    prop::collection::vec(param, 0..4)
}

fn algorithm() -> impl Strategy<Value = Option<Algorithm>> {
    const KNOWN: [&str; 6] = ["MD5", "MD5-sess", "SHA-256", "SHA-256-sess", "SHA-512-256", "SHA-512-256-sess"];
    prop::option::of(prop_oneof![prop::sample::select(&KNOWN[..]).prop_map(str::to_owned), token()])
        .prop_map(|name| name.map(|name| Algorithm::from_name(&name)))
}

fn challenge() -> impl Strategy<Value = DigestChallenge> {
    let words = prop::collection::vec("[!-~&&[^\\\\\",]]{1,10}", 0..3);
    let qop = prop::collection::vec(prop_oneof![Just("auth".to_owned()), Just("auth-int".to_owned()), token()], 0..4);
    let strings = (quoted_text(), quoted_text(), prop::option::of(quoted_text()));
    (strings, words, any::<(bool, bool, bool)>(), algorithm(), qop, extra()).prop_map(
        |((realm, nonce, opaque), domain, (stale, utf8, userhash), algorithm, qop, extra)| DigestChallenge {
            realm,
            domain,
            nonce,
            opaque,
            stale,
            algorithm,
            qop: qop.iter().map(|q| Qop::from_name(q)).collect(),
            utf8,
            userhash,
            extra,
        },
    )
}

fn credentials() -> impl Strategy<Value = DigestCredentials> {
    let username = prop_oneof![
        quoted_text().prop_map(Username::Plain),
        any::<String>().prop_map(Username::Extended),
        "[0-9a-f]{32}".prop_map(Username::Hashed)
    ];
    let strings = (quoted_text(), quoted_text(), quoted_text(), quoted_text(), prop::option::of(quoted_text()));
    let count = prop::option::of(("[0-9a-fA-F]{8}", quoted_text(), token()));
    (username, strings, algorithm(), count, extra()).prop_map(
        |(username, (realm, nonce, uri, response, opaque), algorithm, count, extra)| DigestCredentials {
            username,
            realm,
            nonce,
            uri,
            response,
            algorithm,
            opaque,
            cnonce: count.as_ref().map(|c| c.1.clone()),
            nc: count.as_ref().map(|c| c.0.clone()),
            qop: count.as_ref().map(|c| Qop::from_name(&c.2)),
            extra,
        },
    )
}

/// Text that comes near the grammar.
fn near() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(
        &[
            "Digest ",
            "Basic ",
            "NTLM",
            " ",
            ",",
            "=",
            "\"",
            "\\",
            "realm",
            "nonce",
            "username",
            "username*",
            "uri",
            "response",
            "qop",
            "auth",
            "nc",
            "00000001",
            "cnonce",
            "algorithm",
            "SHA-256",
            "x",
            "\r\n ",
            "ä",
            "==",
            "%C3",
            "UTF-8''",
            "realm=\"r\", ",
            "nonce=\"n\", ",
            "\u{0}",
            "YTpi",
        ][..],
    );
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn challenges_survive_a_round_trip(challenge in challenge()) {
        let line = challenge.to_string();
        prop_assert_eq!(Challenge::parse(&line), Ok(Challenge::Digest(challenge)), "{}", line);
    }

    #[test]
    fn credentials_survive_a_round_trip(credentials in credentials()) {
        let line = credentials.to_string();
        prop_assert_eq!(Credentials::parse(&line), Ok(Credentials::Digest(credentials)), "{}", line);
    }

    #[test]
    fn basic_survives_a_round_trip(user in "[^:\\pC]{0,12}", password in "\\PC{0,12}") {
        let basic = BasicCredentials::new(user, password).unwrap();
        prop_assert_eq!(Credentials::parse(&basic.to_string()), Ok(Credentials::Basic(basic)));
    }

    #[test]
    fn several_challenges_in_a_line_stay_apart(all in prop::collection::vec(challenge(), 1..4)) {
        let all: Vec<Challenge> = all.into_iter().map(Challenge::Digest).collect();
        let line = all.iter().map(Challenge::to_string).collect::<Vec<_>>().join(", ");
        prop_assert_eq!(Challenge::parse_all(&line, &Limits::default()), Ok(all));
    }

    #[test]
    fn anything_is_read_or_refused(text in prop_oneof![near(), any::<String>()]) {
        let (challenge, credentials) = (Challenge::parse(&text), Credentials::parse(&text));
        let info = AuthenticationInfo::parse(&text);
        let _ = Challenge::parse_all(&text, &Limits::default());
        // what was read is printed so that it is read the same again
        if let Ok(Challenge::Basic(c)) = challenge {
            prop_assert_eq!(Challenge::parse(&c.to_string()), Ok(Challenge::Basic(c)));
        }
        for line in [credentials.map(|c| c.to_string()), info.map(|i| i.to_string())].into_iter().flatten() {
            prop_assert!(!line.contains(['\r', '\n', '\0']), "{}", line);
        }
    }

    #[test]
    fn a_server_decides_on_anything(credentials in credentials(), method in "[A-Z]{1,8}", body in any::<Vec<u8>>()) {
        let mut server = Server::new(ServerConfig::new(&credentials.realm), wire::Rng::from_u64(3));
        let request = Request { method: &method, uri: &credentials.uri.clone(), body: &body };
        let verdict = server.verify(wire::Instant::ZERO, &[Credentials::Digest(credentials)], &request, |_| {
            Some(Account::new("someone", "else"))
        });
        prop_assert!(matches!(verdict, Verdict::Denied | Verdict::Malformed(_)), "{:?}", verdict);
        prop_assert_eq!(server.used_nonces(), 0);
    }

    #[test]
    fn a_client_answers_anything(challenges in prop::collection::vec(challenge(), 0..5)) {
        let mut client = Client::new(ClientConfig { sessions: 3, ..ClientConfig::default() }, wire::Rng::from_u64(3));
        client.add(Account::new("a", "b"));
        let challenges: Vec<_> = challenges.into_iter().map(Challenge::Digest).collect();
        let request = Request { method: "M", uri: "sip:x", body: b"" };
        let _ = client.answer(Party::Proxy, &challenges, &[], &request);
        prop_assert!(client.authorize(Party::Proxy, &request).len() <= 3);
    }
}

#[test]
fn limits() {
    let limits = Limits { value: 100, schemes: 3, params: 4 };
    let fits = "Digest a=1, b=2, c=3, realm=r, Basic realm=r, Foo";
    assert!(Challenge::parse_all(fits, &limits).is_ok());
    let long = format!("Digest realm=\"{}\"", "x".repeat(100));
    assert_eq!(Challenge::parse_all(&long, &limits), Err(ParseError::TooLong));
    assert_eq!(Challenge::parse_all("A, B, C, D", &limits), Err(ParseError::TooMany));
    assert_eq!(Challenge::parse_all("A b=1, c=2, d=3, e=4, f=5", &limits), Err(ParseError::TooMany));
    let standard = Limits::default();
    assert_eq!((standard.value, standard.schemes, standard.params), (8192, 16, 64));
    let line = format!("Digest {}", "a=b,".repeat(65));
    assert_eq!(Credentials::parse(&line), Err(ParseError::TooMany));
    assert_eq!(
        Credentials::parse_within("Digest a=b, c=d", &Limits { params: 1, ..standard }),
        Err(ParseError::TooMany)
    );
    assert_eq!(AuthenticationInfo::parse(&"a=b,".repeat(65)), Err(ParseError::TooMany));
}

#[test]
fn a_scheme_with_a_token_takes_no_parameter() {
    assert!(Challenge::parse("Own dG9rZW4, name=value").is_err());
    assert!(Challenge::parse("Own dG9rZW4").is_ok());
}

#[test]
fn an_empty_bare_value_stays_a_parameter() {
    let challenge = Challenge::parse("Own, a= , b=").unwrap();
    assert_eq!(challenge.to_string(), "Own a=\"\", b=\"\"");
    assert_eq!(Challenge::parse(&challenge.to_string()).unwrap().to_string(), challenge.to_string());
    assert!(Challenge::parse(&Challenge::parse("Own, a===").unwrap().to_string()).is_ok());
}

#[test]
fn a_word_with_a_control_character_is_no_word() {
    let Ok(Challenge::Digest(digest)) =
        Challenge::parse("Digest realm=r, nonce=n, qop=\"\u{1},auth\", domain=\"\u{2} /a\"")
    else {
        panic!("a challenge")
    };
    assert_eq!((digest.qop.len(), digest.domain), (1, vec!["/a".to_owned()]));
}
