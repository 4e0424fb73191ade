//! The five tables among a few nodes, without a mesh: messages are handed from part to part.
use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use chord::tables::{Bounds, Config, Message, Names, Output, Position, Table, Tables};
use chord::{Key, point_of};
use serializer::{Id, Number, Value};
use wire::{Instant, Rng};

/// Fully linked nodes; whoever is silent hears nothing and says nothing.
struct World {
    now: Instant,
    nodes: BTreeMap<Id, Tables>,
    silent: Vec<Id>,
    answers: BTreeMap<(Id, u64), Option<Value>>,
    handed_over: Vec<Id>,
    sent: usize,
}

impl World {
    fn new(seed: u64, nodes: usize) -> World {
        let mut rng = Rng::from_u64(seed);
        let mut world = World {
            now: Instant::from_millis(1000),
            nodes: BTreeMap::new(),
            silent: Vec::new(),
            answers: BTreeMap::new(),
            handed_over: Vec::new(),
            sent: 0,
        };
        (0..nodes).for_each(|_| drop(world.add(&mut rng, Config::default())));
        world.run(100);
        world
    }

    fn add(&mut self, rng: &mut Rng, config: Config) -> Id {
        let mut number = [0; 48];
        rng.fill(&mut number);
        let id = Id::new(Number::from_be_bytes(&number).unwrap().to_base58()).unwrap();
        let mut fresh = Tables::new(config, point_of(&id).unwrap());
        for (other, node) in &mut self.nodes {
            node.linked(&id);
            fresh.linked(other);
        }
        self.nodes.insert(id.clone(), fresh);
        id
    }

    fn crash(&mut self, id: &Id) {
        self.nodes.remove(id);
        self.nodes.values_mut().for_each(|node| node.unlinked(self.now, id));
    }

    fn ids(&self) -> Vec<Id> {
        self.nodes.keys().cloned().collect()
    }

    fn node(&mut self, at: usize) -> &mut Tables {
        self.nodes.values_mut().nth(at).unwrap()
    }

    fn run(&mut self, millis: u64) {
        let end = self.now + Duration::from_millis(millis);
        loop {
            self.deliver();
            let next = self.nodes.values().filter_map(Tables::deadline).min();
            match next.filter(|&next| next <= end) {
                Some(next) => self.now = next.max(self.now),
                None => break,
            }
            self.nodes.values_mut().for_each(|node| node.tick(self.now));
        }
        self.now = end;
    }

    fn deliver(&mut self) {
        loop {
            let mut outputs = Vec::new();
            for (id, node) in &mut self.nodes {
                outputs.extend(std::iter::from_fn(|| node.poll()).map(|output| (id.clone(), output)));
            }
            if outputs.is_empty() {
                return;
            }
            for (from, output) in outputs {
                match output {
                    Output::Send { to, message } => self.send(&from, &to, message),
                    Output::Meta { to, .. } => {
                        let storing = self.nodes[&from].is_joined();
                        self.send(&from, &to, Message::Meta { storing });
                    }
                    Output::Answer { query, value, .. } => {
                        assert!(self.answers.insert((from, query), value).is_none(), "answered once");
                    }
                    Output::HandedOver => self.handed_over.push(from),
                    Output::Miss { .. } | Output::Touched { .. } => {}
                }
            }
        }
    }

    fn send(&mut self, from: &Id, to: &Id, message: Message) {
        self.sent += 1;
        assert!(self.sent < 100_000, "messages go round in circles");
        if self.silent.contains(from) || self.silent.contains(to) {
            return;
        }
        // over the wire and back
        let message = Message::read(message.flag(), &message.into_values()).unwrap().unwrap();
        if let Some(node) = self.nodes.get_mut(to) {
            node.handle(self.now, from, message);
        }
    }

    fn set(&mut self, at: usize, key: &str, value: impl Into<Value>) {
        assert!(self.node(at).set(key.as_bytes(), &value.into()));
        self.run(50);
    }

    /// What a question at that node gives, and how long it took in milliseconds.
    fn get(&mut self, at: usize, key: &str, known: bool) -> (Option<Value>, u64) {
        let (now, id) = (self.now, self.ids()[at].clone());
        let query = self.node(at).get(now, &Bytes::copy_from_slice(key.as_bytes()), known);
        for waited in 0..20_000 {
            if let Some(value) = self.answers.remove(&(id.clone(), query)) {
                self.run(5000); // late answers and repairs
                return (value, waited);
            }
            self.run(1);
        }
        panic!("no answer");
    }

    fn copies(&self, key: &str) -> usize {
        let places = Position::all(key.as_bytes());
        let at = |node: &Tables| node.entries().filter(|(position, _)| places.contains(position)).count();
        self.nodes.values().map(at).sum()
    }
}

