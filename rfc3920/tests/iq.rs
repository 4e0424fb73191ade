//! Who asked whom: answers go to their request by id and sender, and every request has an end.

mod common;

use common::{Options, Rig, config};
use rfc3920::stanza::{Condition, StanzaError};
use rfc3920::stream::{CommandError, DropReason, Event, RequestError, RequestId};
use rfc3920::xml::Element;
use rfc3920::{ns, stanza};

const BOB: &str = "bob@wonderland.example/desk";

fn get(to: Option<&str>) -> Element {
    stanza::iq_get(to, "", Element::new("jabber:iq:version", "query"))
}

/// Asks `to` and lets `from` answer. What came of it.
fn ask(to: Option<&str>, from: Option<&str>) -> Option<Result<Element, RequestError>> {
    let mut wishful = config();
    wishful.jid = rfc3920::jid::Jid::parse("alice@wonderland.example/garden").unwrap();
    let mut rig = Rig::connected(wishful, Options::default());
    rig.take();
    let request = rig.client.request(rig.now, get(to)).unwrap();
    rig.run();
    let id = rig.server.got.last().unwrap().get("id").unwrap().to_owned();
    let from = from.map(|from| format!("from='{from}'")).unwrap_or_default();
    rig.say(&format!("<iq type='result' id='{id}' {from}/>"));
    match rig.take().pop() {
        Some(Event::Answer { request: of, result }) if of == request => Some(result),
        Some(Event::Dropped { reason: DropReason::Answer }) => None,
        other => panic!("{other:?}"),
    }
}

//= rfc6120#8.2.3/match test
//= rfc6120#8.1.2.1/absent test
#[test]
fn answers_are_matched_by_id_and_sender() {
    let (account, full, server) = ("alice@wonderland.example", "alice@wonderland.example/garden", "wonderland.example");
    let rows = [
        // to whom, by whom, and whether it counts
        (None, None, true),
        (None, Some(account), true),
        (None, Some(full), true),
        (None, Some(server), true),
        (None, Some("ALICE@Wonderland.example"), true),
        (None, Some(BOB), false),
        (None, Some("alice@wonderland.example/other"), false),
        (None, Some("evil.example"), false),
        (Some(account), None, true),
        (Some(account), Some(account), true),
        (Some(account), Some("bob@wonderland.example"), false),
        (Some(server), None, true),
        (Some(server), Some(server), true),
        (Some(server), Some("rooms.wonderland.example"), false),
        (Some(server), Some(BOB), false),
        (Some(BOB), Some(BOB), true),
        (Some(BOB), None, false),
        (Some(BOB), Some("bob@wonderland.example"), false),
        (Some(BOB), Some("bob@wonderland.example/Desk"), false),
        (Some(BOB), Some(server), false),
        (Some(BOB), Some(account), false),
    ];
    for (to, from, counts) in rows {
        assert_eq!(ask(to, from).is_some(), counts, "asked {to:?}, answered by {from:?}");
    }
}

//= rfc6120#8.2.3/id test
#[test]
fn ids_cannot_be_guessed_and_are_never_the_callers() {
    let ids: Vec<String> = (0..2)
        .map(|seed| {
            let mut rig = Rig::seeded(config(), Options::default(), seed);
            rig.connect();
            rig.client.request(rig.now, get(None).attr("id", "mine")).unwrap();
            rig.run();
            rig.server.got.last().unwrap().get("id").unwrap().to_owned()
        })
        .collect();
    assert!(ids.iter().all(|id| id.len() >= 12 && id != "mine"), "{ids:?}");
    assert_ne!(ids[0], ids[1]);
}

//= rfc6120#8.1.3/unique test
#[test]
fn an_answer_counts_once() {
    let mut rig = Rig::connected(config(), Options::default());
    rig.client.request(rig.now, get(None)).unwrap();
    rig.client.request(rig.now, get(None)).unwrap();
    rig.run();
    rig.take();
    let ids: Vec<_> = rig.server.got.iter().rev().take(2).map(|iq| iq.get("id").unwrap().to_owned()).collect();
    assert_ne!(ids[0], ids[1]);
    rig.say(&format!("<iq type='result' id='{}'/><iq type='result' id='{}'/>", ids[0], ids[0]));
    let events = rig.take();
    assert!(matches!(&events[..], [Event::Answer { .. }, Event::Dropped { reason: DropReason::Answer }]), "{events:?}");
}

//= rfc6120#8.3.1/not-relied-on test
#[test]
fn errors_are_answers() {
    let mut rig = Rig::connected(config(), Options::default());
    rig.client.request(rig.now, get(None)).unwrap();
    rig.run();
    rig.take();
    let id = rig.server.got.last().unwrap().get("id").unwrap().to_owned();
    let error = StanzaError::from(Condition::ItemNotFound);
    rig.say(&format!("<iq type='error' id='{id}'>{}</iq>", error.to_element()));
    let events = rig.take();
    let [Event::Answer { result: Err(RequestError::Refused(refused)), .. }] = &events[..] else { panic!("{events:?}") };
    assert_eq!(refused.condition, Condition::ItemNotFound);
}

