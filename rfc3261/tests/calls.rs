//! The finer points of calls: forking, late and repeated 2xx, order of numbers, glare, failover.

#[path = "common/desk.rs"]
mod desk;

use desk::*;
use rfc3261::message::{Message, Method, Name, Request, Response, Uri};
use rfc3261::ua::{Body, Call, Ended, Event, Invitation};

const CONTACT: (Name, &str) = (Name::Contact, "<sip:carol@192.0.2.2>");

fn to() -> Uri {
    Uri::parse("sip:carol@192.0.2.2").unwrap()
}

fn calling(desk: &mut Desk) -> (Call, Request) {
    let call = desk.run(|ua, now| ua.invite(now, to(), Invitation::sdp("offer"))).unwrap();
    (call, desk.request(Method::Invite))
}

/// A call that Alice, the other side, began and that is up; and our 2xx.
fn called(desk: &mut Desk) -> (Call, Response) {
    desk.udp(text("INVITE", "1", "Content-Type: application/sdp\r\n", "offer"));
    let Some(Event::Incoming { call, .. }) = desk.events().pop() else { panic!("no call") };
    desk.run(|ua, now| ua.accept(now, call, Some(Body::sdp("answer")))).unwrap();
    let ok = desk.response();
    desk.udp(inside(&ok, "ACK", "ack", 1));
    desk.events();
    (call, ok)
}

/// A request of Alice within the dialog of that 2xx of ours.
fn inside(ok: &Response, method: &str, branch: &str, number: u32) -> String {
    let tag = ok.headers.to().unwrap().unwrap().tag().unwrap().to_owned();
    text(method, branch, "", "")
        .replace(&format!("c-{branch}"), "c-1")
        .replace("To: <sip:bob@192.0.2.1>", &format!("To: <sip:bob@192.0.2.1>;tag={tag}"))
        .replace("CSeq: 1 ", &format!("CSeq: {number} "))
}

#[test]
fn every_2xx_is_acknowledged_again_and_those_of_other_branches_are_ended() {
    let mut desk = Desk::new();
    let (_, invite) = calling(&mut desk);
    for tag in ["one", "two"] {
        desk.udp(reply(&invite, 180, tag, &[CONTACT]));
    }
    assert_eq!(desk.events().len(), 2);
    assert_eq!(desk.ua.load().dialogs, 2, "two early dialogs");
    desk.udp(reply(&invite, 200, "one", &[CONTACT]));
    let ack = desk.request(Method::Ack);
    assert_eq!((ack.uri.as_str(), ack.headers.raw(Name::CSeq)), ("sip:carol@192.0.2.2", Some("1 ACK")));
    assert!(matches!(desk.event(), Event::Answered { .. }));
    desk.udp(reply(&invite, 200, "one", &[CONTACT]));
    assert_eq!(desk.request(Method::Ack), ack, "the very same");
    desk.udp(reply(&invite, 200, "two", &[CONTACT]));
    let sent = desk.requests();
    assert_eq!(sent.iter().map(|r| r.method.as_str()).collect::<Vec<_>>(), ["ACK", "BYE"]);
    assert!(sent.iter().all(|r| r.headers.to().unwrap().unwrap().tag() == Some("two")));
    assert_eq!(sent[1].headers.cseq().unwrap().unwrap().number, 2);
    assert!(desk.events().is_empty(), "nobody hears of it");
    assert_eq!(desk.ua.load().dialogs, 1);
    desk.udp(reply(&invite, 200, "two", &[CONTACT]));
    assert!(desk.requests().iter().any(|r| r.method == Method::Ack), "and once more");
}

#[test]
fn a_2xx_of_a_call_that_was_hung_up_meanwhile_is_still_acknowledged() {
    let mut desk = Desk::new();
    let (call, invite) = calling(&mut desk);
    desk.udp(reply(&invite, 200, "one", &[CONTACT]));
    desk.run(|ua, now| ua.hang_up(now, call)).unwrap();
    desk.sent();
    desk.udp(reply(&invite, 200, "one", &[CONTACT]));
    assert_eq!(desk.requests()[0].method, Method::Ack);
}

