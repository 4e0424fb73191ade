//! Staying in rooms: whoever is thrown out stays out, but a service that stops or forgets us is only away for a while.

use std::collections::BTreeMap;
use std::time::Duration;

use rfc3920::jid::Jid;
use rfc3921::session::{LeftReason, RoomEvent};
use tokio::time::{Instant, sleep_until};

use super::connection::{Connection, bounced};
use super::{Ending, Outcome};
use crate::common::clean;

/// The rooms to be in.
#[derive(Default)]
pub struct Stay(BTreeMap<Jid, Place>);

struct Place {
    nick: String,
    password: Option<String>,
    /// We have been in it: it lets us in.
    was_in: bool,
    again: Option<Instant>,
}

/// How long a service gets to come back before it is asked again.
const PAUSE: Duration = Duration::from_secs(15);

impl Stay {
    /// Wishes to be in a room, from now on.
    ///
    /// # Errors
    /// When the address or the nick is none.
    pub fn enter(
        &mut self,
        connection: &mut Connection,
        room: &Jid,
        nick: String,
        password: Option<String>,
    ) -> Result<(), Ending> {
        let (session, now) = connection.command();
        let room = room.bare();
        session
            .join(now, &room, &nick, password.as_deref())
            .map_err(|why| Outcome::Usage.because(format!("{room}: {why}")))?;
        self.0.insert(room, Place { nick, password, was_in: false, again: None });
        Ok(())
    }

    /// Stays in a room that we are in.
    pub fn inside(room: &Jid, nick: &str, password: Option<String>) -> Stay {
        let place = Place { nick: nick.to_owned(), password, was_in: true, again: None };
        Stay(BTreeMap::from([(room.clone(), place)]))
    }

    /// Takes what happens to us in a room.
    ///
    /// # Errors
    /// When a room has not let us in.
    pub fn on_event(&mut self, connection: &Connection, room: &Jid, event: &RoomEvent) -> Result<(), Ending> {
        let Some(place) = self.0.get_mut(room) else { return Ok(()) };
        let shown = clean(room.as_str());
        let again = match event {
            RoomEvent::Joined { nick, .. } => {
                (place.was_in, place.again) = (true, None);
                tracing::info!("in {shown} as {}", clean(nick));
                return Ok(());
            }
            RoomEvent::Refused(error) if !place.was_in => {
                return Err(bounced(&format!("cannot enter {room}"), error));
            }
            RoomEvent::Refused(error) => {
                tracing::warn!("{shown} does not let us in again: {}", clean(&error.to_string()));
                true
            }
            RoomEvent::Left { reason } => {
                tracing::warn!("no longer in {shown}: {}", clean(&left(reason)));
                matches!(reason, LeftReason::Service | LeftReason::Lost)
            }
            _ => return Ok(()),
        };
        if !again {
            self.0.remove(room);
        } else if connection.session().room(room).is_none() {
            place.again = Some(Instant::now() + PAUSE);
        }
        Ok(())
    }

    /// Whether there is still a room that we wish to be in.
    pub fn is_anywhere(&self) -> bool {
        !self.0.is_empty()
    }

    /// Waits until a room is to be entered again; for ever, if none is. May be cancelled.
    pub async fn due(&self) -> Jid {
        let next = self.0.iter().filter_map(|(room, place)| Some((place.again?, room))).min();
        match next {
            Some((at, room)) => {
                sleep_until(at).await;
                room.clone()
            }
            None => std::future::pending().await,
        }
    }

    /// Enters it again.
    pub fn again(&mut self, connection: &mut Connection, room: &Jid) {
        let Some(place) = self.0.get_mut(room) else { return };
        place.again = None;
        let (session, now) = connection.command();
        if session.join(now, room, &place.nick, place.password.as_deref()).is_err() {
            self.0.remove(room);
        }
    }
}

/// Why we are not in a room any longer, in words.
pub fn left(reason: &LeftReason) -> String {
    let by = |what: &str, actor: &Option<String>, reason: &Option<String>| {
        let actor = actor.as_ref().map(|actor| format!(" by {actor}")).unwrap_or_default();
        let reason = reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
        format!("{what}{actor}{reason}")
    };
    match reason {
        LeftReason::Left => "left".to_owned(),
        LeftReason::Kicked { actor, reason } => by("sent away", actor, reason),
        LeftReason::Banned { actor, reason } => by("banned", actor, reason),
        LeftReason::Members => "it is for members alone".to_owned(),
        LeftReason::Destroyed(destroy) => by("it is no more", &None, &destroy.reason),
        LeftReason::Service => "the service stops".to_owned(),
        LeftReason::Lost => "the service does not know us any longer".to_owned(),
    }
}
