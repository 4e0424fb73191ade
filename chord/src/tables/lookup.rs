//! Questions for places: asked on from hop to hop, answered once, counted for the five tables of a key.
use serializer::{Id, Value};
use wire::Instant;

use super::quorum::Quorum;
use super::{Message, Names, Output, Position, Tables};

/// One question under way. The old answers name no question, only the place, so everyone who asks for a place shares it.
#[derive(Debug)]
pub(super) struct Lookup {
    /// Whom it was passed to; `None` while the owner of this part is asked.
    pub via: Option<Id>,
    tried: Vec<Id>,
    pub waiters: Vec<Waiter>,
    deadline: Instant,
    /// Whether the neighbour has answered with nothing, and may still answer better.
    pub nothing_yet: bool,
}

#[derive(Debug)]
pub(super) enum Waiter {
    Query(u64),
    Peer { id: Id, names: Names },
}

impl Tables {
    /// The answer to [`Output::Miss`].
    pub fn supply(&mut self, position: Position, value: Option<Value>) {
        if self.lookups.get(&position).is_some_and(|lookup| lookup.via.is_none()) {
            self.settle(position, value.unwrap_or(Value::Nil));
        }
    }

    //= p2p#3.10/retrieve MUST
    //# Answered here when this node is the holder, else passed on to the nearest; the answer goes back when it is known.
    pub(super) fn ask(&mut self, now: Instant, position: Position, waiter: Waiter, from: Option<&Id>) {
        if let Some(lookup) = self.lookups.get_mut(&position) {
            let looped = from.is_some() && lookup.via.as_ref() == from;
            if !looped && (lookup.waiters.len() < MAX_WAITERS || matches!(waiter, Waiter::Query(_))) {
                lookup.waiters.push(waiter);
                return;
            }
            return self.tell(&position, waiter, Value::Nil);
        }
        let via = self.next_hop(&position, from);
        let here = if via.is_none() { self.storage.at(&position).cloned() } else { None };
        let ask_owner = via.is_none() && here.is_none() && self.config.ask_owner && from.is_some();
        if via.is_none() && !ask_owner {
            return self.tell(&position, waiter, here.unwrap_or(Value::Nil));
        }
        if self.lookups.len() >= self.config.lookups {
            self.stats.overload += 1;
            return self.tell(&position, waiter, Value::Nil);
        }
        let deadline = now + if ask_owner { self.config.hop_timeout * 4 } else { self.config.hop_timeout };
        let tried = from.cloned().into_iter().collect();
        let lookup = Lookup { via: via.clone(), tried, waiters: vec![waiter], deadline, nothing_yet: false };
        self.timers.insert((deadline, position));
        self.lookups.insert(position, lookup);
        match via {
            Some(to) => self.send_question(position, to),
            None => self.outputs.push_back(Output::Miss { position }),
        }
    }

    fn send_question(&mut self, position: Position, to: Id) {
        if let Some(lookup) = self.lookups.get(&position) {
            for waiter in &lookup.waiters {
                if let Waiter::Query(query) = waiter
                    && let Some(quorum) = self.queries.get_mut(query)
                    && !quorum.path.contains(&to)
                {
                    quorum.path.push(to.clone());
                }
            }
        }
        let message = Message::Retrieve { position, names: Names::of(&position) };
        self.outputs.push_back(Output::Send { to, message });
    }

    //= wireworks#3.1/silent-hop SHOULD
    //# The next best neighbour is asked, or what is here answers; each hop has its own timeout, so a question always ends.
    pub(super) fn ask_on(&mut self, now: Instant, position: Position) {
        let Some(lookup) = self.lookups.get_mut(&position) else { return };
        self.timers.remove(&(lookup.deadline, position));
        lookup.tried.extend(lookup.via.take());
        let tried = lookup.tried.clone();
        let next =
            if tried.len() > MAX_TRIES { None } else { self.route(&position, &tried.iter().collect::<Vec<_>>()) };
        let Some(to) = next else {
            let here = self.storage.at(&position).cloned().unwrap_or(Value::Nil);
            return self.settle(position, here);
        };
        let deadline = now + self.config.hop_timeout;
        if let Some(lookup) = self.lookups.get_mut(&position) {
            (lookup.via, lookup.deadline, lookup.nothing_yet) = (Some(to.clone()), deadline, false);
            self.timers.insert((deadline, position));
        }
        self.send_question(position, to);
    }

    //= p2p#3.10/two-answers MUST
    //# Nothing starts a short wait for the better answer of a hop that asks on; only its end makes it final, and only the
    //# final answer is passed back, since js2p gives up at the first nothing.
    pub(super) fn retrieved(&mut self, now: Instant, from: &Id, position: Position, value: Value) {
        let Some(lookup) = self.lookups.get_mut(&position).filter(|lookup| lookup.via.as_ref() == Some(from)) else {
            self.stats.strays += 1;
            return;
        };
        if value != Value::Nil {
            return self.settle(position, value);
        }
        if !lookup.nothing_yet {
            self.timers.remove(&(lookup.deadline, position));
            lookup.nothing_yet = true;
            lookup.deadline = now + self.config.second_answer;
            self.timers.insert((lookup.deadline, position));
        }
    }

    pub(super) fn settle(&mut self, position: Position, value: Value) {
        let Some(lookup) = self.lookups.remove(&position) else { return };
        self.timers.remove(&(lookup.deadline, position));
        for waiter in lookup.waiters {
            self.tell(&position, waiter, value.clone());
        }
    }

    fn tell(&mut self, position: &Position, waiter: Waiter, value: Value) {
        match waiter {
            Waiter::Peer { id, names } => {
                let message = Message::Retrieved { position: *position, names, value };
                self.outputs.push_back(Output::Send { to: id, message });
            }
            Waiter::Query(query) => self.count(query, position.table() as usize, value),
        }
    }

    fn count(&mut self, query: u64, table: usize, value: Value) {
        let Some(quorum) = self.queries.get_mut(&query) else { return };
        quorum.answer(table, value);
        let decision = quorum.decision();
        if let Some(value) = decision.clone().filter(|_| !quorum.told) {
            quorum.told = true;
            self.outputs.push_back(Output::Answer { query, value, path: quorum.path.clone() });
        }
        if !quorum.is_complete() {
            return;
        }
        if let (Some(quorum), Some(Some(value))) = (self.queries.remove(&query), decision) {
            self.repair(&quorum, &value);
        }
    }

    /// Puts the value back where a table has lost it.
    //= wireworks#3.1/read-repair SHOULD
    //# Reading heals: what a crash took from some of the five tables is stored there again from the others.
    fn repair(&mut self, quorum: &Quorum, value: &Value) {
        let places = Position::all(&quorum.key);
        for table in quorum.absent() {
            if let Some(position) = places.get(table) {
                self.store(*position, value.clone(), None);
            }
        }
    }
}

/// Askers that share one question.
const MAX_WAITERS: usize = 64;
/// Neighbours that are asked for one place, one after the other.
const MAX_TRIES: usize = 4;
