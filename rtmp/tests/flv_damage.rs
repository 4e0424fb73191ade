//! Files that are broken, torn, or no FLV at all: what is whole comes out, and nothing waits or grows.

use bytes::{Bytes, BytesMut};
use rtmp::flv::{Error, Limits, Reader, Scan, Tag, TagKind};
use wire::Rng;

fn tag(n: u32) -> Tag {
    Tag { kind: TagKind::Audio, timestamp: n * 20, payload: vec![0x72, n as u8, 1, 2, 3, 4, 5].into() }
}

/// Header and ten tags of 22 bytes each.
fn file() -> BytesMut {
    let mut out = BytesMut::new();
    rtmp::flv::Header { audio: true, video: false }.encode(&mut out);
    (0..10).for_each(|n| tag(n).encode(&mut out));
    out
}

const FIRST: usize = 13;
const LEN: usize = 22;

fn read(data: &[u8], limits: Limits) -> (Vec<Tag>, Option<Error>, Reader) {
    let mut reader = Reader::new(limits);
    let (mut tags, mut error) = (Vec::new(), None);
    for piece in data.chunks(50).chain([&[][..]]) {
        match piece.is_empty() {
            true => tags.extend(reader.finish()),
            false => reader.push(Bytes::copy_from_slice(piece)),
        }
        while let Some(next) = reader.next() {
            match next {
                Ok(tag) => tags.push(tag),
                Err(why) => error = error.or(Some(why)),
            }
        }
    }
    (tags, error, reader)
}

//= flv#E.3/wrong-size test
#[test]
fn a_wrong_previous_tag_size_costs_nothing() {
    for wrong in [[0, 0, 0, 0], [0xff; 4], [0, 0, 0, 19]] {
        let mut file = file();
        file[FIRST + 3 * LEN - 4..FIRST + 3 * LEN].copy_from_slice(&wrong);
        let (tags, error, reader) = read(&file, Limits::default());
        assert_eq!((tags.len(), error, reader.damaged(), reader.skipped()), (10, None, 1, 0));
    }
}

#[test]
fn garbage_between_tags_is_passed() {
    let mut file = file();
    let behind = file.split_off(FIRST + 4 * LEN);
    file.extend_from_slice(&[0x09, 0xff, 0xff, 0xff, 0, 0, 0, 8, 0, 0, 0, 0x12, 0x77]);
    file.extend_from_slice(&behind);
    let (tags, error, reader) = read(&file, Limits { tag: 1000, ..Limits::default() });
    assert_eq!((tags.len(), error, reader.skipped()), (10, None, 13));
}

#[test]
fn a_tag_with_a_wrong_length_costs_itself_and_a_neighbour() {
    let mut file = file();
    file[FIRST + 2 * LEN + 3] = 28; // instead of 7
    let (tags, error, _) = read(&file, Limits::default());
    assert_eq!(error, None);
    let last: Vec<u32> = tags.iter().rev().take(6).map(|tag| tag.timestamp).collect();
    assert_eq!(last, [180, 160, 140, 120, 100, 80]);
}

#[test]
fn an_offset_of_four_gigabytes_is_refused() {
    for offset in [u32::MAX, 70_000, 8, 0] {
        let mut file = file();
        file[5..9].copy_from_slice(&offset.to_be_bytes());
        assert_eq!(read(&file, Limits::default()).1, Some(Error::Offset(offset)));
    }
}

//= flv#E.2/reader test
#[test]
fn a_long_header_is_skipped() {
    let mut file = file();
    let behind = file.split_off(9);
    file[8] = 200;
    file.extend_from_slice(&[8; 191]);
    file.extend_from_slice(&behind);
    assert_eq!(read(&file, Limits::default()).0.len(), 10);
    assert_eq!(read(&file, Limits { header: 199, ..Limits::default() }).1, Some(Error::Offset(200)));
}

#[test]
fn what_is_no_flv_is_said_at_once() {
    assert_eq!(read(b"\0\0\0\x18ftypmp42", Limits::default()).1, Some(Error::Signature));
    assert_eq!(read(b"F!", Limits::default()).1, Some(Error::Signature));
    assert_eq!(read(b"FLV\x02\x05\0\0\0\x09", Limits::default()).1, Some(Error::Version(2)));
}

#[test]
fn a_torn_file_gives_every_whole_tag() {
    let file = file();
    for len in 0..file.len() {
        let (tags, error, _) = read(&file[..len], Limits::default());
        let whole = (len + 4).saturating_sub(FIRST) / LEN; // the last one may lack the length behind it
        assert_eq!((tags.len(), error), (whole, None), "{len} bytes");
    }
    let mut scan = Scan::new(Limits::default(), 10);
    scan.push(Bytes::copy_from_slice(&file[..FIRST + 3 * LEN + 5])).unwrap();
    let summary = scan.finish();
    assert_eq!((summary.end, summary.torn, summary.tags), ((FIRST + 3 * LEN) as u64, 5, 3));
}

#[test]
fn the_search_after_damage_ends() {
    let mut file = file();
    file.extend(std::iter::repeat_n(0x08, 5_000)); // more than a torn last tag
    let limits = Limits { resync: 1000, ..Limits::default() };
    let (tags, error, reader) = read(&file, limits);
    assert_eq!((tags.len(), error), (10, Some(Error::Lost((FIRST + 10 * LEN) as u64))));
    assert_eq!(reader.pending(), 0, "nothing is kept after an error");
}

#[test]
fn a_tag_over_the_limit_is_damage() {
    let limits = Limits { tag: 6, resync: 100, ..Limits::default() };
    assert!(matches!(read(&file(), limits).1, Some(Error::Lost(13))));
}

#[test]
fn noise_and_flipped_bits() {
    let seed = 0x0f17;
    println!("seed {seed}");
    let mut rng = Rng::from_u64(seed);
    for _ in 0..3_000 {
        let mut file = file();
        for _ in 0..1 + rng.below(6) {
            let at = rng.below(file.len() as u64) as usize;
            file[at] ^= 1 << rng.below(8);
        }
        let (tags, _, reader) = read(&file, Limits { resync: 10_000, ..Limits::default() });
        assert!(tags.len() <= 10 && reader.position() <= file.len() as u64);
    }
}
