//! What a user agent answers before anybody is asked (section 8.2).

#[path = "common/desk.rs"]
mod desk;

use desk::*;
use rfc3261::message::{Method, Name, Response};
use rfc3261::ua::{Body, Ended, Event};

fn answer(desk: &mut Desk, request: &str) -> Response {
    desk.udp(request);
    desk.response()
}

#[test]
fn unknown_and_unsupported_methods_get_501_and_405_with_allow() {
    for (method, status) in [("FETCH", 501), ("SUBSCRIBE", 405), ("PUBLISH", 405)] {
        let mut desk = Desk::new();
        let response = answer(&mut desk, &text(method, "1", "", ""));
        assert_eq!(response.status.0, status);
        let allow = response.headers.raw(Name::Allow).unwrap();
        for known in ["INVITE", "ACK", "CANCEL", "BYE", "OPTIONS", "MESSAGE"] {
            assert!(allow.contains(known), "{allow}");
        }
        assert!(response.headers.to().unwrap().unwrap().tag().is_some());
    }
}

#[test]
fn a_method_that_the_application_takes_is_handed_up() {
    let mut desk = Desk::with(|c| c.methods.push(Method::Notify));
    desk.udp(text("NOTIFY", "1", "", ""));
    let Event::Request { id, call: None, request } = desk.event() else { panic!("not handed up") };
    desk.run(|ua, now| ua.respond(now, id, Response::to_request(&request, 202.into()))).unwrap();
    let response = desk.response();
    assert_eq!(response.status.0, 202);
    assert!(response.headers.to().unwrap().unwrap().tag().is_some());
}

#[test]
fn unknown_extensions_get_420_with_their_names() {
    let mut desk = Desk::new();
    let response = answer(&mut desk, &text("INVITE", "1", "Require: 100rel, foo\r\nRequire: bar\r\n", ""));
    assert_eq!((response.status.0, response.headers.raw(Name::Unsupported)), (420, Some("100rel, foo, bar")));
}

#[test]
fn a_foreign_scheme_gets_416_and_a_foreign_user_404_if_asked_for() {
    let mut desk = Desk::new();
    let tel = text("OPTIONS", "1", "", "").replace("sip:bob@192.0.2.1 SIP", "tel:+123 SIP");
    assert_eq!(answer(&mut desk, &tel).status.0, 416);
    let other = text("OPTIONS", "2", "", "").replace("sip:bob@192.0.2.1 SIP", "sip:eve@192.0.2.1 SIP");
    assert_eq!(answer(&mut desk, &other).status.0, 200);
    let mut desk = Desk::with(|c| c.check_user = true);
    assert_eq!(answer(&mut desk, &other).status.0, 404);
}

#[test]
fn bodies_of_unknown_type_or_coding_get_415_and_optional_ones_pass() {
    let mut desk = Desk::new();
    let response = answer(&mut desk, &text("INVITE", "1", "Content-Type: text/html\r\n", "x"));
    assert_eq!((response.status.0, response.headers.raw(Name::Accept)), (415, Some("application/sdp")));
    let gzip = "Content-Type: application/sdp\r\nContent-Encoding: gzip\r\n";
    let response = answer(&mut desk, &text("INVITE", "2", gzip, "x"));
    assert_eq!((response.status.0, response.headers.raw(Name::AcceptEncoding)), (415, Some("identity")));
    let optional = "Content-Type: text/html\r\nContent-Disposition: icon;handling=optional\r\n";
    desk.udp(text("INVITE", "3", optional, "x"));
    assert!(matches!(desk.events()[..], [Event::Incoming { .. }]));
}

#[test]
fn a_caller_that_takes_no_sdp_gets_406() {
    let mut desk = Desk::new();
    assert_eq!(answer(&mut desk, &text("INVITE", "1", "Accept: text/plain\r\n", "")).status.0, 406);
    desk.udp(text("INVITE", "2", "Accept: text/plain, application/sdp\r\n", ""));
    assert!(matches!(desk.events()[..], [Event::Incoming { .. }]));
}

#[test]
fn a_request_that_comes_twice_by_different_ways_gets_482() {
    let mut desk = Desk::new();
    let first = text("INVITE", "1", "", "");
    desk.udp(&first);
    desk.events();
    let response = answer(&mut desk, &first.replace("z9hG4bK1", "z9hG4bKother"));
    assert_eq!(response.status.0, 482);
    desk.udp(&first);
    desk.is_silent(); // a repetition is none
}