#[test]
fn every_request_has_an_end() {
    let mut config = config();
    config.limits.requests = 3;
    let mut rig = Rig::connected(config, Options::default());
    rig.take();
    let asked: Vec<RequestId> = (0..3).map(|_| rig.client.request(rig.now, get(Some(BOB))).unwrap()).collect();
    assert_eq!(rig.client.request(rig.now, get(Some(BOB))), Err(CommandError::TooManyRequests));
    rig.run();
    rig.pass(rig.client.config().timing.request);
    let ends: Vec<_> = rig
        .take()
        .into_iter()
        .filter_map(|e| match e {
            Event::Answer { request, result: Err(RequestError::Timeout) } => Some(request),
            _ => None,
        })
        .collect();
    assert_eq!(ends, asked);
    // with the session, too
    let asked = rig.client.request(rig.now, get(Some(BOB))).unwrap();
    rig.run();
    rig.client.close(rig.now);
    rig.run();
    let end = |e: &Event| *e == Event::Answer { request: asked, result: Err(RequestError::Disconnected) };
    assert!(rig.events.iter().any(end), "{:?}", rig.events);
    assert!(!rig.events.iter().any(|e| matches!(e, Event::Lost { .. })), "told as an answer, not as lost");
}

//= rfc6120#8.2.3/reply test
//= rfc6120#8.3.1/reply test
#[test]
fn requests_of_others_are_answered_by_somebody() {
    let mut rig = Rig::connected(config(), Options::default());
    rig.take();
    let asks = |id: &str| format!("<iq type='get' id='{id}' from='{BOB}'><query xmlns='jabber:iq:version'/></iq>");
    rig.say(&asks("one"));
    rig.say(&asks("two"));
    let requests: Vec<_> =
        rig.take().into_iter().map(|e| if let Event::Stanza(iq) = e { iq } else { panic!("{e:?}") }).collect();
    rig.client.reply(rig.now, &requests[0], Ok(Some(Element::new("jabber:iq:version", "query")))).unwrap();
    rig.run();
    rig.pass(rig.client.config().timing.answer);
    let answers: Vec<_> = rig.server.got.iter().map(|iq| (iq.get("id").unwrap(), iq.get("type").unwrap())).collect();
    assert_eq!(answers, [("one", "result"), ("two", "error")]);
    let last = rig.server.got.last().unwrap();
    assert_eq!(StanzaError::of(last).unwrap().condition, Condition::ServiceUnavailable);
    assert_eq!(last.get("to"), Some(BOB));
    rig.pass(rig.client.config().timing.answer * 4);
    assert_eq!(rig.server.got.len(), 2, "once each");
}

//= xep-0199#4/pong test
//= rfc6120#8.2.3/result-child test
#[test]
fn pings_are_answered_at_once() {
    let mut rig = Rig::connected(config(), Options::default());
    rig.take();
    rig.say(&format!("<iq type='get' id='p' from='{BOB}'><ping xmlns='urn:xmpp:ping'/></iq>"));
    let pong = rig.server.got.last().unwrap();
    assert_eq!((pong.get("id"), pong.get("to"), pong.get("type")), (Some("p"), Some(BOB), Some("result")));
    assert!(rig.take().is_empty());
}

//= rfc6120#8.2.3/types test
//= rfc6120#8.2.3/one-child test
//= rfc6120#8.2.3/no-reply test
#[test]
fn broken_requests_are_answered_once_and_answers_never() {
    let mut rig = Rig::connected(config(), Options::default());
    for (iq, answered) in [
        ("<iq type='get' id='1' from='bob@wonderland.example'/>", true),
        ("<iq type='set' id='2' from='bob@wonderland.example'><a/><b/></iq>", true),
        ("<iq type='have' id='3' from='bob@wonderland.example'><a/></iq>", true),
        ("<iq id='4' from='bob@wonderland.example'><a/></iq>", true),
        ("<iq type='error' id='5' from='bob@wonderland.example'/>", false),
        ("<iq type='result' id='6' from='bob@wonderland.example'/>", false),
        ("<iq type='error' from='bob@wonderland.example'/>", false),
        ("<iq type='result' from='bob@wonderland.example'/>", false),
    ] {
        rig.server.got.clear();
        rig.take();
        rig.say(iq);
        let answers: Vec<_> = rig.server.got.iter().filter_map(StanzaError::of).map(|e| e.condition).collect();
        assert_eq!(answers, vec![Condition::BadRequest; usize::from(answered)], "{iq}");
        assert!(matches!(rig.take()[..], [Event::Dropped { .. }]), "{iq}");
    }
}

