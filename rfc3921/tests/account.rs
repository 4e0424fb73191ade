//! What belongs to the account: roster, subscriptions, presence, blocking, published things, questions of others.

mod common;

use std::time::Duration;

use common::{ALICE, BOB, House, ROOM, World, config, element, jid};
use rfc3921::disco::Info;
use rfc3921::message::{Message, MessageType};
use rfc3921::roster::Item;
use rfc3921::session::{Answer, Availability, CommandError, Event, Policy, RoomEvent, Saved, Session};
use rfc3921::{ns, presence::Show, upload};
use sim::HostId;

fn alice() -> (World, HostId) {
    let mut world = World::new(House::new().friends(ALICE, BOB));
    let alice = world.add(config(ALICE));
    world.take(alice);
    (world, alice)
}

/// What Alice sent last.
fn last(world: &mut World) -> rfc3920::xml::Element {
    world.house().got.iter().rfind(|(of, _)| of == ALICE).expect("something").1.clone()
}

fn sent(world: &mut World) -> Vec<String> {
    world.house().got.iter().map(|(_, stanza)| stanza.to_string()).collect()
}

//= rfc6121#2.1.1/opaque test
//= rfc6121#2.1.3/no-item test
//= rfc6121#2.6.2/only-offered test
//= rfc6121#2.6.3/interim test
//= rfc6121#2.6.3/empty test
#[test]
fn a_roster_that_is_known_is_not_sent_again() {
    let (mut world, alice) = alice();
    let saved = Saved::parse(&world.session(alice).saved().to_text()).unwrap();
    assert_eq!(saved.roster.len(), 1);
    world.house().rosters.get_mut(ALICE).unwrap().1.clear(); // what would come if it was sent
    let again = world.add_saved(config(ALICE), saved.clone());
    assert_eq!(world.session(again).roster().len(), 1);
    let asked = sent(&mut world);
    assert!(asked.iter().any(|s| s.contains("<query xmlns='jabber:iq:roster' ver='v1'/>")), "{asked:#?}");
    let push = "<iq type='set' id='i'><query xmlns='jabber:iq:roster' ver='v2'><item jid='hare@wonderland.example'/></query></iq>";
    world.say(ALICE, push);
    assert_eq!((world.session(again).roster().len(), world.session(again).roster().ver.as_deref()), (2, Some("v2")));
    world.house().stream_features = "";
    world.house().got.clear();
    let old = world.add_saved(config(ALICE), saved);
    assert_eq!(world.session(old).roster().len(), 0);
    let asked = sent(&mut world);
    assert!(asked.iter().any(|s| s.contains("jabber:iq:roster") && !s.contains("ver=")), "{asked:#?}");
}

//= rfc6121#2.2/before-presence test
//= rfc6121#4.2.1/initial test
//= xep-0280#4/once test
//= xep-0030#3.1/own-features test
//= xep-0163#6/notify test
//= rfc6121#2.2/both test
//= rfc6121#4.2.1/ready test
//= rfc6121#2.6.2/bootstrap test
//= rfc6120#8.2.2/broadcast test
//= rfc6121#2.6.2/offered test
#[test]
fn a_session_begins_in_order() {
    let (mut world, _) = alice();
    let said = sent(&mut world);
    let at = |what: &str| said.iter().position(|s| s.contains(what)).unwrap_or_else(|| panic!("{what} in {said:#?}"));
    assert!(at("jabber:iq:roster") < at("<presence"));
    assert!(said[at("jabber:iq:roster")].contains(" ver=''"));
    assert_eq!(said.iter().filter(|s| s.contains("urn:xmpp:carbons:2")).count(), 1);
    let presence = element(&said[at("<presence")]);
    assert!(presence.get("to").is_none() && presence.get("type").is_none() && presence.has(ns::CAPS, "c"));
    // the hash is that of the list that is told
    let node =
        presence.find(ns::CAPS, "c").map(|c| format!("{}#{}", c.get("node").unwrap(), c.get("ver").unwrap())).unwrap();
    world.say(
        ALICE,
        &format!("<iq type='get' id='d' from='{BOB}/x'><query xmlns='{}' node='{node}'/></iq>", ns::DISCO_INFO),
    );
    let answer = last(&mut world);
    let info = Info::from_element(answer.children().next().unwrap()).unwrap();
    assert_eq!(info.node.as_deref(), Some(&*node));
    assert!(info.has(ns::DISCO_INFO) && info.has(ns::RECEIPTS) && info.has("urn:xmpp:bookmarks:1+notify"));
    assert!(info.is("client", "console"));
}

