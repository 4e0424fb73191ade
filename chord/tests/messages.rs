//! Messages of the old chord: what real peers sent is understood, and written the same way.
use bytes::Bytes;
use chord::tables::{Error, Message, Names, Position, Table};
use serde_json::Value as Json;
use serializer::{Flag, Limits, Value, frame};

/// Every chord message of both captured conversations. py2p's are also written byte for byte alike.
//= p2p#3.10/meta-or-handshake test
//= p2p#3.10/names test
#[test]
fn captured_conversations_are_understood() {
    let mut kinds = std::collections::BTreeMap::new();
    for (text, text_names) in
        [(include_str!("vectors/live_chord_py_py.json"), false), (include_str!("vectors/live_chord_py_js.json"), true)]
    {
        let capture: Json = serde_json::from_str(text).unwrap();
        for captured in capture["frames"].as_array().unwrap() {
            let message = decode(captured["frame"].as_str().unwrap());
            let (flag, values) = (message.sub().unwrap(), message.values());
            let of_the_mesh = flag == Flag::Peers || flag == Flag::Handshake && values.len() > 1;
            let read = Message::read(flag, values);
            assert_eq!(read.is_none(), of_the_mesh, "{captured}");
            let Some(read) = read else { continue };
            let read = read.unwrap();
            *kinds.entry(flag).or_insert(0) += 1;
            assert_eq!(read.flag(), flag);
            let js2p = text_names && captured["dir"] == "B->A";
            // js2p repeats the names of its asker, which was py2p
            if !js2p || matches!(flag, Flag::Retrieved | Flag::Handshake) {
                assert_eq!(read.into_values(), values, "{captured}");
            }
        }
    }
    let seen = [Flag::Handshake, Flag::Notify, Flag::Store, Flag::Retrieve, Flag::Retrieved, Flag::Delta];
    assert!(seen.iter().all(|flag| kinds[flag] >= 3), "{kinds:?}");
}

//= p2p#3.10/meta test
#[test]
fn a_state_is_one_digit() {
    let read = |value: Value| Message::read(Flag::Handshake, &[value]);
    for (value, storing) in
        [(Value::from("0"), true), ("1".into(), false), (Value::from(&b"0"[..]), true), (Value::from(1), false)]
    {
        assert_eq!(read(value), Some(Ok(Message::Meta { storing })));
    }
    assert_eq!(read("2".into()), Some(Err(Error::Meta)));
    assert_eq!(read(Value::Nil), Some(Err(Error::Meta)));
    assert_eq!(Message::Meta { storing: false }.into_values(), [Value::from("1")]);
}

//= p2p#3.10/notify test
#[test]
fn one_item_after_the_key_means_gone() {
    let key = Bytes::from_static(b"foo");
    let read = |more: usize| {
        let values = [vec![Value::from("foo")], vec!["del".into(); more]].concat();
        Message::read(Flag::Notify, &values).unwrap().unwrap()
    };
    for (more, deleted) in [(0, false), (1, true), (2, false)] {
        assert_eq!(read(more), Message::Notify { key: key.clone(), deleted });
    }
    assert_eq!(Message::Notify { key, deleted: true }.into_values(), ["foo", "del"].map(|t| Value::from(t.as_bytes())));
}

#[test]
fn noise_is_an_error() {
    let place = Position::of(Table::Sha1, b"foo");
    let good = Message::Store { position: place, value: 1.into() }.into_values();
    let with = |at: usize, value: Value| {
        let mut values = good.clone();
        values[at] = value;
        Message::read(Flag::Store, &values).unwrap()
    };
    assert_eq!(with(0, "md5".into()), Err(Error::Table));
    assert_eq!(with(0, 5.into()), Err(Error::Table));
    for bad in ["0OIl", "naïve", &"z".repeat(89), &"z".repeat(100_000)] {
        assert_eq!(with(1, bad.into()), Err(Error::Position));
    }
    assert!(
        with(1, "".into()).is_ok_and(|m| matches!(m, Message::Store { position, .. } if position.number() == &[0; 64]))
    );
    for items in 0..3 {
        assert_eq!(Message::read(Flag::Store, &good[..items]), Some(Err(Error::Items)));
    }
    assert_eq!(Message::read(Flag::Retrieve, &good[..1]), Some(Err(Error::Items)));
    assert_eq!(Message::read(Flag::Delta, &good), Some(Err(Error::Changes)));
    assert_eq!(Message::read(Flag::Notify, &[Value::Nil]), Some(Err(Error::Key)));
    assert_eq!(Message::read(Flag::Peers, &good), None);
    assert_eq!(Message::read(Flag::Handshake, &good), None);
}

#[test]
fn an_answer_repeats_the_names_of_the_question() {
    let place = Position::of(Table::Sha512, b"foo");
    let text = serializer::base58::encode(place.number());
    let question = [Value::from("sha512"), Value::from(text)];
    let Some(Ok(Message::Retrieve { position, names })) = Message::read(Flag::Retrieve, &question) else { panic!() };
    assert_eq!((position, names == Names::of(&place)), (place, false));
    let answer = Message::Retrieved { position, names, value: Value::Nil }.into_values();
    assert_eq!(answer[..2], question);
}

fn decode(hex: &str) -> serializer::Message {
    let bytes: Vec<u8> =
        (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect();
    let mut decoder = frame::Decoder::new(Limits::default());
    decoder.push(bytes.into());
    frame::open(decoder.next().unwrap().unwrap(), &[], &Limits::default()).unwrap()
}
