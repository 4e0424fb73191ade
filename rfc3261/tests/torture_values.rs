//! What the valid messages of RFC 4475 and RFC 5118 mean, as those documents describe it, field by field.

use std::path::Path;

use bytes::Bytes;
use rfc3261::message::{
    Accept, Authorization, Contact, ContentType, Date, From, Headers, Method, Name, ProxyRequire, RecordRoute, Request,
    Require, Response, Route, Scheme, Status, To, Uri, UserAgent, Via, unescape,
};
use rfc3261::message::{Expires, Message};

fn parse(file: &str) -> Message {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/torture").join(file).with_extension("dat");
    Message::parse(Bytes::from(std::fs::read(path).unwrap())).unwrap()
}

fn request(name: &str) -> Request {
    let Message::Request(request) = parse(&format!("rfc4475/{name}")) else { panic!("{name} is no request") };
    request
}

fn response(name: &str) -> Response {
    let Message::Response(response) = parse(&format!("rfc4475/{name}")) else { panic!("{name} is no response") };
    response
}

fn from(headers: &Headers) -> From {
    headers.from().unwrap().unwrap()
}

fn to(headers: &Headers) -> To {
    headers.to().unwrap().unwrap()
}

fn contacts(headers: &Headers) -> Vec<Contact> {
    headers.list().collect::<Result<_, _>>().unwrap()
}

fn vias(headers: &Headers) -> Vec<Via> {
    headers.list().collect::<Result<_, _>>().unwrap()
}

fn uri(text: &str) -> Uri {
    text.parse().unwrap()
}

