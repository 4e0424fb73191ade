//! Reading addresses, and logging in by SCRAM-SHA-256.

use std::num::NonZeroU32;

use divan::{Bencher, black_box};
use rfc3920::jid::Jid;
use rfc3920::sasl::scram::{Keys, Server};
use rfc3920::sasl::{Credentials, Hash, Offer, Policy, Secret, choose};
use wire::{Rng, Secured};

fn main() {
    divan::main();
}

/// Addresses as they come with stanzas: nearly always ASCII, sometimes not.
#[divan::bench(args = ["alice@wonderland.example", "alice@wonderland.example/Tea Party.4232f4d4", "Alice@Wonderland.example/x",
    "f\u{fc}rst@xn--bcher-kva.example/\u{265a}"])]
fn jid(text: &str) -> Jid {
    Jid::parse(black_box(text)).unwrap()
}

#[divan::bench]
fn bare(bencher: Bencher) {
    let jid = Jid::parse("alice@wonderland.example/Tea Party").unwrap();
    bencher.bench(|| black_box(&jid).bare());
}

/// Both sides of a login with 4,096 rounds; with the keys of an earlier one, none of them is done.
#[divan::bench(args = [false, true])]
fn scram_sha_256(bencher: Bencher, keys_known: bool) {
    let (tls, offer, policy) = (Secured::default(), Offer::of(["SCRAM-SHA-256"]), Policy::default());
    let rounds = NonZeroU32::new(4096).unwrap();
    let keys = Keys::derive(Hash::Sha256, &Secret::from("looking-glass"), b"salt", rounds);
    let known = keys_known.then(|| keys.clone());
    let alice = Credentials::new("alice", "looking-glass").unwrap().with_keys(known);
    let mut rng = Rng::from_u64(1);
    bencher.bench_local(|| {
        let mut login = choose(&offer, Some(&tls), &alice, &policy, &mut rng).unwrap();
        let mut server = Server::new(login.mechanism(), &offer, &tls, &mut rng);
        let challenge = server.first(&login.initial(), |_| Some(keys.verifier())).unwrap();
        let last = server.last(&login.challenge(&challenge).unwrap()).unwrap();
        login.success(Some(&last)).unwrap()
    });
}
