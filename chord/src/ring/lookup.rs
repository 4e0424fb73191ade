//! One iterative lookup: which node to ask next, and when the answer is certain enough (paper section 4.4).
//!
//! The asking node keeps two short lists, the nodes before the key and those at or after it, and asks the closest
//! before the key until one of them knows the key among its successors. Then it asks the first of those, which has the
//! last word: only the node itself knows its predecessor. A node that does not answer is passed over for the next best.
use super::routes::Way;
use super::{Address, Contact};
use crate::Key;

/// A lookup under way.
#[derive(Clone, Debug)]
pub(super) struct Lookup<A> {
    pub key: Key,
    /// Nodes that answered, in order.
    pub path: Vec<Contact<A>>,
    pub timeouts: usize,
    own: Key,
    /// Before the key, closest first; and at or after the key, closest first.
    before: Vec<Candidate<A>>,
    after: Vec<Candidate<A>>,
    covered: bool,
    limit: usize,
    member: Option<Contact<A>>,
    /// The asking node's predecessor, when it stands between the key and that node.
    predecessor: Option<Contact<A>>,
}

#[derive(Clone, Debug)]
struct Candidate<A> {
    contact: Contact<A>,
    state: State,
    /// It did not answer once, and was asked again on the word of its successor.
    again: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Fresh,
    Asked,
    Answered,
    Dead,
}

/// What a lookup wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step<A> {
    Ask(Contact<A>),
    Found(Contact<A>),
    Failed,
}

impl<A: Address> Lookup<A> {
    /// A lookup of `key` by the node `own`, which never asks itself, with at most `limit` nodes asked.
    pub fn new(own: Key, key: Key, limit: usize) -> Lookup<A> {
        let (path, before, after) = Default::default();
        Lookup { key, path, timeouts: 0, own, before, after, covered: false, limit, member: None, predecessor: None }
    }

    /// Starts from what the asking node, a member, knows. It may be the one it looks for, without knowing it while its
    /// predecessor is dead.
    pub fn start(&mut self, own: Contact<A>, told: Way<A>) {
        self.predecessor = told.predecessor.filter(|p| p.id == self.key || p.id.is_between(&self.key, &own.id));
        self.member = Some(own);
        self.covered = told.covered;
        self.learn(told.preceding, told.following);
    }

    /// Starts from one node alone.
    pub fn start_through(&mut self, via: Contact<A>) {
        self.learn(vec![via], Vec::new());
    }

    /// `from` answered.
    //= chord#5.1/iterative MUST
    //# Each answer only adds candidates; the asking node decides whom to ask next and so goes around dead nodes.
    pub fn answered(&mut self, from: &Contact<A>, told: Way<A>) -> Step<A> {
        self.mark(&from.id, State::Answered);
        self.path.push(from.clone());
        if told.owner {
            return Step::Found(from.clone());
        }
        let follows = self.after.iter().any(|c| c.contact.id == from.id);
        self.covered |= told.covered;
        self.learn(told.preceding, told.following);
        // Of a node before the key the predecessor is of no use.
        let nearer = told.predecessor.filter(|p| follows && (p.id == self.key || p.id.is_between(&self.key, &from.id)));
        if let Some(predecessor) = nearer {
            self.ask_again(&predecessor.id);
            self.learn(Vec::new(), vec![predecessor]);
        }
        self.next()
    }

    /// The node with this id did not answer.
    //= chord#4.5/next-best MUST
    //# The dead node stays listed as dead, and the next best candidate of either list is asked.
    pub fn dead(&mut self, id: &Key) -> Step<A> {
        self.mark(id, State::Dead);
        self.timeouts += 1;
        self.next()
    }

