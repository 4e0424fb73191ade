//! What people do with it: contacts, messages, receipts, and broken connections.

mod common;

use std::time::Duration;

use common::{ALICE, BOB, House, ROOM, World, config, jid, messages};
use rfc3921::chat_states::ChatState;
use rfc3921::session::{Event, Text, Way};
use sim::HostId;

/// Alice and Bob, who know each other.
fn two() -> (World, HostId, HostId) {
    let mut world = World::new(House::new().friends(ALICE, BOB));
    let (alice, bob) = (world.add(config(ALICE)), world.add(config(BOB)));
    (world, alice, bob)
}

#[test]
fn a_session_gets_ready() {
    let (mut world, alice, bob) = two();
    assert!(world.session(alice).is_ready() && world.session(bob).is_ready(), "{:#?}", world.told);
    assert_eq!(world.session(alice).roster().len(), 1);
    assert_eq!(world.session(alice).roster().ver.as_deref(), Some("v1"));
    assert_eq!(world.session(alice).resources(&jid(BOB)).count(), 1);
    let events = world.take(bob);
    assert!(events.iter().any(|event| matches!(event, Event::Ready)));
    assert!(events.iter().any(|event| matches!(event, Event::CaughtUp { complete: true, .. })));
}

//= rfc6120#8.1.1.1/named test
//= rfc6120#8.1.3/recommended test
#[test]
fn a_message_arrives_once_and_is_acknowledged() {
    let (mut world, alice, bob) = two();
    let id = world.act(alice, |alice, now| alice.say(now, &jid(BOB), Text::from("Why is a raven?"))).unwrap();
    world.pass(Duration::from_secs(10));
    let got = world.messages(bob);
    assert_eq!(got.len(), 1);
    assert_eq!((got[0].text.as_str(), got[0].way, got[0].own), ("Why is a raven?", Way::Live, false));
    assert_eq!((got[0].with.as_str(), got[0].id.as_deref()), (ALICE, Some(id.as_str())));
    assert!(got[0].stanza_id.is_some());
    let told = world.take(alice);
    let sent = |event: &Event| matches!(event, Event::Sent { id: of, .. } if *of == id);
    assert_eq!(told.iter().filter(|event| sent(event)).count(), 1, "{told:#?}");
    assert!(
        told.iter().any(|event| matches!(event, Event::Receipt { id: of, with, .. } if *of == id && *with == jid(BOB)))
    );
    assert!(messages(told).is_empty());
}

#[test]
fn without_acknowledgements_a_ping_tells_that_it_is_sent() {
    let mut world = World::new(House::plain().friends(ALICE, BOB));
    let alice = world.add(config(ALICE));
    let id = world.act(alice, |alice, now| alice.say(now, &jid(BOB), Text::from("Anybody?"))).unwrap();
    assert!(world.take(alice).iter().any(|event| matches!(event, Event::Sent { id: of, .. } if *of == id)));
}

#[test]
fn another_client_gets_copies() {
    let (mut world, alice, bob) = two();
    let second = world.add(config(BOB));
    world.take(second);
    let phone = world.session(bob).jid().unwrap().clone();
    world.act(alice, |alice, now| alice.say(now, &phone, Text::from("to the phone"))).unwrap();
    world.act(bob, |bob, now| bob.say(now, &jid(ALICE), Text::from("from the phone"))).unwrap();
    let got = world.messages(second);
    let told: Vec<_> = got.iter().map(|m| (m.text.as_str(), m.way, m.own, m.with.as_str())).collect();
    assert_eq!(told, [("to the phone", Way::Carbon, false, ALICE), ("from the phone", Way::Carbon, true, ALICE)]);
    assert_eq!(world.texts(bob), ["to the phone"]);
}

//= xep-0198#8/resend test
//= xep-0313#7/after-bind2 test
#[test]
fn a_broken_connection_loses_and_doubles_nothing() {
    for forget in [false, true] {
        let (mut world, alice, bob) = two();
        world.take(alice);
        world.take(bob);
        for n in 0..5 {
            world.command(alice, |alice, now| alice.say(now, &jid(BOB), Text::from(&*format!("{n}"))).unwrap());
            if n == 2 {
                world.net.run_for(Duration::from_millis(1));
                world.break_connections(forget);
            }
        }
        world.pass(Duration::from_secs(120));
        assert!(world.session(alice).is_ready() && world.session(bob).is_ready());
        let mut texts = world.texts(bob);
        texts.sort(); // what was lost comes after what went out at once
        assert_eq!(texts, ["0", "1", "2", "3", "4"], "forget: {forget}");
        let told = world.take(alice);
        assert_eq!(told.iter().filter(|event| matches!(event, Event::Sent { .. })).count(), 5, "{told:#?}");
        assert!(messages(told).is_empty());
    }
}

