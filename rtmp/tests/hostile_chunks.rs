//! Bytes from anyone: nothing panics, nothing hangs, nothing grows.

#[path = "common/chunks.rs"]
mod common;

use bytes::Bytes;
use common::*;
use proptest::collection::vec;
use proptest::prelude::*;
use rtmp::MessageType::*;
use rtmp::aggregate::{self, MAX_PARTS};
use rtmp::chunk::{Error, Limits, Reader, Shared, Writer, csid};
use rtmp::control::Control;
use rtmp::handshake::{Client, Kind, Scheme, Server};
use rtmp::link::{Config, Link};
use rtmp::{Message, MessageType};
use wire::{Instant, Rng};

//= rtmp#5.3.1.2/first-header test
#[test]
fn formats_1_to_3_on_a_new_chunk_stream() {
    for id in [2, 3, 63] {
        let begun_short = [&[0x40 | id, 0, 0, 9, 0, 0, 1, 8][..], b"x"].concat();
        assert_eq!(read(begun_short), (vec![message(Audio, 9, 0, "x")], None));
        for format in [2, 3] {
            let bytes = [&[format << 6 | id, 0, 0, 9][..], &start(4, 0, 0, 8, 1)].concat();
            let error = Error::NoHeader { csid: u32::from(id), format };
            assert_eq!(read(bytes), (vec![], Some(error)));
        }
    }
    let high = [0xc0, 0];
    assert_eq!(read(high.to_vec()).1, Some(Error::NoHeader { csid: 64, format: 3 }));
}

//= rtmp#5.3.1.2/new-header test
#[test]
fn a_new_header_while_a_message_is_half_read() {
    for length in [0u32, 1, 100, 128, 129, 200, 5000] {
        for format in [0, 1] {
            let mut header = start(6, 40, length, 9, 1);
            if format == 1 {
                header = [&[0x46], &header[1..8]].concat();
            }
            let mut bytes = [&start(6, 5, 250, 9, 1)[..], &[1; 128], &header].concat();
            for (n, chunk) in vec![2; length as usize].chunks(128).enumerate() {
                bytes.extend(if n > 0 { &[0xc6][..] } else { &[] });
                bytes.extend(chunk);
            }
            let (got, error, reader) = read_with(Limits::default(), bytes);
            let time = if format == 0 { 40 } else { 45 };
            assert_eq!((got, error), (vec![message(Video, time, 1, vec![2; length as usize])], None));
            assert_eq!((reader.stats().interrupted, reader.unfinished()), (1, 0));
        }
    }
    // Format 2 keeps the length, and is a new message all the same.
    let bytes = [&start(6, 5, 250, 9, 1)[..], &[1; 128], &[0x86, 0, 0, 1], &[2; 128], &[0xc6], &[2; 122]].concat();
    assert_eq!(read(bytes), (vec![message(Video, 6, 1, vec![2; 250])], None));
}

#[test]
fn messages_of_no_bytes_and_of_the_most() {
    assert_eq!(read([start(6, 0, 0, 9, 1), vec![0xc6; 3]].concat()).0.len(), 4);
    let limits = Limits { message: 0xff_ffff, ..Limits::default() };
    let longest = message(Video, 1, 1, vec![7; 0xff_ffff]);
    let bytes = written(std::slice::from_ref(&longest), 1 << 20);
    let (got, error, _) = read_with(limits, bytes.clone());
    assert!(got == [longest] && error.is_none());
    assert_eq!(read(bytes).1, Some(Error::MessageTooLong { length: 0xff_ffff, limit: 8 << 20 }));
    let longer = message(Video, 1, 1, vec![7; 0x100_0000]);
    let error = Error::MessageTooLong { length: 0x100_0000, limit: 0xff_ffff };
    assert_eq!(Writer::new().write(&longer, 6, &mut Default::default()), Err(error));
    assert_eq!(Shared::new(longer).unwrap_err(), error);
}

//= rtmp#5.4.1/range test
#[test]
fn chunk_sizes_at_the_edges() {
    let set = |size: u32| [&start(2, 0, 4, 1, 0)[..], &size.to_be_bytes()].concat();
    for size in [0, 0x8000_0000, 0x8000_1000, u32::MAX] {
        let bytes = [set(size), start(6, 0, 0, 9, 1)].concat();
        assert_eq!(read(bytes), (vec![], Some(Error::ChunkSize(size))));
    }
    for size in [0x7fff_ffff, 0x100_0000, 300] {
        let bytes = [set(size), start(6, 0, 300, 9, 1), vec![1; 300]].concat();
        assert_eq!(read(bytes), (vec![message(Video, 0, 1, vec![1; 300])], None));
    }
    let mut bytes = [set(1), start(6, 0, 3000, 9, 1), vec![7]].concat();
    bytes.extend([0xc6, 7].repeat(2999));
    assert_eq!(read(bytes), (vec![message(Video, 0, 1, vec![7; 3000])], None));
    for (kind, length) in [(1, 0), (1, 3), (2, 3)] {
        let bytes = [start(2, 0, length, kind, 0), vec![0; length as usize]].concat();
        assert_eq!(read(bytes).1, Some(Error::ShortControl { kind, length: length as usize }));
    }
}

