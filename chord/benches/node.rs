//! What the messages of a network at work cost one node: in the ring a step of a lookup and a round of stabilisation,
//! in the five tables an entry stored and asked for.
//!
//! `cargo bench -p chord --bench node`. Messages go in and come out as values; nothing is sent.
#[path = "../tests/ring_support/mod.rs"]
mod ring_support;

use std::hint::black_box;

use chord::ring::{Claim, Config as RingConfig, Contact, Message as RingMessage};
use chord::tables::{Config, Message, Names, Output, Position, Tables};
use chord::{Key, point_of};
use divan::Bencher;
use divan::counter::ItemsCount;
use ring_support::{Net, Node};
use serializer::{Id, Number, Value};
use wire::{Instant, Rng};

fn main() {
    divan::main();
}

const NODES: [usize; 3] = [16, 256, 1024];

/// A node of a ring at rest, and its predecessor.
fn member(nodes: usize) -> (Node, Contact<u32>) {
    let config = RingConfig { max_questions: u32::MAX, ..RingConfig::default() };
    let mut net = Net::ready(1, nodes, config);
    let node = net.nodes[nodes / 2].take().expect("a node");
    (node, net.contact(nodes as u32 / 2 - 1))
}

/// Keys of nobody in particular, over and over.
fn keys() -> impl FnMut() -> Key {
    let mut rng = Rng::from_u64(7);
    let keys: Vec<Key> = (0..1024)
        .map(|_| {
            let mut bytes = [0; Key::BYTES];
            rng.fill(&mut bytes);
            Key::from_bytes(&bytes)
        })
        .collect();
    let mut next = 0;
    move || {
        next = (next + 1) % keys.len();
        keys[next]
    }
}

fn ask(node: &mut Node, from: &Contact<u32>, message: RingMessage<u32>) {
    node.handle(Instant::ZERO, from, message);
    let outputs = std::iter::from_fn(|| node.poll()).map(black_box).count();
    assert_eq!(outputs, 1, "the answer");
}

/// A node is asked who follows a key, and names whom to ask next.
#[divan::bench(args = NODES)]
fn lookup_step(bencher: Bencher, nodes: usize) {
    let (mut node, from) = member(nodes);
    let (mut key, mut number) = (keys(), 0);
    bencher.bench_local(|| {
        number += 1;
        ask(&mut node, &from, RingMessage::Find { number, key: key() });
    });
}

/// The predecessor says that it is still there, and is told the neighbours.
#[divan::bench(args = NODES)]
fn notify(bencher: Bencher, nodes: usize) {
    let (mut node, before) = member(nodes);
    let mut number = 0;
    bencher.bench_local(|| {
        number += 1;
        ask(&mut node, &before, RingMessage::Stabilize { number, claim: Claim::Predecessor });
    });
}

/// A ring at rest for the mean time between two rounds of stabilisation: a round of each node, with the answers to it.
#[divan::bench(args = [16, 256], sample_count = 20)]
fn stabilisation_of_a_ring(bencher: Bencher, nodes: usize) {
    let config = RingConfig::default();
    let pause = config.stabilize;
    let mut net = Net::ready(1, nodes, config);
    net.run(pause * 2); // until the nodes are out of step
    bencher.counter(ItemsCount::new(nodes)).bench_local(|| net.run(pause));
}

/// A storing node with eight storing neighbours, their ids, and places that fall to it or to one of them.
fn tables(own: bool) -> (Tables, Vec<Id>, Vec<Position>) {
    let mut rng = Rng::from_u64(3);
    let mut id = || {
        let mut number = [0; 48];
        rng.fill(&mut number);
        Id::new(Number::from_be_bytes(&number).expect("48 bytes").to_base58()).expect("digits")
    };
    let mut tables = Tables::new(Config::default(), point_of(&id()).expect("a number"));
    let neighbours: Vec<Id> = (0..8).map(|_| id()).collect();
    for neighbour in &neighbours {
        tables.linked(neighbour);
        tables.handle(Instant::ZERO, neighbour, Message::Meta { storing: true });
    }
    let places = (0u32..).flat_map(|n| Position::all(&n.to_be_bytes())).filter(|place| {
        drain(&mut tables);
        tables.handle(Instant::ZERO, &neighbours[0], store(*place));
        drain(&mut tables) == usize::from(!own)
    });
    let places = places.take(1024).collect();
    (tables, neighbours, places)
}

fn store(position: Position) -> Message {
    Message::Store { position, value: Value::from("sixteen bytes...") }
}

/// How many messages are to be sent.
fn drain(tables: &mut Tables) -> usize {
    std::iter::from_fn(|| tables.poll()).map(black_box).filter(|output| matches!(output, Output::Send { .. })).count()
}

/// An entry is stored, and asked for by a neighbour.
#[divan::bench]
fn store_and_retrieve_here(bencher: Bencher) {
    let (mut tables, neighbours, places) = tables(true);
    let mut places = places.iter().cycle();
    bencher.bench_local(|| {
        let position = *places.next().expect("an endless cycle");
        tables.handle(Instant::ZERO, &neighbours[0], store(position));
        let names = Names::of(&position);
        tables.handle(Instant::ZERO, &neighbours[1], Message::Retrieve { position, names });
        assert_eq!(drain(&mut tables), 1, "the answer");
    });
}

/// The same for an entry of a neighbour: both messages go on, and its answer goes back.
#[divan::bench]
fn store_and_retrieve_elsewhere(bencher: Bencher) {
    let (mut tables, neighbours, places) = tables(false);
    let mut places = places.iter().cycle();
    bencher.bench_local(|| {
        let position = *places.next().expect("an endless cycle");
        tables.handle(Instant::ZERO, &neighbours[0], store(position));
        let names = || Names::of(&position);
        tables.handle(Instant::ZERO, &neighbours[0], Message::Retrieve { position, names: names() });
        let sent: Vec<Output> = std::iter::from_fn(|| tables.poll()).collect();
        let holder = sent.iter().find_map(|output| match output {
            Output::Send { to, message: Message::Retrieve { .. } } => Some(to.clone()),
            _ => None,
        });
        let answer = Message::Retrieved { position, names: names(), value: Value::from("sixteen bytes...") };
        tables.handle(Instant::ZERO, &holder.expect("asked on"), answer);
        assert_eq!(drain(&mut tables), 1, "the answer");
    });
}
