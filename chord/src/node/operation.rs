//! One `get`, `set`, `delete` or `update` from command to answer: through the ring, the tables, or a member that is
//! asked to do it.
use std::time::Duration;

use bytes::Bytes;
use serializer::{Flag, Id, Value};
use wire::Instant;

use super::config::FEATURE;
use super::event::{Error, Event, Failure, Outcome, Query};
use super::greeting::{Greeting, Wish};
use super::{Node, Purpose, record};
use crate::ring::{self, Phase, Refusal, Ring};
use crate::tables::{Message, merged};

/// A question or change under way.
#[derive(Debug)]
pub(super) struct Operation {
    origin: Origin,
    key: Bytes,
    wish: Wish,
    started: Instant,
    deadline: Instant,
    /// When it is looked at next.
    due: Instant,
    stage: Stage,
    path: Vec<Id>,
    /// How often a key that should exist was not found.
    misses: u32,
    /// The change is made, and its result is being read.
    changed: bool,
    /// What an update is to be merged into was looked for in the tables of old peers too.
    sought: bool,
}

#[derive(Clone, Debug, PartialEq)]
enum Origin {
    Own,
    Peer { id: Id, number: u64 },
}

#[derive(Clone, Debug, PartialEq)]
enum Stage {
    /// Until there is somebody to ask.
    Waiting,
    Ring,
    Tables,
    /// A member does it for us.
    Peer(Id),
}

/// What the ring side says, whether this node asked the ring itself or a member did.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Said {
    Value(Value),
    Nothing,
    Written,
    Failed(Failure),
}

impl Node {
    pub(super) fn command(&mut self, now: Instant, key: &[u8], wish: Wish) -> Result<Query, Error> {
        self.advance(now);
        let number = self.open(Origin::Own, Bytes::copy_from_slice(key), wish)?;
        self.pump();
        Ok(Query(number))
    }

    //= wireworks#3.7/bounded MUST
    //# Own and others' operations share one bound, and each ends at its deadline.
    fn open(&mut self, origin: Origin, key: Bytes, wish: Wish) -> Result<u64, Error> {
        if key.len() > self.config.key_length {
            return Err(Error::KeyTooLong);
        }
        if self.operations.len() >= self.config.queries {
            return Err(Error::Busy);
        }
        let number = self.next_query;
        self.next_query += 1;
        let deadline = self.now + self.config.timeout;
        let (started, due, path) = (self.now, deadline, Vec::new());
        let stage = Stage::Waiting;
        let (misses, changed, sought) = (0, false, false);
        let operation = Operation { origin, key, wish, started, deadline, due, stage, path, misses, changed, sought };
        self.operations.insert(number, operation);
        self.timers.insert((deadline, number));
        self.begin(number);
        Ok(number)
    }

    /// Asks the best source that there is at the moment.
    fn begin(&mut self, number: u64) {
        let Some(operation) = self.operations.get(&number) else { return };
        let is_own = operation.origin == Origin::Own;
        let phase = self.ring.as_ref().map(Ring::phase);
        if phase == Some(Phase::Member) {
            return self.ask_ring(number);
        }
        let Some(phase) = phase else { return self.ask_tables(number) };
        let member = self.capable.iter().find(|(_, capable)| capable.member).map(|(id, _)| id.clone());
        match member.filter(|_| is_own) {
            Some(member) if phase != Phase::Joining => self.ask_member(number, member),
            _ if self.will_join() => self.wait(number, RETRY),
            _ if self.is_gateway || self.tables_hold() => self.ask_tables(number),
            _ => self.wait(number, RETRY),
        }
    }

