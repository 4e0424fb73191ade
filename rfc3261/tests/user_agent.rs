//! A user agent whose other side is the test: what it writes, and what it answers, message by message.

use std::time::Duration;

use rfc2617::Account as Credential;
use rfc3261::endpoint::Listen;
use rfc3261::message::{Message, Method, Name, NameAddr, Request, Response, Route, Uri, Via};
use rfc3261::ua::{Account, Body, Call, Config, Ended, Error, Event, Invitation, UserAgent};
use wire::{Input, Instant, Machine, Output, Rng, Transmit, Transport};

const HERE: &str = "192.0.2.1:5060";
const THERE: &str = "192.0.2.2:5060";

struct Phone {
    ua: UserAgent,
    now: Instant,
    sent: Vec<(String, Message)>,
    told: Vec<Event>,
    others: Vec<Output<Event>>,
}

impl Phone {
    fn new() -> Phone {
        Phone::with(|_| {})
    }

    fn with(change: impl FnOnce(&mut Config)) -> Phone {
        let mut config = Config::new(NameAddr::parse("\"Bob\" <sip:bob@example.com>").unwrap());
        config.learn_address = false;
        change(&mut config);
        let mut ua = UserAgent::new(config, Rng::from_u64(7));
        ua.listen(Listen::new(Transport::Udp, HERE.parse().unwrap()));
        ua.listen(Listen::new(Transport::Tcp, HERE.parse().unwrap()));
        Phone { ua, now: Instant::from_millis(1), sent: Vec::new(), told: Vec::new(), others: Vec::new() }
    }

    fn drain(&mut self) {
        while let Some(output) = self.ua.poll() {
            match output {
                Output::Transmit(Transmit::Datagram { remote, data, .. }) => {
                    self.sent.push((remote.to_string(), Message::parse(data).expect("what we send can be read")));
                }
                Output::Transmit(Transmit::Stream { data, .. }) => {
                    self.sent.push(("stream".into(), Message::parse(data).expect("what we send can be read")));
                }
                Output::Event(event) => self.told.push(event),
                other => self.others.push(other),
            }
        }
    }

    fn input(&mut self, input: Input) {
        self.ua.handle(self.now, input);
        self.drain();
    }

    fn udp(&mut self, text: &str) {
        let data = text.as_bytes().to_vec().into();
        self.input(Input::Datagram { local: HERE.parse().unwrap(), remote: THERE.parse().unwrap(), data });
    }

    fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(at) = self.ua.deadline().filter(|at| *at <= end) {
            self.now = self.now.max(at);
            self.input(Input::Time);
        }
        self.now = end;
        self.input(Input::Time);
    }

    fn do_<R>(&mut self, command: impl FnOnce(&mut UserAgent, Instant) -> R) -> R {
        let result = command(&mut self.ua, self.now);
        self.drain();
        result
    }

    /// The requests sent since the last look at what was sent; responses are dropped.
    fn requests(&mut self) -> Vec<Request> {
        let requests = self.sent.drain(..).filter_map(|(_, message)| match message {
            Message::Request(request) => Some(request),
            Message::Response(_) => None,
        });
        requests.collect()
    }

    fn responses(&mut self) -> Vec<Response> {
        let responses = self.sent.drain(..).filter_map(|(_, message)| match message {
            Message::Response(response) => Some(response),
            Message::Request(_) => None,
        });
        responses.collect()
    }

    fn request(&mut self) -> Request {
        let mut requests = self.requests();
        assert_eq!(requests.len(), 1, "{requests:?}");
        requests.remove(0)
    }

    fn response(&mut self) -> Response {
        let mut responses = self.responses();
        assert_eq!(responses.len(), 1, "{responses:?}");
        responses.remove(0)
    }

    fn told(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.told)
    }

    /// Calls Alice, without an answer so far.
    fn invite(&mut self) -> (Call, Request) {
        let to = uri("sip:alice@192.0.2.2");
        let call = self.do_(|ua, now| ua.invite(now, to, Invitation::sdp("offer"))).unwrap();
        (call, self.request())
    }

    /// Alice calls, and is answered and confirmed.
    fn answered(&mut self) -> (Call, Response) {
        self.udp(&incoming("INVITE", "z9hG4bKi", 1, "", "application/sdp", "offer"));
        let Some(Event::Incoming { call, .. }) = self.told().pop() else { panic!("no call") };
        self.do_(|ua, now| ua.accept(now, call, Some(Body::sdp("answer")))).unwrap();
        let ok = self.response();
        self.udp(&within("ACK", "z9hG4bKa", 1, &ok, ""));
        assert!(matches!(self.told().pop(), Some(Event::Confirmed { .. })));
        (call, ok)
    }
}

fn uri(text: &str) -> Uri {
    text.parse().unwrap()
}

