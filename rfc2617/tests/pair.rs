//! A client and a server with each other, over the printed headers.

use std::time::Duration;

use rfc2617::*;
use wire::{Epoch, Instant, Rng};

const REQUEST: Request<'static> = Request { method: "REGISTER", uri: "sip:atlanta.example", body: b"" };
const REALM: &str = "atlanta.example";

struct Pair {
    client: Client,
    server: Server,
    now: Instant,
}

impl Pair {
    fn new(server: ServerConfig, client: ClientConfig) -> Pair {
        let mut client = Client::new(client, Rng::from_u64(2));
        client.add(Account::new("alice", "wonderland"));
        Pair { client, server: Server::new(server, Rng::from_u64(1)), now: Instant::ZERO }
    }

    fn sip() -> Pair {
        Pair::new(ServerConfig::new(REALM), ClientConfig::default())
    }

    fn challenges(&mut self, stale: bool) -> Vec<Challenge> {
        let lines = self.server.challenges(self.now, stale).into_iter().map(|c| c.to_string());
        lines.map(|line| Challenge::parse(&line).unwrap()).collect()
    }

    fn answer(&mut self, tried: &[Credentials]) -> Result<Vec<Credentials>, AnswerError> {
        let challenges = self.challenges(false);
        self.client.answer(self.server.config().party, &challenges, tried, &REQUEST).map(reread)
    }

    fn verify(&mut self, credentials: &[Credentials], request: &Request<'_>) -> Verdict {
        self.server.verify(self.now, credentials, request, |lookup| {
            let hashed = userhash(lookup.hash, "alice", lookup.realm).to_string();
            match lookup.username {
                Username::Plain(name) | Username::Extended(name) if name == "alice" => {}
                Username::Hashed(hash) if *hash == hashed => {}
                _ => return None,
            }
            Some(Account::new("alice", "wonderland"))
        })
    }

    fn accepted(&mut self, credentials: &[Credentials]) -> Accepted {
        match self.verify(credentials, &REQUEST) {
            Verdict::Accepted(accepted) => accepted,
            other => panic!("{other:?}"),
        }
    }

    fn wait(&mut self, seconds: u64) {
        self.now += Duration::from_secs(seconds);
    }
}

fn reread(all: Vec<Credentials>) -> Vec<Credentials> {
    all.into_iter().map(|c| Credentials::parse(&c.to_string()).unwrap()).collect()
}

fn digest(all: &[Credentials]) -> &DigestCredentials {
    all[0].digest().unwrap()
}

//= rfc7616#3.3/qop-used test
//= rfc7616#3.4/qop-offered test
//= rfc7616#3.4/cnonce-always test
//= rfc7616#3.3/opaque test
//= rfc7616#3.4/echo test
//= rfc8760#2.6/qop-handled test
//= rfc8760#2.6/qop-answered test
//= rfc8760#2.6/empty-body test
//= rfc3261#22.4/qop-used test
#[test]
fn every_algorithm_and_quality_is_accepted() {
    use Algorithm::*;
    for algorithm in [Md5, Md5Sess, Sha256, Sha256Sess, Sha512t256, Sha512t256Sess] {
        for qop in [Qop::Auth, Qop::AuthInt] {
            let mut config = ServerConfig::new(REALM);
            config.algorithms = vec![algorithm.clone()];
            config.qop = vec![qop.clone()];
            config.opaque = Some("o".into());
            let mut pair = Pair::new(config, ClientConfig::default());
            for count in 1..4 {
                let sent = match count {
                    1 => pair.answer(&[]).unwrap(),
                    _ => reread(pair.client.authorize(Party::Server, &REQUEST)),
                };
                let d = digest(&sent).clone();
                assert_eq!((d.qop.as_ref(), d.count(), d.cnonce.is_some()), (Some(&qop), Some(count), true));
                assert_eq!((d.opaque.as_deref(), d.algorithm.as_ref()), (Some("o"), Some(&algorithm)));
                let accepted = pair.accepted(&sent);
                assert_eq!((accepted.user.as_str(), accepted.uri_matches), ("alice", true));
                let info = pair.server.info(pair.now, &accepted, b"body").unwrap();
                let info = AuthenticationInfo::parse(&info.to_string()).unwrap();
                assert_eq!(pair.client.confirm(Party::Server, &d, &info, b"body"), Some(true));
                let other = pair.client.confirm(Party::Server, &d, &info, b"other");
                assert_eq!(other, Some(qop == Qop::Auth), "{algorithm} {qop}");
            }
        }
    }
}

