//! Rooms: in, within, out.
//!
//! | state | what happens | next | what is sent or told |
//! |---|---|---|---|
//! | outside | a session is ready, `join` | asking | what is the room? |
//! | asking | an answer, of whatever kind | entering | presence to room and nick |
//! | entering | own presence | joined | `Joined`; the archive is asked |
//! | entering | conflict | entering | presence with another nick |
//! | entering | another error, or time is up | (none) | `Refused` or `Left` |
//! | joined | own absence | (none), outside | `Left` |
//! | joined | a self-ping says that we are not in it | outside | the room is entered again |
//! | any but outside | the session is new | outside | |

use std::collections::BTreeMap;
use std::sync::Arc;

use rfc3920::jid::Jid;
use rfc3920::stanza::{Condition, StanzaError};
use rfc3920::stream::RequestError;
use rfc3920::xml::Element;
use wire::Instant;

use super::asking::Purpose;
use super::{DropReason, Event, LeftReason, OccupantChange, RoomEvent, Session};
use crate::disco::Info;
use crate::presence::{Presence, PresenceType, Show};
use crate::rooms::{self, Affiliation, History, Role, User, status};
use crate::{ns, ping};

/// A room that we are in, or on the way into.
#[derive(Clone, Debug)]
pub struct Room {
    /// Its address.
    pub jid: Jid,
    /// Where we are with it.
    pub state: RoomState,
    /// As whom.
    pub nick: String,
    /// What the room can do.
    pub info: Arc<Info>,
    /// What it is about.
    pub subject: Option<String>,
    /// Who is in it, by nick; beyond a limit not all.
    pub occupants: BTreeMap<String, Occupant>,
    /// Our occupant id.
    pub own_id: Option<String>,
    pub(super) password: Option<String>,
    /// What it says now happened before we came: from entering until the subject.
    pub(super) history: bool,
    /// Entering must be over by then; joined: then it is asked whether we still are.
    until: Instant,
    pinging: bool,
    conflicts: u8,
}

/// Where we are with a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoomState {
    /// Not in it: there is no session.
    Outside,
    /// Asking what it can do.
    Asking,
    /// Asked to be let in.
    Entering,
    /// In it.
    Joined,
}

/// Somebody in a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Occupant {
    /// What they are to the room.
    pub affiliation: Affiliation,
    /// What they are in it.
    pub role: Role,
    /// Their address, where one may see it.
    pub jid: Option<Jid>,
    /// Away, busy and so on.
    pub show: Option<Show>,
    /// In words.
    pub status: Option<String>,
    /// Their lasting id, in rooms that give such.
    pub id: Option<String>,
}

impl Room {
    pub(super) fn new(jid: Jid, nick: &str, password: Option<&str>) -> Room {
        Room {
            jid,
            state: RoomState::Outside,
            nick: nick.to_owned(),
            info: Arc::default(),
            subject: None,
            occupants: BTreeMap::new(),
            own_id: None,
            password: password.map(str::to_owned),
            history: false,
            until: Instant::FAR,
            pinging: false,
            conflicts: 0,
        }
    }

    /// Whether what is said there may come here.
    pub(super) fn is_inside(&self) -> bool {
        matches!(self.state, RoomState::Entering | RoomState::Joined)
    }

    /// Us in the room.
    pub fn occupant(&self) -> Option<&Occupant> {
        self.occupants.get(&self.nick)
    }
}

/// The way in.
impl Session {
    /// The session is new: we are nowhere.
    pub(super) fn rooms_are_outside(&mut self) {
        for room in self.rooms.values_mut() {
            (room.state, room.until, room.pinging, room.history) = (RoomState::Outside, Instant::FAR, false, false);
            room.occupants.clear();
        }
    }

    pub(super) fn enter_rooms(&mut self) {
        let outside = self.rooms.values().filter(|room| room.state == RoomState::Outside);
        let outside: Vec<_> = outside.map(|room| room.jid.clone()).collect();
        outside.iter().for_each(|room| self.enter(room));
    }

