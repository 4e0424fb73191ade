//! From nothing to a session, by every way there is.

mod common;

use common::{Options, Rig, config};
use rfc3920::ns;
use rfc3920::sasl::{Binding, Hash, Mechanism};
use rfc3920::stream::{Kind, State, Target};
use wire::Transport;

//= rfc6120#4.3.3/new-header test
//= rfc6120#4.3.3/no-end test
//= rfc6120#4.7.3/no-id test
//= rfc6120#4.7.5/set test
//= rfc6120#5.3.4/order test
//= rfc6120#7.4/bind test
//= rfc6120#7.3.2/no-restart test
//= rfc6120#8.1.1.1/direct test
//= rfc6120#6.4.6/restart test
//= xep-0198#3/after-bind test
//= rfc6120#4.7.1/from test
//= rfc6120#4.7.2/to test
//= rfc6120#4.8.3/client-default test
//= rfc6120#3.1/tcp test
//= rfc6120#4.3.2/go-on test
//= rfc6120#4.3.3/connection-stays test
//= rfc6120#5.2/support test
//= rfc6120#6.2/support test
//= rfc6120#7.2/support test
//= rfc6120#13.6/strong test
#[test]
fn starttls_scram_bind() {
    let rig = Rig::connected(config(), Options::default());
    let online = rig.online().unwrap_or_else(|| panic!("{:?}", rig.events));
    assert!(!online.resumed && online.managed);
    assert_eq!(online.mechanism, Mechanism::ScramPlus(Hash::Sha256));
    assert_eq!(online.binding, Some(Binding::Exporter));
    assert_eq!(online.jid.bare().as_str(), common::ALICE);
    assert_eq!(rig.client.state(), State::Online);
    assert_eq!(rig.dials, [(Transport::Tcp, "192.0.2.1:5222".to_owned())]);
    let headers = &rig.server.headers;
    assert_eq!(headers.len(), 3);
    assert!(!rig.server.ended && headers.iter().all(|header| header.id.is_none()));
    assert!(rig.server.seen.iter().all(|element| element.get("to").is_none()));
    assert!(headers.iter().all(|h| h.to.as_deref() == Some("wonderland.example") && h.version == Some((1, 0))));
    let from: Vec<_> = headers.iter().map(|h| h.from.as_deref()).collect();
    assert_eq!(from, [None, Some(common::ALICE), Some(common::ALICE)]);
    let names: Vec<_> = rig.server.seen.iter().map(|e| e.name()).collect();
    assert_eq!(names, ["starttls", "auth", "response", "iq", "enable"]);
}

#[test]
fn in_pieces_of_any_size() {
    for piece in [1, 2, 3, 7, 64] {
        let mut rig = Rig::new(config(), Options::default());
        rig.piece = piece;
        rig.connect();
        assert!(rig.online().is_some(), "in pieces of {piece}: {:?}", rig.events);
    }
}

#[test]
fn direct_tls() {
    let mut config = config();
    config.targets = vec![Target::new("192.0.2.1", 5223, Kind::DirectTls)];
    let rig = Rig::connected(config, Options::default());
    assert!(rig.online().is_some(), "{:?}", rig.events);
    assert_eq!(rig.dials[0].0, Transport::Tls);
    assert_eq!(rig.server.headers.len(), 2);
    assert!(rig.server.headers.iter().all(|h| h.from.is_some()));
}

//= xep-0388#1/features-follow test
//= xep-0386#1/inline test
//= rfc6120#8.1.1.1/absent-to test
#[test]
fn sasl2_binds_in_one_round_trip() {
    let rig = Rig::connected(config(), Options::modern());
    let online = rig.online().unwrap_or_else(|| panic!("{:?}", rig.events));
    assert!(online.managed && online.carbons && online.offers(ns::SM, "sm"));
    assert!(online.jid.resource().is_some_and(|resource| resource.starts_with("wireworks.")));
    let names: Vec<_> = rig.server.seen.iter().map(|e| e.name()).collect();
    assert_eq!(names, ["starttls", "authenticate", "response"]);
    assert_eq!(rig.server.headers.len(), 2);
}

//= rfc6120#4.3.6/as-told test
//= rfc6120#7.7/wish test
//= rfc6120#7.7.3/retries test
#[test]
fn the_server_chooses_where_nothing_or_something_taken_is_wished() {
    let mut wishful = config();
    wishful.jid = rfc3920::jid::Jid::parse("alice@wonderland.example/garden").unwrap();
    let rig = Rig::connected(wishful.clone(), Options::default());
    assert_eq!(rig.online().unwrap().jid.resource(), Some("garden"));
    let rig = Rig::connected(wishful, Options { taken: vec!["garden"], ..Options::default() });
    let chosen = rig.online().unwrap_or_else(|| panic!("{:?}", rig.events)).jid.resource().unwrap().to_owned();
    assert_ne!(chosen, "garden");
    assert_eq!(rig.server.seen.iter().filter(|e| e.find(ns::BIND, "bind").is_some()).count(), 2);
}