//= rfc7616#3.4/nc-counts test
//= rfc7616#3.6/remember test
//= rfc7616#3.6/preemptive test
#[test]
fn the_count_goes_up_with_every_request() {
    let mut pair = Pair::sip();
    assert!(pair.client.authorize(Party::Server, &REQUEST).is_empty(), "nothing known yet");
    let first = pair.answer(&[]).unwrap();
    assert_eq!(digest(&first).nc.as_deref(), Some("00000001"));
    for count in 2..20 {
        let next = pair.client.authorize(Party::Server, &REQUEST);
        assert_eq!(digest(&next).count(), Some(count));
        assert_eq!(digest(&next).nonce, digest(&first).nonce);
        pair.accepted(&reread(next));
    }
    assert!(pair.client.authorize(Party::Proxy, &REQUEST).is_empty(), "another party");
    pair.client.forget();
    assert!(pair.client.authorize(Party::Server, &REQUEST).is_empty());
}

//= rfc7616#3.4/nc-replay test
#[test]
fn a_replay_is_stale() {
    let mut pair = Pair::sip();
    let sent = pair.answer(&[]).unwrap();
    pair.accepted(&sent);
    assert!(matches!(pair.verify(&sent, &REQUEST), Verdict::Stale(StaleCause::Replayed)));
    // another message with the same credentials is not even that
    let other = Request { method: "INVITE", ..REQUEST };
    assert!(matches!(pair.verify(&sent, &other), Verdict::Denied));
}

//= rfc7616#3.6/ask-anew test
//= rfc7616#3.3/stale-nonce-only test
//= rfc7616#3.3/new-values-unless-stale test
#[test]
fn a_nonce_dies_of_age_and_the_client_goes_on() {
    let mut pair = Pair::sip();
    let sent = pair.answer(&[]).unwrap();
    pair.wait(301);
    assert!(matches!(pair.verify(&sent, &REQUEST), Verdict::Stale(StaleCause::Expired)));
    let challenges = pair.challenges(true);
    let again = pair.client.answer(Party::Server, &challenges, &sent, &REQUEST).unwrap();
    assert_ne!(digest(&again).nonce, digest(&sent).nonce);
    pair.accepted(&again);
}

//= rfc3261#22.1/rejected-not-again test
#[test]
fn what_was_rejected_is_not_tried_again() {
    let mut pair = Pair::sip();
    let sent = pair.answer(&[]).unwrap();
    assert_eq!(pair.answer(&sent), Err(AnswerError::Rejected));
    // a server that forgets to say stale, after the nonce had served before
    let reused = pair.client.authorize(Party::Server, &REQUEST);
    let again = pair.answer(&reused).unwrap();
    assert_eq!(pair.answer(&again), Err(AnswerError::Rejected));
}

#[test]
fn wrong_secrets_and_unknown_users_look_the_same() {
    for (user, password) in [("alice", "Wonderland"), ("bob", "wonderland"), ("", "")] {
        let mut pair = Pair::sip();
        pair.client = Client::new(ClientConfig::default(), Rng::from_u64(5));
        pair.client.add(Account::new(user, password));
        let sent = pair.answer(&[]).unwrap();
        assert!(matches!(pair.verify(&sent, &REQUEST), Verdict::Denied), "{user}");
        assert_eq!(pair.server.used_nonces(), 0, "nothing is remembered of a stranger");
    }
}