#[test]
fn a_flood_of_requests_is_bounded() {
    let mut config = config();
    config.limits.inbound = 4;
    let mut rig = Rig::connected(config, Options::default());
    rig.take();
    let flood: String =
        (0..100).map(|n| format!("<iq type='get' id='{n}' from='{BOB}'><query xmlns='urn:example'/></iq>")).collect();
    rig.say(&flood);
    let told = rig.events.iter().filter(|e| matches!(e, Event::Stanza(_))).count();
    let dropped = rig.events.iter().filter(|e| **e == Event::Dropped { reason: DropReason::Inbound }).count();
    assert_eq!((told, dropped), (4, 96));
    assert_eq!(rig.server.got.len(), 96);
    assert!(rig.server.got.iter().filter_map(StanzaError::of).all(|e| e.condition == Condition::ResourceConstraint));
}

#[test]
fn commands_say_what_is_wrong_with_them() {
    let mut rig = Rig::new(config(), Options::default());
    let (now, hello) = (rig.now, common::message("hello"));
    assert_eq!(rig.client.send(now, hello.clone()), Err(CommandError::NotOnline));
    assert_eq!(rig.client.request(now, get(None)), Err(CommandError::NotOnline));
    assert_eq!(rig.client.discovered(now, Vec::new()), Err(CommandError::NotAsked));
    rig.connect();
    assert_eq!(rig.client.connect(now), Err(CommandError::Connected));
    let no_stanzas =
        [Element::new(ns::CLIENT, "body"), Element::new(ns::SERVER, "message"), Element::new("urn:example", "iq")];
    for element in no_stanzas {
        assert_eq!(rig.client.send(now, element), Err(CommandError::NotAStanza));
    }
    for iq in [get(None).attr("type", "result"), hello, Element::new(ns::CLIENT, "iq").attr("type", "get")] {
        assert_eq!(rig.client.request(now, iq), Err(CommandError::NotAStanza));
    }
    assert!(matches!(rig.client.send(now, common::message("\u{1}")), Err(CommandError::Xml(_))));
    let events = rig.take();
    rig.run();
    assert!(rig.server.got.is_empty() && rig.events.is_empty(), "{events:?} {:?}", rig.events);
}

//= rfc6120#4.8.3/no-server test
//= xep-0478#3/max-bytes test
#[test]
fn stanzas_are_no_longer_than_the_server_takes() {
    let limits = "<limits xmlns='urn:xmpp:stream-limits:0'><max-bytes>1000</max-bytes></limits>";
    let mut rig = Rig::connected(config(), Options { features: limits, ..Options::default() });
    assert!(rig.client.send(rig.now, common::message(&"x".repeat(800))).is_ok());
    let refused = rig.client.send(rig.now, common::message(&"x".repeat(1_000)));
    assert_eq!(refused, Err(CommandError::TooLong { limit: 1_000 }));
    assert_eq!(rig.client.send(rig.now, Element::new(ns::SERVER, "message")), Err(CommandError::NotAStanza));
    let mut config = config();
    config.limits.stanza = 500;
    let mut rig = Rig::connected(config, Options::default());
    let refused = rig.client.send(rig.now, common::message(&"x".repeat(500)));
    assert_eq!(refused, Err(CommandError::TooLong { limit: 500 }));
}

#[test]
fn an_outage_does_not_count_against_who_is_to_answer() {
    let mut rig = Rig::connected(config(), Options::default());
    rig.take();
    let answer = rig.client.config().timing.answer;
    rig.server.deliver(format!("<iq type='get' id='one' from='{BOB}'><query xmlns='jabber:iq:version'/></iq>"));
    rig.run();
    let Some(Event::Stanza(request)) = rig.take().pop() else { panic!("no request") };
    rig.pass(answer - answer / 10);
    rig.drop_connection();
    rig.pass(answer / 2);
    assert!(rig.online().is_some_and(|online| online.resumed));
    rig.client.reply(rig.now, &request, Ok(None)).unwrap();
    rig.run();
    rig.pass(answer * 2);
    let answers: Vec<_> = rig.server.got.iter().map(|iq| (iq.get("id").unwrap(), iq.get("type").unwrap())).collect();
    assert_eq!(answers, [("one", "result")]);
}

#[test]
fn ids_that_are_too_long_to_keep_are_answered_at_once() {
    let mut rig = Rig::connected(config(), Options::default());
    for (length, kept) in [(1_000, true), (10_000, false)] {
        rig.take();
        let id = "x".repeat(length);
        rig.say(&format!("<iq type='get' id='{id}' from='{BOB}'><query xmlns='jabber:iq:version'/></iq>"));
        assert_eq!(matches!(rig.take()[..], [Event::Stanza(_)]), kept);
        let answer = rig.server.got.last().filter(|iq| iq.get("id") == Some(&id)).and_then(StanzaError::of);
        assert_eq!(answer.map(|error| error.condition), (!kept).then_some(Condition::ResourceConstraint));
    }
}
