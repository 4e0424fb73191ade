#![no_main]
//! Whatever a server's two messages are, no login comes of them, since no message can guess the signature; and whatever
//! a client's are, the verifier lets nobody in. The word NONCE stands for the nonce of the other side.
use std::num::NonZeroU32;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use rfc3920::sasl::scram::{Keys, Server};
use rfc3920::sasl::{Credentials, Hash, Mechanism, Offer, Policy, Secret, choose};
use wire::{Rng, Secured};

static KEYS: LazyLock<Keys> =
    LazyLock::new(|| Keys::derive(Hash::Sha256, &Secret::from("pw"), b"salt", NonZeroU32::MIN));

fuzz_target!(|data: &[u8]| {
    let Some((choice, data)) = data.split_first() else { return };
    let tls = Secured { tls13: true, exporter: Some([7; 32]), ..Secured::default() };
    let mechanism = if choice & 1 == 0 { "SCRAM-SHA-256" } else { "SCRAM-SHA-256-PLUS" };
    let offer = Offer::of([mechanism]);
    let policy = Policy { iterations: 1..=2, ..Policy::default() };
    let alice = Credentials::new("alice", "pw").expect("letters").with_keys(Some(KEYS.clone()));
    let mut login = choose(&offer, Some(&tls), &alice, &policy, &mut Rng::from_u64(1)).expect("a choice");
    let initial = String::from_utf8(login.initial().to_vec()).expect("text");
    let ours = initial.rsplit_once(",r=").expect("a nonce").1;
    let text = String::from_utf8_lossy(data).replace("NONCE", ours);
    let (first, last) = text.split_once('\n').unwrap_or((&text, ""));
    if choice & 2 == 0 {
        if let Ok(proof) = login.challenge(first.as_bytes()) {
            assert!(proof.starts_with(b"c="));
        }
        assert!(login.success(Some(last.as_bytes())).is_err());
    } else {
        let mechanism = Mechanism::from_name(mechanism).expect("known");
        let mut server = Server::new(mechanism, &offer, &tls, &mut Rng::from_u64(2)).with_hash();
        let _ = server.first(first.as_bytes(), |_| Some(KEYS.verifier()));
        assert!(server.last(last.as_bytes()).is_err());
    }
});
