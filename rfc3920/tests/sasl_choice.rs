//! Every mix of offered mechanisms, bindings, connections, credentials and policies, against a table of its own; and
//! every way to cut a server's lists on the way, against the server itself.

use std::num::NonZeroU32;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use rfc3920::sasl::scram::{Keys, Server};
use rfc3920::sasl::{Credentials, Error, Hash, Mechanism, Offer, Pin, Policy, Secret, ServerError, choose};
use wire::{Rng, Secured};

const PASSWORD: &str = "looking-glass";
const HASHES: [&str; 3] = ["SCRAM-SHA-512", "SCRAM-SHA-256", "SCRAM-SHA-1"];

/// What the table says: the first bytes of the only login there may be, or the kind of the abort.
#[derive(Debug, PartialEq)]
enum Expected {
    Login { mechanism: String, first: String },
    Abort(&'static str),
}

/// One row of the table, in words alone: nothing of the code under test.
struct Row<'a> {
    mechanisms: &'a [&'a str],
    types: Option<&'a [&'a str]>,
    encrypted: bool,
    tls13: bool,
    ours: &'a [&'a str],
    password: bool,
    /// The hash that keys without a password are for.
    keys: Option<&'a str>,
    certificate: bool,
    allow_plain: bool,
    require_plus: bool,
    unencrypted: bool,
    pin: Option<&'a str>,
}

/// From the strongest down.
const ORDER: [&str; 9] = [
    "EXTERNAL",
    "SCRAM-SHA-512-PLUS",
    "SCRAM-SHA-256-PLUS",
    "SCRAM-SHA-1-PLUS",
    "SCRAM-SHA-512",
    "SCRAM-SHA-256",
    "SCRAM-SHA-1",
    "PLAIN",
    "ANONYMOUS",
];

impl Row<'_> {
    fn expected(&self) -> Expected {
        if !self.encrypted && !self.unencrypted {
            return Expected::Abort("NotEncrypted");
        }
        let ours: &[&str] = if self.encrypted { self.ours } else { &[] };
        let common = match self.types {
            Some(types) => ["tls-exporter", "tls-unique", "tls-server-end-point"]
                .into_iter()
                .find(|name| types.contains(name) && ours.contains(name)),
            None => Some(if self.tls13 { "tls-exporter" } else { "tls-unique" }).filter(|name| ours.contains(name)),
        };
        let possible = |name: &str| match name {
            "EXTERNAL" => self.encrypted && self.certificate,
            "PLAIN" => self.encrypted && self.password,
            "ANONYMOUS" => false,
            scram => {
                let bare = scram.trim_end_matches("-PLUS");
                (self.password || self.keys == Some(bare)) && (bare == scram || common.is_some())
            }
        };
        let best = ORDER.into_iter().find(|name| self.mechanisms.contains(name) && possible(name));
        let plus_offered = self.mechanisms.iter().any(|name| name.ends_with("PLUS"));
        let rank = |name: &str| ORDER.iter().position(|known| *known == name).unwrap();
        let pin = self.pin.filter(|pin| *pin != "EXTERNAL" || self.certificate);
        if let Some(pin) = pin.filter(|pin| best.is_none_or(|best| rank(best) > rank(pin))) {
            let plain_scram = best.is_some_and(|best| HASHES.contains(&best));
            let stripped = pin.ends_with("PLUS") && plain_scram && !plus_offered;
            return Expected::Abort(if stripped { "BindingStripped" } else { "Downgraded" });
        }
        let Some(best) = best else { return Expected::Abort("NoMechanism") };
        if best == "PLAIN" && !self.allow_plain {
            return Expected::Abort("OnlyPlain");
        }
        if self.require_plus && (best == "PLAIN" || HASHES.contains(&best)) {
            return Expected::Abort("BindingRequired");
        }
        let first = match best {
            "EXTERNAL" => String::new(),
            "PLAIN" => format!("\0alice\0{PASSWORD}"),
            plus if plus.ends_with("PLUS") => format!("p={},,n=alice,r=", common.unwrap()),
            _ if !ours.is_empty() && !plus_offered => "y,,n=alice,r=".into(),
            _ => "n,,n=alice,r=".into(),
        };
        Expected::Login { mechanism: best.into(), first }
    }
}

fn kind(error: &Error) -> &'static str {
    match error {
        Error::NotEncrypted => "NotEncrypted",
        Error::NoMechanism(_) => "NoMechanism",
        Error::OnlyPlain => "OnlyPlain",
        Error::BindingRequired => "BindingRequired",
        Error::BindingStripped => "BindingStripped",
        Error::Downgraded { .. } => "Downgraded",
        other => panic!("{other:?} is no outcome of a choice"),
    }
}

