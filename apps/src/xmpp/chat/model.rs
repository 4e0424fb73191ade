//! Everything that the chat knows, without a terminal or a connection: accounts, contacts, conversations.
//!
//! Events of sessions ([`Model::on_event`](super::events)) and commands of the user ([`Model::run`](super::commands)) change
//! it; what is to be done outside comes out of [`Model::next_action`]. The screen draws from it alone.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use rfc3920::jid::Jid;
use rfc3921::chat_states::ChatState;
use rfc3921::presence::Show;
use rfc3921::roster::Subscription;

use super::action::Action;
use super::conversation::{Conversation, Kind, Line, Mark, Place, Who};
use super::layout;

/// Whether there is a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Link {
    /// On the way.
    Connecting,
    /// Messages flow.
    Online,
    /// None, and why; the next try begins then, if one does.
    Offline(String, Option<Duration>),
}

/// An account of the user.
#[derive(Clone, Debug)]
pub struct Account {
    /// Its bare address.
    pub jid: Jid,
    /// What the user calls it.
    pub name: String,
    /// Our name in rooms.
    pub nick: String,
    /// Whether there is a connection.
    pub link: Link,
    /// By bare address.
    pub contacts: BTreeMap<Jid, Contact>,
    /// Who asks for our presence and waits.
    pub asking: Vec<Jid>,
    /// Archives of which an earlier run has left where it was: what they tell is news.
    pub continues: BTreeSet<Jid>,
    /// Archives that are read: the account's, those of rooms.
    pub caught_up: BTreeSet<Jid>,
}

/// Somebody whom the user knows.
#[derive(Clone, Debug)]
pub struct Contact {
    /// What to call them.
    pub label: String,
    /// Who gets whose presence.
    pub subscription: Subscription,
    /// We have asked for theirs.
    pub ask: bool,
    /// Their clients that are there.
    pub resources: BTreeMap<String, Resource>,
}

/// A client of a contact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    /// Away, busy and so on.
    pub show: Option<Show>,
    /// In words.
    pub status: Option<String>,
    /// Which is preferred.
    pub priority: i8,
}

impl Contact {
    /// The client that counts: the one with the highest priority, of these the most available.
    pub fn best(&self) -> Option<&Resource> {
        let rank = |show: Option<Show>| match show {
            Some(Show::Chat) => 4,
            None => 3,
            Some(Show::Away) => 2,
            Some(Show::Dnd) => 1,
            Some(Show::Xa) => 0,
        };
        self.resources.values().max_by_key(|resource| (resource.priority, rank(resource.show)))
    }
}

/// See the [module](self).
#[derive(Clone, Debug)]
pub struct Model {
    /// The user's accounts.
    pub accounts: Vec<Account>,
    /// Which of them opens new conversations.
    pub account: usize,
    /// The first is the program's own.
    pub conversations: Vec<Conversation>,
    /// Which one is shown.
    pub current: usize,
    /// What the user sees as their presence.
    pub show: Option<Show>,
    /// In words.
    pub status: Option<String>,
    /// The time since 1970.
    pub unix: Duration,
    /// Minutes that the user's clock is east of Greenwich.
    pub east: i16,
    /// The terminal has the focus.
    pub focused: bool,
    /// Columns of the conversation, and rows.
    pub view: (usize, usize),
    /// Says this until a key is pressed, or it was there for a while.
    pub hint: Option<String>,
    /// Since so many looks at the clock.
    hint_age: u8,
    /// The message that the line corrects.
    pub correcting: Option<u64>,
    /// The minute that the screen shows.
    minute: u64,
    /// When the user wrote last, and where.
    writing: Option<(Place, Duration)>,
    actions: VecDeque<Action>,
    keys: u64,
}

