//! Keeps ring and tables alike where both meet: what a gateway remembers, and how it decides which side is right.
use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use serializer::Value;
use wire::Instant;

/// The memory of a gateway.
#[derive(Debug, Default)]
pub(super) struct Bridge {
    /// What both sides held when they were last found alike.
    alike: BTreeMap<Bytes, Digest>,
    /// Keys to compare, and when.
    due: BTreeMap<Bytes, Instant>,
    active: BTreeMap<Bytes, Comparison>,
    /// Keys with a notice of deletion since they were last compared.
    gone: BTreeSet<Bytes>,
    /// The last key that was looked at unasked.
    pub cursor: Bytes,
}

#[derive(Debug, Default)]
struct Comparison {
    ring: Option<Value>,
    tables: Option<Value>,
    /// There was news meanwhile: what was read may be of before.
    stale: bool,
}

/// What makes the two sides alike.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Action {
    /// They are.
    Nothing,
    /// Store this in the tables; [`Value::Nil`] deletes.
    Tables(Value),
    /// Store this in the ring.
    Ring(Value),
    /// Delete on both sides.
    Delete,
}

type Digest = [u8; 32];

impl Bridge {
    /// Compare this key in its turn, unless that is happening already.
    pub fn audit(&mut self, key: &Bytes, now: Instant) {
        if !self.active.contains_key(key) {
            self.plan(key, now);
        }
    }

    /// There is news of this key: compare it at `when`, unless that is planned earlier already.
    pub fn plan(&mut self, key: &Bytes, when: Instant) {
        if let Some(comparison) = self.active.get_mut(key) {
            comparison.stale = true;
        }
        if let Some(due) = self.due.get_mut(key) {
            *due = when.min(*due);
        } else if self.due.len() < MAX_DUE {
            self.due.insert(key.clone(), when);
        }
    }

    /// News of the key from another node.
    pub fn told(&mut self, key: &Bytes, deleted: bool, when: Instant) {
        if deleted && self.gone.len() < MAX_DUE {
            self.gone.insert(key.clone());
        } else {
            self.gone.remove(key);
        }
        self.plan(key, when);
    }

    /// This node itself wrote `value` to both sides.
    pub fn wrote(&mut self, key: &Bytes, value: &Value) {
        self.gone.remove(key);
        self.remember(key, value);
        if let Some(comparison) = self.active.get_mut(key) {
            comparison.stale = true;
        }
    }

    /// The next key to compare now, with at most `most` at once.
    pub fn start(&mut self, now: Instant, most: usize) -> Option<Bytes> {
        if self.active.len() >= most {
            return None;
        }
        let ready = |(key, due): &(&Bytes, &Instant)| **due <= now && !self.active.contains_key(*key);
        let key = self.due.iter().find(ready)?.0.clone();
        self.due.remove(&key);
        self.active.insert(key.clone(), Comparison::default());
        Some(key)
    }

    /// What the ring holds; an action once the tables have answered too.
    pub fn ring_says(&mut self, key: &Bytes, value: Value) -> Option<Action> {
        self.active.get_mut(key)?.ring = Some(value);
        self.decide(key)
    }

    /// What the tables hold; an action once the ring has answered too.
    pub fn tables_say(&mut self, key: &Bytes, value: Value) -> Option<Action> {
        self.active.get_mut(key)?.tables = Some(value);
        self.decide(key)
    }

    /// One side could not be read: the comparison ends without a decision.
    pub fn give_up(&mut self, key: &Bytes) {
        self.active.remove(key);
    }

    /// When the next comparison begins, if there may be one more beside those under way.
    pub fn deadline(&self, most: usize) -> Option<Instant> {
        if self.active.len() >= most {
            return None;
        }
        self.due.iter().filter(|(key, _)| !self.active.contains_key(*key)).map(|(_, due)| *due).min()
    }

