//! Which messages were told already.
//!
//! A message has up to two marks: one by the id that an archive gave it, one by its sender's id with all that it says.
//! The first is enough wherever there is one, since it comes with copies and archive alike. The second is for messages
//! that came without: those that we sent, and those from servers that have no archive.

use std::collections::{BTreeMap, VecDeque};

use rfc3920::jid::Jid;
use ring::digest;

/// The mark of a message in an archive.
pub(super) fn archived(archive: &Jid, id: &str) -> u128 {
    mark(&["archive", archive.as_str(), id])
}

/// The mark of a message by what it is: its sender, its conversation, its id and its text.
pub(super) fn written(from: &str, with: &Jid, id: &str, what: &str) -> u128 {
    mark(&["written", from, with.as_str(), id, what])
}

/// The mark of a message of our own making: its id alone is random enough.
pub(super) fn own(with: &Jid, id: &str) -> u128 {
    mark(&["own", with.as_str(), id])
}

/// 128 bits of a hash, so that nobody can make a message that is taken for another.
fn mark(parts: &[&str]) -> u128 {
    let mut context = digest::Context::new(&digest::SHA256);
    for part in parts {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part.as_bytes());
    }
    let hash = context.finish();
    hash.as_ref().iter().take(16).fold(0, |n, byte| n << 8 | u128::from(*byte))
}

/// The marks of the last messages; the oldest goes first when there are too many.
pub(super) struct Seen {
    limit: usize,
    /// With the flag: an archive's id went with it.
    marks: BTreeMap<u128, bool>,
    order: VecDeque<u128>,
}

impl Seen {
    pub fn new(limit: usize, marks: &[u128]) -> Seen {
        let mut seen = Seen { limit, marks: BTreeMap::new(), order: VecDeque::new() };
        marks.iter().for_each(|mark| seen.insert(*mark, true));
        seen
    }

    /// Takes a message that has these marks. False: it was here before.
    pub fn take(&mut self, archived: Option<u128>, written: Option<u128>) -> bool {
        let known = match (archived, written) {
            (Some(archived), _) if self.marks.contains_key(&archived) => true,
            // the same words once without and now with an archive's id: the same message; both times with: another one
            (Some(_), Some(written)) => self.marks.get(&written) == Some(&false),
            (None, Some(written)) => self.marks.contains_key(&written),
            _ => false,
        };
        if let Some(written) = written {
            self.insert(written, archived.is_some());
        }
        if let Some(archived) = archived {
            self.insert(archived, true);
        }
        !known
    }

    /// Whether that mark was taken.
    pub fn contains(&self, mark: u128) -> bool {
        self.marks.contains_key(&mark)
    }

    pub fn insert(&mut self, mark: u128, archived: bool) {
        if self.marks.insert(mark, archived).is_none() {
            self.order.push_back(mark);
        }
        while self.order.len() > self.limit {
            if let Some(oldest) = self.order.pop_front() {
                self.marks.remove(&oldest);
            }
        }
    }

    /// The last `n` marks, oldest first.
    pub fn last(&self, n: usize) -> Vec<u128> {
        self.order.iter().skip(self.order.len().saturating_sub(n)).copied().collect()
    }
}

/// Who wrote the last messages, so that nobody changes another's.
pub(super) struct Authors {
    limit: usize,
    known: BTreeMap<u128, super::Author>,
    order: VecDeque<u128>,
}

impl Authors {
    pub fn new(limit: usize) -> Authors {
        Authors { limit, known: BTreeMap::new(), order: VecDeque::new() }
    }

    /// Remembers who wrote the message of that id; who was first stays it.
    pub fn insert(&mut self, with: &Jid, id: &str, author: &super::Author) {
        let key = own(with, id);
        if self.limit > 0 && !self.known.contains_key(&key) {
            self.known.insert(key, author.clone());
            self.order.push_back(key);
        }
        while self.order.len() > self.limit {
            if let Some(oldest) = self.order.pop_front() {
                self.known.remove(&oldest);
            }
        }
    }

    pub fn of(&self, with: &Jid, id: &str) -> Option<&super::Author> {
        self.known.get(&own(with, id))
    }
}
