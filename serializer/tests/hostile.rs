//! What a peer must not be able to do to us: each limit, each lie about a length, each kind of garbage.

use bytes::Bytes;
use proptest::prelude::*;
use serializer::{Compression, Error, Id, Limits, MainFlag, Message, MessageId, Value, base58, frame};

/// A body whose hash is right, around any bytes.
fn body(bytes: &[u8]) -> Bytes {
    [MessageId::of(bytes).as_bytes(), bytes].concat().into()
}

fn open(bytes: &[u8]) -> Result<Message, Error> {
    frame::open(body(bytes), &[], &Limits::default())
}

fn msgpack(value: Value) -> Vec<u8> {
    let mut out = Vec::new();
    value.encode(&mut out);
    out
}

fn decode(bytes: &[u8], limits: &Limits) -> Result<Value, Error> {
    Value::decode(Bytes::copy_from_slice(bytes), limits)
}

fn message() -> Message {
    Message::new(MainFlag::Whisper, &Id::new("me").unwrap(), 1, vec![2.into(), "hello".into()])
}

//= p2p#3.1/verify test
#[test]
fn a_wrong_hash_is_refused() {
    let good = frame::encode(&message(), None).slice(4..);
    for at in 0..good.len() {
        let mut bad = good.to_vec();
        bad[at] ^= 1;
        assert_eq!(frame::open(bad.into(), &Compression::ALL, &Limits::default()), Err(Error::Checksum));
    }
}

#[test]
fn short_bodies_are_refused() {
    for length in [0, 5, 31] {
        assert_eq!(frame::open(vec![0; length].into(), &Compression::ALL, &Limits::default()), Err(Error::Checksum));
    }
    assert_eq!(open(b""), Err(Error::Truncated));
}

#[test]
fn what_is_no_message_is_refused_by_name() {
    assert_eq!(open(b"\xc1"), Err(Error::NotAnArray));
    assert_eq!(open(b"\x91\xc1"), Err(Error::TooFewFields));
    assert_eq!(open(b"\x93\x00\xa1x\xc1"), Err(Error::Reserved));
    assert_eq!(open(b"\x81\x01\x02"), Err(Error::NotAnArray));
    assert_eq!(open(b"\xa5hello"), Err(Error::NotAnArray));
    assert_eq!(open(b"\x93\x00\xa1x"), Err(Error::Truncated));
    assert_eq!(open(b"\x93\x00\xa1x\x01\x00"), Err(Error::Trailing));
    assert_eq!(open(b"\x94\x00\xa1x\x01\xa1\xff"), Err(Error::Utf8));
}

//= p2p#5/short-array-told test
#[test]
fn an_array_that_is_too_short_is_told_apart_because_peers_stay_on_it() {
    for count in 0..3usize {
        let error = open(&msgpack(vec![Value::from(0); count].into())).unwrap_err();
        assert_eq!((error, error.closes()), (Error::TooFewFields, false));
    }
    let bare = open(&msgpack(vec![0.into(), "me".into(), 1.into()].into())).unwrap();
    assert_eq!((bare.payload(), bare.sub(), bare.values()), (&[][..], None, &[][..]));
}

//= p2p#5/fields test
#[test]
fn fields_of_the_wrong_type_are_refused() {
    let with = |main: Value, sender: Value, time: Value| open(&msgpack(vec![main, sender, time].into()));
    for main in [Value::Nil, "0".into(), (-1).into(), 0.0.into()] {
        assert_eq!(with(main, "me".into(), 1.into()), Err(Error::MainFlag));
    }
    for sender in [Value::Nil, 7.into(), vec!["me".into()].into(), b"\xff"[..].into()] {
        assert_eq!(with(0.into(), sender, 1.into()), Err(Error::Sender));
    }
    assert_eq!(with(0.into(), "x".repeat(257).into(), 1.into()), Err(Error::IdTooLong));
    for time in [Value::Nil, "1".into(), (-1).into(), (-0.5).into(), f64::NAN.into(), f64::INFINITY.into(), 1e20.into()]
    {
        assert_eq!(with(0.into(), "me".into(), time), Err(Error::Time));
    }
}

//= p2p#3.2/sub-other test
//= p2p#3.2/main-other test
#[test]
fn a_payload_without_a_flag_is_a_message_all_the_same() {
    for first in [Value::Nil, "0".into(), (-1).into(), 2.0.into()] {
        let message = Message::new(MainFlag::Other(99), &Id::new("").unwrap(), 0, vec![first, 1.into()]);
        assert_eq!((message.sub(), message.values()), (None, &[1.into()][..]));
    }
}

