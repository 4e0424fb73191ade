//! The same client over WebSocket (RFC 7395).

mod common;

use std::time::Duration;

use common::{Options, Rig, config, message};
use rfc3920::ns;
use rfc3920::stream::{Config, Error, Event, Kind, State, Target};
use wire::Transport;

fn over_websocket(kind: Kind) -> Config {
    let mut config = config();
    config.targets = vec![Target::new("192.0.2.1", 443, kind)];
    config
}

//= rfc7395#3.4/open-first test
//= rfc7395#3.6/close-element test
//= rfc7395#3.7/no-close test
//= rfc7395#3.9/wss test
//= rfc7395#3.4/one-stream test
#[test]
fn a_session_over_wss() {
    for options in [Options::default(), Options::modern()] {
        let mut rig = Rig::connected(over_websocket(Kind::WebSocket), options);
        assert!(rig.online().is_some_and(|o| o.managed && o.binding.is_some()), "{:?}", rig.events);
        assert_eq!(rig.dials[0].0, Transport::Wss);
        // the small server reads each message by itself, so every element declared its namespace
        rig.send(message("hello"));
        let from = "bob@wonderland.example";
        rig.server.deliver(format!("<message xmlns='jabber:client' from='{from}'><body>hi</body></message>"));
        rig.run();
        assert!(rig.events.iter().any(|e| matches!(e, Event::Stanza(_))), "{:?}", rig.events);
        assert_eq!(rig.server.got.len(), 1);
        rig.client.close(rig.now);
        rig.run();
        assert!(rig.server.ended && !rig.is_connected());
        assert_eq!(rig.final_error(), Some(&Error::Closed));
    }
}

//= rfc7395#3.9/ignore-tls test
#[test]
fn starttls_is_not_asked_for_there() {
    let mut rig = Rig::connected(over_websocket(Kind::WebSocket), Options { mute: true, ..Options::default() });
    rig.say("<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' version='1.0' id='1'/>");
    let starttls = format!("<starttls xmlns='{}'><required/></starttls>", ns::TLS);
    rig.say(&format!("<stream:features xmlns:stream='{}'>{starttls}</stream:features>", ns::STREAMS));
    assert!(matches!(rig.final_error(), Some(Error::Sasl(_))), "{:?}", rig.events);
    assert!(rig.server.seen.iter().all(|e| e.ns() != ns::TLS));
    // nor in the clear, where nothing is done at all
    let mut config = over_websocket(Kind::InsecureWebSocket);
    config.insecure = true; // without this it is not even dialled
    let mut rig = Rig::connected(config, Options { mute: true, ..Options::default() });
    rig.say("<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' version='1.0' id='1'/>");
    rig.say(&format!("<stream:features xmlns:stream='{}'>{starttls}</stream:features>", ns::STREAMS));
    assert!(matches!(rig.final_error(), Some(Error::Sasl(_))), "{:?}", rig.events);
}

//= rfc7395#3.8/whitespace test
//= rfc7395#3.8/stanzas test
#[test]
fn no_spaces_between_messages() {
    let mut config = over_websocket(Kind::WebSocket);
    config.timing.ping = Duration::ZERO; // which would be due at the same time
    let mut rig = Rig::connected(config, Options::default());
    rig.server.seen.clear();
    let before = rig.passed[1];
    rig.pass(rig.client.config().timing.whitespace);
    let passed = rig.passed[1] - before;
    assert!(rig.server.seen.iter().any(|e| e.name() == "r"), "{:?}", rig.server.seen);
    assert_eq!(passed, "<r xmlns='urn:xmpp:sm:3'/>".len());
}

//= rfc7395#3.10/resume test
//= rfc7395#3.10/management test
#[test]
fn sessions_are_resumed_there_too() {
    let mut rig = Rig::connected(over_websocket(Kind::WebSocket), Options::default());
    rig.server.options.mute = true;
    rig.send(message("again"));
    rig.server.options.mute = false;
    rig.drop_connection();
    rig.pass(Duration::from_secs(2));
    assert!(rig.online().is_some_and(|online| online.resumed), "{:?}", rig.events);
    assert_eq!(rig.server.got.len(), 1);
}

//= rfc7395#3.6.1/lower test
#[test]
fn another_address_is_told_and_not_followed() {
    let mut rig = Rig::connected(over_websocket(Kind::WebSocket), Options::default());
    rig.say("<close xmlns='urn:ietf:params:xml:ns:xmpp-framing' see-other-uri='wss://evil.example/'/>");
    assert_eq!(rig.final_error(), Some(&Error::Elsewhere));
    assert_eq!(rig.client.state(), State::Idle);
}
