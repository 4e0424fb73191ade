//! Keeping the network whole: enough links, fresh addresses, and no part of the network for itself.
use super::*;

use crate::book::Candidate;

impl Node {
    pub(super) fn start_timers(&mut self) {
        let (refresh, touch, beacon) =
            (self.config.timing.refresh, self.config.timing.touch, self.config.timing.beacon);
        let within = |rng: &mut Rng, time: Duration| time.mul_f64(0.5 + rng.unit());
        let now = self.now;
        self.timers.arm(Timer::Refresh, now + within(&mut self.rng, refresh));
        self.timers.arm(Timer::Touch, now + within(&mut self.rng, touch));
        if self.config.extensions {
            self.timers.arm(Timer::Beacon, now + within(&mut self.rng, beacon));
        }
    }

    /// Opens links until there are enough, as far as addresses are there whose time has come.
    pub(super) fn fill(&mut self) {
        self.keep_pinned();
        loop {
            let of = |conn: &&ConnId| self.links.get(conn).is_some_and(|link| counts(link.purpose));
            let lookups = self.lookups.values().filter(|(_, purpose)| counts(*purpose)).count();
            //= p2p#3.5/max-outgoing MUST
            //# No more are opened while there are enough; those that machines on top pinned come on top.
            if self.outgoing.iter().filter(of).count() + lookups >= self.config.max_outgoing {
                return self.timers.disarm(Timer::Dial);
            }
            let table = &self.table;
            //= p2p#3.5/not-twice MUST
            //# Only places that are neither linked nor a known neighbour's nor this node's own.
            match self.book.candidate(self.now, |id| table.contains_key(id) || *id == self.id, &mut self.rng) {
                Candidate::Now(place) => {
                    let before = self.lookups.len();
                    let named = place.address.socket().is_none();
                    if self.dial(place, Purpose::Fill).is_err() || (named && self.lookups.len() == before) {
                        return self.timers.arm(Timer::Dial, self.now + self.config.timing.backoff);
                    }
                }
                Candidate::At(next) => return self.timers.arm(Timer::Dial, next),
                Candidate::None => return self.timers.disarm(Timer::Dial),
            }
        }
    }

    /// Dials the neighbours that machines on top want to keep.
    fn keep_pinned(&mut self) {
        let missing = |(id, place): &(&Id, &Place)| !self.table.contains_key(*id) && self.book.is_due(self.now, place);
        let places: Vec<Place> = self.pinned.iter().filter(missing).map(|(_, place)| place.clone()).collect();
        for place in places {
            let _ = self.dial(place, Purpose::Pinned); // when busy, the next call tries again
        }
    }

    /// A neighbour is gone: the others may know whom to take in its place.
    pub(super) fn lost(&mut self, id: &Id) {
        if self.island.as_ref().is_some_and(|(head, _)| head == id) {
            self.island = None;
        }
        let neighbours: Vec<ConnId> = self.table.values().copied().collect();
        if neighbours.is_empty() || self.outgoing.len() >= self.config.max_outgoing {
            return;
        }
        //= p2p#3.5/recover MUST
        //# One of those that remain, at random, is asked for addresses; remembered ones are dialled meanwhile.
        let one = self.rng.below(neighbours.len() as u64) as usize;
        if let Some(&conn) = neighbours.get(one) {
            self.ask_for_peers(conn);
        }
    }

    /// Asks one neighbour, at random, for addresses, so that the remembered ones do not all grow old.
    pub(super) fn refresh(&mut self) {
        let one = self.rng.below(self.table.len().max(1) as u64) as usize;
        if let Some(conn) = self.table.values().nth(one).copied() {
            self.ask_for_peers(conn);
        }
        self.fill();
        let next = self.config.timing.refresh.mul_f64(0.5 + self.rng.unit());
        self.timers.arm_by(Timer::Refresh, self.now + next);
    }

    fn ask_for_peers(&mut self, conn: ConnId) {
        //= p2p#3.5/request-bin MUST
        //# As bytes: py2p understands nothing else, js2p both.
        let all = Value::from(&b"*"[..]);
        let message = self.message(MainFlag::Whisper, Flag::Request, vec![all]);
        self.send(conn, &message);
    }

    // ---- parts of the network

    /// Whether this node speaks for its part of the network.
    fn is_head(&self) -> bool {
        self.island.as_ref().is_none_or(|(head, _)| *head == self.id)
    }

    /// The node that speaks for this part of the network, as far as is known.
    pub(super) fn island(&self) -> Option<&Id> {
        let lasts = self.config.timing.beacon * ISLAND_LASTS;
        self.island.as_ref().filter(|(_, heard)| *heard + lasts > self.now).map(|(head, _)| head)
    }

