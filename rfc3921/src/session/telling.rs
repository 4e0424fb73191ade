//! What a message means, as events. Whoever gets here has been looked at.

use rfc3920::jid::Jid;

use super::{Author, DropReason, Event, Incoming, RoomEvent, Session, Way};
use crate::markers::Marker;
use crate::message::{Message, MessageType};
use crate::receipts::Receipt;

impl Session {
    /// A message of ours came back from a room, or out of an archive.
    pub(super) fn own_came_back(&mut self, incoming: &Incoming, id: &str, first: bool) {
        self.remember(incoming);
        let room = incoming.message.kind == MessageType::Groupchat;
        self.arrived(&incoming.with, id);
        if room && first {
            let (with, stanza_id) = (incoming.with.clone(), incoming.stanza_id.clone());
            self.tell(Event::Sent { with, id: id.to_owned(), stanza_id });
        }
    }

    pub(super) fn tell_message(&mut self, incoming: Incoming) {
        let message = &incoming.message;
        let (with, from, live) = (&incoming.with, &incoming.from, matches!(incoming.way, Way::Live | Way::Carbon));
        let mut events = Vec::new();
        if let (Some(Receipt::Received(id)), false) = (&message.receipt, incoming.own) {
            events.push(Event::Receipt { with: with.clone(), from: from.clone(), id: id.clone() });
        }
        if let Some(Marker::Displayed(id)) = &message.marker {
            events.push(Event::Displayed { with: with.clone(), from: from.clone(), id: id.clone() });
        }
        if let Some(state) = message.state.filter(|_| live && !incoming.own) {
            events.push(Event::ChatState { with: with.clone(), from: from.clone(), state });
        }
        events.extend(invitation(&incoming));
        if let Some(reactions) = &message.reactions {
            let (with, author) = (with.clone(), incoming.author.clone());
            events.push(Event::Reactions { with, author, id: reactions.id.clone(), emojis: reactions.emojis.clone() });
        }
        events.into_iter().for_each(|event| self.tell(event));
        if message.retraction.is_some() {
            return self.tell_retraction(&incoming);
        }
        self.answer_receipt(&incoming);
        self.remember(&incoming);
        if !incoming.text.is_empty() || message.link.is_some() || message.tombstone {
            self.tell_text(incoming);
        }
    }

    /// Keeps in mind who wrote it.
    fn remember(&mut self, incoming: &Incoming) {
        let ids = [incoming.id.as_deref(), incoming.message.origin_id.as_deref(), incoming.stanza_id.as_deref()];
        for id in ids.into_iter().flatten() {
            self.authors.insert(&incoming.with, id, &incoming.author);
        }
    }

    //= xep-0308#3/same-sender MUST
    //# A correction of a message that is known to be somebody else's is told as a message of its own.
    fn tell_text(&mut self, mut incoming: Incoming) {
        let author = incoming.corrects.as_ref().and_then(|id| self.authors.of(&incoming.with, id));
        if author.is_some_and(|author| *author != incoming.author) {
            self.drop_noise(DropReason::ForgedChange);
            incoming.corrects = None;
        }
        self.tell(Event::Message(Box::new(incoming)));
    }

    //= xep-0424#5/same-author MUST
    //# Only a message of the same author can be taken back; what is known to be another's stays.
    //= xep-0425#5/room-only MUST
    //# A moderator's retraction counts only from the room's own bare address.
    fn tell_retraction(&mut self, incoming: &Incoming) {
        let Some(retraction) = &incoming.message.retraction else { return };
        let moderated = retraction.moderated.is_some();
        let known = self.authors.of(&incoming.with, &retraction.id);
        let allowed = match moderated {
            true => incoming.author == Author::Room,
            false => known.is_none_or(|author| *author == incoming.author),
        };
        if !allowed {
            return self.drop_noise(DropReason::ForgedChange);
        }
        let (with, author, id) = (incoming.with.clone(), incoming.author.clone(), retraction.id.clone());
        let reason = retraction.reason.clone();
        self.tell(Event::Retracted { with, author, id, moderated, reason });
    }

    //= xep-0184#5.3/when SHOULD
    //# Once, when a message comes to this client: not for copies, archives and rooms.
    fn answer_receipt(&mut self, incoming: &Incoming) {
        let message = &incoming.message;
        let wanted = message.receipt == Some(Receipt::Request) && incoming.way == Way::Live && !incoming.own;
        let direct = matches!(message.kind, MessageType::Chat | MessageType::Normal);
        if let Some(id) = incoming.id.as_ref().filter(|_| wanted && direct && self.gives_receipts(&incoming.from)) {
            self.send_receipt(&incoming.from, message.kind, id);
        }
    }

    /// What a room's message says about the room.
    pub(super) fn room_news(&mut self, incoming: &Incoming) {
        let Incoming { message, with, from, .. } = incoming;
        //= xep-0045#7.2.15/subject MUST
        //# A subject without body is the room's; it ends the history. With a body it is just a message.
        if let (Some(text), None, None) = (&message.subject, &message.body, &message.thread)
            && matches!(incoming.way, Way::Live | Way::History)
        {
            if let Some(room) = self.rooms.get_mut(with.as_str()) {
                (room.subject, room.history) = (Some(text.clone()), false);
            }
            self.tell_room(with, RoomEvent::Subject { from: from.clone(), text: text.clone() });
        }
        if let Some(user) = message.room.as_ref().filter(|user| from.is_bare() && !user.statuses.is_empty()) {
            self.tell_room(with, RoomEvent::Changed(user.statuses.clone()));
        }
    }
}

/// The invitation that a message holds.
//= xep-0249#4/told MUST
//# Nobody is taken into a room: the user is told who invites to where.
fn invitation(incoming: &Incoming) -> Option<Event> {
    let Incoming { message, from, own, .. } = incoming;
    if *own {
        return None;
    }
    let mediated = |message: &Message| -> Option<Event> {
        let user = message.room.as_ref()?;
        if let Some(decline) = &user.decline {
            let (from, reason) = (decline.from.clone(), decline.reason.clone());
            return Some(Event::Room { room: incoming.from.bare(), event: RoomEvent::Declined { from, reason } });
        }
        let invite = user.invite.as_ref()?;
        let inviter: Option<Jid> = invite.from.clone();
        let (password, reason) = (user.password.clone(), invite.reason.clone());
        Some(Event::Invited { room: from.bare(), from: inviter, password, reason })
    };
    // a room speaks from its bare address
    if let Some(event) = mediated(message).filter(|_| from.is_bare()) {
        return Some(event);
    }
    let invitation = message.invitation.as_ref()?;
    let (password, reason) = (invitation.password.clone(), invitation.reason.clone());
    Some(Event::Invited { room: invitation.room.clone(), from: Some(from.clone()), password, reason })
}
