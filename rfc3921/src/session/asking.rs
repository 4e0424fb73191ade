//! Requests of ours, and what is made of their answers.

use rfc3920::jid::Jid;
use rfc3920::stanza;
use rfc3920::stream::{RequestError, RequestId};
use rfc3920::xml::Element;
use wire::Instant;

use super::{Answer, CommandError, Event, Session};
use crate::archive::Query;
use crate::caps::Caps;
use crate::disco::{Info, Items};
use crate::form::Form;
use crate::result_set::{PageRequest, Place};
use crate::rooms::Admin;
use crate::time::Time;
use crate::upload::{self, Slot};
use crate::vcard::Vcard;
use crate::version::Version;
use crate::{avatar, ns, ping, pubsub};

/// What a request is for.
#[derive(Debug)]
pub(super) enum Purpose {
    Roster,
    ServerInfo,
    AccountInfo,
    BlockList,
    Bookmarks,
    Services,
    Service(Jid),
    Caps(Caps),
    /// A page of an archive, by the id of the query.
    CatchUp(String),
    RoomInfo(Jid),
    SelfPing(Jid),
    /// When it is answered, the server has these messages.
    Flush(Vec<(Jid, String)>),
    /// The answer is of no interest.
    Quiet,
    /// The application.
    Ask(Asked),
}

/// What the application asked for.
#[derive(Debug)]
pub(super) enum Asked {
    Done,
    Pong(Instant),
    Info,
    Items,
    Version,
    Time,
    Vcard,
    Avatar(String),
    History(String),
    Slot,
    Fetch,
    Affiliations,
    Form,
}

impl Session {
    pub(super) fn ask_get(
        &mut self,
        to: Option<&Jid>,
        payload: Element,
        purpose: Purpose,
    ) -> Result<RequestId, CommandError> {
        self.ask(stanza::iq_get(to.map(Jid::as_str), "", payload), purpose)
    }

    pub(super) fn ask_set(
        &mut self,
        to: Option<&Jid>,
        payload: Element,
        purpose: Purpose,
    ) -> Result<RequestId, CommandError> {
        self.ask(stanza::iq_set(to.map(Jid::as_str), "", payload), purpose)
    }

    fn ask(&mut self, iq: Element, purpose: Purpose) -> Result<RequestId, CommandError> {
        let request = self.client.request(self.now, iq)?;
        self.waiting.insert(request, purpose);
        Ok(request)
    }

    /// An answer came, or will not come.
    pub(super) fn answered(&mut self, request: RequestId, result: Result<Element, RequestError>) {
        let Some(purpose) = self.waiting.remove(&request) else { return };
        match purpose {
            Purpose::Roster => self.got_roster(result),
            Purpose::ServerInfo => self.got_info(false, result),
            Purpose::AccountInfo => self.got_info(true, result),
            Purpose::BlockList => self.got_block_list(result),
            Purpose::Bookmarks => self.got_bookmarks(result),
            Purpose::Services => self.got_services(result),
            Purpose::Service(jid) => self.got_service(jid, result),
            Purpose::Caps(caps) => {
                if let Ok(iq) = result {
                    self.got_caps(&caps, &iq);
                }
            }
            Purpose::CatchUp(query) => self.got_page(&query, result),
            Purpose::RoomInfo(room) => self.got_room_info(&room, result),
            Purpose::SelfPing(room) => self.got_self_ping(&room, result),
            Purpose::Flush(messages) => self.flushed(messages, &result),
            Purpose::Quiet => {}
            Purpose::Ask(asked) => {
                let result = match asked {
                    Asked::History(query) => self.got_history(&query, result),
                    asked => result.map(|iq| read(&asked, &iq, self.now).unwrap_or(Answer::IllFormed)),
                };
                self.tell(Event::Answer { request, result });
            }
        }
    }

    /// Asks whether somebody is reachable; [`Answer::Pong`].
    ///
    /// # Errors
    /// [`CommandError`].
    pub fn ping(&mut self, now: Instant, to: &Jid) -> Result<RequestId, CommandError> {
        self.tick(now);
        self.ask_get(Some(to), ping::query(), Purpose::Ask(Asked::Pong(self.now)))
    }

    /// Asks what somebody is and can do; [`Answer::Info`].
    ///
    /// # Errors
    /// [`CommandError`].
    pub fn info(&mut self, now: Instant, of: &Jid, node: Option<&str>) -> Result<RequestId, CommandError> {
        self.tick(now);
        self.ask_get(Some(of), Info::query(node), Purpose::Ask(Asked::Info))
    }

    /// Asks what somebody has, such as the rooms of a service; [`Answer::Items`].
    ///
    /// # Errors
    /// [`CommandError`].
    pub fn items(&mut self, now: Instant, of: &Jid, node: Option<&str>) -> Result<RequestId, CommandError> {
        self.tick(now);
        self.ask_get(Some(of), Items::query(node), Purpose::Ask(Asked::Items))
    }

    /// Asks which software somebody runs; [`Answer::Version`].
    ///
    /// # Errors
    /// [`CommandError`].
    pub fn version(&mut self, now: Instant, of: &Jid) -> Result<RequestId, CommandError> {
        self.tick(now);
        self.ask_get(Some(of), Version::query(), Purpose::Ask(Asked::Version))
    }

    /// Asks what somebody's clock says; [`Answer::Time`].
    ///
    /// # Errors
    /// [`CommandError`].
    pub fn time(&mut self, now: Instant, of: &Jid) -> Result<RequestId, CommandError> {
        self.tick(now);
        self.ask_get(Some(of), Time::query(), Purpose::Ask(Asked::Time))
    }