//= xep-0313#3.4/page test
#[test]
fn what_was_missed_comes_from_the_archive_in_pages() {
    let mut world = World::new(House::new().friends(ALICE, BOB));
    let bob = world.add(config(BOB));
    let mut small = config(ALICE);
    (small.limits.page, small.limits.first_page) = (3, 2);
    let alice = world.add(small.clone());
    world.act(bob, |bob, now| bob.say(now, &jid(ALICE), Text::from("live"))).unwrap();
    assert_eq!(world.texts(alice), ["live"]);
    let saved = world.session(alice).saved();
    world.act(alice, |alice, now| alice.close(now));
    for n in 0..10 {
        world.act(bob, |bob, now| bob.say(now, &jid(ALICE), Text::from(&*n.to_string()))).unwrap();
    }
    world.take(alice);
    let pages = world.house().pages;
    let again = world.add_saved(small, saved);
    world.pass(Duration::from_secs(10));
    let got = world.messages(again);
    assert_eq!(
        got.iter().map(|m| m.text.clone()).collect::<Vec<_>>(),
        (0..10).map(|n| n.to_string()).collect::<Vec<_>>()
    );
    assert!(got.iter().all(|m| m.way == Way::Archive));
    assert_eq!(world.house().pages - pages, 4);
    let saved = world.session(again).saved();
    assert_eq!(saved.positions[&jid(ALICE)], got[9].stanza_id.clone().unwrap());
}

#[test]
fn what_is_written_offline_goes_out_later() {
    let (mut world, alice, bob) = two();
    world.act(alice, |alice, now| alice.close(now));
    world.act(alice, |alice, now| alice.say(now, &jid(BOB), Text::from("later"))).unwrap();
    assert!(world.texts(bob).is_empty());
    world.act(alice, |alice, now| alice.connect(now)).unwrap();
    assert_eq!(world.texts(bob), ["later"]);
}

//= xep-0085#5.3/no-repeat test
#[test]
fn writing_is_told_once_and_to_contacts_alone() {
    let (mut world, alice, bob) = two();
    world.take(bob);
    for _ in 0..3 {
        world.act(alice, |alice, now| alice.chat_state(now, &jid(BOB), ChatState::Composing)).unwrap();
    }
    let states = |events: Vec<Event>| events.iter().filter(|event| matches!(event, Event::ChatState { .. })).count();
    assert_eq!(states(world.take(bob)), 1);
    let stranger = jid("queen@wonderland.example");
    world.act(alice, |alice, now| alice.chat_state(now, &stranger, ChatState::Composing)).unwrap();
    assert!(!world.house().got.iter().any(|(_, stanza)| stanza.get("to") == Some(stranger.as_str())));
}

#[test]
fn history_is_given_on_request() {
    let (mut world, alice, bob) = two();
    for n in 0..5 {
        world.act(bob, |bob, now| bob.say(now, &jid(ALICE), Text::from(&*n.to_string()))).unwrap();
    }
    world.take(alice);
    let request = world.act(alice, |alice, now| alice.history(now, &jid(BOB), None, 2)).unwrap();
    let told = world.take(alice);
    let history = told.iter().find_map(|event| match event {
        Event::Answer { request: of, result: Ok(rfc3921::session::Answer::History(history)) } if *of == request => {
            Some(history)
        }
        _ => None,
    });
    let history = history.unwrap_or_else(|| panic!("{told:#?}"));
    assert_eq!(history.messages.iter().map(|m| m.text.as_str()).collect::<Vec<_>>(), ["3", "4"]);
    assert!(!history.fin.complete && messages(told.clone()).is_empty());
}

#[test]
fn what_arrived_without_acknowledgement_is_not_sent_again() {
    let (mut world, alice, bob) = two();
    world.act(bob, |bob, now| bob.join(now, &jid(ROOM), "bob", None)).unwrap();
    world.act(alice, |alice, now| alice.join(now, &jid(ROOM), "alice", None)).unwrap();
    world.house().acks = false;
    world.act(alice, |alice, now| alice.say(now, &jid(BOB), "to Bob".into())).unwrap();
    world.act(alice, |alice, now| alice.say(now, &jid(ROOM), "to all".into())).unwrap();
    // what comes after it must not hide it when the archive is asked
    world.act(bob, |bob, now| bob.say(now, &jid(ALICE), "and you".into())).unwrap();
    world.act(bob, |bob, now| bob.say(now, &jid(ROOM), "and all".into())).unwrap();
    world.house().acks = true;
    world.break_connections(true);
    world.pass(Duration::from_secs(120));
    let archives = world.house().archives.clone();
    let count = |archive: &str, text: &str| {
        archives[archive].iter().filter(|(_, message)| message.to_string().contains(text)).count()
    };
    assert_eq!(
        (count(BOB, "to Bob"), count(ROOM, "to all"), count(ALICE, "and you"), count(ROOM, "and all")),
        (1, 1, 1, 1)
    );
    assert_eq!(world.texts(alice), ["and you", "and all"]);
    assert_eq!(world.texts(bob), ["to Bob", "to all"]);
}

#[test]
fn without_acknowledgements_nothing_is_lost_either() {
    let mut house = House::new().friends(ALICE, BOB);
    house.management = false;
    let mut world = World::new(house);
    let (alice, bob) = (world.add(config(ALICE)), world.add(config(BOB)));
    for n in 0..6 {
        world.command(alice, |alice, now| alice.say(now, &jid(BOB), Text::from(&*n.to_string()))).unwrap();
        if n == 3 {
            world.net.run_for(Duration::from_millis(1));
            world.break_connections(true);
        }
    }
    world.pass(Duration::from_secs(120));
    let mut texts = world.texts(bob);
    texts.sort();
    assert_eq!(texts, ["0", "1", "2", "3", "4", "5"]);
    assert_eq!(world.take(alice).iter().filter(|event| matches!(event, Event::Sent { .. })).count(), 6);
}
