//! Connections break anywhere; sessions go on: nothing lost, nothing doubled (XEP-0198).

mod common;

use std::time::Duration;

use common::{Options, Rig, body, config, message};
use rfc3920::stream::{Config, Error, Event, StanzaId, State};
use wire::{CloseReason, Rng};

const SECOND: Duration = Duration::from_secs(1);

/// Bodies of the messages that the client told, and that the server handled.
fn bodies(rig: &Rig) -> (Vec<String>, Vec<String>) {
    let told = rig.events.iter().filter_map(|event| match event {
        Event::Stanza(stanza) if stanza.name() == "message" => Some(body(stanza)),
        _ => None,
    });
    (told.collect(), rig.server.got.iter().filter(|e| e.name() == "message").map(body).collect())
}

fn delivered(rig: &Rig) -> Vec<StanzaId> {
    rig.events.iter().flat_map(|e| if let Event::Delivered { ids } = e { ids.clone() } else { Vec::new() }).collect()
}

fn from_server(n: u32) -> String {
    let from = "bob@wonderland.example/desk";
    format!("<message xmlns='jabber:client' from='{from}'><body>{n}</body></message>")
}

/// A configuration whose keys are derived already, so that a thousand logins cost little.
fn prepared(options: Options) -> Config {
    let mut config = Rig::connected(config(), options).client.config().clone();
    config.policy.pinned = None; // servers of one seed repeat their nonces, which would be noticed
    config
}

/// Both sides send while the connection breaks where `cut` says, and once more when it is back.
fn converse(rig: &mut Rig, cut: impl FnMut(&mut Rig)) -> Vec<StanzaId> {
    let mut cut = cut;
    let mut ids = Vec::new();
    for n in 0..4 {
        cut(rig);
        ids.push(
            rig.client.send(rig.now, message(&n.to_string())).unwrap_or_else(|e| panic!("{e}: {:#?}", rig.events)),
        );
        rig.server.deliver(from_server(n));
        rig.run();
        rig.pass(SECOND * 2);
    }
    rig.cut = [None, None];
    rig.pass(SECOND * 60);
    ids
}

fn check(rig: &Rig, ids: &[StanzaId], what: &str) {
    let all: Vec<_> = (0..4).map(|n| n.to_string()).collect();
    let (told, got) = bodies(rig);
    assert_eq!(got, all, "the server, {what}: {:#?}", rig.events);
    assert_eq!(told, all, "the client, {what}: {:#?}", rig.events);
    assert_eq!(delivered(rig), ids, "{what}");
    assert!(!rig.events.iter().any(|e| matches!(e, Event::Lost { .. })), "{what}");
    assert_eq!(rig.client.unacked(), 0, "{what}");
}

/// Cuts the session's first connection, or the one that is to resume it, at every `step`th of its bytes in turn. Returns
/// how many there are.
fn cut_everywhere(config: &Config, options: &Options, side: usize, resuming: bool, step: usize) -> usize {
    for at in (0..).step_by(step) {
        let mut rig = Rig::new(config.clone(), options.clone());
        rig.connect();
        rig.take();
        if resuming {
            rig.drop_connection();
            rig.cut[side] = Some(at);
        } else {
            rig.cut[side] = Some(rig.passed[side] + at);
        }
        let first = if resuming { 2 } else { 1 };
        let ids = converse(&mut rig, |rig| {
            if rig.dials.len() > first {
                rig.cut = [None, None];
            }
        });
        check(&rig, &ids, &format!("cut at {at} of side {side}, resuming: {resuming}"));
        if rig.dials.len() == first {
            return at;
        }
    }
    0
}

fn cut_everywhere_of(side: usize) {
    // the bytes of a session are the same with both logins, so the second one takes its time for the resumption
    for (options, steps) in [(Options::default(), [1, 3]), (Options::modern(), [29, 1])] {
        let config = prepared(options.clone());
        for (resuming, step) in [(false, steps[0]), (true, steps[1])] {
            let bytes = cut_everywhere(&config, &options, side, resuming, step);
            assert!(bytes > 400, "only {bytes} bytes");
        }
    }
}

//= xep-0198#5/resend test
#[test]
fn a_cut_at_every_byte_to_the_client() {
    cut_everywhere_of(0);
}

//= xep-0198#5/resend test
#[test]
fn a_cut_at_every_byte_to_the_server() {
    cut_everywhere_of(1);
}

