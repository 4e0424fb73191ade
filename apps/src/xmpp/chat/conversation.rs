//! One conversation: what was said in it, and what is known about it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use rfc3920::jid::Jid;
use rfc3921::presence::Show;
use rfc3921::rooms::{Affiliation, Role};
use rfc3921::session::Author;

use super::layout::{self, Measure};

/// Which conversation: of which account, with whom.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// By its number among the accounts.
    pub account: usize,
    /// A contact's bare address, a room's, or an occupant's.
    pub with: Jid,
}

/// What kind of conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Kind {
    /// The program's own: news that belong nowhere else.
    Program,
    /// With a contact.
    Chat,
    /// In a room.
    Room,
    /// With an occupant of a room.
    Private,
}

/// Who says a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Who {
    /// The user.
    Me,
    /// Somebody else.
    Them,
    /// The program.
    Notice,
    /// The program, about what went wrong.
    Error,
}

/// What became of a message of ours. The order is that of certainty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub enum Mark {
    /// Nothing to say: not ours.
    #[default]
    None,
    /// Under way.
    Pending,
    /// At the server; in a room: passed on.
    Sent,
    /// At a client of theirs.
    Received,
    /// They have seen it.
    Seen,
    /// It did not arrive.
    Failed,
}

/// A line: a message, or what the program says.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// Its number: unique in this run.
    pub key: u64,
    /// When, since 1970.
    pub time: Duration,
    /// Who says it.
    pub who: Who,
    /// Under which name.
    pub name: String,
    /// What, as it was written: to be made harmless when shown.
    pub text: String,
    /// The sender's id.
    pub id: Option<String>,
    /// The archive's.
    pub stanza_id: Option<String>,
    /// Who counts as the same author.
    pub author: Option<Author>,
    /// What became of it.
    pub mark: Mark,
    /// It was corrected.
    pub edited: bool,
    /// It was taken back.
    pub retracted: bool,
    /// It names us.
    pub mention: bool,
    /// Whom and what it answers.
    pub reply: Option<(String, String)>,
    /// Who reacts how.
    pub reactions: BTreeMap<String, BTreeSet<String>>,
}

impl Line {
    /// One with nothing else known about it.
    pub fn new(time: Duration, who: Who, name: &str, text: &str) -> Line {
        Line {
            key: 0,
            time,
            who,
            name: name.to_owned(),
            text: text.to_owned(),
            id: None,
            stanza_id: None,
            author: None,
            mark: Mark::None,
            edited: false,
            retracted: false,
            mention: false,
            reply: None,
            reactions: BTreeMap::new(),
        }
    }

    /// Whether it is what somebody said.
    pub fn is_message(&self) -> bool {
        matches!(self.who, Who::Me | Who::Them)
    }

    /// Whether others speak of it by this id.
    pub fn is_called(&self, id: &str) -> bool {
        self.id.as_deref() == Some(id) || self.stanza_id.as_deref() == Some(id)
    }
}

/// Somebody in a room.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Occupant {
    /// Away, busy and so on.
    pub show: Option<Show>,
    /// What they are in the room.
    pub role: Option<Role>,
    /// What they are to it.
    pub affiliation: Option<Affiliation>,
    /// Who it is, where one may see that.
    pub jid: Option<Jid>,
}

/// One conversation.
#[derive(Clone, Debug)]
pub struct Conversation {
    /// Where; the program's own has nobody.
    pub place: Option<Place>,
    /// What kind.
    pub kind: Kind,
    /// What to call it.
    pub title: String,
    /// Oldest first.
    pub lines: Vec<Line>,
    /// Messages that the user has not seen.
    pub unread: u32,
    /// One of them is for the user alone, or names them.
    pub important: bool,
    /// The first of them.
    pub first_unread: Option<u64>,
    /// Who is writing, until when that is believed.
    pub typing: BTreeMap<String, Duration>,
    /// Rows between what is shown and the end.
    pub scroll: usize,
    /// What is written here and not sent yet.
    pub draft: String,
    /// Room: our nick.
    pub nick: String,
    /// Room: what it is about.
    pub subject: String,
    /// Room: who is in it.
    pub occupants: BTreeMap<String, Occupant>,
    /// Room: we are in it.
    pub joined: bool,
    /// Room: what opens it.
    pub password: Option<String>,
    /// Corrections of ours: under which id they went out, and which line they are about.
    pub corrections: Vec<(String, u64)>,
    /// Older messages were asked for.
    pub looking_back: bool,
    /// There are no older ones.
    pub complete: bool,
}

