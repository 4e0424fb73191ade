//! Events and answers in words, for people.

use serde_json::{Map, Value as Json};

use super::typed::HELP;

/// How a line is shown: what it is about decides the colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// As it is.
    Plain,
    /// Something came.
    Good,
    /// Something went.
    Bad,
    /// Beside the point.
    Faint,
}

/// The first digits of an id, enough to tell nodes apart; commands take them.
///
/// ```
/// assert_eq!(apps::peer::words::short("7TxCBckkUz4jTDjirdAxAVVGxtL2V5cuerjfMkgj4XHhnkUetVs8DQRamdpf6Vm6Zk"), "7TxCBckk");
/// ```
pub fn short(id: &str) -> &str {
    id.get(..8).unwrap_or(id)
}

/// An event as a line; `None` for those that people need not know.
pub fn event(event: &Json) -> Option<(Tone, String)> {
    let text = |name: &str| event[name].as_str().unwrap_or_default();
    let who = |name: &str| short(text(name)).to_owned();
    Some(match text("ev") {
        "connect" => (Tone::Good, "connected to the network".into()),
        "joined" => {
            let way = if event["outgoing"] == true { "we dialled" } else { "dialled us" };
            (Tone::Good, format!("+ {} at {} over {} ({way})", who("id"), address(&event["addr"]), text("transport")))
        }
        "left" => (Tone::Bad, format!("- {} {}", who("id"), text("reason"))),
        "message" => {
            let values: Vec<String> = event["packets"].as_array().into_iter().flatten().map(shown).collect();
            let to_us = if event["main"] == 0 { "" } else { " to you" };
            (Tone::Plain, format!("{}{to_us}: {}", who("sender"), values.join(" ")))
        }
        "update" => (Tone::Plain, format!("{} = {} by {}", shown(&event["key"]), shown(&event["value"]), who("owner"))),
        "delete" => (Tone::Plain, format!("{} was deleted", shown(&event["key"]))),
        "add" => (Tone::Plain, format!("{} was written", shown(&event["key"]))),
        "dropped" => (Tone::Faint, format!("dropped: {}", text("reason"))),
        "error" => (Tone::Bad, text("error").to_owned()),
        _ => return None,
    })
}

/// The answer to an operation as lines; none when there is nothing to say.
pub fn answer(op: &str, answer: &Json) -> Vec<String> {
    if let Some(why) = answer["error"].as_str() {
        return vec![format!("not done: {why}")];
    }
    let result = &answer["result"];
    match (op, result) {
        ("peers", Json::Array(peers)) if peers.is_empty() => vec!["no neighbours; /connect HOST:PORT makes one".into()],
        ("peers", Json::Array(peers)) => peers.iter().map(peer).collect(),
        ("survey", Json::Array(nodes)) => survey(nodes),
        ("stats", Json::Object(counters)) => columns(counters),
        ("get", value) => {
            let hops = answer["path"].as_array().map(|path| format!(", {} hops", path.len().saturating_sub(1)));
            let took = answer["seconds"]
                .as_f64()
                .filter(|s| *s > 0.0)
                .map(|s| format!("({:.3} s{})", s, hops.unwrap_or_default()));
            let value = if value.is_null() { "no such key".into() } else { shown(value) };
            vec![[value, took.unwrap_or_default()].join(" ").trim_end().to_owned()]
        }
        ("keys", Json::Array(keys)) if keys.is_empty() => vec!["no keys".into()],
        ("keys", Json::Array(keys)) => keys.iter().map(shown).collect(),
        ("data", Json::Array(rows)) if rows.is_empty() => vec!["nothing here".into()],
        ("data", Json::Array(rows)) => rows
            .iter()
            .map(|row| {
                let owner = short(row[2].as_str().unwrap_or_default());
                format!("{} = {} by {owner}", shown(&row[0]), shown(&row[1]))
            })
            .collect(),
        ("data", Json::Object(tables)) => tables.iter().flat_map(|(name, table)| part(name, table)).collect(),
        ("set" | "del" | "delta" | "join" | "unjoin" | "disconnect", _) => vec!["done".into()],
        _ => Vec::new(),
    }
}

/// What can be typed.
pub fn help() -> Vec<String> {
    HELP.iter().map(|(name, what, does)| format!("{:<34} {does}", format!("{name} {what}"))).collect()
}

