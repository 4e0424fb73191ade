//! What sessions tell, and how it changes the model.

use std::time::Duration;

use rfc3920::jid::Jid;
use rfc3921::chat_states::ChatState;
use rfc3921::message::MessageType;
use rfc3921::presence::{Presence, PresenceType};
use rfc3921::roster::{Change, Item};
use rfc3921::session::{Author, Event, Incoming, LeftReason, OccupantChange, RoomEvent, Session, Way};

use super::action::Action;
use super::conversation::{Conversation, Kind, Line, Mark, Occupant, Place, Who};
use super::model::{Contact, Link, Model, Resource, short};

impl Model {
    /// Takes what the session of an account tells. What is not for the model leaves it as it is.
    pub fn on_event(&mut self, account: usize, event: Event, session: &Session) {
        let place = |with: Jid| Place { account, with };
        match event {
            Event::Online(online) => self.went_online(account, online.resumed),
            Event::Roster => {
                let items: Vec<Item> = session.roster().iter().cloned().collect();
                self.accounts[account].contacts.retain(|jid, _| items.iter().any(|item| item.jid == *jid));
                items.into_iter().for_each(|item| self.contact(account, item));
            }
            Event::Contact(Change::Set(item)) => self.contact(account, item),
            Event::Contact(Change::Removed(jid)) => drop(self.accounts[account].contacts.remove(&jid)),
            Event::Presence(presence) => self.presence(account, &presence),
            Event::Asked { from, status } => self.asked(account, from, status),
            Event::Subscribed { from, granted } => {
                let text = match granted {
                    true => format!("{from} lets you see when they are there"),
                    false => format!("{from} does not let you see when they are there"),
                };
                self.say(Some(&place(from)), Who::Notice, &text);
            }
            Event::Message(incoming) => self.message(account, *incoming, session),
            Event::CaughtUp { archive, .. } => drop(self.accounts[account].caught_up.insert(archive)),
            Event::Room { room, event } => self.room(place(room), event, session),
            Event::Invited { room, from, reason, .. } => {
                let from = from.map_or_else(|| "somebody".to_owned(), |from| from.to_string());
                let reason = reason.map(|reason| format!(" ({reason})")).unwrap_or_default();
                self.tell(&format!("{from} invites you to {room}{reason}: /join {room}"));
                self.act(Action::Notify(format!("Invitation to {room}"), from));
            }
            event => self.about_message(account, event),
        }
    }

    /// What becomes of messages that are here.
    fn about_message(&mut self, account: usize, event: Event) {
        let place = |with: Jid| Place { account, with };
        match event {
            Event::Sent { with, id, stanza_id } => {
                self.mark(place(with), &id, Mark::Sent, stanza_id);
            }
            Event::Receipt { with, id, .. } => self.mark(place(with), &id, Mark::Received, None),
            Event::Displayed { with, from, id } => self.displayed(place(with), &from, &id),
            Event::Failed { with, id, error } => {
                let place = place(with);
                self.mark(place.clone(), &id, Mark::Failed, None);
                self.say(Some(&place), Who::Error, &format!("your message did not arrive: {error}"));
            }
            Event::ChatState { with, from, state } => self.chat_state(&place(with), &from, state),
            Event::Reactions { with, author, id, emojis } => {
                let name = self.author_name(account, &author);
                self.change(&place(with), &id, |line| {
                    line.reactions.insert(name, emojis);
                });
            }
            Event::Retracted { with, author, id, moderated, .. } => {
                self.change(&place(with), &id, |line| {
                    line.retracted |= moderated || line.author.as_ref().is_none_or(|known| *known == author);
                });
            }
            _ => {}
        }
    }

    /// There is no connection, for that reason; the next try begins then.
    pub fn went_offline(&mut self, account: usize, why: String, again: Option<Duration>) {
        let state = &mut self.accounts[account];
        let news = !matches!(&state.link, Link::Offline(before, _) if *before == why);
        state.link = Link::Offline(why.clone(), again);
        let jid = state.jid.clone();
        if again.is_none() {
            state.contacts.values_mut().for_each(|contact| contact.resources.clear());
        }
        if news {
            let hint = if again.is_some() { "trying again" } else { "/connect tries again" };
            self.say(None, Who::Error, &format!("{jid}: {why}; {hint}"));
        }
    }

