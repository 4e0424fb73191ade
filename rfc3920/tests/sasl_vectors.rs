//! Logins against what the documents and live servers show.

use std::num::NonZeroU32;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rfc3920::sasl::scram::{Keys, Server};
use rfc3920::sasl::{Credentials, Error, Hash, Mechanism, Offer, Policy, Secret, Token, choose, decode, encode};
use wire::{Rng, Secured};

fn rounds(count: u32) -> NonZeroU32 {
    NonZeroU32::new(count).unwrap()
}

/// The server's side of the examples of RFC 5802 and RFC 7677.
//= rfc5802#6/server-flags test
//= rfc5802#5/server-signature test
//= rfc5802#5.1/iterations test
//= rfc5802#5.1/raw-username test
#[test]
fn server_side_of_the_examples() {
    for (hash, salt, client_nonce, server_nonce, proof, signature) in [
        (
            Hash::Sha1,
            "QSXCR+Q6sek8bf92",
            "fyko+d2lbbFgONRv9qkxdawL",
            "3rfcNHYJY1ZVvWVs7j",
            "v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
            "rmF9pqV8S7suAoZWja4dJRkFsKQ=",
        ),
        (
            Hash::Sha256,
            "W22ZaJ0SNY7soEsUEjb6gQ==",
            "rOprNGfwEbeRWgbNEkqO",
            "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0",
            "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
            "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
        ),
    ] {
        let keys = Keys::derive(hash, &Secret::from("pencil"), &STANDARD.decode(salt).unwrap(), rounds(4096));
        let mechanism = Mechanism::Scram(hash);
        let offer = Offer::of([mechanism.name()]);
        let mut rng = Rng::from_u64(1);
        let mut server = Server::new(mechanism, &offer, &Secured::default(), &mut rng).with_nonce(server_nonce);
        let first = server.first(format!("n,,n=user,r={client_nonce}").as_bytes(), |_| Some(keys.verifier())).unwrap();
        assert_eq!(first, format!("r={client_nonce}{server_nonce},s={salt},i=4096"));
        assert_eq!(server.username(), Some("user"));
        let last = server.last(format!("c=biws,r={client_nonce}{server_nonce},p={proof}").as_bytes()).unwrap();
        assert_eq!(last, format!("v={signature}"));
    }
}

/// Three servers seen live, and the example of the document.
//= xep-0474#6.1/input test
#[test]
fn list_hashes() {
    let ejabberd = [
        "DIGEST-MD5",
        "PLAIN",
        "SCRAM-SHA-512-PLUS",
        "SCRAM-SHA-512",
        "SCRAM-SHA-256-PLUS",
        "SCRAM-SHA-256",
        "SCRAM-SHA-1-PLUS",
        "SCRAM-SHA-1",
        "X-OAUTH2",
    ];
    let prosody = ["SCRAM-SHA-1", "SCRAM-SHA-256", "PLAIN", "SCRAM-SHA-256-PLUS", "SCRAM-SHA-1-PLUS"];
    for (mechanisms, bindings, hash, expected) in [
        (
            &ejabberd[..],
            &["tls-exporter", "tls-server-end-point"][..],
            Hash::Sha256,
            "11cb63oBZmKrinT9zw7ptWiB4u01dYN+BJPDIRDl32c=",
        ),
        (
            &ejabberd,
            &["tls-exporter", "tls-server-end-point", "tls-unique"],
            Hash::Sha256,
            "bPTQv6Dxgakt/uD4tYNe/WfDDIuPgq/BvAPHz+4OQ1k=",
        ),
        (&prosody, &["tls-exporter"], Hash::Sha256, "HOCahVXz+V8p+Esg88C95qG5k09nEAJUDMu7QMK43gY="),
        (
            &["SCRAM-SHA-1", "SCRAM-SHA-1-PLUS"],
            &["tls-exporter", "tls-server-end-point"],
            Hash::Sha1,
            "G6k/rBLDqgOhRRaCuuatSDFkJ08=",
        ),
    ] {
        let mut offer = Offer::of(mechanisms.iter().copied());
        offer.bindings = Some(bindings.iter().map(|name| (*name).to_owned()).collect());
        assert_eq!(offer.hash(hash), expected);
        offer.mechanisms.reverse();
        offer.bindings.as_mut().unwrap().reverse();
        assert_eq!(offer.hash(hash), expected, "order does not count");
        offer.mechanisms.pop();
        assert_ne!(offer.hash(hash), expected);
    }
}

/// RFC 8265 sections 3.6 and 4.3: user names and passwords.
//= rfc5802#5.1/prepare-username test
//= rfc5802#2.2/normalize test
//= rfc4616#2/no-nul test
//= rfc5802#3/utf-8 test
//= rfc4616#2/prepare test
#[test]
fn names_and_passwords_are_prepared() {
    for (name, prepared) in [
        ("juliet@example.com", "juliet@example.com"),
        ("fussball", "fussball"),
        ("fu\u{df}ball", "fu\u{df}ball"),
        ("\u{3c0}", "\u{3c0}"),
        ("\u{3a3}", "\u{3c3}"),
        ("\u{3c3}", "\u{3c3}"),
        ("\u{3c2}", "\u{3c2}"),
    ] {
        assert_eq!(Credentials::new(name, "x").unwrap().username(), Some(prepared));
    }
    for name in ["foo bar", "", "henry\u{2163}", "\u{221e}"] {
        assert_eq!(Credentials::new(name, "x").err(), Some(Error::Username), "{name:?}");
    }
    let plain = |password: &str| {
        let policy = Policy { allow_plain: true, ..Policy::default() };
        let credentials = Credentials::new("a", password)?;
        let (offer, tls) = (Offer::of(["PLAIN"]), Secured::default());
        choose(&offer, Some(&tls), &credentials, &policy, &mut Rng::from_u64(1)).map(|login| login.initial())
    };
    for (password, prepared) in [
        ("correct horse battery staple", "correct horse battery staple"),
        ("Correct Horse Battery Staple", "Correct Horse Battery Staple"),
        ("\u{3c0}\u{df}\u{e5}", "\u{3c0}\u{df}\u{e5}"),
        ("Jack of \u{2666}s", "Jack of \u{2666}s"),
        ("foo\u{1680}bar", "foo bar"),
        ("a\u{30a}", "\u{e5}"),
    ] {
        assert_eq!(plain(password).unwrap(), format!("\0a\0{prepared}"));
    }
    for password in ["", "my cat is a \tby", "nul\0"] {
        assert_eq!(plain(password).err(), Some(Error::Password), "{password:?}");
    }
}