    /// Asks for somebody's contact card; [`Answer::Vcard`].
    ///
    /// # Errors
    /// [`CommandError`].
    pub fn vcard(&mut self, now: Instant, of: &Jid) -> Result<RequestId, CommandError> {
        self.tick(now);
        self.ask_get(Some(of), Vcard::query(), Purpose::Ask(Asked::Vcard))
    }

    /// Asks for somebody's picture, by the id that [`Event::Avatar`] told; [`Answer::Avatar`].
    ///
    /// # Errors
    /// [`CommandError`].
    pub fn avatar(&mut self, now: Instant, of: &Jid, id: &str) -> Result<RequestId, CommandError> {
        self.tick(now);
        let items = pubsub::items(ns::AVATAR_DATA, &[id], None);
        self.ask_get(Some(&of.bare()), items, Purpose::Ask(Asked::Avatar(id.to_owned())))
    }

    /// Asks for items that somebody published, all or the last `max`; [`Answer::Fetched`].
    ///
    /// # Errors
    /// [`CommandError`].
    pub fn fetch(&mut self, now: Instant, of: &Jid, node: &str, max: Option<u32>) -> Result<RequestId, CommandError> {
        self.tick(now);
        self.ask_get(Some(&of.bare()), pubsub::items(node, &[], max), Purpose::Ask(Asked::Fetch))
    }

    /// Asks for what was said in a conversation, before the message that its archive calls `before`, or last: `max`
    /// messages at most; [`Answer::History`].
    ///
    /// # Errors
    /// [`CommandError::NotOffered`] without an archive, or another [`CommandError`].
    pub fn history(
        &mut self,
        now: Instant,
        with: &Jid,
        before: Option<&str>,
        max: u32,
    ) -> Result<RequestId, CommandError> {
        self.tick(now);
        let room = self.rooms.get(with.bare_str()).filter(|_| with.is_bare());
        let archive = match room {
            Some(room) => room.info.has(ns::ARCHIVE),
            None => self.server.account.has(ns::ARCHIVE),
        };
        if !archive {
            return Err(CommandError::NotOffered("an archive"));
        }
        let room = room.map(|room| room.jid.clone());
        let place = before.map_or(Place::Last, |id| Place::Before(id.to_owned()));
        let page = PageRequest::new(max.min(self.config.limits.page), place);
        let with = room.is_none().then(|| with.clone());
        let query = Query { queryid: self.rng.token(16), with, page, ..Query::default() };
        let id = query.queryid.clone();
        self.open_page(&id, room.as_ref());
        let asked = self.ask_set(room.as_ref(), query.to_element(), Purpose::Ask(Asked::History(id.clone())));
        asked.inspect_err(|_| drop(self.pulls.remove(&id)))
    }

    /// Asks the server for a place for a file; [`Answer::Slot`].
    ///
    /// # Errors
    /// [`CommandError::NotOffered`], [`CommandError::TooLarge`], or another [`CommandError`].
    //= xep-0363#5/max-size SHOULD
    //# What is larger than the service says it takes is not asked for.
    pub fn upload_slot(&mut self, now: Instant, request: &upload::Request) -> Result<RequestId, CommandError> {
        self.tick(now);
        let Some((service, limit)) = self.server.upload.clone() else {
            return Err(CommandError::NotOffered("to take files"));
        };
        if let Some(limit) = limit.filter(|limit| request.size > *limit) {
            return Err(CommandError::TooLarge { limit });
        }
        self.ask_get(Some(&service), request.to_element(), Purpose::Ask(Asked::Slot))
    }

    /// Who takes files for others, once it is found out, and how large at most.
    pub fn upload_service(&self) -> Option<(&Jid, Option<u64>)> {
        self.server.upload.as_ref().map(|(jid, limit)| (jid, *limit))
    }
}

/// What an answer says.
fn read(asked: &Asked, iq: &Element, now: Instant) -> Option<Answer> {
    let payload = iq.children().next();
    Some(match asked {
        Asked::Done => Answer::Done,
        Asked::Pong(since) => Answer::Pong(now - *since),
        Asked::Info => Answer::Info(Info::from_element(payload?).ok()?),
        Asked::Items => Answer::Items(Items::from_element(payload?).ok()?),
        Asked::Version => Answer::Version(Version::from_element(payload?).ok()?),
        Asked::Time => Answer::Time(Time::from_element(payload?).ok()?),
        Asked::Vcard => match payload {
            Some(card) => Answer::Vcard(Box::new(Vcard::from_element(card).ok()?)),
            None => Answer::Vcard(Box::default()),
        },
        Asked::Avatar(id) => {
            let items = pubsub::Items::from_element(payload?).ok()?.items;
            let data = items.iter().find_map(|item| item.payload.as_ref())?;
            Answer::Avatar(avatar::data_from_element(data, id).ok()?)
        }
        Asked::Slot => Answer::Slot(Slot::from_element(payload?).ok()?),
        Asked::Fetch => Answer::Fetched(pubsub::Items::from_element(payload?).ok()?),
        Asked::Affiliations => Answer::Affiliations(Admin::from_element(payload?).ok()?.items),
        Asked::Form => Answer::Form(Form::from_element(payload?.find(ns::FORMS, "x")?).ok()?),
        Asked::History(_) => return None,
    })
}
