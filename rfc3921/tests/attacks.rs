//! What others may try: forged copies, pushes, archives, ids, delays, corrections; floods. Each is left aside.

mod common;

use std::time::Duration;

use common::{ALICE, BOB, House, ROOM, World, config, jid};
use rfc3921::session::{DropReason, Event, RoomEvent, Way};
use rfc3921::{ns, roster};
use sim::HostId;

const MALLORY: &str = "mallory@wood.example/1";

/// Alice with Bob as a contact, ready, noise forgotten.
fn alice() -> (World, HostId) {
    let mut world = World::new(House::new().friends(ALICE, BOB));
    let alice = world.add(config(ALICE));
    world.take(alice);
    (world, alice)
}

fn message(from: &str, inner: &str) -> String {
    format!("<message from='{from}' to='{ALICE}' type='chat' id='m1'>{inner}</message>")
}

fn forwarded(from: &str, to: &str, inner: &str) -> String {
    format!(
        "<forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' from='{from}' to='{to}' type='chat' id='f1'>{inner}</message></forwarded>"
    )
}

fn carbon(from: &str, direction: &str, inner: &str) -> String {
    message(from, &format!("<{direction} xmlns='urn:xmpp:carbons:2'>{inner}</{direction}>"))
}

//= xep-0280#11/own-account test
//= xep-0280#11/ignore test
#[test]
fn a_carbon_from_anybody_else_is_nothing() {
    let (mut world, alice) = alice();
    let copy = forwarded(BOB, ALICE, "<body>send money</body>");
    let own_resource = world.session(alice).jid().unwrap().to_string();
    for from in [MALLORY, BOB, "wonderland.example", &own_resource] {
        world.say(ALICE, &carbon(from, "received", &copy));
        world.say(ALICE, &carbon(from, "sent", &forwarded(ALICE, BOB, "<body>yes</body>")));
        assert_eq!(world.dropped(alice), [DropReason::ForgedCarbon; 2], "{from}");
    }
    world.say(ALICE, &carbon(ALICE, "received", &copy));
    assert_eq!(world.texts(alice), ["send money"]); // from the account itself it is one
}

#[test]
fn a_carbon_of_what_is_not_ours_is_nothing() {
    let (mut world, alice) = alice();
    let body = "<body>x</body>";
    let nested = forwarded(
        BOB,
        ALICE,
        &format!("<received xmlns='urn:xmpp:carbons:2'>{}</received>", forwarded(BOB, ALICE, body)),
    );
    let archived = forwarded(
        BOB,
        ALICE,
        &format!("<result xmlns='urn:xmpp:mam:2' id='1'>{}</result>", forwarded(BOB, ALICE, body)),
    );
    let two = format!("{0}{0}", forwarded(BOB, ALICE, body)).replacen(
        "</forwarded><forwarded xmlns='urn:xmpp:forward:0'>",
        "",
        1,
    );
    for (direction, inner) in [
        ("received", forwarded(BOB, "queen@wonderland.example", body)),
        ("sent", forwarded(BOB, ALICE, body)),
        ("received", nested),
        ("received", archived),
        ("received", two),
        ("received", String::new()),
    ] {
        world.say(ALICE, &carbon(ALICE, direction, &inner));
        assert_eq!(world.dropped(alice), [DropReason::ForgedCarbon], "{direction} {inner}");
    }
}