/// A request of Alice's, with a body when there is a type.
fn incoming(method: &str, branch: &str, cseq: u32, more: &str, media: &str, body: &str) -> String {
    let media = if media.is_empty() { String::new() } else { format!("Content-Type: {media}\r\n") };
    format!(
        "{method} sip:bob@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.2:5060;branch={branch}\r\nMax-Forwards: 70\r\n\
         From: <sip:alice@192.0.2.2>;tag=a\r\nTo: <sip:bob@example.com>\r\nCall-ID: c1\r\nCSeq: {cseq} {method}\r\n\
         Contact: <sip:alice@192.0.2.2>\r\n{more}{media}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn plain(method: &str, branch: &str, more: &str) -> String {
    incoming(method, branch, 1, more, "", "")
}

/// A request of Alice's in the dialog that the response began.
fn within(method: &str, branch: &str, cseq: u32, ok: &Response, more: &str) -> String {
    let to = ok.headers.raw(Name::To).unwrap();
    incoming(method, branch, cseq, more, "", "").replace("To: <sip:bob@example.com>", &format!("To: {to}"))
}

/// Alice's response to a request of ours.
fn reply(request: &Request, status: u16, tag: &str, more: &str) -> String {
    let response = Response::to_request(request, status.into());
    let text = String::from_utf8(response.to_bytes().to_vec()).unwrap();
    let to = request.headers.raw(Name::To).unwrap();
    let tagged = if to.contains(";tag=") || tag.is_empty() { to.to_string() } else { format!("{to};tag={tag}") };
    text.replace(&format!("To: {to}\r\n"), &format!("To: {tagged}\r\n{more}"))
}

const CONTACT: &str = "Contact: <sip:alice@192.0.2.2>\r\n";

//= rfc3261#8.1.1/six-headers test
//= rfc3261#8.1.1.2/no-tag test
//= rfc3261#8.1.1.3/tag test
//= rfc3261#8.1.1.4/unique test
//= rfc3261#8.1.1.5/method test
//= rfc3261#8.1.1.5/below-2-31 test
//= rfc3261#8.1.1.6/present test
//= rfc3261#8.1.1.7/present test
//= rfc3261#8.1.1.8/one test
//= rfc3261#8.1.1.8/global test
//= rfc3261#12.1.2/contact test
//= rfc3261#19.3/random test
//= rfc3261#20.15/present test
//= rfc3261#7.4.1/content-type test
//= rfc3428#4/text-plain test
//= rfc3428#4/no-contact test
#[test]
fn requests_have_what_every_request_has() {
    let mut phone = Phone::new();
    let to = uri("sip:alice@192.0.2.2");
    phone.do_(|ua, now| ua.invite(now, to.clone(), Invitation::sdp("offer"))).unwrap();
    phone.do_(|ua, now| ua.message(now, to.clone(), Body::text("hi"))).unwrap();
    phone.do_(|ua, now| ua.options(now, to)).unwrap();
    let requests = phone.requests();
    for (request, method) in requests.iter().zip(["INVITE", "MESSAGE", "OPTIONS"]) {
        let headers = &request.headers;
        assert_eq!(headers.list::<Via>().count(), 1);
        assert_eq!(headers.max_forwards(), Ok(Some(70)));
        let cseq = headers.cseq().unwrap().unwrap();
        assert_eq!(cseq.method.as_str(), method);
        assert!(cseq.number < 1 << 31);
        assert_eq!(headers.to().unwrap().unwrap().tag(), None);
        assert!(headers.from().unwrap().unwrap().tag().unwrap().len() >= 7, "32 bits and more");
        assert!(headers.call_id().unwrap().len() >= 20);
        assert_eq!(request.uri.as_str(), "sip:alice@192.0.2.2");
    }
    let mut ids: Vec<_> = requests.iter().map(|r| r.headers.call_id().unwrap()).collect();
    ids.extend(requests.iter().map(|r| r.headers.raw(Name::From).unwrap()));
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 6, "each has its own Call-ID and tag");
    assert_eq!(requests[0].headers.raw_all(Name::Contact).collect::<Vec<_>>(), [format!("<sip:bob@{HERE}>")]);
    assert_eq!(requests[0].headers.raw(Name::ContentType), Some("application/sdp"));
    assert_eq!(requests[1].headers.raw(Name::Contact), None);
    assert!(requests[1].headers.raw(Name::ContentType).unwrap().starts_with("text/plain"));
}

//= rfc3261#8.1.1.8/sips test
//= rfc3261#12.1.2/contact-sips test
//= rfc3261#8.1.2/sips-lookup test
//= rfc3261#8.1.2/local-tls test
//= rfc3261#19.1.1/sips-transport test
#[test]
fn sips_is_tls_all_the_way_even_by_a_proxy() {
    for (proxy, to, port) in [
        (None, "sips:alice@192.0.2.2;transport=udp", 5061),
        (Some("sip:192.0.2.9;lr"), "sips:alice@example.com", 5061),
        (Some("sips:192.0.2.9;lr"), "sip:alice@example.com", 5061),
    ] {
        let mut phone = Phone::with(|config| config.proxy = proxy.map(uri));
        phone.do_(|ua, now| ua.invite(now, uri(to), Invitation::default())).unwrap();
        let [Output::Connect { transport: Transport::Tls, remote, .. }] = &phone.others[..] else {
            panic!("{to}: {:?}", phone.others)
        };
        assert_eq!(remote.port(), port);
        assert!(phone.request().headers.raw(Name::Contact).unwrap().starts_with("<sips:"), "{to}");
    }
}

