//! What a peer must not be able to do to us: each limit, each lie about a length, each kind of garbage.

use amf::amf0::{self, Value};
use amf::{ErrorKind, Limits, amf3};
use bytes::Bytes;
use proptest::prelude::*;

fn decode0(bytes: &[u8]) -> Result<Vec<Value>, ErrorKind> {
    amf0::decode_all(Bytes::copy_from_slice(bytes), &Limits::default()).map_err(|error| error.kind)
}

/// `depth` times what opens a value, then a null, without the ends: those are never reached or never missed in time.
fn nested(open: &[u8], depth: usize, close: &[u8]) -> Vec<u8> {
    [&open.repeat(depth)[..], b"\x05", &close.repeat(depth)].concat()
}

//= amf0#2/depth test
#[test]
fn nesting_ends_at_the_limit_and_never_at_the_stack() {
    let limits = Limits::default();
    let decode = |bytes: Vec<u8>, limits: &Limits| amf0::decode_all(bytes.into(), limits).map_err(|error| error.kind);
    let forms: [(&[u8], &[u8]); 4] = [
        (b"\x0a\0\0\0\x01", b""),
        (b"\x03\0\x01a", b"\0\0\x09"),
        (b"\x08\0\0\0\0\0\x01a", b"\0\0\x09"),
        (b"\x10\0\x01C\0\x01a", b"\0\0\x09"),
    ];
    for (open, close) in forms {
        let deep = decode(nested(open, limits.depth, close), &limits).unwrap();
        assert_eq!(deep, deep.clone());
        assert!(format!("{deep:?}").contains("Null"));
        assert_eq!(amf0::decode_all(amf0::encode_all(&deep), &limits).as_ref(), Ok(&deep));
        assert_eq!(decode(nested(open, limits.depth + 1, close), &limits), Err(ErrorKind::TooDeep));
        assert_eq!(decode(nested(open, 100_000, close), &limits), Err(ErrorKind::TooDeep));

        let unlimited = Limits { depth: usize::MAX, ..Limits::default() };
        assert!(decode(nested(open, Limits::MAX_DEPTH, close), &unlimited).is_ok());
        assert_eq!(decode(nested(open, Limits::MAX_DEPTH + 1, close), &unlimited), Err(ErrorKind::TooDeep));
    }
}

//= amf0#2/items test
#[test]
fn the_number_of_values_is_limited_wherever_they_stand() {
    let limits = Limits { items: 10, ..Limits::default() };
    let decode = |bytes: Vec<u8>| amf0::decode_all(bytes.into(), &limits).map_err(|error| error.kind);
    assert!(decode(vec![5; 10]).is_ok());
    assert_eq!(decode(vec![5; 11]), Err(ErrorKind::TooManyItems));
    assert!(decode([&b"\x0a\0\0\0\x09"[..], &[5; 9]].concat()).is_ok());
    assert_eq!(decode([&b"\x0a\0\0\0\x0a"[..], &[5; 10]].concat()), Err(ErrorKind::TooManyItems));
    assert!(decode([&b"\x03"[..], &b"\0\0\x05".repeat(9), b"\0\0\x09"].concat()).is_ok());
    assert_eq!(decode([&b"\x03"[..], &b"\0\0\x05".repeat(10), b"\0\0\x09"].concat()), Err(ErrorKind::TooManyItems));
}

//= amf0#2/bytes test
#[test]
fn an_input_that_is_too_long_is_not_read() {
    let limits = Limits { bytes: 4, ..Limits::default() };
    assert!(amf0::decode_all(vec![5; 4].into(), &limits).is_ok());
    let error = amf0::decode_all(vec![5; 5].into(), &limits).unwrap_err();
    assert_eq!((error.kind, error.offset), (ErrorKind::TooLong, 0));
}

//= amf0#2.12/count test
#[test]
fn an_array_that_announces_more_than_there_is_costs_nothing() {
    assert_eq!(decode0(b"\x0a\xff\xff\xff\xff\x05"), Err(ErrorKind::Truncated));
    assert_eq!(decode0(b"\x0a\x00\x00\x00\x02\x05"), Err(ErrorKind::Truncated));
    let many = [&b"\x0a\x00\x02\x00\x00"[..], &vec![5; 0x20000]].concat();
    assert_eq!(decode0(&many), Err(ErrorKind::TooManyItems));
}

//= amf0#2.14/length test
#[test]
fn strings_longer_than_the_input_are_refused() {
    for bytes in
        [&b"\x02\xff\xffhi"[..], b"\x0c\xff\xff\xff\xffhi", b"\x0f\0\0\0\x03hi", b"\x03\0\x09name", b"\x10\0\x05C"]
    {
        assert_eq!(decode0(bytes), Err(ErrorKind::Truncated));
    }
}

