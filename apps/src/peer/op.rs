use std::time::Duration;

use serde_json::Value as Json;
use serializer::{Flag, MainFlag, Value};

use super::address::Place;
use super::json::to_value;
use crate::common::suggest;

/// What can be asked of a running node: a line of `--json`, a typed command, a request of the page.
#[derive(Clone, Debug, PartialEq)]
pub enum Op {
    /// Send to everyone: main flag, sub flag, values.
    Send(MainFlag, Flag, Vec<Value>),
    /// Send so many numbered texts, each with a prefix and a filling.
    Burst(u64, String, usize),
    /// Send to the node whose id begins so.
    Whisper(String, Vec<Value>),
    /// Send a payload under a main flag to a neighbour, the first one if none is named.
    Raw(Option<String>, MainFlag, Vec<Value>),
    /// Answer the last message, or send to any node of the network.
    Reply(Option<String>, Vec<Value>),
    /// Open a link.
    Connect(Place),
    /// Close a link.
    Disconnect(String),
    /// The neighbours.
    Peers,
    /// Whether anything went wrong so far.
    Status,
    /// All counters.
    Stats,
    /// Start to hold a part of the hash table.
    Join,
    /// Hand it over and stop.
    Unjoin,
    /// Write an entry.
    Set(Vec<u8>, Value),
    /// Read an entry, and how long to search for it.
    Get(Vec<u8>, Duration),
    /// Delete an entry.
    Del(Vec<u8>),
    /// Change parts of an entry that is a map.
    Delta(Vec<u8>, Value),
    /// The keys that are known.
    Keys,
    /// What this node holds.
    Data,
    /// Processor time used, in seconds.
    Cpu,
    /// Everything this node knows of itself.
    Snapshot,
    /// The same of every node, and how long to wait for answers.
    Survey(Duration),
    /// Leave.
    Quit,
}

impl Op {
    /// Reads an operation.
    ///
    /// # Errors
    /// In one line, what is wrong with it.
    ///
    /// ```
    /// use apps::peer::Op;
    /// use serde_json::json;
    /// assert_eq!(Op::read(&json!({"op": "peers"})), Ok(Op::Peers));
    /// assert_eq!(Op::read(&json!({"op": "pears"})).unwrap_err(), "unknown op pears; did you mean peers?");
    /// assert_eq!(Op::read(&json!({"op": "get"})).unwrap_err(), "get wants a key");
    /// ```
    pub fn read(request: &Json) -> Result<Op, String> {
        let op = request.get("op").and_then(Json::as_str).ok_or("an operation is an object with an op")?;
        let fields = Fields { op, request };
        Ok(match op {
            "send" => Op::Send(fields.flag("flag", 0)?.into(), fields.flag("type", 0)?.into(), fields.args()?),
            "burst" => {
                let pad = fields.flag("pad", 0)?.min(MAX_PAD);
                Op::Burst(
                    fields.flag("n", 1)?.min(MAX_BURST),
                    fields.text("prefix").unwrap_or("b").into(),
                    pad as usize,
                )
            }
            "whisper" => Op::Whisper(fields.id()?, fields.args()?),
            "raw" => Op::Raw(fields.text("id").map(str::to_owned), fields.flag("main", 0)?.into(), fields.args()?),
            "reply" => Op::Reply(fields.text("id").map(str::to_owned), fields.args()?),
            "connect" => Op::Connect(fields.place()?),
            "disconnect" => Op::Disconnect(fields.id()?),
            "peers" => Op::Peers,
            "status" => Op::Status,
            "stats" => Op::Stats,
            "join" => Op::Join,
            "unjoin" => Op::Unjoin,
            "set" => Op::Set(fields.key()?, fields.value()?),
            "get" => Op::Get(fields.key()?, fields.timeout(GET)?),
            "del" => Op::Del(fields.key()?),
            "delta" => match fields.value()? {
                value @ Value::Map(_) => Op::Delta(fields.key()?, value),
                _ => return Err("delta wants a value that is an object".into()),
            },
            "keys" => Op::Keys,
            "data" => Op::Data,
            "cpu" => Op::Cpu,
            "snapshot" => Op::Snapshot,
            "survey" => Op::Survey(fields.timeout(SURVEY)?),
            "quit" => Op::Quit,
            _ => {
                let near = suggest(op, NAMES.iter().copied());
                let near = near.map_or_else(|| "see docs/guide/peer.md".into(), |name| format!("did you mean {name}?"));
                return Err(format!("unknown op {op}; {near}"));
            }
        })
    }
}

/// The fields of one operation.
struct Fields<'a> {
    op: &'a str,
    request: &'a Json,
}