impl Conversation {
    /// An empty one.
    pub fn new(place: Option<Place>, kind: Kind, title: &str) -> Conversation {
        Conversation {
            place,
            kind,
            title: title.to_owned(),
            lines: Vec::new(),
            unread: 0,
            important: false,
            first_unread: None,
            typing: BTreeMap::new(),
            scroll: 0,
            draft: String::new(),
            nick: String::new(),
            subject: String::new(),
            occupants: BTreeMap::new(),
            joined: false,
            password: None,
            corrections: Vec::new(),
            looking_back: false,
            complete: false,
        }
    }

    /// The line of that number.
    pub fn line_mut(&mut self, key: u64) -> Option<&mut Line> {
        self.lines.iter_mut().rev().find(|line| line.key == key)
    }

    /// The message that others call so.
    pub fn called_mut(&mut self, id: &str) -> Option<&mut Line> {
        let corrected = self.corrections.iter().find(|(of, _)| of == id).map(|(_, key)| *key);
        if let Some(key) = corrected {
            return self.line_mut(key);
        }
        self.lines.iter_mut().rev().find(|line| line.is_message() && line.is_called(id))
    }

    /// What we said last, if it can be corrected.
    pub fn last_own(&self) -> Option<&Line> {
        let own = |line: &&Line| line.who == Who::Me && !line.retracted && line.mark != Mark::Failed;
        self.lines.iter().rev().find(own).filter(|line| line.id.is_some())
    }

    /// The `n`th message of others from the end; 1 is the last.
    pub fn others(&self, n: usize) -> Option<&Line> {
        self.lines.iter().rev().filter(|line| line.who == Who::Them && !line.retracted).nth(n.checked_sub(1)?)
    }

    /// Puts a line where its time says; what is shown stays where it is. False: it is older than all that is kept.
    pub fn insert(&mut self, line: Line, cells: usize) -> bool {
        let at = self.lines.iter().rposition(|other| other.time <= line.time).map_or(0, |at| at + 1);
        if at == 0 && self.lines.len() >= KEPT {
            return false;
        }
        if self.scroll > 0 && at == self.lines.len() {
            self.scroll += layout::rows(&line, &self.measure(cells, 0)).len();
        }
        self.lines.insert(at, line);
        if self.lines.len() > KEPT + KEPT / 4 {
            self.lines.drain(..KEPT / 4);
        }
        true
    }

    /// The user has seen everything here; gives the last message of somebody else, if it is new to them.
    pub fn read(&mut self) -> Option<&Line> {
        let had = std::mem::take(&mut self.unread) > 0;
        self.important = false;
        self.lines.iter().rev().find(|line| line.who == Who::Them).filter(|_| had)
    }

    /// How lines are laid out in so many cells, by a clock so many minutes east.
    pub fn measure(&self, cells: usize, east: i16) -> Measure {
        let seen = self.lines.iter().rev().find(|line| line.mark == Mark::Seen).map(|line| line.key);
        Measure { east, names: self.name_cells(), cells, seen }
    }

    /// Columns that names take: as the widest needs, within limits.
    pub fn name_cells(&self) -> usize {
        let widest = self.lines.iter().rev().take(200).map(|line| super::text::width(&line.name)).max();
        widest.unwrap_or(0).clamp(4, 14)
    }

    /// Who writes just now.
    pub fn writers(&self, unix: Duration) -> Vec<&str> {
        self.typing.iter().filter(|(_, until)| **until > unix).map(|(name, _)| name.as_str()).collect()
    }
}

/// Lines of a conversation that are kept in memory.
pub const KEPT: usize = 4000;