#[test]
fn aborts_of_what_is_not_there() {
    let abort = |id: u32| [&start(2, 0, 4, 2, 0)[..], &id.to_be_bytes()].concat();
    let bytes = [abort(0), abort(2), abort(6), abort(70_000), abort(u32::MAX), start(6, 0, 0, 9, 1), abort(6)].concat();
    let (got, error, reader) = read_with(Limits::default(), bytes);
    assert_eq!((got.len(), error), (1, None));
    assert_eq!((reader.stats().aborted, reader.stats().aborted_nothing), (0, 6));
}

/// Half a message of `length` on every chunk stream that there is.
fn half_messages(length: u32) -> Vec<u8> {
    let mut out = Vec::new();
    for id in 2..=csid::MAX {
        let header = start(0, 0, length, 9, 1);
        match id {
            ..64 => out.push(id as u8),
            64..320 => out.extend([0, (id - 64) as u8]),
            _ => out.extend([1, (id - 64) as u8, ((id - 64) >> 8) as u8]),
        }
        out.extend(&header[1..]);
        out.extend([1; 128]);
    }
    out
}

//= rtmp#5.3/bounded test
#[test]
fn half_messages_on_all_chunk_streams() {
    let bytes = Bytes::from(half_messages(0xff_ffff));
    let limit = Error::MessageTooLong { length: 0xff_ffff, limit: 8 << 20 };
    assert_eq!(read(bytes.clone()).1, Some(limit));
    // Each limit alone holds, before the bytes that break it are kept.
    let long = Limits { message: 0xff_ffff, ..Limits::default() };
    let error = Error::TooMuchUnfinished { length: 2 * 0xff_ffff, limit: 16 << 20 };
    let (_, got, reader) = read_with(long, bytes.clone());
    assert_eq!((got, reader.stats().chunks), (Some(error), 2));
    let wide = Limits { unfinished: usize::MAX, ..long };
    let (_, got, reader) = read_with(wide, bytes.clone());
    assert_eq!((got, reader.stats().chunks), (Some(Error::TooManyStreams { limit: 1024 }), 1025));
    // Without limits on streams and sums, only as much is kept as has come.
    let mut reader = Reader::new(Limits { message: 200, unfinished: 200 * 70_000, streams: 70_000 });
    reader.push(half_messages(200).into());
    assert_eq!(reader.next(), None);
    assert_eq!(reader.unfinished(), 200 * 65_598);
}

#[test]
fn limits_by_default_and_each_at_its_edge() {
    let Limits { message, unfinished, streams } = Limits::default();
    assert_eq!((message, unfinished, streams), (8_388_608, 16_777_216, 1024));
    let limits = Limits { message: 1000, unfinished: 1500, streams: 2 };
    let of = |id, length| [start(id, 0, length, 9, 1), vec![0; 128]].concat();
    let end = |bytes: Vec<u8>| read_with(limits, bytes).1;
    assert_eq!(end(of(4, 1000)), None);
    assert_eq!(end(of(4, 1001)), Some(Error::MessageTooLong { length: 1001, limit: 1000 }));
    assert_eq!(end([of(4, 1000), of(5, 500)].concat()), None);
    assert_eq!(end([of(4, 1000), of(5, 501)].concat()), Some(Error::TooMuchUnfinished { length: 1501, limit: 1500 }));
    assert_eq!(end([of(4, 200), of(5, 200), of(6, 200)].concat()), Some(Error::TooManyStreams { limit: 2 }));
    let mut reader = Reader::new(limits);
    reader.set_limits(Limits::default());
    reader.push(of(4, 1001).into());
    assert_eq!(reader.next(), None);
}

#[test]
fn after_an_error_there_is_nothing() {
    let mut reader = Reader::new(Limits::default());
    reader.push(vec![0xc4].into());
    assert!(matches!(reader.next(), Some(Err(_))));
    reader.push(start(4, 0, 0, 8, 1).into());
    assert_eq!(reader.next(), None);
    assert_eq!(reader.received(), 13);
}

#[test]
fn aggregates_that_lie() {
    let part = |kind: u8, length: u32| {
        let [_, l0, l1, l2] = length.to_be_bytes();
        vec![kind, l0, l1, l2, 0, 0, 0, 0, 0, 0, 0]
    };
    let split = |body: Vec<u8>| aggregate::split(&message(Aggregate, 0, 1, body));
    assert_eq!(split(vec![]), Ok(vec![]));
    assert_eq!(split(part(8, 1)), Err(aggregate::Error::Truncated(0)));
    assert_eq!(split(part(9, 0xff_ffff)), Err(aggregate::Error::Truncated(0)));
    assert_eq!(split([part(8, 0), vec![0; 4], vec![8; 10]].concat()), Err(aggregate::Error::Truncated(15)));
    for kind in [22, 20, 17, 1, 2, 3, 0, 255] {
        assert_eq!(split([part(kind, 0), vec![0; 4]].concat()), Err(aggregate::Error::Type(kind)));
    }
    let many = |n| [part(8, 0), vec![0; 4]].concat().repeat(n);
    assert_eq!(split(many(MAX_PARTS)).unwrap().len(), 4096);
    assert_eq!(split(many(MAX_PARTS + 1)), Err(aggregate::Error::TooMany));
    assert_eq!(aggregate::split(&message(Video, 0, 1, "")), Err(aggregate::Error::NotAggregate));
}

