//! What a node says to what it hears: questions are answered from what it knows, answers go to whoever asked.
use super::question::About;
use super::routes::Way;
use super::write::Origin;
use super::{Address, Contact, Failure, Message, Phase, Reason, Ring};

impl<A> Message<A> {
    /// Whether it is answered, or told without being asked for, rather than an answer.
    pub(super) fn is_question(&self) -> bool {
        use Message::*;
        match self {
            Find { .. }
            | Stabilize { .. }
            | Ping { .. }
            | Leaving { .. }
            | Merge { .. }
            | Fetch { .. }
            | Write { .. }
            | Replicate { .. }
            | Compare { .. }
            | Want { .. } => true,
            Found { .. }
            | Neighbours { .. }
            | Pong { .. }
            | Fetched { .. }
            | Written { .. }
            | Stored { .. }
            | Differ { .. }
            | Entries { .. } => false,
        }
    }

    /// The number that ties an answer to its question.
    fn number(&self) -> Option<u64> {
        use Message::*;
        match self {
            Leaving { .. } | Merge { .. } => None,
            Find { number, .. }
            | Stabilize { number, .. }
            | Ping { number }
            | Fetch { number, .. }
            | Write { number, .. }
            | Replicate { number, .. }
            | Compare { number, .. }
            | Want { number, .. }
            | Found { number, .. }
            | Neighbours { number, .. }
            | Pong { number }
            | Fetched { number, .. }
            | Written { number, .. }
            | Stored { number, .. }
            | Differ { number, .. }
            | Entries { number, .. } => Some(*number),
        }
    }
}

impl<A: Address> Ring<A> {
    /// Answers a question. A node that has no place yet knows nothing that it could tell.
    pub(super) fn answer(&mut self, from: &Contact<A>, message: Message<A>) {
        if self.phase == Phase::Joining && self.routes.successors().is_empty() {
            return;
        }
        let reply = match message {
            Message::Find { number, key } => {
                let Way { owner, covered, preceding, following, predecessor } =
                    self.routes.way(&key, self.config.alternates.max(1));
                Message::Found { number, owner, covered, preceding, following, predecessor }
            }
            Message::Stabilize { number, claim } => {
                let predecessor = self.routes.predecessor().cloned();
                let successors = self.routes.successors().to_vec();
                self.send(from.clone(), Message::Neighbours { number, predecessor, successors });
                if self.phase != Phase::Leaving {
                    self.notified(from, claim);
                }
                return;
            }
            Message::Ping { number } => Message::Pong { number },
            Message::Leaving { successors, .. } => return self.neighbour_left(from, &successors),
            Message::Merge { contact } => {
                if self.phase == Phase::Member && self.spread(contact.clone()) {
                    self.look_through(contact);
                }
                return;
            }
            Message::Fetch { number, key } => {
                let settled = self.settled && self.routes.owns(&key);
                Message::Fetched { number, settled, entry: self.store.entry(&key) }
            }
            Message::Write { number, key, change } => {
                return self.write(Origin::Other(from.clone(), number), key, change);
            }
            Message::Replicate { number, entries } => Message::Stored { number, accepted: self.keep_all(entries) },
            Message::Compare { number, ranges } => Message::Differ { number, ranges: self.compared(ranges) },
            Message::Want { number, keys } => Message::Entries { number, entries: self.batch(&keys) },
            _ => return,
        };
        self.send(from.clone(), reply);
    }

    /// Hands an answer to what asked for it.
    pub(super) fn take_answer(&mut self, from: &Contact<A>, message: Message<A>) {
        let question = message.number().and_then(|number| self.questions.answered(number, &from.id));
        let Some(question) = question else { return self.drop_message(&from.id, Reason::Unsolicited) };
        match (question.about, message) {
            (About::Find(id), Message::Found { owner, covered, mut preceding, mut following, predecessor, .. }) => {
                preceding.truncate(MAX_CONTACTS);
                following.truncate(MAX_CONTACTS);
                self.told(id, from, Way { owner, covered, preceding, following, predecessor });
            }
            (About::Stabilize, Message::Neighbours { predecessor, successors, .. }) => {
                self.met(from, predecessor, &successors);
            }
            (About::Ping, Message::Pong { .. }) => self.suitor = None,
            (About::Fetch(id), Message::Fetched { settled, entry, .. }) => self.fetched(id, settled, entry),
            (About::Write(id), Message::Written { outcome, .. }) => self.written(id, outcome),
            (About::Copy(id), Message::Stored { accepted, .. }) => self.copied(id, accepted),
            (About::Sync(id, role), Message::Stored { .. }) => self.pushed((id, role)),
            (About::Sync(id, role), Message::Differ { ranges, .. }) => self.differs((id, role), ranges),
            (About::Sync(id, role), Message::Entries { entries, .. }) => self.received((id, role), entries),
            (About::Orphans(sent), Message::Stored { accepted: true, .. }) => self.brought_home(sent),
            (About::Orphans(_), Message::Stored { .. }) => (),
            (about, _) => {
                self.drop_message(&from.id, Reason::Malformed);
                self.without_answer(about, from);
            }
        }
    }

    /// The time of a question is up, or it could not be delivered.
    //= chord#4.5/timeout MUST
    //# No answer in time makes a node dead for now: it leaves the lists, and whatever asked goes on without it.
    pub(super) fn give_up(&mut self, number: u64) {
        let Some(question) = self.questions.take(number) else { return };
        // A write waits for other nodes too, and a retry for nobody.
        if !matches!(question.about, About::Write(_) | About::Retry(_)) {
            self.mourn(&question.to);
        }
        self.without_answer(question.about, &question.to);
    }

    fn without_answer(&mut self, about: About, asked: &Contact<A>) {
        match about {
            About::Find(id) => self.not_told(id, &asked.id),
            About::Fetch(id) => self.not_fetched(id),
            About::Write(id) => self.try_again(id, Failure::Unreachable),
            About::Retry(id) => self.retry(id),
            About::Copy(id) => self.copied(id, false),
            About::Sync(id, role) => self.sync_broken((id, role)),
            About::Stabilize if self.phase == Phase::Joining => self.knock_again(),
            About::Stabilize | About::Ping | About::Orphans(_) => (),
        }
    }

    /// Out of the ring: nothing is known and nothing is held.
    pub(super) fn clear(&mut self) {
        let ids: Vec<_> = self.queries.keys().copied().collect();
        ids.into_iter().for_each(|id| self.finish_query(id, Err(Failure::Closed)));
        let own = self.own.clone();
        let fresh = Ring::new(own, self.config.clone(), self.rng.split());
        let (now, next_id) = (self.now, self.next_id);
        let old = std::mem::replace(self, fresh);
        self.adopt(old, now, next_id);
    }
}

/// Contacts taken from one list of an answer.
const MAX_CONTACTS: usize = 64;
