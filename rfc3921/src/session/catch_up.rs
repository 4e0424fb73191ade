//! Archives: what was missed, page by page, and what somebody wants to look up.
//!
//! Each archive has a position: the last message up to which everything was told. It moves with live messages, except
//! while something before them may be missing: from the beginning of a session until the archive has been read to its
//! end. So a session that breaks in between begins again where it was. Nor does it move past messages of ours that the
//! server has not acknowledged: should the session be lost, the archive is asked whether it has them.

use rfc3920::jid::Jid;
use rfc3920::stanza::Condition;
use rfc3920::stream::RequestError;
use rfc3920::xml::Element;

use super::asking::Purpose;
use super::{Answer, Event, History, Incoming, Session, Way};
use crate::archive::{Fin, Query};
use crate::result_set::{PageRequest, Place};

/// A query that is open.
#[derive(Debug)]
pub(super) struct Pull {
    /// Of which room; else the account.
    pub room: Option<Jid>,
    /// What came, when it is collected for somebody.
    pub collected: Vec<Incoming>,
    collects: bool,
    /// What it continues from.
    after: Option<String>,
    /// Results that may still come.
    left: u32,
    pages: u32,
}

impl Pull {
    pub fn collects(&self) -> bool {
        self.collects
    }

    /// Counts one result; false: an archive that sends more than was asked for.
    //= xep-0313#4.2/limit MUST
    //# Results beyond the page that was asked for are left aside.
    pub fn counts(&mut self) -> bool {
        self.left = self.left.saturating_sub(1);
        self.left > 0
    }
}

impl Session {
    /// Holds an archive's position until it has been read.
    pub(super) fn hold(&mut self, archive: Jid) {
        self.held.insert(archive, None);
    }

    /// Asks for what was missed in the account's archive, or a room's. False: nothing is asked for.
    pub(super) fn catch_up(&mut self, room: Option<&Jid>) -> bool {
        let archive = room.unwrap_or(&self.account).clone();
        let after = self.positions.get(&archive).cloned();
        if after.is_none() && self.config.limits.first_page == 0 {
            self.release(&archive);
            return false;
        }
        self.pull(room.cloned(), after, 0)
    }

    //= xep-0313#3.4/page MUST
    //# From the last id on, forwards; without one the last page, whose end is then the position.
    fn pull(&mut self, room: Option<Jid>, after: Option<String>, pages: u32) -> bool {
        let limits = &self.config.limits;
        let (max, place) = match &after {
            Some(id) => (limits.page, Place::After(id.clone())),
            None => (limits.first_page, Place::Last),
        };
        let id = self.rng.token(16);
        let query = Query { queryid: id.clone(), page: PageRequest::new(max, place), ..Query::default() };
        let left = max.saturating_add(1);
        let pull = Pull { room: room.clone(), collected: Vec::new(), collects: false, after, left, pages };
        self.pulls.insert(id.clone(), pull);
        let asked = self.ask_set(room.as_ref(), query.to_element(), Purpose::CatchUp(id.clone())).is_ok();
        if !asked {
            self.pulls.remove(&id);
        }
        asked
    }

    /// A page of what was missed is complete.
    pub(super) fn got_page(&mut self, query: &str, result: Result<Element, RequestError>) {
        let Some(pull) = self.pulls.remove(query) else { return };
        let archive = pull.room.clone().unwrap_or_else(|| self.account.clone());
        let fin = match result {
            Ok(iq) => iq.children().find_map(|child| Fin::from_element(child).ok()).unwrap_or_default(),
            Err(RequestError::Disconnected) => return, // the next session asks again
            Err(RequestError::Refused(error)) if error.condition == Condition::ItemNotFound && pull.after.is_some() => {
                // the archive has forgotten that message: what is between is gone with it
                self.positions.remove(&archive);
                self.tell(Event::CaughtUp { archive, complete: false });
                self.pull(pull.room, None, pull.pages + 1);
                return;
            }
            Err(_) => {
                self.tell(Event::CaughtUp { archive, complete: false });
                return self.send_again(pull.room.as_ref());
            }
        };
        let moved = fin.page.last.is_some() && fin.page.last != pull.after;
        if let Some(last) = &fin.page.last {
            self.positions.insert(archive.clone(), last.clone());
        }
        let complete = fin.complete || !moved || pull.after.is_none();
        if !complete
            && pull.pages < self.config.limits.pages
            && self.pull(pull.room.clone(), fin.page.last, pull.pages + 1)
        {
            return;
        }
        if complete {
            self.release(&archive);
        }
        self.tell(Event::CaughtUp { archive, complete });
        self.send_again(pull.room.as_ref());
    }

    /// Nothing is missing any more: the position moves on with live messages.
    pub(super) fn release(&mut self, archive: &Jid) {
        if let Some(Some(last)) = self.held.remove(archive) {
            self.positions.insert(archive.clone(), last);
        }
    }

    /// A message came by itself: what its archive calls it is the new position.
    pub(super) fn move_on(&mut self, incoming: &Incoming, room: Option<&Jid>) {
        let Some(id) = incoming.stanza_id.clone().filter(|_| incoming.way != Way::Archive) else { return };
        if !self.config.catch_up {
            return; // a session that does not look back leaves the position to one that does
        }
        let archive = room.unwrap_or(&self.account);
        if let Some(held) = self.held.get_mut(archive) {
            *held = Some(id);
        } else if self.is_under_way(room) {
            self.later.insert(archive.clone(), id);
        } else {
            self.later.remove(archive);
            self.positions.insert(archive.clone(), id);
        }
    }

    /// The server has more of our messages: positions that waited for that move.
    pub(super) fn move_later(&mut self) {
        for (archive, id) in std::mem::take(&mut self.later) {
            let room = (archive != self.account).then_some(&archive);
            match self.is_under_way(room) {
                true => drop(self.later.insert(archive, id)),
                false => drop(self.positions.insert(archive, id)),
            }
        }
    }

    /// Opens a query whose results are collected.
    pub(super) fn open_page(&mut self, query: &str, room: Option<&Jid>) {
        let left = self.config.limits.page.saturating_add(1);
        let room = room.cloned();
        let pull = Pull { room, collected: Vec::new(), collects: true, after: None, left, pages: 0 };
        self.pulls.insert(query.to_owned(), pull);
    }

    pub(super) fn got_history(
        &mut self,
        query: &str,
        result: Result<Element, RequestError>,
    ) -> Result<Answer, RequestError> {
        let messages = self.pulls.remove(query).map(|pull| pull.collected).unwrap_or_default();
        let fin = result?.children().find_map(|child| Fin::from_element(child).ok()).unwrap_or_default();
        Ok(Answer::History(History { messages, fin }))
    }
}
