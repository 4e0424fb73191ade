//! Carries what comes out of mesh, ring and tables to where it belongs, until all three are idle.
use std::time::Duration;

use bytes::Bytes;
use serializer::{Flag, Id, MainFlag};
use wire::{Instant, Machine, Output};

use super::config::{FEATURE, Mode};
use super::event::Event;
use super::frame::{self, Contact, Peer};
use super::greeting::Greeting;
use super::operation::FLAG;
use super::{Capable, Node, Purpose};
use crate::ring;
use crate::tables::{self, Message};

impl Node {
    pub(super) fn pump(&mut self) {
        loop {
            let progress = self.pump_mesh() | self.pump_ring() | self.pump_tables();
            self.look_for_old_peers();
            if !progress {
                break;
            }
        }
        if self.schedule.state <= self.now {
            self.schedule.state = self.now + STATE;
            self.refresh_state();
        }
    }

    /// Does what its time has come for.
    pub(super) fn work(&mut self) {
        let now = self.now;
        if let Some(ring) = self.ring.as_mut().filter(|ring| ring.deadline().is_some_and(|at| at <= now)) {
            ring.handle_time(now);
        }
        if let Some(tables) = &mut self.tables {
            tables.tick(now);
        }
        for contact in self.links.tick(&mut self.mesh, now) {
            self.unreachable(Some(contact));
        }
        self.look_for_ring();
        self.look_after_operations();
        self.look_after_bridge();
        if self.schedule.offer <= now {
            self.offer_again();
        }
        if self.schedule.hello <= now {
            self.schedule.hello = Instant::FAR;
            self.say_hello();
        }
        if self.schedule.again <= now {
            self.schedule.again = Instant::FAR;
            let again = std::mem::take(&mut self.again);
            again.into_iter().for_each(|(key, deleted)| self.notify(&key, deleted));
        }
    }

    pub(super) fn next_scheduled(&self) -> Option<Instant> {
        let outside = self.ring.as_ref().is_some_and(|ring| ring.phase() == ring::Phase::Outside) && self.will_join();
        let create = (outside && self.leaving.is_none()).then_some(self.schedule.create);
        let schedule = [self.schedule.offer, self.schedule.again, self.schedule.hello];
        let scheduled = schedule.into_iter().filter(|at| *at != Instant::FAR).min();
        [create, scheduled, self.bridge_deadline()].into_iter().flatten().min()
    }

    pub(super) fn unreachable(&mut self, contact: Option<Contact>) {
        if let (Some(contact), Some(ring)) = (contact, &mut self.ring) {
            ring.unreachable(self.now, &contact);
        }
    }

    // ---- the mesh

    fn pump_mesh(&mut self) -> bool {
        let mut progress = false;
        while let Some(output) = self.mesh.poll() {
            progress = true;
            match output {
                Output::Event(event) => self.mesh_told(event),
                other => {
                    if let Output::Connect { conn, remote, .. } = &other {
                        self.connecting.insert(*conn, *remote);
                    }
                    self.outputs.push_back(other.map(Event::Mesh));
                }
            }
        }
        progress
    }

    fn mesh_told(&mut self, event: mesh::Event) {
        match &event {
            mesh::Event::Joined(id) => self.neighbour(id),
            mesh::Event::Left(id, _) => {
                self.capable.remove(id);
                self.links.left(&mut self.mesh, self.now, id);
                self.abandoned(id);
                if let Some(tables) = &mut self.tables {
                    tables.unlinked(self.now, id);
                }
            }
            mesh::Event::Other(incoming) if self.heard(incoming) => return,
            _ => {}
        }
        self.tell(Event::Mesh(event));
    }

    /// A link is up.
    //= wireworks#3.6/capability MUST
    //# Code 0x43 in the handshake decides once for the link: ring messages to those that announced it, tables to the others.
    fn neighbour(&mut self, id: &Id) {
        let capable = self.mesh.peer(id).is_some_and(|peer| peer.features.contains(&FEATURE));
        let refused = self.links.joined(&mut self.mesh, self.now, id);
        self.unreachable(refused);
        if capable && self.config.mode != Mode::Tables {
            self.capable.insert(id.clone(), Capable::default());
            self.greet(id);
        } else if let Some(tables) = &mut self.tables {
            tables.linked(id);
        }
    }

    /// Takes a message that is chord's; false for any other.
    fn heard(&mut self, incoming: &mesh::Incoming) -> bool {
        let Some(flag) = incoming.message.sub() else { return false };
        let whispered = incoming.message.main() != MainFlag::Broadcast && !incoming.routed;
        if flag == FLAG {
            if whispered && self.capable.contains_key(&incoming.from) {
                self.ring_frame(incoming);
            }
            return true;
        }
        match Message::read(flag, incoming.values()) {
            None => false,
            Some(Err(_)) => true,
            Some(Ok(Message::Notify { key, deleted })) => {
                self.noticed(&key, deleted, whispered);
                true
            }
            Some(Ok(message)) => {
                if let Some(tables) = self.tables.as_mut().filter(|tables| tables.is_linked(&incoming.from)) {
                    tables.handle(self.now, &incoming.from, message);
                }
                true
            }
        }
    }

    fn ring_frame(&mut self, incoming: &mesh::Incoming) {
        if let Some(greeting) = Greeting::read(incoming.values()) {
            if let Ok(greeting) = greeting {
                self.greeted(&incoming.from, greeting);
            }
            return;
        }
        let contact = self.contact(&incoming.from);
        if let (Ok(message), Some(contact), Some(ring)) = (frame::read(incoming.values()), contact, &mut self.ring) {
            ring.handle(self.now, &contact, message);
        }
    }

