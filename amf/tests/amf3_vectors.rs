//! AMF3 by hand: each type's bytes, what each of them means, and what the three tables make of a second time.

use amf::amf3::{self, External, Object, Traits, Value};
use amf::{Limits, Members, amf0};
use bytes::Bytes;

fn decode(bytes: &[u8]) -> Vec<Value> {
    amf3::decode_all(Bytes::copy_from_slice(bytes), &Limits::default()).unwrap()
}

#[track_caller]
fn same(bytes: &[u8], values: &[Value]) {
    assert_eq!(decode(bytes), values);
    assert_eq!(&amf3::encode_all(values)[..], bytes);
}

//= amf3#3.1/types test
#[test]
fn every_type_has_its_bytes() {
    same(b"\x00\x01\x02\x03", &[Value::Undefined, Value::Null, false.into(), true.into()]);
    same(b"\x05\x3f\xf8\0\0\0\0\0\0", &[1.5.into()]);
    same(b"\x05\x7f\xf8\0\0\0\0\0\x01", &[f64::from_bits(0x7ff8_0000_0000_0001).into()]);
    same(b"\x06\x07\xe2\x82\xac", &["€".into()]);
    same(b"\x07\x09<a/>", &[Value::XmlDocument("<a/>".into())]);
    same(b"\x0b\x09<a/>", &[Value::Xml("<a/>".into())]);
    same(b"\x08\x01\x42\x6d\x1a\x94\xa2\0\0\0", &[Value::Date(1e12)]);
    same(b"\x09\x05\x01\x01\x00", &[vec![Value::Null, Value::Undefined].into()]);
    same(b"\x0c\x05\x01\xff", &[Bytes::from_static(b"\x01\xff").into()]);
    same(b"\x0d\x05\x01\xff\xff\xff\xff\0\0\0\x07", &[Value::VectorInt { fixed: true, values: vec![-1, 7] }]);
    same(b"\x0e\x03\x00\xff\xff\xff\xff", &[Value::VectorUint { fixed: false, values: vec![u32::MAX] }]);
    same(b"\x0f\x03\x00\x80\0\0\0\0\0\0\0", &[Value::VectorDouble { fixed: false, values: vec![-0.0] }]);
    let class = "Point".into();
    same(b"\x10\x03\x00\x0bPoint\x01", &[Value::VectorObject { fixed: false, class, values: vec![Value::Null] }]);
    let entries = vec![("k".into(), 1.into()), (Value::Date(0.0), Value::Null)];
    same(b"\x11\x05\x01\x06\x03k\x04\x01\x08\x01\0\0\0\0\0\0\0\0\x01", &[Value::Dictionary { weak: true, entries }]);
}

//= amf3#1.3.1/u29 test
//= amf3#3.6/sign test
#[test]
fn whole_numbers_at_the_edges_of_their_lengths() {
    for (number, bytes) in [
        (0, &b"\x04\x00"[..]),
        (0x7f, b"\x04\x7f"),
        (0x80, b"\x04\x81\x00"),
        (0x3fff, b"\x04\xff\x7f"),
        (0x4000, b"\x04\x81\x80\x00"),
        (0x1f_ffff, b"\x04\xff\xff\x7f"),
        (0x20_0000, b"\x04\x80\xc0\x80\x00"),
        (0x0fff_ffff, b"\x04\xbf\xff\xff\xff"),
        (-1, b"\x04\xff\xff\xff\xff"),
        (-0x1000_0000, b"\x04\xc0\x80\x80\x00"),
    ] {
        same(bytes, &[Value::Integer(number)]);
    }
    // A fifth byte is never part of it; longer forms than needed are the same number.
    assert_eq!(decode(b"\x04\xff\xff\xff\xff\x01"), [Value::Integer(-1), Value::Null]);
    assert_eq!(decode(b"\x04\x80\x80\x80\x05\x01"), [Value::Integer(5), Value::Null]);
}

//= amf3#3.6/range test
#[test]
fn whole_numbers_beyond_29_bits_become_doubles() {
    for number in [1 << 28, -(1 << 28) - 1, i32::MAX, i32::MIN] {
        assert_eq!(Value::from(number), Value::Double(number.into()));
        assert_eq!(decode(&amf3::encode_all(&[Value::Integer(number)])), [Value::Double(number.into())]);
    }
    assert_eq!(Value::from((1 << 28) - 1), Value::Integer((1 << 28) - 1));
}

//= amf3#1.3.2/string-table test
#[test]
fn strings_are_said_once_and_the_empty_one_never_counts() {
    let named = Members::new().with("hi", "").with("b", "hi");
    same(
        b"\x06\x05hi\x06\x01\x06\x00\x09\x01\x00\x06\x01\x03b\x06\x00\x01\x06\x02",
        &["hi".into(), "".into(), "hi".into(), Value::Array { named, dense: vec![] }, "b".into()],
    );
    // XML is no string of the table.
    same(b"\x0b\x05hi\x06\x05hi\x06\x00", &[Value::Xml("hi".into()), "hi".into(), "hi".into()]);
}