//= rfc3261#25.1/grammar test
//= rfc3261#25.1/fold test
#[test]
fn wsinv_is_folded_everywhere() {
    let m = request("wsinv");
    let h = &m.headers;
    assert_eq!(m.method, Method::Invite);
    assert_eq!(m.uri.param("unknownparam"), Some(""));
    assert_eq!((to(h).tag(), to(h).uri().user()), (Some("1918181833n"), Some("vivekg")));
    assert_eq!(from(h).display().as_deref(), Some(r#"J Rosenberg \""#));
    assert_eq!((from(h).tag(), from(h).uri().as_str()), (Some("98asjd8"), "sip:jdrosen@example.com"));
    assert_eq!(h.max_forwards(), Ok(Some(68)));
    assert_eq!(h.call_id(), Some("wsinv.ndaksdj@192.0.2.1"));
    let cseq = h.cseq().unwrap().unwrap();
    assert_eq!((cseq.number, cseq.method), (9, Method::Invite));
    let vias: Vec<_> = vias(h)
        .into_iter()
        .map(|v| (v.transport().to_owned(), v.host().as_str().to_owned(), v.branch().map(String::from)))
        .collect();
    let via = |t: &str, h: &str, b: &str| (t.to_owned(), h.to_owned(), Some(b.to_owned()));
    assert_eq!(
        vias,
        [
            via("UDP", "192.0.2.2", "390skdjuw"),
            via("TCP", "spindle.example.com", "z9hG4bK9ikj8"),
            via("UDP", "192.168.255.111", "z9hG4bK30239")
        ]
    );
    assert_eq!(h.raw(Name::Subject), Some(""));
    assert_eq!(h.raw("NewFangledHeader".into()), Some("newfangled value continued newfangled value"));
    assert_eq!(h.raw("UnknownHeaderWithUnusualValue".into()), Some(";;,,;;,;"));
    let route = h.route().unwrap().unwrap();
    assert_eq!(route.uri().host().unwrap().as_str(), "services.example.com");
    assert_eq!(
        ["lr", "unknownwith", "unknown-no-value"].map(|p| route.uri().param(p)),
        [Some(""), Some("value"), Some("")]
    );
    let [contact] = &contacts(h)[..] else { panic!("one Contact") };
    assert_eq!(contact.display().as_deref(), Some(r#"Quoted string """#));
    assert_eq!(["newparam", "secondparam"].map(|p| contact.param(p)), [Some("newvalue"), Some("")]);
    assert_eq!(contact.q(), Some(330));
    assert_eq!(m.body.len(), 150);
}

#[test]
fn wsinv_is_written_as_it_came() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/torture/rfc4475/wsinv.dat");
    let wire = std::fs::read(path).unwrap();
    assert_eq!(request("wsinv").to_bytes(), wire);
}

#[test]
fn intmeth_has_every_character_class() {
    let m = request("intmeth");
    let h = &m.headers;
    assert_eq!(m.method.as_str(), "!interesting-Method0123456789_*+`.%indeed'~");
    assert_eq!(m.uri.user(), Some("1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*"));
    assert_eq!(m.uri.password(), Some("&it+has=1,weird!*pas$wo~d_too.(doesn't-it)"));
    assert_eq!(m.uri.host().unwrap().as_str(), "example.com");
    assert_eq!(vias(h)[0].branch(), Some("z9hG4bK-.!%66*_+`'~"));
    assert_eq!(to(h).display().as_deref(), Some("BEL:\x07 NUL:\0 DEL:\x7f"));
    assert_eq!(to(h).uri().user(), m.uri.user());
    assert_eq!(from(h).display().as_deref(), Some("token1~` token2'+_ token3*%!.-"));
    assert_eq!(from(h).param("fromParam''~+*_!.-%"), Some("\"работающий\""));
    assert_eq!(from(h).tag(), Some("_token~1'+`*%!-."));
    assert_eq!(h.call_id(), Some("intmeth.word%ZK-!.*_+'@word`~)(><:\\/\"][?}{"));
    assert_eq!(h.cseq().unwrap().unwrap().method, m.method);
    assert_eq!(h.max_forwards(), Ok(Some(255)));
    assert_eq!(h.raw("extensionHeader-!.%*+_`'~".into()), Some("\u{feff}大停電"));
}

#[test]
fn esc01_has_escapes_where_they_count() {
    let m = request("esc01");
    assert_eq!(m.uri.user(), Some("sips%3Auser%40example.com"));
    assert_eq!(m.uri.host().unwrap().as_str(), "example.net");
    assert!(to(&m.headers).uri().matches(&uri("sip:user@example.com")));
    assert_eq!(&*unescape(from(&m.headers).uri().user().unwrap()), b"I have spaces");
    let contact = m.headers.contact().unwrap().unwrap();
    assert_eq!(&*unescape(contact.uri().user().unwrap()), b"caller");
    assert_eq!(contact.uri().param("lr"), Some(""));
    assert_eq!(&*unescape(contact.uri().param("name").unwrap()), b"value%41", "escapes are resolved once");
    assert!(!contact.uri().matches(&uri("sip:caller@host5.example.net;name=valueA")));
}

#[test]
fn escnull_has_nulls_that_end_nothing() {
    let m = request("escnull");
    assert_eq!(&*unescape(to(&m.headers).uri().user().unwrap()), b"null-\0-null");
    let [one, two] = &contacts(&m.headers)[..] else { panic!("two Contacts") };
    assert_eq!((one.uri().user(), two.uri().user()), (Some("%00"), Some("%00%00")));
    assert!(!one.uri().matches(two.uri()));
}

#[test]
fn esc02_has_percent_signs_that_are_no_escapes() {
    let m = request("esc02");
    assert_eq!(m.method, Method::Other("RE%47IST%45R".into()));
    assert_eq!(to(&m.headers).display().as_deref(), Some("%Z%45"));
    assert_eq!(from(&m.headers).display().as_deref(), Some("%Z%45"));
    let users: Vec<_> = contacts(&m.headers).iter().map(|c| c.uri().user().map(String::from)).collect();
    assert_eq!(users, [Some("alias1".to_owned()), Some("alias3".to_owned())]);
    assert_eq!(m.headers.raw("C%6Fntact".into()), Some("<sip:alias2@host2.example.com>"));
}

#[test]
fn lwsdisp_has_no_space_before_the_bracket() {
    let m = request("lwsdisp");
    assert_eq!(from(&m.headers).display().as_deref(), Some("caller"));
    assert_eq!(from(&m.headers).uri().as_str(), "sip:caller@example.com");
    assert_eq!(from(&m.headers).tag(), Some("323"));
}

#[test]
fn longreq_has_long_values() {
    let m = request("longreq");
    let h = &m.headers;
    let extreme = "extreme".repeat(10);
    assert_eq!(to(h).display().unwrap(), format!("I have a user name of {extreme} proportion"));
    assert_eq!(to(h).uri().port(), Some(6000));
    assert_eq!(to(h).uri().param("unknownparam1").unwrap().len(), 89);
    assert_eq!(to(h).uri().params().count(), 3);
    assert_eq!(from(h).tag(), Some(&*("1".to_owned() + &"298".repeat(50) + "2424")));
    let vias = vias(h);
    assert_eq!(vias.len(), 34);
    assert_eq!(vias[33].received(), "192.0.2.5".parse().ok());
    assert!(vias[..33].iter().enumerate().all(|(n, via)| via.host().as_str() == format!("sip{}.example.com", 33 - n)));
}

//= rfc3261#18.3/surplus test
#[test]
fn dblreq_ends_where_its_length_says() {
    let m = request("dblreq");
    assert_eq!((m.method, m.body.len()), (Method::Register, 0));
    assert_eq!(m.headers.call_id(), Some("dblreq.0ha0isndaksdj99sdfafnl3lk233412"));
}

#[test]
fn semiuri_has_semicolons_in_the_user() {
    let m = request("semiuri");
    assert_eq!(&*unescape(m.uri.user().unwrap()), b"user;par=u@example.net");
    assert_eq!((m.uri.host().unwrap().as_str(), m.uri.params().count()), ("example.com", 0));
    assert_eq!(m.headers.list::<Accept>().count(), 6);
}

#[test]
fn transports_are_known_and_unknown() {
    let transports: Vec<_> =
        vias(&request("transports").headers).iter().map(|via| via.transport().to_owned()).collect();
    assert_eq!(transports, ["UDP", "SCTP", "TLS", "UNKNOWN", "TCP"]);
}

//= rfc3261#7.4.1/binary test
//= rfc3261#7.4/body-request test
#[test]
fn mpart01_has_a_binary_body() {
    let m = request("mpart01");
    let body = m.headers.first::<ContentType>().unwrap().unwrap();
    assert!(body.is_media("multipart/mixed"));
    assert_eq!(body.param("boundary"), Some("7a9cbec02ceef655"));
    assert_eq!(m.body.len(), 553);
    assert!(m.body.contains(&0) && m.body.ends_with(b"--7a9cbec02ceef655--\r\n"));
    assert_eq!(m.headers.first::<Date>().unwrap().unwrap().unix(), 1_129_351_496);
    assert_eq!(&*m.headers.first::<UserAgent>().unwrap().unwrap(), "SIPimp.org/0.2.5 (curses)");
}

//= rfc3261#7.4/body-response test
#[test]
fn reason_phrases_are_unusual_or_empty() {
    let m = response("unreason");
    assert_eq!(m.body.len(), 154);
    assert_eq!((m.status, &*m.reason), (Status(200), "= 2**3 * 5**2 но сто девяносто девять - простое"));
    let m = response("noreason");
    assert_eq!((m.status, &*m.reason), (Status(100), ""));
    assert!(m.to_bytes().starts_with(b"SIP/2.0 100 \r\n"));
}

#[test]
fn what_the_cores_refuse_parses() {
    assert_eq!(vias(&request("badbranch").headers)[0].branch(), Some("z9hG4bK"));
    assert!(!vias(&request("badbranch").headers)[0].has_cookie());
    assert_eq!(request("unkscm").uri.scheme(), Scheme::Other);
    assert_eq!(request("unkscm").uri.scheme_str(), "nobodyKnowsThisScheme");
    assert_eq!(request("novelsc").uri.scheme_str(), "soap.beep");
    let m = request("unksm2");
    assert_eq!(to(&m.headers).uri().as_str(), "isbn:2983792873");
    assert_eq!(from(&m.headers).uri().as_str(), "http://www.example.com");
    assert_eq!(contacts(&m.headers)[0].uri().as_str(), "name:John_Smith");
    let m = request("bext01");
    let required: Vec<Require> = m.headers.list().map(Result::unwrap).collect();
    assert_eq!(required, ["nothingSupportsThis", "nothingSupportsThisEither"].map(|tag| Require(tag.into())));
    assert_eq!(m.headers.list::<ProxyRequire>().count(), 2);
    assert!(request("invut").headers.first::<ContentType>().unwrap().unwrap().is_media("application/unknownformat"));
    let credentials = request("regaut01").headers.first::<Authorization>().unwrap().unwrap();
    assert_eq!(&*credentials, "NoOneKnowsThisScheme opaque-data=here");
    let m = response("bcast");
    assert_eq!(vias(&m.headers)[1].host().ip(), "255.255.255.255".parse().ok());
    assert_eq!(request("zeromf").headers.max_forwards(), Ok(Some(0)));
    let contact = request("cparam01").headers.contact().unwrap().unwrap();
    assert_eq!((contact.param("unknownparam"), contact.uri().param("unknownparam")), (Some(""), None));
    let contact = request("cparam02").headers.contact().unwrap().unwrap();
    assert_eq!((contact.param("unknownparam"), contact.uri().param("unknownparam")), (None, Some("")));
    let contact = request("regescrt").headers.contact().unwrap().unwrap();
    let fields: Vec<_> = contact.uri().header_fields().collect();
    assert_eq!(fields, [("Route", "%3Csip:sip.example.com%3E")]);
    assert!(request("sdp01").headers.first::<Accept>().unwrap().unwrap().is_media("text/nobodyKnowsThis"));
    assert_eq!(request("sdp01").headers.first::<Expires>(), Ok(None));
}

//= rfc3261#19.1.1/telephone-user test
#[test]
fn inv2543_has_neither_tag_nor_cookie_nor_length() {
    let m = request("inv2543");
    assert_eq!((from(&m.headers).tag(), to(&m.headers).tag(), m.headers.max_forwards()), (None, None, Ok(None)));
    assert_eq!(vias(&m.headers)[0].branch(), None);
    assert_eq!(to(&m.headers).uri().param("user"), None, "it belongs to the header");
    assert_eq!(to(&m.headers).param("user"), Some("phone"));
    let record = m.headers.record_route().unwrap().unwrap();
    assert_eq!(record.uri().param("maddr"), Some("ss1.example.com"));
    assert_eq!(m.headers.list::<RecordRoute>().count() + m.headers.list::<Route>().count(), 1);
    assert_eq!(m.body.len(), 105, "all the rest of the datagram");
}

/// RFC 5118: file, host and port of the Request-URI, host and port of the first Via.
#[test]
fn ipv6_addresses_stand_where_they_may() {
    type Place = (&'static str, Option<u16>);
    let rows: [(&str, Place, Place); 9] = [
        ("ipv6-good", ("2001:db8::10", None), ("2001:db8::9:1", None)),
        ("port-ambiguous", ("2001:db8::10:5070", None), ("2001:db8::9:1", None)),
        ("port-unambiguous", ("2001:db8::10", Some(5070)), ("2001:db8::9:1", None)),
        ("via-received-param-with-delim", ("2001:db8::10", None), ("2001:db8::9:1", None)),
        ("via-received-param-no-delim", ("2001:db8::10", None), ("2001:db8::9:1", None)),
        ("ipv6-in-sdp.fixedlen", ("2001:db8::10", None), ("2001:db8::20", None)),
        ("mult-ip-in-sdp.fixedlen", ("2001:db8::10", None), ("2001:db8::9:1", None)),
        ("ipv6-bug-abnf-3-colons", ("2001:db8::192.0.2.1", None), ("lab1.east.example.com", None)),
        ("ipv6-correct-abnf-2-colons", ("2001:db8::192.0.2.1", None), ("lab1.east.example.com", None)),
    ];
    for (file, target, sent_by) in rows {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/torture/rfc5118/{file}.dat"));
        let Ok(Message::Request(m)) = Message::parse(std::fs::read(path).unwrap().into()) else { panic!("{file}") };
        assert_eq!((m.uri.host().unwrap().ip(), m.uri.port()), (target.0.parse().ok(), target.1), "{file}");
        let via = m.headers.via().unwrap().unwrap();
        assert_eq!((via.host().ip(), via.port()), (sent_by.0.parse().ok(), sent_by.1), "{file}");
        if file.starts_with("via-received") {
            assert_eq!(via.received(), "2001:db8::9:255".parse().ok(), "{file}");
        }
    }
}

#[test]
fn ipv4_and_ipv6_mix() {
    let Message::Request(m) = parse("rfc5118/mult-ip-in-header") else { panic!("no request") };
    let vias = vias(&m.headers);
    assert_eq!((vias[0].port(), vias[1].host().ip()), (Some(6050), "192.0.2.1".parse().ok()));
    assert_eq!(vias[2].received(), "192.0.2.200".parse().ok());
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/torture/rfc5118/ipv4-mapped-ipv6.fixedlen.dat");
    let mapped = Message::parse(std::fs::read(path).unwrap().into()).unwrap();
    let contact = mapped.headers().contact().unwrap().unwrap();
    assert_eq!(contact.uri().host().unwrap().ip(), "::ffff:192.0.2.2".parse().ok());
    assert_eq!(mapped.body().len(), 245);
}

#[test]
fn three_colons_mean_two() {
    let (three, two) = (uri("sip:user@[2001:db8:::192.0.2.1]"), uri("sip:user@[2001:db8::192.0.2.1]"));
    assert!(three.matches(&two));
    assert_eq!(three.to_string(), "sip:user@[2001:db8:::192.0.2.1]", "what was written is kept");
}
