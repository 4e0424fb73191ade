//! What a neighbour is told of the table, and when: a transfer for old programs, repair for the others.

use bytes::Bytes;
use serializer::{Flag, Id, Value};
use wire::Instant;

use super::{Node, REPAIR};
use crate::Repair;

/// How far the transfer to a neighbour has come.
pub(super) struct Transfer {
    /// The last key told.
    after: Option<Bytes>,
    /// When to go on.
    pub next: Instant,
}

/// What repairs with a neighbour may still cost.
pub(super) struct Account {
    left: usize,
    full_again: Instant,
}

impl Node {
    /// A neighbour is there, and our list of peers is on its way to it.
    pub(super) fn greet(&mut self, id: &Id) {
        if !self.can_repair(id) {
            let transfer = Transfer { after: None, next: self.now };
            self.transfers.insert(id.clone(), transfer);
            return self.transfer(id);
        }
        //= wireworks#2.4/start SHOULD
        //# The side with the smaller id asks, so that one repair runs and not two; the other asks if nothing comes of it.
        let patience = if self.mesh.id() < id { self.now } else { self.now + self.config.spread * 4 };
        self.due.insert(id.clone(), patience);
        self.run_timers();
    }

    pub(super) fn forget(&mut self, id: &Id) {
        self.transfers.remove(id);
        self.due.remove(id);
        self.accounts.remove(id);
    }

    pub(super) fn run_timers(&mut self) {
        let Some(every) = self.config.repair else { return self.go_on_transferring() };
        let round = *self.round.get_or_insert(self.now);
        if round <= self.now {
            let quarters = 3.0 + 2.0 * self.rng.unit();
            self.round = Some(self.now + every.mul_f64(quarters / 4.0));
            self.table.expire(self.seconds());
            //= wireworks#2.4/periodic SHOULD
            //# One random neighbour at a time, at times of one's own, so that a network does not ask in step.
            let capable: Vec<Id> = self.capable();
            let one = self.rng.below(capable.len() as u64) as usize;
            capable.into_iter().nth(one).iter().for_each(|id| self.ask(id));
        }
        let now = self.now;
        let due: Vec<Id> = self.due.iter().filter(|(_, at)| **at <= now).map(|(id, _)| id.clone()).collect();
        for id in due {
            self.due.remove(&id);
            self.ask(&id);
        }
        self.go_on_transferring();
    }

    /// Something was learnt from a neighbour: the others may not know it, and that one may know more.
    pub(super) fn spread(&mut self) {
        let at = self.now + self.config.spread;
        for id in self.capable() {
            self.due.entry(id).or_insert(at);
        }
    }

    fn ask(&mut self, id: &Id) {
        let root = Repair::start(&self.table).to_values();
        if self.mesh.whisper_as(self.now, id, Flag::Other(u64::from(REPAIR)), root).is_ok() {
            self.stats.roots += 1;
        }
    }

    /// Whether a neighbour announced the repair.
    pub(super) fn can_repair(&self, id: &Id) -> bool {
        self.config.repair.is_some() && self.mesh.peer(id).is_some_and(|peer| peer.features.contains(&REPAIR))
    }

    fn capable(&self) -> Vec<Id> {
        self.mesh.peers().filter(|peer| peer.features.contains(&REPAIR)).map(|peer| peer.id.clone()).collect()
    }

    // ---- budgets

    /// How many bytes may go to a neighbour now.
    pub(super) fn budget(&mut self, id: &Id) -> usize {
        let now = self.now;
        match self.accounts.get(id) {
            Some(account) if account.full_again > now => account.left,
            _ => self.config.limits.repair,
        }
    }

    /// Writes down what is left of a budget.
    pub(super) fn spent(&mut self, id: &Id, left: usize) {
        let (now, refill) = (self.now, self.config.limits.repair_refill);
        let account = self.accounts.entry(id.clone()).or_insert(Account { left, full_again: now });
        if account.full_again <= now {
            account.full_again = now + refill;
        }
        account.left = left;
    }

    // ---- transfers to old programs

    fn go_on_transferring(&mut self) {
        let now = self.now;
        let due: Vec<Id> = self.transfers.iter().filter(|(_, t)| t.next <= now).map(|(id, _)| id.clone()).collect();
        due.iter().for_each(|id| self.transfer(id));
    }

    /// Tells a neighbour the next entries.
    //= p2p#3.9/transfer-send MUST
    //# In the order of the keys, a few at a time: a large table would fill the queue to a slow neighbour. What is written
    //# meanwhile reaches it as a broadcast.
    fn transfer(&mut self, id: &Id) {
        let Some(transfer) = self.transfers.get_mut(id) else { return };
        let mut after = transfer.after.take();
        let next: Vec<(Bytes, Vec<Value>)> = (self.table.iter_after(after.as_ref()).take(self.config.transfer.max(1)))
            .map(|(key, entry)| {
                let owner = entry.owner().to_value(); // a string or bytes, as that node writes it
                let value = entry.value().cloned().unwrap_or_default();
                (key.clone(), vec![Value::Bin(key.clone()), value, owner, Value::from(entry.time())])
            })
            .collect();
        let done = next.len() < self.config.transfer.max(1);
        for (key, values) in next {
            if self.mesh.whisper_as(self.now, id, Flag::Store, values).is_ok() {
                self.stats.transferred += 1;
            }
            after = Some(key);
        }
        match self.transfers.get_mut(id) {
            Some(transfer) if !done => {
                (transfer.after, transfer.next) = (after, self.now + self.config.transfer_pause);
            }
            _ => {
                self.transfers.remove(id);
            }
        }
    }
}
