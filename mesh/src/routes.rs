//! In which direction senders are: the link over which a broadcast of theirs came first.
use std::collections::{HashMap, VecDeque};

use foldhash::SharedSeed;
use foldhash::fast::SeedableRandomState;
use serializer::Id;
use wire::{ConnId, Rng};

pub(crate) struct Routes {
    links: HashMap<Id, ConnId, SeedableRandomState>,
    order: VecDeque<Id>,
    limit: usize,
}

impl Routes {
    pub fn new(limit: usize, rng: &mut Rng) -> Routes {
        let state = SeedableRandomState::with_seed(rng.u64(), SharedSeed::global_fixed());
        Routes { links: HashMap::with_hasher(state), order: VecDeque::new(), limit }
    }

    pub fn learn(&mut self, sender: &Id, conn: ConnId) {
        if let Some(link) = self.links.get_mut(sender) {
            *link = conn;
            return;
        }
        let sender = sender.detached();
        self.links.insert(sender.clone(), conn);
        self.order.push_back(sender);
        if self.order.len() > self.limit
            && let Some(oldest) = self.order.pop_front()
        {
            self.links.remove(&oldest);
        }
    }

    /// The link toward `id`, which may be closed by now.
    pub fn toward(&self, id: &Id) -> Option<ConnId> {
        self.links.get(id).copied()
    }

    pub fn len(&self) -> usize {
        self.order.len()
    }
}
