#![no_main]
//! Any bytes as a chunk stream: the messages do not depend on the pieces, survive the writer, and limits hold.
use bytes::{Bytes, BytesMut};
use libfuzzer_sys::fuzz_target;
use rtmp::chunk::{Error, Limits, Reader, Writer, csid};
use rtmp::{Message, aggregate, control::Control};

fuzz_target!(|data: &[u8]| {
    let Some((&size, data)) = data.split_first() else { return };
    // No limit that depends on how much of a message is there already.
    let limits = Limits { message: 100_000, unfinished: usize::MAX, streams: 40 };
    let whole = read(limits, data, data.len());
    let pieces = read(limits, data, usize::from(size));
    assert_eq!(whole, pieces);
    read(Limits { unfinished: 5000, ..limits }, data, usize::from(size));
    for message in &whole.0 {
        let _ = aggregate::split(message);
        if let Ok(Some(control)) = Control::parse(message) {
            assert_eq!(Control::parse(&control.to_message()), Ok(Some(control)));
        }
    }
    let (mut writer, mut out) = (Writer::new(), BytesMut::new());
    writer.set_chunk_size(1 + u32::from(size) * 20, &mut out);
    for message in &whole.0 {
        writer.write(message, csid::of(message.kind), &mut out).unwrap();
    }
    let again = read(limits, &out, 1000);
    assert!(again == (whole.0, None));
});

fn read(limits: Limits, data: &[u8], size: usize) -> (Vec<Message>, Option<Error>) {
    let (mut reader, mut messages, mut error) = (Reader::new(limits), Vec::new(), None);
    for piece in data.chunks(size.max(1)) {
        reader.push(Bytes::copy_from_slice(piece));
        for item in reader.by_ref() {
            match item {
                Ok(message) => messages.push(message),
                Err(fault) => error = Some(fault),
            }
        }
        assert!(reader.unfinished() <= limits.unfinished);
    }
    (messages, error)
}
