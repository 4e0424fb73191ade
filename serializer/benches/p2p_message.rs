//! Messages to frames and back, beside what cannot be avoided (one SHA-256) and beside `rmp-serde` for the same msgpack
//! plus that hash. The payload is hexadecimal text, as in the scripts that measure py2p and js2p.

use bytes::Bytes;
use divan::{Bencher, black_box};
use ring::digest::{SHA256, digest};
use serializer::{Compression, Flag, Id, Limits, MainFlag, Message, Value, frame, node_id, protocol_id};

fn main() {
    divan::main();
}

const SIZES: [usize; 3] = [64, 1024, 65536];
const TIME: u64 = 1_500_000_000;

/// Text that compresses to about half: the hexadecimal digits of hashes of hashes.
fn text(size: usize) -> String {
    let mut text = String::new();
    let mut block = b"seed".to_vec();
    while text.len() < size {
        block = digest(&SHA256, &block).as_ref().to_vec();
        text.extend(block.iter().map(|byte| format!("{byte:02x}")));
    }
    text.truncate(size);
    text
}

fn sender() -> Id {
    node_id("127.0.0.1", 4444, &protocol_id("mesh", serializer::Encryption::Plaintext), b"salt")
}

fn message(text: &str) -> Message {
    Message::new(MainFlag::Whisper, &sender(), TIME, vec![Flag::Whisper.into(), text.into()])
}

/// How often one measurement repeats what it measures.
const REPEAT: u32 = 4;

fn body(size: usize, method: Option<Compression>) -> Bytes {
    frame::encode(&message(&text(size)), method).slice(4..)
}

fn serialize_with(bencher: Bencher, size: usize, method: Option<Compression>) {
    let (sender, text) = (sender(), Value::from(text(size)));
    bencher.with_inputs(|| vec![Flag::Whisper.into(), text.clone()]).bench_local_values(|payload| {
        let message = Message::new(MainFlag::Whisper, &sender, TIME, payload);
        (frame::encode(&message, method), message)
    });
}

fn deserialize_with(bencher: Bencher, size: usize, method: Option<Compression>) {
    let (body, limits) = (body(size, method), Limits::default());
    let announced = Vec::from_iter(method);
    // What the decoder cuts out of a larger buffer.
    bencher.with_inputs(|| body.clone()).bench_local_values(|body| frame::open(body, &announced, &limits).unwrap());
}

#[divan::bench(args = SIZES, sample_size = REPEAT)]
fn serialize_plain(bencher: Bencher, size: usize) {
    serialize_with(bencher, size, None);
}

#[divan::bench(args = SIZES, sample_size = REPEAT)]
fn deserialize_plain(bencher: Bencher, size: usize) {
    deserialize_with(bencher, size, None);
}

#[divan::bench(args = SIZES, sample_size = REPEAT)]
fn serialize_snappy(bencher: Bencher, size: usize) {
    serialize_with(bencher, size, Some(Compression::Snappy));
}

#[divan::bench(args = SIZES, sample_size = REPEAT)]
fn deserialize_snappy(bencher: Bencher, size: usize) {
    deserialize_with(bencher, size, Some(Compression::Snappy));
}

#[divan::bench(args = SIZES, sample_size = REPEAT)]
fn serialize_zlib(bencher: Bencher, size: usize) {
    serialize_with(bencher, size, Some(Compression::Zlib));
}

#[divan::bench(args = SIZES, sample_size = REPEAT)]
fn deserialize_zlib(bencher: Bencher, size: usize) {
    deserialize_with(bencher, size, Some(Compression::Zlib));
}

/// The fields as rmp-serde sees them, owned like ours.
type Fields = (u64, String, u64, u64, String);

#[divan::bench(args = SIZES, sample_size = REPEAT)]
fn serialize_rmp_serde(bencher: Bencher, size: usize) {
    let (sender, text) = (sender(), text(size));
    bencher.bench_local(|| {
        let bytes = rmp_serde::to_vec(&(2u64, sender.as_str(), TIME, 2u64, black_box(&*text))).unwrap();
        let hash = digest(&SHA256, &bytes);
        (bytes, hash)
    });
}

#[divan::bench(args = SIZES, sample_size = REPEAT)]
fn deserialize_rmp_serde(bencher: Bencher, size: usize) {
    let body = body(size, None);
    bencher.with_inputs(|| body.clone()).bench_local_values(|body| {
        assert_eq!(digest(&SHA256, &body[32..]).as_ref(), &body[..32]);
        rmp_serde::from_slice::<Fields>(&body[32..]).unwrap()
    });
}

#[divan::bench(args = SIZES, sample_size = REPEAT)]
fn sha256_alone(bencher: Bencher, size: usize) {
    let body = body(size, None);
    bencher.bench_local(|| digest(&SHA256, black_box(&body[32..])));
}

/// A stream of a thousand small frames in pieces as a socket gives them.
#[divan::bench]
fn cut_a_thousand_frames(bencher: Bencher) {
    let stream = Bytes::from(frame::encode(&message(&text(64)), None).repeat(1000));
    bencher.bench_local(|| {
        let mut decoder = frame::Decoder::new(Limits::default());
        let mut bodies = 0;
        for at in (0..stream.len()).step_by(65536) {
            decoder.push(stream.slice(at..(at + 65536).min(stream.len())));
            bodies += decoder.by_ref().filter(|body| body.is_ok()).count();
        }
        assert_eq!(bodies, 1000);
    });
}

#[divan::bench]
fn id_to_number(bencher: Bencher) {
    let id = sender();
    bencher.bench_local(|| black_box(&id).number());
}

#[divan::bench]
fn number_to_id(bencher: Bencher) {
    let number = sender().number().unwrap();
    bencher.bench_local(|| black_box(&number).to_base58());
}
