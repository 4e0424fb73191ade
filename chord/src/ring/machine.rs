use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::Duration;

use bytes::Bytes;
use foldhash::fast::FixedState;
use wire::{Instant, Rng};

use super::query::{Op, Query, Running};
use super::question::{About, Questions};
use super::repair::{Role, Sync};
use super::routes::Routes;
use super::store::Store;
use super::write::Write;
use super::{Address, Change, Config, Contact, Entry, Event, LookupId, Message, Output, Phase, Reason, Stimulus};
use crate::Key;

/// One node of a ring.
///
/// Give it one input, then call [`Ring::poll`] until it says `None`, then wait for the next input or for
/// [`Ring::deadline`], whichever comes first.
///
/// ```
/// use chord::{Key, ring::{Config, Contact, Event, Outcome, Output, Ring}};
/// use wire::{Instant, Rng};
///
/// let contacts = [Contact::new(Key::from(10), 0), Contact::new(Key::from(90), 1)]; // the address is an index here
/// let mut nodes = contacts.map(|own| Ring::new(own, Config::default(), Rng::from_u64(own.id.high())));
/// nodes[0].create(Instant::ZERO);
/// nodes[1].join(Instant::ZERO, contacts[0]);
/// let mut owner = None;
/// for now in (0..100).map(Instant::from_millis) {
///     if now == Instant::from_millis(50) {
///         nodes[0].lookup(now, Key::from(50));
///     }
///     for at in [0, 1] {
///         while let Some(output) = nodes[at].poll() {
///             match output {
///                 Output::Send { to, message } => nodes[to.address].handle(now, &contacts[at], message),
///                 Output::Event(Event::Answer { outcome: Ok(Outcome::Owner(node)), .. }) => owner = Some(node),
///                 Output::Event(_) => (),
///             }
///         }
///     }
/// }
/// assert_eq!(owner, Some(contacts[1])); // 50 lies between 10 and 90
/// ```
#[derive(Debug)]
pub struct Ring<A> {
    pub(super) own: Contact<A>,
    pub(super) config: Config,
    pub(super) rng: Rng,
    pub(super) phase: Phase,
    pub(super) now: Instant,
    pub(super) routes: Routes<A>,
    pub(super) questions: Questions<A>,
    pub(super) lookups: BTreeMap<u64, Running<A>>,
    pub(super) queries: BTreeMap<LookupId, Query<A>>,
    pub(super) writes: BTreeMap<u64, Write<A>>,
    pub(super) syncs: BTreeMap<(Key, Role), Sync<A>>,
    pub(super) store: Store,
    pub(super) next_id: u64,
    pub(super) stabilize_at: Instant,
    pub(super) repair_at: Instant,
    /// The finger to ask for next, and how many are still to be asked for in this round.
    pub(super) next_finger: u16,
    pub(super) fingers_left: usize,
    /// Claims to be the predecessor, while the one known is asked whether it lives.
    pub(super) suitor: Option<Contact<A>>,
    /// Told this node its place while joining: probably its predecessor.
    pub(super) usher: Option<Contact<A>>,
    /// What belongs to this node's range has been fetched from those who held it before.
    pub(super) settled: bool,
    pub(super) merged_at: Option<Instant>,
    told_predecessor: Option<Key>,
    told_successor: Option<Key>,
    pub(super) replicas: Vec<Key>,
    asked_by: HashMap<Key, u32, FixedState>,
    second: u64,
    outputs: VecDeque<Output<A>>,
}

impl<A: Address> Ring<A> {
    /// A node outside of any ring.
    pub fn new(own: Contact<A>, config: Config, rng: Rng) -> Ring<A> {
        let routes = Routes::new(own.id, config.successors);
        Ring {
            own,
            config,
            rng,
            phase: Phase::Outside,
            now: Instant::ZERO,
            routes,
            questions: Questions::default(),
            lookups: BTreeMap::new(),
            queries: BTreeMap::new(),
            writes: BTreeMap::new(),
            syncs: BTreeMap::new(),
            store: Store::default(),
            next_id: 0,
            stabilize_at: Instant::FAR,
            repair_at: Instant::FAR,
            next_finger: 0,
            fingers_left: 0,
            suitor: None,
            usher: None,
            settled: false,
            merged_at: None,
            told_predecessor: None,
            told_successor: None,
            replicas: Vec::new(),
            asked_by: HashMap::default(),
            second: 0,
            outputs: VecDeque::new(),
        }
    }