#[test]
fn nonces_of_others_are_stale() {
    let mut pair = Pair::sip();
    let sent = pair.answer(&[]).unwrap();
    pair.server = Server::new(ServerConfig::new(REALM), Rng::from_u64(77));
    assert!(matches!(pair.verify(&sent, &REQUEST), Verdict::Stale(StaleCause::Unknown)));
}

#[test]
fn servers_that_share_a_key_accept_one_anothers_nonces() {
    let mut pair = Pair::sip();
    let mut config = ServerConfig::new(REALM);
    config.epoch = Epoch::from_unix(Duration::from_secs(1_800_000_000));
    pair.server = Server::with_key(config.clone(), &[9; 32], Rng::from_u64(1));
    let sent = pair.answer(&[]).unwrap();
    // the other one started 100 s later, so its clock reads less for the same moment
    config.epoch = Epoch::from_unix(Duration::from_secs(1_800_000_100));
    pair.server = Server::with_key(config.clone(), &[9; 32], Rng::from_u64(2));
    pair.accepted(&sent);
    // a clock that was set back by an hour finds the nonce in its future
    config.epoch = Epoch::from_unix(Duration::from_secs(1_799_996_400));
    pair.server = Server::with_key(config, &[9; 32], Rng::from_u64(2));
    assert!(matches!(pair.verify(&sent, &REQUEST), Verdict::Stale(StaleCause::Expired)));
}

//= rfc7616#3.7/preference-order test
//= rfc7616#3.7/distinct-algorithms test
//= rfc7616#3.3/nonce-unique test
//= rfc8760#2.3/several test
//= rfc8760#2.3/distinct test
//= rfc8760#2.3/order test
//= rfc8760#2.6/qop-always test
//= rfc3261#22.4/qop-offered test
#[test]
fn challenges_are_distinct_and_in_order() {
    use Algorithm::*;
    let mut config = ServerConfig::new(REALM);
    config.algorithms = vec![Sha512t256, Md5, Sha512t256, Other("X".into()), Sha256];
    config.qop.clear();
    let mut pair = Pair::new(config, ClientConfig::default());
    let offer = |pair: &mut Pair| -> Vec<DigestChallenge> {
        let digest = |c| if let Challenge::Digest(d) = c { d } else { panic!() };
        pair.challenges(false).into_iter().map(digest).collect()
    };
    let (one, two) = (offer(&mut pair), offer(&mut pair));
    let names: Vec<_> = one.iter().map(|d| d.algorithm().clone()).collect();
    assert_eq!(names, [Sha512t256, Md5, Sha256]);
    assert!(one.iter().all(|d| d.qop == [Qop::Auth]));
    assert_ne!(one[0].nonce, two[0].nonce);
    let sent = pair.answer(&[]).unwrap();
    pair.accepted(&sent);
}

