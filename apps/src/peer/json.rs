//! Values of the network as JSON and back, as the drivers of py2p and js2p write them: bytes are `{"$bin": "hex"}`, a
//! map key that is bytes is the text `$bin:` and the same digits, everything else is plain JSON.

use serde::ser::{Serialize, SerializeSeq as _, Serializer};
use serde_json::{Map, Number, Value as Json, json};
use serializer::{MessageId, Value};

/// The JSON of a value. Numbers that JSON lacks become their names as text; an extension is `{"$ext": [code, "hex"]}`.
///
/// ```
/// use apps::peer::json::from_value;
/// use serde_json::json;
/// use serializer::Value;
/// let map = Value::Map(vec![(Value::from(&b"\x01"[..]), Value::from("one")), (Value::from(2), Value::Nil)]);
/// assert_eq!(from_value(&map), json!({"$bin:01": "one", "2": null}));
/// ```
pub fn from_value(value: &Value) -> Json {
    match value {
        Value::Nil => Json::Null,
        Value::Bool(bool) => (*bool).into(),
        Value::Int(int) => (*int).into(),
        Value::UInt(int) => (*int).into(),
        Value::Float(float) => Number::from_f64(*float).map_or_else(|| float.to_string().into(), Json::Number),
        Value::Str(text) => Json::String(text.to_string()),
        Value::Bin(bytes) => bin(bytes),
        Value::Array(items) => items.iter().map(from_value).collect(),
        Value::Map(entries) => entries.iter().map(|(key, value)| (name(key), from_value(value))).collect(),
        Value::Ext(code, bytes) => json!({"$ext": [code, hex(bytes)]}),
    }
}

/// The value of some JSON.
///
/// # Errors
/// What is wrong with the digits of a `$bin`.
///
/// ```
/// use apps::peer::json::to_value;
/// use serde_json::json;
/// use serializer::Value;
/// assert_eq!(to_value(&json!([1, {"$bin": "00ff"}])), Ok(Value::from(vec![Value::from(1), Value::from(&[0, 255][..])])));
/// assert!(to_value(&json!({"$bin": "0"})).is_err());
/// ```
pub fn to_value(json: &Json) -> Result<Value, String> {
    Ok(match json {
        Json::Null => Value::Nil,
        Json::Bool(bool) => Value::Bool(*bool),
        Json::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(int), _) => Value::from(int),
            (None, Some(int)) => Value::from(int),
            (None, None) => Value::Float(number.as_f64().unwrap_or(f64::NAN)),
        },
        Json::String(text) => Value::from(text.as_str()),
        Json::Array(items) => Value::Array(items.iter().map(to_value).collect::<Result<_, _>>()?),
        Json::Object(fields) => match fields.get("$bin") {
            Some(digits) if fields.len() == 1 => {
                Value::Bin(unhex(digits.as_str().ok_or("$bin wants hexadecimal digits")?)?.into())
            }
            _ => Value::Map(fields.iter().map(entry).collect::<Result<_, _>>()?),
        },
    })
}

fn entry((name, value): (&String, &Json)) -> Result<(Value, Value), String> {
    let key = match name.strip_prefix("$bin:") {
        Some(digits) => Value::Bin(unhex(digits)?.into()),
        None => Value::from(name.as_str()),
    };
    Ok((key, to_value(value)?))
}

/// Values as [`from_value`] would have them, written without a value of JSON in between where it is easy.
pub(super) struct Plain<'a>(pub &'a [Value]);

impl Serialize for Plain<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.0.len()))?;
        for value in self.0 {
            match value {
                Value::Str(text) => list.serialize_element(&**text)?,
                Value::Int(int) => list.serialize_element(int)?,
                Value::Array(items) => list.serialize_element(&Plain(items))?,
                other => list.serialize_element(&from_value(other))?,
            }
        }
        list.end()
    }
}

/// The id of a message in hexadecimal digits.
pub(super) struct Digits<'a>(pub &'a MessageId);

impl Serialize for Digits<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut digits = [0; 64];
        for (pair, byte) in digits.chunks_exact_mut(2).zip(self.0.as_bytes()) {
            pair.copy_from_slice(&[digit(byte >> 4), digit(*byte)]);
        }
        serializer.serialize_str(std::str::from_utf8(&digits).unwrap_or_default())
    }
}

/// The text that stands for a map key.
fn name(key: &Value) -> String {
    match key {
        Value::Str(text) => text.to_string(),
        Value::Bin(bytes) => format!("$bin:{}", hex(bytes)),
        other => match from_value(other) {
            Json::String(text) => text,
            json => json.to_string(),
        },
    }
}

/// Bytes in JSON.
pub fn bin(bytes: &[u8]) -> Json {
    json!({"$bin": hex(bytes)})
}

/// Bytes as lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().flat_map(|&byte| [digit(byte >> 4), digit(byte)]).map(char::from).collect()
}

/// The digit of the lower half of a byte.
fn digit(half: u8) -> u8 {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    DIGITS[usize::from(half & 15)]
}

/// The bytes that hexadecimal digits stand for.
fn unhex(digits: &str) -> Result<Vec<u8>, String> {
    let nibbles = digits.chars().map(|c| c.to_digit(16)).collect::<Option<Vec<u32>>>();
    let nibbles = nibbles.filter(|n| n.len() % 2 == 0).ok_or("$bin wants pairs of hexadecimal digits")?;
    Ok(nibbles.chunks_exact(2).map(|pair| (pair[0] << 4 | pair[1]) as u8).collect())
}

/// A JSON object out of pairs, for answers and events.
pub fn object<const N: usize>(fields: [(&str, Json); N]) -> Map<String, Json> {
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    #[test]
    fn what_goes_in_comes_out() {
        for json in [
            json!(null),
            json!([true, -1, 0, 9_223_372_036_854_775_807_i64, 18_446_744_073_709_551_615_u64, 1.5]),
            json!({"a": {"$bin": "00ff"}, "$bin:6b": ["x", {}], "": []}),
            json!({"$bin": "00", "beside": 1}),
        ] {
            assert_eq!(from_value(&to_value(&json).unwrap()), json);
        }
    }

    #[test]
    fn what_json_lacks_is_still_told() {
        assert_eq!(from_value(&Value::Float(f64::NAN)), "NaN");
        let pair = (Value::Array(vec![Value::Nil]), Value::Bool(true));
        assert_eq!(from_value(&Value::Map(vec![pair])), json!({"[null]": true}));
    }

    #[test]
    fn what_is_written_at_once_is_the_same() {
        let list = Value::Array(vec![Value::Nil, Value::from(-3), Value::from("\"é\n"), Value::from(&b"k"[..])]);
        let map = Value::Map(vec![(Value::from("z"), Value::from(1.5)), (Value::from("a"), Value::from(u64::MAX))]);
        let values = [list, map, Value::from(f64::NAN), Value::Bool(true), Value::Ext(3, Bytes::from_static(b"x"))];
        let one_by_one: Json = values.iter().map(from_value).collect();
        assert_eq!(serde_json::to_string(&Plain(&values)).unwrap(), one_by_one.to_string());
        let id = MessageId::of(b"\0\xff");
        assert_eq!(serde_json::to_value(Digits(&id)).unwrap(), hex(id.as_bytes()));
    }

    #[test]
    fn wrong_digits_are_refused() {
        for json in [json!({"$bin": "0g"}), json!({"$bin": 7}), json!({"$bin:0": 1}), json!([{"$bin": "é"}])] {
            assert!(to_value(&json).unwrap_err().contains("hexadecimal"), "{json}");
        }
    }
}
