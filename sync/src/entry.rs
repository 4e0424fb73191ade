//! What the table holds at one key, and how two copies of it become one.

use std::collections::BTreeMap;

use bytes::Bytes;
use serializer::{Id, Value};

use crate::Stamp;

/// The state of one key: the last whole value set there with its stamp, the fields that deltas wrote over it with
/// theirs, and the greatest stamp of all. A deleted key keeps its entry, without a value, for a while: otherwise a
/// node that was away would bring the value back.
///
/// A live write is an entry too, of that write alone, and [`Entry::merge`] is the only way in which an entry changes.
/// It keeps the greater stamp of every part, so the result depends on which writes were seen and not on their order.
///
/// ```
/// use serializer::{Id, Value};
/// use sync::{Entry, Stamp};
/// let stamp = |time| Stamp { term: 0, since: 90, owner: Id::new("2ab").unwrap(), time, sequence: 0, check: 0 };
/// let set = Entry::set(stamp(90), Value::Map(vec![("a".into(), 1.into())]));
/// let delta = Entry::delta(stamp(91), &[("b".into(), 2.into())]);
/// let (mut one, mut other) = (set.clone(), delta.clone());
/// one.merge(delta);
/// other.merge(set);
/// assert_eq!(one, other);
/// assert_eq!(one.value(), Some(&Value::Map(vec![("a".into(), 1.into()), ("b".into(), 2.into())])));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Of the whole value; `None` when only deltas were seen, which start from an empty map.
    base: Option<Stamp>,
    top: Stamp,
    /// The whole value with the fields written over it; `Nil` when deleted.
    value: Value,
    /// By the encoded name of the field. All greater than `base`.
    fields: BTreeMap<Bytes, Stamp>,
}

impl Entry {
    /// What a `store` of `value` makes; a nil value deletes.
    pub fn set(stamp: Stamp, value: Value) -> Entry {
        Entry { base: Some(stamp.clone()), top: stamp, value, fields: BTreeMap::new() }
    }

    /// What a `delta` of these fields makes. Of a name that stands there twice the last counts.
    pub fn delta(stamp: Stamp, fields: &[(Value, Value)]) -> Entry {
        let map = index(fields);
        let fields = map.keys().map(|name| (name.clone(), stamp.clone())).collect();
        Entry { base: None, top: stamp, value: Value::Map(map.into_values().collect()), fields }
    }

    /// The value; `None` when the key was deleted.
    pub fn value(&self) -> Option<&Value> {
        (self.value != Value::Nil).then_some(&self.value)
    }

    /// The greatest stamp of any write in it.
    pub fn stamp(&self) -> &Stamp {
        &self.top
    }

    /// The stamp of the last whole value, if one was set.
    pub fn base(&self) -> Option<&Stamp> {
        self.base.as_ref()
    }

    /// Who wrote last.
    pub fn owner(&self) -> &Id {
        &self.top.owner
    }

    /// When it was written last, in Unix seconds.
    pub fn time(&self) -> u64 {
        self.top.time
    }

    /// How many fields have a stamp of their own.
    pub fn fields(&self) -> usize {
        self.fields.len()
    }

    /// Whether a delta can be merged into it: its value is a map, or was deleted.
    pub fn takes_delta(&self) -> bool {
        matches!(self.value, Value::Nil | Value::Map(_))
    }

    /// Takes over every part of `other` that has the greater stamp; true when the value is another one now.
    //= wireworks#2.1/merge MUST
    //# The whole value with the greater stamp stays, and every field written after it with its greatest stamp: a
    //# function of the set of writes, so order, repetition and detours do not matter.
    pub fn merge(&mut self, mut other: Entry) -> bool {
        let swapped = other.base > self.base;
        if swapped {
            std::mem::swap(self, &mut other);
        }
        if other.top > self.top {
            self.top = other.top.clone();
        }
        let newer: Vec<(Bytes, Stamp)> = other
            .fields
            .iter()
            .filter(|(name, stamp)| self.lacks(name, stamp))
            .map(|(name, stamp)| (name.clone(), stamp.clone()))
            .collect();
        if newer.is_empty() || !self.takes_delta() {
            return swapped && self.value != other.value;
        }
        let before = if swapped { other.value.clone() } else { self.value.clone() };
        let mut theirs = index(map(&other.value));
        let mut ours = index(map(&self.value));
        for (name, stamp) in newer {
            if let Some(field) = theirs.remove(&name) {
                ours.insert(name.clone(), field);
                self.fields.insert(name, stamp);
            }
        }
        // A map that deltas touched is kept in the order of its encoded names, so that equal maps are equal bytes.
        self.value = Value::Map(ours.into_values().collect());
        self.value != before
    }

