//! What was said, kept on this machine: an embedded database that only its owner can read.
//!
//! Changes wait for [`History::flush`], which writes them in one piece: a message and the position in the archive behind
//! it are there both, or neither of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{DirBuilder, OpenOptions};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use redb::{Database, DatabaseError, ReadableDatabase, TableDefinition};
use rfc3920::jid::Jid;
use rfc3921::session::{Author, Saved};
use serde::{Deserialize, Serialize};

use super::conversation::{Kind, Line, Mark, Who};
use crate::common::Failure;

/// The history of all accounts.
pub struct History {
    database: Database,
    path: PathBuf,
    messages: BTreeMap<Vec<u8>, Vec<u8>>,
    windows: BTreeMap<String, Option<Vec<u8>>>,
    saved: BTreeMap<String, String>,
}

/// A conversation that was on the screen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// With whom.
    pub with: String,
    /// What kind.
    pub kind: Kind,
    /// Room: our nick.
    #[serde(default)]
    pub nick: String,
    /// Messages that the user had not seen.
    #[serde(default)]
    pub unread: u32,
    /// Its place on the screen.
    #[serde(default)]
    pub order: usize,
}

/// A line as it is kept.
#[derive(Serialize, Deserialize)]
struct Record {
    micros: u64,
    who: Who,
    name: String,
    text: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    stanza_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    author: Option<(char, String)>,
    #[serde(default)]
    mark: Mark,
    #[serde(default)]
    edited: bool,
    #[serde(default)]
    retracted: bool,
    #[serde(default)]
    mention: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reply: Option<(String, String)>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    reactions: BTreeMap<String, BTreeSet<String>>,
}

impl History {
    /// Opens the history in a folder, or begins one there.
    ///
    /// # Errors
    /// When the file cannot be opened, is no history, or another process has it open.
    pub fn open(folder: &Path) -> Result<History, Failure> {
        let path = folder.join("history.redb");
        let failed = |why: &dyn std::fmt::Display| {
            let path = path.display();
            Failure::runtime(format!(
                "cannot open {path}: {why}; --history FOLDER takes another place, --no-history none"
            ))
        };
        if !folder.exists() {
            DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(|why| failed(&why))?;
        }
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create(true).truncate(false).mode(0o600).open(&path);
        let file = file.map_err(|why| failed(&why))?;
        let private = std::fs::Permissions::from_mode(0o600);
        file.set_permissions(private).map_err(|why| failed(&why))?;
        let database = Database::builder().create_file(file).map_err(|why| match why {
            DatabaseError::DatabaseAlreadyOpen => failed(&"another xmpp chat has it open"),
            why => failed(&why),
        })?;
        let tables = || -> Result<(), redb::Error> {
            let write = database.begin_write()?;
            drop((write.open_table(MESSAGES)?, write.open_table(WINDOWS)?, write.open_table(SAVED)?));
            Ok(write.commit()?)
        };
        tables().map_err(|why| failed(&why))?;
        let (messages, windows, saved) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Ok(History { database, path, messages, windows, saved })
    }

    /// Keeps a line, or what has changed about it.
    pub fn put(&mut self, account: &Jid, with: &Jid, line: &Line) {
        if let Ok(record) = serde_json::to_vec(&record(line)) {
            self.messages.insert(key(account, with, line), record);
        }
    }

    /// Keeps that a conversation is on the screen, or is not.
    pub fn put_window(&mut self, account: &Jid, with: &Jid, window: Option<&Window>) {
        let record = window.and_then(|window| serde_json::to_vec(window).ok());
        self.windows.insert(format!("{account}\0{with}"), record);
    }

    /// Keeps what the session of an account would like to know the next time.
    pub fn put_saved(&mut self, account: &Jid, saved: &Saved) {
        self.saved.insert(account.to_string(), saved.to_text());
    }

