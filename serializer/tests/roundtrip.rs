//! Whatever we write reads back the same: values, messages, frames in any pieces, compressed bodies, numbers.

use bytes::Bytes;
use bytestring::ByteString;
use proptest::prelude::*;
use serializer::{Compression, Flag, Id, Limits, MainFlag, Message, Number, Value, base58, frame};

/// Any value up to some depth, with the numbers and lengths at which the encoding changes.
fn values() -> impl Strategy<Value = Value> {
    let edge = prop::sample::select(vec![0u64, 0x1f, 0x20, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x7fff_ffff, 0xffff_ffff]);
    let leaf = prop_oneof![
        Just(Value::Nil),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (edge.clone(), -2i64..2).prop_map(|(edge, by)| Value::from(edge as i64 + by)),
        (edge, -2i64..2).prop_map(|(edge, by)| Value::from(-(edge as i64) + by)),
        any::<u64>().prop_map(|bits| Value::Float(f64::from_bits(bits))),
        prop::sample::select(vec![-0.0, f64::NAN, f64::INFINITY, f64::MIN_POSITIVE]).prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        lengths().prop_map(|n| Value::from("é".repeat(n / 2) + &"x".repeat(n % 2))),
        lengths().prop_map(|n| Value::Bin(vec![7; n].into())),
        (any::<i8>(), lengths()).prop_map(|(kind, n)| Value::Ext(kind, vec![7; n].into())),
    ];
    leaf.prop_recursive(6, 64, 18, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..18).prop_map(Value::Array),
            prop::collection::vec((inner.clone(), inner), 0..18).prop_map(Value::Map),
        ]
    })
}

fn lengths() -> impl Strategy<Value = usize> {
    prop_oneof![0usize..40, 250usize..260, Just(65_535), Just(65_536)]
}

fn messages() -> impl Strategy<Value = Message> {
    (0u64..9, "[1-9A-HJ-NP-Za-km-z]{0,66}", any::<u64>(), prop::collection::vec(values(), 0..4))
        .prop_map(|(main, sender, time, payload)| Message::new(main.into(), &Id::new(sender).unwrap(), time, payload))
}

fn decode(bytes: &[u8]) -> Value {
    Value::decode(Bytes::copy_from_slice(bytes), &Limits::default()).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn values_survive(value in values()) {
        let mut bytes = Vec::new();
        value.encode(&mut bytes);
        let again = decode(&bytes);
        prop_assert_eq!(&again, &value);
        prop_assert_eq!(again.detached(), value);
    }

    #[test]
    fn messages_survive_a_stream_cut_anywhere(
        messages in prop::collection::vec(messages(), 1..5), cuts in prop::collection::vec(1usize..2000, 1..20)
    ) {
        let frames: Vec<Bytes> = messages.iter().map(|message| frame::encode(message, None)).collect();
        let stream = Bytes::from(frames.concat());
        let mut decoder = frame::Decoder::new(Limits::default());
        let mut got = Vec::new();
        let (mut at, mut cuts) = (0, cuts.iter().cycle());
        while at < stream.len() {
            let end = (at + cuts.next().unwrap()).min(stream.len());
            decoder.push(stream.slice(at..end));
            at = end;
            for body in decoder.by_ref() {
                got.push(frame::open(body.unwrap(), &[], &Limits::default()).unwrap());
            }
        }
        prop_assert_eq!(got.len(), messages.len());
        for ((got, sent), frame) in got.iter().zip(&messages).zip(&frames) {
            prop_assert_eq!(got.main(), sent.main());
            prop_assert_eq!(got.sender(), sent.sender());
            prop_assert_eq!(got.time(), sent.time());
            prop_assert_eq!(got.payload(), sent.payload());
            prop_assert_eq!(got.id(), sent.id());
            prop_assert_eq!(got.bytes(), sent.bytes());
            prop_assert_eq!(&frame::encode(got, None), frame);
        }
    }

    #[test]
    fn compressed_bodies_survive(message in messages(), method in prop::sample::select(Compression::ALL.to_vec())) {
        let body = frame::encode(&message, Some(method)).slice(4..);
        let got = frame::open(body, &[method], &Limits::default()).unwrap();
        prop_assert_eq!(got.bytes(), message.bytes());
    }

    #[test]
    fn numbers_survive_base58(bytes in prop::collection::vec(any::<u8>(), 0..=64)) {
        let number = Number::from_be_bytes(&bytes).unwrap();
        prop_assert_eq!(Number::from_base58(&number.to_base58()), Ok(number));
        let trimmed: Vec<u8> = bytes.iter().copied().skip_while(|&byte| byte == 0).collect();
        prop_assert_eq!(base58::decode(&base58::encode(&bytes)), Ok(trimmed));
    }

    #[test]
    fn numbers_add_and_subtract_modulo_a_power_of_two(a: [u8; 64], b: [u8; 64], small: (u64, u64), shift in 0u32..520) {
        let (a, b) = (Number::from_be_bytes(&a).unwrap(), Number::from_be_bytes(&b).unwrap());
        prop_assert_eq!(a.wrapping_add(b).wrapping_sub(b), a);
        prop_assert_eq!(a.wrapping_sub(b).wrapping_add(b), a);
        prop_assert_eq!(Number::ZERO.wrapping_sub(a).wrapping_add(a), Number::ZERO);
        let sum = u128::from(small.0) + u128::from(small.1);
        prop_assert_eq!(Number::from_be_bytes(&sum.to_be_bytes()), Some(Number::from(small.0).wrapping_add(small.1.into())));
        prop_assert_eq!(Number::from(1) << shift, Number::power_of_two(shift));
        prop_assert_eq!(a.low_bits(shift), if shift < 512 { a.wrapping_sub((a.shr(shift)) << shift) } else { a });
    }
}