//= xep-0115#6.2/answer test
//= rfc6120#8.3.3.19/instead test
#[test]
fn contacts_get_answers_and_unknown_nodes_none() {
    let (mut world, _) = alice();
    let mut ask = |inner: &str, who: &str| {
        world.say(ALICE, &format!("<iq type='get' id='a' from='{who}/x'>{inner}</iq>"));
        last(&mut world).to_string()
    };
    assert!(ask("<query xmlns='jabber:iq:version'/>", BOB).contains("<name>Wireworks</name>"));
    assert!(ask("<time xmlns='urn:xmpp:time'/>", BOB).contains("<utc>2020-01-01T"));
    assert!(ask("<query xmlns='http://jabber.org/protocol/disco#items'/>", BOB).contains("type='result'"));
    assert!(ask("<query xmlns='http://jabber.org/protocol/disco#info' node='x'/>", BOB).contains("item-not-found"));
    assert!(ask("<query xmlns='jabber:iq:version'/>", "queen@wonderland.example").contains("service-unavailable"));
    let mut world = World::new(House::new().friends(ALICE, BOB));
    let mut quiet = config(ALICE);
    (quiet.about, quiet.receipts, quiet.states) = (Policy::Nobody, Policy::Nobody, Policy::Nobody);
    let alice = world.add(quiet);
    world.say(ALICE, &format!("<iq type='get' id='a' from='{BOB}/x'><query xmlns='jabber:iq:version'/></iq>"));
    assert!(last(&mut world).to_string().contains("service-unavailable"));
    world.say(
        ALICE,
        &format!(
            "<message from='{BOB}/x' id='1' type='chat'><body>x</body><request xmlns='urn:xmpp:receipts'/></message>"
        ),
    );
    assert!(!last(&mut world).to_string().contains("<received"));
    assert_eq!(world.texts(alice), ["x"]);
}

//= rfc6121#2.1.5/one-item-only test
//= rfc6121#2.3.1/set test
//= rfc6121#2.5.1/remove test
//= rfc6121#3.1.1/bare test
//= rfc6121#3.1.4/answer-asked test
//= rfc6121#3.2.1/cancel test
//= rfc6121#3.3.1/unsubscribe test
//= rfc6121#3.4.1/only-offered test
//= rfc6121#2.1.2.1/by-presence test
//= rfc6121#2.1.2.2/by-presence test
//= rfc6121#3.1.1/id test
//= rfc6121#3.1.4/id test
//= rfc6121#3.1.4/own-id test
#[test]
fn roster_and_subscriptions_are_asked_for_as_they_must() {
    let (mut world, alice) = alice();
    let queen = jid("queen@wonderland.example/throne");
    let item = Item { name: Some("Queen".into()), ask: true, ..Item::new(queen.clone()) };
    world.act(alice, |alice, now| alice.set_contact(now, item)).unwrap();
    let said = last(&mut world);
    let query = said.find(ns::ROSTER, "query").unwrap();
    assert_eq!((said.get("type"), query.children().count()), (Some("set"), 1));
    assert!(query.to_string().contains("jid='queen@wonderland.example'") && !query.to_string().contains("ask"));
    assert!(world.session(alice).roster().find(&queen).is_none()); // before the server has said so
    world.act(alice, |alice, now| alice.remove_contact(now, &queen)).unwrap();
    assert!(last(&mut world).to_string().contains("subscription='remove'"));
    for (kind, f) in [
        ("subscribe", (|a, now, jid| a.subscribe(now, jid, Some("please"))) as fn(&mut Session, _, &_) -> _),
        ("unsubscribe", |a, now, jid| a.unsubscribe(now, jid)),
        ("unsubscribed", |a, now, jid| a.refuse_presence(now, jid)),
    ] {
        world.act(alice, |alice, now| f(alice, now, &queen)).unwrap();
        let said = last(&mut world);
        assert_eq!((said.get("type"), said.get("to")), (Some(kind), Some("queen@wonderland.example")));
        assert!(said.get("id").is_some());
    }
    let refused = world.act(alice, |alice, now| alice.approve(now, &queen));
    assert!(matches!(refused, Err(CommandError::NotOffered(_))));
    world.say(ALICE, "<presence from='queen@wonderland.example' type='subscribe' id='q1'/>");
    world.act(alice, |alice, now| alice.approve(now, &queen)).unwrap();
    let said = last(&mut world);
    assert_eq!(said.get("type"), Some("subscribed"));
    assert!(said.get("id").is_some_and(|id| id != "q1"));
}

