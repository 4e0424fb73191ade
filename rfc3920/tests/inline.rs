//! What a login by SASL2 brings with its success is believed only where it was asked for, and the moment between that
//! success and the features behind it loses nothing.

mod common;

use std::time::Duration;

use common::{Options, Rig, body, config, message};
use rfc3920::stream::{Error, Event, State};

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
