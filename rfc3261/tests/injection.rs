//! Nothing that a caller puts into a message can become a line, a message or a header of its own.

use proptest::prelude::*;
use rfc3261::message::{
    CSeq, Contact, Headers, Message, Method, Name, NameAddr, Request, Response, Status, Subject, TypedHeader, Uri, Via,
    Warning,
};

const ATTACKS: [&str; 6] =
    ["a\r\nX-Evil: 1", "a\nX-Evil: 1", "a\rX-Evil: 1", "a\r\n\r\nINVITE sip:x SIP/2.0", "a\r\n X-Evil: 1", "a\0b"];

fn request() -> Request {
    let mut request = Request::new(Method::Options, "sip:b.example".parse().unwrap());
    let headers = &mut request.headers;
    headers.push(Name::Via, "SIP/2.0/UDP a.example;branch=z9hG4bK1");
    headers.push(Name::From, "<sip:a.example>;tag=1");
    headers.push(Name::To, "<sip:b.example>");
    headers.push(Name::CallId, "7");
    headers.push(Name::CSeq, CSeq::new(1, Method::Options));
    request
}

/// The request parses, and has as many lines as fields, and Content-Length.
fn assert_whole(request: &Request) {
    let wire = request.to_bytes();
    let fields = request.headers.len();
    let text = String::from_utf8(wire.to_vec()).unwrap();
    let head = text.split_once("\r\n\r\n").unwrap().0;
    assert_eq!(head.split("\r\n").count(), fields + 2, "{text}");
    assert!(!head.replace("\r\n", "").contains(['\r', '\n', '\0']), "{text:?}");
    if let Ok(message) = Message::parse(wire) {
        assert!(!message.headers().contains("X-Evil".into()));
        assert_eq!(message.body(), &request.body);
    }
}

#[test]
fn values_of_headers_stay_in_their_line() {
    for attack in ATTACKS {
        let edits: [fn(&mut Headers, Name, &'static str); 3] = [Headers::push, Headers::prepend, Headers::set];
        for edit in edits {
            let mut request = request();
            edit(&mut request.headers, Name::Subject, attack);
            edit(&mut request.headers, Name::from("X-Any"), attack);
            assert_whole(&request);
            assert!(Message::parse(request.to_bytes()).is_ok());
        }
    }
}

#[test]
fn names_of_headers_stay_names() {
    for attack in ATTACKS.iter().chain(&["", "a b", "a:b", "naïve"]) {
        let mut request = request();
        request.headers.push(Name::Other((*attack).into()), "1");
        assert_whole(&request);
        assert!(Message::parse(request.to_bytes()).unwrap().headers().contains("X-Invalid".into()));
    }
}

#[test]
fn a_method_stays_a_token() {
    for attack in ATTACKS.iter().chain(&["", "a b", "INVITE sip:x SIP/2.0\r\nX-Evil: 1\r\nA: "]) {
        let mut request = request();
        request.method = Method::Other((*attack).into());
        request.headers.set(Name::CSeq, CSeq::new(1, request.method.clone()));
        assert_whole(&request);
        let Ok(Message::Request(read)) = Message::parse(request.to_bytes()) else { panic!("{attack:?}") };
        assert_eq!(read.method.as_str(), "INVALID");
    }
}

#[test]
fn a_reason_phrase_stays_in_its_line() {
    for attack in ATTACKS {
        let mut response = Response::to_request(&request(), Status::OK);
        response.reason = attack.into();
        let Ok(Message::Response(read)) = Message::parse(response.to_bytes()) else { panic!("{attack:?}") };
        assert_eq!(read.headers.len(), 6);
        assert!(!read.headers.contains("X-Evil".into()));
    }
}

#[test]
fn typed_values_refuse_line_ends() {
    for attack in ATTACKS {
        let uri = format!("sip:{attack}");
        assert!(uri.parse::<Uri>().is_err());
        assert!(Uri::sip(None, attack, None).is_err());
        assert!(format!("<sip:b.example>;p={attack}").parse::<NameAddr>().is_err());
        assert!(format!("\"{attack}\" <sip:b.example>").parse::<NameAddr>().is_err() != attack.contains('\0'));
        assert!(Via::new("UDP", attack, None, "z9hG4bK1").is_err());
        assert!(Via::new("UDP", "a.example", None, attack).is_err());
        assert!(Via::new(attack, "a.example", None, "z9hG4bK1").is_err());
        assert!(CSeq::parse(format!("1 {attack}").into()).is_err());
        assert!(Subject::parse(attack.into()).is_err());
        assert!(Contact::parse(format!("<sip:b.example;{attack}>").into()).is_err());
    }
}

#[test]
fn one_value_cannot_become_two() {
    assert!(Via::new("UDP", "a.example", None, "z9hG4bK1, SIP/2.0/UDP evil.example").is_err());
    assert!(Via::new("UDP", "a.example;received=192.0.2.9", None, "z9hG4bK1").is_err());
    assert!(Uri::sip(None, "a.example;maddr=192.0.2.9", None).is_err());
    assert!(Uri::sip(None, "user@a.example", None).is_err());
    let to: NameAddr = "<sip:b.example>".parse().unwrap();
    let to = to.with_param("p", "1;tag=9, <sip:evil.example>");
    assert_eq!((to.tag(), to.params().count()), (None, 1));
    assert_eq!(to.with_param("a;tag", "9").tag(), None);
    let uri = Uri::sip(Some("a@evil.example;x"), "b.example", None).unwrap();
    assert_eq!((uri.host().unwrap().as_str(), uri.params().count()), ("b.example", 0));
    let uri = uri.with_param("a", "1;lr").with_param("b?Route=x", "");
    assert_eq!((uri.param("lr"), uri.headers(), uri.params().count()), (None, None, 2));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_text_breaks_out(name in "[a-zA-Z\r\n: ]{0,8}", text in "[a-z\r\n\0:;,<>\" ]{0,40}", more in any::<String>()) {
        prop_assume!(Name::from(name.as_str()) != Name::ContentLength); // there is one on output, however many are pushed
        let mut request = request();
        request.headers.push(Name::from(name.as_str()), &text);
        request.headers.prepend(Name::Other(name.as_str().into()), &more);
        request.headers.push(Name::Warning, Warning::new(399, &text, &more));
        let to: NameAddr = "<sip:b.example>".parse().unwrap();
        request.headers.set(Name::To, to.with_display(&more).with_param(&name, &text).with_tag(&more));
        request.uri = request.uri.with_user(Some(&more)).with_param(&name, &text);
        request.body = more.into();
        assert_whole(&request);
    }
}