impl Model {
    /// With these accounts, given as address, name and nick.
    pub fn new(accounts: Vec<(Jid, String, String)>) -> Model {
        let account = |(jid, name, nick): (Jid, String, String)| Account {
            jid,
            name,
            nick,
            link: Link::Connecting,
            contacts: BTreeMap::new(),
            asking: Vec::new(),
            continues: BTreeSet::new(),
            caught_up: BTreeSet::new(),
        };
        Model {
            accounts: accounts.into_iter().map(account).collect(),
            account: 0,
            conversations: vec![Conversation::new(None, Kind::Program, "xmpp")],
            current: 0,
            show: None,
            status: None,
            unix: Duration::ZERO,
            east: 0,
            focused: true,
            view: (80, 20),
            hint: None,
            hint_age: 0,
            correcting: None,
            minute: 0,
            writing: None,
            actions: VecDeque::new(),
            keys: 0,
        }
    }

    /// What is to be done.
    pub fn next_action(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    /// Adds something to be done.
    pub(super) fn act(&mut self, action: Action) {
        self.actions.push_back(action);
    }

    /// The conversation that is shown.
    pub fn shown(&self) -> &Conversation {
        &self.conversations[self.current]
    }

    /// The conversation that is shown.
    pub fn shown_mut(&mut self) -> &mut Conversation {
        &mut self.conversations[self.current]
    }

    /// The account that a command means: that of the conversation, or else the chosen one.
    pub fn account_here(&self) -> usize {
        self.shown().place.as_ref().map_or(self.account, |place| place.account)
    }

    /// The number of a conversation.
    pub fn find(&self, place: &Place) -> Option<usize> {
        self.conversations.iter().position(|conversation| conversation.place.as_ref() == Some(place))
    }

    /// The conversation, opened if it was not.
    pub fn open(&mut self, place: &Place, kind: Kind) -> &mut Conversation {
        let at = self.find(place).unwrap_or_else(|| {
            let title = self.title(place, kind);
            let mut conversation = Conversation::new(Some(place.clone()), kind, &title);
            if kind == Kind::Private {
                let room = self.find(&Place { account: place.account, with: place.with.bare() });
                conversation.nick = room.map(|at| self.conversations[at].nick.clone()).unwrap_or_default();
            }
            self.conversations.push(conversation);
            self.act(Action::Opened(place.clone()));
            self.conversations.len() - 1
        });
        &mut self.conversations[at]
    }

    fn title(&self, place: &Place, kind: Kind) -> String {
        match kind {
            Kind::Room => place.with.local().unwrap_or_else(|| place.with.domain()).to_owned(),
            Kind::Private => {
                let room = place.with.local().unwrap_or_default();
                format!("{}@{room}", place.with.resource().unwrap_or_default())
            }
            _ => self.label(place.account, &place.with),
        }
    }

    /// What to call somebody.
    pub fn label(&self, account: usize, jid: &Jid) -> String {
        let contact = self.accounts.get(account).and_then(|account| account.contacts.get(&jid.bare()));
        contact.map_or_else(|| short(jid), |contact| contact.label.clone())
    }

    /// Shows another conversation.
    pub fn switch(&mut self, to: usize) {
        if to >= self.conversations.len() {
            self.hint = Some(format!("there is no conversation {}", to + 1));
            return;
        }
        if to != self.current {
            self.stop_writing();
            let left = self.shown_mut();
            left.first_unread = None;
            left.scroll = 0;
            self.current = to;
            self.correcting = None;
        }
        self.look();
    }

    /// The conversation before or after this one.
    pub fn step(&mut self, forward: bool) {
        let count = self.conversations.len();
        self.switch((self.current + if forward { 1 } else { count - 1 }) % count);
    }

    /// The next conversation with something new: what is for the user alone first.
    pub fn next_active(&mut self) {
        let count = self.conversations.len();
        let order = (1..count).map(|step| (self.current + step) % count);
        let new = |important: bool| {
            let conversations = &self.conversations;
            order.clone().find(move |at| conversations[*at].unread > 0 && conversations[*at].important == important)
        };
        match new(true).or_else(|| new(false)) {
            Some(at) => self.switch(at),
            None => self.hint = Some("nothing new".to_owned()),
        }
    }

    /// The user sees what is shown now.
    pub fn look(&mut self) {
        if !self.focused || self.shown().scroll > 0 {
            return;
        }
        let conversation = self.shown_mut();
        let kind = conversation.kind;
        let last = conversation.read().and_then(|line| line.id.clone());
        let place = conversation.place.clone();
        if let (Some(id), Some(place), Kind::Chat) = (last, place, kind) {
            self.act(Action::Displayed(place, id));
        }
    }

    /// The terminal got or lost the focus.
    pub fn focus(&mut self, focused: bool) {
        if self.focused != focused {
            self.focused = focused;
            self.act(Action::Active(focused));
            if focused {
                self.look();
            } else {
                self.shown_mut().first_unread = None;
                self.stop_writing();
            }
        }
    }

    /// Up or down by so many rows; at the top, older messages are asked for.
    pub fn scroll(&mut self, up: bool, rows: usize) {
        let (cells, height) = self.view;
        let conversation = self.shown_mut();
        let measure = conversation.measure(cells, 0);
        let all: usize = conversation.lines.iter().map(|line| layout::rows(line, &measure).len()).sum();
        let top = all.saturating_sub(height.saturating_sub(1));
        conversation.scroll = match up {
            true => conversation.scroll.saturating_add(rows).min(top),
            false => conversation.scroll.saturating_sub(rows),
        };
        if up && conversation.scroll >= top {
            self.look_back();
        }
        self.look();
    }

    /// Asks for older messages.
    pub fn look_back(&mut self) {
        let conversation = self.shown_mut();
        if conversation.complete || conversation.looking_back {
            return;
        }
        if let Some(place) = conversation.place.clone() {
            conversation.looking_back = true;
            self.act(Action::Older(place));
        }
    }

    /// The line was changed by the user: others are told that somebody writes.
    pub fn wrote(&mut self, text: &str) {
        let conversation = self.shown();
        let (Some(place), Kind::Chat) = (conversation.place.clone(), conversation.kind) else { return };
        if text.is_empty() {
            return self.stop_writing();
        }
        if text.starts_with('/') && !text.starts_with("/me ") {
            return;
        }
        if self.writing.is_none() {
            self.act(Action::ChatState(place.clone(), ChatState::Composing));
        }
        self.writing = Some((place, self.unix));
    }

    fn stop_writing(&mut self) {
        if let Some((place, _)) = self.writing.take() {
            self.act(Action::ChatState(place, ChatState::Active));
        }
    }

    /// A message went out: whoever gets it knows that the writing is over.
    pub(super) fn has_sent(&mut self) {
        self.writing = None;
    }

    /// Time goes by: who stopped to write is told so. True: the screen shows something else now.
    pub fn tick(&mut self, unix: Duration) -> bool {
        let minute = unix.as_secs() / 60;
        let mut changed = std::mem::replace(&mut self.minute, minute) != minute;
        changed |= self.accounts.iter().any(|account| matches!(account.link, Link::Offline(_, Some(_))));
        self.unix = unix;
        self.hint_age = if self.hint.is_some() { self.hint_age + 1 } else { 0 };
        if self.hint_age > HINT {
            (self.hint, self.hint_age, changed) = (None, 0, true);
        }
        if let Some((place, since)) = &self.writing
            && unix.saturating_sub(*since) > PAUSE
        {
            let place = place.clone();
            self.writing = None;
            self.act(Action::ChatState(place, ChatState::Paused));
        }
        for conversation in &mut self.conversations {
            let before = conversation.typing.len();
            conversation.typing.retain(|_, until| *until > unix);
            changed |= conversation.typing.len() != before;
        }
        changed
    }

    /// The program says something: in a conversation, or its own.
    pub fn say(&mut self, place: Option<&Place>, who: Who, text: &str) {
        let at = place.and_then(|place| self.find(place)).unwrap_or(0);
        self.add(at, Line::new(self.unix, who, "", text));
    }

    /// The same in the conversation that is shown.
    pub fn tell(&mut self, text: &str) {
        self.add(self.current, Line::new(self.unix, Who::Notice, "", text));
    }

    /// What went wrong, in the conversation that is shown.
    pub fn complain(&mut self, text: &str) {
        self.add(self.current, Line::new(self.unix, Who::Error, "", text));
    }

    /// Adds a line and gives its number.
    pub(super) fn add(&mut self, at: usize, mut line: Line) -> u64 {
        self.keys += 1;
        line.key = self.keys;
        let (message, cells) = (line.is_message(), self.view.0);
        let conversation = &mut self.conversations[at];
        let place = conversation.place.clone();
        if conversation.insert(line, cells) {
            if let (true, Some(place)) = (message, &place) {
                self.act(Action::Keep(place.clone(), self.keys));
            }
            self.act(Action::Print(place, self.keys));
        }
        self.keys
    }

    /// Adds a line that is no news, and keeps it.
    pub(super) fn add_quietly(&mut self, at: usize, mut line: Line) {
        self.keys += 1;
        line.key = self.keys;
        let (conversation, cells) = (&mut self.conversations[at], self.view.0);
        if let (true, Some(place)) = (conversation.insert(line, cells), conversation.place.clone()) {
            self.act(Action::Keep(place, self.keys));
        }
    }

    /// Lines that were kept by an earlier run come in.
    pub fn restore(&mut self, place: &Place, lines: Vec<Line>, complete: bool) {
        let Some(at) = self.find(place) else { return };
        for mut line in lines {
            let conversation = &mut self.conversations[at];
            let called = |id: &Option<String>| {
                id.as_deref().is_some_and(|id| conversation.lines.iter().any(|l| l.is_called(id)))
            };
            if called(&line.id) || called(&line.stanza_id) {
                continue;
            }
            self.keys += 1;
            line.key = self.keys;
            if line.mark == Mark::Pending {
                line.mark = Mark::Failed;
            }
            conversation.insert(line, self.view.0);
        }
        let conversation = &mut self.conversations[at];
        if let (None, Some(unread)) = (conversation.first_unread, conversation.unread.checked_sub(1)) {
            let nth = usize::try_from(unread).unwrap_or(usize::MAX);
            let others = conversation.lines.iter().rev().filter(|line| line.who == Who::Them);
            conversation.first_unread = others.map(|line| line.key).nth(nth);
        }
        conversation.looking_back = false;
        conversation.complete |= complete;
    }

    /// The session has taken a message, or not.
    pub fn taken(&mut self, place: &Place, key: u64, result: Result<String, String>) {
        let Some(at) = self.find(place) else { return };
        match result {
            Ok(id) => {
                if let Some(line) = self.conversations[at].line_mut(key) {
                    line.id = Some(id);
                }
            }
            Err(why) => {
                if let Some(line) = self.conversations[at].line_mut(key) {
                    line.mark = Mark::Failed;
                }
                self.say(Some(place), Who::Error, &why);
            }
        }
        self.act(Action::Keep(place.clone(), key));
    }

    /// The session has taken a correction, under that id, or not.
    pub fn corrected(&mut self, place: &Place, key: u64, id: Option<String>) {
        let Some(at) = self.find(place) else { return };
        let conversation = &mut self.conversations[at];
        if let Some(line) = conversation.line_mut(key) {
            line.mark = if id.is_some() { Mark::Sent } else { Mark::Failed };
        }
        if let Some(id) = id {
            conversation.corrections.push((id, key));
            let excess = conversation.corrections.len().saturating_sub(100);
            conversation.corrections.drain(..excess);
        }
        self.act(Action::Keep(place.clone(), key));
    }

    /// Unread messages everywhere.
    pub fn unread(&self) -> u32 {
        self.conversations.iter().map(|conversation| conversation.unread).sum()
    }
}

/// An address for people: without the domain where that is no loss.
pub fn short(jid: &Jid) -> String {
    jid.local().unwrap_or_else(|| jid.domain()).to_owned()
}

/// Looks at the clock that a hint stays.
const HINT: u8 = 5;
/// Silence after which writing counts as paused.
const PAUSE: Duration = Duration::from_secs(10);
