//! How a node finds its place and keeps it: join, stabilise, notify, the check of the predecessor, fingers, leaving, and
//! the merging of two rings (paper section 4.5).
use super::query::Purpose;
use super::question::About;
use super::{Address, Claim, Contact, Event, Message, Phase, Ring, Stimulus};
use crate::Key;

impl<A: Address> Ring<A> {
    /// One round of stabilisation.
    //= chord#4.5/stabilize MUST
    //# Each round asks the first successor for its predecessor and list, and tells it about this node in the same message.
    pub(super) fn stabilize_round(&mut self) {
        self.routes.forget_suspects(self.now);
        if let Some(successor) = self.routes.successors().first().cloned() {
            self.meet(successor);
        }
        self.check_predecessor();
        self.fingers_left = self.fingers_left.max(self.config.fingers_per_round);
        self.fix_fingers();
    }

    /// Asks a node for its neighbours and introduces this one as its predecessor.
    pub(super) fn meet(&mut self, contact: Contact<A>) {
        self.introduce(contact, Claim::Predecessor);
    }

    fn introduce(&mut self, contact: Contact<A>, claim: Claim) {
        if !self.questions.is_open(&contact.id, &About::Stabilize) {
            self.ask(contact, About::Stabilize, |number| Message::Stabilize { number, claim });
        }
    }

    //= chord#4.5/check-predecessor MUST
    //# One ping a round, and at once when another node claims the place; no answer within the timeout clears it.
    pub(super) fn check_predecessor(&mut self) {
        if let Some(predecessor) = self.routes.predecessor().cloned()
            && !self.questions.is_open(&predecessor.id, &About::Ping)
        {
            self.ask(predecessor, About::Ping, |number| Message::Ping { number });
        }
    }

    //= chord#4.5/fix-fingers MUST
    //# One finger a round by default, in turn; points inside the successor list and before the found node are skipped.
    pub(super) fn fix_fingers(&mut self) {
        let running = self.lookups.values().any(|running| matches!(running.purpose, Purpose::Finger(_)));
        let Some(first) = self.routes.first_finger().filter(|_| !running && self.fingers_left > 0) else { return };
        let bit = self.next_finger.max(first);
        self.start_lookup(self.own.id.ahead(bit), Purpose::Finger(bit));
    }

    pub(super) fn finger_found(&mut self, bit: u16, contact: Option<&Contact<A>>) {
        self.fingers_left = self.fingers_left.saturating_sub(1);
        let next = match contact {
            Some(contact) => self.routes.finger_found(bit, contact),
            None => Some(bit + 1).filter(|&bit| bit < Key::BITS),
        };
        self.next_finger = next.unwrap_or(0);
        if next.is_none() {
            self.fingers_left = 0;
        }
        self.fix_fingers();
    }

    /// A node that asked for the neighbours claims to be one of them.
    pub(super) fn notified(&mut self, from: &Contact<A>, claim: Claim) {
        let alone = self.routes.successors().is_empty();
        if claim == Claim::Predecessor {
            self.court(from);
        }
        // The paper leaves it to the predecessor to ask; being told saves it up to a round of ignorance.
        let first = self.routes.successors().first();
        let nearer = first.is_none_or(|first| from.id.is_between(&self.own.id, &first.id));
        if claim != Claim::Nothing && nearer && (alone || claim == Claim::Successor) {
            self.routes.insert_successor(from);
            self.meet(from.clone());
        }
    }

    //= chord#4.5/notify MUST
    //# A node nearer than the predecessor takes its place; any other makes us check that the predecessor still lives.
    fn court(&mut self, from: &Contact<A>) {
        match self.routes.predecessor() {
            Some(predecessor) if predecessor.id != from.id && !from.id.is_between(&predecessor.id, &self.own.id) => {
                let better = self.suitor.as_ref().is_none_or(|s| from.id.is_between(&s.id, &self.own.id));
                if better {
                    self.suitor = Some(from.clone());
                }
                self.check_predecessor();
            }
            _ => self.take_predecessor(from.clone()),
        }
    }

