use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use rfc3920::jid::Jid;
use rfc3920::stanza::StanzaError;
use rfc3920::stream::{self, RequestError, RequestId};
use wire::Instant;

use crate::avatar::Metadata;
use crate::blocking::Blocking;
use crate::chat_states::ChatState;
use crate::disco::{Info, Items};
use crate::form::Form;
use crate::message::Message;
use crate::presence::Presence;
use crate::pubsub;
use crate::rooms::Destroy;
use crate::time::Time;
use crate::upload::Slot;
use crate::vcard::Vcard;
use crate::version::Version;
use crate::{archive, rooms, roster};

/// What a [`Session`](super::Session) tells.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// Where to connect for this domain? [`Session::discovered`](super::Session::discovered) answers.
    Discover {
        /// The domain of the account, or the host that its server sent us to; its labels in ASCII.
        domain: String,
    },
    /// Logged in; messages can be sent. In a new session, which is one that was not resumed, nobody is there and no room
    /// is entered until it is told again.
    Online(Box<stream::Online>),
    /// The roster is there, the server's abilities are known, presence was sent.
    Ready,
    /// Not connected any longer, or not at all.
    Offline {
        /// Why.
        error: stream::Error,
        /// When the next try begins by itself; `None`: never.
        again: Option<Instant>,
    },
    /// The roster is there as a whole: see [`Session::roster`](super::Session::roster).
    Roster,
    /// A contact changed.
    Contact(roster::Change),
    /// A contact, or another client of this account, came, went or changed.
    Presence(Box<Presence>),
    /// Somebody asks for our presence, and waits for [`Session::approve`](super::Session::approve) or
    /// [`Session::refuse_presence`](super::Session::refuse_presence).
    Asked {
        /// Who.
        from: Jid,
        /// In which words.
        status: Option<String>,
    },
    /// Somebody let us have their presence (true), or does not, or no longer (false).
    Subscribed {
        /// Who.
        from: Jid,
        /// Whether we get it.
        granted: bool,
    },
    /// A message for people: each is told once, whichever way it came, and however often.
    Message(Box<Incoming>),
    /// A message of ours is at the server; in a room: was passed on to everybody.
    Sent {
        /// In which conversation.
        with: Jid,
        /// As [`Session::say`](super::Session::say) named it.
        id: String,
        /// What the room calls it.
        stanza_id: Option<String>,
    },
    /// A message of ours did not arrive.
    Failed {
        /// In which conversation.
        with: Jid,
        /// As [`Session::say`](super::Session::say) named it.
        id: String,
        /// Why.
        error: Box<StanzaError>,
    },
    /// A message of ours arrived at a client.
    Receipt {
        /// In which conversation.
        with: Jid,
        /// Whose client.
        from: Jid,
        /// As [`Session::say`](super::Session::say) named it.
        id: String,
    },
    /// Somebody has seen this message and all before it.
    Displayed {
        /// In which conversation.
        with: Jid,
        /// Who; oneself on another client, too.
        from: Jid,
        /// Which: the sender's id, in a room what the room calls it.
        id: String,
    },
    /// Somebody writes, or stopped.
    ChatState {
        /// In which conversation.
        with: Jid,
        /// Who.
        from: Jid,
        /// What they do.
        state: ChatState,
    },
    /// Somebody reacts to a message: these take the place of all reactions of theirs to it.
    Reactions {
        /// In which conversation.
        with: Jid,
        /// Who.
        author: Author,
        /// To which message: the sender's id, in a room what the room calls it.
        id: String,
        /// How.
        emojis: BTreeSet<String>,
    },
    /// A message was taken back, by who sent it or by a moderator.
    Retracted {
        /// In which conversation.
        with: Jid,
        /// Who did it. Only a message of the same author is meant, unless `moderated`.
        author: Author,
        /// Which message: the sender's id, in a room what the room calls it.
        id: String,
        /// The room did it in the name of a moderator.
        moderated: bool,
        /// Why.
        reason: Option<String>,
    },
    /// What was missed has been told, as far as the archive has it.
    CaughtUp {
        /// Of the account, or of a room.
        archive: Jid,
        /// Whether nothing is left out.
        complete: bool,
    },
    /// Something about a room.
    Room {
        /// Which.
        room: Jid,
        /// What.
        event: RoomEvent,
    },
    /// Somebody invites us to a room.
    Invited {
        /// To which.
        room: Jid,
        /// Who; a room in whose name it came may say so, or not.
        from: Option<Jid>,
        /// What opens it.
        password: Option<String>,
        /// Why.
        reason: Option<String>,
    },
    /// The bookmarks are there as a whole, or changed: see [`Session::bookmarks`](super::Session::bookmarks).
    Bookmarks,
    /// The list of blocked addresses is there, or changed: see [`Session::blocked`](super::Session::blocked).
    Blocked(Blocking),
    /// Somebody has another picture, or none.
    Avatar {
        /// Who.
        from: Jid,
        /// What is known of it.
        metadata: Option<Metadata>,
    },
    /// Something else was published by a contact.
    Published {
        /// Who.
        from: Jid,
        /// What.
        event: pubsub::Event,
    },
    /// What was asked for with a command that returned this number.
    Answer {
        /// Which.
        request: RequestId,
        /// What came.
        result: Result<Answer, RequestError>,
    },
    /// A token for the next login (XEP-0484): to be kept like a password.
    Token(rfc3920::sasl::Token),
    /// What went over the connection, secrets replaced.
    Raw {
        /// Whether this side sent it.
        sent: bool,
        /// One element.
        text: String,
    },
    /// Something was left aside.
    Dropped {
        /// What.
        reason: DropReason,
    },
}

