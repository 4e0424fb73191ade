use std::collections::BTreeSet;
use std::time::Duration;

use rfc3920::stanza::Condition;
use rfc3921::chat_states::ChatState;
use rfc3921::session::{Event, OccupantChange, RoomEvent, Way};

use super::action::Action;
use super::complete::{Completion, candidates};
use super::conversation::{KEPT, Kind, Line, Mark, Who};
use super::fixture::{Fixture, NOW, incoming, jid};
use super::model::Link;

#[test]
fn unread_messages_are_counted_and_the_next_active_is_found() {
    let mut chat = Fixture::new();
    chat.message("hare@wonderland.example/table", "m1", "Have some wine");
    chat.message("hatter@wonderland.example/table", "m2", "Your hair wants cutting");
    chat.message("hatter@wonderland.example/table", "m3", "Why is a raven like a writing desk?");
    assert_eq!(chat.model.conversations.iter().map(|c| c.unread).collect::<Vec<_>>(), [0, 1, 2]);
    let notified = chat.actions().into_iter().filter(|action| matches!(action, Action::Notify(..))).count();
    assert_eq!(notified, 3);
    chat.model.next_active();
    assert_eq!((chat.model.current, chat.model.unread()), (1, 2));
    assert_eq!(chat.actions(), [Action::Displayed(chat.place("hare@wonderland.example"), "m1".into())]);
    chat.model.next_active();
    chat.model.next_active();
    assert_eq!((chat.model.current, chat.model.unread()), (2, 0));
    assert!(chat.model.hint.is_some());
}

#[test]
fn what_nobody_looks_at_stays_unread() {
    let mut chat = Fixture::new();
    chat.model.enter("/msg hare");
    chat.model.focus(false);
    chat.message("hare@wonderland.example/table", "m1", "Have some wine");
    assert_eq!(chat.model.shown().unread, 1);
    assert!(!chat.actions().iter().any(|action| matches!(action, Action::Displayed(..))));
    chat.model.focus(true);
    assert_eq!(chat.model.shown().unread, 0);
}

#[test]
fn what_becomes_of_a_message_never_goes_back() {
    let mut chat = Fixture::new();
    chat.model.enter("/msg Hare");
    chat.say("There isn't any", "o1");
    let with = jid("hare@wonderland.example");
    let mark = |chat: &Fixture| chat.model.shown().lines.last().unwrap().mark;
    assert_eq!(mark(&chat), Mark::Pending);
    chat.event(Event::Receipt { with: with.clone(), from: with.clone(), id: "o1".into() });
    assert_eq!(mark(&chat), Mark::Received);
    chat.event(Event::Sent { with: with.clone(), id: "o1".into(), stanza_id: None });
    assert_eq!(mark(&chat), Mark::Received);
    chat.event(Event::Displayed { with: with.clone(), from: with.clone(), id: "o1".into() });
    assert_eq!(mark(&chat), Mark::Seen);
    chat.say("Then it wasn't very civil", "o2");
    let error = Box::new(Condition::ServiceUnavailable.into());
    chat.event(Event::Failed { with, id: "o2".into(), error });
    assert_eq!(chat.model.shown().lines.iter().rev().find(|l| l.who == Who::Me).unwrap().mark, Mark::Failed);
    assert_eq!(chat.model.shown().lines.last().unwrap().who, Who::Error);
}

#[test]
fn corrections_of_the_same_author_replace_and_others_do_not() {
    let mut chat = Fixture::new();
    chat.room("tea@rooms.wonderland.example", &["Hatter", "Hare"]);
    chat.message("tea@rooms.wonderland.example/Hatter", "m1", "six o'clok");
    let mut forged = incoming("tea@rooms.wonderland.example/Hare", "m2", "never");
    forged.corrects = Some("m1".into());
    chat.event(Event::Message(Box::new(forged)));
    let mut right = incoming("tea@rooms.wonderland.example/Hatter", "m3", "six o'clock");
    right.corrects = Some("m1".into());
    chat.event(Event::Message(Box::new(right)));
    let said: Vec<_> = chat.model.shown().lines.iter().filter(|line| line.is_message()).collect();
    assert_eq!(said.iter().map(|line| line.text.as_str()).collect::<Vec<_>>(), ["six o'clock", "never"]);
    assert!(said[0].edited);
}

