//! Header fields: names, lists, what stands once, what is written.

use proptest::prelude::*;
use rfc3261::message::{
    CSeq, Contact, Expires, From, Headers, MaxForwards, Message, Name, NameAddr, Request, Response, Route, Status,
    StreamDecoder, Supported, TypedHeader, Uri, Via, quote, unquote,
};

/// An OPTIONS request with further lines.
fn wire(lines: &str) -> String {
    format!(
        "OPTIONS sip:b.example SIP/2.0\r\nVia: SIP/2.0/UDP a.example;branch=z9hG4bK1\r\nFrom: <sip:a.example>;tag=1\r\n\
         To: <sip:b.example>\r\nCall-ID: 7\r\nCSeq: 1 OPTIONS\r\n{lines}\r\n"
    )
}

fn parse(lines: &str) -> Headers {
    Message::parse(wire(lines).into()).unwrap().headers().clone()
}

fn status(wire: String) -> u16 {
    Message::parse(wire.into()).unwrap_err().status().map_or(0, |status| status.0)
}

fn built() -> Request {
    let mut request = Request::new("OPTIONS".into(), "sip:b.example".parse().unwrap());
    request.headers.push(Name::CallId, "7");
    request
}

//= rfc3261#7.3.3/compact-accept test
#[test]
fn compact_names_are_the_names_that_they_stand_for() {
    let forms = [
        ("i", Name::CallId),
        ("m", Name::Contact),
        ("e", Name::ContentEncoding),
        ("l", Name::ContentLength),
        ("c", Name::ContentType),
        ("f", Name::From),
        ("s", Name::Subject),
        ("k", Name::Supported),
        ("t", Name::To),
        ("v", Name::Via),
    ];
    for (compact, name) in forms {
        for form in [compact.to_string(), compact.to_uppercase(), name.as_str().to_string()] {
            assert_eq!(Name::from(form.as_str()), name, "{form}");
        }
    }
    let compact = wire("s: lunch\r\n").replace("Via:", "v:").replace("From:", "F:").replace("Call-ID:", "i :");
    let headers = Message::parse(compact.into()).unwrap().headers().clone();
    assert_eq!((headers.raw(Name::Subject), headers.call_id()), (Some("lunch"), Some("7")));
}

//= rfc3261#7.3.1/lists-mixed test
//= rfc3261#7.3.1/combine test
#[test]
fn lines_and_commas_mix() {
    let [a, b, c] = ["<sip:a.example;x=\"1,2\">", "\"Bob, <b>\" <sip:b.example>", "<sip:c.example>;q=\"a,b\""];
    let forms = [
        format!("Route: {a}\r\nRoute: {b}\r\nRoute: {c}\r\n"),
        format!("Route: {a}, {b}\r\nSubject: x\r\nRoute: {c}\r\n"),
        format!("Route: {a},{b} ,\r\n {c}\r\n"),
    ];
    for form in forms.map(|form| form.replace("\"1,2\"", "12")) {
        let headers = parse(&form);
        let hosts: Vec<String> = headers.list::<Route>().map(|route| route.unwrap().uri().to_string()).collect();
        assert_eq!(hosts, ["sip:a.example;x=12", "sip:b.example", "sip:c.example"], "{form}");
    }
    let mut headers = parse("Supported: 100rel, gruu\r\nSupported: path\r\n");
    assert_eq!(headers.list::<Supported>().count(), 3);
    headers.pop::<Supported>().unwrap();
    assert_eq!(headers.raw_all(Name::Supported).collect::<Vec<_>>(), ["gruu", "path"]);
}

//= rfc3261#7.3.1/auth-not-combined test
//= rfc3261#20.7/not-combined test
//= rfc3261#20.28/not-combined test
//= rfc3261#7.3.1/auth-lines test
//= rfc3261#7.3.1/repeat-lists test
#[test]
fn credentials_keep_their_lines() {
    let lines = "Authorization: Digest realm=\"a\", nonce=\"1\"\r\nAuthorization: Digest realm=\"b\", nonce=\"2\"\r\n\
                 Proxy-Authorization: Digest realm=\"c\"\r\nProxy-Authorization: Digest realm=\"d\"\r\n";
    let message = Message::parse(wire(lines).into()).unwrap();
    assert!(String::from_utf8(message.to_bytes().to_vec()).unwrap().contains(lines));
    assert_eq!(message.headers().raw_all(Name::Authorization).count(), 2);
    let mut copy = Headers::new();
    copy.copy_from(message.headers(), Name::Authorization);
    assert_eq!(copy.raw_all(Name::Authorization).count(), 2);
}

