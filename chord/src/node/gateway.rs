//! A node with an old storing neighbour keeps ring and tables alike, key by key.
use std::time::Duration;

use bytes::Bytes;
use serializer::{Id, Value};
use wire::Instant;

use super::bridge::Action;
use super::{Node, Purpose, record};
use crate::ring::{self, Phase};
use crate::tables::{Position, Tables};

impl Node {
    /// Whether the five tables hold anything here.
    pub(super) fn tables_hold(&self) -> bool {
        self.tables.as_ref().is_some_and(|tables| tables.entries().next().is_some())
    }

    /// Looks whether an old peer that stores came or went.
    pub(super) fn look_for_old_peers(&mut self) {
        let old = |tables: &Tables| tables.holders().any(|(id, _)| !self.capable.contains_key(id));
        let gateway = self.ring.is_some() && self.tables.as_ref().is_some_and(old);
        if gateway && !self.is_gateway {
            let known = self.keys.iter().cloned();
            let held =
                self.ring.iter().flat_map(ring::Ring::values).filter_map(|(_, value)| Some(record::read(value)?.0));
            let keys: Vec<Bytes> = known.chain(held).collect();
            for (at, key) in (0u32..).zip(&keys) {
                self.compare(key, self.config.settle + STAGGER.saturating_mul(at));
            }
            self.schedule.audit = self.now + self.config.audit;
        }
        if gateway != self.is_gateway {
            self.is_gateway = gateway;
            let capable: Vec<Id> = self.capable.keys().cloned().collect();
            capable.iter().for_each(|id| self.link_gateway(id));
            self.say_hello();
        }
    }

    /// Gateways that are neighbours stand in each other's tables, so that all agree who holds what.
    //= wireworks#3.7/gateways-linked SHOULD
    //# As long as both say in their hello that they have an old storing neighbour.
    pub(super) fn link_gateway(&mut self, id: &Id) {
        let both = self.is_gateway && self.capable.get(id).is_some_and(|capable| capable.gateway);
        let Some(tables) = &mut self.tables else { return };
        match (both, tables.is_linked(id)) {
            (true, false) => tables.linked(id),
            (false, true) if self.capable.contains_key(id) => tables.unlinked(self.now, id),
            _ => {}
        }
    }

    /// A key is to be compared, after `pause` and a little more that differs between gateways.
    pub(super) fn compare(&mut self, key: &Bytes, pause: Duration) {
        let jitter = self.config.settle.mul_f64(self.rng.unit());
        self.bridge.plan(key, self.now + pause + jitter);
    }

    /// News of a key from another node.
    pub(super) fn told_gateway(&mut self, key: &Bytes, deleted: bool) {
        if self.is_gateway {
            let jitter = self.config.settle.mul_f64(self.rng.unit());
            self.bridge.told(key, deleted, self.now + self.config.settle + jitter);
        }
    }

    /// An old peer changed an entry here, or on its way through here. js2p tells nobody of a deletion, so what deletes
    /// one of a key's five entries counts as the notice.
    //= wireworks#3.7/silent-deletion SHOULD
    //# Only a deletion stores nothing; a hand-over or repair never does.
    pub(super) fn touched(&mut self, position: &Position, deleted: bool) {
        let Some(key) = self.keys.at(position).cloned() else { return };
        if deleted {
            self.noticed(&key, true, true);
        } else if self.is_gateway {
            self.compare(&key, self.config.settle);
        }
    }

    /// What this node wrote to the ring goes to the tables as well.
    //= wireworks#3.7/both-sides MUST
    //# A gateway's own writes go to both sides at once; all others reach the tables by way of their notice.
    pub(super) fn mirror(&mut self, key: &Bytes, value: &Value) {
        if let Some(tables) = self.tables.as_mut().filter(|_| self.is_gateway) {
            tables.set(key, value);
            self.bridge.wrote(key, value);
        }
    }

