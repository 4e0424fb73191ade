//! Messages out, and what becomes of them.
//!
//! | what happens to a message | what follows |
//! |---|---|
//! | the server acknowledged it (XEP-0198), or answered a ping that went after it | `Sent`, except in rooms |
//! | a room passed it on | `Sent`, with the room's id |
//! | it came back as an error | `Failed` |
//! | the session was lost before | the archive is asked; if it is there: `Sent`, if not: it goes out again with the same id |
//! | there is no session | it waits for one |

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use rfc3920::jid::Jid;
use rfc3920::stanza::Condition;
use rfc3920::stream::{self, RequestError, StanzaId};
use rfc3920::xml::Element;
use wire::Instant;

use super::asking::Purpose;
use super::{Author, CommandError, Event, Policy, RoomState, Session, seen};
use crate::chat_states::ChatState;
use crate::fallback::Fallback;
use crate::hints::Hint;
use crate::link::Link;
use crate::markers::Marker;
use crate::message::{Message, MessageType};
use crate::reactions::Reactions;
use crate::receipts::Receipt;
use crate::reply::{self, Reply};
use crate::retraction::Retraction;
use crate::{ns, ping};

/// What to say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text {
    /// The text.
    pub body: String,
    /// What it is about.
    pub subject: Option<String>,
    /// To which exchange it belongs.
    //= rfc6121#5.2.5/unique MUST skip
    //# No thread is made here: the name is the application's.
    //= rfc6121#5.2.5/no-identity MUST skip
    //# Likewise.
    pub thread: Option<String>,
    /// Which message it answers.
    pub reply: Option<Reply>,
    /// What that one said, for clients that know no replies.
    pub quoted: Option<String>,
    /// A file.
    pub link: Option<Link>,
}

impl From<&str> for Text {
    fn from(body: &str) -> Text {
        Text { body: body.to_owned(), ..Text::default() }
    }
}

/// What is under way.
#[derive(Debug, Default)]
pub(super) struct Sending {
    /// Written without a session.
    outbox: VecDeque<Letter>,
    /// Given to the stream.
    tracked: BTreeMap<StanzaId, Letter>,
    /// Given to a stream without acknowledgements, and no ping went after them yet.
    unflushed: Vec<Letter>,
    flushing: bool,
    /// Lost with a session: may have arrived.
    unsure: Vec<Letter>,
    /// What was told last about our writing, to whom.
    states: BTreeMap<Jid, ChatState>,
}

impl Sending {
    /// The session is new: no ping of the old one will be answered.
    pub fn forget_flush(&mut self) {
        self.flushing = false;
        self.unsure.append(&mut self.unflushed);
    }
}

/// A message that somebody wants to know the fate of.
#[derive(Clone, Debug)]
pub(super) struct Letter {
    pub with: Jid,
    pub id: String,
    stanza: Element,
}

/// Commands.
impl Session {
    /// Says something to somebody, or in a room that we are in. Returns the id by which its fate is told. Without a
    /// session it waits for the next one.
    ///
    /// # Errors
    /// [`CommandError`].
    pub fn say(&mut self, now: Instant, to: &Jid, text: Text) -> Result<String, CommandError> {
        self.write_text(now, to, text, None)
    }

    /// Takes back what a message of ours said, and says this instead.
    ///
    /// # Errors
    /// [`CommandError`].
    pub fn correct(&mut self, now: Instant, to: &Jid, id: &str, text: Text) -> Result<String, CommandError> {
        self.write_text(now, to, text, Some(id.to_owned()))
    }

    fn write_text(
        &mut self,
        now: Instant,
        to: &Jid,
        text: Text,
        replaces: Option<String>,
    ) -> Result<String, CommandError> {
        self.tick(now);
        let mut message = self.compose(to)?;
        let (body, fallback) = match (&text.reply, &text.quoted) {
            (Some(_), Some(quoted)) => {
                let (body, fallback) = reply::quote(quoted, &text.body);
                (body, Some(fallback))
            }
            _ => (text.body, None),
        };
        (message.body, message.fallbacks) = (Some(body), fallback.into_iter().collect());
        (message.subject, message.thread, message.link) = (text.subject, text.thread, text.link);
        (message.reply, message.replaces) = (text.reply, replaces);
        //= xep-0184#5.1/no-room SHOULD NOT
        //# Receipts are asked for between two, never in a room.
        if message.kind == MessageType::Chat {
            message.receipt = Some(Receipt::Request);
            if self.tells_states(to) {
                message.state = Some(ChatState::Active);
                self.sending.states.insert(to.bare(), ChatState::Active);
            }
        }
        message.marker = Some(Marker::Markable);
        self.post(message)
    }