    //= wireworks#1.4/beacon SHOULD
    //# Silent while a node with a smaller id is heard; after three missed beacons everybody is a candidate again.
    /// Speaks for this part of the network unless a node with a smaller id does.
    pub(super) fn beacon(&mut self) {
        let other = self.island().is_some_and(|head| *head < self.id);
        if !other && !self.table.is_empty() {
            self.island = Some((self.id.clone(), self.now));
            self.send_beacon();
        }
        let next = self.config.timing.beacon.mul_f64(0.75 + 0.5 * self.rng.unit());
        self.timers.arm(Timer::Beacon, self.now + next);
    }

    pub(super) fn beacon_heard(&mut self, head: &Id) {
        if self.island().is_none_or(|known| head <= known) {
            self.island = Some((head.detached(), self.now));
        }
    }

    //= wireworks#1.4/touch SHOULD
    //# The head of a part does it often, all others rarely, so that a large network costs its seeds little.
    /// Looks whether a seed, or a node that was a neighbour once, is in another part of the network.
    pub(super) fn touch(&mut self) {
        self.bridges = MAX_BRIDGES;
        let rarely = if self.is_head() { 1 } else { 10 };
        let next = (self.config.timing.touch * rarely).mul_f64(0.5 + self.rng.unit());
        self.timers.arm(Timer::Touch, self.now + next);
        if self.table.is_empty() {
            return self.fill();
        }
        let table = &self.table;
        let known = |id: &Id| table.contains_key(id) || *id == self.id;
        if let Some(place) = self.book.touchable(self.now, known, &mut self.rng) {
            let _ = self.dial(place, Purpose::Touch); // when busy, next time
        }
    }

    /// A touched node told who speaks for its part of the network.
    pub(super) fn touched(&mut self, conn: ConnId, head: Option<&Id>) {
        let ours = self.island().cloned();
        let wanting = self.wants_links();
        let Some(link) = self.links.get_mut(&conn).filter(|link| link.purpose == Purpose::Touch) else { return };
        if wanting {
            link.purpose = Purpose::Fill;
        } else if ours.is_some() && ours.as_ref() == head {
            return self.close(conn, Reason::Done);
        } else {
            link.purpose = Purpose::Asked; // a bridge, which nothing else closes
            link.elsewhere = true;
            self.stats.bridged += 1;
        }
        self.fill();
    }

    /// A touched node that is not capable told its neighbours: one of ours among them shows that it is in our part.
    pub(super) fn touched_peers(&mut self, conn: ConnId, acquainted: bool) {
        let wanting = self.wants_links();
        let Some(link) = self.links.get_mut(&conn) else { return };
        if link.purpose != Purpose::Touch || link.is_capable() {
            return;
        }
        if acquainted && !wanting {
            return self.close(conn, Reason::Done);
        }
        link.purpose = Purpose::Fill;
    }

    //= wireworks#1.4/referral SHOULD
    //# A few of the addresses that it told before it closed are touched in its place.
    /// A link to another part of the network ended at once, since the node there has enough: its neighbours may not.
    pub(super) fn after_touch(&mut self, link: &Link) {
        if !link.elsewhere || self.now - link.since > SHORT {
            return;
        }
        for place in link.told.clone() {
            if self.bridges == 0 {
                return;
            }
            self.bridges -= 1;
            let _ = self.dial(place, Purpose::Touch);
        }
    }

    fn wants_links(&self) -> bool {
        let of = |conn: &&ConnId| self.links.get(conn).is_some_and(|link| counts(link.purpose));
        self.outgoing.iter().filter(of).count() < self.config.max_outgoing
    }

    /// When a link that was opened for one reply, or is no longer pinned, may go.
    pub(super) fn outlived(&self, conn: ConnId) -> Option<Instant> {
        let link = self.links.get(&conn)?;
        let temporary = link.purpose == Purpose::Reply && link.stage == Stage::Routed;
        (temporary && !self.wants_links()).then(|| link.since + self.config.timing.refresh)
    }
}

/// Whether a link of that purpose is one of the `max_outgoing`.
fn counts(purpose: Purpose) -> bool {
    matches!(purpose, Purpose::Fill | Purpose::Asked)
}

/// So many beacons may be missed before nobody speaks for this part of the network.
const ISLAND_LASTS: u32 = 3;
/// Links that one look at other parts of the network may open.
const MAX_BRIDGES: u32 = 4;
/// A link that lasted no longer was turned away.
const SHORT: Duration = Duration::from_secs(10);
