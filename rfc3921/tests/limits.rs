//! Every limit of the configuration holds, and every policy.

mod common;

use std::time::Duration;

use common::{ALICE, BOB, House, ROOM, World, config, jid};
use rfc3921::bookmarks::Bookmark;
use rfc3921::ns;
use rfc3921::session::{CommandError, Config, DropReason, Event};
use sim::HostId;

/// Alice, with some of the defaults changed.
fn alice(house: House, change: impl FnOnce(&mut Config)) -> (World, HostId) {
    let mut world = World::new(house);
    let mut config = config(ALICE);
    change(&mut config);
    let alice = world.add(config);
    (world, alice)
}

#[test]
fn contacts() {
    let mut house = House::new();
    let items = (0..9).map(|n| format!("<item jid='c{n}@wonderland.example'/>")).collect();
    house.rosters.insert(ALICE.into(), ("v1".into(), items));
    let (mut world, alice) = alice(house, |config| config.limits.contacts = 3);
    assert_eq!(world.session(alice).roster().len(), 3);
    let push = |who: &str| {
        format!("<iq type='set' id='p'><query xmlns='jabber:iq:roster'><item jid='{who}' name='x'/></query></iq>")
    };
    world.say(ALICE, &push("new@wonderland.example"));
    world.say(ALICE, &push("c0@wonderland.example"));
    let roster = world.session(alice).roster();
    assert_eq!((roster.len(), roster.find(&jid("c0@wonderland.example")).unwrap().label()), (3, "x".to_owned()));
}

#[test]
fn resources() {
    let (mut world, alice) = alice(House::new().friends(ALICE, BOB), |config| config.limits.resources = 2);
    for n in 0..5 {
        world.say(ALICE, &format!("<presence from='{BOB}/{n}'/>"));
    }
    assert_eq!(world.session(alice).resources(&jid(BOB)).count(), 2);
    assert_eq!(world.dropped(alice), [DropReason::Limit; 3]);
}

#[test]
fn subscribers() {
    let (mut world, alice) = alice(House::new(), |config| config.limits.subscribers = 2);
    world.take(alice);
    for n in 0..5 {
        world.say(ALICE, &format!("<presence from='s{n}@wood.example' type='subscribe'/>"));
    }
    let told = world.take(alice);
    assert_eq!(told.iter().filter(|event| matches!(event, Event::Asked { .. })).count(), 2);
}

#[test]
fn rooms_and_occupants() {
    let (mut world, alice) = alice(House::new(), |config| (config.limits.rooms, config.limits.occupants) = (1, 2));
    world.act(alice, |alice, now| alice.join(now, &jid(ROOM), "alice", None)).unwrap();
    let second = world.act(alice, |alice, now| alice.join(now, &jid("den@rooms.wonderland.example"), "alice", None));
    assert_eq!(second, Err(CommandError::Limit("rooms")));
    for n in 0..5 {
        world.say(ALICE, &format!("<presence from='{ROOM}/o{n}'/>"));
    }
    assert_eq!(world.session(alice).room(&jid(ROOM)).unwrap().occupants.len(), 2);
}

#[test]
fn bookmarks_and_blocked() {
    let mut house = House::new();
    for n in 0..5 {
        let bookmark =
            Bookmark { autojoin: false, ..Bookmark::new(jid(&format!("r{n}@rooms.wonderland.example")), "a") };
        house.bookmarks.push(bookmark.to_item());
        house.blocked.insert(format!("b{n}@wood.example"));
    }
    let (world, alice) = alice(house, |config| (config.limits.bookmarks, config.limits.blocked) = (2, 3));
    let session = world.session(alice);
    assert_eq!((session.bookmarks().count(), session.blocked().len()), (2, 3));
}