//= rfc3261#8.1.1.1/route-set test
//= rfc3261#8.1.2/strict-uri test
//= rfc3261#8.1.2/lookup test
#[test]
fn an_outbound_proxy_is_a_route_set_of_one() {
    let mut phone = Phone::with(|config| config.proxy = Some(uri("sip:192.0.2.9;lr")));
    phone.do_(|ua, now| ua.options(now, uri("sip:alice@nowhere.example"))).unwrap();
    assert_eq!(phone.sent[0].0, "192.0.2.9:5060");
    let loose = phone.request();
    assert_eq!(
        (loose.uri.as_str(), loose.headers.raw(Name::Route)),
        ("sip:alice@nowhere.example", Some("<sip:192.0.2.9;lr>"))
    );

    let mut phone = Phone::with(|config| config.proxy = Some(uri("sip:192.0.2.9")));
    phone.do_(|ua, now| ua.options(now, uri("sip:alice@nowhere.example"))).unwrap();
    assert_eq!(phone.sent[0].0, "192.0.2.9:5060");
    let strict = phone.request();
    assert_eq!(
        (strict.uri.as_str(), strict.headers.raw(Name::Route)),
        ("sip:192.0.2.9", Some("<sip:alice@nowhere.example>"))
    );

    let mut phone = Phone::new();
    phone.do_(|ua, now| ua.options(now, uri("sip:alice@nowhere.example"))).unwrap();
    assert!(matches!(&phone.others[..], [Output::Resolve { host, port: 5060, .. }] if host == "nowhere.example"));
}

//= rfc3261#8.1.3.1/timeout-408 test
//= rfc3261#8.1.3.1/transport-503 test
#[test]
fn silence_is_408_and_a_dead_address_503() {
    let mut phone = Phone::new();
    phone.do_(|ua, now| ua.options(now, uri("sip:alice@192.0.2.2"))).unwrap();
    phone.pass(Duration::from_secs(33));
    assert!(matches!(phone.told()[..], [Event::Finished { status: 408, response: None, .. }]));
    phone.do_(|ua, now| ua.options(now, uri("sip:alice@192.0.2.2"))).unwrap();
    phone.input(Input::Unreachable { local: HERE.parse().unwrap(), remote: THERE.parse().unwrap() });
    phone.pass(Duration::from_millis(100));
    assert!(matches!(phone.told()[..], [Event::Finished { status: 503, response: None, .. }]));
}

//= rfc3261#8.1.3.2/final-x00 test
//= rfc3261#8.1.3.2/provisional-183 test
//= rfc3261#8.1.3.2/100-and-183 test
//= rfc3261#7.3.2/wrong-class test
//= rfc3261#20/not-applicable-ignored test
#[test]
fn unknown_statuses_count_by_their_class() {
    let mut phone = Phone::new();
    let (_, invite) = phone.invite();
    phone.udp(&reply(&invite, 100, "", ""));
    assert!(matches!(phone.told()[..], [Event::Trying { .. }]));
    for status in [183, 199] {
        phone.udp(&reply(&invite, status, "t", "Max-Forwards: 3\r\nRoute: <sip:x;lr>\r\nProxy-Require: foo\r\n"));
        assert!(matches!(phone.told()[..], [Event::Progress { status: told, .. }] if told == status));
    }
    for status in [399, 499, 599, 699] {
        let (_, invite) = phone.invite();
        phone.udp(&reply(&invite, status, "t", ""));
        let told = phone.told();
        assert!(matches!(&told[..], [Event::Ended { reason: Ended::Rejected { status: s, .. }, .. }] if *s == status));
        assert_eq!(phone.request().method, Method::Ack);
    }
    let (_, invite) = phone.invite();
    phone.udp(&reply(&invite, 299, "t", CONTACT));
    assert!(matches!(phone.told()[..], [Event::Answered { .. }]));
}

//= rfc3261#8.1.3.4/once test
//= rfc3261#8.1.3.4/uri-copied test
//= rfc3261#8.1.3.4/new-branch test
//= rfc3261#8.1.3.4/same-ids test
//= rfc3261#21.3.3/no-cache test
#[test]
fn a_redirect_is_followed_once_to_each_place() {
    let mut phone = Phone::new();
    let (_, first) = phone.invite();
    let elsewhere = "Contact: <sip:alice@192.0.2.3;x=1;method=INFO?Subject=no>\r\n";
    phone.udp(&reply(&first, 302, "t", elsewhere));
    let second = phone.requests().into_iter().find(|r| r.method == Method::Invite).unwrap();
    assert_eq!(second.uri.as_str(), "sip:alice@192.0.2.3;x=1");
    assert_eq!(second.headers.raw(Name::Subject), None);
    assert_ne!(second.headers.via().unwrap().unwrap().branch(), first.headers.via().unwrap().unwrap().branch());
    for name in [Name::From, Name::To, Name::CallId] {
        assert_eq!(second.headers.raw(name.clone()), first.headers.raw(name));
    }
    let back = "Contact: <sip:alice@192.0.2.2>, <sip:alice@192.0.2.3;x=1>\r\n";
    phone.udp(&reply(&second, 302, "u", back));
    assert!(phone.requests().iter().all(|r| r.method == Method::Ack), "both were tried");
    assert!(matches!(&phone.told()[..], [Event::Ended { reason: Ended::Rejected { status: 302, .. }, .. }]));
    assert_eq!(phone.invite().1.uri.as_str(), "sip:alice@192.0.2.2", "the next call begins where it belongs");
}

