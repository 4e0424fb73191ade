use amf::amf0::{self, Object, Value};
use bytes::{BufMut, Bytes, BytesMut};

use super::Index;
use super::tag::ON_META_DATA;

/// What `onMetaData` says of a file or stream: named values such as `duration` (seconds), `width`, `framerate`.
///
/// ```
/// use rtmp::flv::Metadata;
/// let mut metadata = Metadata::default();
/// metadata.insert("width", 320);
/// let payload = metadata.to_bytes();
/// assert_eq!(payload[..16], *b"\x02\0\x0aonMetaData\x08\0\0");
/// assert_eq!(Metadata::parse(&payload).unwrap().number("width"), Some(320.0));
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metadata {
    values: Object,
    /// Whether the values stood in a plain object.
    plain: bool,
}

impl Metadata {
    /// These values.
    pub fn new(values: Object) -> Metadata {
        Metadata { values, plain: false }
    }

    /// Reads the payload of a script tag; `None` when it is no metadata or its values cannot be read.
    //= flv#E.5/metadata SHOULD
    //# The name onMetaData and then an ECMA array, which many programs write as a plain object: both are read.
    pub fn parse(payload: &Bytes) -> Option<Metadata> {
        if !payload.starts_with(ON_META_DATA) {
            return None;
        }
        let mut rest = payload.slice(ON_META_DATA.len()..);
        match amf0::decode(&mut rest, &amf::Limits::default()).ok()? {
            Value::EcmaArray(values) => Some(Metadata { values, plain: false }),
            Value::Object(values) => Some(Metadata { values, plain: true }),
            _ => None,
        }
    }

    /// All values.
    pub const fn values(&self) -> &Object {
        &self.values
    }

    /// A value that is a number.
    pub fn number(&self, name: &str) -> Option<f64> {
        self.values.get(name)?.as_f64()
    }

    /// Sets a value, in its place when there was one of that name.
    pub fn insert(&mut self, name: &'static str, value: impl Into<Value>) {
        self.values.insert(name, value);
    }

    /// Takes all values of `other`, over those of the same names.
    pub fn merge(&mut self, other: Metadata) {
        for (name, value) in other.values.iter() {
            self.values.insert(name.to_owned(), value.clone());
        }
    }

    /// Prints the payload of a script tag.
    pub fn to_bytes(&self) -> Bytes {
        let mut out = BytesMut::new();
        out.put_slice(ON_META_DATA);
        let values = self.values.clone();
        let value = if self.plain { Value::Object(values) } else { Value::EcmaArray(values) };
        value.encode(&mut out);
        out.freeze()
    }

    /// Takes off what is only true of the file that it came from.
    pub(super) fn strip(&mut self) {
        for name in ["duration", "filesize", "lasttimestamp", KEYFRAMES, FILLER] {
            self.values.remove(name);
        }
    }

    /// The payload with duration and size at the head, and room for `key_frames` entries.
    pub(super) fn with_room(&self, key_frames: usize) -> Bytes {
        let mut complete = Metadata::default();
        complete.describe(0.0, 0);
        complete.merge(self.clone());
        let len = complete.to_bytes().len();
        let room = (KEYFRAMES_LEN + 18 * key_frames + FILLER_LEN).min(60_000);
        complete.fill(len + room).unwrap_or_else(|| complete.to_bytes())
    }

    /// The payload in exactly `len` bytes with these values in it, if there is a way.
    pub(super) fn fit(&self, len: usize, duration: f64, size: u64, index: &Index) -> Option<Bytes> {
        let mut full = self.clone();
        full.values.remove(KEYFRAMES);
        full.values.remove(FILLER);
        full.describe(duration, size);
        let room = len.checked_sub(full.to_bytes().len());
        let entries = room.and_then(|room| room.checked_sub(KEYFRAMES_LEN + FILLER_LEN)).map_or(0, |room| room / 18);
        if entries > 0 && !index.entries().is_empty() {
            full.values.insert(KEYFRAMES, keyframes(index, entries));
        }
        full.fill(len).or_else(|| {
            // No room at all: a file of another program, whose values may still be changed in their places.
            let mut in_place = self.clone();
            for (name, value) in [("duration", duration), ("filesize", size as f64)] {
                if in_place.number(name).is_some() {
                    in_place.insert(name, value);
                }
            }
            Some(in_place.to_bytes()).filter(|bytes| bytes.len() == len)
        })
    }

    fn describe(&mut self, duration: f64, size: u64) {
        self.insert("duration", duration);
        self.insert("filesize", size as f64);
    }

    /// The payload, filled up to `len` bytes.
    fn fill(&self, len: usize) -> Option<Bytes> {
        let bytes = self.to_bytes();
        if bytes.len() == len {
            return Some(bytes);
        }
        let mut filled = self.clone();
        filled.insert(FILLER, filler(len.checked_sub(bytes.len())?)?);
        Some(filled.to_bytes()).filter(|bytes| bytes.len() == len)
    }
}

/// A value of spaces that takes that many bytes with its name. A string, or, since common readers give up at strings of
/// 1,024 bytes, an array of strings.
fn filler(bytes: usize) -> Option<Value> {
    let spaces = |count: usize| Value::from(" ".repeat(count));
    let whole = bytes.checked_sub(FILLER_LEN)?;
    if whole <= FILLER_STRING {
        return Some(spaces(whole));
    }
    let room = bytes.checked_sub(FILLER_ARRAY_LEN)?;
    let count = room.div_ceil(FILLER_STRING);
    let size = |n: usize| room / count + usize::from(n < room % count);
    Some(Value::StrictArray((0..count).map(|n| spaces(size(n) - 3)).collect()))
}

/// Key frames as players look for them: an array of times in seconds, and one of offsets in the file.
fn keyframes(index: &Index, most: usize) -> Object {
    let step = index.entries().len().div_ceil(most).max(1);
    let kept = || index.entries().iter().step_by(step);
    let positions: Vec<Value> = kept().map(|entry| Value::Number(entry.position as f64)).collect();
    let times: Vec<Value> = kept().map(|entry| Value::Number(f64::from(entry.time) / 1000.0)).collect();
    Object::new().with("filepositions", Value::StrictArray(positions)).with("times", Value::StrictArray(times))
}

const KEYFRAMES: &str = "keyframes";
const FILLER: &str = "filler";
/// The bytes of `keyframes` without entries: name, object, two arrays with names and counts, end.
const KEYFRAMES_LEN: usize = (2 + 9) + 1 + (2 + 13 + 1 + 4) + (2 + 5 + 1 + 4) + 3;
/// The longest string of `filler`.
const FILLER_STRING: usize = 1000;
/// The bytes of `filler` as an array without strings, each of which has three of its own.
const FILLER_ARRAY_LEN: usize = (2 + 6) + 1 + 4;
/// The bytes of `filler` as a string without spaces.
const FILLER_LEN: usize = (2 + 6) + 1 + 2;