//= xep-0313#7/from test
//= xep-0313#4.2/result test
#[test]
fn results_of_archives_that_were_not_asked_for_are_nothing() {
    let (mut world, alice) = alice();
    let result = |query: &str| {
        let inner = forwarded(BOB, ALICE, "<body>you owe me</body>");
        format!("<result xmlns='urn:xmpp:mam:2' queryid='{query}' id='9'>{inner}</result>")
    };
    world.say(ALICE, &message(ALICE, &result("f27"))); // no such query
    world.say(ALICE, &message(MALLORY, &result("f27")));
    assert_eq!(world.dropped(alice), [DropReason::ForgedArchive; 2]);
    // while a query is open: the id alone is not enough, nor is the account alone
    world.house().silent.insert(ns::ARCHIVE);
    world.act(alice, |alice, now| alice.history(now, &jid(BOB), None, 10)).unwrap();
    let (_, asked) = world.house().got.last().cloned().unwrap();
    let query = asked.find(ns::ARCHIVE, "query").and_then(|query| query.get("queryid")).unwrap().to_owned();
    world.say(ALICE, &message(MALLORY, &result(&query)));
    world.say(ALICE, &message(BOB, &result(&query)));
    world.say(ALICE, &message(ALICE, &result("other")));
    assert_eq!(world.dropped(alice), [DropReason::ForgedArchive; 3]);
    let nested = format!(
        "<result xmlns='urn:xmpp:mam:2' queryid='{query}' id='9'>{}</result>",
        forwarded(BOB, ALICE, &result(&query))
    );
    world.say(ALICE, &message(ALICE, &nested));
    assert_eq!(world.dropped(alice), [DropReason::ForgedArchive]);
    // what lies in the account's archive is of the account
    let foreign = result(&query).replace(ALICE, "queen@wonderland.example");
    world.say(ALICE, &message(ALICE, &foreign));
    assert_eq!(world.dropped(alice), [DropReason::ForgedArchive]);
}

//= xep-0313#4.2/limit test
#[test]
fn an_archive_that_does_not_stop_is_cut_off() {
    let mut world = World::new(House::new().friends(ALICE, BOB));
    let mut small = config(ALICE);
    small.limits.page = 3;
    let alice = world.add(small);
    world.house().silent.insert(ns::ARCHIVE);
    world.act(alice, |alice, now| alice.history(now, &jid(BOB), None, 50)).unwrap();
    let (_, asked) = world.house().got.last().cloned().unwrap();
    let query = asked.find(ns::ARCHIVE, "query").and_then(|query| query.get("queryid")).unwrap().to_owned();
    world.take(alice);
    for n in 0..5 {
        let inner = forwarded(BOB, ALICE, "<body>more</body>");
        world.say(
            ALICE,
            &message(ALICE, &format!("<result xmlns='urn:xmpp:mam:2' queryid='{query}' id='{n}'>{inner}</result>")),
        );
    }
    assert_eq!(world.dropped(alice), [DropReason::ForgedArchive; 2]);
}

//= rfc6121#2.1.6/from test
//= rfc6121#2.1.6/answer test
//= rfc6121#2.1.6/one-item test
//= rfc6121#2.1.6/forged test
//= rfc6121#2.6.3/last test
#[test]
fn a_roster_push_from_anybody_else_changes_nothing() {
    let (mut world, alice) = alice();
    let push = |from: &str, id: &str, items: &str| {
        format!("<iq type='set' id='{id}'{from}><query xmlns='jabber:iq:roster' ver='v2'>{items}</query></iq>")
    };
    let item = "<item jid='mallory@wood.example' subscription='both'/>";
    let own_resource = format!(" from='{}'", world.session(alice).jid().unwrap());
    for (n, from) in [
        " from='mallory@wood.example/1'",
        " from='wonderland.example'",
        " from='bob@wonderland.example'",
        &own_resource,
    ]
    .into_iter()
    .enumerate()
    {
        world.say(ALICE, &push(from, &format!("p{n}"), item));
        assert_eq!(world.dropped(alice), [DropReason::ForgedPush], "{from}");
        let answer = world.house().got.last().unwrap().1.clone();
        assert_eq!((answer.get("type"), answer.get("id")), (Some("error"), Some(&*format!("p{n}"))));
    }
    assert_eq!(world.session(alice).roster().ver.as_deref(), Some("v1"));
    world.say(ALICE, &push("", "q1", &format!("{item}<item jid='queen@wonderland.example'/>")));
    assert!(world.session(alice).roster().find(&jid(MALLORY)).is_none());
    for (from, ver) in [("", "v1"), (" from='alice@wonderland.example'", "v2")] {
        world.say(ALICE, &push(from, "q2", item).replace("v2", ver));
        assert!(world.session(alice).roster().find(&jid(MALLORY)).is_some(), "{from}");
        let answer = world.house().got.last().unwrap().1.clone();
        assert_eq!((answer.get("type"), answer.get("id")), (Some("result"), Some("q2")));
    }
    assert_eq!(world.session(alice).roster().ver.as_deref(), Some("v2"));
    world.take(alice);
    world.say(ALICE, &push("", "q3", "<item jid='mallory@wood.example' subscription='remove'/>"));
    assert!(world.take(alice).iter().any(|e| matches!(e, Event::Contact(roster::Change::Removed(_)))));
}

