//! Lookups of this node, and the reads and writes that start with one.
use std::collections::VecDeque;

use super::lookup::{Lookup, Step};
use super::question::About;
use super::routes::Way;
use super::write::Origin;
use super::{Address, Change, Contact, Entry, Event, Failure, LookupId, Message, Outcome, Refusal, Ring, Version};
use crate::Key;

/// A lookup and what it is for.
#[derive(Debug)]
pub(super) struct Running<A> {
    pub lookup: Lookup<A>,
    pub purpose: Purpose,
}

/// What becomes of the node that a lookup finds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    Query(LookupId),
    Finger(u16),
    Join,
    /// Through that node, which may stand in another ring.
    Merge(Key),
    /// These copies belong to nobody that cares for them here.
    Orphans(Vec<(Key, Version)>),
}

/// A command of the owner.
#[derive(Debug)]
pub(super) struct Query<A> {
    key: Key,
    op: Op,
    tries: usize,
    path: Vec<Contact<A>>,
    timeouts: usize,
    /// Nodes still to be asked for the value.
    holders: VecDeque<Contact<A>>,
    /// Some node said that it holds nothing.
    nothing: bool,
}

#[derive(Clone, Debug)]
pub(super) enum Op {
    Find,
    Get,
    Change(Change),
}

impl<A: Address> Ring<A> {
    pub(super) fn start_query(&mut self, key: Key, op: Op) -> LookupId {
        self.next_id += 1;
        let id = LookupId(self.next_id);
        let (path, holders) = Default::default();
        let full = self.queries.len() >= self.config.max_lookups;
        let query = Query { key, op, tries: 0, path, timeouts: 0, holders, nothing: false };
        self.queries.insert(id, query);
        if full || self.phase == super::Phase::Outside {
            self.finish_query(id, Err(Failure::Closed));
        } else {
            self.start_lookup(key, Purpose::Query(id));
        }
        id
    }

    pub(super) fn start_lookup(&mut self, key: Key, purpose: Purpose) {
        let mut lookup = Lookup::new(self.own.id, key, self.config.hops);
        let told = self.routes.way(&key, self.config.successors.max(self.config.alternates));
        let owner = told.owner.then(|| self.own.clone());
        lookup.start(self.own.clone(), told);
        if owner.is_some() {
            return self.found(Running { lookup, purpose }, owner);
        }
        let step = lookup.next();
        self.run(Running { lookup, purpose }, step);
    }

    /// A lookup that knows one node only: from outside of the ring, or in another one.
    pub(super) fn start_lookup_through(&mut self, via: Contact<A>, key: Key, purpose: Purpose) {
        let mut lookup = Lookup::new(self.own.id, key, self.config.hops);
        lookup.start_through(via);
        let step = lookup.next();
        self.run(Running { lookup, purpose }, step);
    }

    fn run(&mut self, running: Running<A>, step: Step<A>) {
        match step {
            Step::Ask(contact) => {
                self.next_id += 1;
                let (id, key) = (self.next_id, running.lookup.key);
                self.lookups.insert(id, running);
                self.ask(contact, About::Find(id), |number| Message::Find { number, key });
            }
            Step::Found(contact) => self.found(running, Some(contact)),
            Step::Failed => self.found(running, None),
        }
    }

    pub(super) fn told(&mut self, id: u64, from: &Contact<A>, told: Way<A>) {
        let Some(mut running) = self.lookups.remove(&id) else { return };
        self.routes.heard(from);
        if matches!(running.purpose, Purpose::Merge(_)) && told.following.iter().any(|c| c.id == self.own.id) {
            return; // they know this node: it is the same ring
        }
        let step = running.lookup.answered(from, told);
        self.run(running, step);
    }

    pub(super) fn not_told(&mut self, id: u64, asked: &Key) {
        let Some(mut running) = self.lookups.remove(&id) else { return };
        let step = running.lookup.dead(asked);
        self.run(running, step);
    }

    fn found(&mut self, running: Running<A>, found: Option<Contact<A>>) {
        let Running { lookup, purpose } = running;
        match (purpose, found) {
            (Purpose::Query(id), found) => self.owner_found(id, lookup, found),
            (Purpose::Finger(bit), found) => self.finger_found(bit, found.as_ref()),
            (Purpose::Join, found) => {
                self.usher = lookup.last_before().cloned();
                let after = |first: &Contact<A>| lookup.following().filter(|c| c.id != first.id).cloned().collect();
                self.place_found(found.map(|node| (node.clone(), after(&node))));
            }
            (Purpose::Merge(_), Some(node)) => self.other_ring(node),
            (Purpose::Orphans(keys), Some(node)) => self.send_home(keys, node),
            (Purpose::Merge(_) | Purpose::Orphans(_), None) => (),
        }
    }

