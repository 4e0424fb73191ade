//! What one node knows of the others: predecessor, successor list, fingers, and who did not answer lately.
use std::collections::BTreeMap;

use wire::Instant;

use super::{Address, Contact, covering, preceding};
use crate::Key;

/// The routing state of one node. Both lists are ordered clockwise from the node itself and never contain it.
#[derive(Clone, Debug)]
pub struct Routes<A> {
    own: Key,
    length: usize,
    floor: Option<Key>,
    closed: bool,
    predecessor: Option<Contact<A>>,
    successors: Vec<Contact<A>>,
    fingers: Vec<Contact<A>>,
    suspects: BTreeMap<Key, Instant>,
}

/// What a node knows about the way to a key: see [`Message::Found`](super::Message::Found).
pub(super) struct Way<A> {
    pub owner: bool,
    pub covered: bool,
    pub preceding: Vec<Contact<A>>,
    pub following: Vec<Contact<A>>,
    pub predecessor: Option<Contact<A>>,
}

impl<A: Address> Routes<A> {
    pub(super) fn new(own: Key, length: usize) -> Routes<A> {
        let (predecessor, successors, fingers, suspects) = Default::default();
        Routes { own, length: length.max(1), floor: None, closed: false, predecessor, successors, fingers, suspects }
    }

    /// The nearest node before this one.
    pub fn predecessor(&self) -> Option<&Contact<A>> {
        self.predecessor.as_ref()
    }

    /// The next nodes after this one, nearest first (paper section 4.5).
    pub fn successors(&self) -> &[Contact<A>] {
        &self.successors
    }

    /// The finger table without its repetitions: of each distance from 2^i to 2^(i+1) - 1 the nearest node, where there
    /// is one. What stands nearer than the end of the successor list is left to that list.
    pub fn fingers(&self) -> &[Contact<A>] {
        &self.fingers
    }

    //= chord#4.4/fingers MUST
    //# Answered from the successor list where it reaches, else from the one node stored for each power of two.
    /// The node at or after the point 2^`bit` ahead: one entry of the paper's finger table (section 4.4). `None` when
    /// no other node lies between that point and this node.
    pub fn finger(&self, bit: u16) -> Option<&Contact<A>> {
        let start = self.own.ahead(bit);
        let first = |list| covering(&self.own, &start, list, |c: &Contact<A>| c.id).first();
        // A point inside the successor list is the list's business, as it misses nobody there.
        first(&self.successors).or_else(|| first(&self.fingers))
    }

    /// Every node known, each once, nearest first.
    pub fn contacts(&self) -> Vec<Contact<A>> {
        let mut all: Vec<_> =
            preceding(&self.own, &self.own, &self.fingers, &self.successors, |c| c.id).cloned().collect();
        all.reverse();
        let known = |p: &Contact<A>| all.iter().any(|c| c.id == p.id);
        if let Some(p) = self.predecessor.clone().filter(|p| !known(p)) {
            all.push(p);
        }
        all
    }

    pub(super) fn way(&self, key: &Key, limit: usize) -> Way<A> {
        let owner = self.owns(key);
        let ahead = covering(&self.own, key, &self.successors, |c| c.id);
        let following: Vec<_> = if owner { &self.successors } else { ahead }.to_vec();
        let preceding =
            preceding(&self.own, key, &self.fingers, &self.successors, |c| c.id).take(limit).cloned().collect();
        Way { owner, covered: !ahead.is_empty(), preceding, following, predecessor: self.predecessor.clone() }
    }

    /// Whether this node is responsible for the key: it lies behind the predecessor, or behind the last one known while
    /// there is none (paper section 4.2). A node without neighbours is responsible for everything.
    //= chord#4.2/successor MUST
    //# Ownership is membership of (predecessor, self]; it can only grow while the predecessor is unknown.
    pub fn owns(&self, key: &Key) -> bool {
        match self.floor {
            Some(floor) => key.is_within(&floor, &self.own),
            None => self.predecessor.is_none() && self.successors.is_empty(),
        }
    }

    /// Behind which point the responsibility of this node starts, once it had a predecessor or is alone.
    pub(super) fn floor(&self) -> Option<Key> {
        self.floor
    }

    /// A ring of this node alone: all keys are its own.
    pub(super) fn stand_alone(&mut self) {
        self.floor = Some(self.own);
        self.closed = false;
        self.predecessor = None;
        self.successors.clear();
        self.fingers.clear();
    }

    /// Takes contacts in clockwise order: the first as successors, all as fingers, the last as predecessor.
    pub(super) fn resume(&mut self, contacts: Vec<Contact<A>>) {
        match contacts.last() {
            Some(predecessor) => _ = self.set_predecessor(predecessor.clone()),
            None => self.floor = Some(self.own),
        }
        self.successors = contacts.iter().take(self.length).cloned().collect();
        contacts.iter().for_each(|contact| self.heard(contact));
    }

    /// Takes a predecessor. Whether this node became responsible for more than before.
    pub(super) fn set_predecessor(&mut self, predecessor: Contact<A>) -> bool {
        let id = predecessor.id;
        let grown = self.floor.is_none_or(|floor| id != floor && !id.is_between(&floor, &self.own));
        self.floor = Some(id);
        self.predecessor = Some(predecessor);
        grown
    }