    /// Asks a room what it can do, since what it says later means something else if it has an archive or lasting ids.
    pub(super) fn enter(&mut self, jid: &Jid) {
        if !self.startup.is_ready() {
            return;
        }
        self.hold(jid.clone());
        let until = self.now + self.config.timing.join;
        let Some(room) = self.rooms.get_mut(jid.as_str()) else { return };
        (room.state, room.until, room.conflicts) = (RoomState::Asking, until, 0);
        if self.ask_get(Some(jid), Info::query(None), Purpose::RoomInfo(jid.clone())).is_err() {
            self.ask_to_enter(jid);
        }
    }

    pub(super) fn got_room_info(&mut self, jid: &Jid, result: Result<Element, RequestError>) {
        let info = result.ok().and_then(|iq| iq.children().find_map(|child| Info::from_element(child).ok()));
        let Some(room) = self.rooms.get_mut(jid.as_str()).filter(|room| room.state == RoomState::Asking) else {
            return;
        };
        room.info = Arc::new(info.unwrap_or_default());
        self.ask_to_enter(jid);
    }

    fn ask_to_enter(&mut self, jid: &Jid) {
        let archive = self.config.catch_up;
        let first = self.config.limits.first_page;
        let presence = self.own_presence().unwrap_or_else(|| Presence::new(PresenceType::Available));
        let presence = Presence { id: Some(self.rng.token(12)), ..presence };
        let until = self.now + self.config.timing.join;
        let Some(room) = self.rooms.get_mut(jid.as_str()) else { return };
        let Ok(to) = jid.with_resource(&room.nick) else { return };
        let history = match archive && room.info.has(ns::ARCHIVE) {
            true => History::Messages(0),
            false => History::Messages(first),
        };
        (room.state, room.until, room.history) = (RoomState::Entering, until, true);
        let join = rooms::join(room.password.as_deref(), history);
        let _ = self.client.send(self.now, presence.with_to(to).to_element().child(join));
    }

    /// The presence of a room, or of an occupant.
    pub(super) fn room_presence(&mut self, from: &Jid, presence: Presence) {
        let jid = from.bare();
        match &presence.kind {
            PresenceType::Error(error) => self.room_error(&jid, from, (**error).clone()),
            PresenceType::Available => self.came(&jid, from, presence),
            PresenceType::Unavailable => self.went(&jid, from, presence),
            _ => self.drop_noise(DropReason::Unrelated),
        }
    }

    //= xep-0045#7.2.8/conflict SHOULD
    //# A nick that is taken gets a low line behind it, three times; then the user is told.
    fn room_error(&mut self, jid: &Jid, from: &Jid, error: StanzaError) {
        let Some(room) = self.rooms.get_mut(jid.as_str()) else { return };
        let conflict = error.condition == Condition::Conflict;
        match room.state {
            RoomState::Entering if conflict && room.conflicts < 3 && from.resource() == Some(&room.nick) => {
                room.conflicts += 1;
                room.nick.push('_');
                self.ask_to_enter(jid);
            }
            RoomState::Entering => {
                self.rooms.remove(jid.as_str());
                self.held.remove(jid);
                self.tell_room(jid, RoomEvent::Refused(Box::new(error)));
            }
            // a wish within the room, such as another nick, was not granted
            RoomState::Joined => self.tell_room(jid, RoomEvent::Refused(Box::new(error))),
            RoomState::Outside | RoomState::Asking => self.drop_noise(DropReason::Unrelated),
        }
    }

    pub(super) fn tell_room(&mut self, room: &Jid, event: RoomEvent) {
        self.tell(Event::Room { room: room.clone(), event });
    }

