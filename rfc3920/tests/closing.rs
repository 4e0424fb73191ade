//! A stream that the application closes: whatever comes then, nothing follows the end of ours, and the end is told as one.

mod common;

use std::time::Duration;

use common::{Options, Rig, config};
use rfc3920::ns;
use rfc3920::stream::{Error, Event, State};

const HEADER: &str = "<stream:stream xmlns='jabber:client' version='1.0' \
                      xmlns:stream='http://etherx.jabber.org/streams' id='1' from='wonderland.example'>";

/// Everything that ends a stream which is not closing.
fn last_words() -> Vec<String> {
    let streams = ns::STREAMS;
    vec![
        "</stream:stream>".into(),
        format!("<error xmlns='{streams}'><conflict xmlns='{}'/></error>", ns::STREAM_ERRORS),
        format!("<error xmlns='{streams}'><system-shutdown xmlns='{}'/></error>", ns::STREAM_ERRORS),
        "<a></b>".into(),
        "<!-- -->".into(),
        "text".into(),
        "<message xmlns='jabber:server'/>".into(),
        "<a xmlns='urn:xmpp:sm:3' h='77'/>".into(),
        "<a xmlns='urn:xmpp:sm:3'/>".into(),
        HEADER.into(),
        String::new(),
    ]
}

/// Closed, and nothing else was ever told or written.
fn closed(rig: &mut Rig, sent: usize, what: &str) {
    rig.pass(Duration::from_secs(3_600));
    assert_eq!((rig.client.state(), rig.dials.len()), (State::Idle, 1), "{what}");
    assert_eq!(rig.final_error(), Some(&Error::Closed), "{what}");
    assert_eq!(rig.events.iter().filter(|e| matches!(e, Event::Offline { .. })).count(), 1, "{what}");
    assert_eq!(rig.passed[1], sent, "{what}");
}

//= rfc6120#4.4/refrain test
//= rfc9266#4.1/close test
#[test]
fn nothing_follows_the_end_of_a_session() {
    for words in last_words() {
        let mut rig = Rig::connected(config(), Options::default());
        rig.server.options.mute = true;
        rig.client.close(rig.now);
        rig.run();
        let sent = rig.passed[1];
        rig.say(&words);
        closed(&mut rig, sent, &words);
    }
}

//= rfc6120#4.4/refrain test
#[test]
fn a_stream_is_closed_before_the_server_has_opened_its_own() {
    for words in last_words() {
        let mut rig = Rig::connected(config(), Options { mute: true, ..Options::default() });
        assert_eq!(rig.client.state(), State::Opening);
        rig.client.close(rig.now);
        rig.run();
        let sent = rig.passed[1];
        rig.say(&format!("{HEADER}<stream:features><starttls xmlns='{}'/></stream:features>", ns::TLS));
        rig.say(&words);
        closed(&mut rig, sent, &words);
    }
}
