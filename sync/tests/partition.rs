//! Whole networks that part and heal while everyone writes: afterwards all tables are one. A failure prints its seed.
mod common;

use common::World;
use serializer::Value;
use sim::{HostId, Link};
use sync::Config;
use wire::Rng;

struct Story {
    world: World,
    rng: Rng,
    nodes: Vec<HostId>,
}

impl Story {
    fn new(seed: u64) -> Story {
        let mut rng = Rng::from_u64(seed);
        let mut world = World::new(seed);
        if rng.chance(0.5) {
            world.net.set_default_link(Link::rough());
        }
        let leasing = rng.chance(0.5);
        let count = 3 + rng.below(6);
        let nodes = (0..count).map(|_| world.ours_with(Config { leasing, ..Config::default() })).collect();
        let mut story = Story { world, rng, nodes };
        story.world.run(5.0);
        story
    }

    fn write(&mut self) {
        let node = self.nodes[self.rng.below(self.nodes.len() as u64) as usize];
        let key = format!("k{}", self.rng.below(4));
        let (kind, field, number) = (self.rng.below(6), format!("f{}", self.rng.below(3)), self.rng.below(100));
        self.world.do_as(node, |node, now| {
            let _ = match kind {
                0 => node.delete(now, key),
                1..=2 => node.set(now, key, Value::Map(vec![(field.into(), number.into())])),
                _ => node.update(now, key, vec![(field.into(), number.into())]),
            };
        });
    }

    fn write_for(&mut self, seconds: u64) {
        for _ in 0..seconds * 2 {
            self.write();
            let pause = self.rng.unit();
            self.world.run(pause);
        }
    }

    /// Cuts the network in two at a random place, writes on both sides, and heals it.
    fn part(&mut self) {
        let at = 1 + self.rng.below(self.nodes.len() as u64 - 1) as usize;
        let (left, right) = self.nodes.split_at(at);
        let cut = self.world.net.cut(left, right);
        let longest = if self.rng.chance(0.2) { 400 } else { 40 };
        let seconds = 5 + self.rng.below(longest);
        self.write_for(seconds.min(40));
        self.world.run(seconds as f64);
        self.world.net.heal(cut);
        self.write_for(5);
    }

    fn digests(&self) -> Vec<u64> {
        self.nodes.iter().map(|&node| self.world.net.machine(node).node().table().digest()).collect()
    }
}

#[test]
fn networks_that_parted_agree_again() {
    for seed in 0..100 {
        let mut story = Story::new(seed);
        story.write_for(5);
        for _ in 0..1 + story.rng.below(2) {
            story.part();
        }
        let mut seconds = 0;
        while story.digests().windows(2).any(|pair| pair[0] != pair[1]) {
            story.world.run(10.0);
            seconds += 10;
            assert!(seconds < 900, "seed {seed}: {:?}", story.digests());
        }
        let tables = story.nodes.iter().map(|&node| story.world.net.machine(node).node());
        let tables: Vec<Vec<_>> = tables.map(|node| node.table().entries().collect()).collect();
        assert!(tables.windows(2).all(|pair| pair[0] == pair[1]), "seed {seed}");
        assert!(!tables[0].is_empty(), "seed {seed}");
    }
}