    /// Takes back a message of ours: by its id, in a room by what the room calls it.
    ///
    /// # Errors
    /// [`CommandError`].
    pub fn retract(&mut self, now: Instant, to: &Jid, id: &str) -> Result<String, CommandError> {
        self.tick(now);
        let mut message = self.compose(to)?;
        message.retraction = Some(Retraction::new(id));
        message.body = Some("/me took back an earlier message, which this client cannot remove".to_owned());
        message.fallbacks = vec![Fallback { of: ns::RETRACT.to_owned(), parts: Vec::new() }];
        message.hints = vec![Hint::Store];
        self.post(message)
    }

    /// Reacts to a message: by its id, in a room by what the room calls it. All our reactions to it, none to take them back.
    ///
    /// # Errors
    /// [`CommandError`].
    pub fn react(
        &mut self,
        now: Instant,
        to: &Jid,
        id: &str,
        emojis: BTreeSet<String>,
    ) -> Result<String, CommandError> {
        self.tick(now);
        let mut message = self.compose(to)?;
        message.reactions = Some(Reactions { id: id.to_owned(), emojis });
        message.hints = vec![Hint::Store];
        self.post(message)
    }

    /// Says that the user writes, or stopped, if the policy allows it; a state that is known already is not told again.
    ///
    /// # Errors
    /// [`CommandError`].
    //= xep-0085#5.3/no-repeat MUST NOT
    //# The state told last is kept for each conversation; the same one is not sent again.
    pub fn chat_state(&mut self, now: Instant, to: &Jid, state: ChatState) -> Result<(), CommandError> {
        self.tick(now);
        let with = self.conversation(to);
        if !self.tells_states(to) || self.sending.states.get(&with) == Some(&state) {
            return Ok(());
        }
        let mut message = self.compose(to)?;
        (message.id, message.origin_id) = (None, None);
        (message.state, message.hints) = (Some(state), vec![Hint::NoStore]);
        self.client.send(self.now, message.to_element())?;
        if self.sending.states.len() >= self.config.limits.seen {
            self.sending.states.clear();
        }
        self.sending.states.insert(with, state);
        Ok(())
    }

    /// Says that the user has seen a message and all before it, if the policy allows it: by the sender's id, in a room by
    /// what the room calls it.
    ///
    /// # Errors
    /// [`CommandError`].
    pub fn displayed(&mut self, now: Instant, to: &Jid, id: &str) -> Result<(), CommandError> {
        self.tick(now);
        if !self.may_know(self.config.markers, Some(to)) {
            return Ok(());
        }
        let mut message = self.compose(to)?;
        (message.marker, message.hints) = (Some(Marker::Displayed(id.to_owned())), vec![Hint::Store]);
        self.post(message).map(drop)
    }

    /// An empty message for somebody, with ids.
    //= rfc6121#5.1/chat-type SHOULD
    //# Chat for all conversations of two; the thread is the one that the application gives.
    //= rfc6121#5.1/lock SHOULD skip
    //# Bare addresses throughout: with carbons every client of the contact gets all, and none has to be guessed.
    //= rfc6121#5.2.1/to SHOULD
    //# No message is written without a recipient.
    //= rfc6121#5.2.2/room-type MUST
    //# Groupchat to a room, chat to all others.
    //= rfc6120#8.1.1.1/named MUST
    //# Every message names whom it is for.
    //= rfc6120#8.1.3/recommended SHOULD
    //# An id that nobody can guess; only bare chat states go without.
    //= rfc6121#5.1/thread SHOULD skip
    //# All that two people say is one exchange here; an application that wants more gives threads.
    //= rfc6121#5.1/first-bare SHOULD
    //# To whom the application says: conversations are with bare addresses.
    //= rfc6121#5.1/reply-full SHOULD skip
    //# As with lock.
    //= rfc6121#5.1/unlock SHOULD
    //# Nothing was locked, so the bare address it is.
    //= rfc6121#5.1/share SHOULD skip
    //# A stranger learns nothing of us by being written to.
    //= rfc6121#5.1/share-off MUST
    //# It is never shared so.
    //= rfc6121#5.2.1/reply SHOULD skip
    //# As with lock: all clients of both take part in a conversation.
    fn compose(&mut self, to: &Jid) -> Result<Message, CommandError> {
        let room = self.rooms.get(to.bare_str());
        if room.is_some_and(|room| room.state != RoomState::Joined && to.is_bare()) {
            return Err(CommandError::NotJoined);
        }
        let kind = if room.is_some() && to.is_bare() { MessageType::Groupchat } else { MessageType::Chat };
        let id = self.rng.token(24);
        Ok(Message { id: Some(id.clone()), origin_id: Some(id), ..Message::new(kind, Some(to.clone())) })
    }