#[test]
fn requests_for_unknown_dialogs_get_481() {
    let mut desk = Desk::new();
    for (n, method) in ["BYE", "INVITE", "INFO", "OPTIONS"].iter().enumerate() {
        let request =
            text(method, &n.to_string(), "", "").replace("To: <sip:bob@192.0.2.1>", "To: <sip:bob@192.0.2.1>;tag=x");
        assert_eq!(answer(&mut desk, &request).status.0, 481, "{method}");
    }
    assert_eq!(answer(&mut desk, &text("BYE", "9", "", "")).status.0, 481);
}

#[test]
fn options_get_what_an_invite_would() {
    let mut desk = Desk::with(|c| c.max_calls = 1);
    let response = answer(&mut desk, &text("OPTIONS", "1", "", ""));
    assert_eq!((response.status.0, response.headers.raw(Name::Accept)), (200, Some("application/sdp")));
    for name in [Name::Allow, Name::AcceptEncoding, Name::AcceptLanguage] {
        assert!(response.headers.raw(name).is_some());
    }
    desk.udp(text("INVITE", "2", "", ""));
    assert_eq!(answer(&mut desk, &text("OPTIONS", "3", "", "")).status.0, 486);
}

#[test]
fn messages_are_answered_and_can_be_switched_off() {
    let mut desk = Desk::new();
    let message = text("MESSAGE", "1", "Content-Type: text/plain\r\n", "hi");
    let response = answer(&mut desk, &message);
    assert_eq!((response.status.0, response.headers.raw(Name::Contact), response.body.len()), (200, None, 0));
    assert!(matches!(desk.event(), Event::Message { body: Body { data, .. }, .. } if data == "hi"));
    let mut desk = Desk::with(|c| c.accept_messages = false);
    assert_eq!(answer(&mut desk, &message).status.0, 405);
}

#[test]
fn an_invite_without_contact_gets_400() {
    let mut desk = Desk::new();
    let request = text("INVITE", "1", "", "").replace("Contact: <sip:alice@192.0.2.2>\r\n", "");
    assert_eq!(answer(&mut desk, &request).status.0, 400);
    assert_eq!((desk.ua.load().calls, desk.ua.load().dialogs), (0, 0));
}

#[test]
fn an_invite_that_expires_is_ended_by_487() {
    let mut desk = Desk::new();
    desk.udp(text("INVITE", "1", "Expires: 20\r\n", ""));
    desk.events();
    desk.ms(19_900);
    desk.sent();
    desk.ms(200);
    assert_eq!(desk.response().status.0, 487);
    assert!(matches!(desk.event(), Event::Ended { reason: Ended::Local, .. }));
}

#[test]
fn responses_that_make_a_dialog_repeat_the_record_route_and_have_a_contact() {
    let mut desk = Desk::new();
    desk.udp(text("INVITE", "1", "Record-Route: <sip:p1.example;lr>, <sip:p2.example;lr;x=1>\r\n", ""));
    let Some(Event::Incoming { call, .. }) = desk.events().pop() else { panic!("no call") };
    desk.run(|ua, now| ua.ring(now, call)).unwrap();
    let ringing = desk.response();
    desk.run(|ua, now| ua.accept(now, call, Some(Body::sdp("answer")))).unwrap();
    let ok = desk.response();
    for response in [&ringing, &ok] {
        let routes: Vec<String> =
            response.headers.list::<rfc3261::message::RecordRoute>().map(|r| r.unwrap().to_string()).collect();
        assert_eq!(routes, ["<sip:p1.example;lr>", "<sip:p2.example;lr;x=1>"]);
        assert_eq!(response.headers.raw(Name::Contact), Some("<sip:bob@192.0.2.1:5060>"));
    }
    assert_eq!(ringing.headers.raw(Name::To), ok.headers.raw(Name::To), "one dialog");
    assert!(ok.headers.raw(Name::Allow).is_some());
    // the 2xx is repeated until its ACK comes
    desk.ms(7_600);
    assert_eq!(desk.sent().len(), 4, "0.5, 1.5, 3.5 and 7.5 s");
    let tag = ok.headers.to().unwrap().unwrap().tag().unwrap().to_owned();
    let ack = text("ACK", "ack", "", "")
        .replace("c-ack", "c-1")
        .replace("To: <sip:bob@192.0.2.1>", &format!("To: <sip:bob@192.0.2.1>;tag={tag}"));
    desk.udp(&ack);
    assert!(matches!(desk.event(), Event::Confirmed { .. }));
    desk.udp(&ack);
    assert!(desk.events().is_empty());
    desk.ms(30_000);
    desk.is_silent();
}
