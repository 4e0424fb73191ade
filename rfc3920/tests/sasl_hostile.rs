//! Servers that lie, stop short, or try to make us work: each login ends with its own error, and nothing derived from
//! the password leaves before the checks that can be made without it.

use std::num::NonZeroU32;

use proptest::prelude::*;
use rfc3920::sasl::scram::{Keys, Server};
use rfc3920::sasl::{
    Authenticated, Condition, Credentials, Error, Failure, Hash, Login, Mechanism, Offer, Pin, Policy, Secret,
    ServerError, Token, choose,
};
use wire::{Rng, Secured};

fn rounds(count: u32) -> NonZeroU32 {
    NonZeroU32::new(count).unwrap()
}

fn stored() -> Keys {
    Keys::derive(Hash::Sha256, &Secret::from("looking-glass"), b"salt", rounds(4096))
}

fn alice() -> Credentials {
    Credentials::new("alice", "looking-glass").unwrap()
}

fn begin_with(credentials: &Credentials, policy: &Policy, seed: u64) -> Login {
    let offer = Offer::of(["SCRAM-SHA-256", "PLAIN"]);
    choose(&offer, Some(&Secured::default()), credentials, policy, &mut Rng::from_u64(seed)).unwrap()
}

fn begin() -> Login {
    begin_with(&alice(), &Policy::default(), 1)
}

fn server() -> Server {
    let offer = Offer::of(["SCRAM-SHA-256", "PLAIN"]);
    Server::new(Mechanism::Scram(Hash::Sha256), &offer, &Secured::default(), &mut Rng::from_u64(2))
}

/// The server's first message, changed by somebody.
fn answer(login: &mut Login, change: impl FnOnce(String) -> String) -> Result<String, Error> {
    let first = server().first(&login.initial(), |_| Some(stored().verifier())).unwrap();
    let changed = change(String::from_utf8(first.to_vec()).unwrap());
    login.challenge(changed.as_bytes()).map(|proof| String::from_utf8(proof.to_vec()).unwrap())
}

fn nonce(login: &Login) -> String {
    String::from_utf8(login.initial().to_vec()).unwrap().rsplit_once(",r=").unwrap().1.to_owned()
}

//= rfc5802#5.1/nonce-prefix test
//= rfc5802#5.1/extension-fails test
//= rfc5802#5/first-message test
#[test]
fn first_messages_that_end_a_login() {
    let bad = |change: &dyn Fn(String) -> String| answer(&mut begin(), change).unwrap_err();
    let ours = nonce(&begin());
    assert_eq!(bad(&|m| m.replacen("r=", "r=x", 1)), Error::NonceMismatch);
    assert_eq!(bad(&|m| m.replacen(&ours, &ours.to_uppercase(), 1)), Error::NonceMismatch);
    assert_eq!(bad(&|_| "r=,s=c2FsdA==,i=4096".into()), Error::Malformed("nonce"));
    assert_eq!(bad(&|m| m.replacen("r=", "r=\u{e9}", 1)), Error::Malformed("nonce"));
    let with = |added: &str| format!("r={ours}{added},s=c2FsdA==,i=4096");
    assert_eq!(bad(&|_| with("")), Error::NonceShort, "our own nonce and nothing else");
    assert_eq!(bad(&|_| with("1234567")), Error::NonceShort);
    assert!(answer(&mut begin(), |_| with("12345678")).is_ok());
    assert_eq!(bad(&|m| m.replace("s=c2FsdA==", "s=")), Error::EmptySalt);
    assert_eq!(bad(&|m| m.replace("s=c2FsdA==", "s=c2FsdA=")), Error::Malformed("salt"));
    assert_eq!(bad(&|m| m.replace("s=c2FsdA==", "s=c2 FsdA==")), Error::Malformed("salt"));
    assert_eq!(bad(&|m| format!("m=tea,{m}")), Error::Extension);
    assert_eq!(bad(&|m| format!("{m},m=tea")), Error::Extension);
    let order = Error::Malformed("attributes missing or out of order");
    assert_eq!(bad(&|m| m.replace(",s=c2FsdA==", "")), order);
    assert_eq!(bad(&|m| m.replace(",i=4096", "")), order);
    assert_eq!(bad(&|m| m.replace(",s=c2FsdA==,i=4096", ",i=4096,s=c2FsdA==")), order);
    assert_eq!(bad(&|m| m.replace("r=", "R=")), order);
    assert_eq!(bad(&|_| "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=".into()), order);
    for twice in ["r=x", "s=c2FsdA==", "i=4096", "h=a,h=a"] {
        let error = bad(&|m| format!("{m},{twice}"));
        assert!(matches!(error, Error::Malformed(_) | Error::DowngradeHash), "{twice}: {error:?}");
    }
    for broken in ["", ",", "r", "r=a,", "=", "rr=a", "r=a,\u{e9}=b", "1=2", "r=\0"] {
        assert!(matches!(bad(&|_| broken.into()), Error::Malformed(_)), "{broken:?}");
    }
    assert_eq!(begin().challenge(b"r=\xff\xfe").unwrap_err(), Error::Malformed("not UTF-8"));
    assert_eq!(begin().challenge(&vec![b'r'; 1 << 20]).unwrap_err(), Error::Malformed("too long"));
}