    fn came(&mut self, jid: &Jid, from: &Jid, presence: Presence) {
        let Some(nick) = from.resource() else { return }; // about the room itself: nothing that is kept
        let limit = self.config.limits.occupants;
        let Some(room) = self.rooms.get_mut(jid.as_str()).filter(|room| room.is_inside()) else {
            return self.drop_noise(DropReason::Unrelated);
        };
        let user = presence.occupant.unwrap_or_default();
        let own = user.says(status::SELF) || room.state == RoomState::Entering && nick == room.nick;
        let item = user.item.clone().unwrap_or_default();
        let occupant = Occupant {
            affiliation: item.affiliation.unwrap_or(Affiliation::None),
            role: item.role.unwrap_or(Role::None),
            jid: item.jid,
            show: presence.show,
            status: presence.status,
            id: presence.occupant_id.filter(|_| room.info.has(ns::OCCUPANT_ID)),
        };
        if own {
            room.own_id = occupant.id.clone();
        }
        let before = room.occupants.get(nick);
        if before.is_none() && room.occupants.len() >= limit && !own {
            return self.drop_noise(DropReason::Limit);
        }
        let change = match before {
            None => Some(OccupantChange::Joined),
            Some(before) => (*before != occupant).then_some(OccupantChange::Updated),
        };
        room.occupants.insert(nick.to_owned(), occupant);
        if let Some(change) = change {
            self.tell_room(jid, RoomEvent::Occupant { nick: nick.to_owned(), change });
        }
        if own {
            self.own_presence_came(jid, nick, &user);
        }
    }

    //= xep-0045#7.2.2/self-presence MUST
    //# Status 110 says which presence is ours, whatever nick the room made of the wish; only then are we in.
    fn own_presence_came(&mut self, jid: &Jid, nick: &str, user: &User) {
        let until = self.next_self_ping();
        let Some(room) = self.rooms.get_mut(jid.as_str()) else { return };
        room.nick = nick.to_owned();
        if room.state == RoomState::Joined {
            return;
        }
        (room.state, room.until) = (RoomState::Joined, until);
        let (archive, created) = (room.info.has(ns::ARCHIVE), user.says(status::CREATED));
        if created {
            let _ = self.ask_set(Some(jid), rooms::configure_default(), Purpose::Quiet);
        }
        self.tell_room(jid, RoomEvent::Joined { nick: nick.to_owned(), created });
        //= xep-0313#5.1/room SHOULD
        //# A room's own archive is asked by address for what was missed, and its short history left out.
        if !(self.config.catch_up && archive && self.catch_up(Some(jid))) {
            self.release(jid);
            self.send_again(Some(jid));
        }
    }
}

/// The way out, and signs of life.
impl Session {
    fn went(&mut self, jid: &Jid, from: &Jid, presence: Presence) {
        let user = presence.occupant.unwrap_or_default();
        let Some(room) = self.rooms.get_mut(jid.as_str()) else { return };
        let nick = from.resource().unwrap_or_default();
        let own = user.says(status::SELF)
            || nick == room.nick && room.is_inside()
            || user.destroy.is_some() && nick.is_empty();
        let known = room.occupants.remove(nick);
        //= xep-0045#7.6/rename MUST
        //# Absence with 303 is a change of nick: nobody leaves, and if it is ours, it is ours from now on.
        if let (true, Some(new)) = (user.says(status::NICK_CHANGED), user.item.as_ref().and_then(|i| i.nick.clone())) {
            if let Some(occupant) = known {
                room.occupants.insert(new.clone(), occupant);
            }
            if own {
                room.nick = new.clone();
            }
            let event = RoomEvent::Occupant { nick: nick.to_owned(), change: OccupantChange::Renamed(new) };
            return self.tell_room(jid, event);
        }
        let reason = left_reason(&user);
        if !own {
            if known.is_some() {
                let event = RoomEvent::Occupant { nick: nick.to_owned(), change: OccupantChange::Left(reason) };
                self.tell_room(jid, event);
            }
            return;
        }
        if room.state == RoomState::Outside {
            return; // it was told
        }
        self.rooms.remove(jid.as_str());
        self.held.remove(jid);
        self.tell_room(jid, RoomEvent::Left { reason });
    }

