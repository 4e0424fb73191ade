//! The beginning of a session: what is asked before anything else, and what follows from the answers.

use std::sync::Arc;

use rfc3920::jid::Jid;
use rfc3920::stream::{self, Online, RequestError};
use rfc3920::xml::Element;
use wire::Instant;

use super::asking::Purpose;
use super::{Event, Session};
use crate::blocking::Blocking;
use crate::disco::{Info, Items};
use crate::roster::Query;
use crate::{carbons, ns, pubsub, upload};

/// Where the beginning is.
#[derive(Debug, Default)]
pub(super) enum Startup {
    /// No session.
    #[default]
    Offline,
    /// So many answers are not there yet.
    Asking(u8, Box<Online>),
    /// All there.
    Ready(Box<Online>),
}

impl Startup {
    pub fn is_ready(&self) -> bool {
        matches!(self, Startup::Ready(_))
    }

    /// What was told about the session.
    pub fn online(&self) -> Option<&Online> {
        match self {
            Startup::Offline => None,
            Startup::Asking(_, online) | Startup::Ready(online) => Some(online),
        }
    }
}

/// What the server and the account can do.
#[derive(Debug, Default)]
pub(super) struct Server {
    pub info: Arc<Info>,
    pub account: Arc<Info>,
    /// Who takes files, and how large.
    pub upload: Option<(Jid, Option<u64>)>,
}

impl Server {
    /// Whether the ids that the account's archive gives may be believed.
    //= xep-0359#6/feature MUST
    //# Only with the feature of ids or of the archive, which both promise that forged ids are taken away.
    pub fn gives_ids(&self) -> bool {
        self.account.has(ns::STANZA_ID) || self.account.has(ns::ARCHIVE)
    }
}

impl Session {
    pub(super) fn went_online(&mut self, online: Box<Online>) {
        self.tell(Event::Online(online.clone()));
        self.keeps_until = self.now + self.config.timing.kept;
        if online.resumed {
            if let Startup::Asking(_, kept) | Startup::Ready(kept) = &mut self.startup {
                kept.jid = online.jid;
            }
            return self.ping_rooms();
        }
        self.account = online.jid.bare();
        self.reset();
        let versioned = online.offers(ns::ROSTER_VERSIONING, "ver");
        self.startup = Startup::Asking(3, online);
        let domain = self.account.to_domain();
        let account = self.account.clone();
        //= rfc6121#2.2/before-presence SHOULD
        //# The roster is asked for first; presence waits for its answer.
        //= rfc6121#2.1.3/no-item MUST NOT
        //# The query is empty but for the version.
        //= rfc6121#2.6.2/offered SHOULD
        //# Where the stream offers versions, the kept one goes along, or an empty one to begin with.
        //= rfc6121#2.6.2/only-offered MUST NOT
        //# A version goes along only when the stream offers versions: the kept one, or an empty one.
        //= rfc6121#2.6.2/bootstrap MUST
        //# An empty text in place of none.
        let ver = versioned.then(|| self.roster.ver.clone().unwrap_or_default());
        let roster = Query { ver, items: Vec::new() }.to_element();
        self.begin_with(None, roster, Purpose::Roster);
        self.begin_with(Some(&domain), Info::query(None), Purpose::ServerInfo);
        self.begin_with(Some(&account), Info::query(None), Purpose::AccountInfo);
    }

    fn begin_with(&mut self, to: Option<&Jid>, payload: Element, purpose: Purpose) {
        if self.ask_get(to, payload, purpose).is_err() {
            self.one_less();
        }
    }

    /// A new session knows nothing of the old one's.
    fn reset(&mut self) {
        self.waiting.clear();
        self.pulls.clear();
        self.later.clear();
        self.sending.forget_flush();
        self.hold(self.account.clone());
        self.presences.clear();
        self.server = Server::default();
        self.rooms_are_outside();
    }

    pub(super) fn went_offline(&mut self, error: stream::Error, again: Option<Instant>) {
        if again.is_none() {
            self.startup = Startup::Offline;
            self.presences.clear();
        }
        self.tell(Event::Offline { error, again });
    }