//= xep-0198#5/resend test
#[test]
fn cuts_at_random_again_and_again() {
    for options in [Options::default(), Options::modern()] {
        let config = prepared(options.clone());
        for seed in 0..100 {
            let mut rng = Rng::from_u64(seed);
            let mut rig = Rig::seeded(config.clone(), options.clone(), seed);
            rig.connect();
            rig.take();
            let ids = converse(&mut rig, |rig| {
                for side in 0..2 {
                    rig.cut[side] = rng.chance(0.7).then(|| rig.passed[side] + rng.below(4_000) as usize);
                }
            });
            check(&rig, &ids, &format!("seed {seed}"));
        }
    }
}

#[test]
fn resumed_and_new_sessions_are_told_apart() {
    let mut rig = Rig::connected(config(), Options::default());
    rig.take();
    rig.drop_connection();
    assert_eq!(
        rig.offline().map(|(e, again)| (e.clone(), again.is_some())),
        Some((Error::Connection(CloseReason::Reset), true))
    );
    rig.pass(SECOND * 2);
    assert!(rig.online().is_some_and(|online| online.resumed), "{:?}", rig.events);
    rig.take();
    // the server forgets the session: bind comes before enable
    rig.server.kept = None;
    rig.drop_connection();
    let kept = rig.client.send(rig.now, message("to whom?")).expect("kept for the session");
    rig.pass(SECOND * 3);
    assert!(rig.online().is_some_and(|online| !online.resumed && online.managed), "{:?}", rig.events);
    let names: Vec<_> = rig.server.seen.iter().map(|e| e.name()).collect();
    assert_eq!(names, ["starttls", "auth", "response", "resume", "iq", "enable"]);
    let lost: Vec<_> =
        rig.events.iter().filter_map(|e| if let Event::Lost { stanzas } = e { Some(stanzas) } else { None }).collect();
    assert_eq!(lost.len(), 1);
    assert_eq!(
        lost[0].iter().map(|(id, stanza)| (*id, body(stanza))).collect::<Vec<_>>(),
        [(kept, "to whom?".to_owned())]
    );
    assert!(rig.server.got.is_empty(), "what is given back is not sent as well");
}

//= xep-0198#3/resume-offered test
#[test]
fn a_session_without_resumption_is_lost_with_its_connection() {
    for enabled in ["", "id='x'", "id='x' resume='false'", "resume='true'", "id='' resume='1'"] {
        without_resumption(Options { resume: false, enabled, ..Options::default() });
    }
}

fn without_resumption(options: Options) {
    let mut rig = Rig::connected(config(), options);
    rig.client.send(rig.now, message("one")).unwrap();
    rig.drop_connection();
    assert!(rig.events.iter().any(|e| matches!(e, Event::Lost { stanzas } if stanzas.len() == 1)), "{:?}", rig.events);
    assert!(rig.client.send(rig.now, message("two")).is_err());
    rig.pass(SECOND * 2);
    assert!(rig.online().is_some_and(|online| !online.resumed));
}

#[test]
fn the_failed_resumption_may_say_what_arrived() {
    // by an element of its own, and within the success of SASL2
    for options in [Options::default(), Options { bind2: false, ..Options::modern() }, Options::modern()] {
        for (failed, arrived) in [("h='1'", 1), ("h='0'", 0), ("", 0)] {
            let mut rig = Rig::connected(config(), Options { failed, ..options.clone() });
            rig.server.options.mute = true;
            let first = rig.send(message("arrived"));
            let second = rig.send(message("did not"));
            rig.drop_connection();
            rig.take();
            (rig.server.options.mute, rig.server.kept) = (false, None);
            rig.pass(SECOND * 2);
            assert!(rig.online().is_some_and(|online| !online.resumed), "{:?}", rig.events);
            let lost =
                rig.events.iter().find_map(|e| if let Event::Lost { stanzas } = e { Some(stanzas) } else { None });
            let lost: Vec<_> = lost.into_iter().flatten().map(|(id, _)| *id).collect();
            assert_eq!(
                (delivered(&rig), lost),
                ([first, second][..arrived].to_vec(), [first, second][arrived..].to_vec())
            );
        }
        let mut rig = Rig::connected(config(), Options { failed: "h='1'", ..options });
        rig.drop_connection();
        rig.server.kept = None;
        rig.pass(SECOND * 2);
        let expected = "handled-count-too-high";
        assert!(matches!(rig.final_error(), Some(Error::Protocol { condition, .. }) if *condition == expected));
    }
}