    fn ask_ring(&mut self, number: u64) {
        let tables = self.is_gateway || self.tables_hold();
        let (Some(operation), Some(ring)) = (self.operations.get_mut(&number), &mut self.ring) else { return };
        operation.stage = Stage::Ring;
        let place = record::place_of(&operation.key);
        let lookup = match &operation.wish {
            // An old peer may have set the key just now, and what is merged into it must not take its place.
            Wish::Update(_) if tables && !operation.sought => ring.get(self.now, place),
            Wish::Get => ring.get(self.now, place),
            Wish::Set(value) => ring.put(self.now, place, record::write(&operation.key, value)),
            Wish::Delete => ring.delete(self.now, place),
            Wish::Update(changes) => {
                ring.update(self.now, place, record::write(&operation.key, &Value::Map(changes.clone())))
            }
        };
        self.lookups.insert(lookup, Purpose::Operation(number));
    }

    //= wireworks#3.6/client MUST
    //# A node outside the ring has a neighbouring member do what it wants done, under a number that the answer repeats.
    fn ask_member(&mut self, number: u64, member: Id) {
        let Some(operation) = self.operations.get_mut(&number) else { return };
        operation.stage = Stage::Peer(member.clone());
        let greeting = Greeting::Ask { number, key: operation.key.clone(), wish: operation.wish.clone() };
        if self.mesh.whisper_as(self.now, &member, FLAG, greeting.write()).is_err() {
            self.wait(number, RETRY);
        }
    }

    fn ask_tables(&mut self, number: u64) {
        let (Some(operation), Some(tables)) = (self.operations.get_mut(&number), &mut self.tables) else { return };
        operation.stage = Stage::Tables;
        let key = operation.key.clone();
        let value = match operation.wish.clone() {
            Wish::Get | Wish::Update(_) => {
                let known = self.keys.contains(&key);
                let question = tables.get(self.now, &key, known);
                self.asked.insert(question, Purpose::Operation(number));
                return;
            }
            Wish::Set(value) => value,
            Wish::Delete => Value::Nil,
        };
        let taken = tables.set(&key, &value);
        self.announce(&key, value.is_nil());
        self.finish(number, if taken { Ok(Outcome::Done) } else { Err(Failure::Full) });
    }

    fn wait(&mut self, number: u64, pause: Duration) {
        let Some(operation) = self.operations.get_mut(&number) else { return };
        self.timers.remove(&(operation.due, number));
        operation.stage = Stage::Waiting;
        operation.due = operation.deadline.min(self.now + pause);
        self.timers.insert((operation.due, number));
    }

    /// Looks at operations whose time has come.
    pub(super) fn look_after_operations(&mut self) {
        while let Some((due, number)) = self.timers.first().copied().filter(|(due, _)| *due <= self.now) {
            self.timers.remove(&(due, number));
            let Some(operation) = self.operations.get_mut(&number) else { continue };
            if operation.deadline <= self.now {
                let waiting = operation.stage == Stage::Waiting;
                self.finish(number, Err(if waiting { Failure::Unreachable } else { Failure::Timeout }));
                continue;
            }
            operation.due = operation.deadline;
            self.timers.insert((operation.deadline, number));
            self.begin(number);
        }
    }

    /// The ring answered a lookup of this node.
    pub(super) fn ring_answered(
        &mut self,
        number: u64,
        outcome: Result<ring::Outcome<super::Peer>, ring::Failure>,
        path: Vec<Id>,
    ) {
        let Some(operation) = self.operations.get_mut(&number) else { return };
        operation.path.extend(path);
        let said = match outcome {
            Ok(ring::Outcome::Value(value)) => {
                let value = value.and_then(|value| record::read(&value)).filter(|(key, _)| *key == operation.key);
                value.map_or(Said::Nothing, |(_, value)| Said::Value(value))
            }
            Ok(ring::Outcome::Written(_)) => Said::Written,
            Ok(ring::Outcome::Owner(_)) => Said::Nothing,
            Err(ring::Failure::Refused(Refusal::Full | Refusal::TooLarge)) => Said::Failed(Failure::Full),
            Err(ring::Failure::Refused(Refusal::Unfit)) => Said::Failed(Failure::NotAMap),
            Err(_) => Said::Failed(Failure::Unreachable),
        };
        self.ring_said(number, said);
    }

