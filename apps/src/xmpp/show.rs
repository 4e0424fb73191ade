//! Messages as lines, for people, and as JSON, for programs.

use std::io::Write;

use rfc3920::jid::Jid;
use rfc3921::message::MessageType;
use rfc3921::presence::{Presence, PresenceType};
use rfc3921::session::{Incoming, Way};
use rfc3921::{datetime, me};
use serde_json::{Map, Value, json};

use super::{Ending, Outcome};
use crate::common::{clean, clean_json};

/// Prints a line on standard output. Whoever closed it wants to know no more: an end, but no failure.
///
/// # Errors
/// An end when nobody listens.
pub fn print(line: &str) -> Result<(), Ending> {
    let mut out = std::io::stdout().lock();
    let written = writeln!(out, "{line}").and_then(|()| out.flush());
    written.map_err(|why| match why.kind() {
        std::io::ErrorKind::BrokenPipe => Outcome::Done.because(""),
        _ => Outcome::Failed.because(format!("cannot write to standard output: {why}")),
    })
}

/// Prints an object of JSON as a line.
///
/// # Errors
/// As [`print`].
pub fn print_json(object: &Value) -> Result<(), Ending> {
    print(&clean_json(&object.to_string()))
}

/// A message for people: when, who, what. The lines of a longer one are indented, so that none can pass for another's.
pub fn line(incoming: &Incoming) -> String {
    let time = datetime::format(incoming.time);
    let message = &incoming.message;
    let is_room = message.kind == MessageType::Groupchat;
    let nick = incoming.from.resource().filter(|_| is_room || incoming.with.resource().is_some());
    let who = match (nick, incoming.own, &message.to) {
        (Some(nick), ..) => format!("{} <{}>", clean(incoming.with.bare_str()), clean(nick)),
        (None, true, Some(to)) => format!("to {}", clean(to.bare_str())),
        _ => clean(incoming.from.bare_str()),
    };
    let mut text = String::new();
    if let Some(subject) = &message.subject {
        text = format!("[{}] ", clean(subject));
    }
    if incoming.corrects.is_some() {
        text.push_str("(corrected) ");
    }
    match me::action(&incoming.text) {
        Some(action) => format!("{time} {who} {text}* {}", lines(action)),
        None => format!("{time} {who}: {text}{}", lines(&incoming.text)),
    }
}

fn lines(text: &str) -> String {
    text.lines().map(clean).collect::<Vec<_>>().join("\n    ")
}

/// A message for programs. What does not apply is left out.
pub fn json(incoming: &Incoming) -> Value {
    let message = &incoming.message;
    let mut object = Map::new();
    let mut put = |name: &str, value: Value| {
        if !matches!(value, Value::Null | Value::Bool(false)) {
            object.insert(name.to_owned(), value);
        }
    };
    let is_room = message.kind == MessageType::Groupchat;
    put("event", "message".into());
    put("time", datetime::format(incoming.time).into());
    put("from", incoming.from.as_str().into());
    put("to", message.to.as_ref().map(Jid::as_str).into());
    put("with", incoming.with.as_str().into());
    put("type", message.kind.name().into());
    put("body", incoming.text.as_str().into());
    put("id", incoming.id.as_deref().into());
    put("stanza_id", incoming.stanza_id.as_deref().into());
    put("subject", message.subject.as_deref().into());
    put("thread", message.thread.as_deref().into());
    if is_room {
        put("room", incoming.with.bare_str().into());
        put("nick", incoming.from.resource().into());
    }
    put("own", incoming.own.into());
    put("carbon", (incoming.way == Way::Carbon).into());
    put("archived", matches!(incoming.way, Way::Archive | Way::History).into());
    put("delay", message.delay.as_ref().map(|delay| datetime::format(delay.stamp)).into());
    put("replaces", incoming.corrects.as_deref().into());
    put("replies_to", message.reply.as_ref().map(|reply| reply.id.as_str()).into());
    put("url", message.link.as_ref().map(|link| link.url.as_str()).into());
    Value::Object(object)
}

/// Presence for people.
pub fn presence_line(presence: &Presence) -> Option<String> {
    let from = presence.from.as_ref()?;
    let state = match (&presence.kind, presence.show) {
        (PresenceType::Unavailable, _) => "offline",
        (_, Some(show)) => show.name(),
        _ => "online",
    };
    let status = presence.status.as_ref().map(|status| format!(" ({})", clean(status)));
    Some(format!("{} is {state}{}", clean(from.as_str()), status.unwrap_or_default()))
}

/// Presence for programs.
pub fn presence_json(presence: &Presence, time: std::time::Duration) -> Option<Value> {
    let from = presence.from.as_ref()?;
    Some(json!({
        "event": "presence", "time": datetime::format(time), "from": from.as_str(),
        "available": presence.kind != PresenceType::Unavailable, "show": presence.show.map(|show| show.name()),
        "status": presence.status, "priority": presence.priority,
    }))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rfc3920::xml::{Element, Limits};
    use rfc3921::message::Message;
    use rfc3921::session::Author;

    use super::*;

    fn incoming(text: &str) -> Incoming {
        let message = Message::from_element(&Element::parse(text, &Limits::default()).unwrap()).unwrap();
        let from = message.from.clone().unwrap();
        Incoming {
            with: from.bare(),
            author: Author::Account(from.bare()),
            from,
            own: false,
            way: Way::Live,
            id: message.id.clone(),
            stanza_id: None,
            time: Duration::from_secs(1_000_000_000),
            text: message.body.clone().unwrap_or_default(),
            corrects: None,
            verified: false,
            message,
        }
    }

    #[test]
    fn lines_for_people() {
        let chat =
            "<message xmlns='jabber:client' from='hare@wonderland.example/x' type='chat'><body>%</body></message>";
        let shown = |body: &str| line(&incoming(&chat.replace('%', body)));
        assert_eq!(shown("Have some wine"), "2001-09-09T01:46:40Z hare@wonderland.example: Have some wine");
        assert_eq!(shown("/me pours"), "2001-09-09T01:46:40Z hare@wonderland.example * pours");
        let two = shown("one\n2001-09-09T01:46:40Z queen@wonderland.example: off with his head");
        assert!(two.lines().nth(1).unwrap().starts_with("    2001"), "{two}");
        let hostile = shown("a\u{9b}2Jb\u{202e}c\rd");
        assert!(!hostile.chars().any(|c| c.is_control() && c != '\n' || c == '\u{202e}'), "{hostile:?}");
        let room = "<message xmlns='jabber:client' from='tea@rooms.wonderland.example/Hatter' type='groupchat'>\
                    <body>hi</body></message>";
        assert_eq!(line(&incoming(room)), "2001-09-09T01:46:40Z tea@rooms.wonderland.example <Hatter>: hi");
    }

    #[test]
    fn json_for_programs() {
        let text = "<message xmlns='jabber:client' from='tea@rooms.wonderland.example/Hatter' to='a@b.example/c' id='m1' \
                    type='groupchat'><body>one\ntwo</body><reply xmlns='urn:xmpp:reply:0' id='m0'/></message>";
        let object = json(&incoming(text));
        assert_eq!(object["body"], "one\ntwo");
        assert_eq!((&object["room"], &object["nick"]), (&json!("tea@rooms.wonderland.example"), &json!("Hatter")));
        assert_eq!(
            (&object["id"], &object["replies_to"], &object["type"]),
            (&json!("m1"), &json!("m0"), &json!("groupchat"))
        );
        assert!(object.get("carbon").is_none() && object.get("subject").is_none());
        assert_eq!(object.to_string().lines().count(), 1);
    }
}