    fn went_online(&mut self, account: usize, resumed: bool) {
        let state = &mut self.accounts[account];
        let before = std::mem::replace(&mut state.link, Link::Online);
        if !resumed {
            state.contacts.values_mut().for_each(|contact| contact.resources.clear());
        }
        let jid = state.jid.clone();
        let rooms = self.conversations.iter_mut().filter(|conversation| {
            !resumed && conversation.place.as_ref().is_some_and(|place| place.account == account)
        });
        for room in rooms {
            room.joined = false;
            room.occupants.clear();
        }
        let again = matches!(before, Link::Offline(..));
        let text = match (resumed, before) {
            (true, _) => format!("{jid} is connected again, and the session goes on"),
            (false, Link::Offline(..)) => format!("{jid} is connected again, in a new session"),
            (false, _) => format!("{jid} is connected"),
        };
        if again {
            self.hint = Some(text.clone());
        }
        self.say(None, Who::Notice, &text);
    }

    fn contact(&mut self, account: usize, item: Item) {
        let label = item.name.clone().unwrap_or_else(|| short(&item.jid));
        let contacts = &mut self.accounts[account].contacts;
        let resources = contacts.remove(&item.jid).map(|contact| contact.resources).unwrap_or_default();
        let contact = Contact { label: label.clone(), subscription: item.subscription, ask: item.ask, resources };
        self.accounts[account].asking.retain(|jid| !(item.subscription.sees_us() && *jid == item.jid));
        contacts_of(self, account).insert(item.jid.clone(), contact);
        if let Some(at) = self.find(&Place { account, with: item.jid }) {
            self.conversations[at].title = label;
        }
    }

    fn presence(&mut self, account: usize, presence: &Presence) {
        let Some(from) = &presence.from else { return };
        let Some(contact) = contacts_of(self, account).get_mut(&from.bare()) else { return };
        let resource = from.resource().unwrap_or_default().to_owned();
        match presence.kind {
            PresenceType::Available => {
                let (show, status, priority) = (presence.show, presence.status.clone(), presence.priority);
                contact.resources.insert(resource, Resource { show, status, priority });
            }
            _ if resource.is_empty() => contact.resources.clear(),
            _ => drop(contact.resources.remove(&resource)),
        }
        let gone = contact.resources.is_empty();
        if let Some(at) = self.find(&Place { account, with: from.bare() }).filter(|_| gone) {
            self.conversations[at].typing.clear();
        }
    }

    fn asked(&mut self, account: usize, from: Jid, status: Option<String>) {
        let words = status.map(|status| format!(" ({status})")).unwrap_or_default();
        self.tell(&format!(
            "{from} would like to see when you are there{words}: /sub allow {from} lets them, /sub deny does not"
        ));
        self.act(Action::Notify(from.to_string(), "would like to see when you are there".to_owned()));
        self.accounts[account].asking.push(from);
    }

    fn message(&mut self, account: usize, incoming: Incoming, session: &Session) {
        let place = Place { account, with: incoming.with.clone() };
        let kind = match (&incoming.message.kind, incoming.with.resource()) {
            (MessageType::Groupchat, _) => Kind::Room,
            (_, Some(_)) => Kind::Private,
            (_, None) => Kind::Chat,
        };
        if kind == Kind::Room && self.find(&place).is_none() && session.room(&incoming.with).is_none() {
            return; // closed on this screen
        }
        self.open(&place, kind);
        let Some(at) = self.find(&place) else { return };
        if self.corrects(at, &incoming) || self.is_known(at, &incoming) {
            return;
        }
        let name = self.author_of(account, kind, &incoming);
        let is_news = match incoming.way {
            Way::Live | Way::Carbon => true,
            Way::History => false,
            Way::Archive => self.is_news(account, kind, &incoming.with),
        };
        let conversation = &mut self.conversations[at];
        conversation.typing.remove(&name);
        let line = line(conversation, &incoming, name);
        let (mention, own, text) = (line.mention, incoming.own, incoming.text.clone());
        let title = match kind {
            Kind::Room => format!("{} in {}", line.name, conversation.title),
            _ => line.name.clone(),
        };
        let key = self.add(at, line);
        let conversation = &mut self.conversations[at];
        if own {
            (conversation.unread, conversation.important, conversation.first_unread) = (0, false, None);
            return;
        }
        if !is_news {
            return;
        }
        if conversation.unread == 0 && (at != self.current || !self.focused) {
            conversation.first_unread = Some(key);
        }
        let for_us = kind != Kind::Room || mention;
        conversation.unread += 1;
        conversation.important |= for_us;
        let seen = at == self.current && self.focused;
        if at == self.current {
            self.look();
        }
        if for_us && !seen && incoming.way != Way::Archive {
            self.act(Action::Notify(title, text));
        }
    }

