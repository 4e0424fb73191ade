//! On the way to a session: silence where it is the server's turn, and what is kept of its headers.

mod common;

use std::time::Duration;

use common::{Options, Rig, config};
use rfc3920::ns;
use rfc3920::stream::State;

/// A stream header with this language.
fn header(lang: &str) -> String {
    format!(
        "<stream:stream xmlns='jabber:client' xmlns:stream='{}' id='1' from='wonderland.example' version='1.0' {lang}>",
        ns::STREAMS
    )
}

fn features(feature: &str) -> String {
    format!("<stream:features>{feature}</stream:features>")
}

//= rfc6120#5.3.3/no-space test
//= rfc6120#6.3.5/no-space test
#[test]
fn nothing_is_said_while_the_server_is_to_speak() {
    let mut config = config();
    (config.timing.whitespace, config.timing.ping) = (Duration::from_secs(1), Duration::from_secs(2));
    let steps = [
        (String::new(), State::Opening),
        (header(""), State::Features),
        (features(&format!("<starttls xmlns='{}'/>", ns::TLS)), State::StartTls),
        (format!("<proceed xmlns='{}'/>", ns::TLS), State::Opening),
        (header(""), State::Features),
        (
            features(&format!("<mechanisms xmlns='{}'><mechanism>SCRAM-SHA-1</mechanism></mechanisms>", ns::SASL)),
            State::Login,
        ),
    ];
    let mut rig = Rig::connected(config.clone(), Options { mute: true, ..Options::default() });
    for (words, state) in steps {
        rig.say(&words);
        assert_eq!(rig.client.state(), state);
        let sent = rig.passed[1];
        rig.pass(Duration::from_secs(15));
        assert_eq!((rig.client.state(), rig.passed[1]), (state, sent));
    }
    // in a session there is something to be said
    let mut rig = Rig::connected(config, Options { management: false, ..Options::default() });
    let sent = rig.passed[1];
    rig.pass(Duration::from_secs(15));
    assert!(rig.client.state() == State::Online && rig.passed[1] > sent);
}

//= rfc6120#8.1.5/default test
#[test]
fn the_language_is_that_of_the_last_header() {
    let mut rig = Rig::connected(config(), Options { mute: true, ..Options::default() });
    assert_eq!(rig.client.lang(), None);
    rig.say(&header("xml:lang='is'"));
    assert_eq!(rig.client.lang(), Some("is"));
    rig.say(&features(&format!("<starttls xmlns='{}'/>", ns::TLS)));
    rig.say(&format!("<proceed xmlns='{}'/>", ns::TLS));
    rig.say(&header("lang='de'"));
    assert_eq!(rig.client.lang(), None);
}

//= rfc6120#4.7.5/minor test
//= rfc6120#4.7.2/absent-to test
#[test]
fn later_minor_versions_are_as_good() {
    for version in ["1.0", "1.1", "1.999"] {
        let mut rig = Rig::connected(config(), Options { mute: true, ..Options::default() });
        rig.say(&header("").replace("'1.0'", &format!("'{version}'")));
        assert_eq!(rig.client.state(), State::Features, "{version}");
    }
}

//= rfc6120#4.7.4/language-tag test
//= rfc6120#4.7.4/lang test
#[test]
fn a_language_is_named_by_a_language_tag_or_not_at_all() {
    for (lang, told) in [
        ("en", true),
        ("de-CH-1996", true),
        ("x-a", true),
        ("", false),
        ("de_CH", false),
        ("1a", false),
        ("en-", false),
        ("abcdefghi", false),
        ("\u{1}", false),
    ] {
        let mut config = config();
        config.lang = Some(lang.to_owned());
        let rig = Rig::connected(config, Options::default());
        assert_eq!(rig.server.headers[0].lang.as_deref(), told.then_some(lang), "{lang:?}");
    }
}