    fn post(&mut self, message: Message) -> Result<String, CommandError> {
        let (Some(to), Some(id)) = (message.to.clone(), message.id.clone()) else { return Err(CommandError::Address) };
        let with = self.conversation(&to);
        let letter = Letter { with: with.clone(), id: id.clone(), stanza: message.to_element() };
        self.dispatch(letter)?;
        self.seen.insert(seen::own(&with, &id), false);
        if message.kind == MessageType::Chat {
            let account = Author::Account(self.account.clone());
            self.authors.insert(&with, &id, &account);
        }
        Ok(id)
    }

    /// Gives a message to the stream, or keeps it until there is a session.
    fn dispatch(&mut self, letter: Letter) -> Result<(), CommandError> {
        match self.client.send(self.now, letter.stanza.clone()) {
            Ok(sent) => {
                if self.startup.online().is_some_and(|online| online.managed) {
                    self.sending.tracked.insert(sent, letter);
                } else {
                    self.sending.unflushed.push(letter);
                    self.flush();
                }
                Ok(())
            }
            Err(stream::CommandError::NotOnline) if self.sending.outbox.len() < self.config.limits.outbox => {
                self.sending.outbox.push_back(letter);
                Ok(())
            }
            Err(stream::CommandError::NotOnline) => Err(CommandError::Limit("messages that wait for a session")),
            Err(error) => Err(error.into()),
        }
    }

    /// Without acknowledgements: what was sent before a ping is at the server when the answer comes.
    fn flush(&mut self) {
        if self.sending.flushing || self.sending.unflushed.is_empty() {
            return;
        }
        let letters = std::mem::take(&mut self.sending.unflushed);
        let domain = self.account.to_domain();
        let flush = Purpose::Flush(letters.iter().map(|letter| (letter.with.clone(), letter.id.clone())).collect());
        self.sending.flushing = self.ask_get(Some(&domain), ping::query(), flush).is_ok();
        self.sending.unsure.extend(letters);
    }

    pub(super) fn flushed(&mut self, messages: Vec<(Jid, String)>, result: &Result<Element, RequestError>) {
        self.sending.flushing = false;
        if matches!(result, Ok(_) | Err(RequestError::Refused(_))) {
            messages.iter().for_each(|(with, id)| self.arrived(with, id));
            self.move_later();
            self.flush();
        }
    }

    fn tells_states(&self, to: &Jid) -> bool {
        self.may_know(self.config.states, Some(to))
    }

    /// The conversation that a message to or from there belongs to.
    pub(super) fn conversation(&self, jid: &Jid) -> Jid {
        if self.rooms.contains_key(jid.bare_str()) { jid.clone() } else { jid.bare() }
    }
}

/// What becomes of messages.
impl Session {
    pub(super) fn delivered(&mut self, ids: &[StanzaId]) {
        for id in ids {
            let letter = self.sending.tracked.remove(id);
            // a room's reflection says more
            if let Some(letter) = letter.filter(|letter| !self.is_room(&letter.with)) {
                self.tell(Event::Sent { with: letter.with, id: letter.id, stanza_id: None });
            }
        }
        self.move_later();
    }

    /// Whether a message of ours is on its way, of which it is not known whether the server has it: in a room, or in all
    /// other conversations.
    pub(super) fn is_under_way(&self, room: Option<&Jid>) -> bool {
        let mut letters = self.sending.tracked.values().chain(&self.sending.unflushed).chain(&self.sending.unsure);
        letters.any(|letter| match room {
            Some(room) => letter.with == *room,
            None => !self.is_room(&letter.with),
        })
    }

