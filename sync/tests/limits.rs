//! Each limit, and that what is refused leaves nothing behind.
use std::time::Duration;

use serializer::{Id, Value};
use sync::{Change, Entry, Error, Limits, Repair, Stamp, Table, What, Write};

const NOW: u64 = 1_700_000_000;

fn id(text: &str) -> Id {
    Id::new(text.to_owned()).unwrap()
}

fn table(limits: Limits) -> Table {
    Table::new(true, limits)
}

/// A write from the network, of a key of its own.
fn set(table: &mut Table, key: &str, value: impl Into<Value>) -> Result<Change, Error> {
    table.write(Write::set(key.to_owned(), value, id("5A"), NOW), NOW)
}

/// One of this node's own.
fn own(table: &mut Table, key: &str, what: What) -> Result<Change, Error> {
    let entry = table.claim(&key.to_owned().into(), what, &id("5A"), NOW)?;
    table.put(key.to_owned().into(), entry)
}

fn fields(count: u64) -> Vec<(Value, Value)> {
    (0..count).map(|number| (number.into(), number.into())).collect()
}

#[test]
fn key() {
    let mut table = table(Limits { key: 4, ..Limits::default() });
    assert_eq!(set(&mut table, "four", 1), Ok(Change::Updated));
    assert_eq!(set(&mut table, "fiver", 1), Err(Error::KeyTooLong(5)));
    assert_eq!(own(&mut table, "fiver", What::Set(1.into())), Err(Error::KeyTooLong(5)));
    assert_eq!(table.transferred(Write::set("fiver", 1, id("5A"), NOW), NOW), Err(Error::KeyTooLong(5)));
    assert_eq!((table.len(), table.bytes()), (1, 4 + 1 + 256));
}

#[test]
fn value() {
    let mut table = table(Limits { value: 100, ..Limits::default() });
    assert_eq!(set(&mut table, "k", "x".repeat(98)), Ok(Change::Updated));
    assert_eq!(set(&mut table, "l", "x".repeat(99)), Err(Error::ValueTooLong(101)));
    // Deltas cannot grow a value past it either.
    set(&mut table, "m", Value::Map(fields(30))).unwrap();
    let delta = vec![("long".into(), Value::from("x".repeat(40)))];
    let grown = table.write(Write::delta("m", delta.clone(), id("5A"), NOW + 1), NOW + 1);
    assert!(matches!(grown, Err(Error::ValueTooLong(_))), "{grown:?}");
    assert!(own(&mut table, "m", What::Delta(delta)).is_err());
    assert_eq!(table.get(b"m"), Some(&Value::Map(fields(30))));
}

#[test]
fn depth() {
    let mut table = table(Limits { depth: 3, ..Limits::default() });
    let nested = |depth| (0..depth).fold(Value::from(1), |value, _| Value::Array(vec![value]));
    assert_eq!(set(&mut table, "k", nested(3)), Ok(Change::Updated));
    assert_eq!(set(&mut table, "l", nested(4)), Err(Error::ValueTooComplex));
}

#[test]
fn items() {
    let mut table = table(Limits { items: 10, ..Limits::default() });
    assert_eq!(set(&mut table, "k", vec![Value::Nil; 9]), Ok(Change::Updated));
    assert_eq!(set(&mut table, "l", vec![Value::Nil; 10]), Err(Error::ValueTooComplex));
    assert_eq!(set(&mut table, "m", Value::Map(fields(5))), Err(Error::ValueTooComplex));
}

#[test]
fn entries() {
    let mut table = table(Limits { entries: 2, ..Limits::default() });
    set(&mut table, "a", 1).unwrap();
    set(&mut table, "b", 1).unwrap();
    assert_eq!(set(&mut table, "c", 1), Err(Error::Full));
    assert_eq!(own(&mut table, "c", What::Set(1.into())), Err(Error::Full));
    assert_eq!(set(&mut table, "a", 2), Ok(Change::Updated), "what is there can be changed");
    set(&mut table, "b", Value::Nil).unwrap();
    assert_eq!(set(&mut table, "c", 1), Ok(Change::Updated), "a deleted key makes room");
}

#[test]
fn bytes() {
    let mut table = table(Limits { bytes: 1000, ..Limits::default() });
    set(&mut table, "a", "x".repeat(200)).unwrap();
    set(&mut table, "b", "x".repeat(200)).unwrap();
    assert_eq!(set(&mut table, "c", "x".repeat(200)), Err(Error::Full));
    set(&mut table, "b", Value::Nil).unwrap();
    assert!(table.bytes() <= 1000);
}

