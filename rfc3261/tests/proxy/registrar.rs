//! The registrar: bindings come, change and go, for those who may.

use std::time::Duration;

use rfc2617::{Account, Algorithm, Challenge, Client, ClientConfig, Lookup, Party, Username};
use rfc3261::registrar::{Guard, GuardConfig, Users};
use wire::Rng;

use crate::bench::*;

const CLIENT: &str = "192.0.2.9:5060";

/// A REGISTER of bob's with its own Call-ID and CSeq.
fn register(call_id: &str, cseq: u32, more: &str) -> String {
    let text = request("REGISTER", "sip:example.com", "sip:bob@example.com", more);
    let at = text.find("Call-ID: ").unwrap();
    let end = at + text[at..].find("\r\n").unwrap();
    let text = format!("{}Call-ID: {call_id}{}", &text[..at], &text[end..]);
    text.replace("CSeq: 1 ", &format!("CSeq: {cseq} "))
}

fn contacts(bench: &mut Bench) -> Vec<String> {
    bench.udp(CLIENT, &register("query", 1, ""));
    let answer = bench.one(CLIENT);
    assert_eq!(status(&answer), 200);
    values(&answer, "Contact").iter().map(|c| c.to_string()).collect()
}

fn refused(bench: &mut Bench, text: &str) -> String {
    let before = contacts(bench);
    bench.udp(CLIENT, text);
    let answer = bench.one(CLIENT);
    assert!((300..600).contains(&status(&answer)), "{text}");
    assert_eq!(contacts(bench), before, "a refused request changes nothing");
    answer
}

//= rfc3261#10.3/lists-all test
//= rfc3261#10.3/lists-expires test
//= rfc3261#10.3/expires-parameter test
//= rfc3261#10.3/expires-header test
//= rfc3261#10.3/expires-default test
//= rfc3261#10.3/independent test
#[test]
fn the_answer_lists_every_binding_with_its_time() {
    let mut bench = Bench::new();
    let more = "Contact: <sip:a@192.0.2.20>;expires=600;q=0.3, \"B\" <sip:b@192.0.2.21>\r\nExpires: 700\r\n";
    bench.udp(CLIENT, &register("one", 1, more));
    assert_eq!(bench.status(CLIENT), 200);
    bench.udp(CLIENT, &register("two", 1, "Contact: <sip:c@192.0.2.22>\r\n"));
    let answer = bench.one(CLIENT);
    assert!(values(&answer, "Date")[0].ends_with(" GMT"));
    bench.pass(Duration::from_millis(100_500));
    let all = contacts(&mut bench);
    assert_eq!(all.len(), 3, "{all:?}");
    for (uri, expires) in [("sip:a@192.0.2.20", 500), ("sip:b@192.0.2.21", 600), ("sip:c@192.0.2.22", 3500)] {
        let line = all.iter().find(|c| c.contains(uri)).unwrap();
        assert!(line.ends_with(&format!(";expires={expires}")), "rounded up: {line}");
    }
    assert!(all.iter().any(|c| c.contains("q=0.3")));
    bench.pass(Duration::from_secs(500));
    assert_eq!(contacts(&mut bench).len(), 2);
    bench.pass(Duration::from_secs(3600));
    assert!(bench.proxy.router().registrar().bindings().is_empty());
}

//= rfc3261#10.3/newer-cseq test
//= rfc3261#10.3/stale test
//= rfc3261#10.3/other-call-id test
//= rfc3261#10.3/atomic test
//= rfc3261#10.3/rollback test
//= rfc3261#10.3/commit test
//= rfc3261#10.3/in-order test
#[test]
fn order_is_that_of_cseq_within_a_call_id() {
    let mut bench = Bench::new();
    bench.udp(CLIENT, &register("one", 7, "Contact: <sip:a@192.0.2.20>\r\n"));
    assert_eq!(bench.status(CLIENT), 200);
    for cseq in [7, 6] {
        let text = register("one", cseq, "Contact: <sip:new@192.0.2.30>, <sip:a@192.0.2.20>;expires=100\r\n");
        assert_eq!(status(&refused(&mut bench, &text)), 500);
    }
    bench.udp(CLIENT, &register("one", 8, "Contact: <sip:a@192.0.2.20>;expires=100\r\n"));
    assert!(values(&bench.one(CLIENT), "Contact")[0].ends_with(";expires=100"));
    bench.udp(CLIENT, &register("other", 1, "Contact: <sip:a@192.0.2.20>;expires=200\r\n"));
    assert!(values(&bench.one(CLIENT), "Contact")[0].ends_with(";expires=200"));
    bench.udp(CLIENT, &register("third", 1, "Contact: <sip:a@192.0.2.20>;expires=0\r\n"));
    assert_eq!(values(&bench.one(CLIENT), "Contact"), Vec::<&str>::new());
}

