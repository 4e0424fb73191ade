//! The commands that a client may call, and the callbacks that it is sent, as AMF values.
//!
//! Only the names here reach a line; whatever else a client calls is answered by an error, and so are arguments that
//! make no sense.

use amf::amf0::Value;

use super::line::{Callback, Command};
use super::offer::Word;

/// Reads a command by its name and arguments.
///
/// # Errors
/// In words for the client: an unknown name, or arguments that do not fit.
pub fn read(name: &str, arguments: &[Value]) -> Result<Command, String> {
    let arguments = Arguments { name, values: arguments };
    match name {
        "invite" => Ok(Command::Invite { to: arguments.text(0, "whom to call")?, words: arguments.words(1)? }),
        "accept" => Ok(Command::Accept(arguments.words(0)?)),
        "reject" => Ok(Command::Reject(arguments.optional(0, "a reason")?.unwrap_or_else(|| "Decline".to_owned()))),
        "bye" => Ok(Command::Bye),
        "hold" => Ok(Command::Hold(arguments.truth(0)?)),
        "sendDTMF" => Ok(Command::SendDtmf(arguments.keys(0)?)),
        "sendText" => match arguments.optional(1, "a text")? {
            Some(text) => Ok(Command::SendText { to: Some(arguments.text(0, "an address")?), text }),
            None => Ok(Command::SendText { to: None, text: arguments.text(0, "a text")? }),
        },
        _ => Err(format!("there is no command {:?}", shorten(name))),
    }
}

/// The method of the client that a callback calls, and its arguments.
pub fn callback(callback: Callback) -> (&'static str, Vec<Value>) {
    let text = |text: String| Value::from(text);
    match callback {
        Callback::Invited { from, to } => ("invited", vec![text(from), text(to)]),
        Callback::Ringing(reason) => ("ringing", vec![text(reason)]),
        Callback::Accepted(None) => ("accepted", vec![]),
        Callback::Accepted(Some(words)) => {
            ("accepted", words.into_iter().map(|word| word.map_or(Value::Null, Value::from)).collect())
        }
        Callback::Rejected(reason) => ("rejected", vec![text(reason)]),
        Callback::Cancelled { from, to } => ("cancelled", vec![text(from), text(to)]),
        Callback::Byed => ("byed", vec![]),
        Callback::Holded(held) => ("holded", vec![Value::from(held)]),
        Callback::ReceivedDtmf(key) => ("receivedDTMF", vec![text(key.to_string())]),
        Callback::ReceivedText { from, text: said } => ("receivedText", vec![text(from), text(said)]),
    }
}

/// The arguments of one command.
struct Arguments<'a> {
    name: &'a str,
    values: &'a [Value],
}

impl Arguments<'_> {
    fn get(&self, at: usize) -> Option<&Value> {
        self.values.get(at).filter(|value| !matches!(value, Value::Null | Value::Undefined))
    }

    fn wrong(&self, at: usize, what: &str) -> String {
        format!("{}: argument {} must be {what}", self.name, at + 1)
    }

    fn text(&self, at: usize, what: &str) -> Result<String, String> {
        self.optional(at, what)?.ok_or_else(|| self.wrong(at, what))
    }

    fn optional(&self, at: usize, what: &str) -> Result<Option<String>, String> {
        let Some(value) = self.get(at) else { return Ok(None) };
        let text = value.as_str().filter(|text| !text.trim().is_empty() && text.len() <= LONGEST);
        text.map(|text| Some(text.to_owned())).ok_or_else(|| self.wrong(at, what))
    }

    fn truth(&self, at: usize) -> Result<bool, String> {
        self.get(at).and_then(Value::as_bool).ok_or_else(|| self.wrong(at, "true or false"))
    }

    /// Keys as text, or one digit as a number.
    fn keys(&self, at: usize) -> Result<String, String> {
        match self.get(at).and_then(Value::as_f64).filter(|n| n.fract() == 0.0 && (0.0..10.0).contains(n)) {
            Some(digit) => Ok(digit.to_string()),
            None => self.text(at, "keys"),
        }
    }

    /// The codec words from there on. Words that nobody knows are passed over, as they always were.
    fn words(&self, from: usize) -> Result<Vec<Word>, String> {
        let mut words = Vec::new();
        let mut named = false;
        for (at, value) in self.values.iter().enumerate().skip(from).take(MOST_WORDS) {
            if matches!(value, Value::Null | Value::Undefined) {
                continue;
            }
            let word = value.as_str().ok_or_else(|| self.wrong(at, "a codec word"))?;
            named = true;
            match Word::read(word) {
                Some(word) => words.push(word),
                None => tracing::debug!(word = shorten(word), "unknown codec word"),
            }
        }
        if named && words.is_empty() {
            return Err(format!("{}: none of the codecs is known", self.name));
        }
        Ok(words)
    }
}