//= rfc3261#7.3.1/parameter-once test
#[test]
fn a_header_parameter_that_is_set_again_stands_once() {
    let value: NameAddr = "<sip:a.example>;tag=1;x=\"q;tag=2\"".parse().unwrap();
    assert_eq!(value.with_tag("3").with_param("X", "a b").to_string(), "<sip:a.example>;tag=3;x=\"a b\"");
    let via = Via::parse("SIP/2.0/UDP a.example;rport;branch=z9hG4bK1".into()).unwrap();
    assert_eq!(via.with_param("rport", "7").to_string(), "SIP/2.0/UDP a.example;rport=7;branch=z9hG4bK1");
}

//= rfc3261#20/angle-brackets test
//= rfc3261#20.10/name-addr test
//= rfc3261#20.20/name-addr test
//= rfc3261#20.31/name-addr test
#[test]
fn a_uri_that_could_be_misread_stands_in_angle_brackets() {
    let uri: Uri = "sip:a,b@a.example;lr?subject=x".parse().unwrap();
    for made in [
        NameAddr::new(&uri).to_string(),
        NameAddr::new(&uri).with_tag("1").to_string(),
        NameAddr::new(&uri).with_display("A").to_string(),
        Contact::from(NameAddr::new(&uri)).to_string(),
    ] {
        assert!(made.contains("<sip:a,b@a.example;lr?subject=x>"), "{made}");
        assert_eq!(made.parse::<NameAddr>().unwrap().uri().param("lr"), Some(""));
    }
    let bare: From = From::parse("sip:a.example;tag=1".into()).unwrap();
    assert_eq!((bare.uri().params().count(), bare.tag()), (0, Some("1")));
    assert!(From::parse("sip:a.example?subject=x".into()).is_err());
}

//= rfc3261#7/crlf test
//= rfc3261#7/blank-line test
//= rfc3261#7.1/version test
//= rfc3261#18.3/stream-length test
//= rfc3261#20/stream-length test
//= rfc3261#20.14/stream test
//= rfc3261#20.14/zero test
//= rfc3261#7.4.2/no-chunked test
#[test]
fn what_is_written_has_line_ends_version_and_length() {
    let mut request = built();
    assert_eq!(request.to_bytes(), "OPTIONS sip:b.example SIP/2.0\r\nCall-ID: 7\r\nContent-Length: 0\r\n\r\n");
    request.headers.push(Name::ContentLength, 99);
    request.headers.push(Name::Subject, "a\r\nVia: b\n\u{0}");
    request.body = "hello".into();
    let text = String::from_utf8(request.to_bytes().to_vec()).unwrap();
    assert!(text.ends_with("Content-Length: 5\r\nSubject: a  Via: b\r\n\r\nhello"), "{text:?}");
    assert_eq!(text.matches('\n').count(), text.matches("\r\n").count());
}

//= rfc3261#20/mandatory test
#[test]
fn a_request_without_a_mandatory_header_is_refused() {
    for name in ["Via", "From", "To", "Call-ID", "CSeq"] {
        let all = wire("");
        let line = all.lines().find(|line| line.starts_with(name)).unwrap().to_string();
        let status = status(all.replace(&format!("{line}\r\n"), ""));
        assert_eq!(status, if name == "Via" { 0 } else { 400 }, "{name}: without a Via nobody can be answered");
    }
}

//= rfc3261#20.16/32-bit test
//= rfc3261#20.19/range test
//= rfc3261#20.22/range test
#[test]
fn numbers_have_their_range() {
    assert_eq!(CSeq::parse("4294967295 INVITE".into()).map(|cseq| cseq.number), Ok(u32::MAX));
    assert!(CSeq::parse("4294967296 INVITE".into()).is_err());
    assert_eq!(Expires::parse("4294967295".into()), Ok(Expires(u32::MAX)));
    assert_eq!(MaxForwards::parse("255".into()), Ok(MaxForwards(255)));
    for bad in ["256", "-1", "", "7 0", "99999999999999999999999"] {
        assert!(MaxForwards::parse(bad.into()).is_err(), "{bad:?}");
    }
    assert!(Expires::parse("4294967296".into()).is_err());
    assert_eq!(status(wire("Max-Forwards: 300\r\n")), 400);
}