    fn is_room(&self, with: &Jid) -> bool {
        with.is_bare() && self.rooms.contains_key(with.as_str())
    }

    pub(super) fn lost(&mut self, stanzas: Vec<(StanzaId, Element)>) {
        for (id, _) in stanzas {
            self.sending.unsure.extend(self.sending.tracked.remove(&id));
        }
    }

    /// The message of ours is at the server, as an archive, a copy or an answer proves.
    pub(super) fn arrived(&mut self, with: &Jid, id: &str) {
        if self.is_room(with) {
            // it came back from the room, so it can not be lost any more
            self.sending.tracked.retain(|_, letter| letter.id != id || letter.with != *with);
        }
        let at = self.sending.unsure.iter().position(|letter| letter.with == *with && letter.id == id);
        let Some(at) = at else { return };
        let letter = self.sending.unsure.remove(at);
        if !self.is_room(&letter.with) {
            self.tell(Event::Sent { with: letter.with, id: letter.id, stanza_id: None });
        }
    }

    /// The archive has been read, or there is none: what is not in it goes out again. Of the account's conversations, or
    /// of one room.
    //= xep-0198#8/resend SHOULD
    //# What was not acknowledged when a session was lost is sent again, with its id, so that others see it is the same.
    pub(super) fn send_again(&mut self, room: Option<&Jid>) {
        let unsure = std::mem::take(&mut self.sending.unsure);
        let (mine, rest): (Vec<_>, Vec<_>) = unsure.into_iter().partition(|letter| match room {
            Some(room) => letter.with == *room,
            None => !self.is_room(&letter.with),
        });
        self.sending.unsure = rest;
        for letter in mine {
            if !self.config.resend || self.dispatch(letter.clone()).is_err() {
                let error = Box::new(Condition::RecipientUnavailable.into());
                self.tell(Event::Failed { with: letter.with, id: letter.id, error });
            }
        }
    }

    /// A session began: what was written without one goes out.
    pub(super) fn send_outbox(&mut self) {
        self.sending.states.clear();
        for letter in std::mem::take(&mut self.sending.outbox) {
            if let Err(error) = self.dispatch(letter.clone()) {
                let error =
                    Box::new(rfc3920::stanza::StanzaError::from(Condition::NotAcceptable).with_text(error.to_string()));
                self.tell(Event::Failed { with: letter.with, id: letter.id, error });
            }
        }
    }

    /// A message came back.
    //= rfc6121#5.2.2/show-error SHOULD
    //# An error for a message that was sent here becomes `Failed` with its reason; one for no message of ours does not.
    pub(super) fn bounced(&mut self, message: Message) {
        let (Some(from), Some(id), Some(error)) = (message.from, message.id, message.error) else {
            return self.drop_noise(super::DropReason::Unrelated);
        };
        let with = [from.bare(), from].into_iter().find(|with| self.seen.contains(seen::own(with, &id)));
        match with {
            Some(with) => {
                self.sending.unsure.retain(|letter| letter.id != id || letter.with != with);
                self.tell(Event::Failed { with, id, error });
            }
            None => self.drop_noise(super::DropReason::Unrelated),
        }
    }

    /// Answers the wish for a receipt.
    //= xep-0184#5.3/to-sender MUST
    //# To where the message came from, of its type, with its id; nothing else in it.
    pub(super) fn send_receipt(&mut self, to: &Jid, kind: MessageType, id: &str) {
        let receipt = Some(Receipt::Received(id.to_owned()));
        let own = Some(self.rng.token(24));
        let message = Message { id: own, receipt, hints: vec![Hint::Store], ..Message::new(kind, Some(to.clone())) };
        let _ = self.client.send(self.now, message.to_element());
    }

    /// Whether somebody is told that messages of theirs arrived.
    //= xep-0184#8/contacts SHOULD
    //# Only those who may see our presence, unless the user wants it otherwise: a receipt tells that we are there.
    pub(super) fn gives_receipts(&self, to: &Jid) -> bool {
        match self.config.receipts {
            Policy::Contacts => self.is_contact(to),
            policy => self.may_know(policy, Some(to)),
        }
    }
}