//= xep-0359#6/by test
//= xep-0359#6/feature test
#[test]
fn an_id_that_the_archive_did_not_give_is_not_believed() {
    let (mut world, alice) = alice();
    let with_id = |by: &str, id: &str, n: u32| {
        let inner = format!("<body>{n}</body><stanza-id xmlns='urn:xmpp:sid:0' by='{by}' id='{id}'/>");
        message(&format!("{BOB}/x"), &inner).replace("m1", &format!("s{n}"))
    };
    for (n, by) in [(1, BOB), (2, "mallory@wood.example"), (3, "wonderland.example")] {
        world.say(ALICE, &with_id(by, "same", n));
    }
    let got = world.messages(alice);
    assert_eq!(got.len(), 3); // none takes another's place
    assert!(got.iter().all(|incoming| incoming.stanza_id.is_none()));
    world.say(ALICE, &with_id(ALICE, "real", 4));
    world.say(ALICE, &with_id(ALICE, "real", 5));
    assert_eq!(world.texts(alice), ["4"]); // the server's own word
    let doubled = message(
        BOB,
        &format!("<body>6</body>{0}{0}", "<stanza-id xmlns='urn:xmpp:sid:0' by='alice@wonderland.example' id='x'/>"),
    );
    world.say(ALICE, &doubled);
    assert_eq!(world.messages(alice)[0].stanza_id, None);
}

#[test]
fn a_server_without_the_feature_gives_no_ids() {
    let mut house = House::new();
    house.account_features.clear();
    let mut world = World::new(house.friends(ALICE, BOB));
    let alice = world.add(config(ALICE));
    let spoofed = "<body>x</body><stanza-id xmlns='urn:xmpp:sid:0' by='alice@wonderland.example' id='1'/>";
    world.say(ALICE, &message(BOB, spoofed));
    assert_eq!(world.messages(alice)[0].stanza_id, None);
}

//= xep-0203#4/trust test
#[test]
fn a_delay_that_others_state_is_not_believed() {
    let (mut world, alice) = alice();
    let delayed = |from: &str, n: u32| {
        let inner =
            format!("<body>{n}</body><delay xmlns='urn:xmpp:delay' from='{from}' stamp='2019-05-01T10:00:00Z'/>");
        message(BOB, &inner).replace("m1", &format!("d{n}"))
    };
    world.say(ALICE, &delayed(BOB, 1));
    world.say(ALICE, &delayed("wood.example", 2));
    world.say(ALICE, &delayed("wonderland.example", 3));
    let times: Vec<_> = world.messages(alice).into_iter().map(|incoming| incoming.time.as_secs()).collect();
    assert!(times[0] >= 1_577_836_800 && times[1] >= 1_577_836_800, "{times:?}");
    assert_eq!(times[2], 1_556_704_800); // the server may have kept it
    world.pass(Duration::from_secs(100));
    world.say(ALICE, &delayed("wonderland.example", 4)); // no longer: anybody can write that
    assert!(world.messages(alice)[0].time.as_secs() > 1_577_836_900);
}