//= rfc3261#19.1.5/keep-parameters test
//= rfc3261#19.1.5/method-removed test
//= rfc3261#19.1.5/unknown-kept test
//= rfc3261#19.1.5/invalid-not-sent test
//= rfc3261#19.1.5/unsupported-extension test
#[test]
fn of_a_uri_the_parameters_are_taken_and_nothing_else() {
    let mut phone = Phone::new();
    let to = uri("sip:alice@192.0.2.2;transport=udp;user=phone;x=1;method=BYE?Route=%3Csip:evil%3E&Subject=x&From=y");
    phone.do_(|ua, now| ua.message(now, to, Body::text("hi"))).unwrap();
    let request = phone.request();
    assert_eq!(request.method, Method::Message);
    assert_eq!(request.uri.as_str(), "sip:alice@192.0.2.2;transport=udp;user=phone;x=1");
    assert_eq!((request.headers.raw(Name::Route), request.headers.raw(Name::Subject)), (None, None));
    for bad in ["tel:+12015550123", "mailto:alice@example.com", "sip:alice@192.0.2.2;transport=pigeon"] {
        assert_eq!(phone.do_(|ua, now| ua.options(now, uri(bad))), Err(Error::Address), "{bad}");
    }
    let require = Invitation { headers: vec![("Require".into(), "foo".into())], ..Invitation::default() };
    assert_eq!(phone.do_(|ua, now| ua.invite(now, uri("sip:a@192.0.2.2"), require)), Err(Error::Address));
    assert!(phone.sent.is_empty());
}

//= rfc3261#8.2/rejected-nothing test
//= rfc3261#8.2.1/inspect test
//= rfc3261#8.2.1/405 test
//= rfc3261#8.2.1/405-allow test
//= rfc3261#8.2.1/allow-lists test
//= rfc3261#20.5/complete test
//= rfc3261#21.4.6/allow test
//= rfc3261#8.2.2.3/420 test
//= rfc3261#8.2.2.3/unsupported test
//= rfc3261#20.32/heeded test
//= rfc3261#20.32/understood test
//= rfc3261#21.4.15/unsupported test
//= rfc3261#8.2.3/415 test
//= rfc3261#8.2.3/415-accept test
//= rfc3261#8.2.3/415-encoding test
//= rfc3261#21.4.13/accept test
//= rfc3261#8.2.6.2/to-tag-added test
#[test]
fn what_cannot_be_processed_is_refused_and_leaves_nothing() {
    let mut phone = Phone::new();
    let cases = [
        (plain("SUBSCRIBE", "z9hG4bK1", ""), 405, Name::Allow, "CANCEL"),
        (plain("FROBNICATE", "z9hG4bK2", ""), 501, Name::Allow, "ACK"),
        (plain("INVITE", "z9hG4bK3", "Require: foo, bar\r\n"), 420, Name::Unsupported, "foo, bar"),
        (incoming("INVITE", "z9hG4bK4", 1, "", "text/html", "<p>"), 415, Name::Accept, "application/sdp"),
        (
            incoming("INVITE", "z9hG4bK5", 1, "Content-Encoding: gzip\r\n", "application/sdp", "x"),
            415,
            Name::AcceptEncoding,
            "identity",
        ),
        (plain("OPTIONS", "z9hG4bK6", "").replace("sip:bob@192.0.2.1 ", "tel:+1 "), 416, Name::CallId, "c1"),
    ];
    for (text, status, name, value) in cases {
        phone.udp(&text);
        let response = phone.response();
        assert_eq!(response.status.0, status, "{text}");
        assert!(response.headers.raw(name).unwrap().contains(value), "{response:?}");
        assert!(response.headers.to().unwrap().unwrap().tag().is_some());
        assert!(phone.told().is_empty());
        assert_eq!((phone.ua.load().calls, phone.ua.load().dialogs), (0, 0));
    }
}