#[test]
fn our_own_last_line_is_corrected_and_taken_back() {
    let mut chat = Fixture::new();
    chat.model.enter("/msg hare");
    chat.say("I see wat I eat", "o1");
    chat.model.enter("/correct I see what I eat");
    let place = chat.place("hare@wonderland.example");
    assert!(
        matches!(&chat.actions()[..], [Action::Correct(p, id, text, _)] if *p == place && id == "o1" && text.body == "I see what I eat")
    );
    assert!(chat.model.shown().lines.last().unwrap().edited);
    chat.model.enter("/retract");
    assert_eq!(chat.actions(), [Action::Retract(place, "o1".into())]);
    chat.model.enter("/correct nothing left");
    assert!(chat.actions().is_empty());
}

#[test]
fn no_message_is_shown_twice() {
    let mut chat = Fixture::new();
    chat.message("hare@wonderland.example/table", "m1", "Have some wine");
    let mut again = incoming("hare@wonderland.example/table", "m1", "Have some wine");
    again.way = Way::Archive;
    chat.event(Event::Message(Box::new(again)));
    assert_eq!((chat.model.conversations[1].lines.len(), chat.model.unread()), (1, 1));
}

#[test]
fn the_first_look_into_an_archive_is_no_news() {
    let mut chat = Fixture::new();
    let archived = |id: &str| {
        let mut incoming = incoming("hare@wonderland.example/table", id, "long ago");
        (incoming.way, incoming.time) = (Way::Archive, NOW - Duration::from_secs(60));
        Event::Message(Box::new(incoming))
    };
    chat.event(archived("m1"));
    assert_eq!(chat.model.unread(), 0);
    chat.event(Event::CaughtUp { archive: jid("alice@wonderland.example"), complete: true });
    chat.event(archived("m2"));
    assert_eq!(chat.model.unread(), 1);
}

#[test]
fn what_another_device_has_seen_is_not_new_here() {
    let mut chat = Fixture::new();
    chat.message("hare@wonderland.example/table", "m1", "one");
    chat.message("hare@wonderland.example/table", "m2", "two");
    let (with, from) = (jid("hare@wonderland.example"), jid("alice@wonderland.example/phone"));
    chat.event(Event::Displayed { with: with.clone(), from, id: "m1".into() });
    assert_eq!(chat.model.unread(), 1);
    let mut own = incoming("alice@wonderland.example/phone", "o1", "three");
    (own.own, own.way, own.with) = (true, Way::Carbon, with);
    chat.event(Event::Message(Box::new(own)));
    assert_eq!(chat.model.unread(), 0);
}

#[test]
fn writing_is_told_once_and_ends() {
    let mut chat = Fixture::new();
    chat.model.enter("/msg hare");
    chat.actions();
    let place = chat.place("hare@wonderland.example");
    chat.model.wrote("/msg");
    chat.model.wrote("H");
    chat.model.wrote("He");
    assert_eq!(chat.actions(), [Action::ChatState(place.clone(), ChatState::Composing)]);
    chat.model.tick(NOW + Duration::from_secs(11));
    assert_eq!(chat.actions(), [Action::ChatState(place.clone(), ChatState::Paused)]);
    chat.model.wrote("Hel");
    chat.model.wrote("");
    assert_eq!(chat.actions()[1], Action::ChatState(place, ChatState::Active));
}

#[test]
fn those_who_write_are_shown_until_they_stop() {
    let mut chat = Fixture::new();
    chat.model.enter("/msg hare");
    let (with, from) = (jid("hare@wonderland.example"), jid("hare@wonderland.example/table"));
    let state = |state| Event::ChatState { with: with.clone(), from: from.clone(), state };
    chat.event(state(ChatState::Composing));
    assert_eq!(chat.model.shown().writers(NOW), ["Hare"]);
    assert!(chat.model.tick(NOW + Duration::from_secs(61)));
    assert!(chat.model.shown().typing.is_empty());
    chat.event(state(ChatState::Composing));
    chat.message("hare@wonderland.example/table", "m1", "done");
    assert!(chat.model.shown().typing.is_empty());
}