    /// A member with known neighbours, as after a restart: whoever of them is gone is found out on the way. The lists
    /// may come in any order; what does not fit is left out. The predecessor is the nearest contact behind this node.
    pub fn resume(now: Instant, own: Contact<A>, config: Config, rng: Rng, contacts: Vec<Contact<A>>) -> Ring<A> {
        let mut ring = Ring::new(own, config, rng);
        ring.advance(now);
        ring.become_member(Stimulus::Resume);
        let id = ring.own.id;
        let mut contacts: Vec<_> = contacts.into_iter().filter(|c| c.id != id).collect();
        contacts.sort_by_key(|c| id.distance(&c.id));
        contacts.dedup_by_key(|c| c.id);
        ring.routes.resume(contacts);
        ring.settled = true;
        ring.replicas = ring.replica_set();
        ring.report();
        ring
    }

    /// Starts a new ring with this node alone in it. Nothing happens while this node is in a ring.
    pub fn create(&mut self, now: Instant) {
        self.advance(now);
        if self.become_member(Stimulus::Create) {
            self.routes.stand_alone();
            self.settled = true;
            self.event(Event::Joined);
        }
        self.report();
    }

    /// Asks to be let into the ring that `via` belongs to: [`Event::Joined`] or [`Event::JoinFailed`] follows. Nothing
    /// happens while this node is in a ring; see [`Ring::offer`] for that.
    pub fn join(&mut self, now: Instant, via: Contact<A>) {
        self.advance(now);
        if via.id != self.own.id && self.step(Stimulus::Join) {
            self.find_place(via);
        }
        self.report();
    }

    /// Hands over what this node holds and goes: [`Event::Left`] follows.
    pub fn leave(&mut self, now: Instant) {
        self.advance(now);
        match (self.step(Stimulus::Leave), self.phase) {
            (true, Phase::Leaving) => self.start_leaving(),
            (true, _) => self.depart(),
            (false, _) => (),
        }
        self.report();
    }

    /// A node that may belong to another ring: when it does, the two rings become one.
    pub fn offer(&mut self, now: Instant, contact: Contact<A>) {
        self.advance(now);
        self.look_through(contact);
        self.report();
    }

    /// Finds the node responsible for `key`: an [`Event::Answer`] with [`Outcome::Owner`](super::Outcome::Owner) follows.
    pub fn lookup(&mut self, now: Instant, key: Key) -> LookupId {
        self.command(now, key, Op::Find)
    }

    /// Reads what stands at `key`.
    pub fn get(&mut self, now: Instant, key: Key) -> LookupId {
        self.command(now, key, Op::Get)
    }

    /// Writes `value` at `key`.
    pub fn put(&mut self, now: Instant, key: Key, value: Bytes) -> LookupId {
        self.command(now, key, Op::Change(Change::Set(value)))
    }

    /// Deletes what stands at `key`.
    pub fn delete(&mut self, now: Instant, key: Key) -> LookupId {
        self.command(now, key, Op::Change(Change::Delete))
    }

    /// Merges `update` into what stands at `key`, by [`Config::merge`] of the node responsible.
    pub fn update(&mut self, now: Instant, key: Key, update: Bytes) -> LookupId {
        self.command(now, key, Op::Change(Change::Update(update)))
    }

    fn command(&mut self, now: Instant, key: Key, op: Op) -> LookupId {
        self.advance(now);
        let id = self.start_query(key, op);
        self.report();
        id
    }

    /// A message arrived from the node `from`, whose id the carrier vouches for.
    pub fn handle(&mut self, now: Instant, from: &Contact<A>, message: Message<A>) {
        self.advance(now);
        if from.id == self.own.id {
            self.drop_message(&from.id, Reason::OwnId);
        } else if self.phase != Phase::Outside {
            if self.routes.absolve(&from.id) {
                self.returned(from);
            }
            match message.is_question() {
                true if self.is_flooding(&from.id) => self.drop_message(&from.id, Reason::TooMany),
                true => self.answer(from, message),
                false => self.take_answer(from, message),
            }
        }
        self.report();
    }

    /// A message to that node could not be delivered, or its link broke: it counts as dead until it is heard again.
    pub fn unreachable(&mut self, now: Instant, contact: &Contact<A>) {
        self.advance(now);
        if self.phase != Phase::Outside {
            self.mourn(contact);
            for number in self.questions.open_to(&contact.id) {
                self.give_up(number);
            }
        }
        self.report();
    }

    /// The time is `now`.
    pub fn handle_time(&mut self, now: Instant) {
        self.advance(now);
        while let Some(number) = self.questions.overdue(self.now) {
            self.give_up(number);
        }
        if self.stabilize_at <= self.now {
            self.stabilize_at = self.now + self.jittered(self.config.stabilize);
            if self.step(Stimulus::Round) {
                self.stabilize_round();
            }
        }
        if self.repair_at <= self.now {
            self.repair_at = self.now + self.jittered(self.config.repair);
            self.repair_round();
        }
        self.report();
    }

