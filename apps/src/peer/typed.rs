use serde_json::{Map, Value, json};

use super::Kind;
use crate::common::suggest;

/// What a typed line asks for.
#[derive(Clone, Debug, PartialEq)]
pub enum Typed {
    /// Have the node do this.
    Op(Value),
    /// Say what can be typed.
    Help,
    /// It cannot be done as written; this is why.
    Wrong(String),
}

/// What can be typed, a line each: the command, what follows it, what it does, and the kinds of nodes that know it.
pub const HELP: &[(&str, &str, &str)] = &[
    ("/broadcast", "TEXT", "send to everyone; a line without / does the same"),
    ("/whisper", "ID TEXT", "send to one node, neighbour or not"),
    ("/reply", "TEXT", "answer the last message"),
    ("/peers", "", "list the neighbours"),
    ("/connect", "[TRANSPORT:]HOST:PORT", "open a link"),
    ("/disconnect", "ID", "close one"),
    ("/survey", "", "ask every node who it is"),
    ("/set", "KEY VALUE", "write an entry; VALUE is JSON or plain text"),
    ("/get", "KEY", "read one"),
    ("/del", "KEY", "delete one"),
    ("/delta", "KEY {JSON}", "change parts of an entry that is a map"),
    ("/keys", "", "list the keys"),
    ("/data", "", "list what this node holds"),
    ("/join", "", "start to hold a part of the table"),
    ("/unjoin", "", "hand it over and stop"),
    ("/stats", "", "counters, and why links were closed"),
    ("/help", "", "this list"),
    ("/quit", "", "leave"),
];

