//! The tree along which broadcasts go between capable nodes. It grows by itself: a neighbour that sends what came over
//! another link before is asked to tell of broadcasts only, so that in the end each comes once; what was told of and does
//! not come is asked for, which puts its link back into the tree.
use super::*;

use bytes::Bytes;

use super::extension::op;
use crate::recent::Kept;

#[derive(Default)]
pub(super) struct Tree {
    /// Broadcasts that some neighbours are still to be told of.
    news: Vec<Key>,
    /// Broadcasts that neighbours told of and that have not come.
    missing: BTreeMap<Key, Missing>,
    /// The link over which the last new broadcast came.
    parent: Option<ConnId>,
}

struct Missing {
    /// Who told of it first, in whose share it counts.
    first: ConnId,
    /// Who told of it and was not asked yet.
    told: VecDeque<ConnId>,
    asked: Option<ConnId>,
    /// When the next is asked.
    due: Instant,
}

impl Tree {
    pub fn missing(&self) -> usize {
        self.missing.len()
    }
}

impl Node {
    // ---- growing

    //= wireworks#1.7/prune SHOULD
    //# Only while the link of the first copy is a branch itself, or repeats still under way would cut every link; and not
    //# for the sake of an old node's copy, which may be the last.
    /// A broadcast came once more.
    pub(super) fn repeated(&mut self, conn: ConnId, message: &Message) {
        let now = self.now;
        let Some(kept) = self.recent.find_mut(key(message.id())) else { return };
        kept.note(conn);
        let first = kept.from.filter(|first| *first != conn).and_then(|first| self.links.get(&first));
        if !self.config.tree || !first.is_some_and(|link| link.is_capable() && link.branch.pruned.is_none()) {
            return;
        }
        let Some(link) = self.links.get_mut(&conn).filter(|link| link.is_capable()) else { return };
        let asked = link.branch.pruned.is_some_and(|at| at + PRUNE_AGAIN > now);
        if !asked && link.branch.held <= now && !link.branch.distrusted {
            link.branch.pruned = Some(now);
            self.stats.pruned += 1;
            self.send_extension(conn, op::PRUNE, Vec::new());
        }
    }

    /// A neighbour wants to be told of broadcasts only.
    pub(super) fn prune_asked(&mut self, conn: ConnId) {
        let Some(link) = self.links.get_mut(&conn).filter(|_| self.config.tree) else { return };
        link.branch.lazy = true;
        let pushed = |conn: &ConnId| self.links.get(conn).is_some_and(|link| !link.branch.lazy);
        //= wireworks#1.7/last-branch SHOULD
        //# Best the one that the last broadcast came from: what comes from it is not sent back, so that it gets no repeats.
        if !self.table.values().any(pushed) {
            let parent = self.tree.parent.filter(|parent| self.links.contains_key(parent));
            self.graft(parent.unwrap_or(conn), Vec::new()); // so that the other end knows
        }
    }

    // ---- telling

    /// Keeps a broadcast for those who miss it, and has those told of it who were not sent it.
    pub(super) fn keep(&mut self, message: &Message, frame: Bytes, from: Option<ConnId>, lazily: bool) {
        let (key, now) = (key(message.id()), self.now);
        self.tree.parent = from.or(self.tree.parent);
        let feature = message.sub().and_then(feature);
        let with = from.into_iter().chain(self.table.get(message.sender()).copied()).collect();
        let gone = self.recent.insert(key, Kept { time: message.time(), feature, frame, at: now, from, with });
        for kept in gone.into_iter().filter(|kept| kept.at + YOUNG > now) {
            self.push_late(&kept);
        }
        if lazily {
            self.tree.news.push(key);
            let wait = self.config.timing.news.mul_f64(0.5 + 0.5 * self.rng.unit());
            self.timers.arm_by(Timer::News, now + wait);
            if self.tree.news.len() >= MAX_NEWS {
                self.tell_news();
            }
        }
    }

    //= wireworks#1.7/pushed-out MUST
    //# Under a load that fills the memory within half a second the tree becomes a flood again.
    /// Sends a broadcast that is kept no longer to those who may not have had the time to ask for it.
    fn push_late(&mut self, kept: &Kept) {
        for conn in self.lazy_links() {
            if self.links.get(&conn).is_some_and(|link| link.takes(kept.feature)) && !kept.with.contains(&conn) {
                self.send_frame(conn, kept.frame.clone());
            }
        }
    }

    fn lazy_links(&self) -> Vec<ConnId> {
        let lazy = |conn: &ConnId| self.links.get(conn).is_some_and(|link| link.branch.lazy);
        self.table.values().copied().filter(lazy).collect()
    }