//= rfc7616#5.8/strongest test
//= rfc7616#5.6/strongest-scheme test
//= rfc7616#3.7/first-supported test
//= rfc7616#3.3/ignore-unknown-algorithm test
//= rfc7616#3.3/ignore-unknown-qop test
//= rfc8760#2.4/topmost test
//= rfc8760#2.4/ignore-unknown test
#[test]
fn the_client_chooses() {
    let lines = [
        r#"Negotiate abc="#,
        r#"Basic realm="r""#,
        r#"Digest realm="r", nonce="0", algorithm=SHA3-512, qop="auth""#,
        r#"Digest realm="r", nonce="1", algorithm=MD5, qop="magic,auth""#,
        r#"Digest realm="r", nonce="2", algorithm=SHA-256, qop="auth""#,
        r#"Digest realm="r", nonce="3", algorithm=SHA-256-sess, qop="auth""#,
        r#"Digest realm="r", nonce="4", algorithm=SHA-512-256, qop="magic""#,
        r#"Digest realm="r", nonce="5", algorithm=SHA-256-sess"#,
    ];
    let challenges: Vec<_> = lines.iter().map(|line| Challenge::parse(line).unwrap()).collect();
    let choose = |config: ClientConfig, challenges: &[Challenge]| {
        let mut client = Client::new(config, Rng::from_u64(1));
        client.add(Account::new("a", "b"));
        client.answer(Party::Server, challenges, &[], &REQUEST)
    };
    let nonce = |config| digest(&choose(config, &challenges).unwrap()).nonce.clone();
    let http = ClientConfig { profile: Profile::Http, basic: true, ..ClientConfig::default() };
    assert_eq!(nonce(ClientConfig::default()), "2", "the first among the strongest");
    assert_eq!(nonce(http.clone()), "2", "digest before basic");
    assert_eq!(nonce(ClientConfig { prefer: Prefer::Topmost, ..ClientConfig::default() }), "1");
    // basic alone: only where it was allowed
    assert!(matches!(choose(http, &challenges[..2]).unwrap()[..], [Credentials::Basic(_)]));
    let modest = ClientConfig { profile: Profile::Http, ..ClientConfig::default() };
    assert_eq!(choose(modest, &challenges[..2]), Err(AnswerError::Unsupported));
    // a downgrade to MD5 is refused where the policy says so
    let strict = ClientConfig { weakest: Hash::Sha256, ..ClientConfig::default() };
    assert_eq!(choose(strict, &challenges[..4]), Err(AnswerError::Unsupported));
}

//= rfc8760#2.4/realms test
//= rfc8760#2.4/abandon test
//= rfc3261#22.3/several test
//= rfc3261#22.3/same-realm-same test
#[test]
fn several_realms_and_forks() {
    let lines = [
        r#"Digest realm="a", nonce="1", qop="auth""#,
        r#"Digest realm="b", nonce="2", qop="auth""#,
        r#"Digest realm="a", nonce="3", qop="auth""#,
        r#"Digest realm="c", nonce="4", qop="auth""#,
    ];
    let challenges: Vec<_> = lines.iter().map(|line| Challenge::parse(line).unwrap()).collect();
    let mut client = Client::new(ClientConfig::default(), Rng::from_u64(1));
    assert_eq!(client.answer(Party::Proxy, &challenges, &[], &REQUEST), Err(AnswerError::NoAccount));
    client.add(Account::new("alice", "1").in_realm("a"));
    client.add(Account::new("bob", "2").in_realm("b"));
    let sent = client.answer(Party::Proxy, &challenges, &[], &REQUEST).unwrap();
    let shown: Vec<_> = sent.iter().map(|c| c.digest().unwrap()).map(|d| (&*d.realm, &*d.nonce)).collect();
    assert_eq!(shown, [("a", "1"), ("a", "3"), ("b", "2")]);
    assert!(sent[..2].iter().all(|c| c.digest().unwrap().username == Username::Plain("alice".into())));
    assert_eq!(client.authorize(Party::Proxy, &REQUEST).len(), 3);
}

//= rfc3261#22.3/own-realm-only test
#[test]
fn another_realms_credentials_count_as_none() {
    let mut pair = Pair::sip();
    let mut sent = pair.answer(&[]).unwrap();
    if let Credentials::Digest(d) = &mut sent[0] {
        d.realm = "biloxi.example".into();
    }
    assert!(matches!(pair.verify(&sent, &REQUEST), Verdict::Missing));
    assert!(matches!(pair.verify(&[], &REQUEST), Verdict::Missing));
    // beside the right ones they do no harm
    let right = pair.answer(&[]).unwrap();
    pair.accepted(&[sent[0].clone(), right[0].clone()]);
}

