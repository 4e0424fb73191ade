//! Messages in: who says so, to which conversation it belongs, and whether it was told before.
//!
//! What is inside a copy or a result of an archive counts as much as whoever wrapped it up. So each message comes with a
//! [`Source`], made here where the wrapper was checked, and only this file makes one.

use std::time::Duration;

use rfc3920::jid::Jid;
use rfc3920::xml::Element;

use super::{Author, DropReason, Incoming, Session, Way, seen};
use crate::archive::Archived;
use crate::carbons::Carbon;
use crate::delay::Delay;
use crate::message::{Message, MessageType};
use crate::stanza_id::StanzaId;
use crate::{Error, ns};

/// How a message came, and what whoever brought it says.
#[derive(Clone, Debug)]
pub(super) struct Source {
    pub way: Way,
    /// The archive that it is out of: a room's, or the account's.
    archive: Option<(Jid, String)>,
    /// When it was sent.
    time: Option<Duration>,
}

impl Session {
    pub(super) fn message(&mut self, element: &Element) {
        if let Some(result) = Archived::within(element) {
            return self.archived(element, result);
        }
        //= xep-0280#11/ignore MUST
        //# A copy from anybody else is left aside as a whole, and nobody is told why.
        match Carbon::within(element, &self.account) {
            Err(_) => self.drop_noise(DropReason::ForgedCarbon),
            Ok(Some(carbon)) => {
                let time = carbon.forwarded.delay.map(|delay| delay.stamp);
                self.take(&carbon.forwarded.message, &Source { way: Way::Carbon, archive: None, time });
            }
            Ok(None) if element.has(ns::PUBSUB_EVENT, "event") => self.published(element),
            Ok(None) => {
                let time = self.live_delay(element);
                self.take(element, &Source { way: Way::Live, archive: None, time });
            }
        }
    }

    /// A result of an archive: of the query that is open there, from that archive, else of no interest.
    //= xep-0313#7/from MUST
    //# Results count only with the id of an open query, and from the archive that was asked; both are looked at.
    fn archived(&mut self, element: &Element, result: Result<Archived, Error>) {
        let Ok(archived) = result else { return self.drop_noise(DropReason::ForgedArchive) };
        let query = archived.queryid.clone().unwrap_or_default();
        let from = element.get("from").map(Jid::parse);
        let own = from.is_none();
        let from = from.and_then(Result::ok).unwrap_or_else(|| self.account.clone());
        let Some(pull) = self.pulls.get_mut(&query) else { return self.drop_noise(DropReason::ForgedArchive) };
        let archive = pull.room.clone().unwrap_or_else(|| self.account.clone());
        if from != archive || (own && pull.room.is_some()) || !pull.counts() {
            return self.drop_noise(DropReason::ForgedArchive);
        }
        let time = archived.forwarded.delay.map(|delay| delay.stamp);
        let source = Source { way: Way::Archive, archive: Some((archive, archived.id)), time };
        match pull.collects() {
            true => {
                let read = self.read(&archived.forwarded.message, &source);
                let incoming = read.map(|(incoming, _)| incoming);
                if let Some(pull) = self.pulls.get_mut(&query) {
                    pull.collected.extend(incoming);
                }
            }
            false => self.take(&archived.forwarded.message, &source),
        }
    }

    /// When a message that came by itself was sent, if somebody says so who may: our server, while it may hand over what
    /// it kept, and in a room the room, for what was said before we came. Senders can write such words too.
    //= xep-0203#4/trust SHOULD
    //# Only a time stated by our account or server soon after we came, or by the room whose history is on, is believed.
    fn live_delay(&self, element: &Element) -> Option<Duration> {
        let from = element.get("from").and_then(|from| Jid::parse(from).ok());
        let of_room = element.get("type") == Some(MessageType::Groupchat.name());
        let trusted = match from.filter(|_| of_room) {
            Some(from) => {
                let room = self.rooms.get(from.bare_str())?;
                if !room.history {
                    return None;
                }
                vec![room.jid.clone()]
            }
            None if self.now >= self.keeps_until => return None,
            None => vec![self.account.clone(), self.account.to_domain()],
        };
        let delays = element.find_all(ns::DELAY, "delay").filter_map(|delay| Delay::from_element(delay).ok());
        let told = |delay: &Delay| trusted.iter().any(|jid| delay.is_from(jid));
        delays.filter(told).map(|delay| delay.stamp).min()
    }

    /// Reads, looks whether it was told before, and tells.
    fn take(&mut self, element: &Element, source: &Source) {
        let Some((incoming, room)) = self.read(element, source) else { return };
        let (archived, written) = self.marks(&incoming, room.as_ref());
        self.move_on(&incoming, room.as_ref());
        if room.is_some() {
            self.room_news(&incoming); // told before or not: it is what the room is about now
        }
        let id = incoming.message.origin_id.clone().or_else(|| incoming.message.id.clone());
        if let Some(id) = id.filter(|_| incoming.own || room.is_some()) {
            let mark = seen::own(&incoming.with, &id);
            if self.seen.contains(mark) && (incoming.own || source.way == Way::Archive) {
                let first = self.seen.take(archived, written);
                return self.own_came_back(&incoming, &id, first);
            }
        }
        if self.seen.take(archived, written) {
            self.tell_message(incoming);
        }
    }