/// A message, and what is known about it beyond what its sender wrote.
#[derive(Clone, Debug, PartialEq)]
pub struct Incoming {
    /// The conversation: a contact's bare address, a room's, or an occupant's full one for what is said in private there.
    pub with: Jid,
    /// Who wrote it.
    pub from: Jid,
    /// Who counts as the same when messages are corrected or taken back.
    pub author: Author,
    /// This account wrote it, on another client or in another session.
    pub own: bool,
    /// How it came.
    pub way: Way,
    /// The sender's id.
    pub id: Option<String>,
    /// What the archive that is responsible calls it: the account's own or the room's, believed only from there.
    pub stanza_id: Option<String>,
    /// When it was sent, since 1970: now, or what whoever kept it says. What others claim about that is not believed.
    pub time: Duration,
    /// The text, without what stands in for extensions that are understood.
    pub text: String,
    /// It takes the place of this message of the same author.
    pub corrects: Option<String>,
    /// That message was seen in this session, and has the same author.
    pub verified: bool,
    /// All that its sender wrote.
    pub message: Message,
}

impl Incoming {
    /// The id by which others speak of it: in reactions, replies and retractions.
    //= xep-0444#4.1/which-id MUST
    //# In rooms the id that the room gave, in conversations of two the sender's.
    pub fn reference(&self) -> Option<&str> {
        match self.message.kind {
            crate::message::MessageType::Groupchat => self.stanza_id.as_deref(),
            _ => self.id.as_deref(),
        }
    }
}

/// How a message came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// As it was sent, or a little later from where the server kept it.
    Live,
    /// As a copy of what another client got or sent.
    Carbon,
    /// From an archive.
    Archive,
    /// As a room's account of what was said before one entered.
    History,
}

/// Who counts as the same sender.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Author {
    /// An account.
    Account(Jid),
    /// An occupant of a room that gives lasting ids.
    Occupant(String),
    /// An occupant of one that does not: as long as nobody else takes the nick.
    Nick(Jid),
    /// A room itself.
    Room,
}

/// What happens in a room.
#[derive(Clone, Debug, PartialEq)]
pub enum RoomEvent {
    /// We are in it.
    Joined {
        /// As whom; the room may have chosen.
        nick: String,
        /// It was made by this.
        created: bool,
    },
    /// We could not get in.
    Refused(Box<StanzaError>),
    /// We are not in it any longer.
    Left {
        /// Why.
        reason: LeftReason,
    },
    /// Somebody came, went or changed.
    Occupant {
        /// Under which nick, before a change of it.
        nick: String,
        /// What happened.
        change: OccupantChange,
    },
    /// What the room is about.
    Subject {
        /// Who says so.
        from: Jid,
        /// What: nothing for nothing.
        text: String,
    },
    /// Its configuration changed in these ways: see [`rooms::status`].
    Changed(BTreeSet<u16>),
    /// Somebody whom we have invited declines.
    Declined {
        /// Who.
        from: Option<Jid>,
        /// Why.
        reason: Option<String>,
    },
}

