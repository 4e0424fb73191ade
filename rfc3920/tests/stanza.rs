//! Errors of stanzas and streams, requests and answers.

use rfc3920::stanza::{self, Condition, ErrorType, Kind, StanzaError, StreamCondition, StreamError};
use rfc3920::xml::{Element, Error};
use rfc3920::{ns, sasl};

fn parse(text: &str) -> Element {
    text.parse().expect("an element")
}

//= rfc6120#8.3.2/condition test
//= rfc6120#8.3.2/types test
//= rfc6120#8.3.2/text-namespace test
#[test]
fn every_condition_of_stanzas_comes_back_from_its_element() {
    assert_eq!(Condition::ALL.len(), 22);
    for condition in Condition::ALL {
        let mut error = StanzaError::from(condition.clone()).with_text("words");
        error.by = Some("wonderland.example".into());
        error.application = Some(Element::new("urn:x", "more"));
        assert_eq!(Condition::from(condition.name()), *condition);
        for kind in ["auth", "cancel", "continue", "modify", "wait"] {
            error.kind = ErrorType::from_name(kind).expect("a type");
            let element = error.to_element();
            assert_eq!(element.get("type"), Some(kind));
            assert!(element.has(ns::STANZA_ERRORS, condition.name()) && element.has(ns::STANZA_ERRORS, "text"));
            assert_eq!(StanzaError::from_element(&element), error);
        }
    }
    assert_eq!(ErrorType::from_name("fatal"), None);
}

//= rfc6120#4.9.2/condition test
//= rfc6120#4.9.2/text-namespace test
#[test]
fn every_condition_of_streams_comes_back_from_its_element() {
    assert_eq!(StreamCondition::ALL.len(), 25);
    for condition in StreamCondition::ALL {
        let error = StreamError::from(condition.clone()).with_text("words");
        let element = error.to_element();
        assert!(element.is(ns::STREAMS, "error"));
        assert!(element.has(ns::STREAM_ERRORS, condition.name()) && element.has(ns::STREAM_ERRORS, "text"));
        assert_eq!(StreamError::from_element(&element), Some(error));
    }
    assert_eq!(StreamError::from_element(&Element::new(ns::CLIENT, "error")), None);
}

//= rfc6120#8.3.2/unknown-condition test
//= rfc6120#4.9.2/unknown-condition test
//= rfc6120#8.3.4/ignore-unknown test
#[test]
fn unknown_and_missing_conditions_are_undefined_ones() {
    let unknown = parse(
        "<error xmlns='jabber:client' type='later'><sleepy xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><z xmlns='urn:z'/></error>",
    );
    let error = StanzaError::from_element(&unknown);
    assert_eq!((error.condition.clone(), error.kind), (Condition::Other("sleepy".into()), ErrorType::Cancel));
    assert!(error.to_element().has(ns::STANZA_ERRORS, "undefined-condition"));
    assert_eq!(error.application, Some(Element::new("urn:z", "z")));
    assert_eq!(StanzaError::from_element(&parse("<error/>")).condition, Condition::UndefinedCondition);
    assert_eq!(
        StanzaError::of(&parse("<iq xmlns='jabber:client' type='error'/>")),
        Some(Condition::UndefinedCondition.into())
    );
    let stream = parse("<error xmlns='http://etherx.jabber.org/streams'><x xmlns='urn:x'/></error>");
    let error = StreamError::from_element(&stream).expect("an error");
    assert_eq!(error.condition, StreamCondition::UndefinedCondition);
    let error = StreamError::from(StreamCondition::Other("sleepy".into())).to_element();
    assert!(error.has(ns::STREAM_ERRORS, "undefined-condition"));
}

//= rfc6120#8.3.3/recommended-types test
#[test]
fn types_are_those_recommended() {
    let rows = [
        ("auth", "forbidden not-authorized registration-required subscription-required"),
        ("modify", "bad-request jid-malformed not-acceptable policy-violation redirect"),
        ("wait", "recipient-unavailable remote-server-timeout resource-constraint unexpected-request"),
        (
            "cancel",
            "conflict feature-not-implemented gone internal-server-error item-not-found not-allowed remote-server-not-found \
             service-unavailable undefined-condition",
        ),
    ];
    let mut seen = 0;
    for (kind, names) in rows {
        for name in names.split_whitespace() {
            assert_eq!(ErrorType::recommended(&Condition::from(name)).name(), kind, "{name}");
            seen += 1;
        }
    }
    assert_eq!(seen, Condition::ALL.len());
}

//= rfc6120#8.3.1/reply-iq test
//= rfc6120#8.3.1/swapped test
//= rfc6120#8.3.1/same-id test
//= rfc6120#8.3.1/error-child test
//= rfc6120#8/support test
//= rfc6120#8.1.3/returned test
//= rfc6120#8.3.2/kinds test
#[test]
fn an_error_goes_back_to_the_sender_with_the_same_id() {
    let error = StanzaError::from(Condition::ServiceUnavailable);
    for (name, kind) in [("iq", "get"), ("iq", "set"), ("message", "chat"), ("presence", "probe")] {
        let from = "bob@looking-glass.example/desk";
        let stanza =
            parse(&format!("<{name} xmlns='jabber:client' type='{kind}' from='{from}' id='7' to='x.example'/>"));
        let reply = stanza::error_reply(&stanza, &error).expect("a reply");
        assert_eq!((reply.name(), reply.get("type"), reply.get("id")), (name, Some("error"), Some("7")));
        assert_eq!((reply.get("to"), reply.get("from")), (Some(from), None));
        assert_eq!(StanzaError::of(&reply).as_ref(), Some(&error));
    }
    let no_id = |name| stanza::error_reply(&Element::new(ns::CLIENT, name), &error).expect("a reply");
    assert_eq!((no_id("iq").get("id"), no_id("message").get("id")), (Some(""), None));
}

