//! Numbers that mean something: flags, methods, and ids in their two types.

use std::collections::{BTreeSet, HashSet};

use serializer::{Compression, Flag, Id, Limits, MainFlag, Message, Value, frame};

//= p2p#3.2/main test
//= p2p#3.2/sub test
#[test]
fn numbers_of_flags_are_those_of_the_programs() {
    use MainFlag::*;
    for (code, flag) in
        [Broadcast, Renegotiate, Whisper, Ping, Pong, Other(5), Other(6)].into_iter().zip(0u64..).map(swap)
    {
        assert_eq!((MainFlag::from(code), flag.code()), (flag, code));
    }
    let named = [
        (Flag::Handshake, 5),
        (Flag::Notify, 6),
        (Flag::Peers, 7),
        (Flag::Request, 8),
        (Flag::Resend, 9),
        (Flag::Response, 10),
        (Flag::Store, 11),
        (Flag::Retrieve, 12),
        (Flag::Retrieved, 13),
        (Flag::Forward, 14),
        (Flag::NewPaths, 15),
        (Flag::RevokePaths, 16),
        (Flag::Delta, 17),
    ];
    for (flag, code) in named {
        assert_eq!((Flag::from(code), flag.code()), (flag, code));
    }
    for (code, flag) in Flag::NAMED.into_iter().zip(0u64..).map(swap) {
        assert_eq!((Flag::from(code), flag.code()), (flag, code));
    }
    for code in [18, 0x41, u64::MAX] {
        assert_eq!((Flag::from(code), Flag::Other(code).code()), (Flag::Other(code), code));
    }
}

fn swap<A, B>((a, b): (A, B)) -> (B, A) {
    (b, a)
}

//= p2p#3.2/methods test
//= p2p#3.2/methods-other test
//= p2p#3.3/preference test
#[test]
fn numbers_of_methods_are_those_of_the_programs_and_others_are_passed_over() {
    let known: Vec<Compression> = (0..=0x100).filter_map(Compression::from_code).collect();
    let codes: Vec<u64> = known.iter().map(|method| method.code()).collect();
    assert_eq!(codes, [0x10, 0x11, 0x12, 0x13, 0x20]);
    assert_eq!(BTreeSet::from_iter(known), BTreeSet::from(Compression::ALL));
    // In this order py2p announces them; js2p has the first three of it.
    assert_eq!(Compression::ALL.map(Compression::code), [0x20, 0x13, 0x11, 0x10, 0x12]);
}

//= p2p#3.3/plain-too test
#[test]
fn a_body_without_compression_is_taken_whatever_was_announced() {
    // Among so many hashes some start as a compressed stream does.
    for time in 0..5000 {
        let message = Message::new(MainFlag::Whisper, &Id::new("me").unwrap(), time, vec!["x".repeat(60).into()]);
        let body = frame::encode(&message, None).slice(4..);
        assert_eq!(frame::open(body, &Compression::ALL, &Limits::default()), Ok(message));
    }
}

//= p2p#3.4/by-bytes test
//= p2p#3.1/sender-types test
#[test]
fn ids_are_equal_when_their_bytes_are() {
    let (text, bytes) = (Value::from("2oY"), Value::from(&b"2oY"[..]));
    assert_ne!(text, bytes);
    let (a, b) = (Id::from_value(&text).unwrap(), Id::from_value(&bytes).unwrap());
    assert_eq!(a, b);
    assert_eq!(HashSet::from([a.clone(), b.clone()]).len(), 1);
    assert_eq!((a.to_value(), b.to_bin()), (text, bytes));
    assert!(Id::new("2oX").unwrap() < a && a < Id::new("2oYa").unwrap());
    // As messages carry them.
    for sender in [a.to_value(), a.to_bin()] {
        let mut fields = Vec::new();
        Value::from(vec![2.into(), sender, 1.into()]).encode(&mut fields);
        assert_eq!(*Message::decode(fields.into(), &Limits::default()).unwrap().sender(), a);
    }
}
