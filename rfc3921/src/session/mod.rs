//! The session: one account online, with everything that a client keeps about it.
//!
//! [`Session`] owns the stream below ([`rfc3920::stream::Client`]) and turns stanzas into what they mean:
//!
//! | what happens | what the session does |
//! |---|---|
//! | a new session begins | asks for the roster and for what server and account can do; with the answers: carbons, blocking list, bookmarks, presence, archive, services; then [`Event::Ready`] |
//! | an old session is resumed | nothing but to ask rooms whether we are still in them |
//! | a message comes, by any way | looks who may say so, whether it was told before, and tells it |
//! | a session is lost with messages under way | looks into the archive; what is not there is sent again with the same id |
//! | somebody asks something | answers what the policies allow, `service-unavailable` to all else |
//!
//! | module | what of it |
//! |---|---|
//! | `startup` | the beginning of a session, what the server can do |
//! | `contacts` | roster, presence, subscriptions |
//! | `sending` | messages out, and what becomes of them |
//! | `incoming` | messages in: who says so, and was it told before |
//! | `telling` | what a message means, as events |
//! | `catch_up` | archives |
//! | `rooms` | rooms: in, within, out |
//! | `room_commands` | rooms: what occupants, moderators and owners do |
//! | `account` | bookmarks, blocking, publishing |
//! | `asking` | requests and their answers |
//! | `answering` | requests of others |
//! | `seen` | which messages were told already |

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use rfc3920::jid::Jid;
use rfc3920::stream::{self, RequestId};
use rfc3920::xml::Element;
use wire::{Input, Instant, Machine, Output, Rng};

use crate::bookmarks::Bookmark;
use crate::caps::{Cache, Caps};
use crate::disco::Info;
use crate::roster::Roster;

mod account;
mod answering;
mod asking;
mod catch_up;
mod config;
mod contacts;
mod event;
mod incoming;
mod room_commands;
mod rooms;
mod saved;
mod seen;
mod sending;
mod startup;
mod telling;

pub use config::{Availability, Config, Limits, Policy, Timing};
pub use contacts::Resource;
pub use event::{
    Answer, Author, CommandError, DropReason, Event, History, Incoming, LeftReason, OccupantChange, RoomEvent, Way,
};
pub use rooms::{Occupant, Room, RoomState};
pub use saved::Saved;
pub use sending::Text;

/// One account. Give one input (or call one command), then poll until `None`, then wait for the next input or the
/// deadline.
pub struct Session {
    config: Config,
    rng: Rng,
    now: Instant,
    client: stream::Client,
    outputs: VecDeque<Output<Event>>,
    /// The bare address of the account.
    account: Jid,
    startup: startup::Startup,
    server: startup::Server,
    roster: Roster,
    presences: contacts::Presences,
    /// Who asked for our presence and was told to the application.
    subscribers: BTreeSet<Jid>,
    /// What this client can do, as others are told.
    own_info: Info,
    own_caps: Caps,
    caps: Cache,
    waiting: BTreeMap<RequestId, asking::Purpose>,
    seen: seen::Seen,
    authors: seen::Authors,
    positions: BTreeMap<Jid, String>,
    pulls: BTreeMap<String, catch_up::Pull>,
    /// Archives that are not read up to now: their position stands still, and this message came last.
    held: BTreeMap<Jid, Option<String>>,
    /// Positions to move to when nothing of ours is under way in that archive any more.
    later: BTreeMap<Jid, String>,
    sending: sending::Sending,
    rooms: BTreeMap<Jid, Room>,
    bookmarks: BTreeMap<Jid, Bookmark>,
    blocked: BTreeSet<Jid>,
    budget: answering::Budget,
    /// Until then the server may tell what it kept, and when that was sent.
    keeps_until: Instant,
}

impl Session {
    /// A session that has not connected, with what an earlier one of the same account has left.
    pub fn new(mut config: Config, saved: Saved, mut rng: Rng) -> Session {
        config.stream.carbons = config.carbons;
        let own_info = answering::own_info(&config);
        let limits = &config.limits;
        let (seen, authors) = (seen::Seen::new(limits.seen, &saved.seen), seen::Authors::new(limits.seen));
        Session {
            client: stream::Client::new(config.stream.clone(), rng.split()),
            account: config.stream.jid.bare(),
            startup: startup::Startup::default(),
            server: startup::Server::default(),
            roster: saved.roster,
            presences: contacts::Presences::default(),
            subscribers: BTreeSet::new(),
            own_caps: Caps::of(&own_info, &config.node),
            own_info,
            caps: Cache::new(limits.caps),
            waiting: BTreeMap::new(),
            seen,
            authors,
            positions: saved.positions,
            pulls: BTreeMap::new(),
            held: BTreeMap::new(),
            later: BTreeMap::new(),
            sending: sending::Sending::default(),
            rooms: BTreeMap::new(),
            bookmarks: BTreeMap::new(),
            blocked: BTreeSet::new(),
            budget: answering::Budget::default(),
            keeps_until: Instant::ZERO,
            outputs: VecDeque::new(),
            now: Instant::ZERO,
            rng,
            config,
        }
    }

    /// What it was made with.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The stream below, to look at.
    pub fn client(&self) -> &stream::Client {
        &self.client
    }

    /// The bare address of the account.
    pub fn account(&self) -> &Jid {
        &self.account
    }

