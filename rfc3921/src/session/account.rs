//! What is kept at the account: bookmarks, the blocking list, published items.

use rfc3920::jid::Jid;
use rfc3920::stanza::Condition;
use rfc3920::stream::{RequestError, RequestId};
use rfc3920::xml::Element;
use wire::Instant;

use super::asking::{Asked, Purpose};
use super::{CommandError, DropReason, Event, Session};
use crate::avatar::Metadata;
use crate::blocking::{Blocking, Verb};
use crate::bookmarks::Bookmark;
use crate::pubsub::{self, Access, Item};
use crate::{avatar, ns};

/// What comes in.
impl Session {
    /// Something was published, at an account.
    //= xep-0163#4.3/from MUST
    //# An event is about the account that its message comes from; only contacts and our own are listened to.
    pub(super) fn published(&mut self, message: &Element) {
        let from = message.get("from").map_or(Ok(self.account.clone()), Jid::parse);
        let event = message.find(ns::PUBSUB_EVENT, "event").map(pubsub::Event::from_element);
        let (Ok(from), Some(Ok(event))) = (from, event) else { return self.drop_noise(DropReason::IllFormed) };
        let own = from == self.account;
        let seen = self.roster.find(&from).is_some_and(|item| item.subscription.is_seen());
        if !(own || seen && from.is_bare()) {
            return self.drop_noise(DropReason::Stranger);
        }
        match event {
            pubsub::Event::Published { node, items } if node == ns::BOOKMARKS && own => self.bookmarked(&items),
            pubsub::Event::Retracted { node, ids } if node == ns::BOOKMARKS && own => self.unbookmarked(&ids),
            pubsub::Event::Published { node, items } if node == ns::AVATAR_METADATA => {
                let payload = items.iter().find_map(|item| item.payload.as_ref());
                match payload.map(Metadata::from_element) {
                    Some(Ok(metadata)) => self.tell(Event::Avatar { from, metadata }),
                    _ => self.drop_noise(DropReason::IllFormed),
                }
            }
            event => self.tell(Event::Published { from, event }),
        }
    }

    pub(super) fn got_bookmarks(&mut self, result: Result<Element, RequestError>) {
        let items = result.ok().and_then(|iq| iq.children().find_map(|c| pubsub::Items::from_element(c).ok()));
        if let Some(items) = items.filter(|items| items.node == ns::BOOKMARKS) {
            self.bookmarks.clear();
            self.bookmarked(&items.items);
        }
    }

    //= xep-0402#4.2/autojoin MUST
    //# A bookmark that says so is entered, one that does not any more is left, here as on every other client.
    fn bookmarked(&mut self, items: &[Item]) {
        for bookmark in items.iter().filter_map(|item| Bookmark::from_item(item).ok()) {
            let known = self.bookmarks.contains_key(bookmark.room.as_str());
            if !known && self.bookmarks.len() >= self.config.limits.bookmarks {
                self.drop_noise(DropReason::Limit);
                break;
            }
            let room = bookmark.room.clone();
            let before = self.bookmarks.insert(room.clone(), bookmark.clone());
            match bookmark.autojoin {
                true if !self.rooms.contains_key(room.as_str()) => {
                    let own = self.account.local().unwrap_or_else(|| self.account.domain()).to_owned();
                    let nick = bookmark.nick.unwrap_or(own);
                    let _ = self.join(self.now, &room, &nick, bookmark.password.as_deref());
                }
                false if before.is_some_and(|before| before.autojoin) => drop(self.leave(self.now, &room, None)),
                _ => {}
            }
        }
        self.tell(Event::Bookmarks);
    }

    //= xep-0402#4.3/retracted MUST
    //# A bookmark that is taken back is forgotten, and its room left.
    fn unbookmarked(&mut self, ids: &[String]) {
        for room in ids.iter().filter_map(|id| Jid::parse(id).ok()) {
            if self.bookmarks.remove(room.bare_str()).is_some() {
                let _ = self.leave(self.now, &room, None);
            }
        }
        self.tell(Event::Bookmarks);
    }

    pub(super) fn got_block_list(&mut self, result: Result<Element, RequestError>) {
        let list = result.ok().and_then(|iq| iq.children().find_map(Blocking::from_element));
        if let Some(list) = list.filter(|list| list.verb == Verb::List) {
            self.apply_blocking(list);
        }
    }

    /// A push of a change of the list.
    //= xep-0191#3.3/from MUST
    //# As with the roster, only the own account's server may push.
    pub(super) fn blocking_push(&mut self, iq: &Element, payload: &Element) {
        if !self.is_own_server(iq) {
            self.drop_noise(DropReason::ForgedPush);
            return self.refuse(iq, Condition::ServiceUnavailable);
        }
        match Blocking::from_element(payload).filter(|change| change.verb != Verb::List) {
            Some(change) => {
                let _ = self.client.reply(self.now, iq, Ok(None));
                self.apply_blocking(change);
            }
            None => self.refuse(iq, Condition::BadRequest),
        }
    }