//= rfc3261#8.2.2/ignore-unknown test
//= rfc3261#8.2/accepted-whole test
//= rfc3261#12.1.1/record-route-copied test
//= rfc3261#12.1.1/contact test
//= rfc3261#12.1.1/contact-sips test
//= rfc3261#8.2.6.2/to-uri test
//= rfc3261#8.2.6.2/to-tag-same test
//= rfc3261#8.2.6.2/copied test
//= rfc3261#13.3.1.1/one-dialog test
#[test]
fn a_call_is_answered_in_one_dialog() {
    let mut phone = Phone::new();
    let more = "Record-Route: <sip:p1.example;lr;x=\"a,b\">\r\nRecord-Route: <sip:p2.example;lr>, <sip:p3.example>;y=1\r\n\
                X-Unknown: ;;;\r\nDate: today\r\nWarning: ???\r\n";
    let more = more.replace("Date: today\r\n", "").replace(";x=\"a,b\"", ";x=ab");
    phone.udp(&incoming("INVITE", "z9hG4bK1", 1, &more, "application/sdp", "offer"));
    let told = phone.told();
    let [Event::Incoming { call, .. }] = told[..] else { panic!("{told:?}") };
    phone.do_(|ua, now| ua.ring(now, call)).unwrap();
    phone.do_(|ua, now| ua.progress(now, call, 183, None)).unwrap();
    phone.do_(|ua, now| ua.accept(now, call, Some(Body::sdp("answer")))).unwrap();
    let responses = phone.responses();
    assert_eq!(responses.iter().map(|r| r.status.0).collect::<Vec<_>>(), [180, 183, 200]);
    for response in &responses {
        let headers = &response.headers;
        let to = headers.to().unwrap().unwrap();
        assert_eq!(
            (to.uri().as_str(), to.tag()),
            ("sip:bob@example.com", responses[0].headers.to().unwrap().unwrap().tag())
        );
        assert_eq!(headers.raw(Name::Via), Some("SIP/2.0/UDP 192.0.2.2:5060;branch=z9hG4bK1"));
        assert_eq!(headers.raw(Name::From), Some("<sip:alice@192.0.2.2>;tag=a"));
        assert_eq!((headers.call_id(), headers.raw(Name::CSeq)), (Some("c1"), Some("1 INVITE")));
        let routes: Vec<String> = headers.raw_all(Name::RecordRoute).map(str::to_owned).collect();
        assert_eq!(routes.join(", "), "<sip:p1.example;lr;x=ab>, <sip:p2.example;lr>, <sip:p3.example>;y=1");
        assert_eq!(headers.raw(Name::Contact), Some("<sip:bob@192.0.2.1:5060>"));
    }
    assert_eq!(phone.ua.load().dialogs, 1);

    for secure in ["Record-Route: <sips:p.example;lr>\r\n", ""] {
        let mut phone = Phone::new();
        let invite = plain("INVITE", "z9hG4bK1", secure);
        phone.udp(&if secure.is_empty() {
            invite.replace("<sip:alice@192.0.2.2>\r\n", "<sips:alice@192.0.2.2>\r\n")
        } else {
            invite
        });
        let Some(Event::Incoming { call, .. }) = phone.told().pop() else { panic!("no call") };
        phone.do_(|ua, now| ua.ring(now, call)).unwrap();
        assert!(phone.response().headers.raw(Name::Contact).unwrap().starts_with("<sips:"), "{secure}");
    }
}

//= rfc3261#8.2.2.2/check test
//= rfc3261#8.2.2.2/482 test
#[test]
fn a_merged_request_is_refused() {
    let mut phone = Phone::new();
    phone.udp(&plain("INVITE", "z9hG4bK1", ""));
    assert!(matches!(phone.told()[..], [Event::Incoming { .. }]));
    phone.udp(&plain("INVITE", "z9hG4bK2", ""));
    assert_eq!(phone.response().status.0, 482);
    assert!(phone.told().is_empty());
}

//= rfc3261#8.2.2.3/ignored-in-cancel test
//= rfc3261#9.2/invite-487 test
#[test]
fn a_cancel_ends_the_ringing_whatever_it_requires() {
    let mut phone = Phone::new();
    phone.udp(&plain("INVITE", "z9hG4bK1", ""));
    phone.udp(&plain("CANCEL", "z9hG4bK1", "Require: foo\r\nProxy-Require: bar\r\n"));
    let statuses: Vec<u16> = phone.responses().iter().map(|r| r.status.0).collect();
    assert_eq!(statuses, [200, 487]);
    assert!(matches!(phone.told()[..], [Event::Incoming { .. }, Event::Ended { reason: Ended::Cancelled, .. }]));
}

//= rfc3261#11/options test
//= rfc3261#11.2/as-invite test
#[test]
fn options_tells_what_an_invite_would_get() {
    for (max_calls, status) in [(1, 200), (0, 486)] {
        let mut phone = Phone::with(|config| config.max_calls = max_calls);
        phone.udp(&plain("OPTIONS", "z9hG4bK1", ""));
        assert_eq!(phone.response().status.0, status);
        phone.udp(&plain("INVITE", "z9hG4bK2", "").replace("Call-ID: c1", "Call-ID: c2"));
        let refused = phone.responses().pop().map(|r| r.status.0);
        assert_eq!(refused, (status != 200).then_some(status));
    }
}

//= rfc3261#12.2.2/481 test
//= rfc3261#15.1.2/481 test
//= rfc3261#8.2.6.2/to-tag-kept test
#[test]
fn a_dialog_that_nobody_knows_gets_481() {
    let mut phone = Phone::new();
    phone.udp(&plain("BYE", "z9hG4bK1", ""));
    assert_eq!(phone.response().status.0, 481);
    phone.udp(&plain("BYE", "z9hG4bK2", "").replace("To: <sip:bob@example.com>", "To: <sip:bob@example.com>;tag=x"));
    let response = phone.response();
    assert_eq!((response.status.0, response.headers.raw(Name::To)), (481, Some("<sip:bob@example.com>;tag=x")));
}

