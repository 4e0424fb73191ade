//! Messages from chunks and chunks from messages, here and in the `rml_rtmp` crate, over the same bytes.

use bytes::{Bytes, BytesMut};
use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use rml_rtmp::chunk_io::{ChunkDeserializer, ChunkSerializer};
use rml_rtmp::messages::MessagePayload;
use rml_rtmp::time::RtmpTimestamp;
use rtmp::chunk::{Limits, Reader, Shared, Writer, csid};
use rtmp::{Message, MessageType};

fn main() {
    divan::main();
}

/// What is read at once from a socket, in bytes.
const PIECE: usize = 64 << 10;
const MESSAGES: usize = 1000;
const SIZES: [u32; 2] = [128, 4096];

/// Ten seconds of sound and pictures at about 1 Mbit/s, frames shorter than a chunk of 4096 bytes.
fn messages() -> Vec<Message> {
    let message = |n: usize| {
        let (kind, length) = match n % 3 {
            0 => (MessageType::Video, 1200 + n * 37 % 2800),
            _ => (MessageType::Audio, 180 + n % 40),
        };
        Message { kind, timestamp: 13 * n as u32, stream: 1, payload: Bytes::from(vec![n as u8; length]) }
    };
    (0..MESSAGES).map(message).collect()
}

fn chunks(size: u32) -> Bytes {
    let (mut writer, mut out) = (Writer::new(), BytesMut::new());
    writer.set_chunk_size(size, &mut out);
    let _ = out.split(); // each reader is told in its own way
    for message in messages() {
        writer.write(&message, csid::of(message.kind), &mut out).unwrap();
    }
    out.freeze()
}

fn told(size: u32) -> Bytes {
    let mut out = BytesMut::new();
    Writer::new().set_chunk_size(size, &mut out);
    out.freeze()
}

/// The time is that of all [`MESSAGES`].
#[divan::bench(args = SIZES)]
fn read(bencher: Bencher, size: u32) {
    let bytes = chunks(size);
    let mut reader = Reader::new(Limits::default());
    reader.push(told(size));
    assert_eq!(reader.next(), None);
    bencher.counter(ItemsCount::new(MESSAGES)).counter(BytesCount::new(bytes.len())).bench_local(|| {
        let (mut rest, mut got) = (bytes.clone(), 0);
        while !rest.is_empty() {
            reader.push(rest.split_to(PIECE.min(rest.len())));
            for message in reader.by_ref() {
                black_box(message.unwrap());
                got += 1;
            }
        }
        assert_eq!(got, MESSAGES);
    });
}

#[divan::bench(args = SIZES)]
fn read_rml_rtmp(bencher: Bencher, size: u32) {
    let bytes = chunks(size);
    let mut reader = ChunkDeserializer::new();
    reader.set_max_chunk_size(size as usize).unwrap();
    bencher.counter(ItemsCount::new(MESSAGES)).counter(BytesCount::new(bytes.len())).bench_local(|| {
        let mut got = 0;
        for piece in bytes.chunks(PIECE) {
            let mut next = reader.get_next_message(piece).unwrap();
            while let Some(message) = next {
                black_box(message);
                got += 1;
                next = reader.get_next_message(&[]).unwrap();
            }
        }
        assert_eq!(got, MESSAGES);
    });
}

#[divan::bench(args = SIZES)]
fn write(bencher: Bencher, size: u32) {
    let messages = messages();
    let mut writer = Writer::new();
    writer.set_chunk_size(size, &mut BytesMut::new());
    let mut out = BytesMut::with_capacity(8192);
    bencher.counter(ItemsCount::new(MESSAGES)).bench_local(|| {
        for message in &messages {
            out.clear();
            writer.write(message, csid::of(message.kind), &mut out).unwrap();
            black_box(&out);
        }
    });
}

#[divan::bench(args = SIZES)]
fn write_rml_rtmp(bencher: Bencher, size: u32) {
    let payload = |message: Message| MessagePayload {
        timestamp: RtmpTimestamp::new(message.timestamp),
        type_id: message.kind.number(),
        message_stream_id: message.stream,
        data: message.payload,
    };
    let messages: Vec<MessagePayload> = messages().into_iter().map(payload).collect();
    let mut writer = ChunkSerializer::new();
    writer.set_max_chunk_size(size, RtmpTimestamp::new(0)).unwrap();
    bencher.counter(ItemsCount::new(MESSAGES)).bench_local(|| {
        for message in &messages {
            black_box(writer.serialize(message, false, false).unwrap());
        }
    });
}

/// What a further receiver of the same message costs.
#[divan::bench]
fn shared(bencher: Bencher) {
    let mut shared = Shared::new(messages().swap_remove(0)).unwrap();
    bencher.bench_local(|| shared.bytes(black_box(4096), 1));
}
