//! The worked examples of RFC 2617 and RFC 7616, and cases computed independently.

use rfc2617::*;

#[derive(Debug)]
struct Row {
    json: serde_json::Value,
}

impl Row {
    fn all() -> Vec<Row> {
        let text = include_str!("data/rfc_digest.json");
        let rows: Vec<serde_json::Value> = serde_json::from_str(text).unwrap();
        rows.into_iter().map(|json| Row { json }).collect()
    }
    fn text(&self, key: &str) -> &str {
        self.json[key].as_str().unwrap()
    }
    fn uri(&self) -> &str {
        self.text("uri")
    }
    fn algorithm(&self) -> Algorithm {
        Algorithm::from_name(self.text("algorithm"))
    }

    /// What a server that issued this nonce would see, with `response` in it.
    fn credentials(&self, response: &str) -> String {
        format!(
            "Digest username=\"{}\", realm=\"{}\", uri=\"{}\", algorithm={}, nonce=\"{}\", nc={}, cnonce=\"{}\", \
             qop={}, response=\"{response}\"",
            self.text("username"),
            self.text("realm"),
            self.uri(),
            self.text("algorithm"),
            self.text("nonce"),
            self.text("nc"),
            self.text("cnonce"),
            self.text("qop"),
        )
    }

    fn accepts(&self, response: &str) -> bool {
        accepts(&self.credentials(response), self.text("method"), self.text("password"), b"")
    }
}

/// Whether the response in credentials is right, whatever the nonce.
fn accepts(credentials: &str, method: &str, password: &str, body: &[u8]) -> bool {
    let credentials = Credentials::parse(credentials).unwrap();
    let digest = credentials.digest().unwrap().clone();
    let Username::Plain(user) = &digest.username else { panic!() };
    let mut config = ServerConfig::new(&digest.realm);
    config.qop = vec![Qop::Auth, Qop::AuthInt];
    config.algorithms = vec![digest.algorithm().clone()];
    let mut server = Server::new(config, wire::Rng::from_u64(1));
    let request = Request { method, uri: &digest.uri, body };
    let verdict = server.verify(wire::Instant::ZERO, &[credentials], &request, |_| Some(Account::new(user, password)));
    // a foreign nonce is judged after the response
    match verdict {
        Verdict::Stale(StaleCause::Unknown) => true,
        Verdict::Denied => false,
        other => panic!("{other:?}"),
    }
}

//= rfc7616#3.2/hex test
//= rfc7616#3.4.1/response test
//= rfc7616#3.4.2/a1 test
//= rfc7616#3.4.3/a2 test
//= rfc7616#3.4.5/unquoted test
//= rfc7616#3.6/same-digest test
//= rfc7616#3.7/sha-256 test
#[test]
fn the_examples_of_the_rfcs() {
    for row in Row::all() {
        let expected = row.json.get("fips180_4_response").and_then(|v| v.as_str()).unwrap_or(row.text("response"));
        assert!(row.accepts(expected), "{row:?}");
        let mut wrong = expected.to_owned();
        wrong.replace_range(5..6, if &expected[5..6] == "0" { "1" } else { "0" });
        assert!(!row.accepts(&wrong), "{row:?}");
    }
}

/// RFC 7616 section 3.9.2 prints what SHA-512 cut to 256 bits gives. That is not SHA-512/256 of FIPS 180-4, which
/// starts from other constants, and which is what the text of the RFC asks for.
#[test]
fn sha_512_256_is_the_one_of_fips_180_4() {
    let row = Row::all().into_iter().find(|row| row.algorithm() == Algorithm::Sha512t256).unwrap();
    assert!(!row.accepts(row.text("response")), "the printed digits are of the truncated hash");
    let hashed = userhash(Hash::Sha512t256, row.text("username"), row.text("realm")).to_string();
    assert_eq!(hashed, row.text("fips180_4_userhash"));
    assert_ne!(hashed, row.text("userhash"));

    let truncated = |parts: &[&str]| -> String {
        let digest = ring::digest::digest(&ring::digest::SHA512, parts.join(":").as_bytes());
        digest.as_ref().iter().take(32).map(|b| format!("{b:02x}")).collect()
    };
    assert_eq!(truncated(&[row.text("username"), row.text("realm")]), row.text("userhash"));
    let a1 = truncated(&[row.text("username"), row.text("realm"), row.text("password")]);
    let a2 = truncated(&[row.text("method"), row.uri()]);
    let terms = [&a1, row.text("nonce"), row.text("nc"), row.text("cnonce"), row.text("qop"), &a2];
    assert_eq!(truncated(&terms), row.text("response"), "the printed digits explained");
}

/// FIPS 180-4 example values: "abc".
#[test]
fn hashes() {
    for (hash, digits) in [
        (Hash::Md5, "900150983cd24fb0d6963f7d28e17f72"),
        (Hash::Sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (Hash::Sha512t256, "53048e2681941ef99b2e29b76b4c7dabe4c2d0c634fc6d46e0e2f13107e7af23"),
    ] {
        assert_eq!(hash.of(&[b"abc"]).to_string(), digits);
        assert_eq!(hash.of(&[b"a", b"", b"bc"]), Hex::parse(hash, &digits.to_uppercase()).unwrap());
    }
}

//= rfc2617#3.2.2.1/no-qop test
//= rfc7616#3.4.2/a1-sess test
//= rfc8760#2.6/qop-received test
#[test]
fn forms_that_the_rfcs_do_not_print() {
    let base = r#"Digest nonce="abc123", realm="atlanta.test", username="alice""#;
    let rows: [(&str, &str, &[u8], &str); 3] = [
        (r#"uri="sip:atlanta.test""#, "REGISTER", b"", "4e5dcbd4ecd214077a6c8c37e8362eca"),
        (
            r#"uri="sip:bob@atlanta.test", qop=auth, nc=00000002, cnonce="deadbeef", algorithm=MD5-sess"#,
            "INVITE",
            b"",
            "26d7903f337775ce3531af85c7da27a3",
        ),
        (
            r#"uri="sip:bob@atlanta.test", qop=auth-int, nc=00000001, cnonce="deadbeef", algorithm=MD5"#,
            "INVITE",
            b"v=0\r\n",
            "8ec2f13867c4a643a0ebece26cd40fb2",
        ),
    ];
    for (rest, method, body, response) in rows {
        let line = format!("{base}, {rest}, response=\"{response}\"");
        assert!(accepts(&line, method, "secret", body), "{line}");
        assert!(!accepts(&line, method, "Secret", body), "{line}");
        assert_eq!(accepts(&line, method, "secret", b"other"), !rest.contains("auth-int"), "{line}");
    }
}

/// The body hash of a message without body, as RFC 8760 section 2.6 and RFC 3261 section 22.4 print it.
#[test]
fn an_absent_body_is_the_empty_string() {
    assert_eq!(Hash::Md5.of(&[b""]).to_string(), "d41d8cd98f00b204e9800998ecf8427e");
    let sha = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    assert_eq!(Hash::Sha256.of(&[]).to_string(), sha);
}

//= rfc7617#2/base64 test
#[test]
fn basic() {
    let line = "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==";
    let Ok(Credentials::Basic(basic)) = Credentials::parse(line) else { panic!() };
    assert_eq!((basic.user.as_str(), basic.password.as_str()), ("Aladdin", "open sesame"));
    assert_eq!(basic.to_string(), line);
    // RFC 7617 section 2.1: the pound sign in UTF-8
    assert_eq!(BasicCredentials::new("test", "123£").unwrap().to_string(), "Basic dGVzdDoxMjPCow==");
}
