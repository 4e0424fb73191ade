//! The old rule, as those programs apply it, beside ours: where writes arrive in the order of their times, both tables
//! hold the same. That is when all old programs agree with each other.
use std::collections::BTreeMap;

use serializer::{Id, Value};
use sync::{LEASE, Limits, Table, What, Write};
use wire::Rng;

const NOW: u64 = 1_700_000_000;

/// A table that decides in the order of arrival and forgets what is deleted.
#[derive(Default)]
struct Old {
    leasing: bool,
    data: BTreeMap<bytes::Bytes, (Value, Id, u64)>,
}

impl Old {
    fn accepts(&self, write: &Write) -> bool {
        let Some((_, owner, time)) = self.data.get(&write.key) else { return true };
        let delta = matches!(write.what, What::Delta(_));
        *owner == write.owner
            || (delta && !self.leasing)
            || *time < write.time - LEASE
            || (*time == write.time && *owner > write.owner)
            || (*time < write.time && !self.leasing)
    }

    fn write(&mut self, write: Write) {
        if !self.accepts(&write) {
            return;
        }
        let value = match write.what {
            What::Set(value) => value,
            What::Delta(delta) => {
                let empty = Value::Map(Vec::new());
                let old = self.data.get(&write.key).map_or(&empty, |(value, ..)| value);
                let Value::Map(mut fields) = old.clone() else { return };
                for (name, value) in delta {
                    fields.retain(|(known, _)| *known != name);
                    fields.push((name, value));
                }
                Value::Map(fields)
            }
        };
        match value {
            Value::Nil => self.data.remove(&write.key),
            value => self.data.insert(write.key, (value, write.owner, write.time)),
        };
    }
}

fn sorted(value: &Value) -> Value {
    let Value::Map(fields) = value else { return value.clone() };
    let mut fields = fields.clone();
    fields.sort_by_key(|(name, _)| name.as_str().map(str::to_owned));
    Value::Map(fields)
}

//= p2p#3.9/accept test
//= p2p#3.9/delta test
#[test]
fn where_old_programs_agree_we_agree_with_them() {
    for seed in 0..5000 {
        let mut rng = Rng::from_u64(seed);
        let leasing = rng.chance(0.5);
        let (mut old, mut new) = (Old { leasing, ..Old::default() }, Table::new(leasing, Limits::default()));
        let mut now = NOW;
        for step in 0..40u64 {
            now += match rng.below(12) {
                0 => LEASE - 1 + rng.below(3),
                1..=4 => rng.below(3),
                _ => 0,
            };
            let field = (Value::from(format!("f{}", rng.below(3))), Value::from(step));
            let what = match rng.below(8) {
                0 => What::Set(Value::Nil),
                1 => What::Set(step.into()),
                2..=4 => What::Set(Value::Map(vec![field])),
                _ => What::Delta(vec![field]),
            };
            let owner = Id::new(format!("n{}", rng.below(4))).unwrap();
            let write = Write { key: "k".into(), what, owner, time: now, mark: None };
            if old.data.is_empty() && write.what == What::Set(Value::Nil) {
                continue; // an error in those programs
            }
            old.write(write.clone());
            let result = new.write(write.clone(), now);
            let (theirs, ours) = (old.data.get(&write.key[..]), new.entry(b"k").filter(|e| e.value().is_some()));
            let theirs = theirs.map(|(value, owner, time)| (sorted(value), owner, *time));
            let ours = ours.map(|e| (sorted(e.value().unwrap()), e.owner(), e.time()));
            assert_eq!(ours, theirs, "seed {seed} step {step} leasing {leasing} {write:?} {result:?}");
        }
    }
}