//= amf0#2.4/utf8 test
#[test]
fn strings_that_are_not_utf8_are_refused() {
    for bytes in [
        &b"\x02\0\x01\xff"[..],
        b"\x0c\0\0\0\x02\xc0\x80",
        b"\x0f\0\0\0\x01\x80",
        b"\x03\0\x01\xff\x05\0\0\x09",
        b"\x10\0\x01\xff\0\0\x09",
        b"\x02\0\x03\xed\xa0\x80",
    ] {
        assert_eq!(decode0(bytes), Err(ErrorKind::Utf8));
    }
}

//= amf0#2.9/known test
#[test]
fn references_to_what_was_not_said_are_refused_and_loops_are_only_numbers() {
    assert_eq!(decode0(b"\x07\0\0"), Err(ErrorKind::Reference));
    assert_eq!(decode0(b"\x0a\0\0\0\x01\x07\0\x01"), Err(ErrorKind::Reference));
    // An object that contains itself.
    let looped = decode0(b"\x03\0\x04self\x07\0\0\0\0\x09").unwrap();
    assert_eq!(looped[0].get("self"), Some(&Value::Reference(0)));
    assert_eq!(amf0::resolve(&looped, 0), Some(&looped[0]));
    assert_eq!(&amf0::encode_all(&looped)[..], b"\x03\0\x04self\x07\0\0\0\0\x09");
    // Values that are read one by one are messages of their own.
    let mut rest = Bytes::from_static(b"\x0a\0\0\0\0\x07\0\0");
    assert!(amf0::decode(&mut rest, &Limits::default()).is_ok());
    assert_eq!(amf0::decode(&mut rest, &Limits::default()).unwrap_err().kind, ErrorKind::Reference);
    assert_eq!(rest.len(), 3);
}

//= amf0#2.1/marker test
//= amf0#2.6/movie-clip test
//= amf0#2.16/record-set test
#[test]
fn markers_of_nothing_are_refused_by_their_number() {
    for marker in 0x12..=0xff {
        assert_eq!(decode0(&[marker, 0, 0, 0, 0]), Err(ErrorKind::Marker(marker)));
    }
    assert_eq!(decode0(&[0x09]), Err(ErrorKind::Marker(9)));
    assert_eq!(decode0(&[0x04, 0]), Err(ErrorKind::Reserved(4)));
    assert_eq!(decode0(&[0x0e, 0]), Err(ErrorKind::Reserved(14)));
    // The end marker ends nothing but an object.
    assert_eq!(decode0(b"\x0a\0\0\0\x01\x09"), Err(ErrorKind::Marker(9)));
    assert_eq!(decode0(b"\x03\0\x01a\x09"), Err(ErrorKind::Marker(9)));
}

#[test]
fn an_object_without_an_end_is_truncated_at_every_length() {
    let whole = b"\x03\0\x01a\x08\0\0\0\x01\0\x01b\x02\0\x02hi\0\0\x09\0\0\x09";
    assert!(decode0(whole).is_ok());
    for length in 1..whole.len() {
        assert_eq!(decode0(&whole[..length]), Err(ErrorKind::Truncated), "{length} bytes");
    }
}

fn decode3(bytes: &[u8]) -> Result<Vec<amf3::Value>, ErrorKind> {
    amf3::decode_all(Bytes::copy_from_slice(bytes), &Limits::default()).map_err(|error| error.kind)
}

#[test]
fn amf3_nesting_ends_at_the_limit_and_never_at_the_stack() {
    let limits = Limits::default();
    let forms: [(&[u8], &[u8]); 5] = [
        (b"\x09\x03\x01", b""),
        (b"\x09\x01\x03a", b"\x01"),
        (b"\x0a\x0b\x01\x03a", b"\x01"),
        (b"\x10\x03\x00\x01", b""),
        (b"\x11\x03\x00\x01", b""),
    ];
    for (open, close) in forms {
        let nested = |depth: usize| [&open.repeat(depth)[..], b"\x01", &close.repeat(depth)].concat();
        let deep = decode3(&nested(limits.depth)).unwrap();
        assert!(format!("{:?}", deep.clone()).contains("Null"));
        assert_eq!(decode3(&amf3::encode_all(&deep)).as_ref(), Ok(&deep));
        assert_eq!(deep[0].detached(), deep[0]);
        assert_eq!(decode3(&nested(limits.depth + 1)), Err(ErrorKind::TooDeep));
        assert_eq!(decode3(&nested(100_000)), Err(ErrorKind::TooDeep));
        let unlimited = Limits { depth: usize::MAX, ..Limits::default() };
        assert!(amf3::decode_all(nested(Limits::MAX_DEPTH).into(), &unlimited).is_ok());
        assert!(amf3::decode_all(nested(Limits::MAX_DEPTH + 1).into(), &unlimited).is_err());
        // Inside AMF0, both kinds of nesting count together.
        let mixed = [&b"\x0a\0\0\0\x01".repeat(limits.depth)[..], b"\x11\x01"].concat();
        assert_eq!(decode0(&mixed), Err(ErrorKind::TooDeep));
    }
}

