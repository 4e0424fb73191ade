//! In or out of the ring: whom to join through, when to found a ring, and what neighbours are told of it.
use std::time::Duration;

use bytes::Bytes;
use mesh::Address;
use serializer::Id;
use wire::{Instant, Transport};

use super::event::Event;
use super::frame::{Contact, Peer};
use super::greeting::{Greeting, MAX_KEYS};
use super::operation::FLAG;
use super::{Capable, Node};
use crate::point_of;
use crate::ring::Phase;

impl Node {
    /// Whether this node is, or is about to be, a member: nobody can be one whom others cannot link to.
    //= wireworks#3.6/reachable MUST
    //# A node that listens nowhere stays outside and has neighbours do its questions.
    pub(super) fn will_join(&self) -> bool {
        self.joined && self.ring.as_ref().is_some_and(|ring| ring.own().address.address.port != 0)
    }

    fn phase(&self) -> Option<Phase> {
        self.ring.as_ref().map(|ring| ring.phase())
    }

    /// When to found a ring if nobody is in one by then.
    pub(super) fn founding(&mut self) -> Instant {
        if self.config.mesh.seeds.is_empty() {
            return self.now;
        }
        self.now + FOUNDING + FOUNDING.mul_f64(self.rng.unit())
    }

    /// Joins the ring of a neighbour, or founds one.
    pub(super) fn look_for_ring(&mut self) {
        if self.phase() != Some(Phase::Outside) || !self.will_join() || self.leaving.is_some() {
            return;
        }
        let members: Vec<Id> =
            self.capable.iter().filter(|(_, capable)| capable.member).map(|(id, _)| id.clone()).collect();
        let contacts: Vec<Contact> = members.iter().filter_map(|id| self.contact(id)).collect();
        let chosen = contacts.get(self.rng.below(contacts.len() as u64) as usize).cloned();
        let Some(ring) = &mut self.ring else { return };
        match chosen {
            Some(contact) => ring.join(self.now, contact),
            None if self.schedule.create <= self.now => ring.create(self.now),
            None => {}
        }
    }

    /// The neighbour as the ring knows it.
    pub(super) fn contact(&self, id: &Id) -> Option<Contact> {
        let peer = self.mesh.peer(id)?;
        let unspecified = peer.address.socket().is_some_and(|at| at.ip().is_unspecified());
        let host = if unspecified { peer.remote.ip().to_string().into() } else { peer.address.host.clone() };
        let address = Address::new(host, peer.address.port);
        Some(Contact::new(point_of(id)?, Peer { id: id.clone(), transport: peer.transport, address }))
    }

    /// The ring says that this node is a member now, or could not become one.
    pub(super) fn membership_changed(&mut self, member: bool) {
        if member {
            self.tell(Event::RingJoined);
            self.schedule.offer = self.now + OFFER;
        } else {
            self.schedule.create = self.founding();
        }
        self.say_hello();
    }

    /// Tells every neighbour that knows the ring whether this node is in it.
    pub(super) fn say_hello(&mut self) {
        let capable: Vec<Id> = self.capable.keys().cloned().collect();
        capable.iter().for_each(|id| self.greet(id));
    }

    pub(super) fn greet(&mut self, id: &Id) {
        let member = self.phase() == Some(Phase::Member);
        let hello = Greeting::Hello { member, gateway: self.is_gateway, digest: self.keys.digest() };
        let _ = self.mesh.whisper_as(self.now, id, FLAG, hello.write());
    }

    pub(super) fn greeted(&mut self, from: &Id, greeting: Greeting) {
        match greeting {
            Greeting::Hello { member, gateway, digest } => self.hello(from, Capable { member, gateway }, digest),
            Greeting::Keys(keys) => self.learn(&keys),
            Greeting::Ask { number, key, wish } => self.serve(from, number, key, wish),
            Greeting::Answered { number, result, path } => self.served(from, number, result, path),
        }
    }

    fn hello(&mut self, from: &Id, said: Capable, digest: [u8; 16]) {
        let Some(known) = self.capable.get_mut(from) else { return };
        let news = said.member && !known.member;
        *known = said;
        self.link_gateway(from);
        if digest != self.keys.digest() {
            self.tell_keys(from);
        }
        match self.phase() {
            Some(Phase::Outside) => self.look_for_ring(),
            Some(Phase::Member) if news => self.offer(from),
            _ => {}
        }
    }

    fn offer(&mut self, id: &Id) {
        if let (Some(contact), Some(ring)) = (self.contact(id), &mut self.ring) {
            ring.offer(self.now, contact);
        }
    }

    /// From time to time some neighbour may turn out to be in another ring.
    //= wireworks#3.6/one-ring SHOULD
    //# Members offer each other at every new link and now and then afterwards, so that rings that met become one.
    pub(super) fn offer_again(&mut self) {
        self.schedule.offer = self.now + OFFER.mul_f64(0.5 + self.rng.unit());
        let members: Vec<Id> =
            self.capable.iter().filter(|(_, capable)| capable.member).map(|(id, _)| id.clone()).collect();
        if let Some(id) = members.get(self.rng.below(members.len() as u64) as usize) {
            self.offer(id);
        }
    }

    //= wireworks#3.6/keys SHOULD
    //# A neighbour whose set of keys has another digest is told all of ours, in messages of 256.
    fn tell_keys(&mut self, to: &Id) {
        let keys: Vec<Bytes> = self.keys.iter().cloned().collect();
        for some in keys.chunks(MAX_KEYS) {
            let _ = self.mesh.whisper_as(self.now, to, FLAG, Greeting::Keys(some.to_vec()).write());
        }
    }

    /// Keys that a neighbour knows. What is new is told on.
    fn learn(&mut self, keys: &[Bytes]) {
        for key in keys {
            if !self.keys.contains(key) && self.keys.insert(key) {
                self.tell(Event::Add { key: Bytes::copy_from_slice(key) });
                self.schedule.hello = self.schedule.hello.min(self.now + HELLO);
                if self.is_gateway {
                    self.compare(key, self.config.settle);
                }
            }
        }
    }
}

/// This node as the ring knows it: at the first address that it listens at.
pub(super) fn own_peer(mesh: &mesh::Node) -> Peer {
    let listen = mesh.config().listen.iter().find(|(_, at)| at.port() != 0);
    let (transport, address) =
        listen.map_or((Transport::Tcp, Address::new("0.0.0.0", 0)), |&(transport, at)| (transport, at.into()));
    Peer { id: mesh.id().clone(), transport, address }
}

/// A node with seeds waits once to twice as long for a neighbour's ring before it founds one.
const FOUNDING: Duration = Duration::from_millis(700);
const OFFER: Duration = Duration::from_secs(20);
/// Between learning keys and telling the neighbours that there are more now.
const HELLO: Duration = Duration::from_secs(1);