    /// Takes the list of `first`, which is the first successor: entries that do not lead on clockwise, that come back
    /// to this node or that did not answer lately are left out.
    //= chord#4.5/successor-list MUST
    //# The first successor followed by its own list without the last: cut where it no longer leads clockwise.
    pub(super) fn take_list(&mut self, first: Contact<A>, list: &[Contact<A>]) {
        if first.id == self.own {
            return;
        }
        let old = std::mem::replace(&mut self.successors, vec![first]);
        self.closed = false;
        for contact in list {
            let last = self.successors.last().map_or(self.own, |c| c.id);
            if self.successors.len() >= self.length {
                break;
            }
            if !contact.id.is_between(&last, &self.own) {
                self.closed = true;
                break;
            }
            if !self.is_suspect(&contact.id) {
                // An address heard from the node itself is better than hearsay.
                let known = old.iter().find(|c| c.id == contact.id);
                self.successors.push(known.unwrap_or(contact).clone());
            }
        }
        // A list that ended early leaves room for what was known before.
        for contact in old {
            let last = self.successors.last().map_or(self.own, |c| c.id);
            if !self.closed && self.successors.len() < self.length && contact.id.is_between(&last, &self.own) {
                self.successors.push(contact);
            }
        }
        self.trim_fingers();
    }

    /// Puts a node that is alive into the successor list, where it belongs there. Whether it is the first now.
    pub(super) fn insert_successor(&mut self, contact: &Contact<A>) -> bool {
        if contact.id == self.own {
            return false;
        }
        let at = self.successors.partition_point(|c| c.id.is_between(&self.own, &contact.id));
        match self.successors.get_mut(at) {
            Some(same) if same.id == contact.id => same.address = contact.address.clone(),
            _ => self.successors.insert(at, contact.clone()),
        }
        self.successors.truncate(self.length);
        self.trim_fingers();
        at == 0
    }

    /// The first finger that has to be looked up: `None` when the successor list closes the circle.
    pub(super) fn first_finger(&self) -> Option<u16> {
        let last = self.successors.last().filter(|_| !self.closed)?;
        self.own.distance(&last.id).magnitude().map(|bit| bit + 1).filter(|&bit| bit < Key::BITS)
    }

    /// `contact` is the first node from 2^`bit` ahead on. The next finger worth asking for, if there is one.
    pub(super) fn finger_found(&mut self, bit: u16, contact: &Contact<A>) -> Option<u16> {
        let start = self.own.ahead(bit);
        let wrapped = contact.id == self.own || !contact.id.is_within(&start, &self.own) && contact.id != start;
        let reached = if wrapped { None } else { self.own.distance(&contact.id).magnitude() };
        let upper = reached.unwrap_or(Key::BITS - 1);
        let own = self.own;
        self.fingers.retain(|c| !own.distance(&c.id).magnitude().is_some_and(|at| (bit..=upper).contains(&at)));
        if reached.is_some() {
            let at = self.fingers.partition_point(|c| c.id.is_between(&own, &contact.id));
            self.fingers.insert(at, contact.clone());
            self.trim_fingers();
        }
        Some(upper + 1).filter(|&bit| bit < Key::BITS)
    }

    /// A member answered: it may be a better finger than the one known, and is no suspect.
    pub(super) fn heard(&mut self, contact: &Contact<A>) {
        let Some(bit) = self.own.distance(&contact.id).magnitude() else { return };
        if self.first_finger().is_none_or(|first| bit < first) {
            return;
        }
        let own = self.own;
        let at = self.fingers.partition_point(|c| own.distance(&c.id).magnitude() < Some(bit));
        match self.fingers.get_mut(at) {
            Some(same) if same.id == contact.id => same.address = contact.address.clone(),
            Some(other) if own.distance(&other.id).magnitude() == Some(bit) => {
                if contact.id.is_between(&own, &other.id) {
                    *other = contact.clone();
                }
            }
            _ => self.fingers.insert(at, contact.clone()),
        }
        self.trim_fingers();
    }

    /// Forgets a node that does not answer, until `until` also when others name it.
    pub(super) fn suspect(&mut self, id: &Key, until: Instant) {
        self.remove(id);
        if self.suspects.len() >= MAX_SUSPECTS
            && let Some(oldest) = self.suspects.iter().min_by_key(|(_, until)| **until).map(|(id, _)| *id)
        {
            self.suspects.remove(&oldest);
        }
        self.suspects.insert(*id, until);
    }

    pub(super) fn remove(&mut self, id: &Key) {
        self.predecessor.take_if(|p| p.id == *id);
        self.successors.retain(|c| c.id != *id);
        self.fingers.retain(|c| c.id != *id);
        if self.successors.is_empty() {
            // The nearest of whoever is left; stabilisation finds the way back from there (paper section 4.5).
            self.successors.extend(self.fingers.first().cloned().or_else(|| self.predecessor.clone()));
        }
    }

    /// Whether the node did not answer lately.
    pub(super) fn is_suspect(&self, id: &Key) -> bool {
        self.suspects.contains_key(id)
    }

    /// It answered after all. Whether it was suspected.
    pub(super) fn absolve(&mut self, id: &Key) -> bool {
        !self.suspects.is_empty() && self.suspects.remove(id).is_some()
    }

    pub(super) fn forget_suspects(&mut self, now: Instant) {
        self.suspects.retain(|_, until| *until > now);
    }

    /// Fingers that the successor list makes superfluous go.
    fn trim_fingers(&mut self) {
        let Some(first) = self.first_finger() else { return self.fingers.clear() };
        let inside = self.fingers.partition_point(|c| self.own.distance(&c.id).magnitude() < Some(first));
        self.fingers.drain(..inside);
    }
}

const MAX_SUSPECTS: usize = 1_024;