//= rfc3261#10.3/star-invalid test
//= rfc3261#10.3/star-other-call-id test
//= rfc3261#10.3/star-newer-cseq test
//= rfc3261#10.3/star-stale test
#[test]
fn a_star_removes_everything_or_nothing() {
    let mut bench = Bench::new();
    bench.udp(CLIENT, &register("one", 5, "Contact: <sip:a@192.0.2.20>\r\n"));
    bench.udp(CLIENT, &register("two", 5, "Contact: <sip:b@192.0.2.21>\r\n"));
    bench.sent.clear();
    for more in [
        "Contact: *\r\n",
        "Contact: *\r\nExpires: 1\r\n",
        "Contact: *, <sip:c@192.0.2.22>\r\nExpires: 0\r\n",
        "Contact: <sip:c@192.0.2.22>\r\nContact: *\r\nExpires: 0\r\n",
    ] {
        assert_eq!(status(&refused(&mut bench, &register("x", 1, more))), 400, "{more}");
    }
    assert_eq!(status(&refused(&mut bench, &register("two", 5, "Contact: *\r\nExpires: 0\r\n"))), 500);
    bench.udp(CLIENT, &register("two", 6, "Contact: *\r\nExpires: 0\r\n"));
    assert_eq!(bench.status(CLIENT), 200);
    assert!(contacts(&mut bench).is_empty());
}

//= rfc3261#10.3/min-expires test
#[test]
fn too_short_is_423_and_too_long_is_cut() {
    let mut bench = Bench::new();
    let answer = refused(&mut bench, &register("one", 1, "Contact: <sip:a@192.0.2.20>;expires=59\r\n"));
    assert_eq!((status(&answer), values(&answer, "Min-Expires")), (423, vec!["60"]));
    for (wish, granted) in [("60", 60), ("4000", 3600), ("99999999999999999999", 3600), ("soon", 3600), ("-1", 3600)] {
        bench.udp(
            CLIENT,
            &register(&format!("w{wish}"), 1, &format!("Contact: <sip:a@192.0.2.20>\r\nExpires: {wish}\r\n")),
        );
        let answer = bench.one(CLIENT);
        assert!(values(&answer, "Contact")[0].ends_with(&format!(";expires={granted}")), "{wish}: {answer}");
    }
}

//= rfc3261#10.3/canonical test
//= rfc3261#10.3/canonical-parameters test
//= rfc3261#10.3/canonical-escapes test
//= rfc3261#10.3/unknown-aor test
#[test]
fn one_user_has_one_set_of_bindings() {
    let mut bench = Bench::new();
    for (n, to) in ["sip:bob@example.com", "sip:b%6Fb@EXAMPLE.COM;user=phone;x=y", "sips:bob:pw@example.com:5060"]
        .iter()
        .enumerate()
    {
        let text = request("REGISTER", "sip:example.com", to, &format!("Contact: <sip:{n}@192.0.2.20>\r\n"));
        bench.udp(CLIENT, &text);
        assert_eq!(values(&bench.one(CLIENT), "Contact").len(), n + 1, "{to}");
    }
    for to in ["sip:example.com", "sip:bob@elsewhere.test", "tel:+12015550123"] {
        bench.udp(CLIENT, &request("REGISTER", "sip:example.com", to, "Contact: <sip:x@192.0.2.20>\r\n"));
        assert_eq!(bench.status(CLIENT), 404, "{to}");
    }
}

//= rfc3261#10.3/record-route-ignored test
//= rfc3261#10.3/record-route-absent test
//= rfc3261#10.3/require test
#[test]
fn record_route_means_nothing_and_require_much() {
    let mut bench = Bench::new();
    bench.udp(CLIENT, &register("one", 1, "Contact: <sip:a@192.0.2.20>\r\nRecord-Route: <sip:192.0.2.3;lr>\r\n"));
    let answer = bench.one(CLIENT);
    assert_eq!((status(&answer), values(&answer, "Record-Route").len()), (200, 0));
    let answer = refused(&mut bench, &register("one", 2, "Contact: <sip:b@192.0.2.20>\r\nRequire: gruu, foo\r\n"));
    assert_eq!((status(&answer), values(&answer, "Unsupported").join(", ")), (420, "gruu, foo".to_string()));
}