    fn decide(&mut self, key: &Bytes) -> Option<Action> {
        let Some(Comparison { ring: Some(ring), tables: Some(tables), stale }) = self.active.get(key) else {
            return None;
        };
        if *stale {
            self.active.remove(key);
            return None;
        }
        let action = decide(ring, tables, self.alike.get(key), self.gone.contains(key));
        let alike = match &action {
            Action::Nothing => Some(ring.clone()),
            Action::Tables(value) => Some(value.clone()),
            Action::Ring(_) | Action::Delete => None, // when the ring has taken it
        };
        self.active.remove(key);
        if let Some(alike) = alike {
            self.gone.remove(key);
            self.remember(key, &alike);
        }
        Some(action)
    }

    fn remember(&mut self, key: &Bytes, value: &Value) {
        if value.is_nil() {
            self.alike.remove(key);
        } else if self.alike.len() < MAX_ALIKE || self.alike.contains_key(key) {
            self.alike.insert(key.clone(), digest(value));
        }
    }
}

/// Which side changed since both were alike? That one is right; if both did, the ring is, unless it holds nothing.
/// The tables lose entries by crashes, so nothing in them means deleted only after a notice.
//= wireworks#3.7/newer-side MUST
//# The last common value is remembered by its hash; the side that still has it is the older one.
fn decide(ring: &Value, tables: &Value, alike: Option<&Digest>, told_gone: bool) -> Action {
    let unchanged = |value: &Value| !value.is_nil() && alike == Some(&digest(value));
    if told_gone && (unchanged(ring) || !tables.is_nil()) {
        // what the tables still hold are copies that the deletion missed; the ring may have been written to since
        return if ring.is_nil() || unchanged(ring) { Action::Delete } else { Action::Tables(ring.clone()) };
    }
    if ring == tables {
        return Action::Nothing;
    }
    match (ring.is_nil(), tables.is_nil()) {
        (false, true) => Action::Tables(ring.clone()),
        (true, false) if unchanged(tables) => Action::Tables(Value::Nil),
        (true, false) => Action::Ring(tables.clone()),
        _ if unchanged(ring) => Action::Ring(tables.clone()),
        _ => Action::Tables(ring.clone()),
    }
}

fn digest(value: &Value) -> Digest {
    let mut bytes = Vec::new();
    value.encode(&mut bytes);
    let mut digest = [0; 32];
    digest.copy_from_slice(::ring::digest::digest(&::ring::digest::SHA256, &bytes).as_ref());
    digest
}

const MAX_DUE: usize = 65_536;
const MAX_ALIKE: usize = 65_536;

#[cfg(test)]
mod tests {
    use super::*;

    //= wireworks#3.7/newer-side test
    #[test]
    fn the_side_that_changed_is_right() {
        let (nothing, a, b, c) = (Value::Nil, Value::from("a"), Value::from("b"), Value::from("c"));
        let of = |ring: &Value, tables: &Value, alike: Option<&Value>| {
            decide(ring, tables, alike.map(digest).as_ref(), false)
        };
        assert_eq!(of(&a, &a, None), Action::Nothing);
        assert_eq!(of(&a, &b, Some(&a)), Action::Ring(b.clone()));
        assert_eq!(of(&a, &b, Some(&b)), Action::Tables(a.clone()));
        assert_eq!(of(&a, &b, Some(&c)), Action::Tables(a.clone()));
        assert_eq!(of(&a, &nothing, Some(&a)), Action::Tables(a.clone())); // lost, not deleted
        assert_eq!(of(&nothing, &a, None), Action::Ring(a.clone()));
        assert_eq!(of(&nothing, &a, Some(&a)), Action::Tables(nothing.clone())); // deleted in the ring
        assert_eq!(of(&nothing, &b, Some(&a)), Action::Ring(b.clone()));
        let gone = |ring: &Value, tables: &Value, alike: Option<&Value>| {
            decide(ring, tables, alike.map(digest).as_ref(), true)
        };
        assert_eq!(gone(&a, &nothing, Some(&a)), Action::Delete);
        assert_eq!(gone(&a, &a, Some(&a)), Action::Delete); // copies that the deletion missed
        assert_eq!(gone(&b, &nothing, Some(&a)), Action::Tables(b.clone())); // set again since
        assert_eq!(gone(&nothing, &a, Some(&a)), Action::Delete);
        assert_eq!(gone(&nothing, &nothing, Some(&a)), Action::Nothing);
    }
}