    /// A page of an archive that was asked for: no news in it.
    pub fn archived(&mut self, place: &Place, messages: Vec<Incoming>, complete: bool) {
        let Some(at) = self.find(place) else { return };
        let kind = self.conversations[at].kind;
        for incoming in messages {
            let text = !incoming.text.is_empty() || incoming.message.tombstone;
            if !text
                || incoming.message.retraction.is_some()
                || self.corrects(at, &incoming)
                || self.is_known(at, &incoming)
            {
                continue;
            }
            let name = self.author_of(place.account, kind, &incoming);
            let line = line(&mut self.conversations[at], &incoming, name);
            self.add_quietly(at, line);
        }
        self.restore(place, Vec::new(), complete);
    }

    /// Whether what comes from an archive was said while we were away: an earlier run, or this one, has been there.
    fn is_news(&self, account: usize, kind: Kind, with: &Jid) -> bool {
        let account = &self.accounts[account];
        let archive = if kind == Kind::Room { with } else { &account.jid };
        account.continues.contains(archive) || account.caught_up.contains(archive)
    }

    /// A correction takes the place of what it corrects, if that is known and of the same author.
    fn corrects(&mut self, at: usize, incoming: &Incoming) -> bool {
        let Some(id) = &incoming.corrects else { return false };
        let conversation = &mut self.conversations[at];
        let Some(line) = conversation.called_mut(id) else { return false };
        let same = match &line.author {
            Some(author) => *author == incoming.author,
            None => (line.who == Who::Me) == incoming.own,
        };
        if !same {
            return false;
        }
        line.text.clone_from(&incoming.text);
        line.edited = true;
        let key = line.key;
        if let Some(place) = conversation.place.clone() {
            self.act(Action::Keep(place, key));
        }
        true
    }

    /// A message that is shown already: what is new about it is noted.
    fn is_known(&mut self, at: usize, incoming: &Incoming) -> bool {
        let conversation = &mut self.conversations[at];
        let of = |line: &&mut Line| {
            let by_archive = incoming.stanza_id.is_some() && line.stanza_id == incoming.stanza_id;
            let by_sender = incoming.id.is_some()
                && line.id == incoming.id
                && (line.who == Who::Me) == incoming.own
                && line.author.as_ref().is_none_or(|author| *author == incoming.author);
            line.is_message() && (by_archive || by_sender)
        };
        let Some(line) = conversation.lines.iter_mut().rev().find(of) else { return false };
        line.stanza_id = line.stanza_id.take().or_else(|| incoming.stanza_id.clone());
        true
    }

    fn author_of(&self, account: usize, kind: Kind, incoming: &Incoming) -> String {
        match kind {
            Kind::Room | Kind::Private if !incoming.own || kind == Kind::Room => {
                incoming.from.resource().map_or_else(|| short(&incoming.from), str::to_owned)
            }
            _ if incoming.own => self.accounts[account].nick.clone(),
            _ => self.label(account, &incoming.from),
        }
    }

    fn author_name(&self, account: usize, author: &Author) -> String {
        match author {
            Author::Account(jid) => self.label(account, jid),
            Author::Nick(jid) => jid.resource().unwrap_or_default().to_owned(),
            Author::Occupant(id) => id.clone(),
            Author::Room => String::new(),
        }
    }

    /// What became of a message of ours; never less than is known.
    fn mark(&mut self, place: Place, id: &str, mark: Mark, stanza_id: Option<String>) {
        self.change(&place, id, |line| {
            if line.who == Who::Me {
                line.mark = line.mark.max(mark);
                line.stanza_id = stanza_id.or(line.stanza_id.take());
            }
        });
    }

    /// Changes the message that is called so.
    fn change(&mut self, place: &Place, id: &str, change: impl FnOnce(&mut Line)) {
        let Some(at) = self.find(place) else { return };
        if let Some(line) = self.conversations[at].called_mut(id) {
            change(line);
            let key = line.key;
            self.act(Action::Keep(place.clone(), key));
        }
    }