#[test]
fn a_malformed_contact_fails_the_request() {
    let mut bench = Bench::new();
    for contact in ["<sip:a@192.0.2.20", "<sip:a@192.0.2.20>, ;;", "\"x <sip:a@192.0.2.20>"] {
        bench.udp(CLIENT, &register("one", 1, &format!("Contact: {contact}\r\n")));
        assert_eq!(bench.status(CLIENT), 400, "{contact}");
    }
}

//= rfc3261#10.3/no-6xx test
#[test]
fn bindings_are_limited() {
    let mut bench = Bench::with(
        |_| (),
        |home| {
            home.registrar.max_contacts = 3;
            home.registrar.max_bindings = 4;
            home.registrar.max_contact_length = 60;
        },
    );
    let many: String = (0..4).map(|n| format!("Contact: <sip:{n}@192.0.2.20>\r\n")).collect();
    assert_eq!(status(&refused(&mut bench, &register("one", 1, &many))), 403);
    bench.register("alice", &["<sip:1@192.0.2.20>", "<sip:2@192.0.2.20>", "<sip:3@192.0.2.20>"]);
    bench.register("bob", &["<sip:1@192.0.2.20>"]);
    let answer = refused(&mut bench, &register("one", 1, "Contact: <sip:2@192.0.2.20>\r\n"));
    assert_eq!((status(&answer), values(&answer, "Retry-After").len()), (503, 1));
    let long = format!("Contact: <sip:{}@192.0.2.20>\r\n", "x".repeat(60));
    assert_eq!(status(&refused(&mut bench, &register("one", 1, &long))), 400);
}

/// Two users, whose passwords are their names.
pub struct Two;

impl Users for Two {
    fn account(&self, lookup: Lookup<'_>) -> Option<Account> {
        match lookup.username {
            Username::Plain(user) if self.knows(user) => Some(Account::new(user, user)),
            _ => None,
        }
    }
    fn knows(&self, user: &str) -> bool {
        matches!(user, "alice" | "bob")
    }
}

pub fn guarded() -> Bench {
    let config = GuardConfig {
        algorithms: vec![Algorithm::Md5, Algorithm::Sha256],
        failures_a_minute: 5,
        max_guessers: 100,
        ..GuardConfig::new("example.com")
    };
    let guard = Guard::new(config, Box::new(Two), &mut Rng::from_u64(2));
    Bench::guarded(|_| (), |home| home.open_relay = false, Some(guard))
}

/// Answers the challenge in `challenged` and gives the header for the next request.
fn credentials(challenged: &str, party: Party, user: &str, password: &str, method: &str, uri: &str) -> String {
    let mut client = Client::new(ClientConfig::default(), Rng::from_u64(3));
    client.add(Account::new(user, password));
    let challenges: Vec<Challenge> =
        values(challenged, party.challenge_header()).iter().map(|v| Challenge::parse(v).unwrap()).collect();
    let request = rfc2617::Request { method, uri, body: b"" };
    client.answer(party, &challenges, &[], &request).unwrap();
    let credentials = client.authorize(party, &request);
    format!("{}: {}\r\n", party.credentials_header(), credentials[0])
}

//= rfc3261#10.3/forbidden test
//= rfc3261#16.3/authenticate test
#[test]
fn a_user_registers_with_the_right_password_and_only_for_himself() {
    let mut bench = guarded();
    let contact = "Contact: <sip:a@192.0.2.20>\r\n";
    bench.udp(CLIENT, &register("one", 1, contact));
    let challenged = bench.one(CLIENT);
    assert_eq!(status(&challenged), 401);
    let offers = values(&challenged, "WWW-Authenticate");
    assert!(offers.len() == 2 && offers[0].contains("algorithm=MD5") && offers[1].contains("SHA-256"), "{offers:?}");
    assert!(bench.is_idle(), "a challenge leaves no state: {:?}", bench.proxy.endpoint().stats());
    for (user, password, expected) in
        [("bob", "wrong", 401), ("mallory", "bob", 401), ("alice", "alice", 403), ("bob", "bob", 200)]
    {
        bench.udp(CLIENT, &register("ask", 1, ""));
        let challenged = bench.one(CLIENT);
        let proof = credentials(&challenged, Party::Server, user, password, "REGISTER", "sip:example.com");
        bench.udp(CLIENT, &register(user, 2, &(contact.to_string() + &proof)));
        assert_eq!(bench.status(CLIENT), expected, "{user}:{password}");
    }
    assert_eq!(bench.proxy.router().stats().denied, 2);
}

