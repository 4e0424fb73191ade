//! Bytes with one meaning: headers of every format, the edges of times and ids, and what the writer makes of messages.

#[path = "common/chunks.rs"]
mod common;

use bytes::{Bytes, BytesMut};
use common::*;
use rtmp::MessageType::*;
use rtmp::chunk::{Error, Shared, Writer, csid};
use rtmp::control::{Control, LimitType, UserControl};
use rtmp::{Message, MessageType, aggregate};

fn times(bytes: Vec<u8>) -> Vec<u32> {
    let (got, error) = read(bytes);
    assert_eq!(error, None);
    got.iter().map(|message| message.timestamp).collect()
}

//= rtmp#5.3.1.2/delta test
#[test]
fn formats() {
    let bytes = [
        &start(4, 1000, 2, 8, 7)[..],
        b"ab",
        &[0x44, 0, 0, 20, 0, 0, 1, 8],
        b"c",
        &[0x84, 0, 0, 21],
        b"d",
        &[0xc4],
        b"e",
        &[0x44, 0, 0, 5, 0, 0, 0, 9],
        &[0xc4],
    ]
    .concat();
    let expected = [(1000, Audio, "ab"), (1020, Audio, "c"), (1041, Audio, "d"), (1062, Audio, "e")];
    let empty = [(1067, Video, ""), (1072, Video, "")];
    let expected: Vec<Message> =
        expected.into_iter().chain(empty).map(|(time, kind, payload)| message(kind, time, 7, payload)).collect();
    assert_eq!(read(bytes), (expected, None));
    // The difference after format 0 is the time itself; sums wrap.
    assert_eq!(times([&start(4, 1000, 0, 8, 1)[..], &[0xc4]].concat()), [1000, 2000]);
    let wrapping = [&start(4, u32::MAX, 0, 8, 1)[..], &[0x84, 0, 0, 2, 0xc4]].concat();
    assert_eq!(times(wrapping), [u32::MAX, 1, 3]);
}

//= rtmp#5.3.1.3/field test
#[test]
fn time_at_the_edge_of_three_bytes() {
    assert_eq!(times([4, 0xff, 0xff, 0xfe, 0, 0, 0, 8, 1, 0, 0, 0].to_vec()), [0xff_fffe]);
    assert_eq!(times([4, 0xff, 0xff, 0xff, 0, 0, 0, 8, 1, 0, 0, 0, 0, 0xff, 0xff, 0xff].to_vec()), [0xff_ffff]);
    for time in [0xff_fffe, 0xff_ffff, 0x100_0000, u32::MAX] {
        let one = message(Audio, time, 1, vec![1; 300]);
        let bytes = written(std::slice::from_ref(&one), 100);
        assert_eq!(bytes.len(), 16 + 12 + 300 + 2 + if time >= 0xff_ffff { 12 } else { 0 });
        assert_eq!(read(bytes), (vec![one], None));
    }
    // A difference may be extended too.
    let bytes = [&start(4, 7, 0, 8, 1)[..], &[0x84, 0xff, 0xff, 0xff, 1, 0, 0, 0, 0xc4, 1, 0, 0, 0]].concat();
    assert_eq!(times(bytes), [7, 0x100_0007, 0x200_0007]);
}

//= rtmp#5.3.1.3/repeat test
//= rtmp#5.3.1.3/missing-repeat test
#[test]
fn later_chunks_repeat_the_extended_time_or_do_not() {
    let payload: Vec<u8> = (0..130).map(|n| n ^ 0x5a).collect();
    let expected = vec![message(Video, 0x0102_0304, 1, payload.clone())];
    let first = [&start(6, 0x0102_0304, 130, 9, 1)[..], &payload[..128], &[0xc6]].concat();
    let repeated = [&first[..], &[1, 2, 3, 4], &payload[128..]].concat();
    let missing = [&first[..], &payload[128..]].concat();
    for bytes in [repeated, missing] {
        assert_eq!(read(bytes.clone()), (expected.clone(), None));
        for cut in 0..bytes.len() {
            let mut reader = rtmp::chunk::Reader::new(Default::default());
            let bytes = Bytes::from(bytes.clone());
            reader.push(bytes.slice(..cut));
            let mut got: Vec<_> = reader.by_ref().collect();
            reader.push(bytes.slice(cut..));
            got.extend(reader);
            assert_eq!(got, [Ok(expected[0].clone())], "cut at {cut}");
        }
    }
    // The payload goes on like a repeated time, and turns out to be none.
    let mut payload = payload;
    payload[128..].copy_from_slice(&[1, 2]);
    let bytes = [&start(6, 0x0102_0304, 130, 9, 1)[..], &payload[..128], &[0xc6, 1, 2], &[2, 9]].concat();
    for cut in 0..4 {
        let mut reader = rtmp::chunk::Reader::new(Default::default());
        let (head, tail) = bytes.split_at(bytes.len() - cut);
        reader.push(Bytes::copy_from_slice(head));
        let before: Vec<_> = reader.by_ref().collect();
        reader.push(Bytes::copy_from_slice(tail));
        let got: Vec<_> = before.into_iter().chain(reader).collect();
        assert_eq!(got, [Ok(message(Video, 0x0102_0304, 1, payload.clone()))], "cut {cut} before the end");
    }
}

