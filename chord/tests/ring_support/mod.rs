//! A dense event loop for rings of many nodes: one heap, addresses that are indices, messages moved and never copied.
#![allow(dead_code)] // each test uses a part
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::time::Duration;

use chord::Key;
use chord::ring::{Config, Contact, Event, LookupId, Message, Outcome, Output, Ring};
use wire::{Instant, Rng};

pub type Node = Ring<u32>;

/// What a lookup, read or write of a node came to.
#[derive(Clone, Debug)]
pub struct Answer {
    pub key: Key,
    pub outcome: Result<Outcome<u32>, chord::ring::Failure>,
    pub hops: usize,
    pub timeouts: usize,
    /// The node responsible at the moment of the answer.
    pub owner: Key,
}

impl Answer {
    pub fn is_right(&self) -> bool {
        matches!(&self.outcome, Ok(Outcome::Owner(node)) if node.id == self.owner)
    }
}

pub struct Net {
    pub now: Instant,
    pub rng: Rng,
    pub nodes: Vec<Option<Node>>,
    /// Members that are alive, by id.
    pub members: BTreeMap<Key, u32>,
    pub answers: BTreeMap<(u32, LookupId), Answer>,
    pub delivered: u64,
    /// Mean of the exponential delay of a message.
    pub delay: Duration,
    /// Part of the messages that is lost.
    pub loss: f64,
    config: Config,
    wake: Vec<Instant>,
    queue: BinaryHeap<Reverse<(Instant, u64, u32)>>,
    carried: Vec<Option<Carried>>,
    free: Vec<u32>,
    sequence: u64,
}

/// A message under way: from whom, to which node, and what.
type Carried = (Contact<u32>, u32, Message<u32>);

/// In the queue, a number from here on is a message and not a node.
const MESSAGE: u32 = 1 << 31;

impl Net {
    pub fn new(seed: u64, config: Config) -> Net {
        Net {
            now: Instant::ZERO,
            rng: Rng::from_u64(seed),
            nodes: Vec::new(),
            members: BTreeMap::new(),
            answers: BTreeMap::new(),
            delivered: 0,
            delay: Duration::from_millis(50),
            loss: 0.0,
            config,
            wake: Vec::new(),
            queue: BinaryHeap::new(),
            carried: Vec::new(),
            free: Vec::new(),
            sequence: 0,
        }
    }

    pub fn random_key(&mut self) -> Key {
        let mut bytes = [0; Key::BYTES];
        self.rng.fill(&mut bytes);
        Key::from_bytes(&bytes)
    }

    /// A node outside of any ring.
    pub fn spawn(&mut self) -> u32 {
        let id = self.random_key();
        let at = self.nodes.len() as u32;
        let rng = self.rng.split();
        self.nodes.push(Some(Ring::new(Contact::new(id, at), self.config.clone(), rng)));
        self.wake.push(Instant::FAR);
        at
    }

    /// A whole ring of `n` nodes at rest, each with the state that stabilisation would end with.
    pub fn ready(seed: u64, n: usize, config: Config) -> Net {
        let mut net = Net::new(seed, config);
        let mut ids: Vec<Key> = (0..n).map(|_| net.random_key()).collect();
        ids.sort();
        let all: Vec<_> = ids.iter().enumerate().map(|(at, id)| Contact::new(*id, at as u32)).collect();
        for (at, own) in all.iter().enumerate() {
            let contacts = state(&all, at, net.config.successors);
            let rng = net.rng.split();
            let node = Ring::resume(net.now, *own, net.config.clone(), rng, contacts);
            net.nodes.push(Some(node));
            net.wake.push(Instant::FAR);
            net.members.insert(own.id, own.address);
            net.drain(own.address);
        }
        net
    }

    pub fn node(&self, at: u32) -> &Node {
        self.nodes[at as usize].as_ref().expect("a living node")
    }

    pub fn contact(&self, at: u32) -> Contact<u32> {
        *self.node(at).own()
    }

    pub fn alive(&self) -> Vec<u32> {
        self.members.values().copied().collect()
    }

    pub fn any(&mut self) -> u32 {
        let at = self.rng.below(self.members.len() as u64) as usize;
        if let Some(start) = self.members.values().nth(at) { *start } else { panic!("nobody is left") }
    }

    /// The member responsible for the key.
    pub fn owner(&self, key: &Key) -> Key {
        let next = self.members.range(key..).next().or_else(|| self.members.iter().next());
        *next.expect("a ring").0
    }