fn shorten(text: &str) -> &str {
    const SHOWN: usize = 40;
    text.char_indices().nth(SHOWN).and_then(|(at, _)| text.get(..at)).unwrap_or(text)
}

/// The longest text of an argument, in bytes.
const LONGEST: usize = 4096;

/// Codec words that are looked at.
const MOST_WORDS: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(texts: &[&str]) -> Vec<Value> {
        texts.iter().map(|t| Value::from(*t)).collect()
    }

    #[test]
    fn every_documented_command_is_read() {
        let words = vec![Word::Wideband, Word::Pcmu, Word::H264];
        let invite = Command::Invite { to: "bob@h".into(), words: words.clone() };
        assert_eq!(read("invite", &texts(&["bob@h", "wideband", "pcmu", "h264"])), Ok(invite));
        assert_eq!(read("invite", &texts(&["b"])), Ok(Command::Invite { to: "b".into(), words: vec![] }));
        assert_eq!(read("accept", &[]), Ok(Command::Accept(vec![])));
        assert_eq!(read("accept", &texts(&["g729", "pcmu"])), Ok(Command::Accept(vec![Word::Pcmu])));
        assert_eq!(read("reject", &[]), Ok(Command::Reject("Decline".into())));
        assert_eq!(read("reject", &texts(&["486 Busy Here"])), Ok(Command::Reject("486 Busy Here".into())));
        assert_eq!(read("bye", &[Value::Null]), Ok(Command::Bye));
        assert_eq!(read("hold", &[Value::from(true)]), Ok(Command::Hold(true)));
        assert_eq!(read("sendDTMF", &texts(&["5"])), Ok(Command::SendDtmf("5".into())));
        assert_eq!(read("sendDTMF", &[Value::from(5.0)]), Ok(Command::SendDtmf("5".into())));
        assert_eq!(read("sendText", &texts(&["hi"])), Ok(Command::SendText { to: None, text: "hi".into() }));
        let to = Command::SendText { to: Some("bob@h".into()), text: "hi".into() };
        assert_eq!(read("sendText", &texts(&["bob@h", "hi"])), Ok(to));
    }

    #[test]
    fn nothing_else_can_be_called() {
        for name in ["rtmp_data", "rtmp_register", "register", "unregister", "data", "command", "Invite", "", "close"] {
            assert!(read(name, &texts(&["x", "y"])).is_err(), "{name}");
        }
        assert!(read(&"x".repeat(65_000), &[]).unwrap_err().len() < 100);
    }

    #[test]
    fn wrong_arguments_are_named() {
        for (name, arguments) in [
            ("invite", vec![]),
            ("invite", vec![Value::from(5.0)]),
            ("invite", texts(&[" "])),
            ("invite", vec![Value::from("b"), Value::from(true)]),
            ("accept", texts(&["g729"])),
            ("hold", vec![]),
            ("hold", texts(&["yes"])),
            ("reject", vec![Value::from(486.0)]),
            ("sendDTMF", vec![]),
            ("sendDTMF", vec![Value::from(1.5)]),
            ("sendText", vec![]),
        ] {
            let why = read(name, &arguments).unwrap_err();
            assert!(why.starts_with(name), "{why}");
        }
        assert!(read("sendText", &[Value::from("x".repeat(5000))]).is_err());
    }

    #[test]
    fn callbacks_have_the_names_and_arguments_of_old() {
        let (name, arguments) = callback(Callback::Accepted(Some([Some("speex"), None])));
        assert_eq!((name, arguments), ("accepted", vec![Value::from("speex"), Value::Null]));
        assert_eq!(callback(Callback::Accepted(None)), ("accepted", vec![]));
        assert_eq!(callback(Callback::Holded(true)), ("holded", vec![Value::from(true)]));
        assert_eq!(callback(Callback::Rejected("486 Busy Here".into())).1, texts(&["486 Busy Here"]));
    }
}
