//! What the tests of the chat share: an account, a session that is not connected, and messages as they would come.

use std::time::Duration;

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use rfc3920::jid::Jid;
use rfc3920::sasl::Credentials;
use rfc3920::stream;
use rfc3920::xml::{Element, Limits};
use rfc3921::message::{Message, MessageType};
use rfc3921::presence::Presence;
use rfc3921::roster::{Item, Subscription};
use rfc3921::session::{Author, Config, Event, Incoming, OccupantChange, RoomEvent, Saved, Session, Way};

use super::conversation::Place;
use super::input::Editor;
use super::model::{Link, Model};
use super::{action::Action, screen};

pub const NOW: Duration = Duration::from_secs(1_000_000_000);

pub struct Fixture {
    pub model: Model,
    pub session: Session,
    pub editor: Editor,
}

pub fn jid(text: &str) -> Jid {
    Jid::parse(text).unwrap()
}

pub fn element(text: &str) -> Element {
    Element::parse(text, &Limits::default()).unwrap()
}

impl Fixture {
    /// Alice, with Hatter and Hare as contacts, online.
    pub fn new() -> Fixture {
        let alice = jid("alice@wonderland.example");
        let credentials = Credentials::new("alice", "pencil").unwrap();
        let epoch = wire::Epoch::from_unix(NOW);
        let config = Config::new(stream::Config::new(alice.clone(), credentials), epoch);
        let session = Session::new(config, Saved::default(), wire::Rng::from_seed([7; 32]));
        let mut model = Model::new(vec![(alice, "home".into(), "alice".into())]);
        model.unix = NOW;
        model.accounts[0].link = Link::Online;
        let mut fixture = Fixture { model, session, editor: Editor::default() };
        for (contact, name) in [("hatter@wonderland.example", "Mad Hatter"), ("hare@wonderland.example", "Hare")] {
            let item = Item { name: Some(name.into()), subscription: Subscription::Both, ..Item::new(jid(contact)) };
            fixture.event(Event::Contact(rfc3921::roster::Change::Set(item)));
        }
        fixture
    }

    pub fn event(&mut self, event: Event) {
        self.model.on_event(0, event, &self.session);
    }

    pub fn presence(&mut self, text: &str) {
        let presence = Presence::from_element(&element(text)).unwrap();
        self.event(Event::Presence(Box::new(presence)));
    }

    /// A message from there, with this id.
    pub fn message(&mut self, from: &str, id: &str, text: &str) {
        let incoming = incoming(from, id, text);
        self.event(Event::Message(Box::new(incoming)));
    }

    /// A room with these in it, and us.
    pub fn room(&mut self, room: &str, nicks: &[&str]) {
        self.model.enter(&format!("/join {room} alice"));
        let room = jid(room);
        for nick in nicks.iter().chain(&["alice"]) {
            let event = RoomEvent::Occupant { nick: (*nick).to_owned(), change: OccupantChange::Joined };
            self.event(Event::Room { room: room.clone(), event });
        }
        let event = RoomEvent::Joined { nick: "alice".to_owned(), created: false };
        self.event(Event::Room { room, event });
    }

    pub fn actions(&mut self) -> Vec<Action> {
        std::iter::from_fn(|| self.model.next_action())
            .filter(|a| !matches!(a, Action::Keep(..) | Action::Print(..)))
            .collect()
    }

    /// Says what is typed, as if the session had taken it under that id.
    pub fn say(&mut self, text: &str, id: &str) {
        self.model.enter(text);
        for action in self.actions() {
            if let Action::Say(place, _, key) = action {
                self.model.taken(&place, key, Ok(id.to_owned()));
            }
        }
    }

    pub fn place(&self, with: &str) -> Place {
        Place { account: 0, with: jid(with) }
    }

    /// What a terminal of that size shows, row by row.
    pub fn screen(&mut self, width: u16, height: u16) -> Vec<String> {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        self.model.view = screen::view(ratatui::layout::Rect::new(0, 0, width, height), &self.model, &self.editor);
        terminal.draw(|frame| screen::draw(frame, &self.model, &self.editor)).unwrap();
        let buffer = terminal.backend().buffer();
        let mut rows = Vec::new();
        for y in 0..height {
            let (mut row, mut x) = (String::new(), 0);
            while x < width {
                let symbol = buffer[(x, y)].symbol();
                row.push_str(symbol);
                x += u16::try_from(super::text::width(symbol)).unwrap().max(1);
            }
            rows.push(row.trim_end().to_owned());
        }
        rows
    }
}

pub fn incoming(from: &str, id: &str, text: &str) -> Incoming {
    let from = jid(from);
    let room = from.domain().starts_with("rooms.");
    let kind = if room { MessageType::Groupchat } else { MessageType::Chat };
    let message = Message { id: Some(id.to_owned()), body: Some(text.to_owned()), ..Message::new(kind, None) };
    Incoming {
        with: from.bare(),
        author: if room { Author::Nick(from.clone()) } else { Author::Account(from.bare()) },
        from,
        own: false,
        way: Way::Live,
        id: Some(id.to_owned()),
        stanza_id: Some(format!("s-{id}")),
        time: NOW,
        text: text.to_owned(),
        corrects: None,
        verified: true,
        message,
    }
}