//= rfc7616#3.4.4/client-userhash test
//= rfc7616#3.4.4/hashed-form test
//= rfc7616#3.4.4/server-userhash test
#[test]
fn user_names_travel_hashed() {
    for algorithm in [Algorithm::Md5, Algorithm::Sha256, Algorithm::Sha512t256Sess] {
        let mut config = ServerConfig::new(REALM);
        config.userhash = true;
        config.algorithms = vec![algorithm];
        let mut pair = Pair::new(config, ClientConfig::default());
        let sent = pair.answer(&[]).unwrap();
        assert!(matches!(digest(&sent).username, Username::Hashed(_)));
        assert!(!sent[0].to_string().contains("alice"));
        assert_eq!(pair.accepted(&sent).user, "alice");
    }
}

//= rfc7616#3.6/h-a1-suffices test
#[test]
fn a_password_file_of_h_a1_is_enough() {
    for (hash, accepted) in [(Hash::Sha256, true), (Hash::Md5, false)] {
        let secret = Secret::Ha1(hash, ha1(hash, "alice", REALM, "wonderland"));
        let account = Account { user: "alice".into(), realm: Some(REALM.into()), secret };
        let mut pair = Pair::sip();
        let sent = pair.answer(&[]).unwrap(); // SHA-256
        let verdict = pair.server.verify(pair.now, &sent, &REQUEST, |_| Some(account.clone()));
        assert_eq!(matches!(verdict, Verdict::Accepted(_)), accepted, "{hash:?}");
        // the client can live on H(A1) too, as far as the hash fits
        let mut client = Client::new(ClientConfig::default(), Rng::from_u64(1));
        client.add(account);
        let challenges = pair.challenges(false);
        let answer = client.answer(Party::Server, &challenges, &[], &REQUEST);
        assert_eq!(answer.is_ok(), hash == Hash::Sha256, "the strongest challenge needs SHA-256");
    }
}

//= rfc2617#3.2.1/qop-backward test
//= rfc3261#22.4/rfc2069 test
//= rfc3261#22.4/cnonce-with-qop test
//= rfc3261#22.4/body-integrity test
//= rfc7616#5.4/single-use test
#[test]
fn peers_of_rfc_2069() {
    let mut pair = Pair::sip();
    let mut challenges = pair.challenges(false);
    for challenge in &mut challenges {
        if let Challenge::Digest(d) = challenge {
            d.qop.clear();
        }
    }
    let sent = pair.client.answer(Party::Server, &challenges, &[], &REQUEST).unwrap();
    let d = digest(&sent);
    assert!(d.qop.is_none() && d.cnonce.is_none() && d.nc.is_none());
    let accepted = pair.accepted(&sent);
    let info = pair.server.info(pair.now, &accepted, b"").unwrap();
    assert!(info.qop.is_none() && info.cnonce.is_none() && info.nc.is_none());
    assert_eq!(pair.client.confirm(Party::Server, digest(&sent), &info, b""), Some(true));
    // without a count a nonce is good for once
    assert!(matches!(pair.verify(&sent, &REQUEST), Verdict::Stale(StaleCause::Replayed)));
    // and the operator may refuse the form
    let mut config = ServerConfig::new(REALM);
    config.without_qop = false;
    pair.server = Server::new(config, Rng::from_u64(1));
    assert!(matches!(pair.verify(&sent, &REQUEST), Verdict::Malformed(Malformed::Qop)));
}