//= rfc5802#9/iterations-ceiling test
//= rfc7677#4/iterations test
#[test]
fn rounds_outside_the_policy() {
    let asked = |count: &str| answer(&mut begin(), |m| m.replace("i=4096", &format!("i={count}"))).err();
    for (count, error) in [
        ("0", Error::Iterations(0)),
        ("1", Error::Iterations(1)),
        ("4095", Error::Iterations(4095)),
        ("1000001", Error::Iterations(1_000_001)),
        ("4294967295", Error::Iterations(u32::MAX)),
        ("4294967296", Error::Iterations(u32::MAX)),
        ("99999999999999999999999999", Error::Iterations(u32::MAX)),
        ("04096", Error::Malformed("iteration count")),
        ("+4096", Error::Malformed("iteration count")),
        ("-1", Error::Malformed("iteration count")),
        ("4096.0", Error::Malformed("iteration count")),
        ("", Error::Malformed("iteration count")),
        (" 4096", Error::Malformed("iteration count")),
    ] {
        assert_eq!(asked(count), Some(error), "{count}");
    }
    assert_eq!(asked("4096"), None);
    let wider = Policy { iterations: 1..=5000, ..Policy::default() };
    let with = |count: &str| {
        answer(&mut begin_with(&alice(), &wider, 1), |m| m.replace("i=4096", &format!("i={count}"))).err()
    };
    assert_eq!((with("1"), with("5001")), (None, Some(Error::Iterations(5001))));
}

/// A whole login with an honest server, and what is to be remembered of it.
fn honest(policy: &Policy, credentials: &Credentials, seed: u64, server: Server) -> Result<Authenticated, Error> {
    let mut login = begin_with(credentials, policy, seed);
    let mut server = server;
    let challenge = server.first(&login.initial(), |_| Some(stored().verifier())).unwrap();
    let last = server.last(&login.challenge(&challenge)?).unwrap();
    login.success(Some(&last))
}

//= rfc5802#5.1/nonce-fresh test
#[test]
fn a_nonce_that_comes_again() {
    let first = honest(&Policy::default(), &alice(), 1, server()).unwrap();
    let pin = first.pin.unwrap();
    assert_eq!(pin.mechanism, Mechanism::Scram(Hash::Sha256));
    let policy = Policy { pinned: Some(pin.clone()), ..Policy::default() };
    assert_eq!(honest(&policy, &alice(), 5, server()).err(), Some(Error::NonceReused), "the same seed, the same nonce");
    let other = honest(&policy, &alice(), 5, server().with_nonce("another-nonce")).unwrap();
    assert_eq!(other.pin.unwrap().server_nonce.as_deref(), Some("another-nonce"));
    // Our own nonce is another one for each login.
    assert_ne!(nonce(&begin_with(&alice(), &policy, 1)), nonce(&begin_with(&alice(), &policy, 2)));
    assert_eq!(nonce(&begin()).len(), 32);
    // What was played once is worth nothing for the next login.
    let mut login = begin_with(&alice(), &Policy::default(), 1);
    let old = server().first(&login.initial(), |_| Some(stored().verifier())).unwrap();
    login.challenge(&old).unwrap();
    assert_eq!(begin_with(&alice(), &Policy::default(), 2).challenge(&old).err(), Some(Error::NonceMismatch));
}

