//! Rooms: in, within, out, and what is missed in between.

mod common;

use std::time::Duration;

use common::{ALICE, BOB, House, ROOM, World, config, jid};
use rfc3921::message::MessageType;
use rfc3921::pubsub::Item;
use rfc3921::rooms::{Affiliation, Destroy};
use rfc3921::session::{Author, CommandError, Event, LeftReason, OccupantChange, RoomEvent, RoomState, Text, Way};
use rfc3921::{bookmarks::Bookmark, ns};
use sim::HostId;

/// Alice and Bob in a room.
fn tea() -> (World, HostId, HostId) {
    let mut world = World::new(House::new());
    let (alice, bob) = (world.add(config(ALICE)), world.add(config(BOB)));
    world.act(alice, |alice, now| alice.join(now, &jid(ROOM), "alice", None)).unwrap();
    world.act(bob, |bob, now| bob.join(now, &jid(ROOM), "bob", None)).unwrap();
    (world, alice, bob)
}

/// A presence of the room, with what the room says of it.
fn presence(nick: &str, kind: &str, x: &str) -> String {
    format!("<presence from='{ROOM}/{nick}'{kind}><x xmlns='{}'>{x}</x></presence>", ns::MUC_USER)
}

fn said(world: &mut World, account: &str) -> Vec<rfc3920::xml::Element> {
    world.house().got.iter().filter(|(of, _)| of == account).map(|(_, stanza)| stanza.clone()).collect()
}

//= xep-0045#7.2.1/muc-x test
//= xep-0045#7.2.2/self-presence test
//= xep-0045#7.2.15/subject test
//= xep-0045#15.6.2/unknown test
#[test]
fn two_meet() {
    let (mut world, alice, bob) = tea();
    let room = world.session(alice).room(&jid(ROOM)).unwrap();
    assert_eq!((room.state, room.occupants.len(), room.subject.as_deref()), (RoomState::Joined, 2, Some("")));
    let told = world.room_events(alice);
    assert!(told.contains(&RoomEvent::Joined { nick: "alice".into(), created: false }));
    assert!(told.contains(&RoomEvent::Occupant { nick: "bob".into(), change: OccupantChange::Joined }));
    world.take(bob);
    let id = world.act(alice, |alice, now| alice.say(now, &jid(ROOM), Text::from("/me pours"))).unwrap();
    let got = world.messages(bob);
    assert_eq!((got.len(), got[0].message.kind, got[0].with.as_str()), (1, MessageType::Groupchat, ROOM));
    assert_eq!((rfc3921::me::action(&got[0].text), got[0].way), (Some("pours"), Way::Live));
    assert_eq!(got[0].author, Author::Nick(jid(&format!("{ROOM}/alice"))));
    let told = world.take(alice);
    assert!(common::messages(told.clone()).is_empty());
    let sent: Vec<_> = told.iter().filter(|event| matches!(event, Event::Sent { .. })).collect();
    assert!(matches!(sent[..], [Event::Sent { id: of, stanza_id, .. }] if *of == id && *stanza_id == got[0].stanza_id));
    assert!(got[0].reference().is_some());
    world.say(ALICE, &presence("alice", "", "<status code='110'/><status code='9999'/><status code='x'/>"));
    assert_eq!(world.session(alice).room(&jid(ROOM)).unwrap().state, RoomState::Joined);
    let asked = said(&mut world, ALICE);
    let join = asked.iter().find(|stanza| stanza.get("to") == Some(&*format!("{ROOM}/alice"))).unwrap();
    assert!(join.find(ns::MUC, "x").unwrap().find(ns::MUC, "history").unwrap().get("maxchars") == Some("0"));
}

//= xep-0045#7.2.8/conflict test
#[test]
fn a_nick_that_is_taken_gets_a_line() {
    let (mut world, _, _) = tea();
    let second = world.add(config(BOB));
    world.act(second, |bob, now| bob.join(now, &jid(ROOM), "alice", None)).unwrap();
    assert_eq!(world.session(second).room(&jid(ROOM)).unwrap().nick, "alice_");
    world.say(BOB, &format!("<presence from='{ROOM}/alice_' type='error'><error type='cancel'><conflict xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></presence>"));
    assert!(world.session(second).room(&jid(ROOM)).is_some()); // in already: only told
    assert!(matches!(world.room_events(second).last(), Some(RoomEvent::Refused(_))));
}

//= xep-0313#5.1/room test
#[test]
fn what_was_missed_in_a_room_comes_from_its_archive() {
    let (mut world, alice, bob) = tea();
    world.act(bob, |bob, now| bob.say(now, &jid(ROOM), Text::from("one"))).unwrap();
    assert_eq!(world.texts(alice), ["one"]);
    let saved = world.session(alice).saved();
    world.act(alice, |alice, now| alice.close(now));
    for text in ["two", "three"] {
        world.act(bob, |bob, now| bob.say(now, &jid(ROOM), Text::from(text))).unwrap();
    }
    let again = world.add_saved(config(ALICE), saved);
    world.act(again, |alice, now| alice.join(now, &jid(ROOM), "alice2", None)).unwrap();
    let got = world.messages(again);
    assert_eq!(
        got.iter().map(|m| (m.text.as_str(), m.way)).collect::<Vec<_>>(),
        [("two", Way::Archive), ("three", Way::Archive)]
    );
}

