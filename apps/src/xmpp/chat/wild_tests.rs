//! Keys, messages, rooms and sizes in any order: nothing panics, nothing leaves the screen, nothing grows without bound.

use std::time::Duration;

use ratatui::crossterm::event::{Event as Key, KeyCode, KeyEvent, KeyModifiers};
use rfc3921::chat_states::ChatState;
use rfc3921::session::{Event, LeftReason, OccupantChange, RoomEvent, Way};
use wire::Rng;

use super::conversation::KEPT;
use super::fixture::{Fixture, NOW, incoming, jid};
use super::keys::Keys;
use super::text::width;

const WORDS: [&str; 12] = [
    "tea",
    "お茶の会",
    "👩\u{200d}👩\u{200d}👧",
    "e\u{301}\u{301}\u{301}",
    "\u{202e}gpj",
    "\u{9b}2J",
    "\u{200d}",
    "\n",
    "  ",
    "/me waves",
    "नमस्ते",
    "\u{301}",
];
const LINES: [&str; 24] = [
    "/msg hare",
    "/msg Hatter hi",
    "/join tea@rooms.wonderland.example",
    "/leave",
    "/close",
    "/win 3",
    "/who",
    "/roster",
    "/clear",
    "/nick \u{202e}x",
    "/topic お茶",
    "/correct mended",
    "/retract",
    "/react 2 👍",
    "/reply 3 yes",
    "/history",
    "/help",
    "/help msg",
    "/away",
    "/sub allow",
    "/account home",
    "/nonsense",
    "//slash",
    "/kick Hatter",
];
const NICKS: [&str; 4] = ["Hatter", "Hare", "evil\u{9b}", "お茶"];

struct Wild {
    rng: Rng,
    chat: Fixture,
    keys: Keys,
}

impl Wild {
    fn below(&mut self, limit: u64) -> usize {
        usize::try_from(self.rng.below(limit)).unwrap()
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len() as u64)]
    }

    fn text(&mut self) -> String {
        (0..self.below(12)).map(|_| self.one(&WORDS)).collect::<Vec<_>>().join(" ")
    }

    fn press(&mut self) {
        let codes = [
            KeyCode::Enter,
            KeyCode::Tab,
            KeyCode::Up,
            KeyCode::Down,
            KeyCode::Left,
            KeyCode::Right,
            KeyCode::PageUp,
            KeyCode::PageDown,
            KeyCode::Home,
            KeyCode::End,
            KeyCode::Backspace,
            KeyCode::Delete,
            KeyCode::Esc,
            KeyCode::Char('a'),
            KeyCode::Char('3'),
            KeyCode::Char('n'),
            KeyCode::Char('p'),
            KeyCode::Char('w'),
            KeyCode::Char('k'),
            KeyCode::Char('y'),
            KeyCode::Char('茶'),
            KeyCode::Char('\u{301}'),
        ];
        let modifiers = [KeyModifiers::NONE, KeyModifiers::NONE, KeyModifiers::ALT, KeyModifiers::CONTROL];
        let (code, modifier) = (codes[self.below(codes.len() as u64)], modifiers[self.below(4)]);
        self.keys.on_event(&mut self.chat.model, Key::Key(KeyEvent::new(code, modifier)));
    }

    fn hear(&mut self) {
        let id = format!("m{}", self.below(50));
        let nick = self.one(&NICKS);
        let from = match self.below(3) {
            0 => "hare@wonderland.example/x".to_owned(),
            1 => format!("tea@rooms.wonderland.example/{}", nick.replace('\u{9b}', "")),
            _ => "stranger@elsewhere.example/x".to_owned(),
        };
        let text = self.text();
        let mut heard = incoming(&from, &id, &text);
        heard.way = [Way::Live, Way::Carbon, Way::Archive, Way::History][self.below(4)];
        heard.own = self.below(5) == 0;
        heard.time = NOW - Duration::from_secs(self.below(300_000) as u64);
        heard.corrects = (self.below(4) == 0).then(|| format!("m{}", self.below(50)));
        self.chat.event(Event::Message(Box::new(heard)));
    }

    fn happen(&mut self) {
        let with = jid(self.one(&["hare@wonderland.example", "tea@rooms.wonderland.example"]));
        let (id, nick) = (format!("m{}", self.below(50)), self.one(&NICKS).to_owned());
        let event = match self.below(10) {
            0 => Event::Receipt { with: with.clone(), from: with, id },
            1 => Event::Displayed { with: with.clone(), from: with, id },
            2 => Event::Displayed { with, from: jid("alice@wonderland.example/y"), id },
            3 => Event::ChatState { with: with.clone(), from: with, state: ChatState::Composing },
            4 => Event::Sent { with, id: id.clone(), stanza_id: Some(id) },
            5 => Event::Room { room: with, event: RoomEvent::Joined { nick, created: false } },
            6 => Event::Room { room: with, event: RoomEvent::Left { reason: LeftReason::Lost } },
            7 => Event::Room { room: with, event: RoomEvent::Subject { from: jid("a@b.example"), text: self.text() } },
            8 => {
                let change = OccupantChange::Renamed(self.one(&NICKS).to_owned());
                Event::Room { room: with, event: RoomEvent::Occupant { nick, change } }
            }
            _ => Event::Room { room: with, event: RoomEvent::Occupant { nick, change: OccupantChange::Joined } },
        };
        self.chat.event(event);
    }

    fn step(&mut self) {
        match self.below(8) {
            0 | 1 => self.press(),
            2 | 3 => self.hear(),
            4 => self.happen(),
            5 => {
                let text = self.text();
                self.keys.on_event(&mut self.chat.model, Key::Paste(text));
            }
            6 => {
                let (line, id) = (self.one(&LINES), format!("o{}", self.below(1000)));
                self.chat.say(line, &id);
            }
            _ => {
                let now = NOW + Duration::from_secs(self.below(1000) as u64);
                self.chat.model.tick(now);
            }
        }
        self.chat.actions();
    }
}

#[test]
fn anything_in_any_order() {
    for seed in 0..6 {
        println!("seed {seed}");
        let mut wild = Wild { rng: Rng::from_seed([seed; 32]), chat: Fixture::new(), keys: Keys::default() };
        for step in 0..300 {
            wild.step();
            if step % 8 == 0 {
                let size = (u16::try_from(1 + wild.below(130)).unwrap(), u16::try_from(1 + wild.below(40)).unwrap());
                wild.chat.editor = wild.keys.editor.clone();
                for row in wild.chat.screen(size.0, size.1) {
                    let bad = |c: char| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}');
                    assert!(width(&row) <= usize::from(size.0) && !row.contains(bad), "{size:?}: {row:?}");
                }
            }
        }
        assert!(wild.chat.model.conversations.iter().all(|conversation| conversation.lines.len() <= KEPT * 2));
    }
}