#[test]
fn the_route_set_of_the_2xx_is_used_in_reverse() {
    let mut desk = Desk::new();
    let (call, invite) = calling(&mut desk);
    let rr = (Name::RecordRoute, "<sip:192.0.2.8;lr>, <sip:192.0.2.7:5070;lr>");
    desk.udp(reply(&invite, 200, "one", &[CONTACT, rr]));
    desk.run(|ua, now| ua.hang_up(now, call)).unwrap();
    for (to, message) in desk.sent() {
        let Message::Request(request) = message else { panic!("{message:?}") };
        assert_eq!(to, "192.0.2.7:5070".parse().unwrap());
        assert_eq!(request.uri.as_str(), "sip:carol@192.0.2.2");
        let routes: Vec<&str> = request.headers.raw_all(Name::Route).collect();
        assert_eq!(routes, ["<sip:192.0.2.7:5070;lr>", "<sip:192.0.2.8;lr>"]);
    }
}

#[test]
fn a_2xx_without_contact_ends_the_call() {
    let mut desk = Desk::new();
    let (_, invite) = calling(&mut desk);
    desk.udp(reply(&invite, 200, "one", &[]));
    assert!(matches!(desk.event(), Event::Ended { reason: Ended::Protocol, .. }));
}

#[test]
fn provisional_responses_are_told_by_their_kind() {
    let mut desk = Desk::new();
    let (_, invite) = calling(&mut desk);
    desk.udp(reply(&invite, 100, "", &[]));
    assert!(matches!(desk.event(), Event::Trying { .. }));
    desk.udp(reply(&invite, 183, "one", &[]));
    assert!(matches!(desk.event(), Event::Progress { status: 183, .. }));
    desk.udp(reply(&invite, 199, "one", &[]));
    assert!(matches!(desk.event(), Event::Progress { status: 199, .. }));
    desk.udp(reply(&invite, 699, "one", &[]));
    assert!(matches!(desk.event(), Event::Ended { reason: Ended::Rejected { status: 699, .. }, .. }));
}

#[test]
fn a_response_with_two_vias_is_dropped() {
    let mut desk = Desk::new();
    let (_, invite) = calling(&mut desk);
    desk.udp(reply(&invite, 486, "one", &[(Name::Via, "SIP/2.0/UDP 192.0.2.3;branch=z9hG4bKy")]));
    assert!(desk.events().is_empty());
}

#[test]
fn redirections_are_tried_in_the_order_of_q_and_never_twice() {
    let mut desk = Desk::new();
    let (_, invite) = calling(&mut desk);
    let contacts =
        "<sip:low@192.0.2.2>;q=0.1, <sip:high@192.0.2.2;method=BYE?Subject=x>;q=0.9, <sip:carol@192.0.2.2>, <tel:+1>";
    desk.udp(reply(&invite, 302, "one", &[(Name::Contact, contacts)]));
    let mut tried = Vec::new();
    for number in 2..4 {
        let Some(next) = desk.requests().into_iter().find(|r| r.method == Method::Invite) else { break };
        assert_eq!(next.headers.cseq().unwrap().unwrap().number, number);
        assert_eq!(next.headers.call_id(), invite.headers.call_id());
        tried.push(next.uri.to_string());
        desk.udp(reply(&next, 302, "one", &[(Name::Contact, contacts)]));
    }
    assert_eq!(tried, ["sip:high@192.0.2.2", "sip:low@192.0.2.2"]);
    assert!(matches!(desk.event(), Event::Ended { reason: Ended::Rejected { status: 302, .. }, .. }));
}