//= p2p#5/depth test
#[test]
fn nesting_ends_at_the_limit_and_never_at_the_stack() {
    let nested = |marker: &[u8], depth: usize| [marker.repeat(depth), vec![0xc0]].concat();
    let limits = Limits::default();
    for marker in [&b"\x91"[..], b"\x81\x01", b"\xdc\0\x01", b"\xdd\0\0\0\x01", b"\xdf\0\0\0\x01\x01"] {
        assert!(decode(&nested(marker, limits.depth), &limits).is_ok());
        assert_eq!(decode(&nested(marker, limits.depth + 1), &limits), Err(Error::TooDeep));
        assert_eq!(decode(&nested(marker, 100_000), &limits), Err(Error::TooDeep));

        let unlimited = Limits { depth: usize::MAX, ..Limits::default() };
        assert!(decode(&nested(marker, Limits::MAX_DEPTH), &unlimited).is_ok());
        assert_eq!(decode(&nested(marker, Limits::MAX_DEPTH + 1), &unlimited), Err(Error::TooDeep));
    }
    // The array that a message is counts as the first.
    let message = |depth: usize| [&b"\x94\0\xa0\0"[..], &nested(b"\x91", depth)].concat();
    assert!(open(&message(limits.depth - 1)).is_ok());
    assert_eq!(open(&message(limits.depth)), Err(Error::TooDeep));
}

//= p2p#5/items test
#[test]
fn values_in_a_message_are_counted() {
    let limits = Limits { items: 10, ..Limits::default() };
    let array = |count: usize| msgpack(vec![Value::Nil; count].into());
    let map = |count: usize| msgpack(Value::Map(vec![(Value::Nil, Value::Nil); count]));
    assert!(decode(&array(10), &limits).is_ok());
    assert_eq!(decode(&array(11), &limits), Err(Error::TooManyItems));
    assert!(decode(&map(5), &limits).is_ok());
    assert_eq!(decode(&map(6), &limits), Err(Error::TooManyItems));
    let siblings = msgpack(vec![vec![Value::Nil; 4].into(), vec![Value::Nil; 5].into()].into());
    assert_eq!(decode(&siblings, &limits), Err(Error::TooManyItems));
    let fields = msgpack([vec![0.into(), "me".into(), 1.into()], vec![Value::Nil; 8]].concat().into());
    assert_eq!(Message::decode(fields.into(), &limits), Err(Error::TooManyItems));
}

//= p2p#5/counts test
#[test]
fn counts_and_lengths_that_lie_are_refused_at_once() {
    let limits = Limits { items: usize::MAX, ..Limits::default() };
    for start in [0xdd, 0xdf] {
        // An array and a map of 2^32 - 1 entries, alone and inside each other.
        let marker = [start, 0xff, 0xff, 0xff, 0xff];
        for depth in [1, 10, 60] {
            assert_eq!(decode(&marker.repeat(depth), &limits), Err(Error::Truncated));
        }
    }
    for bytes in [
        &b"\xc4\x02x"[..],
        b"\xc5\xff\xffx",
        b"\xc6\xff\xff\xff\xffx",
        b"\xc7\x02\x01x",
        b"\xc8\xff\xff\x01x",
        b"\xc9\xff\xff\xff\xff\x01x",
        b"\xd4\x01",
        b"\xd8\x01x",
        b"\xd9\x02x",
        b"\xda\xff\xffx",
        b"\xdb\xff\xff\xff\xffx",
        b"\xbfx",
        b"\x92\x01",
        b"\x81\x01",
        b"\xca\0\0\0",
        b"\xcf\0\0\0\0\0\0\0",
        b"\xdb\xff",
    ] {
        assert_eq!(decode(bytes, &limits), Err(Error::Truncated), "{bytes:x?}");
    }
}

//= p2p#5/length-limit test
#[test]
fn a_frame_longer_than_the_limit_is_refused_by_its_header() {
    let limits = Limits { frame: 100, ..Limits::default() };
    let mut decoder = frame::Decoder::new(limits.clone());
    decoder.push([&[0, 0, 0, 100][..], &[1; 100], &[0, 0, 0, 101]].concat().into());
    assert_eq!(decoder.next(), Some(Ok(vec![1; 100].into())));
    assert_eq!(decoder.next(), Some(Err(Error::FrameTooLong { announced: 101 })));
    decoder.push(message().bytes().clone());
    assert_eq!((decoder.next(), decoder.buffered()), (None, 0));

    let mut trickle = frame::Decoder::new(limits);
    for _ in 0..3 {
        trickle.push(Bytes::from_static(b"\xff"));
        assert_eq!(trickle.next(), None);
    }
    trickle.push(Bytes::from_static(b"\xff"));
    assert_eq!(trickle.next(), Some(Err(Error::FrameTooLong { announced: u32::MAX })));
}