/// The connections there can be: in the clear, TLS 1.3 and 1.2 with all, some and no bindings.
fn connections() -> Vec<(Option<Secured>, Vec<&'static str>)> {
    let end_point = Some(Bytes::from_static(b"certificate"));
    let unique = Some(Bytes::from_static(b"finished"));
    let tls = |tls13, exporter: bool, unique, end_point| {
        Some(Secured { tls13, exporter: exporter.then_some([7; 32]), unique, end_point, alpn: None })
    };
    vec![
        (None, vec![]),
        (tls(true, true, None, end_point.clone()), vec!["tls-exporter", "tls-server-end-point"]),
        (tls(true, false, None, None), vec![]),
        (tls(false, false, unique.clone(), end_point.clone()), vec!["tls-unique", "tls-server-end-point"]),
        (tls(false, true, None, None), vec!["tls-exporter"]),
        (tls(false, false, None, end_point), vec!["tls-server-end-point"]),
    ]
}

fn subset<'a>(all: &[&'a str], bits: usize) -> Vec<&'a str> {
    all.iter().enumerate().filter(|(at, _)| bits >> at & 1 == 1).map(|(_, name)| *name).collect()
}

fn keys(name: &str, password: &str) -> Keys {
    let hash = match name {
        "SCRAM-SHA-1" => Hash::Sha1,
        "SCRAM-SHA-256" => Hash::Sha256,
        _ => Hash::Sha512,
    };
    Keys::derive(hash, &Secret::from(password), b"tea and butter", NonZeroU32::new(4096).unwrap())
}

//= rfc6120#6.3.3/own-order test
//= rfc6120#6.3.3/only-listed test
//= rfc6120#6.3.4/external-first test
//= rfc6120#13.8.1/scram test
//= rfc6120#13.8.3/prefer-stronger test
//= rfc6120#13.8.3/plain-tls test
//= rfc4616#1/not-without-tls test
//= rfc5802#6/flag-y test
//= rfc5802#6/flag-n test
//= rfc5802#6/flag-p test
//= rfc9266#3/default test
//= rfc9266#3/exporter test
//= rfc5929#6/unique-first test
//= xep-0440#3/mutual test
//= xep-0440#4/exporter-first test
//= rfc6120#13.8.3/plain-last test
//= rfc9266#3/unique-undefined test
//= xep-0474#7/no-plain-after-scram test
//= rfc6120#6.3.3/strongest test
//= rfc6120#6.3.3/in-order test
//= rfc6120#13.8.1/bind-channel test
//= rfc6120#13.9.4/prefer-plus test
//= rfc6120#13.8.4/external test
//= rfc6120#13.8.3/plain test
//= rfc5802#6/required test
//= rfc5802#6.1/unique test
#[test]
fn every_mix_against_the_table() {
    let offered: Vec<&str> = ["DIGEST-MD5"].into_iter().chain(ORDER.into_iter().take(8)).collect();
    let types: [Option<&[&str]>; 6] = [
        None,
        Some(&[]),
        Some(&["tls-exporter"]),
        Some(&["tls-server-end-point", "tls-exporter", "tls-unique"]),
        Some(&["tls-unique", "tls-of-tomorrow"]),
        Some(&["tls-server-end-point"]),
    ];
    let some_keys = keys("SCRAM-SHA-256", PASSWORD);
    let alice = Credentials::new("alice", PASSWORD).unwrap();
    let known = [
        (alice.clone(), true, None, false),
        (alice.clone().with_certificate(), true, None, true),
        (Credentials::certificate(), false, None, true),
        (Credentials::keys("alice", some_keys).unwrap(), false, Some("SCRAM-SHA-256"), false),
    ];
    let pins = [None, Some("PLAIN"), Some("SCRAM-SHA-256"), Some("SCRAM-SHA-1-PLUS"), Some("EXTERNAL")];
    let connections = connections();
    let mut counts = (0, 0);
    for bits in 0..1 << offered.len() {
        let mechanisms = subset(&offered, bits);
        for types in types {
            let mut offer = Offer::of(mechanisms.iter().copied());
            offer.bindings = types.map(|names| names.iter().map(|name| (*name).to_owned()).collect());
            for (at, (secured, ours)) in connections.iter().enumerate() {
                // The connections take turns, so that the whole stays below a few seconds; all meet everything.
                if at != 1 && (bits + at) % 3 != 0 {
                    continue;
                }
                for (credentials, password, keys, certificate) in &known {
                    for (flags, pin) in (0..8).flat_map(|flags| pins.map(|pin| (flags, pin))) {
                        if secured.is_some() && flags >= 4 {
                            continue; // the third flag is about connections in the clear
                        }
                        let row = Row {
                            mechanisms: &mechanisms,
                            types,
                            encrypted: secured.is_some(),
                            tls13: secured.as_ref().is_some_and(|secured| secured.tls13),
                            ours,
                            password: *password,
                            keys: *keys,
                            certificate: *certificate,
                            allow_plain: flags & 1 != 0,
                            require_plus: flags & 2 != 0,
                            unencrypted: flags & 4 != 0,
                            pin,
                        };
                        check(&row, &offer, secured.as_ref(), credentials, &mut counts);
                    }
                }
            }
        }
    }
    assert!(counts.0 > 20_000 && counts.1 > 20_000, "logins and aborts: {counts:?}");
}