    fn lacks(&self, name: &Bytes, stamp: &Stamp) -> bool {
        Some(stamp) > self.base.as_ref() && self.fields.get(name).is_none_or(|own| stamp > own)
    }

    /// The entry as it travels in a repair: `[value, stamp, base, [[name, stamp], ...]]`, where the base is nil when it
    /// is the stamp itself and `false` when there is none.
    pub fn to_value(&self) -> Value {
        let base = match &self.base {
            None => Value::Bool(false),
            Some(base) if *base == self.top => Value::Nil,
            Some(base) => base.to_value(),
        };
        let fields = (self.fields.iter())
            .map(|(name, stamp)| Value::Array(vec![Value::Bin(name.clone()), stamp.to_value()]))
            .collect();
        Value::Array(vec![self.value.clone(), self.top.to_value(), base, Value::Array(fields)])
    }

    /// Reads what [`Entry::to_value`] wrote. `None` for anything else, for a field that the value does not have or that
    /// is older than the value, and for a stamp that belongs to another value.
    pub fn from_value(value: &Value) -> Option<Entry> {
        let [value, top, base, fields] = value.as_array()? else { return None };
        let top = Stamp::from_value(top)?;
        let base = match base {
            Value::Bool(false) => None,
            Value::Nil => Some(top.clone()),
            base => Some(Stamp::from_value(base)?),
        };
        let mut stamps = BTreeMap::new();
        for field in fields.as_array()? {
            let [name, stamp] = field.as_array()? else { return None };
            let name = Bytes::copy_from_slice(name.as_bytes()?);
            stamps.insert(name, Stamp::from_value(stamp)?);
        }
        let entry = Entry { base, top, value: value.detached(), fields: stamps };
        entry.is_consistent().then_some(entry)
    }

    fn is_consistent(&self) -> bool {
        if self.base.as_ref().is_some_and(|base| *base > self.top) {
            return false;
        }
        let Some(base) = &self.base else {
            // Without a whole value the map is its fields.
            return matches!(&self.value, Value::Map(fields) if fields.len() == self.fields.len()) && self.has_fields();
        };
        if self.fields.is_empty() {
            return base.check == check(&self.value);
        }
        matches!(self.value, Value::Map(_)) && self.has_fields()
    }

    fn has_fields(&self) -> bool {
        let map = index(map(&self.value));
        // In the order of the encoded names, as `merge` keeps it.
        map.len() == self::map(&self.value).len()
            && (self.fields.iter())
                .all(|(name, stamp)| map.contains_key(name) && Some(stamp) > self.base.as_ref() && *stamp <= self.top)
    }

    /// Appends the bytes that a digest is taken over: all stamps, which stand for what they rank.
    pub(crate) fn put(&self, out: &mut Vec<u8>) {
        self.top.put(out);
        if let Some(base) = &self.base {
            base.put(out);
        }
        for (name, stamp) in &self.fields {
            out.extend_from_slice(&(name.len() as u64).to_be_bytes());
            out.extend_from_slice(name);
            stamp.put(out);
        }
    }

    pub(crate) fn stamps(&self) -> impl Iterator<Item = &Stamp> {
        std::iter::once(&self.top).chain(&self.base).chain(self.fields.values())
    }
}

/// The start of the SHA-256 of the encoded value: [`Stamp::check`](crate::Stamp::check).
pub(crate) fn check(value: &Value) -> u64 {
    hash(&encode(value))
}

/// The first eight bytes of the SHA-256 of `bytes`.
pub(crate) fn hash(bytes: &[u8]) -> u64 {
    let digest = ring::digest::digest(&ring::digest::SHA256, bytes);
    digest.as_ref().iter().take(8).fold(0, |number, &byte| number << 8 | u64::from(byte))
}

pub(crate) fn encode(value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    value.encode(&mut out);
    out
}

/// The fields of a map by their encoded names.
fn index(fields: &[(Value, Value)]) -> BTreeMap<Bytes, (Value, Value)> {
    fields.iter().map(|(name, value)| (Bytes::from(encode(name)), (name.clone(), value.clone()))).collect()
}

/// The fields of a value, none when it is no map.
fn map(value: &Value) -> &[(Value, Value)] {
    match value {
        Value::Map(fields) => fields,
        _ => &[],
    }
}
