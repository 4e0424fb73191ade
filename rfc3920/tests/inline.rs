//! What a login by SASL2 brings with its success is believed only where it was asked for, and the moment between that
//! success and the features behind it loses nothing.

mod common;

use std::time::Duration;

use common::{Options, Rig, body, config, message};
use rfc3920::ns;
use rfc3920::stream::{Config, Error, Event, State, UserAgent};
use rfc3920::xml::Header;

const SECOND: Duration = Duration::from_secs(1);
const FEATURES: &str = "<stream:features xmlns:stream='http://etherx.jabber.org/streams'/>";

/// The bodies that the server handled.
fn got(rig: &Rig) -> Vec<String> {
    rig.server.got.iter().filter(|e| e.name() == "message").map(body).collect()
}

//= xep-0198#5/previd test
#[test]
fn a_resumption_that_nobody_asked_for_ends_the_stream() {
    for success in ["<resumed xmlns='urn:xmpp:sm:3' h='0'/>", "<resumed xmlns='urn:xmpp:sm:3' h='0' previd='x'/>"] {
        for bind2 in [false, true] {
            let rig = Rig::connected(config(), Options { success, bind2, ..Options::modern() });
            assert!(matches!(rig.final_error(), Some(Error::Protocol { .. })), "{:?}", rig.client.state());
        }
    }
}

#[test]
fn what_is_sent_between_success_and_features_leaves_once_and_in_order() {
    let mut rig = Rig::connected(config(), Options { late_features: true, ..Options::modern() });
    assert_eq!(rig.client.state(), State::Features);
    let first = rig.send(message("first"));
    rig.say(FEATURES);
    assert_eq!(rig.client.state(), State::Online);
    let second = rig.send(message("second"));
    rig.pass(SECOND * 10);
    assert_eq!(got(&rig), ["first", "second"]);
    let delivered: Vec<_> =
        rig.events.iter().filter_map(|e| if let Event::Delivered { ids } = e { Some(ids) } else { None }).collect();
    assert_eq!(delivered.into_iter().flatten().copied().collect::<Vec<_>>(), [first, second]);
    assert_eq!(rig.client.unacked(), 0);
}

#[test]
fn a_session_that_was_resumed_is_not_given_up_before_its_features_come() {
    let mut config = config();
    config.timing.backoff = SECOND * 100;
    let options = Options { enabled: "max='3'", late_features: true, ..Options::modern() };
    let mut rig = Rig::connected(config, options);
    rig.say(FEATURES);
    rig.drop_connection();
    rig.client.send(rig.now, message("kept")).expect("a session to keep it for");
    rig.pass(SECOND * 2);
    rig.connect();
    assert_eq!(rig.client.state(), State::Features);
    rig.pass(SECOND * 3);
    assert!(rig.online().is_some_and(|online| online.resumed), "{:?}", rig.events);
    assert!(!rig.events.iter().any(|e| matches!(e, Event::Lost { .. })), "{:?}", rig.events);
    assert_eq!(got(&rig), ["kept"]);
}

#[test]
fn a_new_session_ends_the_old_one_though_nobody_says_so() {
    let mut rig = Rig::connected(config(), Options::modern());
    rig.server.options.mute = true;
    let id = rig.send(message("unheard"));
    rig.drop_connection();
    (rig.server.options.mute, rig.server.options.resume) = (false, false);
    rig.pass(SECOND * 2);
    assert!(rig.online().is_some_and(|online| !online.resumed));
    assert!(rig.server.seen.iter().all(|e| e.find(ns::SM, "resume").is_none()));
    let lost = rig.events.iter().find_map(|e| if let Event::Lost { stanzas } = e { Some(stanzas) } else { None });
    assert_eq!(lost.map(|stanzas| stanzas[0].0), Some(id), "{:?}", rig.events);
}