    /// An old peer asks for something that it expects here: the ring may have it.
    //= wireworks#3.7/answer-old SHOULD
    //# The place leads to a known key, the key to its value in the ring; an unknown place is answered with nothing at once.
    pub(super) fn missed(&mut self, position: Position) {
        let key = self.keys.at(&position);
        let member = self.ring.as_mut().filter(|ring| ring.phase() == Phase::Member);
        if let (Some(key), Some(ring)) = (key, member) {
            let lookup = ring.get(self.now, record::place_of(key));
            self.lookups.insert(lookup, Purpose::Miss(position));
        } else if let Some(tables) = &mut self.tables {
            tables.supply(position, None);
        }
    }

    /// Starts comparisons whose time has come.
    pub(super) fn look_after_bridge(&mut self) {
        if self.schedule.audit <= self.now {
            self.schedule.audit = self.now + self.config.audit;
            self.audit();
        }
        while self.can_compare() {
            let Some(key) = self.bridge.start(self.now, self.config.comparisons) else { break };
            let known = self.keys.contains(&key);
            if let (Some(ring), Some(tables)) = (&mut self.ring, &mut self.tables) {
                let lookup = ring.get(self.now, record::place_of(&key));
                self.lookups.insert(lookup, Purpose::Compare(key.clone()));
                let question = tables.get(self.now, &key, known);
                self.asked.insert(question, Purpose::Compare(key));
            }
        }
    }

    pub(super) fn can_compare(&self) -> bool {
        self.is_gateway && self.ring.as_ref().is_some_and(|ring| ring.phase() == Phase::Member)
    }

    pub(super) fn bridge_deadline(&self) -> Option<Instant> {
        let due = self.bridge.deadline(self.config.comparisons).filter(|_| self.can_compare());
        if self.is_gateway { Some(due.map_or(self.schedule.audit, |due| due.min(self.schedule.audit))) } else { None }
    }

    /// Plans the next few keys, since old peers do not tell of changes of known keys.
    //= wireworks#3.7/audit SHOULD
    //# A few keys a second, in order and around again.
    fn audit(&mut self) {
        if !self.is_gateway {
            return;
        }
        for _ in 0..self.config.comparisons {
            let next = self.keys.after(&self.bridge.cursor).cloned();
            let Some(key) = next else {
                self.bridge.cursor = Bytes::new();
                break;
            };
            self.bridge.audit(&key, self.now);
            self.bridge.cursor = key;
        }
    }

    /// The ring's part of a comparison.
    pub(super) fn ring_compared(&mut self, key: &Bytes, value: Result<Option<Bytes>, ()>) {
        let Ok(value) = value else {
            self.bridge.give_up(key);
            return self.compare(key, AFTER_FAILURE);
        };
        let value = value.and_then(|value| record::read(&value)).map_or(Value::Nil, |(_, value)| value);
        let action = self.bridge.ring_says(key, value);
        self.act(key, action);
    }

    /// The tables' part of a comparison.
    pub(super) fn tables_compared(&mut self, key: &Bytes, value: Option<Value>) {
        let action = self.bridge.tables_say(key, value.unwrap_or(Value::Nil));
        self.act(key, action);
    }

    fn act(&mut self, key: &Bytes, action: Option<Action>) {
        match action {
            Some(Action::Tables(value)) => {
                if let Some(tables) = &mut self.tables {
                    tables.set(key, &value);
                }
            }
            Some(Action::Ring(value)) => {
                let Some(ring) = &mut self.ring else { return };
                let lookup = ring.put(self.now, record::place_of(key), record::write(key, &value));
                self.lookups.insert(lookup, Purpose::Copy(key.clone(), value));
            }
            Some(Action::Delete) => {
                if let Some(tables) = &mut self.tables {
                    tables.set(key, &Value::Nil);
                }
                let Some(ring) = &mut self.ring else { return };
                let lookup = ring.delete(self.now, record::place_of(key));
                self.lookups.insert(lookup, Purpose::Copy(key.clone(), Value::Nil));
            }
            Some(Action::Nothing) | None => {}
        }
    }

    /// The ring took over the tables' value, or did not.
    pub(super) fn copied(&mut self, key: &Bytes, value: &Value, written: bool) {
        if written {
            self.bridge.wrote(key, value);
        } else {
            self.compare(key, AFTER_FAILURE);
        }
    }
}

/// Between the first comparisons of a new gateway.
const STAGGER: Duration = Duration::from_millis(10);
const AFTER_FAILURE: Duration = Duration::from_secs(3);