//= rfc7616#3.5/information test
//= rfc7616#3.5/nextnonce test
//= rfc7616#3.5/use-nextnonce test
//= rfc7616#3.5/nextnonce-with-care test
//= rfc7616#3.5/rspauth test
//= rfc7616#3.5/echo test
//= rfc7616#3.5/same-qop test
//= rfc7616#3.5/present-with-qop test
#[test]
fn the_confirmation_brings_the_next_nonce() {
    let mut pair = Pair::sip();
    let sent = pair.answer(&[]).unwrap();
    let accepted = pair.accepted(&sent);
    let d = digest(&sent).clone();
    assert_eq!(pair.server.info(pair.now, &accepted, b"").unwrap().nextnonce, None, "the old one is young");
    pair.wait(200);
    let info = pair.server.info(pair.now, &accepted, b"").unwrap();
    assert_eq!((&info.qop, &info.cnonce, &info.nc), (&d.qop, &d.cnonce, &d.nc));
    for change in 0..3 {
        let mut forged = info.clone();
        match change {
            0 => forged.rspauth = Some("0".repeat(64)),
            1 => forged.cnonce = Some("other".into()),
            _ => forged.nc = Some("00000002".into()),
        }
        assert_eq!(pair.client.confirm(Party::Server, &d, &forged, b""), Some(false));
    }
    let same = pair.client.authorize(Party::Server, &REQUEST);
    assert_eq!((&digest(&same).nonce, digest(&same).count()), (&d.nonce, Some(2)), "a forger changes nothing");
    assert_eq!(pair.client.confirm(Party::Server, &d, &info, b""), Some(true));
    let next = pair.client.authorize(Party::Server, &REQUEST);
    assert_eq!(Some(&digest(&next).nonce), info.nextnonce.as_ref());
    assert_eq!(digest(&next).count(), Some(1));
    pair.wait(200);
    pair.accepted(&next);
    let silent = AuthenticationInfo::default();
    assert_eq!(pair.client.confirm(Party::Server, digest(&next), &silent, b""), None);
}

//= rfc7616#3.4.6/uri-agrees test
//= rfc7616#3.4.6/uri-same test
//= rfc7616#3.4.6/uri-400 test
//= rfc8760#2.6/uri-other test
//= rfc8760#2.6/uri-may-differ test
//= rfc3261#22.4/uri-checked test
#[test]
fn the_uri_in_the_credentials() {
    let other = Request { uri: "sip:elsewhere.example", ..REQUEST };
    for profile in [Profile::Sip, Profile::Http] {
        let mut config = ServerConfig::new(REALM);
        config.profile = profile;
        let mut pair = Pair::new(config, ClientConfig { profile, ..ClientConfig::default() });
        let sent = pair.answer(&[]).unwrap();
        assert_eq!(digest(&sent).uri, REQUEST.uri);
        match (profile, pair.verify(&sent, &other)) {
            (Profile::Sip, Verdict::Accepted(a)) => assert!(!a.uri_matches && a.uri == REQUEST.uri),
            (Profile::Http, Verdict::Malformed(Malformed::Uri)) => {}
            (_, verdict) => panic!("{verdict:?}"),
        }
    }
}

#[test]
fn what_was_not_offered_is_not_accepted() {
    let mut pair = Pair::sip();
    pair.client = Client::new(ClientConfig::default(), Rng::from_u64(1));
    pair.client.add(Account::new("alice", "wonderland"));
    let challenges = pair.challenges(false);
    for (algorithm, qop, expected) in
        [(Algorithm::Sha512t256, Qop::Auth, Malformed::Algorithm), (Algorithm::Sha256, Qop::AuthInt, Malformed::Qop)]
    {
        let Challenge::Digest(mut d) = challenges[0].clone() else { panic!() };
        (d.algorithm, d.qop) = (Some(algorithm), vec![qop]);
        let sent = pair.client.answer(Party::Server, &[Challenge::Digest(d)], &[], &REQUEST).unwrap();
        assert!(matches!(pair.verify(&sent, &REQUEST), Verdict::Malformed(m) if m == expected));
    }
}