/// A login up to its proof, and the server's true last message.
fn proven() -> (Login, Vec<u8>) {
    let (mut login, mut server) = (begin(), server());
    let challenge = server.first(&login.initial(), |_| Some(stored().verifier())).unwrap();
    let last = server.last(&login.challenge(&challenge).unwrap()).unwrap();
    (login, last.to_vec())
}

//= rfc5802#5/server-signature test
//= rfc6120#6.3.10/verify-before-trust test
//= rfc6120#6.3.10/both-ways test
#[test]
fn servers_that_do_not_know_the_password() {
    assert!(proven().0.success(Some(&proven().1)).is_ok());
    assert_eq!(proven().0.success(None).err(), Some(Error::NoServerSignature));
    assert_eq!(proven().0.success(Some(b"")).err(), Some(Error::NoServerSignature));
    assert_eq!(begin().success(None).err(), Some(Error::NoServerSignature), "success at once");
    assert_eq!(begin().success(Some(&proven().1)).err(), Some(Error::NoServerSignature), "success at once, signed");
    let good = proven().1;
    for at in 2..good.len() - 1 {
        let mut bad = good.clone();
        bad[at] = if bad[at] == b'A' { b'B' } else { b'A' };
        let error = proven().0.success(Some(&bad)).err();
        let expected = [Some(Error::BadServerSignature), Some(Error::Malformed("signature"))];
        assert!(expected.contains(&error), "{at}: {error:?}");
        assert_eq!(proven().0.challenge(&bad).err(), error, "as a challenge");
    }
    for (message, error) in [
        (b"v=".as_slice(), Error::BadServerSignature),
        (b"v=AAAA", Error::BadServerSignature),
        (b"v=!", Error::Malformed("signature")),
        (b"x=1", Error::Malformed("attributes missing or out of order")),
        (b"=", Error::Malformed("no attribute")),
        (b"e=other-error", Error::Rejected(ServerError::Other)),
        (b"m=tea,v=AAAA", Error::Extension),
    ] {
        assert_eq!(proven().0.success(Some(message)).err(), Some(error));
    }
    // The last message as a challenge, and then a success without data.
    let (mut login, last) = proven();
    assert_eq!(login.challenge(&last).unwrap(), "");
    assert!(login.success(None).is_ok());
    let (mut login, last) = proven();
    login.challenge(&last).unwrap();
    assert_eq!(login.success(Some(&last)).err(), Some(Error::Unexpected), "signed twice");
}

#[test]
fn a_login_that_failed_stays_failed() {
    let mut login = begin();
    assert!(login.challenge(b"nonsense").is_err());
    assert_eq!(answer(&mut login, |m| m), Err(Error::Unexpected));
    assert_eq!(login.success(Some(&proven().1)).err(), Some(Error::Unexpected));
    let (mut login, last) = proven();
    assert!(login.success(None).is_err());
    assert_eq!(login.success(Some(&last)).err(), Some(Error::Unexpected));
    let (mut login, last) = proven();
    login.challenge(&last).unwrap();
    assert_eq!(login.challenge(&last).err(), Some(Error::Unexpected));
    for credentials in [Credentials::certificate(), Credentials::anonymous()] {
        let offer = Offer::of(["EXTERNAL", "ANONYMOUS"]);
        let begin = || {
            let tls = Secured::default();
            choose(&offer, Some(&tls), &credentials, &Policy::default(), &mut Rng::from_u64(1)).unwrap()
        };
        assert_eq!(begin().challenge(b"").err(), Some(Error::Unexpected));
        assert_eq!(begin().success(Some(b"data")).err(), Some(Error::Unexpected));
        assert!(begin().success(Some(b"")).is_ok());
    }
}

