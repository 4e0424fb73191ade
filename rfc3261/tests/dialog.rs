//! Dialogs: what both sides remember, and what requests made of it look like (RFC 3261 section 12).
use rfc3261::dialog::{Dialog, DialogError, DialogId, State};
use rfc3261::message::{Message, Method, Name, Request, Response, Status};

const INVITE: &str = "INVITE sip:bob@biloxi.example SIP/2.0\r\n\
    Via: SIP/2.0/UDP a.example;branch=z9hG4bK1\r\nMax-Forwards: 70\r\n\
    From: \"Alice\" <sip:alice@a.example>;tag=a1\r\nTo: <sip:bob@biloxi.example>\r\n\
    Call-ID: call-7\r\nCSeq: 31 INVITE\r\nContact: <sip:alice@192.0.2.1>\r\nContent-Length: 0\r\n\r\n";

fn request(text: &str) -> Request {
    match Message::parse(text.to_owned().into()) {
        Ok(Message::Request(r)) => r,
        other => panic!("{other:?}"),
    }
}

/// An answer to the INVITE with the given status, To tag and extra header lines.
fn response(status: u16, tag: &str, extra: &str) -> Response {
    let tag = if tag.is_empty() { String::new() } else { format!(";tag={tag}") };
    let text = format!(
        "SIP/2.0 {status} X\r\nVia: SIP/2.0/UDP a.example;branch=z9hG4bK1\r\n\
         From: \"Alice\" <sip:alice@a.example>;tag=a1\r\nTo: <sip:bob@biloxi.example>{tag}\r\n\
         Call-ID: call-7\r\nCSeq: 31 INVITE\r\n{extra}Content-Length: 0\r\n\r\n"
    );
    match Message::parse(text.into()) {
        Ok(Message::Response(r)) => r,
        other => panic!("{other:?}"),
    }
}

const CONTACT: &str = "Contact: <sip:bob@192.0.2.9>\r\n";

fn routes(request: &Request) -> Vec<String> {
    request.headers.raw_all(Name::Route).map(str::to_owned).collect()
}

//= rfc3261#12.1/id test
//= rfc3261#12.1.1/tags test
//= rfc3261#12.1.2/tags test
#[test]
fn both_sides_hold_the_same_id_with_the_tags_swapped() {
    let (invite, ok) = (request(INVITE), response(200, "b2", CONTACT));
    let (alice, bob) = (Dialog::uac(&invite, &ok).unwrap(), Dialog::uas(&invite, &ok).unwrap());
    assert_eq!(alice.id().call_id, "call-7");
    assert_eq!((&*alice.id().local_tag, &*alice.id().remote_tag), ("a1", "b2"));
    assert_eq!((&alice.id().local_tag, &alice.id().remote_tag), (&bob.id().remote_tag, &bob.id().local_tag));
    assert_eq!(DialogId::of_response(&ok.headers).as_ref(), Some(alice.id()));
}

//= rfc3261#8.1.1.4/same-in-dialog test
//= rfc3261#8.1.1.5/method test
//= rfc3261#12.1.1/uris test
//= rfc3261#12.1.2/uris test
//= rfc3261#12.1.1/remote-target test
//= rfc3261#12.1.2/remote-target test
//= rfc3261#12.2.1.1/to-and-from test
//= rfc3261#12.2.1.1/call-id test
//= rfc3261#12.2.1.1/cseq-method test
//= rfc3261#12.2.1.1/no-route-set test
//= rfc3261#12.2.1.1/no-route-set-no-route test
#[test]
fn a_request_names_the_parties_as_its_side_sees_them() {
    let (invite, ok) = (request(INVITE), response(200, "b2", CONTACT));
    let bye = Dialog::uac(&invite, &ok).unwrap().request(Method::Bye);
    assert_eq!(bye.uri.as_str(), "sip:bob@192.0.2.9");
    assert_eq!(bye.headers.raw(Name::From), Some("\"Alice\" <sip:alice@a.example>;tag=a1"));
    assert_eq!(bye.headers.raw(Name::To), Some("<sip:bob@biloxi.example>;tag=b2"));
    assert_eq!(bye.headers.raw(Name::CallId), Some("call-7"));
    assert_eq!(bye.headers.raw(Name::CSeq), Some("32 BYE"));
    assert!(routes(&bye).is_empty());
    let bye = Dialog::uas(&invite, &ok).unwrap().request(Method::Bye);
    assert_eq!(bye.uri.as_str(), "sip:alice@192.0.2.1");
    assert_eq!(bye.headers.raw(Name::From), Some("<sip:bob@biloxi.example>;tag=b2"));
    assert_eq!(bye.headers.raw(Name::To), Some("\"Alice\" <sip:alice@a.example>;tag=a1"));
}