//= p2p#3.10/set test
//= p2p#3.10/retrieve test
//= p2p#3.10/holder test
#[test]
fn every_node_reads_what_any_node_set() {
    for nodes in 1..=4 {
        let mut world = World::new(nodes as u64, nodes);
        for n in 0..20u64 {
            world.set(n as usize % nodes, &format!("key {n}"), n);
            assert_eq!(world.copies(&format!("key {n}")), 5);
        }
        // each entry is at the node just before its place
        let points: Vec<Key> = world.ids().iter().map(|id| point_of(id).unwrap()).collect();
        for (id, node) in &world.nodes {
            for (position, _) in node.entries() {
                let nearest = points.iter().min_by_key(|point| position.distance_from(point)).unwrap();
                assert_eq!(*nearest, point_of(id).unwrap());
            }
        }
        for n in 0..20u64 {
            for at in 0..nodes {
                let (value, took) = world.get(at, &format!("key {n}"), false);
                assert_eq!(value, Some(n.into()), "key {n} at {at} of {nodes}");
                assert!(took <= 1);
            }
        }
        world.set(0, "key 3", Value::Nil);
        assert_eq!(world.copies("key 3"), 0);
        assert_eq!(world.get(nodes - 1, "key 3", false).0, None);
    }
}

//= p2p#3.10/two-answers test
#[test]
fn nothing_is_final_only_after_a_second_answer_had_its_time() {
    let mut world = World::new(7, 3);
    let (value, took) = world.get(0, "never set", false);
    assert_eq!(value, None);
    assert!((900..=1100).contains(&took), "{took} ms");
}

/// A hop of the old kind says nothing first and asks on; the value that follows is taken and passed back alone.
//= p2p#3.10/two-answers test
#[test]
fn the_better_answer_of_an_old_hop_counts() {
    let world = World::new(8, 1);
    let old = Id::new("2").unwrap();
    let asker = Id::new("3").unwrap();
    let position = Position::of(Table::Sha256, b"foo");
    let now = world.now;
    let mut middle = Tables::new(Config::default(), position.ring().ahead(383));
    for peer in [&old, &asker] {
        middle.linked(peer);
    }
    // an old peer just before the place
    let near = Id::new(Number::from_be_bytes(&position.ring().to_bytes()).unwrap().to_base58()).unwrap();
    middle.linked(&near);
    middle.handle(now, &near, Message::Meta { storing: true });
    while middle.poll().is_some() {}
    let names = Names::of(&position);
    middle.handle(now, &asker, Message::Retrieve { position, names: names.clone() });
    let passed_on = Output::Send { to: near.clone(), message: Message::Retrieve { position, names: names.clone() } };
    assert_eq!(middle.poll(), Some(passed_on));
    let answer = |value| Message::Retrieved { position, names: names.clone(), value };
    middle.handle(now, &near, answer(Value::Nil));
    assert_eq!(middle.poll(), None);
    middle.handle(now, &near, answer("bar".into()));
    assert_eq!(middle.poll(), Some(Output::Send { to: asker, message: answer("bar".into()) }));
    middle.handle(now, &near, answer("bar".into()));
    assert_eq!((middle.poll(), middle.stats().strays), (None, 1));
}

//= p2p#3.10/delta test
#[test]
fn a_delta_merges_one_level_deep() {
    let mut world = World::new(9, 3);
    let pair = |key: &str, value: u64| (Value::from(key), Value::from(value));
    assert!(world.node(0).update(b"map", &[pair("a", 1), pair("b", 2)]));
    world.run(10);
    assert!(world.node(1).update(b"map", &[(Value::from(&b"b"[..]), Value::from(3)), pair("c", 4)]));
    world.run(10);
    let (value, _) = world.get(2, "map", false);
    assert_eq!(value, Some(Value::Map(vec![pair("a", 1), pair("b", 3), pair("c", 4)])));
    world.set(0, "text", "no map");
    world.node(0).update(b"text", &[pair("a", 1)]);
    assert_eq!(world.get(1, "text", false).0, Some("no map".into()));
}

//= p2p#3.10/changed-meta test
//= p2p#3.10/meta-sent test
#[test]
fn a_newcomer_gets_what_it_is_nearest_to() {
    let mut world = World::new(10, 2);
    (0..50u64).for_each(|n| world.set(0, &format!("key {n}"), n));
    let mut rng = Rng::from_u64(11);
    let fresh = world.add(&mut rng, Config { joined: false, ..Config::default() });
    world.run(1000);
    assert_eq!(world.nodes[&fresh].entries().count(), 0);
    world.nodes.get_mut(&fresh).unwrap().join();
    world.run(1000);
    assert!(world.nodes[&fresh].entries().count() > 0);
    for n in 0..50u64 {
        for at in 0..3 {
            assert_eq!(world.get(at, &format!("key {n}"), false).0, Some(n.into()));
        }
    }
}

