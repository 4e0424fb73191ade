//! What a program says of itself in connect and in its answer beyond the old protocol: enhanced RTMP.

use amf::amf0::{Object, Value};
use bytestring::ByteString;

/// The capabilities that enhanced RTMP adds to connect and to the properties in its answer.
///
/// ```
/// use rtmp::Capabilities;
/// let ours = Capabilities { video: vec![("hvc1".into(), 4)], ex: Capabilities::RECONNECT, ..Capabilities::default() };
/// let mut object = amf::amf0::Object::default();
/// ours.write(&mut object);
/// assert_eq!(Capabilities::read(&object), ours);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Capabilities {
    /// `fourCcList`: codecs that can be received in some way; `*` stands for every codec. Version 1 of the document.
    pub codecs: Vec<ByteString>,
    /// `videoFourCcInfoMap`: codec and mask of [`DECODE`](Self::DECODE), [`ENCODE`](Self::ENCODE), [`FORWARD`](Self::FORWARD).
    pub video: Vec<(ByteString, u32)>,
    /// `audioFourCcInfoMap`: the same for audio.
    pub audio: Vec<(ByteString, u32)>,
    /// `capsEx`: mask of [`RECONNECT`](Self::RECONNECT), [`MULTITRACK`](Self::MULTITRACK), [`MOD_EX`](Self::MOD_EX)
    /// and [`NANO_OFFSET`](Self::NANO_OFFSET).
    pub ex: u32,
}

impl Capabilities {
    /// Bit of a codec's mask: can decode it.
    pub const DECODE: u32 = 1;
    /// Bit of a codec's mask: can encode it.
    pub const ENCODE: u32 = 2;
    /// Bit of a codec's mask: can forward it.
    pub const FORWARD: u32 = 4;
    /// Bit of `ex`: understands the reconnect request.
    pub const RECONNECT: u32 = 1;
    /// Bit of `ex`: understands multitrack packets.
    pub const MULTITRACK: u32 = 2;
    /// Bit of `ex`: understands packets with modifiers.
    pub const MOD_EX: u32 = 4;
    /// Bit of `ex`: understands the nanosecond modifier.
    pub const NANO_OFFSET: u32 = 8;
    /// Entries read of each list or map; the rest is passed over.
    pub const MAX_CODECS: usize = 64;

    /// What a server can say that forwards what it is sent without looking inside: every codec, all of `ex`.
    pub fn forward_all() -> Capabilities {
        let every = || vec![("*".into(), Self::FORWARD)];
        Capabilities {
            codecs: vec!["*".into()],
            video: every(),
            audio: every(),
            ex: Self::RECONNECT | Self::MULTITRACK | Self::MOD_EX | Self::NANO_OFFSET,
        }
    }

    /// Whether nothing is told: an old program.
    pub fn is_empty(&self) -> bool {
        self.ex == 0 && self.codecs.is_empty() && self.video.is_empty() && self.audio.is_empty()
    }

    /// Whether the peer understands the reconnect request.
    pub fn reconnects(&self) -> bool {
        self.ex & Self::RECONNECT != 0
    }

    //= e-rtmp#connect/read MUST
    //# Whatever is missing, of another type or out of range counts as not told; the entries of a map are numbers.
    /// Reads the entries of an object. What is missing or of another type is empty.
    pub fn read(object: &Object) -> Capabilities {
        let map = |key: &str| -> Vec<(ByteString, u32)> {
            let Some(entries) = object.get(key).and_then(Value::as_object) else { return Vec::new() };
            let entries = entries.iter().filter_map(|(codec, mask)| Some((short(codec)?, mask.as_f64()? as u32)));
            entries.take(Self::MAX_CODECS).collect()
        };
        let codecs = match object.get("fourCcList") {
            Some(Value::StrictArray(codecs)) => {
                codecs.iter().filter_map(|codec| short(codec.as_str()?)).take(Self::MAX_CODECS).collect()
            }
            _ => Vec::new(),
        };
        let ex = object.get("capsEx").and_then(Value::as_f64).unwrap_or(0.0) as u32;
        Capabilities { codecs, video: map("videoFourCcInfoMap"), audio: map("audioFourCcInfoMap"), ex }
    }

    /// Adds the entries that are not empty.
    pub fn write(&self, object: &mut Object) {
        if !self.codecs.is_empty() {
            let codecs = self.codecs.iter().map(|codec| Value::String(codec.clone())).collect();
            object.insert("fourCcList", Value::StrictArray(codecs));
        }
        for (key, map) in [("videoFourCcInfoMap", &self.video), ("audioFourCcInfoMap", &self.audio)] {
            if !map.is_empty() {
                let entries: Object =
                    map.iter().map(|(codec, mask)| (codec.clone(), Value::Number(f64::from(*mask)))).collect();
                object.insert(key, Value::Object(entries));
            }
        }
        if self.ex != 0 {
            object.insert("capsEx", Value::Number(f64::from(self.ex)));
        }
    }
}

/// A codec's name, copied so that it does not keep the whole message alive; none has more than 16 bytes.
fn short(codec: &str) -> Option<ByteString> {
    (codec.len() <= 16).then(|| ByteString::from(codec))
}