//= rfc3261#12.1.1/sequence test
//= rfc3261#12.1.2/sequence test
//= rfc3261#12.1.1/kept test
//= rfc3261#12.1.2/kept test
//= rfc3261#12.2.1.1/cseq-by-one test
//= rfc3261#12.2.1.1/cseq-first test
//= rfc3261#13.2.2.4/ack-cseq test
#[test]
fn our_numbers_grow_by_one_and_the_ack_has_that_of_its_invite() {
    let (invite, ok) = (request(INVITE), response(200, "b2", CONTACT));
    let mut alice = Dialog::uac(&invite, &ok).unwrap();
    let numbers: Vec<_> = (0..3).map(|_| alice.request(Method::Info).headers.cseq().unwrap().unwrap().number).collect();
    assert_eq!(numbers, [32, 33, 34]);
    assert_eq!(alice.ack(31).headers.raw(Name::CSeq), Some("31 ACK"));
    assert_eq!(alice.request(Method::Bye).headers.raw(Name::CSeq), Some("35 BYE"));
    let mut bob = Dialog::uas(&invite, &ok).unwrap();
    assert_eq!(bob.request(Method::Bye).headers.raw(Name::CSeq), Some("1 BYE"));
}

//= rfc3261#12.1.1/null-tag test
//= rfc3261#12.1.2/null-tag test
#[test]
fn a_peer_of_rfc_2543_has_an_empty_tag_and_none_is_written() {
    let (invite, ok) = (request(INVITE), response(200, "", CONTACT));
    let mut alice = Dialog::uac(&invite, &ok).unwrap();
    assert_eq!(alice.id().remote_tag, "");
    assert_eq!(alice.request(Method::Bye).headers.raw(Name::To), Some("<sip:bob@biloxi.example>"));
    let old = request(&INVITE.replace(";tag=a1", ""));
    let mut ok = response(200, "b2", CONTACT);
    ok.headers.set(Name::From, "\"Alice\" <sip:alice@a.example>");
    assert_eq!(Dialog::uas(&old, &ok).unwrap().id().remote_tag, "");
}

//= rfc3261#16.6/record-route-dialog-only test
//= rfc3261#12.1.1/route-set test
//= rfc3261#12.1.2/route-set test
//= rfc3261#12.2.1.1/loose test
#[test]
fn the_route_set_is_turned_around_for_the_caller_alone() {
    let record = "Record-Route: <sip:p2.example;lr>, <sip:p1.example;lr>\r\n";
    let invite = request(&INVITE.replace("Contact:", &format!("{record}Contact:")));
    let ok = response(200, "b2", &format!("{record}{CONTACT}"));
    let mut alice = Dialog::uac(&invite, &ok).unwrap();
    let bye = alice.request(Method::Bye);
    assert_eq!(routes(&bye), ["<sip:p1.example;lr>", "<sip:p2.example;lr>"]);
    assert_eq!((bye.uri.as_str(), alice.next_hop().as_str()), ("sip:bob@192.0.2.9", "sip:p1.example;lr"));
    let bye = Dialog::uas(&invite, &ok).unwrap().request(Method::Bye);
    assert_eq!(routes(&bye), ["<sip:p2.example;lr>", "<sip:p1.example;lr>"]);
}

