//! How the user hears of a message: by the bell, by what terminals make of a sequence, by a command.

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use clap::ValueEnum;
use rfc3921::display::safe_line;

/// What the terminal is asked to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Way {
    /// Nothing.
    None,
    /// The bell.
    #[default]
    Bell,
    /// The bell, and a notification by the sequence OSC 9.
    Osc9,
    /// The bell, and a notification with a title by the sequence OSC 777.
    Osc777,
}

/// Tells the user, but not more often than a person wants to hear it.
#[derive(Debug)]
pub struct Notifier {
    way: Way,
    command: Option<String>,
    last: Option<Instant>,
}

impl Notifier {
    /// In that way, and by that command of the shell.
    pub fn new(way: Way, command: Option<String>) -> Notifier {
        Notifier { way, command, last: None }
    }

    /// Tells of a message: who, and what.
    pub fn notify(&mut self, title: &str, text: &str, out: &mut impl Write) {
        let now = Instant::now();
        if self.last.is_some_and(|last| now.duration_since(last) < PAUSE) {
            return;
        }
        self.last = Some(now);
        let _nobody_to_tell = out.write_all(sequence(self.way, title, text).as_bytes()).and_then(|()| out.flush());
        if let Some(command) = &self.command {
            run(command, title, text);
        }
    }
}

/// What the terminal gets. The words are those of others: nothing in them can end the sequence.
fn sequence(way: Way, title: &str, text: &str) -> String {
    let short = |text: &str| safe_line(text).replace(';', ",").chars().take(LONGEST).collect::<String>();
    let (title, text) = (short(title), short(text));
    match way {
        Way::None => String::new(),
        Way::Bell => "\x07".to_owned(),
        Way::Osc9 => format!("\x07\x1b]9;{title}: {text}\x1b\\"),
        Way::Osc777 => format!("\x07\x1b]777;notify;{title};{text}\x1b\\"),
    }
}

/// Runs a command of the user. The words go by the environment: in the arguments everybody on the machine could see them,
/// and in the command itself they could be commands.
fn run(command: &str, title: &str, text: &str) {
    let quiet = (Stdio::null(), Stdio::null(), Stdio::null());
    let (without_nul, text) = (title.replace('\0', ""), text.replace('\0', ""));
    let mut shell = Command::new("sh");
    shell.args(["-c", command]).env("XMPP_FROM", without_nul).env("XMPP_TEXT", text);
    if let Ok(mut child) = shell.stdin(quiet.0).stdout(quiet.1).stderr(quiet.2).spawn() {
        std::thread::spawn(move || child.wait());
    }
}

/// Between two.
const PAUSE: Duration = Duration::from_secs(1);
/// Characters.
const LONGEST: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_others_stay_within_the_sequence() {
        for way in [Way::Osc9, Way::Osc777] {
            let sequence = sequence(way, "a;b\x1b\\c\x07", "x\u{9c}\n\x1b]0;y;z");
            assert_eq!(sequence.matches(|c: char| c.is_control()).count(), 3, "{sequence:?}");
            assert_eq!(sequence.matches(';').count(), if way == Way::Osc9 { 1 } else { 3 });
        }
    }

    #[test]
    fn many_messages_ring_once() {
        let (mut notifier, mut out) = (Notifier::new(Way::Bell, None), Vec::new());
        (0..10).for_each(|_| notifier.notify("Hare", "tea", &mut out));
        assert_eq!(out, b"\x07");
    }

    #[test]
    fn the_command_gets_the_words_as_they_are() {
        let path = std::env::temp_dir().join(format!("xmpp-notify-{}", std::process::id()));
        let command = format!("printf '%s|%s' \"$XMPP_FROM\" \"$XMPP_TEXT\" > {0}.new; mv {0}.new {0}", path.display());
        Notifier::new(Way::None, Some(command)).notify("Hare", "$(id) `id` ; '\"", &mut Vec::new());
        let told = (0..200).find_map(|_| {
            std::thread::sleep(Duration::from_millis(20));
            std::fs::read_to_string(&path).ok()
        });
        assert_eq!(told.as_deref(), Some("Hare|$(id) `id` ; '\""));
        let _gone = std::fs::remove_file(path);
    }
}