#[test]
fn an_old_nonce_is_stale() {
    let mut bench = guarded();
    bench.udp(CLIENT, &register("ask", 1, ""));
    let challenged = bench.one(CLIENT);
    assert!(!challenged.contains("stale=true"));
    let proof = credentials(&challenged, Party::Server, "bob", "bob", "REGISTER", "sip:example.com");
    bench.pass(Duration::from_secs(299));
    bench.udp(CLIENT, &register("one", 1, &proof));
    assert_eq!(bench.status(CLIENT), 200);
    bench.pass(Duration::from_secs(2));
    bench.udp(CLIENT, &register("three", 1, &proof));
    let stale = bench.one(CLIENT);
    assert!(status(&stale) == 401 && stale.contains("stale=true"), "{stale}");
    let again = credentials(&stale, Party::Server, "bob", "bob", "REGISTER", "sip:example.com");
    bench.udp(CLIENT, &register("four", 1, &again));
    assert_eq!(bench.status(CLIENT), 200);
    assert_eq!(bench.proxy.router().stats().denied, 0, "the password was right all the time");
}

#[test]
fn our_users_prove_themselves_before_they_call() {
    let mut bench = guarded();
    let as_user =
        |user: &str, text: String| text.replace("sip:caller@elsewhere.test", &format!("sip:{user}@example.com"));
    let invite = |more: &str| request("INVITE", "sip:x@192.0.2.20", "sip:x@192.0.2.20", more);
    let prove = |bench: &mut Bench, user| {
        bench.udp(CLIENT, &as_user("alice", invite("")));
        let challenged = bench.one(CLIENT);
        assert_eq!(status(&challenged), 407);
        credentials(&challenged, Party::Proxy, user, user, "INVITE", "sip:x@192.0.2.20")
    };
    let proof = prove(&mut bench, "bob");
    bench.udp(CLIENT, &as_user("alice", invite(&proof)));
    assert_eq!(bench.status(CLIENT), 403, "bob is not alice");
    let proof = prove(&mut bench, "alice");
    bench.udp(CLIENT, &as_user("alice", invite(&proof)));
    assert!(bench.one("192.0.2.20:5060").starts_with("INVITE "));
    bench.udp(CLIENT, &invite(""));
    assert_eq!(bench.status(CLIENT), 403, "strangers go nowhere");
    bench.udp(CLIENT, &request("MESSAGE", "sip:carol@example.com", "sip:carol@example.com", ""));
    assert_eq!(bench.status(CLIENT), 404, "no such user");
    bench.udp(CLIENT, &request("MESSAGE", "sip:bob@example.com", "sip:bob@example.com", ""));
    assert_eq!(bench.status(CLIENT), 480, "a user, but not here");
}

//= rfc3261#10.3/fails-500 test
#[test]
fn bindings_that_could_not_be_stored_are_taken_back() {
    let mut bench = Bench::with(|_| (), |home| home.hold = true);
    bench.udp(CLIENT, &register("one", 1, "Contact: <sip:a@192.0.2.20>\r\n"));
    bench.nothing();
    let held = bench.proxy.router_mut().take_held().unwrap();
    let (id, now) = (held.id, bench.now);
    let response = bench.proxy.router_mut().undo(held);
    bench.proxy.decide(now, id, rfc3261::proxy::Decision::Reply(response));
    bench.drain();
    let answer = bench.one(CLIENT);
    assert_eq!((status(&answer), values(&answer, "Contact").len()), (500, 0));
    assert!(bench.proxy.router().registrar().bindings().is_empty());
    bench.udp(CLIENT, &register("one", 2, "Contact: <sip:a@192.0.2.20>\r\n"));
    let held = bench.proxy.router_mut().take_held().unwrap();
    bench.proxy.decide(now, held.id, rfc3261::proxy::Decision::Reply(held.response));
    bench.drain();
    assert_eq!(bench.status(CLIENT), 200);
    assert_eq!(bench.proxy.router().registrar().bindings().len(), 1);
}