//= rtmp#5.3.1.1/two-bytes test
//= rtmp#5.3.1.1/three-bytes test
//= rtmp#5.3.1.1/same-stream test
//= rtmp#5.3.1.1/shortest test
#[test]
fn chunk_stream_ids() {
    for (id, head) in [
        (2, &[2][..]),
        (63, &[63]),
        (64, &[0, 0]),
        (319, &[0, 255]),
        (320, &[1, 0, 1]),
        (365, &[1, 45, 1]),
        (65_599, &[1, 255, 255]),
    ] {
        let (mut writer, mut out) = (Writer::new(), BytesMut::new());
        let one = message(Audio, 0, 1, vec![3; 200]);
        writer.write(&one, id, &mut out).unwrap();
        assert_eq!(out[..head.len()], *head);
        assert_eq!(out.len(), 11 + 200 + 2 * head.len());
        assert_eq!(read(out.freeze()), (vec![one], None));
    }
    // 70 begun in two bytes goes on in three.
    let head = &start(0, 5, 130, 8, 1)[1..];
    let bytes = [&[0, 6], head, &[1; 128], &[0xc1, 6, 0], &[2; 2]].concat();
    assert_eq!(times(bytes), [5]);
    let mut writer = Writer::new();
    for id in [0, 1, 65_600, u32::MAX] {
        let one = message(Audio, 0, 1, "");
        assert_eq!(writer.write(&one, id, &mut BytesMut::new()), Err(Error::Csid(id)));
    }
}

//= rtmp#5.3.1.2/smallest test
//= rtmp#5.3.1.2/backwards test
#[test]
fn the_writer_says_no_more_than_is_new() {
    let (mut writer, mut out) = (Writer::new(), BytesMut::new());
    let mut first = |time, kind, stream, length| {
        out.clear();
        writer.write(&message(kind, time, stream, vec![0; length]), 6, &mut out).unwrap();
        (out[0] >> 6, out.len() - length)
    };
    assert_eq!(first(1000, Video, 1, 10), (0, 12));
    assert_eq!(first(1040, Video, 1, 11), (1, 8));
    assert_eq!(first(1080, Video, 1, 11), (3, 1), "the same difference");
    assert_eq!(first(1121, Video, 1, 11), (2, 4));
    assert_eq!(first(1121, Audio, 1, 11), (1, 8), "another type");
    assert_eq!(first(1121, Audio, 2, 11), (0, 12), "another message stream");
    assert_eq!(first(1120, Audio, 2, 11), (0, 12), "back in time");
    assert_eq!(first(2240, Audio, 2, 11), (2, 4), "after format 0 readers differ on format 3");
    assert_eq!(first(2240 + 0xff_fffe, Audio, 2, 11), (2, 4));
    assert_eq!(first(2240 + 0x1ff_fffd, Audio, 2, 11), (0, 16), "a difference that three bytes cannot tell");
    assert_eq!(first(u32::MAX, Audio, 2, 11), (0, 16));
    assert_eq!(first(1, Audio, 2, 11), (2, 4), "over the edge");
    assert_eq!(first(0, Audio, 3, 11), (0, 12));
    assert_eq!(first(0, Audio, 3, 11), (3, 1), "here they do not differ");
}

#[test]
fn shared_chunks_disturb_no_others() {
    let (mut writer, mut out) = (Writer::new(), BytesMut::new());
    let of = |time| message(Video, time, 1, vec![time as u8; 150]);
    let mut expected = Vec::new();
    for time in 0..6 {
        writer.write(&of(time), csid::VIDEO, &mut out).unwrap();
        out.extend_from_slice(&Shared::new(of(time + 100)).unwrap().bytes(128, 1));
        writer.write(&of(time + 50), csid::SHARED, &mut out).unwrap();
        expected.extend([of(time), of(time + 100), of(time + 50)]);
    }
    assert_eq!(read(out.freeze()), (expected, None));
}

//= rtmp#5.4.1/sender test
//= rtmp#5.4/at-once test
#[test]
fn a_chunk_size_set_between_the_chunks_of_a_message() {
    let payload: Vec<u8> = (0..250).collect();
    let bytes = [
        &start(6, 5, 250, 9, 1)[..],
        &payload[..128],
        &start(2, 9999, 4, 1, 0),
        &[0, 0, 0, 50],
        &[0xc6],
        &payload[128..178],
        &[0xc6],
        &payload[178..228],
        &[0xc6],
        &payload[228..],
    ]
    .concat();
    assert_eq!(read(bytes), (vec![message(Video, 5, 1, payload)], None));
    for (size, told) in [(0, 1), (1, 1), (4096, 4096), (0xff_ffff, 0xff_ffff), (u32::MAX, 0xff_ffff)] {
        let (mut writer, mut out) = (Writer::new(), BytesMut::new());
        writer.set_chunk_size(size, &mut out);
        let (_, error, reader) = read_with(Default::default(), out.freeze());
        assert_eq!((writer.chunk_size(), reader.chunk_size(), error), (told, told, None));
    }
}