//= rfc8760#2.6/no-basic test
//= rfc3261#22/basic-not-accepted test
//= rfc3261#22/basic-not-offered test
//= rfc3261#22.4/no-basic test
#[test]
fn basic_exists_in_http_alone() {
    let basic = [Credentials::Basic(BasicCredentials::new("alice", "wonderland").unwrap())];
    let wrong = [Credentials::Basic(BasicCredentials::new("alice", "x").unwrap())];
    let mut config = ServerConfig { basic: true, ..ServerConfig::new(REALM) };
    let client = ClientConfig { basic: true, ..ClientConfig::default() };
    let mut pair = Pair::new(config.clone(), client.clone());
    let offers_basic = |pair: &mut Pair| pair.challenges(false).iter().any(|c| matches!(c, Challenge::Basic(_)));
    assert!(!offers_basic(&mut pair));
    assert!(matches!(pair.verify(&basic, &REQUEST), Verdict::Missing));
    let lure = [Challenge::parse(r#"Basic realm="r""#).unwrap()];
    assert_eq!(pair.client.answer(Party::Server, &lure, &[], &REQUEST), Err(AnswerError::Unsupported));

    config.profile = Profile::Http;
    let mut pair = Pair::new(config, ClientConfig { profile: Profile::Http, ..client });
    assert!(offers_basic(&mut pair));
    let accepted = pair.accepted(&basic);
    assert!(pair.server.info(pair.now, &accepted, b"").is_none());
    assert!(matches!(pair.verify(&wrong, &REQUEST), Verdict::Denied));
    let sent = pair.client.answer(Party::Server, &lure, &[], &REQUEST).unwrap();
    assert_eq!(sent, basic);
    assert_eq!(pair.client.answer(Party::Server, &lure, &sent, &REQUEST), Err(AnswerError::Rejected));
}

//= rfc7616#3.8/status-407 test
//= rfc3261#22.1/proxy-not-401 test
//= rfc3261#22.2/challenge test
//= rfc3261#22.3/challenge test
#[test]
fn servers_and_proxies_do_not_mix() {
    assert_eq!(
        (Party::Server.status(), Party::Server.challenge_header(), Party::Server.info_header()),
        (401, "WWW-Authenticate", "Authentication-Info")
    );
    assert_eq!(
        (Party::Proxy.status(), Party::Proxy.challenge_header(), Party::Proxy.info_header()),
        (407, "Proxy-Authenticate", "Proxy-Authentication-Info")
    );
    assert_eq!(Party::from_status(403), None);
    // the nonce of a server is none for the proxy of the same realm and key
    let mut pair = Pair::sip();
    pair.server = Server::with_key(ServerConfig::new(REALM), &[5; 32], Rng::from_u64(1));
    let sent = pair.answer(&[]).unwrap();
    let config = ServerConfig { party: Party::Proxy, ..ServerConfig::new(REALM) };
    pair.server = Server::with_key(config, &[5; 32], Rng::from_u64(1));
    assert!(matches!(pair.verify(&sent, &REQUEST), Verdict::Stale(StaleCause::Unknown)));
}

//= rfc3261#22.1/ack-not-challenged test
//= rfc3261#22.1/cancel-not-challenged test
#[test]
fn ack_and_cancel_are_never_challenged() {
    let all = ["INVITE", "ACK", "CANCEL", "BYE", "REGISTER"];
    assert_eq!(all.map(Server::may_challenge), [true, false, false, true, true]);
}

//= rfc7616#3.3/prefix-space test
//= rfc7616#3.3/no-domain test
//= rfc7616#3.3/proxy-domain test
#[test]
fn the_protection_space_of_http() {
    let ask = |party, domain: &str, uri: &str| {
        let mut client =
            Client::new(ClientConfig { profile: Profile::Http, ..ClientConfig::default() }, Rng::from_u64(1));
        client.add(Account::new("a", "b"));
        let line = format!(r#"Digest realm="r", nonce="n", qop="auth", domain="{domain}""#);
        let challenges = [Challenge::parse(&line).unwrap()];
        client.answer(party, &challenges, &[], &Request { method: "GET", uri: "/x", body: b"" }).unwrap();
        !client.authorize(party, &Request { method: "GET", uri, body: b"" }).is_empty()
    };
    assert!(ask(Party::Server, "", "/anything"));
    assert!(ask(Party::Server, "/private /b", "/private/y") && ask(Party::Server, "/a http://h/b", "/b/c"));
    assert!(!ask(Party::Server, "/private", "/public"));
    assert!(ask(Party::Server, "http://h/b", "http://h/b/c") && !ask(Party::Server, "http://h/b", "http://i/b/c"));
    assert!(ask(Party::Proxy, "/private", "/public"));
}

#[test]
fn the_memory_of_used_nonces_is_bounded() {
    let mut config = ServerConfig::new(REALM);
    config.replay_entries = 10;
    let mut pair = Pair::new(config, ClientConfig::default());
    let mut first = None;
    for _ in 0..50 {
        pair.now += Duration::from_millis(10);
        let sent = pair.answer(&[]).unwrap();
        pair.accepted(&sent);
        first.get_or_insert(sent);
    }
    assert_eq!(pair.server.used_nonces(), 10);
    assert!(matches!(pair.verify(&first.unwrap(), &REQUEST), Verdict::Stale(StaleCause::Replayed)));
    pair.wait(400);
    let sent = pair.answer(&[]).unwrap();
    pair.accepted(&sent);
    assert_eq!(pair.server.used_nonces(), 1, "the rest is too old to matter");
    assert_eq!(ServerConfig::new(REALM).replay_entries, 65_536);
}

#[test]
fn the_client_remembers_so_many_challenges() {
    let mut client = Client::new(ClientConfig { sessions: 2, ..ClientConfig::default() }, Rng::from_u64(1));
    client.add(Account::new("a", "b"));
    for realm in ["a", "b", "c"] {
        let challenge = Challenge::parse(&format!("Digest realm={realm}, nonce=n, qop=auth")).unwrap();
        client.answer(Party::Server, &[challenge], &[], &REQUEST).unwrap();
    }
    let known = client.authorize(Party::Server, &REQUEST);
    let realms: Vec<_> = known.iter().map(|c| c.digest().unwrap().realm.as_str()).collect();
    assert_eq!(realms, ["b", "c"]);
    assert_eq!(ClientConfig::default().sessions, 64);
}

#[test]
fn names_and_passwords_beyond_ascii() {
    for (profile, extended) in [(Profile::Sip, false), (Profile::Http, true)] {
        let mut config = ServerConfig::new(REALM);
        config.profile = profile;
        let mut pair = Pair::new(config, ClientConfig::default());
        pair.client = Client::new(ClientConfig { profile, ..ClientConfig::default() }, Rng::from_u64(1));
        pair.client.add(Account::new("Jäsøn \"Doe\"", "Sëcret, or not?"));
        let sent = pair.answer(&[]).unwrap();
        assert_eq!(matches!(digest(&sent).username, Username::Extended(_)), extended);
        let verdict = pair.server.verify(pair.now, &sent, &REQUEST, |lookup| match lookup.username {
            Username::Plain(name) | Username::Extended(name) => Some(Account::new(name, "Sëcret, or not?")),
            Username::Hashed(_) => None,
        });
        assert!(matches!(verdict, Verdict::Accepted(_)), "{verdict:?}");
    }
}

//= rfc7616#4/username-characters test
//= rfc7616#4/password-characters test
#[test]
fn names_and_passwords_of_any_characters_log_in() {
    let all: Vec<char> = ('\u{20}'..='\u{2fff}').chain('\u{1f300}'..='\u{1f600}').filter(|c| !c.is_control()).collect();
    for chunk in all.chunks(100) {
        let password: String = chunk.iter().rev().collect();
        let user: String = chunk.iter().filter(|c| **c != ':').collect();
        let mut pair = Pair::sip();
        pair.client = Client::new(ClientConfig::default(), Rng::from_u64(3));
        pair.client.add(Account::new(user.as_str(), password.as_str()));
        let sent = pair.answer(&[]).unwrap();
        let account = Account::new(user.as_str(), password.as_str());
        let verdict = pair.server.verify(pair.now, &sent, &REQUEST, |lookup| match lookup.username {
            Username::Plain(name) | Username::Extended(name) if *name == user => Some(account.clone()),
            _ => None,
        });
        assert!(matches!(&verdict, Verdict::Accepted(accepted) if accepted.user == user), "{user:?}: {verdict:?}");
    }
}