    /// Somebody says that a key has a new value, or none. A whisper is part of a list, and only what is new in it counts.
    //= p2p#3.10/notify MUST
    //# Keys are kept apart from values: every node that is told of a key lists it and tells the application.
    pub(super) fn noticed(&mut self, key: &Bytes, deleted: bool, listed: bool) {
        if key.len() > self.config.key_length {
            return;
        }
        let key = Bytes::copy_from_slice(key);
        if deleted {
            if let Some(tables) = &mut self.tables {
                tables.forget(&key);
            }
            if self.keys.remove(&key) {
                self.tell(Event::Delete { key: key.clone() });
            }
        } else {
            let known = self.keys.contains(&key);
            self.keys.insert(&key);
            if known && listed {
                return;
            }
            self.tell(Event::Add { key: key.clone() });
        }
        self.told_gateway(&key, deleted);
    }

    // ---- the ring

    fn pump_ring(&mut self) -> bool {
        let mut progress = false;
        while let Some(output) = self.ring.as_mut().and_then(ring::Ring::poll) {
            progress = true;
            match output {
                ring::Output::Send { to, message } => {
                    let sent = self.links.send(&mut self.mesh, self.now, &to, frame::write(&message));
                    if sent.is_err() {
                        self.unreachable(Some(to));
                    }
                }
                ring::Output::Event(event) => self.ring_told(event),
            }
        }
        progress
    }

    fn ring_told(&mut self, event: ring::Event<Peer>) {
        match event {
            ring::Event::Joined => self.membership_changed(true),
            ring::Event::JoinFailed => self.membership_changed(false),
            ring::Event::Left => {
                if let Some(leaving) = &mut self.leaving {
                    leaving.0 = false;
                }
                self.schedule.offer = Instant::FAR;
                self.say_hello();
                self.settle_leaving();
            }
            ring::Event::Predecessor(_) | ring::Event::Successor(_) => {
                self.schedule.state = self.now;
                self.tell(Event::RingChanged);
            }
            ring::Event::Answer { id, outcome, path, .. } => {
                let path = path.into_iter().map(|contact| contact.address.id).collect();
                self.looked_up(id, outcome, path);
            }
            _ => {}
        }
    }

    fn looked_up(&mut self, id: ring::LookupId, outcome: Result<ring::Outcome<Peer>, ring::Failure>, path: Vec<Id>) {
        let value = |outcome: Result<ring::Outcome<Peer>, ring::Failure>| match outcome {
            Ok(ring::Outcome::Value(value)) => Ok(value),
            _ => Err(()),
        };
        match self.lookups.remove(&id) {
            Some(Purpose::Operation(number)) => self.ring_answered(number, outcome, path),
            Some(Purpose::Miss(position)) => {
                let record = value(outcome).ok().flatten().and_then(|value| super::record::read(&value));
                if let Some(tables) = &mut self.tables {
                    tables.supply(position, record.map(|(_, value)| value));
                }
            }
            Some(Purpose::Compare(key)) => self.ring_compared(&key, value(outcome)),
            Some(Purpose::Copy(key, value)) => self.copied(&key, &value, outcome.is_ok()),
            None => {}
        }
    }

    // ---- the tables

    fn pump_tables(&mut self) -> bool {
        let mut progress = false;
        while let Some(output) = self.tables.as_mut().and_then(tables::Tables::poll) {
            progress = true;
            match output {
                tables::Output::Send { to, message } => self.whisper(&to, message),
                tables::Output::Meta { to, keys } => self.send_meta(&to, keys),
                tables::Output::Answer { query, value, path } => match self.asked.remove(&query) {
                    Some(Purpose::Operation(number)) => self.tables_answered(number, value, path),
                    Some(Purpose::Compare(key)) => self.tables_compared(&key, value),
                    _ => {}
                },
                tables::Output::Miss { position } => self.missed(position),
                tables::Output::Touched { position, deleted } => self.touched(&position, deleted),
                tables::Output::HandedOver => {
                    if let Some(leaving) = &mut self.leaving {
                        leaving.1 = false;
                    }
                    self.settle_leaving();
                }
            }
        }
        progress
    }

    fn whisper(&mut self, to: &Id, message: Message) {
        let flag: Flag = message.flag();
        let _ = self.mesh.whisper_as(self.now, to, flag, message.into_values()); // the link may be gone already
    }

    //= p2p#3.10/keys-told SHOULD
    //# After the state, once a link: later keys come by broadcast anyway.
    fn send_meta(&mut self, to: &Id, keys: bool) {
        let storing = self.tables.as_ref().is_some_and(tables::Tables::is_joined);
        self.whisper(to, Message::Meta { storing });
        if keys {
            let keys: Vec<Bytes> = self.keys.iter().cloned().collect();
            keys.into_iter().for_each(|key| self.whisper(to, Message::Notify { key, deleted: false }));
        }
    }

    /// Tells when everything is handed over, and the last messages had a moment to go out.
    pub(super) fn settle_leaving(&mut self) {
        if self.leaving == Some((false, false)) {
            self.leaving = None;
            self.tell(Event::Unjoined);
        }
    }
}

/// Between two looks at what surveys are told.
const STATE: Duration = Duration::from_millis(500);