    //= wireworks#1.7/news MUST
    //# Gathered for `Timing::news`, at a time of each node's own, so that mostly only one end of a link has to tell.
    pub(super) fn tell_news(&mut self) {
        self.timers.disarm(Timer::News);
        let news = std::mem::take(&mut self.tree.news);
        for conn in self.lazy_links() {
            self.tell_news_to(conn, &news);
        }
    }

    fn tell_news_to(&mut self, conn: ConnId, news: &[Key]) {
        let Some(link) = self.links.get(&conn) else { return };
        let mut list = Vec::with_capacity(news.len() * 24);
        for &key in news {
            let kept = self.recent.find(key).filter(|kept| link.takes(kept.feature) && !kept.with.contains(&conn));
            if let Some(kept) = kept {
                list.extend_from_slice(&key.to_be_bytes());
                list.extend_from_slice(&kept.time.to_be_bytes());
            }
        }
        if !list.is_empty() {
            self.send_extension(conn, op::NEWS, vec![Value::Bin(Bytes::from(list))]);
        }
    }

    /// A neighbour asks to be sent broadcasts again, these first.
    pub(super) fn graft_asked(&mut self, conn: ConnId, values: &[Value]) {
        let Some(link) = self.links.get(&conn).filter(|_| self.config.tree) else { return };
        let list = values.first().and_then(Value::as_bytes).cloned().unwrap_or_default();
        let refused = link.branch.pruned.is_some_and(|at| at + HOLD > self.now);
        let hold = HOLD.mul_f64(0.5 + self.rng.unit());
        let mut frames = Vec::new();
        for key in list.chunks_exact(16).take(self.config.limits.recent) {
            let key = key.first_chunk().map_or(0, |key| u128::from_be_bytes(*key));
            //= wireworks#1.7/graft MUST
            //# Each broadcast once over each link, however often it is asked for.
            if let Some(kept) = self.recent.find_mut(key).filter(|kept| link.takes(kept.feature))
                && kept.note(conn)
            {
                frames.push(kept.frame.clone());
            }
        }
        for frame in frames {
            self.send_frame(conn, frame);
        }
        self.make_branch(conn);
        if let Some(link) = self.links.get_mut(&conn).filter(|_| refused) {
            link.branch.held = self.now + hold; // no sense in asking again at once
        }
    }

    /// Whole broadcasts go over that link from now on, in both directions.
    fn make_branch(&mut self, conn: ConnId) {
        let Some(link) = self.links.get_mut(&conn) else { return };
        link.branch.pruned = None;
        if std::mem::take(&mut link.branch.lazy) {
            let news = self.tree.news.clone(); // those before were neither sent nor told
            self.tell_news_to(conn, &news);
        }
    }

    // ---- asking

    //= wireworks#1.7/chase SHOULD
    //# After `Timing::grace`, since it may be under way along the tree.
    /// A neighbour tells which broadcasts it has.
    pub(super) fn news_told(&mut self, conn: ConnId, values: &[Value]) {
        let Some(list) = values.first().and_then(Value::as_bytes).filter(|_| self.config.tree) else { return };
        let Some(link) = self.links.get_mut(&conn) else { return };
        let (unix, timing, limit) =
            (self.config.epoch.unix(self.now).as_secs(), &self.config.timing, self.config.limits.missing);
        let oldest = unix.saturating_sub(timing.window.max(timing.recovery).as_secs());
        let newest = unix.saturating_add(timing.future.as_secs());
        let due = self.now + timing.grace;
        for entry in list.chunks_exact(24).take(self.config.limits.recent) {
            let Some((key, time)) = entry.split_first_chunk::<16>() else { break };
            let key = u128::from_be_bytes(*key);
            let time = time.first_chunk().map_or(0, |time| u64::from_be_bytes(*time));
            if let Some(kept) = self.recent.find_mut(key) {
                kept.note(conn);
                continue;
            }
            if link.branch.distrusted || self.seen.contains(key) || !(oldest..=newest).contains(&time) {
                continue;
            }
            if let Some(missing) = self.tree.missing.get_mut(&key) {
                if missing.told.len() < MAX_TOLD && !missing.told.contains(&conn) && missing.asked != Some(conn) {
                    missing.told.push_back(conn);
                }
            } else if self.tree.missing.len() < limit && link.branch.missing < limit.div_ceil(4) {
                link.branch.missing += 1;
                let missing = Missing { first: conn, told: VecDeque::from([conn]), asked: None, due };
                self.tree.missing.insert(key, missing);
                self.timers.arm_by(Timer::Chase, due);
            }
        }
    }