    fn apply_blocking(&mut self, change: Blocking) {
        change.apply(&mut self.blocked, self.config.limits.blocked);
        self.tell(Event::Blocked(change));
    }
}

/// Commands.
impl Session {
    /// Keeps a room at the account, for all clients of it; with `autojoin` it is entered.
    ///
    /// # Errors
    /// [`CommandError`].
    //= xep-0402#4.1/private MUST
    //# Published under the condition that nobody else may see the node and that it keeps all items.
    pub fn bookmark(&mut self, now: Instant, bookmark: &Bookmark) -> Result<RequestId, CommandError> {
        self.tick(now);
        let payload = pubsub::publish(ns::BOOKMARKS, &bookmark.to_item(), Some((Access::Private, None)));
        self.ask_set(None, payload, Purpose::Ask(Asked::Done))
    }

    /// Forgets a room.
    ///
    /// # Errors
    /// [`CommandError`].
    pub fn forget_bookmark(&mut self, now: Instant, room: &Jid) -> Result<RequestId, CommandError> {
        self.tick(now);
        self.ask_set(None, pubsub::retract(ns::BOOKMARKS, room.bare_str()), Purpose::Ask(Asked::Done))
    }

    /// Takes nothing from these any more.
    ///
    /// # Errors
    /// [`CommandError::NotOffered`], or another [`CommandError`].
    pub fn block(&mut self, now: Instant, jids: &[Jid]) -> Result<RequestId, CommandError> {
        self.change_blocking(now, Verb::Block, jids)
    }

    /// Takes messages from these again; from everybody, when none is named.
    ///
    /// # Errors
    /// [`CommandError::NotOffered`], or another [`CommandError`].
    pub fn unblock(&mut self, now: Instant, jids: &[Jid]) -> Result<RequestId, CommandError> {
        self.change_blocking(now, Verb::Unblock, jids)
    }

    fn change_blocking(&mut self, now: Instant, verb: Verb, jids: &[Jid]) -> Result<RequestId, CommandError> {
        self.tick(now);
        //= xep-0191#3.3/not-empty MUST NOT
        //# Nobody is no one to block: such a request is not sent.
        if verb == Verb::Block && jids.is_empty() {
            return Err(CommandError::Address);
        }
        if !self.server.info.has(ns::BLOCKING) {
            return Err(CommandError::NotOffered("blocking"));
        }
        let payload = Blocking { verb, jids: jids.iter().cloned().collect() }.to_element();
        self.ask_set(None, payload, Purpose::Ask(Asked::Done))
    }

    /// Publishes an item at the account.
    ///
    /// # Errors
    /// [`CommandError`].
    //= rfc6121#4.4.1/elsewhere SHOULD
    //# Pictures, bookmarks and whatever an application has are published at the account.
    pub fn publish(
        &mut self,
        now: Instant,
        node: &str,
        item: &Item,
        access: Option<(Access, Option<u32>)>,
    ) -> Result<RequestId, CommandError> {
        self.tick(now);
        self.ask_set(None, pubsub::publish(node, item, access), Purpose::Ask(Asked::Done))
    }

    /// Takes back what was published.
    ///
    /// # Errors
    /// [`CommandError`].
    pub fn unpublish(&mut self, now: Instant, node: &str, id: &str) -> Result<RequestId, CommandError> {
        self.tick(now);
        self.ask_set(None, pubsub::retract(node, id), Purpose::Ask(Asked::Done))
    }

    /// Shows a picture of the user to contacts: first its bytes, then what tells of them. `kind` is the media type. The
    /// number is the second request's.
    ///
    /// # Errors
    /// [`CommandError`].
    //= xep-0084#4.1/order MUST
    //# The bytes are published before the item that makes others fetch them, both under their hash.
    pub fn set_avatar(&mut self, now: Instant, picture: &[u8], kind: &str) -> Result<RequestId, CommandError> {
        self.tick(now);
        let id = avatar::id_of(picture);
        let data = Item::new(&id, avatar::data_to_element(picture));
        let access = Some((Access::Presence, Some(1)));
        self.ask_set(None, pubsub::publish(ns::AVATAR_DATA, &data, access), Purpose::Quiet)?;
        let bytes = u32::try_from(picture.len()).unwrap_or(u32::MAX);
        let metadata = Metadata { id: id.clone(), bytes, kind: kind.to_owned(), width: None, height: None, url: None };
        let item = Item::new(&id, Metadata::to_element(Some(&metadata)));
        self.ask_set(None, pubsub::publish(ns::AVATAR_METADATA, &item, access), Purpose::Ask(Asked::Done))
    }
}
