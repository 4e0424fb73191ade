//! What is read, how it is printed.

use rfc2617::*;

fn digest(text: &str) -> DigestChallenge {
    match Challenge::parse(text) {
        Ok(Challenge::Digest(digest)) => digest,
        other => panic!("{text}: {other:?}"),
    }
}

fn credentials(text: &str) -> Result<DigestCredentials, ParseError> {
    Credentials::parse(text).map(|c| c.digest().unwrap().clone())
}

const FULL: &str = r#"Digest username="u", realm="r", nonce="n", uri="sip:x", response="0f", algorithm=MD5, cnonce="c", opaque="o", qop=auth, nc=0000000A"#;

//= rfc7616#3.3/commas-in-quotes test
#[test]
fn commas_and_escapes_inside_quotes() {
    let d = digest(r#"Digest realm="a\"b, c=\\d", nonce="x,y", qop="auth,auth-int",algorithm=MD5"#);
    assert_eq!(d.realm, r#"a"b, c=\d"#);
    assert_eq!(d.nonce, "x,y");
    assert_eq!(d.qop, [Qop::Auth, Qop::AuthInt]);
    assert!(d.to_string().starts_with(r#"Digest realm="a\"b, c=\\d", qop="auth,auth-int", nonce="x,y""#));
}

#[test]
fn several_schemes_in_a_line() {
    let line = concat!(
        r#"Negotiate, NTLM abc==, Basic realm="b, c", charset="UTF-8" , ,Digest realm="d",nonce="1", "#,
        r#"Digest realm="e", nonce="2", algorithm=SHA-256, Digest nonce="no realm""#
    );
    let all = Challenge::parse_all(line, &Limits::default()).unwrap();
    let realms: Vec<_> = all.iter().map(|c| c.realm()).collect();
    assert_eq!(realms, [None, None, Some("b, c"), Some("d"), Some("e")]);
    assert!(matches!(&all[1], Challenge::Other(s) if s.token.as_deref() == Some("abc==")));
    assert_eq!(Challenge::parse(line), Err(ParseError::Scheme));
}

#[test]
fn what_old_peers_send() {
    let d = digest("DIGEST  Realm = \"r\",\r\n nonce=abc, QOP=auth, algorithm=\"md5\", stale=TRUE, opaque=,x-new=1");
    assert_eq!((d.realm.as_str(), d.nonce.as_str(), d.stale), ("r", "abc", true));
    assert_eq!((d.algorithm, d.qop), (Some(Algorithm::Md5), vec![Qop::Auth]));
    assert_eq!(d.opaque.as_deref(), Some(""));
    assert_eq!(d.extra, [Param { name: "x-new".into(), value: "1".into(), quoted: false }]);
    let c = credentials(
        "Digest username=bob,realm=r,nonce=n,uri=sip:a@b;x=y,response=00,qop=\"auth\",nc=\"00000001\",cnonce=c",
    );
    let c = c.unwrap();
    assert_eq!((c.uri.as_str(), c.count()), ("sip:a@b;x=y", Some(1)));
}

//= rfc7616#3.3/default-md5 test
//= rfc7616#3.3/stale-other-false test
#[test]
fn what_is_not_there() {
    let d = digest(r#"Digest realm="r", nonce="n", stale=perhaps, userhash=no, charset=latin"#);
    assert_eq!((d.algorithm(), d.algorithm.is_none()), (&Algorithm::Md5, true));
    assert!(!d.stale && !d.userhash && !d.utf8);
    assert!(d.qop.is_empty() && d.domain.is_empty());
}

//= rfc7616#3.3/quoted test
//= rfc7616#3.3/not-quoted test
//= rfc7616#3.3/charset-utf8 test
#[test]
fn challenge_quotes() {
    let d = DigestChallenge {
        realm: "r".into(),
        domain: vec!["/a".into(), "http://b/".into()],
        nonce: "n".into(),
        opaque: Some("o".into()),
        stale: true,
        algorithm: Some(Algorithm::Sha256Sess),
        qop: vec![Qop::Auth, Qop::Other("x".into())],
        utf8: true,
        userhash: true,
        extra: vec![],
    };
    assert_eq!(
        d.to_string(),
        "Digest realm=\"r\", domain=\"/a http://b/\", qop=\"auth,x\", nonce=\"n\", opaque=\"o\", stale=true, \
         algorithm=SHA-256-sess, charset=UTF-8, userhash=true"
    );
    assert_eq!(digest(&d.to_string()), d);
}

//= rfc7616#3.4/quoted test
//= rfc7616#3.4/not-quoted test
//= rfc8760#2.6/uri-quoted test
//= rfc3261#22.4/uri-quoted test
#[test]
fn credentials_quotes() {
    assert_eq!(credentials(FULL).unwrap().to_string(), FULL);
    let hashed = FULL.to_owned() + ", userhash=true, later=1";
    assert_eq!(credentials(&hashed).unwrap().username, Username::Hashed("u".into()));
    assert_eq!(credentials(&hashed).unwrap().to_string(), hashed);
}

//= rfc7616#3.5/quoted test
//= rfc7616#3.5/not-quoted test
//= rfc7616#3.5/nc-digits test
#[test]
fn info_quotes() {
    let text = r#"nextnonce="n", qop=auth-int, rspauth="0f", cnonce="c", nc=00000001, x="y""#;
    assert_eq!(AuthenticationInfo::parse(text).unwrap().to_string(), text);
    assert_eq!(AuthenticationInfo::parse("nc=1"), Err(ParseError::Invalid("nc")));
    assert_eq!(AuthenticationInfo::parse("nc=0000001g"), Err(ParseError::Invalid("nc")));
}

//= rfc7616#3.4/improper-4xx test
#[test]
fn improper_credentials() {
    for (from, to, error) in [
        ("nc=0000000A", "nc=A", ParseError::Invalid("nc")),
        (", nc=0000000A", "", ParseError::Missing("nc")),
        (", cnonce=\"c\"", "", ParseError::Missing("cnonce")),
        ("username=\"u\", ", "", ParseError::Missing("username")),
        (", uri=\"sip:x\"", "", ParseError::Missing("uri")),
        (", response=\"0f\"", "", ParseError::Missing("response")),
        (", nonce=\"n\"", ", nonce=\"n\", NONCE=\"n\"", ParseError::Duplicate("nonce")),
    ] {
        assert!(FULL.contains(from));
        assert_eq!(credentials(&FULL.replace(from, to)), Err(error), "{to}");
    }
    for bad in
        ["", "Digest x", "Digest =", "Digest username=\"u", "Digest username=\"u\\", "a=b", "\"x\"", "Digest a=b c=d"]
    {
        assert!(Credentials::parse(bad).is_err() || bad == "Digest x", "{bad}");
    }
}

//= rfc7616#3.4/both-usernames test
//= rfc7616#3.4/extended-username test
#[test]
fn extended_user_names() {
    let line = FULL.replace("username=\"u\"", "username*=UTF-8''J%C3%A4s%C3%B8n%20Doe");
    let parsed = credentials(&line).unwrap();
    assert_eq!(parsed.username, Username::Extended("Jäsøn Doe".into()));
    assert_eq!(parsed.to_string(), line);
    let both = FULL.replace("username=", "username*=UTF-8''x, username=");
    assert_eq!(credentials(&both), Err(ParseError::Invalid("username*")));
    for bad in ["x", "UTF-8'x", "latin1''x", "UTF-8''%4", "UTF-8''%ff", "UTF-8''%zz"] {
        let line = FULL.replace("username=\"u\"", &format!("username*={bad}"));
        assert_eq!(credentials(&line), Err(ParseError::Invalid("username*")), "{bad}");
    }
}

#[test]
fn no_value_starts_a_header_of_its_own() {
    let mut c = credentials(FULL).unwrap();
    c.realm = "r\r\nEvil: 1\u{0}".into();
    c.nc = Some("1\r\nEvil: 1".into());
    c.qop = Some(Qop::Other("a\r\nb".into()));
    assert!(!c.to_string().contains(['\r', '\n', '\0']), "{c}");
}

//= rfc7617#2/realm-required test
//= rfc7617#2/unknown-parameters test
//= rfc7617#2.1/charset-utf8 test
#[test]
fn basic_challenges() {
    let Ok(Challenge::Basic(basic)) = Challenge::parse(r#"Basic foo="bar", realm="r", charset="utf-8""#) else {
        panic!()
    };
    assert!(basic.utf8 && basic.realm == "r" && basic.extra.len() == 1);
    assert_eq!(basic.to_string(), r#"Basic realm="r", charset="UTF-8", foo="bar""#);
    assert_eq!(Challenge::parse("Basic foo=\"bar\""), Err(ParseError::Missing("realm")));
}

//= rfc7617#2/no-colon test
//= rfc7617#2/no-control test
#[test]
fn basic_credentials_refuse_what_would_be_read_differently() {
    assert!(BasicCredentials::new("a:b", "c").is_none());
    assert!(BasicCredentials::new("a", "b\n").is_none() && BasicCredentials::new("a\u{7f}", "").is_none());
    assert_eq!(BasicCredentials::new("a", "b:c").unwrap().to_string(), "Basic YTpiOmM=");
    // "a\n:b" in Base64, no colon, no UTF-8, no Base64, nothing
    for bad in ["Basic YQo6Yg==", "Basic YWI=", "Basic /////w==", "Basic !", "Basic"] {
        assert!(Credentials::parse(bad).is_err(), "{bad}");
    }
}

#[test]
fn secrets_do_not_show() {
    let basic = BasicCredentials::new("bob", "hunter2").unwrap();
    let account = Account::new("bob", "hunter2");
    let ha1 = Secret::from_hex(Hash::Md5, "939e7578ed9e3c518a452acee763bce9").unwrap();
    let mut client = Client::new(ClientConfig::default(), wire::Rng::from_u64(1));
    client.add(account.clone());
    let shown = format!("{basic:?} {account:?} {ha1:?} {client:?}");
    assert!(!shown.contains("hunter2") && !shown.contains("939e"), "{shown}");
}
