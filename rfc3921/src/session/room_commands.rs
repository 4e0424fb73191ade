//! Rooms: what occupants, moderators and owners do.

use rfc3920::jid::Jid;
use rfc3920::stream::RequestId;
use wire::Instant;

use super::asking::{Asked, Purpose};
use super::{CommandError, LeftReason, Room, RoomEvent, RoomState, Session};
use crate::form::Form;
use crate::invitation::Invitation;
use crate::message::{Message, MessageType};
use crate::presence::{Presence, PresenceType};
use crate::rooms::{self, Admin, Affiliation, Destroy, Invite, Role, User};
use crate::{ns, retraction};

impl Session {
    /// Enters a room, now or as soon as there is a session, and again with every new one until
    /// [`Session::leave`]. [`RoomEvent`] tells what comes of it.
    ///
    /// # Errors
    /// [`CommandError::Address`] for a room without name or a nick that cannot be one, [`CommandError::Limit`].
    pub fn join(&mut self, now: Instant, room: &Jid, nick: &str, password: Option<&str>) -> Result<(), CommandError> {
        self.tick(now);
        let jid = room.bare();
        let full = jid.with_resource(nick).map_err(|_| CommandError::Address)?;
        let nick = full.resource().filter(|_| jid.local().is_some()).ok_or(CommandError::Address)?;
        if let Some(room) = self.rooms.get(jid.as_str()).filter(|room| room.state != RoomState::Outside) {
            return match room.nick == nick {
                true => Ok(()),
                false => self.set_nick(now, &jid, nick),
            };
        }
        if !self.rooms.contains_key(jid.as_str()) && self.rooms.len() >= self.config.limits.rooms {
            return Err(CommandError::Limit("rooms"));
        }
        self.rooms.insert(jid.clone(), Room::new(jid.clone(), nick, password));
        self.enter(&jid);
        Ok(())
    }

    /// Leaves a room.
    ///
    /// # Errors
    /// [`CommandError::NotJoined`].
    //= xep-0045#7.14/leave MUST
    //# Unavailable presence to room and nick.
    pub fn leave(&mut self, now: Instant, room: &Jid, status: Option<&str>) -> Result<(), CommandError> {
        self.tick(now);
        let jid = room.bare();
        let room = self.rooms.get(jid.as_str()).ok_or(CommandError::NotJoined)?;
        let to = jid.with_resource(&room.nick).map_err(|_| CommandError::Address)?;
        let inside = room.is_inside() && self.is_online();
        if inside {
            let status = status.map(str::to_owned);
            self.send_presence(Presence { status, ..Presence::new(PresenceType::Unavailable) }.with_to(to));
        } else {
            self.rooms.remove(jid.as_str());
            self.held.remove(&jid);
            self.tell_room(&jid, RoomEvent::Left { reason: LeftReason::Left });
        }
        Ok(())
    }

    /// Wishes another nick.
    ///
    /// # Errors
    /// [`CommandError`].
    //= xep-0045#7.6/nick MUST
    //# Presence to the room with the new nick; it is ours when the room says so.
    pub fn set_nick(&mut self, now: Instant, room: &Jid, nick: &str) -> Result<(), CommandError> {
        let jid = self.joined(now, room)?;
        let to = jid.with_resource(nick).map_err(|_| CommandError::Address)?;
        let presence = self.own_presence().unwrap_or_else(|| Presence::new(PresenceType::Available));
        let presence = Presence { id: Some(self.rng.token(12)), ..presence };
        self.client.send(self.now, presence.with_to(to).to_element())?;
        Ok(())
    }

    /// Says what the room is about.
    ///
    /// # Errors
    /// [`CommandError`].
    //= xep-0045#8.1/subject MUST
    //# A groupchat message with a subject and nothing else.
    pub fn set_subject(&mut self, now: Instant, room: &Jid, subject: &str) -> Result<(), CommandError> {
        let jid = self.joined(now, room)?;
        let (id, subject) = (Some(self.rng.token(24)), Some(subject.to_owned()));
        let message = Message { id, subject, ..Message::new(MessageType::Groupchat, Some(jid)) };
        self.client.send(self.now, message.to_element())?;
        Ok(())
    }

    /// Gives an occupant another role: none sends away.
    ///
    /// # Errors
    /// [`CommandError`].
    pub fn set_role(
        &mut self,
        now: Instant,
        room: &Jid,
        nick: &str,
        role: Role,
        reason: Option<&str>,
    ) -> Result<RequestId, CommandError> {
        let jid = self.joined(now, room)?;
        self.ask_set(Some(&jid), Admin::role(nick, role, reason).to_element(), Purpose::Ask(Asked::Done))
    }

    /// Sends an occupant away.
    ///
    /// # Errors
    /// [`CommandError`].
    pub fn kick(
        &mut self,
        now: Instant,
        room: &Jid,
        nick: &str,
        reason: Option<&str>,
    ) -> Result<RequestId, CommandError> {
        self.set_role(now, room, nick, Role::None, reason)
    }

    /// Gives somebody another affiliation: outcast bans.
    ///
    /// # Errors
    /// [`CommandError`].
    pub fn set_affiliation(
        &mut self,
        now: Instant,
        room: &Jid,
        jid: &Jid,
        affiliation: Affiliation,
        reason: Option<&str>,
    ) -> Result<RequestId, CommandError> {
        let room = self.joined(now, room)?;
        let admin = Admin::affiliation(jid, affiliation, reason).to_element();
        self.ask_set(Some(&room), admin, Purpose::Ask(Asked::Done))
    }

