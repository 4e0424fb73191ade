//! The entries that this node keeps, within bounds.
use std::collections::BTreeMap;

use bytes::Bytes;
use serializer::{Limits, Value};

use super::position::Position;

/// How much is kept for others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Entries in all five tables together; a key with a value takes up to five. Default 65,536.
    pub entries: usize,
    /// Bytes of all values, as encoded. Default 64 MiB.
    pub bytes: usize,
    /// Bytes of one value, as encoded. Default 1 MiB.
    pub value: usize,
}

impl Default for Bounds {
    fn default() -> Bounds {
        Bounds { entries: 65_536, bytes: 64 << 20, value: 1 << 20 }
    }
}

/// Entries by place.
#[derive(Debug, Default)]
pub(super) struct Storage {
    bounds: Bounds,
    entries: BTreeMap<Position, Entry>,
    bytes: usize,
}

#[derive(Debug)]
struct Entry {
    value: Value,
    size: usize,
}

impl Storage {
    pub fn new(bounds: Bounds) -> Storage {
        Storage { bounds, ..Storage::default() }
    }

    pub fn at(&self, position: &Position) -> Option<&Value> {
        self.entries.get(position).map(|entry| &entry.value)
    }

    pub fn iter(&self) -> impl Iterator<Item = (&Position, &Value)> {
        self.entries.iter().map(|(position, entry)| (position, &entry.value))
    }

    /// False when a bound forbids it; the old value stays then.
    //= wireworks#3.1/bounded MUST
    //# A value is kept as a copy of its own encoding, so that it pins no larger frame and its size is what counts.
    pub fn put(&mut self, position: Position, value: &Value) -> bool {
        let Some((value, size)) = compact(value, self.bounds.value) else { return false };
        let replaced = self.entries.get(&position).map(|entry| entry.size);
        let bytes = self.bytes - replaced.unwrap_or(0) + size;
        if bytes > self.bounds.bytes || (replaced.is_none() && self.entries.len() >= self.bounds.entries) {
            return false;
        }
        self.bytes = bytes;
        self.entries.insert(position, Entry { value, size });
        true
    }

    pub fn remove(&mut self, position: &Position) -> Option<Value> {
        let entry = self.entries.remove(position)?;
        self.bytes -= entry.size;
        Some(entry.value)
    }

    /// Merges `changes` into the map at `position`, which is made when there is none; false when something else is
    /// there or a bound forbids it.
    //= p2p#3.10/delta MUST
    //# Pairs replace or join those of the map, one level deep; an absent map starts empty and other values stay.
    pub fn merge(&mut self, position: Position, changes: &[(Value, Value)]) -> bool {
        match self.at(&position).map_or_else(|| merged(&Value::Nil, changes), |value| merged(value, changes)) {
            Some(value) => self.put(position, &value),
            None => false,
        }
    }
}

/// `value` with `changes` merged into it, one level deep. Nothing counts as an empty map; `None` for what is no map.
///
/// ```
/// use chord::tables::merged;
/// use serializer::Value;
/// let change = [(Value::from("a"), Value::from(1))];
/// assert_eq!(merged(&Value::Nil, &change), Some(Value::Map(change.to_vec())));
/// assert_eq!(merged(&Value::from(3), &change), None);
/// ```
pub fn merged(value: &Value, changes: &[(Value, Value)]) -> Option<Value> {
    let mut pairs = match value {
        Value::Nil => Vec::new(),
        Value::Map(pairs) => pairs.clone(),
        _ => return None,
    };
    let mut places: BTreeMap<Vec<u8>, usize> =
        pairs.iter().enumerate().map(|(at, (key, _))| (identity(key), at)).collect();
    for (key, value) in changes {
        let at = *places.entry(identity(key)).or_insert(pairs.len());
        match pairs.get_mut(at) {
            Some((_, old)) => *old = value.clone(),
            None => pairs.push((key.clone(), value.clone())),
        }
    }
    Some(Value::Map(pairs))
}

/// What makes two keys of a map the same: text and bytes of the same content are one, since js2p writes all as text.
fn identity(key: &Value) -> Vec<u8> {
    let mut identity = Vec::new();
    match key.as_bytes() {
        Some(content) => {
            identity.push(0xc1); // never starts an encoding
            identity.extend_from_slice(content);
        }
        None => key.encode(&mut identity),
    }
    identity
}

fn compact(value: &Value, most: usize) -> Option<(Value, usize)> {
    let mut bytes = Vec::new();
    value.encode(&mut bytes);
    let size = bytes.len();
    if size > most {
        return None;
    }
    Some((Value::decode(Bytes::from(bytes), &Limits::default()).ok()?, size))
}