fn check(row: &Row<'_>, offer: &Offer, secured: Option<&Secured>, credentials: &Credentials, counts: &mut (u32, u32)) {
    let mechanism = |name| Mechanism::from_name(name).unwrap();
    let policy = Policy {
        allow_plain: row.allow_plain,
        require_plus: row.require_plus,
        unencrypted: row.unencrypted,
        pinned: row.pin.map(|name| Pin { mechanism: mechanism(name), server_nonce: None }),
        ..Policy::default()
    };
    let got = match choose(offer, secured, credentials, &policy, &mut Rng::from_u64(1)) {
        Ok(login) => {
            counts.0 += 1;
            let first = String::from_utf8(login.initial().to_vec()).unwrap();
            let plain = login.mechanism() == Mechanism::Plain;
            assert_eq!(first.contains(PASSWORD), plain, "the password itself in {first:?}");
            assert!(!plain || (row.encrypted && row.allow_plain));
            let nonce = first.find(",r=").map_or(first.len(), |at| at + 3);
            Expected::Login { mechanism: login.mechanism().name().into(), first: first[..nonce].into() }
        }
        Err(error) => {
            counts.1 += 1;
            Expected::Abort(kind(&error))
        }
    };
    assert_eq!(got, row.expected(), "{offer:?} {secured:?} {policy:?}");
}

/// ANONYMOUS is for who has no account, and for nobody else.
//= rfc6120#6.3.3/only-listed test
#[test]
fn anonymous_is_nobodys_way_out() {
    let tls = Secured::default();
    let offer = Offer::of(["ANONYMOUS", "PLAIN"]);
    let begin = |credentials: &Credentials| {
        choose(&offer, Some(&tls), credentials, &Policy::default(), &mut Rng::from_u64(1))
            .map(|login| login.mechanism())
    };
    assert_eq!(begin(&Credentials::new("alice", PASSWORD).unwrap()), Err(Error::OnlyPlain));
    assert_eq!(begin(&Credentials::anonymous()), Ok(Mechanism::Anonymous));
    assert!(matches!(begin(&Credentials::certificate()), Err(Error::NoMechanism(_))));
}

/// Somebody in the middle hides mechanisms and binding types of an honest server; what comes of each way to do it.
//= rfc9266#4/nothing-else test
//= rfc9266#4/no-secret test
//= rfc5802#7/no-data test
//= rfc5802#7/data test
#[test]
fn the_data_of_a_connection_goes_into_bound_logins_alone() {
    let said_with = |mechanism: &str, exporter: u8, password: &str| {
        let tls = Secured { tls13: true, exporter: Some([exporter; 32]), ..Secured::default() };
        let offer = Offer::of([mechanism]);
        let credentials = Credentials::new("alice", password).unwrap();
        let mut login = choose(&offer, Some(&tls), &credentials, &Policy::default(), &mut Rng::from_u64(1)).unwrap();
        let initial = String::from_utf8(login.initial().to_vec()).unwrap();
        let (_, nonce) = initial.rsplit_once(",r=").unwrap();
        let challenge = format!("r={nonce}12345678,s=c2FsdA==,i=4096");
        let reply = String::from_utf8(login.challenge(challenge.as_bytes()).unwrap().to_vec()).unwrap();
        let channel = reply.strip_prefix("c=").and_then(|rest| rest.split_once(',')).unwrap().0.to_owned();
        (initial, reply.clone(), STANDARD.decode(channel).unwrap())
    };
    let said = |mechanism: &str, exporter: u8| said_with(mechanism, exporter, PASSWORD);
    assert_eq!(said("SCRAM-SHA-256", 7), said("SCRAM-SHA-256", 8));
    assert_eq!(said("SCRAM-SHA-256", 7).2, b"y,,");
    let (one, other) = (said("SCRAM-SHA-256-PLUS", 7), said("SCRAM-SHA-256-PLUS", 8));
    assert_eq!(one.0, other.0);
    assert_eq!(one.2, [b"p=tls-exporter,,".as_slice(), &[7; 32]].concat());
    assert_ne!(one.1, other.1);
    assert_ne!(one.1, said_with("SCRAM-SHA-256-PLUS", 7, "tea").1, "the proof is of the password");
}