    /// One of the first answers is there, or will not come.
    pub(super) fn one_less(&mut self) {
        self.startup = match std::mem::take(&mut self.startup) {
            Startup::Asking(n, online) if n > 1 => Startup::Asking(n - 1, online),
            Startup::Asking(_, online) => {
                self.startup = Startup::Ready(online);
                return self.ready();
            }
            other => other,
        };
    }

    /// The answer to the roster request.
    //= rfc6121#2.6.3/empty MUST
    //# An answer without a payload says that the kept version is the latest; pushes may follow.
    pub(super) fn got_roster(&mut self, result: Result<Element, RequestError>) {
        if let Ok(iq) = &result
            && let Some(query) = iq.children().find_map(|child| Query::from_element(child).ok())
        {
            self.roster.replace(query, self.config.limits.contacts);
        }
        self.tell(Event::Roster);
        self.one_less();
    }

    pub(super) fn got_info(&mut self, of_account: bool, result: Result<Element, RequestError>) {
        let info = result.ok().and_then(|iq| iq.children().find_map(|child| Info::from_element(child).ok()));
        let info = Arc::new(info.unwrap_or_default());
        match of_account {
            true => self.server.account = info,
            false => self.server.info = info,
        }
        self.one_less();
    }

    fn ready(&mut self) {
        let carbons = self.startup.online().is_some_and(|online| online.carbons);
        //= xep-0280#4/once MUST
        //# Asked for once a session, where the server has the feature and Bind2 did not do it before.
        if self.config.carbons && !carbons && self.server.info.has(ns::CARBONS) {
            let _ = self.ask_set(None, carbons::enable(), Purpose::Quiet);
        }
        //= xep-0191#3.2/first SHOULD
        //# The list is asked for before presence goes out, so that its pushes come here too.
        if self.server.info.has(ns::BLOCKING) {
            let _ = self.ask_get(None, Blocking::query(), Purpose::BlockList);
        }
        //= rfc6121#2.2/both MUST
        //# The roster has been asked for; presence follows, unless the application wants to be no one's to see.
        //= rfc6121#4.2.1/ready MUST
        //# A session is told by the stream when all that is so.
        self.send_availability();
        if self.config.bookmarks && self.server.account.is("pubsub", "pep") {
            let _ = self.ask_get(None, pubsub::items(ns::BOOKMARKS, &[], None), Purpose::Bookmarks);
        }
        let domain = self.account.to_domain();
        if self.server.info.has(ns::UPLOAD) {
            self.server.upload = Some((domain.clone(), upload::max_size(&self.server.info)));
        } else {
            let _ = self.ask_get(Some(&domain), Items::query(None), Purpose::Services);
        }
        self.send_outbox();
        //= xep-0313#7/after-bind2 MUST
        //# After every new session, however it was bound: a server that has an archive may have thrown its queue away.
        if !(self.config.catch_up && self.server.account.has(ns::ARCHIVE) && self.catch_up(None)) {
            self.send_again(None);
        }
        self.tell(Event::Ready);
        self.enter_rooms();
    }

    /// The services of the server: each is asked what it is.
    pub(super) fn got_services(&mut self, result: Result<Element, RequestError>) {
        let items = result.ok().and_then(|iq| iq.children().find_map(|child| Items::from_element(child).ok()));
        let items = items.unwrap_or_default().items.into_iter();
        for item in items.filter(|item| item.node.is_none()).take(self.config.limits.services) {
            let _ = self.ask_get(Some(&item.jid), Info::query(None), Purpose::Service(item.jid.clone()));
        }
    }

    pub(super) fn got_service(&mut self, jid: Jid, result: Result<Element, RequestError>) {
        let info = result.ok().and_then(|iq| iq.children().find_map(|child| Info::from_element(child).ok()));
        if let Some(info) = info.filter(|info| info.has(ns::UPLOAD) && self.server.upload.is_none()) {
            self.server.upload = Some((jid, upload::max_size(&info)));
        }
    }
}
