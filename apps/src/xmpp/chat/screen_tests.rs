use rfc3921::chat_states::ChatState;
use rfc3921::session::{Event, RoomEvent};

use super::conversation::{Line, Who};
use super::fixture::{Fixture, NOW, jid};
use super::text::width;

const SIZES: [(u16, u16); 9] = [(80, 24), (40, 10), (200, 60), (60, 12), (30, 6), (20, 4), (10, 3), (2, 1), (1, 1)];

/// A tea party, in the middle of it.
fn party() -> Fixture {
    let mut chat = Fixture::new();
    chat.presence(
        "<presence xmlns='jabber:client' from='hare@wonderland.example/table'><status>at tea</status></presence>",
    );
    chat.room("tea@rooms.wonderland.example", &["Hatter", "Dormouse"]);
    chat.event(Event::Room {
        room: jid("tea@rooms.wonderland.example"),
        event: RoomEvent::Subject {
            from: jid("tea@rooms.wonderland.example/Hatter"),
            text: "Always six o'clock".into(),
        },
    });
    chat.message("tea@rooms.wonderland.example/Hatter", "r1", "No room! No room!");
    chat.say("There's plenty of room!", "r2");
    chat.model.enter("/msg Hare");
    chat.message("hare@wonderland.example/table", "m1", "Have some wine");
    chat.say(
        "I don't see any wine, said Alice, looking all round the table, but there was nothing on it but tea.",
        "o1",
    );
    let with = jid("hare@wonderland.example");
    chat.event(Event::Displayed { with: with.clone(), from: with.clone(), id: "o1".into() });
    chat.message("hare@wonderland.example/table", "m2", "/me laughs");
    chat.message("tea@rooms.wonderland.example/Dormouse", "r3", "alice: twinkle, twinkle");
    chat.event(Event::ChatState { with: with.clone(), from: with, state: ChatState::Composing });
    chat.editor.insert("Then it wasn't very civil");
    chat
}

#[test]
fn at_80_by_24() {
    let screen = party().screen(80, 24);
    let shown = screen.join("\n");
    let expected = [
        " Hare <hare@wonderland.example> · online: at tea",
        " 1 * xmpp          │",
        " 2 # tea        (1)│",
        " 3 ● Hare          │",
        " contacts          │",
        "   ○ Mad Hatter    │",
    ];
    assert_eq!(screen[..6], expected, "{shown}");
    let expected = [
        "                   │ 01:46  Hare │ Have some wine",
        "                   │ 01:46 alice │ I don't see any wine, said Alice, looking all",
        "                   │             │ round the table, but there was nothing on it",
        "                   │             │ but tea. ✓✓ seen",
        "                   │ 01:46     * │ Hare laughs",
        " 01:46 ● alice@wonderland.example online [2:tea(1!)]  Hare is typing…",
        "> Then it wasn't very civil",
    ];
    assert_eq!(screen[17..], expected, "{shown}");
}

#[test]
fn at_40_by_10_without_the_columns_beside() {
    let screen = party().screen(40, 10);
    let shown = screen.join("\n");
    assert!(!shown.contains("contacts"), "{shown}");
    assert!(shown.contains("Hare laughs") && shown.contains("✓✓ seen"), "{shown}");
    assert!(screen[8].contains("[2:tea(1!)]"), "{shown}");
    assert_eq!(screen[9], "> Then it wasn't very civil");
}

#[test]
fn at_200_by_60_with_occupants() {
    let mut chat = party();
    chat.model.switch(1);
    let screen = chat.screen(200, 60);
    let shown = screen.join("\n");
    assert!(screen[0].contains("tea@rooms.wonderland.example · 3 here · Always six o'clock"), "{shown}");
    for word in ["3 here", "Dormouse", "── new ─", "twinkle", "There's plenty of room! …"] {
        assert!(shown.contains(word), "{word} in\n{shown}");
    }
}

#[test]
fn every_size_is_drawn_and_nothing_leaves_the_screen() {
    for (width, height) in SIZES {
        let mut chat = party();
        for line in
            ["👩\u{200d}👩\u{200d}👧 お茶の会に行きますか 👩\u{200d}💻 e\u{301}e\u{301}", "a\tb", &"x".repeat(500)]
        {
            chat.message("hare@wonderland.example/table", line, line);
            chat.editor.insert(line);
            for row in chat.screen(width, height) {
                assert!(super::text::width(&row) <= usize::from(width), "{width}x{height}: {row:?}");
            }
        }
    }
}