    pub fn command<T>(&mut self, at: u32, command: impl FnOnce(&mut Node, Instant) -> T) -> T {
        let now = self.now;
        let result = command(self.nodes[at as usize].as_mut().expect("a living node"), now);
        self.drain(at);
        result
    }

    pub fn create(&mut self) -> u32 {
        let at = self.spawn();
        self.command(at, |node, now| node.create(now));
        at
    }

    pub fn join(&mut self, via: u32) -> u32 {
        let at = self.spawn();
        let via = self.contact(via);
        self.command(at, |node, now| node.join(now, via));
        at
    }

    pub fn kill(&mut self, at: u32) {
        let id = self.contact(at).id;
        self.members.remove(&id);
        self.nodes[at as usize] = None;
    }

    pub fn lookup(&mut self, at: u32, key: Key) -> (u32, LookupId) {
        (at, self.command(at, |node, now| node.lookup(now, key)))
    }

    /// Runs until the virtual clock shows `end`.
    pub fn run_until(&mut self, end: Instant) {
        while let Some(Reverse((at, _, what))) = self.queue.peek().copied().filter(|Reverse((at, ..))| *at <= end) {
            self.queue.pop();
            self.now = at;
            if what >= MESSAGE {
                self.deliver((what - MESSAGE) as usize);
            } else {
                self.wake(what);
            }
        }
        self.now = end;
    }

    pub fn run(&mut self, time: Duration) {
        self.run_until(self.now + time);
    }

    fn wake(&mut self, at: u32) {
        let Some(node) = self.nodes[at as usize].as_mut().filter(|_| self.wake[at as usize] == self.now) else {
            return;
        };
        self.wake[at as usize] = Instant::FAR;
        if node.deadline().is_some_and(|due| due <= self.now) {
            node.handle_time(self.now);
        }
        self.drain(at);
    }

    fn deliver(&mut self, slot: usize) {
        let Some((from, to, message)) = self.carried[slot].take() else { return };
        self.free.push(slot as u32);
        if let Some(node) = &mut self.nodes[to as usize] {
            self.delivered += 1;
            node.handle(self.now, &from, message);
            self.drain(to);
        }
    }

    fn drain(&mut self, at: u32) {
        while let Some(output) = self.nodes[at as usize].as_mut().and_then(Ring::poll) {
            match output {
                Output::Send { to, message } => self.carry(at, to, message),
                Output::Event(event) => self.happened(at, event),
            }
        }
        let Some(due) = self.nodes[at as usize].as_ref().and_then(Ring::deadline) else { return };
        if due < self.wake[at as usize] {
            self.wake[at as usize] = due;
            self.push(due, at);
        }
    }

    fn carry(&mut self, at: u32, to: Contact<u32>, message: Message<u32>) {
        if self.loss > 0.0 && self.rng.chance(self.loss) {
            return;
        }
        let from = *self.node(at).own();
        let delay = self.delay.mul_f64(-(1.0 - self.rng.unit()).ln());
        let slot = self.free.pop().unwrap_or_else(|| {
            self.carried.push(None);
            self.carried.len() as u32 - 1
        });
        self.carried[slot as usize] = Some((from, to.address, message));
        self.push(self.now + delay, MESSAGE + slot);
    }

    fn push(&mut self, at: Instant, what: u32) {
        self.sequence += 1;
        self.queue.push(Reverse((at, self.sequence, what)));
    }

    fn happened(&mut self, at: u32, event: Event<u32>) {
        match event {
            Event::Joined => _ = self.members.insert(self.contact(at).id, at),
            Event::Left => _ = self.members.remove(&self.contact(at).id),
            Event::Answer { id, key, outcome, path, timeouts } => {
                let owner = self.owner(&key);
                self.answers.insert((at, id), Answer { key, outcome, hops: path.len(), timeouts, owner });
            }
            _ => (),
        }
    }
}

/// The contacts of node `at` in a ring at rest: its successors, its predecessor, and the first node after each power of two.
pub fn state(all: &[Contact<u32>], at: usize, successors: usize) -> Vec<Contact<u32>> {
    let own = all[at].id;
    let mut contacts: Vec<_> = (1..=successors.min(all.len() - 1)).map(|n| all[(at + n) % all.len()]).collect();
    let end = contacts.last().and_then(|c| own.distance(&c.id).magnitude()).unwrap_or(Key::BITS);
    for bit in end..Key::BITS {
        contacts.push(all[all.partition_point(|c| c.id < own.ahead(bit)) % all.len()]);
    }
    contacts.push(all[(at + all.len() - 1) % all.len()]);
    contacts
}