//= xep-0474#6.2/compare test
#[test]
fn a_wrong_list_hash_stops_before_the_proof() {
    let with = |hash: &str| answer(&mut begin(), |m| format!("{m},h={hash}"));
    let right = Offer::of(["SCRAM-SHA-256", "PLAIN"]).hash(Hash::Sha256);
    assert!(with(&right).is_ok());
    for wrong in ["", "AAAA", &right.to_lowercase(), &Offer::of(["SCRAM-SHA-256"]).hash(Hash::Sha256)] {
        assert_eq!(with(wrong).err(), Some(Error::DowngradeHash), "{wrong}");
    }
    let sha1 = Offer::of(["SCRAM-SHA-256", "PLAIN"]).hash(Hash::Sha1);
    assert_eq!(with(&sha1).err(), Some(Error::DowngradeHash), "the wrong hash function");
}

//= rfc5802#5.1/cache test
#[test]
fn keys_are_used_again_and_only_where_they_fit() {
    let done = honest(&Policy::default(), &alice(), 1, server()).unwrap();
    let keys = done.keys.unwrap();
    assert_eq!(keys, stored());
    // Keys without a password are enough as long as nothing changes on the server.
    let only_keys = Credentials::keys("alice", keys.clone()).unwrap();
    assert!(honest(&Policy::default(), &only_keys, 3, server()).is_ok());
    let changed = |credentials: &Credentials, from: &str, to: &str| {
        answer(&mut begin_with(credentials, &Policy::default(), 1), |m| m.replace(from, to)).err()
    };
    assert_eq!(changed(&only_keys, "s=c2FsdA==", "s=cGVwcGVy"), Some(Error::KeysStale));
    assert_eq!(changed(&only_keys, "i=4096", "i=4097"), Some(Error::KeysStale));
    let both = alice().with_keys(Some(keys.clone()));
    assert_eq!(changed(&both, "i=4096", "i=4097"), None);
    // Keys of another password prove nothing.
    let wrong = Keys::derive(Hash::Sha256, &Secret::from("cheshire"), b"salt", rounds(4096));
    let mut login = begin_with(&Credentials::keys("alice", wrong).unwrap(), &Policy::default(), 1);
    let mut server = server();
    let challenge = server.first(&login.initial(), |_| Some(stored().verifier())).unwrap();
    assert_eq!(server.last(&login.challenge(&challenge).unwrap()), Err(ServerError::InvalidProof));
}

//= rfc5802#6/server-flags test
//= rfc5802#5.1/bad-quote test
//= rfc5802#5.1/server-nonce test
//= rfc5802#6/check-binding test
#[test]
fn the_verifier_refuses_what_it_must() {
    let tls = Secured { tls13: true, exporter: Some([7; 32]), ..Secured::default() };
    let both = Offer::of(["SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"]);
    let first = |mechanism, offer: &Offer, message: &str| {
        let mut server = Server::new(mechanism, offer, &tls, &mut Rng::from_u64(2));
        server.first(message.as_bytes(), |user| (user == "alice").then(|| stored().verifier())).err()
    };
    let (plain, plus) = (Mechanism::Scram(Hash::Sha256), Mechanism::ScramPlus(Hash::Sha256));
    let stripped = Some(ServerError::ServerDoesSupportChannelBinding);
    assert_eq!(first(plain, &both, "y,,n=alice,r=abc"), stripped);
    assert_eq!(first(plain, &both, "n,,n=alice,r=abc"), None);
    assert_eq!(first(plain, &Offer::of(["SCRAM-SHA-256"]), "y,,n=alice,r=abc"), None);
    assert_eq!(first(plus, &both, "p=tls-exporter,,n=alice,r=abc"), None);
    assert_eq!(first(plus, &both, "n,,n=alice,r=abc"), Some(ServerError::Other));
    let unknown = Some(ServerError::UnsupportedChannelBindingType);
    assert_eq!(first(plus, &both, "p=tls-unique,,n=alice,r=abc"), unknown);
    assert_eq!(first(plain, &both, "p=tls-exporter,,n=alice,r=abc"), Some(ServerError::ChannelBindingNotSupported));
    assert_eq!(first(plain, &both, "n,,m=x,n=alice,r=abc"), Some(ServerError::ExtensionsNotSupported));
    assert_eq!(first(plain, &both, "n,,n=bob,r=abc"), Some(ServerError::UnknownUser));
    for name in ["", "al=ice", "alice=", "al=2cice", "=3"] {
        let error = first(plain, &both, &format!("n,,n={name},r=abc"));
        assert_eq!(error, Some(ServerError::InvalidUsernameEncoding), "{name}");
    }
    for message in ["", "n", "n,", "x,,n=alice,r=abc", "n,,n=alice"] {
        assert!(first(plain, &both, message).is_some(), "{message}");
    }
    // Another channel than that which was named, another nonce, a proof of other messages.
    let proof_with = |change: &dyn Fn(String) -> String| {
        let mut login = choose(&both, Some(&tls), &alice(), &Policy::default(), &mut Rng::from_u64(1)).unwrap();
        let mut server = Server::new(plus, &both, &tls, &mut Rng::from_u64(2));
        let challenge = server.first(&login.initial(), |_| Some(stored().verifier())).unwrap();
        let proof = String::from_utf8(login.challenge(&challenge).unwrap().to_vec()).unwrap();
        server.last(change(proof).as_bytes()).map(|_| ())
    };
    assert_eq!(proof_with(&|m| m), Ok(()));
    assert_eq!(proof_with(&|m| m.replacen("c=c", "c=d", 1)), Err(ServerError::ChannelBindingsDontMatch));
    assert_eq!(proof_with(&|m| m.replacen(",r=", ",r=x", 1)), Err(ServerError::Other));
    assert_eq!(proof_with(&|m| m.replacen(",p=", ",x=1,p=", 1)), Err(ServerError::InvalidProof));
}