    /// The marks by which a message is known again.
    fn marks(&self, incoming: &Incoming, room: Option<&Jid>) -> (Option<u128>, Option<u128>) {
        let archive = room.unwrap_or(&self.account);
        let archived = incoming.stanza_id.as_ref().map(|id| seen::archived(archive, id));
        let message = &incoming.message;
        let id = message.origin_id.as_ref().or(message.id.as_ref());
        let from = match &incoming.author {
            Author::Nick(jid) | Author::Account(jid) => jid.as_str(),
            Author::Occupant(id) => id,
            Author::Room => "",
        };
        let what = Message { delay: None, stanza_ids: Vec::new(), from: None, to: None, room: None, ..message.clone() };
        let written = id.map(|id| seen::written(from, &incoming.with, id, &what.to_element().to_string()));
        (archived, written)
    }

    /// Makes of a message what is known about it, with the room that it was said in. `None`: it is not for us.
    pub(super) fn read(&mut self, element: &Element, source: &Source) -> Option<(Incoming, Option<Jid>)> {
        let Ok(message) = Message::from_element(element) else {
            self.drop_noise(DropReason::IllFormed);
            return None;
        };
        if message.kind == MessageType::Error {
            match source.way {
                Way::Live | Way::Carbon => self.bounced(message),
                Way::Archive | Way::History => {}
            }
            return None;
        }
        match message.kind {
            MessageType::Groupchat => self.read_room(element, message, source),
            _ => self.read_direct(element, message, source),
        }
    }

    fn read_room(&mut self, element: &Element, message: Message, source: &Source) -> Option<(Incoming, Option<Jid>)> {
        let from = message.from.clone()?;
        let room = self.rooms.get(from.bare_str()).filter(|room| room.is_inside());
        let archive = source.archive.as_ref().map(|(jid, _)| jid);
        // in a room's archive only what was said in that room; a carbon of a room is nobody's business
        let fits = archive.is_none_or(|archive| archive.as_str() == from.bare_str()) && source.way != Way::Carbon;
        let Some(room) = room.filter(|_| fits) else {
            self.drop_noise(DropReason::Unrelated);
            return None;
        };
        let jid = room.jid.clone();
        let ids = room.info.has(ns::STANZA_ID) || room.info.has(ns::ARCHIVE);
        let stanza_id = match &source.archive {
            Some((_, id)) => Some(id.clone()),
            None => StanzaId::given_by(element, &jid).filter(|_| ids).map(str::to_owned),
        };
        //= xep-0421#3/feature MUST
        //# An occupant id is believed only in a room that has the feature, since others let forged ones through.
        let occupant = message.occupant_id.clone().filter(|_| room.info.has(ns::OCCUPANT_ID));
        let author = match (from.is_bare(), occupant) {
            (true, _) => Author::Room,
            (false, Some(id)) => Author::Occupant(id),
            (false, None) => Author::Nick(from.clone()),
        };
        let live = source.way == Way::Live;
        let lasting = matches!(&author, Author::Occupant(id) if room.own_id.as_ref() == Some(id));
        let own = lasting || live && from.resource() == Some(&room.nick);
        let way = if live && room.history && source.time.is_some() { Way::History } else { source.way };
        let incoming = self.incoming(message, jid.clone(), from, author, own, way, stanza_id, source.time);
        Some((incoming, Some(jid)))
    }

    fn read_direct(&mut self, element: &Element, message: Message, source: &Source) -> Option<(Incoming, Option<Jid>)> {
        // the server may leave its own address out
        let from = message.from.clone().unwrap_or_else(|| self.account.clone());
        let to = message.to.clone().unwrap_or_else(|| self.account.clone());
        let own = from.same_bare(&self.account);
        let mine = own || to.same_bare(&self.account);
        let of_room = source.archive.as_ref().is_some_and(|(archive, _)| *archive != self.account);
        if !mine || of_room {
            self.drop_noise(DropReason::ForgedArchive);
            return None;
        }
        let with = self.conversation(if own { &to } else { &from });
        let author = match with.is_bare() || own {
            true => Author::Account(from.bare()),
            false => Author::Nick(from.clone()),
        };
        let stanza_id = match &source.archive {
            Some((_, id)) => Some(id.clone()),
            None => {
                let trusted = self.server.gives_ids();
                StanzaId::given_by(element, &self.account).filter(|_| trusted).map(str::to_owned)
            }
        };
        Some((self.incoming(message, with, from, author, own, source.way, stanza_id, source.time), None))
    }

    #[allow(clippy::too_many_arguments)]
    fn incoming(
        &self,
        message: Message,
        with: Jid,
        from: Jid,
        author: Author,
        own: bool,
        way: Way,
        stanza_id: Option<String>,
        time: Option<Duration>,
    ) -> Incoming {
        // nothing comes from the future
        let time = time.unwrap_or(Duration::MAX).min(self.unix());
        let text = message.text().unwrap_or_default();
        let corrects = message.replaces.clone();
        let verified = corrects.as_ref().is_some_and(|id| self.authors.of(&with, id) == Some(&author));
        let id = message.id.clone();
        Incoming { with, from, author, own, way, id, stanza_id, time, text, corrects, verified, message }
    }
}