#[test]
fn rooms_are_important_when_they_name_us() {
    let mut chat = Fixture::new();
    chat.room("tea@rooms.wonderland.example", &["Hatter"]);
    chat.model.switch(0);
    chat.message("tea@rooms.wonderland.example/Hatter", "m1", "malice is no name");
    assert_eq!((chat.model.conversations[1].unread, chat.model.conversations[1].important), (1, false));
    chat.message("tea@rooms.wonderland.example/Hatter", "m2", "Alice, more tea?");
    assert!(chat.model.conversations[1].important);
    let notes: Vec<_> = chat.actions().into_iter().filter(|a| matches!(a, Action::Notify(..))).collect();
    assert_eq!(notes, [Action::Notify("Hatter in tea".into(), "Alice, more tea?".into())]);
}

#[test]
fn names_addresses_and_nicks_find_the_same_people() {
    let mut chat = Fixture::new();
    for who in ["hatter", "hatter@wonderland.example", "HATTER"] {
        chat.model.enter(&format!("/msg {who} hello"));
        assert_eq!(chat.model.shown().place, Some(chat.place("hatter@wonderland.example")), "{who}");
    }
    assert_eq!(chat.model.conversations.len(), 2);
    chat.model.enter("/msg nobody hello");
    assert_eq!(chat.model.shown().lines.last().unwrap().who, Who::Error);
    chat.room("tea@rooms.wonderland.example", &["Hatter"]);
    chat.model.enter("/msg Hatter a word");
    assert_eq!(chat.model.shown().place, Some(chat.place("tea@rooms.wonderland.example/Hatter")));
}

#[test]
fn replies_and_reactions_name_what_they_are_about() {
    let mut chat = Fixture::new();
    chat.room("tea@rooms.wonderland.example", &["Hatter"]);
    chat.message("tea@rooms.wonderland.example/Hatter", "m1", "No room!");
    chat.actions();
    chat.model.enter("/reply There is plenty");
    let actions = chat.actions();
    let [Action::Say(_, text, _)] = &actions[..] else { panic!("{actions:?}") };
    assert_eq!(text.reply.as_ref().map(|reply| reply.id.as_str()), Some("s-m1"));
    chat.model.enter("/react 👍");
    let place = chat.place("tea@rooms.wonderland.example");
    assert_eq!(chat.actions(), [Action::React(place.clone(), "s-m1".into(), BTreeSet::from(["👍".to_owned()]))]);
    let (author, emojis) =
        (incoming("tea@rooms.wonderland.example/Hatter", "", "").author, BTreeSet::from(["❤".to_owned()]));
    chat.event(Event::Reactions { with: place.with, author, id: "s-m1".into(), emojis });
    let line = chat.model.shown().lines.iter().find(|line| line.text == "No room!").unwrap();
    assert_eq!(line.reactions.len(), 2);
}

#[test]
fn a_conversation_keeps_no_more_than_it_may() {
    let mut chat = Fixture::new();
    for n in 0..KEPT + KEPT / 2 {
        chat.message("hare@wonderland.example/table", &format!("m{n}"), "more tea");
    }
    assert!(chat.model.conversations[1].lines.len() <= KEPT + KEPT / 4);
    assert_eq!(chat.model.unread() as usize, KEPT + KEPT / 2);
}

#[test]
fn looking_back_stays_where_it_is_and_asks_for_older() {
    let mut chat = Fixture::new();
    chat.model.enter("/msg hare");
    for n in 0..50 {
        chat.message("hare@wonderland.example/table", &format!("m{n}"), &format!("cup {n}"));
    }
    chat.screen(80, 24);
    chat.actions();
    chat.model.scroll(true, 10);
    let shown = |chat: &mut Fixture| -> Vec<String> {
        chat.screen(80, 24)[1..15].iter().map(|row| row.chars().skip(21).collect()).collect()
    };
    let before = shown(&mut chat);
    chat.message("hare@wonderland.example/table", "late", "late");
    assert_eq!(before, shown(&mut chat));
    assert_eq!(chat.model.shown().unread, 1);
    chat.model.scroll(true, 1000);
    assert!(chat.actions().contains(&Action::Older(chat.place("hare@wonderland.example"))));
    chat.model.scroll(false, 1000);
    assert_eq!((chat.model.shown().scroll, chat.model.shown().unread), (0, 0));
}

