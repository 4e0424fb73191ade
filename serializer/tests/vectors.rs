//! What py2p 0.7.878 and js2p 0.7.870 wrote, and conversations recorded between them.

mod common;

use common::{file, from_decimal, hex, text, value, vectors};
use serde_json::Value as Json;
use serializer::{
    Compression, Encryption, Error, Id, Limits, MainFlag, Message, MessageId, Number, PROTOCOL_VERSION, Value, base58,
    frame, node_id, protocol_id,
};

/// The body of the one frame in `bytes`.
fn body(bytes: bytes::Bytes) -> bytes::Bytes {
    let mut decoder = frame::Decoder::new(Limits::default());
    decoder.push(bytes);
    let body = decoder.next().expect("a whole frame").unwrap();
    assert_eq!((decoder.next(), decoder.buffered()), (None, 0));
    body
}

/// The values of a message's array, as the fields of a vector say them.
fn array(fields: &Json) -> Vec<Value> {
    let mut values = vec![value(&fields["type"]), value(&fields["sender"]), value(&fields["time"])];
    values.extend(fields["payload"].as_array().unwrap().iter().map(value));
    values
}

fn assert_says(message: &Message, array: &[Value], id: &str, name: &str) {
    assert_eq!(message.main().code(), array[0].as_u64().unwrap(), "{name}");
    assert_eq!(*message.sender(), Id::from_value(&array[1]).unwrap(), "{name}");
    assert_eq!(message.time(), array[2].as_u64().unwrap(), "{name}");
    assert_eq!(message.payload(), &array[3..], "{name}");
    assert_eq!(message.sub().map(|flag| flag.code()), array.get(3).and_then(Value::as_u64), "{name}");
    assert_eq!(message.id().to_string(), id, "{name}");
}

//= p2p#3.1/length test
//= p2p#3.1/hash test
//= p2p#3.1/array test
//= p2p#3.1/id test
//= p2p#3.1/str-and-bin test
//= p2p#3.1/shortest test
//= p2p#3.1/seconds test
//= p2p#3.1/sender-text test
//= p2p#3.1/sender-types test
//= p2p#3.2/sub test
#[test]
fn frames_of_py2p_decode_to_their_fields_and_encode_to_the_same_bytes() {
    let vectors = vectors("frames_py2p_plain.json");
    assert_eq!(vectors.len(), 42);
    for vector in vectors {
        let name = text(&vector, "name");
        let array = array(&vector["fields"]);
        let message = frame::open(body(hex(&vector, "frame")), &[], &Limits::default()).unwrap();
        assert_says(&message, &array, text(&vector, "id"), name);
        assert_eq!(message.bytes(), &hex(&vector, "msgpack"), "{name}");
        assert_eq!(frame::encode(&message, None), hex(&vector, "frame"), "{name}");

        let mut encoded = Vec::new();
        Value::Array(array.clone()).encode(&mut encoded);
        assert_eq!(encoded, hex(&vector, "msgpack"), "{name}");
        if matches!(array[1], Value::Str(_)) {
            let ours = Message::new(message.main(), message.sender(), message.time(), array[3..].to_vec());
            assert_eq!(frame::encode(&ours, None), hex(&vector, "frame"), "{name}");
        }
    }
}

//= p2p#3.1/original-bytes test
//= p2p#3.1/any-form test
#[test]
fn frames_of_js2p_decode_and_are_forwarded_as_they_came() {
    let vectors = vectors("frames_js2p_plain.json");
    assert_eq!(vectors.len(), 42);
    let mut differing = Vec::new();
    for vector in &vectors {
        let name = text(vector, "name");
        let array = array(&vector["fields"]);
        let message = frame::open(body(hex(vector, "frame")), &[], &Limits::default()).unwrap();
        assert_eq!(message.bytes(), &hex(vector, "msgpack"), "{name}");
        assert_eq!(frame::encode(&message, None), hex(vector, "frame"), "{name}");
        assert_eq!(message.id().to_string(), text(vector, "id"), "{name}");

        let mut ours = Vec::new();
        Value::Array(array.clone()).encode(&mut ours);
        assert_eq!(ours == hex(vector, "msgpack"), vector["same_bytes_as_py2p"].as_bool().unwrap(), "{name}");
        if ours == hex(vector, "msgpack") {
            assert_says(&message, &array, text(vector, "id"), name);
        } else {
            differing.push(name);
            assert_eq!(message.payload().len(), array.len() - 3, "{name}");
            if !name.starts_with("map") {
                assert_numerically_equal(message.payload(), &array[3..], name);
            }
        }
    }
    assert_eq!(differing, ["ints_small", "ints_negative", "floats", "map_bin_keys", "bin_255_256"]);
}

/// Equal but for the type that js2p chose for a number, and for what it lost beyond 53 bits.
fn assert_numerically_equal(got: &[Value], wanted: &[Value], name: &str) {
    for (got, wanted) in got.iter().zip(wanted) {
        match (got.as_f64(), wanted.as_f64()) {
            (Some(got), Some(wanted)) => assert_eq!(got, wanted, "{name}"),
            _ => assert_eq!(got, wanted, "{name}"),
        }
    }
}