#[test]
fn text_of_others_never_acts_on_the_terminal() {
    let hostile =
        "\u{1b}[2J\u{1b}]0;owned\u{7}\u{9b}31m\rback\u{8}\u{202e}gpj.exe\u{2066}x\n12:00 queen │ forged\u{200b}";
    for (width, height) in SIZES {
        let mut chat = Fixture::new();
        let room = "tea@rooms.wonderland.example";
        chat.room(room, &[&format!("evil\u{202e}{}", "nick"), "\u{9b}31m"]);
        let event = RoomEvent::Subject { from: jid("tea@rooms.wonderland.example/x"), text: hostile.into() };
        chat.event(Event::Room { room: jid(room), event });
        chat.message("tea@rooms.wonderland.example/Hatter", "m1", hostile);
        chat.model.tell(hostile);
        chat.model.hint = Some(hostile.into());
        let mut line = Line::new(NOW, Who::Them, hostile, hostile);
        line.reply = Some((hostile.into(), hostile.into()));
        line.reactions.insert("x".into(), [hostile.to_owned()].into());
        chat.model.restore(&chat.place(room), vec![line], true);
        chat.presence(&format!(
            "<presence xmlns='jabber:client' from='hare@wonderland.example/x'><status>{}</status></presence>",
            "\u{9b}31m\u{202e}"
        ));
        chat.editor.set(hostile);
        for show in [1, 0] {
            chat.model.switch(show);
            chat.model.hint = Some(hostile.into());
            for row in chat.screen(width, height) {
                let bad = |c: char| {
                    c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200b}')
                };
                assert!(!row.chars().any(bad), "{row:?}");
            }
        }
    }
}

#[test]
fn a_line_of_another_cannot_pass_for_a_message() {
    let mut chat = Fixture::new();
    chat.model.enter("/msg hare");
    chat.message("hare@wonderland.example/table", "m1", "hello\n01:46 alice │ I owe you 100");
    let screen = chat.screen(80, 24);
    let forged = screen.iter().find(|row| row.contains("I owe you")).unwrap();
    assert!(forged.contains("            │ 01:46 alice │ I owe you"), "{forged}");
    assert!(!forged.contains("│ 01:46 alice │ 01"), "{forged}");
}

#[test]
fn the_cursor_stands_behind_what_was_written() {
    let mut chat = Fixture::new();
    chat.editor.insert("お茶 e\u{301}");
    let mut terminal = ratatui::Terminal::new(ratatui::backend::TestBackend::new(80, 24)).unwrap();
    terminal.draw(|frame| super::screen::draw(frame, &chat.model, &chat.editor)).unwrap();
    let cursor = ratatui::backend::Backend::get_cursor_position(terminal.backend_mut()).unwrap();
    assert_eq!((usize::from(cursor.x), cursor.y), (2 + width("お茶 e\u{301}"), 23));
}

#[test]
fn the_guide_shows_what_is_drawn() {
    let mut chat = Fixture::new();
    chat.presence(
        "<presence xmlns='jabber:client' from='hare@wonderland.example/table'><status>at tea</status></presence>",
    );
    chat.room("tea@rooms.wonderland.example", &["Hatter", "Dormouse"]);
    chat.model.enter("/msg Hare");
    chat.message("hare@wonderland.example/table", "m1", "Have some wine");
    chat.say("I dont see any wine", "o1");
    chat.model.enter("/correct I don't see any wine");
    chat.actions();
    let (with, place) = (jid("hare@wonderland.example"), chat.place("hare@wonderland.example"));
    let key = chat.model.shown().lines.last().unwrap().key;
    chat.model.corrected(&place, key, Some("o2".into()));
    chat.message("hare@wonderland.example/table", "m2", "There isn't any");
    chat.say("/reply Then it wasn't very civil of you to offer it, said Alice angrily.", "o3");
    chat.event(Event::Displayed { with: with.clone(), from: with.clone(), id: "o3".into() });
    chat.message("hare@wonderland.example/table", "m3", "/me looks at the teapot");
    chat.message("tea@rooms.wonderland.example/Dormouse", "r3", "alice: twinkle, twinkle");
    chat.event(Event::ChatState { with: with.clone(), from: with, state: ChatState::Composing });
    chat.editor.insert("And why is it always tea-time?");
    let guide = include_str!("../../../../docs/guide/xmpp.md");
    let screen: Vec<_> = chat.screen(80, 14).iter().map(|row| row.trim_end().to_owned()).collect();
    assert!(guide.contains(&screen.join("\n")), "the guide does not have this:\n{}", screen.join("\n"));
}