#[test]
fn a_session_of_old_is_asked_for_only_where_it_must_be() {
    for (session, is_asked) in [("<optional/>", false), ("", true)] {
        for management in [false, true] {
            let rig = Rig::connected(config(), Options { session, management, ..Options::default() });
            let asked = rig.server.got.iter().any(|e| e.find(ns::SESSION, "session").is_some());
            assert_eq!((asked, rig.online().is_some()), (is_asked, true));
        }
    }
}

#[test]
fn without_stream_management() {
    let rig = Rig::connected(config(), Options { management: false, ..Options::default() });
    assert!(!rig.online().unwrap().managed);
    let mut plain = config();
    plain.management = false;
    let rig = Rig::connected(plain, Options::default());
    assert!(!rig.online().unwrap().managed);
}

//= rfc6120#6.4.5/next test
#[test]
fn a_token_saves_the_password_and_a_refused_one_leads_back_to_it() {
    let mut config = config();
    config.user_agent = Some(rfc3920::stream::UserAgent {
        id: "d4565fa7-4d72-4749-b3d3-740edbf87770".into(),
        software: Some("a test".into()),
        device: None,
    });
    let mut rig = Rig::connected(config, Options::modern());
    assert!(rig.events.iter().any(|e| matches!(e, rfc3920::stream::Event::Token(_))), "{:?}", rig.events);
    rig.client.close(rig.now);
    rig.run();
    rig.take();
    rig.connect();
    let online = rig.online().unwrap_or_else(|| panic!("{:?}", rig.events));
    assert_eq!(online.mechanism, Mechanism::Token(Some(Binding::Exporter)));
    let names: Vec<_> = rig.server.seen.iter().map(|e| e.name()).collect();
    assert_eq!(names, ["starttls", "authenticate"]);
    rig.client.close(rig.now);
    rig.run();
    rig.take();
    rig.server.tokens.clear();
    rig.connect();
    let online = rig.online().unwrap_or_else(|| panic!("{:?}", rig.events));
    assert_eq!(online.mechanism, Mechanism::ScramPlus(Hash::Sha256));
}

#[test]
fn closing_waits_for_the_other_side() {
    let mut rig = Rig::connected(config(), Options::default());
    rig.send(common::message("farewell"));
    rig.client.close(rig.now);
    rig.run();
    assert!(rig.server.ended && !rig.is_connected());
    assert_eq!(rig.final_error(), Some(&rfc3920::stream::Error::Closed));
    // what it had was acknowledged with its last words
    assert!(rig.events.iter().any(|e| matches!(e, rfc3920::stream::Event::Delivered { .. })), "{:?}", rig.events);
    assert_eq!(rig.client.state(), State::Idle);
}

//= rfc6120#4.4/void test
#[test]
fn closing_gives_up_on_a_silent_server() {
    let mut rig = Rig::connected(config(), Options::default());
    rig.server.options.mute = true;
    rig.client.close(rig.now);
    rig.run();
    assert_eq!(rig.client.state(), State::Closing);
    rig.pass(rig.client.config().timing.close);
    assert_eq!(rig.final_error(), Some(&rfc3920::stream::Error::Closed));
    assert!(!rig.is_connected());
}

#[test]
fn the_trace_hides_what_logs_in() {
    for options in [Options::default(), Options::modern()] {
        let mut config = config();
        config.raw = true;
        config.user_agent = Some(rfc3920::stream::UserAgent { id: "d4565fa7".into(), software: None, device: None });
        let rig = Rig::connected(config, options);
        let trace: String = rig
            .events
            .iter()
            .filter_map(|e| match e {
                rfc3920::stream::Event::Raw { sent, text } => {
                    Some(format!("{} {text}\n", if *sent { ">" } else { "<" }))
                }
                _ => None,
            })
            .collect();
        assert!(trace.contains("<stream:stream") && trace.contains("***"), "{trace}");
        for token in &rig.server.tokens {
            assert!(!trace.contains(token.as_str()), "{trace}");
        }
        for secret in rig.server.seen.iter().flat_map(|e| [e.text().into_owned()]).filter(|t| t.len() > 8) {
            assert!(!trace.contains(&secret), "{secret} in {trace}");
        }
        assert!(!format!("{:?} {:?}", rig.client.config(), rig.events).contains("looking-glass"));
    }
}

/// What was once done is asked for the next time, too, whoever cut the list meanwhile.
//= xep-0474#7/no-plain-after-scram test
#[test]
fn a_weaker_login_than_the_last_one_is_not_begun() {
    for options in [Options::default(), Options::modern()] {
        let mut rig = Rig::connected(config(), options);
        let pin = rig.client.config().policy.pinned.clone().expect("something to remember");
        assert_eq!(pin.mechanism, Mechanism::ScramPlus(Hash::Sha256));
        rig.server.options.mechanisms = vec!["SCRAM-SHA-256", "PLAIN"];
        rig.drop_connection();
        rig.pass(std::time::Duration::from_secs(2));
        let stripped = rfc3920::stream::Error::Sasl(rfc3920::sasl::Error::BindingStripped);
        assert_eq!(rig.final_error(), Some(&stripped));
        assert!(!rig.server.seen.iter().any(|e| matches!(e.name(), "auth" | "authenticate")));
    }
}
