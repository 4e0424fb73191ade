//! Challenges are answered, each once, and the answers remembered.

#[path = "common/desk.rs"]
mod desk;

use desk::*;
use rfc2617::Account as Credential;
use rfc3261::message::{Method, Name, Request, Uri};
use rfc3261::ua::{Account, Body, Ended, Event, Invitation};

fn desk() -> Desk {
    Desk::with(|c| c.credentials.push(Credential::new("bob", "secret")))
}

const ONE: &str = r#"Digest realm="one", nonce="n1", qop="auth", algorithm=MD5"#;
const TWO: &str = r#"Digest realm="two", nonce="n2", qop="auth""#;

fn to() -> Uri {
    Uri::parse("sip:carol@192.0.2.2").unwrap()
}

fn number(request: &Request) -> u32 {
    request.headers.cseq().unwrap().unwrap().number
}

#[test]
fn a_challenge_is_answered_with_the_next_number_and_the_same_call_id() {
    let mut desk = desk();
    desk.run(|ua, now| ua.invite(now, to(), Invitation::sdp("offer"))).unwrap();
    let first = desk.request(Method::Invite);
    desk.udp(reply(&first, 407, "p", &[(Name::ProxyAuthenticate, ONE)]));
    let sent = desk.requests();
    assert_eq!(sent[0].method, Method::Ack);
    let second = &sent[1];
    assert_eq!(second.method, Method::Invite);
    assert_eq!(number(second), number(&first) + 1);
    assert_eq!(second.headers.call_id(), first.headers.call_id());
    assert_eq!(second.headers.raw(Name::From), first.headers.raw(Name::From));
    assert_ne!(second.headers.via(), first.headers.via());
    assert!(second.headers.to().unwrap().unwrap().tag().is_none());
    assert!(second.headers.raw(Name::ProxyAuthorization).unwrap().contains("realm=\"one\""));
    // another proxy on the way wants its own
    desk.udp(reply(second, 407, "p", &[(Name::ProxyAuthenticate, TWO)]));
    let third = desk.requests().pop().unwrap();
    assert_eq!(third.headers.raw_all(Name::ProxyAuthorization).count(), 2, "both stay");
    // and the ACK to the 2xx carries them
    desk.udp(reply(&third, 200, "t", &[(Name::Contact, "<sip:carol@192.0.2.2>")]));
    let ack = desk.request(Method::Ack);
    assert_eq!(ack.headers.raw_all(Name::ProxyAuthorization).count(), 2);
    assert_eq!(ack.headers.raw(Name::CSeq), Some("3 ACK"));
    assert!(matches!(desk.event(), Event::Answered { .. }));
}

#[test]
fn a_wrong_password_is_tried_once() {
    let mut desk = desk();
    desk.run(|ua, now| ua.register(now, Account::new(Uri::parse("sip:bob@192.0.2.2").unwrap()))).unwrap();
    let first = desk.request(Method::Register);
    desk.udp(reply(&first, 401, "r", &[(Name::WwwAuthenticate, ONE)]));
    let second = desk.request(Method::Register);
    assert!(second.headers.raw(Name::Authorization).is_some());
    let again = ONE.replace("n1", "n2");
    desk.udp(reply(&second, 401, "r", &[(Name::WwwAuthenticate, &again)]));
    assert!(matches!(desk.event(), Event::RegistrationFailed { status: 401, .. }));
    desk.is_silent();
}

#[test]
fn a_stale_nonce_is_renewed_and_a_server_that_never_stops_is_given_up() {
    let mut desk = desk();
    desk.run(|ua, now| ua.message(now, to(), Body::text("hi"))).unwrap();
    let mut count = 0;
    while let Some(request) = desk.requests().pop() {
        count += 1;
        assert!(count < 10);
        let stale = format!(r#"Digest realm="one", nonce="s{count}", qop="auth", stale=true"#);
        desk.udp(reply(&request, 401, "t", &[(Name::WwwAuthenticate, &stale)]));
    }
    assert_eq!(count, 4, "three challenges are answered");
    assert!(matches!(desk.event(), Event::Finished { status: 401, .. }));
}

#[test]
fn without_credentials_the_challenge_is_the_outcome() {
    let mut desk = Desk::new();
    desk.run(|ua, now| ua.invite(now, to(), Invitation::sdp("offer"))).unwrap();
    let first = desk.request(Method::Invite);
    desk.udp(reply(&first, 401, "t", &[(Name::WwwAuthenticate, ONE)]));
    assert!(matches!(desk.event(), Event::Ended { reason: Ended::Rejected { status: 401, .. }, .. }));
}

#[test]
fn a_refresh_carries_credentials_at_once() {
    let mut desk = desk();
    desk.run(|ua, now| ua.register(now, Account::new(Uri::parse("sip:bob@192.0.2.2").unwrap()))).unwrap();
    let first = desk.request(Method::Register);
    desk.udp(reply(&first, 401, "r", &[(Name::WwwAuthenticate, ONE)]));
    let second = desk.request(Method::Register);
    desk.udp(reply(&second, 200, "r", &[(Name::Contact, "<sip:bob@192.0.2.1:5060>;expires=100")]));
    desk.ms(100_000);
    let refresh = desk.requests().remove(0);
    assert!(refresh.headers.raw(Name::Authorization).unwrap().contains("nc=00000002"));
    assert!(number(&refresh) > number(&second));
}

#[test]
fn secrets_are_in_no_debug_output() {
    let desk = desk();
    assert!(!format!("{:?}{:?}", desk.ua, desk.ua.config()).contains("secret\""));
}
