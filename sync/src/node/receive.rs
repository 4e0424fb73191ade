//! What other nodes say: live writes, transfers and repairs.

use bytes::Bytes;
use serializer::{Flag, Id, Message, Value};

use super::{Node, REPAIR};
use crate::{Change, Error, Event, Mark, Repair, What, Write};

impl Node {
    /// Takes what concerns the table out of the mesh's events and hands the rest on.
    pub(super) fn digest(&mut self, event: mesh::Event) {
        match event {
            mesh::Event::Other(incoming) => match incoming.message.sub() {
                Some(Flag::Store) => self.on_write(&incoming.message, store),
                Some(Flag::Delta) => self.on_write(&incoming.message, delta),
                Some(Flag::Other(code)) if code == u64::from(REPAIR) => self.on_repair(&incoming),
                _ => self.out.push_back(Event::Mesh(mesh::Event::Other(incoming))),
            },
            mesh::Event::Joined(id) => {
                self.greet(&id);
                self.out.push_back(Event::Mesh(mesh::Event::Joined(id)));
            }
            mesh::Event::Left(id, reason) => {
                self.forget(&id);
                self.out.push_back(Event::Mesh(mesh::Event::Left(id, reason)));
            }
            event => self.out.push_back(Event::Mesh(event)),
        }
    }

    fn on_write(&mut self, message: &Message, read: fn(&Message) -> Option<Said>) {
        //= p2p#3.9/junk MUST
        //# What cannot be read as a write is counted and told to the application; the link has done nothing wrong.
        let Some(said) = read(message) else {
            self.stats.malformed += 1;
            return self.refuse(message.sender(), None, Error::Malformed);
        };
        let (key, now) = (said.write.key.clone(), self.seconds());
        let result =
            if said.transferred { self.table.transferred(said.write, now) } else { self.table.write(said.write, now) };
        match result {
            Ok(change) => {
                self.stats.applied += 1;
                self.changed(key, change);
            }
            // What everyone tells a new node is known after the first.
            Err(Error::Stale) if said.transferred => {}
            //= p2p#3.9/remote-refusal MUST
            //# Counted and told to the application here; nothing goes back.
            Err(reason) => {
                self.stats.refused += 1;
                self.refuse(message.sender(), Some(key), reason);
            }
        }
    }

    fn on_repair(&mut self, incoming: &mesh::Incoming) {
        let from = incoming.from.clone();
        let Some(message) = Repair::from_values(incoming.values()).filter(|_| self.can_repair(&from)) else {
            self.stats.malformed += 1;
            return self.refuse(&from, None, Error::Malformed);
        };
        let mut budget = self.budget(&from);
        let now = self.seconds();
        let outcome = message.answer(&mut self.table, now, &mut budget);
        self.spent(&from, budget);
        self.stats.refused += outcome.refused as u64;
        self.stats.kept_back += outcome.kept_back as u64;
        for answer in &outcome.answers {
            self.stats.answers += 1;
            let _ = self.mesh.whisper_as(self.now, &from, Flag::Other(u64::from(REPAIR)), answer.to_values());
        }
        for (key, change) in outcome.changes {
            self.stats.repaired += u64::from(change != Change::None);
            self.changed(key, change);
        }
        if outcome.learnt {
            self.spread();
        }
        if outcome.kept_back > 0 {
            let later = self.now + self.config.limits.repair_refill;
            self.due.entry(from).or_insert(later);
        }
    }

    fn refuse(&mut self, sender: &Id, key: Option<Bytes>, reason: Error) {
        self.out.push_back(Event::Refused { sender: sender.clone(), key, reason });
    }
}

/// A message as a write.
struct Said {
    write: Write,
    transferred: bool,
}

/// `[key, value]`, perhaps with a mark, is a write of the sender's; `[key, value, owner, time]` tells of a write.
fn store(message: &Message) -> Option<Said> {
    let [key, value, rest @ ..] = message.values() else { return None };
    let mut said = said(message, key, What::Set(value.clone()), rest.first())?;
    if let [owner, time] = rest {
        said.write = Write { owner: Id::from_value(owner).ok()?, time: seconds(time)?, mark: None, ..said.write };
        said.transferred = true;
    }
    Some(said)
}

/// `[key, map]`, perhaps with a mark.
fn delta(message: &Message) -> Option<Said> {
    let [key, Value::Map(fields), rest @ ..] = message.values() else { return None };
    said(message, key, What::Delta(fields.clone()), rest.first())
}

//= p2p#3.9/key-bytes MUST
//# The bytes of a string or of bytes: js2p writes the keys of a transfer as strings.
fn said(message: &Message, key: &Value, what: What, mark: Option<&Value>) -> Option<Said> {
    let (owner, time) = (message.sender().clone(), message.time());
    let write = Write { key: key.as_bytes()?.clone(), what, owner, time, mark: mark.and_then(Mark::from_value) };
    Some(Said { write, transferred: false })
}

/// A time, which js2p writes as a float from 2038 on.
fn seconds(value: &Value) -> Option<u64> {
    let float = || value.as_f64().filter(|time| *time >= 0.0 && *time < 2f64.powi(53)).map(|time| time as u64);
    value.as_u64().or_else(float)
}