#[test]
fn a_broken_connection_loses_and_doubles_nothing_in_a_room() {
    for forget in [false, true] {
        let (mut world, alice, bob) = tea();
        world.take(bob);
        world.take(alice);
        for n in 0..4 {
            world.command(alice, |alice, now| alice.say(now, &jid(ROOM), Text::from(&*n.to_string()))).ok();
            if n == 1 {
                world.net.run_for(Duration::from_millis(1));
                world.break_connections(forget);
                world.pass(Duration::from_secs(60));
            }
        }
        world.pass(Duration::from_secs(120));
        let mut texts = world.texts(bob);
        texts.sort();
        assert_eq!(texts, ["0", "1", "2", "3"], "forget: {forget}");
        let sent = world.take(alice).into_iter().filter(|event| matches!(event, Event::Sent { .. })).count();
        assert_eq!(sent, 4, "forget: {forget}");
    }
}

//= xep-0410#3.2/results test
#[test]
fn a_room_that_forgot_us_is_entered_again() {
    let (mut world, alice, _) = tea();
    world.take(alice);
    world.house().kick_silently(ROOM);
    world.pass(Duration::from_secs(1000));
    let told = world.room_events(alice);
    assert!(told.contains(&RoomEvent::Left { reason: LeftReason::Lost }), "{told:?}");
    assert!(told.iter().any(|event| matches!(event, RoomEvent::Joined { .. })));
    // pings that nobody answers mean nothing
    world.house().silent.insert(ns::PING);
    world.pass(Duration::from_secs(3000));
    assert!(!world.room_events(alice).iter().any(|event| matches!(event, RoomEvent::Left { .. })));
}

//= xep-0045#7.6/rename test
//= xep-0045#7.6/nick test
//= xep-0045#9.1/codes test
#[test]
fn people_are_renamed_and_sent_away() {
    let (mut world, alice, bob) = tea();
    world.act(bob, |bob, now| bob.set_nick(now, &jid(ROOM), "hatter")).unwrap();
    let to = format!("{ROOM}/hatter");
    assert!(said(&mut world, BOB).iter().any(|stanza| stanza.get("to") == Some(&to)));
    world.take(alice);
    world.say(
        ALICE,
        &presence("bob", " type='unavailable'", "<item nick='hatter' role='participant'/><status code='303'/>"),
    );
    assert_eq!(
        world.room_events(alice),
        [RoomEvent::Occupant { nick: "bob".into(), change: OccupantChange::Renamed("hatter".into()) }]
    );
    for (x, reason) in [
        (
            "<item><actor nick='q'/><reason>r</reason></item><status code='307'/>",
            LeftReason::Kicked { actor: Some("q".into()), reason: Some("r".into()) },
        ),
        ("<item affiliation='outcast'/><status code='301'/>", LeftReason::Banned { actor: None, reason: None }),
        ("<item/><status code='321'/>", LeftReason::Members),
        ("<item/><status code='322'/>", LeftReason::Members),
        ("<item/><status code='332'/>", LeftReason::Service),
        ("<item/>", LeftReason::Left),
    ] {
        world.say(ALICE, &presence("hare", "", "<item role='visitor'/>"));
        world.take(alice);
        world.say(ALICE, &presence("hare", " type='unavailable'", x));
        assert_eq!(
            world.room_events(alice),
            [RoomEvent::Occupant { nick: "hare".into(), change: OccupantChange::Left(reason) }]
        );
    }
    let destroyed =
        "<item/><destroy jid='other@rooms.wonderland.example'><reason>late</reason></destroy><status code='110'/>";
    world.say(ALICE, &presence("alice", " type='unavailable'", destroyed));
    let reason = LeftReason::Destroyed(Destroy {
        jid: Some(jid("other@rooms.wonderland.example")),
        reason: Some("late".into()),
    });
    assert_eq!(world.room_events(alice), [RoomEvent::Left { reason }]);
    assert!(world.session(alice).room(&jid(ROOM)).is_none());
}