    fn take_predecessor(&mut self, contact: Contact<A>) {
        self.suitor = None;
        let floor = self.routes.floor();
        let id = contact.id;
        if self.routes.set_predecessor(contact.clone()) {
            self.range_grew();
        } else if let Some(floor) = floor.filter(|floor| *floor != id) {
            self.hand_over(contact, floor);
        }
    }

    /// The neighbours of a node that was asked for them.
    pub(super) fn met(&mut self, from: &Contact<A>, predecessor: Option<Contact<A>>, list: &[Contact<A>]) {
        if self.phase == Phase::Joining {
            // It did not take this node for its predecessor if it knows a nearer one, which may be dead.
            let refused = predecessor.as_ref().is_some_and(|p| p.id.is_between(&self.own.id, &from.id));
            if !refused {
                self.admitted(predecessor.as_ref());
            } else if predecessor.as_ref().is_some_and(|p| self.routes.is_suspect(&p.id)) {
                return self.meet(from.clone());
            }
        }
        let own = self.own.id;
        let first = self.routes.successors().first().map(|s| s.id);
        let nearest = first.is_none_or(|first| from.id == first || from.id.is_between(&own, &first));
        if !nearest {
            return;
        }
        self.routes.take_list(from.clone(), list);
        //= wireworks#3.5/hearsay MUST
        //# The named predecessor gets a question of its own, and only its answer puts it into the list as first.
        if let Some(between) = predecessor.filter(|p| p.id.is_between(&own, &from.id) && !self.routes.is_suspect(&p.id))
        {
            self.meet(between);
        }
        self.fix_fingers();
    }

    /// The successor knows this node.
    fn admitted(&mut self, predecessor: Option<&Contact<A>>) {
        self.become_member(Stimulus::Admitted);
        self.event(Event::Joined);
        self.fingers_left = usize::from(Key::BITS);
        // The successor's predecessor so far is ours now, and learns of its new successor at once.
        let usher = self.usher.take();
        if let Some(before) = predecessor.filter(|p| p.id != self.own.id).or(usher.as_ref()) {
            self.introduce(before.clone(), Claim::Successor);
        }
    }

    /// A node that was to let this one in is dead: the next one is tried.
    pub(super) fn knock_again(&mut self) {
        match self.routes.successors().first().cloned() {
            Some(next) => self.meet(next),
            None => self.join_failed(),
        }
    }

    /// A node that was given up answers after all.
    pub(super) fn returned(&mut self, contact: &Contact<A>) {
        let floor = self.routes.floor();
        if floor.is_some_and(|floor| contact.id == floor || contact.id.is_between(&floor, &self.own.id)) {
            self.take_predecessor(contact.clone());
        }
        let first = self.routes.successors().first();
        if first.is_none_or(|first| contact.id.is_between(&self.own.id, &first.id)) {
            self.meet(contact.clone());
        }
    }

    /// A node is dead as far as this one can tell.
    //= chord#4.5/replace-successor MUST
    //# It leaves all lists, the next in the successor list takes its place and is asked for its neighbours at once.
    pub(super) fn mourn(&mut self, contact: &Contact<A>) {
        let id = contact.id;
        let was_first = self.routes.successors().first().is_some_and(|s| s.id == id);
        let was_predecessor = self.routes.predecessor().is_some_and(|p| p.id == id);
        self.routes.suspect(&id, self.now + self.config.suspicion);
        if was_predecessor && let Some(suitor) = self.suitor.take() {
            self.take_predecessor(suitor);
        }
        if was_first && let Some(next) = self.routes.successors().first().cloned() {
            self.meet(next);
        }
        if self.phase == Phase::Member && self.routes.predecessor().is_none() && self.routes.successors().is_empty() {
            self.routes.stand_alone();
            self.settled = true;
        }
    }

    /// Looks for the place of this node through a member of a ring.
    //= chord#5.5/churn SHOULD
    //# A joiner does not wait for rounds of stabilisation: it makes itself known to both neighbours at once.
    //= chord#4.5/join MUST
    //# The successor of the own id is looked up through the contact, and the node introduces itself there.
    pub(super) fn find_place(&mut self, via: Contact<A>) {
        self.start_lookup_through(via, self.own.id, Purpose::Join);
    }