/// RFC 4616, RFC 4505, RFC 4422 appendix A: one message each.
//= rfc4616#2/message test
//= rfc6120#6.3.10/initial-response test
//= rfc6120#6.3.8/authzid-when-acting test
//= rfc6120#6.3.8/bare-jid test
//= rfc6120#6.3.8/no-authzid test
//= rfc6120#6.3.7/localpart test
#[test]
fn mechanisms_of_one_message() {
    let policy = Policy { allow_plain: true, ..Policy::default() };
    let first = |name: &str, credentials: &Credentials| {
        let tls = Secured::default();
        let mut login = choose(&Offer::of([name]), Some(&tls), credentials, &policy, &mut Rng::from_u64(1)).unwrap();
        assert_eq!(login.mechanism().name(), name);
        let initial = login.initial();
        assert_eq!(login.success(None).unwrap().mechanism.name(), name);
        assert_eq!(login.success(None).err(), Some(Error::Unexpected), "a login ends once");
        initial
    };
    let tim = Credentials::new("tim", "tanstaaftanstaaf").unwrap();
    let ursel = || "ursel@example.com/phone".parse().unwrap();
    assert_eq!(first("PLAIN", &tim), "\0tim\0tanstaaftanstaaf");
    let tim = tim.with_authzid(ursel()).with_certificate();
    assert_eq!(first("PLAIN", &tim), "ursel@example.com\0tim\0tanstaaftanstaaf");
    assert_eq!(first("EXTERNAL", &tim), "ursel@example.com");
    assert_eq!(first("EXTERNAL", &Credentials::certificate()), "");
    assert_eq!(first("ANONYMOUS", &Credentials::anonymous()), "");
    assert_eq!(encode(&first("ANONYMOUS", &Credentials::anonymous())), "=");
}

//= rfc6120#6.4.2/empty test
//= rfc6120#6.3.5/base64 test
//= rfc6120#13.9.1/reject test
//= rfc6120#13.9.1/pad-inside test
//= rfc6120#13.9.1/verify test
//= rfc6120#13.9.1/survive test
#[test]
fn base64_is_read_to_the_letter() {
    for text in ["biws", "=", "bg==", "biw="] {
        assert_eq!(encode(&decode(text).unwrap()), text);
    }
    for text in ["=AAA", "BBBB=CCC", "bi ws", "biws\n", "bi-s", "bg=", "bg", "bh==", "b", "==", "bg===", "\u{e9}"] {
        assert_eq!(decode(text), Err(Error::Malformed("not base64")), "{text:?}");
    }
}

/// HT-SHA-256, against HMACs of an independent computation.
//= sasl-ht#3/initiator test
//= sasl-ht#3/responder test
#[test]
fn tokens() {
    let tls = Secured { tls13: true, exporter: Some([7; 32]), ..Secured::default() };
    for (name, initiator, responder) in [
        (
            "HT-SHA-256-NONE",
            "kEy2u1bclhvoF5cn3kGddzT571rNjziCJu43l9bxnhY=",
            "fn1bJwrHZhAUHqiAVMqNslNK8xCDXQL8TLYGQ001S+8=",
        ),
        (
            "HT-SHA-256-EXPR",
            "de93RcSBos2Z1cQmzVkGonHBIFRUC5aiQD3nYVuHrn8=",
            "y4iRt6UHGroS9KxhV1VUlEmWFEDV33TiA6ZMWGMdk9Q=",
        ),
    ] {
        let mechanism = Mechanism::from_name(name).unwrap();
        let token = Token { mechanism, secret: Secret::from("secret-token:fast-Xyz"), expiry: None };
        let credentials = Credentials::new("alice", "looking-glass").unwrap().with_token(Some(token));
        let offer = Offer { fast: vec![name.into()], ..Offer::of(["SCRAM-SHA-256"]) };
        let begin = || choose(&offer, Some(&tls), &credentials, &Policy::default(), &mut Rng::from_u64(1)).unwrap();
        let expected = [b"alice\0".as_slice(), &STANDARD.decode(initiator).unwrap()].concat();
        assert_eq!(begin().initial(), expected);
        let proof = STANDARD.decode(responder).unwrap();
        let done = begin().success(Some(&proof)).unwrap();
        assert_eq!((done.mechanism, done.pin), (mechanism, None));
        assert_eq!(begin().success(None).err(), Some(Error::NoServerSignature));
        assert_eq!(begin().success(Some(&proof[1..])).err(), Some(Error::BadServerSignature));
        assert_eq!(begin().success(Some(&begin().initial()[6..])).err(), Some(Error::BadServerSignature), "reflected");
        assert_eq!(begin().challenge(b"").err(), Some(Error::Unexpected));
    }
}
