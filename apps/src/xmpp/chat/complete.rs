//! Tab: what the word before the cursor may become.

use super::command::COMMANDS;
use super::conversation::Kind;
use super::model::Model;

/// Goes through what a word may become, one key press after the other.
#[derive(Clone, Debug, Default)]
pub struct Completion {
    found: Vec<String>,
    next: usize,
    shown: String,
}

impl Completion {
    /// The text before the cursor with the next possibility, if there is one.
    pub fn next(&mut self, model: &Model, before: &str) -> Option<String> {
        if self.found.is_empty() || self.shown != before {
            (self.found, self.next) = (candidates(model, before), 0);
        }
        let found = self.found.get(self.next)?.clone();
        self.next = (self.next + 1) % self.found.len();
        self.shown.clone_from(&found);
        Some(found)
    }
}

/// All texts that `before` may become.
pub fn candidates(model: &Model, before: &str) -> Vec<String> {
    let at = before.rfind(char::is_whitespace).map_or(0, |at| at + 1);
    let (head, word) = before.split_at(at);
    let begins = |name: &str| name.to_lowercase().starts_with(&word.to_lowercase());
    if head.is_empty() && word.starts_with('/') {
        let names = COMMANDS.iter().map(|(name, ..)| format!("/{name}"));
        return names.filter(|name| begins(name)).map(|name| name + " ").collect();
    }
    let command = head.strip_prefix('/').map(|rest| rest.split(' ').next().unwrap_or_default());
    if word.is_empty() && command.is_none() {
        return Vec::new();
    }
    let shown = model.shown();
    let ending = if head.is_empty() { ": " } else { " " };
    let mut found: Vec<String> = Vec::new();
    if shown.kind == Kind::Room {
        let last_first = shown.lines.iter().rev().filter(|line| line.is_message()).map(|line| &line.name);
        let mut nicks: Vec<&String> = last_first.filter(|name| shown.occupants.contains_key(*name)).collect();
        nicks.extend(shown.occupants.keys());
        for nick in nicks.into_iter().filter(|nick| **nick != shown.nick && begins(nick)) {
            let text = format!("{head}{nick}{ending}");
            if !found.contains(&text) {
                found.push(text);
            }
        }
    }
    if command.is_some() || shown.kind != Kind::Room {
        let rooms = model.conversations.iter().filter(|conversation| conversation.kind == Kind::Room);
        let rooms = rooms.filter_map(|room| room.place.as_ref()).map(|place| &place.with);
        let contacts = &model.accounts[model.account_here()].contacts;
        for jid in contacts.keys().chain(rooms) {
            let label = contacts.get(jid).map(|contact| contact.label.as_str()).unwrap_or_default();
            if begins(jid.as_str()) || begins(label) {
                found.push(format!("{head}{jid} "));
            }
        }
        if command == Some("help") {
            found.extend(COMMANDS.iter().filter(|entry| begins(entry.0)).map(|entry| format!("{head}{}", entry.0)));
        }
        if command == Some("upload") {
            found.extend(files(word).into_iter().map(|path| format!("{head}{path}")));
        }
    }
    found
}

/// The files whose path begins so.
fn files(word: &str) -> Vec<String> {
    let (folder, name) = word.rsplit_once('/').map_or(("", word), |(folder, name)| (folder, name));
    let home = std::env::var("HOME").unwrap_or_default();
    let place = match folder {
        "" if word.starts_with('/') => "/".to_owned(),
        "" => ".".to_owned(),
        folder => folder.strip_prefix('~').map_or_else(|| folder.to_owned(), |rest| home + rest),
    };
    let prefix = word.strip_suffix(name).unwrap_or_default();
    let Ok(entries) = std::fs::read_dir(place) else { return Vec::new() };
    let mut found: Vec<String> = entries
        .flatten()
        .filter_map(|entry| {
            let file = entry.file_name().into_string().ok()?;
            let slash = if entry.file_type().is_ok_and(|kind| kind.is_dir()) { "/" } else { "" };
            (file.starts_with(name) && (!name.is_empty() || !file.starts_with('.')))
                .then(|| format!("{prefix}{file}{slash}"))
        })
        .take(500)
        .collect();
    found.sort();
    found
}
