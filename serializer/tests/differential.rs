//! The same bytes and values through the crates `rmpv` and `bs58`.

use bytes::Bytes;
use proptest::prelude::*;
use rmpv::{Utf8String, Value as Theirs};
use serializer::{Error, Limits, Value, base58};

fn to_theirs(value: &Value) -> Theirs {
    match value {
        Value::Nil => Theirs::Nil,
        Value::Bool(truth) => Theirs::Boolean(*truth),
        Value::Int(number) => Theirs::from(*number),
        Value::UInt(number) => Theirs::from(*number),
        Value::Float(number) => Theirs::F64(*number),
        Value::Str(text) => Theirs::String(Utf8String::from(&**text)),
        Value::Bin(bytes) => Theirs::Binary(bytes.to_vec()),
        Value::Array(values) => Theirs::Array(values.iter().map(to_theirs).collect()),
        Value::Map(entries) => Theirs::Map(entries.iter().map(|(k, v)| (to_theirs(k), to_theirs(v))).collect()),
        Value::Ext(kind, bytes) => Theirs::Ext(*kind, bytes.to_vec()),
    }
}

/// `None` for what only they accept: strings that are not UTF-8.
fn to_ours(value: &Theirs) -> Option<Value> {
    Some(match value {
        Theirs::Nil => Value::Nil,
        Theirs::Boolean(truth) => (*truth).into(),
        Theirs::Integer(number) => number.as_i64().map(Value::from).or_else(|| number.as_u64().map(Value::from))?,
        Theirs::F32(number) => (*number).into(),
        Theirs::F64(number) => (*number).into(),
        Theirs::String(text) => text.as_str()?.into(),
        Theirs::Binary(bytes) => bytes.as_slice().into(),
        Theirs::Array(values) => Value::Array(values.iter().map(to_ours).collect::<Option<_>>()?),
        Theirs::Map(entries) => {
            let entries = entries.iter().map(|(k, v)| Some((to_ours(k)?, to_ours(v)?)));
            Value::Map(entries.collect::<Option<_>>()?)
        }
        Theirs::Ext(kind, bytes) => Value::Ext(*kind, Bytes::copy_from_slice(bytes)),
    })
}

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Nil),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<i16>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<u64>().prop_map(|bits| Value::Float(f64::from_bits(bits))),
        ".{0,300}".prop_map(Value::from),
        prop::collection::vec(any::<u8>(), 0..300).prop_map(|bytes| Value::Bin(bytes.into())),
        (any::<i8>(), prop::collection::vec(any::<u8>(), 0..300)).prop_map(|(k, bytes)| Value::Ext(k, bytes.into())),
    ];
    leaf.prop_recursive(5, 64, 20, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..20).prop_map(Value::Array),
            prop::collection::vec((inner.clone(), inner), 0..20).prop_map(Value::Map),
        ]
    })
}

/// Bytes that often are msgpack: markers of everything, short lengths, and text.
fn nearly_msgpack() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![any::<u8>(), 0x80u8..=0xdf, 0u8..4, 0x90u8..=0x93, 0xa0u8..=0xa3, Just(b'x')];
    prop::collection::vec(byte, 0..40)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, ..ProptestConfig::default() })]

    #[test]
    fn both_encode_to_the_same_bytes_and_read_each_other(value in values()) {
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        value.encode(&mut ours);
        rmpv::encode::write_value(&mut theirs, &to_theirs(&value)).unwrap();
        prop_assert_eq!(&ours, &theirs);
        prop_assert_eq!(Value::decode(theirs.into(), &Limits::default()), Ok(value.clone()));
        prop_assert_eq!(to_ours(&rmpv::decode::read_value(&mut &ours[..]).unwrap()), Some(value));
    }

    #[test]
    fn both_take_and_refuse_the_same_bytes(bytes in nearly_msgpack()) {
        let ours = Value::decode(Bytes::from(bytes.clone()), &Limits::default());
        let mut rest = &bytes[..];
        match rmpv::decode::read_value(&mut rest) {
            // They take the reserved byte for nil.
            _ if ours == Err(Error::Reserved) => prop_assert!(bytes.contains(&0xc1)),
            Ok(value) => match (to_ours(&value), rest.is_empty()) {
                (Some(value), true) => prop_assert_eq!(ours, Ok(value)),
                (Some(_), false) => prop_assert_eq!(ours, Err(Error::Trailing)),
                (None, _) => prop_assert_eq!(ours, Err(Error::Utf8)),
            },
            Err(_) => prop_assert!(ours.is_err()),
        }
    }

    #[test]
    fn base58_is_theirs_where_no_zero_leads(first in 1u8.., rest in prop::collection::vec(any::<u8>(), 0..100)) {
        let number = [vec![first], rest].concat();
        let digits = base58::encode(&number);
        prop_assert_eq!(&digits, &bs58::encode(&number).into_string());
        prop_assert_eq!(base58::decode(&digits), Ok(number));
    }
}