/// The connection to the server is not the server's connection: somebody sits between and relays every byte.
//= rfc5802#6/flag-p test
#[test]
fn a_relay_is_noticed_by_the_binding() {
    let (ours, theirs) = ([7; 32], [8; 32]);
    let tls = |exporter| Secured { tls13: true, exporter: Some(exporter), ..Secured::default() };
    let offer = Offer::of(["SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"]);
    let mut login = choose(&offer, Some(&tls(ours)), &alice(), &Policy::default(), &mut Rng::from_u64(1)).unwrap();
    let mut server = Server::new(login.mechanism(), &offer, &tls(theirs), &mut Rng::from_u64(2));
    let challenge = server.first(&login.initial(), |_| Some(stored().verifier())).unwrap();
    let proof = login.challenge(&challenge).unwrap();
    assert_eq!(server.last(&proof), Err(ServerError::ChannelBindingsDontMatch));
}

/// Tokens go only to who offers their mechanism, over a connection that has their binding.
//= xep-0484#3.4/mechanism test
//= xep-0484#3.4/bound test
#[test]
fn tokens_stay_where_they_do_not_fit() {
    let mechanism = Mechanism::from_name;
    let tls = Secured { tls13: true, exporter: Some([7; 32]), ..Secured::default() };
    let begin = |token: &str, fast: &[&str], secured: Option<&Secured>, policy: &Policy| {
        let mechanism = mechanism(token).unwrap();
        let token = Token { mechanism, secret: Secret::from("secret-token"), expiry: None };
        let credentials = alice().with_token(Some(token));
        let fast = fast.iter().map(|name| (*name).to_owned()).collect();
        let offer = Offer { fast, ..Offer::of(["SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"]) };
        let login = choose(&offer, secured, &credentials, policy, &mut Rng::from_u64(1)).unwrap();
        login.mechanism().name()
    };
    let policy = Policy { unencrypted: true, ..Policy::default() };
    assert_eq!(begin("HT-SHA-256-EXPR", &["HT-SHA-256-EXPR"], Some(&tls), &policy), "HT-SHA-256-EXPR");
    assert_eq!(begin("HT-SHA-256-NONE", &["HT-SHA-256-NONE"], Some(&tls), &policy), "HT-SHA-256-NONE");
    let else_scram = "SCRAM-SHA-256-PLUS";
    assert_eq!(begin("HT-SHA-256-EXPR", &["HT-SHA-256-NONE"], Some(&tls), &policy), else_scram);
    assert_eq!(begin("HT-SHA-256-ENDP", &["HT-SHA-256-ENDP"], Some(&tls), &policy), else_scram);
    assert_eq!(begin("HT-SHA-256-NONE", &[], Some(&tls), &policy), else_scram);
    assert_eq!(begin("HT-SHA-256-NONE", &["HT-SHA-256-NONE"], None, &policy), "SCRAM-SHA-256");
    assert_eq!(begin("SCRAM-SHA-256", &["SCRAM-SHA-256"], Some(&tls), &policy), else_scram, "no token mechanism");
    let strict = Policy { require_plus: true, ..Policy::default() };
    assert_eq!(begin("HT-SHA-256-NONE", &["HT-SHA-256-NONE"], Some(&tls), &strict), else_scram);
    assert_eq!(begin("HT-SHA-256-EXPR", &["HT-SHA-256-EXPR"], Some(&tls), &strict), "HT-SHA-256-EXPR");
    let pin = Pin { mechanism: Mechanism::ScramPlus(Hash::Sha1), server_nonce: None };
    let pinned = Policy { pinned: Some(pin), ..Policy::default() };
    assert_eq!(begin("HT-SHA-256-NONE", &["HT-SHA-256-NONE"], Some(&tls), &pinned), else_scram);
}