    /// Somebody has seen a message and all before it; if it was us on another device, there is nothing new here.
    fn displayed(&mut self, place: Place, from: &Jid, id: &str) {
        let own = from.bare() == self.accounts[place.account].jid;
        let Some(at) = self.find(&place) else { return };
        let conversation = &mut self.conversations[at];
        let Some(last) = conversation.lines.iter().rposition(|line| line.is_called(id)) else { return };
        if own {
            let newer = &conversation.lines[last + 1..];
            let left = newer.iter().filter(|line| line.who == Who::Them).count();
            conversation.unread = conversation.unread.min(u32::try_from(left).unwrap_or(u32::MAX));
            conversation.important &= conversation.unread > 0;
            return;
        }
        if conversation.kind == Kind::Room {
            return;
        }
        let mut keys = Vec::new();
        for line in &mut conversation.lines[..=last] {
            if line.who == Who::Me && matches!(line.mark, Mark::Pending | Mark::Sent | Mark::Received) {
                line.mark = Mark::Seen;
                keys.push(line.key);
            }
        }
        keys.into_iter().for_each(|key| self.act(Action::Keep(place.clone(), key)));
    }

    fn chat_state(&mut self, place: &Place, from: &Jid, state: ChatState) {
        let Some(at) = self.find(place) else { return };
        let name = match self.conversations[at].kind {
            Kind::Chat => self.label(place.account, from),
            _ => from.resource().unwrap_or_default().to_owned(),
        };
        let until = self.unix + BELIEVED;
        let typing = &mut self.conversations[at].typing;
        match state {
            ChatState::Composing if typing.len() < 100 => drop(typing.insert(name, until)),
            _ => drop(typing.remove(&name)),
        }
    }
}

/// Rooms.
impl Model {
    fn room(&mut self, place: Place, event: RoomEvent, session: &Session) {
        let known = session.room(&place.with);
        if let RoomEvent::Joined { .. } = event {
            self.open(&place, Kind::Room);
        }
        let Some(at) = self.find(&place) else { return };
        let conversation = &mut self.conversations[at];
        match event {
            RoomEvent::Joined { nick, created } => {
                conversation.nick.clone_from(&nick);
                conversation.joined = true;
                if let Some(room) = known {
                    let all = room.occupants.iter().map(|(nick, occupant)| (nick.clone(), seen(occupant)));
                    conversation.occupants = all.collect();
                }
                let count = conversation.occupants.len();
                let text = match created {
                    true => format!("you have made this room, and are in it as {nick}"),
                    false => format!("you are in this room as {nick}, with {}", people(count.saturating_sub(1))),
                };
                self.say(Some(&place), Who::Notice, &text);
            }
            RoomEvent::Refused(error) => {
                let text = format!("the room {} does not allow it: {error}", place.with);
                match conversation.joined {
                    true => self.say(Some(&place), Who::Error, &text),
                    false => self.complain(&text),
                }
            }
            RoomEvent::Left { reason } => {
                let was = std::mem::take(&mut conversation.joined);
                conversation.occupants.clear();
                if was && reason != LeftReason::Left {
                    self.say(Some(&place), Who::Error, &format!("you {}", why(&reason, "are", "were")));
                }
            }
            RoomEvent::Occupant { nick, change } => {
                let occupant =
                    |nick: &str| known.and_then(|room| room.occupants.get(nick)).map(seen).unwrap_or_default();
                self.occupant(at, nick, change, occupant);
            }
            RoomEvent::Subject { from, text } => {
                if conversation.subject != text {
                    conversation.subject.clone_from(&text);
                    let who = from.resource().unwrap_or("the room");
                    let text = match text.is_empty() {
                        true => "the room is about nothing any more".to_owned(),
                        false => format!("{who} says what the room is about: {text}"),
                    };
                    self.say(Some(&place), Who::Notice, &text);
                }
            }
            RoomEvent::Declined { from, reason } => {
                let who = from.map_or_else(|| "somebody".to_owned(), |from| from.to_string());
                let text =
                    format!("{who} does not want to come{}", reason.map(|r| format!(" ({r})")).unwrap_or_default());
                self.say(Some(&place), Who::Notice, &text);
            }
            RoomEvent::Changed(_) => {}
        }
    }

