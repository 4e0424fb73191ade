#![no_main]
//! Files of any content in pieces: the same tags come whatever the pieces are, and what a writer makes of them is sound.
use bytes::{Bytes, BytesMut};
use libfuzzer_sys::fuzz_target;
use rtmp::flv::{Config, Limits, Reader, Scan, Tag, Writer};

const LIMITS: Limits = Limits { header: 1000, tag: 100_000, resync: 10_000 };

fuzz_target!(|data: &[u8]| {
    let whole = read(data, usize::MAX);
    assert_eq!(read(data, 1 + data.len() % 37), whole);
    let mut scan = Scan::new(LIMITS, 10);
    if scan.push(Bytes::copy_from_slice(data)).is_ok() {
        let summary = scan.finish();
        assert!(summary.end <= data.len() as u64);
        let mut out = BytesMut::new();
        let mut writer = Writer::append(Config::default(), &summary);
        whole.iter().for_each(|tag| writer.write(tag, &mut out));
        for patch in writer.finish(&mut out) {
            assert!(patch.offset + patch.data.len() as u64 <= writer.position());
        }
    }
    let (mut writer, mut out) = (Writer::new(Config::default()), BytesMut::new());
    whole.iter().for_each(|tag| writer.write(tag, &mut out));
    let patches = writer.finish(&mut out);
    for patch in patches {
        let at = patch.offset as usize;
        out[at..at + patch.data.len()].copy_from_slice(&patch.data);
    }
    let mut reader = Reader::new(Limits::default());
    reader.push(out.freeze());
    while let Some(tag) = reader.next() {
        tag.expect("what was written can be read");
    }
    assert_eq!((reader.damaged(), reader.pending()), (0, 0));
});

fn read(data: &[u8], piece: usize) -> Vec<Tag> {
    let mut reader = Reader::new(LIMITS);
    let mut tags = Vec::new();
    for piece in data.chunks(piece) {
        reader.push(Bytes::copy_from_slice(piece));
        tags.extend(std::iter::from_fn(|| reader.next()?.ok()));
    }
    tags.extend(reader.finish());
    tags.extend(std::iter::from_fn(|| reader.next()?.ok()));
    tags
}
