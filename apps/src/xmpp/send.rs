//! `xmpp send`: a message, or one a line, and the certainty that the server has it.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use rfc3920::jid::Jid;
use rfc3921::link::Link;
use rfc3921::session::{Event, Saved, Text};
use serde_json::json;
use tokio::io::{AsyncBufReadExt, BufReader};

use super::account::Account;
use super::connection::{Connection, Setup, address, bounced};
use super::options::SendOptions;
use super::show::print_json;
use super::{Ending, Outcome, room};
use crate::common::{Failure, password_file};

/// Sends what the options say.
///
/// # Errors
/// An end without success.
pub async fn send(account: &Account, options: &SendOptions) -> Result<(), Ending> {
    let to = address(&options.to)?;
    let text = if options.interactive { None } else { Some(text(&options.text, options.message_file.as_deref())?) };
    let room_password = options.room_password_file.as_deref().map(password_file).transpose()?;
    let setup = Setup::new(account, &account.password()?)?;
    let mut connection = Connection::begin(setup, Saved::default(), |config| {
        config.stream.timing.ack = ASK;
        // Where the archive stands is enough to find out later what of ours it has, unless there is much of that.
        config.limits.first_page = if options.interactive { UNDER_WAY as u32 } else { 1 };
    });
    let nick = options.room.then(|| room::nick(account, options.nick.as_deref(), connection.jid()));
    let sent = async {
        connection.online().await?;
        if let Some(nick) = &nick {
            room::visit(&mut connection, &to, nick, room_password.as_deref()).await?;
        }
        match text {
            Some(body) => {
                let text = Text { body, subject: options.subject.clone(), ..Text::default() };
                deliver(&mut connection, &to, text).await.map(Some)
            }
            None => each_line(&mut connection, &to).await.map(|()| None),
        }
    };
    let sent = sent.await;
    connection.close().await;
    report(options.json, &to, &sent)?;
    sent.map(|_| ())
}

/// What came of it, for programs.
fn report(json: bool, to: &Jid, sent: &Result<Option<String>, Ending>) -> Result<(), Ending> {
    if !json {
        return Ok(());
    }
    let object = match sent {
        Ok(id) => json!({"ok": true, "to": to.as_str(), "id": id}),
        Err(end) => json!({"ok": false, "to": to.as_str(), "outcome": end.outcome, "reason": end.why}),
    };
    print_json(&object)
}

/// Says it, and waits until the server has it, or the room has passed it on. Gives its id.
///
/// # Errors
/// When it came back, or nothing came in time.
pub async fn deliver(connection: &mut Connection, to: &Jid, text: Text) -> Result<String, Ending> {
    let (session, now) = connection.command();
    let id = session.say(now, to, text).map_err(|why| Outcome::Failed.because(why))?;
    connection
        .wait("the server's word that it has the message", |_, event| match event {
            Event::Sent { id: sent, .. } if sent == id => Some(Ok(())),
            Event::Failed { id: failed, with, error } if failed == id => {
                Some(Err(bounced(&format!("{with} does not take it"), &error)))
            }
            _ => None,
        })
        .await?;
    Ok(id)
}

/// Says each line of standard input as it comes, and waits until the server has all of them.
async fn each_line(connection: &mut Connection, to: &Jid) -> Result<(), Ending> {
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    let mut waiting: BTreeMap<String, usize> = BTreeMap::new();
    let mut count = 0;
    let mut open = true;
    while open || !waiting.is_empty() {
        // Whatever the server is slow with is not read yet.
        let reads = open && waiting.len() < UNDER_WAY;
        let patience = if open { Timeout::None } else { Timeout::Account };
        tokio::select! {
            line = lines.next_line(), if reads => match line {
                Ok(Some(line)) if line.is_empty() => {}
                Ok(Some(line)) => {
                    count += 1;
                    let (session, now) = connection.command();
                    let text = Text::from(line.as_str());
                    waiting.insert(session.say(now, to, text).map_err(|why| Outcome::Failed.because(why))?, count);
                }
                Ok(None) => open = false,
                Err(why) => return Err(Failure::usage(format!("cannot read standard input: {why}")).into()),
            },
            event = next(connection, patience) => match event? {
                Event::Sent { id, .. } => drop(waiting.remove(&id)),
                Event::Failed { id, with, error } => {
                    if let Some(line) = waiting.remove(&id) {
                        return Err(bounced(&format!("{with} does not take line {line}"), &error));
                    }
                }
                _ => {}
            },
        }
    }
    Ok(())
}

/// How long to wait for an event.
enum Timeout {
    None,
    Account,
}

/// The next event that is no end.
async fn next(connection: &mut Connection, timeout: Timeout) -> Result<Event, Ending> {
    match timeout {
        Timeout::Account => {
            connection.wait("the server's word that it has the messages", |_, event| Some(Ok(event))).await
        }
        Timeout::None => {
            let event = connection.next().await;
            connection.is_over(&event).map_or(Ok(event), Err)
        }
    }
}

/// A text that is a link to a file, in the way that clients show as the file.
pub fn link(url: &str) -> Text {
    let link = Link { url: url.to_owned(), description: None };
    Text { body: url.to_owned(), link: Some(link), ..Text::default() }
}

/// What is to be said: the words, a file, or standard input to its end.
///
/// # Errors
/// [`Failure::Usage`] when it is nothing, or cannot be read.
pub fn text(words: &[String], file: Option<&Path>) -> Result<String, Failure> {
    let text = match file {
        Some(path) => {
            std::fs::read_to_string(path).map_err(|e| Failure::usage(format!("cannot read {}: {e}", path.display())))?
        }
        None if words.is_empty() => std::io::read_to_string(std::io::stdin().lock())
            .map_err(|e| Failure::usage(format!("cannot read standard input: {e}")))?,
        None => words.join(" "),
    };
    let text = text.strip_suffix('\n').unwrap_or(&text);
    if text.is_empty() {
        return Err(Failure::usage("there is nothing to say: give TEXT, or something on standard input"));
    }
    Ok(text.to_owned())
}

/// How long after a message the server is asked whether it has it.
pub const ASK: Duration = Duration::from_millis(10);
/// Messages that the server has not confirmed, before the next line is read.
const UNDER_WAY: usize = 100;