//= p2p#3.2/methods test
//= p2p#3.3/whole-body test
//= p2p#3.3/unmarked test
//= p2p#3.3/announced-only test
//= p2p#3.3/snappy-block test
//= p2p#3.3/xz-file test
#[test]
fn compressed_frames_open_when_their_method_was_announced() {
    let vectors = vectors("frames_py2p_compressed.json");
    assert_eq!(vectors.len(), 20);
    let mut seen = [0; 5];
    for vector in vectors {
        let name = text(&vector, "name");
        let method = Compression::from_code(vector["compression"].as_u64().unwrap()).unwrap();
        let sent = body(hex(&vector, "frame"));
        let message = frame::open(sent.clone(), &[method], &Limits::default()).unwrap();
        assert_says(&message, &array(&vector["fields"]), text(&vector, "id"), name);
        assert_eq!(frame::open(sent.clone(), &Compression::ALL, &Limits::default()), Ok(message.clone()), "{name}");
        assert_eq!(frame::open(sent, &[], &Limits::default()), Err(Error::Checksum), "{name}");
        seen[Compression::ALL.iter().position(|&m| m == method).unwrap()] += 1;

        // Other libraries make other bytes of it, so ours must only lead back to the same message.
        let again = body(frame::encode(&message, Some(method)));
        assert_eq!(frame::open(again, &[method], &Limits::default()).unwrap().bytes(), message.bytes(), "{name}");
    }
    assert_eq!(seen, [4; 5]);
}

//= p2p#3.2/main test
//= p2p#3.2/main-other test
#[test]
fn every_recorded_frame_opens() {
    let (mut frames, mut unknown) = (0, Vec::new());
    for entry in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if !name.starts_with("live_") {
            continue;
        }
        for recorded in file(&name)["frames"].as_array().unwrap() {
            let methods: Vec<_> =
                recorded["compression"].as_u64().and_then(Compression::from_code).into_iter().collect();
            let message = frame::open(body(hex(recorded, "frame")), &methods, &Limits::default()).unwrap();
            let packets: Vec<_> = recorded["packets"].as_array().unwrap().iter().map(value).collect();
            assert_says(&message, &packets, text(recorded, "id"), &name);
            assert_eq!(MessageId::of(message.bytes()), *message.id());
            if let MainFlag::Other(code) = message.main() {
                unknown.push(code);
            }
            frames += 1;
        }
    }
    assert_eq!(frames, 214);
    assert_eq!(unknown, [8]); // once py2p sent a payload again as if it were a message: its `request` became a main flag
}

//= p2p#3.1/stream test
#[test]
fn a_recorded_conversation_is_cut_wherever_the_network_cuts_it() {
    let recorded = file("live_mesh_py_py_comp.json");
    let frames: Vec<_> = recorded["frames"].as_array().unwrap().iter().map(|frame| hex(frame, "frame")).collect();
    let stream = frames.concat();
    for size in [1, 2, 3, 4, 5, 7, 100, 1024, stream.len()] {
        let mut decoder = frame::Decoder::new(Limits::default());
        let mut bodies = Vec::new();
        for piece in stream.chunks(size) {
            decoder.push(bytes::Bytes::copy_from_slice(piece));
            bodies.extend(decoder.by_ref().map(|body| body.unwrap()));
        }
        assert!(bodies.iter().zip(&frames).all(|(body, frame)| body == &frame[4..]), "pieces of {size}");
        assert_eq!((bodies.len(), decoder.buffered()), (frames.len(), 0), "pieces of {size}");
    }
}

//= p2p#3.4/protocol-id test
//= p2p#3.4/kinds test
#[test]
fn protocol_ids_are_those_of_py2p() {
    let document = file("protocol_ids.json");
    assert_eq!(text(&document, "protocol_version"), PROTOCOL_VERSION);
    let vectors = vectors("protocol_ids.json");
    assert_eq!(vectors.len(), 13);
    for vector in vectors {
        let id = protocol_id(text(&vector, "subnet"), encryption(text(&vector, "encryption")));
        assert_eq!(id.as_str(), text(&vector, "id"), "{vector}");
    }
}

fn encryption(name: &str) -> Encryption {
    use Encryption::*;
    [Plaintext, Ssl, Ws, Wss].into_iter().find(|e| e.name() == name).unwrap()
}

//= p2p#3.4/node-id test
#[test]
fn node_ids_are_those_of_py2p() {
    let vectors = vectors("node_ids_py2p.json");
    assert_eq!(vectors.len(), 3);
    for vector in vectors {
        let protocol = protocol_id(text(&vector, "subnet"), encryption(text(&vector, "encryption")));
        let (host, port) = (vector["addr"][0].as_str().unwrap(), vector["addr"][1].as_u64().unwrap());
        let id = node_id(host, port.try_into().unwrap(), &protocol, text(&vector, "salt").as_bytes());
        assert_eq!(id.as_str(), text(&vector, "id"));
        let number = id.number().unwrap();
        assert_eq!(Some(number), Number::from_be_bytes(&from_decimal(text(&vector, "id_int"))));
        assert!(number < Number::power_of_two(384));
    }
}

//= p2p#3.4/digits test
//= p2p#3.4/whole-number test
#[test]
fn numbers_in_base58_are_those_of_py2p() {
    assert_eq!(text(&file("base58_int.json"), "alphabet").as_bytes(), base58::ALPHABET);
    let vectors = vectors("base58_int.json");
    assert_eq!(vectors.len(), 15);
    for vector in vectors {
        let number = from_decimal(text(&vector, "int"));
        assert_eq!(base58::encode(&number), text(&vector, "base58"));
        assert_eq!(base58::decode(text(&vector, "base58")), Ok(number.clone()));
        let number = Number::from_be_bytes(&number).unwrap();
        assert_eq!(Number::from_base58(text(&vector, "base58")), Ok(number));
        assert_eq!(number.to_base58(), text(&vector, "base58"));
    }
}