    fn owner_found(&mut self, id: LookupId, lookup: Lookup<A>, found: Option<Contact<A>>) {
        let replicas = self.config.replicas.max(1);
        let own = self.own.clone();
        let Some(query) = self.queries.get_mut(&id) else { return };
        query.timeouts += lookup.timeouts;
        let Some(owner) = found else { return self.try_again(id, Failure::Unreachable) };
        query.holders = std::iter::once(&owner)
            .chain(lookup.following().filter(|c| c.id != owner.id))
            .take(replicas)
            .cloned()
            .collect();
        query.path.extend(lookup.path);
        let (key, op) = (query.key, query.op.clone());
        match op {
            Op::Find => self.finish_query(id, Ok(Outcome::Owner(owner))),
            Op::Get => self.fetch(id),
            Op::Change(change) if owner.id == own.id => self.write(Origin::Own(id), key, change),
            Op::Change(change) => self.ask(owner, About::Write(id), |number| Message::Write { number, key, change }),
        }
    }

    /// Asks the next node that should hold the value.
    //= wireworks#3.3/read-on MUST
    //# A node that holds nothing and is not settled has no last word; the next replicas are asked too.
    pub(super) fn fetch(&mut self, id: LookupId) {
        let Some(query) = self.queries.get_mut(&id) else { return };
        let key = query.key;
        match query.holders.pop_front() {
            Some(holder) if holder.id == self.own.id => {
                let (entry, settled) = (self.store.entry(&key), self.settled && self.routes.owns(&key));
                self.fetched(id, settled, entry);
            }
            Some(holder) => self.ask(holder, About::Fetch(id), |number| Message::Fetch { number, key }),
            None if query.nothing => self.finish_query(id, Ok(Outcome::Value(None))),
            None => self.try_again(id, Failure::Unreachable),
        }
    }

    pub(super) fn fetched(&mut self, id: LookupId, settled: bool, entry: Option<Entry>) {
        let Some(query) = self.queries.get_mut(&id) else { return };
        query.nothing = true;
        match entry.filter(|e| e.key == query.key) {
            Some(entry) => self.finish_query(id, Ok(Outcome::Value(entry.value))),
            None if settled => self.finish_query(id, Ok(Outcome::Value(None))),
            None => self.fetch(id),
        }
    }

    pub(super) fn not_fetched(&mut self, id: LookupId) {
        if let Some(query) = self.queries.get_mut(&id) {
            query.timeouts += 1;
            self.fetch(id);
        }
    }

    pub(super) fn written(&mut self, id: LookupId, outcome: Result<Version, Refusal>) {
        match outcome {
            Ok(version) => self.finish_query(id, Ok(Outcome::Written(version))),
            Err(refusal @ (Refusal::Elsewhere | Refusal::Busy)) => self.try_again(id, Failure::Refused(refusal)),
            Err(refusal) => self.finish_query(id, Err(Failure::Refused(refusal))),
        }
    }

    /// Starts a read or write over after a while, or gives it up.
    pub(super) fn try_again(&mut self, id: LookupId, failure: Failure) {
        let Some(query) = self.queries.get_mut(&id) else { return };
        if query.tries >= self.config.retries || matches!(query.op, Op::Find) {
            return self.finish_query(id, Err(failure));
        }
        query.tries += 1;
        let wait = self.config.timeout * query.tries as u32;
        self.questions.ask(self.own.clone(), About::Retry(id), self.now + wait);
    }

    pub(super) fn retry(&mut self, id: LookupId) {
        if let Some(query) = self.queries.get_mut(&id) {
            query.path.clear();
            query.nothing = false;
            let key = query.key;
            self.start_lookup(key, Purpose::Query(id));
        }
    }

    pub(super) fn finish_query(&mut self, id: LookupId, outcome: Result<Outcome<A>, Failure>) {
        if let Some(Query { key, path, timeouts, .. }) = self.queries.remove(&id) {
            self.event(Event::Answer { id, key, outcome, path, timeouts });
        }
    }
}