    fn ring_said(&mut self, number: u64, said: Said) {
        let tables = self.is_gateway || self.tables_hold();
        let Some(operation) = self.operations.get_mut(&number) else { return };
        let (key, sought) = (operation.key.clone(), operation.sought);
        if matches!(operation.wish, Wish::Update(_)) && operation.stage == Stage::Ring && tables && !sought {
            operation.sought = true;
            return if said == Said::Nothing { self.ask_tables(number) } else { self.ask_ring(number) };
        }
        match (operation.wish.clone(), said) {
            (Wish::Get, Said::Value(value)) => {
                if operation.changed {
                    self.mirror(&key, &value);
                }
                self.finish(number, Ok(Outcome::Value(value)));
            }
            (Wish::Get, Said::Failed(_) | Said::Nothing) if tables => self.ask_tables(number),
            // The key is known: an old peer may have set it just now, and a gateway be about to bring it here.
            (Wish::Get, Said::Nothing) if operation.misses < MISSES && self.keys.contains(&key) => {
                operation.misses += 1;
                self.wait(number, MISS_PAUSE);
            }
            (Wish::Get, Said::Nothing | Said::Written) => {
                self.keys.remove(&key); // what everybody was told of is no more
                self.finish(number, Ok(Outcome::Missing));
            }
            (Wish::Set(value), Said::Written) => {
                self.mirror(&key, &value);
                self.announce(&key, false);
                // What was sought was an update, whose answer is what came of it.
                self.finish(number, Ok(if sought { Outcome::Value(value) } else { Outcome::Done }));
            }
            (Wish::Delete, Said::Written | Said::Nothing) => {
                self.mirror(&key, &Value::Nil);
                self.announce(&key, true);
                self.finish(number, Ok(Outcome::Done));
            }
            (Wish::Update(_), Said::Written) => {
                self.announce(&key, false);
                operation_get(self.operations.get_mut(&number));
                self.begin(number);
            }
            (_, Said::Failed(failure)) => self.finish(number, Err(failure)),
            (_, Said::Value(value)) => self.finish(number, Ok(Outcome::Value(value))),
            (_, Said::Nothing) => self.finish(number, Err(Failure::Unreachable)),
        }
    }

    /// The five tables answered.
    pub(super) fn tables_answered(&mut self, number: u64, value: Option<Value>, path: Vec<Id>) {
        let Some(operation) = self.operations.get_mut(&number) else { return };
        operation.path.extend(path);
        let key = operation.key.clone();
        match (operation.wish.clone(), value) {
            (Wish::Update(_), None) if operation.sought => self.ask_ring(number),
            (Wish::Update(changes), Some(value)) if operation.sought => match merged(&value, &changes) {
                Some(merged) => {
                    operation.wish = Wish::Set(merged);
                    self.ask_ring(number);
                }
                None => self.finish(number, Err(Failure::NotAMap)),
            },
            (Wish::Update(changes), value) => match merged(value.as_ref().unwrap_or(&Value::Nil), &changes) {
                Some(merged) => {
                    let taken = self.tables.as_mut().is_some_and(|tables| tables.update(&key, &changes));
                    self.announce(&key, false);
                    let result = if taken { Ok(Outcome::Value(merged)) } else { Err(Failure::Full) };
                    self.finish(number, result);
                }
                None => self.finish(number, Err(Failure::NotAMap)),
            },
            (_, Some(value)) => {
                if self.ring.is_some() {
                    self.compare(&key, Duration::ZERO);
                }
                self.finish(number, Ok(Outcome::Value(value)));
            }
            (_, None) => self.finish(number, Ok(Outcome::Missing)),
        }
    }