//= rfc6120#8.3.1/no-error-for-error test
//= rfc6120#8.3.1/error-only test
#[test]
fn errors_and_answers_are_not_answered() {
    let error = StanzaError::from(Condition::ServiceUnavailable);
    for text in
        ["<iq type='error'/>", "<iq type='result'/>", "<message type='error'/>", "<presence type='error'/>", "<x/>"]
    {
        let stanza = parse(&text.replace(' ', " xmlns='jabber:client' "));
        assert_eq!(stanza::error_reply(&stanza, &error), None, "{text}");
    }
    let not_ours = parse("<iq xmlns='urn:x' type='get'/>");
    assert_eq!((Kind::of(&not_ours), stanza::error_reply(&not_ours, &error)), (None, None));
    let request = stanza::iq_get(None, "1", Element::new(ns::PING, "ping"));
    assert_eq!(StanzaError::of(&request), None);
    assert!(!stanza::iq_result(&request, None).has(ns::CLIENT, "error"));
}

//= rfc6120#8.3.3.5/uri test
//= rfc6120#8.3.3.5/address test
#[test]
fn gone_redirect_and_see_other_host_tell_where_to_go() {
    let mut gone = StanzaError::from(Condition::Gone);
    gone.location = Some("xmpp:alice@new.example".into());
    let element = gone.to_element();
    assert_eq!(element.child_text(ns::STANZA_ERRORS, "gone").as_deref(), Some("xmpp:alice@new.example"));
    assert_eq!(StanzaError::from_element(&element), gone);
    let mut elsewhere = StreamError::from(StreamCondition::SeeOtherHost);
    elsewhere.see_other_host = Some("[2001:db8::1]:5222".into());
    assert_eq!(StreamError::from_element(&elsewhere.to_element()), Some(elsewhere));
}

//= rfc6120#4.9.2/text-for-humans test
#[test]
fn what_the_reader_refuses_becomes_the_stream_error_that_says_so() {
    let refused: Error = "<a><!-- --></a>".parse::<Element>().expect_err("a comment");
    let error = StreamError::from(&refused);
    assert_eq!(error.condition, StreamCondition::RestrictedXml);
    assert!(error.to_element().has(ns::STREAM_ERRORS, "restricted-xml"));
    assert_eq!(refused.to_string(), "restricted-xml: a comment");
}

#[test]
fn the_words_of_a_peer_are_no_commands_to_a_terminal() {
    let text = "it can't be\u{9b}2J\u{1b}[1m\nso\u{202e}";
    let errors = [
        StanzaError::from(Condition::ItemNotFound).with_text(text).to_string(),
        StreamError::from(StreamCondition::Reset).with_text(text).to_string(),
        sasl::Failure { condition: sasl::Condition::NotAuthorized, text: Some(text.to_owned()) }.to_string(),
    ];
    for error in errors {
        assert!(
            error.contains("it can't be 2J") && !error.contains(|c: char| c.is_control() || c == '\u{202e}'),
            "{error:?}"
        );
    }
}

//= rfc6120#4.9.2/text-alone test
//= rfc6120#4.9.2/text-beside test
//= rfc6120#8.3.2/text-beside test
//= rfc6120#8.3.2/text-alone test
//= rfc6120#8.3.2/text-for-humans test
#[test]
fn words_stand_beside_the_condition_and_change_nothing() {
    let error = StanzaError::from(Condition::ItemNotFound);
    let with_words = StanzaError::from_element(&error.clone().with_text("forbidden").to_element());
    assert_eq!((&with_words.condition, with_words.kind), (&error.condition, error.kind));
    assert_eq!(
        (error.to_string(), with_words.to_string()),
        ("item-not-found".into(), "item-not-found: forbidden".into())
    );
    let ended = StreamError::from(StreamCondition::Reset).with_text("conflict");
    assert_eq!(ended.to_string(), "reset: conflict");
    assert_eq!(StreamError::from_element(&ended.to_element()), Some(ended));
}

//= rfc6120#4.9.2/application-namespace test
//= rfc6120#8.3.2/application-namespace test
#[test]
fn what_an_application_adds_is_in_a_namespace_of_its_own() {
    for ns in ["", ns::CLIENT, ns::STREAMS, ns::STREAM_ERRORS, ns::STANZA_ERRORS] {
        let element = Element::new(ns, "too-many-tarts");
        let mut error = StreamError::from(StreamCondition::PolicyViolation);
        error.application = Some(element.clone());
        let refused = StanzaError::from(Condition::PolicyViolation).with_application(element.clone());
        assert!(!error.to_element().to_string().contains("tarts"), "{ns}");
        assert!(!refused.to_element().to_string().contains("tarts"), "{ns}");
        assert_eq!(StanzaError::from_element(&Element::new(ns::CLIENT, "error").child(element)).application, None);
    }
}