#[test]
fn tab_completes_commands_nicks_and_addresses() {
    let mut chat = Fixture::new();
    assert_eq!(candidates(&chat.model, "/he"), ["/help "]);
    assert_eq!(candidates(&chat.model, "/msg mad"), ["/msg hatter@wonderland.example "]);
    chat.room("tea@rooms.wonderland.example", &["Hatter", "Hare"]);
    chat.message("tea@rooms.wonderland.example/Hatter", "m1", "No room!");
    assert_eq!(candidates(&chat.model, "ha"), ["Hatter: ", "Hare: "]);
    assert_eq!(candidates(&chat.model, "so, ha"), ["so, Hatter ", "so, Hare "]);
    let mut completion = Completion::default();
    let first = completion.next(&chat.model, "ha").unwrap();
    let second = completion.next(&chat.model, &first).unwrap();
    assert_eq!((first.as_str(), second.as_str()), ("Hatter: ", "Hare: "));
    assert_eq!(completion.next(&chat.model, &second).as_deref(), Some("Hatter: "));
}

#[test]
fn losing_the_connection_is_said_once() {
    let mut chat = Fixture::new();
    let again = Some(NOW + Duration::from_secs(3));
    for _ in 0..3 {
        chat.model.went_offline(0, "the connection broke".into(), again);
    }
    assert_eq!(chat.model.conversations[0].lines.len(), 1);
    assert_eq!(chat.model.link_text(0), "no connection, again in 3 s");
    chat.model.went_offline(0, "wrong password".into(), None);
    assert!(matches!(&chat.model.accounts[0].link, Link::Offline(_, None)));
    assert_eq!(chat.model.conversations[0].lines.len(), 2);
}

#[test]
fn closing_goes_to_the_conversation_before() {
    let mut chat = Fixture::new();
    chat.room("tea@rooms.wonderland.example", &[]);
    chat.model.enter("/close");
    assert_eq!((chat.model.current, chat.model.conversations.len()), (0, 1));
    let place = chat.place("tea@rooms.wonderland.example");
    assert!(chat.actions().ends_with(&[Action::Leave(place.clone(), None), Action::Closed(place)]));
    chat.model.enter("/close");
    assert_eq!(chat.model.conversations.len(), 1);
}

#[test]
fn what_was_unread_in_an_earlier_run_is_marked() {
    let mut chat = Fixture::new();
    let place = chat.place("hare@wonderland.example");
    chat.model.open(&place, Kind::Chat).unread = 2;
    let said = |n: u64| Line::new(NOW + Duration::from_secs(n), Who::Them, "Hare", &format!("cup {n}"));
    chat.model.restore(&place, (0..5).map(said).collect(), false);
    let shown = &chat.model.conversations[1];
    let first = shown.lines.iter().find(|line| Some(line.key) == shown.first_unread).unwrap();
    assert_eq!(first.text, "cup 3");
    chat.model.switch(1);
    assert!(chat.screen(80, 24).iter().any(|row| row.contains("── new ──")));
    assert_eq!(chat.model.unread(), 0);
}

#[test]
fn in_private_we_are_who_we_are_in_the_room() {
    let mut chat = Fixture::new();
    chat.room("tea@rooms.wonderland.example", &["Hatter"]);
    let (room, change) = (jid("tea@rooms.wonderland.example"), OccupantChange::Renamed("Duchess".into()));
    chat.event(Event::Room { room, event: RoomEvent::Occupant { nick: "alice".into(), change } });
    chat.say("/msg Hatter a word", "o1");
    assert_eq!(chat.model.shown().lines.last().unwrap().name, "Duchess");
}