#[test]
fn every_error_has_a_word_and_a_line() {
    let errors = [
        Error::NoHeader { csid: 3, format: 2 },
        Error::MessageTooLong { length: 2, limit: 1 },
        Error::TooMuchUnfinished { length: 2, limit: 1 },
        Error::TooManyStreams { limit: 1 },
        Error::ChunkSize(0),
        Error::ShortControl { kind: 1, length: 0 },
        Error::Csid(0),
    ];
    let words: std::collections::BTreeSet<_> = errors.iter().map(Error::reason).collect();
    assert_eq!(words.len(), errors.len());
    assert!(errors.iter().all(|error| !error.to_string().contains('\n')));
}

/// Bytes that often look like chunks.
fn chunkish() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        4 => (0..4u8, 2..6u8, any::<u32>(), 0..300u32, 0..23u8)
            .prop_map(|(format, id, time, length, kind)| {
                let header = start(format << 6 | id, time, length, kind, 1);
                header[..[header.len(), 8, 4, 1][usize::from(format)]].to_vec()
            }),
        2 => vec(any::<u8>(), 0..200),
        1 => Just([&start(2, 0, 4, 1, 0)[..], &[0, 0, 0, 3]].concat()),
        1 => Just([&start(2, 0, 4, 2, 0)[..], &[0, 0, 0, 4]].concat()),
    ];
    vec(piece, 0..20).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_reader_takes_any_bytes_and_pieces_change_nothing(bytes in chunkish(), size in 1..40usize) {
        let limits = Limits { message: 60_000, unfinished: 1000, streams: 5 };
        let (whole, error, _) = read_with(limits, bytes.clone());
        let mut reader = Reader::new(limits);
        let (mut pieces, mut fault) = (Vec::new(), None);
        for piece in bytes.chunks(size) {
            reader.push(Bytes::copy_from_slice(piece));
            for item in reader.by_ref() {
                match item {
                    Ok(message) => pieces.push(message),
                    Err(error) => fault = Some(error),
                }
            }
            prop_assert!(reader.unfinished() <= 1000);
        }
        // A long message in one piece counts against no sum of unfinished ones, so only the cut one may fail.
        if fault == error {
            prop_assert_eq!(pieces, whole);
        } else {
            let too_much = matches!(fault, Some(Error::TooMuchUnfinished { .. }));
            prop_assert!(too_much, "{:?} {:?}", fault, error);
        }
    }

    #[test]
    fn handshakes_take_any_bytes(mut bytes in vec(any::<u8>(), 0..4000), right in any::<bool>(), size in 1..2000usize) {
        if let Some(first) = bytes.first_mut().filter(|_| right) {
            *first = 3;
        }
        for kind in [Kind::Simple, Kind::Digest(Scheme::Zero)] {
            let mut client = Client::new(&mut Rng::from_u64(1), kind);
            let mut server = Server::new(&mut Rng::from_u64(1));
            for piece in bytes.chunks(size) {
                let _ = (client.push(piece), server.push(piece));
            }
        }
    }

    #[test]
    fn a_link_takes_any_bytes(bytes in chunkish(), handshake in any::<bool>(), size in 1..2000usize) {
        let mut link = Link::server(Instant::ZERO, Config::default(), &mut Rng::from_u64(1));
        if handshake {
            link.handle(Instant::ZERO, vec![3; 3073].into());
        }
        let mut out = 0;
        for (n, piece) in bytes.chunks(size).enumerate() {
            link.handle(Instant::from_millis(n as u64), Bytes::copy_from_slice(piece));
            while let Some(item) = link.next() {
                if item.is_err() {
                    prop_assert_eq!(link.next(), None);
                }
            }
            out += std::iter::from_fn(|| link.transmit()).map(|bytes| bytes.len()).sum::<usize>();
        }
        prop_assert!(out <= 3073 + 16 + 20 * bytes.len());
    }

    #[test]
    fn bodies_of_any_bytes(kind in any::<u8>(), body in vec(any::<u8>(), 0..60)) {
        let any = Message { kind: MessageType::from_number(kind), timestamp: 1, stream: 1, payload: body.into() };
        if let Ok(Some(control)) = Control::parse(&any) {
            prop_assert_eq!(Control::parse(&control.to_message()), Ok(Some(control)));
        }
        let _ = aggregate::split(&Message { kind: Aggregate, ..any });
    }
}