#[test]
fn empty_frames_and_empty_pieces_are_no_trouble() {
    let mut decoder = frame::Decoder::new(Limits::default());
    decoder.push(Bytes::new());
    assert_eq!(decoder.next(), None);
    decoder.push(Bytes::from_static(&[0; 9]));
    assert_eq!(decoder.by_ref().collect::<Vec<_>>(), [Ok(Bytes::new()), Ok(Bytes::new())]);
    assert_eq!(decoder.buffered(), 1);
}

//= p2p#5/bomb test
#[test]
fn bombs_of_every_method_end_at_the_limit() {
    let limits = Limits { inflated: 100_000, ..Limits::default() };
    for method in Compression::ALL {
        let fits = method.compress(&[0; 100_000]);
        assert_eq!(method.decompress(&fits, limits.inflated).map(|data| data.len()), Ok(100_000), "{method}");
        let bomb = Bytes::from(method.compress(&[0; 100_001]));
        assert_eq!(method.decompress(&bomb, limits.inflated), Err(Error::InflatedTooLong), "{method}");
        assert_eq!(frame::open(bomb, &Compression::ALL, &limits), Err(Error::InflatedTooLong), "{method}");
    }
}

#[test]
fn snappy_that_announces_more_than_it_can_hold_is_refused() {
    let mut lie = b"\xff\xff\xff\xff\x0f".to_vec(); // 2^32 - 1 bytes
    lie.extend([0; 40]);
    assert_eq!(Compression::Snappy.decompress(&lie, usize::MAX), Err(Error::Compressed(Compression::Snappy)));
    // The densest that is honest: nothing but copies of 64 bytes.
    let dense = Compression::Snappy.compress(&vec![0; 1 << 20]);
    assert!(dense.len() * 21 < 1 << 20);
    assert_eq!(Compression::Snappy.decompress(&dense, 1 << 20).map(|data| data.len()), Ok(1 << 20));
}

#[test]
fn xz_that_asks_for_a_large_dictionary_is_refused() {
    let mut xz = Compression::Lzma.compress(b"hello hello hello");
    let with_dictionary = |xz: &mut Vec<u8>, code: u8| {
        // Stream header of 12 bytes, then the block's: size, flags, filter, length of its properties, dictionary.
        assert_eq!(xz[13..16], [0, 0x21, 1]);
        xz[16] = code;
        let end = 12 + usize::from(xz[12]) * 4;
        let sum = crc(&xz[12..end]);
        xz[end..end + 4].copy_from_slice(&sum);
    };
    with_dictionary(&mut xz, 22); // 8 MiB: what `xz -6` has
    assert_eq!(Compression::Lzma.decompress(&xz, 100).unwrap(), b"hello hello hello");
    with_dictionary(&mut xz, 23); // 12 MiB
    assert_eq!(Compression::Lzma.decompress(&xz, 100), Err(Error::Compressed(Compression::Lzma)));
    with_dictionary(&mut xz, 40); // 4 GiB
    assert_eq!(Compression::Lzma.decompress(&xz, 100), Err(Error::Compressed(Compression::Lzma)));
}

fn crc(data: &[u8]) -> [u8; 4] {
    let mut crc = flate2::Crc::new();
    crc.update(data);
    crc.sum().to_le_bytes()
}

//= p2p#3.3/either-deflate test
#[test]
fn gzip_and_zlib_are_taken_for_each_other() {
    for (sent, announced) in [(Compression::Gzip, Compression::Zlib), (Compression::Zlib, Compression::Gzip)] {
        let body = frame::encode(&message(), Some(sent)).slice(4..);
        assert_eq!(frame::open(body, &[announced], &Limits::default()), Ok(message()));
    }
}

//= p2p#5/tried-once test
#[test]
fn a_list_that_repeats_a_method_costs_one_try() {
    let limits = Limits::default();
    let bomb = Bytes::from(Compression::Zlib.compress(&vec![0; limits.inflated + 1]));
    assert_eq!(frame::open(bomb, &[Compression::Zlib; 100_000], &limits), Err(Error::InflatedTooLong));
}

