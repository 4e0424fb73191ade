//! Roster, presence and subscriptions.

use std::collections::BTreeMap;

use rfc3920::jid::Jid;
use rfc3920::stanza::{Condition, StanzaError};
use rfc3920::stream::RequestId;
use rfc3920::xml::Element;
use wire::Instant;

use super::asking::{Asked, Purpose};
use super::{Availability, CommandError, DropReason, Event, Session};
use crate::caps::Caps;
use crate::disco::Info;
use crate::ns;
use crate::presence::{Presence, PresenceType, Show};
use crate::roster::{Change, Item, Query};

/// One client of somebody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resource {
    /// Away, busy and so on; `None`: there.
    pub show: Option<Show>,
    /// In words.
    pub status: Option<String>,
    /// Which of their clients messages prefer.
    pub priority: i8,
    /// What it can do, by hash.
    pub caps: Option<Caps>,
}

/// Who is there.
#[derive(Debug, Default)]
pub(super) struct Presences(BTreeMap<Jid, BTreeMap<String, Resource>>);

impl Presences {
    pub fn of(&self, jid: &Jid) -> impl Iterator<Item = (&str, &Resource)> {
        self.0.get(jid.bare_str()).into_iter().flatten().map(|(name, resource)| (name.as_str(), resource))
    }

    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Somebody is there; false: too many of theirs are already.
    fn insert(&mut self, from: &Jid, resource: Resource, limit: usize) -> bool {
        let of = self.0.entry(from.bare()).or_default();
        let name = from.resource().unwrap_or_default();
        let room = of.len() < limit || of.contains_key(name);
        if room {
            of.insert(name.to_owned(), resource);
        }
        room
    }

    /// Somebody is not, or none of theirs. True: one was.
    fn remove(&mut self, from: &Jid) -> bool {
        let Some(of) = self.0.get_mut(from.bare_str()) else { return false };
        let was = match from.resource() {
            Some(name) => of.remove(name).is_some(),
            //= rfc6121#4.5.4/bare SHOULD
            //# All resources at once.
            None => !std::mem::take(of).is_empty(),
        };
        if of.is_empty() {
            self.0.remove(from.bare_str());
        }
        was
    }
}

/// What comes in.
impl Session {
    pub(super) fn presence(&mut self, element: &Element) {
        //= rfc6121#4.7.1/unknown-type SHOULD skip
        //# Left aside in silence: an answer would tell strangers that somebody is there.
        let Ok(presence) = Presence::from_element(element) else { return self.drop_noise(DropReason::IllFormed) };
        let from = presence.from.clone().unwrap_or_else(|| self.account.clone());
        if self.rooms.contains_key(from.bare_str()) {
            return self.room_presence(&from, presence);
        }
        match &presence.kind {
            PresenceType::Available | PresenceType::Unavailable => self.seen_presence(from, presence),
            PresenceType::Subscribe => self.asked_for_presence(from.bare(), presence.status),
            //= rfc6121#3.1.6/subscribed MUST
            //# Only told; the roster changes by the push that comes with it, never by this stanza.
            PresenceType::Subscribed => self.tell(Event::Subscribed { from: from.bare(), granted: true }),
            PresenceType::Unsubscribed => self.tell(Event::Subscribed { from: from.bare(), granted: false }),
            PresenceType::Unsubscribe | PresenceType::Error(_) => self.tell(Event::Presence(Box::new(presence))),
            PresenceType::Probe => self.drop_noise(DropReason::Unrelated), // a server's business
        }
    }

    //= rfc6121#4.2.4/show MUST
    //# Available presence of contacts goes into the map, resource by resource, and is told.
    //= rfc6121#4.5.4/gone MUST
    //# Unavailable presence takes the resource out; from a bare address, all of them.
    fn seen_presence(&mut self, from: Jid, presence: Presence) {
        let known = from.same_bare(&self.account)
            || self.roster.find(&from).is_some_and(|item| item.subscription.is_seen() || item.ask);
        if !known {
            return self.drop_noise(DropReason::Stranger);
        }
        if !presence.is_available() {
            if self.presences.remove(&from) {
                self.tell(Event::Presence(Box::new(presence)));
            }
            return;
        }
        let (show, status, priority) = (presence.show, presence.status.clone(), presence.priority);
        let resource = Resource { show, status, priority, caps: presence.caps.clone() };
        if !self.presences.insert(&from, resource, self.config.limits.resources) {
            return self.drop_noise(DropReason::Limit);
        }
        if let Some(caps) = &presence.caps {
            self.look_up(&from, caps);
        }
        self.tell(Event::Presence(Box::new(presence)));
    }

