//! Links to ring nodes: opened when something is to be said, closed when nothing was said for a while.
use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::time::Duration;

use serializer::{Flag, Id, Value};
use wire::Instant;

use super::config::FEATURE;
use super::frame::Contact;

/// What is said over links, and what waits for one.
#[derive(Debug)]
pub(super) struct Links {
    bounds: Bounds,
    /// Links opened for the ring, and when something was last said over them.
    opened: BTreeMap<Id, Instant>,
    dialling: BTreeMap<Id, Dialling>,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub idle: Duration,
    pub links: usize,
    pub dial: Duration,
    pub waiting: usize,
}

#[derive(Debug)]
struct Dialling {
    to: Contact,
    queue: VecDeque<Vec<Value>>,
    deadline: Instant,
}

/// The node cannot be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unreachable;

impl Links {
    pub fn new(bounds: Bounds) -> Links {
        Links { bounds, opened: BTreeMap::new(), dialling: BTreeMap::new() }
    }

    /// Says `values` under sub flag 0x43 to a ring node, over a new link if there is none.
    //= wireworks#3.6/links SHOULD
    //# Links are opened on demand, messages wait in a bounded queue meanwhile, and who cannot be reached in time is
    //# reported to the ring.
    pub fn send(
        &mut self,
        mesh: &mut mesh::Node,
        now: Instant,
        to: &Contact,
        values: Vec<Value>,
    ) -> Result<(), Unreachable> {
        let peer = &to.address;
        if mesh.peer(&peer.id).is_some() {
            if let Some(used) = self.opened.get_mut(&peer.id) {
                *used = now;
            }
            return mesh.whisper_as(now, &peer.id, FLAG, values).map(|_| ()).map_err(|_| Unreachable);
        }
        if let Some(dialling) = self.dialling.get_mut(&peer.id) {
            if dialling.queue.len() < self.bounds.waiting {
                dialling.queue.push_back(values);
            }
            return Ok(());
        }
        if peer.address.port == 0 || self.dialling.len() >= self.bounds.links {
            return Err(Unreachable);
        }
        self.make_room(mesh, now);
        mesh.link(now, &peer.id, peer.transport, peer.address.clone());
        let deadline = now + self.bounds.dial;
        let dialling = Dialling { to: to.clone(), queue: VecDeque::from([values]), deadline };
        self.dialling.insert(peer.id.clone(), dialling);
        Ok(())
    }

    /// A link is up: what waited for it goes. Whom the ring should count as unreachable, because it does not speak its
    /// language after all.
    pub fn joined(&mut self, mesh: &mut mesh::Node, now: Instant, id: &Id) -> Option<Contact> {
        let dialling = self.dialling.remove(id)?;
        self.opened.insert(id.clone(), now);
        for values in dialling.queue {
            if mesh.whisper_as(now, id, FLAG, values).is_err() {
                mesh.unlink(now, id);
                self.opened.remove(id);
                return Some(dialling.to);
            }
        }
        None
    }

    /// A link is gone. That says nothing about the node: links end when they are idle.
    pub fn left(&mut self, mesh: &mut mesh::Node, now: Instant, id: &Id) {
        if self.opened.remove(id).is_some() {
            mesh.unlink(now, id);
        }
    }

    /// A connection to that address could not be opened: who is behind it cannot be reached.
    pub fn refused(&mut self, mesh: &mut mesh::Node, now: Instant, address: SocketAddr) -> Option<Contact> {
        let id =
            self.dialling.iter().find(|(_, dialling)| dialling.to.address.address.socket() == Some(address))?.0.clone();
        mesh.unlink(now, &id);
        Some(self.dialling.remove(&id)?.to)
    }

    /// Gives up what takes too long and closes what is not used; whom the ring should count as unreachable.
    pub fn tick(&mut self, mesh: &mut mesh::Node, now: Instant) -> Vec<Contact> {
        let late = |(_, dialling): &(&Id, &Dialling)| dialling.deadline <= now;
        let late: Vec<Id> = self.dialling.iter().filter(late).map(|(id, _)| id.clone()).collect();
        let unreachable = late.iter().filter_map(|id| self.dialling.remove(id)).map(|dialling| dialling.to).collect();
        let idle = self.opened.iter().filter(|(_, used)| **used + self.bounds.idle <= now).map(|(id, _)| id.clone());
        let idle: Vec<Id> = idle.collect();
        for id in idle.iter().chain(&late) {
            mesh.unlink(now, id);
            self.opened.remove(id);
        }
        unreachable
    }

    pub fn deadline(&self) -> Option<Instant> {
        let dialling = self.dialling.values().map(|dialling| dialling.deadline);
        dialling.chain(self.opened.values().map(|used| *used + self.bounds.idle)).min()
    }

    /// The least recently used link goes when there are as many as may be.
    fn make_room(&mut self, mesh: &mut mesh::Node, now: Instant) {
        if self.opened.len() + self.dialling.len() < self.bounds.links {
            return;
        }
        if let Some(id) = self.opened.iter().min_by_key(|(_, used)| **used).map(|(id, _)| id.clone()) {
            mesh.unlink(now, &id);
            self.opened.remove(&id);
        }
    }
}

const FLAG: Flag = Flag::Other(FEATURE as u64);