    /// The full address, while there is a session, be it one that waits to be resumed.
    pub fn jid(&self) -> Option<&Jid> {
        self.client.jid()
    }

    /// Whether stanzas flow.
    pub fn is_online(&self) -> bool {
        self.client.is_online()
    }

    /// Whether [`Event::Ready`] was told in this session.
    pub fn is_ready(&self) -> bool {
        self.startup.is_ready()
    }

    /// The contacts.
    pub fn roster(&self) -> &Roster {
        &self.roster
    }

    /// The clients of somebody that are there, by resource.
    pub fn resources(&self, jid: &Jid) -> impl Iterator<Item = (&str, &Resource)> {
        self.presences.of(jid)
    }

    /// What the client at that full address can do, as far as it told and was verified.
    pub fn abilities(&self, jid: &Jid) -> Option<&Arc<Info>> {
        let (_, resource) = self.presences.of(jid).find(|(name, _)| Some(*name) == jid.resource())?;
        self.caps.find(resource.caps.as_ref()?)
    }

    /// The rooms that we are in, or on the way into.
    pub fn rooms(&self) -> impl Iterator<Item = &Room> {
        self.rooms.values()
    }

    /// The room of that address, if we are in it or on the way.
    pub fn room(&self, jid: &Jid) -> Option<&Room> {
        self.rooms.get(jid.bare_str())
    }

    /// The bookmarks, by room.
    pub fn bookmarks(&self) -> impl Iterator<Item = &Bookmark> {
        self.bookmarks.values()
    }

    /// Whom the server takes nothing from.
    pub fn blocked(&self) -> &BTreeSet<Jid> {
        &self.blocked
    }

    /// What the server can do.
    pub fn server_info(&self) -> &Info {
        &self.server.info
    }

    /// What the account can do.
    pub fn account_info(&self) -> &Info {
        &self.server.account
    }

    /// What the next session would like to know.
    pub fn saved(&self) -> Saved {
        let seen = self.seen.last(self.config.limits.saved);
        Saved { roster: self.roster.clone(), positions: self.positions.clone(), seen }
    }

    /// Begins to connect; [`Event::Online`] or [`Event::Offline`] tell the outcome.
    ///
    /// # Errors
    /// As [`stream::Client::connect`].
    pub fn connect(&mut self, now: Instant) -> Result<(), CommandError> {
        self.tick(now);
        Ok(self.client.connect(self.now)?)
    }

    /// Answers [`Event::Discover`].
    ///
    /// # Errors
    /// As [`stream::Client::discovered`].
    pub fn discovered(&mut self, now: Instant, targets: Vec<stream::Target>) -> Result<(), CommandError> {
        self.tick(now);
        Ok(self.client.discovered(self.now, targets)?)
    }

    /// Says good-bye and ends the session; [`Event::Offline`] follows.
    pub fn close(&mut self, now: Instant) {
        self.tick(now);
        self.say_goodbye();
        self.client.close(self.now);
    }

    /// Tells the server whether the user looks at the program (XEP-0352), where it wants to know.
    pub fn set_active(&mut self, now: Instant, active: bool) {
        self.tick(now);
        self.client.set_active(self.now, active);
    }

    fn tick(&mut self, now: Instant) {
        self.now = self.now.max(now);
    }

    fn tell(&mut self, event: Event) {
        self.outputs.push_back(Output::Event(event));
    }

    fn drop_noise(&mut self, reason: DropReason) {
        self.tell(Event::Dropped { reason });
    }

    /// Since 1970.
    fn unix(&self) -> Duration {
        self.config.epoch.unix(self.now)
    }

    /// Takes what the stream below has to say.
    fn pump(&mut self) {
        while let Some(output) = self.client.poll() {
            match output.event() {
                Ok(event) => self.on_stream(event),
                Err(output) => self.outputs.push_back(output),
            }
        }
    }

    fn on_stream(&mut self, event: stream::Event) {
        match event {
            stream::Event::Discover { domain } => self.tell(Event::Discover { domain }),
            stream::Event::Online(online) => self.went_online(online),
            stream::Event::Offline { error, again } => self.went_offline(error, again),
            stream::Event::Stanza(stanza) => self.stanza(&stanza),
            stream::Event::Answer { request, result } => self.answered(request, result),
            stream::Event::Delivered { ids } => self.delivered(&ids),
            stream::Event::Lost { stanzas } => self.lost(stanzas),
            stream::Event::Token(token) => self.tell(Event::Token(token)),
            stream::Event::Raw { sent, text } => self.tell(Event::Raw { sent, text }),
            stream::Event::Dropped { reason } => self.drop_noise(DropReason::Stream(reason)),
        }
    }

    fn stanza(&mut self, stanza: &Element) {
        match stanza.name() {
            "message" => self.message(stanza),
            "presence" => self.presence(stanza),
            _ => self.asked(stanza),
        }
    }
}

impl Machine for Session {
    type Event = Event;

    fn handle(&mut self, now: Instant, input: Input) {
        self.tick(now);
        self.client.handle(self.now, input);
        self.pump();
        self.look_after_rooms();
    }

    fn poll(&mut self) -> Option<Output<Event>> {
        self.pump();
        self.outputs.pop_front()
    }

    fn deadline(&self) -> Option<Instant> {
        self.client.deadline().into_iter().chain(self.rooms_deadline()).min()
    }
}