//= amf3#2.2/tables test
//= amf3#3.12/traits test
#[test]
fn a_class_is_said_once() {
    let point = |x: i32, y: i32| Value::from(Object::typed("P", [("x", x), ("y", y)]));
    same(
        b"\x0a\x23\x03P\x03x\x03y\x04\x01\x04\x02\x0a\x01\x04\x03\x04\x04\x06\x00\x0a\x02",
        &[point(1, 2), point(3, 4), "P".into(), Value::Reference(1)],
    );
    // Dynamic members after sealed ones; an anonymous object is all dynamic.
    let traits = Traits { class: "D".into(), dynamic: true, sealed: vec!["a".into()] };
    let members = Members::new().with("b", true);
    let object = Object { traits: traits.into(), sealed: vec![1.into()], members };
    same(b"\x0a\x1b\x03D\x03a\x04\x01\x03b\x03\x01", &[object.into()]);
    same(b"\x0a\x0b\x01\x03a\x01\x01", &[Object::dynamic(Members::new().with("a", Value::Null)).into()]);
}

//= amf3#2.2/object-table test
//= amf3#2.2/reference-marker test
#[test]
fn everything_with_a_header_can_be_meant_again() {
    let entries = vec![(Value::Date(1.0), Value::Reference(1))];
    let values = [
        Value::from(vec![Value::Reference(0), "x".into()]),
        Value::Date(0.0),
        Value::Xml("".into()),
        Value::XmlDocument("".into()),
        Bytes::new().into(),
        Value::VectorInt { fixed: false, values: vec![] },
        Value::VectorUint { fixed: false, values: vec![] },
        Value::VectorDouble { fixed: false, values: vec![] },
        Value::VectorObject { fixed: false, class: "".into(), values: vec![] },
        Value::Dictionary { weak: false, entries },
        Object::default().into(),
    ];
    let meant: Vec<Value> = (0..12).map(Value::Reference).collect();
    let message = [&values[..], &meant].concat();
    let bytes = amf3::encode_all(&message);
    assert_eq!(decode(&bytes), message);
    for (at, value) in values.iter().enumerate() {
        let index = if at < 10 { at } else { at + 1 }; // the date in the dictionary is one too
        assert_eq!(amf3::resolve(&message, index as u32), Some(value));
    }
    assert_eq!(amf3::resolve(&message, 12), None);
    // A reference repeats the marker of what it means.
    assert!(bytes.ends_with(
        b"\x09\x00\x08\x02\x0b\x04\x07\x06\x0c\x08\x0d\x0a\x0e\x0c\x0f\x0e\x10\x10\x11\x12\x08\x14\x0a\x16"
    ));
}

//= amf3#3.12/externalizable test
#[test]
fn classes_that_write_themselves() {
    let class = "flex.messaging.io.ArrayCollection";
    let body = External::Values(vec![vec![7.into()].into()]);
    let collection = Value::External { class: class.into(), body };
    let bytes = [&b"\x0a\x07\x43"[..], class.as_bytes(), b"\x09\x03\x01\x04\x07"].concat();
    same(&bytes, std::slice::from_ref(&collection));
    // Its class is in the table too.
    same(&[&bytes[..], b"\x0a\x01\x09\x03\x01\x04\x07"].concat(), &[collection.clone(), collection]);
    let unknown = Bytes::from_static(b"\x0a\x07\x03X\x01\x02");
    let error = amf3::decode_all(unknown, &Limits::default()).unwrap_err();
    assert_eq!((error.name(), error.offset), ("externalizable", 4));
}

//= amf3#3.11/empty-name test
#[test]
fn named_entries_end_at_the_empty_name() {
    let named = Members::new().with("a", true).with("b", false);
    same(b"\x09\x03\x03a\x03\x03b\x02\x01\x01", &[Value::Array { named: named.clone(), dense: vec![Value::Null] }]);
    let unsaid = named.with("", true);
    let bytes = amf3::encode_all(&[Value::Array { named: unsaid, dense: vec![Value::Null] }]);
    assert_eq!(&bytes[..], b"\x09\x03\x03a\x03\x03b\x02\x01\x01");
}

//= amf0#3.1/switch test
#[test]
fn amf0_switches_for_one_value_at_a_time() {
    let text = |text: &str| amf0::Value::from(Value::from(text));
    let message = [amf0::Value::from("call"), text("hi"), amf0::Value::Null, text("hi")];
    let bytes = amf0::encode_all(&message);
    assert_eq!(&bytes[..], b"\x02\0\x04call\x11\x06\x05hi\x05\x11\x06\x00");
    assert_eq!(amf0::decode_all(bytes, &Limits::default()).as_deref(), Ok(&message[..]));
    assert_eq!((message[1].as_str(), message[1].as_f64(), message[1].is_nothing()), (Some("hi"), None, false));
    assert_eq!(amf0::Value::from(Value::from(7)).as_f64(), Some(7.0));
    assert!(amf0::Value::from(Value::Undefined).is_nothing());
}

//= amf3#1.3.2/string-once test
//= amf3#3.12/traits-once test
#[test]
fn what_is_long_is_recognised_by_its_place() {
    let long = "x".repeat(5000);
    let shared = bytestring::ByteString::from(long.clone());
    let values = [Value::from(shared.clone()), shared.into(), long.into()];
    let bytes = amf3::encode_all(&values);
    assert_eq!(bytes.len(), 5003 + 2 + 5003);
    assert_eq!(decode(&bytes), values);
    assert_eq!(amf3::encode_all(&decode(&bytes)), bytes);
    // Classes whose names are long, as well.
    let wide = |x: i32| Object::typed("C".repeat(2000), [("x", x)]);
    let one = wide(1);
    let two = Object { sealed: vec![2.into()], ..one.clone() };
    let bytes = amf3::encode_all(&[one.into(), two.into()]);
    assert!(bytes.len() < 2100);
    assert_eq!(amf3::encode_all(&decode(&bytes)), bytes);
}