//= rfc3261#13.3.1.4/repeat test
#[test]
fn a_2xx_is_repeated_until_the_ack() {
    let mut phone = Phone::new();
    phone.udp(&plain("INVITE", "z9hG4bK1", ""));
    let Some(Event::Incoming { call, .. }) = phone.told().pop() else { panic!("no call") };
    phone.do_(|ua, now| ua.accept(now, call, Some(Body::sdp("offer")))).unwrap();
    let ok = phone.response();
    let start = phone.now;
    let mut times = Vec::new();
    for _ in 0..120 {
        phone.pass(Duration::from_millis(100));
        times.extend(phone.responses().iter().map(|_| (phone.now - start).as_millis()));
    }
    assert_eq!(times, [500, 1500, 3500, 7500, 11500]);
    phone.udp(&within("ACK", "z9hG4bKack", 1, &ok, ""));
    phone.pass(Duration::from_secs(10));
    assert!(phone.responses().is_empty());
}

//= rfc3261#13.2.2.4/ack test
//= rfc3261#13.2.2.4/ack-again test
//= rfc3261#13.2.2.4/new-dialog test
//= rfc3261#13.2.2.4/unwanted test
//= rfc3261#13.2.2.4/ack-cseq test
//= rfc3261#17.1.1.3/not-for-2xx test
//= rfc3261#8.2.2.3/ack-same test
#[test]
fn every_2xx_is_acknowledged_and_only_the_first_is_kept() {
    let mut phone = Phone::new();
    let (_, invite) = phone.invite();
    phone.udp(&reply(&invite, 200, "one", CONTACT));
    let ack = phone.request();
    assert_eq!((&ack.method, ack.uri.as_str()), (&Method::Ack, "sip:alice@192.0.2.2"));
    assert_eq!(ack.headers.raw(Name::CSeq), Some("1 ACK"));
    assert_eq!(ack.headers.to().unwrap().unwrap().tag(), Some("one"));
    assert_eq!((ack.headers.raw(Name::Require), ack.headers.raw(Name::ProxyRequire)), (None, None));
    assert_ne!(ack.headers.via().unwrap().unwrap().branch(), invite.headers.via().unwrap().unwrap().branch());
    phone.udp(&reply(&invite, 200, "one", CONTACT));
    assert_eq!(phone.request(), ack, "the very same again");
    phone.udp(&reply(&invite, 200, "two", "Contact: <sip:fork@192.0.2.2>\r\n"));
    let both = phone.requests();
    assert_eq!(both.iter().map(|r| r.method.as_str()).collect::<Vec<_>>(), ["ACK", "BYE"]);
    assert!(both.iter().all(|r| r.uri.as_str() == "sip:fork@192.0.2.2"));
    assert_eq!((phone.ua.load().calls, phone.told().len()), (1, 1));
}

//= rfc3261#13.2.2.3/later-ignored test
#[test]
fn a_final_response_after_the_first_changes_nothing() {
    let mut phone = Phone::new();
    let (_, invite) = phone.invite();
    phone.udp(&reply(&invite, 486, "t", ""));
    assert_eq!(phone.told().len(), 1);
    phone.udp(&reply(&invite, 603, "t", ""));
    phone.udp(&reply(&invite, 200, "t", CONTACT));
    assert!(phone.told().is_empty());
    assert_eq!(phone.ua.load().calls, 0);
}

//= rfc3261#21.4.8/authenticate test
//= rfc3261#22.2/cseq test
//= rfc3261#13.2.2.4/ack-credentials test
//= rfc3261#22.3/not-across-dialogs test
//= rfc3261#26.3.1/digest test
#[test]
fn a_challenge_is_answered_within_its_call() {
    let mut phone = Phone::with(|config| config.credentials = vec![Credential::new("bob", "secret")]);
    let (call, first) = phone.invite();
    let challenge = "Proxy-Authenticate: Digest realm=\"r\", nonce=\"n\", qop=\"auth\", algorithm=MD5\r\n";
    phone.udp(&reply(&first, 407, "t", challenge));
    let second = phone.requests().into_iter().find(|r| r.method == Method::Invite).unwrap();
    let credentials = second.headers.raw(Name::ProxyAuthorization).unwrap().to_owned();
    assert!(credentials.starts_with("Digest ") && credentials.contains("username=\"bob\""), "{credentials}");
    assert_eq!(second.headers.cseq().unwrap().unwrap().number, 2);
    for name in [Name::From, Name::To, Name::CallId] {
        assert_eq!(second.headers.raw(name.clone()), first.headers.raw(name));
    }
    phone.udp(&reply(&second, 200, "u", CONTACT));
    let ack = phone.request();
    assert_eq!(
        (ack.headers.raw(Name::CSeq), ack.headers.raw(Name::ProxyAuthorization)),
        (Some("2 ACK"), Some(&*credentials))
    );
    phone.do_(|ua, now| ua.modify(now, call, Body::sdp("hold"))).unwrap();
    assert!(phone.request().headers.contains(Name::ProxyAuthorization), "known for the rest of the call");
    assert_eq!(phone.invite().1.headers.raw(Name::ProxyAuthorization), None, "but for no other");
}