impl Typed {
    /// Reads a line typed at a node of that kind; `None` when it is empty.
    ///
    /// ```
    /// use apps::peer::{Kind, Typed};
    /// use serde_json::json;
    /// let read = |line| Typed::read(line, Kind::Sync).unwrap();
    /// assert_eq!(read("hello all"), Typed::Op(json!({"op": "send", "args": ["hello all"]})));
    /// assert_eq!(read("/set colour \"blue\""), read("/set colour blue"));
    /// assert!(matches!(read("/whsiper 3x hi"), Typed::Wrong(why) if why.contains("/whisper")));
    /// ```
    pub fn read(line: &str, kind: Kind) -> Option<Typed> {
        let line = line.trim();
        if line.is_empty() {
            return None;
        }
        if !line.starts_with('/') {
            return Some(Typed::Op(json!({"op": "send", "args": [line]})));
        }
        let (command, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let wrong = || {
            let usage = HELP.iter().find(|(name, ..)| *name == command);
            let usage = usage.map(|(name, what, _)| format!("{name} {what}")).unwrap_or_default();
            Typed::Wrong(format!("write {usage}"))
        };
        if let Err(why) = known(command, kind) {
            return Some(Typed::Wrong(why));
        }
        if command == "/help" {
            return Some(Typed::Help);
        }
        Some(operation(command, rest.trim()).map_or_else(wrong, Typed::Op))
    }
}

/// Whether a node of that kind knows the command, or what to type instead.
fn known(command: &str, kind: Kind) -> Result<(), String> {
    let names = || HELP.iter().map(|(name, ..)| *name);
    if !names().any(|name| name == command) {
        return Err(match suggest(command, names()) {
            Some(name) => format!("no command {command}; did you mean {name}?"),
            None => format!("no command {command}; /help lists them"),
        });
    }
    let is_table = matches!(command, "/set" | "/get" | "/del" | "/delta" | "/keys" | "/data");
    match kind {
        Kind::Mesh if is_table => Err(format!("a mesh has no table for {command}: start peer sync or peer chord")),
        Kind::Mesh | Kind::Sync if matches!(command, "/join" | "/unjoin") => {
            Err(format!("{command} is for a distributed hash table: start peer chord"))
        }
        _ => Ok(()),
    }
}

/// The operation; `None` when something is missing or too much.
fn operation(command: &str, rest: &str) -> Option<Value> {
    let name = command.strip_prefix('/')?;
    let two = rest.split_once(char::is_whitespace).map(|(first, second)| (first, second.trim()));
    let word = (!rest.is_empty() && !rest.contains(char::is_whitespace)).then_some(rest);
    Some(match name {
        "broadcast" if !rest.is_empty() => json!({"op": "send", "args": [rest]}),
        "reply" if !rest.is_empty() => json!({"op": "reply", "args": [rest]}),
        "whisper" => json!({"op": "whisper", "id": two?.0, "args": [two?.1]}),
        "connect" => json!({"op": "connect", "to": word?}),
        "disconnect" => json!({"op": "disconnect", "id": word?}),
        "set" => json!({"op": "set", "key": bin(two?.0), "value": plain(two?.1)}),
        "get" | "del" => json!({"op": name, "key": bin(word?)}),
        "delta" => {
            let map = serde_json::from_str::<Map<String, Value>>(two?.1).ok()?;
            json!({"op": "delta", "key": bin(two?.0), "value": map})
        }
        "peers" | "survey" | "keys" | "data" | "join" | "unjoin" | "stats" | "quit" if rest.is_empty() => {
            json!({"op": name})
        }
        _ => return None,
    })
}

/// A key as the other programs hold it: bytes.
fn bin(text: &str) -> Value {
    json!({"$bin": text.bytes().map(|b| format!("{b:02x}")).collect::<String>()})
}

/// The JSON that was typed, or else the text itself.
fn plain(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| text.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn op(line: &str) -> Value {
        match Typed::read(line, Kind::Chord) {
            Some(Typed::Op(op)) => op,
            other => panic!("{line}: {other:?}"),
        }
    }

    fn why(line: &str, kind: Kind) -> String {
        match Typed::read(line, kind) {
            Some(Typed::Wrong(why)) => why,
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn commands_become_operations() {
        assert_eq!(op("/whisper 3xA  good day "), json!({"op": "whisper", "id": "3xA", "args": ["good day"]}));
        assert_eq!(op("/set k 7"), json!({"op": "set", "key": {"$bin": "6b"}, "value": 7}));
        assert_eq!(op("/set k {oops"), json!({"op": "set", "key": {"$bin": "6b"}, "value": "{oops"}));
        assert_eq!(op("/get schlüssel")["key"]["$bin"], "7363686cc3bc7373656c");
        assert_eq!(op("/delta k {\"a\": 1}")["value"], json!({"a": 1}));
        assert_eq!(op("/connect tls:h:1")["to"], "tls:h:1");
        assert_eq!(op("/quit"), json!({"op": "quit"}));
        assert_eq!(Typed::read("  ", Kind::Mesh), None);
        assert_eq!(Typed::read("/help", Kind::Mesh), Some(Typed::Help));
    }

    #[test]
    fn mistakes_say_what_to_type() {
        for (line, part) in [
            ("/pears", "did you mean /peers"),
            ("/xyzzy", "/help"),
            ("/whisper 3x", "/whisper ID TEXT"),
            ("/delta k 7", "/delta KEY {JSON}"),
            ("/get", "/get KEY"),
            ("/peers now", "/peers"),
            ("/set k", "/set KEY VALUE"),
        ] {
            let why = why(line, Kind::Chord);
            assert!(why.contains(part), "{line}: {why}");
        }
        assert!(why("/set a b", Kind::Mesh).contains("peer sync"));
        assert!(why("/join", Kind::Sync).contains("peer chord"));
    }

    #[test]
    fn every_command_of_the_help_exists() {
        for (name, rest, _) in HELP.iter().filter(|(name, ..)| *name != "/help") {
            let line = format!("{name} {}", rest.replace("{JSON}", "{}"));
            assert!(matches!(Typed::read(&line, Kind::Chord), Some(Typed::Op(_))), "{line}");
        }
    }
}