    /// The next output, or `None` when this node is idle until its next input or deadline.
    pub fn poll(&mut self) -> Option<Output<A>> {
        self.outputs.pop_front()
    }

    /// When this node wants [`Ring::handle_time`] at the latest.
    pub fn deadline(&self) -> Option<Instant> {
        let rounds = self.stabilize_at.min(self.repair_at);
        let next = self.questions.deadline().map_or(rounds, |at| at.min(rounds));
        (next != Instant::FAR).then_some(next)
    }

    /// This node as others know it.
    pub fn own(&self) -> &Contact<A> {
        &self.own
    }

    /// Where it stands in its life.
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// What it knows of the others.
    pub fn routes(&self) -> &Routes<A> {
        &self.routes
    }

    /// The values held here, own and copies, in the order of their keys.
    pub fn values(&self) -> impl Iterator<Item = (&Key, &Bytes)> {
        self.store.iter()
    }

    /// What is held at `key` here, a tombstone included.
    pub fn held(&self, key: &Key) -> Option<Entry> {
        self.store.entry(key)
    }

    /// How much is held, tombstones included: entries and bytes.
    pub fn load(&self) -> (usize, usize) {
        (self.store.len(), self.store.bytes())
    }

    pub(super) fn advance(&mut self, now: Instant) {
        self.now = self.now.max(now);
    }

    /// Joins the rounds, if the table lets this node in; false if not.
    pub(super) fn become_member(&mut self, by: Stimulus) -> bool {
        if !self.step(by) {
            return false;
        }
        // The first round comes at any time within one interval, so that nodes born together do not move in step.
        let first = |rng: &mut Rng, mean: Duration| mean.mul_f64(rng.unit());
        self.stabilize_at = self.now + first(&mut self.rng, self.config.stabilize);
        self.repair_at = self.now + first(&mut self.rng, self.config.repair);
        true
    }

    /// Between half and one and a half of `mean`.
    //= chord#5.5/jitter SHOULD
    //# Uniform from half to one and a half of the mean, drawn anew for each round.
    pub(super) fn jittered(&mut self, mean: Duration) -> Duration {
        mean.mul_f64(0.5 + self.rng.unit()).max(Duration::from_millis(1))
    }

    pub(super) fn send(&mut self, to: Contact<A>, message: Message<A>) {
        self.outputs.push_back(Output::Send { to, message });
    }

    pub(super) fn ask(&mut self, to: Contact<A>, about: About, message: impl FnOnce(u64) -> Message<A>) {
        let wait = if matches!(about, About::Write(_)) { self.config.write_timeout } else { self.config.timeout };
        let number = self.questions.ask(to.clone(), about, self.now + wait);
        self.send(to, message(number));
    }

    pub(super) fn event(&mut self, event: Event<A>) {
        self.outputs.push_back(Output::Event(event));
    }

    pub(super) fn drop_message(&mut self, from: &Key, reason: Reason) {
        self.event(Event::Dropped { from: *from, reason });
    }

    /// Tells of new neighbours, and starts to fill new replicas.
    fn report(&mut self) {
        let predecessor = self.routes.predecessor().map(|c| c.id);
        if predecessor != self.told_predecessor {
            self.told_predecessor = predecessor;
            self.event(Event::Predecessor(self.routes.predecessor().cloned()));
        }
        let successor = self.routes.successors().first().map(|c| c.id);
        if successor != self.told_successor {
            self.told_successor = successor;
            self.event(Event::Successor(self.routes.successors().first().cloned()));
        }
        self.fill_replicas();
    }

    /// What outlives the membership: outputs not yet taken, and the numbers that must not be used twice.
    pub(super) fn adopt(&mut self, old: Ring<A>, now: Instant, next_id: u64) {
        self.now = now;
        self.phase = old.phase;
        self.next_id = next_id;
        self.told_predecessor = old.told_predecessor;
        self.told_successor = old.told_successor;
        self.questions = old.questions;
        self.questions.clear();
        self.outputs = old.outputs;
    }

    //= wireworks#3.5/flood MUST
    //# A counter by node for the current second; beyond the limit questions are dropped and told as an event.
    /// Counts questions by node and second.
    fn is_flooding(&mut self, from: &Key) -> bool {
        let second = self.now.as_nanos() / 1_000_000_000;
        if second != self.second || self.asked_by.len() >= MAX_COUNTED {
            self.second = second;
            self.asked_by.clear();
        }
        let count = self.asked_by.entry(*from).or_default();
        *count = count.saturating_add(1);
        *count > self.config.max_questions
    }
}

/// Nodes whose questions are counted at a time.
const MAX_COUNTED: usize = 4_096;
