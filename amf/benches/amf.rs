//! What a server does with every connection and every data message: commands and metadata, read and written, beside the
//! crate `rml_amf0` for the same bytes.

use amf::amf0::{self, Object, Value};
use amf::{Limits, Members, amf3};
use bytes::{Bytes, BytesMut};
use divan::Bencher;

fn main() {
    divan::main();
}

/// How often one measurement repeats what it measures.
const REPEAT: u32 = 64;

fn connect() -> Vec<Value> {
    let app = Object::new()
        .with("app", "live")
        .with("type", "nonprivate")
        .with("flashVer", "FMLE/3.0 (compatible; Lavf59.27.100)")
        .with("tcUrl", "rtmp://127.0.0.1:1935/live");
    vec!["connect".into(), 1.into(), app.into()]
}

fn metadata() -> Vec<Value> {
    let numbers = ["duration", "width", "height", "videodatarate", "framerate", "videocodecid", "audiodatarate"];
    let mut members: Object = numbers.into_iter().map(|name| (name, 12.5)).collect();
    members.extend([("stereo", false)]);
    members.extend([("encoder", "Lavf59.27.100"), ("major_brand", "isom"), ("compatible_brands", "isomiso2avc1")]);
    vec!["@setDataFrame".into(), "onMetaData".into(), Value::EcmaArray(members)]
}

fn read(bencher: Bencher, values: Vec<Value>) {
    let (bytes, limits) = (amf0::encode_all(&values), Limits::default());
    bencher.with_inputs(|| bytes.clone()).bench_local_values(|bytes| amf0::decode_all(bytes, &limits).unwrap());
}

fn write(bencher: Bencher, values: Vec<Value>) {
    let mut out = BytesMut::with_capacity(1 << 16);
    bencher.bench_local(|| {
        out.clear();
        let mut encoder = amf0::Encoder::new();
        values.iter().for_each(|value| encoder.encode(value, &mut out));
    });
}

#[divan::bench(sample_size = REPEAT)]
fn read_connect(bencher: Bencher) {
    read(bencher, connect());
}

#[divan::bench(sample_size = REPEAT)]
fn read_metadata(bencher: Bencher) {
    read(bencher, metadata());
}

#[divan::bench(sample_size = REPEAT)]
fn write_connect(bencher: Bencher) {
    write(bencher, connect());
}

#[divan::bench(sample_size = REPEAT)]
fn write_metadata(bencher: Bencher) {
    write(bencher, metadata());
}

fn read_rival(bencher: Bencher, values: Vec<Value>) {
    let bytes = amf0::encode_all(&values);
    bencher.bench_local(|| rml_amf0::deserialize(&mut &bytes[..]).unwrap());
}

fn write_rival(bencher: Bencher, values: Vec<Value>) {
    let values = rml_amf0::deserialize(&mut &amf0::encode_all(&values)[..]).unwrap();
    bencher.bench_local(|| rml_amf0::serialize(&values).unwrap());
}

#[divan::bench(sample_size = REPEAT)]
fn read_connect_rml(bencher: Bencher) {
    read_rival(bencher, connect());
}

#[divan::bench(sample_size = REPEAT)]
fn read_metadata_rml(bencher: Bencher) {
    read_rival(bencher, metadata());
}

#[divan::bench(sample_size = REPEAT)]
fn write_connect_rml(bencher: Bencher) {
    write_rival(bencher, connect());
}

#[divan::bench(sample_size = REPEAT)]
fn write_metadata_rml(bencher: Bencher) {
    write_rival(bencher, metadata());
}

/// A hundred objects of one class, as a shared object or a remote call carries them.
fn objects() -> Bytes {
    let object = |n: i32| amf3::Value::from(amf3::Object::typed("Point", [("x", n), ("y", -n)]));
    let array = amf3::Value::Array { named: Members::new(), dense: (0..100).map(object).collect() };
    amf3::encode_all(&[array])
}

#[divan::bench(sample_size = REPEAT)]
fn read_amf3_objects(bencher: Bencher) {
    let (bytes, limits) = (objects(), Limits::default());
    bencher.with_inputs(|| bytes.clone()).bench_local_values(|bytes| amf3::decode_all(bytes, &limits).unwrap());
}

#[divan::bench(sample_size = REPEAT)]
fn write_amf3_objects(bencher: Bencher) {
    let values = amf3::decode_all(objects(), &Limits::default()).unwrap();
    bencher.bench_local(|| amf3::encode_all(&values));
}