//= rfc3261#12.2.1.1/contact-sips test
#[test]
fn a_secure_dialog_stays_so() {
    let mut phone = Phone::new();
    let to = uri("sips:alice@192.0.2.2");
    let call = phone.do_(|ua, now| ua.invite(now, to, Invitation::sdp("offer"))).unwrap();
    let invite = phone.request();
    let Some(Output::Connect { conn, .. }) = phone.others.pop() else { panic!("no connection") };
    let ok = reply(&invite, 200, "t", "Contact: <sips:alice@192.0.2.2>\r\n");
    phone.input(Input::Stream { conn, data: ok.into() });
    assert!(phone.ua.dialog(call).unwrap().is_secure());
    phone.requests();
    phone.do_(|ua, now| ua.modify(now, call, Body::sdp("hold"))).unwrap();
    let again = phone.request();
    assert!(again.headers.raw(Name::Contact).unwrap().starts_with("<sips:"), "{again:?}");
}

//= rfc3261#14.2/overlap-500 test
//= rfc3261#14.2/overlap-retry-after test
//= rfc3261#14.2/glare-491 test
//= rfc3261#14.1/one-at-a-time test
//= rfc3261#14.1/wait-client test
//= rfc3261#14.1/wait-server test
#[test]
fn only_one_change_at_a_time() {
    let mut phone = Phone::new();
    let (call, ok) = phone.answered();
    phone.udp(&within("INVITE", "z9hG4bKr1", 2, &ok, ""));
    assert!(matches!(phone.told()[..], [Event::ReInvite { .. }]));
    assert_eq!(phone.do_(|ua, now| ua.modify(now, call, Body::sdp("x"))), Err(Error::WrongState));
    phone.udp(&within("INVITE", "z9hG4bKr2", 3, &ok, ""));
    let overlap = phone.response();
    assert_eq!(overlap.status.0, 500);
    assert!(overlap.headers.raw(Name::RetryAfter).unwrap().parse::<u32>().unwrap() <= 10);
    phone.do_(|ua, now| ua.accept(now, call, Some(Body::sdp("yes")))).unwrap();
    assert_eq!(phone.do_(|ua, now| ua.modify(now, call, Body::sdp("x"))), Err(Error::WrongState), "not before the ACK");
    phone.udp(&within("ACK", "z9hG4bKr3", 2, &ok, ""));
    phone.sent.clear();
    phone.do_(|ua, now| ua.modify(now, call, Body::sdp("x"))).unwrap();
    assert_eq!(phone.do_(|ua, now| ua.modify(now, call, Body::sdp("y"))), Err(Error::WrongState));
    let ours = phone.request();
    phone.udp(&within("INVITE", "z9hG4bKr4", 4, &ok, ""));
    assert_eq!(phone.response().status.0, 491);
    phone.udp(&reply(&ours, 488, "", ""));
    assert!(matches!(phone.told()[..], [Event::ModifyFailed { status: 488, .. }]));
}

//= rfc3261#15.1.2/in-dialog test
//= rfc3261#15.1.2/2xx test
//= rfc3261#15.1.2/pending test
//= rfc3261#15.1.2/pending-487 test
#[test]
fn a_bye_ends_what_is_pending_and_comes_in_order() {
    let mut phone = Phone::new();
    let (_, ok) = phone.answered();
    phone.udp(&within("INVITE", "z9hG4bKr", 5, &ok, ""));
    phone.udp(&within("BYE", "z9hG4bKold", 4, &ok, ""));
    assert_eq!(phone.responses().pop().unwrap().status.0, 500, "out of order");
    phone.udp(&within("BYE", "z9hG4bKb", 6, &ok, ""));
    let mut statuses: Vec<(String, u16)> =
        phone.responses().iter().map(|r| (r.headers.raw(Name::CSeq).unwrap().into(), r.status.0)).collect();
    statuses.sort();
    assert_eq!(statuses, [("5 INVITE".to_string(), 487), ("6 BYE".to_string(), 200)]);
    assert!(matches!(phone.told().last(), Some(Event::Ended { reason: Ended::Remote, .. })));
    assert_eq!(phone.ua.load().calls, 0);
}

//= rfc3261#15.1.1/at-once test
//= rfc3261#15.1.1/no-dialog test
//= rfc3261#15/dialog-only test
#[test]
fn hanging_up_ends_the_call_at_once() {
    let mut phone = Phone::new();
    let (call, ok) = phone.answered();
    phone.do_(|ua, now| ua.hang_up(now, call)).unwrap();
    assert!(matches!(phone.told()[..], [Event::Ended { reason: Ended::Local, .. }]));
    let bye = phone.request();
    assert_eq!(bye.method, Method::Bye);
    assert_eq!(bye.headers.raw(Name::From), ok.headers.raw(Name::To));
    assert_eq!(phone.do_(|ua, now| ua.hang_up(now, call)), Err(Error::Gone));
    phone.udp(&reply(&bye, 481, "", ""));
    assert!(phone.told().is_empty());
    assert_eq!((phone.ua.load().calls, phone.ua.load().dialogs), (0, 0));
}