/// What happens to an occupant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OccupantChange {
    /// Came.
    Joined,
    /// Changed presence, role or affiliation.
    Updated,
    /// Has another nick.
    Renamed(String),
    /// Went.
    Left(LeftReason),
}

/// Why somebody is not in a room any longer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LeftReason {
    /// Left.
    Left,
    /// Was sent away.
    Kicked {
        /// By whom.
        actor: Option<String>,
        /// Why.
        reason: Option<String>,
    },
    /// Was banned.
    Banned {
        /// By whom.
        actor: Option<String>,
        /// Why.
        reason: Option<String>,
    },
    /// Is no member.
    Members,
    /// The room is no more.
    Destroyed(Destroy),
    /// The service stops, or an error on the way.
    Service,
    /// The room does not know us any longer, or did not answer.
    Lost,
}

/// The answer to a command.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// It was done.
    Done,
    /// [`Session::ping`](super::Session::ping): after that time.
    Pong(Duration),
    /// [`Session::info`](super::Session::info).
    Info(Info),
    /// [`Session::items`](super::Session::items).
    Items(Items),
    /// [`Session::version`](super::Session::version).
    Version(Version),
    /// [`Session::time`](super::Session::time).
    Time(Time),
    /// [`Session::vcard`](super::Session::vcard).
    Vcard(Box<Vcard>),
    /// [`Session::avatar`](super::Session::avatar).
    Avatar(Bytes),
    /// [`Session::history`](super::Session::history).
    History(History),
    /// [`Session::upload_slot`](super::Session::upload_slot).
    Slot(Slot),
    /// [`Session::fetch`](super::Session::fetch).
    Fetched(pubsub::Items),
    /// [`Session::affiliations`](super::Session::affiliations).
    Affiliations(Vec<rooms::Item>),
    /// [`Session::configuration`](super::Session::configuration).
    Form(Form),
    /// An answer came that is none.
    IllFormed,
}

/// A page of an archive.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    /// Oldest first. Corrections, reactions and retractions are among them as messages.
    pub messages: Vec<Incoming>,
    /// Which page it was, and whether there is more.
    pub fin: archive::Fin,
}

/// What was left aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DropReason {
    /// The stream below did.
    Stream(stream::DropReason),
    /// A stanza that is ill-formed.
    IllFormed,
    /// A copy that did not come from the own account, or of a message that is not its.
    ForgedCarbon,
    /// A result of an archive that was not asked for, or not this one.
    ForgedArchive,
    /// A roster push that did not come from the own account.
    ForgedPush,
    /// A list of capabilities that is not what its hash says.
    ForgedCaps,
    /// A correction or retraction of somebody else's message.
    ForgedChange,
    /// A message of a room that we are not in, or an error for a message that was not sent.
    Unrelated,
    /// Presence of somebody who is no contact.
    Stranger,
    /// More than one of the [`Limits`](super::Limits) allows.
    Limit,
    /// More requests than [`Limits::answers_per_second`](super::Limits::answers_per_second).
    Flood,
}

/// Why a command was not carried out.
#[derive(Clone, Debug, PartialEq)]
pub enum CommandError {
    /// The stream below did not take it.
    Stream(stream::CommandError),
    /// Nobody is in that room.
    NotJoined,
    /// The server does not offer it.
    NotOffered(&'static str),
    /// One of the [`Limits`](super::Limits) is reached.
    Limit(&'static str),
    /// The address cannot be used for that.
    Address,
    /// The upload service does not take files of that size.
    TooLarge {
        /// Bytes.
        limit: u64,
    },
}

impl From<stream::CommandError> for CommandError {
    fn from(error: stream::CommandError) -> CommandError {
        CommandError::Stream(error)
    }
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CommandError::Stream(error) => error.fmt(f),
            CommandError::NotJoined => f.write_str("not in that room"),
            CommandError::NotOffered(what) => write!(f, "the server does not offer {what}"),
            CommandError::Limit(what) => write!(f, "too many {what}"),
            CommandError::Address => f.write_str("that address cannot be used for this"),
            CommandError::TooLarge { limit } => write!(f, "the server takes files of at most {limit} bytes"),
        }
    }
}

impl std::error::Error for CommandError {}
