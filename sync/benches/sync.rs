//! What a write costs its writer and its readers, and what it costs to make two tables one.

use divan::Bencher;
use divan::counter::ItemsCount;
use serializer::{Id, Value};
use sync::{Config, Limits, Node, Repair, Table, What, Write};
use wire::{Epoch, Instant, Machine, Rng};

fn main() {
    divan::main();
}

const NOW: u64 = 1_700_000_000;

fn id() -> Id {
    Id::new("7ZoX8JvWifBiFnzkhmkNx6aB4jJwZ61JrC8ug7qWWtGKaESoTaBpFjfLZKVCyaBXA9").unwrap()
}

fn table(entries: usize) -> Table {
    let mut table = Table::new(true, Limits::default());
    for number in 0..entries {
        table.write(Write::set(format!("key {number}"), "a value of some thirty letters", id(), NOW), NOW).unwrap();
    }
    table
}

/// A node without neighbours: rule, rank, message, hash, table and event of an own write.
#[divan::bench]
fn set(bencher: Bencher) {
    let mut config = Config::default();
    config.mesh.epoch = Epoch::from_unix(std::time::Duration::from_secs(NOW));
    let mut node = Node::new(config, Rng::from_u64(1));
    let mut number = 0u64;
    bencher.counter(ItemsCount::new(1usize)).bench_local(|| {
        number += 1;
        let now = Instant::from_millis(number / 100);
        node.set(now, format!("key {}", number % 10_000), number).unwrap();
        while node.poll().is_some() {}
    });
}

/// A write from the network to a table of 10,000 entries.
#[divan::bench]
fn apply(bencher: Bencher) {
    let mut table = table(10_000);
    let mut number = 0u64;
    bencher.counter(ItemsCount::new(1usize)).bench_local(|| {
        number += 1;
        let (key, time) = (format!("key {}", number % 10_000), NOW + number / 1000);
        table.write(Write::set(key, number, id(), time), time).unwrap()
    });
}

/// A delta of one field to a map of so many.
#[divan::bench(args = [1, 10, 100])]
fn delta(bencher: Bencher, fields: u64) {
    let mut table = table(0);
    let map = (0..fields).map(|number| (format!("field {number}").into(), Value::from(number))).collect();
    table
        .write(Write { key: "k".into(), what: What::Set(Value::Map(map)), owner: id(), time: NOW, mark: None }, NOW)
        .unwrap();
    let mut number = 0u64;
    bencher.counter(ItemsCount::new(1usize)).bench_local(|| {
        number += 1;
        let (delta, time) = (vec![("field 0".into(), Value::from(number))], NOW + number / 1000);
        table.write(Write::delta("k", delta, id(), time), time).unwrap()
    });
}

/// Makes two tables of 10,000 entries one, messages encoded and decoded: `missing` entries are not in the second.
#[divan::bench(args = [0, 10, 1000, 10_000], sample_count = 20)]
fn repair(bencher: Bencher, missing: usize) {
    let full = table(10_000);
    bencher
        .with_inputs(|| [full.clone(), table(10_000 - missing)])
        .counter(ItemsCount::new(10_000usize))
        .bench_local_values(|mut tables| {
            let mut queue = vec![(0, Repair::start(&tables[1]).to_values())];
            while let Some((to, values)) = queue.pop() {
                let outcome =
                    Repair::from_values(&values).unwrap().answer(&mut tables[to], NOW, &mut usize::MAX.clone());
                queue.extend(outcome.answers.into_iter().map(|answer| (1 - to, answer.to_values())));
            }
            assert_eq!(tables[0].digest(), tables[1].digest());
            tables
        });
}
