//! Registrations: refreshed in time, tried again, given up, renewed when the address turns out to be another.

#[path = "common/desk.rs"]
mod desk;

use desk::*;
use rfc3261::message::{Method, Name, Request, Uri};
use rfc3261::ua::{Account, Event};

fn account() -> Account {
    let mut account = Account::new(Uri::parse("sip:bob@192.0.2.2").unwrap());
    account.expires = 600;
    account
}

fn ok(request: &Request, expires: u32) -> Vec<u8> {
    let contact = request.headers.raw(Name::Contact).unwrap().split(';').next().unwrap().to_owned();
    reply(request, 200, "r", &[(Name::Contact, &format!("{contact};expires={expires}"))])
}

fn number(request: &Request) -> u32 {
    request.headers.cseq().unwrap().unwrap().number
}

#[test]
fn a_registration_is_refreshed_shortly_before_it_ends() {
    let mut desk = Desk::new();
    desk.run(|ua, now| ua.register(now, account())).unwrap();
    let first = desk.request(Method::Register);
    assert_eq!(first.uri.as_str(), "sip:192.0.2.2");
    assert_eq!(first.headers.raw(Name::To), Some("<sip:bob@192.0.2.2>"));
    assert_eq!(first.headers.raw(Name::Contact), Some("<sip:bob@192.0.2.1:5060>;expires=600"));
    desk.udp(ok(&first, 300));
    let Event::Registered { expires: 300, contacts, .. } = desk.event() else { panic!("not registered") };
    assert_eq!(contacts.len(), 1);
    desk.ms(284_000);
    desk.is_silent();
    desk.ms(11_500);
    let second = desk.requests().remove(0);
    assert_eq!(second.headers.call_id(), first.headers.call_id());
    assert_eq!(number(&second), number(&first) + 1);
    desk.udp(ok(&second, 20));
    desk.ms(14_000);
    desk.sent();
    desk.ms(1_500);
    assert!(!desk.requests().is_empty(), "a short one after three quarters of it");
}

#[test]
fn a_failed_registration_is_tried_again_after_growing_pauses() {
    let mut desk = Desk::new();
    desk.run(|ua, now| ua.register(now, account())).unwrap();
    let mut pauses = Vec::new();
    for _ in 0..8 {
        let request = desk.requests().pop().expect("a REGISTER");
        desk.udp(reply(&request, 500, "r", &[]));
        let Event::RegistrationFailed { status: 500, retry: Some(retry), .. } = desk.event() else { panic!("no") };
        desk.ms(u64::from(retry) * 1000 - 1000);
        desk.is_silent();
        desk.ms(2000);
        pauses.push(retry);
    }
    assert!((24..=30).contains(&pauses[0]), "{pauses:?}");
    assert!(pauses[1] > pauses[0] && pauses[7] <= 1800 && pauses[7] >= 1440, "{pauses:?}");
}

#[test]
fn retry_after_and_min_expires_are_heeded() {
    let mut desk = Desk::new();
    desk.run(|ua, now| ua.register(now, account())).unwrap();
    let first = desk.request(Method::Register);
    desk.udp(reply(&first, 503, "r", &[(Name::RetryAfter, "200 (soon)")]));
    assert!(matches!(desk.event(), Event::RegistrationFailed { status: 503, retry: Some(r), .. } if r >= 160));
    desk.ms(200_000);
    let second = desk.requests().remove(0);
    desk.udp(reply(&second, 423, "r", &[(Name::MinExpires, "1800")]));
    let third = desk.request(Method::Register);
    assert!(third.headers.raw(Name::Contact).unwrap().ends_with(";expires=1800"));
    desk.udp(ok(&third, 1800));
    assert!(matches!(desk.event(), Event::Registered { expires: 1800, .. }));
}

#[test]
fn silence_counts_as_408() {
    let mut desk = Desk::new();
    desk.run(|ua, now| ua.register(now, account())).unwrap();
    desk.ms(32_100);
    assert!(matches!(desk.event(), Event::RegistrationFailed { status: 408, .. }));
}

#[test]
fn a_registration_is_given_up() {
    let mut desk = Desk::new();
    let registration = desk.run(|ua, now| ua.register(now, account())).unwrap();
    let first = desk.request(Method::Register);
    desk.udp(ok(&first, 600));
    desk.events();
    desk.run(|ua, now| ua.unregister(now, registration)).unwrap();
    let last = desk.request(Method::Register);
    assert_eq!(last.headers.raw_all(Name::Contact).collect::<Vec<_>>(), ["<sip:bob@192.0.2.1:5060>;expires=0"]);
    desk.udp(reply(&last, 200, "r", &[]));
    assert!(matches!(desk.event(), Event::Unregistered { .. }));
    assert_eq!(desk.ua.load().registrations, 0);
    desk.ms(40_000);
    desk.is_silent();
}

