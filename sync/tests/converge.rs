//! Random writes under partition, loss and disorder, then repair: all tables become one. Thousands of seeds; a failure
//! prints its own.
use bytes::Bytes;
use serializer::{Id, Value};
use sync::{Error, Limits, Repair, Table, What, Write};
use wire::Rng;

const NOW: u64 = 1_700_000_000;

struct World {
    rng: Rng,
    now: u64,
    nodes: Vec<Node>,
    /// Live messages under way.
    flood: Vec<(usize, Write)>,
    /// How likely a node hears a write.
    reach: f64,
}

struct Node {
    id: Id,
    table: Table,
    /// Only nodes of one part hear each other.
    part: u64,
    /// Seconds that its clock is wrong.
    skew: i64,
}

impl World {
    fn new(seed: u64) -> World {
        let mut rng = Rng::from_u64(seed);
        let leasing = rng.chance(0.5);
        let count = 2 + rng.below(5);
        let node = |number: u64, rng: &mut Rng| Node {
            id: Id::new(format!("n{number}")).unwrap(),
            table: Table::new(leasing, Limits::default()),
            part: 0,
            skew: rng.below(7) as i64 - 3,
        };
        let nodes = (0..count).map(|number| node(number, &mut rng)).collect();
        World { rng, now: NOW, nodes, flood: Vec::new(), reach: 0.9 }
    }

    fn step(&mut self) {
        match self.rng.below(20) {
            0 => self.now += 3500 + self.rng.below(300),
            1..=4 => self.now += self.rng.below(3),
            5 => self.nodes.iter_mut().for_each(|node| node.part = self.rng.below(3)),
            6 => self.nodes.iter_mut().for_each(|node| node.part = 0),
            7 => {
                let (a, b) = (self.pick(), self.pick());
                let loss = self.rng.unit() / 2.0;
                if self.nodes[a].part == self.nodes[b].part {
                    self.repair(a, b, loss);
                }
            }
            8..=13 => self.own_write(),
            14..=15 => self.old_write(),
            _ => self.deliver(),
        }
    }

    fn pick(&mut self) -> usize {
        self.rng.below(self.nodes.len() as u64) as usize
    }

    fn what(&mut self) -> What {
        let number = Value::from(self.rng.below(4));
        let field = |rng: &mut Rng| (Value::from(format!("f{}", rng.below(3))), Value::from(rng.below(9)));
        match self.rng.below(8) {
            0 => What::Set(Value::Nil),
            1 => What::Set(number),
            2 | 3 => What::Set(Value::Map(vec![field(&mut self.rng)])),
            4 => What::Delta(Vec::new()),
            _ => What::Delta((0..1 + self.rng.below(2)).map(|_| field(&mut self.rng)).collect()),
        }
    }

    fn key(&mut self) -> Bytes {
        Bytes::from(format!("k{}", self.rng.below(3)))
    }

    /// A write by a node of ours, told with its mark.
    fn own_write(&mut self) {
        let (at, key, what) = (self.pick(), self.key(), self.what());
        let Node { id, table, skew, .. } = &mut self.nodes[at];
        let time = self.now.saturating_add_signed(*skew);
        let Ok(entry) = table.claim(&key, what.clone(), id, time) else { return };
        let stamp = entry.stamp().clone();
        let mark = (!table.is_plain(&stamp)).then(|| stamp.mark());
        table.put(key.clone(), entry).unwrap();
        let write = Write { key, what, owner: id.clone(), time, mark };
        self.tell(at, write);
    }

    /// A write by an old program beside node `at`, which asks nobody and tells no mark.
    fn old_write(&mut self) {
        let (at, key, what) = (self.pick(), self.key(), self.what());
        let owner = Id::new(format!("o{}", self.rng.below(2))).unwrap();
        let write = Write { key, what, owner, time: self.now, mark: None };
        self.receive(at, write.clone());
        self.tell(at, write);
    }