#[test]
fn a_delay_in_a_room_counts_from_the_room_while_entering_alone() {
    let mut house = House::new();
    house.room_features.clear();
    let mut world = World::new(house);
    let alice = world.add(config(ALICE));
    world.act(alice, |alice, now| alice.join(now, &jid(ROOM), "alice", None)).unwrap();
    world.take(alice);
    let line = |from: &str, n: u32| {
        format!(
            "<message from='{ROOM}/hatter' type='groupchat' id='r{n}'><body>{n}</body>\
            <delay xmlns='urn:xmpp:delay' from='{from}' stamp='2019-05-01T10:00:00Z'/></message>"
        )
    };
    world.say(ALICE, &line(ROOM, 1)); // the history is over
    world.say(ALICE, &line(&format!("{ROOM}/hatter"), 2));
    let got = world.messages(alice);
    assert!(got.len() == 2 && got.iter().all(|m| m.way == Way::Live && m.time.as_secs() > 1_577_836_800));
    // entering again, with a room that tells its history before the subject
    world.act(alice, |alice, now| alice.leave(now, &jid(ROOM), None)).unwrap();
    world.house().silent.insert(ns::DISCO_INFO);
    world.command(alice, |alice, now| alice.join(now, &jid(ROOM), "alice", None)).unwrap();
    world.run();
    world.say(ALICE, &line(ROOM, 3)); // not even inside: it is asked what it can do
    assert!(world.dropped(alice).contains(&DropReason::Unrelated));
}

//= xep-0308#3/same-sender test
//= xep-0424#5/same-author test
//= xep-0425#5/room-only test
#[test]
fn nobody_changes_anothers_words() {
    let (mut world, alice) = alice();
    let say = |from: &str, id: &str, inner: &str| message(from, inner).replace("m1", id);
    world.say(ALICE, &say(&format!("{BOB}/phone"), "b1", "<body>I like tea</body>"));
    assert_eq!(world.texts(alice), ["I like tea"]);
    let replace = "<body>I like coffee</body><replace xmlns='urn:xmpp:message-correct:0' id='b1'/>";
    // the same person on another client may
    world.say(ALICE, &say(&format!("{BOB}/desk"), "b2", replace));
    let got = world.messages(alice);
    assert_eq!((got[0].corrects.as_deref(), got[0].verified), (Some("b1"), true));
    // in a room, with the nick of somebody else
    world.act(alice, |alice, now| alice.join(now, &jid(ROOM), "alice", None)).unwrap();
    world.take(alice);
    let room = |from: &str, id: &str, inner: &str| {
        format!("<message from='{ROOM}{from}' type='groupchat' id='{id}'>{inner}</message>")
    };
    let sid = format!("<stanza-id xmlns='urn:xmpp:sid:0' by='{ROOM}' id='s1'/>");
    world.say(ALICE, &room("/hatter", "h1", &format!("<body>No room!</body>{sid}")));
    world.take(alice);
    let replace = "<body>Plenty</body><replace xmlns='urn:xmpp:message-correct:0' id='h1'/>";
    world.say(ALICE, &room("/mallory", "x1", replace));
    let events = world.take(alice);
    assert!(events.contains(&Event::Dropped { reason: DropReason::ForgedChange }));
    assert_eq!(common::messages(events)[0].corrects, None);
    let retract = "<retract xmlns='urn:xmpp:message-retract:1' id='s1'/>";
    world.say(ALICE, &room("/mallory", "x2", retract));
    assert_eq!(world.dropped(alice), [DropReason::ForgedChange]);
    let moderated = "<retract xmlns='urn:xmpp:message-retract:1' id='s1'><moderated xmlns='urn:xmpp:message-moderate:1'/></retract>";
    world.say(ALICE, &room("/mallory", "x3", moderated));
    assert_eq!(world.dropped(alice), [DropReason::ForgedChange]);
    world.say(ALICE, &room("", "x4", moderated));
    assert!(matches!(&world.take(alice)[..], [Event::Retracted { id, moderated: true, .. }] if id == "s1"));
    world.say(ALICE, &room("/hatter", "x5", retract));
    assert!(matches!(&world.take(alice)[..], [Event::Retracted { id, moderated: false, .. }] if id == "s1"));
}