    /// Asks what a hash stands for that nobody has explained yet.
    //= xep-0115#6.2/ask-once SHOULD
    //# One question for each hash at a time, to the one that stated it last.
    fn look_up(&mut self, from: &Jid, caps: &Caps) {
        let asking = |purpose: &Purpose| matches!(purpose, Purpose::Caps(asked) if asked == caps);
        if *caps == self.own_caps || self.caps.find(caps).is_some() || self.waiting.values().any(asking) {
            return;
        }
        let _ = self.ask_get(Some(from), Info::query(Some(&caps.query_node())), Purpose::Caps(caps.clone()));
    }

    pub(super) fn got_caps(&mut self, caps: &Caps, iq: &Element) {
        let info = iq.children().find_map(|child| Info::from_element(child).ok());
        if info.is_none_or(|info| self.caps.insert(caps, info).is_err()) {
            self.drop_noise(DropReason::ForgedCaps);
        }
    }

    //= rfc6121#3.1.4/ask-user MUST
    //# Nobody is let in by the machine: the application is told once, and decides.
    //= rfc6121#4.7.2.2/shown MAY
    //# The application gets it, to show it.
    //= rfc6121#11/no-status MAY skip
    //# Whether to show the words is left to the application.
    fn asked_for_presence(&mut self, from: Jid, status: Option<String>) {
        if self.roster.find(&from).is_some_and(|item| item.subscription.sees_us()) {
            // they have it, and did not know
            return self.send_presence(Presence::new(PresenceType::Subscribed).with_to(from));
        }
        if self.subscribers.len() >= self.config.limits.subscribers {
            return self.drop_noise(DropReason::Limit);
        }
        if self.subscribers.insert(from.clone()) {
            self.tell(Event::Asked { from, status });
        }
    }

    /// A push: an iq that sets something of the roster.
    //= rfc6121#2.6.3/interim MUST
    //# There is one way for all pushes, whether they follow a whole roster, an empty answer or a change.
    //= rfc6121#2.1.6/from MUST
    //# Without `from`, or from one's own bare address: whatever anybody else says about the roster is refused.
    //= rfc6121#2.1.6/answer MUST
    //# Every push of the own server is answered by an empty result, as it would be by any other client.
    //= rfc6121#2.1.6/forged MUST NOT
    //# It is refused before anything of it is read.
    //= rfc6121#2.6.3/last SHOULD
    //# Each push's version replaces the one that is kept.
    pub(super) fn roster_push(&mut self, iq: &Element) {
        if !self.is_own_server(iq) {
            self.drop_noise(DropReason::ForgedPush);
            return self.refuse(iq, Condition::ServiceUnavailable);
        }
        let query = iq.children().find_map(|child| Query::from_element(child).ok());
        let changed = query.map(|query| self.roster.push(query, self.config.limits.contacts));
        let Some(Ok(changed)) = changed else { return self.refuse(iq, Condition::BadRequest) };
        let _ = self.client.reply(self.now, iq, Ok(None));
        let Some(change) = changed else { return };
        let (Change::Removed(jid) | Change::Set(Item { jid, .. })) = &change;
        let jid = jid.clone();
        let item = self.roster.find(&jid);
        if item.is_none_or(|item| !item.subscription.is_seen()) && jid != self.account {
            self.presences.remove(&jid.bare());
        }
        if self.roster.find(&jid).is_some_and(|item| item.subscription.sees_us()) {
            self.subscribers.remove(jid.bare_str());
        }
        self.tell(Event::Contact(change));
    }