#[test]
fn the_features_before_the_login_are_not_those_of_the_session() {
    let mut rig = Rig::connected(config(), Options { late_features: true, ..Options::modern() });
    rig.pass(SECOND * 3);
    assert!(rig.online().is_some_and(|online| online.features.is_empty()), "{:?}", rig.events);
}

fn with_agent() -> Config {
    let mut config = config();
    config.user_agent = Some(UserAgent { id: "d4565fa7".into(), software: None, device: None });
    config
}

#[test]
fn a_token_that_was_not_asked_for_is_left() {
    let success = "<token xmlns='urn:xmpp:fast:0' token='sweet' expiry='2030-01-01T00:00:00Z'/>";
    for config in [config(), with_agent()] {
        let rig = Rig::connected(config, Options { success, fast: false, ..Options::modern() });
        assert!(rig.online().is_some() && rig.client.config().credentials.token().is_none());
        assert!(!rig.events.iter().any(|e| matches!(e, Event::Token(_))));
    }
}

/// A token is one installation's, and goes nowhere without its name.
//= xep-0484#3.2/offered test
//= xep-0484#3.4/element test
//= xep-0484#4.1/user-agent test
//= xep-0484#4.1/from test
#[test]
fn tokens_are_asked_for_and_used_as_the_server_offers_them() {
    let mut rig = Rig::connected(with_agent(), Options::modern());
    let begun = |rig: &Rig| rig.server.seen.iter().find(|e| e.name() == "authenticate").cloned().expect("a login");
    let asked = begun(&rig);
    assert_eq!(asked.find(ns::FAST, "request-token").and_then(|e| e.get("mechanism")), Some("HT-SHA-256-EXPR"));
    assert!(!asked.has(ns::FAST, "fast") && asked.has(ns::SASL2, "user-agent"));
    rig.client.close(rig.now);
    rig.run();
    rig.connect();
    let used = begun(&rig);
    assert!(used.has(ns::FAST, "fast") && used.find(ns::SASL2, "user-agent").is_some_and(|e| e.get("id").is_some()));
    assert_eq!(used.get("mechanism"), Some("HT-SHA-256-EXPR"));
    let bare = |h: &Header| h.from.as_deref() == Some(common::ALICE);
    assert!(rig.server.headers.last().is_some_and(bare), "{:?}", rig.server.headers);
    // the same token, of an installation that has no name
    let nameless = Config { user_agent: None, ..rig.client.config().clone() };
    assert!(nameless.credentials.token().is_some());
    let begun = begun(&Rig::connected(nameless, Options::modern()));
    assert_eq!(begun.get("mechanism"), Some("SCRAM-SHA-256-PLUS"));
    assert!(!begun.has(ns::FAST, "fast") && !begun.has(ns::FAST, "request-token"));
}

#[test]
fn a_token_outlives_a_server_that_cannot_check_it_now() {
    let mut rig = Rig::connected(with_agent(), Options::modern());
    rig.client.close(rig.now);
    rig.run();
    rig.server.tokens.clear();
    rig.server.options.refusal = "temporary-auth-failure";
    rig.connect();
    assert!(matches!(rig.offline(), Some((Error::Refused(_), Some(_)))), "{:?}", rig.events);
    assert_eq!(rig.server.seen.iter().filter(|e| e.name() == "authenticate").count(), 1);
    assert!(rig.client.config().credentials.token().is_some());
}

#[test]
fn a_stanza_in_place_of_the_features_begins_the_session() {
    let mut rig = Rig::connected(config(), Options { late_features: true, ..Options::modern() });
    rig.server.deliver("<message from='bob@wonderland.example'><body>early</body></message>".to_owned());
    rig.run();
    let after: Vec<_> = rig.events.iter().skip_while(|e| !matches!(e, Event::Online(_))).skip(1).collect();
    assert!(matches!(after[..], [Event::Stanza(_)]), "{:?}", rig.events);
    assert!(rig.server.kept.as_ref().is_some_and(|kept| kept.queue.is_empty()), "counted and acknowledged");
}
