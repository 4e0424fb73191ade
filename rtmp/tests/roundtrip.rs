//! Whatever is written reads back, however it is cut on its way.

use bytes::{Bytes, BytesMut};
use proptest::collection::vec;
use proptest::prelude::*;
use rtmp::chunk::{Limits, Reader, Shared, Writer, csid};
use rtmp::{Message, MessageType};

/// Something for a connection to carry.
#[derive(Clone, Debug)]
enum Act {
    Write { csid: u32, message: Message },
    Share { message: Message },
    Size(u32),
}

fn message() -> impl Strategy<Value = Message> {
    let kind = prop_oneof![Just(8), Just(9), Just(18), Just(20), 3..7u8, 10..255u8];
    let time = prop_oneof![0..200u32, 0xff_fff0..0x100_0010u32, u32::MAX - 20..=u32::MAX, any::<u32>()];
    let length = prop_oneof![0..4usize, 120..140usize, 0..5000usize];
    (kind, time, 0..3u32, length, any::<u8>()).prop_map(|(kind, timestamp, stream, length, fill)| Message {
        kind: MessageType::from_number(kind),
        timestamp,
        stream,
        payload: (0..length).map(|n| fill.wrapping_add(n as u8)).collect(),
    })
}

fn act() -> impl Strategy<Value = Act> {
    let csid = prop_oneof![8 => 2..9u32, 1 => 60..70u32, 1 => 310..330u32, 1 => 65_590..65_600u32];
    prop_oneof![
        12 => (csid, message()).prop_map(|(csid, message)| Act::Write { csid, message }),
        2 => message().prop_map(|message| Act::Share { message }),
        1 => prop_oneof![Just(1), 2..300u32, Just(4096), Just(u32::MAX)].prop_map(Act::Size),
    ]
}

fn carry(acts: &[Act]) -> (Bytes, Vec<Message>) {
    let (mut writer, mut out, mut sent) = (Writer::new(), BytesMut::new(), Vec::new());
    for act in acts {
        match act {
            Act::Size(size) => writer.set_chunk_size(*size, &mut out),
            Act::Write { csid, message } => {
                writer.write(message, *csid, &mut out).unwrap();
                sent.push(message.clone());
            }
            Act::Share { message } => {
                let mut shared = Shared::new(message.clone()).unwrap();
                out.extend_from_slice(&shared.bytes(writer.chunk_size(), 9));
                sent.push(Message { stream: 9, ..message.clone() });
            }
        }
    }
    (out.freeze(), sent)
}

/// Reads `bytes` in pieces whose lengths repeat `sizes`; `at_once` pushes all pieces before it takes a message.
fn read(mut bytes: Bytes, sizes: &[usize], at_once: bool) -> Vec<Message> {
    let (mut reader, mut got, total) = (Reader::new(Limits::default()), Vec::new(), bytes.len());
    for size in sizes.iter().cycle() {
        if bytes.is_empty() {
            break;
        }
        reader.push(bytes.split_to((*size).min(bytes.len())));
        if !at_once {
            got.extend(reader.by_ref().map(Result::unwrap));
        }
    }
    got.extend(reader.by_ref().map(Result::unwrap));
    assert_eq!(reader.received(), total as u64);
    assert_eq!(reader.unfinished(), 0);
    got
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    //= rtmp#5.3/interleave test
    //= rtmp#5.3.1.1/two-bytes test
    //= rtmp#5.3.1.1/three-bytes test
    //= rtmp#5.3.1.1/shortest test
    //= rtmp#5.3.1.2/delta test
    //= rtmp#5.3.1.2/backwards test
    //= rtmp#5.3.1.3/field test
    //= rtmp#5.3.1.3/repeat test
    #[test]
    fn messages_survive(acts in vec(act(), 1..40), sizes in vec(1..5000usize, 1..10), at_once in any::<bool>()) {
        let (bytes, sent) = carry(&acts);
        prop_assert_eq!(read(bytes, &sizes, at_once), sent);
    }

    #[test]
    fn small_pieces_survive(acts in vec(act(), 1..6), sizes in vec(1..9usize, 1..10)) {
        let (bytes, sent) = carry(&acts);
        prop_assert_eq!(read(bytes, &sizes, false), sent);
    }
}

#[test]
fn a_message_in_one_chunk_of_one_piece_is_not_copied() {
    let payload = Bytes::from(vec![7; 100]);
    let (bytes, _) = carry(&[Act::Write {
        csid: csid::VIDEO,
        message: Message { kind: MessageType::Video, timestamp: 0, stream: 1, payload },
    }]);
    let [got] = read(bytes.clone(), &[1000], false).try_into().unwrap();
    assert_eq!(got.payload.as_ptr(), bytes[12..].as_ptr());
}