#[test]
fn marks_of_messages() {
    let (mut world, alice) = alice(House::new(), |config| (config.limits.seen, config.limits.saved) = (4, 2));
    let message = |n: u32| {
        format!(
            "<message from='{BOB}' id='{n}'><body>{n}</body><stanza-id xmlns='urn:xmpp:sid:0' by='{ALICE}' id='{n}'/></message>"
        )
    };
    for n in [1, 1, 2, 3, 4, 1, 4] {
        world.say(ALICE, &message(n));
    }
    // the first was forgotten when it came again, the last was not
    assert_eq!(world.texts(alice), ["1", "2", "3", "4", "1"]);
    assert_eq!(world.session(alice).saved().seen.len(), 2);
}

#[test]
fn outbox() {
    let (mut world, alice) = alice(House::new(), |config| config.limits.outbox = 2);
    world.act(alice, |alice, now| alice.close(now));
    world.pass(Duration::from_secs(10));
    let mut say = |n: &str| world.act(alice, |alice, now| alice.say(now, &jid(BOB), n.into()));
    assert!(say("1").is_ok() && say("2").is_ok());
    assert!(matches!(say("3"), Err(CommandError::Limit(_))));
}

#[test]
fn pages() {
    let mut house = House::new();
    for n in 0..9 {
        let message =
            format!("<message xmlns='jabber:client' from='{BOB}' to='{ALICE}' id='{n}'><body>{n}</body></message>");
        house.store(ALICE, common::element(&message));
    }
    // without a position only the end is looked at
    let (mut world, first) = alice(house, |config| config.limits.first_page = 2);
    assert_eq!(world.texts(first), ["7", "8"]);
    let mut saved = world.session(first).saved();
    saved.positions.insert(jid(ALICE), "h1".into());
    let mut config = config(ALICE);
    (config.limits.page, config.limits.pages) = (2, 1);
    let second = world.add_saved(config, saved.clone());
    let told = world.take(second);
    assert!(told.iter().any(|event| matches!(event, Event::CaughtUp { complete: false, .. })), "{told:#?}");
    let texts: Vec<_> = common::messages(told).into_iter().map(|message| message.text).collect();
    assert_eq!(texts, ["1", "2", "3", "4"]);
    // and the next time it goes on there
    let saved = world.session(second).saved();
    let third = world.add_saved(common::config(ALICE), saved);
    assert_eq!(world.texts(third), ["5", "6"]);
}

#[test]
fn a_session_that_does_not_look_back_leaves_the_position() {
    let (mut world, alice) = alice(House::new(), |config| config.catch_up = false);
    world.say(ALICE, &format!("<message from='{BOB}' id='1'><body>1</body><stanza-id xmlns='urn:xmpp:sid:0' by='{ALICE}' id='1'/></message>"));
    assert_eq!(world.texts(alice), ["1"]);
    assert!(world.session(alice).saved().positions.is_empty() && world.house().pages == 0);
}

#[test]
fn capabilities() {
    let (mut world, _) = alice(House::new().friends(ALICE, BOB), |config| config.limits.caps = 1);
    world.house().silent.insert(ns::DISCO_INFO);
    for ver in ["a", "b", "a"] {
        world.say(
            ALICE,
            &format!("<presence from='{BOB}/x'><c xmlns='{}' hash='sha-1' node='n' ver='{ver}'/></presence>", ns::CAPS),
        );
    }
    let asked = world.house().got.iter().filter(|(_, s)| s.to_string().contains("node='n#")).count();
    assert_eq!(asked, 2); // each once, however often it is stated
}

#[test]
fn services() {
    let (mut world, _) = alice(House::new(), |config| config.limits.services = 3);
    world.house().services = (0..9).map(|n| format!("s{n}.wonderland.example")).collect();
    world.house().got.clear();
    let mut few = config(BOB);
    few.limits.services = 3;
    world.add(few);
    let asked = world.house().got.iter().filter(|(_, s)| s.get("to").is_some_and(|to| to.starts_with('s'))).count();
    assert_eq!(asked, 3);
}
