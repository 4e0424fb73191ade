//! The life of a node against its table: every row, and every stimulus without one.
use std::time::Duration;

use chord::Key;
use chord::ring::{Config, Contact, Output, Phase, Ring, Stimulus, TRANSITIONS};
use wire::{Instant, Rng, Walk};

/// Nobody is given up within a test for being slow.
fn config() -> Config {
    Config { timeout: Duration::from_secs(3_600), ..Config::default() }
}

const OTHER: Contact<u32> = Contact::new(Key::ZERO, 0);

/// A ring of one, and a node outside of it.
struct World {
    now: Instant,
    member: Ring<u32>,
    node: Ring<u32>,
}

impl World {
    fn new() -> World {
        let mut member = Ring::new(OTHER, config(), Rng::from_u64(1));
        member.create(Instant::ZERO);
        World { now: Instant::ZERO, member, node: Ring::new(own(), config(), Rng::from_u64(2)) }
    }

    /// Carries what the two say to each other until they are silent.
    fn carry(&mut self) {
        loop {
            let from_node: Vec<_> = std::iter::from_fn(|| self.node.poll()).collect();
            let from_member: Vec<_> = std::iter::from_fn(|| self.member.poll()).collect();
            if from_node.is_empty() && from_member.is_empty() {
                return;
            }
            let sent = |outputs: Vec<Output<u32>>| {
                outputs.into_iter().filter_map(|output| match output {
                    Output::Send { message, .. } => Some(message),
                    Output::Event(_) => None,
                })
            };
            sent(from_node).for_each(|message| self.member.handle(self.now, &own(), message));
            sent(from_member).for_each(|message| self.node.handle(self.now, &OTHER, message));
        }
    }

    fn apply(&mut self, on: Stimulus) -> Option<Phase> {
        let before = self.node.phase();
        match on {
            Stimulus::Create => self.node.create(self.now),
            Stimulus::Resume if before == Phase::Outside => {
                self.node = Ring::resume(self.now, own(), config(), Rng::from_u64(2), vec![OTHER]);
            }
            Stimulus::Join => self.node.join(self.now, OTHER),
            Stimulus::Admitted if before == Phase::Joining => self.carry(),
            // Where values are handed over, a dead successor means that there is nobody to take them.
            Stimulus::Refused if before != Phase::Leaving => self.node.unreachable(self.now, &OTHER),
            Stimulus::Round if before != Phase::Joining => {
                self.now += Config::default().stabilize;
                while self.node.poll().is_some() {}
                self.node.handle_time(self.now);
                let asks = std::iter::from_fn(|| self.node.poll()).any(|output| matches!(output, Output::Send { .. }));
                assert_eq!(asks, before == Phase::Member || before == Phase::Leaving, "a round asks the neighbours");
            }
            Stimulus::Leave => self.node.leave(self.now),
            Stimulus::Released if before == Phase::Leaving => self.carry(),
            _ => return None,
        }
        Some(self.node.phase())
    }
}

const fn own() -> Contact<u32> {
    Contact::new(Key::MAX, 1)
}

#[test]
fn the_life_of_a_node_is_its_table() {
    use Stimulus::*;
    let mut walk = Walk::new(TRANSITIONS);
    // Resume before Create: a member that is alone has nobody to ask or to hand its range to.
    let all = [Resume, Join, Admitted, Refused, Create, Round, Leave, Released];
    walk.run(Phase::Outside, &all, World::new, World::apply);
    walk.finish();
}
