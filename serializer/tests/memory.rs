//! How much memory hostile bytes cost: the process's peak, so this file has one test, and it needs Linux to tell.

use std::io::Write;

use bytes::Bytes;
use serializer::{Compression, Error, Limits, Message, Value, frame};

/// The most memory this process ever had, in KiB.
fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.trim().strip_suffix(" kB")?.trim().parse().ok()
}

//= p2p#5/received-only test
//= p2p#5/bomb test
#[test]
fn memory_grows_with_what_was_received_not_with_what_was_announced() {
    let Some(before) = peak() else { return };
    let limits = Limits::default();

    // A thousand links that announce 16 MiB each and send 1 KiB.
    let mut decoders: Vec<_> = (0..1000).map(|_| frame::Decoder::new(limits.clone())).collect();
    for decoder in &mut decoders {
        decoder.push(Bytes::from_static(b"\x01\0\0\0"));
        for _ in 0..8 {
            decoder.push(vec![0; 128].into());
            assert!(decoder.next().is_none());
        }
    }
    // Counts of 2^32 - 1 in each other, and text that promises the same.
    for lie in [b"\xdd\xff\xff\xff\xff", b"\xdf\xff\xff\xff\xff", b"\xdb\xff\xff\xff\xff", b"\xc6\xff\xff\xff\xff"] {
        let bytes = Bytes::from([&b"\x94\0\xa1x\x01"[..], &lie.repeat(60)].concat());
        assert_eq!(Message::decode(bytes.clone(), &limits), Err(Error::Truncated));
        assert_eq!(Value::decode(bytes.slice(5..), &limits), Err(Error::Truncated));
    }
    // Snappy and xz that announce far more than they hold.
    let mut lie = b"\xff\xff\xff\x07".to_vec(); // 16 MiB - 1, less than the limit
    lie.extend([0; 40]);
    assert!(Compression::Snappy.decompress(&lie, limits.inflated).is_err());
    let grown = peak().unwrap() - before;
    assert!(grown < 8 << 10, "announcements cost {grown} KiB");
    drop(decoders);

    // Bombs of 128 MiB.
    let (mut zlib, mut bz2) = (
        flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast()),
        bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::best()),
    );
    for _ in 0..128 {
        zlib.write_all(&[0; 1 << 20]).unwrap();
        bz2.write_all(&[0; 1 << 20]).unwrap();
    }
    let bombs = [(Compression::Zlib, zlib.finish().unwrap()), (Compression::Bz2, bz2.finish().unwrap())];
    for (method, bomb) in bombs {
        assert!(bomb.len() < 2 << 20);
        assert_eq!(frame::open(bomb.into(), &[method], &limits), Err(Error::InflatedTooLong));
    }
    let grown = peak().unwrap() - before;
    assert!(grown < 64 << 10, "bombs cost {grown} KiB");
}