//= rfc3261#25.1/quote-specials test
//= rfc3261#25.1/backslash test
#[test]
fn special_characters_are_quoted() {
    let value = NameAddr::new(&"sip:a.example".parse().unwrap()).with_param("x", "a;b=\"c\\\"");
    assert_eq!(value.to_string(), r#"<sip:a.example>;x="a;b=\"c\\\"""#);
    assert_eq!(unquote(value.param("x").unwrap()), r#"a;b="c\""#);
    assert!("\"no end <sip:a.example>".parse::<NameAddr>().is_err());
}

//= rfc3261#7.5/leading-crlf test
#[test]
fn a_stream_may_have_line_ends_between_messages() {
    let mut decoder = StreamDecoder::default();
    let message = wire("Content-Length: 0\r\n");
    decoder.push(format!("\r\n\r\n\r\n{message}\r\n{message}").into());
    assert!(decoder.next().unwrap().is_ok());
    assert!(decoder.next().unwrap().is_ok());
    assert!(decoder.next().is_none() && decoder.is_idle());
}

//= rfc3261#18.3/surplus test
//= rfc3261#18.3/short-response test
//= rfc3261#18.3/short-request test
#[test]
fn the_length_of_a_datagram_is_checked() {
    let surplus = wire("Content-Length: 2\r\n") + "hi there";
    assert_eq!(Message::parse(surplus.into()).unwrap().body(), "hi");
    let short = wire("Content-Length: 20\r\n") + "hi";
    assert_eq!(status(short.clone()), 400);
    let response = short.replace("OPTIONS sip:b.example SIP/2.0", "SIP/2.0 200 OK");
    assert_eq!(status(response), 0, "dropped");
    let huge = wire("Content-Length: 18446744073709551615\r\n");
    assert_eq!(status(huge.clone()), 400);
    let mut decoder = StreamDecoder::default();
    decoder.push(huge.into());
    assert!(decoder.next().unwrap().is_err() && decoder.is_broken());
}

//= rfc3261#18.1.1/datagram-size test
#[test]
fn the_largest_datagram_is_read() {
    let head = wire("Content-Length: 60000\r\n");
    let message = Message::parse((head + &"x".repeat(60_000)).into()).unwrap();
    assert_eq!(message.body().len(), 60_000);
}

//= rfc3261#20/extension-parameters test
#[test]
fn parameters_that_nobody_knows_pass() {
    let from = parse("").from().unwrap().unwrap().with_param("new", "1").with_param("other", "");
    assert_eq!(from.to_string(), "<sip:a.example>;tag=1;new=1;other");
    assert_eq!(from.to_string().parse::<NameAddr>().unwrap().tag(), Some("1"));
}

proptest! {
    #[test]
    fn any_text_survives_quotes(text in "[^\r\n\u{0}]{0,30}") {
        let quoted = quote(&text);
        prop_assert_eq!(unquote(&quoted), text);
    }

    #[test]
    fn a_value_never_breaks_out_of_its_line(value in "\\PC{0,20}[\r\n\u{0}]{0,3}\\PC{0,20}", name in "\\PC{0,9}") {
        let mut request = built();
        request.headers.push(Name::from(name.as_str()), value);
        let text = String::from_utf8(request.to_bytes().to_vec()).unwrap();
        let head = text.strip_suffix("\r\n\r\n").unwrap();
        let lines = head.matches("\r\n").count(); // a Content-Length is corrected, not repeated
        prop_assert!((2..=3).contains(&lines), "{lines} lines");
        let rest = head.replace("\r\n", "");
        prop_assert!(!rest.contains(['\r', '\n', '\u{0}']), "a line end of its own");
    }
}

//= rfc3261#8.2.6.1/timestamp test
//= rfc3261#8.2.6.2/copied test
#[test]
fn a_response_copies_what_it_has_to() {
    let lines =
        "Via: SIP/2.0/TCP c.example;branch=z9hG4bK2, SIP/2.0/UDP d.example\r\nTimestamp: 54.1\r\nSubject: x\r\n";
    let Message::Request(request) = Message::parse(wire(lines).into()).unwrap() else { panic!("a request") };
    let trying = Response::to_request(&request, Status::TRYING);
    assert_eq!(trying.headers.raw(Name::Timestamp), Some("54.1"));
    let ok = Response::to_request(&request, Status::OK);
    let hosts: Vec<String> = ok.headers.list::<Via>().map(|via| via.unwrap().host().to_string()).collect();
    assert_eq!(hosts, ["a.example", "c.example", "d.example"]);
    for name in [Name::From, Name::To, Name::CallId, Name::CSeq] {
        assert_eq!(ok.headers.raw(name.clone()), request.headers.raw(name));
    }
    assert_eq!((ok.headers.raw(Name::Subject), ok.headers.raw(Name::Timestamp)), (None, None));
}