    /// Whether a stanza comes from the account itself, which means from its server.
    pub(super) fn is_own_server(&self, stanza: &Element) -> bool {
        stanza.get("from").is_none_or(|from| Jid::parse(from).is_ok_and(|from| from == self.account))
    }

    /// Whether somebody may see our presence, so that more about us is no news to them.
    pub(super) fn is_contact(&self, jid: &Jid) -> bool {
        jid.same_bare(&self.account) || self.roster.find(jid).is_some_and(|item| item.subscription.sees_us())
    }
}

/// Commands.
impl Session {
    /// Tells everybody who may know how available the user is; from now on in every session.
    //= rfc6121#4.4.1/again MAY
    //# Whenever the application calls it.
    pub fn set_availability(&mut self, now: Instant, availability: Option<Availability>) {
        self.tick(now);
        let was = std::mem::replace(&mut self.config.availability, availability).is_some();
        if !self.startup.is_ready() {
            return;
        }
        match self.config.availability.is_some() {
            true => self.send_availability(),
            false if was => self.send_presence(Presence::new(PresenceType::Unavailable)),
            false => {}
        }
        self.update_rooms();
    }

    /// Asks for somebody's presence.
    ///
    /// # Errors
    /// [`CommandError`].
    //= rfc6121#3.1.1/bare MUST
    //# All that is about subscriptions goes to bare addresses.
    //= rfc6121#3.1.1/id SHOULD
    //# With an id, so that an error can be told from another.
    //= rfc6121#2.1.2.2/by-presence MUST
    //# Presence, never the roster; `unsubscribe` takes it back.
    //= rfc6121#3.1.1/named MAY
    //# `set_contact` is another command, for whenever the application wants it.
    //= rfc6121#4.7.2.2/subscription MAY
    //# Words for who is asked.
    pub fn subscribe(&mut self, now: Instant, jid: &Jid, status: Option<&str>) -> Result<(), CommandError> {
        let presence = Presence { status: status.map(str::to_owned), ..Presence::new(PresenceType::Subscribe) };
        self.about_subscription(now, jid, presence)
    }

    /// Lets somebody have our presence; before they ask only where the server can keep that in mind.
    ///
    /// # Errors
    /// [`CommandError::NotOffered`], or another [`CommandError`].
    //= rfc6121#3.1.4/answer-asked MUST
    //# `subscribed` here, `unsubscribed` by refuse_presence; both forget that somebody waits.
    //= rfc6121#3.4.1/only-offered MUST NOT
    //# Nobody is approved before having asked, unless the stream offers pre-approval.
    //= rfc6121#2.1.2.1/by-presence MUST
    //# Presence, never the roster, before somebody asks as well as after.
    //= rfc6121#3.4.1/offered MAY
    //# The same command.
    pub fn approve(&mut self, now: Instant, jid: &Jid) -> Result<(), CommandError> {
        let asked = self.subscribers.contains(jid.bare_str()) || self.is_contact(jid);
        let offered = self.startup.online().is_some_and(|online| online.offers(ns::PRE_APPROVAL, "sub"));
        if !asked && !offered {
            return Err(CommandError::NotOffered("approval before somebody asks"));
        }
        self.about_subscription(now, jid, Presence::new(PresenceType::Subscribed))?;
        self.subscribers.remove(jid.bare_str());
        Ok(())
    }

    /// Does not let somebody have our presence, or no longer.
    ///
    /// # Errors
    /// [`CommandError`].
    //= rfc6121#3.2.1/cancel MUST
    //# The same stanza refuses who asks and ends what was allowed.
    pub fn refuse_presence(&mut self, now: Instant, jid: &Jid) -> Result<(), CommandError> {
        self.about_subscription(now, jid, Presence::new(PresenceType::Unsubscribed))?;
        self.subscribers.remove(jid.bare_str());
        Ok(())
    }

    /// Does not want somebody's presence any longer.
    ///
    /// # Errors
    /// [`CommandError`].
    //= rfc6121#3.3.1/unsubscribe MUST
    //# Presence of that type to the bare address; the contact stays in the roster.
    pub fn unsubscribe(&mut self, now: Instant, jid: &Jid) -> Result<(), CommandError> {
        self.about_subscription(now, jid, Presence::new(PresenceType::Unsubscribe))
    }