#[test]
fn one_that_is_given_up_while_it_is_made_is_removed_afterwards() {
    let mut desk = Desk::new();
    let registration = desk.run(|ua, now| ua.register(now, account())).unwrap();
    let first = desk.request(Method::Register);
    desk.run(|ua, now| ua.unregister(now, registration)).unwrap();
    desk.is_silent();
    desk.udp(ok(&first, 600));
    let last = desk.request(Method::Register);
    assert!(last.headers.raw(Name::Contact).unwrap().ends_with(";expires=0"));
    desk.udp(reply(&last, 200, "r", &[]));
    assert!(matches!(desk.event(), Event::Unregistered { .. }));
}

#[test]
fn a_public_address_that_is_learned_is_registered_instead() {
    let mut desk = Desk::new();
    desk.run(|ua, now| ua.register(now, account())).unwrap();
    let first = desk.request(Method::Register);
    let public = |bytes: Vec<u8>| {
        String::from_utf8(bytes).unwrap().replacen(";rport", ";rport=40000;received=203.0.113.5", 1).into_bytes()
    };
    desk.udp(public(ok(&first, 600)));
    let told = desk.events();
    assert!(matches!(told[0], Event::PublicAddress { address } if address == "203.0.113.5:40000".parse().unwrap()));
    desk.ms(1);
    let second = desk.request(Method::Register);
    let contacts: Vec<&str> = second.headers.raw_all(Name::Contact).collect();
    assert_eq!(contacts, ["<sip:bob@203.0.113.5:40000>;expires=600", "<sip:bob@192.0.2.1:5060>;expires=0"]);
    desk.udp(public(ok(&second, 600)));
    desk.events();
    desk.ms(60_000);
    desk.is_silent();
    assert_eq!(desk.pings, 2, "and the NAT is kept open");
}

#[test]
fn an_outbound_proxy_gets_the_request_and_the_uri_stays() {
    let mut desk = Desk::with(|c| c.proxy = Some(Uri::parse("sip:192.0.2.9:5080;lr").unwrap()));
    desk.run(|ua, now| ua.register(now, Account::new(Uri::parse("sip:bob@example.com").unwrap()))).unwrap();
    let (to, message) = desk.sent().remove(0);
    let rfc3261::message::Message::Request(request) = message else { panic!("no request") };
    assert_eq!(to, "192.0.2.9:5080".parse().unwrap());
    assert_eq!(request.uri.as_str(), "sip:example.com");
    assert_eq!(request.headers.raw(Name::Route), Some("<sip:192.0.2.9:5080;lr>"));
}

#[test]
fn a_strict_outbound_proxy_is_written_into_the_request_uri() {
    let mut desk = Desk::with(|c| c.proxy = Some(Uri::parse("sip:192.0.2.9:5080").unwrap()));
    desk.run(|ua, now| ua.options(now, Uri::parse("sip:carol@example.com").unwrap())).unwrap();
    let request = desk.request(Method::Options);
    assert_eq!(request.uri.as_str(), "sip:192.0.2.9:5080");
    assert_eq!(request.headers.raw(Name::Route), Some("<sip:carol@example.com>"));
}

#[test]
fn without_nat_there_is_no_keep_alive_and_a_lost_stream_is_registered_anew() {
    use wire::{CloseReason, Input, Machine, Output, Transmit};
    let mut desk = Desk::new();
    desk.run(|ua, now| ua.register(now, account())).unwrap();
    let first = desk.request(Method::Register);
    desk.udp(ok(&first, 600));
    desk.ms(100_000);
    assert_eq!(desk.pings, 0);

    let mut desk = Desk::with(|c| c.transport = wire::Transport::Tcp);
    desk.ua.register(desk.now, account()).unwrap();
    let Some(Output::Connect { conn, .. }) = desk.ua.poll() else { panic!("no connection") };
    let Some(Output::Transmit(Transmit::Stream { data, .. })) = desk.ua.poll() else { panic!("no request") };
    let Ok(rfc3261::message::Message::Request(request)) = rfc3261::message::Message::parse(data) else { panic!("no") };
    desk.input(Input::Stream { conn, data: ok(&request, 600).into() });
    assert!(matches!(desk.event(), Event::Registered { .. }));
    desk.now += std::time::Duration::from_secs(25);
    desk.ua.handle(desk.now, Input::Time);
    assert!(matches!(desk.ua.poll(), Some(Output::Transmit(Transmit::Stream { data, .. })) if data == "\r\n\r\n"));
    desk.input(Input::Closed { conn, reason: CloseReason::Reset });
    desk.now += std::time::Duration::from_secs(25);
    desk.ua.handle(desk.now, Input::Time);
    desk.ua.handle(desk.now, Input::Time);
    let again = std::iter::from_fn(|| desk.ua.poll()).any(|o| matches!(o, Output::Connect { .. }));
    assert!(again, "a new connection and a new REGISTER");
}