//= rfc3261#15/callee-not-early test
#[test]
fn a_callee_who_hangs_up_early_refuses() {
    let mut phone = Phone::new();
    phone.udp(&plain("INVITE", "z9hG4bK1", ""));
    let Some(Event::Incoming { call, .. }) = phone.told().pop() else { panic!("no call") };
    phone.do_(|ua, now| ua.ring(now, call)).unwrap();
    phone.do_(|ua, now| ua.hang_up(now, call)).unwrap();
    assert_eq!(phone.responses().pop().unwrap().status.0, 603);
    assert!(phone.requests().is_empty());
}

//= rfc3261#10.2/headers test
//= rfc3261#10.2/uri-domain test
//= rfc3261#10.2/aor-sip test
//= rfc3261#10.2/cseq-up test
//= rfc3261#10.2/one-at-a-time test
//= rfc3261#10.2/record-route-ignored test
//= rfc3261#10.2/no-route-set test
//= rfc3261#10.2.2/star test
#[test]
fn a_registration_is_made_refreshed_and_removed() {
    let mut phone = Phone::new();
    let account = Account { registrar: None, expires: 60, aor: uri("sip:bob@192.0.2.2;x=1") };
    let registration = phone.do_(|ua, now| ua.register(now, account)).unwrap();
    let first = phone.request();
    assert_eq!((&first.method, first.uri.as_str()), (&Method::Register, "sip:192.0.2.2"));
    assert_eq!(first.headers.to().unwrap().unwrap().uri().as_str(), "sip:bob@192.0.2.2");
    assert_eq!(first.headers.from().unwrap().unwrap().uri().as_str(), "sip:bob@192.0.2.2");
    assert_eq!(first.headers.raw(Name::CSeq), Some("1 REGISTER"));
    assert!(first.headers.raw(Name::Contact).unwrap().starts_with("<sip:bob@192.0.2.1:5060>"));
    let granted = "Record-Route: <sip:evil.example;lr>\r\nContact: <sip:bob@192.0.2.1:5060>;expires=60\r\n";
    phone.udp(&reply(&first, 200, "r", granted));
    assert!(matches!(phone.told()[..], [Event::Registered { expires: 60, .. }]));
    phone.pass(Duration::from_secs(60));
    let second = phone.requests().remove(0);
    assert_eq!(
        (second.headers.raw(Name::CSeq), second.headers.call_id()),
        (Some("2 REGISTER"), first.headers.call_id())
    );
    assert_eq!(second.headers.list::<Route>().count(), 0);
    phone.do_(|ua, now| ua.unregister(now, registration)).unwrap();
    assert!(phone.requests().iter().all(|r| r.headers.raw(Name::CSeq) == Some("2 REGISTER")), "one at a time");
    phone.udp(&reply(&second, 200, "r", granted));
    let last = phone.request();
    assert_eq!(last.headers.raw(Name::CSeq), Some("3 REGISTER"));
    assert!(last.headers.raw(Name::Contact).unwrap().ends_with(";expires=0"), "and no star");
    phone.udp(&reply(&last, 200, "r", ""));
    assert!(matches!(phone.told()[..], [Event::Unregistered { .. }]));
    let tel = Account::new(uri("tel:+12015550123"));
    assert_eq!(phone.do_(|ua, now| ua.register(now, tel)), Err(Error::Address));
}

//= rfc3261#21.5.4/as-500 test
//= rfc3261#21.5.4/spare-server test
#[test]
fn a_503_is_a_500_unless_it_says_when_to_come_back() {
    let pause = |status: u16, more: &str| {
        let mut phone = Phone::new();
        phone.do_(|ua, now| ua.register(now, Account::new(uri("sip:bob@192.0.2.2")))).unwrap();
        let register = phone.request();
        phone.udp(&reply(&register, status, "r", more));
        match phone.told()[..] {
            [Event::RegistrationFailed { retry: Some(retry), status: told, .. }] if told == status => retry,
            ref other => panic!("{other:?}"),
        }
    };
    assert_eq!(pause(503, ""), pause(500, ""));
    assert!(pause(503, "Retry-After: 900 (busy)\r\n") > 5 * pause(503, ""));
}

//= rfc3428#7/2xx-no-body test
//= rfc3428#7/2xx-no-contact test
//= rfc3428#7/text-plain test
#[test]
fn a_message_is_answered_and_handed_up() {
    let mut phone = Phone::new();
    phone.udp(&incoming("MESSAGE", "z9hG4bK1", 1, "", "text/plain", "hello"));
    let response = phone.response();
    assert_eq!((response.status.0, response.body.len(), response.headers.raw(Name::Contact)), (200, 0, None));
    assert!(matches!(&phone.told()[..], [Event::Message { body, .. }] if body.data == "hello"));
}