//= rfc6121#3.1.4/ask-user test
//= rfc6121#3.1.6/subscribed test
#[test]
fn nobody_is_let_in_without_the_user() {
    let (mut world, alice) = alice();
    let before = world.house().got.len();
    for _ in 0..3 {
        world.say(
            ALICE,
            "<presence from='queen@wonderland.example' type='subscribe'><status>Off with</status></presence>",
        );
    }
    let told = world.take(alice);
    assert!(matches!(&told[..], [Event::Asked { status: Some(status), .. }] if status == "Off with"), "{told:#?}");
    world.say(ALICE, "<presence from='queen@wonderland.example' type='subscribed'/>");
    assert!(matches!(world.take(alice)[..], [Event::Subscribed { granted: true, .. }]));
    assert_eq!((world.house().got.len(), world.session(alice).roster().len()), (before, 1));
}

//= rfc6121#4.2.4/show test
//= rfc6121#4.5.4/gone test
//= rfc6121#4.5.4/bare test
#[test]
fn contacts_come_and_go() {
    let (mut world, alice) = alice();
    for (from, inner) in [("a", "<show>away</show><status>tea</status><priority>3</priority>"), ("b", "")] {
        world.say(ALICE, &format!("<presence from='{BOB}/{from}'>{inner}</presence>"));
    }
    let there: Vec<_> =
        world.session(alice).resources(&jid(BOB)).map(|(name, r)| (name.to_owned(), r.show, r.priority)).collect();
    assert_eq!(there, [("a".to_owned(), Some(Show::Away), 3), ("b".to_owned(), None, 0)]);
    world.say(ALICE, &format!("<presence from='{BOB}/a' type='unavailable'/>"));
    assert_eq!(world.session(alice).resources(&jid(BOB)).count(), 1);
    world.say(ALICE, &format!("<presence from='{BOB}' type='unavailable'/>"));
    assert_eq!(world.session(alice).resources(&jid(BOB)).count(), 0);
    world.act(alice, |alice, now| {
        alice.set_availability(now, Some(Availability { show: Some(Show::Dnd), ..Availability::default() }))
    });
    assert!(last(&mut world).to_string().contains("<show>dnd</show>"));
}