//= xep-0045#8.1/subject test
//= xep-0045#8.2/kick test
//= xep-0045#9.1/ban test
//= xep-0045#10.9/destroy test
//= xep-0045#7.8.2/mediated test
//= xep-0045#7.14/leave test
#[test]
fn commands_say_what_they_mean() {
    let (mut world, alice, _) = tea();
    let room = jid(ROOM);
    world.house().got.clear();
    world.act(alice, |alice, now| {
        alice.set_subject(now, &room, "Tea").unwrap();
        alice.kick(now, &room, "bob", Some("rude")).unwrap();
        alice.ban(now, &room, &jid(&format!("{BOB}/x")), None).unwrap();
        alice.set_affiliation(now, &room, &jid(BOB), Affiliation::Member, None).unwrap();
        alice.destroy(now, &room, &Destroy::default()).unwrap();
        alice.invite(now, &room, &jid(BOB), Some("come"), true).unwrap();
        alice.invite(now, &room, &jid(BOB), None, false).unwrap();
        assert_eq!(
            alice.moderate(now, &room, "1", None),
            Err(CommandError::NotOffered("to take back others' messages"))
        );
        alice.leave(now, &room, None).unwrap();
    });
    let said: Vec<_> = said(&mut world, ALICE).iter().map(ToString::to_string).collect();
    let has = |parts: &[&str]| {
        assert!(said.iter().any(|s| parts.iter().all(|part| s.contains(part))), "{parts:?} in {said:#?}")
    };
    has(&["groupchat", "<subject>Tea</subject>"]);
    has(&["nick='bob'", "role='none'", "<reason>rude</reason>"]);
    has(&["jid='bob@wonderland.example'", "affiliation='outcast'"]);
    has(&["affiliation='member'"]);
    has(&["muc#owner", "<destroy"]);
    has(&["<invite to='bob@wonderland.example'", "come"]);
    has(&["jabber:x:conference", "jid='tea@rooms.wonderland.example'"]);
    has(&["type='unavailable'", "to='tea@rooms.wonderland.example/alice'"]);
    assert_eq!(world.room_events(alice).last(), Some(&RoomEvent::Left { reason: LeftReason::Left }));
}

//= xep-0249#4/told test
#[test]
fn invitations_are_told_and_nobody_is_dragged_in() {
    let (mut world, alice, _) = tea();
    world.take(alice);
    world.say(ALICE, "<message from='den@rooms.wonderland.example'><x xmlns='http://jabber.org/protocol/muc#user'><invite from='bob@wonderland.example'><reason>come</reason></invite><password>p</password></x></message>");
    world.say(ALICE, "<message from='bob@wonderland.example/x'><x xmlns='jabber:x:conference' jid='den@rooms.wonderland.example' reason='come'/></message>");
    let told: Vec<_> = world.take(alice).into_iter().filter(|event| matches!(event, Event::Invited { .. })).collect();
    assert!(matches!(&told[..], [
        Event::Invited { room, from: Some(who), password: Some(password), .. },
        Event::Invited { room: same, password: None, .. },
    ] if room == same && who == &jid(BOB) && password == "p"));
    assert_eq!(world.session(alice).rooms().count(), 1);
}

#[test]
fn a_room_that_does_not_answer_is_given_up() {
    let mut house = House::new();
    house.silent.insert(ns::PING);
    let mut world = World::new(house);
    let mut patient = config(ALICE);
    patient.timing.join = Duration::from_secs(5);
    let alice = world.add(patient);
    world.house().silent.insert(ns::DISCO_INFO);
    world.act(alice, |alice, now| alice.join(now, &jid(ROOM), "alice", None)).unwrap();
    assert_eq!(world.act(alice, |alice, now| alice.say(now, &jid(ROOM), "x".into())), Err(CommandError::NotJoined));
    world.pass(Duration::from_secs(10));
    assert_eq!(world.room_events(alice), [RoomEvent::Left { reason: LeftReason::Lost }]);
}

//= xep-0402#4.2/autojoin test
//= xep-0402#4.3/retracted test
//= xep-0402#4.1/private test
#[test]
fn bookmarks_lead_into_rooms_and_out() {
    let mut house = House::new();
    house.bookmarks.push(Bookmark::new(jid(ROOM), "alice").to_item());
    house.bookmarks.push(Item::new("not an address@", rfc3920::xml::Element::new(ns::BOOKMARKS, "conference")));
    let mut world = World::new(house);
    let alice = world.add(config(ALICE));
    assert_eq!(world.session(alice).room(&jid(ROOM)).map(|room| room.state), Some(RoomState::Joined));
    assert_eq!(world.session(alice).bookmarks().count(), 1);
    let event = |inner: &str| {
        format!(
            "<message from='{ALICE}'><event xmlns='http://jabber.org/protocol/pubsub#event'><items node='urn:xmpp:bookmarks:1'>{inner}</items></event></message>"
        )
    };
    world.say(
        ALICE,
        &event(&format!("<item id='{ROOM}'><conference xmlns='urn:xmpp:bookmarks:1' autojoin='false'/></item>")),
    );
    assert!(world.session(alice).room(&jid(ROOM)).is_none());
    world.say(ALICE, &event(&format!("<item id='{ROOM}'><conference xmlns='urn:xmpp:bookmarks:1' autojoin='1'><nick>queen</nick></conference></item>")));
    assert_eq!(world.session(alice).room(&jid(ROOM)).map(|room| room.nick.as_str()), Some("queen"));
    world.say(ALICE, &event(&format!("<retract id='{ROOM}'/>")));
    assert!(world.session(alice).room(&jid(ROOM)).is_none() && world.session(alice).bookmarks().count() == 0);
    world.act(alice, |alice, now| alice.bookmark(now, &Bookmark::new(jid(ROOM), "alice"))).unwrap();
    let published = said(&mut world, ALICE).pop().unwrap().to_string();
    assert!(published.contains("whitelist") && published.contains("publish-options"), "{published}");
}