//= xep-0474#6.2/compare test
//= rfc5802#6/stripped test
//= xep-0474#7/confirm-types test
#[test]
fn every_cut_of_the_lists_on_the_way() {
    let names: Vec<&str> = ORDER[1..7].to_vec();
    let (_, tls, _) = (0, connections().swap_remove(1).0.unwrap(), 0);
    let stored: Vec<Keys> = HASHES.iter().map(|name| keys(name, PASSWORD)).collect();
    let alice = Credentials::new("alice", PASSWORD).unwrap();
    let all_types: Vec<String> = ["tls-exporter", "tls-server-end-point"].map(str::to_owned).to_vec();
    let cut_types = [all_types.clone(), vec![all_types[1].clone()], vec!["tls-of-tomorrow".to_owned()]];
    let (mut whole, mut told, mut refused) = (0, 0, 0);
    for (honest, seen) in (1..64_usize).flat_map(|honest| (1..64_usize).map(move |seen| (honest, seen))) {
        if seen & !honest != 0 {
            continue; // names that the server does not know gain nothing
        }
        for (types, with_hash) in cut_types.iter().flat_map(|types| [(types, true), (types, false)]) {
            let server_offer = Offer { bindings: Some(all_types.clone()), ..Offer::of(subset(&names, honest)) };
            let offer = Offer { bindings: Some(types.clone()), ..Offer::of(subset(&names, seen)) };
            let untouched = honest == seen && *types == all_types;
            let outcome = play(&server_offer, &offer, &tls, &alice, &stored, with_hash);
            let binds = subset(&names, honest).iter().any(|name| name.ends_with("PLUS"));
            let seen_plus = subset(&names, seen).iter().any(|name| name.ends_with("PLUS"));
            match outcome {
                Ok(_) if untouched => whole += 1,
                Ok(mechanism) => {
                    assert!(!with_hash, "a cut of {server_offer:?} to {offer:?} went unnoticed");
                    // Without the hash a cut can only choose among the hashes, or take the weaker binding.
                    let plus = mechanism.name().ends_with("PLUS");
                    assert!(plus || !binds, "{offer:?} of {server_offer:?} took the binding away");
                }
                Err(Error::DowngradeHash) => told += 1,
                Err(Error::BindingStripped) => {
                    assert!(binds && (!seen_plus || types.contains(&"tls-of-tomorrow".to_owned())));
                    refused += 1;
                }
                Err(Error::NoMechanism(_)) => {
                    assert!(types.contains(&"tls-of-tomorrow".to_owned()), "{offer:?}");
                }
                Err(error) => panic!("{error:?} for {offer:?} of {server_offer:?}"),
            }
        }
    }
    assert!(whole > 100 && told > 1000 && refused > 100, "{whole} {told} {refused}");
}

/// One login; the keys of the hash that will be chosen are known already, so that it costs no rounds.
fn play(
    server_offer: &Offer,
    offer: &Offer,
    tls: &Secured,
    credentials: &Credentials,
    stored: &[Keys],
    with_hash: bool,
) -> Result<Mechanism, Error> {
    let policy = Policy::default();
    let begun = choose(offer, Some(tls), credentials, &policy, &mut Rng::from_u64(1))?.mechanism();
    let (Mechanism::Scram(hash) | Mechanism::ScramPlus(hash)) = begun else { panic!("{begun:?}") };
    let keys = stored.iter().find(|keys| keys.hash() == hash).unwrap();
    let credentials = credentials.clone().with_keys(Some(keys.clone()));
    let mut login = choose(offer, Some(tls), &credentials, &policy, &mut Rng::from_u64(1))?;
    let mut server = Server::new(begun, server_offer, tls, &mut Rng::from_u64(2));
    if with_hash {
        server = server.with_hash();
    }
    let refuse =
        |login: &mut rfc3920::sasl::Login, why: ServerError| login.challenge(&Server::refusal(why)).map(|_| begun);
    match server.first(&login.initial(), |_| Some(keys.verifier())) {
        Ok(challenge) => {
            let proof = login.challenge(&challenge)?;
            let last = server.last(&proof).expect("an honest client's proof");
            let done = login.success(Some(&last))?;
            assert_eq!(done.list_checked, with_hash);
            Ok(done.mechanism)
        }
        Err(why) => refuse(&mut login, why),
    }
}
