//! How a value stands in the ring: together with its key, so that whoever holds it knows what it is.
use bytes::Bytes;
use serializer::{Limits, Value};

use crate::Key;
use crate::tables::merged;

/// Where a key stands on the ring: its SHA-384, as in the fourth of the old tables.
///
/// ```
/// use chord::tables::{Position, Table};
/// assert_eq!(chord::place_of(b"foo"), Position::of(Table::Sha384, b"foo").ring());
/// ```
//= wireworks#3.6/place MUST
//# One hash for keys and ids alike: both are SHA-384 numbers.
pub fn place_of(key: &[u8]) -> Key {
    Key::reduce(::ring::digest::digest(&::ring::digest::SHA384, key).as_ref())
}

/// Key and value as the bytes that the ring keeps.
//= wireworks#3.6/record MUST
//# A msgpack array of the key as bin and the value.
pub(super) fn write(key: &Bytes, value: &Value) -> Bytes {
    let mut out = Vec::new();
    Value::Array(vec![Value::Bin(key.clone()), value.clone()]).encode(&mut out);
    out.into()
}

/// Key and value, when the bytes are a record.
pub(super) fn read(record: &Bytes) -> Option<(Bytes, Value)> {
    match Value::decode(record.clone(), &Limits::default()) {
        Ok(Value::Array(items)) => match <[Value; 2]>::try_from(items) {
            Ok([Value::Bin(key), value]) => Some((key, value)),
            _ => None,
        },
        _ => None,
    }
}

/// Merges the map of one record into that of another: what the ring does for an update.
pub(super) fn merge(old: Option<&Bytes>, update: &Bytes) -> Option<Bytes> {
    let (key, changes) = read(update)?;
    let (_, value) = old.map_or(Some((key.clone(), Value::Nil)), read)?;
    Some(write(&key, &merged(&value, changes.as_map()?)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    //= wireworks#3.6/record test
    #[test]
    fn an_update_merges_maps_and_nothing_else() {
        let key = Bytes::from_static(b"key");
        let map = |pairs: &[(&str, u64)]| Value::Map(pairs.iter().map(|&(k, v)| (k.into(), v.into())).collect());
        let record = |value: Value| write(&key, &value);
        let old = record(map(&[("a", 1), ("b", 2)]));
        let merged = merge(Some(&old), &record(map(&[("b", 3)]))).unwrap();
        assert_eq!(read(&merged), Some((key.clone(), map(&[("a", 1), ("b", 3)]))));
        assert_eq!(merge(None, &record(map(&[("b", 3)]))), Some(record(map(&[("b", 3)]))));
        assert_eq!(merge(Some(&record("text".into())), &old), None);
        assert_eq!(merge(Some(&old), &record("text".into())), None);
        assert_eq!(merge(Some(&Bytes::from_static(b"noise")), &old), None);
    }
}