//= rfc6121#5.2.2/show-error test
#[test]
fn errors_for_what_was_never_sent_are_nothing() {
    let (mut world, alice) = alice();
    let bounce =
        "<message from='bob@wonderland.example' type='error' id='none'><body>x</body><error type='cancel'/></message>";
    world.say(ALICE, bounce);
    assert_eq!(world.dropped(alice), [DropReason::Unrelated]);
    let id = world.act(alice, |alice, now| alice.say(now, &jid(BOB), "hello".into())).unwrap();
    world.take(alice);
    world.say(ALICE, &bounce.replace("none", &id).replace(BOB, "mallory@wood.example"));
    assert_eq!(world.dropped(alice), [DropReason::Unrelated]);
    world.say(ALICE, &bounce.replace("none", &id));
    assert!(world.take(alice).iter().any(|event| matches!(event, Event::Failed { id: of, .. } if *of == id)));
    assert_eq!(world.house().got.iter().filter(|(_, s)| s.get("type") == Some("error")).count(), 0); // no answer, no loop
}

//= rfc6121#5.1/share-off test
#[test]
fn strangers_are_not_shown_and_not_answered() {
    let (mut world, alice) = alice();
    world.say(ALICE, &format!("<presence from='{MALLORY}'><show>chat</show></presence>"));
    assert_eq!(world.dropped(alice), [DropReason::Stranger]);
    assert_eq!(world.session(alice).resources(&jid(MALLORY)).count(), 0);
    // no receipt: it would tell that Alice is there
    world.say(ALICE, &message(MALLORY, "<body>there?</body><request xmlns='urn:xmpp:receipts'/>"));
    assert_eq!(world.texts(alice), ["there?"]);
    assert!(!world.house().got.iter().any(|(_, s)| s.get("to") == Some(MALLORY)));
    // nor does she by writing to him
    world.act(alice, |alice, now| alice.say(now, &jid(MALLORY), "who asks?".into())).unwrap();
    let said = world.house().got.clone();
    let to_mallory: Vec<_> =
        said.iter().filter(|(_, s)| s.get("to").is_some_and(|to| to.starts_with("mallory"))).collect();
    assert!(matches!(to_mallory[..], [(_, message)] if message.name() == "message"), "{to_mallory:?}");
    // what is published by no contact is nothing
    let event = "<event xmlns='http://jabber.org/protocol/pubsub#event'><items node='urn:xmpp:bookmarks:1'>\
        <item id='den@rooms.wood.example'><conference xmlns='urn:xmpp:bookmarks:1' autojoin='true'/></item></items></event>";
    world.say(ALICE, &message(MALLORY, event));
    assert_eq!(world.dropped(alice), [DropReason::Stranger]);
    world.say(ALICE, &message(BOB, event)); // a contact's bookmarks are not ours
    assert!(world.session(alice).rooms().next().is_none() && world.session(alice).bookmarks().next().is_none());
}