/// Nothing that is printed while a login goes wrong holds a secret.
#[test]
fn nothing_secret_is_shown() {
    let token = Token { mechanism: Mechanism::Token(None), secret: Secret::from("secret-token"), expiry: None };
    let credentials = alice().with_token(Some(token)).with_keys(Some(stored()));
    let (login, _) = proven();
    let policy = Policy { allow_plain: true, ..Policy::default() };
    let plain = choose(&Offer::of(["PLAIN"]), Some(&Secured::default()), &credentials, &policy, &mut Rng::from_u64(1));
    let text = format!("{credentials:?} {login:?} {plain:?} {:?} {:?}", stored(), stored().verifier());
    for secret in ["looking-glass", "secret-token", "bG9va2luZy1nbGFzcw"] {
        assert!(!text.contains(secret), "{text}");
    }
}

//= rfc6120#6.5/unknown-condition test
//= rfc6120#6.5/text test
#[test]
fn failures_in_words_for_the_user() {
    let say = |name: &str, text: Option<&str>| {
        Failure { condition: Condition::from_name(name), text: text.map(str::to_owned) }.to_string()
    };
    assert_eq!(say("not-authorized", None), "wrong user name or password");
    assert_eq!(say("account-disabled", Some("Ask\u{1b}[2J")), "the account is disabled (Ask [2J)");
    assert!(!Condition::from_name("tea-time").is_temporary() && !Condition::NotAuthorized.is_temporary());
    assert!(Condition::TemporaryAuthFailure.is_temporary());
    for error in [
        Error::OnlyPlain,
        Error::NoMechanism(vec!["X\u{1b}".into()]),
        Error::Downgraded { pinned: Mechanism::ScramPlus(Hash::Sha1), best: Some(Mechanism::Plain) },
        Error::Iterations(7),
        Error::Rejected(ServerError::InvalidProof),
    ] {
        let text = error.to_string();
        assert!(text.len() > 30 && !text.contains('\u{1b}') && !text.ends_with('.'), "{text}");
    }
}

proptest! {
    /// Whatever the server's messages are, there is an answer or an error, and never a login.
    #[test]
    fn any_bytes(first in proptest::collection::vec(any::<u8>(), 0..200), last in "[ -~]{0,80}") {
        let mut login = begin();
        prop_assert!(login.challenge(&first).is_err());
        let (mut login, _) = proven();
        prop_assert!(login.success(Some(last.as_bytes())).is_err());
    }

    /// A first message with any one byte changed never ends in a login, unless the server itself changed it.
    #[test]
    fn one_byte_changed(at in 0..60usize, to in any::<u8>()) {
        let (mut login, mut server) = (begin_with(&alice().with_keys(Some(stored())), &Policy::default(), 1), server());
        let true_first = server.first(&login.initial(), |_| Some(stored().verifier())).unwrap();
        let mut first = true_first.to_vec();
        let at = at % first.len();
        prop_assume!(first[at] != to);
        first[at] = to;
        if let Ok(proof) = login.challenge(&first) {
            prop_assert!(server.last(&proof).is_err());
        }
    }
}