    fn tell(&mut self, at: usize, write: Write) {
        let part = self.nodes[at].part;
        let others = (0..self.nodes.len()).filter(|&other| other != at && self.nodes[other].part == part);
        let told: Vec<usize> = others.collect();
        for other in told {
            if self.rng.chance(self.reach) {
                self.flood.push((other, write.clone()));
            }
        }
    }

    fn deliver(&mut self) {
        for _ in 0..self.rng.below(6).min(self.flood.len() as u64) {
            let at = self.rng.below(self.flood.len() as u64) as usize;
            let (to, write) = self.flood.swap_remove(at);
            self.receive(to, write);
        }
    }

    fn receive(&mut self, to: usize, write: Write) {
        let now = self.now;
        match self.nodes[to].table.write(write, now) {
            Ok(_) | Err(Error::Leased { .. } | Error::Stale | Error::NotMap) => {}
            Err(error) => panic!("{error}"),
        }
    }

    /// One repair between two nodes, of whose messages some get lost.
    fn repair(&mut self, a: usize, b: usize, loss: f64) {
        let mut queue = vec![(b, Repair::start(&self.nodes[a].table))];
        while let Some((to, message)) = queue.pop() {
            let message = Repair::from_values(&message.to_values()).expect("reads what it wrote");
            let from = if to == a { b } else { a };
            let outcome = message.answer(&mut self.nodes[to].table, self.now, &mut usize::MAX.clone());
            assert_eq!((outcome.refused, outcome.kept_back), (0, 0));
            for answer in outcome.answers {
                if !self.rng.chance(loss) {
                    queue.push((from, answer));
                }
            }
        }
    }

    fn heal(&mut self) {
        while !self.flood.is_empty() {
            self.deliver();
        }
        // Along a line, there and back, so that what one end has is at the other.
        for _ in 0..3 {
            let last = self.nodes.len() - 1;
            for a in (0..last).chain((0..last).rev()) {
                self.repair(a, a + 1, 0.0);
            }
        }
    }

    fn check(&self, seed: u64) {
        let first = &self.nodes[0].table;
        for node in &self.nodes {
            let pairs = || first.entries().zip(node.table.entries());
            assert!(pairs().all(|(a, b)| a == b), "seed {seed}: {:?}", pairs().find(|(a, b)| a != b));
            assert_eq!(first.entries().count(), node.table.entries().count(), "seed {seed}");
            assert_eq!(first.digest(), node.table.digest(), "seed {seed}");
            // Sums that were kept up to date all along are those of a table made at once.
            let mut anew = Table::new(node.table.leasing(), Limits::default());
            for (key, entry) in node.table.entries() {
                anew.merge(key.clone(), entry.clone(), self.now).unwrap();
            }
            let sums = |table: &Table| (table.digest(), table.bytes(), table.len(), table.tombstones());
            assert_eq!(sums(&anew), sums(&node.table), "seed {seed}");
        }
    }
}

//= wireworks#2.1/rank test
//= wireworks#2.1/merge test
//= wireworks#2.4/layout test
#[test]
fn whatever_happened_repair_makes_all_tables_one() {
    for seed in 0..4000 {
        let mut world = World::new(seed);
        for _ in 0..60 {
            world.step();
        }
        world.heal();
        world.check(seed);
    }
}

#[test]
fn nodes_that_hear_each_other_agree_without_repair() {
    for seed in 0..1000 {
        let mut world = World::new(seed);
        world.nodes.iter_mut().for_each(|node| node.skew = 0);
        world.reach = 1.0;
        for _ in 0..40 {
            match world.rng.below(3) {
                0 => world.now += world.rng.below(2),
                _ => world.own_write(),
            }
            // Everyone hears every write, and hears it before the next one.
            let (now, rng) = (world.now, &mut world.rng);
            while !world.flood.is_empty() {
                let (to, write) = world.flood.swap_remove(rng.below(world.flood.len() as u64) as usize);
                world.nodes[to]
                    .table
                    .write(write.clone(), now)
                    .unwrap_or_else(|e| panic!("seed {seed}: {e} {write:?}"));
            }
        }
        world.check(seed);
    }
}
