//! What neighbours that know the ring say to each other beside ring messages: who is a member, which keys are known,
//! and questions on behalf of nodes that are no members.
use bytes::Bytes;
use serializer::{Id, Value};

use super::event::{Failure, Outcome};
use super::frame::Malformed;

/// A message under sub flag 0x43 that is not the ring's.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Greeting {
    /// On a new link, and when membership changed.
    Hello { member: bool, gateway: bool, digest: [u8; 16] },
    /// Some of the known keys.
    Keys(Vec<Bytes>),
    /// Do this in the ring for me.
    Ask { number: u64, key: Bytes, wish: Wish },
    /// What came of it, and the nodes on the way.
    Answered { number: u64, result: Result<Outcome, Failure>, path: Vec<Id> },
}

/// What is to be done with a key.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Wish {
    Get,
    Set(Value),
    Delete,
    Update(Vec<(Value, Value)>),
}

//= wireworks#3.6/client MUST
//# Codes from 32 on: hello, keys, a question for a member to deal with, and its answer.
impl Greeting {
    pub fn write(self) -> Vec<Value> {
        match self {
            Greeting::Hello { member, gateway, digest } => {
                vec![HELLO.into(), member.into(), gateway.into(), Value::from(&digest[..])]
            }
            Greeting::Keys(keys) => vec![KEYS.into(), Value::Array(keys.into_iter().map(Value::Bin).collect())],
            Greeting::Ask { number, key, wish } => {
                let (code, value) = match wish {
                    Wish::Get => (0, Value::Nil),
                    Wish::Set(value) => (1, value),
                    Wish::Delete => (2, Value::Nil),
                    Wish::Update(changes) => (3, Value::Map(changes)),
                };
                vec![ASK.into(), number.into(), Value::Bin(key), code.into(), value]
            }
            Greeting::Answered { number, result, path } => {
                let (code, value) = match result {
                    Ok(Outcome::Value(value)) => (0u64, value),
                    Ok(Outcome::Missing) => (1, Value::Nil),
                    Ok(Outcome::Done) => (2, Value::Nil),
                    Err(failure) => {
                        let at = FAILURES.iter().position(|&known| known == failure).unwrap_or(0);
                        (FAILED + at as u64, Value::Nil)
                    }
                };
                let path = path.iter().take(MAX_PATH).map(Id::to_value).collect();
                vec![ANSWERED.into(), number.into(), code.into(), value, Value::Array(path)]
            }
        }
    }

    /// `None` when the code is below 32, hence the ring's.
    pub fn read(values: &[Value]) -> Option<Result<Greeting, Malformed>> {
        let code = values.first().and_then(Value::as_u64).filter(|&code| code >= HELLO)?;
        Some(read(code, values.get(1..).unwrap_or_default()))
    }
}

fn read(code: u64, values: &[Value]) -> Result<Greeting, Malformed> {
    match (code, values) {
        (HELLO, [member, gateway, digest, ..]) => Ok(Greeting::Hello {
            member: member.as_bool().ok_or(Malformed("member"))?,
            gateway: gateway.as_bool().ok_or(Malformed("gateway"))?,
            digest: digest.as_bytes().and_then(|d| d[..].try_into().ok()).ok_or(Malformed("digest"))?,
        }),
        (KEYS, [keys, ..]) => {
            let keys = keys.as_array().filter(|keys| keys.len() <= MAX_KEYS).ok_or(Malformed("keys"))?;
            let keys: Option<Vec<Bytes>> = keys.iter().map(|key| key.as_bytes().cloned()).collect();
            Ok(Greeting::Keys(keys.ok_or(Malformed("key"))?))
        }
        (ASK, [number, key, wish, value, ..]) => {
            let wish = match (wish.as_u64(), value) {
                (Some(0), _) => Wish::Get,
                (Some(1), value) => Wish::Set(value.clone()),
                (Some(2), _) => Wish::Delete,
                (Some(3), Value::Map(changes)) => Wish::Update(changes.clone()),
                _ => return Err(Malformed("wish")),
            };
            let key = Bytes::copy_from_slice(key.as_bytes().ok_or(Malformed("key"))?);
            Ok(Greeting::Ask { number: number.as_u64().ok_or(Malformed("number"))?, key, wish })
        }
        (ANSWERED, [number, code, value, path, ..]) => {
            let result = match code.as_u64().ok_or(Malformed("code"))? {
                0 => Ok(Outcome::Value(value.detached())),
                1 => Ok(Outcome::Missing),
                2 => Ok(Outcome::Done),
                code => {
                    let at = code.checked_sub(FAILED).and_then(|at| usize::try_from(at).ok());
                    Err(at.and_then(|at| FAILURES.get(at).copied()).unwrap_or(Failure::Unreachable))
                }
            };
            let path = path.as_array().filter(|path| path.len() <= MAX_PATH).ok_or(Malformed("path"))?;
            let path: Option<Vec<Id>> = path.iter().map(|id| Some(Id::from_value(id).ok()?.detached())).collect();
            let number = number.as_u64().ok_or(Malformed("number"))?;
            Ok(Greeting::Answered { number, result, path: path.ok_or(Malformed("path"))? })
        }
        (HELLO..=ANSWERED, _) => Err(Malformed("items")),
        _ => Err(Malformed("code")),
    }
}

const HELLO: u64 = 32;
const KEYS: u64 = 33;
const ASK: u64 = 34;
const ANSWERED: u64 = 35;
/// Codes of failures come after those of outcomes.
const FAILED: u64 = 16;
const FAILURES: [Failure; 4] = [Failure::Timeout, Failure::Unreachable, Failure::Full, Failure::NotAMap];
/// Keys in one message.
pub(super) const MAX_KEYS: usize = 256;
const MAX_PATH: usize = 128;

#[cfg(test)]
mod tests {
    use super::*;

    //= wireworks#3.6/client test
    #[test]
    fn what_is_written_is_read_and_noise_is_not() {
        let key = Bytes::from_static(b"key");
        let changes = vec![(Value::from("a"), Value::from(1))];
        let id = Id::new("abc").unwrap();
        let wishes = [Wish::Get, Wish::Set("v".into()), Wish::Delete, Wish::Update(changes)];
        let results = [Ok(Outcome::Value(5.into())), Ok(Outcome::Missing), Ok(Outcome::Done)];
        let failures = FAILURES.map(Err);
        let mut all = vec![
            Greeting::Hello { member: true, gateway: false, digest: [3; 16] },
            Greeting::Keys(vec![key.clone(), Bytes::new()]),
        ];
        all.extend(wishes.map(|wish| Greeting::Ask { number: u64::MAX, key: key.clone(), wish }));
        let answered = |result| Greeting::Answered { number: 9, result, path: vec![id.clone()] };
        all.extend(results.into_iter().chain(failures).map(answered));
        for greeting in all {
            let values = greeting.clone().write();
            assert_eq!(Greeting::read(&values), Some(Ok(greeting.clone())));
            for cut in 1..values.len() {
                assert!(matches!(Greeting::read(&values[..cut]), Some(Err(_))), "{greeting:?} cut to {cut}");
            }
        }
        assert_eq!(Greeting::read(&[5.into()]), None);
        assert!(matches!(Greeting::read(&[99.into()]), Some(Err(_))));
    }
}