    /// Bans somebody.
    ///
    /// # Errors
    /// [`CommandError`].
    pub fn ban(
        &mut self,
        now: Instant,
        room: &Jid,
        jid: &Jid,
        reason: Option<&str>,
    ) -> Result<RequestId, CommandError> {
        self.set_affiliation(now, room, jid, Affiliation::Outcast, reason)
    }

    /// Asks who has an affiliation; [`Answer::Affiliations`](super::Answer::Affiliations).
    ///
    /// # Errors
    /// [`CommandError`].
    pub fn affiliations(
        &mut self,
        now: Instant,
        room: &Jid,
        affiliation: Affiliation,
    ) -> Result<RequestId, CommandError> {
        self.tick(now);
        let list = Admin::list(affiliation).to_element();
        self.ask_get(Some(&room.bare()), list, Purpose::Ask(Asked::Affiliations))
    }

    /// Asks for the form of a room's configuration; [`Answer::Form`](super::Answer::Form).
    ///
    /// # Errors
    /// [`CommandError`].
    pub fn configuration(&mut self, now: Instant, room: &Jid) -> Result<RequestId, CommandError> {
        self.tick(now);
        self.ask_get(Some(&room.bare()), rooms::configure(None), Purpose::Ask(Asked::Form))
    }

    /// Configures a room.
    ///
    /// # Errors
    /// [`CommandError`].
    pub fn configure(&mut self, now: Instant, room: &Jid, form: &Form) -> Result<RequestId, CommandError> {
        self.tick(now);
        self.ask_set(Some(&room.bare()), rooms::configure(Some(form)), Purpose::Ask(Asked::Done))
    }

    /// Ends a room.
    ///
    /// # Errors
    /// [`CommandError`].
    //= xep-0045#10.9/destroy MUST
    //# An owner's request that names why, and where to go instead.
    pub fn destroy(&mut self, now: Instant, room: &Jid, destroy: &Destroy) -> Result<RequestId, CommandError> {
        self.tick(now);
        self.ask_set(Some(&room.bare()), rooms::destroy(destroy), Purpose::Ask(Asked::Done))
    }

    /// Invites somebody: `mediated` by the room, which can let them in; else straight from us.
    ///
    /// # Errors
    /// [`CommandError`].
    //= xep-0045#7.8.2/mediated MUST
    //# A message to the room that names whom; the room passes it on in its own name.
    pub fn invite(
        &mut self,
        now: Instant,
        room: &Jid,
        whom: &Jid,
        reason: Option<&str>,
        mediated: bool,
    ) -> Result<(), CommandError> {
        let jid = self.joined(now, room)?;
        let reason = reason.map(str::to_owned);
        let message = match mediated {
            true => {
                let invite = Some(Invite { from: None, to: Some(whom.bare()), reason });
                let room = Some(User { invite, ..User::default() });
                Message { room, ..Message::new(MessageType::Normal, Some(jid)) }
            }
            false => {
                let password = self.rooms.get(jid.as_str()).and_then(|room| room.password.clone());
                let invitation = Some(Invitation { password, reason, ..Invitation::new(jid) });
                Message { invitation, ..Message::new(MessageType::Normal, Some(whom.clone())) }
            }
        };
        let message = Message { id: Some(self.rng.token(24)), ..message };
        self.client.send(self.now, message.to_element())?;
        Ok(())
    }

    /// Declines an invitation that came through the room.
    ///
    /// # Errors
    /// [`CommandError`].
    pub fn decline(&mut self, now: Instant, room: &Jid, whom: &Jid, reason: Option<&str>) -> Result<(), CommandError> {
        self.tick(now);
        let decline = Some(Invite { from: None, to: Some(whom.bare()), reason: reason.map(str::to_owned) });
        let user = Some(User { decline, ..User::default() });
        let message = Message { room: user, ..Message::new(MessageType::Normal, Some(room.bare())) };
        self.client.send(self.now, message.to_element())?;
        Ok(())
    }

    /// Takes back somebody's message as a moderator, by what the room calls it.
    ///
    /// # Errors
    /// [`CommandError::NotOffered`] where the room cannot do that, or another [`CommandError`].
    pub fn moderate(
        &mut self,
        now: Instant,
        room: &Jid,
        id: &str,
        reason: Option<&str>,
    ) -> Result<RequestId, CommandError> {
        let jid = self.joined(now, room)?;
        if !self.rooms.get(jid.as_str()).is_some_and(|room| room.info.has(ns::MODERATE)) {
            return Err(CommandError::NotOffered("to take back others' messages"));
        }
        self.ask_set(Some(&jid), retraction::moderate(id, reason), Purpose::Ask(Asked::Done))
    }

    /// Tells rooms how available the user is.
    pub(super) fn update_rooms(&mut self) {
        let Some(presence) = self.own_presence() else { return };
        let joined = self.rooms.values().filter(|room| room.state == RoomState::Joined);
        let joined: Vec<_> = joined.filter_map(|room| room.jid.with_resource(&room.nick).ok()).collect();
        joined.into_iter().for_each(|to| self.send_presence(presence.clone().with_to(to)));
    }

    /// The bare address of a room that we are in.
    fn joined(&mut self, now: Instant, room: &Jid) -> Result<Jid, CommandError> {
        self.tick(now);
        let room = self.rooms.get(room.bare_str()).filter(|room| room.state == RoomState::Joined);
        room.map(|room| room.jid.clone()).ok_or(CommandError::NotJoined)
    }
}
