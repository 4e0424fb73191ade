//! What the user types: text, or a command behind a slash.

use crate::common::suggest;

/// A typed line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Say this in the conversation that is shown.
    Say(String),
    /// `/msg WHO [TEXT]`: open a conversation, and say something in it.
    Msg(String, Option<String>),
    /// `/join ROOM [NICK [PASSWORD]]`.
    Join(String, Option<String>, Option<String>),
    /// `/leave [WHY]`: out of the room that is shown.
    Leave(Option<String>),
    /// `/close`: this conversation off the screen; out of it, if it is a room.
    Close,
    /// `/win N` or `/N`.
    Window(usize),
    /// `/who`: the occupants of the room, or what is known of the contact.
    Who,
    /// `/roster`, with `add WHO [NAME]`, `remove WHO`, `name WHO NAME`.
    Roster(Option<RosterChange>),
    /// `/sub VERB [WHO]`.
    Sub(SubVerb, Option<String>),
    /// `/presence`, `/away`, `/dnd`, `/xa`, `/chat`, `/back`: how available, and in which words.
    Presence(Option<rfc3921::presence::Show>, Option<String>),
    /// `/clear`.
    Clear,
    /// `/nick NAME`.
    Nick(String),
    /// `/topic [TEXT]`.
    Topic(Option<String>),
    /// `/invite WHO [WHY]`: into the room that is shown.
    Invite(String, Option<String>),
    /// `/kick NICK [WHY]`.
    Kick(String, Option<String>),
    /// `/bookmark`: enter the room that is shown by itself from now on; `/bookmark off`.
    Bookmark(bool),
    /// `/block [WHO]`.
    Block(Option<String>),
    /// `/unblock WHO`.
    Unblock(String),
    /// `/correct TEXT`: what we said last is this instead.
    Correct(String),
    /// `/retract`: what we said last is taken back.
    Retract,
    /// `/react [N] EMOJI…`: to the Nth message of others from the end; none takes it back.
    React(usize, Vec<String>),
    /// `/reply [N] TEXT`.
    Reply(usize, String),
    /// `/upload FILE`.
    Upload(String),
    /// `/history`: older messages.
    History,
    /// `/ping [WHO]`.
    Ping(Option<String>),
    /// `/version [WHO]`.
    Version(Option<String>),
    /// `/account [NAME]`: which account commands mean where no conversation says so.
    Account(Option<String>),
    /// `/connect` and `/disconnect`.
    Connect(bool),
    /// `/help [COMMAND]`.
    Help(Option<String>),
    /// `/quit`.
    Quit,
}

/// What `/roster` changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RosterChange {
    /// A contact comes in, under that name.
    Add(String, Option<String>),
    /// One goes.
    Remove(String),
}

/// What `/sub` does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubVerb {
    /// Ask for somebody's presence.
    Request,
    /// Let somebody have ours.
    Allow,
    /// Do not, or no longer.
    Deny,
    /// Do not want somebody's any longer.
    Cancel,
}