//= amf3#3.15/count test
#[test]
fn amf3_counts_beyond_the_input_cost_nothing() {
    for marker in [0x07, 0x09, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f, 0x10, 0x11] {
        assert_eq!(decode3(&[marker, 0xff, 0xff, 0xff, 0xff, 0x00, 0x01]), Err(ErrorKind::Truncated), "{marker:#x}");
    }
    assert_eq!(decode3(b"\x0d\x05\x00\0\0\0\x01\0\0\0"), Err(ErrorKind::Truncated));
    assert_eq!(decode3(b"\x06\x07hi"), Err(ErrorKind::Truncated));
    for length in 0..4 {
        assert_eq!(decode3(&[&[4][..], &vec![0xff; length]].concat()), Err(ErrorKind::Truncated));
    }
}

//= amf3#2.2/object-reference test
#[test]
fn amf3_references_to_nothing_or_to_another_type_are_refused() {
    for bytes in [
        &b"\x06\x00"[..],                    // no string
        b"\x09\x00",                         // no object
        b"\x0a\x01",                         // no class
        b"\x09\x01\x01\x0a\x00",             // an array, meant as an object
        b"\x08\x01\0\0\0\0\0\0\0\0\x0c\x00", // a date, meant as bytes
        b"\x09\x01\x00",                     // a name that was not said
    ] {
        assert_eq!(decode3(bytes), Err(ErrorKind::Reference), "{bytes:?}");
    }
    let looped = decode3(b"\x0a\x0b\x01\x09self\x0a\x00\x01").unwrap();
    assert_eq!(looped[0].get("self"), Some(&amf3::Value::Reference(0)));
    assert_eq!(amf3::resolve(&looped, 0), Some(&looped[0]));
}

//= amf3#3.1/marker test
#[test]
fn amf3_markers_of_nothing_are_refused_and_bad_text_too() {
    for marker in 0x12..=0xff {
        assert_eq!(decode3(&[marker, 1, 0, 0]), Err(ErrorKind::Marker(marker)));
    }
    for bytes in [&b"\x06\x03\xff"[..], b"\x07\x03\xff", b"\x0b\x03\xff", b"\x0a\x0b\x03\xff", b"\x09\x01\x03\xff"] {
        assert_eq!(decode3(bytes), Err(ErrorKind::Utf8));
    }
}

#[test]
fn amf3_values_and_names_of_classes_are_counted() {
    let limits = Limits { items: 10, ..Limits::default() };
    let decode = |bytes: Vec<u8>| amf3::decode_all(bytes.into(), &limits).map_err(|error| error.kind);
    assert!(decode(vec![1; 10]).is_ok());
    assert_eq!(decode(vec![1; 11]), Err(ErrorKind::TooManyItems));
    // A class with ten sealed members whose names are all empty.
    assert_eq!(decode([&b"\x0a\x81\x23\x01"[..], &[1; 40]].concat()), Err(ErrorKind::TooManyItems));
    assert_eq!(decode(b"\x0a\xff\xff\xff\xf3\x01\x01".to_vec()), Err(ErrorKind::Truncated));
}

/// A few kilobytes that mean gigabytes when every reference is taken literally.
#[test]
fn a_long_string_repeated_costs_no_more_than_once() {
    let length = 1 << 20;
    let array: Vec<amf3::Value> = vec![bytestring::ByteString::from("x".repeat(length)).into(); 60_000];
    let wire = amf3::encode_all(&[array.into()]);
    assert!(wire.len() < length + 4 * 60_000);
    let got = decode3(&wire).unwrap();
    assert_eq!(amf3::encode_all(&got), wire); // sixty thousand comparisons of a megabyte would take minutes
    drop(got[0].detached()); // and as many copies more memory than there is
}

proptest! {
    #[test]
    fn garbage_is_read_or_refused_and_what_is_read_is_written(bytes: Vec<u8>) {
        if let Ok(values) = amf0::decode_all(bytes.into(), &Limits::default()) {
            prop_assert_eq!(amf0::decode_all(amf0::encode_all(&values), &Limits::default()), Ok(values));
        }
    }

    #[test]
    fn amf3_garbage_is_read_or_refused_and_what_is_read_is_written(bytes in proptest::collection::vec(0u8..0x14, 0..40)) {
        if let Ok(values) = amf3::decode_all(bytes.into(), &Limits::default()) {
            let again = amf3::encode_all(&values);
            prop_assert_eq!(amf3::decode_all(again, &Limits::default()), Ok(values));
        }
    }
}