//= rtmp#5.4.2/discard test
#[test]
fn abort_throws_the_half_message_away() {
    let bytes = [
        &start(6, 5, 250, 9, 1)[..],
        &[1; 128],
        &start(2, 0, 4, 2, 0),
        &[0, 0, 0, 6],
        &[0xc6], // the fields stay: another message with the same length, as much later
        &[2; 128],
        &[0xc6],
        &[2; 122],
    ]
    .concat();
    let (got, error, reader) = read_with(Default::default(), bytes);
    assert_eq!((got, error), (vec![message(Video, 10, 1, vec![2; 250])], None));
    assert_eq!((reader.stats().aborted, reader.unfinished()), (1, 0));
}

//= rtmp#5.4/stream test
//= rtmp#6.2/event test
#[test]
fn control_messages() {
    use UserControl::*;
    for (control, kind, body) in [
        (Control::SetChunkSize(4096), 1, &[0, 0, 16, 0][..]),
        (Control::Abort(6), 2, &[0, 0, 0, 6]),
        (Control::Acknowledgement(0xfedc_ba98), 3, &[0xfe, 0xdc, 0xba, 0x98]),
        (Control::WindowAckSize(5_000_000), 5, &[0, 0x4c, 0x4b, 0x40]),
        (Control::SetPeerBandwidth { size: 1, limit: LimitType::Hard }, 6, &[0, 0, 0, 1, 0]),
        (Control::SetPeerBandwidth { size: 1, limit: LimitType::Soft }, 6, &[0, 0, 0, 1, 1]),
        (Control::SetPeerBandwidth { size: 1, limit: LimitType::Dynamic }, 6, &[0, 0, 0, 1, 2]),
        (Control::SetPeerBandwidth { size: 1, limit: LimitType::Other(9) }, 6, &[0, 0, 0, 1, 9]),
        (Control::User(StreamBegin(1)), 4, &[0, 0, 0, 0, 0, 1]),
        (Control::User(StreamEof(1)), 4, &[0, 1, 0, 0, 0, 1]),
        (Control::User(StreamDry(1)), 4, &[0, 2, 0, 0, 0, 1]),
        (Control::User(SetBufferLength { stream: 1, millis: 3000 }), 4, &[0, 3, 0, 0, 0, 1, 0, 0, 0x0b, 0xb8]),
        (Control::User(StreamIsRecorded(1)), 4, &[0, 4, 0, 0, 0, 1]),
        (Control::User(PingRequest(258)), 4, &[0, 6, 0, 0, 1, 2]),
        (Control::User(PingResponse(258)), 4, &[0, 7, 0, 0, 1, 2]),
        (Control::User(BufferEmpty(1)), 4, &[0, 31, 0, 0, 0, 1]),
        (Control::User(BufferReady(1)), 4, &[0, 32, 0, 0, 0, 1]),
        (Control::User(Other { event: 26, data: Bytes::from_static(&[5]) }), 4, &[0, 26, 5]),
    ] {
        let plain = control.to_message();
        assert_eq!(plain, message(MessageType::from_number(kind), 0, 0, body));
        assert_eq!(Control::parse(&plain), Ok(Some(control)));
        let short = if kind == 4 && body[1] == 26 { 1 } else { body.len() - 1 };
        for length in 0..=short {
            assert!(Control::parse(&message(plain.kind, 0, 0, &body[..length])).is_err(), "{kind} of {length}");
        }
    }
    assert_eq!(Control::parse(&message(Video, 0, 0, "")), Ok(None));
}

//= rtmp#7.1.6/times test
//= rtmp#7.1.6/stream test
#[test]
fn an_aggregate_shifts_the_times_of_its_parts() {
    let body = [
        &[8, 0, 0, 2, 0xff, 0xff, 0xfe, 0x01, 0, 0, 9][..], // the fourth byte of a time is its highest
        b"ab",
        &[0, 0, 0, 13],
        &[9, 0, 0, 0, 0, 0, 0x01, 0x02, 0, 0, 9],
        &[9, 9, 9, 9], // a wrong back pointer
        &[18, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0],
        b"c", // and a missing one
    ]
    .concat();
    let whole = message(Aggregate, 100, 1, body);
    let parts = vec![message(Audio, 100, 1, "ab"), message(Video, 103, 1, ""), message(DataAmf0, 0xfe00_0066, 1, "c")];
    assert_eq!(aggregate::split(&whole), Ok(parts));
}