/// A command: its name, what follows it, what it does.
pub type Entry = (&'static str, &'static str, &'static str);

/// All commands, in the order of `/help`.
pub const COMMANDS: &[Entry] = &[
    ("msg", "WHO [TEXT]", "talk to somebody: an address, a contact's name, or a nick of this room"),
    ("join", "ROOM [NICK [PASSWORD]]", "enter a room, such as tea@rooms.example.org"),
    ("leave", "[WHY]", "leave this room"),
    ("close", "", "take this conversation off the screen"),
    ("win", "N", "show conversation N; Alt-1 to Alt-9 do the same"),
    ("who", "", "who is in this room, or what is known of this contact"),
    ("roster", "[add|remove WHO [NAME]]", "the contacts; add one or remove one"),
    ("sub", "request|allow|deny|cancel [WHO]", "who may see whose presence"),
    ("presence", "online|chat|away|xa|dnd [TEXT]", "what your contacts see"),
    ("away", "[TEXT]", "short for /presence away; /back ends it"),
    ("back", "", "short for /presence online"),
    ("nick", "NAME", "another name in this room"),
    ("topic", "[TEXT]", "what this room is about"),
    ("invite", "WHO [WHY]", "ask somebody into this room"),
    ("kick", "NICK [WHY]", "send somebody out of this room"),
    ("bookmark", "[off]", "enter this room by itself from now on, on all your devices"),
    ("block", "[WHO]", "take nothing from somebody any more; without WHO: the list"),
    ("unblock", "WHO", "take messages from somebody again"),
    ("correct", "TEXT", "say this instead of what you said last; or press Up and edit it"),
    ("retract", "", "take back what you said last"),
    ("reply", "[N] TEXT", "answer the last message of others, or the Nth last"),
    ("react", "[N] EMOJI", "react to it"),
    ("upload", "FILE", "upload a file, and send its address here"),
    ("history", "", "older messages; PgUp does the same at the top"),
    ("clear", "", "empty the screen; nothing is deleted"),
    ("ping", "[WHO]", "how long an answer takes"),
    ("version", "[WHO]", "which program somebody uses"),
    ("account", "[NAME]", "your accounts; which of them opens new conversations"),
    ("connect", "", "try to connect again now"),
    ("disconnect", "", "go offline"),
    ("help", "[COMMAND]", "this"),
    ("quit", "", "leave; Ctrl-C does the same"),
];

/// The commands by what they are about, for `/help`.
pub const GROUPS: &[(&str, &str)] = &[
    ("Talk", "/msg /reply /react /correct /retract /upload /history"),
    ("Rooms", "/join /leave /who /topic /nick /invite /kick /bookmark"),
    ("People", "/roster /sub /block /unblock /ping /version"),
    ("You", "/presence /away /back /account /connect /disconnect"),
    ("Screen", "/win /close /clear /help /quit"),
];

/// The keys, for `/help`.
pub const KEYS: &[(&str, &str)] = &[
    ("Alt-1 … Alt-9", "conversation by number"),
    ("Alt-a", "next conversation with something new"),
    ("Ctrl-N, Ctrl-P", "next and previous conversation"),
    ("PgUp, PgDn", "look back, and down again"),
    ("Tab", "complete a command, a nick or an address"),
    ("Up", "correct what you said last; again: lines typed before"),
    ("Alt-Enter", "a new line in a message"),
    ("Ctrl-C", "leave"),
];

/// Reads a typed line.
///
/// # Errors
/// What is wrong with it, for the user.
///
/// ```
/// use apps::xmpp::chat::command::{Command, parse};
/// assert_eq!(parse("hello"), Ok(Command::Say("hello".into())));
/// assert_eq!(parse("/me waves"), Ok(Command::Say("/me waves".into())));
/// assert_eq!(parse("//etc/hosts"), Ok(Command::Say("/etc/hosts".into())));
/// assert_eq!(parse("/msg bob tea?"), Ok(Command::Msg("bob".into(), Some("tea?".into()))));
/// assert!(parse("/qiut").unwrap_err().contains("/quit"));
/// ```
pub fn parse(line: &str) -> Result<Command, String> {
    let Some(rest) = line.strip_prefix('/') else { return Ok(Command::Say(line.to_owned())) };
    if rest.starts_with('/') {
        return Ok(Command::Say(rest.to_owned()));
    }
    let (name, args) = split(rest);
    if let Ok(number) = name.parse() {
        return Ok(Command::Window(number));
    }
    let (first, more) = split(args);
    let name = name.to_lowercase();
    match name.as_str() {
        "me" => Ok(Command::Say(line.to_owned())),
        "say" => Ok(Command::Say(args.to_owned())),
        "win" | "w" => first.parse().map(Command::Window).map_err(|_| usage("win")),
        "who" | "names" | "info" => Ok(Command::Who),
        "close" | "wc" => Ok(Command::Close),
        "clear" => Ok(Command::Clear),
        "history" => Ok(Command::History),
        "retract" => Ok(Command::Retract),
        "connect" | "disconnect" => Ok(Command::Connect(name == "connect")),
        "quit" | "exit" => Ok(Command::Quit),
        "help" | "h" => Ok(Command::Help(some(first.trim_start_matches('/')))),
        "account" => Ok(Command::Account(some(first))),
        "ping" => Ok(Command::Ping(some(first))),
        "version" => Ok(Command::Version(some(first))),
        "leave" | "part" => Ok(Command::Leave(some(args))),
        "topic" => Ok(Command::Topic(some(args))),
        "nick" => required("nick", args).map(Command::Nick),
        "correct" => required("correct", args).map(Command::Correct),
        "upload" | "sendfile" => required("upload", args).map(Command::Upload),
        "msg" | "query" | "q" => required("msg", first).map(|who| Command::Msg(who, some(more))),
        "invite" => required("invite", first).map(|who| Command::Invite(who, some(more))),
        "kick" => required("kick", first).map(|who| Command::Kick(who, some(more))),
        "unblock" => required("unblock", first).map(Command::Unblock),
        "block" => Ok(Command::Block(some(first))),
        "bookmark" => Ok(Command::Bookmark(first != "off")),
        "join" | "j" => {
            let (nick, password) = split(more);
            required("join", first).map(|room| Command::Join(room, some(nick), some(password)))
        }
        "reply" | "react" => numbered(&name, args),
        "roster" | "contacts" => roster(first, more),
        "sub" => sub(first, more),
        "away" | "xa" | "dnd" | "back" | "online" => presence(&name, args),
        "presence" | "status" => presence(first, more),
        _ => Err(unknown(&name)),
    }
}

fn presence(name: &str, text: &str) -> Result<Command, String> {
    use rfc3921::presence::Show;
    let show = match name {
        "online" | "back" => None,
        "chat" => Some(Show::Chat),
        "away" => Some(Show::Away),
        "xa" => Some(Show::Xa),
        "dnd" => Some(Show::Dnd),
        _ => return Err(usage("presence")),
    };
    Ok(Command::Presence(show, some(text)))
}

fn roster(verb: &str, rest: &str) -> Result<Command, String> {
    let (who, name) = split(rest);
    let change = match verb {
        "" | "show" | "list" => return Ok(Command::Roster(None)),
        "add" | "name" => RosterChange::Add(required("roster", who)?, some(name)),
        "remove" => RosterChange::Remove(required("roster", who)?),
        _ => return Err(usage("roster")),
    };
    Ok(Command::Roster(Some(change)))
}

fn sub(verb: &str, who: &str) -> Result<Command, String> {
    let verb = match verb {
        "request" | "ask" => SubVerb::Request,
        "allow" | "approve" => SubVerb::Allow,
        "deny" | "refuse" => SubVerb::Deny,
        "cancel" => SubVerb::Cancel,
        _ => return Err(usage("sub")),
    };
    Ok(Command::Sub(verb, some(who)))
}

/// The Nth message from the end, the last if no number is there, and something about it.
fn numbered(name: &str, args: &str) -> Result<Command, String> {
    let (first, more) = split(args);
    let (number, rest) = match first.parse() {
        Ok(number) if !more.is_empty() || name == "react" => (number, more),
        _ => (1, args),
    };
    if name == "react" {
        return Ok(Command::React(number, rest.split_whitespace().map(str::to_owned).collect()));
    }
    required("reply", rest).map(|text| Command::Reply(number, text))
}

fn split(text: &str) -> (&str, &str) {
    let text = text.trim_start();
    text.split_once(char::is_whitespace).map_or((text, ""), |(first, rest)| (first, rest.trim_start()))
}

fn some(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

fn required(name: &str, text: &str) -> Result<String, String> {
    some(text).ok_or_else(|| usage(name))
}

fn usage(name: &str) -> String {
    let entry = COMMANDS.iter().find(|entry| entry.0 == name);
    let (name, args, what) = entry.copied().unwrap_or((COMMANDS[0].0, COMMANDS[0].1, COMMANDS[0].2));
    format!("/{name} {args}: {what}")
}

fn unknown(name: &str) -> String {
    match suggest(name, COMMANDS.iter().map(|entry| entry.0)) {
        Some(near) => format!("there is no /{name}: did you mean /{near}?"),
        None => format!("there is no /{name}; /help lists what there is, and // begins a message with a slash"),
    }
}

#[cfg(test)]
mod tests {
    use rfc3921::presence::Show;

    use super::*;

    #[test]
    fn commands_and_their_arguments() {
        let text = |text: &str| Some(text.to_owned());
        for (line, command) in [
            ("/join tea@rooms.wonderland.example", Command::Join("tea@rooms.wonderland.example".into(), None, None)),
            ("/j tea Alice  pw d", Command::Join("tea".into(), text("Alice"), text("pw d"))),
            ("/3", Command::Window(3)),
            ("/win 12", Command::Window(12)),
            ("/away at the croquet ground", Command::Presence(Some(Show::Away), text("at the croquet ground"))),
            ("/presence dnd", Command::Presence(Some(Show::Dnd), None)),
            ("/back", Command::Presence(None, None)),
            ("/sub allow", Command::Sub(SubVerb::Allow, None)),
            ("/roster", Command::Roster(None)),
            (
                "/roster add b@c.example The Hare",
                Command::Roster(Some(RosterChange::Add("b@c.example".into(), text("The Hare")))),
            ),
            ("/react 👍", Command::React(1, vec!["👍".into()])),
            ("/react 2 👍 ❤", Command::React(2, vec!["👍".into(), "❤".into()])),
            ("/reply 2 yes", Command::Reply(2, "yes".into())),
            ("/reply 2", Command::Reply(1, "2".into())),
            ("/topic", Command::Topic(None)),
            ("/HELP /msg", Command::Help(text("msg"))),
            ("two\nlines", Command::Say("two\nlines".into())),
        ] {
            assert_eq!(parse(line), Ok(command), "{line}");
        }
    }

    #[test]
    fn mistakes_name_the_way_out() {
        for (line, hint) in [
            ("/msg", "/msg WHO"),
            ("/joni x", "/join"),
            ("/xyzzy", "/help"),
            ("/presence gone", "online|chat"),
            ("/sub", "allow"),
        ] {
            assert!(parse(line).unwrap_err().contains(hint), "{line}: {:?}", parse(line));
        }
    }

    #[test]
    fn the_overview_has_every_command() {
        let grouped: Vec<_> = GROUPS.iter().flat_map(|(_, names)| names.split(' ')).collect();
        assert_eq!(grouped.len(), COMMANDS.len());
        assert!(COMMANDS.iter().all(|(name, ..)| grouped.contains(&format!("/{name}").as_str())));
    }

    #[test]
    fn every_command_of_the_help_is_understood() {
        for (name, _, _) in COMMANDS {
            let with = parse(&format!("/{name} 1 away x"))
                .or_else(|_| parse(&format!("/{name} away x")))
                .or_else(|_| parse(&format!("/{name} allow x")))
                .or_else(|_| parse(&format!("/{name} add x")));
            assert!(with.is_ok(), "/{name}: {with:?}");
        }
    }
}