    fn occupant(&mut self, at: usize, nick: String, change: OccupantChange, occupant: impl Fn(&str) -> Occupant) {
        let conversation = &mut self.conversations[at];
        let place = conversation.place.clone();
        let (joined, own) = (conversation.joined, nick == conversation.nick);
        let text = match change {
            OccupantChange::Joined => {
                conversation.occupants.insert(nick.clone(), occupant(&nick));
                format!("{nick} has come")
            }
            OccupantChange::Updated => {
                conversation.occupants.insert(nick.clone(), occupant(&nick));
                return;
            }
            OccupantChange::Renamed(new) => {
                let kept = conversation.occupants.remove(&nick).unwrap_or_default();
                conversation.occupants.insert(new.clone(), kept);
                conversation.typing.remove(&nick);
                match own {
                    true => {
                        conversation.nick.clone_from(&new);
                        format!("you are {new} now")
                    }
                    false => format!("{nick} is {new} now"),
                }
            }
            OccupantChange::Left(reason) => {
                conversation.occupants.remove(&nick);
                conversation.typing.remove(&nick);
                format!("{nick} {}", why(&reason, "is", "was"))
            }
        };
        if joined {
            self.say(place.as_ref(), Who::Notice, &text);
        }
    }
}

fn contacts_of(model: &mut Model, account: usize) -> &mut std::collections::BTreeMap<Jid, Contact> {
    &mut model.accounts[account].contacts
}

fn seen(occupant: &rfc3921::session::Occupant) -> Occupant {
    let (role, affiliation) = (Some(occupant.role), Some(occupant.affiliation));
    Occupant { show: occupant.show, role, affiliation, jid: occupant.jid.clone() }
}

fn line(conversation: &mut Conversation, incoming: &Incoming, name: String) -> Line {
    let who = if incoming.own { Who::Me } else { Who::Them };
    let mut text = incoming.text.clone();
    if let Some(subject) = incoming.message.subject.as_ref().filter(|_| conversation.kind != Kind::Room) {
        text = format!("[{subject}] {text}");
    }
    if let Some(link) = &incoming.message.link
        && !text.contains(&link.url)
    {
        text = format!("{text} {}", link.url).trim_start().to_owned();
    }
    let reply = incoming.message.reply.as_ref().and_then(|reply| conversation.called_mut(&reply.id));
    let reply = reply.map(|line| (line.name.clone(), line.text.clone()));
    let mention = conversation.kind == Kind::Room && !incoming.own && names(&text, &conversation.nick);
    Line {
        id: incoming.id.clone(),
        stanza_id: incoming.stanza_id.clone(),
        author: Some(incoming.author.clone()),
        mark: if incoming.own { Mark::Sent } else { Mark::None },
        edited: incoming.corrects.is_some(),
        retracted: incoming.message.tombstone,
        mention,
        reply,
        ..Line::new(incoming.time, who, &name, &text)
    }
}

/// Whether a text names somebody, as a word of its own.
fn names(text: &str, nick: &str) -> bool {
    let (text, nick) = (text.to_lowercase(), nick.to_lowercase());
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    !nick.is_empty()
        && text.match_indices(&nick).any(|(at, found)| {
            !text[..at].chars().next_back().is_some_and(is_word)
                && !text[at + found.len()..].chars().next().is_some_and(is_word)
        })
}

fn why(reason: &LeftReason, is: &str, was: &str) -> String {
    let by = |actor: &Option<String>, reason: &Option<String>| {
        let actor = actor.as_ref().map(|actor| format!(" by {actor}")).unwrap_or_default();
        let reason = reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
        actor + &reason
    };
    match reason {
        LeftReason::Left => format!("{} left", if is == "is" { "has" } else { "have" }),
        LeftReason::Kicked { actor, reason } => format!("{was} sent out{}", by(actor, reason)),
        LeftReason::Banned { actor, reason } => format!("{was} banned{}", by(actor, reason)),
        LeftReason::Members => format!("{is} out: the room is for members"),
        LeftReason::Destroyed(destroy) => {
            let to = destroy.jid.as_ref().map(|jid| format!("; another one is {jid}")).unwrap_or_default();
            format!("{is} out: the room is no more{to}")
        }
        LeftReason::Service => format!("{is} out: the service stopped"),
        LeftReason::Lost => format!("{is} out: the connection to the room was lost"),
    }
}

fn people(count: usize) -> String {
    match count {
        0 => "nobody else".to_owned(),
        1 => "one other".to_owned(),
        count => format!("{count} others"),
    }
}

/// How long it is believed that somebody writes who says nothing more.
const BELIEVED: Duration = Duration::from_secs(60);