/// The other direction of the shift, from bytes, so that the test does not share its arithmetic.
trait Shr {
    fn shr(&self, bits: u32) -> Number;
}

impl Shr for Number {
    fn shr(&self, bits: u32) -> Number {
        let bytes = self.to_be_bytes();
        let mut out = [0; 64];
        for at in bits..512 {
            let (from, to) = (511 - at, 511 - (at - bits));
            let bit = bytes[from as usize / 8] >> (7 - from % 8) & 1;
            out[to as usize / 8] |= bit << (7 - to % 8);
        }
        Number::from_be_bytes(&out).unwrap()
    }
}

//= p2p#3.1/any-value test
#[test]
fn values_that_are_easily_lost_survive() {
    let nan = f64::from_bits(0x7ff8_dead_beef_0001);
    let values = [
        Value::Float(nan),
        Value::Float(-0.0),
        Value::Float(1e300),
        Value::from(i64::MIN),
        Value::from(i64::MAX),
        Value::from(i64::MAX as u64 + 1),
        Value::from(u64::MAX),
        Value::Ext(-1, Bytes::from_static(&[0; 12])),
        Value::Ext(127, Bytes::new()),
        Value::Bin(vec![0; 255].into()),
        Value::Map(vec![(Value::Nil, 1.into()), (2.5.into(), Value::Nil), (vec![1.into()].into(), "x".into())]),
        Value::Map(vec![("same".into(), 1.into()), ("same".into(), 2.into())]),
        Value::Str(ByteString::from_static("\0\u{10ffff}")),
    ];
    for value in values {
        let mut bytes = Vec::new();
        value.encode(&mut bytes);
        assert_eq!(decode(&bytes), value);
    }
}

//= p2p#3.1/float-time test
#[test]
fn a_time_may_be_a_float() {
    let bytes = |time: Value| {
        let mut bytes = Vec::new();
        Value::from(vec![2.into(), "me".into(), time]).encode(&mut bytes);
        Bytes::from(bytes)
    };
    let time = |value| Message::decode(bytes(value), &Limits::default()).map(|message| message.time());
    assert_eq!(time(2_147_483_648.0.into()), Ok(2_147_483_648)); // 2038, as js2p writes it
    assert_eq!(time(1.9.into()), Ok(1));
    assert_eq!(time(u64::MAX.into()), Ok(u64::MAX));
}

//= p2p#3.1/original-bytes test
#[test]
fn a_clone_and_a_relay_share_the_bytes() {
    let payload = vec![Flag::Broadcast.into(), "x".repeat(100).into()];
    let sent = Message::new(MainFlag::Broadcast, &Id::new("me").unwrap(), 1, payload);
    let wire = frame::encode(&sent, None);
    let got = frame::open(wire.slice(4..), &[], &Limits::default()).unwrap();
    let text = got.values()[0].as_bytes().unwrap();
    assert!(wire.as_ptr_range().contains(&text.as_ptr())); // a slice, no copy
    assert_eq!(got.clone().bytes().as_ptr(), got.bytes().as_ptr());
    assert_eq!(frame::encode(&sent, None).as_ptr(), wire.as_ptr());
    assert!(!wire.as_ptr_range().contains(&got.values()[0].detached().as_bytes().unwrap().as_ptr()));
}
