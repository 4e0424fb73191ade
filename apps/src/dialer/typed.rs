use super::options::is_digit;

/// What a typed line asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Typed {
    /// Send keys.
    Keys(String),
    /// Send a message.
    Text(String),
    /// Take the call that rings.
    Answer,
    /// Refuse the call that rings, with a status.
    Reject(u16),
    /// Put the other side on hold.
    Hold,
    /// Take it off hold.
    Resume,
    /// Hang up.
    Bye,
    /// Hang up and end the program.
    Quit,
    /// Say what can be typed.
    Help,
    /// A command that does not exist.
    Unknown(String),
}

/// What can be typed.
pub const HELP: &str = "digits: send as DTMF; other text: send as a message; \
/answer, /reject [CODE], /hold, /resume, /bye, /quit, /help";

impl Typed {
    /// Reads a line; `None` when it is empty.
    ///
    /// ```
    /// use apps::dialer::Typed;
    /// assert_eq!(Typed::read("12#"), Some(Typed::Keys("12#".into())));
    /// assert_eq!(Typed::read("a table for 2"), Some(Typed::Text("a table for 2".into())));
    /// ```
    pub fn read(line: &str) -> Option<Typed> {
        let line = line.trim();
        let mut words = line.split_whitespace();
        let first = words.next()?;
        Some(match first {
            "/answer" => Typed::Answer,
            "/reject" => match words.next().unwrap_or("603").parse() {
                Ok(status @ 300..=699) => Typed::Reject(status),
                _ => Typed::Unknown(line.to_owned()),
            },
            "/hold" => Typed::Hold,
            "/resume" => Typed::Resume,
            "/bye" => Typed::Bye,
            "/quit" => Typed::Quit,
            "/help" => Typed::Help,
            _ if first.starts_with('/') => Typed::Unknown(first.to_owned()),
            // letters are keys only beside a digit: "bad" is a word
            _ if line.chars().all(is_digit) && line.chars().any(|c| !c.is_ascii_alphabetic() && c != ',') => {
                Typed::Keys(line.to_owned())
            }
            _ => Typed::Text(line.to_owned()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_words_and_commands() {
        let read = |line: &str| Typed::read(line).unwrap();
        assert_eq!(Typed::read(" \r\n"), None);
        assert_eq!(read(" 5,5\n"), Typed::Keys("5,5".into()));
        assert_eq!(read("1A"), Typed::Keys("1A".into()));
        assert_eq!(read("bad"), Typed::Text("bad".into()));
        assert_eq!(read("5 apples"), Typed::Text("5 apples".into()));
        assert_eq!((read("/reject"), read("/reject 486")), (Typed::Reject(603), Typed::Reject(486)));
        assert_eq!(
            (read("/reject 200"), read("/nonsense x")),
            (Typed::Unknown("/reject 200".into()), Typed::Unknown("/nonsense".into()))
        );
        assert_eq!(
            [read("/hold"), read("/resume"), read("/bye"), read("/quit")],
            [Typed::Hold, Typed::Resume, Typed::Bye, Typed::Quit]
        );
    }
}
