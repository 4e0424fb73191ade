//! What the model wants done outside of it: by the sessions, the history, the terminal.

use std::collections::BTreeSet;
use std::path::PathBuf;

use rfc3920::jid::Jid;
use rfc3921::bookmarks::Bookmark;
use rfc3921::chat_states::ChatState;
use rfc3921::presence::Show;
use rfc3921::session::Text;

use super::command::SubVerb;
use super::conversation::Place;

/// One thing to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Say this; the line of that number shows what becomes of it.
    Say(Place, Text, u64),
    /// The message of that id says this instead.
    Correct(Place, String, Text, u64),
    /// Take a message back.
    Retract(Place, String),
    /// React to a message.
    React(Place, String, BTreeSet<String>),
    /// Tell whether the user writes.
    ChatState(Place, ChatState),
    /// Tell that the user has seen this message.
    Displayed(Place, String),
    /// Enter a room: nick, password.
    Join(Place, String, Option<String>),
    /// Leave one.
    Leave(Place, Option<String>),
    /// Another nick.
    Nick(Place, String),
    /// What the room is about.
    Topic(Place, String),
    /// Ask somebody into the room.
    Invite(Place, Jid, Option<String>),
    /// Send somebody out of it.
    Kick(Place, String, Option<String>),
    /// Keep the room at the account, or forget it.
    Bookmark(Place, Option<Bookmark>),
    /// About subscriptions.
    Sub(Place, SubVerb),
    /// A contact comes in, under that name, or goes.
    Contact(Place, Option<String>, bool),
    /// Block or unblock.
    Block(Place, bool),
    /// How available, for all accounts.
    Presence(Option<Show>, Option<String>),
    /// Ask for older messages, from the history and then the archive.
    Older(Place),
    /// Ask whether somebody answers.
    Ping(Place),
    /// Ask which program somebody uses.
    Version(Place),
    /// Upload a file and say its address.
    Upload(Place, PathBuf),
    /// Connect again, or go offline.
    Connect(usize, bool),
    /// A conversation came on the screen: what is kept of it is wanted.
    Opened(Place),
    /// One went off it.
    Closed(Place),
    /// A line is new, or changed: for the history.
    Keep(Place, u64),
    /// A line is new: for who has no screen. The program's own conversation has no place.
    Print(Option<Place>, u64),
    /// Tell the user of a message: title and text.
    Notify(String, String),
    /// The user looks at the program, or does not.
    Active(bool),
    /// Leave.
    Quit,
}
