//! Any value is written, read, and is the same value; and what was read is written to the same bytes.

use amf::amf3::{self, External, Object, Traits};
use amf::{Limits, Members, amf0};
use bytes::Bytes;
use bytestring::ByteString;
use proptest::collection::vec;
use proptest::prelude::*;

fn text() -> impl Strategy<Value = ByteString> {
    prop_oneof!["[a-c]{0,2}", "\\PC{0,12}"].prop_map(ByteString::from)
}

fn number() -> impl Strategy<Value = f64> {
    prop_oneof![any::<u64>().prop_map(f64::from_bits), any::<i32>().prop_map(f64::from)]
}

fn members<V: std::fmt::Debug>(value: impl Strategy<Value = V>) -> impl Strategy<Value = Members<V>> {
    vec((text(), value), 0..4).prop_map(|members| members.into_iter().collect())
}

fn value0() -> impl Strategy<Value = amf0::Value> {
    use amf0::Value;
    let leaf = prop_oneof![
        number().prop_map(Value::Number),
        any::<bool>().prop_map(Value::Boolean),
        text().prop_map(Value::String),
        Just(Value::Null),
        Just(Value::Undefined),
        Just(Value::Unsupported),
        (number(), any::<i16>()).prop_map(|(millis, zone)| Value::Date { millis, zone }),
        text().prop_map(Value::Xml),
        value3().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 4, |inner| {
        prop_oneof![
            members(inner.clone()).prop_map(Value::Object),
            members(inner.clone()).prop_map(Value::EcmaArray),
            vec(inner.clone(), 0..4).prop_map(Value::StrictArray),
            (text(), members(inner)).prop_map(|(class, members)| Value::TypedObject(class, members)),
        ]
    })
}

/// Members with names, which AMF3 can say.
fn named<V: std::fmt::Debug>(value: impl Strategy<Value = V>) -> impl Strategy<Value = Members<V>> {
    vec(("[a-d]{1,2}", value), 0..4).prop_map(|members| members.into_iter().collect())
}

fn object(inner: impl Strategy<Value = amf3::Value> + Clone) -> impl Strategy<Value = Object> {
    let sealed = vec((text(), inner.clone()), 0..3);
    (text(), sealed, prop::option::of(named(inner))).prop_map(|(class, sealed, members)| {
        let (names, sealed) = sealed.into_iter().unzip();
        let traits = Traits { class, dynamic: members.is_some(), sealed: names };
        Object { traits: traits.into(), sealed, members: members.unwrap_or_default() }
    })
}

fn value3() -> impl Strategy<Value = amf3::Value> {
    use amf3::Value;
    let leaf = prop_oneof![
        Just(Value::Undefined),
        Just(Value::Null),
        any::<bool>().prop_map(Value::Boolean),
        (-(1 << 28)..1 << 28).prop_map(Value::Integer),
        number().prop_map(Value::Double),
        text().prop_map(Value::String),
        text().prop_map(Value::Xml),
        text().prop_map(Value::XmlDocument),
        number().prop_map(Value::Date),
        vec(any::<u8>(), 0..9).prop_map(|bytes| Value::ByteArray(bytes.into())),
        (any::<bool>(), vec(any::<i32>(), 0..3)).prop_map(|(fixed, values)| Value::VectorInt { fixed, values }),
        (any::<bool>(), vec(any::<u32>(), 0..3)).prop_map(|(fixed, values)| Value::VectorUint { fixed, values }),
        (any::<bool>(), vec(number(), 0..3)).prop_map(|(fixed, values)| Value::VectorDouble { fixed, values }),
    ];
    leaf.prop_recursive(3, 30, 4, |inner| {
        let collection = |value| Value::External {
            class: "flex.messaging.io.ArrayCollection".into(),
            body: External::Values(vec![value]),
        };
        prop_oneof![
            (named(inner.clone()), vec(inner.clone(), 0..4)).prop_map(|(named, dense)| Value::Array { named, dense }),
            object(inner.clone()).prop_map(Value::from),
            inner.clone().prop_map(collection),
            (any::<bool>(), text(), vec(inner.clone(), 0..3)).prop_map(|(fixed, class, values)| Value::VectorObject {
                fixed,
                class,
                values
            }),
            (any::<bool>(), vec((inner.clone(), inner), 0..3))
                .prop_map(|(weak, entries)| Value::Dictionary { weak, entries }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn amf0_survives(values in vec(value0(), 0..4)) {
        let bytes = amf0::encode_all(&values);
        let got = amf0::decode_all(bytes.clone(), &Limits::default());
        prop_assert_eq!(got.as_ref(), Ok(&values));
        prop_assert_eq!(amf0::encode_all(&got.unwrap()), &bytes);
        for value in &values {
            prop_assert_eq!(&value.detached(), value);
        }
        if !bytes.is_empty() {
            // One byte less is never the same message.
            let cut = amf0::decode_all(bytes.slice(..bytes.len() - 1), &Limits::default());
            prop_assert_ne!(cut, Ok(values));
        }
    }

    #[test]
    fn amf3_survives(values in vec(value3(), 0..4)) {
        let bytes = amf3::encode_all(&values);
        let got = amf3::decode_all(bytes.clone(), &Limits::default());
        prop_assert_eq!(got.as_ref(), Ok(&values));
        prop_assert_eq!(amf3::encode_all(&got.unwrap()), &bytes);
        for value in &values {
            prop_assert_eq!(&value.detached(), value);
        }
    }

    #[test]
    fn one_by_one_is_the_same_as_all(values in vec(value0(), 0..4)) {
        let mut out = bytes::BytesMut::new();
        values.iter().for_each(|value| value.encode(&mut out));
        let mut bytes: Bytes = out.freeze();
        for value in &values {
            let decoded = amf0::decode(&mut bytes, &Limits::default());
            prop_assert_eq!(decoded.as_ref(), Ok(value));
        }
        prop_assert!(bytes.is_empty());
    }
}
