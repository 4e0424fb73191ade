//! Reads the recorded vectors: how the JSON files write values, hexadecimal and big numbers.
#![allow(dead_code)]

use bytes::Bytes;
use serde_json::Value as Json;
use serializer::Value;

/// The JSON file of that name in `tests/vectors`.
pub fn file(name: &str) -> Json {
    let path = format!("{}/tests/vectors/{name}", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_slice(&std::fs::read(&path).unwrap_or_else(|e| panic!("{path}: {e}"))).unwrap()
}

/// The entries of that file's list `vectors`.
pub fn vectors(name: &str) -> Vec<Json> {
    let Json::Array(list) = file(name)["vectors"].take() else { panic!("{name} has no vectors") };
    list
}

/// The text at `key`.
pub fn text<'a>(entry: &'a Json, key: &str) -> &'a str {
    entry[key].as_str().unwrap_or_else(|| panic!("no text at {key} in {entry}"))
}

/// The bytes that are written in hexadecimal at `key`.
pub fn hex(entry: &Json, key: &str) -> Bytes {
    from_hex(text(entry, key))
}

/// The bytes that `digits` write in hexadecimal.
pub fn from_hex(digits: &str) -> Bytes {
    assert!(digits.len().is_multiple_of(2));
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect()
}

/// The big-endian bytes of the number that `digits` write in decimal, without leading zeros.
pub fn from_decimal(digits: &str) -> Vec<u8> {
    let mut bytes = Vec::new(); // least significant first
    for digit in digits.bytes() {
        let mut carry = u32::from(digit - b'0');
        for byte in &mut bytes {
            carry += u32::from(*byte) * 10;
            *byte = carry as u8;
            carry >>= 8;
        }
        if carry > 0 {
            bytes.push(carry as u8);
        }
    }
    bytes.reverse();
    bytes
}

/// A value as the vectors write it: `$bin`, `$f64`, `$int` and `$map` for what JSON cannot say.
pub fn value(json: &Json) -> Value {
    match json {
        Json::Null => Value::Nil,
        Json::Bool(truth) => (*truth).into(),
        Json::Number(number) => number
            .as_i64()
            .map(Value::from)
            .or_else(|| number.as_u64().map(Value::from))
            .unwrap_or_else(|| panic!("{number} is written without $f64")),
        Json::String(text) => text.as_str().into(),
        Json::Array(values) => Value::Array(values.iter().map(value).collect()),
        Json::Object(object) => {
            assert_eq!(object.len(), 1);
            let (kind, content) = object.iter().next().unwrap();
            match (kind.as_str(), content) {
                ("$bin", Json::String(digits)) => from_hex(digits).into(),
                ("$f64", Json::String(digits)) => digits.parse::<f64>().unwrap().into(),
                ("$int", Json::String(digits)) => {
                    digits.parse::<i64>().map_or_else(|_| digits.parse::<u64>().unwrap().into(), Value::from)
                }
                ("$map", Json::Array(entries)) => {
                    Value::Map(entries.iter().map(|entry| (value(&entry[0]), value(&entry[1]))).collect())
                }
                _ => panic!("unknown notation {json}"),
            }
        }
    }
}