    /// A neighbour outside the ring wants something done.
    pub(super) fn serve(&mut self, from: &Id, number: u64, key: Bytes, wish: Wish) {
        let origin = Origin::Peer { id: from.clone(), number };
        let theirs = self.operations.values().filter(|operation| operation.origin != Origin::Own).count();
        let opened = if theirs < self.config.queries / 2 { self.open(origin, key, wish) } else { Err(Error::Busy) };
        if opened.is_err() {
            let answer = Greeting::Answered { number, result: Err(Failure::Unreachable), path: Vec::new() };
            let _ = self.mesh.whisper_as(self.now, from, FLAG, answer.write());
        }
    }

    /// A member did what this node wanted done.
    pub(super) fn served(&mut self, from: &Id, number: u64, result: Result<Outcome, Failure>, path: Vec<Id>) {
        let Some(operation) = self.operations.get_mut(&number) else { return };
        if operation.stage != Stage::Peer(from.clone()) {
            return;
        }
        operation.path.push(from.clone());
        operation.path.extend(path);
        let said = match result {
            Ok(Outcome::Value(value)) => Said::Value(value),
            Ok(Outcome::Missing) => Said::Nothing,
            Ok(Outcome::Done) => Said::Written,
            Err(failure) => Said::Failed(failure),
        };
        if said == Said::Failed(Failure::Unreachable) {
            return self.wait(number, RETRY); // it may be about to leave: ask another one
        }
        self.ring_said(number, said);
    }

    /// A neighbour is gone: whatever it was asked to do is asked elsewhere.
    pub(super) fn abandoned(&mut self, peer: &Id) {
        let stage = Stage::Peer(peer.clone());
        let numbers = self.operations.iter().filter(|(_, operation)| operation.stage == stage);
        for number in numbers.map(|(number, _)| *number).collect::<Vec<_>>() {
            self.wait(number, Duration::ZERO);
        }
    }

    fn finish(&mut self, number: u64, result: Result<Outcome, Failure>) {
        let Some(operation) = self.operations.remove(&number) else { return };
        self.timers.remove(&(operation.due, number));
        let Operation { key, path, started, .. } = operation;
        match operation.origin {
            Origin::Own => {
                let took = self.now - started;
                self.tell(Event::Answer { query: Query(number), key, result, path, took });
            }
            Origin::Peer { id, number } => {
                let answer = Greeting::Answered { number, result, path };
                let _ = self.mesh.whisper_as(self.now, &id, FLAG, answer.write());
            }
        }
    }

    /// Tells everybody that a key has a new value, or none.
    //= wireworks#3.7/every-change SHOULD
    //# Every set is told, not only the first: gateways learn of changes that way, and old peers' add event means it.
    pub(super) fn announce(&mut self, key: &Bytes, deleted: bool) {
        if deleted {
            self.keys.remove(key);
            if let Some(tables) = &mut self.tables {
                tables.forget(key);
            }
        } else {
            self.keys.insert(key);
        }
        if self.config.announce {
            self.notify(key, deleted);
        }
    }

    /// The same notice twice in a second is one message to everybody, so the second waits for the next second.
    pub(super) fn notify(&mut self, key: &Bytes, deleted: bool) {
        let notice = Message::Notify { key: key.clone(), deleted };
        let sent = self.mesh.broadcast_as(self.now, Flag::Notify, notice.into_values());
        if matches!(sent, Err(mesh::Error::Repeated)) && self.again.len() < self.config.queries {
            self.again.insert(key.clone(), deleted);
            self.schedule.again = self.schedule.again.min(self.now + AGAIN);
        }
    }
}

/// The change is made: what is left is to read the result.
fn operation_get(operation: Option<&mut Operation>) {
    if let Some(operation) = operation {
        operation.wish = Wish::Get;
        operation.changed = true;
    }
}

pub(super) const FLAG: Flag = Flag::Other(FEATURE as u64);
/// Until somebody to ask is looked for again.
const RETRY: Duration = Duration::from_millis(200);
/// Until a known key that was not found is looked for again, and how often.
const MISS_PAUSE: Duration = Duration::from_millis(400);
const MISSES: u32 = 3;
const AGAIN: Duration = Duration::from_millis(1050);
