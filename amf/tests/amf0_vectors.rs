//! AMF0 by hand: each type's bytes, and what each of them means.

use amf::Limits;
use amf::amf0::{self, Object, Value};
use bytes::Bytes;

#[track_caller]
fn same(bytes: &[u8], value: Value) {
    let got = amf0::decode_all(Bytes::copy_from_slice(bytes), &Limits::default());
    assert_eq!(got.as_deref(), Ok(&[value][..]));
    assert_eq!(&amf0::encode_all(&got.unwrap())[..], bytes);
}

//= amf0#2.1/types test
#[test]
fn every_type_has_its_bytes() {
    same(b"\0\x3f\xf8\0\0\0\0\0\0", 1.5.into());
    same(b"\0\x7f\xf8\0\0\0\0\0\x01", f64::from_bits(0x7ff8_0000_0000_0001).into());
    same(b"\0\x80\0\0\0\0\0\0\0", (-0.0).into());
    same(b"\x01\0", false.into());
    same(b"\x02\0\x03\xe2\x82\xac", "€".into());
    same(b"\x02\0\0", "".into());
    same(b"\x03\0\x01a\x05\0\0\x09", Object::new().with("a", Value::Null).into());
    same(b"\x05", Value::Null);
    same(b"\x06", Value::Undefined);
    same(b"\x08\0\0\0\x01\0\x010\x01\x01\0\0\x09", Value::EcmaArray(Object::new().with("0", true)));
    same(b"\x0a\0\0\0\x02\x05\x06", vec![Value::Null, Value::Undefined].into());
    same(b"\x0b\x42\x6d\x1a\x94\xa2\0\0\0\xff\xc4", Value::Date { millis: 1e12, zone: -60 });
    same(b"\x0d", Value::Unsupported);
    same(b"\x0f\0\0\0\x04<a/>", Value::Xml("<a/>".into()));
    same(
        b"\x10\0\x05Class\0\x01a\x05\0\0\x09",
        Value::TypedObject("Class".into(), Object::new().with("a", Value::Null)),
    );
}

//= amf0#2.3/boolean test
#[test]
fn any_byte_but_zero_is_true() {
    for byte in 1..=255 {
        let got = amf0::decode(&mut vec![1, byte].into(), &Limits::default());
        assert_eq!(got, Ok(true.into()));
    }
}

//= amf0#2.4/short test
#[test]
fn a_string_is_long_from_65536_bytes_on() {
    let bytes = amf0::encode_all(&["x".repeat(65_535).into()]);
    assert_eq!(&bytes[..4], b"\x02\xff\xffx");
    let bytes = amf0::encode_all(&["x".repeat(65_536).into()]);
    assert_eq!(&bytes[..6], b"\x0c\0\x01\0\0x");
    assert_eq!(amf0::decode_all(bytes, &Limits::default()), Ok(vec!["x".repeat(65_536).into()]));
    // Whoever writes a short one in the long form means the same.
    assert_eq!(amf0::decode(&mut Bytes::from_static(b"\x0c\0\0\0\x02hi"), &Limits::default()), Ok("hi".into()));
}

#[test]
fn a_name_that_does_not_fit_is_cut_between_characters() {
    let object = Object::new().with("€".repeat(30_000), 1).with("b", 2);
    let got = amf0::decode_all(amf0::encode_all(&[object.into()]), &Limits::default()).unwrap();
    assert_eq!(got[0].get(&"€".repeat(21_845)), Some(&1.into()));
    assert_eq!(got[0].get("b"), Some(&2.into()));
}

//= amf0#2.5/end test
#[test]
fn a_member_may_have_no_name() {
    same(b"\x03\0\0\x05\0\0\x09", Object::new().with("", Value::Null).into());
    same(b"\x03\0\0\x09", Object::new().into());
    same(b"\x03\0\0\x03\0\0\x09\0\0\x09", Object::new().with("", Object::new()).into());
}

//= amf0#2.10/count test
#[test]
fn the_count_of_an_ecma_array_is_no_promise() {
    for count in [0u32, 1, 7, u32::MAX] {
        let bytes = [&b"\x08"[..], &count.to_be_bytes(), b"\0\x01a\x05\0\x01b\x06\0\0\x09"].concat();
        let got = amf0::decode(&mut bytes.into(), &Limits::default()).unwrap();
        assert_eq!(got, Value::EcmaArray(Object::new().with("a", Value::Null).with("b", Value::Undefined)));
    }
}

//= amf0#2.9/lookup test
#[test]
fn references_count_objects_and_arrays_as_they_begin() {
    let inner = Object::new().with("x", 1);
    let message = [
        Value::from("not counted"),
        Value::from(Object::new().with("a", vec![Value::EcmaArray(inner.clone()), Value::Null]).with("b", 2)),
        Value::TypedObject("C".into(), inner.clone()),
        Value::Reference(2),
    ];
    assert_eq!(amf0::resolve(&message, 0), Some(&message[1]));
    assert_eq!(amf0::resolve(&message, 1), message[1].get("a"));
    assert_eq!(amf0::resolve(&message, 2), Some(&Value::EcmaArray(inner)));
    assert_eq!(amf0::resolve(&message, 3), Some(&message[2]));
    assert_eq!(amf0::resolve(&message, 4), None);
    assert_eq!(amf0::decode_all(amf0::encode_all(&message), &Limits::default()).as_deref(), Ok(&message[..]));
}

#[test]
fn a_repeated_name_stays_and_the_last_one_counts() {
    let bytes = b"\x03\0\x01a\x05\0\x01a\x06\0\0\x09";
    let object: Object = [("a", Value::Null), ("a", Value::Undefined)].into_iter().collect();
    assert_eq!(object.get("a"), Some(&Value::Undefined));
    same(bytes, object.into());
}