    /// Whom to ask now.
    pub fn next(&mut self) -> Step<A> {
        //= wireworks#3.5/hop-limit MUST
        //# Answers and timeouts together are limited, so that liars cannot keep a lookup going.
        if self.path.len() + self.timeouts >= self.limit {
            return Step::Failed;
        }
        let living = |list: &[Candidate<A>]| list.iter().position(|c| c.state != State::Dead);
        let fresh = self.before.iter().position(|c| c.state == State::Fresh);
        let after = living(&self.after);
        let nearest = match (fresh, after) {
            // The lists that cover the key know whom to ask first, and nobody is between them.
            (_, Some(at)) if self.covered => at,
            (Some(at), _) => return Self::ask(&mut self.before[at]),
            // Nobody before the key is left to ask: who follows the last one that answered is responsible.
            (None, Some(at)) => at,
            (None, None) => return self.member.clone().map_or(Step::Failed, Step::Found),
        };
        let nearest = self.after[nearest].contact.id;
        // The asking node itself may come first, though a dead predecessor still hides that from it.
        let own = self.member.clone().filter(|own| own.id == self.key || own.id.is_between(&self.key, &nearest));
        let before_own = self.predecessor.take_if(|_| own.is_some());
        match (own, before_own) {
            (Some(_), Some(predecessor)) => {
                self.learn(Vec::new(), vec![predecessor]);
                self.next()
            }
            (Some(own), None) => Step::Found(own),
            (None, _) => self.ask_or_accept(&nearest),
        }
    }

    /// A node that was asked and is still the nearest took only dead ones for nearer.
    fn ask_or_accept(&mut self, id: &Key) -> Step<A> {
        match self.after.iter_mut().find(|c| c.contact.id == *id) {
            Some(nearest) if nearest.state == State::Answered => Step::Found(nearest.contact.clone()),
            Some(nearest) => Self::ask(nearest),
            None => Step::Failed,
        }
    }

    /// The closest node before the key that answered: the predecessor of whoever takes that place.
    pub fn last_before(&self) -> Option<&Contact<A>> {
        self.before.iter().find(|c| c.state == State::Answered).map(|c| &c.contact)
    }

    /// The nodes at or after the key that may be alive, closest first: the replicas of its value.
    pub fn following(&self) -> impl Iterator<Item = &Contact<A>> {
        self.after.iter().filter(|c| c.state != State::Dead).map(|c| &c.contact)
    }

    /// The node that follows it thinks that it lives: an answer may have been late.
    fn ask_again(&mut self, id: &Key) {
        for candidate in self.after.iter_mut().filter(|c| c.contact.id == *id && c.state == State::Dead && !c.again) {
            (candidate.state, candidate.again) = (State::Fresh, true);
        }
    }

    fn ask(candidate: &mut Candidate<A>) -> Step<A> {
        candidate.state = State::Asked;
        Step::Ask(candidate.contact.clone())
    }

    fn mark(&mut self, id: &Key, state: State) {
        for candidate in self.before.iter_mut().chain(&mut self.after).filter(|c| c.contact.id == *id) {
            candidate.state = state;
        }
    }

    fn learn(&mut self, preceding: Vec<Contact<A>>, following: Vec<Contact<A>>) {
        let key = self.key;
        for contact in preceding.into_iter().filter(|c| c.id != self.own && c.id != key) {
            insert(&mut self.before, contact, |c| c.distance(&key));
        }
        for contact in following.into_iter().filter(|c| c.id != self.own) {
            insert(&mut self.after, contact, |c| key.distance(c));
        }
    }
}

fn insert<A: Address>(list: &mut Vec<Candidate<A>>, contact: Contact<A>, far: impl Fn(&Key) -> Key) {
    let distance = far(&contact.id);
    let at = list.partition_point(|c| far(&c.contact.id) < distance);
    if list.get(at).is_none_or(|c| c.contact.id != contact.id) && at < MAX_CANDIDATES {
        list.insert(at, Candidate { contact, state: State::Fresh, again: false });
        list.truncate(MAX_CANDIDATES);
    }
}

/// Candidates kept on either side of the key.
const MAX_CANDIDATES: usize = 64;