//= p2p#3.10/unjoin test
#[test]
fn leaving_loses_nothing() {
    let mut world = World::new(12, 4);
    (0..100u64).for_each(|n| world.set(n as usize % 4, &format!("key {n}"), n));
    for left in [3, 2, 1] {
        let (now, leaver) = (world.now, world.ids()[left].clone());
        world.node(left).unjoin(now);
        world.run(2000);
        assert!(world.handed_over.contains(&leaver));
        assert_eq!(world.nodes[&leaver].entries().count(), 0);
        // it may still ask
        assert_eq!(world.get(left, "key 1", false).0, Some(1.into()));
        world.crash(&leaver);
    }
    // nobody can take over from the last one, so it keeps what it has
    let now = world.now;
    world.node(0).unjoin(now);
    world.run(2000);
    for n in 0..100u64 {
        assert_eq!(world.get(0, &format!("key {n}"), false).0, Some(n.into()));
    }
    // until another one comes
    let mut rng = Rng::from_u64(13);
    let fresh = world.add(&mut rng, Config::default());
    world.run(2000);
    assert_eq!(world.nodes[&fresh].entries().count(), 500);
}

//= wireworks#3.1/read-repair test
#[test]
fn what_a_crash_left_over_is_found_and_healed() {
    let (mut world, mut healed) = (World::new(14, 4), 0);
    (0..40u64).for_each(|n| world.set(0, &format!("key {n}"), n));
    let victim = world.ids()[1].clone();
    world.crash(&victim);
    for n in 0..40u64 {
        let key = format!("key {n}");
        let left = world.copies(&key);
        let (value, _) = world.get(0, &key, true);
        assert_eq!(value, (left > 0).then(|| n.into()), "{left} copies left");
        if (1..5).contains(&left) {
            healed += 1;
            assert_eq!(world.copies(&key), 5);
        }
    }
    assert!(healed > 5);
}

//= wireworks#3.1/silent-hop test
#[test]
fn a_silent_holder_costs_its_timeout_only() {
    let mut world = World::new(15, 4);
    (0..10u64).for_each(|n| world.set(0, &format!("key {n}"), n));
    world.silent = vec![world.ids()[2].clone()];
    for n in 0..10u64 {
        let (value, took) = world.get(0, &format!("key {n}"), true);
        assert!(value == Some(n.into()) || value.is_none());
        assert!(took < 10_000, "{took} ms");
    }
}

//= wireworks#3.1/stale-copies test
#[test]
fn a_deleted_key_stays_deleted_when_its_holder_leaves() {
    let mut world = World::new(16, 1);
    world.set(0, "key", "value");
    let mut rng = Rng::from_u64(17);
    let fresh = world.add(&mut rng, Config::default());
    world.run(100);
    world.set(0, "key", Value::Nil);
    world.nodes.values_mut().for_each(|node| node.forget(b"key"));
    world.crash(&fresh);
    assert_eq!(world.get(0, "key", true).0, None);
}

//= wireworks#3.1/bounded test
#[test]
fn storage_is_bounded() {
    let bounds = Bounds { entries: 7, bytes: 1000, value: 300 };
    let mut alone = Tables::new(Config { bounds, ..Config::default() }, Key::from(1));
    let text = |length: usize| Value::from("x".repeat(length));
    assert!(!alone.set(b"large", &text(400)));
    assert!(alone.set(b"a", &text(10)));
    assert!(!alone.set(b"b", &text(10)));
    assert_eq!(alone.entries().count(), 7);
    assert!(!alone.set(b"a", &text(250))); // 1000 bytes are reached at the fourth
    assert!(alone.set(b"a", &Value::Nil) && alone.set(b"b", &Value::Nil));
    assert_eq!(alone.entries().count(), 0);
}

#[test]
fn questions_are_bounded() {
    let mut node = Tables::new(Config { lookups: 2, ask_owner: true, ..Config::default() }, Key::from(1));
    let asker = Id::new("3").unwrap();
    node.linked(&asker);
    while node.poll().is_some() {}
    for n in 0..5u8 {
        let position = Position::of(Table::Sha1, &[n]);
        node.handle(Instant::ZERO, &asker, Message::Retrieve { position, names: Names::of(&position) });
    }
    assert_eq!(node.stats().overload, 3);
    let outputs: Vec<Output> = std::iter::from_fn(|| node.poll()).collect();
    assert_eq!(outputs.iter().filter(|output| matches!(output, Output::Miss { .. })).count(), 2);
    // the others and, when their owner says nothing in time, these too are answered with nothing
    node.tick(Instant::from_millis(60_000));
    assert_eq!(std::iter::from_fn(|| node.poll()).count(), 2);
}