#[test]
fn redirections_are_bounded_and_can_be_switched_off() {
    let mut desk = Desk::with(|c| c.max_redirects = 3);
    let (_, mut invite) = calling(&mut desk);
    let mut count = 1;
    loop {
        let next = format!("<sip:{count}@192.0.2.2>");
        desk.udp(reply(&invite, 302, "one", &[(Name::Contact, &next)]));
        match desk.requests().into_iter().find(|r| r.method == Method::Invite) {
            Some(next) => invite = next,
            None => break,
        }
        count += 1;
    }
    assert_eq!(count, 3);
    let mut desk = Desk::with(|c| c.follow_redirects = false);
    let (_, invite) = calling(&mut desk);
    desk.udp(reply(&invite, 302, "one", &[(Name::Contact, "<sip:x@192.0.2.2>")]));
    assert!(matches!(desk.event(), Event::Ended { reason: Ended::Rejected { status: 302, .. }, .. }));
}

#[test]
fn the_next_address_of_a_name_is_tried_after_503_and_after_silence() {
    let mut desk = Desk::new();
    desk.run(|ua, now| ua.invite(now, Uri::parse("sip:carol@carol.example").unwrap(), Invitation::default())).unwrap();
    assert_eq!((desk.queries[0].1.as_str(), desk.queries[0].2), ("carol.example", 5060));
    desk.resolve(&["192.0.2.2:5060", "192.0.2.3:5060", "192.0.2.4:5060"]);
    let first = desk.request(Method::Invite);
    desk.udp(reply(&first, 503, "one", &[]));
    let sent = desk.sent();
    let (address, _) =
        sent.iter().find(|(_, m)| matches!(m, Message::Request(r) if r.method == Method::Invite)).unwrap();
    assert_eq!(*address, "192.0.2.3:5060".parse().unwrap());
    desk.ms(32_100);
    let last = desk.sent().pop().unwrap();
    assert_eq!(last.0, "192.0.2.4:5060".parse().unwrap());
    desk.ms(32_100);
    assert!(matches!(desk.event(), Event::Ended { reason: Ended::NoAnswer, .. }));
}

#[test]
fn numbers_below_the_last_get_500_and_gaps_do_not_matter() {
    let mut desk = Desk::new();
    let (_, ok) = called(&mut desk);
    for (branch, number, status) in [("i1", 5, 200), ("i2", 4, 500), ("i3", 90, 200)] {
        desk.udp(inside(&ok, "INFO", branch, number));
        assert_eq!(desk.response().status.0, status);
    }
}

#[test]
fn a_change_that_meets_ours_gets_491_and_one_that_meets_theirs_500() {
    let mut desk = Desk::new();
    let (call, ok) = called(&mut desk);
    desk.udp(inside(&ok, "INVITE", "r1", 2));
    assert!(matches!(desk.event(), Event::ReInvite { .. }));
    desk.udp(inside(&ok, "INVITE", "r2", 3));
    let refused = desk.response();
    let after: u32 = refused.headers.raw(Name::RetryAfter).unwrap().parse().unwrap();
    assert!(refused.status.0 == 500 && after <= 10);
    desk.run(|ua, now| ua.reject(now, call, 488)).unwrap();
    desk.sent();
    desk.run(|ua, now| ua.modify(now, call, Body::sdp("ours"))).unwrap();
    desk.request(Method::Invite);
    desk.udp(inside(&ok, "INVITE", "r3", 4));
    assert_eq!(desk.response().status.0, 491);
}

#[test]
fn after_491_the_owner_of_the_call_id_waits_longer() {
    for (owner, range) in [(true, 2_100..=4_000u64), (false, 0..=2_000)] {
        let mut desk = Desk::new();
        let call = if owner {
            let (call, invite) = calling(&mut desk);
            desk.udp(reply(&invite, 200, "one", &[CONTACT]));
            call
        } else {
            called(&mut desk).0
        };
        desk.events();
        desk.sent();
        desk.run(|ua, now| ua.modify(now, call, Body::sdp("ours"))).unwrap();
        let request = desk.request(Method::Invite);
        desk.udp(reply(&request, 491, "", &[]));
        assert_eq!(desk.request(Method::Ack).headers.raw(Name::CallId), request.headers.raw(Name::CallId));
        let mut waited = 0;
        while desk.requests().is_empty() {
            desk.ms(10);
            waited += 10;
        }
        assert!(range.contains(&waited) || waited == 10, "{waited} ms");
    }
}

