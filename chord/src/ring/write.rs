//! Writes at the node responsible: order them, and answer once the replicas have them (extension; the paper leaves
//! replication to the layer above, section 4.5).
use super::question::About;
use super::store::Taken;
use super::{Address, Change, Contact, Entry, Event, LookupId, Message, Refusal, Ring, Version};
use crate::Key;

/// A write that waits for its replicas.
#[derive(Debug)]
pub(super) struct Write<A> {
    origin: Origin<A>,
    entry: Entry,
    waiting: usize,
    tried: Vec<Key>,
}

/// Who wants to hear of a write.
#[derive(Clone, Debug)]
pub(super) enum Origin<A> {
    Own(LookupId),
    Other(Contact<A>, u64),
}

impl<A: Address> Ring<A> {
    pub(super) fn write(&mut self, origin: Origin<A>, key: Key, change: Change) {
        match self.order(key, change) {
            Ok(entry) => self.replicate(origin, entry),
            Err(refusal) => self.write_done(origin, Err(refusal)),
        }
    }

    /// Makes the entry of a change and keeps it here.
    //= wireworks#3.2/version MUST
    //# The clock in milliseconds, but always above the version replaced, so that order survives skewed clocks.
    fn order(&mut self, key: Key, change: Change) -> Result<Entry, Refusal> {
        if !self.routes.owns(&key) && self.routes.predecessor().is_some() {
            // The writer may know better: it asked the predecessor in vain.
            self.check_predecessor();
            return Err(Refusal::Elsewhere);
        }
        if !self.settled || self.writes.len() >= self.config.max_writes {
            return Err(Refusal::Busy);
        }
        let value = match change {
            Change::Set(value) => Some(value),
            Change::Delete => None,
            Change::Update(update) => Some((self.config.merge)(self.store.value(&key), &update).ok_or(Refusal::Unfit)?),
        };
        if value.as_ref().is_some_and(|value| value.len() > self.config.max_value) {
            return Err(Refusal::TooLarge);
        }
        let before = self.store.version(&key).map_or(0, |version| version.time.saturating_add(1));
        let version = Version { time: self.millis().max(before), writer: self.own.id.high() };
        let entry = Entry { key, version, value };
        match self.keep(entry.clone()) {
            Taken::Full => Err(Refusal::Full),
            Taken::New { .. } | Taken::Known => Ok(entry),
        }
    }

    /// Sends copies to the successors.
    //= chord#4.5/replicate SHOULD
    //# The next replicas-1 successors get each write, and it is answered once they have it or others in their place.
    fn replicate(&mut self, origin: Origin<A>, entry: Entry) {
        let targets: Vec<_> = self.routes.successors().iter().take(self.config.replicas.max(1) - 1).cloned().collect();
        if targets.is_empty() {
            return self.write_done(origin, Ok(entry.version));
        }
        self.next_id += 1;
        let id = self.next_id;
        let tried = targets.iter().map(|c| c.id).collect();
        self.writes.insert(id, Write { origin, entry: entry.clone(), waiting: targets.len(), tried });
        for target in targets {
            let entries = vec![entry.clone()];
            self.ask(target, About::Copy(id), |number| Message::Replicate { number, entries });
        }
    }

    /// One replica has the copy, or will not have it and the next successor is asked in its place.
    pub(super) fn copied(&mut self, id: u64, accepted: bool) {
        let Some(write) = self.writes.get_mut(&id) else { return };
        let next = self.routes.successors().iter().find(|c| !accepted && !write.tried.contains(&c.id)).cloned();
        if let Some(next) = next {
            write.tried.push(next.id);
            let entries = vec![write.entry.clone()];
            return self.ask(next, About::Copy(id), |number| Message::Replicate { number, entries });
        }
        write.waiting -= 1;
        if write.waiting == 0
            && let Some(write) = self.writes.remove(&id)
        {
            self.write_done(write.origin, Ok(write.entry.version));
        }
    }

    fn write_done(&mut self, origin: Origin<A>, outcome: Result<Version, Refusal>) {
        match origin {
            Origin::Own(id) => self.written(id, outcome),
            Origin::Other(to, number) => self.send(to, Message::Written { number, outcome }),
        }
    }

    /// Takes an entry into the store and tells of it.
    pub(super) fn keep(&mut self, entry: Entry) -> Taken {
        let key = entry.key;
        let taken = self.store.take(self.now, entry, self.config.max_entries, self.config.max_bytes);
        match taken {
            Taken::New { gained: true, .. } => self.event(Event::Gained(key)),
            Taken::New { lost: true, .. } => self.event(Event::Lost(key)),
            Taken::New { .. } | Taken::Known | Taken::Full => (),
        }
        taken
    }

    /// Takes entries of others; whether all of them are held now.
    //= wireworks#3.2/limits MUST
    //# Values beyond the limit and versions from the future are refused, so that a liar cannot freeze a key.
    pub(super) fn keep_all(&mut self, entries: Vec<Entry>) -> bool {
        let latest = self.millis().saturating_add(self.config.clock_skew.as_millis() as u64);
        let mut all = true;
        for entry in entries {
            let fits = entry.value.as_ref().is_none_or(|value| value.len() <= self.config.max_value);
            all &= fits && entry.version.time <= latest && self.keep(entry) != Taken::Full;
        }
        all
    }

    /// Unix time in milliseconds.
    fn millis(&self) -> u64 {
        u64::try_from(self.config.epoch.unix(self.now).as_millis()).unwrap_or(u64::MAX)
    }
}
