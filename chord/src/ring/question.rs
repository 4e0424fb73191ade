use std::collections::{BTreeMap, BTreeSet};

use wire::Instant;

use super::repair::Role;
use super::{Address, Contact, LookupId, Version};
use crate::Key;

/// The questions that wait for an answer.
#[derive(Debug)]
pub(super) struct Questions<A> {
    open: BTreeMap<u64, Question<A>>,
    deadlines: BTreeSet<(Instant, u64)>,
    next: u64,
}

/// One of them.
#[derive(Debug)]
pub(super) struct Question<A> {
    pub to: Contact<A>,
    pub about: About,
    deadline: Instant,
}

/// What an answer is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum About {
    /// The next step of that lookup.
    Find(u64),
    Stabilize,
    Ping,
    Fetch(LookupId),
    Write(LookupId),
    /// Nothing is asked: that read or write starts over when the time is up.
    Retry(LookupId),
    /// A copy for that write.
    Copy(u64),
    Sync(Key, Role),
    /// These go when they are taken.
    Orphans(Vec<(Key, Version)>),
}

impl<A: Address> Questions<A> {
    pub fn ask(&mut self, to: Contact<A>, about: About, deadline: Instant) -> u64 {
        let number = self.next;
        self.next += 1;
        self.deadlines.insert((deadline, number));
        self.open.insert(number, Question { to, about, deadline });
        number
    }

    /// The question of that number, if it was put to `from`.
    //= wireworks#3.5/asked-only MUST
    //# An answer counts once, from the node that was asked, under the number it was asked with.
    pub fn answered(&mut self, number: u64, from: &Key) -> Option<Question<A>> {
        if self.open.get(&number)?.to.id != *from {
            return None;
        }
        self.take(number)
    }

    pub fn take(&mut self, number: u64) -> Option<Question<A>> {
        let question = self.open.remove(&number)?;
        self.deadlines.remove(&(question.deadline, number));
        Some(question)
    }

    pub fn overdue(&self, now: Instant) -> Option<u64> {
        self.deadlines.first().filter(|(at, _)| *at <= now).map(|(_, number)| *number)
    }

    pub fn deadline(&self) -> Option<Instant> {
        self.deadlines.first().map(|(at, _)| *at)
    }

    pub fn open_to(&self, id: &Key) -> Vec<u64> {
        self.open.iter().filter(|(_, q)| q.to.id == *id).map(|(number, _)| *number).collect()
    }

    pub fn is_open(&self, id: &Key, about: &About) -> bool {
        self.open.values().any(|q| q.to.id == *id && q.about == *about)
    }

    pub fn clear(&mut self) {
        self.open.clear();
        self.deadlines.clear();
    }
}

impl<A> Default for Questions<A> {
    fn default() -> Questions<A> {
        Questions { open: BTreeMap::new(), deadlines: BTreeSet::new(), next: 0 }
    }
}