//= xep-0198#4/too-high test
//= rfc6120#4.9.3.21/with-application test
#[test]
fn counts_that_cannot_be_end_the_stream() {
    // more than was sent; less than before; no number
    for (h, ends) in [("2", true), ("1", false), ("0", true), ("4294967295", true), ("x", true), ("-1", true)] {
        let mut rig = Rig::connected(config(), Options::default());
        rig.send(message("one"));
        rig.say("<a xmlns='urn:xmpp:sm:3' h='1'/>");
        rig.say(&format!("<a xmlns='urn:xmpp:sm:3' h='{h}'/>"));
        assert_eq!(rig.final_error().is_some(), ends, "h={h}: {:?}", rig.events);
        if ends && h.parse::<u32>().is_ok() {
            assert!(matches!(rig.final_error(), Some(Error::Protocol { condition: "handled-count-too-high", .. })));
        }
        assert_eq!(rig.client.state() == State::Online, !ends);
    }
}

//= xep-0198#5/previd test
#[test]
fn another_session_than_the_one_asked_for_is_refused() {
    for options in [Options::default(), Options::modern()] {
        let mut rig = Rig::connected(config(), options);
        rig.server.options.previd = Some("mallory");
        rig.drop_connection();
        rig.take();
        rig.pass(SECOND * 2);
        assert!(matches!(rig.final_error(), Some(Error::Protocol { .. })), "{:?}", rig.events);
        assert!(rig.online().is_none());
    }
}

#[test]
fn acks_are_asked_for_by_count_and_by_time() {
    let mut config = config();
    config.limits.ack_every = 3;
    let mut rig = Rig::connected(config, Options::default());
    let asked = |rig: &Rig| rig.server.seen.iter().filter(|e| e.name() == "r").count();
    for n in 0..7 {
        rig.send(message(&n.to_string()));
    }
    assert_eq!((asked(&rig), rig.client.unacked()), (2, 1));
    rig.pass(rig.client.config().timing.ack);
    assert_eq!((asked(&rig), rig.client.unacked()), (3, 0));
}

//= xep-0198#4/answer test
#[test]
fn ack_requests_are_answered_once_for_all_that_came_together() {
    let mut rig = Rig::connected(config(), Options::default());
    rig.server.kept.as_mut().unwrap().queue.push_back(String::new());
    rig.say(&format!("{}{}", from_server(1), "<r xmlns='urn:xmpp:sm:3'/>".repeat(1_000)));
    let answers: Vec<_> = rig.server.seen.iter().filter(|e| e.name() == "a").collect();
    assert_eq!(answers.len(), 1);
    assert_eq!(answers[0].get("h"), Some("1"));
}

#[test]
fn what_is_not_acknowledged_is_bounded() {
    let mut config = config();
    config.limits.unacked = 5;
    let mut rig = Rig::connected(config, Options::default());
    rig.server.options.mute = true;
    let sent = (0..9).filter(|n| rig.client.send(rig.now, message(&n.to_string())).is_ok()).count();
    assert_eq!(sent, 5);
    assert_eq!(rig.client.unacked(), 5);
}

//= xep-0198#5/lost test
#[test]
fn a_session_that_the_server_keeps_no_longer_is_given_up() {
    let mut config = config();
    config.timing.backoff = SECOND * 100;
    config.timing.backoff_limit = SECOND * 100;
    let mut rig = Rig::connected(config, Options { enabled: "max='20'", ..Options::default() });
    rig.server.options.mute = true;
    rig.client.send(rig.now, message("one")).unwrap();
    rig.drop_connection();
    rig.pass(SECOND * 19);
    assert!(!rig.events.iter().any(|e| matches!(e, Event::Lost { .. })));
    rig.pass(SECOND * 2);
    assert!(rig.events.iter().any(|e| matches!(e, Event::Lost { .. })));
}

#[test]
fn the_session_is_resumed_where_the_server_would_like_it() {
    let options = Options { enabled: "location='[2001:db8::7]:5299'", ..Options::default() };
    let mut rig = Rig::connected(config(), options);
    rig.drop_connection();
    rig.pass(SECOND * 2);
    assert!(rig.online().is_some_and(|online| online.resumed));
    assert_eq!(rig.dials[1].1, "[2001:db8::7]:5299");
    // and where that is not to be reached, at the usual place
    rig.refuse = vec![CloseReason::Refused];
    rig.drop_connection();
    rig.pass(SECOND * 2);
    assert_eq!(rig.dials[3].1, "192.0.2.1:5222");
}

//= xep-0198#4/too-high test
#[test]
fn what_waits_for_a_connection_cannot_have_arrived() {
    let mut rig = Rig::connected(config(), Options::default());
    rig.drop_connection();
    rig.client.send(rig.now, message("waits")).expect("kept");
    rig.server.kept.as_mut().expect("a session").handled = 1;
    rig.pass(SECOND * 2);
    assert!(matches!(rig.final_error(), Some(Error::Protocol { condition: "handled-count-too-high", .. })));
    assert!(delivered(&rig).is_empty() && rig.events.iter().any(|e| matches!(e, Event::Lost { .. })));
}