#[test]
fn a_bye_ends_what_is_open_and_one_for_an_unanswered_call_too() {
    let mut desk = Desk::new();
    let (_, ok) = called(&mut desk);
    desk.udp(inside(&ok, "INVITE", "r1", 2));
    desk.events();
    desk.udp(inside(&ok, "BYE", "b1", 3));
    let statuses: Vec<u16> = desk
        .sent()
        .into_iter()
        .map(|(_, m)| match m {
            Message::Response(r) => r.status.0,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(statuses, [200, 487]);
    assert!(matches!(desk.event(), Event::Ended { reason: Ended::Remote, .. }));
    desk.udp(inside(&ok, "BYE", "b2", 4));
    assert_eq!(desk.response().status.0, 481);

    let mut desk = Desk::new();
    desk.udp(text("INVITE", "1", "", ""));
    let Some(Event::Incoming { call, .. }) = desk.events().pop() else { panic!("no call") };
    desk.run(|ua, now| ua.ring(now, call)).unwrap();
    let ringing = desk.response();
    desk.udp(inside(&ringing, "BYE", "b1", 2));
    assert_eq!(desk.sent().len(), 2);
    assert!(matches!(desk.event(), Event::Ended { reason: Ended::Remote, .. }));
}

#[test]
fn a_request_that_the_other_side_no_longer_knows_ends_the_call() {
    for status in [481, 408] {
        let mut desk = Desk::new();
        let (call, _) = called(&mut desk);
        desk.run(|ua, now| ua.info(now, call, Body::text("x"))).unwrap();
        let info = desk.request(Method::Info);
        desk.udp(reply(&info, status, "", &[]));
        let events = desk.events();
        assert!(matches!(events[0], Event::Finished { status: s, .. } if s == status));
        assert!(matches!(events[1], Event::Ended { reason: Ended::Lost, .. }));
    }
}

#[test]
fn a_moved_target_is_followed() {
    let mut desk = Desk::new();
    let (call, ok) = called(&mut desk);
    desk.udp(
        inside(&ok, "INVITE", "r1", 2).replace("Contact: <sip:alice@192.0.2.2>", "Contact: <sip:moved@192.0.2.2>"),
    );
    desk.run(|ua, now| ua.accept(now, call, None)).unwrap();
    desk.udp(inside(&ok, "ACK", "a2", 2));
    desk.sent();
    desk.run(|ua, now| ua.hang_up(now, call)).unwrap();
    assert_eq!(desk.request(Method::Bye).uri.as_str(), "sip:moved@192.0.2.2");
}

#[test]
fn headers_of_an_invitation_cannot_forge_those_of_the_protocol() {
    let mut desk = Desk::new();
    let with = |name: &str| Invitation { headers: vec![(name.into(), "x".into())], ..Invitation::default() };
    assert!(desk.run(|ua, now| ua.invite(now, to(), with("X-Note"))).is_ok());
    for name in ["via", "From", "v", "Route", "CSeq", "l"] {
        assert!(desk.run(|ua, now| ua.invite(now, to(), with(name))).is_err(), "{name}");
    }
    let tel = Uri::parse("tel:+123").unwrap();
    assert!(desk.run(|ua, now| ua.invite(now, tel, Invitation::default())).is_err());
}

#[test]
fn forks_are_bounded() {
    let mut desk = Desk::with(|c| c.max_forks = 2);
    let (_, invite) = calling(&mut desk);
    for tag in ["one", "two", "three", "four"] {
        desk.udp(reply(&invite, 180, tag, &[CONTACT]));
    }
    assert_eq!(desk.ua.load().dialogs, 2);
}

#[test]
fn the_limit_of_requests_holds() {
    let mut desk = Desk::with(|c| c.max_requests = 2);
    let mut ask = || desk.run(|ua, now| ua.options(now, to()));
    assert!(ask().is_ok() && ask().is_ok() && ask().is_err());
}

//= rfc3428#8/1300 test
//= rfc3428#8/one-pending test
//= rfc3428#8/no-overlap-unsafe test
#[test]
fn messages_to_one_uri_go_one_after_the_other_and_are_small() {
    let mut desk = Desk::new();
    let other = Uri::parse("sip:dave@192.0.2.2").unwrap();
    for (uri, text) in [(to(), "one"), (to(), "two"), (other, "three")] {
        desk.run(|ua, now| ua.message(now, uri, Body::text(text))).unwrap();
    }
    let sent = desk.requests();
    assert_eq!(sent.iter().map(|m| m.body.clone()).collect::<Vec<_>>(), ["one", "three"]);
    assert!(sent.iter().all(|m| m.headers.raw(Name::Contact).is_none()));
    desk.udp(reply(&sent[0], 200, "t", &[]));
    assert_eq!(desk.request(Method::Message).body, "two");
    let large = Body::text("x".repeat(1300));
    assert_eq!(desk.run(|ua, now| ua.message(now, to(), large)), Err(rfc3261::ua::Error::TooLarge));
    desk.ms(40_000);
    assert_eq!(desk.ua.load().requests, 0);
    desk.sent();
    desk.events();

    let (call, _) = called(&mut desk);
    let mut send = || desk.run(|ua, now| ua.request(now, call, Method::Message, Some(Body::text("x"))));
    assert!(send().is_ok() && send().is_err(), "not two at once within a call");
}

//= rfc3261#13.2.1/expires-cancel test
#[test]
fn an_invitation_that_expires_is_cancelled() {
    let mut desk = Desk::new();
    let invitation = Invitation { expires: Some(std::time::Duration::from_secs(20)), ..Invitation::default() };
    desk.run(|ua, now| ua.invite(now, to(), invitation)).unwrap();
    let invite = desk.request(Method::Invite);
    assert_eq!(invite.headers.raw(Name::Expires), Some("20"));
    desk.udp(reply(&invite, 180, "one", &[]));
    desk.ms(19_900);
    desk.is_silent();
    desk.ms(200);
    assert_eq!(desk.request(Method::Cancel).uri, invite.uri);
    desk.events();
    desk.udp(reply(&invite, 487, "one", &[]));
    assert!(matches!(desk.event(), Event::Ended { reason: Ended::NoAnswer, .. }));
}

#[test]
fn only_so_many_addresses_of_a_name_are_tried() {
    let mut desk = Desk::with(|c| c.max_addresses = 2);
    desk.run(|ua, now| ua.options(now, Uri::parse("sip:carol@carol.example").unwrap())).unwrap();
    desk.resolve(&["192.0.2.2:5060", "192.0.2.3:5060", "192.0.2.4:5060"]);
    desk.ms(100_000);
    let mut to: Vec<_> = desk.sent().into_iter().map(|(to, _)| to.to_string()).collect();
    to.dedup();
    assert_eq!(to, ["192.0.2.2:5060", "192.0.2.3:5060"]);
    assert!(matches!(desk.event(), Event::Finished { status: 408, response: None, .. }));
}

#[test]
fn a_secure_call_has_secure_contacts_and_goes_by_tls() {
    let mut desk = Desk::new();
    let sips = Uri::parse("sips:carol@192.0.2.2").unwrap();
    // there is no TLS listener to name, but the UDP one must not carry it
    let call = desk.ua.invite(desk.now, sips, Invitation::default());
    assert!(call.is_ok());
    use wire::{Machine, Output, Transmit};
    let (mut tls, mut contact) = (false, false);
    while let Some(output) = desk.ua.poll() {
        match output {
            Output::Connect { transport, remote, .. } => {
                tls = transport == wire::Transport::Tls && remote == "192.0.2.2:5061".parse().unwrap();
            }
            Output::Transmit(Transmit::Stream { data, .. }) => {
                let Ok(Message::Request(request)) = Message::parse(data) else { panic!("no request") };
                contact = request.headers.raw(Name::Contact).unwrap().starts_with("<sips:bob@");
            }
            Output::Transmit(other) => panic!("{other:?}"),
            _ => {}
        }
    }
    assert!(tls && contact);
}