//= p2p#5/id-length test
//= p2p#3.4/any-text test
#[test]
fn digits_and_ids_are_limited() {
    assert!(base58::decode(&"z".repeat(base58::MAX_DIGITS)).is_ok());
    assert_eq!(base58::decode(&"z".repeat(base58::MAX_DIGITS + 1)), Err(Error::IdTooLong));
    for bad in ['0', 'O', 'I', 'l', ' ', '\0', 'é', '\u{10ffff}'] {
        assert_eq!(base58::decode(&format!("2{bad}2")), Err(Error::Digit(bad)));
    }
    let id = Id::new("z".repeat(Id::MAX_LENGTH)).unwrap();
    assert_eq!(id.number(), None); // more than 512 bits
    assert_eq!(Id::from_value(&Value::Bin(vec![0xff].into())), Err(Error::NotAnId));
}

#[test]
fn every_error_has_a_name_of_its_own_and_one_line() {
    let errors = [
        Error::FrameTooLong { announced: 7 },
        Error::Checksum,
        Error::InflatedTooLong,
        Error::Compressed(Compression::Bz2),
        Error::Truncated,
        Error::Trailing,
        Error::Reserved,
        Error::Utf8,
        Error::TooDeep,
        Error::TooManyItems,
        Error::NotAnArray,
        Error::TooFewFields,
        Error::MainFlag,
        Error::Sender,
        Error::Time,
        Error::IdTooLong,
        Error::NotAnId,
        Error::Digit('l'),
        Error::NumberTooLarge,
    ];
    let names: std::collections::BTreeSet<_> = errors.iter().map(|error| error.name()).collect();
    assert_eq!(names.len(), errors.len());
    assert!(errors.iter().all(|error| !error.to_string().contains('\n')));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_taken_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let (bytes, limits) = (Bytes::from(bytes), Limits { inflated: 1 << 20, ..Limits::default() });
        let _ = frame::open(bytes.clone(), &Compression::ALL, &limits);
        let _ = open(&bytes);
        let mut decoder = frame::Decoder::new(limits.clone());
        decoder.push(bytes.clone());
        let bodies = decoder.by_ref().count();
        prop_assert!(bodies <= bytes.len() / 4 + 1);
        if let Ok(value) = Value::decode(bytes, &limits) {
            prop_assert_eq!(decode(&msgpack(value.clone()), &limits), Ok(value));
        }
    }

    /// Headers of an xz file that no encoder writes, with right checksums, so that they are believed.
    #[test]
    fn any_filters_of_xz_are_taken_without_panic(
        check in prop::sample::select(vec![0u8, 1, 4, 10, 15]),
        filters in prop::collection::vec(
            (prop_oneof![3u8..=0x0b, Just(0x21u8), any::<u8>()], prop::collection::vec(any::<u8>(), 0..6)), 1..5
        ),
        sizes in 0u8..4,
        tail in prop::collection::vec(any::<u8>(), 0..60),
        data: bool,
    ) {
        let flags = [0u8, check];
        let mut block = vec![0, (filters.len() as u8 - 1) | sizes << 6];
        block.extend(vec![40; sizes.count_ones() as usize]);
        for (id, properties) in filters {
            block.extend([id, properties.len() as u8]);
            block.extend(properties);
        }
        block.resize(block.len().next_multiple_of(4), 0);
        block[0] = (block.len() / 4) as u8;
        let honest = Compression::Lzma.compress(&[7; 200]);
        let start = 12 + usize::from(honest[12]) * 4 + 4;
        let rest = if data { &honest[start..] } else { &tail[..] };
        let body = [&b"\xfd7zXZ\0"[..], &flags, &crc(&flags), &block, &crc(&block), rest].concat();
        let _ = Compression::Lzma.decompress(&body, 1 << 16);
    }

    #[test]
    fn damaged_bodies_are_taken_without_panic(
        method in prop::sample::select(Compression::ALL.to_vec()), at: prop::sample::Index, xor in 1u8.., cut: bool
    ) {
        let mut body = frame::encode(&message(), Some(method))[4..].to_vec();
        let at = at.index(body.len());
        if cut {
            body.truncate(at);
        } else {
            body[at] ^= xor;
        }
        // Some bytes do not matter (a gzip file's time, say): then the message is the same.
        if let Ok(got) = frame::open(body.into(), &Compression::ALL, &Limits::default()) {
            prop_assert_eq!(got, message());
        }
    }
}