//= rfc6121#5.2.2/room-type test
//= rfc6121#5.2.3/languages test
//= rfc6121#5.3/unknown-ignored test
//= xep-0184#5.3/to-sender test
//= xep-0308#3/replace-id test
//= xep-0444#4.1/which-id test
//= rfc6121#5.1/chat-type test
//= rfc6121#5.2.1/to test
//= rfc6121#5.2.2/named test
#[test]
fn messages_are_written_and_read_as_they_must() {
    let (mut world, alice) = alice();
    let id = world.act(alice, |alice, now| alice.say(now, &jid(BOB), "hello".into())).unwrap();
    let said = Message::from_element(&last(&mut world)).unwrap();
    assert_eq!((said.kind, said.origin_id.as_ref(), said.id.as_ref()), (MessageType::Chat, Some(&id), Some(&id)));
    world.act(alice, |alice, now| alice.correct(now, &jid(BOB), &id, "hallo".into())).unwrap();
    assert_eq!(Message::from_element(&last(&mut world)).unwrap().replaces, Some(id));
    let text = format!(
        "<message from='{BOB}/desk' id='7' type='chat' xml:lang='en'><body xml:lang='de'>Katze</body>\
        <body>Cat</body><odd xmlns='urn:example:odd'><body>no</body></odd><request xmlns='urn:xmpp:receipts'/></message>"
    );
    world.say(ALICE, &text);
    let got = world.messages(alice);
    assert_eq!((got[0].text.as_str(), got[0].reference()), ("Cat", Some("7")));
    let receipt = last(&mut world);
    assert_eq!((receipt.get("to"), receipt.get("type")), (Some(&*format!("{BOB}/desk")), Some("chat")));
    assert!(
        receipt.to_string().contains("<received xmlns='urn:xmpp:receipts' id='7'/>")
            && !receipt.has(ns::CLIENT, "body")
    );
    world.act(alice, |alice, now| alice.join(now, &jid(ROOM), "alice", None)).unwrap();
    world.act(alice, |alice, now| alice.say(now, &jid(ROOM), "hello".into())).unwrap();
    let said = Message::from_element(&last(&mut world)).unwrap();
    assert_eq!((said.kind, said.receipt), (MessageType::Groupchat, None));
    world.say(ALICE, &format!("<message from='{ROOM}/hare' type='groupchat' id='own'><body>x</body><stanza-id xmlns='urn:xmpp:sid:0' by='{ROOM}' id='rooms'/></message>"));
    assert_eq!(world.messages(alice)[0].reference(), Some("rooms"));
    // commands within a conversation
    world.act(alice, |alice, now| {
        alice.react(now, &jid(BOB), "7", ["👍".to_owned()].into()).unwrap();
        alice.retract(now, &jid(BOB), "8").unwrap();
        alice.displayed(now, &jid(BOB), "7").unwrap();
    });
    let said = sent(&mut world);
    for part in [
        "<reaction>👍</reaction>",
        "<retract xmlns='urn:xmpp:message-retract:1' id='8'/>",
        "<displayed xmlns='urn:xmpp:chat-markers:0' id='7'/>",
    ] {
        assert!(said.iter().any(|s| s.contains(part)), "{part}");
    }
}

//= xep-0191#3.3/from test
//= xep-0191#3.3/not-empty test
#[test]
fn the_blocking_list_is_kept() {
    let mut house = House::new().friends(ALICE, BOB);
    house.blocked.insert("queen@wonderland.example".into());
    let mut world = World::new(house);
    let alice = world.add(config(ALICE));
    assert!(world.session(alice).blocked().contains("queen@wonderland.example"));
    let push = |from: &str, verb: &str, who: &str| {
        let item = if who.is_empty() { String::new() } else { format!("<item jid='{who}'/>") };
        format!("<iq type='set' id='b'{from}><{verb} xmlns='urn:xmpp:blocking'>{item}</{verb}></iq>")
    };
    world.say(ALICE, &push(" from='mallory@wood.example'", "unblock", ""));
    assert_eq!(world.session(alice).blocked().len(), 1);
    world.say(ALICE, &push("", "block", "knave@wonderland.example"));
    assert_eq!(world.session(alice).blocked().len(), 2);
    world.say(ALICE, &push(&format!(" from='{ALICE}'"), "unblock", ""));
    assert!(world.session(alice).blocked().is_empty());
    assert_eq!(world.act(alice, |alice, now| alice.block(now, &[])), Err(CommandError::Address));
    world.act(alice, |alice, now| alice.block(now, &[jid("knave@wonderland.example")])).unwrap();
    assert!(
        last(&mut world)
            .to_string()
            .contains("<block xmlns='urn:xmpp:blocking'><item jid='knave@wonderland.example'/>")
    );
}