    /// Writes what is new.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn flush(&mut self) -> Result<(), Failure> {
        if self.messages.is_empty() && self.windows.is_empty() && self.saved.is_empty() {
            return Ok(());
        }
        let written = self.try_flush();
        written.map_err(|why| Failure::runtime(format!("cannot write {}: {why}", self.path.display())))
    }

    fn try_flush(&mut self) -> Result<(), redb::Error> {
        let write = self.database.begin_write()?;
        {
            let mut table = write.open_table(MESSAGES)?;
            for (key, record) in &self.messages {
                table.insert(key.as_slice(), record.as_slice())?;
            }
            let mut table = write.open_table(WINDOWS)?;
            for (key, record) in &self.windows {
                match record {
                    Some(record) => drop(table.insert(key.as_str(), record.as_slice())?),
                    None => drop(table.remove(key.as_str())?),
                }
            }
            let mut table = write.open_table(SAVED)?;
            for (account, text) in &self.saved {
                table.insert(account.as_str(), text.as_str())?;
            }
        }
        write.commit()?;
        (self.messages, self.windows, self.saved) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Ok(())
    }

    /// What the last session of an account has left.
    pub fn saved(&self, account: &Jid) -> Option<Saved> {
        let read = || -> Result<Option<String>, redb::Error> {
            let table = self.database.begin_read()?.open_table(SAVED)?;
            Ok(table.get(account.as_str())?.map(|text| text.value().to_owned()))
        };
        Saved::parse(&read().ok()??).ok()
    }

    /// The conversations of an account that were on the screen, in their order.
    pub fn windows(&self, account: &Jid) -> Vec<Window> {
        let (from, to) = (format!("{account}\0"), format!("{account}\u{1}"));
        let read = || -> Result<Vec<Window>, redb::Error> {
            let table = self.database.begin_read()?.open_table(WINDOWS)?;
            let entries = table.range(from.as_str()..to.as_str())?;
            let windows = entries.map(|entry| Ok(serde_json::from_slice(entry?.1.value()).ok()));
            windows.filter_map(Result::transpose).collect()
        };
        let mut windows = read().unwrap_or_default();
        windows.sort_by_key(|window| window.order);
        windows
    }

    /// The last `max` lines of a conversation before a moment, oldest first.
    pub fn older(&mut self, account: &Jid, with: &Jid, before: Option<Duration>, max: usize) -> Vec<Line> {
        let _kept_for_the_next_try = self.flush();
        let prefix = prefix(account, with);
        let end = before.map_or(u64::MAX, micros);
        let (from, to) = (place(&prefix, 0), place(&prefix, end));
        let read = || -> Result<Vec<Line>, redb::Error> {
            let table = self.database.begin_read()?.open_table(MESSAGES)?;
            let entries = table.range(from.as_slice()..to.as_slice())?.rev().take(max);
            let lines = entries.map(|entry| Ok(serde_json::from_slice(entry?.1.value()).ok().and_then(line)));
            lines.filter_map(Result::transpose).collect()
        };
        let mut lines = read().unwrap_or_default();
        lines.reverse();
        lines
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

fn prefix(account: &Jid, with: &Jid) -> Vec<u8> {
    format!("{account}\0{with}\0").into_bytes()
}

fn place(prefix: &[u8], micros: u64) -> Vec<u8> {
    [prefix, &micros.to_be_bytes()].concat()
}

/// Where a line is kept: by time, and by its id among those of the same moment.
fn key(account: &Jid, with: &Jid, line: &Line) -> Vec<u8> {
    let id = line.id.as_deref().or(line.stanza_id.as_deref()).unwrap_or_default();
    [&place(&prefix(account, with), micros(line.time)), id.as_bytes()].concat()
}

fn record(line: &Line) -> Record {
    let author = line.author.as_ref().map(|author| match author {
        Author::Account(jid) => ('a', jid.to_string()),
        Author::Occupant(id) => ('o', id.clone()),
        Author::Nick(jid) => ('n', jid.to_string()),
        Author::Room => ('r', String::new()),
    });
    let Line { who, mark, edited, retracted, mention, .. } = *line;
    Record {
        micros: micros(line.time),
        who,
        name: line.name.clone(),
        text: line.text.clone(),
        id: line.id.clone(),
        stanza_id: line.stanza_id.clone(),
        author,
        mark,
        edited,
        retracted,
        mention,
        reply: line.reply.clone(),
        reactions: line.reactions.clone(),
    }
}

fn line(record: Record) -> Option<Line> {
    let author = record.author.and_then(|(kind, text)| match kind {
        'a' => Jid::parse(&text).ok().map(Author::Account),
        'o' => Some(Author::Occupant(text)),
        'n' => Jid::parse(&text).ok().map(Author::Nick),
        _ => Some(Author::Room),
    });
    Some(Line {
        id: record.id,
        stanza_id: record.stanza_id,
        author,
        mark: record.mark,
        edited: record.edited,
        retracted: record.retracted,
        mention: record.mention,
        reply: record.reply,
        reactions: record.reactions,
        ..Line::new(Duration::from_micros(record.micros), record.who, &record.name, &record.text)
    })
}

/// By account, conversation, time and id.
const MESSAGES: TableDefinition<&[u8], &[u8]> = TableDefinition::new("messages");
/// By account and conversation.
const WINDOWS: TableDefinition<&str, &[u8]> = TableDefinition::new("windows");
/// By account.
const SAVED: TableDefinition<&str, &str> = TableDefinition::new("saved");

#[cfg(test)]
mod tests {
    use super::super::fixture::{NOW, jid};
    use super::*;

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("xmpp-history-{name}-{}", std::process::id()));
        let _not_there = std::fs::remove_dir_all(&folder);
        folder
    }

    fn said(n: u64) -> Line {
        let time = NOW + Duration::from_secs(n);
        Line { id: Some(format!("m{n}")), ..Line::new(time, Who::Them, "Hare", &format!("cup {n}")) }
    }

    #[test]
    fn what_was_said_is_there_the_next_time() {
        let folder = folder("kept");
        let (alice, hare) = (jid("alice@wonderland.example"), jid("hare@wonderland.example"));
        let mut history = History::open(&folder).unwrap();
        (0..10).for_each(|n| history.put(&alice, &hare, &said(n)));
        history.put(&alice, &jid("hare@wonderland.exampl"), &said(99));
        let window = Window { with: hare.to_string(), kind: Kind::Chat, nick: String::new(), unread: 2, order: 1 };
        history.put_window(&alice, &hare, Some(&window));
        let mut saved = Saved::default();
        saved.positions.insert(alice.clone(), "p1".into());
        history.put_saved(&alice, &saved);
        history.flush().unwrap();
        drop(history);
        let mut history = History::open(&folder).unwrap();
        let lines = history.older(&alice, &hare, None, 3);
        assert_eq!(lines.iter().map(|line| line.text.as_str()).collect::<Vec<_>>(), ["cup 7", "cup 8", "cup 9"]);
        let before = history.older(&alice, &hare, Some(lines[0].time), 100);
        assert_eq!((before.len(), before[6].clone()), (7, said(6)));
        assert_eq!(history.windows(&alice), [window]);
        assert_eq!(history.saved(&alice), Some(saved));
        assert!(history.saved(&hare).is_none() && history.windows(&hare).is_empty());
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn what_changes_about_a_line_takes_its_place() {
        let folder = folder("changed");
        let (alice, hare) = (jid("alice@wonderland.example"), jid("hare@wonderland.example"));
        let mut history = History::open(&folder).unwrap();
        let mut line = said(1);
        history.put(&alice, &hare, &line);
        history.flush().unwrap();
        (line.mark, line.text, line.author) = (Mark::Seen, "tea".into(), Some(Author::Nick(jid("a@b.example/c"))));
        line.reactions.insert("alice".into(), ["👍".to_owned()].into());
        history.put(&alice, &hare, &line);
        assert_eq!(history.older(&alice, &hare, None, 9), [line]);
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn nobody_else_can_read_it_and_one_process_writes() {
        let folder = folder("private");
        let history = History::open(&folder).unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&folder), mode(&folder.join("history.redb"))), (0o700, 0o600));
        let failure = History::open(&folder).err().unwrap();
        let words = failure.to_string();
        assert!(words.contains("another xmpp chat") && words.contains("--no-history"), "{words}");
        drop(history);
        std::fs::remove_dir_all(folder).unwrap();
    }
}