    //= rfc6121#3.1.4/id SHOULD
    //# All that is about subscriptions has one.
    //= rfc6121#3.1.4/own-id MUST NOT
    //# A fresh one each time; that of the request is not even kept.
    fn about_subscription(&mut self, now: Instant, jid: &Jid, presence: Presence) -> Result<(), CommandError> {
        self.tick(now);
        let presence = Presence { id: Some(self.rng.token(12)), ..presence.with_to(jid.bare()) };
        self.client.send(self.now, presence.to_element())?;
        Ok(())
    }

    /// Adds a contact, or changes name and groups of one.
    ///
    /// # Errors
    /// [`CommandError`].
    //= rfc6121#2.3.1/set MUST
    //# One item in an iq of type set; the roster changes when the server pushes it, not before.
    pub fn set_contact(&mut self, now: Instant, item: Item) -> Result<RequestId, CommandError> {
        self.change_roster(now, &Change::Set(Item { jid: item.jid.bare(), ..item }))
    }

    /// Removes a contact, and with it the subscriptions both ways.
    ///
    /// # Errors
    /// [`CommandError`].
    //= rfc6121#2.5.1/remove MUST
    //# One item with subscription remove.
    pub fn remove_contact(&mut self, now: Instant, jid: &Jid) -> Result<RequestId, CommandError> {
        self.change_roster(now, &Change::Removed(jid.bare()))
    }

    //= rfc6121#2.1.5/one-item-only MUST
    //# Every change of the roster goes through here: an iq of type set with one item.
    fn change_roster(&mut self, now: Instant, change: &Change) -> Result<RequestId, CommandError> {
        self.tick(now);
        let query = Query::default().to_element().child(change.to_request());
        self.ask_set(None, query, Purpose::Ask(Asked::Done))
    }

    /// Presence to all who may see it.
    //= rfc6121#4.2.1/initial MUST
    //# Without `to` and type; with the capabilities, as all later ones.
    //= rfc6120#8.2.2/broadcast SHOULD
    //# Our own presence goes to nobody by name.
    pub(super) fn send_availability(&mut self) {
        if let Some(presence) = self.own_presence() {
            self.send_presence(presence);
        }
    }

    /// What is told about us.
    //= rfc6121#4.2.1/content MAY
    //# What the application set, and the capabilities.
    //= rfc6121#4.4.1/relevant SHOULD
    //# There is nothing else in it.
    //= rfc6121#4.7.3/extended MAY
    //# The capabilities (XEP-0115).
    //= rfc6121#4.7.3/about SHOULD
    //# Likewise.
    pub(super) fn own_presence(&self) -> Option<Presence> {
        let availability = self.config.availability.clone()?;
        let Availability { show, status, priority } = availability;
        let caps = Some(self.own_caps.clone());
        Some(Presence { show, status, priority, caps, ..Presence::new(PresenceType::Available) })
    }

    //= rfc6121#4.3/no-probe SHOULD NOT
    //# No command and no state of the session makes a presence of type probe.
    //= rfc6120#8.1.3/recommended SHOULD
    //# An id as messages have it.
    pub(super) fn send_presence(&mut self, presence: Presence) {
        let presence = Presence { id: Some(self.rng.token(12)), ..presence };
        let _ = self.client.send(self.now, presence.to_element()); // without a session there is nobody to tell
    }

    /// Unavailable presence before the stream ends.
    //= rfc6121#4.5.1/unavailable SHOULD
    //# Sent before the stream is closed in order.
    //= rfc6121#4.5.1/reason MAY skip
    //# A session ends without a word; rooms are left with one, if the user gives it.
    pub(super) fn say_goodbye(&mut self) {
        if self.is_online() && self.config.availability.is_some() {
            self.send_presence(Presence::new(PresenceType::Unavailable));
        }
    }

    pub(super) fn refuse(&mut self, iq: &Element, condition: Condition) {
        let _ = self.client.reply(self.now, iq, Err(StanzaError::from(condition)));
    }
}