    /// Asks for what has not come by itself, or not from the one who was asked before.
    pub(super) fn chase(&mut self) {
        let (now, until) = (self.now, self.now + self.config.timing.chase);
        let mut wanted: BTreeMap<ConnId, Vec<u8>> = BTreeMap::new();
        let mut given_up = Vec::new();
        for (key, missing) in self.tree.missing.iter_mut().filter(|(_, missing)| missing.due <= now) {
            if let Some(link) = missing.asked.take().and_then(|conn| self.links.get_mut(&conn)) {
                link.branch.broken += 1;
            }
            let usable = |conn: &ConnId| self.links.get(conn).is_some_and(|link| link.branch.broken < MAX_BROKEN);
            while let Some(conn) = missing.told.pop_front() {
                if usable(&conn) {
                    missing.asked = Some(conn);
                    missing.due = until;
                    wanted.entry(conn).or_default().extend_from_slice(&key.to_be_bytes());
                    break;
                }
            }
            if missing.asked.is_none() {
                given_up.push(*key);
            }
        }
        for key in given_up {
            self.forget_missing(key);
        }
        for (conn, keys) in wanted {
            self.graft(conn, keys);
        }
        self.distrust();
        if let Some(next) = self.tree.missing.values().map(|missing| missing.due).min() {
            self.timers.arm_by(Timer::Chase, next);
        }
    }

    fn graft(&mut self, conn: ConnId, keys: Vec<u8>) {
        self.stats.grafted += 1;
        self.make_branch(conn);
        self.send_extension(conn, op::GRAFT, vec![Value::Bin(Bytes::from(keys))]);
    }

    //= wireworks#1.7/broken-promises SHOULD
    //# After 64 in a row its lists count no more; it is asked to send everything, in case that it was only slow.
    fn distrust(&mut self) {
        let of = |link: &Link| link.branch.broken >= MAX_BROKEN && !link.branch.distrusted;
        let liars: Vec<ConnId> = self.links.iter().filter(|(_, link)| of(link)).map(|(&conn, _)| conn).collect();
        for conn in liars {
            self.graft(conn, Vec::new());
            if let Some(link) = self.links.get_mut(&conn) {
                link.branch.distrusted = true;
            }
        }
    }

    /// A new broadcast came: nobody need be asked for it any more.
    pub(super) fn arrived(&mut self, conn: ConnId, key: Key) {
        let Some(missing) = self.forget_missing(key) else { return };
        let Some(asked) = missing.asked else { return };
        self.stats.recovered += 1;
        let hold = HOLD.mul_f64(0.5 + self.rng.unit());
        if let Some(link) = self.links.get_mut(&conn).filter(|_| asked == conn) {
            // Links that were cut together are not cut again together: each is held for a time of its own.
            link.branch.held = self.now + hold;
            link.branch.broken = 0;
        }
    }

    fn forget_missing(&mut self, key: Key) -> Option<Missing> {
        let missing = self.tree.missing.remove(&key)?;
        if let Some(link) = self.links.get_mut(&missing.first) {
            link.branch.missing = link.branch.missing.saturating_sub(1);
        }
        Some(missing)
    }

    //= wireworks#1.7/lost-branch MAY
    //# A few are enough; whoever is left without hears of the next broadcast and asks.
    /// A neighbour is gone that sent broadcasts: some that tell of them only are to send them again.
    pub(super) fn branch_lost(&mut self, link: &Link) {
        if link.branch.pruned.is_some() || !link.is_capable() {
            return;
        }
        let idle = |conn: &ConnId| self.links.get(conn).is_some_and(|link| link.branch.pruned.is_some());
        let idle: Vec<ConnId> = self.table.values().copied().filter(idle).take(NEW_BRANCHES).collect();
        for conn in idle {
            self.graft(conn, Vec::new());
        }
    }
}

/// A neighbour that goes on sending repeats is asked again after this: it may be of an earlier version.
const PRUNE_AGAIN: Duration = Duration::from_secs(10);
/// A link over which something came that was missed stays a branch for about this long.
const HOLD: Duration = Duration::from_secs(4);
/// What is pushed out of memory sooner than this may still be asked for.
const YOUNG: Duration = Duration::from_millis(500);
/// Broadcasts told of in one message, if it is not time before.
const MAX_NEWS: usize = 128;
/// Neighbours remembered to have told of one broadcast.
const MAX_TOLD: usize = 8;
/// Promises that a neighbour may break in a row.
const MAX_BROKEN: u32 = 64;
/// Branches that take the place of one.
const NEW_BRANCHES: usize = 4;