    fn next_self_ping(&self) -> Instant {
        match self.config.timing.self_ping {
            pause if pause.is_zero() => Instant::FAR,
            pause => self.now + pause,
        }
    }

    /// After a connection came back: are we still in?
    pub(super) fn ping_rooms(&mut self) {
        let joined = self.rooms.values().filter(|room| room.state == RoomState::Joined);
        let joined: Vec<_> = joined.map(|room| room.jid.clone()).collect();
        joined.iter().for_each(|room| self.self_ping(room));
    }

    fn self_ping(&mut self, jid: &Jid) {
        let until = self.next_self_ping();
        let Some(room) = self.rooms.get_mut(jid.as_str()) else { return };
        room.until = until;
        let Some(to) = jid.with_resource(&room.nick).ok().filter(|_| !room.pinging) else { return };
        let asked = self.ask_get(Some(&to), ping::query(), Purpose::SelfPing(jid.clone())).is_ok();
        if let Some(room) = self.rooms.get_mut(jid.as_str()) {
            room.pinging = asked;
        }
    }

    //= xep-0410#3.2/results MUST
    //# An answer, and errors that other clients of ours make, mean joined; not-acceptable means out; timeouts mean nothing.
    pub(super) fn got_self_ping(&mut self, jid: &Jid, result: Result<Element, RequestError>) {
        let Some(room) = self.rooms.get_mut(jid.as_str()) else { return };
        room.pinging = false;
        let out = match result {
            Ok(_) | Err(RequestError::Timeout | RequestError::Disconnected) => false,
            Err(RequestError::Refused(error)) => matches!(
                error.condition,
                Condition::NotAcceptable | Condition::NotAllowed | Condition::BadRequest | Condition::ItemNotFound
            ),
        };
        if out && room.state == RoomState::Joined {
            room.occupants.clear();
            self.tell_room(jid, RoomEvent::Left { reason: LeftReason::Lost });
            self.enter(jid);
        }
    }

    /// Rooms whose time has come.
    pub(super) fn look_after_rooms(&mut self) {
        let late = self.rooms.values().filter(|room| room.until <= self.now);
        let late: Vec<_> = late.map(|room| (room.jid.clone(), room.state)).collect();
        for (jid, state) in late {
            match state {
                RoomState::Joined if self.is_online() => self.self_ping(&jid),
                RoomState::Joined | RoomState::Outside => {
                    let until = self.next_self_ping();
                    if let Some(room) = self.rooms.get_mut(jid.as_str()) {
                        room.until = until;
                    }
                }
                RoomState::Asking | RoomState::Entering => {
                    self.rooms.remove(jid.as_str());
                    self.held.remove(&jid);
                    self.tell_room(&jid, RoomEvent::Left { reason: LeftReason::Lost });
                }
            }
        }
    }

    pub(super) fn rooms_deadline(&self) -> Option<Instant> {
        self.rooms.values().map(|room| room.until).min().filter(|until| *until != Instant::FAR)
    }
}

/// Why an occupant is gone, as the room says.
//= xep-0045#9.1/codes MUST
//# 301 banned, 307 kicked, 321 and 322 members, 332 and 333 the service; and whether the room is destroyed.
fn left_reason(user: &User) -> LeftReason {
    let item = user.item.clone().unwrap_or_default();
    let (actor, reason) = (item.actor, item.reason);
    if let Some(destroy) = &user.destroy {
        return LeftReason::Destroyed(destroy.clone());
    }
    if user.says(status::BANNED) {
        LeftReason::Banned { actor, reason }
    } else if user.says(status::SHUTDOWN) || user.says(status::ERROR) {
        LeftReason::Service
    } else if user.says(status::MEMBERS_ONLY) || user.says(status::AFFILIATION_CHANGED) {
        LeftReason::Members
    } else if user.says(status::KICKED) {
        LeftReason::Kicked { actor, reason }
    } else {
        LeftReason::Left
    }
}