#[test]
fn written_fields() {
    let mut table = table(Limits { fields: 3, ..Limits::default() });
    set(&mut table, "k", Value::Map(fields(20))).unwrap();
    assert_eq!(own(&mut table, "k", What::Delta(fields(3))), Ok(Change::Updated));
    assert_eq!(own(&mut table, "k", What::Delta(fields(4))), Err(Error::TooManyFields));
    assert_eq!(own(&mut table, "l", What::Delta(fields(4))), Err(Error::TooManyFields));
}

//= wireworks#2.3/bound test
#[test]
fn tombstones() {
    let mut table = table(Limits { tombstones: 5, ..Limits::default() });
    for number in 0..20 {
        let key = format!("{number:02}");
        table.write(Write::set(key.clone(), 1, id("5A"), NOW + number), NOW + number).unwrap();
        table.write(Write::set(key, Value::Nil, id("5A"), NOW + number), NOW + number).unwrap();
    }
    assert_eq!((table.len(), table.tombstones(), table.entries().count()), (0, 5, 5));
    assert!(table.entry(b"15").is_some() && table.entry(b"14").is_none(), "the oldest went");
    // Deletions of keys that were never there are bounded as well.
    for number in 0..20 {
        table.write(Write::set(format!("{number}"), Value::Nil, id("5A"), NOW + 99), NOW + 99).unwrap();
    }
    assert_eq!(table.tombstones(), 5);
    // A repair that brings a forgotten one back tells nobody.
    let stamp = Stamp { term: 0, since: NOW, owner: id("5A"), time: NOW + 99, sequence: 0, check: 0 };
    assert_eq!(table.merge("z".into(), Entry::set(stamp, Value::Nil), NOW + 99), Ok(Change::None));
}

#[test]
fn tombstone_life() {
    let mut table = table(Limits { tombstone_life: Duration::from_secs(10), ..Limits::default() });
    set(&mut table, "k", Value::Nil).unwrap();
    table.expire(NOW + 10);
    assert_eq!(table.tombstones(), 1);
    table.expire(NOW + 11);
    assert_eq!(
        (table.tombstones(), table.digest(), table.bytes()),
        (0, Table::new(true, Limits::default()).digest(), 0)
    );
}

#[test]
fn ahead() {
    let mut table = table(Limits { ahead: Duration::from_secs(60), ..Limits::default() });
    let mut write = |time| table.write(Write::set("k", 1, id("5A"), time), NOW);
    assert_eq!(write(NOW + 61), Err(Error::Implausible));
    assert_eq!(write(u64::MAX), Err(Error::Implausible));
    assert_eq!(write(NOW + 60), Ok(Change::Updated));
    // Nor may a rank be out of reach of every later write.
    let stamp = Stamp { term: u64::MAX, since: NOW, owner: id("5B"), time: NOW, sequence: 0, check: 0 };
    assert_eq!(table.merge("k".into(), Entry::set(stamp, 2.into()), NOW), Err(Error::Implausible));
    let (k, what) = ("k".into(), What::Set(2.into()));
    let mark = Some(sync::Mark { term: u64::MAX, since: NOW, sequence: 0 });
    assert_eq!(table.write(Write { key: k, what, owner: id("5B"), time: NOW, mark }, NOW), Err(Error::Implausible));
}

//= wireworks#2.4/budget test
#[test]
fn repair() {
    let (mut full, empty) = (table(Limits::default()), table(Limits::default()));
    for number in 0..1000 {
        set(&mut full, &format!("{number}"), "x".repeat(100)).unwrap();
    }
    let mut budget = 100_000;
    let outcome = Repair::Buckets(empty.buckets().to_vec()).answer(&mut full, NOW, &mut budget);
    let told: usize = outcome
        .answers
        .iter()
        .map(|answer| match answer {
            Repair::Entries(entries) => entries.len(),
            _ => 0,
        })
        .sum();
    assert!((200..300).contains(&told) && outcome.kept_back > 0 && budget < 400, "{told} {budget}");
    let (mut other, mut rounds) = (empty, 0);
    while other.digest() != full.digest() {
        let (mut queue, mut budgets) = (vec![(0, Repair::start(&other))], [100_000, 100_000]);
        while let Some((to, message)) = queue.pop() {
            let table = if to == 0 { &mut full } else { &mut other };
            let answers = message.answer(table, NOW + rounds, &mut budgets[to]).answers;
            queue.extend(answers.into_iter().map(|answer| (1 - to, answer)));
        }
        rounds += 1;
        assert!(rounds < 10, "each round brings the next part");
    }
}