//= rfc3261#12.2.1.1/strict test
#[test]
fn a_strict_router_becomes_the_request_uri() {
    let record = "Record-Route: <sip:p2.example;lr>, <sip:p1.example;method=INVITE?Subject=x>\r\n";
    let ok = response(200, "b2", &format!("{record}{CONTACT}"));
    let bye = Dialog::uac(&request(INVITE), &ok).unwrap().request(Method::Bye);
    assert_eq!(bye.uri.as_str(), "sip:p1.example");
    assert_eq!(routes(&bye), ["<sip:p2.example;lr>", "<sip:bob@192.0.2.9>"]);
}

//= rfc3261#12.2.2/out-of-order test
//= rfc3261#12.2.2/gap test
//= rfc3261#12.2.2/first-number test
//= rfc3261#12.2.2/number-kept test
#[test]
fn old_numbers_are_refused_and_gaps_are_not() {
    let (invite, ok) = (request(INVITE), response(200, "b2", CONTACT));
    let mut bob = Dialog::uas(&invite, &ok).unwrap();
    let mut next =
        |number: u32| bob.receive(&request(&INVITE.replace("CSeq: 31 INVITE", &format!("CSeq: {number} INVITE"))));
    assert_eq!(next(31), Err(Status(500)));
    assert_eq!(next(40), Ok(()));
    assert_eq!(next(39), Err(Status(500)));
    let mut alice = Dialog::uac(&invite, &ok).unwrap();
    assert_eq!(alice.receive(&request(INVITE)), Ok(()), "the other side's first number may be anything");
    assert_eq!(alice.receive(&request(INVITE)), Err(Status(500)));
}

//= rfc3261#12.2.2/refresh test
//= rfc3261#12.2.1.2/refresh test
#[test]
fn a_refresh_moves_the_target_and_other_requests_do_not() {
    let (invite, ok) = (request(INVITE), response(200, "b2", CONTACT));
    let mut bob = Dialog::uas(&invite, &ok).unwrap();
    let moved = |method: &str, number: u32| {
        let text = INVITE.replace("192.0.2.1", "192.0.2.77").replace("31 INVITE", &format!("{number} {method}"));
        request(&text.replacen("INVITE", method, 1))
    };
    bob.receive(&moved("INFO", 40)).unwrap();
    assert_eq!(bob.remote_target().as_str(), "sip:alice@192.0.2.1");
    bob.receive(&moved("INVITE", 41)).unwrap();
    assert_eq!(bob.remote_target().as_str(), "sip:alice@192.0.2.77");
    let mut alice = Dialog::uac(&invite, &ok).unwrap();
    let elsewhere = "Contact: <sip:bob@192.0.2.88>\r\n";
    alice.refreshed(&Method::Invite, &response(491, "b2", elsewhere));
    alice.refreshed(&Method::Info, &response(200, "b2", elsewhere));
    assert_eq!(alice.remote_target().as_str(), "sip:bob@192.0.2.9");
    alice.refreshed(&Method::Invite, &response(200, "b2", elsewhere));
    assert_eq!(alice.remote_target().as_str(), "sip:bob@192.0.2.88");
}

//= rfc3261#13.2.2.4/confirm test
#[test]
fn the_2xx_sets_route_and_target_anew() {
    let early = response(180, "b2", &format!("Record-Route: <sip:p1.example;lr>\r\n{CONTACT}"));
    let mut dialog = Dialog::uac(&request(INVITE), &early).unwrap();
    assert_eq!((dialog.state(), dialog.route_set().len()), (State::Early, 1));
    dialog.confirm(&response(200, "b2", "Contact: <sip:bob@192.0.2.10>\r\n"), true).unwrap();
    assert_eq!((dialog.state(), dialog.route_set().len()), (State::Confirmed, 0));
    assert_eq!(dialog.remote_target().as_str(), "sip:bob@192.0.2.10");
}

#[test]
fn a_response_without_contact_starts_no_dialog() {
    assert_eq!(
        Dialog::uac(&request(INVITE), &response(180, "b2", "")).unwrap_err(),
        DialogError::Missing(Name::Contact)
    );
}