//= xep-0084#4.1/order test
//= xep-0163#4.3/from test
#[test]
fn pictures_are_shown_and_seen() {
    let (mut world, alice) = alice();
    world.house().got.clear();
    world.act(alice, |alice, now| alice.set_avatar(now, b"abc", "image/png")).unwrap();
    let said = sent(&mut world);
    assert!(!said.concat().contains("never")); // who comes later is told, too
    assert!(
        said[0].contains("avatar:data") && said[1].contains("avatar:metadata") && said[1].contains("bytes='3'"),
        "{said:#?}"
    );
    let event = |from: &str| {
        format!(
            "<message from='{from}'><event xmlns='http://jabber.org/protocol/pubsub#event'><items node='urn:xmpp:avatar:metadata'>\
            <item id='a9'><metadata xmlns='urn:xmpp:avatar:metadata'><info id='a9' bytes='3' type='image/png'/></metadata></item></items></event></message>"
        )
    };
    for (from, seen) in [(BOB, 1), ("queen@wonderland.example", 0), ("bob@wonderland.example/x", 0)] {
        world.say(ALICE, &event(from));
        let told = world
            .take(alice)
            .into_iter()
            .filter(|event| matches!(event, Event::Avatar { metadata: Some(_), .. }))
            .count();
        assert_eq!(told, seen, "{from}");
    }
}

//= xep-0421#3/feature test
#[test]
fn lasting_ids_of_occupants_are_believed_where_the_room_gives_them() {
    let mut house = House::new();
    house.room_features.push(ns::OCCUPANT_ID);
    let mut world = World::new(house);
    let alice = world.add(config(ALICE));
    world.act(alice, |alice, now| alice.join(now, &jid(ROOM), "alice", None)).unwrap();
    world.take(alice);
    world.say(ALICE, &format!("<message from='{ROOM}/hare' type='groupchat' id='1'><body>x</body><occupant-id xmlns='urn:xmpp:occupant-id:0' id='o1'/></message>"));
    assert_eq!(world.messages(alice)[0].author, rfc3921::session::Author::Occupant("o1".into()));
}

//= xep-0045#10.1.2/instant test
#[test]
fn a_new_room_is_opened() {
    let (mut world, alice) = alice();
    world.command(alice, |alice, now| alice.join(now, &jid(ROOM), "alice", None)).unwrap();
    world.net.run_for(Duration::from_millis(1));
    let own = format!(
        "<presence from='{ROOM}/alice'><x xmlns='{}'><item affiliation='owner' role='moderator'/><status code='110'/><status code='201'/></x></presence>",
        ns::MUC_USER
    );
    world.house().silent.insert(ns::DISCO_INFO);
    world.run();
    world.say(ALICE, &own);
    let _ = world.room_events(alice);
    world.act(alice, |alice, now| alice.leave(now, &jid(ROOM), None)).unwrap();
    // a room that says that it is new as we come in
    world.house().silent.remove(ns::DISCO_INFO);
    world.house().room_features.clear();
    world.house().created = true;
    world.act(alice, |alice, now| alice.join(now, &jid("den@rooms.wonderland.example"), "alice", None)).unwrap();
    assert!(world.room_events(alice).contains(&RoomEvent::Joined { nick: "alice".into(), created: true }));
    let said = sent(&mut world);
    assert!(said.iter().any(|s| s.contains("muc#owner") && s.contains("type='submit'")), "{said:#?}");
}