impl<'a> Fields<'a> {
    fn text(&self, name: &str) -> Option<&'a str> {
        self.request.get(name).and_then(Json::as_str)
    }

    fn wants<T>(&self, found: Option<T>, what: &str) -> Result<T, String> {
        found.ok_or_else(|| format!("{} wants {what}", self.op))
    }

    fn flag(&self, name: &str, default: u64) -> Result<u64, String> {
        match self.request.get(name) {
            None | Some(Json::Null) => Ok(default),
            Some(number) => self.wants(number.as_u64(), &format!("a whole number as {name}")),
        }
    }

    fn args(&self) -> Result<Vec<Value>, String> {
        let args = self.wants(self.request.get("args").and_then(Json::as_array), "args, an array")?;
        args.iter().map(to_value).collect()
    }

    fn id(&self) -> Result<String, String> {
        self.wants(self.text("id").filter(|id| !id.is_empty()), "an id").map(str::to_owned)
    }

    /// Keys are bytes to the other programs, whatever they were given as.
    fn key(&self) -> Result<Vec<u8>, String> {
        let key = self.wants(self.request.get("key"), "a key")?;
        self.wants(to_value(key)?.as_bytes().map(|key| key.to_vec()), "a key of text or $bin")
    }

    fn value(&self) -> Result<Value, String> {
        to_value(self.wants(self.request.get("value"), "a value")?)
    }

    fn timeout(&self, default: Duration) -> Result<Duration, String> {
        let Some(seconds) = self.request.get("timeout").filter(|seconds| !seconds.is_null()) else {
            return Ok(default);
        };
        let seconds = seconds.as_f64().filter(|seconds| (0.0..=3600.0).contains(seconds));
        self.wants(seconds.map(Duration::from_secs_f64), "a timeout from 0 to 3600 seconds")
    }

    fn place(&self) -> Result<Place, String> {
        if let Some(text) = self.text("to") {
            return text.parse();
        }
        let host = self.wants(self.text("host"), "a host")?;
        let port = self.wants(self.request.get("port").and_then(Json::as_u64), "a port")?;
        let bracketed = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
        match self.text("transport") {
            Some(transport) => format!("{transport}:{bracketed}:{port}").parse(),
            None => format!("{bracketed}:{port}").parse(),
        }
    }
}

const NAMES: &[&str] = &[
    "send",
    "burst",
    "whisper",
    "raw",
    "reply",
    "connect",
    "disconnect",
    "peers",
    "status",
    "stats",
    "join",
    "unjoin",
    "set",
    "get",
    "del",
    "delta",
    "keys",
    "data",
    "cpu",
    "snapshot",
    "survey",
    "quit",
];
/// As long as the other programs search.
const GET: Duration = Duration::from_secs(10);
/// A network answers within a few round trips.
const SURVEY: Duration = Duration::from_millis(500);
const MAX_BURST: u64 = 1_000_000;
const MAX_PAD: u64 = 16 << 20;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_fields_of_the_old_drivers() {
        let read = |json: Json| Op::read(&json).unwrap();
        let hi = || vec![Value::from("hi")];
        assert_eq!(read(json!({"op": "send", "args": ["hi"]})), Op::Send(MainFlag::Broadcast, Flag::Broadcast, hi()));
        assert_eq!(
            read(json!({"op": "send", "args": ["hi"], "flag": 2, "type": 99})),
            Op::Send(MainFlag::Whisper, Flag::Other(99), hi())
        );
        assert_eq!(read(json!({"op": "burst", "n": 3, "pad": 2})), Op::Burst(3, "b".into(), 2));
        assert_eq!(read(json!({"op": "raw", "main": 1, "args": ["hi"]})), Op::Raw(None, MainFlag::Renegotiate, hi()));
        let place = "ws:[::1]:80".parse().unwrap();
        assert_eq!(read(json!({"op": "connect", "host": "::1", "port": 80, "transport": "ws"})), Op::Connect(place));
        assert_eq!(
            read(json!({"op": "set", "key": {"$bin": "6b"}, "value": null})),
            Op::Set(b"k".to_vec(), Value::Nil)
        );
        assert_eq!(
            read(json!({"op": "get", "key": "k", "timeout": 0.5})),
            Op::Get(b"k".to_vec(), Duration::from_millis(500))
        );
    }

    #[test]
    fn mistakes_are_told() {
        for (request, part) in [
            (json!([]), "object with an op"),
            (json!({"op": 7}), "object with an op"),
            (json!({"op": "xyzzy"}), "unknown op"),
            (json!({"op": "send"}), "args"),
            (json!({"op": "send", "args": [], "flag": -1}), "flag"),
            (json!({"op": "whisper", "args": []}), "an id"),
            (json!({"op": "connect", "host": "h"}), "a port"),
            (json!({"op": "connect", "host": "h", "port": 99999}), "65535"),
            (json!({"op": "set", "key": "k"}), "a value"),
            (json!({"op": "set", "key": 7, "value": 1}), "key of text"),
            (json!({"op": "delta", "key": "k", "value": 1}), "object"),
            (json!({"op": "get", "key": "k", "timeout": -1}), "timeout"),
        ] {
            let why = Op::read(&request).unwrap_err();
            assert!(why.contains(part), "{request}: {why}");
        }
    }
}
