//! What ffmpeg, rtmpdump and nginx-rtmp sent to each other: every command and data message is read, and written again to
//! the very same bytes. `vectors/recorded.txt` has a line for each: session and direction, type of message, payload.

use amf::Limits;
use amf::amf0::{self, Value};
use bytes::Bytes;

fn recorded() -> Vec<(&'static str, Bytes)> {
    let hex = |text: &str| -> Bytes {
        let digits = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
        (0..text.len()).step_by(2).map(digits).collect()
    };
    let line = |line: &'static str| {
        let mut words = line.split(' ');
        (words.next().unwrap(), hex(words.nth(1).unwrap()))
    };
    include_str!("vectors/recorded.txt").lines().map(line).collect()
}

#[test]
fn recorded_messages_are_written_as_they_came() {
    let recorded = recorded();
    assert!(recorded.len() > 30, "{} messages", recorded.len());
    for (session, bytes) in recorded {
        let values = amf0::decode_all(bytes.clone(), &Limits::default()).unwrap_or_else(|e| panic!("{session}: {e}"));
        assert_eq!(amf0::encode_all(&values), bytes, "{session}: {values:?}");
        assert!(values[0].as_str().is_some(), "{session}");
    }
}

#[test]
fn recorded_messages_say_what_they_should() {
    let all: Vec<(&str, Vec<Value>)> = recorded()
        .into_iter()
        .map(|(session, bytes)| (session, amf0::decode_all(bytes, &Limits::default()).unwrap()))
        .collect();
    let find = |session: &str, name: &str| {
        let found = all.iter().find(|(s, values)| s.starts_with(session) && values[0].as_str() == Some(name));
        found.unwrap_or_else(|| panic!("{session} has no {name}")).1.clone()
    };
    let connect = find("ffmpeg_publish_h264_aac.c2s", "connect");
    assert_eq!((connect[1].as_f64(), connect[2].get("app").and_then(Value::as_str)), (Some(1.0), Some("live")));
    let metadata = find("source_h264_aac_3s.flv", "onMetaData");
    assert!(matches!(metadata[1], Value::EcmaArray(_)));
    assert_eq!(metadata[1].get("width").and_then(Value::as_f64), Some(320.0));
    assert_eq!(metadata[1].get("stereo").and_then(Value::as_bool), Some(false));
}