/// A value as people write it: text without quotes, bytes as text where they are.
pub fn shown(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        Json::Object(fields) if fields.len() == 1 && fields.contains_key("$bin") => {
            let digits = fields["$bin"].as_str().unwrap_or_default();
            let pair = |at: usize| digits.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok());
            let bytes: Vec<u8> = (0..digits.len() / 2).map_while(|n| pair(2 * n)).collect();
            match String::from_utf8(bytes) {
                Ok(text) if !text.chars().any(char::is_control) => text,
                _ => format!("0x{digits}"),
            }
        }
        other => other.to_string(),
    }
}

fn peer(peer: &Json) -> String {
    let text = |name: &str| peer[name].as_str().unwrap_or_default();
    let way = if peer["outgoing"] == true { "out" } else { "in" };
    let ours = if peer["features"].as_array().is_some_and(|codes| !codes.is_empty()) { "" } else { "  old" };
    format!("{}  {:<4} {:<3}  {}{ours}", short(text("id")), text("transport"), way, address(&peer["addr"]))
}

fn survey(nodes: &[Json]) -> Vec<String> {
    let mut lines: Vec<String> = nodes
        .iter()
        .map(|node| {
            let links: Vec<&str> =
                node["links"].as_array().into_iter().flatten().filter_map(Json::as_str).map(short).collect();
            let name = node["state"]["name"].as_str().map(|name| format!(" {name}")).unwrap_or_default();
            format!("{}{name}  linked to {}", short(node["id"].as_str().unwrap_or_default()), links.join(" "))
        })
        .collect();
    lines.sort();
    lines.push(format!("{} nodes", nodes.len()));
    lines
}

fn part(name: &str, table: &Json) -> Vec<String> {
    let entries = table.as_object().into_iter().flatten();
    entries.map(|(key, value)| format!("{name} {} = {}", short(key), shown(value))).collect()
}

fn columns(counters: &Map<String, Json>) -> Vec<String> {
    let told = counters.iter().filter(|(_, value)| !value.is_null() && **value != 0);
    told.map(|(name, value)| format!("{:<28} {}", name.replace('_', " "), shown(value))).collect()
}

/// `["127.0.0.1", 4444]` as `127.0.0.1:4444`.
fn address(addr: &Json) -> String {
    match (addr[0].as_str(), addr[1].as_u64()) {
        (Some(host), Some(port)) if host.contains(':') => format!("[{host}]:{port}"),
        (Some(host), Some(port)) => format!("{host}:{port}"),
        _ => "?".into(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn events_are_short_lines() {
        let line = |json: Json| event(&json).unwrap().1;
        let id = "7TxCBckkUz4jTDjirdAxAVVG";
        assert_eq!(
            line(json!({"ev": "message", "sender": id, "packets": ["hi", {"$bin": "6b"}, 7], "main": 2})),
            "7TxCBckk to you: hi k 7"
        );
        assert_eq!(
            line(json!({"ev": "joined", "id": id, "addr": ["::1", 4444], "transport": "tls", "outgoing": true})),
            "+ 7TxCBckk at [::1]:4444 over tls (we dialled)"
        );
        assert_eq!(
            line(json!({"ev": "update", "key": {"$bin": "6b"}, "value": {"a": 1}, "owner": id})),
            "k = {\"a\":1} by 7TxCBckk"
        );
        assert_eq!(event(&json!({"ev": "unheard of"})), None);
    }

    #[test]
    fn answers_are_lines() {
        assert_eq!(answer("set", &json!({"error": "leased"})), ["not done: leased"]);
        assert_eq!(
            answer("get", &json!({"result": null, "seconds": 0.25, "path": ["a", "b", "c"]})),
            ["no such key (0.250 s, 2 hops)"]
        );
        assert_eq!(answer("get", &json!({"result": "v", "seconds": 0})), ["v"]);
        assert_eq!(
            answer("stats", &json!({"result": {"links_closed": 2, "none": 0}})),
            ["links closed                 2"]
        );
        assert!(answer("send", &json!({"result": true})).is_empty());
        assert_eq!(answer("survey", &json!({"result": [{"id": "b", "links": ["a"]}]})), ["b  linked to a", "1 nodes"]);
        assert_eq!(help().len(), HELP.len());
    }

    #[test]
    fn what_comes_from_the_network_cannot_steer_the_terminal() {
        assert_eq!(crate::common::clean("a\u{1b}]0;x\u{7}\nb"), "a ]0;x  b");
        assert_eq!(shown(&json!({"$bin": "1b5b"})), "0x1b5b");
    }
}