//= rfc6121#6/unknown-iq test
//= rfc6120#8.4/iq test
#[test]
fn what_is_not_understood_is_refused_once_and_floods_are_not_answered() {
    let (mut world, alice) = alice();
    let ask =
        |id: usize, inner: &str| format!("<iq type='get' from='{MALLORY}' to='{ALICE}/x' id='i{id}'>{inner}</iq>");
    let answers = |world: &mut World| {
        let got = world
            .house()
            .got
            .iter()
            .filter(|(_, s)| s.name() == "iq" && s.get("to") == Some(MALLORY))
            .map(|(_, s)| s.clone());
        got.collect::<Vec<_>>()
    };
    for (n, inner) in [
        "<query xmlns='jabber:iq:last'/>",
        "<query xmlns='jabber:iq:version'/>",
        "<query xmlns='http://jabber.org/protocol/disco#info'/>",
        "<time xmlns='urn:xmpp:time'/>",
    ]
    .into_iter()
    .enumerate()
    {
        world.say(ALICE, &ask(n, inner));
        let last = answers(&mut world).pop().unwrap();
        assert_eq!((last.get("type"), last.get("id")), (Some("error"), Some(&*format!("i{n}"))));
        assert!(last.to_string().contains("service-unavailable"));
    }
    world.pass(Duration::from_secs(60));
    assert_eq!(answers(&mut world).len(), 4); // once each
    world.say(
        ALICE,
        &format!("<iq type='error' from='{MALLORY}' id='e'><query xmlns='jabber:iq:last'/><error type='cancel'/></iq>"),
    );
    world.say(ALICE, &format!("<iq type='result' from='{MALLORY}' id='e'/>"));
    assert_eq!(answers(&mut world).len(), 4); // errors and answers: never
    world.take(alice);
    let flood: String = (10..60).map(|n| ask(n, "<query xmlns='jabber:iq:last'/>")).collect();
    world.net.command(world.house, |node, _| node.downcast_mut::<House>().unwrap().say_to(ALICE, &flood));
    world.net.run_for(Duration::from_millis(900));
    world.run();
    let limit = world.session(alice).config().limits.answers_per_second as usize;
    let dropped = world.dropped(alice);
    assert!(dropped.iter().filter(|reason| **reason == DropReason::Flood).count() >= 50 - 2 * limit, "{dropped:?}");
}

#[test]
fn lies_about_capabilities_are_not_kept() {
    let (mut world, alice) = alice();
    world.say(ALICE, &format!("<presence from='{BOB}/x'><c xmlns='{}' hash='sha-1' node='http://x.example' ver='QgayPKawpkPSDYmwT/WM94uAlu0='/></presence>", ns::CAPS));
    // the server answers with what is not that hash
    assert!(world.dropped(alice).contains(&DropReason::ForgedCaps));
    assert!(world.session(alice).abilities(&jid(&format!("{BOB}/x"))).is_none());
}

#[test]
fn nobody_in_a_room_speaks_for_the_room() {
    let (mut world, alice) = alice();
    world.act(alice, |alice, now| alice.join(now, &jid(ROOM), "alice", None)).unwrap();
    world.take(alice);
    // somebody's message with our nick's id and a forged occupant id, in a room that gives none
    world.say(ALICE, &format!("<message from='{ROOM}/mallory' type='groupchat' id='1'><body>x</body><occupant-id xmlns='urn:xmpp:occupant-id:0' id='hatter'/></message>"));
    let got = world.messages(alice);
    assert_eq!(got[0].author, rfc3921::session::Author::Nick(jid(&format!("{ROOM}/mallory"))));
    // another room's words
    world.say(ALICE, "<message from='den@rooms.wonderland.example/x' type='groupchat'><body>x</body></message>");
    assert_eq!(world.dropped(alice), [DropReason::Unrelated]);
    // an invitation "by the room" out of an occupant's mouth
    let invite = "<x xmlns='http://jabber.org/protocol/muc#user'><invite from='queen@wonderland.example'/></x>";
    world.say(ALICE, &format!("<message from='{ROOM}/mallory' type='chat'>{invite}</message>"));
    assert!(!world.take(alice).iter().any(|event| matches!(event, Event::Invited { .. })));
    // absence of another occupant does not throw us out
    world.say(ALICE, &format!("<presence from='{ROOM}/mallory' type='unavailable'><x xmlns='http://jabber.org/protocol/muc#user'><status code='307'/></x></presence>"));
    assert!(!world.room_events(alice).iter().any(|event| matches!(event, RoomEvent::Left { .. })));
}