    pub(super) fn place_found(&mut self, found: Option<(Contact<A>, Vec<Contact<A>>)>) {
        let Some((successor, following)) = found.filter(|_| self.phase == Phase::Joining) else {
            return self.join_failed();
        };
        self.routes.take_list(successor.clone(), &following);
        self.meet(successor);
    }

    pub(super) fn join_failed(&mut self) {
        if self.step(Stimulus::Refused) {
            self.clear();
            self.event(Event::JoinFailed);
        }
    }

    /// Looks this node up through a contact that may stand in another ring.
    //= wireworks#3.4/merge MUST
    //# In the own ring the lookup comes back to this node; any other answer is a candidate for its successor.
    pub(super) fn look_through(&mut self, contact: Contact<A>) {
        let running = self.lookups.values().any(|running| matches!(running.purpose, Purpose::Merge(_)));
        if self.phase == Phase::Member && contact.id != self.own.id && !running {
            self.start_lookup_through(contact.clone(), self.own.id, Purpose::Merge(contact.id));
        }
    }

    pub(super) fn other_ring(&mut self, successor: Contact<A>) {
        let known = self.routes.successors().iter().any(|s| s.id == successor.id);
        if successor.id != self.own.id && !known {
            self.spread(successor.clone());
            self.meet(successor);
        }
    }

    /// Tells others of the other ring, once in a while: every node of one of the two rings has to look itself up in the
    /// other, and then stabilisation closes the seams.
    //= wireworks#3.4/spread MUST
    //# Flooded along the fingers and every doubling of the successor list, at most once per suspicion interval and node.
    pub(super) fn spread(&mut self, contact: Contact<A>) -> bool {
        if self.merged_at.is_some_and(|at| self.now - at < self.config.suspicion) {
            return false;
        }
        self.merged_at = Some(self.now);
        let doubling = |(at, c): (usize, &Contact<A>)| (at + 1).is_power_of_two().then(|| c.clone());
        let near: Vec<_> = self.routes.successors().iter().enumerate().filter_map(doubling).collect();
        for to in near.into_iter().chain(self.routes.fingers().to_vec()) {
            self.send(to, Message::Merge { contact: contact.clone() });
        }
        true
    }

    /// Everything of this node's range goes to the first successor; then its neighbours hear that it goes.
    //= chord#4.5/leave SHOULD
    //# The successor is given the values first, so that nobody asks in vain when the neighbours close the gap.
    pub(super) fn start_leaving(&mut self) {
        match (self.routes.successors().first().cloned(), self.routes.floor()) {
            (Some(heir), Some(floor)) => self.bequeath(heir, floor),
            _ => self.released(),
        }
    }

    /// Nothing is left to hand over.
    pub(super) fn released(&mut self) {
        if self.step(Stimulus::Released) {
            self.depart();
        }
    }

    /// Tells the neighbours, and forgets the ring.
    pub(super) fn depart(&mut self) {
        let predecessor = self.routes.predecessor().cloned();
        let successors = self.routes.successors().to_vec();
        let mut told: Vec<_> = predecessor.iter().chain(successors.first()).cloned().collect();
        told.dedup_by_key(|c| c.id);
        for to in told {
            let (predecessor, successors) = (predecessor.clone(), successors.clone());
            self.send(to, Message::Leaving { predecessor, successors });
        }
        self.clear();
        self.event(Event::Left);
    }

    /// A neighbour goes.
    pub(super) fn neighbour_left(&mut self, from: &Contact<A>, successors: &[Contact<A>]) {
        let was_first = self.routes.successors().first().is_some_and(|s| s.id == from.id);
        self.mourn(from);
        // Nothing is believed, only asked: whoever it names is met before it is taken.
        let own = self.own.id;
        if was_first && let Some(next) = successors.iter().find(|c| c.id != own && !self.routes.is_suspect(&c.id)) {
            self.meet(next.clone());
        }
    }
}