//= xep-0363#5/max-size test
#[test]
fn files_have_a_place_of_a_size() {
    let mut house = House::new();
    house.services = vec!["up.wonderland.example".into()];
    house.features.push(ns::UPLOAD);
    house.upload_limit = Some(1000);
    let mut world = World::new(house);
    let alice = world.add(config(ALICE));
    assert_eq!(world.session(alice).upload_service().map(|(_, limit)| limit), Some(Some(1000)));
    let request = |size| upload::Request { filename: "tarts.txt".into(), size, kind: None };
    let refused = world.act(alice, |alice, now| alice.upload_slot(now, &request(1001)));
    assert_eq!(refused, Err(CommandError::TooLarge { limit: 1000 }));
    let asked = world.act(alice, |alice, now| alice.upload_slot(now, &request(1000))).unwrap();
    let told = world.take(alice);
    let slot = told.iter().find_map(|event| match event {
        Event::Answer { request, result: Ok(Answer::Slot(slot)) } if *request == asked => Some(slot),
        _ => None,
    });
    assert_eq!(slot.map(|slot| slot.get.as_str()), Some("https://up.wonderland.example/1"), "{told:#?}");
}

#[test]
fn questions_get_answers() {
    let (mut world, alice) = alice();
    let bob = world.add(config(BOB));
    let full = world.session(bob).jid().unwrap().clone();
    let slot = upload::Request { filename: "tarts.txt".into(), size: 9, kind: None };
    let refused = world.act(alice, |alice, now| alice.upload_slot(now, &slot));
    assert_eq!(refused, Err(CommandError::NotOffered("to take files")));
    let ping = world.act(alice, |alice, now| alice.ping(now, &jid("wonderland.example"))).unwrap();
    let told = world.take(alice);
    let pong = told.iter().any(|e| matches!(e, Event::Answer { request, result: Ok(Answer::Pong(after)) } if *request == ping && !after.is_zero()));
    assert!(pong, "{told:#?}");
    world.act(alice, |alice, now| alice.version(now, &full)).unwrap(); // nobody routes it here: an answer without a version
    assert!(world.take(alice).iter().any(|e| matches!(e, Event::Answer { result: Ok(Answer::IllFormed), .. })));
}

//= rfc6120#8.4/not-understood test
//= rfc6120#8.4/message test
//= rfc6120#8.4/presence test
//= rfc6120#8.4/part test
#[test]
fn what_is_not_understood_leaves_the_rest_as_it_is() {
    let (mut world, alice) = alice();
    let strange = "<tarts xmlns='urn:example:tarts'><show xmlns='jabber:client'>dnd</show><body xmlns='jabber:client'>No!</body></tarts>";
    world.house().got.clear();
    world.say(ALICE, &format!("<message from='{BOB}/x' type='chat' id='1'>{strange}</message>"));
    assert!(world.take(alice).is_empty() && sent(&mut world).is_empty(), "nothing is left of it");
    world.say(ALICE, &format!("<message from='{BOB}/x' type='chat' id='2'>{strange}<body>Tea?</body></message>"));
    assert_eq!(world.texts(alice), ["Tea?"]);
    world.say(ALICE, &format!("<presence from='{BOB}/x'>{strange}</presence>"));
    let resources: Vec<_> = world.session(alice).resources(&jid(BOB)).collect();
    assert_eq!((resources.len(), resources[0].1.show), (1, None));
}

//= rfc6121#4.5.1/unavailable test
//= rfc6121#4.3/no-probe test
//= rfc6120#8.1.3/recommended test
#[test]
fn whoever_leaves_says_so_and_all_presence_has_an_id() {
    let (mut world, alice) = alice();
    world.act(alice, |alice, now| alice.join(now, &jid(ROOM), "alice", None)).unwrap();
    world.act(alice, |alice, now| alice.close(now));
    let said = world.house().got.clone();
    let presences: Vec<_> = said.iter().map(|(_, stanza)| stanza).filter(|s| s.name() == "presence").collect();
    assert!(presences.len() >= 3 && presences.iter().all(|presence| presence.get("id").is_some()), "{presences:?}");
    assert!(presences.iter().all(|presence| presence.get("type") != Some("probe")));
    let last = presences.last().unwrap();
    assert_eq!((last.get("type"), last.get("to")), (Some("unavailable"), None));
}
