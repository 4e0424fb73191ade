use std::time::Duration;

use rfc3920::stream;
use wire::Epoch;

use crate::presence::Show;
use crate::version::Version;

/// What a [`Session`](super::Session) is made with.
#[derive(Clone, Debug)]
pub struct Config {
    /// The account, and how to get to its server.
    pub stream: stream::Config,
    /// The calendar: what is sent late and what is asked of archives has dates.
    pub epoch: Epoch,
    /// Minutes that the user's clock is east of Greenwich.
    pub offset: i16,
    /// Which program this is; told to contacts who ask.
    pub software: Version,
    /// The address of the program on the Web, which names it in its capabilities.
    pub node: String,
    /// What is told when online; `None`: no presence at all, so that nobody sends here.
    pub availability: Option<Availability>,
    /// Who is told that a message arrived.
    pub receipts: Policy,
    /// Who is told what was shown ([`Session::displayed`](super::Session::displayed)).
    pub markers: Policy,
    /// Who is told that the user is writing ([`Session::chat_state`](super::Session::chat_state)).
    pub states: Policy,
    /// Who is told which program this is and what its clock says.
    pub about: Policy,
    /// Asks for copies of what other clients of the account send and get.
    pub carbons: bool,
    /// Asks archives for what was missed.
    pub catch_up: bool,
    /// Fetches the bookmarks, and enters the rooms that say so.
    pub bookmarks: bool,
    /// Sends again, with the same id, what got lost with a session and is in no archive.
    pub resend: bool,
    /// How long anything may take.
    pub timing: Timing,
    /// How much of anything there may be.
    pub limits: Limits,
}

impl Config {
    /// For the account of `stream`; all else as a program for people wants it: receipts, markers and states for
    /// contacts, carbons, archives and bookmarks on.
    pub fn new(stream: stream::Config, epoch: Epoch) -> Config {
        let version = env!("CARGO_PKG_VERSION").to_owned();
        Config {
            stream,
            epoch,
            offset: 0,
            software: Version { name: "Wireworks".to_owned(), version, os: None },
            node: "https://wireworks.example".to_owned(),
            availability: Some(Availability::default()),
            receipts: Policy::Contacts,
            markers: Policy::Contacts,
            states: Policy::Contacts,
            about: Policy::Contacts,
            carbons: true,
            catch_up: true,
            bookmarks: true,
            resend: true,
            timing: Timing::default(),
            limits: Limits::default(),
        }
    }
}

/// Who is told something about the user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// Nobody.
    Nobody,
    /// Those who may see the user's presence, and occupants of rooms that the user is in.
    Contacts,
    /// Whoever asks.
    Everybody,
}

/// How available the user is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Availability {
    /// Away, busy and so on; `None`: there.
    pub show: Option<Show>,
    /// In words.
    pub status: Option<String>,
    /// Which of the user's clients messages prefer.
    pub priority: i8,
}

/// How long anything may take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timing {
    /// Until a room must have let us in: 60 s.
    pub join: Duration,
    /// How long after a connection began the server's word is taken for when a message was sent, since it may hand over
    /// what it kept: 60 s. Later such a word can only be somebody else's.
    pub kept: Duration,
    /// Silence of a room after which it is asked whether we are still in it: 15 min. Zero: never.
    pub self_ping: Duration,
}

impl Default for Timing {
    fn default() -> Timing {
        Timing { join: Duration::from_secs(60), kept: Duration::from_secs(60), self_ping: Duration::from_secs(900) }
    }
}

/// How much of anything there may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Contacts that are taken from a roster: 10,000.
    pub contacts: usize,
    /// Resources of one contact that are kept: 32.
    pub resources: usize,
    /// People who ask for our presence and wait: 256.
    pub subscribers: usize,
    /// Rooms at a time: 128.
    pub rooms: usize,
    /// Occupants of one room that are kept: 5,000.
    pub occupants: usize,
    /// Blocked addresses that are kept: 10,000.
    pub blocked: usize,
    /// Bookmarks that are kept: 1,000.
    pub bookmarks: usize,
    /// Hashes of capabilities whose meaning is kept: 256.
    pub caps: usize,
    /// Messages that are remembered in order to tell none twice: 10,000.
    pub seen: usize,
    /// Of these, how many [`Saved`](super::Saved) holds: 1,000.
    pub saved: usize,
    /// Messages that wait for a session: 256.
    pub outbox: usize,
    /// Messages on a page of an archive: 100.
    pub page: u32,
    /// Messages of each archive that are asked for when it was never asked before: 50.
    pub first_page: u32,
    /// Pages of one archive that are asked for in a row: 1,000.
    pub pages: u32,
    /// Requests of others that are answered in a second, on average: 20; the rest has to wait for the stream's own refusal.
    pub answers_per_second: u32,
    /// Services of the server that are asked what they are: 32.
    pub services: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            contacts: 10_000,
            resources: 32,
            subscribers: 256,
            rooms: 128,
            occupants: 5_000,
            blocked: 10_000,
            bookmarks: 1_000,
            caps: 256,
            seen: 10_000,
            saved: 1_000,
            outbox: 256,
            page: 100,
            first_page: 50,
            pages: 1_000,
            answers_per_second: 20,
            services: 32,
        }
    }
}
